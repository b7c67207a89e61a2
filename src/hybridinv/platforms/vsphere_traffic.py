"""What `VSphere.watch_traffic` does: ask both hosts' network counters while a migration runs."""

from __future__ import annotations

import math
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from pyVmomi import vim

from hybridinv.errors import NotSupported
from hybridinv.model.migration import MigrationPlan
from hybridinv.model.observed import MigrationTraffic
from hybridinv.transport.vmomi import Session, read_object
from hybridinv.wire.vim.traffic import (
    End,
    by_host,
    ends_of,
    is_adapter,
    judge,
    read_adapter,
    read_counters,
    read_samples,
)

if TYPE_CHECKING:
    from hybridinv.model import MetricSample

T = TypeVar("T")

_BEFORE = timedelta(minutes=5)
"""How much of the time before tells what is usual."""
_KEPT = timedelta(hours=1)
"""How long a host keeps its real-time samples."""


def watch_traffic(
    source: str, session: Session, plan: MigrationPlan, seconds: float, interval: float, since: datetime | None
) -> MigrationTraffic:
    """Which adapters carry data, and whether the plan has them do so."""
    ends = _checked(source, plan, seconds, interval, since)
    watching = _Watching(session, ends)
    began = watching.now()
    since = since or began
    if since > began:
        raise NotSupported(f"since= is in the future: at the vCenter it is {began}", remedy="give an earlier since=")
    if began - since > _KEPT:
        raise NotSupported("hosts keep their real-time counters for an hour", remedy="give a later since=")
    stops_at = time.monotonic() + seconds
    watching.ask(since - _BEFORE)
    while (left := stops_at - time.monotonic()) > 0:
        time.sleep(min(left, interval))
        watching.ask(since - _BEFORE)
    return watching.result(plan, since)


class _Watching:
    """The samples of both hosts, as far as they have come."""

    def __init__(self, session: Session, ends: tuple[End, ...]) -> None:
        self._session = session
        self._ends = ends
        self._series: dict[str, dict[str, int]] = {}
        """By host the devices that are counted, and the server's key of the counter."""
        self._rates: dict[str, int] = {}
        self._notes: dict[str, None] = {}
        self._samples: dict[tuple[str, str], dict[datetime | None, MetricSample]] = {}

    def now(self) -> datetime:
        """The server's time; its samples carry it."""
        moment: datetime = self._session.run(
            lambda content: vim.ServiceInstance("ServiceInstance", content.rootFolder._stub).CurrentTime()
        )
        return moment

    def ask(self, start: datetime) -> None:
        """Read the samples since a moment; those that are known already stay."""
        self._session.run(lambda content: self._ask(content, start))

    def _ask(self, content: Any, start: datetime) -> None:
        if not self._series:
            self._find(content)
        specs = [self._spec(content, end, start) for end in self._ends if self._series.get(end.host_id)]
        answers = content.perfManager.QueryPerf(specs) if specs else []
        counters = {end.host_id: end.counter for end in self._ends}
        ids = {end.host_id.rpartition("/")[2]: end.host_id for end in self._ends}
        for answer in answers or []:
            host_id = ids[answer.entity._GetMoId()]
            for series in answer.value or []:
                kept = self._samples.setdefault((host_id, series.id.instance), {})
                for sample in read_samples(answer.sampleInfoCSV or "", series.value or "", counters[host_id]):
                    kept[sample.at] = sample

    def _find(self, content: Any) -> None:
        """Which adapters of each host are counted."""
        manager = content.perfManager
        keys = read_counters(read_object(content, manager, ["perfCounter"]).properties.get("perfCounter"))
        for end in self._ends:
            host = vim.HostSystem(end.host_id.rpartition("/")[2], content.rootFolder._stub)
            summary = manager.QueryPerfProviderSummary(host)
            if not summary.currentSupported or not summary.refreshRate or end.counter not in keys:
                self._notes[f"{end.host_name} gives no real-time {end.counter}"] = None
                continue
            rate, key = summary.refreshRate, keys[end.counter]
            there = manager.QueryAvailablePerfMetric(host, None, None, rate) or []
            devices = {one.instance: key for one in there if one.counterId == key and is_adapter(one.instance or "")}
            self._rates[end.host_id], self._series[end.host_id] = rate, devices
            if not any(device.startswith("vmk") for device in devices):
                self._notes[f"{end.host_name} counts no VMkernel adapters, only physical ones: {len(devices)}"] = None

    def _spec(self, content: Any, end: End, start: datetime) -> Any:
        metric, query = vim.PerformanceManager.MetricId, vim.PerformanceManager.QuerySpec
        return query(
            entity=vim.HostSystem(end.host_id.rpartition("/")[2], content.rootFolder._stub),
            startTime=start,
            intervalId=self._rates[end.host_id],
            format="csv",
            metricId=[metric(counterId=key, instance=device) for device, key in self._series[end.host_id].items()],
        )

    def result(self, plan: MigrationPlan, since: datetime) -> MigrationTraffic:
        """What the samples say."""
        ends = {end.host_id: end for end in self._ends}
        adapters = by_host(
            read_adapter(ends[host_id], device, samples.values(), since)
            for (host_id, device), samples in self._samples.items()
        )
        verdict, message = judge(self._ends, adapters)
        return MigrationTraffic(
            vm_id=plan.vm.id,
            verdict=verdict,
            message=message,
            adapters=adapters,
            notes=tuple(self._notes),
            started_at=since,
            ended_at=self.now(),
        )


def _checked(
    source: str, plan: MigrationPlan, seconds: float, interval: float, since: datetime | None
) -> tuple[End, ...]:
    if not isinstance(plan, MigrationPlan):
        raise NotSupported(f"{plan!r:.60} is no plan", remedy="give what plan_migration gives")
    if plan.vm.source != source:
        raise NotSupported(f"{plan.vm.name} is not at {source}", remedy=f"ask the adapter of {plan.vm.source}")
    if not _is_number(seconds) or seconds < 0 or not _is_number(interval) or interval <= 0:
        raise NotSupported(
            f"seconds={seconds!r:.20}, interval={interval!r:.20} are no times", remedy="give numbers of seconds"
        )
    if seconds == 0 and since is None:
        raise NotSupported("seconds=0 without since= watches no time at all", remedy="give seconds=, since= or both")
    if since is not None and since.tzinfo is None:
        raise NotSupported("since= has no zone", remedy="give an aware moment, datetime.now(UTC) - timedelta(…)")
    if plan.destination_host_id.rpartition("/")[0] != plan.vm.id.rpartition("/")[0]:
        raise NotSupported("both hosts have to be at one vCenter", remedy="watch migrations within one vCenter")
    ends = ends_of(plan)
    if not ends:
        raise NotSupported(
            f"the plan has no data of {plan.vm.name} go over VMkernel adapters of two hosts", remedy="see its flows"
        )
    return ends


def _is_number(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, (int, float)) and math.isfinite(value)
