"""ComputeResource rows → clusters, with their rules and overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybridinv.model import Cluster, ClusterGroup, ClusterRule, Problem, VmOverride
from hybridinv.wire.vim.tree import Tree, body_of, entity_name, odd, problems_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hybridinv.wire.reading import Body
    from hybridinv.wire.soap import Row

_RULES = {
    "ClusterAffinityRuleSpec": "together",
    "ClusterAntiAffinityRuleSpec": "apart",
    "ClusterDependencyRuleInfo": "dependency",
}
_HOST_GROUPS = (("affineHostGroupName", "vm-host"), ("antiAffineHostGroupName", "vm-host-apart"))
_POLICIES = {
    "ClusterFailoverLevelAdmissionControlPolicy": "slots",
    "ClusterFailoverResourcesAdmissionControlPolicy": "percentage",
    "ClusterFailoverHostAdmissionControlPolicy": "failover-hosts",
}
_AS_THE_CLUSTER = ("clusterRestartPriority", "clusterIsolationResponse")


def read_cluster(row: Row, tree: Tree) -> Cluster:
    """A cluster, or the compute resource of a standalone host (which has no DRS and no HA)."""
    body = body_of(row)
    is_cluster = row.type == "ClusterComputeResource"
    groups = _Groups(body)
    rules = tuple(_rules(body, groups, tree))
    return Cluster(
        id=tree.id_of(row.id),
        name=entity_name(row) or row.id,
        platform=tree.origin.platform,
        source=tree.origin.source,
        location=tree.location_of(body.text("parent")),
        host_ids=tuple(tree.id_of(host) for host in body.texts("host")),
        evc_mode=body.text("summary.currentEVCModeKey"),
        **_capacity(body),
        **_drs(body, is_cluster=is_cluster),
        **_ha(body, tree, is_cluster=is_cluster),
        rules=rules,
        groups=groups.records(tree),
        overrides=tuple(_overrides(body, tree)),
        vsan_enabled=body.truth("configurationEx.vsanConfigInfo.enabled"),
        swap_placement=body.text("configurationEx.vmSwapPlacement"),
        state=body.text("overallStatus"),
        tags=tree.tags_of(row.id),
        custom_attributes=tree.attributes_of(body),
        problems=(*groups.problems(row, tree), *problems_of(row, body, tree, "clusters")),
    )


def _capacity(body: Body) -> dict[str, Any]:
    return {
        "cpu_mhz": body.number("summary.totalCpu"),
        "cpu_cores": body.number("summary.numCpuCores"),
        "cpu_threads": body.number("summary.numCpuThreads"),
        "memory_bytes": body.number("summary.totalMemory"),
        "effective_cpu_mhz": body.number("summary.effectiveCpu"),
        # In MB, whereas totalMemory is in bytes.
        "effective_memory_bytes": body.number("summary.effectiveMemory", times=1024**2),
        "effective_hosts": body.number("summary.numEffectiveHosts"),
    }


def _drs(body: Body, *, is_cluster: bool) -> dict[str, Any]:
    drs = body.at("configurationEx.drsConfig")
    return {
        "drs_enabled": drs.truth("enabled") if is_cluster else False,
        "drs_behavior": drs.text("defaultVmBehavior"),
        "drs_migration_threshold": drs.number("vmotionRate"),
        "drs_overrides_allowed": drs.truth("enableVmBehaviorOverrides"),
    }


def _ha(body: Body, tree: Tree, *, is_cluster: bool) -> dict[str, Any]:
    das = body.at("configurationEx.dasConfig")
    policy = das.at("admissionControlPolicy")
    kind = policy.text("_type")
    return {
        "ha_enabled": das.truth("enabled") if is_cluster else False,
        "ha_admission_control": das.truth("admissionControlEnabled"),
        "ha_admission_policy": _POLICIES.get(kind, kind),
        "ha_failover_level": policy.number("failoverLevel") if policy.value else das.number("failoverLevel"),
        "ha_cpu_reserve_percent": policy.number("cpuFailoverResourcesPercent"),
        "ha_memory_reserve_percent": policy.number("memoryFailoverResourcesPercent"),
        "ha_failover_host_ids": tuple(tree.id_of(host) for host in policy.texts("failoverHosts")),
        "ha_host_monitoring": das.text("hostMonitoring"),
        "ha_vm_monitoring": das.text("vmMonitoring"),
        "ha_restart_priority": das.text("defaultVmSettings.restartPriority"),
        "ha_isolation_response": das.text("defaultVmSettings.isolationResponse"),
    }


class _Groups:
    """A cluster's groups of machines and of hosts by name, and those that a rule names in vain."""

    def __init__(self, body: Body) -> None:
        self._members: dict[tuple[str, str], tuple[str, ...]] = {}
        self._unknown: list[str] = []
        for group in body.each("configurationEx.group"):
            kind = "host" if group.text("_type") == "ClusterHostGroup" else "vm"
            self._members[kind, group.text("name")] = group.texts(kind)

    def members(self, kind: str, rule: Body, path: str) -> tuple[str, ...]:
        """The morefs in the group that a rule names there."""
        name = rule.text(path)
        if name and (kind, name) not in self._members:
            self._unknown.append(f"rule {rule.text('name')} names a group that is not there: {name}")
        return self._members.get((kind, name), ())

    def records(self, tree: Tree) -> tuple[ClusterGroup, ...]:
        return tuple(
            ClusterGroup(name=name, kind=kind, **{f"{kind}_ids": tuple(tree.id_of(moref) for moref in morefs)})
            for (kind, name), morefs in self._members.items()
        )

    def problems(self, row: Row, tree: Tree) -> tuple[Problem, ...]:
        return tuple(odd(row, tree, "clusters", message) for message in dict.fromkeys(self._unknown))


