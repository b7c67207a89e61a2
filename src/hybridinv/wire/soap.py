"""Streaming decode of property-collector answers: chunks of XML in, one plain row per managed object out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, cast

import attrs
from lxml import etree

from hybridinv.errors import TruncatedAnswer, UnexpectedAnswer
from hybridinv.wire.secrets import excerpt

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_SHOWN = 80


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


def read_objects(chunks: Iterable[bytes]) -> Generator[Row, None, str | None]:
    """The rows of one `RetrievePropertiesEx` or `ContinueRetrievePropertiesEx` answer, as they arrive.

    The generator's return value is the token of the next page, None on the last. A body that ends early raises
    `TruncatedAnswer`, one that is no such answer `UnexpectedAnswer`; a DTD is refused, and nothing is fetched.
    """
    parser = etree.XMLPullParser(
        events=("start", "end"), tag=("{*}Envelope", "{*}objects", "{*}token"), resolve_entities=False,
        no_network=True, huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    token, seen, start = None, 0, b""
    try:
        for chunk in chunks:
            start += chunk[: _SHOWN - len(start)]
            parser.feed(chunk)
            for member in _members(parser):
                if _local(member) == "token":
                    token = member.text
                else:
                    seen += 1
                    yield _row(member)
                    _forget(member)
        _check(parser.close(), start)
    except etree.XMLSyntaxError as error:
        raise _unreadable(error, start, seen) from error
    return token


def _members(parser: etree.XMLPullParser) -> Iterator[etree._Element]:
    """The objects and the token of the answer, each when it is whole."""
    for event, element in cast("Iterator[tuple[str, etree._Element]]", parser.read_events()):
        parent = element.getparent()
        if event == "end":
            # Properties may have fields of these names too.
            if parent is not None and _local(parent) == "returnval":
                yield element
        elif parent is None and element.getroottree().docinfo.internalDTD is not None:
            raise UnexpectedAnswer(
                "the answer brings a DTD, which no vCenter does", remedy="check host and port; do not trust it"
            )


def _check(root: etree._Element, start: bytes) -> None:
    """What has no object is an answer only if it says so: an empty list and a fault look alike from within."""
    answer = next(root.iterfind("{*}Body/*"), None)
    if _local(root) != "Envelope":
        raise _unreadable(None, start, 0)
    if answer is None or not _local(answer).endswith("Response"):
        name = "nothing" if answer is None else _local(answer)
        raise UnexpectedAnswer(
            f"the answer holds {name} instead of objects", path="Body", remedy="report it with a tape (hi.record)"
        )


def _unreadable(error: etree.XMLSyntaxError | None, start: bytes, seen: int) -> UnexpectedAnswer:
    if seen or b":Envelope" in start or b"<Envelope" in start:
        return TruncatedAnswer(
            f"the answer ends, or breaks, after {seen} objects: {error}", path="returnval.objects", remedy="try again"
        )
    return UnexpectedAnswer(
        f"the answer is not SOAP: {excerpt(start)}", remedy="check host and port; a proxy or login page may answer"
    )


def _forget(element: etree._Element) -> None:
    element.clear()
    parent = element.getparent()
    while parent is not None and (previous := element.getprevious()) is not None:
        parent.remove(previous)


def _row(element: etree._Element) -> Row:
    type_, moref = "", ""
    properties: dict[str, Any] = {}
    missing: dict[str, Missing] = {}
    for child in element:
        name = _local(child)
        if name == "obj":
            type_, moref = child.get("type", ""), child.text or ""
        elif name == "propSet":
            # The simulator leaves out `val` for some unset properties.
            if len(child) > 1:
                properties[sys.intern(child[0].text or "")] = _value(child[1])
        elif name == "missingSet":
            path, missing[path] = _missing(child)
    if not moref:
        raise UnexpectedAnswer(
            "the answer has an object without a reference", path="returnval.objects.obj",
            remedy="report it with a tape (hi.record)",
        )  # fmt: skip
    return Row(sys.intern(type_), moref, properties, missing)


def _missing(element: etree._Element) -> tuple[str, Missing]:
    plain = _object(element)
    outer = plain.get("fault")
    outer = outer if isinstance(outer, dict) else {}
    inner = outer.get("fault")
    inner = inner if isinstance(inner, dict) else {}
    return str(plain.get("path", "")), Missing(
        fault=str(inner.get("_type", "")),
        privilege=str(inner.get("privilegeId") or "") or ", ".join(_texts(element, "privilegeIds")),
        message=str(outer.get("localizedMessage") or ""),
    )


def _texts(element: etree._Element, name: str) -> Iterator[str]:
    return (found.text or "" for found in element.iter(f"{{*}}{name}"))


def _value(element: etree._Element) -> Any:
    kind = element.get(_TYPE, "")
    if kind.startswith("ArrayOf"):
        return [_value(child) for child in element]
    if len(element):
        return _object(element, kind)
    # An empty data object (a fault without detail, say) is known by its type alone.
    if kind and ":" not in kind and not (element.text or "").strip() and element.get("type") is None:
        return {"_type": sys.intern(kind)}
    return element.text or ""


def _object(element: etree._Element, kind: str = "") -> dict[str, Any]:
    plain: dict[str, Any] = {"_type": sys.intern(kind)} if kind else {}
    repeated = set()
    for child in element:
        name = _local(child)
        value = _value(child)
        if name not in plain:
            plain[name] = value
        elif name in repeated:
            plain[name].append(value)
        else:
            repeated.add(name)
            plain[name] = [plain[name], value]
    return plain


def _local(element: etree._Element) -> str:
    tag = element.tag
    return sys.intern(tag[tag.rfind("}") + 1 :])
