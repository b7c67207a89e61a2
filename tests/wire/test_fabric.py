"""The nodes and scale units of a Stack Hub."""

import pytest

from hybridinv.errors import UnexpectedAnswer
from hybridinv.model import PowerState
from hybridinv.wire import fabric
from hybridinv.wire.reading import Origin

HUB = Origin("azure-stack-hub", "adminmanagement.redmond.example")
REGION = "/subscriptions/S/resourceGroups/System.redmond/providers/Microsoft.Fabric.Admin/fabricLocations/redmond"


def node(name="redmond/NODE09", **properties):
    return fabric.read_node(
        {
            "id": f"{REGION}/scaleUnitNodes/NODE09",
            "name": name,
            "location": "redmond",
            "properties": properties,
        },
        HUB,
    )


def unit(**properties):
    return fabric.read_scale_unit(
        {
            "id": f"{REGION}/scaleUnits/S-Cluster",
            "name": "redmond/S-Cluster",
            "location": "redmond",
            "properties": properties,
        },
        HUB,
    )


def test_a_node_is_a_host():
    host = node(
        scaleUnitNodeStatus="Running",
        powerState="Running",
        vendor="DELL",
        model="PowerEdge R740xd",
        serialNumber="SN1",
        capacity={"memoryGB": 766.460938, "cores": 64},
    )
    assert (host.id, host.name) == (f"{REGION}/scaleUnitNodes/NODE09".lower(), "NODE09")
    assert (host.platform, host.source, host.location) == ("azure-stack-hub", HUB.source, "redmond")
    assert (host.vendor, host.model, host.serial_number) == ("DELL", "PowerEdge R740xd", "SN1")
    assert (host.cpu_cores, host.memory_bytes) == (64, round(766.460938 * 2**30))
    assert (host.hypervisor, host.connection_state) == ("Hyper-V", "Running")
    assert (host.power_state, host.in_maintenance, host.problems) == (PowerState.RUNNING, False, ())


def test_what_else_a_node_says_of_itself():
    gpus = [{"name": "Nvidia Tesla T4", "type": "DDA"}, {"name": "T4", "type": None}, {}]
    host = node(bmcAddress="198.51.100.1", biosVersion="2.21.2", gpus=gpus)
    assert (host.management_ip, host.bios_version) == ("198.51.100.1", "2.21.2")
    assert (host.gpus, node(gpus=None).gpus) == (("Nvidia Tesla T4 (DDA)", "T4"), ())


@pytest.mark.parametrize(
    ("name", "state", "message"),
    [("Repair", "Failed", "Repair: Failed"), (None, "failed", "the last operation: failed"),
     ("PowerOn", "Succeeded", None), (None, None, None), ("Repair", "InProgress", None)],
)  # fmt: skip
def test_an_operation_that_failed_is_odd_and_nothing_is_missing(name, state, message):
    problems = node(lastOperationName=name, lastOperationState=state).problems
    assert [problem.message for problem in problems] == ([message] if message else [])
    assert [problem.error for problem in problems if problem.error] == []


@pytest.mark.parametrize("name", ["redmond/NODE09", "NODE09", None])
def test_a_node_is_named_without_its_region(name):
    assert node(name).name == "NODE09"


@pytest.mark.parametrize(
    ("state", "in_maintenance"),
    [("Running", False), ("Maintenance", True), ("Stopped", False), ("Repairing", False), ("Adding", False),
     ("Requires Remediation", False), ("Dreaming", None), (None, None)],
)  # fmt: skip
def test_the_status_of_a_node_is_open(state, in_maintenance):
    host = node(scaleUnitNodeStatus=state)
    assert (host.connection_state, host.in_maintenance) == (state or "", in_maintenance)


@pytest.mark.parametrize(
    ("word", "state"),
    [("Running", PowerState.RUNNING), ("Stopped", PowerState.STOPPED), ("Starting", PowerState.STARTING),
     ("Stopping", PowerState.STOPPING), (None, PowerState.UNKNOWN)],
)  # fmt: skip
def test_the_power_of_a_node(word, state):
    assert (node(powerState=word).power_state, node(powerState=word).problems) == (state, ())


def test_a_power_word_not_known_here_is_told():
    host = node(powerState="Melting")
    assert host.power_state is PowerState.UNKNOWN
    assert ("Melting" in host.problems[0].message, host.problems[0].kind) == (True, "hosts")
    assert host.problems[0].scope == host.id


def test_a_node_and_its_scale_unit_find_each_other_in_any_case():
    cluster = unit(nodes=[f"{REGION}/scaleUnitNodes/NODE09".replace("System", "system")])
    host = node(scaleUnitUri="/fabricLocations/redmond/scaleUnits/s-cluster")
    assert host.cluster_id == cluster.id == f"{REGION}/scaleUnits/S-Cluster".lower()
    assert cluster.host_ids == (host.id,)


def test_a_scale_unit_named_by_its_whole_id_is_taken_as_it_is():
    assert node(scaleUnitUri=f"{REGION}/scaleUnits/S-Cluster").cluster_id == f"{REGION}/scaleUnits/S-Cluster".lower()
    assert node().cluster_id == ""


def test_a_scale_unit_is_a_cluster():
    cluster = unit(state="Running", totalCapacity={"memoryGB": 3065.84375, "cores": 256}, nodes=None)
    assert (cluster.name, cluster.state, cluster.cpu_cores) == ("S-Cluster", "Running", 256)
    assert cluster.location == "redmond"
    assert (cluster.memory_bytes, cluster.host_ids) == (round(3065.84375 * 2**30), ())


@pytest.mark.parametrize("reader", [fabric.read_node, fabric.read_scale_unit])
def test_a_record_without_an_id_names_the_path(reader):
    with pytest.raises(UnexpectedAnswer) as caught:
        reader({"name": "x", "properties": {}}, HUB)
    assert caught.value.path == "id"


@pytest.mark.parametrize("odd", [-1, "text", [], [1], {"x": 1}, True, 1.5])
@pytest.mark.parametrize(
    "field",
    [
        "scaleUnitNodeStatus",
        "powerState",
        "vendor",
        "model",
        "serialNumber",
        "bmcAddress",
        "biosVersion",
        "gpus",
        "lastOperationName",
        "lastOperationState",
        "capacity",
        "scaleUnitUri",
        "totalCapacity",
        "nodes",
        "state",
    ],
)
def test_an_odd_field_never_costs_the_record(field, odd):
    assert node(**{field: odd}).name == "NODE09"
    assert unit(**{field: odd}).name == "S-Cluster"


def test_what_cannot_be_read_is_told():
    (problem,) = node(capacity={"memoryGB": "lots"}).problems
    assert "capacity.memoryGB" in problem.message
    (problem,) = unit(totalCapacity={"cores": []}).problems
    assert (problem.kind, problem.scope) == ("clusters", f"{REGION}/scaleUnits/S-Cluster".lower())


def test_the_regions_of_a_hub():
    assert (
        fabric.read_location_names([{"id": REGION, "name": "redmond"}, {"id": REGION, "name": None}]) == ["redmond"] * 2
    )
    with pytest.raises(UnexpectedAnswer):
        fabric.read_location_names([{"name": "x"}])
