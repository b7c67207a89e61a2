"""Virtual machines and their extensions: model and status apart, odd fields noted, never raised."""

from datetime import UTC, datetime

import pytest

from hybridinv.errors import UnexpectedAnswer
from hybridinv.model import AgentStatus, OSType, PowerState
from hybridinv.wire import compute
from hybridinv.wire.compute_sizes import Size
from hybridinv.wire.reading import Origin

HUB = Origin("azure-stack-hub", "management.redmond.example")
GROUP = "/subscriptions/S-1/resourceGroups/RG-Web"
VM = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/Web01"
READY = {"displayStatus": "Ready", "level": "Info", "code": "ProvisioningState/succeeded", "message": "runs"}


def row(**properties):
    return {"id": VM, "name": "Web01", "location": "redmond", "properties": properties}


def status(*codes, **view):
    return {
        "id": VM,
        "properties": {"instanceView": {"statuses": [{"code": code} for code in codes], **view}},
    }


def read(model=None, seen=None):
    return compute.read_vm(row() if model is None else model, seen, HUB)


def agent_of(vm_agent=None, *codes, **properties):
    view = {} if vm_agent is None else {"vmAgent": vm_agent}
    return read(row(**properties), status(*(codes or ("PowerState/running",)), **view)).agent


# identity


def test_a_vm_says_where_it_is_from_and_is_known_by_its_folded_id():
    vm = read()
    assert (vm.platform, vm.source) == ("azure-stack-hub", "management.redmond.example")
    assert (vm.id, vm.resource_id) == (VM.lower(), VM)
    assert (vm.resource_group, vm.subscription_id) == ("RG-Web", "S-1")
    assert (vm.name, vm.location, vm.folder, vm.is_virtual) == ("Web01", "redmond", "", True)


def test_two_spellings_of_an_id_are_one_machine():
    assert read(row() | {"id": VM.upper()}).id == read().id


def test_the_name_comes_from_the_id_where_it_is_null():
    assert read(row() | {"name": None}).name == "Web01"


def test_a_machine_without_an_id_names_the_path():
    with pytest.raises(UnexpectedAnswer) as caught:
        compute.read_vm({"name": "x"}, None, HUB)
    assert caught.value.path == "id"


def test_an_extension_without_an_id_names_the_path():
    with pytest.raises(UnexpectedAnswer) as caught:
        compute.read_extension({"name": "x"}, None, HUB)
    assert caught.value.path == "id"


def test_nothing_but_an_id_is_a_vm_of_which_nothing_is_known():
    vm = read({"id": VM})
    assert (vm.power_state, vm.agent.status, vm.os_type) == (
        PowerState.UNKNOWN,
        AgentStatus.UNKNOWN,
        OSType.UNKNOWN,
    )
    assert (vm.os_name, vm.size, vm.cpus, vm.created_at, vm.firmware) == ("", "", None, None, "")
    assert (vm.host_id, vm.maintenance, vm.problems) == ("", "", ())


# power


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("PowerState/running", PowerState.RUNNING),
        ("PowerState/stopped", PowerState.STOPPED),
        ("PowerState/deallocated", PowerState.DEALLOCATED),
        ("PowerState/starting", PowerState.STARTING),
        ("PowerState/stopping", PowerState.STOPPING),
        ("PowerState/deallocating", PowerState.STOPPING),
        ("PowerState/unknown", PowerState.UNKNOWN),
        ("powerstate/Running", PowerState.RUNNING),
    ],
)
def test_the_power_code(code, state):
    vm = read(seen=status("ProvisioningState/succeeded", code))
    assert (vm.power_state, vm.problems) == (state, ())


def test_a_generalized_vm_has_three_statuses():
    vm = read(seen=status("OSState/generalized", "ProvisioningState/succeeded", "PowerState/stopped"))
    assert vm.power_state is PowerState.STOPPED


def test_a_power_word_not_known_here_is_unknown_and_told():
    vm = read(seen=status("PowerState/teleporting"))
    assert vm.power_state is PowerState.UNKNOWN
    assert "teleporting" in vm.problems[0].message


