"""What keeps a machine where it is, wherever it is to go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.model import PowerState
from hybridinv.model.migration import MigrationKind, MigrationState
from hybridinv.planning.checks.devices import check_devices
from hybridinv.planning.checks.disks import check_disks
from hybridinv.planning.checks.faults import found
from hybridinv.planning.checks.networks import check_intranet
from hybridinv.planning.index import Index, index_of
from hybridinv.planning.move import state_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hybridinv.inventory import Inventory
    from hybridinv.model import Disk, Finding, VirtualMachine

_KNOWN_STATES = frozenset({PowerState.RUNNING, PowerState.STOPPED, PowerState.SUSPENDED})
_LOST = frozenset({"orphaned", "inaccessible", "invalid"})
_UNPROTECTED = frozenset({"", "notConfigured", "disabled"})
_RELOCATE, _MIGRATE = "RelocateVM_Task", "MigrateVM_Task"


def check_machine(
    vm: VirtualMachine,
    inv: Inventory | Index,
    *,
    kind: MigrationKind = MigrationKind.COMPUTE,
    moving_disks: tuple[Disk, ...] | None = None,
) -> Iterator[Finding]:
    """What stands in the way of migrating a machine, whatever its destination.

    `kind` is what is to change. `moving_disks` are those that go to another datastore: without it all of them,
    or none where only the host changes.
    """
    state, host_changes = state_of(vm), kind is not MigrationKind.STORAGE
    if moving_disks is None:
        moving_disks = () if kind is MigrationKind.COMPUTE else vm.disks
    yield from _check_state(vm, state)
    yield from _check_settings(vm, state, kind)
    yield from check_devices(vm, state, host_changes=host_changes)
    yield from check_disks(vm, state, moving_disks, host_changes=host_changes)
    if host_changes:
        yield from check_intranet(vm, index_of(inv), state)


def _check_state(vm: VirtualMachine, state: MigrationState) -> Iterator[Finding]:
    if vm.power_state not in _KNOWN_STATES:
        message = f"{vm.name} is {vm.power_state}; planned as {state}, which asks for more"
        yield from found("PowerStateUnknown", vm.id, message, state)
    if vm.connection_state in _LOST:
        yield from found("InvalidVmState", vm.id, f"{vm.name} is {vm.connection_state}", state)
    if vm.question:
        yield from found("QuestionPending", vm.id, f"{vm.name} waits for an answer: {vm.question}", state)
    if vm.tools_installer_mounted:
        message = f"the installer of VMware Tools is mounted in {vm.name}"
        yield from found("ToolsInstallationInProgress", vm.id, message, state)
    if _RELOCATE in vm.disabled_methods or _MIGRATE in vm.disabled_methods:
        message = f"the server would refuse {' and '.join(vm.disabled_methods)} for {vm.name}"
        lesser = _RELOCATE not in vm.disabled_methods
        yield from found("MigrationDisabled", vm.id, message, state, lesser=lesser)
    if vm.managed_by:
        yield from found("MachineInUseByAnExtension", vm.id, f"{vm.name} is managed by {vm.managed_by}", state)


def _check_settings(vm: VirtualMachine, state: MigrationState, kind: MigrationKind) -> Iterator[Finding]:
    host_changes, files_move = kind is not MigrationKind.STORAGE, kind is not MigrationKind.COMPUTE
    if host_changes and (vm.cpu_affinity or vm.memory_affinity):
        bound = [
            f"{what} {', '.join(numbers)}"
            for what, numbers in (("CPU", vm.cpu_affinity), ("NUMA node", vm.memory_affinity))
            if numbers
        ]
        yield from found("AffinityConfigured", vm.id, f"{vm.name} is bound to {' and '.join(bound)}", state)
    if vm.fault_tolerance not in _UNPROTECTED:
        message = f"Fault Tolerance of {vm.name} is {vm.fault_tolerance}"
        yield from found("CannotMoveFaultToleranceVm", vm.id, message, state, lesser=not files_move)
    if files_move and vm.consolidation_needed:
        yield from found("ConsolidationNeeded", vm.id, f"the disks of {vm.name} need consolidation", state)
