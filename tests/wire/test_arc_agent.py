"""When a version of the Arc agent can have come out at the latest."""

from __future__ import annotations

from datetime import date

import pytest

from hybridinv.wire.arc_agent import released_by, released_on


@pytest.mark.parametrize(
    ("version", "last"),
    [
        ("1.48.02881.1941", date(2025, 1, 31)),
        ("1.13.1", date(2021, 11, 30)),
        ("1.37", date(2023, 12, 31)),
        ("1.38.0", date(2024, 2, 29)),
        ("1.50.1", date(2025, 7, 31)),
        ("0.9.20239.1", date(2020, 9, 30)),
        ("1.9", date(2021, 7, 31)),
    ],
)
def test_the_last_day_of_its_month_or_of_the_next_version_that_is_known(version, last):
    assert released_by(version) == last


@pytest.mark.parametrize("version", ["1.999.1", "2.0", "", "unknown", "1", "v1.40"])
def test_one_that_nobody_knows(version):
    assert released_by(version) is None


@pytest.mark.parametrize("version", ["1.0", "1.10.5", "1.48.1", "1.67.3"])
def test_both_readings_agree(version):
    first, last = released_on(version), released_by(version)
    assert (first.year, first.month) == (last.year, last.month)
