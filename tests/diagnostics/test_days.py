"""daily_summaries: against numbers worked out by hand, and against pandas."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

import hybridinv as hi

DAY = datetime(2026, 1, 15, tzinfo=UTC)


def sample(value=None, at=DAY, vm="a", counter="cpu_percent", **changes):
    usual = {"raw_name": "cpu.usage.average", "unit": "percent", "average": value}
    return hi.MetricSample(vm_id=vm, counter=counter, at=at, **{**usual, **changes})


def test_one_day_of_one_counter():
    (day,) = hi.daily_summaries(sample(float(n), DAY + timedelta(minutes=n)) for n in range(1, 101))
    assert (day.vm_id, day.counter, day.raw_name, day.unit) == ("a", "cpu_percent", "cpu.usage.average", "percent")
    assert (day.day, day.count) == (date(2026, 1, 15), 100)
    assert (day.minimum, day.maximum, day.mean) == (1, 100, 50.5)
    assert day.percentile_95 == pytest.approx(95.05)


@pytest.mark.parametrize("count", [1, 2, 3, 19, 20, 21, 288])
def test_the_percentile_is_the_one_of_pandas(count):
    import pandas

    values = [(n * 7919) % 1000 / 7 for n in range(count)]
    (day,) = hi.daily_summaries([sample(value) for value in values])
    assert day.percentile_95 == pytest.approx(pandas.Series(values).quantile(0.95))


def test_days_are_in_utc():
    amsterdam = timezone(timedelta(hours=1))
    moments = [datetime(2026, 1, 15, 0, 30, tzinfo=amsterdam), datetime(2026, 1, 15, 1, 0, tzinfo=amsterdam)]
    days = hi.daily_summaries([sample(1, moment) for moment in moments])
    assert [one.day for one in days] == [date(2026, 1, 14), date(2026, 1, 15)]


def test_machines_counters_names_and_units_are_kept_apart():
    samples = [
        sample(1), sample(2, vm="b"), sample(3, counter="memory_used_percent"), sample(4, raw_name="other"),
        sample(5, unit="other"), sample(6, at=DAY + timedelta(days=1)),
    ]  # fmt: skip
    assert sorted(one.mean for one in hi.daily_summaries(samples)) == [1, 2, 3, 4, 5, 6]


def test_samples_weigh_as_many_as_the_values_they_stand_for():
    (day,) = hi.daily_summaries([sample(10, count=9), sample(20, count=1), sample(31)])
    assert day.mean == pytest.approx((90 + 20 + 31) / 11)
    assert day.count == 3


def test_extremes_within_samples_count():
    (day,) = hi.daily_summaries([sample(10, minimum=1, maximum=99), sample(20)])
    assert (day.minimum, day.maximum) == (1, 99)


def test_a_sample_without_an_average():
    (day,) = hi.daily_summaries([sample(total=30, count=3), sample(last=40.0), sample(average=70.0, last=1.0)])
    assert (day.minimum, day.maximum, day.count) == (10, 70, 3)
    assert day.mean == pytest.approx((10 * 3 + 40 + 70) / 5)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_a_sample_without_a_value_counts_for_nothing(value):
    (day,) = hi.daily_summaries([sample(value), sample(value)])
    assert (day.count, day.mean, day.minimum, day.percentile_95) == (0, None, None, None)
    (day,) = hi.daily_summaries([sample(value), sample(5.0)])
    assert (day.count, day.mean, day.maximum) == (1, 5, 5)


def test_a_sample_without_a_time_has_no_day():
    first, second = hi.daily_summaries([sample(1, at=None), sample(2)])
    assert (first.day, second.day) == (None, DAY.date())


def test_problems_are_kept():
    problem = hi.Problem(source="x", message="no table")
    found = hi.daily_summaries(hi.Records(hi.MetricSample, [sample(1)], [problem]))
    assert found.problems == (problem,)
    assert not found.complete


def test_what_is_no_sample_is_refused():
    with pytest.raises(hi.NotSupported, match="holds str"):
        hi.daily_summaries(["cpu"])
    with pytest.raises(hi.NotSupported, match="is int, not samples"):
        hi.daily_summaries(7)
    with pytest.raises(hi.NotSupported, match="not a datetime"):
        hi.daily_summaries([sample(1, at="2026-01-15")])
    for odd in ({"value": "7"}, {"value": 1.0, "minimum": "0"}, {"total": "7", "count": 1}):
        with pytest.raises(hi.NotSupported, match="not a number"):
            hi.daily_summaries([sample(**odd)])
    assert len(hi.daily_summaries([])) == 0


def test_extremes_that_are_no_numbers_do_not_count():
    (day,) = hi.daily_summaries([sample(10, minimum=float("nan"), maximum=float("inf")), sample(20)])
    assert (day.minimum, day.maximum) == (10, 20)
