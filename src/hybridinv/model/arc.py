"""Azure's side of onboarding to Arc: resource providers, who has arrived, who is covered."""

from __future__ import annotations

import attrs

from hybridinv.model.fact import Word, fact, several
from hybridinv.model.findings import Problem
from hybridinv.model.onboarding import OnboardingReason
from hybridinv.model.rendering import Shown

_REGISTERED = "registered"


@attrs.frozen(kw_only=True)
class ResourceProvider:
    """A resource provider that Arc uses, and whether a subscription is registered for it."""

    subscription_id: str = fact("", "The subscription, in lower case.")
    namespace: str = fact("", "Its name: `Microsoft.HybridCompute`.", arc="namespace")
    state: str = fact(
        "", "As Azure writes it: `Registered`, `Registering`, `NotRegistered`, …", arc="registrationState"
    )
    required: bool = fact(False, "Whether no server can be onboarded without it.")
    why: str = fact("", "What it is for.")
    locations: tuple[str, ...] = several(
        (), "The regions where Arc keeps servers, as `westeurope`; of Microsoft.HybridCompute alone.",
        arc="resourceTypes[machines].locations",
    )  # fmt: skip
    problems: tuple[Problem, ...] = several((), "Why registering it failed, where that was asked for.")

    @property
    def is_registered(self) -> bool:
        """Whether the subscription is registered for it, in every region."""
        return self.state.lower() == _REGISTERED


class OnboardingState(Word):
    """What has become of a machine that was to be onboarded."""

    CONNECTED = "connected"
    NOT_THERE = "not_there"
    NO_STATUS_YET = "no_status_yet"
    IN_ERROR = "in_error"
    DISCONNECTED = "disconnected"
    EXPIRED = "expired"
    CLONED = "cloned"
    NAME_TAKEN = "name_taken"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown"


@attrs.frozen(kw_only=True)
class OnboardingCheck:
    """What Arc says of one candidate of an onboarding plan."""

    vm_id: str = fact("", "The machine's record, as in the plan.")
    name: str = fact("", "Its name on its platform.")
    state: OnboardingState = fact(
        OnboardingState.UNKNOWN, "What has become of it; unknown where Azure could not be read.",
        converter=OnboardingState,
    )  # fmt: skip
    arc_id: str = fact("", "Its record at Arc, where there is one.")
    message: str = fact("", "What Arc says.")
    remedy: str = fact("", "What to do next.")
    waited_s: float = fact(0.0, "How long it was looked for until it had this state.", unit="s")


class CoverageState(Word):
    """Whether Arc manages a machine."""

    COVERED = "covered"
    PENDING = "pending"
    STALE = "stale"
    MISSING = "missing"
    IN_DOUBT = "in_doubt"
    NOT_POSSIBLE = "not_possible"
    SHOULD_NOT_BE = "should_not_be"


@attrs.frozen(kw_only=True)
class ArcCoverage(Shown):
    """Whether Arc manages one machine of an inventory, and why not."""

    vm_id: str = fact("", "The machine's record; of one that only Arc shows, its record there.")
    name: str = fact("", "Its name on its platform.")
    platform: str = fact("", "The platform of that record.")
    source: str = fact("", "The source of that record.")
    state: CoverageState = fact(
        CoverageState.MISSING,
        "`pending`: at Arc, but without a status; `stale`: disconnected, expired or in error; `missing`: it could be"
        " onboarded; `in_doubt`: clones share its identity, or Arc has a status that is not known here;"
        " `should_not_be`: the agent is in a VM of Azure or Azure Stack Hub.",
        converter=CoverageState,
    )
    reason: OnboardingReason = fact(
        OnboardingReason.READY, "The same in more detail, as in an onboarding plan.", converter=OnboardingReason
    )
    arc_id: str = fact("", "Its record at Arc, where it has one.")
    message: str = fact("", "What is so.")
    remedy: str = fact("", "What to do about it.")