def test_no_power_code_is_unknown():
    assert read(seen=status("ProvisioningState/succeeded")).power_state is PowerState.UNKNOWN


def test_the_status_of_the_second_sweep_wins_over_the_model():
    model = row(instanceView={"statuses": [{"code": "PowerState/running"}]})
    assert read(model).power_state is PowerState.RUNNING
    assert read(model, status("PowerState/deallocated")).power_state is PowerState.DEALLOCATED


def test_a_second_sweep_without_instance_view_does_not_hide_the_models():
    model = row(instanceView={"statuses": [{"code": "PowerState/running"}]})
    assert read(model, {"id": VM, "properties": {}}).power_state is PowerState.RUNNING


def test_a_bare_instance_view_is_a_status():
    assert read(seen={"statuses": [{"code": "PowerState/stopped"}]}).power_state is PowerState.STOPPED


@pytest.mark.parametrize(
    ("item", "has"),
    [
        (status("PowerState/running"), True),
        (row(), False),
        (row(instanceView=None), False),
        (row(instanceView={}), False),
        ({"properties": None}, False),
        (None, False),
    ],
)
def test_whether_a_row_has_the_run_time_status(item, has):
    assert compute.has_instance_view(item) is has


# agent


def test_an_agent_that_is_ready():
    agent = agent_of({"vmAgentVersion": "2.7.1", "statuses": [READY | {"time": "2024-08-26T07:20:09+00:00"}]})
    assert (agent.kind, agent.status, agent.version) == ("azure-vm-agent", AgentStatus.READY, "2.7.1")
    assert (agent.message, agent.changed_at) == ("runs", datetime(2024, 8, 26, 7, 20, 9, tzinfo=UTC))


@pytest.mark.parametrize("message", ["VM status blob is found but not yet populated.", "VM Agent is unresponsive."])
def test_an_agent_that_is_not_ready_says_why_and_its_version_is_not_known(message):
    state = {"displayStatus": "Not Ready", "code": "ProvisioningState/Unavailable", "message": message}
    agent = agent_of({"vmAgentVersion": "Unknown", "statuses": [state]})
    assert (agent.status, agent.message, agent.version) == (AgentStatus.NOT_READY, message, "")


def test_of_several_agent_statuses_the_last_by_time_counts():
    late = {"displayStatus": "Not Ready", "message": "late", "time": "2024-08-26T07:00:00Z"}
    early = READY | {"time": "2024-08-26T06:00:00Z"}
    for statuses in ([late, early], [early, late], [READY, late], [late, READY]):
        assert agent_of({"statuses": statuses}).message == "late"


def test_of_agent_statuses_without_time_the_later_counts():
    assert agent_of({"statuses": [READY, READY | {"message": "second"}]}).message == "second"


def test_an_agent_word_not_known_here_is_unknown_and_kept():
    agent = agent_of({"statuses": [{"displayStatus": "Updating", "message": "wait"}]})
    assert (agent.status, agent.message) == (AgentStatus.UNKNOWN, "Updating: wait")


def test_the_code_tells_where_there_is_no_word():
    assert agent_of({"statuses": [{"code": "ProvisioningState/succeeded"}]}).status is AgentStatus.READY
    assert agent_of({"statuses": [{"code": "ProvisioningState/Unavailable"}]}).status is AgentStatus.NOT_READY


def test_an_agent_without_statuses_is_unknown():
    agent = agent_of({"vmAgentVersion": "2.7.1", "statuses": []})
    assert (agent.status, agent.version) == (AgentStatus.UNKNOWN, "2.7.1")


@pytest.mark.parametrize("system", ["windows", "linux"])
def test_no_agent_where_none_was_wanted_and_none_is_seen(system):
    profile = {f"{system}Configuration": {"provisionVMAgent": False}}
    assert agent_of(None, osProfile=profile).status is AgentStatus.NOT_INSTALLED


