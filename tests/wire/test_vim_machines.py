"""VirtualMachine rows → records."""

from datetime import UTC, datetime

import pytest
from pyVmomi import vim

from hybridinv.model import AgentStatus, OSType, PowerState
from hybridinv.wire.vim.machines import read_vm
from wire.vim_rows import DENIED, id_of, machine, row, tree


def test_where_it_is():
    vm = machine()
    assert (vm.id, vm.native_id) == (id_of("vm-1"), "vm-1")
    assert (vm.host_id, vm.cluster_id) == (id_of("host-1"), id_of("domain-c1"))
    assert (vm.location, vm.folder) == ("Utrecht", "Web/Apps")
    assert (vm.platform, vm.source, vm.is_virtual) == ("vsphere", "vc01.example.com", True)
    assert vm.problems == ()


def test_a_machine_in_a_vapp_has_no_folder_and_is_in_its_hosts_datacenter():
    vm = machine(parent="")
    assert (vm.folder, vm.location) == ("", "Utrecht")


def test_the_datacenters_own_folder_is_no_folder():
    assert machine(parent="group-v1").folder == ""


def test_plain_fields():
    vm = machine(
        config__uuid="4239E05E-0000-4000-8000-0000000000FF",
        config__instanceUuid="50390000-0000-4000-8000-0000000000FF",
        config__hardware__numCPU="4",
        config__hardware__memoryMB="8192",
        config__version="vmx-21",
        config__firmware="efi",
        config__createDate="2025-03-01T10:00:00.5+01:00",
        config__template="true",
        runtime__powerState="suspended",
        runtime__connectionState="connected",
        guest__hostName="web01.example.com",
        guest__ipAddress="192.0.2.1",
    )
    assert vm.bios_uuid == "4239e05e-0000-4000-8000-0000000000ff"
    assert vm.instance_uuid == "50390000-0000-4000-8000-0000000000ff"
    assert (vm.cpus, vm.memory_bytes) == (4, 8 * 2**30)
    assert (vm.hardware_version, vm.firmware, vm.is_template) == ("vmx-21", "efi", True)
    assert vm.created_at == datetime(2025, 3, 1, 9, 0, 0, 500000, UTC)
    assert vm.power_state == PowerState.SUSPENDED
    assert (vm.hostname, vm.ip_addresses) == ("web01.example.com", ("192.0.2.1",))


@pytest.mark.parametrize("name", ["%2f", "%2F"])
def test_escapes_in_names(name):
    assert machine(name=f"a{name}b").name == "a/b"
    assert machine(name="100%25 %5c %0a %").name == "100% \\ %0a %"
    assert machine(name="%252f").name == "%2f"


def test_without_a_name_it_is_called_by_its_reference():
    assert machine(name="").name == "vm-1"


# operating systems


@pytest.mark.parametrize(
    ("guest", "config", "expected"),
    [
        ("windows2019srv_64Guest", "otherGuest", OSType.WINDOWS),
        ("", "winNetStandardGuest", OSType.WINDOWS),
        ("", "other5xLinux64Guest", OSType.LINUX),
        ("", "otherLinuxGuest", OSType.LINUX),
        ("rhel9_64Guest", "windows9Guest", OSType.LINUX),
        ("", "somethingNewGuest", OSType.LINUX),
        ("", "otherGuest64", OSType.OTHER),
        ("", "openServer6Guest", OSType.OTHER),
        ("", "unixWare7Guest", OSType.OTHER),
        ("", "", OSType.UNKNOWN),
    ],
)
def test_families(guest, config, expected):
    assert machine(guest__guestId=guest, config__guestId=config).os_type == expected


def test_every_guest_vsphere_knows_is_in_its_family():
    known = vim.vm.GuestOsDescriptor.GuestOsIdentifier.values
    by_family = {family: set() for family in OSType}
    for guest in known:
        by_family[machine(config__guestId=guest).os_type].add(guest)
    assert all(guest.startswith("win") for guest in by_family[OSType.WINDOWS])
    assert not [guest for guest in known if guest.startswith("win") and guest not in by_family[OSType.WINDOWS]]
    others = (
        *("dos", "os2", "eCom", "netware", "solaris", "freebsd", "darwin", "vmkernel", "openServer", "unixWare"),
        "otherGuest",
    )
    assert {guest for guest in known if guest.startswith(others)} == by_family[OSType.OTHER]
    assert not by_family[OSType.UNKNOWN]


