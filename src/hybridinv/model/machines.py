"""Virtual machines, and servers seen by the Arc agent."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs

from hybridinv.model.fact import Tags, fact, several
from hybridinv.model.findings import Problem


class PowerState(StrEnum):
    """Whether a machine runs."""

    RUNNING = "running"
    STOPPED = "stopped"
    SUSPENDED = "suspended"
    DEALLOCATED = "deallocated"
    STARTING = "starting"
    STOPPING = "stopping"
    UNKNOWN = "unknown"


class OSType(StrEnum):
    """The family of a guest's operating system."""

    WINDOWS = "windows"
    LINUX = "linux"
    OTHER = "other"
    UNKNOWN = "unknown"


class AgentStatus(StrEnum):
    """What is known of the platform's agent inside a machine."""

    READY = "ready"
    NOT_READY = "not_ready"
    NOT_INSTALLED = "not_installed"
    DISCONNECTED = "disconnected"
    EXPIRED = "expired"
    ERROR = "error"
    UNKNOWN = "unknown"


@attrs.frozen(kw_only=True)
class Disk:
    """A disk of a machine."""

    name: str = fact(
        "",
        "Its label.",
        vsphere="device.deviceInfo.label",
        azure="osDisk.name, dataDisks[].name",
        arc="storageProfile.disks[].name",
    )
    capacity_bytes: int | None = fact(
        None,
        "Its size.",
        unit="bytes",
        vsphere="device.capacityInBytes",
        azure="diskSizeGB",
        arc="storageProfile.disks[].maxSizeInBytes",
    )
    datastore_id: str = fact("", "The datastore it lies on.", vsphere="device.backing.datastore")
    path: str = fact(
        "",
        "Where its data is.",
        vsphere="device.backing.fileName",
        azure="managedDisk.id, vhd.uri",
        arc="storageProfile.disks[].path",
    )
    thin: bool | None = fact(None, "Thin provisioned.", vsphere="device.backing.thinProvisioned")
    mode: str = fact("", "Disk mode.", vsphere="device.backing.diskMode")
    sharing: str = fact("", "Sharing mode.", vsphere="device.backing.sharing")
    is_raw: bool = fact(False, "A raw device mapping.", vsphere="type of device.backing")
    chain_length: int | None = fact(
        None, "Files in the snapshot chain; 1 is a disk without snapshots.", vsphere="device.backing.parent"
    )


@attrs.frozen(kw_only=True)
class Nic:
    """A network adapter of a machine."""

    name: str = fact(
        "",
        "Its label.",
        vsphere="device.deviceInfo.label",
        azure="networkInterfaces[].id",
        arc="networkInterfaces[].name",
    )
    mac_address: str = fact(
        "", "Lower case, with colons.", vsphere="device.macAddress", arc="networkInterfaces[].macAddress"
    )
    network_id: str = fact("", "The network it is on.", vsphere="device.backing.network, .port.portgroupKey")
    ip_addresses: tuple[str, ...] = several(
        (),
        "Addresses the guest reports.",
        vsphere="guest.net[].ipAddress",
        arc="networkInterfaces[].ipAddresses[].address",
    )
    connected: bool | None = fact(None, "Connected.", vsphere="device.connectable.connected")
    type: str = fact("", "Adapter type.", vsphere="type of device")


@attrs.frozen(kw_only=True)
class Snapshot:
    """A snapshot of a virtual machine."""

    name: str = fact("", "Its name.", vsphere="snapshot.rootSnapshotList[].name")
    created_at: datetime | None = fact(None, "When it was taken.", vsphere="…[].createTime")
    description: str = fact("", "Its description.", vsphere="…[].description")
    size_bytes: int | None = fact(None, "Space it takes.", unit="bytes", vsphere="layoutEx")
    parent: str = fact("", "Name of the snapshot it builds on.", vsphere="…[].childSnapshotList")


@attrs.frozen(kw_only=True)
class Agent:
    """The platform's agent inside a machine: VMware Tools, Azure's VM agent, Arc's connected machine agent."""

    kind: str = fact("", "`vmware-tools`, `azure-vm-agent` or `connected-machine-agent`.")
    version: str = fact(
        "", "Its version.", vsphere="guest.toolsVersion", azure="vmAgent.vmAgentVersion", arc="agentVersion"
    )
    status: AgentStatus = fact(
        AgentStatus.UNKNOWN,
        "A connected Arc agent is READY. Values not known here are UNKNOWN, with the platform's word in `message`.",
        converter=AgentStatus,
        vsphere="guest.toolsRunningStatus, guest.toolsVersionStatus2",
        azure="vmAgent.statuses[]",
        arc="status",
    )
    message: str = fact(
        "", "What the platform says about it.", azure="vmAgent.statuses[].message", arc="statusReason, errorDetails[]"
    )
    changed_at: datetime | None = fact(
        None,
        "The last change of status; never a heartbeat.",
        arc="lastStatusChange",
        azure="vmAgent.statuses[].time",
    )


