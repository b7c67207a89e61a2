"""The client factory: every byte that goes out or comes in passes through what is made here."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Callable
from os import PathLike

import httpx

from hybridinv.transport.patience import Patient
from hybridinv.transport.tls import tls_context

TIMEOUT = 60.0
"""Seconds to wait for a connection, and for each next piece of an answer."""
_CONNECTIONS = httpx.Limits(max_connections=32, max_keepalive_connections=16)


class Wire:
    """One adapter's way to its endpoints: an httpx client, made on first use and shared by its threads.

    `transport` takes the place of the network (a tape, an `httpx.MockTransport`, a proxy of one's own); retries,
    deadline and errors stay the same. `tap` is put between, to record.
    """

    def __init__(
        self,
        source: str,
        *,
        verify: bool = True,
        ca_file: str | PathLike[str] | None = None,
        thumbprint: str | None = None,
        timeout: float = TIMEOUT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.source = source
        self.tap: Callable[[httpx.BaseTransport], httpx.BaseTransport] | None = None
        self._tls = {"verify": verify, "ca_file": ca_file, "thumbprint": thumbprint}
        self._timeout = timeout
        self.transport = transport
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()

    @property
    def client(self) -> httpx.Client:
        """The client; it follows no redirect, so that no credential travels to another place."""
        with self._lock:
            if self._client is None:
                inner: httpx.BaseTransport = _Lent(self.transport) if self.transport else Network(**self._tls)  # type: ignore[arg-type]
                if self.tap:
                    inner = self.tap(inner)
                self._client = httpx.Client(
                    transport=Patient(inner, self.source),
                    timeout=self._timeout,
                    headers={"User-Agent": "hybridinv"},
                    trust_env=False,
                )
            return self._client

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def __getstate__(self) -> dict[str, object]:
        return {k: v for k, v in self.__dict__.items() if k not in ("_lock", "_client")}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state, _client=None, _lock=threading.Lock())


class Network(httpx.BaseTransport):
    """The network, through the proxies that the environment names (`HTTPS_PROXY`, `NO_PROXY`)."""

    def __init__(self, *, verify: bool, ca_file: str | PathLike[str] | None, thumbprint: str | None) -> None:
        self._context = tls_context(verify=verify, ca_file=ca_file, thumbprint=thumbprint)
        self._ways: dict[str | None, httpx.HTTPTransport] = {}
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        proxy = None
        if not urllib.request.proxy_bypass(request.url.host):
            proxy = urllib.request.getproxies().get(request.url.scheme)
        with self._lock:
            if proxy not in self._ways:
                self._ways[proxy] = httpx.HTTPTransport(verify=self._context, proxy=proxy, limits=_CONNECTIONS)
        return self._ways[proxy].handle_request(request)

    def close(self) -> None:
        for way in self._ways.values():
            way.close()


class _Lent(httpx.BaseTransport):
    """A transport of the caller's: used, never closed."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._inner.handle_request(request)
