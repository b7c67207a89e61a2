"""plan_onboarding: who should be Arc-enabled, who not, and why."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING

import attrs

from hybridinv.errors import NotSupported
from hybridinv.identity import contradict, same_machines
from hybridinv.inventory import Inventory, count_of
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
from hybridinv.model.findings import finding
from hybridinv.model.onboarding import OnboardingCase, OnboardingPlan, OnboardingReason, OnboardingTarget
from hybridinv.onboarding.at_arc import ARC, ArcRecords, says_cloned, standing
from hybridinv.onboarding.requirements import (
    is_generic,
    is_host_name,
    is_valid_name,
    names_source,
    reserved_word,
    system_of,
    systems_source,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


_AZURE, _HUB = "azure", "azure-stack-hub"
_NOT_INSIDE = (
    "Microsoft Learn, Evaluate Azure Arc-enabled servers on an Azure virtual machine, "
    "https://learn.microsoft.com/azure/azure-arc/servers/plan-evaluate-on-azure-virtual-machine"
)
_CONNECTED = "Microsoft Learn, Connected Machine agent overview, https://learn.microsoft.com/azure/azure-arc/servers/agent-overview"
_SHOWN = 3


def plan_onboarding(
    inv: Inventory, target: OnboardingTarget, *, names: Mapping[str, str] | None = None
) -> OnboardingPlan:
    """Say which machines of an inventory should be Arc-enabled, which not, and why; it asks no endpoint.

    Every machine is in `candidates` or in `skipped`, once: one that vSphere and Arc both show is its vSphere record.
    Collect vSphere, Arc, and Azure or Stack Hub where there are any: without Arc nobody knows who is connected already,
    and `findings` says so. Of several records at Arc the connected one counts. `names` are names in Azure that are not
    the guest's own, by the machine's id or name: `{"web01": "srv-web01"}`. Sources: the agent's prerequisites as dated
    data (`requirements.toml`).
    """
    if not isinstance(target, OnboardingTarget):
        raise NotSupported(
            f"target= is {type(target).__name__}, not an OnboardingTarget",
            remedy="hi.OnboardingTarget(subscription_id=…, resource_group=…, tenant_id=…, location=…)",
        )
    cases = onboarding_cases(inv, target, names)
    return OnboardingPlan(
        target=target,
        candidates=tuple(case for case in cases if case.reason is OnboardingReason.READY),
        skipped=tuple(case for case in cases if case.reason is not OnboardingReason.READY),
        findings=tuple(inventory_findings(inv)),
    )


def onboarding_cases(
    inv: Inventory, target: OnboardingTarget | None = None, names: Mapping[str, str] | None = None
) -> list[OnboardingCase]:
    """The case of every machine, once; without a target no name is taken by a machine at Arc."""
    if not isinstance(inv, Inventory):
        raise NotSupported(f"inv= is {type(inv).__name__}, not an Inventory", remedy="hi.collect and hi.load give one")
    return _Plan(inv, target, _by_id(inv, names)).cases()


def _by_id(inv: Inventory, names: Mapping[str, str] | None) -> dict[str, str]:
    """The names in Azure by the ids of their machines."""
    found: dict[str, str] = {}
    by_name: dict[str, list[str]] = defaultdict(list)
    known = {vm.id for vm in inv.vms} if names else set()
    if names:
        for vm in inv.vms:
            if vm.platform != ARC and not vm.is_template:
                by_name[vm.name].append(vm.id)
    for machine, name in (names or {}).items():
        ids = [machine] if machine in known else by_name.get(machine, [])
        if len(ids) != 1 or not isinstance(name, str) or not name:
            what = f"{len(ids)} machines are {machine!r:.80}" if len(ids) != 1 else f"{name!r:.80} is no name"
            raise NotSupported(f"names=: {what}", remedy='names={"the machine\'s id or name": "its name in Azure"}')
        found[ids[0]] = name
    return found


def inventory_findings(inv: Inventory) -> Iterator[Finding]:
    """What an inventory cannot tell about who is at Arc."""
    platforms = {one.platform for one in inv.asked if "vms" in one.kinds}
    platforms |= {vm.platform for vm in inv.vms}
    if ARC not in platforms:
        yield finding(
            Severity.WARNING, "ArcNotCollected", "",
            "Arc is not in this inventory: who is connected already is not known",
            "collect hi.AzureArc() too", _CONNECTED,
        )  # fmt: skip
    lost = [problem for problem in inv.problems if problem.kind in ("", "vms")]
    if lost:
        yield finding(
            Severity.WARNING, "InventoryIncomplete", "",
            f"the inventory is incomplete ({count_of('problem', len(lost))} with machines): some may be missing here",
            "see the problems of the inventory",
        )  # fmt: skip


class _Plan:
    def __init__(self, inv: Inventory, target: OnboardingTarget | None, names: Mapping[str, str]) -> None:
        self._inv = inv
        self._asked_names = names
        self._by_id: Mapping[str, VirtualMachine] = {vm.id: vm for vm in inv.vms}
        matches = same_machines(inv)
        self._match = {id_: one for one in matches if not one.ambiguous for id_ in one.vm_ids}
        self._doubt = {id_: one for one in matches if one.ambiguous for id_ in one.vm_ids}
        self._arc = ArcRecords(inv.vms, matches)
        self._taken = {
            vm.name.lower(): vm
            for vm in inv.vms
            if target and vm.platform == ARC and vm.resource_group.lower() == target.resource_group.lower()
            and vm.subscription_id.lower() == target.subscription_id.lower()
        }  # fmt: skip

    def cases(self) -> list[OnboardingCase]:
        """The case of every machine; one that Arc shows too is its record on the platform that runs it."""
        cases = [self.case(vm) for vm in self._inv.vms if not self._arc.is_shown_elsewhere(vm)]
        rivals: dict[str, list[OnboardingCase]] = defaultdict(list)
        for case in cases:
            if case.reason is OnboardingReason.READY:
                rivals[case.resource_name.lower()].append(case)
        return [self._unless_taken(case, rivals.get(case.resource_name.lower(), ())) for case in cases]

    def case(self, vm: VirtualMachine) -> OnboardingCase:
        """One machine's case; the first reason that applies decides."""
        records = self._arc.of(vm)
        case = OnboardingCase(
            vm_id=vm.id,
            name=vm.name,
            resource_name=self._resource_name(vm),
            hostname=vm.hostname.partition(".")[0] if is_host_name(vm.hostname) else "",
            os_type=_os_type(vm),
            bios_uuid=vm.bios_uuid,
            arc_id=records[0].id if records else "",
        )
        for reason, findings in self._reasons(vm):
            return attrs.evolve(case, reason=reason, findings=tuple(findings))
        return attrs.evolve(case, findings=tuple(_notes(vm)))

    def _resource_name(self, vm: VirtualMachine) -> str:
        """The name the agent takes: the one asked for, the guest's own without its domain, else the machine's."""
        own = vm.hostname.partition(".")[0] if is_host_name(vm.hostname) else vm.hostname
        return vm.name if vm.platform == ARC else self._asked_names.get(vm.id) or own or vm.name

    def _reasons(self, vm: VirtualMachine) -> Iterator[tuple[OnboardingReason, list[Finding]]]:
        for reason, findings in _not_here(vm):
            yield reason, [*findings, *self._leftovers(vm)]
        yield from self._at_arc(vm)
        yield from self._in_doubt(vm)
        yield from _not_able(vm)
        yield from self._badly_named(vm)

    def _at_arc(self, vm: VirtualMachine) -> Iterator[tuple[OnboardingReason, list[Finding]]]:
        records = self._arc.of(vm)
        if not records:
            return
        live = records[0]
        connected = [one for one in records if one.agent.status is AgentStatus.READY]
        cloned = [one for one in records if says_cloned(one)]
        reason, remedy = standing(live)
        found = [finding(
            Severity.INFO, _code(reason), vm.id, f"Arc has it as {_shown([live])}, {_state(live)}", remedy, _CONNECTED
        )]  # fmt: skip
        if cloned or len(connected) > 1:
            shared = _shown(connected, self._arc.connected(vm))
            why = f"connected machines at Arc share its BIOS UUID: {shared}"
            if cloned:
                why = f"Azure says that {_shown(cloned)} is cloned"
            reason = OnboardingReason.DUPLICATE_UUID
            found = [finding(
                Severity.BLOCKER, "ClonedAtArc", vm.id,
                why,
                "on each clone: azcmagent disconnect --force-local-only, its own BIOS UUID and name, connect anew",
            )]  # fmt: skip
        yield reason, [*found, *self._matched(vm, records), *self._leftovers(vm)]

    def _matched(self, vm: VirtualMachine, records: Sequence[VirtualMachine]) -> Iterator[Finding]:
        """What makes it doubtful that a record at Arc is this machine."""
        match = self._match.get(vm.id)
        if match and match.confidence is MatchConfidence.LOW:
            yield finding(
                Severity.WARNING, "MatchedByNameAlone", vm.id,
                f"it is taken for {_shown(records[:1])} because of its name alone", "compare BIOS UUID and addresses",
            )  # fmt: skip
        odd = [one for one in records if contradict(vm, one)]
        if match and odd:
            yield finding(
                Severity.WARNING, "FactsContradict", vm.id,
                f"{_shown(odd)} is joined to it by {_why(match)}, but has another BIOS UUID",
                "see whether that link, or serial number, is out of date",
            )  # fmt: skip

    def _leftovers(self, vm: VirtualMachine) -> Iterator[Finding]:
        """Its records at Arc beside the one that counts."""
        live, *others = self._arc.of(vm) or [vm]
        old = [one for one in others if one.agent.status is not AgentStatus.READY]
        if vm.platform in (_AZURE, _HUB) and others:
            yield finding(
                Severity.WARNING, "SeveralArcRecords", vm.id, f"Arc has it several times: {_shown([live, *others])}",
                "take the agent out, and delete each of these resources",
            )  # fmt: skip
        elif old:
            is_alive = live.agent.status is AgentStatus.READY
            yield finding(
                Severity.WARNING, "LeftoverArcRecord", vm.id,
                f"Arc has an older record of it too: {', '.join(f'{_shown([one])}, {_state(one)}' for one in old[:3])}"
                + _more(old),
                f"delete that resource in Azure; leave the agent alone, it is connected as {live.name}" if is_alive
                else "see with azcmagent show which one the agent means, before one is deleted",
            )  # fmt: skip

    def _in_doubt(self, vm: VirtualMachine) -> Iterator[tuple[OnboardingReason, list[Finding]]]:
        doubt = self._doubt.get(vm.id)
        twins = [] if doubt is not None and _is_of_hardware(doubt) else self._arc.twins(vm)
        if doubt is not None and _is_of_hardware(doubt):
            # One more than is shown, and the machine itself.
            first = [self._by_id[id_] for id_ in islice(doubt.vm_ids, _SHOWN + 1) if id_ != vm.id]
            others, why = _shown(first, len(doubt.vm_ids) - 1), _why(doubt)
        elif twins:
            others, why = _shown(twins), Evidence.BIOS_UUID.replace("_", " ")
        else:
            return
        yield OnboardingReason.DUPLICATE_UUID, [finding(
            Severity.BLOCKER, "DuplicateUuid", vm.id, f"it shares its {why} with {others}",
            "give each clone its own BIOS UUID; had the image the agent: azcmagent disconnect --force-local-only first",
        )]  # fmt: skip

    def _badly_named(self, vm: VirtualMachine) -> Iterator[tuple[OnboardingReason, list[Finding]]]:
        name = self._resource_name(vm)
        is_nobody = vm.hostname and not is_host_name(vm.hostname) and vm.id not in self._asked_names
        if is_nobody or not is_valid_name(name):
            yield OnboardingReason.INVALID_NAME, [finding(
                Severity.BLOCKER, "InvalidName", vm.id, f"Azure takes no machine named {name!r:.80}"
                if not is_nobody else f"its guest calls itself {name!r:.80}, which is nobody's name",
                "give it one with names=: letters, digits, - _ . only, at most 54", names_source(),
            )]  # fmt: skip
        elif word := reserved_word(name):
            yield OnboardingReason.RESERVED_NAME, [finding(
                Severity.BLOCKER, "ReservedResourceName", vm.id, f"{word!r} in {name!r} is a reserved word (AZCM0042)",
                "give it another name with names=", names_source(),
            )]  # fmt: skip

    def _unless_taken(self, case: OnboardingCase, rivals: Sequence[OnboardingCase]) -> OnboardingCase:
        """A candidate, or its case where another machine has its name in the resource group."""
        taken = self._taken.get(case.resource_name.lower())
        if case.reason is not OnboardingReason.READY or (taken is None and len(rivals) < 2):
            return case
        first = [self._by_id[one.vm_id] for one in rivals[: _SHOWN + 1] if one.vm_id != case.vm_id]
        whose = _shown([taken]) if taken else _shown(first, len(rivals) - 1)
        found = finding(
            Severity.BLOCKER, "DuplicateName", case.vm_id,
            f"{whose} has the name {case.resource_name} in that resource group too"
            if taken else f"the name {case.resource_name} is that of {whose} too",
            "give it another name with names=, or onboard it into another resource group",
        )  # fmt: skip
        return attrs.evolve(case, reason=OnboardingReason.DUPLICATE_NAME, findings=(found,))


