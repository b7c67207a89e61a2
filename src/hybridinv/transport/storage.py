"""The table service of a storage account over httpx: account keys, shared access signatures, tokens, pages, errors.

It reads. What opens the account is put on a request at the last moment, below the client: what is logged, and what
errors hold, has never seen it.
"""

from __future__ import annotations

import email.utils
import ipaddress
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from html import unescape
from typing import TYPE_CHECKING, Any, NoReturn

import attrs
import httpx

from hybridinv.errors import (
    AccessDenied,
    AuthenticationFailed,
    NotFound,
    NotSupported,
    ServerFault,
    Throttled,
    TruncatedAnswer,
    UnexpectedAnswer,
)
from hybridinv.transport.client import TIMEOUT, Wire
from hybridinv.transport.scrub import scrub, without
from hybridinv.transport.storage_access import READER, Opener, Opening, opener_of
from hybridinv.wire.arm import decode, read_error
from hybridinv.wire.secrets import redact
from hybridinv.wire.storage_tables import read_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike


AZURE_VERSION = "2019-02-02"
"""What Microsoft's own library for tables asks Azure for."""
HUB_VERSION = "2017-11-09"
"""The newest that Azure Stack Hub documents, from 1811 on."""
_AZURE = re.compile(
    r"table\.(?:core\.(?:windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)|storage\.azure\.net)|localhost|[\d.]+|\[?[\d:a-f]*:[\d:a-f]*\]?"
)
_SERVICE = re.compile(r"([a-z0-9]{3,24})(-secondary)?((?:\.[a-z0-9-]+)*)\.table\.([a-z0-9.-]+)", re.IGNORECASE)
_NEXT = {"NextPartitionKey": "x-ms-continuation-NextPartitionKey", "NextRowKey": "x-ms-continuation-NextRowKey"}
_EXTENSIONS = {"busy": (429, 500, 503)}
"""500 is a time-out of the service's own, to be tried again (Microsoft, table-service-error-codes)."""
_PAGES = 10_000
_LONGEST_ERROR = 2**20
_LONGEST_XML = 2000
_XML_ERROR = re.compile(r"<(?:\w+:)?error\b", re.IGNORECASE)
_XML = re.compile(r"<(?:\w+:)?(code|message)\b[^>]*>([^<]*)", re.IGNORECASE)
_UNKNOWN = ("AuthenticationFailed", "InvalidAuthenticationInfo", "NoAuthenticationInformation")
"""The codes that say that who asks is not known; what is known and may not is another error."""
_UNKNOWN_SAID = re.compile(r"failed to authenticate|authentication failed", re.IGNORECASE)
_CONTINUE = "read a shorter time; report it where it stays"


class NoTable(NotFound):
    """There is no table of that name in the account."""


@attrs.frozen
class Page:
    """One page of a query, and where the next begins; None at the end."""

    rows: Sequence[dict[str, Any]]
    next: tuple[str, str] | None = None


