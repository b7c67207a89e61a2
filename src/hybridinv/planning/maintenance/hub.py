"""What the maintenance of an Azure Stack Hub node does: its machines are drained to nodes that have room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.model import PowerState
from hybridinv.model.maintenance import Effect, Impact, MaintenanceMove, MaintenanceStep, UpdateKind
from hybridinv.planning.maintenance.room import Room
from hybridinv.planning.maintenance.rules import Part, finding, make_impact

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hybridinv.model import Finding, Host, VirtualMachine
    from hybridinv.planning.index import Index

_TAKING = frozenset({"", "Running"})
"""The states in which a node takes machines (`scaleUnitNodeStatus`); no word is taken for well."""
_OFF = frozenset({PowerState.STOPPED, PowerState.DEALLOCATED, PowerState.SUSPENDED})


def plan_hub(index: Index, hosts: Sequence[Host], update: UpdateKind, _beneath: Collection[str] = ()) -> Part:
    """The machines on those nodes, and the nodes one after the other; which node takes a machine the Hub decides."""
    if update is UpdateKind.NO_IMPACT:
        impacts = [
            make_impact(vm, host, Effect.UNAFFECTED, "hub_keeps_running") for host in hosts for vm in _on(index, host)
        ]
        return Part(impacts=tuple(impacts))
    run = _Run(index)
    places: dict[tuple[str, str], list[Host]] = {}
    for host in hosts:
        places.setdefault((host.source, host.cluster_id), []).append(host)
    for nodes in places.values():
        run.go(nodes)
    first = (finding("PauseIsARestartOnHub", ""),) if update is UpdateKind.PAUSE and hosts else ()
    impacts = [run.impacts[vm.id] for host in hosts for vm in _on(index, host)]
    return Part(impacts=tuple(impacts), steps=tuple(run.steps), findings=(*first, *run.findings))


def hub_machine(vm: VirtualMachine, update: UpdateKind) -> Impact:
    """What happens to a machine whose node is not known."""
    if update is UpdateKind.NO_IMPACT:
        return make_impact(vm, None, Effect.UNAFFECTED, "hub_keeps_running")
    if vm.power_state in _OFF:
        return make_impact(vm, None, Effect.UNAFFECTED, "off")
    told = finding("NodeUnknown", vm.id, vm=vm.name)
    return make_impact(vm, None, Effect.UNKNOWN, "hub_node_unknown", findings=[told])


def _on(index: Index, host: Host) -> list[VirtualMachine]:
    """The machines on a node, as they or the node say."""
    found = {vm.id: vm for vm in index.machines.get(host.id, ())}
    for id_ in host.vm_ids:
        vm = index.vms.get(id_)
        if vm and not vm.host_id:
            found[id_] = vm
    return list(found.values())


class _Run:
    """Nodes drained one after the other."""

    def __init__(self, index: Index) -> None:
        self.impacts: dict[str, Impact] = {}
        self.steps: list[MaintenanceStep] = []
        self.findings: list[Finding] = []
        self._index = index
        self._nodes = [host for host in index.hosts.values() if host.platform == "azure-stack-hub"]
        self._room = Room(self._nodes, lambda node: _on(index, node))

    def go(self, nodes: list[Host]) -> None:
        """Take the nodes of one scale unit, the least loaded first."""
        nodes.sort(key=lambda host: (self._room.memory(host.id), host.name))
        members = [one for one in self._nodes if (one.source, one.cluster_id) == (nodes[0].source, nodes[0].cluster_id)]
        cluster = self._index.clusters.get(nodes[0].cluster_id)
        place = cluster.name if cluster else nodes[0].source
        away = [one for one in members if one in nodes or not _is_up(one)]
        if len(away) > 1:
            names = ", ".join(one.name for one in away)
            self.findings.append(finding("OneNodeAtATime", nodes[0].cluster_id, names=names, place=place))
        self.findings.append(finding("RoomEstimated", nodes[0].cluster_id, place=place))
        for node in nodes:
            self._drain(node, [one for one in members if one.id != node.id and _is_up(one)], place)

    def _drain(self, node: Host, left: list[Host], place: str) -> None:
        self.findings.append(finding("DrainInterrupts", node.id, host=node.name))
        others = [id_ for id_ in node.vm_ids if id_ not in self._index.vms]
        if others:
            self.findings.append(finding("MachinesOfOthers", node.id, count=len(others), host=node.name))
        unmeasured = self._room.unmeasured(one.id for one in [*left, node])
        if unmeasured:
            self.findings.append(finding("CapacityUnknown", node.cluster_id, names=", ".join(unmeasured[:5])))
        running = {vm.id for vm in self._room.on(node.id)}
        for vm in _on(self._index, node):
            if vm.id not in running:
                self._keep(_idle(vm, node))
        moves = [
            MaintenanceMove(vm_id=vm.id, vm_name=vm.name)
            for vm in sorted(self._room.on(node.id), key=lambda vm: -(vm.memory_bytes or 0))
            if self._moves(vm, node, left, place)
        ]
        known = [free for one in left if (free := self._room.memory_free(one.id)) is not None]
        self.steps.append(
            MaintenanceStep(
                number=len(self.steps) + 1,
                host=node,
                cluster_id=node.cluster_id,
                moves=tuple(moves),
                hosts_available=len(left),
                memory_free_bytes=sum(known) if left and not unmeasured and not others else None,
            )
        )

    def _moves(self, vm: VirtualMachine, node: Host, left: list[Host], place: str) -> bool:
        """Whether some node takes it: the one with most room, in this account; the Hub may choose another."""
        free = {one.id: self._room.memory_free(one.id) for one in left}
        target = max(left, key=lambda one: free[one.id] or 0, default=None)
        room = free[target.id] if target else -1
        if target is None or (None not in free.values() and (room or 0) < (vm.memory_bytes or 0)):
            size = "unknown size" if vm.memory_bytes is None else f"{vm.memory_bytes / 2**30:,.0f} GiB"
            told = finding("InsufficientRoom", vm.id, place=place, vm=vm.name, size=size)
            self._keep(make_impact(vm, node, Effect.STOPS, "hub_no_room", findings=[told]))
            return False
        self._room.move(vm, target.id)
        self._keep(make_impact(vm, node, Effect.LIVE_MIGRATES, "hub_drains"))
        return True

    def _keep(self, impact: Impact) -> None:
        earlier = self.impacts.get(impact.vm.id)
        if earlier is None or (earlier.effect is Effect.LIVE_MIGRATES and impact.effect is Effect.STOPS):
            self.impacts[impact.vm.id] = impact


def _idle(vm: VirtualMachine, node: Host) -> Impact:
    if vm.power_state in _OFF:
        return make_impact(vm, node, Effect.UNAFFECTED, "off")
    return make_impact(vm, node, Effect.UNKNOWN, "state_unknown")


def _is_up(node: Host) -> bool:
    on = node.power_state in (PowerState.RUNNING, PowerState.UNKNOWN)
    return node.connection_state in _TAKING and on and not node.in_maintenance
