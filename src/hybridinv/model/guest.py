"""Running the onboarding inside machines, through guest operations: whose account, and what came of it."""

from __future__ import annotations

from datetime import datetime

import attrs

from hybridinv.errors import NotSupported
from hybridinv.model.fact import Word, fact, in_utc, several
from hybridinv.model.machines import OSType


def _text(_: object, field: attrs.Attribute[str], value: object) -> None:
    if not isinstance(value, str) or not value:
        # Never the value: somebody may have changed the two round.
        raise NotSupported(f"{field.name}= is no text", remedy="GuestCredentials(username=…, password=…)")


@attrs.frozen
class GuestCredentials:
    """An account of a guest's own operating system: root or an administrator. Its repr hides the password."""

    username: str = attrs.field(validator=_text, metadata={"doc": "As the guest takes it: `root`, `DOMAIN\\user`."})
    password: str = attrs.field(repr=False, validator=_text, metadata={"doc": "Its password; shown nowhere."})


class OnboardingRunState(Word):
    """What has become of one machine in a run of the onboarding."""

    WOULD_RUN = "would_run"
    CONNECTED = "connected"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


@attrs.frozen(kw_only=True)
class OnboardingRun:
    """What a run of the onboarding did in one machine, or would do."""

    vm_id: str = fact("", "The machine's record, as in the plan.")
    name: str = fact("", "Its name on its platform.")
    os_type: OSType = fact(OSType.UNKNOWN, "Which script it took.", converter=OSType)
    state: OnboardingRunState = fact(
        OnboardingRunState.UNKNOWN,
        "`connected`: the script ended with 0 and the agent says so; `skipped`: nothing was tried in it; `unknown`: the"
        " script was, or may have been, started, and nobody knows how it ended.",
        converter=OnboardingRunState,
    )
    exit_code: int | None = fact(None, "What the script ended with.", vsphere="GuestProcessInfo.exitCode")
    azcm_code: str = fact("", "The last code of the agent in the log: `AZCM0042`.")
    message: str = fact("", "What happened, or would.")
    remedy: str = fact("", "What to do next.")
    left_behind: tuple[str, ...] = several((), "What is still in the guest and should not be.")
    log: str = fact("", "The end of what the script said, without secrets.")
    started_at: datetime | None = fact(None, "When its turn came.", converter=in_utc)
    finished_at: datetime | None = fact(None, "When it was through, cleaning up included.", converter=in_utc)
