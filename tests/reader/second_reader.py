"""A space read by FORMAT.md alone: packs, keys, signatures, facts, the tree's root, contents.

It imports nothing of storage, sync or app, so that it can disagree with them. It reads and
never writes. Whatever is wrong is told, not passed over; what can be read is read all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from tests.reader.basics import (
    Damaged,
    aead_open,
    cid_of,
    decode,
    did_of,
    digest,
    encode,
    frames,
    hkdf,
    links,
    public_of,
    token_of,
    unpack,
)
from tests.reader.tree import Dot, Entries, root_of

HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
BLOCK, RECORD, TOKEN, EPOCH, _INVITATION, _RECEIPT, KEYRING, ASIDE = range(1, 9)
WRONG = (Damaged, InvalidSignature, InvalidTag, ValueError, KeyError, TypeError, IndexError)


@dataclass(frozen=True, slots=True)
class Step:
    """One record that joined: who did what, and when they say it was."""

    cid: bytes
    dot: Dot
    by: str
    at: int
    words: str
    entries: tuple[bytes, ...]


@dataclass(slots=True)
class Space:
    """All that a reading found."""

    public: bytes
    seen: dict[bytes, int] = field(default_factory=dict[bytes, int])
    entries: Entries = field(default_factory=Entries)
    history: list[Step] = field(default_factory=list[Step])
    devices: dict[bytes, str] = field(default_factory=dict[bytes, str])
    problems: list[str] = field(default_factory=list[str])
    roots_checked: int = 0
    root: bytes = b""
    open: Callable[[bytes, bytes], bytes] = lambda link, kind: b""  # noqa: ARG005


class Reader:
    """Reads one space with the keys of one device."""

    def __init__(self, folder: Path, keys: bytes) -> None:
        self.agree = X25519PrivateKey.from_private_bytes(keys[32:64])
        self.storage = keys[64:96]
        self.space = Space((folder / "space").read_bytes(), open=self.open)
        self.things: dict[int, dict[bytes, bytes]] = {kind: {} for kind in range(1, 9)}
        self.secrets: dict[int, bytes] = {}
        self.tokens: dict[bytes, dict[str, Any]] = {}
        self.joined: dict[bytes, dict[str, Any]] = {}
        self.lines: dict[Dot, bytes] = {}
        self.gone = set[bytes]()
        for path in sorted((folder / "packs").glob("*.pack"), key=lambda p: int(p.stem)):
            for kind, body in frames(path.read_bytes(), path.name, self.space.problems):
                self.things[kind][digest(body)] = body

    def read(self) -> Space:
        """Judge everything, in the order in which it must be known."""
        for kind, take in ((TOKEN, self.token), (KEYRING, self.keyring), (EPOCH, self.epoch)):
            for body in self.things[kind].values():
                self.attempt(take, body)
        for body in self.things[ASIDE].values():
            self.attempt(self.aside, body)
        waiting = [body for name, body in self.things[RECORD].items() if name not in self.gone]
        before = -1
        while waiting and len(waiting) != before:
            before = len(waiting)
            waiting = [body for body in waiting if self.attempt(self.record, body)]
        self.space.problems += [f"record {cid_of(body).hex()} waits" for body in waiting]
        if self.secrets:
            self.space.root = self.root_in(max(self.secrets))
        else:
            self.space.problems.append("no epoch of this space can be read")
        return self.space

    def attempt(self, take: Callable[[bytes], bool | None], body: bytes) -> bool | None:
        """Take something; what is wrong with it is a problem, and not the end."""
        try:
            return take(body)
        except WRONG as error:
            name = take.__name__
            self.space.problems.append(f"{name} {digest(body).hex()}: {error!r}")
            return None

    def token(self, body: bytes) -> None:
        """Keep a delegation."""
        self.tokens[cid_of(body)] = token_of(body, "ucan/dlg@1.0.0")

    def keyring(self, body: bytes) -> None:
        """Take the secrets that this device sealed for itself."""
        _, salt, sealed = decode(body)
        own = hkdf(self.storage, b"atoll/device/1/keyring/" + self.space.public.hex().encode())
        inside = decode(aead_open(hkdf(own, b"keyring", salt), sealed, b"keyring"))
        self.secrets.update(dict(inside[1]))

    def aside(self, body: bytes) -> None:
        """Learn which records gave way to an older line."""
        version, salt, names = decode(body)
        if version != 1 or len(salt) != 8:
            raise Damaged("not a list of what was set aside")
        self.gone.update(names)

    def epoch(self, body: bytes) -> None:
        """Check an epoch, and take its secret if it is wrapped to us."""
        value = decode(body)
        signed = {key: value[key] for key in value if key != "sig"}
        maker = Ed25519PublicKey.from_public_bytes(value["by"])
        maker.verify(value["sig"], b"atoll/epoch/1\0" + encode(signed))
        self.right(links(value["proofs"]), did_of(value["by"]), "/fs/rekey", value["at"])
        n, own = value["n"], self.agree.public_key().public_bytes_raw()
        info = b"atoll/epoch/1" + self.space.public + n.to_bytes(8, "big") + own
        for name, wrap in value["wraps"]:
            if name == digest(own)[:8]:
                self.secrets[n] = HPKE.decrypt(wrap, self.agree, info=info)[:32]
        if value["hist"] is not None and n in self.secrets:
            key = hkdf(self.secrets[n], b"atoll/epoch/1/hist")
            self.secrets[n - 1] = aead_open(key, value["hist"], self.space.public)

    def right(self, proofs: list[bytes], by: str, command: str, at: int) -> None:
        """Check that a chain gives this device this right at this time."""
        chain = [self.tokens[cid] for cid in proofs]
        issuers = [token["iss"] for token in chain] + [by]
        if public_of(issuers[0]).public_bytes_raw() != self.space.public or len(chain) > 8:
            raise Damaged("a chain that does not begin with the space")
        for token, audience in zip(chain, issuers[1:], strict=True):
            covers = token["cmd"] == "/" or f"{command}/".startswith(f"{token['cmd']}/")
            ended = token["exp"] is not None and token["exp"] < at
            if token["aud"] != audience or not covers or ended or token.get("nbf", at) > at + 60:
                raise Damaged("no right")
            if token["sub"] not in (issuers[0], None) or token["pol"]:
                raise Damaged("a right to something else")

    def record(self, body: bytes) -> bool:
        """Let a record join; say whether it has to wait."""
        said = token_of(body, "ucan/inv@1.0.0")
        args, by = said["args"], said["iss"]
        if set(args) != set("onpeswik") | {"by"} or args["by"] != by or said["cmd"] != "/fs/write":
            raise Damaged("not a record")
        writer, number = args["w"], args["s"]
        own = b"atoll/writer/1" + public_of(by).public_bytes_raw() + args["i"]
        if public_of(said["sub"]).public_bytes_raw() != self.space.public:
            raise Damaged("of another space")
        if digest(own)[:8] != writer:
            raise Damaged("a writer that is not its device's")
        self.right(links(said["prf"]), by, "/fs/write", said["iat"])
        sealed = self.things[BLOCK][args["o"]]
        key = hkdf(self.secrets[args["e"]], b"atoll/payload/1", said["nonce"])
        payload = aead_open(key, sealed, b"payload")
        packed = unpack(payload[4:], int.from_bytes(payload[:4], "big"))
        version, operations, seen_before, root, words = decode(packed)
        seen = dict(seen_before)
        if version != 1 or len(sealed) != args["n"] or seen.get(writer, 0) != number - 1:
            raise Damaged("a payload that is not its record's")
        have, parents = self.space.seen, links(args["p"])
        if not all(parent in self.joined for parent in parents):
            return True
        if any(have.get(other, 0) < n for other, n in seen.items()):
            return True
        if have.get(writer, 0) >= number or (
            number > 1 and self.lines[number - 1, writer] not in parents
        ):
            raise Damaged("a line that forks")
        exactly = have == seen
        self.apply(operations, (number, writer), seen)
        have[writer] = number
        cid = cid_of(body)
        self.joined[cid], self.lines[number, writer] = args, cid
        self.space.devices[writer] = by
        entries = tuple(dict.fromkeys(operation[1] for operation in operations))
        self.space.history.append(Step(cid, (number, writer), by, said["iat"], words, entries))
        if exactly:
            self.space.roots_checked += 1
            if self.root_in(args["e"]) != root:
                raise Damaged("another root than its writer's")
        return False

    def apply(self, operations: list[Any], dot: Dot, seen: dict[bytes, int]) -> None:
        """Do what a commit says to the facts."""
        for what, entry, attribute, value in operations:
            facts = self.space.entries.setdefault(entry, {})
            if what != 2:
                for name in [attribute] if attribute else list(facts):
                    held = facts.get(name, {})
                    facts[name] = {d: v for d, v in held.items() if d[0] > seen.get(d[1], 0)}
            if what != 3:
                facts.setdefault(attribute, {})[dot] = value
            facts = {name: held for name, held in facts.items() if held}
            self.space.entries[entry] = facts
            if not facts:
                del self.space.entries[entry]

    def root_in(self, epoch: int) -> bytes:
        """Return the root of what has joined."""
        return root_of(self.space.entries, self.space.seen, epoch, self.secrets[epoch])

    def open(self, link: bytes, kind: bytes) -> bytes:
        """Open a block."""
        return aead_open(link[32:], self.things[BLOCK][link[:32]], kind)


def read_keys(data: bytes) -> bytes:
    """Return the three secrets in a device's key file."""
    value = decode(data)
    keys: bytes = value["keys"]
    if value["kdf"] != "none" or digest(keys)[:16] != value["sum"] or len(keys) != 96:
        raise Damaged("the key file")
    return keys


def read_folder(data: Path) -> list[tuple[Path, Space]]:
    """Read every space in the data folder of a device."""
    keys = read_keys((data / "keys" / "device.key").read_bytes())
    folders = sorted(path.parent for path in (data / "spaces").glob("*/space"))
    return [(folder, Reader(folder, keys).read()) for folder in folders]
