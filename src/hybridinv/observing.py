"""What two inventories, one after the other, tell of machines that moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.errors import NotSupported
from hybridinv.inventory import Inventory
from hybridinv.model import Change, PowerState, VirtualMachine
from hybridinv.tables import Records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hybridinv.inventory import Named


def observed_migrations(before: Inventory, after: Inventory, of: Named) -> Records[Change]:
    """The machines of a source that moved to another host while they ran: one change of `host_id` each.

    `before` and `after` of a change are the hosts' names. A machine counts where both inventories know its host, it ran
    in both, and it is the same one by its platform's own id; one that was off in either, or was booted in between where
    the platform tells (vSphere does, Azure Stack Hub does not), was placed anew and did not migrate. A machine that
    came back to its host in between is not seen. Why the host of a machine is not known, its `problems` say.
    """
    for inventory, name in ((before, "before"), (after, "after")):
        _check(inventory, name, of)
    return Records(Change, _moves(before, after, of))


def _moves(before: Inventory, after: Inventory, of: Named) -> Iterator[Change]:
    earlier, names = {vm.id: vm for vm in _of(before, of)}, _names(before, after)
    for vm in _of(after, of):
        old = earlier.get(vm.id)
        if old and old.host_id and vm.host_id and old.host_id != vm.host_id and _ran_on(old, vm):
            left, reached = (names.get(id_) or id_.rpartition("/")[2] for id_ in (old.host_id, vm.host_id))
            yield Change(kind="vms", id=vm.id, name=vm.name, field="host_id", before=left, after=reached)


def _ran_on(old: VirtualMachine, new: VirtualMachine) -> bool:
    same = old.native_id.lower() == new.native_id.lower()
    booted = old.booted_at and new.booted_at and old.booted_at != new.booted_at
    return same and not booted and {old.power_state, new.power_state} == {PowerState.RUNNING}


def _names(*inventories: Inventory) -> dict[str, str]:
    return {host.id: host.name for inventory in inventories for host in inventory.hosts}


def _of(inventory: Inventory, of: Named) -> list[VirtualMachine]:
    return [vm for vm in inventory.vms if (vm.platform, vm.source) == (of.platform, of.source)]


def _check(inventory: Inventory, name: str, of: Named) -> None:
    """`NotSupported` where the inventory cannot tell: nothing seen is not nothing moved."""
    if not isinstance(inventory, Inventory):
        raise NotSupported(
            f"`{name}` is {type(inventory).__name__}, not an Inventory", remedy="pass what inventory() gave"
        )
    vms = _of(inventory, of)
    looked = (vms and not inventory.asked) or any(
        (one.platform, one.source) == (of.platform, of.source) and "vms" in one.kinds for one in inventory.asked
    )
    if not looked:
        raise NotSupported(f"`{name}` has not looked for machines of {of.source}", remedy="collect its vms")
    running = [vm for vm in vms if vm.power_state is PowerState.RUNNING]
    if running and not any(vm.host_id for vm in vms):
        raise NotSupported(
            f"`{name}` does not know the host of any machine of {of.source}",
            remedy="collect with an account, and for Azure Stack Hub an admin_endpoint=, that sees the hosts",
        )
