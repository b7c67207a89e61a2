"""plan_onboarding: who should be Arc-enabled, who not, and why."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import attrs

from hybridinv.errors import NotSupported
from hybridinv.identity import same_machines
from hybridinv.model import (
    AgentStatus,
    Evidence,
    Finding,
    MachineMatch,
    MatchConfidence,
    OSType,
    PowerState,
    Severity,
    VirtualMachine,
)
from hybridinv.model.onboarding import OnboardingCase, OnboardingPlan, OnboardingReason, OnboardingTarget
from hybridinv.onboarding.requirements import (
    is_valid_name,
    names_source,
    reserved_word,
    system_of,
    systems_source,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hybridinv.inventory import Inventory

_ARC, _AZURE, _HUB = "azure-arc", "azure", "azure-stack-hub"
_NOT_INSIDE = (
    "Microsoft Learn, Evaluate Azure Arc-enabled servers on an Azure virtual machine, "
    "https://learn.microsoft.com/azure/azure-arc/servers/plan-evaluate-on-azure-virtual-machine"
)
_CONNECTED = "Microsoft Learn, Connected Machine agent overview, https://learn.microsoft.com/azure/azure-arc/servers/agent-overview"
AT_ARC = {
    AgentStatus.READY: (OnboardingReason.ALREADY_CONNECTED, "nothing to do"),
    AgentStatus.DISCONNECTED: (
        OnboardingReason.DISCONNECTED,
        "start the agent's services (himds) and check its way out: azcmagent check",
    ),
    AgentStatus.EXPIRED: (
        OnboardingReason.EXPIRED,
        "its credential is past its life: azcmagent disconnect --force-local-only, delete the resource, connect anew",
    ),
    AgentStatus.ERROR: (OnboardingReason.IN_ERROR, "read its error details: azcmagent show, azcmagent logs"),
}
NO_STATUS = (OnboardingReason.NO_STATUS_YET, "it was onboarded a moment ago; look again in some minutes")


def plan_onboarding(inv: Inventory, target: OnboardingTarget) -> OnboardingPlan:
    """Say which machines of an inventory should be Arc-enabled, which not, and why; it asks no endpoint.

    Every machine is in `candidates` or in `skipped`, once: one that vSphere and Arc both show is its vSphere record.
    Collect vSphere, Arc, and Azure or Stack Hub where there are any: without Arc nobody knows who is connected already,
    and `findings` says so. Sources: the agent's prerequisites as dated data (`requirements.toml`).
    """
    if not isinstance(target, OnboardingTarget):
        raise NotSupported(
            f"target= is {type(target).__name__}, not an OnboardingTarget",
            remedy="hi.OnboardingTarget(subscription_id=…, resource_group=…, tenant_id=…, location=…)",
        )
    cases = onboarding_cases(inv, target)
    return OnboardingPlan(
        target=target,
        candidates=tuple(case for case in cases if case.reason is OnboardingReason.READY),
        skipped=tuple(case for case in cases if case.reason is not OnboardingReason.READY),
        findings=tuple(inventory_findings(inv)),
    )


def onboarding_cases(inv: Inventory, target: OnboardingTarget | None = None) -> list[OnboardingCase]:
    """The case of every machine, once; without a target no name is taken by a machine at Arc."""
    return _Plan(inv, target).cases()


def inventory_findings(inv: Inventory) -> Iterator[Finding]:
    """What an inventory cannot tell about who is at Arc."""
    platforms = {one.platform for one in inv.asked if "vms" in one.kinds}
    platforms |= {vm.platform for vm in inv.vms}
    if _ARC not in platforms:
        yield _finding(
            Severity.WARNING, "ArcNotCollected", "",
            "Arc is not in this inventory: who is connected already is not known",
            "collect hi.AzureArc() too", _CONNECTED,
        )  # fmt: skip
    lost = [problem for problem in inv.problems if problem.kind in ("", "vms")]
    if lost:
        yield _finding(
            Severity.WARNING, "InventoryIncomplete", "",
            f"the inventory is incomplete ({len(lost)} problems with machines): some may be missing here",
            "see inv.problems",
        )  # fmt: skip


class _Plan:
    def __init__(self, inv: Inventory, target: OnboardingTarget | None) -> None:
        self._inv = inv
        self._by_id: Mapping[str, VirtualMachine] = {vm.id: vm for vm in inv.vms}
        matches = same_machines(inv)
        self._match = {id_: one for one in matches if not one.ambiguous for id_ in one.vm_ids}
        self._doubt = {id_: one for one in matches if one.ambiguous for id_ in one.vm_ids}
        self._names = Counter(_resource_name(vm).lower() for vm in inv.vms if self._is_new(vm))
        self._taken = {
            vm.name.lower(): vm.id
            for vm in inv.vms
            if target and vm.platform == _ARC and vm.resource_group.lower() == target.resource_group.lower()
            and vm.subscription_id.lower() == target.subscription_id.lower()
        }  # fmt: skip

    def cases(self) -> list[OnboardingCase]:
        """The case of every machine; one that Arc shows too is its record on the platform that runs it."""
        return [self.case(vm) for vm in self._inv.vms if not self.is_shown_elsewhere(vm)]

    def is_shown_elsewhere(self, vm: VirtualMachine) -> bool:
        """Whether an Arc record is the same machine as a record of what it runs on."""
        return vm.platform == _ARC and vm.id in self._match

    def case(self, vm: VirtualMachine) -> OnboardingCase:
        """One machine's case; the first reason that applies decides."""
        case = OnboardingCase(
            vm_id=vm.id,
            name=vm.name,
            resource_name=_resource_name(vm),
            hostname=vm.hostname.partition(".")[0],
            os_type=_os_type(vm),
            bios_uuid=vm.bios_uuid,
        )
        for reason, findings in self._reasons(vm):
            return attrs.evolve(case, reason=reason, arc_id=self._arc_id(vm), findings=tuple(findings))
        return attrs.evolve(case, findings=tuple(_notes(vm)))

    def _reasons(self, vm: VirtualMachine) -> Iterator[tuple[OnboardingReason, list[Finding]]]:
        yield from _not_here(vm)
        yield from self._at_arc(vm)
        yield from self._in_doubt(vm)
        yield from _not_able(vm)
        yield from self._badly_named(vm)

    def _arc(self, vm: VirtualMachine) -> VirtualMachine | None:
        if vm.platform == _ARC:
            return vm
        ids = self._match[vm.id].vm_ids if vm.id in self._match else ()
        return next((self._by_id[id_] for id_ in ids if self._by_id[id_].platform == _ARC), None)

    def _arc_id(self, vm: VirtualMachine) -> str:
        found = self._arc(vm)
        return found.id if found else ""

    def _is_new(self, vm: VirtualMachine) -> bool:
        return vm.platform not in (_ARC, _AZURE, _HUB) and not vm.is_template and self._arc(vm) is None

    def _at_arc(self, vm: VirtualMachine) -> Iterator[tuple[OnboardingReason, list[Finding]]]:
        arc = self._arc(vm)
        if arc is None:
            return
        reason, remedy = AT_ARC.get(arc.agent.status, NO_STATUS)
        state = arc.connection_state or "without a status"
        found = [
            _finding(Severity.INFO, _code(reason), vm.id, f"Arc has it as {arc.name}, {state}", remedy, _CONNECTED)
        ]
        match = self._match.get(vm.id)
        if match and match.confidence is MatchConfidence.LOW:
            found.append(_finding(
                Severity.WARNING, "MatchedByNameAlone", vm.id, f"it is taken for {arc.name} because of its name alone",
                "compare BIOS UUID and addresses",
            ))  # fmt: skip
        yield reason, found

    def _in_doubt(self, vm: VirtualMachine) -> Iterator[tuple[OnboardingReason, list[Finding]]]:
        doubt = self._doubt.get(vm.id)
        if doubt is None or not _is_of_hardware(doubt):
            return
        others = ", ".join(self._by_id[id_].name for id_ in doubt.vm_ids if id_ != vm.id)
        yield OnboardingReason.DUPLICATE_UUID, [_finding(
            Severity.BLOCKER, "DuplicateUuid", vm.id, f"it shares its BIOS UUID or address with {others:.200}",
            "give each clone its own BIOS UUID; had the image the agent: azcmagent disconnect --force-local-only first",
        )]  # fmt: skip

    def _badly_named(self, vm: VirtualMachine) -> Iterator[tuple[OnboardingReason, list[Finding]]]:
        name = _resource_name(vm)
        if not is_valid_name(name):
            yield OnboardingReason.INVALID_NAME, [_finding(
                Severity.BLOCKER, "InvalidName", vm.id, f"Azure takes no machine named {name!r:.80}",
                "onboard it with --resource-name: letters, digits, - _ . only, at most 54", names_source(),
            )]  # fmt: skip
        elif word := reserved_word(name):
            yield OnboardingReason.RESERVED_NAME, [_finding(
                Severity.BLOCKER, "ReservedResourceName", vm.id, f"{word!r} in {name!r} is a reserved word (AZCM0042)",
                "onboard it with --resource-name and another name", names_source(),
            )]  # fmt: skip
        elif self._names[name.lower()] > 1 or name.lower() in self._taken:
            whose = "a machine at Arc" if name.lower() in self._taken else "another machine of this plan"
            yield OnboardingReason.DUPLICATE_NAME, [_finding(
                Severity.BLOCKER, "DuplicateName", vm.id, f"{whose} has the name {name} in that resource group too",
                "onboard it with --resource-name, or into another resource group",
            )]  # fmt: skip


