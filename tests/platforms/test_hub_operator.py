"""What the operator of a Hub sees: placement, images, updates; and machines that moved between two looks."""

import json
import os
import pickle
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest

import hybridinv as hi
from arm_estate import Estate
from arm_server import SUPPORTED
from misbehaviour import edited, forbidden, refused

ROOT = Path(__file__).parents[2]
PROFILES = ROOT.parent / "shared" / "published" / "examples" / "azurestack-profiles"
ENTRA = {"authentication": {"loginEndpoint": "https://login.windows.net/", "audiences": ["https://audience"]}}
FABRIC = "/subscriptions/sub-1/resourceGroups/System.local/providers/Microsoft.Fabric.Admin/fabricLocations/local"
ADMIN = "/subscriptions/sub-1/providers/Microsoft.Compute.Admin/locations/local"
UPDATES = "/subscriptions/sub-1/resourceGroups/System.local/providers/Microsoft.Update.Admin/updateLocations/local"
RUNNING = ("vm0", "vm1", "vm2")


def node(number, status="Running"):
    name = f"Node{number}"
    return {
        "id": f"{FABRIC}/scaleUnitNodes/{name}", "name": f"local/{name}", "location": "local",
        "properties": {
            "scaleUnitNodeStatus": status, "powerState": "Running",
            "scaleUnitUri": "/fabricLocations/local/scaleUnits/s-cluster",
        },
    }  # fmt: skip


def tenant_vm(name, subscription="sub-1", **more):
    vm = {"vmName": name, "vmId": f"VMID-{name}".upper(), "subscriptionId": subscription.upper()}
    return {**vm, "resourceGroupName": "rg-WEB", "powerState": "Running", **more}


def placement(**nodes):
    """The answer of `computeScaleUnits`: a relative id, a null name."""
    rows = [
        {"nodeName": name.upper(), "nodeHealthState": "Up", "virtualMachines": list(vms)} for name, vms in nodes.items()
    ]
    properties = {"scaleUnitName": "s-cluster", "nodes": rows}
    return {"id": "providers/Microsoft.Compute.Admin/locations/local/computeScaleUnits/s-cluster", "name": None,
            "properties": properties}  # fmt: skip


@pytest.fixture
def estate():
    estate = Estate.of(vms=3)
    estate.metadata = ENTRA
    estate.nodes = [node(1), node(2)]
    estate.scale_units = [{"id": f"{FABRIC}/scaleUnits/s-cluster", "name": "local/s-cluster", "properties": {}}]
    estate.others.placements["s-cluster"] = placement(
        node1=[tenant_vm("vm0"), tenant_vm("theirs", "sub-9")],
        node2=[tenant_vm("vm1"), tenant_vm("web_0", "sub-9", vmScaleSetName="web")],
    )
    return estate


@pytest.fixture
def server(serve, estate):
    return serve(estate)


@pytest.fixture
def operator(server, hub):
    return hub(server, admin_endpoint=server.url)


# Placement


def test_every_machine_has_the_node_it_runs_on(server, operator):
    inventory = operator.inventory(["vms", "hosts"])
    assert inventory.complete
    hosts = {host.name: host for host in inventory.hosts}
    assert {vm.name: vm.host_id for vm in inventory.vms} == {
        "vm0": hosts["Node1"].id, "vm1": hosts["Node2"].id, "vm2": "",
    }  # fmt: skip
    assert inventory.vms.find("vm0").cluster_id == hosts["Node1"].cluster_id != ""
    assert {host.state for host in inventory.hosts} == {"Up"}
    assert server.counts["placement"] == server.counts["nodes"] == server.counts["scale units"] == 1


def test_machines_of_other_tenants_are_counted_on_their_node_and_no_problem(operator):
    inventory = operator.inventory(["vms", "hosts"])
    (first, second) = sorted(inventory.hosts, key=lambda host: host.name)
    compute = "/subscriptions/sub-9/resourcegroups/rg-web/providers/microsoft.compute"
    assert first.vm_ids == (inventory.vms.find("vm0").id, f"{compute}/virtualmachines/theirs")
    assert second.vm_ids[1] == f"{compute}/virtualmachinescalesets/web/virtualmachines/0"
    assert inventory.complete


