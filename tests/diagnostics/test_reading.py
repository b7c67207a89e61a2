"""`read_diagnostics`: which tables and keys are asked for, what comes of it, and what is said where nothing does."""

import base64
import logging
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest
from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential

import hybridinv as hi
from arm_server import Credential
from diagnostics.questions import (
    CPU,
    HOURS,
    LIN,
    NOON,
    PRIVILEGED,
    TABLE,
    WIN,
    adapter,
    fill,
    minutes,
    read,
    vm,
    windows_row,
)
from diagnostics.table_service import ACCOUNT, KEY, URL, TableService, fault, interval
from seeding.seed_diagnostics import OWN, key_text, linux_entity, net_ticks
from seeding.seed_diagnostics import metric_entities as pair


@pytest.fixture
def service():
    return TableService()


# What is asked for


def test_an_interval_is_counted_once_though_it_is_there_twice(service):
    fill(service)
    assert len(service.tables[TABLE]) == 120
    found = read(service)
    assert (len(found), found.complete, len({one.at for one in found})) == (60, True, 60)
    assert sum(one.count for one in found) == 180
    assert {(one.vm_id, one.counter, one.unit, one.interval_s) for one in found} == {
        (WIN["id"].lower(), "cpu_percent", "percent", 60)
    }


def test_the_first_moment_is_in_and_the_last_is_not(service):
    fill(service, times=minutes(200, NOON - timedelta(hours=1)))
    found = read(service)
    assert (found[0].at, found[-1].at, len(found)) == (NOON, NOON + timedelta(minutes=59), 60)


def test_moments_of_any_zone_are_the_same(service):
    fill(service)
    there = timezone(timedelta(hours=-7))
    assert read(service, start=NOON.astimezone(there), end=(NOON + timedelta(hours=1)).astimezone(there)) == read(
        service
    )


def test_nothing_is_asked_without_a_partition_and_a_range_of_keys(service):
    fill(service)
    read(service, counters=["cpu_percent"])
    assert len(service.requests) == 2
    for spelling, request in zip((WIN["id"], WIN["id"].lower()), service.requests, strict=True):
        where = dict(httpx.QueryParams(request.url.query.decode()))["$filter"]
        assert where.startswith(f"PartitionKey eq '{key_text(spelling)}' and RowKey ge '25")


@pytest.mark.parametrize("os_type", ["windows", "unknown"])
def test_one_counter_over_one_hour_takes_few_requests_whatever_else_is_there(service, os_type):
    noise = [rf"\Queue({number})\Waiting" for number in range(300)]
    fill(service, names=[CPU, *noise], times=minutes(60))
    fill(service, LIN)
    found = read(service, vm(os_type=os_type), counters=["cpu_percent"])
    assert (len(found), found.complete) == (60, True)
    assert len(service.requests) == 3


def test_adapters_that_come_and_go_are_all_there(service):
    noise = [rf"\Queue({number})\Waiting" for number in range(60)]
    fill(service, names=[adapter("old"), *noise], times=minutes(30))
    fill(service, names=[adapter("new"), *noise], times=minutes(30, NOON + timedelta(minutes=30)))
    found = read(service, counters=["network_received_bytes_per_second"])
    assert Counter(one.raw_name for one in found) == {adapter("old"): 30, adapter("new"): 30}
    assert len(service.requests) <= 10
    service.page_size = 1
    found = read(service, counters=["network_received_bytes_per_second"], end=NOON + timedelta(minutes=2))
    assert len(found) == 2


def test_adapters_of_one_moment_are_all_there_page_by_page(service):
    service.page_size = 1
    fill(service, names=[adapter("one"), adapter("two"), adapter("three")], times=minutes(3))
    assert len(read(service, counters=["network_received_bytes_per_second"])) == 9


@pytest.mark.parametrize("form", [str.upper, str.lower])
def test_a_counter_in_other_letters_that_is_not_on_the_first_page_is_found(service, form):
    noise = [rf"\Queue({number})\Waiting" for number in range(60)]
    fill(service, names=[form(CPU), *noise], times=minutes(30))
    fill(service, names=noise, times=minutes(30, NOON + timedelta(minutes=30)))
    assert len(read(service, counters=["cpu_percent"])) == 30


def test_a_counter_that_is_not_found_by_name_is_said_to_be_asked_for_so(service):
    fill(service, names=[rf"\Queue({number})\Waiting" for number in range(60)])
    (problem,) = read(service, counters=["cpu_percent"]).problems
    assert "leave counters= out where the names are spelt otherwise" in problem.remedy


