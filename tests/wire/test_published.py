"""The readers over every published example and recording, against the vendor's models of the same bytes."""

import copy
import json
import re
from collections import Counter
from datetime import datetime

import pytest
from azure.core.exceptions import ODataV4Format
from azure.mgmt.compute import models as compute_models
from azure.mgmt.hybridcompute import models as arc_models

from hybridinv.errors import UnexpectedAnswer
from hybridinv.model import AgentStatus, OSType, PowerState
from hybridinv.wire import arm, compute, fabric, health, hybridcompute
from hybridinv.wire.dedicated_hosts import host_views, read_dedicated_host, read_host_group
from hybridinv.wire.reading import Body, Origin
from published import PUBLISHED

AZURE = Origin("azure", "management.azure.com")
ARC = Origin("azure-arc", "management.azure.com")
HUB = Origin("azure-stack-hub", "adminmanagement.redmond.azurestack.external")
GIB = 2**30


def load():
    """(file, status, body) of every answer that has a body."""
    for path in sorted((PUBLISHED / "recordings").glob("*.json")):
        for exchange in json.loads(path.read_bytes())["exchanges"]:
            yield path.stem, exchange["status"], exchange["body"]
    for path in sorted((PUBLISHED / "examples").glob("*/*/*.json")):
        for status, response in json.loads(path.read_bytes()).get("responses", {}).items():
            name = "/".join(path.relative_to(PUBLISHED / "examples").with_suffix("").parts)
            yield name, int(status), response.get("body")


ANSWERS = [(name, status, body) for name, status, body in load() if body is not None]


def every(value):
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from every(inner)


def of_type(kind):
    """The resources of one type, wherever in an answer they stand, by file."""
    found = {}
    for name, status, body in ANSWERS:
        for item in every(body) if status == 200 else ():
            if str(item.get("type")).lower() == kind and "id" in item and "properties" in item:
                found.setdefault(name, []).append(item)
    return found


VMS = of_type("microsoft.compute/virtualmachines")
VM_EXTENSIONS = of_type("microsoft.compute/virtualmachines/extensions")
MACHINES = of_type("microsoft.hybridcompute/machines")
ARC_EXTENSIONS = of_type("microsoft.hybridcompute/machines/extensions")
NODES = of_type("microsoft.fabric.admin/fabriclocations/scaleunitnodes")
UNITS = of_type("microsoft.fabric.admin/fabriclocations/scaleunits")


def of_path(pattern):
    """The resources whose id ends in the pattern, by file: the examples' types are not to be trusted."""
    found = {}
    for name, status, body in ANSWERS:
        for item in every(body) if status == 200 else ():
            if re.search(pattern, str(item.get("id"))) and "properties" in item:
                found.setdefault(name, []).append(item)
    return found


HOST_GROUPS = of_path(r"(?i)/hostgroups/[^/]+$")
HOSTS = of_path(r"(?i)/hostgroups/[^/]+/hosts/[^/]+$")
PAGES = [(n, b) for n, s, b in ANSWERS if s == 200 and isinstance(b if isinstance(b, list) else b.get("value"), list)]
GRAPH = [(n, b) for n, s, b in ANSWERS if s == 200 and isinstance(b, dict) and "totalRecords" in b]
FAULTS = [(n, b) for n, s, b in ANSWERS if s >= 400]

by_file = pytest.mark.parametrize


def sdk(model, body):
    return model._deserialize(copy.deepcopy(body), [])


def bodies(name):
    return [body for file, status, body in ANSWERS if file == name and status == 200]


def encode(body, indent=None):
    return json.dumps(body, indent=indent).encode()


def each(sequence, attribute):
    return [getattr(item, attribute) for item in sequence or ()]


def last_part(id_):
    return id_.rsplit("/", 1)[1]


def through(value, path):
    """An attribute of the SDK's model, None where any step of the way is None."""
    for step in path.split("."):
        value = None if value is None else getattr(value, step)
    return value


# how much there is: counted in the files by hand


def test_everything_published_is_there():
    def total(kind):
        return sum(map(len, kind.values()))

    assert (total(VMS), len(VMS)) == (53, 16)
    assert (total(VM_EXTENSIONS), len(VM_EXTENSIONS)) == (19, 8)
    assert (total(MACHINES), len(MACHINES)) == (359, 7)
    assert (total(ARC_EXTENSIONS), len(ARC_EXTENSIONS)) == (10, 4)
    assert (total(NODES), total(UNITS)) == (8, 5)
    assert (total(HOSTS), total(HOST_GROUPS)) == (8, 6)
    assert (len(GRAPH), len(FAULTS)) == (20, 4)


# pages


@by_file(("name", "body"), PAGES, ids=[f"{i}-{name}" for i, (name, _) in enumerate(PAGES)])
@by_file("indent", [None, 2], ids=["compact", "indented"])
def test_every_page_is_read_whole(name, body, indent):
    page = arm.read_page(encode(body, indent), where=name)
    bare = isinstance(body, list)
    assert page.items == (body if bare else body["value"])
    assert page.next_link == (None if bare else body.get("nextLink") or None)
    assert page.odd == []


