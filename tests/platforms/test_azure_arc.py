"""Arc-enabled servers: nulls and odd types survived, agent status as it comes, extensions of both kinds."""

import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

import hybridinv as hi
from arm_estate import Estate, arc_machine, extension
from arm_server import Credential
from hybridinv.transport.deadline import deadline
from misbehaviour import Reply, cut_json, edited, forbidden, html, refused, throttled


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
    assert server.counts == {"subscriptions": 1, "machines": 1, "licenses": 1, "resources": 1, "graph": 2}


def test_pages_of_uneven_size(serve, arc):
    server = serve(Estate.of(machines=149))
    server.answers.page_size = 100
    assert len(arc(server).vms()) == 149
    assert server.counts == {"subscriptions": 1, "machines": 2}


@pytest.mark.parametrize(
    ("status", "expected"),
    [("Connected", "ready"), ("disconnected", "disconnected"), ("Expired", "expired"), ("Error", "error"),
     ("AwaitingConnection", "not_ready"), ("Hibernated", "unknown"), (None, "unknown"), (7, "unknown"),
     ({}, "unknown")],
)  # fmt: skip
def test_the_agents_status_is_an_open_enum(serve, arc, status, expected):
    estate = Estate()
    estate.machines = [arc_machine("sub-1", "srv", status=status)]
    (machine,) = arc(serve(estate)).vms()
    assert machine.agent.status == expected
    if status in ("AwaitingConnection", "Hibernated"):
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
    vms, extensions = arc(server).inventory(["vms", "extensions"]).problems
    assert (vms.kind, extensions.kind) == ("vms", "extensions")
    assert (extensions.error, extensions.scope) == (vms.error, vms.scope)
    assert "HybridCompute" not in extensions.message


def test_a_machine_that_is_gone_meanwhile_is_no_loss(server, arc):
    server.misbehave("ResourceGraph", forbidden("x"))
    server.misbehave("srv4(/extensions)?[?]", refused(404, "ResourceNotFound"))
    inventory = arc(server).inventory()
    assert (len(inventory.extensions), inventory.complete) == (16, True)


def test_kinds_it_has_not_are_refused_with_the_reason(server, arc):
    adapter = arc(server)
    assert adapter.capabilities == {"vms", "extensions", "licenses", "resources"}
    for kind in ("hosts", "clusters", "datastores", "networks", "vmkernel_adapters"):
        with pytest.raises(hi.NotSupported):
            getattr(adapter, kind)()
    assert server.seen == []


# Licences


def licence(name, **details):
    id_ = f"/subscriptions/sub-1/resourceGroups/RG-Arc/providers/Microsoft.HybridCompute/licenses/{name}"
    known = {"state": "Activated", "target": "Windows Server 2012", "edition": "Datacenter", "type": "pCore",
             "processors": 16, "assignedLicenses": 2}  # fmt: skip
    properties = {"licenseType": "ESU", "licenseDetails": {**known, **details}}
    return {"id": id_, "name": name, "location": "westeurope", "tags": None, "properties": properties}


def holding(machine, **profile):
    machine["properties"]["licenseProfile"] = {"esuProfile": {"licenseAssignmentState": "Assigned", **profile}}


def test_licences_and_who_holds_them(server, arc):
    by_id, by_guid, none = licence("A"), licence("B", immutableId="GUID-B"), licence("C", processors="lots")
    server.estate.others.licenses = [by_id, by_guid, none]
    first, second, third, *_ = server.estate.machines
    holding(first, assignedLicense={"id": by_id["id"].upper()})
    holding(second, assignedLicense=by_id["id"])
    holding(third, assignedLicenseImmutableId="guid-b")
    inventory = arc(server).inventory(["licenses", "vms"])
    a, b, c = inventory.licenses
    assert a.assigned_ids == (first["id"].lower(), second["id"].lower())
    assert (b.assigned_ids, c.assigned_ids) == ((third["id"].lower(),), ())
    assert (a.name, a.type, a.target, a.edition) == ("A", "ESU", "Windows Server 2012", "Datacenter")
    assert (a.state, a.total, a.used, a.unit) == ("Activated", 16, 2, "pCore")
    assert (c.total, len(c.problems), inventory.problems[0].kind) == (None, 1, "licenses")
    assert inventory.vms.get(first["id"]).esu_status == "Assigned"
    assert server.counts["machines"] == 3  # one sweep a subscription, for both kinds


