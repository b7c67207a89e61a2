"""Hosts: what virtual machines run on."""

from __future__ import annotations

from datetime import datetime

import attrs

from hybridinv.model.fact import Tags, fact, in_utc, several
from hybridinv.model.findings import Problem
from hybridinv.model.hardware import HostBusAdapter, Lun, PhysicalNic, TcpipStack
from hybridinv.model.machines import PowerState
from hybridinv.model.rendering import Shown


@attrs.frozen(kw_only=True)
class Host(Shown):
    """An ESXi host, a node of an Azure Stack Hub scale unit, or a dedicated host of Azure."""

    id: str = attrs.field(metadata={"doc": "Unique across sources; see VirtualMachine.id."})
    name: str = attrs.field(metadata={"doc": "Its name on the platform."})
    platform: str = attrs.field(metadata={"doc": "`vsphere`, `azure-stack-hub` or `azure`."})
    source: str = attrs.field(metadata={"doc": "Which endpoint it was read from."})
    cluster_id: str = fact(
        "", "Its cluster, scale unit or host group.", vsphere="parent", hub="scaleUnitUri", azure="id"
    )
    location: str = fact("", "Datacenter or region.", vsphere="datacenter of parent", hub="location")
    vendor: str = fact("", "Maker.", vsphere="hardware.systemInfo.vendor", hub="vendor")
    model: str = fact("", "Model.", vsphere="hardware.systemInfo.model", hub="model")
    serial_number: str = fact("", "Serial number.", vsphere="hardware.systemInfo.serialNumber", hub="serialNumber")
    bios_uuid: str = fact("", "SMBIOS UUID, lower case.", vsphere="hardware.systemInfo.uuid")
    cpu_model: str = fact("", "CPU model.", vsphere="summary.hardware.cpuModel")
    cpu_sockets: int | None = fact(None, "CPU packages.", vsphere="hardware.cpuInfo.numCpuPackages")
    cpu_cores: int | None = fact(None, "CPU cores.", vsphere="hardware.cpuInfo.numCpuCores", hub="capacity.cores")
    cpu_threads: int | None = fact(None, "CPU threads.", vsphere="hardware.cpuInfo.numCpuThreads")
    cpu_mhz: int | None = fact(None, "CPU clock.", unit="MHz", vsphere="summary.hardware.cpuMhz")
    memory_bytes: int | None = fact(
        None, "Memory.", unit="bytes", vsphere="hardware.memorySize", hub="capacity.memoryGB"
    )
    hypervisor: str = fact("", "Product name.", vsphere="config.product.name")
    version: str = fact("", "Product version.", vsphere="config.product.version")
    build: str = fact("", "Product build.", vsphere="config.product.build")
    connection_state: str = fact(
        "", "As the platform words it.", vsphere="runtime.connectionState", hub="scaleUnitNodeStatus"
    )
    power_state: PowerState = fact(
        PowerState.UNKNOWN, "Whether it runs.", converter=PowerState, vsphere="runtime.powerState", hub="powerState"
    )
    in_maintenance: bool | None = fact(
        None, "In maintenance mode.", vsphere="runtime.inMaintenanceMode", hub="scaleUnitNodeStatus"
    )
    booted_at: datetime | None = fact(None, "Last boot.", converter=in_utc, vsphere="runtime.bootTime")
    capabilities: frozenset[str] = several(
        frozenset(), "The vMotion and storage flags that are set, by their API names.", vsphere="capability.*"
    )
    vm_ids: tuple[str, ...] = several(
        (),
        "The machines on it; on a Hub those of all tenants, so that some lead to no record.",
        hub="computeScaleUnits nodes[].virtualMachines[]",
        azure="virtualMachines[].id",
    )
    size: str = fact("", "Size name.", azure="sku.name")
    tags: Tags = fact(Tags(), "Tags.", converter=Tags, azure="tags", vsphere="/api/cis/tagging")
    custom_attributes: Tags = fact(Tags(), "Custom attributes by name.", converter=Tags, vsphere="customValue")
    nics: tuple[PhysicalNic, ...] = several((), "Physical network adapters.", vsphere="config.network.pnic")
    hbas: tuple[HostBusAdapter, ...] = several((), "Storage adapters.", vsphere="config.storageDevice.hostBusAdapter")
    netstacks: tuple[TcpipStack, ...] = several((), "TCP/IP stacks.", vsphere="config.network.netStackInstance")
    luns: tuple[Lun, ...] = several((), "Disks it sees.", vsphere="config.storageDevice.scsiLun, .multipathInfo")
    bios_version: str = fact("", "BIOS.", vsphere="hardware.biosInfo.biosVersion", hub="biosVersion")
    bios_released_at: datetime | None = fact(
        None, "Its date.", converter=in_utc, vsphere="hardware.biosInfo.releaseDate"
    )
    hyperthreading: bool | None = fact(None, "Hyperthreading is active.", vsphere="config.hyperThread.active")
    power_policy: str = fact("", "CPU power policy.", vsphere="hardware.cpuPowerManagementInfo.currentPolicy")
    evc_mode: str = fact("", "EVC mode in force.", vsphere="summary.currentEVCModeKey")
    max_evc_mode: str = fact("", "The newest EVC mode it can take.", vsphere="summary.maxEVCModeKey")
    features: tuple[str, ...] = several(
        (), "CPU features it offers under EVC, `key value`.", vsphere="config.maskedFeatureCapability"
    )
    gpus: tuple[str, ...] = several(
        (), "Graphics devices and vGPU profiles.", vsphere="config.graphicsInfo, config.sharedPassthruGpuTypes",
        hub="gpus[]",
    )  # fmt: skip
    in_quarantine: bool | None = fact(None, "In quarantine mode.", vsphere="runtime.inQuarantineMode")
    state: str = fact(
        "", "The platform's verdict.", vsphere="overallStatus", azure="instanceView.statuses[]",
        hub="computeScaleUnits nodes[].nodeHealthState",
    )  # fmt: skip
    cpu_usage_mhz: int | None = fact(None, "CPU use now.", unit="MHz", vsphere="summary.quickStats.overallCpuUsage")
    memory_usage_bytes: int | None = fact(
        None, "Memory use now.", unit="bytes", vsphere="summary.quickStats.overallMemoryUsage"
    )
    dns_name: str = fact("", "Its own name.", vsphere="config.network.dnsConfig.hostName, .domainName")
    dns_servers: tuple[str, ...] = several((), "Name servers.", vsphere="config.network.dnsConfig.address")
    ntp_servers: tuple[str, ...] = several((), "Time servers.", vsphere="config.dateTimeInfo.ntpConfig.server")
    ntp_running: bool | None = fact(None, "The time service runs.", vsphere="config.service.service[] ntpd")
    time_zone: str = fact("", "Time zone.", vsphere="config.dateTimeInfo.timeZone.name")
    swap_datastore_id: str = fact("", "Where swap files go.", vsphere="config.localSwapDatastore")
    management_ip: str = fact(
        "", "Address it is managed at.", vsphere="config.virtualNicManagerInfo.netConfig[] management", hub="bmcAddress"
    )
    vcenter_ip: str = fact("", "Address of its vCenter.", vsphere="summary.managementServerIp")
    profile_compliance: str = fact("", "Compliance with its host profile.", vsphere="complianceCheckState.state")
    fault_domain: int | None = fact(None, "Fault domain in its host group.", azure="platformFaultDomain")
    auto_replaced: bool | None = fact(None, "Replaced by the platform when it fails.", azure="autoReplaceOnFailure")
    room: Tags = fact(
        Tags(),
        "How many more machines it can take, by size.",
        converter=Tags,
        azure="availableCapacity.allocatableVMs[]",
    )
    problems: tuple[Problem, ...] = several((), "What could not be read of it, or is odd about it.")
