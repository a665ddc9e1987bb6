"""What a peer sends is judged piece by piece: what holds is taken, the rest is named, not kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from storage.access.chain import SKEW
from storage.access.grants import role_grant
from storage.access.roles import Role
from storage.blocks.store import Kind, Thing
from storage.crypto.primitives import SigningKey
from storage.crypto.sealed import address
from storage.errors import AtollError
from storage.facts.change import TOP
from storage.facts.dots import Dot, Seen
from storage.facts.wire import operations_to_cbor
from storage.identity.did import did_of
from storage.members import GRACE, Members
from storage.records.receipt import Word, write_receipt
from storage.records.record import Record
from tests.access import NOW, Dice
from tests.helpers.forging import Draft, a_folder, draft, true_root
from tests.helpers.vaults import (
    META,
    Place,
    core_of,
    exchange,
    pure_root,
    shown,
    tell,
    things_of,
    write,
)

BAD, EXPIRED, DENIED = "access.bad-token", "access.expired", "access.not-allowed"
DECODE, FORK, ROOT = "storage.decode", "access.fork", "storage.root-differs"


class Stage:
    """An owner, one who goes bad, and an honest other: all in step when a test begins."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(folder)
        self.owner = self.place.create()
        self.evil = self.place.join(self.owner, "evil")
        self.other = self.place.join(self.owner, "other")
        write(self.owner, "a.md", b"text\n", TOP)
        write(self.evil, "b.md", b"text\n", TOP)
        for vault in (self.evil, self.other, self.evil):
            exchange(self.owner, vault)

    def honest_news(self) -> list[Thing]:
        """Let the other commit, and return what is new of it to the owner."""
        write(self.other, "good.md", b"good\n", TOP)
        parcel = self.other.things_after(self.owner.seen, self.owner.auth, 1 << 20)
        return list(parcel.things)

    def close(self) -> None:
        """Let go."""
        for vault in (self.owner, self.evil, self.other):
            vault.close()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Set the stage."""
    made = Stage(tmp_path)
    yield made
    made.close()


def forge(stage: Stage, change: Callable[[Stage, Draft], Draft]) -> tuple[Thing, Thing]:
    """Return a record of the bad one that would be good but for one change."""
    operations = a_folder("forged")
    honest = true_root(stage.evil, draft(stage.evil, operations), operations)
    return change(stage, honest).things()


def as_the_owner(stage: Stage, made: Draft) -> Draft:
    """Write under another device's writer."""
    core = core_of(stage.owner)
    return replace(made, writer=core.writer, incarnation=core.author_incarnation)


def in_another_space(_stage: Stage, made: Draft) -> Draft:
    """Write for a space that is not this one."""
    return replace(made, subject=did_of(SigningKey(bytes(32)).public))


def with_another_seen(stage: Stage, made: Draft) -> Draft:
    """Say that the own line stands elsewhere."""
    return replace(made, seen=made.seen.with_dot(Dot(stage.evil.writer, made.number)))


def without_a_chain(_stage: Stage, made: Draft) -> Draft:
    """Show no proof at all."""
    return replace(made, proofs=())


def too_late(stage: Stage, made: Draft) -> Draft:
    """Write with a right that had ended by then."""
    guest = stage.place.join(stage.owner, "guest", until=NOW + 10)
    late = draft(guest, a_folder("late"))
    made = replace(late, at=NOW + 1000)
    guest.close()
    return made


def a_second_too_late(stage: Stage, made: Draft) -> Draft:
    """Write with a right that had just ended: two absolute numbers, no clock is asked."""
    return replace(too_late(stage, made), at=NOW + 11)


def as_a_viewer(stage: Stage, made: Draft) -> Draft:
    """Write with a right to look only."""
    viewer = stage.place.join(stage.owner, "viewer", Role.VIEW)
    made = draft(viewer, a_folder("viewer's"))
    viewer.close()
    return made


def that_contradicts_itself(_stage: Stage, made: Draft) -> Draft:
    """Write one attribute twice."""
    operations = operations_to_cbor(a_folder("forged"))
    return replace(made, operations=[*operations, *operations])


def that_swells(_stage: Stage, made: Draft) -> Draft:
    """Claim a payload that is larger than any may be."""
    return replace(made, plain_size=2**31)


FORGERIES: list[tuple[Callable[[Stage, Draft], Draft], str]] = [
    (as_the_owner, BAD),
    (lambda _s, made: replace(made, incarnation=bytes(16)), BAD),
    (in_another_space, BAD),
    (without_a_chain, BAD),
    (as_a_viewer, DENIED),
    (too_late, EXPIRED),
    (a_second_too_late, EXPIRED),
    (with_another_seen, DECODE),
    (lambda _s, made: replace(made, operations=[[9, b"", "x", None]]), DECODE),
    (that_contradicts_itself, DECODE),
    (that_swells, DECODE),
    (lambda _s, made: replace(made, secret=bytes(32)), DECODE),
    (lambda s, made: replace(made, root=s.owner.root), ROOT),
    (lambda _s, made: replace(made, parents=()), FORK),
    (lambda _s, made: replace(made, command="/fs/rekey"), BAD),
    (lambda _s, made: replace(made, claimed_size=1 << 30), BAD),
]


