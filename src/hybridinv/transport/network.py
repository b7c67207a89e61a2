"""The network itself: connections, each with one user at a time, and the proxies that the environment names."""

from __future__ import annotations

import threading
import urllib.request
from collections import deque
from typing import TYPE_CHECKING

import httpx

from hybridinv.errors import ConnectFailed
from hybridinv.transport.tls import tls_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from os import PathLike

CONNECTIONS = 32
"""Requests on their way at a time; others wait, as long as their timeout lets them."""
_KEPT = 16
_ONE = httpx.Limits(max_connections=1)
_Way = tuple[str | None, str, str, int | None]
"""Proxy, scheme, host and port."""


class Network(httpx.BaseTransport):
    """The network, through the proxies that the environment names (`HTTPS_PROXY`, `NO_PROXY`).

    A pool that threads share may close a connection that it has just given to another thread, whose answer is lost
    (httpcore issue 1110). Here a line (a pool of one connection) is lent to one request, until its answer was read.
    """

    def __init__(self, *, verify: bool, ca_file: str | PathLike[str] | None, thumbprint: str | None) -> None:
        self._context = tls_context(verify=verify, ca_file=ca_file, thumbprint=thumbprint)
        self._free: list[tuple[_Way, httpx.HTTPTransport]] = []
        self._places = _Places(CONNECTIONS)
        self._lock = threading.Lock()
        self._is_closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        proxy = _proxy(request.url)
        way = proxy, request.url.scheme, request.url.host, request.url.port
        if not self._places.take(request.extensions.get("timeout", {}).get("pool")):
            raise httpx.PoolTimeout(f"all {CONNECTIONS} connections stay in use", request=request)
        try:
            line = self._borrow(way)
            if proxy:
                request.extensions["proxy"] = _place(proxy)
            try:
                response = line.handle_request(request)
            except BaseException:
                line.close()
                raise
        except BaseException:
            self._places.give()
            raise
        assert isinstance(response.stream, httpx.SyncByteStream)  # noqa: S101 - for the type checker
        response.stream = _Answer(response.stream, lambda: self._give_back(way, line))
        return response

    def _borrow(self, way: _Way) -> httpx.HTTPTransport:
        with self._lock:
            for place in reversed(range(len(self._free))):
                if self._free[place][0] == way:
                    return self._free.pop(place)[1]
        try:
            return httpx.HTTPTransport(verify=self._context, proxy=way[0], limits=_ONE)
        except (ValueError, httpx.InvalidURL, ImportError):
            # Not a word of what it says: a proxy's address may hold a password.
            raise ConnectFailed(
                "the proxy that the environment names cannot be used",
                remedy="set HTTPS_PROXY to http://host:port, or name the endpoint in NO_PROXY",
            ) from None

    def _give_back(self, way: _Way, line: httpx.HTTPTransport) -> None:
        with self._lock:
            if not self._is_closed:
                self._free.append((way, line))
            over = [line] if self._is_closed else [self._free.pop(0)[1]] if len(self._free) > _KEPT else []
        for one in over:
            one.close()
        self._places.give()

    def close(self) -> None:
        """Close what is free now, and what is lent when it comes back."""
        with self._lock:
            free, self._free, self._is_closed = self._free, [], True
        for _, line in free:
            line.close()


class _Places:
    """So many at a time; who waits longest is next (a semaphore lets those pass who come at the right moment)."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    def take(self, timeout: float | None) -> bool:
        """Whether there was a place in time."""
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            turn = threading.Event()
            self._waiting.append(turn)
        if turn.wait(timeout):
            return True
        with self._lock:
            if not turn.is_set():
                self._waiting.remove(turn)
            return turn.is_set()

    def give(self) -> None:
        """A place is free: the next one's, if anybody waits."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


class _Answer(httpx.SyncByteStream):
    """An answer on its way; `give_back` is called once, when it is closed."""

    def __init__(self, stream: httpx.SyncByteStream, give_back: Callable[[], None]) -> None:
        self._stream = stream
        self._give_back: Callable[[], None] | None = give_back

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        give_back, self._give_back = self._give_back, None
        if give_back is None:
            return
        try:
            self._stream.close()
        finally:
            give_back()


def _proxy(url: httpx.URL) -> str | None:
    """The proxy that the environment names for an address; `host:port` alone means HTTP."""
    host = f"[{url.host}]" if ":" in url.host else url.host
    if urllib.request.proxy_bypass(f"{host}:{url.port}" if url.port else host):
        return None
    proxies = urllib.request.getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy or None


def _place(proxy: str) -> str:
    """Where a proxy is, without the user name and password that its address may hold."""
    url = httpx.URL(proxy)
    return f"{url.host}:{url.port or {'http': 80, 'https': 443}.get(url.scheme, 1080)}"
