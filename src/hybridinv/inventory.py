"""Inventory: what several sources hold, and what could not be read of them."""

from __future__ import annotations

import concurrent.futures as futures
import html
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import attrs

from hybridinv.errors import DeadlineExceeded, HybridInvError, IncompleteInventory, InventoryFileError, NotSupported
from hybridinv.model import (
    Asked,
    Change,
    ChangeKind,
    Cluster,
    Datastore,
    Extension,
    Host,
    Network,
    Problem,
    VirtualMachine,
    VMkernelAdapter,
)
from hybridinv.tables import QueryResult, Records, html_table, query

if TYPE_CHECKING:
    import cattrs

T = TypeVar("T")

KINDS: dict[str, type] = {
    "hosts": Host,
    "vms": VirtualMachine,
    "extensions": Extension,
    "vmkernel_adapters": VMkernelAdapter,
    "clusters": Cluster,
    "datastores": Datastore,
    "networks": Network,
}
"""The kinds of records, named as the adapters' methods and the inventory's tables are."""

_GRACE = 1.0
_FORMAT = "hybridinv-inventory"
_VERSION = 1


@attrs.frozen(kw_only=True)
class Progress:
    """One step of a collection, as the `progress` callback gets it."""

    source: str
    """Which source."""
    platform: str
    """Of which platform."""
    kind: str = ""
    """Which kind is being read; empty when the source as a whole started or ended."""
    read: int = 0
    """Records read so far of that kind."""
    expected: int | None = None
    """Records the endpoint says there are, where it says it."""
    done: bool = False
    """True once the kind, or the source, is through."""
    problems: int = 0
    """Problems so far."""


class Named(Protocol):
    """Something that says which source of which platform it is."""

    @property
    def platform(self) -> str: ...
    @property
    def source(self) -> str: ...


class Source(Named, Protocol):
    """What `collect` asks of an adapter."""

    @property
    def capabilities(self) -> frozenset[str]: ...
    def inventory(
        self,
        kinds: Iterable[str] | None = None,
        *,
        progress: Callable[[Progress], None] | None = None,
        deadline: float | None = None,
    ) -> Inventory: ...


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
    return items if isinstance(items, Records) else Records(kind, items)


