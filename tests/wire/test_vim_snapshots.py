"""Snapshots of a machine, and the sizes of its files."""

from datetime import UTC, datetime

import pytest

from wire.vim_machine import disk
from wire.vim_rows import machine, with_devices


def test_snapshots_parents_before_children():
    grandchild = {"name": "c", "createTime": "2026-01-03T00:00:00Z"}
    child = {"name": "b", "createTime": "2026-01-02T00:00:00Z", "childSnapshotList": grandchild}
    other = {"name": "d", "createTime": "2026-01-04T00:00:00Z", "description": "x"}
    root = {"name": "a", "createTime": "2026-01-01T00:00:00Z", "childSnapshotList": [child, other]}
    snapshots = machine(snapshot={"_type": "VirtualMachineSnapshotInfo", "rootSnapshotList": root}).snapshots
    assert [(one.name, one.parent) for one in snapshots] == [("a", ""), ("b", "a"), ("c", "b"), ("d", "a")]
    assert snapshots[3].description == "x"
    assert snapshots[0].created_at == datetime(2026, 1, 1, tzinfo=UTC)


def taken(moref, *children, **fields):
    return {
        "snapshot": moref,
        "name": "nightly",
        "createTime": "2026-01-01T00:00:00Z",
        **({"childSnapshotList": list(children)} if children else {}),
        **fields,
    }


def test_a_snapshot():
    tree = {
        "currentSnapshot": "snapshot-1",
        "rootSnapshotList": taken("snapshot-1", state="poweredOff", quiesced="true"),
    }
    (snapshot,) = machine(snapshot=tree).snapshots
    assert (snapshot.native_id, snapshot.is_current) == ("snapshot-1", True)
    assert (snapshot.power_state, snapshot.quiesced) == ("poweredOff", True)
    assert (snapshot.size_bytes, snapshot.has_memory) == (None, None)


def test_snapshots_of_the_same_name_are_told_apart():
    roots = taken("s-1", taken("s-2", taken("s-3")), taken("s-4"))
    found = machine(snapshot={"currentSnapshot": "s-3", "rootSnapshotList": roots}).snapshots
    assert [(one.native_id, one.parent_id) for one in found] == [
        ("s-1", ""), ("s-2", "s-1"), ("s-3", "s-2"), ("s-4", "s-1"),
    ]  # fmt: skip
    assert [one.native_id for one in found if one.is_current] == ["s-3"]
    assert {one.parent for one in found} == {"", "nightly"}


def test_a_machine_back_at_its_beginning_has_snapshots_and_no_current_one():
    (snapshot,) = machine(snapshot={"rootSnapshotList": taken("s-1")}).snapshots
    assert snapshot.is_current is False
    (unnamed,) = machine(snapshot={"rootSnapshotList": {"name": "x"}}).snapshots
    assert unnamed.is_current is False


def test_a_tree_of_any_depth():
    node = taken("s-2000")
    for number in reversed(range(2000)):
        node = taken(f"s-{number}", node)
    found = machine(snapshot={"rootSnapshotList": node}).snapshots
    assert [one.native_id for one in found] == [f"s-{number}" for number in range(2001)]


# sizes


def files(**sizes):
    return [{"key": key.removeprefix("f"), "size": str(size)} for key, size in sizes.items()]


def chain(key, *links):
    """A disk's chain; each link is the keys of its files."""
    return {"key": key, "chain": [{"fileKey": list(link)} for link in links]}


def layout(moref, data, memory, *disks):
    return {"key": moref, "dataKey": data, "memoryKey": memory, "disk": list(disks)}


BASE, FIRST, SECOND, NOW = ("1", "2"), ("3", "4"), ("5", "6"), ("7", "8")
SIZES = files(f1=1, f2=1000, f3=2, f4=200, f5=3, f6=300, f7=4, f8=400, f10=10, f11=20, f12=30, f20=5000)


def sized(tree, snapshots, *disks):
    return machine(
        snapshot=tree, layoutEx__file=SIZES, layoutEx__disk=list(disks), layoutEx__snapshot=snapshots
    ).snapshots


def test_no_snapshots_but_files():
    vm = with_devices(disk(), layoutEx__file=SIZES, layoutEx__disk=[chain("2000", BASE)], layoutEx__snapshot=[])
    assert (vm.disks[0].size_bytes, vm.snapshots) == (1001, ())


