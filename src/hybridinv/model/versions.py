"""Versions compared number by number."""

from __future__ import annotations

import re


def version_key(version: str) -> tuple[int, ...]:
    """The numbers of a version, to sort by: `1.10` comes after `1.9`, and `1.0` is `1`; none where it has none."""
    numbers = list(map(int, re.findall(r"\d+", version, re.ASCII)))
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
