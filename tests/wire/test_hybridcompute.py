"""Arc machines: nulls, odd types, an open status, evidence of hardware, an extension status of its own."""

from datetime import UTC, date, datetime

import pytest

from hybridinv.errors import UnexpectedAnswer
from hybridinv.model import AgentStatus, OSType, PowerState
from hybridinv.wire import hybridcompute
from hybridinv.wire.arc_agent import released_on
from hybridinv.wire.reading import Origin

ARC = Origin("azure-arc", "management.azure.com")
ID = "/subscriptions/S-1/resourceGroups/RG-1/providers/Microsoft.HybridCompute/machines/Laptop"


def read(kind=None, **properties):
    body = {
        "id": ID,
        "name": "Laptop",
        "location": "eastus",
        "kind": kind,
        "tags": None,
        "properties": properties,
    }
    return hybridcompute.read_machine(body, ARC)


def made(manufacturer=None, model=None, kind=None):
    return read(kind, detectedProperties={"manufacturer": manufacturer, "model": model}).is_virtual


def test_a_machine_is_known_by_its_folded_id_and_keeps_it_as_written():
    machine = read()
    assert (machine.id, machine.resource_id, machine.name) == (ID.lower(), ID, "Laptop")
    assert (machine.subscription_id, machine.resource_group, machine.location) == ("S-1", "RG-1", "eastus")
    assert (machine.platform, machine.source) == ("azure-arc", "management.azure.com")


@pytest.mark.parametrize("reader", [hybridcompute.read_machine, hybridcompute.read_extension])
def test_a_record_without_an_id_names_the_path(reader):
    with pytest.raises(UnexpectedAnswer) as caught:
        reader({"properties": {}}, ARC)
    assert caught.value.path == "id"


# status


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Connected", AgentStatus.READY),
        ("connected", AgentStatus.READY),
        ("Disconnected", AgentStatus.DISCONNECTED),
        ("Expired", AgentStatus.EXPIRED),
        ("Error", AgentStatus.ERROR),
    ],
)
def test_a_status_that_is_known(word, status):
    machine = read(status=word)
    assert (machine.agent.status, machine.agent.message, machine.connection_state) == (status, "", word)
    assert machine.agent.kind == "connected-machine-agent"


def test_a_machine_that_waits_for_its_first_connection_is_not_ready():
    agent = read(status="AwaitingConnection").agent
    assert (agent.status, agent.message) == (AgentStatus.NOT_READY, "AwaitingConnection")


@pytest.mark.parametrize("word", ["Hibernated", "NotYetInvented"])
def test_a_status_that_is_not_known_is_kept_in_words(word):
    machine = read(status=word)
    assert (machine.agent.status, machine.agent.message) == (AgentStatus.UNKNOWN, word)
    assert machine.connection_state == word


def test_a_null_status_is_unknown_and_no_problem():
    machine = read(status=None)
    assert (machine.agent.status, machine.connection_state) == (AgentStatus.UNKNOWN, "")
    assert (machine.agent.message, machine.problems) == ("no status yet: no agent has reported", ())
    assert read(status=None, agentVersion="1.46.1").agent.message == "no status yet"
    assert machine.agent.changed_at is None


def test_errors_are_joined_in_the_message():
    details = [{"code": "503", "message": "Internal server error."}, {"message": "again"}]
    agent = read(status="Error", statusReason="Cloned", errorDetails=details).agent
    assert (agent.status, agent.message) == (AgentStatus.ERROR, "Cloned; 503: Internal server error.; again")


def test_a_connected_machine_is_not_said_to_run():
    assert read(status="Connected").power_state is PowerState.UNKNOWN


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2019-07-10T20:18:57.2214435", datetime(2019, 7, 10, 20, 18, 57, 221443, tzinfo=UTC)),
        ("2024-10-11T02:28:04.322005Z", datetime(2024, 10, 11, 2, 28, 4, 322005, tzinfo=UTC)),
        ("2024-04-28T06:28:49.0518122+00:00", datetime(2024, 4, 28, 6, 28, 49, 51812, tzinfo=UTC)),
        (None, None),
    ],
)
def test_the_last_change_in_every_spelling_of_a_date(text, moment):
    assert read(lastStatusChange=text).agent.changed_at == moment


# the agent


