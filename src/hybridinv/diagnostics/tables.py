"""Reading one machine's rows: the tables of intervals (`WADMetrics…`), and those of single samples."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import attrs

from hybridinv.diagnostics.asking import Asking
from hybridinv.diagnostics.by_counter import read_by_counter
from hybridinv.diagnostics.choice import Reading, chosen, lacking, reading_of, with_system
from hybridinv.diagnostics.found import Found, Gap, of_one_machine, own_rows, rows_about, wanted
from hybridinv.diagnostics.question import SAMPLES
from hybridinv.errors import HybridInvError, MultipleMatches, NotSupported
from hybridinv.transport.storage import NoTable
from hybridinv.wire.counters import column_counters, column_tables
from hybridinv.wire.storage_tables import (
    GRAINS,
    METRIC_COLUMNS,
    WINDOWS_COLUMNS,
    WINDOWS_TABLE,
    distinct_machines,
    linux_filter,
    linux_partitions,
    metric_filter,
    metric_tables,
    read_linux_row,
    read_metric_row,
    read_windows_row,
    windows_filter,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from hybridinv.diagnostics.question import Machine, Question
    from hybridinv.transport.storage import TableAccount

    _Step = tuple[str, Callable[[Asking, Machine, Question], Found]]

_SPARE = 2
"""Requests that are kept for the single samples."""
_LINUX_COLUMNS = ("PartitionKey", "TIMESTAMP", "DeploymentId", "Host")


def read_machine(account: TableAccount, machine: Machine, question: Question) -> Found:
    """What an account has of a machine: each counter of the first tables that cover the time about as well as any."""
    if "/virtualmachinescalesets/" in machine.id:
        reason = "the instances of a uniform scale set share the rows of their set, which are not read"
        return Found(errors=[("", NotSupported(reason, remedy="ask Azure Monitor for their metrics"))])
    return chosen(question, _readings(Asking(account, question.most_requests), machine, question))


def _readings(asking: Asking, machine: Machine, question: Question) -> dict[str, Reading]:
    """What the tables of each grain have, until no counter is lacking that is asked for."""
    readings: dict[str, Reading] = {}
    for steps, is_last_resort in _rounds(machine, question):
        if is_last_resort and any(one.found.has_rows for one in readings.values()):
            continue
        for grain, read in steps:
            left = lacking(question, readings)
            if left is None:
                return readings
            found = read(asking, with_system(machine, readings), left)
            if earlier := readings.get(grain):
                # Nothing was there before, but why is not forgotten.
                before, found = (found, earlier.found) if not found.has_rows else (earlier.found, found)
                found.unasked += before.unasked
                found.errors += before.errors
            readings[grain] = reading_of(found, grain, question)
            if found.errors:
                return readings
    return readings


def _rounds(machine: Machine, question: Question) -> Iterator[tuple[list[_Step], bool]]:
    """What is read, in this order: of which grains, and how; and whether only where there was nothing at all before."""
    grains = [grain for grain in question.grains if grain != SAMPLES]
    early, late = machine.spellings, machine.late_spellings
    yield [(grain, partial(_metrics, grain=grain, spellings=early)) for grain in grains], False
    if late:
        yield [(grain, partial(_metrics, grain=grain, spellings=late)) for grain in grains], True
    if SAMPLES in question.grains:
        yield [(SAMPLES, _samples)], False
    yield [(grain, partial(read_by_counter, grain=grain, spellings=(*early, *late))) for grain in grains], True


def _metrics(asking: Asking, machine: Machine, question: Question, *, grain: str, spellings: Sequence[str]) -> Found:
    """What the tables of intervals of one length have."""
    found, seen = Found(), set[str]()
    for table in metric_tables(grain, question.start, question.end):
        gap = Gap(table.name, max(table.begins_at, question.start), min(table.ends_at, question.end))
        # Under all spellings: the settings may have changed theirs.
        its = sorted(spellings, key=lambda one: one not in asking.spelled)
        if (table.is_tail and seen) or (question.explores and asking.spelled):
            its = [one for one in its if one in (seen if table.is_tail else asking.spelled)]
        has_rows = False
        try:
            for one in its:
                if not asking.may(0 if question.grain else _SPARE):
                    found.unasked.append(table.name)
                    break
                if _has_intervals(asking, table.name, one, machine, question, grain, found):
                    has_rows = True
                    seen.add(one)
        except NoTable:
            found.absent += [] if table.is_tail else [gap]
        except HybridInvError as error:
            found.errors.append((table.name, error))
            break
        else:
            found.empty += [] if table.is_tail or has_rows else [gap]
    step = timedelta(seconds=GRAINS[grain])
    times = {one.at for one in found.samples}
    found.absent, found.empty = (_without_late(gaps, times, step) for gaps in (found.absent, found.empty))
    return found


def _without_late(gaps: Sequence[Gap], times: Container[datetime | None], step: timedelta) -> list[Gap]:
    """The gaps without the last interval where that was found, for it may be in the next table."""
    less = [attrs.evolve(gap, ends_at=gap.ends_at - step) if gap.ends_at - step in times else gap for gap in gaps]
    return [gap for gap in less if gap.begins_at < gap.ends_at]


def _has_intervals(
    asking: Asking, table: str, spelling: str, machine: Machine, question: Question, grain: str, found: Found
) -> bool:
    """Whether a table has rows under a spelling of the machine's id; `found` gets them."""
    where = metric_filter(spelling, question.start, question.end)
    page = asking.first(table, where, METRIC_COLUMNS)
    if not page.rows:
        return False
    asking.spelled.append(spelling)
    notes: list[str] = []
    rows = rows_about(asking, page, table, where, METRIC_COLUMNS, question, machine.system, found)
    before = len(found.samples)
    # One at a time: what had come before an error is kept.
    for one in wanted((read_metric_row(row, machine.id, grain, notes) for row in rows), question):
        found.samples.append(one)
    found.notes += ((table, note) for note in notes)
    found.others += [] if len(found.samples) > before else [table]
    return True


