"""Streaming decode of property-collector answers: chunks of XML in, one plain row per managed object out."""

from __future__ import annotations

import re
from sys import intern
from typing import TYPE_CHECKING, Any, cast

import attrs
from lxml import etree

from hybridinv.errors import TruncatedAnswer, UnexpectedAnswer
from hybridinv.wire.secrets import excerpt

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_SHOWN = 80
_PIECE = 2**16
"""Bytes given to the parser at a time: it refuses to hold more than 10 MB that it has not looked at."""
_MOST_MARKUP = 2_000_000
_MOST_BYTES = 64 * 2**20
"""What may wait for the end of an object: a list of 100,000 morefs has 400,000 marks, in 10 MB."""


@attrs.frozen
class Row:
    """One managed object: its type, its moref, its properties as plain values, and the paths it would not give.

    A data object is a dict with its type under `_type`; a list is a list; a reference is the moref as text;
    numbers, booleans and moments stay text. An array property whose element stands alone is a list too, but a
    field inside a data object is a list only when it repeats: `reading.many` evens that out.
    """

    type: str
    id: str
    properties: dict[str, Any]
    missing: dict[str, Missing]


@attrs.frozen
class Missing:
    """Why a property was not given: the fault, and the privilege where it names one."""

    fault: str
    privilege: str
    message: str


@attrs.frozen
class Update:
    """What a filter tells of one object: that it `enter`s, is `modify`-ed or `leave`s; on entering the row is whole."""

    filter: str
    kind: str
    row: Row


@attrs.frozen
class Version:
    """Where an update set ends; a truncated one has more to come, and its name is good for asking once."""

    name: str
    truncated: bool


def read_objects(
    chunks: Iterable[bytes], following: Callable[[str], None] | None = None
) -> Generator[Row, None, str | None]:
    """The rows of one `RetrievePropertiesEx` or `ContinueRetrievePropertiesEx` answer, as they arrive.

    The generator's return value is the token of the next page, None on the last; `following` is told it as soon as it
    has arrived, which is before the rows where the server keeps to the schema's order. A body that ends early raises
    `TruncatedAnswer`, one that is no such answer `UnexpectedAnswer`; a DTD is refused, and nothing is fetched.
    """
    token = None
    for member in _arriving(chunks):
        if _NAMES[member.tag] == "objects":
            yield _row(member)
        else:
            token = member.text
            if token and following:
                following(token)
    return token


def read_view(chunks: Iterable[bytes]) -> tuple[Row | None, dict[str, str]]:
    """The row of a view, None where the answer has none, and what the view holds: types by moref."""
    row, held = None, {}
    for member in _arriving(chunks):
        if _NAMES[member.tag] == "objects":
            row = _row(member)
            references = member.iterfind("{*}propSet/{*}val/{*}ManagedObjectReference")
            held = {reference.text: reference.get("type", "") for reference in references if reference.text}
    return row, held


def read_updates(chunks: Iterable[bytes]) -> Generator[Update, None, Version | None]:
    """The updates of one `WaitForUpdatesEx` answer, as they arrive.

    The generator's return value is the version to ask with next, None where nothing has happened.
    """
    version, truncated, filter_ = "", False, ""
    for member in _arriving(chunks, _OF_UPDATES):
        name = _NAMES[member.tag]
        if name == "objectSet":
            yield Update(filter_, _text_of(member, "kind"), _row(member))
        elif name == "filter":
            filter_ = member.text or ""
        elif name == "version":
            version = member.text or ""
        else:
            truncated = member.text == "true"
    return Version(version, truncated) if version else None


_OF_PAGES = {"objects": "returnval", "token": "returnval"}
_OF_UPDATES = {"version": "returnval", "filter": "filterSet", "objectSet": "filterSet", "truncated": "returnval"}


