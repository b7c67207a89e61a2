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
    SessionExpired,
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
    Answered,
    Asked,
    Change,
    ChangeKind,
    Cluster,
    ClusterGroup,
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
    MetricSummary,
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
    from hybridinv import charts
    from hybridinv.anonymising import anonymise
    from hybridinv.catalogue.agents import check_agents
    from hybridinv.catalogue.extensions import check_extensions, extension_matrix
    from hybridinv.demo import demo
    from hybridinv.diagnostics.days import daily_summaries
    from hybridinv.diagnostics.load import check_load
    from hybridinv.diagnostics.reading import read_diagnostics
    from hybridinv.estate import open_estate
    from hybridinv.model.arc import (
        ArcCoverage,
        CoverageState,
        OnboardingCheck,
        OnboardingState,
        ResourceProvider,
    )
    from hybridinv.model.extensions import InstalledExtension
    from hybridinv.model.guest import GuestCredentials, OnboardingRun, OnboardingRunState
    from hybridinv.model.maintenance import (
        Effect,
        Impact,
        MaintenanceMove,
        MaintenancePlan,
        MaintenanceStep,
        UpdateKind,
    )
    from hybridinv.model.migration import (
        DataKind,
        Flow,
        MigrationKind,
        MigrationPath,
        MigrationPlan,
        MigrationRule,
        MigrationState,
        RuleFlow,
    )
    from hybridinv.model.observed import AdapterTraffic, MigrationCheck, MigrationTraffic, TrafficVerdict
    from hybridinv.model.onboarding import OnboardingCase, OnboardingPlan, OnboardingReason, OnboardingTarget
    from hybridinv.onboarding.coverage import arc_coverage
    from hybridinv.onboarding.files import load_onboarding, save_onboarding
    from hybridinv.onboarding.plan import plan_onboarding
    from hybridinv.onboarding.scripts import render_group_policy_script, render_playbook, render_script
    from hybridinv.onboarding.verify import OnboardingVerification, verify_onboarding
    from hybridinv.planning.maintenance.plan import plan_maintenance
    from hybridinv.planning.matrix import migration_matrix
    from hybridinv.planning.migration import plan_migration
    from hybridinv.planning.rules import migration_rule
    from hybridinv.platforms.azure import Azure
    from hybridinv.platforms.azure_arc import AzureArc
    from hybridinv.platforms.azure_stack_hub import AzureStackHub
    from hybridinv.platforms.vsphere import VSphere
    from hybridinv.platforms.vsphere_watch import Refreshed
    from hybridinv.report.ansible import ansible_inventory
    from hybridinv.report.exports import write_csv, write_parquet
    from hybridinv.report.html import write_html
    from hybridinv.report.workbook import write_workbook
    from hybridinv.report.workbook_reading import read_workbook
    from hybridinv.tapes import record, replay
    from hybridinv.transport.deadline import deadline

__version__ = "0.1.0"

_ON_FIRST_USE = {
    "check_agents": "hybridinv.catalogue.agents",
    "check_extensions": "hybridinv.catalogue.extensions",
    "extension_matrix": "hybridinv.catalogue.extensions",
    "InstalledExtension": "hybridinv.model.extensions",
    "read_diagnostics": "hybridinv.diagnostics.reading",
    "daily_summaries": "hybridinv.diagnostics.days",
    "check_load": "hybridinv.diagnostics.load",
    "write_html": "hybridinv.report.html",
    "write_workbook": "hybridinv.report.workbook",
    "read_workbook": "hybridinv.report.workbook_reading",
    "write_parquet": "hybridinv.report.exports",
    "write_csv": "hybridinv.report.exports",
    "ansible_inventory": "hybridinv.report.ansible",
    "anonymise": "hybridinv.anonymising",
    "GuestCredentials": "hybridinv.model.guest",
    "OnboardingRun": "hybridinv.model.guest",
    "OnboardingRunState": "hybridinv.model.guest",
    "Effect": "hybridinv.model.maintenance",
    "Impact": "hybridinv.model.maintenance",
    "MaintenanceMove": "hybridinv.model.maintenance",
    "MaintenancePlan": "hybridinv.model.maintenance",
    "MaintenanceStep": "hybridinv.model.maintenance",
    "UpdateKind": "hybridinv.model.maintenance",
    "DataKind": "hybridinv.model.migration",
    "Flow": "hybridinv.model.migration",
    "MigrationKind": "hybridinv.model.migration",
    "MigrationPath": "hybridinv.model.migration",
    "MigrationPlan": "hybridinv.model.migration",
    "MigrationRule": "hybridinv.model.migration",
    "MigrationState": "hybridinv.model.migration",
    "RuleFlow": "hybridinv.model.migration",
    "AdapterTraffic": "hybridinv.model.observed",
    "MigrationCheck": "hybridinv.model.observed",
    "MigrationTraffic": "hybridinv.model.observed",
    "TrafficVerdict": "hybridinv.model.observed",
    "OnboardingCase": "hybridinv.model.onboarding",
    "OnboardingPlan": "hybridinv.model.onboarding",
    "OnboardingReason": "hybridinv.model.onboarding",
    "OnboardingTarget": "hybridinv.model.onboarding",
    "Azure": "hybridinv.platforms.azure",
    "AzureArc": "hybridinv.platforms.azure_arc",
    "AzureStackHub": "hybridinv.platforms.azure_stack_hub",
    "Refreshed": "hybridinv.platforms.vsphere_watch",
    "VSphere": "hybridinv.platforms.vsphere",
    "deadline": "hybridinv.transport.deadline",
    "demo": "hybridinv.demo",
    "open_estate": "hybridinv.estate",
    "plan_onboarding": "hybridinv.onboarding.plan",
    "render_group_policy_script": "hybridinv.onboarding.scripts",
    "render_playbook": "hybridinv.onboarding.scripts",
    "render_script": "hybridinv.onboarding.scripts",
    "ArcCoverage": "hybridinv.model.arc",
    "CoverageState": "hybridinv.model.arc",
    "OnboardingCheck": "hybridinv.model.arc",
    "OnboardingState": "hybridinv.model.arc",
    "ResourceProvider": "hybridinv.model.arc",
    "OnboardingVerification": "hybridinv.onboarding.verify",
    "verify_onboarding": "hybridinv.onboarding.verify",
    "arc_coverage": "hybridinv.onboarding.coverage",
    "load_onboarding": "hybridinv.onboarding.files",
    "save_onboarding": "hybridinv.onboarding.files",
    "migration_matrix": "hybridinv.planning.matrix",
    "plan_maintenance": "hybridinv.planning.maintenance.plan",
    "plan_migration": "hybridinv.planning.migration",
    "migration_rule": "hybridinv.planning.rules",
    "record": "hybridinv.tapes",
    "replay": "hybridinv.tapes",
}

