"""The one stylesheet, written from the tokens. Widgets say by a property what they are.

Buttons: `kind` = primary, secondary, quiet, danger, link. Labels: `role` = title, heading, strong, muted,
small, tiny, caption, mono, error, warn, field. Boxes: `box` = panel, rail, card, line. Pills and banners: `tone`.
"""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nomba_desktop.ui.theme import Metrics, Tokens

_SHEET = Template("""
QToolTip { background: $panel; color: $ink; border: 1px solid $line; padding: 4px 6px; }
QMainWindow, QDialog, QWidget[box="panel"] { background: $panel; }
QWidget[box="rail"] { background: $rail; }
QWidget[box="background"] { background: $background; }
QFrame[box="card"] { background: $panel; border: 1px solid $line; border-radius: ${radius}px; }
QFrame[box="line"] { background: $line; border: none; min-height: 1px; max-height: 1px; }
QFrame[box="vline"] { background: $line; border: none; min-width: 1px; max-width: 1px; }

QLabel { background: transparent; color: $ink; }
QLabel[role="title"] { font-size: ${title}px; font-weight: 600; }
QLabel[role="display"] { font-size: ${display}px; font-weight: 600; }
QLabel[role="heading"], QLabel[role="strong"] { font-weight: 600; }
QLabel[role="muted"], QLabel[role="field"] { color: $muted; }
QLabel[role="small"] { color: $muted; font-size: ${small}px; }
QLabel[role="tiny"] { color: $muted; font-size: ${tiny}px; }
QLabel[role="caption"] { color: $muted; font-size: ${tiny}px; font-weight: 600; }
QLabel[role="mono"] { font-family: "$mono"; font-size: ${small}px; }
QLabel[role="error"] { color: $bad; font-size: ${small}px; }
QLabel[role="warn"] { color: $warn; font-size: ${small}px; }

QLabel[pill="true"] {
    font-size: ${tiny}px; font-weight: 600; padding: 3px 8px; border-radius: ${pill_radius}px;
    background: $neutral_bg; color: $muted; border: $pill_border;
}
$pills
QFrame[banner="true"] { border-radius: ${radius}px; background: $neutral_bg; border: $pill_border; }
QFrame[banner="true"] QLabel { color: $muted; }
$banners
$notices

QPushButton {
    background: $panel; color: $ink; border: 1px solid $line; border-radius: ${radius}px; font-weight: 500;
    min-height: ${inner}px; padding: 0 12px;
}
QPushButton:hover { background: $background; border-color: $field_border; }
QPushButton:pressed { background: $neutral_bg; }
QPushButton:focus { border: 2px solid $info; min-height: ${inner_focus}px; padding: 0 11px; }
QPushButton:disabled { color: $field_border; background: $panel; border-color: $line; }
QPushButton[kind="primary"] { background: $primary; color: $primary_ink; border-color: $primary; }
QPushButton[kind="primary"]:hover { background: $primary_hover; }
QPushButton[kind="primary"]:focus { border: 2px solid $info; }
QPushButton[kind="primary"]:disabled { background: $neutral_bg; color: $muted; border-color: $neutral_bg; }
QPushButton[kind="quiet"] { background: transparent; border-color: transparent; }
QPushButton[kind="quiet"]:hover { background: $neutral_bg; }
QPushButton[kind="quiet"]:focus { border: 2px solid $info; }
QPushButton[kind="danger"] { color: $bad; border-color: $bad; }
QPushButton[kind="danger"]:hover { background: $bad_bg; }
QPushButton[kind="danger"]:focus { border: 2px solid $bad; }
QPushButton[kind="danger"]:disabled { color: $muted; border-color: $line; background: $neutral_bg; }
QPushButton[kind="link"] {
    background: transparent; border: 1px solid transparent; color: $info; font-weight: 500; text-align: left;
    min-height: 16px; padding: 0 2px; border-radius: 3px;
}
QPushButton[kind="link"]:hover { text-decoration: underline; }
QPushButton[kind="link"]:focus { border: 1px solid $info; padding: 0 2px; min-height: 16px; }

QPushButton[kind="status"] {
    background: transparent; border: 1px solid transparent; color: $muted; font-size: ${small}px;
    font-weight: 400; min-height: 18px; padding: 0 1px; border-radius: 3px;
}
QPushButton[kind="status"]:hover { color: $ink; text-decoration: underline; }
QPushButton[kind="status"]:focus { border: 1px solid $info; min-height: 18px; padding: 0 1px; }

QPushButton[segment="true"] {
    border: 1px solid $field_border; border-radius: 0; border-right-width: 0; font-weight: 400;
    background: $panel;
}
QPushButton[segment="true"][place="first"] {
    border-top-left-radius: ${radius}px; border-bottom-left-radius: ${radius}px;
}
QPushButton[segment="true"][place="last"] {
    border-top-right-radius: ${radius}px; border-bottom-right-radius: ${radius}px; border-right-width: 1px;
}
QPushButton[segment="true"]:hover { background: $background; }
QPushButton[segment="true"]:focus { border: 2px solid $info; }
QPushButton[segment="true"]:checked { background: $primary; color: $primary_ink; font-weight: 600; }
QPushButton[segment="true"]:checked:focus { border: 2px solid $info; }

QLineEdit, QPlainTextEdit, QTextEdit, QComboBox, QSpinBox {
    background: $background; color: $ink; border: 1px solid $field_border; border-radius: ${radius}px;
    padding: 0 10px; selection-background-color: $info; selection-color: $panel;
}
QLineEdit { padding: 0 8px; placeholder-text-color: $muted; }
QLineEdit, QComboBox, QSpinBox { min-height: ${inner}px; }
QPlainTextEdit, QTextEdit { padding: 6px 6px; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QComboBox:focus {
    border: 2px solid $info;
}
QLineEdit:focus, QComboBox:focus, QSpinBox:focus { padding: 0 9px; min-height: ${inner_focus}px; }
QLineEdit:focus { padding: 0 7px; }
QPlainTextEdit:focus, QTextEdit:focus { padding: 5px 5px; }
QLineEdit[invalid="true"], QPlainTextEdit[invalid="true"], QComboBox[invalid="true"] { border-color: $bad; }
QLineEdit[mono="true"], QPlainTextEdit[mono="true"] { font-family: "$mono"; font-size: ${small}px; }
QLineEdit:disabled, QComboBox:disabled { color: $muted; border-color: $line; }
QComboBox::drop-down { border: none; width: 26px; }
QComboBox::down-arrow { image: none; }
QComboBox QAbstractItemView {
    background: $panel; color: $ink; border: 1px solid $line; padding: 4px; outline: 0;
    selection-background-color: $selection; selection-color: $ink;
}
QMenu { background: $panel; color: $ink; border: 1px solid $line; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 12px; border-radius: 4px; }
QMenu::item:selected { background: $selection; }

QTableView, QListView, QTreeView, QScrollArea { background: $panel; border: none; outline: 0; }
QScrollArea > QWidget > QWidget[clear="true"] { background: transparent; }
QHeaderView { background: $panel; border: none; }
QHeaderView::section {
    background: $panel; color: $muted; border: none; border-bottom: 1px solid $line; font-size: ${tiny}px;
    font-weight: 600; padding: 0 4px 2px 10px;
}
QHeaderView::section:hover { color: $ink; }
QScrollArea#rail-scroll { background: $rail; }
QTableView { selection-background-color: $selection; selection-color: $ink; }
QListView::item { padding: 5px 8px; border-radius: 4px; color: $ink; }
QListView::item:selected { background: $selection; color: $ink; }
QTabBar { background: transparent; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $line; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: $field_border; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSplitter::handle { background: $line; }
""")

