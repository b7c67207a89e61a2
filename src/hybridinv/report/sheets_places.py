"""The rows of RVTools' sheets on clusters, pools, datastores, distributed switches, licences and the vCenters."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from hybridinv.report.rvtools_estate import UNLIMITED, Place, cluster_key, limit_of, mebibytes, percent
from hybridinv.report.sheets import Sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hybridinv.model import Datastore, License
    from hybridinv.report.rvtools_estate import Machine, VSphereEstate

_KEY_HEAD = "*****-*****-*****-*****-"
_LACP_MODES = ("active", "passive")

_SOURCE: dict[str, Callable[[Place], object]] = {
    "VI SDK Server": attrgetter("server"),
    "VI SDK UUID": attrgetter("vcenter"),
}
_WHERE: dict[str, Callable[[Place], object]] = {**_SOURCE, "Object ID": attrgetter("object_id")}


def _places(kind: str) -> Callable[[VSphereEstate], Iterator[Place]]:
    def rows(estate: VSphereEstate) -> Iterator[Place]:
        return (estate.place(record) for record in estate.of(getattr(estate.inv, kind)))

    return rows


def _machines(row: Place) -> list[Machine]:
    return [row.estate.by_id[vm_id] for vm_id in row.it.vm_ids if vm_id in row.estate.by_id]


def _running(machines: Sequence[Machine]) -> list[Machine]:
    return [machine for machine in machines if machine.is_on]


def _count(row: Place, number: int) -> int | None:
    return number if row.estate.knows_machines else None


def _on_datastore(row: Place) -> Sequence[Machine]:
    machines: Sequence[Machine] = row.estate.on_datastore.get(row.it.id, ())
    return machines


def _pool_path(row: Place) -> str:
    cluster = row.estate.clusters.get(row.it.cluster_id)
    return "/" + "/".join((row.it.location, cluster.name if cluster else "", row.it.path))


_VRP: dict[str, Callable[[Place], object]] = {
    **_WHERE,
    "Resource Pool name": attrgetter("it.name"),
    "Resource Pool path": _pool_path,
    "Status": attrgetter("it.state"),
    "# VMs total": lambda row: len(row.it.vm_ids),
    "# VMs": lambda row: _count(row, len(_running(_machines(row)))),
    "# vCPUs": lambda row: _count(row, sum(machine.vm.cpus or 0 for machine in _running(_machines(row)))),
    "CPU limit": lambda row: limit_of(row.it.cpu_allocation, row.it.cpu_allocation.limit),
    "CPU reservation": attrgetter("it.cpu_allocation.reservation"),
    "CPU level": attrgetter("it.cpu_allocation.level"),
    "CPU shares": attrgetter("it.cpu_allocation.shares"),
    "CPU expandableReservation": attrgetter("it.cpu_allocation.expandable"),
    "CPU maxUsage": attrgetter("it.max_cpu_mhz"),
    "CPU overallUsage": attrgetter("it.cpu_usage_mhz"),
    "Mem Configured": lambda row: mebibytes(row.it.configured_memory_bytes),
    "Mem limit": lambda row: limit_of(row.it.memory_allocation, mebibytes(row.it.memory_allocation.limit)),
    "Mem reservation": lambda row: mebibytes(row.it.memory_allocation.reservation),
    "Mem level": attrgetter("it.memory_allocation.level"),
    "Mem shares": attrgetter("it.memory_allocation.shares"),
    "Mem expandableReservation": attrgetter("it.memory_allocation.expandable"),
    "Mem maxUsage": lambda row: mebibytes(row.it.max_memory_bytes),
    "Mem overallUsage": lambda row: mebibytes(row.it.memory_usage_bytes),
}

_VCLUSTER: dict[str, Callable[[Place], object]] = {
    **_WHERE,
    "Name": attrgetter("it.name"),
    "OverallStatus": attrgetter("it.state"),
    "NumHosts": lambda row: len(row.it.host_ids),
    "numEffectiveHosts": attrgetter("it.effective_hosts"),
    "TotalCpu": attrgetter("it.cpu_mhz"),
    "NumCpuCores": attrgetter("it.cpu_cores"),
    "NumCpuThreads": attrgetter("it.cpu_threads"),
    "Effective Cpu": attrgetter("it.effective_cpu_mhz"),
    "TotalMemory": lambda row: mebibytes(row.it.memory_bytes),
    "Effective Memory": lambda row: mebibytes(row.it.effective_memory_bytes),
    "HA enabled": attrgetter("it.ha_enabled"),
    "Failover Level": attrgetter("it.ha_failover_level"),
    "AdmissionControlEnabled": attrgetter("it.ha_admission_control"),
    "Host monitoring": attrgetter("it.ha_host_monitoring"),
    "Isolation Response": attrgetter("it.ha_isolation_response"),
    "Restart Priority": attrgetter("it.ha_restart_priority"),
    "VM Monitoring": attrgetter("it.ha_vm_monitoring"),
    "DRS enabled": attrgetter("it.drs_enabled"),
    "DRS default VM behavior": attrgetter("it.drs_behavior"),
    "DRS vmotion rate": attrgetter("it.drs_migration_threshold"),
}


def _distributed(kind: str) -> Callable[[VSphereEstate], Iterator[Place]]:
    def rows(estate: VSphereEstate) -> Iterator[Place]:
        for record in estate.of(getattr(estate.inv, kind)):
            if record.kind == "distributed":
                yield estate.place(record)

    return rows


def _lags(number: int) -> Callable[[Place], str]:
    """The names, modes or algorithms of its link aggregation groups: names may hold spaces, the others do not."""

    def value(row: Place) -> str:
        split = (lag.rsplit(" ", 2) for lag in row.it.lags)
        return ", ".join(parts[number] for parts in split if len(parts) == 3 and parts[1] in _LACP_MODES)

    return value


_DVSWITCH: dict[str, Callable[[Place], object]] = {
    **_WHERE,
    "Switch": attrgetter("it.name"),
    "Datacenter": attrgetter("it.location"),
    "Name": attrgetter("it.name"),
    "Vendor": attrgetter("it.vendor"),
    "Version": attrgetter("it.version"),
    "Description": attrgetter("it.description"),
    "Created": attrgetter("it.created_at"),
    "Host members": lambda row: len(row.it.host_ids),
    "# Ports": attrgetter("it.ports"),
    "# VMs": lambda row: _count(row, row.estate.on_switch.get(row.it.uuid, 0)) if row.it.uuid else None,
    "CDP Type": lambda row: row.it.discovery.partition(" ")[0],
    "CDP Operation": lambda row: row.it.discovery.partition(" ")[2],
    "LACP Name": _lags(0),
    "LACP Mode": _lags(1),
    "LACP Load Balance Alg.": _lags(2),
    "Max MTU": attrgetter("it.mtu"),
}

_DVPORT: dict[str, Callable[[Place], object]] = {
    **_WHERE,
    "Port": attrgetter("it.name"),
    "Switch": attrgetter("it.switch"),
    "Type": attrgetter("it.binding"),
    "# Ports": attrgetter("it.ports"),
    "VLAN": lambda row: row.it.vlans if row.it.vlan_id is None else row.it.vlan_id,
    "Allow Promiscuous": attrgetter("it.promiscuous"),
    "Mac Changes": attrgetter("it.mac_changes"),
    "Active Uplink": lambda row: ", ".join(row.it.active_uplinks),
    "Standby Uplink": lambda row: ", ".join(row.it.standby_uplinks),
    "Policy": attrgetter("it.teaming"),
    "Forged Transmits": attrgetter("it.forged_transmits"),
}


def _address(row: Place) -> str:
    datastore: Datastore = row.it
    if datastore.remote_host or datastore.remote_path:
        return f"{datastore.remote_host}:{datastore.remote_path}"
    return ", ".join(extent.rpartition(":")[0] for extent in datastore.extents)


def _used(datastore: Datastore) -> int | None:
    capacity, free = datastore.capacity_bytes, datastore.free_bytes
    return None if capacity is None or free is None else capacity - free


def _provisioned(row: Place) -> int | None:
    used, uncommitted = _used(row.it), row.it.uncommitted_bytes
    return None if used is None or uncommitted is None else mebibytes(used + uncommitted)


def _hosts(row: Place) -> str:
    hosts = row.estate.hosts
    return ", ".join(hosts[host_id].name for host_id in row.it.host_ids if host_id in hosts)


def _cluster_total(field: str) -> Callable[[Place], int | None]:
    """A sum over the datastores of its datastore cluster; None where one of them is not known."""

    def value(row: Place) -> int | None:
        members = row.estate.datastore_clusters.get(cluster_key(row.it), ())
        sizes = [getattr(member, field) for member in members]
        return mebibytes(sum(sizes)) if sizes and None not in sizes else None

    return value


def _major(row: Place) -> int | None:
    major = row.it.version.partition(".")[0]
    return int(major) if major.isdecimal() else None


_VDATASTORE: dict[str, Callable[[Place], object]] = {
    **_WHERE,
    "Name": attrgetter("it.name"),
    "Address": _address,
    "Accessible": attrgetter("it.accessible"),
    "Type": attrgetter("it.type"),
    "# VMs total": lambda row: _count(row, len(_on_datastore(row))),
    "# VMs": lambda row: _count(row, len(_running(_on_datastore(row)))),
    "Capacity MiB": lambda row: mebibytes(row.it.capacity_bytes),
    "Provisioned MiB": _provisioned,
    "In Use MiB": lambda row: mebibytes(_used(row.it)),
    "Free MiB": lambda row: mebibytes(row.it.free_bytes),
    "Free %": lambda row: percent(row.it.free_bytes, row.it.capacity_bytes),
    "SIOC enabled": attrgetter("it.io_control"),
    "SIOC Threshold": attrgetter("it.congestion_threshold_ms"),
    "# Hosts": lambda row: len(row.it.host_ids),
    "Hosts": _hosts,
    "Cluster name": attrgetter("it.datastore_cluster"),
    "Cluster capacity MiB": _cluster_total("capacity_bytes"),
    "Cluster free space MiB": _cluster_total("free_bytes"),
    "Block size": attrgetter("it.block_size_mb"),
    "# Extents": lambda row: len(row.it.extents) or None,
    "Major Version": _major,
    "Version": attrgetter("it.version"),
    "MHA": attrgetter("it.shared"),
    "URL": attrgetter("it.url"),
}


def _total(row: Place) -> int:
    license_: License = row.it
    return UNLIMITED if license_.total is None else license_.total


_VLICENSE: dict[str, Callable[[Place], object]] = {
    **_SOURCE,
    "Name": attrgetter("it.name"),
    "Key": lambda row: _KEY_HEAD + row.it.key if row.it.key else "",
    "Labels": lambda row: ", ".join(f"{name}={value}" for name, value in row.it.labels.items()),
    "Cost Unit": attrgetter("it.unit"),
    "Total": _total,
    "Used": attrgetter("it.used"),
    "Expiration Date": attrgetter("it.expires_at"),
    "Features": lambda row: ", ".join(row.it.features),
}

SHEETS = (
    Sheet("vRP", _places("resource_pools"), _VRP),
    Sheet("vCluster", lambda estate: estate.real_clusters(), _VCLUSTER, attrgetter("it.custom_attributes")),
    Sheet("dvSwitch", _distributed("switches"), _DVSWITCH, attrgetter("it.custom_attributes")),
    Sheet("dvPort", _distributed("networks"), _DVPORT),
    Sheet("vDatastore", _places("datastores"), _VDATASTORE, attrgetter("it.custom_attributes")),
    Sheet("vLicense", _places("licenses"), _VLICENSE),
)
