"""What a secret looks like: names whose values are secret, and values that give themselves away in any text."""

from __future__ import annotations

import html
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SCRUBBED = "scrubbed"
SHORTEST = 6
"""A known secret of fewer letters is in any text by chance: it counts only where it is a whole value."""

_NO_UUID = "00000000-0000-0000-0000-000000000000"
_SHOWN = 80
_READ = 20_000

_PAGES = ("skip", "next", "page", "continuation")
_NO_PAGE = "".join(f"(?<!{word}token)(?<!{word}[-_]token)" for word in _PAGES)
_NAMES = "|".join(
    (
        "pass[-_ ]?(?:word|phrase|wd)s?",
        "pass(?<!bypass)(?<!compass)(?<!surpass)",
        "pwds?",
        "secret(?:[-_ ]?value)?s?",
        f"token{_NO_PAGE}s?",
        "(?:api|account|shared|access|workspace|private|license|storage)[-_ ]?keys?",
        "shared[-_ ]?access[-_ ]?signature",
        "connection[-_ ]?strings?",
        "session[-_ ]?(?:id|ticket)s?",
        "protected[-_ ]?settings?",
        "(?:user|custom)[-_ ]?data",
        "credentials?",
    )
)
_NAME = f"(?:{_NAMES})"
_TELLING = re.compile(rf"{_NAME}\Z", re.IGNORECASE)
_PAGE_TOKEN = re.compile(rf"(?:{'|'.join(_PAGES)})[-_]?token\Z", re.IGNORECASE)

SUSPECT = re.compile(
    rf"[\\&=]|eyJ|-----BEGIN|session\[|securestring|sig%|(?:bearer|basic|negotiate|sharedkey(?:lite)?) |{_NAME}",
    re.IGNORECASE,
)
"""In every text that `redact` would change, and in few others; so it saves most of the work."""

_NAMED = re.compile(
    rf"{_NAME}(?:"
    + "|".join(
        (
            r"""["']\s*:\s*"([^"\\]*(?:\\.[^"\\]*)*)""",
            r"""["']\s*:\s*'([^'\\]*(?:\\.[^'\\]*)*)""",
            r'\\"\s*:\s*\\"((?:[^"\\]|\\\\(?:\\"|[^"]))*)',
            r"&quot;\s*:\s*&quot;((?:(?!&quot;)[^<])*)",
            r'\s*=\s*"([^"]*)',
            r"\s*=\s*'([^']*)",
            r"""=((?:[^;"'\s&\\]|\\(?!["'])|&(?![\w$%.-]+=))+)""",
        )
    )
    + ")",
    re.IGNORECASE | re.DOTALL,
)
"""A field or an assignment of a telling name; the last group that matched is its value."""

_JWT = re.compile(r"(?<![A-Za-z0-9])eyJ[\w-]{8}")


def _without_jwt(found: re.Match[str]) -> str:
    begin = _JWT.search(found[1])
    return found[1][: begin.start()] + SCRUBBED if begin else found[0]


_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        # Whole words, looked into once: a long one with a thousand beginnings must not take for ever.
        (r"(?<![\w-])([\w-]{11,}+)(?:\.[\w-]*+){2,4}", _without_jwt),
        (r"((?:(?<!\w)|\\u0026)sig=)[^&\"'\s<\\]+", rf"\1{SCRUBBED}"),
        (r"((?<![a-z_])sig%(?:25)*3D)(?:(?!%(?:25)*26)[^&\"'\s<\\])+", rf"\1{SCRUBBED}"),
        (r"(\bSharedKey(?:Lite)? [\w-]+:)[\w+/=]{16,}", rf"\1{SCRUBBED}"),
        (r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^<\"]*?(?:-----END \1-----|(?=[<\"])|\Z)", SCRUBBED),
        (r"\b(Negotiate|Bearer|Basic) [\w+/=.~-]{16,}", rf"\1 {SCRUBBED}"),
        (r"(ConvertTo-SecureString\s+(?:-String\s+)?)(?:\"[^\"]*\"|'[^']*')", rf"\1{SCRUBBED}"),
        # -Password xyz, --db-password xyz, /pwd:xyz
        (
            rf"(?<![\w/-])((?:--?[\w-]{{0,40}}?{_NAME}(?:\s+|\s*:\s*)|/[\w-]{{0,40}}?{_NAME}:))"
            r"""(?:\\?"[^"]*"|'[^']*'|(?!-)[^\s"']+)""",
            rf"\1{SCRUBBED}",
        ),
        # Names of a vCenter's session objects hold the session's key, and a number of their own that nobody needs.
        (rf"session\[(?:[0-9a-f-]{{36}}|{SCRUBBED})\]", f"session[{_NO_UUID}]"),
        (rf"(session\[{_NO_UUID}\])[0-9a-f-]{{36}}", rf"\g<1>{_NO_UUID}"),
        (r"(<(?:\w+:)?licenseKey(?:\s[^>]*)?>)([^<]+)", lambda found: found[1] + mask_license_key(found[2])),
    )
)


def mask_license_key(key: str) -> str:
    """A licence key of which nothing is left but its form and, where it is long, its last five characters.

    The key of an evaluation is all zeros, and stays.
    """
    end = len(key) - 5 if len(key) >= 10 else len(key)
    return re.sub(r"[^\W_]", "X", key[:end]) + key[end:] if key.strip("0-") else key


@lru_cache(4096)
def is_telling(name: str) -> bool:
    """Whether a field of that name holds a secret: its end says so, in any case, with `-` and `_` or without."""
    return _TELLING.search(name) is not None


@lru_cache(4096)
def is_page_token(name: str) -> bool:
    """Whether a field of that name says where the next page begins: no secret, and needed as it is."""
    return _PAGE_TOKEN.search(name) is not None


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without values that give themselves away, and without the secrets that are known by value."""
    for form in forms(secrets):
        text = text.replace(form, SCRUBBED)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return _NAMED.sub(_without_value, text)


def _without_value(found: re.Match[str]) -> str:
    value = found[found.lastindex or 0]
    return found[0][: len(found[0]) - len(value)] + (SCRUBBED if value else "")


def excerpt(body: bytes, secrets: Iterable[str] = ()) -> str:
    """The first 80 characters of a body on one line, without secrets: for the text of an error."""
    text = redact(body[:_READ].decode("utf-8", "replace"), secrets)
    return " ".join(text.split())[:_SHOWN]


def forms(secrets: Iterable[str]) -> list[str]:
    """Known secrets as they may stand in text, XML and JSON, the longest first; short ones are left out."""
    long_enough = {secret for secret in secrets if len(secret) >= SHORTEST and secret not in SCRUBBED}
    escaped = {html.escape(secret, quote) for secret in long_enough for quote in (True, False)}
    quoted = {json.dumps(secret, ensure_ascii=ascii_)[1:-1] for secret in long_enough for ascii_ in (True, False)}
    return sorted(long_enough | escaped | quoted, key=lambda form: (-len(form), form))
