"""The commands that show inventory files: show and diff."""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

import hybridinv as hi
from hybridinv.columns import hints, item_type, without_none
from hybridinv.inventory import KINDS, every_table
from hybridinv.model.rendering import Names
from hybridinv.report.workbook_reading import open_inventory
from hybridinv.saving import plain
from hybridinv.terminal import (
    FILE,
    column_names,
    command_name,
    draw_grid,
    draw_problems,
    draw_summary,
    draw_table,
    inventory_summary,
    is_reference,
    open_console,
    print_json,
    say,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_TABLES = (*KINDS, "problems")
_BYTES = {"": 1, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_AMOUNT = re.compile(r"(-?\d+(?:\.\d+)?) ?([KMGT]iB)?", re.IGNORECASE)
_YES = {"yes": True, "true": True, "no": False, "false": False}
_SHOWN = 60
"""Characters of a value in a table of changes."""
_BEFORE = 16
_LINES = 20
"""Lines in that table for one field of one record."""
_KEYS = ("name", "device", "path", "host_id", "vm_id", "key")
"""What tells records apart that another one holds, the first of these that does."""


def show(arguments: argparse.Namespace) -> int:
    """Show an inventory file: what is in it and what is missing, or one table."""
    if arguments.table is None and (arguments.where or arguments.columns):
        sys.stderr.write(f"{arguments.usage}hybridinv: error: --where and --columns are of a TABLE: name one\n")
        return 2
    inventory = open_inventory(arguments.file)
    if arguments.table is None:
        return _show_summary(inventory, arguments)
    records: hi.Records[Any] = getattr(inventory, arguments.table)
    fields = [_field(records, name) for name in arguments.columns]
    names = Names(inventory.tables().values())
    for name, wanted in arguments.where:
        field = _field(records, name)
        records = records.where(**{field: _test(records.type, field, wanted, names)})
    if arguments.json:
        rows = (plain(record) for record in records)
        print_json([{field: row[field] for field in fields or row} for row in rows])
        return 0
    console = open_console()
    room = max(console.height - 6, 5) if console.is_terminal and not arguments.all else len(records)
    draw_table(console, inventory, records[:room], fields, whole=arguments.all)
    if len(records) > room:
        say(console, f"{len(records) - room} more: --all shows them")
    return 0


def _show_summary(inventory: hi.Inventory, arguments: argparse.Namespace) -> int:
    if arguments.json:
        print_json(inventory_summary(inventory))
        return 0
    console = open_console()
    draw_summary(console, inventory)
    draw_problems(console, inventory, f"{command_name()} show {arguments.file} problems")
    return 0


def describe(command: argparse.ArgumentParser) -> None:
    """The arguments of `show`."""
    command.add_argument("file", metavar="FILE", help=FILE)
    command.add_argument(
        "table", metavar="TABLE", nargs="?", type=_table, choices=_TABLES, help=f"one of {', '.join(_TABLES)}"
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--all", action="store_true", help="all rows and columns, even those that do not fit")
    command.add_argument(
        "--where", type=_condition, metavar="COLUMN=VALUE", action="append", default=[],
        help="only these rows; may be repeated",
    )  # fmt: skip
    command.add_argument(
        "--columns", type=_listed, metavar="C1,C2", default=[], help="only these columns, in this order"
    )
    command.set_defaults(usage=command.format_usage())


def _table(text: str) -> str:
    if text in _TABLES:
        return text
    if text in every_table(hi.Inventory()):
        raise argparse.ArgumentTypeError(f"{text} is a table of sql: ask with `sql FILE 'from {text}'`")
    raise argparse.ArgumentTypeError(f"there is no {text!r}; the tables are {', '.join(_TABLES)}")


def _condition(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError("must be COLUMN=VALUE")
    return name, value


def _listed(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise argparse.ArgumentTypeError("names no column")
    return names


def _field(records: hi.Records[Any], name: str) -> str:
    """The field that is meant by the name of a column, or by its own."""
    columns = column_names(records.type)
    if name not in columns and name not in columns.values():
        raise hi.UnknownField(
            f"{records.type.__name__} has no field {name!r:.80}", remedy=f"its columns are: {', '.join(columns)}"
        )
    return columns.get(name, name)


def _test(kind: type, field: str, wanted: str, names: Names) -> Callable[[object], bool]:
    """What asks a field whether it holds what was typed; `UnknownField` where it never could."""
    hint = hints(kind)[field]
    hint = without_none(item_type(hint) or hint)
    if attrs.has(hint):
        raise hi.UnknownField(f"{field} holds records, not a value", remedy="ask for them with `hybridinv sql`")
    if not wanted:
        return lambda value: value is None or value == "" or value == ()
    word = wanted.lower()
    test: Callable[[Any], bool] = partial(_is_text, word, names.get if is_reference(field) else None)
    if issubclass(hint, Enum):
        _check(field, wanted, word in list(hint), f"it is one of: {', '.join(hint)}")
    elif hint is bool:
        _check(field, wanted, word in _YES, "it is yes or no")
        test = _YES[word].__eq__
    elif hint in (int, float):
        test = _number(field, wanted)
    elif hint is datetime:
        test = _moment(field, wanted)
    return lambda value: any(one is not None and test(one) for one in _several(value))


def _check(field: str, wanted: str, could_be: object, remedy: str) -> None:
    if not could_be:
        raise hi.UnknownField(f"{field} is never {wanted!r:.80}", remedy=remedy)


def _several(value: Any) -> Any:
    return value if isinstance(value, (tuple, frozenset)) else (value,)


def _is_text(word: str, name_of: Callable[[str], str] | None, value: Any) -> bool:
    """Whether a value is that word in any letter case: by its name too where it is an id, of a tag its pair or name."""
    if isinstance(value, Mapping):
        return word in {f"{name}={one}".lower() for name, one in value.items()} | {name.lower() for name in value}
    return str(value).lower() == word or (name_of is not None and name_of(value).lower() == word)


def _number(field: str, wanted: str) -> Callable[[Any], bool]:
    found = _AMOUNT.fullmatch(wanted.strip())
    sized = field.endswith("_bytes")
    _check(field, wanted, found and (sized or not found[2]), f"it is a number{', of bytes, or as 8GiB' * sized}")
    assert found  # noqa: S101 - for the type checker
    number = float(found[1]) * _BYTES[(found[2] or "").upper()]
    if found[2]:  # as it is shown, for who copies it from there
        return lambda value: shown(value, field) == f"{number / 2**30:.1f} GiB"
    return lambda value: bool(value == number)


def _moment(field: str, wanted: str) -> Callable[[Any], bool]:
    """Whether a moment begins as what was typed: a day, a minute, or all of it."""
    text = wanted.replace("T", " ").removesuffix("Z").removesuffix("+00:00")
    try:
        found = datetime.fromisoformat(text)
        is_one = found.tzinfo is None and text.startswith(f"{found:%Y-%m-%d}")
    except ValueError:
        is_one = False
    _check(field, wanted, is_one, "it is a day or a moment in UTC, as 2026-01-14 or 2026-01-14T09:30")
    return lambda value: f"{value:%Y-%m-%d %H:%M:%S.%f}".startswith(text)


def diff(arguments: argparse.Namespace) -> int:
    """Show what changed between two inventory files; the exit code is 0 with changes and without."""
    before, after = open_inventory(arguments.before), open_inventory(arguments.after)
    changes = before.diff(after)
    if arguments.kind:
        changes = changes.where(kind=lambda kind: kind in arguments.kind)
    if arguments.json:
        print_json([plain(one) for one in changes])
        return 0
    console = open_console()
    counts = Counter(str(one.change).replace("_", " ") for one in changes)
    said = ", ".join(f"{number} {what}" for what, number in counts.items())
    say(
        console,
        f"{before.taken_at:%Y-%m-%d %H:%M} to {after.taken_at:%Y-%m-%d %H:%M} UTC: {said or 'no changes'}.",
        "bold",
    )
    shown = changes if arguments.all else changes.where(change=lambda change: change != "not_seen")
    if shown:
        rows = list(_rows(shown, before, after))
        draw_grid(console, ["change", "kind", "name", "field", "before", "after"], rows, fit=False)
    if len(shown) < len(changes):
        say(
            console,
            f"{len(changes) - len(shown)} not seen in one of them, which did not look for them or could not:"
            " --all shows them",
        )
    return 0


def describe_diff(command: argparse.ArgumentParser) -> None:
    """The arguments of `diff`."""
    command.add_argument("before", metavar="BEFORE", help=FILE)
    command.add_argument("after", metavar="AFTER", help=FILE)
    command.add_argument(
        "--kind",
        metavar="KIND",
        choices=list(KINDS),
        action="append",
        help=f"only this kind, may be repeated; {', '.join(KINDS)}",
    )
    command.add_argument("--all", action="store_true", help="also what one of them did not look for")
    command.add_argument("--json", action="store_true", help="print JSON, with the values in full")


def _rows(changes: hi.Records[hi.Change], before: hi.Inventory, after: hi.Inventory) -> Iterator[list[str]]:
    """The changes as a table, with a line for each thing in a field that differs."""
    old, new = (
        {(kind, one.id): one for kind, table in inventory.tables().items() for one in table}
        for inventory in (before, after)
    )
    names = Names([*before.tables().values(), *after.tables().values()])
    for one in changes:
        head = [str(one.change).replace("_", " "), one.kind, one.name]
        if not one.field:
            yield [*head, "", "", ""]
            continue
        earlier, later = (getattr(records[one.kind, one.id], one.field) for records in (old, new))
        lines = list(_differences(one.field, earlier, later, names)) or [(one.field, "", "the same in another order")]
        for where, *texts in lines[:_LINES]:
            yield [*head, where, *_apart(*texts)]
        if len(lines) > _LINES:
            yield [*head, one.field, f"and {len(lines) - _LINES} more", ""]


def _differences(field: str, before: Any, after: Any, names: Names, where: str = "") -> Iterator[tuple[str, str, str]]:
    """What differs between two values of a field: where in it, and both as people read them."""
    where = where or field
    if before == after:
        return
    old, new = _parts(before, after)
    if old or new:
        for part in dict.fromkeys((*old, *new)):
            inner = part if attrs.has(type(before)) else field
            label = names.get(part) or part
            yield from _differences(inner, old.get(part), new.get(part), names, f"{where}: {label}")
        return
    texts = [_text(field, value, names) for value in (before, after)]
    if texts[0] == texts[1]:  # sizes that differ by little, ids of one name
        texts = [", ".join(map(str, _several(value))) for value in (before, after)]
    yield where, texts[0], texts[1]


def _parts(before: Any, after: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two values by the names of what they consist of; nothing where a value is told as a whole."""
    pair = (before, after)
    if all(isinstance(one, Mapping) for one in pair):
        return dict(before), dict(after)
    if attrs.has(type(before)) and type(before) is type(after):
        fields = [field.name for field in attrs.fields(type(before))]
        return {name: getattr(before, name) for name in fields}, {name: getattr(after, name) for name in fields}
    if not all(isinstance(one, tuple) and all(attrs.has(type(item)) for item in one) for one in pair):
        return {}, {}
    for name in _KEYS:
        keys = [[getattr(item, name, "") for item in one] for one in pair]
        if all(all(one) and len(set(one)) == len(one) for one in keys):
            return dict(zip(keys[0], before, strict=True)), dict(zip(keys[1], after, strict=True))
    return {str(at): item for at, item in enumerate(before, 1)}, {str(at): item for at, item in enumerate(after, 1)}


def _text(field: str, value: Any, names: Names) -> str:
    if is_reference(field) and value:
        return ", ".join(names.get(one) or one for one in _several(value))
    return shown(value, field)


def _apart(before: str, after: str) -> tuple[str, str]:
    """Two values, cut to the place where they differ where they are long."""
    same = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), 0)
    start = max(same - _BEFORE, 0) if max(len(before), len(after)) > _SHOWN else 0
    return _short(before, start), _short(after, start)


def _short(value: str, start: int) -> str:
    cut = ("…" if start else "") + value[start:]
    return cut if len(cut) <= _SHOWN else f"{cut[: _SHOWN - 1]}…"
