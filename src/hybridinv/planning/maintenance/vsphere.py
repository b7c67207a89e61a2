"""What the maintenance of ESXi hosts does: DRS moves what it may and can, the rest is somebody's work."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

import attrs

from hybridinv.model import Finding, Host, PowerState, Severity, VirtualMachine
from hybridinv.model.maintenance import Effect, Impact, MaintenanceMove, MaintenanceStep, UpdateKind, blocked
from hybridinv.planning.checks import check_machine
from hybridinv.planning.checks.faults import found
from hybridinv.planning.maintenance.destination import Choice, Destinations, is_up
from hybridinv.planning.maintenance.room import Room, broken_reserve, cpu_in_use, cpu_of
from hybridinv.planning.maintenance.rules import Part, finding, make_impact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hybridinv.model import Cluster
    from hybridinv.planning.index import Index

_VCLS = "vcls"
_UNREACHED = frozenset({"disconnected", "notResponding"})
_TOGETHER = "together"
_WORSE = (Effect.LIVE_MIGRATES, Effect.STAYS, Effect.STOPS, Effect.UNKNOWN)


class _Drs(Enum):
    """What DRS does for a machine."""

    MOVES = auto()
    RECOMMENDS = auto()
    NOTHING = auto()
    DISABLED = auto()
    UNKNOWN = auto()


_LEVELS = {
    "fullyautomated": _Drs.MOVES,
    "partiallyautomated": _Drs.RECOMMENDS,
    "manual": _Drs.RECOMMENDS,
    "disabled": _Drs.DISABLED,
}


def plan_vsphere(index: Index, hosts: Sequence[Host], update: UpdateKind) -> Part:
    """The machines on those hosts, and the hosts one after the other, the least loaded first."""
    if update is UpdateKind.NO_IMPACT:
        unaffected = [
            make_impact(vm, host, Effect.UNAFFECTED, "host_keeps_running")
            for host in hosts
            for vm in index.machines.get(host.id, ())
        ]
        return Part(impacts=tuple(unaffected), findings=(finding("LivePatch", ""),) if hosts else ())
    run = _Run(index, hosts)
    run.go()
    first = (finding("PauseIsARestartHere", "", platform="vSphere"),) if update is UpdateKind.PAUSE and hosts else ()
    impacts = tuple(run.impacts[vm.id] for host in hosts for vm in index.machines.get(host.id, ()))
    return Part(impacts=impacts, steps=tuple(run.steps), findings=(*first, *run.findings))


class _Run:
    """A rolling run over hosts; machines move in it as they would."""

    def __init__(self, index: Index, hosts: Sequence[Host]) -> None:
        self.impacts: dict[str, Impact] = {}
        self.steps: list[MaintenanceStep] = []
        self.findings: list[Finding] = []
        self._index = index
        self._hosts = hosts
        hypervisors = (host for host in index.hosts.values() if host.platform == "vsphere")
        self._room = Room(hypervisors, lambda host: index.machines.get(host.id, ()))
        self._destinations = Destinations(index, self._room)
        self._members: dict[str, list[Host]] = {}
        for host in self._room.hosts.values():
            if host.cluster_id:
                self._members.setdefault(host.cluster_id, []).append(host)
        self._moves: list[MaintenanceMove] = []
        self._arrived: dict[str, list[str]] = {}

    def go(self) -> None:
        """Take all hosts, cluster by cluster; a host alone is its own."""
        places: dict[str, list[Host]] = {}
        for host in self._hosts:
            places.setdefault(host.cluster_id or host.id, []).append(host)
        for hosts in places.values():
            hosts.sort(key=lambda host: (self._room.memory(host.id), host.name))
            if len(hosts) > 1:
                name = self._place(hosts[0])
                self.findings.append(finding("HostsComeBackEmpty", hosts[0].cluster_id, count=len(hosts), place=name))
            cluster = self._index.clusters.get(hosts[0].cluster_id)
            if cluster and cluster.vsan_enabled:
                self.findings.append(finding("VsanDataMigrationMode", cluster.id, cluster=cluster.name))
            self._destinations.to_go = {host.id for host in hosts}
            for host in hosts:
                self._destinations.to_go.discard(host.id)
                self._take(host)

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
        moved = {id_ for id_, vm in here.items() if self._drs(vm, host) in (_Drs.MOVES, _Drs.RECOMMENDS)}
        left = dict(here)
        for vm in sorted(here.values(), key=lambda vm: (-(vm.memory_bytes or 0), vm.name)):
            if vm.id not in left:
                continue
            unit, todo = {}, [vm.id]
            while todo:
                id_ = todo.pop()
                if id_ in unit:
                    continue
                unit[id_] = left.pop(id_)
                if id_ in moved:
                    todo += [one for one in self._together(id_) if one in left and one in moved]
            yield list(unit.values())

    def _together(self, vm_id: str) -> Iterator[str]:
        for _, rule in self._index.rules.get(vm_id, ()):
            if rule.kind == _TOGETHER:
                yield from rule.vm_ids

    def _drs(self, vm: VirtualMachine, host: Host) -> _Drs:
        cluster = self._index.clusters.get(host.cluster_id)
        if cluster is None:
            return _Drs.UNKNOWN if host.cluster_id else _Drs.NOTHING
        if cluster.drs_enabled is None:
            return _Drs.UNKNOWN if len(self._members[cluster.id]) > 1 else _Drs.NOTHING
        if not cluster.drs_enabled:
            return _Drs.NOTHING
        return _LEVELS.get(self._behavior(vm, cluster).lower(), _Drs.UNKNOWN)

    def _behavior(self, vm: VirtualMachine, cluster: Cluster) -> str:
        of, override = self._index.overrides.get(vm.id, (None, None))
        if override and of and of.id == cluster.id and cluster.drs_overrides_allowed is not False:
            return override.drs_behavior or cluster.drs_behavior
        return cluster.drs_behavior

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

    def _choose(self, unit: list[VirtualMachine], host: Host) -> Choice:
        others = [one for one in self._members.get(host.cluster_id, ()) if one.id != host.id]
        if not others and self._drs(unit[0], host) is _Drs.NOTHING:
            others = [
                one
                for one in self._room.hosts.values()
                if (one.source, one.location) == (host.source, host.location) and one.id != host.id
            ]
        return self._destinations.choose(unit, host, others, self._place(host))

    def _goes(self, vm: VirtualMachine, host: Host, destination: Host, findings: tuple[Finding, ...]) -> None:
        drs = self._drs(vm, host)
        by_hand = drs not in (_Drs.MOVES, _Drs.RECOMMENDS)
        if drs is _Drs.UNKNOWN:
            self._keep(make_impact(vm, host, Effect.UNKNOWN, "drs_unknown", findings=findings))
        elif drs in (_Drs.NOTHING, _Drs.DISABLED):
            move = f"move it to {destination.name} with vMotion, or shut it down"
            self._has_to_be_moved(vm, host, move, findings)
        else:
            key = "drs_moves" if drs is _Drs.MOVES else "drs_recommends"
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
        drs = self._drs(vm, host)
        if _is_vcls(vm):
            mild = [f for f in findings if f.severity is not Severity.BLOCKER]
            self._keep(make_impact(vm, host, Effect.STOPS, "vcls_stops", findings=mild))
        elif drs in (_Drs.NOTHING, _Drs.DISABLED):
            self._has_to_be_moved(vm, host, "shut it down: nowhere can it go while it runs", findings)
        else:
            self._keep(make_impact(vm, host, Effect.STOPS, key, findings=findings, why=why))

    def _has_to_be_moved(self, vm: VirtualMachine, host: Host, move: str, findings: tuple[Finding, ...]) -> None:
        if _is_vcls(vm):
            self._keep(make_impact(vm, host, Effect.STOPS, "vcls_stops", findings=findings))
            return
        if self._drs(vm, host) is _Drs.DISABLED:
            key, why = "drs_disabled", "DRS is disabled for it"
        else:
            key, why = "nothing_moves_it", self._no_drs(host)
        blocker = finding("MachineHasToBeMoved", vm.id, host=host.name, vm=vm.name, why=why, move=move)
        self._keep(make_impact(vm, host, Effect.STAYS, key, findings=(blocker, *findings), why=why))

    def _no_drs(self, host: Host) -> str:
        cluster = self._index.clusters.get(host.cluster_id)
        return f"DRS of {cluster.name} is off" if cluster and cluster.drs_enabled is False else "no DRS moves it"

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
        drs = self._drs(vm, host)
        if _is_vcls(vm):
            yield finding("ClusterServicesAgent", vm.id, vm=vm.name)
        if host.vcenter_ip and host.vcenter_ip in vm.ip_addresses:
            yield finding("VCenterMoves", vm.id, vm=vm.name)
        cluster = self._index.clusters.get(host.cluster_id)
        if drs is _Drs.UNKNOWN:
            yield finding("DrsUnknown", host.cluster_id, host=host.name)
        elif drs is _Drs.RECOMMENDS and cluster:
            level = self._behavior(vm, cluster)
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
        members = self._members.get(host.cluster_id) or [host]
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
    return vm.name.lower().startswith(_VCLS)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _gib(size: int) -> str:
    return f"{size / 2**30:,.0f} GiB"
