"""What a provisioning checker answers, as findings, and how they compare with a plan's."""

from __future__ import annotations

import pytest

import hybridinv as hi
from hybridinv.wire.soap import read_objects
from hybridinv.wire.vim.checking import read_check, read_told

VM = "vsphere://vc/vm-1"


def task(result: str = "", state: str = "success", error: str = ""):
    """The `info` of a task, by way of the decoder that the adapter uses."""
    body = f"""<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>
<RetrievePropertiesExResponse xmlns="urn:vim25"><returnval><objects><obj type="Task">task-1</obj><propSet>
<name>info</name><val xsi:type="TaskInfo"><key>task-1</key><state>{state}</state>{error}{result}</val></propSet>
</objects></returnval></RetrievePropertiesExResponse></soapenv:Body></soapenv:Envelope>"""
    (row,) = read_objects([body.encode()])
    return row.properties["info"]


def results(*faults: str) -> str:
    checked = f"<CheckResult><vm type='VirtualMachine'>vm-1</vm>{''.join(faults)}</CheckResult>"
    return f"<result xsi:type='ArrayOfCheckResult'>{checked}</result>"


def fault(kind: str, name: str, inside: str = "", message: str = "Something is so.") -> str:
    said = f"<localizedMessage>{message}</localizedMessage>" if message else ""
    return f"<{kind}><fault xsi:type='{name}'>{inside}</fault>{said}</{kind}>"


NOT_SET_UP = fault(
    "error",
    "VMotionNotConfigured",
    "<atSourceHost>false</atSourceHost><failedHost>esx02</failedHost>"
    "<failedHostEntity type='HostSystem'>host-2</failedHostEntity>",
    "vMotion is not set up on esx02.",
)
SLOW = fault("warning", "VMotionLinkCapacityLow")
DEVICE = fault("error", "DisallowedMigrationDeviceAttached", fault("fault", "PhysCompatRDMNotSupported"))


def told(*faults: str, **info: str):
    return read_told(task(results(*faults), **info), VM, lambda moref: f"vsphere://vc/{moref}", "CheckMigrate_Task")


def ours(**severities: str) -> list[hi.Finding]:
    return [hi.Finding(code=code, severity=severity) for code, severity in severities.items()]


def check(faults, findings, vendors=("VMotionNotConfigured", "CannotAccessVmDisk", "PhysCompatRDMNotSupported")):
    return read_check(told(*faults), findings, vm_id=VM, operation="CheckMigrate_Task", is_fault=vendors.__contains__)


def test_errors_are_blockers_and_warnings_are_warnings():
    first, second = (one.finding for one in told(NOT_SET_UP, SLOW))
    assert (first.severity, first.code) == ("blocker", "VMotionNotConfigured")
    assert (first.message, first.subject_id) == ("vMotion is not set up on esx02.", "vsphere://vc/host-2")
    assert (second.severity, second.code, second.subject_id) == ("warning", "VMotionLinkCapacityLow", VM)
    assert "CheckMigrate_Task" in first.sources[0]


def test_a_fault_in_a_fault_is_named():
    (one,) = told(DEVICE)
    assert one.codes == {"DisallowedMigrationDeviceAttached", "PhysCompatRDMNotSupported"}
    assert one.finding.message == "Something is so. (PhysCompatRDMNotSupported)"


def test_a_fault_without_a_message_goes_by_its_name():
    (one,) = told(fault("error", "NotEnoughLogicalCpus", message=""))
    assert one.finding.message == "NotEnoughLogicalCpus"
    texts = "<faultMessage><key>k</key><message>Too few CPUs.</message></faultMessage>"
    (one,) = told(fault("error", "NotEnoughLogicalCpus", texts, message=""))
    assert one.finding.message == "Too few CPUs."


def test_nothing_found_is_feasible():
    assert told() == []
    found = check([], [])
    assert found.feasible
    assert not found.findings + found.both + found.only_server + found.only_ours
    assert str(found) == "The vCenter finds nothing in the way (CheckMigrate_Task)."


def test_where_both_differ():
    found = check(
        [NOT_SET_UP, SLOW],
        ours(VMotionNotConfigured="blocker", CannotAccessVmDisk="blocker", MtuMismatch="warning", SnapshotChain="info"),
    )
    assert not found.feasible
    assert found.both == ("VMotionNotConfigured",)
    assert found.only_server == ("VMotionLinkCapacityLow",)
    assert found.only_ours == ("CannotAccessVmDisk",)
    assert found.beyond_server == ("MtuMismatch",)
    assert "only the plan: CannotAccessVmDisk" in str(found)


@pytest.mark.parametrize("code", ["DisallowedMigrationDeviceAttached", "PhysCompatRDMNotSupported"])
def test_the_outer_and_the_inner_name_both_agree(code):
    found = check([DEVICE], ours(**{code: "blocker"}))
    assert (found.both, found.only_server, found.only_ours) == ((code,), (), ())


def test_warnings_alone_are_feasible():
    assert check([SLOW], []).feasible


@pytest.mark.parametrize(
    ("inside", "lacks"),
    [
        ("<privilegeId>Resource.HotMigrate</privilegeId>", "Resource.HotMigrate"),
        (
            "<missingPrivileges><entity type='VirtualMachine'>vm-1</entity><privilegeIds>Resource.HotMigrate"
            "</privilegeIds><privilegeIds>Resource.AssignVMToPool</privilegeIds></missingPrivileges>",
            "Resource.HotMigrate, Resource.AssignVMToPool",
        ),
        ("", ""),
    ],
)
def test_a_missing_privilege_is_an_error_and_no_finding(inside, lacks):
    with pytest.raises(hi.AccessDenied) as caught:
        told(fault("error", "NoPermission", inside))
    assert caught.value.missing == lacks
    with pytest.raises(hi.AccessDenied) as caught:
        told(state="error", error=fault("error", "NoPermission", inside))
    assert caught.value.missing == lacks


def test_a_check_that_failed_is_an_error_and_no_empty_list():
    with pytest.raises(hi.ServerFault, match="InvalidArgument: Something is so"):
        told(state="error", error=fault("error", "InvalidArgument"))
    with pytest.raises(hi.ServerFault, match="without a name"):
        told(state="error")
