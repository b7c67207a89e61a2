"""Bulk reads from vSphere: a container view says what there is; then its objects, some hundred a request, counted."""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from pyVmomi import VmomiSupport, vim, vmodl

from hybridinv.errors import HybridInvError, SessionExpired, TruncatedAnswer, UnexpectedAnswer
from hybridinv.transport.vmomi import LOG_IN, stream
from hybridinv.wire.soap import Row, read_objects, read_view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

_ASKED = 500
"""Objects asked for in one request."""
_PAGE = 500
"""Objects a page may hold; a server may give fewer, and a token."""
_MORE_PAGES = 100
"""How many pages may be followed beyond one for each object."""
_BARREN = 3
"""Pages in a row that may bring nothing new; some servers give an empty one."""
_collector = vmodl.query.PropertyCollector
_view = vim.view


def read_rows(
    content: Any, paths: Mapping[str, Sequence[str]], seen: Callable[[int, int | None], None]
) -> Iterator[Row]:
    """Every object of the given types below the root, with the given properties (paths by type name).

    `seen` is told, as they come, how many have come of how many there are. One that is there and has not come raises
    `TruncatedAnswer` at the end; one that comes again is given once, as it came first.
    """
    view = view_of(content, paths)
    try:
        there = held(content.propertyCollector, view, paths)
        arrived = 0
        left = dict(there)
        for row in read_listed(content.propertyCollector, there, paths):
            if left.pop(row.id, None) is None:
                continue
            arrived += 1
            if arrived % _ASKED == 0:
                seen(arrived, len(there))
            yield row
        seen(arrived, len(there))
        if left:
            # What was removed meanwhile has left the view too, and is no loss.
            check_whole(left.keys() & held(content.propertyCollector, view, paths).keys(), len(there))
    finally:
        # A view that cannot be destroyed ends with its session, and the records are already there.
        with suppress(HybridInvError):
            view.DestroyView()


def view_of(content: Any, types: Iterable[str]) -> Any:
    """A view of all objects of these types below the root."""
    view = content.viewManager.CreateContainerView(content.rootFolder, [_managed(name) for name in types], True)
    if view is None:
        raise UnexpectedAnswer(
            "the answer to CreateContainerView holds no view", path="returnval", remedy="check host and port; try again"
        )
    return view


def held(collector: Any, view: Any, types: Iterable[str]) -> dict[str, str]:
    """What a view of these types holds now: types by moref."""
    members = _collector.PropertySpec(type=_view.ContainerView, pathSet=["view"], all=False)
    # Nothing of them is asked for: they are there to tell, on a tape, the answer for one view from that for another.
    named = [_collector.PropertySpec(type=_managed(name), all=False) for name in types]
    spec = _collector.FilterSpec(objectSet=[_collector.ObjectSpec(obj=view, skip=False)], propSet=[members, *named])
    with stream(collector, "RetrievePropertiesEx", [spec], _collector.RetrieveOptions(maxObjects=_PAGE)) as chunks:
        row, found = read_view(chunks)
    if row is None:
        raise _short("nothing says how many objects there are")
    check_session(row)
    for why in row.missing.values():
        raise _short(f"nothing says how many objects there are: {why.message or why.fault}")
    return found


def check_whole(lost: AbstractSet[str], expected: int) -> None:
    """`TruncatedAnswer` where something is still there and has not come."""
    if lost:
        some = ", ".join(sorted(lost)[:3])
        raise _short(f"{expected - len(lost)} of {expected} objects arrived; missing: {some}")


def read_listed(collector: Any, objects: Mapping[str, str], paths: Mapping[str, Sequence[str]]) -> Iterator[Row]:
    """The given objects (types by moref) with the given properties; those that are gone are left out.

    Asked for by name, a few hundred at a time: so the server makes up each answer while the one before is decoded,
    instead of collecting everything before the first.
    """
    properties = properties_of(paths)
    options = _collector.RetrieveOptions(maxObjects=_PAGE)
    listed = list(objects.items())
    parts = (listed[at : at + _ASKED] for at in range(0, len(listed), _ASKED))
    calls = deque(("RetrievePropertiesEx", [_filter(part, properties)], options) for part in parts)
    for row in _Pages(collector, calls, most=len(objects) + _MORE_PAGES):
        check_session(row)
        if row.id not in objects:
            raise UnexpectedAnswer(
                f"the answer holds {row.id}, which was not asked for", path="returnval.objects",
                remedy="report it with a tape (hi.record)",
            )  # fmt: skip
        yield row


