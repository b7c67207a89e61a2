"""One row of every kind with everything in it, as the property collector's decode gives it."""

from __future__ import annotations

from typing import Any

from hybridinv.model.fact import Tags
from hybridinv.wire.soap import Row
from hybridinv.wire.vim.tree import Tree
from wire.vim_rows import row, tree

NIC_KEY = "key-vim.host.PhysicalNic-{}"
VNIC_KEY = "key-vim.host.VirtualNic-{}"
STACKS = [
    {
        "_type": "HostNetStackInstance",
        "key": "defaultTcpipStack",
        "name": "defaultTcpipStack",
        "dnsConfig": {"_type": "HostDnsConfig", "dhcp": "false", "address": ["192.0.2.53", "192.0.2.54"]},
        "ipRouteConfig": {"defaultGateway": "192.0.2.254", "ipV6DefaultGateway": "2001:db8::fe"},
        "routeTableConfig": {
            "ipRoute": [
                {"changeOperation": "ignore", "route": {
                    "network": "0.0.0.0", "prefixLength": "0", "gateway": "192.0.2.254", "deviceName": "vmk0"}},
                {"changeOperation": "ignore", "route": {
                    "network": "192.0.2.0", "prefixLength": "24", "gateway": "0.0.0.0", "deviceName": "vmk0"}},
            ],
            "ipv6Route": {"changeOperation": "ignore", "route": {
                "network": "fe80::", "prefixLength": "64", "gateway": "::", "deviceName": "vmk0"}},
        },
    }
]  # fmt: skip
VNIC = {
    "_type": "HostVirtualNic",
    "device": "vmk0",
    "key": VNIC_KEY.format("vmk0"),
    "portgroup": "Management",
    "spec": {
        "ip": {
            "dhcp": "false",
            "ipAddress": "192.0.2.10",
            "subnetMask": "255.255.255.0",
            "ipV6Config": {"ipV6Address": [{"ipAddress": "fe80::10"}, {"ipAddress": "2001:db8::10"}]},
        },
        "mac": "00-50-56-60-00-01",
        "mtu": "1500",
        "netStackInstanceKey": "defaultTcpipStack",
        "portgroup": "Management",
    },
}
NET_CONFIG = [
    {
        "nicType": "management",
        "candidateVnic": {"device": "vmk0", "key": "management." + VNIC_KEY.format("vmk0")},
        "selectedVnic": "management." + VNIC_KEY.format("vmk0"),
    }
]
PNICS = [
    {
        "device": "vmnic0",
        "key": NIC_KEY.format("vmnic0"),
        "mac": "E4:3D:1A:00:00:01",
        "driver": "bnxtnet",
        "pci": "0000:1a:00.0",
        "linkSpeed": {"speedMb": "25000", "duplex": "true"},
        "wakeOnLanSupported": "true",
    },
    {"device": "vmnic1", "key": NIC_KEY.format("vmnic1"), "wakeOnLanSupported": "false"},
]
POLICY = {
    "security": {"allowPromiscuous": "true", "macChanges": "true", "forgedTransmits": "true"},
    "nicTeaming": {"policy": "loadbalance_srcid", "nicOrder": {"activeNic": "vmnic0", "standbyNic": ["vmnic1"]}},
}
GROUPS = [
    {"spec": {"name": "Management", "vlanId": "20", "vswitchName": "vSwitch0"}, "computedPolicy": POLICY},
]
VSWITCHES = [
    {
        "name": "vSwitch0",
        "numPorts": "9216",
        "numPortsAvailable": "9200",
        "mtu": "9000",
        "pnic": [NIC_KEY.format("vmnic0"), NIC_KEY.format("vmnic1")],
        "spec": {
            "policy": POLICY,
            "bridge": {
                "_type": "HostVirtualSwitchBondBridge",
                "nicDevice": ["vmnic0", "vmnic1"],
                "linkDiscoveryProtocolConfig": {"protocol": "cdp", "operation": "listen"},
            },
        },
    }
]
HBAS = [
    {
        "_type": "HostFibreChannelHba",
        "device": "vmhba2",
        "model": " QLE2692 ",
        "driver": "qlnativefc",
        "pci": "0000:3b:00.0",
        "status": "online",
        "bus": "59",
        "portWorldWideName": "2377900762156973568",
        "nodeWorldWideName": "2305843009213693952",
    }
]
DISK = {
    "_type": "HostScsiDisk",
    "key": "key-vim.host.ScsiDisk-0200",
    "canonicalName": "naa.600508b1",
    "displayName": "Data 1",
    "uuid": "0200",
    "lunType": "disk",
    "vendor": "DGC     ",
    "model": "VRAID ",
    "revision": "5.2",
    "serialNumber": "S1",
    "capacity": {"blockSize": "512", "block": "2097152"},
    "ssd": "true",
    "localDisk": "false",
    "queueDepth": "64",
    "operationalState": ["ok", "degraded"],
}
UNIT = {
    "lun": "key-vim.host.ScsiDisk-0200",
    "policy": {"policy": "VMW_PSP_RR"},
    "path": [
        {"name": "vmhba2:C0:T0:L1", "state": "active", "pathState": "active"},
        {"name": "vmhba3:C0:T0:L1", "pathState": "dead"},
    ],
}


