"""check_agents: the agents inside machines, and the extensions that they run."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import attrs

from hybridinv.catalogue.agent_words import (
    AGENTS,
    ARC_SUPPORT,
    AZURE_AGENT,
    EXTENSIONS,
    SPECIALISED,
    TOOLS,
    TOOLS_VERSIONS,
)
from hybridinv.catalogue.extension_state import called, failed_by, state_of
from hybridinv.errors import NotSupported
from hybridinv.identity import same_machines
from hybridinv.inventory import Inventory, count_of
from hybridinv.model import AgentStatus, Extension, Finding, PowerState, Severity
from hybridinv.model.findings import finding
from hybridinv.tables import Records
from hybridinv.wire.arc_agent import released_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime

    from hybridinv.model import Agent, VirtualMachine

_OFF = frozenset({PowerState.STOPPED, PowerState.SUSPENDED, PowerState.DEALLOCATED})
_BETWEEN = frozenset({PowerState.STARTING, PowerState.STOPPING})
_ARC, _ARC_AGENT = "azure-arc", "connected-machine-agent"
_AGENT_OF = {
    "vsphere": "vmware-tools", "azure": "azure-vm-agent", "azure-stack-hub": "azure-vm-agent", _ARC: _ARC_AGENT,
}  # fmt: skip
_LOOK = "look at its service inside the guest, and at the way from there to the platform"
_WITH_EXTENSIONS = frozenset({"azure", "azure-stack-hub", _ARC})
_FINE = frozenset({"ready", "running", "active", "succeeded", ""})
_AGE = timedelta(days=365)
_SHOWN = 3


def check_agents(inv: Inventory) -> Records[Finding]:
    """What is wrong with the agents inside machines, and with the extensions that they run.

    Agents are Azure's VM agent, Arc's connected machine agent and VMware Tools. A machine that is off is not accused of
    what its agent does not do; that it has none, or which version, is said all the same. An Arc machine that vSphere or
    Azure shows as off (`same_machines`) is off, unless its agent is connected. What is not known is said as such
    (`AgentUnknown`, INFO), never as missing. Ages are at the time of the inventory (`taken_at`); when a version of the
    Arc agent came out is data with sources (`wire/agent_releases.toml`). `NotSupported` where `inv` is no inventory.
    API: `guest.toolsRunningStatus`, `instanceView.vmAgent`, `status`.
    """
    if not isinstance(inv, Inventory):
        raise NotSupported(f"inv= is {type(inv).__name__}, not an Inventory", remedy="hi.collect and hi.load give one")
    off = _off(inv)
    found: list[Finding] = list(_of_inventory(inv))
    for vm in map(_with_kind, inv.vms):
        found += _of_machine(vm, inv.taken_at.astimezone(UTC).date(), is_off=vm.id in off)
    for extension in inv.extensions:
        found += _of_extension(extension, is_off=extension.vm_id in off)
    found += _of_images(inv)
    return Records(Finding, found)


def _with_kind(vm: VirtualMachine) -> VirtualMachine:
    """The machine, with the kind of its platform's agent where a record that is made by hand does not say it."""
    kind = "" if vm.agent.kind else _AGENT_OF.get(vm.platform, "")
    return attrs.evolve(vm, agent=attrs.evolve(vm.agent, kind=kind)) if kind else vm


def _off(inv: Inventory) -> set[str]:
    """The machines that are off, by their own record or, where that says nothing of power, by another's."""
    states = {vm.id: vm.power_state for vm in inv.vms}
    off = {id_ for id_, state in states.items() if state in _OFF}
    silent = {vm.id for vm in inv.vms if vm.platform == _ARC and _tells_nothing(vm)}
    if silent and off:
        for match in same_machines(inv):
            told = {states.get(id_, PowerState.UNKNOWN) for id_ in match.vm_ids} - {PowerState.UNKNOWN}
            if not match.ambiguous and told and told <= _OFF:
                off |= silent.intersection(match.vm_ids)
    return off


def _tells_nothing(vm: VirtualMachine) -> bool:
    """Whether nothing of a machine's own record says that it runs or not; an agent that is connected runs."""
    return vm.power_state is PowerState.UNKNOWN and vm.agent.status is not AgentStatus.READY


