"""How the reader of machines looks into a row: one look-up a field, and no path is taken apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybridinv.wire.reading import Body, many, utc

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_SURELY_64_BITS = 12


class Fields:
    """The fields of one object by their exact names; of a row, the name of a property is its whole path.

    Values of the usual types are read here; all others by `Body`, whose rules count and who notes what is odd.
    """

    __slots__ = ("get", "notes", "values")

    def __init__(self, values: Mapping[str, Any], notes: list[str]) -> None:
        self.values = values
        self.get = values.get
        self.notes = notes

    def text(self, name: str) -> str:
        """The text of a field; numbers and booleans become text."""
        value = self.get(name)
        if value is None:
            return ""
        return value if value.__class__ is str else self._body(name, value).text(name)

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts in a list; anything else in it is noted and left out."""
        values = many(self.get(name))
        texts = tuple(value for value in values if value.__class__ is str)
        if len(texts) != len(values):
            self.odd(name, "a list of texts", next(value for value in values if value.__class__ is not str))
        return tuple(filter(None, texts))

    def number(self, name: str, times: int = 1) -> int | None:
        """A whole number, multiplied."""
        value = self.get(name)
        if value is None:
            return None
        if value.__class__ is str and len(value) <= _SURELY_64_BITS and value.isdecimal():
            return times * int(value)
        return self._body(name, value).number(name, times=times)

    def size(self, name: str, times: int = 1) -> int | None:
        """A number that cannot be below 0; one that is, is unknown and noted."""
        found = self.number(name, times)
        if found is not None and found < 0:
            self.odd(name, "a size", self.get(name))
            return None
        return found

    def mebibytes(self, name: str) -> int | None:
        """A size that the platform gives in MiB (and calls MB), in bytes."""
        return self.size(name, 2**20)

    def truth(self, name: str) -> bool | None:
        """A boolean."""
        value = self.get(name)
        if value == "true":
            return True
        if value == "false":
            return False
        return None if value is None else self._body(name, value).truth(name)

    def moment(self, name: str) -> datetime | None:
        """A moment, aware UTC."""
        value = self.get(name)
        if value is None:
            return None
        found = utc(value) if value.__class__ is str else None
        return found or self._body(name, value).moment(name)

    def at(self, name: str) -> Fields:
        """The object in a field; empty where there is none. It shares the notes."""
        value = self.get(name)
        if value.__class__ is dict:
            return Fields(value, self.notes)
        return Fields({} if value is None else self._body(name, value).at(name).value, self.notes)

    def each(self, name: str) -> list[Fields]:
        """The objects in a list; anything else in it is noted and left out."""
        value, notes = self.get(name), self.notes
        if value is None:
            return []
        if value.__class__ is not list or any(item.__class__ is not dict for item in value):
            value = [body.value for body in self._body(name, value).each(name)]
        return [Fields(item, notes) for item in value]

    def odd(self, name: str, expected: str, value: object) -> None:
        """Note that a field does not hold what it should."""
        Body(None, self.notes).note(name, expected, value)

    def _body(self, name: str, value: object) -> Body:
        for step in reversed(name.split(".")):
            value = {step: value}
        return Body(value, self.notes)