def test_hosts_alone_know_their_machines_too(server, operator):
    assert [len(host.vm_ids) for host in operator.hosts()] == [2, 2]
    assert server.counts["vms"] == 0


def test_a_machine_that_two_nodes_claim_is_where_it_runs(server, operator, estate):
    estate.others.placements["s-cluster"] = placement(
        node1=[tenant_vm("vm0", powerState="Stopped"), tenant_vm("vm1")], node2=[tenant_vm("vm0"), tenant_vm("vm1")]
    )
    vms = operator.vms()
    assert vms.find("vm0").host_id.endswith("/node2")
    assert vms.find("vm1").host_id == ""


@pytest.mark.parametrize("answer", [{"properties": {}}, {"properties": {"nodes": "junk"}}, {"id": "x"}])
def test_a_placement_that_is_none_is_told(operator, estate, answer):
    estate.others.placements["s-cluster"] = answer
    inventory = operator.inventory(["vms", "hosts"])
    assert (len(inventory.vms), len(inventory.hosts)) == (3, 2)
    assert {(one.kind, one.error) for one in inventory.problems} == {
        ("vms", "UnexpectedAnswer"), ("hosts", "UnexpectedAnswer")
    }  # fmt: skip
    assert "properties.nodes" in inventory.problems[0].message


def test_a_machine_that_runs_on_no_known_node_has_a_word_about_it(operator, estate):
    estate.vms[2]["properties"]["vmId"] = None
    estate.others.placements["s-cluster"] = placement(
        node1=[tenant_vm("vm0")], node2=[tenant_vm("vm0")], node3=[tenant_vm("vm1")]
    )
    inventory = operator.inventory(["vms"])
    assert inventory.complete  # nothing could not be read
    said = {vm.name: vm.problems[0].message for vm in inventory.vms}
    assert "several nodes name it: NODE1, NODE2" in said["vm0"]
    assert "NODE3, which is not among" in said["vm1"]
    assert "no vmId" in said["vm2"]
    estate.others.placements["s-cluster"] = placement(node1=[])
    assert "no node names it" in operator.vms().find("vm0").problems[0].message


def test_a_placement_that_is_refused_leaves_the_machines_and_says_so(server, operator):
    server.misbehave("computeScaleUnits", forbidden("Microsoft.Compute.Admin/locations/computeScaleUnits/read"))
    inventory = operator.inventory(["vms", "hosts"])
    assert (len(inventory.vms), len(inventory.hosts), inventory.complete) == (3, 2, False)
    assert {(one.kind, one.error) for one in inventory.problems} == {("vms", "AccessDenied"), ("hosts", "AccessDenied")}
    assert len(inventory.problems) == 2
    # A strict list is whole, and each record says what is unknown of it.
    assert {vm.problems[0].error for vm in operator.vms()} == {"AccessDenied"}


@pytest.mark.parametrize(
    "behaviour",
    [
        refused(404, "ResourceNotFound"),
        refused(400, "NoRegisteredProviderFound", SUPPORTED.format(
            location="local", version="2021-03-30", type="locations/computeScaleUnits", versions="2015-12-01-preview")),
    ],
)  # fmt: skip
def test_a_hub_too_old_to_tell_is_complete_and_has_a_word_about_it(server, operator, behaviour):
    server.misbehave("computeScaleUnits", behaviour)
    inventory = operator.inventory(["vms", "hosts"])
    assert inventory.complete
    assert {vm.host_id for vm in inventory.vms} == {""}
    assert all("does not say which machines" in host.problems[0].message for host in inventory.hosts)


def test_an_operators_other_subscriptions_are_asked_for_their_regions_alone(server, operator, estate):
    estate.subscriptions["metering"] = "Enabled"
    assert len(operator.hosts()) == 2
    asked = [target for _, target, _ in server.seen if target.startswith("/subscriptions/metering/resourceGroups")]
    assert len(asked) == 1
    assert "/fabricLocations?" in asked[0]


def test_an_operator_without_a_fabric_is_told_so(server, operator, estate):
    estate.nodes, estate.scale_units = [], []
    with pytest.raises(hi.NotFound, match=r"System\.local"):
        operator.hosts()
    assert {one.kind for one in operator.inventory().problems} >= {"hosts", "clusters", "vms"}


