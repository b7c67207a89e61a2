"""Which of Arc's machines are the candidates of a plan, and what Arc says of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from hybridinv.identity import uuid_key
from hybridinv.model import AgentStatus
from hybridinv.model.arc import OnboardingCheck, OnboardingState
from hybridinv.onboarding.at_arc import says_cloned, standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hybridinv.model import VirtualMachine
    from hybridinv.model.onboarding import OnboardingCase, OnboardingPlan

_STATES = {
    AgentStatus.READY: OnboardingState.CONNECTED,
    AgentStatus.NOT_READY: OnboardingState.NO_STATUS_YET,
    AgentStatus.DISCONNECTED: OnboardingState.DISCONNECTED,
    AgentStatus.EXPIRED: OnboardingState.EXPIRED,
    AgentStatus.ERROR: OnboardingState.IN_ERROR,
}
_CLONE_REMEDY = "on each clone: azcmagent disconnect --force-local-only, its own BIOS UUID and name, connect anew"
_NOT_THERE_REMEDY = "see what the script said on the machine; azcmagent show, azcmagent check"


class Arrivals:
    """The candidates of a plan; each is looked for among Arc's machines by name and by BIOS UUID."""

    def __init__(self, plan: OnboardingPlan) -> None:
        target = plan.target
        self._candidates = {case.vm_id: case for case in plan.candidates}
        group = f"/subscriptions/{target.subscription_id}/resourceGroups/{target.resource_group}"
        self._place = f"{group}/providers/Microsoft.HybridCompute/machines/".lower()
        self._owners: dict[str, list[OnboardingCase]] = defaultdict(list)
        for case in (*plan.candidates, *plan.skipped):
            if key := uuid_key(case.bios_uuid):
                self._owners[key].append(case)

    def expected_id(self, vm_id: str) -> str:
        """The id that a candidate's record at Arc will have."""
        return self._place + self._candidates[vm_id].resource_name.lower()

    def checks(self, machines: Iterable[VirtualMachine]) -> Iterator[OnboardingCheck]:
        """What Arc says of each candidate, in the plan's order."""
        at_arc = [vm for vm in machines if vm.platform == "azure-arc"]
        by_id = {vm.id: vm for vm in at_arc}
        by_uuid: dict[str, list[VirtualMachine]] = defaultdict(list)
        for vm in at_arc:
            if key := uuid_key(vm.bios_uuid):
                by_uuid[key].append(vm)
        found = {case.vm_id: self._found(case, by_id, by_uuid) for case in self._candidates.values()}
        claims: dict[str, list[str]] = defaultdict(list)
        for id_, vms in found.items():
            if vms:
                claims[vms[0].id].append(id_)
        for case in self._candidates.values():
            vms = found[case.vm_id]
            if not vms:
                yield self._absent(case, by_id)
            else:
                rivals = [self._candidates[one] for one in claims[vms[0].id] if one != case.vm_id]
                yield self._present(case, vms, rivals)

    def _found(
        self,
        case: OnboardingCase,
        by_id: Mapping[str, VirtualMachine],
        by_uuid: Mapping[str, list[VirtualMachine]],
    ) -> list[VirtualMachine]:
        """Its records at Arc, the likeliest first: connected, at its place, in its group, anywhere."""
        place = self.expected_id(case.vm_id)
        named = by_id.get(place)
        same = by_uuid.get(uuid_key(case.bios_uuid), [])
        is_by_name_alone = named is not None and not (uuid_key(case.bios_uuid) and uuid_key(named.bios_uuid))
        found = [named] if named is not None and is_by_name_alone else []
        return sorted(
            [*found, *same],
            key=lambda vm: (
                vm.agent.status is not AgentStatus.READY, vm.id != place, not vm.id.startswith(self._place), vm.id,
            ),
        )  # fmt: skip

    def _absent(self, case: OnboardingCase, by_id: Mapping[str, VirtualMachine]) -> OnboardingCheck:
        other = by_id.get(self.expected_id(case.vm_id))
        if other is None:
            return _check(
                case, OnboardingState.NOT_THERE, None, f"Arc has no machine {case.resource_name} there",
                _NOT_THERE_REMEDY,
            )  # fmt: skip
        owners = [one for one in self._owners.get(uuid_key(other.bios_uuid), []) if one.vm_id != case.vm_id]
        whose = f": it is {owners[0].name}" if owners else ""
        return _check(
            case, OnboardingState.NAME_TAKEN, other,
            f"{other.name} at Arc has the BIOS UUID {other.bios_uuid} of another machine{whose}",
            "onboard it with --resource-name; where it is a clone, azcmagent disconnect --force-local-only first",
        )  # fmt: skip

    def _present(
        self, case: OnboardingCase, vms: list[VirtualMachine], rivals: list[OnboardingCase]
    ) -> OnboardingCheck:
        vm = vms[0]
        owners = self._owners.get(uuid_key(case.bios_uuid), [])
        own = {case.vm_id, *(one.id for one in vms)}
        others = {one.vm_id: one for one in (*rivals, *owners) if one.vm_id not in own}
        connected = [one.id for one in vms if uuid_key(one.bios_uuid) and one.agent.status is AgentStatus.READY]
        why = ""
        if says_cloned(vm):
            why = f"Azure says that {vm.name} is cloned: {vm.agent.message}"
        elif others:
            why = f"{vm.name} at Arc is {case.name}, or {', '.join(one.name for one in others.values()):.200}"
        elif len(connected) > 1:
            why = f"{len(connected)} connected machines at Arc have its BIOS UUID: {', '.join(connected):.400}"
        if why:
            return _check(case, OnboardingState.CLONED, vm, why, _CLONE_REMEDY)
        return self._stated(case, vm)

    def _stated(self, case: OnboardingCase, vm: VirtualMachine) -> OnboardingCheck:
        """What the agent's status says of a machine that is certainly the candidate."""
        status = vm.agent.status
        state = _STATES.get(status, OnboardingState.UNKNOWN if vm.connection_state else OnboardingState.NO_STATUS_YET)
        said = vm.connection_state or "no status yet"
        if vm.agent.message and vm.agent.message != said:
            said += f": {vm.agent.message}"
        if not vm.id.startswith(self._place):
            said += f"; it is {vm.resource_id or vm.id}, not in the resource group of the plan"
            if state is OnboardingState.CONNECTED:
                remedy = "leave it there, or: azcmagent disconnect, then connect it with the plan's script"
                return _check(case, OnboardingState.ELSEWHERE, vm, said, remedy)
        elif vm.id != self.expected_id(case.vm_id):
            said += f"; its name there is {vm.name}"
        elif not (uuid_key(vm.bios_uuid) and uuid_key(case.bios_uuid)):
            said += "; known by its name alone"
        remedy = "" if state is OnboardingState.CONNECTED else standing(vm)[1]
        return _check(case, state, vm, said, remedy)


def _check(
    case: OnboardingCase, state: OnboardingState, vm: VirtualMachine | None, message: str, remedy: str
) -> OnboardingCheck:
    return OnboardingCheck(
        vm_id=case.vm_id,
        name=case.name,
        state=state,
        arc_id=vm.id if vm else "",
        message=_visible(message),
        remedy=remedy,
    )


def _visible(text: str) -> str:
    """The text with an escape for what a terminal would act on: it is in part what a machine says of itself."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
