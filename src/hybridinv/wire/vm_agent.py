"""The VM agent inside a machine of Azure or Azure Stack Hub: what was wanted, and what the platform sees of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hybridinv.model import Agent, AgentStatus, PowerState, Tags
from hybridinv.wire.reading import Body

if TYPE_CHECKING:
    from collections.abc import Iterable

_KIND = "azure-vm-agent"
_WORDS = {"ready": AgentStatus.READY, "not ready": AgentStatus.NOT_READY}
_CODES = {"succeeded": AgentStatus.READY, "unavailable": AgentStatus.NOT_READY}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def read_agent(properties: Body, view: Body, power: PowerState, *, known: bool) -> Agent:
    """What the platform sees of the agent; and apart from that what was wanted, which is no proof of one.

    A machine made from a specialised disk has no `osProfile`: whether one was wanted is then unknown. `known` says
    whether there is an instance view. API: `osProfile`, `instanceView.vmAgent`.
    """
    wanted = _on_either(properties, "provisionVMAgent")
    intent: dict[str, Any] = {
        "kind": _KIND,
        "is_wanted": wanted,
        "allows_extensions": properties.truth("osProfile.allowExtensionOperations"),
        "auto_upgrade": _on_either(properties, "enableVMAgentPlatformUpdates"),
    }
    agent = view.at("vmAgent")
    if not known or power is PowerState.DEALLOCATED:
        return Agent(**intent, message="deallocated" if known else "no instance view")
    if not agent.value:
        missing = wanted is False and power is not PowerState.STOPPED
        return Agent(
            **intent,
            status=AgentStatus.NOT_INSTALLED if missing else AgentStatus.UNKNOWN,
            message="made with provisionVMAgent false" if missing else "the instance view has no vmAgent",
        )
    version = agent.text("vmAgentVersion")
    latest, changed_at = _latest(agent.each("statuses"))
    word, code = latest.text("displayStatus"), latest.text("code").rpartition("/")[2]
    status = _WORDS.get(word.strip().lower()) or (None if word else _CODES.get(code.lower()))
    message = latest.text("message")
    return Agent(
        **intent,
        version="" if version.lower() == "unknown" else version,
        status=status or AgentStatus.UNKNOWN,
        message=message if status else ": ".join(filter(None, (word or code, message))),
        changed_at=changed_at,
        services=_handlers(agent),
    )


def _on_either(properties: Body, setting: str) -> bool | None:
    """A setting of the Windows or the Linux configuration; None where neither has it."""
    found = [properties.truth(f"osProfile.{system}Configuration.{setting}") for system in ("windows", "linux")]
    return True if True in found else False if False in found else None


def _handlers(agent: Body) -> Tags:
    """The extension handlers that the agent runs, `type version`, and what it says of them."""
    found = {}
    for handler in agent.each("extensionHandlers"):
        name = " ".join(filter(None, (handler.text("type"), handler.text("typeHandlerVersion"))))
        status = handler.at("status")
        if name:
            found[name] = status.text("displayStatus") or status.text("code").rpartition("/")[2]
    return Tags(found)


def _latest(statuses: Iterable[Body]) -> tuple[Body, datetime | None]:
    """The status with the last time, and that time; of two alike, the one that stands later."""
    timed = [(status, status.moment("time")) for status in statuses]
    return max(reversed(timed), key=lambda pair: pair[1] or _LONG_AGO, default=(Body({}), None))
