"""Fusion, a palette from the tokens, and as little style sheet as will do."""

from __future__ import annotations

from dataclasses import asdict

from PySide6.QtGui import QColor, QPalette

from ui.theme.tokens import RADIUS_CONTROL, RADIUS_DIALOG, SMALL_SIZE, Tokens

_ROLES = {
    QPalette.ColorRole.Window: "bg",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Base: "surface",
    QPalette.ColorRole.AlternateBase: "sunken",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.Button: "surface",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.BrightText: "danger",
    QPalette.ColorRole.PlaceholderText: "text3",
    QPalette.ColorRole.Highlight: "select",
    QPalette.ColorRole.HighlightedText: "text",
    QPalette.ColorRole.Accent: "accent",
    QPalette.ColorRole.Link: "accent",
    QPalette.ColorRole.LinkVisited: "accent",
    QPalette.ColorRole.ToolTipBase: "text",
    QPalette.ColorRole.ToolTipText: "surface",
    QPalette.ColorRole.Light: "hover",
    QPalette.ColorRole.Midlight: "hover",
    QPalette.ColorRole.Mid: "hairline",
    QPalette.ColorRole.Dark: "border",
    QPalette.ColorRole.Shadow: "hairline",
}
_FADED = (
    QPalette.ColorRole.WindowText,
    QPalette.ColorRole.Text,
    QPalette.ColorRole.ButtonText,
)

