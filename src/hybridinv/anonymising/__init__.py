"""A copy of an inventory that can be shown to others: pseudonyms for names, the same everywhere."""

from __future__ import annotations

import re
import typing
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from hybridinv.anonymising.fields import Treatment, treatment
from hybridinv.anonymising.key_file import new_key, read_key, write_key
from hybridinv.anonymising.words import is_image_publisher, is_known_setting, is_of_system, is_setting_value, is_status
from hybridinv.columns import hints, item_type
from hybridinv.errors import NotSupported
from hybridinv.inventory import Inventory
from hybridinv.model import Device, Tags
from hybridinv.saving import check_writable, checked

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from hybridinv.anonymising.pseudonyms import Pseudonyms

T = TypeVar("T")

_MARKETPLACE = re.compile(r"[\w.-]+(:[\w.-]+){3}")
_BETWEEN = re.compile(r"([\s()/,;:_-]+)")
_NUMBER = re.compile(r"\d+", re.ASCII)
_NO_TEXT = "removed"


def anonymise(inv: Inventory, *, key_file: str | os.PathLike[str] | None = None) -> Inventory:
    """A copy of the inventory with pseudonyms for all that tells whose it is, and without free text.

    Names, addresses, ids, paths, tags, users, serial numbers: each is replaced by something of the same form, and the
    same name by the same pseudonym everywhere, in any letter case. References stay intact, subnets stay subnets, both
    byte orders of a UUID stay that, so that plans and reports say of the copy what they say of the original. Notes,
    descriptions and messages become the word `removed`. What is the same for everybody stays: versions, sizes, models
    of hardware, known words in the names of operating systems, publishers of extensions, Azure's regions; and numbers
    and moments do.

    `key_file` is read if it is there, so that a later copy has the same pseudonyms, and written for its owner alone
    (mode 0600): it says what each pseudonym stands for, so keep it away from the copy. Without one the key is thrown
    away. `InventoryFileError` where it cannot be read or written.
    """
    if not isinstance(inv, Inventory):
        raise NotSupported(f"inv= is {type(inv).__name__}, not an Inventory", remedy="hi.collect and hi.load give one")
    path = None if key_file is None else check_writable(key_file)
    is_new = path is not None and not path.exists()
    pseudonyms = new_key() if path is None else read_key(path)
    of = partial(anonymised, pseudonyms=pseudonyms)
    with checked(inv):
        tables: dict[str, Any] = {name: map(of, records) for name, records in inv.tables().items()}
        copy = Inventory(**tables, problems=map(of, inv.problems), asked=map(of, inv.asked), taken_at=inv.taken_at)
    if path is not None:
        write_key(path, pseudonyms, is_new=is_new)
    return copy


def anonymised(record: T, *, pseudonyms: Pseudonyms) -> T:
    """The record with pseudonyms for its texts, and for those of what it holds."""
    kind: Any = type(record)
    changed = {name: change(getattr(record, name), pseudonyms) for name, change in _changes(kind)}
    if isinstance(record, Device) and record.kind == "vgpu":
        changed["path"] = record.path  # The profile, which hosts have by the same name.
    return typing.cast("T", attrs.evolve(typing.cast("Any", record), **changed))


@cache
def _changes(kind: type) -> list[tuple[str, Callable[[Any, Pseudonyms], Any]]]:
    """What is done with each field that is not left alone."""
    found = [(field.name, _change(kind, field.name, hints(kind)[field.name])) for field in attrs.fields(kind)]
    return [(name, change) for name, change in found if change]


def _change(kind: type, name: str, hint: Any) -> Callable[[Any, Pseudonyms], Any] | None:
    inner = item_type(hint) or hint
    if attrs.has(inner):
        if inner is hint:
            return lambda value, pseudonyms: anonymised(value, pseudonyms=pseudonyms)
        return lambda values, pseudonyms: tuple(anonymised(value, pseudonyms=pseudonyms) for value in values)
    how = treatment(kind, name)
    if how is Treatment.KEPT:
        return None
    if inner is Tags:
        return partial(_tags, how)
    if inner is not str:
        return None  # Numbers, moments, words of our own.
    if inner is hint:
        return partial(_text, how)
    return lambda values, pseudonyms: type(values)(_text(how, value, pseudonyms) for value in values)


def _text(how: Treatment, text: str, pseudonyms: Pseudonyms) -> str:
    if how is Treatment.REMOVED:
        return _NO_TEXT if text else ""
    if how is Treatment.STATUS:
        return _status(text) if text else ""
    if how is Treatment.WORD_BY_WORD:
        return pseudonyms.word_by_word(text)
    if how is Treatment.SYSTEM:
        return "".join(part if is_of_system(part) else pseudonyms.of(part) for part in _BETWEEN.split(text))
    if (how is Treatment.NUMBER_KEPT and _NUMBER.fullmatch(text)) or (
        how is Treatment.IMAGE and _MARKETPLACE.fullmatch(text) and is_image_publisher(text.partition(":")[0])
    ):
        return text
    return pseudonyms.of(text)


def _status(text: str) -> str:
    mark = "; " if "; " in text else ", "
    return mark.join(dict.fromkeys(part if is_status(part) else _NO_TEXT for part in text.split(mark)))


def _tags(how: Treatment, tags: Mapping[str, str], pseudonyms: Pseudonyms) -> Tags:
    if how is Treatment.SETTINGS:
        names = (name if is_known_setting(name) else pseudonyms.of(name) for name in tags)
        values = (value if is_setting_value(value) else pseudonyms.of(value) for value in tags.values())
        return Tags(dict(zip(names, values, strict=True)))
    return Tags({pseudonyms.of(name): pseudonyms.of(value) for name, value in tags.items()})
