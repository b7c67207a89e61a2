"""How much of each kind of data a migration moves, and how far to trust that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.model.migration import DataKind, MigrationState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hybridinv.model import Disk
    from hybridinv.planning.move import Move

_NOW = "the files as large as they are now"
_AT_MOST = "at most: the capacity of the disks, not what is written"
_AT_MOST_BELOW = "at most: the capacity once for each file below the active one"
_TOGETHER = "of disks with snapshots all files together: how large the active one is, is not known"
_COUNTED_AS_COLD = "the active files of disks with snapshots are counted with the cold data"
_MAPPING = "of raw mappings only a small file"


def amount(move: Move, data: DataKind) -> tuple[int | None, str]:
    """The bytes of that data, and what they are: None where they are not known or not worth counting."""
    if data is DataKind.MEMORY:
        hot = move.state is MigrationState.HOT
        again = "configured memory, once; pages that change meanwhile are sent again"
        return move.vm.memory_bytes, again if hot else "at most the configured memory"
    if data is DataKind.CONFIG and move.swap_moves and move.vm.memory_bytes is not None:
        reserved = move.vm.memory_allocation.reservation or 0
        return max(move.vm.memory_bytes - reserved, 0), "the swap file: at most the memory that is not reserved"
    if data in (DataKind.CONFIG, DataKind.CONTROL):
        return None, ""
    if not move.vm.disks:
        return None, "the machine's disks are not in this inventory"
    return _disks(move.moving_disks, _active if data is DataKind.ACTIVE_DISK else _cold)


def _disks(disks: Iterable[Disk], count: Callable[[Disk], tuple[int | None, str]]) -> tuple[int | None, str]:
    counted = [count(disk) for disk in disks]
    note = "; ".join(dict.fromkeys(note for _, note in counted if note))
    sizes = [size for size, _ in counted]
    known = [size for size in sizes if size is not None]
    return (sum(known) if len(known) == len(sizes) else None), note


def _active(disk: Disk) -> tuple[int | None, str]:
    if disk.is_raw:
        return 0, _MAPPING
    if disk.size_bytes is None or disk.chain_length is None:
        return disk.capacity_bytes, _AT_MOST
    return (disk.size_bytes, _NOW) if disk.chain_length == 1 else (0, _COUNTED_AS_COLD)


def _cold(disk: Disk) -> tuple[int | None, str]:
    if disk.is_raw or disk.chain_length == 1:
        return 0, ""
    if disk.chain_length is None:
        return None, ""
    if disk.size_bytes is not None:
        return disk.size_bytes, f"{_NOW}; {_TOGETHER}"
    below = disk.chain_length - 1
    return (None if disk.capacity_bytes is None else disk.capacity_bytes * below), _AT_MOST_BELOW
