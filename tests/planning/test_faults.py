"""Every fault of the catalogue: present where it applies, absent where it nearly does."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from hybridinv.model import Severity
from hybridinv.model.migration import MigrationKind, MigrationState
from hybridinv.planning.checks import check_destination, check_machine
from hybridinv.planning.checks.faults import evc_ranks, faults, found
from hybridinv.planning.index import _indexes, index_of
from hybridinv.planning.migration import plan_migration
from planning.fault_cases import CASES, TO_BOTH, TO_DATASTORE, TO_HOST, B, Changes, I, made, there, vm
from planning.small_estate import GIB


def planned(changes: Changes, target: dict[str, str], **options: str) -> Any:
    return plan_migration(made(changes), "vm-1", **target, **options)


@pytest.mark.parametrize("state", ["running", "stopped", "suspended"])
@pytest.mark.parametrize("target", [TO_HOST, TO_DATASTORE, TO_BOTH])
def test_nothing_stands_in_the_way_of_the_estate_as_it_is(state: str, target: dict[str, str]) -> None:
    plan = planned(vm(power_state=state), target)
    assert plan.feasible
    assert {f.code for f in plan.findings} <= {"SourcesDisagree"}


@pytest.mark.parametrize(
    ("code", "severity", "target", "bad", "good"), CASES, ids=[f"{n}-{case[0]}" for n, case in enumerate(CASES)]
)
def test_fault(code: str, severity: Severity, target: dict[str, str], bad: Changes, good: Changes) -> None:
    plan = planned(bad, target)
    said = [f for f in plan.findings if f.code == code]
    assert severity in [f.severity for f in said], [f.code for f in plan.findings]
    assert all(f.message and f.remedy and f.sources and f.subject_id for f in said)
    assert plan.feasible is all(f.severity is not B for f in plan.findings)
    nearly = [f for f in planned(good, target).findings if f.code == code and f.severity is severity]
    assert nearly == []


def test_rule_sets_differ_is_said_of_the_seed_alone() -> None:
    assert "RuleSetsDiffer" in [f.code for f in planned({}, TO_HOST, rules="seed").findings]
    assert "RuleSetsDiffer" not in [f.code for f in planned({}, TO_HOST).findings]


def test_every_fault_of_the_catalogue_is_tested_in_each_of_its_severities() -> None:
    tested = {(code, severity) for code, severity, *_ in CASES}
    # What running machines bring up is tested for them; the lesser severity of machines that are off follows from it.
    wanted = {(fault.code, severity) for fault in faults().values() for severity in fault.hot or fault.cold}
    assert wanted - tested == {("RuleSetsDiffer", I)}


def test_the_catalogue_is_complete_in_itself() -> None:
    for fault in faults().values():
        assert fault.hot or fault.cold, fault.code
        assert fault.sources, fault.code
        assert all(len(source) > 10 for source in fault.sources), fault.code
        assert fault.when, fault.code
        assert fault.remedy, fault.code
        assert not fault.remedy.endswith("."), fault.code
        for severities in (fault.hot, fault.cold):
            assert list(severities) == sorted(severities, key=list(Severity).index), "the lesser one goes last"
            assert len(severities) <= 2


def test_a_fault_that_does_not_matter_then_is_no_finding() -> None:
    assert found("VMotionLinkDown", "x", "…", MigrationState.COLD) == ()
    assert [f.severity for f in found("VMotionLinkDown", "x", "…")] == [B]


def test_a_wrong_code_is_an_error() -> None:
    with pytest.raises(KeyError):
        found("NoSuchFault", "x", "…")


def test_evc_modes_are_ordered_within_a_maker() -> None:
    ranks = evc_ranks()
    assert ranks["intel-skylake"] < ranks["intel-icelake"]
    assert ranks["intel-skylake"][0] != ranks["amd-zen"][0]


# ---------------------------------------------------------------------------------- for other planners


def test_a_machine_is_checked_apart_from_its_destination() -> None:
    inv = made(vm(cpu_affinity=["1"], consolidation_needed=True))
    assert [f.code for f in check_machine(inv.vms[0], inv)] == ["AffinityConfigured"]
    assert [f.code for f in check_machine(inv.vms[0], inv, kind=MigrationKind.STORAGE)] == ["ConsolidationNeeded"]


def test_a_destination_is_checked_apart_from_the_machine() -> None:
    inv = made({**vm(cpu_affinity=["1"]), **there(in_maintenance=True, memory_bytes=GIB), "vmk1 host-2": None})
    vm_, (source, destination) = inv.vms[0], inv.hosts
    codes = {f.code for f in check_destination(vm_, source, destination, inv)}
    assert codes == {"InvalidHostState", "MemoryOvercommitted", "VMotionNotConfigured"}
    without_capacity = check_destination(vm_, source, destination, index_of(inv), capacity=False)
    assert codes - {f.code for f in without_capacity} == {"MemoryOvercommitted"}


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c[2] is TO_HOST and "host_id" not in c[3].get("vm", {}) and "problems" not in c[3]],
    ids=lambda c: c[0],
)
def test_both_checks_together_say_what_a_plan_says(case: Any) -> None:
    """But for what concerns the flows of cold data and the documents, which a change of host does not have."""
    inv = made(case[3])
    vm_, source, destination = inv.vms[0], inv.hosts[0], inv.hosts[1]
    apart = {*check_machine(vm_, inv), *check_destination(vm_, source, destination, inv)}
    assert apart == set(plan_migration(inv, vm_, to_host=destination).findings)


def test_an_index_lives_as_long_as_its_inventory() -> None:
    inv = made({})
    before = len(_indexes)
    index = index_of(inv)
    assert index_of(inv) is index
    assert index_of(index) is index
    assert len(_indexes) == before + 1
    del inv
    gc.collect()
    assert len(_indexes) == before
