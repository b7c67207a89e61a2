"""vSphere's own counters of machines: which of them say what our words say, their units, and their samples."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.errors import NotSupported, UnexpectedAnswer
from hybridinv.model import MetricSample
from hybridinv.wire.counters import did_you_mean, units
from hybridinv.wire.reading import look, many, shown, utc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

RAW_NAMES = {
    "cpu_percent": "cpu.usage.average",
    "cpu_idle_percent": "cpu.idle.summation",
    "cpu_ready_percent": "cpu.ready.summation",
    "memory_used_percent": "mem.usage.average",
    "memory_active_bytes": "mem.active.average",
    "memory_consumed_bytes": "mem.consumed.average",
    "memory_ballooned_bytes": "mem.vmmemctl.average",
    "memory_swapped_bytes": "mem.swapped.average",
    "disk_bytes_per_second": "disk.usage.average",
    "disk_read_bytes_per_second": "disk.read.average",
    "disk_write_bytes_per_second": "disk.write.average",
    "disk_latency_seconds": "disk.maxTotalLatency.latest",
    "network_received_bytes_per_second": "net.received.average",
    "network_sent_bytes_per_second": "net.transmitted.average",
    "network_bytes_per_second": "net.usage.average",
}
"""Our words by what vSphere calls it; those that a machine has as a whole, not by disk or adapter."""

_SCALES: Mapping[str, Mapping[str, float]] = {
    "percent": {"percent": 0.01},
    "bytes": {"kiloBytes": 1024.0, "megaBytes": 1024.0**2, "teraBytes": 1024.0**4},
    "bytes per second": {"kiloBytesPerSecond": 1024.0, "megaBytesPerSecond": 1024.0**2},
    "seconds": {"second": 1.0, "millisecond": 1e-3, "microsecond": 1e-6, "nanosecond": 1e-9},
}
"""By our unit and vSphere's (`PerformanceManagerUnit`, whose percents are hundredths) the factor between them."""
_TIMES: Mapping[str, float] = {"millisecond": 1e-3, "microsecond": 1e-6, "second": 1.0}
"""Units of a time that was counted: of a `delta` it is a share of the interval, and of the virtual CPUs."""
_REMEDY = "report it with a tape of this endpoint (hi.record)"


@attrs.frozen(kw_only=True)
class Counter:
    """A counter as one server has it: its key there, and what its values have to be multiplied by."""

    word: str
    raw_name: str
    key: int
    level: int
    """The statistics level from which on it is kept for history."""
    scale: float
    is_share: bool
    """It counts time, summed over the virtual CPUs, that is to be a share of the interval."""


@attrs.frozen(kw_only=True)
class Interval:
    """An interval that a server keeps samples of."""

    seconds: int
    kept_seconds: int
    level: int
    name: str = ""


def words(counters: Iterable[str] | None) -> list[str]:
    """The words asked for, all that vSphere has where none are named; `NotSupported` for one that it has not."""
    if counters is None:
        return list(RAW_NAMES)
    several: object = [counters] if isinstance(counters, str) else counters
    wanted: list[Any] = list(several) if isinstance(several, Iterable) else [several]
    foreign = [word for word in wanted if not isinstance(word, str) or word not in RAW_NAMES]
    if foreign or not wanted:
        what = ", ".join(f"{word!s:.40}" for word in foreign) or "counter in an empty list"
        meant = did_you_mean(foreign, RAW_NAMES, {raw_name.lower(): word for word, raw_name in RAW_NAMES.items()})
        raise NotSupported(
            f"vSphere has no {what} of a machine as a whole", remedy=f"{meant}it has: {', '.join(RAW_NAMES)}"
        )
    return list(dict.fromkeys(wanted))


