"""Whether a machine finds its networks on the other host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.planning.checks.faults import found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hybridinv.model import Finding, Host, Network, Nic, VirtualMachine
    from hybridinv.model.migration import MigrationState
    from hybridinv.planning.index import Index
    from hybridinv.planning.move import Move

_ACROSS = "vmotionAcrossNetworkSupported"


def check_intranet(vm: VirtualMachine, index: Index, state: MigrationState) -> Iterator[Finding]:
    """Whether a machine is on a switch without uplinks, which ends at its host."""
    for nic in vm.nics:
        network = index.networks.get(nic.network_id)
        if network and _ends_there(index, vm.host_id, network):
            message = f"{nic.name or 'an adapter'} of {vm.name} is on {network.name}, on a switch without uplinks"
            lesser = nic.connected is False
            yield from found("VMOnVirtualIntranet", vm.id, message, state, lesser=lesser)


def check_networks(move: Move) -> Iterator[Finding]:
    """Whether the destination has the machine's networks, and they are the same there."""
    source, destination = move.source, move.destination
    if not (source and destination and move.host_changes):
        return
    elsewhere = move.crosses_vcenters or source.location != destination.location
    unknown = []
    for nic in move.vm.nics:
        if not nic.network_id:
            continue
        network = move.index.networks.get(nic.network_id)
        has = network and move.index.has_network(destination, network.id)
        if network is None or has is None:
            unknown.append(nic.name or nic.mac_address)
        elif elsewhere and not has:
            yield from _check_elsewhere(move, nic, network, destination)
        elif not has:
            yield from _missing(move, nic, network, destination)
        else:
            yield from _check_same(move, network, source, destination)
    if unknown:
        message = f"which hosts have the networks of {', '.join(unknown)} of {move.vm.name} is not in this inventory"
        yield from found("NetworkUnknown", move.vm.id, message, move.state)


def _missing(move: Move, nic: Nic, network: Network, destination: Host) -> Iterator[Finding]:
    switch = move.index.switches.get(network.switch_id)
    member = switch is None or not switch.host_ids or destination.id in switch.host_ids
    why = "does not have" if member else f"is not a member of {network.switch}, so it does not have"
    message = f"{destination.name} {why} {network.name}, which {nic.name or 'an adapter'} of {move.vm.name} is on"
    lesser = network.kind == "standard" and nic.connected is False
    yield from found("CannotAccessNetwork", network.id, message, move.state, lesser=lesser)


def _check_elsewhere(move: Move, nic: Nic, network: Network, destination: Host) -> Iterator[Finding]:
    namesakes = move.index.networks_by_name.get(network.name, ())
    if any(destination.id in one.host_ids for one in namesakes):
        message = f"{destination.name} has a {network.name} too, in another {_where(move)}"
        yield from found("NetworksMayNotBeTheSame", network.id, message, move.state)
    else:
        message = (
            f"{nic.name or 'an adapter'} of {move.vm.name} leaves {network.name}: in another {_where(move)}, "
            "another network has to be chosen"
        )
        yield from found("CannotAccessNetwork", network.id, message, move.state, lesser=True)
    for host in move.hosts:
        if host.capabilities and _ACROSS not in host.capabilities:
            message = f"{host.name} lacks the capability {_ACROSS}"
            yield from found("VMotionAcrossNetworkNotSupported", host.id, message, move.state)


def _where(move: Move) -> str:
    return "vCenter" if move.crosses_vcenters else "datacenter"


def _check_same(move: Move, network: Network, source: Host, destination: Host) -> Iterator[Finding]:
    here, there = (move.index.portgroups.get((host.id, network.name)) for host in (source, destination))
    if network.kind != "standard" or not (here and there):
        return
    if None not in (here[1].vlan_id, there[1].vlan_id) and here[1].vlan_id != there[1].vlan_id:
        message = (
            f"{network.name} has VLAN {here[1].vlan_id} on {source.name}, {there[1].vlan_id} on {destination.name}"
        )
        yield from found("VlanDiffers", network.id, message, move.state)
    if here[0].uplinks and not there[0].uplinks:
        message = (
            f"{network.name} of {destination.name} is on a switch without uplinks: {move.vm.name} would be cut off"
        )
        yield from found("VMOnVirtualIntranet", network.id, message, move.state, lesser=True)


def _ends_there(index: Index, host_id: str, network: Network) -> bool:
    found_there = index.portgroups.get((host_id, network.name)) if network.kind == "standard" else None
    return found_there is not None and not found_there[0].uplinks
