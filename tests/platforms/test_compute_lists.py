"""Sizes, adapters, addresses, health, updates and scale sets: joined to the machines, and never at their cost."""

import httpx
import pytest

import hybridinv as hi
from arm_estate import Estate, interface, public_address, sku, vm_model
from misbehaviour import cut_json, edited, forbidden, html, refused, throttled

THREE = ("sub-1", "sub-2", "sub-3")


def names(records):
    return sorted(record.name for record in records)


def only(problems, kind="vms"):
    found = [problem for problem in problems if problem.kind == kind]
    assert len(found) == 1, list(problems)
    return found[0]


@pytest.fixture
def joined(serve):
    """Three machines, a subscription each; of the first two the adapters, and of the first a public address."""
    estate = Estate.of(vms=3, subscriptions=THREE)
    estate.interfaces = [
        interface(estate.vms[0], "nic0", public="ip0"),
        interface(estate.vms[1], "nic1", "10.0.0.5", primary=False, enableAcceleratedNetworking=False),
        # nobody's
        interface(vm_model("sub-1", "gone"), "alone", "10.0.0.9", public="ip9"),
    ]
    estate.public_addresses = [public_address("sub-1", "ip0"), public_address("sub-1", "ip9", "203.0.113.9")]
    return serve(estate)


def test_adapters_and_addresses_are_joined_to_the_machines(joined, azure):
    inventory = azure(joined).inventory(["vms", "networks"])
    assert inventory.complete
    (nic,) = inventory.vms.find("vm0").nics
    assert (nic.name, nic.mac_address, nic.ip_addresses) == ("nic0", "00:0d:3a:00:00:01", ("10.0.0.4",))
    assert (nic.public_ip_addresses, nic.is_primary, nic.is_accelerated) == (("203.0.113.7",), True, True)
    assert nic.network_id in {network.id for network in inventory.networks}
    (other,) = inventory.vms.find("vm1").nics
    assert (other.public_ip_addresses, other.is_primary, other.is_accelerated) == ((), False, False)
    assert [vm.ip_addresses for vm in inventory.vms] == [("10.0.0.4",), ("10.0.0.5",), ()]
    # sub-3 names no adapter, and only sub-1 a public address
    assert (joined.counts["interfaces"], joined.counts["public addresses"]) == (2, 1)


def test_power_and_agent_state_stay_cheap(serve, azure):
    server = serve(Estate.of(vms=1000, subscriptions=THREE))
    server.estate.interfaces = [interface(vm, f"nic-{vm['name']}", public="ip") for vm in server.estate.vms]
    server.estate.public_addresses = [public_address(one, "ip") for one in THREE]
    server.answers.page_size = 100
    inventory = azure(server).inventory(["vms"])
    assert inventory.complete
    asked = server.counts.total() - server.counts["interfaces"] - server.counts["public addresses"]
    assert asked <= 2 * server.counts["vms"] + 10
    assert {len(vm.nics[0].public_ip_addresses) for vm in inventory.vms} == {1}


LISTS = {
    "networkInterfaces": ("addresses", "nics"),
    "publicIPAddresses": ("public addresses", "public"),
    "skus": ("CPUs and memory", "sizes"),
}


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (forbidden(), "AccessDenied"),
        (refused(404, "NotFound"), "NotFound"),
        (refused(500, "InternalServerError"), "ServerFault"),
        (throttled(3600), "Throttled"),
        (cut_json, "TruncatedAnswer"),
        (html, "UnexpectedAnswer"),
        (edited(lambda page: page["value"].append("odd")), "UnexpectedAnswer"),
        (edited(lambda page: page.update(nextLink="https://elsewhere.invalid/")), "UnexpectedAnswer"),
    ],
)
@pytest.mark.parametrize("path", LISTS)
def test_a_list_beside_the_machines_costs_its_fields_and_is_told(joined, azure, path, behaviour, error):
    # A subscription that refuses the sizes is no loss where another one gives them.
    where = r"sub-\d" if path == "skus" else "sub-1"
    joined.misbehave(f"GET /subscriptions/{where}/.*{path}", behaviour)
    inventory = azure(joined).inventory(["vms"])
    assert len(inventory.vms) == 3
    assert not inventory.complete
    problem = only(inventory.problems)
    assert (problem.error, problem.scope) == (error, "/subscriptions/sub-1")
    assert problem.message.startswith(f"{LISTS[path][0]} not known: ")
    assert problem.remedy
    assert azure(joined).vms() == inventory.vms
    assert {vm.power_state for vm in inventory.vms} == {hi.PowerState.RUNNING}