TONES = ("ok", "warn", "bad", "info")


def stylesheet(tokens: Tokens, metrics: Metrics, mono: str) -> str:
    """The whole sheet for one palette and one set of sizes."""
    values = {name: getattr(tokens, name) for name in tokens.__slots__}
    values |= {name: getattr(metrics, name) for name in metrics.__slots__}
    pills = "\n".join(
        f'QLabel[pill="true"][tone="{t}"] {{ background: {values[t + "_bg"]}; color: {values[t]}; }}'
        for t in TONES
    )
    banners = "\n".join(
        f'QFrame[banner="true"][tone="{t}"] {{ background: {values[t + "_bg"]}; }}\n'
        f'QFrame[banner="true"][tone="{t}"] QLabel {{ color: {values[t]}; }}'
        for t in TONES
    )
    notices = "\n".join(
        f'QFrame[notice="{t}"] {{ background: {values[t + "_bg"]}; border: none; '
        f"border-bottom: 1px solid {tokens.line}; }}"
        for t in TONES
    )
    return _SHEET.substitute(
        values,
        notices=notices,
        display=round(metrics.base * 20 / 13),
        pills=pills,
        banners=banners,
        mono=mono,
        inner=metrics.control - 2,
        inner_focus=metrics.control - 4,
        pill_radius=metrics.tiny // 2 + 4,
        pill_border=f"1px solid {tokens.field_border}" if tokens.high_contrast else "none",
        primary_hover="#FFD23D" if tokens.dark else "#2A2F37",
    )
