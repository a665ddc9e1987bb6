"""The measures and colours that everything is drawn with. Pure values, no Qt.

Every text, icon and line pair of both themes passes WCAG AA; a test computes it.
"""

from __future__ import annotations

from dataclasses import dataclass

SPACE = (4, 8, 12, 16, 24, 32, 48)
"""The only distances there are."""
XS, S, M, L, XL, XXL, HUGE = SPACE
RADIUS_CONTROL = 6
RADIUS_ROW = 6
RADIUS_DIALOG = 10
ICON = 18

UI_SIZE = 13
SMALL_SIZE = 12
TITLE_SIZE = 14
NOTE_SIZE = 16
HEADINGS = (24, 20, 17, 16, 16, 16)
MONO_SIZE = 14
NOTE_LEADING = 1.6
"""A note's line is that many times as high as its letters."""
TEXT_START = 40
"""Where the title and the text begin."""
NOTE_WIDTH = 720
"""A line of text longer than this is hard to follow."""

PANES = (216, 330)
"""Widths of sidebar and list, until someone moves them."""
ICONS_BELOW = 900
ONE_PANE_BELOW = 640
SIDEBAR_ICONS = 56


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one theme."""

    dark: bool
    bg: str
    surface: str
    sunken: str
    hover: str
    select: str
    hairline: str
    border: str
    text: str
    text2: str
    text3: str
    accent: str
    on_accent: str
    accent_hover: str
    ok: str
    warn: str
    danger: str
    info: str
    add: str
    delete: str
    mark: str
    people: tuple[str, ...]


LIGHT = Tokens(
    dark=False,
    bg="#FBFAF8",
    surface="#FFFFFF",
    sunken="#F2F0EC",
    hover="#ECE9E3",
    select="#DCEBEA",
    hairline="#DDD9D1",
    border="#8A867D",
    text="#1E1D1A",
    text2="#57534B",
    text3="#6B675E",
    accent="#0B6E69",
    on_accent="#FFFFFF",
    accent_hover="#095C58",
    ok="#1A6E37",
    warn="#8A5A00",
    danger="#B3261E",
    info="#2359A8",
    add="#DDF3E1",
    delete="#FBE1DE",
    mark="#FFE9A8",
    people=("#7A3E9D", "#A8481B", "#2359A8", "#1A6E37", "#9A2A5B", "#5B5B12"),
)

DARK = Tokens(
    dark=True,
    bg="#171816",
    surface="#1F201D",
    sunken="#121311",
    hover="#2A2C28",
    select="#1E3B39",
    hairline="#34362F",
    border="#7C7F76",
    text="#ECEBE6",
    text2="#B9B7AE",
    text3="#9A988E",
    accent="#5CC8C0",
    on_accent="#0C1F1E",
    accent_hover="#79D6CF",
    ok="#6CCB86",
    warn="#E3B341",
    danger="#F28B82",
    info="#8AB4F8",
    add="#17361F",
    delete="#44201D",
    mark="#5A4A12",
    people=("#C79BE3", "#F0A27A", "#8AB4F8", "#6CCB86", "#F29AC0", "#D6D27A"),
)


def contrast(one: str, other: str) -> float:
    """Return the WCAG contrast ratio of two colours."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    knee = 0.04045
    return channel / 12.92 if channel <= knee else ((channel + 0.055) / 1.055) ** 2.4
