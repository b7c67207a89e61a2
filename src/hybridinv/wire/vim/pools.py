"""ResourcePool and VirtualApp rows → resource pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.model import Allocation, ResourcePool
from hybridinv.wire.vim.tree import Tree, body_of, entity_name, problems_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hybridinv.wire.reading import Body
    from hybridinv.wire.soap import Row

_MEBIBYTE = 1024**2


def read_resource_pools(rows: Iterable[Row], tree: Tree) -> list[ResourcePool]:
    """Resource pools and vApps; their paths are made of each other's names."""
    kept = list(rows)
    above = {row.id: (entity_name(row) or row.id, str(row.properties.get("parent") or "")) for row in kept}
    return [_pool(row, tree, above) for row in kept]


def _pool(row: Row, tree: Tree, above: Mapping[str, tuple[str, str]]) -> ResourcePool:
    body = body_of(row)
    owner, parent = body.text("owner"), body.text("parent")
    return ResourcePool(
        id=tree.id_of(row.id),
        name=entity_name(row) or row.id,
        platform=tree.origin.platform,
        source=tree.origin.source,
        location=tree.location_of(owner),
        kind="vapp" if row.type == "VirtualApp" else "resource-pool",
        path=_path(row.id, above),
        cluster_id=tree.id_of(owner),
        parent_id=tree.id_of(parent) if parent in above else "",
        vm_ids=tuple(tree.id_of(vm) for vm in body.texts("vm")),
        cpu_allocation=_allocation(body.at("config.cpuAllocation")),
        memory_allocation=_allocation(body.at("config.memoryAllocation"), _MEBIBYTE),
        configured_memory_bytes=body.number("summary.configuredMemoryMB", times=_MEBIBYTE),
        cpu_usage_mhz=body.number("runtime.cpu.overallUsage"),
        max_cpu_mhz=body.number("runtime.cpu.maxUsage"),
        memory_usage_bytes=body.number("runtime.memory.overallUsage"),
        max_memory_bytes=body.number("runtime.memory.maxUsage"),
        state=body.text("runtime.overallStatus"),
        tags=tree.tags_of(row.id),
        custom_attributes=tree.attributes_of(body),
        problems=problems_of(row, body, tree, "resource_pools"),
    )


def _path(moref: str, above: Mapping[str, tuple[str, str]]) -> str:
    names: dict[str, str] = {}
    while moref in above and moref not in names:
        names[moref], moref = above[moref]
    return "/".join(reversed(names.values()))


def _allocation(body: Body, unit: int = 1) -> Allocation:
    """What a pool is promised; memory comes in MB, and a limit of -1 is none."""
    limit = body.number("limit", times=unit)
    return Allocation(
        reservation=body.number("reservation", times=unit),
        limit=None if limit is None or limit < 0 else limit,
        shares=body.number("shares.shares"),
        level=body.text("shares.level"),
        expandable=body.truth("expandableReservation"),
    )
