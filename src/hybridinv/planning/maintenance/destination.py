"""Where machines go when their host is emptied: the host with the most room of those that can take them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import attrs

from hybridinv.model import Finding, Host, PowerState, Severity, VirtualMachine, VMkernelService
from hybridinv.model.maintenance import blocked
from hybridinv.model.migration import MigrationKind, MigrationState
from hybridinv.planning.checks import check_destination
from hybridinv.planning.checks.faults import found
from hybridinv.planning.checks.hosts import check_pair
from hybridinv.planning.checks.links import find_link
from hybridinv.planning.maintenance.room import cpu_of
from hybridinv.planning.maintenance.rules import finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hybridinv.planning.index import Index
    from hybridinv.planning.maintenance.room import Room

_EXPLAINED = 8
"""So many hosts are named where a machine can go to none."""
_OWN = frozenset({"RuleViolation", "DrsOverride"})
"""Findings of a migration that are told here, from where machines are by then, or not at all."""
_NO_ADAPTER = "VMotionNotConfigured"
_NO_DATASTORE = "move its disks to storage that another host mounts, or shut it down"
_UNPROTECTED = frozenset({"", "notConfigured", "disabled"})


@attrs.frozen(kw_only=True)
class Choice:
    """Where machines go, what is to be said of each; or what bars them from every host."""

    destination: Host | None = None
    findings: dict[str, tuple[Finding, ...]] = attrs.field(factory=dict)
    bars: tuple[Finding, ...] = ()


def is_up(host: Host) -> bool:
    """Whether a host can take machines, as far as its own state goes; what is not known is taken to be well."""
    answers = host.connection_state in ("", "connected") and host.power_state is not PowerState.STOPPED
    return answers and not host.in_maintenance and host.power_state is not PowerState.SUSPENDED


class Destinations:
    """The hosts that machines can go to, as the run stands."""

    def __init__(self, index: Index, room: Room) -> None:
        self.to_go: set[str] = set()
        """The hosts whose turn comes later: what goes there has to move again."""
        self._index = index
        self._room = room
        self._bars: dict[tuple[str, str], bool] = {}
        self._protected: dict[str, list[str]] = defaultdict(list)
        for vms in index.machines.values():
            for vm in vms:
                if vm.fault_tolerance not in _UNPROTECTED:
                    self._protected[vm.name].append(vm.id)

    def choose(self, unit: Sequence[VirtualMachine], source: Host, others: Sequence[Host], place: str) -> Choice:
        """The best host for machines that go together: no overcommitment, no rule broken, no second move, most room."""
        hosts = [host for host in others if is_up(host)]
        if not hosts:
            return Choice(bars=(finding("NoOtherHost", source.cluster_id or source.id, place=place),))
        hosts.sort(key=lambda host: self._rank(unit, host))
        for host in hosts:
            if self._barred(source, host) or not self._reaches(unit, host):
                continue
            told = self._told(unit, source, host)
            if not any(blocked(findings) for findings in told.values()):
                return Choice(destination=host, findings=told)
        return Choice(bars=tuple(self._explain(unit, source, hosts)))

    def _rank(self, unit: Sequence[VirtualMachine], host: Host) -> tuple[bool, bool, bool, int, str]:
        free, needed = self._room.memory_free(host.id), sum(vm.memory_bytes or 0 for vm in unit)
        broken = bool(host.in_quarantine) or any(self._breaks_wish(vm, host) for vm in unit)
        return free is None or free < needed, broken, host.id in self.to_go, -(free or 0), host.name

    def _breaks_wish(self, vm: VirtualMachine, host: Host) -> bool:
        return any(
            (rule.kind == "vm-host" and host.id not in rule.host_ids)
            or (rule.kind == "vm-host-apart" and host.id in rule.host_ids)
            for _, rule in self._index.rules.get(vm.id, ())
        )

    def _barred(self, source: Host, host: Host) -> bool:
        """Whether no machine at all goes from one to the other; worked out once for each pair."""
        key = source.id, host.id
        if key not in self._bars:
            pair = check_pair(self._index, source, host, MigrationState.HOT, MigrationKind.COMPUTE)
            link = find_link(self._index, source, host, (VMkernelService.VMOTION,)).findings
            self._bars[key] = blocked(tuple(self._mild((*pair, *link))))
        return self._bars[key]

    def _reaches(self, unit: Sequence[VirtualMachine], host: Host) -> bool:
        """A quick look at the datastores, before everything else is."""
        sees = self._index.sees
        return all(sees(host, disk.datastore_id) is not False for vm in unit for disk in vm.disks if disk.datastore_id)

    def _told(self, unit: Sequence[VirtualMachine], source: Host, host: Host) -> dict[str, tuple[Finding, ...]]:
        room = tuple(self._check_room(unit, host))
        coming = {vm.id for vm in unit}
        return {
            vm.id: (*room, *self._apart(vm, host, coming), *self._mild(self._checked(vm, source, host))) for vm in unit
        }

    def _checked(self, vm: VirtualMachine, source: Host, host: Host) -> Iterator[Finding]:
        for one in check_destination(vm, source, host, self._index, capacity=False):
            if one.code not in _OWN and one.severity is not Severity.INFO:
                yield one

    def _mild(self, findings: Sequence[Finding] | Iterator[Finding]) -> Iterator[Finding]:
        """The same, but that adapters nobody has read are unknown, not missing."""
        for one in findings:
            if one.code == _NO_ADAPTER and not self._index.adapters(one.subject_id):
                name = self._room.hosts[one.subject_id].name
                message = f"the VMkernel adapters of {name} are not in this inventory; vMotion is taken to be set up"
                yield from found("VMkernelAdaptersUnknown", one.subject_id, message)
            else:
                yield one

    def _check_room(self, unit: Sequence[VirtualMachine], host: Host) -> Iterator[Finding]:
        """Reservations have to be met, and hosts kept for failures kept free."""
        cluster = self._index.clusters.get(host.cluster_id)
        if cluster and cluster.ha_enabled and cluster.ha_admission_control and host.id in cluster.ha_failover_host_ids:
            yield finding("FailoverHost", host.id, host=host.name)
        reserved = self._room.memory_reserved(host.id, unit)
        if host.memory_bytes is not None and reserved > host.memory_bytes:
            message = f"{host.name} has {host.memory_bytes / 2**30:,.0f} GiB; {reserved / 2**30:,.0f} would be reserved"
            yield from found("InsufficientHostMemoryCapacityFault", host.id, message)
        cpu, promised = cpu_of(host), self._room.cpu_reserved(host.id, unit)
        if cpu is not None and promised > cpu:
            code = "InsufficientHostCpuCapacityFault"
            yield finding(code, host.id, host=host.name, size=f"{cpu} MHz", needed=f"{promised} MHz")

    def _apart(self, vm: VirtualMachine, host: Host, coming: set[str]) -> Iterator[Finding]:
        """Rules that keep it apart from what runs there by then or comes along, and the twin of a protected machine."""
        rules = [(rule.name, rule.vm_ids) for _, rule in self._index.rules.get(vm.id, ()) if rule.kind == "apart"]
        if vm.name in self._protected:
            rules.append(("Fault Tolerance", tuple(self._protected[vm.name])))
        for name, vm_ids in rules:
            there = [
                self._index.vms[id_].name
                for id_ in vm_ids
                if id_ != vm.id and (id_ in coming or self._room.where.get(id_) == host.id)
            ]
            if there:
                yield finding(
                    "RuleViolation", vm.id, rule=name, vm=vm.name, others=", ".join(there[:5]), host=host.name
                )

    def _explain(self, unit: Sequence[VirtualMachine], source: Host, hosts: Sequence[Host]) -> Iterator[Finding]:
        """What bars them from each host; what is the same for several is said once."""
        same: dict[tuple[str, str], list[Finding]] = {}
        for host in hosts[:_EXPLAINED]:
            for findings in self._told(unit, source, host).values():
                for one in findings:
                    if one.severity is Severity.BLOCKER:
                        same.setdefault((one.code, one.subject_id), []).append(one)
        for alike in same.values():
            messages = list(dict.fromkeys(one.message for one in alike))
            more = f"; and so for {len(messages) - 3} more" if len(messages) > 3 else ""
            remedy = _NO_DATASTORE if alike[0].code == "CannotAccessVmDisk" else alike[0].remedy
            yield attrs.evolve(alike[0], message="; ".join(messages[:3]) + more, remedy=remedy)
