"""write_workbook: an inventory as an RVTools workbook, and what RVTools has no place for on further sheets."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from contextlib import contextmanager, suppress
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hybridinv.errors import InventoryFileError, NotSupported
from hybridinv.inventory import Inventory
from hybridinv.report import sheets_collection, sheets_hosts, sheets_hybrid, sheets_machines, sheets_places
from hybridinv.report.book import LARGEST_COLUMNS, LARGEST_ROWS, LARGEST_TEXT, Book, Outline, clean
from hybridinv.report.rvtools import CUSTOM, Note, sheets
from hybridinv.report.rvtools_estate import VSphereEstate
from hybridinv.saving import check_writable, checked, write_whole

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from hybridinv.report.sheets import Sheet

_NAMELESS = "(no name)"
_MARKUP = "<r>"  # XlsxWriter takes a header that is all of this for its own
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
    `NotSupported` for anything else than an `Inventory`, and for a value that is not of its field's type.
    The layout is that of kubev2v/migration-planner example1.xlsx and of the sources that docs/workbook.md names.
    """
    if not isinstance(inv, Inventory):
        raise NotSupported(f"there is no workbook of {type(inv).__name__}", remedy="give an Inventory")
    target = check_writable(path)
    with checked(inv):
        _write(inv, target)


def _write(inv: Inventory, target: Path) -> None:
    estate = VSphereEstate(inv)
    drafts = _drafts(estate)
    outlines = [_outline(draft, estate) for draft in drafts]
    with (
        _whole(target) as temporary,
        tempfile.TemporaryDirectory() as folder,
        Book(temporary, outlines, Path(folder), inv.taken_at) as book,
    ):
        for number, draft in enumerate(drafts):
            for column, row in book.write(number, _rows(draft, estate)):
                estate.notes.append(Note(draft.sheet.name, draft.columns[column][0], f"row {row}", _CUT))


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
            alike = [one for one in all_sheets if one.attributes is sheet.attributes]
            names = {name for row in sheet.rows(estate) for name in sheet.attributes(row)}
            headers[sheet.attributes] = _headers(names, {column for one in alike for column in sheets()[one.name]})
    return [_draft(sheet, headers.get(sheet.attributes, {})) for sheet in all_sheets]


def _headers(names: Iterable[str], reserved: Iterable[str]) -> dict[str, str]:
    """A header for each custom attribute, like no other: consumers match them without regard to case."""
    taken = {name.casefold() for name in reserved}
    found = {}
    for name in sorted(names, key=lambda name: (name.casefold(), name)):
        plain = clean(name).strip() or _NAMELESS
        header, number = plain, 1
        while header.casefold() in taken or (header == plain and header.startswith(_MARKUP)):
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
