"""Which extensions a location offers: publishers → types → versions, asked side by side, and kept between runs.

It is what `Get-AzVMImagePublisher | Get-AzVMExtensionImageType | Get-AzVMExtensionImage` asks one after the other: of
some 2,200 publishers in a region of Azure most have no extension, and say so with 404.
"""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, TypeVar

from hybridinv.errors import (
    AccessDenied,
    AuthenticationFailed,
    ConnectFailed,
    HybridInvError,
    NotFound,
    ServerFault,
    TLSFailed,
)
from hybridinv.platforms.adapter import Reading
from hybridinv.platforms.arm_survey import by_cause
from hybridinv.transport.parallel import side_by_side
from hybridinv.wire import arm as wire
from hybridinv.wire.extension_images import checked_name, in_order, read_image, read_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hybridinv.model import ExtensionImage
    from hybridinv.platforms.arm_survey import ArmSurvey, Item
    from hybridinv.platforms.kept_catalogue import KeptCatalogue
    from hybridinv.wire.extension_images import Wanted

R = TypeVar("R")

KIND = "extension_images"
WORKERS = 16
"""Questions at a time: as many connections as are kept open; the throttle budget says how fast they may follow."""

ARC_LISTS = ("2026-07-15", "2025-09-16-preview", "2025-02-19-preview")
"""Api-versions in which Arc lists publishers and types, newest first (published examples of each)."""
_NO_SUCH_LIST = (NotFound, AccessDenied, ServerFault)
_NAME_BOTH = "name publishers= and types= in full: the versions of those are listed in older api-versions too"


