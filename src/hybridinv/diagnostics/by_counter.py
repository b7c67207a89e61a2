"""The other rows of the intervals, whose keys begin with the counter: for tables that have no rows by time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.diagnostics.found import Found, Gap, wanted
from hybridinv.errors import HybridInvError
from hybridinv.transport.storage import NoTable
from hybridinv.wire.counters import counter_of, raw_names
from hybridinv.wire.storage_tables import (
    METRIC_COLUMNS,
    counter_filter,
    counter_in_key,
    escaped,
    key_filter,
    metric_tables,
    read_metric_row,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hybridinv.diagnostics.asking import Asking
    from hybridinv.diagnostics.question import Machine, Question

_KEY = ("RowKey", "CounterName")
_MOST_COUNTERS = 500


def read_by_counter(
    asking: Asking, machine: Machine, question: Question, *, grain: str, spellings: Sequence[str]
) -> Found:
    """What the tables of intervals of one length have in rows by counter, where they have no rows by time.

    The first row of a machine tells: keys by time are before all others.
    """
    found = Found()
    for table in metric_tables(grain, question.start, question.end):
        if table.is_tail:
            break
        gap = Gap(table.name, max(table.begins_at, question.start), min(table.ends_at, question.end))
        before = len(found.samples)
        try:
            for spelling in spellings:
                if not asking.may():
                    found.unasked.append(table.name)
                    break
                head = asking.first(table.name, key_filter(spelling), _KEY, most=1).rows
                if head and counter_in_key(head[0]):
                    _read(asking, table.name, spelling, machine, question, grain, found)
                    break
            found.empty += [] if len(found.samples) > before else [gap]
        except NoTable:
            found.absent.append(gap)
        except HybridInvError as error:
            found.errors.append((table.name, error))
            break
    return found


def _read(
    asking: Asking, table: str, spelling: str, machine: Machine, question: Question, grain: str, found: Found
) -> None:
    """`found` gets the intervals of the counters that are asked for."""
    notes: list[str] = []
    for counter in question.counters or ("",):
        before = len(found.samples)
        for names in _forms(counter, machine.system):
            for key in _keys(asking, table, spelling, question, names):
                if not asking.may():
                    found.unasked.append(table)
                    break
                where = counter_filter(spelling, key, question.start, question.end)
                rows = asking.rows(table, where, METRIC_COLUMNS)
                read = (read_metric_row(row, machine.id, grain, notes, by_counter=True) for row in rows)
                for one in wanted(read, question):
                    found.samples.append(one)
            if len(found.samples) > before:
                break
    found.notes += ((table, note) for note in notes)


def _forms(counter: str, system: str) -> list[list[str]]:
    """A counter's names as documented, then in small letters, then in big ones; an instance of any name for all."""
    names = raw_names(counter, system) if counter else ["(*)"]
    forms = [names, [name.lower() for name in names], [name.upper() for name in names]]
    return [list(dict.fromkeys(form)) for place, form in enumerate(forms) if form not in forms[:place]]


def _keys(asking: Asking, table: str, spelling: str, question: Question, names: Sequence[str]) -> Iterator[str]:
    """The counters as they stand in the keys."""
    for name in names:
        before, instances, _ = name.partition("(*)")
        if not instances:
            yield escaped(name)
        elif before:
            yield from _present(asking, table, spelling, question, escaped(f"{before}("), escaped(f"{before})"))
        else:
            yield from _present(asking, table, spelling, question, "0", "~")


def _present(asking: Asking, table: str, spelling: str, question: Question, first: str, last: str) -> Iterator[str]:
    """The counters that have a row in a range of keys: the first one, then the first behind its last."""
    for _ in range(_MOST_COUNTERS):
        rows = asking.first(table, key_filter(spelling, first, last), _KEY, most=1).rows if asking.may() else ()
        key = counter_in_key(rows[0]) if rows else ""
        # `:` is behind all digits.
        if not key or f"{key}__:" <= first:
            return
        first = f"{key}__:"
        name = str(rows[0].get("CounterName"))
        if question.wants(counter_of(name)[0], name):
            yield key
