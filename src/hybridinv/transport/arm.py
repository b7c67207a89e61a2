"""Azure Resource Manager over httpx: tokens, pages, Resource Graph, errors.

It reads. Two things can write, when they are told to: `register`, and the SDKs' clients.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

import attrs
import httpx

from hybridinv.errors import (
    AccessDenied,
    AuthenticationFailed,
    NotFound,
    ServerFault,
    TruncatedAnswer,
    UnexpectedAnswer,
)
from hybridinv.transport.budget import budget_of
from hybridinv.transport.clouds import host_of
from hybridinv.transport.scrub import scrub, secrets_of, without
from hybridinv.transport.tape import Player
from hybridinv.transport.tokens import Credential, Tokens
from hybridinv.wire import arm as wire
from hybridinv.wire.reading import need
from hybridinv.wire.secrets import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hybridinv.transport.client import Wire

REPORT = "report it with a tape (hi.record)"
_GRAPH = "/providers/Microsoft.ResourceGraph/resources"
_GRAPH_VERSION = "2022-10-01"
_GRAPH_ROWS = 1000
GRAPH_SUBSCRIPTIONS = 100
"""So many are asked for in one query; Microsoft advises at most 300 (guidance-for-throttled-requests)."""
_LIMIT_HIT = "x-ms-tenant-subscription-limit-hit"
_PAGES = 10_000
_LONGEST_ERROR = 2**20
_ACTION = re.compile(r"perform action '([^']+)'")

_ABSENT = "check the id, the subscription and the cloud"
_FOREIGN = "check the endpoint, and what stands between: that is no answer of ARM's"
_LOCATION = "check the location: az account list-locations, or the region of the Hub"
_REMEDIES = {
    "missingsubscriptionregistration": "register the resource provider that it names in that subscription "
    "(az provider register --namespace …)",
    "subscriptionnotfound": "check the subscription, and whether the credential is of its tenant and cloud",
    "noregisteredproviderfound": _LOCATION,
    "locationnotavailableforresourcetype": _LOCATION,
    "invalidlocation": _LOCATION,
}  # fmt: skip
"""What to do next, by ARM's own code for what went wrong."""