def _samples(asking: Asking, machine: Machine, question: Question) -> Found:
    """What the tables of single samples have."""
    found = Found()
    tables = [WINDOWS_TABLE] if machine.system != "linux" else []
    tables += [one for one in column_tables() if machine.system != "windows" and _is_wanted(one, question)]
    partitions: Sequence[int] = linux_partitions(machine.host or machine.name, machine.uuid)
    for table in tables:
        notes: list[str] = []
        gap = Gap(table, question.start, question.end)
        try:
            if not asking.may() and asking.spelled:
                found.unasked.append(table)
                break
            if table == WINDOWS_TABLE:
                own = _windows_rows(asking, machine, question, found)
                read = [read_windows_row(row, machine.id, notes) for row in own]
            else:
                partitions, lines = _linux_rows(asking, table, machine, question, partitions, found)
                own = of_one_machine(lines, machine.host or machine.name, machine.uuid, table)
                read = [one for row in own for one in read_linux_row(row, table, machine.id, notes)]
            its = list(wanted(read, question))
            found.samples += its
            found.notes += ((table, note) for note in notes)
            found.others += [table] if own and not its else []
            found.empty += [] if own else [gap]
        except NoTable:
            found.absent.append(gap)
        except HybridInvError as error:
            # Where nothing is lacking, rows that may be another machine's are no loss.
            if not (question.explores and isinstance(error, MultipleMatches)):
                found.errors.append((table, error))
            break
        if found.samples and table == WINDOWS_TABLE:
            break
    if found.samples and not machine.system and tables:
        # A machine has one system: what the other one's table lacks is no loss.
        found.absent, found.empty = (
            [gap for gap in gaps if gap.table != WINDOWS_TABLE] for gaps in (found.absent, found.empty)
        )
    return found


def _windows_rows(asking: Asking, machine: Machine, question: Question, found: Found) -> Sequence[Mapping[str, Any]]:
    """A Windows machine's samples: the rows with its UUID, else those of its name, if they have no other UUID."""
    where = windows_filter(machine.uuid, machine.name, question.start, question.end)
    # All machines share it: where nothing is lacking it is not searched for a machine that has nothing there.
    read = asking.page if question.explores else asking.first
    page = read(WINDOWS_TABLE, where, WINDOWS_COLUMNS)
    rows = list(rows_about(
        asking, page, WINDOWS_TABLE, where, WINDOWS_COLUMNS, question, "windows", found
    ))  # fmt: skip
    of_one = of_one_machine(rows, machine.name, machine.uuid, WINDOWS_TABLE)
    others = distinct_machines(of_one) if machine.uuid and not own_rows(of_one, machine.uuid) else ()
    found.strangers += (f"{other} in {WINDOWS_TABLE}" for other in others)
    return () if others else of_one


def _is_wanted(table: str, question: Question) -> bool:
    """Whether a column of the table is one of the counters that are asked for."""
    return any(question.wants(word, "") for word, _ in column_counters(table).values())


def _linux_rows(
    asking: Asking, table: str, machine: Machine, question: Question, partitions: Sequence[int], found: Found
) -> tuple[Sequence[int], list[Mapping[str, Any]]]:
    """The partitions that rows of the machine's name are in, and the rows; the partitions as they were for none.

    All are looked into, for another machine may have the name, until one has the machine's UUID.
    """
    columns = (*_LINUX_COLUMNS, *column_counters(table))
    by_partition: dict[int, list[Mapping[str, Any]]] = {}
    for partition in partitions:
        if asking.spelled and not asking.may():
            found.unasked.append(table)
            break
        where = linux_filter(partition, machine.host or machine.name, question.start, question.end)
        rows: list[Mapping[str, Any]] = list(asking.rows(table, where, columns))
        if own_rows(rows, machine.uuid):
            return [partition], rows
        if rows:
            by_partition[partition] = rows
    return list(by_partition) or partitions, [row for rows in by_partition.values() for row in rows]
