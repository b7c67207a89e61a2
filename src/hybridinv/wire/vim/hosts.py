"""HostSystem rows → hosts and their VMkernel adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.model import Host, PowerState, VMkernelAdapter, VMkernelService
from hybridinv.wire.reading import Body, mac_text, uuid_text
from hybridinv.wire.vim.tree import Tree, body_of, entity_name, odd, problems_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hybridinv.wire.soap import Row

_POWER = {
    "poweredOn": PowerState.RUNNING,
    "poweredOff": PowerState.STOPPED,
    "standBy": PowerState.SUSPENDED,
}
_STACKS = {
    "vmotion": VMkernelService.VMOTION.value,
    "vSphereProvisioning": VMkernelService.PROVISIONING.value,
}


VNICS = "config.network.vnic"
"""The path of a host's list of VMkernel adapters."""


def read_host(row: Row, tree: Tree) -> Host:
    """An ESXi host; one that is disconnected, or never answered, keeps its row with what vCenter knows."""
    body = body_of(row)
    capabilities = body.at("capability")
    state = body.text("runtime.connectionState")
    notes = [odd(row, tree, "hosts", f"{state}; what is shown is what vCenter last knew")] if state in (
        "disconnected", "notResponding") else []  # fmt: skip
    return Host(
        id=tree.id_of(row.id),
        name=entity_name(row) or row.id,
        platform=tree.origin.platform,
        source=tree.origin.source,
        cluster_id=tree.id_of(body.text("parent")),
        location=tree.location_of(body.text("parent")),
        vendor=body.text("hardware.systemInfo.vendor"),
        model=body.text("hardware.systemInfo.model"),
        serial_number=_serial_number(body),
        bios_uuid=uuid_text(body.text("hardware.systemInfo.uuid")),
        cpu_model=body.text("summary.hardware.cpuModel"),
        cpu_sockets=body.number("hardware.cpuInfo.numCpuPackages"),
        cpu_cores=body.number("hardware.cpuInfo.numCpuCores"),
        cpu_threads=body.number("hardware.cpuInfo.numCpuThreads"),
        cpu_mhz=body.number("summary.hardware.cpuMhz"),
        memory_bytes=body.number("hardware.memorySize"),
        hypervisor=body.text("config.product.name"),
        version=body.text("config.product.version"),
        build=body.text("config.product.build"),
        connection_state=state,
        power_state=_POWER.get(body.text("runtime.powerState"), PowerState.UNKNOWN),
        in_maintenance=body.truth("runtime.inMaintenanceMode"),
        booted_at=body.moment("runtime.bootTime"),
        capabilities=frozenset(name for name in capabilities.value if capabilities.truth(name)),
        problems=(*notes, *problems_of(row, body, tree, "hosts")),
    )


def _serial_number(body: Body) -> str:
    """Since 6.7 a field of its own; before, the service tag among the other identifiers."""
    for other in body.each("hardware.systemInfo.otherIdentifyingInfo"):
        if other.text("identifierType.key") == "ServiceTag" and not body.look("hardware.systemInfo.serialNumber"):
            return other.text("identifierValue")
    return body.text("hardware.systemInfo.serialNumber")


@attrs.frozen
class PortGroup:
    """What a distributed port group says about the adapters on it; uplinks by the names its switch has for them."""

    name: str
    vlan_id: int | None = None
    active: tuple[str, ...] = ()
    standby: tuple[str, ...] = ()


def read_portgroups(rows: Iterable[Row]) -> dict[str, PortGroup]:
    """Distributed port groups by their key."""
    return {str(row.properties.get("key") or row.id): _portgroup(row) for row in rows}


def _portgroup(row: Row) -> PortGroup:
    body = body_of(row)
    order = body.at("config.defaultPortConfig.uplinkTeamingPolicy.uplinkPortOrder")
    return PortGroup(
        entity_name(row) or row.id,
        distributed_vlan(body),
        order.texts("activeUplinkPort"),
        order.texts("standbyUplinkPort"),
    )


def distributed_vlan(body: Body) -> int | None:
    """The VLAN of a distributed port group; None for a trunk or a private VLAN."""
    vlan = body.at("config.defaultPortConfig.vlan")
    if vlan.text("_type") != "VmwareDistributedVirtualSwitchVlanIdSpec":
        return None
    return vlan.number("vlanId")


