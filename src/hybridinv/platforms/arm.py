"""What the three ARM adapters share: credentials, subscriptions, the client; and the SDKs' errors as ours."""

from __future__ import annotations

import inspect
import re
import threading
from abc import abstractmethod
from collections.abc import Iterable
from contextlib import contextmanager
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

from hybridinv.collecting import one_at_a_time
from hybridinv.errors import (
    AccessDenied,
    AuthenticationFailed,
    HybridInvError,
    NotFound,
    NotSupported,
    ServerFault,
)
from hybridinv.model import Extension, ExtensionImage, VirtualMachine
from hybridinv.platforms.adapter import Adapter, Reading, Report, Survey, checked_detail
from hybridinv.platforms.extension_catalogue import KIND, ComputeCatalogue, Walk, check_manner
from hybridinv.platforms.kept_catalogue import DAY, KeptCatalogue, cache_folder, checked_age
from hybridinv.tables import Records
from hybridinv.transport.arm import ArmClient, missing_action
from hybridinv.transport.client import TIMEOUT, Wire
from hybridinv.transport.clouds import cloud_of, default_credential, host_of
from hybridinv.wire import arm as wire
from hybridinv.wire.extension_images import Wanted, newest
from hybridinv.wire.reading import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from os import PathLike

    import httpx

    from hybridinv.collecting import Progress
    from hybridinv.platforms.arm_survey import ArmSurvey
    from hybridinv.platforms.extension_catalogue import Catalogue
    from hybridinv.transport.tokens import Credential

_SUBSCRIPTION = re.compile(r"\w[\w.-]*")
FEW = 100
"""So many machines may be asked one by one where a list would do, but does not."""


class _NoCredential:
    """A tape asks for no token, and tells nobody."""

    def get_token(self, *_: str) -> Any:
        return SimpleNamespace(token="none", expires_on=float("inf"))  # noqa: S106 - it is none


