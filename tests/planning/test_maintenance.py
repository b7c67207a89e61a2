"""plan_maintenance: what happens to each machine on each platform, where it goes, and which host goes when."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hybridinv as hi
from hybridinv.cli import main
from hybridinv.errors import MultipleMatches, NotFound, NotSupported
from hybridinv.model.migration import Confidence
from hybridinv.planning.maintenance.plan import plan_maintenance
from hybridinv.planning.maintenance.rules import findings as finding_rows
from hybridinv.planning.maintenance.rules import reasons

ROOT = Path(__file__).parents[2]
GIB = 2**30
HERE = {"platform": "vsphere", "source": "vc01"}
AZURE = {"platform": "azure", "source": "azure"}
HUB = {"platform": "azure-stack-hub", "source": "hub"}
ARC = {"platform": "azure-arc", "source": "azure"}


def host(number, **fields):
    defaults = {
        "id": f"host-{number}", "name": f"esx{number:02}", "cluster_id": "prod", "memory_bytes": 64 * GIB,
        "cpu_cores": 16, "cpu_mhz": 2000, "cpu_usage_mhz": 1000, "connection_state": "connected",
    }  # fmt: skip
    return hi.Host(**{**defaults, **HERE, **fields})


def vmotion(number, **fields):
    defaults = {
        "id": f"host-{number}/vmk1", "name": "vmk1", "device": "vmk1", "host_id": f"host-{number}",
        "services": ["vmotion"], "ip_address": f"10.0.1.{number}", "subnet_mask": "255.255.255.0", "mtu": 1500,
        "link_speed_mbps": 10000,
    }  # fmt: skip
    return hi.VMkernelAdapter(**{**defaults, **HERE, **fields})


def machine(name="web01", on=1, **fields):
    defaults = {
        "id": f"vm-{name}", "name": name, "host_id": f"host-{on}", "power_state": "running", "memory_bytes": 8 * GIB,
        "disks": [hi.Disk(datastore_id="ds-shared")], "nics": [hi.Nic(name="nic", network_id="net", connected=True)],
    }  # fmt: skip
    return hi.VirtualMachine(**{**defaults, **HERE, **fields})


def cluster(*numbers, **fields):
    defaults = {
        "id": "prod", "name": "prod", "host_ids": [f"host-{n}" for n in numbers or (1, 2, 3)],
        "drs_enabled": True, "drs_behavior": "fullyAutomated",
    }  # fmt: skip
    return hi.Cluster(**{**defaults, **HERE, **fields})


def estate(*vms, hosts=None, adapters=None, **fields):
    hosts = hosts or [host(1), host(2), host(3)]
    numbers = [int(one.id.rpartition("-")[2]) for one in hosts]
    everywhere = [one.id for one in hosts]
    tables = {
        "clusters": [cluster(*numbers)],
        "datastores": [
            hi.Datastore(id="ds-shared", name="shared", host_ids=everywhere, **HERE),
            hi.Datastore(id="ds-local", name="local", host_ids=["host-1"], **HERE),
            hi.Datastore(id="ds-two", name="two", host_ids=["host-1", "host-3"], **HERE),
        ],
        "networks": [
            hi.Network(id="net", name="lan", kind="distributed", host_ids=everywhere, **HERE),
            hi.Network(id="net-two", name="dmz", kind="distributed", host_ids=["host-1", "host-3"], **HERE),
        ],
    }
    adapters = [vmotion(n) for n in numbers] if adapters is None else adapters
    return hi.Inventory(vms=vms or [machine()], hosts=hosts, vmkernel_adapters=adapters, **{**tables, **fields})


def only(plan):
    (impact,) = plan.impacts
    return impact


def codes(of, severity=None):
    return [one.code for one in of.findings if severity in (None, one.severity)]


def outcome(plan):
    impact = only(plan)
    return impact.effect.value, impact.destination.name if impact.destination else None, codes(impact, "blocker")


# --------------------------------------------------------------------------------------------- what is asked for


@pytest.mark.parametrize("wanted", ["host-1", "esx01", "ESX01", host(1), ["esx01"], ("esx01", "host-1"), {"esx01"}])
def test_a_host_is_a_record_an_id_or_a_name(wanted):
    plan = plan_maintenance(estate(), wanted)
    assert [one.id for one in plan.hosts] == ["host-1"]
    assert only(plan).host.id == "host-1"


def test_a_host_may_be_named_without_its_domain():
    inv = estate(hosts=[host(1, name="esx01.a.test"), host(2, name="esx02.a.test"), host(3, name="esx02.b.test")])
    assert plan_maintenance(inv, "esx01").hosts[0].name == "esx01.a.test"
    with pytest.raises(MultipleMatches, match="host-2, host-3"):
        plan_maintenance(inv, "esx02")


@pytest.mark.parametrize(
    ("wanted", "update", "error", "says"),
    [
        ("esx1", "restart", NotFound, "esx01"),
        ("nothing like it", "restart", NotFound, "collect"),
        (host(9), "restart", NotFound, "host-9"),
        ([], "restart", NotSupported, "no host"),
        ([7], "restart", NotSupported, "7 is no host"),
        (7, "restart", NotSupported, "7 is no host"),
        (None, "restart", NotSupported, "None is no host"),
        ("esx01", "reboot", NotSupported, "no_impact, pause, restart, power_off"),
    ],
)
def test_what_cannot_be_asked(wanted, update, error, says):
    with pytest.raises(error, match=re.escape(says)):
        plan_maintenance(estate(), wanted, update=update)


def test_a_host_of_no_known_platform_is_not_an_empty_plan():
    strange = attrs.evolve(host(1), platform="proxmox")
    with pytest.raises(NotSupported, match="proxmox"):
        plan_maintenance(hi.Inventory(hosts=[strange]), "esx01")


def test_a_host_without_machines():
    plan = plan_maintenance(estate(machine(on=2)), "esx01")
    assert (plan.impacts, plan.feasible) == ((), True)
    assert [(step.host.name, step.moves, step.hosts_available) for step in plan.steps] == [("esx01", (), 2)]


def test_a_machine_stands_for_the_host_beneath_it():
    plan = plan_maintenance(estate(machine("web01"), machine("web02")), "web02")
    assert (plan.hosts, plan.steps) == ((), ())
    assert (only(plan).vm.name, only(plan).effect, only(plan).host.name) == ("web02", "live_migrates", "esx01")


# ------------------------------------------------------------------------------------------------------- vSphere


@pytest.mark.parametrize(
    ("fields", "expected", "told"),
    [
        ({}, ("live_migrates", "esx02", []), None),
        ({"drs_behavior": "partiallyAutomated"}, ("live_migrates", "esx02", []), "DrsApprovalNeeded"),
        ({"drs_behavior": "manual"}, ("live_migrates", "esx02", []), "DrsApprovalNeeded"),
        ({"drs_enabled": False}, ("stays", None, ["MachineHasToBeMoved"]), None),
        ({"drs_enabled": None}, ("unknown", None, []), "DrsUnknown"),
        ({"drs_behavior": ""}, ("unknown", None, []), "DrsUnknown"),
        ({"overrides": [hi.VmOverride(vm_id="vm-web01", drs_behavior="manual")]},
         ("live_migrates", "esx02", []), "DrsApprovalNeeded"),
        ({"overrides": [hi.VmOverride(vm_id="vm-web01", drs_behavior="disabled")]},
         ("stays", None, ["MachineHasToBeMoved"]), None),
        ({"overrides": [hi.VmOverride(vm_id="vm-web01", drs_behavior="disabled")], "drs_overrides_allowed": False},
         ("live_migrates", "esx02", []), None),
        ({"drs_behavior": "manual", "overrides": [hi.VmOverride(vm_id="vm-web01", drs_behavior="fullyAutomated")]},
         ("live_migrates", "esx02", []), None),
        ({"overrides": [hi.VmOverride(vm_id="vm-web01", restart_priority="high")]},
         ("live_migrates", "esx02", []), None),
        ({"overrides": [hi.VmOverride(vm_id="vm-other", drs_behavior="disabled")]},
         ("live_migrates", "esx02", []), None),
    ],
)  # fmt: skip
def test_what_drs_does(fields, expected, told):
    plan = plan_maintenance(estate(clusters=[cluster(**fields)]), "esx01")
    assert outcome(plan) == expected
    assert codes(only(plan), "warning") == ([told] if told else [])
    assert plan.feasible is (not expected[2])


def test_without_drs_a_feasible_host_is_named_and_the_room_counted():
    plan = plan_maintenance(estate(clusters=[cluster(drs_enabled=False)]), "esx01")
    (blocker,) = only(plan).findings
    assert blocker.message == "esx01 cannot enter maintenance while web01 runs on it: DRS of prod is off"
    assert blocker.remedy == "move it to esx02 with vMotion, or shut it down"
    (move,) = plan.steps[0].moves
    assert (move.vm_name, move.destination_name, move.by_hand) == ("web01", "esx02", True)
    assert plan.steps[0].memory_free_bytes == 120 * GIB


def test_a_host_without_a_cluster_names_a_host_of_its_datacenter():
    places = ((1, "dc1", ""), (2, "dc2", ""), (3, "dc1", "prod"))
    hosts = [host(n, cluster_id=cluster_id, location=place) for n, place, cluster_id in places]
    plan = plan_maintenance(estate(hosts=hosts), "esx01")
    assert outcome(plan) == ("stays", None, ["MachineHasToBeMoved"])
    assert codes(only(plan)) == ["MachineHasToBeMoved"], "that it leaves a cluster is no news"
    assert only(plan).findings[0].remedy == "move it to esx03 with vMotion, or shut it down"


def test_a_cluster_that_is_not_in_the_inventory_is_unknown():
    plan = plan_maintenance(estate(clusters=[]), "esx01")
    assert outcome(plan) == ("unknown", None, [])
    assert codes(plan, "warning") == ["DrsUnknown"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"power_state": "stopped"}, "powered off, it stays registered on esx01"),
        ({"power_state": "suspended"}, "suspended, it stays registered on esx01"),
        ({"power_state": "stopped", "is_template": True}, "a template, it stays registered on esx01"),
    ],
)
def test_what_does_not_run_stays(fields, reason):
    plan = plan_maintenance(estate(machine(**fields)), "esx01")
    assert outcome(plan) == ("stays", None, [])
    assert only(plan).reason.startswith(reason)
    assert plan.feasible
    assert codes(plan) == ["PoweredOffMachinesStay"]


def test_a_machine_of_unknown_state_is_unknown():
    assert outcome(plan_maintenance(estate(machine(power_state="unknown")), "esx01"))[0] == "unknown"


@pytest.mark.parametrize("state", ["disconnected", "notResponding"])
def test_a_host_that_does_not_answer(state):
    plan = plan_maintenance(estate(hosts=[host(1, connection_state=state), host(2)]), "esx01")
    assert outcome(plan) == ("unknown", None, [])
    assert codes(plan, "blocker") == ["HostNotAnswering"]
    assert not plan.feasible


LOCAL = [hi.Disk(datastore_id="ds-local")]
TWO = [hi.Disk(datastore_id="ds-shared"), hi.Disk(datastore_id="ds-two")]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"disks": LOCAL}, ("stops", None, ["CannotAccessVmDisk"])),
        ({"disks": TWO}, ("live_migrates", "esx03", [])),
        ({"nics": [hi.Nic(network_id="net-two", connected=True)]}, ("live_migrates", "esx03", [])),
        ({"cpu_affinity": ["0"]}, ("stops", None, ["AffinityConfigured"])),
        ({"devices": [hi.Device(kind="passthrough", name="GPU")]},
         ("stops", None, ["DisallowedMigrationDeviceAttached"])),
        ({"tools_installer_mounted": True}, ("stops", None, ["ToolsInstallationInProgress"])),
        ({"memory_allocation": hi.Allocation(reservation=65 * GIB)},
         ("stops", None, ["InsufficientHostMemoryCapacityFault"] * 2)),
        ({"memory_allocation": hi.Allocation(reservation=64 * GIB)}, ("live_migrates", "esx02", [])),
        ({"cpu_allocation": hi.Allocation(reservation=32001)},
         ("stops", None, ["InsufficientHostCpuCapacityFault"] * 2)),
        ({"cpu_allocation": hi.Allocation(reservation=32000)}, ("live_migrates", "esx02", [])),
    ],
)  # fmt: skip
def test_where_a_machine_can_go(fields, expected):
    assert outcome(plan_maintenance(estate(machine(**fields)), "esx01")) == expected


def test_what_has_nowhere_to_go_is_told_why():
    plan = plan_maintenance(estate(machine(disks=LOCAL)), "esx01")
    assert only(plan).reason == ("no other host can take it: esx02 does not mount local; esx03 does not mount local")
    assert "shut it down" in only(plan).findings[0].remedy
    assert not plan.feasible


@pytest.mark.parametrize(
    "fields",
    [
        {"connection_state": "disconnected"},
        {"connection_state": "notResponding"},
        {"in_maintenance": True},
        {"power_state": "stopped"},
        {"capabilities": ["storageVMotionSupported"]},
    ],
)
def test_hosts_that_take_nothing(fields):
    hosts = [host(1), host(2, **fields), host(3)]
    assert outcome(plan_maintenance(estate(hosts=hosts), "esx01")) == ("live_migrates", "esx03", [])
    plan = plan_maintenance(estate(hosts=hosts[:2]), "esx01")
    assert only(plan).effect == "stops"
    assert not plan.feasible


@pytest.mark.parametrize(
    ("adapters", "expected"),
    [
        ([vmotion(1), vmotion(3)], ("live_migrates", "esx03", [])),
        ([vmotion(1), vmotion(2, link_speed_mbps=0), vmotion(3)], ("live_migrates", "esx03", [])),
        ([vmotion(1), vmotion(2, services=["management"]), vmotion(3)], ("live_migrates", "esx03", [])),
        ([vmotion(1, services=[]), vmotion(2), vmotion(3)], ("stops", None, ["VMotionNotConfigured"])),
        ([vmotion(1, link_speed_mbps=0), vmotion(2), vmotion(3)], ("stops", None, ["VMotionLinkDown"])),
    ],
)
def test_vmotion_adapters(adapters, expected):
    hosts = [host(1), host(2, in_quarantine=len(adapters) < 3), host(3)]
    assert outcome(plan_maintenance(estate(hosts=hosts, adapters=adapters), "esx01")) == expected


def test_adapters_nobody_has_read_are_unknown_not_missing():
    plan = plan_maintenance(estate(adapters=[]), "esx01")
    assert only(plan).effect == "live_migrates"
    assert set(codes(only(plan))) == {"VMkernelAdaptersUnknown"}


def rule(kind, *names, hosts=(), mandatory=None, **fields):
    vm_ids, host_ids = [f"vm-{name}" for name in names], [f"host-{n}" for n in hosts]
    return hi.ClusterRule(name="r", kind=kind, enabled=True, mandatory=mandatory, vm_ids=vm_ids, host_ids=host_ids,
                          **fields)  # fmt: skip


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (rule("vm-host", "web01", hosts=(1, 3), mandatory=True), ("live_migrates", "esx03", [])),
        (rule("vm-host", "web01", hosts=(1,), mandatory=True), ("stops", None, ["VmHostAffinityRuleViolation"])),
        (rule("vm-host", "web01", hosts=(1, 3), mandatory=False), ("live_migrates", "esx03", [])),
        (rule("vm-host", "web01", hosts=(1,), mandatory=False), ("live_migrates", "esx02", [])),
        (rule("vm-host-apart", "web01", hosts=(2,), mandatory=True), ("live_migrates", "esx03", [])),
        (rule("apart", "web01", "web02"), ("live_migrates", "esx03", [])),
        (rule("apart", "web01", "web02", "web03"), ("stops", None, ["RuleViolation"])),
        (rule("apart", "web01", "off"), ("live_migrates", "esx02", [])),
        (attrs.evolve(rule("apart", "web01", "web02"), enabled=False), ("live_migrates", "esx02", [])),
    ],
)
def test_rules(given, expected):
    others = [machine("web02", 2, memory_bytes=GIB), machine("web03", 3, memory_bytes=2 * GIB),
              machine("off", 2, power_state="stopped")]  # fmt: skip
    plan = plan_maintenance(estate(machine(), *others, clusters=[cluster(rules=[given])]), "esx01")
    assert outcome(plan) == expected


def test_machines_that_belong_together_go_together():
    vms = [machine(name, memory_bytes=size * GIB) for name, size in (("a", 30), ("b", 20), ("c", 20))]
    pair = [rule("together", "a", "b")]
    hosts = [host(1), host(2, memory_bytes=55 * GIB), host(3, memory_bytes=40 * GIB)]
    plan = plan_maintenance(estate(*vms, hosts=hosts, clusters=[cluster(rules=pair)]), "esx01")
    assert {one.vm.name: one.destination.name for one in plan.impacts} == {"a": "esx02", "b": "esx02", "c": "esx03"}
    apart = plan_maintenance(estate(*vms, hosts=hosts, clusters=[cluster(rules=[])]), "esx01")
    assert {one.vm.name: one.destination.name for one in apart.impacts} == {"a": "esx02", "b": "esx03", "c": "esx02"}


def test_rules_that_contradict_one_another_are_told():
    both = [rule("together", "a", "b"), rule("apart", "a", "b")]
    plan = plan_maintenance(estate(machine("a"), machine("b"), clusters=[cluster(rules=both)]), "esx01")
    assert [(one.effect, codes(one)) for one in plan.impacts] == [("stops", ["RuleViolation", "RuleViolation"])] * 2


def test_one_that_cannot_go_leaves_the_others_of_its_rule():
    vms = [machine("a", cpu_affinity=["1"]), machine("b")]
    plan = plan_maintenance(estate(*vms, clusters=[cluster(rules=[rule("together", "a", "b")])]), "esx01")
    assert [(one.effect, codes(one, "warning")) for one in plan.impacts] == [
        ("stops", []), ("live_migrates", ["AffinityBroken"]),
    ]  # fmt: skip


def test_a_protected_machine_and_its_twin_are_not_put_on_one_host():
    pair = [machine("db", 1, fault_tolerance="running"),
            machine("db", 2, id="vm-db-2", fault_tolerance="running", memory_bytes=GIB)]  # fmt: skip
    plan = plan_maintenance(estate(*pair), "esx01")
    assert outcome(plan) == ("live_migrates", "esx03", [])
    assert "CannotMoveFaultToleranceVm" in codes(only(plan), "warning")


def test_the_host_with_most_free_memory_takes_the_largest_machine_first():
    vms = [machine("a-small", memory_bytes=4 * GIB), machine("b-big", memory_bytes=20 * GIB), machine("there", 2)]
    plan = plan_maintenance(estate(*vms), "esx01")
    # esx03 has 64 GiB free, esx02 56; with b-big on it esx03 has 44.
    assert {one.vm.name: one.destination.name for one in plan.impacts} == {"a-small": "esx02", "b-big": "esx03"}


def test_rather_a_second_move_than_too_little_memory():
    vms = [machine("a"), machine("b", 2, memory_bytes=30 * GIB), machine("c", 3, memory_bytes=60 * GIB)]
    plan = plan_maintenance(estate(*vms), ["esx01", "esx02"])
    assert [(move.vm_name, move.destination_name) for move in plan.steps[0].moves] == [("a", "esx02")]


def test_capacity_left_by_hand():
    vms = [machine("web01"), machine("db01", 2, memory_bytes=24 * GIB), machine("off", 3, power_state="stopped")]
    (step,) = plan_maintenance(estate(*vms), "esx01").steps
    assert step.hosts_available == 2
    assert step.memory_free_bytes == (2 * 64 - 8 - 24) * GIB
    assert step.cpu_free_mhz == 2 * 16 * 2000 - 3 * 1000


def test_memory_may_be_overcommitted_but_is_told():
    vms = [machine("web01", memory_bytes=40 * GIB), machine("db01", 2, memory_bytes=40 * GIB)]
    plan = plan_maintenance(estate(*vms, hosts=[host(1), host(2)]), "esx01")
    assert outcome(plan) == ("live_migrates", "esx02", [])
    assert codes(only(plan), "warning") == ["MemoryOvercommitted"]
    assert plan.steps[0].memory_free_bytes == -16 * GIB
    assert "RoomShortForACluster" in codes(plan, "warning")


def test_unknown_memory_is_said():
    plan = plan_maintenance(estate(hosts=[host(1), host(2, memory_bytes=None)]), "esx01")
    assert only(plan).effect == "live_migrates"
    assert plan.steps[0].memory_free_bytes is None
    assert "CapacityUnknown" in codes(plan, "warning")
    unsized = plan_maintenance(estate(machine(memory_bytes=None)), "esx01")
    assert unsized.steps[0].memory_free_bytes is None


ADMISSION = {"ha_enabled": True, "ha_admission_control": True}


@pytest.mark.parametrize(
    ("fields", "reservation", "broken"),
    [
        ({}, 0, False),
        ({"ha_failover_level": 1}, 0, False),
        ({"ha_failover_level": 2}, 0, True),
        ({"ha_failover_level": 1}, 33, True),
        ({"ha_memory_reserve_percent": 50}, 32, False),
        ({"ha_memory_reserve_percent": 50}, 33, True),
        ({"ha_memory_reserve_percent": 0}, 33, False),
        ({"ha_cpu_reserve_percent": 100}, 0, False),
        ({"ha_failover_host_ids": ["host-1"], "ha_admission_policy": "failover-hosts"}, 0, True),
    ],
)
def test_what_high_availability_keeps(fields, reservation, broken):
    # Two hosts of 64 GiB are left; two machines reserve the same: 128 - 2 * 33 is less than half.
    reserved = hi.Allocation(reservation=reservation * GIB)
    vms = [machine("a", 1, memory_allocation=reserved), machine("b", 2, memory_allocation=reserved)]
    plan = plan_maintenance(estate(*vms, clusters=[cluster(**ADMISSION, **fields)]), "esx01")
    assert ("InsufficientFailoverResourcesFault" in codes(plan, "warning")) is broken
    off = {**ADMISSION, "ha_admission_control": False, **fields}
    quiet = plan_maintenance(estate(*vms, clusters=[cluster(**off)]), "esx01")
    assert "InsufficientFailoverResourcesFault" not in codes(quiet)


def test_hosts_kept_for_failures_take_nothing():
    kept = cluster(**ADMISSION, ha_admission_policy="failover-hosts", ha_failover_host_ids=["host-2"])
    assert outcome(plan_maintenance(estate(clusters=[kept]), "esx01"))[1] == "esx03"
    plan = plan_maintenance(estate(hosts=[host(1), host(2)], clusters=[kept]), "esx01")
    assert outcome(plan) == ("stops", None, ["FailoverHost"])


AGENT = "vCLS-4c4c4544-0000-4000-8000-00000000000a"


def test_notes():
    vms = [machine(AGENT, memory_bytes=GIB, nics=[]), machine("vc01", ip_addresses=["10.0.0.9"])]
    hosts = [host(1, vcenter_ip="10.0.0.9"), host(2)]
    plan = plan_maintenance(estate(*vms, hosts=hosts, clusters=[cluster(1, 2, vsan_enabled=True)]), "esx01")
    assert {one.vm.name: codes(one) for one in plan.impacts} == {
        AGENT: ["ClusterServicesAgent"], "vc01": ["VCenterMoves"],
    }  # fmt: skip
    assert "VsanDataMigrationMode" in codes(plan, "warning")


def test_an_agent_of_the_cluster_never_blocks():
    second = machine("vCLS (2)", on=2, disks=LOCAL, managed_by="VirtualCenter cluster-agent")
    vms = [machine(AGENT, disks=LOCAL, folder="vCLS"), second]
    plan = plan_maintenance(estate(*vms, clusters=[cluster(drs_enabled=False)]), ["esx01", "esx02"])
    assert {one.effect for one in plan.impacts} == {"stops"}
    assert plan.feasible


@pytest.mark.parametrize(
    ("name", "fields"), [("vclsdb01", {}), ("vCLS", {}), ("vCLS-1234", {}), (AGENT, {"folder": "production"})]
)
def test_what_only_sounds_like_an_agent_is_none(name, fields):
    plan = plan_maintenance(estate(machine(name, disks=LOCAL, **fields)), "esx01")
    assert outcome(plan) == ("stops", None, ["CannotAccessVmDisk"])
    assert "ClusterServicesAgent" not in codes(plan)


def test_the_least_loaded_host_goes_first_and_comes_back_empty():
    vms = [machine("a", 1, memory_bytes=8 * GIB), machine("b", 2, memory_bytes=4 * GIB), machine("c", 3)]
    plan = plan_maintenance(estate(*vms), ["esx01", "esx02"])
    assert [step.host.name for step in plan.steps] == ["esx02", "esx01"]
    first, second = ([(move.vm_name, move.destination_name) for move in step.moves] for step in plan.steps)
    assert first == [("b", "esx03")], "esx01 goes later, so that esx03 is better"
    assert second == [("a", "esx02")], "esx02 is back, and empty"
    assert [step.number for step in plan.steps] == [1, 2]
    assert "HostsComeBackEmpty" in codes(plan, "info")


def test_what_has_to_move_twice_is_told():
    vms = [machine("a", 1, memory_bytes=8 * GIB), machine("b", 2, memory_bytes=4 * GIB)]
    plan = plan_maintenance(estate(*vms, hosts=[host(1), host(2)]), ["esx01", "esx02"])
    assert [(one.vm.name, one.effect, codes(one)) for one in plan.impacts] == [
        ("a", "live_migrates", []), ("b", "live_migrates", ["MovesAgain"]),
    ]  # fmt: skip
    assert [len(step.moves) for step in plan.steps] == [1, 2]


def test_the_worst_of_several_moves_counts():
    """b goes to esx01, and cannot leave that again: esx02 was in maintenance before, and is not counted on."""
    vms = [machine("b", 2, disks=[hi.Disk(datastore_id="ds-a")], memory_bytes=GIB), machine("a", 1)]
    rules = [rule("vm-host", "b", hosts=(1, 2), mandatory=True)]
    stores = [hi.Datastore(id="ds-a", name="a", host_ids=["host-1", "host-2"], **HERE),
              hi.Datastore(id="ds-shared", name="s", host_ids=["host-1", "host-2", "host-3"], **HERE)]  # fmt: skip
    inv = estate(*vms, clusters=[cluster(rules=rules)], datastores=stores)
    inv = attrs.evolve(inv, hosts=[host(1), host(2, in_maintenance=True), host(3)])
    plan = plan_maintenance(inv, ["esx02", "esx01"])
    told = {one.vm.name: (one.effect.value, one.host.name) for one in plan.impacts}
    assert told == {"a": ("live_migrates", "esx01"), "b": ("stops", "esx02")}
    assert not plan.feasible


def test_clusters_are_run_one_by_one():
    other = [host(n, cluster_id="test") for n in (4, 5)]
    clusters = [cluster(), cluster(4, 5, id="test", name="test", drs_enabled=False)]
    inv = estate(machine("a", 1), machine("b", 4), hosts=[host(1), host(2), host(3), *other], clusters=clusters)
    plan = plan_maintenance(inv, ["esx04", "esx01"])
    assert [(step.host.name, step.cluster_id) for step in plan.steps] == [("esx04", "test"), ("esx01", "prod")]
    assert {one.vm.name: one.effect.value for one in plan.impacts} == {"a": "live_migrates", "b": "stays"}


@pytest.mark.parametrize(
    ("update", "effect", "told"),
    [
        ("restart", "live_migrates", []),
        ("power_off", "live_migrates", []),
        ("pause", "live_migrates", ["PauseIsARestartHere"]),
        ("no_impact", "unaffected", ["LivePatch"]),
        (hi.UpdateKind.NO_IMPACT, "unaffected", ["LivePatch"]),
    ],
)
def test_kinds_of_update_on_vsphere(update, effect, told):
    plan = plan_maintenance(estate(), "esx01", update=update)
    assert (only(plan).effect, codes(plan)) == (effect, told)
    assert bool(plan.steps) is (effect == "live_migrates")


# ----------------------------------------------------------------------------------------------- Azure Stack Hub


def node(number, **fields):
    defaults = {"id": f"node-{number}", "name": f"node{number}", "cluster_id": "su", "memory_bytes": 64 * GIB,
                "connection_state": "Running", "in_maintenance": False}  # fmt: skip
    return hi.Host(**{**defaults, **HUB, **fields})


def tenant(name="mes01", on="node-1", **fields):
    defaults = {"id": f"/vm/{name}", "name": name, "host_id": on, "power_state": "running", "memory_bytes": 16 * GIB}
    return hi.VirtualMachine(**{**defaults, **HUB, **fields})


@pytest.mark.parametrize(
    ("fields", "size", "update", "effect", "blockers"),
    [
        ({}, 64, "restart", "live_migrates", []),
        ({}, 64, "pause", "live_migrates", []),
        ({}, 64, "no_impact", "unaffected", []),
        ({"power_state": "deallocated"}, 64, "restart", "unaffected", []),
        ({"power_state": "stopped"}, 64, "restart", "unaffected", []),
        ({"power_state": "unknown"}, 64, "restart", "unknown", []),
        ({}, 16, "restart", "live_migrates", []),
        ({}, 15, "restart", "stops", ["InsufficientRoom"]),
        ({"memory_bytes": None}, 15, "restart", "live_migrates", []),
        ({}, None, "restart", "live_migrates", []),
    ],
)
def test_a_node_is_drained(fields, size, update, effect, blockers):
    size = None if size is None else size * GIB
    inv = hi.Inventory(hosts=[node(1), node(2, memory_bytes=size)], vms=[tenant(**fields)])
    plan = plan_maintenance(inv, "node1", update=update)
    assert (only(plan).effect, codes(plan, "blocker")) == (effect, blockers)
    assert only(plan).destination is None, "the Hub chooses"
    unmeasured = update == "restart" and (size is None or "memory_bytes" in fields)
    assert ("CapacityUnknown" in codes(plan)) is unmeasured


def test_room_on_nodes_is_used_up():
    vms = [tenant(f"vm{n}", memory_bytes=20 * GIB) for n in range(3)]
    plan = plan_maintenance(hi.Inventory(hosts=[node(1), node(2, memory_bytes=50 * GIB)], vms=vms), "node1")
    assert sorted(one.effect for one in plan.impacts) == ["live_migrates", "live_migrates", "stops"]
    assert plan.steps[0].memory_free_bytes == 10 * GIB


def test_the_machine_knows_its_node_best():
    nodes = [node(1, vm_ids=["/vm/mes01", "/vm/mes02"]), node(2)]
    inv = hi.Inventory(hosts=nodes, vms=[tenant("mes01", on="node-2"), tenant("mes02", on="")])
    impact = only(plan_maintenance(inv, "node1"))
    assert (impact.vm.name, impact.effect) == ("mes02", "live_migrates")


def test_one_node_at_a_time():
    nodes = [node(1), node(2), node(3)]
    plan = plan_maintenance(hi.Inventory(hosts=nodes, vms=[tenant()]), ["node1", "node2"])
    assert codes(plan, "blocker") == ["OneNodeAtATime"]
    assert [step.host.name for step in plan.steps] == ["node2", "node1"]
    away = [node(1), node(2), node(3, connection_state="Maintenance", in_maintenance=True)]
    plan = plan_maintenance(hi.Inventory(hosts=away, vms=[tenant()]), "node1")
    assert codes(plan, "blocker") == ["OneNodeAtATime"]
    assert plan.steps[0].hosts_available == 1


@pytest.mark.parametrize(
    ("fields", "update", "effect"),
    [
        ({}, "restart", "unknown"),
        ({}, "no_impact", "unaffected"),
        ({"power_state": "deallocated"}, "restart", "unaffected"),
    ],
)
def test_tenants_do_not_see_the_node(fields, update, effect):
    plan = plan_maintenance(hi.Inventory(vms=[tenant(on="", **fields)]), "mes01", update=update)
    assert only(plan).effect == effect
    assert codes(plan) == (["NodeUnknown"] if effect == "unknown" else [])


# --------------------------------------------------------------------------------------------------------- Azure


def azure(name="shop01", size="Standard_D4s_v5", **fields):
    defaults = {"id": f"/azure/{name}", "name": name, "size": size, "power_state": "running"}
    return hi.VirtualMachine(**{**defaults, **AZURE, **fields})


@pytest.mark.parametrize(
    ("size", "pause", "restart"),
    [
        ("Standard_D4s_v5", "pauses", "live_migrates"),
        ("Basic_A1", "pauses", "live_migrates"),
        ("standard_e16ds_v5", "pauses", "live_migrates"),
        ("Standard_DC2s_v3", "unknown", "unknown"),
        ("Standard_EC8as_v5", "unknown", "unknown"),
        ("Standard_DS2_v2", "pauses", "live_migrates"),
        ("Standard_NC6s_v3", "unknown", "restarts"),
        ("Standard_HB120rs_v3", "unknown", "restarts"),
        ("Standard_L8s_v3", "unknown", "restarts"),
        ("Standard_GS5", "unknown", "restarts"),
        ("Standard_M128ms", "pauses", "unknown"),
        ("", "unknown", "unknown"),
        ("Mystery", "unknown", "unknown"),
    ],
)
def test_the_series_decides(size, pause, restart):
    inv = hi.Inventory(vms=[azure(size=size)])
    effects = [only(plan_maintenance(inv, "shop01", update=update)).effect for update in hi.UpdateKind]
    assert effects == ["unaffected", pause, restart, restart]


@pytest.mark.parametrize(
    ("state", "effect"),
    [
        ("deallocated", "unaffected"),
        ("stopped", "unaffected"),
        ("suspended", "unaffected"),
        ("unknown", "unknown"),
        ("starting", "live_migrates"),
    ],
)
def test_the_state_decides_first(state, effect):
    assert only(plan_maintenance(hi.Inventory(vms=[azure(power_state=state)]), "shop01")).effect == effect


def pending(impact, status="Pending", scope="Host", **fields):
    return hi.PendingUpdate(impact=impact, status=status, scope=scope, **fields)


@pytest.mark.parametrize(
    ("updates", "asked", "effect"),
    [
        ([pending("Redeploy")], "no_impact", "restarts"),
        ([pending("Redeploy")], "restart", "restarts"),
        ([pending("Reboot")], "pause", "restarts"),
        ([pending("Freeze", "InProgress")], "restart", "pauses"),
        ([pending("None")], "restart", "unaffected"),
        ([pending("Freeze"), pending("Restart", scope="")], "restart", "restarts"),
        ([pending("Teleport")], "restart", "unknown"),
        ([pending("Redeploy", "Completed")], "restart", "live_migrates"),
        ([pending("Redeploy", scope="InGuestPatch")], "restart", "live_migrates"),
    ],
)
def test_what_azure_has_announced_counts_for_more(updates, asked, effect):
    vm = azure(pending_updates=updates)
    assert only(plan_maintenance(hi.Inventory(vms=[vm]), vm, update=asked)).effect == effect


def test_announced_maintenance_reads_as_a_sentence():
    window = {"not_before": datetime(2026, 2, 16, tzinfo=UTC), "until": datetime(2026, 2, 23, tzinfo=UTC)}
    vm = azure(pending_updates=[pending("Redeploy", **window)], maintenance="redeploy can be started now")
    plan = plan_maintenance(hi.Inventory(vms=[vm]), "shop01")
    assert only(plan).reason == (
        "Azure has announced it: redeploy, not before 2026-02-16 00:00 until 2026-02-23 00:00 UTC"
    )
    assert codes(plan) == ["MaintenanceAnnounced"]
    alone = plan_maintenance(hi.Inventory(vms=[azure(maintenance="redeploy")]), "shop01", update="no_impact")
    assert only(alone).effect == "restarts"


@pytest.mark.parametrize(
    "over", [pending("Redeploy", "Completed"), pending("Reboot", scope="InGuestPatch"), pending("None", "Completed")]
)
def test_an_announced_restart_is_not_hidden_by_what_is_over_or_the_guests(over):
    vm = azure(maintenance="redeploy can be started now", pending_updates=[over])
    assert only(plan_maintenance(hi.Inventory(vms=[vm]), vm, update="no_impact")).effect == "restarts"
    both = azure(maintenance="redeploy can be started now", pending_updates=[over, pending("Freeze")])
    assert only(plan_maintenance(hi.Inventory(vms=[both]), both, update="restart")).effect == "pauses"


def test_spot_machines_may_be_evicted():
    plan = plan_maintenance(hi.Inventory(vms=[azure(priority="Spot")]), "shop01")
    assert (only(plan).effect, codes(plan)) == ("live_migrates", ["SpotMayBeEvicted"])


def test_a_dedicated_host_has_its_machines():
    dedicated = hi.Host(id="/host/1", name="dedicated01", vm_ids=["/azure/b", "/azure/gone"], **AZURE)
    inv = hi.Inventory(hosts=[dedicated], vms=[azure("a", host_id="/host/1"), azure("b"), azure("c")])
    plan = plan_maintenance(inv, "dedicated01")
    assert [(one.vm.name, one.host.name) for one in plan.impacts] == [("a", "dedicated01"), ("b", "dedicated01")]
    assert set(codes(plan)) == {"DedicatedHostWay", "MachinesOfOthers"}
    assert plan.steps == ()


# ----------------------------------------------------------------------------------------------------------- Arc

UUID = "420e3f74-0000-4000-8000-0000000000aa"


def server(name="arc01", **fields):
    return hi.VirtualMachine(**{"id": f"/arc/{name}", "name": name, **ARC, **fields})


def test_the_platform_beneath_decides():
    inv = estate(machine("web01", bios_uuid=UUID), server(bios_uuid=UUID))
    plan = plan_maintenance(inv, "arc01")
    impact = only(plan)
    assert (impact.vm.name, impact.host.name, impact.effect, impact.destination.name) == (
        "arc01", "esx01", "live_migrates", "esx02",
    )  # fmt: skip
    assert impact.reason == "is web01 on vSphere: DRS moves it while it runs"
    assert impact.other_ids == ("vm-web01",)
    assert len(impact.sources) == 3
    beneath = only(plan_maintenance(inv, "esx01"))
    assert (beneath.vm.name, beneath.other_ids) == ("web01", ("/arc/arc01",))


def test_blockers_beneath_are_told():
    inv = estate(machine("web01", bios_uuid=UUID, disks=LOCAL), server(bios_uuid=UUID))
    plan = plan_maintenance(inv, "arc01")
    assert outcome(plan) == ("stops", None, ["CannotAccessVmDisk"])
    assert not plan.feasible


def test_the_same_plan_tells_of_both():
    inv = estate(machine("web01", bios_uuid=UUID), server(bios_uuid=UUID))
    plan = plan_maintenance(inv, ["esx01", "arc01"])
    assert [one.vm.name for one in plan.impacts] == ["web01", "arc01"]
    assert plan.impacts[0].destination == plan.impacts[1].destination


@pytest.mark.parametrize(
    ("fields", "update", "effect", "reason"),
    [
        ({"is_virtual": False}, "restart", "stops", "it is its own host"),
        ({"is_virtual": False}, "power_off", "stops", "it is its own host"),
        ({"is_virtual": False}, "no_impact", "unaffected", "it is its own host, which keeps running"),
        ({"is_virtual": True}, "restart", "unknown", "no machine of another platform"),
        ({}, "restart", "unknown", "no machine of another platform"),
        ({"cloud_provider": "AWS"}, "restart", "unknown", "it runs in AWS"),
        ({"kind": "HCI"}, "restart", "unknown", "it runs in Azure Local"),
    ],
)
def test_a_server_whose_host_is_not_seen(fields, update, effect, reason):
    impact = only(plan_maintenance(hi.Inventory(vms=[server(**fields)]), "arc01", update=update))
    assert impact.effect == effect
    assert impact.reason.startswith(reason)
    assert impact.sources


def test_clones_are_never_guessed():
    inv = estate(machine("web01", bios_uuid=UUID), machine("web02", bios_uuid=UUID), server(bios_uuid=UUID))
    impact = only(plan_maintenance(inv, "arc01"))
    assert (impact.effect, impact.host, impact.other_ids) == ("unknown", None, ())
    assert "several machines claim" in impact.reason


def test_a_match_by_name_alone_is_told():
    inv = estate(machine("web01", hostname="web01.a.test"), server(hostname="web01.a.test"))
    plan = plan_maintenance(inv, "arc01")
    assert only(plan).effect == "live_migrates"
    assert "WeakMatch" in codes(plan, "warning")


def test_a_vsphere_machine_whose_host_is_not_there():
    inv = estate(machine("web01", bios_uuid=UUID, on=9), server(bios_uuid=UUID))
    impact = only(plan_maintenance(inv, "arc01"))
    assert (impact.effect, impact.reason) == ("unknown", "is web01 on vSphere: its host is not in this inventory")


# ------------------------------------------------------------------------------------------------------- reading


def test_str_reads_as_sentences():
    lines = str(plan_maintenance(estate(machine(), machine("off", power_state="stopped")), "esx01")).splitlines()
    assert lines == [
        "Maintenance of esx01 (restart), 2 machines: 1 live migrates, 1 stays: feasible",
        "esx01:",
        "  web01 live migrates to esx02: DRS moves it while it runs",
        "  off stays: powered off, it stays registered on esx01 and cannot be used while that is away",
        "step 1 of 1: esx01: 1 machine leaves, 2 hosts take machines, 120.0 GiB of memory left",
        "INFO PoweredOffMachinesStay: off on esx01: not running, so not moved — choose to move powered-off and"
        " suspended machines as well when the host enters maintenance",
    ]


def test_blockers_come_first():
    vms = [machine("a", disks=LOCAL), machine("b", power_state="stopped"), machine("c", fault_tolerance="running")]
    severities = [one.severity for one in plan_maintenance(estate(*vms), "esx01").findings]
    assert severities == sorted(severities, key=list(hi.Severity).index)
    assert severities[0] == "blocker"


def test_html_is_escaped_and_bounded():
    hostile = "<script>alert('x')</script>"
    vms = [machine(f"{hostile}{n}") for n in range(200)]
    plan = plan_maintenance(estate(*vms, hosts=[host(1, name="<b>esx</b>"), host(2)]), "host-1")
    page = plan._repr_html_()
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page
    assert page.count("<tr>") < 120
    assert "150 more" in page


def test_braces_in_names_are_names():
    plan = plan_maintenance(estate(machine("{host}{0}", disks=LOCAL)), "esx01")
    assert only(plan).vm.name in str(plan)


def test_a_plan_is_frozen_and_repeatable():
    inv = estate(machine("a"), machine("b", 2))
    plan = plan_maintenance(inv, ["esx01", "esx02"])
    assert plan == plan_maintenance(inv, ["esx01", "esx02"])
    assert hash(plan) == hash(plan_maintenance(inv, ["esx01", "esx02"]))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        plan.feasible = False


def test_the_demo():
    inv = hi.demo()
    plan = plan_maintenance(inv, "HUB1-NODE01")
    assert {one.vm.name: one.effect.value for one in plan.impacts} == {"mes-app-01": "live_migrates"}
    assert {"OneNodeAtATime", "MachinesOfOthers"} <= set(codes(plan)), "node 3 is in maintenance; a tenant is not seen"
    names = ("shop-web-01", "shop-sql-01", "dev-build-01", "BACKUP01")
    told = plan_maintenance(inv, names)
    assert [(one.vm.name, one.effect.value) for one in told.impacts] == [
        ("shop-web-01", "restarts"), ("shop-sql-01", "live_migrates"), ("dev-build-01", "unaffected"),
        ("BACKUP01", "stops"),
    ]  # fmt: skip


@pytest.fixture
def saved(tmp_path):
    hi.demo().save(tmp_path / "demo.json")
    return str(tmp_path / "demo.json")


def test_the_command_prints_the_plan(saved, capsys):
    assert main(["plan-maintenance", saved, "HUB1-NODE01", "shop-web-01", "--update", "power_off"]) == 3
    plan = plan_maintenance(hi.load(saved), ["HUB1-NODE01", "shop-web-01"], update="power_off")
    printed, incomplete, _ = capsys.readouterr().out.partition("Incomplete:")
    assert printed.splitlines() == str(plan).splitlines()
    assert incomplete, "the demo lacks something, and that is said"


def test_the_command_prints_json(saved, capsys):
    assert main(["plan-maintenance", saved, "HUB1-NODE01", "--json"]) == 3
    printed = json.loads(capsys.readouterr().out)
    assert (printed["update"], printed["feasible"]) == ("restart", False)
    assert [(one["vm_name"], one["effect"], one["destination_id"]) for one in printed["impacts"]] == [
        ("mes-app-01", "live_migrates", ""),
    ]  # fmt: skip
    assert printed["steps"][0]["host"] == printed["hosts"][0]
    assert "OneNodeAtATime" in [one["code"] for one in printed["findings"]]


def test_the_command_says_what_is_wrong(saved, capsys):
    assert main(["plan-maintenance", saved, "HUB1-NODE1"]) == 1
    assert "did you mean 'HUB1-NODE01'" in capsys.readouterr().err
    assert main(["plan-maintenance", saved, "HUB1-NODE01", "--update", "reboot"]) == 2


def test_names_cannot_play_with_the_terminal(tmp_path, capsys):
    hostile = "web\x1b[31m\nforged line"
    file = tmp_path / "hostile.json"
    estate(machine(hostile), hosts=[host(1, name=hostile), host(2)]).save(file)
    assert main(["plan-maintenance", str(file), "host-1"]) == 0
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert not [line for line in printed.splitlines() if line.startswith("forged")]


def test_every_row_has_a_source_and_is_in_the_documentation():
    page = (ROOT / "docs" / "maintenance.md").read_text("utf-8")
    document = tomllib.loads((ROOT / "src/hybridinv/planning/maintenance/maintenance.toml").read_text("utf-8"))
    assert all(reason.sources for reason in reasons().values())
    assert all(row.sources for row in finding_rows().values())
    assert [code for code in finding_rows() if f"`{code}`" not in page] == []
    assert [key for key in document["sources"] if f"| {key} |" not in page] == []
    assert {key for row in document["reason"] + document["finding"] for key in row["sources"]} == set(
        document["sources"]
    )


# ---------------------------------------------------------------------------------------------------- properties

MACHINES = st.lists(
    st.tuples(
        st.integers(1, 4),  # host
        st.integers(1, 40),  # GiB
        st.integers(0, 40),  # GiB reserved, at most what it is configured with
        st.sampled_from(["running", "running", "running", "stopped", "suspended", "unknown"]),
        st.sampled_from(["ds-shared", "ds-local", "ds-two"]),
    ),
    max_size=14,
)


RULES = st.lists(
    st.tuples(st.sampled_from(["together", "apart"]), st.sets(st.integers(0, 13), min_size=2, max_size=3)), max_size=3
)


@settings(max_examples=150, deadline=None)
@given(
    machines=MACHINES,
    asked=st.sets(st.integers(1, 4), min_size=1),
    behavior=st.sampled_from(["fullyAutomated", "manual", "", None]),
    kinds=RULES,
    down=st.sets(st.integers(1, 4), max_size=1),
)  # fmt: skip
def test_whatever_the_estate(machines, asked, behavior, kinds, down):
    vms = [
        machine(f"m{n}", on, memory_bytes=size * GIB, power_state=state, disks=[hi.Disk(datastore_id=store)],
                memory_allocation=hi.Allocation(reservation=min(reserved, size) * GIB))
        for n, (on, size, reserved, state, store) in enumerate(machines)
    ]  # fmt: skip
    hosts = [host(n, in_maintenance=n in down) for n in (1, 2, 3, 4)]
    rules = [rule(kind, *(f"m{n}" for n in members)) for kind, members in kinds]
    drs = {"drs_enabled": behavior is not None, "drs_behavior": behavior or "", "rules": rules}
    inv = attrs.evolve(estate(hosts=hosts, clusters=[cluster(1, 2, 3, 4, **drs)]), vms=vms)
    plan = plan_maintenance(inv, [f"host-{n}" for n in asked])
    there = sorted(vm.id for vm in vms if vm.host_id in {f"host-{n}" for n in asked})
    assert sorted(impact.vm.id for impact in plan.impacts) == there
    for impact in plan.impacts:
        assert impact.reason
        assert impact.sources
        assert isinstance(impact.confidence, Confidence)
        assert (impact.effect == "live_migrates") is (impact.destination is not None)
        assert impact.destination is None or impact.destination.id != impact.vm.host_id
        if impact.effect == "stops":
            assert "blocker" in [one.severity for one in impact.findings]
    assert sorted(step.host.id for step in plan.steps) == sorted(f"host-{n}" for n in asked)
    follow(plan, {vm.id: vm for vm in vms}, {one.id: one for one in hosts}, rules)


def follow(plan, vms, hosts, rules):
    """Make the moves of a plan one after the other, and count what the hosts have to hold."""
    where = {id_: vm.host_id for id_, vm in vms.items() if vm.power_state == "running"}
    told = {(one.code, one.subject_id) for one in plan.findings}
    for step in plan.steps:
        arrived = set()
        for move in step.moves:
            assert where[move.vm_id] == step.host.id
            assert move.destination_id != step.host.id
            assert not hosts[move.destination_id].in_maintenance
            where[move.vm_id] = move.destination_id
            arrived.add(move.destination_id)
        for host_id in arrived:
            held = [vms[id_] for id_, on in where.items() if on == host_id]
            assert sum(vm.memory_allocation.reservation for vm in held) <= hosts[host_id].memory_bytes
            if sum(vm.memory_bytes for vm in held) > hosts[host_id].memory_bytes:
                assert ("MemoryOvercommitted", host_id) in told
        for one in rules:
            moved = [move for move in step.moves if one.kind == "apart" and move.vm_id in one.vm_ids]
            for move in moved:
                assert not any(where.get(id_) == move.destination_id for id_ in one.vm_ids if id_ != move.vm_id)
        if step.memory_free_bytes is not None:
            up = [one for one in hosts.values() if one.id != step.host.id and not one.in_maintenance]
            used = sum(vms[id_].memory_bytes for id_, on in where.items() if on in {one.id for one in up})
            assert step.memory_free_bytes == sum(one.memory_bytes for one in up) - used
            assert step.hosts_available == len(up)