def whole_host() -> Row:
    """A host with everything."""
    return row(
        "HostSystem", "host-1", name="esx01.example.com", parent="domain-c1", overallStatus="yellow",
        complianceCheckState__state="compliant", customValue={"key": "1", "value": "ops"},
        hardware__systemInfo={
            "vendor": "Dell", "model": "R760", "uuid": "AAAAAAAA-0000-4000-8000-000000000001", "serialNumber": "SN1",
        },
        hardware__cpuInfo={"numCpuPackages": "2", "numCpuCores": "48", "numCpuThreads": "96"},
        hardware__memorySize="824633720832",
        hardware__biosInfo__biosVersion="2.1.5",
        hardware__biosInfo__releaseDate="2024-03-14T00:00:00Z",
        hardware__cpuPowerManagementInfo__currentPolicy="Balanced",
        summary__hardware__cpuModel="Xeon",
        summary__hardware__cpuMhz="2600",
        summary__currentEVCModeKey="intel-icelake",
        summary__maxEVCModeKey="intel-sapphirerapids",
        summary__quickStats__overallCpuUsage="4100",
        summary__quickStats__overallMemoryUsage="2048",
        summary__managementServerIp="192.0.2.1",
        config__product={"name": "VMware ESXi", "version": "8.0.3", "build": "24022510"},
        config__localSwapDatastore="datastore-9",
        config__dateTimeInfo__ntpConfig__server=["ntp1.example.com", "ntp2.example.com"],
        config__dateTimeInfo__timeZone={"key": "UTC", "name": "UTC", "description": "UTC", "gmtOffset": "0"},
        config__graphicsInfo=[{"vendorName": "NVIDIA", "deviceName": "A40", "graphicsType": "shared"}],
        config__sharedPassthruGpuTypes=["nvidia_a40-8q"],
        config__hyperThread__active="true",
        config__maskedFeatureCapability=[{"key": "cpuid.AES", "featureName": "cpuid.AES", "value": "1"}],
        config__network__dnsConfig={"hostName": "esx01", "domainName": "example.com", "address": "192.0.2.53"},
        config__network__netStackInstance=STACKS,
        config__network__vnic=[VNIC],
        config__network__pnic=PNICS,
        config__network__vswitch=VSWITCHES,
        config__service__service=[{"key": "sshd", "running": "false"}, {"key": "ntpd", "running": "true"}],
        config__storageDevice__hostBusAdapter=HBAS,
        config__storageDevice__scsiLun=[DISK],
        config__storageDevice__multipathInfo__lun=[UNIT],
        config__virtualNicManagerInfo__netConfig=NET_CONFIG,
        runtime__connectionState="connected",
        runtime__powerState="poweredOn",
        runtime__inMaintenanceMode="true",
        runtime__inQuarantineMode="true",
        runtime__bootTime="2026-01-02T03:04:05.678901Z",
        capability__vmotionSupported="true",
        capability__storageVMotionSupported="false",
    )  # fmt: skip


def network_row() -> Row:
    """A host's VMkernel adapters and switches, everything in them."""
    return row(
        "HostSystem", "host-1", name="esx01.example.com",
        config__network__vnic=[VNIC], config__network__pnic=PNICS, config__network__portgroup=GROUPS,
        config__network__vswitch=VSWITCHES, config__network__netStackInstance=STACKS,
        config__virtualNicManagerInfo__netConfig=NET_CONFIG,
    )  # fmt: skip


