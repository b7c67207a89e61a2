"""The tags of a vCenter's objects, read once for all kinds of record.

The number of requests depends on the number of tags in use, never on that of machines: objects are asked for by tag, a
hundred tags at a time (`list-attached-objects-on-tags`); only tags and categories themselves are to be had one by one
(https://developer.broadcom.com/xapis/vsphere-automation-api/latest/cis-tagging).

A tag that the account may not read is left out by the vCenter without a word: only global permissions, and those on
the tag itself, reach tags (vSphere Security, "Permissions on Tag Objects").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeVar

import attrs

from hybridinv.errors import HybridInvError, NotFound
from hybridinv.model.fact import Tags
from hybridinv.transport.deadline import deadline, remaining
from hybridinv.transport.parallel import side_by_side
from hybridinv.wire.vim.tags import read_attached, read_category, read_ids, read_tag, tags_by_object

if TYPE_CHECKING:
    from hybridinv.transport.vsphere_rest import TaggingService

T = TypeVar("T")

_CHUNK = 100
_SHARE = 0.5
"""Of the time that is left: a tagging service that hangs must not cost the machines."""
_SCOPE = "tags"
_HIDDEN = (
    "check that the vCenter's services run and that nothing on the way hides /api and /rest, "
    'or read with detail="summary", which has no tags'
)


@attrs.frozen
class Tagging:
    """The tags by moref, and the errors that cost some."""

    by_object: Mapping[str, Tags] = attrs.field(factory=dict)
    lost: tuple[tuple[str, HybridInvError], ...] = ()


def read_tagging(service: TaggingService | None) -> Tagging:
    """The tags of every object; none on an ESXi host, which has no such service. Errors are in the answer."""
    if service is None:
        return Tagging()
    left = remaining()
    try:
        # Its session is ended in what time is left after that.
        with ExitStack() as session, deadline(None if left is None else left * _SHARE):
            return _read(session.enter_context(service))
    except NotFound as error:
        # An ESXi host has none, and is not asked; a vCenter has had one since 6.5.
        gone = NotFound(f"the tagging service was not found: {error.message}", remedy=_HIDDEN)
        return Tagging(lost=((_SCOPE, gone),))
    except HybridInvError as error:
        return Tagging(lost=((_SCOPE, error),))


def _read(service: TaggingService) -> Tagging:
    ids = read_ids(service.list("tag"), "tag")
    lost: list[tuple[str, HybridInvError]] = []

    def attachments(chunk: list[str]) -> dict[str, list[str]]:
        return read_attached(service.act("tag-association", "list-attached-objects-on-tags", {"tag_ids": chunk}))

    chunks = [ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK)]
    attached: dict[str, list[str]] = {}
    for answer in side_by_side(attachments, chunks):
        if isinstance(answer, HybridInvError):
            lost.append((_SCOPE, answer))
        else:
            attached |= answer
    used = sorted(id_ for id_, morefs in attached.items() if morefs)
    tags = _each(used, lambda id_: read_tag(service.one("tag", id_)), lost)
    wanted = sorted({tag.category_id for tag in tags.values()})
    categories = _each(wanted, lambda id_: read_category(service.one("category", id_)), lost)
    return Tagging(tags_by_object(attached, tags.values(), categories), tuple(lost))


def _each(ids: Iterable[str], read: Callable[[str], T], lost: list[tuple[str, HybridInvError]]) -> dict[str, T]:
    """Each of them by its id; what was removed meanwhile is no loss, and of errors of one class the first is kept."""
    ids = list(ids)
    found: dict[str, T] = {}
    errors: dict[type, list[tuple[str, HybridInvError]]] = {}
    for id_, answer in zip(ids, side_by_side(read, ids), strict=True):
        if not isinstance(answer, HybridInvError):
            found[id_] = answer
        elif not isinstance(answer, NotFound):
            errors.setdefault(type(answer), []).append((id_, answer))
    for (first, error), *more in errors.values():
        lost.append((f"{_SCOPE} {first}" + (f" and {len(more)} more" if more else ""), error))
    return found
