"""What RVTools' sheets do not tell of vSphere's records: which have no row there, and ids that are no object's own."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from hybridinv.report.rvtools_estate import VSPHERE, moref_of, native_of, vcenter_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hybridinv.model import Network
    from hybridinv.report.rvtools_estate import VSphereEstate

_OWN = re.compile(r"(?![0-9a-f]{8}-)[a-z][a-z0-9]*-[\w-]+|[a-z]+:.*", re.ASCII | re.DOTALL)
"""A managed object's own id, or one that was made of names when a workbook was read."""
_IDS = {"networks": re.compile(r"dvportgroup-[\w-]+|[a-z]+:.*", re.DOTALL)}
_OF_VSPHERE_ONLY = ("vmkernel_adapters", "datastores", "switches", "resource_pools")
"""Kinds that the sheets of the other platforms do not have."""
OF_ALL = ("extensions", "resources")
"""Kinds of which there is a sheet for all platforms."""


class Id(NamedTuple):
    """A record that is found by its object's id, or by its name and that of its host; or that is on no other sheet."""

    kind: str
    id: str
    object_id: str
    name: str
    host: str
    platform: str
    source: str


def other_networks(estate: VSphereEstate) -> Iterator[Network]:
    """The networks of the other platforms, and of vSphere those that RVTools has no row for: NSX's, and lone ones.

    So are those with tags or custom attributes: rows of RVTools do not tell whose these are.
    """
    groups = {
        (switch.source, host.location if (host := estate.hosts.get(next(iter(switch.host_ids), ""))) else "", one.name)
        for switch in estate.of(estate.inv.switches)
        if switch.kind != "distributed"
        for one in switch.portgroups
    }
    # As it is read: a port group of VMkernel adapters alone is no network.
    used = {nic.network_id for machine in estate.machines for nic in machine.vm.nics}
    in_use = {(one.source, one.name) for one in estate.inv.networks if one.id in used}
    own = {(one.source, one.portgroup) for one in estate.inv.vmkernel_adapters} - in_use
    several = Counter(map(_standard_key, estate.inv.networks))
    for network in estate.inv.networks:
        key = _standard_key(network)
        if network.platform == VSPHERE and network.kind == "distributed":
            continue
        is_on_vport = network.kind == "standard" and key in groups and (network.source, network.name) not in own
        is_more = bool(network.tags or network.custom_attributes) or several[key] > 1  # one row is one network
        if network.platform == VSPHERE and is_on_vport and _is_of_object(network.id, _OWN) and not is_more:
            continue
        yield network


def _standard_key(network: Network) -> tuple[str, str, str]:
    """What tells a network from others where it has no object's id."""
    return (network.source, network.location, network.name)


def ids(estate: VSphereEstate) -> Iterator[Id]:
    """The records whose ids a reader of the other sheets would not know, or that are on none of them."""
    licenses = Counter(_license(one) for one in estate.of(estate.inv.licenses))
    for kind, records in estate.inv.tables().items():
        for one in records:
            if one.platform != VSPHERE:
                if kind in _OF_VSPHERE_ONLY:
                    yield _id(kind, one)
                continue
            if kind in OF_ALL or (kind == "networks" and one.kind != "distributed"):
                continue
            if kind == "licenses":
                # A reader makes their ids of what the rows hold.
                if licenses[_license(one)] > 1 or not vcenter_of(one.id):
                    yield _id(kind, one)
            elif kind == "vmkernel_adapters" or (kind == "switches" and one.kind != "distributed"):
                yield from _of_host(estate, kind, one)
            elif kind == "clusters" and moref_of(one.id).startswith("domain-s"):
                yield _id(kind, one)
            else:
                native = getattr(one, "native_id", "") or native_of(one.id)
                if native != moref_of(one.id) or not _is_of_object(one.id, _IDS.get(kind, _OWN)):
                    yield _id(kind, one, native)


def _of_host(estate: VSphereEstate, kind: str, one: Any) -> Iterator[Id]:
    """A part of a host, unless its id is its host's with its name."""
    host_id = one.host_id if kind == "vmkernel_adapters" else next(iter(one.host_ids), "")
    name = (one.device or one.name) if kind == "vmkernel_adapters" else one.name
    host = estate.hosts.get(host_id)
    if host is None or one.id != f"{host_id}/{name}":
        yield _id(kind, one, name=name, host=host.name if host else "")


def _id(kind: str, one: Any, object_id: str = "", *, name: str = "", host: str = "") -> Id:
    return Id(kind, one.id, object_id, name or one.name, host, one.platform, one.source)


def _license(one: Any) -> tuple[str, ...]:
    return (one.source, one.name, one.key, one.unit)


def _is_of_object(id_: str, pattern: re.Pattern[str]) -> bool:
    """Whether an id is the one that a reader gives the object."""
    vcenter = vcenter_of(id_)
    return bool(vcenter) and vcenter == vcenter.lower() and bool(pattern.fullmatch(moref_of(id_)))
