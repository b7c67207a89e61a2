"""What must never be on a tape, whatever the platform: one list of rules, and the check that they worked."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from hybridinv.errors import TapeMismatch

if TYPE_CHECKING:
    from collections.abc import Iterable

SCRUBBED = "scrubbed"
_SHORTEST = 6
_NO_UUID = "00000000-0000-0000-0000-000000000000"

_NAMES = (
    "password|passwd|adminPassword|secret|clientSecret|client_secret|access_?token|refresh_?token|id_?token|sasToken|"
    "storageAccountSasToken|storageAccountKey|accountKey|sharedKey|workspaceKey|connectionString|protectedSettings|"
    "userData|customData|sessionId|sessionTicket|samlToken|licenseKey|privateKey"
)
_RULES = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        # A field of a telling name: in JSON, in JSON within JSON, in XML.
        (rf'("(?:{_NAMES})"\s*:\s*")(?:[^"\\]|\\.)*', rf"\1{SCRUBBED}"),
        (rf'(\\"(?:{_NAMES})\\"\s*:\s*\\")(?:[^"\\]|\\\\(?:\\"|[^"]))*', rf"\1{SCRUBBED}"),
        (rf"(<(?:\w+:)?(?:{_NAMES})(?:\s[^>]*)?>)[^<]+", rf"\1{SCRUBBED}"),
        # A value that gives itself away.
        (r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*", SCRUBBED),
        (r"((?:[?&;]|&amp;|\\u0026)sig=)[^&\"'\s<\\]+", rf"\1{SCRUBBED}"),
        (r"((?:AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd)=)[^;\"'\s<]+", rf"\1{SCRUBBED}"),
        (r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?-----END \1-----", SCRUBBED),
        (r"\b(Negotiate|Bearer|Basic) [\w+/=.~-]{16,}", rf"\1 {SCRUBBED}"),
        # Names of a vCenter's session objects hold the session's key, and a number of their own that nobody needs.
        (rf"session\[(?:[0-9a-f-]{{36}}|{SCRUBBED})\]", f"session[{_NO_UUID}]"),
        (rf"(session\[{_NO_UUID}\])[0-9a-f-]{{36}}", rf"\g<1>{_NO_UUID}"),
    )
)
_LOGIN = tuple(
    (re.compile(rf"(<(?:{names})(?:\s[^>]*)?>)[^<]*", re.IGNORECASE), rf"\g<1>{replacement}")
    for names, replacement in (
        ("key|userName|fullName|ipAddress|userAgent", SCRUBBED),
        ("loginTime|lastActiveTime", "1970-01-01T00:00:00Z"),
    )
)


def scrub(body: bytes, operation: str = "", secrets: Iterable[str] = ()) -> bytes:
    """The body without secrets; its form (JSON, XML) stays whole. `secrets` are those known by value."""
    text = body.decode("utf-8", "surrogateescape")
    for secret in _forms(secrets):
        text = text.replace(secret, SCRUBBED)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    if operation.startswith("Login"):
        for pattern, replacement in _LOGIN:
            text = pattern.sub(replacement, text)
    return text.encode("utf-8", "surrogateescape")


def check_scrubbed(body: bytes, operation: str, secrets: Iterable[str]) -> None:
    """`TapeMismatch` where something that looks like a secret, or is one, is left."""
    if scrub(body, operation, secrets) != body:
        raise TapeMismatch(
            f"the answer to {operation} still holds a secret after scrubbing; the tape was not written",
            remedy="report this, without the answer",
        )


def _forms(secrets: Iterable[str]) -> list[str]:
    """A secret as it may stand in XML and JSON. One of a few letters is in any text by chance, and is left alone."""
    long_enough = {secret for secret in secrets if len(secret) >= _SHORTEST}
    escaped = {html.escape(secret) for secret in long_enough} | {
        html.escape(secret, quote=False) for secret in long_enough
    }
    return sorted(long_enough | escaped, key=len, reverse=True)
