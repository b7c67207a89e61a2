"""The rows of RVTools' sheets on virtual machines: what stands in each column."""

from __future__ import annotations

import ipaddress
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from hybridinv.model import AgentStatus
from hybridinv.report.rvtools_estate import Part, is_read_in_full, limit_of, mebibytes, percent
from hybridinv.report.sheets import Sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hybridinv.model import ClusterRule, Device, Nic, VirtualMachine
    from hybridinv.report.rvtools_estate import Machine, VSphereEstate

_ENABLE_UUID = "disk.enableuuid"
_NETWORKS = 8

_CONTROLLERS = {
    "ParaVirtualSCSIController": "VMware paravirtual SCSI",
    "VirtualLsiLogicController": "LSI Logic",
    "VirtualLsiLogicSASController": "LSI Logic SAS",
    "VirtualBusLogicController": "BusLogic",
    "VirtualAHCIController": "AHCI",
    "VirtualIDEController": "IDE",
    "VirtualNVMEController": "NVME",
}
_CURRENT = ("guestToolsCurrent", "guestToolsUnmanaged", "guestToolsSupportedNew", "guestToolsTooNew")
_OLD = ("guestToolsNeedUpgrade", "guestToolsSupportedOld", "guestToolsTooOld")
_UPGRADES = {True: "upgradeAtPowerCycle", False: "manual"}
_BACKINGS = {"image": "ISO", "host": "Host device", "client": "Client device", "remote-host": "Remote host device"}

_HEAD: dict[str, Callable[[Part], object]] = {
    "VM": attrgetter("of.name"),
    "Powerstate": attrgetter("of.powerstate"),
    "Template": attrgetter("of.is_template"),
    "SRM Placeholder": attrgetter("of.is_placeholder"),
}
_TAIL: dict[str, Callable[[Part], object]] = {
    "Annotation": attrgetter("of.annotation"),
    "Datacenter": attrgetter("of.datacenter"),
    "Cluster": attrgetter("of.cluster"),
    "Host": attrgetter("of.host"),
    "Folder": attrgetter("of.folder"),
    "OS according to the configuration file": attrgetter("of.os_name"),
    "OS according to the VMware Tools": attrgetter("of.os_by_tools"),
    "VM ID": attrgetter("of.vm_id"),
    "VM UUID": attrgetter("of.vm_uuid"),
    "VI SDK Server": attrgetter("of.server"),
    "VI SDK UUID": attrgetter("of.vcenter"),
}
_ANY = {**_HEAD, **_TAIL}


def attributes_of(row: Part) -> Any:
    """The custom attributes of the machine that a row is about."""
    return row.of.attributes


def _machines(estate: VSphereEstate) -> Iterator[Part]:
    return (Part(machine, machine.vm) for machine in estate.machines)


def _each(name: str, *kinds: str) -> Callable[[VSphereEstate], Iterator[Part]]:
    """A row for each of a machine's disks, adapters and so on; of devices, those of one kind."""

    def rows(estate: VSphereEstate) -> Iterator[Part]:
        return (
            Part(machine, part)
            for machine in estate.machines
            for part in getattr(machine.vm, name)
            if not kinds or part.kind in kinds
        )

    return rows


def _enable_uuid(row: Part) -> bool | None:
    for name, value in row.it.settings.items():
        if name.lower() == _ENABLE_UUID:
            return str(value).lower() in ("true", "1", "yes")
    return False if is_read_in_full(row.it) else None


def hardware_version(vm: VirtualMachine) -> int | str:
    """The number in `vmx-21`."""
    number = vm.hardware_version.removeprefix("vmx-")
    return int(number) if number.isdecimal() else vm.hardware_version


def _network(number: int) -> Callable[[Part], object]:
    def name(row: Part) -> str:
        nics = row.it.nics
        return _network_name(row.of, nics[number]) if number < len(nics) else ""

    return name


def _network_name(machine: Machine, nic: Nic) -> str:
    network = machine.estate.networks.get(nic.network_id)
    return network.name if network else ""


def _switch_name(machine: Machine, nic: Nic) -> str:
    network = machine.estate.networks.get(nic.network_id)
    return machine.estate.switches.get(nic.switch, "") or (network.switch if network else "")


