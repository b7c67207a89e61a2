"""Samples by machine and counter, each once, and of one interval: what check_load judges by."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING

import attrs

from hybridinv.diagnostics.days import checked_samples, value_of
from hybridinv.wire.counters import any_instance, units

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hybridinv.model import MetricSample


@attrs.frozen
class Series:
    """One raw counter of one machine, in one interval: its values in order, and the seconds that they cover.

    The adapters of a machine are one counter: their rates of a moment are added up.
    """

    values: list[float]
    seconds: int


Counters = dict[str, list[Series]]


def measured_series(samples: Iterable[MetricSample]) -> tuple[dict[str, Counters], dict[str, dict[str, str]]]:
    """By machine and counter a series for each raw name; and the counters in a unit that is not the word's."""
    listed: dict[str, dict[str, dict[tuple[str, int], dict[tuple[str, object], float | None]]]] = {}
    odd: dict[str, dict[str, str]] = defaultdict(dict)
    known = units()
    for sample in checked_samples(samples):
        counters = listed.setdefault(sample.vm_id, {})
        if sample.unit and sample.unit != known.get(sample.counter, sample.unit):
            odd[sample.vm_id][sample.counter] = sample.unit
            continue
        grains = counters.setdefault(sample.counter, {})
        values = grains.setdefault((any_instance(sample.raw_name), sample.interval_s or 0), {})
        values[sample.raw_name, sample.at or len(values)] = value_of(sample)
    return {
        vm_id: {name: _by_raw_name(one) for name, one in counters.items()} for vm_id, counters in listed.items()
    }, odd


def _by_raw_name(grains: Mapping[tuple[str, int], Mapping[tuple[str, object], float | None]]) -> list[Series]:
    """Of each raw name the interval that covers most time; of two alike the finer."""
    found = []
    for _, same in groupby(sorted(grains), key=lambda key: key[0]):
        several = []
        for key in same:
            moments: dict[object, float] = {}
            for (_, at), value in grains[key].items():
                if value is not None:
                    moments[at] = moments[at] + value if at in moments else value
            values = sorted(moments.values())
            several.append(Series(values, len(values) * key[1]))
        found.append(max(several, key=lambda one: (one.seconds, len(one.values))))
    return found
