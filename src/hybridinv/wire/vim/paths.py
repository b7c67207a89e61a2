"""The property paths that are asked for, each with the API version that first knew it.

A path that the server does not know fails the whole call, so paths are gated by `about.apiVersion`. Leaf paths only:
whole data objects cost bytes, and some cannot be decoded. Fields of a subtype cannot be asked for alone.
"""

from __future__ import annotations

_SINCE: dict[str, dict[str, str]] = {
    "VirtualMachine": {"config.createDate": "6.7", "runtime.cryptoState": "6.7"},
    "HostSystem": {
        "capability.remoteDeviceVMotionSupported": "7.0",
        "complianceCheckState.state": "6.7",
        "capability.suspendToMemorySupported": "7.0.2.0",
    },
}
"""By type: the paths that are younger than API version 6.5."""

_NAMED = ("name", "parent")

_TREE: dict[str, tuple[str, ...]] = {
    "Folder": _NAMED,
    "Datacenter": _NAMED,
    "ComputeResource": _NAMED,
    "HostSystem": _NAMED,
}

_PORTGROUPS: dict[str, tuple[str, ...]] = {
    "DistributedVirtualPortgroup": ("name", "key", "config.defaultPortConfig", "config.distributedVirtualSwitch")
}

_VM = (
    *_NAMED,
    "resourcePool",
    "disabledMethod",
    "snapshot",
    "config.uuid",
    "config.instanceUuid",
    "config.template",
    "config.annotation",
    "config.guestId",
    "config.guestFullName",
    "config.version",
    "config.firmware",
    "config.createDate",
    "config.hardware.numCPU",
    "config.hardware.memoryMB",
    "config.hardware.device",
    "config.cpuAffinity",
    "config.memoryAffinity",
    "config.keyId",
    "config.migrateEncryption",
    "config.swapPlacement",
    "config.vPMCEnabled",
    "runtime.host",
    "runtime.powerState",
    "runtime.connectionState",
    "runtime.consolidationNeeded",
    "runtime.cryptoState",
    "runtime.faultToleranceState",
    "runtime.minRequiredEVCModeKey",
    "runtime.toolsInstallerMounted",
    "guest.hostName",
    "guest.ipAddress",
    "guest.net",
    "guest.guestId",
    "guest.guestFullName",
    "guest.toolsRunningStatus",
    "guest.toolsVersion",
    "guest.toolsVersionStatus2",
)
_VM_FULL = (
    "customValue",
    "guestHeartbeatStatus",
    "overallStatus",
    "parentVApp",
    "config.bootOptions.efiSecureBootEnabled",
    "config.changeTrackingEnabled",
    "config.cpuAllocation",
    "config.cpuHotAddEnabled",
    "config.cpuHotRemoveEnabled",
    "config.extraConfig",
    "config.files.vmPathName",
    "config.hardware.numCoresPerSocket",
    "config.latencySensitivity.level",
    "config.managedBy",
    "config.memoryAllocation",
    "config.memoryHotAddEnabled",
    "config.nestedHVEnabled",
    "config.tools.toolsUpgradePolicy",
    "guest.disk",
    "guest.guestState",
    "layoutEx.disk",
    "layoutEx.file",
    "layoutEx.snapshot",
    "runtime.bootTime",
    "runtime.dasVmProtection.dasProtected",
    "runtime.featureRequirement",
    "runtime.question.text",
    "runtime.suspendTime",
    "summary.quickStats",
    "summary.storage",
)

_HOST = (
    *_NAMED,
    "overallStatus",
    "hardware.systemInfo",
    "hardware.cpuInfo",
    "hardware.memorySize",
    "summary.currentEVCModeKey",
    "summary.maxEVCModeKey",
    "summary.hardware.cpuModel",
    "summary.hardware.cpuMhz",
    "summary.quickStats.overallCpuUsage",
    "summary.quickStats.overallMemoryUsage",
    "config.localSwapDatastore",
    "config.network.pnic",
    "config.product",
    "runtime.connectionState",
    "runtime.powerState",
    "runtime.inMaintenanceMode",
    "runtime.inQuarantineMode",
    "runtime.bootTime",
    "capability.vmotionSupported",
    "capability.storageVMotionSupported",
    "capability.vmotionWithStorageVMotionSupported",
    "capability.vmotionAcrossNetworkSupported",
    "capability.unsharedSwapVMotionSupported",
    "capability.suspendedRelocateSupported",
    "capability.encryptedVMotionSupported",
    "capability.provisioningNicSelectionSupported",
    "capability.remoteDeviceVMotionSupported",
    "capability.suspendToMemorySupported",
)
_HOST_FULL = (
    "customValue",
    "complianceCheckState.state",
    "hardware.biosInfo.biosVersion",
    "hardware.biosInfo.releaseDate",
    "hardware.cpuPowerManagementInfo.currentPolicy",
    "summary.managementServerIp",
    "config.dateTimeInfo.ntpConfig.server",
    "config.dateTimeInfo.timeZone",
    "config.graphicsInfo",
    "config.hyperThread.active",
    "config.maskedFeatureCapability",
    "config.network.dnsConfig",
    "config.network.netStackInstance",
    "config.network.opaqueSwitch",
    "config.network.proxySwitch",
    "config.network.vnic",
    "config.network.vswitch",
    "config.service.service",
    "config.sharedPassthruGpuTypes",
    "config.storageDevice.hostBusAdapter",
    "config.storageDevice.multipathInfo.lun",
    "config.storageDevice.scsiLun",
    "config.virtualNicManagerInfo.netConfig",
)