@pytest.mark.parametrize("page_size", [7, 25])
def test_pages_are_followed(service, page_size):
    service.page_size = page_size
    fill(service, names=[CPU, PRIVILEGED, OWN])
    assert len(read(service)) == 180
    assert Counter(one.counter for one in read(service, counters=["cpu_percent"])) == {"cpu_percent": 60}


def test_a_counter_in_other_letters_is_found_by_name(service):
    service.page_size = 100
    fill(service, names=[CPU.upper(), *(rf"\Q({n})\W" for n in range(9))])
    assert len(read(service, counters=["cpu_percent"])) == 60


def test_a_counter_that_was_recorded_earlier_alone_is_found_by_its_documented_name(service):
    service.page_size = 100
    fill(service, times=minutes(20))
    fill(service, names=[rf"\Q({n})\W" for n in range(9)], times=minutes(40, NOON + timedelta(minutes=20)))
    assert len(read(service, counters=["cpu_percent"])) == 20


def test_a_range_over_ten_days_takes_both_tables(service):
    start = datetime(2026, 3, 3, 23, 30, tzinfo=UTC)
    fill(service, times=minutes(30, start))
    fill(service, times=minutes(30, start + timedelta(minutes=30)), table="WADMetricsPT1MP10DV2S20260304")
    assert len(read(service, start=start, end=start + timedelta(hours=1))) == 60
    later = [one.replace("20260222", "20260304") for one in (TABLE, HOURS)]
    # Under both spellings; then whether other counters are elsewhere.
    assert service.asked == [TABLE] * 2 + [later[0]] * 2 + [HOURS, later[1], "WADPerformanceCountersTable"]


def test_what_was_written_late_is_found_in_the_next_table(service):
    start = datetime(2026, 3, 3, 23, 0, tzinfo=UTC)
    fill(service, times=minutes(59, start))
    fill(service, times=minutes(1, start + timedelta(minutes=59)), table="WADMetricsPT1MP10DV2S20260304")
    assert len(read(service, start=start, end=start + timedelta(hours=1))) == 60
    del service.tables["WADMetricsPT1MP10DV2S20260304"]
    found = read(service, start=start, end=start + timedelta(hours=1))
    assert (len(found), found.complete) == (59, True)


@pytest.mark.parametrize(("grain", "step"), [("PT1M", timedelta(minutes=1)), ("PT1H", timedelta(hours=1))])
def test_the_last_interval_of_ten_days_is_found_though_it_is_all_that_is_asked_for(service, grain, step):
    seam = datetime(2026, 3, 4, tzinfo=UTC)
    fill(service, times=[seam - 2 * step, seam - 3 * step], table=f"WADMetrics{grain}P10DV2S20260222")
    fill(service, times=[seam - step, seam], table=f"WADMetrics{grain}P10DV2S20260304")
    found = read(service, start=seam - step, end=seam, grain=grain)
    assert ([one.at for one in found], found.problems) == ([seam - step], ())


@pytest.mark.parametrize(("hours", "table"), [(1, TABLE), (24, TABLE), (25, HOURS)])
def test_minutes_for_a_day_or_less_hours_for_more(service, hours, table):
    fill(service, times=minutes(60 * hours))
    fill(service, table=HOURS, times=[NOON + timedelta(hours=number) for number in range(hours)])
    found = read(service, end=NOON + timedelta(hours=hours), counters=["cpu_percent"])
    assert set(service.asked) == {table}
    assert {one.interval_s for one in found} == {60 if table == TABLE else 3600}
    assert found.complete


def test_where_there_are_no_minutes_there_may_be_hours(service):
    fill(service, table=HOURS, times=[NOON])
    found = read(service)
    assert ([one.interval_s for one in found], found.complete) == ([3600], True)
    # A table that is not there is asked for once, one that is under each spelling of the id.
    assert service.asked == [TABLE, HOURS, HOURS, "WADPerformanceCountersTable"]


def test_a_grain_that_is_asked_for_is_the_only_one(service):
    fill(service, table=HOURS, times=[NOON])
    assert len(read(service, grain="PT1H")) == 1
    found = read(service, grain="PT1M")
    assert (len(found), found.complete) == (0, False)
    fill(service, table="WADMetricsPT5MP10DV2S20260222", times=[NOON])
    assert [one.interval_s for one in read(service, grain="PT5M")] == [300]
    with pytest.raises(hi.NotSupported, match="PT1M, PT5M, PT15M, PT30M, PT1H, samples"):
        read(service, grain="PT7M")


