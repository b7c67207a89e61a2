"""migration_matrix: every pair of hosts, in both directions, for both purposes."""

from __future__ import annotations

import pytest

from hybridinv.errors import NotFound, NotSupported
from hybridinv.inventory import Inventory
from hybridinv.model import Cluster
from hybridinv.planning.matrix import migration_matrix
from planning.small_estate import FLAGS, HERE, full, host, vmk

PROVISIONING = "vSphereProvisioning"


def three_hosts():
    """esx01 and esx02 in a cluster, esx03 beside it without Provisioning; one of another vCenter, one of Azure."""
    return Inventory(
        hosts=[
            host(1, cluster_id="c1"),
            host(2, cluster_id="c1", capabilities=FLAGS - {"vmotionSupported"}),
            host(3, cluster_id="c2"),
            host(4, source="vc02"),
            host(5, platform="azure"),
        ],
        clusters=[
            Cluster(id="c1", name="main", host_ids=["host-1", "host-2"], **HERE),
            Cluster(id="su", name="unit", platform="azure-stack-hub", source="hub"),
        ],
        vmkernel_adapters=[
            *full(1),
            *full(2),
            vmk(3, "vmk0", "management"),
            vmk(3, "vmk1", "vmotion", link_speed_mbps=1000, vlan_id=20, mtu=9000),
        ],
    )


def pairs(matrix):
    return [(path.source_host_name, path.destination_host_name, path.purpose) for path in matrix]


def test_all_pairs_of_the_estate_across_clusters_and_vcenters():
    matrix = migration_matrix(three_hosts())
    names = ("esx01", "esx02", "esx03", "esx04")
    assert pairs(matrix) == [(a, b, p) for a in names for b in names if a != b for p in ("vmotion", PROVISIONING)]


@pytest.mark.parametrize("cluster", ["c1", "main", three_hosts().clusters[0]])
def test_the_pairs_of_one_cluster(cluster):
    matrix = migration_matrix(three_hosts(), cluster)
    assert len(matrix) == 4
    assert {path.cluster_id for path in matrix} == {"c1"}


def test_a_path():
    path = migration_matrix(three_hosts()).get("host-1 host-3 vmotion")
    assert (path.name, path.platform, path.source) == ("esx01 → esx03 vmotion", "vsphere", "vc01")
    assert (path.service, path.fallback, path.feasible, path.cluster_id) == ("vmotion", False, True, "")
    assert (path.source_adapter_id, path.source_device, path.source_ip_address) == ("host-1/vmk1", "vmk1", "10.0.1.1")
    assert (path.destination_device, path.destination_ip_address) == ("vmk1", "10.0.1.3")
    assert (path.source_vlan_id, path.destination_vlan_id) == (None, 20)
    assert (path.source_mtu, path.destination_mtu, path.link_speed_mbps) == (1500, 9000, 1000)
    assert [finding.code for finding in path.findings] == ["MtuMismatch"]


def test_cold_data_falls_back():
    path = migration_matrix(three_hosts()).get(f"host-1 host-3 {PROVISIONING}")
    assert (path.service, path.fallback, path.feasible) == ("management", True, True)
    assert (path.source_device, path.destination_device) == ("vmk2", "vmk0")
    assert [finding.code for finding in path.findings] == ["ProvisioningNotConfigured", "DifferentSubnets"]


def test_a_host_without_vmotion_stands_in_the_way_of_running_machines_alone():
    matrix = migration_matrix(three_hosts())
    blocked = {path.name for path in matrix if not path.feasible}
    ends = [("esx01", "esx02"), ("esx02", "esx01"), ("esx02", "esx03"), ("esx03", "esx02")]
    across = {"esx02 → esx04 vmotion cross-vCenter", "esx04 → esx02 vmotion cross-vCenter"}
    assert blocked == {f"{source} → {destination} vmotion" for source, destination in ends} | across


def test_pairs_of_two_vcenters_say_so():
    path = migration_matrix(three_hosts()).get("host-1 host-4 vmotion")
    assert (path.name, path.crosses_vcenters) == ("esx01 → esx04 vmotion cross-vCenter", True)
    assert "CrossVCenterRequirements" in [finding.code for finding in path.findings]
    old = Inventory(hosts=[host(1), host(2, source="vc02", version="5.5.0")], vmkernel_adapters=[*full(1), *full(2)])
    assert {path.feasible for path in migration_matrix(old)} == {False}


def test_hosts_without_adapters_are_there_all_the_same():
    matrix = migration_matrix(Inventory(hosts=[host(1), host(2)]))
    path = matrix.get("host-1 host-2 vmotion")
    assert (path.feasible, path.source_device, path.link_speed_mbps) == (True, "", None)
    assert {finding.code for finding in path.findings} == {"VMkernelAdaptersUnknown"}


def test_nothing_to_pair():
    assert len(migration_matrix(Inventory(hosts=[host(1)]))) == 0


def test_a_cluster_that_is_not_there():
    with pytest.raises(NotFound, match="did you mean 'main'"):
        migration_matrix(three_hosts(), "mian")


def test_a_cluster_of_another_platform():
    with pytest.raises(NotSupported, match="azure-stack-hub"):
        migration_matrix(three_hosts(), "unit")


def test_the_matrix_is_a_table():
    pytest.importorskip("pyarrow")
    table = migration_matrix(three_hosts()).to_arrow()
    assert table.num_rows == 24
    assert table.column("link_speed_mbps").to_pylist()[:2] == [10000, 10000]
