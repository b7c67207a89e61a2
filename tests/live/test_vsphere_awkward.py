"""What goes wrong in real estates: every object is a row, and what is not known of it is said."""

import pytest

import hybridinv as hi
from hybridinv.wire.vim.paths import property_paths

pytestmark = pytest.mark.live

SAYS = {
    "no-config": ["inaccessible", "no configuration"],
    "orphaned": ["orphaned"],
    "invalid": ["invalid"],
    "no-host": ["on no host"],
    "host-disconnected": ["host is disconnected"],
    "disconnected": ["disconnected"],
}


@pytest.fixture(scope="module")
def inventory(awkward):
    with awkward.adapter() as vcenter:
        return vcenter.inventory()


def shown(name):
    return name.replace("%2f", "/").replace("%5c", "\\").replace("%25", "%")


def hidden_paths(one, kind, type_):
    asked = property_paths(kind, "8.0.3.0")[type_]
    return [path for path in asked for h in one.get("hidden", ()) if path == h or path.startswith(f"{h}.")]


def test_every_machine_and_every_host_is_a_row(awkward, inventory):
    assert {vm.id for vm in inventory.vms} == {awkward.id_of(vm["moref"]) for vm in awkward.truth["vms"]}
    assert {host.id for host in inventory.hosts} == {awkward.id_of(h["moref"]) for h in awkward.truth["hosts"]}
    assert len(inventory.datastores) == len(awkward.truth["datastores"])


@pytest.mark.parametrize(("table", "key"), [("vms", "vms"), ("hosts", "hosts")])
def test_what_is_odd_about_a_row_is_said_in_it(awkward, inventory, table, key):
    for one in awkward.truth[key]:
        record = getattr(inventory, table).get(awkward.id_of(one["moref"]))
        odd = [problem.message for problem in record.problems if not problem.error]
        expected = SAYS.get(one.get("awkward", ""), [])
        assert len(odd) == len(expected), (one["name"], odd)
        assert all(word in message for word, message in zip(expected, odd, strict=True)), (one["name"], odd)
        assert all(problem.scope == record.id for problem in record.problems if not problem.error)


def test_hidden_properties_name_object_path_and_privilege(awkward, inventory):
    expected = []
    for key, kind, type_ in (("vms", "vms", "VirtualMachine"), ("datastores", "datastores", "Datastore")):
        for one in awkward.truth[key]:
            for path in hidden_paths(one, kind, type_):
                expected.append((kind, f"{awkward.id_of(one['moref'])} {path}", one["name"]))
    for host in awkward.truth["hosts"]:
        for path in host.get("hidden", ()):
            expected.append(("vmkernel_adapters", f"{awkward.id_of(host['moref'])} {path}", host["name"]))
    refused = [problem for problem in inventory.problems if problem.error]
    assert {(p.kind, p.scope) for p in refused} == {(kind, scope) for kind, scope, _ in expected}
    assert len(refused) == len(expected)
    for _, scope, name in expected:
        problem = next(p for p in refused if p.scope == scope)
        assert problem.error == "AccessDenied"
        assert shown(name) in problem.message
        assert "System.Read" in problem.message
        assert "Read-only" in problem.remedy
    assert not inventory.complete
    with pytest.raises(hi.IncompleteInventory, match=r"System\.Read"):
        inventory.raise_for_problems()


def test_strict_lists_have_all_rows_even_so(awkward):
    with awkward.adapter() as vcenter:
        vms, hosts, stores = vcenter.vms(), vcenter.hosts(), vcenter.datastores()
    assert len(vms) == len(awkward.truth["vms"])
    assert len(hosts) == len(awkward.truth["hosts"])
    hidden = next(one for one in awkward.truth["datastores"] if one.get("hidden"))
    store = stores.get(awkward.id_of(hidden["moref"]))
    assert (store.capacity_bytes, store.type, store.accessible) == (None, "", None)
    assert store.problems