@attrs.frozen(kw_only=True)
class VirtualMachine:
    """A virtual machine, or a server seen by the Arc agent."""

    id: str = attrs.field(
        metadata={
            "doc": "Unique across sources: the ARM id in lower case, or `vsphere://<vCenter instanceUuid>/<moref>`.",
        }
    )
    name: str = attrs.field(metadata={"doc": "Its name on the platform."})
    platform: str = attrs.field(metadata={"doc": "`vsphere`, `azure-stack-hub`, `azure` or `azure-arc`."})
    source: str = attrs.field(metadata={"doc": "Which endpoint it was read from."})
    host_id: str = fact("", "The host it runs on.", vsphere="runtime.host", azure="properties.host.id")
    cluster_id: str = fact("", "The cluster of that host.", vsphere="runtime.host's parent")
    location: str = fact("", "Datacenter or region.", vsphere="datacenter of parent", azure="location", arc="location")
    folder: str = fact("", "Folder path below the datacenter.", vsphere="parent")
    resource_group: str = fact("", "Resource group, as the endpoint wrote it.", azure="id", arc="id")
    subscription_id: str = fact("", "Subscription.", azure="id", arc="id")
    power_state: PowerState = fact(
        PowerState.UNKNOWN,
        "Whether it runs. Arc does not say.",
        converter=PowerState,
        vsphere="runtime.powerState",
        azure="instanceView.statuses[] PowerState/…",
    )
    connection_state: str = fact("", "As the platform words it.", vsphere="runtime.connectionState", arc="status")
    os_type: OSType = fact(
        OSType.UNKNOWN,
        "Family of the guest system.",
        converter=OSType,
        vsphere="guest.guestId, config.guestId",
        azure="osDisk.osType",
        arc="osType",
    )
    os_name: str = fact(
        "",
        "The guest system.",
        vsphere="guest.guestFullName, config.guestFullName",
        azure="instanceView.osName, imageReference",
        arc="osSku, osName",
    )
    cpus: int | None = fact(
        None,
        "Virtual CPUs.",
        vsphere="config.hardware.numCPU",
        azure="hardwareProfile.vmSizeProperties",
        arc="detectedProperties.logicalCoreCount",
    )
    memory_bytes: int | None = fact(
        None,
        "Memory.",
        unit="bytes",
        vsphere="config.hardware.memoryMB",
        arc="detectedProperties.totalPhysicalMemoryInBytes",
    )
    size: str = fact("", "Size name.", azure="hardwareProfile.vmSize")
    bios_uuid: str = fact(
        "",
        "SMBIOS UUID, lower case, in the byte order of the source. Not unique: clones share it.",
        vsphere="config.uuid",
        arc="vmUuid",
    )
    serial_number: str = fact("", "SMBIOS serial number.", arc="detectedProperties.serialNumber")
    instance_uuid: str = fact("", "vCenter's UUID of this VM.", vsphere="config.instanceUuid")
    native_id: str = fact("", "The platform's own id.", vsphere="moref", azure="vmId", arc="vmId")
    resource_id: str = fact("", "The ARM id as the endpoint wrote it.", azure="id", arc="id")
    hostname: str = fact(
        "",
        "Name inside the guest.",
        vsphere="guest.hostName",
        azure="osProfile.computerName",
        arc="machineFqdn, osProfile.computerName",
    )
    ip_addresses: tuple[str, ...] = several(
        (),
        "Addresses the guest reports.",
        vsphere="guest.net[], guest.ipAddress",
        arc="networkProfile.networkInterfaces[]",
    )
    disks: tuple[Disk, ...] = several((), "Its disks.")
    nics: tuple[Nic, ...] = several((), "Its network adapters.")
    snapshots: tuple[Snapshot, ...] = several((), "Its snapshots, parents before children.")
    agent: Agent = fact(Agent(), "The platform's agent in it; never None.")
    tags: Tags = fact(Tags(), "Tags.", converter=Tags, azure="tags", arc="tags")
    is_template: bool = fact(False, "A template.", vsphere="config.template")
    is_virtual: bool | None = fact(
        None,
        "False for a physical server under Arc, None where nobody says.",
        arc="kind, hardwareProfile, detectedProperties.model",
    )
    created_at: datetime | None = fact(None, "When it was made.", vsphere="config.createDate", azure="timeCreated")
    hardware_version: str = fact("", "Virtual hardware version.", vsphere="config.version")
    firmware: str = fact("", "`bios` or `efi`.", vsphere="config.firmware", azure="instanceView.hyperVGeneration")
    maintenance: str = fact(
        "", "Maintenance the platform has announced.", azure="instanceView.maintenanceRedeployStatus"
    )
    problems: tuple[Problem, ...] = several((), "What could not be read of it, or is odd about it.")
