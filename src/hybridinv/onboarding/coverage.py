"""arc_coverage: which machines Arc manages, which not, and why."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hybridinv.model.arc import ArcCoverage, CoverageState
from hybridinv.model.onboarding import OnboardingReason
from hybridinv.onboarding.plan import onboarding_cases
from hybridinv.tables import Records

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hybridinv.inventory import Inventory
    from hybridinv.model import VirtualMachine
    from hybridinv.model.onboarding import OnboardingCase, OnboardingTarget

_STATES = {
    OnboardingReason.READY: CoverageState.MISSING,
    OnboardingReason.ALREADY_CONNECTED: CoverageState.COVERED,
    OnboardingReason.NO_STATUS_YET: CoverageState.PENDING,
    OnboardingReason.DISCONNECTED: CoverageState.STALE,
    OnboardingReason.EXPIRED: CoverageState.STALE,
    OnboardingReason.IN_ERROR: CoverageState.STALE,
    OnboardingReason.STATUS_UNKNOWN: CoverageState.IN_DOUBT,
    OnboardingReason.DUPLICATE_UUID: CoverageState.IN_DOUBT,
}
_VMS_OF_AZURE = (OnboardingReason.AZURE_VM, OnboardingReason.STACK_HUB_VM)


def arc_coverage(inv: Inventory, target: OnboardingTarget | None = None) -> Records[ArcCoverage]:
    """Every machine of an inventory, once, with whether Arc manages it; it asks no endpoint.

    It goes by the same rules as `plan_onboarding`: with the same target, its candidates are the `missing` ones here.
    Without Arc in the inventory nobody is covered, so collect it; `inv.problems` says what of it could not be read.
    """
    return Records(ArcCoverage, [_coverage(case, inv.vms.get(case.vm_id)) for case in onboarding_cases(inv, target)])


def coverage_counts(coverage: Iterable[ArcCoverage]) -> dict[CoverageState, int]:
    """How many machines are in each state; states that none is in are there too."""
    counts = Counter(one.state for one in coverage)
    return {state: counts[state] for state in CoverageState}


def _coverage(case: OnboardingCase, vm: VirtualMachine) -> ArcCoverage:
    state = _STATES.get(case.reason, CoverageState.NOT_POSSIBLE)
    message, remedy = "Arc does not have it", "onboard it: plan_onboarding"
    if state is not CoverageState.MISSING:
        message = "; ".join(one.message for one in case.findings)
        remedy = "; ".join(one.remedy for one in case.findings)
    if case.reason in _VMS_OF_AZURE and case.arc_id:
        state = CoverageState.SHOULD_NOT_BE
        remedy = "take Arc's agent out: azcmagent disconnect, then remove it; use VM extensions"
    return ArcCoverage(
        vm_id=case.vm_id,
        name=case.name,
        platform=vm.platform,
        source=vm.source,
        state=state,
        reason=case.reason,
        arc_id=case.arc_id,
        message=message,
        remedy=remedy,
    )
