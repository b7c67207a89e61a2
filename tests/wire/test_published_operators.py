"""A Hub's operator plane and Arc's other resources: every published example and recording of them."""

import json
from collections import Counter

import pytest
from azure.mgmt.hybridcompute import models as arc_models

from hybridinv.model import OSType
from hybridinv.wire import arc_licenses, arc_resources, fabric, hub_catalogue, hub_updates
from hybridinv.wire.extension_images import newest, read_image
from hybridinv.wire.placement import read_placement
from hybridinv.wire.reading import Origin
from published import PUBLISHED

HUB = Origin("azure-stack-hub", "management.redmond.example")
ARC = Origin("azure-arc", "management.azure.com")


def recorded(name):
    exchanges = json.loads((PUBLISHED / "recordings" / f"{name}.json").read_bytes())["exchanges"]
    return [one["body"] for one in exchanges if one["status"] == 200]


def example(name):
    return json.loads((PUBLISHED / "examples" / f"{name}.json").read_bytes())["responses"]["200"]["body"]


def test_the_placement_of_a_hub_without_tenants():
    (body,) = recorded("hub-compute-scale-unit-2021-03-30")
    found = read_placement(body)
    assert [(node.name, node.health) for node in found.nodes] == [(f"HUB2-NODE2{n}", "Up") for n in (2, 1, 3, 4)]
    assert (found.node_of(), found.notes) == ({}, ())


def test_the_placement_of_the_description():
    found = read_placement(example("azsadmin-compute/2021-03-30/ScaleUnits_Get"))
    assert found.node_of() == {
        "ae7920ef-2225-4d4b-965f-76d077278a92": "AzsNode1", "6832c576-9f0b-438c-ac58-23bb540fd960": "AzsNode1",
    }  # fmt: skip
    plain, instance = found.nodes[0].machines
    assert plain.id.endswith("/resourcegroups/tenantrg1/providers/microsoft.compute/virtualmachines/tenantvm1")
    assert instance.id.endswith("/virtualmachinescalesets/tenantvmscaleset/virtualmachines/0")


def test_the_nodes_of_a_real_hub_have_their_graphics_and_their_address():
    listed = recorded("hub-scale-unit-nodes-and-maintenance-2020-10-01")[0]["value"]
    hosts = [fabric.read_node(body, HUB) for body in listed]
    assert {host.gpus for host in hosts} == {("Nvidia Tesla T4 (DDA)",) * 2}
    assert len({host.management_ip for host in hosts}) == 4
    assert {host.problems for host in hosts} == {()}


def test_the_extensions_of_a_real_hub():
    listed, *_ = recorded("hub-vm-extensions-2015-12-01-preview")
    images = [read_image(body, HUB) for body in listed]
    assert len(images) == 15
    assert {(image.name == image.version != "", image.location) for image in images} == {(True, "redmond")}
    for image, body in zip(images, listed, strict=True):
        properties = body["properties"]
        assert (image.publisher, image.type, image.version) == (
            properties["publisher"], properties["extensionType"], properties["typeHandlerVersion"],
        )  # fmt: skip
        assert image.os_type == properties["vmOsType"].lower()
        assert image.id == body["id"].lower()
    assert ("Microsoft.Azure.Diagnostics", "LinuxDiagnostic", "3.0.121") in [
        (image.publisher, image.type, image.version) for image in images
    ]
    assert len(newest(images)) == len({(image.publisher, image.type) for image in images})


def test_the_extensions_of_the_description_have_their_names_in_the_id_alone():
    first, *_ = example("azsadmin-compute/2015-12-01-preview/VMExtensions_List")
    image = read_image(first, HUB)
    assert (image.publisher, image.type, image.version) == ("Microsoft", "MicroExtension", "0.2.0")


def test_the_images_of_a_real_hub():
    listed, *gets = recorded("hub-platform-images-2015-12-01-preview")
    images = {image.id: image for image in (hub_catalogue.read_platform_image(body, HUB) for body in listed)}
    assert len(images) == 13
    assert {image.problems for image in images.values()} == {()}
    assert {image.provisioning_state for image in images.values()} == {"Succeeded"}
    ubuntu = [image.name for image in images.values() if image.os_type is OSType.LINUX]
    assert "Canonical:UbuntuServer:14.04.3-LTS:14.04.201508050" in ubuntu
    disks = {image.name: image.data_disks for image in (hub_catalogue.read_platform_image(one, HUB) for one in gets)}
    assert disks["Ubuntu:Desktop:Enterprise:1.1.0"] == 4
    assert disks["Canonical:UbuntuServer:14.04.3-LTS:14.04.201508050"] is None


