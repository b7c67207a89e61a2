"""That the comparison with the truth can fail: every field of the model is told, and seen at work somewhere."""

import attrs
import pytest

import hybridinv as hi
from hybridinv.model import HostBusAdapter, Lun, Partition, TcpipStack
from live.telling import FULL_ONLY, NEVER_SEEN, NOT_TOLD, is_anothers, parts, seen

pytestmark = pytest.mark.live

RECORDS = (
    hi.VirtualMachine, hi.Host, hi.VMkernelAdapter, hi.Cluster, hi.Datastore, hi.Network, hi.Switch, hi.ResourcePool,
    hi.License,
)  # fmt: skip
FULL_ONLY_PARTS = {HostBusAdapter, Lun, Partition, TcpipStack}
"""What a record has parts of with full detail alone."""
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
        tables = hi.Inventory().tables()
        assert {tables[kind].type for kind in vcenter.capabilities} == set(RECORDS)


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
    assert (model not in found["summary"]) == (model in FULL_ONLY_PARTS)
    if model in FULL_ONLY_PARTS:
        return
    summary, full = found["summary"][model], found["full"][model]
    assert full - summary == FULL_ONLY.get(model, set()) - NEVER_SEEN.get(model, {}).keys()
    assert summary <= full
