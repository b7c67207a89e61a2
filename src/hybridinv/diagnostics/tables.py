"""Reading one machine's rows: the tables of intervals (`WADMetrics…`), and those of single samples."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import attrs

from hybridinv.diagnostics.found import Found, Gap, of_one_machine, own_rows, rows_about, wanted
from hybridinv.diagnostics.question import SAMPLES
from hybridinv.errors import HybridInvError, NotSupported
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
    from collections.abc import Container, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from hybridinv.diagnostics.question import Machine, Question
    from hybridinv.transport.storage import TableAccount

_LINUX_COLUMNS = ("PartitionKey", "TIMESTAMP", "DeploymentId", "Host")


def read_machine(account: TableAccount, machine: Machine, question: Question) -> Found:
    """What an account has of a machine: of the first tables that have anything, in the order of the question."""
    found = Found()
    if "/virtualmachinescalesets/" in machine.id:
        reason = "the instances of a uniform scale set share the rows of their set, which are not read"
        found.errors.append(("", NotSupported(reason, remedy="ask Azure Monitor for their metrics")))
        return found
    for grain in question.grains:
        tried = (
            _samples(account, machine, question) if grain == SAMPLES else _metrics(account, machine, question, grain)
        )
        if tried.samples:
            # What other tables lack does not matter then.
            found.absent, found.empty, found.others, found.strangers = [], [], [], []
        found.take(tried)
        if tried.samples or tried.errors:
            break
    return found


def _metrics(account: TableAccount, machine: Machine, question: Question, grain: str) -> Found:
    """What the tables of intervals of one length have."""
    found = Found()
    for table in metric_tables(grain, question.start, question.end):
        gap = Gap(table.name, max(table.begins_at, question.start), min(table.ends_at, question.end))
        try:
            # Under all spellings: the settings may have changed theirs.
            has_rows = [_has_intervals(account, table.name, one, machine, question, grain, found)
                        for one in machine.spellings]  # fmt: skip
        except NoTable:
            found.absent += [] if table.is_tail else [gap]
        except HybridInvError as error:
            found.errors.append((table.name, error))
            break
        else:
            found.empty += [] if table.is_tail or any(has_rows) else [gap]
    step = timedelta(seconds=GRAINS[grain])
    times = {one.at for one in found.samples}
    found.absent, found.empty = (_without_late(gaps, times, step) for gaps in (found.absent, found.empty))
    return found


def _without_late(gaps: Sequence[Gap], times: Container[datetime | None], step: timedelta) -> list[Gap]:
    """The gaps without the last interval where that was found, for it may be in the next table."""
    less = [attrs.evolve(gap, ends_at=gap.ends_at - step) if gap.ends_at - step in times else gap for gap in gaps]
    return [gap for gap in less if gap.begins_at < gap.ends_at]


def _has_intervals(
    account: TableAccount, table: str, spelling: str, machine: Machine, question: Question, grain: str, found: Found
) -> bool:
    """Whether a table has rows under a spelling of the machine's id; `found` gets them."""
    where = metric_filter(spelling, question.start, question.end)
    page = account.first(table, where, METRIC_COLUMNS)
    if not page.rows:
        return False
    notes: list[str] = []
    rows = rows_about(account, page, table, where, METRIC_COLUMNS, question, machine.system, found)
    before = len(found.samples)
    # One at a time: what had come before an error is kept.
    for one in wanted((read_metric_row(row, machine.id, grain, notes) for row in rows), question):
        found.samples.append(one)
    found.notes += ((table, note) for note in notes)
    found.others += [] if len(found.samples) > before else [table]
    return True


def _samples(account: TableAccount, machine: Machine, question: Question) -> Found:
    """What the tables of single samples have."""
    found = Found()
    tables = [WINDOWS_TABLE] if machine.system != "linux" else []
    tables += [one for one in column_tables() if machine.system != "windows" and _is_wanted(one, question)]
    partitions: Sequence[int] = linux_partitions(machine.host or machine.name)
    for table in tables:
        notes: list[str] = []
        gap = Gap(table, question.start, question.end)
        try:
            if table == WINDOWS_TABLE:
                own = _windows_rows(account, machine, question, found)
                read = [read_windows_row(row, machine.id, notes) for row in own]
            else:
                partitions, lines = _linux_rows(account, table, machine, question, partitions)
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


def _windows_rows(
    account: TableAccount, machine: Machine, question: Question, found: Found
) -> Sequence[Mapping[str, Any]]:
    """A Windows machine's samples: the rows with its UUID, else those of its name, if they have no other UUID."""
    where = windows_filter(machine.uuid, machine.name, question.start, question.end)
    page = account.first(WINDOWS_TABLE, where, WINDOWS_COLUMNS)
    rows = list(rows_about(
        account, page, WINDOWS_TABLE, where, WINDOWS_COLUMNS, question, machine.system, found
    ))  # fmt: skip
    of_one = of_one_machine(rows, machine.name, machine.uuid, WINDOWS_TABLE)
    others = distinct_machines(of_one) if machine.uuid and not own_rows(of_one, machine.uuid) else ()
    found.strangers += (f"{other} in {WINDOWS_TABLE}" for other in others)
    return () if others else of_one


def _is_wanted(table: str, question: Question) -> bool:
    """Whether a column of the table is one of the counters that are asked for."""
    return question.counters is None or any(word in question.counters for word, _ in column_counters(table).values())


def _linux_rows(
    account: TableAccount, table: str, machine: Machine, question: Question, partitions: Sequence[int]
) -> tuple[Sequence[int], list[Mapping[str, Any]]]:
    """The partitions that rows of the machine's name are in, and the rows; the partitions as they were for none.

    All are looked into, for another machine may have the name, until one has the machine's UUID.
    """
    columns = (*_LINUX_COLUMNS, *column_counters(table))
    found: dict[int, list[Mapping[str, Any]]] = {}
    for partition in partitions:
        where = linux_filter(partition, machine.host or machine.name, question.start, question.end)
        rows: list[Mapping[str, Any]] = list(account.rows(table, where, columns))
        if own_rows(rows, machine.uuid):
            return [partition], rows
        if rows:
            found[partition] = rows
    return list(found) or partitions, [row for rows in found.values() for row in rows]
