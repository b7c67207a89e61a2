"""The chart of measurements over time."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from hybridinv.charts.drawing import BARS, DAY, GIB, WIDTH, chart, label, left_out, need_altair, title
from hybridinv.errors import NotSupported
from hybridinv.model.metrics import MetricSample, MetricSummary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import altair

_SERIES = 24
_COUNTERS = 6
_POINTS = 4000
"""Altair refuses more than 5,000 rows."""


def samples(records: Iterable[Any]) -> altair.FacetChart:
    """A chart of measurements over time: a line for each machine, a panel for each counter and unit.

    `records` are `MetricSample` or `MetricSummary`; others are a `NotSupported` error. Of many moments the mean is
    shown, the band reaches from the smallest value to the largest; at most 6 counters, and of 24 lines the busiest.
    """
    measured = _measured(records)
    alt = need_altair()
    panels, lines = _chosen(measured)
    rows, step = _pooled({key: measured[key] for key in lines})
    labels = _tails([key[1] for key in lines])
    for row in rows:
        row["machine"] = labels[row["machine"]]
    counters = len({key[0] for key in measured})
    notes = [
        f"means of {_interval(step)}" if step else "",
        left_out(counters - len(panels), "counters"),
        left_out(sum(key[0] in panels for key in measured) - len(lines), "machines with lower values"),
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
    found: defaultdict[_Key, list[_Point]] = defaultdict(list)
    for one in records:
        if isinstance(one, MetricSample):
            at, mean = one.at, one.last if one.average is None else one.average
        elif isinstance(one, MetricSummary):
            at, mean = datetime.combine(one.day, time(), UTC) if one.day else None, one.mean
        else:
            _no_picture(type(one))
        if at is None or mean is None:
            continue
        low = mean if one.minimum is None else one.minimum
        high = mean if one.maximum is None else one.maximum
        unit, size = ("GiB", GIB) if one.unit == "bytes" else (one.unit, 1)
        name = one.counter or one.raw_name
        panel = (name.removesuffix("_bytes") if size == GIB else name) + (f" ({unit})" if unit else "")
        found[panel, one.vm_id].append((at, mean / size, low / size, high / size))
    return {key: sorted(points) for key, points in sorted(found.items())}


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


def _tails(ids: Iterable[str]) -> dict[str, str]:
    """The last parts of ids; of two that end alike, the ids."""
    ids = dict.fromkeys(ids)
    tails = Counter(one.rpartition("/")[2] for one in ids)
    return {one: label(one.rpartition("/")[2] if tails[one.rpartition("/")[2]] == 1 else one) for one in ids}