def whole_cluster() -> Row:
    """A cluster with everything."""
    return row(
        "ClusterComputeResource", "domain-c1", name="Production", parent="group-h1", host=["host-1", "host-2"],
        overallStatus="green", customValue=[{"key": "1", "value": "ops"}],
        summary={
            "_type": "ClusterComputeResourceSummary", "totalCpu": "249600", "totalMemory": "1099511627776",
            "numCpuCores": "96", "numCpuThreads": "192", "effectiveCpu": "240000", "effectiveMemory": "1000000",
            "numHosts": "2", "numEffectiveHosts": "1", "currentEVCModeKey": "intel-icelake",
        },
        configurationEx={
            "_type": "ClusterConfigInfoEx",
            "vmSwapPlacement": "vmDirectory",
            "vsanConfigInfo": {"enabled": "true"},
            "drsConfig": {
                "enabled": "true", "defaultVmBehavior": "fullyAutomated", "vmotionRate": "3",
                "enableVmBehaviorOverrides": "true",
            },
            "dasConfig": {
                "enabled": "true", "admissionControlEnabled": "true", "failoverLevel": "9",
                "hostMonitoring": "enabled", "vmMonitoring": "vmMonitoringOnly",
                "admissionControlPolicy": {
                    "_type": "ClusterFailoverResourcesAdmissionControlPolicy", "failoverLevel": "1",
                    "cpuFailoverResourcesPercent": "25", "memoryFailoverResourcesPercent": "30",
                },
                "defaultVmSettings": {"restartPriority": "medium", "isolationResponse": "shutdown"},
            },
            "group": [
                {"_type": "ClusterVmGroup", "name": "web", "vm": ["vm-1", "vm-2"]},
                {"_type": "ClusterHostGroup", "name": "room 1", "host": "host-1"},
            ],
            "rule": [
                {
                    "_type": "ClusterVmHostRuleInfo", "name": "web in room 1", "enabled": "true", "mandatory": "true",
                    "vmGroupName": "web", "affineHostGroupName": "room 1",
                },
            ],
            "drsVmConfig": [{"key": "vm-1", "enabled": "true", "behavior": "manual"}],
            "dasVmConfig": [
                {"key": "vm-1", "dasSettings": {"restartPriority": "high", "isolationResponse": "powerOff"}},
            ],
        },
    )  # fmt: skip


def failover_cluster() -> Row:
    """A cluster that keeps whole hosts free."""
    policy = {"_type": "ClusterFailoverHostAdmissionControlPolicy", "failoverHosts": "host-2", "failoverLevel": "1"}
    return row("ClusterComputeResource", "domain-c1", configurationEx={"dasConfig": {"admissionControlPolicy": policy}})


def whole_datastore() -> Row:
    """A VMFS datastore in a datastore cluster."""
    return row(
        "Datastore", "datastore-1", name="vmfs01", parent="group-p1", overallStatus="green",
        customValue=[{"key": "1", "value": "ops"}], summary__type="VMFS", summary__capacity="1000",
        summary__freeSpace="10", summary__uncommitted="500", summary__accessible="true",
        summary__multipleHostAccess="true", summary__maintenanceMode="normal", summary__url="ds:///vmfs/volumes/x/",
        iormConfiguration={"enabled": "true", "congestionThreshold": "30"},
        host=[{"key": "host-1", "mountInfo": {
            "path": "/vmfs/volumes/x", "accessMode": "readWrite", "mounted": "true", "accessible": "true",
            "inaccessibleReason": "AllPathsDown_Start", "vmknicName": "vmk3"}}],
        info={"_type": "VmfsDatastoreInfo", "vmfs": {
            "version": "6.82", "blockSizeMb": "1", "local": "true", "ssd": "true",
            "extent": {"diskName": "naa.600508b1", "partition": "1"}}},
    )  # fmt: skip


def nfs_datastore() -> Row:
    """An NFS datastore."""
    nas = {"type": "NFS", "remoteHost": "nas01", "remotePath": "/vol/a", "userName": "root"}
    return row("Datastore", "datastore-2", name="nfs01", info={"_type": "NasDatastoreInfo", "nas": nas})


SETTING: dict[str, Any] = {
    "_type": "VMwareDVSPortSetting",
    "vlan": {"_type": "VmwareDistributedVirtualSwitchVlanIdSpec", "inherited": "false", "vlanId": "30"},
    "uplinkTeamingPolicy": {
        "policy": {"inherited": "false", "value": "loadbalance_srcid"},
        "uplinkPortOrder": {"activeUplinkPort": "Uplink 1", "standbyUplinkPort": ["Uplink 2"]},
    },
    "securityPolicy": {
        "allowPromiscuous": {"inherited": "false", "value": "true"},
        "macChanges": {"inherited": "false", "value": "true"},
        "forgedTransmits": {"inherited": "false", "value": "true"},
    },
}