def test_what_was_wanted_does_not_hide_what_is_seen():
    profile = {"linuxConfiguration": {"provisionVMAgent": False}}
    assert agent_of({"statuses": [READY]}, osProfile=profile).status is AgentStatus.READY


@pytest.mark.parametrize(
    "profile", [None, {}, {"linuxConfiguration": {}}, {"linuxConfiguration": {"provisionVMAgent": True}}]
)
def test_no_agent_seen_is_unknown_where_nobody_refused_one(profile):
    # a specialised disk has no osProfile, and the older Hub version no provisionVMAgent for Linux
    agent = agent_of(None, osProfile=profile)
    assert (agent.status, agent.message) == (AgentStatus.UNKNOWN, "the instance view has no vmAgent")


def test_the_agent_of_a_deallocated_vm_is_unknown():
    profile = {"linuxConfiguration": {"provisionVMAgent": False}}
    agent = agent_of(None, "PowerState/deallocated", osProfile=profile)
    assert (agent.status, agent.message) == (AgentStatus.UNKNOWN, "deallocated")
    assert agent_of({"statuses": [READY]}, "PowerState/deallocated").status is AgentStatus.UNKNOWN


def test_the_agent_is_unknown_without_an_instance_view():
    agent = read(row(osProfile={"windowsConfiguration": {"provisionVMAgent": False}})).agent
    assert (agent.status, agent.message) == (AgentStatus.UNKNOWN, "no instance view")


@pytest.mark.parametrize("system", ["windows", "linux"])
@pytest.mark.parametrize("wanted", [True, False])
def test_what_was_wanted_is_told_apart_from_what_is_there(system, wanted):
    settings = {"provisionVMAgent": wanted, "enableVMAgentPlatformUpdates": not wanted}
    profile = {f"{system}Configuration": settings, "allowExtensionOperations": wanted}
    for vm_agent, codes in ((None, ()), ({"statuses": [READY]}, ()), (None, ("PowerState/deallocated",))):
        agent = agent_of(vm_agent, *codes, osProfile=profile)
        assert (agent.is_wanted, agent.allows_extensions, agent.auto_upgrade) == (wanted, wanted, not wanted)


def test_without_an_os_profile_nobody_knows_what_was_wanted():
    agent = agent_of({"statuses": [READY]})
    assert (agent.is_wanted, agent.allows_extensions, agent.auto_upgrade) == (None, None, None)
    assert agent.status is AgentStatus.READY


def test_the_handlers_that_the_agent_runs():
    handlers = [
        {"type": "A.B", "typeHandlerVersion": "1.2", "status": {"displayStatus": "Ready", "code": "x/succeeded"}},
        {"type": "A.C", "typeHandlerVersion": "2.0", "status": {"code": "ProvisioningState/failed"}},
        {"type": "A.D"},
        {"status": {"displayStatus": "of nothing"}},
        "odd",
    ]
    vm = read(seen=status("PowerState/running", vmAgent={"statuses": [READY], "extensionHandlers": handlers}))
    assert vm.agent.services == {"A.B 1.2": "Ready", "A.C 2.0": "failed", "A.D": ""}
    assert [problem.message for problem in vm.problems] == ["extensionHandlers: expected a list of objects, got 'odd'"]


# what it is made of


def test_firmware_comes_from_the_generation_else_from_uefi_settings():
    uefi = {"uefiSettings": {"secureBootEnabled": True}}
    assert read(seen=status("PowerState/running", hyperVGeneration="V1")).firmware == "bios"
    assert read(seen=status("PowerState/running", hyperVGeneration="v2")).firmware == "efi"
    assert read(row(securityProfile=uefi)).firmware == "efi"
    assert read(row(securityProfile={"encryptionAtHost": True})).firmware == ""
    odd = read(seen=status("PowerState/running", hyperVGeneration="V9"))
    assert (odd.firmware, len(odd.problems)) == ("", 1)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Windows", OSType.WINDOWS),
        ("Linux", OSType.LINUX),
        ("linux", OSType.LINUX),
        ("Plan9", OSType.OTHER),
        (None, OSType.UNKNOWN),
    ],
)
def test_the_os_type_of_the_os_disk(word, kind):
    assert read(row(storageProfile={"osDisk": {"osType": word}})).os_type is kind


