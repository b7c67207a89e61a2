"""Answers of a vCenter's tagging service (vSphere Automation API) → the tags of each object.

https://developer.broadcom.com/xapis/vsphere-automation-api/latest/cis-tagging
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import orjson

from hybridinv.errors import UnexpectedAnswer
from hybridinv.model.fact import Tags
from hybridinv.wire.reading import look, many
from hybridinv.wire.secrets import excerpt, redact

_REPORT = "report it with a tape (hi.record)"


@attrs.frozen
class Tag:
    """A tag: its name, and the id of its category."""

    id: str
    name: str
    category_id: str


def decode(body: bytes, where: str) -> Any:
    """The JSON of an answer; `UnexpectedAnswer` where it is none."""
    try:
        return orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        came = f"{excerpt(body)!r} instead of JSON" if body.strip() else "nothing"
        raise UnexpectedAnswer(
            f"{where} answered {came}", remedy="check host and port; a proxy or login page may answer; try again"
        ) from None


def read_ids(answer: Any, where: str) -> list[str]:
    """The ids in an answer that lists them (`tag`, `category`), each once and sorted; null is none."""
    ids = many(answer)
    if isinstance(answer, (str, Mapping)) or not all(isinstance(one, str) and one for one in ids):
        raise _unexpected(where, "a list of ids", answer)
    return sorted(set(ids))


def read_tag(answer: Any) -> Tag:
    """One tag (`TagModel`)."""
    return Tag(*(_text(answer, name, "a tag") for name in ("id", "name", "category_id")))


def read_category(answer: Any) -> str:
    """The name of one category (`CategoryModel`)."""
    return _text(answer, "name", "a category")


def read_attached(answer: Any) -> dict[str, list[str]]:
    """The morefs each tag is attached to, by the tag's id (`list-attached-objects-on-tags`)."""
    if isinstance(answer, (str, Mapping)):
        raise _unexpected("list-attached-objects-on-tags", "a list", answer)
    return {
        _text(one, "tag_id", "an association"): [
            _text(item, "id", "an object") for item in many(look(one, "object_ids"))
        ]
        for one in many(answer)
    }


def tags_by_object(
    attached: Mapping[str, Iterable[str]], tags: Iterable[Tag], categories: Mapping[str, str]
) -> dict[str, Tags]:
    """The tags of each moref: the category's name, and the names of its tags in order, joined with a comma.

    A category whose name could not be read goes by its id.
    """
    names: dict[str, dict[str, set[str]]] = {}
    for tag in tags:
        category = categories.get(tag.category_id, tag.category_id)
        for moref in attached.get(tag.id, ()):
            names.setdefault(moref, {}).setdefault(category, set()).add(tag.name)
    made: dict[tuple[tuple[str, str], ...], Tags] = {}
    found = {}
    for moref, of_it in names.items():
        said = tuple((category, ", ".join(sorted(of_it[category]))) for category in sorted(of_it))
        # Thousands of machines share a few sets of tags.
        found[moref] = made.setdefault(said, Tags(dict(said)))
    return found


def read_refusal(body: bytes) -> str:
    """What an error body says, `error_type: message`, in the form of either API; never raises, never tells a secret."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return excerpt(body)
    fault = look(answer, "value") or answer
    kind = look(fault, "error_type") or look(answer, "type") or ""
    messages = (look(message, "default_message") for message in many(look(fault, "messages")))
    said = [str(kind).rpartition(".")[2], *(str(message) for message in messages if message)]
    return redact(": ".join(filter(None, said)))[:300]


def _text(answer: Any, name: str, what: str) -> str:
    value = look(answer, name)
    if not isinstance(value, str) or not value:
        raise _unexpected(what, f"a text at {name}", answer)
    return value


def _unexpected(where: str, expected: str, answer: Any) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        f"{where}: expected {expected}, got {redact(repr(answer))[:60]}", path="value", remedy=_REPORT
    )
