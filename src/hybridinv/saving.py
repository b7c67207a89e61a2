"""Records to JSON files and back: whole or not at all, and never a value that was not there."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from hybridinv.columns import check, well_formed
from hybridinv.errors import InventoryFileError, NotSupported
from hybridinv.model import Tags
from hybridinv.tables import Records

if TYPE_CHECKING:
    import cattrs

T = TypeVar("T")

_FORMAT = "hybridinv-inventory"
_CALLED = {_FORMAT: "inventory", "hybridinv-onboarding": "onboarding plan"}
_VERSION = 1
_WORKBOOK_BEGINS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_WORKBOOK_REMEDY = (
    "give a file that hybridinv wrote; of a workbook, which ends in .xlsx, read_workbook makes an inventory"
)


def dump(value: object, *, form: str = _FORMAT) -> bytes:
    """An inventory, or another record of that format, as JSON; `NotSupported` names a field of another type."""
    import orjson

    check(type(value), [value])
    body = {"format": form, "version": _VERSION, **_converter().unstructure(value)}
    try:
        return orjson.dumps(body, option=orjson.OPT_INDENT_2)
    except TypeError:
        return orjson.dumps(_well_formed(body), option=orjson.OPT_INDENT_2)


@contextmanager
def checked(value: object) -> Iterator[None]:
    """Where this fails for a value that is not of its type, `NotSupported` names the record's field."""
    try:
        yield
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError):
        if attrs.has(type(value)):
            check(type(value), [value])
        raise


def _well_formed(value: Any) -> Any:
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, Mapping):
        return {well_formed(name): _well_formed(one) for name, one in value.items()}
    return [_well_formed(one) for one in value] if isinstance(value, (list, tuple)) else value


def read_json(path: Path, kind: type[T], *, form: str = _FORMAT) -> T:
    """What `dump` made of a `kind`; `InventoryFileError` when the file is not that, or is damaged."""
    import cattrs
    import orjson

    try:
        read = path.read_bytes()
        body = orjson.loads(read)
    except OSError as error:
        raise InventoryFileError(f"cannot read {path}: {error.strerror}", remedy="check the path") from error
    except ValueError as error:
        if read.startswith(_WORKBOOK_BEGINS):
            raise InventoryFileError(f"{path} looks like a workbook", remedy=_WORKBOOK_REMEDY) from error
        remedy = "give a file that hybridinv wrote; hi.read_workbook reads workbooks of RVTools"
        raise InventoryFileError(f"{path} is not JSON: {error}", remedy=remedy) from error
    if not isinstance(body, Mapping) or body.get("format") != form:
        raise InventoryFileError(f"{path} is not a saved {_CALLED[form]}", remedy="give a file that hybridinv wrote")
    if body.get("version") != _VERSION:
        raise InventoryFileError(
            f"{path} has version {body.get('version')} of the format, this library reads {_VERSION}",
            remedy="use the release of hybridinv that wrote it, or a newer one",
        )
    try:
        return _converter().structure(body, kind)
    except (cattrs.BaseValidationError, ValueError, TypeError, KeyError, AttributeError) as error:
        detail = "; ".join(cattrs.transform_error(error)[:3])
        raise InventoryFileError(
            f"{path} is damaged: {detail}", remedy="take it from a backup or collect anew"
        ) from error


def write_whole(path: Path, body: bytes) -> None:
    """Write a file under a temporary name, then rename it, so that it is never half there.

    Links are followed and the file's mode is kept; a device or a pipe is written to. `InventoryFileError` says why it
    cannot be done.
    """
    target = path.resolve()
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(body)
            return
        try:
            temporary.write_bytes(body)
            if target.exists():
                shutil.copymode(target, temporary)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise InventoryFileError(
            f"cannot write {path}: {error.strerror or error}", remedy="give a file in a folder that can be written"
        ) from error


def check_writable(path: str | os.PathLike[str], *others: str | os.PathLike[str] | None) -> Path:
    """The path, if it looks as if `write_whole` could write it: to be asked before hours of reading, not after.

    `others` are files that are needed as they are; writing to one of them is refused, by whatever name.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise NotSupported(f"{path!r:.40} is no path", remedy="give the name of the file to write")
    if str(path) == "-":
        raise InventoryFileError("'-' is no file", remedy="give one; ./- is one of that name")
    try:
        target = Path(path).resolve()
        if target in [Path(one).resolve() for one in others if one]:
            raise InventoryFileError(f"{path} is needed as it is", remedy="give another file to write to")
        hindrance = _hindrance(target)
    except (OSError, ValueError) as error:
        hindrance = getattr(error, "strerror", None) or str(error)
    if hindrance:
        remedy = "give a file in a folder that can be written"
        raise InventoryFileError(f"cannot write {path!s:.200}: {hindrance}", remedy=remedy)
    return Path(path)


def _hindrance(target: Path) -> str:
    """Why a file cannot be written there; empty where nothing is known to be in the way."""
    with suppress(FileNotFoundError, NotADirectoryError):
        target.stat()
    if target.is_dir():
        return "it is a folder"
    if not target.parent.is_dir():
        return f"there is no folder {target.parent}"
    return "" if os.access(target.parent, os.W_OK) else f"the folder {target.parent} is read-only for this account"


def plain(record: Any) -> dict[str, Any]:
    """A record as dicts, lists and scalars; sets are sorted, so that equal records are equal text. Moments stay."""
    values: dict[str, Any] = _converter().unstructure(record)
    return values


@cache
def _converter() -> cattrs.Converter:
    from cattrs.preconf.orjson import make_converter

    converter = make_converter()
    converter.register_unstructure_hook(Tags, dict)
    converter.register_structure_hook(Tags, lambda value, _: Tags(value))
    converter.register_unstructure_hook(datetime, lambda moment: moment)
    converter.register_structure_hook(datetime, _moment)
    for scalar in (str, int, float, bool):
        converter.register_structure_hook(scalar, _exactly)
    converter.register_unstructure_hook_func(lambda hint: getattr(hint, "__origin__", None) is frozenset, sorted)
    converter.register_unstructure_hook_factory(
        _are_records,
        lambda hint: lambda records: [converter.unstructure(record, hint.__args__[0]) for record in records],
    )
    converter.register_structure_hook_factory(
        _are_records,
        lambda hint: (
            lambda value, _: Records(
                hint.__args__[0], [converter.structure(item, hint.__args__[0]) for item in _list(value)]
            )
        ),
    )
    return converter


def _are_records(hint: Any) -> bool:
    return getattr(hint, "__origin__", None) is Records


def _exactly(value: Any, kind: type) -> Any:
    if issubclass(kind, Enum):  # ours are words too
        return kind(value)
    if type(value) is kind or (kind is float and type(value) is int):
        return value
    raise ValueError(f"expected {kind.__name__}, got {value!r:.40}")


def _moment(value: Any, _: object) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"expected a moment with its zone, got {value}")
    return moment


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, got {value!r:.40}")
    return value