@pytest.mark.parametrize("path", LISTS)
def test_what_a_refused_list_leaves_unknown(joined, azure, path):
    joined.misbehave(path, forbidden())
    inventory = azure(joined).inventory(["vms"])
    vm = inventory.vms.find("vm0")
    assert vm, (list(inventory.problems), len(inventory.vms))
    unknown = {
        "nics": vm.nics[0].mac_address == "" and vm.ip_addresses == () and vm.nics[0].name == "nic0",
        "public": vm.nics[0].public_ip_addresses == (),
        "sizes": vm.cpus is None and vm.memory_bytes is None and vm.size == "Standard_D2s_v5",
    }
    expected = {"nics", "public"} if path == "networkInterfaces" else {LISTS[path][1]}
    assert {name for name, is_unknown in unknown.items() if is_unknown} == expected


def test_an_adapter_that_is_in_use_and_not_in_the_list_is_told(joined, azure):
    del joined.estate.interfaces[0]
    problem = only(azure(joined).inventory(["vms"]).problems)
    assert (problem.error, problem.scope) == ("TruncatedAnswer", "/subscriptions/sub-1")
    assert "leaves out 1" in problem.message
    joined.estate.public_addresses = []
    joined.estate.interfaces.append(interface(joined.estate.vms[0], "nic0", public="ip0"))
    assert "public addresses" in only(azure(joined).inventory(["vms"]).problems).message


def test_an_odd_adapter_is_a_problem_of_its_machine(joined, azure):
    joined.estate.interfaces[0]["properties"]["macAddress"] = {"odd": 1}
    joined.estate.interfaces[1]["properties"] = "odd"
    inventory = azure(joined).inventory(["vms"])
    assert [problem.scope.rpartition("/")[2] for problem in inventory.problems] == ["vm0", "vm1"]
    assert inventory.vms.find("vm0").nics[0].ip_addresses == ("10.0.0.4",)


def test_an_item_without_an_id_is_told(joined, azure):
    joined.misbehave("networkInterfaces", edited(lambda page: page["value"].append({"name": "no id"})))
    problems = azure(joined).inventory(["vms"]).problems
    assert {(problem.scope, problem.error) for problem in problems} == {("no id", "UnexpectedAnswer")}


def placed(estate, *machines):
    """The estate's machines, each at a location with a size."""
    for model, (location, size) in zip(estate.vms, machines, strict=True):
        model["location"] = location
        model["properties"]["hardwareProfile"] = {"vmSize": size}
    return estate


def filters(server):
    return sorted(httpx.URL(target).params["$filter"] for _, target, _ in server.seen if "/skus" in target)


def test_sizes_are_asked_for_by_location_however_it_is_spelled(serve, azure):
    machines = ("West Europe", "A"), ("westeurope", "B"), ("WestEurope", "b"), ("northeurope", "C")
    estate = placed(Estate.of(vms=4), *machines)
    estate.skus = [sku("A", 1, 2), sku("B", 2, 4), sku("C", 4, 8, locations=("northeurope",))]
    server = serve(estate)
    inventory = azure(server).inventory(["vms"])
    assert [(vm.cpus, vm.memory_bytes >> 30) for vm in inventory.vms] == [(1, 2), (2, 4), (2, 4), (4, 8)]
    assert [vm.location for vm in inventory.vms] == [location for location, _ in machines]
    assert filters(server) == ["location eq 'northeurope'", "location eq 'westeurope'"]


def test_a_location_whose_sizes_are_known_is_not_asked(serve, azure):
    many = [(f"region{n}", "A") for n in range(12)]
    server = serve(placed(Estate.of(vms=14), ("here", "A"), ("here", "B"), *many))
    server.estate.skus = [sku("A", 1, 2, locations=("here",)), sku("B", 2, 4, locations=("here",))]
    assert {vm.cpus for vm in azure(server).vms()} == {1, 2}
    assert filters(server) == ["location eq 'here'"]


def test_a_size_that_no_list_has_is_unknown(serve, azure):
    server = serve(placed(Estate.of(vms=2), ("westeurope", "Basic_A9"), ("westeurope", None)))
    inventory = azure(server).inventory(["vms"])
    assert {(vm.cpus, vm.memory_bytes) for vm in inventory.vms} == {(None, None)}
    assert inventory.complete


def test_a_location_that_fails_is_no_problem_where_another_knows_the_size(serve, azure):
    machines = ("here", "A"), ("here", "B"), ("there", "A"), ("there", "C")
    server = serve(placed(Estate.of(vms=4), *machines))
    server.estate.skus = [
        sku("A", locations=("there",)),
        sku("B", locations=("there",)),
        sku("C", locations=("there",)),
    ]
    server.misbehave("skus.*here", forbidden(), times=1)
    inventory = azure(server).inventory(["vms"])
    assert {vm.cpus for vm in inventory.vms} == {2}
    assert inventory.complete


