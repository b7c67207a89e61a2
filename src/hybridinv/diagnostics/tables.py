"""Reading one machine's rows: the tables of intervals (`WADMetrics…`), and those of single samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.diagnostics.found import Found, of_one_machine, rows_about, wanted
from hybridinv.diagnostics.question import SAMPLES
from hybridinv.errors import HybridInvError, NotSupported
from hybridinv.transport.storage import NoTable
from hybridinv.wire.counters import column_counters, column_tables
from hybridinv.wire.storage_tables import (
    METRIC_COLUMNS,
    WINDOWS_COLUMNS,
    WINDOWS_TABLE,
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
    from collections.abc import Mapping, Sequence
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
            found.absent, found.empty, found.others = [], [], []
        found.take(tried)
        if tried.samples or tried.errors:
            break
    return found


def _metrics(account: TableAccount, machine: Machine, question: Question, grain: str) -> Found:
    """What the tables of intervals of one length have."""
    found, spellings, known = Found(), list(machine.spellings), ""
    for table in metric_tables(grain, question.start, question.end):
        if table.is_tail and not known:
            continue  # what is not in the table of its days is not late either
        begins, ends = max(table.begins_at, question.start), min(table.ends_at, question.end)
        try:
            tried = [known] if table.is_tail else spellings
            spelling = _intervals(account, table.name, machine, question, grain, tried, found)
        except NoTable:
            if not table.is_tail:
                found.absent.append((table.name, _from_to(begins, ends)))
        except HybridInvError as error:
            found.errors.append((table.name, error))
            break
        else:
            if spelling:
                known, spellings = spelling, [spelling, *(one for one in spellings if one != spelling)]
            elif not table.is_tail:
                found.empty.append(table.name)
    return found


def _intervals(
    account: TableAccount, table: str, machine: Machine, question: Question, grain: str, spellings: Sequence[str],
    found: Found,
) -> str:  # fmt: skip
    """The spelling of the machine's id under which a table has rows, empty where it has none; `found` gets them."""
    for spelling in spellings:
        where = metric_filter(spelling, question.start, question.end)
        page = account.first(table, where, METRIC_COLUMNS)
        if page.rows:
            notes: list[str] = []
            rows = rows_about(account, page, table, where, METRIC_COLUMNS, question, machine.system)
            before = len(found.samples)
            # One at a time: what had come before an error is kept.
            for one in wanted((read_metric_row(row, machine.id, grain, notes) for row in rows), question):
                found.samples.append(one)
            found.notes += ((table, note) for note in notes)
            found.others += [] if len(found.samples) > before else [table]
            return spelling
    return ""


def _samples(account: TableAccount, machine: Machine, question: Question) -> Found:
    """What the tables of single samples have."""
    found = Found()
    tables = [WINDOWS_TABLE] if machine.system != "linux" else []
    tables += [one for one in column_tables() if machine.system != "windows" and _is_wanted(one, question)]
    partitions: Sequence[int] = linux_partitions(machine.host or machine.name)
    for table in tables:
        notes: list[str] = []
        try:
            if table == WINDOWS_TABLE:
                where = windows_filter(machine.uuid, machine.name, question.start, question.end)
                page = account.first(table, where, WINDOWS_COLUMNS)
                rows = rows_about(account, page, table, where, WINDOWS_COLUMNS, question, machine.system)
                own = of_one_machine(list(rows), machine.name, machine.uuid, table)
                read = [read_windows_row(row, machine.id, notes) for row in own]
            else:
                partition, lines = _linux_rows(account, table, machine, question, partitions)
                partitions = partitions if partition is None else [partition]
                own = of_one_machine(lines, machine.host or machine.name, machine.uuid, table)
                read = [one for row in own for one in read_linux_row(row, table, machine.id, notes)]
            its = list(wanted(read, question))
            found.samples += its
            found.notes += ((table, note) for note in notes)
            found.others += [table] if own and not its else []
            found.empty += [] if own else [table]
        except NoTable:
            found.absent.append((table, _from_to(question.start, question.end)))
        except HybridInvError as error:
            found.errors.append((table, error))
            break
    return found


def _is_wanted(table: str, question: Question) -> bool:
    """Whether a column of the table is one of the counters that are asked for."""
    return question.counters is None or any(word in question.counters for word, _ in column_counters(table).values())


def _linux_rows(
    account: TableAccount, table: str, machine: Machine, question: Question, partitions: Sequence[int]
) -> tuple[int | None, list[Mapping[str, Any]]]:
    """The partition that a machine's rows are in, and the rows; None and none where it is in none of them."""
    columns = (*_LINUX_COLUMNS, *column_counters(table))
    for partition in partitions:
        where = linux_filter(partition, machine.host or machine.name, question.start, question.end)
        rows: list[Mapping[str, Any]] = list(account.rows(table, where, columns))
        if rows:
            return partition, rows
    return None, []


def _from_to(begins: datetime, ends: datetime) -> str:
    return f"{begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} UTC"
