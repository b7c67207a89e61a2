"""An Excel workbook of which XlsxWriter makes all but the rows; these are streamed into it."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from hybridinv.errors import MissingExtra
from hybridinv.report.cells import Rows, column_letters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

_LIBRARY, _EXTRA = "xlsxwriter", "report"
_FORMATS = {"integer": "#,##0", "ratio": "#,##0.00", "moment": "yyyy/mm/dd hh:mm:ss"}
_WIDTHS = {"moment": 19, "integer": 10, "ratio": 10, "bool": 10, "text": 14}
_WIDEST = 40
_SHEET = "xl/worksheets/sheet{}.xml"
_ROWS_END = "</sheetData>"
_COLUMN = re.compile(r'<col min="(\d+)" max="(\d+)"[^>]*? style="(\d+)"')
_DIMENSION = re.compile(r'<dimension ref="[^"]*"/>')
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_BUFFER = 2**20


class Outline(NamedTuple):
    """A sheet without its rows: its columns with their types, and how many rows there will be."""

    name: str
    columns: Sequence[tuple[str, str]]
    rows: int


class Book:
    """A workbook under way: `write` adds one sheet after the other; leaving it adds the rest."""

    def __init__(self, path: Path, outlines: Sequence[Outline], folder: Path, written_at: datetime) -> None:
        self._outlines, self._folder = outlines, folder
        self._frame = _frame(outlines, written_at)
        self._file = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
        self._written: set[str] = set()

    def write(self, number: int, rows: Iterable[Iterable[tuple[int, object]]]) -> list[tuple[int, int]]:
        """Write a sheet with these rows; column and row of each text that had to be cut come back."""
        name, columns = _SHEET.format(number + 1), self._outlines[number].columns
        head, end, tail = self._frame.read(name).decode().partition(_ROWS_END)
        body = self._folder / "rows"
        with body.open("w", encoding="utf-8", buffering=_BUFFER) as file:
            sink = Rows(file, columns, _styles(head, len(columns)))
            for row in rows:
                sink.add(row)
            file.write(end + tail)
        last = f"{column_letters(len(columns) - 1)}{sink.number}"
        self._add(name, _DIMENSION.sub(f'<dimension ref="A1:{last}"/>', head, count=1), body)
        return sink.cut

    def _add(self, name: str, head: str, body: Path) -> None:
        first, entry = head.encode(), _entry(name)
        entry.file_size = len(first) + body.stat().st_size  # it tells whether the archive needs large sizes
        with self._file.open(entry, "w") as file, body.open("rb") as source:
            file.write(first)
            shutil.copyfileobj(source, file, _BUFFER)
        self._written.add(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """Write what goes with the sheets, when all of them went well."""
        with self._file:
            for name in self._frame.namelist() if error is None else ():
                if name not in self._written:
                    self._file.writestr(_entry(name), self._frame.read(name))


def _styles(head: str, columns: int) -> list[int]:
    """The style of each column's numbers."""
    styles = [0] * columns
    for first, last, style in _COLUMN.findall(head):
        for column in range(int(first) - 1, min(int(last), columns)):
            styles[column] = int(style)
    return styles


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _ZIP_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


def _frame(outlines: Sequence[Outline], written_at: datetime) -> zipfile.ZipFile:
    """A workbook with all sheets and their headers, and no further rows."""
    try:
        xlsxwriter: Any = __import__(_LIBRARY)
    except ImportError:
        raise MissingExtra(_LIBRARY, _EXTRA) from None
    frame = io.BytesIO()
    never = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    with xlsxwriter.Workbook(frame, {"in_memory": True, **never}) as workbook:
        workbook.set_properties({"comments": "hybridinv, in the layout of RVTools", "created": written_at})
        known = {type_: workbook.add_format({"num_format": form}) for type_, form in _FORMATS.items()}
        bold = workbook.add_format({"bold": True, "bottom": 1})
        for name, columns, rows in outlines:
            sheet = workbook.add_worksheet(name)
            for number, (header, type_) in enumerate(columns):
                width = min(max(len(header) + 4, _WIDTHS[type_]), _WIDEST)
                sheet.set_column(number, number, width, known.get(type_))
                sheet.write_string(0, number, header, bold)
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, rows, len(columns) - 1)
    return zipfile.ZipFile(frame)
