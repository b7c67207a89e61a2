"""A small estate that has something for every column that the workbook fills."""

from __future__ import annotations

from datetime import UTC, datetime

import hybridinv as hi

TAKEN_AT = datetime(2026, 1, 15, 8, tzinfo=UTC)
VC = "vsphere://d39aa5cc-70ee-5568-af9b-28dd266f0336"
GIB = 2**30
HERE = {"platform": "vsphere", "source": "vc01"}
THEN = datetime(2025, 11, 3, 18, 30, tzinfo=UTC)


def vm(number: int = 1, **fields: object) -> hi.VirtualMachine:
    """A machine on the estate's host."""
    values = {"id": f"{VC}/vm-{number}", "name": f"vm{number}", **HERE, **fields}
    return hi.VirtualMachine(**values)


FULL_VM = vm(
    1,
    native_id="vm-1", host_id=f"{VC}/host-1", cluster_id=f"{VC}/domain-c1", location="Utrecht", folder="Web/Shop",
    power_state="running", connection_state="connected", os_name="Ubuntu Linux (64-bit)", cpus=4,
    cores_per_socket=2, memory_bytes=8 * GIB, bios_uuid="42670b01-ac94-5f7d-8728-6a360794ff97",
    instance_uuid="50efca09-e16b-53a5-842b-bd7798ec4a0c", hostname="vm1.example.test",
    ip_addresses=("192.0.2.1", "2001:db8::1"), created_at=THEN, hardware_version="vmx-21", firmware="efi",
    annotation="the shop", custom_attributes={"Owner": "Web team"}, resource_pool="Resources/Shop", vapp="shop",
    config_path="[nvme] vm1/vm1.vmx", cpu_hot_add=True, cpu_hot_remove=False, memory_hot_add=True,
    cpu_allocation=hi.Allocation(reservation=500, limit=None, shares=4000, level="normal"),
    memory_allocation=hi.Allocation(reservation=GIB, limit=4 * GIB, shares=81920, level="normal"),
    latency_sensitivity="normal", secure_boot=True, evc_mode="intel-icelake", fault_tolerance="notConfigured",
    heartbeat="green", guest_state="running", booted_at=THEN, suspended_at=THEN, ha_protected=True,
    consolidation_needed=True, change_tracking=True, committed_bytes=20 * GIB, uncommitted_bytes=30 * GIB,
    unshared_bytes=19 * GIB, cpu_usage_mhz=160, memory_active_bytes=GIB, memory_consumed_bytes=8 * GIB,
    memory_ballooned_bytes=0, memory_swapped_bytes=0, settings={"disk.EnableUUID": "TRUE"},
    agent=hi.Agent(
        kind="vmware-tools", version="12389", status="ready", message="guestToolsRunning, guestToolsCurrent",
        auto_upgrade=False,
    ),
    disks=(
        hi.Disk(
            name="Hard disk 1", native_id="2000", capacity_bytes=60 * GIB, datastore_id=f"{VC}/datastore-1",
            path="[nvme] vm1/vm1.vmdk", thin=True, mode="persistent", sharing="sharingNone", uuid="6000c290-1",
            controller="SCSI controller 0", controller_type="ParaVirtualSCSIController", bus_sharing="noSharing",
            unit_number=0, raw_mode="physicalMode", raw_device="naa.600", eagerly_zeroed=False, write_through=False,
            io=hi.Allocation(reservation=0, shares=1000, level="normal"),
        ),
        hi.Disk(name="Hard disk 2", native_id="2001", capacity_bytes=40 * GIB, datastore_id=f"{VC}/datastore-1"),
    ),
    nics=tuple(
        hi.Nic(
            name=f"Network adapter {number}", mac_address=f"00:50:56:00:00:0{number}",
            network_id=f"{VC}/dvportgroup-1", ip_addresses=("192.0.2.1", "2001:db8::1"), connected=True,
            type="VirtualVmxnet3", starts_connected=True, mac_type="assigned", is_passthrough=False, switch="dvs uuid",
        )
        for number in range(1, 9)
    ),
    devices=(
        hi.Device(name="CD/DVD drive 1", kind="cdrom", backing="image", path="[iso] x.iso", connected=True,
                  starts_connected=False),
        hi.Device(name="USB 1", kind="usb", backing="remote-host", path="1", connected=True),
    ),
    partitions=(hi.Partition(path="/", capacity_bytes=60 * GIB, free_bytes=15 * GIB, disks=("2000", "2001")),),
    snapshots=(
        hi.Snapshot(name="before patches", created_at=THEN, description="remove", size_bytes=3 * GIB, quiesced=True,
                    power_state="poweredOff"),
    ),
)  # fmt: skip

