"""Hosts, their adapters, clusters, storage, networks and licences against govc, VMware's own client."""

import json
from datetime import UTC, datetime

import pytest

from hybridinv.model import VMkernelService
from hybridinv.wire.reading import many

pytestmark = pytest.mark.live

MEBIBYTE = 2**20
STACKS = {"vmotion": VMkernelService.VMOTION, "vSphereProvisioning": VMkernelService.PROVISIONING}


@pytest.fixture(params=["plain", "demo", "networks"])
def scene(request, read):
    simulator = request.getfixturevalue(request.param)
    return simulator, read(simulator, "full")


def told(simulator, govc, verb, key, records, kind):
    """What govc says of records, each with ours."""
    theirs = govc(simulator, verb, *(f"{kind}:{record.id.rpartition('/')[2]}" for record in records))[key]
    by_id = {simulator.id_of(one["self"]["value"]): one for one in theirs}
    assert by_id.keys() == {record.id for record in records}
    return [(record, by_id[record.id]) for record in records]


def host_of(record):
    return f"HostSystem:{record.id.rpartition('/')[2]}"


def test_hardware_of_hosts(scene, govc):
    simulator, inventory = scene
    for ours, theirs in told(simulator, govc, "host.info", "hostSystems", inventory.hosts, "HostSystem"):
        system, cpu, summary = theirs["hardware"]["systemInfo"], theirs["hardware"]["cpuInfo"], theirs["summary"]
        runtime, product = theirs["runtime"], theirs["config"]["product"]
        assert (ours.name, ours.vendor, ours.model) == (theirs["name"], system["vendor"], system["model"])
        assert ours.bios_uuid == system["uuid"]
        assert (ours.cpu_sockets, ours.cpu_cores, ours.cpu_threads) == (
            cpu["numCpuPackages"], cpu["numCpuCores"], cpu["numCpuThreads"],
        )  # fmt: skip
        assert (ours.cpu_model, ours.cpu_mhz) == (summary["hardware"]["cpuModel"], summary["hardware"]["cpuMhz"])
        assert ours.memory_bytes == theirs["hardware"]["memorySize"]
        assert (ours.hypervisor, ours.version, ours.build) == (product["name"], product["version"], product["build"])
        assert (ours.connection_state, ours.in_maintenance) == (
            runtime["connectionState"], runtime["inMaintenanceMode"],
        )  # fmt: skip
        assert ours.booted_at == datetime.fromisoformat(runtime["bootTime"]).astimezone(UTC)
        assert ours.cluster_id == simulator.id_of(theirs["parent"]["value"])
        assert ours.capabilities == {name for name in ours.capabilities if theirs["capability"][name]}
        assert (ours.evc_mode, ours.max_evc_mode) == (
            summary.get("currentEVCModeKey", ""), summary["maxEVCModeKey"],
        )  # fmt: skip
        assert ours.profile_compliance == (theirs["complianceCheckState"] or {}).get("state", "")
        assert ours.bios_version == theirs["hardware"]["biosInfo"]["biosVersion"]
        assert ours.cpu_usage_mhz == summary["quickStats"]["overallCpuUsage"]
        assert ours.memory_usage_bytes == summary["quickStats"]["overallMemoryUsage"] * MEBIBYTE


def test_physical_adapters_and_disks_of_hosts(scene, govc):
    simulator, inventory = scene
    for ours, theirs in told(simulator, govc, "host.info", "hostSystems", inventory.hosts, "HostSystem"):
        assert [(nic.device, nic.mac_address, nic.driver, nic.speed_mbps) for nic in ours.nics] == [
            (nic["device"], nic["mac"], nic["driver"], nic.get("linkSpeed", {}).get("speedMb", 0))
            for nic in theirs["config"]["network"]["pnic"]
        ]
        storage = theirs["config"]["storageDevice"]
        assert [(hba.device, hba.model.strip(), hba.status) for hba in ours.hbas] == [
            (hba["device"], hba["model"].strip(), hba["status"]) for hba in storage["hostBusAdapter"]
        ]
        sizes = [
            lun["capacity"]["block"] * lun["capacity"]["blockSize"] if "capacity" in lun else None
            for lun in storage["scsiLun"]
        ]
        assert [lun.capacity_bytes for lun in ours.luns] == sizes
        assert [lun.name for lun in ours.luns] == [lun["canonicalName"] for lun in storage["scsiLun"]]
        assert [sorted(lun.paths) for lun in ours.luns] == [
            sorted(f"{path['name']} {path['state']}" for path in unit["path"])
            for lun in storage["scsiLun"]
            for unit in storage["multipathInfo"]["lun"]
            if unit["lun"] == lun["key"]
        ]


