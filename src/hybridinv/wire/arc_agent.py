"""The connected machine agent of Azure Arc, as a machine's resource tells of it."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from datetime import date, timedelta
from functools import cache
from importlib import resources
from sys import intern
from typing import TYPE_CHECKING

from hybridinv.model import Agent, AgentStatus, Tags

if TYPE_CHECKING:
    from hybridinv.wire.reading import Body

_STATUS = {
    "connected": AgentStatus.READY,
    "awaitingconnection": AgentStatus.NOT_READY,
    "disconnected": AgentStatus.DISCONNECTED,
    "expired": AgentStatus.EXPIRED,
    "error": AgentStatus.ERROR,
}
_LOGIN = re.compile(r"(\w+://)?.*@", re.DOTALL)
_VERSION = re.compile(r"0*(\d{1,9})\.0*(\d{1,9})(?:\.|$)", re.ASCII)


def read_agent(properties: Body) -> Agent:
    """The agent from a machine's `properties`. `changed_at` is the last change of status, never a heartbeat.

    A null status is UNKNOWN: the machine was onboarded a moment ago, or no agent has reported at all. A status that
    is not known here is UNKNOWN too, with its word in `message`.
    """
    word = properties.text("status")
    status = _STATUS.get(word.strip().lower())
    version, settings = properties.text("agentVersion"), properties.at("agentConfiguration")
    untold = "no status yet" if version else "no status yet: no agent has reported"
    details = (
        ": ".join(filter(None, (error.text("code"), error.text("message"))))
        for error in properties.each("errorDetails")
    )
    said = (word if status in (None, AgentStatus.NOT_READY) else "") if word else untold
    return Agent(
        kind="connected-machine-agent",
        version=version,
        status=status or AgentStatus.UNKNOWN,
        message="; ".join(filter(None, (said, properties.text("statusReason"), *details))),
        changed_at=properties.moment("lastStatusChange"),
        allows_extensions=settings.truth("extensionsEnabled"),
        mode=intern(settings.text("configMode")),
        released_on=released_on(version),
        auto_upgrade=properties.truth("agentUpgrade.enableAutomaticUpgrade"),
        desired_version=properties.text("agentUpgrade.desiredVersion"),
        last_upgrade=intern(properties.text("agentUpgrade.lastAttemptStatus")),
        guest_configuration=settings.truth("guestConfigurationEnabled"),
        incoming_ports=settings.texts("incomingConnectionsPorts"),
        allowed_extensions=_listed(settings, "extensionsAllowList"),
        blocked_extensions=_listed(settings, "extensionsBlockList"),
        proxy=_without_login(settings.text("proxyUrl")),
        services=_services(properties.at("serviceStatuses")),
    )


def released_on(version: str) -> date | None:
    """The first day of the month in which that version of the agent came out; None where no release note tells.

    The months are data, `agent_releases.toml`, with the notes they were read in.
    """
    numbers = _VERSION.match(version)
    month = _released().get(f"{numbers[1]}.{numbers[2]}") if numbers else None
    return date.fromisoformat(f"{month}-01") if month else None


def released_by(version: str) -> date | None:
    """The last day on which that version of the agent can have come out; None where nobody can tell.

    One of which no release note was found came out no later than the next that is known.
    """
    numbers = _VERSION.match(version)
    if not numbers:
        return None
    known = _released_in_order()
    place = bisect_left(known, (int(numbers[1]), int(numbers[2])), key=lambda row: row[0])
    if place == len(known):
        return None
    first = known[place][1]
    return date(first.year + first.month // 12, first.month % 12 + 1, 1) - timedelta(days=1)


@cache
def _released_in_order() -> tuple[tuple[tuple[int, int], date], ...]:
    months = {tuple(map(int, version.split("."))): month for version, month in _released().items()}
    return tuple(((major, minor), date.fromisoformat(f"{months[major, minor]}-01")) for major, minor in sorted(months))


@cache
def _released() -> dict[str, str]:
    text = resources.files(__package__).joinpath("agent_releases.toml").read_text("utf-8")
    released: dict[str, str] = tomllib.loads(text)["released"]
    return released


def _listed(settings: Body, name: str) -> tuple[str, ...]:
    pairs = ((one.text("publisher"), one.text("type")) for one in settings.each(name))
    return tuple("/".join(filter(None, pair)) for pair in pairs)


def _without_login(proxy: str) -> str:
    return _LOGIN.sub(r"\1", proxy)


def _services(statuses: Body) -> Tags:
    value = statuses.value
    return Tags({name: state for name in value if (state := statuses.text(f"{name}.status"))} if value else None)
