"""Whether two hosts can migrate a machine between them, and whether the other one can run it."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING

from hybridinv.model import PowerState, VMkernelService
from hybridinv.model.migration import MigrationKind, MigrationState
from hybridinv.planning.checks.faults import evc_ranks, found, hardware_versions, version_numbers
from hybridinv.planning.paths import effective_adapters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hybridinv.model import Finding, Host
    from hybridinv.planning.index import Index
    from hybridinv.planning.move import Move

_UNREACHED = {"disconnected": "HostNotConnected", "notResponding": "HostNotReachable"}
_NOT_UP = frozenset({PowerState.STOPPED, PowerState.SUSPENDED})
_EVALUATION = "evaluation"
_CROSS_VCENTER_SINCE = (6,)


def check_pair(
    index: Index, source: Host, destination: Host, state: MigrationState, kind: MigrationKind
) -> tuple[Finding, ...]:
    """What stands between two hosts, whichever machine goes; worked out once for each pair."""
    key = ("pair", source.id, destination.id, state, kind)
    known: tuple[Finding, ...] | None = index.answers.get(key)
    if known is None:
        known = index.answers[key] = tuple(_check_pair(index, source, destination, state, kind))
    return known


def _check_pair(
    index: Index, source: Host, destination: Host, state: MigrationState, kind: MigrationKind
) -> Iterator[Finding]:
    hosts = (source, destination) if source.id != destination.id else (source,)
    for host in hosts:
        yield from _check_up(host, state)
        for flag, code in _needed_flags(kind):
            if host.capabilities and flag not in host.capabilities:
                yield from found(code, host.id, f"{host.name} lacks the capability {flag}", state)
        if kind is not MigrationKind.STORAGE:
            yield from _check_license(index, host, state)
    if source.in_maintenance and kind is not MigrationKind.COMPUTE:
        message = f"{source.name} is in maintenance mode, and files would move"
        yield from found("MaintenanceModeFileMove", source.id, message, state)
    if source.id == destination.id:
        return
    if destination.in_maintenance:
        yield from found("InvalidHostState", destination.id, f"{destination.name} is in maintenance mode", state)
    if destination.in_quarantine:
        yield from found("HostInQuarantine", destination.id, f"{destination.name} is in quarantine mode", state)
    yield from _check_families(index, source, destination, state)
    if source.source != destination.source and kind is not MigrationKind.STORAGE:
        yield from _check_vcenters(source, destination, state)


def _check_vcenters(source: Host, destination: Host, state: MigrationState) -> Iterator[Finding]:
    """What it takes to go to another vCenter."""
    code = "CrossVCenterRequirements"
    for host in (source, destination):
        version = version_numbers(host.version)
        if version and version < _CROSS_VCENTER_SINCE:
            message = f"{host.name} is older than 6.0, which first could migrate between vCenters"
            yield from found(code, host.id, message, state)
    message = (
        f"from {source.source} to {destination.source}; whether they share a Single Sign-On domain and the time is "
        "not in this inventory"
    )
    yield from found(code, destination.id, message, state, lesser=True)


def _check_up(host: Host, state: MigrationState) -> Iterator[Finding]:
    if host.connection_state in _UNREACHED:
        code = _UNREACHED[host.connection_state]
        yield from found(code, host.id, f"{host.name} is {host.connection_state}", state)
    elif host.power_state in _NOT_UP:
        message = f"{host.name} is powered off or in standby"
        yield from found("InvalidHostState", host.id, message, state, remedy="power the host on")


def _needed_flags(kind: MigrationKind) -> Iterator[tuple[str, str]]:
    if kind is not MigrationKind.STORAGE:
        yield "vmotionSupported", "VMotionNotSupported"
    if kind is MigrationKind.STORAGE:
        yield "storageVMotionSupported", "StorageVMotionNotSupported"
    if kind is MigrationKind.COMPUTE_AND_STORAGE:
        yield "vmotionWithStorageVMotionSupported", "StorageVMotionNotSupported"


def _check_license(index: Index, host: Host, state: MigrationState) -> Iterator[Finding]:
    license_ = index.licenses.get(host.id)
    if license_ is None or not license_.features or license_.state == _EVALUATION:
        return
    if not any("vmotion" in feature.lower() for feature in license_.features):
        message = f"the licence of {host.name}, {license_.name}, does not name vMotion among its features"
        yield from found("VMotionNotLicensed", host.id, message, state)


def _check_families(index: Index, source: Host, destination: Host, state: MigrationState) -> Iterator[Finding]:
    families = [_families(index, host) for host in (source, destination)]
    if all(families) and not families[0] & families[1]:
        words = " and ".join(
            f"{host.name} over IPv{min(family)}" for host, family in zip((source, destination), families, strict=True)
        )
        yield from found("ManagementAddressFamilyDiffers", destination.id, f"managed: {words}", state)


def _families(index: Index, host: Host) -> frozenset[int]:
    """The address families of a host's management adapters; link-local addresses do not count."""
    key = ("families", host.id)
    known: frozenset[int] | None = index.answers.get(key)
    if known is None:
        adapters = effective_adapters(index.adapters(host.id), VMkernelService.MANAGEMENT)
        addresses = [address for one in adapters for address in (one.ip_address, *one.ipv6_addresses) if address]
        known = index.answers[key] = frozenset(filter(None, map(_family, addresses or [host.management_ip])))
    return known


