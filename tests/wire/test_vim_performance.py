"""vSphere's counters of machines: words, units, intervals and samples, from plain values."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hybridinv.errors import NotSupported, UnexpectedAnswer
from hybridinv.wire.counters import units
from hybridinv.wire.vim.performance import (
    RAW_NAMES,
    Counter,
    read_counters,
    read_intervals,
    read_series,
    read_times,
    words,
)

START = datetime(2026, 1, 15, 8, 0, tzinfo=UTC)
TIMES = "20,2026-01-15T08:00:20Z,20,2026-01-15T08:00:40Z"


def row(raw_name, unit, *, kind="rate", level="1", key="7"):
    group, name, rollup = raw_name.split(".")
    return {
        "_type": "PerfCounterInfo", "key": key, "groupInfo": {"key": group}, "nameInfo": {"key": name},
        "unitInfo": {"key": unit}, "rollupType": rollup, "statsType": kind, "level": level,
    }  # fmt: skip


def values(word, unit, text, *, kind="rate", cpus=1):
    (counter,), lacking = read_counters([row(RAW_NAMES[word], unit, kind=kind)], [word])
    assert lacking == []
    return list(read_series(read_times(TIMES), text, counter, "vm", cpus))


@pytest.mark.parametrize(
    ("word", "unit", "kind", "raw", "expected"),
    [
        ("cpu_percent", "percent", "rate", "1234", 12.34),
        ("memory_used_percent", "percent", "absolute", "10000", 100),
        ("memory_active_bytes", "kiloBytes", "absolute", "2048", 2 * 2**20),
        ("memory_consumed_bytes", "megaBytes", "absolute", "3", 3 * 2**20),
        ("disk_bytes_per_second", "kiloBytesPerSecond", "rate", "10", 10240),
        ("network_sent_bytes_per_second", "megaBytesPerSecond", "rate", "1", 2**20),
        ("disk_latency_seconds", "millisecond", "absolute", "25", 0.025),
        ("disk_latency_seconds", "microsecond", "absolute", "25", 0.000025),
        ("cpu_ready_percent", "millisecond", "delta", "2000", 10),
        ("cpu_idle_percent", "millisecond", "delta", "20000", 100),
    ],
)
def test_values_are_in_our_units(word, unit, kind, raw, expected):
    first, second = values(word, unit, f"{raw},0", kind=kind)
    value = first.last if word == "disk_latency_seconds" else first.average
    assert value == pytest.approx(expected)
    assert (first.vm_id, first.counter, first.raw_name, first.unit) == ("vm", word, RAW_NAMES[word], units()[word])
    assert (first.at, first.interval_s) == (START, 20)
    assert second.at > first.at


def test_ready_time_is_a_share_of_every_virtual_cpu():
    first, _ = values("cpu_ready_percent", "millisecond", "2000,0", kind="delta", cpus=4)
    assert first.average == pytest.approx(2.5)


def test_a_latest_value_is_no_average():
    first, _ = values("disk_latency_seconds", "millisecond", "25,0", kind="absolute")
    assert (first.average, first.last) == (None, 0.025)


def test_minus_one_is_no_sample():
    (only,) = values("cpu_percent", "percent", "-1,100")
    assert only.average == 1.0
    assert values("cpu_percent", "percent", "") == []


def test_counters_that_a_server_does_not_have_are_named():
    rows = [
        row("cpu.usage.average", "percent"), row("cpu.usage.none", "percent"),
        row("mem.active.average", "furlongs"), row("mem.consumed.average", "kiloBytes", key="none"),
    ]  # fmt: skip
    wanted = ["cpu_percent", "memory_active_bytes", "memory_consumed_bytes", "disk_latency_seconds"]
    (found,), lacking = read_counters(rows, wanted)
    assert (found.word, found.key, found.level) == ("cpu_percent", 7, 1)
    assert [said.split(",")[0] for said in lacking] == [
        "the server gives mem.active.average in furlongs",
        "the server gives mem.consumed.average in kiloBytes",
        "the server has no disk.maxTotalLatency.latest",
    ]


def test_no_counters_at_all():
    assert read_counters(None, ["cpu_percent"])[0] == []
    assert len(read_counters(None, list(RAW_NAMES))[1]) == len(RAW_NAMES)


def test_every_word_is_in_the_vocabulary():
    assert RAW_NAMES.keys() <= units().keys()


def test_words():
    assert words(None) == list(RAW_NAMES)
    assert words("cpu_percent") == ["cpu_percent"]
    assert words(["cpu_percent", "cpu_percent"]) == ["cpu_percent"]
    with pytest.raises(NotSupported, match="vSphere has no thread_count of a machine as a whole — it has: cpu_percent"):
        words(["cpu_percent", "thread_count"])
    with pytest.raises(NotSupported, match="vSphere has no x of a machine as a whole — it has: cpu_percent"):
        words(["x"])


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("CPU_PERCENT", "cpu_percent"), ("cpu.usage.average", "cpu_percent"),
        ("Mem.VMMemCtl.Average", "memory_ballooned_bytes"),
        (r"\Processor(_Total)\% Processor Time", "cpu_percent"), ("disk_latency_second", "disk_latency_seconds"),
    ],
)  # fmt: skip
def test_a_word_that_was_meant_is_named(name, word):
    with pytest.raises(NotSupported, match=f"as a whole — did you mean {word}\\? it has: cpu_percent"):
        words([name])


@pytest.mark.parametrize("name", ["thread_count", "disk_transfers_per_second", "x", 5])
def test_a_word_that_vsphere_has_not_is_not_mistaken_for_another(name):
    with pytest.raises(NotSupported, match="as a whole — it has: cpu_percent"):
        words([name])


def test_intervals():
    def interval(seconds, length, enabled="true", level="1"):
        return {"samplingPeriod": seconds, "length": length, "enabled": enabled, "level": level, "name": "Past"}

    found = read_intervals([
        interval("1800", "604800"), interval("300", "86400", level="2"), interval("7200", "1", "false"),
        interval("odd", "1"),
    ])  # fmt: skip
    assert [(one.seconds, one.kept_seconds, one.level) for one in found] == [(300, 86400, 2), (1800, 604800, 1)]
    assert read_intervals(interval("300", "86400"))[0].seconds == 300
    assert read_intervals(None) == []


def test_times_begin_where_the_interval_does():
    assert read_times(TIMES) == [(START, 20), (START.replace(second=20), 20)]
    assert read_times("") == []


@pytest.mark.parametrize("times", ["20", "20,noon", "x,2026-01-15T08:00:20Z", "0,2026-01-15T08:00:20Z", f"{TIMES},20"])
def test_times_that_cannot_be_read(times):
    with pytest.raises(UnexpectedAnswer, match="QueryPerf gives a sample"):
        read_times(times)


@pytest.mark.parametrize(("text", "said"), [("1", "1 values"), ("1,2,3", "3 values"), ("1,many", "'many'")])
def test_values_that_cannot_be_read(text, said):
    counter = Counter(word="cpu_percent", raw_name="cpu.usage.average", key=1, level=1, scale=0.01, is_share=False)
    with pytest.raises(UnexpectedAnswer, match=said):
        list(read_series(read_times(TIMES), text, counter, "vm", 1))