IMAGE = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS", "version": "latest"}


@pytest.mark.parametrize(
    ("view", "image", "name"),
    [
        ({"osName": "ubuntu", "osVersion": "22.04"}, IMAGE, "ubuntu 22.04"),
        (
            {"osName": "Windows Server 2016 Datacenter", "osVersion": "Microsoft Windows NT 10.0.14393.0"},
            IMAGE,
            "Windows Server 2016 Datacenter",
        ),
        ({}, IMAGE, "UbuntuServer 18.04-LTS"),
        ({}, {"id": f"{GROUP}/providers/Microsoft.Compute/images/golden"}, ""),
        ({}, None, ""),
    ],
)
def test_the_os_name_is_the_agents_else_the_images(view, image, name):
    model = row(storageProfile={"imageReference": image})
    assert read(model, status("PowerState/running", **view)).os_name == name


def test_disks_are_in_bytes_and_say_where_they_are():
    storage = {
        "osDisk": {"name": "os", "diskSizeGB": 127, "managedDisk": {"id": "/Disks/OS"}},
        "dataDisks": [
            {"name": "d0", "diskSizeGB": "1023", "vhd": {"uri": "https://a/b.vhd"}},
            {"name": "d1"},
        ],
    }
    disks = read(row(storageProfile=storage)).disks
    assert [(d.name, d.capacity_bytes, d.path) for d in disks] == [
        ("os", 127 * 2**30, "/Disks/OS"),
        ("d0", 1023 * 2**30, "https://a/b.vhd"),
        ("d1", None, ""),
    ]


def test_disks_say_how_they_are_attached():
    storage = {
        "diskControllerType": "NVMe",
        "osDisk": {"caching": "ReadWrite", "encryptionSettings": {"enabled": True}},
        "dataDisks": [{"lun": 3, "caching": "None", "managedDisk": {"storageAccountType": "PremiumV2_LRS"}}],
    }
    system, data = read(row(storageProfile=storage)).disks
    assert (system.caching, system.unit_number, system.is_encrypted) == ("ReadWrite", None, True)
    assert (data.caching, data.unit_number, data.storage_type) == ("None", 3, "PremiumV2_LRS")
    assert (data.is_encrypted, {system.controller_type, data.controller_type}) == (None, {"NVMe"})


def test_nics_are_named_as_their_resources():
    nics = [
        {"id": f"{GROUP}/providers/Microsoft.Network/networkInterfaces/web01-NIC"},
        {"id": "odd"},
        {"properties": {}},
    ]
    assert [nic.name for nic in read(row(networkProfile={"networkInterfaces": nics})).nics] == ["web01-NIC", "odd"]


def test_size_cpus_host_vm_id_hostname_and_moment():
    vm = read(
        row(
            vmId="79BA27F2-9361",
            hardwareProfile={"vmSize": "Standard_A0", "vmSizeProperties": {"vCPUsAvailable": 7}},
            osProfile={"computerName": "WEB01"},
            host={"id": f"{GROUP}/providers/Microsoft.Compute/hostGroups/G/hosts/H"},
            timeCreated="2024-04-28T06:28:49.0518122+00:00",
        )
        | {}
    )
    assert (vm.size, vm.cpus, vm.native_id, vm.hostname) == ("Standard_A0", 7, "79BA27F2-9361", "WEB01")
    assert vm.host_id == f"{GROUP}/providers/Microsoft.Compute/hostGroups/G/hosts/H".lower()
    assert vm.created_at == datetime(2024, 4, 28, 6, 28, 49, 51812, tzinfo=UTC)


def test_the_assigned_host_counts_where_only_a_host_group_was_asked_for():
    view = status("PowerState/running", assignedHost="/Hosts/H1", computerName="renamed")
    vm = read(row(osProfile={"computerName": "old"}), view)
    assert (vm.host_id, vm.hostname) == ("/hosts/h1", "renamed")


