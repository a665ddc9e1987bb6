"""The device's memory: encrypted, found again, and nobody else's."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.state import Admitted, DeviceRow, DeviceState, InviteRow, SpaceRow
from storage.errors import StoreUnusable

KEY = b"k" * 32
PLANTED = "Ana's very own laptop"


def test_everything_is_found_again(tmp_path: Path) -> None:
    """A device that forgot whom it met would meet nobody."""
    path = tmp_path / "state.db"
    space = SpaceRow("ab" * 32, Path("/home/ana/Recipes"), "Recipes")
    device = DeviceRow("did:key:z6Mk", "Phone", b"a" * 32, (("10.0.0.1", 4242),), 12.5)
    invite = InviteRow(b"i" * 16, space.id, "ATOLL:X", None)
    admitted = Admitted(device.did, space.id, 99)

    async def write() -> None:
        state = DeviceState.open(path, KEY)
        await state.set("name", PLANTED)
        await state.put_space(space)
        await state.put_device(device)
        await state.put_invite(invite)
        await state.admit(admitted)
        await state.put_pending(space.id, "ATOLL:Y")
        await state.close()

    async def read() -> None:
        state = DeviceState.open(path, KEY)
        assert state.name == PLANTED
        assert state.spaces == {space.id: space}
        assert state.devices == {device.did: device}
        assert state.invites == {invite.id: invite}
        assert state.admitted == {(device.did, space.id): admitted}
        assert state.pending == {space.id: "ATOLL:Y"}
        await state.forget_space(space.id)
        assert not state.invites and not state.admitted and not state.pending
        await state.close()

    asyncio.run(write())
    asyncio.run(read())
    assert all(PLANTED.encode() not in file.read_bytes() for file in tmp_path.iterdir())


def test_another_devices_memory_is_refused(tmp_path: Path) -> None:
    """Copied from elsewhere, it opens with no key of ours."""

    async def make(key: bytes) -> None:
        await DeviceState.open(tmp_path / "state.db", key).close()

    asyncio.run(make(KEY))
    with pytest.raises(StoreUnusable):
        asyncio.run(make(b"x" * 32))
