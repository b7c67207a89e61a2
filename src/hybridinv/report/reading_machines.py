"""Sheets of an RVTools file → virtual machines with their disks, adapters, snapshots, file systems and devices."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from hybridinv.inventory import count_of
from hybridinv.model import (
    Agent,
    AgentStatus,
    Device,
    Disk,
    Nic,
    OSType,
    Partition,
    PowerState,
    Snapshot,
    Tags,
    VirtualMachine,
)
from hybridinv.report.reading_places import allocation_of, split_pool
from hybridinv.report.rvtools_estate import made_up_uuid
from hybridinv.wire.reading import mac_text, uuid_text
from hybridinv.wire.vim.guest import domain_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hybridinv.report.reading_book import Book
    from hybridinv.report.reading_cells import Row

_POWER = {"poweredon": PowerState.RUNNING, "poweredoff": PowerState.STOPPED, "suspended": PowerState.SUSPENDED}
_NO_LINUX = ("freebsd", "solaris", "netware", "os/2", "ms-dos", "macos", "mac os", "darwin", "sco ", "ecomstation",
             "unixware", "openserver", "vmware esx", "other")  # fmt: skip
_TOOLS = {
    "toolsok": AgentStatus.READY,
    "toolsold": AgentStatus.READY,
    "toolsnotrunning": AgentStatus.NOT_READY,
    "toolsnotinstalled": AgentStatus.NOT_INSTALLED,
}
"""`VirtualMachineToolsStatus`."""
_OLD = "guestToolsRunning, guestToolsNeedUpgrade"
_BACKINGS = (
    ("iso", "image"),
    ("remote host device", "remote-host"),
    ("host device", "host"),
    ("atapi", "host"),
    ("passthrough", "host"),
    ("client device", "client"),
    ("remote", "client"),
)
_UPGRADES = {"upgradeatpowercycle": True, "manual": False}
_CONTROLLERS = {
    "vmware paravirtual scsi": "ParaVirtualSCSIController",
    "lsi logic": "VirtualLsiLogicController",
    "lsi logic sas": "VirtualLsiLogicSASController",
    "buslogic": "VirtualBusLogicController",
    "ahci": "VirtualAHCIController",
    "nvme controller": "VirtualNVMEController",
    "nvme": "VirtualNVMEController",
    "ide": "VirtualIDEController",
    "ide 0": "VirtualIDEController",
    "ide 1": "VirtualIDEController",
}
_CARDS = {"e1000": "VirtualE1000", "e1000e": "VirtualE1000e", "vmxnet": "VirtualVmxnet", "vmxnet2": "VirtualVmxnet2",
          "vmxnet3": "VirtualVmxnet3", "pcnet32": "VirtualPCNet32", "sriov": "VirtualSriovEthernetCard",
          "sriovethernetcard": "VirtualSriovEthernetCard", "flexible": "VirtualPCNet32"}  # fmt: skip
_DATASTORE = re.compile(r"\[([^\]]+)\]")
_PLACEHOLDER = "com.vmware.vcDr placeholderVm"
_ENABLE_UUID = "disk.EnableUUID"
_OF_VCENTER = "50"
"""How instance UUIDs that vCenter gave begin; those of SMBIOS begin with 42 or 564d."""
_PARTS = ("vDisk", "vPartition", "vNetwork", "vCD", "vUSB", "vSnapshot", "vTools", "vCPU", "vMemory")

_DEVICES = (("vCD", "cdrom"), ("vUSB", "usb"))


def read_machines(book: Book) -> list[VirtualMachine]:
    """The machines of vInfo, each with what the other sheets have of it."""
    rows: dict[str, Row] = {}
    again: set[str] = set()
    old = 0
    for row in book.rows("vInfo"):
        if not book.name_of(row, "VM"):
            continue
        id_ = _id_of(book, row)
        if id_ in rows:
            again.add(id_)
            old += rows[id_].cells() != row.cells()
        rows[id_] = row
    if old:
        rows_are = f"{count_of('row', old)} of vInfo {'is' if old == 1 else 'are'}"
        book.complain("vms", f"{rows_are} of machines that a later row is of, too; the later one counts",
                      "were several files of one vCenter merged? Read them one by one")  # fmt: skip
    parts = {sheet: _parts(book, sheet, again) for sheet in _PARTS}
    return [
        _machine(book, id_, row, {sheet: parts[sheet].get(id_, []) for sheet in _PARTS}) for id_, row in rows.items()
    ]


def _id_of(book: Book, row: Row) -> str:
    vcenter, uuid, place = book.vcenter(row), row.text("VM UUID"), _place_of(row)
    id_ = book.id_of(row, "vms", row.text("VM ID"), *((uuid,) if uuid else place))
    if uuid:
        book.call("vms", id_, vcenter, "uuid", uuid)
    if row.text("VM"):
        book.call("vms", id_, vcenter, "place", *place)
        book.call("vms", id_, vcenter, "name", row.text("VM"))
    return id_


def _place_of(row: Row) -> tuple[str, str, str]:
    """What tells machines of one name apart: there is one of it in a folder."""
    return row.text("Datacenter"), row.text("Folder"), row.text("VM", "SMBIOS UUID")


def _parts(book: Book, sheet: str, again: set[str]) -> Mapping[str, list[Row]]:
    """The rows of a sheet by machine; of a machine that vInfo has twice, rows that are the same count once."""
    found: dict[str, list[Row]] = defaultdict(list)
    seen: set[tuple[object, ...]] = set()
    lost = 0
    for row in book.rows(sheet):
        id_ = _owner(book, row)
        if not id_:
            lost += 1
        elif id_ not in again or row.cells() not in seen:
            found[id_].append(row)
            if id_ in again:
                seen.add(row.cells())
    if lost:
        rows_are = f"{count_of('row', lost)} of {sheet} {'is' if lost == 1 else 'are'}"
        book.complain("vms", f"{rows_are} of no machine, or of no certain one, of vInfo",
                      "the file may be put together of several; export it anew", scope=sheet)  # fmt: skip
    return found


def _owner(book: Book, row: Row) -> str:
    vcenter, native = book.vcenter(row), row.text("VM ID")
    by_id = book.told_id(row, "vms", native) or f"vsphere://{vcenter}/{native}"
    if native and by_id in book.machine_ids():
        return by_id
    uuid = row.text("VM UUID")
    return (
        (uuid and book.find("vms", vcenter, "uuid", uuid))
        or book.find("vms", vcenter, "place", *_place_of(row))
        or book.find("vms", vcenter, "name", row.text("VM"))
    )


def _machine(book: Book, id_: str, row: Row, parts: Mapping[str, list[Row]]) -> VirtualMachine:
    nics = tuple(_nic(book, one) for one in parts["vNetwork"])
    first = row.text("Primary IP Address")
    addresses = dict.fromkeys([*([first] if first else []), *(ip for nic in nics for ip in nic.ip_addresses)])
    os_name = row.text("OS according to the VMware Tools", "OS according to the configuration file")
    return VirtualMachine(
        id=id_,
        name=book.name_of(row, "VM"),
        **book.origin(row),
        native_id="" if row.text("VM ID") == id_ else row.text("VM ID"),
        **_place(book, row),
        **_identity(row, id_),
        power_state=row.choice("Powerstate", _POWER, PowerState.UNKNOWN),
        os_name=os_name,
        os_type=os_type_of(os_name),
        ip_addresses=tuple(addresses),
        disks=tuple(_disk(book, one) for one in parts["vDisk"]),
        nics=nics,
        snapshots=tuple(map(_snapshot, parts["vSnapshot"])),
        partitions=tuple(map(_partition, parts["vPartition"])),
        devices=tuple(_device(book, one, kind) for sheet, kind in _DEVICES for one in parts[sheet]),
        agent=_tools(parts["vTools"][0]) if parts["vTools"] else Agent(kind="vmware-tools"),
        is_virtual=True,
        **_state(row),
        **_space(row),
        **(_cpu(parts["vCPU"][0]) if parts["vCPU"] else {}),
        **(_memory(parts["vMemory"][0]) if parts["vMemory"] else {}),
        custom_attributes=book.customs(row),
    )  # fmt: skip


def _place(book: Book, row: Row) -> dict[str, Any]:
    vcenter, datacenter, cluster = book.vcenter(row), row.text("Datacenter"), row.text("Cluster")
    host, pool = row.text("Host"), row.text("Resource pool")
    host_id = book.find("hosts", vcenter, host) if host else ""
    return {
        "host_id": host_id,
        "cluster_id": book.find("clusters", vcenter, cluster) if cluster else "",
        "location": datacenter,
        "folder": _folder(row.text("Folder"), datacenter),
        "resource_pool_id": book.find("resource_pools", vcenter, pool) if pool else "",
        "resource_pool": split_pool(pool)[2],
        "vapp": row.text("vApp"),
        "config_path": row.text("Path"),
        "annotation": row.text("Annotation"),
        "managed_by": _PLACEHOLDER if row.truth("SRM Placeholder") else "",
    }


def _folder(path: str, datacenter: str) -> str:
    """The folders below the datacenter's own `vm` folder."""
    parts = path.strip("/").split("/")
    if parts[0] == datacenter and len(parts) > 1:
        parts = parts[1:]
    return "/".join(parts[1:] if parts[0] == "vm" else parts)


