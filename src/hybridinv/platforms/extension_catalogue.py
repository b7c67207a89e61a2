"""Which extensions a location offers: publishers → types → versions, asked side by side, and kept between runs.

It is what `Get-AzVMImagePublisher | Get-AzVMExtensionImageType | Get-AzVMExtensionImage` asks one after the other: of
some 2,200 publishers in a region of Azure most have no extension, and say so with 404.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, TypeVar

from hybridinv.errors import (
    AccessDenied,
    AuthenticationFailed,
    ConnectFailed,
    DeadlineExceeded,
    HybridInvError,
    NotFound,
    NotSupported,
    ServerFault,
    Throttled,
    TLSFailed,
    UnexpectedAnswer,
)
from hybridinv.platforms.adapter import Reading
from hybridinv.platforms.arm_survey import by_cause
from hybridinv.transport.parallel import once, side_by_side
from hybridinv.wire import arm as wire
from hybridinv.wire.extension_images import (
    checked_name,
    in_order,
    read_images,
    read_name,
    scope_of,
    unknown_names,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hybridinv.model import ExtensionImage
    from hybridinv.platforms.arm_survey import ArmSurvey, Item
    from hybridinv.platforms.kept_catalogue import KeptCatalogue
    from hybridinv.wire.extension_images import Wanted

R = TypeVar("R")
Versions = list["ExtensionImage | UnexpectedAnswer"]
"""The versions of a type; where one cannot be read, why."""

KIND = "extension_images"
WORKERS = 16
"""Questions at a time: as many connections as are kept open; the throttle budget says how fast they may follow."""

ARC_LISTS = ("2026-07-15", "2025-09-16-preview", "2025-02-19-preview")
"""Api-versions in which Arc lists publishers and types, newest first (published examples of each)."""
_NO_SUCH_LIST = (NotFound, AccessDenied, ServerFault)
_AMISS = re.compile(
    "^(invalid|missing|unsupported|httpresource)|subscription|tenant|location|provider|namespace|registration"
    "|resourcetype|resourcegroup|api-?version|authoriz"
)
"""The codes of a 404 with which ARM says that nobody has looked (Microsoft Learn, azure-resource-manager,
troubleshooting/common-deployment-errors). Any other, or none, says that there is nothing of that name:
`Artifact: VMExtension was not found` has `NotFound` (MicrosoftDocs/azure-docs issue 14522), and of a type it may be
`ArtifactNotFound` (Azure/azure-powershell issue 20094)."""
_FEW = 10
"""If more publishers than that say 404 and no more, and nobody says anything else, it may not be they who say it."""
_LONGER = (
    "give it longer, with hi.deadline(seconds): …; the next run goes on where this one was, unless nothing is kept"
)
_NAME_BOTH = "name publishers= and types= in full: the versions of those are listed in older api-versions too"


class Catalogue(ABC):
    """One location's catalogue, as one resource provider answers."""

    @property
    @abstractmethod
    def of(self) -> tuple[str, ...]:
        """Whose answers these are: what is kept is kept under it. Empty where nobody can tell: then nothing is."""

    @abstractmethod
    def publishers(self) -> list[str]:
        """The names of all publishers of anything."""

    @abstractmethod
    def types(self, publisher: str) -> list[str]:
        """The types of a publisher's extensions; `NotFound` where it has none."""

    @abstractmethod
    def versions(self, publisher: str, type_: str) -> Versions:
        """The versions of a type; `NotFound` where there is no such type."""


