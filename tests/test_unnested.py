"""What records hold several of, as tables: one rule for their names, every item once, with what it is of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

import hybridinv as hi
from hybridinv import columns
from hybridinv.columns import arrow_schema, hints, is_mapping, item_type
from hybridinv.inventory import KINDS, every_table
from hybridinv.tables import run_query
from hybridinv.unnested import Unnested, singular, unnested
from large_estate import large_estate

DEMO = hi.demo()
TABLES = every_table(DEMO)


def machine(id_: str, **fields: object) -> hi.VirtualMachine:
    return hi.VirtualMachine(id=id_, name=f"name of {id_}", platform="vsphere", source="vc01", **fields)


INV = hi.Inventory(
    vms=[
        machine("a", disks=[hi.Disk(name="d1", capacity_bytes=5, chain=["x", "y"]), hi.Disk(name="d2")],
                tags={"env": "prod", "team": "web"}, ip_addresses=["192.0.2.1", "192.0.2.2"],
                nics=[hi.Nic(name="n1"), hi.Nic(name="n2", ip_addresses=["192.0.2.2"])],
                agent=hi.Agent(kind="vmware-tools", services={"vgauth": "running"}),
                snapshots=[hi.Snapshot(name="s", created_at=datetime(2026, 1, 2, tzinfo=UTC))],
                problems=[hi.Problem(platform="p", source="s", message="odd")]),
        machine("b"),
    ],
    clusters=[hi.Cluster(id="c", name="C", platform="vsphere", source="vc01",
                         rules=[hi.model.ClusterRule(name="r", kind="apart", vm_ids=["a", "b"])])],
    vmkernel_adapters=[hi.VMkernelAdapter(id="k", name="vmk0", platform="vsphere", source="vc01",
                                          services=["vmotion", "management"])],
)  # fmt: skip


def rows(sql: str, inv: hi.Inventory = INV) -> list[tuple[Any, ...]]:
    return inv.sql(sql).fetchall()


def test_items_have_their_parents_id_and_name_and_their_place() -> None:
    assert rows("select vm_id, vm_name, platform, source, position, name, capacity_bytes from vm_disks") == [
        ("a", "name of a", "vsphere", "vc01", 1, "d1", 5),
        ("a", "name of a", "vsphere", "vc01", 2, "d2", None),
    ]
    assert INV.sql("select * from vm_disks").columns == [
        "vm_id", "vm_name", "platform", "source", "position", *(field.name for field in attrs.fields(hi.Disk)),
    ]  # fmt: skip


def test_every_form_has_its_table() -> None:
    assert rows("select vm_id, position, name, value from vm_tags") == [
        ("a", 1, "env", "prod"),
        ("a", 2, "team", "web"),
    ]
    assert rows("select vm_id, position, ip_address from vm_ip_addresses order by 2") == [
        ("a", 1, "192.0.2.1"), ("a", 2, "192.0.2.2"),
    ]  # fmt: skip
    assert rows("select vm_id, kind, status from vm_agent") == [("a", "vmware-tools", "unknown"), ("b", "", "unknown")]
    services = rows(
        "select vmkernel_adapter_id, vmkernel_adapter_name, position, service from vmkernel_adapter_services"
    )
    assert services == [("k", "vmk0", 1, "management"), ("k", "vmk0", 2, "vmotion")]


def test_what_items_hold_is_told_with_the_item() -> None:
    assert rows("select vm_id, disk_position, disk_name, position, chain from vm_disk_chain") == [
        ("a", 1, "d1", 1, "x"), ("a", 1, "d1", 2, "y"),
    ]  # fmt: skip
    assert rows("select vm_id, nic_position, nic_name, position, ip_address from vm_nic_ip_addresses") == [
        ("a", 2, "n2", 1, "192.0.2.2")
    ]
    assert rows("select cluster_name, rule_name, position, vm_id from cluster_rule_vm_ids") == [
        ("C", "r", 1, "a"), ("C", "r", 2, "b"),
    ]  # fmt: skip
    assert rows("select vm_id, name, value from vm_agent_services") == [("a", "vgauth", "running")]


def test_a_field_of_the_items_own_goes_before_the_parents() -> None:
    assert rows("select vm_id, platform, source, message from vm_problems") == [("a", "p", "s", "odd")]


def counted(value: Any, path: tuple[str, ...]) -> int:
    """How many items there are, counted by hand."""
    if not path:
        return 1
    inner = getattr(value, path[0])
    if isinstance(inner, hi.Tags):
        return len(inner)
    if isinstance(inner, (tuple, frozenset)):
        return sum(counted(one, path[1:]) for one in inner)
    return counted(inner, path[1:])


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if isinstance(table, Unnested)])
def test_every_item_of_the_demo_is_there_once(name: str) -> None:
    table = TABLES[name]
    assert isinstance(table, Unnested)
    arrow = table.to_arrow()
    assert arrow.num_rows == sum(counted(record, table.path) for record in table.records)
    assert arrow.schema.equals(table.schema, check_metadata=True)
    assert len(set(arrow.column_names)) == len(arrow.column_names)
    assert all(field.metadata[b"description"] for field in arrow.schema)
    of = {record.id for record in table.records if hasattr(record, "id")}
    if of:
        (parent,) = (column.name for column in table.columns if column.level == 1 and column.field == "id")
        assert set(arrow[parent].to_pylist()) <= of
    arrow.validate(full=True)


def test_there_is_a_table_for_everything_nested() -> None:
    def nested(kind: type, path: tuple[str, ...]) -> list[tuple[str, ...]]:
        found = []
        for name, hint in hints(kind).items():
            inner = item_type(hint) or hint
            if inner is not hint or is_mapping(hint) or attrs.has(hint):
                found += [(*path, name), *(nested(inner, (*path, name)) if attrs.has(inner) else [])]
        return found

    for kind, record in KINDS.items():
        paths = {
            table.path
            for table in TABLES.values()
            if isinstance(table, Unnested) and table.records is DEMO.tables()[kind]
        }
        assert paths == set(nested(record, ())), kind
    names = list(TABLES)
    assert len(set(names)) == len(names)
    assert {"vm_disks", "vm_nics", "vm_snapshots", "vm_devices", "vm_partitions", "vm_tags", "vm_agent", "host_nics",
            "host_luns", "vmkernel_adapter_services", "switch_portgroups", "datastore_mounts",
            "cluster_rules"} <= set(names)  # fmt: skip


@pytest.mark.parametrize(
    ("many", "one"),
    [("vms", "vm"), ("vmkernel_adapters", "vmkernel_adapter"), ("capabilities", "capability"), ("services", "service"),
     ("ip_addresses", "ip_address"), ("address_prefixes", "address_prefix"), ("switches", "switch"), ("chain", "chain"),
     ("licenses", "license"), ("devices", "device"), ("address", "address")],
)  # fmt: skip
def test_singular(many: str, one: str) -> None:
    assert singular(many) == one


def test_an_unknown_table_is_answered_with_the_right_one_and_all_others() -> None:
    with pytest.raises(hi.QueryFailed, match="disks does not exist") as caught:
        INV.sql("select * from disks")
    assert caught.value.remedy.startswith("did you mean vm_disks")
    assert all(name in caught.value.remedy for name in TABLES)
    with pytest.raises(hi.QueryFailed) as caught:
        INV.sql("selec * from vms")
    assert "the tables are: hosts, vms" in caught.value.remedy
    assert "vm_disk_chain" not in caught.value.remedy


def test_only_the_tables_that_a_query_names_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []

    class Watched:
        def __init__(self, name: str, table: Any) -> None:
            self.name, self.table, self.schema = name, table, table.schema

        def to_arrow(self) -> Any:
            built.append(self.name)
            return self.table.to_arrow()

    tables: Any = {name: Watched(name, table) for name, table in TABLES.items()}
    run_query(tables, "select count(*) from VM_DISKS d join hosts h on true")
    assert built == ["hosts", "vm_disks"]
    built.clear()
    assert len(run_query(tables, "show tables")) == len(TABLES)
    assert len(run_query(tables, "describe vm_disks")) == len(TABLES["vm_disks"].schema)
    assert built == ["vm_disks"]
    built.clear()
    # A name that is put together while the query runs could be any.
    assert run_query(tables, "select count(*) from query_table('v' || 'ms')").fetchall() == [(len(DEMO.vms),)]
    assert set(built) == set(TABLES)


def test_the_library_s_own_variables_are_no_tables() -> None:
    for name in ("tables", "connection", "found", "self", "inv"):
        with pytest.raises(hi.QueryFailed, match="does not exist"):
            INV.sql(f"select * from {name}")


def test_a_record_without_id_is_told_by_its_place() -> None:
    matches = hi.same_machines(DEMO)
    assert rows("select same_machine_position, position, vm_id from same_machine_vm_ids", DEMO) == [
        (place, inner, vm_id) for place, one in enumerate(matches, 1) for inner, vm_id in enumerate(one.vm_ids, 1)
    ]
    kinds = rows("select platform, source, kind from asked_kinds", DEMO)
    assert set(kinds) == {(one.platform, one.source, kind) for one in DEMO.asked for kind in one.kinds}


def test_missing_records_inside_records_are_missing() -> None:
    @attrs.frozen
    class Flow:
        adapter: hi.Nic | None = None

    table = columns.arrow_table(Flow, [Flow(), Flow(hi.Nic(name="x"))])
    assert table.schema == arrow_schema(Flow)
    assert [row["adapter"] and row["adapter"]["name"] for row in table.to_pylist()] == [None, "x"]


def test_empty_kinds_have_their_tables() -> None:
    found = unnested(KINDS, hi.Inventory().tables())
    assert all(table.to_arrow().num_rows == 0 for table in found.values())


def test_ten_thousand_machines_are_all_there() -> None:
    estate = large_estate(10_000)
    disks = sum(len(vm.disks) for vm in estate.vms)
    (found,) = rows("select count(*), count(distinct vm_id) from vm_disks", estate)
    assert found == (disks, sum(1 for vm in estate.vms if vm.disks))


@pytest.mark.parametrize(
    "where",
    ["where table_name <> 'problems'", "where table_name not in ('vms', 'hosts')", "-- vms\n", "where 'asked' <> ''"],
)
def test_who_asks_what_there_is_is_told_all_whatever_else_is_named(where: str) -> None:
    names = {name for (name,) in rows(f"select table_name from information_schema.tables {where}")}
    assert len(names) >= len(TABLES) - 2
    assert {"vm_disks", "clusters", "asked_kinds"} <= names
    assert len(rows("select * from (show tables) where name <> 'vms'")) == len(TABLES) - 1


@pytest.mark.parametrize(
    ("sql", "said", "remedy"),
    [
        ("", "the query is empty", "SELECT"),
        ("-- vms", "the query is empty", "SELECT"),
        ("select 1; select 2", "2 statements", "SELECT"),
        ("drop view vms", "DROP is not allowed", "SELECT"),
        ("create table t (i int)", "CREATE is not allowed", "SELECT"),
        ("set threads = 1", "SET is not allowed", "SELECT"),
        ("select nme from vms", "nme", "describe"),
        ("select * from '/etc/passwd.csv'", "Permission Error", "reaches no file"),
        (None, "NoneType", "SELECT"),
    ],
)
def test_what_is_no_question_is_refused_and_told_what_to_do(sql: Any, said: str, remedy: str) -> None:
    with pytest.raises(hi.QueryFailed, match=said) as caught:
        INV.sql(sql)
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    "sql", ["pivot vms on platform using count(*)", "describe vms", "summarize vms", "explain select 1"]
)
def test_other_ways_to_ask_are_answered(sql: str) -> None:
    assert rows(sql)


def test_a_difference_of_moments_is_a_duration_in_every_table() -> None:
    inv = attrs.evolve(INV, taken_at=datetime(2026, 1, 22, tzinfo=UTC))
    answer = inv.sql("select taken_at - created_at as age, interval 1 month as month from vm_snapshots, inventory")
    assert answer.fetchall() == [(timedelta(days=20), timedelta(days=30))]
    assert answer.to_pandas()["age"][0] == timedelta(days=20)
    assert answer.to_polars()["age"][0] == timedelta(days=20)
    assert "20 days" in answer._repr_html_()


def test_maps_are_dictionaries_and_a_wide_answer_shows_ten_columns() -> None:
    assert rows("select tags from vms order by id") == [({"env": "prod", "team": "web"},), ({},)]
    page = INV.sql("select * from vms")._repr_html_()
    assert page.count("<th>") == 10
    assert f"{len(attrs.fields(hi.VirtualMachine)) - 10} more columns" in page


def test_an_inventory_says_when_it_was_taken() -> None:
    assert rows("select * from inventory") == [(INV.taken_at, True)]


def test_half_a_pair_of_surrogates_costs_nothing_else(tmp_path: Path) -> None:
    inv = hi.Inventory(
        vms=[machine("a\udc80", tags={"\udc80": "\udc81"}, disks=[hi.Disk(name="\udc82")]), machine("b")]
    )
    assert rows("select id from vms order by 1", inv) == [("a\\udc80",), ("b",)]
    assert rows("select vm_id, name from vm_disks", inv) == [("a\\udc80", "\\udc82")]
    assert rows("select name, value from vm_tags", inv) == [("\\udc80", "\\udc81")]
    hi.write_parquet(inv, tmp_path / "tables")
    inv.save(tmp_path / "estate.json")
    assert hi.load(tmp_path / "estate.json").vms["id"] == ("a\\udc80", "b")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"cpus": "4"}, "VirtualMachine 'name of a': cpus is '4'"),
        ({"cpus": True}, "cpus is True"),
        ({"cpus": 2**70}, "cpus is 1180591620717411303424"),
        ({"memory_bytes": 1.5}, "memory_bytes is 1.5"),
        ({"disks": [hi.Disk(name="d1"), hi.Disk(name="d2", capacity_bytes="5")]}, "Disk 'd2': capacity_bytes is '5'"),
        ({"ip_addresses": [None]}, "ip_addresses is None"),
        ({"created_at": "2026-01-01"}, "created_at is '2026-01-01'"),
    ],
)
def test_a_value_that_is_not_of_its_field_is_named_before_anything_is_written(
    fields: dict[str, Any], said: str, tmp_path: Path
) -> None:
    inv = hi.Inventory(vms=[machine("b"), machine("a", **fields)])
    with pytest.raises(hi.NotSupported, match=said):
        inv.save(tmp_path / "estate.json")
    assert list(tmp_path.iterdir()) == []
    if "memory_bytes" not in fields and "ip_addresses" not in fields:  # Arrow takes these
        with pytest.raises(hi.NotSupported, match=said):
            inv.sql("select * from vms join vm_disks on true")


def test_a_moment_without_a_zone_is_of_utc_everywhere(tmp_path: Path) -> None:
    snapshot = hi.Snapshot(name="s", created_at=datetime(2026, 1, 2, 3))  # noqa: DTZ001 - what it is about
    inv = hi.Inventory(vms=[machine("a", snapshots=[snapshot])], taken_at=datetime(2026, 1, 3))  # noqa: DTZ001
    assert inv.taken_at == datetime(2026, 1, 3, tzinfo=UTC)
    inv.save(tmp_path / "estate.json")
    assert hi.load(tmp_path / "estate.json") == inv
    assert rows("select created_at from vm_snapshots", inv) == [(datetime(2026, 1, 2, 3, tzinfo=UTC),)]
    hi.write_csv(inv, tmp_path / "csv")
    assert "2026-01-02T03:00:00Z" in (tmp_path / "csv" / "vm_snapshots.csv").read_text()


def test_every_moment_of_every_record_gets_its_zone() -> None:
    kinds = {one for one in vars(hi.model).values() if isinstance(one, type) and attrs.has(one)}
    moments = [(kind, field) for kind in kinds for field in attrs.fields(kind) if "datetime" in str(field.type)]
    moments = [(kind, field) for kind, field in moments if not field.name.endswith("_on")]
    assert len(moments) > 10
    assert [(kind, field.name) for kind, field in moments if field.converter is None] == []
