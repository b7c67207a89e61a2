"""Inventory: sums, differences, SQL, files; and collect over sources that fail."""

from __future__ import annotations

import concurrent.futures
import json
import os
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

import hybridinv as hi
from hybridinv.inventory import KINDS

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def machine(id_: str, name: str = "", source: str = "vc01", **fields: object) -> hi.VirtualMachine:
    return hi.VirtualMachine(id=id_, name=name or id_, platform="vsphere", source=source, **fields)


def host(id_: str, source: str = "vc01") -> hi.Host:
    return hi.Host(id=id_, name=id_, platform="vsphere", source=source, capabilities={"vmotionSupported"})


def asked(*sources: str, kinds: Iterable[str] = KINDS, platform: str = "vsphere") -> list[hi.Asked]:
    return [hi.Asked(platform=platform, source=source, kinds=kinds) for source in sources]


def problem(kind: str = "vms", source: str = "vc01") -> hi.Problem:
    return hi.Problem(platform="vsphere", source=source, kind=kind, error="AccessDenied", message="no", remedy="ask")


@attrs.define
class Shelf:
    """A source that gives what was put on it: what `collect` needs of an adapter, and no more."""

    source: str
    content: hi.Inventory = attrs.field(factory=hi.Inventory)
    fails: Exception | None = None
    waits_for: threading.Event | None = None
    platform: str = "vsphere"
    capabilities: frozenset[str] = frozenset({"hosts", "vms"})
    asked: list[list[str]] = attrs.field(factory=list)

    def inventory(
        self,
        kinds: Iterable[str] | None = None,
        *,
        progress: Callable[[hi.Progress], None] | None = None,
        deadline: float | None = None,
    ) -> hi.Inventory:
        self.asked.append(list(kinds or ()))
        if self.waits_for:
            self.waits_for.wait(30)
        if self.fails:
            raise self.fails
        if progress:
            progress(hi.Progress(source=self.source, platform=self.platform, kind="vms", read=1, done=True))
        return self.content


def test_tables_take_any_iterable_and_refuse_other_records() -> None:
    inv = hi.Inventory(vms=[machine("a")], hosts=(host("h") for _ in range(1)))
    assert isinstance(inv.vms, hi.Records)
    assert inv.vms.type is hi.VirtualMachine
    assert len(inv.hosts) == 1
    assert inv.networks.type is hi.Network
    with pytest.raises(TypeError):
        hi.Inventory(vms=[host("h")])


def test_complete_means_no_problems() -> None:
    whole = hi.Inventory()
    assert whole.complete
    whole.raise_for_problems()
    torn = hi.Inventory(problems=[problem()])
    assert not torn.complete
    with pytest.raises(hi.IncompleteInventory, match="vc01 vms: AccessDenied: no — ask") as caught:
        torn.raise_for_problems()
    assert caught.value.problems == (problem(),)
    assert "INCOMPLETE" in repr(torn)


def test_adding_keeps_the_later_record_of_an_id() -> None:
    older = hi.Inventory(vms=[machine("a", cpus=1), machine("b")], asked=asked("vc01"), taken_at=NOW)
    newer = hi.Inventory(vms=[machine("a", cpus=2)], asked=asked("vc01", "vc02"), problems=[problem()],
                         taken_at=NOW + timedelta(hours=1))  # fmt: skip
    for both in (older + newer, newer + older):
        assert [(vm.id, vm.cpus) for vm in both.vms] == [("a", 2), ("b", None)]
        assert set(both.sources) == {"vc01", "vc02"}
        assert both.taken_at == newer.taken_at
        assert not both.complete


def test_diff_names_what_changed() -> None:
    before = hi.Inventory(vms=[machine("a", cpus=1), machine("gone")], asked=asked("vc01"))
    after = hi.Inventory(vms=[machine("a", cpus=2), machine("new")], asked=asked("vc01"))
    found = {
        (change.id, str(change.change), change.field, change.before, change.after) for change in before.diff(after)
    }
    assert found == {("a", "changed", "cpus", "1", "2"), ("gone", "removed", "", "", ""), ("new", "added", "", "", "")}
    assert len(before.diff(before)) == 0


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (hi.Inventory(asked=asked("vc01")), "removed"),
        (hi.Inventory(asked=asked("vc01"), problems=[problem("vms")]), "not_seen"),
        (hi.Inventory(asked=asked("vc01"), problems=[problem("")]), "not_seen"),
        (hi.Inventory(asked=asked("vc01"), problems=[problem("hosts")]), "removed"),
        (hi.Inventory(asked=asked("vc02")), "not_seen"),
        (hi.Inventory(asked=asked("vc01", kinds=["hosts"])), "not_seen"),
        (hi.Inventory(asked=asked("vc01", platform="azure")), "not_seen"),
        (hi.Inventory(), "removed"),
        (hi.Inventory(problems=[problem("vms")]), "not_seen"),
    ],
)
def test_diff_calls_nothing_removed_that_was_not_looked_for(after: hi.Inventory, expected: str) -> None:
    before = hi.Inventory(vms=[machine("a")], asked=asked("vc01"))
    assert [change.change for change in before.diff(after)] == [expected]


