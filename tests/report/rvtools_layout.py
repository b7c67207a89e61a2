"""The layout of an RVTools workbook, and a workbook of ours read back with openpyxl."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl

import hybridinv as hi

CUSTOM = "<custom...>"
_OWN = Path(__file__).with_name("rvtools_sheets.md")
_SHEET = re.compile(r"### (\w+) \((\d+)[^)]*\)\n+```text\n(.*?)```", re.DOTALL)


def layout(path: Path = _OWN) -> dict[str, list[str]]:
    """The columns of each sheet, with `CUSTOM` where custom attributes stand."""
    found = {}
    for sheet, count, text in _SHEET.findall(path.read_text(encoding="utf-8")):
        columns = [column for column in (part.strip() for part in " ".join(text.split()).split(",")) if column]
        assert len(columns) - (CUSTOM in columns) == int(count), sheet
        found[sheet] = columns
    return found


def written(inv: hi.Inventory, folder: Path) -> openpyxl.Workbook:
    """What an inventory's workbook holds."""
    path = folder / "estate.xlsx"
    hi.write_workbook(inv, path)
    return openpyxl.load_workbook(path)


def table(book: openpyxl.Workbook, sheet: str) -> list[dict[str, object]]:
    """The rows of a sheet by header; no header is there twice."""
    header, *rows = book[sheet].iter_rows(values_only=True)
    assert len({str(name).casefold() for name in header}) == len(header), sheet
    return [dict(zip(header, row, strict=True)) for row in rows]