def _pool(row: Part) -> str:
    parts = (row.of.datacenter, row.of.cluster, row.it.resource_pool)
    return "/" + "/".join(parts) if row.it.resource_pool else ""


def _ha(override: str, default: str) -> Callable[[Part], object]:
    """What HA does for a machine: as it was set for it, else for its cluster."""

    def value(row: Part) -> object:
        home = row.of.home
        if home is None or not home.ha_enabled:
            return ""
        own = row.of.estate.overrides.get(row.it.id)
        return (override and getattr(own, override, "")) or getattr(home, default)

    return value


def _rules(row: Part) -> list[ClusterRule]:
    rules: list[ClusterRule] = row.of.estate.rules.get(row.it.id, [])
    return rules


def _sum(sizes: Iterator[int | None]) -> int | None:
    """A sum that is not known where a part of it is not."""
    total = 0
    for size in sizes:
        if size is None:
            return None
        total += size
    return total


def _count(row: Part, devices: tuple[object, ...]) -> int | None:
    """How many; of a machine without configuration nobody knows."""
    return len(devices) if devices or row.it.cpus is not None else None


def _disk_capacity(row: Part) -> int | None:
    disks = row.it.disks
    return mebibytes(_sum(disk.capacity_bytes for disk in disks)) if _count(row, disks) is not None else None


def _provisioned(row: Part) -> int | None:
    return mebibytes(_sum(iter((row.it.committed_bytes, row.it.uncommitted_bytes))))


def _sockets(row: Part) -> int | None:
    cpus, cores = row.it.cpus, row.it.cores_per_socket
    return cpus // cores if cpus and cores else None


_VINFO: dict[str, Callable[[Part], object]] = {
    **_ANY,
    "DNS Name": attrgetter("it.hostname"),
    "Connection state": attrgetter("it.connection_state"),
    "Guest state": attrgetter("it.guest_state"),
    "Heartbeat": attrgetter("it.heartbeat"),
    "Consolidation Needed": attrgetter("it.consolidation_needed"),
    "PowerOn": attrgetter("it.booted_at"),
    "Suspend time": attrgetter("it.suspended_at"),
    "Creation date": attrgetter("it.created_at"),
    "CPUs": attrgetter("it.cpus"),
    "Memory": lambda row: mebibytes(row.it.memory_bytes),
    "Active Memory": lambda row: mebibytes(row.it.memory_active_bytes),
    "NICs": lambda row: _count(row, row.it.nics),
    "Disks": lambda row: _count(row, row.it.disks),
    "Total disk capacity MiB": _disk_capacity,
    "min Required EVC Mode Key": attrgetter("it.evc_mode"),
    "Latency Sensitivity": attrgetter("it.latency_sensitivity"),
    "EnableUUID": _enable_uuid,
    "CBT": attrgetter("it.change_tracking"),
    "Primary IP Address": lambda row: next(iter(row.it.ip_addresses), ""),
    **{f"Network #{number + 1}": _network(number) for number in range(_NETWORKS)},
    "Resource pool": _pool,
    "vApp": attrgetter("it.vapp"),
    "DAS protection": attrgetter("it.ha_protected"),
    "FT State": attrgetter("it.fault_tolerance"),
    "Provisioned MiB": _provisioned,
    "In Use MiB": lambda row: mebibytes(row.it.committed_bytes),
    "Unshared MiB": lambda row: mebibytes(row.it.unshared_bytes),
    "HA Restart Priority": _ha("restart_priority", "ha_restart_priority"),
    "HA Isolation Response": _ha("isolation_response", "ha_isolation_response"),
    "HA VM Monitoring": _ha("", "ha_vm_monitoring"),
    "Cluster rule(s)": lambda row: ", ".join(rule.kind for rule in _rules(row)),
    "Cluster rule name(s)": lambda row: ", ".join(rule.name for rule in _rules(row)),
    "EFI Secure boot": attrgetter("it.secure_boot"),
    "Firmware": attrgetter("it.firmware"),
    "HW version": lambda row: hardware_version(row.it),
    "Path": attrgetter("it.config_path"),
    "SMBIOS UUID": attrgetter("it.bios_uuid"),
}

