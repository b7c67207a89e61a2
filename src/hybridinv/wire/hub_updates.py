"""Microsoft.Update.Admin rows → records: the updates of an Azure Stack Hub, and their runs."""

from __future__ import annotations

import re
from typing import Any

from hybridinv.model.fabric import HubUpdate, UpdateRun
from hybridinv.wire.arm import arm_id, own_id, own_name
from hybridinv.wire.reading import Body, Origin

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?", re.ASCII)
_DONE = {"success", "succeeded", "skipped", "notstarted", ""}
_DEPTH = 20


def read_update(body: dict[str, Any], origin: Origin) -> HubUpdate:
    """An update; `UnexpectedAnswer` where it has no id. API: `updateLocations/updates`."""
    item, rid = Body(body), own_id(body)
    properties = item.at("properties")
    id_ = arm_id(rid.text)
    return HubUpdate(
        id=id_,
        name=own_name(item, rid),
        platform=origin.platform,
        source=origin.source,
        title=properties.text("displayName", "description"),
        version=properties.text("version"),
        publisher=properties.text("publisher"),
        kind=properties.text("packageType"),
        state=properties.text("state"),
        location=item.text("location"),
        size_bytes=properties.number("packageSizeInMb", times=2**20),
        progress_percent=properties.number("updateStateProperties.progressPercentage"),
        requires_version=properties.text("minVersionRequired"),
        requires_oem_version=properties.text("minOemVersionRequired"),
        installed_at=properties.moment("installedDate"),
        notes=properties.text("releaseLink", "kbLink"),
        problems=item.problems(origin, "updates", id_),
    )


def read_update_run(body: dict[str, Any], origin: Origin) -> UpdateRun:
    """A run of an update; `UnexpectedAnswer` where it has no id. API: `updateLocations/updates/updateRuns`."""
    item, rid = Body(body), own_id(body)
    properties = item.at("properties")
    id_ = arm_id(rid.text)
    steps = _unfinished(properties.at("progress"))
    return UpdateRun(
        id=id_,
        name=own_name(item, rid),
        platform=origin.platform,
        source=origin.source,
        update_id=arm_id(rid.parent) if len(rid.names) > 2 else "",
        update=rid.names[-2] if len(rid.names) > 2 else "",
        state=properties.text("state"),
        started_at=properties.moment("timeStarted"),
        seconds=_seconds(properties),
        step=" > ".join(step.text("name") for step in steps),
        message=next(filter(None, (step.text("errorMessage") for step in reversed(steps))), ""),
        location=item.text("location"),
        problems=item.problems(origin, "update_runs", id_),
    )


def _unfinished(step: Body) -> list[Body]:
    """The steps, from outside in, that failed or are under way; the last one where several are."""
    path: list[Body] = []
    for _ in range(_DEPTH):
        within = [one for one in step.each("steps") if one.text("status").lower() not in _DONE]
        if not within:
            break
        step = within[-1]
        path.append(step)
    return path


def _seconds(run: Body) -> int | None:
    """The duration, an ISO 8601 one (`PT14H43M50.06S`), in whole seconds."""
    text = run.text("duration")
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        if text:
            run.note("duration", "an ISO 8601 duration", text)
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
