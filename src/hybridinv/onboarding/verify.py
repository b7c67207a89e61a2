"""verify_onboarding: what has become of the machines of a plan, asked until they are connected or time is up."""

from __future__ import annotations

import math
import time
from collections import Counter
from typing import TYPE_CHECKING

import attrs

from hybridinv import errors
from hybridinv.collecting import Progress
from hybridinv.errors import (
    AccessDenied,
    AuthenticationFailed,
    HybridInvError,
    IncompleteInventory,
    NotFound,
    NotSupported,
    TLSFailed,
)
from hybridinv.inventory import problem_of
from hybridinv.model import Problem
from hybridinv.model.arc import OnboardingCheck, OnboardingState
from hybridinv.model.onboarding import OnboardingPlan
from hybridinv.model.rendering import bounded_table, page
from hybridinv.model.wording import cell
from hybridinv.onboarding.arrivals import Arrivals
from hybridinv.tables import Records

if TYPE_CHECKING:
    from collections.abc import Callable

    from hybridinv.collecting import Source
    from hybridinv.inventory import Inventory

_LONGEST_PAUSE = 60.0
_GROWTH = 1.5
_SPARE = 5.0
_SETTLED = {
    OnboardingState.CONNECTED,
    OnboardingState.CLONED,
    OnboardingState.NAME_TAKEN,
    OnboardingState.ELSEWHERE,
}
"""Waiting changes nothing of these."""
_FINAL = (AccessDenied, AuthenticationFailed, NotFound, NotSupported, TLSFailed)
"""Errors that trying again does not mend."""


@attrs.frozen(kw_only=True)
class OnboardingVerification:
    """What has become of the candidates of a plan, and what could not be read while looking."""

    checks: Records[OnboardingCheck] = attrs.field(factory=lambda: Records(OnboardingCheck))
    """One for each candidate, in the plan's order."""
    problems: tuple[Problem, ...] = ()
    """What could not be read the last time; the states before it are kept."""
    waited_s: float = 0.0
    """How long it was looked for them."""
    polls: int = 0
    """How often Azure was asked."""

    @property
    def done(self) -> bool:
        """Whether every candidate is connected."""
        return all(one.state is OnboardingState.CONNECTED for one in self.checks)

    @property
    def counts(self) -> dict[OnboardingState, int]:
        """How many candidates are in each state; states that none is in are there too."""
        counts = Counter(one.state for one in self.checks)
        return {state: counts[state] for state in OnboardingState}

    def __repr__(self) -> str:
        return f"<OnboardingVerification {self}>"

    def _repr_html_(self) -> str:
        checks = [(one.name, one.state.replace("_", " "), one.message, one.remedy) for one in self.checks]
        problems = [(one.scope, one.error, one.message, one.remedy) for one in self.problems]
        return page(
            f"<p><strong>{cell(self)}</strong></p>",
            bounded_table(("name", "state", "message", "remedy"), checks),
            f"<p>Could not be read: {len(problems)}</p>" if problems else "",
            bounded_table(("scope", "error", "message", "remedy"), problems),
        )

    def __str__(self) -> str:
        counts = self.counts
        others = [
            f"{number} {state.replace('_', ' ')}"
            for state, number in counts.items()
            if number and state is not OnboardingState.CONNECTED
        ]
        connected = f"{counts[OnboardingState.CONNECTED]} of {len(self.checks)} connected after {self.waited_s:.0f} s"
        return "; ".join(filter(None, (connected, ", ".join(others))))


def verify_onboarding(
    arc: Source,
    plan: OnboardingPlan,
    timeout: float = 900.0,
    *,
    interval: float = 15.0,
    progress: Callable[[Progress], None] | None = None,
) -> OnboardingVerification:
    """What has become of each candidate of a plan: asked until all are connected, or `timeout` seconds are over.

    Azure is asked for its list of machines after `interval` seconds and then ever more seldom, whatever their number;
    `timeout=0` looks once. A machine is known by the BIOS UUID that both sides show, and by its name in the target's
    resource group. `progress` is called after each look, `read` being how many are connected.

    What could not be read is in `problems`, and a machine it may hide is `unknown`; it is an exception only where
    nothing at all could be read. Who is connected has a heartbeat at Azure: nothing is said of what runs in it.
    """
    _check(arc, plan, timeout, interval)
    watch = _Watch(arc, plan)
    began, pause = time.monotonic(), interval
    while plan.candidates:
        asked_at = time.monotonic() - began
        watch.look(timeout - asked_at if timeout else None, asked_at)
        now = time.monotonic() - began
        if progress:
            progress(watch.step(done=False))
        # The next look must have the time to end.
        room = timeout - now - max(2 * (now - asked_at), min(_SPARE, timeout / 10))
        if watch.is_settled or room <= 0:
            break
        time.sleep(min(pause, room))
        pause = min(pause * _GROWTH, max(_LONGEST_PAUSE, interval))
    watch.raise_if_nothing_read()
    if progress:
        progress(watch.step(done=True))
    return OnboardingVerification(
        checks=Records(OnboardingCheck, watch.checks.values()),
        problems=watch.problems,
        waited_s=time.monotonic() - began,
        polls=watch.polls,
    )


