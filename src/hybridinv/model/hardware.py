"""What machines and hosts are made of: allocations, devices, partitions, physical adapters, disks."""

from __future__ import annotations

import attrs

from hybridinv.model.fact import fact, several


@attrs.frozen(kw_only=True)
class Allocation:
    """What a machine or pool is promised of a resource: MHz of CPU, or bytes of memory."""

    reservation: int | None = fact(None, "Guaranteed: MHz, or bytes.", vsphere="reservation")
    limit: int | None = fact(None, "Upper bound: MHz, or bytes; None is unlimited or unknown.", vsphere="limit")
    shares: int | None = fact(None, "Shares.", vsphere="shares.shares")
    level: str = fact("", "`low`, `normal`, `high` or `custom`.", vsphere="shares.level")
    expandable: bool | None = fact(None, "May take from its parent.", vsphere="expandableReservation")


@attrs.frozen(kw_only=True)
class Device:
    """A device of a virtual machine that is no disk and no network adapter."""

    name: str = fact("", "Its label.", vsphere="deviceInfo.label")
    kind: str = fact(
        "",
        "`cdrom`, `floppy`, `usb`, `passthrough`, `vgpu`, `serial`, `parallel`, `sound`, `tpm`, `scsi`, `nvdimm` or"
        " `precision-clock`. SR-IOV is a network adapter, see Nic.is_passthrough.",
        vsphere="type of device",
    )
    backing: str = fact(
        "",
        "What is behind it: `image` (a file), `host`, `remote-host` (USB set up for vMotion), `client`, `network`,"
        " `none` or the type's own name.",
        vsphere="type of device.backing",
    )
    path: str = fact(
        "",
        "File, host device, address or profile.",
        vsphere="backing.fileName, .deviceName, .serviceURI, .vgpu, .deviceClass, .pipeName, .id, .customLabel",
    )
    datastore_id: str = fact("", "The datastore of its file.", vsphere="backing.datastore")
    connected: bool | None = fact(None, "Connected.", vsphere="connectable.connected")
    starts_connected: bool | None = fact(None, "Connected at power on.", vsphere="connectable.startConnected")
    migratable: bool | None = fact(
        None, "Whether the platform says that it can be moved live.", vsphere="backing.migrateSupported"
    )


@attrs.frozen(kw_only=True)
class Partition:
    """A file system as the guest sees it."""

    path: str = fact("", "Drive or mount point.", vsphere="guest.disk[].diskPath")
    capacity_bytes: int | None = fact(None, "Size.", unit="bytes", vsphere="guest.disk[].capacity")
    free_bytes: int | None = fact(None, "Free space.", unit="bytes", vsphere="guest.disk[].freeSpace")
    filesystem: str = fact("", "Type.", vsphere="guest.disk[].filesystemType")
    disks: tuple[str, ...] = several(
        (), "The `native_id` of the disks it lies on.", vsphere="guest.disk[].mappings[].key"
    )


@attrs.frozen(kw_only=True)
class PhysicalNic:
    """A physical network adapter of a host."""

    device: str = fact("", "`vmnic0`, …", vsphere="config.network.pnic[].device")
    mac_address: str = fact("", "Lower case, with colons.", vsphere="config.network.pnic[].mac")
    driver: str = fact("", "Driver.", vsphere="config.network.pnic[].driver")
    pci: str = fact("", "PCI address.", vsphere="config.network.pnic[].pci")
    speed_mbps: int | None = fact(
        None, "Link speed; 0 when the link is down.", unit="Mbit/s", vsphere="config.network.pnic[].linkSpeed.speedMb"
    )
    full_duplex: bool | None = fact(None, "Full duplex.", vsphere="config.network.pnic[].linkSpeed.duplex")
    wake_on_lan: bool | None = fact(None, "Wake on LAN.", vsphere="config.network.pnic[].wakeOnLanSupported")
    switch: str = fact("", "The switch it is an uplink of.", vsphere="vswitch[].pnic, proxySwitch[].pnic")


