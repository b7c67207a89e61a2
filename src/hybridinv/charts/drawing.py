"""What all charts share: their data are in them, their texts are only text, and they say what they leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybridinv.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GIB = 2**30
DAY = 86400.0
WIDTH = 520
BARS = 40
"""More bars than this nobody reads."""


def chart(rows: Sequence[Mapping[str, Any]]) -> Any:
    """A chart of these rows."""
    alt = need_altair()
    return alt.Chart(alt.InlineData(values=list(rows)))


def title(text: str, *notes: str) -> Any:
    """A title, with notes beneath."""
    told = "; ".join(filter(None, notes))
    return need_altair().TitleParams(text, anchor="start", **({"subtitle": told} if told else {}))


def left_out(count: int, what: str) -> str:
    """`3 clusters not shown`; nothing where all are."""
    return f"{count} {what} not shown" if count > 0 else ""


def label(text: str) -> str:
    """A name as a label: it is somebody's text."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return plain if len(plain) <= 60 else plain[:59] + "…"


def need_altair() -> Any:
    """The library, or `MissingExtra`."""
    try:
        import altair
    except ImportError:
        raise MissingExtra("altair", "report") from None
    return altair
