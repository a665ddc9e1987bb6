"""Keys on disk, seals, and the device they make."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.crypto.link import Link
from storage.crypto.primitives import (
    AgreementKey,
    SigningKey,
    aead_open,
    aead_seal,
    hkdf,
    hpke_unwrap,
    hpke_wrap,
    verify,
)
from storage.crypto.sealed import address, open_sealed, seal
from storage.errors import CorruptBlock, DecodeError, KeysUnusable
from storage.identity.device import writer_of
from storage.identity.did import did_of, public_of
from storage.identity.keyfile import keyfile_bytes, keys_from, load, save
from tests.access import Dice, device

SECRET = b"s" * 32


def test_keys_come_back_from_their_file(tmp_path: Path) -> None:
    """Else the device is gone."""
    path = tmp_path / "keys"
    save(path, device("a"))
    found = load(path)
    assert found == device("a")
    assert found.derive("index") == device("a").derive("index")
    assert found.derive("index") != found.derive("other")
    save(path, device("b"))
    assert load(path) == device("b")
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Whatever the umask says."""
    before = os.umask(0)
    try:
        save(tmp_path / "keys", device("a"))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610])
def test_a_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    """Somebody may have read it, and the person should know."""
    path = tmp_path / "keys"
    save(path, device("a"))
    path.chmod(mode)
    with pytest.raises(KeysUnusable, match="can be read by others"):
        load(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs to be root")
def test_another_users_key_file_is_refused(tmp_path: Path) -> None:
    """It may be a trap: keys that somebody else knows."""
    path = tmp_path / "keys"
    save(path, device("a"))
    os.chown(path, 65534, 65534)
    with pytest.raises(KeysUnusable, match="another user"):
        load(path)


def test_no_key_file_a_folder_and_a_link_are_refused(tmp_path: Path) -> None:
    """Each in words."""
    with pytest.raises(KeysUnusable, match="there is no key file"):
        load(tmp_path / "nothing")
    with pytest.raises(KeysUnusable):
        load(tmp_path)
    save(tmp_path / "keys", device("a"))
    (tmp_path / "link").symlink_to(tmp_path / "keys")
    with pytest.raises(KeysUnusable):
        load(tmp_path / "link")
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(KeysUnusable, match="not a plain file"):
        load(tmp_path / "pipe")


def test_keys_that_cannot_be_written_leave_the_old_ones(tmp_path: Path) -> None:
    """A folder in the way stands for a full disk."""
    path = tmp_path / "keys"
    save(path, device("a"))
    (tmp_path / "keys.part").mkdir()
    with pytest.raises(KeysUnusable, match="could not be written"):
        save(path, device("b"))
    assert load(path) == device("a")


def test_a_stale_part_is_swept_away(tmp_path: Path) -> None:
    """A crash while writing leaves one."""
    (tmp_path / "keys.part").write_bytes(b"half")
    save(tmp_path / "keys", device("a"))
    assert load(tmp_path / "keys") == device("a")


@given(st.data())
def test_a_damaged_key_file_is_refused(data: st.DataObject) -> None:
    """One wrong bit of a secret would be another device, quietly."""
    whole = keyfile_bytes(device("a"))
    at = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        spoiled = whole[:at]
    else:
        spoiled = whole[:at] + bytes([whole[at] ^ 1 << data.draw(st.integers(0, 7))])
        spoiled += whole[at + 1 :]
    with pytest.raises(KeysUnusable):
        keys_from(spoiled, "here")


def test_a_newer_key_file_is_said_to_be_newer() -> None:
    """Damaged would be the wrong words."""
    whole = keyfile_bytes(device("a"))
    newer = whole.replace(b"\x61v\x01", b"\x61v\x02")
    locked = whole.replace(b"\x64none", b"\x64argo")
    for data in (newer, locked):
        assert data != whole
        with pytest.raises(KeysUnusable, match="newer"):
            keys_from(data, "here")


def test_keys_do_not_print_themselves() -> None:
    """Logs and crash reports hold what is printed."""
    keys = device("a")
    shown = repr(keys) + str(keys.signing) + str(keys.agreement)
    for secret in (keys.signing.seed, keys.agreement.seed, keys.storage_secret):
        assert secret.hex()[:8] not in shown
        assert repr(secret) not in shown


@given(st.binary(min_size=32, max_size=32))
def test_a_did_is_one_spelling_of_a_key(public: bytes) -> None:
    """Always 56 letters, so nothing else need be parsed."""
    did = did_of(public)
    assert len(did) == 56 and did.startswith("did:key:z6Mk")
    assert public_of(did) == public


@pytest.mark.parametrize(
    "did",
    ["", "did:web:example.org", "did:key:z" + "1" * 47, "did:key:z6LS" + "1" * 44, "x" * 56],
)
def test_another_did_is_refused(did: str) -> None:
    """Other keys cannot sign for us."""
    with pytest.raises(DecodeError):
        public_of(did)


def test_a_writer_is_one_device_in_one_incarnation() -> None:
    """A restored backup must not use a dot twice."""
    found = {writer_of(bytes([n]) * 32, bytes([m]) * 16) for n in range(4) for m in range(4)}
    assert len(found) == 16
    assert {len(writer) for writer in found} == {8}


@given(st.binary(max_size=300), st.binary(min_size=1, max_size=8))
def test_what_is_sealed_opens_and_only_as_it_was(plain: bytes, kind: bytes) -> None:
    """The same on every device; another kind is another block."""
    link, data = seal(SECRET, kind, plain)
    assert (link, data) == seal(SECRET, kind, plain)
    assert link.digest == address(data)
    assert open_sealed(link, kind, data) == plain
    assert seal(b"t" * 32, kind, plain)[0] != link
    with pytest.raises(CorruptBlock):
        open_sealed(link, kind + b"x", data)
    with pytest.raises(CorruptBlock):
        open_sealed(link, kind, data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(CorruptBlock):
        open_sealed(Link(link.digest, b"k" * 32), kind, data)


def test_kind_and_plaintext_never_run_together() -> None:
    """One key for two plaintexts under a zero nonce would give both away."""
    one, other = seal(SECRET, b"a", b"bc")[0], seal(SECRET, b"ab", b"c")[0]
    assert one.key != other.key


def test_a_large_block_is_sealed_as_a_small_one() -> None:
    """Two ways to hash, one answer."""
    plain = bytes(range(256)) * 4096
    link, data = seal(SECRET, b"chunk", plain)
    assert open_sealed(link, b"chunk", data) == plain
    assert hkdf(b"x", b"i") != hkdf(b"x", b"i", salt=b"s")


def test_bad_keys_and_seals_are_one_error() -> None:
    """Peers send them."""
    key = AgreementKey(b"a" * 32)
    sealed = hpke_wrap(key.public, b"info", b"plain")
    assert hpke_unwrap(key, b"info", sealed) == b"plain"
    for info, spoiled in ((b"other", sealed), (b"info", sealed[:-1]), (b"info", b"")):
        with pytest.raises(DecodeError):
            hpke_unwrap(key, info, spoiled)
    for public in (bytes(32), b"short", b"\x01" + bytes(31)):
        with pytest.raises(DecodeError):
            key.exchange(public)
    with pytest.raises(DecodeError):
        hpke_wrap(b"short", b"", b"")
    with pytest.raises(DecodeError):
        aead_open(b"k" * 32, aead_seal(b"k" * 32, b"plain", b"a"), b"b")
    with pytest.raises(DecodeError):
        aead_open(b"k" * 32, b"", b"b")


def test_both_sides_agree() -> None:
    """That is all an agreement is."""
    one, other = AgreementKey(Dice("1").take(32)), AgreementKey(Dice("2").take(32))
    assert one.exchange(other.public) == other.exchange(one.public)


def test_a_signature_is_for_one_text_by_one_key() -> None:
    """And noise never raises."""
    key = SigningKey(b"s" * 32)
    signature = key.sign(b"text")
    assert verify(key.public, signature, b"text")
    assert not verify(key.public, signature, b"texts")
    assert not verify(SigningKey(b"t" * 32).public, signature, b"text")
    assert not verify(b"", b"", b"text")
