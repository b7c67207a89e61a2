"""What the truth tells of clusters, datastores, networks, switches, resource pools and licences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybridinv.model import ClusterGroup, ClusterRule, Mount, PortGroup, VmOverride
from live.telling import UNSAID, Telling, moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

POLICIES = {
    "ClusterFailoverLevelAdmissionControlPolicy": "slots",
    "ClusterFailoverResourcesAdmissionControlPolicy": "percentage",
    "ClusterFailoverHostAdmissionControlPolicy": "failover-hosts",
    "": "",
}
AS_THE_CLUSTER = ("clusterRestartPriority", "clusterIsolationResponse")
SECURITY = ("promiscuous", "mac_changes", "forged_transmits")

HIDDEN: dict[str, dict[str, Any]] = {
    "summary": {
        "type": "", "capacity_bytes": None, "free_bytes": None, "uncommitted_bytes": None, "accessible": None,
        "maintenance_mode": "", "url": "", "shared": UNSAID,
    },
}  # fmt: skip
"""What is not known of a datastore where the account may not read a property."""


def cluster(telling: Telling, one: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of one cluster."""
    same = (
        "drs_enabled", "drs_behavior", "ha_enabled", "evc_mode", "cpu_cores", "memory_bytes", "cpu_mhz", "cpu_threads",
        "effective_cpu_mhz", "effective_memory_bytes", "effective_hosts", "drs_overrides_allowed",
        "ha_admission_control", "ha_failover_level", "ha_cpu_reserve_percent", "ha_memory_reserve_percent",
        "ha_host_monitoring", "ha_vm_monitoring", "ha_restart_priority", "ha_isolation_response", "swap_placement",
    )  # fmt: skip
    return {
        **telling.labelled(one),
        **{name: one[name] for name in same},
        "host_ids": telling.ids(one["hosts"]),
        "state": one["overall_status"],
        "drs_migration_threshold": one["drs_vmotion_rate"],
        "ha_admission_policy": POLICIES[one["ha_admission_policy"]],
        "ha_failover_host_ids": telling.ids(one["ha_failover_hosts"]),
        "vsan_enabled": one["vsan_enabled"],
        "rules": tuple(rule(telling, each) for each in one["rules"]),
        "groups": tuple(group(telling, each) for each in one["groups"]),
        "overrides": tuple(overrides(telling, one)),
    }


def rule(telling: Telling, one: Mapping[str, Any]) -> ClusterRule:
    return telling.made(
        ClusterRule,
        name=one["name"],
        kind=one["kind"],
        enabled=one["enabled"],
        mandatory=one["mandatory"],
        vm_ids=telling.ids(one["vms"]),
        host_ids=telling.ids(one["hosts"]),
        depends_on_vm_ids=telling.ids(one["depends_on"]),
    )


def group(telling: Telling, one: Mapping[str, Any]) -> ClusterGroup:
    return telling.made(
        ClusterGroup,
        name=one["name"],
        kind="host" if one.get("hosts") else "vm",
        vm_ids=telling.ids(one.get("vms") or ()),
        host_ids=telling.ids(one.get("hosts") or ()),
    )


def overrides(telling: Telling, one: Mapping[str, Any]) -> Iterator[VmOverride]:
    drs, ha = ({each["vm"]: each for each in one[key]} for key in ("drs_vms", "ha_vms"))
    for vm in [*drs, *(vm for vm in ha if vm not in drs)]:
        settings = ha.get(vm, {})
        said = {name: settings.get(name, "") for name in ("restart_priority", "isolation_response")}
        behavior = drs.get(vm, {}).get("behavior", "")
        yield telling.made(
            VmOverride,
            vm_id=telling.id(vm),
            drs_behavior="disabled" if vm in drs and not drs[vm]["enabled"] else behavior,
            **{name: "" if value in AS_THE_CLUSTER else value for name, value in said.items()},
        )


