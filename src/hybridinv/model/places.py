"""Where machines live: clusters, resource pools, datastores, networks, switches."""

from __future__ import annotations

from datetime import datetime

import attrs

from hybridinv.model.fact import Tags, fact, in_utc, several
from hybridinv.model.findings import Problem
from hybridinv.model.hardware import Allocation
from hybridinv.model.rendering import Shown


@attrs.frozen(kw_only=True)
class ClusterRule:
    """A DRS rule: which machines belong together, apart, or to which hosts."""

    name: str = fact("", "Its name.", vsphere="configurationEx.rule[].name")
    kind: str = fact(
        "",
        "`together`, `apart`, `vm-host` (run on), `vm-host-apart` (do not run on), `dependency`, or a type's own name.",
        vsphere="type of rule",
    )
    enabled: bool | None = fact(None, "In force.", vsphere="rule[].enabled")
    mandatory: bool | None = fact(None, "Must, not should.", vsphere="rule[].mandatory")
    vm_ids: tuple[str, ...] = several((), "The machines.", vsphere="rule[].vm, group[].vm")
    host_ids: tuple[str, ...] = several((), "The hosts.", vsphere="group[].host")
    depends_on_vm_ids: tuple[str, ...] = several((), "They start after these.", vsphere="rule[].dependsOnVmGroup")


@attrs.frozen(kw_only=True)
class ClusterGroup:
    """A cluster's group of machines or of hosts, which rules name."""

    name: str = fact("", "Its name.", vsphere="configurationEx.group[].name")
    kind: str = fact("", "`vm` or `host`.", vsphere="type of group")
    vm_ids: tuple[str, ...] = several((), "The machines in it.", vsphere="group[].vm")
    host_ids: tuple[str, ...] = several((), "The hosts in it.", vsphere="group[].host")


@attrs.frozen(kw_only=True)
class VmOverride:
    """What a cluster does differently for one machine."""

    vm_id: str = fact("", "The machine.", vsphere="drsVmConfig[].key, dasVmConfig[].key")
    drs_behavior: str = fact(
        "", "DRS automation level; `disabled` for none.", vsphere="drsVmConfig[].behavior, .enabled"
    )
    restart_priority: str = fact("", "HA restart priority.", vsphere="dasVmConfig[].dasSettings.restartPriority")
    isolation_response: str = fact("", "HA isolation response.", vsphere="dasVmConfig[].dasSettings.isolationResponse")


@attrs.frozen(kw_only=True)
class Mount:
    """A datastore as one host has it."""

    host_id: str = fact("", "The host.", vsphere="host[].key")
    path: str = fact("", "Path on it.", vsphere="host[].mountInfo.path")
    access_mode: str = fact("", "`readWrite` or `readOnly`.", vsphere="host[].mountInfo.accessMode")
    mounted: bool | None = fact(None, "Mounted.", vsphere="host[].mountInfo.mounted")
    accessible: bool | None = fact(None, "Accessible.", vsphere="host[].mountInfo.accessible")
    reason: str = fact("", "Why not.", vsphere="host[].mountInfo.inaccessibleReason")
    vmkernel_device: str = fact("", "The adapter that NFS uses.", vsphere="host[].mountInfo.vmknicName")


