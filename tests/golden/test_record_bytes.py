"""The bytes of a record, its payload, a receipt and a keyring. They may never change."""

from __future__ import annotations

import sqlite3

import pytest
from blake3 import blake3

from storage.blocks.store import Kind, MemoryBlocks, Thing
from storage.codec.dagcbor import encode
from storage.crypto.link import Link
from storage.crypto.primitives import SigningKey
from storage.errors import BadToken
from storage.facts.dots import Dot, Seen
from storage.forks import incarnation_again
from storage.identity.device import writer_of
from storage.identity.did import did_of
from storage.index.schema import make_tables
from storage.members import Members
from storage.records.aside import Aside
from storage.records.receipt import Word, read_receipt, write_receipt
from storage.records.record import (
    Author,
    Payload,
    Written,
    open_payload,
    parse_record,
    write_record,
)
from tests.access import NOW, device
from tests.golden.test_tree_bytes import BEN, FIRST

OWNER = device("golden owner")
SPACE = SigningKey(bytes(range(32)))
INCARNATION = bytes(range(16))
WRITER = writer_of(OWNER.signing.public, INCARNATION)
SECRET = b"e" * 32
PROOF = bytes.fromhex("01711220") + bytes(32)
SEEN = Seen({WRITER: 6, BEN: 2})


def written() -> Written:
    """Return the seventh commit of the golden owner."""
    author = Author(OWNER.signing, OWNER.did, INCARNATION, WRITER, (PROOF,))
    payload = Payload(tuple(FIRST), SEEN, Link(b"r" * 32, b"k" * 32), "made a note")
    return write_record(
        author,
        did_of(SPACE.public),
        payload,
        epoch=1,
        secret=SECRET,
        parents=(PROOF,),
        blocks=(bytes(32),),
        nonce=b"nonce of 16 byte",
        at=NOW,
    )


def test_the_bytes_of_a_record_and_its_payload() -> None:
    """Signatures and seals leave no room for chance, so even those are always the same."""
    made = written()
    assert blake3(made.token.data).hexdigest() == RECORD
    assert made.record.cid.hex() == RECORD_CID
    # What is compressed may differ between compressors; what it holds may not.
    opened = open_payload(parse_record(made.token.data), made.payload.data, SECRET)
    assert opened == Payload(tuple(FIRST), SEEN, Link(b"r" * 32, b"k" * 32), "made a note")
    assert made.record.dot == Dot(WRITER, 7)


def test_a_payload_written_once_can_always_be_opened() -> None:
    """The very bytes that some version wrote, read by this one."""
    record = parse_record(bytes.fromhex(KEPT_RECORD))
    opened = open_payload(record, bytes.fromhex(KEPT_PAYLOAD), SECRET)
    assert opened.operations == tuple(FIRST)
    assert opened.seen == SEEN
    assert opened.words == "made a note"


def test_the_bytes_of_a_receipt() -> None:
    """Another version must be able to check what this one signs."""
    receipt = write_receipt(OWNER.signing, SPACE.public, SEEN, NOW, Word(complete=True))
    assert receipt.data.hex() == RECEIPT
    assert read_receipt(receipt.data).seen == SEEN


def test_the_bytes_of_a_receipt_where_not_all_keep_all() -> None:
    """A device lets go of content for the sake of such a word."""
    word = Word(complete=True, heard=frozenset({b"mark-two", b"mark-one"}), older=True)
    whole = write_receipt(OWNER.signing, SPACE.public, SEEN, NOW, word)
    names = Word(complete=False, keeps=2, mark=b"mark-one")
    partial = write_receipt(OWNER.signing, SPACE.public, SEEN, NOW, names)
    assert (whole.data.hex(), partial.data.hex()) == (RECEIPT_WHOLE, RECEIPT_PARTIAL)
    read = read_receipt(whole.data)
    assert (read.keeps, read.mark, read.heard, read.older) == (0, b"", word.heard, True)
    read = read_receipt(partial.data)
    assert (read.keeps, read.mark, read.heard, read.older) == (2, b"mark-one", frozenset(), False)


@pytest.mark.parametrize(
    "more",
    [
        [0, b"", [], True, 1],
        [0, b"", [], 1],
        [3, b"mark-one", [], False],
        [2, b"", [], False],
        [0, b"mark-one", [], False],
        [0, b"", [b"two-mark", b"one-mark"], False],
        [0, b"", [b"one-mark", b"one-mark"], False],
        [0, b"", [b"short"], False],
        [2, b"mark-one", [], True],
    ],
)
def test_a_receipt_that_contradicts_itself_is_none(more: list[object]) -> None:
    """Who keeps less cannot have it all, and a list of marks has one form."""
    complete = more[0] == 0
    body = encode([2, SPACE.public, OWNER.signing.public, SEEN.to_cbor(), complete, NOW, *more])
    signed = encode([body, OWNER.signing.sign(b"atoll/receipt/1" + body)])
    with pytest.raises(BadToken):
        read_receipt(signed)


def test_a_keyring_written_once_can_always_be_opened() -> None:
    """It holds the only copy of a newcomer's keys."""
    connection = sqlite3.connect(":memory:")
    make_tables(connection)
    members = Members(SPACE.public, OWNER, connection, MemoryBlocks())
    members.recover(Thing(Kind.KEYRING, bytes.fromhex(KEYRING)))
    assert members.current_epoch() == (1, bytes.fromhex(KEYS_INSIDE))
    assert members.space_seed == SPACE.seed
    connection.close()


