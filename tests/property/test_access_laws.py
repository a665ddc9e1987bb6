"""Tokens and chains: narrowing never grants, and refusing is always the same kind of error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.access.chain import Revoked, Signatures, verify
from storage.access.command import check_command, covers
from storage.access.container import Form, pack, unpack
from storage.access.grants import best_grant
from storage.access.policy import holds, parse_policy
from storage.access.revoke import revocations_in
from storage.access.roles import Role
from storage.access.token import (
    Delegation,
    Invocation,
    build_delegation,
    build_invocation,
    parse_delegation,
    parse_invocation,
)
from storage.codec.cid import cid_of_token
from storage.errors import AccessError, AccessExpired, BadToken
from tests.access import LATER, NOW, Cast, Dice, device

NAMES = ("owner", "ann", "bob", "eve")
DEVICES = {name: device(name) for name in NAMES}
NAME_OF = {keys.did: name for name, keys in DEVICES.items()}
SPACE = Cast().space
HOLDERS = {"space": SPACE, **{name: keys.signing for name, keys in DEVICES.items()}}
COMMANDS = ("/", "/fs", "/fs/read", "/fs/write", "/space", "/fsx")
MEMORY = Signatures()

POLICIES: list[list[object]] = [
    [],
    [["<=", ".n", 5]],
    [["==", ".path", "a"]],
    [["like", ".path", "*"]],
]


def did(name: str | None) -> str | None:
    """Return the did of a holder."""
    if name is None:
        return None
    return DEVICES[name].did if name in DEVICES else Cast().root.issuer


@st.composite
def links(draw: st.DrawFn) -> Delegation:
    """Draw a delegation between any two, about anything, good at any time."""
    audience = did(draw(st.sampled_from(NAMES)))
    assert audience is not None
    return build_delegation(
        HOLDERS[draw(st.sampled_from(["space", *NAMES]))],
        audience=audience,
        subject=did(draw(st.sampled_from(["space", "space", "space", None, "eve"]))),
        command=draw(st.sampled_from(COMMANDS)),
        nonce=Dice(str(draw(st.integers(0, 3)))).take(12),
        expires=draw(st.sampled_from([None, NOW - 1000, LATER])),
        not_before=draw(st.sampled_from([None, None, NOW + 500, NOW - 500])),
        policy=draw(st.sampled_from(POLICIES)),
    )


def invoke(name: str, command: str, chain: Sequence[Delegation]) -> Invocation:
    """Let somebody do something with this chain."""
    return build_invocation(
        HOLDERS[name],
        subject=Cast().root.issuer,
        command=command,
        args={"n": 3, "path": "b"},
        proofs=[link.cid for link in chain],
        nonce=b"n" * 12,
    )


def allowed(invocation: Invocation, chain: Sequence[Delegation], revoked: Revoked = {}) -> bool:  # noqa: B006
    """Say whether a chain lets this be done. Anything but an AccessError is a bug."""
    held = {link.cid: link for link in chain}
    try:
        verify(invocation, held, NOW, signatures=MEMORY, revoked=revoked)
    except AccessError:
        return False
    return True


def model(name: str, command: str, chain: Sequence[Delegation]) -> bool:
    """Say the same by a few plain lines: the chain rule as the specification has it."""
    space = Cast().root.issuer
    holder: str = space
    for place, link in enumerate(chain):
        right_subject = link.subject == space or (link.subject is None and place > 0)
        in_time = link.expires != NOW - 1000 and link.not_before != NOW + 500
        wide = link.command == "/" or (command + "/").startswith(link.command + "/")
        narrow = "'a'" in repr(link.policy)  # the one policy that the arguments do not satisfy
        if link.issuer != holder or not (right_subject and in_time and wide) or narrow:
            return False
        holder = link.audience
    return holder == did(name) and len({link.cid for link in chain}) == len(chain) <= 8


@given(
    st.sampled_from(NAMES),
    st.sampled_from(["/fs/write", "/fs/read", "/space/invite", "/"]),
    st.lists(links(), max_size=4),
)
def test_a_chain_is_judged_as_the_model_judges_it(
    name: str, command: str, chain: list[Delegation]
) -> None:
    """Whatever is put together, and whether or not it starts at the true root."""
    for whole in (chain, [Cast().root, *chain]):
        assert allowed(invoke(name, command, whole), whole) == model(name, command, whole)


@given(st.permutations(NAMES), st.lists(st.sampled_from(COMMANDS), min_size=3, max_size=3))
def test_an_aligned_chain_gives_what_all_links_cover(order: list[str], given: list[str]) -> None:
    """No link can give more than the one before it had."""
    cast = Cast()
    chain = [cast.root]
    holder = "owner"
    for name, command in zip([n for n in order if n != "owner"], given, strict=True):
        chain.append(
            build_delegation(
                HOLDERS[holder],
                audience=DEVICES[name].did,
                subject=cast.root.issuer,
                command=command,
                nonce=b"n" * 12,
                expires=None,
            )
        )
        holder = name
    for command in COMMANDS:
        expected = all(covers(each, command) for each in given)
        assert allowed(invoke(holder, command, chain), chain) == expected


@given(st.sampled_from(NAMES), st.lists(links(), max_size=4), st.lists(st.sampled_from(NAMES)))
def test_taking_back_never_grants(name: str, chain: list[Delegation], revokers: list[str]) -> None:
    """More revocations, less power."""
    whole = [Cast().root, *chain]
    invocation = invoke(name, "/fs/read", whole)
    by = {DEVICES[each].did for each in revokers}
    after = allowed(invocation, whole, {link.cid: by for link in whole})
    assert allowed(invocation, whole) or not after


@given(st.sampled_from(NAMES), st.lists(links(), max_size=6))
def test_the_best_grant_is_one_that_a_chain_gives(name: str, given: list[Delegation]) -> None:
    """What the screen says, the verifier says."""
    cast = Cast()
    held = {link.cid: link for link in [cast.root, *given]}
    grant = best_grant(cast.root.issuer, DEVICES[name].did, held, NOW, signatures=MEMORY)
    if grant is not None:
        invocation = invoke(name, grant.role.command, grant.chain)
        assert allowed(invocation, grant.chain) is not grant.expired
    elif name == "owner":
        pytest.fail("the owner always has the root")


@given(links(), st.data())
def test_a_changed_token_is_refused_or_does_not_verify(
    link: Delegation, data: st.DataObject
) -> None:
    """Not one bit of it is free."""
    at = data.draw(st.integers(0, len(link.data) - 1))
    spoiled = bytearray(link.data)
    spoiled[at] ^= data.draw(st.integers(1, 255))
    try:
        other = parse_delegation(bytes(spoiled))
    except BadToken:
        return
    assert not other.is_signed()
    assert not Signatures().good(other)


@given(st.binary(max_size=300))
def test_noise_is_no_token(noise: bytes) -> None:
    """One error, whatever comes."""
    for parse in (parse_delegation, parse_invocation, unpack):
        with pytest.raises(BadToken):
            parse(noise)


@given(links())
def test_a_token_says_what_it_was_built_with(link: Delegation) -> None:
    """Read from its bytes alone."""
    again = parse_delegation(link.data)
    assert again == link
    assert (again.issuer, again.audience, again.subject) == (
        link.issuer,
        link.audience,
        link.subject,
    )
    assert again.cid == cid_of_token(link.data).to_bytes() == again.link.to_bytes()
    with pytest.raises(BadToken):
        parse_invocation(link.data)


json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab*\\", max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=10,
)
selectors = st.sampled_from(
    [".", ".a", ".b?", ".a[0]", ".a[-1]", ".a[]", '.["c"]', ".a[1:]", ".a.b"]
)


def listed(*parts: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Draw a list of these parts."""
    return st.tuples(*parts).map(list)


