"""Names, keys and rows of the diagnostics tables, against the documents' own examples and real rows in public."""

import random
import re
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest

import hybridinv as hi
from hybridinv.wire import storage_tables as wire
from hybridinv.wire.counters import (
    checked_counters,
    checked_guest_counters,
    column_counters,
    column_tables,
    counter_of,
    guest_counters,
    raw_names,
    units,
)
from seeding import seed_diagnostics as seed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ID = "/subscriptions/1-a/resourceGroups/R.g/providers/Microsoft.Compute/virtualMachines/vm_1"


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Names of tables


@pytest.mark.parametrize(
    ("moment", "suffix"),
    # Table names that stand in public repositories and threads, and the day after each.
    [
        ("2017-04-10", "20170410"), ("2017-04-19T23:59:59", "20170410"), ("2017-06-09T06:00", "20170609"),
        ("2019-08-15T21:00", "20190808"), ("2019-09-27", "20190927"), ("2026-11-21", "20261119"),
    ],
)  # fmt: skip
def test_a_table_is_named_after_its_first_day(moment, suffix):
    start = at(moment)
    names = [one.name for one in wire.metric_tables("PT1H", start, start + timedelta(seconds=1)) if not one.is_tail]
    assert names == [f"WADMetricsPT1HP10DV2S{suffix}"]


def test_a_range_takes_each_table_once():
    tables = wire.metric_tables("PT1M", at("2026-11-18T23:59"), at("2026-12-09T00:01"))
    assert [one.name[-8:] for one in tables] == ["20261109", "20261119", "20261129", "20261209"]
    assert [one.is_tail for one in tables] == [False] * 4
    assert [one.ends_at for one in tables[:-1]] == [one.begins_at for one in tables[1:]]


@pytest.mark.parametrize(
    ("grain", "end", "tail"),
    [
        ("PT1M", "2026-11-28T23:43", False), ("PT1M", "2026-11-28T23:45", True), ("PT1M", "2026-11-29", True),
        ("PT1H", "2026-11-28T22:44", False), ("PT1H", "2026-11-28T22:46", True),
    ],
)  # fmt: skip
def test_what_was_written_late_is_in_the_next_table(grain, end, tail):
    tables = wire.metric_tables(grain, at("2026-11-28T20:00"), at(end))
    assert [(one.name[-8:], one.is_tail) for one in tables] == [("20261119", False), ("20261129", True)][: 1 + tail]


def test_names_agree_with_the_seed_at_any_time():
    dice = random.Random(4)
    for _ in range(500):
        moment = datetime(2010, 1, 1, tzinfo=UTC) + timedelta(seconds=dice.randrange(10**9))
        assert wire.metric_tables("PT1M", moment, moment + timedelta(seconds=1))[0].name == seed.table_name(
            "PT1M", moment
        )


# Keys


@pytest.mark.parametrize(
    ("moment", "count"),
    [
        ("2018-05-29T18:30", 636632154000000000), ("0001-01-01", 0),
        # The documentation's: maximum minus this is 2519551871999999999.
        ("2015-11-10", 3155378975999999999 - 2519551871999999999),
    ],
)  # fmt: skip
def test_ticks(moment, count):
    assert wire.ticks(at(moment)) == count
    assert wire.moment_of(count) == at(moment)


def test_ticks_are_exact_and_of_any_zone():
    moment = datetime(2026, 3, 1, 12, 0, 0, 123457, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert wire.moment_of(wire.ticks(moment)) == moment
    assert wire.ticks(moment) % 10_000_000 == 1234570
    assert wire.moment_of(10**19) is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (r"\Memory\Available Bytes", ":005CMemory:005CAvailable:0020Bytes"),  # diagnostics-template
        (
            r"\Processor Information(_Total)\% User Time",
            ":005CProcessor:0020Information:0028:005FTotal:0029:005C:0025:0020User:0020Time",
        ),
        (
            "/builtin/memory/percentusedmemory",
            ":002Fbuiltin:002Fmemory:002Fpercentusedmemory",
        ),  # azure-linux-ext. #1344
        ("Aa0", "Aa0"),
        ("ü", ":00FC"),
    ],
)
def test_texts_in_keys(text, key):
    assert wire.escaped(text) == key