# The spelling of the id in the keys


@pytest.mark.parametrize(
    ("spelling", "requests"),
    [
        (WIN["id"], 2),
        (WIN["id"].lower(), 2),
        # Hours and single samples are looked for before: one request each, where there are none.
        (WIN["id"].replace("Plant.0", "PLANT.0"), 4),
        (WIN["id"].replace("Plant.0", "pLANT.0"), None),
    ],
)
def test_the_id_is_tried_as_arm_wrote_it_in_lower_case_and_with_the_group_in_capitals(service, spelling, requests):
    fill(service, spelling=spelling)
    found = read(service, counters=["cpu_percent"])
    assert len(found) == (60 if requests else 0)
    assert found.complete is bool(requests)
    assert requests is None or len(service.requests) == requests


def test_an_id_in_capitals_is_tried_as_documented_too(service):
    fill(service)
    shouted = WIN["id"].replace("resourceGroups", "RESOURCEGROUPS").replace("Compute", "COMPUTE")
    assert len(read(service, vm(resource_id=shouted))) == 60


def test_an_id_as_text_is_tried_as_it_is(service):
    odd = WIN["id"].replace("Plant.0", "PLANT.0")
    fill(service, spelling=odd)
    found = read(service, odd)
    assert len(found) == 60
    assert {one.vm_id for one in found} == {WIN["id"].lower()}


def test_a_spelling_that_changes_within_an_hour_loses_nothing(service):
    fill(service, times=minutes(30), spelling=WIN["id"].lower())
    fill(service, times=minutes(40, NOON + timedelta(minutes=20)))
    found = read(service)
    assert (len(found), found.complete) == (60, True)


# Counters


def test_counters_of_both_systems_have_one_name(service):
    fill(service, names=[CPU, r"\Memory\Available Bytes"])
    fill(service, LIN, names=["/builtin/processor/percentprocessortime", "/builtin/memory/availablememory"])
    found = read(service, [vm(), vm(LIN)], counters=["cpu_percent", "memory_available_bytes"])
    assert Counter((one.vm_id, one.counter) for one in found) == {
        (of["id"].lower(), word): 60 for of in (WIN, LIN) for word in ("cpu_percent", "memory_available_bytes")
    }
    assert len({one.raw_name for one in found}) == 4


def test_without_counters_everything_is_there(service):
    fill(service, names=[CPU, OWN])
    assert Counter((one.counter, one.raw_name, one.unit) for one in read(service)) == {
        ("cpu_percent", CPU, "percent"): 60,
        ("", OWN, ""): 60,
    }


@pytest.mark.parametrize("counters", [["cpu"], "cpu", ["cpu_percent", "x"], [], 5, [["a"]]])
def test_an_unknown_counter_names_the_known_ones(service, counters):
    with pytest.raises(hi.NotSupported, match="the counters are: cpu_percent, "):
        read(service, counters=counters)
    assert service.requests == []


def test_a_counter_that_is_not_recorded_is_a_problem(service):
    fill(service)
    found = read(service, counters=["cpu_percent", "thread_count"])
    assert len(found) == 60
    (problem,) = found.problems
    assert problem.message == "nothing of vm-00 for thread_count, though other counters are there"
    alone = read(service, counters=["thread_count"])
    assert len(alone) == 0
    assert alone.problems == found.problems


# Single samples


def test_the_samples_of_windows_are_read_where_there_is_nothing_else(service):
    for number, moment in enumerate([*minutes(60, NOON + timedelta(seconds=15)), NOON - timedelta(seconds=1)]):
        service.add("WADPerformanceCountersTable", windows_row(moment, float(number)))
        service.add("WADPerformanceCountersTable", windows_row(moment, 99.0, LIN))
    found = read(service)
    assert service.asked == [TABLE, HOURS, "WADPerformanceCountersTable"]
    assert [one.average for one in found] == [float(number) for number in range(60)]
    assert {(one.counter, one.interval_s, one.count) for one in found} == {("cpu_percent", None, 1)}
    assert found[0].at == NOON + timedelta(seconds=15)
    assert found.complete