def test_licences_whose_holders_could_not_be_read_are_there(server, arc):
    server.estate.others.licenses = [licence("A")]
    server.misbehave(
        "sub-2/providers/Microsoft.HybridCompute/machines", forbidden("Microsoft.HybridCompute/machines/read")
    )
    adapter = arc(server)
    (found,) = adapter.licenses()
    assert (found.name, found.problems[0].error) == ("A", "AccessDenied")
    (problem,) = adapter.inventory(["licenses"]).problems
    assert (problem.kind, problem.error, problem.scope) == ("licenses", "AccessDenied", "/subscriptions/sub-2")
    assert problem.message.startswith("who holds it: ")
    holding(server.estate.machines[0], assignedLicense=found.id)
    server.estate.others.licenses = [licence("A", assignedLicenses=1)]
    assert adapter.inventory(["licenses"]).complete


def test_licences_that_are_refused_are_not_an_empty_list(server, arc):
    server.misbehave("sub-3/.*/licenses", forbidden("Microsoft.HybridCompute/licenses/read"))
    with pytest.raises(hi.AccessDenied):
        arc(server).licenses()


def test_the_sdks_model_of_a_licence(server, arc):
    server.estate.others.licenses = [licence("A")]
    adapter = arc(server)
    server.misbehave("licenses/A", lambda _: Reply.json(200, licence("A")))
    assert type(adapter.native(adapter.licenses()[0])).__name__ == "License"


# What else Arc manages


VMWARE = "/subscriptions/sub-1/resourceGroups/RG-VM/providers/Microsoft.ConnectedVMwarevSphere"


def thing(type_, name, kind=None, **properties):
    provider, _, rest = type_.partition("/")
    id_ = f"/subscriptions/sub-1/resourceGroups/RG-X/providers/{provider}/{rest}/{name}"
    return {"id": id_, "name": name, "type": type_, "kind": kind, "location": "westeurope", "tags": {"a": "b"},
            "properties": properties}  # fmt: skip


def item(name, **properties):
    id_ = f"{VMWARE}/VCenters/vc01/InventoryItems/{name}"
    return {"id": id_, "name": name, "type": "microsoft.connectedvmwarevsphere/vcenters/inventoryitems",
            "kind": "VirtualMachine", "properties": {"moRefId": name, **properties}}  # fmt: skip


@pytest.fixture
def fleet(server):
    machine = server.estate.machines[0]["id"]
    properties = {"connectionStatus": "Connected", "version": "8.0.2"}
    vcenter = {"id": f"{VMWARE}/vcenters/vc01", "name": "vc01", "type": "Microsoft.ConnectedVMwarevSphere/vcenters",
               "location": "westeurope", "properties": properties}  # fmt: skip
    kubernetes = {"connectivityStatus": "Offline", "kubernetesVersion": "1.30.2"}
    server.estate.others.resources = [
        vcenter,
        thing("Microsoft.Kubernetes/connectedClusters", "k8s", **kubernetes),
        thing("Microsoft.AzureArcData/sqlServerInstances", "sql", status="Connected", version="SQL Server 2019",
              containerResourceId=machine.upper()),
        thing("Microsoft.AzureStackHCI/clusters", "hci", status={"odd": "shape"}),
        thing("Microsoft.Storage/storageAccounts", "nothing of Arc"),
    ]  # fmt: skip
    managed = f"{machine}/providers/Microsoft.ConnectedVMwarevSphere/virtualMachineInstances/default"
    server.estate.others.inventory_items[vcenter["id"].lower()] = [
        item("vm-1", moName="web01", smbiosUuid="422A-X", powerState="poweredOn", managedResourceId=managed),
        item("vm-2", moName="web02", powerState="poweredOff"),
    ]
    return server


def test_everything_that_arc_manages(fleet, arc):
    inventory = arc(fleet).inventory(["resources", "vms"])
    assert inventory.complete
    found = {one.name: one for one in inventory.resources if "instances/default" not in one.id}
    assert sorted(found) == ["hci", "k8s", "sql", "vc01", "web01", "web02"]
    assert (found["k8s"].state, found["k8s"].version) == ("Offline", "1.30.2")
    assert (found["vc01"].state, found["vc01"].version) == ("Connected", "8.0.2")
    assert found["sql"].machine_id == inventory.vms.find("srv0").id == found["web01"].machine_id
    assert (found["web01"].native_id, found["web01"].bios_uuid, found["web01"].state) == ("vm-1", "422a-x", "poweredOn")
    assert (found["web01"].kind, found["web02"].machine_id) == ("VirtualMachine", "")
    assert (found["hci"].state, found["hci"].problems, dict(found["hci"].tags)) == ("", (), {"a": "b"})
    (instance,) = (one for one in inventory.resources if "instances/default" in one.id)
    assert (instance.name, instance.type) == ("web01", "microsoft.connectedvmwarevsphere/virtualmachineinstances")
    assert instance.machine_id == found["sql"].machine_id
    assert fleet.counts["resources"] == 3  # one sweep a subscription


