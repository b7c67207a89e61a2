"""An Excel workbook, row by row: what XlsxWriter is told of columns, types, and text that must stay text."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from hybridinv.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

LARGEST_ROWS = 1_048_576
LARGEST_COLUMNS = 16_384
LARGEST_TEXT = 32_767
"""What Excel takes; text is counted in UTF-16 units."""

_LIBRARY, _EXTRA = "xlsxwriter", "report"
_FORMATS = {"integer": "#,##0", "ratio": "#,##0.00", "moment": "yyyy/mm/dd hh:mm:ss"}
_WIDTHS = {"moment": 19, "integer": 10, "ratio": 10, "bool": 10, "text": 14}
_WIDEST = 40
_FIRST_DATE = datetime(1900, 3, 1, tzinfo=UTC)  # before it, Excel counts a day that never was
_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
_DAY = 86_400
_LARGEST_WHOLE = 2**53
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
# XlsxWriter takes text that begins and ends like this for its own markup, and writes it as it is.
_MARKUP = re.compile("<r>.*</r>", re.DOTALL)


class Outline(NamedTuple):
    """A sheet without its rows: its columns with their types, and how many rows there will be."""

    name: str
    columns: Sequence[tuple[str, str]]
    rows: int


class Book:
    """A workbook under way: `write` adds the rows of one sheet after the other; none of them stays in memory."""

    def __init__(self, path: Path, outlines: Sequence[Outline], folder: Path, written_at: datetime) -> None:
        try:
            xlsxwriter: Any = __import__(_LIBRARY)
        except ImportError:
            raise MissingExtra(_LIBRARY, _EXTRA) from None
        never = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
        options = {"constant_memory": True, "tmpdir": str(folder), "use_zip64": True, **never}
        self._outlines = outlines
        self._workbook = xlsxwriter.Workbook(str(path), options)
        self._workbook.set_properties({"comments": "hybridinv, in the layout of RVTools", "created": written_at})
        self._formats = {type_: self._workbook.add_format({"num_format": form}) for type_, form in _FORMATS.items()}
        bold = self._workbook.add_format({"bold": True, "bottom": 1})
        self._sheets = [self._started(outline, bold) for outline in outlines]

    def _started(self, outline: Outline, bold: Any) -> Any:
        name, columns, rows = outline
        sheet = self._workbook.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, rows, len(columns) - 1)
        for number, (header, type_) in enumerate(columns):
            width = min(max(len(header) + 4, _WIDTHS[type_]), _WIDEST)
            sheet.set_column(number, number, width, self._formats.get(type_))
            sheet.write_string(0, number, header, bold)
        return sheet

    def write(self, number: int, rows: Iterable[Iterable[tuple[int, object]]]) -> list[tuple[int, int]]:
        """Write a sheet with these rows; column and row of each text that had to be cut come back."""
        sheet, columns = self._sheets[number], self._outlines[number].columns
        formats = [self._formats.get(type_) for _, type_ in columns]
        write_string, write_number = sheet.write_string, sheet.write_number
        cut = []
        for line, row in enumerate(rows, 1):
            for column, value in row:
                if value is None or value == "":
                    continue
                amount = _amount(value)
                if amount is not None and columns[column][1] != "text":
                    write_number(line, column, amount, formats[column])
                    continue
                text = clean(value.isoformat() if isinstance(value, datetime) else str(value))
                if len(text) > LARGEST_TEXT // 2 and len(text.encode("utf-16-le")) > 2 * LARGEST_TEXT:
                    text = text.encode("utf-16-le")[: 2 * (LARGEST_TEXT - 1)].decode("utf-16-le", errors="ignore") + "…"
                    cut.append((column, line + 1))
                write_string(line, column, text)
        return cut

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Write the file; after an error too, for that is how its temporary files are closed."""
        from xlsxwriter.exceptions import FileCreateError

        try:
            self._workbook.close()
        except FileCreateError as error:
            raise error.args[0] from None  # the OSError that it was


def _amount(value: object) -> float | None:
    """A number that Excel keeps to the last digit; None for anything else."""
    if isinstance(value, datetime):
        return (value - _EPOCH).total_seconds() / _DAY if value >= _FIRST_DATE else None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= _LARGEST_WHOLE:
        return value
    return None


def clean(text: str) -> str:
    """Text that XML can hold, with one kind of line end, and that is no markup."""
    if not text.isprintable():
        text = _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n").replace("\r", "\n"))
    return f"{text} " if text.startswith("<r>") and _MARKUP.fullmatch(text) else text
