"""Who is covered by Arc, who not, and that the plan says the same."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import hybridinv as hi
from hybridinv.onboarding.coverage import coverage_counts
from hybridinv.wire.hybridcompute import read_machine
from hybridinv.wire.reading import Origin

ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT.parent / "shared" / "published" / "recordings"
UUID = "42229e2f-348e-7dd2-7f0c-04f74bc09927"
SWAPPED = "2f9e2242-8e34-d27d-7f0c-04f74bc09927"
TARGET = hi.OnboardingTarget(subscription_id="s", resource_group="rg-arc", tenant_id="t", location="westeurope")


def vm(name: str = "web01", **changes: Any) -> hi.VirtualMachine:
    usual = {
        "id": name,
        "name": name,
        "platform": "vsphere",
        "source": "vc01",
        "power_state": "running",
        "os_type": "windows",
        "os_name": "Microsoft Windows Server 2022 (64-bit)",
        "agent": hi.Agent(kind="vmware-tools", status="ready"),
    }
    return hi.VirtualMachine(**(usual | changes))


def arc(name: str = "web01", status: str = "ready", **changes: Any) -> hi.VirtualMachine:
    usual = {
        "id": f"arc-{name}",
        "platform": "azure-arc",
        "source": "arm",
        "agent": hi.Agent(kind="connected-machine-agent", status=status),
        "connection_state": "" if status == "unknown" else status,
    }
    return vm(name, **(usual | changes))


def coverage(*vms: hi.VirtualMachine, **more: Any) -> hi.Records[hi.ArcCoverage]:
    return hi.arc_coverage(hi.Inventory(vms=vms, **more))


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("ready", "covered"),
        ("disconnected", "stale"),
        ("expired", "stale"),
        ("error", "stale"),
        ("unknown", "pending"),
        ("not_ready", "pending"),
    ],
)
def test_a_machine_at_arc_is_there_once(status: str, state: str) -> None:
    (one,) = coverage(vm(bios_uuid=UUID), arc(status=status, bios_uuid=SWAPPED))
    assert (one.vm_id, one.platform, one.source, one.state, one.arc_id) == (
        "web01",
        "vsphere",
        "vc01",
        state,
        "arc-web01",
    )
    assert one.message
    assert one.remedy


def test_a_machine_that_only_arc_shows() -> None:
    (one,) = coverage(arc("kassa", "expired"))
    assert (one.vm_id, one.platform, one.state, one.reason) == ("arc-kassa", "azure-arc", "stale", "expired")


def test_a_machine_that_could_be_onboarded_is_missing() -> None:
    (one,) = coverage(vm())
    assert (one.state, one.reason, one.arc_id) == ("missing", "ready", "")
    assert "plan_onboarding" in one.remedy


@pytest.mark.parametrize("platform", ["azure", "azure-stack-hub"])
def test_an_agent_in_a_vm_of_azure_should_not_be(platform: str) -> None:
    """Azure's `vmId` is the SMBIOS UUID that the agent sees."""
    (one,) = coverage(vm(platform=platform, native_id=UUID), arc(bios_uuid=SWAPPED))
    assert (one.vm_id, one.state, one.arc_id) == ("web01", "should_not_be", "arc-web01")
    assert "azcmagent disconnect" in one.remedy
    (without,) = coverage(vm(platform=platform, native_id=UUID))
    assert (without.state, without.arc_id) == ("not_possible", "")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"is_template": True}, "template"),
        ({"power_state": "stopped"}, "not_running"),
        ({"agent": hi.Agent(status="not_installed")}, "no_tools"),
        ({"os_name": "CentOS 7 (64-bit)", "os_type": "linux"}, "os_not_supported"),
        ({"hostname": "EXCHANGE"}, "reserved_name"),
    ],
)
def test_what_is_not_possible_has_its_reason(changes: dict[str, Any], reason: str) -> None:
    (one,) = coverage(vm(**changes))
    assert (one.state, one.reason) == ("not_possible", reason)
    assert one.message


def test_clones_are_not_covered_by_the_one_machine_at_arc() -> None:
    found = coverage(vm("a", bios_uuid=UUID), vm("b", bios_uuid=UUID), arc("a", bios_uuid=UUID))
    assert {one.vm_id: str(one.state) for one in found} == {"a": "in_doubt", "b": "in_doubt"}


@pytest.mark.parametrize("old", ["expired", "ready"])
def test_an_azure_vm_with_two_records_at_arc_should_have_none(old: str) -> None:
    found = coverage(vm(platform="azure", native_id=UUID), arc("a", bios_uuid=UUID), arc("b", old, bios_uuid=SWAPPED))
    (one,) = found
    assert (one.vm_id, one.state) == ("web01", "should_not_be")
    assert "a (azure-arc, arm), b (azure-arc, arm)" in one.message


def test_every_finding_is_said() -> None:
    name = {"hostname": "web01.example.com"}
    (one,) = coverage(vm(**name), arc(**name))
    assert "name alone" in one.message


def mixed() -> hi.Inventory:
    named = vm("taken")
    there = arc("taken", resource_group="RG-ARC", subscription_id="S", hostname="else.where")
    return hi.Inventory(
        vms=[vm("new"), vm("off", power_state="stopped"), vm("known", bios_uuid=UUID), arc("known", bios_uuid=UUID),
             arc("lost", "expired"), vm("cloud", platform="azure"), named, there, *hi.demo().vms]
    )  # fmt: skip


def test_it_says_what_the_plan_says() -> None:
    inv = mixed()
    plan, found = hi.plan_onboarding(inv, TARGET), hi.arc_coverage(inv, TARGET)
    assert {one.vm_id for one in found.where(state="missing")} == {one.vm_id for one in plan.candidates} >= {"new"}
    reasons = {one.vm_id: one.reason for one in (*plan.candidates, *plan.skipped)}
    assert {one.vm_id: one.reason for one in found} == reasons
    assert len(found) == len(reasons)
    without_target = hi.arc_coverage(inv)
    assert {one.vm_id for one in without_target.where(state="missing")} - {one.vm_id for one in plan.candidates} == {
        "taken"
    }


def test_every_state_is_counted() -> None:
    found = hi.arc_coverage(mixed())
    counts = coverage_counts(found)
    assert list(counts) == list(hi.CoverageState)
    assert sum(counts.values()) == len(found)
    assert counts["missing"] >= 2
    assert set(coverage_counts([]).values()) == {0}


def test_it_is_a_table() -> None:
    pytest.importorskip("pyarrow")
    table = hi.arc_coverage(mixed()).to_arrow()
    assert set(table.column("state").to_pylist()) >= {"missing", "covered", "stale", "not_possible"}


@pytest.mark.skipif(
    not RECORDINGS.is_dir() and not os.environ.get("CI"), reason=f"there is no {RECORDINGS.relative_to(ROOT.parent)}"
)
def test_an_estate_as_microsoft_recorded_it() -> None:
    text = (RECORDINGS / "arc-machines-four-pages-2019-08-02-preview.json").read_bytes()
    bodies = [body for exchange in json.loads(text)["exchanges"] for body in exchange["body"]["value"]]
    machines = {vm.id: vm for vm in (read_machine(body, Origin("azure-arc", "arm")) for body in bodies)}
    found = coverage(*machines.values())
    counts = coverage_counts(found)
    # Counted in the file by hand: 33 Connected, 154 Disconnected, 1 Error, 161 null.
    assert {state: number for state, number in counts.items() if number} == {
        "covered": 33,
        "stale": 155,
        "pending": 161,
    }
    assert {one.arc_id for one in found} == set(machines)
