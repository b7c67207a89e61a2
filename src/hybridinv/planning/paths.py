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
    """Whether the inventory has any adapter of this host."""

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


def end_of(host: Host, adapters: Sequence[VMkernelAdapter], services: Sequence[str]) -> End:
    """Choose the first of the services that is set up on a host; the preferred where no adapter is known."""
    wanted, *fallbacks = services
    found, used = effective_adapters(adapters, wanted), wanted
    if not found and fallbacks and adapters:
        found, used = fallback_adapters(adapters), fallbacks[0]
    return End(host=host, wanted=wanted, service=used, adapters=found, known=bool(adapters))


def meet(source: End, destination: End) -> tuple[Leg | None, Leg | None]:
    """Choose the adapters of both ends: the first pair that shares a subnet, else the first of each."""
    starts, stops = source.legs, destination.legs
    pairs = itertools.product(starts, stops)
    shared = next((pair for pair in pairs if same_subnet(pair[0].adapter, pair[1].adapter)), None)
    return shared if shared else (next(iter(starts), None), next(iter(stops), None))


def same_subnet(one: VMkernelAdapter, other: VMkernelAdapter) -> bool | None:
    """Whether two adapters share an IPv4 subnet; None where an address or mask is not known."""
    networks = subnet(one), subnet(other)
    return None if None in networks else networks[0] == networks[1]


def has_gateway(adapter: VMkernelAdapter) -> bool:
    """Whether its gateway is in its own subnet; otherwise its stack leaves through another adapter."""
    network = subnet(adapter)
    return network is not None and network == _subnet(adapter.gateway, adapter.subnet_mask)


def subnet(adapter: VMkernelAdapter) -> ipaddress.IPv4Network | None:
    """Its IPv4 subnet, where address and mask are known."""
    return _subnet(adapter.ip_address, adapter.subnet_mask) if adapter.ip_address and adapter.subnet_mask else None


@lru_cache(maxsize=65536)
def _subnet(address: str, mask: str) -> ipaddress.IPv4Network | None:
    try:
        return ipaddress.IPv4Interface(f"{address}/{mask}").network
    except ValueError:
        return None
