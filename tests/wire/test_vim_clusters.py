"""ComputeResource rows → clusters."""

import pytest

from hybridinv.model import ClusterGroup, ClusterRule, VmOverride
from hybridinv.wire.vim.clusters import read_cluster
from wire.vim_rows import id_of, row, tree
from wire.vim_whole import failover_cluster, whole_cluster, whole_tree


def configured(**configuration):
    return read_cluster(row("ClusterComputeResource", "domain-c1", name="c", configurationEx=configuration), tree())


def test_a_cluster():
    found = read_cluster(whole_cluster(), whole_tree())
    assert found.host_ids == (id_of("host-1"), id_of("host-2"))
    assert (found.cpu_cores, found.cpu_threads, found.cpu_mhz, found.memory_bytes) == (96, 192, 249600, 2**40)
    assert (found.location, found.state, found.evc_mode) == ("Utrecht", "green", "intel-icelake")
    assert (found.vsan_enabled, found.swap_placement) == (True, "vmDirectory")
    assert (found.custom_attributes, found.tags) == ({"owner": "ops"}, {"tier": "gold"})


def test_effective_memory_comes_in_megabytes_and_total_memory_in_bytes():
    found = read_cluster(whole_cluster(), tree())
    assert (found.memory_bytes, found.effective_memory_bytes) == (2**40, 1_000_000 * 2**20)
    assert (found.effective_cpu_mhz, found.effective_hosts) == (240000, 1)


def test_drs_and_ha():
    found = read_cluster(whole_cluster(), tree())
    assert (found.drs_enabled, found.drs_behavior) == (True, "fullyAutomated")
    assert (found.drs_migration_threshold, found.drs_overrides_allowed) == (3, True)
    assert (found.ha_enabled, found.ha_admission_control, found.ha_host_monitoring) == (True, True, "enabled")
    assert (found.ha_vm_monitoring, found.ha_restart_priority, found.ha_isolation_response) == (
        "vmMonitoringOnly", "medium", "shutdown",
    )  # fmt: skip


def admission(**policy):
    das = {"failoverLevel": "9", **({"admissionControlPolicy": policy} if policy else {})}
    found = configured(dasConfig=das)
    return (
        found.ha_admission_policy, found.ha_failover_level, found.ha_cpu_reserve_percent,
        found.ha_memory_reserve_percent, found.ha_failover_host_ids,
    )  # fmt: skip


def test_how_ha_keeps_room():
    assert admission() == ("", 9, None, None, ())
    assert admission(_type="ClusterFailoverLevelAdmissionControlPolicy", failoverLevel="2") == (
        "slots", 2, None, None, (),
    )  # fmt: skip
    assert admission(
        _type="ClusterFailoverResourcesAdmissionControlPolicy", cpuFailoverResourcesPercent="25",
        memoryFailoverResourcesPercent="30",
    ) == ("percentage", None, 25, 30, ())  # fmt: skip
    assert admission(_type="ClusterNewAdmissionControlPolicy") == (
        "ClusterNewAdmissionControlPolicy", None, None, None, (),
    )  # fmt: skip
    found = read_cluster(failover_cluster(), tree())
    assert (found.ha_admission_policy, found.ha_failover_level) == ("failover-hosts", 1)
    assert found.ha_failover_host_ids == (id_of("host-2"),)


def test_the_compute_resource_of_a_standalone_host_has_no_drs_and_no_ha():
    given = row(
        "ComputeResource", "domain-s1", name="esx09", host=["host-9"],
        configurationEx={"_type": "ComputeResourceConfigInfo", "vmSwapPlacement": "hostLocal"},
        summary={"_type": "ComputeResourceSummary", "numCpuCores": "8", "effectiveMemory": "1024"},
    )  # fmt: skip
    found = read_cluster(given, tree())
    assert (found.drs_enabled, found.ha_enabled, found.rules, found.overrides) == (False, False, (), ())
    assert (found.swap_placement, found.cpu_cores, found.effective_memory_bytes) == ("hostLocal", 8, 2**30)
    unknown = read_cluster(row("ClusterComputeResource", "domain-c9", name="x"), tree())
    assert (unknown.drs_enabled, unknown.ha_enabled, unknown.host_ids) == (None, None, ())


# rules

GROUPS = [
    {"_type": "ClusterVmGroup", "name": "web", "vm": ["vm-1", "vm-2"]},
    {"_type": "ClusterVmGroup", "name": "db", "vm": "vm-3"},
    {"_type": "ClusterVmGroup", "name": "empty"},
    {"_type": "ClusterHostGroup", "name": "room 1", "host": ["host-1"]},
    {"_type": "ClusterHostGroup", "name": "room 2", "host": ["host-2", "host-3"]},
    {"_type": "ClusterHostGroup", "name": "web", "host": ["host-4"]},
]


def rule(type_, **fields):
    found = configured(group=GROUPS, rule={"_type": type_, "name": "r", "enabled": "true", **fields})
    assert found.problems == ()
    [only] = found.rules
    assert (only.name, only.enabled) == ("r", True)
    return only


