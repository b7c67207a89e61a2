"""Never silently short, part two: what is below a machine or a set, what a Hub places, and what the lists claim."""

import attrs
import pytest

import hybridinv as hi
from arm_estate import Estate, extension
from misbehaviour import Reply, edited, forbidden, refused, throttled

ABSENT = refused(404, "ResourceNotFound")
SETS = "/subscriptions/sub-1/resourceGroups/RG-Web/providers/Microsoft.Compute/virtualMachineScaleSets"


def there(_):
    return Reply.json(200, {"id": "it"})


def scope_of(problems):
    (problem,) = problems
    return problem.scope.rpartition("/")[2], problem.error


# Lists below something that was listed


@pytest.fixture
def scaled(serve):
    """Two machines, and a uniform scale set of three."""
    server = serve(Estate.of(vms=2))
    server.estate.scale_sets = [{"id": f"{SETS}/web", "properties": {}}]
    server.estate.instances[f"{SETS}/web".lower()] = [
        {
            "id": f"{SETS}/web/virtualMachines/{n}", "name": f"web_{n}", "location": "westeurope",
            "sku": {"name": "Standard_D2s_v5"},
            "properties": {"instanceView": {"statuses": [{"code": "PowerState/running"}]}},
        }
        for n in range(3)
    ]  # fmt: skip
    return server


def test_a_list_that_is_gone_below_what_is_there_is_a_problem(scaled, azure):
    scaled.misbehave("web/virtualMachines[?]", ABSENT)
    scaled.misbehave("virtualMachineScaleSets/web[?]", there)
    adapter = azure(scaled, detail="full")
    inventory = adapter.inventory(["vms"])
    assert len(inventory.vms) == 2
    assert scope_of(inventory.problems) == ("web", "NotFound")
    with pytest.raises(hi.NotFound):
        adapter.vms()


def test_a_machine_whose_status_is_nowhere_is_a_problem(serve, azure):
    server = serve(Estate.of(vms=3))
    server.misbehave("statusOnly", edited(lambda page: page.update(value=page["value"][:2])))
    server.misbehave("vm2/instanceView", ABSENT)
    inventory = azure(server).inventory(["vms"])
    assert (len(inventory.vms), scope_of(inventory.problems)) == (3, ("vm2", "NotFound"))
    server.misbehave("vm2[?]", ABSENT)
    assert azure(server).inventory(["vms"]).complete  # it was removed meanwhile


def test_extensions_of_a_machine_that_is_there_are_not_gone(serve, arc):
    server = serve(Estate.of(machines=3, extensions=("AMA",)))
    server.misbehave("ResourceGraph", forbidden("x"))
    server.misbehave("srv1/extensions", ABSENT)
    inventory = arc(server).inventory(["extensions"])
    assert (len(inventory.extensions), scope_of(inventory.problems)) == (2, ("srv1", "NotFound"))


def test_an_extension_that_the_machine_names_and_its_list_does_not_is_a_problem(serve, azure):
    server = serve(Estate.of(vms=2, extensions=("AMA", "MDE")))
    server.estate.extensions[server.estate.vms[0]["id"].lower()].pop()
    inventory = azure(server).inventory(["extensions"])
    assert (len(inventory.extensions), scope_of(inventory.problems)) == (3, ("vm0", "TruncatedAnswer"))
    assert "mde" in inventory.problems[0].message


@pytest.mark.parametrize("whole", [True, False])
def test_extensions_of_scale_sets_instances_are_read_in_full_detail(scaled, azure, whole):
    for instance in scaled.estate.instances[f"{SETS}/web".lower()]:
        one = extension(instance["id"], "AMA")
        instance["resources"] = [one if whole else {"id": one["id"]}]
        scaled.estate.extensions[instance["id"].lower()] = [one]
    full = azure(scaled).inventory(["vms", "extensions"], detail="full")
    assert ({one.vm_id for one in full.extensions}, full.complete) == ({f"{SETS}/web/virtualMachines/{n}".lower()
                                                                         for n in range(3)}, True)  # fmt: skip
    assert scaled.counts["extensions of one"] == (0 if whole else 3)
    assert len(azure(scaled).inventory(["extensions"]).extensions) == 0


# Resource Graph


def test_without_resource_graph_what_is_unknown_of_resources_is_told(serve, arc):
    server = serve(Estate.of(machines=1))
    kind = "Microsoft.Kubernetes/connectedClusters"
    id_ = f"/subscriptions/sub-1/resourceGroups/rg/providers/{kind}/k8s"
    server.estate.others.resources = [{"id": id_, "name": "k8s", "type": kind, "properties": {}}]
    server.misbehave("ResourceGraph", forbidden("x"))
    inventory = arc(server).inventory(["resources"])
    (problem,) = inventory.problems
    assert (len(inventory.resources), problem.error, problem.kind) == (1, "AccessDenied", "resources")
    assert "state, version" in problem.message
    assert len(arc(server).resources()) == 1


def test_many_machines_for_which_no_time_is_left_are_one_problem_with_its_cause(serve, arc):
    server = serve(Estate.of(machines=50, extensions=("AMA",)))
    server.misbehave("ResourceGraph", forbidden("Microsoft.ResourceGraph/resources/read"))
    server.misbehave("extensions[?]", throttled(3600))
    inventory = arc(server).inventory(["vms", "extensions"], deadline=20)
    assert len(inventory.vms) == 50
    (problem,) = inventory.problems
    assert (problem.error, problem.message[:8]) == ("Throttled", "50 of 50")
    assert "Resource Graph did not answer" in problem.message
    assert "Microsoft.ResourceGraph/resources/read" in problem.message


# What the lists claim


def test_every_list_says_how_much_the_endpoint_claimed(serve, azure, arc, tmp_path):
    server = serve(Estate.of(vms=3, machines=2, extensions=("AMA",), subscriptions=("sub-1", "sub-2")))
    server.misbehave(r"sub-1/.*virtualMachines\?api", edited(lambda page: page.update(count=2)))
    server.misbehave(r"sub-2/.*virtualMachines\?api", edited(lambda page: page.update(count=7)))
    inventory = azure(server).inventory()
    (asked,) = inventory.asked
    said = {(one.kind, one.by): (one.read, one.claimed) for one in asked.answers}
    assert said == {
        ("vms", "arm"): (3, 9), ("extensions", "resource-graph"): (3, 3), ("networks", "arm"): (2, None)
    }  # fmt: skip
    assert all(one.at >= inventory.taken_at for one in asked.answers)
    inventory.save(tmp_path / "a.json")
    again = hi.load(tmp_path / "a.json")
    assert again.asked == inventory.asked
    assert again.asked[0].answers[0].at == asked.answers[0].at
    assert (asked.detail, asked.answers[0]) == ("summary", attrs.evolve(asked.answers[0], at=None))


# A source that cannot be read at all


@pytest.mark.parametrize("behaviour", [throttled(3600), edited(lambda page: page["value"].clear()), forbidden()])
def test_an_inventory_of_a_source_that_refuses_is_one_problem(serve, azure, behaviour):
    server = serve(Estate.of(vms=2))
    server.misbehave("/subscriptions[?]", behaviour)
    inventory = azure(server).inventory(["vms"], deadline=5)
    assert (len(inventory.vms), inventory.complete, len(inventory.problems)) == (0, False, 1)
    assert (inventory.asked[0].kinds, inventory.problems[0].kind) == ({"vms"}, "")
    with pytest.raises(hi.EndpointError):
        azure(server).vms()
    with pytest.raises(hi.NotSupported):
        azure(server).inventory(["hosts"])
