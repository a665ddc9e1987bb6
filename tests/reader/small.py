"""All of version 1 in one short file: `python -m tests.reader.small DATA_FOLDER`.

It checks each hash, signature, right and line, and prints every file with its versions, by stored
name. The rest of the package: names as people see them (7.1), roots (7), texts without Loro (6).
"""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import cbor2
import loro
import zstandard
from blake3 import blake3
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HEADER, MARK = b"ATOLL-PACK\n\x01", bytes.fromhex("a7f50eb1")
KINDS = {"block": 1, "record": 2, "delegation": 3, "epoch": 4, "keyring": 7, "aside": 8}
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
WRONG = (InvalidSignature, InvalidTag, ValueError, KeyError, TypeError, IndexError, cbor2.CBORError)
TOP, LORO = bytes(16), cast("Any", loro).LoroDoc
HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
Dot = tuple[int, bytes]
Facts = dict[str, dict[Dot, Any]]


def need(holds: object, what: str) -> None:
    """Refuse what is not as the paper says."""
    if not holds:
        raise ValueError(what)


def digest(data: bytes) -> bytes:
    """Return H."""
    return blake3(data).digest()


def hkdf(secret: bytes, info: bytes, salt: bytes = b"") -> bytes:
    """Derive 32 bytes."""
    return HKDF(SHA256(), 32, salt or None, info).derive(secret)


