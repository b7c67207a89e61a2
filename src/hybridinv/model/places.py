"""Where machines live: clusters, datastores, networks."""

from __future__ import annotations

import attrs

from hybridinv.model.fact import fact, several
from hybridinv.model.findings import Problem


@attrs.frozen(kw_only=True)
class Cluster:
    """A vSphere cluster (or a standalone host's compute resource), or a scale unit of Azure Stack Hub."""

    id: str = attrs.field(metadata={"doc": "Unique across sources; see VirtualMachine.id."})
    name: str = attrs.field(metadata={"doc": "Its name on the platform."})
    platform: str = attrs.field(metadata={"doc": "`vsphere` or `azure-stack-hub`."})
    source: str = attrs.field(metadata={"doc": "Which endpoint it was read from."})
    location: str = fact("", "Datacenter or region.", vsphere="datacenter of parent", hub="location")
    host_ids: tuple[str, ...] = several((), "Its hosts.", vsphere="host", hub="nodes[]")
    drs_enabled: bool | None = fact(None, "DRS.", vsphere="configurationEx.drsConfig.enabled")
    drs_behavior: str = fact("", "DRS automation level.", vsphere="configurationEx.drsConfig.defaultVmBehavior")
    ha_enabled: bool | None = fact(None, "vSphere HA.", vsphere="configurationEx.dasConfig.enabled")
    evc_mode: str = fact("", "EVC mode.", vsphere="summary.currentEVCModeKey")
    cpu_cores: int | None = fact(None, "Cores of all hosts.", vsphere="summary.numCpuCores", hub="totalCapacity.cores")
    memory_bytes: int | None = fact(
        None, "Memory of all hosts.", unit="bytes", vsphere="summary.totalMemory", hub="totalCapacity.memoryGB"
    )
    state: str = fact("", "As the platform words it.", vsphere="overallStatus", hub="state")
    problems: tuple[Problem, ...] = several((), "What could not be read of it.")


@attrs.frozen(kw_only=True)
class Datastore:
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
    problems: tuple[Problem, ...] = several((), "What could not be read of it.")


@attrs.frozen(kw_only=True)
class Network:
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
    problems: tuple[Problem, ...] = several((), "What could not be read of it.")
