"""Records[T]: many records of one type, as a sequence, as a table, and asked in SQL."""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

import attrs

from hybridinv.columns import arrow_schema, arrow_table, hints, need, well_formed
from hybridinv.errors import MultipleMatches, NotFound, QueryFailed, UnknownField
from hybridinv.filtering import condition
from hybridinv.model.fact import Tags
from hybridinv.model.rendering import (
    SHOWN_COLUMNS,
    SHOWN_ROWS,
    Names,
    and_more,
    html_table,
    page,
    records_html,
    shortened,
)
from hybridinv.model.wording import cell

if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable

    import pandas
    import polars
    import pyarrow

    from hybridinv.model import Problem

T = TypeVar("T")

_SHOWN_PROBLEMS = 5


class Records(Sequence[T], Generic[T]):
    """Records of one type: re-iterable, immutable, and a table (`to_arrow`, `to_pandas`, `to_polars`).

    `records[0]` is a record, `records[:10]` are records, `records["name"]` is that column as a tuple. A data frame is
    `records.to_pandas()`, not `pandas.DataFrame(records)`: pandas and polars take a sequence for a list of things.
    """

    __slots__ = ("_arrow", "_by_id", "_items", "_names", "problems", "type")

    def __init__(
        self,
        type: type[T],  # noqa: A002 - what it is called in use
        items: Iterable[T] = (),
        problems: Iterable[Problem] = (),
    ) -> None:
        self.type: builtins.type[T] = type
        self._items = tuple(items)
        self.problems: tuple[Problem, ...] = tuple(problems)
        """What could not be read of them; empty unless the function that gave them says that it keeps problems."""
        self._by_id: dict[str, T] | None = None
        self._arrow: pyarrow.Table | None = None
        self._names: Names | None = None
        for item in self._items:
            if not isinstance(item, type):
                raise TypeError(f"Records of {type.__name__} cannot hold {item.__class__.__name__}: {item!r:.80}")

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Records[T]: ...
    @overload
    def __getitem__(self, index: str) -> tuple[Any, ...]: ...
    def __getitem__(self, index: int | slice | str) -> T | Records[T] | tuple[Any, ...]:
        if isinstance(index, str):
            self._field(index)
            return tuple(getattr(item, index) for item in self._items)
        if isinstance(index, slice):
            return self._like(self._items[index])
        return self._items[index]

    def _ipython_key_completions_(self) -> list[str]:
        return [field.name for field in attrs.fields(self.type)]  # type: ignore[arg-type]

    def _like(self, items: Iterable[T]) -> Records[T]:
        return Records(self.type, items, self.problems).named(self._names)

    def named(self, names: Names | None) -> Records[T]:
        """The same records, which in a notebook show other records by these names; `Inventory` gives its own."""
        found: Records[T] = Records.__new__(Records)
        found.type, found._items, found.problems = self.type, self._items, self.problems
        found._by_id, found._arrow, found._names = self._by_id, self._arrow, names
        return found

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
        """The record of that id; `NotFound` where there is none, `MultipleMatches` where there are several.

        Letter case matters only where ids differ by it.
        """
        if self._by_id is None:
            self._by_id = {item.id: item for item in self._items if hasattr(item, "id")}
        found = self._by_id.get(id) or self._by_id.get(str(id).lower())
        if found is None:
            raise NotFound(f"no {self.type.__name__} has the id {id!r:.300}", remedy=self._other_way())
        if len(self._by_id) < len(self._items) and sum(getattr(one, "id", "") == id for one in self._items) > 1:
            raise MultipleMatches(f"several records have the id {id!r}", remedy="choose with where(id=…)")
        return found

    def _other_way(self) -> str:
        """How else to come to a record than by its id."""
        kind: Any = self.type
        known = attrs.fields_dict(kind)
        if "id" in known and "name" in known:
            return "find(name) looks up by name"
        return f"{'' if 'id' in known else 'they have no ids; '}choose with where({next(iter(known))}=…)"

    def find(self, name: str) -> T | None:
        """The record of that name, None where there is none, `MultipleMatches` where there are several."""
        self._field("name")
        matches = [item for item in self._items if getattr(item, "name", None) == name]
        if len(matches) > 1:
            ids = ", ".join(str(getattr(item, "id", "")) for item in matches[:5])
            raise MultipleMatches(f"{len(matches)} records are named {name!r}: {ids}", remedy="choose one with get(id)")
        return matches[0] if matches else None

    def where(self, test: Callable[[T], object] | None = None, /, **fields: object) -> Records[T]:
        """The records whose fields equal the given values; a callable value is asked instead.

        `vms.where(power_state="running", cpus=lambda n: n and n > 8)`. Several values in a list, tuple or set mean one
        of them: `power_state=["running", "suspended"]`. A field that holds several (a tuple or frozenset) is asked
        whether the one value is among them, `ip_addresses="192.0.2.1"`; a list, tuple or set given for it is all of
        them, where both are ordered in that order. A field that the record does not have, and a value that the field
        can never hold (`cpus="4"`, a wrong word), is an `UnknownField` error, never an empty answer. A datetime without
        zone is UTC's. `test` is asked of the whole record, and type checkers know its fields:
        `vms.where(lambda vm: len(vm.disks) > 4)`.
        """
        for name in fields:
            self._field(name)
        asked = [(name, condition(self.type, name, wanted)) for name, wanted in fields.items()]
        found = (item for item in self._items if all(is_wanted(getattr(item, name)) for name, is_wanted in asked))
        return self._like(found if test is None else filter(test, found))

    def _field(self, name: str) -> None:
        known = [field.name for field in attrs.fields(self.type)]  # type: ignore[arg-type]
        if name not in known:
            raise UnknownField(
                f"{self.type.__name__} has no field {name!r}", remedy=f"its fields are: {', '.join(known)}"
            )

    @property
    def schema(self) -> pyarrow.Schema:
        """The Arrow schema: names and types; units and descriptions are in the metadata of its fields."""
        kind: Any = self.type
        return arrow_schema(kind)

    def to_arrow(self) -> pyarrow.Table:
        """A `pyarrow.Table`, made once; nested records are structs, units and descriptions are in the metadata."""
        if self._arrow is None:
            self._arrow = arrow_table(self.type, self._items)
        return self._arrow

    def to_pandas(self) -> pandas.DataFrame:
        """A `pandas.DataFrame` over Arrow's memory: integers stay integers, missing values stay missing."""
        pandas = need("pandas")
        return self.to_arrow().to_pandas(types_mapper=pandas.ArrowDtype)

    def to_polars(self) -> polars.DataFrame:
        """A `polars.DataFrame`; numbers and moments share Arrow's memory, text is copied into polars' own form."""
        return need("polars").from_arrow(self.to_arrow())

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def plot(self, inventory: Any = None) -> Any:
        """A chart (Altair) of measurements over time, as `hi.charts.samples`; other records have none: `NotSupported`.

        With an `inventory` its machines have their names. Of an inventory itself `hi.charts` has charts. It needs
        `hybridinv[report]`.
        """
        from hybridinv.charts import samples

        return samples(self, inventory)

    def _repr_html_(self) -> str:
        kind: Any = self.type
        missing = [
            f"<p><strong>Incomplete</strong>: {cell(shortened(str(one)))}</p>"
            for one in self.problems[:_SHOWN_PROBLEMS]
        ]
        return page(*missing, records_html(kind, self._items, self._names, lambda name: _is_nested(kind, name)))


