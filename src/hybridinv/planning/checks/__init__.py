"""What stands in the way of a migration, all of it: the checks of the other modules, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.model import Finding, VMkernelService
from hybridinv.model.migration import Condition, MigrationState
from hybridinv.planning.checks.cluster import check_borders, check_capacity, check_rules, check_vcenters
from hybridinv.planning.checks.devices import check_devices_there, has_vgpu
from hybridinv.planning.checks.disks import check_raw_disks_there
from hybridinv.planning.checks.faults import found
from hybridinv.planning.checks.hosts import check_machine_on_hosts, check_pair
from hybridinv.planning.checks.links import check_vgpu_speed, find_link
from hybridinv.planning.checks.machine import check_machine
from hybridinv.planning.checks.networks import check_networks
from hybridinv.planning.checks.storage import check_places
from hybridinv.planning.index import Index, index_of
from hybridinv.planning.move import Move

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hybridinv.inventory import Inventory
    from hybridinv.model import Datastore, Host, VirtualMachine
    from hybridinv.model.migration import MigrationRule, RuleFlow

__all__ = ["check_destination", "check_machine", "check_move", "check_rule"]


def check_move(move: Move) -> Iterator[Finding]:
    """Everything but the paths of the single flows."""
    if move.source is None:
        message = f"the host of {move.vm.name} is not in this inventory, so its adapters are not known"
        yield from found("HostUnknown", move.vm.id, message, move.state)
    if move.host_changes or move.disks_move:
        yield from check_machine(move.vm, move.index, kind=move.kind, moving_disks=move.moving_disks)
    elif move.source:
        yield from found("NothingToDo", move.vm.id, f"{move.vm.name} is already there", move.state)
    yield from _check_there(move)


def check_destination(
    vm: VirtualMachine,
    source: Host,
    destination: Host,
    inv: Inventory | Index,
    *,
    datastore: Datastore | None = None,
    capacity: bool = True,
) -> Iterator[Finding]:
    """What stands in the way of that destination, beyond what `check_machine` says whatever the destination.

    For a running machine the vMotion path is looked at, too. Without `capacity` the room of the destination is not, nor
    the machines that rules keep together or apart, for planners that keep count of where machines are themselves.
    Nothing is scanned then: thousands of machines may be asked about.
    """
    move = Move(index=index_of(inv), vm=vm, source=source, destination=destination, datastore=datastore)
    yield from _check_there(move, capacity=capacity)
    if move.host_changes and move.state is MigrationState.HOT:
        yield from find_link(move.index, source, destination, (VMkernelService.VMOTION,)).findings


def _check_there(move: Move, *, capacity: bool = True) -> Iterator[Finding]:
    source, destination = move.source, move.destination
    if source and destination and (move.host_changes or move.disks_move):
        yield from check_pair(move.index, source, destination, move.state, move.kind)
        yield from check_machine_on_hosts(move)
        yield from check_devices_there(move)
        yield from check_raw_disks_there(move)
    yield from check_places(move)
    yield from check_networks(move)
    yield from check_rules(move, others=capacity)
    if capacity:
        yield from check_capacity(move)
    yield from check_borders(move)
    yield from check_vcenters(move)
    if source and destination and move.host_changes and move.state is MigrationState.HOT and has_vgpu(move.vm):
        link = find_link(move.index, source, destination, (VMkernelService.VMOTION,))
        yield from check_vgpu_speed(link, move.vm.name)


def check_rule(rule: MigrationRule, rows: tuple[RuleFlow, ...], move: Move) -> Iterator[Finding]:
    """Where the documents, or the rule sets, do not agree."""
    crossing = Condition.CROSS_VCENTER in move.conditions
    for row in rows:
        if row.dissent:
            sources = (*row.dissent_sources, *row.sources)
            message = f"{row.data}: {row.dissent}"
            yield from found("SourcesDisagree", move.vm.id, message, move.state, lesser=not crossing, sources=sources)
    if rule.rules == "seed" and rule.differs:
        yield from found("RuleSetsDiffer", move.vm.id, rule.differs, move.state)
