"""What an RVTools workbook holds, as data: its sheets and columns, and what this library has to say to them."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

CUSTOM = "custom"
"""The type of the place where custom attributes stand."""


class Unfilled(NamedTuple):
    """A column that is left empty, and why."""

    sheet: str
    column: str
    why: str


class Renamed(NamedTuple):
    """A custom attribute whose column is called otherwise; on the sheets of machines as on the first of them."""

    sheet: str
    column: str
    attribute: str


class Note(NamedTuple):
    """Something that a reader of the workbook should know of a column, a row or all of it."""

    sheet: str
    column: str
    concerns: str
    note: str


@cache
def sheets() -> Mapping[str, Mapping[str, str]]:
    """The sheets in RVTools' order; of each its columns in order with the type of their cells."""
    return _read("rvtools_columns.toml")


@cache
def unfilled() -> tuple[Unfilled, ...]:
    """Every column that this library leaves empty, in the order of the sheets."""
    reasons = {
        (sheet, column): why
        for sheet, whys in _read("rvtools_gaps.toml")["unfilled"].items()
        for why, columns in whys.items()
        for column in columns
    }
    order = {(sheet, column): number for number, (sheet, column) in enumerate(_columns())}
    return tuple(Unfilled(*key, reasons[key]) for key in sorted(reasons, key=order.__getitem__))


@cache
def notes() -> tuple[Note, ...]:
    """Every column whose values are not, or not surely, what RVTools would write there."""
    return tuple(
        Note(sheet, column, "", note)
        for sheet, columns in _read("rvtools_gaps.toml")["notes"].items()
        for column, note in columns.items()
    )


@cache
def needs() -> Mapping[str, tuple[str, ...]]:
    """The columns that importers need, by sheet; empty ones help nobody."""
    return {sheet: tuple(columns) for sheet, columns in _read("rvtools_gaps.toml")["needs"].items()}


def _columns() -> list[tuple[str, str]]:
    return [(sheet, column) for sheet, columns in sheets().items() for column in columns]


@cache
def _read(name: str) -> Mapping[str, Any]:
    return tomllib.loads(resources.files("hybridinv.report").joinpath(name).read_text(encoding="utf-8"))