@pytest.mark.parametrize(
    ("version", "month"),
    [("1.46.02809.1841", (2024, 9)), ("1.9", (2021, 7)), ("1.66", (2026, 7)), ("01.058.03224.693", (2025, 11)),
     ("1.9999.1", None), ("-1", None), ("", None), ("one", None), ("1", None)],
)  # fmt: skip
def test_the_month_in_which_a_version_came_out(version, month):
    found = read(agentVersion=version).agent.released_on
    assert found == (date(*month, 1) if month else None)


def test_every_row_of_the_releases_is_a_version_and_a_month_in_order():
    from hybridinv.wire.arc_agent import _released

    rows = [(tuple(map(int, version.split("."))), released_on(version)) for version in _released()]
    assert len(rows) > 60
    assert all(month and month.day == 1 for _, month in rows)
    assert rows == sorted(rows)
    assert [month for _, month in rows] == sorted(month for _, month in rows)


def test_what_the_agent_is_set_to():
    settings = {"configMode": "monitor", "extensionsEnabled": "false", "proxyUrl": "http://proxy.example:8080"}
    agent = read(
        agentConfiguration=settings,
        agentUpgrade={"enableAutomaticUpgrade": True},
        serviceStatuses={"extensionService": {"status": "active", "startupType": "enabled"}, "odd": None},
    ).agent
    assert (agent.mode, agent.allows_extensions, agent.auto_upgrade) == ("monitor", False, True)
    assert (agent.proxy, dict(agent.services)) == ("http://proxy.example:8080", {"extensionService": "active"})
    bare = read().agent
    assert (bare.mode, bare.allows_extensions, bare.auto_upgrade, dict(bare.services)) == ("", None, None, {})


@pytest.mark.parametrize(
    ("url", "proxy"),
    [("http://me:hunter2@proxy:8080", "http://proxy:8080"), ("me:hunter2@proxy:8080", "proxy:8080"),
     ("http://me:hun@ter2@proxy", "http://proxy"), ("https://test.test", "https://test.test"),
     ("http://me:a/b@proxy", "http://proxy"), ("", "")],
)  # fmt: skip
def test_the_login_of_a_proxy_is_left_out(url, proxy):
    machine = read(agentConfiguration={"proxyUrl": url})
    assert machine.agent.proxy == proxy
    assert "hunter2" not in repr(machine)


# what one filters by


def test_where_a_machine_belongs():
    machine = read(
        "VMware",
        domainName="corp.example",
        parentClusterResourceId="/Subscriptions/S/providers/X/Clusters/C",
        privateLinkScopeResourceId="/Subscriptions/S/Scope",
        cloudMetadata={"provider": "N/A"},
        detectedProperties={"cloudprovider": "AWS", "manufacturer": "VMware, Inc.", "model": "unknown"},
    )
    assert (machine.domain, machine.kind, machine.cloud_provider) == ("corp.example", "VMware", "AWS")
    assert (machine.parent_cluster_id, machine.private_link_scope_id) == (
        "/subscriptions/s/providers/x/clusters/c", "/subscriptions/s/scope",
    )  # fmt: skip
    assert (machine.vendor, machine.model) == ("VMware, Inc.", "")
    assert read(cloudMetadata={"provider": "n/a"}, domainName="unknown").cloud_provider == ""


def test_the_system_of_a_machine():
    machine = read(
        osVersion="10.0.19045",
        osEdition="enterprise",
        osInstallDate="2023-02-07T08:27:20+00:00",
        mssqlDiscovered="true",
    )
    assert (machine.os_version, machine.os_edition, machine.has_sql_server) == ("10.0.19045", "enterprise", True)
    assert machine.os_installed_at == datetime(2023, 2, 7, 8, 27, 20, tzinfo=UTC)
    assert read().has_sql_server is None


@pytest.mark.parametrize(
    ("profile", "type_"),
    [
        ({"softwareAssurance": {"softwareAssuranceCustomer": True}, "licenseChannel": "PGS"}, "SoftwareAssurance"),
        ({"softwareAssurance": {"softwareAssuranceCustomer": "false"}, "licenseChannel": "PGS"}, "PGS"),
        ({"productProfile": {"subscriptionStatus": "Enabled"}}, "PayAsYouGo"),
        ({"productProfile": {"subscriptionStatus": "Disabled"}}, ""),
        (None, ""),
    ],
)
def test_how_the_system_is_licensed(profile, type_):
    assert read(licenseProfile=profile).license_type == type_


def test_whether_there_are_extended_security_updates():
    assert read(licenseProfile={"esuProfile": {"licenseAssignmentState": "Assigned"}}).esu_status == "Assigned"
    assert read(licenseProfile={"esuProfile": None}).esu_status == ""


