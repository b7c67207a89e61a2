"""Measurements of machines over time."""

from __future__ import annotations

from datetime import date, datetime

import attrs

from hybridinv.model.fact import fact, in_utc


@attrs.frozen(kw_only=True)
class MetricSample:
    """One counter of one machine over one interval."""

    vm_id: str = fact("", "The machine.")
    counter: str = fact("", "Our word for it: `cpu_percent`, `memory_available_bytes`, `disk_transfers_per_second`, …")
    raw_name: str = fact("", "The platform's name of the counter.")
    unit: str = fact("", "Unit of the values.")
    at: datetime | None = fact(None, "Start of the interval.", converter=in_utc)
    interval_s: int | None = fact(None, "Length of the interval.", unit="seconds")
    average: float | None = fact(None, "Mean over the interval.")
    minimum: float | None = fact(None, "Smallest value.")
    maximum: float | None = fact(None, "Largest value.")
    total: float | None = fact(None, "Sum of the values.")
    count: int | None = fact(None, "How many values.")
    last: float | None = fact(None, "Last value.")


@attrs.frozen(kw_only=True)
class MetricSummary:
    """One counter of one machine over one day (UTC)."""

    vm_id: str = fact("", "The machine.")
    counter: str = fact("", "Our word for it, as in `MetricSample`.")
    raw_name: str = fact("", "The platform's name of the counter.")
    unit: str = fact("", "Unit of the values.")
    day: date | None = fact(None, "The day, in UTC.")
    minimum: float | None = fact(None, "Smallest value.")
    mean: float | None = fact(None, "Mean of the samples, each weighted by how many values it stands for.")
    percentile_95: float | None = fact(None, "Below it lie 95 % of the samples' averages; interpolated linearly.")
    maximum: float | None = fact(None, "Largest value.")
    count: int = fact(0, "How many samples.")
