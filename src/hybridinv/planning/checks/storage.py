"""Whether the hosts reach the datastores they have to, and the target has room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.planning.checks.faults import found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hybridinv.model import Datastore, Disk, Finding, Host
    from hybridinv.planning.move import Move

_NORMAL = frozenset({"", "normal"})
_READ_ONLY = "readOnly"
_ANOTHER = "give a datastore that it mounts"


def check_places(move: Move) -> Iterator[Finding]:
    """Whether the hosts see the datastores they have to, and may write there."""
    source, destination, datastore = move.source, move.destination, move.datastore
    if source and datastore and not move.host_changes:
        yield from _check_own_host(move, source, datastore)
    elif destination and datastore:
        yield from _check_mount(move, destination, datastore.id, _ANOTHER)
    if destination and move.host_changes and not datastore:
        if not move.datastore_ids:
            message = f"the datastores of {move.vm.name} are not in this inventory; they are taken to be shared"
            yield from found("DisksUnknown", move.vm.id, message, move.state)
        for datastore_id in move.datastore_ids:
            yield from _check_mount(move, destination, datastore_id, "")
    if datastore and move.disks_move:
        yield from _check_target(move, datastore)


def _check_own_host(move: Move, source: Host, datastore: Datastore) -> Iterator[Finding]:
    if not move.rehosted:
        yield from _check_mount(move, source, datastore.id, "give to_host= with a host that mounts it")
    elif move.destination:
        message = (
            f"{source.name} does not mount {datastore.name}, so the machine has to go to a host that does; "
            f"planned with {move.destination.name}"
        )
        remedy = "give to_host= to choose the host"
        yield from found("CannotAccessVmDisk", datastore.id, message, move.state, lesser=True, remedy=remedy)


def _check_mount(move: Move, host: Host, datastore_id: str, remedy: str) -> Iterator[Finding]:
    datastore = move.index.datastores.get(datastore_id)
    name = datastore.name if datastore else datastore_id
    seen = move.index.sees(host, datastore_id)
    if seen is False:
        message = f"{host.name} does not mount {name}"
        yield from found("CannotAccessVmDisk", datastore_id, message, move.state, remedy=remedy)
    elif seen is None:
        message = f"which hosts mount {name} is not in this inventory; {host.name} is taken to"
        yield from found("DatastoreHostsUnknown", datastore_id, message, move.state)
    elif datastore and datastore.mounts:
        mount = move.index.mount(host, datastore)
        if mount and mount.access_mode == _READ_ONLY:
            message = f"{host.name} has {name} mounted read-only"
            yield from found("DatastoreNotWritableOnHost", datastore_id, message, move.state)


def _check_target(move: Move, datastore: Datastore) -> Iterator[Finding]:
    if datastore.accessible is False:
        yield from found("InaccessibleDatastore", datastore.id, f"{datastore.name} is not accessible", move.state)
    if datastore.maintenance_mode not in _NORMAL:
        message = f"{datastore.name}: {datastore.maintenance_mode}"
        yield from found("InvalidDatastoreState", datastore.id, message, move.state)
    yield from _check_space(move, datastore)


def _check_space(move: Move, datastore: Datastore) -> Iterator[Finding]:
    """Room for what is copied; thin disks may grow up to their capacity."""
    if datastore.free_bytes is None:
        return
    sizes = [_sizes(disk) for disk in move.moving_disks]
    surely, at_most = sum(least for least, _ in sizes), sum(most for _, most in sizes)
    if at_most <= datastore.free_bytes:
        return
    free, needed = (f"{size / 1024**3:,.0f} GiB" for size in (datastore.free_bytes, at_most))
    sure = surely > datastore.free_bytes
    message = f"{datastore.name} has {free} free; the disks of {move.vm.name} take " + (
        needed if sure else f"up to {needed}, as some are thin or may be"
    )
    yield from found("NoDiskSpace", datastore.id, message, move.state, lesser=not sure)


def _sizes(disk: Disk) -> tuple[int, int]:
    """What a disk takes at least and at most; of a raw mapping only a small file moves."""
    if disk.is_raw:
        return 0, 0
    capacity, now = disk.capacity_bytes or 0, disk.size_bytes
    if disk.thin is False:
        return max(capacity, now or 0), max(capacity, now or 0)
    return now or 0, max(capacity, now or 0)
