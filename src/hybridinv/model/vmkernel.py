"""VMkernel adapters and the services they carry."""

from __future__ import annotations

import attrs

from hybridinv.model.fact import Word, fact, several
from hybridinv.model.findings import Problem
from hybridinv.model.rendering import Shown


class VMkernelService(Word):
    """The service types of `HostVirtualNicManagerNicType`, spelt as vSphere does.

    Servers may send others: `VMkernelAdapter.services` holds plain strings. (The one enum of the library whose
    values are not lower case: they are vSphere's own words.)
    """

    VMOTION = "vmotion"
    PROVISIONING = "vSphereProvisioning"
    MANAGEMENT = "management"
    FAULT_TOLERANCE = "faultToleranceLogging"
    REPLICATION = "vSphereReplication"
    REPLICATION_NFC = "vSphereReplicationNFC"
    BACKUP_NFC = "vSphereBackupNFC"
    VSAN = "vsan"
    VSAN_WITNESS = "vsanWitness"
    VSAN_EXTERNAL = "vsanExternal"
    VSAN_REPLICATION = "vsanReplication"
    PTP = "ptp"
    NVME_TCP = "nvmeTcp"
    NVME_RDMA = "nvmeRdma"


@attrs.frozen(kw_only=True)
class VMkernelAdapter(Shown):
    """A VMkernel adapter (vmk) of an ESXi host: its services, and its way to the wire."""

    id: str = attrs.field(metadata={"doc": "`<host id>/<device>`."})
    name: str = attrs.field(metadata={"doc": "The device, `vmk0`."})
    platform: str = attrs.field(metadata={"doc": "`vsphere`."})
    source: str = attrs.field(metadata={"doc": "Which endpoint it was read from."})
    host_id: str = fact("", "Its host.")
    device: str = fact("", "`vmk0`, `vmk1`, …", vsphere="config.network.vnic[].device")
    services: frozenset[str] = several(
        frozenset(),
        "nicType strings: those tagged on it, and the one its dedicated TCP/IP stack implies.",
        vsphere="config.virtualNicManagerInfo.netConfig[].selectedVnic, spec.netStackInstanceKey",
    )
    dhcp: bool | None = fact(None, "Its IPv4 address comes from DHCP.", vsphere="spec.ip.dhcp")
    ip_address: str = fact("", "IPv4 address.", vsphere="spec.ip.ipAddress")
    subnet_mask: str = fact("", "IPv4 mask.", vsphere="spec.ip.subnetMask")
    ipv6_addresses: tuple[str, ...] = several((), "IPv6 addresses.", vsphere="spec.ip.ipV6Config")
    gateway: str = fact(
        "",
        "Its own gateway, or that of its stack.",
        vsphere="spec.ipRouteSpec.ipRouteConfig, config.network.netStackInstance[].ipRouteConfig",
    )
    ipv6_gateway: str = fact(
        "",
        "Its own IPv6 gateway, or that of its stack.",
        vsphere="spec.ipRouteSpec.ipRouteConfig.ipV6DefaultGateway, netStackInstance[].ipRouteConfig",
    )
    mac_address: str = fact("", "Lower case, with colons.", vsphere="spec.mac")
    mtu: int | None = fact(None, "MTU.", unit="bytes", vsphere="spec.mtu")
    netstack: str = fact("", "TCP/IP stack.", vsphere="spec.netStackInstanceKey")
    portgroup: str = fact(
        "",
        "Port group name; of an opaque network, its name.",
        vsphere="portgroup, or the distributed port group's name; config.network.opaqueNetwork[].opaqueNetworkName",
    )
    vlan_id: int | None = fact(
        None,
        "VLAN; None for a trunk or where it is not known.",
        vsphere="config.network.portgroup[].spec.vlanId, config.defaultPortConfig.vlan",
    )
    switch: str = fact(
        "", "Switch name.", vsphere="portgroup[].spec.vswitchName, proxySwitch[].dvsName, opaqueSwitch[].name"
    )
    switch_id: str = fact(
        "", "Its switch; empty on an opaque network.", vsphere="vswitchName, config.distributedVirtualSwitch"
    )
    switch_mtu: int | None = fact(
        None, "MTU of its switch; no packet can be larger.", unit="bytes", vsphere="vswitch[].mtu, proxySwitch[].mtu"
    )
    uplinks: tuple[str, ...] = several(
        (),
        "Physical adapters that carry it, active before standby.",
        vsphere="portgroup[].computedPolicy.nicTeaming.nicOrder, proxySwitch[].pnic, opaqueSwitch[].pnic",
    )
    link_speed_mbps: int | None = fact(
        None,
        "Speed of its fastest active uplink; 0 when all are down, None when not known.",
        unit="Mbit/s",
        vsphere="config.network.pnic[].linkSpeed.speedMb",
    )
    problems: tuple[Problem, ...] = several((), "What could not be read of it.")
