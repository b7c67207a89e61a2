"""write_workbook: an inventory as an RVTools workbook, and what RVTools has no place for on further sheets."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections import defaultdict
from contextlib import contextmanager, suppress
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hybridinv.errors import InventoryFileError, NotSupported
from hybridinv.inventory import Inventory
from hybridinv.report import sheets_collection, sheets_hosts, sheets_hybrid, sheets_machines, sheets_places
from hybridinv.report.book import LARGEST_COLUMNS, LARGEST_ROWS, LARGEST_TEXT, Book, Outline, clean
from hybridinv.report.reading_headers import header_key
from hybridinv.report.rvtools import CUSTOM, Note, Renamed, needs, sheets
from hybridinv.report.rvtools_estate import VSPHERE, Part, VSphereEstate
from hybridinv.saving import check_writable, checked, write_whole

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from hybridinv.report.sheets import Sheet

_LONGEST_HEADER = 255
_NAMELESS = "(no name)"
_MARKUP = "<r>"  # XlsxWriter takes a header that is all of this for its own
_PARTS = ("vPartition", "vDisk")
_EMPTY = "importers need it, and it is empty in all rows of this vCenter"
_OTHER_FORMATS = frozenset({".xls", ".xlsm", ".xlsb", ".xltx", ".ods", ".csv", ".tsv"})
_CUT = f"cut: Excel takes {LARGEST_TEXT:,} characters in a cell"


class _Draft(NamedTuple):
    """A sheet with all its columns: what stands in them, by number."""

    sheet: Sheet
    columns: Sequence[tuple[str, str]]
    values: Sequence[tuple[int, Callable[[Any], object]]]
    attributes: Sequence[tuple[int, str]]


def write_workbook(inv: Inventory, path: str | os.PathLike[str]) -> None:
    """Write an inventory as an Excel workbook in the layout of RVTools, whole or not at all.

    The 27 sheets of RVTools hold vSphere, with all columns in RVTools' order and its types of cells: sizes in MiB,
    moments in UTC, -1 for unlimited, empty for what is not known. Sheets named `hv…` hold VMkernel services, the
    machines, hosts and extensions of the other platforms, tags, problems, and which columns are empty or differ from
    RVTools. Read with `detail="full"` for all that there is. `InventoryFileError` when a sheet would not fit into
    Excel (before anything is written) or the file cannot be written; `MissingExtra` without the extra `report`;
    `NotSupported` for anything else than an `Inventory`, for a file that ends as another format does, and for a value
    that is not of its field's type. Columns that importers need and that are empty in all rows of a vCenter are named
    on the sheet hvNotes.
    The layout is that of kubev2v/migration-planner example1.xlsx and of the sources that docs/workbook.md names.
    """
    write_telling(inv, path)


def write_telling(inv: Inventory, path: str | os.PathLike[str]) -> list[Note]:
    """Write it; the columns that importers need and that are empty in all rows of a vCenter, each with a note."""
    if not isinstance(inv, Inventory):
        raise NotSupported(f"there is no workbook of {type(inv).__name__}", remedy="give an Inventory")
    target = workbook_path(path)
    with checked(inv):
        return _write(inv, target)


def workbook_path(path: str | os.PathLike[str], *others: str | os.PathLike[str] | None) -> Path:
    """The path of a workbook to write, checked as `check_writable` does; `NotSupported` for one of another format."""
    target = check_writable(path, *others)
    suffix = Path(path).suffix.lower()
    if suffix in _OTHER_FORMATS:
        raise NotSupported(f"a workbook is written as .xlsx, not as {suffix}", remedy="give a file that ends in .xlsx")
    return target


def _empty_needs(drafts: Iterable[_Draft], estate: VSphereEstate) -> Iterator[Note]:
    in_summary = {one.source for one in estate.inv.asked if one.platform == VSPHERE and one.detail == "summary"}
    for draft in drafts:
        needed = needs().get(draft.sheet.name)
        if not needed:
            continue
        rows: dict[str, list[Any]] = defaultdict(list)
        for row in draft.sheet.rows(estate):
            rows[row.of.server if isinstance(row, Part) else row.server].append(row)
        if draft.sheet.name in _PARTS:  # a machine without any says nothing, all of them do
            for machine in estate.machines:
                rows.setdefault(machine.server, [])
        values = draft.sheet.columns
        for server, of_it in rows.items():
            remedy = '; collect with detail="full"' if server in in_summary else ""
            for column in needed:
                if all(values[column](row) in (None, "") for row in of_it):
                    yield Note(draft.sheet.name, column, server, f"{_EMPTY}{remedy}")


def _write(inv: Inventory, target: Path) -> list[Note]:
    estate = VSphereEstate(inv)
    drafts = _drafts(estate)
    empty = list(_empty_needs(drafts, estate))
    estate.notes.extend(empty)
    outlines = [_outline(draft, estate) for draft in drafts]
    with (
        _whole(target) as temporary,
        tempfile.TemporaryDirectory() as folder,
        Book(temporary, outlines, Path(folder), inv.taken_at) as book,
    ):
        for number, draft in enumerate(drafts):
            for column, row in book.write(number, _rows(draft, estate)):
                estate.notes.append(Note(draft.sheet.name, draft.columns[column][0], f"row {row}", _CUT))
    return empty


def _all_sheets() -> list[Sheet]:
    """RVTools' sheets in its order, then ours."""
    known = {
        sheet.name: sheet
        for sheet in (
            *sheets_machines.SHEETS,
            *sheets_hosts.SHEETS,
            *sheets_places.SHEETS,
            *sheets_collection.SHEETS,
        )
    }
    return [*(known[name] for name in sheets()), *sheets_hybrid.SHEETS, sheets_hybrid.LAST]