@pytest.mark.parametrize("behaviour", [forbidden(), throttled(3600)])
def test_sizes_that_one_subscription_refuses_are_asked_for_in_the_next(joined, azure, behaviour):
    joined.misbehave("sub-1/.*skus", behaviour)
    inventory = azure(joined).inventory(["vms"])
    assert ({vm.cpus for vm in inventory.vms}, inventory.complete) == ({2}, True)


def test_no_sizes_where_machines_are_is_a_problem(joined, azure):
    joined.estate.skus = []
    inventory = azure(joined).inventory(["vms"])
    problem = only(inventory.problems)
    assert (len(inventory.vms), problem.error) == (3, "TruncatedAnswer")
    assert "the list of sizes in westeurope is empty" in problem.message


def test_extensions_alone_need_none_of_these_lists(joined, azure):
    azure(joined).extensions()
    assert joined.counts == {"subscriptions": 1, "vms": 3, "statuses": 3, "graph": 1}


# Everything there is


@pytest.fixture
def full(joined):
    """The same with health, updates, and a scale set of each kind."""
    estate = joined.estate
    ids = [model["id"] for model in estate.vms]
    below = "providers/Microsoft.ResourceHealth/availabilityStatuses/current"
    states = [{"availabilityState": "Available", "summary": "fine"}, {"availabilityState": "Degraded"}]
    estate.health = [{"id": f"{id_.upper()}/{below}", "properties": p} for id_, p in zip(ids, states, strict=False)]
    update = {"status": "Pending", "impactType": "Freeze", "impactDurationInSec": 9, "maintenanceScope": "Host"}
    kind = "microsoft.maintenance/updates"
    estate.updates = [{"id": f"{ids[0].lower()}/providers/{kind}", "type": kind, "properties": {"value": [update]}}]
    group = f"{ids[0].rpartition('/virtualMachines')[0]}/virtualMachineScaleSets"
    estate.scale_sets = [
        {"id": f"{group}/Uniform", "properties": {}},
        {"id": f"{group}/Flexible", "properties": {"orchestrationMode": "Flexible"}},
    ]
    below = f"{group}/Uniform/virtualMachines"
    estate.instances[f"{group}/uniform".lower()] = [
        {
            "id": f"{below}/{n}", "name": f"Uniform_{n}", "location": "westeurope", "sku": {"name": "Standard_D2s_v5"},
            "instanceId": str(n),
            "properties": {
                "instanceView": {"statuses": [{"code": "PowerState/stopped"}]},
                "networkProfile": {"networkInterfaces": [{"id": f"{below}/{n}/networkInterfaces/nic"}]},
            },
        }
        for n in range(3)
    ]  # fmt: skip
    return joined


def test_with_full_detail_health_and_updates_are_there(full, azure):
    inventory = azure(full).inventory(["vms"], detail="full")
    assert inventory.complete
    vms = [inventory.vms.find(f"vm{n}") for n in range(3)]
    assert [(vm.health, vm.health_reason) for vm in vms] == [("Available", "fine"), ("Degraded", ""), ("", "")]
    (update,) = vms[0].pending_updates
    assert (update.status, update.impact, update.impact_seconds, update.scope) == ("Pending", "Freeze", 9, "Host")
    assert vms[1].pending_updates == vms[2].pending_updates == ()
    assert (full.counts["health"], full.counts["graph"], full.counts["scale sets"]) == (3, 1, 3)


def test_with_full_detail_the_instances_of_uniform_scale_sets_are_machines(full, azure):
    full.answers.page_size = 2
    adapter = azure(full, detail="full")
    vms = adapter.vms()
    assert names(vms) == ["Uniform_0", "Uniform_1", "Uniform_2", "vm0", "vm1", "vm2"]
    instance = vms.find("Uniform_1")
    assert instance.scale_set_id.endswith("/virtualmachinescalesets/uniform")
    assert (instance.power_state, instance.cpus, instance.size) == (hi.PowerState.STOPPED, 2, "Standard_D2s_v5")
    assert [(nic.name, nic.mac_address) for nic in instance.nics] == [("nic", "")]
    assert full.counts["instances"] == 2
    assert adapter.inventory(["vms"]).complete


def test_in_a_summary_nothing_of_that_is_asked(full, azure):
    assert len(azure(full).inventory().vms) == 3
    assert not {"health", "scale sets", "instances"} & full.counts.keys()


