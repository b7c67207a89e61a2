"""HostSystem rows → VMkernel adapters and the services they carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from hybridinv.model import VMkernelAdapter, VMkernelService
from hybridinv.wire.reading import Body, mac_text
from hybridinv.wire.vim.tree import Tree, body_of, odd, problems_of
from hybridinv.wire.vim.uplinks import Wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hybridinv.wire.soap import Row
    from hybridinv.wire.vim.portgroups import DistributedGroup

_STACKS = {
    "vmotion": VMkernelService.VMOTION.value,
    "vSphereProvisioning": VMkernelService.PROVISIONING.value,
}
_KEY = "VirtualNic-"

_SERVICES = "config.virtualNicManagerInfo.netConfig"
_NO_SERVICES = "its host does not tell which services are on which adapter; those of its TCP/IP stack are known"

VNICS = "config.network.vnic"
"""The path of a host's list of VMkernel adapters."""


def read_vmkernel_adapters(row: Row, tree: Tree, portgroups: Mapping[str, DistributedGroup]) -> list[VMkernelAdapter]:
    """A host's VMkernel adapters.

    Services are the union of those tagged on an adapter and the one its dedicated TCP/IP stack implies.
    """
    body, host_id = body_of(row), tree.id_of(row.id)
    services = services_by_device(body)
    stacks = {stack.text("key"): stack for stack in body.each("config.network.netStackInstance")}
    wiring = Wiring(body, portgroups, tree, host_id)
    adapters = []
    for vnic in body.each(VNICS):
        device, netstack = vnic.text("device"), vnic.text("spec.netStackInstanceKey")
        tagged = services.get(device, set())
        implied = {_STACKS[netstack]} if netstack in _STACKS else set()
        routes, stack = vnic.at("spec.ipRouteSpec.ipRouteConfig"), stacks.get(netstack, Body({}))
        adapters.append(
            VMkernelAdapter(
                id=f"{host_id}/{device}",
                name=device,
                platform=tree.origin.platform,
                source=tree.origin.source,
                host_id=host_id,
                device=device,
                services=frozenset(tagged | implied),
                dhcp=vnic.truth("spec.ip.dhcp"),
                ip_address=vnic.text("spec.ip.ipAddress"),
                subnet_mask=vnic.text("spec.ip.subnetMask"),
                ipv6_addresses=ipv6_addresses(vnic),
                gateway=routes.text("defaultGateway") or stack.text("ipRouteConfig.defaultGateway"),
                ipv6_gateway=routes.text("ipV6DefaultGateway") or stack.text("ipRouteConfig.ipV6DefaultGateway"),
                mac_address=mac_text(vnic.text("spec.mac")),
                mtu=vnic.number("spec.mtu"),
                netstack=netstack,
                **wiring.of(vnic),
            )
        )
    problems = problems_of(row, body, tree, "vmkernel_adapters")
    if body.look(_SERVICES) is None and _SERVICES not in row.missing:
        problems = (*problems, odd(row, tree, "vmkernel_adapters", _NO_SERVICES))
    return [attrs.evolve(adapter, problems=(*problems, *adapter.problems)) for adapter in adapters]


def services_by_device(body: Body) -> dict[str, set[str]]:
    """The services tagged on each adapter.

    `selectedVnic` holds keys of `candidateVnic`, which names the device; one that is not among them tells the device
    itself: `vmotion.key-vim.host.VirtualNic-vmk0`.
    """
    found: dict[str, set[str]] = {}
    for config in body.each(_SERVICES):
        named = {candidate.text("key"): candidate.text("device") for candidate in config.each("candidateVnic")}
        for key in config.texts("selectedVnic"):
            device = named.get(key) or key.partition(_KEY)[2]
            if device:
                found.setdefault(device, set()).add(config.text("nicType"))
            else:
                config.note("selectedVnic", "the key of a VMkernel adapter", key)
    return found


def ipv6_addresses(vnic: Body) -> tuple[str, ...]:
    """The IPv6 addresses of an adapter, link-local ones included."""
    found = (address.text("ipAddress") for address in vnic.each("spec.ip.ipV6Config.ipV6Address"))
    return tuple(address for address in found if address)


def management_address(body: Body) -> str:
    """The address of the first adapter that carries management: IPv4, else the first IPv6 that is not link-local."""
    services = services_by_device(body)
    for vnic in body.each(VNICS):
        if VMkernelService.MANAGEMENT.value not in services.get(vnic.text("device"), ()):
            continue
        routed = (address for address in ipv6_addresses(vnic) if not address.lower().startswith("fe80"))
        if address := vnic.text("spec.ip.ipAddress") or next(routed, ""):
            return address
    return ""
