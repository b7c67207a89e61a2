"""What the three ARM adapters share: subscriptions, sweeps over them, and Microsoft.Compute's two lists."""

from __future__ import annotations

import copy
import inspect
import re
import threading
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from hybridinv.errors import (
    AccessDenied,
    AuthenticationFailed,
    DeadlineExceeded,
    HybridInvError,
    NotFound,
    NotSupported,
    ServerFault,
    UnexpectedAnswer,
)
from hybridinv.model import Extension, VirtualMachine
from hybridinv.platforms.adapter import Adapter, Reading, Report, Survey
from hybridinv.transport.arm import REPORT, ArmClient, Credential, missing_action, subscriptions
from hybridinv.transport.client import TIMEOUT, Wire
from hybridinv.transport.clouds import cloud_of, default_credential, host_of
from hybridinv.transport.parallel import once, side_by_side
from hybridinv.wire import arm as wire
from hybridinv.wire.reading import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from os import PathLike

    import httpx

    from hybridinv.tables import Records

R = TypeVar("R")

Item = dict[str, Any]
_SUBSCRIPTION = re.compile(r"[\w.-]+")
FEW = 100
"""So many machines may be asked one by one where a list would do, but does not."""


class _NoCredential:
    """A tape asks for no token, and tells nobody."""

    def get_token(self, *_: str) -> Any:
        return SimpleNamespace(token="none", expires_on=float("inf"))  # noqa: S106 - it is none


class ArmAdapter(Adapter):
    """An adapter of an ARM endpoint; the client is made on first use."""

    tape_login: ClassVar[Mapping[str, Any]] = {"credential": _NoCredential()}
    _login: Wire
    """The way to where tokens come from; a tape does not take its place."""

    def __init__(
        self, source: str, wire_: Wire, credential: Credential | None, subscription_ids: Iterable[str] | None
    ) -> None:
        _check_credential(credential)
        self.source = source
        self._wire = wire_
        self._credential = credential
        self._subscription_ids = _given(subscription_ids)
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

    def extensions(self, vms: Iterable[VirtualMachine] | None = None) -> Records[Extension]:
        given = None if vms is None else list(vms)
        if given is None or len(given) > FEW:
            return super().extensions(given)
        self._check("extensions")
        ours = {vm.id: vm for vm in given if Origin(vm.platform, vm.source) == self._origin}
        subscriptions_ = list(dict.fromkeys(wire.parse_id(id_).subscription_id for id_ in ours))
        reading = self._over(subscriptions_, None).extensions_on(ours.values()) if ours else Reading()
        return self._whole("extensions", Extension, reading)

    def _survey(self, report: Report | None) -> Survey:
        return self._over(self._subscription_ids, report).started()

    @abstractmethod
    def _over(self, subscription_ids: Sequence[str] | None, report: Report | None) -> ArmSurvey:
        """A pass over the given subscriptions, or over all that the credential sees."""

    def close(self) -> None:
        with self._lock:
            self._made = None
        self._login.close()
        super().close()

    def __getstate__(self) -> dict[str, object]:
        return {**{k: v for k, v in self.__dict__.items() if k != "_lock"}, "_made": None}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())


class CloudAdapter(ArmAdapter):
    """An adapter of a public or sovereign cloud."""

    def __init__(
        self,
        *,
        credential: Credential | None = None,
        subscription_ids: Iterable[str] | None = None,
        cloud: str = "AzureCloud",
        endpoint: str | None = None,
        ca_file: str | PathLike[str] | None = None,
        timeout: float = TIMEOUT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._cloud = cloud_of(cloud, endpoint)
        source = host_of(self._cloud.endpoint)
        super().__init__(
            source, Wire(source, ca_file=ca_file, timeout=timeout, transport=transport), credential, subscription_ids
        )
        self.settings = {"subscription_ids": self._subscription_ids, "cloud": cloud, "endpoint": endpoint}
        self._login = Wire(source, ca_file=ca_file, timeout=timeout)

    def _connect(self) -> ArmClient:
        credential = self._credential or default_credential(self._login, self._cloud.authority)
        return ArmClient(self._wire, self._cloud.endpoint, credential, f"{self._cloud.endpoint}/.default")


def _check_credential(credential: object) -> None:
    if credential is None:
        return
    if isinstance(credential, type):
        raise NotSupported(
            f"credential={credential.__name__} is a class, not a credential",
            remedy=f"make one: credential={credential.__name__}(…)",
        )
    if not callable(getattr(credential, "get_token", None)):
        raise NotSupported(
            f"a credential needs a get_token method, {type(credential).__name__} has none",
            remedy="pass one of azure.identity's credentials, or leave it out for DefaultAzureCredential",
        )
    if inspect.iscoroutinefunction(getattr(credential, "get_token", None)):
        raise NotSupported(
            f"{type(credential).__name__} is asynchronous",
            remedy="take it from azure.identity, not azure.identity.aio",
        )


def _given(subscription_ids: Iterable[str] | None) -> list[str] | None:
    """The ids as a list without repetition; None where none were given."""
    if subscription_ids is None:
        return None
    several: object = [subscription_ids] if isinstance(subscription_ids, str) else subscription_ids
    listed = several if isinstance(several, Iterable) and not isinstance(several, bytes) else ()
    ids = list(dict.fromkeys(str(one).strip().lower() for one in listed))
    if not ids or not all(_SUBSCRIPTION.fullmatch(one) for one in ids):
        raise NotSupported(
            f"subscription_ids={subscription_ids!r:.80} names no subscriptions",
            remedy="give ids as `az account list` shows them, or leave it out to read all that the credential sees",
        )
    return ids


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
    ) -> None:
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


def check_native(record: Any, origin: Origin, *types: type) -> None:
    """`NotSupported` unless the record is of one of the types, and of that platform and source."""
    here = Origin(getattr(record, "platform", ""), getattr(record, "source", ""))
    if not isinstance(record, types) or here != origin:
        raise NotSupported(
            f"there is no SDK model for {type(record).__name__} {getattr(record, 'id', '')} at {origin.source}",
            remedy=f"give a {' or '.join(one.__name__ for one in types)} that this adapter has read",
        )


@contextmanager
def sdk_errors(source: str) -> Iterator[None]:
    """The Azure SDKs' exceptions as ours."""
    from azure.core.exceptions import AzureError

    try:
        yield
    except AzureError as error:
        ours = error.__cause__
        if isinstance(ours, HybridInvError):
            raise ours from error
        message = str(error).partition("\n")[0]
        status = getattr(error, "status_code", None) or 0
        if status == 404:
            raise NotFound(f"{source}: {message}", remedy="it was removed meanwhile; read again") from error
        if status == 401:
            raise AuthenticationFailed(message, source=source, remedy="pass another credential=") from error
        if status == 403:
            raise AccessDenied(
                message, missing=missing_action(message), source=source, remedy="give the account the Reader role there"
            ) from error
        raise ServerFault(message, status=status, source=source, remedy="see the cause of this error") from error
