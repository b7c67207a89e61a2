"""One pass over the subscriptions of an ARM endpoint: sweeps, single questions, and extensions by Resource Graph."""

from __future__ import annotations

import copy
import threading
from abc import abstractmethod
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from hybridinv.errors import AccessDenied, DeadlineExceeded, HybridInvError, NotFound, UnexpectedAnswer
from hybridinv.platforms.adapter import Reading, Report, Survey
from hybridinv.transport.arm import REPORT, ArmClient, subscriptions
from hybridinv.transport.parallel import once, side_by_side
from hybridinv.wire import arm as wire

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

    def tell(self, kind: str, more: int) -> None:
        """Report progress, one thread at a time."""
        with self._lock:
            self._counts[kind] += more
            if self._report:
                self._report(kind, self._counts[kind], None)

    def sweep(self, path: str, version: str, reading: Reading, *, kind: str = "", **parameters: str) -> list[Item]:
        """The items of a collection of every subscription; what broke off is noted, what came is kept.

        With `kind` the progress is reported.
        """
        found: dict[str, list[Item]] = {subscription: [] for subscription in self.subscription_ids}

        def one(subscription: str) -> None:
            odd: list[str] = []
            for page in self.client.pages(f"/subscriptions/{subscription}{path}", version, **parameters):
                found[subscription] += page.items
                odd += page.odd
                if kind:
                    self.tell(kind, len(page.items))
            if odd:
                raise UnexpectedAnswer(f"{path}: {'; '.join(odd[:3])}", path="value", remedy=REPORT)

        for subscription, error in zip(found, side_by_side(one, found), strict=True):
            if error is not None:
                reading.lose(f"/subscriptions/{subscription}", error)
        return [item for items in found.values() for item in items]

    def each(self, ids: Iterable[str], ask: Callable[[str], R], reading: Reading) -> dict[str, R]:
        """What `ask` gives for each id, a few at a time; what failed is noted, what was removed meanwhile left out."""
        ids = list(ids)
        found: dict[str, R] = {}
        for id_, answer in zip(ids, side_by_side(ask, ids), strict=True):
            if not isinstance(answer, HybridInvError):
                found[id_] = answer
            elif not isinstance(answer, NotFound):
                reading.lose(id_, answer)
        return found

    def by_id(self, items: Iterable[Item], reading: Reading) -> dict[str, Item]:
        """The items by their lower-cased id; one without an id is noted."""
        found: dict[str, Item] = {}
        for item in items:
            try:
                found[wire.arm_id(wire.own_id(item).text)] = item
            except HybridInvError as error:
                reading.lose(str(item.get("name") or ""), error)
        return found

    def records(self, items: Iterable[Item], read: Callable[[Item], Any], reading: Reading) -> None:
        """Read every item; one that cannot be read is noted, the rest is kept. An id that comes twice is one."""
        seen: set[str] = {record.id for record in reading.records}
        for item in items:
            try:
                record = read(item)
            except HybridInvError as error:
                reading.lose(str(item.get("id") or item.get("name") or ""), error)
                continue
            if record.id not in seen:
                seen.add(record.id)
                reading.records.append(record)

    def graph(self, type_: str, columns: str = "id, name, location, properties") -> list[Item] | None:
        """All resources of a type from Resource Graph; None where it does not give them all. They may be hours old."""
        query = f"resources | where type =~ '{type_}' | project {columns} | order by id asc"
        try:
            return [dict(row) for row in self.client.graph(query, self.subscription_ids)]
        except DeadlineExceeded:
            raise
        except HybridInvError:
            return None

    def graphed(
        self,
        owners: Mapping[str, Item],  # noqa: ARG002 - Arc needs them
        reading: Reading,  # noqa: ARG002
    ) -> tuple[list[Item] | None, set[str]]:
        """Resource Graph's extensions, None where it does not give them all; and the owners it has not heard of."""
        return self.graph(self.extensions_type), set()

    def extensions_of(
        self, owners: Mapping[str, Item], claimed: Callable[[Item], set[str] | None], reading: Reading
    ) -> list[Item]:
        """The extensions on `owners` (by id).

        Resource Graph gives them all at once where it is there; a machine that it has not heard of, or of which it
        says something else than ARM's own lists, is asked for its extensions itself.
        """
        if not owners:
            return []
        found: dict[str, dict[str, Item]] = {id_: {} for id_ in owners}
        rows, unheard = self.graphed(owners, reading)
        for row in rows or ():
            id_ = wire.arm_id(str(row.get("id", "")))
            owner = id_.rpartition("/extensions/")[0]
            if owner in found:
                found[owner][id_] = row
        asked = []
        for id_, owner_item in owners.items():
            claims = claimed(owner_item)
            doubted = rows is None if claims is None else claims != set(found[id_])
            if doubted or id_ in unheard:
                asked.append(id_)
        for id_, answer in self.each(asked, lambda id_: self._extensions_on(owners[id_]), reading).items():
            found[id_] = {wire.arm_id(str(item.get("id", ""))): item for item in answer}
        return [item for items in found.values() for item in items.values()]

    def extensions_on(self, vms: Iterable[VirtualMachine]) -> Reading:
        """The extensions on these machines, each asked itself."""
        reading = Reading()
        self.client.log_in()
        owners = {vm.id: {"id": vm.resource_id or vm.id} for vm in vms}
        found = self.each(owners, lambda id_: self._extensions_on(owners[id_]), reading)
        statuses = self.statuses_of({id_: owners[id_] for id_, items in found.items() if items}, reading)
        self.read_extensions([item for items in found.values() for item in items], statuses, reading)
        return reading

    @abstractmethod
    def statuses_of(self, owners: Mapping[str, Item], reading: Reading) -> Mapping[str, Item]:
        """What the owners (by id) say of their extensions' status, where the extensions do not say it themselves."""

    @abstractmethod
    def read_extensions(self, items: Iterable[Item], statuses: Mapping[str, Item], reading: Reading) -> None:
        """Extensions as records, into the reading."""

    def _extensions_on(self, owner: Item) -> list[Item]:
        items = []
        for page in self.client.pages(f"{owner['id']}/extensions", self.machine_version):
            if page.odd:
                raise UnexpectedAnswer(f"{owner['id']}/extensions: {page.odd[0]}", path="value", remedy=REPORT)
            items += page.items
        return items


def _echo(error: HybridInvError) -> HybridInvError:
    echo = copy.copy(error)
    echo.message = "not read, because the machines of this scope were not (see the problem of the vms)"
    echo.args = (echo.message,)
    return echo