def test_where_a_machine_is_kept():
    names = ("availabilitySets/A", "virtualMachineScaleSets/S", "hostGroups/G")
    set_, scale_set, group = ({"id": f"{GROUP}/providers/Microsoft.Compute/{name}"} for name in names)
    model = row(availabilitySet=set_, virtualMachineScaleSet=scale_set, hostGroup=group, platformFaultDomain=2)
    vm = read(model | {"zones": ["2"], "managedBy": "aks"}, status("x", platformUpdateDomain=4))
    assert vm.availability_set_id == set_["id"].lower()
    assert vm.scale_set_id == scale_set["id"].lower()
    assert vm.cluster_id == group["id"].lower()
    assert (vm.zones, vm.managed_by, vm.fault_domain, vm.update_domain) == (("2",), "aks", 2, 4)
    assert read(model, status("x", platformFaultDomain=0)).fault_domain == 0


def test_the_group_of_the_host_is_its_cluster():
    host = f"{GROUP}/providers/Microsoft.Compute/hostGroups/G/hosts/H"
    group = f"{GROUP}/providers/microsoft.compute/hostgroups/g".lower()
    assert read(row(host={"id": host})).cluster_id == group
    assert read(seen=status("x", assignedHost=host)).cluster_id == group
    assert read().cluster_id == ""


def test_an_instance_of_a_scale_set():
    id_ = f"{GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets/Web/virtualMachines/3"
    view = {"statuses": [{"code": "PowerState/running"}], "platformFaultDomain": 1}
    model = {"id": id_, "name": "Web_3", "instanceId": "3", "sku": {"name": "Standard_DS1_v2", "capacity": 1}}
    vm = read({**model, "properties": {"hardwareProfile": {}, "vmId": "9", "instanceView": view}})
    assert (vm.id, vm.name, vm.size, vm.native_id) == (id_.lower(), "Web_3", "Standard_DS1_v2", "9")
    assert vm.scale_set_id == id_.lower().removesuffix("/virtualmachines/3")
    assert (vm.power_state, vm.fault_domain, vm.resource_group) == (PowerState.RUNNING, 1, "RG-Web")


def test_security_priority_licence_and_state():
    security = {"uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": False}, "encryptionAtHost": "true"}
    vm = read(row(securityProfile=security, priority="Spot", licenseType="RHEL_BYOS", provisioningState="Updating"))
    assert (vm.secure_boot, vm.has_tpm, vm.is_encrypted) == (True, False, True)
    assert (vm.priority, vm.license_type, vm.provisioning_state) == ("Spot", "RHEL_BYOS", "Updating")
    bare = read()
    assert (bare.secure_boot, bare.has_tpm, bare.is_encrypted, bare.priority) == (None, None, None, "")


@pytest.mark.parametrize(
    ("reference", "image"),
    [
        (IMAGE, "Canonical:UbuntuServer:18.04-LTS:latest"),
        (IMAGE | {"exactVersion": "18.04.202401"}, "Canonical:UbuntuServer:18.04-LTS:18.04.202401"),
        ({"id": "/Images/Golden"}, "/Images/Golden"),
        ({"communityGalleryImageId": "/CommunityGalleries/x"}, "/CommunityGalleries/x"),
        ({}, ""),
        (None, ""),
    ],
)
def test_what_it_was_made_from(reference, image):
    assert read(row(storageProfile={"imageReference": reference})).image == image


def test_the_version_of_the_guest():
    assert read(seen=status("x", osName="ubuntu", osVersion="22.04")).os_version == "22.04"


# what other lists say of it


def beside(**lists):
    return compute.read_vm(
        row(hardwareProfile={"vmSize": "standard_D2s_v5"}), None, HUB, compute.Beside(**lists)
    )  # fmt: skip


