"""The sheets that `write_workbook` adds to RVTools' own → records of the other platforms, their tags, who was asked."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from hybridinv.columns import hints, item_type, without_none
from hybridinv.inventory import KINDS
from hybridinv.model import (
    Agent,
    Asked,
    Cluster,
    Disk,
    Extension,
    Host,
    License,
    Network,
    Nic,
    Resource,
    Tags,
    VirtualMachine,
)
from hybridinv.report.reading_book import ATTRIBUTES, IDS, PLATFORM
from hybridinv.report.sheets_ids import OF_ALL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hybridinv.report.reading_book import Book
    from hybridinv.report.reading_cells import Row

T = TypeVar("T")

_TABLES: dict[str, tuple[str, type]] = {
    "hvMachines": ("vms", VirtualMachine),
    "hvExtensions": ("extensions", Extension),
    "hvHosts": ("hosts", Host),
    "hvClusters": ("clusters", Cluster),
    "hvNetworks": ("networks", Network),
    "hvLicenses": ("licenses", License),
    "hvResources": ("resources", Resource),
}
_PARTS: dict[str, tuple[str, type]] = {"hvDisks": ("disks", Disk), "hvNics": ("nics", Nic)}
_SOURCES, _TAGS, _ATTRIBUTES = "hvSources", "hvTags", "hvCustomAttributes"
SHEETS = {
    **{sheet: kind for sheet, (kind, _) in _TABLES.items()},
    **dict.fromkeys((*_PARTS, _TAGS), "vms"),
    **dict.fromkeys((_SOURCES, IDS, ATTRIBUTES, _ATTRIBUTES), ""),
}
"""The sheets, and the kinds that they are of."""


def read_tables(book: Book) -> dict[str, list[Any]]:
    """The records of the other platforms by kind, with the disks and adapters that other sheets have of them."""
    parts = {field: _parts(book, sheet, kind) for sheet, (field, kind) in _PARTS.items()}
    found: dict[str, list[Any]] = {}
    for sheet, (kind, record) in _TABLES.items():
        read: Iterator[Any] = read_records(book, sheet, record)
        others = (one for one in read if one.platform != PLATFORM or kind in OF_ALL)
        inside = parts if kind == "vms" else {}
        found[kind] = [
            attrs.evolve(one, **{field: tuple(by_id[one.id]) for field, by_id in inside.items()}) for one in others
        ]
    return found


def read_records(book: Book, sheet: str, kind: type[T]) -> Iterator[T]:
    """The records of one of these sheets, of all platforms, without their parts."""
    for row in book.rows(sheet):
        if row.text("id") and row.text("platform"):
            named = {name: row.text(name) for name in ("name", "platform", "source")}
            yield kind(**{**_values(row, kind), **named, "id": row.raw("id")})


def with_the_rest(book: Book, tables: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """The records of all kinds with those of which the file tells that they are, and no more."""
    there = {one.id for records in tables.values() for one in records}
    found = {kind: list(records) for kind, records in tables.items()}
    for row in book.rows(IDS):
        kind = row.text("kind")
        if kind in KINDS and row.raw("id") not in there:
            named = {name: row.text(name) for name in ("name", "platform", "source")}
            found.setdefault(kind, []).append(KINDS[kind](id=row.raw("id"), **named))
    return found


def with_tags(book: Book, tables: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """The records of all kinds with the tags and custom attributes that the file has rows of."""
    pairs = {"tags": _pairs(book, _TAGS, "tag"), "custom_attributes": _pairs(book, _ATTRIBUTES, "attribute")}
    found: dict[str, list[Any]] = {}
    for kind, records in tables.items():
        found[kind] = []
        for one in records:
            told = {field: of[kind, one.id] for field, of in pairs.items() if (kind, one.id) in of}
            own = {field: Tags(values) for field, values in told.items() if hasattr(one, field)}
            found[kind].append(attrs.evolve(one, **own) if own else one)
    return found


def _pairs(book: Book, sheet: str, header: str) -> Mapping[tuple[str, str], Mapping[str, str]]:
    """Names and values by the kind and the id of a record, as they stand there."""
    found: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for row in book.rows(sheet):
        found[row.text("kind"), row.raw("id")][row.raw(header)] = row.raw("value")
    return found


def read_asked(book: Book, detail: str) -> dict[tuple[str, str], Asked] | None:
    """Who was asked for what, by platform and source; None where the file does not say."""
    if not book.has(_SOURCES):
        return None
    found: dict[tuple[str, str], Asked] = {}
    for row in book.rows(_SOURCES):
        asked = Asked(**{**_values(row, Asked), "detail": detail})
        before = found.get((asked.platform, asked.source), asked)
        both = {name: getattr(asked, name) | getattr(before, name) for name in ("kinds", "subscription_ids")}
        found[asked.platform, asked.source] = attrs.evolve(asked, **both)
    return found


def _parts(book: Book, sheet: str, kind: type) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in book.rows(sheet):
        found[row.raw("vm_id")].append(kind(**_values(row, kind)))
    return found


def _values(row: Row, kind: type, prefix: str = "") -> dict[str, Any]:
    """The fields of a record that a row has a value for."""
    return {name: value for name, value in _fields(row, kind, prefix) if value not in (None, "", (), {})}


def _fields(row: Row, kind: type, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, hint in hints(kind).items():
        header = f"{prefix}{name}"
        if hint is Agent:
            yield name, Agent(**_values(row, Agent, "agent_"))
        elif hint is Tags:
            # All tags have rows of their own too; of custom attributes there were none at first.
            yield name, Tags(dict(one.split("=", 1) for one in row.texts(header) if "=" in one))
        elif item := item_type(hint):
            yield name, row.texts(header) if item is str else ()
        else:
            yield name, _value(row, header, without_none(hint))


def _value(row: Row, header: str, hint: Any) -> Any:
    if not isinstance(hint, type) or attrs.has(hint):
        return None
    if hint is bool:
        return row.truth(header)
    if issubclass(hint, (int, float)):
        return row.number(header)
    if issubclass(hint, datetime):
        return row.moment(header)
    text = row.text(header)
    if text and issubclass(hint, (date, StrEnum)):
        try:
            return hint(text) if issubclass(hint, StrEnum) else date.fromisoformat(text)
        except ValueError:
            row.sheet.note(header, text)
            return None
    return row.raw(header) if header.endswith("_id") else text