def test_the_size_of_a_disk_is_that_of_its_whole_chain():
    lone = {"key": "2000", "chain": [{"fileKey": "1"}]}
    for found, expected in ((chain("2000", BASE, FIRST), 1203), (lone, 1), (chain("2001", BASE), None)):
        vm = with_devices(disk(), layoutEx__file=SIZES, layoutEx__disk=[found])
        assert vm.disks[0].size_bytes == expected
    assert with_devices(disk(), layoutEx__file=[], layoutEx__disk=[chain("2000", BASE)]).disks[0].size_bytes is None
    assert with_devices(disk()).disks[0].size_bytes is None


def test_one_snapshot_is_its_data_its_memory_and_what_was_written_since():
    tree = {"currentSnapshot": "s-1", "rootSnapshotList": taken("s-1", state="poweredOn")}
    (one,) = sized(tree, [layout("s-1", "10", "11", chain("2000", BASE))], chain("2000", BASE, FIRST))
    assert (one.size_bytes, one.has_memory) == (10 + 20 + 202, True)


def test_the_sizes_of_a_row_of_snapshots_add_up_to_what_they_cost():
    tree = {"currentSnapshot": "s-3", "rootSnapshotList": taken("s-1", taken("s-2", taken("s-3")))}
    snapshots = [
        layout("s-1", "10", "-1", chain("2000", BASE)),
        layout("s-2", "11", "-1", chain("2000", BASE, FIRST)),
        layout("s-3", "12", "-1", chain("2000", BASE, FIRST, SECOND)),
    ]
    found = sized(tree, snapshots, chain("2000", BASE, FIRST, SECOND, NOW))
    assert [one.size_bytes for one in found] == [10, 20 + 202, 30 + 303 + 404]


def test_branches():
    tree = {"currentSnapshot": "s-1", "rootSnapshotList": taken("s-1", taken("s-2"), taken("s-3"))}
    snapshots = [
        layout("s-1", "10", "-1", chain("2000", BASE)),
        layout("s-2", "11", "-1", chain("2000", BASE, FIRST)),
        layout("s-3", "12", "-1", chain("2000", BASE, SECOND)),
    ]
    found = sized(tree, snapshots, chain("2000", BASE, NOW))
    assert [one.size_bytes for one in found] == [10 + 404, 20 + 202, 30 + 303]


def test_a_disk_that_came_later_is_no_part_of_a_snapshot():
    tree = {"currentSnapshot": "s-2", "rootSnapshotList": taken("s-1", taken("s-2"))}
    snapshots = [
        layout("s-1", "10", "-1", chain("2000", BASE)),
        layout("s-2", "11", "-1", chain("2000", BASE, FIRST), chain("2001", ("20",))),
    ]
    found = sized(tree, snapshots, chain("2000", BASE, FIRST, SECOND), chain("2001", ("20",)), chain("2002", ("12",)))
    assert [one.size_bytes for one in found] == [10, 20 + 202 + 303]


@pytest.mark.parametrize(
    ("key", "state", "expected"),
    [
        ("11", "poweredOn", True), ("-1", "poweredOff", False), ("-1", "poweredOn", None), ("-1", "suspended", None),
        (None, "poweredOff", None),
    ],
)  # fmt: skip
def test_memory_may_be_within_the_data(key, state, expected):
    tree = {"rootSnapshotList": taken("s-1", state=state)}
    (one,) = sized(tree, [layout("s-1", "10", key)])
    assert one.has_memory is expected


def test_a_snapshot_or_a_file_that_the_layout_does_not_know_has_no_size():
    tree = {"currentSnapshot": "s-1", "rootSnapshotList": taken("s-1")}
    assert [one.size_bytes for one in sized(tree, [])] == [None]
    assert [one.size_bytes for one in sized(tree, [layout("s-1", "99", "-1")])] == [None]


def test_odd_layouts_are_noted():
    vm = machine(
        snapshot={"rootSnapshotList": taken("s-1", taken("s-2"))},
        layoutEx__file=["x", {"key": "10", "size": "much"}],
        layoutEx__disk="x",
        layoutEx__snapshot=[layout("s-1", {"_type": "X"}, "some", "x", {"chain": "x"})],
    )
    assert [one.size_bytes for one in vm.snapshots] == [None, None]
    said = " ".join(problem.message for problem in vm.problems)
    for field in ("layoutEx.file", "layoutEx.disk", "size", "dataKey", "memoryKey", "disk:", "chain"):
        assert field in said
