"""Every vector agrees: ours, the specification's, and another library's."""

from __future__ import annotations

from typing import Any

import pytest

from storage.access.chain import Authority, Signatures, verify
from storage.access.container import unpack
from storage.access.policy import holds, parse_policy
from storage.access.revoke import revocations_of
from storage.access.roles import Role
from storage.access.token import Delegation, parse_delegation, parse_invocation
from storage.codec.cid import cid_of_token
from storage.codec.dagcbor import decode, encode
from storage.crypto.primitives import SigningKey
from storage.errors import AccessError, AccessExpired, BadToken, DecodeError, NotAllowed
from storage.identity.did import did_of, public_of
from tests.conformance.ucan import (
    cid,
    delegation,
    held,
    invocation,
    tokens,
    unpadded,
    vectors,
)

NOW: int = vectors("tokens")["now"]
SPEC_INVOCATIONS = "official/spec_1.0.0_invocation"

# Tokens in no case file: what 04 §10 says of them, with the proofs they name.
MORE_INVOCATIONS = {
    "inv_powerline_fs": "accept",
    "inv_powerline_too_broad": "refuse",
    "inv_bad_policy_size": "refuse",
    "inv_wrong_invoker": "refuse",
    "inv_other_root": "refuse",
    "inv_tag_confusion": "refuse",
    "inv_space_remove_by_editor": "refuse",
    "inv_revoke": "accept",
    "inv_revoke_by_bob": "refuse",  # as any other command; as a revocation see below
    "inv_revoke_by_alice_of_bob_carol": "accept",
    "inv_revoke_by_mallory": "refuse",
}


def taken_back_by(name: str) -> dict[bytes, str]:
    """Verify a revocation of the vectors, and return what it takes back."""
    proofs = held(vectors("tokens")["tokens"][name]["proofs"])
    return revocations_of(invocation(name), proofs, NOW, signatures=Signatures())


def judge(name: str, proofs: list[str], now: int, revoked: list[Any], late: int = 60) -> Authority:
    """Verify an invocation of the vectors, which bear with a minute after an end."""
    taken: dict[bytes, set[str]] = {}
    for one in revoked:
        for target, by in taken_back_by(one["by"]).items():
            taken.setdefault(target, set()).add(by)
            assert target == cid(one["cid"])
    return verify(
        invocation(name), held(proofs), now, signatures=Signatures(), revoked=taken, late=late
    )


@pytest.mark.parametrize("name", sorted(vectors("principals")["principals"]))
def test_a_key_is_spelled_as_others_spell_it(name: str) -> None:
    """Else nobody could name us."""
    principal = vectors("principals")["principals"][name]
    key = SigningKey(bytes.fromhex(principal["seed_hex"]))
    assert did_of(key.public) == principal["did"]
    assert public_of(principal["did"]) == key.public


@pytest.mark.parametrize("name", sorted(tokens()))
def test_a_token_has_the_same_identifier_in_both_spellings(name: str) -> None:
    """Tokens are found by it; the text is only for people."""
    listed = vectors("tokens")["tokens"][name]
    found = cid_of_token(tokens()[name])
    assert found.text() == listed["cid_base32"]
    assert found.text58() == listed["cid_base58btc"]
    assert cid(listed["cid_base32"]) == cid(listed["cid_base58btc"]) == found.to_bytes()


@pytest.mark.parametrize(
    "case", vectors("delegation_cases")["cases"], ids=lambda case: case["delegation"]
)
def test_a_delegation_is_taken_or_refused_as_recommended(case: Any) -> None:
    """A reader that takes more than others is where forgeries come in."""

    def take() -> None:
        found = delegation(case["delegation"])
        begun = found.not_before is None or found.not_before <= NOW
        if not begun or (found.expires is not None and found.expires < NOW):
            raise BadToken("not now")

    if case["recommend"] == "accept":
        take()
    else:
        with pytest.raises(BadToken):
            take()


