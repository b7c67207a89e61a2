"""check_load: what is said of machines at, over and under each threshold, and when nothing is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest

import hybridinv as hi

DAY = datetime(2026, 1, 5, tzinfo=UTC)
GIB = 2**30


def series(counter, value, vm="a", days=8, a_day=24):
    return [
        hi.MetricSample(
            vm_id=vm, counter=counter, at=DAY + timedelta(days=day, hours=n), interval_s=3600, average=value
        )
        for day in range(days)
        for n in range(a_day)
    ]


def inventory(**changes):
    usual = {"memory_bytes": 100 * GIB, "disks": [hi.Disk(name="1"), hi.Disk(name="2")], "power_state": "running"}
    vm = hi.VirtualMachine(id="a", name="web01", platform="vsphere", source="vc", **{**usual, **changes})
    return hi.Inventory(vms=[vm])


def codes(samples, inv=None, **options):
    return [one.code for one in hi.check_load(samples, inv, **options)]


@pytest.mark.parametrize(
    ("counter", "fine", "over", "code"),
    [
        ("cpu_percent", 85, 85.1, "CpuStarved"),
        ("cpu_ready_percent", 10, 10.1, "CpuContended"),
        ("memory_used_percent", 95, 95.1, "MemoryStarved"),
        ("memory_used_bytes", 95 * GIB, 95.1 * GIB, "MemoryStarved"),
        ("memory_available_bytes", 5 * GIB, 4.9 * GIB, "MemoryStarved"),
        ("memory_available_percent", 5, 4.9, "MemoryStarved"),
        ("swap_used_percent", 70, 70.1, "MemoryStarved"),
        ("memory_ballooned_bytes", GIB, 1.1 * GIB, "MemoryReclaimed"),
        ("memory_swapped_bytes", GIB, 1.1 * GIB, "MemoryReclaimed"),
        ("disk_latency_seconds", 0.025, 0.026, "DiskBound"),
        ("disk_read_latency_seconds", 0.025, 0.026, "DiskBound"),
        ("disk_write_latency_seconds", 0.025, 0.026, "DiskBound"),
        ("disk_busy_percent", 90, 90.1, "DiskBound"),
        ("disk_queue_length", 4, 4.1, "DiskBound"),
        ("cpu_iowait_percent", 20, 20.1, "DiskBound"),
    ],
)
def test_each_threshold(counter, fine, over, code):
    assert codes(series(counter, fine), inventory()) == []
    (found,) = hi.check_load(series(counter, over), inventory())
    assert (found.code, found.severity, found.subject_id) == (code, "warning", "a")
    assert "web01" in found.message
    assert "95th" in found.message or "5th" in found.message
    assert found.remedy
    assert found.sources


@pytest.mark.parametrize(
    ("option", "counter", "value"),
    [
        ("busy_cpu_percent", "cpu_percent", 60),
        ("ready_percent", "cpu_ready_percent", 3),
        ("busy_memory_percent", "memory_used_percent", 60),
        ("reclaimed_percent", "memory_swapped_bytes", GIB / 2),
        ("disk_latency_seconds", "disk_latency_seconds", 0.004),
        ("disk_busy_percent", "disk_busy_percent", 40),
        ("disk_queue", "disk_queue_length", 3),
        ("iowait_percent", "cpu_iowait_percent", 4),
    ],
)
def test_each_threshold_can_be_lowered(option, counter, value):
    assert codes(series(counter, value), inventory()) == []
    assert len(codes(series(counter, value), inventory(), **{option: 0})) == 1


def test_many_transfers_are_a_hint():
    """The only counter of disks that many machines write: what one slow disk gives, and a fast one laughs at."""
    assert codes(series("disk_transfers_per_second", 499.9)) == []
    (found,) = hi.check_load(series("disk_transfers_per_second", 500))
    assert (found.code, found.severity, found.subject_id) == ("DiskBound", "info", "a")
    assert "500 transfers a second at the 95th percentile, of all its disks together" in found.message
    assert (
        "one Standard HDD managed disk gives 500, larger and faster disks give more, so this is a hint" in found.message
    )
    assert "Azure managed disk types" in found.sources[0]
    assert "disk_latency_seconds" in found.remedy
    few = series("disk_transfers_per_second", 90)
    (found,) = hi.check_load(few, disk_transfers_per_second=90)
    assert "at or over 90; one Standard HDD managed disk gives 500" in found.message
    assert codes(few, disk_transfers_per_second=91) == []


@pytest.mark.parametrize(
    ("counter", "fine", "over"),
    [
        ("disk_latency_seconds", 0.001, 0.1),
        ("disk_write_latency_seconds", 0.001, 0.1),
        ("disk_busy_percent", 20, 99),
        ("disk_queue_length", 1, 50),
    ],
)
def test_transfers_say_nothing_where_it_was_measured_how_the_disks_do(counter, fine, over):
    many = series("disk_transfers_per_second", 5_000)
    assert codes(many + series(counter, fine), inventory()) == []
    (found,) = hi.check_load(many + series(counter, over), inventory())
    assert (found.code, found.severity) == ("DiskBound", "warning")
    assert codes(many + series("cpu_iowait_percent", 1), inventory()) == ["DiskBound"]
    assert codes(many + series(counter, fine, days=1, a_day=19), inventory()) == ["DiskBound"]


def test_a_queue_that_nobody_can_judge_does_not_take_the_hint_away():
    many = series("disk_transfers_per_second", 5_000) + series("disk_queue_length", 50)
    assert [one.severity for one in hi.check_load(many)] == ["info"]
    assert [one.severity for one in hi.check_load(many, inventory())] == ["warning"]


def test_the_least_memory_can_be_raised():
    samples = series("memory_available_bytes", 20 * GIB)
    assert codes(samples, inventory()) == []
    assert codes(samples, inventory(), least_memory_percent=30) == ["MemoryStarved"]


def test_a_peak_is_no_starvation():
    samples = series("cpu_percent", 20)
    peaks = [attrs.evolve(one, average=100.0) for one in samples]
    assert codes(samples[5:] + peaks[:5]) == []
    assert codes(samples[20:] + peaks[:20]) == ["CpuStarved"]


def idle(cpu=2, network=100, disk=100, **more):
    samples = series("cpu_percent", cpu, **more)
    samples += series("network_bytes_per_second", network, **more) if network is not None else []
    return samples + (series("disk_bytes_per_second", disk, **more) if disk is not None else [])


def test_idle():
    (found,) = hi.check_load(idle(), inventory())
    assert found.severity == "info"
    assert "web01 was idle over 8 days: at most 2.0 % of its CPUs, 100 B/s of network, 100 B/s of disk" in found.message
    assert "not measured" not in found.message
    assert "would say more" not in found.message


@pytest.mark.parametrize(
    ("busy", "threshold"),
    [
        ({"cpu": 6}, {"idle_cpu_percent": 7}),
        ({"network": 6_000}, {"idle_network_bytes_per_second": 7_000}),
        ({"disk": 30_000}, {"idle_disk_bytes_per_second": 40_000}),
    ],
)
def test_anything_that_it_does_makes_it_not_idle(busy, threshold):
    assert codes(idle(**busy)) == []
    assert codes(idle(**busy), **threshold) == ["MachineIdle"]


def test_directions_are_added_up():
    both = series("network_received_bytes_per_second", 3_000) + series("network_sent_bytes_per_second", 3_000)
    assert codes(idle(network=None) + both) == []
    assert codes(idle(network=None) + both, idle_network_bytes_per_second=6_000) == ["MachineIdle"]


def test_idle_by_the_cpu_alone_says_so():
    (found,) = hi.check_load(idle(network=None, disk=None))
    assert "its network and disk traffic was not measured" in found.message


def test_transfers_are_traffic_of_disks():
    def with_transfers(count):
        return idle(network=None, disk=None) + series("disk_transfers_per_second", count)

    (found,) = hi.check_load(with_transfers(3))
    assert "at most 2.0 % of its CPUs, 3.0 disk transfers a second at the 95th percentile" in found.message
    assert "its network traffic was not measured" in found.message
    assert codes(with_transfers(10)) == ["MachineIdle"]
    assert codes(with_transfers(10.1)) == []
    assert codes(with_transfers(50), idle_disk_transfers_per_second=50) == ["MachineIdle"]
    assert codes(with_transfers(99_999)) == ["DiskBound"]


def not_judged(samples, inv=None, **options):
    return [one.message for one in hi.check_load(samples, inv, **options) if one.code == "LoadNotJudged"]


def test_a_day_is_enough_to_call_it_idle():
    samples = idle(days=1)
    (found,) = hi.check_load(samples, inventory())
    assert (found.code, found.severity) == ("MachineIdle", "info")
    assert "web01 was idle over 24 hours: at most 2.0 %" in found.message
    assert found.message.endswith("; a week of samples would say more")
    assert codes(samples, idle_days=7) == []
    half = [one for one in samples if one.at.hour < 12]
    assert codes(half, least_samples=10) == []


@pytest.mark.parametrize(("days", "a_day", "told"), [(6, 24, "6 days"), (2, 24, "2 days"), (1, 22, "22 hours")])
def test_how_long_it_was_idle_is_said(days, a_day, told):
    (found,) = hi.check_load(idle(days=days, a_day=a_day))
    assert f"was idle over {told}: " in found.message
    assert "a week of samples would say more" in found.message


def test_more_days_can_be_demanded():
    samples = idle(days=6)
    assert codes(samples, idle_days=7) == []
    assert codes(samples, idle_days=6) == ["MachineIdle"]
    assert codes(idle(days=7), idle_days=7) == ["MachineIdle"]


@pytest.mark.parametrize(
    ("a_day", "seconds", "days", "judged"),
    [(1, 86_400, 7, True), (1, 20, 30, False), (48, 1800, 6, False), (24, 3600, 7, True), (24, None, 9, False)],
)
def test_days_are_those_that_samples_cover(a_day, seconds, days, judged):
    samples = [attrs.evolve(one, interval_s=seconds) for one in series("cpu_percent", 1, days=days, a_day=a_day)]
    assert codes(samples, least_samples=1, idle_days=7) == (["MachineIdle"] if judged else [])


def test_six_days_and_a_half_hour_touch_eight_dates_and_are_six_days():
    begin = DAY - timedelta(minutes=15)
    samples = [
        hi.MetricSample(
            vm_id="a", counter="cpu_percent", at=begin + timedelta(minutes=15 * n), interval_s=900, average=1
        )
        for n in range(6 * 96 + 2)
    ]
    assert len({one.at.date() for one in samples}) == 8
    assert codes(samples, idle_days=7) == []
    (found,) = hi.check_load(samples)
    assert "idle over 6 days" in found.message


def test_what_comes_twice_counts_once():
    samples = series("cpu_percent", 1, days=4)
    assert codes(samples + samples, idle_days=7) == []
    few = series("cpu_percent", 99, days=1, a_day=12)
    assert codes(few + few) == ["LoadNotJudged"]


def test_one_interval_is_judged_and_not_a_mixture():
    """A quiet week, and its last hour once more in fine samples that are many."""
    week = series("cpu_percent", 50, days=7)
    fine = [
        hi.MetricSample(vm_id="a", counter="cpu_percent", at=DAY + timedelta(seconds=n), interval_s=20, average=100)
        for n in range(0, 3600, 20)
    ]
    assert codes(week + fine) == []
    assert codes(fine) == ["CpuStarved"]


def test_two_counters_under_one_word_are_judged_apart():
    busy = [attrs.evolve(one, raw_name="guest") for one in series("memory_used_percent", 99)]
    calm = [attrs.evolve(one, raw_name="mem.usage.average") for one in series("memory_used_percent", 1)]
    assert codes(busy + calm) == codes(calm + busy) == ["MemoryStarved"]


def test_a_value_in_another_unit_is_not_judged_and_said():
    samples = [attrs.evolve(one, unit="GiB") for one in series("memory_available_bytes", 3)]
    assert "memory_available_bytes is in GiB, not in bytes" in not_judged(samples, inventory())[0]
    beside = hi.check_load(samples + series("cpu_percent", 50), inventory())
    assert len(beside) == 0
    (problem,) = beside.problems
    assert (problem.platform, problem.source, problem.kind, problem.scope) == ("vsphere", "vc", "metrics", "a")
    assert problem.message == "memory_available_bytes of web01 is in GiB, not in bytes: not judged"


def test_a_queue_without_the_number_of_disks_is_said():
    samples = series("disk_queue_length", 50)
    (found,) = hi.check_load(samples)
    assert found.code == "LoadNotJudged"
    assert "50.0 requests wait for its disks, and how many disks it has is not known" in found.message
    assert "give an inventory with that machine: inventory=" in found.remedy
    assert codes(samples, inventory()) == ["DiskBound"]
    assert codes(series("disk_queue_length", 2)) == []


def test_ready_time_alone_says_nothing_of_idleness():
    assert codes(series("cpu_ready_percent", 1)) == []


def test_percents_need_no_inventory():
    assert codes(series("memory_available_percent", 1)) == ["MemoryStarved"]


def test_a_busy_machine_needs_no_week():
    assert codes(series("cpu_percent", 99, days=1)) == ["CpuStarved"]


def test_too_few_samples_to_judge():
    samples = series("cpu_percent", 99, days=1, a_day=19)
    (said,) = not_judged(samples)
    assert "cpu_percent has 19 samples, and 20 are needed" in said
    assert codes(samples, least_samples=19) == ["CpuStarved"]


def test_samples_without_a_value_are_no_samples():
    nothing = [hi.MetricSample(vm_id="a", counter="cpu_percent", at=DAY)] * 50
    assert codes(nothing) == ["LoadNotJudged"]
    assert "cpu_percent has 0 samples" in not_judged(nothing)[0]


@pytest.mark.parametrize(
    ("counter", "value"),
    [
        ("cpu_percent", 50), ("cpu_ready_percent", 1), ("memory_used_percent", 50), ("swap_used_percent", 5),
        ("disk_latency_seconds", 0.001), ("disk_transfers_per_second", 20), ("cpu_iowait_percent", 1),
    ],
)  # fmt: skip
def test_one_counter_that_is_in_order_is_no_finding(counter, value):
    """`if check_load(…)` asks whether something is wrong; that other counters were not measured is not."""
    assert not hi.check_load(series(counter, value))
    beside = series(counter, value) + series("memory_used_bytes", 5) + series("thread_count", 5, days=1, a_day=3)
    assert not hi.check_load(beside)


def test_a_machine_of_which_nothing_tells_anything_is_said():
    (found,) = hi.check_load(series("thread_count", 900))
    assert (found.code, found.severity, found.subject_id) == ("LoadNotJudged", "info", "a")
    assert found.message == (
        "the load of a cannot be judged: nothing by which to judge its CPUs, memory, disks was measured"
    )
    assert found.remedy == "read more counters: counters="


def test_memory_without_its_size_is_not_judged():
    samples = series("memory_swapped_bytes", 50 * GIB)
    assert "how much memory it has is not known (inventory=)" in not_judged(samples)[0]
    assert codes(samples, inventory(memory_bytes=None)) == ["LoadNotJudged"]
    assert codes(samples, inventory()) == ["MemoryReclaimed"]


def test_everything_measured_and_in_order_says_nothing():
    samples = [
        one
        for counter, value in (
            ("cpu_percent", 50), ("memory_used_percent", 50), ("disk_latency_seconds", 0.001),
        )
        for one in series(counter, value)
    ]  # fmt: skip
    assert len(hi.check_load(samples, inventory())) == 0


def test_machines_that_run_and_were_not_measured_are_named():
    (found,) = hi.check_load([], inventory())
    assert (found.code, found.severity, found.subject_id) == ("LoadNotMeasured", "info", "a")
    assert len(hi.check_load([], inventory(power_state="stopped"))) == 0
    assert len(hi.check_load([], inventory(is_template=True))) == 0


def test_machines_are_judged_apart():
    samples = series("cpu_percent", 99, vm="x/one") + series("cpu_percent", 50, vm="x/two")
    assert [(one.code, one.subject_id) for one in hi.check_load(samples)] == [("CpuStarved", "x/one")]


def test_problems_are_kept():
    problem = hi.Problem(source="x", message="no table")
    assert hi.check_load(hi.Records(hi.MetricSample, [], [problem])).problems == (problem,)


@pytest.mark.parametrize(
    "options",
    [{"busy_cpu_percent": -1}, {"busy_cpu_percent": float("nan")}, {"idle_days": 0}, {"least_samples": True},
     {"ready_percent": "10"}, {"least_samples": 0}, {"disk_queue": None},
     {"disk_transfers_per_second": "500"}, {"idle_disk_transfers_per_second": -1}],
)  # fmt: skip
def test_thresholds_that_make_no_sense_are_refused(options):
    with pytest.raises(hi.NotSupported):
        hi.check_load([], **options)


def test_what_is_neither_is_refused():
    with pytest.raises(hi.NotSupported, match="inventory= is list"):
        hi.check_load([], [])
    with pytest.raises(hi.NotSupported, match="holds VirtualMachine"):
        hi.check_load(inventory().vms)


def test_thresholds_are_documented():
    import inspect

    names = [name for name, one in inspect.signature(hi.check_load).parameters.items() if one.kind is one.KEYWORD_ONLY]
    assert len(names) > 10
    assert [name for name in names if f"`{name}`" not in inspect.getdoc(hi.check_load)] == []
