"""Port groups, standard and distributed: VLANs, teaming, security, and the order of their uplinks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.model import PortGroup, Problem
from hybridinv.wire.vim.tree import Tree, body_of, entity_name, problems_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hybridinv.wire.reading import Body
    from hybridinv.wire.soap import Row

ALL_VLANS = 4095
"""On a standard port group: every VLAN goes through, tagged."""

_VLAN = "VmwareDistributedVirtualSwitchVlanIdSpec"
_TRUNK = "VmwareDistributedVirtualSwitchTrunkVlanSpec"
_PRIVATE = "VmwareDistributedVirtualSwitchPvlanSpec"


@attrs.frozen
class DistributedGroup:
    """What a distributed port group says about the adapters on it; uplinks by the names its switch has for them."""

    name: str
    vlan_id: int | None = None
    active: tuple[str, ...] = ()
    standby: tuple[str, ...] = ()
    switch: str = ""
    """The moref of its switch."""
    problems: tuple[Problem, ...] = ()


def read_portgroups(rows: Iterable[Row], tree: Tree) -> dict[str, DistributedGroup]:
    """Distributed port groups by their key."""
    return {str(row.properties.get("key") or row.id): _distributed(row, tree) for row in rows}


def _distributed(row: Row, tree: Tree) -> DistributedGroup:
    body = body_of(row)
    setting = body.at("config.defaultPortConfig")
    order = setting.at("uplinkTeamingPolicy.uplinkPortOrder")
    return DistributedGroup(
        entity_name(row) or row.id,
        vlan_of(setting)[0],
        order.texts("activeUplinkPort"),
        order.texts("standbyUplinkPort"),
        body.text("config.distributedVirtualSwitch"),
        problems_of(row, body, tree, "vmkernel_adapters"),
    )


def vlan_of(setting: Body, primary: dict[int, int] | None = None) -> tuple[int | None, str]:
    """The VLAN of a distributed port group, and its ranges or pair where it is a trunk or a private VLAN.

    `primary` are the primary VLANs by secondary one; where it is not known, the secondary one stands alone.
    """
    vlan = setting.at("vlan")
    kind = vlan.text("_type")
    if kind == _VLAN:
        return vlan.number("vlanId"), ""
    if kind == _TRUNK:
        ranges = ((part.text("start"), part.text("end")) for part in vlan.each("vlanId"))
        return None, ",".join(start if start == end else f"{start}-{end}" for start, end in ranges)
    if kind == _PRIVATE:
        secondary = vlan.number("pvlanId")
        first = None if secondary is None else (primary or {}).get(secondary)
        return None, ",".join(str(number) for number in (first, secondary) if number is not None)
    if kind:
        vlan.note("vlan", "a VLAN, a trunk or a private VLAN", kind)
    return None, ""


def standard_group(group: Body) -> PortGroup:
    """A port group of a standard switch, as its host has it."""
    policy = group.at("computedPolicy")
    order = policy.at("nicTeaming.nicOrder")
    return PortGroup(
        name=group.text("spec.name"),
        vlan_id=group.number("spec.vlanId"),
        active_uplinks=order.texts("activeNic"),
        standby_uplinks=order.texts("standbyNic"),
        teaming=policy.text("nicTeaming.policy"),
        promiscuous=policy.truth("security.allowPromiscuous"),
        mac_changes=policy.truth("security.macChanges"),
        forged_transmits=policy.truth("security.forgedTransmits"),
    )


def security_of(setting: Body) -> dict[str, Any]:
    """What a distributed switch or port group lets through; since 6.7 in a policy of its own as well."""
    found: dict[str, Any] = {}
    for name, flag in (
        ("promiscuous", "allowPromiscuous"),
        ("mac_changes", "macChanges"),
        ("forged_transmits", "forgedTransmits"),
    ):
        said = setting.truth(f"securityPolicy.{flag}.value")
        found[name] = setting.truth(f"macManagementPolicy.{flag}") if said is None else said
    return found
