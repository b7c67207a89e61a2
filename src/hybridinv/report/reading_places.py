"""Sheets of an RVTools file → clusters, hosts, datastores, pools and licences."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.model import (
    Allocation,
    Cluster,
    Datastore,
    Host,
    HostBusAdapter,
    License,
    Lun,
    PhysicalNic,
    ResourcePool,
    Tags,
)
from hybridinv.wire.reading import mac_text, uuid_text
from hybridinv.wire.secrets import mask_license_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hybridinv.model import VirtualMachine
    from hybridinv.report.reading_book import Book
    from hybridinv.report.reading_cells import Row

_PRODUCT = re.compile(r"(?P<name>.*?)\s+(?P<version>\d[\w.]*)(?:\s+build-(?P<build>\d+))?")
_KEY = re.compile(r"\b(?:[0-9a-z]{5}-){4}([0-9a-z]{5})\b", re.IGNORECASE)
_PATHS = 8


@lru_cache(maxsize=4096)
def _allocation(*values: Any) -> Allocation:
    reservation, limit, shares, level, expandable = values
    return Allocation(reservation=reservation, limit=limit, shares=shares, level=level, expandable=expandable)


def allocation_of(row: Row, times: int = 1, part: str = "") -> Allocation:
    """Reservation, limit, shares and level; `part` goes before their headers, as in vRP."""
    level, reservation, limit, shares = (
        f"{part} {name}" if part else name.capitalize() for name in ("level", "reservation", "limit", "shares")
    )
    return _allocation(
        row.number(reservation, times=times),
        row.number(limit, times=times),
        row.number(shares),
        row.text(level),
        row.truth(f"{part} expandableReservation") if part else None,
    )


def read_clusters(book: Book) -> list[Cluster]:
    """The clusters of vCluster; their hosts are not there yet."""
    found = []
    for row in book.rows("vCluster"):
        name = book.name_of(row, "Name")
        if not name:
            continue
        found.append(
            Cluster(
                id=book.id_of(row, "clusters", row.text("Object ID"), name),
                name=name,
                **book.origin(row),
                state=row.text("OverallStatus"),
                drs_enabled=row.truth("DRS enabled"),
                drs_behavior=row.text("DRS default VM behavior"),
                drs_migration_threshold=row.number("DRS vmotion rate"),
                ha_enabled=row.truth("HA enabled"),
                ha_admission_control=row.truth("AdmissionControlEnabled"),
                ha_failover_level=row.number("Failover Level"),
                ha_host_monitoring=row.text("Host monitoring"),
                ha_vm_monitoring=row.text("VM Monitoring"),
                ha_restart_priority=row.text("Restart Priority"),
                ha_isolation_response=row.text("Isolation Response"),
                cpu_cores=row.number("NumCpuCores"),
                cpu_threads=row.number("NumCpuThreads"),
                cpu_mhz=row.number("TotalCpu"),
                effective_cpu_mhz=row.number("Effective Cpu"),
                memory_bytes=row.mebibytes("TotalMemory"),
                effective_memory_bytes=row.mebibytes("Effective Memory"),
                effective_hosts=row.number("numEffectiveHosts"),
                custom_attributes=book.customs(row),
            )
        )
    return found


def with_hosts(clusters: Iterable[Cluster], hosts: Iterable[Host]) -> list[Cluster]:
    """The clusters with their hosts, and where these are."""
    members: dict[str, list[Host]] = defaultdict(list)
    for host in hosts:
        members[host.cluster_id].append(host)
    return [
        attrs.evolve(one, host_ids=tuple(host.id for host in members[one.id]), location=_one_place(members[one.id]))
        for one in clusters
    ]


def _one_place(hosts: Iterable[Host]) -> str:
    places = {host.location for host in hosts}
    return places.pop() if len(places) == 1 else ""


def with_machines(pools: Iterable[ResourcePool], vms: Iterable[VirtualMachine]) -> list[ResourcePool]:
    """The resource pools with their machines."""
    members: dict[str, list[str]] = defaultdict(list)
    for vm in vms:
        members[vm.resource_pool_id].append(vm.id)
    return [attrs.evolve(one, vm_ids=tuple(members[one.id])) for one in pools]


def read_hosts(book: Book) -> list[Host]:
    """The hosts of vHost, with what vNIC, vHBA and vMultiPath have of them."""
    nics, hbas, luns = _by_host(book, "vNIC", _nic), _by_host(book, "vHBA", _hba), _by_host(book, "vMultiPath", _lun)
    found = []
    for row in book.rows("vHost"):
        name, vcenter = book.name_of(row, "Host"), book.vcenter(row)
        if not name:
            continue
        product = _PRODUCT.fullmatch(row.text("ESX Version"))
        key = (vcenter, name)
        found.append(
            Host(
                id=book.id_of(row, "hosts", row.text("Object ID"), name),
                name=name,
                **book.origin(row),
                cluster_id=book.find("clusters", vcenter, row.text("Cluster")) if row.text("Cluster") else "",
                location=row.text("Datacenter"),
                hypervisor=product["name"] if product else row.text("ESX Version"),
                version=product["version"] if product else "",
                build=(product["build"] or "") if product else "",
                nics=tuple(nics.get(key, ())),
                hbas=tuple(hbas.get(key, ())),
                luns=tuple(luns.get(key, ())),
                **_facts(row),
                custom_attributes=book.customs(row),
            )
        )
    return found


def _facts(row: Row) -> dict[str, Any]:
    """What a host's row says of the host alone."""
    return {
        "vendor": row.text("Vendor"),
        "model": row.text("Model"),
        "serial_number": row.text("Serial number", "Service tag"),
        "bios_uuid": uuid_text(row.text("UUID")),
        "bios_version": row.text("BIOS Version"),
        "bios_released_at": row.moment("BIOS Date"),
        "cpu_model": row.text("CPU Model"),
        "cpu_sockets": row.number("# CPU"),
        "cpu_cores": row.number("# Cores"),
        "cpu_mhz": row.number("Speed"),
        "memory_bytes": row.mebibytes("# Memory"),
        "hyperthreading": row.truth("HT Active"),
        "power_policy": row.text("Host Power Policy", "Current CPU power man. policy"),
        "in_maintenance": row.truth("in Maintenance Mode"),
        "in_quarantine": row.truth("in Quarantine Mode"),
        "booted_at": row.moment("Boot time"),
        "state": row.text("Config status"),
        "evc_mode": row.text("Current EVC"),
        "max_evc_mode": row.text("Max EVC"),
        "dns_servers": row.texts("DNS Servers"),
        "ntp_servers": row.texts("NTP Server(s)"),
        "ntp_running": row.truth("NTPD running"),
        "time_zone": row.text("Time Zone Name", "Time Zone"),
        "profile_compliance": row.text("Compliance Check State"),
    }