class ComputeCatalogue(Catalogue):
    """What Microsoft.Compute offers to VMs. It is asked in the first of the subscriptions that may read there."""

    def __init__(self, survey: ArmSurvey, location: str, subscription_ids: Sequence[str] | None) -> None:
        self._survey = survey
        self._location = location
        self._subscription_ids = subscription_ids or survey.subscription_ids
        self._version = survey.machine_version
        self._home = ""

    @property
    def of(self) -> tuple[str, ...]:
        endpoint = self._survey.client.endpoint.lower()
        return ("Microsoft.Compute", endpoint, self._location, self._version, *self._subscription_ids)

    def publishers(self) -> list[str]:
        return list(dict.fromkeys(map(read_name, self._items(""))))

    def types(self, publisher: str) -> list[str]:
        return list(map(read_name, self._items(f"/{checked_name(publisher)}/artifacttypes/vmextension/types")))

    def versions(self, publisher: str, type_: str) -> Versions:
        items = self._items(
            f"/{checked_name(publisher)}/artifacttypes/vmextension/types/{checked_name(type_)}/versions"
        )
        return read_images(items, self._survey.origin)

    def _items(self, path: str) -> list[Item]:
        below = f"providers/Microsoft.Compute/locations/{self._location}/publishers{path}"
        those = [self._home] if self._home else self._subscription_ids
        self._home, items = _of_first(self._survey, those, below, self._version)
        return items


class ArcCatalogue(Catalogue):
    """What Microsoft.HybridCompute offers to Arc machines; the tenant is asked, not a subscription.

    Before there were lists of publishers and types, versions of one type were listed in subscriptions: that is asked
    where the tenant has no answer to a type that was named in full.
    """

    def __init__(
        self, survey: ArmSurvey, location: str, subscription_ids: Sequence[str] | None, *, is_named: bool
    ) -> None:
        self._survey = survey
        self._location = location
        self._given = subscription_ids
        self._version = ARC_LISTS[0]
        self._is_named = is_named

    @property
    def of(self) -> tuple[str, ...]:
        try:
            subscriptions = self._given or self._survey.subscription_ids  # they say whose tenant is asked
        except AccessDenied:
            return ()
        endpoint = self._survey.client.endpoint.lower()
        return ("Microsoft.HybridCompute", endpoint, self._location, ARC_LISTS[0], *subscriptions)

    def publishers(self) -> list[str]:
        try:
            return list(dict.fromkeys(map(read_name, self._items(""))))
        except _NO_SUCH_LIST as error:
            error.remedy = f"{_NAME_BOTH}{f'; {error.remedy}' if error.remedy else ''}"
            raise

    def types(self, publisher: str) -> list[str]:
        return list(map(read_name, self._items(f"/{checked_name(publisher)}/extensionTypes")))

    def versions(self, publisher: str, type_: str) -> Versions:
        path = f"/{checked_name(publisher)}/extensionTypes/{checked_name(type_)}/versions"
        try:
            items = self._items(path)
        except _NO_SUCH_LIST as error:
            if not self._is_named or getattr(error, "status", 0) >= 500:
                raise
            items = self._items_of_subscription(path)
        return read_images(map(_of_tenant, items), self._survey.origin)

    def _items(self, path: str) -> list[Item]:
        """The items at a path of the tenant, in the newest api-version that both sides know."""
        whole = f"/providers/Microsoft.HybridCompute/locations/{self._location}/publishers{path}"
        asked = self._version
        try:
            return self._survey.client.items(whole, asked)
        except (NotFound, ServerFault) as error:
            version = wire.choose_version(wire.supported_versions(error.message), ARC_LISTS)
            if version is None or version == asked:
                raise
            self._version = version
            return self._survey.client.items(whole, version)

    def _items_of_subscription(self, path: str) -> list[Item]:
        below = f"providers/Microsoft.HybridCompute/locations/{self._location}/publishers{path}"
        those = self._given or self._survey.subscription_ids
        return _of_first(self._survey, those, below, self._survey.machine_version)[1]


def _of_first(survey: ArmSurvey, subscription_ids: Sequence[str], below: str, version: str) -> tuple[str, list[Item]]:
    """The items at a path in the first of the subscriptions that answers, and which one that is."""
    refused: list[HybridInvError] = []
    for subscription in subscription_ids:
        try:
            return subscription, survey.client.items(f"/subscriptions/{subscription}/{below}", version)
        except (AccessDenied, NotFound) as error:
            if _has_none(error) and not below.endswith("/publishers"):  # every location has publishers
                raise
            refused.append(error)
    raise refused[0]


def _has_none(error: HybridInvError) -> bool:
    """Whether an error is the answer that there is nothing of that name."""
    return isinstance(error, NotFound) and not error.is_foreign and not _AMISS.search(error.code.lower())


