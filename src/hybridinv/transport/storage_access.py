"""What opens a storage account: its key, a shared access signature, a token.

Each is put on a request at the last moment: the client, its log, and the errors of a request know it as it was before.
"""

from __future__ import annotations

import base64
import binascii
import email.utils
import hashlib
import hmac
import re
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl

import httpx

from hybridinv.errors import AuthenticationFailed, NotSupported
from hybridinv.transport.scrub import clean_error, secrets_of
from hybridinv.transport.tokens import Tokens
from hybridinv.wire.reading import utc

if TYPE_CHECKING:
    from hybridinv.transport.tokens import Credential

SCOPE = "https://storage.azure.com/.default"
READER = "Storage Table Data Reader"
"""The role whose tokens open tables for reading."""
_SAS_READ = "ss=t, srt=co, sp=r"
_SKEW = 15 * 60
"""Seconds by which a signed request's date may be off (Microsoft, authorize-with-shared-key)."""


class _NamedKey(Protocol):
    @property
    def named_key(self) -> Any: ...


class Opening(httpx.BaseTransport):
    """Puts what opens the account on a request of its own; the one that came keeps nothing of it."""

    def __init__(self, inner: httpx.BaseTransport, opener: Opener) -> None:
        self._inner = inner
        self._opener = opener

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        opened = httpx.Request(
            request.method, request.url, headers=request.headers, stream=request.stream, extensions=request.extensions
        )
        self._opener.open(opened)
        opened.read()
        request.extensions["secrets"] = self._opener.secrets() | secrets_of(opened)
        try:
            response = self._inner.handle_request(opened)
        except Exception as error:
            clean_error(error, request.extensions["secrets"])
            if isinstance(error, httpx.RequestError):
                error.request = request
            raise
        if "proxy" in opened.extensions:
            request.extensions["proxy"] = opened.extensions["proxy"]
        return response

    def close(self) -> None:
        self._inner.close()


class Opener(ABC):
    """What opens an account: puts itself on a request, and tells what may be wrong with it."""

    lacking = ""
    """What to do where it opens the account, but not its tables."""
    needed = ""
    """What it would have to have."""

    @abstractmethod
    def open(self, request: httpx.Request) -> None:
        """Put it on the request."""

    @abstractmethod
    def secrets(self) -> set[str]:
        """What of it must be seen nowhere."""

    guess = ""
    """What may be wrong with it where it is refused, and what to do."""

    def wrong(self, now: datetime | None) -> str:  # noqa: ARG002
        """What is certainly wrong with it, and what to do; `now` by the service's clock, where it told. Else empty."""
        return ""

    def renew(self) -> bool:
        """Whether there is another one to try."""
        return False


class _Key(Opener):
    """An account key: each request is signed (SharedKeyLite)."""

    lacking = "check the key, and that the account allows keys"
    needed = "access by account key"
    guess = "the key is not one of the account's two: it may have been renewed (Access keys in the portal)"

    def __init__(self, credential: _NamedKey, account: str) -> None:
        self._credential = credential
        self._account = account
        self._checked()

    def _checked(self) -> tuple[str, str, bytes]:
        """The name, the key, and its bytes; a credential can be given a new key at any time."""
        name, key = self._credential.named_key
        if name.lower() != self._account.lower():
            raise NotSupported(
                f"the key is of the account {name!r:.30}, and account_url of {self._account!r:.30}",
                remedy="pass AzureNamedKeyCredential(name, key) of that account",
            )
        try:
            return name, key, base64.b64decode(key.strip(), validate=True)
        except (binascii.Error, ValueError):
            pass
        # Outside the handler: what base64 was given must not be in the context of the error.
        raise AuthenticationFailed(
            f"the key of the account {name} is no account key: it is not in base64", remedy="copy it again, all of it"
        )

    def open(self, request: httpx.Request) -> None:
        name, _, key = self._checked()
        request.headers["x-ms-date"] = email.utils.format_datetime(datetime.now(UTC), usegmt=True)
        path = request.url.raw_path.partition(b"?")[0].decode("ascii")
        signed = signature(key, request.headers["x-ms-date"], name, path)
        request.headers["Authorization"] = f"SharedKeyLite {name}:{signed}"

    def secrets(self) -> set[str]:
        return {self._credential.named_key[1]}

    def wrong(self, now: datetime | None) -> str:
        if now and abs(seconds := (datetime.now(UTC) - now).total_seconds()) > _SKEW:
            way = "ahead of" if seconds > 0 else "behind"
            return (
                f"this machine's clock is {abs(seconds) / 60:.0f} minutes {way} the account's, and 15 are allowed: "
                "set the clock (NTP)"
            )
        return ""


