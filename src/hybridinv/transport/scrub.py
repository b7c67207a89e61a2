"""What must never be on a tape, whatever the platform: bodies without secrets, and the check that it worked."""

from __future__ import annotations

import base64
import html
import json
import re
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from hybridinv.errors import TapeMismatch
from hybridinv.wire.secrets import (
    SCRUBBED,
    SHORTEST,
    SUSPECT,
    forms,
    is_page_token,
    is_telling,
    mask_license_key,
    redact,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    import httpx

SESSION_HEADER = "vmware-api-session-id"
"""Holds the key of a session of the vSphere Automation API."""

_DEEPEST = 8
_SESSION = re.compile(r"POST \S+/(?:api|rest/com/vmware/cis)/session")
_KEY = re.compile(r'\A(\s*(?:\{\s*"value"\s*:\s*)?)"[^"]*"')
_LICENSING = re.compile(r"QueryAssignedLicenses|RetrieveProperties\w* LicenseManager\b")
_LICENSE = re.compile(r"(?:[0-9A-Z]{5}-){4}[0-9A-Z]{5}", re.IGNORECASE)
_JSON = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?(\s*:)?|[{}\[\]]|-?\d[\d.eE+-]*', re.DOTALL)
_HALF = re.compile(r"(?<!\\)((?:\\\\)*)\\(?:u[0-9a-f]{0,3})?\Z", re.IGNORECASE)
_XML = re.compile(r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|</?[^<>]*>?|[^<]+", re.DOTALL)
_TAG = re.compile(r"<(/?)((?:[\w.-]+:)?([\w.-]+))")
_LOGIN = tuple(
    (re.compile(rf"(<(?:{names})(?:\s[^>]*)?>)[^<]*", re.IGNORECASE), rf"\g<1>{replacement}")
    for names, replacement in (
        ("key|userName|fullName|ipAddress|userAgent", SCRUBBED),
        ("loginTime|lastActiveTime", "1970-01-01T00:00:00Z"),
    )
)


def scrub(body: bytes, operation: str = "", secrets: Iterable[str] = ()) -> bytes:
    """The body without secrets; its form (JSON, XML) stays whole. `secrets` are those known by value.

    What has no secret stays byte for byte.
    """
    text = _Scrubber(operation, set(secrets)).clean(body.decode("utf-8", "surrogateescape"))
    if operation.startswith("Login"):
        for pattern, replacement in _LOGIN:
            text = pattern.sub(replacement, text)
    elif _SESSION.fullmatch(operation):
        text = _KEY.sub(rf'\1"{SCRUBBED}"', text)
    elif _LICENSING.match(operation):
        text = _LICENSE.sub(lambda found: mask_license_key(found[0]), text)
    return text.encode("utf-8", "surrogateescape")


def check_scrubbed(body: bytes, operation: str, secrets: Iterable[str]) -> None:
    """`TapeMismatch` where something that looks like a secret, or is one, is left."""
    if scrub(body, operation, secrets) != body:
        raise TapeMismatch(
            f"the answer to {operation} still holds a secret after scrubbing; the tape was not written",
            remedy="report this, without the answer",
        )


def without(body: bytes, secrets: Iterable[str]) -> bytes:
    """The body without the secrets that are known by value; nothing else is looked at."""
    for form in forms(secrets):
        body = body.replace(form.encode("utf-8", "replace"), SCRUBBED.encode())
    return body


def secrets_of(request: httpx.Request) -> set[str]:
    """The secrets that go out with a request: its token or signature, session, cookies and password."""
    scheme, _, token = request.headers.get("Authorization", "").rpartition(" ")
    found = {token, request.headers.get(SESSION_HEADER, "")}
    if scheme.startswith("SharedKey"):
        found.add(token.partition(":")[2])
    if b"sig=" in request.url.query:
        found.update(request.url.params.get_list("sig"))
        found.update(re.findall(r"sig=([^&]+)", request.url.query.decode("ascii")))
    if scheme == "Basic":
        with suppress(ValueError):
            found.add(base64.b64decode(token).decode("utf-8", "replace").partition(":")[2])
    for header in request.headers.get_list("Cookie"):
        found |= cookies(header.split(";"))
    content = request.content.decode("utf-8", "replace")
    found |= {html.unescape(password) for password in re.findall(r"<password(?:\s[^>]*)?>([^<]+)<", content)}
    return found - {""}


def cookies(pairs: Iterable[str]) -> set[str]:
    """The values of `name=value` pairs; a short one is no session's key, but what a load balancer counts by."""
    values = {pair.partition("=")[2].strip().strip('"') for pair in pairs}
    return {value for value in values if len(value) >= SHORTEST}


def cause(error: Exception, secrets: Iterable[str] = ()) -> Exception | None:
    """The error as the cause of ours; None where its text, which a traceback shows, holds a secret."""
    return error if redact(str(error), secrets) == str(error) else None


def clean_error(error: BaseException, secrets: Iterable[str]) -> None:
    """Take secrets out of the texts of an error, and of those it came from: a traceback shows them all."""
    known = set(secrets)
    one: BaseException | None = error
    seen: list[BaseException | None] = []
    while one is not None and one not in seen:
        seen.append(one)
        one.args = tuple(redact(text, known) if isinstance(text, str) else text for text in one.args)
        one = one.__cause__ or one.__context__


def without_license_keys(value: Any, name: str = "") -> Any:
    """Plain values, with licence keys masked as they are on a tape."""
    if isinstance(value, dict):
        return {key: without_license_keys(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_license_keys(inner, name) for inner in value]
    if not isinstance(value, str):
        return value
    if name == "licenseKey":
        return mask_license_key(value)
    return _LICENSE.sub(lambda found: mask_license_key(found[0]), value)


class _Scrubber:
    """Walks JSON, XML, and what of either stands in their strings; every leaf under a telling name goes."""

    def __init__(self, operation: str, secrets: set[str]) -> None:
        self._forms = forms(secrets)
        self._short = {secret for secret in secrets if 0 < len(secret) < SHORTEST and secret not in SCRUBBED}
        # A vCenter's `token` says where the next page begins.
        self._pages = operation.startswith(("RetrieveProperties", "ContinueRetrieveProperties"))

    def clean(self, text: str, depth: int = 0) -> str:
        if text in self._short:
            return SCRUBBED
        for form in self._forms:
            text = text.replace(form, SCRUBBED)
        start = text.lstrip("\ufeff \t\r\n")[:1]
        if start == "<" and depth < _DEEPEST:
            return self._xml(text, depth)
        if start in ("{", "[") and depth < _DEEPEST:
            walked = self._json(text, depth)
            return walked if _is_json(text) else redact(walked)
        return redact(text)

    def _json(self, text: str, depth: int) -> str:
        """Leaves are replaced where they stand, so that the rest stays as it is, also where the end is cut off."""
        pieces: list[str] = []
        outer: list[bool] = []
        end = 0
        secret = within = page = False
        for found in _JSON.finditer(text):
            token = found[0]
            if token in ("{", "["):
                outer.append(within)
                within, secret = within or secret, False
            elif token in ("}", "]"):
                within, secret = outer.pop() if outer else False, False
            elif found[1] is not None:
                name = _decoded(token[: -len(found[1])])
                secret, page = is_telling(name), is_page_token(name)
            elif not page or within:
                new = _secret_leaf(token) if secret or within else self._leaf(token, depth)
                if new != token:
                    pieces += text[end : found.start()], new
                    end = found.end()
        return "".join((*pieces, text[end:]))

    def _leaf(self, token: str, depth: int) -> str:
        if token[0] != '"' or not (SUSPECT.search(token) or token[1:-1] in self._short):
            return token
        value = _decoded(token)
        new = self.clean(value, depth + 1)
        return token if new == value else json.dumps(new, ensure_ascii=token.isascii())

    def _xml(self, text: str, depth: int) -> str:
        pieces = []
        within, level = "", 0
        for found in _XML.finditer(text):
            token = found[0]
            if token.startswith("<") and not token.startswith("<!"):
                token, step, tag, telling = _tag(token)
                if tag == within:
                    level += step
                elif not within and step > 0 and telling and not (self._pages and tag.lower() == "token"):
                    within, level = tag, step
                within = within if level > 0 else ""
            elif within:
                token = token if token.isspace() else _hidden(token, within)
            elif token in self._short or SUSPECT.search(token):
                token = self._node(token, depth)
            pieces.append(token)
        return "".join(pieces)

    def _node(self, token: str, depth: int) -> str:
        if token.startswith("<!"):
            return redact(token)
        value = html.unescape(token)
        new = self.clean(value, depth + 1)
        return token if new == value else html.escape(new, quote=False)


@lru_cache(1024)
def _tag(token: str) -> tuple[str, int, str, bool]:
    """A tag without secrets in its attributes, how much deeper it leads, its name, and whether that is telling."""
    token = redact(token)
    found = _TAG.match(token)
    if not found:
        return token, 0, "", False
    step = -1 if found[1] else 0 if token.endswith("/>") else 1
    return token, step, found[2], is_telling(found[3])


def _hidden(text: str, tag: str) -> str:
    """What stands for a secret on a tape: a licence keeps the end of its key, which tells it from others."""
    return mask_license_key(text) if tag.lower().endswith("licensekey") else SCRUBBED


def _secret_leaf(leaf: str) -> str:
    if leaf[0] == '"':
        return leaf if leaf == '""' else f'"{SCRUBBED}"'
    return "0"


def _decoded(token: str) -> str:
    """The text of a JSON string, also of one that is cut off; a damaged one as it stands."""
    if "\\" in token:
        for text in (token, _HALF.sub(r"\1", token) + '"'):
            with suppress(ValueError):
                return str(json.loads(text, strict=False))
    return token.strip('"')


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text.removeprefix("\ufeff"))
    except ValueError:
        return False
    return True
