"""The caller's deadline: set once, seen by every request made under it, in every thread it is handed to."""

from __future__ import annotations

import contextvars
import math
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hybridinv.errors import NotSupported

if TYPE_CHECKING:
    from collections.abc import Iterator

_ends_at: contextvars.ContextVar[float | None] = contextvars.ContextVar("hybridinv_deadline", default=None)


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
    """A `with` block of which every request has to end in so many `seconds`, whichever source it asks.

    `with hi.deadline(60): vms = vcenter.vms()` raises `DeadlineExceeded` where it takes longer. A deadline that is
    already set is never made later; None sets none.
    """
    if seconds is not None and (
        isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or math.isnan(seconds)
    ):
        raise NotSupported(f"{seconds!r:.40} is no number of seconds", remedy="give seconds, or None for no deadline")
    ends_at = None if seconds is None else time.monotonic() + seconds
    outer = _ends_at.get()
    token = _ends_at.set(outer if ends_at is None else ends_at if outer is None else min(outer, ends_at))
    try:
        yield
    finally:
        _ends_at.reset(token)


def remaining() -> float | None:
    """Seconds left, negative when it has passed; None without a deadline."""
    ends_at = _ends_at.get()
    return None if ends_at is None else ends_at - time.monotonic()
