"""What `VSphere.refresh` does: read a vCenter once, then only what it says has changed."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.errors import ConnectFailed, HybridInvError, NotSupported, SessionExpired
from hybridinv.inventory import KINDS, Inventory
from hybridinv.model import Asked, Change
from hybridinv.platforms.adapter import Reading
from hybridinv.platforms.vsphere_survey import VSphereSurvey
from hybridinv.platforms.vsphere_unseen import with_unseen
from hybridinv.tables import Records
from hybridinv.transport.property_collector import read_listed
from hybridinv.transport.property_updates import Follower, LostTrack
from hybridinv.wire.vim.paths import property_paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hybridinv.model import Answered
    from hybridinv.platforms.adapter import Adapter
    from hybridinv.transport.vmomi import Session
    from hybridinv.wire.soap import Row

_LONGEST = 30.0
"""Seconds one request may wait for changes."""
_TRIES = 3
_ONE_EACH = frozenset({"vms", "hosts", "clusters", "datastores"})
"""Kinds of which each record is read from one object alone; of the others, several make up one."""
_UNWATCHED = frozenset({"licenses"})
"""Kinds that no property collector tells of: they are read each time."""


@attrs.frozen
class Refreshed:
    """The inventory as it is now, and what has changed since the refresh before.

    `full` says that everything was read anew: the first time, after the session or the server's memory of it was lost,
    and where something that others lie in (a folder, a datacenter, a cluster) was moved or renamed.
    `inventory, changes = vcenter.refresh()` works too.
    """

    inventory: Inventory
    changes: Records[Change]
    full: bool

    def __iter__(self) -> Iterator[Any]:
        return iter((self.inventory, self.changes))


class Watch:
    """The session, and what was read in it, that a vCenter is refreshed by; one refresh at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._forget()

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._closings = 0
        self._inventory: Inventory | None = None
        self._follower: Follower | None = None
        self._survey: _Following | None = None

    def refresh(self, adapter: Adapter, wait: float, detail: str) -> Refreshed:
        """What is there now and what has changed; where nothing has, after `wait` seconds."""
        if isinstance(wait, bool) or not isinstance(wait, (int, float)) or not 0 <= wait < math.inf:
            raise NotSupported(f"wait={wait!r:.40} is no time to wait", remedy="give seconds, 0 or more")
        with self._lock:
            closings = self._closings
            try:
                return self._refresh(adapter, wait, detail)
            except (HybridInvError, RuntimeError) as error:
                if self._closings == closings:
                    raise
                raise ConnectFailed(
                    "the adapter was closed while it was refreshed", source=adapter.source,
                    operation="WaitForUpdatesEx", remedy="refresh again: that begins a new session",
                ) from error  # fmt: skip

    def _refresh(self, adapter: Adapter, wait: float, detail: str) -> Refreshed:
        closings = self._closings
        try:
            if self._inventory is None or self._follower is None or self._survey is None or _short(self._inventory):
                raise LostTrack
            if self._survey.detail != detail:
                raise LostTrack
            _listen(self._follower, wait, math.floor(min(_LONGEST, adapter._wire.timeout / 2)))
            return self._catch_up(adapter, self._inventory, self._follower, self._survey)
        except (LostTrack, SessionExpired):
            if self._closings != closings:
                raise SessionExpired("closed meanwhile") from None
            return self._begin(adapter, detail)

    def close(self) -> None:
        """End the session, and a wait in it; the next refresh reads everything anew."""
        self._closings += 1
        if (follower := self._follower) is not None and self._lock.locked():
            follower.cancel()
        self._session.close()

    def _begin(self, adapter: Adapter, detail: str) -> Refreshed:
        """Read everything in a session of its own, listening from the first list on."""
        closings = self._closings
        for attempt in range(_TRIES):
            self._follower = None
            self._session.close()
            content = self._session.content
            adapter.product = content.about.fullName
            try:
                follower = Follower(content)
                survey = _Following(adapter, self._session, follower, detail)
                inventory = _read_all(adapter, survey)
            except (LostTrack, SessionExpired):
                if attempt + 1 == _TRIES or self._closings != closings:
                    raise SessionExpired(
                        "the session has ended again and again", source=adapter.source, operation="WaitForUpdatesEx",
                        remedy="try again; the server, or something on the way, ends sessions early",
                    ) from None  # fmt: skip
            else:
                break
        if self._closings != closings:
            raise SessionExpired("closed meanwhile")
        self._follower, self._survey = follower, survey
        return self._keep(inventory, full=True)

    def _catch_up(self, adapter: Adapter, before: Inventory, follower: Follower, survey: _Following) -> Refreshed:
        changed, modified = follower.take()
        try:
            if "tree" in modified:
                # Where things lie is in their records: all of them may be concerned.
                fresh = VSphereSurvey(adapter.source, self._session, None, survey.detail)
                result = self._keep(_read_all(adapter, fresh), full=True)
                survey.adopt(fresh)
                return result
            readings = _Changed(adapter, self._session, survey, changed).readings()
        except BaseException:
            follower.put_back(changed, modified)
            raise
        return self._keep(*_applied(adapter, before, readings))

    def _keep(self, inventory: Inventory, changes: Records[Change] | None = None, *, full: bool = False) -> Refreshed:
        before, self._inventory = self._inventory, inventory
        if changes is None:
            changes = Records(Change) if before is None else before.diff(inventory)
        return Refreshed(inventory, changes, full)

    def __getstate__(self) -> dict[str, object]:
        return {"_session": self._session}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._forget()


