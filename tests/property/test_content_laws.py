"""Content comes back as it went in, and nothing hostile comes in its place."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from io import BytesIO
from random import Random

import pytest
import zstandard
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from storage.blocks.store import Kind, MemoryBlocks, Thing
from storage.codec.dagcbor import encode
from storage.crypto.link import Link
from storage.crypto.sealed import address, seal
from storage.errors import BlockNotFound, CorruptBlock, DecodeError
from storage.facts.values import Content
from storage.tree.chunker import cut
from storage.tree.compress import CHUNK_MAX, pack, unpack
from storage.tree.content import (
    CHUNK,
    TEXT_MAX,
    is_text,
    links_below,
    links_of,
    read_bytes,
    read_content,
    read_whole,
    store_bytes,
    store_content,
    wanted,
    wanted_below,
)
from storage.tree.manifest import KIND, MAX_ENTRIES, ManifestWriter

SECRET = bytes(range(32))
MIB = 1 << 20


def noise(seed: int, size: int) -> bytes:
    """Return bytes that nothing compresses."""
    return blake3(seed.to_bytes(8)).digest(length=size)


def stretch(what: str, size: int) -> bytes:
    """Return bytes of a kind."""
    match what:
        case "noise":
            return noise(size, size)
        case "zeros":
            return bytes(size)
        case _:
            return (b"word " * size)[:size]


stretches = st.tuples(st.sampled_from(["noise", "zeros", "words"]), st.integers(0, 900_000))
sizes = st.sampled_from([0, 1, 63, 64, 4096, MIB - 1, MIB, MIB + 1, 2 * MIB, 2 * MIB + 1])


@st.composite
def datas(draw: st.DrawFn) -> bytes:
    """Stretches of noise, zeros and words; or an edge of a size."""
    if draw(st.booleans()):
        return noise(draw(st.integers(0, 9)), draw(sizes))
    parts = draw(st.lists(stretches, max_size=5))
    return b"".join(stretch(what, size) for what, size in parts)


class Blocks(MemoryBlocks):
    """Blocks in memory that take and give what content does."""

    def put(self, sealed: bytes) -> None:
        """Take a sealed block."""
        self.add(Thing(Kind.BLOCK, sealed))


class Dribble:
    """A source that gives as little as it likes."""

    def __init__(self, data: bytes, seed: int) -> None:
        self._left = memoryview(data)
        self._random = Random(seed)  # noqa: S311  # repeatable, not secret

    def read(self, size: int, /) -> bytes:
        """Return some bytes, none only at the end."""
        give = self._random.choice((1, 999, 70_000, size))
        piece, self._left = self._left[: min(give, size)], self._left[min(give, size) :]
        return bytes(piece)


def stored(data: bytes, blocks: Blocks) -> Content:
    """Store bytes."""
    return store_content(BytesIO(data), put=blocks.put, secret=SECRET)


@given(datas(), st.integers(0, 99))
def test_what_goes_in_comes_out(data: bytes, seed: int) -> None:
    """However the source gives it; and the same content is the same link, everywhere."""
    blocks = Blocks()
    content = stored(data, blocks)
    assert store_content(Dribble(data, seed), put=blocks.put, secret=SECRET) == content
    assert content.size == len(data)
    assert content.digest == address(data)
    assert content.is_text == is_text(data)
    pieces = list(read_content(content, blocks.get))
    assert b"".join(pieces) == data
    assert all(0 < len(piece) <= MIB for piece in pieces)
    assert read_whole(content, blocks.get, limit=len(data)) == data
    assert {link.digest for link in links_of(content, blocks.get)} == {
        thing.digest for thing in blocks.scan()
    }
    assert not list(wanted(content, blocks))


@given(datas())
def test_a_fetcher_learns_what_to_want_next(data: bytes) -> None:
    """Asking for what is wanted until nothing is brings all of it, and nothing twice.

    The bytes that it lacks are never more than there are, and only become fewer.
    """
    theirs, ours = Blocks(), Blocks()
    content = stored(data, theirs)
    asked: list[bytes] = []
    lacking = content.size
    while want := dict(wanted(content, ours)):
        assert not set(want) & set(asked)
        asked += want
        for digest in want:
            assert 0 < sum(size for _digest, size in wanted(content, ours)) <= lacking
            lacking = sum(size for _digest, size in wanted(content, ours))
            ours.put(theirs.get(digest))
    assert len(asked) == len(set(asked)) == len(list(theirs.scan()))
    assert read_whole(content, ours.get, limit=len(data)) == data


def test_a_byte_put_in_front_changes_few_chunks() -> None:
    """Else each edit of a long file would be sent whole."""
    blocks = Blocks()
    data = noise(1, 8 * MIB)
    before = {link.digest for link in links_of(stored(data, blocks), blocks.get)}
    after = {link.digest for link in links_of(stored(b"!" + data, blocks), blocks.get)}
    assert len(after - before) <= 3  # the manifest, and the chunks about the change


def test_another_space_cuts_elsewhere() -> None:
    """The sizes of chunks would tell which well-known file this is."""
    data = noise(2, 4 * MIB)
    cuts = [[len(p) for p in cut(b"", BytesIO(data), bytes([n]) * 32)] for n in range(2)]
    assert cuts[0] != cuts[1]


def test_zeros_cost_nothing() -> None:
    """A disk image is mostly holes."""

    class Image:
        left = 300

        def read(self, size: int, /) -> bytes:
            self.left -= 1
            return bytes(size) if self.left > 0 else b"end" if self.left == 0 else b""

    blocks = Blocks()
    content = store_content(Image(), put=blocks.put, secret=SECRET)
    assert content.size > 70 * MIB
    assert sum(len(thing.data) for thing in blocks.scan()) < 1000
    hasher = blake3()
    for piece in read_content(content, blocks.get):
        hasher.update(piece)
    assert hasher.digest() == content.digest


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", True),
        ("naïve 🙂".encode(), True),
        ("🙂".encode()[:3], False),
        (b"a\0b", False),
        (b"\xff\xfe", False),
        (b"x" * TEXT_MAX, True),
        (b"x" * (TEXT_MAX + 1), False),
        (b"x" + "🙂".encode() * (TEXT_MAX // 4 - 1), True),
        (b"x" * (MIB + 9) + b"\0", False),
        (b"x" * (MIB + 9) + b"\xf0\x9f", False),
    ],
    ids=[
        "empty",
        "emoji",
        "cut emoji",
        "NUL",
        "UTF-16",
        "2 MiB",
        "more",
        "emoji over cuts",
        "late NUL",
        "cut late",
    ],
)
def test_text_is_utf8_without_nul_up_to_two_mib(data: bytes, *, text: bool) -> None:
    """Told alike for short and long, wherever a cut falls in a character."""
    assert is_text(data) is text
    assert stored(data, Blocks()).is_text is text


@given(st.binary(max_size=9000) | st.integers(0, 300_000).map(lambda n: noise(n, n)))
def test_packing_never_makes_it_longer_by_more_than_a_byte(data: bytes) -> None:
    """What does not compress is kept as it is."""
    packed = pack(data)
    assert len(packed) <= len(data) + 1
    assert unpack(packed, len(data)) == data


def test_words_are_compressed_and_noise_is_not() -> None:
    """Also where only the middle is noise."""
    words = b"the same words over and over again " * 1000
    assert len(pack(words)) < len(words) / 10
    assert pack(noise(1, 100_000))[:1] == b"\0"


def frames() -> Iterable[bytes]:
    """Chunks that are not what they should be."""
    good = zstandard.ZstdCompressor().compress(b"x" * 1000)
    bomb = zstandard.ZstdCompressor().compress(bytes(200 * MIB))
    unsized = zstandard.ZstdCompressor(write_content_size=False).compress(b"x" * 1000)
    words = zstandard.ZstdCompressionDict(b"some words and more" * 20)
    foreign = zstandard.ZstdCompressor(dict_data=words).compress(
        (b"some words and more" * 60)[:1000]
    )
    skippable = b"\x50\x2a\x4d\x18\x04\0\0\0abcd"
    for frame in (bomb, unsized, foreign, skippable, good[:-3], good + b"\0", good + good, b""):
        yield b"\1" + frame
    yield from (b"", b"\0", b"\0" + b"x" * 999, b"\0" + b"x" * 1001, b"\2" + b"x" * 1000)


def test_a_chunk_that_is_not_what_it_should_be_is_refused() -> None:
    """Whoever may write can also try this; nothing is unpacked beyond what was named."""
    for plain in frames():
        with pytest.raises(DecodeError):
            unpack(plain, 1000)
        with pytest.raises(DecodeError):
            unpack(plain, CHUNK_MAX + 1)


def manifest(blocks: Blocks, value: object) -> Link:
    """Seal anything as a manifest."""
    link, sealed = seal(SECRET, KIND, encode(value))
    blocks.put(sealed)
    return link


def chunk(blocks: Blocks, data: bytes) -> Link:
    """Seal a chunk."""
    link, sealed = seal(SECRET, CHUNK, pack(data))
    blocks.put(sealed)
    return link


L = bytes(64)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        ["manifest", 0],
        ["manifest", 0, []],
        ["manifest", 0, [[2 * MIB, None]], 0],
        ["manifest", False, [[2 * MIB, None]]],
        ["manifest", -1, [[2 * MIB, L]]],
        ["manifest", 4, [[2 * MIB, L]]],
        ["manifest", 1, [[2 * MIB, None]]],
        ["manifest", 0, [[2 * MIB, L]]],
        ["manifest", 0, [[2 * MIB - 1, None]]],
        ["manifest", 0, [[2 * MIB, None], [0, None]]],
        ["manifest", 0, [[3 * MIB, None], [-MIB, L]]],
        ["manifest", 0, [[2 * MIB - 1, None], [True, None]]],
        ["manifest", 0, [[2 * MIB, None, None]]],
        ["manifest", 0, [[MIB, L[1:]], [MIB, None]]],
        ["manifest", 0, [[1, None]] * (MAX_ENTRIES + 1)],
        ["manifest", 0, {"size": 2 * MIB}],
        ["rows", 0, [[2 * MIB, None]]],
    ],
)
def test_a_manifest_that_is_none_is_refused(value: object) -> None:
    """By every reader, before anything is made of it."""
    blocks = Blocks()
    content = Content(manifest(blocks, value), 2 * MIB, bytes(32), is_text=False)
    for read in (read_content, links_of):
        with pytest.raises(DecodeError):
            list(read(content, blocks.get))
    with pytest.raises(DecodeError):
        list(wanted(content, blocks))


def test_a_chunk_cannot_pass_for_a_manifest_nor_a_manifest_for_a_chunk() -> None:
    """They are sealed as different kinds, and the size says which is due."""
    blocks = Blocks()
    value = ["manifest", 0, [[2 * MIB, None]]]
    as_chunk = chunk(blocks, encode(value))
    with pytest.raises(CorruptBlock):
        list(read_content(Content(as_chunk, 2 * MIB, bytes(32), is_text=False), blocks.get))
    short = Content(manifest(blocks, value), 9, bytes(32), is_text=False)
    with pytest.raises(CorruptBlock):
        list(read_content(short, blocks.get))


def test_other_bytes_than_were_named_are_refused() -> None:
    """Each block may be right, and the whole still be a lie."""
    blocks = Blocks()
    for data in (b"true", noise(1, 3 * MIB)):
        content = stored(data, blocks)
        lie = Content(content.link, content.size, address(b"lie"), is_text=False)
        with pytest.raises(DecodeError):
            list(read_content(lie, blocks.get))
        with pytest.raises(DecodeError):
            read_whole(lie, blocks.get, limit=9 * MIB)
    with pytest.raises(DecodeError):
        list(read_content(Content(None, 5, bytes(32), is_text=False), blocks.get))
    with pytest.raises(DecodeError):
        read_whole(stored(b"x" * 11, blocks), blocks.get, limit=10)


def test_manifests_that_name_one_another_again_and_again_are_opened_once() -> None:
    """Four blocks may claim sixty-eight thousand million chunks."""
    blocks = Blocks()
    link, size = chunk(blocks, b"x"), 1
    for level in range(4):
        link = manifest(blocks, ["manifest", level, [[size, link.to_bytes()]] * MAX_ENTRIES])
        size *= MAX_ENTRIES
    content = Content(link, size, bytes(32), is_text=False)
    assert len(list(links_of(content, blocks.get))) == 5
    assert not list(wanted(content, blocks))


@pytest.mark.parametrize("count", [1, MAX_ENTRIES, MAX_ENTRIES + 1, 2 * MAX_ENTRIES + 1])
def test_many_chunks_make_manifests_of_manifests(count: int) -> None:
    """A full manifest is closed only when one more chunk comes; the sizes add up."""
    blocks = Blocks()
    writer = ManifestWriter(blocks.put, SECRET)
    links = [chunk(blocks, bytes([n])) for n in range(5)]
    for n in range(count):
        writer.add(1, links[n % 5])
    root = writer.finish()
    data = bytes(n % 5 for n in range(count))
    assert read_bytes(root, blocks.get, limit=count) == data
    manifests = 1 if count <= MAX_ENTRIES else 1 + -(-count // MAX_ENTRIES)
    assert len(set(links_below(root, blocks.get))) <= manifests + 5


@given(st.binary(min_size=1, max_size=100) | st.just(noise(3, 2 * MIB + 5)))
def test_bytes_of_no_known_size_are_read_back(data: bytes) -> None:
    """A text's document has only a link."""
    blocks = Blocks()
    link = store_bytes(data, put=blocks.put, secret=SECRET)
    assert read_bytes(link, blocks.get, limit=len(data)) == data
    with pytest.raises(DecodeError):
        read_bytes(link, blocks.get, limit=len(data) - 1)
    assert list(wanted_below(link, Blocks())) == [(link.digest, 0)]
    assert not list(wanted_below(link, blocks))