def datastore(telling: Telling, one: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of one datastore."""
    same = (
        "type", "capacity_bytes", "free_bytes", "shared", "accessible", "maintenance_mode", "url", "uncommitted_bytes",
        "version", "block_size_mb", "is_ssd", "remote_host", "remote_path", "datastore_cluster", "io_control",
        "congestion_threshold_ms",
    )  # fmt: skip
    usable = [mount["host_moref"] for mount in one["mounts"] if mount["mounted"] and mount["accessible"]]
    fields = {
        **telling.labelled(one),
        **{name: one[name] for name in same},
        "host_ids": telling.ids(usable),
        # Of what is no VMFS, the type says it.
        "is_local": False if one["info_type"] in ("NasDatastoreInfo", "VsanDatastoreInfo") else one["is_local"],
        "mounts": tuple(mount(telling, each) for each in one["mounts"]),
        "extents": tuple(one["extents"]),
        "state": one["overall_status"],
    }
    for path in one.get("hidden", ()):
        fields |= HIDDEN[path]
    return fields


def mount(telling: Telling, one: Mapping[str, Any]) -> Mount:
    told = {name: value for name, value in one.items() if name != "host_moref"}
    return telling.made(Mount, host_id=telling.id(one["host_moref"]), **told)


def network(telling: Telling, one: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of one network."""
    fields = {
        **telling.labelled(one),
        "kind": {"uplink": "distributed"}.get(one["kind"], one["kind"]),
        "vlan_id": one["vlan_id"],
        "vlans": one["vlans"],
        "switch": one["switch"],
        "switch_id": telling.id(one["switch_moref"]),
        "host_ids": telling.ids(one["host_morefs"]),
        "binding": one["binding"],
        "ports": one["ports"],
        "active_uplinks": tuple(one["active_uplinks"]),
        "standby_uplinks": tuple(one["standby_uplinks"]),
        "teaming": one["teaming"],
        "is_uplink": one["kind"] == "uplink" if one["switch_moref"] else None,
        **{name: one[name] for name in SECURITY},
    }
    if one["vlan_kind"] == "private" and telling.detail == "summary":
        # Which primary VLAN goes with it is asked for with full detail.
        fields["vlans"] = one["vlans"].partition(",")[2]
    return fields if one["kind"] != "standard" else {**fields, **agreed(telling, one)}


def agreed(telling: Telling, one: Mapping[str, Any]) -> dict[str, Any]:
    """What all the hosts of a standard network have in common in their port groups; nothing where they differ."""
    groups = [
        group
        for host in telling["hosts"]
        if host["moref"] in one["host_morefs"] and host["details"]
        for group in host["details"]["portgroups"]
        if group["name"] == one["name"]
    ]
    nothing = {"teaming": "", **dict.fromkeys(SECURITY), "active_uplinks": (), "standby_uplinks": ()}
    return {
        name: (tuple(groups[0][name]) if isinstance(empty, tuple) else groups[0][name])
        if all(group[name] == groups[0][name] for group in groups)
        else empty
        for name, empty in nothing.items()
    }


def distributed_switch(telling: Telling, one: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of one distributed switch."""
    same = ("uuid", "version", "vendor", "mtu", "ports", "discovery", "io_control", "lacp", "teaming", "description")
    return {
        **telling.labelled(one),
        **{name: one[name] for name in (*same, *SECURITY)},
        "kind": "distributed",
        "host_ids": telling.ids(one["host_morefs"]),
        "free_ports": None,
        "uplinks": tuple(one["uplinks"]),
        "portgroups": (),
        "lags": tuple(one["lags"]),
        "created_at": moment(one["created_at"]),
    }


def standard_switch(telling: Telling, host: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of one standard switch."""
    groups = [group for group in host["details"]["portgroups"] if group["switch"] == one["name"]]
    nothing = dict.fromkeys(("uuid", "version", "vendor", "lacp", "description"), "")
    return {
        **telling.labelled({"name": one["name"]}),
        **{name: one[name] for name in ("mtu", "ports", "free_ports", "discovery", "teaming", *SECURITY)},
        **nothing,
        "kind": "standard",
        "host_ids": (telling.id(host["moref"]),),
        "uplinks": tuple(one["uplinks"]),
        "portgroups": tuple(
            telling.made(PortGroup, **{name: value for name, value in group.items() if name != "switch"})
            for group in groups
        ),
        "lags": (),
        "io_control": None,
        "created_at": None,
    }


def resource_pool(telling: Telling, one: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of one resource pool or vApp."""
    pools = {pool["moref"] for pool in telling["resource_pools"]}
    same = ("cpu_usage_mhz", "max_cpu_mhz", "memory_usage_bytes", "max_memory_bytes")
    return {
        **telling.labelled(one),
        **{name: one[name] for name in same},
        "kind": one["kind"],
        "path": "/".join(one["path"]),
        "cluster_id": telling.id(one["cluster_moref"]),
        # The cluster's own pool has the cluster above it, and no pool.
        "parent_id": telling.id(one["parent_moref"]) if one["parent_moref"] in pools else "",
        "vm_ids": telling.ids(one["vms"]),
        "cpu_allocation": telling.allocation(one["cpu_allocation"]),
        "memory_allocation": telling.allocation(one["memory_allocation"]),
        "configured_memory_bytes": one["configured_memory_bytes"],
        "state": one["status"],
    }


def license_(telling: Telling, one: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of one licence; its id is made of its key, which nobody may learn from it."""
    evaluation = not one["key"].strip("0-")
    return {
        **telling.common(one),
        "id": UNSAID,
        "key": one["key"][-5:],
        "edition": one["edition"],
        "state": "evaluation" if evaluation else "",
        # None is unlimited, and a zero is not sent.
        "total": one["total"] or None,
        "used": one["used"] or None,
        "unit": one["unit"],
        "expires_at": moment(one["expires_at"]),
        "features": tuple(one["features"]),
        # Hosts and clusters are records; the vCenter itself is not, and keeps its own id.
        "assigned_ids": tuple(
            telling.id(id_) if id_.startswith(("host-", "domain-")) else id_ for id_ in one["assigned_ids"]
        ),
        "labels": one["labels"],
    }
