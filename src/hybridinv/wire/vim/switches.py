"""HostSystem and DistributedVirtualSwitch rows → switches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybridinv.model import Switch
from hybridinv.wire.vim.portgroups import security_of, standard_group
from hybridinv.wire.vim.tree import Tree, body_of, entity_name, problems_of
from hybridinv.wire.vim.uplinks import device_of, devices_by_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hybridinv.model import PortGroup
    from hybridinv.wire.reading import Body
    from hybridinv.wire.soap import Row


def read_switches(row: Row, tree: Tree) -> list[Switch]:
    """The standard switches of a host; of a distributed switch, itself alone."""
    return _standard(row, tree) if row.type == "HostSystem" else [_distributed(row, tree)]


def _standard(row: Row, tree: Tree) -> list[Switch]:
    body, host_id = body_of(row), tree.id_of(row.id)
    groups = [
        (group.text("spec.vswitchName"), standard_group(group)) for group in body.each("config.network.portgroup")
    ]
    devices = devices_by_key(body)
    found = [_standard_switch(switch, groups, devices) for switch in body.each("config.network.vswitch")]
    problems = problems_of(row, body, tree, "switches")
    return [
        Switch(
            id=f"{host_id}/{fields['name']}",
            platform=tree.origin.platform,
            source=tree.origin.source,
            location=tree.location_of(row.id),
            kind="standard",
            host_ids=(host_id,),
            **fields,
            problems=problems,
        )
        for fields in found
    ]


def _standard_switch(switch: Body, groups: list[tuple[str, PortGroup]], devices: Mapping[str, str]) -> dict[str, Any]:
    name, security = switch.text("name"), switch.at("spec.policy.security")
    return {
        "name": name,
        "mtu": switch.number("mtu", "spec.mtu"),
        "ports": switch.number("numPorts", "spec.numPorts"),
        "free_ports": switch.number("numPortsAvailable"),
        "uplinks": tuple(device_of(key, devices) for key in switch.texts("pnic"))
        or switch.texts("spec.bridge.nicDevice"),
        "portgroups": tuple(group for switch_name, group in groups if switch_name == name),
        "discovery": _discovery(switch.at("spec.bridge.linkDiscoveryProtocolConfig")),
        "teaming": switch.text("spec.policy.nicTeaming.policy"),
        "promiscuous": security.truth("allowPromiscuous"),
        "mac_changes": security.truth("macChanges"),
        "forged_transmits": security.truth("forgedTransmits"),
    }


def _distributed(row: Row, tree: Tree) -> Switch:
    body = body_of(row)
    config, summary = body.at("config"), body.at("summary")
    setting = config.at("defaultPortConfig")
    members = tuple(member.text("config.host") for member in config.each("host")) or summary.texts("hostMember")
    return Switch(
        id=tree.id_of(row.id),
        name=entity_name(row) or row.id,
        platform=tree.origin.platform,
        source=tree.origin.source,
        location=tree.location_of(body.text("parent")),
        kind="distributed",
        uuid=body.text("uuid") or config.text("uuid") or summary.text("uuid"),
        version=summary.text("productInfo.version") or config.text("productInfo.version"),
        vendor=summary.text("productInfo.vendor") or config.text("productInfo.vendor"),
        host_ids=tuple(tree.id_of(host) for host in members),
        mtu=config.number("maxMtu"),
        ports=config.number("numPorts") if config.look("numPorts") is not None else summary.number("numPorts"),
        uplinks=config.texts("uplinkPortPolicy.uplinkPortName"),
        lags=tuple(_lag(lag) for lag in config.each("lacpGroupConfig")),
        discovery=_discovery(config.at("linkDiscoveryProtocolConfig")),
        io_control=config.truth("networkResourceManagementEnabled"),
        lacp=config.text("lacpApiVersion"),
        teaming=setting.text("uplinkTeamingPolicy.policy.value"),
        **security_of(setting),
        description=config.text("description") or summary.text("description"),
        created_at=config.moment("createTime"),
        tags=tree.tags_of(row.id),
        custom_attributes=tree.attributes_of(body),
        problems=problems_of(row, body, tree, "switches"),
    )


def _discovery(config: Body) -> str:
    return f"{config.text('protocol')} {config.text('operation')}".strip()


def _lag(lag: Body) -> str:
    return " ".join(filter(None, (lag.text("name"), lag.text("mode"), lag.text("loadbalanceAlgorithm"))))
