"""Which machine runs on which node of an Azure Stack Hub, for the records of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from hybridinv.inventory import problem_of
from hybridinv.model import Host, PowerState, Problem, VirtualMachine
from hybridinv.wire import arm as wire
from hybridinv.wire import fabric
from hybridinv.wire.reading import Origin, uuid_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hybridinv.errors import HybridInvError
    from hybridinv.platforms.hub_fabric import OperatorPlane


@attrs.frozen(kw_only=True)
class Placing:
    """Which machine is on which host, both ways; and what of it could not be read."""

    host_of: Mapping[str, Host]
    vm_ids: Mapping[str, tuple[str, ...]]
    health: Mapping[str, str]
    of_vms: tuple[Problem, ...]
    of_hosts: tuple[Problem, ...]
    odd: tuple[Problem, ...]
    """What is odd in an answer that came: any of the hosts may lack machines for it."""
    claims: Mapping[str, tuple[str, ...]]
    """The nodes that name a machine, by vmId, where the Hub tells."""
    origin: Origin
    is_told: bool

    @classmethod
    def of(cls, hosts: Iterable[Host], plane: OperatorPlane, origin: Origin) -> Placing:
        by_name = {_key(host): host for host in hosts}
        host_of: dict[str, Host] = {}
        vm_ids: dict[str, tuple[str, ...]] = {}
        health: dict[str, str] = {}
        claims: dict[str, tuple[str, ...]] = {}
        placements = plane.placements
        for place, placement in placements.units:
            here = {
                node.name: host
                for node in placement.nodes
                if (host := by_name.get((place.subscription.lower(), place.region.lower(), node.name.lower())))
            }
            for node in placement.nodes:
                if host := here.get(node.name):
                    vm_ids[host.id] = tuple(machine.id for machine in node.machines if machine.id)
                    health[host.id] = node.health
            for id_, names in placement.claims().items():
                claims[id_] = (*claims.get(id_, ()), *names)
            host_of |= {id_: here[name] for id_, name in placement.node_of().items() if name in here}
        absent = (_absent(origin),) if placements.absent else ()
        return cls(
            host_of=host_of,
            vm_ids=vm_ids,
            health=health,
            of_vms=_problems((*placements.lost, *placements.odd), origin, "vms"),
            of_hosts=(*_problems(placements.lost, origin, "hosts"), *absent),
            odd=_problems(placements.odd, origin, "hosts"),
            claims=claims,
            origin=origin,
            is_told=bool(placements.units),
        )

    def placed(self, vm: VirtualMachine) -> VirtualMachine:
        """The machine with its host."""
        host = self.host_of.get(uuid_text(vm.native_id))
        if host is None:
            return attrs.evolve(vm, problems=(*vm.problems, *(self.of_vms or self._why(vm))))
        return attrs.evolve(vm, host_id=host.id, cluster_id=host.cluster_id)

    def _why(self, vm: VirtualMachine) -> tuple[Problem, ...]:
        """Why a machine that runs is on no host; one that is off need not be on any."""
        if not self.is_told or vm.power_state is not PowerState.RUNNING:
            return ()
        nodes = self.claims.get(uuid_text(vm.native_id), ())
        if not vm.native_id:
            message = "it has no vmId, so its node is not known"
        elif not nodes:
            message = "it runs, and no node names it"
        elif len(nodes) > 1:
            message = f"it runs, and several nodes name it: {', '.join(nodes)}"
        else:
            message = f"it runs on {nodes[0]}, which is not among the nodes that were read"
        remedy = "read again: a machine on its way between two nodes can be on neither"
        return (fabric.odd(self.origin, "vms", vm.id, message, remedy),)

    def filled(self, host: Host) -> Host:
        """The host with its machines."""
        known = host.id in self.health
        return attrs.evolve(
            host,
            vm_ids=self.vm_ids.get(host.id, ()),
            state=self.health.get(host.id, ""),
            problems=(*host.problems, *(() if known else self.of_hosts), *self.odd),
        )


def _key(host: Host) -> tuple[str, str, str]:
    rid = wire.parse_id(host.id)
    return rid.subscription_id, rid.names[0] if rid.names else "", host.name.lower()


def _problems(lost: Iterable[tuple[str, HybridInvError]], origin: Origin, kind: str) -> tuple[Problem, ...]:
    problems = (problem_of(error, origin, kind=kind, scope=scope) for scope, error in lost)
    return tuple(attrs.evolve(one, message=f"which machine is on which node: {one.message}") for one in problems)


def _absent(origin: Origin) -> Problem:
    """A word for the hosts of a Hub that is too old to tell; nothing went wrong, so nothing is missing."""
    message = "this Hub does not say which machines its nodes run"
    return fabric.odd(origin, "hosts", "", message, "computeScaleUnits has it, from api-version 2021-03-30 on")