def test_what_is_set_aside_is_named_in_one_way() -> None:
    """Packs that say so are read for ever, and other devices know a line by its name."""
    connection = sqlite3.connect(":memory:")
    make_tables(connection)
    blocks = MemoryBlocks()
    record = blocks.add(Thing(Kind.RECORD, bytes.fromhex(KEPT_RECORD)))
    thing = Aside(connection, blocks).add([record], bytes(range(8)))
    assert (int(thing.kind), thing.data.hex()) == (8, ASIDE)
    (part,) = Aside(connection, blocks).parts()
    cid = part.records[0].cid
    assert (part.salt, incarnation_again(cid, cid, part.salt).hex()) == (bytes(range(8)), AGAIN)
    connection.close()


ASIDE = (
    "8301480001020304050607815820b38b77207e833006566933fe9c7c6cf2a69c5d1db6e9c6c78b23b1a17a16ae77"
)
AGAIN = "9e466abfd46d4e100001020304050607"
RECORD = "b38b77207e833006566933fe9c7c6cf2a69c5d1db6e9c6c78b23b1a17a16ae77"
RECORD_CID = "01711220a1f21786ecdd89682c986f067bcfac5140927651e4879122f673bea8a719da0f"
RECEIPT = (
    "8258638601582003a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b858"
    "2078f177798960c8993831779e3d24766c2f402554ce8153732864ec70c090570e82824862656e2d"
    "2d2d2d2d028248b7e8a3e528cb9f9d06f51a6ab13b805840b3d7d7ad3c3c4961ef8e7807997e31a1"
    "f4fbf4d914ba62077f3d921e66ca3e6484a9a7ea8ce64a3ff396381d7047e004c65fb5ed7af76ab2"
    "ddacde92149bdd02"
)
KEYRING = (
    "830150a4ca144af1ef645e6c14abd476463cbc587bd367890451f879ae60055dab26fc3c3ea85467"
    "8e1e7a354670b29792bac20e5739ce78cb204f702a756c5e8da6f96e5ac59ffbe9d04ce745e84ccc"
    "eda1179314f385cf896c4e64cfa7351dc7cda5b6bbd50a7a2d5618d37c6fdea4c9196b9cf3dbb5c0"
    "b28150b70626d6b1d3a9b858946cb263824f0b9e59591f49"
)
KEPT_RECORD = (
    "8258405e99bb2d41c3b937eaceb115a28184f1542a5354360b6e768d5a3e6c09db768dcfbaf6b4d1"
    "d4fe9d82863a90cf7ccc91fc2d954ae08bdca35415a48bf1d07b0ca26168483401ed01ed0113716e"
    "7563616e2f696e7640312e302e30a863636d64692f66732f777269746563657870f6636961741a6a"
    "b13b806369737378386469643a6b65793a7a364d6b6e624e584b61784b386b426b464277325a3677"
    "596559316e5141566651447361654b765136767239766268466370726681d82a5825000171122000"
    "00000000000000000000000000000000000000000000000000000000000000637375627838646964"
    "3a6b65793a7a364d6b656852676637794a62676147665973646f41734b6442504533646a32435968"
    "6f775164636a71534a677656646461726773a9616501616950000102030405060708090a0b0c0d0e"
    "0f616b8158200000000000000000000000000000000000000000000000000000000000000000616e"
    "18e8616f582064b8a63f84d633fa92e50b4b78bc2ca7511008354af089bcca74063409a84d7f6170"
    "81d82a58250001711220000000000000000000000000000000000000000000000000000000000000"
    "0000617307617748b7e8a3e528cb9f9d62627978386469643a6b65793a7a364d6b6e624e584b6178"
    "4b386b426b464277325a3677596559316e5141566651447361654b76513676723976626846656e6f"
    "6e6365506e6f6e6365206f662031362062797465"
)
KEPT_PAYLOAD = (
    "c58a659a407071f4c0bf417e456e7c04145d6c4552f3f7b6f7e09629727323c5ebca2f6f1142b62c"
    "a3878f269034efd844c79fd50d917e8c4185e0aab8cb2677057851e022b1a04a8521053907aa194f"
    "34e3029e4f891af2ae2e8146857dcb38464e9d973254458b9d03d46da87d753cf0606c0bcc68d59f"
    "29074383b26e920b38222a02d9972e38372714a9a531fd0fd34fff83f2c6d32fa1d7d11fe3686935"
    "0124c22fe8b242c4ef45bda6a634b1f7365dce17b89b913b3f632d6b60f141df067597266f10b4ea"
    "772688066c2db7f98a6e895cbf68054f00a51235d28fe2646cb995960eb0dd52"
)
KEYS_INSIDE = "a91c21a3cebfd0b75215a476a20ac0d9db735cb307e05744f32bd1ba1d268c02"
RECEIPT_WHOLE = (
    "8258798a02582003a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8582078f1777989"
    "60c8993831779e3d24766c2f402554ce8153732864ec70c090570e82824862656e2d2d2d2d2d028248b7e8a3e528"
    "cb9f9d06f51a6ab13b80004082486d61726b2d6f6e65486d61726b2d74776ff55840a2118825de9e5f544db7571c"
    "6fdf115204bc8915f7c4ed424b90b960c218ba85d18190462ad2a0854a28e1e2cf1114856d67cfb6e03dbd26e147"
    "5ed1ed33bd04"
)
RECEIPT_PARTIAL = (
    "82586f8a02582003a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8582078f1777989"
    "60c8993831779e3d24766c2f402554ce8153732864ec70c090570e82824862656e2d2d2d2d2d028248b7e8a3e528"
    "cb9f9d06f41a6ab13b8002486d61726b2d6f6e6580f4584019deda326d3876564012c0814686484cbdfa03279c58"
    "03978c0aff8e90db962f895deceaa50c884cedad87503f644a2cfc26e8af65f59f43b15ec362b72b3e0e"
)
