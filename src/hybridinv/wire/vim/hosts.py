"""HostSystem rows → hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybridinv.model import Host, PowerState
from hybridinv.wire.reading import uuid_text
from hybridinv.wire.vim.hosthardware import features_of, gpus_of, hbas_of, luns_of, netstacks_of, nics_of
from hybridinv.wire.vim.tree import Tree, body_of, entity_name, odd, problems_of, unseen
from hybridinv.wire.vim.vmkernel import management_address

if TYPE_CHECKING:
    from hybridinv.wire.reading import Body
    from hybridinv.wire.soap import Row

_POWER = {
    "poweredOn": PowerState.RUNNING,
    "poweredOff": PowerState.STOPPED,
    "standBy": PowerState.SUSPENDED,
}
_TIME_SERVICE = "ntpd"


def read_host(row: Row, tree: Tree) -> Host:
    """An ESXi host; one that is disconnected, or never answered, keeps its row with what vCenter knows."""
    body = body_of(row)
    capabilities = body.at("capability")
    state = body.text("runtime.connectionState")
    notes = [odd(row, tree, "hosts", f"{state}; what is shown is what vCenter last knew")] if state in (
        "disconnected", "notResponding") else []  # fmt: skip
    if tree.lacks(parent := body.text("parent")):
        notes.append(unseen(row, tree, "hosts", "cluster", parent))
    fields = {
        **_hardware(body),
        **_settings(body, tree),
        "capabilities": frozenset(name for name in capabilities.value if capabilities.truth(name)),
        "connection_state": state,
        "power_state": _POWER.get(body.text("runtime.powerState"), PowerState.UNKNOWN),
        "in_maintenance": body.truth("runtime.inMaintenanceMode"),
        "in_quarantine": body.truth("runtime.inQuarantineMode"),
        "booted_at": body.moment("runtime.bootTime"),
        "state": body.text("overallStatus"),
        "cpu_usage_mhz": body.number("summary.quickStats.overallCpuUsage"),
        "memory_usage_bytes": body.number("summary.quickStats.overallMemoryUsage", times=1024**2),
        "profile_compliance": body.text("complianceCheckState.state"),
    }
    return Host(
        id=tree.id_of(row.id),
        name=entity_name(row) or row.id,
        platform=tree.origin.platform,
        source=tree.origin.source,
        cluster_id=tree.id_of(body.text("parent")),
        location=tree.location_of(body.text("parent")),
        tags=tree.tags_of(row.id),
        custom_attributes=tree.attributes_of(body),
        **fields,
        problems=(*notes, *problems_of(row, body, tree, "hosts")),
    )


def _hardware(body: Body) -> dict[str, Any]:
    return {
        "vendor": body.text("hardware.systemInfo.vendor"),
        "model": body.text("hardware.systemInfo.model"),
        "serial_number": _serial_number(body),
        "bios_uuid": uuid_text(body.text("hardware.systemInfo.uuid")),
        "bios_version": body.text("hardware.biosInfo.biosVersion"),
        "bios_released_at": body.moment("hardware.biosInfo.releaseDate"),
        "cpu_model": body.text("summary.hardware.cpuModel"),
        "cpu_sockets": body.number("hardware.cpuInfo.numCpuPackages"),
        "cpu_cores": body.number("hardware.cpuInfo.numCpuCores"),
        "cpu_threads": body.number("hardware.cpuInfo.numCpuThreads"),
        "cpu_mhz": body.number("summary.hardware.cpuMhz"),
        "hyperthreading": body.truth("config.hyperThread.active"),
        "power_policy": body.text("hardware.cpuPowerManagementInfo.currentPolicy"),
        "memory_bytes": body.number("hardware.memorySize"),
        "evc_mode": body.text("summary.currentEVCModeKey"),
        "max_evc_mode": body.text("summary.maxEVCModeKey"),
        "features": tuple(features_of(body)),
        "nics": tuple(nics_of(body)),
        "hbas": tuple(hbas_of(body)),
        "luns": tuple(luns_of(body)),
        "gpus": tuple(gpus_of(body)),
    }


def _settings(body: Body, tree: Tree) -> dict[str, Any]:
    dns = body.at("config.network.dnsConfig")
    return {
        "hypervisor": body.text("config.product.name"),
        "version": body.text("config.product.version"),
        "build": body.text("config.product.build"),
        "netstacks": tuple(netstacks_of(body)),
        "dns_name": ".".join(part for part in (dns.text("hostName"), dns.text("domainName")) if part),
        "dns_servers": dns.texts("address"),
        "ntp_servers": body.texts("config.dateTimeInfo.ntpConfig.server"),
        "ntp_running": _time_service_runs(body),
        "time_zone": body.text("config.dateTimeInfo.timeZone.name", "config.dateTimeInfo.timeZone.key"),
        "swap_datastore_id": tree.id_of(body.text("config.localSwapDatastore")),
        "management_ip": management_address(body),
        "vcenter_ip": body.text("summary.managementServerIp"),
    }


def _time_service_runs(body: Body) -> bool | None:
    services = body.each("config.service.service")
    return next((service.truth("running") for service in services if service.text("key") == _TIME_SERVICE), None)


def _serial_number(body: Body) -> str:
    """Since 6.7 a field of its own; before, the service tag among the other identifiers."""
    for other in body.each("hardware.systemInfo.otherIdentifyingInfo"):
        if other.text("identifierType.key") == "ServiceTag" and not body.look("hardware.systemInfo.serialNumber"):
            return other.text("identifierValue")
    return body.text("hardware.systemInfo.serialNumber")