_VCPU: dict[str, Callable[[Part], object]] = {
    **_ANY,
    "CPUs": attrgetter("it.cpus"),
    "Sockets": _sockets,
    "Cores p/s": attrgetter("it.cores_per_socket"),
    "Overall": attrgetter("it.cpu_usage_mhz"),
    "Level": attrgetter("it.cpu_allocation.level"),
    "Shares": attrgetter("it.cpu_allocation.shares"),
    "Reservation": attrgetter("it.cpu_allocation.reservation"),
    "Limit": lambda row: limit_of(row.it.cpu_allocation, row.it.cpu_allocation.limit),
    "Hot Add": attrgetter("it.cpu_hot_add"),
    "Hot Remove": attrgetter("it.cpu_hot_remove"),
}

_VMEMORY: dict[str, Callable[[Part], object]] = {
    **_ANY,
    "Size MiB": lambda row: mebibytes(row.it.memory_bytes),
    "Consumed": lambda row: mebibytes(row.it.memory_consumed_bytes),
    "Swapped": lambda row: mebibytes(row.it.memory_swapped_bytes),
    "Ballooned": lambda row: mebibytes(row.it.memory_ballooned_bytes),
    "Active": lambda row: mebibytes(row.it.memory_active_bytes),
    "Level": attrgetter("it.memory_allocation.level"),
    "Shares": attrgetter("it.memory_allocation.shares"),
    "Reservation": lambda row: mebibytes(row.it.memory_allocation.reservation),
    "Limit": lambda row: limit_of(row.it.memory_allocation, mebibytes(row.it.memory_allocation.limit)),
    "Hot Add": attrgetter("it.memory_hot_add"),
}

_VDISK: dict[str, Callable[[Part], object]] = {
    **_ANY,
    "Disk": attrgetter("it.name"),
    "Disk Key": attrgetter("it.native_id"),
    "Disk UUID": attrgetter("it.uuid"),
    "Disk Path": attrgetter("it.path"),
    "Capacity MiB": lambda row: mebibytes(row.it.capacity_bytes),
    "Raw": attrgetter("it.is_raw"),
    "Disk Mode": attrgetter("it.mode"),
    "Sharing mode": attrgetter("it.sharing"),
    "Thin": attrgetter("it.thin"),
    "Eagerly Scrub": attrgetter("it.eagerly_zeroed"),
    "Write Through": attrgetter("it.write_through"),
    "Level": attrgetter("it.io.level"),
    "Shares": attrgetter("it.io.shares"),
    "Reservation": attrgetter("it.io.reservation"),
    "Limit": lambda row: limit_of(row.it.io, row.it.io.limit),
    "Controller": lambda row: _CONTROLLERS.get(row.it.controller_type, row.it.controller_type),
    "Label": attrgetter("it.controller"),
    "Unit #": attrgetter("it.unit_number"),
    "Shared Bus": attrgetter("it.bus_sharing"),
    "Path": attrgetter("it.path"),
    "Raw LUN ID": attrgetter("it.raw_device"),
    "Raw Comp. Mode": attrgetter("it.raw_mode"),
}

_VPARTITION: dict[str, Callable[[Part], object]] = {
    **_ANY,
    "Disk Key": lambda row: ", ".join(row.it.disks),
    "Disk": attrgetter("it.path"),
    "Capacity MiB": lambda row: mebibytes(row.it.capacity_bytes),
    "Consumed MiB": lambda row: mebibytes(_used(row.it.capacity_bytes, row.it.free_bytes)),
    "Free MiB": lambda row: mebibytes(row.it.free_bytes),
    "Free %": lambda row: percent(row.it.free_bytes, row.it.capacity_bytes),
}


def _used(capacity: int | None, free: int | None) -> int | None:
    return None if capacity is None or free is None else max(capacity - free, 0)


def _addresses(version: int) -> Callable[[Part], str]:
    return lambda row: ", ".join(address for address in row.it.ip_addresses if _version(address) == version)


