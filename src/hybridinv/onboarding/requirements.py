"""What the agent runs on and what Azure takes as a name, read once from `requirements.toml`."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any

import attrs

from hybridinv.model import OSType


@attrs.frozen
class System:
    """A guest system of the matrix, and whether the agent supports it: True, False, or None where that is open."""

    name: str
    os_type: OSType
    version: str
    supported: bool | None
    note: str


def system_of(os_name: str) -> System | None:
    """What the matrix says of a guest's full name; None where it does not know it.

    A name without a version (`Ubuntu Linux (64-bit)`, as vSphere has it) leaves open whether it is supported.
    """
    text = os_name.lower()
    for row, pattern in _systems():
        found = pattern.search(text)
        if found is None:
            continue
        version = (found[1] or "") if pattern.groups else ""
        versions: list[str] = row["versions"]
        supported = version in versions if version or not versions else None
        # "or later" is what vSphere calls a guest that is at least that.
        if supported and "or later" in text:
            supported = None
        if "32-bit" in text:
            supported = False
        return System(row["name"], OSType(row["os_type"]), version, supported, row.get("note", ""))
    return None


def systems_source() -> str:
    """The document the matrix is from, with its date."""
    systems = _document()["systems"]
    return f"{systems['source']} ({systems['as_of']})"


def names_source() -> str:
    """The document that lists the reserved names."""
    return str(_document()["names"]["source"])


def is_valid_name(name: str) -> bool:
    """Whether Azure takes it as the name of a machine."""
    return re.fullmatch(_document()["names"]["pattern"], name) is not None


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