def test_a_hidden_list_of_adapters_is_an_error_where_the_list_must_be_whole(awkward, inventory):
    hidden = next(host for host in awkward.truth["hosts"] if host.get("hidden"))
    with awkward.adapter() as vcenter, pytest.raises(hi.AccessDenied) as caught:
        vcenter.vmkernel_adapters()
    assert caught.value.missing == "System.Read"
    assert hidden["name"] in str(caught.value)
    assert awkward.id_of(hidden["moref"]) in "".join(caught.value.__notes__)
    expected = {
        f"{awkward.id_of(host['moref'])}/{one['device']}"
        for host in awkward.truth["hosts"]
        if not host.get("hidden")
        for one in host["vmkernel_adapters"]
    }
    assert {adapter.id for adapter in inventory.vmkernel_adapters} == expected


def test_a_host_without_network_configuration_is_not_left_out_silently(awkward, inventory):
    gone = next(host for host in awkward.truth["hosts"] if host.get("awkward") == "disconnected")
    said = [p for p in inventory.problems if p.kind == "vmkernel_adapters" and not p.error]
    assert [p.scope for p in said] == [awkward.id_of(gone["moref"])]


def test_a_machine_without_configuration_knows_nothing_it_cannot_know(awkward, inventory):
    lost = next(vm for vm in awkward.truth["vms"] if vm.get("awkward") == "no-config")
    vm = inventory.vms.get(awkward.id_of(lost["moref"]))
    assert (vm.cpus, vm.memory_bytes, vm.bios_uuid, vm.disks, vm.nics) == (None, None, "", (), ())
    assert (vm.os_type, vm.agent.status) == (hi.OSType.UNKNOWN, hi.AgentStatus.UNKNOWN)
    assert vm.connection_state == "inaccessible"
    assert vm.name == "/vmfs/volumes/lost/lost.vmx"
    assert vm.cluster_id


def test_a_disconnected_host_keeps_its_row(awkward, inventory):
    gone = next(host for host in awkward.truth["hosts"] if host.get("awkward") == "disconnected")
    host = inventory.hosts.get(awkward.id_of(gone["moref"]))
    assert (host.connection_state, host.power_state) == ("disconnected", hi.PowerState.UNKNOWN)
    assert host.cpu_model
    assert host.capabilities == frozenset()
    mounted = [store.name for store in inventory.datastores if host.id in store.host_ids]
    assert mounted == []


def test_maintenance_mode(awkward, inventory):
    for one in awkward.truth["hosts"]:
        host = inventory.hosts.get(awkward.id_of(one["moref"]))
        assert host.in_maintenance is one["in_maintenance"]


def test_hostile_names_arrive_as_they_are_and_escapes_are_undone(awkward, inventory):
    for one in awkward.truth["vms"]:
        assert inventory.vms.get(awkward.id_of(one["moref"])).name == shown(one["name"])
    names = {vm.name for vm in inventory.vms}
    assert {
        'it\'s "quoted"',
        "<script>alert(1)</script> & co",
        "two\nlines",
        "a/b\\c%d%0ae",
        "bücher-日本-\u202efdp",
        "  leading and trailing  ",
    } <= names
    assert "<script>" not in inventory._repr_html_() + inventory.vms._repr_html_()


def test_one_name_or_one_bios_id_does_not_make_one_machine(awkward, inventory):
    with pytest.raises(hi.MultipleMatches):
        inventory.vms.find("twin")
    twins = inventory.vms.where(name="twin")
    assert {vm.folder for vm in twins} == {"Linux", "Windows/Servers"}
    copied = inventory.vms.find("copied-on-disk")
    assert len(inventory.vms.where(bios_uuid=copied.bios_uuid)) == 2
    assert len({vm.instance_uuid for vm in inventory.vms if vm.instance_uuid}) == len(
        [vm for vm in inventory.vms if vm.instance_uuid]
    )
