"""Migrations of virtual machines: which rule says what carries which data, and the plan for one machine."""

from __future__ import annotations

import html
from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

from hybridinv.model.fact import fact, several
from hybridinv.model.findings import Finding
from hybridinv.model.machines import VirtualMachine
from hybridinv.model.vmkernel import VMkernelAdapter

if TYPE_CHECKING:
    from collections.abc import Iterable

STORAGE_PATHS = "storage"
"""The service of a flow that a host copies over its own storage paths; no VMkernel service carries it."""
UNKNOWN_CARRIER = "unknown"
"""The service of a flow that does move, by a way that no document names."""


class MigrationKind(StrEnum):
    """What changes."""

    COMPUTE = "compute"
    STORAGE = "storage"
    COMPUTE_AND_STORAGE = "compute_and_storage"


class MigrationState(StrEnum):
    """Whether the machine runs while it moves; a suspended one moves cold."""

    HOT = "hot"
    COLD = "cold"


class DataKind(StrEnum):
    """What a migration moves."""

    MEMORY = "memory"
    CONFIG = "config"
    ACTIVE_DISK = "active_disk"
    COLD_DISK = "cold_disk"
    CONTROL = "control"


class Confidence(StrEnum):
    """How far the vendor's documents bear a statement out."""

    HIGH = "high"
    """Two or more documents agree, and none says otherwise for this case."""
    MEDIUM = "medium"
    """One document, or documents that need interpretation."""
    LOW = "low"
    """Documents contradict one another, or the statement is inferred."""
    BY_DEFINITION = "by_definition"
    """It follows from the scenario itself."""
    UNSOURCED = "unsourced"
    """No document was found that says it."""
    UNVERIFIED = "unverified"
    """Nobody could confirm it."""
    CONTRADICTED = "contradicted"
    """The vendor's documents say otherwise."""


class Condition(StrEnum):
    """When a row of a rule applies.

    Of several rows for the same data, the one with most conditions counts, if all of them are met.
    """

    SUSPENDED = "suspended"
    SWAP_ELSEWHERE = "swap_elsewhere"
    CROSS_VCENTER = "cross_vcenter"
    ONE_HOST_SEES_BOTH = "one_host_sees_both"
    NO_HOST_SEES_BOTH = "no_host_sees_both"


@attrs.frozen(kw_only=True)
class RuleFlow:
    """One row of a rule: what carries one kind of data."""

    data: DataKind = attrs.field(converter=DataKind, metadata={"doc": "What moves, or stays."})
    services: tuple[str, ...] = several(
        (),
        "VMkernel services in order of preference, the later ones being the documented fallback; `storage`: "
        "the host's own storage paths, `unknown`: no document names the carrier, none: it stays.",
    )
    protocol: str = fact("", "`vmotion-8000`, `nfc-902`, `datamover`, `storage`; empty where none is named.")
    when: frozenset[Condition] = several(frozenset(), "The conditions of this row; none for the general case.")
    confidence: Confidence = fact(Confidence.UNVERIFIED, "How far documents bear it out.", converter=Confidence)
    sources: tuple[str, ...] = several((), "The documents it rests on.")
    versions: str = fact("", "The versions of vSphere those documents speak of.")
    note: str = fact("", "What else to know.")
    dissent: str = fact("", "What a vendor's document says against it.")
    dissent_sources: tuple[str, ...] = several((), "Which document.")
    row: str = fact("", "Its row in the migration table of the documentation.")


@attrs.frozen(kw_only=True)
class MigrationRule:
    """What carries which data in one kind of migration, as one rule set has it."""

    kind: MigrationKind = attrs.field(converter=MigrationKind, metadata={"doc": "What changes."})
    state: MigrationState = attrs.field(converter=MigrationState, metadata={"doc": "Hot or cold."})
    rules: str = fact("vendor", "The rule set: `vendor` or `seed`.")
    label: str = fact("", "The rule set's own short name for it.")
    flows: tuple[RuleFlow, ...] = several((), "Its rows, one or more for each kind of data.")
    differs: str = fact("", "What the other rule set says instead; empty where both agree.")
    versions: str = fact("", "The versions of vSphere it speaks of.")
    note: str = fact("", "What else to know.")


