"""Microsoft.Network rows → virtual networks, and the adapters of machines with their addresses."""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, Any

from hybridinv.model import Network, Nic
from hybridinv.wire.arm import arm_id, own_id, own_name, parse_id
from hybridinv.wire.reading import Body, Origin, look, mac_text, many

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NONE: Mapping[str, dict[str, Any]] = {}


def read_network(body: dict[str, Any], origin: Origin) -> Network:
    """A virtual network; `UnexpectedAnswer` where it has no id. API: Microsoft.Network `virtualNetworks`."""
    item, rid = Body(body), own_id(body)
    id_ = arm_id(rid.text)
    properties = item.at("properties")
    return Network(
        id=id_,
        name=own_name(item, rid),
        platform=origin.platform,
        source=origin.source,
        location=item.text("location"),
        kind="virtual-network",
        address_prefixes=properties.at("addressSpace").texts("addressPrefixes"),
        subnets=tuple(_subnet(subnet) for subnet in properties.each("subnets")),
        tags=item.tags(),
        problems=item.problems(origin, "networks", id_),
    )


def _subnet(subnet: Body) -> str:
    prefix = subnet.text("properties.addressPrefix")
    prefixes = (prefix,) if prefix else subnet.texts("properties.addressPrefixes")
    return " ".join(filter(None, (subnet.text("name"), ", ".join(prefixes))))


def read_nic(
    reference: Body,
    interfaces: Mapping[str, dict[str, Any]] = _NONE,
    public_addresses: Mapping[str, dict[str, Any]] = _NONE,
) -> Nic | None:
    """An adapter from its entry in a machine's `networkInterfaces[]`; None where that has no id.

    What only its own resource says (`interfaces`, `public_addresses`: the lists by lower-cased id) is unknown where it
    is not in them; a scale set's adapters never are. API: Microsoft.Network `networkInterfaces`, `publicIPAddresses`.
    """
    id_ = reference.text("id")
    if not id_:
        return None
    item = Body(interfaces.get(arm_id(id_)) or {}, reference.notes).at("properties")
    configurations = list(item.each("ipConfigurations"))
    primary = reference.truth("properties.primary")
    return Nic(
        name=parse_id(id_).name or id_,
        mac_address=mac_text(item.text("macAddress")),
        network_id=_network_id(configurations),
        ip_addresses=_several(one.text("properties.privateIPAddress") for one in configurations),
        public_ip_addresses=_several(_public(one, public_addresses) for one in configurations),
        type=intern(item.text("nicType")),
        is_primary=item.truth("primary") if primary is None else primary,
        is_accelerated=item.truth("enableAcceleratedNetworking"),
    )


def public_address_ids(interface: Mapping[str, Any]) -> set[str]:
    """The ids, in lower case, of the public addresses that an interface names."""
    configurations = many(look(interface, "properties.ipConfigurations"))
    ids = (look(one, "properties.publicIPAddress.id") for one in configurations)
    return {arm_id(id_) for id_ in ids if isinstance(id_, str) and id_}


def _network_id(configurations: Iterable[Body]) -> str:
    """The virtual network of the first subnet: an interface is in one."""
    subnets = (parse_id(one.text("properties.subnet.id")) for one in configurations)
    return next((intern(arm_id(subnet.parent)) for subnet in subnets if len(subnet.names) > 1), "")


def _public(configuration: Body, public_addresses: Mapping[str, dict[str, Any]]) -> str:
    """The address of a configuration: the list's, else the one that stands in it; a dynamic one may have none now."""
    address = configuration.at("properties").at("publicIPAddress")
    listed = public_addresses.get(arm_id(address.text("id"))) or {}
    return Body(listed, configuration.notes).text("properties.ipAddress") or address.text("properties.ipAddress")


def _several(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, texts)))
