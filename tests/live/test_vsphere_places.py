"""Switches and resource pools, against what the simulator says it made; and those that the account may not see."""

import re

import pytest

import hybridinv as hi
from live.simulation import Changed

pytestmark = pytest.mark.live

REFUSED = (
    b'<missingSet><path>%b</path><fault><fault xsi:type="NoPermission"><object type="Folder">group-d1</object>'
    b"<privilegeId>System.Read</privilegeId></fault><localizedMessage>Permission was denied.</localizedMessage>"
    b"</fault></missingSet>"
)


def without(path, moref=b""):
    """A wire's change: the account may not read that property, of one object or of all."""

    def change(operation, number, body):
        if operation != "RetrievePropertiesEx":
            return body

        def hide(found):
            cut, count = re.subn(
                rb"<propSet><name>%b</name>.*?</propSet>" % re.escape(path), b"", found[0], flags=re.DOTALL
            )
            return cut.replace(b"</objects>", REFUSED % path + b"</objects>") if count else found[0]

        return re.sub(
            rb"<objects><obj [^>]*>%b.*?</objects>" % (moref + b"<" if moref else b""), hide, body, flags=re.DOTALL
        )

    return change


@pytest.fixture(scope="module", params=["plain", "demo"])
def scene(request):
    simulator = request.getfixturevalue(request.param)
    with simulator.adapter() as vcenter:
        inventory = vcenter.inventory(["switches", "resource_pools", "networks"])
    assert inventory.complete, list(inventory.problems)
    return simulator, inventory


def test_distributed_switches(scene):
    simulator, inventory = scene
    switches = inventory.switches.where(kind="distributed")
    assert {switch.id for switch in switches} == {simulator.id_of(one["moref"]) for one in simulator.truth["switches"]}
    for one in simulator.truth["switches"]:
        switch = switches.get(simulator.id_of(one["moref"]))
        assert (switch.name, switch.uuid, switch.version, switch.vendor) == (
            one["name"], one["uuid"], one["version"], one["vendor"],
        )  # fmt: skip
        assert (switch.mtu, switch.lacp, switch.io_control) == (one["mtu"], one["lacp"], one["io_control"])
        assert set(switch.host_ids) == {simulator.id_of(host) for host in one["host_morefs"]}
        assert list(switch.uplinks) == one["uplinks"]


def test_standard_switches_are_there_host_by_host(scene):
    simulator, inventory = scene
    standard = inventory.switches.where(kind="standard")
    expected = {
        f"{simulator.id_of(host['moref'])}/{one['name']}": one
        for host in simulator.truth["hosts"]
        for one in host["details"]["vswitches"]
    }
    assert {switch.id for switch in standard} == expected.keys()
    for id_, one in expected.items():
        switch = standard.get(id_)
        assert (switch.mtu, list(switch.uplinks), switch.teaming) == (one["mtu"], one["uplinks"], one["teaming"])
        assert (switch.promiscuous, switch.mac_changes) == (one["promiscuous"], one["mac_changes"])


def test_resource_pools_and_vapps(scene):
    simulator, inventory = scene
    pools = inventory.resource_pools
    assert len(pools) == len(simulator.truth["resource_pools"])
    for one in simulator.truth["resource_pools"]:
        pool = pools.get(simulator.id_of(one["moref"]))
        assert (pool.name, pool.kind, pool.path) == (one["name"], one["kind"], "/".join(one["path"]))
        assert pool.cluster_id == simulator.id_of(one["cluster_moref"])
        assert set(pool.vm_ids) == {simulator.id_of(vm) for vm in one["vms"]}
        assert pool.memory_allocation.reservation == one["memory_allocation"]["reservation"]
        assert pool.cpu_allocation.limit == one["cpu_allocation"]["limit"]


def test_a_host_whose_switches_are_hidden_is_named(plain):
    host = plain.truth["hosts"][0]
    change = without(b"config.network.vswitch", host["moref"].encode())
    with plain.over(Changed, change=change) as (vcenter, _):
        inventory = vcenter.inventory(["switches"])
        with pytest.raises(hi.AccessDenied, match=host["name"]) as caught:
            vcenter.switches()
    assert caught.value.missing == "System.Read"
    (problem,) = inventory.problems
    assert problem.scope == f"{plain.id_of(host['moref'])} config.network.vswitch"
    assert host["name"] in problem.message
    assert "System.Read" in problem.message
    assert plain.id_of(host["moref"]) not in {id_ for one in inventory.switches.where(kind="standard")
                                              for id_ in one.host_ids}  # fmt: skip
    assert inventory.switches


@pytest.mark.parametrize(
    ("kind", "path", "key"),
    [
        ("clusters", b"configurationEx", "clusters"),
        ("resource_pools", b"vm", "resource_pools"),
        ("networks", b"config.network.portgroup", "hosts"),
    ],
)
def test_what_is_hidden_of_an_object_is_a_problem_that_names_both(plain, kind, path, key):
    one = plain.truth[key][0]
    with plain.over(Changed, change=without(path, one["moref"].encode())) as (vcenter, _):
        inventory = vcenter.inventory([kind])
    (problem,) = inventory.problems
    assert (problem.kind, problem.error) == (kind, "AccessDenied")
    assert problem.scope == f"{plain.id_of(one['moref'])} {path.decode()}"
    assert "System.Read" in problem.message
    assert len(inventory.tables()[kind]) == len(plain.truth[kind])


def test_a_cluster_that_is_hidden_whole_leaves_its_hosts_and_machines(plain):
    """What the account may not see is not in the view, and whoever points at it keeps the id."""
    cluster = plain.truth["clusters"][0]["moref"].encode()

    def change(operation, number, body):
        body = re.sub(
            rb'<objects><obj type="ClusterComputeResource">%b</obj>.*?</objects>' % cluster, b"", body, flags=re.DOTALL
        )
        return re.sub(rb'<ManagedObjectReference type="ClusterComputeResource"[^>]*>%b<[^>]*>' % cluster, b"", body)

    with plain.over(Changed, change=change) as (vcenter, _):
        inventory = vcenter.inventory(["clusters", "hosts", "vms"])
    assert inventory.complete, list(inventory.problems)
    assert len(inventory.clusters) == len(plain.truth["clusters"]) - 1
    assert (len(inventory.hosts), len(inventory.vms)) == (10, 100)
    assert sum(host.cluster_id == plain.id_of(cluster.decode()) for host in inventory.hosts) > 0
