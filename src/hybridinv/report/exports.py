"""An inventory as Parquet and CSV files, one a table: all of them, or none."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.columns import hints, is_nested, need
from hybridinv.errors import InventoryFileError, NotSupported
from hybridinv.inventory import Inventory, every_table
from hybridinv.saving import checked
from hybridinv.tables import Records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hybridinv.unnested import Unnested

_STARTS = r"[\s\x00-\x1f\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]"
_MARKS = re.compile(r"^[\t\r\n]|[=+\-@\uff1d\uff0b\uff0d\uff20]")
_FORMULA = re.compile(rf"(?:^|(?<=[;,|\t\r\n]))(?={_STARTS})|^(?=[\t\r\n])")
"""Where a spreadsheet might take what follows for a formula: at the start, and after what it may take for a cell's end.

https://owasp.org/www-community/attacks/CSV_Injection
"""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Control characters, but for tab and line ends, which quotes keep; other programs end a text there, or act on it."""


def write_parquet(inv: Inventory, folder: str | os.PathLike[str]) -> list[Path]:
    """The Parquet files that were written to `folder`, one for each table that `inv.sql` knows, named after it.

    Nested columns stay nested; what they hold is in files of its own too. Types stay what they are, moments are
    microseconds in UTC. Each column's `description` and `unit` are in the Arrow schema that Parquet keeps, and once
    more, for those who do not read that, in the file's own metadata as JSON under the key `hybridinv`, with
    `taken_at`, `complete` and the version of this library. What could not be read is `problems.parquet`. A failure
    (`InventoryFileError`; `MissingExtra` without pyarrow) leaves the folder as it was.
    """
    pyarrow = need("pyarrow")
    __import__("pyarrow.parquet")

    def write(table: Records[Any] | Unnested, path: Path) -> None:
        arrow = table.to_arrow()
        about = json.dumps({**_about(inv), "columns": _columns_of(arrow.schema)}).encode()
        pyarrow.parquet.write_table(arrow.replace_schema_metadata({"hybridinv": about}), path, compression="zstd")

    return _written(folder, "parquet", _checked(inv), write)


def write_csv(inv: Inventory, folder: str | os.PathLike[str]) -> list[Path]:
    """The CSV files that were written to `folder`, one for each table that `inv.sql` knows, named after it.

    What records hold several of is in files of its own (`vm_disks.csv` has `vm_id`), not in their cells. UTF-8 with
    the mark that Excel asks for, commas, all text in quotes; moments are ISO 8601 in UTC (`2026-01-31T08:00:00Z`),
    unknown numbers are empty, unknown text is `""`. Text that a spreadsheet would take for a formula gets an
    apostrophe before it; control characters other than tab and line ends are U+FFFD. What could not be read is
    `problems.csv`. A failure (`InventoryFileError`) leaves the folder as it was.
    """

    def write(table: Records[Any] | Unnested, path: Path) -> None:
        with path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as file:
            file.writelines(_lines(table))

    with checked(inv):
        return _written(folder, "csv", _checked(inv), write)


def _checked(inv: Inventory) -> dict[str, Records[Any] | Unnested]:
    if not isinstance(inv, Inventory):
        raise NotSupported(f"inv= is {type(inv).__name__}, not an Inventory", remedy="hi.collect and hi.load give one")
    return every_table(inv)


def _about(inv: Inventory) -> dict[str, Any]:
    from hybridinv import __version__

    return {"version": __version__, "taken_at": _cell(inv.taken_at), "complete": inv.complete, "sources": inv.sources}


def _columns_of(schema: Any) -> dict[str, dict[str, str]]:
    return {
        field.name: {key.decode(): value.decode() for key, value in (field.metadata or {}).items() if value}
        for field in schema
    }


def _lines(table: Records[Any] | Unnested) -> Iterator[str]:
    if isinstance(table, Records):
        kind: Any = table.type
        names = [name for name, hint in hints(kind).items() if not is_nested(hint)]
        columns: list[Iterable[Any]] = [[getattr(record, name) for record in table] for name in names]
    else:
        flat = [column for column in table.columns if not is_nested(column.hint)]
        names, columns = [column.name for column in flat], [table.values(column) for column in flat]
    yield ",".join(map(_cell, names)) + "\r\n"
    for row in zip(*columns, strict=True):
        yield ",".join(map(_cell, row)) + "\r\n"


def _cell(value: object) -> str:
    if type(value) is str:
        return _quoted(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, (int, float, date)):
        return str(value)
    return _quoted(str(value))


@lru_cache(maxsize=50_000)
def _quoted(text: str) -> str:
    safe = _FORMULA.sub("'", text) if _MARKS.search(text) else text
    if not safe.isprintable():
        safe = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", safe)
    return '"' + safe.replace('"', '""') + '"'


@attrs.define
class _Swap:
    """Files on their way into a folder: each replaced one is kept until all are there."""

    folder: Path
    staged: Path
    done: list[tuple[Path, Path | None]] = attrs.field(factory=list)

    def put(self, file: Path) -> None:
        place, kept = (self.folder / file.name).resolve(), self.staged / f"{file.name}.before"
        before = None
        if place.exists():
            shutil.copymode(place, file)
            before = Path(shutil.move(place, kept))
        self.done.append((place, before))
        shutil.move(file, place)

    def undo(self) -> None:
        for place, before in reversed(self.done):
            with suppress(OSError):
                place.unlink(missing_ok=True)
                if before:
                    shutil.move(before, place)


def _written(
    folder: str | os.PathLike[str],
    ending: str,
    tables: dict[str, Records[Any] | Unnested],
    write: Callable[[Records[Any] | Unnested, Path], None],
) -> list[Path]:
    if not isinstance(folder, (str, os.PathLike)) or not os.fspath(folder):
        raise NotSupported(f"folder={folder!r:.40} is no folder", remedy='give its name, "." for the current one')
    target = Path(folder).resolve()
    fresh = not target.exists()
    # Beside a folder that is still to be made, it is there with all its files at once.
    staged = (target.parent if fresh else target) / f".{target.name}.{secrets.token_hex(4)}"
    try:
        staged.mkdir()
        try:
            files = [staged / f"{name}.{ending}" for name in tables]
            _check_places(target, files)
            for file, table in zip(files, tables.values(), strict=True):
                write(table, file)
            if fresh:
                staged.replace(target)
            else:
                _swapped(_Swap(target, staged), files)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    except OSError as error:
        raise InventoryFileError(
            f"cannot write to {folder}: {error.strerror or error}", remedy="give a folder that can be written"
        ) from error
    return [Path(folder) / file.name for file in files]


def _check_places(target: Path, files: Iterable[Path]) -> None:
    for file in files:
        place = target / file.name
        if place.exists() and not place.is_file():
            raise InventoryFileError(
                f"{place} is in the way: it is no plain file", remedy="move it, or give another folder"
            )


def _swapped(swap: _Swap, files: Iterable[Path]) -> None:
    try:
        for file in files:
            swap.put(file)
    except BaseException:
        swap.undo()
        raise
