"""A small hybrid estate on tapes, for trying things out: no network, no credentials."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import attrs

from hybridinv.collecting import collect
from hybridinv.tapes import replay

if TYPE_CHECKING:
    from hybridinv.inventory import Inventory

TAPES = Path(__file__).parent / "tapes"
_PLAYS_AT = datetime(2026, 1, 15, 8, 0, tzinfo=UTC)
_PLATFORMS = ("vsphere", "azure-stack-hub", "azure", "azure-arc")


def demo() -> Inventory:
    """An Inventory of a made-up company on all four platforms, the same at every call.

    Four tapes answer in place of the endpoints, and the real adapters read them. It is complete but for one
    subscription of Azure Arc that the account may not read: `problems` says so.
    """
    return attrs.evolve(collect(replay(folder) for folder in tape_folders()), taken_at=_PLAYS_AT)


def tape_folders() -> list[Path]:
    """The folders of the demo's tapes, one a platform; `hi.replay(folder)` gives the adapter."""
    return [TAPES / platform for platform in _PLATFORMS]


class _Callable(ModuleType):
    """Importing this module puts it in the place of `hybridinv.demo`, the function; so it can be called as well."""

    def __call__(self) -> Inventory:
        return demo()


sys.modules[__name__].__class__ = _Callable