def test_arc_pages_are_of_any_size_and_end_without_a_link():
    pages = [arm.read_page(encode(b), where="machines") for b in bodies("arc-machines-four-pages-2019-08-02-preview")]
    assert [len(page.items) for page in pages] == [141, 100, 100, 8]
    assert ["%24skiptoken" in (page.next_link or "") for page in pages] == [True, True, True, False]
    ids = [arm.arm_id(item["id"]) for page in pages for item in page.items]
    assert len(set(ids)) == 349


@by_file(
    ("name", "sizes"),
    [
        ("azure-publishers-2024-07-01", [2180]),
        ("azure-extension-image-2020-06-01", [4, 14]),
        ("azure-extension-image-2022-11-01", [4, 51]),
        ("hub-vm-extensions-2015-12-01-preview", [15]),
        ("hub-platform-images-2015-12-01-preview", [13]),
    ],
)
def test_bare_arrays_are_pages(name, sizes):
    arrays = [body for body in bodies(name) if isinstance(body, list)]
    assert [len(arm.read_page(encode(body), where=name).items) for body in arrays] == sizes


def test_an_answer_that_is_no_list_is_refused():
    (body,) = bodies("compute/2024-07-01/VirtualMachineExtension_List_MinimumSet_Gen")
    with pytest.raises(UnexpectedAnswer) as caught:
        arm.read_page(encode(body), where="extensions")
    assert caught.value.path == "value"


# Resource Graph


@by_file(("name", "body"), GRAPH, ids=[f"{i}-{name}" for i, (name, _) in enumerate(GRAPH)])
def test_every_graph_answer_is_read_whole(name, body):
    page = arm.read_graph_page(encode(body))
    assert (len(page.rows), page.total, page.odd) == (body["count"], body["totalRecords"], [])
    assert page.skip_token == body.get("$skipToken")
    assert page.truncated is False


def test_graph_pages_of_two_runs():
    first = arm.read_graph_page(encode(*bodies("resource-graph-first-page-2021-03-01")))
    following = arm.read_graph_page(encode(*bodies("resource-graph-next-page-2021-03-01")))
    assert (first.total, len(first.rows), first.skip_token) == (2995, 3, "scrubbed+skip/token=750a33")
    assert (following.total, len(following.rows), following.skip_token) == (
        2994,
        3,
        "scrubbed+skip/token=d0cc80",
    )
    assert [last_part(row["id"]) for row in first.rows] == ["sample1154", "sample1-nsg", "sample1-ip"]


def test_the_graph_answer_in_table_form():
    page = arm.read_graph_page(encode(*bodies("resource-graph-table-format-2020-04-01-preview")))
    assert [set(row) for row in page.rows] == [{"id", "tags", "properties"}] * 2
    assert [last_part(row["id"]) for row in page.rows] == ["1.0.0", "sampleIdentity"]
    assert page.rows[0]["properties"]["provisioningState"] == "Failed"


# errors


@by_file(("name", "body"), FAULTS, ids=[f"{i}-{name}" for i, (name, _) in enumerate(FAULTS)])
def test_every_error_says_what_azure_core_says(name, body):
    fault, theirs = arm.read_error(encode(body)), ODataV4Format(body["error"])
    assert (fault.code, fault.message) == (theirs.code, theirs.message)
    assert len(fault.details) == len(theirs.details)
    for said, detail in zip(fault.details, theirs.details, strict=True):
        assert said.startswith(detail.code)
        assert said.endswith(detail.message)


def test_the_errors_that_are_there():
    assert Counter(arm.read_error(encode(body)).code for _, body in FAULTS) == {
        "ResourceNotFound": 2,
        "NotFound": 1,
        "BadRequest": 1,
    }


# virtual machines

POWER = {
    "PowerState/running": "running",
    "PowerState/stopped": "stopped",
    "PowerState/deallocated": "deallocated",
}
AGENT = {"Ready": "ready", "Not Ready": "not_ready"}
FIRMWARE = {"V1": "bios", "V2": "efi"}


def power_of(view):
    return next((POWER[code] for code in each(through(view, "statuses"), "code") if code in POWER), "unknown")


def agent_of(view):
    """Status, version, message and time; the recordings have one agent status each."""
    agent = through(view, "vm_agent")
    if agent is None:
        return "unknown", "", None
    (status,) = agent.statuses
    version = "" if agent.vm_agent_version == "Unknown" else agent.vm_agent_version
    assert status.message
    return AGENT[status.display_status], version, status.message, status.time


def disk_of(disk):
    size = disk.disk_size_gb and disk.disk_size_gb * GIB
    path = through(disk, "managed_disk.id") or through(disk, "vhd.uri") or ""
    kind = through(disk, "managed_disk.storage_account_type") or ""
    return disk.name, size, path, disk.caching or "", kind, getattr(disk, "lun", None)