def _check(arc: Source, plan: object, timeout: object, interval: object) -> None:
    if not isinstance(plan, OnboardingPlan):
        raise NotSupported(
            f"plan= is {type(plan).__name__}, not an OnboardingPlan",
            remedy="plan_onboarding and load_onboarding give one",
        )
    if getattr(arc, "platform", "") != "azure-arc":
        raise NotSupported(f"{arc!r:.60} is no Azure Arc adapter", remedy="pass hi.AzureArc(…)")
    for name, value, least in (("timeout", timeout, 0), ("interval", interval, 0.001)):
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not (least <= value < math.inf):  # type: ignore[operator]
            raise NotSupported(f"{name}={value!r:.40} is no time to wait", remedy="give seconds")


def _raise_for_source(inv: Inventory) -> None:
    """The error of a source that could not be read at all, as the exception it was."""
    for problem in inv.problems:
        kind = getattr(errors, problem.error, None)
        if not problem.kind and isinstance(kind, type) and issubclass(kind, errors.EndpointError):
            raise kind(problem.message, remedy=problem.remedy, source=problem.source)


class _Watch:
    """The candidates, and what was last known of each."""

    def __init__(self, arc: Source, plan: OnboardingPlan) -> None:
        self._arc = arc
        self._arrivals = Arrivals(plan)
        self._subscription_id = plan.target.subscription_id.lower()
        self.checks = {
            case.vm_id: OnboardingCheck(vm_id=case.vm_id, name=case.name, message="Azure was not read yet")
            for case in plan.candidates
        }
        self.problems: tuple[Problem, ...] = ()
        self.polls = 0
        self._has_read = False
        self._error: HybridInvError | None = None

    @property
    def is_settled(self) -> bool:
        return all(one.state in _SETTLED for one in self.checks.values())

    def look(self, deadline: float | None, waited_s: float) -> None:
        """Ask once; what could not be read leaves what was known before."""
        self.polls += 1
        try:
            inv = self._arc.inventory(["vms"], deadline=deadline)
            _raise_for_source(inv)
        except HybridInvError as error:
            if isinstance(error, _FINAL) and not self._has_read:
                raise
            self._error = error
            self.problems = (problem_of(error, self._arc, kind="vms"),)
            return
        self._check_asked(inv)
        self.problems = tuple(inv.problems)
        lost = [one for one in inv.problems if one.kind in ("", "vms")]
        blind = [one for one in lost if self._covers_target(one)]
        if not self._has_read and {one.error for one in blind} & {error.__name__ for error in _FINAL}:
            inv.raise_for_problems()
        self._has_read |= not blind or bool(inv.vms)
        for check in self._arrivals.checks(inv.vms):
            before = self.checks[check.vm_id]
            if check.state is OnboardingState.NOT_THERE and (problem := self._hides(check, lost)):
                if before.state not in (OnboardingState.UNKNOWN, OnboardingState.NOT_THERE):
                    continue
                check = attrs.evolve(
                    check, state=OnboardingState.UNKNOWN, message=f"Azure could not be read: {problem.message}",
                    remedy=problem.remedy,
                )  # fmt: skip
            waited = before.waited_s if before.state is check.state else waited_s
            self.checks[check.vm_id] = attrs.evolve(check, waited_s=waited)

    def _check_asked(self, inv: Inventory) -> None:
        read = {one for asked in inv.asked for one in asked.subscription_ids}
        if read and self._subscription_id not in read:
            raise NotSupported(
                f"{self._arc!r} does not read the subscription {self._subscription_id} of the plan",
                remedy="name it in subscription_ids=, or give the account the Reader role there",
            )

    def _hides(self, check: OnboardingCheck, lost: list[Problem]) -> Problem | None:
        """The problem for which the machine may be there unseen."""
        expected = self._arrivals.expected_id(check.vm_id)
        own = (expected, expected.rpartition("/")[2])
        return next((one for one in lost if self._covers_target(one) or one.scope.lower() in own), None)

    def _covers_target(self, problem: Problem) -> bool:
        return problem.scope.lower() in ("", f"/subscriptions/{self._subscription_id}")

    def raise_if_nothing_read(self) -> None:
        """The last error, where no look has found anything out."""
        if self.polls and not self._has_read:
            if self._error is not None:
                raise self._error
            raise IncompleteInventory(self.problems)

    def step(self, *, done: bool) -> Progress:
        """How far it is."""
        connected = sum(one.state is OnboardingState.CONNECTED for one in self.checks.values())
        return Progress(
            source=self._arc.source,
            platform=self._arc.platform,
            kind="vms",
            read=connected,
            expected=len(self.checks),
            done=done,
            problems=len(self.problems),
        )
