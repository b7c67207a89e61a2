"""VirtualDisk devices → disks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.model import Allocation, Disk
from hybridinv.wire.reading import uuid_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hybridinv.wire.vim.fields import Fields
    from hybridinv.wire.vim.layout import Layout
    from hybridinv.wire.vim.tree import Tree

_RAW = ("VirtualDiskRawDisk", "VirtualDiskPartitionedRawDisk")
_NO_LIMITS = Allocation()
_UNLIMITED = "-1"


def read_disk(device: Fields, devices: Mapping[str, Fields], layout: Layout | None, tree: Tree) -> Disk:
    """A disk, with its controller among the machine's `devices` by key."""
    backing = device.at("backing")
    controller = devices.get(device.text("controllerKey"))
    key, capacity = device.text("key"), device.size("capacityInBytes")
    length, chain = _chain(backing) if device.get("backing") else (None, ())
    is_raw = backing.text("_type").startswith(_RAW)
    return Disk(
        name=device.at("deviceInfo").text("label"),
        native_id=key,
        capacity_bytes=device.size("capacityInKB", 1024) if capacity is None else capacity,
        datastore_id=tree.id_of(backing.text("datastore")),
        path=backing.text("fileName") or backing.text("descriptorFileName"),
        thin=backing.truth("thinProvisioned"),
        mode=backing.text("diskMode"),
        sharing=backing.text("sharing"),
        is_raw=is_raw,
        chain_length=length,
        chain=chain,
        size_bytes=layout.of_disk(key) if layout else None,
        uuid=uuid_text(backing.text("uuid")),
        controller=controller.at("deviceInfo").text("label") if controller else "",
        controller_type=controller.text("_type") if controller else "",
        bus_sharing=controller.text("sharedBus") if controller else "",
        unit_number=device.number("unitNumber"),
        raw_mode=backing.text("compatibilityMode"),
        raw_device=(backing.text("deviceName") or backing.text("lunUuid")) if is_raw else "",
        eagerly_zeroed=backing.truth("eagerlyScrub"),
        write_through=backing.truth("writeThrough"),
        is_encrypted=backing.get("keyId") is not None if length else None,
        io=read_allocation(device, "storageIOAllocation"),
    )


def _chain(backing: Fields) -> tuple[int, tuple[str, ...]]:
    """How many backings there are, from the one that is written down to the base, and their files."""
    length, files = 1, [backing.text("fileName")]
    while backing.get("parent") is not None:
        backing = backing.at("parent")
        length += 1
        files.append(backing.text("fileName"))
    return length, tuple(filter(None, files))


def read_allocation(fields: Fields, name: str, times: int = 1) -> Allocation:
    """A `ResourceAllocationInfo` or `StorageIOAllocationInfo`; a limit of -1 is none."""
    if fields.get(name) is None:
        return _NO_LIMITS
    found = fields.at(name)
    shares = found.at("shares")
    return Allocation(
        reservation=found.number("reservation", times),
        limit=None if found.get("limit") == _UNLIMITED else found.number("limit", times),
        shares=shares.number("shares"),
        level=shares.text("level"),
        expandable=found.truth("expandableReservation"),
    )