SUMMARY: dict[str, dict[str, tuple[str, ...]]] = {
    "tree": _TREE,
    "portgroups": _PORTGROUPS,
    "vms": {"VirtualMachine": _VM},
    "hosts": {"HostSystem": _HOST},
    "vmkernel_adapters": {
        "HostSystem": (
            "name",
            "config.network.vnic",
            "config.network.pnic",
            "config.network.portgroup",
            "config.network.vswitch",
            "config.network.proxySwitch",
            "config.network.opaqueSwitch",
            "config.network.opaqueNetwork",
            "config.network.netStackInstance",
            "config.virtualNicManagerInfo.netConfig",
        )
    },
    "clusters": {"ComputeResource": (*_NAMED, "host", "summary", "configurationEx", "overallStatus")},
    "datastores": {
        "Datastore": (
            *_NAMED,
            "host",
            "info",
            "overallStatus",
            "summary.type",
            "summary.capacity",
            "summary.freeSpace",
            "summary.uncommitted",
            "summary.accessible",
            "summary.multipleHostAccess",
            "summary.maintenanceMode",
            "summary.url",
        )
    },
    "networks": {
        "Network": (*_NAMED, "host"),
        # Whole in itself: whether the paths of the base type are added to it is up to the server.
        "DistributedVirtualPortgroup": (
            *_NAMED,
            "host",
            "config.defaultPortConfig",
            "config.distributedVirtualSwitch",
            "config.numPorts",
            "config.type",
            "config.uplink",
        ),
        "DistributedVirtualSwitch": ("name",),
        "HostSystem": ("config.network.portgroup",),
    },
    "switches": {
        "HostSystem": ("name", "config.network.vswitch", "config.network.portgroup"),
        "DistributedVirtualSwitch": (*_NAMED, "uuid", "config", "summary"),
    },
    "resource_pools": {
        "ResourcePool": (
            *_NAMED,
            "owner",
            "vm",
            "config.cpuAllocation",
            "config.memoryAllocation",
            "runtime.cpu",
            "runtime.memory",
            "runtime.overallStatus",
            "summary.configuredMemoryMB",
        )
    },
}


FULL: dict[str, dict[str, tuple[str, ...]]] = {
    "tree": {"ResourcePool": _NAMED},
    "vms": {"VirtualMachine": _VM_FULL},
    "hosts": {"HostSystem": _HOST_FULL},
    "clusters": {"ComputeResource": ("customValue",)},
    "datastores": {"Datastore": ("customValue", "iormConfiguration")},
    "networks": {
        "Network": ("customValue",),
        "DistributedVirtualPortgroup": ("customValue",),
        # For the pairs of private VLANs.
        "DistributedVirtualSwitch": ("config",),
    },
    "switches": {"DistributedVirtualSwitch": ("customValue",)},
    "resource_pools": {"ResourcePool": ("customValue",)},
}
"""What `detail="full"` asks for beyond the summary; a type may be there that the summary does not have."""


def property_paths(kind: str, api_version: str, detail: str = "summary") -> dict[str, list[str]]:
    """What to ask for one kind: property paths by managed object type, as far as that API version knows them."""
    server = _numbers(api_version)
    asked: dict[str, list[str]] = {}
    for part in (SUMMARY, FULL) if detail == "full" else (SUMMARY,):
        for type_, paths in part.get(kind, {}).items():
            since = _SINCE.get(type_, {})
            asked.setdefault(type_, []).extend(path for path in paths if _numbers(since.get(path, "0")) <= server)
    return asked


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
