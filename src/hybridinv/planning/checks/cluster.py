"""What a cluster's rules, its room and its borders mean for a migration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.model import PowerState
from hybridinv.model.migration import MigrationState
from hybridinv.planning.checks.faults import found, version_numbers
from hybridinv.planning.index import Index, Load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hybridinv.model import Cluster, ClusterRule, Finding, Host
    from hybridinv.planning.move import Move

_ENCRYPTED_ACROSS_SINCE = (7,)
_UNPROTECTED = frozenset({"", "notConfigured", "disabled"})
_NO_LOAD = Load()
_AMONG_MACHINES = frozenset({"together", "apart"})


def check_rules(move: Move, *, others: bool = True) -> Iterator[Finding]:
    """The DRS rules and overrides that name the machine; without `others` not those that name machines alone."""
    destination = move.destination
    if destination is None or not move.host_changes:
        return
    for cluster, rule in move.index.rules.get(move.vm.id, ()):
        if cluster.id == destination.cluster_id and (others or rule.kind not in _AMONG_MACHINES):
            yield from _check_rule(move, cluster, rule, destination)
    override = move.index.overrides.get(move.vm.id)
    if override and override[1].drs_behavior:
        cluster, one = override
        message = f"DRS of {cluster.name} is {one.drs_behavior} for {move.vm.name}, else {cluster.drs_behavior or '?'}"
        yield from found("DrsOverride", move.vm.id, message, move.state)


def _check_rule(move: Move, cluster: Cluster, rule: ClusterRule, destination: Host) -> Iterator[Finding]:
    listed = destination.id in rule.host_ids
    if rule.kind in ("vm-host", "vm-host-apart") and not rule.host_ids:
        message = f"rule {rule.name!r} of {cluster.name} binds {move.vm.name} to hosts that are not in this inventory"
        yield from found("VmHostAffinityRuleViolation", move.vm.id, message, move.state, lesser=True)
    elif (rule.kind == "vm-host" and not listed) or (rule.kind == "vm-host-apart" and listed):
        verb = "must" if rule.mandatory else "should"
        message = f"rule {rule.name!r} of {cluster.name}: {move.vm.name} {verb} not run on {destination.name}"
        yield from found("VmHostAffinityRuleViolation", move.vm.id, message, move.state, lesser=not rule.mandatory)
    elif rule.kind in _AMONG_MACHINES:
        others = [move.index.vms[vm_id] for vm_id in rule.vm_ids if vm_id != move.vm.id and vm_id in move.index.vms]
        apart = rule.kind == "apart"
        broken = [
            vm.name for vm in others if vm.power_state is PowerState.RUNNING and (vm.host_id == destination.id) is apart
        ]
        if broken:
            what = "apart from" if apart else "together with"
            message = f"rule {rule.name!r} of {cluster.name} keeps {move.vm.name} {what} {', '.join(broken)}"
            yield from found("RuleViolation", move.vm.id, message, move.state)


def check_capacity(move: Move) -> Iterator[Finding]:
    """The room of the destination: reservations have to be met, other memory may be more than there is."""
    destination, vm = move.destination, move.vm
    if destination is None or move.state is MigrationState.COLD or not move.host_changes:
        return
    load = move.index.loads.get(destination.id, _NO_LOAD)
    reserved = load.reserved_bytes + (vm.memory_allocation.reservation or 0)
    promised = load.reserved_mhz + (vm.cpu_allocation.reservation or 0)
    yield from check_reserved(move.index, destination, memory_bytes=reserved, cpu_mhz=promised)
    configured = load.memory_bytes + (vm.memory_bytes or 0)
    if destination.memory_bytes and configured > destination.memory_bytes:
        message = (
            f"{destination.name} has {_gib(destination.memory_bytes)}; its running machines would be configured with "
            f"{_gib(configured)}"
        )
        yield from found("MemoryOvercommitted", destination.id, message, move.state)


def check_reserved(index: Index, host: Host, *, memory_bytes: int, cpu_mhz: int) -> Iterator[Finding]:
    """Whether a host can promise that much memory and CPU, and is not kept free for failures."""
    cluster = index.clusters.get(host.cluster_id)
    if cluster and cluster.ha_enabled and cluster.ha_admission_control and host.id in cluster.ha_failover_host_ids:
        yield from found("FailoverHost", host.id, f"{host.name} is kept free for failures of other hosts")
    if host.memory_bytes is not None and memory_bytes > host.memory_bytes:
        message = f"{host.name} has {_gib(host.memory_bytes)}; {_gib(memory_bytes)} would be reserved"
        yield from found("InsufficientHostMemoryCapacityFault", host.id, message)
    cpu = cpu_of(host)
    if cpu is not None and cpu_mhz > cpu:
        message = f"{host.name} has {cpu} MHz; {cpu_mhz} MHz would be reserved"
        yield from found("InsufficientHostCpuCapacityFault", host.id, message)


def cpu_of(host: Host) -> int | None:
    """A host's MHz over all its cores; None where they are not known."""
    return host.cpu_cores * host.cpu_mhz if host.cpu_cores and host.cpu_mhz else None


def check_borders(move: Move) -> Iterator[Finding]:
    """What it means to leave a cluster, or a vCenter."""
    source, destination, vm = move.source, move.destination, move.vm
    if not (source and destination and move.host_changes) or source.cluster_id == destination.cluster_id:
        return
    names = [
        move.index.clusters[host.cluster_id].name if host.cluster_id in move.index.clusters else "no known cluster"
        for host in (source, destination)
    ]
    message = f"{vm.name} goes from {names[0]} to {names[1]}; rules, overrides and resource pool stay behind"
    yield from found("ClusterChanges", vm.id, message, move.state)
    if vm.fault_tolerance not in _UNPROTECTED:
        message = f"Fault Tolerance of {vm.name} is {vm.fault_tolerance}, and its cluster changes"
        yield from found("CannotMoveFaultToleranceVm", vm.id, message, move.state)


def check_vcenters(move: Move) -> Iterator[Finding]:
    """What it takes an encrypted machine to go to another vCenter."""
    destination, vm = move.destination, move.vm
    if destination is None or not move.crosses_vcenters:
        return
    versions = {host.name: version_numbers(host.version) for host in move.hosts}
    if vm.is_encrypted:
        early = [name for name, version in versions.items() if version and version < _ENCRYPTED_ACROSS_SINCE]
        message = f"{vm.name} is encrypted; both vCenters need its key provider"
        yield from found("EncryptedMachineAcrossVCenters", vm.id, message, move.state, lesser=not early)


def _gib(size: int) -> str:
    return f"{size / 1024**3:,.0f} GiB"
