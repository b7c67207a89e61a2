"""Azure Stack Hub: it finds its login, audience and api-versions itself, and reads both planes."""

import pytest

import hybridinv as hi
from arm_estate import Estate
from arm_server import SUPPORTED, TOKEN, Credential
from hybridinv.transport.deadline import deadline
from misbehaviour import Reply, cut_json, edited, fault, forbidden, html, refused, throttled

ENTRA = {
    "galleryEndpoint": "https://providers.hub.local:30016/",
    "graphEndpoint": "https://graph.windows.net/",
    "portalEndpoint": "https://portal.hub.local/",
    "authentication": {
        "loginEndpoint": "https://login.windows.net/",
        "audiences": ["https://management.contoso.onmicrosoft.com/0a1b2c3d-0000-0000-0000-000000000001"],
    },
}
ADFS = {
    "galleryEndpoint": "https://providers.hub.local:30016/",
    "graphEndpoint": "https://graph.hub.local/",
    "portalEndpoint": "https://portal.hub.local/",
    "authentication": {
        "loginEndpoint": "https://adfs.hub.local/adfs",
        "audiences": ["https://management.adfs.azurestack.local/0a1b2c3d-0000-0000-0000-000000000002/"],
    },
}
OF_2008 = {
    "virtualmachines": ["2015-06-15", "2017-03-30", "2017-12-01"],
    "virtualnetworks": ["2015-06-15", "2017-10-01"],
}
OF_2102 = {"virtualmachines": ["2017-12-01", "2020-06-01"], "virtualnetworks": ["2017-10-01", "2018-11-01"]}
REFUSED = SUPPORTED.format(
    location="local", version="2020-06-01", type="virtualMachines", versions="2015-06-15, 2017-12-01"
)
FABRIC = "/subscriptions/sub-1/resourceGroups/System.local/providers/Microsoft.Fabric.Admin/fabricLocations/local"


@pytest.fixture
def estate():
    estate = Estate.of(vms=6, extensions=("AMA",), subscriptions=("sub-1", "sub-2"))
    estate.versions, estate.metadata = dict(OF_2102), ENTRA
    estate.nodes = [
        {
            "id": f"{FABRIC}/scaleUnitNodes/node{n}",
            "name": f"local/node{n}",
            "location": "local",
            "properties": {
                "scaleUnitNodeStatus": "Running", "powerState": "Running", "vendor": "Contoso", "serialNumber": f"S{n}",
                "capacity": {"memoryGB": 384, "cores": 56}, "scaleUnitUri": f"{FABRIC}/scaleUnits/s-cluster",
            },
        }
        for n in range(4)
    ]  # fmt: skip
    estate.scale_units = [
        {"id": f"{FABRIC}/scaleUnits/s-cluster", "name": "local/s-cluster", "properties": {"state": "Running"}}
    ]
    return estate


@pytest.fixture
def server(serve, estate):
    return serve(estate)


@pytest.fixture
def operator(server, hub):
    """An adapter with both planes on one server; sub-1 is the operator's."""
    return hub(server, admin_endpoint=server.url)


def versions(server, part):
    return {target.partition("api-version=")[2][:10] for _, target, _ in server.seen if part in target}


# Discovery


@pytest.mark.parametrize(
    ("metadata", "scope"),
    [
        (ENTRA, "https://management.contoso.onmicrosoft.com/0a1b2c3d-0000-0000-0000-000000000001/.default"),
        (ADFS, "https://management.adfs.azurestack.local/0a1b2c3d-0000-0000-0000-000000000002/.default"),
    ],
    ids=["Entra ID", "AD FS"],
)
def test_the_audience_comes_from_the_endpoint(server, hub, metadata, scope):
    server.estate.metadata = metadata
    credential = Credential()
    assert len(hub(server, credential=credential).vms()) == 6
    assert credential.scopes == [(scope,)]


