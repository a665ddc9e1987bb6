"""The letters: Inter and JetBrains Mono from `assets`, else what the system has.

`QPlainTextEdit` knows no line height, and a note set solid is hard to read. So the note's
font is Inter once more with taller lines: the same glyphs, only the ascent and descent in
its tables are larger, and the family is named anew so that the two do not mix.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QFont, QFontDatabase

from ui.theme.tokens import MONO_SIZE, NOTE_LEADING, NOTE_SIZE, UI_SIZE

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "fonts"
_OLD_NAME, _NEW_NAME = "Inter", "Atoll"
_HHEA_ASCENT = 4
_OS2_TYPO = 68
_HEAD_UNITS = 18


@dataclass(frozen=True, slots=True)
class Fonts:
    """The families in use."""

    ui: str
    note: str
    mono: str

    def ui_font(self, size: int = UI_SIZE, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
        """Return the window's font."""
        return _font(self.ui, size, weight)

    def note_font(self, size: int = NOTE_SIZE) -> QFont:
        """Return the font that notes are written in."""
        return _font(self.note, size, QFont.Weight.Normal)

    def mono_font(self, size: int = MONO_SIZE) -> QFont:
        """Return the font of codes and programs."""
        font = _font(self.mono, size, QFont.Weight.Normal)
        font.setStyleHint(QFont.StyleHint.Monospace)
        return font


def load_fonts(folder: Path = FOLDER) -> Fonts:
    """Load what is bundled; what is missing comes from the system."""
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()
    fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
    plain = [folder / f"Inter-{style}.otf" for style in ("Regular", "SemiBold", "Italic")]
    faces = [path.read_bytes() for path in plain if path.is_file()]
    ui = [name for face in faces for name in _add(face)]
    note = [name for face in faces for name in _add(leaded(face, NOTE_LEADING))]
    mono = [
        name
        for path in (folder / "JetBrainsMono-Regular.ttf",)
        if path.is_file()
        for name in _add(path.read_bytes())
    ]
    first = ui[0] if ui else system
    return Fonts(first, note[0] if note else first, mono[0] if mono else fixed)


def leaded(face: bytes, leading: float) -> bytes:
    """Return an OpenType font whose lines are `leading` times as high as its letters."""
    tables = _tables(face)
    units = _u16(face, tables[b"head"] + _HEAD_UNITS)
    up, down = struct.unpack_from(">hh", face, tables[b"hhea"] + _HHEA_ASCENT)
    more = max(0, round((leading * units - (up - down)) / 2))
    taller = bytearray(face)
    struct.pack_into(">hhh", taller, tables[b"hhea"] + _HHEA_ASCENT, up + more, down - more, 0)
    struct.pack_into(
        ">hhhHH",
        taller,
        tables[b"OS/2"] + _OS2_TYPO,
        up + more,
        down - more,
        0,
        up + more,
        more - down,
    )
    start = tables[b"name"]
    rest = bytes(taller[start:]).replace(
        _OLD_NAME.encode("utf-16-be"), _NEW_NAME.encode("utf-16-be")
    )
    return bytes(taller[:start]) + rest


def _tables(face: bytes) -> dict[bytes, int]:
    """Return where each table begins."""
    found: dict[bytes, int] = {}
    for number in range(_u16(face, 4)):
        tag, _, offset, _ = struct.unpack_from(">4sIII", face, 12 + 16 * number)
        found[tag] = offset
    return found


def _u16(face: bytes, at: int) -> int:
    return int.from_bytes(face[at : at + 2], "big")


def _add(face: bytes) -> list[str]:
    number = QFontDatabase.addApplicationFontFromData(QByteArray(face))
    return QFontDatabase.applicationFontFamilies(number) if number >= 0 else []


def _font(family: str, size: int, weight: QFont.Weight) -> QFont:
    font = QFont(family)
    font.setPixelSize(size)
    font.setWeight(weight)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font
