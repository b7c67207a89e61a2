"""What is left on hosts while machines leave one for another, and what high availability wants kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.model import PowerState
from hybridinv.planning.checks.cluster import cpu_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from hybridinv.model import Cluster, Host, VirtualMachine
    from hybridinv.planning.index import Index

RUNNING = frozenset({PowerState.RUNNING, PowerState.STARTING, PowerState.STOPPING})


class Room:
    """Where each running machine is, and what the machines of each host take; it changes as machines move."""

    def __init__(
        self,
        hosts: Iterable[Host],
        machines: Callable[[Host], Iterable[VirtualMachine]],
        groups: Mapping[str, Mapping[Hashable, str]] | None = None,
    ) -> None:
        """`groups` has, by machine, the groups that it belongs to, each with its name."""
        self.groups = groups or {}
        self._grouped: dict[tuple[Hashable, str], dict[str, VirtualMachine]] = {}
        self.hosts = {host.id: host for host in hosts}
        self.where: dict[str, str] = {}
        self._on: dict[str, dict[str, VirtualMachine]] = {id_: {} for id_ in self.hosts}
        self._memory = dict.fromkeys(self.hosts, 0)
        self._memory_reserved = dict.fromkeys(self.hosts, 0)
        self._cpu_reserved = dict.fromkeys(self.hosts, 0)
        for id_, host in self.hosts.items():
            for vm in machines(host):
                if vm.power_state in RUNNING and not vm.is_template:
                    self._put(vm, id_, 1)

    def on(self, host_id: str) -> list[VirtualMachine]:
        """The machines that run on a host now."""
        return list(self._on[host_id].values())

    def move(self, vm: VirtualMachine, host_id: str) -> None:
        """Let a machine go to another host."""
        self._put(vm, self.where[vm.id], -1)
        self._put(vm, host_id, 1)

    def _put(self, vm: VirtualMachine, host_id: str, sign: int) -> None:
        self._memory[host_id] += sign * (vm.memory_bytes or 0)
        self._memory_reserved[host_id] += sign * (vm.memory_allocation.reservation or 0)
        self._cpu_reserved[host_id] += sign * (vm.cpu_allocation.reservation or 0)
        for key in self.groups.get(vm.id, ()):
            there = self._grouped.setdefault((key, host_id), {})
            if sign > 0:
                there[vm.id] = vm
            else:
                del there[vm.id]
        if sign > 0:
            self._on[host_id][vm.id] = vm
            self.where[vm.id] = host_id
        else:
            del self._on[host_id][vm.id]

    def grouped(self, key: Hashable, host_id: str) -> Mapping[str, VirtualMachine]:
        """The machines of a group that run on a host now, by id."""
        return self._grouped.get((key, host_id), {})

    def memory(self, host_id: str) -> int:
        """What the machines that run on a host are configured with."""
        return self._memory[host_id]

    def memory_free(self, host_id: str) -> int | None:
        """A host's memory less that; None where its memory is not known."""
        size = self.hosts[host_id].memory_bytes
        return None if size is None else size - self._memory[host_id]

    def memory_reserved(self, host_id: str, vms: Iterable[VirtualMachine] = ()) -> int:
        """The memory that the machines of a host are promised, with more machines."""
        return self._memory_reserved[host_id] + sum(vm.memory_allocation.reservation or 0 for vm in vms)

    def cpu_reserved(self, host_id: str, vms: Iterable[VirtualMachine] = ()) -> int:
        """The MHz that the machines of a host are promised, with more machines."""
        return self._cpu_reserved[host_id] + sum(vm.cpu_allocation.reservation or 0 for vm in vms)

    def unmeasured(self, host_ids: Iterable[str]) -> list[str]:
        """The names of hosts, and of machines that run on them, whose memory is not known."""
        names = []
        for id_ in host_ids:
            names += [self.hosts[id_].name] if self.hosts[id_].memory_bytes is None else []
            names += [vm.name for vm in self._on[id_].values() if vm.memory_bytes is None]
        return names


def cpu_in_use(index: Index, hosts: Iterable[Host]) -> int | None:
    """What hosts use now, from the hosts or else from their machines; None where neither tells."""
    total = 0
    for host in hosts:
        used = host.cpu_usage_mhz
        if used is None:
            uses = [vm.cpu_usage_mhz for vm in index.machines.get(host.id, ()) if vm.power_state in RUNNING]
            known = [use for use in uses if use is not None]
            if len(known) < len(uses):
                return None
            used = sum(known)
        total += used
    return total


def broken_reserve(cluster: Cluster, left: Sequence[Host], gone: Sequence[Host], room: Room) -> str:
    """Why the hosts that are left no longer keep what HA reserves for failures; empty where they do, or nobody asks.

    Reservations count, as HA's own admission control does; slot sizes are not worked out, so that the policy with
    slots is judged by whether the reservations fit once the largest hosts fail.
    """
    if not (cluster.ha_enabled and cluster.ha_admission_control):
        return ""
    kept = [host.name for host in gone if host.id in cluster.ha_failover_host_ids]
    if kept:
        return f"{', '.join(kept)} is kept free for failures"
    if cluster.ha_memory_reserve_percent is not None or cluster.ha_cpu_reserve_percent is not None:
        return _broken_percentage(cluster, left, room)
    level = cluster.ha_failover_level
    if not level:
        return ""
    if len(left) <= level:
        hosts = "1 host" if len(left) == 1 else f"{len(left)} hosts"
        return f"{hosts} left, {level} may fail"
    survivors = sorted(left, key=lambda host: host.memory_bytes or 0)[: len(left) - level]
    sizes = [host.memory_bytes for host in survivors]
    reserved = sum(room.memory_reserved(host.id) for host in left)
    if None not in sizes and reserved > sum(size or 0 for size in sizes):
        return f"once {level} fail, the rest has less memory than is reserved"
    return ""


def _broken_percentage(cluster: Cluster, left: Sequence[Host], room: Room) -> str:
    kinds = (
        ("memory", cluster.ha_memory_reserve_percent, [host.memory_bytes for host in left], room.memory_reserved),
        ("CPU", cluster.ha_cpu_reserve_percent, [cpu_of(host) for host in left], room.cpu_reserved),
    )
    for what, percent, sizes, reserved in kinds:
        known = [size for size in sizes if size is not None]
        if not percent or len(known) < len(sizes):
            continue
        total = sum(known)
        free = total - sum(reserved(host.id) for host in left)
        if free * 100 < total * percent:
            return (
                f"{max(free, 0) * 100 // total if total else 0} % of {what} would be unreserved, {percent} % has to be"
            )
    return ""