def _identity(row: Row, id_: str) -> dict[str, Any]:
    """UUIDs and names; before RVTools 4.3.1 there was one UUID, which was that of SMBIOS."""
    bios, instance = uuid_text(row.text("SMBIOS UUID")), uuid_text(row.text("VM UUID"))
    if instance == made_up_uuid(id_):
        instance = ""
    if instance in ("", bios) or (not row.sheet.has("SMBIOS UUID") and not instance.startswith(_OF_VCENTER)):
        bios, instance = bios or instance, ""
    hostname = row.text("DNS Name")
    version = row.text("HW version")
    return {
        "bios_uuid": bios,
        "instance_uuid": instance,
        "hostname": hostname,
        "domain": domain_of(hostname),
        "hardware_version": f"vmx-{int(version):02d}" if version.isdecimal() and len(version) < 4 else version,
        "firmware": row.text("Firmware"),
        "is_template": bool(row.truth("Template")),
        "cpus": row.number("CPUs"),
        "memory_bytes": row.mebibytes("Memory"),
    }


def _state(row: Row) -> dict[str, Any]:
    return {
        "connection_state": row.text("Connection state"),
        "guest_state": row.text("Guest state"),
        "heartbeat": row.text("Heartbeat"),
        "health": row.text("Config status"),
        "created_at": row.moment("Creation date"),
        "booted_at": row.moment("PowerOn"),
        "suspended_at": row.moment("Suspend time"),
        "consolidation_needed": row.truth("Consolidation Needed"),
        "change_tracking": row.truth("CBT"),
        "secure_boot": row.truth("EFI Secure boot"),
        "ha_protected": row.truth("DAS protection"),
        "fault_tolerance": row.text("FT State"),
        "latency_sensitivity": row.text("Latency Sensitivity"),
        "evc_mode": row.text("min Required EVC Mode Key"),
        "settings": Tags({_ENABLE_UUID: "TRUE"}) if row.truth("EnableUUID") else Tags(),
    }


