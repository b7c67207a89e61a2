"""The words that anonymising leaves alone."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads((resources.files(__package__) / "words.toml").read_text(encoding="utf-8"))


@cache
def _set(*names: str) -> frozenset[str]:
    return frozenset(word for name in names for word in _words()[name])


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{one})" for one in _words()[name]), re.IGNORECASE | re.ASCII)


def is_common(text: str) -> bool:
    """Whether it is a name that vendors give, a word of theirs, or a public region."""
    return text.lower() in _set("names", "regions") or _pattern("patterns").fullmatch(text) is not None


def is_known_host(name: str) -> bool:
    """Whether it is the public endpoint of a cloud."""
    return name.lower() in _set("hosts")


def known_domain(name: str) -> str:
    """The end of a host name, with its dot, that anybody may have a name under; empty where there is none."""
    ends = [f".{one}" for one in _set("domains") if name.lower().endswith(f".{one}")]
    return name[-len(max(ends, key=len)) :] if ends else ""


def is_known_type(word: str) -> bool:
    """Whether it is a type of resource, as ARM ids have them, in lower case."""
    return word in _set("types")


def is_namespace(word: str) -> bool:
    """Whether it is the namespace of a resource provider, in lower case."""
    return word in _set("namespaces")


def is_known_setting(name: str) -> bool:
    """Whether it is an advanced setting that says nothing of the estate."""
    return _pattern("settings").fullmatch(name) is not None


def is_setting_value(value: str) -> bool:
    """Whether it is a word or a number."""
    return _pattern("setting_values").fullmatch(value) is not None


def is_image_publisher(name: str) -> bool:
    """Whether it is a publisher of images for everybody."""
    return _pattern("image_publishers").fullmatch(name) is not None


def is_of_system(word: str) -> bool:
    """Whether it is a word of an operating system's name, a version, or what stands between them."""
    return not any(map(str.isalnum, word)) or _pattern("systems").fullmatch(word) is not None


def is_status(text: str) -> bool:
    """Whether it is a platform's word for the state of an agent."""
    return text.lower() in _set("status")