def test_sql_over_all_tables() -> None:
    inv = hi.Inventory(
        vms=[machine("a", host_id="h", cpus=2, disks=[hi.Disk(capacity_bytes=5), hi.Disk(capacity_bytes=7)])],
        hosts=[host("h")],
        problems=[problem()],
    )
    rows = inv.sql("select v.id, h.name, v.cpus from vms v join hosts h on h.id = v.host_id").fetchall()
    assert rows == [("a", "h", 2)]
    assert inv.sql("select sum(d.capacity_bytes) from (select unnest(disks) as d from vms)").fetchall() == [(12,)]
    assert inv.sql("select count(*) from problems").fetchall() == [(1,)]
    for table in KINDS:
        assert inv.sql(f"select count(*) from {table}").columns == ["count_star()"]
    answer = inv.sql("select id, cpus from vms")
    assert (len(answer), list(answer), answer.columns) == (1, [("a", 2)], ["id", "cpus"])
    assert answer.to_pandas()["cpus"].tolist() == [2]
    assert answer.to_polars().height == answer.to_arrow().num_rows == 1


def test_sql_that_is_wrong_names_the_tables() -> None:
    with pytest.raises(hi.QueryFailed, match="vmz") as caught:
        hi.Inventory().sql("select * from vmz")
    assert "vms" in caught.value.remedy


@pytest.mark.parametrize(
    "query", ["copy vms to '{path}'", "select * from read_csv('/etc/passwd')", "install httpfs", "attach '{path}' as x"]
)
def test_sql_reaches_no_file_and_no_network(query: str, tmp_path: Path) -> None:
    path = tmp_path / "stolen"
    with pytest.raises(hi.QueryFailed, match="(?i)disabled|not allowed|no answer|permission"):
        hi.Inventory(vms=[machine("a")]).sql(query.format(path=path))
    assert not path.exists()


def test_html_names_what_is_missing_and_escapes_it() -> None:
    hostile = attrs.evolve(problem(), message="<img src=x onerror=alert(1)>")
    page = hi.Inventory(vms=[machine("a")], asked=asked("vc01"), problems=[hostile])._repr_html_()
    assert "Incomplete: 1 problem." in page
    assert "<img" not in page
    assert "&lt;img" in page
    assert "vc01" in page
    assert "Complete: nothing is missing" in hi.Inventory()._repr_html_()


def full() -> hi.Inventory:
    identity = {"id": "x", "name": "n", "platform": "p", "source": "s"}
    vm = machine(
        "a", agent=hi.Agent(status="ready", changed_at=NOW), tags={"k": "v"}, snapshots=[hi.Snapshot(created_at=NOW)],
        disks=[hi.Disk(thin=True)], nics=[hi.Nic(ip_addresses=["::1"])], created_at=NOW, problems=[problem()],
    )  # fmt: skip
    tables = {name: [kind(**identity)] for name, kind in KINDS.items() if name != "vms"}
    return hi.Inventory(vms=[vm], **tables, problems=[problem()], asked=asked("s"), taken_at=NOW)


