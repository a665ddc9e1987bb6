"""What the command line prints as JSON: one function a value. Fields are added, never renamed."""

from __future__ import annotations

from app.cli.names import space_label
from app.guard_words import held_sentence
from app.values import (
    BinItem,
    Delivery,
    DeviceInfo,
    Draft,
    EntryInfo,
    Hit,
    InviteInfo,
    Mirroring,
    SpaceInfo,
    Version,
)
from app.whereabouts import delivery_sentence
from app.words import DOT

Shape = dict[str, object]
BUSY = "Looking through what changed; who holds it is known after that"


def space_shape(space: SpaceInfo, now: float) -> Shape:
    """Return a shared folder."""
    return {
        "id": space.id,
        "name": space_label(space),
        "shared_as": space.name,
        "folder": str(space.folder) if space.folder else None,
        "can": space.role.value,
        "until": space.until,
        "entries": space.entries,
        "size": space.size,
        "mirroring": space.mirroring.value,
        "members": [
            {
                "id": member.did,
                "name": member.name,
                "can": member.role.value,
                "until": member.until,
                "this": member.is_this,
            }
            for member in space.members
        ],
        "where": _where(space, now),
        "drafts": space.drafts,
        "missing_blocks": space.missing_blocks,
        "missing_files": space.missing_files,
        "missing_bytes": space.missing_bytes,
        "missing_older": space.missing_older,
        "watched": space.watched,
        "skipped": list(space.skipped),
        "unwritten": list(space.unwritten),
        "why": space.why,
        "keeps": space.keeps,
        "budget": space.budget,
        "here_files": space.here_files,
        "here_bytes": space.here_bytes,
    }


def _where(space: SpaceInfo, now: float) -> Shape:
    where = delivery_shape(space.delivery, now)
    if space.mirroring is Mirroring.WORKING:
        where["sentence"] = DOT.join([*map(held_sentence, space.delivery.held), BUSY])
    return where


def delivery_shape(delivery: Delivery, now: float) -> Shape:
    """Return who holds what."""
    return {
        "reach": delivery.reach.value,
        "sentence": delivery_sentence(delivery, now),
        "holdings": [
            {
                "device": device_shape(holding.device),
                "complete": holding.complete,
                "behind": holding.behind,
                "keeps": holding.keeps,
            }
            for holding in delivery.holdings
        ],
        "held": [
            {
                "device": held.device,
                "this": held.is_this,
                "deleted": held.deleted,
                "replaced": held.replaced,
                "renamed": held.renamed,
            }
            for held in delivery.held
        ],
        "done_bytes": delivery.done_bytes,
        "total_bytes": delivery.total_bytes,
        "done_files": delivery.done_files,
        "total_files": delivery.total_files,
        "reason": delivery.reason,
    }


def device_shape(device: DeviceInfo) -> Shape:
    """Return a device."""
    return {
        "id": device.did,
        "name": device.name,
        "this": device.is_this,
        "near": device.near,
        "last_seen": device.last_seen,
        "address": device.address,
    }


def invite_shape(invite: InviteInfo) -> Shape:
    """Return a code and what it offers."""
    return {
        "code": invite.code,
        "space": invite.space_name,
        "by": invite.by,
        "can": invite.role.value,
        "until": invite.until,
        "hints": list(invite.hints),
    }


def entry_shape(entry: EntryInfo) -> Shape:
    """Return a file or folder."""
    return {
        "space": entry.space,
        "id": entry.id,
        "path": "/".join(entry.path),
        "folder": entry.is_folder,
        "size": entry.size,
        "by": entry.by,
        "here": entry.here,
        "draft": entry.draft,
        "kept": entry.kept,
    }


def version_shape(version: Version) -> Shape:
    """Return a step of the history."""
    return {
        "version": version.record,
        "at": version.at,
        "device": version.device,
        "words": version.words,
        "order": version.order,
        "paths": ["/".join(path) for path in version.paths],
        "by": version.by,
        "kinds": [{"what": what, "count": count} for what, count in version.kinds],
        "kept": version.kept,
    }


def bin_shape(item: BinItem, space: str) -> Shape:
    """Return something deleted."""
    return {
        "space": space,
        "id": item.id,
        "path": "/".join(item.path),
        "folder": item.is_folder,
        "size": item.size,
        "at": item.at,
        "device": item.device,
        "version": item.record,
    }


def hit_shape(hit: Hit, space: str) -> Shape:
    """Return a find."""
    return {
        "space": space,
        "id": hit.id,
        "path": "/".join(hit.path),
        "snippet": hit.snippet.replace("\x02", "").replace("\x03", ""),
        "marked": hit.snippet,
    }


def draft_shape(draft: Draft, space: str) -> Shape:
    """Return a change kept here only."""
    return {"space": space, "path": "/".join(draft.path), "at": draft.at}
