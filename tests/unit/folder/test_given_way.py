"""A folder whose space gave way to another line: what lies in it is held against the tree anew."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.errors import Overtaken
from storage.facts.change import TOP, EntryId
from storage.vault import Vault
from tests.helpers.guarded import Guarded
from tests.helpers.set_back import set_back
from tests.helpers.vaults import Place, exchange, save, tell, text, write


class Renamed:
    """A folder whose note got another text under the very names that its edits had."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(folder)
        self.owner = self.place.create()
        self.note = write(self.owner, "note.md", b"one\n", TOP)
        mine = self.place.join(self.owner, "mine")
        self.here = Guarded(Place(folder), "third", self.place.join(self.owner, "third"))
        self.owner.welcome()
        for vault in (mine, self.here.vault, mine):
            exchange(self.owner, vault)
        mine.close()
        shutil.copytree(folder / "mine", folder / "copy")
        mine = self._write("one", b"one\nkept\n")
        tell(mine, self.owner)
        tell(mine, self.here.vault)
        mine.close()
        set_back(folder / "mine", folder / "copy")
        self.place.clock.at -= 600
        self.mine = self._write("two", b"new\none\n")

    def _write(self, again: str, data: bytes) -> Vault:
        """Edit the note: under the number that was used before, once the disk was set back."""
        vault = self.place.open("mine", again)
        save(vault, self.note, data)
        return vault

    def close(self) -> None:
        """Let go."""
        for vault in (self.owner, self.mine, self.here.vault):
            vault.close()


@pytest.fixture
def renamed(tmp_path: Path) -> Iterator[Renamed]:
    """Set the stage."""
    made = Renamed(tmp_path)
    yield made
    made.close()


def meets_the_other_line(renamed: Renamed) -> EntryId:
    """Let the owner write again what gave way there, then let the older line come here."""
    here, owner = renamed.here, renamed.owner
    owner.accept(renamed.mine.things_after(type(owner.seen)(), b"", 1 << 30).things)
    tell(owner, here.vault)
    here.bring()
    assert here.disk() == {"note.md": b"one\nkept\n"}
    before = here.vault.nodes([renamed.note])[renamed.note].version
    accepted = here.vault.accept(owner.things_after(type(owner.seen)(), b"", 1 << 30).things)
    assert accepted.gave_way
    assert text(here.vault, renamed.note) == "new\none\nkept\n"
    assert here.vault.nodes([renamed.note])[renamed.note].version == before, "that is the trap"
    return renamed.note


def test_a_text_that_became_another_under_the_same_name_is_written(renamed: Renamed) -> None:
    """The folder went on showing a text that the space did not have, and took it for that one."""
    meets_the_other_line(renamed)
    renamed.here.bring()
    assert renamed.here.disk() == {"note.md": b"new\none\nkept\n"}


def test_deleting_what_was_seen_deletes_no_words_that_were_not(renamed: Renamed) -> None:
    """Who deletes a note lets go of what it shows, not of what came in unseen."""
    meets_the_other_line(renamed)
    renamed.here.delete("note.md")
    renamed.here.bring()
    assert renamed.here.disk() == {"note.md": b"new\none\nkept\n"}


def test_a_moment_that_is_open_never_shows_what_was_not_in_it(renamed: Renamed) -> None:
    """It read what another line wrote later, for that has the very numbers of what was there."""
    vault = renamed.here.vault
    moment = vault.moment(vault.seen)
    (note,) = moment.tree.children(TOP)
    assert b"".join(moment.read(note)) == b"one\nkept\n"
    meets_the_other_line(renamed)
    for look in (
        lambda: moment.tree.children(TOP),
        lambda: moment.tree.get(note.id),
        lambda: moment.read(note),
        lambda: moment.facts(note.id),
    ):
        with pytest.raises(Overtaken):
            look()
    again = vault.moment(vault.seen)
    assert [b"".join(again.read(node)) for node in again.tree.children(TOP)] == [
        b"new\none\nkept\n"
    ]


def test_killed_before_it_is_written_it_is_written_with_the_next_start(renamed: Renamed) -> None:
    """What lies in a folder is doubted by what the store holds, not by who was told."""
    meets_the_other_line(renamed)
    renamed.here.start_again()
    renamed.here.bring()
    assert renamed.here.disk() == {"note.md": b"new\none\nkept\n"}
