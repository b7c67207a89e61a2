"""Which machine runs on which node of a Stack Hub."""

import pytest

from hybridinv.wire.placement import read_placement


def machine(name="vm", **more):
    known = {"vmName": name, "vmId": "AE7920EF-2225-4D4B-965F-76D077278A92", "subscriptionId": "S-1"}
    return {**known, "resourceGroupName": "RG", "powerState": "Running", **more}


def placement(**nodes):
    rows = [{"nodeName": name, "nodeHealthState": "Up", "virtualMachines": vms} for name, vms in nodes.items()]
    return read_placement({"id": "providers/x", "name": None, "properties": {"nodes": rows}})


def test_a_machine_is_known_by_its_ids():
    (node,) = placement(N1=[machine()]).nodes
    (placed,) = node.machines
    assert (node.name, node.health, placed.node, placed.runs) == ("N1", "Up", "N1", True)
    assert placed.id == "/subscriptions/s-1/resourcegroups/rg/providers/microsoft.compute/virtualmachines/vm"
    assert placed.native_id == "ae7920ef-2225-4d4b-965f-76d077278a92"


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("web_7", "/virtualmachinescalesets/web/virtualmachines/7"),
        ("WEB_7", "/virtualmachinescalesets/web/virtualmachines/7"),
        ("other", "/virtualmachines/other"),
        ("web_", "/virtualmachines/web_"),
    ],
)
def test_an_instance_of_a_scale_set(name, end):
    (node,) = placement(N1=[machine(name, vmScaleSetName="web")]).nodes
    assert node.machines[0].id.endswith(end)


@pytest.mark.parametrize("field", ["vmName", "subscriptionId", "resourceGroupName"])
def test_what_is_not_told_makes_no_id(field):
    found = placement(N1=[machine(**{field: None})])
    assert found.nodes[0].machines[0].id == ""
    assert list(found.node_of().values()) == ["N1"]


def test_a_machine_without_a_vm_id_is_on_no_node():
    assert placement(N1=[machine(vmId=None)]).node_of() == {}


@pytest.mark.parametrize(
    ("first", "second", "where"),
    [("Running", "Stopped", ["N1"]), ("Stopped", "Running", ["N2"]), ("Running", "Running", []),
     ("Stopped", "SavedState", []), ("Paused", "Unknown", ["N1"])],
)  # fmt: skip
def test_a_machine_on_two_nodes_is_where_it_runs(first, second, where):
    found = placement(N1=[machine(powerState=first)], N2=[machine(powerState=second)])
    assert list(found.node_of().values()) == where


@pytest.mark.parametrize("odd", [-1, "text", [1], {"x": 1}, True])
@pytest.mark.parametrize("field", ["nodes", "nodeName", "virtualMachines", "vmId", "vmName", "powerState"])
def test_an_odd_field_never_costs_the_answer(field, odd):
    node = {"nodeName": "N1", "virtualMachines": [machine()]}
    body = {"nodes": [node]}
    if field in body:
        body[field] = odd
    elif field in node:
        node[field] = odd
    else:
        node["virtualMachines"][0][field] = odd
    read_placement({"properties": body}).node_of()
    assert read_placement({"properties": odd}).nodes == ()
