"""The machines themselves: all of them, their guest systems, their snapshots, and which records are one machine."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from hybridinv.inventory import count_of
from hybridinv.model import OSType
from hybridinv.report.parts import Alert, Bar, Bars, Cell, Section, Table, Tone, Unit, columns
from hybridinv.report.seen import PLATFORMS

if TYPE_CHECKING:
    from datetime import datetime

    from hybridinv.model import Disk, Snapshot, VirtualMachine
    from hybridinv.report.parts import Value
    from hybridinv.report.seen import Reading

_VSPHERE = ("vsphere",)
_OLD = timedelta(hours=72)
"""Broadcom KB 318825 (best practices for snapshots): none for longer than 72 hours."""
_VERY_OLD = timedelta(days=30)


def snapshots(reading: Reading) -> Section:
    """The snapshots of vSphere's machines, the oldest first."""
    taken = reading.inv.taken_at
    found = [(vm, one) for vm in reading.inv.vms for one in vm.snapshots]
    found.sort(key=lambda pair: pair[1].created_at or taken)
    old = [one for _, one in found if one.created_at and taken - one.created_at > _OLD]
    loose = [vm for vm in reading.inv.vms if vm.consolidation_needed]
    alerts = []
    if old:
        alerts.append(Alert(text=f"{count_of('snapshot', len(old))} older than 72 hours"))
    if loose:
        alerts.append(Alert(text=f"{count_of('machine', len(loose))} whose disks need consolidation"))
    return Section(
        id="snapshots",
        title="Snapshots",
        source="Snapshots of vSphere, with their age when the inventory was taken; their sizes are read in full detail"
        " alone. Broadcom KB 318825 advises against keeping one for longer than 72 hours.",
        unread=reading.unread(("vms",), _VSPHERE),
        alerts=alerts,
        tables=(
            Table(
                id="snapshot-list",
                caption="Snapshots, the oldest first",
                columns=columns(
                    "Machine", "Snapshot", ("Taken at", Unit.MOMENT), ("Age", Unit.DAYS), ("Size", Unit.BYTES),
                    ("Files in the chain", Unit.COUNT), "Memory", "In use", "Description",
                ),
                rows=[_snapshot(vm, one, taken) for vm, one in found],
                empty=reading.empty(("vms",), _VSPHERE, "No machine has a snapshot."),
            ),
            Table(
                id="consolidation",
                caption="Machines whose disks need consolidation",
                columns=columns("Machine", "Host", "Cluster"),
                rows=[(vm.name, reading.name(vm.host_id), reading.name(vm.cluster_id)) for vm in loose],
                empty=reading.empty(("vms",), _VSPHERE, "No machine."),
            ),
        ),
    )  # fmt: skip


def _snapshot(vm: VirtualMachine, one: Snapshot, taken: datetime) -> tuple[Value, ...]:
    age = taken - one.created_at if one.created_at else None
    days: Value = None
    if age is not None:
        tone = Tone.BAD if age > _VERY_OLD else Tone.WARNING if age > _OLD else Tone.PLAIN
        days = Cell(age / timedelta(days=1), tone)
    memory = {True: "yes", False: "no", None: None}[one.has_memory]
    current = "yes" if one.is_current else "no"
    return (
        vm.name, one.name, one.created_at, days, one.size_bytes, max(map(_files, vm.disks), default=None), memory,
        current, one.description,
    )  # fmt: skip


def _files(disk: Disk) -> int:
    return disk.chain_length or 1


def systems(reading: Reading) -> Section:
    """Which guest systems there are, and how many of each."""
    machines = [vm for vm in reading.inv.vms if not vm.is_template and vm.id not in reading.repeated]
    families = Counter(vm.os_type for vm in machines)
    names = Counter((vm.os_name, vm.os_type) for vm in machines)
    where = Counter((vm.os_name, vm.os_type, vm.platform) for vm in machines)
    there = [platform for platform in PLATFORMS if any(vm.platform == platform for vm in machines)]
    rows = [
        (name or Cell("not known"), kind, count, *(where[name, kind, platform] for platform in there))
        for (name, kind), count in names.most_common()
    ]
    return Section(
        id="systems",
        title="Operating systems",
        source="Guest systems as each platform names them; a machine that Arc and another platform show is counted"
        " once, by the other platform. Templates are left out.",
        unread=reading.unread(("vms",)),
        bars=(
            Bars(
                title="Machines by family",
                unit="machines",
                bars=[Bar(label=kind, count=families[kind]) for kind in OSType if families[kind]],
            ),
        ),
        tables=(
            Table(
                id="system-list",
                caption="Guest systems",
                columns=columns(
                    "System", "Family", ("Machines", Unit.COUNT), *((PLATFORMS[one], Unit.COUNT) for one in there)
                ),
                rows=rows,
                empty=reading.empty(("vms",), none="No machine."),
            ),
        ),
    )


def machines(reading: Reading) -> Section:
    """Every record of a machine, and which of them are one."""
    matches = [match for match in reading.matches if not match.ambiguous]
    doubtful = [match for match in reading.matches if match.ambiguous]
    others: dict[str, list[str]] = {}
    platforms = {vm.id: PLATFORMS.get(vm.platform, vm.platform) for vm in reading.inv.vms}
    for match in matches:
        for id_ in match.vm_ids:
            others[id_] = [platforms[other] for other in match.vm_ids if other != id_]
    alerts = [Alert(text=f"{count_of('group', len(doubtful))} of machines that share an identity")] if doubtful else []
    return Section(
        id="machines",
        title="Machines",
        source="The vms of the inventory, and same_machines.",
        unread=reading.unread(("vms",)),
        alerts=alerts,
        tables=(
            Table(
                id="machine-list",
                caption="All machines and templates",
                columns=columns(
                    "Machine", "Platform", "Power", "System", ("Virtual CPUs", Unit.COUNT), ("Memory", Unit.BYTES),
                    ("Disks", Unit.BYTES), "Host", "Cluster or group", "Location", "Addresses", "Also in",
                ),
                rows=[_machine(reading, vm, others) for vm in reading.inv.vms],
                empty=reading.empty(("vms",), none="No machine."),
            ),
            Table(
                id="doubtful-machines",
                caption="Machines that share an identity: clones, or one that is registered twice",
                columns=columns("Machines", "What they share", "Confidence"),
                rows=[
                    (
                        ", ".join(reading.name(id_) or "?" for id_ in match.vm_ids),
                        ", ".join(one.replace("_", " ") for one in match.evidence), match.confidence,
                    )
                    for match in doubtful
                ],
                empty=reading.empty(("vms",)),
            ),
        ),
    )  # fmt: skip


def _machine(reading: Reading, vm: VirtualMachine, others: dict[str, list[str]]) -> tuple[Value, ...]:
    sizes = [disk.capacity_bytes for disk in vm.disks]
    disks = None if not sizes or None in sizes else sum(size or 0 for size in sizes)
    power = "template" if vm.is_template else vm.power_state if vm.power_state != "unknown" else None
    return (
        vm.name, PLATFORMS.get(vm.platform, vm.platform), power, vm.os_name or None, vm.cpus, vm.memory_bytes, disks,
        reading.name(vm.host_id) or Cell("not shown"), reading.name(vm.cluster_id) or vm.resource_group or None,
        vm.location or None, ", ".join(vm.ip_addresses) or None, ", ".join(others.get(vm.id, ())),
    )  # fmt: skip