def ids(*morefs):
    return tuple(map(id_of, morefs))


@pytest.mark.parametrize(
    ("type_", "kind"), [("ClusterAffinityRuleSpec", "together"), ("ClusterAntiAffinityRuleSpec", "apart")]
)
def test_rules_between_machines(type_, kind):
    found = rule(type_, vm=["vm-1", "vm-2"])
    assert (found.kind, found.vm_ids, found.host_ids, found.mandatory) == (kind, ids("vm-1", "vm-2"), (), None)
    assert rule(type_, vm="vm-1").vm_ids == ids("vm-1")


def test_rules_between_machines_and_hosts():
    found = rule("ClusterVmHostRuleInfo", vmGroupName="web", affineHostGroupName="room 2", mandatory="true")
    assert (found.kind, found.mandatory) == ("vm-host", True)
    assert (found.vm_ids, found.host_ids) == (ids("vm-1", "vm-2"), ids("host-2", "host-3"))
    found = rule("ClusterVmHostRuleInfo", vmGroupName="db", antiAffineHostGroupName="web", mandatory="false")
    assert (found.kind, found.mandatory) == ("vm-host-apart", False)
    assert (found.vm_ids, found.host_ids) == (ids("vm-3"), ids("host-4"))


def test_a_rule_with_both_kinds_of_host_groups_is_two():
    both = {"vmGroupName": "web", "affineHostGroupName": "room 1", "antiAffineHostGroupName": "room 2"}
    found = configured(group=GROUPS, rule={"_type": "ClusterVmHostRuleInfo", "name": "r", **both})
    assert [(one.kind, one.host_ids) for one in found.rules] == [
        ("vm-host", ids("host-1")), ("vm-host-apart", ids("host-2", "host-3")),
    ]  # fmt: skip


def test_a_dependency():
    found = rule("ClusterDependencyRuleInfo", vmGroup="web", dependsOnVmGroup="db")
    assert found == ClusterRule(
        name="r", kind="dependency", enabled=True, vm_ids=ids("vm-1", "vm-2"), depends_on_vm_ids=ids("vm-3")
    )


def test_a_rule_of_a_new_type_is_kept_under_its_types_name():
    found = rule("ClusterNewRuleInfo", vm=["vm-1"], mandatory="true")
    assert (found.kind, found.vm_ids, found.mandatory) == ("ClusterNewRuleInfo", ids("vm-1"), True)


def test_a_group_without_members_is_no_problem_and_one_that_is_not_there_is():
    assert rule("ClusterVmHostRuleInfo", vmGroupName="empty", affineHostGroupName="room 1").vm_ids == ()
    gone = {"_type": "ClusterVmHostRuleInfo", "name": "r", "vmGroupName": "gone", "affineHostGroupName": "room 1"}
    found = configured(group=GROUPS, rule=[gone, gone])
    [problem] = found.problems
    assert (problem.error, problem.scope, problem.kind) == ("", id_of("domain-c1"), "clusters")
    assert "rule r" in problem.message
    assert "gone" in problem.message
    assert (found.rules[0].vm_ids, found.rules[0].host_ids) == ((), ids("host-1"))


# overrides


def test_overrides_of_drs_and_ha_are_joined():
    found = configured(
        drsVmConfig=[
            {"key": "vm-1", "enabled": "true", "behavior": "manual"}, {"key": "vm-2", "enabled": "false"},
            {"key": "vm-3", "enabled": "true"},
        ],
        dasVmConfig=[
            {"key": "vm-4", "dasSettings": {
                "restartPriority": "clusterRestartPriority", "isolationResponse": "clusterIsolationResponse"}},
            {"key": "vm-2", "dasSettings": {"restartPriority": "high", "isolationResponse": "none"}},
            {"key": "vm-5", "restartPriority": "low", "dasSettings": ""},
        ],
    )  # fmt: skip
    assert found.overrides == (
        VmOverride(vm_id=id_of("vm-1"), drs_behavior="manual"),
        VmOverride(vm_id=id_of("vm-2"), drs_behavior="disabled", restart_priority="high", isolation_response="none"),
        VmOverride(vm_id=id_of("vm-3")),
        VmOverride(vm_id=id_of("vm-4")),
        VmOverride(vm_id=id_of("vm-5"), restart_priority="low"),
    )


def test_groups_are_there_even_where_no_rule_names_them():
    groups = [
        {"_type": "ClusterVmGroup", "name": "databases", "vm": ["vm-1", "vm-2"]},
        {"_type": "ClusterHostGroup", "name": "licensed", "host": "host-1"},
        {"_type": "ClusterVmGroup", "name": "nobody"},
    ]
    assert configured(group=groups).groups == (
        ClusterGroup(name="databases", kind="vm", vm_ids=(id_of("vm-1"), id_of("vm-2"))),
        ClusterGroup(name="licensed", kind="host", host_ids=(id_of("host-1"),)),
        ClusterGroup(name="nobody", kind="vm"),
    )