def distributed_group(**setting: Any) -> Row:
    """A distributed port group with everything; `setting` replaces parts of its port setting."""
    return row(
        "DistributedVirtualPortgroup", "dvportgroup-1", name="dv%2fweb", key="dvportgroup-1", parent="group-n1",
        customValue=[{"key": "1", "value": "ops"}], host=["host-1"],
        config__defaultPortConfig={**SETTING, **setting}, config__distributedVirtualSwitch="dvs-1",
        config__numPorts="8", config__type="earlyBinding", config__uplink="true",
    )  # fmt: skip


def whole_switch() -> Row:
    """A distributed switch with everything."""
    return row(
        "VmwareDistributedVirtualSwitch", "dvs-1", name="dvs%2fprod", parent="group-n1", uuid="50 2e 11",
        customValue=[{"key": "1", "value": "ops"}],
        summary={"_type": "DVSSummary", "productInfo": {"vendor": "VMware, Inc.", "version": "8.0.3"}},
        config={
            "_type": "VMwareDVSConfigInfo", "numPorts": "24", "maxMtu": "9000", "description": "For production",
            "createTime": "2024-01-01T00:00:00Z", "networkResourceManagementEnabled": "true",
            "lacpApiVersion": "multipleLag", "defaultPortConfig": SETTING,
            "linkDiscoveryProtocolConfig": {"protocol": "lldp", "operation": "both"},
            "lacpGroupConfig": {"name": "lag1", "mode": "active", "loadbalanceAlgorithm": "srcDestIpTcpUdpPort"},
            "uplinkPortPolicy": {
                "_type": "DVSNameArrayUplinkPortPolicy", "uplinkPortName": ["Uplink 1", "Uplink 2"],
            },
            "host": [{"config": {"host": "host-1"}, "status": "up"}, {"config": {"host": "host-2"}}],
            "pvlanConfig": [
                {"primaryVlanId": "100", "secondaryVlanId": "100", "pvlanType": "promiscuous"},
                {"primaryVlanId": "100", "secondaryVlanId": "101", "pvlanType": "isolated"},
            ],
        },
    )  # fmt: skip


def whole_pool() -> Row:
    """A resource pool with everything."""
    shares = {"shares": "4000", "level": "normal"}
    return row(
        "ResourcePool", "resgroup-2", name="Prod", parent="resgroup-1", owner="domain-c1", vm=["vm-1", "vm-2"],
        customValue=[{"key": "1", "value": "ops"}],
        config__cpuAllocation={
            "reservation": "1000", "limit": "5000", "expandableReservation": "true", "shares": shares,
        },
        config__memoryAllocation={
            "reservation": "1024", "limit": "-1", "expandableReservation": "false",
            "shares": {"shares": "163840", "level": "high"},
        },
        runtime__cpu={"overallUsage": "300", "maxUsage": "90000"},
        runtime__memory={"overallUsage": "1073741824", "maxUsage": "1099511627776"},
        runtime__overallStatus="green", summary__configuredMemoryMB="2048",
    )  # fmt: skip


ROOT_POOL = row("ResourcePool", "resgroup-1", name="Resources", parent="domain-c1", owner="domain-c1")

KEY = "AAAAA-BBBBB-CCCCC-DDDDD-EEE42"


def whole_license() -> dict[str, Any]:
    """A licence with everything."""
    return {
        "_type": "LicenseManagerLicenseInfo",
        "licenseKey": KEY,
        "editionKey": "esx.enterprisePlus.cpuPackage",
        "name": "vSphere 8 Enterprise Plus",
        "total": "32",
        "used": "8",
        "costUnit": "cpuPackage:32core",
        "properties": [
            {"key": "ProductName", "value": "VMware ESX Server"},
            {"key": "feature", "value": {"_type": "KeyValue", "key": "vmotion", "value": "vSphere vMotion"}},
            {"key": "feature", "value": {"_type": "KeyValue", "key": "drs", "value": "vSphere DRS"}},
            {"key": "expirationDate", "value": "2027-06-30T00:00:00Z"},
        ],
        "labels": [{"key": "owner", "value": "ops"}],
    }


def whole_tree() -> Tree:
    """The tree above them, with a custom attribute and tags."""
    morefs = ("host-1", "domain-c1", "datastore-1", "dvportgroup-1", "dvs-1", "resgroup-2")
    return tree(
        row("Folder", "group-s1", name="datastore", parent="dc-1"),
        row("Folder", "group-n1", name="network", parent="dc-1"),
        row("StoragePod", "group-p1", name="Pod%2f1", parent="group-s1"),
        attributes={"1": "owner"},
        tags=dict.fromkeys(morefs, Tags({"tier": "gold"})),
    )