def test_samples_whose_partition_is_rounded_to_ten_minutes_are_found(service):
    for moment in minutes(60, NOON + timedelta(seconds=30)):
        ticks = net_ticks(moment)
        row = windows_row(moment, 1.0, PartitionKey=f"0{ticks - ticks % 6_000_000_000}")
        service.add("WADPerformanceCountersTable", row)
    assert len(read(service, start=NOON + timedelta(minutes=7))) == 53


def test_a_machine_is_found_by_name_where_the_agent_wrote_no_id(service):
    service.add("WADPerformanceCountersTable", windows_row(NOON, 1.0, DeploymentId=None))
    assert len(read(service, grain="samples")) == 1
    # With an id that is its own the name does not matter: another machine may have it.
    service.add("WADPerformanceCountersTable", windows_row(NOON, 2.0, RowKey="b"))
    assert [one.last for one in read(service, grain="samples")] == [2.0]


def test_another_machine_of_the_same_name_is_not_taken_for_this_one(service):
    service.add("WADPerformanceCountersTable", windows_row(NOON, 1.0, DeploymentId="Other"))
    found = read(service, grain="samples")
    assert len(found) == 0
    assert "has rows of another machine of that name, other in WADPerformanceCountersTable" in found.problems[0].message
    # The id alone has no UUID to tell them by.
    assert len(read(service, WIN["id"], grain="samples")) == 1


def test_name_and_uuid_in_capitals_are_found(service):
    shouted = {"DeploymentId": WIN["uuid"].upper(), "RoleInstance": f"_{WIN['name'].upper()}"}
    service.add("WADPerformanceCountersTable", windows_row(NOON, 1.0, **shouted))
    found = read(service, grain="samples")
    assert (len(found), found.complete) == (1, True)


def test_two_machines_of_one_name_are_not_mixed(service):
    for id_ in ("one", "two"):
        service.add("WADPerformanceCountersTable", windows_row(NOON, 1.0, DeploymentId=id_, RowKey=id_))
    with pytest.raises(hi.MultipleMatches, match="2 machines that are called 'vm-00'"):
        read(service, grain="samples")


@pytest.mark.parametrize("partition", [0, 3, 9])
def test_the_samples_of_linux_are_found_in_their_partition(service, partition):
    for number, moment in enumerate(minutes(12, NOON)):
        service.add("LinuxCpuVer2v0", linux_entity(LIN, partition, moment, number, PercentProcessorTime=5, Odd=1))
        service.add("LinuxMemoryVer2v0", linux_entity(LIN, partition, moment, number, AvailableMemory=2))
        service.add("LinuxCpuVer2v0", linux_entity(WIN, partition, moment, number, PercentProcessorTime=99))
    found = read(service, vm(LIN))
    assert Counter((one.counter, one.average) for one in found) == {
        ("cpu_percent", 5.0): 12, ("memory_available_bytes", 2.0 * 2**20): 12,
    }  # fmt: skip
    before = len(service.requests)
    assert len(read(service, vm(LIN), counters=["cpu_percent"])) == 12
    assert len(service.requests) - before <= 12
    assert "LinuxMemoryVer2v0" not in service.asked[before:]
    # The partition is that of the machine: in the next table it is known.
    assert service.asked[:before].count("LinuxMemoryVer2v0") == 1


def test_two_linux_machines_of_one_name_in_two_partitions_are_not_mixed(service):
    for partition, id_ in ((3, "one"), (7, "two")):
        row = linux_entity(LIN, partition, NOON, 1, PercentProcessorTime=partition)
        service.add("LinuxCpuVer2v0", row | {"DeploymentId": id_})
    with pytest.raises(hi.MultipleMatches, match="2 machines that are called 'vm-01'"):
        read(service, vm(LIN))
    service.tables["LinuxCpuVer2v0"][1]["DeploymentId"] = LIN["uuid"]
    assert [one.average for one in read(service, vm(LIN))] == [7.0]


def test_a_machine_of_unknown_system_does_not_lack_the_other_system_s_table(service):
    service.add("WADPerformanceCountersTable", windows_row(NOON, 1.0))
    for table in ("LinuxCpuVer2v0", "LinuxMemoryVer2v0", "LinuxDiskVer2v0"):
        columns = {"PercentProcessorTime": 1, "AvailableMemory": 1, "AverageReadTime": 1}
        service.add(table, linux_entity(LIN, 3, NOON, 1, **columns))
    for of in (WIN, LIN):
        found = read(service, vm(of, os_type="unknown"), grain="samples")
        assert len(found) > 0
        assert found.complete


