"""The bridge that lets the Azure SDKs' clients ride on our wire; without `writes` they can read, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
from azure.core.exceptions import DecodeError, HttpResponseError, ServiceRequestError
from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpResponse
from azure.core.utils import CaseInsensitiveDict

from hybridinv.errors import HybridInvError
from hybridinv.transport.deadline import remaining
from hybridinv.wire.arm import decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hybridinv.transport.client import Wire

_REGISTERS = re.compile(r"/providers/[^/]+/register/?$", re.IGNORECASE)


class HttpxTransport(HttpTransport[Any, Any]):
    """`transport=` for an Azure SDK client or credential.

    `writes=True` is for credentials, which POST for their tokens, and for who says so. Without it a request that would
    change something is refused. `only` is the one endpoint that may be asked: the SDKs send their token wherever a
    nextLink or a redirect leads, and register resource providers in the middle of a call; both are refused then.
    """

    def __init__(
        self, wire: Wire, *, writes: bool = False, only: str = "", extensions: Mapping[str, Any] | None = None
    ) -> None:
        self._wire = wire
        self._writes = writes
        self._only = httpx.URL(only) if only else None
        self._extensions = extensions or {}

    def open(self) -> None:
        """Nothing to do: the wire opens on first use."""

    def close(self) -> None:
        """Nothing to do: the wire belongs to the adapter."""

    def __enter__(self) -> HttpxTransport:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def sleep(self, duration: float) -> None:
        """Wait, as azure-core's retries ask, unless that takes longer than the caller has."""
        left = remaining()
        if left is not None and duration >= left:
            raise ServiceRequestError(f"no time left to wait {duration:.0f} s")
        super().sleep(duration)

    def send(self, request: Any, **options: Any) -> Any:
        """Send an azure-core request, old form or new; a shorter timeout that it asks for is kept."""
        is_read = request.method in ("GET", "HEAD")
        if not self._writes and not is_read:
            raise HttpResponseError(f"hybridinv only reads; {request.method} {request.url} was not sent")
        if self._only is not None:
            _check(request, self._only)
        body = getattr(request, "content", None) or getattr(request, "data", None)
        asked = [options.get(name) for name in ("connection_timeout", "read_timeout")]
        timeout = min([self._wire.timeout, *(seconds for seconds in asked if isinstance(seconds, (int, float)))])
        try:
            answer = self._wire.request(
                request.method,
                request.url,
                headers=dict(request.headers),
                timeout=timeout,
                extensions=dict(self._extensions) if is_read else {},
                **({"data": body} if isinstance(body, dict) else {"content": body}),
            )
        except HybridInvError as error:
            # The SDKs try the next credential, or tell their caller, on this error of theirs.
            raise ServiceRequestError(str(error), error=error) from error
        return _Answer(request, answer)


def _check(request: Any, only: httpx.URL) -> None:
    """An error unless the request goes to that endpoint, and is no registration of a provider that nobody asked for."""
    url = httpx.URL(request.url)
    if (url.scheme, url.host, url.port, url.userinfo) != (only.scheme, only.host, only.port, b""):
        place = f"{url.scheme}://{url.host}" + (f":{url.port}" if url.port else "")
        raise HttpResponseError(f"{place} is not the endpoint {only}; the token was not sent there")
    if request.method not in ("GET", "HEAD") and _REGISTERS.search(url.path):
        raise HttpResponseError(
            f"{url.path} was not sent: the resource provider is not registered in this subscription; "
            "register it yourself if you want that (az provider register)"
        )


class _Answer(HttpResponse):
    """An httpx response that was read to its end, with azure-core's face."""

    def __init__(self, request: Any, answer: httpx.Response) -> None:
        self._request = request
        self._answer = answer
        self.context: dict[str, Any] = {}

    @property
    def request(self) -> Any:
        return self._request

    @property
    def status_code(self) -> int:
        return self._answer.status_code

    @property
    def headers(self) -> Any:
        return CaseInsensitiveDict(self._answer.headers)

    @property
    def reason(self) -> str:
        return self._answer.reason_phrase

    @property
    def content_type(self) -> str | None:
        kind: str | None = self._answer.headers.get("Content-Type")
        return kind

    @property
    def is_closed(self) -> bool:
        return True

    @property
    def is_stream_consumed(self) -> bool:
        return True

    @property
    def encoding(self) -> str | None:
        return self._answer.encoding

    @encoding.setter
    def encoding(self, value: str | None) -> None:
        self._answer.encoding = value or "utf-8"

    @property
    def url(self) -> str:
        return str(self._answer.url)

    @property
    def content(self) -> bytes:
        return self._answer.content

    def text(self, encoding: str | None = None) -> str:
        return self.content.decode(encoding or "utf-8-sig")

    def json(self) -> Any:
        try:
            return decode(self.content, where=self._answer.url.path)
        except HybridInvError as error:
            raise DecodeError(str(error), error=error) from error

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise HttpResponseError(response=self)

    def read(self) -> bytes:
        return self.content

    def body(self) -> bytes:
        """The name that azure-core's older policies call."""
        return self.content

    def iter_bytes(self, **_: Any) -> Iterator[bytes]:
        yield self.content

    iter_raw = iter_bytes

    def close(self) -> None:
        self._answer.close()

    def __enter__(self) -> _Answer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
