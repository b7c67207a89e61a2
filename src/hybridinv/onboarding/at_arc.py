"""Which of Arc's records are which machine, which of them is alive, and what its status says of onboarding."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from hybridinv.identity import smbios_uuid, uuid_key
from hybridinv.model import AgentStatus, Evidence
from hybridinv.model.onboarding import OnboardingReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hybridinv.model import MachineMatch, VirtualMachine

ARC = "azure-arc"
_AT_ARC = {
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
_NO_STATUS = (OnboardingReason.NO_STATUS_YET, "it was onboarded a moment ago; look again in some minutes")
_NOT_KNOWN = (OnboardingReason.STATUS_UNKNOWN, "that status is not known here: azcmagent show on the machine")
_CLONED = "cloned"
_NAMED = 4
_LIVELY = (
    AgentStatus.READY,
    AgentStatus.NOT_READY,
    AgentStatus.UNKNOWN,
    AgentStatus.DISCONNECTED,
    AgentStatus.ERROR,
    AgentStatus.EXPIRED,
)
_OF_FIRMWARE = {Evidence.SERIAL_NUMBER, Evidence.BIOS_UUID, Evidence.BIOS_UUID_SWAPPED}


def standing(record: VirtualMachine) -> tuple[OnboardingReason, str]:
    """Why a machine at Arc is no candidate, by its agent's status, and what to do about it."""
    status = record.agent.status
    unknown = _NOT_KNOWN if status is AgentStatus.UNKNOWN and record.connection_state else _NO_STATUS
    return _AT_ARC.get(status, unknown)


def says_cloned(record: VirtualMachine) -> bool:
    """Whether Azure says of a machine at Arc that another has its identity (`statusReason`)."""
    return _CLONED in record.agent.message.lower().split("; ")


class ArcRecords:
    """Arc's records, each with the machine that it is; one machine may have several, of which one is alive."""

    def __init__(self, vms: Sequence[VirtualMachine], matches: Iterable[MachineMatch]) -> None:
        matches = list(matches)
        self._by_id = {vm.id: vm for vm in vms}
        self._match = {id_: one for one in matches if not one.ambiguous for id_ in one.vm_ids}
        self._by_key: dict[str, list[VirtualMachine]] = defaultdict(list)
        self._owners: dict[str, list[VirtualMachine]] = defaultdict(list)
        for vm in vms:
            if not vm.is_template and (key := uuid_key(smbios_uuid(vm))):
                (self._by_key if vm.platform == ARC else self._owners)[key].append(vm)
        self._of: dict[str, list[VirtualMachine]] = {}
        self._hidden: set[str] = set()
        self._clones: dict[str, int] = {}
        for vm in vms:
            if vm.platform != ARC and not vm.is_template:
                self._of[vm.id] = self._claimed(vm)
                self._hidden.update(one.id for one in self._of[vm.id])
        for one in matches:
            if one.ambiguous and _OF_FIRMWARE & set(one.evidence) and not all(map(self._is_arc, one.vm_ids)):
                self._hidden.update(filter(self._is_arc, one.vm_ids))
        self._lead_the_rest(vms)

    def of(self, vm: VirtualMachine) -> list[VirtualMachine]:
        """A machine's records at Arc, the live one first."""
        return self._of.get(vm.id, [])

    def connected(self, vm: VirtualMachine) -> int:
        """How many connected records at Arc have its identity."""
        own = sum(one.agent.status is AgentStatus.READY for one in self.of(vm))
        return max(own, self._clones.get(vm.id, 0) if own else 0)

    def twins(self, vm: VirtualMachine) -> list[VirtualMachine]:
        """The other machines of its platform that have its BIOS UUID."""
        same = self._owners.get(uuid_key(smbios_uuid(vm)), [])
        return [one for one in same if one.platform == vm.platform and one.id != vm.id] if len(same) > 1 else []

    def is_shown_elsewhere(self, vm: VirtualMachine) -> bool:
        """Whether an Arc record is a machine that another record stands for."""
        return vm.id in self._hidden

    def _is_arc(self, id_: str) -> bool:
        return self._by_id[id_].platform == ARC

    def _claimed(self, vm: VirtualMachine) -> list[VirtualMachine]:
        match = self._match.get(vm.id)
        joined = [self._by_id[id_] for id_ in match.vm_ids if self._is_arc(id_)] if match else []
        keys = [uuid_key(smbios_uuid(one)) for one in (vm, *joined)]
        key = next(filter(None, keys), "")
        owners = self._owners.get(key, ())
        is_alone = len({one.platform for one in owners}) == len(owners)
        same = self._by_key.get(key, ()) if is_alone else ()
        free = [one for one in same if one.id not in self._match or self._match[one.id] is match]
        found = {one.id: one for one in (*joined, *free)}
        return sorted(found.values(), key=lambda one: (_LIVELY.index(one.agent.status), one not in joined, one.id))

    def _lead_the_rest(self, vms: Iterable[VirtualMachine]) -> None:
        """Let one record stand for a machine that only Arc shows; connected ones are machines of their own."""
        for vm in vms:
            if vm.platform != ARC or vm.id in self._hidden or vm.id in self._of:
                continue
            same = [one for one in self._by_key.get(uuid_key(vm.bios_uuid), ()) if one.id not in self._hidden] or [vm]
            same.sort(key=lambda one: (_LIVELY.index(one.agent.status), one.id))
            leads = [one for one in same if one.agent.status is AgentStatus.READY] or same[:1]
            old = [one for one in same if one not in leads[:1] and one.agent.status is not AgentStatus.READY]
            for one in leads:
                # Of many clones each names some: all of them for each would be the square of their number.
                self._of[one.id] = [one, *(other for other in leads[:_NAMED] if other is not one), *old[:_NAMED]]
                self._clones[one.id] = len(leads)
            led = {one.id for one in leads}
            self._hidden.update(one.id for one in same if one.id not in led)
