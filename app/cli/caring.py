"""What `check`, `repair` and `backup` do, given the app, and their JSON."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.care_values import BackupInfo, RepairReport, Restored, SpaceRepair, Unhealed
from app.cli.asking import Ask, Doing, Params
from app.cli.control import Answer
from app.cli.names import space_label, space_named
from app.cli.shapes import Shape
from app.errors import BadUsage
from app.restoring import Wished
from app.values import CheckReport, Finding


async def _check(ask: Ask) -> Answer:
    found = await ask.app.check(await _named(ask), ask.report, quick=ask.params.flag("quick"))
    labels = {space.id: space_label(space) for space in await ask.app.spaces()}
    findings = tuple(
        replace(finding, where=f"{labels[finding.space]}: {finding.where}")
        if finding.space in labels
        else finding
        for finding in found.findings
    )
    return Answer(check_shape(replace(found, findings=findings)))


async def _repair(ask: Ask) -> Answer:
    return Answer(repair_shape(await ask.app.repair(await _named(ask), ask.report)))


async def _named(ask: Ask) -> str | None:
    """Return the id of the folder that was named, None for all."""
    named = ask.params.maybe("space")
    return None if named is None else (await space_named(ask.app, named)).id


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
