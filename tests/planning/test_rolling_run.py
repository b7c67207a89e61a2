"""plan_maintenance: one run over all that is asked for, what was not read, and orders of placing machines."""

from __future__ import annotations

import attrs
import pytest

import hybridinv as hi
from hybridinv.errors import MultipleMatches
from hybridinv.planning.maintenance.plan import plan_maintenance
from planning.test_maintenance import (
    GIB,
    UUID,
    cluster,
    codes,
    estate,
    host,
    machine,
    only,
    rule,
    server,
)


def reserving(name, on=1, gib=40, **fields):
    return machine(name, on, memory_allocation=hi.Allocation(reservation=gib * GIB), memory_bytes=gib * GIB, **fields)


# ---------------------------------------------------------------------------------------------- what was not read


def unread(kind, **fields):
    return hi.Problem(**{"platform": "vsphere", "source": "vc01", "kind": kind, "error": "AccessDenied", **fields})


@pytest.mark.parametrize("kind", ["vms", "hosts", "clusters", "datastores", "vmkernel_adapters", ""])
def test_what_was_not_read_is_no_plain_yes(kind):
    inv = estate(machine(on=2), problems=[unread(kind)])
    plan = plan_maintenance(inv, "esx01")
    assert (plan.impacts, plan.feasible) == ((), True)
    assert codes(plan, "warning") == ["InventoryIncomplete"]
    assert plan.title.endswith("feasible as far as is known: the inventory is incomplete")


@pytest.mark.parametrize(
    "problem",
    [
        unread("extensions"),
        unread("vms", source="vc02"),
        unread("vms", platform="azure"),
        unread("vms", scope="vm-far"),
    ],
)
def test_what_a_plan_does_not_rest_on_is_not_told(problem):
    hosts = [host(1), host(2), host(3), host(4, cluster_id="far")]
    inv = estate(machine(), machine("far", 4), hosts=hosts, clusters=[cluster(1, 2, 3)], problems=[problem])
    plan = plan_maintenance(inv, "esx01")
    assert codes(plan) == []
    assert plan.title.endswith(": feasible")


def test_a_machine_that_only_its_host_names_is_told():
    hosts = [host(1, vm_ids=["vm-web01", "vm-gone"]), host(2)]
    plan = plan_maintenance(estate(machine(), hosts=hosts), "esx01")
    (told,) = plan.findings
    assert (told.code, told.severity, told.subject_id) == ("InventoryIncomplete", "warning", "host-1")
    assert told.message == "esx01 has machines that are not in this inventory: vm-gone"
    assert not plan.title.endswith(": feasible")


def test_unknown_effects_are_in_the_verdict():
    plan = plan_maintenance(estate(machine(), machine("b"), clusters=[]), "esx01")
    assert plan.feasible
    assert plan.title.endswith("feasible as far as is known: not known for 2 machines")


def test_a_rule_whose_hosts_are_not_known_bars_no_host():
    rules = [rule("vm-host", "web01", mandatory=True)]
    plan = plan_maintenance(estate(clusters=[cluster(rules=rules)]), "esx01")
    assert (only(plan).effect, plan.feasible) == ("live_migrates", True)
    assert codes(plan, "warning") == ["VmHostAffinityRuleViolation"]


# -------------------------------------------------------------------------------------------------- placing machines


def test_a_way_is_found_that_the_largest_first_does_not():
    """a reserves 20 of 30 GiB and may go anywhere; b reserves 15 and has to run on esx01 or esx02."""
    hosts = [host(n, memory_bytes=30 * GIB) for n in (1, 2, 3)]
    rules = [rule("vm-host", "b", hosts=(1, 2), mandatory=True)]
    inv = estate(reserving("a", gib=20), reserving("b", gib=15), hosts=hosts, clusters=[cluster(rules=rules)])
    inv = attrs.evolve(inv, vms=[attrs.evolve(vm, memory_bytes=vm.memory_bytes) for vm in inv.vms])
    plan = plan_maintenance(inv, "esx01")
    assert plan.feasible
    assert {one.vm.name: one.destination.name for one in plan.impacts} == {"a": "esx03", "b": "esx02"}
    assert "RoomMayBeThere" not in codes(plan)


def test_large_gaps_are_kept_where_they_are_needed():
    """Most room first would split 20 and 20 over both hosts, and leave no 30 in one piece."""
    hosts = [host(1, memory_bytes=128 * GIB), host(2, memory_bytes=40 * GIB), host(3, memory_bytes=40 * GIB)]
    vms = [reserving("a", gib=25), reserving("b", gib=20), reserving("c", gib=20), reserving("d", gib=15)]
    plan = plan_maintenance(estate(*vms, hosts=hosts), "esx01")
    assert plan.feasible
    assert {move.destination_name for move in plan.steps[0].moves} == {"esx02", "esx03"}


