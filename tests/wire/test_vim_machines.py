"""VirtualMachine rows → records."""

from datetime import UTC, datetime

import pytest
from pyVmomi import vim

from hybridinv.model import AgentStatus, OSType, PowerState
from hybridinv.wire.vim.machines import read_vm
from wire.vim_rows import DENIED, id_of, row, tree


def read(missing=None, /, **properties):
    usual = {"name": "web01", "parent": "group-v2", "runtime__host": "host-1", "config__template": "false"}
    return read_vm(row("VirtualMachine", "vm-1", missing, **{**usual, **properties}), tree())


def with_devices(*devices, **properties):
    return read(config__hardware__device=list(devices), **properties)


def test_where_it_is():
    vm = read()
    assert (vm.id, vm.native_id) == (id_of("vm-1"), "vm-1")
    assert (vm.host_id, vm.cluster_id) == (id_of("host-1"), id_of("domain-c1"))
    assert (vm.location, vm.folder) == ("Utrecht", "Web/Apps")
    assert (vm.platform, vm.source, vm.is_virtual) == ("vsphere", "vc01.example.com", True)
    assert vm.problems == ()


def test_a_machine_in_a_vapp_has_no_folder_and_is_in_its_hosts_datacenter():
    vm = read(parent="")
    assert (vm.folder, vm.location) == ("", "Utrecht")


def test_the_datacenters_own_folder_is_no_folder():
    assert read(parent="group-v1").folder == ""


