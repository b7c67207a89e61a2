"""Doing one thing to many, side by side, under the caller's deadline."""

from __future__ import annotations

import contextvars
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from hybridinv.errors import HybridInvError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

A = TypeVar("A")
R = TypeVar("R")

WORKERS = 8
"""Requests at a time: ARM's bucket refills 25 a second, and one takes a few tenths."""


def side_by_side(function: Callable[[A], R], items: Iterable[A], workers: int = WORKERS) -> list[R | HybridInvError]:
    """What `function` gave for each item, in their order; the error itself where it failed."""

    def run(context: contextvars.Context, item: A) -> R | HybridInvError:
        try:
            return context.run(function, item)
        except HybridInvError as error:
            return error

    items = list(items)
    if len(items) <= 1:
        return [run(contextvars.copy_context(), item) for item in items]
    with ThreadPoolExecutor(min(workers, len(items)), thread_name_prefix="hybridinv") as pool:
        return list(pool.map(run, [contextvars.copy_context() for _ in items], items))
