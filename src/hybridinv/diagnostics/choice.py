"""Of which tables a counter is taken: of the first that covers the time about as well as any other does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

import attrs

from hybridinv.diagnostics.found import Found
from hybridinv.diagnostics.question import key_of
from hybridinv.wire.counters import any_instance, raw_names
from hybridinv.wire.storage_tables import GRAINS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hybridinv.diagnostics.question import Machine, Question
    from hybridinv.model import MetricSample

_SHARE = 0.5
"""What is about as well: at least half of what another covers."""
_ALONE_S = 60.0
_LONGEST_S = 3600.0


@attrs.define
class Reading:
    """What the tables of one grain had, and how many seconds of the question each counter has there."""

    found: Found
    seconds: Mapping[str, float]


def reading_of(found: Found, grain: str, question: Question) -> Reading:
    """A reading with its seconds: an interval has its own, a single sample those of the usual gap between two."""
    moments: dict[str, set[datetime]] = defaultdict(set)
    for one in found.samples:
        has_value = any(value is not None for value in (one.average, one.minimum, one.maximum, one.total, one.last))
        its = moments[key_of(one.counter, one.raw_name)]
        if one.at is not None and has_value:
            its.add(one.at)
    return Reading(found, {key: _seconds(sorted(its), grain, question.end) for key, its in moments.items()})


def _seconds(moments: Sequence[datetime], grain: str, end: datetime) -> float:
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]
    usual = min(median(gaps), _LONGEST_S) if gaps else _ALONE_S
    step = GRAINS.get(grain, usual)
    return sum((min(step, (end - at).total_seconds()) for at in moments), 0.0)


def lacking(question: Question, readings: Mapping[str, Reading]) -> Question | None:
    """The question for what other tables may have; None where each counter that is asked for has half of the time."""
    best: dict[str, float] = {}
    for reading in readings.values():
        for key, seconds in reading.seconds.items():
            best[key] = max(seconds, best.get(key, 0.0))
    enough = _SHARE * (question.end - question.start).total_seconds()
    settled = frozenset(key for key, seconds in best.items() if seconds >= enough)
    if question.counters is None:
        return attrs.evolve(question, settled=settled, explores=bool(best) and len(settled) == len(best))
    left = [name for name in question.counters if name not in settled]
    return attrs.evolve(question, counters=left) if left else None


def chosen(question: Question, readings: Mapping[str, Reading]) -> Found:
    """Of each counter what one grain has: the first, in the order of the question, that has half of the most."""
    order = [grain for grain in question.grains if grain in readings]
    grain_of: dict[str, str] = {}
    for key in {key for reading in readings.values() for key in reading.seconds}:
        seconds = {grain: readings[grain].seconds[key] for grain in order if key in readings[grain].seconds}
        grain_of[key] = next(one for one, its in seconds.items() if its >= _SHARE * max(seconds.values()))
    whole = Found()
    for grain in order:
        found = readings[grain].found
        if grain_of and grain not in grain_of.values():
            # What tables lack that nothing is taken of does not matter.
            found = Found(errors=found.errors, by_name=found.by_name, unasked=found.unasked)
        its = [one for one in found.samples if grain_of[key_of(one.counter, one.raw_name)] == grain]
        whole.take(attrs.evolve(found, samples=its))
    if grain_of:
        whole.others, whole.strangers = [], []
    if lacking(question, readings) is None:
        whole.unasked = []
    return whole


def with_system(machine: Machine, readings: Mapping[str, Reading]) -> Machine:
    """The machine, with its system where that is not known and the counters that were found tell."""
    samples = (one for reading in readings.values() for one in reading.found.samples if one.counter)
    first = next(samples, None)
    if machine.system or first is None:
        return machine
    return attrs.evolve(machine, system=_system(first))


def _system(sample: MetricSample) -> str:
    name = any_instance(sample.raw_name).lower()
    systems = ("windows", "linux")
    return next((one for one in systems if name in map(str.lower, raw_names(sample.counter, one))), "")
