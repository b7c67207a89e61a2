"""Arc-enabled servers: nulls and odd types survived, agent status as it comes, extensions of both kinds."""

import pytest

import hybridinv as hi
from arm_estate import Estate, arc_machine, extension
from misbehaviour import cut_json, edited, forbidden, html, refused, throttled


@pytest.fixture
def server(serve):
    return serve(Estate.of(machines=9, extensions=("MDE", "AMA"), subscriptions=("sub-1", "sub-2", "sub-3")))


def test_everything_the_endpoint_has(server, arc):
    inventory = arc(server).inventory()
    assert inventory.complete
    assert (len(inventory.vms), len(inventory.extensions)) == (9, 18)
    machine = inventory.vms.find("srv0")
    assert (machine.agent.status, machine.agent.kind) == (hi.AgentStatus.READY, "connected-machine-agent")
    assert machine.power_state is hi.PowerState.UNKNOWN
    assert {one.vm_id for one in inventory.extensions} == {one.id for one in inventory.vms}
    assert {(one.status, one.message) for one in inventory.extensions} == {("info", "fine")}


@pytest.mark.parametrize("count", [10, 500])
def test_the_number_of_requests_does_not_depend_on_the_number_of_machines(serve, arc, count):
    server = serve(Estate.of(machines=count, extensions=("AMA",)))
    inventory = arc(server).inventory()
    assert (len(inventory.vms), len(inventory.extensions), inventory.complete) == (count, count, True)
    assert server.counts == {"subscriptions": 1, "machines": 1, "graph": 2}


def test_pages_of_uneven_size(serve, arc):
    server = serve(Estate.of(machines=149))
    server.answers.page_size = 100
    assert len(arc(server).vms()) == 149
    assert server.counts == {"subscriptions": 1, "machines": 2}


@pytest.mark.parametrize(
    ("status", "expected"),
    [("Connected", "ready"), ("disconnected", "disconnected"), ("Expired", "expired"), ("Error", "error"),
     ("AwaitingConnection", "unknown"), (None, "unknown"), (7, "unknown"), ({}, "unknown")],
)  # fmt: skip
def test_the_agents_status_is_an_open_enum(serve, arc, status, expected):
    estate = Estate()
    estate.machines = [arc_machine("sub-1", "srv", status=status)]
    (machine,) = arc(serve(estate)).vms()
    assert machine.agent.status == expected
    if status == "AwaitingConnection":
        assert machine.connection_state == machine.agent.message == status


def test_a_machine_of_nulls_and_odd_types_is_kept_with_the_rest(serve, arc):
    estate = Estate.of(machines=2)
    nulls = dict.fromkeys(("status", "osType", "lastStatusChange", "detectedProperties", "networkProfile", "vmUuid"))
    estate.machines.append(arc_machine("sub-1", "null", **nulls))
    odd = {"osType": 3, "lastStatusChange": -1, "detectedProperties": [1], "networkProfile": "x", "storageProfile": 5}
    estate.machines.append(arc_machine("sub-1", "odd", **odd) | {"tags": "no", "kind": 4})
    estate.machines.append({"id": f"{estate.machines[0]['id']}9", "properties": None})
    adapter = arc(serve(estate))
    vms = adapter.vms()
    assert len(vms) == 5
    assert vms.find("null").problems == ()
    assert vms.find("odd").problems
    assert {problem.scope for problem in adapter.inventory().problems} == {vms.find("odd").id}


@pytest.mark.parametrize("item", ["odd", None, {"name": "no id"}, {"id": 5, "name": "x"}])
def test_an_item_that_is_no_machine_costs_itself(server, arc, item):
    server.estate.machines.append(item)
    adapter = arc(server)
    inventory = adapter.inventory()
    assert (len(inventory.vms), len(inventory.extensions)) == (9, 18)
    assert {problem.error for problem in inventory.problems} == {"UnexpectedAnswer"}
    assert {problem.kind for problem in inventory.problems} == {"vms", "extensions"}
    for read in (adapter.vms, adapter.extensions):
        with pytest.raises(hi.UnexpectedAnswer):
            read()


