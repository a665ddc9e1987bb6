"""A device whose disk was set back, in any story: all end equal, and nobody's words are lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import combinations
from pathlib import Path
from random import Random

import pytest

from storage.errors import AtollError
from storage.facts.change import TOP
from storage.vault import Vault
from sync.protocol.line import Stand
from tests.helpers.tripping import Fuse, PowerCut, fuse
from tests.helpers.vaults import META, Place, core_of, dice, pure_root
from tests.sim.ends import Device, connect
from tests.sim.network import CALM, Network
from tests.sim.people import friends
from tests.sim.vaults import VaultSpace

__all__ = ["fuse"]
SPACE = bytes(32)
NAMES = ("one", "two", "three")
A_WHILE = 40.0


def tokens_of(vault: Vault) -> set[str]:
    """Return all letters that can be read in the tree, or in any version of the history."""
    found: set[str] = set()
    for _, node in vault.tree().walk():
        with suppress(AtollError):
            found |= set(b"".join(vault.read(node)).decode())
    for step in vault.history(limit=-1):
        for entry in vault.touched(step):
            with suppress(AtollError):
                found |= set(b"".join(vault.read_at(entry, step.cid)).decode())
    return {letter for letter in found if letter >= "\u4e00"}


class Story:
    """Three devices that write, meet, lose power and are set back."""

    def __init__(self, folder: Path, fuse: Fuse, random: Random, count: int) -> None:
        self.place = Place(folder)
        self.fuse = fuse
        self.random = random
        self.network = Network(random.randrange(1 << 30))
        owner = self.place.create(NAMES[0])
        vaults = [owner, *(self.place.join(owner, name) for name in NAMES[1:count])]
        owner.welcome()
        people = friends(self.network, *NAMES[:count])
        self.devices = [Device(self.network, known) for known in people]
        self.spaces = [
            VaultSpace(vault, self.place, name) for vault, name in zip(vaults, NAMES, strict=False)
        ]
        for device, space in zip(self.devices, self.spaces, strict=True):
            device.spaces[SPACE] = space
        self.wanted: set[str] = set()
        self.letters = 0
        self.copied = False

    @property
    def copy(self) -> Path:
        """Where the copy of the first disk lies."""
        return self.place.folder / "copy"

    def play(self) -> None:
        """Let something happen; now and then the power is cut on the way."""
        if self.random.random() < 0.15:
            self.fuse.left, self.fuse.cuts = self.random.randrange(12), True
        try:
            self._play()
        except PowerCut:
            self.restart()
        self.fuse.left, self.fuse.blown = -1, False
        self.place.clock.at += self.random.randrange(-20, 60)

    def _play(self) -> None:
        match self.random.randrange(14):
            case 0 | 1 | 2:
                self.edit(self.random.choice(self.spaces))
            case 3 | 4 | 5:
                self.edit(self.spaces[0])
            case 6 if not self.copied or self.random.random() < 0.3:
                self.fuse.left = -1
                self.spaces[0].copy(self.copy)
                self.copied = True
            case 6 | 7 | 8 if self.copied:
                self.fuse.left = -1
                self.set_back()
                self.edit(self.spaces[0])
            case _:
                one, other = self.random.sample(range(len(self.spaces)), 2)
                self.meet(one, other, self.random.choice((0.2, 1.0, A_WHILE)))

    def edit(self, space: VaultSpace) -> None:
        """Write a letter that nobody wrote before: a new file, into a text, or over a file."""
        self.letters += 1
        letter = chr(0x4E00 + self.letters)
        vault = space.vault
        nodes = [n for _, n in vault.tree().walk() if n.size and n.side_of is None]
        change = vault.change()
        what = self.random.randrange(3)
        try:
            if not nodes or what == 0:
                content = core_of(vault).contents.store_bytes(f"{letter}\n".encode())
                change.add_file(TOP, f"{self.random.randrange(4)}.md", content, META)
            elif what == 1 and (node := self.random.choice(nodes)).is_text:
                text = vault.text(node.id)
                change.write(node.id, (letter + text.text).encode(), META, text.base)
            else:
                change.write(self.random.choice(nodes).id, b"\0" + letter.encode(), META)
            vault.commit(change, "edited")
        except AtollError:
            return  # a content that is only elsewhere yet
        self.wanted.add(letter)

    def set_back(self) -> None:
        """Set the first disk back. What only it held is lost with it; nobody can bring that."""
        self.spaces[0].set_back(self.copy)
        self.wanted &= set().union(*(tokens_of(space.vault) for space in self.spaces))

    def meet(self, one: int, other: int, seconds: float) -> bool:
        """Let two devices talk for a while, dialling again; say whether they end equal."""
        until = self.network.now + seconds
        both = connect(self.network, self.devices[one], self.devices[other], CALM)
        while self.network.now < until:
            if both[0].wire.broken or both[0].session.ended:
                both = connect(self.network, self.devices[one], self.devices[other], CALM)
            self.network.run(self.network.now + 0.1)
        stands = [each.session.standing(SPACE) for each in both]
        both[0].wire.cut()
        self.network.run(self.network.now + 1)
        return all(it is not None and it.stand is Stand.EQUAL for it in stands)

    def restart(self) -> None:
        """All programs were killed at once; start them again."""
        self.fuse.left, self.fuse.blown = -1, False
        for device in self.devices:
            device.ends.clear()
        self.network = self.network.__class__(self.random.randrange(1 << 30))
        for device in self.devices:
            device.network = self.network
        for space in self.spaces:
            with suppress(Exception):
                space.vault.close()
            space.open()

    def end(self) -> None:
        """Let all meet until they agree."""
        for _ in range(4):
            for one, other in combinations(range(len(self.spaces)), 2):
                self.meet(one, other, A_WHILE)
        for one, other in combinations(range(len(self.spaces)), 2):
            assert self.meet(one, other, A_WHILE), "nothing is said to be on its way for ever"

    def judge(self) -> None:
        """Check what all promise together."""
        first = self.spaces[0].vault
        for space in self.spaces:
            vault = space.vault
            assert vault.seen == first.seen
            assert vault.root == first.root
            assert vault.root.to_bytes() == pure_root(vault)
            assert self.wanted <= tokens_of(vault), self.wanted - tokens_of(vault)

    def close(self) -> None:
        """Let go."""
        for space in self.spaces:
            space.vault.close()


@pytest.fixture
def story(request: pytest.FixtureRequest, tmp_path: Path, fuse: Fuse) -> Iterator[Story]:
    """Begin a story by its seed."""
    random = dice(request.param)
    made = Story(tmp_path, fuse, random, random.choice((2, 3)))
    yield made
    made.close()


@pytest.mark.slow
@pytest.mark.parametrize("story", range(60), indirect=True)
def test_after_any_story_with_a_disk_set_back_all_are_equal_and_nothing_is_lost(
    story: Story,
) -> None:
    """Restored backups and snapshots happen; every word that any device still held must survive."""
    for _ in range(story.random.randrange(10, 40)):
        story.play()
    story.end()
    story.judge()
    for space in story.spaces:
        seen, root = space.vault.seen, space.vault.root
        space.vault.close()
        for path in space.folder.glob("index.db*"):
            path.unlink()
        space.open()
        assert (space.vault.seen, space.vault.root) == (seen, root)
    story.judge()
