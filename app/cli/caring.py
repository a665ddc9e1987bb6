"""What `check`, `repair` and `backup` do, given the app, and their JSON."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.care_values import BackupInfo, RepairReport, Restored, SpaceRepair, Unhealed
from app.cli.asking import Ask, Doing, Params
from app.cli.control import Answer
from app.cli.names import space_label, space_named, spaces_named
from app.cli.shapes import Shape
from app.errors import BadUsage
from app.restoring import Wished
from app.values import CheckReport, Finding


async def _check(ask: Ask) -> Answer:
    quick, named = ask.params.flag("quick"), ask.params.maybe("space")
    total = CheckReport(0, 0, 0, 0, ())
    spaces = await spaces_named(ask.app, named)
    for number, space in enumerate(spaces):
        found = await ask.app.check(space.id, ask.report, quick=quick)
        findings = tuple(
            finding
            if _is_of_device(finding)
            else replace(finding, where=f"{space_label(space)}: {finding.where}")
            for finding in found.findings
            if not (number and _is_of_device(finding))
        )
        total = CheckReport(
            total.blocks + found.blocks,
            total.records + found.records,
            total.entries + found.entries,
            total.bytes + found.bytes,
            total.findings + findings,
        )
    if not spaces:
        total = await ask.app.check(None, ask.report, quick=quick)
    return Answer(check_shape(total))


def _is_of_device(finding: Finding) -> bool:
    """Say whether it is about the device, and no folder: each folder's check tells of it."""
    return finding.where == "state.db"


async def _repair(ask: Ask) -> Answer:
    named = ask.params.maybe("space")
    space = None if named is None else (await space_named(ask.app, named)).id
    return Answer(repair_shape(await ask.app.repair(space, ask.report)))


def check_shape(report: CheckReport) -> Shape:
    """Return what a check found."""
    return {
        "blocks": report.blocks,
        "records": report.records,
        "entries": report.entries,
        "bytes": report.bytes,
        "damaged": sum(finding.severity == "damaged" for finding in report.findings),
        "findings": [finding_shape(finding) for finding in report.findings],
    }


def finding_shape(finding: Finding) -> Shape:
    """Return one thing that is not as it should be."""
    return {
        "what": finding.what,
        "where": finding.where,
        "severity": finding.severity,
        "path": "/".join(finding.path),
        "version": finding.version,
    }


def repair_shape(report: RepairReport) -> Shape:
    """Return what was repaired. `damaged` counts what is still not whole."""
    unhealed = sum(len(space.unhealed) for space in report.spaces)
    return {
        "spaces": [space_repair_shape(space) for space in report.spaces],
        "findings": [finding_shape(finding) for finding in report.shut_out],
        "state_made_anew": report.state_made_anew,
        "damaged": unhealed + sum(it.severity == "damaged" for it in report.shut_out),
    }


def space_repair_shape(space: SpaceRepair) -> Shape:
    """Return what was done to one folder."""
    return {
        "id": space.space,
        "name": space.name,
        "damaged": space.damaged,
        "mended": space.mended,
        "from_files": space.from_files,
        "rebuilt": space.rebuilt,
        "same": space.same,
        "unhealed": [_unhealed_shape(each) for each in space.unhealed],
        "aside": list(space.aside),
    }


def _unhealed_shape(unhealed: Unhealed) -> Shape:
    return {**finding_shape(unhealed.finding), "held_by": list(unhealed.held_by)}


async def _backup(ask: Ask) -> Answer:
    into = ask.params.maybe("into")
    if into is None:
        return Answer({"backups": [backup_shape(it) for it in await ask.app.backups()]})
    done = await ask.app.backup(Path(into), ask.params.text("passphrase"), ask.report)
    return Answer(backup_shape(done))


def backup_shape(info: BackupInfo) -> Shape:
    """Return a backup that was proved."""
    return {
        "at": info.at,
        "into": info.into,
        "spaces": list(info.spaces),
        "bytes": info.bytes,
        "written": info.written,
        "good": True,
    }


def asked_for(params: Params) -> tuple[Path, str, Wished]:
    """Return what to restore: from where, under which passphrase, and into which folders.

    Raises:
        BadUsage: something is missing.
    """
    folders = dict(_folder_named(each) for each in params.texts("folder"))
    wished = Wished(Path(params.text("into")), folders, params.flag("merge"))
    return Path(params.text("source")), params.text("passphrase"), wished


def _folder_named(typed: str) -> tuple[str, Path]:
    name, equals, path = typed.partition("=")
    if not (name and equals and path):
        raise BadUsage("--folder is NAME=DIR: what the folder is called, and where it is to lie")
    return name, Path(path).expanduser()


def restored_shape(restored: Restored) -> Shape:
    """Return what came back from a backup."""
    return {
        "device": restored.device,
        "at": restored.at,
        "spaces": [
            {"name": it.name, "folder": it.folder, "entries": it.files} for it in restored.spaces
        ],
    }


DOING: dict[str, Doing] = {"backup": _backup, "check": _check, "repair": _repair}
