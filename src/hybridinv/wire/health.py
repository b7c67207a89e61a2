"""What Azure says is wrong with a machine, and what it is about to do to it."""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, Any

from hybridinv.model import PendingUpdate
from hybridinv.wire.arm import arm_id
from hybridinv.wire.reading import Body, look, many

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DONE = {"completed", "noupdatespending"}
_UPDATES = "properties.value"


def owner_id(item: Mapping[str, Any]) -> str:
    """The id, in lower case, of what a row that hangs on a resource (`…/providers/<other>/…`) is about."""
    return arm_id(str(look(item, "id"))).rpartition("/providers/")[0]


def read_health(status: Body) -> tuple[str, str]:
    """The availability state of a machine and its reason. API: Microsoft.ResourceHealth `availabilityStatuses`."""
    properties = status.at("properties")
    return intern(properties.text("availabilityState")), properties.text("summary", "detailedStatus", "title")


def updates_in(row: Mapping[str, Any]) -> list[Any]:
    """The updates in a row of Resource Graph's `maintenanceresources`: its `properties` hold the answer of the API."""
    values = look(row, _UPDATES)
    return list(many(look(row, "properties") if values is None else values))


def read_updates(row: Body) -> tuple[PendingUpdate, ...]:
    """The updates in a row that are still to come; their words are as the platform has them.

    API: Microsoft.Maintenance `updates`.
    """
    found = updates_in(row.value)
    updates = [read_update(one) for one in Body({"updates": found}, row.notes).each("updates")]
    return tuple(one for one in updates if one.status.lower() not in _DONE and (one.status or one.impact))


def read_update(update: Body) -> PendingUpdate:
    """One update. API: `updates[]`."""
    return PendingUpdate(
        scope=intern(update.text("maintenanceScope")),
        status=intern(update.text("status")),
        impact=intern(update.text("impactType")),
        impact_seconds=update.number("impactDurationInSec"),
        not_before=update.moment("notBefore"),
    )


def read_redeploy(redeploy: Body) -> Iterable[PendingUpdate]:
    """The reboot that is announced for a machine; none where nothing is. API: `instanceView.maintenanceRedeployStatus`.

    It is a redeploy. Until an operation was tried it is pending.
    """
    if not redeploy.value:
        return ()
    result = redeploy.text("lastOperationResultCode")
    update = PendingUpdate(
        status="Pending" if result.lower() in ("", "none") else intern(result),
        impact="Redeploy",
        not_before=redeploy.moment("maintenanceWindowStartTime"),
        until=redeploy.moment("maintenanceWindowEndTime"),
        may_start_now=redeploy.truth("isCustomerInitiatedMaintenanceAllowed"),
    )
    return (update,)
