"""check_agents: what is said of agents in every state, and of whom nothing is said."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

import hybridinv as hi
from hybridinv.wire.compute import read_vm
from hybridinv.wire.reading import Origin
from large_estate import large_estate

TAKEN = datetime(2026, 1, 15, 8, tzinfo=UTC)
AZURE = Origin("azure", "AzureCloud")


def machine(status="ready", platform="azure", power="running", kind="azure-vm-agent", **changes):
    agent = {name: changes.pop(name) for name in list(changes) if hasattr(hi.Agent(), name) and name != "name"}
    name = changes.pop("name", "web01")
    return hi.VirtualMachine(
        id=changes.pop("id", f"/subscriptions/s/machines/{name}"), name=name, platform=platform, source="here",
        power_state=power, agent=hi.Agent(kind=kind, status=status, **agent), **changes,
    )  # fmt: skip


def checked(*vms, **more):
    return hi.check_agents(hi.Inventory(vms=vms, taken_at=TAKEN, **more))


def codes(*vms, **more):
    return [(one.code, one.severity) for one in checked(*vms, **more)]


@pytest.mark.parametrize(
    ("platform", "kind"),
    [
        ("vsphere", "vmware-tools"),
        ("azure", "azure-vm-agent"),
        ("azure-stack-hub", "azure-vm-agent"),
        ("azure-arc", "connected-machine-agent"),
    ],
)
@pytest.mark.parametrize("status", ["ready", "not_installed", "not_ready", "disconnected", "expired", "unknown"])
def test_an_agent_whose_kind_nobody_told_is_its_platforms(platform, kind, status):
    told = machine(status, platform, kind=kind, version="1.20.0")
    bare = machine(status, platform, kind="", version="1.20.0")
    assert checked(bare) == checked(told)
    if (platform, status) == ("azure-arc", "ready"):
        assert codes(bare) == [("AgentOld", "warning")]


@pytest.mark.parametrize(
    ("status", "code", "severity"),
    [
        ("not_installed", "AgentMissing", "warning"),
        ("not_ready", "AgentNotReady", "warning"),
        ("disconnected", "AgentDisconnected", "warning"),
        ("expired", "AgentExpired", "warning"),
        ("error", "AgentError", "warning"),
        ("unknown", "AgentUnknown", "info"),
    ],
)
def test_each_state_of_a_machine_that_runs(status, code, severity):
    (found,) = checked(machine(status, message="so it says", changed_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC)))
    assert (found.code, found.severity) == (code, severity)
    assert found.subject_id == "/subscriptions/s/machines/web01"
    assert "so it says" in found.message
    assert found.remedy
    assert found.sources
    if status in ("not_ready", "disconnected", "expired", "error"):
        assert "2026-01-02 03:04 UTC" in found.message


def test_a_machine_whose_agent_is_ready_is_in_order():
    assert codes(machine()) == []


@pytest.mark.parametrize("power", ["stopped", "suspended", "deallocated"])
@pytest.mark.parametrize("status", ["not_ready", "disconnected", "error", "unknown"])
def test_a_machine_that_is_off_is_not_accused(status, power):
    assert codes(machine(status, power=power)) == []
    assert codes(machine(status, "vsphere", power, "vmware-tools")) == []
    assert codes(machine(power=power, services={"h": "Not Ready"})) == []


@pytest.mark.parametrize("power", ["starting", "stopping"])
def test_a_machine_in_between_is_not_accused(power):
    assert codes(machine("not_ready", power=power)) == []


@pytest.mark.parametrize("power", ["stopped", "suspended", "deallocated", "starting", "stopping"])
def test_what_does_not_depend_on_power_is_said_all_the_same(power):
    (missing,) = checked(machine("not_installed", "vsphere", power, "vmware-tools"))
    assert (missing.code, missing.severity) == ("AgentMissing", "info")
    assert "; the machine is " in missing.message
    assert codes(machine("expired", power=power)) == [("AgentExpired", "info")]
    grave = machine("not_ready", "vsphere", power, "vmware-tools", message="guestToolsBlacklisted")
    assert codes(grave) == [("ToolsOutdated", "warning")]
    old = machine("disconnected", "azure-arc", power, "connected-machine-agent", version="1.30.1")
    assert codes(old) == [("AgentOld", "warning")]


def test_an_arc_agent_that_is_connected_runs_whatever_vsphere_says():
    twin = machine("ready", "vsphere", "stopped", "vmware-tools", id="vsphere://v/vm-1", bios_uuid=UUID)
    arc = machine(
        "ready", "azure-arc", "unknown", "connected-machine-agent", bios_uuid=UUID, version="1.30.1",
        services={"gcad": "stopped"},
    )  # fmt: skip
    assert codes(twin, arc) == [("AgentOld", "warning"), ("AgentServiceNotReady", "warning")]


@pytest.mark.parametrize("kind", ["vmware-tools", "azure-vm-agent", "something-else"])
@pytest.mark.parametrize("status", ["disconnected", "expired", "error"])
def test_only_arcs_agent_is_told_of_azcmagent(kind, status):
    (found,) = checked(machine(status, kind=kind))
    assert "azcmagent" not in found.remedy
    assert "delete" not in found.remedy
    (found,) = checked(machine(status, "azure-arc", "unknown", "connected-machine-agent"))
    assert "azcmagent" in found.remedy


@pytest.mark.parametrize("status", ["not_ready", "expired"])
def test_moments_are_told_in_utc(status):
    at = datetime(2026, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=5)))
    assert "2026-01-01 22:04 UTC" in checked(machine(status, changed_at=at))[0].message


def test_unknown_is_never_missing():
    nothing_known = hi.VirtualMachine(id="x", name="x", platform="vsphere", source="here")
    found = checked(nothing_known)
    assert [(one.code, one.severity) for one in found] == [("AgentUnknown", "info")]
    assert "not known" in found[0].message


UUID = "4c4c4544-0042-3510-8051-b7c04f564d32"


@pytest.mark.parametrize(
    ("power", "status", "expected"),
    [
        ("stopped", "disconnected", []),
        ("running", "disconnected", [("AgentDisconnected", "warning")]),
        ("unknown", "disconnected", [("AgentDisconnected", "warning")]),
        ("stopped", "expired", [("AgentExpired", "info")]),
    ],
)
def test_an_arc_machine_is_off_where_vsphere_says_so(power, status, expected):
    twin = machine("ready", "vsphere", power, "vmware-tools", id="vsphere://v/vm-1", bios_uuid=UUID)
    arc = machine(status, "azure-arc", "unknown", "connected-machine-agent", bios_uuid=UUID)
    assert [one for one in codes(twin, arc) if one[0] != "AgentUnknown"] == expected


def test_an_arc_machine_with_twins_in_doubt_is_accused():
    twins = [
        machine("ready", "vsphere", "stopped", "vmware-tools", id=f"vsphere://v/vm-{n}", bios_uuid=UUID)
        for n in range(2)
    ]
    arc = machine("disconnected", "azure-arc", "unknown", "connected-machine-agent", bios_uuid=UUID)
    assert codes(*twins, arc) == [("AgentDisconnected", "warning")]


@pytest.mark.parametrize(
    ("version", "released", "old"),
    [
        ("1.48.1", date(2025, 1, 1), False),  # it may have come out on the last day of January
        ("1.47.9", date(2024, 10, 1), True),
        ("1.37.02512.1287", date(2023, 12, 1), True),
        ("1.50.3", None, False),  # between January and July 2025
        ("0.8.2", None, True),
        ("1.99", None, False),
        ("", None, False),
    ],
)
def test_arc_agents_older_than_a_year(version, released, old):
    vm = machine("ready", "azure-arc", "unknown", "connected-machine-agent", version=version, released_on=released)
    found = checked(vm)
    assert [one.code for one in found] == (["AgentOld"] if old else [])
    if old:
        assert version in found[0].message
        assert "ago" in found[0].message


def test_an_upgrade_that_failed_and_services_that_do_not_run():
    vm = machine(
        "ready", "azure-arc", "unknown", "connected-machine-agent", last_upgrade="Failed", desired_version="1.66",
        services={"extensionService": "stopped", "guestConfigurationService": "running"},
    )  # fmt: skip
    assert codes(vm) == [("AgentUpgradeFailed", "warning"), ("AgentServiceNotReady", "warning")]


def test_handlers_of_the_vm_agent_that_are_not_ready():
    vm = machine(services={"Microsoft.X.Y 1.2": "Not Ready", "Microsoft.X.Z 1.0": "Ready"})
    (found,) = checked(vm)
    assert found.code == "AgentServiceNotReady"
    assert "Microsoft.X.Y 1.2 on web01 is not ready: Not Ready" in found.message


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("guestToolsTooOld", "warning"),
        ("guestToolsBlacklisted", "warning"),
        ("guestToolsTooNew", "warning"),
        ("guestToolsNeedUpgrade", "info"),
        ("guestToolsSupportedOld", "info"),
        ("guestToolsCurrent", None),
        ("guestToolsUnmanaged", None),
        ("guestToolsSupportedNew", None),
    ],
)
def test_versions_of_vmware_tools(word, severity):
    vm = machine("ready", "vsphere", kind="vmware-tools", version="10346", message=f"guestToolsRunning, {word}")
    assert codes(vm) == ([("ToolsOutdated", severity)] if severity else [])


def test_templates_are_judged_as_images():
    without = machine("not_installed", "vsphere", "stopped", "vmware-tools", is_template=True)
    fine = machine("not_ready", "vsphere", "stopped", "vmware-tools", name="t2", is_template=True)
    assert codes(without, fine) == [("ImageWithoutAgent", "info")]


def made_without(name, image="Canonical:ubuntu:22_04:1", **changes):
    return machine("unknown", power="deallocated", name=name, is_wanted=False, image=image, **changes)


def test_machines_made_without_the_agent_are_told_by_their_image():
    other = made_without("d", image="")
    (found, second) = checked(*map(made_without, "abcxy"), other)
    assert (found.code, found.severity, found.subject_id) == ("ImageWithoutAgent", "info", "")
    assert "a, b, c and 2 more at here were made from Canonical:ubuntu:22_04:1" in found.message
    assert "not known of 5" in found.message
    assert second.subject_id == other.id


def test_intent_is_apart_from_fact():
    """Rows as ARM writes them: wanted and not there, not wanted and there, not wanted and not there."""

    def row(name, wanted, **view):
        body = {
            "id": f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/{name}",
            "name": name, "location": "westeurope",
            "properties": {
                "osProfile": {"linuxConfiguration": {"provisionVMAgent": wanted}},
                "instanceView": {"statuses": [{"code": "PowerState/running"}], **view},
            },
        }  # fmt: skip
        return read_vm(body, None, AZURE)

    ready = {"vmAgent": {"vmAgentVersion": "2.9", "statuses": [{"displayStatus": "Ready"}]}}
    assert codes(row("a", True)) == [("AgentUnknown", "info")]
    assert codes(row("b", False, **ready)) == []
    assert codes(row("c", False)) == [("AgentMissing", "warning"), ("ImageWithoutAgent", "info")]


def extension(state, vm="/subscriptions/s/machines/web01", **changes):
    return hi.Extension(
        id=f"{vm}/extensions/e", name="e", platform="azure", source="here", vm_id=vm, publisher="P", type="T",
        provisioning_state=state, **changes,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "status", "expected"),
    [
        ("Failed", "", [("ExtensionFailed", "warning")]),
        ("Canceled", "", [("ExtensionFailed", "warning")]),
        ("Succeeded", "error", [("ExtensionFailed", "warning")]),
        ("Updating", "", [("ExtensionInTransition", "info")]),
        ("Deleting", "", [("ExtensionInTransition", "info")]),
        ("Unknown", "", []),
        ("Frobnicated", "", []),
        ("Succeeded", "info", []),
        ("Succeeded", "warning", []),
        ("", "", []),
    ],
)
def test_extensions_that_failed_or_are_in_transition(state, status, expected):
    assert codes(machine(), extensions=[extension(state, status=status)]) == expected


def test_what_has_decided_that_an_extension_failed_is_shown():
    (found,) = checked(machine(), extensions=[extension("Succeeded", status="error")])
    assert "has failed (status error)" in found.message
    (found,) = checked(machine(), extensions=[extension("Canceled", status="warning")])
    assert "has failed (Canceled)" in found.message


def test_an_extension_of_a_machine_that_is_off_is_told_mildly():
    (found,) = checked(machine(power="deallocated"), extensions=[extension("Failed", message="no answer")])
    assert (found.code, found.severity) == ("ExtensionFailed", "info")
    assert "the machine is off: no answer" in found.message


def test_what_was_not_read_is_said():
    asked = hi.Asked(platform="azure", source="here", kinds={"vms"})
    problem = hi.Problem(source="here", kind="vms", error="AccessDenied", message="no")
    assert codes(asked=[asked], problems=[problem]) == [
        ("InventoryIncomplete", "warning"),
        ("ExtensionsNotRead", "info"),
    ]
    assert "incomplete at here (1 problem with" in checked(problems=[problem])[0].message
    assert codes(asked=[hi.Asked(platform="vsphere", source="here", kinds={"vms"})]) == []


def test_the_demo():
    found = hi.check_agents(hi.demo())
    assert {one.code for one in found} >= {
        "AgentMissing", "AgentNotReady", "AgentDisconnected", "AgentExpired", "AgentError", "AgentOld", "AgentUnknown",
        "ExtensionFailed", "ToolsOutdated",
    }  # fmt: skip
    known = {one.id for one in (*hi.demo().vms, *hi.demo().extensions)} | {""}
    assert {one.subject_id for one in found} <= known


def test_a_large_estate_is_told_machine_by_machine():
    inv = large_estate(2_000)
    found = hi.check_agents(inv)
    copies = len(inv.vms) // len(hi.demo().vms)
    once = [one for one in hi.check_agents(hi.demo()) if one.subject_id]
    assert len([one for one in found if one.subject_id]) == copies * len(once)


def test_something_else_is_refused():
    with pytest.raises(hi.NotSupported, match="list, not an Inventory"):
        hi.check_agents([])