@given(
    which=st.integers(0, 20), at=st.integers(0, 2**16), bit=st.integers(0, 7), gone=st.booleans()
)
def test_a_damaged_or_missing_block_is_told(*, which: int, at: int, bit: int, gone: bool) -> None:
    """Whichever it is, and nothing else than our own errors comes out."""
    blocks = Blocks()
    data = noise(4, MIB + 200_000) + b"words " * 300_000
    content = stored(data, blocks)
    things = list(blocks.scan())
    victim = things[which % len(things)]
    spoiled = bytearray(victim.data)
    spoiled[at % len(spoiled)] ^= 1 << bit

    def get(digest: bytes) -> bytes:
        if digest != victim.digest:
            return blocks.get(digest)
        if gone:
            raise BlockNotFound(digest)
        return bytes(spoiled)

    with pytest.raises(BlockNotFound if gone else CorruptBlock) as caught:
        list(read_content(content, get))
    assert caught.value.digest == victim.digest  # type: ignore[attr-defined]
    with suppress(BlockNotFound, CorruptBlock):
        list(links_of(content, get))


def test_a_key_that_does_not_fit_opens_nothing() -> None:
    """An address alone is no right to read."""
    blocks = Blocks()
    content = stored(b"secret", blocks)
    assert content.link is not None
    wrong = Content(Link(content.link.digest, bytes(32)), 6, content.digest, is_text=True)
    with pytest.raises(CorruptBlock):
        read_whole(wrong, blocks.get)
