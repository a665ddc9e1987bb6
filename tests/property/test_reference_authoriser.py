"""What we let pass, a plain authoriser from the specification's words lets pass, too."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import cbor2
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from storage.access.chain import Signatures, verify
from storage.access.token import (
    Delegation,
    build_delegation,
    parse_delegation,
    parse_invocation,
)
from storage.crypto.primitives import SigningKey
from storage.errors import AccessError
from storage.identity.did import did_of
from tests.access import NOW, Dice
from tests.conformance.reference import objections
from tests.conformance.test_ucan import MORE_INVOCATIONS, SPEC_INVOCATIONS
from tests.conformance.ucan import vectors

KEYS = [SigningKey(Dice("reference").take(32)[:31] + bytes([n])) for n in range(6)]
"""The first two are spaces, the others people."""
DIDS = [did_of(key.public) for key in KEYS]
COMMANDS = ["/", "/fs", "/fs/write", "/fs/read", "/fsx", "/fs/write/deep", "/space/invite"]
ARGS = {"n": 3, "path": "photos/a"}
POLICIES: list[list[object]] = [
    [],
    [["<=", ".n", 5]],
    [["<=", ".n", 2]],
    [["like", ".path", "photos/*"], ["not", ["==", ".n", 4]]],
    [["or", [["==", ".path", "b"], ["like", ".path", "*"]]]],
    [["and", [["==", ".n", 3], ["like", ".path", "videos/*"]]]],
]
ENDS = [None, NOW + 1000, NOW, NOW - 1, NOW - 61, NOW - 1000]
BEGINNINGS = [None, NOW - 1000, NOW + 60, NOW + 61]
EXAMPLES = {"fast": 300, "full": 10_000, "night": 100_000}
MEMORY = Signatures()


@dataclass(slots=True)
class Case:
    """One try: tokens, and what was taken back."""

    asked: bytes
    held: list[Delegation]
    revoked: dict[bytes, set[str]] = field(default_factory=dict[bytes, set[str]])


def forged(link: Delegation, bit: int) -> Delegation:
    """Return the same words under another signature."""
    data = bytearray(link.data)
    data[3 + bit // 8] ^= 1 << bit % 8
    return parse_delegation(bytes(data))


def pick(options: list[Any], number: int) -> Any:
    """Return the option of that number; the first is what is right, and comes most."""
    return options[number] if number < len(options) else options[0]


numbers = st.integers(0, 39)
choices = st.binary(min_size=8, max_size=8)  # much faster than eight numbers


def link_of(holder: int, chosen: bytes, place: int) -> tuple[Delegation, int]:
    """Return the next link of a chain, mostly a good one, and whom it gives something."""
    audience, issuer, subject, command, end, beginning, policy, flaw = (
        number % 40 for number in chosen
    )
    to = 2 + audience % 4
    made = build_delegation(
        KEYS[pick([holder, 1, 2, 3, 4, 5], issuer)],
        audience=DIDS[to],
        subject=pick([DIDS[0], None, DIDS[1], DIDS[3]], subject),
        command=pick(COMMANDS, command),
        nonce=bytes([place]) * 12,
        expires=pick(ENDS, end),
        not_before=pick(BEGINNINGS, beginning),
        policy=pick(POLICIES, policy),
    )
    return (forged(made, audience * 7) if flaw == 1 else made), to


def invocation_of(key: SigningKey, payload: dict[str, Any]) -> bytes:
    """Sign what our own builder would refuse to build, too."""
    whole = {**payload, "iss": did_of(key.public)}
    signed = {"h": bytes.fromhex("3401ed01ed011371"), "ucan/inv@1.0.0": whole}
    signature = key.sign(cbor2.dumps(signed, canonical=True))
    return cbor2.dumps([signature, signed], canonical=True)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a chain that is mostly right, of up to nine links, and somebody who shows it."""
    chain: list[Delegation] = []
    holder = 0
    for place, chosen in enumerate(draw(st.lists(choices, max_size=9))):
        made, holder = link_of(holder, chosen, place)
        chain.append(made)
    shown = list(chain)
    which, how, command, flaw = (number % 40 for number in draw(choices)[:4])
    if shown and how == 1:
        shown.insert(which % len(shown), shown[which % len(shown)])
    elif shown and how == 2:
        shown.reverse()
    elif shown and how == 3:
        del shown[which % len(shown)]
    payload = {
        "sub": pick([DIDS[0], DIDS[1], DIDS[2]], how // 5 if how > 20 else 0),
        "cmd": pick(["/fs/write", *COMMANDS], command),
        "args": ARGS,
        "prf": [cbor2.CBORTag(42, b"\0" + link.cid) for link in shown],
        "nonce": b"n" * 12,
        "exp": pick(ENDS, which),
    }
    asked = invocation_of(KEYS[pick([holder, 0, 1, 2, 3], flaw)], payload)
    if flaw == 5:
        asked = asked[:5] + bytes([asked[5] ^ 1]) + asked[6:]
    if chain and how == 4:
        del chain[which % len(chain)]
    case = Case(asked, chain)
    for target, by in draw(st.lists(st.tuples(numbers, numbers), max_size=1)):
        if chain and target < 20:
            names = [*DIDS, f"removed from {DIDS[0]}"]
            case.revoked[chain[target % len(chain)].cid] = {names[by % len(names)]}
    return case


def accepts(case: Case) -> bool:
    """Say whether we let it pass; anything but an AccessError is a bug."""
    held = {link.cid: link for link in case.held}
    try:
        invocation = parse_invocation(case.asked)
        verify(invocation, held, NOW, signatures=MEMORY, revoked=case.revoked)
    except AccessError:
        return False
    return True


@pytest.mark.slow
@settings(max_examples=EXAMPLES[os.environ.get("ATOLL_TESTS", "fast")])
@given(cases())
def test_what_we_accept_the_reference_accepts(case: Case) -> None:
    """And the other way round, for then neither has a rule that the other forgot."""
    against = objections(case.asked, [link.data for link in case.held], NOW, case.revoked)
    event("accepted" if not against else against[0] if len(against) == 1 else "several reasons")
    assert accepts(case) is (not against), against


def test_every_reason_to_refuse_is_drawn_and_so_is_none() -> None:
    """A law over chains that are all refused for one reason says little."""
    seen: set[str] = set()

    @settings(max_examples=1500, derandomize=True, database=None)
    @given(cases())
    def look(case: Case) -> None:
        against = objections(case.asked, [link.data for link in case.held], NOW, case.revoked)
        seen.add(against[0] if len(against) == 1 else "several" if against else "accepted")

    look()
    assert seen >= {
        "a gap",
        "a policy",
        "a proof is not here",
        "a smaller command",
        "about something else",
        "accepted",
        "asked too late",
        "ended",
        "forged",
        "not begun",
        "several",
        "taken back",
        "too long, or a circle",
    }


def test_there_are_enough_vectors_that_have_to_be_refused() -> None:
    """Sixty were asked for: each is a rule that some implementation got wrong."""
    refused = [
        *(c for c in vectors("delegation_cases")["cases"] if c["recommend"] != "accept"),
        *(c for c in vectors("invocation_cases")["cases"] if c["expect"] != "accept"),
        *(name for name, verdict in MORE_INVOCATIONS.items() if verdict == "refuse"),
        *vectors(SPEC_INVOCATIONS)["invalid"],
    ]
    assert len(refused) >= 60
