"""Records: frozen, typed, documented; data that never does I/O."""

from hybridinv.model.extensions import Extension, ExtensionImage
from hybridinv.model.fact import Tags
from hybridinv.model.findings import Asked, Change, ChangeKind, Finding, Problem, Severity
from hybridinv.model.hosts import Host
from hybridinv.model.machines import (
    Agent,
    AgentStatus,
    Disk,
    Nic,
    OSType,
    PowerState,
    Snapshot,
    VirtualMachine,
)
from hybridinv.model.metrics import MetricSample
from hybridinv.model.places import Cluster, Datastore, Network
from hybridinv.model.vmkernel import VMkernelAdapter, VMkernelService

__all__ = [
    "Agent",
    "AgentStatus",
    "Asked",
    "Change",
    "ChangeKind",
    "Cluster",
    "Datastore",
    "Disk",
    "Extension",
    "ExtensionImage",
    "Finding",
    "Host",
    "MetricSample",
    "Network",
    "Nic",
    "OSType",
    "PowerState",
    "Problem",
    "Severity",
    "Snapshot",
    "Tags",
    "VMkernelAdapter",
    "VMkernelService",
    "VirtualMachine",
]