class Pages(ABC):
    """Reads tables, page by page."""

    @abstractmethod
    def page(
        self, table: str, where: str, columns: Sequence[str], begin: tuple[str, str] | None = None, most: int = 0
    ) -> Page:
        """One page, at most 1,000 rows, or at most so many."""

    def rows(self, table: str, where: str, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The rows of a table that a filter lets through, to the last page; `NoTable` where there is no such table."""
        page = self.page(table, where, columns)
        yield from page.rows
        yield from self.following(page, table, where, columns)

    def following(self, page: Page, table: str, where: str, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The rows after a page."""
        for later in self._later(page, table, where, columns):
            yield from later.rows

    def first(self, table: str, where: str, columns: Sequence[str], most: int = 0) -> Page:
        """The first page that has rows, or the last; the service may give empty pages where it looked for long."""
        page = self.page(table, where, columns, most=most)
        if page.rows or page.next is None:
            return page
        for later in self._later(page, table, where, columns, most):
            page = later
            if page.rows:
                break
        return page

    def _later(self, page: Page, table: str, where: str, columns: Sequence[str], most: int = 0) -> Iterator[Page]:
        followed: set[tuple[str, str]] = set()
        while page.next:
            if page.next in followed or len(followed) == _PAGES:
                why = "leads back to a page that was read" if page.next in followed else f"has no end ({_PAGES} pages)"
                raise UnexpectedAnswer(f"{table}: the list of rows {why}", path=_NEXT["NextRowKey"], remedy=_CONTINUE)
            followed.add(page.next)
            page = self.page(table, where, columns, page.next, most)
            yield page


class TableAccount(Pages):
    """Reads the tables of one storage account; its threads may ask at a time. Constructing it does no I/O.

    `credential` has `named_key` (azure.core's AzureNamedKeyCredential), `signature` (AzureSasCredential) or
    `get_token`; `NotSupported` where it has none, or where the address is no table service.
    """

    def __init__(
        self,
        account_url: str,
        credential: Any,
        *,
        ca_file: str | PathLike[str] | None = None,
        timeout: float = TIMEOUT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url, self.account = _checked_url(account_url)
        self.source = self.url.host if self.url.path == "/" else f"{self.url.netloc.decode()}{self.url.path}"
        self._is_azure = _AZURE.fullmatch(_suffix(self.url.host)) is not None
        self._wire = Wire(self.source, ca_file=ca_file, timeout=timeout, transport=transport)
        self._opener = opener_of(credential, self.account, self.source, is_azure=self._is_azure)
        self._wire.tap = lambda inner: Opening(inner, self._opener)

    def __repr__(self) -> str:
        # A tool that shows the variables of a trace shows one whose address was refused.
        return f"TableAccount({getattr(self, 'source', '')!r})"

    @property
    def is_azure(self) -> bool:
        """Whether it is one of Azure's clouds (or on this machine), else a Stack Hub."""
        return self._is_azure

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def page(
        self, table: str, where: str, columns: Sequence[str], begin: tuple[str, str] | None = None, most: int = 0
    ) -> Page:
        """One page, at most 1,000 rows, or at most so many."""
        parameters = {"$filter": where, "$select": ",".join(columns)} | ({"$top": str(most)} if most else {})
        if begin:
            parameters |= {name: key for name, key in zip(_NEXT, begin, strict=True) if key}
        url = self.url.copy_with(path=f"{self.url.path.rstrip('/')}/{table}()", params=parameters)
        response = self._send(url)
        if response.status_code != 200:
            self._refuse(table, response)
        body = _decoded(without(response.content, self._opener.secrets()), f"{self.source}, {table}")
        following = tuple(response.headers.get(header, "") for header in _NEXT.values())
        return Page(read_page(body, table), (following[0], following[1]) if any(following) else None)

    def _send(self, url: httpx.URL) -> httpx.Response:
        headers = {
            "Accept": "application/json;odata=nometadata",
            "DataServiceVersion": "3.0",
            "MaxDataServiceVersion": "3.0;NetFx",
            "x-ms-version": AZURE_VERSION if self._is_azure else HUB_VERSION,
        }
        response = self._wire.request("GET", url, headers=headers, extensions=_EXTENSIONS)
        if response.status_code == 401 and self._opener.renew():
            response = self._wire.request("GET", url, headers=headers, extensions=_EXTENSIONS)
        return response

    def _refuse(self, table: str, response: httpx.Response) -> NoReturn:
        known = self._opener.secrets()
        body = scrub(response.content[:_LONGEST_ERROR], secrets=known)
        code, said = _fault(body)
        code = code or redact(response.headers.get("x-ms-error-code", ""), known)
        status = response.status_code
        message = f"{self.source}, {table}: {status} " + ": ".join(filter(None, (code, said)))
        where: dict[str, Any] = {
            "source": self.source,
            "operation": f"GET {table}",
            "request_id": redact(response.headers.get("x-ms-request-id", ""), known),
        }
        if status == 404 and code == "TableNotFound":
            raise NoTable(
                f"{self.source} has no table {table}", remedy="check the account and the time that is asked for"
            )
        if status == 404:
            raise NotFound(message.rstrip(), remedy="check the address of the account (primaryEndpoints.table)")
        if status in (401, 403) or (status == 400 and code in _UNKNOWN):
            _refuse_entry(message.rstrip(), code, response, self._opener, where)
        if 300 <= status < 400 and status != 304:
            raise UnexpectedAnswer(
                f"{self.source}: redirected elsewhere; nothing that opens the account was sent there",
                remedy="check account_url and what stands between",
            )
        if status == 503:
            raise Throttled(message.rstrip(), remedy="the account is busy: try again later, or a shorter time", **where)
        version = "it may not know the service version that was asked for" if status == 400 else "try again"
        raise ServerFault(
            message.rstrip(), status=status, remedy=f"{version}; check the account where it stays", **where
        )


def _fault(body: bytes) -> tuple[str, str]:
    """The code and the text of an error: JSON from the service, XML from what stands before it."""
    text = body[:_LONGEST_XML].decode("utf-8", "replace")
    if _XML_ERROR.search(text):
        marked = {name.lower(): redact(unescape(value)).strip() for name, value in reversed(_XML.findall(text))}
        code, said = marked.get("code", ""), marked.get("message", "")
    else:
        fault = read_error(body)
        code, said = fault.code, fault.message
    return code, said.partition("RequestId:")[0].strip()


def _decoded(body: bytes, where: str) -> Any:
    try:
        return decode(body, where=where)
    except TruncatedAnswer:
        raise
    except UnexpectedAnswer as error:
        raise UnexpectedAnswer(
            error.message, remedy="check account_url, and that no proxy or login page answers in its place"
        ) from None


def _refuse_entry(message: str, code: str, response: httpx.Response, opener: Opener, where: dict[str, Any]) -> NoReturn:
    """The error for a request that was not let in, with the likeliest reason first."""
    if code == "KeyBasedAuthenticationNotPermitted":
        raise AccessDenied(message, missing=READER, remedy="the account takes Entra ID's tokens only", **where)
    wrong = opener.wrong(_date(response))
    # By its words too: Azurite calls a wrong signature AuthorizationFailure, as Azure calls what its firewall refuses.
    if wrong or code in ("", *_UNKNOWN) or response.status_code == 401 or _UNKNOWN_SAID.search(message):
        raise AuthenticationFailed(message, remedy=wrong or opener.guess, **where)
    remedy = f"{opener.lacking}; else the account's firewall keeps this machine out"
    raise AccessDenied(message, missing=opener.needed, remedy=remedy, **where)


def _date(response: httpx.Response) -> datetime | None:
    """What time the service has."""
    with suppress(TypeError, ValueError):
        moment = email.utils.parsedate_to_datetime(response.headers.get("Date", ""))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def account_name(account_url: str) -> str:
    """The name of the account that an address is of; `NotSupported` where it is of none."""
    return _checked_url(account_url)[1]


def _checked_url(account_url: str) -> tuple[httpx.URL, str]:
    """The address of a table service, and the account's name; what is more than that is refused, and never shown."""
    if not isinstance(account_url, str):
        raise NotSupported(f"account_url= is a text, not {type(account_url).__name__}", remedy=_ADDRESS)
    text = account_url.strip()
    try:
        url = httpx.URL(text if "://" in text else f"https://{text}")
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.query or url.fragment or url.userinfo:
        raise NotSupported(
            "account_url= holds more than an address", remedy="pass a signature as credential=AzureSasCredential(…)"
        )
    local = _is_loopback(url.host)
    if not url.host or url.scheme not in ("https", "http"):
        raise NotSupported("account_url= is no address", remedy=_ADDRESS)
    if url.scheme == "http" and not local:
        raise NotSupported(f"{url.host} would be asked without TLS", remedy="pass https://…")
    service = _SERVICE.fullmatch(url.host)
    name = url.path.strip("/") if _is_number(url.host) or url.host == "localhost" else service[1] if service else ""
    if not re.fullmatch(r"[A-Za-z0-9]{3,24}", name.removesuffix("-secondary")) or (service and url.path.strip("/")):
        raise NotSupported(
            f"{redact(url.host):.80} is no address of a storage account's table service", remedy=_ADDRESS
        )
    return url.copy_with(path="/" if service else f"/{name}"), name.removesuffix("-secondary")


_ADDRESS = "pass what the account calls primaryEndpoints.table: https://….table.core.windows.net"


def _suffix(host: str) -> str:
    """What of a host's name says which cloud it is in."""
    service = _SERVICE.fullmatch(host)
    return f"table.{service[4].lower()}" if service else host.lower()


def _is_number(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")) is not None
    return False


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_number(host) and ipaddress.ip_address(host.strip("[]")).is_loopback)