def _not_here(vm: VirtualMachine) -> Iterator[tuple[OnboardingReason, list[Finding]]]:
    if vm.platform in (_AZURE, _HUB):
        reason = OnboardingReason.AZURE_VM if vm.platform == _AZURE else OnboardingReason.STACK_HUB_VM
        where = "Azure" if vm.platform == _AZURE else "Azure Stack Hub"
        yield reason, [finding(
            Severity.INFO, _code(reason), vm.id, f"a VM of {where} has the VM agent and must not have Arc's as well",
            "use VM extensions", _NOT_INSIDE,
        )]  # fmt: skip
    if vm.is_template:
        yield OnboardingReason.TEMPLATE, [finding(
            Severity.INFO, "Template", vm.id, "a template is no machine", "onboard what is made from it, not the image",
        )]  # fmt: skip


def _not_able(vm: VirtualMachine) -> Iterator[tuple[OnboardingReason, list[Finding]]]:
    if vm.power_state not in (PowerState.RUNNING, PowerState.UNKNOWN):
        yield OnboardingReason.NOT_RUNNING, [finding(
            Severity.WARNING, "NotRunning", vm.id, f"it is {vm.power_state}", "start it, then plan again",
        )]  # fmt: skip
    if vm.agent.status is AgentStatus.NOT_INSTALLED:
        yield OnboardingReason.NO_TOOLS, [finding(
            Severity.WARNING, "NoTools", vm.id, "VMware Tools are not installed: its guest is not known",
            "install VMware Tools, or onboard it by hand",
        )]  # fmt: skip
    system = system_of(vm.os_name)
    if system and system.supported is False:
        yield OnboardingReason.OS_NOT_SUPPORTED, [finding(
            Severity.BLOCKER, "OsNotSupported", vm.id, f"the agent does not support {vm.os_name}",
            "upgrade the guest system", systems_source(),
        )]  # fmt: skip
    is_told = vm.os_type in (OSType.WINDOWS, OSType.LINUX)
    if system is None and not (is_told and is_generic(vm.os_name)):
        yield OnboardingReason.OS_UNKNOWN, [finding(
            Severity.WARNING, "OsUnknown", vm.id, f"the agent's list does not know {vm.os_name or 'its guest system'}",
            "see whether the agent supports it", systems_source(),
        )]  # fmt: skip


