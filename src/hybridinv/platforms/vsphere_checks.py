"""What `VSphere.check_migration` does: ask the vCenter's own checker, which moves nothing, and compare."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pyVmomi import vim

from hybridinv.errors import AccessDenied, DeadlineExceeded, NotSupported
from hybridinv.model import Finding, Severity
from hybridinv.model.migration import MigrationPlan, MigrationState
from hybridinv.transport.deadline import deadline as within
from hybridinv.transport.deadline import remaining
from hybridinv.transport.patience import PATIENCE
from hybridinv.transport.vmomi import Session, read_object
from hybridinv.wire.reading import look
from hybridinv.wire.vim.checking import read_check, read_told

if TYPE_CHECKING:
    from hybridinv.model.observed import MigrationCheck

_CHECKS = ("CheckMigrate_Task", "CheckRelocate_Task")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_ENDED = ("success", "error")
_PRIVILEGES = {MigrationState.HOT: "Resource.HotMigrate", MigrationState.COLD: "Resource.ColdMigrate"}
"""What the migration itself needs; by the API reference the check needs System.View alone."""


class _Asking:
    """A stub that sends the two checks and nothing else: whatever is called by it, nothing moves."""

    def __init__(self, stub: Any) -> None:
        self._stub = stub
        self.version = stub.version

    def InvokeMethod(self, mo: Any, info: Any, args: Any) -> Any:  # noqa: N802 - pyVmomi's name
        """Called by pyVmomi for every method of a managed object."""
        if info.wsdlName not in _CHECKS:
            raise NotSupported(f"{info.wsdlName} is no check", remedy="use native() to change things")
        return self._stub.InvokeMethod(mo, info, args)


def check_migration(source: str, session: Session, plan: MigrationPlan, deadline: float | None) -> MigrationCheck:
    """What the vCenter finds in the way of a plan, and where it and the plan differ."""
    _check_plan(source, plan)
    with within(PATIENCE if deadline is None else deadline):
        return session.run(lambda content: _checked(source, content, plan))


def _check_plan(source: str, plan: MigrationPlan) -> None:
    if not isinstance(plan, MigrationPlan):
        raise NotSupported(f"{plan!r:.60} is no plan", remedy="give what plan_migration gives")
    if plan.vm.source != source:
        raise NotSupported(f"{plan.vm.name} is not at {source}", remedy=f"ask the adapter of {plan.vm.source}")
    vcenter = _vcenter(plan.vm.id)
    elsewhere = [
        id_ for id_ in (plan.destination_host_id, plan.destination_datastore_id) if id_ and _vcenter(id_) != vcenter
    ]
    if elsewhere:
        raise NotSupported(
            f"{elsewhere[0]} is of another vCenter, and a check across two is not supported",
            remedy="plan a migration within one vCenter",
        )
    if not _moves_host(plan) and not plan.destination_datastore_id:
        raise NotSupported(f"the plan moves {plan.vm.name} nowhere", remedy="plan it with another host or datastore")


def _checked(source: str, content: Any, plan: MigrationPlan) -> MigrationCheck:
    if not getattr(content, "vmProvisioningChecker", None):
        raise NotSupported(f"{source} has no provisioning checker, as ESXi hosts have none", remedy="ask its vCenter")
    stub = content.rootFolder._stub
    vm = vim.VirtualMachine(_moref(plan.vm.id), stub)
    outdated = _outdated(content, vm, plan)
    checker = vim.vm.check.ProvisioningChecker(content.vmProvisioningChecker._GetMoId(), _Asking(stub))
    try:
        operation, task = _ask(content, checker, vm, plan)
        info = _wait(source, content, task, operation)
        told = read_told(info, plan.vm.id, lambda moref: f"{_vcenter(plan.vm.id)}/{moref}", operation)
    except AccessDenied as error:
        error.source = source
        error.missing = error.missing or _PRIVILEGES[plan.state]
        error.remedy = f"give the account {error.missing} on the machine, the host and the datastore"
        raise
    return read_check(
        told,
        plan.findings,
        vm_id=plan.vm.id,
        operation=operation,
        is_fault=lambda code: hasattr(vim.fault, code),
        also=outdated,
        checked_at=datetime.now(UTC),
    )


def _ask(content: Any, checker: Any, vm: Any, plan: MigrationPlan) -> tuple[str, Any]:
    """Begin the check that fits: of a host alone, or of a host, a datastore and a resource pool."""
    stub = content.rootFolder._stub
    host = vim.HostSystem(_moref(plan.destination_host_id), stub) if _moves_host(plan) else None
    pool = _pool(content, plan, host) if host else None
    if not plan.destination_datastore_id:
        return "CheckMigrate_Task", checker.CheckMigrate_Task(vm, host, pool, None, None)
    datastore = vim.Datastore(_moref(plan.destination_datastore_id), stub)
    spec = vim.vm.RelocateSpec(datastore=datastore, host=host, pool=pool)
    return "CheckRelocate_Task", checker.CheckRelocate_Task(vm, spec, None)


def _pool(content: Any, plan: MigrationPlan, host: Any) -> Any:
    """The root pool of the cluster it goes to; None within its own, where it keeps the pool that it is in."""
    stub = content.rootFolder._stub
    target = read_object(content, host, ["parent"]).properties.get("parent")
    if not target or (plan.vm.cluster_id and target == _moref(plan.vm.cluster_id)):
        return None
    compute = (vim.ClusterComputeResource if target.startswith("domain-c") else vim.ComputeResource)(target, stub)
    pool = read_object(content, compute, ["resourcePool"]).properties.get("resourcePool")
    return vim.ResourcePool(pool, stub) if pool else None


def _outdated(content: Any, vm: Any, plan: MigrationPlan) -> tuple[Finding, ...]:
    """Whether the machine has left the host of the plan, which is then a plan for another day."""
    now = read_object(content, vm, ["runtime.host"]).properties.get("runtime.host")
    if not now or not plan.source_host_id or now == _moref(plan.source_host_id):
        return ()
    return (
        Finding(
            severity=Severity.WARNING,
            code="PlanOutdated",
            subject_id=plan.vm.id,
            message=f"{plan.vm.name} is on {now} now; the plan has it on {plan.source_host_name}",
            remedy="collect again and make a new plan",
        ),
    )


def _wait(source: str, content: Any, task: Any, operation: str) -> Any:
    """The `TaskInfo` of a check that has ended; one that is waited for too long ends by itself."""
    pause = _FIRST_PAUSE
    while True:
        info = read_object(content, task, ["info"]).properties.get("info")
        if look(info, "state") in _ENDED:
            return info
        left = remaining()
        if left is not None and left <= pause:
            raise DeadlineExceeded(
                f"the deadline passed before {operation} had ended",
                source=source,
                operation=operation,
                remedy="pass a longer deadline=; the check goes on and ends by itself",
            )
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _moves_host(plan: MigrationPlan) -> bool:
    return plan.destination_host_id not in ("", plan.source_host_id)


def _vcenter(id_: str) -> str:
    return id_.rpartition("/")[0]


def _moref(id_: str) -> str:
    return id_.rpartition("/")[2]