def test_the_list_is_arms_and_resource_graph_only_adds(fleet, arc):
    fleet.misbehave("ResourceGraph", forbidden("x"))
    resources = arc(fleet).resources()
    assert len(resources) == 7
    assert (resources.find("k8s").state, resources.find("k8s").type) == ("", "microsoft.kubernetes/connectedclusters")


def test_resources_count_by_type(fleet, arc):
    counted = arc(fleet).resources().where(type="microsoft.connectedvmwarevsphere/vcenters/inventoryitems")
    assert len(counted) == 2


def test_a_vcenter_whose_items_cannot_be_read_is_told(fleet, arc):
    fleet.misbehave("inventoryItems", forbidden("Microsoft.ConnectedVMwarevSphere/vcenters/inventoryItems/read"))
    inventory = arc(fleet).inventory(["resources"])
    assert len(inventory.resources) == 4
    (problem,) = inventory.problems
    assert (problem.kind, problem.error, problem.scope) == (
        "resources",
        "AccessDenied",
        f"{VMWARE}/vcenters/vc01".lower(),
    )
    with pytest.raises(hi.AccessDenied):
        arc(fleet).resources()


def test_the_filter_names_every_type_once(fleet, arc):
    arc(fleet).resources()
    (target, *_) = [target for _, target, _ in fleet.seen if "/sub-1/resources" in target]
    query = parse_qs(urlsplit(target).query)
    assert query["api-version"] == ["2021-04-01"]
    types = re.findall(r"resourceType eq '([^']+)'", query["$filter"][0])
    assert len(types) == len(set(types)) > 15
    assert query["$filter"][0].count(" or ") == len(types) - 1
    assert len(target) < 2048


# Tenants and clouds


def test_two_tenants_are_two_adapters_in_one_collection(serve, arc):
    """A credential sees the subscriptions of one tenant; both are at the same address, so they have the same source."""
    servers = [serve(Estate.of(machines=2, subscriptions=(name,))) for name in ("sub-a", "sub-b")]
    adapters = [arc(server) for server in servers]
    inventory = hi.collect(adapters, kinds=["vms"])
    assert inventory.complete
    assert sorted({vm.subscription_id for vm in inventory.vms}) == ["sub-a", "sub-b"]
    assert [set(one.subscription_ids) for one in inventory.asked] == [{"sub-a"}, {"sub-b"}]


def test_two_tenants_at_one_address_do_not_remove_each_others_machines():
    def answers(subscription, count):
        def answer(request):
            if request.url.path == "/subscriptions":
                return httpx.Response(200, json={"value": [{"subscriptionId": subscription}]})
            return httpx.Response(200, json={"value": [arc_machine(subscription, f"m{n}") for n in range(count)]})

        return hi.AzureArc(credential=Credential(), transport=httpx.MockTransport(answer))

    before = hi.collect([answers("sub-a", 2), answers("sub-b", 2)], kinds=["vms"])
    after = hi.collect([answers("sub-a", 1)], kinds=["vms"])
    assert {adapter.source for adapter in (answers("x", 0),)} == {"management.azure.com"}
    changes = {(one.change, one.name, one.id.split("/")[2]) for one in before.diff(after)}
    assert changes == {("removed", "m1", "sub-a"), ("not_seen", "m0", "sub-b"), ("not_seen", "m1", "sub-b")}
    assert len((before + after).vms) == 3


@pytest.mark.parametrize(
    ("cloud", "host", "login"),
    [
        ("AzureCloud", "management.azure.com", "login.microsoftonline.com"),
        ("AzureUSGovernment", "management.usgovcloudapi.net", "login.microsoftonline.us"),
        ("AzureChinaCloud", "management.chinacloudapi.cn", "login.chinacloudapi.cn"),
    ],
)
def test_a_cloud_has_its_own_endpoint_audience_and_login(cloud, host, login, monkeypatch):
    asked = []

    def answer(request):
        asked.append(request.url.host)
        return httpx.Response(
            200, json={"value": [{"subscriptionId": "s"}] if "providers" not in request.url.path else []}
        )

    credential = Credential()
    adapter = hi.AzureArc(credential=credential, cloud=cloud, transport=httpx.MockTransport(answer))
    assert (len(adapter.vms()), adapter.source, set(asked)) == (0, host, {host})
    assert credential.scopes == [(f"https://{host}/.default",)]
    for name, value in (
        ("CLIENT_ID", "1"),
        ("TENANT_ID", "00000000-0000-0000-0000-000000000001"),
        ("CLIENT_SECRET", "x"),
    ):
        monkeypatch.setenv(f"AZURE_{name}", value)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with deadline(5), pytest.raises(hi.AuthenticationFailed, match=f"on the way to {login}:443 cannot be reached"):
        hi.AzureArc(cloud=cloud, transport=httpx.MockTransport(answer)).vms()