@attrs.frozen(kw_only=True)
class Cluster(Shown):
    """A vSphere cluster (or a standalone host's compute resource), a scale unit of a Hub, or a host group of Azure."""

    id: str = attrs.field(metadata={"doc": "Unique across sources; see VirtualMachine.id."})
    name: str = attrs.field(metadata={"doc": "Its name on the platform."})
    platform: str = attrs.field(metadata={"doc": "`vsphere`, `azure-stack-hub` or `azure`."})
    source: str = attrs.field(metadata={"doc": "Which endpoint it was read from."})
    location: str = fact("", "Datacenter or region.", vsphere="datacenter of parent", hub="location", azure="location")
    host_ids: tuple[str, ...] = several((), "Its hosts.", vsphere="host", hub="nodes[]", azure="hosts[]")
    drs_enabled: bool | None = fact(None, "DRS.", vsphere="configurationEx.drsConfig.enabled")
    drs_behavior: str = fact("", "DRS automation level.", vsphere="configurationEx.drsConfig.defaultVmBehavior")
    ha_enabled: bool | None = fact(None, "vSphere HA.", vsphere="configurationEx.dasConfig.enabled")
    evc_mode: str = fact("", "EVC mode.", vsphere="summary.currentEVCModeKey")
    cpu_cores: int | None = fact(None, "Cores of all hosts.", vsphere="summary.numCpuCores", hub="totalCapacity.cores")
    memory_bytes: int | None = fact(
        None, "Memory of all hosts.", unit="bytes", vsphere="summary.totalMemory", hub="totalCapacity.memoryGB"
    )
    state: str = fact("", "As the platform words it.", vsphere="overallStatus", hub="state")
    cpu_mhz: int | None = fact(None, "CPU of all hosts.", unit="MHz", vsphere="summary.totalCpu")
    cpu_threads: int | None = fact(None, "Threads of all hosts.", vsphere="summary.numCpuThreads")
    effective_cpu_mhz: int | None = fact(None, "CPU for machines.", unit="MHz", vsphere="summary.effectiveCpu")
    effective_memory_bytes: int | None = fact(
        None, "Memory for machines.", unit="bytes", vsphere="summary.effectiveMemory"
    )
    effective_hosts: int | None = fact(None, "Hosts that can take machines.", vsphere="summary.numEffectiveHosts")
    drs_migration_threshold: int | None = fact(
        None,
        "1 (moves at the least gain) to 5 (only what rules demand).",
        vsphere="configurationEx.drsConfig.vmotionRate",
    )
    drs_overrides_allowed: bool | None = fact(
        None, "Machines may differ.", vsphere="configurationEx.drsConfig.enableVmBehaviorOverrides"
    )
    rules: tuple[ClusterRule, ...] = several((), "DRS rules, groups resolved.", vsphere="configurationEx.rule, .group")
    groups: tuple[ClusterGroup, ...] = several(
        (), "Groups of machines and hosts, those of no rule too.", vsphere="configurationEx.group"
    )
    overrides: tuple[VmOverride, ...] = several(
        (), "Machines treated differently.", vsphere="configurationEx.drsVmConfig, .dasVmConfig"
    )
    ha_admission_control: bool | None = fact(
        None, "HA keeps room for failures.", vsphere="configurationEx.dasConfig.admissionControlEnabled"
    )
    ha_admission_policy: str = fact(
        "",
        "How: `slots`, `percentage`, `failover-hosts`, or the type's own name.",
        vsphere="type of configurationEx.dasConfig.admissionControlPolicy",
    )
    ha_failover_level: int | None = fact(
        None,
        "Hosts that may fail.",
        vsphere="configurationEx.dasConfig.failoverLevel, admissionControlPolicy.failoverLevel",
    )
    ha_cpu_reserve_percent: int | None = fact(
        None,
        "CPU kept free.",
        unit="%",
        vsphere="configurationEx.dasConfig.admissionControlPolicy.cpuFailoverResourcesPercent",
    )
    ha_memory_reserve_percent: int | None = fact(
        None,
        "Memory kept free.",
        unit="%",
        vsphere="configurationEx.dasConfig.admissionControlPolicy.memoryFailoverResourcesPercent",
    )
    ha_failover_host_ids: tuple[str, ...] = several(
        (), "Hosts kept free.", vsphere="configurationEx.dasConfig.admissionControlPolicy.failoverHosts"
    )
    ha_host_monitoring: str = fact("", "HA host monitoring.", vsphere="configurationEx.dasConfig.hostMonitoring")
    ha_vm_monitoring: str = fact("", "HA VM monitoring.", vsphere="configurationEx.dasConfig.vmMonitoring")
    ha_restart_priority: str = fact(
        "", "HA restart priority.", vsphere="configurationEx.dasConfig.defaultVmSettings.restartPriority"
    )
    ha_isolation_response: str = fact(
        "", "HA isolation response.", vsphere="configurationEx.dasConfig.defaultVmSettings.isolationResponse"
    )
    vsan_enabled: bool | None = fact(None, "vSAN.", vsphere="configurationEx.vsanConfigInfo.enabled")
    swap_placement: str = fact("", "Where swap files lie.", vsphere="configurationEx.vmSwapPlacement")
    zones: tuple[str, ...] = several((), "Availability zones.", azure="zones")
    fault_domains: int | None = fact(None, "Fault domains it spans.", azure="platformFaultDomainCount")
    tags: Tags = fact(Tags(), "Tags.", converter=Tags, vsphere="/api/cis/tagging", azure="tags")
    custom_attributes: Tags = fact(Tags(), "Custom attributes by name.", converter=Tags, vsphere="customValue")
    problems: tuple[Problem, ...] = several((), "What could not be read of it.")


