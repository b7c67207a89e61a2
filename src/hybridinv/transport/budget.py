"""How fast an ARM endpoint may be asked: what is left of its buckets, shared by all who ask with one credential.

ARM allows a principal 250 reads in each subscription at once and 25 more each second (Microsoft Learn,
azure-resource-manager/management/request-limits-and-throttling), and says in its answers what is left. Resource Graph
has a quota of its own (governance/resource-graph/concepts/guidance-for-throttled-requests). No document gives a Hub
such a bucket: nothing is assumed of one until it announces what is left.

The lists of an extension catalogue have policies of their own: published recordings announce 18,000 in three minutes
for those of types, and no bucket of ARM's beside. So they wait for no bucket that is only assumed, though they draw on
it: one that the endpoint announces counts for them too, and when it refuses one of them the documented one does.
"""

from __future__ import annotations

import math
import re
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

READS = 250
"""Requests at once, in one subscription."""
READS_A_SECOND = 25.0
GRAPH_QUERIES = 15
GRAPH_SECONDS = 5.0

_LEFT = re.compile(
    r"x-ms-ratelimit-remaining-(?:subscription|tenant)-(?:global-)?(?:reads|resource-requests)", re.IGNORECASE
)
_POLICIES = "x-ms-ratelimit-remaining-resource"
_NEARLY_ONE = 1 - 1e-6
_POLICY_PAUSE = 1.0
_GRAPH = "/providers/microsoft.resourcegraph/"
_CATALOGUE = re.compile(r"microsoft\.(?:compute|hybridcompute)/locations/[^/]+/publishers(?:/.*)?")
_SPAN = re.compile(r"(\d+):(\d\d):(\d\d)(\.\d+)?")


class Aim(NamedTuple):
    """What a request asks: a provider, and whether for one of the lists of an extension catalogue."""

    provider: str = ""
    is_catalogue: bool = False


class Sent(NamedTuple):
    """A request on its way: its number, and how many others were on their way when it left."""

    number: int
    beside: int


class Heard(NamedTuple):
    """What an answer says of the budget."""

    headers: Mapping[str, str]
    retry_after: float | None = None
    """Seconds, where the endpoint refused for now."""


class _Scope(Protocol):
    def pause(self, aim: Aim, now: float) -> float: ...
    def send(self) -> Sent: ...
    def hear(self, sent: Sent, aim: Aim, heard: Heard | None, now: float) -> None: ...


class Bucket:
    """The reads of one subscription, or of the tenant. It never holds more than the endpoint's own bucket.

    What is on its way may not have arrived there yet: so much this one is never filled up to. What an answer says is
    left counts more than what we reckon, once the requests are taken off that it cannot have known of. An infinite
    capacity is unknown, and becomes the first number that is announced. What nobody has confirmed is assumed: a
    catalogue does not wait for it.
    """

    def __init__(self, capacity: float, rate: float) -> None:
        self._capacity = self._level = float(capacity)
        self._rate = rate
        self._is_assumed = True
        self._at = 0.0
        self._on_way = 0
        self._sent = 0
        self._closed: dict[str, float] = {}
        """Until when, by provider; `""` is all of them."""

    def pause(self, aim: Aim, now: float) -> float:
        """Seconds until one more request may be sent."""
        self._fill(now)
        closed = max(self._closed.get(one, now) for one in ("", aim.provider))
        is_free = self._level > _NEARLY_ONE or (aim.is_catalogue and self._is_assumed)
        missing = 0.0 if is_free else 1 - self._level
        return max(0.0, closed - now, missing / self._rate)

    def send(self) -> Sent:
        """One request leaves."""
        sent = Sent(self._sent + 1, self._on_way)
        self._sent, self._on_way = self._sent + 1, self._on_way + 1
        self._level = max(self._level - 1, float(-self._on_way))  # the endpoint's own is never below nothing
        return sent

    def hear(self, sent: Sent, aim: Aim, heard: Heard | None, now: float) -> None:
        """Its answer came, or nothing did."""
        self._fill(now)
        self._on_way -= 1
        if heard is None:
            return
        left = least(number for name, number in heard.headers.items() if _LEFT.fullmatch(name))
        if left is not None:
            self._capacity = max(1.0, left if math.isinf(self._capacity) else self._capacity, left)
            unknown_there = (self._sent - sent.number) + sent.beside
            self._level = max(min(self._level, left - self._on_way), left - unknown_there)
            self._is_assumed = False
        if heard.retry_after is not None:
            self._close("" if left == 0 else aim.provider, now + heard.retry_after)
            if aim.is_catalogue and self._is_assumed:
                self._is_assumed, self._capacity = False, min(self._capacity, READS)
                self._level = min(self._level, -self._on_way)
        policies = heard.headers.get(_POLICIES, "").split(",")
        left = least(policy.rpartition(";")[2] for policy in policies)
        if left is not None and left <= self._on_way:
            self._close(aim.provider, now + _POLICY_PAUSE)

    def _fill(self, now: float) -> None:
        gained = max(0.0, now - self._at) * self._rate
        self._level = min(self._capacity - self._on_way, self._level + gained)
        self._at = now

    def _close(self, provider: str, until: float) -> None:
        self._closed[provider] = max(self._closed.get(provider, until), until)