class ArmAdapter(Adapter):
    """An adapter of an ARM endpoint; the client is made on first use."""

    tape_login: ClassVar[Mapping[str, Any]] = {"credential": _NoCredential()}
    sdk_client: ClassVar[str] = "azure.mgmt.compute.ComputeManagementClient"
    """The vendor's client for what it reads."""
    answered_by: ClassVar[str] = "arm"
    _login: Wire
    """The way to where tokens come from; a tape does not take its place."""

    def __init__(
        self,
        source: str,
        wire_: Wire,
        credential: Credential | None,
        subscription_ids: Iterable[str] | None,
        detail: str,
    ) -> None:
        _check_credential(credential)
        self.detail: str = checked_detail(detail)
        self.source: str = source
        self._wire = wire_
        self._credential = credential
        self._subscription_ids = given_ids(subscription_ids)
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
        given = None if vms is None else self._ours(vms)
        if given is None or len(given) > FEW:
            return super().extensions(given)
        self._check("extensions")
        ours = {vm.id: vm for vm in given}
        subscriptions_ = list(dict.fromkeys(wire.parse_id(id_).subscription_id for id_ in ours))
        reading = self._over(subscriptions_, None, self.detail).extensions_on(ours.values()) if ours else Reading()
        return self._whole("extensions", Extension, reading)

    def extension_images(
        self,
        location: str,
        *,
        publishers: Iterable[str] | None = None,
        types: Iterable[str] | None = None,
        latest: bool = False,
        progress: Callable[[Progress], None] | None = None,
        cache: bool | str | PathLike[str] | None = True,
        max_age: float = DAY,
    ) -> Records[ExtensionImage]:
        """The extensions that a location offers, version by version, in numeric order; all of them by default.

        `publishers` and `types` limit it, by name or pattern (`Microsoft.*`), in any letter case: what they leave out
        is not asked for, and what is named in full is not looked up. `latest` leaves the highest version of each.

        Every publisher is asked for its types and every type for its versions, some side by side, as fast as the
        endpoint's buckets allow. A publisher that has none says so with 404. One that could not be read is in
        `problems` of what comes back, and the rest is there; where nothing could be read that is the exception.

        Answers are kept for `max_age` seconds in this user's folder for that, or in the one that `cache` names: the
        next run does not ask for them, and one that was interrupted goes on. With `cache=False` nothing is kept or
        looked up. A tape keeps nothing either, nor does the `transport=` of a caller who names no folder.
        """
        wanted = Wanted.of(location, publishers, types)
        check_manner(latest, progress)
        is_lent = self._wire.transport is not None
        folder, age = cache_folder(False if cache is True and is_lent else cache), checked_age(max_age)
        report = one_at_a_time(progress)
        survey = self._over(self._subscription_ids, self._reporter(report), self.detail)
        catalogue = self._catalogue(survey, wanted)
        if folder and self.played is None and self._wire.tap is None:
            survey.client.log_in()  # what is kept is for those who may log in
            of = catalogue.of
            keeping = KeptCatalogue(folder if of else None, of, self._origin, age)
        else:
            keeping = KeptCatalogue(None, (), self._origin, age)
        with keeping as kept:
            reading = Walk(catalogue, wanted, kept, survey).images()
        return self._images(reading, latest=latest)

    def _catalogue(self, survey: ArmSurvey, wanted: Wanted) -> Catalogue:
        """The catalogue of a location, as this endpoint has it."""
        return ComputeCatalogue(survey, wanted.location, self._subscription_ids)

    def _images(self, reading: Reading, *, latest: bool) -> Records[ExtensionImage]:
        """The images that were read, and the problems with others; the first of these is raised where nothing came."""
        if not reading.records:
            return self._whole(KIND, ExtensionImage, reading)
        records = newest(reading.records) if latest else reading.records
        return Records(ExtensionImage, records, dict.fromkeys(reading.all_problems(self, KIND)))

    def _ours(self, vms: Iterable[VirtualMachine]) -> list[VirtualMachine]:
        """The machines as a list; `NotSupported` where one is none, or of another source."""
        several: object = vms
        is_list = isinstance(several, Iterable) and not isinstance(several, (str, bytes))
        given: list[Any] = list(vms) if is_list else [vms]
        for vm in given:
            if not is_list or not isinstance(vm, VirtualMachine):
                raise NotSupported(
                    f"vms= takes a list of machines, not {vm!r:.60}", remedy="give records that vms() of it has read"
                )
            if Origin(vm.platform, vm.source) != self._origin:
                raise NotSupported(
                    f"{vm.name} is a machine of {vm.platform} {vm.source}, not of {self.source}",
                    remedy=f"leave it out: vms.where(platform={self.platform!r}, source={self.source!r})",
                )
        return given

    def native_client(self, record: Any) -> Any:
        """The vendor's management client for the subscription of a record, logged in and ready to use.

        azure-mgmt-compute's `ComputeManagementClient`, for Arc azure-mgmt-hybridcompute's. Its methods do what they
        say, the ones that change things too: a write is sent once, to this endpoint alone, and no resource provider is
        registered on the way. This library itself never writes with it.
        """
        subscription_id = wire.parse_id(str(getattr(record, "id", ""))).subscription_id
        if (
            Origin(getattr(record, "platform", ""), getattr(record, "source", "")) != self._origin
            or not subscription_id
        ):
            raise NotSupported(
                f"{type(record).__name__} {getattr(record, 'id', '')} is in no subscription of {self.source}",
                remedy="give a record that this adapter has read",
            )
        module, _, name = self.sdk_client.rpartition(".")
        return self._client.sdk(getattr(import_module(module), name), subscription_id, writes=True)

    def _survey(self, report: Report | None, detail: str) -> Survey:
        return self._over(self._subscription_ids, report, detail).started()

    @abstractmethod
    def _over(self, subscription_ids: Sequence[str] | None, report: Report | None, detail: str) -> ArmSurvey:
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
        detail: str = "summary",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._cloud = cloud_of(cloud, endpoint)
        source = host_of(self._cloud.endpoint)
        super().__init__(
            source,
            Wire(source, ca_file=ca_file, timeout=timeout, transport=transport),
            credential,
            subscription_ids,
            detail,
        )
        self.settings: dict[str, Any] = {
            "subscription_ids": self._subscription_ids,
            "cloud": cloud,
            "endpoint": endpoint,
            "detail": detail,
        }
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


def given_ids(subscription_ids: Iterable[str] | None) -> list[str] | None:
    """The ids as a list without repetition; None where none were given."""
    if subscription_ids is None:
        return None
    several: object = [subscription_ids] if isinstance(subscription_ids, str) else subscription_ids
    listed = several if isinstance(several, Iterable) and not isinstance(several, bytes) else ()
    ids = list(dict.fromkeys("" if one is None else str(one).strip().lower() for one in listed))
    if not ids or not all(_SUBSCRIPTION.fullmatch(one) for one in ids):
        raise NotSupported(
            f"subscription_ids={subscription_ids!r:.80} names no subscriptions",
            remedy="give ids as `az account list` shows them, or leave it out to read all that the credential sees",
        )
    return ids


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
