"""Clusters, datastores and networks: rows → records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import attrs

from hybridinv.model import Cluster, Datastore, Network
from hybridinv.wire.vim.hosts import distributed_vlan
from hybridinv.wire.vim.tree import Tree, body_of, entity_name, problems_of

if TYPE_CHECKING:
    from hybridinv.wire.reading import Body
    from hybridinv.wire.soap import Row


def read_cluster(row: Row, tree: Tree) -> Cluster:
    """A cluster, or the compute resource of a standalone host (which has no DRS and no HA)."""
    body = body_of(row)
    is_cluster = row.type == "ClusterComputeResource"
    return Cluster(
        id=tree.id_of(row.id),
        name=entity_name(row) or row.id,
        platform=tree.origin.platform,
        source=tree.origin.source,
        location=tree.location_of(body.text("parent")),
        host_ids=tuple(tree.id_of(host) for host in body.texts("host")),
        drs_enabled=body.truth("configurationEx.drsConfig.enabled") if is_cluster else False,
        drs_behavior=body.text("configurationEx.drsConfig.defaultVmBehavior"),
        ha_enabled=body.truth("configurationEx.dasConfig.enabled") if is_cluster else False,
        evc_mode=body.text("summary.currentEVCModeKey"),
        cpu_cores=body.number("summary.numCpuCores"),
        memory_bytes=body.number("summary.totalMemory"),
        state=body.text("overallStatus"),
        problems=problems_of(row, body, tree, "clusters"),
    )


def read_datastore(row: Row, tree: Tree) -> Datastore:
    """A datastore, with the hosts that have it mounted and accessible."""
    body = body_of(row)
    mounts = list(body.each("host"))
    hosts = [mount.text("key") for mount in mounts if _is_usable(mount)]
    shared = body.truth("summary.multipleHostAccess")
    return Datastore(
        id=tree.id_of(row.id),
        name=entity_name(row) or row.id,
        platform=tree.origin.platform,
        source=tree.origin.source,
        location=tree.location_of(body.text("parent")),
        type=body.text("summary.type"),
        capacity_bytes=body.number("summary.capacity"),
        free_bytes=body.number("summary.freeSpace"),
        host_ids=tuple(tree.id_of(host) for host in hosts),
        # Only a vCenter says it; elsewhere the mounts do.
        shared=(len(hosts) > 1 if mounts else None) if shared is None else shared,
        accessible=body.truth("summary.accessible"),
        maintenance_mode=body.text("summary.maintenanceMode"),
        url=body.text("summary.url"),
        problems=problems_of(row, body, tree, "datastores"),
    )


def _is_usable(mount: Body) -> bool:
    return mount.truth("mountInfo.mounted") is not False and mount.truth("mountInfo.accessible") is not False


@attrs.frozen
class Switches:
    """What networks need of other objects: names of distributed switches, and the hosts' standard port groups."""

    names: Mapping[str, str]
    standard: Mapping[str, tuple[int | None, str]]


def read_switches(rows: Iterable[Row]) -> Switches:
    """Distributed switches by moref; standard port groups by name with VLAN and switch, None where hosts differ."""
    names: dict[str, str] = {}
    standard: dict[str, tuple[int | None, str]] = {}
    for row in rows:
        if row.type.endswith("DistributedVirtualSwitch"):
            names[row.id] = entity_name(row)
        for group in body_of(row).each("config.network.portgroup"):
            name = group.text("spec.name")
            here = (group.number("spec.vlanId"), group.text("spec.vswitchName"))
            there = standard.get(name, here)
            standard[name] = (
                here[0] if here[0] == there[0] else None,
                here[1] if here[1] == there[1] else "",
            )
    return Switches(names, standard)


def read_network(row: Row, tree: Tree, switches: Switches) -> Network:
    """A port group, standard or distributed, or an opaque network."""
    body = body_of(row)
    name = entity_name(row) or row.id
    vlan, switch = switches.standard.get(name, (None, ""))
    kind = "opaque" if row.type == "OpaqueNetwork" else "standard"
    if row.type == "DistributedVirtualPortgroup":
        kind = "distributed"
        vlan = distributed_vlan(body)
        switch = switches.names.get(body.text("config.distributedVirtualSwitch"), "")
    return Network(
        id=tree.id_of(row.id),
        name=name,
        platform=tree.origin.platform,
        source=tree.origin.source,
        location=tree.location_of(body.text("parent")),
        kind=kind,
        vlan_id=vlan,
        switch=switch,
        host_ids=tuple(tree.id_of(host) for host in body.texts("host")),
        problems=problems_of(row, body, tree, "networks"),
    )
