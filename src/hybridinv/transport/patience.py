"""How a request waits: retries, Retry-After, timeouts and the deadline; and how httpx' errors become ours."""

from __future__ import annotations

import email.utils
import math
import random
import socket
import ssl
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import httpx

from hybridinv.errors import (
    ConnectFailed,
    DeadlineExceeded,
    EndpointError,
    HybridInvError,
    Throttled,
    TLSFailed,
    TruncatedAnswer,
)
from hybridinv.transport.budget import Pass
from hybridinv.transport.deadline import remaining
from hybridinv.transport.scrub import clean_error, secrets_of
from hybridinv.wire.secrets import redact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hybridinv.transport.budget import Budget

RETRIES = 4
"""How often a read is tried again."""
PATIENCE = 120.0
"""Seconds one request may wait in all when the caller gave no deadline."""
E = TypeVar("E", bound=BaseException)

_CHECK_PROXY = "check HTTPS_PROXY and NO_PROXY"
_BUSY = (429, 503)
_FIRST_PAUSE = 0.2
_TRUST = "pass ca_file=… (its CA in PEM form); VSphere takes thumbprint=… (SHA-256 of its certificate) instead"


class Patient(httpx.BaseTransport):
    """Tries reads again: after a failed connection, and after 429 or 503 as `Retry-After` asks.

    A request is a read when its method is GET or HEAD, or when its extension `read` says so (SOAP, Resource Graph).
    Others are sent once. No wait goes beyond the deadline: then it is `Throttled`, at once. An extension `busy` names
    the statuses that are tried again. A request whose extension `budget` names one is sent when there is room in it,
    and each try counts.
    """

    def __init__(self, inner: httpx.BaseTransport, source: str) -> None:
        self._inner = inner
        self._source = source

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        is_read = request.extensions.get("read", request.method in ("GET", "HEAD"))
        tries = RETRIES if is_read else 0
        began = time.monotonic()
        with errors_of(request, self._source):
            for attempt in range(tries + 1):
                try:
                    response = self._send(request, began)
                except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
                    # A kept connection that the server has closed meanwhile is no answer either.
                    if attempt == tries or _is_final(error):
                        raise
                    pause = _backoff(attempt)
                    if not _fits(pause, began):
                        raise
                    time.sleep(pause)
                    continue
                if response.status_code not in request.extensions.get("busy", _BUSY):
                    break
                asked = retry_after(response.headers.get("Retry-After"))
                pause = _backoff(attempt) if asked is None else asked
                if attempt < tries and _fits(pause, began):
                    response.close()
                    time.sleep(pause)
                    continue
                if response.status_code == 429:
                    response.close()
                    raise _throttled(request, self._source, asked, response.headers.get("x-ms-request-id", ""))
                break
        response.stream = _Watched(response.stream, request, self._source)
        return response

    def _send(self, request: httpx.Request, began: float) -> httpx.Response:
        admitted = _admitted(request, began, self._source)
        headers, asked = None, None
        try:
            self._bound(request)
            response = self._inner.handle_request(request)
            headers = response.headers
            asked = (retry_after(headers.get("Retry-After")) or 0.0) if response.status_code == 429 else None
            return response
        finally:
            if admitted:
                admitted.ended(headers, asked)

    def _bound(self, request: httpx.Request) -> None:
        left = remaining()
        if left is None:
            return
        if left <= 0:
            raise _too_late(request, self._source)
        timeout = request.extensions.get("timeout", {})
        request.extensions["timeout"] = {
            step: left if timeout.get(step) is None else min(left, timeout[step])
            for step in ("connect", "read", "write", "pool")
        }

    def close(self) -> None:
        self._inner.close()


