"""Azure, over a real endpoint: whole, in few requests, and never silently short."""

import attrs
import httpx
import pytest

import hybridinv as hi
from arm_estate import Estate, extension, vm_model, vm_status
from arm_server import Credential
from misbehaviour import (
    CutChunks,
    Reply,
    Reset,
    TooLong,
    as_kind,
    cut_json,
    edited,
    forbidden,
    html,
    redirected,
    refused,
    throttled,
)

THREE = ("sub-1", "sub-2", "sub-3")


@pytest.fixture
def server(serve):
    return serve(Estate.of(vms=9, extensions=("AMA", "MDE"), subscriptions=THREE))


def names(records):
    return sorted(record.name for record in records)


def only(problems, kind="vms"):
    found = [problem for problem in problems if problem.kind == kind]
    assert len(found) == 1, [str(p) for p in problems]
    return found[0]


# Whole


def test_everything_the_endpoint_has(server, azure):
    inventory = azure(server).inventory()
    assert inventory.complete
    assert (len(inventory.vms), len(inventory.extensions), len(inventory.networks)) == (9, 18, 3)
    vm = inventory.vms.find("vm0")
    assert (vm.power_state, vm.agent.status, vm.agent.version) == (hi.PowerState.RUNNING, hi.AgentStatus.READY, "2.9")
    assert (vm.tags, vm.size) == ({"owner": "web"}, "Standard_D2s_v5")
    assert {one.vm_id for one in inventory.extensions} == {one.id for one in inventory.vms}
    assert {one.version for one in inventory.extensions} == {"1.2.3"}


def test_the_strict_lists_are_the_same(server, azure):
    adapter = azure(server)
    inventory = adapter.inventory()
    assert (adapter.vms(), adapter.extensions(), adapter.networks()) == (
        inventory.vms, inventory.extensions, inventory.networks,
    )  # fmt: skip


def test_extensions_of_some_machines(server, azure):
    adapter = azure(server)
    vms = adapter.vms()
    some = adapter.extensions(vms=[vms.get(vms[0].id), vms[1]])
    assert len(some) == 4
    assert {one.vm_id for one in some} == {vms[0].id, vms[1].id}
    assert len(adapter.extensions(vms=[])) == 0


@pytest.mark.parametrize("count", [10, 500])
def test_the_number_of_requests_does_not_depend_on_the_number_of_machines(serve, azure, count):
    server = serve(Estate.of(vms=count, extensions=("AMA",)))
    inventory = azure(server).inventory()
    assert (len(inventory.vms), len(inventory.extensions), inventory.complete) == (count, count, True)
    assert server.counts == {"subscriptions": 1, "vms": 1, "statuses": 1, "sizes": 1, "graph": 1, "networks": 1}


def test_only_pages_add_requests(serve, azure):
    server = serve(Estate.of(vms=500))
    server.answers.page_size = 200
    assert len(azure(server).vms()) == 500
    assert server.counts == {"subscriptions": 1, "vms": 3, "statuses": 3, "sizes": 1}


def test_given_subscriptions_are_not_listed(server, azure):
    adapter = azure(server, subscription_ids=["SUB-1", "sub-1", " sub-2 "])
    assert names(adapter.vms()) == ["vm0", "vm1", "vm3", "vm4", "vm6", "vm7"]
    assert server.counts == {"vms": 2, "statuses": 2, "sizes": 1}
    assert len(azure(server, subscription_ids="sub-3").vms()) == 3


def test_compressed_answers(server, azure):
    server.compresses = True
    assert azure(server).inventory().complete


def test_the_source_is_the_host_and_the_audience_follows_the_endpoint(server, azure):
    credential = Credential()
    adapter = azure(server, credential=credential)
    adapter.vms()
    assert adapter.source == f"127.0.0.1:{server.server_port}"
    assert set(credential.scopes) == {(f"{server.url}/.default",)}
    assert hi.Azure(credential=credential).source == "management.azure.com"
    assert hi.Azure(credential=credential, cloud="AzureUSGovernment").source == "management.usgovcloudapi.net"


