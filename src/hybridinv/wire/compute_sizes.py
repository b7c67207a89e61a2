"""Sizes of virtual machines → CPUs and memory: Azure's list of SKUs, and the older list that a Stack Hub has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.wire.reading import Body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_VIRTUAL_MACHINES = "virtualmachines"


@attrs.frozen(kw_only=True)
class Size:
    """What a machine of a size has; `notes` tell what of it could not be read."""

    cpus: int | None = None
    memory_bytes: int | None = None
    notes: tuple[str, ...] = ()


def plain_location(location: str) -> str:
    """A location as addresses and filters have it: `West Europe` and `WestEurope` are `westeurope`."""
    return "".join(letter for letter in location.lower() if letter.isalnum())


def read_sizes(items: Iterable[dict[str, Any]]) -> dict[str, Size]:
    """The sizes in a list of SKUs, by name in lower case.

    Of a size with fewer CPUs in use than it is built with (`E32-16s_v3`) those in use count. A name that is listed
    again, with other zones or restrictions, adds what the first did not say.
    API: `Microsoft.Compute/skus`, `capabilities[]` vCPUsAvailable, vCPUs, MemoryGB.
    """
    return _by_name((item for item in items if _is_machine(item)), _sku)


def read_hub_sizes(items: Iterable[dict[str, Any]]) -> dict[str, Size]:
    """The sizes in a location's list, by name in lower case. API: `locations/vmSizes`, numberOfCores, memoryInMB."""
    return _by_name(items, _vm_size)


def _is_machine(item: dict[str, Any]) -> bool:
    return str(item.get("resourceType")).lower() == _VIRTUAL_MACHINES


def _by_name(items: Iterable[dict[str, Any]], read: Callable[[Body], Size]) -> dict[str, Size]:
    found: dict[str, Size] = {}
    for item in items:
        body = Body(item)
        name, size = body.text("name").lower(), read(body)
        known = found.get(name, size)
        if name:
            found[name] = Size(
                cpus=size.cpus if known.cpus is None else known.cpus,
                memory_bytes=size.memory_bytes if known.memory_bytes is None else known.memory_bytes,
                notes=known.notes,
            )
    return found


def _sku(sku: Body) -> Size:
    named = {one.text("name").lower(): one.look("value") for one in sku.each("capabilities")}
    capabilities = Body({name: named.get(name.lower()) for name in ("vCPUsAvailable", "vCPUs", "MemoryGB")}, sku.notes)
    cpus = capabilities.amount("vCPUsAvailable", "vCPUs")
    return Size(cpus=cpus, memory_bytes=capabilities.gigabytes("MemoryGB"), notes=tuple(sku.notes))


def _vm_size(size: Body) -> Size:
    cpus, memory = size.amount("numberOfCores"), size.amount("memoryInMB", times=2**20)
    return Size(cpus=cpus, memory_bytes=memory, notes=tuple(size.notes))
