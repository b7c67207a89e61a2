"""Sheets of an RVTools file → switches, networks and VMkernel adapters."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.model import Network, PhysicalNic, PortGroup, Problem, Switch, VMkernelAdapter
from hybridinv.report.reading_book import PLATFORM
from hybridinv.report.reading_hybrid import read_records
from hybridinv.wire.reading import mac_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hybridinv.model import Host
    from hybridinv.report.reading_book import Book
    from hybridinv.report.reading_cells import Row

SERVICES = "hvVmkServices"
"""The sheet that `write_workbook` adds to RVTools' own."""
NO_SERVICES = "RVTools does not tell which services are on which VMkernel adapter"
_TRUNK = 4095
_DISTRIBUTED = re.compile(r"dvportgroup-[\w-]+")


def spread(book: Book) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """The hosts of each distributed switch, by vCenter and name, where as many are found as dvSwitch says it has."""
    found: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for sheet in ("vNIC", "vNetwork", SERVICES):
        for row in book.rows(sheet):
            vcenter = book.vcenter(row)
            if host_id := book.find("hosts", vcenter, row.text("Host")):
                found[vcenter, row.text("Switch")][host_id] = None
    sure = {}
    for row in book.rows("dvSwitch"):
        key = book.vcenter(row), row.text("Name", "Switch")
        if len(found.get(key, ())) == row.number("Host members"):
            sure[key] = tuple(found.get(key, ()))
    return sure


def read_switches(book: Book, hosts: Iterable[Host]) -> list[Switch]:
    """The standard switches of vSwitch, host by host, with vPort's port groups; the distributed ones of dvSwitch."""
    groups: dict[tuple[str, str, str], list[PortGroup]] = defaultdict(list)
    for row in book.rows("vPort"):
        groups[book.vcenter(row), row.text("Host"), row.text("Switch")].append(_portgroup(row))
    nics = {host.id: host.nics for host in hosts}
    found = []
    for row in book.rows("vSwitch"):
        name, host = book.name_of(row, "Switch"), row.text("Host")
        host_id = book.find("hosts", book.vcenter(row), host)
        if not name:
            continue
        # A vCenter's own reader gives a standard switch the id of its host, too.
        id_ = book.next_id(row, "switches", host, name) or (
            f"{host_id}/{name}" if host_id else book.id_of(row, "switches", "", host, name)
        )
        found.append(
            Switch(
                id=id_,
                name=name,
                **book.origin(row),
                location=row.text("Datacenter"),
                kind="standard",
                host_ids=(host_id,) if host_id else (),
                uplinks=_uplinks(nics.get(host_id, ()), name),
                portgroups=tuple(dict.fromkeys(groups.get((book.vcenter(row), host, name), ()))),
                mtu=row.number("MTU"),
                ports=row.number("# Ports"),
                free_ports=row.number("Free Ports"),
                **_policy(row, "Promiscuous Mode"),
            )
        )
    return [*found, *_distributed_switches(book)]


def _distributed_switches(book: Book) -> Iterable[Switch]:
    having = spread(book)
    for row in book.rows("dvSwitch"):
        name = book.name_of(row, "Name", "Switch")
        if name:
            yield Switch(
                id=book.id_of(row, "switches", row.text("Object ID"), name),
                name=name,
                **book.origin(row),
                location=row.text("Datacenter"),
                kind="distributed",
                vendor=row.text("Vendor"),
                version=row.text("Version"),
                description=row.text("Description"),
                created_at=row.moment("Created"),
                host_ids=having.get((book.vcenter(row), name), ()),
                mtu=row.number("Max MTU"),
                ports=row.number("# Ports"),
                discovery=f"{row.text('CDP Type')} {row.text('CDP Operation')}".strip(),
                lags=tuple(" ".join(lag) for lag in zip(*map(row.texts, _LAG), strict=False)),
                custom_attributes=book.customs(row),
            )


_LAG = ("LACP Name", "LACP Mode", "LACP Load Balance Alg.")


