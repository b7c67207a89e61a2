"""Arrow columns of records: types, units and descriptions come from the attrs fields, so that there is one schema."""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache, partial
from itertools import accumulate, chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.errors import MissingExtra, NotSupported

if TYPE_CHECKING:
    import pyarrow


def need(library: str, extra: str = "tables") -> Any:
    """That library; `MissingExtra` names the extra to install where it is not there."""
    try:
        return __import__(library)
    except ImportError:
        raise MissingExtra(library, extra) from None


@cache
def hints(kind: type) -> dict[str, Any]:
    """The types of a record's fields."""
    return typing.get_type_hints(kind)


def item_type(hint: Any) -> Any:
    """The type of what a field holds several of; None where it holds one value."""
    return typing.get_args(hint)[0] if typing.get_origin(hint) in (tuple, frozenset) else None


def is_mapping(hint: Any) -> bool:
    """Whether a field holds names and values."""
    return isinstance(hint, type) and issubclass(hint, Mapping)


def is_nested(hint: Any) -> bool:
    """Whether a field holds several values, names and values, or a record."""
    return item_type(hint) is not None or is_mapping(hint) or attrs.has(hint)


@cache
def arrow_schema(kind: type) -> pyarrow.Schema:
    """The Arrow schema of a record type; it comes from the attrs fields, so that there is only one."""
    return need("pyarrow").schema(_arrow_fields(kind))


def arrow_field(name: str, hint: Any, doc: str = "", unit: str = "") -> pyarrow.Field:
    """A field of that name for values of a Python type, with what it means and its unit."""
    pyarrow = need("pyarrow")
    return pyarrow.field(name, arrow_type(hint), metadata={"description": doc, "unit": unit})


def _arrow_fields(kind: type) -> list[pyarrow.Field]:
    return [
        arrow_field(
            field.name,
            hints(kind)[field.name],
            str(field.metadata.get("doc", "")),
            str(field.metadata.get("unit", "")),
        )
        for field in attrs.fields(kind)
    ]


def arrow_type(hint: Any) -> pyarrow.DataType:
    """The Arrow type for values of a Python type."""
    pyarrow = need("pyarrow")
    hint = without_none(hint)
    if item_type(hint) is not None:
        return pyarrow.list_(arrow_type(item_type(hint)))
    if attrs.has(hint):
        return pyarrow.struct(_arrow_fields(hint))
    if is_mapping(hint):
        return pyarrow.map_(pyarrow.string(), pyarrow.string())
    scalars: dict[type, Callable[[], Any]] = {
        bool: pyarrow.bool_,
        int: pyarrow.int64,
        float: pyarrow.float64,
        datetime: lambda: pyarrow.timestamp("us", tz="UTC"),  # a datetime is a date too
        date: pyarrow.date32,
        str: pyarrow.string,
    }
    return next(make() for scalar, make in scalars.items() if issubclass(hint, scalar))


def without_none(hint: Any) -> Any:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return next(one for one in typing.get_args(hint) if one is not type(None))
    return hint


def arrow_table(kind: type, items: Sequence[Any]) -> pyarrow.Table:
    """Records of a type as a table, column by column."""
    with told_by_check(kind, items):
        arrays = [arrow_array([getattr(item, name) for item in items], hint) for name, hint in hints(kind).items()]
    return need("pyarrow").Table.from_arrays(arrays, schema=arrow_schema(kind))


@contextmanager
def told_by_check(kind: type, items: Sequence[Any]) -> Iterator[None]:
    """Where Arrow or Python refuses a value of these records, `check` says which one it is."""
    try:
        yield
    except (need("pyarrow").ArrowException, AttributeError, OverflowError, TypeError, ValueError):
        check(kind, items)
        raise


def check(kind: Any, items: Sequence[Any]) -> None:
    """`NotSupported` names the first field whose value is not of its type, as a record made by hand may have it."""
    for name, hint in hints(kind).items():
        _check_values(list(map(attrgetter(name), items)), hint, partial(_told, items, name))


def _told(items: Sequence[Any], name: str, place: int) -> str:
    item = items[place]
    called = getattr(item, "name", "") or getattr(item, "id", "")
    return f"{type(item).__name__}{f' {called!r:.60}' if called else ''}: {name}"


def _check_values(values: list[Any], hint: Any, told: Callable[[int], str]) -> None:
    wanted = without_none(hint)
    origin = typing.get_origin(wanted)
    if isinstance(origin, type) and issubclass(origin, Collection):
        places = [place for place, value in enumerate(values) for _ in value or ()]
        items = list(chain.from_iterable(value or () for value in values))
        _check_values(items, typing.get_args(wanted)[0], lambda place: told(places[place]))
    if not isinstance(wanted, type) or origin:
        return
    kinds = set(map(type, values)) - ({type(None)} if wanted is not hint else set())
    whole = {bool} - {wanted} if issubclass(wanted, int) else set()  # True is no number here
    fits = (wanted, int) if wanted is float else (wanted,)
    bad = {one for one in kinds if not issubclass(one, fits) or one in whole}
    for place, value in enumerate(values) if bad or wanted in (int, float) else ():
        if type(value) in bad or not _is_in_range(value):
            raise NotSupported(
                f"{told(place)} is {value!r:.60}", remedy=f"it has to be {_WORDS.get(wanted, wanted.__name__)}"
            )
    if attrs.has(wanted):
        check(wanted, [value for value in values if value is not None])


_WORDS = {int: "an int of at most 64 bits", float: "a finite float", str: "a str", bool: "a bool"}


def _is_in_range(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def arrow_array(values: Sequence[Any], hint: Any) -> pyarrow.Array:
    """Values of a Python type as an array; nested ones are put together from the arrays of their parts."""
    pyarrow = need("pyarrow")
    hint = without_none(hint)
    kind = arrow_type(hint)
    item = item_type(hint)
    if item is not None:
        # What holds it may be missing altogether.
        lists = [sorted(value or ()) if typing.get_origin(hint) is frozenset else value or () for value in values]
        items = arrow_array(list(chain.from_iterable(lists)), item)
        return pyarrow.ListArray.from_arrays(_offsets(lists), items, type=kind)
    if is_mapping(hint):
        pairs = [value or {} for value in values]
        names, texts = list(chain.from_iterable(pairs)), list(chain.from_iterable(one.values() for one in pairs))
        return pyarrow.MapArray.from_arrays(_offsets(pairs), arrow_array(names, str), arrow_array(texts, str))
    if attrs.has(hint):
        parts = [
            arrow_array([None if value is None else getattr(value, name) for value in values], of)
            for name, of in hints(hint).items()
        ]
        missing = pyarrow.array([value is None for value in values], pyarrow.bool_())
        return pyarrow.StructArray.from_arrays(parts, fields=list(kind), mask=missing)
    try:
        return pyarrow.array(values, kind)
    except UnicodeEncodeError:
        return pyarrow.array([None if value is None else well_formed(value) for value in values], kind)


def well_formed(text: str) -> str:
    """The text with half a pair of surrogates, which UTF-8 has no form for, written as an escape."""
    return text.encode("utf-8", "backslashreplace").decode()


def _offsets(values: Sequence[Any]) -> pyarrow.Array:
    pyarrow = need("pyarrow")
    return pyarrow.array(accumulate(map(len, values), initial=0), pyarrow.int32())
