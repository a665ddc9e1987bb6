"""The disk that older versions take is given back, while the power may go at any moment."""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path
from random import Random
from typing import cast

from storage.checking import NOTE
from storage.collecting import NotAllHere, Orders
from storage.errors import NotKept
from storage.facts.change import TOP
from storage.retention import Rule
from storage.vault import Vault
from tests.crash.stories import (
    Look,
    Say,
    Told,
    add,
    all_lasts,
    entry_of,
    fingerprint,
    is_a_state,
    judge_vault,
    save,
)
from tests.helpers.vaults import Place

ORDERS = Orders({TOP: Rule(latest_over=2_000, any_kind=True)}, quarantine=0)
"""Of what is long only the latest version; two runs are enough."""


def collect(vault: Vault) -> None:
    """Collect twice: once into quarantine, once out of it."""
    for _ in range(2):
        run = vault.collection(ORDERS)
        while run.step():
            pass


def digest(data: bytes) -> str:
    """Return what stands for bytes."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()


class Collecting:
    """Long files are saved over and their older versions collected, with commits in between."""

    def tell(self, base: Path, say: Say) -> None:
        """Make a past, then collect it, twice over."""
        place, noise = Place(base / "root"), Random(11)  # noqa: S311
        vault = place.create()
        kept: list[tuple[str, str, str]] = []
        for number in range(3):
            add(vault, f"long-{number}.bin", b"\0" + noise.randbytes(6_000))
        add(vault, "note.md", b"first\n")
        entry = entry_of(vault, "note.md")
        kept.append((entry.hex(), vault.history(entry)[0].cid.hex(), digest(b"first\n")))
        save(vault, "note.md", b"second\n")
        for number in range(3):
            save(vault, f"long-{number}.bin", b"\0" + noise.randbytes(6_000))
        all_lasts(base / "root")
        say(begin=True, state=fingerprint(vault), kept=kept)
        collect(vault)
        say(collected=True)
        save(vault, "long-0.bin", b"\0" + noise.randbytes(6_000))
        say(state=fingerprint(vault))
        run = vault.collection(ORDERS)
        while run.step():
            add(vault, f"between-{noise.random()}.md", noise.randbytes(40).hex().encode())
            say(state=fingerprint(vault))
        collect(vault)

    def judge(self, base: Path, told: Told, look: Look) -> None:
        """Look that all that is kept is there; and that collecting again ends well."""
        place = Place(base / "root")
        judge_vault(place, told, look, _holds)
        if look.go_on:
            with closing(place.open("owner", "to collect")) as vault:
                state = fingerprint(vault), vault.root
                _collect_again(vault)
                assert (fingerprint(vault), vault.root) == state
                damaged = [it for it in vault.check().found if it.severity != NOTE]
                assert not damaged, damaged
                _holds_the_past(vault, told)


def _collect_again(vault: Vault) -> None:
    try:
        collect(vault)
    except NotAllHere:
        # The index went as well, and nothing tells a torn stretch from a damaged one: mended first.
        vault.repair()
        collect(vault)


def _holds(vault: Vault, told: Told) -> None:
    is_a_state(vault, told)
    _holds_the_past(vault, told)


def _holds_the_past(vault: Vault, told: Told) -> None:
    kept = told.last("kept")
    for entry, record, said in cast("list[tuple[str, str, str]]", kept):
        step = vault.step(bytes.fromhex(record)[4:])
        facts = vault.facts_at(entry_of(vault, "note.md"), step)
        assert facts, "an older version has gone from the history"
        try:
            data = b"".join(vault.read_at(entry_of(vault, "note.md"), step.cid))
        except NotKept as error:
            raise AssertionError("an older version went that was to be kept") from error
        assert digest(data) == said, f"an older version of {entry} is another one"