def test_vmkernel_adapters_with_their_services(scene, govc):
    """`host.vnic.info` shows the tagged services; what a dedicated TCP/IP stack implies it leaves out."""
    simulator, inventory = scene
    for host in inventory.hosts:
        found = govc(simulator, "host.vnic.info", "-host", host_of(host))["info"]
        ours = {one.device: one for one in inventory.vmkernel_adapters if one.host_id == host.id}
        assert ours.keys() == {one["device"] for one in found}
        for theirs in found:
            adapter = ours[theirs["device"]]
            assert (adapter.portgroup, adapter.switch) == (theirs["network"], theirs["switch"])
            assert (adapter.ip_address, adapter.netstack) == (theirs["address"], theirs["stack"])
            implied = {STACKS[adapter.netstack]} if adapter.netstack in STACKS else set()
            assert adapter.services == {*many(theirs["services"]), *implied}


def test_standard_switches_and_their_port_groups(scene, govc):
    simulator, inventory = scene
    for host in inventory.hosts:
        switches = govc(simulator, "host.vswitch.info", "-host", host_of(host))["vswitch"]
        groups = govc(simulator, "host.portgroup.info", "-host", host_of(host))["portgroup"]
        ours = [switch for switch in inventory.switches if switch.host_ids == (host.id,) and switch.kind == "standard"]
        assert [(one.name, one.mtu, one.ports, one.free_ports, list(one.uplinks)) for one in ours] == [
            (one["name"], one["mtu"], one["numPorts"], one["numPortsAvailable"], one["spec"]["bridge"]["nicDevice"])
            for one in switches
        ]
        for switch in ours:
            assert [(group.name, group.vlan_id, list(group.active_uplinks)) for group in switch.portgroups] == [
                (
                    one["spec"]["name"],
                    one["spec"]["vlanId"],
                    one["computedPolicy"]["nicTeaming"]["nicOrder"]["activeNic"],
                )
                for one in groups
                if one["spec"]["vswitchName"] == switch.name
            ]


def test_datastores(scene, govc):
    simulator, inventory = scene
    for ours, theirs in told(simulator, govc, "datastore.info", "datastores", inventory.datastores, "Datastore"):
        summary = theirs["summary"]
        assert (ours.name, ours.type, ours.url) == (theirs["name"], summary["type"], summary["url"])
        assert (ours.capacity_bytes, ours.free_bytes) == (summary["capacity"], summary["freeSpace"])
        assert ours.uncommitted_bytes == summary["uncommitted"]
        assert (ours.shared, ours.accessible) == (summary["multipleHostAccess"], summary["accessible"])
        assert ours.host_ids == tuple(simulator.id_of(one["key"]["value"]) for one in theirs["host"])
        fields = {field["key"]: field["name"] for field in many(theirs["availableField"])}
        assert ours.custom_attributes == {fields[one["key"]]: one["value"] for one in many(theirs["customValue"])}


def test_resource_pools(scene, govc):
    simulator, inventory = scene
    plain_pools = inventory.resource_pools.where(kind="resource-pool")
    for ours, theirs in told(simulator, govc, "pool.info", "resourcePools", plain_pools, "ResourcePool"):
        assert (ours.name, ours.cluster_id) == (
            theirs["name"].replace("%2f", "/"), simulator.id_of(theirs["owner"]["value"]),
        )  # fmt: skip
        assert ours.vm_ids == tuple(simulator.id_of(vm["value"]) for vm in many(theirs["vm"]))
        memory = theirs["config"]["memoryAllocation"]
        assert ours.memory_allocation.reservation == memory["reservation"] * MEBIBYTE
        assert ours.memory_allocation.limit == (None if memory["limit"] < 0 else memory["limit"] * MEBIBYTE)
        assert ours.max_memory_bytes == theirs["runtime"]["memory"]["maxUsage"]


