"""Who may do what in a vault, how somebody comes in, and what a stranger can read: nothing."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from storage.access.epoch import EpochKeys, build_epoch
from storage.access.invite import InviteSecret
from storage.access.roles import Role
from storage.blocks.store import Kind, Thing
from storage.errors import (
    AccessExpired,
    AtollError,
    BadToken,
    NotAllowed,
    NotFound,
    StoreLocked,
    StoreUnusable,
)
from storage.facts.change import TOP
from storage.records.receipt import read_receipt
from storage.vault import Vault
from tests.access import NOW, Dice
from tests.helpers.vaults import (
    Place,
    core_of,
    exchange,
    pure_root,
    save,
    shown,
    tell,
    things_of,
    write,
)


@pytest.fixture
def owner(place: Place) -> Iterator[Vault]:
    """Return a vault with a note."""
    vault = place.create()
    write(vault, "note.md", b"begun\n", TOP)
    yield vault
    vault.close()


def test_a_viewer_sees_everything_and_changes_nothing(place: Place, owner: Vault) -> None:
    """The right to look is that, and no more, even for the program itself."""
    viewer = place.join(owner, "viewer", Role.VIEW)
    assert shown(viewer) == {("note.md",): b"begun\n"}
    assert not viewer.may_edit()
    with pytest.raises(NotAllowed):
        write(viewer, "mine", b"x", TOP)
    with pytest.raises(NotAllowed):
        viewer.invite(Role.VIEW, None)
    viewer.introduce("the viewer")
    assert viewer.history(limit=-1) == owner.history(limit=-1) or viewer.seen == owner.seen
    viewer.close()


def test_a_right_that_ended_says_when(place: Place, owner: Vault) -> None:
    """It was good until Friday, and that is said on Saturday; what was read stays readable."""
    editor = place.join(owner, "editor", Role.EDIT, until=NOW + 1000)
    write(editor, "in time", b"x", TOP)
    place.clock.at = NOW + 2000
    with pytest.raises(AccessExpired) as caught:
        write(editor, "late", b"x", TOP)
    assert caught.value.until == NOW + 1000
    assert editor.ended() == NOW + 1000
    assert editor.access is None
    assert shown(editor)["note.md",] == b"begun\n"
    editor.close()
    editor = place.open("editor")
    tell(owner, editor)
    tell(editor, owner)
    assert shown(owner)["in time",] == b"x"
    editor.close()


def test_nothing_goes_on_after_the_end_for_a_while(place: Place, owner: Vault) -> None:
    """Who is told that access has ended neither writes, nor is counted by those who give."""
    editor = place.join(owner, "editor", Role.EDIT, until=NOW + 1000)
    place.clock.at = NOW + 1001
    with pytest.raises(AccessExpired):
        write(editor, "late", b"x", TOP)
    assert not editor.may_edit()
    assert editor.ended() == NOW + 1000
    assert [member.role for member in owner.members()] == [Role.MANAGE]
    editor.close()


def test_an_editor_cannot_invite_and_nobody_gives_more_than_he_has(
    place: Place, owner: Vault
) -> None:
    """Rights only narrow on their way."""
    editor = place.join(owner, "editor")
    with pytest.raises(NotAllowed):
        editor.invite(Role.VIEW, None)
    manager = place.join(owner, "manager", Role.MANAGE, until=NOW + 500)
    assert manager.invite(Role.EDIT, None).until == NOW + 500
    assert manager.invite(Role.EDIT, NOW + 100).until == NOW + 100
    guest = place.join(manager, "guest")
    exchange(manager, owner)
    write(guest, "guest's", b"x", TOP)
    tell(guest, owner)
    assert ("guest's",) in shown(owner)
    for vault in (editor, manager, guest):
        vault.close()


def test_an_invite_that_ended_lets_nobody_in(place: Place, owner: Vault) -> None:
    """Neither at the giver's door, nor with what was handed over before."""
    invited = owner.invite(Role.EDIT, NOW + 10)
    things = owner.invite_things(invited.secret.id)
    place.clock.at = NOW + 500
    with pytest.raises(AccessExpired):
        owner.invite_things(invited.secret.id)
    with pytest.raises(AccessExpired):
        enter(place, "late", things, invited.secret, owner)


def test_another_invite_that_ended_is_no_obstacle(place: Place, owner: Vault) -> None:
    """A space keeps all its invitations; most of them are old."""
    owner.invite(Role.EDIT, NOW + 10)
    place.clock.at = NOW + 500
    joined = place.join(owner, "joined")
    assert shown(joined) == shown(owner)
    joined.close()


