"""What people see of an inventory on a terminal.

Names of machines are not to be trusted: whatever is printed has lost its control characters and its markup, so that
a name can neither colour a terminal nor forge a line of it.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.inventory import KINDS, count_of, counted
from hybridinv.model.rendering import LEADING, Names
from hybridinv.saving import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars

    import hybridinv as hi

_WIDEST = 10_000  # without a terminal no line is cut
_CELL = 40
_PIPED = 200
_BETWEEN = 3
"""Spaces between two columns."""
_SHOWN_PROBLEMS = 20
_PARAMETER = re.compile(r"\bto_(host|datastore)=")
"""What remedies call the options of `plan-migration`: they are the function's."""
FILE = "an inventory file, or an RVTools workbook (.xlsx)"
"""What commands that take an inventory say of it."""


@contextmanager
def progress() -> Iterator[Callable[[hi.Progress], None]]:
    """Bars on a terminal, else one line for each finished source."""
    if not sys.stderr.isatty():
        yield partial(_print_step, set())
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        yield partial(_advance, bars, {}, set())


def _print_step(told: set[tuple[str, str]], step: hi.Progress) -> None:
    outcome = _outcome(told, step)
    if step.done and not step.kind:
        problems = f", {count_of('problem', step.problems)}" if step.problems else ""
        sys.stderr.write(clean(f"{step.source} ({step.platform}): {outcome}{problems}") + "\n")


def _outcome(told: set[tuple[str, str]], step: hi.Progress) -> str:
    """What to call the end of a source; `told` keeps which have given records."""
    key = (step.platform, step.source)
    if step.read:
        told.add(key)
    return "not read" if step.problems and key not in told else "read"


def _advance(bars: Bars, tasks: dict[tuple[str, str], Any], told: set[tuple[str, str]], step: hi.Progress) -> None:
    key = (step.platform, step.source)
    outcome = _outcome(told, step)
    if key not in tasks:
        tasks[key] = bars.add_task("", total=None)
    if step.done and not step.kind:
        bars.update(tasks[key], description=clean(f"{step.source}: {outcome}"), total=1, completed=1)
    else:
        name = clean(f"{step.source}: {step.kind}")
        bars.update(tasks[key], description=name, total=step.expected, completed=step.read)


def command_name() -> str:
    """How this program is called here."""
    if shutil.which("hybridinv"):
        return "hybridinv"
    return sys.argv[0] if Path(sys.argv[0]).name == "hybridinv" else "python -m hybridinv"


def open_console() -> Console:
    """Standard output; it understands no markup, and without a terminal it cuts no line."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _WIDEST
    return Console(width=width, highlight=False, markup=False, emoji=False)


class Command(argparse.ArgumentParser):
    """A command that itself says what is wrong with its arguments, with its own usage."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """The arguments; those that it does not know are an error."""
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return found, rest


class Help(argparse.RawDescriptionHelpFormatter):
    """Help whose one-line texts are wrapped, and whose examples stay as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return super()._fill_text(text, width, indent)
        return argparse.HelpFormatter._fill_text(self, text, width, indent)


def examples(*lines: str) -> str:
    """What the help of a command ends with."""
    return "\n  ".join(("examples:" if len(lines) > 1 else "example:", *lines))


def print_json(value: object) -> None:
    """A value as JSON on standard output; what JSON has no number for is null."""
    # Escapes stay in: a terminal that is shown JSON must not act on it either.
    sys.stdout.write(json.dumps(_finite(value), indent=2, default=_json, allow_nan=False) + "\n")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, (list, tuple)) else value


def _json(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)


def inventory_summary(inventory: hi.Inventory) -> dict[str, Any]:
    """What there is of each source, and the problems, for `print_json`."""
    counts = [{"platform": platform, "source": source, **row} for (platform, source), row in inventory.counts().items()]
    facts = {"taken_at": inventory.taken_at, "complete": inventory.complete, "sources": inventory.sources}
    return {**facts, "counts": counts, "problems": [plain(one) for one in inventory.problems]}


