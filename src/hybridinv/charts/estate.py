"""The charts of an inventory."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from hybridinv.charts.drawing import (
    BARS,
    DAY,
    GIB,
    WIDTH,
    apart,
    chart,
    check_inventory,
    harmless,
    left_out,
    need_altair,
    title,
)
from hybridinv.model.machines import AgentStatus, PowerState
from hybridinv.model.versions import version_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    import altair

    from hybridinv.inventory import Inventory
    from hybridinv.model import Cluster, Host

_VERSIONS = 8
_SNAPSHOT_DAYS = 3
"""VMware: no single snapshot for more than 72 hours (Broadcom KB 318825)."""

# Okabe and Ito's colours, which those who do not see all colours can tell apart.
_BLUE, _SKY, _GREEN, _ORANGE, _RED, _GREY = "#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#9E9E9E"
_AGENT_COLOURS = {
    AgentStatus.READY: _GREEN,
    AgentStatus.NOT_READY: _ORANGE,
    AgentStatus.NOT_INSTALLED: _SKY,
    AgentStatus.DISCONNECTED: _BLUE,
    AgentStatus.EXPIRED: "#CC79A7",
    AgentStatus.ERROR: _RED,
    AgentStatus.UNKNOWN: _GREY,
}
_SPEEDS = ((100000, "#08306b"), (40000, "#2171b5"), (25000, "#4292c6"), (10000, "#6baed6"), (1000, "#c6dbef"))


def capacity(inv: Inventory) -> altair.HConcatChart:
    """A chart of each cluster: memory and CPU cores of its hosts, and what its running machines have of them.

    The wide bar is the hosts', from the cluster or else added up of its hosts; the narrow one is what is configured for
    running machines (VMware: `memory_bytes`, `cpus`), which may be more. At most 40 clusters, those with most memory.
    """
    alt = need_altair()
    check_inventory(inv)
    rows = _capacity_rows(inv)
    names = list(dict.fromkeys(row["cluster"] for row in rows))
    left = len(inv.clusters) - len(names)
    panels = []
    for measure, unit in (("memory", "GiB"), ("CPU", "cores and virtual CPUs")):
        y = alt.Y("cluster:N", sort=names, title=None)
        mine = [row for row in rows if row["measure"] == measure]
        whole = chart(mine).transform_filter("datum.what == 'hosts'").mark_bar(size=20)
        part = chart(mine).transform_filter("datum.what != 'hosts'").mark_bar(size=9)
        scale = alt.Scale(domain=["hosts", "running machines"], range=["#cfd8dc", _BLUE])
        encoding = {
            "y": y,
            "x": alt.X("amount:Q", title=f"{measure}, {unit}", stack=None),
            "color": alt.Color("what:N", scale=scale, title=None),
            "tooltip": ["cluster:N", "platform:N", "what:N", alt.Tooltip("amount:Q", format=",.1f", title=unit)],
        }
        layers = alt.layer(whole.encode(**encoding), part.encode(**encoding))
        panels.append(layers.properties(width=WIDTH // 2, height=alt.Step(32)))
    return alt.hconcat(*panels).properties(title=title("Capacity by cluster", left_out(left, "cluster")))


def _capacity_rows(inv: Inventory) -> list[dict[str, Any]]:
    memory: Counter[str] = Counter()
    cpus: Counter[str] = Counter()
    clusters = {host.id: host.cluster_id for host in inv.hosts}
    for vm in inv.vms:
        where = vm.cluster_id or clusters.get(vm.host_id, "")
        if where and vm.power_state is PowerState.RUNNING:
            memory[where] += vm.memory_bytes or 0
            cpus[where] += vm.cpus or 0
    hosts: dict[str, list[Host]] = {}
    for host in inv.hosts:
        hosts.setdefault(host.cluster_id, []).append(host)
    sizes = [(_size_of(cluster, hosts.get(cluster.id, ())), cluster) for cluster in inv.clusters]
    sizes.sort(key=lambda one: (-one[0][0], one[1].name))
    labels = _cluster_labels(inv)
    rows = []
    for (bytes_, cores), cluster in sizes[:BARS]:
        for measure, whole, part in (
            ("memory", bytes_ / GIB, memory[cluster.id] / GIB),
            ("CPU", cores, cpus[cluster.id]),
        ):
            for what, amount in (("hosts", whole), ("running machines", part)):
                row = {"cluster": labels[cluster.id], "platform": cluster.platform}
                rows.append({**row, "measure": measure, "what": what, "amount": amount})
    return rows


def _cluster_labels(inv: Inventory) -> dict[str, str]:
    labels = apart([(one.name, one.source) for one in inv.clusters])
    return dict(zip([one.id for one in inv.clusters], labels, strict=True))


def _size_of(cluster: Cluster, hosts: Iterable[Host]) -> tuple[int, int]:
    hosts = list(hosts)
    return (
        cluster.memory_bytes or sum(host.memory_bytes or 0 for host in hosts),
        cluster.cpu_cores or sum(host.cpu_cores or 0 for host in hosts),
    )


def snapshot_age(inv: Inventory) -> altair.LayerChart:
    """A chart of the oldest snapshots, at most 40: their age in days at `inv.taken_at`, with a line at three days.

    VMware advises against keeping one for longer (Broadcom KB 318825). The tooltip has the size, where it was read.
    """
    alt = need_altair()
    check_inventory(inv)
    dated: list[tuple[float, tuple[str, str], dict[str, Any]]] = []
    undated = later = 0
    for vm in inv.vms:
        for one in vm.snapshots:
            if one.created_at is None:
                undated += 1
                continue
            age = (inv.taken_at - one.created_at).total_seconds() / DAY
            later += age < 0
            age = max(age, 0.0)
            size = None if one.size_bytes is None else one.size_bytes / GIB
            old = f"over {_SNAPSHOT_DAYS} days" if age > _SNAPSHOT_DAYS else "younger"
            called = (f"{vm.name}: {one.name}", vm.source)
            dated.append((age, called, {"days": age, "size": size, "old": old}))
    dated.sort(key=lambda one: (-one[0], one[1]))
    labels = apart([called for _, called, _ in dated[:BARS]])
    rows = [{"snapshot": name, **row} for name, (_, _, row) in zip(labels, dated, strict=False)]
    notes = [
        left_out(len(dated) - len(rows), "younger snapshot"),
        f"{undated} without a date" if undated else "",
        f"{later} dated after the inventory" if later else "",
    ]
    scale = alt.Scale(domain=[f"over {_SNAPSHOT_DAYS} days", "younger"], range=[_RED, _BLUE])
    bars = chart(rows).mark_bar().encode(
        y=alt.Y("snapshot:N", sort=[row["snapshot"] for row in rows], title=None, axis=alt.Axis(labelLimit=300)),
        x=alt.X("days:Q", title="age in days", stack=None),
        color=alt.Color("old:N", scale=scale, title=None),
        tooltip=[
            "snapshot:N",
            alt.Tooltip("days:Q", format=",.1f"),
            alt.Tooltip("size:Q", format=",.1f", title="size, GiB"),
        ],
    )  # fmt: skip
    rule = chart([{"days": _SNAPSHOT_DAYS}]).mark_rule(strokeDash=[4, 3]).encode(x="days:Q")
    count = f"{len(dated) + undated} snapshot{'' if len(dated) + undated == 1 else 's'}"
    return alt.layer(bars, rule).properties(
        width=WIDTH, height=alt.Step(22), title=title("Age of snapshots", count, *notes)
    )


def agents(inv: Inventory) -> altair.Chart:
    """A chart of the machines of each platform by the status of its agent in them; templates are left out."""
    alt = need_altair()
    check_inventory(inv)
    counts = Counter(
        (f"{vm.platform}: {vm.agent.kind or 'no agent'}", vm.agent.status) for vm in inv.vms if not vm.is_template
    )
    order = list(_AGENT_COLOURS)
    rows = [
        {"agent": agent, "status": status, "machines": count, "order": order.index(status)}
        for (agent, status), count in sorted(counts.items())
    ]
    scale = alt.Scale(domain=[str(one) for one in order], range=list(_AGENT_COLOURS.values()))
    return (
        chart(rows)
        .mark_bar()
        .encode(
            y=alt.Y("agent:N", title=None, axis=alt.Axis(labelLimit=300)),
            x=alt.X("machines:Q", title="machines", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("status:N", scale=scale, title="status"),
            order="order:Q",
            tooltip=["agent:N", "status:N", "machines:Q"],
        )
        .properties(width=WIDTH, height=alt.Step(28), title=title("Status of agents"))
    )


def extension_versions(inv: Inventory) -> altair.Chart:
    """A chart of the extensions by type: on how many machines, and in which version.

    The newest version that the inventory holds is marked: a newer one may be on offer, see `check_extensions`. At most
    40 types, those on most machines; of each its 8 newest versions, and the others together.
    """
    alt = need_altair()
    check_inventory(inv)
    by_type: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in inv.extensions:
        by_type[f"{one.publisher}.{one.type}"][one.version] += 1
    types = sorted(by_type, key=lambda name: (-by_type[name].total(), name))
    labels = apart([(name, "") for name in types[:BARS]])
    rows = []
    for called, name in zip(labels, types, strict=False):
        versions = sorted(by_type[name], key=version_key, reverse=True)
        for number, version in enumerate(versions[:_VERSIONS]):
            state = "not known" if not version else "older" if number else "newest here"
            row = {"extension": called, "version": version or "not known", "state": state, "order": number}
            rows.append({**row, "machines": by_type[name][version]})
        if rest := versions[_VERSIONS:]:
            row = {
                "extension": called,
                "version": f"{len(rest)} older {'one' if len(rest) == 1 else 'ones'}",
                "state": "older",
            }
            rows.append({**row, "order": _VERSIONS, "machines": sum(by_type[name][one] for one in rest)})
    scale = alt.Scale(domain=["newest here", "older", "not known"], range=[_GREEN, _ORANGE, _GREY])
    note = left_out(len(types) - BARS, "type", "on fewer machines")
    return (
        chart(rows)
        .mark_bar(stroke="white")
        .encode(
            y=alt.Y("extension:N", sort=labels, title=None, axis=alt.Axis(labelLimit=340)),
            x=alt.X("machines:Q", title="machines", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("state:N", scale=scale, title="version"),
            order="order:Q",
            tooltip=["extension:N", "version:N", "machines:Q"],
        )
        .properties(width=WIDTH, height=alt.Step(24), title=title("Versions of extensions", note))
    )


def link_speeds(inv: Inventory) -> altair.Chart:
    """A chart of the VMkernel adapters of each cluster and service, by the speed of their links.

    An adapter with several services counts for each of them. At most 40 rows, those with most adapters.
    """
    alt = need_altair()
    check_inventory(inv)
    clusters = _cluster_labels(inv)
    places = {host.id: clusters.get(host.cluster_id, "no cluster") for host in inv.hosts}
    counts: Counter[tuple[str, int | None]] = Counter()
    for adapter in inv.vmkernel_adapters:
        for service in sorted(adapter.services) or ["no service"]:
            place = f"{places.get(adapter.host_id, 'host not read')}: {harmless(service)}"
            counts[place, adapter.link_speed_mbps] += 1
    totals: Counter[str] = Counter()
    for (place, _), count in counts.items():
        totals[place] += count
    kept = sorted(sorted(totals, key=lambda place: (-totals[place], place))[:BARS])
    speeds = sorted({speed for place, speed in counts if place in kept}, key=lambda one: -1 if one is None else one)
    rows = [
        {"service": place, "speed": _speed(speed), "order": speeds.index(speed), "adapters": count}
        for (place, speed), count in sorted(counts.items(), key=str)
        if place in kept
    ]
    scale = alt.Scale(domain=[_speed(one) for one in speeds], range=[_speed_colour(one) for one in speeds])
    note = left_out(len(totals) - len(kept), "row", "with fewer adapters")
    return (
        chart(rows)
        .mark_bar()
        .encode(
            y=alt.Y("service:N", sort=kept, title=None, axis=alt.Axis(labelLimit=300)),
            x=alt.X("adapters:Q", title="VMkernel adapters", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("speed:N", scale=scale, title="link", sort=[_speed(one) for one in speeds]),
            order="order:Q",
            tooltip=["service:N", "speed:N", "adapters:Q"],
        )
        .properties(width=WIDTH, height=alt.Step(24), title=title("Links of VMkernel adapters", note))
    )


def _speed(mbps: int | None) -> str:
    return "not known" if mbps is None else "down" if not mbps else f"{mbps / 1000:g} Gbit/s"


def _speed_colour(mbps: int | None) -> str:
    if not mbps:
        return _GREY if mbps is None else _RED
    return next((colour for least, colour in _SPEEDS if mbps >= least), _ORANGE)
