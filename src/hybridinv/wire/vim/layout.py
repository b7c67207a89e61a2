"""The files of a machine (`layoutEx`): how much of them belongs to each disk and each snapshot."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hybridinv.wire.vim.fields import Fields


class Layout:
    """Sizes by disk and by snapshot, where `layoutEx` was asked for; all unknown where it was not."""

    def __init__(self, fields: Fields) -> None:
        self._sizes = {file.text("key"): file.number("size") for file in fields.each("layoutEx.file")}
        self._disks = {disk.text("key"): _chain(disk) for disk in fields.each("layoutEx.disk")}
        self._snapshots = {one.text("key"): one for one in fields.each("layoutEx.snapshot")}
        self._frozen = {key: [_chain(disk) for disk in one.each("disk")] for key, one in self._snapshots.items()}

    def of_disk(self, key: str) -> int | None:
        """The size of all files of a disk, snapshots' files among them, by the device's key."""
        return self._sum(self._disks.get(key, ()))

    def of_snapshot(self, moref: str, parent: str, *, is_current: bool) -> int | None:
        """The size of the files that came with a snapshot; None where `layoutEx` does not know it.

        That is its data (`.vmsn`), its memory (`.vmem`), and the disk files written between its parent and it: those of
        its chains that its parent's chains do not have. A first snapshot has none, as its chains are the disks
        themselves. The current one has those that are written now, too: the files on top of any snapshot's chain. Disks
        that came later, or are left out of snapshots, do not count. So the sizes of a machine's snapshots add up to
        what they cost. (VMware's `govc snapshot.tree -s` counts like this, but leaves out memory.)
        """
        snapshot = self._snapshots.get(moref)
        if snapshot is None:
            return None
        files = {snapshot.text("dataKey"), snapshot.text("memoryKey")}
        files |= _on_top(self._frozen[moref], self._frozen.get(parent, ()))
        if is_current:
            files |= _on_top(self._disks.values(), chain.from_iterable(self._frozen.values()))
        return self._sum(files)

    def has_memory(self, moref: str) -> bool | None:
        """Whether a snapshot has a file of memory; memory may also be part of its data, then nobody knows."""
        snapshot = self._snapshots.get(moref)
        key = snapshot.number("memoryKey") if snapshot else None
        return None if key is None else key >= 0

    def _sum(self, keys: Iterable[str]) -> int | None:
        known = [size for size in map(self._sizes.get, keys) if size is not None]
        return sum(known) if known else None


def _chain(disk: Fields) -> tuple[str, ...]:
    return tuple(key for link in disk.each("chain") for key in link.texts("fileKey"))


def _on_top(chains: Iterable[tuple[str, ...]], bases: Iterable[tuple[str, ...]]) -> set[str]:
    """The files of those chains that build on one of the bases, without the bases' own."""
    below = set(chain.from_iterable(bases))
    return {key for links in chains if not below.isdisjoint(links) for key in links if key not in below}
