"""Paints the table's cells: name with environment tag, role, state, countdown with bar, next step."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from nomba_desktop.domain.countdown import Risk, derive_countdown
from nomba_desktop.domain.keys import Role
from nomba_desktop.services.ports import Clock
from nomba_desktop.ui.derive.rows import Bar, Row
from nomba_desktop.ui.derive.views import Column
from nomba_desktop.ui.figures import Figures
from nomba_desktop.ui.table_model import KeyTableModel
from nomba_desktop.ui.theme import Theme

PAD = 10
BAR_LEFT = 62
BAR_WIDTH = 92
SHORTEST_BAR = 20
RISK_COLOURS = {Risk.OK: "ok", Risk.REFRESHING: "info", Risk.AMBER: "warn", Risk.RED: "bad"}
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_NO_PEN = Qt.PenStyle.NoPen


class _Look:
    """Fonts, metrics and colours of one palette, made once: painting a cell makes none."""

    def __init__(self, theme: Theme) -> None:
        sizes = theme.metrics
        weight = QFont.Weight
        self.compact = sizes.compact
        self.name = theme.font(sizes.base, weight.DemiBold)
        self.text = theme.font(sizes.base)
        self.small = theme.font(sizes.small)
        self.figures = Figures(theme.font(sizes.base, tabular=True))
        self.next_figures = Figures(theme.font(sizes.small, tabular=True))
        self.pill = theme.font(sizes.tiny, weight.DemiBold)
        self.tag = theme.mono(sizes.tiny - 1, weight.Medium)
        self.tag_live = theme.mono(sizes.tiny - 1, weight.Bold)
        self.id = theme.mono(sizes.tiny)
        self.name_metrics = QFontMetricsF(self.name)
        self.small_metrics = QFontMetricsF(self.small)
        self.pill_metrics = QFontMetricsF(self.pill)
        self.tag_metrics = QFontMetricsF(self.tag_live)
        self.id_metrics = QFontMetricsF(self.id)
        self.colours = {name: theme.colour(name) for name in theme.tokens.__slots__ if name not in _FLAGS}
        self.tones = {
            tone: (self.colours[f"{tone}_bg"], self.colours[tone]) for tone in ("ok", "warn", "bad", "info")
        } | {"neutral": (self.colours["neutral_bg"], self.colours["muted"])}
        notch = QColor(self.colours["ink"])
        notch.setAlphaF(0.6)
        self.notch = notch
        self.edge = QPen(self.colours["field_border"], 1) if theme.tokens.high_contrast else None


_FLAGS = ("dark", "high_contrast")
_MOST_BARS = 1000


class RowDelegate(QStyledItemDelegate):
    """One delegate for all columns; asks the model for the row's props, not for roles."""

    def __init__(
        self, theme: Theme, clock: Clock, model: KeyTableModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self._clock, self._model = theme, clock, model
        self._look = _Look(theme)
        self._bars: dict[tuple[int, int, int, Risk, float], QPixmap] = {}
        self.now = clock.now()
        # Places of the row under the pointer, of the one whose offer is, and of the one the keyboard is on.
        self.hovered_row = self.hovered_offer = self.focused_row = -1
        theme.changed.connect(self._relook)

    def _relook(self) -> None:
        self._look = _Look(self._theme)
        self._bars.clear()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, self._theme.metrics.row)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint one cell."""
        place, column = index.row(), index.column()
        row = self._model.row_at(place)
        if row is None:
            return
        rect: QRect = option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        look = self._look
        self._ground(painter, rect, place, column, selected=selected)
        if column == Column.EXPIRES:
            if row.bar is not None:
                self._countdown(painter, rect, row.bar)
        elif column == Column.NEXT:
            self._next(painter, rect, row, underlined=place == self.hovered_offer)
        elif column == Column.KEY:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._key(painter, rect, row)
        elif column == Column.ROLE:
            painter.setPen(look.colours["ink"])
            painter.setFont(look.name if row.role is Role.ADMIN else look.text)
            painter.drawText(rect.adjusted(PAD, 0, -4, 0), _LEFT, row.role.value)
        else:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._pill(painter, rect, row)

    def paint_moving(
        self, painter: QPainter, expires: QRect, following: QRect, place: int, *, selected: bool
    ) -> None:
        """Paint the two cells of a row that change with time, without Qt's way through options and indexes."""
        row = self._model.row_at(place)
        if row is None:
            return
        self._ground(painter, expires.united(following), place, Column.EXPIRES, selected=selected)
        if row.bar is not None:
            self._countdown(painter, expires, row.bar)
        self._next(painter, following, row, underlined=place == self.hovered_offer)

    def _ground(self, painter: QPainter, rect: QRect, place: int, column: int, *, selected: bool) -> None:
        look = self._look
        # Smoothed edges would leave seams between cells where pixels are fractions (125 %, 150 %).
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        ground = "selection" if selected else "background" if place == self.hovered_row else "panel"
        painter.fillRect(rect, look.colours[ground])
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, look.colours["line"])
        if selected and column == Column.KEY:
            painter.fillRect(rect.left(), rect.top(), 3, rect.height() - 1, look.colours["selection_edge"])
        if place == self.focused_row:
            painter.fillRect(rect.left(), rect.top(), rect.width(), 2, look.colours["info"])
            painter.fillRect(rect.left(), rect.bottom() - 2, rect.width(), 2, look.colours["info"])

    def _key(self, painter: QPainter, rect: QRect, row: Row) -> None:
        look = self._look
        area = QRectF(rect).adjusted(PAD, 0, -PAD, -1)
        painter.setFont(look.name)
        painter.setPen(look.colours["ink"])
        if look.compact:
            tag = self._tag_width(row)
            room = area.width() - tag - 8
            name = look.name_metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, room)
            painter.drawText(area, _LEFT, name)
            used = min(room, look.name_metrics.horizontalAdvance(name))
            self._tag(painter, QRectF(area.left() + used + 8, area.center().y() - 8, tag, 16), row)
            return
        line, tag_height = look.name_metrics.height(), round(look.tag_metrics.height() + 2)
        top = area.top() + (area.height() - line - tag_height - 1) / 2
        name = look.name_metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(QRectF(area.left(), top, area.width() + 2, line), _LEFT, name)
        box = QRectF(area.left(), round(top + line + 2), self._tag_width(row), tag_height)
        self._tag(painter, box, row)
        painter.setFont(look.id)
        painter.setPen(look.colours["muted"])
        beside = QRectF(box.right() + 6, box.top(), area.right() - box.right() - 6, tag_height)
        painter.drawText(beside, _LEFT, row.masked_id)

    def _tag_width(self, row: Row) -> float:
        return round(self._look.tag_metrics.horizontalAdvance(row.environment) + 12)

    def _tag(self, painter: QPainter, box: QRectF, row: Row) -> None:
        look = self._look
        strong = look.colours["ink"]
        painter.setPen(QPen(strong if row.live else look.colours["field_border"], 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setPen(strong if row.live else look.colours["muted"])
        painter.setFont(look.tag_live if row.live else look.tag)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, row.environment)

    def _pill(self, painter: QPainter, rect: QRect, row: Row) -> None:
        look = self._look
        ground, ink = look.tones[row.tone]
        room = rect.width() - PAD - 4.0
        text = look.pill_metrics.elidedText(row.state, Qt.TextElideMode.ElideRight, room - 16)
        width = look.pill_metrics.horizontalAdvance(text) + 16
        height = round(look.pill_metrics.height() + 6)
        top = rect.top() + (rect.height() - height) / 2
        box = QRectF(rect.left() + PAD, round(top), width, height)
        painter.setPen(look.edge or _NO_PEN)
        painter.setBrush(ground)
        painter.drawRoundedRect(box, height / 2, height / 2)
        painter.setPen(ink)
        painter.setFont(look.pill)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _countdown(self, painter: QPainter, rect: QRect, bar: Bar) -> None:
        look = self._look
        shown = derive_countdown(bar.expires_at, self.now, issued_at=bar.issued_at, refresh_at=bar.refresh_at)
        colour = look.colours[RISK_COLOURS[bar.risk]]
        middle = rect.top() + rect.height() / 2
        if shown.expired:
            look.figures.draw(painter, rect.left() + PAD, middle, shown.text, look.colours["bad"])
            return
        needed = look.figures.width(shown.text)
        left = max(BAR_LEFT, PAD + 8 + ceil(needed))
        ink = colour if bar.risk in (Risk.AMBER, Risk.RED) else look.colours["ink"]
        look.figures.draw(painter, rect.left() + left - 8 - needed, middle, shown.text, ink)
        width = min(BAR_WIDTH, rect.width() - left - 6)
        if width < SHORTEST_BAR:
            return
        filled = max(6, round(width * shown.fraction))
        notch = round(width * shown.notch) if shown.notch is not None else -1
        picture = self._bar_picture(width, filled, notch, bar.risk, painter.device().devicePixelRatioF())
        painter.drawPixmap(rect.left() + left, rect.top() + (rect.height() - 12) // 2, picture)

    def _bar_picture(self, width: int, filled: int, notch: int, risk: Risk, ratio: float) -> QPixmap:
        """The bar is the same for many seconds: painted once for each length, copied after that."""
        wanted = (width, filled, notch, risk, ratio)
        known = self._bars.get(wanted)
        if known is not None:
            return known
        look = self._look
        made = QPixmap(ceil(width * ratio), ceil(12 * ratio))
        made.setDevicePixelRatio(ratio)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(_NO_PEN)
        painter.setBrush(look.colours["neutral_bg"])
        painter.drawRoundedRect(QRectF(0, 3, width, 6), 3, 3)
        painter.setBrush(look.colours[RISK_COLOURS[risk]])
        painter.drawRoundedRect(QRectF(0, 3, filled, 6), 3, 3)
        if notch >= 0:
            painter.fillRect(QRectF(notch, 0, 2, 12), look.notch)
        painter.end()
        if len(self._bars) >= _MOST_BARS:
            self._bars.clear()
        self._bars[wanted] = made
        return made

    def _next(self, painter: QPainter, rect: QRect, row: Row, *, underlined: bool) -> None:
        look = self._look
        area = QRectF(rect).adjusted(PAD, 0, -4, 0)
        text = row.next.text(self.now)
        if row.next.offer is None:
            if look.next_figures.width(text) > area.width():
                text = look.small_metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
            look.next_figures.draw(painter, area.left(), area.center().y(), text, look.colours["muted"])
            return
        painter.setFont(look.name)
        painter.setPen(look.colours["info"])
        painter.drawText(area, _LEFT, text)
        if underlined:
            y = area.center().y() + look.name_metrics.ascent() / 2 + 2
            painter.drawLine(QPointF(area.left(), y), QPointF(area.left() + self.offer_width(row), y))

    def offer_width(self, row: Row) -> float:
        """Width of the offer's words, for telling whether the pointer is on them."""
        return self._look.name_metrics.horizontalAdvance(row.next.text(self.now))
