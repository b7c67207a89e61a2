"""Records: frozen, typed, documented; data that never does I/O."""

from hybridinv.model.extensions import Extension, ExtensionImage
from hybridinv.model.fabric import HubUpdate, PlatformImage, UpdateRun
from hybridinv.model.fact import Tags
from hybridinv.model.findings import Answered, Asked, Change, ChangeKind, Finding, Problem, Severity
from hybridinv.model.hardware import Allocation, Device, HostBusAdapter, Lun, Partition, PhysicalNic, TcpipStack
from hybridinv.model.hosts import Host
from hybridinv.model.machines import (
    Agent,
    AgentStatus,
    Disk,
    Nic,
    OSType,
    PendingUpdate,
    PowerState,
    Snapshot,
    VirtualMachine,
)
from hybridinv.model.matches import Evidence, MachineMatch, MatchConfidence
from hybridinv.model.metrics import MetricSample, MetricSummary
from hybridinv.model.places import (
    Cluster,
    ClusterGroup,
    ClusterRule,
    Datastore,
    Mount,
    Network,
    PortGroup,
    ResourcePool,
    Switch,
    VmOverride,
)
from hybridinv.model.resources import License, Resource
from hybridinv.model.vmkernel import VMkernelAdapter, VMkernelService

__all__ = [
    "Agent",
    "AgentStatus",
    "Allocation",
    "Answered",
    "Asked",
    "Change",
    "ChangeKind",
    "Cluster",
    "ClusterGroup",
    "ClusterRule",
    "Datastore",
    "Device",
    "Disk",
    "Evidence",
    "Extension",
    "ExtensionImage",
    "Finding",
    "Host",
    "HostBusAdapter",
    "HubUpdate",
    "License",
    "Lun",
    "MachineMatch",
    "MatchConfidence",
    "MetricSample",
    "MetricSummary",
    "Mount",
    "Network",
    "Nic",
    "OSType",
    "Partition",
    "PendingUpdate",
    "PhysicalNic",
    "PlatformImage",
    "PortGroup",
    "PowerState",
    "Problem",
    "Resource",
    "ResourcePool",
    "Severity",
    "Snapshot",
    "Switch",
    "Tags",
    "TcpipStack",
    "UpdateRun",
    "VMkernelAdapter",
    "VMkernelService",
    "VirtualMachine",
    "VmOverride",
]
