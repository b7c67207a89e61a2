"""Bulk reads from vSphere: one container view, one property spec a type, pages followed by token, counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pyVmomi import VmomiSupport, vim, vmodl

from hybridinv.errors import HybridInvError, TruncatedAnswer
from hybridinv.transport.vmomi import Session
from hybridinv.wire.soap import Row, read_objects

_PAGE = 500
_collector = vmodl.query.PropertyCollector
_view = vim.view


def read_rows(
    session: Session, paths: Mapping[str, Sequence[str]], seen: Callable[[int, int | None], None]
) -> Iterator[Row]:
    """Every object of the given types below the root, with the given properties (paths by type name).

    `seen` is told, page by page, how many have come of how many the view holds. The view itself is read along with the
    first page; an object that is in it and has not come raises `TruncatedAnswer` at the end.
    """
    content = session.content
    types = [_managed(name) for name in paths]
    view = content.viewManager.CreateContainerView(content.rootFolder, types, True)
    try:
        wanted: set[str] = set()
        arrived: set[str] = set()
        for row in _pages(session, content.propertyCollector, _filter(view, paths)):
            if row.id == view._GetMoId():
                wanted = set(row.properties.get("view") or ())
                continue
            arrived.add(row.id)
            if len(arrived) % _PAGE == 0:
                seen(len(arrived), len(wanted) or None)
            yield row
        seen(len(arrived), len(wanted))
        lost = wanted - arrived
        # What was removed meanwhile has left the view too, and is no loss.
        if lost and (lost := lost & set(_now_in(session, content.propertyCollector, view))):
            raise TruncatedAnswer(
                f"{len(arrived)} of {len(wanted)} objects arrived; missing: {', '.join(sorted(lost)[:3])}",
                path="returnval.objects",
                remedy="read again; report it with a tape (hi.record) where it stays",
            )
    finally:
        _destroy(view)


def _pages(session: Session, collector: Any, spec: Any) -> Iterator[Row]:
    with session.stream(
        collector, "RetrievePropertiesEx", [spec], _collector.RetrieveOptions(maxObjects=_PAGE)
    ) as chunks:
        token = yield from read_objects(chunks)
    while token:
        with session.stream(collector, "ContinueRetrievePropertiesEx", token) as chunks:
            token = yield from read_objects(chunks)


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


def _now_in(session: Session, collector: Any, view: Any) -> list[str]:
    spec = _collector.FilterSpec(objectSet=[_collector.ObjectSpec(obj=view, skip=False)], propSet=[_members()])
    rows = list(_pages(session, collector, spec))
    return [moref for row in rows for moref in row.properties.get("view") or ()]


def _destroy(view: Any) -> None:
    try:
        view.DestroyView()
    except HybridInvError:
        # The view ends with the session in any case, and the records are already there.
        pass


def _managed(name: str) -> Any:
    return VmomiSupport.GetWsdlType("urn:vim25", name)
