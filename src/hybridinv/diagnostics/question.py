"""What is asked of a storage account: of which machines, which time, which counters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import attrs

from hybridinv.errors import NotSupported
from hybridinv.model import OSType, VirtualMachine
from hybridinv.wire.arm import arm_id, parse_id
from hybridinv.wire.counters import checked_guest_counters
from hybridinv.wire.storage_tables import GRAINS

SAMPLES = "samples"
ALL_GRAINS = (*GRAINS, SAMPLES)
_LONGEST_BY_MINUTES = timedelta(days=1)
_LONGEST = timedelta(days=3653)
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
_LAST = datetime(9000, 1, 1, tzinfo=UTC)
_REQUESTS = 10
"""So many requests one counter over one hour may take."""
_PLATFORMS = ("azure", "azure-stack-hub")
_ZONE = "give it one: datetime(2026, 3, 1, 12, tzinfo=datetime.UTC), or moment.astimezone() for this machine's zone"


@attrs.frozen
class Question:
    """From when until before when (aware UTC), which counters (None for all), of which tables (None for the usual)."""

    start: datetime
    end: datetime
    counters: Sequence[str] | None = None
    grain: str | None = None
    settled: frozenset[str] = frozenset()
    """The counters that other tables have for about all the time, and that are not asked for any more."""
    explores: bool = False
    """Whether nothing is known to be lacking, and other counters may be there."""

    def wants(self, counter: str, raw_name: str) -> bool:
        """Whether a counter is asked for."""
        return key_of(counter, raw_name) not in self.settled and (self.counters is None or counter in self.counters)

    @property
    def most_requests(self) -> int | None:
        """So many requests may be made for one machine; None where all counters are asked for."""
        hours = math.ceil((self.end - self.start) / timedelta(hours=1))
        return None if self.counters is None else _REQUESTS * len(self.counters) * hours

    @property
    def grains(self) -> list[str]:
        """The tables in the order in which they are asked until one has something."""
        if self.grain:
            return [self.grain]
        usual = ["PT1M", "PT1H"]
        by_minutes = self.end - self.start <= _LONGEST_BY_MINUTES
        return [*(usual if by_minutes else reversed(usual)), SAMPLES]


@attrs.frozen
class Machine:
    """One machine as the tables know it: by its id in the likely spellings, by its UUID, and by its name."""

    id: str
    name: str
    platform: str
    spellings: tuple[str, ...]
    """What the keys may have for the id, the likeliest first."""
    late_spellings: tuple[str, ...] = ()
    """What they may have where nothing is found under the others."""
    uuid: str = ""
    host: str = ""
    system: str = ""
    """`windows`, `linux`, or empty where that is not known."""


def key_of(counter: str, raw_name: str) -> str:
    """By what samples of one counter are known: our word, else the agent's name."""
    return counter or raw_name.lower()


def checked_question(start: datetime, end: datetime, counters: Iterable[str] | None, grain: str | None) -> Question:
    """The question in UTC; `NotSupported` where it has no answer, and says how to put it."""
    start, end = _moment("start", start), _moment("end", end)
    if end == start:
        raise NotSupported(
            f"there is no time between start= and end= ({end:%Y-%m-%d %H:%M} UTC)",
            remedy="give a later end=; what begins at end= itself is not read",
        )
    if end < start:
        raise NotSupported(
            f"end= ({end:%Y-%m-%d %H:%M} UTC) is not after start= ({start:%Y-%m-%d %H:%M} UTC)",
            remedy="swap them",
        )
    if end - start > _LONGEST:
        raise NotSupported(f"{(end - start).days} days are more than can be read", remedy="ask for ten years at most")
    if grain is not None and grain not in ALL_GRAINS:
        raise NotSupported(f"there is no grain={grain!r:.40}", remedy=f"say one of: {', '.join(ALL_GRAINS)}")
    return Question(start, end, None if counters is None else checked_guest_counters(counters), grain)