def image_of(reference):
    if reference is None:
        return ""
    words = (reference.publisher, reference.offer, reference.sku, reference.exact_version or reference.version)
    return ":".join(words) if all(words) else reference.id or reference.shared_gallery_image_id or ""


def intent_of(p):
    """Whether an agent was wanted, whether extensions are allowed, who upgrades it."""
    either = through(p, "os_profile.windows_configuration") or through(p, "os_profile.linux_configuration")
    return (
        through(either, "provision_vm_agent"),
        through(p, "os_profile.allow_extension_operations"),
        through(either, "enable_vm_agent_platform_updates"),
    )


def handlers_of(view):
    handlers = through(view, "vm_agent.extension_handlers") or ()
    return {f"{one.type} {one.type_handler_version}": one.status.display_status for one in handlers}


def pending_of(view):
    redeploy = through(view, "maintenance_redeploy_status")
    if redeploy is None:
        return []
    return [(redeploy.maintenance_window_start_time, redeploy.maintenance_window_end_time,
             redeploy.is_customer_initiated_maintenance_allowed)]  # fmt: skip


def lowered(resource):
    return (through(resource, "id") or "").lower()


def group_of(p, host):
    return lowered(p.host_group) or host.lower().rpartition("/hosts/")[0]


def vm_by_sdk(vm):
    p = vm.properties
    view, storage = p.instance_view, p.storage_profile
    uefi = through(p, "security_profile.uefi_settings")
    host = through(p, "host.id") or through(view, "assigned_host") or ""
    return {
        "kept": (
            group_of(p, host),
            lowered(p.availability_set),
            lowered(p.virtual_machine_scale_set),
            tuple(vm.zones or ()),
            vm.managed_by or "",
        ),
        "domains": (
            p.platform_fault_domain if through(view, "platform_fault_domain") is None else view.platform_fault_domain,
            through(view, "platform_update_domain"),
        ),
        "security": (
            through(uefi, "secure_boot_enabled"),
            through(uefi, "v_tpm_enabled"),
            through(p, "security_profile.encryption_at_host"),
        ),
        "words": (p.priority or "", p.license_type or "", p.provisioning_state or ""),
        "image": image_of(storage.image_reference),
        "os_version": through(view, "os_version") or "",
        "intent": intent_of(p),
        "handlers": {} if power_of(view) == "deallocated" else handlers_of(view),
        "pending": pending_of(view),
        "name": vm.name,
        "location": vm.location,
        "id": vm.id.lower(),
        "resource_id": vm.id,
        "tags": vm.tags or {},
        "native_id": p.vm_id,
        "size": p.hardware_profile.vm_size,
        "cpus": through(p, "hardware_profile.vm_size_properties.v_cpus_available"),
        "os_type": storage.os_disk.os_type.lower(),
        "hostname": through(view, "computer_name") or through(p, "os_profile.computer_name") or "",
        "power": power_of(view),
        "agent": agent_of(view),
        "disks": [disk_of(disk) for disk in (storage.os_disk, *(storage.data_disks or ()))],
        "nics": [last_part(id_) for id_ in each(p.network_profile.network_interfaces, "id")],
        "host": host.lower(),
        "created": p.time_created,
        "firmware": FIRMWARE.get(through(view, "hyper_v_generation")) or ("efi" if uefi else ""),
        "maintenance": through(view, "maintenance_redeploy_status") is not None,
        "extensions": [id_.lower() for id_ in each(vm.resources, "id") if "/extensions/" in id_],
    }


def vm_by_us(vm, body):
    agent = vm.agent
    seen = (agent.status.value, agent.version, agent.message, agent.changed_at)
    return {
        "kept": (vm.cluster_id, vm.availability_set_id, vm.scale_set_id, vm.zones, vm.managed_by),
        "domains": (vm.fault_domain, vm.update_domain),
        "security": (vm.secure_boot, vm.has_tpm, vm.is_encrypted),
        "words": (vm.priority, vm.license_type, vm.provisioning_state),
        "image": vm.image,
        "os_version": vm.os_version,
        "intent": (agent.is_wanted, agent.allows_extensions, agent.auto_upgrade),
        "handlers": dict(agent.services),
        "pending": [(one.not_before, one.until, one.may_start_now) for one in vm.pending_updates],
        "name": vm.name,
        "location": vm.location,
        "id": vm.id,
        "resource_id": vm.resource_id,
        "tags": dict(vm.tags),
        "native_id": vm.native_id,
        "size": vm.size,
        "cpus": vm.cpus,
        "os_type": vm.os_type.value,
        "hostname": vm.hostname,
        "power": vm.power_state.value,
        "agent": (*seen[:2], seen[3]) if agent.status is AgentStatus.UNKNOWN else seen,
        "disks": [(d.name, d.capacity_bytes, d.path, d.caching, d.storage_type, d.unit_number) for d in vm.disks],
        "nics": [nic.name for nic in vm.nics],
        "host": vm.host_id,
        "created": vm.created_at,
        "firmware": vm.firmware,
        "maintenance": bool(vm.maintenance),
        "extensions": list(compute.extension_ids(body)),
    }


