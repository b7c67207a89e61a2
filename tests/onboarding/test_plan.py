"""Who should be Arc-enabled, and who not."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

import hybridinv as hi
from hybridinv.onboarding.requirements import is_valid_name, reserved_word, system_of

UUID = "42229e2f-348e-7dd2-7f0c-04f74bc09927"
SWAPPED = "2f9e2242-8e34-d27d-7f0c-04f74bc09927"
SUBSCRIPTION, TENANT = "0b1f6471-1bf0-4dda-aec3-cb9272f09590", "1c2d3e4f-0000-4000-8000-5a6b7c8d9e0f"
READY = hi.Agent(kind="vmware-tools", status="ready")


def target(**changes: Any) -> hi.OnboardingTarget:
    usual = {
        "subscription_id": SUBSCRIPTION,
        "resource_group": "rg-arc",
        "tenant_id": TENANT,
        "location": "westeurope",
    }
    return hi.OnboardingTarget(**(usual | changes))


def vm(name: str = "web01", **changes: Any) -> hi.VirtualMachine:
    usual = {
        "id": name,
        "name": name,
        "platform": "vsphere",
        "source": "vc01",
        "power_state": "running",
        "os_type": "windows",
        "os_name": "Microsoft Windows Server 2022 (64-bit)",
        "hostname": f"{name}.example.com",
        "agent": READY,
    }
    return hi.VirtualMachine(**(usual | changes))


def arc(name: str = "web01", status: str = "ready", **changes: Any) -> hi.VirtualMachine:
    agent = hi.Agent(kind="connected-machine-agent", status=status)
    usual = {
        "id": f"arc-{name}",
        "platform": "azure-arc",
        "source": "arm",
        "agent": agent,
        "resource_group": "rg-other",
    }
    return vm(name, **(usual | changes))


def plan(*vms: hi.VirtualMachine, **more: Any) -> hi.OnboardingPlan:
    return hi.plan_onboarding(hi.Inventory(vms=vms, **more), target())


def reason(*vms: hi.VirtualMachine) -> str:
    """Why the first machine is a candidate or not."""
    found = plan(*vms)
    (case,) = (case for case in (*found.candidates, *found.skipped) if case.vm_id == vms[0].id)
    assert (case in found.candidates) == (case.reason is hi.OnboardingReason.READY)
    return str(case.reason)


def test_a_running_supported_machine_with_tools_is_a_candidate() -> None:
    (case,) = plan(vm()).candidates
    assert (case.vm_id, case.resource_name, case.os_type, case.arc_id) == ("web01", "web01", hi.OSType.WINDOWS, "")
    assert [finding.code for finding in case.findings] == ["PrerequisitesUnknown"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"power_state": "stopped"}, "not_running"),
        ({"power_state": "suspended"}, "not_running"),
        ({"power_state": "unknown"}, "not_running"),
        ({"agent": hi.Agent(status="not_installed")}, "no_tools"),
        ({"is_template": True}, "template"),
        ({"os_name": "CentOS 7 (64-bit)", "os_type": "linux"}, "os_not_supported"),
        ({"os_name": "Microsoft Windows Server 2008 R2 (64-bit)"}, "os_not_supported"),
        ({"os_name": "Ubuntu Linux (32-bit)", "os_type": "linux"}, "os_not_supported"),
        ({"os_name": "", "os_type": "unknown"}, "os_unknown"),
        ({"os_name": "FreeBSD 13 (64-bit)", "os_type": "other"}, "os_unknown"),
        ({"hostname": "web 01"}, "invalid_name"),
        ({"hostname": "", "name": "w" * 55}, "invalid_name"),
        ({"hostname": "", "name": "$(reboot)"}, "invalid_name"),
        ({"hostname": "EXCHANGE.example.com"}, "reserved_name"),
        ({"hostname": "login01"}, "reserved_name"),
        ({"hostname": "my-windows-01"}, "reserved_name"),
        ({"platform": "azure"}, "azure_vm"),
        ({"platform": "azure-stack-hub"}, "stack_hub_vm"),
        ({"os_name": "Ubuntu Linux (64-bit)", "os_type": "linux"}, "ready"),
        ({"hostname": "exchange01"}, "ready"),
    ],
)
def test_each_reason(changes: dict[str, Any], expected: str) -> None:
    assert reason(vm(**changes)) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("ready", "already_connected"),
        ("disconnected", "disconnected"),
        ("expired", "expired"),
        ("error", "in_error"),
        ("unknown", "no_status_yet"),
    ],
)
def test_a_machine_at_arc_is_skipped_once_with_its_state(status: str, expected: str) -> None:
    found = plan(vm(bios_uuid=UUID), arc(status=status, bios_uuid=SWAPPED))
    assert not found.candidates
    assert [(case.vm_id, str(case.reason), case.arc_id) for case in found.skipped] == [("web01", expected, "arc-web01")]


def test_an_arc_machine_that_no_other_platform_shows_is_there_too() -> None:
    (case,) = plan(arc("kassa", status="disconnected")).skipped
    assert (case.vm_id, str(case.reason), case.arc_id) == ("arc-kassa", "disconnected", "arc-kassa")


def test_a_match_by_name_alone_says_so() -> None:
    (case,) = plan(vm(), arc()).skipped
    assert {finding.code for finding in case.findings} == {"AlreadyConnected", "MatchedByNameAlone"}


def test_clones_of_an_image_are_named() -> None:
    found = plan(vm("web01", bios_uuid=UUID), vm("web02", bios_uuid=UUID), vm("web03"))
    assert [case.vm_id for case in found.candidates] == ["web03"]
    assert {str(case.reason) for case in found.skipped} == {"duplicate_uuid"}
    assert "web02" in found.skipped[0].findings[0].message


def test_one_resource_cannot_be_two_machines() -> None:
    assert reason(vm("web01"), vm("other", hostname="WEB01.example.com")) == "duplicate_name"
    taken = arc(resource_group="RG-ARC", subscription_id=SUBSCRIPTION.upper(), hostname="somewhere.else")
    assert reason(vm(), taken) == "duplicate_name"
    assert reason(vm(), attrs.evolve(taken, resource_group="rg-b")) == "ready"
    assert reason(vm(), vm("off", hostname="web01.example.com", platform="azure")) != "duplicate_name"


def test_every_machine_is_in_the_plan_once() -> None:
    inv = hi.demo()
    found = hi.plan_onboarding(inv, target())
    matched = {id_ for match in hi.same_machines(inv) if not match.ambiguous for id_ in match.vm_ids}
    cases = [case.vm_id for case in (*found.candidates, *found.skipped)]
    assert len(cases) == len(set(cases))
    assert {vm.id for vm in inv.vms} - set(cases) <= matched
    assert found.candidates
    assert "already connected" in str(found)


def test_what_the_plan_cannot_know_is_a_finding() -> None:
    assert [finding.code for finding in plan(vm()).findings] == ["ArcNotCollected"]
    assert plan(vm(), arc("other")).findings == ()
    asked = [hi.Asked(platform="azure-arc", source="arm", kinds=["vms"])]
    assert plan(vm(), asked=asked).findings == ()
    problems = [hi.Problem(platform="azure-arc", source="arm", kind="vms", error="AccessDenied")]
    assert [finding.code for finding in plan(vm(), asked=asked, problems=problems).findings] == ["InventoryIncomplete"]


@pytest.mark.parametrize(
    ("name", "supported"),
    [
        ("Microsoft Windows Server 2012 (64-bit)", True),
        ("Windows Server 2012 R2 Datacenter", True),
        ("Microsoft Windows Server 2016 or later (64-bit)", None),
        ("Microsoft Windows Server 2003 Standard (32-bit)", False),
        ("Microsoft Windows 8.x (64-bit)", False),
        ("Microsoft Windows 11 (64-bit)", True),
        ("Ubuntu 22.04.3 LTS", True),
        ("Ubuntu 16.04.7 LTS", False),
        ("Red Hat Enterprise Linux 6 (64-bit)", False),
        ("Red Hat Enterprise Linux 9 (64-bit)", True),
        ("Red Hat Enterprise Linux release 8.6 (Ootpa)", True),
        ("Debian GNU/Linux 10 (64-bit)", False),
        ("Oracle Linux 4/5 or later (64-bit)", None),
        ("SUSE Linux Enterprise 15 (64-bit)", True),
        ("Rocky Linux (64-bit)", None),
        ("CentOS 4/5 or later (64-bit)", False),
        ("Amazon Linux 2023", True),
    ],
)
def test_the_matrix_of_guest_systems(name: str, supported: bool | None) -> None:
    system = system_of(name)
    assert system is not None
    assert system.supported is supported


@pytest.mark.parametrize("name", ["Other 3.x Linux (64-bit)", "VMware Photon OS (64-bit)", "", "FreeBSD 13 (64-bit)"])
def test_the_matrix_does_not_guess(name: str) -> None:
    assert system_of(name) is None


def test_names() -> None:
    assert is_valid_name("web-01_a.b")
    assert not is_valid_name("wéb")
    assert not is_valid_name("web01\n")
    assert not is_valid_name("")
    assert reserved_word("MicrosoftSQL") == "microsoft"
    assert reserved_word("azure01") == ""


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"subscription_id": ""}, "subscription_id"),
        ({"subscription_id": "my subscription"}, "subscription_id"),
        ({"resource_group": "rg/../x"}, "resource_group"),
        ({"resource_group": "rg."}, "resource_group"),
        ({"location": "$(reboot)"}, "location"),
        ({"cloud": "AzureGermanCloud"}, "AzureUSGovernment"),
        ({"proxy": "http://user:secret@proxy:3128"}, "proxy"),
        ({"tags": {"": "x"}}, "tags"),
        ({"tags": {f"t{n}": "x" for n in range(51)}}, "51 tags"),
        ({"private_link_scope_id": "scope"}, "private_link_scope_id"),
        ({"gateway_id": "gateway"}, "gateway_id"),
        ({"agent_version": "latest"}, "agent_version"),
    ],
)
def test_a_target_that_cannot_be_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(hi.NotSupported, match=says) as caught:
        target(**changes)
    assert "secret" not in str(caught.value)


def test_a_location_may_be_written_as_people_do() -> None:
    assert target(location="West Europe").location == "westeurope"


def test_a_target_that_is_none_says_what_one_looks_like() -> None:
    with pytest.raises(hi.NotSupported, match="OnboardingTarget"):
        hi.plan_onboarding(hi.Inventory(), {"subscription_id": "x"})  # type: ignore[arg-type]