def test_plain_fields():
    vm = read(
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
    assert read(name=f"a{name}b").name == "a/b"
    assert read(name="100%25 %5c %0a %").name == "100% \\ %0a %"
    assert read(name="%252f").name == "%2f"


def test_without_a_name_it_is_called_by_its_reference():
    assert read(name="").name == "vm-1"


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
    assert read(guest__guestId=guest, config__guestId=config).os_type == expected


def test_every_guest_vsphere_knows_is_in_its_family():
    known = vim.vm.GuestOsDescriptor.GuestOsIdentifier.values
    by_family = {family: set() for family in OSType}
    for guest in known:
        by_family[read(config__guestId=guest).os_type].add(guest)
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
    agent = read(
        guest__toolsRunningStatus=running, guest__toolsVersionStatus2=installed, guest__toolsVersion="12389"
    ).agent
    assert (agent.kind, agent.status, agent.version) == ("vmware-tools", status, "12389")
    assert agent.message == ", ".join(filter(None, (running, installed)))


def test_version_nought_is_no_version():
    assert read(guest__toolsVersion="0").agent.version == ""


# disks


def disk(**backing):
    return {
        "_type": "VirtualDisk",
        "key": "2000",
        "deviceInfo": {"label": "Hard disk 1"},
        "backing": {"_type": "VirtualDiskFlatVer2BackingInfo", "datastore": "datastore-1", **backing},
        "capacityInBytes": "10737418240",
    }


def test_a_disk():
    flat = disk(fileName="[a] b.vmdk", thinProvisioned="true", diskMode="persistent", sharing="sharingNone")
    (found,) = with_devices(flat).disks
    assert (found.name, found.capacity_bytes, found.datastore_id) == ("Hard disk 1", 10 * 2**30, id_of("datastore-1"))
    assert (found.path, found.thin, found.mode, found.sharing) == ("[a] b.vmdk", True, "persistent", "sharingNone")
    assert (found.is_raw, found.chain_length) == (False, 1)


@pytest.mark.parametrize("length", [1, 2, 3, 32])
def test_a_chain(length):
    backing = {}
    for level in range(length):
        backing = {"fileName": f"[a] {level}.vmdk", **({"parent": backing} if backing else {})}
    (found,) = with_devices(disk(**backing)).disks
    assert found.chain_length == length


def test_a_disk_without_backing_and_with_an_old_size():
    (found,) = with_devices({"_type": "VirtualDisk", "capacityInKB": "1024"}).disks
    assert (found.capacity_bytes, found.chain_length, found.datastore_id) == (2**20, None, "")
    assert with_devices({"_type": "VirtualDisk"}).disks[0].capacity_bytes is None


@pytest.mark.parametrize(
    ("type_", "is_raw"),
    [
        ("VirtualDiskRawDiskMappingVer1BackingInfo", True),
        ("VirtualDiskRawDiskVer2BackingInfo", True),
        ("VirtualDiskPartitionedRawDiskVer2BackingInfo", True),
        ("VirtualDiskFlatVer2BackingInfo", False),
        ("VirtualDiskSeSparseBackingInfo", False),
        ("VirtualDiskLocalPMemBackingInfo", False),
    ],
)
def test_raw_disks(type_, is_raw):
    assert with_devices(disk(_type=type_)).disks[0].is_raw is is_raw


# network cards


def card(type_="VirtualVmxnet3", **fields):
    return {
        "_type": type_,
        "key": "4000",
        "deviceInfo": {"label": "Network adapter 1"},
        "macAddress": "00:50:56:AB:CD:EF",
        "backing": {"_type": "VirtualEthernetCardNetworkBackingInfo", "network": "network-1"},
        "connectable": {"connected": "true"},
        **fields,
    }


def test_a_card():
    (nic,) = with_devices(card()).nics
    assert (nic.name, nic.mac_address, nic.type) == ("Network adapter 1", "00:50:56:ab:cd:ef", "VirtualVmxnet3")
    assert (nic.network_id, nic.connected) == (id_of("network-1"), True)


def test_a_card_on_a_distributed_port_group_and_on_an_opaque_network():
    port = {"port": {"switchUuid": "u", "portgroupKey": "dvportgroup-1"}}
    opaque = {"opaqueNetworkId": "x", "opaqueNetworkType": "nsx.LogicalSwitch"}
    nics = with_devices(card(backing=port), card(backing=opaque)).nics
    assert [nic.network_id for nic in nics] == [id_of("dvportgroup-1"), ""]


@pytest.mark.parametrize(
    "type_", ["PCNet32", "Vmxnet", "Vmxnet2", "Vmxnet3", "Vmxnet3Vrdma", "E1000", "E1000e", "SriovEthernetCard"]
)
def test_every_card_vsphere_knows_is_one_even_without_an_address(type_):
    assert len(with_devices(card(f"Virtual{type_}", macAddress="")).nics) == 1


def test_other_devices_are_no_cards_and_no_disks():
    vm = with_devices({"_type": "VirtualCdrom", "key": "3000"}, {"_type": "VirtualSCSIController"})
    assert (vm.nics, vm.disks) == ((), ())


def test_a_card_of_a_kind_yet_unknown_is_known_by_its_address():
    assert with_devices(card("VirtualVmxnet9000")).nics[0].type == "VirtualVmxnet9000"
    assert with_devices(card("VirtualFuture")).nics[0].type == "VirtualFuture"


def test_addresses_of_the_guest_by_device_and_by_mac():
    by_key = {"deviceConfigId": "4000", "ipAddress": ["192.0.2.1", "2001:db8::1"]}
    by_mac = {"deviceConfigId": "-1", "macAddress": "00-50-56-AB-CD-EF", "ipAddress": "192.0.2.2"}
    loose = {"deviceConfigId": "-1", "ipAddress": "192.0.2.9"}
    vm = with_devices(card(), guest__net=[by_key, by_mac, loose], guest__ipAddress="192.0.2.2")
    assert vm.nics[0].ip_addresses == ("192.0.2.1", "2001:db8::1")
    assert vm.ip_addresses == ("192.0.2.2", "192.0.2.1", "2001:db8::1", "192.0.2.9")
    assert with_devices(card(key="4001"), guest__net=[by_mac]).nics[0].ip_addresses == ("192.0.2.2",)


def test_no_address_joins_no_address():
    vm = with_devices(card(key="", macAddress=""), guest__net=[{"ipAddress": "192.0.2.9"}])
    assert vm.nics[0].ip_addresses == ()


# snapshots


def test_snapshots_parents_before_children():
    grandchild = {"name": "c", "createTime": "2026-01-03T00:00:00Z"}
    child = {"name": "b", "createTime": "2026-01-02T00:00:00Z", "childSnapshotList": grandchild}
    other = {"name": "d", "createTime": "2026-01-04T00:00:00Z", "description": "x"}
    root = {"name": "a", "createTime": "2026-01-01T00:00:00Z", "childSnapshotList": [child, other]}
    snapshots = read(snapshot={"_type": "VirtualMachineSnapshotInfo", "rootSnapshotList": root}).snapshots
    assert [(one.name, one.parent) for one in snapshots] == [("a", ""), ("b", "a"), ("c", "b"), ("d", "a")]
    assert snapshots[3].description == "x"
    assert snapshots[0].created_at == datetime(2026, 1, 1, tzinfo=UTC)


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
    (problem,) = read(runtime__connectionState=state).problems
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
    vm = read(
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