# Tools


@pytest.mark.parametrize(
    ("running", "installed", "status"),
    [
        ("guestToolsRunning", "guestToolsCurrent", AgentStatus.READY),
        ("guestToolsRunning", "guestToolsNeedUpgrade", AgentStatus.READY),
        ("guestToolsRunning", "guestToolsUnmanaged", AgentStatus.READY),
        ("guestToolsExecutingScripts", "guestToolsCurrent", AgentStatus.READY),
        ("guestToolsNotRunning", "guestToolsCurrent", AgentStatus.NOT_READY),
        ("guestToolsNotRunning", "guestToolsNotInstalled", AgentStatus.NOT_INSTALLED),
        ("somethingNew", "guestToolsCurrent", AgentStatus.UNKNOWN),
        ("", "", AgentStatus.UNKNOWN),
    ],
)
def test_tools(running, installed, status):
    agent = machine(
        guest__toolsRunningStatus=running, guest__toolsVersionStatus2=installed, guest__toolsVersion="12389"
    ).agent
    assert (agent.kind, agent.status, agent.version) == ("vmware-tools", status, "12389")
    assert agent.message == ", ".join(filter(None, (running, installed)))


def test_version_nought_is_no_version():
    assert machine(guest__toolsVersion="0").agent.version == ""


# what is odd


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("disconnected", "host is disconnected"),
        ("orphaned", "its host does not"),
        ("inaccessible", "cannot read"),
        ("invalid", "cannot be read"),
    ],
)
def test_odd_states_are_said_and_are_no_errors(state, word):
    (problem,) = machine(runtime__connectionState=state).problems
    assert word in problem.message
    assert (problem.error, problem.scope, problem.kind) == ("", id_of("vm-1"), "vms")


def test_a_machine_without_configuration_or_host():
    vm = read_vm(row("VirtualMachine", "vm-1", name="lost"), tree())
    assert [problem.error for problem in vm.problems] == ["", ""]
    assert (vm.cpus, vm.host_id, vm.cluster_id, vm.power_state) == (None, "", "", PowerState.UNKNOWN)


def test_what_was_withheld_is_not_called_missing():
    hidden = {"config.uuid": DENIED, "config.template": DENIED, "runtime.host": DENIED}
    vm = read_vm(row("VirtualMachine", "vm-1", hidden, name="secret"), tree())
    assert {problem.error for problem in vm.problems} == {"AccessDenied"}
    assert {problem.scope for problem in vm.problems} == {f"{id_of('vm-1')} {path}" for path in hidden}
    assert all("secret" in problem.message and "System.Read" in problem.message for problem in vm.problems)


def test_odd_types_are_noted_and_cost_one_field_only():
    vm = machine(
        config__hardware__numCPU="many",
        config__createDate="yesterday",
        config__template="perhaps",
        config__uuid={"_type": "X"},
        guest__net=["x"],
        snapshot={"rootSnapshotList": "x"},
    )
    assert (vm.cpus, vm.created_at, vm.is_template, vm.bios_uuid, vm.snapshots) == (None, None, False, "", ())
    assert vm.name == "web01"
    said = " ".join(problem.message for problem in vm.problems)
    for path in ("numCPU", "createDate", "template", "config.uuid", "guest.net", "rootSnapshotList"):
        assert path in said
    assert {problem.error for problem in vm.problems} == {"UnexpectedAnswer"}


def test_a_host_that_is_not_seen_is_noted_and_named():
    found = machine(config__uuid="x", runtime__host="host-15")
    assert [(one.error, one.message) for one in found.problems] == [
        ("", "its host host-15 is not among what this account may see")
    ]
    assert found.host_id == id_of("host-15")


def test_negative_sizes_are_unknown_and_noted():
    disk = {"_type": "VirtualDisk", "key": "2000", "capacityInKB": "-1"}
    found = machine(config__hardware__memoryMB="-4", config__hardware__device=[disk])
    assert (found.memory_bytes, found.disks[0].capacity_bytes) == (None, None)
    assert [one.message.partition(",")[0] for one in found.problems] == [
        "capacityInKB: expected a size", "config.hardware.memoryMB: expected a size",
    ]  # fmt: skip
