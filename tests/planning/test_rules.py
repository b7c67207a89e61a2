"""The migration rules: every row, its carrier, its confidence and its sources."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from hybridinv.errors import HybridInvError, NotSupported
from hybridinv.model.migration import Condition, Confidence, DataKind, MigrationKind, MigrationState
from hybridinv.planning.rules import cite, migration_rule

PROVISIONING = ("vSphereProvisioning", "management")
BOTH = [(kind, state) for kind in MigrationKind for state in MigrationState]
DOCS = Path(__file__).parents[2] / "docs"

SEED = [  # kind, state, label, services by data
    ("compute", "hot", "vMotion",
     {"config": ("vmotion",), "active_disk": ("management",), "cold_disk": ("management",)}),
    ("compute", "cold", "Management",
     {"config": PROVISIONING, "active_disk": PROVISIONING, "cold_disk": PROVISIONING}),
    ("storage", "hot", "Management", {"active_disk": PROVISIONING, "cold_disk": PROVISIONING}),
    ("storage", "cold", "Management", {"active_disk": PROVISIONING, "cold_disk": PROVISIONING}),
    ("compute_and_storage", "hot", "vMotion + Management",
     {"config": ("vmotion",), "active_disk": PROVISIONING, "cold_disk": PROVISIONING}),
    ("compute_and_storage", "cold", "Management",
     {"config": PROVISIONING, "active_disk": PROVISIONING, "cold_disk": PROVISIONING}),
]  # fmt: skip

VENDOR = [  # kind, state, row, data, services, protocol, confidence
    ("compute", "hot", "1a", "memory", ("vmotion",), "vmotion-8000", "high"),
    ("compute", "hot", "1b", "config", (), "", "unsourced"),
    ("compute", "hot", "1c", "config", ("unknown",), "", "medium"),
    ("compute", "hot", "1d", "active_disk", (), "", "medium"),
    ("compute", "hot", "1e", "cold_disk", (), "", "by_definition"),
    ("compute", "hot", "1f", "control", ("management",), "", "unsourced"),
    ("compute", "cold", "2a", "memory", (), "", "medium"),
    ("compute", "cold", "2b", "config", (), "", "medium"),
    ("compute", "cold", "2b", "control", ("management",), "", "medium"),
    ("compute", "cold", "2c", "active_disk", (), "", "by_definition"),
    ("compute", "cold", "2c", "cold_disk", (), "", "by_definition"),
    ("storage", "hot", "3a", "memory", (), "", "by_definition"),
    ("storage", "hot", "3b", "config", ("storage",), "storage", "unsourced"),
    ("storage", "hot", "3c", "active_disk", ("storage",), "datamover", "high"),
    ("storage", "hot", "3d", "cold_disk", ("storage",), "datamover", "high"),
    ("storage", "hot", "3e", "active_disk", (), "", "medium"),
    ("storage", "hot", "3e", "cold_disk", (), "", "medium"),
    ("storage", "hot", "3e", "config", (), "", "medium"),
    ("storage", "hot", "3f", "control", ("management",), "", "unsourced"),
    ("storage", "cold", "4a", "config", ("storage",), "storage", "low"),
    ("storage", "cold", "4a", "active_disk", ("storage",), "storage", "low"),
    ("storage", "cold", "4a", "cold_disk", ("storage",), "storage", "low"),
    ("storage", "cold", "4b", "config", PROVISIONING, "nfc-902", "high"),
    ("storage", "cold", "4b", "active_disk", PROVISIONING, "nfc-902", "high"),
    ("storage", "cold", "4b", "cold_disk", PROVISIONING, "nfc-902", "high"),
    ("storage", "cold", "4c", "control", ("management",), "", "unsourced"),
    ("compute_and_storage", "hot", "5a", "memory", ("vmotion",), "vmotion-8000", "high"),
    ("compute_and_storage", "hot", "5b", "config", ("unknown",), "", "unverified"),
    ("compute_and_storage", "hot", "5c", "active_disk", ("vmotion",), "vmotion-8000", "high"),
    ("compute_and_storage", "hot", "5d", "cold_disk", PROVISIONING, "nfc-902", "medium"),
    ("compute_and_storage", "hot", "5e", "control", ("management",), "", "unsourced"),
    ("compute_and_storage", "cold", "6", "config", PROVISIONING, "nfc-902", "high"),
    ("compute_and_storage", "cold", "6", "active_disk", PROVISIONING, "nfc-902", "high"),
    ("compute_and_storage", "cold", "6", "cold_disk", PROVISIONING, "nfc-902", "high"),
    ("compute_and_storage", "cold", "6b", "control", ("management",), "", "medium"),
    ("compute_and_storage", "cold", "9a", "memory", PROVISIONING, "nfc-902", "medium"),
    ("compute_and_storage", "hot", "10a", "memory", ("vmotion",), "vmotion-8000", "high"),
    ("compute_and_storage", "hot", "10b", "config", ("unknown",), "", "unverified"),
    ("compute_and_storage", "hot", "10c", "active_disk", ("vmotion",), "vmotion-8000", "low"),
    ("compute_and_storage", "hot", "10d", "cold_disk", PROVISIONING, "nfc-902", "medium"),
    ("compute_and_storage", "cold", "11", "active_disk", PROVISIONING, "nfc-902", "high"),
    ("compute_and_storage", "cold", "11", "cold_disk", PROVISIONING, "nfc-902", "high"),
    ("compute_and_storage", "cold", "11", "config", PROVISIONING, "nfc-902", "high"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "state", "label", "services"), SEED)
def test_seed_row(kind, state, label, services):
    rule = migration_rule(kind, state, rules="seed")
    assert (rule.rules, rule.label) == ("seed", label)
    assert {flow.data: flow.services for flow in rule.flows} == services
    assert "araphrased" in rule.note


@pytest.mark.parametrize(("kind", "state", "row", "data", "services", "protocol", "confidence"), VENDOR)
def test_vendor_cell(kind, state, row, data, services, protocol, confidence):
    flows = [flow for flow in migration_rule(kind, state).flows if (flow.row, flow.data) == (row, data)]
    assert [(f.services, f.protocol, f.confidence) for f in flows] == [(services, protocol, confidence)]


def test_no_vendor_cell_is_left_out():
    cells = {(kind, state, flow.row, flow.data) for kind, state in BOTH for flow in migration_rule(kind, state).flows}
    suspended_on_one_host = ("storage", "cold", "9a", "memory")  # two rows, tested below
    assert cells == {cell[:4] for cell in VENDOR} | {suspended_on_one_host}


def test_suspended_memory_of_a_cold_storage_migration_follows_the_cold_disks():
    flows = {flow.when: flow.services for flow in migration_rule("storage", "cold").flows if flow.row == "9a"}
    assert flows == {
        frozenset({Condition.SUSPENDED, Condition.ONE_HOST_SEES_BOTH}): ("storage",),
        frozenset({Condition.SUSPENDED, Condition.NO_HOST_SEES_BOTH}): PROVISIONING,
    }


@pytest.mark.parametrize("rules", ["vendor", "seed"])
@pytest.mark.parametrize(("kind", "state"), BOTH)
def test_every_flow_has_sources_confidence_and_versions(kind, state, rules):
    for flow in migration_rule(kind, state, rules).flows:
        assert flow.sources
        assert all(len(source) > 20 for source in flow.sources), "a key instead of a title"
        assert flow.versions
        assert flow.confidence in Confidence
        assert bool(flow.dissent) == bool(flow.dissent_sources)
        if flow.confidence is Confidence.HIGH:
            assert len(flow.sources) >= 2
        if flow.confidence in (Confidence.UNSOURCED, Confidence.UNVERIFIED) and rules == "vendor":
            assert flow.sources == cite("OWN")


def test_vendor_rules_contradict_nothing_and_the_seed_is_contradicted_where_they_differ():
    vendor = [flow for kind, state in BOTH for flow in migration_rule(kind, state).flows]
    assert all(flow.confidence is not Confidence.CONTRADICTED for flow in vendor)
    contradicted = {
        (kind, state, flow.data)
        for kind, state in BOTH
        for flow in migration_rule(kind, state, "seed").flows
        if flow.confidence is Confidence.CONTRADICTED
    }
    disks = (DataKind.ACTIVE_DISK, DataKind.COLD_DISK)
    assert contradicted == {
        *(("compute", "hot", disk) for disk in disks),
        *(("compute", "cold", disk) for disk in disks),
        *(("storage", "hot", disk) for disk in disks),
        ("compute_and_storage", "hot", DataKind.ACTIVE_DISK),
    }


@pytest.mark.parametrize("rules", ["vendor", "seed"])
@pytest.mark.parametrize(("kind", "state"), BOTH)
def test_differs_is_empty_only_where_both_agree(kind, state, rules):
    agree = (kind, state) == (MigrationKind.COMPUTE_AND_STORAGE, MigrationState.COLD)
    assert bool(migration_rule(kind, state, rules).differs) is not agree


@pytest.mark.parametrize(("kind", "state"), BOTH)
def test_enum_or_word(kind, state):
    rule = migration_rule(kind, state)
    assert migration_rule(kind.value, state.value) is rule
    assert (rule.kind, rule.state) == (kind, state)


@pytest.mark.parametrize(
    ("arguments", "choices"),
    [
        (("sideways", "hot"), "compute, storage, compute_and_storage"),
        (("compute", "warm"), "hot, cold"),
        (("compute", "hot", "folklore"), "vendor, seed"),
    ],
)
def test_unknown_word_lists_the_choices(arguments, choices):
    with pytest.raises(NotSupported) as caught:
        migration_rule(*arguments)
    assert isinstance(caught.value, HybridInvError)
    assert caught.value.remedy.endswith(choices)


def test_unverified_is_said_where_it_matters():
    flows = {flow.row: flow for kind, state in BOTH for flow in migration_rule(kind, state).flows}
    for row in ("1c", "4a", "5b"):
        assert "UNVERIFIED" in flows[row].note, row


def test_page_is_up_to_date():
    spec = importlib.util.spec_from_file_location("generate_rules", DOCS / "generate_rules.py")
    generate_rules = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate_rules)
    page = (DOCS / "migration-rules.md").read_text("utf-8")
    assert generate_rules.render(page) == page, "run: python docs/generate_rules.py"
    tables = [line for line in page.splitlines() if line.startswith("| 5c |")]
    assert len(tables) == 1
    assert "**vMotion**" in tables[0]
