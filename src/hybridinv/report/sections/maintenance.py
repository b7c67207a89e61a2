"""What would happen to machines if their host were serviced: each host alone, and the machines whose host is unseen."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from hybridinv.inventory import Inventory, count_of
from hybridinv.model import PowerState, Severity
from hybridinv.model.maintenance import Effect
from hybridinv.model.wording import INCOMPLETE
from hybridinv.planning.maintenance.plan import plan_maintenance
from hybridinv.report.parts import Alert, Bar, Bars, Cell, Section, Table, Tone, Unit, columns
from hybridinv.report.seen import PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hybridinv.model import Host
    from hybridinv.model.maintenance import Impact, MaintenancePlan
    from hybridinv.report.parts import Value
    from hybridinv.report.seen import Reading

_UNKNOWN = "Unknown"
"""How the codes of findings end that say that something is not known."""
EFFECT_TONES = {
    Effect.LIVE_MIGRATES: Tone.GOOD,
    Effect.PAUSES: Tone.WARNING,
    Effect.RESTARTS: Tone.BAD,
    Effect.STOPS: Tone.BAD,
    Effect.STAYS: Tone.WARNING,
    Effect.UNAFFECTED: Tone.GOOD,
    Effect.UNKNOWN: Tone.WARNING,
}
_PLANNED = ("vsphere", "azure-stack-hub", "azure")
_HARMLESS = (Effect.LIVE_MIGRATES, Effect.UNAFFECTED)
_PLACES = ("datastores", "networks", "switches")
_WORST_FIRST = (Effect.STOPS, Effect.RESTARTS, Effect.STAYS, Effect.UNKNOWN, Effect.PAUSES)


def exposure(reading: Reading) -> Section:
    """Each host's maintenance by itself, and the machines that would notice it."""
    plans = dict(host_plans(reading))
    unseen = _without_host(reading)
    impacts = [*(impact for plan in plans.values() for impact in plan.impacts), *unseen]
    blocked = [host for host, plan in plans.items() if not plan.feasible]
    noticing = [one for one in impacts if _is_noticed(one)]
    down = sum(one.effect in (Effect.STOPS, Effect.RESTARTS) for one in noticing)
    alerts = []
    if blocked:
        alerts.append(Alert(text=f"{count_of('host', len(blocked))} not ready for maintenance", tone=Tone.BAD))
    if down:
        alerts.append(Alert(text=f"{count_of('machine', down)} that maintenance of the host stops or restarts"))
    return Section(
        id="maintenance",
        title="Maintenance exposure",
        source="plan_maintenance with update=restart: each host by itself, with all others in service; the hosts"
        " beneath Azure are not shown, so there each machine by itself. plan_maintenance has a whole run in order.",
        unread=reading.unread(("hosts", "vms", "clusters")),
        alerts=alerts,
        bars=(effect_bars("What happens to a machine while its host restarts", impacts),),
        tables=(_by_host(reading, plans), _by_machine(reading, noticing)),
    )


def effect_bars(title: str, impacts: Iterable[Impact]) -> Bars:
    """How many machines each effect has."""
    counts = Counter(one.effect for one in impacts)
    shown = [one for one in Effect if counts[one]]
    bars = [Bar(label=one.replace("_", " "), count=counts[one], tone=EFFECT_TONES[one]) for one in shown]
    return Bars(title=title, unit="machines", bars=bars)


def host_plans(reading: Reading) -> Iterator[tuple[Host, MaintenancePlan]]:
    """The maintenance of every host by itself.

    Each is planned within its own neighbourhood, which holds all that the plan looks at: what a plan of the whole
    inventory costs grows with the inventory.
    """
    parts = _Neighbourhoods(reading.inv)
    for host in (one for one in reading.inv.hosts if one.platform in _PLANNED):
        yield host, plan_maintenance(parts.of(host), [host])


class _Neighbourhoods:
    """An inventory in parts: a cluster, or where a host has none or is alone in it, its datacenter."""

    def __init__(self, inv: Inventory) -> None:
        self._inv = inv
        self._known: dict[tuple[str, ...], Inventory] = {}
        self._ids = {
            one.id for table in (inv.hosts, inv.vms, inv.clusters, inv.datastores, inv.networks) for one in table
        }
        self._sizes = Counter(host.cluster_id for host in inv.hosts)
        self._hosts: dict[tuple[str, ...], list[Host]] = defaultdict(list)
        for host in inv.hosts:
            self._hosts["", host.source, host.location].append(host)
            self._hosts[(host.cluster_id,)].append(host)
        self._by_host = {kind: _grouped(getattr(inv, kind)) for kind in _PLACES}
        self._vms, self._adapters, self._clusters = (
            defaultdict(list), defaultdict(list), {cluster.id: cluster for cluster in inv.clusters},
        )  # fmt: skip
        for vm in inv.vms:
            self._vms[vm.host_id].append(vm)
        for adapter in inv.vmkernel_adapters:
            self._adapters[adapter.host_id].append(adapter)
        self._vms_by_id = {vm.id: vm for vm in inv.vms}
        self._stores = {one.id: one for one in inv.datastores}

    def of(self, host: Host) -> Inventory:
        """The neighbourhood of a host."""
        alone = self._sizes[host.cluster_id] < 2 or not host.cluster_id
        key = ("", host.source, host.location) if alone else (host.cluster_id,)
        if key not in self._known:
            self._known[key] = self._part(self._hosts[key])
        return self._known[key]

    def _part(self, hosts: Sequence[Host]) -> Inventory:
        ids = {host.id for host in hosts}
        vms = {vm.id: vm for id_ in ids for vm in self._vms[id_]}
        vms |= {id_: self._vms_by_id[id_] for host in hosts for id_ in host.vm_ids if id_ in self._vms_by_id}
        tables: dict[str, Any] = {
            kind: {one.id: one for id_ in ids for one in self._by_host[kind][id_]} for kind in _PLACES
        }
        used = (disk.datastore_id for vm in vms.values() for disk in vm.disks)
        tables["datastores"] |= {id_: self._stores[id_] for id_ in used if id_ in self._stores}
        clusters = {
            host.cluster_id: self._clusters[host.cluster_id] for host in hosts if host.cluster_id in self._clusters
        }
        here = {*ids, *vms, *clusters, *tables["datastores"], *tables["networks"]}
        return Inventory(
            hosts=hosts,
            vms=vms.values(),
            clusters=clusters.values(),
            vmkernel_adapters=[one for id_ in ids for one in self._adapters[id_]],
            licenses=self._inv.licenses,
            problems=[one for one in self._inv.problems if one.scope in here or one.scope not in self._ids],
            asked=self._inv.asked,
            taken_at=self._inv.taken_at,
            **{kind: table.values() for kind, table in tables.items()},
        )