# names


def test_the_bios_uuid_keeps_the_byte_order_of_the_source():
    assert read(vmUuid="30F0A536-556B-1AEE-834E-FA4E2023FE36").bios_uuid == "30f0a536-556b-1aee-834e-fa4e2023fe36"
    assert read(vmUuid="30F0A536556B1AEE834EFA4E2023FE36").bios_uuid == "30f0a536-556b-1aee-834e-fa4e2023fe36"


def test_a_uuid_that_is_none_matches_nobody():
    assert (read(vmUuid="unknown").bios_uuid, read(vmUuid="unknown").problems) == ("", ())
    odd = read(vmUuid="not-a-uuid")
    assert (odd.bios_uuid, len(odd.problems)) == ("", 1)


def test_the_hostname_is_the_first_that_is_known():
    names = {"machineFqdn": "a.x", "dnsFqdn": "b.x", "osProfile": {"computerName": "c"}, "displayName": "d"}
    found = []
    for name in list(names):
        found.append(read(**names).hostname)
        names[name] = None if name != "osProfile" else {"computerName": None}
    assert found == ["a.x", "b.x", "c", "d"]
    assert read(**names).hostname == ""
    assert read(machineFqdn=" Unknown", dnsFqdn="b.x").hostname == "b.x"


@pytest.mark.parametrize(
    ("properties", "kind", "name"),
    [
        (
            {"osType": "windows", "osName": "windows", "osSku": "Windows 10 Enterprise"},
            OSType.WINDOWS,
            "Windows 10 Enterprise",
        ),
        ({"osName": "linux"}, OSType.LINUX, "linux"),
        ({"osType": "Linux", "osSku": "Ubuntu 20.04.2 LTS"}, OSType.LINUX, "Ubuntu 20.04.2 LTS"),
        ({"osSku": "Windows Server 2019"}, OSType.WINDOWS, "Windows Server 2019"),
        ({"osType": "aix"}, OSType.OTHER, ""),
        ({"osType": None, "osName": None, "osSku": None}, OSType.UNKNOWN, ""),
    ],
)
def test_the_guest_system(properties, kind, name):
    machine = read(**properties)
    assert (machine.os_type, machine.os_name) == (kind, name)


# hardware


def test_cpus_and_memory_are_texts_of_detected_properties():
    machine = read(
        detectedProperties={
            "coreCount": "4",
            "logicalCoreCount": "8",
            "totalPhysicalMemoryInBytes": "34359738368",
        }
    )
    assert (machine.cpus, machine.memory_bytes) == (8, 34359738368)


def test_cpus_and_memory_of_the_hardware_profile():
    hardware = {
        "totalPhysicalMemoryInBytes": 2**33,
        "numberOfCpuSockets": 2,
        "processors": [{"numberOfCores": 4}] * 2,
    }
    machine = read(hardwareProfile=hardware)
    assert (machine.cpus, machine.memory_bytes) == (8, 2**33)


def test_fewer_processors_than_sockets_do_not_say_how_many_cores():
    assert read(hardwareProfile={"numberOfCpuSockets": 2, "processors": [{"numberOfCores": 4}]}).cpus is None


def test_cores_whose_sum_no_table_can_hold_are_unknown_and_noted():
    machine = read(hardwareProfile={"numberOfCpuSockets": 2, "processors": [{"numberOfCores": 2**62}] * 2})
    assert machine.cpus is None
    assert "numberOfCores" in machine.problems[0].message


def test_memory_in_gigabytes_counts_where_there_are_no_bytes():
    assert read(detectedProperties={"totalPhysicalMemoryInGigabytes": "7"}).memory_bytes == 7 * 2**30


def test_the_word_unknown_is_no_problem():
    machine = read(detectedProperties={"logicalCoreCount": "unknown", "totalPhysicalMemoryInBytes": "unknown"})
    assert (machine.cpus, machine.memory_bytes, machine.problems) == (None, None, ())


@pytest.mark.parametrize("kind", ["VMware", "HCI", "SCVMM", "AVS", "AWS", "GCP", "EPS", "vmware"])
def test_a_kind_of_virtualisation_is_evidence(kind):
    assert made(kind=kind) is True


