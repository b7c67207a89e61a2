"""A machine with everything, as the property collector's decode gives it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any


def disk(key: str = "2000", **backing: Any) -> dict[str, Any]:
    """A disk on the first SCSI controller."""
    return {
        "_type": "VirtualDisk",
        "key": key,
        "deviceInfo": {"_type": "Description", "label": "Hard disk 1", "summary": "10,485,760 KB"},
        "backing": {"_type": "VirtualDiskFlatVer2BackingInfo", "datastore": "datastore-1", **backing},
        "controllerKey": "1000",
        "unitNumber": "0",
        "capacityInBytes": "10737418240",
    }


def card(type_: str = "VirtualVmxnet3", **fields: Any) -> dict[str, Any]:
    """A connected network adapter on a standard port group."""
    return {
        "_type": type_,
        "key": "4000",
        "deviceInfo": {"label": "Network adapter 1"},
        "macAddress": "00:50:56:AB:CD:EF",
        "backing": {"_type": "VirtualEthernetCardNetworkBackingInfo", "network": "network-1"},
        "connectable": {"connected": "true", "startConnected": "true"},
        **fields,
    }


def controller(type_: str = "ParaVirtualSCSIController", **fields: Any) -> dict[str, Any]:
    """The controller of `disk`."""
    return {"_type": type_, "key": "1000", "deviceInfo": {"label": "SCSI controller 0"}, "busNumber": "0", **fields}


def allocation(reservation: str, limit: str) -> dict[str, Any]:
    """A share of a resource."""
    return {
        "_type": "ResourceAllocationInfo",
        "reservation": reservation,
        "expandableReservation": "true",
        "limit": limit,
        "shares": {"_type": "SharesInfo", "shares": "2000", "level": "custom"},
    }


_PROPERTIES: dict[str, Any] = {
    "name": "web01",
    "parent": "group-v2",
    "parentVApp": "resgroup-v2",
    "resourcePool": "resgroup-v2",
    "customValue": [{"_type": "CustomFieldStringValue", "key": "101", "value": "web team"}],
    "disabledMethod": ["PowerOnVM_Task", "MigrateVM_Task", "RelocateVM_Task"],
    "guestHeartbeatStatus": "green",
    "overallStatus": "yellow",
    "snapshot": {
        "_type": "VirtualMachineSnapshotInfo",
        "currentSnapshot": "snapshot-1",
        "rootSnapshotList": {"snapshot": "snapshot-1", "name": "before", "createTime": "2026-01-01T00:00:00Z"},
    },
    "config.annotation": "The shop's front",
    "config.bootOptions.efiSecureBootEnabled": "true",
    "config.changeTrackingEnabled": "true",
    "config.cpuAffinity": {"_type": "VirtualMachineAffinityInfo", "affinitySet": ["2", "3"]},
    "config.cpuAllocation": allocation("500", "4000"),
    "config.cpuHotAddEnabled": "true",
    "config.cpuHotRemoveEnabled": "false",
    "config.createDate": "2025-03-01T10:00:00.5+01:00",
    "config.extraConfig": [
        {"_type": "OptionValue", "key": "disk.EnableUUID", "value": "TRUE"},
        {"_type": "OptionValue", "key": "guestinfo.userdata", "value": "password: hunter2"},
    ],
    "config.files.vmPathName": "[ds1] web01/web01.vmx",
    "config.firmware": "efi",
    "config.guestFullName": "Other (64-bit)",
    "config.guestId": "otherGuest64",
    "config.hardware.device": [controller(), disk(fileName="[ds1] web01/web01.vmdk"), card()],
    "config.hardware.memoryMB": "8192",
    "config.hardware.numCPU": "4",
    "config.hardware.numCoresPerSocket": "2",
    "config.instanceUuid": "50390000-0000-4000-8000-0000000000FF",
    "config.keyId": {"_type": "CryptoKeyId", "keyId": "k1"},
    "config.latencySensitivity.level": "high",
    "config.managedBy": {"_type": "ManagedByInfo", "extensionKey": "com.vmware.vcDr", "type": "placeholderVm"},
    "config.memoryAffinity": {"_type": "VirtualMachineAffinityInfo", "affinitySet": "0"},
    "config.memoryAllocation": allocation("1024", "4096"),
    "config.memoryHotAddEnabled": "true",
    "config.migrateEncryption": "required",
    "config.nestedHVEnabled": "true",
    "config.swapPlacement": "hostLocal",
    "config.template": "true",
    "config.tools.toolsUpgradePolicy": "upgradeAtPowerCycle",
    "config.uuid": "4239E05E-0000-4000-8000-0000000000FF",
    "config.vPMCEnabled": "true",
    "config.version": "vmx-21",
    "guest.disk": [
        {
            "diskPath": "C:\\",
            "capacity": "1000",
            "freeSpace": "400",
            "filesystemType": "NTFS",
            "mappings": {"key": "2000"},
        }
    ],
    "guest.guestFullName": "Microsoft Windows Server 2022 (64-bit)",
    "guest.guestId": "windows2019srvNext_64Guest",
    "guest.guestState": "running",
    "guest.hostName": "web01.example.com",
    "guest.ipAddress": "192.0.2.1",
    "guest.net": [{"deviceConfigId": "4000", "ipAddress": ["192.0.2.1", "2001:db8::1"]}],
    "guest.toolsRunningStatus": "guestToolsRunning",
    "guest.toolsVersion": "12389",
    "guest.toolsVersionStatus2": "guestToolsCurrent",
    "layoutEx.disk": [{"key": "2000", "chain": {"fileKey": ["1", "2"]}}],
    "layoutEx.file": [
        {"key": "1", "type": "diskDescriptor", "size": "500"},
        {"key": "2", "type": "diskExtent", "size": "10000"},
        {"key": "3", "type": "snapshotData", "size": "70"},
    ],
    "layoutEx.snapshot": [{"key": "snapshot-1", "dataKey": "3", "memoryKey": "-1"}],
    "runtime.bootTime": "2026-01-14T08:00:00Z",
    "runtime.connectionState": "connected",
    "runtime.consolidationNeeded": "true",
    "runtime.cryptoState": "locked",
    "runtime.dasVmProtection.dasProtected": "true",
    "runtime.faultToleranceState": "notConfigured",
    "runtime.featureRequirement": [{"key": "cpuid.AES", "featureName": "cpuid.AES", "value": "Bool:Min:1"}],
    "runtime.host": "host-1",
    "runtime.minRequiredEVCModeKey": "intel-broadwell",
    "runtime.powerState": "poweredOn",
    "runtime.question.text": "Was it moved or copied?",
    "runtime.suspendTime": "2026-01-13T08:00:00Z",
    "runtime.toolsInstallerMounted": "true",
    "summary.quickStats": {
        "_type": "VirtualMachineQuickStats",
        "balloonedMemory": "1",
        "guestMemoryUsage": "256",
        "hostMemoryUsage": "2048",
        "overallCpuUsage": "40",
        "swappedMemory": "2",
        "uptimeSeconds": "86400",
    },
    "summary.storage": {
        "_type": "VirtualMachineStorageSummary",
        "committed": "3000",
        "uncommitted": "2000",
        "unshared": "1000",
    },
}


def everything() -> dict[str, Any]:
    """The properties of that machine, by path; a copy to change."""
    return deepcopy(_PROPERTIES)
