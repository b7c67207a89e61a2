"""Inventory: what several sources hold, and what could not be read of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import attrs

from hybridinv.errors import HybridInvError, IncompleteInventory, NotSupported
from hybridinv.identity import same_machines
from hybridinv.model import (
    Asked,
    Change,
    ChangeKind,
    Cluster,
    Datastore,
    Extension,
    Host,
    License,
    MachineMatch,
    Network,
    Problem,
    Resource,
    ResourcePool,
    Switch,
    VirtualMachine,
    VMkernelAdapter,
)
from hybridinv.model.fact import in_utc
from hybridinv.model.findings import Taken
from hybridinv.model.rendering import SHOWN_ROWS, Names, html_table, page
from hybridinv.model.wording import cell
from hybridinv.saving import dump, read_json, write_whole
from hybridinv.tables import QueryResult, Records, query
from hybridinv.unnested import Unnested, unnested

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

T = TypeVar("T")

KINDS: dict[str, type] = {
    "hosts": Host,
    "vms": VirtualMachine,
    "extensions": Extension,
    "vmkernel_adapters": VMkernelAdapter,
    "clusters": Cluster,
    "datastores": Datastore,
    "networks": Network,
    "switches": Switch,
    "resource_pools": ResourcePool,
    "licenses": License,
    "resources": Resource,
}
"""The kinds of records, named as the adapters' methods and the inventory's tables are."""
_NEEDS_MATCHES = re.compile(r"(?i)same_machine|\bquery(_table)?\b")
_WORKBOOK = "rvtools"
_MEBIBYTE = 2**20
_SECOND = timedelta(seconds=1)
_MADE_UP = re.compile(r"vsphere://[^/]*/[a-z]+:")
_DEVICES = ("cdrom", "usb")
"""Those that RVTools has sheets for."""
_SHOWN_SOURCES = 50
_SHOWN_WORDS = 800


def listed(kinds: Iterable[str]) -> list[str]:
    """The kinds as a list; one name alone is a list of it."""
    return [kinds] if isinstance(kinds, str) else list(kinds)


def check_kind(kind: str) -> None:
    """`NotSupported` unless there is such a kind."""
    if kind not in KINDS:
        raise NotSupported(f"there is no kind {kind!r}", remedy=f"the kinds are: {', '.join(KINDS)}")


def count_of(thing: str, number: int) -> str:
    """`1 problem`, `1,200 problems`."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


class Named(Protocol):
    """Something that says which source of which platform it is."""

    @property
    def platform(self) -> str: ...
    @property
    def source(self) -> str: ...


def problem_of(error: Exception, of: Named, *, kind: str = "", scope: str = "") -> Problem:
    """An error as a record."""
    if isinstance(error, HybridInvError):
        message, remedy = error.message, error.remedy
    else:
        message, remedy = str(error) or repr(error), "this is a bug; please report it"
    return Problem(
        platform=of.platform,
        source=of.source,
        kind=kind,
        scope=scope,
        error=type(error).__name__,
        message=message,
        remedy=remedy,
    )


def _records(kind: type[T], items: Iterable[T]) -> Records[T]:
    return items if isinstance(items, Records) and items.type is kind else Records(kind, items)


