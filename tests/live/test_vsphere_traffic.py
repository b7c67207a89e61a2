"""watch_traffic: which adapters carried a migration, by the counters of both hosts."""

from datetime import UTC, datetime, timedelta

import pytest

import hybridinv as hi

pytestmark = pytest.mark.live

KINDS = ("hosts", "vms", "vmkernel_adapters", "clusters", "datastores", "networks", "switches")


@pytest.fixture
def moving(fresh):
    """A simulator of the test's own, and a plan for one of its machines."""
    simulator = fresh("-scene", "networks")
    with simulator.adapter() as vcenter:
        inv = vcenter.inventory(KINDS)
    return simulator, hi.plan_migration(inv, "own-adapters-poweredOn-all", to_host="esx-no-provisioning")


def a_minute_ago():
    return datetime.now(UTC) - timedelta(seconds=60)


def carry(simulator, plan, device):
    source, destination = (id_.rpartition("/")[2] for id_ in (plan.source_host_id, plan.destination_host_id))
    simulator.carry(60, f"{source}/{device}", f"{destination}/{device}")


def watched(simulator, plan, **options):
    with simulator.adapter() as vcenter:
        return vcenter.watch_traffic(plan, **{"seconds": 0, "since": a_minute_ago(), **options})


def test_a_migration_that_went_as_planned(moving):
    simulator, plan = moving
    carry(simulator, plan, "vmk1")
    found = watched(simulator, plan)
    assert found.verdict == "as_planned"
    assert "vmk1 of esx-own-adapters.example.test transmitted" in found.message
    assert found.notes == ()
    busy = {(one.host_id, one.device) for one in found.adapters if one.carried_bytes and one.carried_bytes > 10**9}
    hosts = (plan.source_host_id, plan.destination_host_id)
    assert busy == {(host, device) for host in hosts for device in ("vmk1", "vmnic2")}
    first = found.adapters[0]
    assert (first.planned, first.direction) == (True, "transmitted")
    assert first.before_kilobytes_per_second < 100 < 400_000 < first.peak_kilobytes_per_second
    assert all(sample.at.tzinfo and sample.interval_s == 20 for sample in first.samples)
    assert first.samples[0].counter == "net_transmitted_kilobytes_per_second"


def test_a_migration_that_went_elsewhere(moving):
    simulator, plan = moving
    carry(simulator, plan, "vmk0")
    found = watched(simulator, plan)
    assert found.verdict == "elsewhere"
    assert "vmk0" in found.message


def test_nothing_seen(moving):
    simulator, plan = moving
    assert watched(simulator, plan).verdict == "nothing_seen"


def test_it_watches_for_as_long_as_it_is_told(moving):
    simulator, plan = moving
    with simulator.over() as (vcenter, wire):
        found = vcenter.watch_traffic(plan, seconds=0.3, interval=0.1)
    assert wire.counts["QueryPerf"] >= 2
    assert found.started_at < found.ended_at
    assert wire.counts["QueryAvailablePerfMetric"] == 2, "what is counted is asked once a host"


def test_it_goes_on_in_a_new_session(moving):
    simulator, plan = moving
    carry(simulator, plan, "vmk1")
    with simulator.adapter() as vcenter:
        vcenter.watch_traffic(plan, seconds=0, since=a_minute_ago())
        simulator.terminate()
        assert vcenter.watch_traffic(plan, seconds=0, since=a_minute_ago()).verdict == "as_planned"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"seconds": -1}, "no times"),
        ({"seconds": float("nan")}, "no times"),
        ({"interval": 0}, "no times"),
        ({"since": datetime(2026, 1, 5)}, "no zone"),  # noqa: DTZ001
        ({"since": datetime(2026, 1, 5, tzinfo=UTC)}, "for an hour"),
        ({"since": datetime(2199, 1, 5, tzinfo=UTC)}, "in the future"),
        ({"since": None}, "watches no time"),
    ],
)
def test_times_that_make_no_sense(moving, options, said):
    simulator, plan = moving
    with pytest.raises(hi.NotSupported, match=said):
        watched(simulator, plan, **options)


def test_a_plan_without_data_on_adapters_cannot_be_watched(moving):
    simulator, _ = moving
    with simulator.adapter() as vcenter:
        inv = vcenter.inventory(KINDS)
        cold = hi.plan_migration(inv, "own-adapters-poweredOff-all", to_host="esx-no-provisioning")
        with pytest.raises(hi.NotSupported, match="VMkernel adapters"):
            vcenter.watch_traffic(cold)
        with pytest.raises(hi.NotSupported, match="is no plan"):
            vcenter.watch_traffic("web01")