def _version(address: str) -> int:
    try:
        return ipaddress.ip_address(address.partition("%")[0].partition("/")[0]).version
    except ValueError:
        return 0


_VNETWORK: dict[str, Callable[[Part], object]] = {
    **_ANY,
    "NIC label": attrgetter("it.name"),
    "Adapter": lambda row: row.it.type.removeprefix("Virtual"),
    "Network": lambda row: _network_name(row.of, row.it),
    "Switch": lambda row: _switch_name(row.of, row.it),
    "Connected": attrgetter("it.connected"),
    "Starts Connected": attrgetter("it.starts_connected"),
    "Mac Address": attrgetter("it.mac_address"),
    "Type": attrgetter("it.mac_type"),
    "IPv4 Address": _addresses(4),
    "IPv6 Address": _addresses(6),
    "Direct Path IO": attrgetter("it.is_passthrough"),
}


def _device_type(row: Part) -> str:
    device: Device = row.it
    return " ".join(filter(None, (_BACKINGS.get(device.backing, device.backing), device.path)))


_VCD: dict[str, Callable[[Part], object]] = {
    **_ANY,
    "Device Node": attrgetter("it.name"),
    "Connected": attrgetter("it.connected"),
    "Starts Connected": attrgetter("it.starts_connected"),
    "Device Type": _device_type,
}
_VUSB: dict[str, Callable[[Part], object]] = {
    **{name: value for name, value in _ANY.items() if name != "OS according to the VMware Tools"},
    "OS according to the VMware tools": attrgetter("of.os_by_tools"),
    "Device Node": attrgetter("it.name"),
    "Device Type": _device_type,
    "Connected": attrgetter("it.connected"),
}
_VSNAPSHOT: dict[str, Callable[[Part], object]] = {
    **{name: value for name, value in _ANY.items() if name not in ("Template", "SRM Placeholder")},
    "Name": attrgetter("it.name"),
    "Description": attrgetter("it.description"),
    "Date / time": attrgetter("it.created_at"),
    "Size MiB (total)": lambda row: mebibytes(row.it.size_bytes),
    "Quiesced": attrgetter("it.quiesced"),
    "State": attrgetter("it.power_state"),
}


def _tools(row: Part) -> str:
    """`VirtualMachineToolsStatus`, as the newer properties that replace it say it."""
    agent = row.it.agent
    if agent.status == AgentStatus.NOT_INSTALLED:
        return "toolsNotInstalled"
    if agent.status == AgentStatus.NOT_READY:
        return "toolsNotRunning"
    if agent.status != AgentStatus.READY:
        return ""
    if agent.message.endswith(_OLD):
        return "toolsOld"
    if not agent.message and row.of.server in row.of.estate.of_workbooks:
        return "toolsOk"  # all that the workbook said
    return "toolsOk" if agent.message.endswith(_CURRENT) else ""


def _tools_version(row: Part) -> int | str:
    version: str = row.it.agent.version
    return int(version) if version.isdecimal() else version


_VTOOLS: dict[str, Callable[[Part], object]] = {
    **_ANY,
    "VM Version": lambda row: hardware_version(row.it),
    "Tools": _tools,
    "Tools Version": _tools_version,
    "Upgrade Policy": lambda row: _UPGRADES.get(row.it.agent.auto_upgrade, ""),
    "Heartbeat status": attrgetter("it.heartbeat"),
}

SHEETS = (
    Sheet("vInfo", _machines, _VINFO, attributes_of),
    Sheet("vCPU", _machines, _VCPU, attributes_of),
    Sheet("vMemory", _machines, _VMEMORY, attributes_of),
    Sheet("vDisk", _each("disks"), _VDISK, attributes_of),
    Sheet("vPartition", _each("partitions"), _VPARTITION, attributes_of),
    Sheet("vNetwork", _each("nics"), _VNETWORK, attributes_of),
    Sheet("vCD", _each("devices", "cdrom"), _VCD, attributes_of),
    Sheet("vUSB", _each("devices", "usb"), _VUSB, attributes_of),
    Sheet("vSnapshot", _each("snapshots"), _VSNAPSHOT, attributes_of),
    Sheet("vTools", _machines, _VTOOLS, attributes_of),
)
