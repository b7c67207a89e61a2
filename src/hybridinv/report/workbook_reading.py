"""Workbooks of RVTools, new and old, read back into an inventory."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hybridinv.errors import InventoryFileError, NotSupported
from hybridinv.inventory import Inventory, load
from hybridinv.model import Asked, Cluster, Host, Problem
from hybridinv.planning.incomplete import RULES
from hybridinv.report import reading_hybrid as hybrid
from hybridinv.report import rvtools
from hybridinv.report.reading_book import PLATFORM, Book
from hybridinv.report.reading_cells import PLACEHOLDER, Sheet
from hybridinv.report.reading_files import REMEDY, Found, looks_like_workbook, read_sheets
from hybridinv.report.reading_machines import read_machines
from hybridinv.report.reading_networks import (
    NO_SERVICES,
    SERVICES,
    read_networks,
    read_switches,
    read_vmkernel_adapters,
)
from hybridinv.report.reading_places import (
    read_clusters,
    read_datastores,
    read_hosts,
    read_licenses,
    read_pools,
    with_hosts,
    with_machines,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

T = TypeVar("T")

_WORKBOOKS = (".xlsx", ".xlsm", ".xls")

DETAIL = "rvtools"
"""What `Asked.detail` is: a workbook has other things than either detail of a live reading."""

_OURS = "hv"
"""How the sheets begin that `write_workbook` adds."""
_PROBLEMS = "hvProblems"
"""The sheet of `write_workbook` that says what it lacks."""
_KIND_OF_SHEET = {
    "vInfo": "vms", "vCPU": "vms", "vMemory": "vms", "vDisk": "vms", "vPartition": "vms", "vNetwork": "vms",
    "vCD": "vms", "vUSB": "vms", "vSnapshot": "vms", "vTools": "vms", "vRP": "resource_pools",
    "vCluster": "clusters", "vHost": "hosts", "vHBA": "hosts", "vNIC": "hosts", "vMultiPath": "hosts",
    "vSwitch": "switches", "vPort": "networks", "dvSwitch": "switches", "dvPort": "networks",
    "vSC_VMK": "vmkernel_adapters", "vDatastore": "datastores", "vLicense": "licenses", "vMetaData": "",
    SERVICES: "vmkernel_adapters", _PROBLEMS: "", **hybrid.SHEETS,
}  # fmt: skip
"""The kinds of the sheets that are read."""
_NEEDS = {
    "vms": ("vInfo",),
    "hosts": ("vHost",),
    "clusters": ("vCluster",),
    "datastores": ("vDatastore",),
    "networks": ("vPort", "dvPort"),
    "switches": ("vSwitch", "dvSwitch"),
    "vmkernel_adapters": ("vSC_VMK",),
    "resource_pools": ("vRP",),
    "licenses": ("vLicense",),
}
"""The sheets without which a kind was not looked for."""
_PARTS = {
    "vDisk": "disks",
    "vNetwork": "nics",
    "vPartition": "partitions",
    "vSnapshot": "snapshots",
    "vCD": "devices",
    "vTools": "agents",
}
"""What a machine is without for want of a sheet; the machines themselves are all there."""
_NAMED_BY = {"vInfo": "VM", "vHost": "Host"}


def read_workbook(path: str | os.PathLike[str]) -> Inventory:
    """The inventory that a workbook of RVTools holds, or a folder of its CSV exports (`RVTools_tabvInfo.csv`, …).

    Headers of old releases are understood (`In Use MB`, `vCenter UUID`, `vInfoVMName`); columns that nobody knows
    are ignored. Records have the ids that a reading of the vCenter gives them, where the file tells (`VM ID`,
    `Object ID`, `VI SDK UUID`); where it does not, ids are made of names, the same each time. Kinds whose sheets
    are missing were not looked for: a comparison shows their records as `not_seen`. RVTools has no column for the
    services of VMkernel adapters, so they are unknown, which is a problem. Moments are taken as UTC. The further
    sheets of `write_workbook` are read too: services, and the records and tags of the other platforms.

    Errors: `InventoryFileError` where the file is none of these, or is damaged, or too large when unpacked;
    `MissingExtra` without the extra `report`. What can only be read in part is in `problems`.
    """
    path = _path(path)
    found = read_sheets(path, {name.casefold(): name for name in _KIND_OF_SHEET})
    if not found.sheets and not found.failed:
        raise InventoryFileError(f"{path} has no sheet of RVTools", remedy=REMEDY)
    return inventory_of(found, path.stem)


def _path(path: str | os.PathLike[str]) -> Path:
    """The path; an empty one would be the current folder."""
    remedy = "give the path of a file, or of a folder"
    if not isinstance(path, (str, os.PathLike)):
        raise NotSupported(f"{type(path).__name__} is no path", remedy=remedy)
    text = os.fspath(path)
    if not text.strip() or "\0" in text:
        raise InventoryFileError(f"{text!r:.80} is no path", remedy=remedy)
    return Path(text)


def inventory_of(found: Found, name: str) -> Inventory:
    """The inventory that sheets hold; `name` is what their vCenter is called where none of them says it."""
    # In a file of ours any word is what was called so.
    is_ours = any(sheet.startswith(_OURS) for sheet in (*found.sheets, *found.failed))
    sheets = {sheet: Sheet(sheet, rows, "" if is_ours else PLACEHOLDER) for sheet, rows in found.sheets.items()}
    book = Book(sheets, tuple(rvtools.sheets()), _server(sheets) or name)
    tables = _read_tables(book)
    for kind, records in hybrid.read_tables(book).items():
        tables[kind] = [*tables.get(kind, ()), *records]
    tables = hybrid.with_tags(book, hybrid.with_the_rest(book, tables))
    kinds = {kind for kind, needed in _NEEDS.items() if any(book.has(name) for name in needed)}
    _complain(book, found, kinds)
    _complain_of_clusters(book, kinds, tables)
    book.problems += [one for one in _told_problems(book) if one not in book.problems]
    asked = _asked(book, frozenset(kinds), tables)
    return Inventory(**tables, problems=book.problems, asked=asked, taken_at=_taken_at(sheets, found.made_at))


def _asked(book: Book, kinds: frozenset[str], tables: Mapping[str, Iterable[Any]]) -> list[Asked]:
    """Who was asked: as the file says, and those that its records are of; else all that it names."""
    there: dict[tuple[str, str], set[str]] = defaultdict(set)
    for kind, records in tables.items():
        for one in records:
            there[one.platform, one.source].add(kind)
    told = hybrid.read_asked(book, DETAIL)
    found = {}
    for source in dict.fromkeys((*book.sources.values(), *(source for name, source in there if name == PLATFORM))):
        said = (told or {}).get((PLATFORM, source))
        if told is None or said or (PLATFORM, source) in there:
            own = kinds & said.kinds if said else kinds
            found[PLATFORM, source] = Asked(platform=PLATFORM, source=source, kinds=own, detail=DETAIL)
    found |= {key: one for key, one in (told or {}).items() if key[0] != PLATFORM}
    for platform, source in [key for key in there if key not in found]:
        of_it = frozenset(there[platform, source])
        found[platform, source] = Asked(platform=platform, source=source, kinds=of_it, detail=DETAIL)
    return list(found.values())


def _read_tables(book: Book) -> dict[str, Any]:
    clusters = _once(book, "clusters", [*read_clusters(book), *_named_clusters(book)])
    hosts = _once(book, "hosts", [*read_hosts(book), *_named_hosts(book)])
    switches = _once(book, "switches", read_switches(book, hosts))
    networks = _once(book, "networks", read_networks(book, switches))
    datastores = _once(book, "datastores", read_datastores(book, hosts))
    pools = _once(book, "resource_pools", read_pools(book))
    vms = read_machines(book)
    return {
        "clusters": with_hosts(clusters, hosts),
        "hosts": hosts,
        "switches": switches,
        "networks": networks,
        "vmkernel_adapters": read_vmkernel_adapters(book, hosts, switches, networks),
        "datastores": datastores,
        "resource_pools": with_machines(pools, vms),
        "licenses": read_licenses(book),
        "vms": vms,
    }


def _named_clusters(book: Book) -> Iterable[Cluster]:
    """Clusters that other sheets name, of which vCluster has no row: all that is known of them is their name."""
    for sheet in ("vHost", "vInfo"):
        for row in book.rows(sheet):
            name = row.text("Cluster")
            if name and not book.knows("clusters", book.vcenter(row), name):
                if id_ := book.next_id(row, "clusters", "", name):
                    book.call("clusters", id_, book.vcenter(row), name)
                id_ = id_ or book.id_of(row, "clusters", "", name)
                yield Cluster(id=id_, name=name, **book.origin(row))


def _named_hosts(book: Book) -> Iterable[Host]:
    """Hosts that other sheets name, of which vHost has no row: all that is known of them is where they are."""
    for sheet in ("vInfo", "vSC_VMK"):
        for row in book.rows(sheet):
            name, vcenter = row.text("Host"), book.vcenter(row)
            if name and not book.knows("hosts", vcenter, name):
                cluster = row.text("Cluster")
                yield Host(
                    id=book.id_of(row, "hosts", "", name),
                    name=name,
                    **book.origin(row),
                    location=row.text("Datacenter"),
                    cluster_id=book.find("clusters", vcenter, cluster) if cluster else "",
                )


def _once(book: Book, kind: str, records: Iterable[T]) -> list[T]:
    """Each record once, the last of its id; rows that differ are a problem."""
    found: dict[str, T] = {}
    old = 0
    for record in records:
        id_: str = getattr(record, "id")  # noqa: B009 - T has no bound that says so
        old += found.get(id_, record) != record
        found[id_] = record
    if old:
        of_them = "1 of them is in the file more than once, and differs" if old == 1 else (
            f"{old:,} of them are in the file more than once, and differ")  # fmt: skip
        book.complain(kind, f"{of_them}; the last one counts",
                      "were several files of one vCenter merged? Read them one by one")  # fmt: skip
    return list(found.values())


def _complain(book: Book, found: Found, kinds: Iterable[str]) -> None:
    """Say what is missing or could not be understood."""
    for name, message in sorted(found.failed.items()):
        book.complain(_KIND_OF_SHEET[name], f"sheet {name} could not be read: {message}",
                      "export it anew", scope=name)  # fmt: skip
    for name, header in _NAMED_BY.items():
        if book.has(name) and not book.sheets[name].has(header):
            book.complain(_KIND_OF_SHEET[name], f"sheet {name} has no column {header!r}",
                          "export it anew, with its headers as RVTools writes them", scope=name)  # fmt: skip
    if "vms" not in kinds:
        book.complain("vms", "the file has no sheet vInfo", "export all sheets")
    for name, part in _PARTS.items():
        if "vms" in kinds and not book.has(name):
            book.complain(part, f"the file has no sheet {name}: the {part} of its machines are not known",
                          "export all sheets")  # fmt: skip
    if "hosts" not in kinds:
        book.complain("hosts", "the file has no sheet vHost: of its hosts, names and clusters are known",
                      "export all sheets")  # fmt: skip
    if any(book.rows("vSC_VMK")) and not book.has(SERVICES):
        book.complain("vmkernel_adapters", f"{NO_SERVICES}: for none of them is known what it carries",
                      "collect from the vCenter to plan migrations over certain networks")  # fmt: skip
    book.complain_of_names(_KIND_OF_SHEET)
    book.complain_of_cells(_KIND_OF_SHEET)


def _complain_of_clusters(book: Book, kinds: Iterable[str], tables: Mapping[str, Iterable[Any]]) -> None:
    """Say what is not known of clusters: nothing of it stands in a plan as none, or as off."""
    there = any(one.platform == PLATFORM for one in tables["clusters"])
    if there:
        book.complain(RULES, "RVTools does not tell what the rules of a cluster bind, nor its EVC and its overrides for"
                      " machines: none of these are known", "collect from the vCenter to plan by them")  # fmt: skip
    if there and "clusters" not in kinds:
        book.complain("clusters", "the file has no sheet vCluster: of its clusters, names and hosts are known",
                      "export all sheets")  # fmt: skip
    for name in ("vHost", "vInfo"):
        if any(book.rows(name)):
            if not book.sheets[name].has("Cluster"):
                book.complain("clusters", f"sheet {name} has no column 'Cluster': which hosts are in one is not known",
                              "export it anew, with all columns")  # fmt: skip
            break


def _told_problems(book: Book) -> Iterable[Problem]:
    """What the inventory lacked that `write_workbook` wrote; what is odd about single records is left out."""
    for row in book.rows(_PROBLEMS):
        fields = {
            name: row.text(name) for name in ("platform", "source", "kind", "scope", "error", "message", "remedy")
        }
        if not row.text("record_id"):
            yield Problem(**fields)


def _server(sheets: dict[str, Sheet]) -> str:
    named = {row.text("Server") for row in sheets.get("vMetaData") or ()}
    return named.pop() if len(named) == 1 else ""


def _taken_at(sheets: dict[str, Sheet], made_at: datetime) -> datetime:
    metadata = sheets.get("vMetaData")
    moments = [row.moment("xlsx creation datetime") for row in metadata or ()]
    return max(filter(None, moments), default=made_at)


def open_inventory(path: str | os.PathLike[str]) -> Inventory:
    """The inventory in a file, whichever it is: one that `save` wrote, or one for `read_workbook`."""
    path = _path(path)
    is_one = path.is_dir() or path.suffix.lower() in _WORKBOOKS or looks_like_workbook(path)
    return read_workbook(path) if is_one else load(path)
