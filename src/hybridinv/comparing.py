"""What changed from one inventory to another: nothing is gone, or new, that was not looked for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.model import Change, ChangeKind, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hybridinv.inventory import Inventory

_WORKBOOK = "rvtools"
_MEBIBYTE = 2**20
_SECOND = timedelta(seconds=1)
_ID = re.compile(r"vsphere://(?P<uuid>[0-9a-f-]{32,36}(?=/))?[^/]*/(?P<made_up>[a-z]+:)?")
_UUIDS = ("instance_uuid", "bios_uuid")
_DEVICES = ("cdrom", "usb")
"""Those that RVTools has sheets for."""
_PARTS = frozenset({"disks", "nics", "partitions", "snapshots", "devices", "agents"})
"""What a workbook may lack of its machines."""
_NO_NICS = {"nics", "vNetwork"}

Form = tuple[bool, bool]


def changes(kind: str, before: Inventory, after: Inventory) -> Iterator[Change]:
    """The changes of one kind of record."""
    old, new = ({record.id: record for record in getattr(inventory, kind)} for inventory in (before, after))
    told = _told(old.values()), _told(new.values())
    same = _same_records(old, new)
    old = {same.get(id_, id_): record for id_, record in old.items()}
    terms = _Terms(kind, before, after)
    for id_, record in old.items():
        if id_ not in new:
            is_gone = _is_comparable(record, *told) and terms.is_gone(record)
            change = ChangeKind.REMOVED if is_gone else ChangeKind.NOT_SEEN
            yield Change(change=change, kind=kind, id=id_, name=record.name)
    for id_, record in new.items():
        if id_ not in old:
            is_new = _is_comparable(record, *reversed(told)) and terms.is_new(record)
            change = ChangeKind.ADDED if is_new else ChangeKind.NOT_SEEN
            yield Change(change=change, kind=kind, id=id_, name=record.name)
        elif record != old[id_]:
            for name, earlier, later in terms.changed(old[id_], record):
                yield Change(
                    kind=kind, id=id_, name=record.name, field=name, before=str(earlier), after=str(later)
                )  # fmt: skip


def looked_for(inventory: Inventory, kind: str, record: Any) -> bool:
    """Whether the inventory would hold that record if it were there; one made by hand is taken at its word."""
    here = (record.platform, record.source)
    if any(problem.kind in ("", kind) and is_of(problem, *here) for problem in inventory.problems):
        return False
    return not inventory.asked or any(
        here == (one.platform, one.source) and kind in one.kinds and _is_within(record.id, one.subscription_ids)
        for one in inventory.asked
    )


def is_of(problem: Problem, platform: str, source: str) -> bool:
    """Whether a problem is of that source; one that names none is of all of its platform."""
    if not problem.source:
        return problem.platform == platform
    return problem.source == source and problem.platform in ("", platform)


def _is_within(id_: str, subscription_ids: frozenset[str]) -> bool:
    return not subscription_ids or id_.startswith(tuple(f"/subscriptions/{one}/" for one in subscription_ids))


# Ids, which a workbook may have to make of names


def _form(id_: str) -> Form | None:
    """Of what an id of vSphere is made: whether its vCenter is a name, and its object; ids of two forms never match."""
    found = _ID.match(id_)
    return (not found["uuid"], bool(found["made_up"])) if found else None


def _told(records: Iterable[Any]) -> dict[str, set[Form | None]]:
    """The forms that the ids of each source have."""
    forms: dict[str, set[Form | None]] = {}
    for record in records:
        forms.setdefault(record.source, set()).add(_form(record.id))
    return forms


def _is_comparable(record: Any, own: Mapping[str, set[Form | None]], others: Mapping[str, set[Form | None]]) -> bool:
    """Whether the other inventory would have the record by that id."""
    there = others.get(record.source, set())
    return there <= {_form(record.id)} or there == own.get(record.source)


def _same_records(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
    """The new ids of records whose id is made in another way: the only ones of their UUID, else of their name."""
    left, right = ([one for id_, one in here.items() if id_ not in there] for here, there in ((old, new), (new, old)))
    same: dict[str, str] = {}
    taken: set[str] = set()
    for field in (*_UUIDS, "name"):
        found = _only(left, field)
        for key, later in _only(right, field).items():
            earlier = found.get(key)
            if earlier is None or earlier.id in same or later.id in taken:
                continue
            if _form(earlier.id) != _form(later.id) and not (field == "name" and _differ(earlier, later)):
                same[earlier.id] = later.id
                taken.add(later.id)
    return same


def _only(records: Iterable[Any], field: str) -> dict[tuple[str, str], Any]:
    """The records of a source that alone have a value there."""
    keys = [((one.source, getattr(one, field, "")), one) for one in records]
    count = Counter(key for key, _ in keys)
    return {key: one for key, one in keys if key[1] and count[key] == 1}


def _differ(one: Any, other: Any) -> bool:
    """Whether both tell a UUID, and not the same."""
    pairs = [(getattr(one, field, ""), getattr(other, field, "")) for field in _UUIDS]
    return any(all(pair) and pair[0] != pair[1] for pair in pairs)


# What can have changed


class _Terms:
    """How far the records of each source can be compared."""

    def __init__(self, kind: str, before: Inventory, after: Inventory) -> None:
        self._kind = kind
        self._both = before, after
        self._known: dict[tuple[str, str], tuple[bool, bool, bool, bool]] = {}

    def _of(self, record: Any) -> tuple[bool, bool, bool, bool]:
        """Whether the earlier is less, the later is less, they are unlike, and one is without network adapters."""
        here = (record.platform, record.source)
        if here not in self._known:
            details = [_details(inventory, self._kind, here) for inventory in self._both]
            of_any = [_details(inventory, "", here) for inventory in self._both]
            parts = [_missing(inventory, self._kind, here) for inventory in self._both]
            unlike = any(_WORKBOOK in one for one in of_any) and (
                of_any[0] != of_any[1] or parts[0] != parts[1] or _differ_in_form(*self._both, here[1])
            )
            less, more = {"summary"}, {"full"}
            self._known[here] = (
                details == [less, more],
                details == [more, less],
                unlike,
                bool((parts[0] | parts[1]) & _NO_NICS),
            )
        return self._known[here]

    def is_gone(self, record: Any) -> bool:
        """Whether an earlier record that the later inventory does not have is gone."""
        _, later_is_less, _, _ = self._of(record)
        before, after = self._both
        return self._was_sought(record, after, before) and not later_is_less

    def is_new(self, record: Any) -> bool:
        """Whether a later record that the earlier inventory does not have is new."""
        earlier_is_less, _, _, _ = self._of(record)
        before, after = self._both
        return self._was_sought(record, before, after) and not earlier_is_less

    def _was_sought(self, record: Any, there: Inventory, here: Inventory) -> bool:
        """Whether the one that lacks it has looked for it, and the one that has it for its kind, if that is asked."""
        if not looked_for(there, self._kind, record):
            return False
        details = [_details(one, self._kind, (record.platform, record.source)) for one in (there, here)]
        return details[0] == details[1] or {_WORKBOOK} not in details or looked_for(here, self._kind, record)

    def changed(self, earlier: Any, later: Any) -> Iterator[tuple[str, Any, Any]]:
        """The fields that changed, with both values."""
        earlier_is_less, later_is_less, unlike, few_addresses = self._of(later)
        for field in attrs.fields(type(later)):
            before, after = getattr(earlier, field.name), getattr(later, field.name)
            if before == after:
                continue
            if unlike and (field.name in ("id", "problems") or (few_addresses and field.name == "ip_addresses")):
                continue
            if (later_is_less or unlike) and _lacks(after, before, field):
                continue
            if (earlier_is_less or unlike) and _lacks(before, after, field):
                continue
            yield field.name, before, after


def _details(inventory: Inventory, kind: str, here: tuple[str, str]) -> set[str]:
    """How much a source was asked for, of that kind or of any."""
    own = (one for one in inventory.asked if (one.platform, one.source) == here)
    return {one.detail for one in own if not kind or kind in one.kinds}


def _missing(inventory: Inventory, kind: str, here: tuple[str, str]) -> frozenset[str]:
    """What is not known of all records of a kind: parts, and sheets that could not be read; odd cells do not count."""
    kinds = {kind, *_PARTS} if kind == "vms" else {kind}
    own = (one for one in inventory.problems if one.kind in kinds and is_of(one, *here))
    return frozenset(one.scope or one.kind for one in own if " " not in one.scope)


def _differ_in_form(before: Inventory, after: Inventory, source: str) -> bool:
    """Whether the ids of any kind are made in another way, so that what refers to these differs."""
    forms = [
        {kind: told.get(source) for kind, records in inventory.tables().items() if (told := _told(records))}
        for inventory in (before, after)
    ]
    pairs = ((own, forms[1].get(kind)) for kind, own in forms[0].items())
    return any(one and other and one != other for one, other in pairs)


def _lacks(less: Any, more: Any, field: attrs.Attribute[Any]) -> bool:
    """Whether a value differs from the one of a fuller record only in what is not known of it."""
    factory = getattr(field.default, "factory", None)
    if (
        field.name.endswith("_bytes")
        and None not in (less, more)
        and abs(less - more) < _MEBIBYTE
        and not less % _MEBIBYTE
    ):
        return True  # a workbook has whole MiB
    if field.name == "devices":
        more = tuple(one for one in more if one.kind in _DEVICES)
    return bool(less == (factory() if factory else field.default)) or _is_part(less, more)


def _is_part(less: Any, more: Any) -> bool:
    if less == more:
        return True
    if isinstance(less, Mapping) and isinstance(more, Mapping):
        return less.items() <= more.items()
    if isinstance(less, datetime) and isinstance(more, datetime):
        return abs(less - more) < _SECOND  # Excel keeps milliseconds
    if isinstance(less, str) and isinstance(more, str):
        forms = _form(less), _form(more)
        return None not in forms and forms[0] != forms[1]
    if isinstance(less, tuple) and isinstance(more, tuple):
        if all(isinstance(one, str) for one in (*less, *more)):
            less, more = sorted(less), sorted(more)
        return len(less) == len(more) and all(map(_is_part, less, more))
    if type(less) is not type(more) or not attrs.has(type(less)):
        return False
    return all(
        _lacks(getattr(less, field.name), getattr(more, field.name), field) for field in attrs.fields(type(less))
    )