@attrs.frozen(kw_only=True)
class Flow:
    """One kind of data on its way from one host to another, or from datastore to datastore."""

    data: DataKind = attrs.field(converter=DataKind, metadata={"doc": "What moves."})
    service: str = fact("", "The service used: a VMkernel service, `storage` or `unknown`.")
    protocol: str = fact("", "How it moves, as in RuleFlow.protocol.")
    source_adapter: VMkernelAdapter | None = fact(None, "Where it leaves; None where no VMkernel adapter carries it.")
    destination_adapter: VMkernelAdapter | None = fact(None, "Where it arrives; None as above.")
    fallback: bool = fact(False, "The preferred service is not set up at one end or both.")
    bytes: int | None = fact(None, "How much; `note` says whether that is a bound.", unit="bytes")
    link_speed_mbps: int | None = fact(None, "The slower of both ends.", unit="Mbit/s")
    seconds: float | None = fact(None, "How long, estimated as `note` says.", unit="seconds")
    confidence: Confidence = fact(Confidence.UNVERIFIED, "How far documents bear it out.", converter=Confidence)
    sources: tuple[str, ...] = several((), "The documents it rests on.")
    note: str = fact("", "What else to know.")
    row: str = fact("", "Its row in the migration table of the documentation.")

    def __str__(self) -> str:
        ends = (self.source_adapter, self.destination_adapter)
        way = " → ".join(end.device if end else "?" for end in ends) if any(ends) else ""
        parts = [f"{self.data}: {self.service}", f"({self.protocol})" if self.protocol else "", way]
        parts += ["(fallback)" if self.fallback else "", _size(self.bytes), _duration(self.seconds)]
        return " ".join(part for part in parts if part)


@attrs.frozen(kw_only=True)
class MigrationPlan:
    """What a migration of one machine would move, over which adapters, and what stands in its way."""

    vm: VirtualMachine = attrs.field(metadata={"doc": "The machine."})
    kind: MigrationKind = attrs.field(converter=MigrationKind, metadata={"doc": "What changes."})
    state: MigrationState = attrs.field(converter=MigrationState, metadata={"doc": "Hot or cold."})
    rules: str = fact("vendor", "The rule set it was made with.")
    source_host_id: str = fact("", "Where the machine is.")
    source_host_name: str = fact("", "That host's name.")
    destination_host_id: str = fact("", "Where it goes; the same host when only the datastore changes.")
    destination_host_name: str = fact("", "That host's name.")
    source_datastore_ids: tuple[str, ...] = several((), "Where its disks are.")
    destination_datastore_id: str = fact("", "Where its disks go; empty when they stay.")
    destination_datastore_name: str = fact("", "That datastore's name.")
    flows: tuple[Flow, ...] = several((), "What moves.")
    stays: tuple[DataKind, ...] = several((), "What does not move.")
    findings: tuple[Finding, ...] = several((), "What stands in its way or deserves a look.")
    feasible: bool = fact(False, "No finding is a blocker.")
    seconds: float | None = fact(
        None, "All flows one after another; None where a flow's time is not known.", unit="seconds"
    )

    @property
    def title(self) -> str:
        """The plan in one line."""
        target = " and ".join(name for name in (self._host_change(), self.destination_datastore_name) if name)
        time = "nothing to copy" if self.seconds == 0 else _duration(self.seconds) or "time unknown"
        verdict = f"feasible, {time}" if self.feasible else "NOT feasible"
        kind = str(self.kind).replace("_", " ")
        return f"{self.vm.name}: {self.state} {kind} migration to {target or 'nowhere'}: {verdict}"

    def _host_change(self) -> str:
        return self.destination_host_name if self.destination_host_id != self.source_host_id else ""

    def __str__(self) -> str:
        lines = [self.title, *(f"  {flow}" for flow in self.flows)]
        if self.stays:
            lines.append(f"  stays: {', '.join(self.stays)}")
        lines += [f"  {f.severity.upper()} {f.code}: {f.message}" for f in self.findings]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        flows = [
            (
                flow.data,
                flow.service,
                flow.protocol,
                _adapter(flow.source_adapter),
                _adapter(flow.destination_adapter),
                _size(flow.bytes),
                _duration(flow.seconds),
                flow.confidence,
            )
            for flow in self.flows
        ]
        names = ("data", "service", "protocol", "from", "to", "size", "time", "confidence")
        findings = [(f.severity, f.code, f.message, f.remedy) for f in self.findings]
        return (
            f"<p><strong>{html.escape(self.title)}</strong></p>"
            + _html_rows(names, flows)
            + (_html_rows(("severity", "code", "message", "remedy"), findings) if findings else "")
        )


def _html_rows(names: tuple[str, ...], rows: Iterable[Iterable[object]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _adapter(adapter: VMkernelAdapter | None) -> str:
    return " ".join(part for part in (adapter.device, adapter.ip_address) if part) if adapter else ""


def _size(count: int | None) -> str:
    return "" if count is None else f"{count / 2**30:.1f} GiB"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"about {seconds:.0f} s" if seconds < 120 else f"about {seconds / 60:.0f} min"
