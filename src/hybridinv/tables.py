"""Records[T]: many records of one type, and the Arrow schema that their attrs fields define."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import attrs

from hybridinv.errors import MissingExtra, MultipleMatches, NotFound, QueryFailed, UnknownField
from hybridinv.model.rendering import html_table

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from hybridinv.model import Problem

T = TypeVar("T")

_SHOWN_ROWS = 20
_SHOWN_COLUMNS = 12
_SCALARS = frozenset({type(None), bool, int, float, str, datetime, date})


class Records(Sequence[T], Generic[T]):
    """Records of one type: re-iterable, immutable, and a table (`to_arrow`, `to_pandas`, `to_polars`)."""

    __slots__ = ("_by_id", "_items", "problems", "type")

    def __init__(
        self,
        type: type[T],  # noqa: A002 - what it is called in use
        items: Iterable[T] = (),
        problems: Iterable[Problem] = (),
    ) -> None:
        self.type = type
        self._items = tuple(items)
        self.problems = tuple(problems)
        """What could not be read of them; empty unless the function that gave them says that it keeps problems."""
        self._by_id: dict[str, T] | None = None
        for item in self._items:
            if not isinstance(item, type):
                raise TypeError(f"Records of {type.__name__} cannot hold {item.__class__.__name__}: {item!r:.80}")

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Records[T]: ...
    def __getitem__(self, index: int | slice) -> T | Records[T]:
        if isinstance(index, slice):
            return Records(self.type, self._items[index], self.problems)
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Records):
            return NotImplemented
        return self.type is other.type and self._items == other._items

    def __hash__(self) -> int:
        return hash((self.type, self._items))

    def __add__(self, other: Records[T]) -> Records[T]:
        return Records(self.type, (*self._items, *other), dict.fromkeys((*self.problems, *other.problems)))

    def __reduce__(self) -> tuple[object, ...]:
        return (Records, (self.type, self._items, self.problems))

    def __repr__(self) -> str:
        missing = f"; INCOMPLETE: {len(self.problems)} problem{'s'[: len(self.problems) - 1]}" if self.problems else ""
        return f"<Records[{self.type.__name__}]: {len(self)}{missing}>"

    @property
    def complete(self) -> bool:
        """True when nothing is missing of them."""
        return not self.problems

    def get(self, id: str) -> T:  # noqa: A002 - the field's name
        """The record of that id; `NotFound` where there is none. Letter case matters only where ids differ by it."""
        if self._by_id is None:
            self._by_id = {getattr(item, "id", ""): item for item in self._items}
        found = self._by_id.get(id) or self._by_id.get(str(id).lower())
        if found is None:
            raise NotFound(f"no {self.type.__name__} has the id {id!r}", remedy="find(name) looks up by name")
        return found

    def find(self, name: str) -> T | None:
        """The record of that name, None where there is none, `MultipleMatches` where there are several."""
        self._field("name")
        matches = [item for item in self._items if getattr(item, "name", None) == name]
        if len(matches) > 1:
            ids = ", ".join(str(getattr(item, "id", "")) for item in matches[:5])
            raise MultipleMatches(f"{len(matches)} records are named {name!r}: {ids}", remedy="choose one with get(id)")
        return matches[0] if matches else None

    def where(self, **fields: object) -> Records[T]:
        """The records whose fields equal the given values; a callable value is asked instead.

        `vms.where(power_state="running", cpus=lambda n: n and n > 8)`. A field that the record does not have is an
        `UnknownField` error, never an empty answer.
        """
        for name, wanted in fields.items():
            self._field(name)
            self._check_word(name, wanted)
        return Records(self.type, (item for item in self._items if _matches(item, fields)), self.problems)

    def _field(self, name: str) -> None:
        known = [field.name for field in attrs.fields(self.type)]  # type: ignore[arg-type]
        if name not in known:
            raise UnknownField(
                f"{self.type.__name__} has no field {name!r}", remedy=f"its fields are: {', '.join(known)}"
            )

    def _check_word(self, name: str, wanted: object) -> None:
        """A word that a field of fixed words never holds would match nothing, and look like an answer."""
        kind: Any = self.type
        hint = _hints(kind)[name]
        if isinstance(hint, type) and issubclass(hint, Enum) and isinstance(wanted, str):
            words = [member.value for member in hint]
            if wanted not in words:
                raise UnknownField(f"{name} is never {wanted!r}", remedy=f"it is one of: {', '.join(words)}")

    def to_arrow(self) -> pyarrow.Table:
        """A `pyarrow.Table`; nested records become structs, units and descriptions are in the field metadata."""
        pyarrow = _need("pyarrow")
        kind: Any = self.type
        schema = arrow_schema(kind)
        rows = [_plain(item) for item in self._items]
        return pyarrow.Table.from_pylist(rows, schema=schema)

    def to_pandas(self) -> pandas.DataFrame:
        """A `pandas.DataFrame` with Arrow-backed columns: integers stay integers, missing values stay missing."""
        pandas = _need("pandas")
        return self.to_arrow().to_pandas(types_mapper=pandas.ArrowDtype)

    def to_polars(self) -> polars.DataFrame:
        """A `polars.DataFrame`, without copying what Arrow already holds."""
        return _need("polars").from_arrow(self.to_arrow())

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def _repr_html_(self) -> str:
        names = shown_columns(self.type)
        rows = ([getattr(item, name) for name in names] for item in self._items[:_SHOWN_ROWS])
        more = f"<p>{len(self) - _SHOWN_ROWS} more</p>" if len(self) > _SHOWN_ROWS else ""
        return f"<p>{len(self)} {self.type.__name__} records</p>{html_table(names, rows)}{more}"


def _matches(item: object, fields: Mapping[str, object]) -> bool:
    for name, wanted in fields.items():
        value = getattr(item, name)
        if not (wanted(value) if callable(wanted) else value == wanted):
            return False
    return True


def shown_columns(kind: type) -> list[str]:
    """The fields that fit on a screen: scalars, in the order of the record, without the long ids."""
    # A record without a name is told by its lists.
    lists = (tuple, frozenset) if attrs.fields_dict(kind).keys() & {"id", "name"} else (frozenset,)
    nested = (*lists, Mapping)
    names = []
    for field in attrs.fields(kind):
        origin = typing.get_origin(_hints(kind)[field.name])
        is_nested = attrs.has(_hints(kind)[field.name]) or (isinstance(origin, type) and issubclass(origin, nested))
        if not is_nested and (field.name == "id" or not field.name.endswith("_id")):
            names.append(field.name)
    if "name" in names:
        names.remove("id")
    return names[:_SHOWN_COLUMNS]


def _plain(value: object) -> Any:
    """A record as dicts, lists and scalars, as pyarrow takes them."""
    if type(value) in _SCALARS:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, frozenset):
        return sorted(_plain(item) for item in value)
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    kind: Any = type(value)
    return {name: _plain(getattr(value, name)) for name in _field_names(kind)}


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(kind))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


@cache
def arrow_schema(kind: type) -> pyarrow.Schema:
    """The Arrow schema of a record type; it comes from the attrs fields, so that there is only one."""
    return _need("pyarrow").schema(_arrow_fields(kind))


def _arrow_fields(kind: type) -> list[pyarrow.Field]:
    pyarrow = _need("pyarrow")
    return [
        pyarrow.field(
            field.name,
            _arrow_type(_hints(kind)[field.name]),
            metadata={
                "description": str(field.metadata.get("doc", "")),
                "unit": str(field.metadata.get("unit", "")),
            },
        )
        for field in attrs.fields(kind)
    ]


def _arrow_type(hint: Any) -> pyarrow.DataType:
    pyarrow = _need("pyarrow")
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _arrow_type(next(argument for argument in arguments if argument is not type(None)))
    if origin in (tuple, frozenset):
        return pyarrow.list_(_arrow_type(arguments[0]))
    if attrs.has(hint):
        return pyarrow.struct(_arrow_fields(hint))
    if issubclass(hint, Mapping):
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


def _need(library: str) -> Any:
    try:
        return __import__(library)
    except ImportError:
        raise MissingExtra(library, "tables") from None


class QueryResult:
    """The answer of `Inventory.sql`: rows of plain values, and a table (`to_arrow`, `to_pandas`, `to_polars`)."""

    def __init__(self, table: pyarrow.Table) -> None:
        self._table = table

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self._table.column_names)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows, as tuples."""
        return list(zip(*(column.to_pylist() for column in self._table.columns), strict=True))

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.fetchall())

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def to_arrow(self) -> pyarrow.Table:
        """The `pyarrow.Table` itself."""
        return self._table

    def to_pandas(self) -> pandas.DataFrame:
        """A `pandas.DataFrame` with Arrow-backed columns."""
        return self._table.to_pandas(types_mapper=_need("pandas").ArrowDtype)

    def to_polars(self) -> polars.DataFrame:
        """A `polars.DataFrame`."""
        return _need("polars").from_arrow(self._table)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        return f"<QueryResult: {len(self)} rows of {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        more = f"<p>{len(self) - _SHOWN_ROWS} more</p>" if len(self) > _SHOWN_ROWS else ""
        return html_table(self.columns, self.fetchall()[:_SHOWN_ROWS]) + more


