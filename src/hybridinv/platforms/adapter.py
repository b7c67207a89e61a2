"""What every adapter has in common: its kinds, strict lists, a tolerant inventory, and the end of its session."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import attrs

from hybridinv.collecting import Progress, one_at_a_time, seconds_of
from hybridinv.errors import AuthenticationFailed, ConnectFailed, HybridInvError, MissingExtra, NotSupported, TLSFailed
from hybridinv.inventory import KINDS, Inventory, check_kind, listed, problem_of
from hybridinv.model import (
    Answered,
    Asked,
    Cluster,
    Datastore,
    Extension,
    ExtensionImage,
    Host,
    License,
    MetricSample,
    Network,
    Problem,
    Resource,
    ResourcePool,
    Switch,
    VirtualMachine,
    VMkernelAdapter,
)
from hybridinv.tables import Records
from hybridinv.transport.deadline import deadline as within
from hybridinv.transport.tape import Player, Tape

if TYPE_CHECKING:
    import httpx

    from hybridinv.transport.client import Wire

T = TypeVar("T")

DETAILS = ("summary", "full")


def checked_detail(detail: str) -> str:
    """The level of detail; `NotSupported` where there is none of that name."""
    if detail not in DETAILS:
        raise NotSupported(f"there is no detail={detail!r:.40}", remedy=f"say one of: {', '.join(DETAILS)}")
    return detail


@attrs.define
class Reading:
    """What one kind gave: the records, what is missing of the list, and what is odd about what is there.

    `lost` holds the errors that cost records: a strict list raises the first of them, an inventory keeps all.
    """

    records: list[Any] = attrs.field(factory=list)
    lost: list[tuple[str, HybridInvError]] = attrs.field(factory=list)
    problems: list[Problem] = attrs.field(factory=list)
    answers: list[Answered] = attrs.field(factory=list)
    """What the endpoint's lists said of themselves."""

    def answer(self, kind: str, by: str, read: int, claimed: int | None = None) -> None:
        """Note what a list gave, and how much it said that it has."""
        self.answers.append(Answered(kind=kind, by=by, read=read, claimed=claimed, at=datetime.now(UTC)))

    def lose(self, scope: str, error: HybridInvError) -> None:
        """Note that an error has cost records of that scope (a subscription, an object)."""
        self.lost.append((scope, error))

    def all_problems(self, of: Adapter, kind: str) -> Iterator[Problem]:
        """Everything that could not be read, as records."""
        for scope, error in self.lost:
            yield problem_of(error, of, kind=kind, scope=scope)
        yield from self.problems
        for record in self.records:
            yield from (problem for problem in record.problems if problem.error) if hasattr(record, "problems") else ()


class Survey(ABC):
    """One pass over a source. What several kinds need is read once in it; it is used by one thread."""

    @abstractmethod
    def read(self, kind: str) -> Reading:
        """Everything of one kind."""

    def subscription_ids_read(self) -> frozenset[str]:
        """The subscriptions that were read so far, in lower case; none where the platform has none."""
        return frozenset()