@attrs.frozen(repr=False, init=False)
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
        problems: Iterable[Problem] = (),
        asked: Iterable[Asked] = (),
        taken_at: datetime | None = None,
    ) -> None:
        self.__attrs_init__(
            hosts=_records(Host, hosts),
            vms=_records(VirtualMachine, vms),
            extensions=_records(Extension, extensions),
            vmkernel_adapters=_records(VMkernelAdapter, vmkernel_adapters),
            clusters=_records(Cluster, clusters),
            datastores=_records(Datastore, datastores),
            networks=_records(Network, networks),
            problems=_records(Problem, problems),
            asked=tuple(asked),
            taken_at=taken_at or datetime.now(UTC),
        )

    @property
    def complete(self) -> bool:
        """True when nothing is missing."""
        return not self.problems

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that were asked, as `adapter.source` names them."""
        return tuple(one.source for one in self.asked)

    def raise_for_problems(self) -> None:
        """Raise `IncompleteInventory` unless complete; its message names every problem."""
        if self.problems:
            raise IncompleteInventory(tuple(self.problems))

    def __add__(self, other: Inventory) -> Inventory:
        """Both together; of two records with one id, the one of the inventory taken later."""
        return _merged(sorted((self, other), key=lambda inventory: inventory.taken_at))

    def diff(self, other: Inventory) -> Records[Change]:
        """What changed from this inventory to `other`.

        A record that `other` does not have is `removed` only where `other` read that kind of its source completely;
        otherwise it is `not_seen`.
        """
        changes: list[Change] = []
        for kind in KINDS:
            changes += _changes(kind, getattr(self, kind), getattr(other, kind), other)
        return Records(Change, changes)

    def sql(self, sql: str) -> QueryResult:
        """Ask all tables in SQL (DuckDB): `inv.sql("select name, cpus from vms where power_state = 'running'")`."""
        return query({**self.tables(), "problems": self.problems}, sql)

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
        import orjson

        body = {"format": _FORMAT, "version": _VERSION, **_converter().unstructure(self)}
        write_whole(Path(path), orjson.dumps(body, option=orjson.OPT_INDENT_2))

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(records)} {name}" for name, records in self.tables().items() if records)
        state = "complete" if self.complete else f"INCOMPLETE: {len(self.problems)} problems"
        return f"<Inventory of {len(self.sources)} sources: {counts or 'nothing'}; {state}>"

    def _repr_html_(self) -> str:
        rows = [[*key, *(row.get(kind, "") for kind in KINDS)] for key, row in self.counts().items()]
        return (
            f"<h3>Inventory of {len(self.sources)} sources, {self.taken_at:%Y-%m-%d %H:%M} UTC</h3>"
            + html_table(["platform", "source", *(name.replace("_", " ") for name in KINDS)], rows)
            + self._problems_html()
        )

    def _problems_html(self) -> str:
        if self.complete:
            return "<p>Complete: nothing is missing.</p>"
        shown = 20
        names = [field.name for field in attrs.fields(Problem)]
        rows = ([getattr(problem, name) for name in names] for problem in self.problems[:shown])
        more = f"<p>{len(self.problems) - shown} more</p>" if len(self.problems) > shown else ""
        count = html.escape(str(len(self.problems)))
        return f"<p><strong>Incomplete: {count} problems.</strong> This is missing:</p>{html_table(names, rows)}{more}"


def _merged(parts: Iterable[Inventory]) -> Inventory:
    """All parts together, in their order; of two records with one id, the later."""
    parts = list(parts)
    tables: dict[str, Any] = {
        name: Records(kind, {record.id: record for part in parts for record in getattr(part, name)}.values())
        for name, kind in KINDS.items()
    }
    return Inventory(
        **tables,
        problems=dict.fromkeys(problem for part in parts for problem in part.problems),
        asked=_asked(one for part in parts for one in part.asked),
        taken_at=max((part.taken_at for part in parts), default=None),
    )


def _asked(several: Iterable[Asked]) -> Iterable[Asked]:
    """Every source once, with all kinds that it was asked for."""
    found: dict[tuple[str, str], Asked] = {}
    for one in several:
        key = (one.platform, one.source)
        found[key] = attrs.evolve(one, kinds=one.kinds | found[key].kinds) if key in found else one
    return found.values()


def _changes(kind: str, before: Records[Any], after: Records[Any], later: Inventory) -> Iterable[Change]:
    old, new = ({record.id: record for record in records} for records in (before, after))
    unseen = {(problem.platform, problem.source) for problem in later.problems if problem.kind in ("", kind)}

    def was_looked_for(record: Any) -> bool:
        here = (record.platform, record.source)
        asked = not later.asked or any(here == (one.platform, one.source) and kind in one.kinds for one in later.asked)
        return asked and unseen.isdisjoint((here, ("", record.source)))

    for id_, record in old.items():
        if id_ not in new:
            gone = ChangeKind.REMOVED if was_looked_for(record) else ChangeKind.NOT_SEEN
            yield Change(change=gone, kind=kind, id=id_, name=record.name)
    for id_, record in new.items():
        if id_ not in old:
            yield Change(change=ChangeKind.ADDED, kind=kind, id=id_, name=record.name)
        elif record != old[id_]:
            for field in attrs.fields(type(record)):
                values = getattr(old[id_], field.name), getattr(record, field.name)
                if values[0] != values[1]:
                    yield Change(
                        kind=kind, id=id_, name=record.name, field=field.name,
                        before=str(values[0]), after=str(values[1]),
                    )  # fmt: skip


def collect(
    sources: Iterable[Source],
    kinds: Iterable[str] | None = None,
    executor: futures.Executor | None = None,
    progress: Callable[[Progress], None] | None = None,
    deadline: float | None = None,
) -> Inventory:
    """One Inventory of all sources, read side by side; what could not be read is in its `problems`.

    `kinds` limits what is read (`["vms", "hosts"]`); a source that does not have one of them is not asked for it,
    and one that no source has is a `NotSupported` error. `deadline` is in seconds: what is not there by then is a
    problem. `executor` is any `concurrent.futures.Executor`, threads where none is given; `progress` is called with
    `Progress` values, from one thread at a time.
    """
    sources = list(sources)
    wanted = _wanted(sources, kinds)
    report = _one_at_a_time(progress)
    # Threads of our own can report each page; an executor of the caller may be on another machine.
    pool = executor or futures.ThreadPoolExecutor(max_workers=max(1, len(sources)), thread_name_prefix="hybridinv")
    paged = {"progress": report} if executor is None and report else {}
    running = {}
    for source in sources:
        asked = [kind for kind in wanted if kind in source.capabilities]
        running[pool.submit(source.inventory, asked, deadline=deadline, **paged)] = source, asked
    try:
        # A source that minds the deadline itself hands over what it has: it gets a moment to do so.
        for future in futures.as_completed(running, timeout=None if deadline is None else deadline + _GRACE):
            if report:
                source, asked = running[future]
                problems = len(_outcome(future, source, asked).problems)
                report(Progress(source=source.source, platform=source.platform, done=True, problems=problems))
    except futures.TimeoutError:
        pass
    finally:
        if executor is None:
            pool.shutdown(wait=False, cancel_futures=True)
    return _merged(_outcome(future, source, asked) for future, (source, asked) in running.items())


def _wanted(sources: Sequence[Source], kinds: Iterable[str] | None) -> list[str]:
    if kinds is None:
        return list(KINDS)
    wanted = [kinds] if isinstance(kinds, str) else list(kinds)
    for kind in wanted:
        check_kind(kind)
        if not any(kind in source.capabilities for source in sources):
            have = "; ".join(f"{source.source}: {', '.join(sorted(source.capabilities))}" for source in sources)
            raise NotSupported(f"no source has {kind}", remedy=f"what they have is in .capabilities: {have}")
    return wanted


def check_kind(kind: str) -> None:
    """`NotSupported` unless there is such a kind."""
    if kind not in KINDS:
        raise NotSupported(f"there is no kind {kind!r}", remedy=f"the kinds are: {', '.join(KINDS)}")


def _outcome(future: futures.Future[Inventory], source: Source, kinds: Iterable[str]) -> Inventory:
    try:
        return future.result(timeout=0)
    except futures.TimeoutError:
        error: Exception = DeadlineExceeded(
            "no answer within the deadline", remedy="give it a longer deadline, or fewer kinds", source=source.source
        )
    except Exception as failure:  # noqa: BLE001 - the rest of the estate must not be lost with one source
        error = failure
    asked = Asked(platform=source.platform, source=source.source, kinds=frozenset(kinds))
    return Inventory(problems=[problem_of(error, source)], asked=[asked])


def _one_at_a_time(progress: Callable[[Progress], None] | None) -> Callable[[Progress], None] | None:
    if progress is None:
        return None
    from threading import Lock

    lock = Lock()

    def report(step: Progress) -> None:
        with lock:
            progress(step)

    return report


@cache
def _converter() -> cattrs.Converter:
    from cattrs.preconf.orjson import make_converter

    from hybridinv.model import Tags

    converter = make_converter()
    converter.register_unstructure_hook(Tags, dict)
    converter.register_structure_hook(Tags, lambda value, _: Tags(value))
    converter.register_unstructure_hook_factory(
        lambda hint: getattr(hint, "__origin__", None) is Records,
        lambda hint: lambda records: [converter.unstructure(record, hint.__args__[0]) for record in records],
    )
    converter.register_structure_hook_factory(
        lambda hint: getattr(hint, "__origin__", None) is Records,
        lambda hint: (
            lambda value, _: Records(hint.__args__[0], [converter.structure(item, hint.__args__[0]) for item in value])
        ),
    )
    converter.register_unstructure_hook(datetime, lambda moment: moment)
    return converter


def load(path: str | os.PathLike[str]) -> Inventory:
    """The inventory that `Inventory.save` wrote to `path`; `InventoryFileError` when it is not one."""
    import cattrs
    import orjson

    try:
        body = orjson.loads(Path(path).read_bytes())
    except OSError as error:
        raise InventoryFileError(f"cannot read {path}: {error.strerror}", remedy="check the path") from error
    except ValueError as error:
        raise InventoryFileError(f"{path} is not JSON: {error}", remedy="give a file that save() wrote") from error
    if not isinstance(body, Mapping) or body.get("format") != _FORMAT:
        raise InventoryFileError(f"{path} is not a saved inventory", remedy="give a file that save() wrote")
    if body.get("version") != _VERSION:
        raise InventoryFileError(
            f"{path} has version {body.get('version')} of the format, this library reads {_VERSION}",
            remedy="use the release of hybridinv that wrote it, or a newer one",
        )
    try:
        return _converter().structure(body, Inventory)
    except (cattrs.BaseValidationError, ValueError, TypeError, KeyError) as error:
        detail = "; ".join(cattrs.transform_error(error)[:3])
        raise InventoryFileError(
            f"{path} is damaged: {detail}", remedy="take it from a backup or collect anew"
        ) from error


def write_whole(path: Path, body: bytes) -> None:
    """Write a file under a temporary name, then rename it, so that it is never half there."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
