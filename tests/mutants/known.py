"""The faults that the suite has to find: the list of the design of reliability, and how each looks.

Each is an exact replacement of a text that stands once in one file. When the program changes so
that it does not any more, the fault has rotted, and a test of the house says so: write it anew.
"""

from __future__ import annotations

from dataclasses import dataclass

UNIT = "tests/unit"
CRASH = "tests/crash/test_crash_images.py"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault, and the few tests that ought to find it."""

    name: str
    does: str
    """What the program does wrong, in a sentence."""
    path: str
    old: str
    new: str
    killers: tuple[str, ...]
    """What pytest is asked to run: the first ought to be enough."""
    slow: bool = False
    """It takes more than a few seconds to find: left to the night."""


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "no fsync(file)",
        "What is appended to a pack is never forced to the disk.",
        "storage/blocks/disk.py",
        "            os.fsync(self._writer_of(name))\n",
        "            self._writer_of(name)\n",
        (f"{CRASH}::test_a_power_cut_while_saving_loses_nothing_that_was_said_to_be_saved",),
    ),
    Mutant(
        "no fsync(dir)",
        "The name of a new pack is never forced to the disk.",
        "storage/blocks/disk.py",
        "            sync_folder(self._folder)\n",
        "            pass\n",
        (f"{CRASH}::test_a_power_cut_while_saving_loses_nothing_that_was_said_to_be_saved",),
    ),
    Mutant(
        "sync=NORMAL",
        "Databases do not force their commits to the disk.",
        "storage/index/sealed_db.py",
        "{'FULL' if durable else 'OFF'}",
        "{'NORMAL' if durable else 'OFF'}",
        (f"{CRASH}::test_a_power_cut_at_any_moment_loses_nothing_and_publishes_nothing[state]",),
        slow=True,
    ),
    Mutant(
        "index before block",
        "Rows that point to blocks are committed before the blocks are on the disk.",
        "storage/core.py",
        '            self.blocks.sync()\n            self.connection.execute("COMMIT")\n',
        '            self.connection.execute("COMMIT")\n            self.blocks.sync()\n',
        (
            f"{UNIT}/test_vault_outlives_failures.py::test_whatever_was_acknowledged_survives_kill_after_kill",
        ),
    ),
    Mutant(
        "ack before commit",
        "A commit is told as done, and is neither on the disk nor in the index.",
        "storage/core.py",
        '            self.blocks.sync()\n            self.connection.execute("COMMIT")\n',
        "",
        (
            f"{UNIT}/test_vault_outlives_failures.py::test_whatever_was_acknowledged_survives_kill_after_kill",
        ),
    ),
    Mutant(
        "LWW by clock",
        "Of two versions made apart the one with the later time stays, the other is not shown.",
        "storage/facts/view.py",
        "    if len(contents) <= 1:\n        return next(iter(contents), None), ()\n",
        '    metas = facts.get("meta", NO_DOTS)\n'
        "    if contents:\n"
        "        return max(contents, key=lambda d: (metas[d].mtime_ns, d.rank)), ()\n",
        (f"{UNIT}/test_side_by_side.py",),
    ),
    Mutant(
        "empty listing = delete",
        "A folder without its mark is believed, as if all in it had been deleted.",
        "app/folder/marker.py",
        '        raise FolderUnavailable("the folder is another one, or its mark is gone")\n'
        "    return Standing(",
        "        if found is not None:\n"
        '            raise FolderUnavailable("the folder is another one")\n'
        "        found = expected, (0, 0)\n"
        "    return Standing(",
        (f"{UNIT}/folder/test_mirror_evidence.py::test_without_its_mark_a_folder_says_nothing",),
    ),
    Mutant(
        "scan error ignored",
        "A folder that cannot be listed counts as empty.",
        "app/folder/scan.py",
        "    listing.whole.discard(path)\n    listing.doubt.add(path)\n",
        "    listing.whole.add(path)\n",
        (
            f"{UNIT}/folder/test_mirror_evidence.py::test_what_the_disk_does_not_tell_is_not_deleted",
        ),
    ),
    Mutant(
        "overflow ignored",
        "The watcher loses hints, and nobody looks at everything.",
        "app/folder/watcher.py",
        '        if "overflow" in record.getMessage():\n',
        '        if "overflow" == record.getMessage():\n',
        (f"{UNIT}/folder/test_hints.py::test_an_overflow_is_heard_and_everything_is_looked_at",),
    ),
    Mutant(
        "reuse epoch after restore",
        "A data folder that came back from a backup goes on under its old numbers.",
        "storage/core.py",
        '        if found is None or get_meta(self.connection, "lies") != lies:\n',
        "        if found is None:\n",
        (
            f"{UNIT}/test_forks.py::test_a_store_that_came_back_in_other_files_writes_under_no_number_it_used",
        ),
    ),
    Mutant(
        "merge without auth check",
        "A record joins whoever signed it, and whatever they were given.",
        "storage/intake.py",
        "            core.members.may_write(record, core.clock.now())\n",
        "            pass\n",
        (f"{UNIT}/test_intake.py::test_a_forged_record_is_named_and_what_is_good_beside_it_joins",),
    ),
    Mutant(
        "skip audience check",
        "A chain of rights holds for somebody to whom it does not lead.",
        "storage/access/chain.py",
        "    if holder != claim.issuer:\n",
        "    if not holder:\n",
        ("tests/conformance/test_ucan.py",),
    ),
    Mutant(
        "skip expiry",
        "A right that has ended still holds.",
        "storage/access/chain.py",
        "    if expires is not None and now > expires + late:\n",
        "    if expires is not None and now > expires + late + 10**9:\n",
        ("tests/conformance/test_ucan.py",),
    ),
    Mutant(
        "allow widening at a link",
        "A link may give more than the link before it, as long as the last one covers the deed.",
        "storage/access/chain.py",
        "    for link in chain:\n        if not covers(link.command, claim.command):\n",
        "    for link in chain[-1:]:\n        if not covers(link.command, claim.command):\n",
        ("tests/conformance/test_ucan.py",),
    ),
    Mutant(
        "accept write after revocation",
        "What was taken back still holds. (It is judged so; nothing takes back on the way yet.)",
        "storage/access/chain.py",
        "    _check_revoked(chain, revoked)\n",
        "",
        ("tests/conformance/test_ucan.py",),
    ),
    Mutant(
        "skip CID check",
        "What is read from a pack is not held against its address.",
        "storage/blocks/packed.py",
        "        if address(data) != digest:\n"
        "            raise CorruptBlock(digest, _where(spot))\n"
        "        return data\n",
        "        return data\n",
        ("tests/conformance/test_block_store.py::test_damage_is_found_named_and_contained",),
    ),
    Mutant(
        "realpath check only",
        "A name is looked at first and opened later, and a link put there between is followed.",
        "app/folder/real.py",
        "_NOFOLLOW = os.O_NOFOLLOW | os.O_CLOEXEC\n",
        "_NOFOLLOW = os.O_CLOEXEC\n",
        (
            f"{UNIT}/folder/test_mirror_evidence.py::test_a_folder_swapped_for_a_link_is_not_written_through",
        ),
    ),
    Mutant(
        "conflict copy dropped",
        "Of two versions made apart only the one that keeps the name is shown.",
        "storage/facts/view.py",
        "            others.append(dot)\n    return main, tuple(others)\n",
        "    return main, tuple(others)\n",
        (f"{UNIT}/test_side_by_side.py",),
    ),
    Mutant(
        "GC ignores in-flight import",
        "What is stored and not committed yet may be collected.",
        "storage/collecting.py",
        "        for digests in self._core.contents.in_flight.values():\n"
        "            self.marks.add_blocks(digests, strict=False)\n"
        "        self.marks.add_blocks(self._core.contents.fresh, strict=False)\n",
        "        return\n",
        (f"{UNIT}/test_collecting.py::test_what_is_stored_and_not_committed_yet_is_never_taken",),
    ),
    Mutant(
        "log token on error",
        "An error about an invite code repeats the code.",
        "storage/access/invite.py",
        '        raise BadToken("this invite code was mistyped") from error\n',
        '        raise BadToken(f"this invite code was mistyped: {text}") from error\n',
        (f"{UNIT}/test_invites.py::test_an_error_about_a_code_never_repeats_it",),
    ),
)
