"""Clusters, datastores and networks; the tree; and what all rows have in common."""

import pytest

from hybridinv.errors import AccessDenied, ServerFault
from hybridinv.wire.soap import Missing
from hybridinv.wire.vim.places import read_cluster, read_datastore, read_network, read_switches
from hybridinv.wire.vim.tree import Tree, body_of, refused
from wire.vim_rows import DENIED, ORIGIN, id_of, row, tree

# clusters


def test_a_cluster():
    cluster = read_cluster(
        row(
            "ClusterComputeResource",
            "domain-c1",
            name="Production",
            parent="group-h1",
            host=["host-1", "host-2"],
            summary={"numCpuCores": "96", "totalMemory": "1099511627776", "currentEVCModeKey": "intel-icelake"},
            configurationEx={
                "drsConfig": {"enabled": "true", "defaultVmBehavior": "fullyAutomated"},
                "dasConfig": {"enabled": "false"},
            },
            overallStatus="green",
        ),
        tree(),
    )
    assert cluster.host_ids == (id_of("host-1"), id_of("host-2"))
    assert (cluster.drs_enabled, cluster.drs_behavior, cluster.ha_enabled) == (True, "fullyAutomated", False)
    assert (cluster.cpu_cores, cluster.memory_bytes, cluster.evc_mode) == (96, 2**40, "intel-icelake")
    assert (cluster.location, cluster.state, cluster.problems) == ("Utrecht", "green", ())


def test_the_compute_resource_of_a_standalone_host_has_no_drs_and_no_ha():
    cluster = read_cluster(row("ComputeResource", "domain-s1", name="esx09", host=["host-9"]), tree())
    assert (cluster.drs_enabled, cluster.ha_enabled) == (False, False)
    unknown = read_cluster(row("ClusterComputeResource", "domain-c9", name="x"), tree())
    assert (unknown.drs_enabled, unknown.ha_enabled, unknown.host_ids) == (None, None, ())


# datastores


def mount(host, **info):
    return {"key": host, "mountInfo": {"mounted": "true", "accessible": "true", **info}}


def store(*mounts, **summary):
    paths = {f"summary.{name}": value for name, value in summary.items()}
    return read_datastore(row("Datastore", "datastore-1", name="a", host=list(mounts), **paths), tree())


def test_a_datastore():
    found = store(
        mount("host-1"), mount("host-2", accessible="false"), mount("host-3", mounted="false"), mount("host-4"),
        type="VMFS", capacity="1000", freeSpace="10", multipleHostAccess="true", accessible="true", url="ds:///x",
        maintenanceMode="normal",
    )  # fmt: skip
    assert found.host_ids == (id_of("host-1"), id_of("host-4"))
    assert (found.type, found.capacity_bytes, found.free_bytes, found.shared) == ("VMFS", 1000, 10, True)
    assert (found.accessible, found.maintenance_mode, found.url) == (True, "normal", "ds:///x")


@pytest.mark.parametrize(
    ("mounts", "said", "shared"),
    [
        (("host-1", "host-2"), "false", False),
        (("host-1",), "true", True),
        (("host-1", "host-2"), None, True),
        (("host-1",), None, False),
        ((), None, None),
    ],
)
def test_shared_is_what_vcenter_says_else_what_the_mounts_do(mounts, said, shared):
    summary = {"multipleHostAccess": said} if said else {}
    assert store(*map(mount, mounts), **summary).shared is shared


# networks


def group(name, vlan, switch="vSwitch0"):
    return {"spec": {"name": name, "vlanId": vlan, "vswitchName": switch}}


ROWS = [
    row("HostSystem", "host-1", config__network__portgroup=[group("A", "10"), group("B", "20"), group("C", "5")]),
    row("HostSystem", "host-2", config__network__portgroup=[group("A", "10"), group("B", "21"), group("C", "5", "x")]),
    row("HostSystem", "host-3", config__network__portgroup=[group("B", "20")]),
    row("VmwareDistributedVirtualSwitch", "dvs-1", name="dvs%2fprod"),
]


@pytest.mark.parametrize(
    ("name", "vlan", "switch"),
    [("A", 10, "vSwitch0"), ("B", None, "vSwitch0"), ("C", 5, ""), ("D", None, "")],
)
def test_a_standard_network_is_what_its_hosts_agree_on(name, vlan, switch):
    network = read_network(row("Network", "network-1", name=name, host=["host-1"]), tree(), read_switches(ROWS))
    assert (network.kind, network.vlan_id, network.switch) == ("standard", vlan, switch)
    assert network.host_ids == (id_of("host-1"),)


def test_distributed_and_opaque_networks():
    vlan = {"vlan": {"_type": "VmwareDistributedVirtualSwitchVlanIdSpec", "vlanId": "30"}}
    found = read_network(
        row(
            "DistributedVirtualPortgroup", "dvportgroup-1", name="A", config__defaultPortConfig=vlan,
            config__distributedVirtualSwitch="dvs-1",
        ),
        tree(),
        read_switches(ROWS),
    )  # fmt: skip
    assert (found.kind, found.vlan_id, found.switch) == ("distributed", 30, "dvs/prod")
    assert read_network(row("OpaqueNetwork", "n-1", name="nsx"), tree(), read_switches([])).kind == "opaque"


# the tree and the rows


def test_a_circle_of_parents_ends():
    circle = tree(
        row("Folder", "group-1", name="a", parent="group-2"), row("Folder", "group-2", name="b", parent="group-1")
    )
    assert circle.folder_of("group-1") == "b/a"
    assert circle.location_of("group-1") == ""


def test_what_the_tree_does_not_know_is_empty():
    assert (tree().folder_of("group-9"), tree().location_of(""), tree().cluster_of("host-9")) == ("", "", "")
    assert Tree(ORIGIN, "VC").id_of("vm-1") == "vsphere://vc/vm-1"
    assert Tree(ORIGIN, "VC").id_of("") == ""


def test_paths_become_one_nested_body():
    body = body_of(row("X", "x-1", a__b="1", a__c__d="2", e="3"))
    assert body.value == {"a": {"b": "1", "c": {"d": "2"}}, "e": "3"}


def test_a_path_below_a_plain_value_is_left_out():
    assert body_of(row("X", "x-1", a="1", a__b="2")).value == {"a": "1"}


def test_why_a_property_was_refused():
    scope, error = refused(row("HostSystem", "host-1", {"config": DENIED}, name="esx01"), tree(), "config")
    assert isinstance(error, AccessDenied)
    assert (scope, error.missing) == (f"{id_of('host-1')} config", "System.Read")
    assert str(error).count("esx01") == 1
    for fault, kind in (("NoPermission", AccessDenied), ("SystemError", ServerFault), ("", ServerFault)):
        _, error = refused(row("HostSystem", "host-1", {"config": Missing(fault, "", "")}), tree(), "config")
        assert isinstance(error, kind)
        assert "host-1: config was not given" in error.message
        assert error.remedy
