"""What changes at a vCenter: a property collector of its own, a filter for each list, and one version for them all."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pyVmomi import vim, vmodl

from hybridinv.errors import HybridInvError, NotFound, ServerFault, UnexpectedAnswer
from hybridinv.transport.deadline import deadline
from hybridinv.transport.property_collector import check_session, check_whole, held, properties_of, view_of
from hybridinv.transport.vmomi import stream
from hybridinv.wire.soap import read_updates

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from hybridinv.wire.soap import Row, Update, Version

_GOODBYE = 5.0
_MOST = 500
"""Objects asked for in one answer; a vCenter gives 100."""
_TURN = 1.0
"""Seconds between two rounds, where several collectors have to be asked."""
_collector = vmodl.query.PropertyCollector


class LostTrack(Exception):
    """The server no longer knows what it has told: everything has to be read anew."""


class Follower:
    """Follows lists of objects in one session. For one thread: a session may have no two waits at once."""

    def __init__(self, content: Any) -> None:
        self.content = content
        self.changed: dict[str, dict[str, str]] = {}
        """By list: what has come or changed, types by moref, and what has gone, without a type."""
        self._modified: set[str] = set()
        self._channels = [_Channel(content)]
        self._lists: dict[str, str] = {}
        self._is_cancelled = False

    def follow(self, name: str, paths: Mapping[str, Sequence[str]]) -> Iterator[Row]:
        """The objects of a list as they are now, as `read_rows` gives them; from now on it is listened to."""
        view = view_of(self.content, paths)
        there = held(self.content.propertyCollector, view, paths)
        into = _collector.TraversalSpec(name="view", type=vim.view.ContainerView, path="view", skip=False)
        spec = _collector.FilterSpec(
            objectSet=[_collector.ObjectSpec(obj=view, skip=True, selectSet=[into])], propSet=properties_of(paths)
        )
        arrived: set[str] = set()
        yield from self._entering(self._channels[-1], name, spec, arrived)
        if there and not arrived:
            # Some tell of no filter that came after their first answer: then it gets a collector of its own.
            self._channels.append(_Channel(self.content))
            yield from self._entering(self._channels[-1], name, spec, arrived)
        if left := there.keys() - arrived:
            check_whole(left & held(self.content.propertyCollector, view, paths).keys(), len(there))

    def _entering(self, channel: _Channel, name: str, spec: Any, arrived: set[str]) -> Iterator[Row]:
        own = channel.collector.CreateFilter(spec, False)._GetMoId()
        self._lists[own] = name
        for update in channel.updates(0):
            if update.filter != own or update.kind != "enter":
                self._note(update)
            elif update.row.id not in arrived:
                check_session(update.row)
                arrived.add(update.row.id)
                yield update.row

    def listen(self, seconds: float) -> None:
        """Note in `changed` what has changed; where nothing has, wait so long for it."""
        ends_at = time.monotonic() + seconds
        while True:
            # A session may have no two waits at once: several collectors are asked in turn.
            for channel in self._channels:
                for update in channel.updates(seconds if len(self._channels) == 1 else 0):
                    self._note(update)
            left = ends_at - time.monotonic()
            if len(self._channels) == 1 or self.changed or self._is_cancelled or left <= 0:
                return
            time.sleep(min(_TURN, left))

    def cancel(self) -> None:
        """End a wait that another thread is in; one that has ended already is no error."""
        self._is_cancelled = True
        with suppress(HybridInvError), deadline(_GOODBYE):
            self._channels[0].collector.CancelWaitForUpdates()

    def take(self) -> tuple[dict[str, dict[str, str]], set[str]]:
        """What has changed, to be forgotten here; and the lists in which something has that did not come or go."""
        taken = self.changed, self._modified
        self.changed, self._modified = {}, set()
        return taken

    def put_back(self, changed: Mapping[str, Mapping[str, str]], modified: set[str]) -> None:
        """Remember again what was taken; what came later counts."""
        self.changed = {
            name: {**changed.get(name, {}), **self.changed.get(name, {})} for name in {**changed, **self.changed}
        }
        self._modified |= modified

    def _note(self, update: Update) -> None:
        name = self._lists.get(update.filter, "")
        self.changed.setdefault(name, {})[update.row.id] = "" if update.kind == "leave" else update.row.type
        if update.kind == "modify":
            self._modified.add(name)


class _Channel:
    """A property collector of one's own, and the version it is at."""

    def __init__(self, content: Any) -> None:
        self.collector = content.propertyCollector.CreatePropertyCollector()
        self._version = ""
        self._is_whole = True

    def updates(self, seconds: float) -> Iterator[Update]:
        """What has changed since the last time; where nothing has, after so many seconds."""
        # After a failure the same version may be asked for again, but not one that a truncated answer gave.
        if not self._is_whole:
            raise LostTrack
        told: set[tuple[str, str, str]] = set()
        try:
            while True:
                options = _collector.WaitOptions(maxWaitSeconds=math.ceil(seconds), maxObjectUpdates=_MOST)
                before = len(told)
                with stream(self.collector, "WaitForUpdatesEx", self._version, options) as chunks:
                    version = yield from _telling(read_updates(chunks), told)
                if version is None:
                    return
                if version.truncated and version.name == self._version and len(told) == before:
                    raise UnexpectedAnswer(
                        "the server gives the same updates again and again", path="returnval.version",
                        remedy="report it with a tape (hi.record)",
                    )  # fmt: skip
                self._version, self._is_whole = version.name, not version.truncated
                if self._is_whole:
                    return
                seconds = 0
        except ServerFault as error:
            if not error.message.startswith("InvalidCollectorVersion"):
                raise
            raise LostTrack from error
        except NotFound as error:
            raise LostTrack from error


def _telling(
    updates: Generator[Update, None, Version | None], told: set[tuple[str, str, str]]
) -> Generator[Update, None, Version | None]:
    """The updates as they come, noted in `told`."""
    while True:
        try:
            update = next(updates)
        except StopIteration as end:
            version: Version | None = end.value
            return version
        told.add((update.filter, update.row.id, update.kind))
        yield update