def test_an_older_fabric_is_read_in_the_version_it_has(server, operator):
    text = SUPPORTED.format(location="local", version="2020-10-01", type="fabricLocations/scaleUnitNodes",
                            versions="2016-05-01, 2018-10-01")  # fmt: skip
    server.misbehave(r"scaleUnitNodes\?.*2020-10-01", refused(400, "NoRegisteredProviderFound", text))
    assert len(operator.hosts()) == 2
    assert [target[-10:] for _, target, _ in server.seen if "scaleUnitNodes?" in target] == ["2020-10-01", "2018-10-01"]


def test_the_operators_endpoint_is_signed_in_at_once(server, operator):
    operator.hosts()
    operator.clusters()
    assert server.counts["metadata"] == 2  # one for each plane
    operator.close()
    operator.clusters()
    assert server.counts["metadata"] == 4


def test_an_operators_adapter_can_be_pickled_and_used_elsewhere(server, operator):
    operator.hosts()
    assert len(pickle.loads(pickle.dumps(operator)).hosts()) == 2


# Images and updates


IMAGE = f"{ADMIN}/artifactTypes/platformImage/publishers/Canonical/offers/UbuntuServer/skus/22.04/versions/22.4.1"


def extension(publisher, type_, version, system="Linux", **more):
    id_ = f"{ADMIN}/artifactTypes/VMExtension/publishers/{publisher}/types/{type_}/versions/{version}"
    known = {"publisher": publisher, "extensionType": type_, "typeHandlerVersion": version, "vmOsType": system}
    return {"id": id_, "name": None, "location": "local", "properties": {**known, **more}}


def test_platform_images(server, operator, estate):
    properties = {"osDisk": {"osType": "Linux"}, "dataDisks": None, "provisioningState": "Succeeded"}
    estate.others.platform_images = [{"id": IMAGE, "name": None, "location": "local", "properties": properties}]
    (image,) = operator.platform_images()
    assert (image.name, image.os_type) == ("Canonical:UbuntuServer:22.04:22.4.1", hi.OSType.LINUX)
    assert (image.provisioning_state, image.data_disks, image.platform) == ("Succeeded", None, "azure-stack-hub")


def test_the_catalogue_of_extensions_is_one_call(server, operator, estate):
    estate.others.vm_extensions = [
        extension("Microsoft.Azure.Diagnostics", "LinuxDiagnostic", version) for version in ("3.0.9", "3.0.121")
    ] + [extension("Microsoft.Compute", "BGInfo", "2.1", "Windows"), {"id": IMAGE, "properties": None}]
    images = operator.extension_images("LOCAL")
    assert (len(images), server.counts["vm extension images"]) == (3, 1)
    assert [(one.error, one.scope) for one in images.problems] == [("UnexpectedAnswer", IMAGE)]
    assert [one.version for one in images[:2]] == ["3.0.9", "3.0.121"]
    assert (images[1].location, images[0].os_type) == ("local", hi.OSType.LINUX)
    assert images.find("2.1").os_type is hi.OSType.WINDOWS
    newest = operator.extension_images("local", latest=True, publishers=["microsoft.azure.DIAGNOSTICS"])
    assert [image.version for image in newest] == ["3.0.121"]
    assert [one.type for one in operator.extension_images("local", types="bginfo")] == ["BGInfo"]
    estate.others.vm_extensions.pop()
    with pytest.raises(hi.NotFound, match="no publisher of extensions 'Microsft.Compute'") as caught:
        operator.extension_images("local", publishers="Microsft.Compute")
    assert "did you mean 'Microsoft.Compute'" in caught.value.remedy
    some = operator.extension_images("local", types=["BGInfo", "LinuxDiagnostics"])
    assert [one.scope for one in some.problems] == ["local/LinuxDiagnostics"]


def requests(server):
    """What was asked beside the login."""
    return [target.partition("?")[0] for _, target, _ in server.seen if "/metadata/" not in target]


CATALOGUE = f"{ADMIN}/artifactTypes/VMExtension"


