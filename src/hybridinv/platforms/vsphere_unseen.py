"""What an inventory's machines refer to and the account was not shown: a datastore, a network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from hybridinv.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hybridinv.inventory import Inventory
    from hybridinv.model import VirtualMachine

_KINDS = frozenset({"datastores", "networks"})
_NOTE = re.compile(r"the (?:datastore|network) .* is not among what this account may see", re.DOTALL)


def with_unseen(inventory: Inventory) -> Inventory:
    """The inventory with a note at each machine that has a disk or an adapter on what is not in it.

    A kind that was not asked for, or of which a part could not be read, says nothing about what is hidden.
    """
    asked = {kind for one in inventory.asked for kind in one.kinds}
    lost = {problem.kind for problem in inventory.problems if problem.error}
    whole = _KINDS & (asked - lost)
    if not whole or "" in lost:
        return inventory
    seen = {kind: {record.id for record in inventory.tables()[kind]} for kind in whole}
    vms = [_noted(vm, seen) for vm in inventory.vms]
    if all(one is other for one, other in zip(vms, inventory.vms, strict=True)):
        return inventory
    return attrs.evolve(inventory, vms=vms)


def _noted(vm: VirtualMachine, seen: dict[str, set[str]]) -> VirtualMachine:
    notes = tuple(
        Problem(platform=vm.platform, source=vm.source, kind="vms", scope=vm.id, message=message)
        for message in dict.fromkeys(_unseen(vm, seen))
    )
    # One that was noted before may be seen by now.
    earlier = tuple(problem for problem in vm.problems if not problem.error and _NOTE.fullmatch(problem.message))
    if notes == earlier:
        return vm
    return attrs.evolve(vm, problems=(*(one for one in vm.problems if one not in earlier), *notes))


def _unseen(vm: VirtualMachine, seen: dict[str, set[str]]) -> Iterator[str]:
    named = (
        *(("datastores", "datastore", one.name, one.datastore_id) for one in vm.disks),
        *(("networks", "network", one.name, one.network_id) for one in vm.nics),
    )
    for kind, what, name, id_ in named:
        if id_ and kind in seen and id_ not in seen[kind]:
            yield f"the {what} {id_.rpartition('/')[2]} of {name} is not among what this account may see"
