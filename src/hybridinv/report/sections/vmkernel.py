"""VMkernel services of every host, and what migrations inside and between clusters would go over."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import attrs

from hybridinv.inventory import count_of
from hybridinv.model import Severity, VMkernelService
from hybridinv.model.wording import SERVICES
from hybridinv.planning.matrix import migration_matrix
from hybridinv.planning.paths import services_known
from hybridinv.report.parts import Alert, Cell, Note, Section, Table, Tone, Unit, columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hybridinv.model import Host, VMkernelAdapter
    from hybridinv.model.migration import MigrationPath
    from hybridinv.report.parts import Value
    from hybridinv.report.seen import Reading

_VSPHERE = ("vsphere",)
_ALWAYS = (VMkernelService.MANAGEMENT, VMkernelService.VMOTION, VMkernelService.PROVISIONING)
_MORE = {
    "faultToleranceLogging": "Fault Tolerance", "vSphereReplication": "Replication",
    "vSphereReplicationNFC": "Replication NFC", "vSphereBackupNFC": "Backup NFC", "vsan": "vSAN",
    "vsanWitness": "vSAN witness", "vsanExternal": "vSAN external", "vsanReplication": "vSAN replication",
    "ptp": "PTP", "nvmeTcp": "NVMe over TCP", "nvmeRdma": "NVMe over RDMA",
}  # fmt: skip
_ALL_PAIRS = 60
"""Up to so many hosts the paths between clusters are worked out too: their number grows with its square."""
_WORST = (Severity.BLOCKER, Severity.WARNING)
_UNKNOWN = "VMkernelAdaptersUnknown"
_NOT_KNOWN = Cell(None, Tone.WARNING, "its adapters, or their services, were not read")
_TONES = {Severity.BLOCKER: Tone.BAD, Severity.WARNING: Tone.WARNING, Severity.INFO: Tone.PLAIN}


def vmkernel(reading: Reading) -> Section:
    """Which host has which VMkernel service, and whether it reaches the other hosts of its cluster."""
    hosts = [host for host in reading.inv.hosts if host.platform == "vsphere"]
    within, between, notes = _paths(reading, hosts)
    verdicts = {host.id: _Verdict(reading, host, within.get(host.id, ())) for host in hosts}
    mute = sum(one.is_mute for one in verdicts.values())
    falling = sum(one.falls_back for one in verdicts.values())
    alerts = []
    if mute:
        alerts.append(
            Alert(text=f"{count_of('ESXi host', mute)} without a vMotion path to another host", tone=Tone.BAD)
        )
    if falling:
        alerts.append(Alert(text=f"{count_of('ESXi host', falling)} whose cold data falls back to Management"))
    tables = [_matrix(reading, hosts, verdicts)]
    if between:
        tables.append(_between(reading, between))
    paths = [*(path for several in within.values() for path in several), *between]
    return Section(
        id="vmkernel",
        title="VMkernel services and migration paths",
        source="VMkernel adapters of the hosts, and migration_matrix: its rules are the vendor's. Within a cluster"
        " every pair of hosts was looked at, in both directions.",
        unread=reading.unread(("hosts", "vmkernel_adapters"), _VSPHERE),
        notes=notes,
        alerts=alerts,
        tables=[*tables, _findings(paths)],
    )


def _paths(
    reading: Reading, hosts: Sequence[Host]
) -> tuple[Mapping[str, Sequence[MigrationPath]], list[MigrationPath], list[Note]]:
    """The paths within clusters by the host they start at, those between clusters, and what was left out."""
    inv = reading.inv
    if len(hosts) <= _ALL_PAIRS:
        paths: Iterable[MigrationPath] = migration_matrix(inv)
        notes = []
    else:
        own = [cluster for cluster in inv.clusters if cluster.platform == "vsphere"]
        paths = [path for cluster in own for path in migration_matrix(inv, cluster)]
        text = (
            f"Paths between clusters are left out: there are more than {_ALL_PAIRS} hosts. migration_matrix has them."
        )
        notes = [Note(text=text)]
    within: dict[str, list[MigrationPath]] = defaultdict(list)
    between = []
    for path in paths:
        if path.cluster_id:
            within[path.source_host_id].append(path)
        else:
            between.append(path)
    return within, between, notes


@attrs.frozen(init=False)
class _Verdict:
    """What a host's paths within its cluster come to."""

    vmotion: Cell
    cold: Cell
    is_mute: bool
    falls_back: bool

    def __init__(self, reading: Reading, host: Host, paths: Sequence[MigrationPath]) -> None:
        hot = [path for path in paths if path.purpose == VMkernelService.VMOTION]
        cold = [path for path in paths if path.purpose != VMkernelService.VMOTION]
        verdicts = (_hot(hot), _cold(cold)) if _services_read(reading, host) else (_NOT_KNOWN, _NOT_KNOWN)
        mute = bool(hot) and not any(path.feasible for path in hot)
        self.__attrs_init__(*verdicts, mute, any(path.feasible and path.fallback for path in cold))


