"""The catalogue of faults, read once from `faults.toml`, and findings made from it."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.model import Finding, Severity
from hybridinv.model.migration import MigrationState
from hybridinv.planning.rules import cite

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@attrs.frozen(kw_only=True)
class Fault:
    """Something that may stand in the way of a migration."""

    code: str
    """The vendor's name for it, or ours where the vendor has none."""
    is_own: bool
    subject: str
    when: str
    """When it applies, in words."""
    hot: tuple[Severity, ...]
    """How much it matters to a machine that runs: not at all, so much, or so much and in lesser cases so much."""
    cold: tuple[Severity, ...]
    """The same for one that does not run."""
    remedy: str
    sources: tuple[str, ...]

    def severity(self, state: MigrationState, *, lesser: bool = False) -> Severity | None:
        """How much it matters in that state; None where not at all."""
        severities = self.hot if state is MigrationState.HOT else self.cold
        return severities[-1 if lesser else 0] if severities else None


def found(
    code: str,
    subject_id: str,
    message: str,
    state: MigrationState = MigrationState.HOT,
    *,
    lesser: bool = False,
    remedy: str = "",
    sources: tuple[str, ...] = (),
) -> tuple[Finding, ...]:
    """The finding of that fault, or nothing where it does not matter in that state.

    `remedy` and `sources` replace those of the catalogue.
    """
    fault = faults()[code]
    severity = fault.severity(state, lesser=lesser)
    if severity is None:
        return ()
    return (
        Finding(
            severity=severity,
            code=code,
            subject_id=subject_id,
            message=message,
            remedy=remedy or fault.remedy,
            sources=sources or fault.sources,
        ),
    )


@cache
def faults() -> Mapping[str, Fault]:
    """All faults by code, in the order of the catalogue."""
    return {row["code"]: _fault(row) for row in _document()["fault"]}


@cache
def evc_ranks() -> Mapping[str, tuple[str, int]]:
    """EVC modes: the maker, and the place in the order from old to new."""
    return {mode: (maker, rank) for maker, modes in _document()["evc"].items() for rank, mode in enumerate(modes)}


@cache
def hardware_versions() -> Mapping[str, tuple[int, ...]]:
    """Hardware versions: the first version of ESXi that runs each."""
    return {name: version_numbers(version) for name, version in _document()["hardware"].items()}


def version_numbers(version: str) -> tuple[int, ...]:
    """`8.0.3` as numbers, for comparing; as far as there are any."""
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


def _fault(row: Mapping[str, Any]) -> Fault:
    return Fault(
        code=row["code"],
        is_own=row.get("own", False),
        subject=row["subject"],
        when=row["when"],
        hot=_severities(row.get("hot", ())),
        cold=_severities(row.get("cold", ())),
        remedy=row["remedy"],
        sources=_titles(row["sources"]),
    )


def _severities(words: str | Iterable[str]) -> tuple[Severity, ...]:
    return tuple(Severity(word) for word in ([words] if isinstance(words, str) else words))


def _titles(keys: Iterable[str]) -> tuple[str, ...]:
    own = _document()["sources"]
    return tuple(own[key] if key in own else cite(key)[0] for key in keys)


@cache
def _document() -> Mapping[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("faults.toml").read_text("utf-8"))