def _family(address: str) -> int | None:
    try:
        parsed = ipaddress.ip_address(address.partition("/")[0])
    except ValueError:
        return None
    return None if parsed.is_link_local else parsed.version


def check_machine_on_hosts(move: Move) -> Iterator[Finding]:
    """What of the machine depends on what both hosts can do."""
    vm, state = move.vm, move.state
    if move.disks_move and vm.power_state is PowerState.SUSPENDED:
        yield from _check_flag(move, "suspendedRelocateSupported", "SuspendedRelocateNotSupported")
    if not move.host_changes or move.destination is None:
        return
    if vm.migrate_encryption == "required" or vm.is_encrypted:
        yield from _check_flag(move, "encryptedVMotionSupported", "EncryptedVMotionNotSupported")
    if move.swap_moves:
        yield from _check_flag(move, "unsharedSwapVMotionSupported", "UnsharedSwapVMotionNotSupported")
    yield from _check_cpu(move, move.destination)
    first = hardware_versions().get(vm.hardware_version)
    version = version_numbers(move.destination.version)
    if first and version and version < first:
        message = f"{move.destination.name} has {move.destination.version}; {vm.name} is {vm.hardware_version}"
        yield from found("VirtualHardwareVersionNotSupported", move.destination.id, message, state)
    threads = move.destination.cpu_threads
    if vm.cpus and threads and vm.cpus > threads:
        message = f"{vm.name} has {vm.cpus} virtual CPUs, {move.destination.name} {threads} threads"
        yield from found("NotEnoughLogicalCpus", move.destination.id, message, state)


def _check_flag(move: Move, flag: str, code: str) -> Iterator[Finding]:
    for host in move.hosts:
        if host.capabilities and flag not in host.capabilities:
            yield from found(code, host.id, f"{host.name} lacks the capability {flag}", move.state)


def _check_cpu(move: Move, destination: Host) -> Iterator[Finding]:
    vm, source = move.vm, move.source
    if move.state is MigrationState.COLD and vm.power_state is not PowerState.SUSPENDED:
        return
    differ = bool(source and source.cpu_model and destination.cpu_model and source.cpu_model != destination.cpu_model)
    if vm.performance_counters and differ:
        message = f"{vm.name} has performance counters, and {destination.name} another CPU: {destination.cpu_model}"
        yield from found("PerformanceCountersDiffer", destination.id, message, move.state)
    met, why = _meets_cpu(move, destination)
    if met is False:
        message = f"{destination.name} does not have what {vm.name} uses: {why}"
        yield from found("FeatureRequirementsNotMet", destination.id, message, move.state)
    elif met is None and differ:
        message = f"{destination.name} has another CPU, {destination.cpu_model}, and {why}"
        yield from found("FeatureRequirementsNotMet", destination.id, message, move.state, lesser=True)


def _meets_cpu(move: Move, destination: Host) -> tuple[bool | None, str]:
    """Whether a host has the CPU features of a machine, by feature where both are known, else by EVC mode; and why."""
    vm, source = move.vm, move.source
    if vm.features and destination.features:
        missing, strange = _unmet(vm.features, destination.features)
        if missing or not strange:
            return not missing, ", ".join(missing)
    offered = destination.evc_mode or destination.max_evc_mode
    needs, has = evc_ranks().get(vm.evc_mode), evc_ranks().get(offered)
    if needs and has:
        return needs[0] == has[0] and needs[1] <= has[1], f"EVC mode {vm.evc_mode}; it has {offered}"
    if source and source.evc_mode and source.evc_mode == destination.evc_mode:
        return True, ""
    return None, f"whether it has what {vm.name} uses is not known"


@lru_cache(maxsize=4096)
def _unmet(needs: tuple[str, ...], has: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """The features that are not there, and whether any requirement could not be understood."""
    offered = dict(feature.partition(" ")[::2] for feature in has)
    missing, strange = [], False
    for need in needs:
        name, _, requirement = need.partition(" ")
        met = _meets(requirement, offered.get(name, "0"))
        strange = strange or met is None
        if met is False:
            missing.append(name)
    return tuple(missing), strange


def _meets(requirement: str, offered: str) -> bool | None:
    """Whether a capability satisfies `Bool:Min:1` or the like; None where its wording is not known."""
    _, _, test = requirement.partition(":")
    operator, _, wanted = test.partition(":")
    try:
        needed, there = int(wanted, 0), int(offered or "0", 0)
    except ValueError:
        return None
    return {"Min": there >= needed, "Equal": there == needed}.get(operator)