@attrs.frozen(repr=False, init=False, kw_only=True)
class Inventory:
    """Everything that was read, one table a kind, and the problems: what could not be read.

    `complete` is False when anything is missing; then `problems` says what, and `raise_for_problems()` turns it
    into an exception. Two inventories add up (`a + b`) and can be compared (`before.diff(after)`).
    """

    hosts: Records[Host]
    vms: Records[VirtualMachine]
    extensions: Records[Extension]
    vmkernel_adapters: Records[VMkernelAdapter]
    clusters: Records[Cluster]
    datastores: Records[Datastore]
    networks: Records[Network]
    # The first files of this format do not have these four.
    switches: Records[Switch] = attrs.field(default=Records(Switch))
    resource_pools: Records[ResourcePool] = attrs.field(default=Records(ResourcePool))
    licenses: Records[License] = attrs.field(default=Records(License))
    resources: Records[Resource] = attrs.field(default=Records(Resource))
    problems: Records[Problem]
    asked: tuple[Asked, ...]
    taken_at: datetime

    def __init__(
        self,
        *,
        hosts: Iterable[Host] = (),
        vms: Iterable[VirtualMachine] = (),
        extensions: Iterable[Extension] = (),
        vmkernel_adapters: Iterable[VMkernelAdapter] = (),
        clusters: Iterable[Cluster] = (),
        datastores: Iterable[Datastore] = (),
        networks: Iterable[Network] = (),
        switches: Iterable[Switch] = (),
        resource_pools: Iterable[ResourcePool] = (),
        licenses: Iterable[License] = (),
        resources: Iterable[Resource] = (),
        problems: Iterable[Problem] = (),
        asked: Iterable[Asked] = (),
        taken_at: datetime | None = None,
    ) -> None:
        tables: dict[str, Records[Any]] = {
            "hosts": _records(Host, hosts),
            "vms": _records(VirtualMachine, vms),
            "extensions": _records(Extension, extensions),
            "vmkernel_adapters": _records(VMkernelAdapter, vmkernel_adapters),
            "clusters": _records(Cluster, clusters),
            "datastores": _records(Datastore, datastores),
            "networks": _records(Network, networks),
            "switches": _records(Switch, switches),
            "resource_pools": _records(ResourcePool, resource_pools),
            "licenses": _records(License, licenses),
            "resources": _records(Resource, resources),
        }
        # Of each table only its items: an inventory made from another must not keep that alive.
        names = Names([tuple(records) for records in tables.values()])
        self.__attrs_init__(
            **{kind: records.named(names) for kind, records in tables.items()},
            problems=_records(Problem, problems),
            asked=tuple(asked),
            taken_at=(in_utc(taken_at) or datetime.now(UTC)).astimezone(UTC),
        )

    @property
    def complete(self) -> bool:
        """True when nothing is missing."""
        return not self.problems

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that were asked, as `adapter.source` names them."""
        return tuple(source for _, source in dict.fromkeys((one.platform, one.source) for one in self.asked))

    def raise_for_problems(self) -> None:
        """Raise `IncompleteInventory` unless complete; its message names every problem."""
        if self.problems:
            raise IncompleteInventory(tuple(self.problems))

    def __add__(self, other: Inventory) -> Inventory:
        """Both together. What the later of them has looked for counts; the rest is the earlier one's."""
        older, newer = sorted((self, other), key=lambda inventory: inventory.taken_at)
        return merged((_without(older, newer), newer))

    def diff(self, other: Inventory) -> Records[Change]:
        """What changed from this inventory to `other`.

        A record that only one of them has is `removed` or `added` where the other has looked for it and read that
        kind of its source completely; where it has not, `not_seen`. Where one was read in summary and the other in
        full, what only the full one has is `not_seen`, and fields that the summary leaves out have not changed. Where
        one is of an RVTools workbook, only fields that both know can have changed; records whose ids it had to make of
        names are `not_seen`.
        """
        return Records(Change, [change for kind in KINDS for change in _changes(kind, self, other)])

    def sql(self, sql: str) -> QueryResult:
        """Ask all tables in SQL (DuckDB): `inv.sql("select name, cpus from vms where power_state = 'running'")`.

        The tables are those of the inventory, `problems`, `asked`, `inventory` (one row: `taken_at`, `complete`),
        `same_machines` as the function of that name gives it, and one for everything that records hold several of:
        `vm_disks`, `vm_nics`, `vm_tags`, `host_nics`, `vmkernel_adapter_services`, … Those have the parent's id and
        name (`vm_id`, `vm_name`) and the place there (`position`). `show tables` names them all; only those that the
        query names have rows. One question at a time: `QueryFailed` where it is none, or cannot be answered.
        """
        return query(every_table(self, matches=bool(_NEEDS_MATCHES.search(str(sql)))), sql)

    def counts(self) -> dict[tuple[str, str], dict[str, int]]:
        """How many records of each kind, by platform and source; a source that gave none is there too."""
        counts: dict[tuple[str, str], dict[str, int]] = {(one.platform, one.source): {} for one in self.asked}
        for kind, records in self.tables().items():
            for record in records:
                row = counts.setdefault((record.platform, record.source), {})
                row[kind] = row.get(kind, 0) + 1
        return dict(sorted(counts.items()))

    def tables(self) -> dict[str, Records[Any]]:
        """The tables by name."""
        return {name: getattr(self, name) for name in KINDS}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write this inventory to a JSON file, whole or not at all; `hi.load(path)` reads it back."""
        write_whole(Path(path), dump(self))

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(records)} {name}" for name, records in self.tables().items() if records)
        state = "complete" if self.complete else f"INCOMPLETE: {count_of('problem', len(self.problems))}"
        return f"<Inventory of {count_of('source', len(self.sources))}: {counts or 'nothing'}; {state}>"

    def _repr_html_(self) -> str:
        counts = self.counts()
        kinds = [kind for kind in KINDS if any(row.get(kind) for row in counts.values())]
        rows = [[*key, *(row.get(kind, "") for kind in kinds)] for key, row in list(counts.items())[:_SHOWN_SOURCES]]
        more = f"<p>{len(counts) - _SHOWN_SOURCES} more</p>" if len(counts) > _SHOWN_SOURCES else ""
        heads = ["platform", "source", *(name.replace("_", " ") for name in kinds)]
        return page(
            f"<h3>Inventory of {count_of('source', len(self.sources))}, {self.taken_at:%Y-%m-%d %H:%M} UTC</h3>",
            html_table(heads, rows), more, self._problems_html(),
        )  # fmt: skip

    def _problems_html(self) -> str:
        if self.complete:
            return "<p>Complete: nothing is missing.</p>"
        shown = self.problems[:SHOWN_ROWS]
        items = "".join(f"<li>{cell(_shortened(str(problem)))}</li>" for problem in shown)
        more = f"<p>{len(self.problems) - SHOWN_ROWS} more</p>" if len(self.problems) > SHOWN_ROWS else ""
        short = {(one.platform, one.source) for one in self.problems}
        whole = len({(one.platform, one.source) for one in self.asked} - short)
        count = count_of("problem", len(self.problems))
        return (
            f'<p><strong class="bad">Incomplete: {count}.</strong> {count_of("source", whole)} complete,'
            f" {len(short)} not. This is missing:</p><ul>{items}</ul>{more}"
        )


def _shortened(text: str) -> str:
    """A problem without its middle: what it is about comes first, what to do last."""
    half = _SHOWN_WORDS // 2
    return text if len(text) <= _SHOWN_WORDS else f"{text[:half]} … {text[-half:]}"


def every_table(inv: Inventory, *, matches: bool = True) -> dict[str, Records[Any] | Unnested]:
    """All tables of an inventory, those of what its records hold several of too; without `matches` there are none."""
    tables = {
        **inv.tables(),
        "problems": inv.problems,
        "asked": Records(Asked, inv.asked),
        "inventory": Records(Taken, [Taken(taken_at=inv.taken_at, complete=inv.complete)]),
        "same_machines": same_machines(inv) if matches else Records(MachineMatch),
    }
    return {**tables, **unnested({name: records.type for name, records in tables.items()}, tables)}


def merged(parts: Iterable[Inventory]) -> Inventory:
    """All parts together, in their order; of two records with one id, the later."""
    parts = list(parts)
    tables: dict[str, Any] = {
        name: Records(kind, {record.id: record for part in parts for record in getattr(part, name)}.values())
        for name, kind in KINDS.items()
    }
    return Inventory(
        **tables,
        problems=dict.fromkeys(problem for part in parts for problem in part.problems),
        asked=dict.fromkeys(one for part in parts for one in part.asked),
        taken_at=max((part.taken_at for part in parts), default=None),
    )


def load(path: str | os.PathLike[str]) -> Inventory:
    """The inventory that `Inventory.save` wrote to `path`; `InventoryFileError` when it is not one."""
    return read_json(Path(path), Inventory)


def _without(older: Inventory, newer: Inventory) -> Inventory:
    """The older inventory, less what the newer one has looked for: records that are gone, problems that are solved."""
    tables: dict[str, Any] = {
        kind: [one for one in records if not newer.asked or not _looked_for(newer, kind, one)]
        for kind, records in older.tables().items()
    }
    solved = {(one.platform, one.source, kind) for one in newer.asked for kind in one.kinds}
    left = [
        problem
        for problem in older.problems
        if problem in newer.problems
        or not problem.kind
        or (problem.platform, problem.source, problem.kind) not in solved
    ]
    return attrs.evolve(older, **tables, problems=left)


def _looked_for(inventory: Inventory, kind: str, record: Any) -> bool:
    """Whether the inventory would hold that record if it were there; one made by hand is taken at its word."""
    here = (record.platform, record.source)
    for problem in inventory.problems:
        if problem.source == here[1] and problem.platform in ("", here[0]) and problem.kind in ("", kind):
            return False
    return not inventory.asked or any(
        here == (one.platform, one.source) and kind in one.kinds and _is_within(record.id, one.subscription_ids)
        for one in inventory.asked
    )


def _is_within(id_: str, subscription_ids: frozenset[str]) -> bool:
    return not subscription_ids or id_.startswith(tuple(f"/subscriptions/{one}/" for one in subscription_ids))


def _is_less(one: Inventory, other: Inventory, kind: str, record: Any) -> bool:
    """Whether that record's source was read in less detail for the one inventory than for the other."""
    return _details(one, kind, record) == {"summary"} and _details(other, kind, record) == {"full"}


