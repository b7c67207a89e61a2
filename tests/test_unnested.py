"""What records hold several of, as tables: one rule for their names, every item once, with what it is of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

import hybridinv as hi
from hybridinv import columns
from hybridinv.columns import arrow_schema, hints, is_mapping, item_type
from hybridinv.inventory import KINDS, every_table
from hybridinv.tables import query
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
    query(tables, "select count(*) from VM_DISKS d join hosts h on true")
    assert built == ["hosts", "vm_disks"]
    built.clear()
    assert len(query(tables, "show tables")) == len(TABLES)
    assert len(query(tables, "describe vm_disks")) == len(TABLES["vm_disks"].schema)
    assert built == ["vm_disks"]
    built.clear()
    # A name that is put together while the query runs could be any.
    assert query(tables, "select count(*) from query_table('v' || 'ms')").fetchall() == [(len(DEMO.vms),)]
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