def test_the_update_and_its_failed_run_of_a_real_hub():
    updates, runs = (body["value"] for body in recorded("hub-updates-and-runs-2021-07-01"))
    (update,), (run,) = (
        [hub_updates.read_update(one, HUB) for one in updates],
        [hub_updates.read_update_run(one, HUB) for one in runs],
    )
    assert (update.name, update.version, update.state) == ("Microsoft9.8888.0.888", "9.8888.0.888", "PreparationFailed")
    assert (update.kind, update.size_bytes, update.progress_percent) == ("Infrastructure", 224 * 2**20, 0)
    assert (update.requires_version, update.installed_at, update.problems) == ("9.2222.0.222", None, ())
    assert (run.update_id, run.update, run.state) == (update.id, update.name, "Failed")
    assert (run.started_at.isoformat(), run.seconds, run.problems) == ("2022-04-05T15:55:54.596020+00:00", 0, ())


@pytest.mark.parametrize("version", ["2024-07-10", "2026-07-15"])
def test_a_licence_field_by_field_against_the_sdk(version):
    (body,) = example(f"hybridcompute/{version}/License_ListBySubscription")["value"]
    ours = arc_licenses.read_license(body, {}, ARC)
    theirs = arc_models.License._deserialize(body, [])
    details = theirs.properties.license_details
    assert (ours.name, ours.location, ours.type) == (theirs.name, theirs.location, theirs.properties.license_type)
    assert (ours.edition, ours.target, ours.state, ours.unit, ours.total, ours.used) == (
        details.edition, details.target, details.state, details.type, details.processors, details.assigned_licenses,
    )  # fmt: skip
    assert ours.problems == ()


def test_everything_of_a_vcenter_that_was_recorded():
    bodies = recorded("arc-vmware-2023-10-01")
    singles = [one for body in bodies for one in body.get("value", [body]) if isinstance(one, dict) and "id" in one]
    vmware = [one for one in singles if "connectedvmwarevsphere" in one.get("type", "").lower()]
    found = [arc_resources.read_resource(one, None, ARC) for one in vmware]
    assert {one.problems for one in found} == {()}
    kinds = Counter(one.type.partition("/")[2] for one in found)
    assert set(kinds) == {
        "vcenters", "clusters", "datastores", "hosts", "resourcepools", "virtualnetworks", "virtualmachinetemplates",
        "vcenters/inventoryitems", "virtualmachineinstances", "virtualmachineinstances/guestagents",
    }  # fmt: skip
    vcenter = next(one for one in found if one.type.endswith("/vcenters"))
    assert (vcenter.name, vcenter.state, vcenter.version) == ("azcli-contoso-avs-vc", "Connected", "7.0.3")
    machines = [one for one in found if one.type.endswith("/virtualmachineinstances")]
    assert [one.state for one in machines] == ["poweredOn", "poweredOff", "poweredOn"]
    assert {(one.name, one.native_id, one.bios_uuid) for one in machines} == {
        ("azcli-contoso-vm-0", "vm-251237", "cbc0674d-c14f-7ad3-79eb-fa4e6cc6619a")
    }
    assert {one.machine_id.rpartition("/")[2] for one in machines} == {"azcli-contoso-vm-0"}
    (pool,) = (one for one in found if one.type.endswith("inventoryitems"))
    assert (pool.kind, pool.native_id, pool.machine_id) == ("ResourcePool", "resgroup-251086", "")


@pytest.mark.parametrize("name", ["GetInventoryItem", "InventoryItems_ListByVCenter", "ListVCenters", "GetVCenter"])
def test_the_examples_of_vcenters(name):
    body = example(f"connectedvmware/2023-10-01/{name}")
    for one in body.get("value", [body]):
        found = arc_resources.read_resource(one, None, ARC)
        assert (found.id, found.problems, found.name) == (one["id"].lower(), (), one["name"])
        assert found.type == one["type"].lower()
