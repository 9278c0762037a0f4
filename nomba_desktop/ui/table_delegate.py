"""Paints the table's cells: name with environment tag, role, state, countdown with bar, next step."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from nomba_desktop.domain.countdown import Risk, derive_countdown
from nomba_desktop.domain.keys import Role
from nomba_desktop.services.ports import Clock
from nomba_desktop.ui.derive.rows import Bar, Row
from nomba_desktop.ui.derive.views import Column
from nomba_desktop.ui.table_model import KeyTableModel
from nomba_desktop.ui.theme import Theme

PAD = 10
BAR_LEFT = 62
BAR_WIDTH = 92
RISK_COLOURS = {Risk.OK: "ok", Risk.REFRESHING: "info", Risk.AMBER: "warn", Risk.RED: "bad"}
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
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
        self.figures = theme.font(sizes.base, tabular=True)
        self.next_figures = theme.font(sizes.small, tabular=True)
        self.pill = theme.font(sizes.tiny, weight.DemiBold)
        self.tag = theme.mono(sizes.tiny - 1, weight.Medium)
        self.tag_live = theme.mono(sizes.tiny - 1, weight.Bold)
        self.id = theme.mono(sizes.tiny)
        self.name_metrics = QFontMetricsF(self.name)
        self.text_metrics = QFontMetricsF(self.text)
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


class RowDelegate(QStyledItemDelegate):
    """One delegate for all columns; asks the model for the row's props, not for roles."""

    def __init__(
        self, theme: Theme, clock: Clock, model: KeyTableModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self._clock, self._model = theme, clock, model
        self._look = _Look(theme)
        self.now = clock.now()
        # Places of the row under the pointer, of the one whose offer is, and of the one the keyboard is on.
        self.hovered_row = self.hovered_offer = self.focused_row = -1
        theme.changed.connect(self._relook)

    def _relook(self) -> None:
        self._look = _Look(self._theme)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, self._theme.metrics.row)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        place, column = index.row(), index.column()
        row = self._model.row_at(place)
        if row is None:
            return
        rect: QRect = option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        look = self._look
        self._ground(painter, rect, place, column, selected=selected)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if column == Column.EXPIRES:
            if row.bar is not None:
                self._countdown(painter, rect, row.bar)
        elif column == Column.NEXT:
            self._next(painter, rect, row, underlined=place == self.hovered_offer)
        elif column == Column.KEY:
            self._key(painter, rect, row)
        elif column == Column.ROLE:
            painter.setPen(look.colours["ink"])
            painter.setFont(look.name if row.role is Role.ADMIN else look.text)
            painter.drawText(rect.adjusted(PAD, 0, -4, 0), _LEFT, row.role.value)
        else:
            self._pill(painter, rect, row)

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
        alarming = bar.risk in (Risk.AMBER, Risk.RED)
        painter.setFont(look.figures)
        painter.setPen(colour if alarming or shown.expired else look.colours["ink"])
        if shown.expired:
            painter.setPen(look.colours["bad"])
            painter.drawText(rect.adjusted(PAD, 0, 0, 0), _LEFT, shown.text)
            return
        left = max(BAR_LEFT, PAD + 8 + look.text_metrics.horizontalAdvance(shown.text))
        painter.drawText(QRectF(rect.left(), rect.top(), left - 8, rect.height()), _RIGHT, shown.text)
        track = QRectF(rect.left() + left, rect.top() + (rect.height() - 6) // 2, BAR_WIDTH, 6)
        if track.right() > rect.right() - 6:
            track.setRight(max(track.left() + 20, rect.right() - 6))
        painter.setPen(_NO_PEN)
        painter.setBrush(look.colours["neutral_bg"])
        painter.drawRoundedRect(track, 3, 3)
        painter.setBrush(colour)
        filled = max(6.0, track.width() * shown.fraction)
        painter.drawRoundedRect(QRectF(track.left(), track.top(), filled, 6), 3, 3)
        if shown.notch is not None:
            x = track.left() + round(track.width() * shown.notch)
            painter.fillRect(QRectF(x, track.top() - 3, 2, 12), look.notch)

    def _next(self, painter: QPainter, rect: QRect, row: Row, *, underlined: bool) -> None:
        look = self._look
        area = QRectF(rect).adjusted(PAD, 0, -4, 0)
        text = row.next.text(self.now)
        if row.next.offer is None:
            painter.setFont(look.next_figures)
            painter.setPen(look.colours["muted"])
            if look.small_metrics.horizontalAdvance(text) > area.width():
                text = look.small_metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
            painter.drawText(area, _LEFT, text)
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
