"""Onboarding plans to files and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hybridinv.errors import InventoryFileError, NotSupported
from hybridinv.model.onboarding import OnboardingPlan
from hybridinv.saving import dump, read_json, write_whole

if TYPE_CHECKING:
    import os

_FORMAT = "hybridinv-onboarding"


def save_onboarding(plan: OnboardingPlan, path: str | os.PathLike[str]) -> None:
    """Write a plan as JSON, whole or not at all; `load_onboarding` reads it. It holds no secret."""
    if not isinstance(plan, OnboardingPlan):
        raise NotSupported(f"plan= is {type(plan).__name__}, not an OnboardingPlan", remedy="plan_onboarding gives one")
    try:
        body = dump(plan, form=_FORMAT)
    except TypeError as error:  # half of a surrogate pair, which no file can hold
        raise InventoryFileError(
            f"cannot write {path}: {error}", remedy="a name or a tag has a letter that is none: correct it"
        ) from error
    write_whole(Path(path), body)


def load_onboarding(path: str | os.PathLike[str]) -> OnboardingPlan:
    """The plan in a file that `save_onboarding` wrote; `InventoryFileError` when it is not that, or is damaged."""
    return read_json(Path(path), OnboardingPlan, form=_FORMAT)