def check_manner(latest: object, progress: object) -> None:
    """`NotSupported` where they are not what `extension_images` takes."""
    if not isinstance(latest, bool):
        raise NotSupported(f"latest={latest!r:.40} is neither True nor False", remedy="leave it out for False")
    if progress is not None and not callable(progress):
        raise NotSupported(f"progress={progress!r:.40} cannot be called", remedy="pass a function, or leave it out")


def _of_tenant(item: Item) -> Item:
    """A row with the tenant's id: an image is the same one whichever list has told of it."""
    id_ = str(item.get("id") or "")
    return {**item, "id": id_[id_.lower().find("/providers/") :]} if "/providers/" in id_.lower() else item


class Walk:
    """One walk through a catalogue: what is kept is not asked again, and what comes is kept.

    So a walk that was interrupted goes on where it was.
    """

    def __init__(self, catalogue: Catalogue, wanted: Wanted, kept: KeptCatalogue, survey: ArmSurvey) -> None:
        self._catalogue = catalogue
        self._wanted = wanted
        self._kept = kept
        self._survey = survey
        self._is_named = bool(wanted.publishers.exact and wanted.types.exact)
        self._listed: dict[tuple[str, ...], list[str]] | None = None
        self._silent = 0
        self._over: HybridInvError | None = None
        self._is_answered = False
        self._doubted: list[str] = []

    def images(self) -> Reading:
        """The images that are wanted, in order; what could not be read of them is noted."""
        reading = Reading()
        pairs = self._pairs(reading)
        answers = self._each("extension_types", pairs, self._kept.images, self._catalogue.versions, reading)
        images: dict[str, ExtensionImage] = {}
        for question, found in answers.items():
            odd = [one for one in found if isinstance(one, HybridInvError)]
            if odd:
                reading.lose(scope_of(self._wanted, "/".join(question)), odd[0])
            images |= {one.id: one for one in found if not isinstance(one, HybridInvError)}
        reading.records = in_order(image for image in images.values() if self._wanted.has(image))
        self._doubt_publishers({image.publisher.lower() for image in images.values()}, reading)
        self._doubt_types({image.type.lower() for image in images.values()}, reading)
        self._survey.tell(KIND, len(reading.records), len(reading.records))
        return reading

    def _pairs(self, reading: Reading) -> list[tuple[str, ...]]:
        """The publishers and types whose versions are wanted; those that are named are not looked up."""
        publishers, types = self._wanted.publishers, self._wanted.types
        if self._is_named:
            return [(publisher, type_) for publisher in publishers.exact for type_ in types.exact]
        listed = self._types(reading)
        return [(*publisher, type_) for publisher, several in listed.items() for type_ in several if types.has(type_)]

    @once
    def _publishers(self) -> list[str]:
        kept = self._kept.names("")
        if kept is not None:
            return kept
        try:
            publishers = self._catalogue.publishers()
        except (DeadlineExceeded, Throttled) as error:
            error.remedy = _LONGER
            raise
        self._kept.keep("", publishers)
        return publishers

    def _types(self, reading: Reading) -> dict[tuple[str, ...], list[str]]:
        """The types of each wanted publisher."""
        if self._listed is None:
            wanted = self._wanted.publishers
            publishers = wanted.exact or [one for one in self._publishers if wanted.has(one)]
            asked = [(publisher,) for publisher in publishers]
            self._listed = self._each("publishers", asked, self._kept.names, self._catalogue.types, reading)
            self._settle(reading)
        return self._listed

    def _settle(self, reading: Reading) -> None:
        """Publishers that said 404 and no more have nothing, where somebody said more; many who all do are odd."""
        if self._is_answered:
            for publisher in self._doubted:
                self._kept.keep(publisher, [])
        elif len(self._doubted) > _FEW:
            what = f"all of {len(self._doubted)} publishers answer 404 and do not say of what: is it they who answer?"
            remedy = "check the location and the endpoint, and what stands between you and it"
            reading.lose(self._wanted.location, UnexpectedAnswer(what, path="code", remedy=remedy))

    def _each(
        self,
        what: str,
        questions: Sequence[tuple[str, ...]],
        look_up: Callable[[str], Sequence[R] | None],
        ask: Callable[..., list[R]],
        reading: Reading,
    ) -> dict[tuple[str, ...], list[R]]:
        """The answer to each question, kept or asked for; what failed is noted."""
        found = {one: list(kept) for one in questions if (kept := look_up("/".join(one))) is not None}
        self._is_answered |= any(found.values())
        self._survey.tell(what, len(found), len(questions))

        def told(question: tuple[str, ...]) -> list[R]:
            answer = self._ask(question, ask)
            self._survey.tell(what, 1, len(questions))
            return answer

        missing = [one for one in questions if one not in found]
        failed: dict[str, HybridInvError] = {}
        for question, answer in zip(missing, side_by_side(told, missing, WORKERS), strict=True):
            if isinstance(answer, HybridInvError):
                failed["/".join(question)] = answer
            else:
                found[question] = answer
        self._note(failed, len(questions), reading)
        return found

    def _note(self, failed: dict[str, HybridInvError], of: int, reading: Reading) -> None:
        """What failed, in few words where one cause has cost many; a login that is refused is raised."""
        if isinstance(self._over, (AuthenticationFailed, TLSFailed)):
            raise self._over
        unasked = [scope for scope, error in failed.items() if error is self._over]
        if self._over is not None and unasked:
            failed = {scope: error for scope, error in failed.items() if error is not self._over}
            what = f"{len(unasked)} of {of} not read, the endpoint fell silent: {self._over.message}"
            reading.lose(self._wanted.location, ConnectFailed(what, remedy=self._over.remedy))
        for scope, error in by_cause(failed, of):
            if isinstance(error, (DeadlineExceeded, Throttled)):
                error.remedy = _LONGER
            reading.lose(scope_of(self._wanted, scope), error)

    def _ask(self, question: tuple[str, ...], ask: Callable[..., list[R]]) -> list[R]:
        """What the endpoint says; once it is silent it is not asked any more.

        That there is nothing is an answer of a publisher, which may have no extensions, and of a type that was named.
        Where the publisher has just listed the type it is a contradiction.
        """
        if self._over is not None:
            raise self._over
        is_publisher, is_sure = len(question) == 1, True
        try:
            found = ask(*question)
        except NotFound as error:
            if not _has_none(error) or not (is_publisher or self._is_named):
                raise
            found, is_sure = [], bool(error.code)
        except (AuthenticationFailed, TLSFailed) as error:
            self._over = error
            raise
        except ConnectFailed as error:
            self._silent += 1
            if self._silent >= WORKERS:
                self._over = error
            raise
        self._silent = 0
        self._is_answered |= is_sure
        if is_publisher and not self._is_answered:
            self._doubted.append("/".join(question))
            return found
        # A type that was named and is not there must not be missing from a later list of them all.
        if is_publisher or (found and not any(isinstance(one, HybridInvError) for one in found)):
            self._kept.keep("/".join(question), found)
        return found

    def _doubt_publishers(self, there: set[str], reading: Reading) -> None:
        """Names and patterns of publishers that have nothing: one that nobody has at all may be a slip of the pen."""
        lost = {scope.split("/")[1] for scope, _ in reading.lost if "/" in scope}
        if not self._wanted.publishers.idle([*there, *lost]):
            return
        try:
            known = self._publishers
        except HybridInvError as error:
            reading.lose(self._wanted.location, error)
            return
        reading.lost += unknown_names(self._wanted, self._wanted.publishers, "publisher", [*known, *lost])

    def _doubt_types(self, there: set[str], reading: Reading) -> None:
        """Names and patterns of types that nobody has, where everybody has answered."""
        if reading.lost or not self._wanted.types.idle(there):
            return
        known = [type_ for types in self._types(reading).values() for type_ in types]
        if not reading.lost:
            of = " of these publishers" if self._wanted.publishers.words else ""
            reading.lost += unknown_names(self._wanted, self._wanted.types, f"type{of}", known)
