"""Doing one thing to many, side by side, under the caller's deadline; and one thing only once."""

from __future__ import annotations

import contextvars
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Generic, TypeVar

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


def together(*works: Callable[[], R]) -> list[R]:
    """What each of them gives, in their order; the first error is raised when all have ended."""
    found = side_by_side(lambda work: work(), works)
    for one in found:
        if isinstance(one, HybridInvError):
            raise one
    return [one for one in found if not isinstance(one, HybridInvError)]


class once(Generic[R]):  # noqa: N801 - a decorator
    """A property that is read once for each instance.

    `functools.cached_property` locks all instances of a class on Python 3.11: one slow endpoint would stop the others.
    """

    def __init__(self, read: Callable[[Any], R]) -> None:
        self._read = read
        self.__doc__ = read.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type | None = None) -> R:
        value = self._read(instance)
        instance.__dict__[self._name] = value
        return value