def _not_here(vm: VirtualMachine) -> Iterator[tuple[OnboardingReason, list[Finding]]]:
    if vm.platform in (_AZURE, _HUB):
        reason = OnboardingReason.AZURE_VM if vm.platform == _AZURE else OnboardingReason.STACK_HUB_VM
        where = "Azure" if vm.platform == _AZURE else "Azure Stack Hub"
        yield reason, [_finding(
            Severity.INFO, _code(reason), vm.id, f"a VM of {where} has the VM agent and must not have Arc's as well",
            "use VM extensions", _NOT_INSIDE,
        )]  # fmt: skip
    if vm.is_template:
        yield OnboardingReason.TEMPLATE, [_finding(
            Severity.INFO, "Template", vm.id, "a template is no machine", "onboard what is made from it, not the image",
        )]  # fmt: skip


def _not_able(vm: VirtualMachine) -> Iterator[tuple[OnboardingReason, list[Finding]]]:
    if vm.power_state is not PowerState.RUNNING:
        yield OnboardingReason.NOT_RUNNING, [_finding(
            Severity.WARNING, "NotRunning", vm.id, f"it is {vm.power_state}", "start it, then plan again",
        )]  # fmt: skip
    if vm.agent.status is AgentStatus.NOT_INSTALLED:
        yield OnboardingReason.NO_TOOLS, [_finding(
            Severity.WARNING, "NoTools", vm.id, "VMware Tools are not installed: its guest is not known",
            "install VMware Tools, or onboard it by hand",
        )]  # fmt: skip
    system = system_of(vm.os_name)
    if system and system.supported is False:
        yield OnboardingReason.OS_NOT_SUPPORTED, [_finding(
            Severity.BLOCKER, "OsNotSupported", vm.id, f"the agent does not support {vm.os_name}",
            "upgrade the guest system", systems_source(),
        )]  # fmt: skip
    if system is None and vm.os_type not in (OSType.WINDOWS, OSType.LINUX):
        yield OnboardingReason.OS_UNKNOWN, [_finding(
            Severity.WARNING, "OsUnknown", vm.id, f"the agent's list does not know {vm.os_name or 'its guest system'}",
            "see whether the agent supports it", systems_source(),
        )]  # fmt: skip


