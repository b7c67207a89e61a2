"""What a machine is made of: its devices, sorted into disks, network adapters and the others that a move must know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from hybridinv.model import Device, Disk, Nic
from hybridinv.wire.reading import mac_text
from hybridinv.wire.vim.disks import read_disk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hybridinv.wire.vim.fields import Fields
    from hybridinv.wire.vim.layout import Layout
    from hybridinv.wire.vim.tree import Tree

_DISK = "VirtualDisk"
_SRIOV = "VirtualSriovEthernetCard"
_NIC_TYPES = ("VirtualE1000", "VirtualVmxnet", "VirtualPCNet32", _SRIOV, "VirtualEthernetCard")
_TPM = "VirtualTPM"
_VGPU = "VirtualPCIPassthroughVmiopBackingInfo"

_KINDS = {
    "VirtualCdrom": "cdrom",
    "VirtualFloppy": "floppy",
    "VirtualUSB": "usb",
    "VirtualPCIPassthrough": "passthrough",
    "VirtualSerialPort": "serial",
    "VirtualParallelPort": "parallel",
    "VirtualSoundCard": "sound",
    "VirtualSoundBlaster16": "sound",
    "VirtualEnsoniq1371": "sound",
    "VirtualHdAudioCard": "sound",
    _TPM: "tpm",
    "VirtualSCSIPassthrough": "scsi",
    "VirtualNVDIMM": "nvdimm",
    "VirtualPrecisionClock": "precision-clock",
}
_BACKINGS = {
    "VirtualCdromIsoBackingInfo": "image",
    "VirtualCdromAtapiBackingInfo": "host",
    "VirtualCdromPassthroughBackingInfo": "host",
    "VirtualCdromRemoteAtapiBackingInfo": "client",
    "VirtualCdromRemotePassthroughBackingInfo": "client",
    "VirtualFloppyImageBackingInfo": "image",
    "VirtualFloppyDeviceBackingInfo": "host",
    "VirtualFloppyRemoteDeviceBackingInfo": "client",
    "VirtualUSBUSBBackingInfo": "host",
    "VirtualUSBRemoteHostBackingInfo": "remote-host",
    "VirtualUSBRemoteClientBackingInfo": "client",
    "VirtualSerialPortDeviceBackingInfo": "host",
    "VirtualSerialPortFileBackingInfo": "image",
    "VirtualSerialPortURIBackingInfo": "network",
    "VirtualParallelPortDeviceBackingInfo": "host",
    "VirtualParallelPortFileBackingInfo": "image",
    "VirtualSoundCardDeviceBackingInfo": "host",
    "VirtualSCSIPassthroughDeviceBackingInfo": "host",
    "VirtualPCIPassthroughDeviceBackingInfo": "host",
    "VirtualNVDIMMBackingInfo": "image",
    "VirtualPrecisionClockSystemClockBackingInfo": "host",
    "": "none",
}
"""What is behind a device. A type that is not here goes by its own name."""
_PATHS = ("fileName", "deviceName", "serviceURI", "vgpu", "deviceClass", "pipeName", "id", "customLabel", "assignedId")


@attrs.frozen
class Devices:
    """A machine's devices; `has_tpm` is None where nobody said which it has."""

    disks: tuple[Disk, ...]
    nics: tuple[Nic, ...]
    others: tuple[Device, ...]
    has_tpm: bool | None


def read_devices(fields: Fields, layout: Layout | None, tree: Tree) -> Devices:
    """All devices of a machine. Controllers, keyboards and the like are left out."""
    devices = fields.each("config.hardware.device")
    by_key = {device.text("key"): device for device in devices}
    addresses = _addresses(fields, by_key)
    disks, nics, others, has_tpm = [], [], [], None
    for device in devices:
        type_ = device.text("_type")
        has_tpm = has_tpm or type_ == _TPM
        if type_ == _DISK:
            disks.append(read_disk(device, by_key, layout, tree))
        elif type_ in _KINDS:
            others.append(_device(device, type_, tree))
        elif type_.startswith(_NIC_TYPES) or device.get("macAddress"):
            nics.append(_nic(device, type_, addresses, tree))
    return Devices(tuple(disks), tuple(nics), tuple(others), has_tpm)


def _addresses(fields: Fields, devices: Mapping[str, Fields]) -> dict[str, tuple[str, ...]]:
    """The guest's addresses by device, or by MAC address where the guest does not know the device."""
    found: dict[str, tuple[str, ...]] = {}
    for net in fields.each("guest.net"):
        key = net.text("deviceConfigId")
        key = key if key in devices else mac_text(net.text("macAddress"))
        if key:
            found[key] = (*found.get(key, ()), *net.texts("ipAddress"))
    return found


def _nic(device: Fields, type_: str, addresses: Mapping[str, tuple[str, ...]], tree: Tree) -> Nic:
    backing, connectable = device.at("backing"), device.at("connectable")
    port = backing.at("port")
    mac = mac_text(device.text("macAddress"))
    return Nic(
        name=device.at("deviceInfo").text("label"),
        mac_address=mac,
        network_id=tree.id_of(port.text("portgroupKey") or backing.text("network")),
        ip_addresses=addresses.get(device.text("key")) or addresses.get(mac, ()),
        connected=connectable.truth("connected"),
        type=type_,
        starts_connected=connectable.truth("startConnected"),
        mac_type=device.text("addressType"),
        is_passthrough=True if type_ == _SRIOV else backing.truth("inPassthroughMode"),
        switch=port.text("switchUuid"),
    )


def _device(device: Fields, type_: str, tree: Tree) -> Device:
    backing, connectable = device.at("backing"), device.at("connectable")
    behind = backing.text("_type")
    return Device(
        name=device.at("deviceInfo").text("label"),
        kind="vgpu" if behind == _VGPU else _KINDS[type_],
        backing=_BACKINGS.get(behind, behind),
        path=next(filter(None, map(backing.text, _PATHS)), ""),
        datastore_id=tree.id_of(backing.text("datastore")),
        connected=connectable.truth("connected"),
        starts_connected=connectable.truth("startConnected"),
        migratable=backing.truth("migrateSupported"),
    )
