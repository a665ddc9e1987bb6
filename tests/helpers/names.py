"""Two hundred names that some program, disk or eye stumbles over, and some that nobody may bear."""

from __future__ import annotations

_DEVICES = ["con", "prn", "aux", "nul", "conin$", "conout$"]
_DEVICES += [f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"]
_LETTERS = '<>:"|?*'
_ODD = [
    *("a.", "a..", "a ", "a .", "a. ", " a", ".", "..", "...", ". .", " ", "  ", ".a", "..a"),
    *("%", "%%", "%41", "%3a", "%3A", "%2F", "%2f"),
    *("%5C", "%00", "%2E", "%25", "%253A", "50%", "%g1"),
    *("~1", "a~1", "A~1.TXT", "$MFT", "$RECYCLE", "-rf"),
    *("--help", "-", "--", "#", "a#b", "&", ";"),
    *("$(id)", "`id`", "$HOME", "'", "a'b", "!", "(a)"),
    *("[a]", "{a}", "a,b", "a=b", "a@b", "a+b", "a^b"),
    *("__proto__", "constructor", "prototype", "toString"),
    *("null", "None", "undefined", "true", "NaN"),
    *("é", "e\u0301", "É", "E\u0301", "ö", "o\u0308", "ﬃ", "İ"),
    *("\u0131", "ß", "ẞ", "SS", "\u017f", "K", "Å", "Å"),
    *("\u202egnp.exe", "\u2066a\u2069", "a\u200bb", "a\u200db"),
    *("\ufeffa", "a\u00adb", "\u2028", "\u2029"),
    *("a\tb", "a\nb", "a\rb", "\x01", "\x1b[31m", "\x7f", "\x85", "\x9b1m", "a\x08b", "\x07"),
    *("😀", "👩‍👩‍👧", "中文", "עברית", "العربية"),
    *("हिन्दी", "ไทย", "한국어", "ᄒ", "\U0001f1e9\U0001f1ea"),
    *("x" * 255, "x" * 256, "é" * 128),
    *("😀" * 64, "x" * 1000, "a" * 250 + ".longending", "." + "y" * 300),
    *("Thumbs", "desktop", "folder-id", "a.lnk"),
    *("a.exe", "a.tar.gz", "noending.", "two..dots", "a.b.c"),
]  # fmt: skip
NOBODY_BEARS = ["", ".", "..", "a/b", "/", "a\\b", "\\", "a\0b", "\0", "\ud800", "x" * 1025]
"""These are refused wherever a name comes in."""
NAMES = sorted(
    {
        *_ODD,
        *_DEVICES,
        *(name.upper() for name in _DEVICES[:6]),
        *(f"{name}.txt" for name in _DEVICES),
        *(f"{name}.air.txt" for name in _DEVICES[:4]),
        *(f"{name} .x" for name in _DEVICES[:4]),
        *(f"a{letter}b" for letter in _LETTERS),
        *(f"{letter}" for letter in _LETTERS),
        *(f"{letter}.md" for letter in _LETTERS),
    }
    - set(NOBODY_BEARS)
)