def _by_host(book: Book, sheet: str, read: Any) -> Mapping[tuple[str, str], list[Any]]:
    found: dict[tuple[str, str], dict[Any, None]] = defaultdict(dict)
    for row in book.rows(sheet):
        found[book.vcenter(row), row.text("Host")][read(row)] = None
    return {key: list(values) for key, values in found.items()}


def _nic(row: Row) -> PhysicalNic:
    return PhysicalNic(
        device=row.text("Network Device"),
        mac_address=mac_text(row.text("MAC")),
        driver=row.text("Driver"),
        pci=row.text("PCI"),
        speed_mbps=row.number("Speed"),
        full_duplex=row.truth("Duplex"),
        wake_on_lan=row.truth("WakeOn"),
        switch=row.text("Switch"),
    )


def _hba(row: Row) -> HostBusAdapter:
    return HostBusAdapter(
        device=row.text("Device"),
        type=row.text("Type"),
        model=row.text("Model"),
        driver=row.text("Driver"),
        pci=row.text("Pci"),
        status=row.text("Status"),
        bus=row.number("Bus"),
        wwn=row.text("WWN"),
    )


def _lun(row: Row) -> Lun:
    paths = ((row.text(f"Path {number}"), row.text(f"Path {number} state")) for number in range(1, _PATHS + 1))
    return Lun(
        name=row.text("Disk"),
        label=row.text("Display name"),
        uuid=row.text("UUID"),
        vendor=row.text("Vendor"),
        model=row.text("Model"),
        revision=row.text("Revision"),
        serial_number=row.text("Serial #"),
        queue_depth=row.number("Queue depth"),
        state=row.text("Oper. State"),
        policy=row.text("Policy"),
        paths=tuple(f"{path} {state}".strip() for path, state in paths if path),
    )