# Azure Stack Hub


def test_a_hub_is_read_as_azure_is(service):
    fill(service)
    hub = f"https://{ACCOUNT}.table.utrecht.hub.example.test/"
    found = read(service, vm(platform="azure-stack-hub"), account_url=hub)
    assert (len(found), found.complete) == (60, True)
    assert service.requests[0].headers["x-ms-version"] == "2017-11-09"
    with pytest.raises(hi.NotSupported, match="Azure Stack Hub takes no tokens"):
        read(service, vm(platform="azure-stack-hub"), account_url=hub, credential=Credential())


# Several machines, several accounts


def other_account(**options):
    return TableService("branchdiag", **options)


class Both(httpx.BaseTransport):
    """Two accounts on one wire."""

    def __init__(self, *services):
        self.services = {f"{one.account}.table.core.windows.net": one for one in services}

    def handle_request(self, request):
        return self.services[request.url.host].handle_request(request)


def read_both(first, second, **changes):
    keys = [AzureNamedKeyCredential(one.account, one.key) for one in (first, second)]
    urls = [f"https://{one.account}.table.core.windows.net" for one in (first, second)]
    return read(Both(first, second), **{"account_url": urls, "credential": keys, **changes})


def test_machines_are_each_read_once_and_in_order(service):
    fill(service)
    fill(service, LIN)
    found = read(service, [vm(LIN), WIN["id"], vm(), vm(id=WIN["id"])])
    assert [one.vm_id for one in found] == [LIN["id"].lower()] * 60 + [WIN["id"].lower()] * 60


def test_a_machine_without_data_is_a_problem_and_the_others_are_there(service):
    fill(service)
    found = read(service, [vm(), vm(LIN)])
    assert len(found) == 60
    (problem,) = found.problems
    assert (problem.scope, problem.error, problem.kind) == (LIN["id"].lower(), "NotFound", "diagnostics")
    assert TABLE in problem.message
    assert "storageAccount" in problem.remedy


def test_several_accounts_are_one_answer(service):
    fill(service, times=minutes(30))
    second = other_account()
    fill(second, times=minutes(40, NOON + timedelta(minutes=20)))
    found = read_both(service, second)
    assert (len(found), found.complete) == (60, True)


def test_an_account_that_cannot_be_read_is_a_problem_where_another_can(service):
    fill(service)
    found = read_both(service, other_account(refuses=lambda request: fault(403, "AuthorizationFailure", "no")))
    assert len(found) == 60
    (problem,) = found.problems
    assert (problem.error, problem.source) == ("AccessDenied", "branchdiag.table.core.windows.net")


def test_where_no_account_can_be_read_it_is_an_error():
    refusing = [TableService(name, refuses=lambda request: fault(403, "AuthorizationFailure", "no"))
                for name in (ACCOUNT, "branchdiag")]  # fmt: skip
    with pytest.raises(hi.AccessDenied):
        read_both(*refusing)


def test_each_account_has_its_credential(service):
    with pytest.raises(hi.NotSupported, match="2 accounts and 1 credentials"):
        read_both(service, other_account(), credential=[AzureNamedKeyCredential(ACCOUNT, KEY)])
    with pytest.raises(hi.NotSupported, match="account_url= is empty"):
        read(service, account_url=[])
    for url in (None, 5, {URL}):
        with pytest.raises(hi.NotSupported, match="account_url= is a text"):
            read(service, account_url=url)


def test_hours_of_one_account_are_not_added_to_the_minutes_of_another(service):
    fill(service)
    second = other_account()
    fill(second, table=HOURS, times=[NOON, NOON - timedelta(hours=1)])
    assert {one.interval_s for one in read_both(service, second)} == {60}
    assert {one.interval_s for one in read_both(service, second, end=NOON + timedelta(minutes=30))} == {60}


def test_a_minute_of_one_account_does_not_take_the_place_of_the_hour_of_another(service):
    fill(service, times=[NOON])
    second = other_account()
    fill(second, table=HOURS, times=[NOON])
    assert [one.interval_s for one in read_both(service, second)] == [3600]


# What is missing has a reason


def test_no_table_at_all_says_which(service):
    found = read(service)
    assert len(found) == 0
    (problem,) = found.problems
    assert problem.message == (
        f"nothing of vm-00: {ACCOUNT}.table.core.windows.net has no table {TABLE}, {HOURS}, WADPerformanceCountersTable"
    )