@by_file("name", VMS)
def test_every_vm_field_by_field_against_the_sdk(name):
    for body in VMS[name]:
        vm = compute.read_vm(body, None, AZURE)
        assert vm_by_us(vm, body) == vm_by_sdk(sdk(compute_models.VirtualMachine, body))
        assert vm.problems == ()


def test_the_states_of_all_vms():
    vms = [compute.read_vm(body, None, AZURE) for items in VMS.values() for body in items]
    assert Counter(vm.power_state for vm in vms) == {
        PowerState.UNKNOWN: 34,
        PowerState.RUNNING: 17,
        PowerState.STOPPED: 1,
        PowerState.DEALLOCATED: 1,
    }
    assert Counter(vm.agent.status for vm in vms) == {
        AgentStatus.UNKNOWN: 35,
        AgentStatus.READY: 15,
        AgentStatus.NOT_READY: 3,
    }
    assert sum(vm.host_id != "" for vm in vms) == 7
    assert sum(compute.has_instance_view(body) for items in VMS.values() for body in items) == 19


@by_file("name", [name for name, items in VMS.items() if any(map(compute.has_instance_view, items))])
def test_two_sweeps_give_what_one_vm_with_instance_view_gives(name):
    for body in filter(compute.has_instance_view, VMS[name]):
        model = copy.deepcopy(body)
        seen = {
            "id": body["id"].upper(),
            "properties": {"instanceView": model["properties"].pop("instanceView")},
        }
        assert compute.read_vm(model, seen, AZURE) == compute.read_vm(body, None, AZURE)
        assert compute.read_vm(model, None, AZURE) != compute.read_vm(body, None, AZURE)


def test_a_recorded_instance_view_joins_its_recorded_vm():
    model, _, view, _, whole, *_ = bodies("azure-vm-lists-2020-06-01")
    joined = compute.read_vm(model, view, AZURE)
    assert joined == compute.read_vm(whole, None, AZURE)
    assert (joined.power_state, joined.agent.version) == (PowerState.RUNNING, "2.7.41491.992")


@by_file("version", ["2020-06-01/GetVirtualMachineInstanceView", "2024-07-01/VirtualMachine_Get_InstanceView"])
def test_an_instance_view_on_its_own(version):
    (body,) = bodies(f"compute/{version}")
    vm = compute.read_vm({"id": "/x/y"}, body, AZURE)
    theirs = sdk(compute_models.VirtualMachineInstanceView, body)
    assert (vm.power_state.value, vm.hostname, vm.firmware) == ("running", theirs.computer_name, "bios")
    assert (vm.agent.status.value, vm.agent.version, vm.agent.message, vm.agent.changed_at) == agent_of(theirs)
    assert vm.os_name == theirs.os_name


def test_a_subscription_with_two_vms_of_one_name_and_one_without_os_profile():
    listed = arm.read_page(encode(bodies("azure-vm-lists-2020-06-01")[6]), where="vms")
    vms = [compute.read_vm(item, None, AZURE) for item in listed.items]
    assert Counter(vm.name for vm in vms)["vm1"] == 2
    assert len({vm.id for vm in vms}) == 7
    winvm = next(vm for vm in vms if vm.name == "winvm")
    assert (winvm.hostname, winvm.os_name, winvm.os_type) == ("", "", OSType.WINDOWS)
    assert winvm.agent.status is AgentStatus.UNKNOWN


def test_one_vm_listed_in_two_cases_is_one_machine():
    one, *_, by_group, by_subscription, _ = bodies("azure-vm-lists-2020-06-01")
    (listed,) = (vm for vm in by_subscription["value"] if vm["name"] == one["name"])
    assert listed["id"] != one["id"] == by_group["value"][0]["id"]
    ids = {compute.read_vm(body, None, AZURE).id for body in (one, listed, by_group["value"][0])}
    assert len(ids) == 1


def test_nothing_but_a_place_and_an_id_is_a_vm():
    (body,) = bodies("compute/2024-07-01/VirtualMachine_List_MinimumSet_Gen")
    vms = [compute.read_vm(item, None, AZURE) for item in arm.read_page(encode(body), where="vms").items]
    assert [(vm.name, vm.location) for vm in vms] == [("{virtualMachineName}", "eastus")] * 2


def test_no_field_of_a_vm_is_without_a_vm_that_has_it():
    vms = [vm_by_sdk(sdk(compute_models.VirtualMachine, body)) for items in VMS.values() for body in items]
    known = {name: Counter(index for vm in vms for index, value in enumerate(vm[name]) if value not in (None, ""))
             for name in ("kept", "domains", "security", "words", "intent")}  # fmt: skip
    assert known["intent"].keys() == {0, 1, 2}
    assert known["security"].keys() == {0, 1, 2}
    assert known["words"].keys() == {0, 1, 2}
    assert sum(bool(vm["handlers"]) for vm in vms) > 1
    assert sum(bool(vm["image"]) for vm in vms) > 20
    assert {len(vm["pending"]) for vm in vms} == {0}  # nobody has published one