def aead(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """Open what was sealed."""
    return AESGCM(key).decrypt(bytes(12), sealed, aad)


def decode(data: bytes) -> Any:
    """Decode canonical CBOR, and nothing else."""
    value = cbor2.loads(data)
    need(is_plain(value, 32) and cbor2.dumps(value, canonical=True) == data, "not canonical")
    return value


def is_plain(value: Any, depth: int) -> bool:
    """Say whether a value is one of the codec's."""
    kind = str(type(value).__name__)
    inside: list[Any] = value if kind == "list" else []
    if kind == "dict":
        inside = [*value.values(), *(None if isinstance(key, str) else 0.0 for key in value)]
    elif isinstance(value, cbor2.CBORTag):
        return value.tag == 42 and value.value[:1] == b"\0"
    elif isinstance(value, int):
        return -(2**63) <= value < 2**63
    good = kind in {"NoneType", "str", "bytes", "list", "dict"}
    return good and (not inside or depth > 0) and all(is_plain(it, depth - 1) for it in inside)


def frames(data: bytes) -> Iterator[tuple[int, bytes] | int]:
    """Walk a pack: kind and bytes of what counts, else where it does not."""
    if data[:16] != HEADER + zlib.crc32(HEADER).to_bytes(4, "big"):
        yield 0
    at = 16
    while at < len(data):
        head, size = data[at : at + 45], int.from_bytes(data[at + 5 : at + 9], "big")
        body = data[at + 45 : at + 45 + size]
        whole = head[:4] == MARK and zlib.crc32(head[:41]).to_bytes(4, "big") == head[41:]
        if whole and size <= (1 << 20) + 64 and digest(body) == head[9:41]:
            yield head[4], body
            at += 45 + size
        else:
            yield at
            at = data.find(MARK, at + 1) % (len(data) + 1)  # not found is the end


def public(did: str) -> bytes:
    """Return the key that a did:key spells."""
    number = 0
    for letter in did.removeprefix("did:key:z"):
        number = number * 58 + BASE58.index(letter)
    raw = number.to_bytes(34, "big")
    need(raw[:2] == b"\xed\x01", "not an Ed25519 key")
    return raw[2:]


def cid(token: bytes) -> bytes:
    """Return a token's name."""
    return b"\x01\x71\x12\x20" + sha256(token).digest()


def token(data: bytes, tag: str) -> dict[str, Any]:
    """Read a token and check its signature."""
    signature, signed = decode(data)
    need(set(signed) == {"h", tag} and signed["h"].hex() == "3401ed01ed011371", "no such token")
    said: dict[str, Any] = signed[tag]
    key = Ed25519PublicKey.from_public_bytes(public(said["iss"]))
    key.verify(signature, cbor2.dumps(signed, canonical=True))
    return said


def unpack(packed: bytes, size: int) -> bytes:
    """Return what a chunk or a payload holds."""
    form, body = packed[:1], packed[1:]
    if form == b"\1" and zstandard.get_frame_parameters(body).content_size == size:
        form, body = b"\0", zstandard.ZstdDecompressor().decompress(body)
    need(form == b"\0" and len(body) == size, "another form or size than it says")
    return body


class Space:
    """One space, read with the keys of one device."""

    def __init__(self, folder: Path, keys: bytes) -> None:
        self.public, self.keys = (folder / "space").read_bytes(), keys
        self.problems, self.seen = list[str](), dict[bytes, int]()
        self.entries, self.secrets = dict[bytes, Facts](), dict[int, bytes]()
        self.tokens, self.lines = dict[bytes, dict[str, Any]](), dict[Dot, bytes]()
        self.joined, self.gone = set[bytes](), set[bytes]()
        self.things: dict[int, dict[bytes, bytes]] = {kind: {} for kind in range(256)}
        for path in sorted((folder / "packs").glob("*.pack"), key=lambda it: int(it.stem)):
            for found in frames(path.read_bytes()):
                if isinstance(found, int):
                    self.problems.append(f"{path.name}: damaged at {found}")
                else:
                    self.things[found[0]][digest(found[1])] = found[1]
        for take in (self.delegation, self.keyring, self.epoch, self.aside):
            for body in self.things[KINDS[take.__name__]].values():
                self.attempt(take, body)
        records, before = self.things[KINDS["record"]], -1
        waiting: list[bytes] = [records[name] for name in records if name not in self.gone]
        while waiting and len(waiting) != before:
            before = len(waiting)
            waiting = [body for body in waiting if self.attempt(self.record, body)]
        self.problems += [f"record {cid(body).hex()} waits" for body in waiting]

    def attempt(self, take: Callable[[bytes], object], body: bytes) -> object:
        """Take something; what is wrong with it is a problem, and not the end."""
        try:
            return take(body)
        except WRONG as error:
            self.problems.append(f"{take.__name__} {digest(body).hex()}: {error!r}")
            return None

    def delegation(self, body: bytes) -> None:
        """Keep a delegation."""
        self.tokens[cid(body)] = token(body, "ucan/dlg@1.0.0")

    def keyring(self, body: bytes) -> None:
        """Take the secrets that this device sealed for itself."""
        _, salt, sealed = decode(body)
        own = hkdf(self.keys[64:], b"atoll/device/1/keyring/" + self.public.hex().encode())
        self.secrets.update(decode(aead(hkdf(own, b"keyring", salt), sealed, b"keyring"))[1])

    def aside(self, body: bytes) -> None:
        """Learn which records gave way to an older line."""
        self.gone.update(decode(body)[2])

    def epoch(self, body: bytes) -> None:
        """Check an epoch, and take its secret if it is wrapped to us."""
        it = decode(body)
        signed = cbor2.dumps({key: it[key] for key in it if key != "sig"}, canonical=True)
        maker = Ed25519PublicKey.from_public_bytes(it["by"])
        maker.verify(it["sig"], b"atoll/epoch/1\0" + signed)
        self.right(it["proofs"], it["by"], "/fs/rekey", it["at"])
        agree = X25519PrivateKey.from_private_bytes(self.keys[32:64])
        n, own = it["n"], agree.public_key().public_bytes_raw()
        info = b"atoll/epoch/1" + self.public + n.to_bytes(8, "big") + own
        for hint, wrap in it["wraps"]:
            if hint == digest(own)[:8]:
                self.secrets[n] = HPKE.decrypt(wrap, agree, info=info)[:32]
        if it["hist"] is not None and n in self.secrets:
            key = hkdf(self.secrets[n], b"atoll/epoch/1/hist")
            self.secrets[n - 1] = aead(key, it["hist"], self.public)

    def right(self, proofs: list[Any], by: bytes, command: str, at: int) -> None:
        """Check that a chain gives this key this right at this time."""
        chain = [self.tokens[link.value[1:]] for link in proofs]
        keys = [public(step["iss"]) for step in chain] + [by]
        need(keys[0] == self.public and len(chain) <= 8, "a chain that does not begin here")
        for step, audience in zip(chain, keys[1:], strict=True):
            covers = step["cmd"] == "/" or f"{command}/".startswith(f"{step['cmd']}/")
            ended = step["exp"] is not None and step["exp"] < at
            need(covers and not ended and step.get("nbf", at) <= at + 60, "no right")
            need(public(step["aud"]) == audience and not step["pol"], "somebody else's right")
            need(step["sub"] is None or public(step["sub"]) == self.public, "of another space")

    def record(self, body: bytes) -> bool:
        """Let a record join; say whether it has to wait."""
        said = token(body, "ucan/inv@1.0.0")
        args, by = said["args"], public(said["iss"])
        need(set(args) == {*"onpeswik", "by"} and args["by"] == said["iss"], "not a record")
        need(said["cmd"] == "/fs/write" and public(said["sub"]) == self.public, "another command")
        writer, number = args["w"], args["s"]
        need(digest(b"atoll/writer/1" + by + args["i"])[:8] == writer, "not its device's writer")
        self.right(said["prf"], by, "/fs/write", said["iat"])
        sealed, secret = self.things[KINDS["block"]][args["o"]], self.secrets[args["e"]]
        payload = aead(hkdf(secret, b"atoll/payload/1", said["nonce"]), sealed, b"payload")
        packed, size = payload[4:], int.from_bytes(payload[:4], "big")
        version, operations, before, _root, _words = decode(unpack(packed, size))
        seen, parents = dict(before), [link.value[1:] for link in args["p"]]
        need(version == 1 and len(sealed) == args["n"], "a payload that is not its record's")
        need(seen.get(writer, 0) == number - 1, "a number left out")
        if not self.joined.issuperset(parents) or any(self.seen.get(w, 0) < n for w, n in before):
            return True
        need(self.seen.get(writer, 0) == number - 1, "a number twice")
        need(number == 1 or self.lines[number - 1, writer] in parents, "a line that forks")
        self.apply(operations, (number, writer), seen)
        self.seen[writer] = number
        self.lines[number, writer] = cid(body)
        self.joined.add(cid(body))
        return False

    def apply(self, operations: list[Any], dot: Dot, seen: dict[bytes, int]) -> None:
        """Do what a commit says to the facts."""
        for what, entry, attribute, value in operations:
            facts = self.entries.pop(entry, {})
            for name in ([attribute] if attribute else list(facts)) if what != 2 else ():
                held = facts.get(name, {})
                facts[name] = {d: v for d, v in held.items() if d[0] > seen.get(d[1], 0)}
            if what != 3:
                facts.setdefault(attribute, {})[dot] = value
            if facts := {name: held for name, held in facts.items() if held}:
                self.entries[entry] = facts

    def open(self, link: bytes, kind: bytes) -> bytes:
        """Open a block."""
        return aead(link[32:], self.things[KINDS["block"]][link[:32]], kind)

    def pieces(self, link: bytes, size: int | None) -> bytes:
        """Return what is behind a manifest."""
        word, level, parts = decode(self.open(link, b"manifest"))
        need(word == "manifest" and 0 <= level <= 3 and 1 <= len(parts) <= 4096, "no manifest")
        made = list[bytes]()
        for n, part in parts:
            below = self.pieces(part, n) if level else None
            made.append(below or (unpack(self.open(part, b"chunk"), n) if part else bytes(n)))
        need(size in {None, len(data := b"".join(made))}, "another size than it says")
        return data

    def content(self, content: list[Any]) -> bytes:
        """Return the bytes of a content, checked."""
        link, size, own = content[:3]
        data = self.pieces(link, size) if link and size > 1 << 20 else b""
        data = unpack(self.open(link, b"chunk"), size) if link and not data else data
        need(len(data) == size and digest(data) == own, "bytes that are not the content's")
        return data

    def text(self, contents: list[list[Any]], edits: list[list[Any]]) -> bytes:
        """Merge a text from what it was put as, and from all edits."""
        document, forms = LORO(), list[list[Any]]()
        for it in contents:  # a plain text is seeded alike on every device
            peer = int.from_bytes(it[2][:8], "big") >> 1 or 1
            ops = [[], [0, self.content(it).decode()]][: 2 if it[1] else 1]
            seed = ["text", 1, [peer.to_bytes(8, "big")], [[0, 0, 0, [], ops]]]
            form: Any = decode(self.pieces(it[4], None)) if it[4] else seed
            forms += [decode(part) for part in form[2]] if form[1] == 2 else [form]
        forms += [decode(self.pieces(it[3], None) if it[2] else it[3]) for it in edits]
        for form in forms:
            document.import_json_updates(json.dumps(for_loro(*form)))
        return str(document.get_text("text").to_string()).encode()

    def versions(self, facts: Facts) -> Iterator[bytes]:
        """Return what a file holds: the main version, then those beside it."""
        contents, groups = facts.get("content", {}), dict[tuple[bool, bytes], list[Dot]]()
        for dot in sorted(contents, reverse=True):
            _, _, own, is_text, document, lineage = contents[dot]
            groups.setdefault((is_text, lineage if document else own), []).append(dot)
        homes = [
            (d if d in contents else (e[1], e[0]), e) for d, e in facts.get("edits", {}).items()
        ]
        for dots in groups.values():
            mine = [edit for home, edit in homes if home in dots or home not in contents]
            its = [contents[dot] for dot in dots]
            merges = its[0][3] and (mine or its[1:] or its[0][4])
            yield self.text(its, mine) if merges else self.content(its[0])

    def path(self, entry: bytes, below: int = 128) -> list[str]:
        """Return where an entry lies: by its places, else by the path that was kept."""
        facts = self.entries.get(entry, {})
        if entry == TOP or not below or "place" not in facts:
            return list(facts["keep"][max(facts["keep"])]) if "keep" in facts else []
        folder, name = facts["place"][max(facts["place"])]
        return [*self.path(folder, below - 1), name]


def for_loro(word: str, version: int, names: list[bytes], changes: list[Any]) -> dict[str, Any]:
    """Return changes in the form in which Loro takes them."""
    need((word, version) == ("text", 1), "not a text")
    made = list[dict[str, Any]]()
    for peer, counter, lamport, deps, ops in changes:
        at, done = counter, list[dict[str, Any]]()
        for op in ops:
            what: dict[str, Any] = {"type": "insert", "key": "seeded", "value": 1}
            if len(op) == 2:
                what = {"type": "insert", "pos": op[0], "text": op[1]}
            elif op:
                what = {
                    "type": "delete",
                    "pos": op[0],
                    "len": op[1],
                    "start_id": f"{op[3]}@{op[2]}",
                }
            where = f"cid:root-{'text:Text' if op else 'seed:Map'}"
            done.append({"container": where, "content": what, "counter": at})
            at += 1 if not op else len(op[1]) if len(op) == 2 else abs(op[1])
        said = {"deps": [f"{n}@{p}" for p, n in deps], "lamport": lamport, "ops": done}
        made.append({"id": f"{counter}@{peer}", "timestamp": 0, "msg": None, **said})
    form: dict[str, Any] = {"schema_version": 1, "start_version": {}, "changes": made}
    return {**form, "peers": [str(int.from_bytes(name, "big")) for name in names]}


def main(data: Path) -> int:
    """Print every file of a data folder; 1 when anything was wrong."""
    value, wrong = decode((data / "keys" / "device.key").read_bytes()), False
    need(value["kdf"] == "none" and digest(value["keys"])[:16] == value["sum"], "the key file")
    for name in sorted((data / "spaces").glob("*/space")):
        space = Space(name.parent, value["keys"])
        for entry, facts in space.entries.items():
            held = [f"{len(it)} bytes {digest(it).hex()}" for it in space.versions(facts)]
            sys.stdout.write(f"{'/'.join(space.path(entry))}: {', '.join(held)}\n" if held else "")
        sys.stdout.writelines(f"PROBLEM: {it}\n" for it in space.problems)
        wrong |= bool(space.problems)
    return wrong


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