def _admitted(request: httpx.Request, began: float, source: str) -> Pass | None:
    """The pass of a request that has a budget, once there is room in it; `Throttled` where there is none in time."""
    budget: Budget | None = request.extensions.get("budget")
    while budget is not None:
        admitted = budget.admit(request.url.path)
        if isinstance(admitted, Pass):
            return admitted
        left = remaining()
        if left is not None and left <= 0:
            raise _too_late(request, source)
        if not _fits(admitted, began):
            raise _no_room(request, source, admitted)
        time.sleep(admitted)
    return None


class _Watched(httpx.SyncByteStream):
    """A body that minds the deadline, and whose errors are ours."""

    def __init__(self, stream: object, request: httpx.Request, source: str) -> None:
        self._stream = stream
        self._request = request
        self._source = source

    def __iter__(self) -> Iterator[bytes]:
        with errors_of(self._request, self._source):
            for chunk in self._stream:  # type: ignore[attr-defined]
                left = remaining()
                if left is not None and left <= 0:
                    raise _too_late(self._request, self._source)
                yield chunk

    def close(self) -> None:
        self._stream.close()  # type: ignore[attr-defined]


@contextmanager
def errors_of(request: httpx.Request, source: str) -> Iterator[None]:
    """The exceptions of httpx as ours; each says what to do next."""
    try:
        try:
            yield
        except httpx.TransportError as error:
            # A server may say what it was sent, and what reads its answer may show that.
            clean_error(error, secrets_of(request) | request.extensions.get("secrets", set()))
            raise
    except (httpx.TimeoutException, httpx.ConnectError, httpx.ProxyError) as error:
        raise _not_reached(error, request, source) from error
    except httpx.LocalProtocolError:
        # Its text shows the header that is wrong, and that may be a token.
        raise ConnectFailed(
            f"a request to {_address(request)} cannot be formed",
            remedy="check user name, token and cookies for line breaks",
            **_where(request, source),
        ) from None
    except httpx.TransportError as error:
        raise _broken(error, request, source) from error


def _where(request: httpx.Request, source: str) -> dict[str, str]:
    return {"source": source, "operation": f"{request.method} {request.url.path}"}


def _address(request: httpx.Request) -> str:
    return f"{request.url.host}:{request.url.port or 443}"


def _not_reached(error: httpx.TransportError, request: httpx.Request, source: str) -> EndpointError:
    address, where, proxy = _address(request), _where(request, source), request.extensions.get("proxy", "")
    if isinstance(error, httpx.ProxyError):
        return ConnectFailed(f"the proxy {proxy} refuses the way to {address}: {error}", remedy=_CHECK_PROXY, **where)
    way = f" by way of the proxy {proxy}" if proxy else ""
    if not isinstance(error, httpx.TimeoutException):
        return _connect_failed(error, address, proxy, where)
    left = remaining()
    if left is not None and left <= 0.01:
        return _too_late(request, source)
    if isinstance(error, httpx.PoolTimeout):
        return ConnectFailed(f"{address} was not asked in time: {error}",
                             remedy="pass a longer timeout=, or ask from fewer threads", **where)  # fmt: skip
    return ConnectFailed(
        f"{address} gave no answer in time{way} ({type(error).__name__})",
        remedy="pass a longer timeout=, or check the way there",
        **where,
    )


def _connect_failed(error: Exception, address: str, proxy: str, where: dict[str, str]) -> EndpointError:
    tls, unknown = _tls_cause(error), _cause(error, socket.gaierror) is not None
    if tls is not None:
        address += f" by way of the proxy {proxy}" if proxy else ""
        reason = getattr(tls, "verify_message", "") or str(tls.args[-1] if tls.args else tls)
        if isinstance(tls, ssl.SSLCertVerificationError):
            return TLSFailed(f"the certificate of {address} is not trusted: {reason}", remedy=_TRUST, **where)
        return TLSFailed(f"no TLS with {address}: {reason}", remedy="check host, port and proxy", **where)
    if proxy:
        # The proxy looks up and reaches the endpoint; what could not be reached is the proxy.
        why = f"there is no host {proxy.rpartition(':')[0]!r}" if unknown else str(error)
        return ConnectFailed(
            f"the proxy {proxy} on the way to {address} cannot be reached: {why}", remedy=_CHECK_PROXY, **where
        )
    if unknown:
        return ConnectFailed(f"there is no host {address.rsplit(':', 1)[0]!r}", remedy="check the name", **where)
    return ConnectFailed(
        f"nothing answers at {address}: {error}", remedy="check host, port, firewall and HTTPS_PROXY", **where
    )