def _space(row: Row) -> dict[str, Any]:
    committed, provisioned = row.mebibytes("In Use MiB"), row.mebibytes("Provisioned MiB")
    known = committed is not None and provisioned is not None
    return {
        "committed_bytes": committed,
        "uncommitted_bytes": max(provisioned - committed, 0) if known else None,  # type: ignore[operator]
        "unshared_bytes": row.mebibytes("Unshared MiB"),
    }


def _cpu(row: Row) -> dict[str, Any]:
    return {
        "cores_per_socket": row.number("Cores p/s"),
        "cpu_usage_mhz": row.number("Overall"),
        "cpu_allocation": allocation_of(row),
        "cpu_hot_add": row.truth("Hot Add"),
        "cpu_hot_remove": row.truth("Hot Remove"),
    }


def _memory(row: Row) -> dict[str, Any]:
    return {
        "memory_active_bytes": row.mebibytes("Active"),
        "memory_consumed_bytes": row.mebibytes("Consumed"),
        "memory_ballooned_bytes": row.mebibytes("Ballooned"),
        "memory_swapped_bytes": row.mebibytes("Swapped"),
        "memory_allocation": allocation_of(row, 2**20),
        "memory_hot_add": row.truth("Hot Add"),
    }


def _disk(book: Book, row: Row) -> Disk:
    path = next((text for text in map(row.text, ("Disk Path", "Path")) if "[" in text), row.text("Disk Path", "Path"))
    datastore = _DATASTORE.match(path)
    controller = row.text("Controller")
    return Disk(
        name=row.text("Disk"),
        native_id=row.text("Disk Key"),
        uuid=uuid_text(row.text("Disk UUID")),
        path=path,
        datastore_id=book.find("datastores", book.vcenter(row), datastore[1]) if datastore else "",
        capacity_bytes=row.mebibytes("Capacity MiB"),
        is_raw=bool(row.truth("Raw")),
        mode=row.text("Disk Mode"),
        sharing=row.text("Sharing mode"),
        thin=row.truth("Thin"),
        eagerly_zeroed=row.truth("Eagerly Scrub"),
        write_through=row.truth("Write Through"),
        io=allocation_of(row),
        controller=row.text("Label"),
        controller_type=_CONTROLLERS.get(controller.casefold(), controller),
        unit_number=row.number("Unit #"),
        bus_sharing=row.text("Shared Bus"),
        raw_mode=row.text("Raw Comp. Mode"),
        raw_device=row.text("Raw LUN ID"),
    )


