"""The rows of RVTools' sheets on hosts and what is in them."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from hybridinv.report.rvtools_estate import Part, mebibytes, percent
from hybridinv.report.sheets import Sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hybridinv.model import Host
    from hybridinv.report.rvtools_estate import Machine, VSphereEstate

_PATHS = 8
_VMOTION = "vmotionSupported"
_STORAGE_VMOTION = "storageVMotionSupported"

_WHERE: dict[str, Callable[[Part], object]] = {
    "Host": attrgetter("of.name"),
    "Datacenter": attrgetter("of.datacenter"),
    "Cluster": attrgetter("of.cluster"),
    "VI SDK Server": attrgetter("of.server"),
    "VI SDK UUID": attrgetter("of.vcenter"),
}


def _hosts(estate: VSphereEstate) -> Iterator[Part]:
    return (Part(place, place.it) for place in estate.places)


def _each(name: str) -> Callable[[VSphereEstate], Iterator[Part]]:
    def rows(estate: VSphereEstate) -> Iterator[Part]:
        return (Part(place, part) for place in estate.places for part in getattr(place.it, name))

    return rows


def _machines(row: Part) -> list[Machine]:
    found: list[Machine] = row.of.estate.on_host.get(row.it.id, [])
    return found


def _running(row: Part) -> list[Machine]:
    return [machine for machine in _machines(row) if machine.is_on]


def _count(row: Part, machines: list[Machine]) -> int | None:
    return len(machines) if row.of.estate.knows_machines else None


def _total(machines: Iterable[Machine], field: str) -> int | None:
    """A sum over machines; None where nobody knows a value for any of them."""
    known = [value for machine in machines if (value := getattr(machine.vm, field)) is not None]
    return sum(known) if known else None


def _on(field: str) -> Callable[[Part], int | None]:
    return lambda row: _total(_running(row), field)


def _on_mebibytes(field: str) -> Callable[[Part], int | None]:
    return lambda row: mebibytes(_total(_running(row), field))


def _per_core(number: int | None, host: Host) -> float | None:
    return None if number is None or not host.cpu_cores else number / host.cpu_cores


def _flag(name: str) -> Callable[[Part], bool | None]:
    return lambda row: name in row.it.capabilities if row.it.capabilities else None


def _cores_per_cpu(row: Part) -> int | None:
    host = row.it
    return host.cpu_cores // host.cpu_sockets if host.cpu_cores and host.cpu_sockets else None


def _cpu_usage(row: Part) -> int | None:
    host = row.it
    return percent(host.cpu_usage_mhz, (host.cpu_cores or 0) * (host.cpu_mhz or 0))


def _version(row: Part) -> str:
    """`VMware ESXi 8.0.3 build-24280767`."""
    host = row.it
    build = f"build-{host.build}" if host.build else ""
    return " ".join(filter(None, (host.hypervisor, host.version, build)))


_VHOST: dict[str, Callable[[Part], object]] = {
    **_WHERE,
    "Compliance Check State": attrgetter("it.profile_compliance"),
    "in Maintenance Mode": attrgetter("it.in_maintenance"),
    "in Quarantine Mode": attrgetter("it.in_quarantine"),
    "CPU Model": attrgetter("it.cpu_model"),
    "Speed": attrgetter("it.cpu_mhz"),
    "HT Available": lambda row: (row.it.cpu_threads or 0) > (row.it.cpu_cores or 0) or None,
    "HT Active": attrgetter("it.hyperthreading"),
    "# CPU": attrgetter("it.cpu_sockets"),
    "Cores per CPU": _cores_per_cpu,
    "# Cores": attrgetter("it.cpu_cores"),
    "CPU usage %": _cpu_usage,
    "# Memory": lambda row: mebibytes(row.it.memory_bytes),
    "Memory usage %": lambda row: percent(row.it.memory_usage_bytes, row.it.memory_bytes),
    "# NICs": lambda row: len(row.it.nics) or None,
    "# HBAs": lambda row: len(row.it.hbas) or None,
    "# VMs total": lambda row: _count(row, _machines(row)),
    "# VMs": lambda row: _count(row, _running(row)),
    "VMs per Core": lambda row: _per_core(_count(row, _running(row)), row.it),
    "# vCPUs": _on("cpus"),
    "vCPUs per Core": lambda row: _per_core(_total(_running(row), "cpus"), row.it),
    "vRAM": _on_mebibytes("memory_bytes"),
    "VM Used memory": _on_mebibytes("memory_consumed_bytes"),
    "VM Memory Swapped": _on_mebibytes("memory_swapped_bytes"),
    "VM Memory Ballooned": _on_mebibytes("memory_ballooned_bytes"),
    "VMotion support": _flag(_VMOTION),
    "Storage VMotion support": _flag(_STORAGE_VMOTION),
    "Current EVC": attrgetter("it.evc_mode"),
    "Max EVC": attrgetter("it.max_evc_mode"),
    "Assigned License(s)": lambda row: ", ".join(row.of.estate.license_names.get(row.it.id, ())),
    "Current CPU power man. policy": attrgetter("it.power_policy"),
    "ESX Version": _version,
    "Boot time": attrgetter("it.booted_at"),
    "DNS Servers": lambda row: ", ".join(row.it.dns_servers),
    "Domain": lambda row: row.it.dns_name.partition(".")[2],
    "NTP Server(s)": lambda row: ", ".join(row.it.ntp_servers),
    "NTPD running": attrgetter("it.ntp_running"),
    "Time Zone Name": attrgetter("it.time_zone"),
    "Vendor": attrgetter("it.vendor"),
    "Model": attrgetter("it.model"),
    "Serial number": attrgetter("it.serial_number"),
    "BIOS Version": attrgetter("it.bios_version"),
    "BIOS Date": attrgetter("it.bios_released_at"),
    "Object ID": attrgetter("of.object_id"),
    "UUID": attrgetter("it.bios_uuid"),
}

_VHBA: dict[str, Callable[[Part], object]] = {
    **_WHERE,
    "Device": attrgetter("it.device"),
    "Type": attrgetter("it.type"),
    "Status": attrgetter("it.status"),
    "Bus": attrgetter("it.bus"),
    "Pci": attrgetter("it.pci"),
    "Driver": attrgetter("it.driver"),
    "Model": attrgetter("it.model"),
    "WWN": attrgetter("it.wwn"),
}

_VNIC: dict[str, Callable[[Part], object]] = {
    **_WHERE,
    "Network Device": attrgetter("it.device"),
    "Driver": attrgetter("it.driver"),
    "Speed": attrgetter("it.speed_mbps"),
    "Duplex": attrgetter("it.full_duplex"),
    "MAC": attrgetter("it.mac_address"),
    "Switch": attrgetter("it.switch"),
    "PCI": attrgetter("it.pci"),
    "WakeOn": attrgetter("it.wake_on_lan"),
}


def _switches(estate: VSphereEstate) -> Iterator[Part]:
    """The standard switches, each with its host."""
    for switch in estate.of(estate.inv.switches):
        if switch.kind != "distributed":
            yield Part(estate.place(switch, next(iter(switch.host_ids), "")), switch)


def _portgroups(estate: VSphereEstate) -> Iterator[Part]:
    return (Part(row.of, portgroup) for row in _switches(estate) for portgroup in row.it.portgroups)


_SECURITY: dict[str, Callable[[Part], object]] = {
    "Promiscuous Mode": attrgetter("it.promiscuous"),
    "Mac Changes": attrgetter("it.mac_changes"),
    "Forged Transmits": attrgetter("it.forged_transmits"),
    "Policy": attrgetter("it.teaming"),
}

_VSWITCH: dict[str, Callable[[Part], object]] = {
    **_WHERE,
    **_SECURITY,
    "Switch": attrgetter("it.name"),
    "# Ports": attrgetter("it.ports"),
    "Free Ports": attrgetter("it.free_ports"),
    "MTU": attrgetter("it.mtu"),
}

_VPORT: dict[str, Callable[[Part], object]] = {
    **_WHERE,
    **_SECURITY,
    "Port Group": attrgetter("it.name"),
    "Switch": attrgetter("of.it.name"),
    "VLAN": attrgetter("it.vlan_id"),
}


def adapters(estate: VSphereEstate) -> Iterator[Part]:
    """The VMkernel adapters, each with its host."""
    for adapter in estate.of(estate.inv.vmkernel_adapters):
        yield Part(estate.place(adapter, adapter.host_id), adapter)


_VSC_VMK: dict[str, Callable[[Part], object]] = {
    **_WHERE,
    "Port Group": attrgetter("it.portgroup"),
    "Device": lambda row: row.it.device or row.it.name,
    "Mac Address": attrgetter("it.mac_address"),
    "DHCP": attrgetter("it.dhcp"),
    "IP Address": attrgetter("it.ip_address"),
    "IP 6 Address": lambda row: ", ".join(row.it.ipv6_addresses),
    "Subnet mask": attrgetter("it.subnet_mask"),
    "Gateway": attrgetter("it.gateway"),
    "IP 6 Gateway": attrgetter("it.ipv6_gateway"),
    "MTU": attrgetter("it.mtu"),
}


def _luns(estate: VSphereEstate) -> Iterator[Part]:
    return (Part(place, lun) for place in estate.places for lun in place.it.luns if lun.paths)


def _path(number: int) -> Callable[[Part], str]:
    return lambda row: row.it.paths[number].rpartition(" ")[0] if number < len(row.it.paths) else ""


def _path_state(number: int) -> Callable[[Part], str]:
    return lambda row: row.it.paths[number].rpartition(" ")[2] if number < len(row.it.paths) else ""


def _on_lun(row: Part) -> str:
    name: str = row.of.estate.datastore_on(row.it.name, row.of.it)
    return name


_VMULTIPATH: dict[str, Callable[[Part], Any]] = {
    **_WHERE,
    "Datastore": _on_lun,
    "Disk": attrgetter("it.name"),
    "Display name": attrgetter("it.label"),
    "Policy": attrgetter("it.policy"),
    "Oper. State": attrgetter("it.state"),
    **{f"Path {number + 1}": _path(number) for number in range(_PATHS)},
    **{f"Path {number + 1} state": _path_state(number) for number in range(_PATHS)},
    "Queue depth": attrgetter("it.queue_depth"),
    "Vendor": attrgetter("it.vendor"),
    "Model": attrgetter("it.model"),
    "Revision": attrgetter("it.revision"),
    "Serial #": attrgetter("it.serial_number"),
    "UUID": attrgetter("it.uuid"),
}

SHEETS = (
    Sheet("vHost", _hosts, _VHOST, attrgetter("it.custom_attributes")),
    Sheet("vHBA", _each("hbas"), _VHBA),
    Sheet("vNIC", _each("nics"), _VNIC),
    Sheet("vSwitch", _switches, _VSWITCH),
    Sheet("vPort", _portgroups, _VPORT),
    Sheet("vSC_VMK", adapters, _VSC_VMK),
    Sheet("vMultiPath", _luns, _VMULTIPATH),
)