@pytest.mark.parametrize(
    "case",
    vectors("invocation_cases")["cases"],
    ids=lambda case: f"{case['invocation']}: {case['why']}",
)
def test_an_invocation_is_judged_as_expected(case: Any) -> None:
    """The chain rule, times, policies and revocations, each on its own."""
    if case["expect"] == "accept":
        judge(case["invocation"], case["proofs"], case["now"], case["revoked"])
    else:
        with pytest.raises(AccessError):
            judge(case["invocation"], case["proofs"], case["now"], case["revoked"])


@pytest.mark.parametrize("name", sorted(MORE_INVOCATIONS))
def test_the_other_invocations_are_judged_as_the_matrix_says(name: str) -> None:
    """These stand in no case file, and are in the test matrix all the same."""
    proofs = vectors("tokens")["tokens"][name]["proofs"]
    if MORE_INVOCATIONS[name] == "accept":
        judge(name, proofs, NOW, [])
    else:
        with pytest.raises(AccessError):
            judge(name, proofs, NOW, [])


def test_clocks_may_differ_by_a_minute() -> None:
    """A right that ended half a minute ago is good where that is borne with; we do not."""
    proofs = vectors("tokens")["tokens"]["inv_expired_proof_30s"]["proofs"]
    judge("inv_expired_proof_30s", proofs, NOW, [])
    with pytest.raises(AccessExpired):
        judge("inv_expired_proof_30s", proofs, NOW, [], late=0)


def test_who_gave_may_take_back() -> None:
    """Bob may only edit, and still take back what Bob gave."""
    chain = ["root_space_alice", "alice_bob_fs", "bob_carol_write_path"]
    target = cid_of_token(tokens()["bob_carol_write_path"]).text()
    with pytest.raises(NotAllowed):
        judge("inv_chain3", chain, NOW, [{"cid": target, "by": "inv_revoke_by_bob"}])


def test_a_manager_removes_anybody_but_the_owner() -> None:
    """Dan is not above Bob, and may remove him; the owner's own root stays."""
    removal = taken_back_by("inv_space_remove_by_manager")
    chain = ["root_space_alice", "alice_bob_fs", "bob_carol_write_path"]
    target = cid_of_token(tokens()["alice_bob_fs"])
    assert list(removal) == [target.to_bytes()]
    with pytest.raises(NotAllowed):
        judge(
            "inv_chain3", chain, NOW, [{"cid": target.text(), "by": "inv_space_remove_by_manager"}]
        )
    root = cid_of_token(tokens()["root_space_alice"]).to_bytes()
    by = set(removal.values())
    verify(
        invocation("inv_dan_direct"),
        held(["root_space_alice", "alice_dan_fs"]),
        NOW,
        signatures=Signatures(),
        revoked={root: by},
    )


def test_a_device_is_removed_in_its_persons_name() -> None:
    """So a lost sibling that gave it nothing can be shut out."""
    removal = taken_back_by("inv_device_remove")
    bob = vectors("principals")["principals"]["bob"]["did"]
    assert set(removal.values()) == {bob}


def test_somebody_downstream_takes_nothing_back() -> None:
    """Only the issuer, or one nearer the root, may."""
    chain = ["root_space_alice", "alice_bob_fs", "bob_carol_write_path"]
    target = cid_of_token(tokens()["alice_bob_fs"]).text()
    judge("inv_chain3", chain, NOW, [{"cid": target, "by": "inv_revoke_downstream"}])


def test_what_is_too_old_or_too_new_is_refused_by_its_tag() -> None:
    """Two versions are known; a third might mean something else."""
    for name in ("alice_bob_fs", "alice_bob_fs_v1"):
        assert parse_delegation(tokens()[name]).command == "/fs"
    with pytest.raises(BadToken):
        parse_delegation(tokens()["alice_bob_fs_v2"])


