"""Inventory: what several sources hold, and what could not be read of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import attrs

from hybridinv.comparing import changes, is_of, looked_for
from hybridinv.errors import HybridInvError, IncompleteInventory, NotSupported
from hybridinv.identity import same_machines
from hybridinv.model import (
    Asked,
    Change,
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
from hybridinv.model.rendering import SHOWN_ROWS, Names, html_table, page, shortened
from hybridinv.model.wording import cell
from hybridinv.saving import dump, read_json, write_whole
from hybridinv.tables import QueryResult, Records, run_query
from hybridinv.unnested import Unnested, singular, unnested

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
_SHOWN_SOURCES = 50


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


def counted(things: str, number: int) -> str:
    """`1 switch`, `1,200 switches`."""
    return f"{number:,} {singular(things) if number == 1 else things}"


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
        """The sources that were asked, as `adapter.source` names them; then those that records alone name."""
        asked = ((one.platform, one.source) for one in self.asked)
        return tuple(source for _, source in dict.fromkeys((*asked, *self.counts())))

    def raise_for_problems(self) -> None:
        """Raise `IncompleteInventory` unless complete; its message names every problem."""
        if self.problems:
            raise IncompleteInventory(tuple(self.problems))

    def __add__(self, other: Inventory) -> Inventory:
        """Both together. What the later of them has looked for counts; the rest is the earlier one's."""
        if not isinstance(other, Inventory):
            return NotImplemented
        older, newer = sorted((self, other), key=lambda inventory: inventory.taken_at)
        return merged((_without(older, newer), newer))

    def diff(self, other: Inventory) -> Records[Change]:
        """What changed from this inventory to `other`.

        A record that only one of them has is `removed` or `added` where the other has looked for it and read that
        kind of its source completely; where it has not, `not_seen`. Where one was read in summary and the other in
        full, what only the full one has is `not_seen`, and fields that the summary leaves out have not changed. Where
        one is of an RVTools workbook, only fields that both know can have changed; a record whose id it had to make of
        names is compared with the only one of its UUID or name, and `not_seen` where there is none.
        """
        if not isinstance(other, Inventory):
            raise NotSupported(
                f"an inventory is compared with another, not with {type(other).__name__}",
                remedy="hi.collect, hi.load and hi.read_workbook give one",
            )
        return Records(Change, [change for kind in KINDS for change in changes(kind, self, other)])

    def sql(self, query: str) -> QueryResult:
        """Ask all tables in SQL (DuckDB): `inv.sql("select name, cpus from vms where power_state = 'running'")`.

        The tables are those of the inventory, `problems`, `asked`, `inventory` (one row: `taken_at`, `complete`),
        `same_machines` as the function of that name gives it, and one for everything that records hold several of:
        `vm_disks`, `vm_nics`, `vm_tags`, `host_nics`, `vmkernel_adapter_services`, … Those have the parent's id and
        name (`vm_id`, `vm_name`) and the place there (`position`). `show tables` names them all; only those that the
        query names have rows. One question at a time: `QueryFailed` where it is none, or cannot be answered.
        """
        return run_query(every_table(self, matches=bool(_NEEDS_MATCHES.search(str(query)))), query)

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
        counts = ", ".join(counted(name, len(records)) for name, records in self.tables().items() if records)
        state = "complete" if self.complete else f"INCOMPLETE: {count_of('problem', len(self.problems))}"
        return f"<Inventory of {count_of('source', len(self.sources))}: {counts or 'nothing'}; {state}>"

    def _repr_html_(self) -> str:
        counts = self.counts()
        kinds = [kind for kind in KINDS if any(row.get(kind) for row in counts.values())]
        rows = [[*key, *(row.get(kind, "") for kind in kinds)] for key, row in list(counts.items())[:_SHOWN_SOURCES]]
        more = f"<p>{len(counts) - _SHOWN_SOURCES} more</p>" if len(counts) > _SHOWN_SOURCES else ""
        heads = ["platform", "source", *(name.replace("_", " ") for name in kinds)]
        return page(
            f"<h3>Inventory of {count_of('source', len(counts))}, {self.taken_at:%Y-%m-%d %H:%M} UTC</h3>",
            html_table(heads, rows), more, self._problems_html(),
        )  # fmt: skip

    def _problems_html(self) -> str:
        if self.complete:
            return "<p>Complete: nothing is missing.</p>"
        shown = self.problems[:SHOWN_ROWS]
        items = "".join(f"<li>{cell(shortened(str(problem)))}</li>" for problem in shown)
        more = f"<p>{len(self.problems) - SHOWN_ROWS} more</p>" if len(self.problems) > SHOWN_ROWS else ""
        asked = {(one.platform, one.source) for one in self.asked}
        short = {(one.platform, one.source) for one in self.problems if one.source}
        short |= {one for one in asked if any(is_of(problem, *one) for problem in self.problems)}
        whole = len(asked - short)
        count = count_of("problem", len(self.problems))
        return (
            f'<p><strong class="bad">Incomplete: {count}.</strong> {count_of("source", whole)} complete,'
            f" {len(short)} not. This is missing:</p><ul>{items}</ul>{more}"
        )


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
        kind: [one for one in records if not newer.asked or not looked_for(newer, kind, one)]
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