@pytest.mark.parametrize(
    ("manufacturer", "model", "virtual"),
    [
        ("VMware, Inc.", "VMware Virtual Platform", True),
        ("VMware, Inc.", "VMware20,1", True),
        ("Microsoft Corporation", "Virtual Machine", True),
        ("Microsoft Corporation", "Surface Pro 7", False),
        ("Microsoft Corporation", None, None),
        ("Red Hat", "KVM", True),
        ("QEMU", "Standard PC (i440FX + PIIX, 1996)", True),
        ("Xen", "HVM domU", True),
        ("innotek GmbH", "VirtualBox", True),
        ("Nutanix", "AHV", True),
        ("Nutanix", "NX-3060", None),
        ("Amazon EC2", "t3.micro", True),
        ("Amazon EC2", "c5.metal", False),
        ("Google", "Google Compute Engine", True),
        ("LENOVO", "20Y0S2PE00", False),
        ("Dell Inc.", "PowerEdge R740xd", False),
        ("HPE", "ProLiant DL380 Gen10", False),
        ("HP", "ProLiant", False),
        ("Dell Inc.", "VMware Virtual Platform", True),
        ("unknown", "unknown", None),
        ("System manufacturer", "System Product Name", None),
        (None, None, None),
    ],
)
def test_maker_and_model_are_evidence_where_they_are_evident(manufacturer, model, virtual):
    assert made(manufacturer, model) is virtual


@pytest.mark.parametrize(("word", "firmware"), [("EFI", "efi"), ("BIOS", "bios"), ("UEFI", "efi"), (None, "")])
def test_firmware(word, firmware):
    assert read(firmwareProfile={"type": word, "serialNumber": "x"}).firmware == firmware


def test_disks_are_in_bytes():
    disks = read(storageProfile={"disks": [{"name": "Windows", "path": "C:/", "maxSizeInBytes": 5}, {}]}).disks
    assert [(disk.name, disk.path, disk.capacity_bytes) for disk in disks] == [
        ("Windows", "C:/", 5),
        ("", "", None),
    ]


# network


def nic(name, mac, *addresses):
    return {"name": name, "macAddress": mac, "ipAddresses": [{"address": address} for address in addresses]}


def test_nics_and_their_addresses():
    machine = read(
        networkProfile={
            "networkInterfaces": [
                nic("Wi-Fi", "3C-49-6E-13-0E-73", "192.0.2.3", "fe80::1%eth0"),
                nic("Ethernet", None, "192.0.2.3", "2001:db8::1"),
                nic("Teredo", "00:00:5e:ef:10:00:00:04"),
                {"id": "27", "ipAddresses": None},
            ]
        }
    )
    assert [n.name for n in machine.nics] == ["Wi-Fi", "Ethernet", "Teredo", "27"]
    assert [n.mac_address for n in machine.nics] == ["3c:49:6e:13:0e:73", "", "00:00:5e:ef:10:00:00:04", ""]
    assert machine.nics[1].ip_addresses == ("192.0.2.3", "2001:db8::1")
    assert machine.ip_addresses == ("192.0.2.3", "fe80::1%eth0", "2001:db8::1")
    assert machine.problems == ()


def test_an_address_that_is_none_is_left_out_and_told():
    machine = read(networkProfile={"networkInterfaces": [nic("Wi-Fi", "", "192.168.12.345", "192.0.2.1")]})
    assert machine.ip_addresses == machine.nics[0].ip_addresses == ("192.0.2.1",)
    (problem,) = machine.problems
    assert "192.168.12.345" in problem.message
    assert (problem.kind, problem.scope, problem.source) == ("vms", ID.lower(), "management.azure.com")


# odd types


ODD = [-1, "text", [], [1], {"x": 1}, True, 1.5]
FIELDS = (
    "status statusReason agentVersion lastStatusChange errorDetails displayName machineFqdn dnsFqdn "
    "osName osType osSku osProfile vmId vmUuid detectedProperties networkProfile storageProfile "
    "hardwareProfile firmwareProfile domainName osVersion osEdition osInstallDate mssqlDiscovered cloudMetadata "
    "agentConfiguration agentUpgrade serviceStatuses licenseProfile parentClusterResourceId privateLinkScopeResourceId"
)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("field", FIELDS.split())
def test_an_odd_field_never_costs_the_machine(field, odd):
    assert read(**{field: odd}).id == ID.lower()


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("field", ["name", "location", "tags", "kind", "properties", "resources"])
def test_an_odd_field_at_the_top_never_costs_the_machine(field, odd):
    assert hybridcompute.read_machine({"id": ID, field: odd}, ARC).id == ID.lower()


