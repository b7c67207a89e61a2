"""Measurements with values and names that nobody should write: days, load and charts stand them."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta

import pytest

import hybridinv as hi

DAY = datetime(2026, 1, 5, tzinfo=UTC)
SCRIPT = "</script><script>alert(2)</script>"


def sample(**changes):
    values = {"vm_id": "/a/web01", "counter": "cpu_percent", "at": DAY, "interval_s": 60, "average": 1.0}
    return hi.MetricSample(**{**values, **changes})


def adapter(name, value, *, days=8):
    return [
        sample(
            counter="network_bytes_per_second", raw_name=rf"\Network Interface({name})\Bytes Total/sec",
            unit="bytes per second", at=DAY + timedelta(hours=hour), interval_s=3600, average=value,
        )
        for hour in range(24 * days)
    ]  # fmt: skip


def idle(samples):
    cpu = [sample(at=DAY + timedelta(hours=hour), interval_s=3600) for hour in range(24 * 8)]
    return [one.message for one in hi.check_load(cpu + samples) if one.code == "MachineIdle"]


def test_the_traffic_of_adapters_is_added_up():
    assert len(idle(adapter("one", 2_000.0) + adapter("two", 2_000.0))) == 1
    assert "4000 B/s of network" in idle(adapter("one", 2_000.0) + adapter("two", 2_000.0))[0]
    assert idle([one for number in range(20) for one in adapter(number, 400.0)]) == []
    assert idle(adapter("busy", 1e8) + [one for number in range(20) for one in adapter(number, 0.0)]) == []


def test_idle_is_said_of_the_time_that_all_counters_cover():
    assert "was idle over 8 days" in idle(adapter("one", 0.0))[0]
    assert "was idle over 24 hours" in idle(adapter("one", 0.0, days=1))[0]


@pytest.mark.parametrize("values", [(1.7e308, 1.7e308), (1.7e308, 1.7e308, -1.7e308)])
def test_values_whose_sum_is_beyond_a_float_have_a_mean(values):
    several = [sample(average=value, at=DAY + timedelta(minutes=number)) for number, value in enumerate(values)]
    (found,) = hi.daily_summaries(several)
    assert found.mean == pytest.approx(1.7e308 * (1 if len(values) == 2 else 1 / 3))


def test_a_chart_shows_no_script():
    pytest.importorskip("altair")
    one = sample(vm_id=f"/a/b {SCRIPT}", counter="", raw_name=SCRIPT, unit=SCRIPT)
    several = [sample(counter=f"{number}{SCRIPT}", vm_id=SCRIPT.replace("/", "")) for number in range(9)]
    for records in (hi.Records(hi.MetricSample, [one]), hi.Records(hi.MetricSample, several)):
        page = records.plot().to_html()
        assert "alert(2)" in page
        assert "<script>alert" not in page
        assert "</script>" not in page.partition("alert(2)")[0].rpartition("<script")[2]


def test_charts_of_an_inventory_show_no_script():
    pytest.importorskip("altair")
    named = {"name": SCRIPT, "platform": "vsphere", "source": SCRIPT}
    inv = hi.Inventory(
        clusters=[hi.Cluster(id="c", **named), hi.Cluster(id="d", **named)],
        hosts=[hi.Host(id="h", cluster_id="c", memory_bytes=1, **named)],
        vmkernel_adapters=[hi.VMkernelAdapter(id="k", host_id="h", services=frozenset({SCRIPT}), **named)],
        vms=[hi.VirtualMachine(id="v", snapshots=[hi.Snapshot(name=SCRIPT, created_at=DAY)], **named)],
        extensions=[hi.Extension(id="e", publisher=SCRIPT, type=SCRIPT, version=SCRIPT, **named)],
        taken_at=DAY,
    )
    drawn = (hi.charts.capacity, hi.charts.snapshot_age, hi.charts.extension_versions, hi.charts.link_speeds)
    for draw in drawn:
        page = draw(inv).to_html()
        assert "script>alert(2)" in page
        assert "<script>alert" not in page


def test_a_chart_has_numbers_alone():
    pytest.importorskip("altair")
    odd = [
        sample(average=math.nan), sample(average=math.inf, at=DAY + timedelta(minutes=1)),
        sample(minimum=-math.inf, maximum=math.nan, at=DAY + timedelta(minutes=2)),
        sample(average=None, total=6.0, count=3, at=DAY + timedelta(minutes=3)),
    ]  # fmt: skip
    drawn = hi.Records(hi.MetricSample, odd).plot().to_dict()
    text = json.dumps(drawn, allow_nan=False)
    assert '"mean": 2.0' in text
