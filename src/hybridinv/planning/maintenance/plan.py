"""plan_maintenance: what happens to the machines of some hosts while these are updated, on every platform."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import attrs

from hybridinv.errors import MultipleMatches, NotFound, NotSupported
from hybridinv.model import Finding, Host, Severity, VirtualMachine
from hybridinv.model.maintenance import Effect, Impact, MaintenancePlan, UpdateKind, blocked
from hybridinv.planning.index import Index, index_of
from hybridinv.planning.maintenance.arc import SameMachines
from hybridinv.planning.maintenance.azure import azure_machine, plan_azure
from hybridinv.planning.maintenance.hub import hub_machine, plan_hub
from hybridinv.planning.maintenance.rules import Part, make_impact
from hybridinv.planning.maintenance.vsphere import plan_vsphere

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hybridinv.inventory import Inventory

_PLANNERS: dict[str, Callable[[Index, Sequence[Host], UpdateKind], Part]] = {
    "vsphere": plan_vsphere,
    "azure-stack-hub": plan_hub,
    "azure": plan_azure,
}
_ARC = "azure-arc"


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
    targets = list(_targets(inv, hosts))
    wanted = [one for one in targets if isinstance(one, Host)]
    strange = [host for host in wanted if host.platform not in _PLANNERS]
    if strange:
        raise NotSupported(
            f"{strange[0].name} is on {strange[0].platform}, whose hosts nobody here can plan for",
            remedy=f"the platforms are: {', '.join(_PLANNERS)}",
        )
    parts = [
        planner(index, [host for host in wanted if host.platform == platform], kind)
        for platform, planner in _PLANNERS.items()
    ]
    same = SameMachines(inv)
    told = {impact.vm.id: impact for part in parts for impact in part.impacts}
    beneath = _Beneath(index, kind, same, told)
    machines = [one for one in targets if isinstance(one, VirtualMachine) and one.id not in told]
    impacts = [*told.values(), *(beneath.impact(vm) for vm in machines)]
    return _plan(wanted, kind, parts, [same.named(impact) for impact in impacts])


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
        if host is None:
            return make_impact(vm, None, Effect.UNKNOWN, "host_unknown")
        part = _PLANNERS[host.platform](self._index, [host], self._update)
        findings = tuple(one for one in part.findings if one.severity is not Severity.INFO)
        for impact in part.impacts:
            self._told.setdefault(impact.vm.id, attrs.evolve(impact, findings=(*impact.findings, *findings)))
        return self._told[vm.id]


def _update(word: UpdateKind | str) -> UpdateKind:
    try:
        return UpdateKind(word)
    except ValueError:
        raise NotSupported(f"there is no update {word!r}", remedy=f"choose one of: {', '.join(UpdateKind)}") from None


def _targets(
    inv: Inventory, hosts: Host | VirtualMachine | str | Iterable[Host | VirtualMachine | str]
) -> Iterator[Host | VirtualMachine]:
    """What is asked for, each once."""
    several = [hosts] if isinstance(hosts, (Host, VirtualMachine, str)) else list(hosts)
    if not several:
        raise NotSupported("no host was given", remedy="give hosts: records, ids or names")
    seen: set[str] = set()
    for one in several:
        found = _find(inv, one)
        if found.id not in seen:
            seen.add(found.id)
            yield found


def _find(inv: Inventory, wanted: Host | VirtualMachine | str) -> Host | VirtualMachine:
    if isinstance(wanted, Host):
        return inv.hosts.get(wanted.id)
    if isinstance(wanted, VirtualMachine):
        return inv.vms.get(wanted.id)
    if not isinstance(wanted, str):
        raise NotSupported(f"{wanted!r:.80} is no host", remedy="give a Host, a VirtualMachine, an id or a name")
    for found in (_by_id(inv, wanted), _by_name(inv.hosts, wanted), _by_name(inv.vms, wanted)):
        if len(found) > 1:
            ids = ", ".join(one.id for one in found[:5])
            raise MultipleMatches(f"{len(found)} records are named {wanted!r}", remedy=f"give an id: {ids}")
        if found:
            return found[0]
    names = {host.name for host in inv.hosts} | {vm.name for vm in inv.vms if vm.platform in ("azure", _ARC)}
    close = difflib.get_close_matches(wanted, names, cutoff=0.4)
    hint = f"did you mean {' or '.join(map(repr, close))}?" if close else "collect it, or check the spelling"
    raise NotFound(f"no host of this inventory has the id or name {wanted!r}", remedy=hint)


def _by_id(inv: Inventory, wanted: str) -> list[Host | VirtualMachine]:
    for records in (inv.hosts, inv.vms):
        try:
            return [records.get(wanted)]
        except NotFound:
            continue
    return []


def _by_name(records: Sequence[Host] | Sequence[VirtualMachine], wanted: str) -> list[Host | VirtualMachine]:
    """The records of that name, or of that name before its domain, in any letter case."""
    name = wanted.lower()
    named = [one for one in records if one.name.lower() == name]
    return [*(named or [one for one in records if one.name.lower().partition(".")[0] == name])]
