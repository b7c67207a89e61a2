"""How readers look into a body: dotted paths, lenient values, and a note of every field that could not be read."""

from __future__ import annotations

import gc
import re
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

import attrs

from hybridinv.errors import UnexpectedAnswer
from hybridinv.model import Problem, Tags

_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))?\s*(Z|[+-]\d\d:?\d\d)?", re.ASCII | re.IGNORECASE
)
_HEX32 = re.compile(r"[0-9a-f]{32}")
_HEX12 = re.compile(r"[0-9a-f]{12}")
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = re.compile(rf"(?:{_OCTET}\.){{3}}{_OCTET}")
_SEPARATORS = re.compile(r"[-:.\s]")
_LARGEST = 2**63 - 1


@attrs.frozen
class Origin:
    """Where a body came from; every record carries it."""

    platform: str
    source: str


class _AtRest:
    """While inside, in any thread, the garbage collector rests.

    Decoding makes thousands of objects, none of them garbage, and the collector would walk all that is there for every
    few hundred: a quarter of the time of a large list.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._collects = False

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._collects = gc.isenabled()
                gc.disable()
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._collects:
                gc.enable()


collector_at_rest = _AtRest()
"""To be entered around work that makes many objects and waits for nothing."""


@lru_cache(maxsize=4096)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def look(body: Any, path: str = "") -> Any:
    """The value at a dotted path, None where any step of it is missing."""
    if not path:
        return body
    if type(body) is dict and "." not in path:  # nearly always, and worth a quarter of the time that records take
        return body.get(path)
    for step in _steps(path):
        if type(body) is not dict and not isinstance(body, Mapping):
            return None
        body = body.get(step)
    return body


def need(body: Any, path: str) -> Any:
    """The value at a dotted path; `UnexpectedAnswer` names the path where it is missing."""
    value = look(body, path)
    if value is None:
        raise UnexpectedAnswer(
            f"the answer has no {path}", path=path, remedy="report it with a tape of this endpoint (hi.record)"
        )
    return value


def shown(value: object, width: int = 60) -> str:
    """A value as it stands in a message: cut, and without a word where it is nested too deep to be shown."""
    try:
        return f"{value!r:.{width}}"
    except (RecursionError, ValueError):  # the second for a number of thousands of digits
        return f"{type(value).__name__}, too large to show"


def many(value: Any) -> Sequence[Any]:
    """A list as it is, None as nothing, one value alone as a list of it (XML does not tell them apart)."""
    if value is None:
        return ()
    return value if isinstance(value, (list, tuple)) else (value,)


def utc(value: str) -> datetime | None:
    """An ISO 8601 moment as aware UTC; no zone means UTC, more than six digits of a second are cut."""
    moment = _plain_utc(value) if value[10:11] == "T" and value[16:17] == ":" else None
    if moment is not None:
        return moment
    match = _MOMENT.fullmatch(value.strip())
    if match is None:
        return None
    day, clock, fraction, zone = match.groups()
    text = f"{day}T{clock}" + (f".{fraction[:6]:0<6}" if fraction else "")
    try:
        return datetime.fromisoformat(text + ("+00:00" if zone in (None, "Z", "z") else zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _plain_utc(value: str) -> datetime | None:
    """What most moments are: no odd letters, and UTC. Three times as fast as the long way."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment if moment.tzinfo is UTC else None


def uuid_text(value: str) -> str:
    """A UUID in lower case with dashes; any other text in lower case."""
    text = value.strip().lower()
    digits = text.replace("-", "").strip("{}")
    if not _HEX32.fullmatch(digits):
        return text
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def mac_text(value: str) -> str:
    """A MAC address in lower case with colons; any other text in lower case."""
    text = value.strip().lower()
    digits = _SEPARATORS.sub("", text)
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2)) if _HEX12.fullmatch(digits) else text


def is_address(text: str) -> bool:
    """Whether a text is an IPv4 or IPv6 address."""
    if _IPV4.fullmatch(text):
        return True
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def in_64_bits(number: int) -> int:
    """The number; `OverflowError` where no table can hold it."""
    if not -_LARGEST - 1 <= number <= _LARGEST:
        raise OverflowError("it takes more than 64 bits")
    return number


