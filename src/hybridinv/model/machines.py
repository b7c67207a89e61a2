"""Virtual machines, and servers seen by the Arc agent."""

from __future__ import annotations

from datetime import date, datetime

import attrs

from hybridinv.model.fact import Tags, Word, fact, in_utc, several
from hybridinv.model.findings import Problem
from hybridinv.model.hardware import Allocation, Device, Partition
from hybridinv.model.rendering import Shown


class PowerState(Word):
    """Whether a machine runs."""

    RUNNING = "running"
    STOPPED = "stopped"
    SUSPENDED = "suspended"
    DEALLOCATED = "deallocated"
    STARTING = "starting"
    STOPPING = "stopping"
    UNKNOWN = "unknown"


class OSType(Word):
    """The family of a guest's operating system."""

    WINDOWS = "windows"
    LINUX = "linux"
    OTHER = "other"
    UNKNOWN = "unknown"


class AgentStatus(Word):
    """What is known of the platform's agent inside a machine."""

    READY = "ready"
    NOT_READY = "not_ready"
    NOT_INSTALLED = "not_installed"
    DISCONNECTED = "disconnected"
    EXPIRED = "expired"
    ERROR = "error"
    UNKNOWN = "unknown"


@attrs.frozen(kw_only=True)
class Disk(Shown):
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
    native_id: str = fact("", "The platform's own key.", vsphere="device.key")
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
    chain: tuple[str, ...] = several(
        (), "The files of that chain, the one that is written first.", vsphere="device.backing.parent"
    )
    size_bytes: int | None = fact(
        None, "Space its files take.", unit="bytes", vsphere="layoutEx.disk[].chain[], layoutEx.file[].size"
    )
    uuid: str = fact("", "UUID.", vsphere="device.backing.uuid")
    controller: str = fact("", "Label of its controller.", vsphere="device.controllerKey")
    controller_type: str = fact(
        "", "Type of its controller.", vsphere="type of the controller", azure="storageProfile.diskControllerType"
    )
    bus_sharing: str = fact("", "Bus sharing of its controller.", vsphere="controller.sharedBus")
    unit_number: int | None = fact(
        None, "Unit on its controller, or LUN.", vsphere="device.unitNumber", azure="dataDisks[].lun"
    )
    raw_mode: str = fact("", "`physicalMode` or `virtualMode`.", vsphere="device.backing.compatibilityMode")
    raw_device: str = fact("", "The raw device.", vsphere="device.backing.deviceName, .lunUuid")
    eagerly_zeroed: bool | None = fact(None, "Zeroed when made.", vsphere="device.backing.eagerlyScrub")
    write_through: bool | None = fact(None, "Writes through.", vsphere="device.backing.writeThrough")
    is_encrypted: bool | None = fact(
        None, "Encrypted by the platform.", vsphere="device.backing.keyId", azure="osDisk.encryptionSettings.enabled"
    )
    caching: str = fact("", "Host caching.", azure="osDisk.caching, dataDisks[].caching")
    storage_type: str = fact("", "Storage type.", azure="managedDisk.storageAccountType")
    io: Allocation = fact(
        Allocation(), "Shares, and limit in I/O operations per second.", vsphere="device.storageIOAllocation"
    )


