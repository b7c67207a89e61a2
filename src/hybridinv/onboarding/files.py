"""Onboarding plans to files and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hybridinv.model.onboarding import OnboardingPlan
from hybridinv.saving import dump, read_json, write_whole

if TYPE_CHECKING:
    import os

_FORMAT = "hybridinv-onboarding"


def save_onboarding(plan: OnboardingPlan, path: str | os.PathLike[str]) -> None:
    """Write a plan as JSON, whole or not at all; `load_onboarding` reads it. It holds no secret."""
    write_whole(Path(path), dump(plan, form=_FORMAT))


def load_onboarding(path: str | os.PathLike[str]) -> OnboardingPlan:
    """The plan in a file that `save_onboarding` wrote; `InventoryFileError` when it is not that, or is damaged."""
    return read_json(Path(path), OnboardingPlan, form=_FORMAT)
