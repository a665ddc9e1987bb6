"""Make the golden data folder: `python -m tests.golden.make_vault FOLDER`.

It was run once for version 1 of the format, and what it made lies beside it and stays: the
test reads that, not what a later program would make. Run it again only for a new version of
the format, into a folder of its own. Seeds are fixed; compressors and salts of databases differ.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from app.places import Places, prepare
from app.state import DeviceState, SpaceRow
from storage.access.roles import Role
from storage.crypto.sealed import address
from storage.facts.change import TOP, EntryId
from storage.identity.keyfile import save as save_keys
from storage.vault import Vault
from tests.helpers.set_back import set_back
from tests.helpers.vaults import META, Clock, Place, everyone, save, shown, tell, text, write
from tests.unit.test_vault_access import next_epoch

SEED = "golden vault 1"
LINE = bytes(range(256)) * 5000


def tell_story(place: Place) -> list[Vault]:
    """Let devices do all that the format has a form for."""
    one = place.create("ada", "Golden things")
    vaults = [one, place.join(one, "ben"), place.join(one, "cy")]
    watching = place.join(one, "di", Role.VIEW)
    one.welcome()
    for vault, name in zip(vaults, ("Ada's laptop", "Ben's desk", "Cy's"), strict=True):
        vault.introduce(name)
    everyone(vaults)
    make_things(one)
    everyone(vaults)
    write_together(vaults, place.clock)
    fork(place, vaults)
    one.accept([next_epoch(one)])
    everyone(vaults)
    place.clock.at += 3600
    write(vaults[1], "after the epoch.md", b"sealed under the second epoch\n", TOP)
    one.invite(Role.EDIT, None)
    everyone([*vaults, watching])
    vaults[1].checkpoint()
    return [*vaults, watching]


def make_things(vault: Vault) -> None:
    """Fill a space: small, empty, large, hollow, a link, a folder wide enough for levels."""
    write(vault, "note.md", b"# Note\n\none\ntwo\nthree\n", TOP)
    write(vault, "NOTE.md", "Grüße, 世界 😀\n".encode(), TOP)
    write(vault, "empty", b"", TOP)
    write(vault, "large.bin", LINE, TOP)
    write(vault, "hollow.bin", b"\1" + bytes(3 << 20), TOP)
    write(vault, "picture.bin", b"\0base", TOP)
    change = vault.change()
    inside = change.add_folder(TOP, "folder", mtime_ns=1_790_000_000_123_456_789)
    change.add_link(inside, "link", "../note.md", META)
    for number in range(300):
        change.add_folder(inside, f"{number}")
    change.put_fact(inside, "long", b"x" * 4000)
    change.put_fact(inside, "pinned", value=True)
    vault.commit(change, "many folders")
    save(vault, write(vault, "gone.md", b"it was here\n", inside), b"it was here, twice\n")


def write_together(vaults: list[Vault], clock: Clock) -> None:
    """Edit one text until it is a document, leave versions and moves side by side, delete."""
    for turn in range(12):
        clock.at += 60
        for index, vault in enumerate(vaults):
            body = text(vault, named(vault, "note.md"))
            more = f"{turn} {index}\n" * (1 if turn else 900)
            save(vault, named(vault, "note.md"), (body.replace("two\n", "") + more).encode())
        everyone(vaults[: 2 + turn % 2])
    everyone(vaults)
    for vault, data in zip(vaults, (b"\0Ada's", b"\0Ben's"), strict=False):
        save(vault, named(vault, "picture.bin"), data)
        change = vault.change()
        change.move(named(vault, "folder"), TOP, f"folder of {data[1:4].decode()}")
        vault.commit(change, "moved")
    change = vaults[2].change()
    change.remove(named(vaults[2], "gone.md"))
    change.remove(named(vaults[2], "NOTE (2).md"))
    vaults[2].commit(change, "deleted")
    save(vaults[0], named(vaults[0], "NOTE (2).md"), b"edited while another deleted it\n")
    everyone(vaults)


def fork(place: Place, vaults: list[Vault]) -> None:
    """Let the third device forget what it wrote, and write something else."""
    vaults[2].close()
    shutil.copytree(place.folder / "cy", place.folder / "copy")
    vaults[2] = place.open("cy", "first")
    write(vaults[2], "forgotten", b"x", TOP)
    tell(vaults[2], vaults[0])
    vaults[2].close()
    set_back(place.folder / "cy", place.folder / "copy")
    place.clock.at += 60
    vaults[2] = place.open("cy", "second")
    write(vaults[2], "instead", b"y", TOP)
    tell(vaults[2], vaults[1])
    for giver, taker in ((0, 2), (2, 0), (0, 1), (1, 0), (2, 1), (0, 2)):
        whole = vaults[giver].things_after(type(vaults[giver].seen)(), b"", 1 << 40)
        vaults[taker].accept(whole.things)
    everyone(vaults)


def named(vault: Vault, name: str) -> EntryId:
    """Return the first entry of that name."""
    return next(node.id for path, node in vault.tree().walk() if path[-1] == name)


def expected(vault: Vault) -> dict[str, object]:
    """Return what every later program has to find in it."""
    files = {
        "/".join(path): None if data is None else address(data).hex()
        for path, data in shown(vault).items()
    }
    return {
        "space": vault.space.hex(),
        "root": vault.root.to_bytes().hex(),
        "seen": sorted([writer.hex(), n] for writer, n in vault.seen.items()),
        "files": dict(sorted(files.items())),
        "history": sorted(
            [s.cid.hex(), vault.device_name(s.dot.writer), s.dot.n, s.at, s.words]
            for s in vault.history(limit=10_000)
        ),
        "bin": sorted("/".join(item.path) for item in vault.bin()),
        "rights": sorted([m.did, m.role.name, m.until] for m in vault.members()),
    }


async def remember(places: Places, key: bytes, vault_id: str) -> None:
    """Write what a device remembers beside its spaces."""
    state = DeviceState.open(places.state, key)
    await state.set("name", "Ben's desk")
    await state.put_space(SpaceRow(vault_id, Path("/nowhere/golden things"), "Golden things"))
    await state.close()


def main(arguments: list[str]) -> int:
    """Make the data folder of the second device, and the list of what is in it."""
    if len(arguments) != 1:
        sys.stdout.write(f"{__doc__}\n")
        return 2
    places = Places(Path(arguments[0]))
    prepare(places)
    with TemporaryDirectory() as folder:
        place = Place(Path(folder), seed=SEED)
        vaults = tell_story(place)
        ben, listing = vaults[1], json.dumps(expected(vaults[1]), indent=1, ensure_ascii=False)
        for vault in vaults:
            vault.close()
        ignore = shutil.ignore_patterns("index.db*", "search.db*")
        shutil.copytree(place.folder / "ben", places.space(ben.space.hex()), ignore=ignore)
        keys = place.device("ben")
        asyncio.run(remember(places, keys.derive("state"), ben.space.hex()))
        save_keys(places.device_key, keys)
    places.data.with_suffix(".json").write_text(listing + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