class _Sas(Opener):
    """A shared access signature: it goes into the address."""

    lacking = f"make the signature with {_SAS_READ}, or for that table"
    needed = _SAS_READ
    guess = "the key that it was signed with may have been renewed, or it is not for this account: make a new one"

    def __init__(self, credential: Any) -> None:
        self._credential = credential
        if "sig" not in self._fields():
            raise NotSupported(
                "the shared access signature has no sig=", remedy="pass all of it: AzureSasCredential('sv=…&…&sig=…')"
            )

    def _fields(self) -> dict[str, str]:
        text = self._credential.signature.strip().lstrip("?").replace("+", "%2B")
        if not text.isascii() or not text.isprintable():
            raise NotSupported(
                "the shared access signature has characters that no address can carry",
                remedy="copy it again, all of it",
            )
        if "://" in text.partition("?")[0]:
            raise NotSupported(
                "the shared access signature is a whole address", remedy="pass only what is behind the ?"
            )
        return dict(parse_qsl(text, keep_blank_values=True))

    def open(self, request: httpx.Request) -> None:
        request.url = request.url.copy_merge_params(self._fields())

    def secrets(self) -> set[str]:
        text = self._credential.signature.strip()
        return {text, text.lstrip("?"), self._fields().get("sig", ""), *re.findall(r"sig=([^&]+)", text)} - {""}

    def wrong(self, now: datetime | None) -> str:
        fields, now = self._fields(), now or datetime.now(UTC)
        # A day alone is its first moment.
        ends, begins = (
            utc(text if "T" in text else f"{text}T00:00Z") for text in map(fields.get, ("se", "st"), ("", ""))
        )
        if ends and ends <= now:
            return f"the shared access signature ended at {ends:%Y-%m-%d %H:%M} UTC: make a new one"
        if begins and begins > now:
            return f"the shared access signature begins at {begins:%Y-%m-%d %H:%M} UTC"
        return ""


class _Token(Opener):
    """Entra ID's tokens."""

    lacking = f"give the account the role {READER} there"
    needed = READER
    guess = "log in to the tenant that the account belongs to, or pass another credential="

    def __init__(self, credential: Credential, source: str) -> None:
        self._tokens = Tokens(credential, SCOPE, source)
        self._last: Any = None

    def open(self, request: httpx.Request) -> None:
        self._last = self._tokens.get_token()
        request.headers["Authorization"] = f"Bearer {self._last.token}"

    def secrets(self) -> set[str]:
        return {self._last.token} if self._last else set()

    def renew(self) -> bool:
        self._tokens.forget(self._last)
        return True


def signature(key: bytes, date: str, account: str, path: str) -> str:
    """The signature of a request by SharedKeyLite for tables: of its date and its path alone."""
    return base64.b64encode(hmac.digest(key, f"{date}\n/{account}{path}".encode(), hashlib.sha256)).decode()


def opener_of(credential: Any, account: str, source: str, *, is_azure: bool) -> Opener:
    """What a credential of azure.core or azure.identity opens an account with; `NotSupported` where it cannot."""
    if isinstance(getattr(credential, "signature", None), str):
        return _Sas(credential)
    if hasattr(credential, "named_key") and not isinstance(credential, type):
        return _Key(credential, account)
    if not callable(getattr(credential, "get_token", None)):
        kind = credential.__name__ if isinstance(credential, type) else type(credential).__name__
        raise NotSupported(
            f"credential= opens no storage account: it is {kind}",
            remedy=f"pass AzureNamedKeyCredential({account!r}, key) or AzureSasCredential(sas) of "
            "azure.core.credentials, or a credential of azure.identity",
        )
    if not is_azure:
        raise NotSupported(
            f"{source} is not in Azure: the storage of Azure Stack Hub takes no tokens",
            remedy="pass an account key or a shared access signature",
        )
    return _Token(credential, source)
