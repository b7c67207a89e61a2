"""What came of asking one account for one machine: samples, errors, and what there was not."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from hybridinv.errors import HybridInvError, MultipleMatches
from hybridinv.model import MetricSample
from hybridinv.wire.counters import any_instance, counter_of, spellings
from hybridinv.wire.storage_tables import distinct_machines, names_filters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from hybridinv.diagnostics.asking import Asking
    from hybridinv.diagnostics.question import Question
    from hybridinv.transport.storage import Page


@attrs.frozen
class Gap:
    """A table, and the time that is missing with it."""

    table: str
    begins_at: datetime
    ends_at: datetime


@attrs.define
class Found:
    """What one account had of one machine."""

    samples: list[MetricSample] = attrs.field(factory=list)
    errors: list[tuple[str, HybridInvError]] = attrs.field(factory=list)
    """Tables that could not be read, or not to their end."""
    absent: list[Gap] = attrs.field(factory=list)
    """Tables that are not there."""
    empty: list[Gap] = attrs.field(factory=list)
    """Tables in which nothing is of this machine and this time."""
    strangers: list[str] = attrs.field(factory=list)
    """Tables that have rows of another machine of this name, each with its id."""
    others: list[str] = attrs.field(factory=list)
    """Tables that have other counters of this machine alone."""
    by_name: list[str] = attrs.field(factory=list)
    """Tables of which only a first page was read whole, and the rest by the counters' names."""
    notes: list[tuple[str, str]] = attrs.field(factory=list)
    """What was odd in a table's rows."""
    unasked: list[str] = attrs.field(factory=list)
    """Tables that could have more, if more requests were made."""

    @property
    def has_rows(self) -> bool:
        """Whether there were rows of the machine, though none with a counter that was asked for."""
        return bool(self.samples or self.others or self.notes or self.strangers)

    def take(self, other: Found) -> None:
        """Add what another reading found."""
        for field in attrs.fields(Found):
            getattr(self, field.name).extend(getattr(other, field.name))


def rows_about(
    asking: Asking, page: Page, table: str, where: str, columns: Sequence[str], question: Question, system: str,
    found: Found,
) -> Iterator[Mapping[str, Any]]:  # fmt: skip
    """The rows from a first page on, of the counters that are asked for.

    The rest is asked for by name, so that whatever else was recorded costs nothing: as documented, in small letters, in
    big ones, and as the first page has it. Adapters come and go: theirs are asked for as a range of names. Where all
    counters are asked for, and some are settled, it is the others of the first page.
    """
    yield from page.rows
    if page.next is None or (question.counters is None and not question.settled):
        yield from asking.following(page, table, where, columns)
        return
    found.by_name.append(table)
    seen = {str(row.get("CounterName")) for row in page.rows}
    names = {any_instance(name) for name in seen if question.wants(counter_of(name)[0], name)}
    names.update(name for counter in question.counters or () for name in spellings(counter, system))
    for narrower in names_filters(where, names):
        if not asking.may():
            found.unasked.append(table)
            break
        yield from asking.rows(table, narrower, columns)


def wanted(samples: Iterable[MetricSample | None], question: Question) -> Iterator[MetricSample]:
    """The samples that were asked for."""
    for one in samples:
        if one is None or one.at is None or not question.start <= one.at < question.end:
            continue
        if question.wants(one.counter, one.raw_name):
            yield one


def of_one_machine(rows: Sequence[Mapping[str, Any]], name: str, uuid: str, table: str) -> Sequence[Mapping[str, Any]]:
    """The rows of the machine of that UUID where it has any, else all; `MultipleMatches` where they are of several."""
    own = own_rows(rows, uuid)
    if own:
        return own
    others = distinct_machines(rows)
    if len(others) > 1:
        raise MultipleMatches(
            f"{table} has rows of {len(others)} machines that are called {name!r}, and none with this one's id",
            remedy="read the tables of intervals instead: grain='PT1M'",
        )
    return rows


def own_rows(rows: Sequence[Mapping[str, Any]], uuid: str) -> Sequence[Mapping[str, Any]]:
    """The rows that have the machine's UUID."""
    return [row for row in rows if uuid and str(row.get("DeploymentId")).lower() == uuid.lower()]