def test_the_size_gives_cpus_and_memory():
    sizes = {"standard_d2s_v5": Size(cpus=2, memory_bytes=8 * 2**30)}
    vm = beside(sizes=sizes)
    assert (vm.cpus, vm.memory_bytes, vm.size) == (2, 8 * 2**30, "standard_D2s_v5")
    odd = beside(sizes={"standard_d2s_v5": Size(notes=("MemoryGB: expected a number, got 'many'",))})
    assert ("MemoryGB" in odd.problems[0].message, odd.cpus, odd.memory_bytes) == (True, None, None)


def test_a_machine_with_fewer_cpus_than_its_size():
    fewer = {"vmSize": "M", "vmSizeProperties": {"vCPUsAvailable": 1, "vCPUsPerCore": 1}}
    vm = compute.read_vm(row(hardwareProfile=fewer), None, HUB, compute.Beside(sizes={"m": Size(cpus=8)}))
    assert vm.cpus == 1


def test_a_size_that_no_list_has_is_unknown_and_no_problem():
    vm = beside(sizes={"standard_d4s_v5": Size(cpus=4)})
    assert (vm.cpus, vm.memory_bytes, vm.problems) == (None, None, ())


def test_its_addresses_are_those_of_its_adapters():
    ids = [f"{GROUP}/providers/Microsoft.Network/networkInterfaces/{name}" for name in ("a", "b", "c")]
    network = {"networkInterfaces": [{"id": id_, "properties": {"primary": id_ is ids[1]}} for id_ in ids]}
    configurations = [{"properties": {"privateIPAddress": "10.0.0.4"}}, {"properties": {"privateIPAddress": "fd00::4"}}]
    found = {ids[0].lower(): {"properties": {"ipConfigurations": configurations, "macAddress": 5}}}
    vm = compute.read_vm(row(networkProfile=network), None, HUB, compute.Beside(interfaces=found))
    assert (vm.ip_addresses, [nic.is_primary for nic in vm.nics]) == (("10.0.0.4", "fd00::4"), [False, True, False])
    assert compute.interface_ids(row(networkProfile=network)) == {id_.lower() for id_ in ids}


def test_what_hangs_on_the_machine_is_found_by_its_folded_id():
    health = {"properties": {"availabilityState": "Degraded", "summary": "slow disk"}}
    update = {"properties": {"value": [{"status": "Pending", "impactType": "Freeze"}]}}
    vm = beside(health={VM.lower(): health}, updates={VM.lower(): update})
    assert (vm.health, vm.health_reason) == ("Degraded", "slow disk")
    assert [(one.status, one.impact) for one in vm.pending_updates] == [("Pending", "Freeze")]


def test_an_announced_redeploy_is_a_pending_update():
    redeploy = {
        "isCustomerInitiatedMaintenanceAllowed": True,
        "maintenanceWindowStartTime": "2026-02-16T00:00:00+00:00",
        "maintenanceWindowEndTime": "2026-02-23T00:00:00+00:00",
        "lastOperationResultCode": "None",
    }
    (update,) = read(seen=status("x", maintenanceRedeployStatus=redeploy)).pending_updates
    assert (update.status, update.impact, update.may_start_now) == ("Pending", "Redeploy", True)
    assert update.not_before == datetime(2026, 2, 16, tzinfo=UTC)
    assert update.until == datetime(2026, 2, 23, tzinfo=UTC)
    later = redeploy | {"lastOperationResultCode": "RetryLater", "maintenanceWindowEndTime": "garbage"}
    vm = read(seen=status("x", maintenanceRedeployStatus=later))
    assert [one.status for one in vm.pending_updates] == ["RetryLater"]
    assert len(vm.problems) == 1
    assert read(seen=status("x")).pending_updates == ()


def test_tags_are_a_mapping_of_texts():
    assert dict(read(row() | {"tags": {"Env": "prod", "n": 3, "none": None}}).tags) == {
        "Env": "prod",
        "n": "3",
        "none": "",
    }
    assert dict(read(row() | {"tags": None}).tags) == {}


