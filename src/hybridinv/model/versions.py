"""Versions compared number by number."""

from __future__ import annotations

import re

_DIGITS = 20


def version_key(version: str) -> tuple[int, ...]:
    """The numbers of a version, to sort by: `1.10` comes after `1.9`, and `1.0` is `1`; none where it has none.

    A text with a number that no version has, of more than 20 digits, has none either.
    """
    found = re.findall(r"\d+", version, re.ASCII)
    numbers = [] if any(len(one) > _DIGITS for one in found) else list(map(int, found))
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
