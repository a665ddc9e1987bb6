"""What each space keeps of the past here, as it is remembered: in the device's own state.

Rules by folder, versions that somebody told to forget, and versions that were fetched back and
stay. All of it is this device's: others keep as much as they like on their own disks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from app.loose import list_in, mapping_in, text_in
from app.state import DeviceState
from storage.errors import DecodeError
from storage.facts.change import EntryId
from storage.retention import Rule

MAX_FORGOTTEN = 200_000
"""Beyond that the oldest ones are dropped: they were let go of long ago."""


@dataclass(frozen=True, slots=True)
class PastSetting:
    """What is remembered for one space."""

    rules: Mapping[EntryId, Rule] = field(default_factory=dict[EntryId, Rule])
    forgotten: tuple[tuple[EntryId, bytes], ...] = ()
    """The versions that are to be forgotten, by entry and what opened them; the oldest first."""
    pins: tuple[bytes, ...] = ()
    emptied: frozenset[tuple[str, str]] = frozenset()
    """What was cleared out of the bin: entry and the record that deleted it."""

    def emptying(self, items: Iterable[tuple[str, str]]) -> PastSetting:
        """Return the setting in which these are shown in the bin no more."""
        return replace(self, emptied=self.emptied | frozenset(items))

    def forgetting(self, versions: Iterable[tuple[EntryId, bytes]]) -> PastSetting:
        """Return the setting in which these are to be forgotten."""
        new = dict.fromkeys(versions)
        kept = [it for it in self.forgotten if it not in new]
        tops = {top for _entry, top in new}
        pins = tuple(it for it in self.pins if it not in tops)
        return replace(self, forgotten=(*kept, *new)[-MAX_FORGOTTEN:], pins=pins)

    def keeping(self, entry: EntryId, tops: Iterable[bytes]) -> PastSetting:
        """Return the setting in which these versions stay, whatever the rules say."""
        new = dict.fromkeys(tops)
        forgotten = tuple(it for it in self.forgotten if it[0] != entry or it[1] not in new)
        return replace(self, forgotten=forgotten, pins=tuple(dict.fromkeys((*self.pins, *new))))


def past_setting_in(state: DeviceState, space: str) -> PastSetting:
    """Return what is remembered. What cannot be read is taken for nothing: more is kept then."""
    raw = state.settings.get(_key(space))
    if raw is None:
        return PastSetting()
    try:
        found = mapping_in(json.loads(raw))
        rules = {
            EntryId(bytes.fromhex(entry)): _rule(mapping_in(rule))
            for entry, rule in mapping_in(found.get("rules")).items()
        }
        return PastSetting(
            rules,
            tuple(_version(it) for it in list_in(found.get("forgotten"))),
            _blocks(found.get("pins")),
            frozenset(_pair(it) for it in list_in(found.get("emptied"))),
        )
    except (ValueError, DecodeError):
        return PastSetting()


async def remember_past(state: DeviceState, space: str, setting: PastSetting) -> None:
    """Remember it."""
    rules = {
        entry.hex(): {
            "all_days": rule.all_days,
            "daily_days": rule.daily_days,
            "monthly": rule.monthly,
            "latest_over": rule.latest_over,
            "any_kind": rule.any_kind,
        }
        for entry, rule in setting.rules.items()
    }
    raw = {
        "rules": rules,
        "forgotten": [f"{entry.hex()} {top.hex()}" for entry, top in setting.forgotten],
        "pins": [it.hex() for it in setting.pins],
        "emptied": sorted(" ".join(pair) for pair in setting.emptied),
    }
    await state.set(_key(space), json.dumps(raw))


def _rule(found: Mapping[str, object]) -> Rule:
    usual = Rule()
    over = found.get("latest_over")
    return Rule(
        _whole(found.get("all_days"), usual.all_days),
        _whole(found.get("daily_days"), usual.daily_days),
        found.get("monthly") is not False,
        over if isinstance(over, int) and not isinstance(over, bool) else None,
        found.get("any_kind") is True,
    )


def _whole(found: object, usual: int) -> int:
    return found if isinstance(found, int) and not isinstance(found, bool) else usual


def _pair(found: object) -> tuple[str, str]:
    entry, _, record = text_in(found).partition(" ")
    return entry, record


def _version(found: object) -> tuple[EntryId, bytes]:
    entry, top = _pair(found)
    return EntryId(bytes.fromhex(entry)), bytes.fromhex(top)


def _blocks(found: object) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(text_in(it)) for it in list_in(found))


def _key(space: str) -> str:
    return f"past/{space}"
