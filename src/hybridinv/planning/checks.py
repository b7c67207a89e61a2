"""What stands in the way of a migration: each check yields findings, named as the vendor names the fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.model import Datastore, Finding, Host, PowerState, Severity, VMkernelService
from hybridinv.model.migration import Condition, MigrationKind, MigrationState
from hybridinv.planning.paths import effective_adapters, has_gateway, same_subnet, subnet
from hybridinv.planning.rules import cite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hybridinv.model.migration import MigrationRule, RuleFlow
    from hybridinv.planning.move import Move
    from hybridinv.planning.paths import End, Leg

_KNOWN_STATES = frozenset({PowerState.RUNNING, PowerState.STOPPED, PowerState.SUSPENDED})
_LEAST_VMOTION_MBPS = 1000
_UDT_SINCE = 8


def _finding(severity: Severity, code: str, subject_id: str, message: str, remedy: str, *keys: str) -> Finding:
    return Finding(
        severity=severity,
        code=code,
        subject_id=subject_id,
        message=message,
        remedy=remedy,
        sources=cite(*keys),
    )


def check_move(move: Move) -> Iterator[Finding]:
    """Check what can be known before any path is looked at."""
    yield from check_state(move)
    if move.source is None:
        yield _finding(
            Severity.BLOCKER, "HostUnknown", move.vm.id,
            f"the host of {move.vm.name} is not in this inventory, so its adapters are not known",
            "collect hosts too; an orphaned or disconnected machine has to be registered again first",
        )  # fmt: skip
    elif not (move.host_changes or move.disks_move):
        yield _finding(
            Severity.INFO,
            "NothingToDo",
            move.vm.id,
            f"{move.vm.name} is already there",
            "choose another target",
        )
    else:
        yield from check_flags(move)
    yield from check_places(move)
    yield from check_space(move)


def check_state(move: Move) -> Iterator[Finding]:
    """Whether hot or cold is known."""
    if move.vm.power_state not in _KNOWN_STATES:
        yield _finding(
            Severity.WARNING, "PowerStateUnknown", move.vm.id,
            f"{move.vm.name} is {move.vm.power_state}; planned as {move.state}, which asks for more",
            "collect again once the machine is running or powered off",
        )  # fmt: skip


def check_places(move: Move) -> Iterator[Finding]:
    """Whether the hosts see the datastores they have to."""
    source, destination, datastore = move.source, move.destination, move.datastore
    if source and datastore and not move.host_changes:
        yield from _check_own_host(move, source, datastore)
    elif destination and datastore:
        yield from _check_mount(move, destination, datastore.id, "give a datastore that it mounts")
    if destination and move.host_changes and not datastore:
        if not move.datastore_ids:
            yield _finding(
                Severity.WARNING, "DisksUnknown", move.vm.id,
                f"the datastores of {move.vm.name} are not in this inventory; they are taken to be shared",
                "collect the machine's disks",
            )  # fmt: skip
        for datastore_id in move.datastore_ids:
            yield from _check_mount(move, destination, datastore_id, "give to_datastore= with one that it mounts")


def _check_own_host(move: Move, source: Host, datastore: Datastore) -> Iterator[Finding]:
    if not move.rehosted:
        yield from _check_mount(move, source, datastore.id, "give to_host= with a host that mounts it", "SVREQ")
    elif move.destination:
        yield _finding(
            Severity.WARNING, "CannotAccessVmDisk", datastore.id,
            f"{source.name} does not mount {datastore.name}, so the machine has to go to a host that does; "
            f"planned with {move.destination.name}",
            "give to_host= to choose the host",
            "FAULTS",
        )  # fmt: skip


def _check_mount(move: Move, host: Host, datastore_id: str, remedy: str, *keys: str) -> Iterator[Finding]:
    name = next((d.name for d in move.inv.datastores if d.id == datastore_id), datastore_id)
    seen = move.sees(host, datastore_id)
    if seen is False:
        yield _finding(
            Severity.BLOCKER, "CannotAccessVmDisk", datastore_id,
            f"{host.name} does not mount {name}", remedy, "FAULTS", *keys,
        )  # fmt: skip
    elif seen is None:
        yield _finding(
            Severity.WARNING, "DatastoreHostsUnknown", datastore_id,
            f"which hosts mount {name} is not in this inventory; {host.name} is taken to",
            "collect datastores",
        )  # fmt: skip


def check_space(move: Move) -> Iterator[Finding]:
    """Check the room on the destination datastore; what a thin disk takes is known only as an upper bound."""
    datastore = move.datastore
    if datastore is None or datastore.free_bytes is None:
        return
    thick, all_ = (
        sum(disk.capacity_bytes or 0 for disk in move.moving_disks if include_thin or disk.thin is False)
        for include_thin in (False, True)
    )
    if all_ <= datastore.free_bytes:
        return
    free, needed = (f"{size / 1024**3:,.0f} GiB" for size in (datastore.free_bytes, all_))
    surely = thick > datastore.free_bytes
    yield _finding(
        Severity.BLOCKER if surely else Severity.WARNING, "NoDiskSpace", datastore.id,
        f"{datastore.name} has {free} free; the disks of {move.vm.name} take "
        + (needed if surely else f"up to {needed}, as some are thin or may be"),
        "choose a datastore with more room", "FAULTS",
    )  # fmt: skip


def check_flags(move: Move) -> Iterator[Finding]:
    """Check the capability flags both hosts need; a host without any was not asked for them."""
    for host in dict.fromkeys(host for host in (move.source, move.destination) if host):
        for flag, code in _needed_flags(move):
            if host.capabilities and flag not in host.capabilities:
                yield _finding(
                    Severity.BLOCKER, code, host.id, f"{host.name} lacks the capability {flag}",
                    "check its license and version", "FAULTS",
                )  # fmt: skip


def _needed_flags(move: Move) -> Iterator[tuple[str, str]]:
    hot = move.state is MigrationState.HOT
    if hot and move.host_changes:
        yield "vmotionSupported", "VMotionNotSupported"
    if hot and move.kind is MigrationKind.STORAGE:
        yield "storageVMotionSupported", "StorageVMotionNotSupported"
    if hot and move.kind is MigrationKind.COMPUTE_AND_STORAGE:
        yield "vmotionWithStorageVMotionSupported", "StorageVMotionNotSupported"
    if move.disks_move and move.vm.power_state is PowerState.SUSPENDED:
        yield "suspendedRelocateSupported", "SuspendedRelocateNotSupported"


def check_end(end: End) -> Iterator[Finding]:
    """Whether a host has the adapters that a service needs."""
    host = end.host
    if end.wanted == VMkernelService.VMOTION and not end.adapters:
        lack, remedy = (
            ("enabled for vMotion", "enable vMotion on one, or put one on the vMotion TCP/IP stack")
            if end.known
            else ("in this inventory", "collect vmkernel_adapters")
        )
        yield _finding(
            Severity.BLOCKER, "VMotionNotConfigured", host.id,
            f"no VMkernel adapter of {host.name} is {lack}", remedy, "FAULTS", "VMREQ",
        )  # fmt: skip
    elif not end.adapters:
        yield _finding(
            Severity.WARNING, "VMkernelAdaptersUnknown", host.id,
            f"no VMkernel adapter of {host.name} for {end.service} is in this inventory",
            "collect vmkernel_adapters",
        )  # fmt: skip
    elif end.fallback:
        yield _finding(
            Severity.WARNING, "ProvisioningNotConfigured", host.id, _fallback_message(end),
            "enable Provisioning on one adapter, or put one on the Provisioning TCP/IP stack",
            "COLD", "KB340170", "KB419637", "DENN13",
        )  # fmt: skip
    elif end.wanted == VMkernelService.PROVISIONING and len(end.adapters) > 1:
        devices = ", ".join(adapter.device for adapter in end.adapters)
        yield _finding(
            Severity.WARNING, "SeveralProvisioningAdapters", host.id,
            f"{host.name} has {devices} for Provisioning; at most one adapter is documented",
            "leave Provisioning on one of them", "COLD",
        )  # fmt: skip


def _fallback_message(end: End) -> str:
    first = end.adapters[0]
    tagged = [a.device for a in effective_adapters(end.adapters, VMkernelService.MANAGEMENT)]
    message = f"{end.host.name} has no Provisioning adapter; the data falls back to {first.device}"
    if tagged and first.device not in tagged:
        return (
            f"{message}, or to {', '.join(tagged)}: some documents say vmk0, others the management network, "
            f"and {first.device} is not tagged for management here"
        )
    return message


def check_link(service: str, source: Leg, destination: Leg) -> Iterator[Finding]:
    """Whether two adapters reach one another, and how well."""
    for leg in (source, destination):
        yield from _check_uplink(service, leg)
    mtus = source.adapter.mtu, destination.adapter.mtu
    if None not in mtus and mtus[0] != mtus[1]:
        yield _finding(
            Severity.WARNING, "MtuMismatch", source.adapter.id,
            f"{source} has MTU {mtus[0]}, {destination} {mtus[1]}",
            "set the same MTU on both, and on the way between them", "OWN",
        )  # fmt: skip
    if same_subnet(source.adapter, destination.adapter) is False:
        yield from _check_subnets(service, source, destination)


def _check_uplink(service: str, leg: Leg) -> Iterator[Finding]:
    vmotion, speed = service == VMkernelService.VMOTION, leg.adapter.link_speed_mbps
    if speed == 0:
        yield _finding(
            Severity.BLOCKER, "VMotionLinkDown" if vmotion else "LinkDown", leg.adapter.id,
            f"all uplinks of {leg} are down", "check cables and switch ports", "FAULTS",
        )  # fmt: skip
    elif vmotion and speed is not None and speed < _LEAST_VMOTION_MBPS:
        yield _finding(
            Severity.WARNING, "VMotionLinkCapacityLow", leg.adapter.id,
            f"{leg} has {speed} Mbit/s; vMotion wants {_LEAST_VMOTION_MBPS}",
            "give it a faster uplink", "FAULTS",
        )  # fmt: skip


def _check_subnets(service: str, source: Leg, destination: Leg) -> Iterator[Finding]:
    where = f"{source} ({subnet(source.adapter)}) and {destination} ({subnet(destination.adapter)})"
    if service != VMkernelService.VMOTION:
        yield _finding(
            Severity.WARNING, "DifferentSubnets", source.adapter.id,
            f"{where} are in different subnets. KB 340170: without a static route on the host, data leaves "
            "the source by vmk0. The cold migration page (7.0, 8.0): not possible across subnets",
            "use one subnet for Provisioning, or add static routes and try", "KB340170", "COLD",
        )  # fmt: skip
    elif not (has_gateway(source.adapter) and has_gateway(destination.adapter)):
        yield _finding(
            Severity.WARNING, "DifferentSubnets", source.adapter.id,
            f"{where} are in different subnets, and not both have a gateway in their own; static routes are "
            "not in this inventory",
            "use one subnet, or the vMotion TCP/IP stack with its own gateway", "LAYER", "VMREQ",
        )  # fmt: skip


def check_rule(rule: MigrationRule, rows: tuple[RuleFlow, ...], move: Move) -> Iterator[Finding]:
    """Where the documents, or the rule sets, do not agree."""
    crossing = Condition.CROSS_VCENTER in move.conditions
    for row in rows:
        if row.dissent:
            severity = Severity.WARNING if crossing else Severity.INFO
            yield Finding(
                severity=severity,
                code="SourcesDisagree",
                subject_id=move.vm.id,
                message=f"{row.data}: {row.dissent}",
                remedy="watch which adapter is busy during a first migration",
                sources=(*row.dissent_sources, *row.sources),
            )
    if rule.rules == "seed" and rule.differs:
        yield _finding(
            Severity.INFO,
            "RuleSetsDiffer",
            move.vm.id,
            rule.differs,
            'plan with rules="vendor" to compare',
            "SEED",
        )


def check_unified_data_transport(source: End, destination: End) -> Iterator[Finding]:
    """Whether NFC may hand its data to the vMotion protocol, as it can from 8.0 on."""
    ends = (source, destination)
    modern = all(_major(end.host.version) >= _UDT_SINCE for end in ends)
    ready = all(end.adapters and end.service == VMkernelService.PROVISIONING for end in ends)
    if modern and ready:
        yield _finding(
            Severity.INFO, "UnifiedDataTransport", source.host.id,
            "both hosts can hand bulk data to the vMotion protocol, faster than planned; which adapter then "
            "carries it is UNVERIFIED",
            "have Provisioning and vMotion enabled on both hosts", "UDT", "KB340170",
        )  # fmt: skip


def _major(version: str) -> int:
    major = version.partition(".")[0]
    return int(major) if major.isdecimal() else 0
