"""The migration rules, read once from `rules.toml`."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeVar

from hybridinv.errors import NotSupported
from hybridinv.model.migration import Condition, MigrationKind, MigrationRule, MigrationState, RuleFlow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class RuleSet(StrEnum):
    """Whose rules."""

    VENDOR = "vendor"
    SEED = "seed"


E = TypeVar("E", bound=StrEnum)


def migration_rule(
    kind: MigrationKind | str, state: MigrationState | str, rules: str = RuleSet.VENDOR
) -> MigrationRule:
    """Say what carries which data in that kind of migration, and which documents say so.

    `rules="vendor"` is what the vendor's documents say, `rules="seed"` the six rows this library started
    from; `differs` says what the other one has instead.
    """
    wanted = (
        _choice(RuleSet, rules, "rule set"),
        _choice(MigrationKind, kind, "migration kind"),
        _choice(MigrationState, state, "migration state"),
    )
    return _rules()[wanted]


def cite(*keys: str) -> tuple[str, ...]:
    """Give the full titles of those sources."""
    titles = _document()["sources"]
    return tuple(titles[key] for key in keys)


def _choice(choices: type[E], value: str, what: str) -> E:
    try:
        return choices(value)
    except ValueError:
        raise NotSupported(f"there is no {what} {value!r}", remedy=f"choose one of: {', '.join(choices)}") from None


@cache
def _rules() -> Mapping[tuple[RuleSet, MigrationKind, MigrationState], MigrationRule]:
    rules = (_rule(row) for row in _document()["rule"])
    return {(RuleSet(rule.rules), rule.kind, rule.state): rule for rule in rules}


def _rule(row: Mapping[str, Any]) -> MigrationRule:
    fields = {name: value for name, value in row.items() if name not in ("set", "flow")}
    flows = tuple(flow for part in row["flow"] for flow in _flows(part))
    return MigrationRule(rules=row["set"], flows=flows, **fields)


def _flows(row: Mapping[str, Any]) -> Iterator[RuleFlow]:
    when = [Condition(condition) for condition in row.get("when", ())]
    titles = {name: cite(*row.get(name, ())) for name in ("sources", "dissent_sources")}
    kinds = [row["data"]] if isinstance(row["data"], str) else row["data"]
    for data in kinds:
        yield RuleFlow(**{**row, "data": data, "when": when, **titles})


@cache
def _document() -> Mapping[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("rules.toml").read_text("utf-8"))
