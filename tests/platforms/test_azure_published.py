"""Published answers through the adapter, and its requests against the published descriptions."""

import copy
import json
import re

import httpx
import pytest

import hybridinv as hi
from arm_estate import Estate, interface, public_address
from hybridinv.transport.tape import request_line
from hybridinv.wire import compute
from hybridinv.wire.reading import Origin
from misbehaviour import Reply, refused
from published import PUBLISHED
from test_seeded_requests import complaint, undescribed

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
UNPUBLISHED = re.compile(r"/virtualMachineScaleSets(/[^/]+/virtualMachines)?\?")
"""Scale sets are described in a file of their own, which is not among those of 2024-07-01."""


def answers():
    """(file, body) of every recorded answer of Azure's compute and network services."""
    for file in sorted((PUBLISHED / "recordings").glob("azure-*.json")):
        for exchange in json.loads(file.read_bytes())["exchanges"]:
            if exchange["status"] == 200:
                yield file.stem, exchange["body"]


def every(value):
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from every(inner)


def recorded(kind):
    """The resources of a type, by file; of one that was asked for several times, the one that says most."""
    found = {}
    for name, body in answers():
        for item in every(body):
            if str(item.get("type")).lower() == kind and "properties" in item:
                known = found.setdefault(name, {}).setdefault(item["id"].lower(), item)
                if len(json.dumps(item)) > len(json.dumps(known)):
                    found[name][item["id"].lower()] = item
    return {name: list(items.values()) for name, items in found.items()}


MACHINES = recorded("microsoft.compute/virtualmachines")
HOSTS = recorded("microsoft.compute/hostgroups/hosts")
GROUPS = recorded("microsoft.compute/hostgroups")


def in_two_lists(server, bodies):
    """The server gives the machines as ARM does: models in one list, instance views in the other."""
    models = copy.deepcopy(bodies)
    views = [model["properties"].pop("instanceView", None) for model in models]
    rows = [
        {"id": model["id"].upper(), "name": model["name"], "properties": {"instanceView": view}}
        for model, view in zip(models, views, strict=True)
        if view
    ]
    server.estate.vms = models
    server.misbehave("statusOnly", lambda _: Reply.json(200, {"value": rows}))
    server.misbehave("/instanceView", refused(404, "ResourceNotFound"))


@pytest.mark.parametrize("name", MACHINES)
def test_the_recorded_machines_of_one_file(serve, azure, name):
    server = serve(Estate(SUBSCRIPTION))
    in_two_lists(server, MACHINES[name])
    adapter = azure(server)
    vms = adapter.inventory(["vms"]).vms
    origin = Origin("azure", adapter.source)
    assert list(vms) == [compute.read_vm(body, None, origin) for body in MACHINES[name]]
    states = [vm.power_state is not hi.PowerState.UNKNOWN for vm in vms]
    assert states == ["instanceView" in body["properties"] for body in MACHINES[name]]


def test_the_recorded_machine_with_its_recorded_adapter_and_address(serve, azure):
    name = "azure-vm-and-network-2024-07-01"
    server = serve(Estate(SUBSCRIPTION))
    in_two_lists(server, MACHINES[name])
    server.estate.interfaces = recorded("microsoft.network/networkinterfaces")[name]
    server.estate.public_addresses = recorded("microsoft.network/publicipaddresses")[name]
    inventory = azure(server).inventory(["vms"])
    # No catalogue of sizes was recorded with it.
    assert [problem.message[:8] for problem in inventory.problems] == ["CPUs and"]
    (vm,) = inventory.vms
    assert (vm.ip_addresses, vm.nics[0].public_ip_addresses) == (("192.0.2.1",), ("203.0.113.1",))


@pytest.mark.parametrize("name", GROUPS)
def test_the_recorded_dedicated_hosts(serve, azure, name):
    server = serve(Estate(SUBSCRIPTION))
    groups = {item["id"].lower() for item in GROUPS[name]}
    server.estate.host_groups = GROUPS[name]
    server.estate.dedicated_hosts = [
        host for host in HOSTS[name] if host["id"].lower().rpartition("/hosts/")[0] in groups
    ]
    inventory = azure(server, dedicated_hosts=True).inventory(["hosts", "clusters"])
    assert inventory.complete
    assert [host.id for host in inventory.hosts] == [id_ for one in inventory.clusters for id_ in one.host_ids]
    assert {host.state for host in inventory.hosts} == {"available"}
    assert all(host.room for host in inventory.hosts)


def test_what_is_recorded_was_counted():
    assert sum(map(len, MACHINES.values())) > 15
    assert {name: len(items) for name, items in GROUPS.items()} == {
        "azure-dedicated-host-2020-06-01": 1,
        "azure-dedicated-host-2024-07-01": 1,
    }


# Requests


def lines(server):
    """What was asked, as a tape writes it."""
    for method, target, _ in server.seen:
        if method == "GET":
            yield request_line(httpx.Request("GET", server.url + target))


@pytest.mark.parametrize("is_hub", [False, True])
def test_every_request_of_a_full_reading_is_described(serve, azure, hub, is_hub):
    estate = Estate.of(vms=2, extensions=("AMA",))
    estate.interfaces = [interface(estate.vms[0], "nic", public="ip")]
    estate.public_addresses = [public_address("sub-1", "ip")]
    compute_ = f"{estate.vms[0]['id'].partition('/virtualMachines')[0]}"
    estate.scale_sets = [{"id": f"{compute_}/virtualMachineScaleSets/web", "properties": {}}]
    estate.host_groups = [{"id": f"{compute_}/hostGroups/g", "properties": {}}]
    estate.dedicated_hosts = [{"id": f"{compute_}/hostGroups/g/hosts/h", "properties": {}}]
    server = serve(estate)
    if is_hub:
        estate.versions = {"virtualmachines": ["2020-06-01"], "virtualnetworks": ["2018-11-01"]}
        login = {"loginEndpoint": "https://adfs.hub.local/adfs", "audiences": ["https://management.adfs/1"]}
        estate.metadata = {"authentication": login}
        adapter = hub(server, detail="full")
    else:
        adapter = azure(server, dedicated_hosts=True, detail="full")
    assert adapter.inventory().complete
    asked = set(lines(server))
    assert len(asked) > 10
    wrong = {line: complaint(line) for line in asked if not undescribed(line)}
    found = {line for line, said in wrong.items() if said}
    assert {line for line in found if is_hub or not UNPUBLISHED.search(line)} == set()
    assert len(found) == (0 if is_hub else 2)
