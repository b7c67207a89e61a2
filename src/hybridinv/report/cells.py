"""Values → the cells of a sheet in SpreadsheetML: types, formats, and text that stays text.

XlsxWriter makes the workbook around them. Its own cells take several times as long, and it takes text that begins
with `<r>` for markup.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LARGEST_ROWS = 1_048_576
LARGEST_COLUMNS = 16_384
LARGEST_TEXT = 32_767
"""What Excel takes; text is counted in UTF-16 units."""

_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
_FIRST_DATE = datetime(1900, 3, 1, tzinfo=UTC)  # before it, Excel counts a day that never was
_DAY = 86_400
_LARGEST_WHOLE = 2**53
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile("_(x[0-9a-fA-F]{4}_)")
_KEPT_TEXTS, _KEPT_LENGTH = 20_000, 200


class Rows:
    """The rows of one sheet, written as they come."""

    def __init__(self, file: TextIO, columns: Sequence[tuple[str, str]], styles: Sequence[int]) -> None:
        self._file = file
        self._columns = [f'<c r="{column_letters(number)}' for number in range(len(columns))]
        self._is_text = [type_ == "text" for _, type_ in columns]
        self._number_ends = [f'" s="{style}"><v>' for style in styles]
        self._texts: dict[str, str] = {}
        self.number = 1
        """The number of the last row; the first one is the header."""
        self.cut: list[tuple[int, int]] = []
        """Column and row of the text that was too long."""

    def add(self, cells: Iterable[tuple[int, object]]) -> None:
        """Write the next row: column numbers, in order, and values; what is not known has no cell."""
        self.number += 1
        row = str(self.number)
        parts = [f'<row r="{row}">']
        for column, value in cells:
            if value is None or value == "":
                continue
            if isinstance(value, (str, bool)) or self._is_text[column]:
                text = str(value)
                parts += (self._columns[column], row, self._texts.get(text) or self._text(column, text))
            else:
                parts += (self._columns[column], row, self._number(column, value))
        parts.append("</row>")
        self._file.write("".join(parts))

    def _number(self, column: int, value: object) -> str:
        if isinstance(value, datetime):
            if value < _FIRST_DATE:
                return self._text(column, value.isoformat())
            return f"{self._number_ends[column]}{(value - _EPOCH).total_seconds() / _DAY!r}</v></c>"
        if isinstance(value, int) and abs(value) <= _LARGEST_WHOLE:
            return f"{self._number_ends[column]}{value}</v></c>"
        if isinstance(value, float) and abs(value) <= _LARGEST_WHOLE:
            return f"{self._number_ends[column]}{value!r}</v></c>"
        return self._text(column, str(value))  # a number would lose its last digits

    def _text(self, column: int, text: str) -> str:
        """The rest of a cell that holds text; what repeats is kept."""
        short = clean(text)
        if len(short) > LARGEST_TEXT // 2 and len(short.encode("utf-16-le")) > 2 * LARGEST_TEXT:
            short = short.encode("utf-16-le")[: 2 * (LARGEST_TEXT - 1)].decode("utf-16-le", errors="ignore") + "…"
            self.cut.append((column, self.number))
        space = ' xml:space="preserve"' if short != short.strip() else ""
        said = escape(_LOOKS_ESCAPED.sub(r"_x005F_\1", short), quote=False)
        cell = f'" t="inlineStr"><is><t{space}>{said}</t></is></c>'
        if len(text) < _KEPT_LENGTH:
            if len(self._texts) >= _KEPT_TEXTS:
                self._texts.clear()
            self._texts[text] = cell
        return cell


def clean(text: str) -> str:
    """Text that XML can hold, with one kind of line end."""
    if text.isprintable():
        return text
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n").replace("\r", "\n"))


def column_letters(number: int) -> str:
    """`A` for 0, `AA` for 26."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