def properties_of(paths: Mapping[str, Sequence[str]]) -> list[Any]:
    """What to ask for, as property specs."""
    return [
        _collector.PropertySpec(type=_managed(name), pathSet=list(leaves), all=False) for name, leaves in paths.items()
    ]


def check_session(row: Row) -> None:
    """A session that ends while a page is made up may show in the objects alone."""
    if any(why.fault == "NotAuthenticated" for why in row.missing.values()):
        raise SessionExpired("the session has ended", operation="RetrievePropertiesEx", remedy=LOG_IN)


def _short(message: str) -> TruncatedAnswer:
    return TruncatedAnswer(
        message,
        path="returnval.objects",
        remedy="read again; report it with a tape (hi.record) where it stays",
    )


class _Pages:
    """The rows of several answers and of the pages that follow them, one after the other.

    Each is asked for while the one before is being decoded; the schema has a page's token come before its objects.
    """

    def __init__(self, collector: Any, calls: deque[Any], most: int) -> None:
        self._collector = collector
        self._calls = calls
        self._followed = 0
        self._most = most
        self._arrived: set[str] = set()
        self._barren = 0
        self._next: Future[_Open] | None = None

    def __iter__(self) -> Iterator[Row]:
        try:
            while page := self._ask():
                opened, chunks = page.result()
                self._next = None
                known, followed = len(self._arrived), self._followed
                with opened:
                    for row in read_objects(chunks, self._follow):
                        self._ask()
                        self._arrived.add(row.id)
                        yield row
                self._check(is_new=len(self._arrived) > known, is_last=self._followed == followed)
        finally:
            if self._next is not None:
                self._next.add_done_callback(_close)

    def _check(self, *, is_new: bool, is_last: bool) -> None:
        """`UnexpectedAnswer` where pages bring nothing new and always say that there are more."""
        self._barren = 0 if is_new or is_last else self._barren + 1
        if self._barren >= _BARREN:
            raise UnexpectedAnswer(
                f"{_BARREN} pages in a row brought nothing new, and say that there are more", path="returnval.token",
                remedy="read again; report it with a tape (hi.record) where it stays",
            )  # fmt: skip

    def _ask(self) -> Future[_Open] | None:
        """What comes next, asked for if it has not been; None where nothing does."""
        if self._next is None and self._calls:
            self._next = _in_thread(_open, self._collector, *self._calls.popleft())
        return self._next

    def _follow(self, token: str) -> None:
        self._followed += 1
        if self._followed > self._most:
            raise UnexpectedAnswer(
                f"page {self._followed} of the answer is still not the last", path="returnval.token",
                remedy="report it with a tape (hi.record)",
            )  # fmt: skip
        self._calls.appendleft(("ContinueRetrievePropertiesEx", token))
        self._ask()


_Open = tuple[ExitStack, "Iterator[bytes]"]


def _open(collector: Any, method: str, *arguments: Any) -> _Open:
    """An answer of which the head is there, to be closed by whoever reads it."""
    opened = ExitStack()
    return opened, opened.enter_context(stream(collector, method, *arguments))


def _close(future: Future[_Open]) -> None:
    if future.exception() is None:
        future.result()[0].close()


def _in_thread(function: Callable[..., _Open], *arguments: Any) -> Future[_Open]:
    """Run in a thread that does not keep the interpreter, under the caller's deadline."""
    future: Future[_Open] = Future()
    context = contextvars.copy_context()

    def run() -> None:
        try:
            future.set_result(context.run(function, *arguments))
        except BaseException as error:  # noqa: BLE001 - as executors do; it is raised where the result is read
            future.set_exception(error)

    threading.Thread(target=run, daemon=True, name="hybridinv").start()
    return future


def _filter(objects: Iterable[tuple[str, str]], properties: list[Any]) -> Any:
    return _collector.FilterSpec(
        objectSet=[_collector.ObjectSpec(obj=_managed(type_)(moref), skip=False) for moref, type_ in objects],
        propSet=properties,
        reportMissingObjectsInResults=True,
    )


def _managed(name: str) -> Any:
    try:
        return VmomiSupport.GetWsdlType("urn:vim25", name)
    except KeyError:
        # Of a newer server: it has to make do with the reference.
        return VmomiSupport.ManagedObject
