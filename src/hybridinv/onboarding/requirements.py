"""What the agent runs on and what Azure takes as a name, read once from `requirements.toml`."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any

import attrs

from hybridinv.model import OSType

_GENERIC = re.compile(r"((other\b.*)?linux|(other |microsoft )*windows( server)?)?( \((32|64)-bit\))?")
_NOBODY = ("localhost", "localhost4", "localhost6")


@attrs.frozen
class System:
    """A guest system of the matrix, and whether the agent supports it: True, False, or None where that is open."""

    name: str
    os_type: OSType
    version: str
    supported: bool | None
    note: str
    is_limited: bool = False
    """Whether it is supported in part only."""


def system_of(os_name: str) -> System | None:
    """What the matrix says of a guest's full name; None where it does not know it.

    A name without a version (`Ubuntu Linux (64-bit)`, as vSphere has it) leaves open whether it is supported.
    """
    text = os_name.lower()
    for row, pattern in _systems():
        found = pattern.search(text)
        if found is None:
            continue
        version = (found[1] or "").replace("-", " ") if pattern.groups else ""
        versions: list[str] = row["versions"]
        is_limited = version in row.get("limited", ())
        supported = version in versions or is_limited if version or not versions else None
        if version in row.get("open", ()):
            supported = None
        # "or later" is what vSphere calls a guest that is at least that.
        if supported and "or later" in text:
            supported = None
        if "32-bit" in text:
            supported = False
        return System(row["name"], OSType(row["os_type"]), version, supported, row.get("note", ""), is_limited)
    return None


def is_generic(os_name: str) -> bool:
    """Whether a guest's full name tells no system apart: `Other 5.x Linux (64-bit)`, or nothing at all."""
    return _GENERIC.fullmatch(os_name.strip().lower()) is not None


def is_host_name(name: str) -> bool:
    """Whether it is a machine's own name: not an address, nor what everybody is called."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return bool(name) and name.lower().partition(".")[0] not in _NOBODY
    return False


def systems_source() -> str:
    """The document the matrix is from, with its date."""
    systems = _document()["systems"]
    return f"{systems['source']} ({systems['as_of']})"


def names_source() -> str:
    """The document that lists the reserved names."""
    return str(_document()["names"]["source"])


def is_valid_name(name: str) -> bool:
    """Whether Azure takes it as the name of a machine."""
    # A name of dots alone is a folder, one that begins with a hyphen an option of the command that it is given to.
    is_plain = bool(name.strip(".")) and not name.startswith("-")
    return is_plain and re.fullmatch(_document()["names"]["pattern"], name) is not None


def reserved_word(name: str) -> str:
    """The reserved word that makes the name impossible; empty where there is none."""
    names, text = _document()["names"], name.lower()
    if text in names["whole"]:
        return text
    inside = (word for word in names["anywhere"] if word in text)
    return next(inside, next((word for word in names["at_the_start"] if text.startswith(word)), ""))


@cache
def _systems() -> list[tuple[dict[str, Any], re.Pattern[str]]]:
    return [(row, re.compile(row["pattern"])) for row in _document()["system"]]


@cache
def _document() -> dict[str, Any]:
    return tomllib.loads((resources.files(__package__) / "requirements.toml").read_text(encoding="utf-8"))