def _moment(name: str, value: object) -> datetime:
    if not isinstance(value, datetime):
        raise NotSupported(f"{name}= is a datetime, not {type(value).__name__}", remedy="pass a datetime with a zone")
    if value.tzinfo is None or value.utcoffset() is None:
        raise NotSupported(f"{name}={value.isoformat()} has no time zone", remedy=_ZONE)
    if not _FIRST <= value <= _LAST:
        raise NotSupported(f"{name}= is in the year {value.year}", remedy="check it: nothing was recorded then")
    return value.astimezone(UTC)


def checked_machines(vm: VirtualMachine | str | Iterable[VirtualMachine | str]) -> list[Machine]:
    """The machines, each once; `NotSupported` for what has no diagnostics extension, or is no machine."""
    several = [vm] if isinstance(vm, (VirtualMachine, str)) or not isinstance(vm, Iterable) else list(vm)
    if not several:
        raise NotSupported("no machine is asked for", remedy="pass a VirtualMachine, the ARM id of one, or several")
    machines = [_from_id(one) if isinstance(one, str) else _from_record(one) for one in several]
    once: dict[str, Machine] = {}
    for one in machines:
        known = once.setdefault(one.id.lower(), one)
        # The record of a machine knows more of it than its id.
        once[one.id.lower()] = known if known.platform else one
    return list(once.values())


def _from_id(text: str) -> Machine:
    """A machine of which the id alone is known."""
    rid = parse_id(text)
    types = [rid.provider.lower(), *(one.lower() for one in rid.types)]
    known = rid.subscription_id and rid.resource_group and rid.name.isprintable() and not set(rid.name) & set("?#")
    if types[:1] != ["microsoft.compute"] or types[-1:] != ["virtualmachines"] or not (known and rid.names):
        raise NotSupported(f"{text!r:.120} is no ARM id of a virtual machine", remedy="pass vm.resource_id, or the vm")
    return Machine(arm_id(text), rid.name, "", *_spellings(text))


def _from_record(vm: object) -> Machine:
    if not isinstance(vm, VirtualMachine):
        raise NotSupported(f"{type(vm).__name__} is no machine", remedy="pass a VirtualMachine, or its ARM id as text")
    if vm.platform not in _PLATFORMS:
        raise NotSupported(
            f"{vm.name!r:.80} is of {vm.platform}, which has no diagnostics extension",
            remedy="of several, pass those of Azure: inv.vms.where(platform='azure') or 'azure-stack-hub'",
        )
    written = vm.resource_id or vm.id
    rid = parse_id(written)
    # An id in small letters has lost what the name and the group still have.
    name, group = _as_in(vm.name, rid.name), _as_in(vm.resource_group, rid.resource_group)
    spellings, late_spellings = _spellings(written, name, group)
    system = {OSType.WINDOWS: "windows", OSType.LINUX: "linux"}.get(vm.os_type, "")
    machine = _from_id(written)
    return attrs.evolve(
        machine, id=vm.id, name=name, platform=vm.platform, spellings=spellings, late_spellings=late_spellings,
        uuid=vm.native_id, host=vm.hostname.partition(".")[0], system=system,
    )  # fmt: skip


def _as_in(text: str, part: str) -> str:
    """The part of an id, in the letters that a text of the same word has."""
    return text if text.lower() == part.lower() else part


def _spellings(text: str, name: str = "", group: str = "") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The id as it may stand in a key, in which letter case counts: as ARM wrote it, as documented, in lower case.

    The extension's setting `metrics.resourceId` decides; an id that is passed as text is tried as it is, first. Where
    these have nothing there is one more: with the group in capitals.
    """
    text = text.strip().rstrip("/")
    rid = parse_id(text)
    if len(rid.types) > 1:  # an instance of a uniform scale set
        return (text,), ()
    group = group or rid.resource_group
    usual, late = (
        f"/subscriptions/{rid.subscription_id.lower()}/resourceGroups/{one}"
        f"/providers/Microsoft.Compute/virtualMachines/{name or rid.name}"
        for one in (group, group.upper())
    )
    spellings = tuple(dict.fromkeys((text, usual, text.lower())))
    return spellings, (late,) if late not in spellings else ()
