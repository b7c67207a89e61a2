"""What the three ARM adapters share: subscriptions, sweeps over them, and Microsoft.Compute's two lists."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from types import SimpleNamespace
from typing import Any, ClassVar

from hybridinv.errors import AccessDenied, HybridInvError, NotFound, NotSupported, ServerFault, UnexpectedAnswer
from hybridinv.platforms.adapter import Adapter, Reading, Report, Survey
from hybridinv.transport.arm import ArmClient, Credential, subscriptions
from hybridinv.transport.client import Wire
from hybridinv.transport.parallel import side_by_side
from hybridinv.wire import arm as wire
from hybridinv.wire.reading import Origin

Item = dict[str, Any]


class _NoCredential:
    """A tape asks for no token, and tells nobody."""

    def get_token(self, *_: str) -> Any:
        return SimpleNamespace(token="none", expires_on=float("inf"))  # noqa: S106 - it is none


class ArmAdapter(Adapter):
    """An adapter of an ARM endpoint; the client is made on first use."""

    tape_login: ClassVar[Mapping[str, Any]] = {"credential": _NoCredential()}

    def __init__(
        self, source: str, wire_: Wire, credential: Credential | None, subscription_ids: Iterable[str] | None
    ) -> None:
        if credential is not None and not hasattr(credential, "get_token"):
            raise NotSupported(
                f"a credential needs a get_token method, {type(credential).__name__} has none",
                remedy="pass one of azure.identity's credentials, or leave it out for DefaultAzureCredential",
            )
        if isinstance(subscription_ids, str):
            subscription_ids = [subscription_ids]
        self.source = source
        self._wire = wire_
        self._credential = credential
        self._subscription_ids = None if subscription_ids is None else [str(one).lower() for one in subscription_ids]
        self._lock = threading.Lock()
        self._made: ArmClient | None = None

    @property
    def _client(self) -> ArmClient:
        with self._lock:
            if self._made is None:
                self._made = self._connect()
            return self._made

    @abstractmethod
    def _connect(self) -> ArmClient:
        """The client for the endpoint."""

    @property
    def _origin(self) -> Origin:
        return Origin(self.platform, self.source)

    def close(self) -> None:
        with self._lock:
            self._made = None
        super().close()

    def __getstate__(self) -> dict[str, object]:
        return {**{k: v for k, v in self.__dict__.items() if k != "_lock"}, "_made": None}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())


class ArmSurvey(Survey):
    """One pass over the subscriptions of an endpoint; they are read side by side."""

    def __init__(
        self,
        client: ArmClient,
        origin: Origin,
        subscription_ids: Sequence[str] | None,
        subscriptions_version: str,
        report: Report | None,
    ) -> None:
        self.client = client
        self.origin = origin
        self._given = subscription_ids
        self._subscriptions_version = subscriptions_version
        self._report = report

    def read(self, kind: str) -> Reading:
        reader: Callable[[], Reading] = getattr(self, f"_{kind}")
        return reader()

    @cached_property
    def subscription_ids(self) -> list[str]:
        """Those given, else all that the credential sees."""
        if self._given is not None:
            return list(self._given)
        found = subscriptions(self.client, self._subscriptions_version)
        if not found:
            raise AccessDenied(
                "the credential sees no subscription",
                missing="Reader",
                remedy="give the account the Reader role on a subscription, or pass subscription_ids=",
                source=self.origin.source,
            )
        return found

    def sweep(self, kind: str, path: str, version: str, reading: Reading, **parameters: str) -> list[Item]:
        """The items of a collection of every subscription; what broke off is noted, what came is kept."""
        count = 0

        def one(subscription: str) -> tuple[list[Item], HybridInvError | None]:
            nonlocal count
            items: list[Item] = []
            try:
                for page in self.client.pages(f"/subscriptions/{subscription}{path}", version, **parameters):
                    items += page.items
                    count += len(page.items)
                    if self._report:
                        self._report(kind, count, None)
                    if page.odd:
                        raise UnexpectedAnswer(f"{path}: {page.odd[0]}", path="value", remedy="report it with a tape")
            except HybridInvError as error:
                return items, error
            return items, None

        found: list[Item] = []
        for subscription, (items, error) in zip(
            self.subscription_ids, _given_back(side_by_side(one, self.subscription_ids)), strict=True
        ):
            found += items
            if error is not None:
                reading.lose(f"/subscriptions/{subscription}", error)
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

    def graph(self, type_: str) -> list[Item] | None:
        """All resources of a type from Resource Graph; None where it cannot be asked. It may be hours old."""
        query = f"resources | where type =~ '{type_}' | project id, name, location, properties | order by id asc"
        try:
            return [dict(row) for row in self.client.graph(query, self.subscription_ids)]
        except HybridInvError:
            return None

    def extensions_of(
        self,
        owners: Mapping[str, Item],
        claimed: Callable[[Item], set[str] | None],
        type_: str,
        version: str,
        reading: Reading,
    ) -> list[Item]:
        """The extensions on `owners` (by id). Resource Graph gives them all at once where it is there; a machine for
        which it disagrees with what ARM's own list claims is asked for its extensions itself.
        """
        found: dict[str, dict[str, Item]] = {id_: {} for id_ in owners}
        rows = self.graph(type_)
        for row in rows or ():
            id_ = wire.arm_id(str(row.get("id", "")))
            owner = id_.rpartition("/extensions/")[0]
            if owner in found:
                found[owner][id_] = row
        asked = []
        for id_, owner_item in owners.items():
            claims = claimed(owner_item)
            if (rows is None and claims is None) or (claims is not None and claims != set(found[id_])):
                asked.append(id_)
        for id_, answer in zip(asked, side_by_side(lambda id_: self._extensions_on(owners[id_], version), asked), strict=True):
            if isinstance(answer, NotFound):
                continue  # removed meanwhile
            if isinstance(answer, HybridInvError):
                reading.lose(id_, answer)
            else:
                found[id_] = {wire.arm_id(str(item.get("id", ""))): item for item in answer}
        return [item for items in found.values() for item in items.values()]

    def _extensions_on(self, owner: Item, version: str) -> list[Item]:
        return [item for page in self.client.pages(f"{owner['id']}/extensions", version) for item in page.items]


def _given_back(answers: list[Any]) -> list[Any]:
    for answer in answers:
        if isinstance(answer, HybridInvError):
            raise answer
    return answers


def check_native(record: Any, source: str, *types: type) -> None:
    """`NotSupported` unless the record is of one of the types and of that source."""
    if not isinstance(record, types) or record.source != source:
        raise NotSupported(
            f"there is no SDK model for {type(record).__name__} {getattr(record, 'id', '')} at {source}",
            remedy=f"give a {' or '.join(one.__name__ for one in types)} that this adapter has read",
        )


@contextmanager
def sdk_errors(source: str) -> Iterator[None]:
    """The Azure SDKs' exceptions as ours."""
    from azure.core.exceptions import AzureError, ResourceNotFoundError

    try:
        yield
    except ResourceNotFoundError as error:
        raise NotFound(str(error).partition("\n")[0], remedy="it was removed meanwhile; read again") from error
    except AzureError as error:
        ours = error.__cause__
        if isinstance(ours, HybridInvError):
            raise ours from error
        raise ServerFault(str(error).partition("\n")[0], source=source, remedy="see the cause of this error") from error