@pytest.mark.parametrize(("change", "code"), FORGERIES)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_forged_record_is_named_and_what_is_good_beside_it_joins(
    stage: Stage, change: Callable[[Stage, Draft], Draft], code: str, at: int
) -> None:
    """One liar must not stop the others, wherever in a parcel the lie stands.

    Only whether a root is true cannot be told once more was seen than its writer had.
    """
    if code == ROOT:
        at = 0
    payload, record = forge(stage, change)
    news = stage.honest_news()
    before = stage.owner.seen
    cut = (len(news) * at) // 2
    accepted = stage.owner.accept([*news[:cut], payload, record, *news[cut:]])
    assert (record.digest, code) in accepted.refused
    assert accepted.records == 1
    assert stage.owner.seen == before.with_dot(
        Dot(stage.other.writer, before.of(stage.other.writer) + 1)
    )
    assert ("good.md",) in shown(stage.owner)
    assert ("forged",) not in shown(stage.owner)
    assert stage.owner.root.to_bytes() == pure_root(stage.owner)
    blocks = core_of(stage.owner).blocks
    assert not blocks.has(record.digest)
    assert not blocks.has(payload.digest)
    assert stage.owner.check().found == ()


def test_a_tree_that_was_lied_about_leaves_no_trace_when_it_comes_alone(stage: Stage) -> None:
    """Found by killing programs: the root that was refused was told to others as ours."""
    before = stage.owner.root
    accepted = stage.owner.accept(forge(stage, lambda s, made: replace(made, root=s.other.root)))
    assert [code for _, code in accepted.refused] == [ROOT]
    assert stage.owner.root == before
    assert stage.owner.root.to_bytes() == pure_root(stage.owner)


def test_a_record_whose_signature_is_not_its_issuers_is_refused(stage: Stage) -> None:
    """Else anybody could write in anybody's name."""
    payload, record = forge(stage, lambda _s, made: made)
    bent = bytearray(record.data)
    bent[10] ^= 1
    forged = Thing(Kind.RECORD, bytes(bent))
    assert stage.owner.accept([payload, forged]).refused == ((forged.digest, BAD),)
    assert stage.owner.accept([payload, record]).records == 1


def test_an_honest_record_made_by_hand_is_taken(stage: Stage) -> None:
    """Else the forgeries above might be refused for another reason than they should."""
    accepted = stage.owner.accept(forge(stage, lambda _s, made: made))
    assert (accepted.records, accepted.refused) == (1, ())


def test_one_number_with_two_contents_is_a_fork(stage: Stage) -> None:
    """The first that came counts, the second is proof of a fault, on every later try too."""
    first = forge(stage, lambda _s, made: made)
    second = forge(stage, lambda _s, made: replace(made, words="other", nonce=b"o" * 16))
    assert stage.owner.accept(first).records == 1
    root = stage.owner.root
    for _ in range(2):
        assert stage.owner.accept(second).refused == ((second[1].digest, FORK),)
    assert stage.owner.root == root


def test_what_follows_on_the_other_branch_of_a_fork_is_refused(stage: Stage) -> None:
    """Numbers alone would let the two branches mix unseen."""
    write(stage.evil, "one branch", b"x", TOP)
    following = draft(stage.evil, a_folder("on the other branch"))
    tell(stage.evil, stage.owner)
    unrelated = replace(following, parents=tuple(core_of(stage.other).ledger.heads())).things()
    assert stage.owner.accept(unrelated).refused == ((unrelated[1].digest, FORK),)


def test_a_right_that_ended_long_ago_brings_nothing_more_in(stage: Stage) -> None:
    """Back-dated records of somebody who left must not trickle in for ever; an index is rebuilt."""
    guest = stage.place.join(stage.owner, "guest", until=NOW + 10)
    write(guest, "in time.md", b"in time\n", TOP)
    tell(guest, stage.owner)
    late = draft(guest, a_folder("back-dated")).things()
    stage.place.clock.at = NOW + 11 + GRACE
    assert stage.owner.accept(late).refused == ((late[1].digest, EXPIRED),)
    seen, root = stage.owner.seen, stage.owner.root
    stage.owner.close()
    (stage.place.folder / "owner" / "index.db").unlink()
    stage.owner = stage.place.open()
    assert (stage.owner.seen, stage.owner.root) == (seen, root)
    guest.close()