def test_a_filter_takes_one_machine_one_time_and_one_row_of_each_pair():
    where = wire.metric_filter(ID, at("2015-11-10"), at("2015-11-10T01:00"))
    key = wire.escaped(ID)
    assert where == (f"PartitionKey eq '{key}' and RowKey ge '2519551836000000000' and RowKey lt '2519551872000000000'")
    # Both ends: the first moment is in, the last is not.
    assert "2519551836000000000" <= "2519551871999999999__:005C" < "2519551872000000000"
    assert not "2519551836000000000" <= "2519551835999999999__:005C"


def test_quotes_in_names_stay_inside():
    where = wire.windows_filter("", "x' or 'a' eq 'a", NOON, NOON + timedelta(hours=1))
    assert "RoleInstance eq '_x'' or ''a'' eq ''a'" in where
    assert wire.names_filters("x", ["c", "a'b", r"\N(*)\B"]) == [
        r"x and ((CounterName ge '\N(' and CounterName lt '\N)') or CounterName eq 'a''b' or CounterName eq 'c')"
    ]


def test_a_filter_has_fifteen_comparisons_at_most():
    where = wire.metric_filter("/x", NOON, NOON + timedelta(hours=1))
    filters = wire.names_filters(where, [*(f"name {number}" for number in range(13)), "a(*)"])
    assert [len(re.findall(" (?:eq|ge|lt) ", one)) for one in filters] == [15, 6]


def test_the_shared_table_is_bounded_by_time():
    where = wire.windows_filter("11-22", "vm1", at("2018-05-29T18:30"), at("2018-05-29T18:45"))
    assert where == (
        "PartitionKey ge '0636632148000000000' and PartitionKey lt '0636632163600000000' and "
        "(RoleInstance eq '_vm1' or RoleInstance eq '_VM1' or RoleInstance eq 'vm1' or RoleInstance eq 'VM1' or "
        "DeploymentId eq '11-22')"
    )


def test_the_partition_of_a_linux_machine():
    # By hand: 'ab' is 97 * 37 + 98.
    assert wire.easy_hash("ab") == 97 * 37 + 98
    assert wire.easy_hash("x" * 500) < 2**64
    assert wire.linux_partitions("ab") == [7, 0, 1, 2, 3, 4, 5, 6, 8, 9]
    assert wire.linux_partitions("ab", "c1")[0] == wire.easy_hash("c1___ab") % 10
    assert wire.linux_partitions("ab", "c1")[1] == wire.easy_hash("C1___ab") % 10
    assert sorted(wire.linux_partitions("ab", "c1")) == list(range(10))
    assert wire.linux_filter(1, "h", at("2019-05-24"), at("2019-05-25")).startswith(
        # A key that Azure's own clean-up tool shows: 0000000000000000001___06…
        "PartitionKey ge '0000000000000000001___0636942528000000000' and "
    )


# Rows


def row(**changes):
    key = f"{3155378975999999999 - wire.ticks(NOON):019d}"
    values = {"Total": 8.0, "Minimum": 1.0, "Maximum": 3.0, "Average": 2.0, "Count": 4, "Last": 2.5}
    return {"RowKey": f"{key}__x", "CounterName": r"\Processor(_Total)\% Processor Time", **values, **changes}


def test_a_row_of_an_interval():
    notes = []
    assert wire.read_metric_row(row(), "vm", "PT1M", notes) == hi.MetricSample(
        vm_id="vm", counter="cpu_percent", raw_name=r"\Processor(_Total)\% Processor Time", unit="percent", at=NOON,
        interval_s=60, average=2.0, minimum=1.0, maximum=3.0, total=8.0, count=4, last=2.5,
    )  # fmt: skip
    assert notes == []


def test_values_are_in_our_unit_and_the_count_is_not():
    read = wire.read_metric_row(row(CounterName=r"\Memory\Available MBytes"), "vm", "PT1H", [])
    assert (read.counter, read.unit, read.interval_s) == ("memory_available_bytes", "bytes", 3600)
    assert (read.average, read.minimum, read.maximum, read.total, read.last, read.count) == (
        2 * 2**20, 2**20, 3 * 2**20, 8 * 2**20, 2.5 * 2**20, 4,
    )  # fmt: skip


def test_a_counter_that_there_is_no_word_for_is_there():
    read = wire.read_metric_row(row(CounterName=r"\Queue(orders)\Waiting"), "vm", "PT1M", [])
    assert (read.counter, read.unit, read.raw_name, read.average) == ("", "", r"\Queue(orders)\Waiting", 2.0)