class Body:
    """One object of an answer, and the list of what in it could not be read.

    A missing or null field is unknown (None or ""), and no problem. A field of a type that cannot be read is unknown
    too, and is noted: `problems()` turns the notes into records, so that one odd value never costs the whole list.
    """

    __slots__ = ("notes", "value")

    def __init__(self, value: Any, notes: list[str] | None = None) -> None:
        self.value = value
        self.notes = [] if notes is None else notes

    def look(self, path: str) -> Any:
        """The raw value at a path."""
        return look(self.value, path)

    def at(self, path: str) -> Body:
        """The object at a path; empty where there is none. It shares the notes."""
        value = look(self.value, path)
        if type(value) is not dict and not isinstance(value, Mapping):
            if value not in (None, ""):
                self._note_once(path, "an object", value)
            elif value is None:
                self._find(path)
            value = {}
        return Body(value, self.notes)

    def each(self, path: str) -> Sequence[Body]:
        """The objects in the list at a path; anything else in it is noted and left out."""
        values = look(self.value, path)
        found = []
        for item in values if type(values) is list else many(values):
            if type(item) is dict or isinstance(item, Mapping):
                found.append(Body(item, self.notes))
            elif item is not None:
                self.note(path, "a list of objects", item)
        return found

    def text(self, *paths: str) -> str:
        """The first text that is not empty; numbers and booleans become text."""
        body = self.value
        for path in paths:
            # look(), without the call: half of all that is read is a text.
            value = body.get(path) if type(body) is dict and "." not in path else self._find(path)
            if value is None or value == "":
                continue
            if type(value) is str or isinstance(value, str):
                return value
            if isinstance(value, bool):
                return str(value).lower()
            if isinstance(value, (int, float)):
                return str(value)
            self.note(path, "text", value)
        return ""

    def texts(self, path: str) -> tuple[str, ...]:
        """The texts in the list at a path."""
        values = many(self._find(path))
        for value in values:
            if value is not None and not isinstance(value, str):
                self._note_once(path, "a list of texts", value)
        return tuple(value for value in values if isinstance(value, str) and value)

    def number(self, *paths: str, times: int = 1) -> int | None:
        """The first whole number, multiplied; digits in a text count, fractions are cut. Beyond 64 bits it is none."""
        for path in paths:
            value = self._find(path)
            if value is None or value == "":
                continue
            if type(value) is int and times == 1 and -_LARGEST - 1 <= value <= _LARGEST:
                return value
            try:
                if isinstance(value, bool) or not isinstance(value, (int, float, str)):
                    raise ValueError  # noqa: TRY004 - one except clause serves both
                whole = not isinstance(value, str) or value.lstrip("+-").isdigit()
                return in_64_bits(times * (int(value) if whole else int(float(value))))
            except (ValueError, OverflowError):
                self.note(path, "a number", value)
        return None

    def amount(self, *paths: str, times: int = 1) -> int | None:
        """The first whole number, as `number` has it; of what is counted there are never less than none."""
        found = self.number(*paths, times=times)
        if found is None or found >= 0:
            return found
        self.note(paths[0], "an amount", found)
        return None

    def tags(self, path: str = "tags") -> Tags:
        """Names and values; a value that is an object or a list is noted, and empty."""
        values = self.at(path).value
        for name, value in values.items():
            if isinstance(value, (Mapping, list)):
                self.note(f"{path}.{name}", "text", value)
                values = {**values, name: ""}
        return Tags(values)

    def gigabytes(self, path: str) -> int | None:
        """A size given in GiB (which ARM calls GB), in bytes; fractions count, and it is never negative."""
        value = self._find(path)
        if value is None or value == "":
            return None
        try:
            size = in_64_bits(round(float("" if isinstance(value, bool) else value) * 2**30))
        except (TypeError, ValueError, OverflowError):
            size = -1
        if size >= 0:
            return size
        self.note(path, "a number", value)
        return None

    def truth(self, path: str) -> bool | None:
        """A boolean; the texts `true` and `false` count."""
        value = self._find(path)
        if value is None or isinstance(value, bool):
            return value
        known = {"true": True, "false": False, "1": True, "0": False}.get(str(value).strip().lower())
        if known is None and value != "":
            self.note(path, "true or false", value)
        return known

    def moment(self, *paths: str) -> datetime | None:
        """The first moment, aware UTC."""
        for path in paths:
            value = self._find(path)
            if value is None or value == "":
                continue
            moment = utc(value) if isinstance(value, str) else None
            if moment is not None:
                return moment
            self.note(path, "a date", value)
        return None

    def _find(self, path: str) -> Any:
        """The value at a path, as `look` has it; a step of it that is there and no object is noted."""
        body = self.value
        if "." not in path:
            return look(body, path)
        for taken, step in enumerate(_steps(path)):
            if body is None:
                return None
            if type(body) is not dict and not isinstance(body, Mapping):
                if body != "" and taken:
                    self._note_once(".".join(_steps(path)[:taken]), "an object", body)
                return None
            body = body.get(step)
        return body

    def _note_once(self, path: str, expected: str, value: object) -> None:
        """Several fields are read below one path; a path that is odd is odd once."""
        if not any(note.startswith(f"{path}: ") for note in self.notes):
            self.note(path, expected, value)

    def note(self, path: str, expected: str, value: object) -> None:
        """Remember that the value at a path is not what it should be."""
        self.notes.append(f"{path}: expected {expected}, got {shown(value)}")

    def problems(self, origin: Origin, kind: str, scope: str) -> tuple[Problem, ...]:
        """The notes as records."""
        if not self.notes:
            return ()
        return tuple(
            Problem(
                platform=origin.platform,
                source=origin.source,
                kind=kind,
                scope=scope,
                error="UnexpectedAnswer",
                message=note,
                remedy="the field is left unknown; report it with a tape of this endpoint (hi.record)",
            )
            for note in self.notes
        )
