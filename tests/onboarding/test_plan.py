"""Who should be Arc-enabled, and who not."""

from __future__ import annotations

from pathlib import Path
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
        ({"power_state": "unknown"}, "ready"),
        ({"os_name": "Some New Linux 7", "os_type": "linux"}, "os_unknown"),
        ({"os_name": "Other 5.x or later Linux (64-bit)", "os_type": "linux"}, "ready"),
        ({"os_name": "Other Linux (64-bit)", "os_type": "linux"}, "ready"),
        ({"os_name": "", "os_type": "linux"}, "ready"),
        ({"hostname": "localhost.localdomain"}, "invalid_name"),
        ({"hostname": "10.0.0.5"}, "invalid_name"),
        ({"hostname": "fe80::1"}, "invalid_name"),
        ({"hostname": "-rf"}, "invalid_name"),
        ({"hostname": "", "name": ".."}, "invalid_name"),
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
    assert reason(vm(), vm("off", hostname="web01.example.com", power_state="stopped")) == "ready"


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
        ("SUSE Linux Enterprise 15 (64-bit)", None),
        ("SUSE Linux Enterprise Server 15 SP1", False),
        ("SUSE Linux Enterprise Server 12 SP3", False),
        ("SUSE Linux Enterprise Server 12-SP5", True),
        ("SUSE Linux Enterprise Server 15 SP3", True),
        ("SUSE Linux Enterprise Server 15 SP7", True),
        ("SUSE Linux Enterprise Server for SAP Applications 15 SP4", True),
        ("SUSE Linux Enterprise 11 (64-bit)", False),
        ("SUSE openSUSE (64-bit)", False),
        ("VMware Photon OS (64-bit)", False),
        ("Red Hat Fedora (64-bit)", False),
        ("Red Hat Enterprise Linux CoreOS 4.14", False),
        ("Fedora CoreOS 40", False),
        ("Alpine Linux v3.19", False),
        ("Arch Linux", False),
        ("Flatcar (64-bit)", False),
        ("Linux Mint 21.3", False),
        ("Kylin Linux Advanced Server V10", False),
        ("Microsoft Windows 95", False),
        ("Microsoft Windows 98", False),
        ("Microsoft Windows ME", False),
        ("Microsoft Small Business Server 2003", False),
        ("Rocky Linux (64-bit)", None),
        ("CentOS 4/5 or later (64-bit)", False),
        ("Amazon Linux 2023", True),
    ],
)
def test_the_matrix_of_guest_systems(name: str, supported: bool | None) -> None:
    system = system_of(name)
    assert system is not None
    assert system.supported is supported


@pytest.mark.parametrize("name", ["Other 3.x Linux (64-bit)", "", "FreeBSD 13 (64-bit)"])
def test_the_matrix_does_not_guess(name: str) -> None:
    assert system_of(name) is None


def test_names() -> None:
    assert is_valid_name("web-01_a.b")
    assert not is_valid_name("wéb")
    assert not is_valid_name("web01\n")
    assert not any(map(is_valid_name, ("", ".", "..", "-rf")))
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
        ({"proxy": "http://proxy:99999"}, "port"),
        ({"tags": {"Owner": "a", "owner": "b"}}, "twice"),
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


def only(*vms: hi.VirtualMachine, **more: Any) -> hi.OnboardingCase:
    """The only case of a plan."""
    found = plan(*vms, **more)
    (case,) = (*found.candidates, *found.skipped)
    return case


def codes(case: hi.OnboardingCase) -> list[str]:
    return [finding.code for finding in case.findings]


def test_a_stale_link_does_not_hide_a_live_agent() -> None:
    ours = vm(id="vsphere://vc/vm-1", bios_uuid=UUID)
    old, new = arc("old", "expired"), arc("new", bios_uuid=SWAPPED)
    link = hi.Resource(
        id="r", name="r", platform="azure-arc", source="arm", machine_id=old.id, native_id="vm-1", vcenter_uuid="vc"
    )
    case = only(ours, old, new, resources=[link])
    assert (str(case.reason), case.arc_id) == ("already_connected", new.id)
    assert codes(case) == ["AlreadyConnected", "LeftoverArcRecord"]
    assert "old (azure-arc, arm)" in case.findings[1].message
    assert not any("force-local-only" in finding.remedy for finding in case.findings)


@pytest.mark.parametrize("old_status", ["expired", "disconnected", "error"])
def test_a_machine_that_was_onboarded_again_is_connected(old_status: str) -> None:
    records = arc("web01-old", old_status, bios_uuid=SWAPPED), arc(bios_uuid=SWAPPED)
    for case in (only(vm(bios_uuid=UUID), *records), only(*records)):
        assert (str(case.reason), case.arc_id) == ("already_connected", "arc-web01")
        assert codes(case) == ["AlreadyConnected", "LeftoverArcRecord"]
    (match,) = hi.same_machines(hi.Inventory(vms=[vm(bios_uuid=UUID), *records]))
    assert match.ambiguous