# What the lists say of each other


def test_a_machine_that_is_only_in_the_second_list_is_read_itself(server, azure):
    late = vm_model("sub-1", "late")
    server.misbehave("statusOnly", edited(lambda page: page["value"].append(vm_status(late))), times=1)
    server.misbehave("virtualMachines/late", lambda _: Reply.json(200, late))
    assert "late" in names(azure(server, subscription_ids="sub-1").vms())
    assert server.counts["one vm"] == 1


def test_a_machine_that_is_gone_meanwhile_is_no_loss(server, azure):
    gone = vm_model("sub-1", "gone")
    server.misbehave("statusOnly", edited(lambda page: page["value"].append(vm_status(gone))), times=1)
    inventory = azure(server, subscription_ids="sub-1").inventory(["vms"])
    assert inventory.complete
    assert "gone" not in names(inventory.vms)


def test_a_machine_without_a_status_is_asked_for_its_own(server, azure):
    server.misbehave("statusOnly", edited(lambda page: page["value"].__delitem__(0)), times=1)
    vms = azure(server, subscription_ids="sub-1").vms()
    assert {vm.power_state for vm in vms} == {hi.PowerState.RUNNING}
    assert server.counts["instanceView"] == 1


def test_a_status_list_that_leaves_out_many_is_not_made_up_for_one_by_one(serve, azure):
    server = serve(Estate.of(vms=150))
    server.misbehave("statusOnly", edited(lambda page: page.update(value=page["value"][:10])))
    inventory = azure(server).inventory(["vms"])
    assert len(inventory.vms) == 150
    assert "leaves out 140 of 150" in only(inventory.problems).message
    assert server.counts["instanceView"] == 0
    with pytest.raises(hi.TruncatedAnswer):
        azure(server).vms()


@pytest.mark.parametrize(
    "behaviour",
    [refused(400, "BadRequest", "statusOnly"), refused(404, "NotFound"), "ignored"],
    ids=["400", "404", "ignored"],
)
def test_without_status_only_each_machine_is_asked(serve, azure, behaviour):
    server = serve(Estate.of(vms=120))
    models = Reply.json(200, {"value": server.estate.vms})
    server.misbehave("statusOnly", (lambda _: models) if behaviour == "ignored" else behaviour)
    inventory = azure(server).inventory(["vms"])
    assert inventory.complete
    assert {vm.power_state for vm in inventory.vms} == {hi.PowerState.RUNNING}
    assert server.counts == {"subscriptions": 1, "vms": 1, "statuses": 1, "instanceView": 120, "sizes": 1}


# One subscription of three


def test_a_refused_subscription_is_an_error_when_strict(server, azure):
    server.misbehave("sub-2/providers/Microsoft.Compute", forbidden())
    with pytest.raises(hi.AccessDenied) as caught:
        azure(server).vms()
    assert caught.value.missing == "Microsoft.Compute/virtualMachines/read"
    assert "sub-2" in caught.value.message
    assert caught.value.__notes__ == ["while reading vms of /subscriptions/sub-2"]


def test_a_refused_subscription_costs_only_itself(server, azure):
    server.misbehave("sub-2/providers/Microsoft.Compute", forbidden())
    inventory = hi.collect([azure(server)])
    assert names(inventory.vms) == ["vm0", "vm2", "vm3", "vm5", "vm6", "vm8"]
    assert (len(inventory.extensions), len(inventory.networks), inventory.complete) == (12, 3, False)
    problem = only(inventory.problems)
    assert (problem.scope, problem.error) == ("/subscriptions/sub-2", "AccessDenied")
    assert "Microsoft.Compute/virtualMachines/read" in problem.message
    assert "Reader" in problem.remedy
    assert {problem.kind for problem in inventory.problems} == {"vms", "extensions"}