def _nic(book: Book, row: Row) -> Nic:
    vcenter, network = book.vcenter(row), row.text("Network")
    card = row.text("Adapter")
    found = book.find("networks", vcenter, row.text("Datacenter"), network) or book.find(
        "networks", vcenter, row.text("Switch"), network
    )
    return Nic(
        name=row.text("NIC label"),
        type=_CARDS.get(card.casefold(), card),
        network_id=found or (book.find("networks", vcenter, network) if network else ""),
        mac_address=mac_text(row.text("Mac Address")),
        mac_type=row.text("Type").lower(),
        connected=row.truth("Connected"),
        starts_connected=row.truth("Starts Connected"),
        ip_addresses=(*row.texts("IPv4 Address"), *row.texts("IPv6 Address")),
        is_passthrough=row.truth("Direct Path IO"),
    )


def _snapshot(row: Row) -> Snapshot:
    return Snapshot(
        name=row.text("Name"),
        description=row.text("Description"),
        created_at=row.moment("Date / time"),
        size_bytes=row.mebibytes("Size MiB (total)"),
        quiesced=row.truth("Quiesced"),
        power_state=row.text("State"),
    )


def _partition(row: Row) -> Partition:
    capacity, free = row.mebibytes("Capacity MiB"), row.mebibytes("Free MiB")
    consumed = row.mebibytes("Consumed MiB")
    if free is None and capacity is not None and consumed is not None:
        free = max(capacity - consumed, 0)
    return Partition(path=row.text("Disk"), capacity_bytes=capacity, free_bytes=free, disks=row.texts("Disk Key"))


def _device(book: Book, row: Row, kind: str) -> Device:
    said = row.text("Device Type")
    backing, path = _backing(said)
    datastore = _DATASTORE.match(path)
    return Device(
        name=row.text("Device Node"),
        kind=kind,
        backing=backing,
        path=path,
        datastore_id=book.find("datastores", book.vcenter(row), datastore[1]) if datastore else "",
        connected=row.truth("Connected"),
        starts_connected=row.truth("Starts Connected"),
    )


def _backing(said: str) -> tuple[str, str]:
    """What is behind a device, and its path: `ISO [iso-01] tools.iso`, `Client device`, `Remote ATAPI`."""
    low = said.casefold()
    for words, backing in _BACKINGS:
        if low.startswith(words):
            path = said[len(words) :].strip()
            return backing, "" if path.casefold() in ("device", "image") else path
    return ("image", said[said.index("[") :]) if "[" in said else (said, "")


def _tools(row: Row) -> Agent:
    said, version = row.text("Tools").casefold(), row.text("Tools Version")
    return Agent(
        kind="vmware-tools",
        version="" if version == "0" else version,
        status=_TOOLS.get(said, AgentStatus.UNKNOWN),
        message=_OLD if said == "toolsold" else "" if said in _TOOLS else row.text("Tools"),
        auto_upgrade=_UPGRADES.get(row.text("Upgrade Policy").casefold()),
    )


def os_type_of(name: str) -> OSType:
    """The family of a system by its full name; most others are Linux distributions."""
    low = name.casefold()
    if not low:
        return OSType.UNKNOWN
    if "windows" in low:
        return OSType.WINDOWS
    return OSType.LINUX if "linux" in low or not any(word in low for word in _NO_LINUX) else OSType.OTHER
