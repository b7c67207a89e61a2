"""Never silently short: what the endpoint claims is compared with what came, and what is missing has a name."""

import pytest

import hybridinv as hi
from arm_estate import Estate
from misbehaviour import Reply, edited, forbidden, refused

MANY = tuple(f"sub-{number}" for number in range(1, 6))


@pytest.fixture
def server(serve):
    return serve(Estate.of(vms=10, machines=10, extensions=("AMA",), subscriptions=MANY))


def headed(**headers):
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return lambda reply: Reply(reply.status, reply.body, {**reply.headers, **names})


def test_a_subscription_that_refuses_is_named_with_the_missing_action(server, azure):
    server.misbehave("sub-2/.*Microsoft.Compute", forbidden("Microsoft.Compute/virtualMachines/read"))
    inventory = azure(server).inventory(["vms"])
    assert len(inventory.vms) == 8
    (problem,) = inventory.problems
    assert (problem.scope, problem.error, problem.kind) == ("/subscriptions/sub-2", "AccessDenied", "vms")
    assert "Microsoft.Compute/virtualMachines/read" in problem.message
    assert "Reader" in problem.remedy


@pytest.mark.parametrize("kind", ["vms", "networks"])
def test_a_list_shorter_than_it_says_is_a_problem_of_its_subscription(server, azure, kind):
    pattern = {"vms": r"sub-3/.*virtualMachines\?api-version=[\d-]+$", "networks": "sub-3/.*virtualNetworks"}[kind]
    server.misbehave(pattern, edited(lambda page: page.update(count=99)))
    inventory = azure(server).inventory([kind])
    (problem,) = inventory.problems
    assert (problem.scope, problem.error) == ("/subscriptions/sub-3", "TruncatedAnswer")
    assert "of 99 arrived" in problem.message
    assert len(getattr(inventory, kind)) == {"vms": 10, "networks": 5}[kind]  # what came is kept


@pytest.mark.parametrize("odd", ["text", 5, None, [], True])
def test_a_record_of_a_wrong_type_is_a_problem_and_the_rest_is_kept(server, azure, odd):
    pattern = r"sub-3/.*virtualMachines\?api-version=[\d-]+$"
    server.misbehave(pattern, edited(lambda page: page["value"].insert(0, odd)))
    inventory = azure(server).inventory(["vms"])
    assert len(inventory.vms) == 10
    (problem,) = inventory.problems
    assert (problem.scope, problem.error) == ("/subscriptions/sub-3", "UnexpectedAnswer")


# Resource Graph only makes it quicker: whatever it leaves out is asked of ARM


SHORT = {
    "fewer rows than it counted": edited(lambda page: page.update(data=page["data"][:3], count=3)),
    "fewer rows than the page counts": edited(lambda page: page.update(data=page["data"][:3])),
    "truncated without a token": edited(lambda page: page.update(resultTruncated="true")),
    "truncated, as a boolean": edited(lambda page: page.update(resultTruncated=True)),
    "a row that is none": edited(lambda page: page["data"].__setitem__(0, "odd")),
    "a table with a short row": edited(
        lambda page: page.update(data={"columns": [{"name": "id"}, {"name": "x"}], "rows": [["id"]]})
    ),
    "more subscriptions than it takes": headed(x_ms_tenant_subscription_limit_hit="true"),
    "subscriptions in other letters": headed(X_MS_Tenant_Subscription_Limit_Hit=" True"),
    "no answer": refused(500, "InternalServerError"),
    "no right": forbidden("Microsoft.ResourceGraph/resources/read"),
    "too many": refused(429, "RateLimiting", Retry_After=3600),
}


@pytest.mark.parametrize("behaviour", SHORT.values(), ids=SHORT)
@pytest.mark.parametrize("kind", ["azure", "arc"])
def test_what_resource_graph_leaves_out_is_asked_of_arm(server, azure, arc, kind, behaviour):
    server.misbehave("ResourceGraph", behaviour)
    adapter = {"azure": azure, "arc": arc}[kind](server)
    inventory = adapter.inventory(["vms", "extensions"])
    assert (len(inventory.extensions), list(inventory.problems)) == (10, [])
    assert {one.read_from for one in inventory.extensions} == {"arm"}


def test_the_header_that_says_nothing_was_left_out_costs_nothing(server, arc):
    server.misbehave("ResourceGraph", headed(x_ms_tenant_subscription_limit_hit="false"))
    arc(server).inventory(["vms", "extensions"])
    assert server.counts["extensions of one"] == 0


def test_rows_of_resource_graph_are_marked_and_so_are_those_of_arm(server, azure):
    server.estate.graph_extensions = [one for one in server.estate.all_extensions() if "/vm0/" not in one["id"]]
    inventory = azure(server).inventory(["vms", "extensions"])
    marks = {one.vm_id.rpartition("/")[2]: one.read_from for one in inventory.extensions}
    assert marks.pop("vm0") == "arm"
    assert set(marks.values()) == {"resource-graph"}
    assert len(marks) == 9


# Progress


def steps_of(adapter, kinds):
    steps = []
    hi.collect([adapter], kinds=kinds, progress=steps.append)
    return [(step.read, step.expected) for step in steps if step.kind == kinds[-1] and not step.done]


def test_progress_says_how_many_there_are_once_every_subscription_has_said_it(serve, azure):
    server = serve(Estate.of(vms=6, subscriptions=("sub-1", "sub-2")))
    server.answers.page_size = 1
    server.misbehave(r"virtualMachines", edited(lambda page: page.update(count=3)))
    steps = steps_of(azure(server), ["vms"])
    assert [read for read, _ in steps] == [1, 2, 3, 4, 5, 6]
    assert {expected for _, expected in steps} <= {None, 6}
    assert steps[-1] == (6, 6)


def test_progress_does_not_guess(serve, azure):
    server = serve(Estate.of(vms=6, subscriptions=("sub-1", "sub-2")))
    server.misbehave(r"sub-1/.*virtualMachines", edited(lambda page: page.update(count=3)))
    assert {expected for _, expected in steps_of(azure(server), ["vms"])} == {None}


def test_progress_of_extensions_has_what_resource_graph_counted(serve, arc):
    server = serve(Estate.of(machines=1200, extensions=("AMA", "MDE")))
    assert steps_of(arc(server), ["vms", "extensions"]) == [(1000, 2400), (2000, 2400), (2400, 2400)]