__all__ = [
    "AccessDenied",
    "AdapterTraffic",
    "Agent",
    "AgentStatus",
    "Allocation",
    "Answered",
    "ArcCoverage",
    "Asked",
    "AuthenticationFailed",
    "Azure",
    "AzureArc",
    "AzureStackHub",
    "Change",
    "ChangeKind",
    "Cluster",
    "ClusterGroup",
    "ClusterRule",
    "ConnectFailed",
    "CoverageState",
    "DataKind",
    "Datastore",
    "DeadlineExceeded",
    "Device",
    "Disk",
    "Effect",
    "EndpointError",
    "EstateError",
    "Evidence",
    "Extension",
    "ExtensionImage",
    "Finding",
    "Flow",
    "GuestCredentials",
    "Host",
    "HostBusAdapter",
    "HubUpdate",
    "HybridInvError",
    "Impact",
    "IncompleteInventory",
    "InstalledExtension",
    "Inventory",
    "InventoryFileError",
    "License",
    "Lun",
    "MachineMatch",
    "MaintenanceMove",
    "MaintenancePlan",
    "MaintenanceStep",
    "MatchConfidence",
    "MetricSample",
    "MetricSummary",
    "MigrationCheck",
    "MigrationKind",
    "MigrationPath",
    "MigrationPlan",
    "MigrationRule",
    "MigrationState",
    "MigrationTraffic",
    "MissingExtra",
    "Mount",
    "MultipleMatches",
    "Network",
    "Nic",
    "NotFound",
    "NotSupported",
    "OSType",
    "OnboardingCase",
    "OnboardingCheck",
    "OnboardingPlan",
    "OnboardingReason",
    "OnboardingRun",
    "OnboardingRunState",
    "OnboardingState",
    "OnboardingTarget",
    "OnboardingVerification",
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
    "Refreshed",
    "Resource",
    "ResourcePool",
    "ResourceProvider",
    "RuleFlow",
    "ServerFault",
    "SessionExpired",
    "Severity",
    "Snapshot",
    "Switch",
    "TLSFailed",
    "Tags",
    "TapeMismatch",
    "TcpipStack",
    "Throttled",
    "TrafficVerdict",
    "TruncatedAnswer",
    "UnexpectedAnswer",
    "UnknownField",
    "UpdateKind",
    "UpdateRun",
    "VMkernelAdapter",
    "VMkernelService",
    "VSphere",
    "VirtualMachine",
    "VmOverride",
    "__version__",
    "anonymise",
    "ansible_inventory",
    "arc_coverage",
    "charts",
    "check_agents",
    "check_extensions",
    "check_load",
    "collect",
    "daily_summaries",
    "deadline",
    "demo",
    "extension_matrix",
    "load",
    "load_onboarding",
    "migration_matrix",
    "migration_rule",
    "open_estate",
    "plan_maintenance",
    "plan_migration",
    "plan_onboarding",
    "read_diagnostics",
    "read_workbook",
    "record",
    "render_group_policy_script",
    "render_playbook",
    "render_script",
    "replay",
    "same_machines",
    "save_onboarding",
    "verify_onboarding",
    "write_csv",
    "write_html",
    "write_parquet",
    "write_workbook",
]


if not TYPE_CHECKING:  # a type checker would take it to have every name

    def __getattr__(name: str) -> object:
        if name == "charts":
            return importlib.import_module("hybridinv.charts")
        if name not in _ON_FIRST_USE:
            raise AttributeError(f"module 'hybridinv' has no attribute {name!r}")
        found = getattr(importlib.import_module(_ON_FIRST_USE[name]), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return __all__