def _of_inventory(inv: Inventory) -> Iterator[Finding]:
    lost = [one for one in inv.problems if one.kind in ("", "vms", "extensions") and one.error]
    if lost:
        yield finding(
            Severity.WARNING, "InventoryIncomplete", "",
            f"the inventory is incomplete at {_listed(one.source for one in lost)}"
            f" ({count_of('problem', len(lost))} with machines and extensions): some may be missing",
            "see the problems of the inventory",
        )  # fmt: skip
    for one in inv.asked:
        if one.platform in _WITH_EXTENSIONS and "vms" in one.kinds and "extensions" not in one.kinds:
            yield finding(
                Severity.INFO, "ExtensionsNotRead", "",
                f"the extensions at {one.source} ({one.platform}) were not read: nothing is said of them",
                "collect the kind extensions too",
            )  # fmt: skip


def _of_machine(vm: VirtualMachine, today: date, *, is_off: bool) -> Iterator[Finding]:
    if vm.is_template:
        yield from _of_template(vm)
        return
    power = "off" if is_off else vm.power_state.value if vm.power_state in _BETWEEN else ""
    yield from _of_standing(vm, power) if power else _of_status(vm)
    yield from _of_version(vm, today)
    if not power and vm.agent.status is AgentStatus.READY:
        yield from _of_services(vm)


def _of_standing(vm: VirtualMachine, power: str) -> Iterator[Finding]:
    """What holds of an agent whether its machine runs or not: that there is none, or that it has expired."""
    if vm.agent.status is AgentStatus.EXPIRED:
        yield _expired(vm, Severity.INFO, f"; the machine is {power}")
    elif vm.agent.status is AgentStatus.NOT_INSTALLED:
        name = AGENTS.get(vm.agent.kind, "an agent")
        yield finding(
            Severity.INFO, "AgentMissing", vm.id, f"{vm.name} is without {name}; the machine is {power}",
            f"install {name} when it runs", _source(vm.agent),
        )  # fmt: skip


def _of_status(vm: VirtualMachine) -> Iterator[Finding]:
    agent, name = vm.agent, AGENTS.get(vm.agent.kind, "the agent")
    said = f": {agent.message}" if agent.message else ""
    since = f" since {_utc(agent.changed_at)}" if agent.changed_at else ""
    source, is_arc = _source(agent), agent.kind == _ARC_AGENT
    match agent.status:
        case AgentStatus.READY:
            return
        case AgentStatus.NOT_INSTALLED:
            yield finding(
                Severity.WARNING, "AgentMissing", vm.id, f"{vm.name} is without {name}{said}",
                f"install {name}", source,
            )  # fmt: skip
        case AgentStatus.NOT_READY:
            yield finding(
                Severity.WARNING, "AgentNotReady", vm.id, f"{name} of {vm.name} is not ready{since}{said}",
                _LOOK, source,
            )  # fmt: skip
        case AgentStatus.DISCONNECTED:
            yield finding(
                Severity.WARNING, "AgentDisconnected", vm.id, f"{name} of {vm.name} is disconnected{since}{said}",
                "see that the machine runs and reaches Azure (azcmagent check); after 45 days it may expire"
                if is_arc else _LOOK, source,
            )  # fmt: skip
        case AgentStatus.EXPIRED:
            yield _expired(vm, Severity.WARNING, said)
        case AgentStatus.ERROR:
            yield finding(
                Severity.WARNING, "AgentError", vm.id, f"{name} of {vm.name} reports an error{since}{said}",
                "read what it says (azcmagent show), and its log inside the guest" if is_arc else _LOOK, source,
            )  # fmt: skip
        case AgentStatus.UNKNOWN:
            yield finding(
                Severity.INFO, "AgentUnknown", vm.id, f"the state of {name} of {vm.name} is not known{said}",
                "look inside the guest, or collect again", source,
            )  # fmt: skip


def _expired(vm: VirtualMachine, severity: Severity, said: str) -> Finding:
    when = f" ({_utc(vm.agent.changed_at)})" if vm.agent.changed_at else ""
    anew = "azcmagent disconnect --force-local-only, delete the resource, and connect it anew"
    return finding(
        severity, "AgentExpired", vm.id, f"the credential of {vm.name}'s agent has expired{when}{said}",
        anew if vm.agent.kind == _ARC_AGENT else _LOOK, _source(vm.agent),
    )  # fmt: skip


def _of_version(vm: VirtualMachine, today: date) -> Iterator[Finding]:
    agent = vm.agent
    if agent.kind == _ARC_AGENT:
        yield from _of_arc_version(vm, today)
    if agent.kind == "vmware-tools" and agent.status is not AgentStatus.NOT_INSTALLED:
        word = next((word for word in agent.message.split(", ") if word in TOOLS_VERSIONS), "")
        if word:
            severity, said = TOOLS_VERSIONS[word]
            version = f" ({agent.version})" if agent.version else ""
            yield finding(
                severity, "ToolsOutdated", vm.id, f"VMware Tools{version} of {vm.name} {said}: {word}",
                "upgrade VMware Tools", TOOLS,
            )  # fmt: skip