@attrs.frozen(kw_only=True)
class Datastore(Shown):
    """A vSphere datastore."""

    id: str = attrs.field(metadata={"doc": "Unique across sources; see VirtualMachine.id."})
    name: str = attrs.field(metadata={"doc": "Its name on the platform."})
    platform: str = attrs.field(metadata={"doc": "`vsphere`."})
    source: str = attrs.field(metadata={"doc": "Which endpoint it was read from."})
    location: str = fact("", "Datacenter.", vsphere="datacenter of parent")
    type: str = fact("", "`VMFS`, `NFS`, `vsan`, …", vsphere="summary.type")
    capacity_bytes: int | None = fact(None, "Size.", unit="bytes", vsphere="summary.capacity")
    free_bytes: int | None = fact(None, "Free space.", unit="bytes", vsphere="summary.freeSpace")
    host_ids: tuple[str, ...] = several((), "Hosts that have it mounted and accessible.", vsphere="host[]")
    shared: bool | None = fact(
        None,
        "More than one host of the datacenter sees it; for two given hosts look at `host_ids`.",
        vsphere="summary.multipleHostAccess, else host[]",
    )
    accessible: bool | None = fact(None, "Accessible.", vsphere="summary.accessible")
    maintenance_mode: str = fact("", "Maintenance mode.", vsphere="summary.maintenanceMode")
    url: str = fact("", "Unique locator.", vsphere="summary.url")
    uncommitted_bytes: int | None = fact(
        None, "Space its thin disks may still take.", unit="bytes", vsphere="summary.uncommitted"
    )
    mounts: tuple[Mount, ...] = several((), "Its mounts, host by host.", vsphere="host[]")
    extents: tuple[str, ...] = several((), "Its disks, `name:partition`.", vsphere="info.vmfs.extent[]")
    version: str = fact("", "Version of its file system.", vsphere="info.vmfs.version, info.nas.type")
    block_size_mb: int | None = fact(None, "Block size.", unit="MiB", vsphere="info.vmfs.blockSizeMb")
    is_local: bool | None = fact(None, "On a disk of one host.", vsphere="info.vmfs.local, type of info")
    is_ssd: bool | None = fact(None, "Solid state.", vsphere="info.vmfs.ssd")
    remote_host: str = fact("", "NFS server.", vsphere="info.nas.remoteHost")
    remote_path: str = fact("", "NFS path.", vsphere="info.nas.remotePath")
    datastore_cluster: str = fact("", "Its datastore cluster.", vsphere="parent")
    io_control: bool | None = fact(None, "Storage I/O Control.", vsphere="iormConfiguration.enabled")
    congestion_threshold_ms: int | None = fact(
        None, "Its threshold.", unit="ms", vsphere="iormConfiguration.congestionThreshold"
    )
    state: str = fact("", "As the platform words it.", vsphere="overallStatus")
    tags: Tags = fact(Tags(), "Tags.", converter=Tags, vsphere="/api/cis/tagging")
    custom_attributes: Tags = fact(Tags(), "Custom attributes by name.", converter=Tags, vsphere="customValue")
    problems: tuple[Problem, ...] = several((), "What could not be read of it.")