def test_a_wrong_subscription_is_named(server, azure):
    adapter = azure(server, subscription_ids=["sub-9"])
    with pytest.raises(hi.NotFound) as caught:
        adapter.vms()
    for word in (adapter.source, "SubscriptionNotFound", "sub-9", "could not be found", "check the subscription"):
        assert word in str(caught.value)
    assert only(adapter.inventory(["vms"]).problems).scope == "/subscriptions/sub-9"


@pytest.mark.parametrize("ids", [[], [""], ["a/b"], ["/subscriptions/sub-1"], ["sub 1"]])
def test_what_is_no_subscription_is_refused_at_once(ids):
    with pytest.raises(hi.NotSupported, match="names no subscriptions"):
        hi.Azure(credential=Credential(), subscription_ids=ids)


def test_a_credential_that_sees_nothing_is_not_an_empty_estate(server, azure):
    server.estate.subscriptions = {}
    with pytest.raises(hi.AccessDenied, match="sees no subscription"):
        azure(server).vms()


# Bad weather, always on the second of two pages of one of three subscriptions


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (throttled(3600), "Throttled"),
        (throttled(0), "Throttled"),
        (refused(503, "Busy", Retry_After=0), "ServerFault"),
        (refused(500, "InternalServerError"), "ServerFault"),
        (cut_json, "TruncatedAnswer"),
        (as_kind(TooLong), "TruncatedAnswer"),
        (as_kind(CutChunks), "TruncatedAnswer"),
        (html, "UnexpectedAnswer"),
        (redirected("https://login.invalid/"), "UnexpectedAnswer"),
        (edited(lambda page: page.update(nextLink="https://elsewhere.invalid/x")), "UnexpectedAnswer"),
        (edited(lambda page: [1, 2]), "UnexpectedAnswer"),
        (edited(lambda page: page.update(value="none")), "UnexpectedAnswer"),
        (edited(lambda page: page["value"].append("odd")), "UnexpectedAnswer"),
        (edited(lambda page: page["value"].append({"name": "no id"})), "UnexpectedAnswer"),
        (edited(lambda page: page["value"].append({"id": 5})), "UnexpectedAnswer"),
    ],
)
def test_what_goes_wrong_on_one_page_costs_that_page(server, azure, behaviour, error):
    server.answers.page_size = 2
    server.misbehave(r"sub-2/.*virtualMachines.*skiptoken=2&api-version=[\d-]+$", behaviour)
    adapter = azure(server)
    inventory = adapter.inventory(["vms"])
    assert {"vm0", "vm1", "vm2", "vm3", "vm4", "vm5", "vm6", "vm8"} <= set(names(inventory.vms))
    problem = only(inventory.problems)
    assert problem.error == error
    assert problem.remedy
    assert problem.scope in ("/subscriptions/sub-2", "no id", "")
    with pytest.raises(getattr(hi, error)):
        adapter.vms()


def test_a_connection_that_breaks_once_is_nothing(server, azure):
    server.misbehave("virtualMachines", as_kind(Reset), times=1)
    server.misbehave("subscriptions", throttled(0), times=2)
    assert azure(server).inventory().complete


def test_an_odd_field_costs_the_field(server, azure):
    server.estate.vms[0]["properties"]["storageProfile"] = "odd"
    inventory = azure(server).inventory(["vms"])
    assert len(inventory.vms) == 9
    assert only(inventory.problems).scope == server.estate.vms[0]["id"].lower()
    assert len(azure(server).vms()) == 9


@pytest.mark.parametrize(
    "behaviour",
    [forbidden("x"), throttled(3600), cut_json, html, redirected("https://x.invalid/"),
     edited(lambda page: page["value"].append(7)),
     edited(lambda page: page.update(nextLink="https://elsewhere.invalid/"))],
)  # fmt: skip
def test_without_the_list_of_subscriptions_there_is_one_problem(server, azure, behaviour):
    server.misbehave(r"GET /subscriptions\?", behaviour)
    with pytest.raises(hi.HybridInvError) as caught:
        azure(server).vms()
    inventory = hi.collect([azure(server)])
    (problem,) = inventory.problems
    assert (problem.error, problem.kind) == (type(caught.value).__name__, "")
    assert problem.remedy
    assert "virtualMachines" not in str(server.seen)