def read_datastores(book: Book, hosts: Iterable[Host]) -> list[Datastore]:
    """The datastores of vDatastore."""
    by_id = {host.id: host for host in hosts}
    several = Counter((book.vcenter(row), row.text("Name")) for row in book.rows("vDatastore"))
    found = []
    for row in book.rows("vDatastore"):
        name, vcenter = book.name_of(row, "Name"), book.vcenter(row)
        if not name:
            continue
        # Each datacenter, and each host that is in none, may have one of that name.
        more = filter(None, [row.text("URL", "Address", "Hosts")]) if several[vcenter, name] > 1 else ()
        names = row.texts("Hosts")
        host_ids = tuple(filter(None, (book.find("hosts", vcenter, host) for host in names)))
        id_ = book.id_of(row, "datastores", row.text("Object ID"), name, *more)
        book.call("datastores", id_, vcenter, name)
        found.append(
            Datastore(
                id=id_,
                name=name,
                **book.origin(row),
                type=row.text("Type"),
                **_space(row),
                # A list that lacks one would say that this host does not have it.
                host_ids=host_ids if len(host_ids) == len(names) else (),
                location=_one_place(by_id[one] for one in host_ids),
                shared=row.truth("MHA"),
                accessible=row.truth("Accessible"),
                url=row.text("URL"),
                **_server(row),
                version=row.text("Version"),
                block_size_mb=row.number("Block size"),
                datastore_cluster=row.text("Cluster name"),
                io_control=row.truth("SIOC enabled"),
                congestion_threshold_ms=row.number("SIOC Threshold"),
                state=row.text("Config status"),
                custom_attributes=book.customs(row),
            )
        )
    return found


def _space(row: Row) -> dict[str, Any]:
    capacity, free = row.mebibytes("Capacity MiB"), row.mebibytes("Free MiB")
    provisioned = row.mebibytes("Provisioned MiB")
    known = None not in (capacity, free, provisioned)
    return {
        "capacity_bytes": capacity,
        "free_bytes": free,
        "uncommitted_bytes": max(provisioned - (capacity - free), 0) if known else None,  # type: ignore[operator]
    }


def _server(row: Row) -> dict[str, Any]:
    """The server and path of an NFS datastore, `nas01:/exports/vms`."""
    if not row.text("Type").upper().startswith("NFS"):
        return {}
    host, _, path = row.text("Address").partition(":/")
    return {"remote_host": host, "remote_path": f"/{path}" if path else ""}


def read_pools(book: Book) -> list[ResourcePool]:
    """The resource pools of vRP."""
    rows = [(row, path) for row in book.rows("vRP") if (path := book.name_of(row, "Resource Pool path"))]
    ids = [book.id_of(row, "resource_pools", row.text("Object ID"), path) for row, path in rows]
    found = []
    for id_, (row, path) in zip(ids, rows, strict=True):
        vcenter = book.vcenter(row)
        location, cluster, below = split_pool(path)
        found.append(
            ResourcePool(
                id=id_,
                name=row.text("Resource Pool name") or path.rpartition("/")[2],
                **book.origin(row),
                location=location,
                path=below,
                cluster_id=book.find("clusters", vcenter, cluster) if cluster else "",
                parent_id=book.find("resource_pools", vcenter, path.rpartition("/")[0]),
                cpu_allocation=allocation_of(row, part="CPU"),
                memory_allocation=allocation_of(row, 2**20, part="Mem"),
                configured_memory_bytes=row.mebibytes("Mem Configured"),
                cpu_usage_mhz=row.number("CPU overallUsage"),
                max_cpu_mhz=row.number("CPU maxUsage"),
                memory_usage_bytes=row.mebibytes("Mem overallUsage"),
                max_memory_bytes=row.mebibytes("Mem maxUsage"),
                state=row.text("Status"),
            )
        )
    return found


def split_pool(path: str) -> tuple[str, str, str]:
    """Datacenter, cluster, and the path below it, of `/Datacenter/Cluster/Resources/pool`."""
    parts = path.strip("/").split("/")
    if "Resources" in parts[1:]:
        at = parts.index("Resources", 1)
        return "/".join(parts[: at - 1]), parts[at - 1], "/".join(parts[at:])
    return "", "", path.strip("/")


def _labels(row: Row) -> Tags:
    pairs = (one.partition("=") for one in row.texts("Labels"))
    return Tags({name: _KEY.sub(r"\1", value) for name, mark, value in pairs if mark})


def read_licenses(book: Book) -> list[License]:
    """The licences of vLicense, of whose keys only the last five characters are kept."""
    found: dict[str, License] = {}
    for row in book.rows("vLicense"):
        name, key = row.text("Name"), row.text("Key")
        masked = mask_license_key(key.upper()) if _KEY.fullmatch(key) else key[-5:]
        digest = hashlib.sha256(f"{name} {masked} {row.text('Cost Unit')}".encode()).hexdigest()[:12]
        id_ = book.next_id(row, "licenses", "", name) or book.id_of(row, "licenses", "", digest)
        found[id_] = License(
            id=id_,
            name=_KEY.sub(r"\1", name),
            **book.origin(row),
            key=_KEY.sub(r"\1", key)[-5:],
            total=row.number("Total") or None,
            used=row.number("Used"),
            unit=row.text("Cost Unit"),
            expires_at=row.moment("Expiration Date"),
            labels=_labels(row),
            features=tuple(_KEY.sub(r"\1", one) for one in row.texts("Features")),
        )
    return list(found.values())
