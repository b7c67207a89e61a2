"""plan_maintenance: what happens to the machines of some hosts while these are updated, on every platform."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

import attrs

from hybridinv.errors import MultipleMatches, NotFound, NotSupported
from hybridinv.model import Finding, Host, Severity, VirtualMachine
from hybridinv.model.maintenance import Effect, Impact, MaintenancePlan, UpdateKind, blocked
from hybridinv.planning.incomplete import check_machines_there, check_read
from hybridinv.planning.index import Index, index_of
from hybridinv.planning.maintenance.arc import SameMachines
from hybridinv.planning.maintenance.azure import azure_machine, plan_azure
from hybridinv.planning.maintenance.hub import hub_machine, plan_hub
from hybridinv.planning.maintenance.rules import Part, make_impact
from hybridinv.planning.maintenance.vsphere import plan_vsphere

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from hybridinv.inventory import Inventory

_PLANNERS: dict[str, Callable[[Index, Sequence[Host], UpdateKind, Collection[str]], Part]] = {
    "vsphere": plan_vsphere,
    "azure-stack-hub": plan_hub,
    "azure": plan_azure,
}
_MOVING = frozenset({"vsphere", "azure-stack-hub"})
"""Platforms whose hosts are known beneath their machines, and emptied."""
_ARC = "azure-arc"
R = TypeVar("R", Host, VirtualMachine)


def plan_maintenance(
    inv: Inventory,
    hosts: Host | VirtualMachine | str | Iterable[Host | VirtualMachine | str],
    *,
    update: UpdateKind | str = UpdateKind.RESTART,
) -> MaintenancePlan:
    """Say what happens to every machine on those hosts, and in which order the hosts can go.

    `hosts` is one or several: records, ids or names. A machine stands for the host beneath it, which Azure and Arc do
    not show: then only that machine is told of. `update` is what is done to the hosts: `no_impact`, `pause`,
    `restart` or `power_off`. Hosts of one cluster go one after the other, and machines that were moved to a host whose
    turn comes later move again.
    """
    kind = _update(update)
    index = index_of(inv)
    same = SameMachines(inv)
    targets = list(_targets(inv, same, hosts))
    wanted = [one for one in targets if isinstance(one, Host)]
    strange = [host for host in wanted if host.platform not in _PLANNERS]
    if strange:
        raise NotSupported(
            f"{strange[0].name} is on {strange[0].platform}, whose hosts nobody here can plan for",
            remedy=f"the platforms are: {', '.join(_PLANNERS)}",
        )
    machines = [one for one in targets if isinstance(one, VirtualMachine)]
    parts = [_run(index, platform, wanted, machines, same, kind) for platform in _PLANNERS]
    told = {impact.vm.id: impact for part in parts for impact in part.impacts}
    asked = {host.id for host in wanted}
    of_hosts = [impact for impact in told.values() if impact.host and impact.host.id in asked]
    beneath = _Beneath(index, kind, same, told)
    named = {impact.vm.id for impact in of_hosts}
    impacts = [*of_hosts, *(beneath.impact(vm) for vm in machines if vm.id not in named)]
    return _plan(wanted, kind, [*parts, _gaps(index, wanted, impacts)], [same.named(impact) for impact in impacts])


def _run(
    index: Index,
    platform: str,
    wanted: Sequence[Host],
    machines: Iterable[VirtualMachine],
    same: SameMachines,
    update: UpdateKind,
) -> Part:
    """One run over all that is asked for of a platform: its hosts, and those beneath machines.

    Where only machines are asked for, what there is to say of their hosts is said of them, and no order is given.
    """
    own = {host.id: host for host in wanted if host.platform == platform}
    lower: dict[str, Host] = {}
    if platform in _MOVING:
        grounds = (index.hosts.get(same.beneath(vm).host_id) for vm in machines)
        lower = {host.id: host for host in grounds if host and host.platform == platform and host.id not in own}
    part = _PLANNERS[platform](index, [*own.values(), *lower.values()], update, frozenset(lower))
    if not lower or own:
        return part
    findings = [one for one in part.findings if one.severity is not Severity.INFO]
    impacts = (attrs.evolve(one, findings=(*one.findings, *findings)) for one in part.impacts)
    return Part(impacts=tuple(impacts))


def _gaps(index: Index, wanted: Sequence[Host], impacts: Sequence[Impact]) -> Part:
    """What could not be read of the sources concerned."""
    lower = {impact.host.id: impact.host for impact in impacts if impact.host}
    hosts = {**lower, **{host.id: host for host in wanted}}
    sources = {(host.platform, host.source) for host in hosts.values()}
    sources |= {(impact.vm.platform, impact.vm.source) for impact in impacts}
    clusters = {host.cluster_id for host in hosts.values() if host.cluster_id}
    near = {*hosts, *(host.id for cluster_id in clusters for host in index.members.get(cluster_id, ()))}
    used = near | clusters | {vm.id for host_id in near for vm in index.machines.get(host_id, ())}
    used |= {impact.vm.id for impact in impacts} | {disk.datastore_id for one in impacts for disk in one.vm.disks}
    absent = (one for host in hosts.values() if host.platform == "vsphere" for one in check_machines_there(index, host))
    return Part(findings=(*check_read(index, sources, used), *absent))


def _plan(hosts: list[Host], update: UpdateKind, parts: list[Part], impacts: list[Impact]) -> MaintenancePlan:
    steps = [step for part in parts for step in part.steps]
    findings: dict[Finding, None] = dict.fromkeys(one for part in parts for one in part.findings)
    findings |= dict.fromkeys(one for impact in impacts for one in impact.findings)
    rank = list(Severity).index
    ordered = tuple(sorted(findings, key=lambda one: rank(one.severity)))
    return MaintenancePlan(
        hosts=tuple(hosts),
        update=update,
        impacts=tuple(impacts),
        steps=tuple(attrs.evolve(step, number=number) for number, step in enumerate(steps, 1)),
        findings=ordered,
        feasible=not blocked(ordered),
    )


class _Beneath:
    """What happens to single machines, by the hosts beneath them."""

    def __init__(self, index: Index, update: UpdateKind, same: SameMachines, told: dict[str, Impact]) -> None:
        self._index = index
        self._update = update
        self._same = same
        self._told = dict(told)

    def impact(self, vm: VirtualMachine) -> Impact:
        """What the maintenance of the host beneath it does to a machine."""
        if vm.id in self._told:
            return self._told[vm.id]
        if vm.platform == _ARC:
            return self._same.impact(vm, self._update, self.impact)
        host = self._index.hosts.get(vm.host_id)
        if vm.platform == "azure":
            return azure_machine(vm, host, self._update)
        if host is None and vm.platform == "azure-stack-hub":
            return hub_machine(vm, self._update)
        if host is None or host.platform not in _PLANNERS:
            return make_impact(vm, host, Effect.UNKNOWN, "host_unknown")
        return self._told.get(vm.id) or make_impact(vm, host, Effect.UNKNOWN, "host_unknown")


def _update(word: UpdateKind | str) -> UpdateKind:
    try:
        return UpdateKind(word)
    except ValueError:
        raise NotSupported(f"there is no update {word!r}", remedy=f"choose one of: {', '.join(UpdateKind)}") from None


def _targets(
    inv: Inventory, same: SameMachines, hosts: Host | VirtualMachine | str | Iterable[Host | VirtualMachine | str]
) -> Iterator[Host | VirtualMachine]:
    """What is asked for, each once."""
    if isinstance(hosts, (Host, VirtualMachine, str)) or not isinstance(hosts, Iterable):
        hosts = [hosts]
    several = list(hosts)
    if not several:
        raise NotSupported("no host was given", remedy="give hosts: records, ids or names")
    seen: set[str] = set()
    for one in several:
        found = _find(inv, same, one)
        if found.id not in seen:
            seen.add(found.id)
            yield found


def _find(inv: Inventory, same: SameMachines, wanted: object) -> Host | VirtualMachine:
    if isinstance(wanted, Host):
        return inv.hosts.get(wanted.id)
    if isinstance(wanted, VirtualMachine):
        return inv.vms.get(wanted.id)
    if not isinstance(wanted, str):
        raise NotSupported(f"{wanted!r:.80} is no host", remedy="give a Host, a VirtualMachine, an id or a name")
    hosts, vms = _named(inv.hosts, wanted), same.lowest(_named(inv.vms, wanted))
    for found in (_by_id(inv, wanted), hosts, vms):
        if len(found) > 1:
            ids = ", ".join(one.id for one in found[:5])
            raise MultipleMatches(f"{len(found)} records are named {wanted!r}", remedy=f"give an id: {ids}")
        if found:
            return found[0]
    names = {host.name for host in inv.hosts if host.platform in _PLANNERS}
    names |= {vm.name for vm in inv.vms if vm.platform in (*_PLANNERS, _ARC)}
    close = difflib.get_close_matches(wanted, names, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, close))}?" if close else "collect it, or check the spelling"
    raise NotFound(f"no host or machine of this inventory has the id or name {wanted!r}", remedy=hint)


def _by_id(inv: Inventory, wanted: str) -> list[Host | VirtualMachine]:
    for records in (inv.hosts, inv.vms):
        try:
            return [records.get(wanted)]
        except NotFound:
            continue
    return []


def _named(records: Iterable[R], wanted: str) -> list[R]:
    """The records of that name, or of that name before its domain, in any letter case."""
    name = wanted.lower()
    named = [one for one in records if one.name.lower() == name]
    return named or [one for one in records if one.name.lower().partition(".")[0] == name]
