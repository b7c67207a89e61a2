"""The client factory: every byte that goes out or comes in passes through what is made here."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any

import httpx

from hybridinv.errors import ConnectFailed, NotSupported, UnexpectedAnswer
from hybridinv.transport.network import Network
from hybridinv.transport.patience import Patient
from hybridinv.transport.scrub import scrub
from hybridinv.transport.tls import digest_of
from hybridinv.transport.whole import whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

TIMEOUT = 60.0
"""Seconds to wait for a connection, and for each next piece of an answer."""
_LONGEST = 86_400.0
_SECRET_HEADER = re.compile(
    r"(\(b'(?:set-cookie|(?:proxy-)?authorization|vmware-api-session-id)', b)(['\"]).*?\2\)", re.IGNORECASE
)


class Wire:
    """One adapter's way to its endpoints: an httpx client, made on first use and shared by its threads.

    `transport` takes the place of the network (a tape, an `httpx.MockTransport`, a proxy of one's own); retries,
    deadline and errors stay the same. `tap` is put between, to record. Arguments that cannot work are `NotSupported`.
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
        _check(transport, timeout)
        _check_trust(verify, ca_file, thumbprint)
        if not verify and transport is None:
            warnings.warn(
                "verify=False: whoever sits between can read the password; pass ca_file= or thumbprint= instead",
                stacklevel=_out_of_here(),
            )
        self.source = source
        self.tap: Callable[[httpx.BaseTransport], httpx.BaseTransport] | None = None
        self._tls = {"verify": verify, "ca_file": ca_file, "thumbprint": thumbprint}
        self.timeout = timeout
        self.transport = transport
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()

    @property
    def client(self) -> httpx.Client:
        """The client; it follows no redirect, so that no credential travels to another place."""
        with self._lock:
            if self._client is None:
                inner: httpx.BaseTransport
                inner = Network(**self._tls) if self.transport is None else _Lent(self.transport)  # type: ignore[arg-type]
                if self.tap:
                    inner = self.tap(inner)
                self._client = httpx.Client(
                    transport=Patient(inner, self.source),
                    timeout=self.timeout,
                    headers={"User-Agent": "hybridinv", "Accept-Encoding": "gzip, deflate"},
                    trust_env=False,
                )
            return self._client

    def request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Response:
        """The answer to a request, read to its end."""
        try:
            with self.client.stream(method, url, **options) as response:
                return whole(response)
        except httpx.DecodingError as error:
            path = httpx.URL(url).path
            raise UnexpectedAnswer(f"{path}: the answer cannot be decompressed: {error}", remedy="try again") from error
        except httpx.InvalidURL as error:
            raise ConnectFailed(
                f"{str(url).partition('?')[0]:.80} is not an address: {error}",
                remedy="check the endpoint",
                source=self.source,
                operation=method,
            ) from error

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def __del__(self) -> None:
        # An adapter in a notebook is rarely closed; its connections must not outlive it.
        with contextlib.suppress(Exception):
            self.close()

    def __getstate__(self) -> dict[str, object]:
        return {k: v for k, v in self.__dict__.items() if k not in ("_lock", "_client")}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state, _client=None, _lock=threading.Lock())


def _check(transport: object, timeout: object) -> None:
    if transport is not None and not isinstance(transport, httpx.BaseTransport):
        raise NotSupported(
            f"transport= takes an httpx.BaseTransport, not {_named(transport)}",
            remedy="pass an httpx.HTTPTransport(…) or an httpx.MockTransport(…), or leave it out",
        )
    fits = isinstance(timeout, (int, float)) and not isinstance(timeout, bool) and 0 < timeout <= _LONGEST
    if not fits:
        raise NotSupported(
            f"timeout={timeout!r:.40} is no time to wait",
            remedy=f"give seconds, more than 0 and at most {_LONGEST:.0f}",
        )


def _check_trust(verify: object, ca_file: object, thumbprint: str | None) -> None:
    if not isinstance(verify, bool):
        raise NotSupported(f"verify= is True or False, not {_named(verify)}", remedy="pass a CA as ca_file=")
    if ca_file is not None and not isinstance(ca_file, (str, os.PathLike)):
        raise NotSupported(
            f"ca_file= is a path, not {_named(ca_file)}", remedy="give the path of a file of certificates in PEM form"
        )
    if thumbprint is None:
        return
    digest_of(thumbprint)
    if ca_file is not None or not verify:
        other = "ca_file=" if ca_file is not None else "verify=False"
        raise NotSupported(
            f"thumbprint= and {other} contradict each other", remedy="pass thumbprint= alone: it trusts one certificate"
        )


def _named(value: object) -> str:
    """What a wrong argument is; never its value, which may be a secret."""
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__


def _out_of_here() -> int:
    """The `stacklevel` of the first caller that is not one of ours."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "hybridinv":
        level, frame = level + 1, frame.f_back
    return level


class _Discreet(logging.Filter):
    """Takes the secrets out of what httpx logs: a session's cookie is a login, a signed address opens what it names."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = _SECRET_HEADER.sub(r"\1'…')", record.getMessage())
        record.msg, record.args = scrub(text.encode(errors="replace")).decode(), ()
        return True


for _name in ("httpx", "httpcore.http11"):
    logging.getLogger(_name).addFilter(_Discreet())


class _Lent(httpx.BaseTransport):
    """A transport of the caller's: used, never closed."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._inner.handle_request(request)