def test_a_wrong_login_is_one_problem_however_many_subscriptions(server, azure):
    class Wrong:
        asked = 0

        def get_token(self, *_):
            Wrong.asked += 1
            raise ValueError("AADSTS7000215: Invalid client secret provided.")

    inventory = hi.collect([azure(server, credential=Wrong(), subscription_ids=[f"sub-{n}" for n in range(50)])])
    (problem,) = inventory.problems
    assert problem.error == "AuthenticationFailed"
    assert "Invalid client secret" in problem.message
    assert Wrong.asked == 1
    assert server.seen == []


# Extensions: Resource Graph against what the machines claim


@pytest.mark.parametrize(
    "behaviour", [forbidden("x"), throttled(3600), cut_json, html, refused(500, "x"),
                  edited(lambda page: page.update(resultTruncated="true")),
                  edited(lambda page: page["data"].append(5))],
)  # fmt: skip
def test_without_resource_graph_the_machines_that_claim_extensions_are_asked(serve, azure, behaviour):
    server = serve(Estate.of(vms=4, extensions=("AMA",)))
    server.estate.add_vm("sub-1", "bare")
    server.misbehave("ResourceGraph", behaviour)
    inventory = azure(server).inventory(["extensions"])
    assert (len(inventory.extensions), inventory.complete) == (4, True)
    assert server.counts["extensions of one"] == 4


def test_machines_of_which_the_graph_says_something_else_are_asked(server, azure):
    current = server.estate.all_extensions()
    vms = server.estate.vms
    stale = [one for one in current if not one["id"].startswith(vms[0]["id"])]  # vm0 is missing in it
    stale.append(extension(vms[1]["id"], "Removed"))
    stale.append(
        extension("/subscriptions/sub-1/resourceGroups/x/providers/Microsoft.Compute/virtualMachines/dead", "Old")
    )
    server.estate.graph_extensions = stale
    found = azure(server).extensions()
    assert sorted(one.id for one in found) == sorted(one["id"].lower() for one in current)
    assert server.counts["extensions of one"] == 2


def test_a_machine_whose_extensions_are_refused_is_a_problem(server, azure):
    server.estate.graph_extensions = []
    server.misbehave("vm4/extensions", forbidden("Microsoft.Compute/virtualMachines/extensions/read"))
    server.misbehave("vm5/extensions", refused(404, "ResourceNotFound"))
    server.misbehave("vm5[?]", refused(404, "ResourceNotFound"))
    adapter = azure(server)
    inventory = adapter.inventory(["extensions"])
    assert len(inventory.extensions) == 14
    assert only(inventory.problems, "extensions").scope.endswith("/vm4")
    with pytest.raises(hi.AccessDenied):
        adapter.extensions()


@pytest.mark.parametrize("odd", ["odd", {"name": "no id"}, {"id": None}])
def test_an_extension_that_cannot_be_read_costs_itself(server, azure, odd):
    server.estate.graph_extensions = []
    server.misbehave("vm4/extensions", edited(lambda page: page["value"].append(odd)))
    inventory = azure(server).inventory(["extensions"])
    assert only(inventory.problems, "extensions").error == "UnexpectedAnswer"
    assert len(inventory.extensions) >= 16


@pytest.mark.parametrize("graph", [True, False])
def test_without_resources_in_the_list_the_instance_view_names_them(serve, azure, graph):
    server = serve(Estate.of(vms=3, extensions=("AMA", "MDE")))
    server.misbehave("virtualMachines", edited(without_resources))
    server.estate.graph_extensions = [] if graph else None
    if not graph:
        server.misbehave("ResourceGraph", forbidden("x"))
    inventory = azure(server).inventory(["extensions"])
    assert (len(inventory.extensions), inventory.complete) == (6, True)
    assert server.counts["extensions of one"] == 3