def _policy(row: Row, promiscuous: str) -> dict[str, Any]:
    return {
        "teaming": row.text("Policy"),
        "promiscuous": row.truth(promiscuous),
        "mac_changes": row.truth("Mac Changes"),
        "forged_transmits": row.truth("Forged Transmits"),
    }


def _portgroup(row: Row) -> PortGroup:
    return PortGroup(name=row.text("Port Group"), vlan_id=row.number("VLAN"), **_policy(row, "Promiscuous Mode"))


def _uplinks(nics: Iterable[PhysicalNic], switch: str) -> tuple[str, ...]:
    return tuple(nic.device for nic in nics if nic.switch == switch)


def read_networks(book: Book, switches: Iterable[Switch]) -> list[Network]:
    """The distributed port groups of dvPort, and of vPort the standard ones of each datacenter, with their hosts.

    Those that RVTools has no sheet for are on one of `write_workbook`.
    """
    found = [*_distributed_networks(book, switches), *_other_networks(book)]
    others = {(book.vcenter_called(one.source, one.id), one.location, one.name) for one in _other_networks(book)}
    standard: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    # A port group of a VMkernel adapter is no network of machines; vCenter has no object for it either.
    used = {(book.vcenter(row), row.text("Network")) for row in book.rows("vNetwork")}
    own = {(book.vcenter(row), row.text("Port Group")) for row in book.rows("vSC_VMK")} - used
    for row in book.rows("vPort"):
        name = book.name_of(row, "Port Group")
        key = (book.vcenter(row), row.text("Datacenter"), name)
        if name and (book.vcenter(row), name) not in own and key not in others:
            standard[key].append(row)
    for (vcenter, datacenter, name), rows in standard.items():
        vlans, names = {row.number("VLAN") for row in rows}, {row.text("Switch") for row in rows}
        host_ids = (book.find("hosts", vcenter, row.text("Host")) for row in rows)
        vlan = vlans.pop() if len(vlans) == 1 else None
        first = rows[0]
        id_ = book.id_of(first, "networks", "", datacenter, name)
        book.call("networks", id_, vcenter, name)
        found.append(
            Network(
                id=id_,
                name=name,
                **book.origin(first),
                location=datacenter,
                kind="standard",
                vlan_id=None if vlan == _TRUNK else vlan,
                switch=names.pop() if len(names) == 1 else "",
                host_ids=tuple(dict.fromkeys(filter(None, host_ids))),
            )
        )
    return found


def _other_networks(book: Book) -> Iterable[Network]:
    for network in read_records(book, "hvNetworks", Network):
        if network.platform == PLATFORM:
            vcenter = book.vcenter_called(network.source, network.id)
            book.call("networks", network.id, vcenter, network.location, network.name)
            book.call("networks", network.id, vcenter, network.name)
            yield network


def _distributed_networks(book: Book, switches: Iterable[Switch]) -> Iterable[Network]:
    known = {switch.id: switch for switch in switches}
    for row in book.rows("dvPort"):
        name, switch = book.name_of(row, "Port"), row.text("Switch")
        if not name:
            continue
        vlan = row.text("VLAN")
        switch_id = book.find("switches", book.vcenter(row), switch) if switch else ""
        home = known.get(switch_id)
        native = row.text("Object ID")
        known_id = native if _DISTRIBUTED.fullmatch(native) or book.told_id(row, "networks", native) else ""
        id_ = book.id_of(row, "networks", known_id, switch, name)
        book.call("networks", id_, book.vcenter(row), name)
        yield Network(
            id=id_,
            name=name,
            **book.origin(row),
            location=home.location if home else "",
            kind="distributed",
            host_ids=home.host_ids if home else (),
            vlan_id=int(vlan) if vlan.isdecimal() and len(vlan) < 5 else None,
            vlans="" if vlan.isdecimal() else vlan,
            switch=switch,
            switch_id=switch_id,
            binding=row.text("Type"),
            ports=row.number("# Ports"),
            active_uplinks=row.texts("Active Uplink"),
            standby_uplinks=row.texts("Standby Uplink"),
            **_policy(row, "Allow Promiscuous"),
        )


