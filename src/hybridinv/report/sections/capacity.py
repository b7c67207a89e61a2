"""Room: clusters, hosts, datastores."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from hybridinv.inventory import count_of
from hybridinv.model import Datastore, Host, PowerState, VirtualMachine
from hybridinv.report.parts import Alert, Cell, Section, Table, Tone, Unit, columns
from hybridinv.report.seen import PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hybridinv.report.parts import Value
    from hybridinv.report.seen import Reading

_HOSTED = ("vsphere", "azure-stack-hub")
_VSPHERE = ("vsphere",)
_LITTLE_PERCENT = 15
"""Below this a datastore is short of space, as RVTools' users have it."""


def capacity(reading: Reading) -> Section:
    """What clusters, hosts and datastores have, and what is taken of it."""
    stores = reading.inv.datastores
    short = [one for one in stores if _is_short(one)]
    away = [one for one in stores if one.accessible is False]
    alerts = []
    if short:
        text = f"{count_of('datastore', len(short))} with less than {_LITTLE_PERCENT} % free"
        alerts.append(Alert(text=text, tone=Tone.BAD))
    if away:
        alerts.append(Alert(text=f"{count_of('datastore', len(away))} not accessible", tone=Tone.BAD))
    return Section(
        id="capacity",
        title="Capacity",
        source="Clusters, hosts and datastores; use is what the platform measured as it was read. Memory and virtual"
        " CPUs are those of machines that run, against what is installed in hosts.",
        unread=reading.unread(("hosts", "clusters", "datastores", "vms"), _HOSTED),
        alerts=alerts,
        tables=(_clusters(reading), _hosts(reading), _datastores(reading)),
    )


def _clusters(reading: Reading) -> Table:
    hosts: dict[str, list[Host]] = defaultdict(list)
    for host in reading.inv.hosts:
        hosts[host.cluster_id].append(host)
    running = _running(reading)
    rows: list[tuple[Value, ...]] = []
    for cluster in reading.inv.clusters:
        members = hosts[cluster.id]
        machines = [vm for host in members for vm in running[host.id]]
        cores = _total(host.cpu_cores for host in members) or cluster.cpu_cores
        memory = _total(host.memory_bytes for host in members) or cluster.memory_bytes
        given, cpus = _total(vm.memory_bytes for vm in machines), _total(vm.cpus for vm in machines)
        used = _total(host.memory_usage_bytes for host in members)
        busy = _total(host.cpu_usage_mhz for host in members)
        mhz = _total(_mhz(host) for host in members)
        rows.append((
            cluster.name, PLATFORMS.get(cluster.platform, cluster.platform), len(members), len(machines), cores, cpus,
            cpus / cores if cores and cpus is not None else None, _share(busy, mhz), memory, given,
            _share(given, memory), _share(used, memory),
        ))  # fmt: skip
    return Table(
        id="clusters",
        caption="Clusters",
        columns=columns(
            "Cluster", "Platform", ("Hosts", Unit.COUNT), ("Running machines", Unit.COUNT), ("Cores", Unit.COUNT),
            ("Virtual CPUs", Unit.COUNT), ("Virtual CPUs per core", Unit.RATIO), ("CPU used", Unit.PERCENT),
            ("Memory installed", Unit.BYTES), ("Memory configured", Unit.BYTES), ("Configured", Unit.PERCENT),
            ("Memory used", Unit.PERCENT),
        ),
        rows=rows,
        empty=reading.empty(("clusters",), _HOSTED, "No cluster."),
    )  # fmt: skip


def _hosts(reading: Reading) -> Table:
    running = _running(reading)
    rows: list[tuple[Value, ...]] = []
    for host in reading.inv.hosts:
        up = (reading.inv.taken_at - host.booted_at) / timedelta(days=1) if host.booted_at else None
        state = Cell("maintenance", Tone.WARNING) if host.in_maintenance else host.connection_state or None
        rows.append((
            host.name, reading.name(host.cluster_id), state, " ".join(filter(None, (host.version, host.build))) or None,
            " ".join(filter(None, (host.vendor, host.model))) or None, host.cpu_cores, host.memory_bytes,
            _share(host.cpu_usage_mhz, _mhz(host)), _share(host.memory_usage_bytes, host.memory_bytes),
            len(running[host.id]), up,
        ))  # fmt: skip
    return Table(
        id="hosts",
        caption="Hosts",
        columns=columns(
            "Host", "Cluster", "State", "Version", "Model", ("Cores", Unit.COUNT), ("Memory", Unit.BYTES),
            ("CPU used", Unit.PERCENT), ("Memory used", Unit.PERCENT), ("Running machines", Unit.COUNT),
            ("Up for", Unit.DAYS),
        ),
        rows=rows,
        empty=reading.empty(("hosts",), _HOSTED, "No host."),
    )  # fmt: skip


def _datastores(reading: Reading) -> Table:
    rows: list[tuple[Value, ...]] = []
    for one in sorted(reading.inv.datastores, key=lambda one: not _is_short(one)):
        used = None if one.capacity_bytes is None or one.free_bytes is None else one.capacity_bytes - one.free_bytes
        promised = None if used is None or one.uncommitted_bytes is None else used + one.uncommitted_bytes
        share = _share(used, one.capacity_bytes)
        reach = Cell("no", Tone.BAD) if one.accessible is False else {True: "yes", None: None}[one.accessible]
        rows.append((
            one.name, one.type or None, one.location or None, one.capacity_bytes, one.free_bytes,
            Cell(share, Tone.BAD) if _is_short(one) else share, _share(promised, one.capacity_bytes),
            len(one.host_ids), reach, one.maintenance_mode or None,
        ))  # fmt: skip
    return Table(
        id="datastores",
        caption="Datastores",
        columns=columns(
            "Datastore", "Type", "Datacenter", ("Capacity", Unit.BYTES), ("Free", Unit.BYTES), ("Used", Unit.PERCENT),
            ("Promised, with thin disks", Unit.PERCENT), ("Hosts", Unit.COUNT), "Accessible", "Maintenance mode",
        ),
        rows=rows,
        empty=reading.empty(("datastores",), _VSPHERE, "No datastore."),
    )  # fmt: skip


def _running(reading: Reading) -> dict[str, Sequence[VirtualMachine]]:
    found: dict[str, Sequence[VirtualMachine]] = defaultdict(tuple)
    found |= {
        host.id: [
            vm for vm in reading.index.machines.get(host.id, ()) if vm.power_state is PowerState.RUNNING
        ]
        for host in reading.inv.hosts
    }  # fmt: skip
    return found


def _mhz(host: Host) -> int | None:
    return None if host.cpu_cores is None or host.cpu_mhz is None else host.cpu_cores * host.cpu_mhz


def _total(numbers: Iterable[int | None]) -> int | None:
    """The sum; None where one of them is not known, for then it would be too small."""
    known = list(numbers)
    return None if any(one is None for one in known) else sum(one or 0 for one in known)


def _share(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else 100 * part / whole


def _is_short(one: Datastore) -> bool:
    if one.free_bytes is None or not one.capacity_bytes:
        return False
    return 100 * one.free_bytes < _LITTLE_PERCENT * one.capacity_bytes
