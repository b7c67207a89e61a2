"""Addresses for addresses: two that share the first n bits share them afterwards, so that subnets stay subnets."""

from __future__ import annotations

import ipaddress
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_KEPT = ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/127", "ff00::/8")
"""What means the same everywhere: unspecified, loopback, multicast, masks."""
_BOUND = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/64")
"""What stays within itself: private, shared and link-local addresses."""


@cache
def _networks(version: int, *, kept_only: bool) -> list[tuple[int, int]]:
    """The first address and the length of each."""
    networks = map(ipaddress.ip_network, _KEPT if kept_only else (*_KEPT, *_BOUND))
    return [(int(one.network_address), one.prefixlen) for one in networks if one.version == version]


class Addresses:
    """Pseudonyms of IP addresses under a key: the prefixes that addresses share are kept (Xu et al., Crypto-PAn, 2002).

    https://doi.org/10.1109/ICNP.2002.1181415
    """

    def __init__(self, turns: Callable[[str], bool]) -> None:
        self._turns = cache(turns)

    def of(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
        """The address for that address, never the same one; those that mean something everywhere stay."""
        width, number = address.max_prefixlen, int(address)
        kept = _networks(address.version, kept_only=True)
        if any(number >> (width - length) == at >> (width - length) for at, length in kept):
            return str(address)
        found = number ^ 1  # It must not stay what it is.
        bound = _networks(address.version, kept_only=False)
        for place in range(width - 1):
            before = number >> (width - place)
            # Where a network that keeps its own begins with these bits, they have to lead there afterwards too.
            leads = any(length > place and at >> (width - place) == before for at, length in bound)
            if not leads and self._turns(f"{address.version} {place} {before}"):
                found ^= 1 << (width - 1 - place)
        return str(type(address)(found))

    def of_network(self, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str:
        """The network in which the pseudonyms of that network's addresses are."""
        if not network.prefixlen:
            return str(network)
        first = ipaddress.ip_address(self.of(network.network_address))
        return str(ipaddress.ip_network(f"{first}/{network.prefixlen}", strict=False))