def read_vmkernel_adapters(row: Row, tree: Tree, portgroups: Mapping[str, PortGroup]) -> list[VMkernelAdapter]:
    """A host's VMkernel adapters.

    Services are the union of those tagged on an adapter and the one its dedicated TCP/IP stack implies.
    """
    body = body_of(row)
    services = _services(body)
    stacks = {stack.text("key"): stack for stack in body.each("config.network.netStackInstance")}
    wiring = _Wiring(body, portgroups)
    adapters = []
    for vnic in body.each(VNICS):
        device, netstack = vnic.text("device"), vnic.text("spec.netStackInstanceKey")
        tagged = services.get(device, set())
        implied = {_STACKS[netstack]} if netstack in _STACKS else set()
        adapters.append(
            VMkernelAdapter(
                id=f"{tree.id_of(row.id)}/{device}",
                name=device,
                platform=tree.origin.platform,
                source=tree.origin.source,
                host_id=tree.id_of(row.id),
                device=device,
                services=frozenset(tagged | implied),
                ip_address=vnic.text("spec.ip.ipAddress"),
                subnet_mask=vnic.text("spec.ip.subnetMask"),
                ipv6_addresses=tuple(
                    address.text("ipAddress") for address in vnic.each("spec.ip.ipV6Config.ipV6Address")
                ),
                gateway=vnic.text("spec.ipRouteSpec.ipRouteConfig.defaultGateway")
                or (stacks[netstack].text("ipRouteConfig.defaultGateway") if netstack in stacks else ""),
                mac_address=mac_text(vnic.text("spec.mac")),
                mtu=vnic.number("spec.mtu"),
                netstack=netstack,
                **wiring.of(vnic),
            )
        )
    problems = problems_of(row, body, tree, "vmkernel_adapters")
    return [attrs.evolve(adapter, problems=problems) for adapter in adapters] if problems else adapters


def _services(body: Body) -> dict[str, set[str]]:
    """Services by device: `selectedVnic` holds keys of `candidateVnic`, which name the device."""
    found: dict[str, set[str]] = {}
    for config in body.each("config.virtualNicManagerInfo.netConfig"):
        selected = set(config.texts("selectedVnic"))
        for candidate in config.each("candidateVnic"):
            if candidate.text("key") in selected:
                found.setdefault(candidate.text("device"), set()).add(config.text("nicType"))
    return found


class _Wiring:
    """From a VMkernel adapter to port group, VLAN, switch and physical adapters."""

    def __init__(self, body: Body, distributed: Mapping[str, PortGroup]) -> None:
        self._distributed = distributed
        self._portgroups = {group.text("spec.name"): group for group in body.each("config.network.portgroup")}
        self._switches = {switch.text("dvsUuid"): switch for switch in body.each("config.network.proxySwitch")}
        pnics = list(body.each("config.network.pnic"))
        self._devices = {pnic.text("key"): pnic.text("device") for pnic in pnics}
        # No linkSpeed means that the link is down.
        self._speeds = {pnic.text("device"): pnic.number("linkSpeed.speedMb") or 0 for pnic in pnics}

    def of(self, vnic: Body) -> dict[str, Any]:
        port = vnic.at("spec.distributedVirtualPort")
        if port.value:
            return self._on_distributed(port)
        name = vnic.text("portgroup", "spec.portgroup")
        group = self._portgroups.get(name, Body({}))
        order = group.at("computedPolicy.nicTeaming.nicOrder")
        return {
            "portgroup": name,
            "vlan_id": group.number("spec.vlanId"),
            "switch": group.text("spec.vswitchName"),
            **self._uplinks(order.texts("activeNic"), order.texts("standbyNic")),
        }

    def _on_distributed(self, port: Body) -> dict[str, Any]:
        key = port.text("portgroupKey")
        group = self._distributed.get(key, PortGroup(key))
        switch = self._switches.get(port.text("switchUuid"), Body({}))
        devices = _uplink_devices(switch)
        active, standby = (
            tuple(device for name in names for device in devices.get(name, ()))
            for names in (group.active, group.standby)
        )
        if not active and not standby:
            active = tuple(self._devices.get(key, "") for key in switch.texts("pnic"))
        return {
            "portgroup": group.name,
            "vlan_id": group.vlan_id,
            "switch": switch.text("dvsName"),
            **self._uplinks(active, standby),
        }

    def _uplinks(self, active: tuple[str, ...], standby: tuple[str, ...]) -> dict[str, Any]:
        speeds = [
            [self._speeds[device] for device in devices if device in self._speeds] for devices in (active, standby)
        ]
        # A standby uplink carries the traffic as soon as no active one is up.
        fastest = [max(known) for known in speeds if known]
        return {
            "uplinks": tuple(device for device in (*active, *standby) if device),
            "link_speed_mbps": next((speed for speed in fastest if speed), 0) if fastest else None,
        }


def _uplink_devices(switch: Body) -> dict[str, list[str]]:
    """A distributed switch's uplinks and link aggregation groups by name: the host's devices on them."""
    on_port = {spec.text("uplinkPortKey"): spec.text("pnicDevice") for spec in switch.each("spec.backing.pnicSpec")}
    named = [(port.text("value"), [port.text("key")]) for port in switch.each("uplinkPort")]
    groups = [
        (group.text("lagName"), [port.text("key") for port in group.each("uplinkPort")])
        for group in switch.each("hostLag")
    ]
    return {name: [on_port[key] for key in keys if key in on_port] for name, keys in (*named, *groups)}
