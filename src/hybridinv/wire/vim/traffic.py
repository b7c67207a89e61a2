"""Network counters of hosts: which there are, their samples, and what they say of a migration's way."""

from __future__ import annotations

import re
import statistics
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.errors import UnexpectedAnswer
from hybridinv.model import MetricSample
from hybridinv.model.observed import AdapterTraffic, TrafficVerdict
from hybridinv.wire.reading import look, many, utc

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from hybridinv.model.migration import MigrationPlan

TRANSMITTED, RECEIVED = "net.transmitted.average", "net.received.average"
COUNTERS = {TRANSMITTED: "net_transmitted_kilobytes_per_second", RECEIVED: "net_received_kilobytes_per_second"}
"""Our words for vSphere's counters; its unit for both is kiloBytesPerSecond."""
_DIRECTIONS = {TRANSMITTED: "transmitted", RECEIVED: "received"}
_ADAPTER = re.compile(r"vmk\d+|vmnic\d+", re.ASCII)
_LEAST = 1000.0
"""KB/s over what went before; less is no migration."""


@attrs.frozen(kw_only=True)
class End:
    """One host of a migration: what is counted there, and where the plan has the data go."""

    host_id: str
    host_name: str
    counter: str
    """`net.transmitted.average` where the machine leaves, `net.received.average` where it arrives."""
    devices: frozenset[str]
    """The VMkernel adapters that the plan has carry data."""
    uplinks: frozenset[str]
    """The physical adapters below those."""


def ends_of(plan: MigrationPlan) -> tuple[End, ...]:
    """Both ends of a plan; control traffic is too little to be seen, and does not count."""
    flows = [flow for flow in plan.flows if flow.data != "control" and flow.source_adapter and flow.destination_adapter]
    if not flows or plan.source_host_id == plan.destination_host_id:
        return ()
    sources = [flow.source_adapter for flow in flows if flow.source_adapter]
    destinations = [flow.destination_adapter for flow in flows if flow.destination_adapter]
    return tuple(
        End(
            host_id=host_id,
            host_name=name,
            counter=counter,
            devices=frozenset(adapter.device for adapter in adapters),
            uplinks=frozenset(uplink for adapter in adapters for uplink in adapter.uplinks),
        )
        for host_id, name, counter, adapters in (
            (plan.source_host_id, plan.source_host_name, TRANSMITTED, sources),
            (plan.destination_host_id, plan.destination_host_name, RECEIVED, destinations),
        )
    )


def read_counters(counters: Any) -> dict[str, int]:
    """The keys of the counters we know in `PerformanceManager.perfCounter`; they differ from server to server."""
    keys = {}
    for one in many(counters):
        name = ".".join(str(look(one, path) or "") for path in ("groupInfo.key", "nameInfo.key", "rollupType"))
        if name in COUNTERS and str(look(one, "key") or "").isdecimal():
            keys[name] = int(look(one, "key"))
    return keys


def is_adapter(instance: str) -> bool:
    """Whether a counter's instance is a VMkernel adapter or a physical one; the host's sum has none."""
    return bool(_ADAPTER.fullmatch(instance))


def read_samples(times: str, values: str, counter: str) -> Iterator[MetricSample]:
    """The samples of a series in the CSV form of `QueryPerf`; -1 stands for none."""
    steps, numbers = times.split(",") if times else [], values.split(",") if values else []
    if len(steps) != 2 * len(numbers):
        raise UnexpectedAnswer(
            f"QueryPerf gives {len(numbers)} values of {counter} and {len(steps) / 2:g} times",
            path="returnval.value",
            remedy="report it with a tape of this endpoint (hi.record)",
        )
    for length, moment, number in zip(steps[::2], steps[1::2], numbers, strict=True):
        ended, value = utc(moment), _number(number)
        if ended is None or not length.isdecimal() or value is None:
            raise UnexpectedAnswer(
                f"QueryPerf gives {number!r:.20} of {counter} at {moment!r:.40}, {length!r:.20} s",
                path="returnval.value",
                remedy="report it with a tape of this endpoint (hi.record)",
            )
        if value >= 0:
            yield MetricSample(
                counter=COUNTERS[counter],
                raw_name=counter,
                unit="KB/s",
                at=ended - timedelta(seconds=int(length)),
                interval_s=int(length),
                average=value,
            )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def read_adapter(end: End, device: str, samples: Iterable[MetricSample], since: datetime) -> AdapterTraffic:
    """What went over an adapter from a moment on, and before."""
    ordered = sorted((one for one in samples if one.at), key=lambda one: one.at or since)
    before = [one.average or 0.0 for one in ordered if one.at and one.at < since]
    after = [one for one in ordered if one.at and one.at >= since]
    rates = [one.average or 0.0 for one in after]
    usual = statistics.median(before) if before else None
    more = sum(max(0.0, (one.average or 0.0) - (usual or 0.0)) * (one.interval_s or 0) for one in after)
    return AdapterTraffic(
        host_id=end.host_id,
        host_name=end.host_name,
        device=device,
        direction=_DIRECTIONS[end.counter],
        planned=device in end.devices or device in end.uplinks,
        before_kilobytes_per_second=usual,
        mean_kilobytes_per_second=statistics.fmean(rates) if rates else None,
        peak_kilobytes_per_second=max(rates) if rates else None,
        carried_bytes=round(more * 1000) if rates else None,
        samples=tuple(ordered),
    )


