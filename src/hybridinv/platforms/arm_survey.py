"""One pass over the subscriptions of an ARM endpoint: sweeps, single questions, and extensions by Resource Graph."""

from __future__ import annotations

import copy
import threading
from abc import abstractmethod
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import attrs

from hybridinv.errors import (
    AccessDenied,
    DeadlineExceeded,
    HybridInvError,
    NotFound,
    Throttled,
    TruncatedAnswer,
    UnexpectedAnswer,
)
from hybridinv.inventory import problem_of
from hybridinv.platforms.adapter import Reading, Report, Survey
from hybridinv.transport.arm import GRAPH_SUBSCRIPTIONS, REPORT, ArmClient, subscriptions
from hybridinv.transport.parallel import once, side_by_side
from hybridinv.wire import arm as wire
from hybridinv.wire.reading import collector_at_rest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hybridinv.model import VirtualMachine
    from hybridinv.wire.reading import Origin

R = TypeVar("R")

Item = dict[str, Any]


class ArmSurvey(Survey):
    """One pass over the subscriptions of an endpoint; they are read side by side."""

    subscriptions_version: ClassVar[str] = "2022-12-01"
    extensions_type: ClassVar[str]
    """The type of the machines' extensions, as Resource Graph knows it."""

    def __init__(
        self,
        client: ArmClient,
        origin: Origin,
        subscription_ids: Sequence[str] | None,
        report: Report | None,
        detail: str,
    ) -> None:
        self.detail = detail
        self.client = client
        self.origin = origin
        self._report = report
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._given = subscription_ids
        self._has_told_of_vms = False
        self._graph_refused: HybridInvError | None = None

    @property
    @abstractmethod
    def machine_version(self) -> str:
        """The api-version of machines and their extensions."""

    @once
    def subscription_ids(self) -> list[str]:
        """Those given, else all that the credential sees; there is a token by then."""
        self.client.log_in()
        found = list(self._given or subscriptions(self.client, self.subscriptions_version))
        if not found:
            raise AccessDenied(
                "the credential sees no subscription",
                missing="Reader",
                remedy="give the account the Reader role on a subscription, or pass subscription_ids=",
                source=self.origin.source,
            )
        return found

    def started(self) -> Self:
        """The survey, once its subscriptions are known: a source that cannot be read at all is then one error."""
        _ = self.subscription_ids
        return self

    def subscription_ids_read(self) -> frozenset[str]:
        return frozenset(one.lower() for one in self.__dict__.get("subscription_ids", ()))

    def read(self, kind: str) -> Reading:
        reader: Callable[[], Reading] = getattr(self, f"_{kind}")
        reading = reader()
        self._has_told_of_vms |= kind == "vms"
        return reading

    def on_machines(self, machines: Reading) -> Reading:
        """A reading of what machines have on them: it lacks what they lack, in few words where that was told before."""
        lost = machines.lost
        return Reading(lost=[(scope, _echo(error)) for scope, error in lost] if self._has_told_of_vms else list(lost))

    def tell(self, kind: str, more: int, expected: int | None = None) -> None:
        """Report progress, one thread at a time; `expected` is what the endpoint says there are of the kind in all."""
        with self._lock:
            self._counts[kind] += more
            if self._report:
                self._report(kind, self._counts[kind], expected)

    def sweep(
        self,
        path: str,
        version: str,
        reading: Reading,
        *,
        kind: str = "",
        over: Iterable[str] | None = None,
        **parameters: str,
    ) -> list[Item]:
        """The items of a collection of every subscription, or of those in `over`; what broke off is noted.

        What came is kept. With `kind` the progress is reported.
        """
        subscription_ids = self.subscription_ids if over is None else over
        found: dict[str, list[Item]] = {subscription: [] for subscription in subscription_ids}
        counted: dict[str, int | None] = {}

        def one(subscription: str) -> None:
            odd: list[str] = []
            for page in self.client.pages(f"/subscriptions/{subscription}{path}", version, **parameters):
                found[subscription] += page.items
                odd += page.odd
                counted.setdefault(subscription, page.count)
                if kind:
                    self.tell(kind, len(page.items), _total(counted.copy().values(), len(found)))
            if odd:
                raise UnexpectedAnswer(f"{path}: {'; '.join(odd[:3])}", path="value", remedy=REPORT)

        for subscription, error in zip(found, side_by_side(one, found), strict=True):
            if error is not None:
                reading.lose(f"/subscriptions/{subscription}", error)
        if kind:
            unique = {wire.arm_id(str(item.get("id"))) for items in found.values() for item in items}
            reading.answer(kind, "arm", len(unique), _total(counted.values(), len(found)))
        return [item for items in found.values() for item in items]

    def each(
        self,
        ids: Iterable[str],
        ask: Callable[[str], R],
        reading: Reading,
        parent: Callable[[str], object] | None = None,
    ) -> dict[str, R]:
        """What `ask` gives for each id, a few at a time; what failed is noted, what was removed meanwhile left out.

        Where `ask` looks below what the id names, `parent` reads that itself: only what is gone too was removed.
        """
        ids = list(ids)
        found: dict[str, R] = {}
        failed: dict[str, HybridInvError] = {}
        for id_, answer in zip(ids, side_by_side(ask, ids), strict=True):
            if isinstance(answer, HybridInvError):
                failed[id_] = answer
            else:
                found[id_] = answer
        absent = [id_ for id_, error in failed.items() if isinstance(error, NotFound)]
        parents = side_by_side(parent, absent) if parent else [failed[id_] for id_ in absent]
        for id_, there in zip(absent, parents, strict=True):
            if isinstance(there, NotFound):
                del failed[id_]
            else:
                failed[id_].remedy = f"read again; {id_} itself is there: report it if it stays"
        for scope, error in by_cause(failed, len(ids)):
            reading.lose(scope, error)
        return found

    def there(self, id_: str, version: str = "") -> object:
        """A resource itself, to see whether it is still there."""
        return self.client.get(id_, version or self.machine_version)

    def by_id(self, items: Iterable[Item], reading: Reading) -> dict[str, Item]:
        """The items by their lower-cased id; one without an id is noted."""
        found: dict[str, Item] = {}
        for item in items:
            try:
                found[wire.arm_id(wire.own_id(item).text)] = item
            except HybridInvError as error:
                reading.lose(_scope(item, "name"), error)
        return found

    def records(self, items: Iterable[Item], read: Callable[[Item], Any], reading: Reading) -> None:
        """Read every item; one that cannot be read is noted, the rest is kept. An id that comes twice is one."""
        seen: set[str] = {record.id for record in reading.records}
        with collector_at_rest:
            for item in items:
                try:
                    record = read(item)
                except Exception as error:  # noqa: BLE001 - one odd record must not cost the others
                    reading.lose(_scope(item, "id", "name"), _unreadable(error))
                    continue
                if record.id not in seen:
                    seen.add(record.id)
                    reading.records.append(record)

    def doubt(self, what: str, missing: Reading, reading: Reading, kind: str = "vms") -> None:
        """What is missing of a list beside the records' own is a problem of theirs and costs none."""
        for scope, error in missing.lost:
            problem = problem_of(error, self.origin, kind=kind, scope=scope)
            reading.problems.append(attrs.evolve(problem, message=f"{what} not known: {problem.message}"))

    def graph(
        self, type_: str, columns: str = "id, name, location, properties", reading: Reading | None = None
    ) -> list[Item] | None:
        """All resources of a type from Resource Graph; None where it does not give them all. They may be hours old."""
        query = f"resources | where type =~ '{type_}' | project {columns} | order by id asc"
        found: list[Item] = []
        totals: list[int] = []
        try:
            for page in self.client.graph_pages(query, self.subscription_ids):
                found += page.rows
                if page.is_first:
                    totals.append(page.total or 0)
                if type_ == self.extensions_type:
                    whole = len(self.subscription_ids) <= GRAPH_SUBSCRIPTIONS
                    self.tell("extensions", len(page.rows), page.total if whole else None)
        except DeadlineExceeded:
            raise
        except HybridInvError as error:
            self._graph_refused = error
            return None
        if reading is not None:
            reading.answer("extensions", "resource-graph", len(found), sum(totals))
        return found

    def graphed(
        self,
        owners: Mapping[str, Item],  # noqa: ARG002 - Arc needs them
        reading: Reading,
    ) -> tuple[list[Item] | None, set[str]]:
        """Resource Graph's extensions, None where it does not give them all; and the owners it has not heard of."""
        return self.graph(self.extensions_type, reading=reading), set()

    def extensions_of(
        self, owners: Mapping[str, Item], claimed: Callable[[Item], set[str] | None], reading: Reading
    ) -> dict[str, list[Item]]:
        """The extensions on `owners` (by id), by where they were read: `arm` or `resource-graph`.

        Resource Graph gives them all at once where it is there; a machine that it has not heard of, or of which it
        says something else than ARM's own lists, is asked for its extensions itself.
        """
        if not owners:
            return {}
        found: dict[str, dict[str, Item]] = {id_: {} for id_ in owners}
        rows, unheard = self.graphed(owners, reading)
        for row in rows or ():
            id_ = wire.arm_id(str(row.get("id", "")))
            owner = id_.rpartition("/extensions/")[0]
            if owner in found:
                found[owner][id_] = row
        asked: list[str] = []
        for id_, owner_item in owners.items():
            claims = claimed(owner_item)
            doubted = rows is None if claims is None else claims != set(found[id_])
            if doubted or id_ in unheard:
                asked.append(id_)
        current = self._each_asked(asked, owners, claimed, reading, is_instead=rows is None)
        graphed = {id_: items.values() for id_, items in found.items() if id_ not in current}
        by_origin = {"arm": current.values(), "resource-graph": graphed.values()}
        return {
            read_from: [item for items in several for item in items]
            for read_from, several in by_origin.items()
            if any(several)
        }

    def _each_asked(
        self,
        ids: list[str],
        owners: Mapping[str, Item],
        claimed: Callable[[Item], set[str] | None],
        reading: Reading,
        *,
        is_instead: bool,
    ) -> dict[str, list[Item]]:
        """The extensions of machines that are asked themselves; `is_instead` where Resource Graph gave none."""
        own = Reading()
        found = self.each(ids, lambda id_: self._extensions_on(owners[id_]), own, self._owner_of(owners))
        for scope, error in own.lost:
            refused = self._graph_refused
            if is_instead and refused and not scope:
                error = _reworded(
                    error, f"{error.message}; machine by machine, for Resource Graph did not answer: {refused}"
                )
            reading.lose(scope, error)
        for id_, items in found.items():
            there = {wire.arm_id(str(item.get("id"))) for item in items}
            absent = sorted((claimed(owners[id_]) or set()) - there)
            if absent:
                reading.lose(id_, TruncatedAnswer(f"its list of extensions leaves out {len(absent)} that the machine "
                                                  f"names: {absent[0].rpartition('/')[2]}", path="value",
                                                  remedy="read again; report it if it stays"))  # fmt: skip
        if found:
            reading.answer("extensions", "arm", sum(map(len, found.values())))
        return found

    def _owner_of(self, owners: Mapping[str, Item]) -> Callable[[str], object]:
        return lambda id_: self.there(str(owners[id_]["id"]))

    def extensions_on(self, vms: Iterable[VirtualMachine]) -> Reading:
        """The extensions on these machines, each asked itself."""
        reading = Reading()
        self.client.log_in()
        owners = {vm.id: {"id": vm.resource_id or vm.id} for vm in vms}
        found = self.each(owners, lambda id_: self._extensions_on(owners[id_]), reading, self._owner_of(owners))
        statuses = self.statuses_of({id_: owners[id_] for id_, items in found.items() if items}, reading)
        self.read_extensions([item for items in found.values() for item in items], statuses, reading, "arm")
        return reading

    @abstractmethod
    def statuses_of(self, owners: Mapping[str, Item], reading: Reading) -> Mapping[str, Item]:
        """What the owners (by id) say of their extensions' status, where the extensions do not say it themselves."""

    @abstractmethod
    def read_extensions(
        self, items: Iterable[Item], statuses: Mapping[str, Item], reading: Reading, read_from: str
    ) -> None:
        """Extensions as records, into the reading; `read_from` is `arm` or `resource-graph`."""

    def _extensions_on(self, owner: Item) -> list[Item]:
        return self.client.items(f"{owner['id']}/extensions", self.machine_version)