def _are_unlike(one: Inventory, other: Inventory, kind: str, record: Any) -> bool:
    """Whether one of them is of a workbook, which has fields that the other lacks, and lacks some that it has."""
    details = _details(one, kind, record), _details(other, kind, record)
    return details[0] != details[1] and {_WORKBOOK} in details


def _details(inventory: Inventory, kind: str, record: Any) -> set[str]:
    here = (record.platform, record.source)
    return {one.detail for one in inventory.asked if (one.platform, one.source) == here and kind in one.kinds}


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
        return has_made_up_id(less) or has_made_up_id(more)
    if isinstance(less, tuple) and isinstance(more, tuple):
        if all(isinstance(one, str) for one in (*less, *more)):
            less, more = sorted(less), sorted(more)
        return len(less) == len(more) and all(map(_is_part, less, more))
    if type(less) is not type(more) or not attrs.has(type(less)):
        return False
    return all(
        _lacks(getattr(less, field.name), getattr(more, field.name), field) for field in attrs.fields(type(less))
    )


def has_made_up_id(id_: str) -> bool:
    """Whether an id is made of names, because an RVTools workbook did not tell the vCenter's own."""
    return bool(_MADE_UP.match(id_))


def _forms(records: Iterable[Any]) -> dict[str, set[bool]]:
    """Which forms the ids of each source have: records whose ids are of two forms cannot be compared."""
    forms: dict[str, set[bool]] = {}
    for record in records:
        forms.setdefault(record.source, set()).add(has_made_up_id(record.id))
    return forms