@pytest.mark.parametrize(
    ("metadata", "login"), [(ENTRA, "https://login.windows.net"), (ADFS, "https://adfs.hub.local")]
)
def test_the_login_comes_from_the_endpoint(server, hub, monkeypatch, tmp_path, metadata, login):
    """Without a credential of the caller's, a service principal from the environment logs in at the Hub's own place."""
    server.estate.metadata = metadata
    tenant = {} if metadata is ADFS else {"TENANT_ID": "00000000-0000-0000-0000-000000000001"}
    monkeypatch.delenv("AZURE_TENANT_ID", raising=False)
    for name, value in {"CLIENT_ID": "1", "CLIENT_SECRET": "hunter2secret", **tenant}.items():
        monkeypatch.setenv(f"AZURE_{name}", value)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with deadline(5), pytest.raises(hi.AuthenticationFailed) as caught:
        hub(server, credential=None).vms()
    assert f"on the way to {login.removeprefix('https://')}:443 cannot be reached" in caught.value.message
    assert server.counts == {"metadata": 1}


def test_a_service_principal_of_ad_fs_needs_no_tenant(server, hub, monkeypatch):
    """azure-identity itself logs in, at an AD FS on this machine; Microsoft's list of authorities is not asked."""
    server.estate.metadata = {
        **ADFS,
        "authentication": {**ADFS["authentication"], "loginEndpoint": f"{server.url}/adfs"},
    }
    token = {"access_token": TOKEN, "token_type": "bearer", "expires_in": 3600, "resource": "x"}
    place = {name: f"{server.url}/adfs/oauth2/{name}" for name in ("authorization", "token")}
    known = {f"{name}_endpoint": url for name, url in place.items()} | {"issuer": f"{server.url}/adfs"}
    server.misbehave("/adfs/.well-known/openid-configuration", lambda _: Reply.json(200, known))
    server.misbehave("POST /adfs/oauth2/token", lambda _: Reply.json(200, token))
    monkeypatch.delenv("AZURE_TENANT_ID", raising=False)
    monkeypatch.setenv("AZURE_CLIENT_ID", "00000000-0000-0000-0000-00000000000a")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "hunter2secret")
    assert len(hub(server, credential=None).vms()) == 6
    assert [target for method, target, _ in server.seen if method == "POST"] == ["/adfs/oauth2/token"]


def test_without_any_login_ad_fs_is_one_clear_error(server, hub, monkeypatch):
    server.estate.metadata = ADFS
    for name in ("ID", "SECRET", "CERTIFICATE_PATH"):
        monkeypatch.delenv(f"AZURE_CLIENT_{name}", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(hi.AuthenticationFailed, match="no token") as caught:
        hub(server, credential=None).vms()
    assert "AZURE_CLIENT_ID" in caught.value.remedy


def test_a_certificate_that_is_no_file_is_one_clear_error(server, hub, monkeypatch, tmp_path):
    server.estate.metadata = ADFS
    monkeypatch.setenv("AZURE_CLIENT_ID", "1")
    monkeypatch.delenv("AZURE_CLIENT_SECRET", raising=False)
    monkeypatch.setenv("AZURE_CLIENT_CERTIFICATE_PATH", str(tmp_path / "absent.pem"))
    with pytest.raises(hi.AuthenticationFailed, match="absent.pem"):
        hub(server, credential=None).vms()


def test_the_metadata_are_asked_for_once_and_without_a_token(server, hub):
    adapter = hub(server)
    adapter.vms()
    adapter.networks()
    assert server.counts["metadata"] == 1
    method, target, headers = server.seen[0]
    assert (method, target) == ("GET", "/metadata/endpoints?api-version=2015-01-01")
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (refused(404, "NotFound"), hi.ServerFault),
        (refused(403, "Forbidden"), hi.ServerFault),
        (throttled(3600), hi.Throttled),
        (html, hi.UnexpectedAnswer),
        (cut_json, hi.TruncatedAnswer),
        (lambda _: Reply.json(200, {"authentication": {"audiences": ["x"]}}), hi.UnexpectedAnswer),
        (lambda _: Reply.json(200, []), hi.UnexpectedAnswer),
        (lambda _: Reply(302, b"", {"Location": "https://x.invalid/"}), hi.ServerFault),
    ],
)
def test_an_endpoint_that_is_no_hub_is_one_clear_error(server, hub, behaviour, error):
    server.misbehave("metadata", behaviour)
    with pytest.raises(error) as caught:
        hub(server).vms()
    assert caught.value.remedy
    (problem,) = hi.collect([hub(server)]).problems
    assert (problem.error, problem.kind) == (error.__name__, "")
    assert server.tokens_seen() == set()


