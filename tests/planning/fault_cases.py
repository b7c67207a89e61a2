"""For every fault of the catalogue: an estate that brings it up, and one that nearly does."""

from __future__ import annotations

from typing import Any

import attrs

from hybridinv.inventory import Inventory
from hybridinv.model import (
    Allocation,
    Cluster,
    ClusterRule,
    Datastore,
    Device,
    License,
    Lun,
    Mount,
    Network,
    Nic,
    PhysicalNic,
    PortGroup,
    Problem,
    Severity,
    Switch,
    VmOverride,
)
from planning.small_estate import FLAGS, GIB, HERE, disk, full, host, machine, vmk

ALL_FLAGS = FLAGS | {
    "vmotionAcrossNetworkSupported",
    "unsharedSwapVMotionSupported",
    "encryptedVMotionSupported",
    "provisioningNicSelectionSupported",
    "remoteDeviceVMotionSupported",
}
HOST = {
    "cluster_id": "c1",
    "location": "DC1",
    "version": "7.0.3",
    "cpu_model": "Xeon 6348",
    "max_evc_mode": "intel-icelake",
    "capabilities": ALL_FLAGS,
    "connection_state": "connected",
    "power_state": "running",
    "in_maintenance": False,
    "memory_bytes": 64 * GIB,
    "cpu_threads": 64,
}
VM = {
    "cluster_id": "c1",
    "location": "DC1",
    "connection_state": "connected",
    "cpus": 4,
    "hardware_version": "vmx-19",
    "evc_mode": "intel-skylake",
    "nics": [Nic(name="Network adapter 1", network_id="net-1", connected=True)],
}
TO_HOST, TO_DATASTORE = {"to_host": "esx02"}, {"to_datastore": "other"}
TO_BOTH = {"to_host": "esx02", "to_datastore": "other"}
BOTH_HOSTS = ["host-1", "host-2"]
Changes = dict[str, Any]


def standard(number: int, vlan: int = 10, uplinks: tuple[str, ...] = ("vmnic0",)) -> Switch:
    group = PortGroup(name="VM Network", vlan_id=vlan)
    return Switch(
        id=f"host-{number}/vSwitch0", name="vSwitch0", kind="standard", host_ids=[f"host-{number}"], uplinks=uplinks,
        portgroups=[group], **HERE,
    )  # fmt: skip


def network(id_: str = "net-1", **fields: Any) -> Network:
    return Network(**{"id": id_, "name": "VM Network", "kind": "standard", "host_ids": BOTH_HOSTS, **HERE, **fields})


def store(id_: str, name: str, **fields: Any) -> Datastore:
    return Datastore(**{"id": id_, "name": name, "host_ids": BOTH_HOSTS, "free_bytes": 1000 * GIB, **HERE, **fields})


def cluster(**fields: Any) -> Cluster:
    return Cluster(
        **{"id": "c1", "name": "cluster-1", "host_ids": BOTH_HOSTS, "drs_behavior": "manual", **HERE, **fields}
    )


def made(changes: Changes) -> Inventory:
    """The estate in which every migration is feasible, with these changes."""
    adapters = [
        attrs.evolve(adapter, **changes.get(f"{adapter.device} {adapter.host_id}", {}))
        for number in (1, 2)
        for adapter in full(number)
        if changes.get(f"{adapter.device} host-{number}", {}) is not None
    ]
    return Inventory(
        vms=[machine(**{**VM, **changes.get("vm", {})}), *changes.get("vms", [])],
        hosts=[
            host(number, **{**HOST, **changes.get(f"host {number}", {})}) for number in changes.get("numbers", (1, 2))
        ],
        vmkernel_adapters=[*adapters, *changes.get("adapters", [])],
        datastores=changes.get("datastores", [store("ds-shared", "shared"), store("ds-other", "other")]),
        networks=changes.get("networks", [network()]),
        switches=changes.get("switches", [standard(1), standard(2)]),
        clusters=changes.get("clusters", [cluster()]),
        licenses=changes.get("licenses", []),
        problems=changes.get("problems", []),
    )


def vm(**fields: Any) -> Changes:
    return {"vm": fields}


def device(**fields: Any) -> Changes:
    return vm(devices=[Device(name="a device", **fields)])


def disks(**fields: Any) -> Changes:
    return vm(disks=[attrs.evolve(disk(), name="Hard disk 1", **fields)])


def without(flag: str, number: int = 2) -> Changes:
    return {f"host {number}": {"capabilities": ALL_FLAGS - {flag}}}


def there(**fields: Any) -> Changes:
    return {"host 2": fields}


def both(one: Changes, other: Changes) -> Changes:
    """One change and another; what they say of the machine is put together."""
    together = {**one, **other}
    return {**together, "vm": {**one["vm"], **other["vm"]}} if "vm" in one and "vm" in other else together