@pytest.mark.parametrize("graph", [True, False])
def test_a_machine_of_which_nothing_is_named_is_asked_only_without_the_graph(serve, azure, graph):
    server = serve(Estate.of(vms=3, extensions=("AMA",)))
    server.misbehave("statusOnly|instanceView", forbidden())
    server.misbehave("virtualMachines", edited(without_resources))
    if not graph:
        server.misbehave("ResourceGraph", forbidden("x"))
    assert len(azure(server).inventory(["extensions"]).extensions) == 3
    assert server.counts["extensions of one"] == (0 if graph else 3)


def without_resources(page):
    for item in page["value"]:
        item.pop("resources", None)


def test_up_to_a_hundred_given_machines_are_asked_themselves(serve, azure):
    server = serve(Estate.of(vms=101, extensions=("AMA",)))
    adapter = azure(server)
    vms = list(adapter.vms())
    before = adapter.extensions()
    server.estate.graph_extensions = []  # it is hours behind
    server.counts.clear()
    some = adapter.extensions(vms[:100])
    graphed = before.where(vm_id={vm.id for vm in vms[:100]}.__contains__)
    assert [attrs.evolve(one, read_from="resource-graph") for one in some] == list(graphed)
    assert {one.read_from for one in some} == {"arm"}
    assert server.counts == {"extensions of one": 100, "instanceView": 100}
    server.counts.clear()
    assert len(adapter.extensions(vm for vm in vms)) == 101
    assert server.counts["graph"] == 1


def test_given_machines_of_others_are_refused(server, azure, arc):
    adapter = azure(server)
    others = [hi.VirtualMachine(id=f"/subscriptions/s/{n}", name="x", platform="vsphere", source="vc") for n in "ab"]
    server.counts.clear()
    with pytest.raises(hi.NotSupported, match="x is a machine of vsphere vc"):
        adapter.extensions(others)
    with pytest.raises(hi.NotSupported, match="takes a list of machines"):
        adapter.extensions(others[0])
    for odd in ("vm1", [None], 5):
        with pytest.raises(hi.NotSupported, match="takes a list of machines"):
            adapter.extensions(odd)
    assert server.counts == {}


@pytest.mark.parametrize("deadline", ["5", float("nan"), True])
def test_a_deadline_that_is_none_is_refused(server, azure, deadline):
    with pytest.raises(hi.NotSupported, match="is no number of seconds"):
        azure(server).inventory(deadline=deadline)


def test_a_progress_that_raises_costs_nothing(server, azure):
    def bad(step):
        raise KeyError(step)

    with pytest.warns(UserWarning, match="progress raised KeyError"):
        inventory = azure(server).inventory(["vms"], progress=bad)
    assert inventory.complete


@pytest.mark.parametrize("ids", [[".."], [None], ["."], ["sub-1", None]])
def test_what_is_no_subscription_is_refused(ids):
    with pytest.raises(hi.NotSupported, match="names no subscriptions"):
        hi.Azure(subscription_ids=ids)


@pytest.mark.parametrize("endpoint", ["https://a.example/path", "https://a.example?x=1", "https://a b.example"])
def test_an_endpoint_is_an_address_alone(endpoint):
    with pytest.raises(hi.NotSupported):
        hi.Azure(endpoint=endpoint)
    assert hi.Azure(endpoint="https://a.example/").source == "a.example"


def test_dedicated_hosts_is_yes_or_no():
    with pytest.raises(hi.NotSupported, match="neither True nor False"):
        hi.Azure(dedicated_hosts="no")


def test_what_azure_has_not_says_why_in_a_collection_too(server, azure):
    with pytest.raises(hi.NotSupported, match="no source has hosts: Azure shows no hosts but dedicated ones"):
        hi.collect([azure(server)], ["hosts"])


def test_without_their_statuses_the_machines_say_what_they_lack(server, azure):
    server.misbehave("sub-1/.*statusOnly", forbidden())
    inventory = azure(server).inventory(["vms", "extensions"])
    said = {problem.kind: problem.message for problem in inventory.problems}
    assert said["vms"].startswith("power and agent state not known: ")
    assert "machines of this scope were not" not in said["extensions"]


