"""hybridinv: one typed inventory of vSphere, Azure Stack Hub, Azure and Azure Arc.

import hybridinv as hi

inv = hi.collect([hi.VSphere("vc01.example.com", username=…, password=…), hi.Azure(), hi.AzureArc()])
inv.vms.where(power_state="running").to_pandas()
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from hybridinv.collecting import Progress, collect
from hybridinv.errors import (
    AccessDenied,
    AuthenticationFailed,
    ConnectFailed,
    DeadlineExceeded,
    EndpointError,
    EstateError,
    HybridInvError,
    IncompleteInventory,
    InventoryFileError,
    MissingExtra,
    MultipleMatches,
    NotFound,
    NotSupported,
    QueryFailed,
    ServerFault,
    TapeMismatch,
    Throttled,
    TLSFailed,
    TruncatedAnswer,
    UnexpectedAnswer,
    UnknownField,
)
from hybridinv.identity import same_machines
from hybridinv.inventory import Inventory, load
from hybridinv.model import (
    Agent,
    AgentStatus,
    Allocation,
    Asked,
    Change,
    ChangeKind,
    Cluster,
    ClusterRule,
    Datastore,
    Device,
    Disk,
    Evidence,
    Extension,
    ExtensionImage,
    Finding,
    Host,
    HostBusAdapter,
    HubUpdate,
    License,
    Lun,
    MachineMatch,
    MatchConfidence,
    MetricSample,
    Mount,
    Network,
    Nic,
    OSType,
    Partition,
    PendingUpdate,
    PhysicalNic,
    PlatformImage,
    PortGroup,
    PowerState,
    Problem,
    Resource,
    ResourcePool,
    Severity,
    Snapshot,
    Switch,
    Tags,
    TcpipStack,
    UpdateRun,
    VirtualMachine,
    VMkernelAdapter,
    VMkernelService,
    VmOverride,
)
from hybridinv.tables import QueryResult, Records

if TYPE_CHECKING:
    from hybridinv.demo import demo
    from hybridinv.estate import open_estate
    from hybridinv.model.migration import (
        DataKind,
        Flow,
        MigrationKind,
        MigrationPlan,
        MigrationRule,
        MigrationState,
        RuleFlow,
    )
    from hybridinv.model.onboarding import OnboardingCase, OnboardingPlan, OnboardingReason, OnboardingTarget
    from hybridinv.onboarding.plan import plan_onboarding
    from hybridinv.planning.migration import plan_migration
    from hybridinv.planning.rules import migration_rule
    from hybridinv.platforms.azure import Azure
    from hybridinv.platforms.azure_arc import AzureArc
    from hybridinv.platforms.azure_stack_hub import AzureStackHub
    from hybridinv.platforms.vsphere import VSphere
    from hybridinv.tapes import record, replay

__version__ = "0.1.0"

_ON_FIRST_USE = {
    "DataKind": "hybridinv.model.migration",
    "Flow": "hybridinv.model.migration",
    "MigrationKind": "hybridinv.model.migration",
    "MigrationPlan": "hybridinv.model.migration",
    "MigrationRule": "hybridinv.model.migration",
    "MigrationState": "hybridinv.model.migration",
    "RuleFlow": "hybridinv.model.migration",
    "OnboardingCase": "hybridinv.model.onboarding",
    "OnboardingPlan": "hybridinv.model.onboarding",
    "OnboardingReason": "hybridinv.model.onboarding",
    "OnboardingTarget": "hybridinv.model.onboarding",
    "Azure": "hybridinv.platforms.azure",
    "AzureArc": "hybridinv.platforms.azure_arc",
    "AzureStackHub": "hybridinv.platforms.azure_stack_hub",
    "VSphere": "hybridinv.platforms.vsphere",
    "demo": "hybridinv.demo",
    "open_estate": "hybridinv.estate",
    "plan_onboarding": "hybridinv.onboarding.plan",
    "plan_migration": "hybridinv.planning.migration",
    "migration_rule": "hybridinv.planning.rules",
    "record": "hybridinv.tapes",
    "replay": "hybridinv.tapes",
}

__all__ = [
    "AccessDenied",
    "Agent",
    "AgentStatus",
    "Allocation",
    "Asked",
    "AuthenticationFailed",
    "Azure",
    "AzureArc",
    "AzureStackHub",
    "Change",
    "ChangeKind",
    "Cluster",
    "ClusterRule",
    "ConnectFailed",
    "DataKind",
    "Datastore",
    "DeadlineExceeded",
    "Device",
    "Disk",
    "EndpointError",
    "EstateError",
    "Evidence",
    "Extension",
    "ExtensionImage",
    "Finding",
    "Flow",
    "Host",
    "HostBusAdapter",
    "HubUpdate",
    "HybridInvError",
    "IncompleteInventory",
    "Inventory",
    "InventoryFileError",
    "License",
    "Lun",
    "MachineMatch",
    "MatchConfidence",
    "MetricSample",
    "MigrationKind",
    "MigrationPlan",
    "MigrationRule",
    "MigrationState",
    "MissingExtra",
    "Mount",
    "MultipleMatches",
    "Network",
    "Nic",
    "NotFound",
    "NotSupported",
    "OSType",
    "OnboardingCase",
    "OnboardingPlan",
    "OnboardingReason",
    "OnboardingTarget",
    "Partition",
    "PendingUpdate",
    "PhysicalNic",
    "PlatformImage",
    "PortGroup",
    "PowerState",
    "Problem",
    "Progress",
    "QueryFailed",
    "QueryResult",
    "Records",
    "Resource",
    "ResourcePool",
    "RuleFlow",
    "ServerFault",
    "Severity",
    "Snapshot",
    "Switch",
    "TLSFailed",
    "Tags",
    "TapeMismatch",
    "TcpipStack",
    "Throttled",
    "TruncatedAnswer",
    "UnexpectedAnswer",
    "UnknownField",
    "UpdateRun",
    "VMkernelAdapter",
    "VMkernelService",
    "VSphere",
    "VirtualMachine",
    "VmOverride",
    "__version__",
    "collect",
    "demo",
    "load",
    "migration_rule",
    "open_estate",
    "plan_migration",
    "plan_onboarding",
    "record",
    "replay",
    "same_machines",
]


def __getattr__(name: str) -> object:
    if name not in _ON_FIRST_USE:
        raise AttributeError(f"module 'hybridinv' has no attribute {name!r}")
    found = getattr(importlib.import_module(_ON_FIRST_USE[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
