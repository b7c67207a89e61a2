"""What `VSphere.metrics` does: ask the PerformanceManager for the counters of many machines, in batches."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
from pyVmomi import vim

from hybridinv.errors import (
    AccessDenied,
    HybridInvError,
    NotFound,
    NotSupported,
    ServerFault,
    SessionExpired,
    UnexpectedAnswer,
)
from hybridinv.inventory import count_of
from hybridinv.model import MetricSample, PowerState, Problem, VirtualMachine
from hybridinv.tables import Records
from hybridinv.transport.parallel import side_by_side
from hybridinv.transport.vmomi import Session, read_object
from hybridinv.wire.reading import collector_at_rest
from hybridinv.wire.vim.performance import (
    Counter,
    Interval,
    read_counters,
    read_intervals,
    read_series,
    read_times,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

T = TypeVar("T")
_Answer = tuple[list[MetricSample], list[tuple["Sequence[VirtualMachine]", HybridInvError]]]
"""Samples, and the machines that gave none, with the reason."""

_REAL_TIME = 20
"""Seconds between a host's own samples (`PerfProviderSummary.refreshRate`, which of hosts and machines is 20)."""
_KEPT = 3600
"""How long a host keeps them."""
_SLACK = 300
"""Seconds by which clocks may differ."""
_LIMIT = "config.vpxd.stats.maxQueryMetrics"
_METRICS = 256
"""Machines times counters in one request where the server does not tell its limit: the default since vCenter 6.5; it
was 64 until 6.0 (influxdata/telegraf, plugins/inputs/vsphere/client.go, and its issue 4949). No document of the
vendor was found."""
_MACHINES = 50
"""Machines in one request (vmware/vic, pull request 5849)."""
_WORKERS = 4
_SHOWN = 3


def read_metrics(
    source: str,
    session: Session,
    everybody: Callable[[], Records[VirtualMachine]],
    vms: VirtualMachine | Iterable[VirtualMachine] | None,
    *,
    start: datetime | None,
    end: datetime | None,
    counters: Iterable[str] | None,
    interval_s: int | None,
) -> Records[MetricSample]:
    """The samples of machines, and what could not be read of them."""
    _check_times(start, end, interval_s)
    wanted, machines = words(counters), _machines(source, vms)
    if machines is None:
        machines = [vm for vm in everybody() if not vm.is_template]
    if not machines:
        return Records(MetricSample)
    asking = _Asking(source, session)
    asking.check(machines)
    span, lacking = asking.prepare(wanted, start, end, interval_s)
    found = asking.ask(machines, span)
    return Records(MetricSample, found, [*(_problem(source, "", said) for said in lacking), *asking.problems])


@attrs.frozen(kw_only=True)
class _Span:
    """What every request of one reading has in common: samples that begin from `start` until before `end`."""

    start: datetime
    end: datetime
    asked_end: datetime
    """Until when to ask: of a request a server gives the samples that end after its start, and no later than its end
    (API: `PerfQuerySpec.startTime`, `endTime`)."""
    interval_s: int
    counters: tuple[Counter, ...]