def test_the_role_of_a_chain_is_what_all_its_links_cover() -> None:
    """A powerline over everything gives no more than the grant before it."""
    chain = ["root_space_alice", "alice_bob_fs", "powerline_bob_phone"]
    found = judge("inv_powerline", chain, NOW, [])
    assert found.role is Role.EDIT
    assert found.until == parse_delegation(tokens()["alice_bob_fs"]).expires


@pytest.mark.parametrize("name", sorted(tokens()))
def test_a_token_that_is_taken_is_written_back_the_same(name: str) -> None:
    """One value, one encoding: else two identifiers for one token."""
    try:
        value = decode(tokens()[name])
    except DecodeError:
        return
    assert encode(value) == tokens()[name]


@pytest.mark.parametrize("case", vectors("policy_cases")["cases"], ids=lambda case: case["name"])
def test_a_policy_says_what_is_expected(case: Any) -> None:
    """Where the specification leaves it open, we refuse."""
    expected = case["expect"] == "true"
    assert holds(parse_policy(case["policy"]), case["args"]) is expected


@pytest.mark.parametrize("policy", vectors("policy_cases")["malformed"], ids=str)
def test_a_malformed_policy_is_refused(policy: Any) -> None:
    """When reading, not only when somebody asks."""
    with pytest.raises(BadToken):
        parse_policy(policy)


@pytest.mark.parametrize("case", vectors("official/isorepo_rc1_policy")["valid"], ids=str)
def test_policies_of_another_library_hold(case: Any) -> None:
    """All but one, that follows a rule of its own: `all` over a map, with no `[]`."""
    for policy in case["policies"]:
        own_rule = "newsletters" in case["args"]
        assert holds(parse_policy(policy), case["args"]) is not own_rule


@pytest.mark.parametrize("case", vectors("official/isorepo_rc1_policy")["invalid"], ids=str)
def test_policies_of_another_library_fail(case: Any) -> None:
    """Nothing is let through that they refuse."""
    for policy in case["policies"]:
        assert not holds(parse_policy(policy), case["args"])


@pytest.mark.parametrize("name", sorted(vectors("containers")["containers"]))
def test_a_container_of_any_form_opens(name: str) -> None:
    """In the order in which they stand; the official ones are unsorted."""
    case = vectors("containers")["containers"][name]
    wanted = {tokens()[token] for token in case["tokens"]}
    assert set(unpack(unpadded(case["bytes_b64"]))) == wanted


@pytest.mark.parametrize(
    "name", ["official/spec_1.0.0_delegation", "official/isorepo_rc1_delegation"]
)
def test_published_delegations_are_read_as_they_say(name: str) -> None:
    """The specification's own, of both versions."""
    for case in vectors(name)["valid"]:
        found = parse_delegation(unpadded(case["token"]))
        says = case["envelope"]["payload"]
        assert found.is_signed()
        assert found.cid == cid(case["cid"])
        assert (found.issuer, found.audience, found.subject) == (
            says["iss"],
            says["aud"],
            says["sub"],
        )
        assert (found.command, found.expires) == (says["cmd"], says["exp"])
        assert found.nonce == unpadded(says["nonce"])


def official(case: Any) -> Authority:
    """Judge a published invocation."""
    found: list[Delegation] = [
        parse_delegation(unpadded(proof["/"]["bytes"])) for proof in case["proofs"]
    ]
    return verify(
        parse_invocation(unpadded(case["invocation"]["/"]["bytes"])),
        {each.cid: each for each in found},
        case["time"],
        signatures=Signatures(),
    )


@pytest.mark.parametrize("case", vectors(SPEC_INVOCATIONS)["valid"], ids=lambda case: case["name"])
def test_a_published_invocation_is_accepted(case: Any) -> None:
    """Else we could not work with anybody."""
    official(case)


@pytest.mark.parametrize(
    "case", vectors(SPEC_INVOCATIONS)["invalid"], ids=lambda case: case["name"]
)
def test_a_published_forgery_is_refused(case: Any) -> None:
    """Else anybody could work with us."""
    with pytest.raises(AccessError):
        official(case)
