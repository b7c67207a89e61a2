"""The sheets in a file of RVTools: a workbook (.xlsx, or .xls of old releases) or a folder of its CSV exports."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.errors import InventoryFileError, MissingExtra

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ZIP, _OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_MOST_BYTES = 2 * 2**30
"""Unpacked. A workbook of 20,000 machines has a quarter of it."""
_MOST_OLD_BYTES = 512 * 2**20
_MOST_CELLS = 50_000_000
"""Of one sheet, empty ones included: the reader makes room for all between the first and the last."""
_CHUNK = 1 << 20
_CELL = re.compile(rb"""\br\s*=\s*["']\s*\$?([A-Za-z]{1,8})\$?(\d{1,12})""")
_CREATED = re.compile(rb"<dcterms:created[^>]*>\s*([0-9T:.Z+-]{10,35})\s*<")
_CSV = re.compile(r"rvtools_?tab(?P<name>\w+?)(?:\.csv)", re.IGNORECASE)
_LONGEST_CELL = 2**24
_SHEET = re.compile(r"(?:rvtools_?)?tab(?=v|dv)", re.IGNORECASE)
"""What stands before a sheet's name where a file was put together of CSV exports."""
REMEDY = (
    "give a workbook (.xlsx) that RVTools or write_workbook wrote, or a folder of its CSV exports; hi.load reads what"
    " save() wrote"
)


@attrs.frozen
class Found:
    """What a file holds: rows by the sheet's name, why a sheet could not be read, and when the file was made."""

    sheets: Mapping[str, Sequence[Sequence[object]]]
    failed: Mapping[str, str]
    made_at: datetime


def read_sheets(path: Path, names: Mapping[str, str]) -> Found:
    """The sheets of a workbook or of a folder; `names` are those that are wanted, by their names in lower case."""
    try:
        changed_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if path.is_dir():
            return _read_folder(path, names)
        with path.open("rb") as file:
            start = file.read(8)
        if start.startswith(_ZIP):
            created_at = _check_archive(path)
            return _read_workbook(path, names, created_at or changed_at)
        if start == _OLD and path.stat().st_size <= _MOST_OLD_BYTES:
            if _LOCKED in path.read_bytes():
                raise InventoryFileError(
                    f"{path} is locked with a password or a sensitivity label",
                    remedy="save it without in Excel, then read that",
                )
            return _read_workbook(path, names, changed_at)
    except OSError as error:
        raise InventoryFileError(f"cannot read {path}: {error.strerror or error}", remedy="check the path") from error
    raise InventoryFileError(f"{path} is not a workbook", remedy=REMEDY)


def looks_like_workbook(path: Path) -> bool:
    """Whether a file begins as workbooks do, whatever it is called."""
    try:
        with path.open("rb") as file:
            return file.read(8).startswith((_ZIP, _OLD)) if path.is_file() else False
    except OSError:
        return False


def _check_archive(path: Path) -> datetime | None:
    """When a workbook says that it was made; `InventoryFileError` where it is none, or unpacks to more than it may."""
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            infos = archive.infolist()
            parts = {info.filename for info in infos}
            if "xl/workbook.xml" not in parts or "content.xml" in parts or "xl/workbook.bin" in parts:
                raise InventoryFileError(f"{path} is not a workbook of Excel (.xlsx)", remedy=REMEDY)
            total, created_at = 0, None
            for info in infos:
                total += _check_part(path, info, _unpacked(file, info, _MOST_BYTES - total))
                if info.filename == "docProps/core.xml" and info.file_size < _CHUNK:
                    created_at = _moment(_CREATED.search(archive.read(info)))
            return created_at
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise InventoryFileError(f"{path} is damaged: {error}", remedy=REMEDY) from error