def read_counters(perf_counter: Any, wanted: Iterable[str]) -> tuple[list[Counter], list[str]]:
    """The wanted counters that a server has, and in words why the others cannot be read.

    API: `PerformanceManager.perfCounter[]`: `key`, `groupInfo.key`, `nameInfo.key`, `rollupType`, `unitInfo.key`,
    `statsType`, `level`.
    """
    known = {_name(row): row for row in many(perf_counter)}
    found, lacking = [], []
    for word in wanted:
        raw_name = RAW_NAMES[word]
        row = known.get(raw_name)
        if row is None:
            lacking.append(f"the server has no {raw_name}, which {word} is read from")
            continue
        unit, key = str(look(row, "unitInfo.key") or ""), str(look(row, "key") or "")
        is_share = units()[word] == "percent" and look(row, "statsType") == "delta" and unit in _TIMES
        scale = _TIMES[unit] if is_share else _SCALES.get(units()[word], {}).get(unit)
        if scale is None or not key.isdecimal():
            lacking.append(f"the server gives {raw_name} in {unit or 'no unit'}, which is not known to be {word}")
            continue
        level = str(look(row, "level") or "")
        found.append(
            Counter(
                word=word,
                raw_name=raw_name,
                key=int(key),
                level=int(level) if level.isdecimal() else 0,
                scale=scale,
                is_share=is_share,
            )
        )
    return found, lacking


def _name(row: Any) -> str:
    return ".".join(str(look(row, path) or "") for path in ("groupInfo.key", "nameInfo.key", "rollupType"))


def read_intervals(historical: Any) -> list[Interval]:
    """The intervals whose samples a server keeps, the shortest first. API: `PerformanceManager.historicalInterval`."""
    found = []
    for row in many(historical):
        numbers = [str(look(row, path) or "0") for path in ("samplingPeriod", "length", "level")]
        if str(look(row, "enabled")).lower() == "true" and all(map(str.isdecimal, numbers)):
            seconds, kept, level = map(int, numbers)
            found.append(Interval(seconds=seconds, kept_seconds=kept, level=level, name=str(look(row, "name") or "")))
    return sorted(found, key=lambda one: one.seconds)


def read_times(times: str) -> list[tuple[datetime, int]]:
    """When each sample began, and its length in seconds; from `sampleInfoCSV`, which has lengths and ends."""
    steps = times.split(",") if times else []
    found = []
    for length, moment in zip(steps[::2], [*steps[1::2], ""], strict=False):
        ended = utc(moment)
        if ended is None or not length.isdecimal() or not int(length):
            raise UnexpectedAnswer(
                f"QueryPerf gives a sample at {shown(moment)}, of {shown(length)} s",
                path="returnval.sampleInfoCSV", remedy=_REMEDY,
            )  # fmt: skip
        found.append((ended - timedelta(seconds=int(length)), int(length)))
    return found


def read_series(
    times: list[tuple[datetime, int]], values: str, counter: Counter, vm_id: str, cpus: int
) -> Iterator[MetricSample]:
    """The samples of one counter of one machine, in our units; -1 stands for none, and gives none.

    `times` is what `read_times` gives. A time that is summed over the virtual CPUs is a share of `cpus` of them.
    """
    if not values:
        return
    numbers = values.split(",")
    if len(numbers) != len(times):
        raise UnexpectedAnswer(
            f"QueryPerf gives {len(numbers)} values of {counter.raw_name} and {len(times)} times",
            path="returnval.value", remedy=_REMEDY,
        )  # fmt: skip
    unit, is_latest = units()[counter.word], counter.raw_name.endswith(".latest")
    for (at, length), text in zip(times, numbers, strict=True):
        try:
            value = int(text)
        except ValueError:
            raise UnexpectedAnswer(
                f"QueryPerf gives {shown(text)} as a value of {counter.raw_name}",
                path="returnval.value", remedy=_REMEDY,
            ) from None  # fmt: skip
        if value < 0:
            continue
        scaled = value * counter.scale
        if counter.is_share:
            scaled *= 100 / (length * cpus)
        yield MetricSample(
            vm_id=vm_id,
            counter=counter.word,
            raw_name=counter.raw_name,
            unit=unit,
            at=at,
            interval_s=length,
            average=None if is_latest else scaled,
            last=scaled if is_latest else None,
        )