def test_a_number_where_a_text_should_be_is_taken_as_its_text():
    # one such value in one record makes a strict client lose the whole list
    assert read(agentVersion=-1).agent.version == "-1"
    assert read(status=-1).agent.message == "-1"


def test_odd_types_are_told():
    assert "errorDetails" in read(errorDetails=["text"]).problems[0].message
    assert "vmId" in read(vmId=[1]).problems[0].message
    assert "firmwareProfile.type" in read(firmwareProfile={"type": "coreboot"}).problems[0].message
    assert "maxSizeInBytes" in read(storageProfile={"disks": [{"maxSizeInBytes": "big"}]}).problems[0].message


# extensions


def extension(state, **properties):
    view = {"name": "Custom", "type": "CustomScript", "typeHandlerVersion": "2.1.10", "status": state}
    return hybridcompute.read_extension(
        {
            "id": f"{ID}/Extensions/Custom",
            "name": "Custom",
            "properties": {"instanceView": view, **properties},
        },
        ARC,
    )


@pytest.mark.parametrize(
    ("level", "word"), [("Information", "info"), ("Warning", "warning"), ("Error", "error"), (None, "")]
)
def test_the_status_of_an_arc_extension_is_in_azures_words(level, word):
    found = extension({"code": "0", "level": level, "message": "done"})
    assert (found.status, found.message) == (word, "done")


def test_an_arc_extension():
    found = extension(
        {},
        publisher="Microsoft.Azure.Extensions",
        type="CustomScript",
        typeHandlerVersion="2.1",
        provisioningState="Creating",
        enableAutomaticUpgrade="true",
    )
    assert (found.id, found.vm_id, found.name) == (f"{ID}/extensions/custom".lower(), ID.lower(), "Custom")
    assert (found.publisher, found.type) == ("Microsoft.Azure.Extensions", "CustomScript")
    assert (found.version, found.provisioning_state, found.auto_upgrade) == ("2.1.10", "Creating", True)
    assert (found.status, found.message) == ("", "")


def test_the_version_asked_for_counts_where_none_runs():
    body = {"id": f"{ID}/extensions/a", "properties": {"typeHandlerVersion": "1.4", "instanceView": None}}
    found = hybridcompute.read_extension(body, ARC)
    assert (found.version, found.name, found.auto_upgrade) == ("1.4", "a", None)


def test_extension_ids_of_a_machine():
    assert hybridcompute.extension_ids({"resources": [{"id": f"{ID}/extensions/A"}]}) == (f"{ID}/extensions/a".lower(),)


def test_what_one_filters_arc_machines_by():
    properties = {
        "provisioningState": "Succeeded",
        "agentUpgrade": {"desiredVersion": "1.52", "lastAttemptStatus": "Failed"},
        "agentConfiguration": {
            "guestConfigurationEnabled": "true", "incomingConnectionsPorts": ["22", "6516"],
            "extensionsAllowList": [{"publisher": "Microsoft.Azure.Monitor", "type": "AzureMonitorLinuxAgent"}],
            "extensionsBlockList": [{"publisher": "Contoso"}],
        },
        "licenseProfile": {
            "licenseStatus": "Licensed", "productProfile": {"productType": "WindowsServer"},
            "esuProfile": {"esuEligibility": "Eligible", "esuKeyState": "Active", "assignedLicense": "/SUBS/L/"},
        },
    }  # fmt: skip
    id_ = "/subscriptions/s/resourceGroups/g/providers/Microsoft.HybridCompute/machines/a"
    vm = hybridcompute.read_machine({"id": id_, "name": "a", "properties": properties}, Origin("azure-arc", "x"))
    assert (vm.provisioning_state, vm.esu_eligibility, vm.esu_key_state) == ("Succeeded", "Eligible", "Active")
    assert (vm.license_id, vm.license_status, vm.product_type) == ("/subs/l", "Licensed", "WindowsServer")
    agent = vm.agent
    assert (agent.desired_version, agent.last_upgrade, agent.guest_configuration) == ("1.52", "Failed", True)
    assert agent.incoming_ports == ("22", "6516")
    assert agent.allowed_extensions == ("Microsoft.Azure.Monitor/AzureMonitorLinuxAgent",)
    assert (agent.blocked_extensions, vm.problems) == (("Contoso",), ())
    properties["licenseProfile"]["esuProfile"]["assignedLicense"] = {"id": "/Subs/M"}
    assert (
        hybridcompute.read_machine({"id": id_, "properties": properties}, Origin("azure-arc", "x")).license_id
        == "/subs/m"
    )