statements = st.recursive(
    listed(st.sampled_from(["==", "!="]), selectors, json)
    | listed(st.sampled_from(["<", "<=", ">", ">="]), selectors, st.integers(-9, 9))
    | listed(st.just("like"), selectors, st.text("ab*\\", max_size=4)),
    lambda inner: (
        listed(st.just("not"), inner)
        | listed(st.sampled_from(["and", "or"]), st.lists(inner, max_size=3))
        | listed(st.sampled_from(["all", "any"]), selectors, inner)
    ),
    max_leaves=6,
)


@given(st.lists(statements, max_size=3), statements, st.dictionaries(st.sampled_from("abc"), json))
def test_one_statement_more_never_grants(
    policy: list[object], more: object, args: dict[str, object]
) -> None:
    """A policy can only narrow."""
    longer = holds(parse_policy([*policy, more]), args)
    assert holds(parse_policy(policy), args) or not longer


@given(st.lists(json, max_size=3), json)
def test_a_policy_of_noise_is_refused_or_answers(noise: list[object], args: object) -> None:
    """Nothing else comes out."""
    try:
        policy = parse_policy(noise)
    except BadToken:
        return
    assert holds(policy, {"a": args}) in {True, False}


@given(st.text("/abAB-.", max_size=8), st.text("/abAB-.", max_size=8))
def test_commands_cover_by_whole_parts(one: str, other: str) -> None:
    """`/crypto` does not cover `/cryptocurrency`."""
    try:
        check_command(one)
        check_command(other)
    except BadToken:
        return
    broad, narrow = [part for part in one.split("/") if part], other.split("/")[1:]
    assert covers(one, other) == (narrow[: len(broad)] == broad)


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=5), st.sampled_from(Form))
def test_a_container_holds_what_was_put_in(tokens: list[bytes], form: Form) -> None:
    """In any form, each once."""
    assert unpack(pack(tokens, form)) == tuple(sorted(set(tokens)))


def test_a_right_ends_when_it_says() -> None:
    """And the error knows when that was."""
    cast = Cast()
    ann = DEVICES["ann"]
    link = cast.give(cast.owner, ann, Role.EDIT, until=NOW)
    invocation = invoke("ann", "/fs/write", [cast.root, link])
    assert verify(invocation, cast.held, NOW, signatures=MEMORY).until == NOW
    with pytest.raises(AccessExpired) as caught:
        verify(invocation, cast.held, NOW + 0.5, signatures=MEMORY)
    assert caught.value.until == NOW


def test_other_invocations_take_nothing_back() -> None:
    """A write with a `revoke` among its arguments is a write."""
    assert revocations_in(invoke("ann", "/fs/write", [])) == {}