FULL_HOST = hi.Host(
    id=f"{VC}/host-1", name="esx01.example.test", **HERE,
    cluster_id=f"{VC}/domain-c1", location="Utrecht", vendor="Dell Inc.", model="PowerEdge R760",
    serial_number="7KQ4XR3", bios_uuid="b4179ab0-3eb1-59ee-9644-e2c7af79a7c5", cpu_model="Xeon", cpu_sockets=2,
    cpu_cores=48, cpu_threads=96, cpu_mhz=2600, memory_bytes=768 * GIB, hypervisor="VMware ESXi", version="8.0.3",
    build="24280767", in_maintenance=False, in_quarantine=False, booted_at=THEN,
    capabilities=("vmotionSupported", "storageVMotionSupported"), custom_attributes={"Rack": "R1"},
    hyperthreading=True, power_policy="Balanced", evc_mode="intel-icelake", max_evc_mode="intel-sapphirerapids",
    bios_version="2.3.5", bios_released_at=THEN, cpu_usage_mhz=6240, memory_usage_bytes=96 * GIB,
    dns_name="esx01.example.test", dns_servers=("192.0.2.53",), ntp_servers=("192.0.2.123", "192.0.2.124"),
    ntp_running=True, time_zone="UTC", profile_compliance="compliant",
    nics=(
        hi.PhysicalNic(device="vmnic0", mac_address="e4:3d:1a:00:00:01", driver="i40en", pci="0000:1a:00.0",
                       speed_mbps=10_000, full_duplex=True, wake_on_lan=True, switch="vSwitch0"),
    ),
    hbas=(
        hi.HostBusAdapter(device="vmhba0", type="fibre-channel", model="QLogic", driver="qlnativefc",
                          pci="0000:18:00.0", status="online", bus=0, wwn="50:00:00:00:ff:00:1b:01"),
    ),
    luns=(
        hi.Lun(name="naa.600", label="PURE", uuid="0200", vendor="PURE", model="FlashArray", revision="8888",
               serial_number="35f9", queue_depth=64, state="ok", policy="VMW_PSP_RR",
               paths=tuple(f"vmhba2:C0:T{number}:L1 active" for number in range(9))),
    ),
)  # fmt: skip

