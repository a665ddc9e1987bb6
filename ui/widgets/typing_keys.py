"""What some keys do in a note: lists go on, lines move, words are wrapped, tasks are ticked."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QTextBlock, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from ui.widgets.markdown import ITEM

_NUMBER = re.compile(r"(\d+)([.)])")
KEEP = QTextCursor.MoveMode.KeepAnchor
_CTRL = Qt.KeyboardModifier.ControlModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier


def press(edit: QPlainTextEdit, event: QKeyEvent) -> bool:
    """Do what a key does beyond typing it; say whether it did."""
    key, held = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    enter = key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
    if enter and held == _CTRL:
        return tick(edit, edit.textCursor().block())
    if enter and held in {Qt.KeyboardModifier.NoModifier, _SHIFT}:
        return _new_line(edit, plain=held == _SHIFT)
    if key is Qt.Key.Key_Tab and not held:
        return _indent(edit)
    if key is Qt.Key.Key_Backtab:
        return _outdent(edit)
    if held == Qt.KeyboardModifier.AltModifier and key in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
        return move_line(edit, down=key is Qt.Key.Key_Down)
    return False


def tick(edit: QPlainTextEdit, block: QTextBlock) -> bool:
    """Tick a task, or take the tick away; a plain line becomes a task."""
    item = ITEM.match(block.text())
    hand = QTextCursor(block)
    if item and item[4]:
        hand.setPosition(block.position() + item.start(4) + 1)
        hand.setPosition(hand.position() + 1, KEEP)
        hand.insertText("x" if item[4] == "[ ]" else " ")
    elif item:
        hand.setPosition(block.position() + item.end())
        hand.insertText("[ ] ")
    else:
        text = block.text()
        hand.setPosition(block.position() + len(text) - len(text.lstrip()))
        hand.insertText("- [ ] ")
    del edit
    return True


def wrap(edit: QPlainTextEdit, sign: str) -> None:
    """Put a sign around the selection, or take it away again."""
    hand = edit.textCursor()
    if not hand.hasSelection():
        hand.select(QTextCursor.SelectionType.WordUnderCursor)
    start, text = hand.selectionStart(), hand.selectedText()
    wrapped = len(text) > 2 * len(sign) and text.startswith(sign) and text.endswith(sign)
    new = text[len(sign) : -len(sign)] if wrapped else f"{sign}{text}{sign}"
    hand.insertText(new)
    if text:
        hand.setPosition(start)
        hand.setPosition(start + _units(new), KEEP)
    else:
        hand.setPosition(start + len(sign))
    edit.setTextCursor(hand)


def link(edit: QPlainTextEdit) -> None:
    """Make the selection a link to a note."""
    hand = edit.textCursor()
    start, text = hand.selectionStart(), hand.selectedText()
    hand.insertText(f"[[{text}]]")
    if not text:
        hand.setPosition(start + 2)
        edit.setTextCursor(hand)


def move_line(edit: QPlainTextEdit, *, down: bool) -> bool:
    """Carry the caret's line over the next, or the one before."""
    caret = edit.textCursor()
    block = caret.block()
    other = block.next() if down else block.previous()
    if not other.isValid():
        return True
    column = caret.positionInBlock()
    upper, lower = (block, other) if down else (other, block)
    start = upper.position()
    hand = QTextCursor(upper)
    hand.setPosition(lower.position() + lower.length() - 1, KEEP)
    first, second = upper.text(), lower.text()
    hand.insertText(f"{second}\n{first}")
    caret.setPosition(start + column + (_units(second) + 1 if down else 0))
    edit.setTextCursor(caret)
    return True


def _new_line(edit: QPlainTextEdit, *, plain: bool) -> bool:
    """Begin a line; in a list, an item like the one before. On an empty item, end the list."""
    hand = edit.textCursor()
    before = hand.block().text()
    item = None if plain or hand.hasSelection() else ITEM.match(before)
    if item is None or hand.positionInBlock() < item.end():
        hand.insertText("\n")
    elif not before[item.end() :].strip():
        hand.movePosition(QTextCursor.MoveOperation.StartOfBlock)
        hand.movePosition(QTextCursor.MoveOperation.EndOfBlock, KEEP)
        hand.removeSelectedText()
    else:
        hand.insertText("\n" + _next_item(item))
    edit.setTextCursor(hand)
    edit.ensureCursorVisible()
    return True


def _next_item(item: re.Match[str]) -> str:
    number = _NUMBER.fullmatch(item[2])
    marker = f"{int(number[1]) + 1}{number[2]}" if number else item[2]
    return f"{item[1]}{marker}{item[3]}" + ("[ ] " if item[4] else "")


def _indent(edit: QPlainTextEdit) -> bool:
    """Indent the item the caret is in, or all lines of a selection that spans several."""
    lines = _lines(edit)
    if len(lines) == 1 and (edit.textCursor().hasSelection() or not ITEM.match(lines[0].text())):
        return False
    hand = QTextCursor(edit.document())
    hand.beginEditBlock()
    for block in lines:
        if len(lines) == 1 or block.text().strip():
            hand.setPosition(block.position())
            hand.insertText("  ")
    hand.endEditBlock()
    return True


def _outdent(edit: QPlainTextEdit) -> bool:
    hand = QTextCursor(edit.document())
    hand.beginEditBlock()
    for block in _lines(edit):
        spaces = len(block.text()) - len(block.text().lstrip(" \t"))
        hand.setPosition(block.position())
        hand.setPosition(block.position() + min(spaces, 2), KEEP)
        hand.removeSelectedText()
    hand.endEditBlock()
    return True


def _lines(edit: QPlainTextEdit) -> list[QTextBlock]:
    """Return the lines that are selected, or the caret's; not one that is touched at its start."""
    hand = edit.textCursor()
    block = edit.document().findBlock(hand.selectionStart())
    found = [block]
    while block.next().isValid() and block.next().position() < hand.selectionEnd():
        block = block.next()
        found.append(block)
    return found


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