def _arriving(chunks: Iterable[bytes], names: Mapping[str, str] = _OF_PAGES) -> Iterator[etree._Element]:
    """The elements of these names (below elements of those) in an answer, each as soon as it is whole.

    One is forgotten when the next is asked for. A whole answer without any is told from a fault, and from what is no
    answer.
    """
    parser = etree.XMLPullParser(
        events=("start", "end"), tag=("{*}Envelope", *(f"{{*}}{name}" for name in names)), resolve_entities=False,
        no_network=True, huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    seen, start, waiting = 0, b"", _Waiting()
    try:
        for piece in _pieces(chunks):
            start += piece[: _SHOWN - len(start)]
            parser.feed(piece)
            waiting.add(piece)
            for member in _members(parser, names):
                yield member
                if len(member):
                    seen += 1
                    _forget(member)
                    waiting = _Waiting()
        _check(parser.close(), start)
    except etree.XMLSyntaxError as error:
        raise _unreadable(error, start, seen) from error


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for at in range(0, len(chunk), _PIECE):
            yield chunk[at : at + _PIECE]


class _Waiting:
    """How much has come since something was forgotten: each element and each attribute takes some 120 bytes."""

    def __init__(self) -> None:
        self._markup = self._bytes = 0

    def add(self, piece: bytes) -> None:
        self._markup += piece.count(b"<") + piece.count(b"=")
        self._bytes += len(piece)
        if self._markup > _MOST_MARKUP or self._bytes > _MOST_BYTES:
            raise _beyond_reason()


def _members(parser: etree.XMLPullParser, names: Mapping[str, str]) -> Iterator[etree._Element]:
    """The elements of these names, each when it is whole."""
    for event, element in cast("Iterator[tuple[str, etree._Element]]", parser.read_events()):
        parent = element.getparent()
        if event == "end":
            # Properties may have fields of these names too.
            if parent is not None and _NAMES[parent.tag] == names.get(_NAMES[element.tag]):
                yield element
        elif parent is None and element.getroottree().docinfo.internalDTD is not None:
            raise UnexpectedAnswer(
                "the answer brings a DTD, which no vCenter does", remedy="check host and port; do not trust it"
            )


def _check(root: etree._Element, start: bytes) -> None:
    """What has no object is an answer only if it says so: an empty list and a fault look alike from within."""
    answer = next(root.iterfind("{*}Body/*"), None)
    if _NAMES[root.tag] != "Envelope":
        raise _unreadable(None, start, 0)
    if answer is None or not _NAMES[answer.tag].endswith("Response"):
        name = "nothing" if answer is None else _NAMES[answer.tag]
        raise UnexpectedAnswer(
            f"the answer holds {name} instead of objects", path="Body", remedy="report it with a tape (hi.record)"
        )


def _beyond_reason() -> UnexpectedAnswer:
    return UnexpectedAnswer(
        "the answer is nested deeper, or has a larger object, than those of any vCenter; it was not read to its end",
        path="returnval", remedy="check host and port; report it with a tape (hi.record) where it is a vCenter",
    )  # fmt: skip


def _unreadable(error: etree.XMLSyntaxError | None, start: bytes, seen: int) -> UnexpectedAnswer:
    if error is not None and _OF_LIMITS.search(error.msg or ""):
        return _beyond_reason()
    if seen or b":Envelope" in start or b"<Envelope" in start:
        return TruncatedAnswer(
            f"the answer ends, or breaks, after {seen} objects: {error}", path="returnval.objects", remedy="try again"
        )
    came = f"not SOAP: {excerpt(start)}" if start.strip() else "empty"
    return UnexpectedAnswer(f"the answer is {came}", remedy="check host and port; a proxy or login page may answer")


_OF_LIMITS = re.compile(r"huge|limit|excessive|amplification|entity loop|too (?:long|deep|big)", re.IGNORECASE)
"""What the parser says where it protects itself."""


def _forget(element: etree._Element) -> None:
    """Drop what is inside an element, and what came before it and before those that it is in."""
    element.clear()
    while (parent := element.getparent()) is not None:
        while (previous := element.getprevious()) is not None:
            parent.remove(previous)
        element = parent


def _row(element: etree._Element) -> Row:
    type_, moref = "", ""
    properties: dict[str, Any] = {}
    missing: dict[str, Missing] = {}
    for child in element:
        name = _NAMES[child.tag]
        if name == "propSet":
            # The simulator leaves out `val` for some unset properties.
            if len(child) > 1:
                properties[intern(child[0].text or "")] = _value(child[1])
        elif name == "changeSet":
            # The middle one says what was done; after a removal there is no value.
            if len(child) > 2:
                properties[intern(child[0].text or "")] = _value(child[2])
        elif name == "obj":
            type_, moref = child.get("type", ""), child.text or ""
        elif name == "missingSet":
            path, missing[path] = _missing(child)
    if not moref:
        raise UnexpectedAnswer(
            "the answer has an object without a reference", path="returnval.objects.obj",
            remedy="report it with a tape (hi.record)",
        )  # fmt: skip
    return Row(intern(type_), moref, properties, missing)


def _missing(element: etree._Element) -> tuple[str, Missing]:
    plain = _inside(element)
    plain = plain if isinstance(plain, dict) else {}
    outer = plain.get("fault")
    outer = outer if isinstance(outer, dict) else {}
    inner = outer.get("fault")
    inner = inner if isinstance(inner, dict) else {}
    return str(plain.get("path", "")), Missing(
        fault=str(inner.get("_type", "")),
        privilege=str(inner.get("privilegeId") or "") or ", ".join(_texts(element, "privilegeIds")),
        message=str(outer.get("localizedMessage") or ""),
    )


def _text_of(element: etree._Element, name: str) -> str:
    return element.findtext(f"{{*}}{name}") or ""


def _texts(element: etree._Element, name: str) -> Iterator[str]:
    return (found.text or "" for found in element.iter(f"{{*}}{name}"))


# A vCenter of 10,000 machines has millions of elements. So a text, which most of them are, is read where its parent is,
# without a call; its type is looked at only when it is blank; and a name is cut from its tag once.


def _value(element: etree._Element) -> Any:
    if len(element):
        return _inside(element)
    text = element.text
    return text if text and not text.isspace() else _blank(element, text)


def _inside(element: etree._Element) -> Any:
    kind = element.get(_TYPE, "")
    if kind.startswith("ArrayOf"):
        return [_value(child) for child in element]
    plain: dict[str, Any] = {"_type": intern(kind)} if kind else {}
    repeated = set()
    for child in element:
        name = _NAMES[child.tag]
        if len(child):
            value = _inside(child)
        else:
            value = child.text
            if not value or value.isspace():
                value = _blank(child, value)
        if name not in plain:
            plain[name] = value
        elif name in repeated:
            plain[name].append(value)
        else:
            repeated.add(name)
            plain[name] = [plain[name], value]
    return plain


def _blank(element: etree._Element, text: str | None) -> Any:
    kind = element.get(_TYPE, "")
    if kind.startswith("ArrayOf"):
        return []
    # An empty data object (a fault without detail, say) is known by its type alone.
    if kind and ":" not in kind and element.get("type") is None:
        return {"_type": intern(kind)}
    return text or ""


class _Names(dict[str, str]):
    """Local names by tag."""

    def __missing__(self, tag: str) -> str:
        name = intern(tag[tag.rfind("}") + 1 :])
        if len(self) < _NAMES_KEPT:
            self[tag] = name
        return name


_NAMES_KEPT = 10_000
_NAMES = _Names()
