"""Bulk reads from vSphere: one container view, one property spec a type, pages followed by token, counted."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pyVmomi import VmomiSupport, vim, vmodl

from hybridinv.errors import HybridInvError, TruncatedAnswer, UnexpectedAnswer
from hybridinv.transport.vmomi import SessionExpired, stream
from hybridinv.wire.soap import Row, read_objects

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

_PAGE = 500
_collector = vmodl.query.PropertyCollector
_view = vim.view


def read_rows(
    content: Any, paths: Mapping[str, Sequence[str]], seen: Callable[[int, int | None], None]
) -> Iterator[Row]:
    """Every object of the given types below the root, with the given properties (paths by type name).

    `seen` is told, page by page, how many have come of how many the view holds. The view itself is read along with
    the first page; an object that is in it and has not come raises `TruncatedAnswer` at the end.
    """
    types = [_managed(name) for name in paths]
    view = content.viewManager.CreateContainerView(content.rootFolder, types, True)
    if view is None:
        raise UnexpectedAnswer(
            "the answer to CreateContainerView holds no view", path="returnval", remedy="check host and port; try again"
        )
    try:
        wanted: set[str] | None = None
        arrived: set[str] = set()
        for row in _pages(content.propertyCollector, _filter(view, paths)):
            _check_session(row)
            if row.id == view._GetMoId():
                wanted = set(row.properties.get("view") or ())
                continue
            arrived.add(row.id)
            if len(arrived) % _PAGE == 0:
                seen(len(arrived), len(wanted) if wanted else None)
            yield row
        if wanted is None:
            raise _short(f"{len(arrived)} objects arrived, and nothing says how many there are")
        seen(len(arrived), len(wanted))
        lost = wanted - arrived
        # What was removed meanwhile has left the view too, and is no loss.
        if lost and (lost := lost & set(_now_in(content.propertyCollector, view))):
            some = ", ".join(sorted(lost)[:3])
            raise _short(f"{len(arrived)} of {len(wanted)} objects arrived; missing: {some}")
    finally:
        # A view that cannot be destroyed ends with its session, and the records are already there.
        with suppress(HybridInvError):
            view.DestroyView()


def _check_session(row: Row) -> None:
    """A session that ends while a page is made up may show in the objects alone."""
    if any(why.fault == "NotAuthenticated" for why in row.missing.values()):
        raise SessionExpired("the session has ended", operation="RetrievePropertiesEx", remedy="log in again")


def _short(message: str) -> TruncatedAnswer:
    return TruncatedAnswer(
        message,
        path="returnval.objects",
        remedy="read again; report it with a tape (hi.record) where it stays",
    )


def _pages(collector: Any, spec: Any) -> Iterator[Row]:
    options = _collector.RetrieveOptions(maxObjects=_PAGE)
    token = yield from _page(collector, "RetrievePropertiesEx", [spec], options)
    while token:
        token = yield from _page(collector, "ContinueRetrievePropertiesEx", token)


def _page(collector: Any, method: str, *arguments: Any) -> Generator[Row, None, str | None]:
    with stream(collector, method, *arguments) as chunks:
        return (yield from read_objects(chunks))


def _filter(view: Any, paths: Mapping[str, Sequence[str]]) -> Any:
    into = _collector.TraversalSpec(name="view", type=_view.ContainerView, path="view", skip=False)
    specs = [
        _collector.PropertySpec(type=_managed(name), pathSet=list(leaves), all=False) for name, leaves in paths.items()
    ]
    return _collector.FilterSpec(
        objectSet=[_collector.ObjectSpec(obj=view, skip=False, selectSet=[into])],
        propSet=[_members(), *specs],
    )


def _members() -> Any:
    return _collector.PropertySpec(type=_view.ContainerView, pathSet=["view"], all=False)


def _now_in(collector: Any, view: Any) -> list[str]:
    spec = _collector.FilterSpec(objectSet=[_collector.ObjectSpec(obj=view, skip=False)], propSet=[_members()])
    return [moref for row in _pages(collector, spec) for moref in row.properties.get("view") or ()]


def _managed(name: str) -> Any:
    return VmomiSupport.GetWsdlType("urn:vim25", name)
