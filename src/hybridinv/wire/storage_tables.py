"""The tables that the diagnostics extensions fill in a storage account: their names, keys and entities.

What is known of them: Microsoft's `diagnostics-template` page (the `WADMetrics…` tables of Windows), and the source of
the Linux agent (Azure/azure-linux-extensions, `Diagnostic/mdsd`: `LADQuery.cc`, `PipeStages.cc`, `MdsTime`).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.errors import UnexpectedAnswer
from hybridinv.model import MetricSample
from hybridinv.wire.counters import column_counters, counter_of, units
from hybridinv.wire.reading import look, shown, utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

GRAINS = {"PT1M": 60, "PT5M": 300, "PT15M": 900, "PT30M": 1800, "PT1H": 3600}
"""How long the intervals of the `WADMetrics…` tables are, in seconds; the portal sets the first and the last."""
METRIC_COLUMNS = ("RowKey", "CounterName", "Total", "Minimum", "Maximum", "Average", "Count", "Last")
WINDOWS_TABLE = "WADPerformanceCountersTable"
WINDOWS_COLUMNS = ("PartitionKey", "EventTickCount", "DeploymentId", "RoleInstance", "CounterName", "CounterValue")
LINUX_PARTITIONS = 10
"""`eventVolume` Medium, which is what the portal sets; Small has one, Large a hundred."""

_TICKS = 10_000_000
_LAST_TICK = 3_155_378_975_999_999_999
_YEAR_ONE = datetime(1, 1, 1, tzinfo=UTC)
_WINDOW = timedelta(days=10)
_FIRST_WINDOW = datetime(1601, 1, 1, tzinfo=UTC)
_LATE = timedelta(minutes=15)
_ROUNDED = timedelta(minutes=10)
_METRIC_KEY = re.compile(r"(\d{19})__")
_COUNTER_KEY = re.compile(r"(?!\d{19}__).+__(\d{19})", re.DOTALL)
_LINUX_KEY = re.compile(r"\d{19}___(\d{19})")
_FIGURES = ("Average", "Minimum", "Maximum", "Total", "Last")
_COMPARISON = re.compile(r" (?:eq|ge|lt) ")
_COMPARISONS = 15
"""So many the table service takes in one filter (Microsoft, querying-tables-and-entities)."""
_LARGEST = 2**63 - 1


@attrs.frozen
class MetricTable:
    """One `WADMetrics…` table: its name, and the ten days whose intervals it holds.

    `is_tail` where only what was written late could be in it: its absence says nothing.
    """

    name: str
    begins_at: datetime
    ends_at: datetime
    is_tail: bool = False


def ticks(moment: datetime) -> int:
    """Ticks of 100 ns since year 1, as .NET's `DateTime.Ticks` counts them."""
    since = moment.astimezone(UTC) - _YEAR_ONE
    return (since.days * 86_400 + since.seconds) * _TICKS + since.microseconds * 10