@attrs.frozen(kw_only=True)
class Nic(Shown):
    """A network adapter of a machine."""

    name: str = fact(
        "",
        "Its label.",
        vsphere="device.deviceInfo.label",
        azure="networkInterfaces[].id",
        arc="networkInterfaces[].name",
    )
    mac_address: str = fact(
        "",
        "Lower case, with colons.",
        vsphere="device.macAddress",
        azure="networkInterfaces[].properties.macAddress",
        arc="networkInterfaces[].macAddress",
    )
    network_id: str = fact(
        "",
        "The network it is on.",
        vsphere="device.backing.network, .port.portgroupKey",
        azure="ipConfigurations[].subnet.id",
    )
    ip_addresses: tuple[str, ...] = several(
        (),
        "Addresses the guest reports; in Azure the private ones that it was given.",
        vsphere="guest.net[].ipAddress",
        azure="ipConfigurations[].privateIPAddress",
        arc="networkInterfaces[].ipAddresses[].address",
    )
    connected: bool | None = fact(None, "Connected.", vsphere="device.connectable.connected")
    type: str = fact("", "Adapter type.", vsphere="type of device", azure="networkInterfaces[].properties.nicType")
    starts_connected: bool | None = fact(None, "Connected at power on.", vsphere="device.connectable.startConnected")
    mac_type: str = fact("", "Who gave the address.", vsphere="device.addressType")
    is_passthrough: bool | None = fact(
        None,
        "Bypasses the hypervisor: DirectPath or SR-IOV.",
        vsphere="device.backing.inPassthroughMode, type of device",
    )
    switch: str = fact("", "UUID of its distributed switch.", vsphere="device.backing.port.switchUuid")
    public_ip_addresses: tuple[str, ...] = several((), "Public addresses.", azure="ipConfigurations[].publicIPAddress")
    is_primary: bool | None = fact(None, "The first one.", azure="networkInterfaces[].properties.primary")
    is_accelerated: bool | None = fact(None, "Accelerated networking.", azure="enableAcceleratedNetworking")


@attrs.frozen(kw_only=True)
class Snapshot(Shown):
    """A snapshot of a virtual machine."""

    name: str = fact("", "Its name.", vsphere="snapshot.rootSnapshotList[].name")
    created_at: datetime | None = fact(None, "When it was taken.", converter=in_utc, vsphere="…[].createTime")
    description: str = fact("", "Its description.", vsphere="…[].description")
    size_bytes: int | None = fact(None, "Space it takes.", unit="bytes", vsphere="layoutEx")
    parent: str = fact("", "Name of the snapshot it builds on.", vsphere="…[].childSnapshotList")
    native_id: str = fact("", "The platform's own id.", vsphere="…[].snapshot")
    parent_id: str = fact(
        "", "The `native_id` of the snapshot it builds on; names repeat.", vsphere="…[].childSnapshotList"
    )
    is_current: bool = fact(False, "What runs now builds on it.", vsphere="snapshot.currentSnapshot")
    power_state: str = fact("", "The machine's, when it was taken.", vsphere="…[].state")
    quiesced: bool | None = fact(None, "The file systems were at rest.", vsphere="…[].quiesced")
    has_memory: bool | None = fact(None, "Holds the memory too.", vsphere="layoutEx.snapshot[].memoryKey")


@attrs.frozen(kw_only=True)
class Agent(Shown):
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
        converter=in_utc,
        arc="lastStatusChange",
        azure="vmAgent.statuses[].time",
    )
    is_wanted: bool | None = fact(
        None,
        "Whether the platform was told to install it; apart from whether it is there.",
        azure="osProfile.*Configuration.provisionVMAgent",
    )
    allows_extensions: bool | None = fact(
        None,
        "Extensions may be installed.",
        azure="osProfile.allowExtensionOperations",
        arc="agentConfiguration.extensionsEnabled",
    )
    mode: str = fact("", "`full` or `monitor`.", arc="agentConfiguration.configMode")
    released_on: date | None = fact(
        None, "The month in which that version came out, as its first day, where this library knows it."
    )
    auto_upgrade: bool | None = fact(
        None, "Upgraded by the platform.", arc="agentUpgrade.enableAutomaticUpgrade",
        azure="windowsConfiguration.enableVMAgentPlatformUpdates", vsphere="config.tools.toolsUpgradePolicy",
    )  # fmt: skip
    desired_version: str = fact("", "The version it is to be upgraded to.", arc="agentUpgrade.desiredVersion")
    last_upgrade: str = fact(
        "", "How its last upgrade ended: `Success`, `Failed`.", arc="agentUpgrade.lastAttemptStatus"
    )
    guest_configuration: bool | None = fact(
        None, "Machine configuration (guest configuration) may run.", arc="agentConfiguration.guestConfigurationEnabled"
    )
    incoming_ports: tuple[str, ...] = several(
        (), "Ports it lets in, for SSH and Windows Admin Center.", arc="agentConfiguration.incomingConnectionsPorts[]"
    )
    allowed_extensions: tuple[str, ...] = several(
        (), "Where there is a list, no others may be installed; `publisher/type`.",
        arc="agentConfiguration.extensionsAllowList[]",
    )  # fmt: skip
    blocked_extensions: tuple[str, ...] = several(
        (), "These may not be installed; `publisher/type`.", arc="agentConfiguration.extensionsBlockList[]"
    )
    proxy: str = fact("", "Its proxy, without a password.", arc="agentConfiguration.proxyUrl")
    services: Tags = fact(
        Tags(),
        "Its services and their states.",
        converter=Tags,
        arc="serviceStatuses",
        azure="vmAgent.extensionHandlers[]",
    )