class Quota:
    """The queries of Resource Graph: so many until it says that it counts anew."""

    def __init__(self, queries: int = GRAPH_QUERIES, seconds: float = GRAPH_SECONDS) -> None:
        self._queries = self._left = queries
        self._seconds = seconds
        self._resets_at: float | None = None
        self._on_way = 0

    def pause(self, _: Aim, now: float) -> float:
        """Seconds until one more query may be sent."""
        if self._resets_at is not None and now >= self._resets_at:
            self._left, self._resets_at = self._queries - self._on_way, None
        if self._left > 0:
            return 0.0
        # All are on their way and none is answered: the first answer says until when.
        return self._seconds if self._resets_at is None else self._resets_at - now

    def send(self) -> Sent:
        """One query leaves."""
        self._on_way += 1
        self._left -= 1
        return Sent(0, 0)

    def hear(self, _: Sent, __: Aim, heard: Heard | None, now: float) -> None:
        """Its answer came, or nothing did."""
        self._on_way -= 1
        if heard is None:
            return
        left = least([heard.headers.get("x-ms-user-quota-remaining", "")])
        span = _SPAN.fullmatch(heard.headers.get("x-ms-user-quota-resets-after", "").strip())
        if left is not None:
            self._left = min(self._left, left - self._on_way) if self._resets_at else left - self._on_way
        if span is not None:
            hours, minutes, seconds, fraction = span.groups()
            self._resets_at = now + int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(fraction or 0)
        elif self._resets_at is None:
            self._resets_at = now + self._seconds
        if heard.retry_after:
            self._left, self._resets_at = 0, max(self._resets_at, now + heard.retry_after)


def least(numbers: Any) -> int | None:
    """The smallest of the whole numbers among some texts; None where there is none."""
    found = [int(text) for text in map(str.strip, numbers) if text.isascii() and text.isdigit() and len(text) < 16]
    return min(found, default=None)


class Pass:
    """One request that may be sent now; it must be told how that ended."""

    def __init__(self, tell: Callable[[Heard | None], None]) -> None:
        self._tell = tell

    def ended(self, headers: Mapping[str, str] | None, retry_after: float | None = None) -> None:
        """The answer's headers, None where no answer came; and the seconds that a refusal asks for."""
        self._tell(None if headers is None else Heard(headers, retry_after))


class Budget:
    """What one credential may ask of one endpoint, by subscription; used by several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, assumed: bool = True) -> None:
        self._clock = clock
        self._assumed = assumed
        self._scopes: dict[str, _Scope] = {}
        self._lock = threading.Lock()
        self.credential: object = None

    def admit(self, path: str) -> Pass | float:
        """A pass for a request to that path, else the seconds to wait before asking again."""
        name, aim = _scope_of(path.lower())
        with self._lock:
            scope = self._scopes.get(name)
            if scope is None:
                reads = READS if self._assumed else math.inf
                scope = self._scopes[name] = Quota() if name == _GRAPH else Bucket(reads, READS_A_SECOND)
            pause = scope.pause(aim, self._clock())
            return pause if pause > 0 else Pass(partial(self._hear, scope, scope.send(), aim))

    def _hear(self, scope: _Scope, sent: Sent, aim: Aim, heard: Heard | None) -> None:
        with self._lock:
            scope.hear(sent, aim, heard, self._clock())


def _scope_of(path: str) -> tuple[str, Aim]:
    """Whose requests a path counts to (a subscription, Resource Graph, else the tenant), and what it asks."""
    if path.startswith(_GRAPH):
        return _GRAPH, Aim()
    head, _, rest = path.partition("/providers/")
    steps = head.split("/")
    subscription = steps[2] if len(steps) > 2 and steps[1] == "subscriptions" else ""
    return subscription, Aim(rest.partition("/")[0], _CATALOGUE.fullmatch(rest) is not None)


_shared: WeakValueDictionary[tuple[str, object], Budget] = WeakValueDictionary()
_shared_lock = threading.Lock()


def budget_of(endpoint: str, credential: object, *, assumed: bool = True) -> Budget:
    """The budget of a credential at an endpoint: two adapters that log in alike draw from one.

    `assumed` says whether ARM's documented bucket holds there for as long as the endpoint announces none.
    """
    # Every adapter that is given none makes a DefaultAzureCredential of its own, and they all are one principal.
    kind = type(credential).__name__
    login: object = kind if kind == "DefaultAzureCredential" else id(credential)
    with _shared_lock:
        budget = _shared.get((endpoint.lower(), login))
        if budget is None:
            budget = _shared[endpoint.lower(), login] = Budget(assumed=assumed)
            budget.credential = credential  # its id stays its own for as long as the budget is there
        return budget