def say(console: Console, text: str, style: str = "") -> None:
    """One line."""
    from rich.text import Text

    console.print(Text(clean(text), style), soft_wrap=True)


def draw_summary(console: Console, inventory: hi.Inventory) -> None:
    """What there is of each source, one line each: it is whole on a terminal of any width."""
    say(console, f"As of {inventory.taken_at:%Y-%m-%d %H:%M} UTC:")
    for (platform, source), row in inventory.counts().items():
        found = ", ".join(counted(kind.replace("_", " "), row[kind]) for kind in KINDS if kind in row)
        say(console, f"  {platform} {source}: {found or 'nothing'}")
    say(console, "")


def draw_problems(console: Console, inventory: hi.Inventory, rest: str = "") -> None:
    """What is missing, and what to do about it; `rest` is the command that shows what is too much for here."""
    if inventory.complete:
        say(console, "Complete: nothing is missing.", "green")
        return
    say(console, f"Incomplete: {count_of('problem', len(inventory.problems))}. This is missing:", "bold red")
    for one in inventory.problems[:_SHOWN_PROBLEMS]:
        where = " ".join(part for part in (one.platform, one.source, one.kind, one.scope) if part)
        say(console, f"  {where}: {one.error}: {one.message}")
        if one.remedy:
            say(console, f"    {one.remedy}")
    if len(inventory.problems) > _SHOWN_PROBLEMS:
        say(console, f"  and {len(inventory.problems) - _SHOWN_PROBLEMS} more" + (f": {rest}" if rest else ""))


def draw_plan(console: Console, plan: hi.MigrationPlan | hi.MaintenancePlan | hi.MigrationCheck) -> None:
    """A plan, or what a vCenter says of one, as it puts itself; the names in it cannot add lines."""
    for line in str(_cleaned(plan)).split("\n"):
        say(console, _PARAMETER.sub(r"--to-\1", line))


def column_names(kind: type) -> dict[str, str]:
    """The fields of a record by what their columns are called, those that come first in front."""
    fields = [field.name for field in attrs.fields(kind)]
    found: dict[str, str] = {}
    for field in dict.fromkeys((*LEADING.get(kind.__name__, ()), *fields)):
        short = re.sub("_ids?$" if is_reference(field) else "_bytes$", "", field)
        found[field if short != field and short in fields else short] = field
    return found


def is_reference(field: str) -> bool:
    """Whether a field holds ids of other records."""
    return field.endswith(("_id", "_ids")) and field != "vlan_id"


def draw_table(
    console: Console,
    inventory: hi.Inventory,
    records: hi.Records[Any],
    fields: Sequence[str] = (),
    *,
    whole: bool = False,
) -> None:
    """One table; ids of other records are shown as their names, empty and nested columns are left out.

    `fields` are those that are wanted, in their order, whatever they hold; with `whole` no column is left out for want
    of room.
    """
    names = Names(inventory.tables().values())
    heads, columns = [], []
    called = {field: head for head, field in column_names(records.type).items()}
    for field in fields or called:
        values: Sequence[Any] = records[field]
        if not fields and (field == "id" or any(attrs.has(type(one)) for value in values for one in _several(value))):
            continue
        if is_reference(field):
            values = [tuple(_name(one, names, known=not fields) for one in _several(value)) for value in values]
        cells = [shown(value, field) for value in values]
        if fields or any(cells):
            heads.append(called[field])
            columns.append(cells)
    rows = [list(row) for row in zip(*columns, strict=True)]
    fit = not (whole or fields) and records.type.__name__ != "Problem"
    draw_grid(console, heads, rows, fit=fit, piped=_PIPED)


def _name(id_: Any, names: Names, *, known: bool) -> str:
    return names.get(id_) or ("" if known else id_ or "")


def _several(value: object) -> Iterable[object]:
    return value if isinstance(value, (tuple, frozenset)) else (value,)


