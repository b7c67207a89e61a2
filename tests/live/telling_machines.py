"""What the truth tells of machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybridinv.model import Agent, AgentStatus, Device, Disk, Nic, OSType, Partition, Snapshot
from live.telling import POWER, UNSAID, Telling, moment

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT = {
    "disk.EnableUUID", "sched.cpu.latencySensitivity", "numa.autosize.vcpu.maxPerVirtualNode",
    "pciPassthru.use64bitMMIO", "pciPassthru.64bitMMIOSizeGB", "pciPassthru0.cfg.enable_profiling",
}  # fmt: skip
"""Of the settings that the scenes give machines, those that matter to a move."""

HIDDEN: dict[str, dict[str, Any]] = {
    "config.hardware.device": {"disks": (), "nics": (), "devices": (), "has_tpm": None},
    "guest": {"hostname": "", "domain": "", "ip_addresses": (), "partitions": (), "agent": UNSAID, "guest_state": ""},
}
"""What is not known of a machine where the account may not read a property."""

DETAILS = (
    "config_path", "managed_by", "cores_per_socket", "cpu_allocation", "memory_allocation", "cpu_hot_add",
    "cpu_hot_remove", "memory_hot_add", "latency_sensitivity", "nested_virtualization", "performance_counters",
    "secure_boot", "has_tpm", "devices", "partitions", "settings", "evc_mode", "features", "is_encrypted",
    "migrate_encryption", "cpu_affinity", "memory_affinity", "fault_tolerance", "swap_placement",
    "tools_installer_mounted", "heartbeat", "guest_state", "suspended_at", "ha_protected", "consolidation_needed",
    "change_tracking", "committed_bytes", "uncommitted_bytes", "unshared_bytes", "cpu_usage_mhz",
    "memory_active_bytes", "memory_consumed_bytes", "memory_ballooned_bytes", "memory_swapped_bytes", "uptime_seconds",
)  # fmt: skip
"""What the truth has no word of where it has no `details`."""


def machine(telling: Telling, vm: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of one machine."""
    hostname = vm["guest_hostname"] or ""
    fields = {
        **telling.labelled(vm),
        "host_id": telling.id(vm["host_moref"]),
        # The cluster is that of the host; without one, only the resource pool leads there.
        "cluster_id": telling.id(vm["cluster_moref"]) if vm["host_moref"] else "",
        "folder": vm["folder"],
        "power_state": POWER[vm["power_state"]],
        "connection_state": vm["connection_state"],
        "os_type": family(vm["guest_full_name"]),
        "os_name": vm["guest_full_name"] or "",
        "cpus": vm["cpus"],
        "memory_bytes": vm["memory_bytes"],
        "bios_uuid": vm["uuid"] or "",
        "instance_uuid": vm["instance_uuid"] or "",
        "native_id": vm["moref"],
        "hostname": hostname,
        "domain": hostname.partition(".")[2],
        "ip_addresses": tuple(vm["ip_addresses"]),
        "disks": tuple(disk(telling, vm, one) for one in vm["disks"]),
        "nics": tuple(nic(telling, one) for one in vm["nics"]),
        "snapshots": tuple(snapshot(telling, vm, one) for one in vm["snapshots"]),
        "agent": agent(telling, vm),
        "is_template": vm["template"],
        "is_virtual": True,
        "created_at": moment(vm["created"]),
        "booted_at": moment(vm["boot_time"]),
        "hardware_version": vm["hardware_version"] or "",
        "firmware": vm["firmware"] or "",
        "annotation": vm["annotation"],
        "resource_pool_id": telling.id(vm["resource_pool_moref"]),
        "resource_pool": "/".join(vm["resource_pool_path"]),
        "vapp": vm["vapp_name"],
        "health": vm["overall_status"],
        "disabled_methods": tuple(name for name in vm["disabled_methods"] if "Migrate" in name or "Relocate" in name),
        "question": vm["question"],
        **details(telling, vm),
    }
    if vm.get("awkward") == "no-config":
        fields["booted_at"] = UNSAID
    for path in vm.get("hidden", ()):
        fields |= HIDDEN[path]
        if path == "guest":
            fields["nics"] = tuple(nic(telling, {**one, "ip_addresses": []}) for one in vm["nics"])
    return fields


def family(full_name: str | None) -> OSType:
    if not full_name:
        return OSType.UNKNOWN
    return OSType.WINDOWS if "Windows" in full_name else OSType.LINUX


def details(telling: Telling, vm: Mapping[str, Any]) -> dict[str, Any]:
    told = vm["details"]
    if told is None:
        return dict.fromkeys(DETAILS, UNSAID)
    manager = told["managed_by"]
    same = (
        "config_path", "cores_per_socket", "cpu_hot_add", "cpu_hot_remove", "memory_hot_add", "latency_sensitivity",
        "nested_virtualization", "performance_counters", "secure_boot", "has_tpm", "evc_mode", "migrate_encryption",
        "fault_tolerance", "swap_placement", "tools_installer_mounted", "heartbeat", "guest_state", "ha_protected",
        "consolidation_needed", "change_tracking", "committed_bytes", "uncommitted_bytes", "unshared_bytes",
    )  # fmt: skip
    usage = (
        "cpu_usage_mhz", "memory_active_bytes", "memory_consumed_bytes", "memory_ballooned_bytes",
        "memory_swapped_bytes", "uptime_seconds",
    )  # fmt: skip
    return {
        **{name: told[name] for name in same},
        **{name: sent(told[name]) for name in usage},
        "managed_by": f"{manager['extension_key']} {manager['type']}" if manager else "",
        "cpu_allocation": telling.allocation(told["cpu_allocation"]),
        "memory_allocation": telling.allocation(told["memory_allocation"]),
        "devices": tuple(device(telling, one) for one in told["devices"]),
        "partitions": tuple(partition(telling, one) for one in told["partitions"]),
        "settings": {one["key"]: one["value"] for one in told["extra_config"] if one["key"] in KEPT},
        "features": tuple(f"{one['key']} {one['value']}" for one in told["features"]),
        "is_encrypted": told["encryption"] is not None,
        "cpu_affinity": tuple(map(str, told["cpu_affinity"])),
        "memory_affinity": tuple(map(str, told["memory_affinity"])),
        "suspended_at": moment(told["suspended_at"]),
    }


