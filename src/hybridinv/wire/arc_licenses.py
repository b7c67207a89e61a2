"""Microsoft.HybridCompute licences → records, and which machines say that they hold one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybridinv.model import License
from hybridinv.wire.arm import arm_id, own_id, own_name
from hybridinv.wire.reading import Body, Origin, look

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ESU = "properties.licenseProfile.esuProfile"


def read_license(body: dict[str, Any], holders: Mapping[str, tuple[str, ...]], origin: Origin) -> License:
    """A licence for extended security updates; `UnexpectedAnswer` where it has no id. API: `licenses`.

    `holders` is what `holders_of` gives for the machines; `used` is the service's own count, and may be more.
    """
    item, rid = Body(body), own_id(body)
    properties = item.at("properties")
    details = properties.at("licenseDetails")
    id_ = arm_id(rid.text)
    named = (*holders.get(id_, ()), *holders.get(details.text("immutableId").lower() or id_, ()))
    return License(
        id=id_,
        name=own_name(item, rid),
        platform=origin.platform,
        source=origin.source,
        edition=details.text("edition"),
        type=properties.text("licenseType"),
        target=details.text("target"),
        state=details.text("state"),
        total=details.amount("processors"),
        used=details.amount("assignedLicenses"),
        unit=details.text("type"),
        assigned_ids=tuple(dict.fromkeys(named)),
        resource_group=rid.resource_group,
        subscription_id=rid.subscription_id,
        location=item.text("location"),
        tags=item.tags(),
        problems=item.problems(origin, "licenses", id_),
    )


def holders_of(machines: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """The ids of the machines by the licence they hold: by its ARM id (a text, or an object with one), and by its GUID.

    API: `licenseProfile.esuProfile.assignedLicense` and `.assignedLicenseImmutableId` of a machine.
    """
    found: dict[str, tuple[str, ...]] = {}
    for machine in machines:
        id_ = look(machine, "id")
        license_ = look(machine, f"{_ESU}.assignedLicense")
        names = (license_, look(license_, "id"), look(machine, f"{_ESU}.assignedLicenseImmutableId"))
        for name in {arm_id(name) for name in names if isinstance(name, str) and name.strip()}:
            found[name] = (*found.get(name, ()), arm_id(str(id_)))
    return found