def _distinct(names: Sequence[str]) -> list[str]:
    """Column names without repetition: a second `name` is `name_1`, as DuckDB itself calls it in a data frame."""
    found: list[str] = []
    for name in names:
        other, number = name, 0
        while other in found:
            number += 1
            other = f"{name}_{number}"
        found.append(other)
    return found


def query(tables: Mapping[str, Records[Any]], sql: str) -> QueryResult:
    """Ask tables in SQL (DuckDB's dialect). The query can reach no file and no network."""
    duckdb = _need("duckdb")
    words = set(re.findall(r"\w+", sql.lower()))
    # A query that names none of them asks what there is.
    asked = words & tables.keys() or tables.keys()
    with duckdb.connect() as connection:
        for name, records in ((name, tables[name]) for name in tables if name in asked):
            connection.register(name, records.to_arrow())
        connection.execute("SET enable_external_access = false; SET lock_configuration = true")
        try:
            answer = connection.sql(sql)
            if answer is None:
                raise QueryFailed(
                    "this statement has no answer", remedy="ask with SELECT; the tables cannot be changed"
                )
            table = answer.to_arrow_table()
            return QueryResult(table.rename_columns(_distinct(table.column_names)))
        except duckdb.Error as error:
            said = " ".join(str(error).partition("\nLINE ")[0].split())
            raise QueryFailed(said, remedy=f"the tables are: {', '.join(tables)}") from error