def sent(number: int) -> int | None:
    """The simulator's library leaves out a number that is optional and zero; nobody can tell it from an unknown one."""
    return number or None


def disk(telling: Telling, vm: Mapping[str, Any], one: Mapping[str, Any]) -> Disk:
    return telling.made(
        Disk,
        name=one["label"],
        native_id=str(one["key"]),
        capacity_bytes=one["capacity_bytes"],
        datastore_id=telling.id(one["datastore_moref"]),
        path=one["file"],
        chain_length=one["chain_length"],
        chain=one["chain"],
        size_bytes=one["size_bytes"] if vm["details"] else None,
        thin=one["thin"],
        mode=one["mode"],
        sharing=one["sharing"],
        is_raw=one["is_raw"],
        raw_mode=one["raw_mode"],
        raw_device=one["raw_device"],
        uuid=one["uuid"],
        controller=one["controller"],
        controller_type=one["controller_type"],
        bus_sharing=one["bus_sharing"],
        unit_number=one["unit_number"],
        eagerly_zeroed=one["eagerly_zeroed"],
        write_through=one["write_through"],
        is_encrypted=bool(one["key_id"]),
        io=telling.allocation(
            {
                "reservation": 0,
                "limit": one["io_limit"],
                "shares": one["io_shares"],
                "level": one["io_level"],
                "expandable": None,
            }
        ),
    )


def nic(telling: Telling, one: Mapping[str, Any]) -> Nic:
    return telling.made(
        Nic,
        name=one["label"],
        mac_address=one["mac"],
        network_id=telling.id(one["network_moref"]),
        ip_addresses=one["ip_addresses"],
        connected=one["connected"],
        type=one["type"],
        starts_connected=one["starts_connected"],
        mac_type=one["mac_type"],
        # A port of a distributed switch does not say.
        is_passthrough=None if one["switch_uuid"] else one["is_passthrough"],
        switch=one["switch_uuid"],
    )


def snapshot(telling: Telling, vm: Mapping[str, Any], one: Mapping[str, Any]) -> Snapshot:
    has_layout = vm["details"] is not None
    return telling.made(
        Snapshot,
        name=one["name"],
        created_at=moment(one["created"]),
        description=one["description"],
        size_bytes=size(vm, one) if has_layout else None,
        parent=one["parent"] or "",
        native_id=one["moref"],
        parent_id=one["parent_moref"],
        is_current=one["current"],
        power_state=one["power_state"],
        quiesced=one["quiesced"],
        has_memory=one["has_memory"] if has_layout else None,
    )


def size(vm: Mapping[str, Any], one: Mapping[str, Any]) -> int:
    """What came with a snapshot; the first one's disk files are the disks themselves.

    The current one has what was written since, too: all files of the disks that grow, without those that were frozen.
    """
    own: int = one["data_bytes"] + one["memory_bytes"]
    if one["parent_moref"]:
        own += one["disk_bytes"]
    if one["current"]:
        frozen, above = 0, one
        while above:
            frozen += above["disk_bytes"]
            above = next((other for other in vm["snapshots"] if other["moref"] == above["parent_moref"]), None)
        own += sum(disk["size_bytes"] for disk in vm["disks"] if disk["chain_length"] > 1) - frozen
    return own


def agent(telling: Telling, vm: Mapping[str, Any]) -> Any:
    words = {
        "toolsOk": (AgentStatus.READY, "guestToolsCurrent"),
        "toolsOld": (AgentStatus.READY, "guestToolsSupportedOld"),
        "toolsNotInstalled": (AgentStatus.NOT_INSTALLED, "guestToolsNotInstalled"),
        "toolsNotRunning": (AgentStatus.NOT_READY, None),
        "": (AgentStatus.UNKNOWN, ""),
    }
    status, installed = words[vm["tools_status"]]
    if installed is None:
        installed = "guestToolsSupportedOld" if vm["tools_version"] == "10346" else "guestToolsCurrent"
    policies = {"manual": False, "upgradeAtPowerCycle": True}
    if vm["details"] is None:
        return UNSAID
    return telling.made(
        Agent,
        kind="vmware-tools",
        version="" if vm["tools_version"] == "0" else vm["tools_version"],
        status=status,
        message=", ".join(filter(None, (vm["tools_running_status"], installed))),
        auto_upgrade=policies[vm["details"]["tools_upgrade_policy"]],
    )


def device(telling: Telling, one: Mapping[str, Any]) -> Device:
    return telling.made(
        Device,
        name=one["label"],
        kind=one["kind"],
        # A profile has a kind of its own, and its backing no other name than that of its type.
        backing=one["backing"],
        path=one["path"],
        datastore_id=telling.id(one["datastore_moref"]),
        connected=one["connected"],
        starts_connected=one["starts_connected"],
        migratable=one["migratable"],
    )


def partition(telling: Telling, one: Mapping[str, Any]) -> Partition:
    return telling.made(
        Partition,
        path=one["path"],
        capacity_bytes=one["capacity_bytes"],
        free_bytes=one["free_bytes"],
        filesystem=one["filesystem"],
        disks=tuple(map(str, one["disk_keys"])),
    )
