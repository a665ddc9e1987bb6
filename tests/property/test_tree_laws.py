"""The laws of the encoding: one state, one root; one root, one state; and no other shape."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from storage.codec import dagcbor
from storage.crypto.link import Link
from storage.errors import BlockNotFound, CorruptBlock, DecodeError
from storage.facts.change import TOP, EntryId
from storage.facts.dots import Dot, Seen
from storage.facts.state import EMPTY, EntryFacts, State, join
from storage.facts.values import Edit, Fact
from storage.tree.diff import diff
from storage.tree.encode import (
    encode_tree,
    fold_index,
    folders_of,
    index_groups,
    index_plain,
    is_cut,
    leaf_groups,
    leaf_plain,
    root_plain,
    seal_folder,
)
from storage.tree.nodes import Budget, Opener
from storage.tree.rows import (
    COLUMNS,
    MAX_FRAGMENT,
    decode_row,
    dots_to_cbor,
    encode_row,
    finish_row,
    fit_row,
)
from storage.tree.walk import read_tree
from tests.helpers.histories import ENTRIES, WRITERS, World, full_sync, states, worlds
from tests.helpers.trees import (
    SECRET,
    Blocks,
    Forger,
    changed,
    entry_id,
    file_in,
    flat,
    folder_in,
    forest,
    naive_groups,
    naive_leaf,
)

FOREST = forest(12, 30)
FLAT = flat(700)
ids = st.lists(st.integers(0, 5000).map(entry_id), unique=True, max_size=900).map(sorted)


def encoded(*states_: State) -> tuple[Blocks, list[Link]]:
    """Return the blocks and the roots of some states."""
    trees = [encode_tree(state, SECRET, 3) for state in states_]
    blocks = Blocks({digest: block for tree in trees for digest, block in tree.blocks.items()})
    return blocks, [tree.root for tree in trees]


@given(worlds, st.integers(0, 2**32))
def test_the_same_state_has_the_same_root(world: World, seed: int) -> None:
    """Two devices compare one address to know that they agree on everything."""
    full_sync(world, seed)
    a, b, c = world.joined
    roots = {encode_tree(state, SECRET, 3).root for state in (a, b, c, join(a, b))}
    shuffled = list(world.applied[0].entries.items())
    Random(seed).shuffle(shuffled)  # noqa: S311
    roots.add(encode_tree(State(a.seen, dict(shuffled)), SECRET, 3).root)
    assert len(roots) == 1


@given(states())
def test_reading_gives_back_what_was_written(state: State) -> None:
    """A newcomer gets the whole state from its root."""
    blocks, (root,) = encoded(state)
    assert read_tree(root, blocks.get) == (3, state)
    assert set(blocks.asked) == set(blocks.held)


@pytest.mark.parametrize("state", [EMPTY, FOREST, FLAT], ids=["empty", "forest", "flat"])
def test_larger_trees_come_back_too(state: State) -> None:
    """With many leaves, and indexes above them."""
    blocks, (root,) = encoded(state)
    assert read_tree(root, blocks.get) == (3, state)


@given(states(), states())
def test_other_states_have_other_roots(a: State, b: State) -> None:
    """Else agreement would be said where there is none."""
    assume(a != b)
    assert encode_tree(a, SECRET, 3).root != encode_tree(b, SECRET, 3).root


@given(states())
def test_a_row_is_what_the_one_encoder_says(state: State) -> None:
    """Put together from bytes, yet the same as encoded whole."""
    for entry, facts in state.entries.items():
        fragment = encode_row(entry, facts)
        others = [[n, dots_to_cbor(facts[n])] for n in sorted(facts.keys() - {*COLUMNS})]
        parts = [*(dots_to_cbor(facts.get(name, {})) for name in COLUMNS), others]
        for child in (None, b"c" * 64):
            whole = finish_row(fragment, child)
            assert whole == dagcbor.encode([entry, *parts, child])
            assert leaf_plain([(fragment, child)] * 30) == naive_leaf([(entry, parts, child)] * 30)
            assert decode_row(whole)[:2] == (entry, facts)
        assert decode_row(fragment) == (entry, facts, None)


@given(ids)
def test_leaves_and_indexes_are_cut_as_the_design_says(entries: list[EntryId]) -> None:
    """Another implementation, from the page alone, must find the same cuts."""
    assert [list(group) for group in leaf_groups(entries)] == naive_groups(entries, 0)
    items = [(entry, Link(bytes(32), bytes(32))) for entry in entries]
    for level in (1, 2):
        groups = [[entry for entry, _ in group] for group in index_groups(items, level)]
        assert groups == naive_groups(entries, level)


@given(ids, st.integers(6000, 7000).map(entry_id))
def test_one_more_row_changes_only_the_leaves_up_to_the_next_cut(
    entries: list[EntryId], new: EntryId
) -> None:
    """So a commit reseals the segment it touches and takes all other leaves as they are."""
    low = max((e for e in entries if e < new and is_cut(e, 0)), default=b"")
    high = min((e for e in entries if e > new and is_cut(e, 0)), default=b"\xff" * 17)
    before = {tuple(group) for group in leaf_groups(entries)}
    after = {tuple(group) for group in leaf_groups(sorted([*entries, new]))}
    for group in before ^ after:
        assert all(low < entry <= high for entry in group)


@given(states())
def test_the_pieces_build_the_same_tree(state: State) -> None:
    """The index holds fragments and links of leaves, and must end at the same root."""
    blocks = Blocks()
    folders = folders_of(state.entries)

    def folder(entry: EntryId | None) -> Link | None:
        leaves: list[tuple[EntryId, Link]] = []
        for group in leaf_groups(sorted(folders.get(entry, []))):
            rows: list[tuple[bytes, bytes | None]] = []
            for member in group:
                child = folder(member) if member != TOP else None
                fragment = encode_row(member, state.entries[member])
                fitting = fit_row(member, fragment, blocks.seal)
                rows.append((fitting, child.to_bytes() if child else None))
            leaves.append((group[0], blocks.seal(b"rows", leaf_plain(rows))))
        return fold_index(leaves, lambda plain: blocks.seal(b"index", plain))

    plain = root_plain(3, state.seen, folder(TOP), folder(None))
    assert blocks.seal(b"root", plain) == encode_tree(state, SECRET, 3).root


def test_an_empty_folder_has_no_rows_at_all() -> None:
    """There is one encoding of nothing."""
    state = State(Seen({WRITERS[0]: 1}), {ENTRIES[0]: folder_in(TOP, "a", 1)})
    assert len(encode_tree(state, SECRET, 3).blocks) == 2
    assert len(encode_tree(EMPTY, SECRET, 3).blocks) == 1
    assert seal_folder([], Blocks().seal) is None


def test_folders_may_lie_in_each_other_as_deep_as_people_like() -> None:
    """Neither side calls itself once for each folder."""
    entries: dict[EntryId, EntryFacts] = {}
    parent = TOP
    for n in range(1, 1500):
        entries[entry_id(n)] = folder_in(parent, "f", n)
        parent = entry_id(n)
    state = State(Seen({WRITERS[0]: 1500}), entries)
    blocks, (root,) = encoded(state)
    assert read_tree(root, blocks.get) == (3, state)


@given(st.lists(st.integers(1, 4096), max_size=400), st.integers(0, 3))
def test_an_entry_with_many_edits_fits_its_blocks(sizes: list[int], files: int) -> None:
    """A leaf of them would not fit a block, so a long row has blocks of its own."""
    edits = {
        Dot(WRITERS[0], n): Edit(Dot(WRITERS[0], 1), bytes([n % 256]) * size)
        for n, size in enumerate(sizes, start=2)
    }
    entries = {
        entry_id(n): {**file_in(TOP, f"{n}", 1), **({"edits": edits} if edits else {})}
        for n in range(files)
    }
    state = State(Seen({WRITERS[0]: 500}), entries)
    blocks, (root,) = encoded(state)
    assert read_tree(root, blocks.get) == (3, state)
    assert all(len(block) <= 1 << 20 for block in blocks.held.values())


def test_a_long_row_is_not_taken_in_its_short_form_nor_the_other_way_round() -> None:
    """Each row has one form."""
    for size in (MAX_FRAGMENT // 2, MAX_FRAGMENT * 2):
        text = "x" * size
        facts: EntryFacts = {"fact:a": {Dot(WRITERS[0], 1): Fact(text[:2000])}}
        facts = (
            {**facts, "fact:b": {Dot(WRITERS[0], 1): Fact(text[2000:])}} if size > 2000 else facts
        )
        blocks = Blocks()
        fragment = encode_row(ENTRIES[0], facts)
        if len(fragment) <= MAX_FRAGMENT:
            piece = blocks.seal(b"row", fragment).to_bytes()
            plain = dagcbor.encode(["rows", [[ENTRIES[0], [piece], None]]])
        else:
            plain = leaf_plain([(fragment, None)])
        loose = blocks.seal(b"rows", plain)
        root = blocks.seal(b"root", root_plain(3, Seen({WRITERS[0]: 1}), None, loose))
        with pytest.raises(DecodeError):
            read_tree(root, blocks.get)


@given(st.integers(0), st.integers(0))
def test_a_flipped_bit_is_found_and_named(block: int, bit: int) -> None:
    """A disk that lies is told which block to fetch anew."""
    blocks, (root,) = encoded(FOREST)
    digest = sorted(blocks.held)[block % len(blocks.held)]
    damaged = bytearray(blocks.held[digest])
    damaged[bit // 8 % len(damaged)] ^= 1 << bit % 8
    blocks.held[digest] = bytes(damaged)
    with pytest.raises(CorruptBlock) as caught:
        read_tree(root, blocks.get)
    assert caught.value.digest == digest
    del blocks.held[digest]
    with pytest.raises(BlockNotFound):
        read_tree(root, blocks.get)


def _swap(raw: list[object]) -> None:
    parts = raw[1] if isinstance(raw[1], list) else raw
    if len(parts) > 1:
        parts[0], parts[1] = parts[1], parts[0]


def _repeat(raw: list[object]) -> None:
    if isinstance(raw[1], list):
        raw[1].append(raw[1][-1])


def _drop_first(raw: list[object]) -> None:
    if isinstance(raw[1], list):
        raw[1].pop(0)


def _drop_last(raw: list[object]) -> None:
    if isinstance(raw[1], list):
        raw[1].pop()


def _longer(raw: list[object]) -> None:
    raw.append(None)


def _nothing(raw: list[object]) -> object:
    return [raw[0], []] if len(raw) == 2 else [*raw[:4], None, None]


def _no_child(raw: list[object]) -> None:
    for part in raw[1] if isinstance(raw[1], list) else [raw]:
        part[-1] = None


def _same_child(raw: list[object]) -> None:
    if isinstance(raw[1], list):
        children = [part[-1] for part in raw[1] if part[-1] is not None]
        for part in raw[1] if children else []:
            part[-1] = children[0]


def _other_id(raw: list[object]) -> None:
    if isinstance(raw[1], list):
        raw[1][0][0] = bytes(15) + b"\1"


def _loose_for_top(raw: list[object]) -> None:
    if len(raw) == 6:
        raw[4], raw[5] = raw[5], raw[4]


def _other_version(raw: list[object]) -> None:
    if len(raw) == 6:
        raw[1] = 2


FORGERIES: list[Callable[[list[object]], object]] = [
    _swap,
    _repeat,
    _drop_first,
    _drop_last,
    _longer,
    _nothing,
    _no_child,
    _same_child,
    _other_id,
    _loose_for_top,
    _other_version,
]


@given(st.sampled_from([FOREST, FLAT, flat(1)]), st.sampled_from(FORGERIES), st.integers(1, 40))
def test_a_forged_tree_is_refused_or_is_the_tree_of_another_state(
    state: State, change: Callable[[list[object]], object], at: int
) -> None:
    """Whoever makes a tree by hand gets no second root for one state, and no other error."""
    blocks, (root,) = encoded(state)
    forged = Forger(blocks, change, at).root(root)
    try:
        epoch, found = read_tree(forged, blocks.get)
    except DecodeError:
        return
    assert encode_tree(found, SECRET, epoch).root == forged


def _folder_cut_by(count: int, above: int) -> tuple[Blocks, Link]:
    """Return a root over one flat folder: leaves of so many rows, so many indexes above."""
    blocks = Blocks()
    entries = sorted(FLAT.entries)
    nodes = []
    for at in range(0, len(entries), count):
        rows = [(encode_row(e, FLAT.entries[e]), None) for e in entries[at : at + count]]
        nodes.append((entries[at], blocks.seal(b"rows", leaf_plain(rows))))
    for _ in range(above):
        nodes = [(nodes[0][0], blocks.seal(b"index", index_plain(nodes)))]
    assert len(nodes) == 1
    return blocks, blocks.seal(b"root", root_plain(3, FLAT.seen, nodes[0][1], None))


@pytest.mark.parametrize(("count", "above"), [(10, 1), (256, 1), (100, 1), (256, 2)])
def test_a_folder_cut_elsewhere_is_refused(count: int, above: int) -> None:
    """One state has one root, however much else a hostile one might hold."""
    blocks, root = _folder_cut_by(count, above)
    with pytest.raises(DecodeError):
        read_tree(root, blocks.get)


def test_an_index_above_a_single_node_is_refused() -> None:
    """Or a folder of one leaf would have as many roots as one likes."""
    blocks, (root,) = encoded(flat(3))
    top = Opener(blocks.get, Budget()).root(root).top
    assert top is not None
    for _ in range(3):
        top = blocks.seal(b"index", index_plain([(min(flat(3).entries), top)]))
        forged = blocks.seal(b"root", root_plain(3, flat(3).seen, top, None))
        with pytest.raises(DecodeError):
            read_tree(forged, blocks.get)


def test_the_forger_is_no_forger_when_he_changes_nothing() -> None:
    """Else the forgeries would be refused for the wrong reason."""
    blocks, (root,) = encoded(FOREST)
    assert Forger(blocks, lambda _raw: None, 1).root(root) == root


@given(st.integers(0), st.integers(0), st.integers(0, 255))
def test_any_byte_of_a_row_changed_is_refused_or_means_just_what_it_says(
    which: int, at: int, byte: int
) -> None:
    """Rows come from members, and members may be hostile."""
    entry, facts = sorted(FOREST.entries.items())[which % len(FOREST.entries)]
    data = bytearray(finish_row(encode_row(entry, facts), b"c" * 64))
    data[at % len(data)] = byte
    try:
        found, its_facts, child = decode_row(bytes(data))
    except DecodeError:
        return
    link = None if child is None else child.to_bytes()
    assert finish_row(encode_row(found, its_facts), link) == data


def test_a_fact_that_was_not_seen_is_refused() -> None:
    """Joining such a state would remove what nobody removed."""
    state = State(Seen({WRITERS[0]: 1}), {ENTRIES[0]: file_in(TOP, "a", 2)})
    blocks, (root,) = encoded(state)
    with pytest.raises(DecodeError):
        read_tree(root, blocks.get)


def test_a_tree_beyond_its_budget_is_given_up() -> None:
    """A hostile root cannot keep us busy for ever."""
    blocks, (root,) = encoded(FOREST)
    with pytest.raises(DecodeError):
        read_tree(root, blocks.get, Budget(nodes=5))
    assert len(blocks.asked) == 5
    with pytest.raises(DecodeError):
        diff(root, encoded(FLAT)[1][0], blocks.get, Budget(nodes=1))


@given(states(), states())
def test_diff_names_the_entries_whose_facts_differ(a: State, b: State) -> None:
    """Wherever they lie, and though folders moved, came or went."""
    blocks, (root_a, root_b) = encoded(a, b)
    expected = {
        e for e in a.entries.keys() | b.entries.keys() if a.entries.get(e) != b.entries.get(e)
    }
    assert diff(root_a, root_b, blocks.get) == expected
    assert diff(root_b, root_a, blocks.get) == expected


@given(st.integers(0, 371), st.integers(0, 2))
def test_diff_finds_one_change_in_a_forest(n: int, how: int) -> None:
    """An edit, a deletion, or a move to the top."""
    entry = entry_id(1 + n % len(FOREST.entries))
    facts = FOREST.entries[entry]
    new = [facts, None, {**facts, **file_in(TOP, "moved", 1), "kind": facts["kind"]}][how]
    other = changed(FOREST, entry, new)
    blocks, (root_a, root_b) = encoded(FOREST, other)
    assert diff(root_a, root_b, blocks.get) == {entry}


def test_diff_opens_only_what_differs() -> None:
    """One change among thousands costs a few blocks, or a peer could not be asked so often."""
    state = flat(6000)
    entry = entry_id(4321)
    other = changed(state, entry, state.entries[entry])
    (a, b) = (encode_tree(s, SECRET, 3) for s in (state, other))
    blocks = Blocks({**a.blocks, **b.blocks})
    assert diff(a.root, b.root, blocks.get) == {entry}
    assert set(blocks.asked) == a.blocks.keys() ^ b.blocks.keys()
    assert len(blocks.asked) == len(set(blocks.asked)) < 12
    blocks.asked.clear()
    assert diff(a.root, a.root, blocks.get) == frozenset() and not blocks.asked
