"""Records: frozen, keyword-only, documented, and safe to pickle, hash and compare."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import attrs
import pytest

import hybridinv as hi
from hybridinv.inventory import KINDS

RECORDS = [*KINDS.values(), hi.ExtensionImage]
PARTS = [hi.Agent, hi.Disk, hi.Nic, hi.Snapshot, hi.Problem, hi.Finding, hi.Change, hi.MetricSample]
IDENTITY = {"id": "a", "name": "b", "platform": "vsphere", "source": "vc01"}


@pytest.mark.parametrize("kind", RECORDS)
def test_a_record_needs_only_its_identity(kind: type) -> None:
    record = kind(**IDENTITY)
    assert [field.name for field in attrs.fields(kind)][:4] == list(IDENTITY)
    assert kind(**IDENTITY) == record
    for name in IDENTITY:
        with pytest.raises(TypeError):
            kind(**{k: v for k, v in IDENTITY.items() if k != name})


@pytest.mark.parametrize("kind", [*RECORDS, *PARTS])
def test_records_are_frozen_keyword_only_and_slotted(kind: type) -> None:
    record = kind(**IDENTITY) if kind in RECORDS else kind()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(record, attrs.fields(kind)[0].name, "other")
    with pytest.raises(TypeError):
        kind("positional")
    assert not hasattr(record, "__dict__")
    assert pickle.loads(pickle.dumps(record)) == record
    assert copy.deepcopy(record) == record
    assert hash(record) == hash(copy.deepcopy(record))


@pytest.mark.parametrize("kind", [*RECORDS, *PARTS])
def test_every_field_is_documented_and_sizes_name_their_unit(kind: type) -> None:
    for field in attrs.fields(kind):
        assert field.metadata.get("doc"), f"{kind.__name__}.{field.name}"
        if field.name.endswith("_bytes"):
            assert field.metadata["unit"] == "bytes", f"{kind.__name__}.{field.name}"


@pytest.mark.parametrize(
    "enum", [hi.PowerState, hi.OSType, hi.AgentStatus, hi.Severity, hi.ChangeKind, hi.MigrationKind, hi.MigrationState]
)
def test_enums_are_lower_case_text(enum: type[StrEnum]) -> None:
    assert issubclass(enum, StrEnum)
    assert all(member.value == member.value.lower() for member in enum)


def test_services_are_plain_strings_and_constants_equal_them() -> None:
    adapter = hi.VMkernelAdapter(**IDENTITY, services=["vmotion", "someNewService"])
    assert adapter.services == frozenset({"vmotion", "someNewService"})
    assert hi.VMkernelService.VMOTION in adapter.services
    assert hi.VMkernelService.PROVISIONING == "vSphereProvisioning"


def test_iterables_become_tuples_and_words_become_enums() -> None:
    vm = hi.VirtualMachine(
        **IDENTITY, disks=[hi.Disk(name="d")], power_state="running", tags={"env": "prod", "n": None}
    )
    assert vm.disks == (hi.Disk(name="d"),)
    assert vm.power_state is hi.PowerState.RUNNING
    assert vm.tags == {"env": "prod", "n": ""}
    assert vm.agent.status is hi.AgentStatus.UNKNOWN
    with pytest.raises(ValueError, match="flying"):
        hi.VirtualMachine(**IDENTITY, power_state="flying")


def test_tags_cannot_be_changed() -> None:
    given = {"env": "prod"}
    tags = hi.VirtualMachine(**IDENTITY, tags=given).tags
    given["env"] = "test"
    assert tags["env"] == "prod"
    with pytest.raises(TypeError):
        tags["env"] = "test"  # type: ignore[index]


def test_errors_survive_pickling_with_their_attributes() -> None:
    error = hi.Throttled("too many", retry_after=7.5, source="s", operation="GET /x", remedy="wait")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is hi.Throttled
    assert (again.retry_after, again.source, again.operation, str(again)) == (7.5, "s", "GET /x", "too many — wait")


def test_the_error_tree_is_the_contracts() -> None:
    for kind in (
        hi.ConnectFailed,
        hi.TLSFailed,
        hi.AuthenticationFailed,
        hi.AccessDenied,
        hi.Throttled,
        hi.DeadlineExceeded,
        hi.ServerFault,
    ):
        assert issubclass(kind, hi.EndpointError)
    assert issubclass(hi.TruncatedAnswer, hi.UnexpectedAnswer)
    for kind in (
        hi.EndpointError,
        hi.UnexpectedAnswer,
        hi.NotSupported,
        hi.NotFound,
        hi.MultipleMatches,
        hi.MissingExtra,
        hi.EstateError,
        hi.TapeMismatch,
    ):
        assert issubclass(kind, hi.HybridInvError)
    assert hi.NotSupported("no hosts").reason == "no hosts"
    assert hi.MissingExtra("pyarrow", "tables").extra == "tables"
    assert "pip install 'hybridinv[tables]'" in str(hi.MissingExtra("pyarrow", "tables"))


# What is built by hand


def test_one_text_is_not_taken_letter_by_letter() -> None:
    for kind, values in [
        (hi.VMkernelAdapter, {"services": "vmotion"}),
        (hi.VirtualMachine, {"ip_addresses": "10.0.0.1"}),
        (hi.Datastore, {"host_ids": b"host-1"}),
    ]:
        with pytest.raises(hi.NotSupported, match=r"is one text where several may be — give a list: \["):
            kind(**IDENTITY, **values)
    adapter = hi.VMkernelAdapter(**IDENTITY, services=(word for word in ["vmotion"]), ipv6_addresses=["fe80::1"])
    assert adapter.services == frozenset({"vmotion"})
    assert adapter.ipv6_addresses == ("fe80::1",)


def test_a_moment_is_kept_in_utc() -> None:
    there = timezone(timedelta(hours=2))
    naive = datetime(2024, 1, 1)  # noqa: DTZ001
    vm = hi.VirtualMachine(**IDENTITY, created_at=datetime(2024, 1, 1, tzinfo=there), booted_at=naive)
    assert (vm.created_at.tzinfo, vm.created_at.isoformat()) == (UTC, "2023-12-31T22:00:00+00:00")
    assert vm.booted_at == datetime(2024, 1, 1, tzinfo=UTC)


def test_a_machine_always_has_an_agent() -> None:
    vm = hi.VirtualMachine(**IDENTITY, agent=None)
    assert vm.agent == hi.Agent()
    hi.check_agents(hi.Inventory(vms=[vm]))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda: hi.VirtualMachine(**IDENTITY, power_state="bogus"),
            "'bogus' is no PowerState: it is one of running, ",
        ),
        (lambda: hi.Agent(status="READY"), "'READY' is no AgentStatus: .*ready"),
        (lambda: hi.VirtualMachine(**IDENTITY, os_type=None), "None is no OSType"),
    ],
)
def test_a_word_that_there_is_not_names_those_that_there_are(make, says) -> None:
    with pytest.raises(ValueError, match=says):
        make()
