"""The chart of measurements over time."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, TypeGuard

from hybridinv.charts.drawing import BARS, DAY, GIB, WIDTH, chart, label, left_out, need_altair, title
from hybridinv.errors import NotSupported
from hybridinv.model.metrics import MetricSample, MetricSummary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import altair

_SERIES = 24
_COUNTERS = 6
_NAMED = 4
_POINTS = 4000
"""Altair refuses more than 5,000 rows."""


def samples(records: Iterable[Any], inventory: Any = None) -> altair.FacetChart:
    """A chart of measurements over time: a line for each machine, a panel for each counter and unit.

    `records` are `MetricSample` or `MetricSummary`; others are a `NotSupported` error. Of many moments the mean is
    shown, the band reaches from the smallest value to the largest; at most 6 counters, and of 24 lines the busiest.
    The subtitle says what is left out. With an `inventory` its machines have their names, else the ends of their ids.
    """
    measured = _measured(records)
    alt = need_altair()
    panels, lines = _chosen(measured)
    rows, step = _pooled({key: measured[key] for key in lines})
    labels = _tails([key[1] for key in lines], {vm.id: vm.name for vm in inventory.vms} if inventory else {})
    for row in rows:
        row["machine"] = labels[row["machine"]]
    notes = [
        "" if measured else "no samples",
        f"means of {_interval(step)}" if step else "",
        *_left_out(measured, panels, lines),
    ]
    legend = alt.Legend(symbolOpacity=1)
    base = chart(rows).encode(
        x=alt.X("at:T", title="UTC", scale=alt.Scale(type="utc")),
        color=alt.Color("machine:N", title="machine", legend=legend),
    )
    band = base.mark_area(opacity=0.2).encode(y=alt.Y("minimum:Q", title=None), y2="maximum:Q")
    line = base.mark_line(point=len(rows) < BARS).encode(
        y=alt.Y("mean:Q", title=None),
        tooltip=["machine:N", "counter:N", alt.Tooltip("at:T", format="%Y-%m-%d %H:%M"),
                 "mean:Q", "minimum:Q", "maximum:Q"],
    )  # fmt: skip
    header = alt.Header(labelAnchor="start", labelOrient="top")
    return (
        alt.layer(band, line)
        .properties(width=WIDTH, height=140)
        .facet(row=alt.Row("counter:N", title=None, header=header))
        .resolve_scale(y="independent")
        .properties(title=title("Measurements", *notes))
    )


_Point = tuple[datetime, float, float, float]
_Key = tuple[str, str]


def _measured(records: Iterable[Any]) -> dict[_Key, list[_Point]]:
    """The points of each counter and machine, in order of time."""
    kind = getattr(records, "type", None)
    if kind is not None and kind not in (MetricSample, MetricSummary):
        _no_picture(kind)
    found: defaultdict[tuple[str, str, str], list[_Point]] = defaultdict(list)
    for one in records:
        if isinstance(one, MetricSample):
            at, mean = one.at, _value(one)
        elif isinstance(one, MetricSummary):
            at, mean = datetime.combine(one.day, time(), UTC) if one.day else None, one.mean
        else:
            _no_picture(type(one))
        if at is None or not _is_number(mean):
            continue
        low = one.minimum if _is_number(one.minimum) else mean
        high = one.maximum if _is_number(one.maximum) else mean
        unit, size = ("GiB", GIB) if one.unit == "bytes" else (one.unit, 1)
        name = one.counter or one.raw_name
        panel = (name.removesuffix("_bytes") if size == GIB else name) + (f" ({unit})" if unit else "")
        found[panel, one.raw_name, one.vm_id].append((at, mean / size, low / size, high / size))
    several = Counter(panel for panel, _ in {(panel, raw) for panel, raw, _ in found})
    return {
        (f"{panel}: {raw or 'no raw name'}" if several[panel] > 1 else panel, vm_id): sorted(points)
        for (panel, raw, vm_id), points in sorted(found.items())
    }


def _value(sample: MetricSample) -> float | None:
    """As for a day's summary: the average, else the total by the count, else the last value."""
    if sample.average is not None:
        return sample.average
    return sample.total / sample.count if sample.total is not None and sample.count else sample.last


