"""The vocabulary of counters: one word for what Windows, Linux and vSphere call differently, and its unit."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from hybridinv.errors import NotSupported

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@cache
def _catalogue() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("hybridinv.wire").joinpath("counters.toml").read_text(encoding="utf-8"))


@cache
def units() -> Mapping[str, str]:
    """The unit of every counter that there is a word for."""
    return {name: row["unit"] for name, row in _catalogue()["counters"].items()}


def checked_counters(counters: Iterable[str] | None) -> list[str]:
    """The counters without repetition, all where none are named; `NotSupported` names the known ones for an unknown."""
    if counters is None:
        return list(units())
    named = [counters] if isinstance(counters, str) else list(dict.fromkeys(counters))
    unknown = [name for name in named if name not in units()]
    if unknown or not named:
        raise NotSupported(
            f"there is no counter {', '.join(map(repr, unknown)) or 'in an empty list'}",
            remedy=f"the counters are: {', '.join(units())}",
        )
    return named