def _services_read(reading: Reading, host: Host) -> bool:
    adapters = reading.index.adapters(host.id)
    return bool(adapters) and services_known(adapters)


def _is_known(path: MigrationPath) -> bool:
    """Whether the services at both ends were read: the rules take vMotion to be set up where they were not."""
    return not path.feasible or all(one.code != _UNKNOWN for one in path.findings)


def _hot(paths: Sequence[MigrationPath], *, of: str = "host") -> Cell:
    if not paths:
        return Cell("no other host", Tone.PLAIN, "in its cluster")
    known = [path for path in paths if _is_known(path)]
    if not known:
        return _NOT_KNOWN
    good = sum(path.feasible for path in known)
    tone = Tone.GOOD if good == len(paths) else Tone.WARNING if good or len(known) < len(paths) else Tone.BAD
    more = f", {len(paths) - len(known)} not known" if len(known) < len(paths) else ""
    return Cell(f"{good} of {count_of(of, len(paths))}{more}", tone, _about(paths))


def _cold(paths: Sequence[MigrationPath]) -> Cell:
    if not paths:
        return Cell("no other host", Tone.PLAIN, "in its cluster")
    if not any(path.feasible for path in paths):
        return Cell("to no host", Tone.BAD, _about(paths))
    if not all(map(_is_known, paths)):
        return _NOT_KNOWN
    falls = sum(path.fallback for path in paths)
    service = " or ".join(dict.fromkeys(SERVICES.get(path.service, path.service) for path in paths))
    text = f"falls back to {service}" if falls == len(paths) else f"partly falls back: {service}" if falls else service
    return Cell(text, Tone.WARNING if falls else Tone.GOOD, _about(paths))


def _about(paths: Sequence[MigrationPath]) -> str:
    """The slowest link, and what deserves a look of it."""
    speeds = [path.link_speed_mbps for path in paths if path.link_speed_mbps is not None]
    slowest = f"{min(speeds) / 1000:g} Gbit/s" if speeds else "speed not known"
    codes = dict.fromkeys(one.code for path in paths for one in path.findings if one.severity in _WORST)
    return ", ".join((slowest, *list(codes)[:3]))


def _matrix(reading: Reading, hosts: Sequence[Host], verdicts: Mapping[str, _Verdict]) -> Table:
    there = {service for one in reading.inv.vmkernel_adapters for service in one.services}
    services = [*_ALWAYS, *sorted(there - set(_ALWAYS))]
    names = [SERVICES.get(service) or _MORE.get(service, service) for service in services]
    rows = []
    for host in hosts:
        adapters = reading.index.adapters(host.id)
        read = _services_read(reading, host)
        carried = (_carriers(service, adapters, read=read) for service in services)
        verdict = verdicts[host.id]
        name = Cell(host.name, more=reading.name(host.cluster_id) or "")
        rows.append((name, verdict.vmotion, verdict.cold, *carried))
    order = [Tone.BAD, Tone.WARNING, Tone.PLAIN, Tone.GOOD]
    rows.sort(key=lambda row: min(order.index(cell.tone) for cell in row[1:3] if isinstance(cell, Cell)))
    return Table(
        id="vmkernel-matrix",
        caption="Host by service: verdicts on migrations within its cluster, and adapters",
        columns=columns("Host", "vMotion to", "Cold data over", *names),
        rows=rows,
        empty=reading.empty(("hosts", "vmkernel_adapters"), _VSPHERE, "No ESXi host."),
    )


