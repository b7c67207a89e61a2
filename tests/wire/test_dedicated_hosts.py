"""Dedicated hosts and their groups: names in several cases, and views that come with the group."""

import pytest

from hybridinv.errors import UnexpectedAnswer
from hybridinv.wire.dedicated_hosts import host_views, read_dedicated_host, read_host_group
from hybridinv.wire.reading import Origin

AZURE = Origin("azure", "management.azure.com")
GROUP = "/subscriptions/S/resourceGroups/RG/providers/Microsoft.Compute/hostGroups/Group"
HOST = f"{GROUP}/hosts/Host1"
VIEW = {
    "name": "HOST1",
    "statuses": [{"code": "ProvisioningState/succeeded"}, {"code": "HealthState/available"}],
    "availableCapacity": {
        "allocatableVMs": [{"vmSize": "Standard_D2s_v3", "count": 32}, {"vmSize": "x", "count": 0.0}]
    },
}


def host(view=None, **properties):
    body = {"id": HOST, "name": "Host1", "location": "westeurope", "sku": {"name": "DSv3-Type1"}}
    return read_dedicated_host({**body, "properties": properties}, view, AZURE)


def test_a_group_is_a_cluster():
    properties = {"platformFaultDomainCount": 3, "hosts": [{"id": HOST.upper()}, {"id": None}, {}]}
    body = {"id": GROUP, "name": None, "location": "westeurope", "zones": ["1"], "tags": {"a": "b"}}
    cluster = read_host_group({**body, "properties": properties}, AZURE)
    assert (cluster.id, cluster.name, cluster.location) == (GROUP.lower(), "Group", "westeurope")
    assert (cluster.host_ids, cluster.zones, cluster.fault_domains) == ((HOST.lower(),), ("1",), 3)
    assert (cluster.tags, cluster.problems) == ({"a": "b"}, ())


def test_a_host():
    vm = "/Subscriptions/S/resourceGroups/RG/providers/Microsoft.Compute/virtualMachines/VM1"
    found = host(VIEW, platformFaultDomain=2, autoReplaceOnFailure=False, virtualMachines=[{"id": vm}, {}])
    assert (found.id, found.name, found.cluster_id) == (HOST.lower(), "Host1", GROUP.lower())
    assert (found.size, found.location, found.vm_ids) == ("DSv3-Type1", "westeurope", (vm.lower(),))
    assert (found.state, found.fault_domain, found.auto_replaced) == ("available", 2, False)
    assert found.room == {"Standard_D2s_v3": "32", "x": "0"}
    assert found.problems == ()


def test_its_own_view_counts_without_the_groups():
    own = {"statuses": [{"code": "HealthState/unavailable"}]}
    assert host(None, instanceView=own).state == "unavailable"
    assert host(VIEW, instanceView=own).state == "available"


def test_without_a_view_state_and_room_are_unknown():
    found = host()
    assert (found.state, dict(found.room), found.auto_replaced, found.fault_domain) == ("", {}, None, None)


def test_the_views_of_a_group_by_name():
    group = {"properties": {"instanceView": {"hosts": [VIEW, {"name": "Other"}, "odd"]}}}
    assert host_views(group) == {"host1": VIEW, "other": {"name": "Other"}}
    assert host_views({"properties": {}}) == {}


@pytest.mark.parametrize("reader", [read_host_group, lambda body, origin: read_dedicated_host(body, None, origin)])
def test_without_an_id_the_path_is_named(reader):
    with pytest.raises(UnexpectedAnswer) as caught:
        reader({"name": "x"}, AZURE)
    assert caught.value.path == "id"


@pytest.mark.parametrize("odd", [-1, "text", [1], {"x": 1}, True, 1.5])
@pytest.mark.parametrize(
    "field", ["virtualMachines", "platformFaultDomain", "autoReplaceOnFailure", "instanceView", "statuses"]
)
def test_an_odd_field_never_costs_the_host(field, odd):
    found = host({**VIEW, field: odd} if field == "statuses" else None, **{field: odd})
    assert found.size == "DSv3-Type1"
    assert all(field in problem.message for problem in found.problems)
