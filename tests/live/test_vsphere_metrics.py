"""VSphere.metrics: the counters of machines, against pyVmomi's own decoding of the same samples."""

import re
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from pyVmomi import vim

import hybridinv as hi
from hybridinv.wire.vim.performance import RAW_NAMES
from live.simulation import Changed

pytestmark = pytest.mark.live

LIMIT = "config.vpxd.stats.maxQueryMetrics"
ALWAYS_KEPT = {"cpu_percent", "cpu_ready_percent", "memory_used_percent", "network_bytes_per_second"}


def hours_ago(hours):
    return datetime.now(UTC).replace(microsecond=0) - timedelta(hours=hours)


def running(vcenter):
    return vcenter.vms().where(power_state="running", is_template=False)


def asked_of_pyvmomi(vcenter, vm, raw_name, interval, start, end):
    """The values by the start of their interval, in the form that is not CSV; and the counter."""
    manager = vcenter._session.content.perfManager
    (counter,) = (
        one for one in manager.perfCounter
        if f"{one.groupInfo.key}.{one.nameInfo.key}.{one.rollupType}" == raw_name
    )  # fmt: skip
    metric = vim.PerformanceManager.MetricId(counterId=counter.key, instance="")
    query = vim.PerformanceManager.QuerySpec(
        entity=vcenter.native(vm), startTime=start - timedelta(seconds=interval),
        endTime=end + timedelta(seconds=interval), intervalId=interval, metricId=[metric],
    )  # fmt: skip
    (answer,) = manager.QueryPerf([query])
    values = answer.value[0].value if answer.value else []
    begun = [one.timestamp - timedelta(seconds=one.interval) for one in answer.sampleInfo]
    return {at: value for at, value in zip(begun, values, strict=True) if start <= at < end}, counter


@pytest.mark.parametrize("counter", list(RAW_NAMES))
def test_every_counter_is_as_pyvmomi_has_it(plain, counter):
    start, end = hours_ago(0.5), hours_ago(0.1)
    with plain.adapter() as vcenter:
        vm = running(vcenter)[0]
        found = vcenter.metrics(vm, start=start, end=end, counters=[counter])
        told, row = asked_of_pyvmomi(vcenter, vm, RAW_NAMES[counter], 20, start, end)
    assert found.complete
    by_hand = {
        "percent": lambda value: value / 100,
        "kiloBytes": lambda value: value * 1024,
        "kiloBytesPerSecond": lambda value: value * 1024,
        "millisecond": lambda value: value / 1000,
    }[row.unitInfo.key]
    if row.statsType == "delta":
        by_hand = lambda value: value / 1000 / 20 / vm.cpus * 100  # noqa: E731
    expected = {at: by_hand(value) for at, value in told.items() if value >= 0}
    values = {one.at: one.last if one.average is None else one.average for one in found}
    assert len(expected) > 60
    assert values == pytest.approx(expected)
    assert {(one.vm_id, one.counter, one.raw_name, one.interval_s) for one in found} == {
        (vm.id, counter, RAW_NAMES[counter], 20)
    }


