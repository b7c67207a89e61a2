"""What the provisioning checker of a vCenter answers: the faults that a migration would meet, as findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.errors import AccessDenied, ServerFault
from hybridinv.model import Finding, Severity
from hybridinv.model.observed import MigrationCheck
from hybridinv.wire.reading import look, many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

_SUBJECTS = ("failedHostEntity", "network")
"""References in a fault to what it is about."""
_NESTED = 5


@attrs.frozen
class Told:
    """A fault as a finding, and the names it goes by: its own, and those of the faults that it is about."""

    finding: Finding
    codes: frozenset[str]


def read_told(info: Any, vm_id: str, id_of: Callable[[object], str], operation: str) -> list[Told]:
    """The findings in a `TaskInfo` whose result is `CheckResult[]`; what kept the check from being made is raised."""
    failed = look(info, "error")
    if look(info, "state") == "error" or failed:
        raise _refused(failed, operation)
    told = []
    for result in many(look(info, "result")):
        for severity, path in ((Severity.BLOCKER, "error"), (Severity.WARNING, "warning")):
            for said in many(look(result, path)):
                names = list(_names(said))
                if "NoPermission" in names:
                    raise _refused(said, operation)
                told.append(Told(_finding(said, names, severity, vm_id, id_of, operation), frozenset(names)))
    return told


def read_check(
    told: Iterable[Told],
    ours: Iterable[Finding],
    *,
    vm_id: str,
    operation: str,
    is_fault: Callable[[str], bool],
    also: Iterable[Finding] = (),
    checked_at: datetime | None = None,
) -> MigrationCheck:
    """The vCenter's findings beside the plan's; infos of the plan, which no server has, are left out.

    A fault that holds another (`DisallowedMigrationDeviceAttached`) agrees with a finding of either name.
    """
    told = list(told)
    planned = dict.fromkeys(one.code for one in ours if one.severity is not Severity.INFO)
    said = frozenset[str]().union(*(one.codes for one in told))
    return MigrationCheck(
        vm_id=vm_id,
        operation=operation,
        feasible=all(one.finding.severity is not Severity.BLOCKER for one in told),
        findings=(*dict.fromkeys(one.finding for one in told), *also),
        both=tuple(code for code in planned if code in said),
        only_server=tuple(dict.fromkeys(one.finding.code for one in told if not one.codes & planned.keys())),
        only_ours=tuple(code for code in planned if code not in said and is_fault(code)),
        beyond_server=tuple(code for code in planned if code not in said and not is_fault(code)),
        checked_at=checked_at,
    )


def _names(said: Any) -> Iterator[str]:
    """The name of a fault, and of those in it."""
    for _ in range(_NESTED):
        fault = look(said, "fault")
        name = look(fault, "_type")
        if not name:
            return
        yield str(name).rpartition(":")[2]
        said = look(fault, "fault")


def _finding(
    said: Any, names: list[str], severity: Severity, vm_id: str, id_of: Callable[[object], str], operation: str
) -> Finding:
    code, *inner = names or ["MethodFault"]
    message = _message(said) or code
    if inner:
        message += f" ({', '.join(inner)})"
    references = (look(said, f"fault.{name}") for name in _SUBJECTS)
    about = next((one for one in references if isinstance(one, str) and one), "")
    return Finding(
        severity=severity,
        code=code,
        subject_id=id_of(about) if about else vm_id,
        message=message,
        sources=(f"the vCenter ({operation})",),
    )


def _message(said: Any) -> str:
    texts = (look(one, "message") for one in many(look(said, "fault.faultMessage")))
    found = look(said, "localizedMessage") or next((text for text in texts if text), "")
    return str(found).strip() if isinstance(found, str) else ""


def _refused(said: Any, operation: str) -> AccessDenied | ServerFault:
    name = next(_names(said), "a fault without a name")
    message = f"{name}: {_message(said) or 'no message'}"
    if name != "NoPermission":
        return ServerFault(message, operation=operation, remedy="see the task in the vCenter; try again")
    listed = (
        str(name)
        for lack in many(look(said, "fault.missingPrivileges"))
        for name in many(look(lack, "privilegeIds"))
        if name
    )
    lacks = str(look(said, "fault.privilegeId") or "") or ", ".join(dict.fromkeys(listed))
    return AccessDenied(message, missing=lacks, operation=operation)