PLACES = {
    "clusters": [
        hi.Cluster(
            id=f"{VC}/domain-c1", name="Production", **HERE, location="Utrecht", host_ids=(f"{VC}/host-1",),
            drs_enabled=True, drs_behavior="fullyAutomated", ha_enabled=True, cpu_cores=48, memory_bytes=768 * GIB,
            state="green", cpu_mhz=124_800, cpu_threads=96, effective_cpu_mhz=120_000,
            effective_memory_bytes=700 * GIB, effective_hosts=1, drs_migration_threshold=3, ha_admission_control=True,
            ha_failover_level=1, ha_host_monitoring="enabled", ha_vm_monitoring="vmMonitoringDisabled",
            ha_restart_priority="medium", ha_isolation_response="none",
            rules=(hi.ClusterRule(name="apart", kind="apart", vm_ids=(f"{VC}/vm-1",)),),
            overrides=(hi.VmOverride(vm_id=f"{VC}/vm-1", restart_priority="highest"),),
            custom_attributes={"Cost center": "4700"},
        ),
        hi.Cluster(id=f"{VC}/domain-s9", name="esx99", **HERE),
    ],
    "resource_pools": [
        hi.ResourcePool(
            id=f"{VC}/resgroup-1", name="Shop", **HERE, location="Utrecht", path="Resources/Shop",
            cluster_id=f"{VC}/domain-c1", vm_ids=(f"{VC}/vm-1",), state="green",
            cpu_allocation=hi.Allocation(reservation=0, shares=4000, level="normal", expandable=True),
            memory_allocation=hi.Allocation(reservation=GIB, shares=40, level="high", expandable=False),
            configured_memory_bytes=8 * GIB, cpu_usage_mhz=160, max_cpu_mhz=120_000, memory_usage_bytes=2 * GIB,
            max_memory_bytes=700 * GIB,
        )
    ],
    "datastores": [
        hi.Datastore(
            id=f"{VC}/datastore-1", name="nvme", **HERE, location="Utrecht", type="VMFS", capacity_bytes=1000 * GIB,
            free_bytes=400 * GIB, uncommitted_bytes=100 * GIB, host_ids=(f"{VC}/host-1",), shared=True,
            accessible=True, url="ds:///vmfs/volumes/4b18/", extents=("naa.600:1",), version="6.82", block_size_mb=1,
            datastore_cluster="gold", io_control=True, congestion_threshold_ms=30,
            custom_attributes={"Array": "A1"},
        ),
        hi.Datastore(
            id=f"{VC}/datastore-2", name="iso", **HERE, location="Utrecht", type="NFS", remote_host="nas01",
            remote_path="/iso", capacity_bytes=10 * GIB, free_bytes=GIB, datastore_cluster="gold",
        ),
    ],
    "networks": [
        hi.Network(
            id=f"{VC}/dvportgroup-1", name="dv-servers", **HERE, location="Utrecht", kind="distributed", vlan_id=110,
            switch="dvs-production", binding="earlyBinding", ports=8, active_uplinks=("Uplink 1",),
            standby_uplinks=("Uplink 2",), teaming="loadbalance_srcid", promiscuous=False, mac_changes=False,
            forged_transmits=False,
        ),
        hi.Network(
            id=f"{VC}/dvportgroup-2", name="trunk", **HERE, kind="distributed", vlans="0-4094", is_uplink=True
        ),
        hi.Network(id=f"{VC}/network-1", name="VM Network", **HERE, kind="standard", vlan_id=0, switch="vSwitch0"),
    ],
    "switches": [
        hi.Switch(
            id=f"{VC}/dvs-1", name="dvs-production", **HERE, location="Utrecht", kind="distributed", uuid="dvs uuid",
            version="8.0.3", vendor="VMware, Inc.", host_ids=(f"{VC}/host-1",), mtu=9000, ports=24,
            lags=("lag 1 active srcDestIp",), discovery="lldp both", description="for machines", created_at=THEN,
            custom_attributes={"Team": "network"},
        ),
        hi.Switch(
            id=f"{VC}/host-1/vSwitch0", name="vSwitch0", **HERE, kind="standard", host_ids=(f"{VC}/host-1",),
            mtu=1500, ports=9216, free_ports=9200, teaming="loadbalance_srcid", promiscuous=False, mac_changes=False,
            forged_transmits=True,
            portgroups=(
                hi.PortGroup(name="Management Network", vlan_id=10, teaming="loadbalance_srcid", promiscuous=False,
                             mac_changes=False, forged_transmits=False),
            ),
        ),
    ],
    "vmkernel_adapters": [
        hi.VMkernelAdapter(
            id=f"{VC}/host-1/vmk1", name="vmk1", **HERE, host_id=f"{VC}/host-1", device="vmk1",
            services=("vmotion", "vSphereProvisioning"), dhcp=False, ip_address="10.20.0.21",
            subnet_mask="255.255.255.0", ipv6_addresses=("2001:db8::21",), gateway="10.20.0.1",
            ipv6_gateway="2001:db8::ff", mac_address="00:50:56:60:00:06", mtu=9000, netstack="vmotion",
            portgroup="dv-vmotion", vlan_id=20, switch="dvs-production", switch_mtu=9000, uplinks=("vmnic0",),
            link_speed_mbps=25_000,
        )
    ],
    "licenses": [
        hi.License(
            id=f"{VC}/license-1", name="vSphere 8 Enterprise Plus", **HERE, key="0MZ61", total=64, used=8,
            unit="cpuPackage", expires_at=THEN, features=("vMotion", "HA"), labels={"for": "all"},
            assigned_ids=(f"{VC}/host-1",),
        )
    ],
}  # fmt: skip


def filled_estate(*more: hi.VirtualMachine, **kinds: object) -> hi.Inventory:
    """The estate, with further machines and with other kinds in place of its own."""
    tables = {"vms": [FULL_VM, *more], "hosts": [FULL_HOST], **PLACES, **kinds}
    return hi.Inventory(**tables, taken_at=TAKEN_AT)