def test_a_private_authority_needs_its_file(server, hub):
    with pytest.raises(hi.TLSFailed, match="not trusted") as caught:
        hub(server, ca_file=None).vms()
    assert "ca_file=" in caught.value.remedy
    with pytest.warns(UserWarning, match="verify=False"):
        assert len(hub(server, ca_file=None, verify=False).vms()) == 6


# Api-versions


@pytest.mark.parametrize(
    ("offered", "vms", "networks"), [(OF_2008, "2017-12-01", "2017-10-01"), (OF_2102, "2020-06-01", "2018-11-01")]
)
def test_the_newest_version_that_both_know(server, hub, offered, vms, networks):
    server.estate.versions = dict(offered)
    inventory = hub(server).inventory()
    assert inventory.complete
    assert (len(inventory.vms), len(inventory.extensions), len(inventory.networks)) == (6, 6, 2)
    assert versions(server, "virtualMachines?") == {vms}
    assert versions(server, "virtualNetworks?") == {networks}


def test_versions_belong_to_types_and_the_newest_that_all_have_is_taken(server, hub):
    server.estate.versions["virtualmachines/extensions"] = ["2017-12-01"]
    assert len(hub(server).extensions()) == 6
    assert versions(server, "extensions?") == {"2017-12-01"}


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (400, REFUSED),
        (404, REFUSED),
        (400, "The api-version '2020-06-01' is invalid. The supported versions are '2017-12-01,2016-03-30'."),
    ],
)
def test_every_wording_of_a_wrong_version_tells_the_right_ones(server, hub, status, text):
    server.estate.versions = {}
    server.misbehave(r"providers/Microsoft\.Compute\?", refused(404, "NotFound"))
    server.misbehave(r"virtualMachines\?api-version=2020-06-01", refused(status, "Refused", text))
    assert len(hub(server).vms()) == 6
    assert versions(server, "statusOnly") == {"2017-12-01"}


def test_a_preview_is_not_the_version_of_that_date(server, hub):
    server.estate.versions["virtualmachines"] = ["2020-06-01-preview", "2017-12-01"]
    assert len(hub(server).vms()) == 6
    assert versions(server, "statusOnly") == {"2017-12-01"}


@pytest.mark.parametrize(
    "behaviour",
    [
        refused(404, "NotFound"),
        refused(400, "Bad"),
        forbidden("read"),
        cut_json,
        lambda _: Reply.json(200, {"resourceTypes": []}),
    ],
)
def test_where_the_provider_does_not_list_its_versions_the_error_does(server, hub, behaviour):
    server.estate.versions = dict(OF_2008)
    server.misbehave(r"providers/Microsoft\.(Compute|Network)\?", behaviour)
    assert hub(server).inventory().complete
    assert versions(server, "statusOnly") == {"2017-12-01"}


def test_where_the_newest_version_is_simply_taken_no_list_is_needed(server, hub):
    server.misbehave(r"providers/Microsoft\.Compute\?", refused(404, "NotFound"))
    assert len(hub(server).vms()) == 6
    assert versions(server, "statusOnly") == {"2020-06-01"}


def test_versions_that_nobody_here_knows_are_named(server, hub):
    server.estate.versions["virtualmachines"] = ["2030-01-01", "2031-01-01"]
    with pytest.raises(hi.NotSupported, match="2030-01-01, 2031-01-01") as caught:
        hub(server).vms()
    assert "2020-06-01" in caught.value.remedy


def test_an_error_that_lists_no_versions_is_told_as_it_is(server, hub):
    server.misbehave(r"providers/Microsoft\.Compute", refused(400, "Oops", "went wrong"))
    with pytest.raises(hi.ServerFault, match="Oops: went wrong"):
        hub(server).vms()


