"""Agents in machines: VMware Tools, Azure's VM agent, Arc's agent."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hybridinv.catalogue.agent_words import TOOLS_VERSIONS
from hybridinv.inventory import count_of
from hybridinv.model import AgentStatus, PowerState, Severity
from hybridinv.model.versions import version_key
from hybridinv.report.parts import Alert, Bar, Bars, Cell, Section, Table, Tone, Unit, columns
from hybridinv.report.seen import PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from hybridinv.model import Finding, VirtualMachine
    from hybridinv.report.seen import Reading

_VSPHERE, _ARM = ("vsphere",), ("azure-stack-hub", "azure", "azure-arc")
_TONES = {
    AgentStatus.READY: Tone.GOOD,
    AgentStatus.NOT_READY: Tone.WARNING,
    AgentStatus.NOT_INSTALLED: Tone.BAD,
    AgentStatus.DISCONNECTED: Tone.BAD,
    AgentStatus.EXPIRED: Tone.BAD,
    AgentStatus.ERROR: Tone.BAD,
    AgentStatus.UNKNOWN: Tone.PLAIN,
}
_KINDS = {"azure-vm-agent": "Azure VM agent", "connected-machine-agent": "Connected machine agent"}
_SEVERITIES = {Severity.BLOCKER: Tone.BAD, Severity.WARNING: Tone.WARNING, Severity.INFO: Tone.PLAIN}


def tools(reading: Reading) -> Section:
    """VMware Tools in the machines of vSphere that run."""
    machines = [vm for vm in reading.vms("vsphere") if vm.power_state is PowerState.RUNNING]
    found = _about(reading, {vm.id for vm in machines})
    off = sum(vm.agent.status in (AgentStatus.NOT_READY, AgentStatus.NOT_INSTALLED) for vm in machines)
    old = sum(_version_state(vm) is not None for vm in machines)
    alerts = []
    if off:
        alerts.append(Alert(text=f"{count_of('running machine', off)} without running VMware Tools"))
    if old:
        alerts.append(Alert(text=f"{count_of('running machine', old)} with another version of VMware Tools than due"))
    counts = Counter(vm.agent.version for vm in machines)
    versions = sorted(counts, key=version_key, reverse=True)
    return Section(
        id="tools",
        title="VMware Tools",
        source="guest.toolsRunningStatus and guest.toolsVersionStatus2 of machines that run, and check_agents; of those"
        " that do not run vCenter knows no state. Versions are vSphere's internal numbers.",
        unread=reading.unread(("vms",), _VSPHERE),
        alerts=alerts,
        bars=(_bars("VMware Tools in running machines", machines),),
        tables=(
            findings("tools-findings", reading, found, reading.empty(("vms",), _VSPHERE, "Nothing was found.")),
            Table(
                id="tools-versions",
                caption="Versions of VMware Tools",
                columns=columns("Version", ("Machines", Unit.COUNT)),
                rows=[(version or Cell("not known"), counts[version]) for version in versions],
                empty=reading.empty(("vms",), _VSPHERE, "No machine runs."),
            ),
            _tools_list(reading, machines),
        ),
    )


def _tools_list(reading: Reading, machines: Sequence[VirtualMachine]) -> Table:
    rows = [
        (
            vm.name, reading.name(vm.host_id), _status(vm), _version_state(vm) or "", vm.agent.version or None,
            vm.os_name or None, vm.agent.message,
        )
        for vm in sorted(machines, key=lambda vm: (vm.agent.status is AgentStatus.READY, _version_state(vm) is None))
    ]  # fmt: skip
    return Table(
        id="tools-machines",
        caption="VMware Tools, machine by machine",
        columns=columns("Machine", "Host", "Status", "The version", "Version", "Guest system", "vCenter says"),
        rows=rows,
        empty=reading.empty(("vms",), _VSPHERE, "No machine runs."),
    )


def agents(reading: Reading) -> Section:
    """The agents of Azure, Azure Stack Hub and Arc, and what is to be said of them."""
    machines = reading.vms(*_ARM)
    found = _about(reading, {vm.id for vm in machines})
    rows = [
        (
            vm.name, PLATFORMS[vm.platform], vm.resource_group or None, _power(vm), _status(vm),
            vm.agent.version or None, vm.agent.changed_at, vm.agent.message,
        )
        for vm in sorted(machines, key=lambda vm: vm.agent.status is AgentStatus.READY)
    ]  # fmt: skip
    kinds = {kind: [vm for vm in machines if vm.agent.kind == kind] for kind in _KINDS}
    return Section(
        id="agents",
        title="Agents of Azure and Arc",
        source="The VM agent of Azure and Azure Stack Hub (instance view), Arc's connected machine agent,"
        " and check_agents.",
        unread=reading.unread(("vms",), _ARM),
        alerts=alert_of(found, "machine", "whose agent deserves a look"),
        bars=[_bars(_KINDS[kind], several) for kind, several in kinds.items() if several],
        tables=(
            findings("agent-findings", reading, found, reading.empty(("vms",), _ARM, "Nothing was found.")),
            Table(
                id="agent-machines",
                caption="Agents, machine by machine",
                columns=columns(
                    "Machine", "Platform", "Resource group", "Power", "Agent", "Version", ("Status since", Unit.MOMENT),
                    "It says",
                ),
                rows=rows,
                empty=reading.empty(("vms",), _ARM, "No machine of Azure, Azure Stack Hub or Arc."),
            ),
        ),
    )  # fmt: skip


def findings(
    id_: str, reading: Reading, found: Sequence[Finding], empty: str, name: Callable[[str], str | None] | None = None
) -> Table:
    """Findings as a table, the worst first; `name` says what the id of a subject is called."""
    called = name or reading.name
    return Table(
        id=id_,
        caption="Findings",
        columns=columns("Of", "Severity", "Finding", "What is so", "What to do", ("Sources", Unit.CITATION)),
        rows=[
            (
                called(one.subject_id), Cell(one.severity, _SEVERITIES[one.severity]), one.code, one.message,
                one.remedy, "; ".join(one.sources),
            )
            for one in sorted(found, key=lambda one: list(Severity).index(one.severity))
        ],
        empty=empty,
    )  # fmt: skip


def alert_of(found: Sequence[Finding], what: str, said: str) -> tuple[Alert, ...]:
    """How many subjects have a finding that is more than information."""
    count = len({one.subject_id for one in found if one.severity is not Severity.INFO})
    return (Alert(text=f"{count_of(what, count)} {said}"),) if count else ()


def _about(reading: Reading, ids: Collection[str]) -> list[Finding]:
    return [one for one in reading.agent_findings if one.subject_id in ids]


def _version_state(vm: VirtualMachine) -> Cell | None:
    """What vSphere says of the version of VMware Tools, where it is not as it should be."""
    for word, (severity, said) in TOOLS_VERSIONS.items():
        if word in vm.agent.message:
            return Cell(said, Tone.WARNING if severity is not Severity.INFO else Tone.PLAIN)
    return None


def _status(vm: VirtualMachine) -> Cell:
    known = vm.agent.status is not AgentStatus.UNKNOWN
    return Cell(_words(vm.agent.status) if known else None, _TONES[vm.agent.status])


def _power(vm: VirtualMachine) -> str | None:
    return None if vm.power_state is PowerState.UNKNOWN else vm.power_state


def _bars(title: str, machines: Sequence[VirtualMachine]) -> Bars:
    counts = Counter(vm.agent.status for vm in machines)
    bars = [Bar(label=_words(one), count=counts[one], tone=_TONES[one]) for one in AgentStatus if counts[one]]
    return Bars(title=title, unit="machines", bars=bars)


def _words(word: str) -> str:
    return word.replace("_", " ")
