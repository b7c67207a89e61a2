"""What a cluster's rules, its room and its borders mean for a migration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.model import PowerState
from hybridinv.model.migration import MigrationState
from hybridinv.planning.checks.faults import found, version_numbers
from hybridinv.planning.index import Load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hybridinv.model import Cluster, ClusterRule, Finding, Host
    from hybridinv.planning.move import Move

_CROSS_VCENTER_SINCE = (6,)
_ENCRYPTED_ACROSS_SINCE = (7,)
_UNPROTECTED = frozenset({"", "notConfigured", "disabled"})
_NO_LOAD = Load()


def check_rules(move: Move) -> Iterator[Finding]:
    """The DRS rules and overrides that name the machine."""
    destination = move.destination
    if destination is None or not move.host_changes:
        return
    for cluster, rule in move.index.rules.get(move.vm.id, ()):
        if cluster.id == destination.cluster_id:
            yield from _check_rule(move, cluster, rule, destination)
    override = move.index.overrides.get(move.vm.id)
    if override and override[1].drs_behavior:
        cluster, one = override
        message = f"DRS of {cluster.name} is {one.drs_behavior} for {move.vm.name}, else {cluster.drs_behavior or '?'}"
        yield from found("DrsOverride", move.vm.id, message, move.state)


def _check_rule(move: Move, cluster: Cluster, rule: ClusterRule, destination: Host) -> Iterator[Finding]:
    listed = destination.id in rule.host_ids
    if (rule.kind == "vm-host" and not listed) or (rule.kind == "vm-host-apart" and listed):
        verb = "must" if rule.mandatory else "should"
        message = f"rule {rule.name!r} of {cluster.name}: {move.vm.name} {verb} not run on {destination.name}"
        yield from found("VmHostAffinityRuleViolation", move.vm.id, message, move.state, lesser=not rule.mandatory)
    elif rule.kind in ("together", "apart"):
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
    """The memory of the destination: reservations have to be met, the rest may be more than there is."""
    destination, vm = move.destination, move.vm
    if (
        destination is None
        or not destination.memory_bytes
        or move.state is MigrationState.COLD
        or not move.host_changes
    ):
        return
    load = move.index.loads.get(destination.id, _NO_LOAD)
    reserved = load.reserved_bytes + (vm.memory_allocation.reservation or 0)
    if reserved > destination.memory_bytes:
        message = f"{destination.name} has {_gib(destination.memory_bytes)}; {_gib(reserved)} would be reserved"
        yield from found("InsufficientHostMemoryCapacityFault", destination.id, message, move.state)
    configured = load.memory_bytes + (vm.memory_bytes or 0)
    if configured > destination.memory_bytes:
        message = (
            f"{destination.name} has {_gib(destination.memory_bytes)}; its running machines would be configured with "
            f"{_gib(configured)}"
        )
        yield from found("MemoryOvercommitted", destination.id, message, move.state)


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
    """What it takes to go to another vCenter."""
    destination, vm = move.destination, move.vm
    if destination is None or not move.crosses_vcenters:
        return
    versions = {host.name: version_numbers(host.version) for host in move.hosts}
    old = [name for name, version in versions.items() if version and version < _CROSS_VCENTER_SINCE]
    if old:
        message = f"{' and '.join(old)} is older than 6.0, which first could migrate between vCenters"
        yield from found("CrossVCenterRequirements", vm.id, message, move.state)
    message = (
        f"{vm.name} goes from {vm.source} to {destination.source}; whether they share a Single Sign-On domain and the "
        "time is not in this inventory"
    )
    yield from found("CrossVCenterRequirements", vm.id, message, move.state, lesser=True)
    if vm.is_encrypted:
        early = [name for name, version in versions.items() if version and version < _ENCRYPTED_ACROSS_SINCE]
        message = f"{vm.name} is encrypted; both vCenters need its key provider"
        yield from found("EncryptedMachineAcrossVCenters", vm.id, message, move.state, lesser=not early)


def _gib(size: int) -> str:
    return f"{size / 1024**3:,.0f} GiB"