def test_nothing_but_the_catalogue_itself_is_asked(server, hub, operator, estate):
    estate.others.vm_extensions = [extension("P", "T", "1.0")]
    assert len(operator.extension_images("Local")) == 1
    assert requests(server) == ["/subscriptions", CATALOGUE]
    server.seen.clear()
    assert len(hub(server, admin_endpoint=server.url, subscription_ids=["sub-1"]).extension_images("local")) == 1
    assert requests(server) == [CATALOGUE]


@pytest.mark.parametrize("refusal", [forbidden("Microsoft.Fabric.Admin/x/read"), refused(404, "ResourceNotFound")])
def test_the_catalogue_is_read_where_the_fabric_is_not(server, operator, estate, refusal):
    estate.others.vm_extensions = [extension("P", "T", "1.0")]
    server.misbehave("Fabric.Admin", refusal)
    images = operator.extension_images("local")
    assert (len(images), images.complete) == (1, True)


def test_a_tenants_subscriptions_do_not_hide_the_operators(server, hub, estate):
    estate.others.vm_extensions = [extension("P", "T", "1.0")]
    images = hub(server, admin_endpoint=server.url, subscription_ids=["tenant"]).extension_images("local")
    assert (len(images), images.complete) == (1, True)
    assert requests(server) == [CATALOGUE.replace("sub-1", "tenant"), "/subscriptions", CATALOGUE]


def test_an_operators_subscription_that_has_none_hides_no_other(server, operator, estate):
    estate.subscriptions = {"metering": "Enabled", "sub-1": "Enabled", "sub-2": "Enabled"}
    estate.others.vm_extensions = [extension("P", "T", "1.0")]
    server.misbehave("/metering/", edited(lambda _: []))
    assert len(operator.extension_images("local")) == 1
    server.misbehave("/sub-1/", forbidden())
    assert len(operator.extension_images("local")) == 1
    assert not [target for target in requests(server) if "Fabric" in target]


def test_a_subscription_that_failed_is_not_an_empty_catalogue(server, operator, estate):
    estate.subscriptions = {"metering": "Enabled", "sub-1": "Enabled"}
    server.misbehave("/metering/", edited(lambda _: []))
    server.misbehave("/sub-1/.*VMExtension", refused(500, "InternalServerError"))
    with pytest.raises(hi.ServerFault):
        operator.extension_images("local")
    server.faults.pop()
    server.misbehave("/sub-1/.*VMExtension", refused(404, "ResourceNotFound"))
    assert operator.extension_images("local").complete


@pytest.mark.parametrize(
    ("answer", "error"),
    [(refused(404, "ResourceNotFound"), hi.NotFound), (refused(400, "InvalidLocation"), hi.ServerFault)],
)
def test_a_catalogue_that_is_not_there_names_the_operators_host_and_what_to_check(serve, hub, estate, answer, error):
    tenant, server = serve(estate), serve(estate, host="localhost")
    server.misbehave("VMExtension", answer)
    with pytest.raises(error) as caught:
        hub(tenant, admin_endpoint=server.url).extension_images("local")
    assert server.url.removeprefix("https://") in str(caught.value)
    assert tenant.url.removeprefix("https://") not in str(caught.value)
    assert "admin_endpoint=" in caught.value.remedy
    assert "Default Provider Subscription" in caught.value.remedy


def test_a_catalogue_that_may_not_be_read_says_what_is_missing(server, operator):
    server.misbehave("VMExtension", forbidden("Microsoft.Compute.Admin/locations/artifactTypes/read"))
    with pytest.raises(hi.AccessDenied) as caught:
        operator.extension_images("local")
    assert caught.value.missing == "Microsoft.Compute.Admin/locations/artifactTypes/read"
    assert "Reader role on the Default Provider Subscription at" in caught.value.remedy
    assert server.counts["regions"] == 0


@pytest.mark.parametrize("answer", [refused(404, "ResourceNotFound"), refused(400, "InvalidLocation"),
                                    edited(lambda _: [])])  # fmt: skip
def test_a_region_that_is_none_and_progress_that_is_told(server, operator, estate, answer):
    server.misbehave("locations/mars/artifactTypes", answer)
    with pytest.raises(hi.NotSupported, match="no region 'mars'") as caught:
        operator.extension_images("mars")
    assert "local" in caught.value.remedy
    estate.others.vm_extensions = [extension("P", "T", "1.0")]
    steps = []
    operator.extension_images("local", progress=steps.append)
    assert [(step.kind, step.read) for step in steps] == [("extension_images", 1)]


