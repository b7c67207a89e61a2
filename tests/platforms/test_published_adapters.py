"""The public adapters over what real Hubs and Azure Arc answered, as their own vendor published it."""

import json
from collections import Counter
from datetime import UTC

import httpx
import pytest
from azure.mgmt.hybridcompute import models as arc_models

import hybridinv as hi
from arm_server import Credential
from published import PUBLISHED

METADATA = {
    "authentication": {"loginEndpoint": "https://adfs.redmond.azurestack.external/adfs", "audiences": ["https://a"]}
}


class Recorded(httpx.MockTransport):
    """Answers with what was recorded for a path and its page, whatever the host and the api-version; else with 404.

    A Hub's recordings are of several subscriptions, one a service: they are told as one.
    """

    def __init__(self, *names, as_subscription=None, **more):
        super().__init__(self.answer)
        self.known, self.seen = dict(more), []
        self.subscription = as_subscription
        for name in names:
            for one in json.loads((PUBLISHED / "recordings" / f"{name}.json").read_bytes())["exchanges"]:
                if one["method"] == "GET" and one["status"] == 200:
                    self.known.setdefault(self.key(httpx.URL(one["url"])), one["body"])

    def key(self, url):
        steps = url.path.lower().split("/")
        if self.subscription and steps[1] == "subscriptions" and len(steps) > 2:
            steps[2] = self.subscription
        return "/".join(steps) + (f"?{url.params['$skiptoken']}" if "$skiptoken" in url.params else "")

    def answer(self, request):
        key = self.key(request.url)
        self.seen.append(key)
        if key in self.known:
            return httpx.Response(200, json=self.known[key])
        return httpx.Response(404, json={"error": {"code": "NotFound", "message": f"{key} was not recorded"}})


def subscriptions(*ids):
    return {"value": [{"subscriptionId": id_, "state": "Enabled"} for id_ in ids]}


@pytest.fixture(scope="module")
def hub():
    transport = Recorded(
        "hub-scale-unit-nodes-and-maintenance-2020-10-01", "hub-scale-units-2020-10-01",
        "hub-fabric-locations-2016-05-01", "hub-platform-images-2015-12-01-preview",
        "hub-vm-extensions-2015-12-01-preview", "hub-updates-and-runs-2021-07-01",
        as_subscription="operator", **{"/metadata/endpoints": METADATA, "/subscriptions": subscriptions("operator")},
    )  # fmt: skip
    return hi.AzureStackHub(
        "management.redmond.azurestack.external", admin_endpoint="adminmanagement.redmond.azurestack.external",
        credential=Credential(), transport=transport,
    )  # fmt: skip


def test_the_nodes_and_the_scale_unit_of_a_real_hub(hub):
    hosts, (cluster,) = hub.hosts(), hub.clusters()
    assert [host.name for host in hosts] == ["HUB1-NODE09", "HUB1-NODE11", "HUB1-NODE13", "HUB1-NODE15"]
    # The recordings are of two Hubs: the ids differ by their subscription alone.
    assert [id_.split("/")[3:] for id_ in cluster.host_ids] == [host.id.split("/")[3:] for host in hosts]
    # That Hub's placement was not recorded: it looks like one that is too old to tell.
    assert {host.problems[0].message for host in hosts} == {"this Hub does not say which machines its nodes run"}


def test_what_a_real_hub_offers(hub):
    assert len(hub.platform_images()) == 13
    assert len(hub.extension_images("redmond")) == 15
    (diagnostics,) = hub.extension_images("redmond", types=["linuxdiagnostic"], latest=True)
    assert (diagnostics.version, diagnostics.os_type) == ("3.0.121", hi.OSType.LINUX)


def test_the_updates_of_a_real_hub(hub):
    assert [update.state for update in hub.updates()] == ["PreparationFailed"]
    assert [(run.state, run.update) for run in hub.update_runs()] == [("Failed", "Microsoft9.8888.0.888")]


