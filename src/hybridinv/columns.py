"""Arrow columns of records: types, units and descriptions come from the attrs fields, so that there is one schema."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.errors import MissingExtra

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
    hint = _without_none(hint)
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


def _without_none(hint: Any) -> Any:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return next(one for one in typing.get_args(hint) if one is not type(None))
    return hint


def arrow_table(kind: type, items: Sequence[Any]) -> pyarrow.Table:
    """Records of a type as a table, column by column."""
    arrays = [arrow_array([getattr(item, name) for item in items], hint) for name, hint in hints(kind).items()]
    return need("pyarrow").Table.from_arrays(arrays, schema=arrow_schema(kind))


def arrow_array(values: Sequence[Any], hint: Any) -> pyarrow.Array:
    """Values of a Python type as an array; nested ones are put together from the arrays of their parts."""
    pyarrow = need("pyarrow")
    hint = _without_none(hint)
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
        return pyarrow.MapArray.from_arrays(
            _offsets(pairs), pyarrow.array(names, kind.key_type), pyarrow.array(texts, kind.item_type)
        )
    if attrs.has(hint):
        parts = [
            arrow_array([None if value is None else getattr(value, name) for value in values], of)
            for name, of in hints(hint).items()
        ]
        missing = pyarrow.array([value is None for value in values], pyarrow.bool_())
        return pyarrow.StructArray.from_arrays(parts, fields=list(kind), mask=missing)
    return pyarrow.array(values, kind)


def _offsets(values: Sequence[Any]) -> pyarrow.Array:
    pyarrow = need("pyarrow")
    return pyarrow.array(accumulate(map(len, values), initial=0), pyarrow.int32())