def _notes(vm: VirtualMachine) -> Iterator[Finding]:
    """What a candidate's owner should look at first."""
    system = system_of(vm.os_name)
    if system is None or system.supported is None:
        yield finding(
            Severity.WARNING, "OsVersionUnknown", vm.id,
            f"whether the agent supports {vm.os_name or 'its guest system'} cannot be seen from outside",
            "see its version in the guest", systems_source(),
        )  # fmt: skip
    if system and system.is_limited:
        yield finding(
            Severity.WARNING, "OsLimited", vm.id, f"the agent supports {vm.os_name} in part only",
            "see what is left out, or upgrade the guest system", systems_source(),
        )  # fmt: skip
    if system and vm.os_type in (OSType.WINDOWS, OSType.LINUX) and system.os_type is not vm.os_type:
        yield finding(
            Severity.WARNING, "SystemsContradict", vm.id, f"it is said to run {vm.os_type}, and {vm.os_name}",
            "see which it is: the scripts differ",
        )  # fmt: skip
    if vm.power_state is PowerState.UNKNOWN:
        yield finding(
            Severity.WARNING, "PowerUnknown", vm.id, "whether it runs is not known", "see whether its host is connected"
        )
    if not vm.hostname:
        yield finding(
            Severity.WARNING, "HostNameUnknown", vm.id,
            f"its guest's name is not known: a script for many machines would look for {vm.name!r:.80}",
            "start VMware Tools, or give its name in Azure with names= and run a script of its own",
        )  # fmt: skip
    if system and system.note:
        yield finding(Severity.INFO, "OsNote", vm.id, f"{system.name}: {system.note}", "", systems_source())
    if vm.agent.status is AgentStatus.NOT_READY:
        yield finding(
            Severity.WARNING, "ToolsNotRunning", vm.id, "VMware Tools do not run: what is known of it may be old",
            "start VMware Tools; guest operations need them",
        )  # fmt: skip
    yield finding(
        Severity.INFO, "PrerequisitesUnknown", vm.id,
        "the way out to Azure, administrator rights, systemd or .NET and PowerShell cannot be seen from outside",
        "the script checks them; azcmagent check tries the way out", systems_source(),
    )  # fmt: skip


def _is_of_hardware(match: MachineMatch) -> bool:
    return any(one is not Evidence.FQDN for one in match.evidence)


def _shown(records: Sequence[VirtualMachine], count: int | None = None) -> str:
    """The first of them by name, platform and source, and how many more there are."""
    first = ", ".join(f"{one.name:.60} ({one.platform}, {one.source:.60})" for one in records[:_SHOWN])
    return first + _more(range(len(records) if count is None else count))


def _more(all_of_them: Sequence[object]) -> str:
    return f" and {len(all_of_them) - _SHOWN} more" if len(all_of_them) > _SHOWN else ""


def _why(match: MachineMatch) -> str:
    return ", ".join(str(one).replace("_", " ") for one in match.evidence)


def _state(record: VirtualMachine) -> str:
    return record.connection_state or "without a status"


def _os_type(vm: VirtualMachine) -> OSType:
    system = system_of(vm.os_name)
    return vm.os_type if vm.os_type in (OSType.WINDOWS, OSType.LINUX) or system is None else system.os_type


def _code(reason: OnboardingReason) -> str:
    return "".join(word.capitalize() for word in reason.value.split("_"))