def _check_part(path: Path, info: zipfile.ZipInfo, chunks: Iterator[bytes]) -> int:
    """The size of a part; what it says of its own size is not believed, nor are its cells few because it is small."""
    size, tail, row, column = 0, b"", 0, 0
    for chunk in chunks:
        size += len(chunk)
        cells = _CELL.findall(tail + chunk)
        tail = chunk[-64:]
        if cells:
            row = max(row, *(int(number) for _, number in cells))
            column = max(column, *(_column(letters) for letters in {letters for letters, _ in cells}))
    if row * column > _MOST_CELLS:
        raise InventoryFileError(
            f"{path}: {info.filename} has {row} rows and {column} columns, too many", remedy=REMEDY
        )
    return size


def _unpacked(file: io.BufferedReader, info: zipfile.ZipInfo, most: int) -> Iterator[bytes]:
    """What a part of an archive really unpacks to, in chunks; a ValueError beyond `most` bytes."""
    file.seek(info.header_offset)
    head = file.read(30)
    if len(head) < 30 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
        raise ValueError(f"{info.filename} is packed or locked in a way that workbooks are not")
    file.seek(int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little"), io.SEEK_CUR)
    left, inflate = info.compress_size, zlib.decompressobj(-15)
    while left > 0 and (packed := file.read(min(left, _CHUNK))):
        left -= len(packed)
        while packed:
            chunk = packed
            if info.compress_type == zipfile.ZIP_DEFLATED:
                chunk, packed = inflate.decompress(packed, _CHUNK), inflate.unconsumed_tail
            else:
                packed = b""
            most -= len(chunk)
            if most < 0:
                raise ValueError(f"it unpacks to more than {_MOST_BYTES // 2**30} GiB")
            if chunk:
                yield chunk


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _moment(found: re.Match[bytes] | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(found[1].decode()) if found else None
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None


def _read_workbook(path: Path, names: Mapping[str, str], made_at: datetime) -> Found:
    try:
        import python_calamine
    except ImportError:
        raise MissingExtra("python-calamine", "report") from None
    sheets: dict[str, Sequence[Sequence[object]]] = {}
    failed: dict[str, str] = {}
    with path.open("rb") as file:
        workbook = _guarded(path, lambda: python_calamine.CalamineWorkbook.from_filelike(file))
        for sheet in workbook.sheet_names:
            name = names.get(_SHEET.sub("", str(sheet).strip(), count=1).casefold())
            if name and name not in sheets and name not in failed:
                try:
                    sheets[name] = _guarded(path, lambda sheet=sheet: workbook.get_sheet_by_name(sheet).to_python())
                except InventoryFileError as error:
                    failed[name] = error.message
    return Found(sheets, failed, made_at)


def _guarded(path: Path, read: Any) -> Any:
    """What the reader gives; its own errors, and its panics, which are no Exceptions, as `InventoryFileError`."""
    try:
        return read()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise InventoryFileError(f"{path} is damaged: {said:.200}", remedy=REMEDY) from error


def _read_folder(path: Path, names: Mapping[str, str]) -> Found:
    sheets: dict[str, Sequence[Sequence[object]]] = {}
    failed: dict[str, str] = {}
    changed = []
    for file in sorted(path.iterdir()):
        found = _CSV.fullmatch(file.name)
        name = names.get(found["name"].casefold()) if found else None
        if name:
            changed.append(file.stat().st_mtime)
            try:
                sheets[name] = _read_csv(file)
            except (OSError, csv.Error, ValueError) as error:
                failed[name] = f"{file.name}: {error}"
    if not sheets and not failed:
        raise InventoryFileError(f"{path} has no RVTools_tab….csv", remedy=REMEDY)
    return Found(sheets, failed, datetime.fromtimestamp(max(changed), UTC))


def _read_csv(file: Path) -> list[list[object]]:
    if file.stat().st_size > _MOST_OLD_BYTES:
        raise ValueError("too large")
    body = file.read_bytes()
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = body.decode("utf-16")
    else:
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = body.decode("cp1252", errors="replace")
    first = text.partition("\n")[0]
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        delimiter = max(",;\t", key=first.count)
        return [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)]
    finally:
        csv.field_size_limit(before)
