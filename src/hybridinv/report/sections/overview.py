"""The first two sections: the estate in numbers, and what could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from hybridinv.comparing import is_of
from hybridinv.inventory import KINDS, count_of, counted
from hybridinv.model import PowerState
from hybridinv.report.parts import Alert, Bar, Bars, Cell, Figure, Note, Section, Table, Tone, Unit, columns, size_of
from hybridinv.report.seen import PLATFORMS, words
from hybridinv.report.sheets_collection import problems as told_problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hybridinv.inventory import Inventory
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
    virtual = [vm for vm in machines if vm.is_virtual is not False]
    running = sum(vm.power_state is PowerState.RUNNING for vm in machines)
    templates = sum(vm.is_template for vm in inv.vms)
    away = sum(bool(host.in_maintenance) for host in inv.hosts)
    known = [vm.memory_bytes for vm in machines if vm.memory_bytes is not None]
    cpus = [vm.cpus for vm in virtual if vm.cpus is not None]
    free = [(one.capacity_bytes, one.free_bytes) for one in inv.datastores]
    sized = [(capacity, left) for capacity, left in free if capacity is not None and left is not None]
    capacity, used = sum(one for one, _ in sized), sum(one - left for one, left in sized)

    def of(kind: str, number: int) -> int | None:
        return number if reading.asked(kind) else None

    def said(kind: str, text: str) -> str:
        return text if reading.asked(kind) else ""

    return (
        Figure(
            label="Machines", value=of("vms", len(machines)),
            more=said("vms", f"{running:,} known to run; and {count_of('template', templates)}"),
        ),
        Figure(label="Hosts", value=of("hosts", len(inv.hosts)), more=said("hosts", f"{away:,} in maintenance")),
        Figure(label="Clusters", value=of("clusters", len(inv.clusters))),
        Figure(
            label="Virtual CPUs", value=of("vms", sum(cpus)) if cpus or not virtual else None,
            more=said("vms", _known("virtual machine", len(cpus), len(virtual))),
        ),
        Figure(
            label="Memory of machines", value=of("vms", sum(known)) if known or not machines else None, unit=Unit.BYTES,
            more=said("vms", _known("machine", len(known), len(machines))),
        ),
        Figure(
            label="Storage", value=of("datastores", used) if sized or not inv.datastores else None, unit=Unit.BYTES,
            more=f"used of {size_of(capacity)} in {count_of('datastore', len(sized))}" if sized else "",
        ),
        Figure(label="Extensions", value=of("extensions", len(inv.extensions))),
        Figure(
            label="Problems", value=len(inv.problems), more="what could not be read",
            tone=Tone.BAD if inv.problems else Tone.GOOD if inv.asked else Tone.PLAIN,
        ),
    )  # fmt: skip


def _known(thing: str, count: int, whole: int) -> str:
    return f"known of {count:,} of {count_of(thing, whole)}" if count < whole else f"of all {thing}s"


def whole(inv: Inventory) -> str:
    """What an inventory without problems is: where nobody was asked it is what it holds, and nothing can be said."""
    if inv.asked:
        return "Complete"
    return "Made by hand" if any(map(len, inv.tables().values())) else "Nothing was asked"


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
        problems = sum(is_of(problem, *key) for problem in inv.problems)
        detail = details.get(key, "")
        state = (
            Cell(count_of("problem", problems), Tone.BAD, detail) if problems else Cell("complete", Tone.GOOD, detail)
        )
        asked = kinds.get(key, frozenset(row))
        counts: list[Value] = [row.get(kind, 0) if kind in asked else Cell("not asked for") for kind in _COUNTED]
        more = ", ".join(counted(words(kind), row[kind]) for kind in KINDS if kind in row and kind not in _COUNTED)
        rows.append((Cell(key[1], more=PLATFORMS.get(key[0], key[0])), state, *counts, more))
    names = [(words(kind).capitalize(), Unit.COUNT) for kind in _COUNTED]
    return Table(
        id="sources",
        caption="Sources: how many records each gave",
        columns=columns("Source", "State and detail", *names, "Also read"),
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
    odd = [
        (told.problem.source, PLATFORMS.get(told.problem.platform, told.problem.platform),
         Cell(told.name, more=told.record_id),
         Cell(told.problem.error, more=told.problem.message) if told.problem.error else told.problem.message,
         told.problem.remedy)
        for told in told_problems(inv)
        if told.record_id
    ]  # fmt: skip
    said = f"{count_of('problem', len(rows))} at {count_of('source', sources)}: the inventory is incomplete"
    none = "Nothing is missing of what was asked for." if inv.asked else "Nobody was asked."
    doubts = f"{count_of('record', len({one[2] for one in odd}))} of which not all could be read"
    alerts = [Alert(text=said, tone=Tone.BAD)] if rows else []
    return Section(
        id="unread",
        title="What could not be read",
        source="The problems of the inventory. What they concern may be there, and is not in this report.",
        alerts=[*alerts, Alert(text=doubts)] if odd else alerts,
        notes=() if rows else (Note(text=none, tone=Tone.GOOD if inv.asked else Tone.PLAIN),),
        tables=(
            Table(
                id="problems",
                caption="Problems",
                columns=columns("Source", "Platform", "Of", "Where", "What happened", "What to do"),
                rows=rows,
                empty=none,
            ),
            Table(
                id="odd-records",
                caption="Odd about what is there",
                columns=columns("Source", "Platform", "Record", "What is odd", "What to do"),
                rows=odd,
                empty="Nothing is odd about the records.",
            ),
        )[0 if rows else 1 : 2 if odd else 1],
    )  # fmt: skip
