"""Azure's dedicated hosts: hosts and clusters where they are asked for, and the reason where they are not."""

import pytest

import hybridinv as hi
from arm_estate import Estate
from arm_server import Credential
from misbehaviour import forbidden

THREE = ("sub-1", "sub-2", "sub-3")


def only(problems, kind):
    found = [problem for problem in problems if problem.kind == kind]
    assert len(found) == 1, list(problems)
    return found[0]


@pytest.fixture
def dedicated(serve):
    """Two groups in two subscriptions, the first with two hosts."""
    estate = Estate.of(vms=2, subscriptions=THREE)
    group = "/subscriptions/{}/resourceGroups/RG-Web/providers/Microsoft.Compute/hostGroups/{}"
    first, second = group.format("sub-1", "Blue"), group.format("sub-2", "Green")
    views = [
        {"name": name, "statuses": [{"code": f"HealthState/{state}"}],
         "availableCapacity": {"allocatableVMs": [{"vmSize": "Standard_D2s_v5", "count": room}]}}
        for name, state, room in (("h1", "available", 5), ("H2", "unavailable", 0))
    ]  # fmt: skip
    hosts = [f"{first}/hosts/{name}" for name in ("H1", "h2")]
    estate.host_groups = [
        {"id": first, "name": "Blue", "zones": ["1"], "location": "westeurope",
         "properties": {"hosts": [{"id": id_.upper()} for id_ in hosts], "instanceView": {"hosts": views}}},
        {"id": second, "name": "Green", "properties": {}},
    ]  # fmt: skip
    estate.dedicated_hosts = [
        {"id": id_, "name": id_.rpartition("/")[2], "sku": {"name": "DSv5-Type1"},
         "properties": {"virtualMachines": [{"id": vm["id"].upper()}], "autoReplaceOnFailure": True}}
        for id_, vm in zip(hosts, estate.vms, strict=True)
    ]  # fmt: skip
    estate.vms[0]["properties"]["host"] = {"id": hosts[0].replace("RG-Web", "RG-WEB")}
    return serve(estate)


def test_dedicated_hosts_are_there_where_they_are_asked_for(dedicated, azure):
    inventory = azure(dedicated, dedicated_hosts=True).inventory()
    assert inventory.complete
    blue, green = inventory.clusters.find("Blue"), inventory.clusters.find("Green")
    assert (blue.host_ids, blue.zones) == (tuple(host.id for host in inventory.hosts), ("1",))
    assert green.host_ids == ()
    assert [(host.name, host.state, host.room) for host in inventory.hosts] == [
        ("H1", "available", {"Standard_D2s_v5": "5"}), ("h2", "unavailable", {"Standard_D2s_v5": "0"}),
    ]  # fmt: skip
    vm, host = inventory.vms.find("vm0"), inventory.hosts.find("H1")
    assert (vm.host_id, vm.cluster_id) == (host.id, blue.id)
    assert (host.vm_ids, host.auto_replaced, host.size) == ((vm.id,), True, "DSv5-Type1")
    # one sweep for both kinds, then the hosts of each group, and the view of those that have some
    counts = {name: count for name, count in dedicated.counts.items() if "host" in name}
    assert counts == {"host groups": 3, "dedicated hosts": 2, "one host group": 1}


def test_dedicated_hosts_keep_their_settings(dedicated, azure):
    adapter = azure(dedicated, dedicated_hosts=True)
    assert adapter.capabilities == {"hosts", "clusters", "vms", "extensions", "networks"}
    assert adapter.settings["dedicated_hosts"] is True
    assert (len(adapter.hosts()), len(adapter.clusters())) == (2, 2)
    assert hi.Azure(credential=Credential()).settings["dedicated_hosts"] is False


def test_without_the_view_of_a_group_its_hosts_are_there(dedicated, azure):
    dedicated.misbehave("hostGroups/Blue[?]", forbidden())
    adapter = azure(dedicated, dedicated_hosts=True)
    inventory = adapter.inventory(["hosts"])
    assert {(host.size, host.state) for host in inventory.hosts} == {("DSv5-Type1", "")}
    problem = only(inventory.problems, "hosts")
    assert problem.scope.endswith("/hostgroups/blue")
    assert problem.message.startswith("state and room not known: ")
    assert adapter.hosts() == inventory.hosts


@pytest.mark.parametrize("pattern", ["sub-1/.*hostGroups", "Blue/hosts[?]"])
def test_hosts_that_cannot_be_read_are_lost(dedicated, azure, pattern):
    dedicated.misbehave(pattern, forbidden())
    adapter = azure(dedicated, dedicated_hosts=True)
    assert only(adapter.inventory(["hosts"]).problems, "hosts").error == "AccessDenied"
    with pytest.raises(hi.AccessDenied):
        adapter.hosts()


def test_the_sdks_models_of_a_host_a_group_and_an_instance(dedicated, azure):
    adapter = azure(dedicated, dedicated_hosts=True)
    host, cluster = adapter.hosts()[0], adapter.clusters()[0]
    assert adapter.native(host).sku.name == "DSv5-Type1"
    assert adapter.native(cluster).name == "Blue"
    with pytest.raises(hi.NotSupported):
        adapter.native(hi.Host(id=host.id, name="x", platform="azure-stack-hub", source=adapter.source))


@pytest.mark.parametrize("kind", ["hosts", "clusters"])
def test_without_them_the_reason_names_the_way(dedicated, azure, kind):
    with pytest.raises(hi.NotSupported, match=r"Azure\(dedicated_hosts=True\)"):
        getattr(azure(dedicated), kind)()
    assert dedicated.seen == []


def test_an_estate_file_can_ask_for_them(tmp_path):
    file = tmp_path / "hybridinv.toml"
    file.write_text('[sources.az]\nplatform = "azure"\ndedicated_hosts = true\n')
    (adapter,) = hi.open_estate(file)
    assert {"hosts", "clusters"} <= adapter.capabilities


def test_a_tape_remembers_them(dedicated, azure, tmp_path):
    inventory = hi.record(azure(dedicated, dedicated_hosts=True), tmp_path / "tape")
    played = hi.replay(tmp_path / "tape")
    assert played.hosts() == inventory.hosts
    assert len(played.clusters()) == 2