def _listen(follower: Follower, wait: float, longest: int) -> None:
    """Listen until something has changed, at most `wait` seconds, in requests that the timeout lets through."""
    ends_at = time.monotonic() + wait
    while True:
        left = max(0.0, ends_at - time.monotonic())
        follower.listen(min(left, longest))
        if follower.changed or left <= longest:
            return
        if not longest:
            # The timeout is too short for a wait at the server, which counts whole seconds.
            time.sleep(min(left, 1.0))


def _short(inventory: Inventory) -> bool:
    """Whether a list that is listened to broke off: what is missing of it is not."""
    return any(problem.error and not problem.scope and problem.kind not in _UNWATCHED for problem in inventory.problems)


def _read_all(adapter: Adapter, survey: VSphereSurvey) -> Inventory:
    kinds = sorted(adapter.capabilities, key=list(KINDS).index)
    asked = Asked(platform=adapter.platform, source=adapter.source, kinds=frozenset(kinds), detail=survey.detail)
    inventory = Inventory(asked=[asked])
    answers: list[Answered] = []
    for kind in kinds:
        inventory = adapter._add(inventory, survey, kind, answers, {})
    return with_unseen(attrs.evolve(inventory, asked=[attrs.evolve(asked, answers=tuple(answers))]))


class _Following(VSphereSurvey):
    """A pass over everything, after which its lists are listened to."""

    def __init__(self, adapter: Adapter, session: Session, follower: Follower, detail: str) -> None:
        super().__init__(adapter.source, session, None, detail)
        self.kinds: dict[str, set[str]] = {}
        """Which kinds of records are read from a list."""
        self._follower = follower
        self._kind = ""

    def read(self, kind: str) -> Reading:
        self._kind = kind
        self._content = self._follower.content
        reader: Callable[[], Reading] = getattr(self, f"_{kind}")
        try:
            return reader()
        except SessionExpired as error:
            # What the ended session was listening to has ended with it.
            raise LostTrack from error

    def _rows(self, kind: str) -> Iterator[Row]:
        self.kinds.setdefault(kind, set()).add(self._kind)
        return self._follower.follow(kind, property_paths(kind, self._content.about.apiVersion, self.detail))

    def adopt(self, other: VSphereSurvey) -> None:
        """Take over what another pass knows of all kinds."""
        _hand_over(other, self)