def test_tables_without_the_machine_say_so(service):
    fill(service, LIN)
    found = read(service, grain="PT1M")
    assert found.problems[0].message == (
        f"nothing of vm-00: {ACCOUNT}.table.core.windows.net has nothing of it and this time in {TABLE}"
    )


def test_a_table_that_was_removed_leaves_a_gap_that_is_said(service):
    start = datetime(2026, 3, 3, 23, 30, tzinfo=UTC)
    fill(service, times=minutes(30, start + timedelta(minutes=30)), table="WADMetricsPT1MP10DV2S20260304")
    found = read(service, start=start, end=start + timedelta(hours=1))
    assert len(found) == 30
    assert [one.message for one in found.problems] == [
        f"there is no table {TABLE}: nothing of 2026-03-03 23:30 to 2026-03-04 00:00 UTC"
    ]


def test_a_table_in_between_that_has_nothing_of_the_machine_is_said(service):
    start, tables = datetime(2026, 2, 22, tzinfo=UTC), ["20260222", "20260304", "20260314"]
    tables = [f"WADMetricsPT1HP10DV2S{day}" for day in tables]
    for number in (0, 2):
        fill(service, times=[start + timedelta(days=10 * number)], table=tables[number])
    fill(service, LIN, times=[start + timedelta(days=10)], table=tables[1])
    found = read(service, start=start, end=start + timedelta(days=25))
    assert [one.message for one in found.problems] == [
        f"there is nothing of vm-00 in {tables[1]}: nothing of 2026-03-04 00:00 to 2026-03-14 00:00 UTC"
    ]


def test_tables_that_follow_each_other_and_are_not_there_are_one_problem(service):
    fill(service, table=HOURS, times=[NOON])
    found = read(service, start=NOON.replace(year=2025), end=NOON + timedelta(hours=1))
    (problem,) = found.problems
    assert problem.message == (
        "there is no table WADMetricsPT1HP10DV2S20250227 to WADMetricsPT1HP10DV2S20260212: nothing of "
        "2025-03-01 12:00 to 2026-02-22 00:00 UTC"
    )


def test_a_deadline_holds(service):
    fill(service)
    with hi.deadline(0), pytest.raises(hi.DeadlineExceeded):
        read(service)
    with hi.deadline(600):
        assert len(read(service)) == 60


def test_a_time_out_of_the_service_is_tried_again(service):
    fill(service)
    faults = [fault(500, "OperationTimedOut", "too long"), fault(500, "OperationTimedOut", "too long")]
    service.refuses = lambda request: faults.pop() if faults else None
    found = read(service)
    assert (len(found), found.complete) == (60, True)


def test_what_came_before_an_error_is_kept(service):
    service.page_size = 20
    fill(service)
    broken = []

    def refuse(request):
        broken.append(request)
        return fault(501, "NotImplemented", "too long") if len(broken) == 3 else None

    service.refuses = refuse
    found = read(service)
    assert len(found) == 40
    assert [(one.error, one.scope) for one in found.problems] == [("ServerFault", WIN["id"].lower())]
    assert "NotImplemented" in found.problems[0].message


def test_odd_rows_are_noted_and_the_rest_is_read(service):
    service.add(TABLE, *pair(WIN, CPU, NOON), {**next(pair(WIN, OWN, NOON)), "Average": "NaN", "RowKey": "x"})
    service.tables[TABLE][-1]["RowKey"] = service.tables[TABLE][0]["RowKey"] + "2"
    found = read(service)
    assert len(found) == 2
    assert [one.message for one in found.problems] == [f"{TABLE}: Average: expected a number, got 'NaN'"]


@pytest.mark.parametrize("count", [-1, 1e19, 2.5])
def test_a_count_that_is_none_is_noted_and_unknown(service, count):
    service.add(TABLE, *interval(key_text(WIN["id"]), CPU, NOON, Count=count))
    found = read(service)
    assert [(one.count, one.average) for one in found] == [(None, 2.0)]
    assert found.problems[0].message == f"{TABLE}: Count: expected a count, got {count}"
    assert len(hi.daily_summaries(found)) == 1
    assert len(found.to_pandas()) == 1


