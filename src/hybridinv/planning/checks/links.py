"""Whether two hosts have the adapters that a service needs, and whether these reach one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from hybridinv.model import Finding, VMkernelService
from hybridinv.model.migration import MigrationState
from hybridinv.planning.checks.faults import found, version_numbers
from hybridinv.planning.paths import (
    End,
    Leg,
    effective_adapters,
    end_of,
    has_gateway,
    ipv6_subnets,
    is_down,
    meet,
    same_subnet,
    subnet,
    subnets,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hybridinv.model import Host, VMkernelAdapter
    from hybridinv.planning.index import Index

_LEAST_VMOTION_MBPS = 1000
_LEAST_VGPU_MBPS = 10000
_UDT_SINCE = (8,)
_SELECTABLE = "provisioningNicSelectionSupported"
_ROUTES = (
    "KB 340170: without a static route on the host, data leaves the source by vmk0. The cold migration page (7.0, "
    "8.0): not possible across subnets"
)


@attrs.frozen(kw_only=True)
class Link:
    """How two hosts meet for a service: the adapters of both ends, and what is to be said about them."""

    source: End
    destination: End
    start: Leg | None
    stop: Leg | None
    findings: tuple[Finding, ...]

    @property
    def service(self) -> str:
        """The service used: the fallback where one end at least has to use it."""
        return _used(self.source, self.destination).service

    @property
    def fallback(self) -> bool:
        """The preferred service is not set up at one end or both."""
        return self.source.fallback or self.destination.fallback

    @property
    def link_speed_mbps(self) -> int | None:
        """The slower of both ends; None where one is not known."""
        if self.start is None or self.stop is None:
            return None
        speeds = self.start.adapter.link_speed_mbps, self.stop.adapter.link_speed_mbps
        known = [speed for speed in speeds if speed is not None and speed >= 0]
        return min(known) if len(known) == len(speeds) else None


def _used(source: End, destination: End) -> End:
    return source if source.fallback else destination


def find_link(index: Index, source: Host, destination: Host, services: Sequence[str]) -> Link:
    """How two hosts meet for the first of the services, or for its fallback; worked out once for each pair."""
    key = ("link", source.id, destination.id, *services)
    known: Link | None = index.answers.get(key)
    if known is None:
        known = index.answers[key] = _link(index, source, destination, services)
    return known


def _link(index: Index, source: Host, destination: Host, services: Sequence[str]) -> Link:
    (near, near_findings), (far, far_findings) = (_end(index, host, services) for host in (source, destination))
    start, stop = meet(near, far)
    findings = [*near_findings, *(far_findings if destination.id != source.id else ())]
    if start and stop and start.adapter.id != stop.adapter.id:
        service = _used(near, far).service
        findings += check_link(service, start, stop)
        findings += [one for end, leg in ((near, start), (far, stop)) for one in _check_spare(service, end, leg)]
    findings += _check_unified_data_transport(near, far)
    return Link(source=near, destination=far, start=start, stop=stop, findings=tuple(findings))


def _end(index: Index, host: Host, services: Sequence[str]) -> tuple[End, tuple[Finding, ...]]:
    key = ("end", host.id, *services)
    known: tuple[End, tuple[Finding, ...]] | None = index.answers.get(key)
    if known is None:
        end = end_of(host, index.adapters(host.id), services)
        known = index.answers[key] = end, tuple(check_end(end))
    return known


def check_end(end: End) -> Iterator[Finding]:
    """Whether a host has the adapters that a service needs."""
    host = end.host
    if end.wanted == VMkernelService.VMOTION and not end.adapters and end.known:
        message = f"no VMkernel adapter of {host.name} is enabled for vMotion"
        yield from found("VMotionNotConfigured", host.id, message)
    elif end.wanted == VMkernelService.VMOTION and not end.adapters:
        message = (
            f"the VMkernel adapters of {host.name}, or their services, are not in this inventory; "
            "vMotion is taken to be set up"
        )
        yield from found("VMkernelAdaptersUnknown", host.id, message)
    elif not end.adapters:
        message = f"no VMkernel adapter of {host.name} for {end.service} is in this inventory"
        yield from found("VMkernelAdaptersUnknown", host.id, message)
    elif end.fallback:
        yield from found("ProvisioningNotConfigured", host.id, _fallback_message(end))
    elif end.wanted == VMkernelService.PROVISIONING:
        if len(end.adapters) > 1:
            devices = ", ".join(adapter.device for adapter in end.adapters)
            message = f"{host.name} has {devices} for Provisioning; at most one adapter is documented"
            yield from found("SeveralProvisioningAdapters", host.id, message)
        if host.capabilities and _SELECTABLE not in host.capabilities:
            message = (
                f"{host.name} has {end.adapters[0].device} for Provisioning, but lacks the capability {_SELECTABLE}"
            )
            yield from found("ProvisioningNicSelectionNotSupported", host.id, message)


def _fallback_message(end: End) -> str:
    first = end.adapters[0]
    tagged = [a.device for a in effective_adapters(end.adapters, VMkernelService.MANAGEMENT)]
    message = f"{end.host.name} has no Provisioning adapter; the data falls back to {first.device}"
    if tagged and first.device not in tagged:
        return (
            f"{message}, or to {', '.join(tagged)}: some documents say vmk0, others the management network, "
            f"and {first.device} is not tagged for management here"
        )
    return message


def check_link(service: str, source: Leg, destination: Leg) -> Iterator[Finding]:
    """Whether two adapters reach one another, and how well."""
    for leg in (source, destination):
        yield from _check_uplinks(service, leg)
        yield from _check_switch_mtu(leg)
        yield from _check_known(leg)
    one, other = source.adapter, destination.adapter
    if None not in (one.mtu, other.mtu) and one.mtu != other.mtu:
        message = f"{source} has MTU {one.mtu}, {destination} {other.mtu}"
        yield from found("MtuMismatch", one.id, message)
    shared = same_subnet(one, other)
    if shared is False:
        yield from _check_subnets(service, source, destination)
    elif shared and None not in (one.vlan_id, other.vlan_id) and one.vlan_id != other.vlan_id:
        message = f"{source} has VLAN {one.vlan_id}, {destination} {other.vlan_id}, in the same subnet"
        yield from found("VlanDiffers", one.id, message)


def _check_uplinks(service: str, leg: Leg) -> Iterator[Finding]:
    vmotion, speed = service == VMkernelService.VMOTION, leg.adapter.link_speed_mbps
    if speed == 0:
        code = "VMotionLinkDown" if vmotion else "LinkDown"
        yield from found(code, leg.adapter.id, f"all uplinks of {leg} are down")
    elif vmotion and speed is not None:
        half = _half_duplex(leg)
        if speed < _LEAST_VMOTION_MBPS:
            message = f"{leg} has {speed} Mbit/s; vMotion wants {_LEAST_VMOTION_MBPS}"
            yield from found("VMotionLinkCapacityLow", leg.adapter.id, message)
        elif half:
            message = f"{half}, an uplink of {leg}, runs at half duplex"
            yield from found("VMotionLinkCapacityLow", leg.adapter.id, message)


def _check_spare(service: str, end: End, used: Leg) -> Iterator[Finding]:
    """The other adapters of the service that are down: the service may try them all the same."""
    code = "VMotionLinkDown" if service == VMkernelService.VMOTION else "LinkDown"
    for leg in end.legs if len(end.adapters) > 1 else ():
        if leg.adapter.id != used.adapter.id and is_down(leg.adapter):
            message = f"all uplinks of {leg} are down; planned over {used.adapter.device}"
            yield from found(code, leg.adapter.id, message, lesser=True)


def _check_known(leg: Leg) -> Iterator[Finding]:
    """What of the link is not known, and so was not compared."""
    adapter = leg.adapter
    placed = subnet(adapter) or ipv6_subnets(adapter)
    if placed and adapter.mtu is not None and adapter.link_speed_mbps is not None:
        return
    apart = [] if placed else [_unknown_subnet(adapter)]
    facts = (("its MTU", adapter.mtu), ("its speed", adapter.link_speed_mbps))
    missing = [*apart, *(name for name, value in facts if value is None)]
    if missing:
        message = f"not known of {leg}, and so not compared: {', '.join(missing)}"
        yield from found("LinkFactsUnknown", adapter.id, message, lesser=not apart)


def _unknown_subnet(adapter: VMkernelAdapter) -> str:
    if not adapter.ip_address:
        return "its subnet" if adapter.ipv6_addresses else "its address"
    return f"its subnet (address {adapter.ip_address!r}, mask {adapter.subnet_mask!r})"


def _half_duplex(leg: Leg) -> str:
    """The first uplink in use that runs at half duplex."""
    return next(
        (
            nic.device
            for nic in leg.host.nics
            if nic.full_duplex is False and nic.speed_mbps and nic.device in leg.adapter.uplinks
        ),
        "",
    )


def _check_switch_mtu(leg: Leg) -> Iterator[Finding]:
    adapter = leg.adapter
    if adapter.mtu and adapter.switch_mtu and adapter.switch_mtu < adapter.mtu:
        message = f"{leg} has MTU {adapter.mtu}, its switch {adapter.switch} {adapter.switch_mtu}"
        yield from found("MtuMismatch", adapter.id, message)


def _check_subnets(service: str, source: Leg, destination: Leg) -> Iterator[Finding]:
    where = f"{source} ({subnets(source.adapter)}) and {destination} ({subnets(destination.adapter)})"
    if service != VMkernelService.VMOTION:
        remedy = "use one subnet for Provisioning, or add static routes and try"
        message = f"{where} are in different subnets. {_ROUTES}"
        yield from found("DifferentSubnets", source.adapter.id, message, MigrationState.COLD, remedy=remedy)
    elif not (has_gateway(source.adapter) and has_gateway(destination.adapter)):
        message = (
            f"{where} are in different subnets, and not both have a gateway in their own; static routes were not "
            "looked at"
        )
        yield from found("DifferentSubnets", source.adapter.id, message)


def _check_unified_data_transport(source: End, destination: End) -> tuple[Finding, ...]:
    """Whether NFC may hand its data to the vMotion protocol, as it can from 8.0 on."""
    ends = (source, destination)
    if not all(end.adapters and end.service == VMkernelService.PROVISIONING for end in ends):
        return ()
    if not all(version_numbers(end.host.version) >= _UDT_SINCE for end in ends):
        return ()
    message = (
        "both hosts can hand bulk data to the vMotion protocol, faster than planned; which adapter then carries it is "
        "UNVERIFIED"
    )
    return found("UnifiedDataTransport", source.host.id, message)


def check_vgpu_speed(link: Link, vm_name: str) -> Iterator[Finding]:
    """Whether the link is fast enough for a machine with a vGPU."""
    speed = link.link_speed_mbps
    if speed and speed < _LEAST_VGPU_MBPS and link.start:
        message = f"{vm_name} has a vGPU, and {link.start} to {link.destination.host.name} has {speed} Mbit/s"
        yield from found("VGpuNeedsFasterLink", link.start.adapter.id, message)