@pytest.mark.parametrize("behaviour", [forbidden(), refused(404, "NotFound"), refused(500, "x"), throttled(3600), html])
@pytest.mark.parametrize(
    ("pattern", "what", "scopes"),
    [
        ("availabilityStatuses", "health", [f"/subscriptions/{one}" for one in THREE]),
        ("ResourceGraph", "pending updates", [""]),
    ],
)
def test_without_health_or_updates_the_machines_are_there(full, azure, pattern, what, scopes, behaviour):
    full.misbehave(pattern, behaviour)
    inventory = azure(full, detail="full").inventory(["vms"])
    assert len(inventory.vms) == len(azure(full, detail="full").vms()) == 6
    assert sorted(problem.scope for problem in inventory.problems) == scopes
    assert {problem.message.startswith(what) for problem in inventory.problems} == {True}


def test_an_announced_redeploy_is_known_without_resource_graph(full, azure):
    redeploy = {"maintenanceWindowStartTime": "2026-02-16T00:00:00Z", "isCustomerInitiatedMaintenanceAllowed": True}

    def announced(page):
        page["value"][0]["properties"]["instanceView"]["maintenanceRedeployStatus"] = redeploy

    full.misbehave("sub-1/.*statusOnly", edited(announced))
    (update,) = azure(full).inventory(["vms"]).vms.find("vm0").pending_updates
    assert (update.impact, update.may_start_now) == ("Redeploy", True)


@pytest.mark.parametrize("pattern", ["virtualMachineScaleSets[?]", "Uniform/virtualMachines"])
def test_instances_that_cannot_be_read_are_lost(full, azure, pattern):
    full.misbehave(pattern, forbidden())
    adapter = azure(full, detail="full")
    inventory = adapter.inventory(["vms"])
    assert len(inventory.vms) == 3
    assert not inventory.complete
    with pytest.raises(hi.AccessDenied):
        adapter.vms()


def test_a_scale_set_that_is_removed_meanwhile_has_no_instances(full, azure):
    full.misbehave("Uniform/virtualMachines", refused(404, "ResourceNotFound"))
    inventory = azure(full, detail="full").inventory(["vms"])
    assert (len(inventory.vms), inventory.complete) == (3, True)


def test_the_sdks_model_of_an_instance(full, azure):
    adapter = azure(full, detail="full")
    instance = adapter.vms().find("Uniform_2")
    model = adapter.native(instance)
    assert (type(model).__name__, model.instance_id) == ("VirtualMachineScaleSetVM", "2")


# On a Stack Hub


@pytest.fixture
def on_hub(joined, hub):
    """The same machines behind a Hub of 2102."""
    joined.estate.versions = {"virtualmachines": ["2020-06-01"], "virtualnetworks": ["2018-11-01"]}
    login = {"loginEndpoint": "https://adfs.hub.local/adfs", "audiences": ["https://management.adfs/1"]}
    joined.estate.metadata = {"authentication": login}
    return hub(joined)


def test_a_hub_has_sizes_by_location_and_older_versions(joined, on_hub):
    inventory = on_hub.inventory(["vms"])
    assert inventory.complete
    vm = inventory.vms.find("vm0")
    assert (vm.cpus, vm.memory_bytes, vm.ip_addresses) == (2, 8 << 30, ("10.0.0.4",))
    assert vm.nics[0].public_ip_addresses == ("203.0.113.7",)
    asked = {httpx.URL(target).path.partition("/providers/")[2]: httpx.URL(target).params["api-version"]
             for _, target, _ in joined.seen if "/providers/" in target}  # fmt: skip
    assert asked["Microsoft.Compute/locations/westeurope/vmSizes"] == "2020-06-01"
    assert asked["Microsoft.Network/networkInterfaces"] == asked["Microsoft.Network/publicIPAddresses"] == "2018-11-01"
    assert not {"graph", "sizes", "health"} & joined.counts.keys()


def test_a_hub_without_its_network_provider_still_has_machines(joined, on_hub):
    joined.misbehave("Microsoft.Network", forbidden())
    inventory = on_hub.inventory(["vms"])
    assert {vm.cpus for vm in inventory.vms} == {2}
    assert only(inventory.problems).message.startswith("addresses not known: ")
    assert len(on_hub.vms()) == 3


def test_a_hub_has_scale_sets_and_neither_health_nor_updates(full, on_hub):
    inventory = on_hub.inventory(["vms"], detail="full")
    assert (len(inventory.vms), inventory.complete) == (6, True)
    assert not {"graph", "health"} & full.counts.keys()