def _is_nested(kind: type, name: str) -> bool:
    """Whether a field holds what does not fit into a cell: other records, or several values."""
    hint = hints(kind)[name]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if attrs.has(hint) or any(attrs.has(one) for one in arguments) or hint is Tags:
        return True
    # A record without a name is told by its lists.
    return origin in (tuple, frozenset) and "name" in attrs.fields_dict(kind)


_NAMING = {"query", "query_table"}
_ANSWERS = {"SELECT", "EXPLAIN", "PRAGMA", "CALL", "MULTI"}
"""What DuckDB calls statements that ask; several in one is a PIVOT."""
_ASK = "ask with one SELECT, DESCRIBE, SUMMARIZE or SHOW TABLES; the tables cannot be changed"
_NO_TABLE = re.compile(r"Table with name (\S+) does not exist")


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
        return list(zip(*(column.to_pylist(maps_as_pydicts="lossy") for column in self._table.columns), strict=True))

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.fetchall())

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        return self.fetchall()[index]

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def to_arrow(self) -> pyarrow.Table:
        """The `pyarrow.Table` itself."""
        return self._table

    def to_pandas(self) -> pandas.DataFrame:
        """A `pandas.DataFrame` with Arrow-backed columns."""
        return self._table.to_pandas(types_mapper=need("pandas").ArrowDtype)

    def to_polars(self) -> polars.DataFrame:
        """A `polars.DataFrame`."""
        return need("polars").from_arrow(self._table)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        return f"<QueryResult: {len(self)} row{'' if len(self) == 1 else 's'} of {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        columns = self._table.slice(0, SHOWN_ROWS).columns[:SHOWN_COLUMNS]
        rows = zip(*(column.to_pylist(maps_as_pydicts="lossy") for column in columns), strict=True)
        left = and_more(len(self.columns), SHOWN_COLUMNS, "columns")
        return page(html_table(self.columns[:SHOWN_COLUMNS], rows), and_more(len(self), SHOWN_ROWS), left)


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


