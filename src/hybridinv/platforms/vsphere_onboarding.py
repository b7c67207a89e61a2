"""What `VSphere.run_onboarding` does: take the script into each machine of a plan, and everything out again."""

from __future__ import annotations

import contextvars
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import attrs

from hybridinv.collecting import one_at_a_time
from hybridinv.errors import HybridInvError, NotSupported
from hybridinv.model.guest import OnboardingRun, OnboardingRunState
from hybridinv.platforms.vsphere_guest import Transfers, Unsure
from hybridinv.platforms.vsphere_terms import Accounts, Keys, NotTried, Terms
from hybridinv.platforms.vsphere_visit import FOLDER, Trip, Visit
from hybridinv.tables import Records
from hybridinv.transport.deadline import deadline as within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hybridinv.model.onboarding import OnboardingCase, OnboardingPlan
    from hybridinv.transport.vmomi import Session


def run_onboarding(
    source: str,
    session: Session,
    transfers: Transfers,
    plan: OnboardingPlan,
    accounts: Accounts,
    terms: Terms,
    *,
    resume: Iterable[OnboardingRun] = (),
    progress: Callable[[OnboardingRun], None] | None = None,
    deadline: float | None = None,
) -> Records[OnboardingRun]:
    """One record for each candidate of a plan, in its order."""
    terms.check(plan)
    earlier = _connected(resume)
    keys = Keys(accounts, plan)
    with within(deadline):
        done = {case.vm_id: earlier[case.vm_id] for case in plan.candidates if case.vm_id in earlier}
        cases = [case for case in plan.candidates if case.vm_id not in done]
        if cases:
            vcenter = session.run(lambda content: content.about.instanceUuid or source)
            trip = Trip(
                source=source, vcenter=vcenter, session=session, transfers=transfers, plan=plan, keys=keys, terms=terms
            )
            done |= _side_by_side(trip, cases, terms.workers, one_at_a_time(progress))
    return Records(OnboardingRun, (done[case.vm_id] for case in plan.candidates))


def _connected(resume: Iterable[OnboardingRun]) -> dict[str, OnboardingRun]:
    earlier = list(resume)
    if any(not isinstance(one, OnboardingRun) for one in earlier):
        raise NotSupported("resume= takes what run_onboarding has given", remedy="leave it out for a first run")
    return {one.vm_id: one for one in earlier if one.state is OnboardingRunState.CONNECTED}


def _side_by_side(
    trip: Trip, cases: list[OnboardingCase], workers: int, tell: Callable[[OnboardingRun], None] | None
) -> dict[str, OnboardingRun]:
    """Each machine's record. After Ctrl-C those that run are ended and tidied up, and the others do not begin."""
    with ThreadPoolExecutor(min(workers, len(cases)), thread_name_prefix="hybridinv") as pool:
        running = {pool.submit(contextvars.copy_context().run, _visited, trip, case): case for case in cases}
        try:
            for future in as_completed(running):
                if tell:
                    tell(_outcome(future, running[future]))
        except BaseException as stop:
            trip.stopped.set()
            wait(running)
            for future, case in running.items():
                one = _outcome(future, case)
                if one.left_behind:
                    stop.add_note(f"left in the guest {one.name}: {', '.join(one.left_behind)}")
            raise
    return {case.vm_id: _outcome(future, case) for future, case in running.items()}


def _outcome(future: Future[OnboardingRun], case: OnboardingCase) -> OnboardingRun:
    error = future.exception()
    if error is None:
        return future.result()
    # Its text may hold anything, a secret too.
    return OnboardingRun(
        vm_id=case.vm_id, name=case.name, os_type=case.os_type, state=OnboardingRunState.UNKNOWN,
        message=f"an error of this library: {type(error).__name__}",
        remedy="look into the guest, and report it", left_behind=(f"perhaps a folder {FOLDER}",),
    )  # fmt: skip


def _visited(trip: Trip, case: OnboardingCase) -> OnboardingRun:
    """What became of one machine."""
    visit = Visit(trip, case)
    started_at = datetime.now(UTC)
    try:
        found = visit.go()
    except NotTried as error:
        found = visit.record(OnboardingRunState.SKIPPED, error.message, error.remedy)
    except Unsure as error:
        found = visit.record(OnboardingRunState.UNKNOWN, error.message, error.remedy)
    except HybridInvError as error:
        found = visit.failed(error)
    return attrs.evolve(
        found, started_at=started_at, finished_at=datetime.now(UTC), left_behind=tuple(visit.left_behind)
    )
