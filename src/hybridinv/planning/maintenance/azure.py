"""What Azure's maintenance does: what it has announced for a machine, else what its documents say of the size."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hybridinv.model import PowerState
from hybridinv.model.maintenance import Effect, Impact, UpdateKind
from hybridinv.planning.maintenance.rules import (
    Part,
    announced_effects,
    confidential_series,
    finding,
    make_impact,
    series_in_doubt,
    series_without_migration,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hybridinv.model import Finding, Host, PendingUpdate, VirtualMachine
    from hybridinv.planning.index import Index

_SIZE = re.compile(r"(?:Standard|Basic|Internal)_([A-Z]+)", re.IGNORECASE)
_OFF = frozenset({PowerState.STOPPED, PowerState.DEALLOCATED, PowerState.SUSPENDED})
_OF_THE_HOST = frozenset({"", "host", "resource"})
"""Scopes of an announced update that are the host's; the others are the guest's."""
_OVER = frozenset({"completed", "maintenancecompleted"})
_SPOT = frozenset({"spot", "low"})
_MILDEST_FIRST = (Effect.UNAFFECTED, Effect.PAUSES, Effect.UNKNOWN, Effect.RESTARTS)


def plan_azure(index: Index, hosts: Sequence[Host], update: UpdateKind, _beneath: Collection[str] = ()) -> Part:
    """The machines on dedicated hosts; when each host goes is Azure's to say, so that there are no steps."""
    impacts = [azure_machine(vm, host, update) for host in hosts for vm in _on(index, host)]
    quiet = update in (UpdateKind.NO_IMPACT, UpdateKind.PAUSE)
    findings = [] if quiet else [finding("DedicatedHostWay", host.id, host=host.name) for host in hosts]
    for host in hosts:
        missing = [id_ for id_ in host.vm_ids if id_ not in index.vms]
        if missing:
            findings.append(finding("MachinesOfOthers", host.id, count=len(missing), host=host.name))
    return Part(impacts=tuple(impacts), findings=tuple(findings))


def _on(index: Index, host: Host) -> list[VirtualMachine]:
    found = {vm.id: vm for vm in index.machines.get(host.id, ())}
    found |= {id_: index.vms[id_] for id_ in host.vm_ids if id_ in index.vms}
    return list(found.values())


def azure_machine(vm: VirtualMachine, host: Host | None, update: UpdateKind) -> Impact:
    """What happens to one machine; what Azure has announced for it counts for more than what the update is called."""
    if vm.power_state in _OFF:
        return make_impact(vm, host, Effect.UNAFFECTED, "off")
    findings = list(_notes(vm))
    announced = max(_announced(vm), key=lambda one: _MILDEST_FIRST.index(one[0]), default=None)
    if announced:
        effect, pending = announced
        key = "azure_announced_unknown" if effect is Effect.UNKNOWN else "azure_announced"
        window, impact = _window(pending), pending.impact.lower() if pending else "a restart"
        return make_impact(vm, host, effect, key, findings=findings, impact=impact, window=window)
    if update is UpdateKind.NO_IMPACT:
        return make_impact(vm, host, Effect.UNAFFECTED, "azure_no_impact", findings=findings)
    if vm.power_state is PowerState.UNKNOWN:
        return make_impact(vm, host, Effect.UNKNOWN, "state_unknown", findings=findings)
    effect, key, series = _by_size(vm, update)
    return make_impact(vm, host, effect, key, findings=findings, series=series)


def _by_size(vm: VirtualMachine, update: UpdateKind) -> tuple[Effect, str, str]:
    size = _SIZE.match(vm.size)
    if not size:
        return Effect.UNKNOWN, "azure_size_unknown", ""
    if size[1].upper().startswith(confidential_series()):
        return Effect.UNKNOWN, "azure_confidential", size[1].upper()
    series = size[1][0].upper()
    if update is UpdateKind.PAUSE:
        if series in series_without_migration():
            return Effect.UNKNOWN, "azure_cannot_pause", series
        return Effect.PAUSES, "azure_pauses", series
    if series in series_without_migration():
        return Effect.RESTARTS, "azure_redeploys", series
    if series in series_in_doubt():
        return Effect.UNKNOWN, "azure_may_migrate", series
    return Effect.LIVE_MIGRATES, "azure_migrates", series


def _announced(vm: VirtualMachine) -> Iterator[tuple[Effect, PendingUpdate | None]]:
    """What is announced, and the effect of it; the text alone is there only where a restart is planned."""
    to_come = [
        one for one in vm.pending_updates if one.scope.lower() in _OF_THE_HOST and one.status.lower() not in _OVER
    ]
    if vm.maintenance and not to_come:
        yield Effect.RESTARTS, None
    for one in to_come:
        yield announced_effects().get(one.impact.lower(), Effect.UNKNOWN), one


def _window(pending: PendingUpdate | None) -> str:
    if pending is None or pending.not_before is None:
        return ""
    until = f" until {pending.until:%Y-%m-%d %H:%M}" if pending.until else ""
    return f", not before {pending.not_before:%Y-%m-%d %H:%M}{until} UTC"


def _notes(vm: VirtualMachine) -> Iterator[Finding]:
    if vm.maintenance:
        yield finding("MaintenanceAnnounced", vm.id, vm=vm.name, what=vm.maintenance)
    if vm.priority.lower() in _SPOT:
        yield finding("SpotMayBeEvicted", vm.id, vm=vm.name, priority=vm.priority)