_SHEET = """
QWidget#sidebar, QWidget#footer { background: @sunken; }
QWidget#footer QLabel { color: @text2; }
QWidget#middle { background: @bg; }
QWidget#middle[dropping="true"] { background: @select; }
QWidget#page, QWidget#page QScrollArea, QWidget#page QScrollArea > QWidget > QWidget,
QDialog, QDialog QScrollArea, QDialog QScrollArea > QWidget > QWidget { background: @surface; }
QSplitter::handle { background: @hairline; }
QAbstractItemView { background: @surface; color: @text; border: 1px solid @hairline;
    selection-background-color: @select; selection-color: @text; outline: none; }
QAbstractItemView::item:selected { background: @select; color: @text; }
QHeaderView::section { background: @sunken; color: @text2; border: none; padding: 4px 8px; }
RowList, QPlainTextEdit#note { background: transparent; border: none; outline: none; }
QLabel[kind="title"] { font-size: 20px; font-weight: 600; }
QLabel[kind="heading"] { font-size: 15px; font-weight: 600; }
QLabel[kind="big"] { font-size: 24px; font-weight: 600; }
QLabel[kind="soft"] { color: @text2; }
QLabel[kind="small"] { color: @text3; font-size: @smallpx; }
QLabel[kind="section"] { color: @text3; font-size: 11px; font-weight: 600; }

QLineEdit, QPlainTextEdit[kind="field"], QComboBox, QDateTimeEdit {
    background: @surface; color: @text; border: 1px solid @border; border-radius: @controlpx;
    padding: 5px 10px; min-height: 20px; selection-background-color: @select;
    selection-color: @text; }
QLineEdit:focus, QPlainTextEdit[kind="field"]:focus, QComboBox:focus, QDateTimeEdit:focus {
    border: 2px solid @accent; padding: 4px 9px; }
QLineEdit:disabled, QComboBox:disabled { color: @text3; border-color: @hairline; }
QLineEdit#title { border: 2px solid transparent; background: transparent; font-size: 20px;
    font-weight: 600; padding: 2px 6px; }
QLineEdit#title:hover { background: @hover; }
QLineEdit#title:focus { border: 2px solid @accent; background: @surface; }
QLineEdit#title:read-only, QLineEdit#title:disabled { background: transparent; color: @text; }
QComboBox::drop-down { border: none; width: 26px; }
QComboBox::down-arrow { image: none; }
QComboBox QAbstractItemView { background: @surface; border: 1px solid @hairline; padding: 4px;
    selection-background-color: @select; selection-color: @text; outline: none; }

QPushButton { background: @surface; color: @text; border: 1px solid @border;
    border-radius: @controlpx; padding: 5px 14px; min-height: 20px; }
QPushButton:hover { background: @hover; }
QPushButton:pressed { background: @select; }
QPushButton:focus { border: 2px solid @accent; padding: 4px 13px; }
QPushButton:disabled { color: @text3; border-color: @hairline; background: transparent; }
QPushButton[kind="primary"] { background: @accent; color: @on_accent; border: 1px solid @accent;
    font-weight: 600; }
QPushButton[kind="primary"]:hover, QPushButton[kind="primary"]:pressed {
    background: @accent_hover; }
QPushButton[kind="primary"]:focus { border: 2px solid @text; }
QPushButton[kind="primary"]:disabled { background: @hover; border-color: @hover; color: @text3; }
QPushButton[kind="quiet"] { border: 1px solid transparent; background: transparent;
    color: @accent; font-weight: 600; padding: 5px 10px; }
QPushButton[kind="quiet"]:hover { background: @hover; }
QPushButton[kind="quiet"]:focus { border: 2px solid @accent; padding: 4px 9px; }
QrView { border: 2px solid transparent; }
QrView:focus { border-color: @accent; }
QRadioButton { border: 2px solid transparent; border-radius: @controlpx; spacing: 8px;
    padding: 2px 6px 2px 3px; }
QRadioButton:focus { border-color: @accent; }
QRadioButton::indicator { width: 14px; height: 14px; border-radius: 8px;
    border: 1px solid @border; background: @surface; }
QRadioButton::indicator:checked { width: 6px; height: 6px; border: 5px solid @accent; }
QToolButton { background: transparent; border: 2px solid transparent; color: @text2;
    border-radius: @controlpx; padding: 4px; min-width: 20px; min-height: 20px; }
QToolButton:hover, QToolButton:checked { background: @hover; color: @text; }
QToolButton:pressed { background: @select; }
QToolButton:focus { border: 2px solid @accent; }
QLineEdit QToolButton { border: none; padding: 0; min-width: 0; min-height: 0;
    background: transparent; }
QToolButton::menu-indicator { image: none; }

QMenu { background: @surface; color: @text; border: 1px solid @hairline; padding: 6px;
    border-radius: @controlpx; }
QMenu::item { padding: 6px 28px 6px 12px; border-radius: 4px; }
QMenu::item:selected { background: @select; }
QMenu::item:disabled { color: @text3; }
QMenu::separator { height: 1px; background: @hairline; margin: 6px 8px; }
QMenu::icon { padding-left: 8px; }
QToolTip { background: @text; color: @surface; border: none; padding: 5px 8px; }

QFrame[kind="card"] { background: @bg; border: 1px solid @hairline;
    border-radius: @dialogpx; }
QFrame[kind="line"] { background: @hairline; max-height: 1px; border: none; }
QFrame[kind="banner"] { background: @sunken; border: none; border-radius: @controlpx; }
QFrame[kind="strip"] { background: @delete; border: none; }
QFrame[kind="strip"][tone="info"] { background: @select; }
QFrame[kind="progress"] { background: @sunken; border-top: 1px solid @hairline; }
QProgressBar { background: @hairline; border: none; border-radius: 2px; max-height: 4px; }
QProgressBar::chunk { background: @accent; border-radius: 2px; }

QScrollBar:vertical { background: transparent; width: 12px; margin: 2px; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 2px; }
QScrollBar::handle { background: @hairline; border-radius: 4px; min-height: 32px;
    min-width: 32px; }
QScrollBar::handle:hover { background: @border; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QScrollArea { border: none; }
"""


def palette_of(tokens: Tokens) -> QPalette:
    """Return the palette that stock widgets paint with."""
    palette = QPalette()
    for role, name in _ROLES.items():
        palette.setColor(role, QColor(getattr(tokens, name)))
    for role in _FADED:
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.text3))
    return palette


def sheet_of(tokens: Tokens) -> str:
    """Return the style sheet."""
    values = {name: value for name, value in asdict(tokens).items() if isinstance(value, str)}
    values |= {
        "control": str(RADIUS_CONTROL),
        "dialog": str(RADIUS_DIALOG),
        "small": str(SMALL_SIZE),
    }
    sheet = _SHEET
    for name in sorted(values, key=len, reverse=True):
        sheet = sheet.replace(f"@{name}", values[name])
    return sheet
