"""Records[T]: a sequence with get, find, where; and a table whose schema is the record's."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from typing import Any

import attrs
import duckdb
import numpy
import pandas
import polars
import pyarrow
import pytest

import hybridinv as hi
from hybridinv.columns import arrow_schema


def machine(id_: str, name: str = "vm", **fields: object) -> hi.VirtualMachine:
    return hi.VirtualMachine(id=id_, name=name, platform="vsphere", source="vc01", **fields)


VMS = hi.Records(
    hi.VirtualMachine,
    [
        machine("a", "web01", cpus=4, power_state="running", created_at=datetime(2026, 1, 2, tzinfo=UTC),
                disks=[hi.Disk(name="d1", capacity_bytes=2**40), hi.Disk(name="d2")], tags={"env": "prod"}),
        machine("b", "web02", cpus=8, power_state="stopped"),
        machine("c", "twin"),
        machine("d", "twin", ip_addresses=["192.0.2.1"]),
    ],
)  # fmt: skip


def test_it_is_a_sequence_that_can_be_read_twice() -> None:
    assert [vm.id for vm in VMS] == [vm.id for vm in VMS] == ["a", "b", "c", "d"]
    assert (len(VMS), VMS[0].id, VMS[-1].id) == (4, "a", "d")
    assert isinstance(VMS[1:3], hi.Records)
    assert [vm.id for vm in VMS[1:3]] == ["b", "c"]
    assert VMS[0] in VMS
    assert pickle.loads(pickle.dumps(VMS)) == VMS
    assert repr(VMS) == "<Records[VirtualMachine]: 4>"


def test_it_holds_one_type_only() -> None:
    with pytest.raises(TypeError, match="Host"):
        hi.Records(hi.VirtualMachine, [hi.Host(id="h", name="h", platform="p", source="s")])


def test_get_by_id_in_any_letter_case() -> None:
    assert VMS.get("a").name == "web01"
    assert VMS.get("A").name == "web01"
    with pytest.raises(hi.NotFound, match="'nope'"):
        VMS.get("nope")


def test_find_by_name() -> None:
    found = VMS.find("web02")
    assert found is not None
    assert found.id == "b"
    assert VMS.find("nope") is None
    with pytest.raises(hi.MultipleMatches, match="c, d"):
        VMS.find("twin")


def test_where_takes_values_and_callables_and_refuses_unknown_fields() -> None:
    assert [vm.id for vm in VMS.where(power_state="running")] == ["a"]
    assert [vm.id for vm in VMS.where(power_state=hi.PowerState.STOPPED, cpus=8)] == ["b"]
    assert [vm.id for vm in VMS.where(cpus=lambda n: n is not None and n > 2)] == ["a", "b"]
    assert [vm.id for vm in VMS.where(cpus=None)] == ["c", "d"]
    assert VMS.where().type is hi.VirtualMachine
    with pytest.raises(hi.UnknownField, match="power_sate.*power_state"):
        VMS.where(power_sate="running")
    with pytest.raises(TypeError):
        hi.Records(hi.VirtualMachine).where(nope=1)


def chosen(**fields: object) -> str:
    """The ids of those that `where` chooses."""
    return "".join(vm.id for vm in PLACED.where(**fields))


NIC = hi.Nic(name="n1")
PLACED = hi.Records(
    hi.VirtualMachine,
    [
        machine("a", cpus=4, power_state="running", ip_addresses=["192.0.2.1", "192.0.2.2"], tags={"env": "prod"},
                created_at=datetime(2026, 1, 2, tzinfo=UTC), agent=hi.Agent(version="1"), is_virtual=True),
        machine("b", cpus=8, power_state="stopped", ip_addresses=["192.0.2.1"], nics=[NIC], is_virtual=False),
        machine("c", power_state="suspended"),
    ],
)  # fmt: skip


@pytest.mark.parametrize("several", [list, tuple, set, frozenset, lambda words: dict.fromkeys(words).keys()])
def test_several_values_of_a_field_that_holds_one_mean_one_of_them(several: Any) -> None:
    assert chosen(power_state=several(["running", "stopped"])) == "ab"
    assert chosen(power_state=several([hi.PowerState.SUSPENDED])) == "c"
    assert chosen(id=several(["c", "a", "x"])) == "ac"
    assert chosen(cpus=several([None, 8])) == "bc"
    assert chosen(cpus=several([])) == ""


def test_one_value_of_a_field_that_holds_several_is_among_them() -> None:
    assert chosen(ip_addresses="192.0.2.1") == "ab"
    assert chosen(ip_addresses="192.0.2.9") == ""
    assert chosen(nics=NIC) == "b"
    services = [hi.VMkernelAdapter(id="k", name="vmk0", platform="p", source="s", services=["vmotion", "management"])]
    adapters = hi.Records(hi.VMkernelAdapter, services)
    assert len(adapters.where(services=hi.VMkernelService.VMOTION)) == 1
    assert len(adapters.where(services=["management", "vmotion"])) == 1
    assert len(adapters.where(services={"vmotion"})) == 0


def test_a_list_for_a_field_that_holds_several_is_all_of_them() -> None:
    assert chosen(ip_addresses=["192.0.2.1"]) == chosen(ip_addresses=("192.0.2.1",)) == "b"
    assert chosen(ip_addresses=["192.0.2.1", "192.0.2.2"]) == "a"
    assert chosen(ip_addresses=["192.0.2.2", "192.0.2.1"]) == ""
    assert chosen(ip_addresses={"192.0.2.2", "192.0.2.1"}) == "a"
    assert chosen(ip_addresses=[]) == chosen(ip_addresses=()) == "c"


def test_values_that_a_field_can_hold_in_other_forms() -> None:
    assert chosen(tags={"env": "prod"}) == chosen(tags=hi.Tags({"env": "prod"})) == "a"
    assert chosen(created_at=datetime(2026, 1, 2)) == "a"  # noqa: DTZ001 - without zone, as records take it
    assert chosen(created_at=None) == "bc"
    assert chosen(agent=hi.Agent(version="1")) == "a"
    frame = PLACED.to_pandas()
    assert chosen(cpus=frame["cpus"].max()) == chosen(cpus=numpy.int64(8)) == chosen(cpus=8.0) == "b"
    assert chosen(is_virtual=numpy.bool_(True)) == chosen(is_virtual=1) == "a"
    assert chosen(cpus=numpy.array([8, 99])) == chosen(cpus=frame["cpus"][frame["cpus"] == 8]) == "b"


@pytest.mark.parametrize(
    ("field", "wanted", "told"),
    [
        (
            "agent",
            "ready",
            "agent is never the text 'ready' — it is a record, Agent; give a function: agent=lambda one",
        ),
        ("agent", None, "it is a record"),
        ("cpus", "4", "never the text '4' — it is a number, or None"),
        ("cpus", True, "never True — it is a number, or None"),
        ("cpus", float("nan"), "never nan — it is a number, or None"),
        ("cpus", [4, "8"], "never the text '8'"),
        ("power_state", ["running", "stoped"], "never 'stoped' — it is one of: running, stopped"),
        ("power_state", None, "never None — it is one of"),
        ("power_state", 5, "never 5 — it is one of"),
        ("power_state", "linux", "it is one of"),
        ("name", 5, "never 5 — it is text"),
        ("name", None, "never None — it is text"),
        ("name", b"web01", "it is text"),
        ("is_virtual", 2, "it is True or False, or None"),
        ("created_at", date(2026, 1, 2), "it is a datetime, or None"),
        ("ip_addresses", 5, "it holds several, each is text; give one, all of them in a list, or a function"),
        ("ip_addresses", [5], "it holds several"),
        ("ip_addresses", None, "it holds several"),
        ("disks", "Hard disk 1", "each is a record, Disk"),
        ("tags", "env", "it is names and values; give them, or a function"),
        ("cpus", {"a": 1}, "it is a number"),
    ],
)
def test_what_a_field_never_holds_is_an_error_that_says_what_to_give(field: str, wanted: object, told: str) -> None:
    with pytest.raises(hi.UnknownField, match=re.escape(told)):
        hi.Records(hi.VirtualMachine).where(**{field: wanted})


def test_a_moment_is_no_day() -> None:
    samples = hi.Records(hi.MetricSummary, [hi.MetricSummary(day=date(2026, 1, 2))])
    assert len(samples.where(day=date(2026, 1, 2))) == 1
    with pytest.raises(hi.UnknownField, match="it is a date, or None"):
        samples.where(day=datetime(2026, 1, 2, tzinfo=UTC))


def test_records_without_an_id_or_a_name_say_how_they_are_chosen() -> None:
    problems = hi.Records(hi.Problem, [hi.Problem(source="vc01")])
    for wrong in ("x", ""):
        with pytest.raises(hi.NotFound, match=re.escape("they have no ids; choose with where(platform=…)")):
            problems.get(wrong)
    with pytest.raises(hi.NotFound, match="find"):
        VMS.get("nope")


def test_problems_of_any_length_do_not_make_a_page_long() -> None:
    short = hi.Records(hi.VirtualMachine, [], [hi.Problem(scope="begin", message="x" * 40_000, remedy="end")])
    page = short._repr_html_()
    assert len(page) < 4000
    assert "begin" in page
    assert "end</p>" in page


def test_the_arrow_schema_is_the_records_own() -> None:
    table = VMS.to_arrow()
    assert table.schema.equals(arrow_schema(hi.VirtualMachine), check_metadata=True)
    assert table.column_names == [field.name for field in attrs.fields(hi.VirtualMachine)]
    assert table.schema.field("cpus").type == pyarrow.int64()
    assert table.schema.field("created_at").type == pyarrow.timestamp("us", tz="UTC")
    assert table.schema.field("memory_bytes").metadata[b"unit"] == b"bytes"
    assert table.schema.field("cpus").metadata[b"description"] == b"Virtual CPUs."
    row = table.to_pylist()[0]
    assert row["disks"][0]["capacity_bytes"] == 2**40
    assert row["disks"][1]["capacity_bytes"] is None
    assert row["tags"] == [("env", "prod")]
    assert row["agent"]["status"] == "unknown"
    assert row["power_state"] == "running"


@pytest.mark.parametrize(
    "kind",
    [hi.Host, hi.VirtualMachine, hi.Extension, hi.VMkernelAdapter, hi.Cluster, hi.Datastore, hi.Network,
     hi.ExtensionImage, hi.MetricSample, hi.Problem, hi.Finding, hi.Change],
)  # fmt: skip
def test_no_rows_have_the_same_schema_as_many(kind: type) -> None:
    assert hi.Records(kind).to_arrow().schema == arrow_schema(kind)


def test_integers_and_missing_values_stay_what_they_are() -> None:
    frame = VMS.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert str(frame["cpus"].dtype) == "int64[pyarrow]"
    assert frame["cpus"].isna().sum() == 2
    polars_frame = VMS.to_polars()
    assert isinstance(polars_frame, polars.DataFrame)
    assert polars_frame["cpus"].to_list() == [4, 8, None, None]


def test_the_arrow_capsule_is_taken_by_other_libraries() -> None:
    assert pyarrow.table(VMS).equals(VMS.to_arrow())
    assert duckdb.sql("select sum(cpus) from VMS").fetchall() == [(12,)]
    assert polars.DataFrame(pyarrow.table(VMS))["cpus"].to_list() == [4, 8, None, None]


def memory(column: pyarrow.ChunkedArray | pyarrow.Array) -> set[int]:
    """Where the values of a column are."""
    chunks = column.chunks if isinstance(column, pyarrow.ChunkedArray) else [column]
    return {buffer.address for chunk in chunks for buffer in chunk.buffers() if buffer}


def test_a_table_is_made_once() -> None:
    assert VMS.to_arrow() is VMS.to_arrow()
    assert memory(pyarrow.table(VMS)["name"]) == memory(VMS.to_arrow()["name"])


def test_pandas_has_the_same_memory() -> None:
    table, frame = VMS.to_arrow(), VMS.to_pandas()
    for name in table.column_names:
        assert memory(frame[name].array._pa_array) == memory(table[name]) != set(), name


@pytest.mark.parametrize("name", ["cpus", "memory_bytes", "created_at", "is_template"])
def test_polars_has_the_same_memory_of_all_that_is_no_text(name: str) -> None:
    assert memory(VMS.to_polars()[name].to_arrow()) == memory(VMS.to_arrow()[name]) != set()


def test_the_answer_of_a_query_is_not_copied_either() -> None:
    answer = hi.Inventory(vms=VMS).sql("select name, cpus from vms")
    assert memory(answer.to_pandas()["name"].array._pa_array) == memory(answer.to_arrow()["name"])
    assert memory(answer.to_polars()["cpus"].to_arrow()) == memory(answer.to_arrow()["cpus"])


def test_html_is_bounded_and_escaped() -> None:
    hostile = "<script>alert(1)</script>&\"'" + "x" * 500
    records = hi.Records(hi.VirtualMachine, [machine(str(n), hostile) for n in range(1000)])
    page = records._repr_html_()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert len(page) < 60_000
    assert "980 more" in page


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(hi.MissingExtra, match=r"hybridinv\[tables\]") as caught:
        VMS.to_polars()
    assert caught.value.extra == "tables"


@pytest.mark.parametrize("wrong", ["runing", "Running", ""])
def test_a_word_that_a_field_never_holds_is_an_error_and_no_empty_answer(wrong: str) -> None:
    with pytest.raises(hi.UnknownField, match="power_state is never") as caught:
        VMS.where(power_state=wrong)
    assert "running, stopped" in caught.value.remedy


@pytest.mark.parametrize("wrong", [None, 5, ""])
def test_get_of_what_is_no_id_finds_nothing(wrong: object) -> None:
    with pytest.raises(hi.NotFound):
        VMS.get(wrong)  # type: ignore[arg-type]


def test_sums_of_integers_are_integers_and_the_largest_stay_exact() -> None:
    inv = hi.Inventory(vms=VMS)
    answer = inv.sql("select sum(cpus) as cpus, sum(null::int) as none, (2::hugeint) ** 70 as large from vms")
    assert str(answer.to_arrow().schema.field("cpus").type) == "int64"
    assert answer.fetchall()[0][:2] == (12, None)
    (number,) = inv.sql("select 170141183460469231731687303715884105::hugeint").fetchall()[0]
    assert number == 170141183460469231731687303715884105


def test_moments_are_utc_wherever_the_query_runs() -> None:
    script = """if True:
        import hybridinv as hi
        from datetime import UTC, datetime
        made = datetime(2026, 1, 2, 23, tzinfo=UTC)
        vm = hi.VirtualMachine(id="a", name="a", platform="p", source="s", created_at=made)
        answer = hi.Inventory(vms=[vm]).sql("select created_at, created_at::date::text from vms")
        print(answer.to_arrow().schema.field(0).type, answer.fetchall()[0][0].isoformat(), answer.fetchall()[0][1])
    """
    zone = {**os.environ, "TZ": "Pacific/Auckland"}
    done = subprocess.run([sys.executable, "-c", script], env=zone, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["timestamp[us,", "tz=UTC]", "2026-01-02T23:00:00+00:00", "2026-01-02"]


@pytest.mark.parametrize(("field", "wanted"), [("cpus", "8"), ("created_at", "2023"), ("is_template", "no")])
def test_text_where_there_is_none_is_an_error(field, wanted):
    with pytest.raises(hi.UnknownField, match="is never the text"):
        hi.demo().vms.where(**{field: wanted})


def test_an_id_that_several_have_leads_to_none_of_them():
    twice = hi.Records(
        hi.VirtualMachine, [hi.VirtualMachine(id="1", name=name, platform="x", source="x") for name in "ab"]
    )
    with pytest.raises(hi.MultipleMatches):
        twice.get("1")


def test_a_query_that_is_interrupted_is_an_interrupt(monkeypatch):
    def interrupted(*_):
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr("duckdb.extract_statements", interrupted)
    with pytest.raises(KeyboardInterrupt):
        hi.Inventory().sql("select 1")


def test_rows_of_an_answer_by_number():
    assert hi.Inventory().sql("select 1 as a union all select 2 order by a")[1] == (2,)