@attrs.frozen(kw_only=True)
class Network(Shown):
    """A network a machine's adapter can be on: port group, distributed port group, virtual network."""

    id: str = attrs.field(metadata={"doc": "Unique across sources; see VirtualMachine.id."})
    name: str = attrs.field(metadata={"doc": "Its name on the platform."})
    platform: str = attrs.field(metadata={"doc": "`vsphere`, `azure-stack-hub` or `azure`."})
    source: str = attrs.field(metadata={"doc": "Which endpoint it was read from."})
    location: str = fact("", "Datacenter or region.", vsphere="datacenter of parent", azure="location")
    kind: str = fact("", "`standard`, `distributed`, `opaque` or `virtual-network`.", vsphere="type of object")
    vlan_id: int | None = fact(
        None,
        "VLAN; None for a trunk or where it is not known.",
        vsphere="config.defaultPortConfig.vlan, host's portgroup[].spec.vlanId",
    )
    switch: str = fact("", "Switch name.", vsphere="config.distributedVirtualSwitch, portgroup[].spec.vswitchName")
    host_ids: tuple[str, ...] = several((), "Hosts that have it.", vsphere="host")
    address_prefixes: tuple[str, ...] = several((), "Address space.", azure="addressSpace.addressPrefixes")
    switch_id: str = fact("", "Its distributed switch.", vsphere="config.distributedVirtualSwitch")
    vlans: str = fact(
        "",
        "VLAN ranges of a trunk, `0-4094`; a private VLAN, `100,101`: the primary one, where it is known, goes first.",
        vsphere="config.defaultPortConfig.vlan, the switch's config.pvlanConfig",
    )
    is_uplink: bool | None = fact(None, "Holds the uplinks of its switch.", vsphere="config.uplink")
    binding: str = fact("", "Port binding.", vsphere="config.type")
    ports: int | None = fact(None, "Ports.", vsphere="config.numPorts")
    active_uplinks: tuple[str, ...] = several(
        (), "Uplinks in use.", vsphere="config.defaultPortConfig.uplinkTeamingPolicy.uplinkPortOrder.activeUplinkPort"
    )
    standby_uplinks: tuple[str, ...] = several((), "Uplinks in reserve.", vsphere="…uplinkPortOrder.standbyUplinkPort")
    teaming: str = fact("", "Load balancing.", vsphere="config.defaultPortConfig.uplinkTeamingPolicy.policy")
    promiscuous: bool | None = fact(
        None, "Promiscuous mode.", vsphere="config.defaultPortConfig.securityPolicy.allowPromiscuous"
    )
    mac_changes: bool | None = fact(None, "MAC changes.", vsphere="…securityPolicy.macChanges")
    forged_transmits: bool | None = fact(None, "Forged transmits.", vsphere="…securityPolicy.forgedTransmits")
    subnets: tuple[str, ...] = several((), "Subnets, `name prefix`.", azure="subnets[]")
    tags: Tags = fact(Tags(), "Tags.", converter=Tags, azure="tags", vsphere="/api/cis/tagging")
    custom_attributes: Tags = fact(Tags(), "Custom attributes by name.", converter=Tags, vsphere="customValue")
    problems: tuple[Problem, ...] = several((), "What could not be read of it.")


@attrs.frozen(kw_only=True)
class PortGroup:
    """A port group of a standard switch, as one host has it."""

    name: str = fact("", "Its name.", vsphere="config.network.portgroup[].spec.name")
    vlan_id: int | None = fact(None, "VLAN; 4095 passes all.", vsphere="spec.vlanId")
    active_uplinks: tuple[str, ...] = several(
        (), "Uplinks in use.", vsphere="computedPolicy.nicTeaming.nicOrder.activeNic"
    )
    standby_uplinks: tuple[str, ...] = several(
        (), "Uplinks in reserve.", vsphere="computedPolicy.nicTeaming.nicOrder.standbyNic"
    )
    teaming: str = fact("", "Load balancing.", vsphere="computedPolicy.nicTeaming.policy")
    promiscuous: bool | None = fact(None, "Promiscuous mode.", vsphere="computedPolicy.security.allowPromiscuous")
    mac_changes: bool | None = fact(None, "MAC changes.", vsphere="computedPolicy.security.macChanges")
    forged_transmits: bool | None = fact(None, "Forged transmits.", vsphere="computedPolicy.security.forgedTransmits")


