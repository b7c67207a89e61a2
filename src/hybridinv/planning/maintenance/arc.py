"""What happens to a server under Arc: what the platform beneath does to it, where that is known."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from hybridinv.identity import same_machines
from hybridinv.model import MatchConfidence
from hybridinv.model.maintenance import Effect, Impact, UpdateKind
from hybridinv.planning.maintenance.rules import finding, make_impact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hybridinv.inventory import Inventory
    from hybridinv.model import MachineMatch, VirtualMachine

_NAMES = {"vsphere": "vSphere", "azure-stack-hub": "Azure Stack Hub", "azure": "Azure"}
_CLOUDS = {"HCI": "Azure Local", "SCVMM": "System Center Virtual Machine Manager", "AWS": "AWS", "GCP": "Google Cloud"}


class SameMachines:
    """Which records are one machine, worked out when it is first asked for."""

    def __init__(self, inv: Inventory) -> None:
        self._inv = inv

    @cached_property
    def _several(self) -> bool:
        return len({vm.platform for vm in self._inv.vms}) > 1

    @cached_property
    def _matches(self) -> Mapping[str, MachineMatch]:
        matches = same_machines(self._inv) if self._several else ()
        return {id_: match for match in matches for id_ in match.vm_ids}

    def named(self, impact: Impact) -> Impact:
        """The impact with the records of other platforms that are the same machine."""
        match = self._matches.get(impact.vm.id)
        if match is None or match.ambiguous:
            return impact
        return attrs.evolve(impact, other_ids=tuple(id_ for id_ in match.vm_ids if id_ != impact.vm.id))

    def impact(self, vm: VirtualMachine, update: UpdateKind, beneath: Callable[[VirtualMachine], Impact]) -> Impact:
        """What happens to a server under Arc; `beneath` says it of a machine of another platform."""
        match = self._matches.get(vm.id)
        if match and match.ambiguous:
            return make_impact(vm, None, Effect.UNKNOWN, "arc_ambiguous")
        other = self._other(match)
        if match and other:
            return _as(vm, other, match, beneath(other))
        if vm.is_virtual is False:
            if update is UpdateKind.NO_IMPACT:
                return make_impact(vm, None, Effect.UNAFFECTED, "arc_physical_runs")
            return make_impact(vm, None, Effect.STOPS, "arc_physical")
        cloud = vm.cloud_provider or _CLOUDS.get(vm.kind, "")
        if cloud:
            return make_impact(vm, None, Effect.UNKNOWN, "arc_elsewhere", cloud=cloud)
        return make_impact(vm, None, Effect.UNKNOWN, "arc_unknown")

    def beneath(self, vm: VirtualMachine) -> VirtualMachine:
        """The machine of another platform that a server under Arc is, where that is known; else itself."""
        match = self._matches.get(vm.id) if vm.platform == "azure-arc" else None
        return (match and not match.ambiguous and self._other(match)) or vm

    def lowest(self, vms: Sequence[VirtualMachine]) -> list[VirtualMachine]:
        """The machines, or the one beneath where all are one."""
        first, others = (vms[0].id, {vm.id for vm in vms}) if vms else ("", set())
        match = self._matches.get(first) if len(others) > 1 else None
        if match is None or match.ambiguous or not others <= set(match.vm_ids):
            return list(vms)
        other = self._other(match)
        return [other] if other and other.id in others else list(vms)

    def _other(self, match: MachineMatch | None) -> VirtualMachine | None:
        others = [self._inv.vms.get(id_) for id_ in match.vm_ids] if match else []
        order = list(_NAMES)
        known = [one for one in others if one.platform in order]
        return min(known, key=lambda one: order.index(one.platform), default=None)


def _as(vm: VirtualMachine, other: VirtualMachine, match: MachineMatch, impact: Impact) -> Impact:
    findings = impact.findings
    if match.confidence is MatchConfidence.LOW:
        evidence = ", ".join(match.evidence)
        findings = (finding("WeakMatch", vm.id, vm=vm.name, other=other.name, evidence=evidence), *findings)
    told = make_impact(
        vm,
        impact.host,
        impact.effect,
        "arc_beneath",
        destination=impact.destination,
        findings=findings,
        name=other.name,
        platform=_NAMES[other.platform],
        reason=impact.reason,
    )
    return attrs.evolve(told, sources=(*told.sources, *impact.sources), confidence=impact.confidence)
