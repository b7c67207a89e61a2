"""The state of an extension in one word, and how its version compares with what a location offers."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import product
from typing import TYPE_CHECKING

import attrs

from hybridinv.model.versions import version_key
from hybridinv.wire.compute_sizes import plain_location

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hybridinv.model import Extension, ExtensionImage, Problem, VirtualMachine

Place = tuple[str, str, str]
"""Platform, source and plain location: what a catalogue is of; the location is empty where nobody knows it."""
Kind = tuple[str, str]
"""Publisher and type in lower case."""

_DONE, _FAILED = frozenset({"succeeded"}), frozenset({"failed", "canceled", "cancelled"})
_BETWEEN = frozenset({
    "accepted", "creating", "updating", "deleting", "migrating", "moving", "pending", "provisioning", "running",
    "inprogress", "transitioning", "upgrading", "installing", "uninstalling", "waiting", "restoring", "enabling",
    "disabling", "resolving",
})  # fmt: skip
_NUMBER = re.compile(r"\d+", re.ASCII)


def state_of(extension: Extension) -> str:
    """`installed`, `failed`, `in_transition`, or `unknown` where the platform says nothing.

    A word of which nobody knows that it is an end or a transition (`Creating`, `Updating`, `Deleting`, …) is unknown,
    as `Unknown` itself is.
    """
    word = extension.provisioning_state.strip().lower()
    if word in _FAILED or extension.status == "error":
        return "failed"
    return "installed" if word in _DONE else "in_transition" if word in _BETWEEN else "unknown"


def failed_by(extension: Extension) -> str:
    """What says that an extension has failed: its provisioning state, else the status in its instance view."""
    is_state = extension.provisioning_state.strip().lower() in _FAILED
    return extension.provisioning_state if is_state else f"status {extension.status}"


def called(extension: Extension) -> str:
    """What to call an extension: publisher and type, else what it has of a name."""
    return ".".join(filter(None, (extension.publisher, extension.type))) or extension.name


def kind_of(one: Extension | ExtensionImage) -> Kind:
    """Publisher and type, as ARM compares them: without regard to case."""
    return one.publisher.lower(), one.type.lower()


@attrs.frozen
class Offer:
    """The versions of one type of extension that one location offers."""

    versions: frozenset[tuple[int, ...]]
    latest: str

    def is_behind(self, version: str) -> bool | None:
        """Whether a version is older than the newest; None where one of them has no numbers.

        One of two numbers, as it is asked for (`1.10`), stands for all that begin so: the platform takes the newest.
        """
        own, newest = version_key(version), version_key(self.latest)
        if not own or not newest:
            return None
        if _is_short(version):
            return _padded(newest, 2)[:2] > _padded(own, 2)[:2]
        return newest > own

    def has(self, version: str) -> bool:
        """Whether a version is offered; one of two numbers is where any that begins so is."""
        own = version_key(version)
        if _is_short(version):
            return _padded(own, 2) in {_padded(one, 2)[:2] for one in self.versions}
        return own in self.versions


class Catalogue:
    """What images say that each location offers; those without a location count for every one of their source."""

    def __init__(self, images: Iterable[ExtensionImage], problems: Iterable[Problem] = ()) -> None:
        grouped: dict[Place, dict[Kind, list[str]]] = defaultdict(lambda: defaultdict(list))
        for image in images:
            grouped[image.platform, image.source, plain_location(image.location)][kind_of(image)].append(image.version)
        self._locations: dict[tuple[str, str], set[str]] = defaultdict(set)
        for (platform, source, location), kinds in grouped.items():
            self._locations[platform, source].add(location)
            for kind, versions in grouped.get((platform, source, ""), {}).items() if location else ():
                kinds[kind] += versions
        self._offers = {
            place: {kind: _offer(versions) for kind, versions in kinds.items()} for place, kinds in grouped.items()
        }
        self._publishers = {place: {publisher for publisher, _ in kinds} for place, kinds in self._offers.items()}
        self._has_histories = {
            place: any(len(offer.versions) > 1 for offer in kinds.values()) for place, kinds in self._offers.items()
        }
        self._anywhere = {location for _, _, location in self._offers} | {""}
        self._lost = {(one.platform, one.source, _location(one.scope, self._anywhere)) for one in problems}

    def place_of(self, vm: VirtualMachine) -> Place | None:
        """By what a machine is judged; None where that was not read, or where it could be one of several.

        It is the catalogue of its location, else images of its source without one. Of a machine whose location is not
        known it is the catalogue of its source, where that is of one location only.
        """
        known = self._locations.get((vm.platform, vm.source), set())
        location, named = plain_location(vm.location), known - {""}
        if not location and named:
            if len(named) > 1:
                return None
            (location,) = named
        elif location not in known:
            location = ""
        return (vm.platform, vm.source, location) if location in known else None

    def locations(self, platform: str, source: str) -> list[str]:
        """Of which locations of a source something was read."""
        return sorted(self._locations.get((platform, source), set()) - {""})

    def sources(self) -> list[tuple[str, str]]:
        """Platform and name of every source of which something was read."""
        return sorted(self._locations)

    def offer(self, place: Place, kind: Kind) -> Offer | None:
        """What the location offers of that type; None where it has none."""
        return self._offers.get(place, {}).get(kind)

    def knows_publisher(self, place: Place, publisher: str) -> bool:
        """Whether the location has anything of that publisher."""
        return publisher.lower() in self._publishers.get(place, ())

    def is_whole(self, place: Place) -> bool:
        """Whether nothing of that location's catalogue has failed, nor anything of its source without a location."""
        platform, source, location = place
        of = ((platform, ""), (source, ""), (location, "") if location else self._anywhere)
        return self._lost.isdisjoint(product(*of))

    def has_histories(self, place: Place) -> bool:
        """Whether it has older versions too; a catalogue of the latest alone cannot tell what is not offered."""
        return self._has_histories.get(place, False)


def _location(scope: str, locations: set[str]) -> str:
    """The location that a problem is of; empty where it may be of any."""
    location = plain_location(scope.partition("/")[0])
    return location if location in locations else ""


def _offer(versions: list[str]) -> Offer:
    return Offer(frozenset(map(version_key, versions)), max(versions, key=version_key))


def _is_short(version: str) -> bool:
    return len(_NUMBER.findall(version)) <= 2


def _padded(numbers: tuple[int, ...], length: int) -> tuple[int, ...]:
    return numbers + (0,) * (length - len(numbers))
