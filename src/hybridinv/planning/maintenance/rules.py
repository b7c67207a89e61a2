"""What the documents say of maintenance, read once from `maintenance.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.model import Finding
from hybridinv.model.maintenance import Effect, Impact, MaintenanceStep
from hybridinv.model.migration import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hybridinv.model import Host, VirtualMachine


@attrs.frozen(kw_only=True)
class Reason:
    """Why something happens to a machine, and who says so."""

    key: str
    text: str
    sources: tuple[str, ...]
    confidence: Confidence


@attrs.frozen(kw_only=True)
class Part:
    """What the planner of one platform has to say."""

    impacts: tuple[Impact, ...] = ()
    steps: tuple[MaintenanceStep, ...] = ()
    findings: tuple[Finding, ...] = ()


def make_impact(
    vm: VirtualMachine,
    host: Host | None,
    effect: Effect,
    key: str,
    *,
    destination: Host | None = None,
    findings: Iterable[Finding] = (),
    **names: object,
) -> Impact:
    """An impact whose reason is the row of that key, with the names filled in; the host's name is one of them."""
    reason = reasons()[key]
    return Impact(
        vm=vm,
        host=host,
        effect=effect,
        destination=destination,
        reason=reason.text.format(host=host.name if host else "its host", **names),
        sources=reason.sources,
        confidence=reason.confidence,
        findings=tuple(findings),
    )


def finding(code: str, subject_id: str, **names: object) -> Finding:
    """The finding of that code, with the names filled in."""
    row = findings()[code]
    return attrs.evolve(
        row, subject_id=subject_id, message=row.message.format(**names), remedy=row.remedy.format(**names)
    )


@cache
def reasons() -> Mapping[str, Reason]:
    """All reasons by key."""
    return {
        row["key"]: Reason(
            key=row["key"],
            text=row["text"],
            sources=_titles(row["sources"]),
            confidence=Confidence(row["confidence"]),
        )
        for row in _document()["reason"]
    }


@cache
def findings() -> Mapping[str, Finding]:
    """All findings by code, their names not filled in."""
    return {
        row["code"]: Finding(
            severity=row["severity"],
            code=row["code"],
            message=row["message"],
            remedy=row["remedy"],
            sources=_titles(row["sources"]),
        )
        for row in _document()["finding"]
    }


@cache
def series_without_migration() -> frozenset[str]:
    """First letters of the sizes that Azure cannot move while they run, nor update while it keeps their memory."""
    return frozenset(_document()["azure"]["not_eligible"])


@cache
def series_in_doubt() -> frozenset[str]:
    """First letters of the sizes of which Azure can move most, not all."""
    return frozenset(_document()["azure"]["mostly_eligible"])


@cache
def confidential_series() -> tuple[str, ...]:
    """First letters of the sizes for confidential machines."""
    return tuple(_document()["azure"]["confidential"])


@cache
def announced_effects() -> Mapping[str, Effect]:
    """What Azure's words for the impact of an announced update mean, in lower case."""
    return {word: Effect(effect) for word, effect in _document()["azure"]["impacts"].items()}


def _titles(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(_document()["sources"][key] for key in keys)


@cache
def _document() -> Mapping[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("maintenance.toml").read_text("utf-8"))
