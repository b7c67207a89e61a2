"""Azure Resource Manager over httpx: tokens, pages, Resource Graph, errors. It reads, and cannot write."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, Protocol

import httpx

from hybridinv.errors import (
    AccessDenied,
    AuthenticationFailed,
    HybridInvError,
    NotFound,
    ServerFault,
    Throttled,
    TruncatedAnswer,
    UnexpectedAnswer,
)
from hybridinv.transport.client import Wire
from hybridinv.wire import arm as wire

_GRAPH = "/providers/Microsoft.ResourceGraph/resources"
_GRAPH_VERSION = "2022-10-01"
_GRAPH_ROWS = 1000
_GRAPH_SUBSCRIPTIONS = 100
_RENEW_BEFORE = 300
_ACTION = re.compile(r"perform action '([^']+)'")


class Credential(Protocol):
    """Anything that gives tokens: azure-identity's credentials, or three lines of one's own."""

    def get_token(self, *scopes: str) -> Any:
        """A value with `token` and `expires_on` (seconds since 1970)."""


class Tokens:
    """The bearer token for one scope, kept until shortly before it expires."""

    def __init__(self, credential: Credential, scope: str, source: str) -> None:
        self._credential = credential
        self._scope = scope
        self._source = source
        self._token: Any = None
        self._lock = threading.Lock()

    def header(self) -> dict[str, str]:
        """The Authorization header."""
        with self._lock:
            if self._token is None or self._token.expires_on - _RENEW_BEFORE < time.time():
                self._token = self._ask()
            return {"Authorization": f"Bearer {self._token.token}"}

    def forget(self) -> None:
        """Ask for a new token next time."""
        with self._lock:
            self._token = None

    def _ask(self) -> Any:
        try:
            return self._credential.get_token(self._scope)
        except HybridInvError:
            raise
        except Exception as error:
            first_line = str(error).strip().partition("\n")[0]
            raise AuthenticationFailed(
                f"no token for {self._scope}: {first_line}",
                remedy="log in (az login), set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET, or pass credential=",
                source=self._source,
                operation="get_token",
            ) from error


class ArmClient:
    """Reads one ARM endpoint. Pages are followed to the end, and only on the endpoint's own origin."""

    def __init__(self, wire_: Wire, endpoint: str, credential: Credential, scope: str) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._wire = wire_
        self._credential = credential
        self._scope = scope
        self._tokens = Tokens(credential, scope, wire_.source)

    @property
    def source(self) -> str:
        """Which endpoint this is."""
        return self._wire.source

    def sdk(self, client: Callable[..., Any], subscription_id: str, **options: Any) -> Any:
        """An Azure SDK client for this endpoint, on this wire and with this login; it can read, and nothing else."""
        from hybridinv.transport.azure_core import HttpxTransport

        return client(
            self._credential,
            subscription_id,
            base_url=self.endpoint,
            credential_scopes=[self._scope],
            transport=HttpxTransport(self._wire),
            **options,
        )

    def get(self, path: str, api_version: str, **parameters: str) -> bytes:
        """The body of one resource or collection."""
        return self._read("GET", self._url(path, api_version, parameters))

    def one(self, path: str, api_version: str, **parameters: str) -> dict[str, Any]:
        """One resource, as the object it is."""
        body = wire.decode(self.get(path, api_version, **parameters), where=path)
        if not isinstance(body, dict):
            raise UnexpectedAnswer(f"{path}: the answer is no object", path="", remedy="report it with a tape")
        return body

    def pages(self, path: str, api_version: str, **parameters: str) -> Iterator[wire.Page]:
        """The pages of a collection, until the last; `TruncatedAnswer` where the endpoint counted more."""
        url = self._url(path, api_version, parameters)
        followed = {str(url)}
        arrived, counted = 0, None
        while True:
            page = wire.read_page(self._read("GET", url), where=url.path)
            arrived += len(page.items)
            counted = page.count if counted is None else counted
            yield page
            if page.next_link is None:
                break
            url = self._next(url, page.next_link)
            if str(url) in followed:
                raise UnexpectedAnswer(
                    f"{url.path}: a nextLink leads back to a page that was read", path="nextLink", remedy="report it"
                )
            followed.add(str(url))
        if counted is not None and arrived < counted:
            raise TruncatedAnswer(
                f"{url.path}: {arrived} of {counted} arrived", path="value", remedy="read it again; report it if it stays"
            )

    def graph(self, query: str, subscriptions: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """The rows of a Resource Graph query; the query must project `id`, or pages overlap."""
        for start in range(0, len(subscriptions), _GRAPH_SUBSCRIPTIONS):
            yield from self._graph_rows(query, subscriptions[start : start + _GRAPH_SUBSCRIPTIONS])

    def _graph_rows(self, query: str, subscriptions: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        url = self._url(_GRAPH, _GRAPH_VERSION, {})
        options: dict[str, Any] = {"$top": _GRAPH_ROWS, "resultFormat": "objectArray"}
        arrived, total = 0, 0
        while True:
            body = {"subscriptions": list(subscriptions), "query": query, "options": options}
            page = wire.read_graph_page(self._read("POST", url, body))
            arrived += len(page.rows)
            total = page.total if page.total is not None else total
            yield from page.rows
            if not page.skip_token:
                break
            options = {**options, "$skipToken": page.skip_token}
        if page.truncated or arrived < total:
            raise TruncatedAnswer(
                f"Resource Graph: {arrived} of {total} rows arrived", path="data", remedy="report it with a tape"
            )

    def _url(self, path: str, api_version: str, parameters: Mapping[str, str]) -> httpx.URL:
        return httpx.URL(self.endpoint + path, params={**parameters, "api-version": api_version})

    def _next(self, url: httpx.URL, link: str) -> httpx.URL:
        target = url.join(link)
        if (target.scheme, target.host, target.port) != (url.scheme, url.host, url.port):
            raise UnexpectedAnswer(
                f"a nextLink leads from {url.host} to {target.host}; the token was not sent there",
                path="nextLink",
                remedy="check what stands between you and the endpoint",
            )
        return target

    def _read(self, method: str, url: httpx.URL, body: object = None) -> bytes:
        response = self._send(method, url, body)
        if response.status_code == 401:
            # A token may have been revoked, or the clocks differ: one new one, then it is an answer.
            self._tokens.forget()
            response = self._send(method, url, body)
        if response.status_code != 200:
            self._refuse(method, url, response)
        return response.content

    def _send(self, method: str, url: httpx.URL, body: object) -> httpx.Response:
        try:
            return self._wire.client.request(
                method, url, json=body, headers=self._tokens.header(), extensions={"read": True}
            )
        except httpx.DecodingError as error:
            raise UnexpectedAnswer(
                f"{url.path}: the answer cannot be decompressed: {error}", remedy="try again"
            ) from error

    def _refuse(self, method: str, url: httpx.URL, response: httpx.Response) -> NoReturn:
        fault = wire.read_error(response.content)
        message = f"{url.path}: {response.status_code} {fault.code}: {fault.message}".rstrip(": ")
        where = {
            "source": self._wire.source,
            "operation": f"{method} {url.path}",
            "request_id": response.headers.get("x-ms-request-id", ""),
        }
        if response.status_code == 401:
            raise AuthenticationFailed(message, remedy="log in to the right tenant, or pass another credential=", **where)
        if response.status_code == 403:
            raise AccessDenied(
                message, missing=_missing_action(fault.message), remedy="give the account the Reader role there", **where
            )
        if response.status_code == 404:
            raise NotFound(message, remedy="check the id, the subscription and the cloud")
        if response.status_code == 429:
            raise Throttled(message, remedy="try again later", **where)
        if 300 <= response.status_code < 400:
            raise UnexpectedAnswer(
                f"{url.path}: redirected to {response.headers.get('Location', 'nowhere')[:80]}",
                remedy="check the endpoint and what stands between",
            )
        raise ServerFault(
            message, status=response.status_code, remedy="try again; check the endpoint where it stays", **where
        )


def _missing_action(message: str) -> str:
    match = _ACTION.search(message)
    return match[1] if match else "Reader"


def subscriptions(client: ArmClient, api_version: str) -> list[str]:
    """The ids of the enabled subscriptions that the credential can see."""
    return [
        str(item["subscriptionId"])
        for page in client.pages("/subscriptions", api_version)
        for item in page.items
        if item.get("subscriptionId") and str(item.get("state") or "Enabled") in ("Enabled", "Warned", "PastDue")
    ]


