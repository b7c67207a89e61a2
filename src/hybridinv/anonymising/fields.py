"""What becomes of each text of a record. What is not named here is replaced, so that a new field cannot leak."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from hybridinv import model

if TYPE_CHECKING:
    from collections.abc import Mapping


class Treatment(StrEnum):
    """What becomes of a text."""

    REPLACED = "replaced"
    """By a pseudonym of the same form; the rule."""
    KEPT = "kept"
    """A word of a platform or a vendor, the same for everybody."""
    REMOVED = "removed"
    """Free text, which may hold anything."""
    WORD_BY_WORD = "word_by_word"
    """Several things with blanks between them, each replaced."""
    NUMBER_KEPT = "number_kept"
    """A key that is a number of the platform's; anything else is replaced."""
    IMAGE = "image"
    """`publisher:offer:sku:version` of a known publisher; another image is replaced."""
    SYSTEM = "system"
    """The name of an operating system, which somebody may have written: its known words stay, others are replaced."""
    STATUS = "status"
    """Free text, of which the parts stay that are a platform's words for the state of an agent."""
    SETTINGS = "settings"
    """Known settings with values that are words and numbers; others are replaced."""


_KEPT: Mapping[type, str] = {
    model.Host: "platform vendor model cpu_model hypervisor version build connection_state capabilities size"
    " bios_version power_policy evc_mode max_evc_mode features gpus state profile_compliance room",
    model.VirtualMachine: "platform connection_state size hardware_version firmware kind cloud_provider zones"
    " vendor model os_version os_edition priority license_type esu_status esu_eligibility esu_key_state license_status"
    " product_type latency_sensitivity evc_mode features migrate_encryption cpu_affinity memory_affinity"
    " fault_tolerance swap_placement disabled_methods provisioning_state health heartbeat guest_state",
    model.Agent: "kind version mode desired_version last_upgrade incoming_ports allowed_extensions blocked_extensions"
    " services",
    model.Disk: "mode sharing controller_type bus_sharing raw_mode caching storage_type",
    model.Nic: "type mac_type",
    model.Snapshot: "power_state",
    model.PendingUpdate: "scope status impact",
    model.Device: "kind backing",
    model.Partition: "filesystem",
    model.PhysicalNic: "driver pci",
    model.HostBusAdapter: "type model driver pci status",
    model.Lun: "type vendor model revision state policy",
    model.Allocation: "level",
    model.Extension: "platform publisher type version provisioning_state status read_from",
    model.ExtensionImage: "name platform publisher type version",
    model.VMkernelAdapter: "platform services subnet_mask",
    model.Cluster: "platform drs_behavior evc_mode state ha_admission_policy ha_host_monitoring ha_vm_monitoring"
    " ha_restart_priority ha_isolation_response swap_placement zones",
    model.ClusterRule: "kind",
    model.ClusterGroup: "kind",
    model.VmOverride: "drs_behavior restart_priority isolation_response",
    model.Datastore: "platform type maintenance_mode version state",
    model.Mount: "access_mode reason",
    model.Network: "platform kind vlans binding teaming",
    model.PortGroup: "teaming",
    model.Switch: "platform kind version vendor discovery lacp teaming",
    model.ResourcePool: "platform kind state",
    model.License: "platform edition type target state unit features",
    model.Resource: "platform type kind state version",
    model.Problem: "platform kind error",
    model.Asked: "platform kinds detail",
    model.Answered: "kind by",
}
_REMOVED: Mapping[type, str] = {
    model.VirtualMachine: "annotation maintenance health_reason question",
    model.Snapshot: "description",
    model.Extension: "message",
    model.Switch: "description",
    model.Problem: "message remedy",
}
_OTHERWISE: Mapping[type, Mapping[str, Treatment]] = {
    model.VirtualMachine: {
        "image": Treatment.IMAGE,
        "os_name": Treatment.SYSTEM,
        "managed_by": Treatment.WORD_BY_WORD,
        "settings": Treatment.SETTINGS,
    },
    model.Agent: {"message": Treatment.STATUS},
    model.Disk: {"native_id": Treatment.NUMBER_KEPT},
    model.Partition: {"disks": Treatment.NUMBER_KEPT},
    model.TcpipStack: {"routes": Treatment.WORD_BY_WORD},
    model.Lun: {"paths": Treatment.WORD_BY_WORD},
    model.Network: {"subnets": Treatment.WORD_BY_WORD},
    model.Switch: {"lags": Treatment.WORD_BY_WORD},
}


def treatment(kind: type, field: str) -> Treatment:
    """What becomes of that field's text."""
    if field in _KEPT.get(kind, "").split():
        return Treatment.KEPT
    if field in _REMOVED.get(kind, "").split():
        return Treatment.REMOVED
    return _OTHERWISE.get(kind, {}).get(field, Treatment.REPLACED)