def read_vmkernel_adapters(
    book: Book, hosts: Iterable[Host], switches: Iterable[Switch], networks: Iterable[Network]
) -> list[VMkernelAdapter]:
    """The adapters of vSC_VMK.

    Services are known where the file is of `write_workbook`; else the speed is that of their switch's fastest link.
    """
    by_host = {host.id: host for host in hosts}
    groups = {
        (host_id, group.name): (switch, group.vlan_id)
        for switch in switches
        for host_id in switch.host_ids
        for group in switch.portgroups
    }
    by_id = {switch.id: switch for switch in switches}
    distributed = {one.id: one for one in networks if one.kind == "distributed"}
    services = {
        (book.vcenter(row), row.text("Host"), row.text("Device")): row
        for row in book.rows(SERVICES)
        if row.text("Services")
    }
    found: dict[str, VMkernelAdapter] = {}
    for row in book.rows("vSC_VMK"):
        device, vcenter = book.name_of(row, "Device"), book.vcenter(row)
        if not device:
            continue
        host = row.text("Host")
        host_id = book.find("hosts", vcenter, host) or book.made_up(vcenter, "hosts", host)
        group = row.text("Port Group")
        switch, vlan_id = groups.get((host_id, group), (None, None))
        network = distributed.get(book.find("networks", vcenter, group)) if not switch else None
        if network:
            switch, vlan_id = by_id.get(network.switch_id), network.vlan_id
        wire = _wire(by_host.get(host_id), switch)
        told = services.get((vcenter, host, device))
        adapter = VMkernelAdapter(
            id=book.next_id(row, "vmkernel_adapters", host, device) or f"{host_id}/{device}",
            name=device,
            **book.origin(row),
            host_id=host_id if host else "",
            device=device,
            **_addresses(row),
            portgroup=group,
            vlan_id=None if vlan_id == _TRUNK else vlan_id,
            **{**wire, **(_told(told) if told else {})},
        )
        message = f"{NO_SERVICES}; its link speed is that of its switch's fastest uplink"
        odd = Problem(platform=adapter.platform, source=adapter.source, kind="vmkernel_adapters", scope=adapter.id,
                      message=message)  # fmt: skip
        found[adapter.id] = adapter if told else attrs.evolve(adapter, problems=(odd,))
    return list(found.values())


def _addresses(row: Row) -> Mapping[str, Any]:
    return {
        "dhcp": row.truth("DHCP"),
        "ip_address": row.text("IP Address"),
        "subnet_mask": row.text("Subnet mask"),
        "ipv6_addresses": row.texts("IP 6 Address"),
        "gateway": row.text("Gateway"),
        "ipv6_gateway": row.text("IP 6 Gateway"),
        "mac_address": mac_text(row.text("Mac Address")),
        "mtu": row.number("MTU"),
    }


def _told(row: Row) -> Mapping[str, Any]:
    """What the sheet that `write_workbook` adds says of an adapter."""
    speed = row.number("Link speed Mbit/s")
    return {
        "services": frozenset(row.texts("Services")),
        "netstack": row.text("TCP/IP stack"),
        **({"uplinks": row.texts("Uplinks"), "link_speed_mbps": speed} if speed is not None else {}),
    }


def _wire(host: Host | None, switch: Switch | None) -> Mapping[str, Any]:
    """The way from a switch of a host to the wire."""
    if switch is None:
        return {}
    nics = [nic for nic in host.nics if nic.switch == switch.name] if host else []
    speeds = [nic.speed_mbps for nic in nics if nic.speed_mbps is not None]
    return {
        "switch": switch.name,
        "switch_id": switch.id,
        "switch_mtu": switch.mtu,
        "uplinks": tuple(nic.device for nic in nics),
        "link_speed_mbps": max(speeds, default=None),
    }