class Catalogue(ABC):
    """One location's catalogue, as one resource provider answers."""

    @property
    @abstractmethod
    def of(self) -> tuple[str, ...]:
        """Whose answers these are: what is kept is kept under it."""

    @abstractmethod
    def publishers(self) -> list[str]:
        """The names of all publishers of anything."""

    @abstractmethod
    def types(self, publisher: str) -> list[str]:
        """The types of a publisher's extensions; `NotFound` where it has none."""

    @abstractmethod
    def versions(self, publisher: str, type_: str) -> list[ExtensionImage]:
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
        items = self._items("", refusals=(AccessDenied, NotFound))
        return list(dict.fromkeys(map(read_name, items)))

    def types(self, publisher: str) -> list[str]:
        return list(map(read_name, self._items(f"/{checked_name(publisher)}/artifacttypes/vmextension/types")))

    def versions(self, publisher: str, type_: str) -> list[ExtensionImage]:
        items = self._items(
            f"/{checked_name(publisher)}/artifacttypes/vmextension/types/{checked_name(type_)}/versions"
        )
        return [read_image(item, self._survey.origin) for item in items]

    def _items(self, path: str, refusals: tuple[type[HybridInvError], ...] = (AccessDenied,)) -> list[Item]:
        below = f"providers/Microsoft.Compute/locations/{self._location}/publishers{path}"
        refused: list[HybridInvError] = []
        for subscription in [self._home] if self._home else self._subscription_ids:
            try:
                items = self._survey.client.items(f"/subscriptions/{subscription}/{below}", self._version)
            except refusals as error:
                refused.append(error)
                continue
            except NotFound:
                self._home = subscription
                raise
            self._home = subscription
            return items
        raise refused[0]


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
        return ("Microsoft.HybridCompute", self._survey.client.endpoint.lower(), self._location, ARC_LISTS[0])

    def publishers(self) -> list[str]:
        try:
            return list(dict.fromkeys(map(read_name, self._items(""))))
        except _NO_SUCH_LIST as error:
            error.remedy = f"{_NAME_BOTH}{f'; {error.remedy}' if error.remedy else ''}"
            raise

    def types(self, publisher: str) -> list[str]:
        return list(map(read_name, self._items(f"/{checked_name(publisher)}/extensionTypes")))

    def versions(self, publisher: str, type_: str) -> list[ExtensionImage]:
        path = f"/{checked_name(publisher)}/extensionTypes/{checked_name(type_)}/versions"
        try:
            items = self._items(path)
        except _NO_SUCH_LIST as error:
            if not self._is_named or getattr(error, "status", 0) >= 500:
                raise
            items = self._items_of_subscription(path)
        return [read_image(_of_tenant(item), self._survey.origin) for item in items]

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
        refusals: list[HybridInvError] = []
        for subscription in self._given or self._survey.subscription_ids:
            try:
                return self._survey.client.items(f"/subscriptions/{subscription}/{below}", self._survey.machine_version)
            except AccessDenied as error:
                refusals.append(error)
        raise refusals[0]


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
        self._silent = 0
        self._over: HybridInvError | None = None

    def images(self) -> Reading:
        """The images that are wanted, in order; what could not be read of them is noted."""
        reading = Reading()
        pairs = self._pairs(reading)
        answers = self._each("extension_types", pairs, self._kept.images, self._catalogue.versions, reading)
        images = {image.id: image for found in answers.values() for image in found}
        reading.records = in_order(image for image in images.values() if self._wanted.has(image))
        self._doubt({image.publisher.lower() for image in images.values()}, reading)
        self._survey.tell(KIND, len(reading.records), len(reading.records))
        return reading

    def _pairs(self, reading: Reading) -> list[tuple[str, ...]]:
        """The publishers and types whose versions are wanted; those that are named are not looked up."""
        named, types = self._wanted.publishers.exact, self._wanted.types
        if named and types.exact:
            return [(publisher, type_) for publisher in named for type_ in types.exact]
        publishers = named or [one for one in self._publishers() if self._wanted.publishers.has(one)]
        asked = [(publisher,) for publisher in publishers]
        found = self._each("publishers", asked, self._kept.names, self._catalogue.types, reading)
        return [(*publisher, type_) for publisher, several in found.items() for type_ in several if types.has(type_)]

    def _publishers(self) -> list[str]:
        kept = self._kept.names("")
        if kept is not None:
            return kept
        publishers = self._catalogue.publishers()
        self._kept.keep("", publishers)
        return publishers

    def _each(
        self,
        what: str,
        questions: Sequence[tuple[str, ...]],
        look_up: Callable[[str], list[R] | None],
        ask: Callable[..., list[R]],
        reading: Reading,
    ) -> dict[tuple[str, ...], list[R]]:
        """The answer to each question, kept or asked for; what failed is noted."""
        found = {one: kept for one in questions if (kept := look_up("/".join(one))) is not None}
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
        if isinstance(self._over, (AuthenticationFailed, TLSFailed)):
            raise self._over
        unasked = [scope for scope, error in failed.items() if error is self._over]
        if self._over is not None and unasked:
            failed = {scope: error for scope, error in failed.items() if error is not self._over}
            what = f"{len(unasked)} of {len(questions)} not read, the endpoint fell silent: {self._over.message}"
            reading.lose("", ConnectFailed(what, remedy=self._over.remedy))
        for scope, error in by_cause(failed, len(questions)):
            reading.lose(scope, error)
        return found

    def _ask(self, question: tuple[str, ...], ask: Callable[..., list[R]]) -> list[R]:
        """What the endpoint says; that there is nothing is an answer. Once it is silent it is not asked any more."""
        if self._over is not None:
            raise self._over
        try:
            found = ask(*question)
        except NotFound:
            found = []
        except (AuthenticationFailed, TLSFailed) as error:
            self._over = error
            raise
        except ConnectFailed as error:
            self._silent += 1
            if self._silent >= WORKERS:
                self._over = error
            raise
        self._silent = 0
        self._kept.keep("/".join(question), found)
        return found

    def _doubt(self, there: set[str], reading: Reading) -> None:
        """Publishers that were named and have nothing: one that there is not at all may be a slip of the pen."""
        lost = {scope.partition("/")[0] for scope, _ in reading.lost}
        silent = [one for one in self._wanted.publishers.exact if one.lower() not in there and one not in lost]
        if not silent:
            return
        try:
            known = {one.lower(): one for one in self._publishers()}
        except HybridInvError as error:
            reading.lose("", error)
            return
        for name in silent:
            if name.lower() not in known:
                near = [known[one] for one in difflib.get_close_matches(name.lower(), known, n=3)]
                reading.lose(name, NotFound(f"{self._wanted.location} has no publisher {name!r}", remedy=_meant(near)))


def _meant(near: Sequence[str]) -> str:
    return f"did you mean {' or '.join(map(repr, near))}?" if near else "check its name"
