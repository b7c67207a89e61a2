"""Of which tables each counter is taken, under which keys it is found, and how many requests that takes."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import httpx
import pytest

import hybridinv as hi
from diagnostics.questions import CPU, HOURS, LIN, NOON, TABLE, WIN, adapter, fill, minutes, read, vm, windows_row
from diagnostics.table_service import TableService, fault, interval
from hybridinv.wire.storage_tables import easy_hash
from seeding.seed_diagnostics import OWN, key_text, linux_entity

SAMPLES, THREADS = "WADPerformanceCountersTable", r"\Process(_Total)\Thread Count"
NOISE = [rf"\Queue({number})\Waiting" for number in range(60)]
SEAM = datetime(2026, 3, 4, tzinfo=UTC)
# Three spellings: as ARM wrote it, as documented, in small letters.
SHOUTED = WIN["id"].replace("resourceGroups", "RESOURCEGROUPS")


@pytest.fixture
def service():
    return TableService()


def sample(service, *, names=(CPU,), count=240, of=WIN, **changes):
    for number in range(count):
        moment = NOON + timedelta(seconds=15 * number)
        for name in names:
            key = {"RowKey": f"{of['name']}{name}{number:05d}", "CounterName": name}
            service.add(SAMPLES, windows_row(moment, float(number), of, **key, **changes))


# Each counter of one grain, whole


def lengths(found):
    return Counter((one.counter, one.interval_s) for one in found)


def test_one_hour_does_not_hide_a_day_of_minutes(service):
    fill(service, table=HOURS, times=[NOON])
    fill(service, times=minutes(1440))
    found = read(service, end=NOON + timedelta(days=2), counters=["cpu_percent"])
    assert (lengths(found), found.complete) == ({("cpu_percent", 60): 1440}, True)
    assert lengths(read(service, end=NOON + timedelta(days=2))) == lengths(found)


def test_one_minute_does_not_hide_an_hour_of_samples(service):
    fill(service, times=[NOON])
    sample(service)
    for counters in (["cpu_percent"], None):
        found = read(service, counters=counters)
        assert (lengths(found), found.complete) == ({("cpu_percent", None): 240}, True)


@pytest.mark.parametrize(("count", "seconds"), [(60, 60), (30, 60), (29, 3600), (1, 3600)])
def test_minutes_of_half_the_time_are_enough_and_are_never_mixed_with_hours(service, count, seconds):
    fill(service, times=minutes(count))
    fill(service, table=HOURS, times=[NOON])
    found = read(service, counters=["cpu_percent"])
    assert lengths(found) == {("cpu_percent", seconds): count if seconds == 60 else 1}


def test_where_no_table_has_half_of_the_time_the_usual_one_is_taken(service):
    fill(service, times=minutes(480))
    fill(service, table=HOURS, times=[NOON + timedelta(hours=number) for number in range(8)])
    assert lengths(read(service, end=NOON + timedelta(days=1), counters=["cpu_percent"])) == {("cpu_percent", 60): 480}
    found = read(service, end=NOON + timedelta(days=3), counters=["cpu_percent"])
    assert lengths(found) == {("cpu_percent", 3600): 8}


def test_intervals_without_a_value_cover_nothing(service):
    for moment in minutes(60):
        empty = dict.fromkeys(("Total", "Minimum", "Maximum", "Average", "Last"))
        service.add(TABLE, *interval(key_text(WIN["id"]), CPU, moment, **empty))
    fill(service, table=HOURS, times=[NOON])
    assert lengths(read(service, counters=["cpu_percent"])) == {("cpu_percent", 3600): 1}


def test_several_counters_are_as_many_as_each_alone(service):
    fill(service)
    sample(service, names=[CPU, THREADS])
    both = read(service, counters=["cpu_percent", "thread_count"])
    assert both.complete
    assert lengths(both) == {("cpu_percent", 60): 60, ("thread_count", None): 240}
    assert set(both) == {one for name in ("cpu_percent", "thread_count") for one in read(service, counters=[name])}
    everything = read(service)
    assert (set(everything), everything.complete) == (set(both), True)


def test_where_all_is_asked_for_only_what_is_new_is_read_of_the_other_tables(service):
    known = [CPU, OWN, *NOISE[:9]]
    fill(service, names=known)
    sample(service, names=[*known, THREADS])
    found = read(service)
    assert lengths(found) == {("cpu_percent", 60): 60, ("", 60): 600, ("thread_count", None): 240}
    # The first page of the samples, and the threads' own.
    assert service.asked.count(SAMPLES) == 2


def test_a_table_that_all_share_is_not_searched_where_nothing_is_lacking(service):
    def refuse(request):
        following = {"x-ms-continuation-NextPartitionKey": "p", "x-ms-continuation-NextRowKey": str(len(asked))}
        asked.append(request)
        return httpx.Response(200, json={"value": []}, headers=following) if SAMPLES in str(request.url) else None

    asked = []
    fill(service)
    service.refuses = refuse
    assert len(read(service)) == 60
    assert sum(SAMPLES in str(request.url) for request in asked) == 1


def test_samples_of_two_other_machines_are_no_loss_where_nothing_is_lacking(service):
    fill(service)
    for id_ in ("one", "two"):
        service.add(SAMPLES, windows_row(NOON, 1.0, DeploymentId=id_, RowKey=id_))
    assert read(service).complete
    found = read(service, counters=["cpu_percent", "thread_count"])
    assert [one.error for one in found.problems] == ["MultipleMatches"]


def test_what_lacks_in_tables_that_are_not_taken_is_no_problem(service):
    start = SEAM - timedelta(minutes=30)
    fill(service, times=minutes(60, start)[30:], table=TABLE.replace("20260222", "20260304"))
    sample(service, names=[THREADS])
    for moment in minutes(60, start):
        service.add(SAMPLES, windows_row(moment, 1.0))
    found = read(service, start=start, end=start + timedelta(hours=1), counters=["cpu_percent"], grain=None)
    assert lengths(found) == {("cpu_percent", 60): 30}
    assert [one.message for one in found.problems] == [
        f"there is no table {TABLE}: nothing of 2026-03-03 23:30 to 2026-03-04 00:00 UTC"
    ]
    del service.tables[TABLE.replace("20260222", "20260304")][2:]
    found = read(service, start=start, end=start + timedelta(hours=1), counters=["cpu_percent"])
    assert (lengths(found), found.problems) == ({("cpu_percent", None): 60}, ())


def test_an_error_of_other_tables_is_said(service):
    fill(service)
    service.refuses = lambda request: fault(403, "AuthorizationFailure", "no") if HOURS in str(request.url) else None
    found = read(service, counters=["cpu_percent", "thread_count"])
    assert lengths(found) == {("cpu_percent", 60): 60}
    assert [one.error for one in found.problems] == ["AccessDenied"]
    assert read(service, counters=["cpu_percent"]).complete


# At most ten requests for one counter over one hour


@pytest.mark.parametrize("os_type", ["windows", "unknown"])
@pytest.mark.parametrize("start", [NOON, SEAM - timedelta(hours=1), SEAM - timedelta(minutes=30)])
@pytest.mark.parametrize("counter", ["cpu_percent", "network_bytes_per_second"])
def test_full_data(service, os_type, start, counter):
    raw = {"cpu_percent": CPU}.get(counter, r"\Network Interface(a)\Bytes Total/sec")
    for day in ("20260222", "20260304"):
        table = TABLE.replace("20260222", day)
        its = [one for one in minutes(60, start) if (one >= SEAM) == (day == "20260304")]
        fill(service, names=[raw, *NOISE], times=its or [SEAM + timedelta(days=2)], table=table)
    found = read(service, vm(resource_id=SHOUTED, os_type=os_type), counters=[counter], start=start,
                 end=start + timedelta(hours=1))  # fmt: skip
    assert (len(found), found.complete) == (60, True)
    assert len(service.requests) <= 10


@pytest.mark.parametrize("start", [NOON, SEAM - timedelta(hours=1), SEAM - timedelta(minutes=30)])
@pytest.mark.parametrize("os_type", ["windows", "linux", "unknown"])
def test_a_machine_with_nothing(service, os_type, start):
    other = {**LIN, "name": "other"}
    for day in ("20260222", "20260304"):
        for table in (TABLE, HOURS):
            fill(service, LIN, table=table.replace("20260222", day), names=[CPU, *NOISE], times=minutes(2, start))
    sample(service, of=other)
    found = read(service, vm(resource_id=SHOUTED, os_type=os_type), counters=["cpu_percent"], start=start,
                 end=start + timedelta(hours=1))  # fmt: skip
    assert len(found) == 0
    assert len(service.requests) <= 10
    (problem,) = found.problems
    assert f"has nothing of it and this time in {TABLE}" in problem.message
    if os_type != "linux":
        assert SAMPLES in problem.message


@pytest.mark.parametrize("os_type", ["windows", "unknown"])
@pytest.mark.parametrize("start", [NOON, SEAM - timedelta(minutes=30)])
def test_a_half_filled_hour(service, os_type, start):
    for day in ("20260222", "20260304"):
        its = [one for one in minutes(60, start)[::3] if (one >= SEAM) == (day == "20260304")]
        fill(service, names=[CPU, *NOISE], times=its, table=TABLE.replace("20260222", day)) if its else None
        fill(service, LIN, names=[CPU], times=[start], table=HOURS.replace("20260222", day))
    for number, moment in enumerate(minutes(60, start)):
        for name in (CPU, *NOISE):
            service.add(SAMPLES, windows_row(moment, 1.0, RowKey=f"{number:03d}{name}", CounterName=name))
    found = read(service, vm(resource_id=SHOUTED, os_type=os_type), counters=["cpu_percent"], start=start,
                 end=start + timedelta(hours=1))  # fmt: skip
    assert len(service.requests) <= 10
    assert (lengths(found), found.complete) == ({("cpu_percent", None): 60}, True)


def test_a_half_filled_hour_of_linux(service):
    fill(service, LIN, names=["/builtin/processor/percentprocessortime", *NOISE], times=minutes(20))
    for partition in range(10):
        row = linux_entity(WIN, partition, NOON, 1, PercentProcessorTime=1)
        service.add("LinuxCpuVer2v0", row)
    found = read(service, vm(LIN, os_type="linux"), counters=["cpu_percent"])
    assert (len(found), len(service.requests)) == (20, 10)
    (problem,) = found.problems
    assert problem.message == "not all was looked for in LinuxCpuVer2v0"
    assert "ask for a longer time" in problem.remedy
    longer = read(service, vm(LIN, os_type="linux"), counters=["cpu_percent"], end=NOON + timedelta(minutes=61))
    assert (len(longer), longer.complete) == (20, True)


def test_the_partition_that_the_machine_s_id_makes_is_looked_into_first(service):
    partition = easy_hash(f"{LIN['uuid']}___{LIN['name']}") % 10
    row = linux_entity(LIN, partition, NOON, 1, PercentProcessorTime=5)
    service.add("LinuxCpuVer2v0", row | {"DeploymentId": LIN["uuid"]})
    assert len(read(service, vm(LIN), counters=["cpu_percent"])) == 1
    assert service.asked == [TABLE, HOURS, "LinuxCpuVer2v0"]


def test_a_system_that_the_counters_tell_spares_requests(service):
    fill(service)
    service.add("LinuxCpuVer2v0", linux_entity(LIN, 3, NOON, 1, PercentProcessorTime=1))
    read(service, vm(os_type="unknown"), counters=["cpu_percent", "cpu_idle_percent"])
    assert "LinuxCpuVer2v0" not in service.asked


# The id in the keys


@pytest.mark.parametrize(
    ("name", "group", "key"),
    [("WEB01", "RG-Prod", "RG-Prod"), ("WEB01", "", "RG-PROD"), ("WEB01", "RG-PROD", "RG-PROD")],
)
@pytest.mark.parametrize("counters", [["cpu_percent"], None])
def test_an_id_in_small_letters_is_asked_for_as_the_name_and_the_group_are(service, name, group, key, counters):
    written = f"/subscriptions/7a0a3a40/resourceGroups/{key}/providers/Microsoft.Compute/virtualMachines/{name}"
    fill(service, spelling=written)
    machine = vm(id=written.lower(), resource_id="", name=name, resource_group=group)
    found = read(service, machine, counters=counters)
    assert (len(found), found.complete) == (60, True)
    assert {one.vm_id for one in found} == {written.lower()}


def test_a_name_that_is_another_word_than_the_id_s_is_not_taken(service):
    fill(service)
    assert len(read(service, vm(name="as shown", resource_group="elsewhere"))) == 60


def test_a_group_in_capitals_is_tried_where_nothing_is_found_under_another_spelling(service):
    shouted = WIN["id"].replace("Plant.0", "PLANT.0")
    fill(service, spelling=shouted, times=minutes(20))
    fill(service, spelling=shouted, table=HOURS, times=[NOON])
    assert lengths(read(service, counters=["cpu_percent"])) == {("cpu_percent", 3600): 1}
    assert len(service.requests) <= 10
    fill(service, times=minutes(40))
    before = len(service.requests)
    assert len(read(service, counters=["cpu_percent"])) == 40
    assert len(service.requests) == before + 2


def only(service, first, *, table=TABLE, **options):
    """Leave of each interval's two rows the one whose key begins with the time, or the other."""
    fill(service, table=table, **options)
    service.tables[table] = [row for row in service.tables[table] if row["RowKey"][:1].isdigit() == (first == "time")]


