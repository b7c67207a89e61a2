"""The property paths that are asked for, each with the API version that first knew it.

A path that the server does not know fails the whole call, so paths are gated by `about.apiVersion`. Leaf paths only:
whole data objects cost bytes, and some cannot be decoded. Fields of a subtype cannot be asked for alone.
"""

from __future__ import annotations

_VERSIONS = {
    "config.createDate": "6.7",
    "capability.remoteDeviceVMotionSupported": "7.0",
    "capability.suspendToMemorySupported": "7.0.2.0",
}

_NAMED = ("name", "parent")

_TREE: dict[str, tuple[str, ...]] = {
    "Folder": _NAMED,
    "Datacenter": _NAMED,
    "ComputeResource": _NAMED,
    "HostSystem": _NAMED,
}

_PORTGROUPS: dict[str, tuple[str, ...]] = {"DistributedVirtualPortgroup": ("name", "key", "config.defaultPortConfig")}

_PATHS: dict[str, dict[str, tuple[str, ...]]] = {
    "tree": _TREE,
    "portgroups": _PORTGROUPS,
    "vms": {
        "VirtualMachine": (
            *_NAMED,
            "config.uuid",
            "config.instanceUuid",
            "config.template",
            "config.guestId",
            "config.guestFullName",
            "config.version",
            "config.firmware",
            "config.createDate",
            "config.hardware.numCPU",
            "config.hardware.memoryMB",
            "config.hardware.device",
            "runtime.host",
            "runtime.powerState",
            "runtime.connectionState",
            "guest.hostName",
            "guest.ipAddress",
            "guest.net",
            "guest.guestId",
            "guest.guestFullName",
            "guest.toolsRunningStatus",
            "guest.toolsVersion",
            "guest.toolsVersionStatus2",
            "snapshot",
        )
    },
    "hosts": {
        "HostSystem": (
            *_NAMED,
            "hardware.systemInfo",
            "hardware.cpuInfo",
            "hardware.memorySize",
            "summary.hardware.cpuModel",
            "summary.hardware.cpuMhz",
            "config.product",
            "runtime.connectionState",
            "runtime.powerState",
            "runtime.inMaintenanceMode",
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
    },
    "vmkernel_adapters": {
        "HostSystem": (
            "name",
            "config.network.vnic",
            "config.network.pnic",
            "config.network.portgroup",
            "config.network.proxySwitch",
            "config.network.netStackInstance",
            "config.virtualNicManagerInfo.netConfig",
        )
    },
    "clusters": {"ComputeResource": (*_NAMED, "host", "summary", "configurationEx", "overallStatus")},
    "datastores": {
        "Datastore": (
            *_NAMED,
            "host",
            "summary.type",
            "summary.capacity",
            "summary.freeSpace",
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
        ),
        "DistributedVirtualSwitch": ("name",),
        "HostSystem": ("config.network.portgroup",),
    },
}


def property_paths(kind: str, api_version: str) -> dict[str, list[str]]:
    """What to ask for one kind: property paths by managed object type, as far as that API version knows them."""
    server = _numbers(api_version)
    return {
        type_: [path for path in paths if _numbers(_VERSIONS.get(path, "0")) <= server]
        for type_, paths in _PATHS[kind].items()
    }


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
