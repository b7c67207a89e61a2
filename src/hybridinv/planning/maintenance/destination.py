"""Where machines go when their host is emptied: the host with the most room of those that can take them."""

from __future__ import annotations

import itertools
from collections import defaultdict
from enum import Enum, auto
from typing import TYPE_CHECKING

import attrs

from hybridinv.model import Finding, Host, PowerState, Severity, VirtualMachine, VMkernelService
from hybridinv.model.maintenance import blocked
from hybridinv.model.migration import MigrationKind, MigrationState
from hybridinv.planning.checks import check_destination
from hybridinv.planning.checks.cluster import check_reserved, cpu_of
from hybridinv.planning.checks.hosts import check_pair
from hybridinv.planning.checks.links import find_link
from hybridinv.planning.maintenance.rules import finding

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from hybridinv.planning.index import Index
    from hybridinv.planning.maintenance.room import Room

_EXPLAINED = 8
"""So many hosts are named where a machine can go to none."""
_NAMED = 5
"""So many machines are named that a rule keeps apart."""
_OWN = frozenset({"RuleViolation", "DrsOverride"})
"""Findings of a migration that are told here, from where machines are by then, or not at all."""
_NO_DATASTORE = "move its disks to storage that another host mounts, or shut it down"
_UNPROTECTED = frozenset({"", "notConfigured", "disabled"})


_ROOM = frozenset({"InsufficientHostMemoryCapacityFault", "InsufficientHostCpuCapacityFault", "RuleViolation"})
"""What bars a machine from a host may be otherwise once other machines are placed otherwise."""


class Way(Enum):
    """In which order the machines of a host are placed, and where each goes if several hosts can take it."""

    LARGEST = auto()
    """The largest first, each where most memory is free."""
    RESERVED = auto()
    """Those that reserve most first, each where most is unreserved."""
    SCARCEST = auto()
    """Those that fewest hosts can take first, each where most is unreserved."""
    TIGHTEST = auto()
    """The same, each where least is unreserved, so that large gaps stay."""


@attrs.frozen(kw_only=True)
class Choice:
    """Where machines go, what is to be said of each; or what bars them from every host."""

    destination: Host | None = None
    findings: dict[str, tuple[Finding, ...]] = attrs.field(factory=dict)
    bars: tuple[Finding, ...] = ()
    in_doubt: bool = False
    """A host would take them if other machines were elsewhere."""


def is_up(host: Host) -> bool:
    """Whether a host can take machines, as far as its own state goes; what is not known is taken to be well."""
    answers = host.connection_state in ("", "connected") and host.power_state is not PowerState.STOPPED
    return answers and not host.in_maintenance and host.power_state is not PowerState.SUSPENDED


