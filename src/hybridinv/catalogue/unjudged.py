"""What check_extensions says of extensions that it cannot compare, and of catalogues that are not whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.inventory import count_of
from hybridinv.model import Finding, Severity
from hybridinv.model.findings import finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hybridinv.catalogue.extension_state import Catalogue, Place

Unjudged = tuple[str, str, str, bool]
"""Platform, source and plain location of machines, and whether the inventory has them."""

_SHOWN = 3


def not_judged(unjudged: Mapping[Unjudged, int], catalogue: Catalogue) -> Iterator[Finding]:
    """That extensions were not compared: what is not known or was not read, and what was given instead."""
    for (platform, source, location, is_there), count in unjudged.items():
        of, extensions = f"{source} ({platform})", count_of("extension", count)
        read = catalogue.locations(platform, source)
        instead = _instead(platform, source, catalogue)
        who = "on machines whose location is not known" if is_there else "on machines that the inventory does not have"
        if is_there and (location or not read):
            what, where = (f"{location} of {of}", "on machines there") if location else (of, who)
            yield finding(
                Severity.INFO, "CatalogueNotRead", "",
                f"the catalogue of {what} was not read: {extensions} {where} not judged{instead}",
                f"read it with extension_images({repr(location) if location else 'location'}), and add it to images"
                f"{_same(platform, source, catalogue)}",
            )  # fmt: skip
            continue
        why = f"is of {len(read)} locations, {_few(read)}" if read else f"was not read{instead}"
        yield finding(
            Severity.INFO, "ExtensionMachineUnknown", "",
            f"{extensions} {who}: not judged, as the catalogue of {of} {why}",
            "give those machines their location, or the catalogue of one location alone" if is_there
            else "collect the kind vms together with extensions",
        )  # fmt: skip


def incomplete(places: Iterable[Place], catalogue: Catalogue) -> Iterator[Finding]:
    """That a catalogue which machines were compared with has gaps."""
    for place in places:
        if not catalogue.is_whole(place):
            platform, source, location = place
            where = f"{location} of {source}" if location else source
            yield finding(
                Severity.INFO, "CatalogueIncomplete", "",
                f"the catalogue of {where} ({platform}) could not be read completely: nothing there is said to be"
                " retired",
                "see images.problems, and read it again",
            )  # fmt: skip


def _instead(platform: str, source: str, catalogue: Catalogue) -> str:
    """Of which locations or sources images were given, where none fit."""
    sources = catalogue.sources()
    if (platform, source) in sources:
        return f"; of that source images of {_few(catalogue.locations(platform, source))} were given"
    others = sorted(sources, key=lambda other: other[0] != platform)
    names = _few([f"{name} ({kind})" for kind, name in others])
    return f"; images of another source were given: {names}" if others else ""


def _same(platform: str, source: str, catalogue: Catalogue) -> str:
    """What to do where a source of the same platform may be the same one under another name."""
    sources = catalogue.sources()
    is_alike = (platform, source) not in sources and any(kind == platform for kind, _ in sources)
    return "; records that are built by hand belong together where they have the same source=" if is_alike else ""


def _few(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (" …" if names[_SHOWN:] else "")