# the network of a virtual machine


def test_the_recorded_adapter_of_a_recorded_vm():
    body, interface, address, _, _ = bodies("azure-vm-and-network-2024-07-01")
    lists = compute.Beside(
        interfaces={arm.arm_id(interface["id"]): interface}, public_addresses={arm.arm_id(address["id"]): address}
    )
    vm = compute.read_vm(body, None, AZURE, lists)
    (nic,) = vm.nics
    assert (nic.name, nic.mac_address, nic.type) == ("vm-with-public-ipVMNic", "00:00:5e:00:53:01", "Standard")
    assert (nic.ip_addresses, nic.public_ip_addresses) == (("192.0.2.1",), ("203.0.113.1",))
    assert (nic.is_primary, nic.is_accelerated, vm.ip_addresses) == (True, False, ("192.0.2.1",))
    assert nic.network_id == f"{vm.id.partition('/providers/')[0]}/providers/microsoft.network/virtualnetworks/vnet1"
    assert (vm.problems, compute.interface_ids(body)) == ((), {arm.arm_id(interface["id"])})


# health and updates


@by_file("name", ["ListBySubscriptionId", "ListByResourceGroup"])
def test_every_availability_status(name):
    for body in bodies(f"resourcehealth/2022-10-01/AvailabilityStatuses_{name}"):
        for item in body["value"]:
            properties = item["properties"]
            assert health.read_health(Body(item)) == (properties["availabilityState"], properties["summary"])
            assert health.owner_id(item) == "<resourceid>"


def test_the_official_example_of_an_update():
    (body,) = bodies("maintenance/2023-04-01/Updates_List")
    (update,) = health.read_updates(Body({"properties": body}))
    assert (update.scope, update.status, update.impact) == ("Resource", "Pending", "Reboot")
    assert update.impact_seconds == 1440


# dedicated hosts


@by_file("name", HOSTS)
def test_every_dedicated_host_against_the_sdk(name):
    for body in HOSTS[name]:
        host, theirs = read_dedicated_host(body, None, AZURE), sdk(compute_models.DedicatedHost, body)
        p = theirs.properties
        statuses = through(p, "instance_view.statuses") or ()
        room = through(p, "instance_view.available_capacity.allocatable_v_ms") or ()
        assert (host.id, host.name, host.size) == (theirs.id.lower(), theirs.name, through(theirs, "sku.name") or "")
        assert host.cluster_id == theirs.id.lower().rpartition("/hosts/")[0]
        assert (host.fault_domain, host.auto_replaced) == (p.platform_fault_domain, p.auto_replace_on_failure)
        assert list(host.vm_ids) == [id_.lower() for id_ in each(p.virtual_machines, "id")]
        assert dict(host.room) == {one.vm_size: f"{one.count:.0f}" for one in room}
        assert [host.state] == ([c[12:] for c in each(statuses, "code") if c.startswith("HealthState/")] or [""])
        assert (dict(host.tags), host.problems) == (theirs.tags or {}, ())


@by_file("name", HOST_GROUPS)
def test_every_host_group_against_the_sdk(name):
    for body in HOST_GROUPS[name]:
        cluster, theirs = read_host_group(body, AZURE), sdk(compute_models.DedicatedHostGroup, body)
        p = theirs.properties
        assert (cluster.id, cluster.name) == (theirs.id.lower(), theirs.name)
        assert (cluster.zones, cluster.fault_domains) == (tuple(theirs.zones or ()), p.platform_fault_domain_count)
        assert list(cluster.host_ids) == [id_.lower() for id_ in each(p.hosts, "id")]
        assert (dict(cluster.tags), cluster.problems) == (theirs.tags or {}, ())
        views = through(p, "instance_view.hosts") or ()
        assert list(host_views(body)) == [view.name.lower() for view in views]


@by_file("name", ["azure-dedicated-host-2024-07-01", "azure-dedicated-host-2020-06-01"])
def test_the_groups_view_says_of_a_host_what_its_own_says(name):
    (expanded,) = (one for one in HOST_GROUPS[name] if "instanceView" in one["properties"])
    alone, own = HOSTS[name][:2]
    if "instanceView" not in own["properties"]:
        own = HOSTS[name][2]
    view = host_views(expanded)[own["name"].lower()]
    assert read_dedicated_host(alone, view, AZURE).room == read_dedicated_host(own, None, AZURE).room
    assert read_dedicated_host(alone, view, AZURE).state == "available"
    # the group writes the host's id in capitals
    assert read_host_group(expanded, AZURE).host_ids == (read_dedicated_host(alone, None, AZURE).id,)


