"""plan_migration: what a migration would move, over which adapters, and what stands in its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from hybridinv.model import Datastore, Finding, Host, Severity, VirtualMachine, VMkernelService
from hybridinv.model.migration import (
    STORAGE_PATHS,
    UNKNOWN_CARRIER,
    DataKind,
    Flow,
    MigrationPlan,
    MigrationRule,
    MigrationState,
    RuleFlow,
)
from hybridinv.planning.amounts import amount
from hybridinv.planning.checks import check_move, check_rule
from hybridinv.planning.checks.links import Link, find_link
from hybridinv.planning.incomplete import check_read
from hybridinv.planning.move import Move, read_move
from hybridinv.planning.paths import same_subnet
from hybridinv.planning.rules import RuleSet, migration_rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hybridinv.inventory import Inventory
    from hybridinv.planning.paths import End

_EFFICIENCY = 0.8
_NFC_MBPS = 1300
_SMALL = frozenset({DataKind.CONFIG, DataKind.CONTROL})
_NFC_SERVICES = frozenset({VMkernelService.PROVISIONING, VMkernelService.MANAGEMENT})


def plan_migration(
    inv: Inventory,
    vm: VirtualMachine | str,
    *,
    to_host: Host | str | None = None,
    to_datastore: Datastore | str | None = None,
    rules: str = RuleSet.VENDOR,
) -> MigrationPlan:
    """Plan a migration: the services, adapters and links it would use, and what blocks or slows it.

    `vm`, `to_host` and `to_datastore` are records, ids or names; one target at least is needed. What changes
    decides the kind, the power state decides hot or cold: a suspended machine moves cold, one of unknown
    state is planned hot. Times and amounts are estimates; each flow's `note` says how they were reached.
    """
    move = read_move(inv, vm, to_host, to_datastore)
    rule = migration_rule(move.kind, move.state, rules)
    rows = _rows(rule, move)
    moving = [_route(move, row) for row in rows if row.services]
    findings = [
        *check_read(move.index, _sources(move), _used(move)),
        *check_move(move),
        *(finding for _, found in moving for finding in found),
        *check_rule(rule, rows, move),
    ]
    return _plan(move, rule, [flow for flow, _ in moving], [row.data for row in rows if not row.services], findings)


def _sources(move: Move) -> Iterator[tuple[str, str]]:
    for record in (move.vm, *move.hosts, move.datastore):
        if record:
            yield record.platform, record.source


def _used(move: Move) -> frozenset[str]:
    places = [id_ for host in move.hosts for id_ in (host.id, host.cluster_id)]
    stores = [*move.datastore_ids, *([move.datastore.id] if move.datastore else ())]
    there = [vm.id for vm in move.index.machines.get(move.destination.id, ())] if move.destination else []
    return frozenset((move.vm.id, *places, *stores, *there, *(nic.network_id for nic in move.vm.nics)))


def _plan(
    move: Move,
    rule: MigrationRule,
    flows: Sequence[Flow],
    stays: Iterable[DataKind],
    findings: Iterable[Finding],
) -> MigrationPlan:
    rank = list(Severity).index
    found = tuple(sorted(dict.fromkeys(findings), key=lambda finding: rank(finding.severity)))
    feasible = all(finding.severity is not Severity.BLOCKER for finding in found)
    source, destination = move.source, move.destination
    datastore = move.datastore if move.disks_move or not move.host_changes else None
    return MigrationPlan(
        vm=move.vm,
        kind=rule.kind,
        state=rule.state,
        rules=rule.rules,
        source_host_id=source.id if source else move.vm.host_id,
        source_host_name=source.name if source else "",
        destination_host_id=destination.id if destination else "",
        destination_host_name=destination.name if destination else "",
        source_datastore_ids=move.datastore_ids,
        destination_datastore_id=datastore.id if datastore else "",
        destination_datastore_name=datastore.name if datastore else "",
        flows=tuple(flows),
        stays=tuple(stays),
        findings=found,
        feasible=feasible,
        seconds=_total(move, flows) if feasible else None,
    )


def _total(move: Move, flows: Sequence[Flow]) -> float | None:
    memory_moves = move.host_changes and move.state is MigrationState.HOT
    if memory_moves and all(flow.data is not DataKind.MEMORY for flow in flows):
        return None  # the seed's rules are silent on memory, yet it takes its time
    times = [flow.seconds for flow in flows if flow.bytes or flow.data not in _SMALL]
    known = [time for time in times if time is not None]
    return sum(known, 0.0) if len(known) == len(times) else None


def _rows(rule: MigrationRule, move: Move) -> tuple[RuleFlow, ...]:
    """For each kind of data that there is, the row with most of its conditions met."""
    if move.source is None or not (move.host_changes or move.disks_move):
        return ()
    met: dict[DataKind, RuleFlow] = {}
    for row in sorted(rule.flows, key=lambda row: len(row.when)):
        if row.when <= move.conditions and (row.data is not DataKind.COLD_DISK or _has_cold_data(move)):
            met[row.data] = row
    return tuple(met[data] for data in DataKind if data in met)


def _has_cold_data(move: Move) -> bool:
    disks = move.moving_disks or move.vm.disks
    return not disks or any(disk.chain_length != 1 for disk in disks)


def _route(move: Move, row: RuleFlow) -> tuple[Flow, tuple[Finding, ...]]:
    """One row of the rule on the adapters of these hosts."""
    count, note = amount(move, row.data)
    count = None if count is not None and count < 0 else count
    flow = Flow(
        data=row.data,
        service=row.services[0],
        protocol=row.protocol,
        bytes=count,
        confidence=row.confidence,
        sources=row.sources,
        note=_joined(row.note, note),
        row=row.row,
    )
    if row.services[0] in (STORAGE_PATHS, UNKNOWN_CARRIER) or not (move.source and move.destination):
        return flow, ()
    return _on_link(flow, find_link(move.index, move.source, move.destination, row.services))


def _on_link(flow: Flow, link: Link) -> tuple[Flow, tuple[Finding, ...]]:
    routed = attrs.evolve(
        flow,
        service=link.service,
        source_adapter=link.start.adapter if link.start else None,
        destination_adapter=link.stop.adapter if link.stop else None,
        fallback=link.fallback,
        note=_joined(flow.note, _mixed(link.source, link.destination), _others(link.source), _others(link.destination)),
    )
    routed = attrs.evolve(routed, note=_joined(routed.note, _doubted(link)))
    if flow.data is DataKind.CONTROL:  # it runs between vCenter and each host, not from host to host
        return routed, ()
    return _timed(routed, link), link.findings


def _doubted(link: Link) -> str:
    """The other adapter that cold data may leave by where both ends are in different subnets."""
    start, stop = link.start, link.stop
    if link.service == VMkernelService.VMOTION or not (start and stop) or start.adapter.device == "vmk0":
        return ""
    if same_subnet(start.adapter, stop.adapter) is not False:
        return ""
    return f"{start} if its host has a static route, else vmk0"


def _mixed(source: End, destination: End) -> str:
    if source.fallback == destination.fallback:
        return ""
    lacking, having = (source, destination) if source.fallback else (destination, source)
    return f"only {lacking.host.name} falls back; {having.host.name} uses its Provisioning adapter"


def _others(end: End) -> str:
    if end.fallback or len(end.adapters) < 2 or end.wanted != VMkernelService.VMOTION:
        return ""
    return f"all vMotion adapters of {end.host.name}: {', '.join(a.device for a in end.adapters)}"


def _timed(flow: Flow, link: Link) -> Flow:
    speed = link.link_speed_mbps
    if speed is None:
        return flow
    rate = speed * _EFFICIENCY
    note = f"at {_EFFICIENCY:.0%} of the link"
    if flow.service in _NFC_SERVICES and rate > _NFC_MBPS:
        rate, note = _NFC_MBPS, f"NFC is single-threaded, about {_NFC_MBPS / 1000} Gbit/s"
    seconds = flow.bytes * 8 / (rate * 1e6) if flow.bytes is not None and rate else None
    return attrs.evolve(flow, link_speed_mbps=speed, seconds=seconds, note=_joined(flow.note, note if seconds else ""))


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
