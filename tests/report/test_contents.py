"""What a report says: what was not read apart from what is not there, verdicts as the planners give them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import attrs
import openpyxl
import pytest
from hypothesis import given, settings

import hybridinv as hi
from hybridinv.report.contents import contents_of
from hybridinv.report.html import render
from hybridinv.report.parts import Cell, Tone
from hybridinv.report.sections import extensions
from hybridinv.report.sections.maintenance import host_plans
from hybridinv.report.seen import Reading
from planning.test_any_estate import estates
from report.filled_estate import filled_estate

if TYPE_CHECKING:
    from pathlib import Path

    from hybridinv.report.parts import Contents, Plain, Section, Table, Value

TAKEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
HERE = {"platform": "vsphere", "source": "vc01"}


@pytest.fixture(scope="module")
def demo() -> hi.Inventory:
    return hi.demo()


@pytest.fixture(scope="module")
def told(demo: hi.Inventory) -> Contents:
    return contents_of(demo)


def section(contents: Contents, id_: str) -> Section:
    return next(one for one in contents.sections if one.id == id_)


def table(contents: Contents, id_: str) -> Table:
    return next(one for part in contents.sections for one in part.tables if one.id == id_)


def plain(value: Value) -> Plain:
    return value.value if isinstance(value, Cell) else value


def rows(contents: Contents, id_: str) -> list[dict[str, Plain]]:
    found = table(contents, id_)
    return [dict(zip([one.name for one in found.columns], map(plain, row), strict=True)) for row in found.rows]


def vm(name: str, **fields: object) -> hi.VirtualMachine:
    return hi.VirtualMachine(**{"id": name, "name": name, "power_state": "running", **HERE, **fields})


def host(name: str, **fields: object) -> hi.Host:
    return hi.Host(**{"id": name, "name": name, "cluster_id": "c1", "connection_state": "connected", **HERE, **fields})


def vmk(host_id: str, device: str, *services: str, **fields: object) -> hi.VMkernelAdapter:
    given = {"ip_address": f"10.0.0.{len(host_id + device) + ord(host_id[-1])}", "subnet_mask": "255.255.255.0"}
    return hi.VMkernelAdapter(
        **{"id": f"{host_id}/{device}", "name": device, "device": device, "host_id": host_id, "services": services,
           "link_speed_mbps": 10000, **HERE, **given, **fields},
    )  # fmt: skip


def cluster(*names: str) -> hi.Cluster:
    return hi.Cluster(id="c1", name="Production", host_ids=names, drs_enabled=True, **HERE)


# what was not read


def test_an_incomplete_inventory_says_so_before_anything_else(demo: hi.Inventory, told: Contents) -> None:
    assert told.verdict == "INCOMPLETE: 2 problems"
    assert told.tone is Tone.BAD
    assert told.taken_at == demo.taken_at
    assert [one.id for one in told.sections[:2]] == ["summary", "unread"]
    first = told.sections[0].alerts[0]
    assert (first.section, first.text) == ("unread", "2 problems at 1 source: the inventory is incomplete")
    listed = rows(told, "problems")
    assert [(row["Of"], row["What happened"]) for row in listed] == [
        ("machines", "AccessDenied"),
        ("extensions", "AccessDenied"),
    ]


def test_sections_name_the_sources_that_they_lack_and_no_others(told: Contents) -> None:
    lacking = {one.id: one.unread for one in told.sections if one.unread}
    assert lacking["arc"] == ("machines of management.azure.com (Azure Arc): 1 problem (AccessDenied)",)
    assert lacking["extensions"] == ("extensions of management.azure.com (Azure Arc): 1 problem (AccessDenied)",)
    assert not {"vmkernel", "snapshots", "tools", "capacity"} & lacking.keys()


def test_what_nobody_asked_for_is_not_read_and_not_none() -> None:
    whole = contents_of(hi.Inventory(vms=[vm("web01")], asked=[asked_for("vms")], taken_at=TAKEN))
    assert table(whole, "vmkernel-matrix").empty == "Not read."
    assert table(whole, "datastores").empty == "Not read."
    assert table(whole, "snapshot-list").empty == "No machine has a snapshot."
    assert "VMkernel adapters of vSphere: not asked for" in section(whole, "vmkernel").unread
    (hosts,) = (one for one in section(whole, "summary").figures if one.label == "Hosts")
    assert hosts.value is None


def asked_for(*kinds: str) -> hi.Asked:
    return hi.Asked(kinds=kinds, **HERE)


def test_nothing_found_where_something_failed_is_not_called_none() -> None:
    problem = hi.Problem(kind="vms", error="AccessDenied", message="no", **HERE)
    contents = contents_of(hi.Inventory(vms=[], problems=[problem], asked=[asked_for("vms")], taken_at=TAKEN))
    assert table(contents, "snapshot-list").empty == "No machine has a snapshot among what could be read."
    assert table(contents, "machine-list").empty == "No machine among what could be read."


def test_a_complete_inventory_is_called_complete() -> None:
    contents = contents_of(hi.Inventory(vms=[vm("web01")], asked=[asked_for("vms")], taken_at=TAKEN))
    assert (contents.verdict, contents.tone) == ("Complete", Tone.GOOD)
    assert [note.text for note in section(contents, "unread").notes] == ["Nothing is missing of what was asked for."]


def test_an_inventory_that_nobody_was_asked_for_is_not_called_complete() -> None:
    contents = contents_of(hi.Inventory(vms=[vm("web01")], taken_at=TAKEN))
    assert (contents.verdict, contents.tone) == ("Made by hand", Tone.PLAIN)
    assert [note.text for note in section(contents, "unread").notes] == ["Nobody was asked."]


def test_without_arc_nobody_is_said_to_lack_it() -> None:
    contents = contents_of(hi.Inventory(vms=[vm("web01")], asked=[asked_for("vms")], taken_at=TAKEN))
    assert "Arc was not read" in section(contents, "arc").notes[0].text
    assert table(contents, "arc-machines").rows == ()
    assert table(contents, "arc-machines").empty == "Not read."
    assert section(contents, "arc").alerts == ()


# VMkernel services and paths


def test_a_host_without_vmotion_reaches_nobody_and_is_listed_first() -> None:
    hosts = [host("esx1"), host("esx2"), host("esx3")]
    adapters = [
        vmk("esx1", "vmk0", "management"), vmk("esx1", "vmk1", "vmotion"), vmk("esx1", "vmk2", "vSphereProvisioning"),
        vmk("esx2", "vmk0", "management", "vmotion"),
        vmk("esx3", "vmk0", "management"),
    ]  # fmt: skip
    inv = hi.Inventory(hosts=hosts, vmkernel_adapters=adapters, clusters=[cluster("esx1", "esx2", "esx3")])
    contents = contents_of(inv)
    matrix = rows(contents, "vmkernel-matrix")
    assert matrix[0]["Host"] == "esx3"
    by_name = {row["Host"]: row for row in matrix}
    assert by_name["esx3"]["vMotion to"] == "0 of 2 hosts"
    assert by_name["esx1"]["vMotion to"] == "1 of 2 hosts"
    assert by_name["esx2"]["Cold data over"] == "falls back to Management"
    assert (by_name["esx1"]["Provisioning"], by_name["esx2"]["Provisioning"]) == ("vmk2", "none")
    texts = [one.text for one in section(contents, "vmkernel").alerts]
    assert "1 ESXi host without a vMotion path to another host" in texts


def test_a_host_whose_adapters_were_not_read_gets_no_verdict() -> None:
    inv = hi.Inventory(
        hosts=[host("esx1"), host("esx2")],
        vmkernel_adapters=[vmk("esx2", "vmk0", "management", "vmotion")],
        clusters=[cluster("esx1", "esx2")],
    )
    by_name = {row["Host"]: row for row in rows(contents_of(inv), "vmkernel-matrix")}
    assert by_name["esx1"]["vMotion to"] is None
    assert by_name["esx1"]["Management"] is None
    assert by_name["esx2"]["vMotion to"] is None


def test_hosts_without_adapters_do_not_fall_back_to_anything() -> None:
    inv = hi.Inventory(hosts=[host("esx1"), host("esx2")], clusters=[cluster("esx1", "esx2")])
    assert section(contents_of(inv), "vmkernel").alerts == ()


def test_services_that_a_workbook_does_not_tell_are_not_none(demo: hi.Inventory, tmp_path: Path) -> None:
    hi.write_workbook(demo, tmp_path / "estate.xlsx")
    book = openpyxl.load_workbook(tmp_path / "estate.xlsx")
    for name in [one for one in book.sheetnames if one.startswith("hv")]:
        del book[name]
    book.save(tmp_path / "rvtools.xlsx")
    contents = contents_of(hi.read_workbook(tmp_path / "rvtools.xlsx"))
    assert section(contents, "vmkernel").alerts == ()
    services = [tuple(row.values())[1:] for row in rows(contents, "vmkernel-matrix")]
    assert set(services) == {(None, None, None, None, None)}
    assert {row["Verdict"] for row in rows(contents, "between-clusters")} == {None}
    # Neither are hosts ready for maintenance because rules and services are not known.
    verdicts = {row["Verdict"] for row in rows(contents, "maintenance-hosts")}
    assert verdicts == {"not feasible", "can go as far as is known"}


def test_a_machine_whose_fate_is_not_known_leaves_its_host_in_doubt() -> None:
    lone = vm("web01", host_id="esx1", power_state="unknown")
    inv = hi.Inventory(hosts=[host("esx1"), host("esx2")], vms=[lone], clusters=[cluster("esx1", "esx2")])
    by_name = {row["Host"]: row["Verdict"] for row in rows(contents_of(inv), "maintenance-hosts")}
    assert by_name["esx1"] == "can go as far as is known"


def test_what_is_odd_about_a_record_is_in_the_report() -> None:
    odd = hi.Problem(source="vc01", platform="vsphere", error="UnexpectedAnswer", message="no disks in it")
    contents = contents_of(hi.Inventory(vms=[vm("web01", problems=(odd,))], asked=[asked_for("vms")], taken_at=TAKEN))
    assert contents.verdict == "Complete"
    assert rows(contents, "odd-records")[0]["Record"] == "web01"
    assert [one.text for one in section(contents, "unread").alerts] == ["1 record of which not all could be read"]


def test_cores_of_a_physical_server_are_no_virtual_ones() -> None:
    server = vm("metal", cpus=64, is_virtual=False, platform="azure-arc")
    contents = contents_of(hi.Inventory(vms=[vm("web01", cpus=4), server], taken_at=TAKEN))
    values = {one.label: (one.value, one.more) for one in section(contents, "summary").figures}
    assert values["Virtual CPUs"] == (4, "of all virtual machines")


def test_a_dead_link_and_an_unknown_speed_are_told_apart() -> None:
    inv = hi.Inventory(
        hosts=[host("esx1"), host("esx2")],
        vmkernel_adapters=[
            vmk("esx1", "vmk0", "management", link_speed_mbps=0),
            vmk("esx2", "vmk0", "management", link_speed_mbps=None),
        ],
        clusters=[cluster("esx1", "esx2")],
    )
    found = table(contents_of(inv), "vmkernel-matrix")
    place = [one.name for one in found.columns].index("Management")
    more = {str(plain(row[0])): row[place] for row in found.rows}
    assert isinstance(more["esx1"], Cell)
    assert isinstance(more["esx2"], Cell)
    assert more["esx1"].more.startswith("link down")
    assert more["esx2"].more.startswith("speed not known")


def test_the_verdicts_are_those_of_the_matrix(demo: hi.Inventory, told: Contents) -> None:
    paths = hi.migration_matrix(demo)
    for row in rows(told, "vmkernel-matrix"):
        hot = [
            one for one in paths if one.source_host_name == row["Host"] and one.cluster_id and one.purpose == "vmotion"
        ]
        count = f"{len(hot)} host" if len(hot) == 1 else f"{len(hot)} hosts"
        assert row["vMotion to"] == f"{sum(one.feasible for one in hot)} of {count}"
    counted = {row["Finding"]: row["Paths"] for row in rows(told, "path-findings")}
    for code, count in counted.items():
        assert count == sum(any(one.code == code for one in path.findings) for path in paths)


# maintenance


@pytest.mark.parametrize("make", ["demo", "standalone", "filled"])
def test_each_host_is_planned_as_plan_maintenance_does_it(make: str, demo: hi.Inventory) -> None:
    inv = {"demo": lambda: demo, "standalone": standalone, "filled": filled_estate}[make]()
    planned = list(host_plans(Reading(inv)))
    assert [one.name for one, _ in planned] == [one.name for one in inv.hosts]
    for one, plan in planned:
        whole = hi.plan_maintenance(inv, [one])
        assert plan.feasible == whole.feasible, one.name
        assert plan.findings == whole.findings
        assert [_without_others(impact) for impact in plan.impacts] == [_without_others(i) for i in whole.impacts]


def _without_others(impact: hi.Impact) -> hi.Impact:
    # Which records are one machine is not looked up host by host.
    return attrs.evolve(impact, other_ids=())


def standalone() -> hi.Inventory:
    """Two hosts of one datacenter, each alone in its compute resource, and one elsewhere; a shared datastore."""
    names = ("esx1", "esx2", "esx3")
    disk = hi.Disk(name="disk", datastore_id="ds1", path="[san] web01/web01.vmdk", capacity_bytes=2**30)
    return hi.Inventory(
        hosts=[
            host(name, cluster_id=f"r-{name}", location="A" if name != "esx3" else "B", memory_bytes=2**36,
                 power_state="running")
            for name in names
        ],
        clusters=[hi.Cluster(id=f"r-{name}", name=name, host_ids=(name,), **HERE) for name in names],
        vms=[vm("web01", host_id="esx1", memory_bytes=2**30, disks=[disk]), vm("web02", host_id="esx3")],
        vmkernel_adapters=[vmk(name, "vmk0", "management", "vmotion") for name in names],
        datastores=[hi.Datastore(id="ds1", name="san", host_ids=("esx1", "esx2"), accessible=True, **HERE)],
        problems=[
            hi.Problem(kind="vms", scope="web02", error="UnexpectedAnswer", message="odd", **HERE),
            hi.Problem(kind="networks", scope="x", error="AccessDenied", message="no", **HERE),
        ],
        taken_at=TAKEN,
    )  # fmt: skip


def test_every_machine_is_counted_once_in_the_exposure(demo: hi.Inventory, told: Contents) -> None:
    (chart,) = section(told, "maintenance").bars
    twice = Reading(demo).repeated
    own = [one for one in demo.vms if one.id not in twice]
    assert sum(bar.count for bar in chart.bars) == len(own)


def test_machines_that_stop_come_before_those_that_only_stay(told: Contents) -> None:
    effects = [row["Effect"] for row in rows(told, "maintenance-machines")]
    assert effects[:3] == ["stops", "stops", "stops"]
    named = {row["Machine"] for row in rows(told, "maintenance-machines")}
    assert "sql01" in named
    assert not {"web01", "template-ubuntu-24.04", "build01"} & named


# the rest


def test_arc_coverage_is_that_of_the_function(demo: hi.Inventory, told: Contents) -> None:
    listed = rows(told, "arc-machines")
    coverage = hi.arc_coverage(demo)
    assert sorted((str(row["Machine"]), str(row["State"])) for row in listed) == sorted(
        (one.name, one.state.replace("_", " ")) for one in coverage
    )
    assert listed[0]["State"] == "stale"


def test_findings_of_agents_go_to_the_section_of_their_subject(demo: hi.Inventory, told: Contents) -> None:
    shown = [
        row["Finding"] for id_ in ("agent-findings", "extension-findings", "tools-findings") for row in rows(told, id_)
    ]
    due = [one.code for one in hi.check_agents(demo) if one.subject_id]
    assert sorted(map(str, shown)) == sorted(due)
    assert {row["Finding"] for row in rows(told, "tools-findings")} == {"ToolsOutdated", "AgentMissing"}


def test_extensions_that_could_not_be_read_are_not_said_to_be_missing(demo: hi.Inventory, told: Contents) -> None:
    for row in rows(told, "extension-types"):
        cells = [
            one for one in hi.extension_matrix(demo)
            if one.type == row["Type"] and one.state not in ("missing", "not_read")
            and {"Azure": "azure", "Azure Arc": "azure-arc", "Azure Stack Hub": "azure-stack-hub"}[str(row["Platform"])]
            == one.platform
        ]  # fmt: skip
        assert row["On"] == len(cells)
    lost = attrs.evolve(demo.problems[0], kind="extensions", scope="", platform="azure", message="x")
    parts = hi.Inventory(vms=demo.vms, extensions=demo.extensions, problems=[lost], asked=demo.asked)
    by_platform = {(row["Platform"], row["Type"]): row for row in rows(contents_of(parts), "extension-types")}
    assert by_platform["Azure", "CustomScriptExtension"]["Without"] == 0
    assert by_platform["Azure", "CustomScriptExtension"]["Not read"] == 5


def test_snapshots_have_the_age_they_had_when_the_inventory_was_taken() -> None:
    ages = [timedelta(hours=1), timedelta(hours=73), timedelta(days=40)]
    made = [hi.Snapshot(name=f"s{number}", created_at=TAKEN - age) for number, age in enumerate(ages)]
    inv = hi.Inventory(vms=[vm("web01", snapshots=[*made, hi.Snapshot(name="when")])], taken_at=TAKEN)
    found = table(contents_of(inv), "snapshot-list")
    cells = [row[3] for row in found.rows]
    assert [(one.value, one.tone) if isinstance(one, Cell) else one for one in cells[:3]] == [
        (40.0, Tone.BAD), (pytest.approx(73 / 24), Tone.WARNING), (pytest.approx(1 / 24), Tone.PLAIN),
    ]  # fmt: skip
    assert cells[3] is None
    assert [one.text for one in section(contents_of(inv), "snapshots").alerts] == ["2 snapshots older than 72 hours"]


def test_a_sum_of_which_a_part_is_unknown_is_unknown() -> None:
    hosts = [host("esx1", cpu_cores=8, memory_bytes=2**36), host("esx2", cpu_cores=None, memory_bytes=2**36)]
    inv = hi.Inventory(
        hosts=hosts, clusters=[cluster("esx1", "esx2")],
        vms=[vm("a", host_id="esx1", cpus=4, memory_bytes=None), vm("b", host_id="esx2", cpus=4, memory_bytes=2**30)],
    )  # fmt: skip
    (row,) = rows(contents_of(inv), "clusters")
    assert row["Cores"] is None
    assert row["Virtual CPUs"] == 8
    assert row["Virtual CPUs per core"] is None
    assert row["Memory installed"] == 2**37
    assert row["Memory configured"] is None


@pytest.mark.parametrize(("free", "tone"), [(149, Tone.BAD), (150, Tone.PLAIN), (None, Tone.PLAIN)])
def test_a_datastore_is_short_below_fifteen_percent(free: int | None, tone: Tone) -> None:
    store = hi.Datastore(id="d", name="san", capacity_bytes=1000, free_bytes=free, **HERE)
    found = table(contents_of(hi.Inventory(datastores=[store])), "datastores")
    used = found.rows[0][[one.name for one in found.columns].index("Used")]
    assert (used.tone if isinstance(used, Cell) else Tone.PLAIN) is tone


def test_a_machine_that_two_platforms_show_counts_once(demo: hi.Inventory, told: Contents) -> None:
    total = sum(int(str(row["Machines"])) for row in rows(told, "system-list"))
    assert total == 26
    (chart,) = section(told, "systems").bars
    assert sum(bar.count for bar in chart.bars) == total
    listed = {row["Machine"]: row for row in rows(told, "machine-list")}
    assert len(table(told, "machine-list").rows) == len(demo.vms)
    assert listed["web01"]["Also in"]


def test_every_table_has_its_own_name_and_whole_rows(told: Contents) -> None:
    tables = [one for part in told.sections for one in part.tables]
    ids = [one.id for one in tables] + [one.id for one in told.sections]
    assert len(set(ids)) == len(ids)
    for one in tables:
        assert one.caption
        assert {len(row) for row in one.rows} <= {len(one.columns)}, one.id


def test_the_contents_of_plans(demo: hi.Inventory) -> None:
    migration = hi.plan_migration(demo, "build01", to_host="esx11.example.test", to_datastore="branch-san-01")
    told = contents_of(migration)
    assert (told.verdict, told.tone, told.taken_at) == ("NOT feasible", Tone.BAD, None)
    assert [row["Severity"] for row in rows(told, "finding-list")][:2] == ["blocker", "blocker"]
    assert len(table(told, "flows").rows) == len(migration.flows)
    maintenance = hi.plan_maintenance(demo, ["esx01.example.test", "esx03.example.test"])
    told = contents_of(maintenance)
    assert len(table(told, "impacts").rows) == len(maintenance.impacts)
    assert len(table(told, "moves").rows) == sum(len(step.moves) for step in maintenance.steps)
    nowhere = "00000000-0000-0000-0000-000000000000"
    target = hi.OnboardingTarget(
        subscription_id=nowhere, resource_group="rg", tenant_id=nowhere, location="westeurope"
    )  # fmt: skip
    onboarding = hi.plan_onboarding(demo, target)
    told = contents_of(onboarding)
    assert told.verdict == f"{len(onboarding.candidates)} to onboard"
    assert len(table(told, "skipped-list").rows) == len(onboarding.skipped)


def test_there_is_no_report_of_anything_else(demo: hi.Inventory) -> None:
    with pytest.raises(hi.NotSupported, match="no report of Records"):
        contents_of(demo.vms)  # type: ignore[arg-type]


def test_an_empty_inventory_has_a_report() -> None:
    contents = contents_of(hi.Inventory(taken_at=TAKEN))
    assert (contents.verdict, contents.tone) == ("Nothing was asked", Tone.PLAIN)
    assert all(one.rows == () for part in contents.sections for one in part.tables)


@settings(max_examples=60, deadline=None)
@given(estates())
def test_any_estate_has_a_report_that_agrees_with_the_planners(inv: hi.Inventory) -> None:
    contents = contents_of(inv)
    for part in contents.sections:
        for one in part.tables:
            assert {len(row) for row in one.rows} <= {len(one.columns)}, one.id
    verdicts = {row["Host"]: row["Verdict"] for row in rows(contents, "maintenance-hosts")}
    for one in inv.hosts:
        plan = hi.plan_maintenance(inv, [one])
        assert (verdicts[one.name] == "not feasible") == (not plan.feasible)
        if verdicts[one.name] == "can go":
            assert all(impact.effect != "unknown" for impact in plan.impacts)
    assert len(rows(contents, "vmkernel-matrix")) == len(inv.hosts)
    assert render(contents).endswith("</html>\n")


def test_hosts_of_a_platform_that_nobody_plans_for_do_not_stop_a_report() -> None:
    strange = hi.Host(id="h", name="kvm1", platform="kvm", source="x")
    machine = hi.VirtualMachine(id="v", name="vm1", platform="kvm", source="x", host_id="h")
    contents = contents_of(hi.Inventory(hosts=[strange], vms=[machine], taken_at=TAKEN))
    assert rows(contents, "maintenance-hosts") == []
    assert [row["Machine"] for row in rows(contents, "machine-list")] == ["vm1"]


def test_the_summary_has_every_alert_with_its_section(told: Contents) -> None:
    own = [(part.id, one.text) for part in told.sections[1:] for one in part.alerts]
    assert [(one.section, one.text) for one in told.sections[0].alerts] == own
    assert {
        ("vmkernel", "2 ESXi hosts whose cold data falls back to Management"),
        ("maintenance", "6 hosts not ready for maintenance"),
        ("arc", "3 machines disconnected from Arc, expired or in error"),
        ("arc", "5 machines that could be Arc-enabled and are not"),
        ("extensions", "2 extensions failed, or in error"),
        ("tools", "1 running machine without running VMware Tools"),
    } <= set(own)


def test_a_number_of_which_nothing_is_known_is_not_nought() -> None:
    store = hi.Datastore(id="d", name="san", **HERE)
    contents = contents_of(hi.Inventory(vms=[vm("web01"), vm("web02", cpus=4)], datastores=[store], taken_at=TAKEN))
    values = {one.label: (one.value, one.more) for one in section(contents, "summary").figures}
    assert values["Virtual CPUs"] == (4, "known of 1 of 2 virtual machines")
    assert values["Memory of machines"] == (None, "known of 0 of 2 machines")
    assert values["Storage"][0] is None


def test_a_matrix_that_is_left_out_does_not_say_that_there_is_nothing(
    demo: hi.Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extensions, "_MOST_CELLS", 10)
    found = table(contents_of(demo), "extension-matrix")
    assert (len(found.rows), found.empty.partition(":")[0]) == (0, "Left out")