def test_the_other_row_of_the_pair_is_none():
    key = f":005C__{3155378975999999999 - wire.ticks(NOON):019d}"
    assert wire.read_metric_row(row(RowKey=key), "vm", "PT1M", []) is None


def test_a_row_by_counter_is_read_where_that_is_asked_for():
    key = f":005CA__B__{3155378975999999999 - wire.ticks(NOON):019d}"
    assert wire.read_metric_row(row(RowKey=key), "vm", "PT1M", [], by_counter=True).at == NOON
    assert wire.read_metric_row(row(), "vm", "PT1M", [], by_counter=True) is None
    assert wire.counter_in_key(row(RowKey=key)) == ":005CA__B"
    assert wire.counter_in_key(row()) == ""
    assert wire.counter_in_key({"RowKey": "odd"}) == ""


def test_a_filter_by_counter_takes_the_same_time():
    where = wire.counter_filter(ID, wire.escaped("A"), at("2015-11-10"), at("2015-11-10T01:00"))
    key = wire.escaped(ID)
    assert where == (
        f"PartitionKey eq '{key}' and RowKey ge 'A__2519551836000000000' and RowKey lt 'A__2519551872000000000'"
    )
    assert "A__2519551836000000000" <= "A__2519551871999999999" < "A__2519551872000000000"


def test_windows_rows_have_no_last_value():
    bare = {name: value for name, value in row().items() if name != "Last"}
    assert wire.read_metric_row(bare, "vm", "PT1M", []).last is None


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-INF", "many", True, [1], 1e308 * 10])
def test_what_is_no_number_is_unknown_and_noted(value):
    notes = []
    read = wire.read_metric_row(row(Average=value), "vm", "PT1M", notes)
    assert (read.average, read.maximum) == (None, 3.0)
    assert len(notes) == 1
    assert notes[0].startswith("Average: expected a number, got ")


def test_numbers_may_be_texts():
    assert wire.read_metric_row(row(Average="2.5", Count="7"), "vm", "PT1M", []).count == 7
    assert wire.read_metric_row(row(Average="2.5"), "vm", "PT1M", []).average == 2.5


@pytest.mark.parametrize("name", [None, "", 5])
def test_a_row_without_a_counter_is_noted(name):
    notes = []
    assert wire.read_metric_row(row(CounterName=name), "vm", "PT1M", notes) is None
    assert notes == [f"CounterName: expected a text, got {name!r}"]


def test_a_sample_of_windows():
    sample = {"PartitionKey": "0636632154000000000", "EventTickCount": "636632154123456789", "CounterValue": 5.5}
    read = wire.read_windows_row({**sample, "CounterName": r"\System\Threads"}, "vm", [])
    assert read.at == at("2018-05-29T18:30:12.345678")
    assert (read.counter, read.unit, read.interval_s, read.count) == ("thread_count", "count", None, 1)
    assert {read.average, read.minimum, read.maximum, read.total, read.last} == {5.5}
    lost = wire.read_windows_row({**sample, "CounterName": "x", "EventTickCount": None}, "vm", [])
    assert lost.at == at("2018-05-29T18:30")
    notes = []
    odd = {"PartitionKey": "x", "EventTickCount": "soon", "CounterName": "x", "CounterValue": 1}
    assert wire.read_windows_row(odd, "vm", notes) is None
    assert notes == ["EventTickCount: expected ticks, got 'soon'"]


def test_a_row_of_linux_is_a_sample_for_each_column():
    values = {"AvailableMemory": 512, "PercentAvailableMemory": 50.0, "UsedMemory": None, "Host": "vm1"}
    key = f"{3:019d}___{wire.ticks(NOON):019d}"
    read = wire.read_linux_row({"PartitionKey": key, **values}, "LinuxMemoryVer2v0", "vm", [])
    assert [(one.counter, one.average, one.raw_name, one.at) for one in read] == [
        ("memory_available_bytes", 512.0 * 2**20, "LinuxMemoryVer2v0.AvailableMemory", NOON),
        ("memory_available_percent", 50.0, "LinuxMemoryVer2v0.PercentAvailableMemory", NOON),
    ]
    notes = []
    assert wire.read_linux_row({"PartitionKey": "odd"}, "LinuxCpuVer2v0", "vm", notes) == []
    assert len(notes) == 1


