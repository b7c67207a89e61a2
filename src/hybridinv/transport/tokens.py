"""Tokens: what the caller's credential gives for one scope, kept until shortly before it expires."""

from __future__ import annotations

import inspect
import math
import re
import threading
import time
from typing import Any, Protocol

from hybridinv.errors import AuthenticationFailed, HybridInvError
from hybridinv.transport.scrub import cause
from hybridinv.wire.secrets import redact

_RENEW_BEFORE = 300
_TOKEN = re.compile(r"[!-~]+")
_LOG_IN = "log in (az login), set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET, or pass credential="


class Credential(Protocol):
    """Anything that gives tokens: azure-identity's credentials, or three lines of one's own."""

    def get_token(self, *scopes: str) -> Any:
        """A value with `token` and `expires_on` (seconds since 1970)."""


_GIVES = "let get_token give an object with token (a text) and expires_on (seconds since 1970), as azure.identity does"


class Tokens:
    """The bearer token for one scope, kept until shortly before it expires; a credential itself, for the Azure SDKs."""

    def __init__(self, credential: Credential, scope: str, source: str) -> None:
        self._credential = credential
        self._scope = scope
        self._source = source
        self._token: Any = None
        self._lock = threading.Lock()

    def get_token(self, *_: str, **__: Any) -> Any:
        """The token, with `expires_on`."""
        with self._lock:
            if self._token is None or self._token.expires_on - _RENEW_BEFORE < time.time():
                self._token = self._ask()
            return self._token

    def forget(self, refused: Any) -> None:
        """Ask for a new token next time, unless the refused one has been replaced already."""
        with self._lock:
            if self._token is refused:
                self._token = None

    def _ask(self) -> Any:
        where = {"remedy": _LOG_IN, "source": self._source, "operation": "get_token"}
        try:
            token = self._credential.get_token(self._scope)
        except HybridInvError:
            raise
        except Exception as error:  # noqa: BLE001 - a credential of the caller's may raise anything
            raise AuthenticationFailed(f"no token for {self._scope}: {_reason(error)}", **where) from cause(error)
        odd = _odd(token)
        if odd:
            raise AuthenticationFailed(
                f"what the credential gave for {self._scope} is no token: {odd}", **{**where, "remedy": _GIVES}
            )
        return token


def _odd(token: Any) -> str:
    """What is wrong with what a credential gave; never the token itself, which may be one with a line break."""
    if inspect.iscoroutine(token):
        token.close()
        return "get_token is asynchronous (take the credential from azure.identity, not azure.identity.aio)"
    missing = [name for name in ("token", "expires_on") if not hasattr(token, name)]
    if missing:
        return f"{type(token).__name__} has no {' and no '.join(missing)}"
    text, moment = token.token, token.expires_on
    if not isinstance(text, str):
        return f"its token is {type(text).__name__}, not a text"
    if not _TOKEN.fullmatch(text):
        return "its token is empty, or has characters that no header can carry"
    if isinstance(moment, bool) or not isinstance(moment, (int, float)) or math.isnan(moment):
        return f"its expires_on is {type(moment).__name__}, not seconds"
    return "" if moment > 0 else "its expires_on is not a moment since 1970"


def _reason(error: Exception) -> str:
    """The first line; and where several credentials were tried, what the one said that is set up: it comes last."""
    lines = redact(str(error)).strip().splitlines() or [type(error).__name__]
    tried = [line.strip() for line in lines if line.startswith("\t")]
    return f"{lines[0]} {tried[-1]}" if tried and "unavailable" not in tried[-1] else lines[0]
