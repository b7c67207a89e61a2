"""The vocabulary of counters: one word for what Windows, Linux and vSphere call differently, and its unit."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from hybridinv.errors import NotSupported
from hybridinv.wire.reading import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ADAPTER = re.compile(r"(\\network (?:interface|adapter))\([^\\]*\)(?=\\)", re.IGNORECASE)


@cache
def _catalogue() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("hybridinv.wire").joinpath("counters.toml").read_text(encoding="utf-8"))


@cache
def units() -> Mapping[str, str]:
    """The unit of every counter that there is a word for."""
    return {name: row["unit"] for name, row in _catalogue()["counters"].items()}


def checked_counters(counters: Iterable[str] | None) -> list[str]:
    """The counters without repetition, all where none are named; `NotSupported` names the known ones for an unknown."""
    return list(units()) if counters is None else _named(counters, list(units()))


def _named(counters: Iterable[str], known: Sequence[str]) -> list[str]:
    named = [counters] if isinstance(counters, str) or not isinstance(counters, Iterable) else list(counters)
    unknown = [name for name in named if not isinstance(name, str) or name not in units()]
    if unknown or not named:
        raise NotSupported(
            f"there is no counter {', '.join(map(shown, unknown)) or 'in an empty list'}",
            remedy=f"{did_you_mean(unknown, known)}the counters are: {', '.join(known)}",
        )
    return list(dict.fromkeys(named))


def did_you_mean(names: Iterable[object], known: Iterable[str], raw_words: Mapping[str, str] | None = None) -> str:
    """A question that names the words which are meant, empty where there are none.

    A word in other letters, what the agents in guests call it, what `raw_words` says another platform does (in small
    letters), else the word that is spelt most alike.
    """
    words = list(known)
    meant = dict.fromkeys(_meant(name, words, raw_words or {}) for name in names if isinstance(name, str))
    found = [word for word in meant if word]
    return f"did you mean {', '.join(found)}? " if found else ""


def _meant(name: str, known: Sequence[str], raw_words: Mapping[str, str]) -> str:
    plain = name.strip().lower()
    word = re.sub(r"[\s-]+", "_", plain)
    for one in (word, counter_of(name)[0], raw_words.get(plain, "")):
        if one in known:
            return one
    alike = [] if word in units() else get_close_matches(word, known, n=1)
    return alike[0] if alike else ""


def guest_counters() -> list[str]:
    """The counters that an agent in the guest can write; what only a hypervisor knows is not among them."""
    return [name for name in units() if name in _catalogue()["windows"] or name in _catalogue()["linux"]]


def checked_guest_counters(counters: Iterable[str] | None) -> list[str]:
    """As `checked_counters`, of those that an agent in the guest can write."""
    if counters is None:
        return guest_counters()
    known = guest_counters()
    named = _named(counters, known)
    unknown = [name for name in named if name not in known]
    if unknown:
        raise NotSupported(
            f"the agent in the guest does not write {', '.join(map(repr, unknown))}: only a hypervisor knows",
            remedy=f"the counters are: {', '.join(known)}",
        )
    return named


def counter_of(raw_name: str) -> tuple[str, int]:
    """Our word for what an agent in the guest calls a counter, and what its values are to be multiplied by.

    The word is empty where there is none. Letter case and doubled backslashes do not matter.
    """
    return _words().get(_plain(raw_name), ("", 1))


def raw_names(counter: str, system: str = "") -> list[str]:
    """What the agents call a counter, of one `system` (`windows`, `linux`) or both; instances are `(*)`."""
    systems = [system] if system in ("windows", "linux") else ["windows", "linux"]
    return [name for one in systems for name in _catalogue()[one].get(counter, ())]


def spellings(counter: str, system: str = "") -> list[str]:
    """A counter's names to ask for, where case counts: the agents' as documented, in small and in big letters."""
    return [form for name in raw_names(counter, system) for form in (name, name.lower(), name.upper())]


def any_instance(raw_name: str) -> str:
    """A raw name as it is spelt, with `(*)` where it names a network adapter."""
    return _ADAPTER.sub(r"\1(*)", raw_name)


@cache
def column_counters(table: str) -> Mapping[str, tuple[str, int]]:
    """The columns of a table of single samples, each with our word for it and what to multiply it by."""
    return {name: (row["counter"], row.get("times", 1)) for name, row in _catalogue()["columns"][table].items()}


def column_tables() -> list[str]:
    """The names of the tables whose columns are counters."""
    return list(_catalogue()["columns"])


@cache
def _words() -> Mapping[str, tuple[str, int]]:
    times = _catalogue()["times"]
    return {
        _plain(name): (counter, times.get(name, 1))
        for system in ("windows", "linux")
        for counter, names in _catalogue()[system].items()
        for name in names
    }


def _plain(raw_name: str) -> str:
    """A raw name without what does not matter: letter case, doubled backslashes, which network adapter it is."""
    return _ADAPTER.sub(r"\1(*)", raw_name.strip().replace("\\\\", "\\").lower())
