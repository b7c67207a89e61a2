"""daily_summaries: what a machine's counters were in a day."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime
from statistics import fmean
from typing import TYPE_CHECKING

import attrs

from hybridinv.errors import NotSupported
from hybridinv.model import MetricSample, MetricSummary
from hybridinv.tables import Records

if TYPE_CHECKING:
    from collections.abc import Sequence

_HUGE = 2.0**512


def daily_summaries(samples: Iterable[MetricSample]) -> Records[MetricSummary]:
    """Minimum, mean, 95th percentile and maximum of each counter of each machine on each day, in UTC.

    `samples` is what `VSphere.metrics` or `read_diagnostics` gave, whose `problems` are kept. A sample counts for the
    day in which its interval begins. Its value is its average, else its total by its count, else its last; it weighs as
    many as the values it stands for. The percentile is of the samples' values, unweighted and interpolated linearly.
    One without a value counts for nothing, one without a time makes the day None. `NotSupported` where something is no
    sample, or no number.
    """
    days: dict[tuple[str, str, str, str, date | None], _Day] = defaultdict(_Day)
    for sample in checked_samples(samples):
        day = sample.at.astimezone(UTC).date() if sample.at else None
        days[sample.vm_id, sample.counter, sample.raw_name, sample.unit, day].add(sample)
    found = [
        _summary(vm_id, counter, raw_name, unit, day, days[vm_id, counter, raw_name, unit, day])
        for vm_id, counter, raw_name, unit, day in sorted(days, key=_order)
    ]
    return Records(MetricSummary, found, samples.problems if isinstance(samples, Records) else ())


def checked_samples(samples: object) -> Iterable[MetricSample]:
    """The samples, each as it is taken; `NotSupported` where one is none."""
    remedy = "give what VSphere.metrics or read_diagnostics gave"
    if not isinstance(samples, Iterable) or isinstance(samples, (str, bytes)):
        raise NotSupported(f"samples= is {type(samples).__name__}, not samples", remedy=remedy)
    for sample in samples:
        if not isinstance(sample, MetricSample):
            raise NotSupported(f"samples= holds {type(sample).__name__}, not MetricSample", remedy=remedy)
        if sample.at is not None and not isinstance(sample.at, datetime):
            raise NotSupported(f"a sample has {sample.at!r:.40} as its time, not a datetime", remedy=remedy)
        yield sample


def value_of(sample: MetricSample) -> float | None:
    """What a sample says its counter was: the average, else the total by the count, else the last value."""
    value = sample.average
    if value is None and sample.count:
        total = _number(sample.total)
        value = None if total is None else total / sample.count
    return _number(sample.last if value is None else value)


def _number(value: object) -> float | None:
    """A number as it is; None where it is none at all or not finite, `NotSupported` where it is something else."""
    if value is None:
        return None
    try:
        return value if math.isfinite(value) else None  # type: ignore[arg-type,return-value]
    except TypeError:
        remedy = "give what VSphere.metrics or read_diagnostics gave"
        raise NotSupported(f"a sample holds {value!r:.40}, not a number", remedy=remedy) from None


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which lies that share (0.95) of sorted values, interpolated linearly between two of them."""
    place = (len(ordered) - 1) * share
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@attrs.define
class _Day:
    values: list[float] = attrs.field(factory=list)
    weights: list[int] = attrs.field(factory=list)
    smallest: float = math.inf
    largest: float = -math.inf

    def add(self, sample: MetricSample) -> None:
        value = value_of(sample)
        if value is None:
            return
        self.values.append(value)
        self.weights.append(max(sample.count or 1, 1))
        smallest, largest = _number(sample.minimum), _number(sample.maximum)
        self.smallest = min(self.smallest, value if smallest is None else smallest)
        self.largest = max(self.largest, value if largest is None else largest)


def _summary(vm_id: str, counter: str, raw_name: str, unit: str, day: date | None, of: _Day) -> MetricSummary:
    if not of.values:
        return MetricSummary(vm_id=vm_id, counter=counter, raw_name=raw_name, unit=unit, day=day)
    return MetricSummary(
        vm_id=vm_id,
        counter=counter,
        raw_name=raw_name,
        unit=unit,
        day=day,
        minimum=of.smallest,
        mean=_mean(of.values, of.weights),
        percentile_95=percentile(sorted(of.values), 0.95),
        maximum=of.largest,
        count=len(of.values),
    )


def _mean(values: Sequence[float], weights: Sequence[int]) -> float:
    """Their weighted mean, also where their sum is beyond a float."""
    with suppress(OverflowError):
        mean = fmean(values, weights)
        if math.isfinite(mean):
            return mean
    return fmean([value / _HUGE for value in values], weights) * _HUGE


def _order(key: tuple[str, str, str, str, date | None]) -> tuple[str, str, str, str, date]:
    return *key[:4], key[4] or date.min