def judge(ends: Sequence[End], adapters: Collection[AdapterTraffic]) -> tuple[TrafficVerdict, str]:
    """Whether the data went where the plan says, and that in words."""
    verdicts, words = [], []
    for end in ends:
        verdict, said = _judge_end(end, [one for one in adapters if one.host_id == end.host_id])
        verdicts.append(verdict)
        words.append(said)
    order = (TrafficVerdict.ELSEWHERE, TrafficVerdict.AS_PLANNED, TrafficVerdict.NOTHING_SEEN)
    found = next((verdict for verdict in order if verdict in verdicts), TrafficVerdict.UNKNOWN)
    return found, f"{_VERDICTS[found]}: {'; '.join(words)}."


_VERDICTS = {
    TrafficVerdict.AS_PLANNED: "It went as planned",
    TrafficVerdict.ELSEWHERE: "It did not go as planned",
    TrafficVerdict.NOTHING_SEEN: "Nothing was seen of it",
    TrafficVerdict.UNKNOWN: "It could not be seen",
}


def _judge_end(end: End, adapters: Sequence[AdapterTraffic]) -> tuple[TrafficVerdict, str]:
    """One host: by its VMkernel adapters where they are counted, else by its physical ones."""
    measured = [one for one in adapters if one.peak_kilobytes_per_second is not None]
    for kind, planned in (("vmk", end.devices), ("vmnic", end.uplinks)):
        counted = [one for one in measured if one.device.startswith(kind)]
        if planned & {one.device for one in counted}:
            return _among(end, counted)
    wanted = ", ".join(sorted(end.devices))
    return TrafficVerdict.UNKNOWN, f"{end.host_name} has no samples of {wanted} or what is below"


def _among(end: End, counted: Sequence[AdapterTraffic]) -> tuple[TrafficVerdict, str]:
    seen = [one for one in counted if _more(one) >= _LEAST]
    direction = _DIRECTIONS[end.counter]
    if not seen:
        most = max(counted, key=_more)
        return (
            TrafficVerdict.NOTHING_SEEN,
            f"no adapter of {end.host_name} {direction} {_rate(_LEAST)} more than before, {most.device} at most "
            f"{_rate(most.peak_kilobytes_per_second or 0)}",
        )
    on_the_way = sum(one.carried_bytes or 0 for one in seen if one.planned)
    beside = sum(one.carried_bytes or 0 for one in seen if not one.planned)
    busiest = max(seen, key=lambda one: one.carried_bytes or 0)
    said = (
        f"{busiest.device} of {end.host_name} {direction} {(busiest.carried_bytes or 0) / 2**30:.1f} GiB, at most "
        f"{_rate(busiest.peak_kilobytes_per_second or 0)}"
    )
    return (TrafficVerdict.AS_PLANNED if on_the_way >= beside else TrafficVerdict.ELSEWHERE), said


def _more(one: AdapterTraffic) -> float:
    return (one.peak_kilobytes_per_second or 0.0) - (one.before_kilobytes_per_second or 0.0)


def _rate(kilobytes: float) -> str:
    return f"{kilobytes / 1000:.1f} MB/s"


def by_host(adapters: Iterable[AdapterTraffic]) -> tuple[AdapterTraffic, ...]:
    """In the order of the hosts, the busiest adapter of each first."""
    kept: dict[str, list[AdapterTraffic]] = {}
    for one in adapters:
        kept.setdefault(one.host_id, []).append(one)
    return tuple(
        one for found in kept.values() for one in sorted(found, key=lambda one: (-(one.carried_bytes or 0), one.device))
    )
