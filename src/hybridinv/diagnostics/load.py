"""check_load: which machines are idle, starved or held up by their disks, by what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.diagnostics.days import percentile
from hybridinv.diagnostics.series import measured_series
from hybridinv.diagnostics.thresholds import (
    ADVISOR,
    DISK_TYPES,
    LATENCY,
    OF_SIZE,
    OWN,
    READY,
    RECLAIMED,
    STANDARD_HDD,
    TELLING,
    WINDOWS,
    Limits,
)
from hybridinv.errors import NotSupported
from hybridinv.inventory import Inventory, count_of
from hybridinv.model import Finding, MetricSample, PowerState, Problem, Severity
from hybridinv.model.findings import finding
from hybridinv.tables import Records
from hybridinv.wire.counters import units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hybridinv.diagnostics.series import Counters
    from hybridinv.model import VirtualMachine

_DAY = 86_400
_ABOUT = 0.9
"""The share of a time that samples have to cover: a few are always missing."""
_WEEK = 7 * _DAY
_OF_DISKS = frozenset({
    "disk_latency_seconds", "disk_read_latency_seconds", "disk_write_latency_seconds", "disk_busy_percent",
})  # fmt: skip
"""What says how the disks themselves do."""
_UNITS = "give samples as VSphere.metrics and read_diagnostics give them"


def check_load(
    samples: Iterable[MetricSample],
    inventory: Inventory | None = None,
    *,
    least_samples: int = 20,
    idle_days: float = 1,
    idle_cpu_percent: float = 5,
    idle_network_bytes_per_second: float = 5_000,
    idle_disk_bytes_per_second: float = 20_000,
    idle_disk_transfers_per_second: float = 10,
    busy_cpu_percent: float = 85,
    ready_percent: float = 10,
    busy_memory_percent: float = 95,
    least_memory_percent: float = 5,
    busy_swap_percent: float = 70,
    reclaimed_percent: float = 1,
    disk_latency_seconds: float = 0.025,
    disk_busy_percent: float = 90,
    disk_queue: float = 2,
    iowait_percent: float = 20,
    disk_transfers_per_second: float = STANDARD_HDD,
) -> Records[Finding]:
    """Which machines are idle, starved or disk-bound; nothing where what was measured is in order.

    Every rule looks at the 95th percentile of a counter (of available memory at the 5th), so that a machine is what it
    is nearly all the time. What was not measured is not judged, and no finding of its own: `LoadNotJudged` (INFO) is
    said of a machine of which nothing at all could be judged. `inventory` adds names, memory and disks, and the running
    machines that were not measured. A sample that comes twice is one; of several intervals of one counter the one that
    covers most time counts, and of what two sources call by one word (`raw_name`) the worse. The adapters of a machine
    are added up, moment by moment. What is in another unit than the word's is not judged, and one of the `problems`.

    `least_samples`: a counter with fewer is not judged; of fewer than 20 the 95th percentile is next to the maximum.
    `idle_days`: idle is said where samples cover about so many days (their `interval_s` added up, nine tenths of it at
    least) of the CPU, and of network and disks where these are measured. The finding says how long they are: 7 is
    better than 1, as a week has its rhythm. `idle_cpu_percent`: 5, as Azure Advisor has it.
    `idle_network_bytes_per_second`, `idle_disk_bytes_per_second`, `idle_disk_transfers_per_second`: ours; Advisor's
    7 MB a day is less than what broadcasts bring. Where none of them is measured the CPU alone is judged.
    `busy_cpu_percent`: 85, Microsoft's. `ready_percent`: 10 for each virtual CPU, the common reading of VMware's KB
    2002181. `busy_memory_percent`: ours; vSphere counts what the guest has touched lately, other platforms what is in
    use. `least_memory_percent` of the machine's memory has to be available: ours. `busy_swap_percent`: 70,
    Microsoft's. `reclaimed_percent` of the memory may be ballooned or swapped by the host: ours; VMware says any is a
    sign. What is counted in bytes needs `inventory`.
    `disk_latency_seconds`: 25 ms, Microsoft's "very slow". `disk_busy_percent`: 90, Microsoft's. `disk_queue`: so many
    more than there are disks, Microsoft's; needs `inventory`. `iowait_percent`: ours.
    `disk_transfers_per_second`: at 500 or more, what one Standard HDD managed disk of Azure gives, `DiskBound` is a
    hint (INFO), as larger and faster disks do more; not where latency, busy time or queue say how the disks do.

    `NotSupported` where a threshold is no number from 0 up, or an argument is of another type.
    """
    limits = Limits(
        least_samples=least_samples, idle_days=idle_days, idle_cpu_percent=idle_cpu_percent,
        idle_network_bytes_per_second=idle_network_bytes_per_second,
        idle_disk_bytes_per_second=idle_disk_bytes_per_second,
        idle_disk_transfers_per_second=idle_disk_transfers_per_second, busy_cpu_percent=busy_cpu_percent,
        ready_percent=ready_percent, busy_memory_percent=busy_memory_percent,
        least_memory_percent=least_memory_percent, busy_swap_percent=busy_swap_percent,
        reclaimed_percent=reclaimed_percent,
        disk_latency_seconds=disk_latency_seconds, disk_busy_percent=disk_busy_percent, disk_queue=disk_queue,
        iowait_percent=iowait_percent, disk_transfers_per_second=disk_transfers_per_second,
    )  # fmt: skip
    if inventory is not None and not isinstance(inventory, Inventory):
        raise NotSupported(f"inventory= is {type(inventory).__name__}", remedy="hi.collect and hi.load give one")
    vms = {vm.id: vm for vm in inventory.vms} if inventory else {}
    measured, odd = measured_series(samples)
    machines = [
        _Machine(vm_id, counters, odd.get(vm_id, {}), vms.get(vm_id), limits) for vm_id, counters in measured.items()
    ]
    found = [one for machine in machines for one in _judged(machine)]
    found += _not_measured(vms, measured)
    problems = [*(samples.problems if isinstance(samples, Records) else ())]
    problems += [one for machine in machines for one in _in_another_unit(machine)]
    return Records(Finding, found, problems)


class _Machine:
    """What was measured of one machine, as far as it is enough to judge by."""

    def __init__(
        self, vm_id: str, counters: Counters, odd: Mapping[str, str], vm: VirtualMachine | None, limits: Limits
    ) -> None:
        self.id, self.vm, self.limits, self.odd = vm_id, vm, limits, odd
        self.name = vm.name if vm else vm_id.rpartition("/")[2] or "a machine without an id"
        self.memory = vm.memory_bytes if vm else None
        self.disks = len(vm.disks) if vm else 0
        self.few = {name: max(len(one.values) for one in several) for name, several in counters.items()}
        self.few = {name: count for name, count in self.few.items() if count < limits.least_samples}
        self.enough = {
            name: [one for one in several if len(one.values) >= limits.least_samples]
            for name, several in counters.items()
            if name not in self.few
        }

    def high(self, counter: str) -> float | None:
        """The 95th percentile; of several raw counters the highest."""
        return max((percentile(one.values, 0.95) for one in self.enough.get(counter, ())), default=None)

    def low(self, counter: str) -> float | None:
        """The 5th percentile; of several raw counters the lowest."""
        return min((percentile(one.values, 0.05) for one in self.enough.get(counter, ())), default=None)

    def seconds(self, counter: str) -> int:
        """How much time its samples cover."""
        return max(one.seconds for one in self.enough[counter])

    def tells_queue(self) -> bool:
        """Whether the queue of its disks can be judged: one that its disks could explain only where they are known."""
        queue = self.high("disk_queue_length")
        return queue is not None and (self.disks > 0 or queue <= self.limits.disk_queue)

    def tells(self) -> bool:
        """Whether there is anything to judge it by."""
        usable = {*self.enough} - (set() if self.memory else OF_SIZE)
        if not self.tells_queue():
            usable.discard("disk_queue_length")
        return any(not usable.isdisjoint(counters) for counters in TELLING.values())


def _judged(machine: _Machine) -> Iterator[Finding]:
    yield from _starved_of_cpu(machine)
    yield from _starved_of_memory(machine)
    yield from _disk_bound(machine)
    yield from _idle(machine)
    if not machine.tells():
        doubts = dict(_doubts(machine))
        yield finding(
            Severity.INFO, "LoadNotJudged", machine.id,
            f"the load of {machine.name} cannot be judged: {'; '.join(doubts)}",
            "; ".join(dict.fromkeys(doubts.values())),
        )  # fmt: skip


def _doubts(machine: _Machine) -> Iterator[tuple[str, str]]:
    """What cannot be judged, for want of samples or of what they are a part of; and what would help."""
    few = [f"{counter} has {count_of('sample', count)}" for counter, count in sorted(machine.few.items())]
    if few:
        needed = machine.limits.least_samples
        yield f"{', '.join(few)}, and {needed} are needed", "measure longer, or lower least_samples="
    for counter, unit in sorted(machine.odd.items()):
        yield f"{counter} is in {unit}, not in {units()[counter]}", _UNITS
    measured = {*machine.enough, *machine.few}
    missing = [what for what, counters in TELLING.items() if measured.isdisjoint(counters)]
    if missing:
        yield f"nothing by which to judge its {', '.join(missing)} was measured", "read more counters: counters="
    if not machine.memory and not OF_SIZE.isdisjoint(measured):
        yield "how much memory it has is not known (inventory=)", "give an inventory with that machine: inventory="
    queue = machine.high("disk_queue_length")
    if queue is not None and not machine.tells_queue():
        said = f"{queue:.1f} requests wait for its disks, and how many disks it has is not known (inventory=)"
        yield said, "give an inventory with that machine: inventory="


def _in_another_unit(machine: _Machine) -> Iterator[Problem]:
    """What of a machine was not judged as nobody knows what its values mean."""
    vm = machine.vm
    for counter, unit in sorted(machine.odd.items()):
        yield Problem(
            platform=vm.platform if vm else "", source=vm.source if vm else "", kind="metrics", scope=machine.id,
            error=NotSupported.__name__, remedy=_UNITS,
            message=f"{counter} of {machine.name} is in {unit}, not in {units()[counter]}: not judged",
        )  # fmt: skip


def _starved_of_cpu(machine: _Machine) -> Iterator[Finding]:
    limits = machine.limits
    used, ready = machine.high("cpu_percent"), machine.high("cpu_ready_percent")
    if used is not None and used > limits.busy_cpu_percent:
        yield finding(
            Severity.WARNING, "CpuStarved", machine.id,
            f"{machine.name} uses {used:.0f} % of its CPUs at the 95th percentile, over {limits.busy_cpu_percent:g} %",
            "give it more virtual CPUs, or find what uses them", WINDOWS,
        )  # fmt: skip
    if ready is not None and ready > limits.ready_percent:
        yield finding(
            Severity.WARNING, "CpuContended", machine.id,
            f"the virtual CPUs of {machine.name} wait for a physical one {ready:.0f} % of the time at the 95th"
            f" percentile, over {limits.ready_percent:g} %",
            "move it to a host with less load, look for a CPU limit, or take virtual CPUs away", READY,
        )  # fmt: skip


def _starved_of_memory(machine: _Machine) -> Iterator[Finding]:
    limits, memory = machine.limits, machine.memory
    starved = "give it more memory, or find what uses it"
    used = _share(machine.high("memory_used_percent"), machine.high("memory_used_bytes"), memory, max)
    if used is not None and used > limits.busy_memory_percent:
        yield finding(
            Severity.WARNING, "MemoryStarved", machine.id,
            f"{machine.name} uses {used:.0f} % of its memory at the 95th percentile, over"
            f" {limits.busy_memory_percent:g} %", starved, OWN,
        )  # fmt: skip
    available = _share(machine.low("memory_available_percent"), machine.low("memory_available_bytes"), memory, min)
    if available is not None and available < limits.least_memory_percent:
        yield finding(
            Severity.WARNING, "MemoryStarved", machine.id,
            f"{machine.name} has {available:.1f} % of its memory{_of(memory)} available at the 5th percentile, under"
            f" {limits.least_memory_percent:g} %", starved, OWN,
        )  # fmt: skip
    swap = machine.high("swap_used_percent")
    if swap is not None and swap > limits.busy_swap_percent:
        yield finding(
            Severity.WARNING, "MemoryStarved", machine.id,
            f"{machine.name} uses {swap:.0f} % of its swap space at the 95th percentile, over"
            f" {limits.busy_swap_percent:g} %", starved, WINDOWS,
        )  # fmt: skip
    for counter, word in (("memory_ballooned_bytes", "ballooned"), ("memory_swapped_bytes", "swapped out")):
        taken = machine.high(counter)
        if memory and taken is not None and taken / memory * 100 > limits.reclaimed_percent:
            yield finding(
                Severity.WARNING, "MemoryReclaimed", machine.id,
                f"the host has {word} {_size(taken)} of the {_size(memory)} of {machine.name} at the 95th percentile,"
                f" over {limits.reclaimed_percent:g} %",
                "move it to a host with free memory, or look for a memory limit", RECLAIMED, OWN,
            )  # fmt: skip


def _share(
    percent: float | None, count: float | None, memory: int | None, worse: Callable[[Iterable[float]], float]
) -> float | None:
    """A share of memory in percent, by what was measured: the worse of the percent and of the bytes."""
    known = [percent, count / memory * 100 if count is not None and memory else None]
    found = [one for one in known if one is not None]
    return worse(found) if found else None


def _of(memory: int | None) -> str:
    return f" ({_size(memory)})" if memory else ""


def _disk_bound(machine: _Machine) -> Iterator[Finding]:
    limits = machine.limits
    rules = [
        (
            f"disk_{which}latency_seconds",
            limits.disk_latency_seconds,
            1000.0,
            f"a {what} takes {{:.0f}} ms",
            "ms",
            LATENCY,
        )
        for which, what in (("", "transfer"), ("read_", "read"), ("write_", "write"))
    ] + [
        ("disk_busy_percent", limits.disk_busy_percent, 1.0, "its disks are busy {:.0f} % of the time", "%", WINDOWS),
        ("cpu_iowait_percent", limits.iowait_percent, 1.0, "its CPUs wait for disks {:.0f} % of the time", "%", OWN),
    ]
    if machine.disks:
        queue = limits.disk_queue + machine.disks
        rules.append(("disk_queue_length", queue, 1.0, "{:.1f} requests wait for its disks", "requests", WINDOWS))
    said, sources = [], []
    for counter, limit, scale, words, unit, source in rules:
        value = machine.high(counter)
        if value is not None and value > limit:
            said.append(f"{words.format(value * scale)}, over {limit * scale:g} {unit}")
            sources.append(source)
    if not said:
        yield from _many_transfers(machine)
    else:
        yield finding(
            Severity.WARNING, "DiskBound", machine.id,
            f"{machine.name} is held up by its disks at the 95th percentile: {'; '.join(said)}",
            "move its disks to a faster datastore or disk type, or find what reads and writes", *dict.fromkeys(sources),
        )  # fmt: skip


def _many_transfers(machine: _Machine) -> Iterator[Finding]:
    """That its disks may be what holds it up, by transfers alone: nothing that was measured says how they do."""
    transfers, limit = machine.high("disk_transfers_per_second"), machine.limits.disk_transfers_per_second
    is_told = machine.tells_queue() or not _OF_DISKS.isdisjoint(machine.enough)
    if transfers is None or transfers < limit or is_told:
        return
    yield finding(
        Severity.INFO, "DiskBound", machine.id,
        f"{machine.name} may be held up by its disks: {transfers:.0f} transfers a second at the 95th percentile, of all"
        f" its disks together, at or over {limit:g}; one Standard HDD managed disk gives {STANDARD_HDD}, larger and"
        " faster disks give more, so this is a hint",
        "look at the type and size of its disks, and read their latency: counters=['disk_latency_seconds']",
        *([DISK_TYPES] if limit == STANDARD_HDD else [DISK_TYPES, OWN]),
    )  # fmt: skip


def _idle(machine: _Machine) -> Iterator[Finding]:
    """That it is idle, where samples cover enough time and nothing that was measured is against it."""
    limits = machine.limits
    used = machine.high("cpu_percent")
    if used is None:
        return
    network = _traffic(machine, "network", ("received", "sent"))
    disk, transfers = _traffic(machine, "disk", ("read", "write")), machine.high("disk_transfers_per_second")
    rules = (
        (used, limits.idle_cpu_percent, "{:.1f} % of its CPUs"),
        (network, limits.idle_network_bytes_per_second, "{:.0f} B/s of network"),
        (disk, limits.idle_disk_bytes_per_second, "{:.0f} B/s of disk"),
        (transfers, limits.idle_disk_transfers_per_second, "{:.1f} disk transfers a second"),
    )
    known = [(value, most, words) for value, most, words in rules if value is not None]
    told = [name for name in machine.enough if name.endswith(("bytes_per_second", "disk_transfers_per_second"))]
    covered = min(map(machine.seconds, ["cpu_percent", *told]))
    if any(value > most for value, most, _ in known) or covered < limits.idle_days * _DAY * _ABOUT:
        return
    missing = [kind for kind, values in (("network", {network}), ("disk", {disk, transfers})) if values == {None}]
    doubt = f"; its {' and '.join(missing)} traffic was not measured" if missing else ""
    doubt += "; a week of samples would say more" if covered < _WEEK * _ABOUT else ""
    yield finding(
        Severity.INFO, "MachineIdle", machine.id,
        f"{machine.name} was idle over {_time(covered)}: at most"
        f" {', '.join(words.format(value) for value, _, words in known)} at the 95th percentile{doubt}",
        "ask its owner whether it is needed; else turn it off, or make it smaller", ADVISOR, OWN,
    )  # fmt: skip


def _traffic(machine: _Machine, kind: str, directions: tuple[str, str]) -> float | None:
    """Bytes per second of both directions; None where they were not both measured."""
    both = machine.high(f"{kind}_bytes_per_second")
    if both is not None:
        return both
    parts = [machine.high(f"{kind}_{direction}_bytes_per_second") for direction in directions]
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def _not_measured(machines: Mapping[str, VirtualMachine], measured: Mapping[str, Counters]) -> Iterator[Finding]:
    for id_, vm in machines.items():
        if id_ not in measured and vm.power_state is PowerState.RUNNING and not vm.is_template:
            yield finding(
                Severity.INFO, "LoadNotMeasured", id_, f"{vm.name} runs, and there are no samples of it",
                "read its counters: VSphere.metrics or read_diagnostics",
            )  # fmt: skip


def _size(count: float) -> str:
    return f"{count / 2**20:.0f} MiB" if count < 2**30 else f"{count / 2**30:.1f} GiB"


def _time(seconds: float) -> str:
    if seconds < 2 * _DAY:
        return count_of("hour", round(seconds / 3600))
    return f"{seconds / _DAY:.1f}".removesuffix(".0") + " days"
