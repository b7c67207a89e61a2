"""Text as data in another language: one function for each."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from hybridinv.errors import NotSupported

if TYPE_CHECKING:
    from collections.abc import Mapping

# PowerShell takes each of these for a single quote: about_Quoting_Rules, and CharTraits.IsSingleQuote in its source.
_SINGLE_QUOTES = re.compile("['\u2018\u2019\u201a\u201b]")
_BARE = re.compile(r"[\w.:/@+-]+", re.ASCII)


def bash_quoted(text: str) -> str:
    """One word of bash with that value, in ASCII whatever the text."""
    _check(text)
    if all(" " <= letter <= "~" or letter == "\n" for letter in text) and not set(text) & set("$`"):
        return "'" + text.replace("'", "'\\''") + "'"
    return "$'" + "".join(_escaped(byte) for byte in text.encode()) + "'"


def powershell_quoted(text: str) -> str:
    """A PowerShell string literal with that value."""
    _check(text)
    return "'" + _SINGLE_QUOTES.sub(lambda quote: quote[0] * 2, text) + "'"


def json_text(values: object) -> str:
    """JSON in ASCII, with none of the letters that a shell looks at in quotes."""
    text = json.dumps(values, indent=2)
    return re.sub("['$`]", lambda letter: f"\\u{ord(letter[0]):04x}", text)


def tags_text(tags: Mapping[str, str]) -> str:
    """Tags as `azcmagent connect --tags` takes them: `name=value,'a name'='a value'`.

    How the agent reads a single quote inside a tag is not documented; it is doubled here.
    """
    return ",".join(f"{_tag_quoted(name)}={_tag_quoted(value)}" for name, value in tags.items())


def _check(text: str) -> None:
    if "\0" in text or not _is_encodable(text):
        raise NotSupported(f"{text!r:.60} cannot be written into a script", remedy="remove what is not a character")


def _is_encodable(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _escaped(byte: int) -> str:
    letter = chr(byte)
    return letter if " " <= letter <= "~" and letter not in "'\\" else f"\\x{byte:02x}"


def _tag_quoted(text: str) -> str:
    return text if _BARE.fullmatch(text) else "'" + text.replace("'", "''") + "'"