class Destinations:
    """The hosts that machines can go to, as the run stands."""

    def __init__(self, index: Index, room: Room, way: Way = Way.LARGEST) -> None:
        self.to_go: set[str] = set()
        """The hosts whose turn comes later: what goes there has to move again."""
        self._index = index
        self._room = room
        self._way = way
        self._bars: dict[tuple[str, str], bool] = {}

    def in_order(self, vms: Iterable[VirtualMachine], source: Host, others: Sequence[Host]) -> list[VirtualMachine]:
        """Machines in the order in which they are to be placed."""
        if self._way is Way.LARGEST:
            return sorted(vms, key=lambda vm: (-(vm.memory_bytes or 0), vm.name))
        scarce = self._way is not Way.RESERVED
        return sorted(
            vms,
            key=lambda vm: (
                self._possible(vm, source, others) if scarce else 0, -_reserved([vm]), -(vm.memory_bytes or 0), vm.name,
            ),
        )  # fmt: skip

    def _possible(self, vm: VirtualMachine, source: Host, others: Sequence[Host]) -> int:
        """How many hosts can take it, room aside."""
        return sum(
            not self._barred(source, host)
            and self._reaches([vm], host)
            and not blocked(tuple(self._checked(vm, source, host)))
            for host in others
            if is_up(host)
        )

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
        in_doubt = any(self._takes_if_empty(unit, source, host) for host in hosts)
        return Choice(bars=tuple(self._explain(unit, source, hosts)), in_doubt=in_doubt)

    def _takes_if_empty(self, unit: Sequence[VirtualMachine], source: Host, host: Host) -> bool:
        if self._barred(source, host) or not self._reaches(unit, host):
            return False
        told = (one for findings in self._told(unit, source, host).values() for one in findings)
        if any(one.severity is Severity.BLOCKER and one.code not in _ROOM for one in told):
            return False
        cpu, promised = cpu_of(host), sum(vm.cpu_allocation.reservation or 0 for vm in unit)
        fits = host.memory_bytes is None or _reserved(unit) <= host.memory_bytes
        return fits and (cpu is None or promised <= cpu)

    def _rank(self, unit: Sequence[VirtualMachine], host: Host) -> tuple[bool, bool, bool, int, str]:
        free, needed = self._room.memory_free(host.id), sum(vm.memory_bytes or 0 for vm in unit)
        broken = bool(host.in_quarantine) or any(self._breaks_wish(vm, host) for vm in unit)
        if self._way is not Way.LARGEST:
            unreserved = (host.memory_bytes or 0) - self._room.memory_reserved(host.id)
            best = unreserved if self._way is Way.TIGHTEST else -unreserved
            return False, broken, host.id in self.to_go, best, host.name
        return free is None or free < needed, broken, host.id in self.to_go, -(free or 0), host.name

    def _breaks_wish(self, vm: VirtualMachine, host: Host) -> bool:
        return any(
            (rule.kind == "vm-host" and rule.host_ids and host.id not in rule.host_ids)
            or (rule.kind == "vm-host-apart" and host.id in rule.host_ids)
            for _, rule in self._index.rules.get(vm.id, ())
        )

    def _barred(self, source: Host, host: Host) -> bool:
        """Whether no machine at all goes from one to the other; worked out once for each pair."""
        key = source.id, host.id
        if key not in self._bars:
            pair = check_pair(self._index, source, host, MigrationState.HOT, MigrationKind.COMPUTE)
            link = find_link(self._index, source, host, (VMkernelService.VMOTION,)).findings
            self._bars[key] = blocked((*pair, *link))
        return self._bars[key]

    def _reaches(self, unit: Sequence[VirtualMachine], host: Host) -> bool:
        """A quick look at the datastores, before everything else is."""
        sees = self._index.sees
        return all(sees(host, disk.datastore_id) is not False for vm in unit for disk in vm.disks if disk.datastore_id)

    def _told(self, unit: Sequence[VirtualMachine], source: Host, host: Host) -> dict[str, tuple[Finding, ...]]:
        room = tuple(self._check_room(unit, host))
        return {vm.id: (*room, *self._apart(vm, host, unit), *self._checked(vm, source, host)) for vm in unit}

    def _checked(self, vm: VirtualMachine, source: Host, host: Host) -> Iterator[Finding]:
        for one in check_destination(vm, source, host, self._index, capacity=False):
            if one.code not in _OWN and one.severity is not Severity.INFO:
                yield one

    def _check_room(self, unit: Sequence[VirtualMachine], host: Host) -> Iterator[Finding]:
        """Reservations have to be met, and hosts kept for failures kept free."""
        reserved, promised = self._room.memory_reserved(host.id, unit), self._room.cpu_reserved(host.id, unit)
        yield from check_reserved(self._index, host, memory_bytes=reserved, cpu_mhz=promised)

    def _apart(self, vm: VirtualMachine, host: Host, coming: Sequence[VirtualMachine]) -> Iterator[Finding]:
        """Rules that keep it apart from what runs there by then or comes along, and the twin of a protected machine."""
        groups = self._room.groups
        for key, name in groups.get(vm.id, {}).items():
            there = {one.id: one for one in coming if key in groups.get(one.id, {})}
            there |= itertools.islice(self._room.grouped(key, host.id).items(), _NAMED + 1)
            others = [one.name for one in there.values() if one.id != vm.id][:_NAMED]
            if others:
                yield finding("RuleViolation", vm.id, rule=name, vm=vm.name, others=", ".join(others), host=host.name)

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


def _reserved(unit: Sequence[VirtualMachine]) -> int:
    return sum(vm.memory_allocation.reservation or 0 for vm in unit)


def groups_apart(index: Index) -> dict[str, dict[Hashable, str]]:
    """By machine: what may not share a host with it, each group with its name."""
    groups: dict[str, dict[Hashable, str]] = defaultdict(dict)
    for vm_id, rules in index.rules.items():
        for _, rule in rules:
            if rule.kind == "apart":
                groups[vm_id][id(rule)] = rule.name
    for vm in index.vms.values():
        if vm.fault_tolerance not in _UNPROTECTED:
            groups[vm.id][vm.name] = "Fault Tolerance"
    return dict(groups)
