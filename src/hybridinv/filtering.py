"""What `Records.where` asks of a field: whether it holds what was given. What it never could hold is an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import date, datetime
from enum import Enum
from numbers import Number
from typing import TYPE_CHECKING, Any, cast, get_origin

import attrs

from hybridinv.columns import hints, is_mapping, item_type, without_none
from hybridinv.errors import UnknownField
from hybridinv.model.fact import in_utc

if TYPE_CHECKING:
    from collections.abc import Callable

_WORDS: dict[Any, str] = {
    bool: "True or False", int: "a number", float: "a number", str: "text", datetime: "a datetime", date: "a date",
}  # fmt: skip
"""What values of these types are, for who gives others."""


def condition(kind: type, name: str, wanted: object) -> Callable[[Any], object]:
    """What tells of a value of that field whether it is wanted; `UnknownField` where the field never holds that."""
    if callable(wanted):
        return cast("Callable[[Any], object]", wanted)
    hint = hints(kind)[name]
    item = item_type(hint)
    if getattr(wanted, "shape", ()) and hasattr(wanted, "tolist"):  # an array of NumPy, a column of pandas
        wanted = wanted.tolist()
    if not isinstance(wanted, (Sequence, Set)) or isinstance(wanted, (str, bytes)):
        one = _checked(name, hint, wanted)
        return (lambda value: value == one) if item is None else (lambda values: one in values)
    several = [_checked(name, hint, one) for one in wanted]
    if item is None:
        return frozenset(several).__contains__
    whole = tuple if get_origin(hint) is tuple and not isinstance(wanted, Set) else frozenset
    all_of_them = whole(several)
    return lambda values: whole(values) == all_of_them


def _checked(name: str, hint: Any, wanted: Any) -> Any:
    """One value as the field would hold it."""
    if getattr(wanted, "shape", None) == ():  # a number or a truth value of NumPy
        wanted = wanted.item()
    kind = without_none(item_type(hint) or hint)
    if isinstance(wanted, Mapping) and is_mapping(kind):
        return kind(wanted)
    if not (wanted is None and without_none(hint) is not hint) and not _could_be(kind, wanted):
        is_text = isinstance(wanted, str) and not issubclass(kind, Enum)
        raise UnknownField(f"{name} is never {'the text ' * is_text}{wanted!r:.40}", remedy=_remedy(name, hint))
    return in_utc(wanted) if isinstance(wanted, datetime) else wanted


def _could_be(kind: type, wanted: Any) -> bool:
    if wanted != wanted:  # NaN or NaT: nothing equals it
        return False
    if issubclass(kind, Enum):
        return isinstance(wanted, str) and wanted in [member.value for member in kind]
    if kind is bool:
        return isinstance(wanted, (int, float)) and wanted in (0, 1)
    if kind in (int, float):
        return isinstance(wanted, Number) and not isinstance(wanted, bool)
    if kind is date:
        return isinstance(wanted, date) and not isinstance(wanted, datetime)
    return isinstance(wanted, kind)


def _remedy(name: str, hint: Any) -> str:
    item = item_type(hint)
    kind = without_none(item or hint)
    if issubclass(kind, Enum):
        is_what = f"one of: {', '.join(kind)}"
    elif attrs.has(kind):
        is_what = f"a record, {kind.__name__}"
    else:
        is_what = _WORDS.get(kind, "names and values")
    if item is not None:
        return f"it holds several, each is {is_what}; give one, all of them in a list, or a function"
    or_none = ", or None" if without_none(hint) is not hint else ""
    if attrs.has(kind):
        field = attrs.fields(kind)[0].name
        return f"it is {is_what}{or_none}; give a function: {name}=lambda one: one.{field} == …"
    return f"it is {is_what}{or_none}" + ("; give them, or a function" if is_mapping(kind) else "")
