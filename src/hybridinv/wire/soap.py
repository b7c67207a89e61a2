"""Streaming decode of property-collector answers: chunks of XML in, one plain row per managed object out."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable
from typing import Any

import attrs
from lxml import etree

from hybridinv.errors import TruncatedAnswer, UnexpectedAnswer

_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


@attrs.frozen
class Row:
    """One managed object: its type, its moref, its properties as plain values, and the paths it would not give.

    A data object is a dict with its type under `_type`; a list is a list; a reference is the moref as text; numbers,
    booleans and moments stay text. An array property whose element stands alone is a list too, but a field inside a
    data object is a list only when it repeats: `reading.many` evens that out.
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
    `TruncatedAnswer`, one that is not SOAP `UnexpectedAnswer`; entities are not resolved and nothing is fetched.
    """
    parser = etree.XMLPullParser(
        events=("end",), tag=("{*}objects", "{*}token"), resolve_entities=False, no_network=True, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    token, seen, start = None, 0, b""
    try:
        for chunk in chunks:
            start = start or chunk[:80]
            parser.feed(chunk)
            for _, element in parser.read_events():
                if element.tag.endswith("}token"):
                    token = element.text
                    continue
                seen += 1
                yield _row(element)
                _forget(element)
        root = parser.close()
    except etree.XMLSyntaxError as error:
        raise _unreadable(error, start, seen) from error
    if not root.tag.endswith("}Envelope"):
        raise _unreadable(None, start, seen)
    return token


def _unreadable(error: etree.XMLSyntaxError | None, start: bytes, seen: int) -> UnexpectedAnswer:
    if seen or b"Envelope" in start:
        return TruncatedAnswer(
            f"the answer ends, or breaks, after {seen} objects: {error}", path="returnval.objects", remedy="try again"
        )
    shown = start.decode("utf-8", "replace").strip()
    return UnexpectedAnswer(
        f"the answer is not SOAP: {shown!r}", path="", remedy="check host and port; a proxy or login page may answer"
    )


def _forget(element: etree._Element) -> None:
    element.clear()
    while (previous := element.getprevious()) is not None:
        element.getparent().remove(previous)  # type: ignore[union-attr]


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
            path, value = child[0].text, child[1] if len(child) > 1 else None
            if value is not None:
                properties[sys.intern(path or "")] = _value(value)
        elif name == "missingSet":
            path, missing_ = _missing(child)
            missing[path] = missing_
    return Row(type_, moref, properties, missing)


def _missing(element: etree._Element) -> tuple[str, Missing]:
    plain = _object(element)
    outer = plain.get("fault")
    outer = outer if isinstance(outer, dict) else {}
    inner = outer.get("fault")
    inner = inner if isinstance(inner, dict) else {}
    return str(plain.get("path", "")), Missing(
        fault=str(inner.get("_type", "")),
        privilege=str(inner.get("privilegeId") or ""),
        message=str(outer.get("localizedMessage") or ""),
    )


def _value(element: etree._Element) -> Any:
    kind = element.get(_TYPE, "")
    if kind.startswith("ArrayOf"):
        return [_value(child) for child in element]
    if not len(element):
        # An empty data object (a fault without detail, say) is known by its type alone.
        if not element.text and kind and ":" not in kind and element.get("type") is None:
            return {"_type": sys.intern(kind)}
        return element.text or ""
    return _object(element, kind)


def _object(element: etree._Element, kind: str = "") -> dict[str, Any]:
    plain: dict[str, Any] = {"_type": sys.intern(kind)} if kind else {}
    for child in element:
        name = _local(child)
        value = _value(child)
        if name in plain:
            there = plain[name]
            if isinstance(there, list):
                there.append(value)
            else:
                plain[name] = [there, value]
        else:
            plain[name] = value
    return plain


def _local(element: etree._Element) -> str:
    tag = element.tag
    return sys.intern(tag[tag.rfind("}") + 1 :])
