"""Devices that tie a machine to its host: passthrough, vGPU, drives and ports of the host or of a client, images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.planning.checks.faults import found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hybridinv.model import Device, Finding, Host, VirtualMachine
    from hybridinv.model.migration import MigrationState
    from hybridinv.planning.move import Move

_SRIOV = "VirtualSriovEthernetCard"
_DVX = "VirtualPCIPassthroughDvxBackingInfo"
_OF_THE_HOST = frozenset({"cdrom", "floppy", "serial", "parallel", "scsi"})
_LOCAL_USB, _MOVABLE_USB = "host", "remote-host"
_REMOTE_DEVICES = "remoteDeviceVMotionSupported"


def check_devices(vm: VirtualMachine, state: MigrationState, *, host_changes: bool) -> Iterator[Finding]:
    """Devices that matter whatever the destination."""
    for device in vm.devices:
        if device.kind == "passthrough":
            lesser = device.backing == _DVX or not host_changes
            yield from _passthrough(vm, f"{_named(device)} is passed through", state, lesser=lesser, away=host_changes)
        elif device.kind == "vgpu":
            yield from _check_vgpu(vm, device, state, host_changes=host_changes)
        elif device.kind == "usb" and host_changes:
            yield from _check_usb(vm, device, state)
        elif (
            device.kind in _OF_THE_HOST and device.backing == "host" and host_changes and device.connected is not False
        ):
            message = f"{_named(device)} of {vm.name} is a device of its host, and {_connected(device)}"
            yield from found("DeviceBackingNotSupported", vm.id, message, state, lesser=device.connected is not True)
    for nic in vm.nics:
        if nic.is_passthrough:
            lesser = nic.type != _SRIOV or not host_changes
            yield from _passthrough(
                vm, f"{nic.name or nic.type} bypasses the hypervisor", state, lesser=lesser, away=host_changes
            )


def _passthrough(
    vm: VirtualMachine, what: str, state: MigrationState, *, lesser: bool, away: bool
) -> Iterator[Finding]:
    message = f"{what} in {vm.name}"
    yield from found("DisallowedMigrationDeviceAttached", vm.id, message, state, lesser=lesser)
    if away:
        yield from found("PassthroughDeviceNeeded", vm.id, message, state)


def _check_vgpu(vm: VirtualMachine, device: Device, state: MigrationState, *, host_changes: bool) -> Iterator[Finding]:
    if device.migratable is False:
        message = f"the platform says that {_named(device)} cannot be moved live"
        yield from _passthrough(vm, message, state, lesser=not host_changes, away=host_changes)
        return
    if device.migratable is None:
        message = f"whether {_named(device)} of {vm.name} can be moved live is not known"
        yield from found("VGpuMigrationUnknown", vm.id, message, state)
    if host_changes:
        yield from found("PassthroughDeviceNeeded", vm.id, f"{_named(device)} in {vm.name}", state)


def _check_usb(vm: VirtualMachine, device: Device, state: MigrationState) -> Iterator[Finding]:
    if device.backing not in (_LOCAL_USB, _MOVABLE_USB) or device.connected is False:
        return
    movable = device.backing == _MOVABLE_USB
    how = "stays on the host it is plugged into" if movable else "is not enabled for vMotion"
    message = f"{_named(device)} of {vm.name} {how}"
    yield from found("UsbDeviceNotEnabledForVMotion", vm.id, message, state, lesser=movable)


def check_devices_there(move: Move) -> Iterator[Finding]:
    """Devices that matter because of where the machine goes."""
    vm, state, source, destination = move.vm, move.state, move.source, move.destination
    if not (source and destination and move.host_changes):
        return
    for device in vm.devices:
        if device.backing == "client" and device.connected is not False:
            yield from _check_client(vm, device, (source, destination), state)
        elif device.backing == "image" and device.datastore_id:
            yield from _check_image(move, device, destination)
        elif device.kind == "vgpu" and device.path in source.gpus and device.path not in destination.gpus:
            message = f"{destination.name} does not offer {device.path}, which {vm.name} has"
            yield from found("VGpuProfileMissing", destination.id, message, state)


def _check_client(
    vm: VirtualMachine, device: Device, hosts: tuple[Host, Host], state: MigrationState
) -> Iterator[Finding]:
    known = [host for host in hosts if host.capabilities]
    lacking = [host.name for host in known if _REMOTE_DEVICES not in host.capabilities]
    if len(known) == len(hosts) and not lacking:
        return
    why = f"{' and '.join(lacking)} cannot move it live" if lacking else "whether its hosts can move it is not known"
    message = f"{_named(device)} of {vm.name} is a device of a client, and {_connected(device)}; {why}"
    yield from found("RemoteDeviceNotSupported", vm.id, message, state, lesser=not (device.connected and lacking))


def _check_image(move: Move, device: Device, destination: Host) -> Iterator[Finding]:
    attached = device.connected is not False or device.starts_connected
    if attached and move.index.sees(destination, device.datastore_id) is False:
        message = f"{_named(device)} of {move.vm.name} has {device.path}, which {destination.name} does not reach"
        yield from found("CannotAccessFile", move.vm.id, message, move.state, lesser=not device.connected)


def has_vgpu(vm: VirtualMachine) -> bool:
    """Whether a machine has a vGPU."""
    return any(device.kind == "vgpu" for device in vm.devices)


def _named(device: Device) -> str:
    return device.name or device.path or device.kind


def _connected(device: Device) -> str:
    return "connected" if device.connected else "perhaps connected"