def test_a_given_machine_that_refuses_is_an_error(server, azure):
    adapter = azure(server)
    vms = adapter.vms()
    server.misbehave("vm1/extensions", forbidden("Microsoft.Compute/virtualMachines/extensions/read"))
    with pytest.raises(hi.AccessDenied):
        adapter.extensions([vms.find("vm1")])
    assert len(adapter.extensions([vms.find("vm2")])) == 2


def test_what_kept_the_machines_away_is_told_once(server, azure):
    server.misbehave("sub-2/providers/Microsoft.Compute", forbidden())
    adapter = azure(server)
    vms, extensions = (only(adapter.inventory(["vms", "extensions"]).problems, kind) for kind in ("vms", "extensions"))
    assert (extensions.error, extensions.scope) == (vms.error, vms.scope)
    assert extensions.message.startswith("not read, because the machines of this scope were not")
    assert only(adapter.inventory(["extensions"]).problems, "extensions").message == vms.message
    with pytest.raises(hi.AccessDenied, match="Microsoft.Compute/virtualMachines/read"):
        adapter.extensions()


def test_no_machines_need_no_graph(serve, azure):
    server = serve(Estate("sub-1"))
    assert len(azure(server).extensions()) == 0
    assert server.counts["graph"] == 0


# Arguments


def test_kinds_it_has_not_are_refused_with_the_reason(server, azure):
    adapter = azure(server)
    assert adapter.capabilities == {"vms", "extensions", "networks"}
    for kind in ("hosts", "clusters", "datastores", "vmkernel_adapters"):
        with pytest.raises(hi.NotSupported):
            getattr(adapter, kind)()
    assert server.seen == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"cloud": "Azure"}, "no cloud 'Azure'"),
        ({"endpoint": "http://arm.example"}, "not an HTTPS endpoint"),
        ({"endpoint": "https://"}, "not an HTTPS endpoint"),
        ({"endpoint": "https://arm.example:port"}, "not an HTTPS endpoint"),
        ({"endpoint": "https://me:hunter2secret@arm.example"}, "no user name and no password"),
        ({"endpoint": "https://arm.example:0"}, "not an HTTPS endpoint"),
        ({"endpoint": "https://arm.example:65536"}, "not an HTTPS endpoint"),
        ({"endpoint": 5}, "an endpoint is a text, not int"),
        ({"endpoint": b"arm.example"}, "an endpoint is a text, not bytes"),
        ({"cloud": ["AzureCloud"]}, "no cloud"),
        ({"subscription_ids": 5}, "names no subscriptions"),
        ({"subscription_ids": b"sub-1"}, "names no subscriptions"),
        ({"credential": "token"}, "get_token"),
        ({"credential": Credential}, r"a class.*credential=Credential\("),
        ({"credential": type("Odd", (), {"get_token": 5})()}, "get_token"),
        ({"timeout": 0}, "timeout=0 is no time"),
        ({"transport": httpx.Client}, "the class Client"),
    ],
)
def test_arguments_that_cannot_work_are_refused_at_once(options, says):
    with pytest.raises(hi.NotSupported, match=says) as caught:
        hi.Azure(**{"credential": Credential(), **options})
    assert "hunter2secret" not in str(caught.value)


def test_an_asynchronous_credential_is_refused():
    class Asynchronous:
        async def get_token(self, *_):
            return None

    with pytest.raises(hi.NotSupported, match=r"asynchronous .*azure\.identity"):
        hi.Azure(credential=Asynchronous())


@pytest.mark.parametrize(
    "endpoint", ["ARM.example", "https://arm.example/", "https://arm.example:443", " arm.example "]
)
def test_an_endpoint_in_its_spellings(endpoint):
    assert hi.Azure(credential=Credential(), endpoint=endpoint).source == "arm.example"