def test_vms_on_dedicated_hosts_are_on_hosts_that_there_are():
    name = "azure-dedicated-host-2024-07-01"
    hosts = {arm.arm_id(body["id"]) for body in HOSTS[name]}
    vms = [compute.read_vm(body, None, AZURE) for body in VMS[name]]
    on = {vm.host_id for vm in vms if vm.host_id}
    assert on <= hosts
    assert {vm.cluster_id for vm in vms} - {""} <= {id_.rpartition("/hosts/")[0] for id_ in hosts}


# extensions of virtual machines


def extension_by_sdk(extension, view):
    p = extension.properties
    statuses = [*(getattr(view, "statuses", None) or ()), *(getattr(view, "substatuses", None) or ())]
    statuses += [view.status] if getattr(view, "status", None) else []
    levels = {"Info": "info", "Information": "info"}
    return {
        "id": extension.id.lower(),
        "name": extension.name,
        "vm_id": extension.id.lower().rsplit("/extensions/", 1)[0],
        "publisher": p.publisher,
        "type": p.type,
        "version": through(view, "type_handler_version") or p.type_handler_version,
        "provisioning_state": p.provisioning_state or "",
        "auto_upgrade": p.enable_automatic_upgrade,
        "status": next((levels[level] for level in each(statuses, "level") if level), ""),
        "message": next(filter(None, each(statuses, "message")), ""),
    }


def extension_by_us(extension):
    fields = "id name vm_id publisher type version provisioning_state auto_upgrade status message"
    return {field: getattr(extension, field) for field in fields.split()}


@by_file("name", VM_EXTENSIONS)
def test_every_vm_extension_field_by_field_against_the_sdk(name):
    for body in VM_EXTENSIONS[name]:
        theirs = sdk(compute_models.VirtualMachineExtension, body)
        expected = extension_by_sdk(theirs, theirs.properties.instance_view)
        assert extension_by_us(compute.read_extension(body, None, AZURE)) == expected


@by_file(
    "name",
    [
        "azure-vm-diagnostics-extension-2020-06-01",
        "azure-vm-extensions-2024-07-01",
        "azure-vm-lists-2020-06-01",
    ],
)
def test_extensions_with_their_entry_in_the_vms_instance_view(name):
    joined = 0
    for body in VMS[name]:
        theirs = sdk(compute_models.VirtualMachine, body)
        entries = {entry.name.lower(): entry for entry in through(theirs, "properties.instance_view.extensions") or ()}
        raw = {
            entry["name"].lower(): entry for entry in body["properties"].get("instanceView", {}).get("extensions", ())
        }
        assert set(raw) == set(entries)
        for item, resource in zip(body.get("resources", ()), theirs.resources or (), strict=True):
            key = last_part(item["id"]).lower()
            if key in raw:
                expected = extension_by_sdk(resource, entries[key])
                assert extension_by_us(compute.read_extension(item, raw[key], AZURE)) == expected
                assert expected["status"] == "info"
                joined += 1
    assert joined == 1


def test_an_extension_of_which_nothing_but_the_id_is_listed():
    (winvm,) = (vm for vm in VMS["azure-vm-lists-2020-06-01"] if vm["name"] == "winvm")
    (item,) = winvm["resources"]
    extension = compute.read_extension(item, None, AZURE)
    assert (extension.name, extension.publisher, extension.version) == ("MicrosoftMonitoringAgent", "", "")
    assert extension.vm_id == compute.read_vm(winvm, None, AZURE).id
    assert compute.extension_ids(winvm) == (extension.id,)


# Arc

ARC_STATUS = {"Connected": "ready", "Disconnected": "disconnected", "Error": "error", None: "unknown"}
INVALID = "192.168.12.345"  # an address that the official examples have


