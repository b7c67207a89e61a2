"""Cells of a sheet as values: the headers of many releases, and numbers, truths and moments that may be text."""

from __future__ import annotations

import math
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from hybridinv.report.reading_headers import header_key, read_headers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

T = TypeVar("T")

_TRUE = frozenset({"true", "1", "yes", "y", "wahr", "ja", "vrai", "oui", "verdadero", "si", "sí", "vero", "waar"})
_FALSE = frozenset({"false", "0", "no", "n", "falsch", "nein", "faux", "non", "falso", "onwaar", "nee"})
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_GROUPED = re.compile(r"-?\d{1,3}(?:[.,]\d{3})+", re.ASCII)
_MOMENT = re.compile(
    r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?:[T ,]+(\d{1,2})[:.](\d\d)(?:[:.](\d\d))?(?:\.\d+)?\s*([ap]\.?m\.?)?)?Z?",
    re.ASCII | re.IGNORECASE,
)
_EXCEL_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
_LAST_SERIAL = 2_958_465  # 9999-12-31
_LARGEST = 2**63 - 1
_MOST = 2**53
"""Beyond it cells are not whole numbers."""
_YEARS = range(1970, 2200)
"""vCenter gives 1970 to old machines; .NET writes the year 1 where it has no date."""
_TITLES = 20
"""The most rows that are looked at for the headers."""
PLACEHOLDER = "VM"
"""What some releases of RVTools write into cells of machines that have no value there."""


class Sheet:
    """A sheet's rows, its columns found by header; what could not be understood is in `odd`.

    Cells that hold the placeholder are empty, but for those of names of machines.
    """

    def __init__(self, name: str, rows: Sequence[Sequence[object]], placeholder: str = "") -> None:
        self.name = name
        self.placeholder = placeholder
        # A title may stand above the headers, in a cell of its own.
        filled = [sum(cell not in ("", None) for cell in row) for row in rows[:_TITLES]]
        first = next((number for number, count in enumerate(filled) if count > 1), 0)
        head = rows[first] if rows else ()
        self.headers = [str(cell).strip() if cell is not None else "" for cell in head]
        self.columns, self.customs = read_headers(self.headers, name)
        self.odd: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        self._rows = rows[first + 1 :]
        self._month_first: bool | None = None
        self._looked = False

    def __iter__(self) -> Iterator[Row]:
        for cells in self._rows:
            if not any(cell not in ("", None) for cell in cells):
                continue
            row = Row(self, cells)
            if not row.repeats_headers():
                yield row

    def has(self, *headers: str) -> bool:
        """Whether all those columns are there."""
        return all(header_key(one) in self.columns for one in headers)

    def note(self, header: str, value: object) -> None:
        """Keep count of a cell that could not be understood, and one example of each column."""
        self.odd[header] += 1
        self.examples.setdefault(header, str(value)[:40])

    def month_first(self) -> bool | None:
        """Whether its dates in text have the month first, by those that can only be one way; None where none tells."""
        if not self._looked:
            self._looked = True
            self._month_first = _month_first(str(cell) for row in self._rows for cell in row if isinstance(cell, str))
        return self._month_first


