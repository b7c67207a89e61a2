"""Which VMkernel adapters a service uses on a host, and how two hosts meet."""

from __future__ import annotations

import ipaddress
import itertools
from functools import lru_cache
from typing import TYPE_CHECKING

import attrs

from hybridinv.model import Host, VMkernelAdapter, VMkernelService

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


_STACKS = frozenset({VMkernelService.VMOTION, VMkernelService.PROVISIONING})
"""The services that have a TCP/IP stack of their name."""


@attrs.frozen(kw_only=True)
class Leg:
    """An adapter and its host."""

    host: Host
    adapter: VMkernelAdapter

    def __str__(self) -> str:
        return f"{self.adapter.device} of {self.host.name}"


@attrs.frozen(kw_only=True)
class End:
    """One end of a flow: a host, and the adapters that would carry it there."""

    host: Host
    wanted: str
    """The preferred service."""
    service: str
    """The service used."""
    adapters: tuple[VMkernelAdapter, ...]
    """Those of the service, the first being the one used."""
    known: bool
    """Whether the inventory has any adapter of this host, and says which services they carry."""

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The adapters that may be used; of the fallback, only the first is."""
        adapters = self.adapters[:1] if self.fallback else self.adapters
        return tuple(Leg(host=self.host, adapter=adapter) for adapter in adapters)

    @property
    def fallback(self) -> bool:
        """The preferred service is not set up here."""
        return self.service != self.wanted


def effective_adapters(adapters: Iterable[VMkernelAdapter], service: str) -> tuple[VMkernelAdapter, ...]:
    """List the adapters that carry a service: those on its own TCP/IP stack, else those tagged for it.

    A stack is named as its service; once an adapter is on it, the service is disabled on all other adapters.
    """
    adapters = tuple(adapters)
    on_stack = tuple(adapter for adapter in adapters if adapter.netstack == service)
    return on_stack or tuple(adapter for adapter in adapters if service in adapter.services)


def fallback_adapters(adapters: Iterable[VMkernelAdapter]) -> tuple[VMkernelAdapter, ...]:
    """List where data goes without a Provisioning adapter: vmk0, then what is tagged for management."""
    adapters = tuple(adapters)
    vmk0 = [adapter for adapter in adapters if adapter.device == "vmk0"]
    return tuple(dict.fromkeys((*vmk0, *effective_adapters(adapters, VMkernelService.MANAGEMENT))))


def services_known(adapters: Sequence[VMkernelAdapter]) -> bool:
    """Whether the services of a host's adapters are known: not where none has any, and all say what was not read."""
    told = any(adapter.services or adapter.netstack in _STACKS for adapter in adapters)
    return told or not all(adapter.problems for adapter in adapters)


def end_of(host: Host, adapters: Sequence[VMkernelAdapter], services: Sequence[str]) -> End:
    """Choose the first of the services that is set up on a host; the preferred where no adapter is known."""
    wanted, *fallbacks = services
    found, used = effective_adapters(adapters, wanted), wanted
    known = services_known(adapters)
    if not found and fallbacks and known:
        found, used = fallback_adapters(adapters), fallbacks[0]
    return End(host=host, wanted=wanted, service=used, adapters=found, known=known)


def meet(source: End, destination: End) -> tuple[Leg | None, Leg | None]:
    """Choose the adapters of both ends: a pair whose links are up, in one subnet if there is such a pair."""
    starts, stops = source.legs, destination.legs
    if not (starts and stops):
        return next(iter(starts), None), next(iter(stops), None)
    if len(starts) == len(stops) == 1:
        return starts[0], stops[0]
    return min(itertools.product(starts, stops), key=_hindrances)


def _hindrances(pair: tuple[Leg, Leg]) -> tuple[bool, bool]:
    one, other = pair[0].adapter, pair[1].adapter
    return is_down(one) or is_down(other), not same_subnet(one, other)


def is_down(adapter: VMkernelAdapter) -> bool:
    """Whether all its uplinks are known to be down."""
    return adapter.link_speed_mbps == 0


def same_subnet(one: VMkernelAdapter, other: VMkernelAdapter) -> bool | None:
    """Whether two adapters share a subnet, of IPv4 or else of IPv6; None where an address or mask is not known."""
    networks = subnet(one), subnet(other)
    if None not in networks:
        return networks[0] is networks[1] or networks[0] == networks[1]
    near, far = ipv6_subnets(one), ipv6_subnets(other)
    return bool(near & far) if near and far else None


def has_gateway(adapter: VMkernelAdapter) -> bool:
    """Whether its gateway is in its own subnet; otherwise its stack leaves through another adapter."""
    network = subnet(adapter)
    if network is not None:
        return network == _subnet(adapter.gateway, adapter.subnet_mask)
    try:
        gateway = ipaddress.IPv6Address(adapter.ipv6_gateway)
    except ValueError:
        return False
    return gateway.is_link_local or any(gateway in network for network in ipv6_subnets(adapter))


def ipv6_subnets(adapter: VMkernelAdapter) -> frozenset[ipaddress.IPv6Network]:
    """Its IPv6 subnets, where address and prefix are known; link-local ones are not among them."""
    return _ipv6_subnets(adapter.ipv6_addresses) if adapter.ipv6_addresses else frozenset()


def subnets(adapter: VMkernelAdapter) -> str:
    """Its subnets as text; empty where none is known."""
    network = subnet(adapter)
    return str(network) if network else ", ".join(sorted(map(str, ipv6_subnets(adapter))))


def subnet(adapter: VMkernelAdapter) -> ipaddress.IPv4Network | None:
    """Its IPv4 subnet, where address and mask are known."""
    return _subnet(adapter.ip_address, adapter.subnet_mask) if adapter.ip_address and adapter.subnet_mask else None


@lru_cache(maxsize=65536)
def _ipv6_subnets(addresses: tuple[str, ...]) -> frozenset[ipaddress.IPv6Network]:
    found = set()
    for address in addresses:
        # RFC 4291 2.5.1: the interface part of a unicast address has 64 bits
        try:
            interface = ipaddress.IPv6Interface(address if "/" in address else f"{address}/64")
        except ValueError:
            continue
        if not interface.is_link_local:
            found.add(interface.network)
    return frozenset(found)


@lru_cache(maxsize=65536)
def _subnet(address: str, mask: str) -> ipaddress.IPv4Network | None:
    try:
        return ipaddress.IPv4Interface(f"{address}/{mask}").network
    except ValueError:
        return None