def moment(value):
    """The SDK leaves a date without a zone as a text, or without a zone."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value and value.replace(tzinfo=None)


def known(*values):
    return next((value for value in values if value and value != "unknown"), "")


def machine_by_sdk(machine):
    p = machine.properties
    detected = p.detected_properties or {}
    nics = through(p, "network_profile.network_interfaces") or ()
    addresses = [[a for a in each(nic.ip_addresses, "address") if a != INVALID] for nic in nics]
    processors = through(p, "hardware_profile.processors") or ()
    sockets = through(p, "hardware_profile.number_of_cpu_sockets")
    cores = sum(each(processors, "number_of_cores")) if len(processors) == sockets else None
    memory = detected.get("totalPhysicalMemoryInBytes") or through(p, "hardware_profile.total_physical_memory_in_bytes")
    logical = detected.get("logicalCoreCount")
    return {
        "name": machine.name,
        "id": machine.id.lower(),
        "resource_id": machine.id,
        "location": machine.location,
        "tags": machine.tags or {},
        "native_id": p.vm_id,
        "bios_uuid": (p.vm_uuid or "").lower(),
        "status": (ARC_STATUS[p.status], p.agent_version or "", moment(p.last_status_change)),
        "connection_state": p.status or "",
        "errors": [error.message for error in p.error_details or ()],
        "hostname": known(p.machine_fqdn, p.dns_fqdn, through(p, "os_profile.computer_name"), p.display_name),
        "os_type": known(p.os_type, p.os_name) or "unknown",
        "os_name": known(p.os_sku, p.os_name),
        "nics": [(nic.name or nic.id or "", nic.mac_address or "") for nic in nics],
        "addresses": [tuple(found) for found in addresses],
        "ip_addresses": [address for found in addresses for address in found],
        "disks": [(d.name, d.max_size_in_bytes, d.path) for d in through(p, "storage_profile.disks") or ()],
        "cpus": int(logical) if logical else cores,
        "memory": int(memory) if memory else None,
        "firmware": (through(p, "firmware_profile.type") or "").lower(),
        "extensions": [id_.lower() for id_ in each(machine.resources, "id")],
    }


def machine_by_us(machine, body):
    return {
        "name": machine.name,
        "id": machine.id,
        "resource_id": machine.resource_id,
        "location": machine.location,
        "tags": dict(machine.tags),
        "native_id": machine.native_id,
        "bios_uuid": machine.bios_uuid,
        "status": (machine.agent.status.value, machine.agent.version, moment(machine.agent.changed_at)),
        "connection_state": machine.connection_state,
        "errors": [
            e["message"] for e in body["properties"].get("errorDetails") or () if e["message"] in machine.agent.message
        ],
        "hostname": machine.hostname,
        "os_type": machine.os_type.value,
        "os_name": machine.os_name,
        "nics": [(nic.name, nic.mac_address) for nic in machine.nics],
        "addresses": [nic.ip_addresses for nic in machine.nics],
        "ip_addresses": list(machine.ip_addresses),
        "disks": [(disk.name, disk.capacity_bytes, disk.path) for disk in machine.disks],
        "cpus": machine.cpus,
        "memory": machine.memory_bytes,
        "firmware": machine.firmware,
        "extensions": list(hybridcompute.extension_ids(body)),
    }


@by_file("name", MACHINES)
def test_every_arc_machine_field_by_field_against_the_sdk(name):
    for body in MACHINES[name]:
        machine = hybridcompute.read_machine(body, ARC)
        assert machine_by_us(machine, body) == machine_by_sdk(sdk(arc_models.Machine, body))
        assert machine.power_state is PowerState.UNKNOWN
        assert len(machine.problems) == json.dumps(body).count(INVALID)


def test_the_states_of_the_arc_machines_of_four_pages():
    machines = [hybridcompute.read_machine(b, ARC) for b in MACHINES["arc-machines-four-pages-2019-08-02-preview"]]
    assert len(machines) == 349
    assert Counter(m.agent.status for m in machines) == {
        AgentStatus.DISCONNECTED: 154,
        AgentStatus.UNKNOWN: 161,
        AgentStatus.READY: 33,
        AgentStatus.ERROR: 1,
    }
    assert Counter(m.os_type for m in machines) == {
        OSType.UNKNOWN: 169,
        OSType.LINUX: 108,
        OSType.WINDOWS: 72,
    }
    assert {m.is_virtual for m in machines} == {None}
    (failed,) = (m for m in machines if m.agent.status is AgentStatus.ERROR)
    assert failed.agent.message == "503: Internal server error. Unable to make pancakes."


def test_what_is_known_of_virtual_and_physical():
    found = {name: [hybridcompute.read_machine(b, ARC).is_virtual for b in items] for name, items in MACHINES.items()}
    assert found["arc-vmware-2023-10-01"] == [True, True]
    assert found["arc-machine-and-extensions-2024-07-10"] == [False, False]
    assert found["hybridcompute/2026-07-15/Machines_Get"] == [True]


def test_the_uuid_of_an_arc_machine_is_vcenters_with_three_groups_reversed():
    *_, connected = MACHINES["arc-vmware-2023-10-01"]
    (graph,) = (body for name, body in GRAPH if name == "arc-vmware-2023-10-01")
    (row,) = arm.read_graph_page(encode(graph)).rows
    ours = hybridcompute.read_machine(connected, ARC).bios_uuid
    first, second, third, *rest = row["biosId"].split("-")
    swapped = (
        "".join(reversed([group[i : i + 2] for i in range(0, len(group), 2)])) for group in (first, second, third)
    )
    assert ours == "-".join([*swapped, *rest])
    assert arm.arm_id(row["machineId"]) == hybridcompute.read_machine(connected, ARC).id


def test_the_official_example_of_nulls_and_an_invalid_address():
    (body,) = MACHINES["hybridcompute/2026-07-15/Machines_Get"]
    machine = hybridcompute.read_machine(body, ARC)
    assert machine.ip_addresses == ("1001:0:34aa:5000:1234:aaaa:bbbb:cccc",)
    assert [nic.mac_address for nic in machine.nics] == ["3c:49:6e:13:0e:73", "10:15:5c:52:f9:b8"]
    (problem,) = machine.problems
    assert INVALID in problem.message
    assert (machine.agent.status, machine.os_type) == (AgentStatus.UNKNOWN, OSType.UNKNOWN)
    assert (machine.cpus, machine.memory_bytes) == (None, 34359738368)


@by_file("name", ARC_EXTENSIONS)
def test_every_arc_extension_field_by_field_against_the_sdk(name):
    for body in ARC_EXTENSIONS[name]:
        theirs = sdk(arc_models.MachineExtension, body)
        expected = extension_by_sdk(theirs, theirs.properties.instance_view)
        assert extension_by_us(hybridcompute.read_extension(body, ARC)) == expected


def test_the_words_of_all_arc_extensions():
    words = [hybridcompute.read_extension(b, ARC).status for items in ARC_EXTENSIONS.values() for b in items]
    assert Counter(words) == {"info": 9, "": 1}


# Stack Hub's fabric


def test_the_nodes_of_a_real_hub():
    listed, single = bodies("hub-scale-unit-nodes-and-maintenance-2020-10-01")[:2]
    hosts = [fabric.read_node(item, HUB) for item in arm.read_page(encode(listed), where="nodes").items]
    assert [host.name for host in hosts] == ["HUB1-NODE09", "HUB1-NODE11", "HUB1-NODE13", "HUB1-NODE15"]
    assert {(h.vendor, h.model, h.cpu_cores, h.connection_state) for h in hosts} == {
        ("DELL", "PowerEdge R740xd", 64, "Running")
    }
    assert {(h.power_state, h.in_maintenance, h.hypervisor, h.problems) for h in hosts} == {
        (PowerState.RUNNING, False, "Hyper-V", ())
    }
    assert len({host.serial_number for host in hosts}) == 4
    assert fabric.read_node(single, HUB) == hosts[0]


def test_the_scale_unit_of_a_real_hub_holds_its_nodes_and_their_sum():
    listed, single = bodies("hub-scale-units-2020-10-01")
    (cluster,) = (fabric.read_scale_unit(item, HUB) for item in arm.read_page(encode(listed), where="units").items)
    assert cluster == fabric.read_scale_unit(single, HUB)
    hosts = [fabric.read_node(b, HUB) for b in bodies("hub-scale-unit-nodes-and-maintenance-2020-10-01")[0]["value"]]
    assert cluster.host_ids == tuple(host.id for host in hosts)
    assert {host.cluster_id for host in hosts} == {cluster.id}
    assert cluster.cpu_cores == sum(host.cpu_cores for host in hosts) == 256
    assert abs(cluster.memory_bytes - sum(host.memory_bytes for host in hosts)) < 2**20
    assert (cluster.name, cluster.state, cluster.problems) == ("s-cluster", "Running", ())


@by_file("name", [*NODES, *UNITS])
def test_every_node_and_scale_unit_is_read_without_a_problem(name):
    records = [fabric.read_node(b, HUB) for b in NODES.get(name, ())]
    records += [fabric.read_scale_unit(b, HUB) for b in UNITS.get(name, ())]
    raw = [*NODES.get(name, ()), *UNITS.get(name, ())]
    assert [record.id for record in records] == [body["id"].lower() for body in raw]
    assert [record.name for record in records] == [body["name"].rpartition("/")[2] for body in raw]
    capacities = [body["properties"].get("capacity") or body["properties"]["totalCapacity"] for body in raw]
    assert [(record.cpu_cores, record.memory_bytes) for record in records] == [
        (capacity["cores"], round(capacity["memoryGB"] * GIB)) for capacity in capacities
    ]
    assert [record.problems for record in records] == [()] * len(raw)


@by_file(
    ("name", "region"),
    [
        ("hub-fabric-locations-2016-05-01", "redmond"),
        ("azsadmin-fabric/2016-05-01/FabricLocation_List", "local"),
    ],
)
def test_the_regions(name, region):
    (body,) = bodies(name)
    assert fabric.read_location_names(arm.read_page(encode(body), where="regions").items) == [region]


# ids


def test_every_id_in_every_answer_falls_into_its_parts():
    ids = {item["id"] for _, _, body in ANSWERS for item in every(body) if isinstance(item.get("id"), str)}
    whole = [id_ for id_ in ids if id_.lower().startswith("/subscriptions/") and "/providers/" in id_.lower()]
    assert len(whole) == 2941
    odd = []
    for id_ in whole:
        rid = arm.parse_id(id_)
        pairs = [part for pair in zip(rid.types, rid.names, strict=False) for part in pair]
        assert rid.provider.startswith(("Microsoft.", "microsoft.", "MICROSOFT."))
        assert rid.subscription_id == id_.split("/")[2]
        assert id_.startswith(f"{rid.parent}/")
        if not id_.endswith("/".join((rid.provider, *pairs))):
            odd.append(id_)
    # an official example has a resource type with no name behind a provider
    assert [last_part(id_) for id_ in odd] == ["current"]