def test_machines_are_joined_to_the_nodes_of_a_placement_as_it_was_recorded():
    """The recorded placement, with two machines put on its nodes, and the nodes it names."""
    place = "/subscriptions/95a888cf-1667-4895-bcc8-fa4e073056f7"
    fabric = f"{place}/resourcegroups/system.redmond/providers/microsoft.fabric.admin/fabriclocations"
    nodes = [{"id": f"{fabric}/redmond/scaleUnitNodes/HUB2-NODE{n}", "name": f"redmond/HUB2-NODE{n}", "properties": {}}
             for n in (21, 22, 23, 24)]  # fmt: skip
    compute = f"{place}/providers/microsoft.compute"
    vm = {"id": f"{place}/resourceGroups/RG/providers/Microsoft.Compute/virtualMachines/vm", "name": "vm"}
    view = {"statuses": [{"code": "PowerState/running"}]}
    known = {
        "/metadata/endpoints": METADATA,
        "/subscriptions": subscriptions(place.rpartition("/")[2]),
        fabric: {"value": [{"id": f"{fabric}/redmond", "name": "redmond"}]},
        f"{fabric}/redmond/scaleunitnodes": {"value": nodes},
        f"{fabric}/redmond/scaleunits": {
            "value": [{"id": f"{fabric}/redmond/scaleUnits/s-cluster", "name": "x/s-cluster"}]
        },
        compute: {"resourceTypes": [{"resourceType": "virtualMachines", "apiVersions": ["2020-06-01"]}]},
        f"{compute}/virtualmachines": {"value": [{**vm, "properties": {"vmId": "ABC", "instanceView": view}}]},
    }
    transport = Recorded("hub-compute-scale-unit-2021-03-30", **known)
    (path,) = (key for key in transport.known if "computescaleunits" in key)
    transport.known[path]["properties"]["nodes"][2]["virtualMachines"] = [
        {"vmName": "vm", "vmId": "abc", "subscriptionId": "s", "resourceGroupName": "rg", "powerState": "Running"}
    ]
    hub = hi.AzureStackHub(
        "management.redmond.azurestack.external", admin_endpoint="adminmanagement.redmond.azurestack.external",
        credential=Credential(), transport=transport,
    )  # fmt: skip
    inventory = hub.inventory(["vms", "hosts"])
    assert inventory.vms.find("vm").host_id == inventory.hosts.find("HUB2-NODE23").id
    assert [len(host.vm_ids) for host in inventory.hosts] == [0, 0, 1, 0]


# Arc


def arc(transport):
    return hi.AzureArc(credential=Credential(), transport=transport)


def test_all_pages_of_a_real_estate_of_arc():
    name = "arc-machines-four-pages-2019-08-02-preview"
    transport = Recorded(name)
    (first, *_) = transport.known
    transport.known["/subscriptions"] = subscriptions(first.split("/")[2])
    machines = arc(transport).vms()
    assert len(transport.seen) == 5
    bodies = [one for key, body in transport.known.items() if "machines" in key for one in body["value"]]
    assert len(bodies) == 349
    assert len(machines) == len({body["id"].lower() for body in bodies})
    states = Counter(str(machine.agent.status) for machine in machines)
    assert states["unknown"] == 161
    untold = {(one.agent.version, one.agent.message) for one in machines if one.agent.status == "unknown"}
    assert untold == {("", "no status yet: no agent has reported")}
    assert {problem.error for machine in machines for problem in machine.problems} == set()


def words(value):
    value = getattr(value, "value", value)  # an enum of the SDK's
    return "" if value is None or value in ("unknown", "N/A") else str(value)


def utc(moment):
    """A zone-less moment is UTC; the SDK leaves it without one."""
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def filtered_by_us(vm):
    return {
        "domain": vm.domain, "os_version": vm.os_version, "os_edition": vm.os_edition, "kind": vm.kind,
        "cloud": vm.cloud_provider, "cluster": vm.parent_cluster_id, "scope": vm.private_link_scope_id,
        "version": vm.agent.version, "mode": vm.agent.mode, "proxy": vm.agent.proxy,
        "upgrade": vm.agent.auto_upgrade, "extensions": vm.agent.allows_extensions, "changed": vm.agent.changed_at,
        "services": dict(vm.agent.services), "sql": vm.has_sql_server, "esu": vm.esu_status,
        "maker": vm.vendor, "model": vm.model,
    }  # fmt: skip


def filtered_by_sdk(machine):
    props = machine.properties
    settings, detected = props.agent_configuration, props.detected_properties or {}
    services, upgrade, profile = props.service_statuses, props.agent_upgrade, props.license_profile
    truth = {"true": True, "false": False, None: None}
    service_names = {
        "extensionService": "extension_service",
        "guestConfigurationService": "guest_configuration_service",
    }
    found = {key: getattr(services, name, None) for key, name in service_names.items()}
    return {
        "domain": words(props.domain_name), "os_version": words(props.os_version),
        "os_edition": words(props.os_edition), "kind": words(machine.kind),
        "cloud": words(props.cloud_metadata and props.cloud_metadata.provider) or words(detected.get("cloudprovider")),
        "cluster": words(props.parent_cluster_resource_id).lower(),
        "scope": words(props.private_link_scope_resource_id).lower(), "version": words(props.agent_version),
        "mode": words(settings and settings.config_mode), "proxy": words(settings and settings.proxy_url),
        "upgrade": upgrade.enable_automatic_upgrade if upgrade else None,
        "extensions": truth[settings.extensions_enabled] if settings else None,
        "changed": utc(props.last_status_change),
        "services": {key: one.status for key, one in found.items() if one and one.status},
        "sql": truth[props.mssql_discovered],
        "esu": words(profile and profile.esu_profile and profile.esu_profile.license_assignment_state),
        "maker": words(detected.get("manufacturer")), "model": words(detected.get("model")),
    }  # fmt: skip