def _rules(body: Body, groups: _Groups, tree: Tree) -> Iterator[ClusterRule]:
    for rule in body.each("configurationEx.rule"):
        shared: dict[str, Any] = {
            "name": rule.text("name"),
            "enabled": rule.truth("enabled"),
            "mandatory": rule.truth("mandatory"),
        }
        morefs = (
            *rule.texts("vm"),
            *groups.members("vm", rule, "vmGroupName"),
            *groups.members("vm", rule, "vmGroup"),
        )
        shared["vm_ids"] = tuple(tree.id_of(vm) for vm in morefs)
        to_hosts = [(path, kind) for path, kind in _HOST_GROUPS if rule.text(path)]
        for path, kind in to_hosts:
            hosts = groups.members("host", rule, path)
            yield ClusterRule(kind=kind, host_ids=tuple(tree.id_of(host) for host in hosts), **shared)
        if not to_hosts:
            type_ = rule.text("_type")
            first = groups.members("vm", rule, "dependsOnVmGroup")
            yield ClusterRule(
                kind=_RULES.get(type_, type_), depends_on_vm_ids=tuple(tree.id_of(vm) for vm in first), **shared
            )


def _overrides(body: Body, tree: Tree) -> Iterator[VmOverride]:
    drs = {config.text("key"): config for config in body.each("configurationEx.drsVmConfig")}
    das = {config.text("key"): config for config in body.each("configurationEx.dasVmConfig")}
    for vm in dict.fromkeys((*drs, *das)):
        behavior = priority = isolation = ""
        if vm in drs:
            behavior = "disabled" if drs[vm].truth("enabled") is False else drs[vm].text("behavior")
        if vm in das:
            priority = das[vm].text("dasSettings.restartPriority", "restartPriority")
            isolation = das[vm].text("dasSettings.isolationResponse")
        yield VmOverride(
            vm_id=tree.id_of(vm),
            drs_behavior=behavior,
            restart_priority="" if priority in _AS_THE_CLUSTER else priority,
            isolation_response="" if isolation in _AS_THE_CLUSTER else isolation,
        )