def off(changes: Changes) -> Changes:
    return both(changes, vm(power_state="stopped"))


def suspended(changes: Changes) -> Changes:
    return both(changes, vm(power_state="suspended"))


def ruled(**fields: Any) -> Changes:
    return {"clusters": [cluster(rules=[ClusterRule(name="a rule", enabled=True, vm_ids=["vm-1", "vm-2"], **fields)])]}


def lun(name: str = "naa.1", uuid: str = "0200aa") -> Lun:
    return Lun(name=name, uuid=uuid)


def unread(**fields: Any) -> Changes:
    return {"problems": [Problem(**{**HERE, "error": "AccessDenied", "message": "no", **fields})]}


def only_ipv6(*addresses: str) -> Changes:
    return {"ip_address": "", "subnet_mask": "", "ipv6_addresses": addresses}


RDM = {"is_raw": True, "raw_mode": "virtualMode", "raw_device": "vml.0200aa"}
OTHER_VM = machine(id="vm-2", name="db01", host_id="host-2", memory_bytes=50 * GIB)
CLIENT = {"kind": "cdrom", "backing": "client"}
IMAGE = {"kind": "cdrom", "backing": "image", "path": "[iso] a.iso", "datastore_id": "ds-iso"}
ISO_STORES = [store("ds-shared", "shared"), store("ds-iso", "iso", host_ids=["host-1"])]
VGPU = {"kind": "vgpu", "path": "grid_a100-8c", "migratable": True}
DVS = network(kind="distributed", name="dv-machines", switch="dvs", switch_id="dvs-1", host_ids=["host-1"])
DVS_SWITCH = Switch(id="dvs-1", name="dvs", kind="distributed", host_ids=["host-1"], **HERE)
ELSEWHERE = {"cluster_id": "c2", "source": "vc02"}
AFFINE = {"kind": "vm-host", "mandatory": True}
SWAPPED = both(vm(swap_placement="hostLocal"), there(swap_datastore_id="ds-swap"))
KEPT_FREE = {"ha_enabled": True, "ha_admission_control": True, "ha_failover_host_ids": ["host-2"]}
HALF = PhysicalNic(device="vmnic1", speed_mbps=1000, full_duplex=False)
NO_PROVISIONING = {"vmk2 host-2": None}

B, W, I = Severity.BLOCKER, Severity.WARNING, Severity.INFO  # noqa: E741

