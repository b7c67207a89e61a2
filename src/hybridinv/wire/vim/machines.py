"""VirtualMachine rows → records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hybridinv.model import (
    Agent,
    AgentStatus,
    Disk,
    Nic,
    OSType,
    PowerState,
    Problem,
    Snapshot,
    VirtualMachine,
)
from hybridinv.wire.reading import Body, look, mac_text, many, uuid_text
from hybridinv.wire.vim.tree import Tree, body_of, entity_name, odd, problems_of

if TYPE_CHECKING:
    from hybridinv.wire.soap import Row

_POWER = {
    "poweredOn": PowerState.RUNNING,
    "poweredOff": PowerState.STOPPED,
    "suspended": PowerState.SUSPENDED,
}
_ODD = {
    "disconnected": "its host is disconnected; what is shown is what vCenter last knew",
    "orphaned": "orphaned: vCenter knows it, its host does not",
    "inaccessible": "inaccessible: its host cannot read its configuration file",
    "invalid": "invalid: its configuration cannot be read",
}
_TOOLS_RUN = ("guestToolsRunning", "guestToolsExecutingScripts")
_NO_LINUX = (
    *("darwin", "dos", "ecomstation", "freebsd", "netware", "openserver", "os2", "other", "solaris", "unixware"),
    "vmkernel",
)
_RAW = ("VirtualDiskRawDisk", "VirtualDiskPartitionedRawDisk")
_NIC_TYPES = ("VirtualE1000", "VirtualVmxnet", "VirtualPCNet32", "VirtualSriovEthernetCard", "VirtualEthernetCard")


def read_vm(row: Row, tree: Tree) -> VirtualMachine:
    """A virtual machine; one without configuration or host keeps its row, and says so in `problems`."""
    body = body_of(row)
    host = body.text("runtime.host")
    devices = list(body.each("config.hardware.device"))
    nics = tuple(_nics(devices, body, tree))
    return VirtualMachine(
        id=tree.id_of(row.id),
        name=entity_name(row) or row.id,
        platform=tree.origin.platform,
        source=tree.origin.source,
        host_id=tree.id_of(host),
        cluster_id=tree.cluster_of(host),
        location=tree.location_of(body.text("parent") or host),
        folder=tree.folder_of(body.text("parent")),
        power_state=_POWER.get(body.text("runtime.powerState"), PowerState.UNKNOWN),
        connection_state=body.text("runtime.connectionState"),
        os_type=_os_type(body.text("guest.guestId"), body.text("config.guestId")),
        os_name=body.text("guest.guestFullName", "config.guestFullName"),
        cpus=body.number("config.hardware.numCPU"),
        memory_bytes=body.number("config.hardware.memoryMB", times=1024**2),
        bios_uuid=uuid_text(body.text("config.uuid")),
        instance_uuid=uuid_text(body.text("config.instanceUuid")),
        native_id=row.id,
        hostname=body.text("guest.hostName"),
        ip_addresses=_addresses(nics, body),
        disks=tuple(_disks(devices, tree)),
        nics=nics,
        snapshots=tuple(_snapshots(body.look("snapshot.rootSnapshotList"), "", body)),
        agent=_tools(body),
        is_template=body.truth("config.template") or False,
        is_virtual=True,
        created_at=body.moment("config.createDate"),
        hardware_version=body.text("config.version"),
        firmware=body.text("config.firmware"),
        problems=(*_oddities(row, body, tree), *problems_of(row, body, tree, "vms")),
    )


def _oddities(row: Row, body: Body, tree: Tree) -> Iterator[Problem]:
    state = body.text("runtime.connectionState")
    if state in _ODD:
        yield odd(row, tree, "vms", _ODD[state])
    refused = tuple(path.partition(".")[0] for path in row.missing)
    if body.look("config") is None and "config" not in refused:
        yield odd(row, tree, "vms", "vCenter has no configuration of it: no CPUs, memory, disks and UUIDs")
    if body.look("runtime.host") is None and "runtime" not in refused:
        yield odd(row, tree, "vms", "it is on no host that vCenter knows of")


def _os_type(*guest_ids: str) -> OSType:
    """The family by the first id there is; most ids are Linux distributions, and new ones are too."""
    known = next((guest_id.lower() for guest_id in guest_ids if guest_id), "")
    if not known:
        return OSType.UNKNOWN
    if known.startswith("win"):
        return OSType.WINDOWS
    return OSType.LINUX if "linux" in known or not known.startswith(_NO_LINUX) else OSType.OTHER


def _addresses(nics: tuple[Nic, ...], body: Body) -> tuple[str, ...]:
    first = body.text("guest.ipAddress")
    everything = ((first,) if first else ()) + tuple(address for nic in nics for address in nic.ip_addresses)
    unjoined = (address for net in body.each("guest.net") for address in net.texts("ipAddress"))
    return tuple(dict.fromkeys((*everything, *unjoined)))


def _disks(devices: list[Body], tree: Tree) -> Iterator[Disk]:
    for device in devices:
        if device.text("_type") != "VirtualDisk":
            continue
        capacity = device.number("capacityInBytes")
        kibibytes = device.number("capacityInKB", times=1024)
        backing = device.at("backing")
        yield Disk(
            name=device.text("deviceInfo.label"),
            capacity_bytes=kibibytes if capacity is None else capacity,
            datastore_id=tree.id_of(backing.text("datastore")),
            path=backing.text("fileName"),
            thin=backing.truth("thinProvisioned"),
            mode=backing.text("diskMode"),
            sharing=backing.text("sharing"),
            is_raw=backing.text("_type").startswith(_RAW),
            chain_length=_chain(backing.value),
        )


def _chain(backing: Mapping[str, Any]) -> int | None:
    length = 0
    while isinstance(backing, Mapping) and backing:
        length += 1
        backing = backing.get("parent") or {}
    return length or None


def _nics(devices: list[Body], body: Body, tree: Tree) -> Iterator[Nic]:
    by_device: dict[str, tuple[str, ...]] = {}
    for net in body.each("guest.net"):
        for key in filter(None, (net.text("deviceConfigId"), mac_text(net.text("macAddress")))):
            by_device[key] = (*by_device.get(key, ()), *net.texts("ipAddress"))
    for device in devices:
        mac = mac_text(device.text("macAddress"))
        if not mac and not device.text("_type").startswith(_NIC_TYPES):
            continue
        yield Nic(
            name=device.text("deviceInfo.label"),
            mac_address=mac,
            network_id=tree.id_of(device.text("backing.port.portgroupKey", "backing.network")),
            ip_addresses=by_device.get(device.text("key")) or by_device.get(mac, ()),
            connected=device.truth("connectable.connected"),
            type=device.text("_type"),
        )


def _snapshots(nodes: Any, parent: str, body: Body) -> Iterator[Snapshot]:
    for node in many(nodes):
        if not isinstance(node, Mapping):
            body.note("snapshot.rootSnapshotList", "a list of snapshots", node)
            continue
        snapshot = Body(node, body.notes)
        name = snapshot.text("name")
        yield Snapshot(
            name=name,
            created_at=snapshot.moment("createTime"),
            description=snapshot.text("description"),
            parent=parent,
        )
        yield from _snapshots(look(node, "childSnapshotList"), name, body)


def _tools(body: Body) -> Agent:
    running, installed = body.text("guest.toolsRunningStatus"), body.text("guest.toolsVersionStatus2")
    version = body.text("guest.toolsVersion")
    if installed == "guestToolsNotInstalled":
        status = AgentStatus.NOT_INSTALLED
    elif running in _TOOLS_RUN:
        status = AgentStatus.READY
    elif running == "guestToolsNotRunning":
        status = AgentStatus.NOT_READY
    else:
        status = AgentStatus.UNKNOWN
    return Agent(
        kind="vmware-tools",
        version="" if version == "0" else version,
        status=status,
        message=", ".join(word for word in (running, installed) if word),
    )