def test_a_blocker_of_room_that_may_be_false_is_said_to_be():
    hosts = [host(1), host(2, memory_bytes=30 * GIB), host(3, memory_bytes=30 * GIB)]
    plan = plan_maintenance(estate(*(reserving(name, gib=20) for name in "abc"), hosts=hosts), "esx01")
    assert not plan.feasible
    assert codes(plan, "warning") == ["RoomMayBeThere"]
    alone = plan_maintenance(estate(reserving("a", gib=31), hosts=hosts), "esx01")
    assert not alone.feasible
    assert "RoomMayBeThere" not in codes(alone), "no arrangement makes a host larger"


def test_a_large_rule_that_keeps_machines_apart_takes_one_a_host():
    names = [f"m{n}" for n in range(30)]
    rules = [rule("apart", *names)]
    plan = plan_maintenance(estate(*map(machine, names), clusters=[cluster(rules=rules)]), "esx01")
    assert sum(one.effect == "live_migrates" for one in plan.impacts) == 2
    (told,) = {f.message for one in plan.impacts[5:6] for f in one.findings if f.code == "RuleViolation"}
    assert told.count("m") < 40


def test_the_work_for_a_rule_does_not_grow_with_the_square(monkeypatch):
    """Each machine is looked up in its group on a host, never compared with every other one."""
    from hybridinv.planning.maintenance.room import Room

    def lookups(count):
        asked = []
        plain = Room.grouped

        def grouped(self, key, host_id):
            found = plain(self, key, host_id)
            asked.append(len(found))
            return found

        monkeypatch.setattr(Room, "grouped", grouped)
        names = [f"m{n}" for n in range(count)]
        hosts = [host(n) for n in range(1, count + 2)]
        vms = [machine(name, on=n, memory_bytes=GIB) for n, name in enumerate(names, 1)]
        inv = estate(*vms, hosts=hosts, clusters=[cluster(*range(1, count + 2), rules=[rule("apart", *names)])])
        assert plan_maintenance(inv, "esx01").feasible
        monkeypatch.setattr(Room, "grouped", plain)
        return sum(asked)

    assert lookups(40) <= 4 * lookups(10) + 40


# ------------------------------------------------------------------------------------------------- all in one run


def test_a_machine_does_not_go_to_a_host_that_is_asked_for_too():
    inv = estate(machine("m1"), machine("m2", 2))
    plan = plan_maintenance(inv, ["esx01", "m2"])
    assert {one.vm.name: one.destination.name for one in plan.impacts} == {"m1": "esx02", "m2": "esx03"}
    assert [one.name for one in plan.hosts] == ["esx01"]
    assert [step.host.name for step in plan.steps] == ["esx02", "esx01"], "what happens to m2 is part of the order"


def test_machines_of_two_hosts_share_the_room():
    plan = plan_maintenance(estate(reserving("a", 1), reserving("b", 2), machine("c", 1, memory_bytes=GIB)), ["a", "b"])
    assert plan.feasible
    a, b = plan.impacts
    assert (a.vm.name, b.vm.name) == ("a", "b")
    assert a.destination != b.destination


def test_two_that_do_not_fit_together_are_not_both_sent_there():
    hosts = [host(1, memory_bytes=128 * GIB), host(2)]
    plan = plan_maintenance(estate(reserving("a"), reserving("b"), hosts=hosts), ["a", "b"])
    assert sorted(one.effect for one in plan.impacts) == ["live_migrates", "stops"]


def test_a_server_under_arc_shares_the_run_of_its_host():
    inv = estate(machine("m1"), machine("m2", 2, bios_uuid=UUID), server(bios_uuid=UUID))
    plan = plan_maintenance(inv, ["esx01", "arc01"])
    assert {one.vm.name: one.destination.name for one in plan.impacts} == {"m1": "esx02", "arc01": "esx03"}


def test_a_machine_on_a_host_of_another_platform_is_unknown():
    strange = attrs.evolve(host(1), platform="proxmox")
    plan = plan_maintenance(hi.Inventory(hosts=[strange], vms=[machine()]), "web01")
    assert only(plan).effect == "unknown"


def test_a_host_without_a_cluster_counts_the_hosts_that_its_machines_go_to():
    hosts = [host(n, cluster_id="") for n in (1, 2, 3)]
    (step,) = plan_maintenance(estate(hosts=hosts, clusters=[]), "esx01").steps
    assert (len(step.moves), step.hosts_available, step.memory_free_bytes) == (1, 2, 120 * GIB)


# ------------------------------------------------------------------------------------------------------------ names


def test_one_name_of_one_machine_means_the_platform_beneath():
    inv = estate(machine("web01", bios_uuid=UUID), server("WEB01", bios_uuid=UUID))
    plan = plan_maintenance(inv, "web01")
    assert (only(plan).vm.platform, only(plan).effect) == ("vsphere", "live_migrates")
    strangers = estate(machine("web01"), server("web01", is_virtual=False))
    with pytest.raises(MultipleMatches):
        plan_maintenance(strangers, "web01")


def test_names_add_no_line_to_a_plan():
    plan = plan_maintenance(estate(machine("web01\nBLOCKER Forged\udc80")), "esx01")
    assert not [line for line in str(plan).splitlines() if line.startswith("BLOCKER")]
    assert r"web01\nBLOCKER Forged\udc80 live migrates" in str(plan)
    assert "\udc80" not in plan._repr_html_()
