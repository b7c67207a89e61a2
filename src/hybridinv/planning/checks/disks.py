"""Disks that tie a machine to its host or its datastore: raw, shared, not persistent, with snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.planning.checks.faults import found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hybridinv.model import Disk, Finding, Host, VirtualMachine
    from hybridinv.model.migration import MigrationState
    from hybridinv.planning.move import Move

_PHYSICAL_RDM, _VIRTUAL_RDM = "physicalMode", "virtualMode"
_SHARED_BUSES = frozenset({"virtualSharing", "physicalSharing"})
_MULTI_WRITER = "sharingMultiWriter"
_NOT_PERSISTENT = frozenset({"nonpersistent", "independent_nonpersistent", "undoable", "append"})
_LARGE = 2 * 10**12


def check_disks(
    vm: VirtualMachine, state: MigrationState, moving: tuple[Disk, ...], *, host_changes: bool
) -> Iterator[Finding]:
    """Disks that matter whatever the destination; `moving` are those that go to another datastore."""
    for disk in vm.disks:
        moves = disk in moving
        if not (moves or host_changes):
            continue
        name = f"{disk.name or disk.path or 'a disk'} of {vm.name}"
        if disk.is_raw:
            yield from _check_raw(vm, disk, name, state, moves=moves, host_changes=host_changes)
        if disk.bus_sharing in _SHARED_BUSES:
            lesser = disk.bus_sharing == "physicalSharing" and not moves
            message = f"{name} is on a controller with bus sharing ({disk.bus_sharing})"
            yield from found("SharedBusControllerNotSupported", vm.id, message, state, lesser=lesser)
        if disk.sharing == _MULTI_WRITER:
            yield from found(
                "MultiWriterNotSupported", vm.id, f"{name} is shared by several writers", state, lesser=not moves
            )
        if disk.mode in _NOT_PERSISTENT:
            yield from found("VirtualDiskModeNotSupported", vm.id, f"{name} is {disk.mode}", state, lesser=not moves)
        if disk.mode == "undoable" and moves:
            yield from found("UncommittedUndoableDisk", vm.id, f"{name} is undoable", state)
    if any((disk.chain_length or 1) > 1 for disk in moving):
        longest = max(disk.chain_length or 1 for disk in moving)
        message = f"disks of {vm.name} have snapshots; up to {longest} files each move"
        yield from found("SnapshotChain", vm.id, message, state)


def _check_raw(
    vm: VirtualMachine, disk: Disk, name: str, state: MigrationState, *, moves: bool, host_changes: bool
) -> Iterator[Finding]:
    if host_changes and not disk.raw_mode and not disk.datastore_id:
        yield from found("RawDiskNotSupported", vm.id, f"{name} is a raw disk of its host", state)
    elif moves and disk.raw_mode == _PHYSICAL_RDM:
        message = f"{name} is an RDM in physical mode: its mapping file moves, its data stays on the LUN"
        yield from found("RDMConversionNotSupported", vm.id, message, state)
    elif moves and disk.raw_mode == _VIRTUAL_RDM and (disk.capacity_bytes or 0) >= _LARGE:
        yield from found("LargeRDMConversionNotSupported", vm.id, f"{name} is an RDM of 2 TB or more", state)


def check_raw_disks_there(move: Move) -> Iterator[Finding]:
    """Whether the destination sees the LUNs of the machine's RDMs."""
    source, destination = move.source, move.destination
    if not (source and destination and move.host_changes):
        return
    for disk in move.vm.disks:
        if not (disk.is_raw and disk.raw_device):
            continue
        here, there = _sees(source, disk), _sees(destination, disk)
        if here and there:
            continue
        known = bool(here) and there is False
        doubt = f"{destination.name} does not see" if known else f"whether {destination.name} sees"
        end = "" if known else " is not known"
        message = f"{doubt} the LUN of {disk.name or 'an RDM'} of {move.vm.name}, {disk.raw_device}{end}"
        yield from found("RDMPointsToInaccessibleDisk", destination.id, message, move.state, lesser=not known)


def _sees(host: Host, disk: Disk) -> bool | None:
    """Whether a host sees the LUN of an RDM: a vml name holds the LUN's UUID. None where its LUNs are not known."""
    if not host.luns:
        return None
    return any(
        disk.raw_device == lun.name or (lun.uuid and lun.uuid.lower() in disk.raw_device.lower()) for lun in host.luns
    )