class ArmClient:
    """Reads one ARM endpoint. Pages are followed to the end, and only on the endpoint's own origin."""

    def __init__(
        self, wire_: Wire, endpoint: str, credential: Credential, scope: str, *, documented_bucket: bool = True
    ) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._wire = wire_
        self._scope = scope
        self._tokens = Tokens(credential, scope, wire_.source)
        # A tape is played as fast as it goes.
        self._extensions = (
            {}
            if isinstance(wire_.transport, Player)
            else {"budget": budget_of(endpoint, credential, assumed=documented_bucket)}
        )

    @property
    def source(self) -> str:
        """Which endpoint this is."""
        return self._wire.source

    def sdk(self, client: Callable[..., Any], subscription_id: str, *, writes: bool = False, **options: Any) -> Any:
        """An Azure SDK client for this endpoint alone, on this wire and with this login.

        It can read, and with `writes` change what its caller tells it to change.
        """
        from hybridinv.transport.azure_core import HttpxTransport

        return client(
            self._tokens,
            subscription_id,
            base_url=self.endpoint,
            credential_scopes=[self._scope],
            transport=HttpxTransport(self._wire, writes=writes, only=self.endpoint, extensions=self._extensions),
            retry_total=0,  # the wire tries again itself, and minds the deadline
            **options,
        )

    def log_in(self) -> None:
        """Get a token now, so that a wrong credential is one error and not one for each subscription."""
        self._tokens.get_token()

    def get(self, path: str, api_version: str, **parameters: str) -> bytes:
        """The body of one resource or collection."""
        return self._read("GET", self._url(path, api_version, parameters))

    def one(self, path: str, api_version: str, **parameters: str) -> dict[str, Any]:
        """One resource, as the object it is."""
        body = wire.decode(self.get(path, api_version, **parameters), where=path)
        if not isinstance(body, dict):
            raise UnexpectedAnswer(f"{path}: the answer is no object", path="", remedy=REPORT)
        return body

    def items(self, path: str, api_version: str, **parameters: str) -> list[dict[str, Any]]:
        """The items of a collection, whole or an exception."""
        found: list[dict[str, Any]] = []
        for page in self.pages(path, api_version, **parameters):
            if page.odd:
                raise UnexpectedAnswer(f"{path}: {page.odd[0]}", path="value", remedy=REPORT)
            found += page.items
        return found

    def pages(self, path: str, api_version: str, **parameters: str) -> Iterator[wire.Page]:
        """The pages of a collection, until the last; `TruncatedAnswer` where the endpoint counted more."""
        url = self._url(path, api_version, parameters)
        followed = {str(url)}
        arrived, counted = _Arrived(), None
        while True:
            page = wire.read_page(self._read("GET", url), where=url.path)
            arrived.add(page.items, len(page.odd))
            counted = page.count if counted is None else counted
            yield page
            if page.next_link is None:
                break
            url = self._next(url, page.next_link)
            if str(url) in followed:
                raise UnexpectedAnswer(
                    f"{url.path}: a nextLink leads back to a page that was read", path="nextLink", remedy=REPORT
                )
            if len(followed) == _PAGES:
                raise UnexpectedAnswer(f"{url.path}: no end after {_PAGES} pages", path="nextLink", remedy=REPORT)
            followed.add(str(url))
        if counted is not None and len(arrived) < counted:
            raise TruncatedAnswer(
                f"{url.path}: {len(arrived)} of {counted} arrived",
                path="value",
                remedy="read it again; report it if it stays",
            )

    def graph(self, query: str, subscriptions: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """The rows of a Resource Graph query, as `graph_pages` gives them."""
        for page in self.graph_pages(query, subscriptions):
            yield from page.rows

    def graph_pages(self, query: str, subscriptions: Sequence[str]) -> Iterator[wire.GraphPage]:
        """The pages of a Resource Graph query; the query must project `id`, or pages overlap.

        `TruncatedAnswer` where fewer rows arrived than it counted, or where it left subscriptions out.
        """
        for start in range(0, len(subscriptions), GRAPH_SUBSCRIPTIONS):
            yield from self._graph_pages_of(query, subscriptions[start : start + GRAPH_SUBSCRIPTIONS])

    def _graph_pages_of(self, query: str, subscriptions: Sequence[str]) -> Iterator[wire.GraphPage]:
        url = self._url(_GRAPH, _GRAPH_VERSION, {})
        options: dict[str, Any] = {"$top": _GRAPH_ROWS, "resultFormat": "objectArray"}
        arrived, total = _Arrived(), 0
        tokens: set[str] = set()
        for _ in range(_PAGES):
            body = {"subscriptions": list(subscriptions), "query": query, "options": options}
            response = self._ask("POST", url, body)
            page = wire.read_graph_page(_content(response))
            if response.headers.get(_LIMIT_HIT, "").strip().lower() == "true":
                raise TruncatedAnswer(
                    "Resource Graph left subscriptions out: it was asked for more than it takes at once",
                    path="data",
                    remedy="pass fewer subscription_ids=",
                )
            if page.odd:
                raise UnexpectedAnswer(f"Resource Graph: {page.odd[0]}", path="data", remedy=REPORT)
            arrived.add(page.rows)
            total = page.total if page.total is not None else total
            yield attrs.evolve(page, is_first=not tokens)
            if not page.skip_token:
                break
            if page.skip_token in tokens:
                raise UnexpectedAnswer(
                    "Resource Graph: a $skipToken leads back to a page that was read", path="$skipToken", remedy=REPORT
                )
            tokens.add(page.skip_token)
            options = {**options, "$skipToken": page.skip_token}
        else:
            raise UnexpectedAnswer(f"Resource Graph: no end after {_PAGES} pages", path="$skipToken", remedy=REPORT)
        if page.truncated or len(arrived) < total:
            raise TruncatedAnswer(f"Resource Graph: {len(arrived)} of {total} rows arrived", path="data", remedy=REPORT)

    def register(self, subscription_id: str, namespace: str, api_version: str) -> dict[str, Any]:
        """The provider after the subscription was asked to register it: a write, sent once whatever comes of it."""
        path = f"/subscriptions/{subscription_id}/providers/{namespace}/register"
        url = self._url(path, api_version, {})
        response = self._send("POST", url, None, self._tokens.get_token(), read=False)
        if response.status_code != 200:
            self._refuse("POST", url, response)
        body = wire.decode(_content(response), where=path)
        if not isinstance(body, dict):
            raise UnexpectedAnswer(f"{path}: the answer is no object", path="", remedy=REPORT)
        return body

    def _url(self, path: str, api_version: str, parameters: Mapping[str, str]) -> httpx.URL:
        """The address of a path; some paths are ids that came in an answer, and must not lead to another origin."""
        try:
            return httpx.URL(self.endpoint).copy_with(path=path, params={**parameters, "api-version": api_version})
        except httpx.InvalidURL as error:
            raise UnexpectedAnswer(f"{path!r:.80} is no path of a resource", path="id", remedy=REPORT) from error

    def _next(self, url: httpx.URL, link: str) -> httpx.URL:
        try:
            target = url.join(link)
        except httpx.InvalidURL as error:
            raise UnexpectedAnswer(
                f"{url.path}: the nextLink is no address: {error}", path="nextLink", remedy=REPORT
            ) from error
        if _origin(target) != _origin(url):
            raise UnexpectedAnswer(
                f"a nextLink leads from {_shown(url)} to {_shown(target)}; the token was not sent there",
                path="nextLink",
                remedy="check what stands between you and the endpoint",
            )
        return target

    def _read(self, method: str, url: httpx.URL) -> bytes:
        return _content(self._ask(method, url))

    def _ask(self, method: str, url: httpx.URL, body: object = None) -> httpx.Response:
        token = self._tokens.get_token()
        response = self._send(method, url, body, token)
        if response.status_code == 401:
            # A token may have been revoked, or the clocks differ: one new one, then it is an answer.
            self._tokens.forget(token)
            response = self._send(method, url, body, self._tokens.get_token())
        if response.status_code != 200:
            self._refuse(method, url, response)
        return response

    def _send(self, method: str, url: httpx.URL, body: object, token: Any, *, read: bool = True) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token.token}"}
        extensions = {"read": read, **self._extensions}
        return self._wire.request(method, url, json=body, headers=headers, extensions=extensions)

    def _refuse(self, method: str, url: httpx.URL, response: httpx.Response) -> NoReturn:
        known = secrets_of(response.request)
        fault = wire.read_error(scrub(response.content[:_LONGEST_ERROR], secrets=known))
        said = ": ".join(filter(None, (fault.code, fault.message)))
        message = f"{url.path}: {response.status_code} {said}".rstrip()
        where: dict[str, Any] = {
            "source": self._wire.source,
            "operation": f"{method} {url.path}",
            "request_id": redact(response.headers.get("x-ms-request-id", ""), known),
        }
        if response.status_code == 401:
            raise AuthenticationFailed(
                message, remedy="log in to the right tenant, or pass another credential=", **where
            )
        if response.status_code == 403:
            raise AccessDenied(
                message, missing=missing_action(fault.message), remedy="give the account the Reader role there", **where
            )
        if response.status_code == 404:
            absent = NotFound(
                f"{host_of(self.endpoint)}: {method} {message}",
                remedy=_REMEDIES.get(fault.code.lower(), _FOREIGN if fault.is_foreign else _ABSENT),
            )
            absent.code, absent.is_foreign = fault.code, fault.is_foreign
            raise absent
        if 300 <= response.status_code < 400:
            place = redact(re.split(r"[?#]", response.headers.get("Location", "nowhere"))[0], known)
            raise UnexpectedAnswer(
                f"{url.path}: redirected to {place:.80}; the token was not sent there",
                remedy="check the endpoint and what stands between",
            )
        remedy = _REMEDIES.get(fault.code.lower()) or _remedy(response.status_code, url.path)
        raise ServerFault(message, status=response.status_code, remedy=remedy, **where)


