"""What the maintenance of ESXi hosts does: DRS moves what it may and can, the rest is somebody's work."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from hybridinv.model import Finding, Host, PowerState, Severity, VirtualMachine
from hybridinv.model.maintenance import Effect, Impact, MaintenanceMove, MaintenanceStep, UpdateKind, blocked
from hybridinv.planning.checks import check_machine
from hybridinv.planning.checks.cluster import cpu_of
from hybridinv.planning.checks.faults import found
from hybridinv.planning.maintenance.destination import Choice, Destinations, Way, groups_apart, is_up
from hybridinv.planning.maintenance.drs import Drs, behavior, drs_of, why_not
from hybridinv.planning.maintenance.room import Room, broken_reserve, cpu_in_use
from hybridinv.planning.maintenance.rules import Part, finding, make_impact

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from hybridinv.planning.index import Index

_VCLS = re.compile(r"vCLS(-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}| \(\d+\))", re.IGNORECASE)
_UNREACHED = frozenset({"disconnected", "notResponding"})
_TOGETHER = "together"
_WORSE = (Effect.LIVE_MIGRATES, Effect.STAYS, Effect.STOPS, Effect.UNKNOWN)


def plan_vsphere(index: Index, hosts: Sequence[Host], update: UpdateKind, beneath: Collection[str] = ()) -> Part:
    """The machines on those hosts, and the hosts one after the other, the least loaded first.

    The hosts whose ids are in `beneath` go before all others: nobody asked for them, only for machines on them.
    """
    if update is UpdateKind.NO_IMPACT:
        unaffected = [
            make_impact(vm, host, Effect.UNAFFECTED, "host_keeps_running")
            for host in hosts
            for vm in index.machines.get(host.id, ())
        ]
        return Part(impacts=tuple(unaffected), findings=(finding("LivePatch", ""),) if hosts else ())
    run = _best_run(index, hosts, beneath)
    first = (finding("PauseIsARestartHere", "", platform="vSphere"),) if update is UpdateKind.PAUSE and hosts else ()
    impacts = tuple(run.impacts[vm.id] for host in hosts for vm in index.machines.get(host.id, ()))
    return Part(impacts=impacts, steps=tuple(run.steps), findings=(*first, *run.findings))


def _best_run(index: Index, hosts: Sequence[Host], beneath: Collection[str]) -> _Run:
    """The first of several ways to place the machines that finds room for all, else the one that bars fewest."""
    runs: list[_Run] = []
    for way in Way:
        run = _Run(index, hosts, beneath, way)
        run.go()
        runs.append(run)
        if not run.short_of_room:
            break
    best = min(runs, key=lambda run: sum(blocked(impact.findings) for impact in run.impacts.values()))
    for cluster_id, names in best.short_of_room.items():
        best.findings.append(finding("RoomMayBeThere", cluster_id, names=_some(names), count=len(Way)))
    return best


class _Run:
    """A rolling run over hosts; machines move in it as they would."""

    def __init__(self, index: Index, hosts: Sequence[Host], beneath: Collection[str], way: Way) -> None:
        self.impacts: dict[str, Impact] = {}
        self.steps: list[MaintenanceStep] = []
        self.findings: list[Finding] = []
        self.short_of_room: dict[str, list[str]] = {}
        """By cluster: machines that another arrangement might place."""
        self._index = index
        self._hosts = hosts
        self._beneath = beneath
        hypervisors = [host for host in index.hosts.values() if host.platform == "vsphere"]
        self._room = Room(hypervisors, lambda host: index.machines.get(host.id, ()), groups_apart(index))
        self._destinations = Destinations(index, self._room, way)
        self._moves: list[MaintenanceMove] = []
        self._arrived: dict[str, list[str]] = {}

    def go(self) -> None:
        """Take all hosts, cluster by cluster; a host alone is its own."""
        places: dict[str, list[Host]] = {}
        for host in self._hosts:
            places.setdefault(host.cluster_id or host.id, []).append(host)
        self._destinations.to_go = {host.id for host in self._hosts}
        for hosts in places.values():
            hosts.sort(key=lambda host: (host.id not in self._beneath, self._room.memory(host.id), host.name))
            if len(hosts) > 1:
                name = self._place(hosts[0])
                self.findings.append(finding("HostsComeBackEmpty", hosts[0].cluster_id, count=len(hosts), place=name))
            cluster = self._index.clusters.get(hosts[0].cluster_id)
            if cluster and cluster.vsan_enabled:
                self.findings.append(finding("VsanDataMigrationMode", cluster.id, cluster=cluster.name))
            for host in hosts:
                self._destinations.to_go.discard(host.id)
                self._take(host)

    def _neighbours(self, host: Host) -> list[Host]:
        """The hosts that a host's machines may go to: of its cluster, or alone, of its datacenter; itself is one."""
        members = list(self._index.members.get(host.cluster_id, ()))
        cluster = self._index.clusters.get(host.cluster_id)
        if len(members) > 1 or (host.cluster_id and (cluster is None or cluster.drs_enabled)):
            return members
        return [one for one in self._room.hosts.values() if (one.source, one.location) == (host.source, host.location)]

    def _take(self, host: Host) -> None:
        """One host: what leaves it, what stays, and what is left meanwhile."""
        self._moves, self._arrived = [], {}
        self._note_idle(host)
        if host.connection_state in _UNREACHED:
            state = host.connection_state
            self.findings.append(finding("HostNotAnswering", host.id, host=host.name, state=state))
            for vm in self._room.on(host.id):
                self._keep(make_impact(vm, host, Effect.UNKNOWN, "host_unreachable", state=state))
            return
        if host.in_maintenance:
            self.findings.append(finding("HostInMaintenance", host.id, host=host.name))
        for unit in self._units(host):
            self._settle(unit, host)
        self._check_overcommitted()
        self._step(host)

    def _note_idle(self, host: Host) -> None:
        """What does not run stays where it is registered."""
        idle = []
        for vm in self._index.machines.get(host.id, ()):
            if vm.id in self._room.where:
                continue
            if vm.power_state is PowerState.UNKNOWN and not vm.is_template:
                self._keep(make_impact(vm, host, Effect.UNKNOWN, "state_unknown"))
                continue
            state = "a template" if vm.is_template else _STATES.get(vm.power_state, "not running")
            self._keep(make_impact(vm, host, Effect.STAYS, "does_not_run", state=state))
            idle.append(vm.name)
        if idle:
            names = _some(idle)
            self.findings.append(finding("PoweredOffMachinesStay", host.id, names=names, host=host.name))

    def _units(self, host: Host) -> Iterator[list[VirtualMachine]]:
        """The running machines of a host, those that a rule keeps together as one."""
        here = {vm.id: vm for vm in self._room.on(host.id)}
        moved = {id_ for id_, vm in here.items() if drs_of(self._index, vm, host) in (Drs.MOVES, Drs.RECOMMENDS)}
        left = dict(here)
        bound: set[int] = set()
        for vm in self._destinations.in_order(here.values(), host, self._others(host)):
            if vm.id not in left:
                continue
            unit, todo = {}, [vm.id]
            while todo:
                id_ = todo.pop()
                if id_ not in left:
                    continue
                unit[id_] = left.pop(id_)
                if id_ in moved:
                    todo += [one for one in self._together(id_, bound) if one in moved]
            yield list(unit.values())

    def _together(self, vm_id: str, bound: set[int]) -> Iterator[str]:
        """The machines that rules keep with it; each rule is followed once."""
        for _, rule in self._index.rules.get(vm_id, ()):
            if rule.kind == _TOGETHER and id(rule) not in bound:
                bound.add(id(rule))
                yield from rule.vm_ids

    def _settle(self, unit: list[VirtualMachine], host: Host) -> None:
        """Machines that go together or not at all, less those that cannot go anywhere."""
        told = {vm.id: (*check_machine(vm, self._index), *self._notes(vm, host)) for vm in unit}
        movable = [vm for vm in unit if not blocked(told[vm.id])]
        tied = [vm for vm in unit if blocked(told[vm.id])]
        choice = self._choose(movable, host) if movable else Choice()
        for vm in tied:
            why = "; ".join(f.message for f in told[vm.id] if f.severity is Severity.BLOCKER)
            self._cannot_go(vm, host, "tied_to_its_host", why, told[vm.id])
        for vm in movable:
            findings = (*told[vm.id], *self._parted(vm, tied))
            if choice.destination:
                self._goes(vm, host, choice.destination, (*findings, *choice.findings.get(vm.id, ())))
            else:
                why = "; ".join(dict.fromkeys(f.message for f in choice.bars[:3]))
                self._cannot_go(vm, host, "nowhere_to_go", why, (*findings, *choice.bars))

    def _others(self, host: Host) -> list[Host]:
        return [one for one in self._neighbours(host) if one.id != host.id]

    def _choose(self, unit: list[VirtualMachine], host: Host) -> Choice:
        choice = self._destinations.choose(unit, host, self._others(host), self._place(host))
        if choice.in_doubt:
            self.short_of_room.setdefault(host.cluster_id or host.id, []).extend(vm.name for vm in unit)
        return choice

    def _goes(self, vm: VirtualMachine, host: Host, destination: Host, findings: tuple[Finding, ...]) -> None:
        drs = drs_of(self._index, vm, host)
        by_hand = drs not in (Drs.MOVES, Drs.RECOMMENDS)
        if drs is Drs.UNKNOWN:
            self._keep(make_impact(vm, host, Effect.UNKNOWN, "drs_unknown", findings=findings))
        elif drs in (Drs.NOTHING, Drs.DISABLED):
            move = f"move it to {destination.name} with vMotion, or shut it down"
            self._has_to_be_moved(vm, host, move, findings)
        else:
            key = "drs_moves" if drs is Drs.MOVES else "drs_recommends"
            impact = make_impact(vm, host, Effect.LIVE_MIGRATES, key, destination=destination, findings=findings)
            self._keep(impact)
        self._room.move(vm, destination.id)
        self._arrived.setdefault(destination.id, []).append(vm.id)
        self._moves.append(
            MaintenanceMove(
                vm_id=vm.id,
                vm_name=vm.name,
                destination_id=destination.id,
                destination_name=destination.name,
                by_hand=by_hand,
            )
        )

    def _cannot_go(self, vm: VirtualMachine, host: Host, key: str, why: str, findings: tuple[Finding, ...]) -> None:
        drs = drs_of(self._index, vm, host)
        if _is_vcls(vm):
            mild = [f for f in findings if f.severity is not Severity.BLOCKER]
            self._keep(make_impact(vm, host, Effect.STOPS, "vcls_stops", findings=mild))
        elif drs in (Drs.NOTHING, Drs.DISABLED):
            self._has_to_be_moved(vm, host, "shut it down: nowhere can it go while it runs", findings)
        else:
            self._keep(make_impact(vm, host, Effect.STOPS, key, findings=findings, why=why))

    def _has_to_be_moved(self, vm: VirtualMachine, host: Host, move: str, findings: tuple[Finding, ...]) -> None:
        if _is_vcls(vm):
            self._keep(make_impact(vm, host, Effect.STOPS, "vcls_stops", findings=findings))
            return
        if drs_of(self._index, vm, host) is Drs.DISABLED:
            key, why = "drs_disabled", "DRS is disabled for it"
        else:
            key, why = "nothing_moves_it", why_not(self._index, host)
        blocker = finding("MachineHasToBeMoved", vm.id, host=host.name, vm=vm.name, why=why, move=move)
        self._keep(make_impact(vm, host, Effect.STAYS, key, findings=(blocker, *findings), why=why))

    def _keep(self, impact: Impact) -> None:
        """One impact for each machine: the worst, with the findings of all its moves."""
        earlier = self.impacts.get(impact.vm.id)
        if earlier is None:
            self.impacts[impact.vm.id] = impact
            return
        later = impact.host.name if impact.host else ""
        again = finding("MovesAgain", impact.vm.id, vm=impact.vm.name, host=later)
        worse = max(earlier, impact, key=lambda one: _WORSE.index(one.effect))
        findings = tuple(dict.fromkeys((*earlier.findings, again, *impact.findings)))
        self.impacts[impact.vm.id] = attrs.evolve(worse, host=earlier.host, findings=findings)

    def _notes(self, vm: VirtualMachine, host: Host) -> Iterator[Finding]:
        drs = drs_of(self._index, vm, host)
        if _is_vcls(vm):
            yield finding("ClusterServicesAgent", vm.id, vm=vm.name)
        if host.vcenter_ip and host.vcenter_ip in vm.ip_addresses:
            yield finding("VCenterMoves", vm.id, vm=vm.name)
        cluster = self._index.clusters.get(host.cluster_id)
        if drs is Drs.UNKNOWN:
            yield finding("DrsUnknown", host.cluster_id, host=host.name)
        elif drs is Drs.RECOMMENDS and cluster:
            level = behavior(self._index, vm, cluster)
            own = level != cluster.drs_behavior
            yield finding(
                "DrsApprovalNeeded",
                vm.id if own else cluster.id,
                name=f"{cluster.name} for {vm.name}" if own else cluster.name,
                level=level,
                host=host.name,
            )

    def _parted(self, vm: VirtualMachine, tied: Iterable[VirtualMachine]) -> Iterator[Finding]:
        staying = {one.id: one.name for one in tied}
        if not staying:
            return
        for _, rule in self._index.rules.get(vm.id, ()):
            others = [staying[id_] for id_ in rule.vm_ids if id_ in staying]
            if rule.kind == _TOGETHER and others:
                yield finding("AffinityBroken", vm.id, rule=rule.name, vm=vm.name, others=_some(others))

    def _check_overcommitted(self) -> None:
        """What arrived where memory no longer suffices is told so."""
        for host_id, vm_ids in self._arrived.items():
            free, host = self._room.memory_free(host_id), self._room.hosts[host_id]
            if free is None or free >= 0:
                continue
            message = (
                f"{host.name} has {_gib(host.memory_bytes or 0)}; its running machines would be configured with "
                f"{_gib(self._room.memory(host_id))}"
            )
            told = found("MemoryOvercommitted", host_id, message)
            for vm_id in vm_ids:
                impact = self.impacts[vm_id]
                self.impacts[vm_id] = attrs.evolve(impact, findings=(*impact.findings, *told))

    def _step(self, host: Host) -> None:
        members = self._neighbours(host)
        left = [one for one in members if is_up(one) and one.id != host.id]
        self._check_cluster(host, left, members)
        unmeasured = self._room.unmeasured(one.id for one in left)
        if unmeasured:
            self.findings.append(finding("CapacityUnknown", host.cluster_id, names=_some(unmeasured)))
        free = None if unmeasured or not left else sum(self._room.memory_free(one.id) or 0 for one in left)
        if free is not None and free < 0:
            missing, place = _gib(-free), self._place(host)
            self.findings.append(
                finding("RoomShortForACluster", host.cluster_id, host=host.name, place=place, missing=missing)
            )
        sizes = [cpu_of(one) for one in left]
        used = cpu_in_use(self._index, members)
        cpu = None if None in sizes or used is None or not left else sum(size or 0 for size in sizes) - used
        self.steps.append(
            MaintenanceStep(
                number=len(self.steps) + 1,
                host=host,
                cluster_id=host.cluster_id,
                moves=tuple(self._moves),
                hosts_available=len(left),
                memory_free_bytes=free,
                cpu_free_mhz=cpu,
            )
        )

    def _check_cluster(self, host: Host, left: Sequence[Host], members: Sequence[Host]) -> None:
        cluster = self._index.clusters.get(host.cluster_id)
        if cluster is None:
            return
        gone = [one for one in members if one not in left]
        why = broken_reserve(cluster, left, gone, self._room)
        if why:
            code = "InsufficientFailoverResourcesFault"
            self.findings.append(finding(code, cluster.id, host=host.name, cluster=cluster.name, why=why))

    def _place(self, host: Host) -> str:
        cluster = self._index.clusters.get(host.cluster_id)
        return cluster.name if cluster else host.location or host.source


_STATES = {PowerState.STOPPED: "powered off", PowerState.SUSPENDED: "suspended"}


def _is_vcls(vm: VirtualMachine) -> bool:
    """By its name, and where they are known by its folder or by what manages it."""
    if not _VCLS.fullmatch(vm.name):
        return False
    return bool(vm.managed_by) or not vm.folder or "vcls" in vm.folder.lower()


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _gib(size: int) -> str:
    return f"{size / 2**30:,.0f} GiB"
