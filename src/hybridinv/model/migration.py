"""Migrations of virtual machines: which rule says what carries which data, and the plan for one machine."""

from __future__ import annotations

import attrs

from hybridinv.model.fact import Word, fact, several
from hybridinv.model.findings import Finding
from hybridinv.model.machines import VirtualMachine
from hybridinv.model.rendering import Shown, bounded_table, findings_table, page, sources_list
from hybridinv.model.vmkernel import VMkernelAdapter
from hybridinv.model.wording import INCOMPLETE, assumed, both, cell, duration, sentence, size, visible

STORAGE_PATHS = "storage"
"""The service of a flow that a host copies over its own storage paths; no VMkernel service carries it."""
UNKNOWN_CARRIER = "unknown"
"""The service of a flow that does move, by a way that no document names."""


class MigrationKind(Word):
    """What changes."""

    COMPUTE = "compute"
    STORAGE = "storage"
    COMPUTE_AND_STORAGE = "compute_and_storage"


class MigrationState(Word):
    """Whether the machine runs while it moves; a suspended one moves cold."""

    HOT = "hot"
    COLD = "cold"


class DataKind(Word):
    """What a migration moves."""

    MEMORY = "memory"
    CONFIG = "config"
    ACTIVE_DISK = "active_disk"
    COLD_DISK = "cold_disk"
    CONTROL = "control"


class Confidence(Word):
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


class Condition(Word):
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
class MigrationRule(Shown):
    """What carries which data in one kind of migration, as one rule set has it."""

    kind: MigrationKind = attrs.field(converter=MigrationKind, metadata={"doc": "What changes."})
    state: MigrationState = attrs.field(converter=MigrationState, metadata={"doc": "Hot or cold."})
    rules: str = fact("vendor", "The rule set: `vendor` or `seed`.")
    label: str = fact("", "The rule set's own short name for it.")
    flows: tuple[RuleFlow, ...] = several((), "Its rows, one or more for each kind of data.")
    differs: str = fact("", "What the other rule set says instead; empty where both agree.")
    versions: str = fact("", "The versions of vSphere it speaks of.")
    note: str = fact("", "What else to know.")

    @property
    def title(self) -> str:
        """The rule in one line."""
        kind = self.kind.replace("_", " ")
        return f"{self.state} {kind} migration by the {self.rules} rules" + (f": {self.label}" if self.label else "")

    def __str__(self) -> str:
        lines = [self.title]
        for flow in self.flows:
            when = f" ({', '.join(sorted(flow.when))})" if flow.when else ""
            note = f": {flow.note}" if flow.note else ""
            lines.append(f"  {flow.data}{when}: {_carried(flow)} [{flow.confidence}]{note}")
        return "\n".join(map(visible, (*lines, *([f"  differs: {self.differs}"] if self.differs else []))))

    def _repr_html_(self) -> str:
        rows = [
            (flow.data, ", ".join(sorted(flow.when)), _carried(flow), flow.protocol, flow.confidence, flow.note)
            for flow in self.flows
        ]
        names = ("data", "when", "services", "protocol", "confidence", "note")
        sources = sources_list((flow.data, flow.sources) for flow in self.flows)
        differs = f"<p>Differs: {cell(self.differs)}</p>" if self.differs else ""
        return page(f"<p>{cell(self.title)}</p>", bounded_table(names, rows), differs, sources)


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
        parts += ["(fallback)" if self.fallback else "", size(self.bytes), duration(self.seconds), self._wire()]
        return " ".join(part for part in parts if part)

    def _wire(self) -> str:
        """VLAN, MTU, uplinks and speed of the way, as far as they are known."""
        ends = [end for end in (self.source_adapter, self.destination_adapter) if end]
        speed = f"{self.link_speed_mbps / 1000:g} Gbit/s" if self.link_speed_mbps else ""
        uplinks = " → ".join("+".join(end.uplinks) or "?" for end in ends) if any(end.uplinks for end in ends) else ""
        parts = [both("VLAN", [end.vlan_id for end in ends]), both("MTU", [end.mtu for end in ends]), uplinks, speed]
        said = ", ".join(part for part in parts if part)
        return f"[{said}]" if said else ""


