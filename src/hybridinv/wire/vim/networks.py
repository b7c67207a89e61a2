"""Network rows → records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.model import Network, PortGroup, Problem
from hybridinv.wire.vim.portgroups import ALL_VLANS, security_of, standard_group, vlan_of
from hybridinv.wire.vim.tree import Tree, body_of, entity_name, problems_of

if TYPE_CHECKING:
    from hybridinv.wire.reading import Body
    from hybridinv.wire.soap import Row

_EVERYTHING = "0-4094"
_KINDS = {"DistributedVirtualPortgroup": "distributed", "OpaqueNetwork": "opaque"}


@attrs.frozen
class Backing:
    """What networks need of other objects: the distributed switches, and the port groups of the hosts."""

    names: Mapping[str, str]
    """Names of distributed switches by moref."""
    primary_vlans: Mapping[str, dict[int, int]]
    """By distributed switch: primary VLANs by secondary one."""
    groups: Mapping[str, Mapping[str, tuple[PortGroup, str]]]
    """By host, standard port groups by name, each with the name of its switch."""
    problems: Mapping[str, tuple[Problem, ...]]
    """By switch and by host: what could not be read of it."""


def read_backing(rows: Iterable[Row], tree: Tree) -> Backing:
    """What the rows of switches and hosts among the networks say; other rows are passed over."""
    names: dict[str, str] = {}
    primary: dict[str, dict[int, int]] = {}
    groups: dict[str, dict[str, tuple[PortGroup, str]]] = {}
    problems: dict[str, tuple[Problem, ...]] = {}
    for row in rows:
        body = body_of(row)
        if row.type.endswith("DistributedVirtualSwitch"):
            names[row.id] = entity_name(row)
            pairs = (
                (entry.number("secondaryVlanId"), entry.number("primaryVlanId"))
                for entry in body.each("config.pvlanConfig")
            )
            primary[row.id] = {second: first for second, first in pairs if second is not None and first is not None}
        elif row.type == "HostSystem":
            groups[row.id] = {
                group.text("spec.name"): (standard_group(group), group.text("spec.vswitchName"))
                for group in body.each("config.network.portgroup")
            }
        else:
            continue
        problems[row.id] = problems_of(row, body, tree, "networks")
    return Backing(names, primary, groups, problems)


def read_network(row: Row, tree: Tree, backing: Backing) -> Network:
    """A port group, standard or distributed, or an opaque network."""
    body = body_of(row)
    name = entity_name(row) or row.id
    kind = _KINDS.get(row.type, "standard")
    hosts = body.texts("host")
    behind: tuple[str, ...] = ()
    fields: dict[str, Any] = {}
    if kind == "distributed":
        behind, fields = body.texts("config.distributedVirtualSwitch"), _distributed(body.at("config"), tree, backing)
    elif kind == "standard":
        behind, fields = hosts, _standard(name, hosts, backing)
    return Network(
        id=tree.id_of(row.id),
        name=name,
        platform=tree.origin.platform,
        source=tree.origin.source,
        location=tree.location_of(body.text("parent")),
        kind=kind,
        host_ids=tuple(tree.id_of(host) for host in hosts),
        **fields,
        tags=tree.tags_of(row.id),
        custom_attributes=tree.attributes_of(body),
        problems=(
            *problems_of(row, body, tree, "networks"),
            *(problem for moref in behind for problem in backing.problems.get(moref, ())),
        ),
    )


def _distributed(config: Body, tree: Tree, backing: Backing) -> dict[str, Any]:
    setting = config.at("defaultPortConfig")
    order = setting.at("uplinkTeamingPolicy.uplinkPortOrder")
    switch = config.text("distributedVirtualSwitch")
    vlan_id, vlans = vlan_of(setting, backing.primary_vlans.get(switch))
    return {
        "vlan_id": vlan_id,
        "vlans": vlans,
        "switch": backing.names.get(switch, ""),
        "switch_id": tree.id_of(switch),
        "is_uplink": config.truth("uplink"),
        "binding": config.text("type"),
        "ports": config.number("numPorts"),
        "active_uplinks": order.texts("activeUplinkPort"),
        "standby_uplinks": order.texts("standbyUplinkPort"),
        "teaming": setting.text("uplinkTeamingPolicy.policy.value"),
        **security_of(setting),
    }


def _standard(name: str, hosts: tuple[str, ...], backing: Backing) -> dict[str, Any]:
    """What all the hosts that have a port group of that name agree on."""
    known = [group for host in hosts for group in (backing.groups.get(host, {}).get(name),) if group]
    if not known:
        return {}
    first, switch = known[0]
    fields: dict[str, Any] = {
        field: value
        for field, value in attrs.asdict(first).items()
        if field != "name" and all(getattr(group, field) == value for group, _ in known)
    }
    if fields.get("vlan_id") == ALL_VLANS:
        fields.update(vlan_id=None, vlans=_EVERYTHING)
    fields["switch"] = switch if all(other == switch for _, other in known) else ""
    return fields
