"""Comparing what was read in full with what was read in summary."""

import attrs
import pytest

import hybridinv as hi

HERE = {"platform": "azure", "source": "arm.example"}


def machine(name, **more):
    return hi.VirtualMachine(id=f"/subscriptions/s/x/{name}", name=name, **HERE, **more)


def inventory(detail, *vms):
    return hi.Inventory(vms=vms, asked=[hi.Asked(**HERE, kinds=frozenset({"vms"}), detail=detail)])


DISK = hi.Disk(name="d", capacity_bytes=5, path="p")
FULL = inventory("full", machine("a", health="Available", disks=(DISK,), cpus=2), machine("set_0"))
SUMMARY = inventory("summary", machine("a", disks=(attrs.evolve(DISK, path=""),), cpus=2))


@pytest.mark.parametrize(("before", "after"), [(FULL, SUMMARY), (SUMMARY, FULL)])
def test_what_the_summary_leaves_out_is_not_seen_and_has_not_changed(before, after):
    (change,) = before.diff(after)
    assert (change.name, change.change) == ("set_0", hi.ChangeKind.NOT_SEEN)


def test_what_both_say_differently_has_changed():
    other = inventory("summary", machine("a", cpus=4), machine("new"))
    changes = {(one.name, one.field): one.change for one in FULL.diff(other)}
    assert changes == {
        ("a", "cpus"): hi.ChangeKind.CHANGED, ("set_0", ""): hi.ChangeKind.NOT_SEEN, ("new", ""): hi.ChangeKind.ADDED
    }  # fmt: skip


@pytest.mark.parametrize("detail", ["full", ""])
def test_of_one_detail_everything_counts(detail):
    (removed, emptied) = attrs.evolve(FULL, asked=inventory(detail).asked).diff(
        inventory(detail, machine("a", disks=(DISK,), cpus=2))
    )
    assert {(emptied.field, emptied.change), (removed.name, removed.change)} == {
        ("health", hi.ChangeKind.CHANGED), ("set_0", hi.ChangeKind.REMOVED)
    }  # fmt: skip