def test_announced_maintenance_is_told_in_words():
    redeploy = {
        "isCustomerInitiatedMaintenanceAllowed": True,
        "preMaintenanceWindowStartTime": "2024-01-01T00:00:00Z",
        "preMaintenanceWindowEndTime": "2024-01-05T00:00:00+00:00",
        "maintenanceWindowStartTime": "2024-01-06T01:30:00",
        "lastOperationResultCode": "RetryLater",
        "lastOperationMessage": "busy",
    }
    assert read(seen=status("PowerState/running", maintenanceRedeployStatus=redeploy)).maintenance == (
        "redeploy can be started now; self-service window 2024-01-01 00:00Z to 2024-01-05 00:00Z; "
        "maintenance window 2024-01-06 01:30Z to ?; last operation RetryLater: busy"
    )
    quiet = {"isCustomerInitiatedMaintenanceAllowed": False, "lastOperationResultCode": "None"}
    assert read(seen=status("x", maintenanceRedeployStatus=quiet)).maintenance == "redeploy cannot be started by you"
    assert read(seen=status("x", maintenanceRedeployStatus=None)).maintenance == ""
    said = {"maintenanceWindowEndTime": "2024-01-06T01:30:00", "lastOperationMessage": "soon"}
    assert read(seen=status("x", maintenanceRedeployStatus=said)).maintenance == (
        "redeploy announced; maintenance window ? to 2024-01-06 01:30Z; last operation soon"
    )


ODD = [-1, "text", [], [1], {"x": 1}, True, 1.5]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "field",
    [
        "vmId",
        "hardwareProfile",
        "storageProfile",
        "osProfile",
        "networkProfile",
        "securityProfile",
        "host",
        "hostGroup",
        "availabilitySet",
        "virtualMachineScaleSet",
        "platformFaultDomain",
        "priority",
        "licenseType",
        "provisioningState",
        "timeCreated",
        "instanceView",
    ],
)
def test_an_odd_field_never_costs_the_machine(field, odd):
    vm = read(row(**{field: odd}))
    assert vm.id == VM.lower()


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "field",
    [
        "statuses",
        "vmAgent",
        "hyperVGeneration",
        "maintenanceRedeployStatus",
        "osName",
        "osVersion",
        "computerName",
        "assignedHost",
        "platformFaultDomain",
        "platformUpdateDomain",
    ],
)
def test_an_odd_status_never_costs_the_machine(field, odd):
    vm = read(seen=status("PowerState/running", **{field: odd}))
    assert vm.id == VM.lower()


@pytest.mark.parametrize(
    ("properties", "path"),
    [
        ({"hardwareProfile": {"vmSizeProperties": {"vCPUsAvailable": "many"}}}, "vCPUsAvailable"),
        ({"storageProfile": {"osDisk": {"diskSizeGB": True}}}, "diskSizeGB"),
        ({"storageProfile": {"osDisk": {"diskSizeGB": float("nan")}}}, "diskSizeGB"),
        ({"storageProfile": {"dataDisks": ["d"]}}, "dataDisks"),
        ({"timeCreated": "garbage"}, "timeCreated"),
        ({"networkProfile": [1]}, "networkProfile"),
        ({"vmId": {}}, "vmId"),
    ],
)
def test_what_cannot_be_read_is_told(properties, path):
    (problem,) = read(row(**properties)).problems
    assert path in problem.message
    assert (problem.kind, problem.scope, problem.source) == ("vms", VM.lower(), HUB.source)
    assert problem.error == "UnexpectedAnswer"


def test_extension_ids_of_a_row_in_a_list_have_nothing_but_an_id():
    model = row() | {"resources": [{"id": f"{VM}/extensions/MicrosoftMonitoringAgent"}]}
    assert compute.extension_ids(model) == (f"{VM}/extensions/microsoftmonitoringagent".lower(),)


# extensions


def extension(**properties):
    kind = "Microsoft.Compute/virtualMachines/extensions"
    return {"id": f"{VM}/Extensions/Diag", "name": "Diag", "type": kind, "properties": properties}