@attrs.frozen(kw_only=True)
class PendingUpdate:
    """Maintenance that the platform has announced for a machine."""

    scope: str = fact("", "What is updated: `Host`, `OSImage`, `InGuestPatch`, …", azure="updates[].maintenanceScope")
    status: str = fact(
        "",
        "`Pending`, `InProgress`, …",
        azure="updates[].status, maintenanceRedeployStatus.lastOperationResultCode",
    )
    impact: str = fact("", "`None`, `Freeze`, `Restart`, `Redeploy`, …", azure="updates[].impactType")
    impact_seconds: int | None = fact(None, "How long.", unit="seconds", azure="updates[].impactDurationInSec")
    not_before: datetime | None = fact(
        None,
        "Not before.",
        converter=in_utc,
        azure="updates[].notBefore, maintenanceRedeployStatus.maintenanceWindowStartTime",
    )
    until: datetime | None = fact(
        None, "The end of its window.", converter=in_utc, azure="maintenanceRedeployStatus.maintenanceWindowEndTime"
    )
    may_start_now: bool | None = fact(
        None, "The owner may start it.", azure="maintenanceRedeployStatus.isCustomerInitiatedMaintenanceAllowed"
    )


@attrs.frozen(kw_only=True)
class VirtualMachine(Shown):
    """A virtual machine, or a server seen by the Arc agent."""

    id: str = attrs.field(
        metadata={
            "doc": "Unique across sources: the ARM id in lower case, or `vsphere://<vCenter instanceUuid>/<moref>`.",
        }
    )
    name: str = attrs.field(metadata={"doc": "Its name on the platform."})
    platform: str = attrs.field(metadata={"doc": "`vsphere`, `azure-stack-hub`, `azure` or `azure-arc`."})
    source: str = attrs.field(metadata={"doc": "Which endpoint it was read from."})
    host_id: str = fact(
        "",
        "The host it runs on.",
        vsphere="runtime.host",
        azure="properties.host.id",
        hub="computeScaleUnits nodes[].virtualMachines[]",
    )
    cluster_id: str = fact("", "The cluster of that host.", vsphere="runtime.host's parent", azure="hostGroup.id")
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
        azure="hardwareProfile.vmSizeProperties; Microsoft.Compute/skus vCPUsAvailable, vCPUs; vmSizes numberOfCores",
        arc="detectedProperties.logicalCoreCount",
    )
    memory_bytes: int | None = fact(
        None,
        "Memory.",
        unit="bytes",
        vsphere="config.hardware.memoryMB",
        azure="Microsoft.Compute/skus MemoryGB; vmSizes memoryInMB",
        arc="detectedProperties.totalPhysicalMemoryInBytes",
    )
    size: str = fact("", "Size name.", azure="hardwareProfile.vmSize, sku.name")
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
        "Addresses the guest reports; in Azure the private ones of its adapters.",
        vsphere="guest.net[], guest.ipAddress",
        azure="ipConfigurations[].privateIPAddress",
        arc="networkProfile.networkInterfaces[]",
    )
    disks: tuple[Disk, ...] = several((), "Its disks.")
    nics: tuple[Nic, ...] = several((), "Its network adapters.")
    snapshots: tuple[Snapshot, ...] = several((), "Its snapshots, parents before children.")
    agent: Agent = fact(
        Agent(), "The platform's agent in it; never None.", converter=attrs.converters.default_if_none(Agent())
    )
    tags: Tags = fact(Tags(), "Tags.", converter=Tags, vsphere="/api/cis/tagging", azure="tags", arc="tags")
    is_template: bool = fact(False, "A template.", vsphere="config.template")
    is_virtual: bool | None = fact(
        None,
        "False for a physical server under Arc, None where nobody says.",
        arc="kind, hardwareProfile, detectedProperties.model",
    )
    created_at: datetime | None = fact(
        None, "When it was made.", converter=in_utc, vsphere="config.createDate", azure="timeCreated"
    )
    hardware_version: str = fact("", "Virtual hardware version.", vsphere="config.version")
    firmware: str = fact("", "`bios` or `efi`.", vsphere="config.firmware", azure="instanceView.hyperVGeneration")
    maintenance: str = fact(
        "", "Maintenance the platform has announced.", azure="instanceView.maintenanceRedeployStatus"
    )
    pending_updates: tuple[PendingUpdate, ...] = several(
        (), "The same, in detail.", azure="maintenanceRedeployStatus; Microsoft.Maintenance/updates"
    )

    # Where it is kept
    annotation: str = fact("", "Notes.", vsphere="config.annotation")
    custom_attributes: Tags = fact(Tags(), "Custom attributes by name.", converter=Tags, vsphere="customValue")
    resource_pool_id: str = fact("", "Its resource pool.", vsphere="resourcePool")
    resource_pool: str = fact(
        "", "Path of its resource pool below the cluster; full detail only.", vsphere="resourcePool"
    )
    vapp: str = fact("", "Its vApp; full detail only.", vsphere="parentVApp, resourcePool")
    config_path: str = fact("", "Its configuration file.", vsphere="config.files.vmPathName")
    managed_by: str = fact(
        "",
        "The extension or owner that made it; vSphere's with its word for it: `com.vmware.vcDr placeholderVm`.",
        vsphere="config.managedBy",
        azure="managedBy",
    )
    kind: str = fact("", "What is beneath: `VMware`, `HCI`, `SCVMM`, `AWS`, …", arc="kind")
    cloud_provider: str = fact("", "The cloud it is in.", arc="cloudMetadata.provider")
    zones: tuple[str, ...] = several((), "Availability zones.", azure="zones")
    availability_set_id: str = fact("", "Its availability set.", azure="availabilitySet.id")
    scale_set_id: str = fact("", "Its scale set.", azure="virtualMachineScaleSet.id, id")
    fault_domain: int | None = fact(None, "Fault domain.", azure="platformFaultDomain")
    update_domain: int | None = fact(None, "Update domain.", azure="instanceView.platformUpdateDomain")
    parent_cluster_id: str = fact("", "The cluster it is a node of.", arc="parentClusterResourceId")
    private_link_scope_id: str = fact("", "Its private link scope.", arc="privateLinkScopeResourceId")

    # What it is
    vendor: str = fact("", "Maker of the hardware, as SMBIOS has it.", arc="detectedProperties.manufacturer")
    model: str = fact("", "Model of the hardware.", arc="detectedProperties.model")
    os_version: str = fact("", "Version of the guest system.", arc="osVersion", azure="instanceView.osVersion")
    os_edition: str = fact("", "Edition of the guest system.", arc="osEdition")
    os_installed_at: datetime | None = fact(None, "When it was installed.", converter=in_utc, arc="osInstallDate")
    domain: str = fact("", "Its domain or workgroup.", arc="domainName", vsphere="guest.hostName")
    image: str = fact("", "What it was made from.", azure="storageProfile.imageReference")
    priority: str = fact("", "`Regular`, `Low` or `Spot`.", azure="priority")
    license_type: str = fact(
        "",
        "Licence brought along; under Arc `SoftwareAssurance`, `PayAsYouGo`, else the channel of its key.",
        azure="licenseType",
        arc="licenseProfile.softwareAssurance, .productProfile.subscriptionStatus, .licenseChannel",
    )
    esu_status: str = fact("", "Extended security updates.", arc="licenseProfile.esuProfile.licenseAssignmentState")
    esu_eligibility: str = fact("", "`Eligible`, `Ineligible`.", arc="licenseProfile.esuProfile.esuEligibility")
    esu_key_state: str = fact("", "`Active`, `Inactive`.", arc="licenseProfile.esuProfile.esuKeyState")
    license_id: str = fact(
        "", "The licence assigned to it, in lower case.", arc="licenseProfile.esuProfile.assignedLicense"
    )
    license_status: str = fact("", "`Licensed`, `Unlicensed`, …", arc="licenseProfile.licenseStatus")
    product_type: str = fact(
        "", "The product that is paid by the hour: `WindowsServer`, `WindowsIoTEnterprise`.",
        arc="licenseProfile.productProfile.productType",
    )  # fmt: skip
    has_sql_server: bool | None = fact(None, "SQL Server was found in it.", arc="mssqlDiscovered")
    cores_per_socket: int | None = fact(None, "Cores of a socket.", vsphere="config.hardware.numCoresPerSocket")
    cpu_allocation: Allocation = fact(Allocation(), "CPU, in MHz.", vsphere="config.cpuAllocation")
    memory_allocation: Allocation = fact(Allocation(), "Memory, in bytes.", vsphere="config.memoryAllocation")
    cpu_hot_add: bool | None = fact(None, "CPUs can be added while it runs.", vsphere="config.cpuHotAddEnabled")
    cpu_hot_remove: bool | None = fact(None, "… or removed.", vsphere="config.cpuHotRemoveEnabled")
    memory_hot_add: bool | None = fact(None, "Memory can be added while it runs.", vsphere="config.memoryHotAddEnabled")
    latency_sensitivity: str = fact("", "Latency sensitivity.", vsphere="config.latencySensitivity.level")
    nested_virtualization: bool | None = fact(None, "Hypervisors can run in it.", vsphere="config.nestedHVEnabled")
    performance_counters: bool | None = fact(None, "Virtual CPU counters.", vsphere="config.vPMCEnabled")
    secure_boot: bool | None = fact(
        None, "Secure boot.", vsphere="config.bootOptions.efiSecureBootEnabled", azure="uefiSettings.secureBootEnabled"
    )
    has_tpm: bool | None = fact(
        None, "A virtual TPM.", vsphere="type of device", azure="uefiSettings.vTpmEnabled"
    )  # fmt: skip
    devices: tuple[Device, ...] = several(
        (), "CD, floppy, USB, passthrough, vGPU, ports.", vsphere="config.hardware.device"
    )
    partitions: tuple[Partition, ...] = several((), "File systems as the guest sees them.", vsphere="guest.disk")
    settings: Tags = fact(
        Tags(),
        "Advanced settings that matter to storage, passthrough and vGPU.",
        converter=Tags,
        vsphere="config.extraConfig",
    )

    # What may keep it where it is
    evc_mode: str = fact("", "The EVC mode it needs.", vsphere="runtime.minRequiredEVCModeKey")
    features: tuple[str, ...] = several((), "CPU features it needs, `key value`.", vsphere="runtime.featureRequirement")
    is_encrypted: bool | None = fact(
        None, "Encrypted by the platform.", vsphere="config.keyId", azure="securityProfile.encryptionAtHost"
    )
    migrate_encryption: str = fact(
        "", "Encrypted vMotion: `disabled`, `opportunistic`, `required`.", vsphere="config.migrateEncryption"
    )
    cpu_affinity: tuple[str, ...] = several((), "CPUs it is bound to.", vsphere="config.cpuAffinity.affinitySet")
    memory_affinity: tuple[str, ...] = several(
        (), "NUMA nodes it is bound to.", vsphere="config.memoryAffinity.affinitySet"
    )
    fault_tolerance: str = fact("", "Fault Tolerance.", vsphere="runtime.faultToleranceState")
    swap_placement: str = fact("", "Where its swap file lies.", vsphere="config.swapPlacement")
    tools_installer_mounted: bool | None = fact(
        None, "The installer of VMware Tools is mounted.", vsphere="runtime.toolsInstallerMounted"
    )
    disabled_methods: tuple[str, ...] = several(
        (), "What the server would refuse now, of migration and relocation.", vsphere="disabledMethod"
    )

    # How it fares
    provisioning_state: str = fact("", "As the platform words it.", azure="provisioningState", arc="provisioningState")
    health: str = fact(
        "", "The platform's verdict.", vsphere="overallStatus", azure="Microsoft.ResourceHealth availabilityState"
    )
    health_reason: str = fact("", "Its reason.", azure="Microsoft.ResourceHealth summary")
    heartbeat: str = fact("", "Heartbeat of the guest.", vsphere="guestHeartbeatStatus")
    guest_state: str = fact("", "State of the guest.", vsphere="guest.guestState")
    question: str = fact("", "What it waits for an answer to.", vsphere="runtime.question.text")
    booted_at: datetime | None = fact(None, "Last power on.", converter=in_utc, vsphere="runtime.bootTime")
    suspended_at: datetime | None = fact(
        None, "When it was suspended.", converter=in_utc, vsphere="runtime.suspendTime"
    )
    ha_protected: bool | None = fact(None, "Protected by vSphere HA.", vsphere="runtime.dasVmProtection.dasProtected")
    consolidation_needed: bool | None = fact(
        None, "Its disks need consolidation.", vsphere="runtime.consolidationNeeded"
    )
    change_tracking: bool | None = fact(None, "Changed blocks are tracked.", vsphere="config.changeTrackingEnabled")
    committed_bytes: int | None = fact(None, "Space it takes.", unit="bytes", vsphere="summary.storage.committed")
    uncommitted_bytes: int | None = fact(
        None, "Space it may still take.", unit="bytes", vsphere="summary.storage.uncommitted"
    )
    unshared_bytes: int | None = fact(
        None, "Space that deleting it would free.", unit="bytes", vsphere="summary.storage.unshared"
    )
    cpu_usage_mhz: int | None = fact(None, "CPU use now.", unit="MHz", vsphere="summary.quickStats.overallCpuUsage")
    memory_active_bytes: int | None = fact(
        None, "Memory that the guest uses now.", unit="bytes", vsphere="summary.quickStats.guestMemoryUsage"
    )
    memory_consumed_bytes: int | None = fact(
        None, "Host memory that it takes now.", unit="bytes", vsphere="summary.quickStats.hostMemoryUsage"
    )
    memory_ballooned_bytes: int | None = fact(
        None, "Memory taken back by the balloon.", unit="bytes", vsphere="summary.quickStats.balloonedMemory"
    )
    memory_swapped_bytes: int | None = fact(
        None, "Memory swapped by the host.", unit="bytes", vsphere="summary.quickStats.swappedMemory"
    )
    uptime_seconds: int | None = fact(
        None, "Since power on.", unit="seconds", vsphere="summary.quickStats.uptimeSeconds"
    )
    problems: tuple[Problem, ...] = several((), "What could not be read of it, or is odd about it.")