def _hand_over(known: VSphereSurvey, to: VSphereSurvey) -> None:
    for name in ("_tagging", "_attributes", "_tree"):
        if name in known.__dict__:
            to.__dict__[name] = known.__dict__[name]


class _Changed(VSphereSurvey):
    """A pass over what has changed: single records where they can be read alone, else all of their kind."""

    def __init__(
        self, adapter: Adapter, session: Session, before: _Following, changed: Mapping[str, Mapping[str, str]]
    ) -> None:
        super().__init__(adapter.source, session, None, before.detail)
        _hand_over(before, self)
        if "tree" in changed:
            self.__dict__.pop("_tree", None)
        self._before = before
        several = {
            kind
            for name in changed
            for kind in before.kinds.get(name, ())
            if name != "tree" and (name != kind or kind not in _ONE_EACH)
        }
        self._some = {name: changed[name] for name in changed if name in _ONE_EACH - several}
        self._kinds = [*self._some, *sorted((several | _UNWATCHED) & adapter.capabilities)]

    def readings(self) -> dict[str, tuple[Reading, frozenset[str] | None]]:
        """By kind what was read, and the ids that it stands for; None where it stands for all."""
        readings: dict[str, tuple[Reading, frozenset[str] | None]] = {}
        self._log_in()
        _ = self._tree
        for kind in self._kinds:
            reading = self._again(kind)
            for scope, error in reading.lost:
                if not scope and kind not in _UNWATCHED:
                    raise error
            some = self._some.get(kind)
            readings[kind] = reading, None if some is None else frozenset(self._root.id_of(moref) for moref in some)
        self._before.adopt(self)
        return readings

    def _again(self, kind: str) -> Reading:
        try:
            return self.read(kind)
        except SessionExpired:
            raise
        except HybridInvError as error:
            if kind not in _UNWATCHED:
                raise
            reading = Reading()
            reading.lose("", error)
            return reading

    def _rows(self, kind: str) -> Iterator[Row]:
        some = self._some.get(kind)
        if some is None:
            return super()._rows(kind)
        there = {moref: type_ for moref, type_ in some.items() if type_}
        paths = property_paths(kind, self._content.about.apiVersion, self.detail)
        return read_listed(self._content.propertyCollector, there, paths)


def _applied(
    adapter: Adapter, before: Inventory, readings: Mapping[str, tuple[Reading, frozenset[str] | None]]
) -> tuple[Inventory, Records[Change]]:
    """The inventory with what was read anew put in, and what that changes."""
    tables: dict[str, list[Any]] = {}
    earlier: dict[str, Any] = {}
    later: dict[str, Any] = {}
    problems = list(before.problems)
    for kind, (reading, ids) in readings.items():
        records = {record.id: record for record in getattr(before, kind)}
        concerned = records.keys() if ids is None else records.keys() & ids
        earlier[kind], later[kind] = [records[id_] for id_ in concerned], reading.records
        left = {} if ids is None else {id_: one for id_, one in records.items() if id_ not in ids}
        fresh = {record.id: record for record in reading.records}
        # Each keeps its place; what is new comes last.
        tables[kind] = [one for id_ in records if (one := fresh.pop(id_, None) or left.get(id_))] + [*fresh.values()]
        problems = [one for one in problems if one.kind != kind or not _stands_for(ids, one.scope)]
        problems += reading.all_problems(adapter, kind)
    # What a list that was not given no longer holds is not gone.
    lost = [[one for one in some if one.kind in _UNWATCHED] for some in (before.problems, problems)]
    changes = Inventory(asked=before.asked, problems=lost[0], **earlier).diff(
        Inventory(asked=before.asked, problems=lost[1], **later)
    )
    whole: dict[str, Any] = {**before.tables(), **tables}
    return with_unseen(Inventory(asked=before.asked, problems=dict.fromkeys(problems), **whole)), changes


def _stands_for(ids: frozenset[str] | None, scope: str) -> bool:
    return ids is None or scope.partition(" ")[0] in ids
