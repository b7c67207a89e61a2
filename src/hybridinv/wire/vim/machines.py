"""VirtualMachine rows → records."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hybridinv.model import PowerState, Problem, Tags, VirtualMachine
from hybridinv.wire.reading import Body, many, uuid_text
from hybridinv.wire.vim.devices import read_devices
from hybridinv.wire.vim.disks import read_allocation
from hybridinv.wire.vim.fields import Fields
from hybridinv.wire.vim.guest import domain_of, os_type, read_addresses, read_partitions, read_tools
from hybridinv.wire.vim.layout import Layout
from hybridinv.wire.vim.snapshots import read_snapshots
from hybridinv.wire.vim.tree import Tree, entity_name, odd, problems_of, unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hybridinv.wire.soap import Row

    _Reads = Mapping[str, tuple[str, Callable[[Fields, str], Any]]]

_POWER = {
    "poweredOn": PowerState.RUNNING,
    "poweredOff": PowerState.STOPPED,
    "suspended": PowerState.SUSPENDED,
}
_ODD = {
    "disconnected": "its host is disconnected; what is shown is what vCenter last knew",
    "orphaned": "orphaned: vCenter knows it, its host does not",
    "inaccessible": "inaccessible: its host cannot read its configuration file",
    "invalid": "invalid: its configuration cannot be read",
}
_LOCKED = "locked: its host does not have the key that it is encrypted with"
_MOVES = re.compile(r"Migrate|Relocate")
_SETTING = re.compile(
    r"disk\.enableuuid|acpi\.smbiosversion2\.7|smbios\.reflecthost|vgpu\.hotmigrate\.enabled|devices\.hotplug"
    r"|pcipassthru\d*\.(?:cfg\.[\w.-]+|use64bitmmio|64bitmmiosizegb)"
    r"|numa\.(?:nodeaffinity|autosize(?:\.\w+)*|vcpu\.\w+)"
    r"|sched\.(?:cpu\.(?:affinity|latencysensitivity|vsmpconsolidate)|mem\.(?:affinity|pin|lpage\.\w+))"
    r"|tools\.(?:synctime|upgrade\.policy|guestlib\.enablehostinfo)",
    re.IGNORECASE | re.ASCII,
)
"""The advanced settings that are kept: all others may hold anything, passwords among it."""


def _uuid(fields: Fields, path: str) -> str:
    return uuid_text(fields.text(path))


def _affinity(fields: Fields, path: str) -> tuple[str, ...]:
    return fields.at(path).texts("affinitySet")


def _disabled(fields: Fields, path: str) -> tuple[str, ...]:
    """The methods with Migrate or Relocate in their names."""
    return tuple(filter(_MOVES.search, fields.texts(path)))


def _features(fields: Fields, path: str) -> tuple[str, ...]:
    return _shared(tuple(f"{feature.text('key')} {feature.text('value')}" for feature in fields.each(path)))


@lru_cache(maxsize=256)
def _shared(features: tuple[str, ...]) -> tuple[str, ...]:
    """The same long tuple for all machines that need the same."""
    return features


def _settings(fields: Fields, path: str) -> Tags:
    found: dict[str, str] = {}
    for option in many(fields.get(path)):
        if option.__class__ is not dict:
            fields.odd(path, "a list of options", option)
        elif _SETTING.fullmatch(str(option.get("key"))):
            setting = Fields(option, fields.notes)
            found[setting.text("key")] = setting.text("value")
    return Tags(found)


def _manager(fields: Fields, path: str) -> str:
    manager = fields.at(path)
    return f"{manager.text('extensionKey')} {manager.text('type')}".strip()


def _cores(fields: Fields, path: str) -> int | None:
    return fields.number(path) or None


_READ: _Reads = {
    "config.annotation": ("annotation", Fields.text),
    "config.bootOptions.efiSecureBootEnabled": ("secure_boot", Fields.truth),
    "config.changeTrackingEnabled": ("change_tracking", Fields.truth),
    "config.cpuAffinity": ("cpu_affinity", _affinity),
    "config.cpuAllocation": ("cpu_allocation", read_allocation),
    "config.cpuHotAddEnabled": ("cpu_hot_add", Fields.truth),
    "config.cpuHotRemoveEnabled": ("cpu_hot_remove", Fields.truth),
    "config.createDate": ("created_at", Fields.moment),
    "config.extraConfig": ("settings", _settings),
    "config.files.vmPathName": ("config_path", Fields.text),
    "config.firmware": ("firmware", Fields.text),
    "config.hardware.memoryMB": ("memory_bytes", Fields.mebibytes),
    "config.hardware.numCPU": ("cpus", Fields.number),
    "config.hardware.numCoresPerSocket": ("cores_per_socket", _cores),
    "config.instanceUuid": ("instance_uuid", _uuid),
    "config.latencySensitivity.level": ("latency_sensitivity", Fields.text),
    "config.managedBy": ("managed_by", _manager),
    "config.memoryAffinity": ("memory_affinity", _affinity),
    "config.memoryHotAddEnabled": ("memory_hot_add", Fields.truth),
    "config.migrateEncryption": ("migrate_encryption", Fields.text),
    "config.nestedHVEnabled": ("nested_virtualization", Fields.truth),
    "config.swapPlacement": ("swap_placement", Fields.text),
    "config.template": ("is_template", Fields.truth),
    "config.uuid": ("bios_uuid", _uuid),
    "config.vPMCEnabled": ("performance_counters", Fields.truth),
    "config.version": ("hardware_version", Fields.text),
    "disabledMethod": ("disabled_methods", _disabled),
    "guest.guestState": ("guest_state", Fields.text),
    "guest.hostName": ("hostname", Fields.text),
    "guestHeartbeatStatus": ("heartbeat", Fields.text),
    "overallStatus": ("health", Fields.text),
    "runtime.bootTime": ("booted_at", Fields.moment),
    "runtime.connectionState": ("connection_state", Fields.text),
    "runtime.consolidationNeeded": ("consolidation_needed", Fields.truth),
    "runtime.dasVmProtection.dasProtected": ("ha_protected", Fields.truth),
    "runtime.faultToleranceState": ("fault_tolerance", Fields.text),
    "runtime.featureRequirement": ("features", _features),
    "runtime.minRequiredEVCModeKey": ("evc_mode", Fields.text),
    "runtime.question.text": ("question", Fields.text),
    "runtime.suspendTime": ("suspended_at", Fields.moment),
    "runtime.toolsInstallerMounted": ("tools_installer_mounted", Fields.truth),
}
"""Properties that are read for themselves: the field of the record, and how."""

_USAGE: _Reads = {
    "balloonedMemory": ("memory_ballooned_bytes", Fields.mebibytes),
    "committed": ("committed_bytes", Fields.size),
    "guestMemoryUsage": ("memory_active_bytes", Fields.mebibytes),
    "hostMemoryUsage": ("memory_consumed_bytes", Fields.mebibytes),
    "overallCpuUsage": ("cpu_usage_mhz", Fields.number),
    "swappedMemory": ("memory_swapped_bytes", Fields.mebibytes),
    "uncommitted": ("uncommitted_bytes", Fields.size),
    "unshared": ("unshared_bytes", Fields.size),
    "uptimeSeconds": ("uptime_seconds", Fields.number),
}
"""The same for the fields of `summary.quickStats` and `summary.storage`."""


def read_vm(row: Row, tree: Tree) -> VirtualMachine:
    """A virtual machine; one without configuration or host keeps its row, and says so in `problems`."""
    notes: list[str] = []
    fields = Fields(row.properties, notes)
    layout = Layout(fields) if "layoutEx.file" in row.properties else None
    devices = read_devices(fields, layout, tree)
    known = _known(fields, _READ)
    for part in ("summary.quickStats", "summary.storage"):
        if part in row.properties:
            known |= _known(fields.at(part), _USAGE)
    return VirtualMachine(
        id=tree.id_of(row.id),
        name=entity_name(row) or row.id,
        platform=tree.origin.platform,
        source=tree.origin.source,
        native_id=row.id,
        **_place(row, fields, tree),
        power_state=_POWER.get(fields.text("runtime.powerState"), PowerState.UNKNOWN),
        os_type=os_type(fields.text("guest.guestId") or fields.text("config.guestId")),
        os_name=fields.text("guest.guestFullName") or fields.text("config.guestFullName"),
        domain=domain_of(known.get("hostname", "")),
        ip_addresses=read_addresses(fields, devices.nics),
        disks=devices.disks,
        nics=devices.nics,
        devices=devices.others,
        has_tpm=devices.has_tpm,
        partitions=read_partitions(fields),
        snapshots=read_snapshots(fields, layout),
        agent=read_tools(fields),
        is_virtual=True,
        is_encrypted=_is_encrypted(row),
        memory_allocation=read_allocation(fields, "config.memoryAllocation", 2**20),
        **known,
        problems=(*_oddities(row, fields, tree), *problems_of(row, Body(None, notes), tree, "vms")),
    )


def _known(fields: Fields, reads: _Reads) -> dict[str, Any]:
    """What is there of some properties, by field of the record."""
    found: dict[str, Any] = {}
    for path in fields.values:
        if path in reads:
            name, read = reads[path]
            value = read(fields, path)
            if value is not None:
                found[name] = value
    return found


def _place(row: Row, fields: Fields, tree: Tree) -> dict[str, Any]:
    host, parent, pool = fields.text("runtime.host"), fields.text("parent"), fields.text("resourcePool")
    return {
        "host_id": tree.id_of(host),
        "cluster_id": tree.cluster_of(host),
        "location": tree.location_of(parent or host),
        "folder": tree.folder_of(parent),
        "resource_pool_id": tree.id_of(pool),
        "resource_pool": tree.pool_of(pool),
        "vapp": tree.vapp_of(fields.text("parentVApp") or pool),
        "tags": tree.tags_of(row.id),
        "custom_attributes": tree.attributes_of(Body(row.properties, fields.notes)),
    }


def _is_encrypted(row: Row) -> bool | None:
    """By its key; a machine of which nobody says it may be."""
    if row.properties.get("config.keyId") is not None:
        return True
    return None if "config.keyId" in row.missing or not _has(row, "config") else False


def _oddities(row: Row, fields: Fields, tree: Tree) -> Iterator[Problem]:
    state = fields.text("runtime.connectionState")
    if state in _ODD:
        yield odd(row, tree, "vms", _ODD[state])
    if fields.text("runtime.cryptoState") == "locked":
        yield odd(row, tree, "vms", _LOCKED)
    if not _has(row, "config") and not _refused(row, "config"):
        yield odd(row, tree, "vms", "vCenter has no configuration of it: no CPUs, memory, disks and UUIDs")
    if fields.get("runtime.host") is None and not _refused(row, "runtime"):
        yield odd(row, tree, "vms", "it is on no host that vCenter knows of")
    if tree.lacks(host := fields.text("runtime.host")):
        yield unseen(row, tree, "vms", "host", host)


def _has(row: Row, part: str) -> bool:
    return any(path.startswith(part) for path in row.properties)


def _refused(row: Row, part: str) -> bool:
    return any(path.partition(".")[0] == part for path in row.missing)
