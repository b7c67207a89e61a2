"""Rows of an extension catalogue → records: publishers, their types of extensions, and the versions of those.

Microsoft.Compute answers with bare arrays of sub-resources, whose names are the answer and whose ids name what they
are in; Microsoft.HybridCompute with pages. Neither sorts versions by number: `1.10.0.0` follows `1.1.0.0` there.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.errors import NotFound, NotSupported, UnexpectedAnswer
from hybridinv.model import ExtensionImage, OSType
from hybridinv.model.versions import version_key
from hybridinv.wire.arm import arm_id, own_id, parse_id
from hybridinv.wire.compute_sizes import plain_location
from hybridinv.wire.reading import Body, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

REPORT = "report it with a tape (hi.record)"
_LOCATION = re.compile(r"[a-z0-9 ]+", re.ASCII | re.IGNORECASE)
_NAME = re.compile(r"\w[\w.-]*", re.ASCII)
_PATTERN = re.compile(r"[\w.*?\[\]!-]+", re.ASCII)
_WILD = re.compile(r"[*?\[]")
_CLASS = re.compile(r"\[!?\]?[^\[\]]*\]")
_OS = {"windows": OSType.WINDOWS, "linux": OSType.LINUX, "": OSType.UNKNOWN, "n/a": OSType.UNKNOWN}


@attrs.frozen
class Names:
    """Names and patterns (`*`, `?`, `[…]`) that are wanted, in any letter case; without any, every name is."""

    words: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Iterable[str] | None, what: str) -> Names:
        """Those that a caller gave; `NotSupported` where they can be none, or are none at all."""
        if given is None:
            return cls()
        several: object = [given] if isinstance(given, str) else given
        words = list(several) if hasattr(several, "__iter__") and not isinstance(several, (bytes, dict)) else []
        if not words or not all(isinstance(word, str) and _can_name(word.strip()) for word in words):
            raise NotSupported(
                f"{what}={given!r:.80} names no {what}",
                remedy=f"give names or patterns such as 'Microsoft.*' (and close each [), or leave {what}= out for all",
            )
        return cls(tuple(dict.fromkeys(word.strip() for word in words)))

    @property
    def named(self) -> tuple[str, ...]:
        """The names, without the patterns beside them."""
        folded = {word.lower(): word for word in reversed(self.words) if not _WILD.search(word)}
        return tuple(reversed(folded.values()))

    @property
    def exact(self) -> tuple[str, ...]:
        """The names, where there are no patterns among them; else none."""
        return () if any(map(_WILD.search, self.words)) else self.named

    def has(self, name: str) -> bool:
        """Whether a name is wanted."""
        folded = name.lower()
        return not self.words or any(_fits(folded, word) for word in self.words)

    def idle(self, names: Iterable[str]) -> list[str]:
        """The words, patterns too, that none of some names fits."""
        folded = {name.lower() for name in names}
        words = {word.lower(): word for word in reversed(self.words)}
        return [word for word in reversed(words.values()) if not any(_fits(name, word) for name in folded)]


@attrs.frozen
class Wanted:
    """What of a catalogue is asked for."""

    location: str
    publishers: Names
    types: Names

    @classmethod
    def of(cls, location: object, publishers: Iterable[str] | None, types: Iterable[str] | None) -> Wanted:
        """What a caller asked for; `NotSupported` where it cannot be meant."""
        if not isinstance(location, str) or not _LOCATION.fullmatch(location) or not plain_location(location):
            raise NotSupported(
                f"location={location!r:.60} is no location",
                remedy="name a region, in letters and digits: 'westeurope'; a Hub's is its own",
            )
        return cls(plain_location(location), Names.of(publishers, "publishers"), Names.of(types, "types"))

    def has(self, image: ExtensionImage) -> bool:
        """Whether an image is of it."""
        return self.publishers.has(image.publisher) and self.types.has(image.type)


def _can_name(word: str) -> bool:
    if not _WILD.search(word):
        return bool(_NAME.fullmatch(word))
    return bool(_PATTERN.fullmatch(word)) and not re.search(r"[\[\]]", _CLASS.sub("", word))


def _fits(folded: str, word: str) -> bool:
    return fnmatch.fnmatchcase(folded, word.lower()) if _WILD.search(word) else folded == word.lower()


def read_name(body: dict[str, Any]) -> str:
    """The name of a publisher or a type as it came; empty where it has none."""
    item = Body(body)
    rid = parse_id(item.text("id"))
    own = rid.name if len(rid.names) == len(rid.types) else ""  # Arc's ids of publishers end with the collection
    return item.text("name") or own


def checked_name(name: str) -> str:
    """A name that came in an answer; `UnexpectedAnswer` where it cannot be part of a path."""
    if not _NAME.fullmatch(name):
        raise UnexpectedAnswer(f"{name!r:.60} is no name of a publisher or type", path="name", remedy=REPORT)
    return name


def read_image(body: dict[str, Any], origin: Origin) -> ExtensionImage:
    """One version of an extension, from a list of versions; of a list with details its operating system too.

    API: Microsoft.Compute `…/types/{type}/versions`, whose name is the version; Microsoft.HybridCompute
    `…/extensionTypes/{type}/versions`, which has all in its properties; Microsoft.Compute.Admin
    `artifactTypes/VMExtension`, whose names are null.
    """
    item, rid = Body(body), own_id(body)
    properties = item.at("properties")
    parts = dict(zip((type_.lower() for type_ in rid.types), rid.names, strict=False))
    version = properties.text("version", "typeHandlerVersion") or item.text("name") or parts.get("versions", "")
    publisher = properties.text("publisher") or parts.get("publishers", "")
    type_ = properties.text("extensionType") or parts.get("types", "") or parts.get("extensiontypes", "")
    if not (version and publisher and type_):
        raise UnexpectedAnswer(
            "a version of an extension lacks its publisher, type or version", path="id", remedy=REPORT
        )
    return ExtensionImage(
        id=arm_id(rid.text),
        name=version,
        platform=origin.platform,
        source=origin.source,
        publisher=publisher,
        type=type_,
        version=version,
        location=plain_location(item.text("location") or parts.get("locations", "")),
        os_type=os_type(properties.text("operatingSystem", "vmOsType")),
    )


def read_images(items: Iterable[dict[str, Any]], origin: Origin) -> list[ExtensionImage | UnexpectedAnswer]:
    """The versions in a list of them; in the place of each that cannot be read stands why."""
    found: list[ExtensionImage | UnexpectedAnswer] = []
    for item in items:
        try:
            found.append(read_image(item, origin))
        except UnexpectedAnswer as error:
            found.append(error)
    return found


def unknown_names(wanted: Wanted, names: Names, what: str, known: Iterable[str]) -> Iterator[tuple[str, NotFound]]:
    """The names and patterns that were given and that nothing there has, each with an error that names those like it.

    To a pattern names are like that begin as its letters do.
    """
    listed = list(known)
    for word in names.idle(listed):
        letters = re.sub(r"[*?]", "", _CLASS.sub("", word)).lower()
        is_pattern = letters != word.lower()
        folded = {(one[: len(letters)] if is_pattern else one).lower(): one for one in listed}
        near = [folded[one] for one in difflib.get_close_matches(letters, folded, n=3)]
        remedy = f"did you mean {' or '.join(map(repr, near))}?" if near else "check its name"
        none = f"{what} that fits" if is_pattern else what
        yield scope_of(wanted, word), NotFound(f"{wanted.location} has no {none} {word!r}", remedy=remedy)


def scope_of(wanted: Wanted, question: str) -> str:
    """What of a catalogue a problem is about: the location, and in it a publisher, or a publisher and type."""
    return "/".join(filter(None, (wanted.location, question)))


def newest(images: Iterable[ExtensionImage]) -> list[ExtensionImage]:
    """Of each publisher and type the highest version, number by number: `1.10` comes after `1.9`."""
    found: dict[tuple[str, str], ExtensionImage] = {}
    for image in images:
        key = (image.publisher.lower(), image.type.lower())
        if key not in found or version_key(image.version) > version_key(found[key].version):
            found[key] = image
    return list(found.values())


def in_order(images: Iterable[ExtensionImage]) -> list[ExtensionImage]:
    """By publisher, type and version, the last one number by number."""
    return sorted(images, key=lambda one: (one.publisher.lower(), one.type.lower(), version_key(one.version)))


def os_type(word: str) -> OSType:
    """An operating system as a catalogue words it."""
    return _OS.get(word.strip().lower(), OSType.OTHER)
