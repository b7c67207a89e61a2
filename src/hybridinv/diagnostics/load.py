"""check_load: which machines are idle, starved or held up by their disks, by what was measured."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import UTC, date
from typing import TYPE_CHECKING

import attrs

from hybridinv.diagnostics.days import checked_samples, percentile, value_of
from hybridinv.errors import NotSupported
from hybridinv.inventory import Inventory
from hybridinv.model import Finding, MetricSample, PowerState, Severity
from hybridinv.model.findings import finding
from hybridinv.tables import Records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hybridinv.model import VirtualMachine

_ADVISOR = (
    "MicrosoftDocs/azure-docs, articles/advisor/advisor-cost-recommendations.md: low-utilization virtual machines "
    "(CPU of 5 percent or less, 7 MB or less of network traffic, on four or more of 14 days)"
)
_READY = "Broadcom KB 2002181, Converting between CPU summation and CPU % ready values (read through third parties)"
_WINDOWS = (
    "Microsoft, Windows 2000 Resource Kit, table 5.8, Recommended Thresholds, "
    "http://technet.microsoft.com/library/cc938549.aspx"
)
_LATENCY = "Microsoft, Performance Analysis of Logs, thresholds of Avg. Disk sec/Transfer: 15 ms slow, 25 ms very slow"
_RECLAIMED = "VMware, vSphere: Install, Configure, Manage: any ballooning or swapping is a sign of too little memory"
_TELLING = {
    "CPUs": ("cpu_percent", "cpu_ready_percent"),
    "memory": (
        "memory_used_percent", "memory_available_bytes", "memory_ballooned_bytes", "memory_swapped_bytes",
    ),
    "disks": ("disk_latency_seconds", "disk_busy_percent", "disk_queue_length", "cpu_iowait_percent"),
}  # fmt: skip
"""The counters that say whether a machine is short of something."""
_OWN = "hybridinv's own threshold; no vendor names one"


@attrs.frozen(kw_only=True)
class _Limits:
    """The thresholds, as `check_load` documents them."""

    least_samples: int
    idle_days: int
    idle_cpu_percent: float
    idle_network_bytes_per_second: float
    idle_disk_bytes_per_second: float
    busy_cpu_percent: float
    ready_percent: float
    busy_memory_percent: float
    least_memory_percent: float
    reclaimed_percent: float
    disk_latency_seconds: float
    disk_busy_percent: float
    disk_queue: float
    iowait_percent: float

    def __attrs_post_init__(self) -> None:
        for name in attrs.fields_dict(_Limits):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
                raise NotSupported(f"{name}={value!r:.40} is no threshold", remedy="give a number from 0 up")
        if not self.least_samples or not self.idle_days:
            raise NotSupported(
                "no samples, or no days, tell nothing", remedy="give least_samples= and idle_days= from 1"
            )


def check_load(
    samples: Iterable[MetricSample],
    inventory: Inventory | None = None,
    *,
    least_samples: int = 20,
    idle_days: int = 7,
    idle_cpu_percent: float = 5,
    idle_network_bytes_per_second: float = 5_000,
    idle_disk_bytes_per_second: float = 20_000,
    busy_cpu_percent: float = 85,
    ready_percent: float = 10,
    busy_memory_percent: float = 95,
    least_memory_percent: float = 5,
    reclaimed_percent: float = 1,
    disk_latency_seconds: float = 0.025,
    disk_busy_percent: float = 90,
    disk_queue: float = 2,
    iowait_percent: float = 20,
) -> Records[Finding]:
    """Which machines are idle, starved or disk-bound; and of which there are too few samples to say so.

    Every rule looks at the 95th percentile of a counter (of available memory at the 5th), so that a machine is what it
    is nearly all the time. `inventory` adds names, memory and disks, and the running machines that were not measured.

    `least_samples`: a counter with fewer is not judged; of fewer than 20 the 95th percentile is next to the maximum.
    `idle_days`: idle is said only of so many days (UTC) with samples, as a week has its rhythm.
    `idle_cpu_percent`: 5, as Azure Advisor has it. `idle_network_bytes_per_second`, `idle_disk_bytes_per_second`: ours;
    Advisor's 7 MB a day is less than what broadcasts bring. Where neither is measured the CPU alone is judged.
    `busy_cpu_percent`: 85, Microsoft's. `ready_percent`: 10 for each virtual CPU, the common reading of VMware's KB
    2002181. `busy_memory_percent`: ours; vSphere counts what the guest has touched lately, other platforms what is in
    use. `least_memory_percent` of the machine's memory has to be available: ours. `reclaimed_percent` of it may be
    ballooned or swapped by the host: ours; VMware says any is a sign. These two need `inventory`.
    `disk_latency_seconds`: 25 ms, Microsoft's "very slow". `disk_busy_percent`: 90, Microsoft's. `disk_queue`: so many
    more than there are disks, Microsoft's; needs `inventory`. `iowait_percent`: ours.

    `NotSupported` where a threshold is no number from 0 up, or an argument is of another type.
    """
    limits = _Limits(
        least_samples=least_samples, idle_days=idle_days, idle_cpu_percent=idle_cpu_percent,
        idle_network_bytes_per_second=idle_network_bytes_per_second,
        idle_disk_bytes_per_second=idle_disk_bytes_per_second, busy_cpu_percent=busy_cpu_percent,
        ready_percent=ready_percent, busy_memory_percent=busy_memory_percent,
        least_memory_percent=least_memory_percent, reclaimed_percent=reclaimed_percent,
        disk_latency_seconds=disk_latency_seconds, disk_busy_percent=disk_busy_percent, disk_queue=disk_queue,
        iowait_percent=iowait_percent,
    )  # fmt: skip
    if inventory is not None and not isinstance(inventory, Inventory):
        raise NotSupported(f"inventory= is {type(inventory).__name__}", remedy="hi.collect and hi.load give one")
    machines = {vm.id: vm for vm in inventory.vms} if inventory else {}
    measured = _measured(samples)
    found = [one for vm_id, series in measured.items() for one in _judged(vm_id, series, machines.get(vm_id), limits)]
    found += _not_measured(machines, measured)
    return Records(Finding, found, samples.problems if isinstance(samples, Records) else ())


@attrs.define
class _Series:
    values: list[float] = attrs.field(factory=list)
    days: set[date] = attrs.field(factory=set)


def _measured(samples: Iterable[MetricSample]) -> dict[str, dict[str, _Series]]:
    """By machine and counter, what has a value."""
    found: dict[str, dict[str, _Series]] = defaultdict(lambda: defaultdict(_Series))
    for sample in checked_samples(samples):
        value, series = value_of(sample), found[sample.vm_id][sample.counter]
        if value is not None:
            series.values.append(value)
            if sample.at is not None:
                series.days.add(sample.at.astimezone(UTC).date())
    for counters in found.values():
        for series in counters.values():
            series.values.sort()
    return {vm_id: dict(counters) for vm_id, counters in found.items()}


class _Machine:
    """What was measured of one machine, as far as it is enough to judge by."""

    def __init__(self, vm_id: str, series: Mapping[str, _Series], vm: VirtualMachine | None, limits: _Limits) -> None:
        self.id, self.vm, self.limits = vm_id, vm, limits
        self.name = vm.name if vm else vm_id.rpartition("/")[2] or "a machine without an id"
        self.enough = {name: one for name, one in series.items() if len(one.values) >= limits.least_samples}
        self.memory = vm.memory_bytes if vm else None
        self.few = {name: len(one.values) for name, one in series.items() if len(one.values) < limits.least_samples}

    def high(self, counter: str) -> float | None:
        """The 95th percentile."""
        one = self.enough.get(counter)
        return percentile(one.values, 0.95) if one else None

    def low(self, counter: str) -> float | None:
        """The 5th percentile."""
        one = self.enough.get(counter)
        return percentile(one.values, 0.05) if one else None

    def days(self, counter: str) -> int:
        """On how many days it was measured."""
        return len(self.enough[counter].days)


def _judged(vm_id: str, series: Mapping[str, _Series], vm: VirtualMachine | None, limits: _Limits) -> Iterator[Finding]:
    machine = _Machine(vm_id, series, vm, limits)
    yield from _starved_of_cpu(machine)
    yield from _starved_of_memory(machine)
    yield from _disk_bound(machine)
    idle, doubt = _idle(machine)
    yield from idle
    doubts = [*_too_few(machine), *doubt]
    if doubts:
        yield finding(
            Severity.INFO, "LoadNotJudged", vm_id, f"not all of {machine.name} can be judged: {'; '.join(doubts)}",
            "measure longer, or lower least_samples= or idle_days=",
        )  # fmt: skip


def _too_few(machine: _Machine) -> Iterator[str]:
    """What cannot be judged, as nothing of it was measured, or not enough."""
    few = [f"{counter} has {count} samples" for counter, count in sorted(machine.few.items())]
    if few:
        yield f"{', '.join(few)}, and {machine.limits.least_samples} are needed"
    for what, counters in _TELLING.items():
        measured = [counter for counter in counters if counter in machine.enough or counter in machine.few]
        if not measured:
            yield f"nothing that tells of its {what} was measured"
        elif not machine.memory and not {"memory_used_percent"}.issuperset(measured) and what == "memory":
            yield "how much memory it has is not known (inventory=)"


def _starved_of_cpu(machine: _Machine) -> Iterator[Finding]:
    limits = machine.limits
    used, ready = machine.high("cpu_percent"), machine.high("cpu_ready_percent")
    if used is not None and used > limits.busy_cpu_percent:
        yield finding(
            Severity.WARNING, "CpuStarved", machine.id,
            f"{machine.name} uses {used:.0f} % of its CPUs at the 95th percentile, over {limits.busy_cpu_percent:g} %",
            "give it more virtual CPUs, or find what uses them", _WINDOWS,
        )  # fmt: skip
    if ready is not None and ready > limits.ready_percent:
        yield finding(
            Severity.WARNING, "CpuContended", machine.id,
            f"the virtual CPUs of {machine.name} wait for a physical one {ready:.0f} % of the time at the 95th"
            f" percentile, over {limits.ready_percent:g} %",
            "move it to a host with less load, look for a CPU limit, or take virtual CPUs away", _READY,
        )  # fmt: skip


def _starved_of_memory(machine: _Machine) -> Iterator[Finding]:
    limits, memory = machine.limits, machine.memory
    used = machine.high("memory_used_percent")
    if used is not None and used > limits.busy_memory_percent:
        yield finding(
            Severity.WARNING, "MemoryStarved", machine.id,
            f"{machine.name} uses {used:.0f} % of its memory at the 95th percentile, over"
            f" {limits.busy_memory_percent:g} %",
            "give it more memory, or find what uses it", _OWN,
        )  # fmt: skip
    if not memory:
        return
    available = machine.low("memory_available_bytes")
    if available is not None and available / memory * 100 < limits.least_memory_percent:
        yield finding(
            Severity.WARNING, "MemoryStarved", machine.id,
            f"{machine.name} has {_size(available)} of its {_size(memory)} available at the 5th percentile, under"
            f" {limits.least_memory_percent:g} %",
            "give it more memory, or find what uses it", _OWN,
        )  # fmt: skip
    for counter, word in (("memory_ballooned_bytes", "ballooned"), ("memory_swapped_bytes", "swapped out")):
        taken = machine.high(counter)
        if taken is not None and taken / memory * 100 > limits.reclaimed_percent:
            yield finding(
                Severity.WARNING, "MemoryReclaimed", machine.id,
                f"the host has {word} {_size(taken)} of the {_size(memory)} of {machine.name} at the 95th percentile,"
                f" over {limits.reclaimed_percent:g} %",
                "move it to a host with free memory, or look for a memory limit", _RECLAIMED, _OWN,
            )  # fmt: skip


def _disk_bound(machine: _Machine) -> Iterator[Finding]:
    limits = machine.limits
    disks = len(machine.vm.disks) if machine.vm else 0
    rules = [
        ("disk_latency_seconds", limits.disk_latency_seconds, 1000.0, "a transfer takes {:.0f} ms", "ms", _LATENCY),
        ("disk_busy_percent", limits.disk_busy_percent, 1.0, "its disks are busy {:.0f} % of the time", "%", _WINDOWS),
        ("cpu_iowait_percent", limits.iowait_percent, 1.0, "its CPUs wait for disks {:.0f} % of the time", "%", _OWN),
    ]
    if disks:
        queue = limits.disk_queue + disks
        rules.append(("disk_queue_length", queue, 1.0, "{:.1f} requests wait for its disks", "requests", _WINDOWS))
    said, sources = [], []
    for counter, limit, scale, words, unit, source in rules:
        value = machine.high(counter)
        if value is not None and value > limit:
            said.append(f"{words.format(value * scale)}, over {limit * scale:g} {unit}")
            sources.append(source)
    if said:
        yield finding(
            Severity.WARNING, "DiskBound", machine.id,
            f"{machine.name} is held up by its disks at the 95th percentile: {'; '.join(said)}",
            "move its disks to a faster datastore or disk type, or find what reads and writes", *dict.fromkeys(sources),
        )  # fmt: skip


def _idle(machine: _Machine) -> tuple[list[Finding], list[str]]:
    """That it is idle; or why it cannot be said, where nothing that was measured is against it."""
    limits = machine.limits
    used = machine.high("cpu_percent")
    if used is None:
        return [], []
    network, disk = (
        _traffic(machine, kind, directions)
        for kind, directions in (("network", ("received", "sent")), ("disk", ("read", "write")))
    )
    limit = (limits.idle_cpu_percent, limits.idle_network_bytes_per_second, limits.idle_disk_bytes_per_second)
    if any(value is not None and value > most for value, most in zip((used, network, disk), limit, strict=True)):
        return [], []
    days = machine.days("cpu_percent")
    if days < limits.idle_days:
        return [], [f"idle is said of {limits.idle_days} days, and samples are of {days}"]
    said = [f"{used:.1f} % of its CPUs"]
    said += [
        f"{value:.0f} B/s of {kind}" for kind, value in (("network", network), ("disk", disk)) if value is not None
    ]
    missing = [kind for kind, value in (("network", network), ("disk", disk)) if value is None]
    doubt = f"; its {' and '.join(missing)} traffic was not measured" if missing else ""
    return [
        finding(
            Severity.INFO, "MachineIdle", machine.id,
            f"{machine.name} was idle on {days} days: at most {', '.join(said)} at the 95th percentile{doubt}",
            "ask its owner whether it is needed; else turn it off, or make it smaller", _ADVISOR, _OWN,
        )
    ], []  # fmt: skip


def _traffic(machine: _Machine, kind: str, directions: tuple[str, str]) -> float | None:
    """Bytes per second of both directions; None where they were not both measured."""
    both = machine.high(f"{kind}_bytes_per_second")
    if both is not None:
        return both
    parts = [machine.high(f"{kind}_{direction}_bytes_per_second") for direction in directions]
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def _not_measured(
    machines: Mapping[str, VirtualMachine], measured: Mapping[str, Mapping[str, _Series]]
) -> Iterator[Finding]:
    for id_, vm in machines.items():
        if id_ not in measured and vm.power_state is PowerState.RUNNING and not vm.is_template:
            yield finding(
                Severity.INFO, "LoadNotMeasured", id_, f"{vm.name} runs, and there are no samples of it",
                "read its counters: VSphere.metrics or read_diagnostics",
            )  # fmt: skip


def _size(count: float) -> str:
    return f"{count / 2**20:.0f} MiB" if count < 2**30 else f"{count / 2**30:.1f} GiB"