def test_order_is_by_time_and_each_moment_is_once():
    first = wire.read_metric_row(row(), "vm", "PT1M", [])
    other = wire.read_metric_row(row(Average=9.0), "vm", "PT1M", [])
    later = hi.MetricSample(vm_id="vm", counter="a", raw_name="b", at=NOON + timedelta(minutes=1), interval_s=60)
    hour = hi.MetricSample(vm_id="vm", counter="cpu_percent", raw_name=first.raw_name, at=NOON, interval_s=3600)
    assert list(wire.in_order([later, first, other])) == [first, later]
    # One account has the minutes, the other the hours.
    other_hour = attrs.evolve(hour, at=NOON + timedelta(hours=1))
    assert list(wire.in_order([hour, later, first, other_hour])) == [hour, later, other_hour]
    until = NOON + timedelta(minutes=1)
    assert list(wire.in_order([hour, first, later], until)) == [first, later]
    whole = [attrs.evolve(first, at=NOON + timedelta(minutes=number)) for number in range(60)]
    assert list(wire.in_order([hour, *whole])) == whole


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": {}}, {"value": [1]}])
def test_a_page_that_is_none(body):
    with pytest.raises(hi.UnexpectedAnswer, match="value|rows"):
        wire.read_page(body, "T")


# Words


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (r"\Processor(_Total)\% Processor Time", "cpu_percent"),
        (r"\processor(_total)\% processor time", "cpu_percent"),
        (r"\Processor(0)\% Processor Time", ""),
        (r"\Process(_Total)\Thread Count", "thread_count"),
        (r"\Memory\Available Bytes", "memory_available_bytes"),
        (r"\PhysicalDisk(_Total)\Disk Transfers/sec", "disk_transfers_per_second"),
        ("/builtin/processor/percentprivilegedtime", "cpu_privileged_percent"),
        ("/builtin/Memory/AvailableMemory", "memory_available_bytes"),
        ("/builtin/disk/transferspersecond", "disk_transfers_per_second"),
        (r"\\Memory\\AvailableMemory", "memory_available_bytes"),
        (r"\Network Interface(Microsoft Hyper-V Network Adapter _2)\Bytes Sent/sec", "network_sent_bytes_per_second"),
        # A running total is no rate.
        ("/builtin/network/bytestransmitted", ""),
        ("", ""),
    ],
)
def test_what_the_agents_call_it(raw, word):
    assert counter_of(raw)[0] == word


def test_every_raw_name_has_the_word_it_stands_under():
    for word in guest_counters():
        assert raw_names(word), word
        assert {counter_of(name)[0] for name in raw_names(word)} == {word}
    for table in column_tables():
        assert {word for word, _ in column_counters(table).values()} <= units().keys()


def test_the_seed_s_counters_have_words():
    assert {word: counter_of(raw)[0] for raw, word in {**seed.WINDOWS, **seed.LINUX}.items()} == {
        word: word for word in {*seed.WINDOWS.values(), *seed.LINUX.values()}
    }
    assert counter_of(seed.OWN) == ("", 1)


def test_a_system_narrows_the_names():
    assert all(name.startswith("\\") for name in raw_names("cpu_percent", "windows"))
    assert raw_names("cpu_iowait_percent", "windows") == []
    assert len(raw_names("cpu_percent")) > len(raw_names("cpu_percent", "linux")) > 0


def test_a_filter_for_one_counter_is_never_too_long():
    assert max(len([name for name in raw_names(word) if "(*)" not in name]) for word in guest_counters()) <= 9


def test_unknown_counters_name_the_known_ones():
    with pytest.raises(hi.NotSupported, match="there is no counter 'cpu'.*cpu_percent, cpu_privileged_percent"):
        checked_guest_counters(["cpu"])
    with pytest.raises(hi.NotSupported, match=r"does not write 'cpu_ready_percent'.*the counters are: cpu_percent"):
        checked_guest_counters(["cpu_percent", "cpu_ready_percent"])
    with pytest.raises(hi.NotSupported):
        checked_guest_counters([])
    assert checked_guest_counters("cpu_percent") == ["cpu_percent"]
    assert checked_guest_counters(None) == guest_counters()
    assert set(guest_counters()) < set(checked_counters(None))