def _changes(kind: str, before: Inventory, after: Inventory) -> Iterable[Change]:
    old, new = ({record.id: record for record in getattr(inventory, kind)} for inventory in (before, after))
    told_before, told_after = _forms(old.values()), _forms(new.values())
    for id_, record in old.items():
        if id_ not in new:
            is_gone = told_after.get(record.source, set()) <= {has_made_up_id(id_)}
            is_gone &= _looked_for(after, kind, record) and not _is_less(after, before, kind, record)
            is_gone &= not _are_unlike(before, after, kind, record) or _looked_for(before, kind, record)
            gone = ChangeKind.REMOVED if is_gone else ChangeKind.NOT_SEEN
            yield Change(change=gone, kind=kind, id=id_, name=record.name)
    for id_, record in new.items():
        if id_ not in old:
            is_new = told_before.get(record.source, set()) <= {has_made_up_id(id_)}
            is_new &= _looked_for(before, kind, record) and not _is_less(before, after, kind, record)
            is_new &= not _are_unlike(before, after, kind, record) or _looked_for(after, kind, record)
            come = ChangeKind.ADDED if is_new else ChangeKind.NOT_SEEN
            yield Change(change=come, kind=kind, id=id_, name=record.name)
        elif record != old[id_]:
            less_before, less_after = (
                _is_less(one, other, kind, record) for one, other in ((before, after), (after, before))
            )
            unlike = _are_unlike(before, after, kind, record)
            less_before, less_after = less_before or unlike, less_after or unlike
            for field in attrs.fields(type(record)):
                earlier, later = getattr(old[id_], field.name), getattr(record, field.name)
                untold = (less_after and _lacks(later, earlier, field)) or (
                    less_before and _lacks(earlier, later, field)
                )
                if earlier != later and not untold and not (unlike and field.name == "problems"):
                    before_, after_ = str(earlier), str(later)
                    yield Change(kind=kind, id=id_, name=record.name, field=field.name, before=before_, after=after_)
