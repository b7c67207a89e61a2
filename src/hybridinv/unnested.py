"""What records hold several of, as tables of their own: `vm_disks`, `vm_tags`, `host_nics`, `cluster_rule_vm_ids`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.columns import arrow_array, arrow_field, hints, is_mapping, is_nested, item_type, need, told_by_check

if TYPE_CHECKING:
    import pyarrow

_CALLED = ("name", "device", "path", "key")
"""The field that names an item, the first that it has."""


@attrs.frozen
class Column:
    """A column: its name, the type of its values, what they mean, and where they are in an item's way there."""

    name: str
    hint: Any
    doc: str
    unit: str
    level: int
    field: str
    """A field of what is at that level of the way; empty for the thing itself."""


@attrs.frozen
class Unnested:
    """Items that records hold, each with its parent's id and name and its place there: a table, as `Records` are."""

    name: str
    kind: type
    records: Sequence[Any] = attrs.field(repr=False)
    path: tuple[str, ...]
    columns: tuple[Column, ...] = attrs.field(repr=False)

    @property
    def schema(self) -> pyarrow.Schema:
        """The Arrow schema, with units and descriptions."""
        return need("pyarrow").schema([arrow_field(one.name, one.hint, one.doc, one.unit) for one in self.columns])

    def to_arrow(self) -> pyarrow.Table:
        """A `pyarrow.Table`, one row an item."""
        with told_by_check(self.kind, self.records):
            arrays = [arrow_array(self.values(column), column.hint) for column in self.columns]
        return need("pyarrow").Table.from_arrays(arrays, schema=self.schema)

    def values(self, column: Column) -> list[Any]:
        """The values of one column."""
        found = [way[column.level] for way in self._ways]
        return [getattr(one, column.field) for one in found] if column.field else found

    @cached_property
    def _ways(self) -> list[tuple[Any, ...]]:
        """Of every item the way there: the record's place, the record, the item's place in it, the item, and so on."""
        ways: list[tuple[Any, ...]] = list(enumerate(self.records, 1))
        for name in self.path:
            ways = [(*way, place, item) for way in ways for place, item in enumerate(_items(getattr(way[-1], name)), 1)]
        return ways


def unnested(kinds: Mapping[str, type], tables: Mapping[str, Sequence[Any]]) -> dict[str, Unnested]:
    """The tables of all that the records of these kinds hold several of, by name.

    A table is named after the singular of its kind and the field, `vm_disks`; what items hold several of in turn has
    their singular too, `vm_disk_chain`. Its columns are the parent's id, name, platform and source, the place of the
    item among the parent's (from 1), and the item's own fields; names and values are `name` and `value`. A parent that
    has no id is told by its place too.
    """
    return {
        name: Unnested(name, kind, tables[table], path, columns)
        for table, kind in kinds.items()
        for name, path, columns in _described(singular(table), kind)
    }


def _described(table: str, kind: type) -> Iterator[tuple[str, tuple[str, ...], tuple[Column, ...]]]:
    names = [name for name in ("id", "name", "platform", "source") if name in hints(kind)]
    parents = [_column(kind, name, 1, _of_parent(table, name)) for name in names]
    if "id" not in names:
        parents.append(Column(f"{table}_position", int, "The place of what it is of, from 1.", "", 0, ""))
    yield from _inside(table, kind, (), parents)


def _of_parent(table: str, name: str) -> str:
    return f"{table}_{name}" if name in ("id", "name") else name


def _inside(
    table: str, kind: type, path: tuple[str, ...], outer: Sequence[Column]
) -> Iterator[tuple[str, tuple[str, ...], tuple[Column, ...]]]:
    for field in attrs.fields(kind):
        hint = hints(kind)[field.name]
        if not is_nested(hint):
            continue
        item, level = item_type(hint) or hint, 2 * len(path) + 3
        several = item is not hint or is_mapping(hint)
        own = _columns(field, item, level)
        taken = {column.name for column in own}
        place = [Column("position", int, "Its place among its parent's, from 1.", "", level - 1, "")] if several else []
        inherited = [column for column in outer if column.name not in taken]
        name = f"{table}_{field.name}"
        yield name, (*path, field.name), (*inherited, *place, *own)
        if attrs.has(item):
            called = singular(field.name)
            further = [attrs.evolve(one, name=f"{called}_position") for one in place]
            naming = [label for label in _CALLED if label in hints(item)][: len(place)]
            further += [_column(item, label, level, f"{called}_{label}") for label in naming]
            yield from _inside(f"{table}_{called}", item, (*path, field.name), (*outer, *further))


def _columns(field: attrs.Attribute[Any], item: Any, level: int) -> list[Column]:
    if attrs.has(item):
        return [_column(item, name, level, name) for name in hints(item)]
    doc, unit = str(field.metadata.get("doc", "")), str(field.metadata.get("unit", ""))
    if is_mapping(item):
        return [Column("name", str, doc, "", level, "name"), Column("value", str, doc, "", level, "value")]
    return [Column(singular(field.name), item, doc, unit, level, "")]


def _column(kind: type, name: str, level: int, called: str) -> Column:
    metadata = attrs.fields_dict(kind)[name].metadata
    return Column(called, hints(kind)[name], str(metadata.get("doc", "")), str(metadata.get("unit", "")), level, name)


@attrs.frozen
class _Pair:
    name: str
    value: str


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return (_Pair(*pair) for pair in value.items())
    if isinstance(value, frozenset):
        return sorted(value)
    return value if isinstance(value, tuple) else (value,)


def singular(word: str) -> str:
    """`vm` of `vms`, `capability` of `capabilities`, `address` of `addresses`; other words stay as they are."""
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
