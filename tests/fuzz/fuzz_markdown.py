"""Any line as Markdown: pieces inside the line, and never long to wait for."""

from __future__ import annotations

from ui.widgets.markdown import fence_lines, spans

SEEDS = tuple(
    line.encode()
    for line in (
        "# Heading with **bold**, *italic* and `code`",
        "> quote ~~struck~~ [link](https://example.org/a_b) ![pic](a.png)",
        "- [x] task #tag [[wiki]] <b>html</b> https://example.org.",
        "| a | b |",
        "---",
        "```python",
        "1. **a *b* c** ``x ` y``",
        "**" * 40 + "a" + "`" * 30 + "[" * 30,
        "_a " * 60,
    )
)


def check(data: bytes) -> None:
    """Raise if a piece lies outside of its line."""
    text = data.decode(errors="replace")
    for line in text.split("\n"):
        for fenced in (False, True):
            for span in spans(line, fenced=fenced):
                assert span.start >= 0
                assert 0 <= span.length <= len(line) - span.start
    lines = fence_lines(text)
    assert lines == sorted(set(lines))
    assert all(number <= text.count("\n") for number in lines)
