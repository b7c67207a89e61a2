"""What runs the onboarding script inside a guest, and what can be told from what it leaves: texts only, no network."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.model import OSType
from hybridinv.model.guest import OnboardingRunState
from hybridinv.onboarding.codes import code_lines

if TYPE_CHECKING:
    from hybridinv.model.onboarding import OnboardingTarget

_SHOWN_LOG = 8_000
_SHOWN_LINE = 300
_AZCM = re.compile(r"AZCM\d{4}")
_VERIFY = "hi.verify_onboarding asks Azure"
_READ_LOG = "read the log"
_OWN_CODES = {
    200: "let the guest reach Microsoft's download hosts, or give a mirror as download_url",
    201: "another run is under way in the guest; look again later",
    203: "the secret did not arrive in the guest; run it again",
    204: "in the guest: azcmagent check, azcmagent logs",
    205: "the mirror has another installer than sha256= says",
}
"""What to do about the script's own exit codes."""


@attrs.frozen
class Launch:
    """What is put into the guest beside the secret, and how it is started there."""

    script: str
    launcher: str
    text: str
    """The launcher's."""


def launch(os_type: OSType) -> Launch:
    """The names of the files in the guest, and the text of the one that runs the script."""
    if os_type is OSType.WINDOWS:
        return Launch("onboard.ps1", "run.cmd", _template("guest_windows.cmd").replace("\n", "\r\n"))
    return Launch("onboard.sh", "run.sh", _template("guest_linux.sh"))


def _template(name: str) -> str:
    return (resources.files(__package__) / "templates" / name).read_text(encoding="utf-8")


@attrs.frozen(kw_only=True)
class Verdict:
    """How a run ended, as fields of an `OnboardingRun`."""

    state: OnboardingRunState
    message: str
    remedy: str = ""
    azcm_code: str = ""


def judge(exit_code: int | None, log: str, agent: str, target: OnboardingTarget, os_type: OSType) -> Verdict:
    """How it ended: connected only where the exit code is 0 and the agent's own words (`azcmagent show -j`) say so."""
    if exit_code is None:
        return Verdict(
            state=OnboardingRunState.UNKNOWN, message="how the script ended could not be learned", remedy=_VERIFY
        )
    if exit_code == 0:
        return _after_success(agent, target)
    code = next(reversed(_AZCM.findall(log)), "")
    cause, remedy = _explained(code, os_type)
    told = f"{code}: {cause}" if cause else _last_line(log) or "it said nothing"
    return Verdict(
        state=OnboardingRunState.FAILED,
        message=f"the script ended with {exit_code}: {told}",
        remedy=remedy or _OWN_CODES.get(exit_code, _READ_LOG),
        azcm_code=code,
    )


def _after_success(agent: str, target: OnboardingTarget) -> Verdict:
    state = _properties(agent)
    if not state:
        return Verdict(
            state=OnboardingRunState.UNKNOWN,
            message="the script ended with 0, but what the agent says of itself could not be read",
            remedy=_VERIFY,
        )
    status, name, group = (str(state.get(key, "")) for key in ("status", "resourceName", "resourceGroup"))
    if status.lower() != "connected":
        return Verdict(
            state=OnboardingRunState.FAILED,
            message=f"the script ended with 0, but the agent's status is {status[:40]!r}",
            remedy=_OWN_CODES[204],
        )
    place = (str(state.get("subscriptionId", "")).lower(), group.lower())
    if place != (target.subscription_id.lower(), target.resource_group.lower()):
        return Verdict(
            state=OnboardingRunState.FAILED,
            message=f"the agent is connected as {name[:80]} in {group[:90]}, which is not the target",
            remedy="if it shall move: azcmagent disconnect, then run it again",
        )
    return Verdict(state=OnboardingRunState.CONNECTED, message=f"connected as {name[:80]} in {group[:90]}")


def _properties(agent: str) -> dict[str, Any]:
    try:
        found = json.loads(agent)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _explained(code: str, os_type: OSType) -> tuple[str, str]:
    for line in code_lines(os_type).splitlines():
        known, cause, remedy = line.split("|")
        if known == code:
            return cause, remedy
    return "", ""


def _last_line(log: str) -> str:
    return next((line.strip()[:_SHOWN_LINE] for line in reversed(log.splitlines()) if line.strip()), "")


def read_text(body: bytes) -> str:
    """The text of a file that a guest wrote: UTF-16 where its mark says so, else UTF-8."""
    coding = "utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return body.decode(coding, "replace")


def read_code(text: str) -> int | None:
    """The exit code that a launcher wrote down."""
    return int(text) if re.fullmatch(r"\s*-?\d{1,10}\s*", text) else None


def end_of(log: str) -> str:
    """As much of a log as is kept."""
    return log if len(log) <= _SHOWN_LOG else f"…{log[-_SHOWN_LOG:]}"
