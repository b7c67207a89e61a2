"""What every adapter promises, checked over every tape of every platform."""

import types
import typing
from collections.abc import Mapping
from datetime import UTC, datetime

import attrs
import pytest

import hybridinv as hi
from hybridinv.inventory import KINDS
from hybridinv.platforms import PLATFORMS
from hybridinv.transport.scrub import scrub
from hybridinv.transport.tape import PROVENANCES, Player, Tape
from tape_list import folders, label, provenances

EVIL = "<script>alert('x')</script>"
TAPES = folders()


@pytest.fixture(scope="module", params=TAPES, ids=label)
def folder(request):
    return request.param


@pytest.fixture(scope="module")
def adapter(folder):
    return hi.replay(folder)


@pytest.fixture(scope="module")
def inv(adapter):
    return adapter.inventory()


@pytest.fixture
def silence(monkeypatch):
    """From here on, whoever asks the tape fails."""

    def refuse(*_):
        raise AssertionError("it asked the endpoint")

    monkeypatch.setattr(Player, "handle_request", refuse)


def records_of(inv):
    return [record for records in inv.tables().values() for record in records]


def test_there_is_a_tape_of_every_platform():
    assert {Tape.read(folder).platform for folder in TAPES} == set(PLATFORMS)
    assert set(provenances()) <= set(PROVENANCES) - {"published"}
    assert provenances().total() == len(TAPES) >= len(PLATFORMS)


def test_it_is_what_the_tape_says(folder, adapter):
    tape = Tape.read(folder)
    assert adapter.platform == tape.platform
    assert isinstance(adapter, PLATFORMS[tape.platform].load())


@pytest.mark.parametrize("kind", KINDS)
def test_capabilities_are_honoured(adapter, inv, kind):
    """A strict list gives what the inventory has, or fails for a reason that the inventory names too."""
    if kind not in adapter.capabilities:
        with pytest.raises(hi.NotSupported) as caught:
            getattr(adapter, kind)()
        assert len(caught.value.reason) > 10
        with pytest.raises(hi.NotSupported):
            adapter.inventory([kind])
        assert not getattr(inv, kind)
        return
    odd = {problem for record in getattr(inv, kind) for problem in getattr(record, "problems", ())}
    if lost := {problem.error for problem in inv.problems if problem.kind == kind and problem not in odd}:
        with pytest.raises(hi.HybridInvError) as caught:
            getattr(adapter, kind)()
        assert type(caught.value).__name__ in lost
        return
    records = getattr(adapter, kind)()
    assert isinstance(records, hi.Records)
    assert records.type is KINDS[kind]
    assert records == getattr(inv, kind)


def test_it_holds_something(inv):
    assert inv.vms


def test_every_record_says_what_and_whence(adapter, inv):
    for record in records_of(inv):
        assert record.id
        assert record.name
        assert (record.platform, record.source) == (adapter.platform, adapter.source)
    assert inv.sources == (adapter.source,)
    assert {problem.source for problem in inv.problems} <= {adapter.source}


def test_ids(adapter, inv):
    ids = [record.id for record in records_of(inv)]
    assert len(set(ids)) == len(ids)
    if adapter.platform == "vsphere":
        assert all(id_.startswith("vsphere://") for id_ in ids)
    else:
        assert all(id_.startswith("/subscriptions/") and id_ == id_.lower() for id_ in ids)


def test_every_value_is_of_its_type(inv):
    for record in (*records_of(inv), *inv.problems):
        check(record, type(record), type(record).__name__)


def check(value, hint, path):
    """`value` is exactly what the annotation says: no naive moment, no bool for an int, no text for an enum."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is not None:
            (hint,) = (argument for argument in arguments if argument is not type(None))
            check(value, hint, path)
        return
    assert type(value) is (origin or hint), f"{path} is {value!r}"
    if origin in (tuple, frozenset):
        for item in value:
            check(item, arguments[0], f"{path}[]")
    elif isinstance(value, Mapping):
        assert all(type(text) is str for pair in value.items() for text in pair), f"{path} is {value!r}"
    elif isinstance(value, datetime):
        assert value.tzinfo is UTC, f"{path} is {value!r}"
    elif attrs.has(hint):
        hints = typing.get_type_hints(hint)
        for field in attrs.fields(hint):
            check(getattr(value, field.name), hints[field.name], f"{path}.{field.name}")


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (int, True),
        (int | None, 1.0),
        (datetime | None, datetime(2026, 1, 1)),  # noqa: DTZ001
        (hi.PowerState, "running"),
        (tuple[str, ...], ("a", None)),
        (hi.Agent, None),
        (hi.Tags, {}),
    ],
)
def test_the_check_can_fail(hint, value):
    with pytest.raises(AssertionError):
        check(value, hint, "it")


def test_sizes_are_bytes(inv):
    sizes = [vm.memory_bytes for vm in inv.vms] + [disk.capacity_bytes for vm in inv.vms for disk in vm.disks]
    assert all(size >= 2**20 for size in sizes if size is not None)


def test_to_arrow(inv):
    pytest.importorskip("pyarrow")
    from hybridinv.columns import arrow_schema

    for kind, records in inv.tables().items():
        table = records.to_arrow()
        assert table.schema.equals(arrow_schema(KINDS[kind]), check_metadata=True)
        assert table.column_names == [field.name for field in attrs.fields(KINDS[kind])]
        assert table.column("id").to_pylist() == [record.id for record in records]


def test_save_and_load(inv, tmp_path):
    inv.save(tmp_path / "inventory.json")
    assert hi.load(tmp_path / "inventory.json") == inv


def test_recording_from_a_tape_gives_the_tape(folder, tmp_path):
    hi.record(hi.replay(folder), tmp_path / "tape")
    before, after = (
        {file.name: file.read_bytes() for file in where.iterdir()} for where in (folder, tmp_path / "tape")
    )
    assert list(after)
    assert sorted(after) == sorted(before)
    assert [name for name in before if before[name] != after[name]] == []


def test_no_secret_on_it(folder):
    for exchange in Tape.read(folder).exchanges:
        method, _, rest = exchange.request.partition(" ")
        operation = rest.partition(" ")[2] if method == "POST" else exchange.request
        assert scrub(exchange.body, operation) == exchange.body, exchange.request
        assert scrub(exchange.request.encode()) == exchange.request.encode()
    assert scrub((folder / "tape.json").read_bytes()) == (folder / "tape.json").read_bytes()


def test_looking_at_it_asks_nobody(folder, inv, silence):
    adapter = hi.replay(folder)
    assert adapter.source in repr(adapter)
    assert adapter.capabilities
    adapter.close()
    for shown in (inv, *inv.tables().values()):
        assert repr(shown)
        assert shown._repr_html_()
    with pytest.raises(AssertionError, match="asked the endpoint"):
        adapter.vms()


def test_names_are_escaped(inv):
    marked = [attrs.evolve(vm, name=EVIL, source=EVIL) for vm in inv.vms[:1]]
    problem = hi.Problem(source=EVIL, message=EVIL)
    shown = hi.Inventory(vms=marked, problems=[problem])
    for markup in (shown._repr_html_(), shown.vms._repr_html_(), shown.problems._repr_html_()):
        assert "<script" not in markup
        assert "&lt;script&gt;" in markup


def test_what_only_other_platforms_have_is_refused_with_the_reason(adapter):
    methods = {"metrics": adapter.platform != "vsphere", "extension_images": adapter.platform == "vsphere"}
    for method, is_missing in methods.items():
        if is_missing:
            with pytest.raises(hi.NotSupported, match=adapter.source):
                getattr(adapter, method)("westeurope")