# code, severity, where to, what brings it up, what nearly does
CASES: list[tuple[str, Severity, dict[str, str], Changes, Changes]] = [
    # ------------------------------------------------------------------------------------------------- machine
    ("InvalidVmState", B, TO_HOST, vm(connection_state="orphaned"), vm(connection_state="connected")),
    ("InvalidVmState", B, TO_HOST, off(vm(connection_state="inaccessible")), off(vm(connection_state=""))),
    ("PowerStateUnknown", W, TO_HOST, vm(power_state="unknown"), vm(power_state="suspended")),
    ("QuestionPending", B, TO_HOST, vm(question="moved or copied?"), vm(question="")),
    (
        "MigrationDisabled",
        B,
        TO_HOST,
        vm(disabled_methods=["RelocateVM_Task"]),
        vm(disabled_methods=["CancelMigration"]),
    ),
    ("MigrationDisabled", W, TO_HOST, vm(disabled_methods=["MigrateVM_Task"]), vm(disabled_methods=[])),
    ("ToolsInstallationInProgress", B, TO_HOST, vm(tools_installer_mounted=True), vm(tools_installer_mounted=None)),
    (
        "ToolsInstallationInProgress",
        B,
        TO_DATASTORE,
        vm(tools_installer_mounted=True),
        off(vm(tools_installer_mounted=True)),
    ),
    ("AffinityConfigured", B, TO_HOST, vm(cpu_affinity=["2", "3"]), vm(cpu_affinity=[])),
    ("AffinityConfigured", W, TO_HOST, off(vm(memory_affinity=["0"])), off({})),
    ("AffinityConfigured", B, TO_BOTH, vm(memory_affinity=["0"]), {}),
    ("CannotMoveFaultToleranceVm", W, TO_HOST, vm(fault_tolerance="running"), vm(fault_tolerance="notConfigured")),
    ("CannotMoveFaultToleranceVm", B, TO_DATASTORE, vm(fault_tolerance="running"), vm(fault_tolerance="disabled")),
    (
        "CannotMoveFaultToleranceVm",
        B,
        TO_HOST,
        both(vm(fault_tolerance="running"), there(cluster_id="c2")),
        vm(fault_tolerance="running"),
    ),
    ("ConsolidationNeeded", W, TO_DATASTORE, vm(consolidation_needed=True), vm(consolidation_needed=False)),
    ("ConsolidationNeeded", W, TO_BOTH, vm(consolidation_needed=True), {}),
    ("SnapshotChain", I, TO_DATASTORE, disks(chain_length=3), disks(chain_length=1)),
    ("MachineInUseByAnExtension", I, TO_HOST, vm(managed_by="com.vmware.vim.eam cluster-agent"), vm(managed_by="")),
    # ------------------------------------------------------------------------------------------------- devices
    ("DisallowedMigrationDeviceAttached", B, TO_HOST, device(kind="passthrough", backing="host"), device(kind="tpm")),
    (
        "DisallowedMigrationDeviceAttached",
        W,
        TO_DATASTORE,
        device(kind="passthrough", backing="host"),
        device(kind="sound"),
    ),
    (
        "DisallowedMigrationDeviceAttached",
        W,
        TO_HOST,
        device(kind="passthrough", backing="VirtualPCIPassthroughDvxBackingInfo"),
        {},
    ),
    (
        "DisallowedMigrationDeviceAttached",
        B,
        TO_HOST,
        vm(nics=[Nic(type="VirtualSriovEthernetCard", is_passthrough=True)]),
        vm(nics=[Nic(type="VirtualVmxnet3", is_passthrough=False)]),
    ),
    ("DisallowedMigrationDeviceAttached", W, TO_HOST, vm(nics=[Nic(type="VirtualVmxnet3", is_passthrough=True)]), {}),
    ("DisallowedMigrationDeviceAttached", B, TO_HOST, device(**{**VGPU, "migratable": False}), device(**VGPU)),
    (
        "PassthroughDeviceNeeded",
        W,
        TO_HOST,
        off(device(kind="passthrough", backing="host")),
        device(kind="passthrough"),
    ),
    ("PassthroughDeviceNeeded", W, TO_HOST, off(device(**VGPU)), {}),
    ("VGpuMigrationUnknown", W, TO_HOST, device(**{**VGPU, "migratable": None}), device(**VGPU)),
    ("VGpuProfileMissing", B, TO_HOST, both(device(**VGPU), {"host 1": {"gpus": ["grid_a100-8c"]}}), device(**VGPU)),
    (
        "VGpuProfileMissing",
        W,
        TO_HOST,
        off(both(device(**VGPU), {"host 1": {"gpus": ["grid_a100-8c"]}})),
        off(both(device(**VGPU), {f"host {n}": {"gpus": ["grid_a100-8c"]} for n in (1, 2)})),
    ),
    *(
        (
            code,
            severity,
            TO_HOST,
            device(kind=kind, backing="host", connected=connected),
            device(kind=kind, backing=backing, connected=nearly),
        )
        for code, severity, kind, connected, backing, nearly in (
            ("DeviceBackingNotSupported", B, "cdrom", True, "host", False),
            ("DeviceBackingNotSupported", B, "floppy", True, "none", True),
            ("DeviceBackingNotSupported", B, "serial", True, "network", True),
            ("DeviceBackingNotSupported", B, "parallel", True, "image", True),
            ("DeviceBackingNotSupported", W, "cdrom", None, "image", None),
        )
    ),
    (
        "DeviceBackingNotSupported",
        B,
        TO_HOST,
        device(kind="scsi", backing="host", connected=True),
        off(device(kind="scsi", backing="host", connected=True)),
    ),
    (
        "RemoteDeviceNotSupported",
        B,
        TO_HOST,
        both(device(**CLIENT, connected=True), without("remoteDeviceVMotionSupported")),
        device(**CLIENT, connected=True),
    ),
    (
        "RemoteDeviceNotSupported",
        W,
        TO_HOST,
        both(device(**CLIENT, connected=True), there(capabilities=())),
        both(device(**CLIENT, connected=False), there(capabilities=())),
    ),
    (
        "CannotAccessFile",
        B,
        TO_HOST,
        both(device(**IMAGE, connected=True), {"datastores": ISO_STORES}),
        both(device(**IMAGE, connected=False), {"datastores": ISO_STORES}),
    ),
    (
        "CannotAccessFile",
        W,
        TO_HOST,
        off(both(device(**IMAGE, connected=False, starts_connected=True), {"datastores": ISO_STORES})),
        off(
            both(
                device(**IMAGE, connected=False, starts_connected=True),
                {"datastores": [store("ds-shared", "shared"), store("ds-iso", "iso")]},
            )
        ),
    ),
    (
        "UsbDeviceNotEnabledForVMotion",
        B,
        TO_HOST,
        device(kind="usb", backing="host", connected=True),
        device(kind="usb", backing="client", connected=True),
    ),
    (
        "UsbDeviceNotEnabledForVMotion",
        W,
        TO_HOST,
        device(kind="usb", backing="remote-host", connected=True),
        device(kind="usb", backing="host", connected=False),
    ),
    # --------------------------------------------------------------------------------------------------- disks
    ("RawDiskNotSupported", B, TO_HOST, disks(is_raw=True, datastore_id=""), disks(**RDM)),
    (
        "RDMPointsToInaccessibleDisk",
        B,
        TO_HOST,
        both(disks(**RDM), {"host 1": {"luns": [lun()]}, **there(luns=[lun("naa.2", "0200bb")])}),
        both(disks(**RDM), {"host 1": {"luns": [lun()]}, **there(luns=[lun()])}),
    ),
    ("RDMPointsToInaccessibleDisk", W, TO_HOST, disks(**RDM), {}),
    ("RDMConversionNotSupported", I, TO_DATASTORE, disks(**{**RDM, "raw_mode": "physicalMode"}), disks(**RDM)),
    (
        "LargeRDMConversionNotSupported",
        W,
        TO_DATASTORE,
        disks(**RDM, capacity_bytes=2 * 10**12),
        disks(**RDM, capacity_bytes=2 * 10**12 - 1),
    ),
    (
        "SharedBusControllerNotSupported",
        B,
        TO_HOST,
        disks(bus_sharing="virtualSharing"),
        disks(bus_sharing="noSharing"),
    ),
    ("SharedBusControllerNotSupported", B, TO_DATASTORE, disks(bus_sharing="physicalSharing"), {}),
    ("SharedBusControllerNotSupported", W, TO_HOST, disks(bus_sharing="physicalSharing"), {}),
    ("MultiWriterNotSupported", B, TO_DATASTORE, disks(sharing="sharingMultiWriter"), disks(sharing="sharingNone")),
    ("MultiWriterNotSupported", W, TO_HOST, disks(sharing="sharingMultiWriter"), {}),
    (
        "VirtualDiskModeNotSupported",
        B,
        TO_DATASTORE,
        disks(mode="independent_nonpersistent"),
        disks(mode="independent_persistent"),
    ),
    ("VirtualDiskModeNotSupported", W, TO_HOST, disks(mode="independent_nonpersistent"), disks(mode="persistent")),
    ("UncommittedUndoableDisk", B, TO_DATASTORE, off(disks(mode="undoable")), off(disks(mode="append"))),
    ("CannotAccessVmDisk", B, TO_HOST, {"datastores": [store("ds-shared", "shared", host_ids=["host-1"])]}, {}),
    (
        "CannotAccessVmDisk",
        W,
        TO_DATASTORE,
        off({"datastores": [store("ds-shared", "shared"), store("ds-other", "other", host_ids=["host-2"])]}),
        off({}),
    ),
    ("DatastoreHostsUnknown", W, TO_HOST, {"datastores": [store("ds-shared", "shared", host_ids=[])]}, {}),
    ("DisksUnknown", W, TO_HOST, vm(disks=[]), {}),
    # ---------------------------------------------------------------------------------------------- datastores
    (
        "NoDiskSpace",
        B,
        TO_DATASTORE,
        both(
            disks(thin=False),
            {"datastores": [store("ds-shared", "shared"), store("ds-other", "other", free_bytes=99 * GIB)]},
        ),
        disks(thin=False),
    ),
    (
        "NoDiskSpace",
        W,
        TO_DATASTORE,
        both(
            disks(thin=True, size_bytes=30 * GIB),
            {"datastores": [store("ds-shared", "shared"), store("ds-other", "other", free_bytes=99 * GIB)]},
        ),
        {},
    ),
    (
        "NoDiskSpace",
        B,
        TO_DATASTORE,
        both(
            disks(thin=True, size_bytes=30 * GIB),
            {"datastores": [store("ds-shared", "shared"), store("ds-other", "other", free_bytes=29 * GIB)]},
        ),
        both(disks(**RDM), {"datastores": [store("ds-shared", "shared"), store("ds-other", "other", free_bytes=GIB)]}),
    ),
    (
        "InaccessibleDatastore",
        B,
        TO_DATASTORE,
        {"datastores": [store("ds-shared", "shared"), store("ds-other", "other", accessible=False)]},
        {},
    ),
    (
        "InvalidDatastoreState",
        B,
        TO_DATASTORE,
        {
            "datastores": [
                store("ds-shared", "shared"),
                store("ds-other", "other", maintenance_mode="enteringMaintenance"),
            ]
        },
        {"datastores": [store("ds-shared", "shared"), store("ds-other", "other", maintenance_mode="normal")]},
    ),
    (
        "DatastoreNotWritableOnHost",
        B,
        TO_HOST,
        {"datastores": [store("ds-shared", "shared", mounts=[Mount(host_id="host-2", access_mode="readOnly")])]},
        {
            "datastores": [
                store(
                    "ds-shared",
                    "shared",
                    mounts=[
                        Mount(host_id="host-1", access_mode="readOnly"),
                        Mount(host_id="host-2", access_mode="readWrite"),
                    ],
                )
            ]
        },
    ),
    # --------------------------------------------------------------------------------------------------- hosts
    ("HostUnknown", B, TO_HOST, vm(host_id="host-9"), {}),
    ("HostNotConnected", B, TO_HOST, there(connection_state="disconnected"), there(connection_state="")),
    (
        "HostNotConnected",
        B,
        TO_DATASTORE,
        {"host 1": {"connection_state": "disconnected"}},
        there(connection_state="disconnected"),
    ),
    ("HostNotReachable", B, TO_HOST, {"host 1": {"connection_state": "notResponding"}}, {}),
    ("InvalidHostState", B, TO_HOST, there(in_maintenance=True), {"host 1": {"in_maintenance": True}}),
    ("InvalidHostState", B, TO_HOST, there(power_state="suspended"), there(power_state="unknown")),
    ("MaintenanceModeFileMove", B, TO_BOTH, {"host 1": {"in_maintenance": True}}, {}),
    ("MaintenanceModeFileMove", B, TO_DATASTORE, off({"host 1": {"in_maintenance": True}}), off({})),
    ("HostInQuarantine", W, TO_HOST, there(in_quarantine=True), {"host 1": {"in_quarantine": True}}),
    ("VMotionNotSupported", B, TO_HOST, without("vmotionSupported"), off(without("vmotionSupported"))),
    ("VMotionNotSupported", B, TO_HOST, without("vmotionSupported", 1), there(capabilities=())),
    (
        "VMotionNotLicensed",
        B,
        TO_HOST,
        {"licenses": [License(id="l", name="Essentials", features=["esxi"], assigned_ids=BOTH_HOSTS, **HERE)]},
        {
            "licenses": [
                License(
                    id="l", name="Plus", features=["esxi", "vmotion vSphere vMotion"], assigned_ids=BOTH_HOSTS, **HERE
                )
            ]
        },
    ),
    (
        "VMotionNotLicensed",
        B,
        TO_BOTH,
        {"licenses": [License(id="l", name="Essentials", features=["esxi"], assigned_ids=["host-1"], **HERE)]},
        {
            "licenses": [
                License(id="l", name="Evaluation", state="evaluation", features=["x"], assigned_ids=BOTH_HOSTS, **HERE)
            ]
        },
    ),
    (
        "StorageVMotionNotSupported",
        B,
        TO_DATASTORE,
        without("storageVMotionSupported", 1),
        without("storageVMotionSupported"),
    ),
    ("StorageVMotionNotSupported", B, TO_BOTH, without("vmotionWithStorageVMotionSupported"), {}),
    (
        "VMotionAcrossNetworkNotSupported",
        B,
        TO_HOST,
        {
            **there(**ELSEWHERE, capabilities=ALL_FLAGS - {"vmotionAcrossNetworkSupported"}),
            "networks": [network(host_ids=["host-1"])],
        },
        {**there(**ELSEWHERE), "networks": [network(host_ids=["host-1"])]},
    ),
    (
        "UnsharedSwapVMotionNotSupported",
        B,
        TO_HOST,
        both(SWAPPED, there(capabilities=ALL_FLAGS - {"unsharedSwapVMotionSupported"}, swap_datastore_id="ds-swap")),
        SWAPPED,
    ),
    (
        "SuspendedRelocateNotSupported",
        B,
        TO_DATASTORE,
        suspended(without("suspendedRelocateSupported", 1)),
        off(without("suspendedRelocateSupported", 1)),
    ),
    (
        "EncryptedVMotionNotSupported",
        B,
        TO_HOST,
        both(vm(migrate_encryption="required"), without("encryptedVMotionSupported")),
        both(vm(migrate_encryption="opportunistic"), without("encryptedVMotionSupported")),
    ),
    (
        "EncryptedVMotionNotSupported",
        B,
        TO_HOST,
        both(vm(is_encrypted=True), without("encryptedVMotionSupported", 1)),
        vm(is_encrypted=True),
    ),
    ("ProvisioningNicSelectionNotSupported", W, TO_BOTH, off(without("provisioningNicSelectionSupported")), off({})),
    (
        "ManagementAddressFamilyDiffers",
        B,
        TO_HOST,
        {"vmk0 host-2": {"ip_address": "", "ipv6_addresses": ["fe80::2", "2001:db8::2/64"]}},
        {"vmk0 host-2": {"ipv6_addresses": ["2001:db8::2"]}},
    ),
    (
        "FeatureRequirementsNotMet",
        B,
        TO_HOST,
        both(
            vm(features=["cpuid.AVX Bool:Min:1", "cpuid.VAES Bool:Min:1"]),
            there(features=["cpuid.AVX 1", "cpuid.VAES 0"]),
        ),
        both(vm(features=["cpuid.AVX Bool:Min:1"]), there(features=["cpuid.AVX 1", "cpuid.VAES 0"])),
    ),
    ("FeatureRequirementsNotMet", B, TO_HOST, there(max_evc_mode="intel-haswell"), there(evc_mode="intel-skylake")),
    ("FeatureRequirementsNotMet", B, TO_HOST, there(max_evc_mode="amd-zen3"), off(there(max_evc_mode="amd-zen3"))),
    ("FeatureRequirementsNotMet", B, TO_HOST, suspended(there(max_evc_mode="intel-haswell")), suspended({})),
    ("FeatureRequirementsNotMet", W, TO_HOST, there(max_evc_mode="", cpu_model="EPYC 9654"), there(max_evc_mode="")),
    (
        "FeatureRequirementsNotMet",
        W,
        TO_HOST,
        both(
            vm(features=["cpuid.AVX Strange"]),
            there(features=["cpuid.AVX 1"], max_evc_mode="intel-new", cpu_model="Xeon 9999"),
        ),
        both(vm(features=["cpuid.AVX Strange"]), there(features=["cpuid.AVX 1"])),
    ),
    (
        "PerformanceCountersDiffer",
        W,
        TO_HOST,
        both(vm(performance_counters=True), there(cpu_model="Xeon 4214")),
        vm(performance_counters=True),
    ),
    ("VirtualHardwareVersionNotSupported", B, TO_HOST, vm(hardware_version="vmx-21"), vm(hardware_version="vmx-19")),
    (
        "VirtualHardwareVersionNotSupported",
        B,
        TO_HOST,
        off(vm(hardware_version="vmx-20")),
        off(vm(hardware_version="vmx-99")),
    ),
    ("NotEnoughLogicalCpus", B, TO_HOST, there(cpu_threads=3), there(cpu_threads=4)),
    ("NotEnoughLogicalCpus", W, TO_HOST, off(there(cpu_threads=3)), off(there(cpu_threads=None))),
    (
        "InsufficientHostMemoryCapacityFault",
        B,
        TO_HOST,
        {
            **vm(memory_allocation=Allocation(reservation=10 * GIB)),
            "vms": [attrs.evolve(OTHER_VM, memory_allocation=Allocation(reservation=55 * GIB))],
        },
        {
            **vm(memory_allocation=Allocation(reservation=9 * GIB)),
            "vms": [attrs.evolve(OTHER_VM, memory_allocation=Allocation(reservation=55 * GIB))],
        },
    ),
    ("MemoryOvercommitted", W, TO_HOST, {"vms": [attrs.evolve(OTHER_VM, memory_bytes=55 * GIB)]}, {"vms": [OTHER_VM]}),
    ("MemoryOvercommitted", W, TO_HOST, there(memory_bytes=9 * GIB), off(there(memory_bytes=9 * GIB))),
    # ------------------------------------------------------------------------------------------------ networks
    ("CannotAccessNetwork", B, TO_HOST, {"networks": [network(host_ids=["host-1"])]}, {}),
    (
        "CannotAccessNetwork",
        W,
        TO_HOST,
        {**vm(nics=[Nic(network_id="net-1", connected=False)]), "networks": [network(host_ids=["host-1"])]},
        {},
    ),
    ("CannotAccessNetwork", B, TO_HOST, off({"networks": [DVS], "switches": [DVS_SWITCH]}), off({})),
    (
        "CannotAccessNetwork",
        W,
        TO_HOST,
        {**there(**ELSEWHERE), "networks": [network(host_ids=["host-1"])]},
        {**there(**ELSEWHERE), "networks": [network(host_ids=["host-1"]), network("net-9", host_ids=["host-2"])]},
    ),
    (
        "NetworksMayNotBeTheSame",
        W,
        TO_HOST,
        {**there(location="DC2"), "networks": [network(host_ids=["host-1"]), network("net-9", host_ids=["host-2"])]},
        {},
    ),
    ("VMOnVirtualIntranet", B, TO_HOST, {"switches": [standard(1, uplinks=()), standard(2)]}, {}),
    ("VMOnVirtualIntranet", W, TO_HOST, {"switches": [standard(1), standard(2, uplinks=())]}, {"switches": []}),
    ("VlanDiffers", W, TO_HOST, {"switches": [standard(1), standard(2, vlan=11)]}, {}),
    (
        "VlanDiffers",
        W,
        TO_HOST,
        {"vmk1 host-1": {"vlan_id": 20}, "vmk1 host-2": {"vlan_id": 21}},
        {"vmk1 host-1": {"vlan_id": 20}, "vmk1 host-2": {"vlan_id": None}},
    ),
    ("NetworkUnknown", W, TO_HOST, {"networks": []}, {"networks": [], **vm(nics=[])}),
    # --------------------------------------------------------------------------------------------------- paths
    ("VMotionNotConfigured", B, TO_HOST, {"vmk1 host-2": None}, off({"vmk1 host-2": None})),
    ("VMotionNotConfigured", B, TO_HOST, {"vmk1 host-2": None}, {f"vmk{d} host-2": None for d in (0, 1, 2)}),
    (
        "VMotionLinkDown",
        W,
        TO_HOST,
        {"adapters": [vmk(1, "vmk7", "vmotion", link_speed_mbps=0)]},
        {"adapters": [vmk(1, "vmk7", "vsan", link_speed_mbps=0)]},
    ),
    (
        "LinkDown",
        W,
        TO_BOTH,
        off({"adapters": [vmk(1, "vmk7", "vSphereProvisioning", link_speed_mbps=0)]}),
        off({"adapters": [vmk(1, "vmk7", "vmotion", link_speed_mbps=0)]}),
    ),
    ("LinkFactsUnknown", W, TO_HOST, {"vmk1 host-2": {"subnet_mask": "banana"}}, {"vmk2 host-2": {"subnet_mask": ""}}),
    ("LinkFactsUnknown", W, TO_HOST, {"vmk1 host-2": {"ip_address": ""}}, {"vmk0 host-2": {"ip_address": ""}}),
    ("LinkFactsUnknown", I, TO_HOST, {"vmk1 host-2": {"mtu": None}}, {"vmk2 host-2": {"mtu": None}}),
    (
        "LinkFactsUnknown",
        I,
        TO_BOTH,
        off({"vmk2 host-2": {"link_speed_mbps": None}}),
        off({"vmk1 host-2": {"link_speed_mbps": None}}),
    ),
    (
        "DifferentSubnets",
        W,
        TO_HOST,
        {"vmk1 host-1": only_ipv6("2001:db8:1::1"), "vmk1 host-2": only_ipv6("2001:db8:2::1")},
        {"vmk1 host-1": only_ipv6("fe80::1", "2001:db8:1::1"), "vmk1 host-2": only_ipv6("2001:db8:1::2")},
    ),
    (
        "VMotionLinkDown",
        B,
        TO_HOST,
        {"vmk1 host-1": {"link_speed_mbps": 0}},
        {"vmk1 host-1": {"link_speed_mbps": None}},
    ),
    (
        "LinkDown",
        B,
        TO_BOTH,
        off({"vmk2 host-1": {"link_speed_mbps": 0}}),
        off({"vmk1 host-1": {"link_speed_mbps": 0}}),
    ),
    (
        "VMotionLinkCapacityLow",
        W,
        TO_HOST,
        {"vmk1 host-1": {"link_speed_mbps": 100}},
        {"vmk1 host-1": {"link_speed_mbps": 1000}},
    ),
    (
        "VMotionLinkCapacityLow",
        W,
        TO_HOST,
        {"host 1": {"nics": [HALF]}, "vmk1 host-1": {"uplinks": ["vmnic1"]}},
        {"host 1": {"nics": [HALF]}, "vmk1 host-1": {"uplinks": ["vmnic0"]}},
    ),
    ("VGpuNeedsFasterLink", W, TO_HOST, {**device(**VGPU), "vmk1 host-2": {"link_speed_mbps": 1000}}, device(**VGPU)),
    ("VMkernelAdaptersUnknown", W, TO_BOTH, off({f"vmk{d} host-2": None for d in (0, 1, 2)}), off({})),
    ("ProvisioningNotConfigured", W, TO_BOTH, off(NO_PROVISIONING), off({})),
    (
        "SeveralProvisioningAdapters",
        W,
        TO_BOTH,
        off({"adapters": [vmk(1, "vmk7", "vSphereProvisioning")]}),
        off({"adapters": [vmk(1, "vmk7", "vmotion")]}),
    ),
    ("MtuMismatch", W, TO_HOST, {"vmk1 host-2": {"mtu": 9000}}, {"vmk2 host-2": {"mtu": 9000}}),
    ("MtuMismatch", W, TO_HOST, {"vmk1 host-2": {"switch_mtu": 1499}}, {"vmk1 host-2": {"switch_mtu": 1500}}),
    (
        "DifferentSubnets",
        W,
        TO_HOST,
        {"vmk1 host-2": {"ip_address": "10.9.9.2"}},
        {"vmk1 host-1": {"gateway": "10.0.1.254"}, "vmk1 host-2": {"ip_address": "10.9.9.2", "gateway": "10.9.9.1"}},
    ),
    (
        "DifferentSubnets",
        W,
        TO_BOTH,
        off({"vmk2 host-2": {"ip_address": "10.9.9.2"}}),
        off({"vmk1 host-2": {"ip_address": "10.9.9.2"}}),
    ),
    (
        "UnifiedDataTransport",
        I,
        TO_BOTH,
        off({"host 1": {"version": "8.0.1"}, **there(version="8.0.3")}),
        off(there(version="8.0.3")),
    ),
    # ------------------------------------------------------------------------------------------------- cluster
    (
        "VmHostAffinityRuleViolation",
        B,
        TO_HOST,
        ruled(**AFFINE, host_ids=["host-1"]),
        ruled(**AFFINE, host_ids=["host-2"]),
    ),
    (
        "VmHostAffinityRuleViolation",
        W,
        TO_HOST,
        off(ruled(**AFFINE, host_ids=["host-1"])),
        off(ruled(**AFFINE, host_ids=BOTH_HOSTS)),
    ),
    (
        "VmHostAffinityRuleViolation",
        W,
        TO_HOST,
        ruled(kind="vm-host-apart", mandatory=False, host_ids=["host-2"]),
        ruled(kind="vm-host-apart", mandatory=False, host_ids=["host-1"]),
    ),
    (
        "RuleViolation",
        W,
        TO_HOST,
        {**ruled(kind="apart"), "vms": [OTHER_VM]},
        {**ruled(kind="apart"), "vms": [attrs.evolve(OTHER_VM, host_id="host-1")]},
    ),
    (
        "RuleViolation",
        W,
        TO_HOST,
        {**ruled(kind="together"), "vms": [attrs.evolve(OTHER_VM, host_id="host-1")]},
        {**ruled(kind="together"), "vms": [OTHER_VM]},
    ),
    ("RuleViolation", I, TO_HOST, off({**ruled(kind="apart"), "vms": [OTHER_VM]}), off({})),
    (
        "DrsOverride",
        I,
        TO_HOST,
        {"clusters": [cluster(overrides=[VmOverride(vm_id="vm-1", drs_behavior="disabled")])]},
        {"clusters": [cluster(overrides=[VmOverride(vm_id="vm-1", restart_priority="high")])]},
    ),
    ("VmHostAffinityRuleViolation", W, TO_HOST, ruled(**AFFINE), ruled(kind="vm-host", host_ids=["host-2"])),
    (
        "InsufficientHostCpuCapacityFault",
        B,
        TO_HOST,
        both(vm(cpu_allocation=Allocation(reservation=101)), there(cpu_cores=1, cpu_mhz=100)),
        both(vm(cpu_allocation=Allocation(reservation=100)), there(cpu_cores=1, cpu_mhz=100)),
    ),
    (
        "InsufficientHostCpuCapacityFault",
        B,
        TO_HOST,
        {
            **both(vm(cpu_allocation=Allocation(reservation=60)), there(cpu_cores=1, cpu_mhz=100)),
            "vms": [attrs.evolve(OTHER_VM, cpu_allocation=Allocation(reservation=60))],
        },
        both(vm(cpu_allocation=Allocation(reservation=60)), there(cpu_cores=1, cpu_mhz=100)),
    ),
    (
        "FailoverHost",
        B,
        TO_HOST,
        {"clusters": [cluster(**KEPT_FREE)]},
        {"clusters": [cluster(**{**KEPT_FREE, "ha_admission_control": False})]},
    ),
    ("ClusterChanges", I, TO_HOST, there(cluster_id="c2"), {}),
    ("CrossVCenterRequirements", W, TO_HOST, there(**ELSEWHERE), there(cluster_id="c2")),
    ("CrossVCenterRequirements", B, TO_HOST, there(**ELSEWHERE, version="5.5.0"), there(version="5.5.0")),
    (
        "EncryptedMachineAcrossVCenters",
        B,
        TO_HOST,
        both(vm(is_encrypted=True), there(**ELSEWHERE, version="6.7.0")),
        both(vm(is_encrypted=True), there(version="6.7.0")),
    ),
    ("EncryptedMachineAcrossVCenters", W, TO_HOST, both(vm(is_encrypted=True), there(**ELSEWHERE)), there(**ELSEWHERE)),
    # ---------------------------------------------------------------------------------------------------- plan
    ("InventoryIncomplete", W, TO_HOST, unread(kind="vms"), unread(kind="extensions")),
    ("InventoryIncomplete", W, TO_HOST, unread(), unread(source="vc02")),
    (
        "InventoryIncomplete",
        W,
        TO_HOST,
        unread(kind="vms", scope="vm-1"),
        {**unread(kind="vms", scope="vm-2"), "vms": [attrs.evolve(OTHER_VM, host_id="host-1")]},
    ),
    ("NothingToDo", I, {"to_host": "esx01"}, {}, {"vm": {"host_id": "host-2"}}),
    ("SourcesDisagree", I, TO_BOTH, {}, off({})),
    ("SourcesDisagree", W, TO_BOTH, there(**ELSEWHERE), off(there(**ELSEWHERE))),
]