class Adapter(ABC):
    """Reads one platform's endpoint. Constructing one does no I/O; it may be used by several threads."""

    platform: str
    missing: ClassVar[Mapping[str, str]] = {}
    """Why the platform does not have the other kinds."""

    answered_by: ClassVar[str] = ""
    """What `Answered.by` calls the endpoint's own lists; the platform where it is empty."""

    tape_login: ClassVar[Mapping[str, Any]]
    """The constructor's arguments that stand in for a login when a tape is played."""

    source: str
    detail: str = "summary"
    """How much is asked for where a call does not say: `summary` or `full`."""
    product: str = ""
    """What answers there, where the platform has versions; known after the first read."""
    settings: dict[str, Any]
    """The constructor's arguments, without secrets, that lead to the same endpoint."""
    capabilities: frozenset[str]
    """The kinds it can give, named as its methods; asking for another raises `NotSupported` with the reason."""
    _wire: Wire

    def hosts(self, *, detail: str | None = None) -> Records[Host]:
        """All hosts, or an exception."""
        return self._all("hosts", Host, detail)

    def vms(self, *, detail: str | None = None) -> Records[VirtualMachine]:
        """All virtual machines (for Arc: machines with the agent), or an exception."""
        return self._all("vms", VirtualMachine, detail)

    def extensions(self, vms: Iterable[VirtualMachine] | None = None) -> Records[Extension]:
        """All extensions, or those on the given machines; or an exception.

        Up to 100 given machines are asked themselves, so what was changed a moment ago is in the answer. Without them
        Azure and Arc are asked by Resource Graph, which can be hours behind with what no list of machines names.
        """
        found = self._all("extensions", Extension)
        if vms is None:
            return found
        wanted = {vm.id for vm in vms}
        return found.where(vm_id=wanted.__contains__)

    def vmkernel_adapters(self, *, detail: str | None = None) -> Records[VMkernelAdapter]:
        """All VMkernel adapters with their services, or an exception."""
        return self._all("vmkernel_adapters", VMkernelAdapter, detail)

    def clusters(self, *, detail: str | None = None) -> Records[Cluster]:
        """All clusters, or an exception."""
        return self._all("clusters", Cluster, detail)

    def datastores(self, *, detail: str | None = None) -> Records[Datastore]:
        """All datastores, or an exception."""
        return self._all("datastores", Datastore, detail)

    def networks(self, *, detail: str | None = None) -> Records[Network]:
        """All networks, or an exception."""
        return self._all("networks", Network, detail)

    def switches(self, *, detail: str | None = None) -> Records[Switch]:
        """All virtual switches, standard ones host by host, or an exception."""
        return self._all("switches", Switch, detail)

    def resource_pools(self, *, detail: str | None = None) -> Records[ResourcePool]:
        """All resource pools and vApps, or an exception."""
        return self._all("resource_pools", ResourcePool, detail)

    def licenses(self, *, detail: str | None = None) -> Records[License]:
        """All licences, or an exception; of a key the last five characters are shown."""
        return self._all("licenses", License, detail)

    def resources(self, *, detail: str | None = None) -> Records[Resource]:
        """What the platform manages beside machines and hosts, or an exception."""
        return self._all("resources", Resource, detail)

    def extension_images(self, *_: Any, **__: Any) -> Records[ExtensionImage]:
        """The extensions that a location offers: of Azure, Azure Stack Hub and Azure Arc; else `NotSupported`."""
        raise NotSupported(
            f"{self.source}: {self.platform} has no catalogue of extensions",
            remedy="ask an adapter of Azure, Azure Stack Hub or Azure Arc",
        )

    def metrics(self, *_: Any, **__: Any) -> Records[MetricSample]:
        """The counters of machines over time: of vSphere; else `NotSupported`."""
        raise NotSupported(
            f"{self.source}: {self.platform} keeps no counters that are read here",
            remedy="read_diagnostics reads those in a storage account; metrics is an adapter of vSphere's",
        )

    def inventory(
        self,
        kinds: Iterable[str] | None = None,
        *,
        detail: str | None = None,
        progress: Callable[[Progress], None] | None = None,
        deadline: float | None = None,
    ) -> Inventory:
        """What this source has, and what could not be read of it in `problems`; `deadline` in seconds.

        A source that cannot be reached, or that refuses the login, raises; `collect` makes a problem of that too.
        """
        wanted = sorted(self.capabilities, key=list(KINDS).index) if kinds is None else listed(kinds)
        for kind in wanted:
            self._check(kind)
        seconds, progress = None if deadline is None else seconds_of(deadline), one_at_a_time(progress)
        level = self._level(detail)
        asked = Asked(platform=self.platform, source=self.source, kinds=frozenset(wanted), detail=level)
        inventory = Inventory(asked=[asked])
        if not wanted:
            return inventory
        answers: list[Answered] = []
        claims: dict[str, int | None] = {}
        with within(seconds):
            try:
                survey = self._survey(self._reporter(progress, claims), level)
            except (NotSupported, MissingExtra, AuthenticationFailed, ConnectFailed, TLSFailed):
                raise
            except HybridInvError as error:
                return attrs.evolve(inventory, problems=[problem_of(error, self)])
            for kind in wanted:
                inventory = self._add(inventory, survey, kind, answers, claims)
                if progress:
                    count = len(getattr(inventory, kind))
                    progress(Progress(source=self.source, platform=self.platform, kind=kind, read=count,
                                      expected=count, done=True, problems=len(inventory.problems)))  # fmt: skip
        told = attrs.evolve(asked, subscription_ids=survey.subscription_ids_read(), answers=tuple(answers))
        return self._noted(attrs.evolve(inventory, asked=[told]))

    def _noted(self, inventory: Inventory) -> Inventory:
        """The inventory, with what only all of its kinds together show."""
        return inventory

    def _add(
        self,
        inventory: Inventory,
        survey: Survey,
        kind: str,
        answers: list[Answered] | None = None,
        claims: Mapping[str, int | None] | None = None,
    ) -> Inventory:
        try:
            reading = survey.read(kind)
        except HybridInvError as error:
            reading = Reading()
            reading.lose("", error)
        else:
            if not reading.answers:
                reading.answer(kind, self.answered_by or self.platform, len(reading.records), (claims or {}).get(kind))
        if answers is not None:
            # When a tape was answered is not known; when it was played says nothing.
            answers += [attrs.evolve(one, at=None) for one in reading.answers] if self.played else reading.answers
        problems = [*inventory.problems, *dict.fromkeys(reading.all_problems(self, kind))]
        changed: dict[str, Any] = {kind: reading.records, "problems": problems}
        return attrs.evolve(inventory, **changed)

    def _all(self, kind: str, type_: type[T], detail: str | None = None) -> Records[T]:
        self._check(kind)
        return self._whole(kind, type_, self._survey(None, self._level(detail)).read(kind))

    def _level(self, detail: str | None) -> str:
        return self.detail if detail is None else checked_detail(detail)

    def _whole(self, kind: str, type_: type[T], reading: Reading) -> Records[T]:
        """The records of a reading that has lost none; else the first loss."""
        for scope, error in reading.lost:
            if scope:
                error.add_note(f"while reading {kind} of {scope}")
            raise error
        return Records(type_, reading.records)

    def _check(self, kind: str) -> None:
        check_kind(kind)
        if kind not in self.capabilities:
            reason = self.missing.get(kind, f"{self.platform} has no {kind.replace('_', ' ')}")
            raise NotSupported(
                f"{self.source}: {reason}", remedy=f"it has: {', '.join(sorted(self.capabilities))} (see .capabilities)"
            )

    def _reporter(
        self, progress: Callable[[Progress], None] | None, claims: dict[str, int | None] | None = None
    ) -> Report:
        """Tells of progress, and keeps in `claims` how many the endpoint says that there are of each kind."""

        def report(kind: str, read: int, expected: int | None) -> None:
            if claims is not None:
                claims[kind] = expected
            if progress:
                progress(Progress(source=self.source, platform=self.platform, kind=kind, read=read, expected=expected))

        return report

    @abstractmethod
    def _survey(self, report: Report | None, detail: str) -> Survey:
        """A fresh pass over the source."""

    @abstractmethod
    def native(self, record: Any) -> Any:
        """The vendor SDK's object for a record of this source, authenticated."""

    @contextmanager
    def overheard(self, tap: Callable[[httpx.BaseTransport], httpx.BaseTransport]) -> Iterator[None]:
        """While inside, everything on the wire passes through `tap`; sessions begin and end inside."""
        self.close()
        self._wire.tap = tap
        try:
            yield
        finally:
            self.close()
            self._wire.tap = None

    @property
    def played(self) -> Tape | None:
        """The tape that answers, where one does."""
        return self._wire.transport.tape if isinstance(self._wire.transport, Player) else None

    def close(self) -> None:
        """End the session and close the connections; using the adapter again opens new ones."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.source}>"


Report = Callable[[str, int, int | None], None]
"""Called with kind, records read so far, and how many the endpoint says there are."""
