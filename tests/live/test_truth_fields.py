"""That the comparison with the truth can fail: every field of the model is told, and seen at work somewhere."""

import attrs
import pytest

import hybridinv as hi
from hybridinv.platforms import PLATFORMS
from live.telling import FULL_ONLY, NEVER_SEEN, NOT_TOLD, is_anothers, parts, seen

pytestmark = pytest.mark.live

RECORDS = (
    hi.VirtualMachine, hi.Host, hi.VMkernelAdapter, hi.Cluster, hi.Datastore, hi.Network, hi.Switch, hi.ResourcePool,
    hi.License,
)  # fmt: skip
MODELS = list(dict.fromkeys(part for record in RECORDS for part in parts(record) if part is not hi.Problem))


@pytest.fixture(scope="module")
def found(plain, clusters, demo, networks, awkward, read):
    """By record and by part of one, the fields that differ from their defaults at summary and at full detail."""
    levels = {}
    for detail in ("summary", "full"):
        levels[detail] = {}
        for simulator in (plain, clusters, demo, networks, awkward):
            for records in read(simulator, detail).tables().values():
                seen(list(records), levels[detail])
    return levels


def test_every_kind_of_record_is_compared(plain):
    with plain.adapter() as vcenter:
        assert len(vcenter.capabilities) == len(RECORDS)
    assert "vsphere" in PLATFORMS
    assert {records.type for records in hi.Inventory().tables().values()} >= set(RECORDS)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_field_is_seen_at_work_or_it_is_said_why_not(found, model):
    known = attrs.fields_dict(model)
    expected = {name for name in known if not is_anothers(known[name])} - NOT_TOLD.get(model, {}).keys()
    never = NEVER_SEEN.get(model, {})
    assert never.keys() <= expected
    at_work = found["full"].get(model, set())
    assert expected - at_work == never.keys()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_full_detail_adds_just_these_fields(found, model):
    if model not in found["summary"]:
        pytest.skip("a part of a record that only full detail has")
    summary, full = found["summary"][model], found["full"][model]
    assert full - summary == FULL_ONLY.get(model, set()) - NEVER_SEEN.get(model, {}).keys()
    assert summary <= full