def test_forged_and_foreign_invitations_let_nobody_in(place: Place, owner: Vault) -> None:
    """What is handed over is not believed, whoever hands it over."""
    invited = owner.invite(Role.EDIT, None)
    things = owner.invite_things(invited.secret.id)
    with pytest.raises(NotFound):
        owner.invite_things(bytes(16))
    with pytest.raises(BadToken):
        enter(place, "guesser", things, InviteSecret(bytes(16)), owner)
    with pytest.raises(BadToken):
        enter(place, "robbed", [t for t in things if t.kind != Kind.INVITE], invited.secret, owner)
    bent = [Thing(t.kind, _bent(t.data)) if t.kind == Kind.INVITE else t for t in things]
    with pytest.raises(BadToken):
        enter(place, "bent", bent, invited.secret, owner)
    keyless = [t for t in things if t.kind != Kind.EPOCH]
    with pytest.raises(NotAllowed):
        enter(place, "keyless", keyless, invited.secret, owner)
    other = Place(place.folder, seed="elsewhere").create("elsewhere")
    theirs = other.invite(Role.EDIT, None)
    with pytest.raises(BadToken):
        enter(place, "astray", other.invite_things(theirs.secret.id), theirs.secret, owner)
    other.close()
    assert owner.check().found == ()


def enter(place: Place, name: str, things: object, secret: InviteSecret, owner: Vault) -> Vault:
    """Try to come in."""
    given = list(things)  # type: ignore[call-overload]
    device = place.device(name)
    folder = place.folder / name
    return Vault.join(folder, device, given, secret, owner.space, place.clock, Dice(name))


def _bent(data: bytes) -> bytes:
    bent = bytearray(data)
    bent[-1] ^= 1
    return bytes(bent)


def test_the_whole_way_in_by_an_invite(place: Place, owner: Vault) -> None:
    """From the code to one space on two devices, with keys that outlive the invite."""
    joined = place.join(owner, "joined")
    joined.introduce("Ben's laptop")
    exchange(owner, joined)
    assert owner.welcome()
    assert not owner.welcome()
    exchange(owner, joined)
    assert joined.meeting_key == owner.meeting_key
    assert {m.did for m in owner.members()} == {m.did for m in joined.members()}
    assert owner.auth == joined.auth
    assert owner.device_names()[place.device("joined").did] == "Ben's laptop"
    assert joined.name == owner.name == "Ours"
    note = joined.tree().find(("note.md",))
    assert note is not None
    save(joined, note.id, b"begun\nedited\n")
    tell(joined, owner)
    assert shown(owner) == shown(joined) == {("note.md",): b"begun\nedited\n"}
    joined.close()


@pytest.mark.parametrize("keyring", [True, False])
def test_a_rebuilt_index_still_holds_the_keys(place: Place, owner: Vault, *, keyring: bool) -> None:
    """From the keyring, or else from the wrap that the giver made: else all would be locked."""
    joined = place.join(owner, "joined")
    exchange(owner, joined)
    owner.welcome()
    exchange(owner, joined)
    key, before = joined.meeting_key, shown(joined)
    joined.close()
    (place.folder / "joined" / "index.db").unlink()
    if not keyring:
        spoil(place.folder / "joined", Kind.KEYRING)
    joined = place.open("joined")
    assert joined.meeting_key == key
    assert shown(joined) == before
    write(joined, "goes on", b"x", TOP)
    tell(joined, owner)
    assert ("goes on",) in shown(owner)
    joined.close()


def spoil(folder: Path, kind: Kind) -> None:
    """Damage all frames of a kind."""
    for pack in (folder / "packs").iterdir():
        data = bytearray(pack.read_bytes())
        at = 0
        while (at := data.find(b"\xa7\xf5\x0e\xb1" + bytes([kind]), at)) >= 0:
            data[at + 50] ^= 1
            at += 1
        pack.write_bytes(data)


def test_two_programs_cannot_have_one_space_open(place: Place, owner: Vault) -> None:
    """Two writers of one line would be a fork."""
    with pytest.raises(StoreLocked):
        place.open()
    with pytest.raises(StoreUnusable):
        Vault.open(place.folder / "nothing", place.device("owner"), place.clock, Dice())
    assert owner.may_edit()


