"""Which records are one machine: evidence in the order of its strength, and nothing joined that is not certain."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import attrs

from hybridinv.errors import NotSupported
from hybridinv.model import Evidence, MachineMatch, MatchConfidence, VirtualMachine
from hybridinv.tables import Records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hybridinv.model import Resource

_HEX32 = re.compile(r"[0-9a-f]{32}")
_NOT_HEX = re.compile(r"[^0-9a-f]")
_MAC = re.compile(r"[0-9a-f][02468ace][0-9a-f]{10}")
_MAC_MARKS = str.maketrans("", "", ":-.")
_NO_MAC = "0" * 12
_VMWARE_SERIAL = "vmware-"
_ARC, _VSPHERE = "azure-arc", "vsphere"
_VM_ID_IS_SMBIOS = {"azure", "azure-stack-hub"}
_PLACEHOLDERS = {"0" * 32, "f" * 32, "03000200040005000006000700080009", "00020003000400050006000700080009"}
"""UUIDs that boards carry whose maker has set none."""
_CONFIDENCE = {
    Evidence.MOREF: MatchConfidence.EXACT,
    Evidence.SERIAL_NUMBER: MatchConfidence.EXACT,
    Evidence.BIOS_UUID: MatchConfidence.HIGH,
    Evidence.BIOS_UUID_SWAPPED: MatchConfidence.HIGH,
    Evidence.MAC_ADDRESS: MatchConfidence.MEDIUM,
    Evidence.FQDN: MatchConfidence.LOW,
}
_ORDER = {evidence: place for place, evidence in enumerate(Evidence)}


class Machines(Protocol):
    """What holds the records: an `Inventory`."""

    @property
    def vms(self) -> Records[VirtualMachine]: ...
    @property
    def resources(self) -> Records[Resource]: ...


def same_machines(inv: Machines) -> Records[MachineMatch]:
    """Records of several platforms that are one machine, each with its evidence; templates are no machines.

    Evidence, the strongest first: the moref that Arc's vSphere inventory has linked to the machine; the serial number
    that VMware makes of the BIOS UUID; the BIOS UUID in both byte orders (of Azure and Stack Hub the VM's `vmId`, which
    is its SMBIOS UUID; never Arc's own); a MAC address; a fully qualified name. Where two records of one platform
    share it (clones, a machine registered twice) the match is `ambiguous` and names them all; weaker evidence never
    overrules stronger: two records whose BIOS UUIDs or VMware serial numbers differ are not joined by address or name,
    nor are they in doubt. A moref or a serial number joins them all the same. Sources: Broadcom KB 344089 (byte order),
    `az connectedvmware vm create-from-machines` (which skips machines that share a BIOS id).
    """
    vms, resources = getattr(inv, "vms", None), getattr(inv, "resources", None)
    if vms is None or resources is None:
        raise NotSupported(f"inv= is {type(inv).__name__}, not an Inventory", remedy="hi.collect and hi.load give one")
    machines = [vm for vm in vms if not vm.is_template]
    found = _Matches(machines)
    found.join(Evidence.MOREF, _linked(machines, resources))
    found.join(Evidence.SERIAL_NUMBER, _by_serial(machines))
    found.join(Evidence.BIOS_UUID, _groups(machines, _uuid_keys))
    found.join(Evidence.MAC_ADDRESS, _groups(machines, _mac_keys))
    found.join(Evidence.FQDN, _groups(machines, _name_keys))
    return Records(MachineMatch, found.matches())


def swapped(uuid: str) -> str:
    """A UUID with the bytes of its first three groups reversed, as WMI and Linux show what vCenter has; in lower case.

    It is its own inverse. Any other text comes back as it is.
    """
    digits = _digits(uuid)
    if not _HEX32.fullmatch(digits):
        return uuid.strip().lower()
    turned = _swapped_digits(digits)
    return f"{turned[:8]}-{turned[8:12]}-{turned[12:16]}-{turned[16:20]}-{turned[20:]}"


def uuid_key(uuid: str) -> str:
    """The same 32 digits for both byte orders of a SMBIOS UUID; empty where it identifies nothing.

    That is a text that is no UUID, and what boards carry whose maker has set none: all zeros, a default.
    """
    digits = _real_digits(uuid)
    return min(digits, _swapped_digits(digits)) if digits else ""


def smbios_uuid(vm: VirtualMachine) -> str:
    """The SMBIOS UUID as the source has it: of an Azure or Stack Hub VM its `vmId`; empty where it tells none."""
    return vm.bios_uuid or (vm.native_id if vm.platform in _VM_ID_IS_SMBIOS else "")


def contradict(one: VirtualMachine, other: VirtualMachine) -> bool:
    """Whether two records have BIOS UUIDs that differ in either byte order."""
    ours, theirs = uuid_key(smbios_uuid(one)), uuid_key(smbios_uuid(other))
    return bool(ours and theirs) and ours != theirs


def _digits(uuid: str) -> str:
    return uuid.strip().strip("{}").lower().replace("-", "")


def _real_digits(uuid: str) -> str:
    digits = _digits(uuid)
    return digits if _HEX32.fullmatch(digits) and digits not in _PLACEHOLDERS else ""


def _swapped_digits(digits: str) -> str:
    return UUID(bytes=UUID(hex=digits).bytes_le).hex


@attrs.define(eq=False)
class _Machine:
    """Records that are one machine, by their numbers, and why."""

    numbers: list[int]
    evidence: set[Evidence] = attrs.field(factory=set)


class _Matches:
    """Which records are one machine, and which are in doubt, level of evidence by level of evidence."""

    def __init__(self, records: Sequence[VirtualMachine]) -> None:
        self._records = records
        self._machines = {number: _Machine([number]) for number in range(len(records))}
        self._doubts: list[_Machine] = []
        self._doubtful: set[int] = set()
        self._facts = [_facts(record) for record in records]

    def join(self, evidence: Evidence, groups: Iterable[Sequence[int]]) -> None:
        """Make one machine of each group, unless that puts two records of one platform together.

        Who is in doubt by stronger evidence is not joined by weaker; what stronger evidence has joined stays so.
        """
        open_groups = [[number for number in group if number not in self._doubtful] for group in groups]
        if evidence in _WEAK:
            open_groups = [group for group in open_groups if not self._is_barred(group)]
        certain: list[list[int]] = []
        disputed: list[list[int]] = []
        for group in open_groups:
            if len(group) > 1:
                (certain if self._is_one(group) else disputed).append(group)
        for joined, parts in self._connected(certain):
            named = {self._named(evidence, part) for part in parts}
            if self._is_one(joined) and not (evidence in _WEAK and self._contradicts(joined)):
                self._settle(joined, named)
                continue
            unsettled = [[number for number in part if not self._is_settled(number)] for part in parts]
            for left, _ in self._connected([part for part in unsettled if len(part) > 1]):
                self._doubt(left, named)
        for group in disputed:
            self._doubt(group, {self._named(evidence, group)})

    def _is_settled(self, number: int) -> bool:
        return len(self._machines[number].numbers) > 1

    def _is_one(self, group: Sequence[int]) -> bool:
        return len({self._records[number].platform for number in group}) == len(group)

    def _is_barred(self, group: Sequence[int]) -> bool:
        """Whether stronger facts say of every record of a group that it is another machine than some of the rest."""
        return all(self._facts[number] for number in group) and self._contradicts(group)

    def _contradicts(self, group: Iterable[int]) -> bool:
        """Whether the machines of a group have UUIDs or serial numbers, and none in common."""
        machines = {self._machines[number].numbers[0]: self._machines[number] for number in group}
        facts = [set().union(*(self._facts[one] for one in machine.numbers)) for machine in machines.values()]
        known = [one for one in facts if one]
        return bool(known) and not set.intersection(*known)

    def _connected(self, groups: Sequence[Sequence[int]]) -> Iterator[tuple[list[int], list[Sequence[int]]]]:
        """Groups that share a record, or a machine that is settled already, put together."""
        place: dict[int, int] = {}
        merged: list[tuple[set[int], list[Sequence[int]]]] = []
        for group in groups:
            whole = {number for one in group for number in self._machines[one].numbers}
            parts = [group]
            for other in {place[number] for number in whole if number in place}:
                whole |= merged[other][0]
                parts += merged[other][1]
            place.update(dict.fromkeys(whole, len(merged)))
            merged.append((whole, parts))
        for index, (whole, parts) in enumerate(merged):
            if place[min(whole)] == index:
                yield sorted(whole), parts

    def _settle(self, numbers: list[int], evidence: set[Evidence]) -> None:
        known = {why for number in numbers for why in self._machines[number].evidence}
        machine = _Machine(numbers, known | evidence)
        self._machines.update(dict.fromkeys(numbers, machine))

    def _doubt(self, group: Iterable[int], evidence: set[Evidence]) -> None:
        left = [number for number in group if not self._is_settled(number)]
        platforms = {self._records[number].platform for number in left}
        # Machines of one platform may share a name, or the address of a bridge, and nobody minds.
        if len(left) > 1 and (len(platforms) > 1 or not evidence <= _WEAK):
            self._doubts.append(_Machine(left, evidence))
            self._doubtful.update(left)

    def _named(self, evidence: Evidence, group: Iterable[int]) -> Evidence:
        if evidence is not Evidence.BIOS_UUID:
            return evidence
        orders = {_uuid_digits(self._records[number]) for number in group}
        return Evidence.BIOS_UUID if len(orders) == 1 else Evidence.BIOS_UUID_SWAPPED

    def matches(self) -> Iterator[MachineMatch]:
        """The machines that several records show, then those in doubt."""
        settled = {machine.numbers[0]: machine for machine in self._machines.values() if len(machine.numbers) > 1}
        for machine in settled.values():
            yield self._match(machine, ambiguous=False)
        for doubt in self._doubts:
            yield self._match(doubt, ambiguous=True)

    def _match(self, machine: _Machine, *, ambiguous: bool) -> MachineMatch:
        evidence = sorted(machine.evidence, key=_ORDER.__getitem__)
        return MachineMatch(
            vm_ids=tuple(self._records[number].id for number in machine.numbers),
            evidence=tuple(evidence),
            confidence=_CONFIDENCE[evidence[0]],
            ambiguous=ambiguous,
        )


_WEAK = {Evidence.MAC_ADDRESS, Evidence.FQDN}


def _groups(
    records: Sequence[VirtualMachine], keys: Callable[[VirtualMachine], Iterable[str]]
) -> Iterable[Sequence[int]]:
    """The records that share a key, by their numbers."""
    found: dict[str, list[int]] = defaultdict(list)
    for number, record in enumerate(records):
        for key in set(keys(record)):
            found[key].append(number)
    return [group for group in found.values() if len(group) > 1]


def _linked(records: Sequence[VirtualMachine], resources: Iterable[Resource]) -> Iterable[Sequence[int]]:
    """Arc machines with the vSphere machine that Arc's inventory of the same vCenter links them to."""
    arc = {record.id.lower(): number for number, record in enumerate(records) if record.platform == _ARC}
    vsphere = {record.id.lower(): number for number, record in enumerate(records) if record.platform == _VSPHERE}
    found: dict[str, set[int]] = defaultdict(set)
    for one in resources:
        machine, moref = one.machine_id.lower(), f"vsphere://{one.vcenter_uuid}/{one.native_id}".lower()
        if one.vcenter_uuid and machine in arc and moref in vsphere:
            found[moref] |= {arc[machine], vsphere[moref]}
    return [sorted(group) for group in found.values()]


def _serial_digits(record: VirtualMachine) -> str:
    """The BIOS UUID, in vCenter's order, that VMware's serial number spells: `VMware-42 0e 3f 74 …-77 36 …`."""
    serial = record.serial_number.strip().lower()
    digits = _NOT_HEX.sub("", serial.removeprefix(_VMWARE_SERIAL)) if serial.startswith(_VMWARE_SERIAL) else ""
    return digits if _HEX32.fullmatch(digits) and digits not in _PLACEHOLDERS else ""


def _by_serial(records: Sequence[VirtualMachine]) -> Iterable[Sequence[int]]:
    """Records with the same VMware serial number, and the vSphere machines whose BIOS UUID it spells."""
    spelt = {digits for record in records if (digits := _serial_digits(record))}

    def keys(record: VirtualMachine) -> Iterator[str]:
        own = _serial_digits(record)
        if own:
            yield own
        elif record.platform == _VSPHERE and _uuid_digits(record) in spelt:
            yield _uuid_digits(record)

    return _groups(records, keys)


def _facts(record: VirtualMachine) -> frozenset[str]:
    """What the machine's firmware says of it, in either byte order the same."""
    return frozenset(filter(None, (uuid_key(smbios_uuid(record)), uuid_key(_serial_digits(record)))))


def _uuid_digits(record: VirtualMachine) -> str:
    """The SMBIOS UUID in 32 digits, in the order of the source; empty where there is none that means anything."""
    return _real_digits(smbios_uuid(record))


def _uuid_keys(record: VirtualMachine) -> Iterator[str]:
    key = uuid_key(smbios_uuid(record))
    if key:
        yield key


def _mac_keys(record: VirtualMachine) -> Iterator[str]:
    for nic in record.nics:
        mac = nic.mac_address.strip().lower().translate(_MAC_MARKS)
        if _MAC.fullmatch(mac) and mac != _NO_MAC:
            yield mac


def _name_keys(record: VirtualMachine) -> Iterator[str]:
    """A name is evidence only with its domain; `localhost.localdomain` is the name of everybody."""
    name = record.hostname.strip().lower().rstrip(".")
    if "." in name and not name.startswith("localhost.") and not name.replace(".", "").isdigit():
        yield name