@pytest.mark.parametrize(
    ("resources", "view", "named"),
    [
        (["A"], None, {"a"}),
        ([], None, set()),
        (None, None, None),
        (None, {}, None),
        (None, {"statuses": [{"code": "PowerState/running"}]}, set()),
        (None, {"extensions": [{"name": "B"}, {"name": None}, {"type": "x"}, "odd"]}, {"b"}),
        (["A", "C"], {"extensions": [{"name": "a"}, {"name": "B"}]}, {"a", "b", "c"}),
        (["A"], {"extensions": None}, {"a"}),
    ],
)
def test_the_extensions_that_a_machines_two_rows_name(resources, view, named):
    model = row() | ({} if resources is None else {"resources": [{"id": f"{VM}/extensions/{n}"} for n in resources]})
    expected = None if named is None else {f"{VM}/extensions/{name}".lower() for name in named}
    assert compute.named_extensions(model, {"properties": {"instanceView": view}}) == expected
    model["properties"] = {**model["properties"], "instanceView": view}
    assert compute.named_extensions(model, None) == expected


def test_an_extension_without_instance_view():
    found = compute.read_extension(
        extension(
            publisher="Microsoft.OSTCExtensions",
            type="LinuxDiagnostic",
            typeHandlerVersion="2.3",
            provisioningState="Succeeded",
            enableAutomaticUpgrade=False,
        ),
        None,
        HUB,
    )
    assert (found.id, found.name, found.vm_id) == (f"{VM}/extensions/diag".lower(), "Diag", VM.lower())
    assert (found.publisher, found.type) == ("Microsoft.OSTCExtensions", "LinuxDiagnostic")
    assert (found.version, found.provisioning_state, found.auto_upgrade) == ("2.3", "Succeeded", False)
    assert (found.status, found.message, found.platform, found.source) == ("", "", HUB.platform, HUB.source)


def test_the_status_in_the_machines_instance_view_wins():
    entry = {
        "name": "diag",
        "typeHandlerVersion": "2.3.9029",
        "statuses": [{"code": "ProvisioningState/succeeded", "level": "Info", "message": "Enable succeeded"}],
        "substatuses": [{"code": "ComponentStatus/x", "level": "Warning", "message": "slow"}],
    }
    own = {"typeHandlerVersion": "2.0", "statuses": [{"level": "Error", "message": "old"}]}
    found = compute.read_extension(extension(typeHandlerVersion="2.3", instanceView=own), entry, HUB)
    assert (found.version, found.status, found.message) == ("2.3.9029", "warning", "slow")
    alone = compute.read_extension(extension(typeHandlerVersion="2.3", instanceView=own), None, HUB)
    assert (alone.version, alone.status, alone.message) == ("2.0", "error", "old")


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "field",
    [
        "publisher",
        "type",
        "typeHandlerVersion",
        "provisioningState",
        "enableAutomaticUpgrade",
        "instanceView",
    ],
)
def test_an_odd_field_never_costs_the_extension(field, odd):
    read = compute.read_extension(extension(**{field: odd}), None, HUB)
    assert read.name == "Diag"
    assert all(problem.scope == read.id and field in problem.message for problem in read.problems)


def test_an_odd_field_of_an_extension_is_a_problem():
    read = compute.read_extension(extension(publisher={"not": "a text"}), None, HUB)
    assert [(problem.kind, problem.error) for problem in read.problems] == [("extensions", "UnexpectedAnswer")]


@pytest.mark.parametrize(
    ("field", "value"),
    [("hardwareProfile", ["x"]), ("osProfile", "junk"), ("instanceView", ["x"]), ("networkProfile", 5)],
)
def test_an_object_that_is_none_is_a_problem_of_its_machine(field, value):
    id_ = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/a"
    vm = compute.read_vm({"id": id_, "name": "a", "properties": {field: value}}, None, Origin("azure", "x"))
    assert field in {one.message.partition(":")[0].rpartition(".")[2] for one in vm.problems}
