"""The first two sections: the estate in numbers, and what could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from hybridinv.inventory import KINDS, count_of
from hybridinv.model import PowerState
from hybridinv.report.parts import Alert, Bar, Bars, Cell, Figure, Note, Section, Table, Tone, Unit, columns
from hybridinv.report.seen import PLATFORMS, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hybridinv.report.parts import Value
    from hybridinv.report.seen import Reading

_COUNTED = ("vms", "hosts", "extensions")
_POWER = {
    PowerState.RUNNING: Tone.GOOD,
    PowerState.STOPPED: Tone.PLAIN,
    PowerState.SUSPENDED: Tone.WARNING,
    PowerState.DEALLOCATED: Tone.PLAIN,
    PowerState.STARTING: Tone.WARNING,
    PowerState.STOPPING: Tone.WARNING,
    PowerState.UNKNOWN: Tone.PLAIN,
}


def summary(reading: Reading, others: Sequence[Section]) -> Section:
    """The estate in numbers, what deserves a look in the other sections, and what each source gave."""
    return Section(
        id="summary",
        title="Summary",
        source="All tables of the inventory. A machine that Arc and another platform show is counted once.",
        alerts=[attrs.evolve(one, section=section.id) for section in others for one in section.alerts],
        figures=_figures(reading),
        bars=(_by_state(reading),),
        tables=(_sources(reading),),
    )


def _figures(reading: Reading) -> tuple[Figure, ...]:
    inv = reading.inv
    machines = [vm for vm in inv.vms if not vm.is_template and vm.id not in reading.repeated]
    running = sum(vm.power_state is PowerState.RUNNING for vm in machines)
    templates = sum(vm.is_template for vm in inv.vms)
    away = sum(bool(host.in_maintenance) for host in inv.hosts)
    known = [vm.memory_bytes for vm in machines if vm.memory_bytes is not None]
    cpus = [vm.cpus for vm in machines if vm.cpus is not None]
    free = [(one.capacity_bytes, one.free_bytes) for one in inv.datastores]
    sized = [(capacity, left) for capacity, left in free if capacity is not None and left is not None]
    capacity, used = sum(one for one, _ in sized), sum(one - left for one, left in sized)

    def of(kind: str, number: int) -> int | None:
        return number if reading.asked(kind) else None

    return (
        Figure(
            label="Machines", value=of("vms", len(machines)),
            more=f"{running} known to run; {count_of('template', templates)}",
        ),
        Figure(label="Hosts", value=of("hosts", len(inv.hosts)), more=f"{away} in maintenance"),
        Figure(label="Clusters", value=of("clusters", len(inv.clusters))),
        Figure(
            label="Virtual CPUs", value=of("vms", sum(cpus)) if cpus or not machines else None,
            more=_known(len(cpus), len(machines)),
        ),
        Figure(
            label="Memory of machines", value=of("vms", sum(known)) if known or not machines else None, unit=Unit.BYTES,
            more=_known(len(known), len(machines)),
        ),
        Figure(
            label="Storage", value=of("datastores", used) if sized or not inv.datastores else None, unit=Unit.BYTES,
            more=f"used of {_size(capacity)} in {count_of('datastore', len(sized))}",
        ),
        Figure(label="Extensions", value=of("extensions", len(inv.extensions))),
        Figure(
            label="Problems", value=len(inv.problems), more="what could not be read",
            tone=Tone.BAD if inv.problems else Tone.GOOD,
        ),
    )  # fmt: skip


def _size(count: int) -> str:
    return f"{count / 2**40:.1f} TiB" if count >= 2**40 else f"{count / 2**30:.1f} GiB"


def _known(count: int, machines: int) -> str:
    return f"known of {count} of {machines} machines" if count < machines else "of all machines"


def _by_state(reading: Reading) -> Bars:
    machines = [vm for vm in reading.inv.vms if not vm.is_template and vm.id not in reading.repeated]
    counts = [(state, sum(vm.power_state is state for vm in machines)) for state in PowerState]
    return Bars(
        title="Machines by power state (Arc does not tell one)",
        unit="machines",
        bars=[Bar(label=state, count=count, tone=_POWER[state]) for state, count in counts if count],
    )


def _sources(reading: Reading) -> Table:
    inv = reading.inv
    details = {(one.platform, one.source): one.detail for one in inv.asked}
    kinds = {(one.platform, one.source): one.kinds for one in inv.asked}
    rows = []
    for key, row in inv.counts().items():
        problems = sum(problem.source == key[1] and problem.platform in ("", key[0]) for problem in inv.problems)
        state = Cell(count_of("problem", problems), Tone.BAD) if problems else Cell("complete", Tone.GOOD)
        asked = kinds.get(key, frozenset(row))
        counts: list[Value] = [row.get(kind, 0) if kind in asked else Cell("not asked for") for kind in _COUNTED]
        more = ", ".join(
            count_of(words(kind).removesuffix("s"), row[kind]) for kind in KINDS if kind in row and kind not in _COUNTED
        )
        rows.append((key[1], PLATFORMS.get(key[0], key[0]), state, details.get(key) or None, *counts, more))
    names = [(words(kind).capitalize(), Unit.COUNT) for kind in _COUNTED]
    return Table(
        id="sources",
        caption="Sources: how many records each gave",
        columns=columns("Source", "Platform", "State", "Detail", *names, "And"),
        rows=rows,
        empty="No source was asked.",
    )


def unread(reading: Reading) -> Section:
    """Everything that could not be read, and what to do about it."""
    inv = reading.inv
    rows = [
        (
            one.source, PLATFORMS.get(one.platform, one.platform), words(one.kind) or "everything",
            one.scope, Cell(one.error, Tone.BAD, one.message), one.remedy,
        )
        for one in inv.problems
    ]  # fmt: skip
    sources = len({(one.platform, one.source) for one in inv.problems})
    said = f"{count_of('problem', len(rows))} at {count_of('source', sources)}: the inventory is incomplete"
    whole = "Nothing is missing of what was asked for."
    return Section(
        id="unread",
        title="What could not be read",
        source="The problems of the inventory. What they concern may be there, and is not in this report.",
        alerts=(Alert(text=said, tone=Tone.BAD),) if rows else (),
        notes=() if rows else (Note(text=whole, tone=Tone.GOOD),),
        tables=(
            Table(
                id="problems",
                caption="Problems",
                columns=columns("Source", "Platform", "Of", "Where", "What happened", "What to do"),
                rows=rows,
                empty=whole,
            ),
        ) if rows else (),
    )  # fmt: skip