@attrs.frozen(kw_only=True)
class Switch(Shown):
    """A virtual switch: a standard one of one host, or a distributed one."""

    id: str = attrs.field(metadata={"doc": "Unique across sources; a standard switch has `<host id>/<name>`."})
    name: str = attrs.field(metadata={"doc": "Its name on the platform."})
    platform: str = attrs.field(metadata={"doc": "`vsphere`."})
    source: str = attrs.field(metadata={"doc": "Which endpoint it was read from."})
    location: str = fact("", "Datacenter.", vsphere="datacenter of parent")
    kind: str = fact("", "`standard` or `distributed`.", vsphere="type of object")
    uuid: str = fact("", "UUID of a distributed switch.", vsphere="uuid")
    version: str = fact("", "Version.", vsphere="summary.productInfo.version")
    vendor: str = fact("", "Vendor.", vsphere="summary.productInfo.vendor")
    host_ids: tuple[str, ...] = several((), "The hosts that have it.", vsphere="config.host[].config.host")
    mtu: int | None = fact(None, "MTU.", unit="bytes", vsphere="config.maxMtu, vswitch[].mtu")
    ports: int | None = fact(None, "Ports.", vsphere="config.numPorts, vswitch[].numPorts")
    free_ports: int | None = fact(None, "Free ports.", vsphere="vswitch[].numPortsAvailable")
    uplinks: tuple[str, ...] = several(
        (), "Uplinks, by device or by name.", vsphere="vswitch[].pnic, config.uplinkPortPolicy.uplinkPortName"
    )
    portgroups: tuple[PortGroup, ...] = several(
        (),
        "Port groups of a standard switch; those of a distributed one are networks.",
        vsphere="config.network.portgroup",
    )
    lags: tuple[str, ...] = several(
        (), "Link aggregation groups, `name mode load-balancing`.", vsphere="config.lacpGroupConfig[]"
    )
    teaming: str = fact(
        "",
        "Load balancing.",
        vsphere="vswitch[].spec.policy.nicTeaming.policy, config.defaultPortConfig.uplinkTeamingPolicy.policy",
    )
    discovery: str = fact("", "Link discovery, `cdp listen`.", vsphere="linkDiscoveryProtocolConfig")
    io_control: bool | None = fact(None, "Network I/O Control.", vsphere="config.networkResourceManagementEnabled")
    lacp: str = fact("", "LACP version.", vsphere="config.lacpApiVersion")
    promiscuous: bool | None = fact(None, "Promiscuous mode.", vsphere="vswitch[].spec.policy.security")
    mac_changes: bool | None = fact(None, "MAC changes.", vsphere="vswitch[].spec.policy.security")
    forged_transmits: bool | None = fact(None, "Forged transmits.", vsphere="vswitch[].spec.policy.security")
    description: str = fact("", "Notes.", vsphere="config.description")
    created_at: datetime | None = fact(None, "When it was made.", converter=in_utc, vsphere="config.createTime")
    tags: Tags = fact(Tags(), "Tags.", converter=Tags, vsphere="/api/cis/tagging")
    custom_attributes: Tags = fact(Tags(), "Custom attributes by name.", converter=Tags, vsphere="customValue")
    problems: tuple[Problem, ...] = several((), "What could not be read of it.")


@attrs.frozen(kw_only=True)
class ResourcePool(Shown):
    """A resource pool or a vApp."""

    id: str = attrs.field(metadata={"doc": "Unique across sources; see VirtualMachine.id."})
    name: str = attrs.field(metadata={"doc": "Its name on the platform."})
    platform: str = attrs.field(metadata={"doc": "`vsphere`."})
    source: str = attrs.field(metadata={"doc": "Which endpoint it was read from."})
    location: str = fact("", "Datacenter.", vsphere="datacenter of owner")
    kind: str = fact("", "`resource-pool` or `vapp`.", vsphere="type of object")
    path: str = fact("", "Path below the cluster; the cluster's own root pool is `Resources`.", vsphere="parent")
    cluster_id: str = fact("", "Its cluster.", vsphere="owner")
    parent_id: str = fact("", "The pool above.", vsphere="parent")
    vm_ids: tuple[str, ...] = several((), "Its machines.", vsphere="vm")
    cpu_allocation: Allocation = fact(Allocation(), "CPU, in MHz.", vsphere="config.cpuAllocation")
    memory_allocation: Allocation = fact(Allocation(), "Memory, in bytes.", vsphere="config.memoryAllocation")
    configured_memory_bytes: int | None = fact(
        None, "Memory of its machines.", unit="bytes", vsphere="summary.configuredMemoryMB"
    )
    cpu_usage_mhz: int | None = fact(None, "CPU use now.", unit="MHz", vsphere="runtime.cpu.overallUsage")
    max_cpu_mhz: int | None = fact(None, "CPU it can get.", unit="MHz", vsphere="runtime.cpu.maxUsage")
    memory_usage_bytes: int | None = fact(None, "Memory use now.", unit="bytes", vsphere="runtime.memory.overallUsage")
    max_memory_bytes: int | None = fact(None, "Memory it can get.", unit="bytes", vsphere="runtime.memory.maxUsage")
    state: str = fact("", "As the platform words it.", vsphere="runtime.overallStatus")
    tags: Tags = fact(Tags(), "Tags.", converter=Tags, vsphere="/api/cis/tagging")
    custom_attributes: Tags = fact(Tags(), "Custom attributes by name.", converter=Tags, vsphere="customValue")
    problems: tuple[Problem, ...] = several((), "What could not be read of it.")