def rules(lines):
    """Rules by name, of what `cluster.rule.info` prints: a type, machines, or the names of groups."""
    found = {}
    for line in lines:
        word, _, value = line.strip().partition(" ")
        word = word.rstrip(":")
        if word == "Rule":
            found[value] = {"VM": []}
            last = found[value]
        elif word == "VM":
            last["VM"].append(value)
        else:
            last[word] = value
    return found


KINDS = {
    "ClusterAffinityRuleSpec": "together",
    "ClusterAntiAffinityRuleSpec": "apart",
    "ClusterDependencyRuleInfo": "dependency",
}


def test_rules_of_clusters(scene, govc):
    simulator, inventory = scene
    compared = 0
    for cluster in inventory.clusters:

        def members(group, records, cluster=cluster):
            names = many(govc(simulator, "cluster.group.ls", "-cluster", cluster.name, "-name", group)) if group else ()
            return {record.id for record in records for name in names if record.name == name}

        listed = rules(many(govc(simulator, "cluster.rule.info", "-cluster", cluster.name)))
        assert [rule.name for rule in cluster.rules] == list(listed)
        for rule in cluster.rules:
            theirs = listed[rule.name]
            apart = theirs.get("antiAffineHostGroupName", "")
            hosts = members(theirs.get("affineHostGroupName") or apart, inventory.hosts)
            vms = {vm.id for vm in inventory.vms if vm.name in theirs["VM"]}
            vms |= members(theirs.get("vmGroupName") or theirs.get("VmGroup"), inventory.vms)
            assert rule.kind == KINDS.get(theirs["Type"], "vm-host-apart" if apart else "vm-host")
            assert (set(rule.vm_ids), set(rule.host_ids)) == (vms, hosts)
            assert set(rule.depends_on_vm_ids) == members(theirs.get("DependsOnVmGroup"), inventory.vms)
            compared += 1
    assert compared == sum(len(cluster["rules"]) for cluster in simulator.truth["clusters"])


def test_overrides_of_clusters(scene, govc):
    simulator, inventory = scene
    for cluster in inventory.clusters:
        listed = govc(simulator, "cluster.override.info", "-cluster", cluster.name)["overrides"]
        theirs = {simulator.id_of(key.partition(":")[2]): one for key, one in listed.items()}
        assert {one.vm_id for one in cluster.overrides} == theirs.keys()
        for one in cluster.overrides:
            drs = theirs[one.vm_id].get("drs")
            das = theirs[one.vm_id].get("das", {}).get("dasSettings", {})
            level = "" if drs is None else drs.get("behavior", "") if drs["enabled"] else "disabled"
            assert one.drs_behavior == level
            assert one.restart_priority == das.get("restartPriority", "")
            assert one.isolation_response == das.get("isolationResponse", "").replace("clusterIsolationResponse", "")


def test_licenses(scene, govc):
    simulator, inventory = scene
    listed = govc(simulator, "license.ls")
    ours = {one.key: one for one in inventory.licenses}
    assert ours.keys() == {one["licenseKey"][-5:] for one in listed}
    assigned = {}
    for one in govc(simulator, "license.assigned.ls"):
        assigned.setdefault(one["assignedLicense"]["licenseKey"][-5:], set()).add(one["entityId"])
    for theirs in listed:
        one = ours[theirs["licenseKey"][-5:]]
        assert (one.name, one.edition) == (theirs["name"], theirs["editionKey"])
        assert ((one.total or 0), (one.used or 0)) == (theirs["total"], theirs.get("used", 0))
        assert {id_.rpartition("/")[2] for id_ in one.assigned_ids} == assigned.get(one.key, set())
    assert not any(one["licenseKey"] in json.dumps(list(map(str, inventory.licenses))) for one in listed)