class Table(Protocol):
    """What a query can ask: `Records`, and what they hold several of."""

    @property
    def schema(self) -> pyarrow.Schema: ...
    def to_arrow(self) -> pyarrow.Table: ...


def run_query(tables: Mapping[str, Table], sql: str) -> QueryResult:
    """Ask tables in SQL (DuckDB's dialect), in one statement. The query can reach no file and no network."""
    duckdb = need("duckdb")
    if not isinstance(sql, str):
        raise QueryFailed(f"the query is {type(sql).__name__}, not text", remedy=_ASK)
    words = set(re.findall(r"\w+", sql.lower()))
    # These two make up names of tables while they run.
    asked = tables.keys() if words & _NAMING else words & tables.keys()
    with duckdb.connect() as connection:
        # All are there, for who asks what there is; only what is named has rows.
        for name, table in tables.items():
            connection.register(name, table.to_arrow() if name in asked else table.schema.empty_table())
        connection.execute("SET TimeZone = 'UTC'; SET enable_external_access = false; SET lock_configuration = true")
        try:
            statements = duckdb.extract_statements(well_formed(sql))
            if len(statements) != 1:
                raise QueryFailed(
                    f"these are {len(statements)} statements" if statements else "the query is empty", remedy=_ASK
                )
            if statements[0].type.name not in _ANSWERS:
                raise QueryFailed(f"{statements[0].type.name} is not allowed", remedy=_ASK)
            answer = connection.sql(statements[0])
            if answer is None:
                raise QueryFailed("this statement has no answer", remedy=_ASK)
            found = _with_numbers(answer.to_arrow_table())
            return QueryResult(found.rename_columns(_distinct(found.column_names)))
        except duckdb.Error as error:
            said = " ".join(str(error).partition("\nLINE ")[0].partition("\nDid you mean")[0].split())
            raise QueryFailed(said, remedy=_remedy(said, tables)) from error
        except RuntimeError as error:
            if str(error) == "Query interrupted":  # as DuckDB words a Ctrl-C
                raise KeyboardInterrupt from None
            raise


def _with_numbers(table: pyarrow.Table) -> pyarrow.Table:
    """The table with sums of integers as integers, and differences of moments as durations, which data frames know.

    DuckDB makes numbers of 38 digits of the ones, Arrow decimals; of the others months, days and microseconds. Where
    it compares them, a month has 30 days.
    """
    pyarrow = need("pyarrow")
    for place, field in enumerate(table.schema):
        if pyarrow.types.is_decimal(field.type) and not field.type.scale:
            with suppress(pyarrow.ArrowInvalid):
                table = table.set_column(place, field.name, table.column(place).cast(pyarrow.int64()))
        if field.type == pyarrow.month_day_nano_interval():
            spans = [one and _span(*one) for one in table.column(place).to_pylist()]
            table = table.set_column(place, field.name, pyarrow.array(spans, pyarrow.duration("us")))
    return table


def _span(months: int, days: int, nanoseconds: int) -> timedelta:
    return timedelta(days=30 * months + days, microseconds=nanoseconds // 1000)


def _remedy(said: str, tables: Mapping[str, Table]) -> str:
    if said.startswith("Permission Error"):
        return "a query reaches no file, no network and no setting; give what it needs to DuckDB itself"
    if "column" in said.lower() and said.startswith("Binder Error"):
        return "`describe` and the name of a table tells its columns"
    wrong = _NO_TABLE.search(said)
    if not wrong:
        of_records = [name for name, table in tables.items() if isinstance(table, Records)]
        return f"the tables are: {', '.join(of_records)}, and those of what they hold several of; `show tables`"
    near = difflib.get_close_matches(wrong[1].lower(), tables, 3)
    question = f"did you mean {' or '.join(near)}? " if near else ""
    return f"{question}the tables are: {', '.join(tables)}"
