"""`atoll demo`: two devices, as real programs, share a real folder; every promise is looked at."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from app.cli.exits import Exit
from app.cli.island import Island, Unexpected, tree_of
from app.words import count_words

PATIENCE = 30.0
PAUSE = 0.02
LINES = 24


def run(*, notes: int, keep: bool) -> int:
    """Play the story, and return 1 if anything was not as promised."""
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="atoll-demo-"))
    story = Story(folder, notes)
    try:
        story.play()
    except Unexpected as error:
        print(f"\n  NOT AS PROMISED: {error}")
        return Exit.WRONG
    finally:
        story.end()
        if keep:
            print(f"\nEverything is kept in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"\nAll as promised, in {time.monotonic() - began:.1f} s.")
    return Exit.OK


class Story:
    """What is told, and checked while it happens."""

    def __init__(self, folder: Path, notes: int) -> None:
        self._ana = Island("Ana's laptop", folder / "ana-data", folder / "ana" / "Recipes")
        self._mina = Island("Mina's laptop", folder / "mina-data", folder / "mina" / "Recipes")
        self._notes = notes

    def play(self) -> None:
        """Tell all of it."""
        self._set_up()
        self._join()
        self._together()
        self._apart()
        self._meet_again()
        self._look_back()

    def end(self) -> None:
        """Stop both programs."""
        self._ana.stop()
        self._mina.stop()

    # -- the steps -----------------------------------------------------------------------
    def _set_up(self) -> None:
        _title("Two devices, two folders, no server")
        make_folder(self._ana.folder, self._notes)
        for island in (self._ana, self._mina):
            island.ask("init", "--name", island.name)
            island.start()
        _say(f"{self._ana.name} and {self._mina.name} run, each with its own data folder.")
        took = _timed(lambda: self._ana.ask("add", str(self._ana.folder)))
        files = count_words(len(tree_of(self._ana.folder)), "file")
        _say(f"Ana opens her folder of {files} in {took:.1f} s. Nothing in it is changed.")

    def _join(self) -> None:
        _title("A code, and the folder is there")
        code = self._ana.value("share", "Recipes", "--can", "edit")["code"]
        _say(f"Ana shares it: {str(code)[:34]}…")
        took = _timed(
            lambda: self._mina.ask("join", "-", "--into", str(self._mina.folder), given=f"{code}\n")
        )
        self._until_equal("after joining")
        _say(f"Mina joins in {took:.1f} s, and both folders are equal, byte for byte.")

    def _together(self) -> None:
        _title("Together")
        note = "note-001.md"
        self._ana.write(note, self._ana.read(note) + b"Ana was here.\n")
        took = _timed(
            lambda: _until(
                lambda: b"Ana was here." in self._mina.read(note), "Ana's line reaches Mina"
            )
        )
        _say(f"Ana saves a line in any editor; {took * 1000:.0f} ms later it is in Mina's file.")
        self._until_everywhere()
        _say("Both say: stored on all 2 devices. Each has signed for it.")

    def _apart(self) -> None:
        _title("Apart")
        self._mina.stop()
        _say("Mina closes the lid. Ana goes on:")
        for words, change in self._ana_alone():
            change()
            _say(f"  · {words}")
        self._ana.settle()
        self._ana.stop()
        self._mina.start()
        _say("Now Ana is away, and Mina works on the train:")
        for words, change in self._mina_alone():
            change()
            _say(f"  · {words}")
        self._mina.settle()

    def _ana_alone(self) -> list[tuple[str, Callable[[], None]]]:
        ana = self._ana
        return [
            ("changes line 3 of a note", lambda: ana.change_line("both.md", 3, "Ana on line 3")),
            ("changes line 7 of another", lambda: ana.change_line("same.md", 7, "rye from Ana")),
            ("renames a note", lambda: ana.move("rename-me.md", "renamed.md")),
            ("deletes a note", lambda: ana.delete("delete-me.md")),
            ("makes new.md", lambda: ana.write("new.md", b"made by Ana\n")),
            ("renames the folder soups to broths", lambda: ana.move("soups", "broths")),
            ("changes a picture", lambda: ana.write("picture.bin", b"\0Ana" * 5000)),
        ]

    def _mina_alone(self) -> list[tuple[str, Callable[[], None]]]:
        mina = self._mina
        return [
            ("changes line 15 of the first", lambda: mina.change_line("both.md", 15, "Mina: 15")),
            ("changes the same line 7", lambda: mina.change_line("same.md", 7, "oats from Mina")),
            (
                "edits the note that Ana renamed",
                lambda: mina.change_line("rename-me.md", 2, "Mina's edit"),
            ),
            (
                "edits the note that Ana deleted",
                lambda: mina.change_line("delete-me.md", 2, "Mina needs it"),
            ),
            ("makes new.md too", lambda: mina.write("new.md", b"made by Mina\n")),
            ("adds a note to soups", lambda: mina.write("soups/fresh.md", b"added by Mina\n")),
            ("changes the same picture", lambda: mina.write("picture.bin", b"\0Mina" * 5000)),
        ]

    def _meet_again(self) -> None:
        _title("Together again")
        self._ana.start()
        took = _timed(lambda: self._until_equal("after meeting again"))
        _say(f"Ana opens the lid. {took:.1f} s later both folders are equal again. In them:")
        for words, holds in self._promises():
            if not holds:
                raise Unexpected(words)
            _say(f"  ✓ {words}")

    def _promises(self) -> list[tuple[str, bool]]:
        files = tree_of(self._mina.folder)
        both, same = files.get("both.md", b""), files.get("same.md", b"")
        contents = list(files.values())
        return [
            ("both lines of the note", b"Ana on line 3" in both and b"Mina: 15" in both),
            ("of the same line, the words of both", b"Ana" in same and b"Mina" in same),
            (
                "the edit, in the renamed note",
                b"Mina's edit" in files.get("renamed.md", b"") and "rename-me.md" not in files,
            ),
            (
                "the deleted note, because Mina needed it",
                b"Mina needs it" in files.get("delete-me.md", b""),
            ),
            (
                "both new notes, side by side",
                b"made by Ana\n" in contents and b"made by Mina\n" in contents,
            ),
            (
                "Mina's new note in the renamed folder",
                "broths/fresh.md" in files and not any(name.startswith("soups/") for name in files),
            ),
            (
                "both pictures, side by side",
                b"\0Ana" * 5000 in contents and b"\0Mina" * 5000 in contents,
            ),
        ]

    def _look_back(self) -> None:
        _title("Nothing is lost")
        self._until_everywhere()
        _say("Both say: stored on all 2 devices. The history of same.md:")
        steps = self._mina.values("log", str(self._mina.folder / "same.md"))
        for step in steps:
            _say(f"  {str(step['version'])[:8]}  {step['device']}  {step['words']}")
        for step in steps[:2]:
            path = f"{self._mina.folder / 'same.md'}@{step['version']}"
            if not self._mina.ask("show", path):
                raise Unexpected("an old version cannot be read")
        writers = {step["device"] for step in steps}
        if not {self._ana.name, self._mina.name} <= writers:
            raise Unexpected("the history does not name both")
        found = self._mina.value("check")["damaged"]
        if found:
            raise Unexpected("the check found damage")
        _say("Every version can be read, and a check of every block finds all good.")

    # -- waiting -------------------------------------------------------------------------
    def _until_equal(self, when: str) -> None:
        _until(
            lambda: tree_of(self._ana.folder) == tree_of(self._mina.folder),
            f"both folders are equal {when}",
        )

    def _until_everywhere(self) -> None:
        for island in (self._ana, self._mina):
            _until(
                lambda island=island: island.reach() == "everywhere",  # type: ignore[misc]
                f"{island.name} says that all is everywhere",
            )


def make_folder(folder: Path, notes: int) -> None:
    """Make a folder as a person might have one."""
    for name in ("soups", "bread", "bread/sourdough"):
        (folder / name).mkdir(parents=True)
    homes = ("", "soups/", "bread/", "bread/sourdough/")
    for number in range(notes):
        name = f"{homes[number % len(homes)]}note-{number:03}.md" if number != 1 else "note-001.md"
        (folder / name).write_bytes(_note(f"Note {number}"))
    for name in ("both.md", "same.md", "rename-me.md", "delete-me.md"):
        (folder / name).write_bytes(_note(name))
    (folder / "picture.bin").write_bytes(b"\0picture" * 3000)


def _note(title: str) -> bytes:
    lines = [f"# {title}", *(f"Line {n} of {title}, as it was." for n in range(2, LINES))]
    return "".join(f"{line}\n" for line in lines).encode()


def _until(holds: Callable[[], bool], promise: str) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise Unexpected(f"in {PATIENCE:.0f} s: {promise}")
        time.sleep(PAUSE)


def _timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _title(words: str) -> None:
    bold = ("\x1b[1m", "\x1b[0m") if sys.stdout.isatty() else ("", "")
    print(f"\n{bold[0]}{words}{bold[1]}", flush=True)


def _say(words: str) -> None:
    print(f"  {words}", flush=True)
