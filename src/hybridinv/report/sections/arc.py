"""Which machines Arc manages, and which not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.inventory import count_of
from hybridinv.model.arc import CoverageState
from hybridinv.onboarding.coverage import arc_coverage, coverage_counts
from hybridinv.report.parts import Alert, Bar, Bars, Cell, Note, Section, Table, Tone, columns
from hybridinv.report.seen import PLATFORMS

if TYPE_CHECKING:
    from hybridinv.model.arc import ArcCoverage
    from hybridinv.report.seen import Reading

_ARC = ("azure-arc",)
_TONES = {
    CoverageState.COVERED: Tone.GOOD,
    CoverageState.PENDING: Tone.WARNING,
    CoverageState.STALE: Tone.BAD,
    CoverageState.MISSING: Tone.WARNING,
    CoverageState.IN_DOUBT: Tone.WARNING,
    CoverageState.NOT_POSSIBLE: Tone.PLAIN,
    CoverageState.SHOULD_NOT_BE: Tone.BAD,
}
_SAID = {
    CoverageState.STALE: "disconnected from Arc, expired or in error",
    CoverageState.SHOULD_NOT_BE: "with an Arc agent that should not be there",
    CoverageState.IN_DOUBT: "in doubt at Arc",
    CoverageState.MISSING: "that could be Arc-enabled and are not",
}
_ORDER = (
    CoverageState.SHOULD_NOT_BE, CoverageState.STALE, CoverageState.IN_DOUBT, CoverageState.PENDING,
    CoverageState.MISSING, CoverageState.NOT_POSSIBLE, CoverageState.COVERED,
)  # fmt: skip


def arc(reading: Reading) -> Section:
    """Every machine once, with whether Arc manages it; nothing of the kind where Arc was not read."""
    is_read = reading.asked("vms", _ARC)
    coverage = list(arc_coverage(reading.inv)) if is_read else []
    counts = coverage_counts(coverage)
    text = "Arc was not read: whether it manages any of these machines is not known. Collect it with hi.AzureArc."
    alerts = [
        Alert(text=f"{count_of('machine', counts[state])} {said}", tone=_TONES[state])
        for state, said in _SAID.items()
        if counts[state]
    ]
    return Section(
        id="arc",
        title="Arc coverage",
        source="arc_coverage: machines of all platforms, joined with those that Arc has.",
        unread=reading.unread(("vms",)),
        notes=() if is_read else (Note(text=text, tone=Tone.WARNING),),
        alerts=alerts,
        bars=(
            Bars(
                title="Machines by what Arc has of them",
                unit="machines",
                bars=[Bar(label=_words(one), count=count, tone=_TONES[one]) for one, count in counts.items() if count],
            ),
        ) if is_read else (),
        tables=(_machines(reading, coverage),),
    )  # fmt: skip


def _machines(reading: Reading, coverage: list[ArcCoverage]) -> Table:
    coverage.sort(key=lambda one: _ORDER.index(one.state))
    return Table(
        id="arc-machines",
        caption="Machines and Arc",
        columns=columns("Machine", "Platform", "State", "Reason", "What is so", "What to do"),
        rows=[
            (
                one.name, Cell(PLATFORMS.get(one.platform, one.platform), more=one.source),
                Cell(_words(one.state), _TONES[one.state]), _words(one.reason), one.message, one.remedy,
            )
            for one in coverage
        ],
        empty=reading.empty(("vms",), _ARC, "No machine."),
    )  # fmt: skip


def _words(word: str) -> str:
    return word.replace("_", " ")