def test_a_first_subscription_that_refuses_does_not_decide(server, hub):
    server.misbehave("sub-1/providers", forbidden("Microsoft.Compute/virtualMachines/read"))
    inventory = hub(server).inventory(["vms"])
    assert sorted(vm.name for vm in inventory.vms) == ["vm1", "vm3", "vm5"]
    (problem,) = inventory.problems
    assert (problem.error, problem.scope) == ("AccessDenied", "/subscriptions/sub-1")
    with pytest.raises(hi.AccessDenied):
        hub(server).vms()


def test_where_all_refuse_the_missing_action_is_named(server, hub):
    server.misbehave("/providers", forbidden("Microsoft.Compute/virtualMachines/read"))
    with pytest.raises(hi.AccessDenied) as caught:
        hub(server).vms()
    assert caught.value.missing == "Microsoft.Compute/virtualMachines/read"


# Reading


@pytest.mark.parametrize("count", [10, 500])
def test_the_number_of_requests_does_not_depend_on_the_number_of_machines(serve, estate, hub, count):
    many = Estate.of(vms=count)
    many.versions, many.metadata = estate.versions, estate.metadata
    server = serve(many)
    inventory = hub(server).inventory()
    assert (len(inventory.vms), inventory.complete) == (count, True)
    assert server.counts == {
        "metadata": 1, "subscriptions": 1, "providers": 2, "vms": 1, "statuses": 1, "vm sizes": 1, "networks": 1,
    }  # fmt: skip


@pytest.mark.parametrize("ignored", [True, False])
def test_a_hub_that_does_not_know_status_only(server, hub, ignored):
    models = edited(
        lambda page: {
            "value": [vm for vm in server.estate.vms if vm["id"].split("/")[2] in page["value"][0]["id"].lower()]
        }
    )
    server.misbehave("statusOnly", models if ignored else refused(400, "InvalidParameter", "statusOnly"))
    inventory = hub(server).inventory(["vms"])
    assert inventory.complete
    assert {vm.power_state for vm in inventory.vms} == {hi.PowerState.RUNNING}
    assert server.counts["instanceView"] == 6


def test_extensions_without_resource_graph(server, hub):
    server.estate.add_vm("sub-1", "bare")
    assert len(hub(server).extensions()) == 6
    assert (server.counts["extensions of one"], server.counts["graph"]) == (6, 0)


def test_without_resources_in_the_list_the_instance_view_names_the_extensions(server, hub):
    server.misbehave(
        "virtualMachines", edited(lambda page: [item.pop("resources", 0) for item in page["value"]] and page)
    )
    inventory = hub(server).inventory(["extensions"])
    assert (len(inventory.extensions), inventory.complete) == (6, True)


def test_given_machines_are_asked_themselves(server, hub):
    adapter = hub(server)
    vms = adapter.vms()
    server.counts.clear()
    assert len(adapter.extensions([vms[0]])) == 1
    assert server.counts == {"providers": 1, "extensions of one": 1, "instanceView": 1}


def test_native_uses_the_version_of_the_hub(server, hub):
    adapter = hub(server)
    model = adapter.native(adapter.vms()[0])
    assert (model.name, type(model).__name__) == ("vm0", "VirtualMachine")
    assert versions(server, "virtualMachines/vm0") == {"2020-06-01"}


# The operator's plane


def test_without_the_operators_endpoint_there_are_no_nodes(server, hub):
    adapter = hub(server)
    assert adapter.capabilities == {"vms", "extensions", "networks"}
    for kind in ("hosts", "clusters"):
        with pytest.raises(hi.NotSupported, match="pass admin_endpoint="):
            getattr(adapter, kind)()
    with pytest.raises(hi.NotSupported):
        adapter.datastores()
    assert server.seen == []


def test_with_it_nodes_are_hosts_and_scale_units_clusters(server, operator):
    assert operator.capabilities == {"vms", "extensions", "networks", "hosts", "clusters"}
    inventory = operator.inventory()
    assert inventory.complete
    assert (len(inventory.hosts), len(inventory.clusters)) == (4, 1)
    assert {host.cluster_id for host in inventory.hosts} == {inventory.clusters[0].id}
    assert (inventory.hosts[0].name, inventory.hosts[0].memory_bytes) == ("node0", 384 * 2**30)
    assert len(operator.hosts()) == 4


