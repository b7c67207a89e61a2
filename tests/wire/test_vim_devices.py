"""The devices of a machine: disks, network adapters, and those that a move must know."""

import pytest
from pyVmomi import VmomiSupport, vim

from hybridinv.model import Allocation, Device
from wire.vim_machine import card, controller, disk
from wire.vim_rows import id_of, machine, with_devices

# disks


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
    assert found.chain == tuple(f"[a] {level}.vmdk" for level in reversed(range(length)))


def test_a_disk_without_backing_and_with_an_old_size():
    (found,) = with_devices({"_type": "VirtualDisk", "capacityInKB": "1024"}).disks
    assert (found.capacity_bytes, found.chain_length, found.datastore_id) == (2**20, None, "")
    assert (found.chain, found.is_encrypted, found.controller) == ((), None, "")
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


def test_all_of_a_disk():
    flat = disk(
        uuid="6000C29D-0000-4000-8000-0000000000FF", eagerlyScrub="true", writeThrough="false", keyId={"keyId": "k1"}
    )
    flat |= {"unitNumber": "3", "storageIOAllocation": {"limit": "500", "reservation": "0", "shares": {"shares": "7"}}}
    (found,) = with_devices(controller(sharedBus="physicalSharing"), flat).disks
    assert (found.native_id, found.unit_number) == ("2000", 3)
    assert found.uuid == "6000c29d-0000-4000-8000-0000000000ff"
    assert (found.controller, found.controller_type) == ("SCSI controller 0", "ParaVirtualSCSIController")
    assert found.bus_sharing == "physicalSharing"
    assert (found.eagerly_zeroed, found.write_through, found.is_encrypted) == (True, False, True)
    assert found.io == Allocation(limit=500, reservation=0, shares=7)
    assert (found.raw_mode, found.raw_device, found.size_bytes) == ("", "", None)
    assert with_devices(disk()).disks[0].is_encrypted is False


def test_a_limit_of_minus_one_is_none():
    unlimited = disk() | {"storageIOAllocation": {"limit": "-1", "shares": {"shares": "1000", "level": "normal"}}}
    assert with_devices(unlimited).disks[0].io == Allocation(shares=1000, level="normal")


def test_a_raw_device_mapping():
    raw = {"compatibilityMode": "physicalMode", "deviceName": "vml.02", "lunUuid": "0200", "fileName": "[a] rdm.vmdk"}
    mapped = disk(_type="VirtualDiskRawDiskMappingVer1BackingInfo", **raw)
    (found,) = with_devices(mapped).disks
    assert (found.raw_mode, found.raw_device, found.path) == ("physicalMode", "vml.02", "[a] rdm.vmdk")
    whole = disk(_type="VirtualDiskRawDiskVer2BackingInfo", descriptorFileName="[a] d.vmdk", lunUuid="0200")
    (found,) = with_devices(whole).disks
    assert (found.path, found.raw_device) == ("[a] d.vmdk", "0200")


def test_a_disk_finds_its_controller_among_many_and_in_any_order():
    other = controller("VirtualAHCIController", key="15000", deviceInfo={"label": "SATA controller 0"})
    first, second = disk("2000"), disk("16000") | {"controllerKey": "15000"}
    vm = with_devices(second, first, other, controller())
    assert [one.controller for one in vm.disks] == ["SATA controller 0", "SCSI controller 0"]
    assert with_devices(disk()).disks[0].controller_type == ""


# network adapters


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


def test_all_of_a_card():
    port = {"port": {"switchUuid": "50 2a 11", "portgroupKey": "dvportgroup-1"}, "inPassthroughMode": "true"}
    (nic,) = with_devices(card(addressType="assigned", backing=port)).nics
    assert (nic.starts_connected, nic.mac_type, nic.is_passthrough) == (True, "assigned", True)
    assert nic.switch == "50 2a 11"


def test_sriov_bypasses_the_hypervisor_and_others_where_it_is_said():
    vm = with_devices(card("VirtualSriovEthernetCard"), card(), card(backing={"inPassthroughMode": "false"}))
    assert [nic.is_passthrough for nic in vm.nics] == [True, None, False]


# other devices


def device(type_, backing="", **fields):
    behind = fields.pop("behind", {})
    return {
        "_type": type_,
        "key": "3000",
        "deviceInfo": {"label": "A device"},
        **({"backing": {"_type": backing, **behind}} if backing else {}),
        **fields,
    }


def test_a_device():
    image = device(
        "VirtualCdrom",
        "VirtualCdromIsoBackingInfo",
        behind={"fileName": "[iso] a.iso", "datastore": "datastore-9"},
        connectable={"connected": "true", "startConnected": "false"},
    )
    assert with_devices(image).devices == (
        Device(
            name="A device", kind="cdrom", backing="image", path="[iso] a.iso", datastore_id=id_of("datastore-9"),
            connected=True, starts_connected=False,
        ),
    )  # fmt: skip


KINDS = {
    vim.vm.device.VirtualCdrom: "cdrom",
    vim.vm.device.VirtualFloppy: "floppy",
    vim.vm.device.VirtualUSB: "usb",
    vim.vm.device.VirtualPCIPassthrough: "passthrough",
    vim.vm.device.VirtualSerialPort: "serial",
    vim.vm.device.VirtualParallelPort: "parallel",
    vim.vm.device.VirtualSoundCard: "sound",
    vim.vm.device.VirtualTPM: "tpm",
    vim.vm.device.VirtualSCSIPassthrough: "scsi",
    vim.vm.device.VirtualNVDIMM: "nvdimm",
    vim.vm.device.VirtualPrecisionClock: "precision-clock",
}


