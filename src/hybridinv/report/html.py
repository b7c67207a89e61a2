"""write_html: a report as one page that needs nothing else, neither a network nor a script to be read."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.errors import MissingExtra
from hybridinv.model.wording import visible
from hybridinv.report.contents import contents_of
from hybridinv.report.parts import Bars, Cell, Column, Contents, Plain, Table, Tone, Unit, size_of
from hybridinv.saving import check_writable, checked, write_whole

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    import jinja2

    from hybridinv.inventory import Inventory
    from hybridinv.model.maintenance import MaintenancePlan
    from hybridinv.model.migration import MigrationPlan
    from hybridinv.model.onboarding import OnboardingPlan
    from hybridinv.report.parts import Value

_PAGE_ROWS = 100
"""Rows that are in the page as such; those beyond are data that the script shows."""
_SEARCHED_FROM = 8
_SHORT, _MEDIUM = 36, 80
_WORD = 15
"""Letters of a word in a column's head that is not broken; the template says the same."""
_PAPER = 160
"""Letters that a sheet of paper has room for side by side."""
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_HOUR, _MINUTE = 3600, 120


def write_html(
    inv_or_plan: Inventory | MigrationPlan | MaintenancePlan | OnboardingPlan, path: str | os.PathLike[str]
) -> None:
    """Write a report as one HTML page, whole or not at all; it loads nothing from anywhere.

    Of an `Inventory`: what could not be read, VMkernel services and migration paths, maintenance exposure, Arc
    coverage, agents, extensions, snapshots, VMware Tools, capacity, guest systems, all machines. Of a `MigrationPlan`,
    `MaintenancePlan` or `OnboardingPlan`: the plan. Tables can be sorted and searched; without a script they show their
    first 100 rows. Sizes are in binary units (1 GiB is 2^30 bytes), times in UTC, ages as of when the inventory was
    taken. Errors: `MissingExtra` without jinja2, `InventoryFileError` where `path` cannot be written, `NotSupported`
    for anything else than these four, and for a value that is not of its field's type.
    """
    target = check_writable(path)
    with checked(inv_or_plan):
        body = render(contents_of(inv_or_plan)).encode()
    write_whole(target, body)