def draw_grid(
    console: Console, heads: Sequence[str], rows: Sequence[Sequence[str]], *, fit: bool = True, piped: int = _WIDEST
) -> None:
    """A table of cleaned cells; the columns that do not fit on a terminal are counted, not squeezed.

    `piped` is how wide it may be where there is no terminal.
    """
    heads, cells = [clean(head) for head in heads], [[clean(cell) for cell in row] for row in rows]
    count = _fitting(console.width if console.is_terminal else piped, heads, cells) if fit else len(heads)
    if console.is_terminal:
        _draw(console, heads[:count], cells, fit=fit)
    else:
        _write(console, heads[:count], cells)
    if not rows:
        say(console, "no rows")
    if count < len(heads):
        say(console, f"{len(heads) - count} more columns: {', '.join(heads[count:])}")


def _draw(console: Console, heads: Sequence[str], rows: Sequence[Sequence[str]], *, fit: bool) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for number, head in enumerate(heads):
        table.add_column(
            Text(head), justify="right" if _are_numbers(rows, number) else "left",
            max_width=_CELL if fit else None, no_wrap=fit, overflow="ellipsis" if fit else "fold",
        )  # fmt: skip
    for row in rows:
        table.add_row(*(Text(cell) for cell in row[: len(heads)]))
    console.print(table)


def _write(console: Console, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """The same for a file or a pipe: rich measures every cell over and over, seconds long where there are many."""
    from rich.cells import cell_len

    whole = (heads, *(row[: len(heads)] for row in rows))
    lengths = [[len(cell) if cell.isascii() else cell_len(cell) for cell in row] for row in whole]
    widths = [max(column) for column in zip(*lengths, strict=True)]
    right = [_are_numbers(rows, number) for number in range(len(heads))]
    lines = []
    for row, taken in zip(whole, lengths, strict=True):
        spaces = [" " * (width - length) for width, length in zip(widths, taken, strict=True)]
        parts = (gap + one if is_right else one + gap for one, gap, is_right in zip(row, spaces, right, strict=True))
        lines.append(f" {(' ' * _BETWEEN).join(parts)}".rstrip())
    rule = " " + ("-" if console.options.ascii_only else "─") * (sum(widths) + _BETWEEN * max(len(widths) - 1, 0))
    console.file.write("\n".join(["", lines[0], rule, *lines[1:], "", ""]))


def _are_numbers(rows: Sequence[Sequence[str]], column: int) -> bool:
    cells = [row[column] for row in rows if row[column]]
    return bool(rows) and all(one.removesuffix(" GiB").replace(".", "", 1).isdigit() for one in cells)


def _fitting(width: int, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """How many of the columns fit side by side; one at least."""
    used = 0
    for number, head in enumerate(heads):
        used += min(max(len(head), *(len(row[number]) for row in rows), 0), _CELL) + _BETWEEN
        if used - _BETWEEN + 2 > width and number:
            return number
    return len(heads)


def shown(value: object, field: str = "") -> str:
    """A value as people read it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and field.endswith("_bytes"):
        return f"{value / 2**30:.1f} GiB"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={one}" for name, one in value.items())
    if isinstance(value, (tuple, list, frozenset)):
        words = [shown(one) for one in value]
        between = "; " if any(attrs.has(type(one)) for one in value) else ", "
        return between.join(sorted(words) if isinstance(value, frozenset) else words)
    kind: Any = type(value)
    if attrs.has(kind):
        fields = ((one.name, getattr(value, one.name)) for one in attrs.fields(kind))
        told = ((name, shown(one, name)) for name, one in fields)
        return ", ".join(f"{name} {one}" for name, one in told if one)
    return str(value)


def clean(text: str) -> str:
    """Text without anything that acts on a terminal: control characters, direction marks and the like are spelt out."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _cleaned(value: Any) -> Any:
    """A record with all its texts cleaned."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, (tuple, frozenset)):
        return type(value)(_cleaned(one) for one in value)
    if attrs.has(type(value)):
        names = (field.name for field in attrs.fields(type(value)))
        return attrs.evolve(value, **{name: _cleaned(getattr(value, name)) for name in names})
    return value


def seconds(text: str) -> float:
    """A number of seconds that was typed."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("must be a number of seconds, more than 0")
    return number