class _Asking:
    """One reading: what the server has, and what it gave."""

    def __init__(self, source: str, session: Session) -> None:
        self._source = source
        self._session = session
        self._limit = _METRICS
        self.problems: list[Problem] = []

    def check(self, machines: Sequence[VirtualMachine]) -> None:
        """`NotFound` where a machine is of another vCenter, whose numbers for machines mean others here."""
        here = self._session.run(lambda content: str(content.about.instanceUuid or self._source))
        strange = [vm for vm in machines if vm.id.partition("://")[2].rpartition("/")[0].lower() != here.lower()]
        if strange:
            raise NotFound(
                f"{self._source} is {here}: {count_of('machine', len(strange))} of another vCenter,"
                f" {strange[0].name} ({strange[0].id})",
                remedy="read the machines anew, with vms() of this adapter",
            )

    def prepare(
        self, wanted: list[str], start: datetime | None, end: datetime | None, seconds: int | None
    ) -> tuple[_Span, list[str]]:
        """Which samples to ask for; and in words which of the wanted counters the server does not have."""

        def ask(content: Any) -> tuple[Any, Any, datetime]:
            row = read_object(content, content.perfManager, ["perfCounter", "historicalInterval"]).properties
            instance = vim.ServiceInstance("ServiceInstance", content.rootFolder._stub)
            return row.get("perfCounter"), row.get("historicalInterval"), instance.CurrentTime()

        perf_counter, historical, now = self._session.run(ask)
        self._limit = self._session.run(_limit_of)
        real_time = Interval(seconds=_REAL_TIME, kept_seconds=_KEPT, level=0, name="real time")
        intervals = [real_time, *read_intervals(historical)]
        if start is not None and start >= now:
            raise NotSupported(f"start={start} is still to come: it is {now} there", remedy="give an earlier start=")
        if start is None and end is not None and seconds is None and end <= now - timedelta(seconds=_KEPT):
            start = end - timedelta(seconds=_KEPT)
        interval = self._interval(intervals, None if start is None else now - start, seconds)
        start, end = start or now - timedelta(seconds=interval.kept_seconds), end or now
        if not start < end:
            raise NotSupported(
                f"{self._source} keeps samples of {interval.seconds} s since {start}, which is not before end={end}",
                remedy="give a later end=, or a longer interval_s=",
            )
        found, lacking = read_counters(perf_counter, wanted)
        kept = [one for one in found if one.level <= interval.level or not interval.level]
        lacking += [
            f"{one.raw_name}, which {one.word} is read from, is kept from statistics level {one.level} on, and the"
            f" server keeps level {interval.level} of {interval.seconds} s"
            for one in found
            if one not in kept
        ]
        asked_end = max(end, min(end + timedelta(seconds=interval.seconds), now))
        return _Span(
            start=start, end=end, asked_end=asked_end, interval_s=interval.seconds, counters=tuple(kept)
        ), lacking

    def _interval(self, intervals: Sequence[Interval], age: timedelta | None, seconds: int | None) -> Interval:
        """The interval that was named, else the finest that reaches back so far."""
        told = ", ".join(f"{one.seconds} s of {one.kept_seconds / 3600:g} h" for one in intervals)
        named = [one for one in intervals if seconds in (None, one.seconds)]
        reaching = [one for one in named if age is None or age.total_seconds() <= one.kept_seconds + _SLACK]
        if not reaching:
            what = f"samples of {seconds} s" if seconds is not None and not named else f"samples from {_told(age)} ago"
            raise NotSupported(
                f"{self._source} has no {what}",
                remedy=f"what it keeps is: {told or 'nothing'}; see interval_s=, start=",
            )
        return reaching[0]

    def ask(self, machines: Sequence[VirtualMachine], span: _Span) -> list[MetricSample]:
        """The samples of all machines, in their order."""
        if not span.counters:
            return []
        size = min(_MACHINES, max(1, self._limit // len(span.counters)))
        parts = [machines[begin : begin + size] for begin in range(0, len(machines), size)]
        with collector_at_rest:
            answers = side_by_side(lambda part: self._ask(part, span, span.counters), parts, _WORKERS)
        found: list[MetricSample] = []
        failures: list[tuple[Sequence[VirtualMachine], HybridInvError]] = []
        for answer in answers:
            if isinstance(answer, HybridInvError):
                raise answer
            found += answer[0]
            failures += answer[1]
        failed = {vm.id for part, _ in failures for vm in part}
        if failures and not found and len(failed) == len(machines):
            raise failures[0][1]
        self.problems += [
            _problem(self._source, vm.id, error.message, error) for part, error in failures for vm in part
        ]
        self._note_silent([vm for vm in machines if vm.id not in failed], span, found)
        return found

    def _ask(self, part: Sequence[VirtualMachine], span: _Span, counters: Sequence[Counter]) -> _Answer:
        """The samples of some machines. What is refused is asked again in halves, so that one costs no other."""
        try:
            return self._session.run(lambda content: self._asked(content, part, span, counters))
        except (NotFound, AccessDenied, ServerFault) as error:
            if isinstance(error, ServerFault) and error.status:  # what stands before the vCenter failed, not it
                raise
            if len(part) > 1:
                middle = len(part) // 2
                halves = [self._ask(one, span, counters) for one in (part[:middle], part[middle:])]
            elif len(counters) > 1 and isinstance(error, ServerFault):
                middle = len(counters) // 2
                halves = [self._ask(part, span, some) for some in (counters[:middle], counters[middle:])]
            else:
                return [], [(part, error)]
            return [*halves[0][0], *halves[1][0]], [*halves[0][1], *halves[1][1]]

    def _asked(self, content: Any, part: Sequence[VirtualMachine], span: _Span, counters: Sequence[Counter]) -> _Answer:
        metric, query = vim.PerformanceManager.MetricId, vim.PerformanceManager.QuerySpec
        ids = [metric(counterId=one.key, instance="") for one in counters]
        specs = [
            query(
                entity=_native(content, vm), startTime=span.start, endTime=span.asked_end, intervalId=span.interval_s,
                format="csv", metricId=ids,
            )
            for vm in part
        ]  # fmt: skip
        known, by_key = {vm.id.rpartition("/")[2]: vm for vm in part}, {one.key: one for one in counters}
        found: list[MetricSample] = []
        odd: list[tuple[Sequence[VirtualMachine], HybridInvError]] = []
        for answer in content.perfManager.QueryPerf(specs) or []:
            vm = known.get(answer.entity._GetMoId())
            if vm is None:
                continue
            try:
                found += (one for one in _samples(answer, vm, by_key) if span.start <= _moment(one) < span.end)
            except UnexpectedAnswer as error:
                odd.append(([vm], error))
        return found, odd

    def _note_silent(self, machines: Sequence[VirtualMachine], span: _Span, found: Sequence[MetricSample]) -> None:
        """Machines that should have given samples and have not: of anything, or of some counters."""
        given: dict[str, set[str]] = {}
        for sample in found:
            given.setdefault(sample.vm_id, set()).add(sample.counter)
        should = [vm for vm in machines if vm.power_state in (PowerState.RUNNING, PowerState.UNKNOWN)]
        for vm in should:
            if vm.id not in given:
                when = f"begin from {span.start} until before {span.end}"
                said = f"{vm.name} gave no samples of {span.interval_s} s that {when}"
                self.problems.append(_problem(self._source, vm.id, said))
        for counter in span.counters:
            silent = [vm for vm in should if vm.id in given and counter.word not in given[vm.id]]
            if silent:
                names = ", ".join(vm.name for vm in silent[:_SHOWN]) + (" …" if silent[_SHOWN:] else "")
                why = ", whose virtual CPUs are not known" if counter.is_share and not silent[0].cpus else ""
                said = f"{counter.raw_name}: {len(silent)} of {len(should)} machines gave no samples: {names}{why}"
                self.problems.append(_problem(self._source, "", said))


def _samples(answer: Any, vm: VirtualMachine, counters: Mapping[int, Counter]) -> list[MetricSample]:
    """What one answer says of one machine; a share of virtual CPUs is not known where their number is not."""
    times = read_times(answer.sampleInfoCSV or "")
    found: list[MetricSample] = []
    for series in answer.value or []:
        counter = counters.get(series.id.counterId)
        if counter is None or series.id.instance or (counter.is_share and not vm.cpus):
            continue
        found += sorted(read_series(times, series.value or "", counter, vm.id, vm.cpus or 1), key=_moment)
    return found


def _told(age: timedelta | None) -> str:
    seconds = age.total_seconds() if age else 0.0
    return f"{seconds / 86_400:.3g} days" if seconds >= 86_400 else f"{seconds / 3600:.3g} hours"


def _moment(sample: MetricSample) -> datetime:
    return sample.at or datetime.max  # noqa: DTZ901 - read_series gives every sample a time


def _limit_of(content: Any) -> int:
    """How many metrics one request may ask for; a server that has not been told otherwise does not say."""
    try:
        options = content.setting.QueryView(_LIMIT) if getattr(content, "setting", None) else ()
        limit = int(next((str(one.value) for one in options or ()), _METRICS))
    except SessionExpired:
        raise
    except (HybridInvError, ValueError):
        return _METRICS
    return limit if limit > 0 else _METRICS


def _native(content: Any, vm: VirtualMachine) -> Any:
    return vim.VirtualMachine(vm.id.rpartition("/")[2], content.rootFolder._stub)


def _problem(source: str, scope: str, message: str, error: HybridInvError | None = None) -> Problem:
    return Problem(
        platform="vsphere", source=source, kind="metrics", scope=scope, message=message,
        error=type(error).__name__ if error else "", remedy=error.remedy if error else "",
    )  # fmt: skip


def _check_times(start: datetime | None, end: datetime | None, seconds: int | None) -> None:
    for name, moment in (("start", start), ("end", end)):
        if moment is not None and not isinstance(moment, datetime):
            raise NotSupported(f"{name}={moment!r:.40} is no moment", remedy="give a datetime with a zone")
        if moment is not None and moment.tzinfo is None:
            raise NotSupported(f"{name}= has no zone", remedy="give an aware moment, datetime.now(UTC) - timedelta(…)")
    if start and end and end <= start:
        raise NotSupported(f"end={end} is not after start={start}", remedy="give a later end=")
    if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int) or seconds < 1):
        raise NotSupported(f"interval_s={seconds!r:.20} is no interval", remedy="give whole seconds: 20, 300, …")


def _machines(source: str, vms: VirtualMachine | Iterable[VirtualMachine] | None) -> list[VirtualMachine] | None:
    """The machines asked for, each once; None where none were named."""
    if vms is None:
        return None
    listed: Any = [vms] if isinstance(vms, VirtualMachine) or not hasattr(vms, "__iter__") else vms
    found: dict[str, VirtualMachine] = {}
    for vm in listed:
        if not isinstance(vm, VirtualMachine):
            raise NotSupported(f"vms= holds {type(vm).__name__}, not VirtualMachine", remedy="give records of vms()")
        if vm.platform != "vsphere" or vm.source != source:
            raise NotSupported(f"{vm.name} is not at {source}", remedy=f"ask the adapter of {vm.source}")
        found[vm.id] = vm
    return list(found.values())