def render(contents: Contents) -> str:
    """The page."""
    from markupsafe import Markup

    style, script = (
        resources.files(__package__).joinpath("templates", name).read_text("utf-8")
        for name in ("report.css", "report.js")
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return _environment().get_template("report.html.j2").render(
        contents=contents,
        style=Markup(style),  # noqa: S704 - these two are files of this library
        script=Markup(script),  # noqa: S704
        script_hash=digest,
        page_rows=_PAGE_ROWS,
        searched_from=_SEARCHED_FROM,
        version=_version(),
    )  # fmt: skip


@cache
def _environment() -> jinja2.Environment:
    try:
        import jinja2
    except ImportError:
        raise MissingExtra("jinja2", "report") from None
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(
            lambda name: resources.files(__package__).joinpath("templates", name).read_text("utf-8")
        ),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    environment.filters.update(
        shown=shown, grid=grid, island=island, share=_share, picture=_picture, width=_width, crowded=_is_crowded
    )
    return environment


def _version() -> str:
    from hybridinv import __version__

    return __version__


def _picture(svg: str) -> Any:
    """A drawing of this library: it has escaped its texts itself."""
    from markupsafe import Markup

    return Markup(svg)  # noqa: S704 - model.drawing made it


# values as people read them


def shown(value: Plain, unit: Unit | str = Unit.TEXT) -> str:
    """A value with its unit; `not known` for None."""
    if value is None:
        return "not known"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if isinstance(value, str):
        return visible(value)
    return _WRITTEN.get(Unit(unit), _number)(value)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def _mbps(value: float) -> str:
    return f"{value / 1000:g} Gbit/s" if value >= 1000 else f"{value:g} Mbit/s"


def _seconds(value: float) -> str:
    if value >= _HOUR:
        return f"about {value / _HOUR:.1f} h"
    return f"about {value / 60:.0f} min" if value >= _MINUTE else f"about {value:.0f} s"


def _days(value: float) -> str:
    return f"{value:,.0f} days" if value >= 2 else f"{value * 24:.0f} h"


_WRITTEN = {
    Unit.BYTES: size_of,
    Unit.PERCENT: lambda value: f"{value:.0f} %",
    Unit.DAYS: _days,
    Unit.MBPS: _mbps,
    Unit.MHZ: lambda value: f"{value:,.0f} MHz",
    Unit.RATIO: lambda value: f"{value:.2f} : 1",
    Unit.SECONDS: _seconds,
}


# tables


@attrs.frozen
class _Shown:
    """A cell as the page has it."""

    text: str
    key: float | str | None
    """What to sort by, where that is not the text; None goes last."""
    tone: str
    more: str
    is_known: bool


def grid(table: Table) -> list[list[_Shown]]:
    """The rows that are in the page as such."""
    return [_row(table.columns, row) for row in table.rows[:_PAGE_ROWS]]


def _row(columns: Iterable[Column], row: Iterable[Value]) -> list[_Shown]:
    return [_cell(column.unit, value) for column, value in zip(columns, row, strict=True)]


def _cell(unit: Unit, value: Value) -> _Shown:
    plain, tone, more = (value.value, value.tone, value.more) if isinstance(value, Cell) else (value, Tone.PLAIN, "")
    key: float | str | None = plain.timestamp() if isinstance(plain, datetime) else plain
    if isinstance(key, str):
        key = visible(key)
    elif isinstance(key, float):
        key = round(key, 3)
    return _Shown(shown(plain, unit), key, str(tone), visible(more), plain is not None)


def _width(cell: _Shown) -> str:
    """How wide its column should be at least; the script says the same."""
    letters = max(len(cell.text), len(cell.more) // 2)
    return " short" if letters <= _SHORT else " medium" if letters <= _MEDIUM else " long"


def _is_crowded(table: Table) -> bool:
    """Whether the longest words of its columns do not fit side by side on paper, so that they have to be broken."""
    heads = (max(len(word) for word in [*column.name.split(), ""] if len(word) <= _WORD) for column in table.columns)
    cells = (_longest_word(row[number] for row in table.rows) for number in range(len(table.columns)))
    return sum(max(pair) + 1 for pair in zip(heads, cells, strict=True)) > _PAPER


def _longest_word(values: Iterable[Value]) -> int:
    """Letters of the longest word, wide ones twice; texts that are not short break anywhere."""
    texts: set[Plain] = set()
    for value in values:
        texts |= {value.value, value.more} if isinstance(value, Cell) else {value}
    short = (text for text in texts if isinstance(text, str) and len(text) <= _SHORT)
    return max((len(word) + sum(map(_is_wide, word)) for text in short for word in visible(text).split()), default=0)


def _is_wide(letter: str) -> bool:
    return letter.isupper() or not letter.isascii()


def island(table: Table) -> Any:
    """All rows as JSON that nothing in it can end: by column the different cells, and for each row which one.

    A cell is its text, or `[text, key, tone, second line]`.
    """
    from markupsafe import Markup

    body = [_packed(column, [row[number] for row in table.rows]) for number, column in enumerate(table.columns)]
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(re.sub("[<>&\u2028\u2029]", lambda found: _UNSAFE[found[0]], text))  # noqa: S704 - escaped here


def _packed(column: Column, values: Sequence[Value]) -> dict[str, list[Any]]:
    places: dict[tuple[type, Value], int] = {}
    order = [places.setdefault((_type(value), value), len(places)) for value in values]
    return {"cells": [_brief(_cell(column.unit, value)) for _, value in places], "rows": order}


def _type(value: Value) -> type:
    """What tells 1 from 1.0, which are equal."""
    return type(value.value if isinstance(value, Cell) else value)


def _brief(cell: _Shown) -> str | list[object]:
    if cell.is_known and cell.key == cell.text and not cell.tone and not cell.more:
        return cell.text
    return [cell.text, cell.key, cell.tone, cell.more]


def _share(bars: Bars) -> list[tuple[str, int, str, float, float]]:
    """Each part of a chart: its label, count and tone, its share in percent, and its length, the longest being 100."""
    whole = sum(bar.count for bar in bars.bars) or 1
    longest = max((bar.count for bar in bars.bars), default=0) or 1
    return [
        (bar.label, bar.count, str(bar.tone), 100 * bar.count / whole, round(100 * bar.count / longest, 2))
        for bar in bars.bars
    ]