def test_the_operators_region_is_in_the_name_of_its_endpoint():
    import httpx

    asked = []

    def answer(request):
        asked.append(request.url)
        reply = {"/metadata/endpoints": ENTRA, "/subscriptions": {"value": [{"subscriptionId": "sub-1"}]}}
        region = {"id": request.url.path + "/west", "name": "West"}
        regions = {"value": [region] if request.url.path.endswith("/fabricLocations") else []}
        return httpx.Response(200, json=reply.get(request.url.path, regions))

    adapter = hi.AzureStackHub(
        "management.west.hub.example", credential=Credential(), admin_endpoint="adminmanagement.west.hub.example",
        transport=httpx.MockTransport(answer),
    )  # fmt: skip
    assert len(adapter.hosts()) == 0
    paths = [url.path for url in asked if url.host == "adminmanagement.west.hub.example"]
    fabric = "/System.west/providers/Microsoft.Fabric.Admin/fabricLocations"
    assert [path for path in paths if path.endswith(fabric)]
    nodes = "/System.West/providers/Microsoft.Fabric.Admin/fabricLocations/West/scaleUnitNodes"
    assert [path for path in paths if path.endswith(nodes)]
    assert not [url for url in asked if "locations" in url.path.split("/")]


def test_an_operator_who_may_not_see_the_fabric_is_told(server, operator):
    server.misbehave("scaleUnitNodes", forbidden("Microsoft.Fabric.Admin/fabricLocations/scaleUnitNodes/read"))
    inventory = operator.inventory()
    assert (len(inventory.vms), len(inventory.clusters), len(inventory.hosts)) == (6, 1, 0)
    assert {(problem.kind, problem.error) for problem in inventory.problems} >= {("hosts", "AccessDenied")}
    with pytest.raises(hi.AccessDenied):
        operator.hosts()


def test_an_operator_needs_no_subscription_of_the_tenants(serve, estate, hub):
    nobodys = Estate()
    nobodys.subscriptions, nobodys.metadata = {}, ENTRA
    adapter = hub(serve(nobodys), admin_endpoint=serve(estate).url)
    assert len(adapter.hosts()) == 4
    inventory = adapter.inventory()
    assert (len(inventory.hosts), len(inventory.clusters), len(inventory.vms)) == (4, 1, 0)
    assert {(problem.kind, problem.error) for problem in inventory.problems} == {
        (kind, "AccessDenied") for kind in ("vms", "extensions", "networks")
    }


def test_a_fabric_without_its_nodes_is_not_silently_short(server, operator):
    server.misbehave("scaleUnitNodes", edited(lambda page: page["value"].append("odd")))
    inventory = operator.inventory(["hosts"])
    assert {problem.error for problem in inventory.problems} == {"UnexpectedAnswer"}


def test_an_operators_endpoint_that_is_down_costs_the_hosts_alone(server, hub):
    adapter = hub(server, admin_endpoint="https://127.0.0.1:1", timeout=2)
    inventory = adapter.inventory(["vms", "hosts"], deadline=2)
    assert len(inventory.vms) == 6
    found = {problem.kind: problem for problem in inventory.problems}
    assert {(kind, one.error) for kind, one in found.items()} == {("vms", "ConnectFailed"), ("hosts", "ConnectFailed")}
    assert found["vms"].message.startswith("which machine is on which node: ")
    assert {vm.host_id for vm in inventory.vms} == {""}


def test_the_text_of_the_error_is_the_real_ones():
    from hybridinv.wire.arm import read_error, supported_versions

    text = SUPPORTED.format(
        location="mtcazs", version="2024-07-01", type="loadBalancers", versions="2014-12-01-preview, 2015-06-15"
    )
    assert supported_versions(text) == ("2014-12-01-preview", "2015-06-15")
    assert read_error(fault(400, "x", text).body).supported_api_versions == ("2014-12-01-preview", "2015-06-15")
    assert supported_versions("no versions here") == ()