def run(state, **more):
    id_ = f"{UPDATES}/updates/Microsoft1.2/updateRuns/run1"
    return {"id": id_, "name": "local/Microsoft1.2/run1", "location": "local", "properties": {"state": state, **more}}


def test_updates_and_their_runs(server, operator, estate):
    estate.others.hub_updates = [
        {"id": f"{UPDATES}/updates/Microsoft1.2", "name": "local/Microsoft1.2", "location": "local",
         "properties": {"state": "Installed", "version": "1.2", "displayName": "AzS Update", "packageSizeInMb": 224,
                        "installedDate": "2026-01-02T03:04:05Z", "packageType": "Infrastructure",
                        "updateStateProperties": {"progressPercentage": 100}}},
        {"id": f"{UPDATES}/updates/OEM2", "name": "local/OEM2", "properties": {"state": "Ready"}},
    ]  # fmt: skip
    steps = [
        {"name": "Download", "status": "Success"},
        {
            "name": "Apply",
            "status": "Error",
            "steps": [{"name": "Drain", "status": "Error", "errorMessage": "no room"}],
        },
    ]
    started = {"timeStarted": "2026-01-01T00:00:00.5960205+00:00", "duration": "PT14H43M50.0644552S"}
    estate.others.hub_runs["microsoft1.2"] = [run("Failed", progress={"steps": steps}, **started)]
    first, second = operator.updates()
    assert (first.title, first.size_bytes, first.kind) == ("AzS Update", 224 * 2**20, "Infrastructure")
    assert (first.installed_at, first.progress_percent) == (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), 100)
    assert (second.name, second.state) == ("OEM2", "Ready")
    (found,) = operator.update_runs()
    assert (found.update_id, found.update, found.state) == (first.id, "Microsoft1.2", "Failed")
    assert (found.seconds, found.started_at.year) == (14 * 3600 + 43 * 60 + 50, 2026)
    assert (found.step, found.message) == ("Apply > Drain", "no room")
    assert server.counts["hub update runs"] == 2


def test_runs_of_one_update_that_cannot_be_read_are_not_silently_missing(server, operator, estate):
    estate.others.hub_updates = [{"id": f"{UPDATES}/updates/{n}", "name": f"local/{n}"} for n in ("a", "b")]
    server.misbehave("updates/b/updateRuns", forbidden("Microsoft.Update.Admin/x/read"))
    with pytest.raises(hi.AccessDenied):
        operator.update_runs()


def test_an_item_that_is_odd_is_told(server, operator, estate):
    estate.others.platform_images = [{"id": IMAGE}]
    server.misbehave("platformImage", edited(lambda page: page.append("odd")))
    with pytest.raises(hi.UnexpectedAnswer):
        operator.platform_images()


@pytest.mark.parametrize("read", ["platform_images", "updates", "update_runs"])
def test_without_the_operators_endpoint_it_is_said_why(server, hub, read):
    with pytest.raises(hi.NotSupported, match="pass admin_endpoint="):
        getattr(hub(server), read)()
    assert server.seen == []


# Only what a Hub has


NEVER = ("resourcegraph", "hybridcompute", "maintenance", "hostgroups", "resourcehealth")


def test_a_hub_is_never_asked_for_what_it_does_not_have(server, operator):
    for detail in ("summary", "full"):
        inventory = operator.inventory(detail=detail)
        operator.extensions(inventory.vms)
        operator.native(inventory.vms[0])
    asked = [target.lower() for _, target, _ in server.seen]
    assert len(asked) > 20
    assert [target for target in asked if any(word in target for word in NEVER)] == []


