"""Azure's dedicated hosts and their groups → hosts and clusters."""

from __future__ import annotations

from sys import intern
from typing import Any

from hybridinv.model import Cluster, Host, Tags
from hybridinv.wire.arm import arm_id, own_id, own_name
from hybridinv.wire.reading import Body, Origin


def read_host_group(body: dict[str, Any], origin: Origin) -> Cluster:
    """A host group as a cluster; `UnexpectedAnswer` where it has no id. API: Microsoft.Compute `hostGroups`."""
    item, rid = Body(body), own_id(body)
    properties, id_ = item.at("properties"), arm_id(rid.text)
    return Cluster(
        id=id_,
        name=own_name(item, rid),
        platform=origin.platform,
        source=origin.source,
        location=intern(item.text("location")),
        host_ids=tuple(arm_id(host.text("id")) for host in properties.each("hosts") if host.text("id")),
        zones=item.texts("zones"),
        fault_domains=properties.number("platformFaultDomainCount"),
        tags=item.tags(),
        problems=item.problems(origin, "clusters", id_),
    )


def host_views(group: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The hosts' instance views in a group that was asked for with `$expand=instanceView`, by name in lower case."""
    views = Body(group).at("properties").at("instanceView").each("hosts")
    return {view.text("name").lower(): view.value for view in views}


def read_dedicated_host(body: dict[str, Any], view: dict[str, Any] | None, origin: Origin) -> Host:
    """A dedicated host; `UnexpectedAnswer` where it has no id.

    `view` is its entry in the group's instance view; without, its own counts. Its state is the platform's word for its
    health (`available`, `pending`, …); the machine beneath has no name in Azure. API: `hostGroups/hosts`.
    """
    item, rid = Body(body), own_id(body)
    properties, id_ = item.at("properties"), arm_id(rid.text)
    seen = Body(view, item.notes) if view else properties.at("instanceView")
    return Host(
        id=id_,
        name=own_name(item, rid),
        platform=origin.platform,
        source=origin.source,
        cluster_id=arm_id(rid.parent),
        location=intern(item.text("location")),
        size=intern(item.text("sku.name")),
        state=_state(seen),
        vm_ids=tuple(arm_id(vm.text("id")) for vm in properties.each("virtualMachines") if vm.text("id")),
        fault_domain=properties.number("platformFaultDomain"),
        auto_replaced=properties.truth("autoReplaceOnFailure"),
        room=_room(seen),
        tags=item.tags(),
        problems=item.problems(origin, "hosts", id_),
    )


def _state(view: Body) -> str:
    codes = (status.text("code") for status in view.each("statuses"))
    words = [code.partition("/")[2] for code in codes if code.lower().startswith("healthstate/")]
    return intern(words[-1]) if words else ""


def _room(view: Body) -> Tags:
    """Counts are whole numbers, though the API calls them doubles."""
    fits = ((one.text("vmSize"), one.number("count")) for one in view.at("availableCapacity").each("allocatableVMs"))
    return Tags({size: count for size, count in fits if size and count is not None})
