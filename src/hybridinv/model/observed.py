"""What a vCenter itself says of a migration plan, and what its counters say of the migration."""

from __future__ import annotations

from datetime import datetime

import attrs

from hybridinv.model.fact import Word, fact, in_utc, several
from hybridinv.model.findings import Finding
from hybridinv.model.metrics import MetricSample
from hybridinv.model.rendering import bounded_table, findings_table, page
from hybridinv.model.wording import cell, size, visible

_SHOWN_NOTES = 20


@attrs.frozen(kw_only=True)
class MigrationCheck:
    """What the vCenter's own checker finds, beside what the plan found; nothing has moved."""

    vm_id: str = fact("", "The machine.")
    operation: str = fact("", "What was asked: `CheckMigrate_Task` or `CheckRelocate_Task`.")
    feasible: bool = fact(False, "The vCenter has no error.")
    findings: tuple[Finding, ...] = several(
        (),
        "The vCenter's errors (blockers) and warnings, by the names of its faults; `PlanOutdated` is ours.",
        vsphere="CheckResult.error[], .warning[]",
    )
    both: tuple[str, ...] = several((), "Codes that the vCenter and the plan agree on.")
    only_server: tuple[str, ...] = several((), "Codes that only the vCenter has.")
    only_ours: tuple[str, ...] = several(
        (), "Codes of blockers and warnings of the plan that the vCenter knows, and does not find."
    )
    beyond_server: tuple[str, ...] = several(
        (), "Codes of blockers and warnings of the plan that vSphere has no fault for."
    )
    checked_at: datetime | None = fact(None, "When.", converter=in_utc)

    def __repr__(self) -> str:
        return f"<MigrationCheck {self.operation}: {'nothing in the way' if self.feasible else 'it would be refused'}>"

    def __str__(self) -> str:
        found = [f"{one.severity.upper()} {one.code}: {one.message}" for one in self.findings]
        return "\n".join([self._verdict(), *(f"  {line}" for line in (*found, *self._agreement()))])

    def _repr_html_(self) -> str:
        said = (f"<p>{cell(line)}</p>" for line in self._agreement())
        return page(f"<p><strong>{cell(self._verdict())}</strong></p>", findings_table(self.findings), *said)

    def _verdict(self) -> str:
        verdict = "finds nothing in the way" if self.feasible else "would refuse it"
        return f"The vCenter {verdict} ({self.operation})."

    def _agreement(self) -> list[str]:
        said = {
            "agreed": self.both,
            "only the vCenter": self.only_server,
            "only the plan": self.only_ours,
            "beyond the vCenter's checks": self.beyond_server,
        }
        return [f"{what}: {', '.join(codes)}" for what, codes in said.items() if codes]


class TrafficVerdict(Word):
    """Whether a migration took the way of its plan."""

    AS_PLANNED = "as_planned"
    ELSEWHERE = "elsewhere"
    NOTHING_SEEN = "nothing_seen"
    UNKNOWN = "unknown"


@attrs.frozen(kw_only=True)
class AdapterTraffic:
    """What one adapter of a host sent or received while it was watched."""

    host_id: str = fact("", "Its host.")
    host_name: str = fact("", "That host's name.")
    device: str = fact("", "`vmk1`, `vmnic2`.")
    direction: str = fact("", "`transmitted` at the host that the machine leaves, `received` where it arrives.")
    planned: bool = fact(False, "The plan sends data over it.")
    before_kilobytes_per_second: float | None = fact(
        None, "Median of the minutes before; None where there is none.", unit="KB/s"
    )
    mean_kilobytes_per_second: float | None = fact(None, "Mean while it was watched.", unit="KB/s")
    peak_kilobytes_per_second: float | None = fact(None, "The highest sample.", unit="KB/s")
    carried_bytes: int | None = fact(
        None, "How much more than before went over it; a kilobyte counts as 1000 bytes.", unit="bytes"
    )
    samples: tuple[MetricSample, ...] = several(
        (),
        "What was measured, oldest first.",
        vsphere="QueryPerf net.transmitted.average, net.received.average",
    )


@attrs.frozen(kw_only=True)
class MigrationTraffic:
    """Which adapters carried a migration, and whether those are the ones of its plan."""

    vm_id: str = fact("", "The machine.")
    verdict: TrafficVerdict = fact(
        TrafficVerdict.UNKNOWN, "Whether it took the way of its plan.", converter=TrafficVerdict
    )
    message: str = fact("", "The verdict in words, with numbers.")
    adapters: tuple[AdapterTraffic, ...] = several((), "All adapters that were measured, the busiest of a host first.")
    notes: tuple[str, ...] = several((), "What could not be measured.")
    started_at: datetime | None = fact(None, "Since when, by the vCenter's clock.", converter=in_utc)
    ended_at: datetime | None = fact(None, "Until when, by the vCenter's clock.", converter=in_utc)

    def __repr__(self) -> str:
        return f"<MigrationTraffic {self.verdict}: {visible(self.message)}>"

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        adapters = [
            (one.host_name, one.device, one.direction, one.planned, one.before_kilobytes_per_second,
             one.mean_kilobytes_per_second, one.peak_kilobytes_per_second, size(one.carried_bytes))
            for one in self.adapters
        ]  # fmt: skip
        heads = ("host", "device", "direction", "planned", "KB/s before", "mean KB/s", "peak KB/s", "carried")
        return page(
            f"<p><strong>{cell(self.message)}</strong></p>",
            bounded_table(heads, adapters),
            *(f"<p>{cell(note)}</p>" for note in self.notes[:_SHOWN_NOTES]),
        )
