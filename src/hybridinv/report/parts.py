"""What a report is made of: sections with notes, figures, bars and tables; plain values, and nothing of HTML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import attrs

from hybridinv.model.fact import several


class Tone(StrEnum):
    """How a value is to be taken."""

    PLAIN = ""
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


class Unit(StrEnum):
    """What the values of a column are."""

    TEXT = ""
    COUNT = "count"
    BYTES = "bytes"
    PERCENT = "percent"
    DAYS = "days"
    MBPS = "mbps"
    MHZ = "mhz"
    RATIO = "ratio"
    SECONDS = "seconds"
    MOMENT = "moment"
    CITATION = "citation"
    """Text in small print."""


Plain = str | int | float | datetime | None


@attrs.frozen
class Cell:
    """A value with a tone, or with a second line; where neither is needed, the value itself stands for it."""

    value: Plain
    """None where it is not known."""
    tone: Tone = Tone.PLAIN
    more: str = ""
    """The second line."""


Value = Cell | Plain


@attrs.frozen
class Column:
    """A column of a table."""

    name: str
    unit: Unit = Unit.TEXT


@attrs.frozen(kw_only=True)
class Table:
    """A table: its first column names the row."""

    id: str = ""
    """Unique in the report."""
    caption: str = ""
    """What it shows."""
    columns: Sequence[Column] = several((), "Its columns.")
    rows: Sequence[tuple[Value, ...]] = several((), "A value for each column.")
    empty: str = "None."
    """What to say where there is no row: that there is none, or that nothing was read."""


@attrs.frozen(kw_only=True)
class Bar:
    """One part of a whole."""

    label: str = ""
    count: int = 0
    tone: Tone = Tone.PLAIN


@attrs.frozen(kw_only=True)
class Bars:
    """How many there are of each."""

    title: str = ""
    """What is counted."""
    unit: str = ""
    """Of what, in the plural: `machines`."""
    bars: Sequence[Bar] = several((), "The parts.")


@attrs.frozen(kw_only=True)
class Figure:
    """A number that stands alone."""

    label: str = ""
    """What it is."""
    value: Plain = None
    """None where it is not known."""
    unit: Unit = Unit.COUNT
    """Of the value."""
    more: str = ""
    """The same in smaller print."""
    tone: Tone = Tone.PLAIN
    """How it is to be taken."""


@attrs.frozen(kw_only=True)
class Note:
    """A sentence, before everything else of a section."""

    text: str = ""
    tone: Tone = Tone.PLAIN


@attrs.frozen(kw_only=True)
class Alert:
    """Something of a section that deserves a look; the summary has all of them."""

    text: str = ""
    tone: Tone = Tone.WARNING
    section: str = ""
    """The id of its section, where it is shown in another one."""


@attrs.frozen(kw_only=True)
class Section:
    """One subject of a report."""

    id: str = ""
    """Unique in the report."""
    title: str = ""
    """Its heading."""
    source: str = ""
    """What it is from."""
    unread: Sequence[str] = several((), "What could not be read for it, or was not asked for.")
    notes: Sequence[Note] = several((), "What else to know.")
    alerts: Sequence[Alert] = several((), "What deserves a look.")
    figures: Sequence[Figure] = several((), "Its numbers.")
    bars: Sequence[Bars] = several((), "Its charts.")
    picture: str = ""
    """An SVG image of this library's own making, where there is one."""
    tables: Sequence[Table] = several((), "Its tables.")


@attrs.frozen(kw_only=True)
class Contents:
    """What a report says."""

    title: str = ""
    """Its heading."""
    lead: str = ""
    """It in one sentence."""
    tone: Tone = Tone.PLAIN
    """How that is to be taken."""
    verdict: str = ""
    """It in a few words: `Complete`, `NOT feasible`."""
    taken_at: datetime | None = None
    """When the inventory was taken; a plan does not say."""
    sections: Sequence[Section] = several((), "In the order they are read.")


_SIZES = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")


def size_of(count: float) -> str:
    """A size in the unit that suits it: `512 bytes`, `8.0 GiB`."""
    size, power = float(count), 0
    while abs(size) >= 1024 and power < len(_SIZES) - 1:
        size, power = size / 1024, power + 1
    return f"{size:,.1f} {_SIZES[power]}" if power else f"{count:,} bytes"


def columns(*names: str | tuple[str, Unit]) -> tuple[Column, ...]:
    """Columns of text, or of a unit where one is given."""
    return tuple(Column(name) if isinstance(name, str) else Column(*name) for name in names)