def _is_number(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _no_picture(kind: type) -> None:
    raise NotSupported(
        f"{kind.__name__} records have no chart of their own",
        remedy="hi.charts has charts of an inventory (capacity, agents, …); to_pandas() gives a table for others",
    )


def _chosen(measured: Mapping[_Key, Sequence[_Point]]) -> tuple[list[str], list[_Key]]:
    """The panels, and of each the lines with the highest values, that fit."""
    panels = list(dict.fromkeys(key[0] for key in measured))[:_COUNTERS]
    room = _SERIES // max(len(panels), 1)
    lines: list[_Key] = []
    for panel in panels:
        mine = [key for key in measured if key[0] == panel]
        mine.sort(key=lambda key: (-sum(point[1] for point in measured[key]) / len(measured[key]), key))
        lines += sorted(mine[:room])
    return panels, lines


def _left_out(measured: Mapping[_Key, object], panels: Sequence[str], lines: Sequence[_Key]) -> list[str]:
    """What is not shown: counters by name, with what shows them, and of how many machines the highest are."""
    hidden = list(dict.fromkeys(key[0] for key in measured if key[0] not in panels))
    drawn, there = Counter(key[0] for key in lines), Counter(key[0] for key in measured)
    short = [panel for panel in panels if drawn[panel] < there[panel]]
    notes = []
    if hidden:
        names = ", ".join(hidden[:_NAMED]) + (" …" if hidden[_NAMED:] else "")
        notes.append(f"{left_out(len(hidden), 'counter')} ({names}): samples.where(counter=…) has one alone")
    if short:
        most = max(short, key=lambda panel: there[panel])
        notes.append(f"of each counter the {drawn[most]} highest of up to {there[most]} machines")
    return notes


def _pooled(lines: Mapping[_Key, Sequence[_Point]]) -> tuple[list[dict[str, Any]], float]:
    """Rows for the chart, and the seconds that each stands for; 0 where nothing was pooled."""
    points = sum(map(len, lines.values()))
    step = 0.0
    if points > _POINTS:
        ends = [(line[0][0], line[-1][0]) for line in lines.values()]
        whole = (max(end for _, end in ends) - min(start for start, _ in ends)).total_seconds()
        step = _round_up(whole / max(_POINTS // len(lines) - 1, 1))
    rows = []
    for (panel, machine), line in lines.items():
        pools: defaultdict[datetime, list[_Point]] = defaultdict(list)
        for point in line:
            pools[_start(point[0], step)].append(point)
        for at, pool in pools.items():
            row = {"counter": panel, "machine": machine, "at": at.astimezone(UTC).isoformat()}
            means = [point[1] for point in pool]
            low, high = min(point[2] for point in pool), max(point[3] for point in pool)
            rows.append({**row, "mean": sum(means) / len(means), "minimum": low, "maximum": high})
    return rows, step


def _round_up(seconds: float) -> float:
    nice = (60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400)
    return float(next((one for one in nice if one >= seconds), -(-seconds // DAY) * DAY))


def _start(at: datetime, step: float) -> datetime:
    return at - timedelta(seconds=at.timestamp() % step) if step else at


def _interval(seconds: float) -> str:
    if seconds >= DAY:
        return f"{seconds / DAY:g} d"
    return f"{seconds / 3600:g} h" if seconds >= 3600 else f"{seconds / 60:g} min"


def _tails(ids: Iterable[str], names: Mapping[str, str]) -> dict[str, str]:
    """The names of machines, else the last parts of their ids; of two that are alike, the ids."""
    short = {one: names.get(one) or one.rpartition("/")[2] for one in ids}
    times = Counter(short.values())
    return {one: label(text if times[text] == 1 else one) for one, text in short.items()}
