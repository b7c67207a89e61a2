"""The REST side of a vCenter (vSphere Automation API): a session of its own, and answers in either of two forms.

Since 7.0 U2 it is under `/api` (`POST /api/session`); before, under `/rest` (`POST /rest/com/vmware/cis/session`, from
6.5 on), with every answer in a `value`. Both take the account by Basic authentication, give the id of a session as a
text, and want it back in `vmware-api-session-id`; `DELETE` ends the session.
https://developer.broadcom.com/xapis/vsphere-automation-api/latest/cis,
https://developer.broadcom.com/xapis/vsphere-automation-api/v6.5-v7.0u1/cis/tagging
"""

from __future__ import annotations

import re
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, NoReturn, Self
from urllib.parse import quote

import attrs
import httpx

from hybridinv.errors import (
    AccessDenied,
    AuthenticationFailed,
    HybridInvError,
    NotFound,
    ServerFault,
    UnexpectedAnswer,
)
from hybridinv.transport.deadline import deadline
from hybridinv.transport.scrub import SESSION_HEADER, secrets_of, without
from hybridinv.transport.whole import whole
from hybridinv.wire.vim.tags import decode, read_refusal

if TYPE_CHECKING:
    from hybridinv.transport.client import Wire

_GOODBYE = 5.0
_RENEWALS = 2
_OLDER = (400, 404, 405, 406, 415, 501)
"""What a vCenter may say to the newer form before it had it."""
_KEY = re.compile(r"[!-~]+", re.ASCII)
_GLOBAL = (
    "give the account the Read-only role as a global permission (tags are not below the vCenter's root), "
    'or read with detail="summary"'
)


@attrs.frozen
class _Form:
    """Where one generation of the API keeps things."""

    session: str
    tagging: str
    before_id: str
    action: str
    is_wrapped: bool


_FORMS = (
    _Form("/api/session", "/api/cis/tagging", "", "action", is_wrapped=False),
    _Form("/rest/com/vmware/cis/session", "/rest/com/vmware/cis/tagging", "id:", "~action", is_wrapped=True),
)


class TaggingService:
    """The tagging service of a vCenter, with a session that begins and ends with the `with` block.

    Entering raises `NotFound` where there is no such service (an ESXi host). Several threads may ask at a time; a
    session that expires is renewed, a few times.
    """

    def __init__(self, wire: Wire, origin: str, username: str, password: str) -> None:
        self._wire = wire
        self._origin = origin
        self._login = (username, password)
        self._form = _FORMS[0]
        self._key = ""
        self._renewals = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        response = self._send("POST", self._form.session, "CreateSession")
        if response.status_code in _OLDER:
            self._form = _FORMS[1]
            response = self._send("POST", self._form.session, "CreateSession")
        self._key = self._session(response)
        return self

    def __exit__(self, *_: object) -> None:
        # A session that cannot be ended expires by itself.
        with suppress(HybridInvError), deadline(_GOODBYE):
            self._send("DELETE", self._form.session, "DeleteSession", key=self._key)

    def list(self, resource: str) -> Any:
        """The ids of all there are: `GET …/tag`."""
        return self._ask("GET", f"{self._form.tagging}/{resource}", f"list {resource}")

    def one(self, resource: str, id_: str) -> Any:
        """One of them: `GET …/tag/{id}`."""
        step = quote(id_, safe=":").replace(".", "%2E")
        return self._ask("GET", f"{self._form.tagging}/{resource}/{self._form.before_id}{step}", f"get {resource}")

    def act(self, resource: str, action: str, body: object) -> Any:
        """What an action that only reads answers: `POST …/tag-association?action=…`."""
        path = f"{self._form.tagging}/{resource}?{self._form.action}={action}"
        return self._ask("POST", path, action, body)

    def _session(self, response: httpx.Response) -> str:
        """The key of the session that an answer brings."""
        path = self._form.session
        if response.status_code == 401:
            raise AuthenticationFailed(
                f"{path}: user name or password is wrong",
                remedy="check both; the user name needs its domain",
                **self._where(response.request),
            )
        if not response.is_success:
            self._refuse(response)
        with suppress(UnexpectedAnswer):
            key = self._value(response)
            if isinstance(key, str) and _KEY.fullmatch(key):
                return key
        # Not a word of what came: it may be a key in another form.
        raise UnexpectedAnswer(f"{path} gave no session", remedy="check host and port; a proxy may answer")

    def _ask(self, method: str, path: str, operation: str, body: object = None) -> Any:
        key = self._key
        response = self._send(method, path, operation, body, key)
        if response.status_code == 401:
            response = self._send(method, path, operation, body, self._renewed(key))
        if not response.is_success:
            self._refuse(response)
        return self._value(response)

    def _renewed(self, expired: str) -> str:
        """The key of a new session, unless another thread has one already."""
        with self._lock:
            if self._key == expired and self._renewals < _RENEWALS:
                self._renewals += 1
                self._key = self._session(self._send("POST", self._form.session, "CreateSession"))
            return self._key

    def _send(self, method: str, path: str, operation: str, body: object = None, key: str = "") -> httpx.Response:
        client = self._wire.client
        request = client.build_request(
            method,
            f"{self._origin}{path}",
            json=body,
            headers={SESSION_HEADER: key} if key else {"vmware-use-header-authn": "true"},
            extensions={"read": not operation.endswith("Session"), "operation": operation},
        )
        # The cookies of other sessions are none of its business.
        request.headers.pop("Cookie", None)
        try:
            response = client.send(request, auth=None if key else self._login, stream=True)
            with closing(response):
                return whole(response)
        except httpx.DecodingError as error:
            raise UnexpectedAnswer(f"{path}: the answer cannot be decompressed: {error}", remedy="try again") from error

    def _value(self, response: httpx.Response) -> Any:
        where = response.request.url.path
        answer = decode(_clean(response), where)
        if not self._form.is_wrapped:
            return answer
        if isinstance(answer, dict) and "value" in answer:
            return answer["value"]
        raise UnexpectedAnswer(f"{where} answered with no value", path="value", remedy="try again; report it")

    def _where(self, request: httpx.Request) -> dict[str, Any]:
        return {"source": self._wire.source, "operation": f"{request.method} {request.url.path}"}

    def _refuse(self, response: httpx.Response) -> NoReturn:
        request, status = response.request, response.status_code
        message = f"{request.url.path}: {status} {read_refusal(_clean(response))}".rstrip()
        where = self._where(request)
        if status == 401:
            raise AuthenticationFailed(message, remedy="the session has ended again and again; read again", **where)
        if status == 403:
            raise AccessDenied(message, missing="System.Read", remedy=_GLOBAL, **where)
        if status == 404:
            raise NotFound(f"{self._wire.source}: {message}", remedy="it was removed meanwhile; read again")
        raise ServerFault(message, status=status, remedy="try again; check the vCenter where it stays", **where)


def _clean(response: httpx.Response) -> bytes:
    """The body; an endpoint that echoes a secret must not bring it into a record or the text of an error."""
    return without(response.content, secrets_of(response.request))
