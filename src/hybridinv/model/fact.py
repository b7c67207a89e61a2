"""How a record documents its fields: what the value is, its unit, and where each platform has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NoReturn

import attrs

from hybridinv.errors import NotSupported

if TYPE_CHECKING:
    from collections.abc import Callable


def fact(
    default: object,
    doc: str,
    *,
    unit: str = "",
    converter: Callable[[Any], Any] | None = None,
    hash: bool | None = None,  # noqa: A002 - attrs' own name
    **sources: str,
) -> Any:
    """An attrs field with its documentation; `sources` maps a platform to the property it comes from."""
    return attrs.field(
        default=default,
        converter=_kept_tags if converter is Tags else converter,
        hash=hash,
        metadata={"doc": doc, "unit": unit, "sources": sources},
    )


def several(default: tuple[Any, ...] | frozenset[Any], doc: str, **options: Any) -> Any:
    """A field that holds several values; any iterable may be given, a tuple or frozenset is kept."""
    return fact(default, doc, converter=_tuple if type(default) is tuple else _frozenset, **options)


def _tuple(values: Iterable[Any]) -> tuple[Any, ...]:
    return values if type(values) is tuple else tuple(_not_a_text(values))


def _frozenset(values: Iterable[Any]) -> frozenset[Any]:
    return frozenset(_not_a_text(values))


def _not_a_text(values: Iterable[Any]) -> Iterable[Any]:
    """A text would be taken letter by letter."""
    if isinstance(values, (str, bytes)):
        raise NotSupported(f"{values!r:.60} is one text where several may be", remedy=f"give a list: [{values!r:.60}]")
    return values


def in_utc(moment: datetime | None) -> datetime | None:
    """A moment in UTC: one that has no zone is UTC's, wherever it was made."""
    if not isinstance(moment, datetime) or moment.tzinfo is UTC:
        return moment
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Word(StrEnum):
    """One of some words; what is none of them is a ValueError that names them."""

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        raise ValueError(f"{value!r:.60} is no {cls.__name__}: it is one of {', '.join(cls)}")


class Tags(Mapping[str, str]):
    """Names and values as the platform keeps them, immutable."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        self._values = {str(k): "" if v is None else str(v) for k, v in (values or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __repr__(self) -> str:
        return repr(self._values)


def _kept_tags(values: Any) -> Tags:
    """Tags as they are: they are immutable, and a record may have thousands of equals."""
    return values if type(values) is Tags else Tags(values)