def _broken(error: httpx.TransportError, request: httpx.Request, source: str) -> HybridInvError:
    address, where = _address(request), _where(request, source)
    if isinstance(error, httpx.UnsupportedProtocol):
        return ConnectFailed(f"{request.url.host} cannot be reached: {error}", remedy="check the endpoint", **where)
    if not isinstance(error, httpx.RemoteProtocolError):
        return TruncatedAnswer(
            f"the connection to {address} broke: {error or type(error).__name__}", remedy="try again", path=""
        )
    if "incomplete" in str(error) or "without sending complete" in str(error):
        return TruncatedAnswer(
            f"{address} closed the connection in the middle of its answer", remedy="try again", path=""
        )
    return ConnectFailed(f"{address} does not speak HTTP as expected: {error}", remedy="check host and port", **where)


def _tls_cause(error: BaseException) -> ssl.SSLError | None:
    return _cause(error, ssl.SSLError)


def _is_final(error: BaseException) -> bool:
    """A certificate stays untrusted, and a name that is not there is not there a second later.

    Once there is TLS its errors are broken connections like others; so is an end in the middle of the handshake.
    """
    if not isinstance(error, httpx.ConnectError):
        return False
    tls, unknown = _tls_cause(error), _cause(error, socket.gaierror)
    is_refused = tls is not None and not isinstance(tls, (ssl.SSLEOFError, ssl.SSLZeroReturnError))
    return is_refused or (unknown is not None and unknown.errno != socket.EAI_AGAIN)


def _cause(error: BaseException | None, kind: type[E]) -> E | None:
    while error is not None:
        if isinstance(error, kind):
            return error
        error = error.__cause__ or error.__context__
    return None


def _backoff(attempt: int) -> float:
    return _FIRST_PAUSE * 2.0**attempt * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing


def _fits(pause: float, began: float) -> bool:
    left = remaining()
    return pause < (PATIENCE - (time.monotonic() - began) if left is None else left)


def retry_after(header: str | None) -> float | None:
    """Seconds asked for by a `Retry-After` header, in either of its forms; None where there is none."""
    if not header:
        return None
    try:
        seconds = float(header)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    except ValueError:
        pass
    try:
        moment: datetime = email.utils.parsedate_to_datetime(header)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def _no_room(request: httpx.Request, source: str, pause: float) -> Throttled:
    return Throttled(
        f"{request.url.host} takes no more requests of this kind for {math.ceil(pause)} s",
        retry_after=pause,
        remedy="try again later, or pass a longer deadline= (or wait longer by `with hi.deadline(…):`)",
        source=source,
        operation=f"{request.method} {request.url.path}",
    )


def _throttled(request: httpx.Request, source: str, asked: float | None, request_id: str) -> Throttled:
    pause = "" if asked is None else f" and asks for {asked:.0f} s"
    return Throttled(
        f"{request.url.host} says there were too many requests{pause}",
        retry_after=asked,
        remedy="try again later, or pass a longer deadline= (or wait longer by `with hi.deadline(…):`)",
        request_id=redact(request_id, secrets_of(request)),
        source=source,
        operation=f"{request.method} {request.url.path}",
    )


def _too_late(request: httpx.Request, source: str) -> DeadlineExceeded:
    return DeadlineExceeded(
        f"the deadline passed before {request.url.host} had answered",
        remedy="pass a longer deadline=, or ask for less",
        source=source,
        operation=f"{request.method} {request.url.path}",
    )