def _of_arc_version(vm: VirtualMachine, today: date) -> Iterator[Finding]:
    agent = vm.agent
    if agent.last_upgrade.lower() == "failed":
        to = f" to {agent.desired_version}" if agent.desired_version else ""
        yield finding(
            Severity.WARNING, "AgentUpgradeFailed", vm.id, f"the last upgrade of {vm.name}'s agent{to} failed",
            "upgrade it by hand", ARC_SUPPORT,
        )  # fmt: skip
    latest = released_by(agent.version)
    if latest is not None and today - latest > _AGE:
        exact = agent.released_on is not None
        when = f"came out in {agent.released_on:%B %Y}" if exact else f"came out before {latest + timedelta(1):%B %Y}"
        yield finding(
            Severity.WARNING, "AgentOld", vm.id,
            f"{vm.name} has version {agent.version} of the connected machine agent, which {when}, more than a year ago",
            "upgrade it, or have Azure upgrade it; Microsoft supports the versions of the last year", ARC_SUPPORT,
        )  # fmt: skip


def _of_services(vm: VirtualMachine) -> Iterator[Finding]:
    """Extension handlers of Azure's VM agent, and services of Arc's, that do not say that they are well."""
    for name, word in vm.agent.services.items():
        if word.strip().lower() not in _FINE:
            yield finding(
                Severity.WARNING, "AgentServiceNotReady", vm.id,
                f"{name} on {vm.name} is not ready: {word}", "look at its log inside the guest", _source(vm.agent),
            )  # fmt: skip


def _of_template(vm: VirtualMachine) -> Iterator[Finding]:
    if vm.agent.status is AgentStatus.NOT_INSTALLED:
        yield finding(
            Severity.INFO, "ImageWithoutAgent", vm.id,
            f"the template {vm.name} has no VMware Tools, and what is made from it has none either",
            "install VMware Tools in the template", TOOLS,
        )  # fmt: skip


def _of_images(inv: Inventory) -> Iterator[Finding]:
    """Machines that were made without Azure's agent, and have none that anybody sees, together by their image."""
    made: dict[tuple[str, str, str], list[VirtualMachine]] = defaultdict(list)
    for vm in inv.vms:
        agent = vm.agent
        if agent.is_wanted is False and agent.status in (AgentStatus.UNKNOWN, AgentStatus.NOT_INSTALLED):
            made[vm.platform, vm.source, vm.image].append(vm)
    for (_, source, image), vms in made.items():
        names = ", ".join(vm.name for vm in vms[:_SHOWN]) + (f" and {len(vms) - _SHOWN} more" if vms[_SHOWN:] else "")
        of = f" from {image}" if image else " from an image that is not named"
        unknown = sum(vm.agent.status is AgentStatus.UNKNOWN for vm in vms)
        doubt = f"; whether one was added later is not known of {unknown}" if unknown else ""
        yield finding(
            Severity.INFO, "ImageWithoutAgent", vms[0].id if len(vms) == 1 else "",
            f"{names} at {source} {'was' if len(vms) == 1 else 'were'} made{of} with provisionVMAgent false{doubt}",
            "make machines with provisionVMAgent true from an image that has the agent", SPECIALISED,
        )  # fmt: skip


def _of_extension(extension: Extension, *, is_off: bool) -> Iterator[Finding]:
    state = state_of(extension)
    what = called(extension)
    machine = extension.vm_id.rpartition("/")[2]
    said = f": {extension.message}" if extension.message else ""
    words = "; the machine is off" if is_off else ""
    if state == "failed":
        yield finding(
            Severity.INFO if is_off else Severity.WARNING, "ExtensionFailed", extension.id,
            f"{what} on {machine} has failed ({failed_by(extension)}){words}{said}",
            "read its log inside the guest, then remove it and install it again", EXTENSIONS,
        )  # fmt: skip
    elif state == "in_transition":
        yield finding(
            Severity.INFO, "ExtensionInTransition", extension.id,
            f"{what} on {machine} is in transition ({extension.provisioning_state}){words}{said}",
            "look again; one that stays so for hours hangs, often as the agent does not run", EXTENSIONS,
        )  # fmt: skip


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _listed(sources: Iterable[str]) -> str:
    names = sorted(set(filter(None, sources))) or ["a source that is not named"]
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if names[_SHOWN:] else "")


def _source(agent: Agent) -> str:
    return {"vmware-tools": TOOLS, "connected-machine-agent": ARC_SUPPORT}.get(agent.kind, AZURE_AGENT)
