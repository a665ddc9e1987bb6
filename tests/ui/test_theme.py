"""Colours that can be read, letters that are there, icons that exist."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from PySide6.QtGui import QFont, QFontMetricsF, QTextLayout
from PySide6.QtWidgets import QApplication, QRadioButton
from pytestqt.qtbot import QtBot

import ui
from tests.ui import sample
from ui.theme.fonts import FOLDER, leaded
from ui.theme.icons import FOLDER as ICON_FOLDER
from ui.theme.style import palette_of, sheet_of
from ui.theme.theme import Look, Theme
from ui.theme.tokens import DARK, LIGHT, NOTE_LEADING, NOTE_SIZE, Tokens, contrast

GROUNDS = ("bg", "surface", "sunken", "hover", "select")
themes = pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])


@themes
@pytest.mark.parametrize("ink", ["text", "text2", "accent", "danger"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_can_be_read_on_every_ground(tokens: Tokens, ink: str, ground: str) -> None:
    """WCAG AA for text: 4.5 to 1."""
    assert contrast(getattr(tokens, ink), getattr(tokens, ground)) >= 4.5


@themes
@pytest.mark.parametrize("ground", ["bg", "surface", "sunken"])
def test_the_softest_text_can_be_read(tokens: Tokens, ground: str) -> None:
    """Remarks are text as well."""
    assert contrast(tokens.text3, getattr(tokens, ground)) >= 4.5


@pytest.mark.parametrize("look", [Look.LIGHT, Look.DARK])
@pytest.mark.parametrize("chosen", [False, True])
def test_a_choice_can_be_seen(qtbot: QtBot, theme: Theme, look: Look, *, chosen: bool) -> None:
    """WCAG AA for what is no text: 3 to 1, also for the choices that are not taken."""
    theme.choose(look)
    choice = QRadioButton()
    qtbot.addWidget(choice)
    choice.setChecked(chosen)
    image = choice.grab().toImage()
    places = [(x, y) for x in range(image.width()) for y in range(image.height())]
    colours = {image.pixelColor(x, y).name() for x, y in places}
    theme.choose(Look.LIGHT)
    ground = (DARK if look is Look.DARK else LIGHT).bg
    assert max(contrast(colour, ground) for colour in colours) >= 3


@themes
@pytest.mark.parametrize("pair", [("on_accent", "accent"), ("on_accent", "accent_hover")])
def test_a_filled_button_can_be_read(tokens: Tokens, pair: tuple[str, str]) -> None:
    """At rest and under the mouse."""
    assert contrast(getattr(tokens, pair[0]), getattr(tokens, pair[1])) >= 4.5


@themes
@pytest.mark.parametrize("ground", ["add", "delete", "mark"])
def test_text_can_be_read_where_something_differs(tokens: Tokens, ground: str) -> None:
    """The grounds of a comparison and of a find."""
    assert contrast(tokens.text, getattr(tokens, ground)) >= 4.5


@themes
@pytest.mark.parametrize("ink", ["ok", "warn", "danger", "info", "border"])
def test_icons_and_frames_can_be_seen(tokens: Tokens, ink: str) -> None:
    """WCAG AA for what is no text: 3 to 1."""
    assert all(contrast(getattr(tokens, ink), getattr(tokens, g)) >= 3 for g in GROUNDS[:3])


@themes
def test_people_can_be_told_apart_from_the_ground(tokens: Tokens) -> None:
    """Their colours carry initials."""
    assert all(contrast(colour, tokens.surface) >= 4.5 for colour in tokens.people)


@themes
def test_the_sheet_is_short_and_filled(tokens: Tokens) -> None:
    """150 lines of style at most, and no name left unreplaced."""
    sheet = sheet_of(tokens)
    assert "@" not in sheet
    assert len(sheet.splitlines()) <= 150
    assert palette_of(tokens).window().color().name().upper() == tokens.bg


def test_every_icon_that_is_named_exists() -> None:
    """A missing one would be a hole in the window."""
    package = Path(ui.__file__).parent
    named: set[str] = set()
    for path in package.rglob("*.py"):
        for word in re.findall(r'"([a-z][a-z0-9]*(?:-[a-z0-9]+)+)"', path.read_text("utf-8")):
            named.add(word)
    there = {path.stem for path in ICON_FOLDER.glob("*.svg")}
    shown = {"search", "clock", "users", "history", "eye", "download", "x", "user", "copy"}
    shown |= named & {f"{a}-{b}" for a, b in (name.split("-", 1) for name in there if "-" in name)}
    assert shown <= there
    wanted = {"circle-check", "circle-dot", "triangle-alert", "circle-pause", "circle-x"}
    assert wanted | {"loader-circle", "folder-sync", "trash-2", "user-plus"} <= there


def test_a_leaded_font_is_the_same_font_with_taller_lines(theme: Theme) -> None:
    """Notes are set with air between the lines, which the widget itself cannot do."""
    note = QFontMetricsF(theme.fonts.note_font())
    plain = QFontMetricsF(theme.fonts.ui_font(NOTE_SIZE))
    assert note.height() == pytest.approx(NOTE_SIZE * NOTE_LEADING, abs=1.5)
    assert note.horizontalAdvance("Sourdough") == plain.horizontalAdvance("Sourdough")
    face = (FOLDER / "Inter-Regular.otf").read_bytes()
    assert len(leaded(face, NOTE_LEADING)) == len(face)


def test_headings_have_a_heavier_face(theme: Theme) -> None:
    """It is bundled, not faked."""
    heavy = theme.fonts.ui_font(14, QFont.Weight.DemiBold)
    light = theme.fonts.ui_font(14)
    words = "Sourdough, week 3"
    assert QFontMetricsF(heavy).horizontalAdvance(words) > QFontMetricsF(light).horizontalAdvance(
        words
    )


def test_a_chosen_look_is_worn_and_told(qapp: QApplication, theme: Theme) -> None:
    """Widgets that paint for themselves hear of it."""
    told: list[object] = []
    theme.changed.connect(lambda: told.append(None))
    theme.choose(Look.DARK)
    assert theme.tokens is DARK
    assert qapp.palette().window().color().name().upper() == DARK.bg
    theme.choose(Look.LIGHT)
    assert len(told) == 2


def test_both_themes_name_the_same_tokens() -> None:
    """No colour is forgotten in one of them."""
    assert all(getattr(LIGHT, f.name) != "" and getattr(DARK, f.name) != "" for f in fields(Tokens))


@pytest.mark.parametrize("script", sample.SCRIPTS)
@pytest.mark.parametrize("kind", ["ui", "note", "mono"])
@pytest.mark.parametrize("bold", [False, True], ids=["plain", "bold"])
def test_every_letter_has_a_shape(theme: Theme, script: str, kind: str, *, bold: bool) -> None:
    """An empty box is no letter. What the bundled letters lack comes from the system's."""
    fonts = theme.fonts
    font = {"ui": fonts.ui_font, "note": fonts.note_font, "mono": fonts.mono_font}[kind]()
    font.setBold(bold)
    layout = QTextLayout(sample.SCRIPTS[script], font)
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    shapes = [number for run in layout.glyphRuns() for number in run.glyphIndexes()]
    assert len(shapes) >= len(sample.SCRIPTS[script]) * 0.9
    assert all(shapes), "a box"


def test_a_letter_that_no_font_has_is_noticed(theme: Theme) -> None:
    """Or the test above would prove nothing."""
    layout = QTextLayout("\u0378", theme.fonts.ui_font())
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    assert not all(number for run in layout.glyphRuns() for number in run.glyphIndexes())