def test_two_connected_records_of_one_uuid_are_clones() -> None:
    records = arc("a", bios_uuid=SWAPPED), arc("b", bios_uuid=SWAPPED)
    found = plan(*records)
    assert [str(case.reason) for case in found.skipped] == ["duplicate_uuid"] * 2
    assert all("a (azure-arc" in case.findings[0].message for case in found.skipped)
    case = only(vm(bios_uuid=UUID), *records)
    assert (str(case.reason), codes(case)) == ("duplicate_uuid", ["ClonedAtArc"])


def test_what_azure_calls_cloned_is_not_just_connected() -> None:
    agent = hi.Agent(kind="connected-machine-agent", status="ready", message="Cloned")
    case = only(vm(bios_uuid=UUID), arc(bios_uuid=UUID, agent=agent))
    assert (str(case.reason), codes(case)) == ("duplicate_uuid", ["ClonedAtArc"])


def test_a_status_that_is_not_known_is_not_a_moment_ago() -> None:
    case = only(arc(status="unknown", connection_state="Hibernated"))
    assert str(case.reason) == "status_unknown"
    assert "a moment ago" not in case.findings[0].remedy


def test_facts_that_contradict_are_said() -> None:
    ours = vm(id="vsphere://vc/vm-1", bios_uuid=UUID)
    other = arc(bios_uuid="421f245c-7fa8-60fa-91e1-0c5cf8a1b0de")
    link = hi.Resource(
        id="r", name="r", platform="azure-arc", source="arm", machine_id=other.id, native_id="vm-1", vcenter_uuid="vc"
    )
    case = only(ours, other, resources=[link])
    assert (str(case.reason), codes(case)) == ("already_connected", ["AlreadyConnected", "FactsContradict"])
    assert "moref" in case.findings[1].message
    apart = plan(vm(bios_uuid=UUID), other)
    assert len(apart.candidates) == len(apart.skipped) == 1


def test_a_clone_of_a_linked_machine_is_no_candidate() -> None:
    ours, clone = vm(id="vsphere://vc/vm-1", bios_uuid=UUID), vm("web02", bios_uuid=UUID)
    there = arc(bios_uuid=UUID)
    link = hi.Resource(
        id="r", name="r", platform="azure-arc", source="arm", machine_id=there.id, native_id="vm-1", vcenter_uuid="vc"
    )
    found = plan(ours, clone, there, resources=[link])
    assert [str(case.reason) for case in found.skipped] == ["already_connected", "duplicate_uuid"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"power_state": "unknown"}, "PowerUnknown"),
        ({"hostname": ""}, "HostNameUnknown"),
        ({"os_type": "linux"}, "SystemsContradict"),
        ({"os_name": "SUSE Linux Enterprise Server 15 SP3", "os_type": "linux"}, "OsLimited"),
        ({"os_name": "Other Linux (64-bit)", "os_type": "linux"}, "OsVersionUnknown"),
    ],
)
def test_what_is_doubtful_of_a_candidate_is_a_finding(changes: dict[str, Any], code: str) -> None:
    case = only(vm(**changes))
    assert str(case.reason) == "ready"
    assert code in codes(case)


def test_many_clones_are_named_in_short() -> None:
    found = plan(*(vm(f"web{n:02}", bios_uuid=UUID) for n in range(9)))
    message = found.skipped[0].findings[0].message
    assert "bios uuid with web01 (vsphere, vc01), web02 (vsphere, vc01), web03 (vsphere, vc01) and 5 more" in message
    named = plan(vm(), vm("other", hostname="web01.example.com")).skipped[0].findings[0].message
    assert "other (vsphere, vc01)" in named


def test_a_name_in_azure_may_be_asked_for() -> None:
    inv = hi.Inventory(vms=[vm(), vm("web02", hostname="web01.other.org")])
    found = hi.plan_onboarding(inv, target(), names={"web02": "srv-web02"})
    assert [case.resource_name for case in found.candidates] == ["web01", "srv-web02"]
    bad = hi.plan_onboarding(inv, target(), names={"web02": "srv web02"})
    assert [str(case.reason) for case in bad.skipped] == ["invalid_name"]
    for names in ({"nobody": "x"}, {"web02": ""}, {"web02": 3}):
        with pytest.raises(hi.NotSupported, match="names="):
            hi.plan_onboarding(inv, target(), names=names)  # type: ignore[arg-type]


def test_what_is_no_inventory_says_so() -> None:
    with pytest.raises(hi.NotSupported, match="Inventory"):
        hi.plan_onboarding([vm()], target())  # type: ignore[arg-type]


def test_a_plan_with_text_that_no_file_can_hold_is_saved_with_the_rest(tmp_path: Path) -> None:
    hi.save_onboarding(plan(vm(name="web\ud800", hostname="web01")), tmp_path / "plan.json")
    assert "web01" in (tmp_path / "plan.json").read_text("utf-8")


def test_what_is_no_plan_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(hi.NotSupported, match="OnboardingPlan"):
        hi.save_onboarding({}, tmp_path / "plan.json")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