def test_what_an_earlier_version_bore_with_outlasts_a_lost_index(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They let a minute pass after an end; what is held for good must not go by a new rule."""
    guest = stage.place.join(stage.owner, "guest", until=NOW + 10)
    write(guest, "in time.md", b"in time\n", TOP)
    tell(guest, stage.owner)
    operations = a_folder("late")
    honest = true_root(guest, draft(guest, operations), operations)

    def bearing(_members: Members, _record: Record, _now: float, *, late: int = 0) -> None:
        assert late <= SKEW

    late = replace(honest, at=NOW + 60).things()
    with monkeypatch.context() as earlier:
        earlier.setattr(Members, "may_write", bearing)
        assert stage.owner.accept(late).records == 1
    seen, root = stage.owner.seen, stage.owner.root
    stage.owner.close()
    (stage.place.folder / "owner" / "index.db").unlink()
    stage.owner = stage.place.open()
    assert (stage.owner.seen, stage.owner.root) == (seen, root)
    guest.close()


def test_records_wait_for_their_causes_and_join_when_those_come(stage: Stage) -> None:
    """Parcels of two peers may cross; nothing is lost, nothing is asked for twice."""
    for number in range(4):
        write(stage.evil, f"n{number}", b"%d" % number, TOP)
    parcel = stage.evil.things_after(stage.owner.seen, stage.owner.auth, 1 << 20).things
    pairs = [parcel[at : at + 2] for at in range(0, 8, 2)]
    for pair, waiting in zip(reversed(pairs[1:]), (1, 2, 3), strict=True):
        accepted = stage.owner.accept(pair)
        assert (accepted.records, accepted.waiting) == (0, waiting)
    stage.owner.close()
    stage.owner = stage.place.open()
    accepted = stage.owner.accept(pairs[0])
    assert (accepted.records, accepted.waiting, accepted.refused) == (4, 0, ())
    assert stage.owner.root == stage.evil.root


def test_things_of_strangers_are_refused(stage: Stage) -> None:
    """Tokens, receipts and keyrings of somebody who was given nothing only cost space."""
    stranger, core = stage.place.device("stranger"), core_of(stage.owner)
    token = role_grant(
        stranger.signing,
        audience=stranger.signing.public,
        space=core.space,
        role=Role.MANAGE,
        until=None,
        entropy=Dice("stranger"),
    )
    receipt = write_receipt(stranger.signing, core.space, Seen(), NOW, Word(complete=True))
    elsewhere = write_receipt(
        core_of(stage.evil).device.signing, bytes(32), Seen(), NOW, Word(complete=True)
    )
    things = [
        Thing(Kind.TOKEN, token.data),
        receipt,
        elsewhere,
        Thing(Kind.KEYRING, b"\x80"),
        Thing(Kind.EPOCH, b"\x80"),
        Thing(Kind.INVITE, b"noise"),
        Thing(Kind.RECORD, b"noise"),
        Thing(Kind.TOKEN, b""),
    ]
    auth = stage.owner.auth
    accepted = stage.owner.accept(things)
    assert {digest for digest, _ in accepted.refused} == {thing.digest for thing in things}
    assert stage.owner.auth == auth
    assert stage.owner.receipts() == {}


def test_tokens_may_come_in_any_order(stage: Stage) -> None:
    """A token before the one that it builds on is no forgery."""
    fresh = stage.place.join(stage.owner, "fresh")
    tokens = [t for t in things_of(fresh) if t.kind not in {Kind.BLOCK, Kind.RECORD}]
    accepted = stage.other.accept(reversed(tokens))
    assert accepted.refused == ()
    assert stage.other.auth == fresh.auth
    fresh.close()


def test_blocks_that_nobody_asked_for_are_not_kept(stage: Stage) -> None:
    """Else a peer could fill the disk."""
    gift = b"unasked" * 100
    huge = bytes(2 << 20)
    stage.owner.accept([Thing(Kind.BLOCK, gift)])
    assert stage.owner.put_blocks([gift, huge]) == frozenset()
    assert not core_of(stage.owner).blocks.has(address(gift))


def test_a_content_that_is_none_stops_nobody(stage: Stage) -> None:
    """A member may name any block as a long file: that file is damaged, all else goes on."""
    change = stage.evil.change()
    content = core_of(stage.evil).contents.store_bytes(b"short")
    lying = replace(content, size=5 << 20)
    target = stage.evil.tree().find(("b.md",))
    assert target is not None
    change.replace(target.id, lying, META)
    stage.evil.commit(change, "lied")
    tell(stage.evil, stage.owner)
    news = stage.honest_news()
    assert stage.owner.accept(news).records == 1
    node = stage.owner.tree().find(("b.md",))
    assert node is not None
    with pytest.raises(AtollError):
        b"".join(stage.owner.read(node))


def test_a_batch_of_everything_bad_at_once_never_raises(stage: Stage) -> None:
    """However much of it comes, the good record in the middle joins."""
    bad: list[Thing] = []
    for change, _code in FORGERIES:
        if change not in {as_a_viewer, too_late}:
            bad += forge(stage, change)
    noise = [Thing(kind, Dice(str(n)).take(50 + n)) for n in range(20) for kind in Kind]
    news = stage.honest_news()
    accepted = stage.owner.accept([*noise, *bad, *news, *bad, *noise])
    assert accepted.records == 1
    assert stage.owner.check().found == ()
    assert stage.owner.root.to_bytes() == pure_root(stage.owner)
