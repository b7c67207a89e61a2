"""What changes at a vCenter: a property collector of its own, a filter for each list, and one version for them all."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pyVmomi import vim, vmodl

from hybridinv.errors import HybridInvError, NotFound, ServerFault, UnexpectedAnswer
from hybridinv.transport.deadline import deadline
from hybridinv.transport.property_collector import check_session, check_whole, held, properties_of, view_of
from hybridinv.transport.vmomi import stream
from hybridinv.wire.soap import read_updates

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hybridinv.wire.soap import Row, Update

_GOODBYE = 5.0
_MOST = 500
"""Objects asked for in one answer; a vCenter gives 100."""
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
        self._collector = content.propertyCollector.CreatePropertyCollector()
        self._lists: dict[str, str] = {}
        self._version = ""
        self._is_whole = True

    def follow(self, name: str, paths: Mapping[str, Sequence[str]]) -> Iterator[Row]:
        """The objects of a list as they are now, as `read_rows` gives them; from now on it is listened to."""
        view = view_of(self.content, paths)
        there = held(self.content.propertyCollector, view, paths)
        into = _collector.TraversalSpec(name="view", type=vim.view.ContainerView, path="view", skip=False)
        spec = _collector.FilterSpec(
            objectSet=[_collector.ObjectSpec(obj=view, skip=True, selectSet=[into])], propSet=properties_of(paths)
        )
        own = self._collector.CreateFilter(spec, False)._GetMoId()
        self._lists[own] = name
        arrived: set[str] = set()
        for update in self._updates(0):
            if update.filter != own or update.kind != "enter":
                self._note(update)
            elif update.row.id not in arrived:
                check_session(update.row)
                arrived.add(update.row.id)
                yield update.row
        if left := there.keys() - arrived:
            check_whole(left & held(self.content.propertyCollector, view, paths).keys(), len(there))

    def listen(self, seconds: float) -> None:
        """Note in `changed` what has changed; where nothing has, wait so long for it."""
        for update in self._updates(seconds):
            self._note(update)

    def cancel(self) -> None:
        """End a wait that another thread is in; one that has ended already is no error."""
        with suppress(HybridInvError), deadline(_GOODBYE):
            self._collector.CancelWaitForUpdates()

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

    def _updates(self, seconds: float) -> Iterator[Update]:
        # After a failure the same version may be asked for again, but not one that a truncated answer gave.
        if not self._is_whole:
            raise LostTrack
        try:
            while True:
                options = _collector.WaitOptions(maxWaitSeconds=math.ceil(seconds), maxObjectUpdates=_MOST)
                with stream(self._collector, "WaitForUpdatesEx", self._version, options) as chunks:
                    version = yield from read_updates(chunks)
                if version is None:
                    return
                if version.truncated and version.name == self._version:
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
