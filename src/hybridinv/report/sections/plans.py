"""Reports of plans: of a migration, of maintenance, of onboarding."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hybridinv.inventory import count_of
from hybridinv.model import Severity
from hybridinv.model.drawing import draw
from hybridinv.model.wording import DATA, SERVICES, assumed, both, sentence
from hybridinv.report.parts import (
    Bar,
    Bars,
    Cell,
    Contents,
    Figure,
    Note,
    Section,
    Table,
    Tone,
    Unit,
    columns,
)
from hybridinv.report.sections.maintenance import EFFECT_TONES, effect_bars
from hybridinv.report.seen import PLATFORMS

_SEVERITIES = {Severity.BLOCKER: Tone.BAD, Severity.WARNING: Tone.WARNING, Severity.INFO: Tone.PLAIN}

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hybridinv.model import Finding
    from hybridinv.model.maintenance import MaintenancePlan
    from hybridinv.model.migration import Flow, MigrationPlan
    from hybridinv.model.onboarding import OnboardingCase, OnboardingPlan, OnboardingTarget
    from hybridinv.report.parts import Value

_NOTE = "The plan is as good as its inventory was fresh; a plan does not say when that was taken."


def migration(plan: MigrationPlan) -> Contents:
    """A migration: the picture, what moves over what, what it rests on, and the findings."""
    notes = [Note(text=note) for note in assumed(flow.note for flow in plan.flows)]
    way = Section(
        id="way",
        title="What moves, and over what",
        source=f"plan_migration by the {plan.rules} rules.",
        notes=(Note(text=_NOTE),),
        picture=draw(plan),
        figures=(
            Figure(label="Takes, estimated", value=plan.seconds, unit=Unit.SECONDS),
            Figure(label="Stays", value=", ".join(DATA[data] for data in plan.stays) or "nothing", unit=Unit.TEXT),
        ),
        tables=(
            Table(
                id="flows",
                caption="Flows",
                columns=columns(
                    "Data", "Service", "Protocol", "From", "To", "VLAN", "MTU", ("Link", Unit.MBPS),
                    ("Size", Unit.BYTES), ("Time", Unit.SECONDS), "Confidence",
                    ("Sources", Unit.CITATION),
                ),
                rows=[_flow(flow) for flow in plan.flows],
                empty="Nothing would move.",
            ),
        ),
    )  # fmt: skip
    rests = Section(id="assumptions", title="What the estimates rest on", source="The notes of the flows.", notes=notes)
    return Contents(
        title=f"Migration of {plan.vm.name}",
        lead=sentence(plan),
        verdict="Feasible" if plan.feasible else "NOT feasible",
        tone=Tone.GOOD if plan.feasible else Tone.BAD,
        sections=(_findings(plan.findings, {}), way, *((rests,) if notes else ())),
    )


def _flow(flow: Flow) -> tuple[Value, ...]:
    ends = [end for end in (flow.source_adapter, flow.destination_adapter) if end]
    start, stop = (
        Cell(f"{end.device} {end.ip_address}".strip(), more="+".join(end.uplinks)) if end else Cell("no adapter")
        for end in (flow.source_adapter, flow.destination_adapter)
    )
    name = SERVICES.get(flow.service, flow.service)
    service = Cell(f"{name} (fallback)", Tone.WARNING) if flow.fallback else name
    vlans, mtus = both("", [end.vlan_id for end in ends]), both("", [end.mtu for end in ends])
    return (
        DATA[flow.data], service, flow.protocol, start, stop, vlans.strip(), mtus.strip(), flow.link_speed_mbps,
        flow.bytes, flow.seconds, flow.confidence.replace("_", " "), "; ".join(flow.sources),
    )  # fmt: skip


def maintenance(plan: MaintenancePlan) -> Contents:
    """Maintenance: the machines, the order of the hosts, and the findings."""
    names = {one.vm.id: one.vm.name for one in plan.impacts} | {host.id: host.name for host in plan.hosts}
    return Contents(
        title="Maintenance of " + (count_of("host", len(plan.hosts)) if plan.hosts else "the hosts beneath machines"),
        lead=plan.title,
        verdict="Feasible" if plan.feasible else "NOT feasible",
        tone=Tone.GOOD if plan.feasible else Tone.BAD,
        sections=(_findings(plan.findings, names), _machines(plan), _steps(plan)),
    )


def _machines(plan: MaintenancePlan) -> Section:
    return Section(
        id="machines",
        title="What happens to the machines",
        source=f"plan_maintenance with update={plan.update}.",
        notes=(Note(text=_NOTE),),
        bars=(effect_bars("Machines by what happens to them", plan.impacts),),
        tables=(
            Table(
                id="impacts",
                caption="Machines",
                columns=columns(
                    "Machine", "Platform", "Host", "Effect", "Goes to", "Why", "Confidence", ("Sources", Unit.CITATION)
                ),
                rows=[
                    (
                        one.vm.name, PLATFORMS.get(one.vm.platform, one.vm.platform),
                        one.host.name if one.host else Cell("not shown"),
                        Cell(one.effect.replace("_", " "), EFFECT_TONES[one.effect]),
                        one.destination.name if one.destination else "", one.reason, one.confidence.replace("_", " "),
                        "; ".join(one.sources),
                    )
                    for one in plan.impacts
                ],
                empty="There is no machine on these hosts.",
            ),
        ),
    )  # fmt: skip


def _steps(plan: MaintenancePlan) -> Section:
    rows = [
        (
            f"{step.number}. {step.host.name if step.host else '?'}", len(step.moves),
            sum(move.by_hand for move in step.moves), step.hosts_available, step.memory_free_bytes, step.cpu_free_mhz,
        )
        for step in plan.steps
    ]  # fmt: skip
    moves = [
        (
            move.vm_name, step.number, step.host.name if step.host else None,
            move.destination_name or Cell("the platform chooses"), "yes" if move.by_hand else "no",
        )
        for step in plan.steps
        for move in step.moves
    ]  # fmt: skip
    return Section(
        id="steps",
        title="The order of the hosts",
        source="A rolling run: each host is emptied, serviced, and comes back empty before the next one goes.",
        tables=(
            Table(
                id="step-list",
                caption="Steps",
                columns=columns(
                    "Step", ("Machines leave", Unit.COUNT), ("By hand", Unit.COUNT),
                    ("Hosts that take them", Unit.COUNT), ("Memory left", Unit.BYTES), ("CPU left", Unit.MHZ),
                ),
                rows=rows,
                empty="No order is needed, or none is known.",
            ),
            Table(
                id="moves",
                caption="Moves",
                columns=columns("Machine", ("Step", Unit.COUNT), "From", "To", "By hand"),
                rows=moves,
                empty="No machine moves.",
            ),
        ),
    )  # fmt: skip


def onboarding(plan: OnboardingPlan) -> Contents:
    """Onboarding: where to, who, who not and why."""
    reasons = Counter(one.reason for one in plan.skipped)
    names = {one.vm_id: one.name for one in (*plan.candidates, *plan.skipped)}
    who = Section(
        id="candidates",
        title="Who is onboarded",
        source="The candidates of the plan.",
        tables=(_cases("candidate-list", "Candidates", plan.candidates, "There is nobody to onboard."),),
    )
    skipped = Section(
        id="skipped",
        title="Who is not",
        source="Every other machine of the inventory, with its reason.",
        bars=(
            Bars(
                title="Machines by reason",
                unit="machines",
                bars=[Bar(label=why.replace("_", " "), count=count) for why, count in reasons.most_common()],
            ),
        ),
        tables=(_cases("skipped-list", "Skipped", plan.skipped, "Nobody is skipped."),),
    )
    return Contents(
        title="Onboarding to Azure Arc",
        lead=str(plan),
        verdict=f"{len(plan.candidates)} to onboard",
        sections=(_findings(plan.findings, names), _where(plan.target), who, skipped),
    )


def _where(target: OnboardingTarget) -> Section:
    facts = [
        ("Resource group", target.resource_group), ("Region", target.location), ("Cloud", target.cloud),
        ("Subscription", target.subscription_id), ("Tenant", target.tenant_id), ("Proxy", target.proxy),
        ("Arc gateway", target.gateway_id), ("Private link scope", target.private_link_scope_id),
        ("Agent version", target.agent_version or "the newest"),
        ("Tags", ", ".join(f"{name}={value}" for name, value in target.tags.items())),
    ]  # fmt: skip
    return Section(
        id="target",
        title="Where to",
        source="The target of plan_onboarding.",
        notes=(Note(text=_NOTE),),
        tables=(
            Table(
                id="target-facts",
                caption="Target",
                columns=columns("What", "Value"),
                rows=[(name, value or Cell("none")) for name, value in facts],
            ),
        ),
    )


def _cases(id_: str, caption: str, cases: Sequence[OnboardingCase], empty: str) -> Table:
    return Table(
        id=id_,
        caption=caption,
        columns=columns("Machine", "Reason", "System", "Name in Azure", "Guest's own name", "What is so", "What to do"),
        rows=[
            (
                one.name, one.reason.replace("_", " "), one.os_type, one.resource_name, one.hostname,
                "; ".join(found.message for found in one.findings),
                "; ".join(dict.fromkeys(found.remedy for found in one.findings if found.remedy)),
            )
            for one in cases
        ],
        empty=empty,
    )  # fmt: skip


def _findings(findings: Sequence[Finding], names: Mapping[str, str]) -> Section:
    rows: list[tuple[Value, ...]] = [
        (
            Cell(one.severity, _SEVERITIES[one.severity]), one.code, names.get(one.subject_id, ""), one.message,
            one.remedy, "; ".join(one.sources),
        )
        for one in sorted(findings, key=lambda one: list(Severity).index(one.severity))
    ]  # fmt: skip
    heads = columns("Severity", "Finding", "Of", "What is so", "What to do", ("Sources", Unit.CITATION))
    if not any(row[2] for row in rows):
        rows, heads = [(*row[:2], *row[3:]) for row in rows], (*heads[:2], *heads[3:])
    return Section(
        id="findings",
        title="Findings",
        source="The findings of the plan, blockers first.",
        tables=(Table(id="finding-list", caption="Findings", columns=heads, rows=rows, empty="Nothing was found."),),
    )
