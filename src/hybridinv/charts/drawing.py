"""What all charts share: their data are in them, their texts are only text, and they say what they leave out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hybridinv.errors import MissingExtra, NotSupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GIB = 2**30
DAY = 86400.0
WIDTH = 520
BARS = 40
"""More bars than this nobody reads."""
_NAMED = 40
"""Characters of a name that has its source behind it."""


def chart(rows: Sequence[Mapping[str, Any]]) -> Any:
    """A chart of these rows."""
    alt = need_altair()
    plain = [{name: harmless(one) if isinstance(one, str) else one for name, one in row.items()} for row in rows]
    return alt.Chart(alt.InlineData(values=plain))


def title(text: str, *notes: str) -> Any:
    """A title, with notes beneath."""
    told = harmless("; ".join(filter(None, notes)))
    return need_altair().TitleParams(text, anchor="start", **({"subtitle": told} if told else {}))


def left_out(count: int, what: str, which: str = "") -> str:
    """`3 clusters not shown`; nothing where all are."""
    told = (f"{count} {what}{'' if count == 1 else 's'}", which, "not shown")
    return " ".join(filter(None, told)) if count > 0 else ""


def apart(told: Sequence[tuple[str, str]]) -> list[str]:
    """A label for each name and its source, no two of them alike: bars with one label would be one bar.

    Where several have a name, the source is there too; where that does not help, a number.
    """
    names = [label(name) for name, _ in told]
    several = Counter(names)
    found: dict[str, None] = {}
    for name, (_, source) in zip(names, told, strict=True):
        own = label(f"{name[:_NAMED]} ({source})") if several[name] > 1 and source else name
        number, free = 1, own
        while free in found:
            number += 1
            free = f"{own} {number}"
        found[free] = None
    return list(found)


def check_inventory(inv: object) -> None:
    """`NotSupported` where it is none."""
    if not hasattr(inv, "taken_at"):
        raise NotSupported(f"inv= is {type(inv).__name__}, not an Inventory", remedy="hi.collect and hi.load give one")


def label(text: str) -> str:
    """A name as a label: it is somebody's text."""
    plain = harmless("".join(letter if letter.isprintable() else " " for letter in text))
    return plain if len(plain) <= 60 else plain[:59] + "…"


def harmless(text: str) -> str:
    """A text without what would end the script that a chart is in on a page."""
    return text.replace("<", "\u2039")


def need_altair() -> Any:
    """The library, or `MissingExtra`."""
    try:
        import altair
    except ImportError:
        raise MissingExtra("altair", "report") from None
    return altair