@pytest.mark.skipif(
    not PROFILES.is_dir() and not os.environ.get("CI"), reason="the published API profiles are not beside the project"
)
@pytest.mark.parametrize("profile", ["2020-09-01-hybrid", "2019-03-01-hybrid"])
def test_the_tenants_requests_are_those_of_the_hubs_profile(server, hub, estate, profile):
    providers = json.loads((PROFILES / profile / f"{profile}.json").read_bytes())["resource-manager"]
    has = {
        f"{provider}/{resource['resourceType']}".lower(): version
        for provider, versions in providers.items()
        for version, resources in versions.items()
        for resource in resources
    }
    for name in ("virtualMachines", "virtualMachines/extensions", "locations/vmSizes"):
        estate.versions[name.lower()] = [has[f"microsoft.compute/{name}".lower()]]
    for name in ("virtualNetworks", "networkInterfaces", "publicIPAddresses"):
        estate.versions[name.lower()] = [has[f"microsoft.network/{name}".lower()]]
    adapter = hub(server)
    assert adapter.inventory(detail="full").complete
    asked = {
        tuple(target.split("/providers/")[1].split("?")) for _, target, _ in server.seen if "/providers/" in target
    }
    lists = {path: query for path, query in asked if path.count("/") == 1}
    assert {"Microsoft.Compute/virtualMachines", "Microsoft.Network/virtualNetworks"} <= set(lists)
    for path, query in lists.items():
        assert f"api-version={has[path.lower()]}" in query, path


# Migrations that were observed


@pytest.fixture
def before(operator):
    return operator.inventory(["vms", "hosts"])


def after(operator, estate, **nodes):
    estate.others.placements["s-cluster"] = placement(**{k: [tenant_vm(n) for n in v] for k, v in nodes.items()})
    return operator.inventory(["vms", "hosts"])


def test_machines_that_moved_are_named_with_the_names_of_their_nodes(operator, estate, before):
    (change,) = operator.observe_migrations(before, after(operator, estate, node1=["vm1"], node2=["vm2"]))
    assert (change.kind, change.name, change.field) == ("vms", "vm1", "host_id")
    assert (change.before, change.after, change.change) == ("Node2", "Node1", hi.ChangeKind.CHANGED)
    assert len(operator.observe_migrations(before, before)) == 0


def test_hosts_that_were_not_read_are_named_by_their_id(operator, estate, before):
    later = attrs.evolve(after(operator, estate, node2=["vm0"]), hosts=[])
    (change,) = operator.observe_migrations(attrs.evolve(before, hosts=[]), later)
    assert (change.before, change.after) == ("node1", "node2")


@pytest.mark.parametrize(
    "changed",
    [
        {"host_id": ""},
        {"power_state": "stopped"},
        {"power_state": "unknown"},
        {"native_id": "another machine of that name"},
        {"source": "management.elsewhere.example"},
    ],
)
def test_what_is_no_migration(operator, estate, before, changed):
    later = after(operator, estate, node1=["vm1"])
    assert len(operator.observe_migrations(before, later)) == 1
    moved = [attrs.evolve(vm, **changed) if vm.name == "vm1" else vm for vm in later.vms]
    still = attrs.evolve(later.vms.find("vm2"), host_id="x")
    assert len(operator.observe_migrations(before, attrs.evolve(later, vms=[*moved, still]))) == 0


def test_where_the_platform_tells_the_boot_a_restart_is_told_apart(operator, estate, before):
    def booted(inventory, hour):
        moment = datetime(2026, 1, 1, hour, tzinfo=UTC)
        return attrs.evolve(inventory, vms=[attrs.evolve(vm, booted_at=moment) for vm in inventory.vms])

    later = after(operator, estate, node2=["vm0"])
    assert len(operator.observe_migrations(booted(before, 1), booted(later, 1))) == 1
    assert len(operator.observe_migrations(booted(before, 1), booted(later, 2))) == 0


def test_an_inventory_that_cannot_tell_is_an_error_and_not_an_empty_answer(server, hub, operator, before):
    blind = hub(server).inventory(["vms"])
    with pytest.raises(hi.NotSupported, match="`after` does not know the host") as caught:
        operator.observe_migrations(before, blind)
    assert "admin_endpoint" in caught.value.remedy
    with pytest.raises(hi.NotSupported, match="`before` is NoneType"):
        operator.observe_migrations(None, None)
    with pytest.raises(hi.NotSupported, match="`before` has not looked"):
        operator.observe_migrations(hi.Inventory(), hi.Inventory())
    with pytest.raises(hi.NotSupported, match="`before` has not looked for machines"):
        operator.observe_migrations(operator.inventory(["hosts"]), before)