def moment_of(count: int) -> datetime | None:
    """The moment of so many ticks, None beyond the calendar."""
    try:
        return _YEAR_ONE + timedelta(microseconds=count // 10)
    except OverflowError:
        return None


def escaped(text: str) -> str:
    """A text as it stands in a key: what is no letter and no digit is `:` and four hexadecimal digits.

    Beyond ASCII the agents differ in what they call a letter; ids and counters of theirs have none.
    """
    return "".join(one if one.isascii() and one.isalnum() else f":{ord(one):04X}" for one in text)


def quoted(text: str) -> str:
    """A text as it stands in an OData filter."""
    return "'" + text.replace("'", "''") + "'"


def metric_tables(grain: str, start: datetime, end: datetime) -> list[MetricTable]:
    """The tables that can hold intervals that begin from `start` until before `end`.

    A table has the intervals of ten days, counted from 1601-01-01, and the first of these days in its name. The Linux
    agent takes the table of the moment at which it writes, so that the last interval of ten days is in the next one.
    """
    tables = []
    begins = _FIRST_WINDOW + (start.astimezone(UTC) - _FIRST_WINDOW) // _WINDOW * _WINDOW
    while begins < end + timedelta(seconds=GRAINS[grain]) + _LATE:
        name = f"WADMetrics{grain}P10DV2S{begins:%Y%m%d}"
        tables.append(MetricTable(name, begins, begins + _WINDOW, is_tail=begins >= end))
        begins += _WINDOW
    return tables


def metric_filter(resource_id: str, start: datetime, end: datetime) -> str:
    """The filter for the intervals of one machine that begin from `start` until before `end`, newest first.

    Of the two rows of each interval (`{time}__{counter}` and `{counter}__{time}`) it takes the first alone.
    """
    newest, oldest = (_LAST_TICK - ticks(moment) + 1 for moment in (end, start))
    return f"PartitionKey eq {quoted(escaped(resource_id))} and RowKey ge '{newest:019d}' and RowKey lt '{oldest:019d}'"


def key_filter(resource_id: str, first: str = "", last: str = "") -> str:
    """The filter for the rows of one machine whose row keys are from `first` until before `last`."""
    bounds = f" and RowKey ge {quoted(first)} and RowKey lt {quoted(last)}" if last else ""
    return f"PartitionKey eq {quoted(escaped(resource_id))}{bounds}"


def counter_filter(resource_id: str, counter: str, start: datetime, end: datetime) -> str:
    """The filter for the other row of each interval, `{counter}__{time}`; the counter is as it stands in the key."""
    newest, oldest = (f"{counter}__{_LAST_TICK - ticks(moment) + 1:019d}" for moment in (end, start))
    return key_filter(resource_id, newest, oldest)


def counter_in_key(row: Mapping[str, Any]) -> str:
    """The counter with which the key of an interval's other row begins; empty where it begins with the time."""
    key = str(look(row, "RowKey"))
    return key.rpartition("__")[0] if _COUNTER_KEY.fullmatch(key) else ""


def windows_filter(vm_uuid: str, name: str, start: datetime, end: datetime) -> str:
    """The filter for one machine's samples in the table that all Windows machines share; its partitions are times.

    A partition is a moment rounded down, to a minute or to ten. The machine is found by its id, or by its name where
    the agent wrote no id, with `_` before it as the agent has it, or without; all as they are and in one letter case,
    for case counts in a filter.
    """
    first, last = (f"0{ticks(moment):018d}" for moment in (start - _ROUNDED, end + timedelta(minutes=1)))
    who = _in_cases("RoleInstance", f"_{name}") + _in_cases("RoleInstance", name)
    who += _in_cases("DeploymentId", vm_uuid) if vm_uuid else []
    return f"PartitionKey ge '{first}' and PartitionKey lt '{last}' and ({' or '.join(who)})"


def linux_filter(partition: int, host: str, start: datetime, end: datetime) -> str:
    """The filter for one machine's rows of the tables `Linux…Ver2v0`, in one of their partitions."""
    first, last = (f"{partition:019d}___{ticks(moment):019d}" for moment in (start, end))
    who = " or ".join(_in_cases("Host", host))
    return f"PartitionKey ge '{first}' and PartitionKey lt '{last}' and ({who})"


def linux_partitions(host: str, vm_uuid: str = "") -> list[int]:
    """The partitions that a machine's rows may be in, the likeliest first.

    The agent hashes `{DeploymentId}___{Host}`, and what it takes for the first, Azure tells nobody: the machine's id
    is likely; without one it hashes the host alone.
    """
    ids = (vm_uuid.lower(), vm_uuid.upper()) if vm_uuid else ()
    likely = (easy_hash(text) % LINUX_PARTITIONS for text in (*(f"{one}___{host}" for one in ids), host))
    return list(dict.fromkeys((*likely, *range(LINUX_PARTITIONS))))


def easy_hash(text: str) -> int:
    """The hash by which the Linux agent spreads machines over partitions."""
    found = 0
    for byte in text.encode():
        found = (found * 37 + byte) % 2**64
    return found


def names_filters(where: str, names: Iterable[str]) -> list[str]:
    """A filter with counters by name, in as many as are needed; an instance `(*)` is every one."""
    room = _COMPARISONS - len(_COMPARISON.findall(where))
    chunks: list[list[str]] = []
    for term in sorted({_name_term(name) for name in names}):
        if not chunks or len(_COMPARISON.findall(" or ".join([*chunks[-1], term]))) > room:
            chunks.append([])
        chunks[-1].append(term)
    return [f"{where} and ({' or '.join(chunk)})" for chunk in chunks]


def _name_term(name: str) -> str:
    before, instances, _ = name.partition("(*)")
    if not instances:
        return f"CounterName eq {quoted(name)}"
    return f"(CounterName ge {quoted(before + '(')} and CounterName lt {quoted(before + ')')})"


def _in_cases(column: str, text: str) -> list[str]:
    return [f"{column} eq {quoted(one)}" for one in dict.fromkeys((text, text.lower(), text.upper()))]


def read_page(body: Any, where: str) -> list[dict[str, Any]]:
    """The rows of one page."""
    rows = body.get("value") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        remedy = "check account_url, and that nothing else answers in its place"
        raise UnexpectedAnswer(f"{where}: the rows are no list of objects", path="value", remedy=remedy)
    return rows


def read_metric_row(
    row: Mapping[str, Any], vm_id: str, grain: str, notes: list[str], *, by_counter: bool = False
) -> MetricSample | None:
    """One interval of one counter; None for the other row of the same interval. What is odd is noted.

    That row is the one whose key begins with the counter, or, where it is read `by_counter`, with the time. A counter
    that there is no word for has `counter` and `unit` empty, and its values as they are.
    """
    text = str(look(row, "RowKey"))
    key = _COUNTER_KEY.fullmatch(text) if by_counter else _METRIC_KEY.match(text)
    if key is None:
        return None
    at, raw = moment_of(_LAST_TICK - int(key[1])), _text(row, "CounterName", notes)
    if at is None or not raw:
        return None
    word, times = counter_of(raw)
    figures = [_figure(row, name, times, notes) for name in _FIGURES]
    if all(look(row, name) in (None, "") for name in _FIGURES):
        notes.append(f"{shown(raw)}: an interval without a value")
    average, minimum, maximum, total, last = figures
    return MetricSample(
        vm_id=vm_id, counter=word, raw_name=raw, unit=units().get(word, ""), at=at, interval_s=GRAINS[grain],
        average=average, minimum=minimum, maximum=maximum, total=total, count=_count(row, notes), last=last,
    )  # fmt: skip


def read_windows_row(row: Mapping[str, Any], vm_id: str, notes: list[str]) -> MetricSample | None:
    """One sample of a Windows machine (`WADPerformanceCountersTable`); None where it says not what or when."""
    raw = _text(row, "CounterName", notes)
    at = _tick_moment(look(row, "EventTickCount")) or _tick_moment(look(row, "PartitionKey"))
    if at is None:
        notes.append(f"EventTickCount: expected ticks, got {shown(look(row, 'EventTickCount'))}")
    if at is None or not raw:
        return None
    word, times = counter_of(raw)
    if look(row, "CounterValue") in (None, ""):
        notes.append(f"{shown(raw)}: a sample without a value")
    return _single(vm_id, word, raw, at, _figure(row, "CounterValue", times, notes))


def read_linux_row(row: Mapping[str, Any], table: str, vm_id: str, notes: list[str]) -> list[MetricSample]:
    """The samples in one row of a table `Linux…Ver2v0`: each column is a counter."""
    key = _LINUX_KEY.match(str(look(row, "PartitionKey")))
    at = utc(str(look(row, "TIMESTAMP") or "")) or (moment_of(int(key[1])) if key else None)
    if at is None:
        notes.append(f"PartitionKey: expected a number and ticks, got {shown(look(row, 'PartitionKey'))}")
        return []
    found = []
    for column, (word, times) in column_counters(table).items():
        if look(row, column) is not None:
            found.append(_single(vm_id, word, f"{table}.{column}", at, _figure(row, column, times, notes)))
    return found


def distinct_machines(rows: Iterable[Mapping[str, Any]]) -> set[str]:
    """The deployments that rows are of, in lower case: two of them are two machines of one name."""
    return {str(id_).lower() for row in rows if (id_ := look(row, "DeploymentId"))}


def in_order(samples: Iterable[MetricSample], end: datetime | None = None) -> Sequence[MetricSample]:
    """The samples in order of time, each moment of a counter once: by its minutes if all are there, else by its hour.

    Two accounts may have the same, or one the minutes and the other the hours. Minutes from `end` on are not missed.
    """
    once = {(one.raw_name, one.at, one.interval_s): one for one in reversed(list(samples))}
    minutes = Counter((raw, _hour(at)) for raw, at, seconds in once if seconds == 60)
    hours = {(raw, _hour(at)) for raw, at, seconds in once if seconds == 3600}
    left_out = {3600: {hour for hour in hours if minutes[hour] >= _minutes_until(end, hour[1])}}
    left_out[60] = hours - left_out[3600]
    kept = (one for (raw, at, seconds), one in once.items() if (raw, _hour(at)) not in left_out.get(seconds or 0, ()))
    return sorted(kept, key=lambda one: (one.at or _YEAR_ONE, one.counter, one.raw_name))


def _minutes_until(end: datetime | None, hour: datetime | None) -> int:
    """How many minutes of an hour begin before `end`."""
    return 60 if end is None or hour is None else min(60, math.ceil((end - hour) / timedelta(minutes=1)))


def _hour(at: datetime | None) -> datetime | None:
    return at and at.replace(minute=0, second=0, microsecond=0)


def _single(vm_id: str, word: str, raw: str, at: datetime, value: float | None) -> MetricSample:
    """A value at a moment: it is its own average, smallest and largest."""
    return MetricSample(
        vm_id=vm_id, counter=word, raw_name=raw, unit=units().get(word, ""), at=at, average=value, minimum=value,
        maximum=value, total=value, count=None if value is None else 1, last=value,
    )  # fmt: skip


def _text(row: Mapping[str, Any], name: str, notes: list[str]) -> str:
    value = look(row, name)
    if isinstance(value, str) and value:
        return value
    notes.append(f"{name}: expected a text, got {shown(value)}")
    return ""


def _figure(row: Mapping[str, Any], name: str, times: int, notes: list[str]) -> float | None:
    """A finite number; the service writes those beyond a double's range, and some agents all of them, as texts."""
    value = look(row, name)
    if value is None or value == "":
        return None
    try:
        # Python alone reads "1_0" as ten.
        number = math.nan if isinstance(value, bool) or "_" in str(value) else float(value) * times
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if math.isfinite(number):
        return number
    notes.append(f"{name}: expected a number, got {shown(value)}")
    return None


def _count(row: Mapping[str, Any], notes: list[str]) -> int | None:
    """How many values an interval stands for; what no count can be is noted, and unknown."""
    number = _figure(row, "Count", 1, notes)
    if number is None or (0 <= number <= _LARGEST and number == int(number) and int(number) <= _LARGEST):
        return None if number is None else int(number)
    notes.append(f"Count: expected a count, got {shown(look(row, 'Count'))}")
    return None


def _tick_moment(value: object) -> datetime | None:
    """The moment of ticks that are a number, or a text of digits."""
    text = str(value)
    found = moment_of(int(text)) if text.isascii() and text.isdigit() and len(text) <= 19 else None
    return found if found and found > _FIRST_WINDOW else None