@attrs.frozen(kw_only=True)
class MigrationPath:
    """How one host reaches another for one purpose: the adapters of both, and what stands in between."""

    id: str = attrs.field(metadata={"doc": "`<source host id> <destination host id> <purpose>`."})
    name: str = attrs.field(metadata={"doc": "`esx01 → esx02 vmotion`; of two vCenters with `cross-vCenter` behind."})
    platform: str = attrs.field(metadata={"doc": "`vsphere`."})
    source: str = attrs.field(metadata={"doc": "Which endpoint the hosts were read from."})
    source_host_id: str = fact("", "Where it starts.")
    source_host_name: str = fact("", "That host's name.")
    destination_host_id: str = fact("", "Where it ends.")
    destination_host_name: str = fact("", "That host's name.")
    crosses_vcenters: bool = fact(False, "The hosts are of two vCenters.")
    cluster_id: str = fact("", "The cluster of both hosts; empty where they are in two.")
    purpose: str = fact("", "`vmotion`: memory and active disks of running machines; `vSphereProvisioning`: cold data.")
    service: str = fact("", "The service used: the purpose, or what it falls back to.")
    fallback: bool = fact(False, "The preferred service is not set up at one end or both.")
    feasible: bool = fact(False, "No finding is a blocker.")
    source_adapter_id: str = fact("", "The adapter it leaves by; empty where there is none.")
    source_device: str = fact("", "Its device.")
    source_ip_address: str = fact("", "Its IPv4 address.")
    source_vlan_id: int | None = fact(None, "Its VLAN.")
    source_mtu: int | None = fact(None, "Its MTU.", unit="bytes")
    destination_adapter_id: str = fact("", "The adapter it arrives at; empty where there is none.")
    destination_device: str = fact("", "Its device.")
    destination_ip_address: str = fact("", "Its IPv4 address.")
    destination_vlan_id: int | None = fact(None, "Its VLAN.")
    destination_mtu: int | None = fact(None, "Its MTU.", unit="bytes")
    link_speed_mbps: int | None = fact(None, "The slower of both ends.", unit="Mbit/s")
    findings: tuple[Finding, ...] = several((), "What stands in its way or deserves a look.")


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
        time = "nothing to copy" if self.seconds == 0 else duration(self.seconds) or "time unknown"
        lacking = any(finding.code == INCOMPLETE for finding in self.findings)
        so_far = " as far as the inventory goes, which is incomplete" if lacking else ""
        verdict = f"feasible{so_far}, {time}" if self.feasible else "NOT feasible"
        kind = str(self.kind).replace("_", " ")
        return f"{self.vm.name}: {self.state} {kind} migration to {target or 'where it is'}: {verdict}"

    def _host_change(self) -> str:
        return self.destination_host_name if self.destination_host_id != self.source_host_id else ""

    def __repr__(self) -> str:
        return f"<MigrationPlan {visible(self.title)}>"

    def render_svg(self) -> str:
        """The path of the plan as a picture: an SVG file, for light and dark pages."""
        from hybridinv.model.drawing import draw

        return draw(self, alone=True)

    def __str__(self) -> str:
        lines = [sentence(self), *(f"  {flow}" for flow in self.flows)]
        if self.stays:
            lines.append(f"  stays: {', '.join(self.stays)}")
        lines += [f"  assumes: {note}" for note in assumed(flow.note for flow in self.flows)]
        for f in self.findings:
            lines.append(f"  {f.severity.upper()} {f.code}: {f.message}" + (f" — {f.remedy}" if f.remedy else ""))
        return "\n".join(map(visible, lines))

    def _repr_html_(self) -> str:
        from hybridinv.model.drawing import draw

        notes = "".join(f"<li>{cell(note)}</li>" for note in assumed(flow.note for flow in self.flows))
        return page(
            f"<p>{cell(sentence(self))}</p>",
            draw(self),
            bounded_table(_FLOW_COLUMNS, [_flow_cells(flow) for flow in self.flows]),
            sources_list((flow.data, flow.sources) for flow in self.flows),
            f"<p>Assumes:</p><ul>{notes}</ul>" if notes else "",
            findings_table(self.findings),
        )


_FLOW_COLUMNS = (
    "data", "service", "protocol", "fallback", "from", "to", "VLAN", "MTU", "uplinks", "size", "time", "confidence",
)  # fmt: skip


def _flow_cells(flow: Flow) -> tuple[object, ...]:
    ends = [end for end in (flow.source_adapter, flow.destination_adapter) if end]
    uplinks = " → ".join("+".join(end.uplinks) or "?" for end in ends) if any(end.uplinks for end in ends) else ""
    return (
        flow.data, flow.service, flow.protocol, "fallback" if flow.fallback else "", _adapter(flow.source_adapter),
        _adapter(flow.destination_adapter), both("", [end.vlan_id for end in ends]).strip(),
        both("", [end.mtu for end in ends]).strip(), uplinks, size(flow.bytes), duration(flow.seconds),
        flow.confidence,
    )  # fmt: skip


def _carried(flow: RuleFlow) -> str:
    return ", else ".join(flow.services) or "stays"


def _adapter(adapter: VMkernelAdapter | None) -> str:
    return " ".join(part for part in (adapter.device, adapter.ip_address) if part) if adapter else ""