def test_save_and_load_give_the_same_inventory(tmp_path: Path) -> None:
    inv = full()
    inv.save(tmp_path / "inv.json")
    assert hi.load(tmp_path / "inv.json") == inv
    assert [path.name for path in tmp_path.iterdir()] == ["inv.json"]


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "inv.json"
    full().save(path)
    before = path.read_bytes()
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(hi.InventoryFileError, match="disk full"):
        hi.Inventory().save(path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["inv.json"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not JSON"),
        (b"<html>", "not JSON"),
        (b"[]", "not a saved inventory"),
        (b'{"format": "other"}', "not a saved inventory"),
        (b'{"format": "hybridinv-inventory", "version": 99}', "version 99"),
        (b'{"format": "hybridinv-inventory", "version": 1, "vms": [{"id": 1}]}', "damaged"),
        (b'{"format": "hybridinv-inventory", "version": 1, "vms": 7}', "damaged"),
    ],
)
def test_a_file_that_is_none_of_ours_says_so(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "inv.json"
    path.write_bytes(content)
    with pytest.raises(hi.InventoryFileError, match=says) as caught:
        hi.load(path)
    assert caught.value.remedy


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(hi.InventoryFileError, match="cannot read"):
        hi.load(tmp_path / "nope.json")


def test_a_truncated_file_is_never_a_short_inventory(tmp_path: Path) -> None:
    path = tmp_path / "inv.json"
    full().save(path)
    whole = path.read_bytes()
    for cut in range(0, len(whole) - 1, 97):
        path.write_bytes(whole[:cut])
        with pytest.raises(hi.InventoryFileError):
            hi.load(path)
    assert json.loads(whole)["version"] == 1


def test_collect_keeps_the_rest_when_a_source_fails() -> None:
    good = Shelf("vc01", hi.Inventory(vms=[machine("a")]))
    denied = Shelf("vc02", fails=hi.AccessDenied("not you", remedy="ask for Reader"))
    broken = Shelf("vc03", fails=ZeroDivisionError("bug"))
    inv = hi.collect([good, denied, broken])
    assert [vm.id for vm in inv.vms] == ["a"]
    assert inv.sources == ("vc02", "vc03", "vc01")
    assert not inv.complete
    assert {(p.source, p.error, p.remedy) for p in inv.problems} == {
        ("vc02", "AccessDenied", "ask for Reader"), ("vc03", "ZeroDivisionError", "this is a bug; please report it"),
    }  # fmt: skip


def test_collect_asks_a_source_only_for_what_it_has() -> None:
    source = Shelf("vc01")
    hi.collect([source], kinds=["vms", "hosts"])
    inv = hi.collect([Shelf("up"), Shelf("down", fails=hi.ConnectFailed("no"))], kinds=["vms"])
    assert inv.asked[0] == hi.Asked(platform="vsphere", source="down", kinds={"vms"})
    hi.collect([source, Shelf("arc", capabilities=frozenset({"extensions"}))], kinds=["extensions", "hosts"])
    assert source.asked == [["vms", "hosts"], ["hosts"]]
    with pytest.raises(hi.NotSupported, match="no source has extensions"):
        hi.collect([source], kinds=["extensions"])
    with pytest.raises(hi.NotSupported, match="no kind 'machines'"):
        hi.collect([source], kinds=["machines"])


def test_collect_returns_at_the_deadline_with_what_is_there() -> None:
    never = threading.Event()
    slow = Shelf("slow", waits_for=never)
    try:
        inv = hi.collect([Shelf("vc01", hi.Inventory(vms=[machine("a")])), slow], deadline=0.3)
    finally:
        never.set()
    assert [vm.id for vm in inv.vms] == ["a"]
    assert [(p.source, p.error) for p in inv.problems] == [("slow", "DeadlineExceeded")]
    assert inv.problems[0].remedy


def test_collect_reports_progress_one_step_at_a_time() -> None:
    steps: list[hi.Progress] = []
    inside = threading.Lock()

    def progress(step: hi.Progress) -> None:
        assert inside.acquire(blocking=False)
        steps.append(step)
        inside.release()

    hi.collect([Shelf(f"vc{n}") for n in range(8)], progress=progress)
    assert sorted(step.source for step in steps if step.done and not step.kind) == [f"vc{n}" for n in range(8)]
    assert sum(step.kind == "vms" for step in steps) == 8


def test_collect_takes_an_executor_of_the_callers() -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        inv = hi.collect([Shelf("vc01", hi.Inventory(vms=[machine("a")]))], executor=executor, progress=lambda _: None)
        assert executor.submit(lambda: 1).result() == 1
    assert len(inv.vms) == 1


def cloud(subscription: str, name: str) -> hi.VirtualMachine:
    id_ = f"/subscriptions/{subscription}/resourcegroups/rg/providers/microsoft.compute/virtualmachines/{name}"
    return hi.VirtualMachine(id=id_, name=name, platform="azure", source="arm")


def read(*subscriptions: str) -> hi.Asked:
    return hi.Asked(platform="azure", source="arm", kinds=["vms"], subscription_ids=subscriptions)


def test_diff_tells_a_removed_machine_from_a_subscription_that_was_not_read() -> None:
    before = hi.Inventory(vms=[cloud("s1", "a"), cloud("s2", "b")], asked=[read("s1", "s2")])
    after = hi.Inventory(asked=[read("s1")])
    assert {(change.name, str(change.change)) for change in before.diff(after)} == {("a", "removed"), ("b", "not_seen")}
    assert {(change.name, str(change.change)) for change in after.diff(before)} == {("a", "added"), ("b", "not_seen")}


def test_a_retry_solves_the_problems_of_its_source() -> None:
    first = hi.Inventory(
        vms=[machine("a"), machine("gone"), machine("other", source="vc02")],
        problems=[problem("vms"), problem("hosts"), problem("vms", "vc02")],
        asked=asked("vc01", "vc02"), taken_at=NOW,
    )  # fmt: skip
    retry = hi.Inventory(
        vms=[machine("a", cpus=2)], asked=asked("vc01", kinds=["vms"]), taken_at=NOW + timedelta(hours=1)
    )
    both = first + retry
    assert [(vm.id, vm.cpus) for vm in both.vms] == [("other", None), ("a", 2)]
    assert [(p.source, p.kind) for p in both.problems] == [("vc01", "hosts"), ("vc02", "vms")]
    failed = attrs.evolve(retry, vms=hi.Records(hi.VirtualMachine), problems=hi.Records(hi.Problem, [problem("vms")]))
    assert {vm.id for vm in (first + failed).vms} == {"a", "gone", "other"}


def test_what_is_no_inventory_is_told() -> None:
    inv = hi.Inventory(vms=[machine("a")])
    assert (inv.sources, repr(inv)) == (("vc01",), "<Inventory of 1 source: 1 vm; complete>")
    with pytest.raises(TypeError, match="unsupported operand"):
        inv + 1
    with pytest.raises(hi.NotSupported, match="an inventory is compared with another, not with int"):
        inv.diff(1)
    assert inv.sql(query="select count(*) from vms").fetchall() == [(1,)]


def test_a_naive_moment_is_local_and_kept_as_utc() -> None:
    assert hi.Inventory(taken_at=NOW.replace(tzinfo=None)).taken_at.tzinfo is UTC


def test_saving_follows_links_and_keeps_the_mode(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("")
    (tmp_path / "real.json").chmod(0o640)
    (tmp_path / "link.json").symlink_to("real.json")
    full().save(tmp_path / "link.json")
    assert (tmp_path / "link.json").is_symlink()
    assert hi.load(tmp_path / "real.json") == full()
    assert (tmp_path / "real.json").stat().st_mode & 0o777 == 0o640


def test_saving_to_a_pipe_writes_to_it_and_leaves_it_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        received = executor.submit((tmp_path / "pipe").read_bytes)
        full().save(tmp_path / "pipe")
        assert json.loads(received.result(10))["format"] == "hybridinv-inventory"
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("target", ["nowhere/inv.json", "."])
def test_a_place_that_cannot_be_written_says_so(target: str, tmp_path: Path) -> None:
    with pytest.raises(hi.InventoryFileError, match="cannot write") as caught:
        hi.Inventory().save(tmp_path / target)
    assert caught.value.remedy
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda body: body["vms"][0].update(name=None),
        lambda body: body["vms"][0].update(cpus=3.7),
        lambda body: body["vms"][0].update(cpus="4"),
        lambda body: body["vms"][0].update(is_template="yes"),
        lambda body: body["vms"][0].update(power_state="flying"),
        lambda body: body["vms"][0].update(created_at="2026-01-01T00:00:00"),
        lambda body: body.update(vms={}),
        lambda body: body.update(vms=None),
        lambda body: body.update(asked=[1]),
    ],
)
def test_a_damaged_value_is_never_bent_into_shape(damage: Callable[[dict[str, Any]], None], tmp_path: Path) -> None:
    path = tmp_path / "inv.json"
    full().save(path)
    body = json.loads(path.read_bytes())
    damage(body)
    path.write_text(json.dumps(body))
    with pytest.raises(hi.InventoryFileError, match="damaged"):
        hi.load(path)


