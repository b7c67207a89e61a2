"""Charts: the numbers in them are right, their data are bounded, and nothing is read."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

import altair
import attrs
import pytest

import hybridinv as hi
from hybridinv import charts
from large_estate import large_estate

NOW = datetime(2026, 1, 15, tzinfo=UTC)
OF_INVENTORY = (charts.agents, charts.capacity, charts.extension_versions, charts.link_speeds, charts.snapshot_age)


@pytest.fixture(scope="module")
def demo() -> hi.Inventory:
    return hi.demo()


@pytest.fixture(scope="module")
def large() -> hi.Inventory:
    return large_estate(10_000)


def data(chart: Any) -> list[dict[str, Any]]:
    """All rows that a chart holds; making them checks the chart against the schema of Vega-Lite."""

    def inside(spec: Any) -> list[dict[str, Any]]:
        if isinstance(spec, dict):
            own = spec.get("data", {}).get("values", [])
            return own + [row for key, one in spec.items() if key != "data" for row in inside(one)]
        return [row for one in spec for row in inside(one)] if isinstance(spec, list) else []

    made = chart.to_dict()
    named = [row for rows in made.pop("datasets", {}).values() for row in rows]
    return named + inside(made)


def identity(kind: str, number: int = 0, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"vsphere://x/{kind}-{number}",
        "name": f"{kind}{number}",
        "platform": "vsphere",
        "source": "vc",
    } | fields


def vm(number: int = 0, **fields: Any) -> hi.VirtualMachine:
    return hi.VirtualMachine(**identity("vm", number, **fields))


def host(number: int = 0, **fields: Any) -> hi.Host:
    return hi.Host(**identity("host", number, **fields))


def cluster(number: int = 0, **fields: Any) -> hi.Cluster:
    return hi.Cluster(**identity("domain", number, **fields))


def subtitle(chart: Any) -> str:
    return str(chart.to_dict()["title"].get("subtitle", ""))


@pytest.mark.parametrize("draw", OF_INVENTORY)
def test_each_is_a_chart_of_the_demo_and_of_nothing(draw: Any, demo: hi.Inventory) -> None:
    assert data(draw(demo))
    chart = draw(hi.Inventory())
    assert isinstance(chart, altair.TopLevelMixin)
    assert [row for row in data(chart) if row != {"days": 3}] == []


@pytest.mark.parametrize("draw", OF_INVENTORY)
def test_a_large_estate_makes_no_large_chart(draw: Any, large: hi.Inventory) -> None:
    assert 0 < len(data(draw(large))) <= 1000


def test_capacity_counts_running_machines_and_adds_up_hosts() -> None:
    inv = hi.Inventory(
        clusters=[cluster(1, memory_bytes=64 * 2**30, cpu_cores=16), cluster(2)],
        hosts=[host(1, cluster_id="vsphere://x/domain-2", memory_bytes=32 * 2**30, cpu_cores=8)],
        vms=[
            vm(1, cluster_id="vsphere://x/domain-1", power_state="running", memory_bytes=8 * 2**30, cpus=4),
            vm(2, cluster_id="vsphere://x/domain-1", power_state="stopped", memory_bytes=8 * 2**30, cpus=4),
            vm(3, host_id="vsphere://x/host-1", power_state="running", memory_bytes=2**30, cpus=2),
            vm(4, power_state="running", memory_bytes=2**30, cpus=2),
        ],
    )
    found = {(row["cluster"], row["measure"], row["what"]): row["amount"] for row in data(charts.capacity(inv))}
    assert found == {
        ("domain1", "memory", "hosts"): 64, ("domain1", "memory", "running machines"): 8,
        ("domain1", "CPU", "hosts"): 16, ("domain1", "CPU", "running machines"): 4,
        ("domain2", "memory", "hosts"): 32, ("domain2", "memory", "running machines"): 1,
        ("domain2", "CPU", "hosts"): 8, ("domain2", "CPU", "running machines"): 2,
    }  # fmt: skip


def test_capacity_says_what_it_leaves_out() -> None:
    inv = hi.Inventory(clusters=[cluster(number, memory_bytes=number * 2**30) for number in range(1, 51)])
    chart = charts.capacity(inv)
    assert len({row["cluster"] for row in data(chart)}) == 40
    assert subtitle(chart) == "10 clusters not shown"
    assert "domain1" not in {row["cluster"] for row in data(chart)}


def test_the_oldest_snapshots_come_first_and_the_others_are_counted() -> None:
    ages = [*range(50), None]
    snapshots = [
        hi.Snapshot(name=f"s{age}", created_at=None if age is None else NOW - timedelta(days=age)) for age in ages
    ]
    chart = charts.snapshot_age(hi.Inventory(vms=[vm(snapshots=snapshots)], taken_at=NOW))
    rows = [row for row in data(chart) if "snapshot" in row]
    assert [row["snapshot"] for row in rows[:2]] == ["vm0: s49", "vm0: s48"]
    assert len(rows) == 40
    assert subtitle(chart) == "51 snapshots; 10 younger snapshots not shown; 1 without a date"
    assert {row["old"] for row in rows if row["days"] > 3} == {"over 3 days"}


def test_a_snapshot_of_three_days_is_not_too_old(demo: hi.Inventory) -> None:
    young = hi.Snapshot(name="s", created_at=NOW - timedelta(days=3), size_bytes=2**31)
    rows = data(charts.snapshot_age(hi.Inventory(vms=[vm(snapshots=[young])], taken_at=NOW)))
    assert {"snapshot": "vm0: s", "days": 3, "size": 2, "old": "younger"} in rows
    (old,) = [row for row in data(charts.snapshot_age(demo)) if "snapshot" in row]
    assert (round(old["days"], 1), old["old"]) == (36.9, "over 3 days")


def test_every_machine_but_templates_has_its_agent_counted(demo: hi.Inventory) -> None:
    rows = data(charts.agents(demo))
    assert sum(row["machines"] for row in rows) == len([one for one in demo.vms if not one.is_template])
    found = {(row["agent"], row["status"]): row["machines"] for row in rows}
    assert found["azure-arc: connected-machine-agent", "expired"] == 1
    assert found["vsphere: vmware-tools", "not_installed"] == 1
    assert {row["status"] for row in data(charts.agents(hi.Inventory(vms=[vm()])))} == {"unknown"}


def test_versions_are_compared_as_versions() -> None:
    versions = ["1.9", "1.10", "1.10", "", *(f"0.{number}" for number in range(12))]
    inv = hi.Inventory(
        extensions=[
            hi.Extension(**identity("e", number), publisher="P", type="T", version=one)
            for number, one in enumerate(versions)
        ]
    )
    rows = data(charts.extension_versions(inv))
    assert [(row["version"], row["state"], row["machines"]) for row in rows[:3]] == [
        ("1.10", "newest here", 2), ("1.9", "older", 1), ("0.11", "older", 1),
    ]  # fmt: skip
    assert rows[-1]["machines"] + sum(row["machines"] for row in rows[:-1]) == len(versions)
    assert len(rows) == 9


def test_each_service_of_an_adapter_counts_with_its_speed(demo: hi.Inventory) -> None:
    found = {(row["service"], row["speed"]): row["adapters"] for row in data(charts.link_speeds(demo))}
    assert found["Production: vmotion", "25 Gbit/s"] == 3
    assert found["Branch: management", "1 Gbit/s"] == 2
    adapters = [
        hi.VMkernelAdapter(**identity("vmk", number), host_id="vsphere://x/host-1", services=services,
                           link_speed_mbps=speed)
        for number, (services, speed) in enumerate([({"vmotion", "management"}, 0), (set(), None), ({"vmotion"}, 2500)])
    ]  # fmt: skip
    rows = data(charts.link_speeds(hi.Inventory(vmkernel_adapters=adapters, hosts=[host(1)])))
    assert {(row["service"], row["speed"]) for row in rows} == {
        ("no cluster: vmotion", "down"), ("no cluster: management", "down"), ("no cluster: no service", "not known"),
        ("no cluster: vmotion", "2.5 Gbit/s"),
    }  # fmt: skip


def measured(machines: int, points: int, **fields: Any) -> hi.Records[hi.MetricSample]:
    defaults = {"counter": "cpu_percent", "unit": "%", "average": 50.0, "minimum": 10.0, "maximum": 90.0}
    return hi.Records(hi.MetricSample, [
        hi.MetricSample(vm_id=f"/vms/vm{machine}", at=NOW + timedelta(minutes=point), **defaults | fields)
        for machine in range(machines) for point in range(points)
    ])  # fmt: skip


def test_few_measurements_are_shown_as_they_are() -> None:
    rows = data(measured(2, 3).plot())
    assert len(rows) == 6
    assert rows[0] == {
        "counter": "cpu_percent (%)", "machine": "vm0", "at": "2026-01-15T00:00:00+00:00", "mean": 50, "minimum": 10,
        "maximum": 90,
    }  # fmt: skip
    assert subtitle(measured(2, 3).plot()) == ""


def test_many_measurements_are_averaged_and_none_is_lost() -> None:
    records = [attrs.evolve(one, average=float(number % 2 * 100)) for number, one in enumerate(measured(3, 10_000))]
    chart = charts.samples(records)
    rows = data(chart)
    assert len(rows) <= 5000
    assert {row["machine"] for row in rows} == {"vm0", "vm1", "vm2"}
    assert {round(row["mean"], 1) for row in rows if row["machine"] == "vm1"} == {46.7, 53.3, 50}
    assert subtitle(chart) == "means of 15 min"
    assert max(row["at"] for row in rows) > (NOW + timedelta(minutes=9_980)).isoformat()


def test_of_many_machines_the_busiest_are_shown() -> None:
    records = [attrs.evolve(one, average=float(one.vm_id[7:])) for one in measured(100, 2)]
    chart = charts.samples(records)
    assert {row["machine"] for row in data(chart)} == {f"vm{number}" for number in range(76, 100)}
    assert subtitle(chart) == "of each counter the 24 highest of up to 100 machines"


def test_of_many_counters_some_are_shown() -> None:
    records = [attrs.evolve(one, counter=f"c{number}") for number in range(9) for one in measured(1, 2)]
    chart = charts.samples(records)
    assert len({row["counter"] for row in data(chart)}) == 6
    hint = "samples.where(counter=…) has one alone"
    assert subtitle(chart) == f"3 counters not shown (c6 (%), c7 (%), c8 (%)): {hint}"


def test_machines_are_counted_and_not_their_lines() -> None:
    records = [attrs.evolve(one, counter=f"c{number}") for number in range(6) for one in measured(76, 1)]
    assert subtitle(charts.samples(records)) == "of each counter the 4 highest of up to 76 machines"


def test_two_counters_under_one_word_are_two_panels() -> None:
    records = [attrs.evolve(one, raw_name=raw, average=value) for raw, value in (("a", 0.0), ("b", 100.0))
               for one in measured(1, 1)]  # fmt: skip
    assert {(row["counter"], row["mean"]) for row in data(charts.samples(records))} == {
        ("cpu_percent (%): a", 0), ("cpu_percent (%): b", 100),
    }  # fmt: skip


def test_an_inventory_gives_the_machines_their_names() -> None:
    inv = hi.Inventory(vms=[attrs.evolve(vm(), id="/vms/vm0", name="web01")])
    assert {row["machine"] for row in data(measured(2, 1).plot(inv))} == {"web01", "vm1"}


def test_an_empty_chart_says_so() -> None:
    assert subtitle(charts.samples([])) == "no samples"


def test_bytes_are_shown_as_gib_and_what_is_not_known_is_left_out() -> None:
    memory = {"counter": "memory_available_bytes", "unit": "bytes", "average": None, "minimum": None, "maximum": None}
    rows = data(charts.samples([*measured(1, 1, **memory, last=2.0**31), *measured(1, 1, **memory)]))
    assert [(row["counter"], row["mean"], row["minimum"], row["maximum"]) for row in rows] == [
        ("memory_available (GiB)", 2, 2, 2)
    ]
    assert data(charts.samples([hi.MetricSample(average=1.0)])) == []


def test_days_are_drawn_too() -> None:
    days = [
        hi.MetricSummary(vm_id="/vms/a", counter="cpu_percent", unit="%", day=date(2026, 1, day), mean=5.0, maximum=9.0)
        for day in (2, 1)
    ]
    rows = data(hi.Records(hi.MetricSummary, days).plot())
    assert [(row["at"][:10], row["mean"], row["maximum"]) for row in rows] == [
        ("2026-01-01", 5, 9),
        ("2026-01-02", 5, 9),
    ]


def test_machines_whose_ids_end_alike_are_told_apart() -> None:
    twins = [attrs.evolve(one, vm_id=f"/{group}/web01") for group in "ab" for one in measured(1, 1)]
    assert {row["machine"] for row in data(charts.samples(twins))} == {"/a/web01", "/b/web01"}


@pytest.mark.parametrize("records", [hi.Records(hi.VirtualMachine), hi.Records(hi.Finding, [hi.Finding()])])
def test_records_without_a_picture_say_where_there_is_one(records: hi.Records[Any]) -> None:
    with pytest.raises(hi.NotSupported, match="no chart of their own") as caught:
        records.plot()
    assert "hi.charts" in caught.value.remedy
    assert "to_pandas" in caught.value.remedy


def test_a_list_of_something_else_is_refused() -> None:
    with pytest.raises(hi.NotSupported, match="VirtualMachine"):
        charts.samples([vm()])


def test_names_are_only_text() -> None:
    evil = "<script>alert(1)</script>\u202e\x1b" + "x" * 500
    inv = hi.Inventory(
        clusters=[cluster(1, name=evil, memory_bytes=1)], vms=[vm(snapshots=[hi.Snapshot(name=evil, created_at=NOW)])],
        extensions=[hi.Extension(**identity("e"), publisher=evil, type=evil, version="1")], taken_at=NOW,
    )  # fmt: skip
    for draw in (charts.capacity, charts.snapshot_age, charts.extension_versions):
        text = json.dumps(data(draw(inv)), ensure_ascii=False)
        assert not {"\u202e", "\x1b"} & set(text)
        assert len(text) < 3000


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch, demo: hi.Inventory) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(hi.MissingExtra, match=r"hybridinv\[report\]"):
        charts.agents(demo)
    with pytest.raises(hi.MissingExtra, match=r"hybridinv\[report\]"):
        measured(1, 1).plot()


def test_snapshots_and_clusters_with_one_name_are_bars_of_their_own() -> None:
    ages = (20, 10, -1)
    snapshots = [hi.Snapshot(name="before patches", created_at=NOW - timedelta(days=age)) for age in ages]
    chart = charts.snapshot_age(hi.Inventory(vms=[vm(snapshots=snapshots)], taken_at=NOW))
    bars = {row["snapshot"]: row["days"] for row in data(chart) if "snapshot" in row}
    assert sorted(bars.values()) == [0, 10, 20]
    assert "1 dated after the inventory" in subtitle(chart)
    places = ("vc01", "vc02", "vc02")
    inv = hi.Inventory(
        clusters=[cluster(n, name="Production", source=one, memory_bytes=2**30) for n, one in enumerate(places)],
        hosts=[host(n, cluster_id=f"vsphere://x/domain-{n}") for n in range(3)],
        vmkernel_adapters=[hi.VMkernelAdapter(**identity("vmk", n), host_id=f"vsphere://x/host-{n}") for n in range(3)],
    )
    names = ["Production (vc01)", "Production (vc02)", "Production (vc02) 2"]
    assert sorted({row["cluster"] for row in data(charts.capacity(inv))}) == names
    assert subtitle(charts.capacity(inv)) == ""
    assert {row["service"] for row in data(charts.link_speeds(inv))} == {f"{one}: no service" for one in names}


@pytest.mark.parametrize("draw", OF_INVENTORY)
def test_what_is_no_inventory_is_refused(draw: Any) -> None:
    with pytest.raises(hi.NotSupported, match="NoneType, not an Inventory"):
        draw(None)