@pytest.mark.parametrize("spelling", [WIN["id"], WIN["id"].lower(), WIN["id"].replace("Plant.0", "PLANT.0")])
@pytest.mark.parametrize("os_type", ["windows", "unknown"])
def test_rows_by_counter_alone_are_found(service, os_type, spelling):
    only(service, "counter", names=[CPU, *NOISE[:20]], times=minutes(90), spelling=spelling)
    found = read(service, vm(os_type=os_type), counters=["cpu_percent"])
    assert (len(found), found.complete, {one.at for one in found}) == (60, True, set(minutes(60)))
    assert len(service.requests) <= 10


def test_rows_by_counter_are_found_in_other_letters_and_of_all_counters(service):
    names = [CPU.lower(), adapter("a"), adapter("b"), OWN, "free text"]
    only(service, "counter", names=names)
    assert Counter(one.raw_name for one in read(service)) == dict.fromkeys(names, 60)
    assert Counter(one.raw_name for one in read(service, counters=["cpu_percent"])) == {CPU.lower(): 60}
    found = read(service, counters=["network_received_bytes_per_second"])
    assert Counter(one.raw_name for one in found) == {adapter("a"): 60, adapter("b"): 60}


def test_rows_by_counter_of_an_hour_take_the_place_of_a_few_minutes(service):
    only(service, "counter", times=minutes(20))
    only(service, "counter", table=HOURS, times=[NOON])
    assert lengths(read(service)) == {("cpu_percent", 3600): 1}


def test_a_machine_that_was_off_is_not_looked_for_by_counter(service):
    fill(service, times=minutes(60, NOON - timedelta(hours=5)))
    found = read(service)
    assert len(found) == 0
    # Two spellings, no hours, the group in capitals, no samples; then the first row of each of the three.
    assert service.asked == [TABLE, TABLE, HOURS, TABLE, SAMPLES, TABLE, TABLE, TABLE]


# Names in the table of all Windows machines


@pytest.mark.parametrize("name", ["w2", "W2"])
@pytest.mark.parametrize("role", ["w2", "_w2", "W2"])
def test_the_name_is_found_with_and_without_the_agent_s_underscore(service, name, role):
    written = WIN["id"].replace("vm-00", name)
    sample(service, RoleInstance=role, DeploymentId="0a")
    machine = vm(id=written.lower(), resource_id=written, name=name, native_id="")
    found = read(service, machine, counters=["cpu_percent"])
    assert (len(found), found.complete) == (240, True)
    assert isinstance(found[0], hi.MetricSample)