def machines_of(name):
    path = PUBLISHED / "recordings" / f"{name}.json"
    if path.is_file():
        bodies = [one["body"] for one in json.loads(path.read_bytes())["exchanges"] if one["status"] == 200]
    else:
        bodies = [json.loads((PUBLISHED / "examples" / f"{name}.json").read_bytes())["responses"]["200"]["body"]]
    found = {}
    for body in bodies:
        for one in body.get("value", [body]):
            if str(one.get("type")).lower() == "microsoft.hybridcompute/machines":
                found[one["id"].lower()] = one
    return list(found.values())


@pytest.mark.parametrize(
    "name",
    [
        "arc-machine-and-extensions-2024-07-10", "arc-vmware-2023-10-01", "hybridcompute/2024-07-10/Machines_Get",
        "hybridcompute/2026-07-15/Machines_Get", "hybridcompute/2024-07-10/Machines_ListBySubscription",
        "hybridcompute/2026-07-15/Machines_ListBySubscription", "arc-machines-four-pages-2019-08-02-preview",
    ],
)  # fmt: skip
def test_what_one_filters_by_field_by_field_against_the_sdk(name):
    bodies = machines_of(name)
    assert bodies
    by_subscription = {}
    for body in bodies:
        by_subscription.setdefault(body["id"].split("/")[2].lower(), []).append(body)
    lists = {
        f"/subscriptions/{id_}/providers/microsoft.hybridcompute/machines": {"value": several}
        for id_, several in by_subscription.items()
    }
    ids = [id_.replace("{", "").replace("}", "") for id_ in by_subscription]
    lists = {key.replace("{", "").replace("}", ""): value for key, value in lists.items()}
    machines = arc(Recorded(**lists, **{"/subscriptions": subscriptions(*ids)})).vms()
    assert len(machines) == len(bodies)
    for body in bodies:
        theirs = arc_models.Machine._deserialize(json.loads(json.dumps(body)), [])
        assert filtered_by_us(machines.get(body["id"])) == filtered_by_sdk(theirs)


def test_a_laptop_as_it_was_recorded():
    (body,) = machines_of("arc-machine-and-extensions-2024-07-10")
    scope = "/subscriptions/00000000-0000-0000-0000-000000000000"
    known = {"/subscriptions": subscriptions(scope.rpartition("/")[2]),
             f"{scope}/providers/microsoft.hybridcompute/machines": {"value": [body]}}  # fmt: skip
    adapter = arc(Recorded("arc-machine-and-extensions-2024-07-10", **known))
    (laptop,) = adapter.vms()
    assert (laptop.vendor, laptop.model, laptop.domain, laptop.is_virtual) == (
        "LENOVO",
        "20Y0S2PE00",
        "WORKGROUP",
        False,
    )
    assert (laptop.os_edition, laptop.has_sql_server) == ("enterprise", False)
    assert laptop.os_installed_at.isoformat() == "2023-02-07T08:27:20+00:00"
    assert (laptop.agent.status, laptop.agent.mode, str(laptop.agent.released_on)) == ("ready", "full", "2024-09-01")
    assert {one.publisher for one in adapter.extensions([laptop])} != {""}


def test_the_vcenter_that_was_recorded():
    bodies = json.loads((PUBLISHED / "recordings" / "arc-vmware-2023-10-01.json").read_bytes())["exchanges"]
    items = [one["body"] for one in bodies if "/InventoryItems/" in one["url"] and one["status"] == 200]
    scope = "/subscriptions/00000000-0000-0000-0000-000000000000"
    tracked = [one["body"]["value"] for one in bodies if one["status"] == 200 and "value" in one["body"]]
    bare = [{key: value for key, value in one.items() if key != "properties"} for several in tracked for one in several]
    (parent,) = {one["id"] for one in bare if one["type"].lower().endswith("/vcenters")}
    known = {"/subscriptions": subscriptions(scope.rpartition("/")[2]), f"{scope}/resources": {"value": bare},
             f"{parent.lower()}/inventoryitems": {"value": items}}  # fmt: skip
    transport = Recorded("arc-vmware-2023-10-01", **known)
    found = arc(transport).resources()
    assert {one.type.partition("/")[2] for one in found} == {
        "vcenters", "clusters", "datastores", "hosts", "resourcepools", "virtualnetworks", "virtualmachinetemplates",
        "vcenters/inventoryitems",
    }  # fmt: skip
    assert [one.native_id for one in found if one.type.endswith("inventoryitems")] == ["resgroup-251086"]