def _grouped(records: Iterable[Any]) -> dict[str, list[Any]]:
    by_host: dict[str, list[Any]] = defaultdict(list)
    for one in records:
        for id_ in one.host_ids:
            by_host[id_].append(one)
    return by_host


def _without_host(reading: Reading) -> Sequence[Impact]:
    """What happens to the machines beneath which no host is shown, and to those that only Arc knows."""
    hosts = reading.index.hosts
    told = {id_ for host in hosts.values() for id_ in host.vm_ids}
    alone = [
        vm for vm in reading.inv.vms
        if vm.host_id not in hosts and not vm.is_template and vm.id not in told and vm.id not in reading.repeated
    ]  # fmt: skip
    if not alone:
        return ()
    part = Inventory(vms=alone, asked=reading.inv.asked, taken_at=reading.inv.taken_at)
    return plan_maintenance(part, alone).impacts


def _is_noticed(impact: Impact) -> bool:
    """Whether somebody has to know: of what does not run and stays where it is, nobody has."""
    if impact.effect is Effect.STAYS:
        return impact.vm.power_state is PowerState.RUNNING
    return impact.effect not in _HARMLESS or any(one.severity is Severity.BLOCKER for one in impact.findings)


def _by_host(reading: Reading, plans: dict[Host, MaintenancePlan]) -> Table:
    shown = [
        effect for effect in Effect if any(one.effect is effect for plan in plans.values() for one in plan.impacts)
    ]
    rows = []
    for host, plan in plans.items():
        counts = Counter(one.effect for one in plan.impacts)
        barred = [one for one in plan.findings if one.severity is Severity.BLOCKER]
        rows.append((
            host.name, reading.name(host.cluster_id), PLATFORMS.get(host.platform, host.platform),
            _verdict(reading, host, plan),
            *(counts[effect] for effect in shown), "; ".join(dict.fromkeys(one.message for one in barred[:2])),
        ))  # fmt: skip
    order = [Tone.BAD, Tone.WARNING, Tone.GOOD]
    rows.sort(key=lambda row: order.index(row[3].tone) if isinstance(row[3], Cell) else 0)
    return Table(
        id="maintenance-hosts",
        caption="Host by host: how many machines",
        columns=columns(
            "Host", "Cluster", "Platform", "Verdict", *((one.replace("_", " "), Unit.COUNT) for one in shown), "Why not"
        ),
        rows=rows,
        empty=reading.empty(("hosts",), ("vsphere",), "No host is shown by any platform."),
    )


def _verdict(reading: Reading, host: Host, plan: MaintenancePlan) -> Cell:
    """That it cannot go, that it can, or that nothing known stands in its way."""
    barred = dict.fromkeys(one.code for one in plan.findings if one.severity is Severity.BLOCKER)
    if barred or not plan.feasible:
        return Cell("not feasible", Tone.BAD, ", ".join(barred))
    unsure = dict.fromkeys(
        one.code
        for one in plan.findings
        if one.severity is Severity.WARNING and (one.code == INCOMPLETE or one.code.endswith(_UNKNOWN))
    )
    unknown = sum(one.effect is Effect.UNKNOWN for one in plan.impacts)
    doubts = [f"not known for {count_of('machine', unknown)}"] if unknown else []
    if (host.platform, host.source) in reading.of_workbooks:
        doubts.append("a workbook does not tell rules and capabilities")
    doubts += unsure
    return Cell("can go as far as is known", Tone.WARNING, ", ".join(doubts)) if doubts else Cell("can go", Tone.GOOD)


def _by_machine(reading: Reading, impacts: Iterable[Impact]) -> Table:
    rows = [_row(one) for one in sorted(impacts, key=_rank)]
    return Table(
        id="maintenance-machines",
        caption="Machines that would notice it, or that stand in its way",
        columns=columns("Machine", "Platform", "Host", "Effect", "Why", "What to do"),
        rows=rows,
        empty=reading.empty(("vms",), none="No machine would notice it."),
    )


def _rank(impact: Impact) -> int:
    return _WORST_FIRST.index(impact.effect) if impact.effect in _WORST_FIRST else len(_WORST_FIRST)


def _row(impact: Impact) -> tuple[Value, ...]:
    worst = [one for one in impact.findings if one.severity is not Severity.INFO]
    effect = Cell(impact.effect.replace("_", " "), EFFECT_TONES[impact.effect])
    host = impact.host.name if impact.host else Cell("not shown")
    remedies = "; ".join(dict.fromkeys(one.remedy for one in worst if one.remedy))
    return (
        impact.vm.name,
        PLATFORMS.get(impact.vm.platform, impact.vm.platform),
        host,
        effect,
        impact.reason,
        remedies,
    )