@attrs.frozen(kw_only=True)
class HostBusAdapter:
    """A storage adapter of a host."""

    device: str = fact("", "`vmhba0`, …", vsphere="config.storageDevice.hostBusAdapter[].device")
    type: str = fact(
        "", "`fibre-channel`, `fcoe`, `iscsi`, `block`, `scsi`, `sas`, `pcie`, `rdma` or `tcp`.",
        vsphere="type of hostBusAdapter",
    )  # fmt: skip
    model: str = fact("", "Model.", vsphere="hostBusAdapter[].model")
    driver: str = fact("", "Driver.", vsphere="hostBusAdapter[].driver")
    pci: str = fact("", "PCI address.", vsphere="hostBusAdapter[].pci")
    status: str = fact("", "As the platform words it.", vsphere="hostBusAdapter[].status")
    bus: int | None = fact(None, "Bus number.", vsphere="hostBusAdapter[].bus")
    wwn: str = fact(
        "", "Port world wide name in hex with colons, or iSCSI name.",
        vsphere="hostBusAdapter[].portWorldWideName, .iScsiName",
    )  # fmt: skip


@attrs.frozen(kw_only=True)
class TcpipStack:
    """A TCP/IP stack of a host."""

    key: str = fact("", "`defaultTcpipStack`, `vmotion`, …", vsphere="config.network.netStackInstance[].key")
    name: str = fact("", "Its name.", vsphere="netStackInstance[].name")
    gateway: str = fact("", "IPv4 gateway.", vsphere="netStackInstance[].ipRouteConfig.defaultGateway")
    ipv6_gateway: str = fact("", "IPv6 gateway.", vsphere="netStackInstance[].ipRouteConfig.ipV6DefaultGateway")
    dns_servers: tuple[str, ...] = several((), "Name servers.", vsphere="netStackInstance[].dnsConfig.address")
    routes: tuple[str, ...] = several(
        (),
        "Routes, `network/prefix via gateway dev device`.",
        vsphere="netStackInstance[].routeTableConfig.ipRoute[].route, config.network.routeTableInfo",
    )


@attrs.frozen(kw_only=True)
class Lun:
    """A disk that a host sees, and the paths to it."""

    name: str = fact("", "Canonical name (`naa.…`).", vsphere="config.storageDevice.scsiLun[].canonicalName")
    label: str = fact("", "Display name.", vsphere="scsiLun[].displayName")
    uuid: str = fact("", "UUID.", vsphere="scsiLun[].uuid")
    type: str = fact("", "`disk`, `cdrom`, …", vsphere="scsiLun[].lunType")
    vendor: str = fact("", "Vendor.", vsphere="scsiLun[].vendor")
    model: str = fact("", "Model.", vsphere="scsiLun[].model")
    revision: str = fact("", "Revision.", vsphere="scsiLun[].revision")
    serial_number: str = fact("", "Serial number.", vsphere="scsiLun[].serialNumber")
    capacity_bytes: int | None = fact(
        None, "Size.", unit="bytes", vsphere="scsiLun[].capacity.block, capacity.blockSize"
    )
    is_ssd: bool | None = fact(None, "Solid state.", vsphere="scsiLun[].ssd")
    is_local: bool | None = fact(None, "Seen by this host alone.", vsphere="scsiLun[].localDisk")
    queue_depth: int | None = fact(None, "Queue depth.", vsphere="scsiLun[].queueDepth")
    state: str = fact("", "Operational states, the first that counts.", vsphere="scsiLun[].operationalState")
    policy: str = fact("", "Multipath policy.", vsphere="config.storageDevice.multipathInfo.lun[].policy.policy")
    paths: tuple[str, ...] = several(
        (), "Its paths, `name state`.", vsphere="config.storageDevice.multipathInfo.lun[].path[]"
    )
