"""Network counters: which there are, their samples, and the verdict on a migration's way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import hybridinv as hi
from hybridinv.planning.migration import plan_migration
from hybridinv.wire.vim.traffic import (
    RECEIVED,
    TRANSMITTED,
    End,
    by_host,
    ends_of,
    is_adapter,
    judge,
    read_adapter,
    read_counters,
    read_samples,
)
from planning.small_estate import estate, full, host, machine, vmk

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def counter(key: int, name: str, group: str = "net", rollup: str = "average"):
    return {"key": str(key), "nameInfo": {"key": name}, "groupInfo": {"key": group}, "rollupType": rollup}


def end(counter=TRANSMITTED, number=1, devices=("vmk1",), uplinks=("vmnic2",)):
    return End(
        host_id=f"host-{number}", host_name=f"esx0{number}", counter=counter, devices=frozenset(devices),
        uplinks=frozenset(uplinks),
    )  # fmt: skip


ENDS = (end(), end(RECEIVED, 2))


def traffic(where: End, device: str, *after: float, before: float = 50.0):
    """An adapter with ten samples before noon and these after it."""
    rates = [before] * 10 + list(after)
    times = ",".join(f"20,{NOON + timedelta(seconds=20 * (n - 9)):%Y-%m-%dT%H:%M:%SZ}" for n in range(len(rates)))
    return read_adapter(where, device, read_samples(times, ",".join(map(str, rates)), where.counter), NOON)


def test_counters_are_found_by_name():
    counters = [
        counter(7, "transmitted"), counter(8, "received"), counter(9, "received", rollup="maximum"),
        counter(10, "received", group="virtualDisk"), {}, counter("x", "transmitted"),
    ]  # fmt: skip
    assert read_counters(counters) == {TRANSMITTED: 7, RECEIVED: 8}
    assert read_counters(None) == {}


@pytest.mark.parametrize(
    ("instance", "is_one"),
    [
        ("vmk0", True),
        ("vmnic12", True),
        ("", False),
        ("vmk", False),
        ("vmnicx", False),
        ("4000", False),
        ("vmk٣", False),
    ],
)
def test_instances(instance, is_one):
    assert is_adapter(instance) is is_one


def test_samples():
    first, last = read_samples("20,2026-01-05T12:00:20Z,20,2026-01-05T12:00:40Z", "7,12", RECEIVED)
    assert (first.at, first.interval_s, first.average) == (NOON, 20, 7.0)
    assert (last.counter, last.raw_name, last.unit) == ("net_received_kilobytes_per_second", RECEIVED, "KB/s")


def test_a_missing_sample_is_left_out():
    assert [
        one.average for one in read_samples("20,2026-01-05T12:00:20Z,20,2026-01-05T12:00:40Z", "-1,12", RECEIVED)
    ] == [12.0]
    assert list(read_samples("", "", RECEIVED)) == []


@pytest.mark.parametrize(
    ("times", "values"),
    [
        ("20,2026-01-05T12:00:20Z", "1,2"),
        ("20,noon", "1"),
        ("x,2026-01-05T12:00:20Z", "1"),
        ("20,2026-01-05T12:00:20Z", "much"),
    ],
)
def test_samples_that_cannot_be_read_are_an_error(times, values):
    with pytest.raises(hi.UnexpectedAnswer):
        list(read_samples(times, values, RECEIVED))


def test_what_went_over_an_adapter_beside_the_usual():
    one = traffic(ENDS[0], "vmk1", 50, 100_050, 200_050, before=50)
    assert (one.direction, one.planned) == ("transmitted", True)
    assert one.before_kilobytes_per_second == 50
    assert one.peak_kilobytes_per_second == 200_050
    assert one.mean_kilobytes_per_second == pytest.approx(100_050)
    assert one.carried_bytes == 300_000 * 20 * 1000
    assert len(one.samples) == 13
    assert [sample.at for sample in one.samples] == sorted(sample.at for sample in one.samples)


def test_without_samples_nothing_is_known():
    one = read_adapter(ENDS[0], "vmk1", [], NOON)
    assert (one.mean_kilobytes_per_second, one.peak_kilobytes_per_second, one.carried_bytes) == (None, None, None)


def verdict(*adapters, ends=ENDS):
    found, said = judge(ends, adapters)
    return found.value, said


BUSY = 400_000


def test_as_planned():
    found, said = verdict(traffic(ENDS[0], "vmk1", BUSY), traffic(ENDS[1], "vmk1", BUSY), traffic(ENDS[1], "vmk0", 60))
    assert found == "as_planned"
    assert "vmk1 of esx01 transmitted 7.4 GiB, at most 400.0 MB/s" in said


def test_elsewhere():
    found, said = verdict(
        *(traffic(one, device, rate) for one in ENDS for device, rate in (("vmk1", 60), ("vmk0", BUSY)))
    )
    assert found == "elsewhere"
    assert "vmk0 of esx02 received" in said


def test_one_end_elsewhere_is_elsewhere():
    assert (
        verdict(traffic(ENDS[0], "vmk1", BUSY), traffic(ENDS[1], "vmk1", 50), traffic(ENDS[1], "vmk0", BUSY))[0]
        == "elsewhere"
    )


def test_storage_traffic_that_was_there_before_is_not_the_migration():
    adapters = [traffic(one, "vmk3", 900_000, before=900_000) for one in ENDS]
    assert verdict(*adapters, *(traffic(one, "vmk1", 50) for one in ENDS))[0] == "nothing_seen"
    assert verdict(*adapters, *(traffic(one, "vmk1", BUSY) for one in ENDS))[0] == "as_planned"


def test_nothing_seen():
    found, said = verdict(*(traffic(one, "vmk1", 60) for one in ENDS))
    assert found == "nothing_seen"
    assert "no adapter of esx01 transmitted 1.0 MB/s more than before" in said


def test_physical_adapters_where_no_vmk_is_counted():
    assert verdict(*(traffic(one, "vmnic2", BUSY) for one in ENDS))[0] == "as_planned"
    assert (
        verdict(*(traffic(one, nic, rate) for one in ENDS for nic, rate in (("vmnic2", 50), ("vmnic0", BUSY))))[0]
        == "elsewhere"
    )


def test_what_is_not_counted_is_unknown():
    found, said = verdict()
    assert found == "unknown"
    assert "esx01 has no samples of vmk1" in said
    assert verdict(*(traffic(one, "vmk7", BUSY) for one in ENDS))[0] == "unknown"
    assert verdict(traffic(ENDS[0], "vmk1", BUSY))[0] == "as_planned", "one end is enough"


def test_the_busiest_comes_first():
    few, many = traffic(ENDS[0], "vmk0", 60), traffic(ENDS[0], "vmk1", BUSY)
    other = traffic(ENDS[1], "vmk1", 60)
    assert by_host([few, other, many]) == (many, few, other)


def test_the_ends_of_a_plan():
    adapters = [vmk(n, "vmk1", "vmotion", uplinks=["vmnic2", "vmnic3"]) for n in (1, 2)]
    source, destination = ends_of(plan_migration(estate(adapters=adapters), "web01", to_host="esx02"))
    assert (source.host_id, source.counter, source.devices) == ("host-1", TRANSMITTED, {"vmk1"})
    assert (destination.host_id, destination.counter) == ("host-2", RECEIVED)
    assert destination.uplinks == {"vmnic2", "vmnic3"}


def test_a_plan_of_control_traffic_alone_has_no_ends():
    inv = estate(machine(power_state="stopped"), adapters=[*full(1), *full(2)], hosts=[host(1), host(2)])
    assert ends_of(plan_migration(inv, "web01", to_host="esx02")) == ()
    assert ends_of(plan_migration(inv, "web01", to_datastore="other")) == ()
