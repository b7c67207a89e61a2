"""A file of RVTools as one estate: which vCenter a row is of, ids, and who is meant by a name."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hybridinv.inventory import count_of
from hybridinv.model import Problem, Tags
from hybridinv.report.reading_cells import Row, Sheet
from hybridinv.report.rvtools_estate import vcenter_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

PLATFORM = "vsphere"
_SCHEME = "vsphere://"
_MOREF = re.compile(r"(?![0-9a-f]{8}-)[a-z][a-z0-9]*-[\w-]+", re.IGNORECASE | re.ASCII)
"""What a managed object's own id looks like; a UUID is none."""
_PREFIX = {
    "vms": "vm",
    "hosts": "host",
    "clusters": "cluster",
    "datastores": "datastore",
    "networks": "network",
    "switches": "switch",
    "resource_pools": "pool",
    "licenses": "license",
}
IDS, ATTRIBUTES = "hvIds", "hvAttributes"
"""The sheets of `write_workbook` that tell ids, and names of custom attributes, for which RVTools has no place."""
_IDS = ("VM ID", "Object ID", "VM UUID", "SMBIOS UUID")
_EMPTY: list[Any] = [[]]


class Book:
    """The sheets of a file, and what its rows say of each other."""

    def __init__(self, sheets: Mapping[str, Sheet], names: Iterable[str], default: str) -> None:
        self.sheets = sheets
        self.problems: list[Problem] = []
        self.sources: dict[str, str] = {}
        self.ids: dict[str, dict[tuple[str, ...], str]] = {kind: {} for kind in _PREFIX}
        self._nameless: Counter[str] = Counter()
        self._ambiguous: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        self._default = default
        self._machine_ids: set[str] = set()
        self._uuids: dict[str, set[str]] = defaultdict(set)
        self._attributes: dict[str, dict[str, str]] = defaultdict(dict)
        self._by_object: dict[tuple[str, str, str], str] = {}
        self._by_name: dict[tuple[str, ...], list[str]] = defaultdict(list)
        self._meet(names)
        self._learn()

    def rows(self, name: str) -> Iterator[Row]:
        """The rows of a sheet; none where there is no such sheet."""
        return iter(self.sheets.get(name) or Sheet(name, _EMPTY))

    def has(self, name: str) -> bool:
        """Whether the file has that sheet."""
        return name in self.sheets

    def vcenter(self, row: Row) -> str:
        """What tells the vCenter of a row from others: its UUID, else its name, else that of the file."""
        return self._told(row) or (next(iter(self.sources)) if len(self.sources) == 1 else self._default.lower())

    def _told(self, row: Row) -> str:
        server, uuid = row.text("VI SDK Server").lower(), row.text("VI SDK UUID").lower()
        uuids = self._uuids.get(server, ())
        return uuid or (next(iter(uuids)) if len(uuids) == 1 else server)

    def _meet(self, names: Iterable[str]) -> None:
        """Get to know the vCenters of all rows: of some sheets, old releases tell the name alone, or nothing."""
        rows = [row for name in names for row in self.rows(name) if row.text("VI SDK Server", "VI SDK UUID")]
        for row in rows:
            if uuid := row.text("VI SDK UUID").lower():
                self._uuids[row.text("VI SDK Server").lower()].add(uuid)
        for row in rows:
            self.sources.setdefault(self._told(row), row.text("VI SDK Server") or self._default)
        if not self.sources:
            self.sources[self._default.lower()] = self._default

    def _learn(self) -> None:
        """Get to know what RVTools has no place for."""
        for row in self.rows(ATTRIBUTES):
            self._attributes[row.text("sheet")][row.raw("column").strip()] = row.raw("attribute")
        several: set[tuple[str, str, str]] = set()
        for row in self.rows(IDS):
            kind, source, id_ = row.text("kind"), row.text("source"), row.raw("id")
            if row.text("platform") == PLATFORM and (native := row.text("object_id")):
                key = (kind, source, native)
                if self._by_object.setdefault(key, id_) != id_:
                    several.add(key)
            else:
                self._by_name[kind, source, row.text("host"), row.text("name")].append(id_)
        for key in several:
            del self._by_object[key]

    def told_id(self, row: Row, kind: str, native: str) -> str:
        """The id of the record of that object, where the file tells it and it is not made of the object's own."""
        return self._by_object.get((kind, row.text("VI SDK Server"), native), "") if native else ""

    def next_id(self, row: Row, kind: str, host: str, name: str) -> str:
        """The id of the next record of that name, where the file tells it: rows have no column for it."""
        ids = self._by_name.get((kind, row.text("VI SDK Server"), host, name))
        return ids.pop(0) if ids else ""

    def vcenter_called(self, source: str, id_: str) -> str:
        """What tells a vCenter from others, by what it is called and the id of one of its records."""
        of_id = vcenter_of(id_).lower()
        named = (vcenter for vcenter, name in self.sources.items() if name == source)
        return of_id if of_id in self.sources else next(named, of_id or source.lower())

    def source_of(self, vcenter: str) -> str:
        """What a vCenter is called."""
        return self.sources.setdefault(vcenter, self._default)

    def origin(self, row: Row) -> dict[str, Any]:
        """The fields that every record has of where it is from."""
        return {"platform": PLATFORM, "source": self.source_of(self.vcenter(row))}

    def id_of(self, row: Row, kind: str, native: str, *names: str) -> str:
        """The id as a vCenter's own reader gives it, by the object's moref; else one made of names, the same each time.

        Records can be found by those names from then on.
        """
        vcenter = self.vcenter(row)
        own = f"{_SCHEME}{vcenter}/{native}" if _MOREF.fullmatch(native) else self.made_up(vcenter, kind, *names)
        id_ = self.told_id(row, kind, native) or own
        if kind == "vms":
            self._machine_ids.add(id_)
        self.call(kind, id_, vcenter, *names)
        return id_

    @staticmethod
    def made_up(vcenter: str, kind: str, *names: str) -> str:
        """An id made of names."""
        return f"{_SCHEME}{vcenter}/{_PREFIX[kind]}:{'/'.join(quote(name, safe='') for name in names)}"

    def call(self, kind: str, id_: str, *key: str) -> None:
        """Let a record be found by a key; one that several have finds none."""
        key = tuple(part.casefold() for part in key)
        if self.ids[kind].setdefault(key, id_) != id_:
            self._ambiguous[kind].add(key)

    def find(self, kind: str, *key: str) -> str:
        """The id of the one record of that key; empty where there is none, or several."""
        key = tuple(part.casefold() for part in key)
        return "" if key in self._ambiguous[kind] else self.ids[kind].get(key, "")

    def machine_ids(self) -> Collection[str]:
        """The ids of all machines that were found."""
        return self._machine_ids

    def customs(self, row: Row) -> Tags:
        """The custom attributes of a row; empty ones are left out."""
        names = self._attributes.get(row.sheet.name, {})
        values = ((names.get(name, name), row.at(number)) for name, number in row.sheet.customs.items())
        return Tags({name: value for name, value in values if value})

    def knows(self, kind: str, *key: str) -> bool:
        """Whether there is a record of that key, or several."""
        return tuple(part.casefold() for part in key) in self.ids[kind]

    def complain(self, kind: str, message: str, remedy: str = "", *, scope: str = "") -> None:
        """Keep a problem of the file: of its one source, or of all of its platform, which is without a name."""
        sources = set(self.sources.values()) or {self._default}
        self.problems.append(
            Problem(platform=PLATFORM, source=sources.pop() if len(sources) == 1 else "", kind=kind, scope=scope,
                    error="UnexpectedAnswer", message=message, remedy=remedy)
        )  # fmt: skip

    def name_of(self, row: Row, *headers: str) -> str:
        """What a row's record is called: its name, or else an id; nothing where it has neither, which is counted."""
        name = row.text(*headers, *_IDS)
        self._nameless[row.sheet.name] += not name
        return name

    def complain_of_names(self, kinds: Mapping[str, str]) -> None:
        """Say of which sheets rows were left out, as they have neither a name nor an id; `kinds` are the sheets'."""
        for sheet, count in (+self._nameless).items():
            message = f"left out for want of a name and of an id: {count_of('row', count)} of {sheet}"
            self.complain(kinds.get(sheet, ""), message, "correct the file, and read it again", scope=sheet)

    def complain_of_cells(self, kinds: Mapping[str, str]) -> None:
        """Say which columns hold something else than they should; `kinds` are those of the sheets."""
        for name, sheet in self.sheets.items():
            for header, count in sorted(sheet.odd.items()):
                odd = f"{count_of('cell', count)} of column {header!r} of sheet {name}"
                example = f"{'one' if count > 1 else 'it'} is {sheet.examples[header]!r}"
                self.complain(
                    kinds.get(name, ""),
                    f"{odd} could not be understood, {example}",
                    "those values are unknown; correct the file, and read it again",
                    scope=f"{name} {header}",
                )