def _carriers(service: str, adapters: Sequence[VMkernelAdapter], *, read: bool) -> Value:
    """The adapters of a host that carry a service; None where no service of its adapters was read."""
    carriers = [one for one in adapters if service in one.services]
    if not carriers:
        return Cell("none") if read else None
    first = carriers[0]
    link = "link down" if first.link_speed_mbps == 0 else ""
    speed = link or (f"{first.link_speed_mbps / 1000:g} Gbit/s" if first.link_speed_mbps else "speed not known")
    parts = [speed, f"VLAN {first.vlan_id}" if first.vlan_id else "", f"MTU {first.mtu}" if first.mtu else ""]
    more = ", ".join(part for part in parts if part)
    return Cell(" ".join(one.device for one in carriers), Tone.BAD if link else Tone.PLAIN, more)


def _between(reading: Reading, paths: Sequence[MigrationPath]) -> Table:
    """The paths between clusters, by the clusters at both ends."""
    hosts = reading.index.hosts
    ways: dict[tuple[str, str, str], list[MigrationPath]] = defaultdict(list)
    for path in paths:
        ends = [hosts[id_].cluster_id or id_ for id_ in (path.source_host_id, path.destination_host_id)]
        ways[ends[0], ends[1], path.purpose].append(path)
    sources = {host.source for host in hosts.values() if host.platform == "vsphere"}
    homes = {host.cluster_id or host.id: host.source if len(sources) > 1 else "" for host in hosts.values()}
    rows = [
        (
            Cell(reading.name(source), more=homes[source]), Cell(reading.name(target), more=homes[target]),
            SERVICES.get(purpose, purpose),
            _hot(several, of="pair") if purpose == VMkernelService.VMOTION else _cold(several),
            min((path.link_speed_mbps for path in several if path.link_speed_mbps is not None), default=None),
        )
        for (source, target, purpose), several in ways.items()
    ]  # fmt: skip
    return Table(
        id="between-clusters",
        caption="Between clusters: pairs of hosts that reach one another",
        columns=columns("From", "To", "For", "Verdict", ("Slowest link", Unit.MBPS)),
        rows=rows,
    )


def _findings(paths: Iterable[MigrationPath]) -> Table:
    """What stands in the way of paths, by its kind."""
    found: dict[str, list[tuple[MigrationPath, int]]] = defaultdict(list)
    for path in paths:
        for number, one in enumerate(path.findings):
            if all(one.code != path.findings[earlier].code for earlier in range(number)):
                found[one.code].append((path, number))
    rows = []
    for code, places in found.items():
        path, number = min(places, key=lambda place: list(Severity).index(place[0].findings[place[1]].severity))
        one = path.findings[number]
        rows.append((Cell(code), Cell(one.severity, _TONES[one.severity]), len(places), one.message, one.remedy,
                     "; ".join(one.sources)))  # fmt: skip
    rows.sort(key=lambda row: (list(Severity).index(Severity(str(row[1].value))), -row[2]))
    return Table(
        id="path-findings",
        caption="What was found on these paths, one example each",
        columns=columns(
            "Finding", "Severity", ("Paths", Unit.COUNT), "For example", "What to do", ("Sources", Unit.CITATION)
        ),
        rows=rows,
        empty="Nothing was found on these paths." if paths else "There are no paths.",
    )