def known_types(of):
    """What pyVmomi knows of a type: it and those derived from it."""
    names = [name for name in VmomiSupport._dataDefMap if name.startswith("vim.vm.device.") and "[]" not in name]
    return [type_ for type_ in map(VmomiSupport.GetVmodlType, sorted(names)) if issubclass(type_, of)]


@pytest.mark.parametrize("type_", known_types(vim.vm.device.VirtualDevice), ids=lambda type_: type_.__name__)
def test_every_device_vsphere_knows_is_in_its_place(type_):
    vm = with_devices(device(VmomiSupport.GetWsdlName(type_)))
    assert len(vm.disks) == issubclass(type_, vim.vm.device.VirtualDisk)
    assert len(vm.nics) == issubclass(type_, vim.vm.device.VirtualEthernetCard)
    assert [one.kind for one in vm.devices] == [kind for base, kind in KINDS.items() if issubclass(type_, base)]


BACKINGS = {
    "VirtualCdrom": {
        "Iso": "image", "Atapi": "host", "Passthrough": "host", "RemoteAtapi": "client", "RemotePassthrough": "client",
    },
    "VirtualFloppy": {"Image": "image", "Device": "host", "RemoteDevice": "client"},
    "VirtualUSB": {"USB": "host", "RemoteHost": "remote-host", "RemoteClient": "client"},
    "VirtualSerialPort": {"Device": "host", "File": "image", "URI": "network", "Pipe": None, "ThinPrint": None},
    "VirtualParallelPort": {"Device": "host", "File": "image"},
    "VirtualSoundCard": {"Device": "host"},
    "VirtualSCSIPassthrough": {"Device": "host"},
    "VirtualPCIPassthrough": {"Device": "host", "Dynamic": None, "Dvx": None, "Vmiop": None, "Plugin": None},
    "VirtualNVDIMM": {"": "image"},
    "VirtualPrecisionClock": {"SystemClock": "host"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("type_", "backing", "expected"),
    [(type_, backing, word) for type_, known in BACKINGS.items() for backing, word in known.items()],
)
def test_what_is_behind_a_device(type_, backing, expected):
    name = f"{type_}{backing}BackingInfo"
    assert with_devices(device(type_, name)).devices[0].backing == (expected or name)


def test_every_backing_vsphere_knows_is_looked_at():
    named = {f"{type_}{backing}BackingInfo" for type_, known in BACKINGS.items() for backing in known}
    known = {VmomiSupport.GetWsdlName(type_) for type_ in known_types(vim.vm.device.VirtualDevice.BackingInfo)}
    assert {name for name in known if name.startswith(tuple(BACKINGS))} == named


def test_nothing_behind_a_device():
    assert with_devices(device("VirtualTPM")).devices == (Device(name="A device", kind="tpm", backing="none"),)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fileName", "[a] b.flp"), ("deviceName", "/dev/cdrom"), ("serviceURI", "telnet://:2000"),
        ("vgpu", "grid_v100-8q"), ("deviceClass", "dvx-1"), ("pipeName", "com1"),
        ("id", "0000:af:00.0"), ("customLabel", "accelerators"), ("assignedId", "0000:af:00.0"),
    ],
)  # fmt: skip
def test_where_it_leads(field, value):
    assert with_devices(device("VirtualSerialPort", "X", behind={field: value})).devices[0].path == value


@pytest.mark.parametrize(("said", "migratable"), [("true", True), ("false", False), (None, None)])
def test_a_virtual_gpu_is_no_mere_passthrough(said, migratable):
    gpu = {"vgpu": "grid_v100-8q", **({"migrateSupported": said} if said else {})}
    (found,) = with_devices(
        device("VirtualPCIPassthrough", "VirtualPCIPassthroughVmiopBackingInfo", behind=gpu)
    ).devices
    assert (found.kind, found.path, found.migratable) == ("vgpu", "grid_v100-8q", migratable)


def test_a_tpm():
    assert with_devices(device("VirtualTPM"), controller()).has_tpm is True
    assert with_devices(controller(), disk()).has_tpm is False
    assert machine().has_tpm is None


def test_a_list_of_one_device_may_come_alone():
    assert len(machine(config__hardware__device=disk()).disks) == 1


def test_odd_values_within_devices_cost_one_field():
    odd = disk(thinProvisioned="perhaps", fileName={"_type": "X"}, parent="x") | {
        "unitNumber": "top",
        "deviceInfo": "x",
    }
    vm = with_devices(odd, card(connectable="x"), device("VirtualCdrom", "X", connectable="x"), "x")
    assert (vm.disks[0].thin, vm.disks[0].path, vm.disks[0].unit_number, vm.disks[0].name) == (None, "", None, "")
    assert (vm.disks[0].datastore_id, len(vm.nics), len(vm.devices)) == (id_of("datastore-1"), 1, 1)
    said = " ".join(problem.message for problem in vm.problems)
    for field in (
        "thinProvisioned",
        "fileName",
        "parent",
        "unitNumber",
        "deviceInfo",
        "connectable",
        "hardware.device",
    ):
        assert field in said
