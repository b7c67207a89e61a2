"""What a host is made of: physical network adapters, TCP/IP stacks, storage adapters, disks, graphics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.model import HostBusAdapter, Lun, PhysicalNic, TcpipStack
from hybridinv.wire.reading import mac_text
from hybridinv.wire.vim.uplinks import speed_of, switch_by_device

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hybridinv.wire.reading import Body

_HBA_TYPES = {
    "HostFibreChannelHba": "fibre-channel",
    "HostFibreChannelOverEthernetHba": "fcoe",
    "HostInternetScsiHba": "iscsi",
    "HostBlockHba": "block",
    "HostParallelScsiHba": "scsi",
    "HostSerialAttachedHba": "sas",
    "HostPcieHba": "pcie",
    "HostRdmaHba": "rdma",
    "HostTcpHba": "tcp",
}
_DIRECT = ("", "0.0.0.0", "::")  # noqa: S104 - a route without a gateway, no address to listen on


def nics_of(body: Body) -> Iterator[PhysicalNic]:
    """The physical network adapters of a host."""
    switches = switch_by_device(body)
    for pnic in body.each("config.network.pnic"):
        device = pnic.text("device")
        yield PhysicalNic(
            device=device,
            mac_address=mac_text(pnic.text("mac")),
            driver=pnic.text("driver"),
            pci=pnic.text("pci"),
            speed_mbps=speed_of(pnic),
            full_duplex=pnic.truth("linkSpeed.duplex"),
            wake_on_lan=pnic.truth("wakeOnLanSupported"),
            switch=switches.get(device, ""),
        )


def netstacks_of(body: Body) -> Iterator[TcpipStack]:
    """The TCP/IP stacks of a host."""
    for stack in body.each("config.network.netStackInstance"):
        yield TcpipStack(
            key=stack.text("key"),
            name=stack.text("name"),
            gateway=stack.text("ipRouteConfig.defaultGateway"),
            ipv6_gateway=stack.text("ipRouteConfig.ipV6DefaultGateway"),
            dns_servers=stack.texts("dnsConfig.address"),
            routes=tuple(_routes(stack)),
        )


def _routes(stack: Body) -> Iterator[str]:
    for family in ("ipRoute", "ipv6Route"):
        for operation in stack.each(f"routeTableConfig.{family}"):
            route = operation.at("route")
            text = f"{route.text('network')}/{route.text('prefixLength')}"
            for word, value in (("via", route.text("gateway")), ("dev", route.text("deviceName"))):
                text += f" {word} {value}" if value not in _DIRECT else ""
            yield text


def hbas_of(body: Body) -> Iterator[HostBusAdapter]:
    """The storage adapters of a host; nothing of how they log in."""
    for hba in body.each("config.storageDevice.hostBusAdapter"):
        kind = hba.text("_type")
        yield HostBusAdapter(
            device=hba.text("device"),
            type=_HBA_TYPES.get(kind, kind),
            model=hba.text("model").strip(),
            driver=hba.text("driver"),
            pci=hba.text("pci"),
            status=hba.text("status"),
            bus=hba.number("bus"),
            wwn=_wwn(hba, "portWorldWideName") or _wwn(hba, "nodeWorldWideName") or hba.text("iScsiName"),
        )


def _wwn(hba: Body, path: str) -> str:
    """A world wide name in hex with colons; Fibre Channel has it as a signed decimal number, SAS as text."""
    text = hba.text(path).strip().replace(":", "")
    if not text:
        return ""
    try:
        number = int(text, 16 if hba.text("_type") == "HostSerialAttachedHba" else 10)
        digits = (number % 2**64).to_bytes(8).hex() if -(2**63) <= number < 2**64 else ""
    except ValueError:
        digits = ""
    if not digits:
        hba.note(path, "a world wide name", text)
    return ":".join(digits[i : i + 2] for i in range(0, len(digits), 2))


def luns_of(body: Body) -> Iterator[Lun]:
    """The disks a host sees, and the paths to them."""
    units = {unit.text("lun"): unit for unit in body.each("config.storageDevice.multipathInfo.lun")}
    for lun in body.each("config.storageDevice.scsiLun"):
        unit = units.get(lun.text("key"))
        yield Lun(
            name=lun.text("canonicalName"),
            label=lun.text("displayName"),
            uuid=lun.text("uuid"),
            type=lun.text("lunType"),
            vendor=lun.text("vendor").strip(),
            model=lun.text("model").strip(),
            revision=lun.text("revision").strip(),
            serial_number=_serial_number(lun),
            capacity_bytes=_capacity(lun),
            is_ssd=lun.truth("ssd"),
            is_local=lun.truth("localDisk"),
            queue_depth=lun.number("queueDepth"),
            state=next(iter(lun.texts("operationalState")), ""),
            policy=unit.text("policy.policy") if unit else "",
            paths=tuple(_paths(unit)) if unit else (),
        )


def _serial_number(lun: Body) -> str:
    number = lun.text("serialNumber").strip()
    return "" if number == "unavailable" else number


def _capacity(lun: Body) -> int | None:
    size = lun.number("capacity.blockSize")
    return None if size is None else lun.number("capacity.block", times=size)


def _paths(unit: Body) -> Iterator[str]:
    return (f"{path.text('name')} {path.text('state', 'pathState')}".strip() for path in unit.each("path"))


def gpus_of(body: Body) -> Iterator[str]:
    """The graphics devices of a host, then the vGPU profiles it offers."""
    for device in body.each("config.graphicsInfo"):
        name = f"{device.text('vendorName')} {device.text('deviceName')}".strip()
        kind = device.text("graphicsType")
        yield f"{name} ({kind})" if kind else name
    yield from body.texts("config.sharedPassthruGpuTypes")


def features_of(body: Body) -> Iterator[str]:
    """The CPU features a host offers under EVC."""
    for feature in body.each("config.maskedFeatureCapability"):
        yield f"{feature.text('key', 'featureName')} {feature.text('value')}".strip()