def test_another_device_cannot_open_a_copied_folder(place: Place, owner: Vault) -> None:
    """A stolen disk is noise; and the owner can open it still."""
    before = shown(owner)
    owner.close()
    with pytest.raises(AtollError):
        Vault.open(place.folder / "owner", place.device("thief"), place.clock, Dice("thief"))
    again = place.open()
    assert shown(again) == before
    again.close()


MARKERS = ["Xq7fileNAME", "Zw3folderNAME", "Kv9CONTENTcontent", "Jt5spaceTITLE", "Hy2deviceNAME"]
WORDS = "Gp8historyWORDS"


def test_no_plaintext_is_anywhere_in_the_folder(place: Place) -> None:
    """Not in packs, not in caches, not beside them, in no spelling that a search would find."""
    file, folder, content, title, name = MARKERS
    vault = place.create(title=title)
    vault.introduce(name)
    change = vault.change()
    inside = change.add_folder(TOP, folder)
    vault.commit(change, WORDS)
    entry = write(vault, file + ".md", (content + "\n").encode() * 3, inside)
    save(vault, entry, (content + "\nmore\n").encode())
    write(vault, "photo", b"\0" + content.encode() + bytes(300), inside)
    vault.checkpoint()
    vault.invite(Role.EDIT, None)
    while vault.index_some():
        pass
    assert vault.search(content)
    search_closed(vault, place)
    vault.close()
    search_closed(vault, place)


def search_closed(_vault: Vault, place: Place) -> None:
    """Look through every file for every marker in every spelling."""
    files = [path for path in place.folder.rglob("*") if path.is_file()]
    assert len(files) >= 4
    for path in files:
        data = path.read_bytes()
        for marker in [*MARKERS, WORDS]:
            for spelled in spellings(marker):
                assert spelled not in data, f"{marker} in {path.name}"


def spellings(marker: str) -> Iterator[bytes]:
    """Yield a marker as it might stand somewhere."""
    raw = marker.encode()
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield marker.encode("utf-16-le")
    yield marker.encode("utf-16-be")
    for shift in range(3):  # base64 depends on what stands before
        yield base64.b64encode(bytes(shift) + raw)[4 : 4 * (len(raw) // 3)]
        yield base64.urlsafe_b64encode(bytes(shift) + raw)[4 : 4 * (len(raw) // 3)]


def next_epoch(owner: Vault) -> Thing:
    """Return a second epoch, made by the owner for all members."""
    core = core_of(owner)
    epoch = build_epoch(
        core.device.signing,
        space=owner.space,
        number=2,
        at=NOW,
        recipients={m.agreement_public for m in owner.members() if m.agreement_public},
        keys=EpochKeys(b"2" * 32, owner.meeting_key),
        proofs=core.members.proofs_to(Role.MANAGE, NOW),
    )
    return Thing(Kind.EPOCH, epoch.data)


def test_an_epoch_that_comes_reseals_the_tree_everywhere(place: Place, owner: Vault) -> None:
    """Two devices under one new key agree again on one root, whoever heard of it first."""
    joined = place.join(owner, "joined")
    exchange(owner, joined)
    owner.welcome()
    exchange(owner, joined)
    before = owner.root
    assert owner.accept([next_epoch(owner)]).others == 1
    assert owner.root != before
    write(joined, "meanwhile", b"x", TOP)
    tell(joined, owner)
    exchange(owner, joined)
    exchange(joined, owner)
    assert owner.root == joined.root
    assert owner.root.to_bytes() == pure_root(owner)
    write(joined, "after", b"x", TOP)
    assert tell(joined, owner)[-1].refused == ()
    assert ("meanwhile",) in shown(owner)
    joined.close()


def test_receipts_say_what_a_device_holds(place: Place, owner: Vault) -> None:
    """The later one counts, an earlier one that comes late does not."""
    joined = place.join(owner, "joined")
    early = joined.receipt()
    place.clock.at += 5
    write(joined, "x", b"x", TOP)
    late = joined.receipt()
    exchange(owner, joined)
    for thing in (late, early, late):
        assert owner.accept([thing]).refused == ()
    (receipt,) = owner.receipts().values()
    assert receipt == read_receipt(late.data)
    assert receipt.seen == joined.seen
    assert receipt.complete
    forged = replace(late, data=_bent(late.data))
    assert owner.accept([forged]).refused == ((forged.digest, "access.bad-token"),)
    assert things_of(owner)
    joined.close()
