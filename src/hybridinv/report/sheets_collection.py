"""The rows of RVTools' sheets on the collection itself: vCenters, health, metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hybridinv import __version__
from hybridinv.inventory import count_of
from hybridinv.report.rvtools_estate import VSPHERE, vcenter_of
from hybridinv.report.sheets import Sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from hybridinv.inventory import Inventory
    from hybridinv.model import Problem
    from hybridinv.report.rvtools_estate import VSphereEstate

_KIND = "hybridinv"


class Told(NamedTuple):
    """A problem, and the record that it is of, where it is of one."""

    record_id: str
    name: str
    problem: Problem


def problems(inv: Inventory) -> Iterator[Told]:
    """What could not be read of the inventory, then what is odd about its records."""
    for problem in inv.problems:
        yield Told("", "", problem)
    for records in inv.tables().values():
        for record in records:
            for problem in getattr(record, "problems", ()):
                yield Told(record.id, record.name, problem)


class _Health(NamedTuple):
    name: str
    message: str
    type: str
    server: str
    vcenter: str


def _health(estate: VSphereEstate) -> Iterator[_Health]:
    """What is missing or odd of vSphere; then the snapshots and consolidations that wait."""
    for told in problems(estate.inv):
        problem = told.problem
        if problem.platform not in (VSPHERE, ""):
            continue
        name = told.name or problem.scope or problem.source
        said = ": ".join(filter(None, (problem.kind, problem.error, problem.message)))
        yield _Health(name, said, "Problem", problem.source, vcenter_of(told.record_id or problem.scope))
    for machine in estate.machines:
        for said, kind in _advice(machine.vm):
            yield _Health(machine.name, said, kind, machine.server, machine.vcenter)


def _advice(vm: Any) -> Iterator[tuple[str, str]]:
    if vm.snapshots:
        oldest = min((snapshot.created_at for snapshot in vm.snapshots if snapshot.created_at), default=None)
        since = f", the oldest of {oldest:%Y-%m-%d}" if oldest else ""
        yield count_of("snapshot", len(vm.snapshots)) + since, "Snapshot"
    if vm.consolidation_needed:
        yield "its disks need consolidation", "Consolidation"
    for device in vm.devices:
        if device.connected and device.kind in ("cdrom", "floppy", "usb"):
            yield f"{device.name} is connected: it may keep the machine from moving", device.kind
    if vm.question:
        yield f"it waits for an answer: {vm.question}", "Question"


class _Meta(NamedTuple):
    version: str
    taken_at: datetime
    server: str


def _metadata(estate: VSphereEstate) -> Iterator[_Meta]:
    """Who wrote this, of which moment, and from which vCenters; a row even where there is none."""
    for server in [server for server, _ in estate.vcenters] or [""]:
        yield _Meta(__version__, estate.inv.taken_at, server)


_VHEALTH: dict[str, Callable[[_Health], object]] = {
    "Name": lambda row: row.name,
    "Message": lambda row: row.message,
    "Message type": lambda row: row.type,
    "VI SDK Server": lambda row: row.server,
    "VI SDK UUID": lambda row: row.vcenter,
}
_VMETADATA: dict[str, Callable[[_Meta], object]] = {
    "RVTools major version": lambda row: f"{_KIND} {row.version.partition('.')[0]}",
    "RVTools version": lambda row: f"{_KIND} {row.version}",
    "xlsx creation datetime": lambda row: row.taken_at,
    "Server": lambda row: row.server,
}
_VSOURCE: dict[str, Callable[[tuple[str, str]], object]] = {
    "Name": lambda row: row[0],
    "VI SDK Server": lambda row: row[0],
    "VI SDK UUID": lambda row: row[1],
}

SHEETS = (
    Sheet("vSource", lambda estate: estate.vcenters, _VSOURCE),
    Sheet("vFileInfo", lambda _: (), {}),
    Sheet("vHealth", _health, _VHEALTH),
    Sheet("vMetaData", _metadata, _VMETADATA),
)
