"""The caller's deadline: set once, seen by every request made under it, in every thread it is handed to."""

from __future__ import annotations

import contextvars
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ends_at: contextvars.ContextVar[float | None] = contextvars.ContextVar("hybridinv_deadline", default=None)


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
    """Everything inside has `seconds`; a deadline that is already set is never made later."""
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
