"""What the truth tells of hosts and of their VMkernel adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybridinv.model import HostBusAdapter, Lun, PhysicalNic, TcpipStack
from live.telling import POWER, UNSAID, Telling, moment

if TYPE_CHECKING:
    from collections.abc import Mapping

HBAS = {
    "HostFibreChannelHba": "fibre-channel",
    "HostFibreChannelOverEthernetHba": "fcoe",
    "HostInternetScsiHba": "iscsi",
    "HostBlockHba": "block",
    "HostParallelScsiHba": "scsi",
    "HostSerialAttachedHba": "sas",
    "HostPcieHba": "pcie",
    "HostRdmaHba": "rdma",
    "HostTcpHba": "tcp",
}
DETAILS = (
    "nics", "hbas", "netstacks", "luns", "bios_version", "bios_released_at", "hyperthreading", "power_policy",
    "features", "gpus", "dns_name", "dns_servers", "ntp_servers", "ntp_running", "time_zone", "swap_datastore_id",
    "management_ip",
)  # fmt: skip
"""What the truth has no word of where it has no `details`."""

SILENT = (
    "vendor", "model", "serial_number", "bios_uuid", "cpu_sockets", "cpu_cores", "cpu_threads", "memory_bytes",
    "hypervisor", "version", "build", "capabilities", "booted_at",
)  # fmt: skip
"""What is not known of a host that does not answer, beside its details."""


def host(telling: Telling, one: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of one host."""
    fields = {
        **telling.labelled(one),
        "cluster_id": telling.id(one["cluster_moref"]),
        "vendor": one["vendor"],
        "model": one["model"],
        "serial_number": one["serial_number"] or one["service_tag"],
        "bios_uuid": one["uuid"],
        "cpu_model": one["cpu_model"],
        "cpu_sockets": one["sockets"],
        "cpu_cores": one["cores"],
        "cpu_threads": one["threads"],
        "cpu_mhz": one["mhz"],
        "memory_bytes": one["memory_bytes"],
        "hypervisor": "VMware ESXi",
        "version": one["version"],
        "build": one["build"],
        "connection_state": one["connection_state"],
        "power_state": POWER[one["power_state"]],
        "in_maintenance": one["in_maintenance"],
        "in_quarantine": one["in_quarantine"],
        "booted_at": moment(one["boot_time"]),
        "capabilities": frozenset(name for name, has in one["capabilities"].items() if has),
        "evc_mode": one["evc_mode"],
        "max_evc_mode": one["max_evc_mode"],
        "state": one["overall_status"],
        "cpu_usage_mhz": one["cpu_usage_mhz"],
        "memory_usage_bytes": one["memory_usage_bytes"],
        "management_ip": one["management_ip"] or "",
        "vcenter_ip": one["vcenter_ip"],
        "profile_compliance": one["profile_compliance"],
        "bios_version": one["bios_version"] or "",
        **details(telling, one["details"]),
    }
    if one.get("awkward") == "disconnected":
        fields |= dict.fromkeys(SILENT, UNSAID)
    if "config.network.vnic" in one.get("hidden", ()):
        fields["management_ip"] = ""
    return fields


def details(telling: Telling, told: Mapping[str, Any] | None) -> dict[str, Any]:
    if told is None:
        return dict.fromkeys(DETAILS, UNSAID)
    return {
        "nics": tuple(telling.made(PhysicalNic, **link(one)) for one in told["nics"]),
        "hbas": tuple(telling.made(HostBusAdapter, **{**one, "type": HBAS[one["type"]]}) for one in told["hbas"]),
        "netstacks": tuple(telling.made(TcpipStack, **{**one, "routes": routes(one)}) for one in told["netstacks"]),
        "luns": tuple(telling.made(Lun, **lun(one)) for one in told["luns"]),
        "bios_released_at": moment(told["bios_released_at"]),
        "hyperthreading": told["hyperthreading"],
        "power_policy": told["power_policy"],
        "features": tuple(f"{one['key']} {one['value']}" for one in told["features"]),
        "gpus": (*(f"{one['vendor']} {one['device']} ({one['type']})" for one in told["gpus"]), *told["vgpu_types"]),
        "dns_name": f"{told['dns_host_name']}.{told['dns_domain']}",
        "dns_servers": tuple(told["dns_servers"]),
        "ntp_servers": tuple(told["ntp_servers"]),
        "ntp_running": told["ntp_running"],
        "time_zone": told["time_zone"],
        "swap_datastore_id": telling.id(told["swap_datastore_moref"]),
    }


def link(one: Mapping[str, Any]) -> dict[str, Any]:
    """A physical adapter; without a link it has no speed."""
    told = {name: value for name, value in one.items() if name != "mac"}
    return {**told, "mac_address": one["mac"], "speed_mbps": one["speed_mbps"] or 0}


def routes(one: Mapping[str, Any]) -> list[str]:
    """The routes of a stack; what is directly connected goes through no gateway."""
    return [route.replace(" via 0.0.0.0 ", " ") for route in one["routes"]]


def lun(one: Mapping[str, Any]) -> dict[str, Any]:
    """A disk; SCSI pads its texts with blanks, and says so where it has no serial number."""
    states, number = one["states"], one["serial_number"]
    told = {name: value for name, value in one.items() if name != "states"}
    stripped = {name: one[name].strip() for name in ("vendor", "model", "revision")}
    return {**told, **stripped, "serial_number": "" if number == "unavailable" else number, "state": states[0]}


def adapter(telling: Telling, host: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of one VMkernel adapter."""
    distributed = {switch["name"]: telling.id(switch["moref"]) for switch in telling["switches"]}
    host_id = telling.id(host["moref"])
    standard = f"{host_id}/{one['switch']}"
    return {
        **telling.common({**one, "name": one["device"]}),
        "host_id": host_id,
        "device": one["device"],
        "services": frozenset(one["services"]),
        "dhcp": one["dhcp"],
        "ip_address": one["ip"],
        "subnet_mask": one["mask"],
        "ipv6_addresses": tuple(one["ipv6_addresses"]),
        "gateway": one["gateway"],
        "ipv6_gateway": one["ipv6_gateway"],
        "mac_address": one["mac"],
        "mtu": one["mtu"],
        "netstack": one["netstack"],
        "portgroup": one["portgroup"],
        "vlan_id": one["vlan_id"],
        "switch": one["switch"],
        "switch_id": distributed[one["switch"]] if one["switch_kind"] == "distributed" else standard,
        "switch_mtu": one["switch_mtu"],
        "uplinks": tuple(one["uplinks"]),
        # None of its uplinks has a link.
        "link_speed_mbps": one["link_speed_mbps"] or 0,
    }
