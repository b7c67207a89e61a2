"""What came of asking one account for one machine: samples, errors, and what there was not."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import attrs

from hybridinv.errors import HybridInvError, MultipleMatches
from hybridinv.model import MetricSample
from hybridinv.wire.counters import counter_of, raw_names
from hybridinv.wire.storage_tables import distinct_machines, names_filter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from hybridinv.diagnostics.question import Question
    from hybridinv.transport.storage import Page, TableAccount

T = TypeVar("T")
_NAMES = 9
"""A filter of the table service has at most 15 comparisons; up to five of ours are keys and machines."""


@attrs.define
class Found:
    """What one account had of one machine."""

    samples: list[MetricSample] = attrs.field(factory=list)
    errors: list[tuple[str, HybridInvError]] = attrs.field(factory=list)
    """Tables that could not be read, or not to their end."""
    absent: list[tuple[str, str]] = attrs.field(factory=list)
    """Tables that are not there, each with the time that is missing with it."""
    empty: list[str] = attrs.field(factory=list)
    """Tables in which nothing is of this machine and this time."""
    others: list[str] = attrs.field(factory=list)
    """Tables that have other counters of this machine alone."""
    notes: list[tuple[str, str]] = attrs.field(factory=list)
    """What was odd in a table's rows."""

    def take(self, other: Found) -> None:
        """Add what another reading found."""
        for field in attrs.fields(Found):
            getattr(self, field.name).extend(getattr(other, field.name))


def rows_about(
    account: TableAccount, page: Page, table: str, where: str, columns: Sequence[str], question: Question, system: str
) -> Iterator[Mapping[str, Any]]:
    """The rows from a first page on, of the counters that are asked for.

    The names in use are those of the first page, which has 1,000 rows, and the documented ones: more of them are asked
    for by name alone, so that whatever else was recorded costs nothing.
    """
    yield from page.rows
    if question.counters is None or page.next is None:
        yield from account.following(page, table, where, columns)
        return
    seen = {str(row.get("CounterName")) for row in page.rows}
    known = (name for counter in question.counters for name in raw_names(counter, system) if "(*)" not in name)
    names = sorted({name for name in seen if counter_of(name)[0] in question.counters} | set(known))
    for start in range(0, len(names), _NAMES):
        yield from account.rows(table, f"{where} and {names_filter(names[start : start + _NAMES])}", columns)


def wanted(samples: Iterable[MetricSample | None], question: Question) -> Iterator[MetricSample]:
    """The samples that were asked for."""
    for one in samples:
        if one is None or one.at is None or not question.start <= one.at < question.end:
            continue
        if question.counters is None or one.counter in question.counters:
            yield one


def of_one_machine(rows: Sequence[Mapping[str, Any]], name: str, uuid: str, table: str) -> Sequence[Mapping[str, Any]]:
    """The rows of the machine of that UUID where it has any, else all; `MultipleMatches` where they are of several."""
    own = [row for row in rows if uuid and str(row.get("DeploymentId")).lower() == uuid.lower()]
    if own:
        return own
    others = distinct_machines(rows)
    if len(others) > 1:
        raise MultipleMatches(
            f"{table} has rows of {len(others)} machines that are called {name!r}, and none with this one's id",
            remedy="read the tables of intervals instead: grain='PT1M'",
        )
    return rows