class Row:
    """One row: its cells by header."""

    __slots__ = ("_cells", "sheet")

    def __init__(self, sheet: Sheet, cells: Sequence[object]) -> None:
        self.sheet = sheet
        self._cells = cells

    def cells(self) -> tuple[object, ...]:
        """All cells."""
        return tuple(self._cells)

    def at(self, number: int) -> str:
        """The text in a column by number, as it stands there."""
        value = self._cells[number] if number < len(self._cells) else None
        return "" if value is None else _text(value)

    def raw(self, header: str) -> str:
        """The text in a column by header, as it stands there."""
        number = self.sheet.columns.get(_key(header))
        return "" if number is None else self.at(number)

    def repeats_headers(self) -> bool:
        """Whether it is the header once more, as merged files have it."""
        if not any(name and cell == name for cell, name in zip(self._cells[:3], self.sheet.headers[:3], strict=False)):
            return False
        same = sum(bool(name) and cell == name for cell, name in zip(self._cells, self.sheet.headers, strict=False))
        return same > 2 and same * 2 > sum(cell not in ("", None) for cell in self._cells)

    def cell(self, header: str) -> object:
        """The cell as the file has it; None where it is empty or there is no such column."""
        number = self.sheet.columns.get(_key(header))
        if number is None or number >= len(self._cells):
            return None
        value = self._cells[number]
        if isinstance(value, str):
            value = value.strip()
        return None if value == "" or (value == self.sheet.placeholder and header != "VM") else value

    def text(self, *headers: str) -> str:
        """The text of the first of the columns that has any; whole numbers lose their `.0`."""
        for header in headers:
            value = self.cell(header)
            if value is not None:
                return _text(value)
        return ""

    def texts(self, header: str) -> tuple[str, ...]:
        """The several values of a cell, which a comma or a line parts."""
        return tuple(dict.fromkeys(part for part in re.split(r"[,;\n]\s*", self.text(header)) if part.strip()))

    def number(self, *headers: str, times: int = 1) -> int | None:
        """A whole number that is not below 0; -1 is how the file says unlimited or unknown."""
        for header in headers:
            value = self.cell(header)
            if value is not None:
                found = number_of(value)
                if found == -1:
                    return None
                whole = None if found is None or not 0 <= found <= _MOST else round(found * times)
                if whole is None or whole > _LARGEST or (found and not whole):
                    self.sheet.note(header, value)
                    return None
                return whole
        return None

    def mebibytes(self, *headers: str) -> int | None:
        """A size in MiB (which old releases call MB), in bytes."""
        return self.number(*headers, times=2**20)

    def truth(self, header: str) -> bool | None:
        """True or False, in any of the words for it."""
        value = self.cell(header)
        if value is None or isinstance(value, bool):
            return value
        word = _text(value).casefold()
        if word in _TRUE:
            return True
        if word not in _FALSE:
            self.sheet.note(header, value)
            return None
        return False

    def choice(self, header: str, choices: Mapping[str, T], default: T) -> T:
        """What a word stands for, in any letter case, with spaces or without; the default where it is none of them."""
        word = "".join(self.text(header).casefold().split())
        if word and word not in choices:
            self.sheet.note(header, self.text(header))
        return choices.get(word, default)

    def moment(self, header: str) -> datetime | None:
        """A moment; the file does not say of which zone, it is taken as UTC."""
        value = self.cell(header)
        if value is None:
            return None
        found = moment_of(value, self.sheet.month_first)
        if found is None or found.year not in _YEARS:
            self.sheet.note(header, value)
            return None
        return found


_keys: dict[str, str] = {}


def _key(header: str) -> str:
    key = _keys.get(header)
    if key is None:
        key = _keys[header] = header_key(header)
    return key


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def number_of(value: object) -> float | int | None:
    """A number, or a text that is one in some country: `1,024`, `1.024,5`, `1 024`, `1'024`; None for anything else."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (int, float)):
        return value if math.isfinite(value) else None
    if not isinstance(value, str) or len(value) > 40:
        return None
    text = re.sub(r"[\s'\u2019%]", "", value)
    if _GROUPED.fullmatch(text) and len(set(text) & {".", ","}) == 1:
        text = re.sub("[.,]", "", text)
    elif "," in text:
        decimal = "," if text.rfind(",") > text.rfind(".") else "."
        text = text.replace("." if decimal == "," else ",", "").replace(",", ".")
    if not _NUMBER.fullmatch(text):
        return None
    found = float(text)
    return (int(text) if text.lstrip("-").isdecimal() else found) if math.isfinite(found) else None


def moment_of(value: object, month_first: object = None) -> datetime | None:
    """A date cell, a number of days as Excel counts them, or a text; `month_first()` decides where a text does not."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not 1 <= value <= _LAST_SERIAL:
            return None
        return _EXCEL_EPOCH + timedelta(seconds=round(value * 86400))
    if not isinstance(value, str) or not (found := _MOMENT.fullmatch(value.strip())):
        return None
    first, mark, second, third, hour, minute, sec, half = found.groups()
    day = _day(int(first), int(second), int(third), mark, half, month_first, len(first) == 4)
    if day is None:
        return None
    hours = int(hour or 0) % 12 + (12 if half[0].lower() == "p" else 0) if half else int(hour or 0)
    try:
        return datetime(*day, hours, int(minute or 0), int(sec or 0), tzinfo=UTC)
    except ValueError:
        return None


def _day(
    first: int, second: int, third: int, mark: str, half: str | None, month_first: object, year_first: bool
) -> tuple[int, int, int] | None:
    if year_first:
        return first, second, third
    year = third + 2000 if third < 100 else third
    if mark == "." or first > 12:
        return year, second, first
    if half or second > 12:
        return year, first, second
    order = month_first() if callable(month_first) else month_first
    if order is None:
        return (year, first, second) if first == second else None
    return (year, first, second) if order else (year, second, first)


def _month_first(texts: Iterator[str]) -> bool | None:
    """What dates that can be read in one way only say of the others; None where they contradict each other."""
    told: set[bool] = set()
    for text in texts:
        found = _MOMENT.fullmatch(text.strip()) if 6 <= len(text) <= 30 and text[0].isdecimal() else None
        if found and found[2] in "/-" and len(found[1]) < 3:
            if found[8] or int(found[3]) > 12:
                told.add(True)
            elif int(found[1]) > 12:
                told.add(False)
    return told.pop() if len(told) == 1 else None