@pytest.mark.parametrize("sources", [Shelf("vc01"), [None], [Shelf], "hybridinv.toml", [3]])
def test_collect_of_what_is_no_list_of_adapters_says_so(sources: Any) -> None:
    with pytest.raises(hi.NotSupported, match="list of adapters"):
        hi.collect(sources)


@pytest.mark.parametrize("deadline", ["5", float("nan"), True, [1]])
def test_a_deadline_that_is_no_number_says_so(deadline: Any) -> None:
    with pytest.raises(hi.NotSupported, match="no number of seconds"):
        hi.collect([Shelf("vc01")], deadline=deadline)


@pytest.mark.parametrize("deadline", [float("inf"), 1e300])
def test_a_deadline_may_be_far_away(deadline: float) -> None:
    assert hi.collect([Shelf("vc01")], deadline=deadline).complete


def test_a_progress_callback_that_raises_costs_nothing() -> None:
    def progress(_: hi.Progress) -> None:
        raise ZeroDivisionError("mine")

    with pytest.warns(UserWarning, match="mine"):
        inv = hi.collect([Shelf("vc01", hi.Inventory(vms=[machine("a")]))], progress=progress)
    assert inv.complete
    assert len(inv.vms) == 1


def test_tables_of_another_kind_are_refused() -> None:
    with pytest.raises(TypeError, match="Host"):
        hi.Inventory(vms=hi.Records(hi.Host, [host("h")]))  # type: ignore[arg-type]


def test_collect_of_nothing_is_empty_and_complete() -> None:
    inv = hi.collect([])
    assert inv.complete
    assert all(len(records) == 0 for records in inv.tables().values())