def test_a_row_without_a_value_is_noted(service):
    service.add(TABLE, *interval(key_text(WIN["id"]), CPU, NOON, **dict.fromkeys(
        ("Total", "Minimum", "Maximum", "Average", "Last"))))  # fmt: skip
    assert "an interval without a value" in read(service).problems[0].message


def test_rows_that_all_cannot_be_read_are_not_silence(service):
    fill(service)
    for row in service.tables[TABLE]:
        row["CounterName"] = None
    found = read(service)
    assert len(found) == 0
    assert found.problems[0].message == f"{TABLE}: CounterName: expected a text, got None"
    assert f"has rows of it that could not be read in {TABLE}" in found.problems[-1].message


def test_a_thousand_odd_values_are_counted(service):
    fill(service)
    for number, row in enumerate(service.tables[TABLE]):
        row["Average"] = f"odd {number}"
    found = read(service)
    assert (len(found), len(found.problems)) == (60, 21)
    assert found.problems[-1].message == "40 more values that could not be read"


def test_instances_of_a_uniform_scale_set_are_refused_with_a_reason(service):
    instance = (
        "/subscriptions/1/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/s/virtualMachines/0"
    )
    with pytest.raises(hi.NotSupported, match="uniform scale set"):
        read(service, instance)
    fill(service)
    found = read(service, [instance, vm()])
    assert (len(found), len(found.problems)) == (60, 1)


# What cannot be asked


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"start": NOON.replace(tzinfo=None)}, r"start=2026-03-01T12:00:00 has no time zone — give it one: datetime\("),
        ({"end": NOON.replace(tzinfo=None)}, "end=2026-03-01T12:00:00 has no time zone"),
        ({"end": NOON}, r"there is no time between start= and end= \(2026-03-01 12:00 UTC\)"),
        ({"end": NOON - timedelta(hours=1)}, "is not after start="),
        ({"start": "2026-03-01"}, "start= is a datetime, not str"),
        ({"start": NOON.date()}, "start= is a datetime, not date"),
        ({"start": NOON.replace(year=1999)}, "in the year 1999"),
        ({"end": NOON.replace(year=9999)}, "in the year 9999"),
        ({"end": NOON.replace(year=2040)}, "more than can be read"),
    ],
)
def test_times_that_cannot_be_asked_for(service, changes, said):
    with pytest.raises(hi.NotSupported, match=said):
        read(service, **changes)
    assert service.requests == []


@pytest.mark.parametrize(
    "machine",
    [
        "vm-00", "", "/subscriptions/1/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/n",
        "/subscriptions/1/resourceGroups/g", 5, [5], [], WIN["id"].replace("Compute", "Foo"),
        WIN["id"] + "?api-version=1",
        hi.VirtualMachine(id="vsphere://x/vm-1", name="a", platform="vsphere", source="vc"),
        hi.VirtualMachine(id="/x", name="a", platform="azure-arc", source="azure"),
    ],
)  # fmt: skip
def test_what_has_no_diagnostics_extension(service, machine):
    with pytest.raises(hi.NotSupported):
        hi.read_diagnostics(
            machine, account_url=URL, credential=AzureNamedKeyCredential(ACCOUNT, KEY), start=NOON,
            end=NOON + timedelta(hours=1), transport=service,
        )  # fmt: skip
    assert service.requests == []


def test_a_wrong_key_is_the_account_s_own_error(service, caplog):
    caplog.set_level(logging.DEBUG)
    wrong = base64.b64encode(b"another key, of the same length as a right one").decode()
    with pytest.raises(hi.AuthenticationFailed) as caught:
        read(service, [vm(), vm(LIN)], credential=AzureNamedKeyCredential(ACCOUNT, wrong))
    assert wrong not in caplog.text + str(caught.value) + repr(caught.value)


def test_no_secret_in_what_is_read(service):
    service.admits = lambda request: True
    signature = AzureSasCredential("sv=2019-02-02&se=2099-01-01&sig=secret%2Bsecret%2Bsecret")
    service.add(TABLE, *interval(key_text(WIN["id"]), r"\secret+secret+secret", NOON))
    found = read(service, credential=signature)
    assert len(found) == 1
    assert "secret+secret" not in repr(list(found)) + repr(found.problems)


def test_the_summaries_of_a_day(service):
    fill(service)
    found = hi.daily_summaries(read(service))
    assert [(one.counter, one.mean, one.maximum, one.count) for one in found] == [("cpu_percent", 2.0, 3.0, 60)]