def test_a_refused_subscription_costs_only_itself(server, arc):
    server.misbehave("sub-2/providers", forbidden("Microsoft.HybridCompute/machines/read"))
    adapter = arc(server)
    inventory = hi.collect([adapter], kinds=["vms"])
    (problem,) = inventory.problems
    assert len(inventory.vms) == 6
    assert (problem.scope, problem.error) == ("/subscriptions/sub-2", "AccessDenied")
    assert "Microsoft.HybridCompute/machines/read" in problem.message
    with pytest.raises(hi.AccessDenied):
        adapter.vms()


@pytest.mark.parametrize(
    "behaviour",
    [forbidden("x"), throttled(3600), cut_json, html, edited(lambda page: page.update(resultTruncated="true"))],
)
def test_without_resource_graph_every_machine_is_asked(server, arc, behaviour):
    server.misbehave("ResourceGraph", behaviour)
    inventory = arc(server).inventory()
    assert (len(inventory.extensions), inventory.complete) == (18, True)
    assert server.counts["extensions of one"] == 9


def test_a_machine_whose_own_row_claims_otherwise_is_asked(server, arc):
    machine = server.estate.machines[0]
    machine["resources"] = [{"id": f"{machine['id']}/extensions/New"}]
    server.estate.graph_extensions = server.estate.all_extensions()
    server.estate.extensions[machine["id"].lower()] = [extension(machine["id"], "New")]
    found = arc(server).extensions()
    assert [one.name for one in found if one.vm_id == machine["id"].lower()] == ["New"]
    assert (len(found), server.counts["extensions of one"]) == (17, 1)


@pytest.mark.parametrize(("late", "asked", "complete"), [(1, 1, True), (100, 100, True), (101, 0, False)])
def test_machines_that_the_graph_has_not_heard_of_are_asked(serve, arc, late, asked, complete):
    server = serve(Estate.of(machines=110, extensions=("AMA",)))
    old = server.estate.machines[late:]
    server.estate.graph_machines = old
    server.estate.graph_extensions = [extension(machine["id"], "AMA") for machine in old]
    adapter = arc(server)
    inventory = adapter.inventory()
    assert (len(inventory.extensions), inventory.complete) == (110 if complete else 9, complete)
    assert server.counts["extensions of one"] == asked
    if not complete:
        (problem,) = inventory.problems
        assert (problem.kind, problem.error) == ("extensions", "TruncatedAnswer")
        assert "has not heard of 101 of 110 machines" in problem.message
        with pytest.raises(hi.TruncatedAnswer):
            adapter.extensions()


def test_a_graph_that_gives_no_machines_is_not_trusted(server, arc):
    server.estate.graph_extensions = []
    answers = iter([None])
    refuse = refused(500, "InternalServerError")
    server.misbehave("ResourceGraph", lambda reply: reply if next(answers, 1) is None else refuse(reply))
    assert (len(arc(server).extensions()), server.counts["extensions of one"]) == (18, 9)


def test_given_machines_are_asked_themselves(server, arc):
    adapter = arc(server)
    vms = adapter.vms()
    server.estate.graph_extensions = []
    server.counts.clear()
    found = adapter.extensions(vms=[vms[0], vms[1], vms[0]])
    assert sorted(one.name for one in found) == ["AMA", "AMA", "MDE", "MDE"]
    assert {one.status for one in found} == {"info"}
    assert server.counts == {"extensions of one": 2}
    assert len(adapter.extensions(vms=[])) == 0


def test_what_kept_the_machines_away_is_told_once(server, arc):
    server.misbehave("sub-2/providers", forbidden("Microsoft.HybridCompute/machines/read"))
    vms, extensions = arc(server).inventory().problems
    assert (vms.kind, extensions.kind) == ("vms", "extensions")
    assert (extensions.error, extensions.scope) == (vms.error, vms.scope)
    assert "HybridCompute" not in extensions.message


def test_a_machine_that_is_gone_meanwhile_is_no_loss(server, arc):
    server.misbehave("ResourceGraph", forbidden("x"))
    server.misbehave("srv4/extensions", refused(404, "ResourceNotFound"))
    inventory = arc(server).inventory()
    assert (len(inventory.extensions), inventory.complete) == (16, True)


def test_kinds_it_has_not_are_refused_with_the_reason(server, arc):
    adapter = arc(server)
    assert adapter.capabilities == {"vms", "extensions"}
    for kind in ("hosts", "clusters", "datastores", "networks", "vmkernel_adapters"):
        with pytest.raises(hi.NotSupported):
            getattr(adapter, kind)()
    assert server.seen == []