def _notes(vm: VirtualMachine) -> Iterator[Finding]:
    """What a candidate's owner should look at first."""
    system = system_of(vm.os_name)
    if system is None or system.supported is None:
        yield _finding(
            Severity.WARNING, "OsVersionUnknown", vm.id,
            f"whether the agent supports {vm.os_name or 'its guest system'} cannot be seen from outside",
            "see its version in the guest", systems_source(),
        )  # fmt: skip
    if system and system.note:
        yield _finding(Severity.INFO, "OsNote", vm.id, f"{system.name}: {system.note}", "", systems_source())
    if vm.agent.status is AgentStatus.NOT_READY:
        yield _finding(
            Severity.WARNING, "ToolsNotRunning", vm.id, "VMware Tools do not run: what is known of it may be old",
            "start VMware Tools; guest operations need them",
        )  # fmt: skip
    yield _finding(
        Severity.INFO, "PrerequisitesUnknown", vm.id,
        "the way out to Azure, administrator rights, systemd or .NET and PowerShell cannot be seen from outside",
        "the script checks them; azcmagent check tries the way out", systems_source(),
    )  # fmt: skip


def _is_of_hardware(match: MachineMatch) -> bool:
    return any(one is not Evidence.FQDN for one in match.evidence)


def _resource_name(vm: VirtualMachine) -> str:
    """The name the agent takes: the guest's own, without its domain; else the machine's."""
    return vm.name if vm.platform == _ARC else vm.hostname.partition(".")[0] or vm.name


def _os_type(vm: VirtualMachine) -> OSType:
    system = system_of(vm.os_name)
    return vm.os_type if vm.os_type in (OSType.WINDOWS, OSType.LINUX) or system is None else system.os_type


def _code(reason: OnboardingReason) -> str:
    return "".join(word.capitalize() for word in reason.value.split("_"))


def _finding(severity: Severity, code: str, subject_id: str, message: str, remedy: str, *sources: str) -> Finding:
    return Finding(severity=severity, code=code, subject_id=subject_id, message=message, remedy=remedy, sources=sources)