class _Arrived:
    """How many objects have arrived; one whose id comes twice is one, what has no id counts each time."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._others = 0

    def add(self, items: Sequence[Mapping[str, Any]], others: int = 0) -> None:
        ids = [id_ for item in items if isinstance(id_ := item.get("id"), str)]
        self._ids.update(map(wire.arm_id, ids))
        self._others += len(items) - len(ids) + others

    def __len__(self) -> int:
        return len(self._ids) + self._others


def _remedy(status: int, path: str) -> str:
    """What to do next after a status that no code explains."""
    if status >= 500:
        return "try again; check the endpoint where it stays"
    if status == 400 and "/locations/" in path.lower():
        return "check the location, and what else was asked for"
    return "see what the endpoint says: asking again will not change it"


def _content(response: httpx.Response) -> bytes:
    """The body; an endpoint that echoes the token must not bring it into a record or the text of an error."""
    return without(response.content, secrets_of(response.request))


def _origin(url: httpx.URL) -> tuple[str, str, int | None, bytes]:
    return url.scheme, url.host, url.port, url.userinfo


def _shown(url: httpx.URL) -> str:
    port = url.port or {"https": 443, "http": 80}.get(url.scheme)
    return f"{url.scheme}://{'…@' if url.userinfo else ''}{url.host}:{port}"


def missing_action(message: str) -> str:
    """The action that a refusal says is missing, else the role that has it."""
    match = _ACTION.search(message)
    return match[1] if match else "Reader"


def subscriptions(client: ArmClient, api_version: str) -> list[str]:
    """The ids of the subscriptions that the credential can see; a disabled one can still be read, a deleted one not."""
    found: dict[str, None] = {}
    for item in client.items("/subscriptions", api_version):
        if str(item.get("state")).lower() != "deleted":
            found[str(need(item, "subscriptionId")).lower()] = None
    return list(found)
