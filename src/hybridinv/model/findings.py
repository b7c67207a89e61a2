"""What could not be read, what was found, and what changed."""

from __future__ import annotations

from datetime import datetime

import attrs

from hybridinv.model.fact import Word, fact, in_utc, several
from hybridinv.model.rendering import Shown
from hybridinv.model.wording import visible


class Severity(Word):
    """How much a finding matters."""

    BLOCKER = "blocker"
    WARNING = "warning"
    INFO = "info"


@attrs.frozen(kw_only=True)
class Problem(Shown):
    """Something that could not be read; without it the inventory would be silently short."""

    platform: str = fact("", "Of which platform; one endpoint may serve several.")
    source: str = fact("", "Which source, as in `adapter.source`.")
    kind: str = fact("", "Which kind of record: `hosts`, `vms`, …; empty where all of the source is concerned.")
    scope: str = fact("", "What exactly: a record's id, a subscription, a property path.")
    error: str = fact("", "Class name of the error, as in `hybridinv.errors`.")
    message: str = fact("", "What happened.")
    remedy: str = fact("", "What to do next.")

    def __str__(self) -> str:
        where = " ".join(part for part in (self.platform, self.source, self.kind, self.scope) if part)
        said = ": ".join(part for part in (where, self.error, self.message) if part)
        return visible(said + (f" — {self.remedy}" if self.remedy else ""))


@attrs.frozen(kw_only=True)
class Answered:
    """What one of a source's lists gave, and how much it said that it has; two that differ in `at` alone are equal."""

    kind: str = fact("", "`hosts`, `vms` and so on.")
    by: str = fact("", "Who answered: `arm`, which is current; `resource-graph`, which can be hours behind; `vsphere`.")
    read: int = fact(0, "Objects that arrived, each once.")
    claimed: int | None = fact(
        None, "Objects that the endpoint said there are; None where it gives no count.",
        azure="count", arc="count, totalRecords",
    )  # fmt: skip
    at: datetime | None = attrs.field(
        default=None, eq=False, converter=in_utc, metadata={"doc": "When the answer was complete; None for a tape's."}
    )


@attrs.frozen(kw_only=True)
class Asked(Shown):
    """One source that was asked, and for which kinds; what is not in here was not looked for."""

    platform: str = fact("", "Of which platform.")
    source: str = fact("", "Which source, as in `adapter.source`.")
    kinds: frozenset[str] = several(frozenset(), "`hosts`, `vms` and so on.")
    subscription_ids: frozenset[str] = several(frozenset(), "The subscriptions that were read; vSphere has none.")
    detail: str = fact(
        "", "How much was asked for: `summary`, `full`, or `rvtools` (what a workbook holds); empty where not known."
    )
    answers: tuple[Answered, ...] = several((), "What the lists of the source said of themselves.")


@attrs.frozen(kw_only=True)
class Taken(Shown):
    """When an inventory was taken, and whether anything is missing."""

    taken_at: datetime | None = fact(None, "When it was complete, or the newest of its parts was.", converter=in_utc)
    complete: bool = fact(True, "Whether nothing is missing.")


@attrs.frozen(kw_only=True)
class Finding(Shown):
    """One answer of a check or a plan: what is so, how much it matters, what to do, and who says so."""

    severity: Severity = fact(Severity.INFO, "How much it matters.", converter=Severity)
    code: str = fact("", "A stable name for this kind of finding; vSphere findings use the vendor's fault names.")
    subject_id: str = fact("", "The id of the record it is about.")
    message: str = fact("", "What is so.")
    remedy: str = fact("", "What to do about it.")
    sources: tuple[str, ...] = several((), "The vendor documents it rests on.")


def finding(severity: Severity, code: str, subject_id: str, message: str, remedy: str, *sources: str) -> Finding:
    """A `Finding`, in few words."""
    return Finding(severity=severity, code=code, subject_id=subject_id, message=message, remedy=remedy, sources=sources)


class ChangeKind(Word):
    """What happened to a record between two inventories."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    NOT_SEEN = "not_seen"


@attrs.frozen(kw_only=True)
class Change:
    """One difference between two inventories."""

    change: ChangeKind = fact(
        ChangeKind.CHANGED,
        "`not_seen` where the inventory without the record did not look for it, or could not read it completely.",
        converter=ChangeKind,
    )
    kind: str = fact("", "Which kind of record: `hosts`, `vms`, …")
    id: str = fact("", "The record's id.")
    name: str = fact("", "The record's name.")
    field: str = fact("", "The field that changed; empty for added and removed records.")
    before: str = fact("", "The earlier value, as text.")
    after: str = fact("", "The later value, as text.")