@pytest.mark.parametrize(("hours", "interval"), [(0.9, 20), (20, 300), (150, 1800)])
@pytest.mark.parametrize("offset", [0, 0.8, 7, -0.2])
def test_samples_are_those_that_begin_from_the_start_until_before_the_end(plain, hours, interval, offset):
    """As read_diagnostics has it: one reading goes on where another ends, with none twice and none left out."""
    seconds = hours_ago(hours).timestamp() // interval * interval + offset
    start = datetime.fromtimestamp(seconds, UTC)
    middle, end = start + timedelta(seconds=30 * interval), start + timedelta(seconds=40 * interval)
    first = start if offset == 0 else datetime.fromtimestamp(-(-seconds // interval) * interval, UTC)
    with plain.adapter() as vcenter:
        vm = running(vcenter)[0]

        def begun(start, end):
            # Of all counters: one alone has gaps.
            return sorted({one.at for one in vcenter.metrics(vm, start=start, end=end)})

        whole, early, late = begun(start, end), begun(start, middle), begun(middle, end)
    assert whole == [first + timedelta(seconds=n * interval) for n in range(40)]
    assert early == whole[:30]
    assert late == whole[30:]


def test_a_time_in_which_no_sample_begins_is_said(plain):
    start = datetime.fromtimestamp(hours_ago(0.5).timestamp() // 20 * 20 + 1, UTC)
    with plain.adapter() as vcenter:
        found = vcenter.metrics(running(vcenter)[0], start=start, end=start + timedelta(seconds=15))
    assert len(found) == 0
    (problem,) = found.problems
    assert "gave no samples of 20 s that begin from" in problem.message


def test_samples_that_are_missing_are_not_zeros(plain):
    start, end = hours_ago(0.9), hours_ago(0.1)
    with plain.adapter() as vcenter:
        vm = running(vcenter)[0]
        found = vcenter.metrics(vm, start=start, end=end, counters="cpu_percent")
        told, _ = asked_of_pyvmomi(vcenter, vm, "cpu.usage.average", 20, start, end)
    missing = sum(value < 0 for value in told.values())
    assert missing
    assert len(found) == len(told) - missing


def test_all_machines_all_counters_in_few_requests(plain):
    with plain.over() as (vcenter, wire):
        found = vcenter.metrics(start=hours_ago(0.1))
        everybody = vcenter.vms().where(is_template=False)
    assert {one.vm_id for one in found} == {vm.id for vm in everybody.where(power_state="running")}
    assert {one.counter for one in found} == set(RAW_NAMES)
    assert found.complete
    # 256 metrics a request, 15 counters: 17 machines.
    assert wire.counts["QueryPerf"] == -(-len(everybody) // 17)


def test_machines_that_are_off_are_no_problem(plain):
    with plain.adapter() as vcenter:
        off = [vm for vm in vcenter.vms() if vm.power_state != "running"]
        found = vcenter.metrics(off, counters=["cpu_percent"])
    assert off
    assert (len(found), found.problems) == (0, ())


def test_history_has_the_finest_interval_that_reaches_back(plain):
    with plain.adapter() as vcenter:
        vm = running(vcenter)[0]
        lengths = {
            hours: {one.interval_s for one in vcenter.metrics(vm, start=hours_ago(hours), counters=["cpu_percent"])}
            for hours in (1, 20, 100, 500, 8000)
        }
        assert lengths == {1: {20}, 20: {300}, 100: {1800}, 500: {7200}, 8000: {86400}}
        chosen = vcenter.metrics(vm, counters=["cpu_percent"], interval_s=1800)
        assert {one.interval_s for one in chosen} == {1800}
        assert min(one.at for one in chosen) < hours_ago(160)
        with pytest.raises(hi.NotSupported, match="has no samples from 400 days"):
            vcenter.metrics(vm, start=hours_ago(400 * 24))
        with pytest.raises(hi.NotSupported, match=r"no samples of 60 s — .*20 s of 1 h, 300 s of 24 h"):
            vcenter.metrics(vm, interval_s=60)
        with pytest.raises(hi.NotSupported, match="has no samples from"):
            vcenter.metrics(vm, start=hours_ago(48), interval_s=20)


def test_history_says_which_counters_are_not_kept(plain):
    with plain.adapter() as vcenter:
        vm = running(vcenter)[0]
        found = vcenter.metrics(vm, start=hours_ago(10), counters=["cpu_percent", "memory_active_bytes"])
        everything = vcenter.metrics(vm, start=hours_ago(10))
    assert {one.counter for one in found} == {"cpu_percent"}
    (problem,) = found.problems
    assert "mem.active.average, which memory_active_bytes is read from, is kept from statistics level 2" in str(problem)
    assert {one.counter for one in everything} >= ALWAYS_KEPT
    assert len(everything.problems) + len({one.counter for one in everything}) == len(RAW_NAMES)


def test_a_limit_that_is_told_is_kept(fresh):
    simulator = fresh("-scene", "plain", "-hosts", "2", "-vms", "30")
    with simulator.over() as (vcenter, wire):
        vcenter._session.content.setting.UpdateValues([vim.option.OptionValue(key=LIMIT, value="8")])
        machines = running(vcenter)
        found = vcenter.metrics(machines, start=hours_ago(10), counters=["cpu_percent", "memory_used_percent"])
    assert found.complete
    assert {one.vm_id for one in found} == {vm.id for vm in machines}
    assert wire.counts["QueryPerf"] == -(-len(machines) // 4)


@pytest.mark.parametrize("limit", [1, 7])
def test_a_limit_that_is_not_told_is_found(fresh, limit):
    simulator = fresh("-scene", "plain", "-hosts", "2", "-vms", "20")
    simulator.limit(limit)
    with simulator.adapter() as vcenter:
        machines = running(vcenter)
        found = vcenter.metrics(machines, start=hours_ago(10), counters=["cpu_percent", "memory_used_percent"])
    assert found.complete
    pairs = {(one.vm_id, one.counter) for one in found}
    assert pairs == {(vm.id, counter) for vm in machines for counter in ("cpu_percent", "memory_used_percent")}


def test_a_machine_that_is_gone_costs_no_other(fresh):
    simulator = fresh("-scene", "plain", "-hosts", "2", "-vms", "20")
    with simulator.adapter() as vcenter:
        machines = running(vcenter)
        gone = {simulator.id_of(moref) for moref in simulator.take_away(1)}
        lost = {vm.id for vm in machines} & gone
        while not lost:
            gone |= {simulator.id_of(moref) for moref in simulator.take_away(1)}
            lost = {vm.id for vm in machines} & gone
        found = vcenter.metrics(machines, counters=["cpu_percent"])
        assert {one.vm_id for one in found} == {vm.id for vm in machines} - lost
        assert {(one.scope, one.error, one.kind) for one in found.problems} == {
            (id_, "NotFound", "metrics") for id_ in lost
        }
        alone = [vm for vm in machines if vm.id in lost]
        with pytest.raises(hi.NotFound):
            vcenter.metrics(alone[1:] or alone, counters=["cpu_percent"])


def test_a_machine_whose_samples_cannot_be_read_costs_no_other(plain):
    def change(operation, _, body):
        return re.sub(rb"<value>(?=[-\d])", b"<value>many,", body, count=1) if operation == "QueryPerf" else body

    with plain.over(Changed, change=change) as (vcenter, _):
        machines = running(vcenter)[:5]
        found = vcenter.metrics(machines, counters=["cpu_percent"])
    assert {one.vm_id for one in found} == {vm.id for vm in machines[1:]}
    assert [(one.scope, one.error) for one in found.problems] == [(machines[0].id, "UnexpectedAnswer")]


def test_it_goes_on_in_a_new_session(fresh):
    simulator = fresh("-scene", "plain", "-hosts", "2", "-vms", "20")
    with simulator.adapter() as vcenter:
        machines = running(vcenter)
        simulator.terminate()
        assert {one.vm_id for one in vcenter.metrics(machines, counters=["cpu_percent"])} == {vm.id for vm in machines}


def test_machines_of_which_the_cpus_are_not_known_have_no_shares(plain):
    import attrs

    with plain.adapter() as vcenter:
        vm = attrs.evolve(running(vcenter)[0], cpus=None)
        found = vcenter.metrics(vm, counters=["cpu_ready_percent", "cpu_percent"])
    assert {one.counter for one in found} == {"cpu_percent"}
    (problem,) = found.problems
    assert "cpu.ready.summation: 1 of 1 machines gave no samples" in problem.message
    assert "virtual CPUs are not known" in problem.message


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"start": datetime(2026, 1, 5)}, "start= has no zone"),  # noqa: DTZ001
        ({"end": datetime(2026, 1, 5)}, "end= has no zone"),  # noqa: DTZ001
        ({"start": "yesterday"}, "is no moment"),
        ({"start": hours_ago(1), "end": hours_ago(2)}, "is not after"),
        ({"start": hours_ago(-10)}, "is still to come"),
        ({"end": hours_ago(10), "interval_s": 20}, "is not before end="),
        ({"counters": ["cpu_percent", "warp"]}, "vSphere has no warp of a machine"),
        ({"counters": 5}, "vSphere has no 5 "),
        ({"counters": [[1]]}, "vSphere has no "),
        ({"counters": []}, "empty list"),
        ({"counters": ["thread_count"]}, "vSphere has no thread_count"),
        ({"interval_s": 0}, "is no interval"),
        ({"interval_s": True}, "is no interval"),
        ({"vms": ["web01"]}, "holds str"),
        ({"vms": 7}, "holds int"),
    ],
)
def test_what_makes_no_sense_is_refused(plain, options, said):
    with plain.adapter() as vcenter, pytest.raises(hi.NotSupported, match=said):
        vcenter.metrics(**options)


def test_machines_of_another_vcenter_are_refused(plain):
    vm = hi.VirtualMachine(id="vsphere://other/vm-1", name="web01", platform="vsphere", source="vc02")
    with plain.adapter() as vcenter, pytest.raises(hi.NotSupported, match="web01 is not at"):
        vcenter.metrics(vm)


def test_machines_of_an_older_vcenter_of_that_name_are_refused(plain):
    """A vCenter that was set up anew numbers its machines anew: vm-1 is another one then."""
    with plain.adapter() as vcenter:
        vm = running(vcenter)[0]
        former = attrs.evolve(vm, id=f"vsphere://00000000-0000-0000-0000-000000000001/{vm.id.rpartition('/')[2]}")
        with pytest.raises(hi.NotFound, match="1 machine of another vCenter"):
            vcenter.metrics([vm, former])


def test_an_end_without_a_start_is_the_hour_before_it(plain):
    end = hours_ago(5)
    with plain.adapter() as vcenter:
        found = vcenter.metrics(running(vcenter)[0], end=end, counters=["cpu_percent"])
    assert {one.interval_s for one in found} == {300}
    assert end - timedelta(hours=1) <= min(one.at for one in found) < max(one.at for one in found) < end


def test_nobody_to_ask_is_nothing(plain):
    with plain.adapter() as vcenter:
        assert len(vcenter.metrics([])) == 0


def test_tapes_have_no_counters():
    from hybridinv.demo import tape_folders

    (folder,) = (one for one in tape_folders() if one.name == "vsphere")
    with hi.replay(folder) as vcenter, pytest.raises(hi.NotSupported, match="a tape has no counters"):
        vcenter.metrics()


def test_what_it_gives_can_be_summed_up_and_judged(plain):
    with plain.adapter() as vcenter:
        inv = vcenter.inventory(["vms"])
        samples = vcenter.metrics(inv.vms.where(power_state="running")[:3], start=hours_ago(20))
    days = hi.daily_summaries(samples)
    assert sum(one.count for one in days) == len(samples)
    assert days.problems == samples.problems
    found = hi.check_load(samples, inv)
    assert "CpuStarved" in {one.code for one in found}