def _drafts(estate: VSphereEstate) -> list[_Draft]:
    """The sheets with their columns; those on machines have the same columns for custom attributes."""
    all_sheets = _all_sheets()
    headers: dict[object, Mapping[str, str]] = {}
    for sheet in all_sheets:
        if sheet.attributes and sheet.attributes not in headers:
            alike = [one.name for one in all_sheets if one.attributes is sheet.attributes]
            names = {name for row in sheet.rows(estate) for name in sheet.attributes(row)}
            headers[sheet.attributes] = _headers(names, alike)
            renamed = ((column, name) for name, column in headers[sheet.attributes].items() if column != name)
            estate.renamed.extend(Renamed(sheet.name, *pair) for pair in renamed)
    return [_draft(sheet, headers.get(sheet.attributes, {})) for sheet in all_sheets]


def _headers(names: Iterable[str], alike: Sequence[str]) -> dict[str, str]:
    """A header for each custom attribute, like no other of those sheets, and none that may be taken for a column.

    Readers of RVTools files match headers without regard to case, and know those of old releases.
    """
    keys = {(sheet, header_key(column, sheet)) for sheet in alike for column in sheets()[sheet]}
    taken = {column.casefold() for sheet in alike for column in sheets()[sheet]}
    found = {}
    for name in sorted(names, key=lambda name: (name.casefold(), name)):
        plain = clean(name).strip()[:_LONGEST_HEADER] or _NAMELESS
        header, number = plain, 1
        is_like = plain.startswith(_MARKUP) or any((sheet, header_key(plain, sheet)) in keys for sheet in alike)
        while header.casefold() in taken or (is_like and header == plain):
            header = f"{plain} (custom {number})" if number > 1 else f"{plain} (custom)"
            number += 1
        taken.add(header.casefold())
        found[name] = header
    return found


def _draft(sheet: Sheet, headers: Mapping[str, str]) -> _Draft:
    columns: list[tuple[str, str]] = []
    values, attributes = [], []
    for name, type_ in (sheet.types or sheets()[sheet.name]).items():
        if type_ == CUSTOM:
            attributes = [(len(columns) + number, attribute) for number, attribute in enumerate(headers)]
            columns.extend((header, "text") for header in headers.values())
            continue
        if name in sheet.columns:
            values.append((len(columns), sheet.columns[name]))
        columns.append((name, type_))
    return _Draft(sheet, columns, values, attributes)


def _outline(draft: _Draft, estate: VSphereEstate) -> Outline:
    """What the sheet will be; `InventoryFileError` where Excel cannot hold it."""
    name, rows = draft.sheet.name, sum(1 for _ in draft.sheet.rows(estate))
    if rows >= LARGEST_ROWS:
        raise InventoryFileError(
            f"the sheet {name} would have {rows + 1:,} rows, and Excel takes {LARGEST_ROWS:,}",
            remedy="write one workbook for each vCenter or subscription, or write_parquet, which has no such limit",
        )
    if len(draft.columns) > LARGEST_COLUMNS:
        raise InventoryFileError(
            f"the sheet {name} would have {len(draft.columns):,} columns, most of them custom attributes,"
            f" and Excel takes {LARGEST_COLUMNS:,}",
            remedy="write one workbook for each vCenter, or write_parquet, which has no such limit",
        )
    return Outline(name, draft.columns, rows)


def _rows(draft: _Draft, estate: VSphereEstate) -> Iterator[list[tuple[int, object]]]:
    attributes_of = draft.sheet.attributes
    for row in draft.sheet.rows(estate):
        found: list[tuple[int, object]] = [(number, value(row)) for number, value in draft.values]
        if attributes_of and draft.attributes:
            own = attributes_of(row)
            found.extend((number, own[attribute]) for number, attribute in draft.attributes if attribute in own)
            found.sort(key=itemgetter(0))
        yield found


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A temporary file that becomes `target` when all went well; `InventoryFileError` where it cannot be written."""
    real = target.resolve()
    is_special = real.exists() and not real.is_file()  # a pipe or a device cannot be replaced
    with tempfile.TemporaryDirectory() as folder:
        name = f".{real.name}.{secrets.token_hex(4)}"
        temporary = Path(folder, name) if is_special else real.with_name(name)
        try:
            temporary.touch()  # now, not after all the work
            yield temporary
            if is_special:
                write_whole(target, temporary.read_bytes())
                return
            if real.exists():
                shutil.copymode(real, temporary)
            temporary.replace(real)
        except OSError as error:
            raise InventoryFileError(
                f"cannot write {target}: {error.strerror or error}",
                remedy="give a file in a folder that can be written, on a disk that has room",
            ) from error
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