def by_cause(failed: Mapping[str, HybridInvError], of: int) -> Iterable[tuple[str, HybridInvError]]:
    """The errors with their ids; where time ran out for many, that is one error that counts them."""
    for type_ in {type(error): None for error in failed.values()}:
        several = [(id_, error) for id_, error in failed.items() if type(error) is type_]
        if len(several) > 1 and issubclass(type_, (DeadlineExceeded, Throttled)):
            first = several[0][1]
            yield "", _reworded(first, f"{len(several)} of {of} not read: {first.message}")
        else:
            yield from several


def _total(counts: Iterable[int | None], of: int) -> int | None:
    """The sum, once all of them are known."""
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == of else None


def _scope(item: Item, *names: str) -> str:
    """What an item calls itself, for a problem."""
    return next((text for text in map(item.get, names) if isinstance(text, str) and text), "")


def _unreadable(error: Exception) -> HybridInvError:
    if isinstance(error, HybridInvError):
        return error
    odd = UnexpectedAnswer(f"the record cannot be read ({type(error).__name__})", path="", remedy=REPORT)
    odd.__cause__ = error
    return odd


_STATES = "power and agent state not known: "


def states_unknown(error: HybridInvError) -> HybridInvError:
    """The error of a list of statuses, saying what the machines lack for it: they themselves are there."""
    return _reworded(error, _STATES + error.message)


def _echo(error: HybridInvError) -> HybridInvError:
    if error.message.startswith(_STATES):
        return _reworded(error, "status, and whether all are there, not known: see the problem of the vms")
    return _reworded(error, "not read, because the machines of this scope were not (see the problem of the vms)")


def _reworded(error: HybridInvError, message: str) -> HybridInvError:
    other = copy.copy(error)
    other.message = message
    other.args = (message,)
    return other
