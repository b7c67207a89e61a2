"""HostSystem rows → hosts and their VMkernel adapters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from hybridinv.model import Host, PowerState, VMkernelAdapter, VMkernelService
from hybridinv.wire.reading import Body, mac_text, many, uuid_text
from hybridinv.wire.soap import Row
from hybridinv.wire.vim.tree import Tree, body_of, entity_name, odd, problems_of

_POWER = {
    "poweredOn": PowerState.RUNNING,
    "poweredOff": PowerState.STOPPED,
    "standBy": PowerState.SUSPENDED,
}
_STACKS = {
    "vmotion": VMkernelService.VMOTION.value,
    "vSphereProvisioning": VMkernelService.PROVISIONING.value,
}


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
    """What a distributed port group says about the adapters on it."""

    name: str
    vlan_id: int | None


def read_portgroups(rows: Iterable[Row]) -> dict[str, PortGroup]:
    """Distributed port groups by their key."""
    return {
        str(row.properties.get("key") or row.id): PortGroup(entity_name(row), distributed_vlan(body_of(row)))
        for row in rows
    }


def distributed_vlan(body: Body) -> int | None:
    """The VLAN of a distributed port group; None for a trunk or a private VLAN."""
    vlan = body.at("config.defaultPortConfig.vlan")
    if vlan.text("_type") != "VmwareDistributedVirtualSwitchVlanIdSpec":
        return None
    return vlan.number("vlanId")


def read_vmkernel_adapters(
    row: Row, tree: Tree, portgroups: Mapping[str, PortGroup]
) -> tuple[list[VMkernelAdapter], bool]:
    """A host's VMkernel adapters; False beside them where the host would not give its list of adapters.

    Services are the union of those tagged on an adapter and the one its dedicated TCP/IP stack implies.
    """
    body = body_of(row)
    services = _services(body)
    stacks = {stack.text("key"): stack for stack in body.each("config.network.netStackInstance")}
    wiring = _Wiring(body, portgroups)
    problems = problems_of(row, body, tree, "vmkernel_adapters")
    adapters = []
    for vnic in body.each("config.network.vnic"):
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
                problems=problems,
                **wiring.of(vnic),
            )
        )
    return adapters, "config.network.vnic" not in row.missing


def _services(body: Body) -> dict[str, set[str]]:
    """nicTypes by device: `selectedVnic` holds keys of `candidateVnic`, which name the device."""
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
        self._pnics = {pnic.text("key"): pnic for pnic in body.each("config.network.pnic")}
        self._keys = {pnic.text("device"): key for key, pnic in self._pnics.items()}

    def of(self, vnic: Body) -> dict[str, Any]:
        port = vnic.at("spec.distributedVirtualPort")
        if port.value:
            switch = self._switches.get(port.text("switchUuid"), Body({}))
            group = self._distributed.get(port.text("portgroupKey"), PortGroup(port.text("portgroupKey"), None))
            keys = [str(key) for key in many(switch.look("pnic"))]
            return self._wired(group.name, group.vlan_id, switch.text("dvsName"), keys, keys)
        name = vnic.text("portgroup")
        portgroup = self._portgroups.get(name, Body({}))
        order = portgroup.at("computedPolicy.nicTeaming.nicOrder")
        active, standby = order.texts("activeNic"), order.texts("standbyNic")
        keys = [self._keys[device] for device in (*active, *standby) if device in self._keys]
        return self._wired(
            name, portgroup.number("spec.vlanId"), portgroup.text("spec.vswitchName"), keys, keys[: len(active)] or keys
        )

    def _wired(self, portgroup: str, vlan: int | None, switch: str, keys: list[str], active: list[str]) -> dict[str, Any]:
        speeds = list(self._speeds(active))
        return {
            "portgroup": portgroup,
            "vlan_id": vlan,
            "switch": switch,
            "uplinks": tuple(self._pnics[key].text("device") for key in keys if key in self._pnics),
            "link_speed_mbps": max(speeds) if speeds else None,
        }

    def _speeds(self, keys: list[str]) -> Iterator[int]:
        for key in keys:
            if key in self._pnics:
                # No linkSpeed means that the link is down.
                yield self._pnics[key].number("linkSpeed.speedMb") or 0
