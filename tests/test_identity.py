"""Which records are one machine."""

from __future__ import annotations

import uuid
from collections import Counter

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hybridinv as hi
from hybridinv.identity import swapped, uuid_key

UUID = "42229e2f-348e-7dd2-7f0c-04f74bc09927"
SWAPPED = "2f9e2242-8e34-d27d-7f0c-04f74bc09927"
OTHER = "421f245c-7fa8-60fa-91e1-0c5cf8a1b0de"
SERIAL = "VMware-42 22 9e 2f 34 8e 7d d2-7f 0c 04 f7 4b c0 99 27"
VCENTER = "9b1d7a3e-0000-4000-8000-1c2d3e4f5a6b"


def vm(id_: str, platform: str = "vsphere", mac: str = "", **fields: object) -> hi.VirtualMachine:
    nics = [hi.Nic(mac_address=mac)] if mac else []
    return hi.VirtualMachine(id=id_, name=id_, platform=platform, source=platform, nics=nics, **fields)  # type: ignore[arg-type]


def arc(id_: str, **fields: object) -> hi.VirtualMachine:
    return vm(id_, "azure-arc", **fields)  # type: ignore[arg-type]


def matches(*vms: hi.VirtualMachine, resources: list[hi.Resource] = []) -> list[tuple[object, ...]]:  # noqa: B006
    found = hi.same_machines(hi.Inventory(vms=vms, resources=resources))
    return [(one.vm_ids, tuple(map(str, one.evidence)), str(one.confidence), one.ambiguous) for one in found]


@pytest.mark.parametrize(
    ("fields", "evidence", "confidence"),
    [
        ({"bios_uuid": UUID}, "bios_uuid", "high"),
        ({"bios_uuid": SWAPPED}, "bios_uuid_swapped", "high"),
        ({"bios_uuid": SWAPPED.upper()}, "bios_uuid_swapped", "high"),
        ({"bios_uuid": f"{{{UUID}}}"}, "bios_uuid", "high"),
        ({"serial_number": SERIAL}, "serial_number", "exact"),
        ({"serial_number": SERIAL.upper()}, "serial_number", "exact"),
        ({"mac": "00:50:56:AB:01:02"}, "mac_address", "medium"),
        ({"mac": "00-50-56-ab-01-02"}, "mac_address", "medium"),
        ({"mac": "0050.56AB.0102"}, "mac_address", "medium"),
        ({"hostname": "WEB01.example.com."}, "fqdn", "low"),
    ],
)
def test_each_evidence_joins_and_says_how_strong_it_is(fields: dict[str, str], evidence: str, confidence: str) -> None:
    ours = vm("v", bios_uuid=UUID, mac="00:50:56:ab:01:02", hostname="web01.example.com")
    bystanders = vm("w", bios_uuid=OTHER, mac="00:50:56:ab:99:99", hostname="db.example.com"), arc("b")
    assert matches(ours, *bystanders, arc("a", **fields)) == [(("v", "a"), (evidence,), confidence, False)]


def test_all_evidence_is_named_the_strongest_first() -> None:
    both = {"mac": "00:50:56:ab:01:02", "hostname": "web01.example.com"}
    found = matches(vm("v", bios_uuid=UUID, **both), arc("a", bios_uuid=SWAPPED, serial_number=SERIAL, **both))
    evidence = ("serial_number", "bios_uuid_swapped", "mac_address", "fqdn")
    assert found == [(("v", "a"), evidence, "exact", False)]


def test_arcs_inventory_of_the_same_vcenter_is_exact() -> None:
    item = hi.Resource(
        id="/…/inventoryitems/1", name="web01", platform="azure-arc", source="arm",
        vcenter_uuid=VCENTER, native_id="vm-7", machine_id="a",
    )  # fmt: skip
    ours = vm(f"vsphere://{VCENTER}/vm-7")
    assert matches(ours, arc("a"), resources=[item]) == [((ours.id, "a"), ("moref",), "exact", False)]
    elsewhere = attrs.evolve(item, vcenter_uuid=UUID)
    assert matches(ours, arc("a"), resources=[elsewhere]) == []


@pytest.mark.parametrize("order", [str, swapped])
@pytest.mark.parametrize("platform", ["azure", "azure-stack-hub"])
def test_the_vm_id_of_azure_is_its_bios_uuid_and_that_of_arc_is_not(platform: str, order: type[str]) -> None:
    evidence = "bios_uuid" if order is str else "bios_uuid_swapped"
    assert matches(vm("z", platform, native_id=UUID), arc("a", bios_uuid=order(UUID))) == [
        (("z", "a"), (evidence,), "high", False)
    ]
    assert matches(vm("v", bios_uuid=UUID), arc("a", native_id=UUID)) == []


def test_one_machine_may_be_on_all_four_platforms() -> None:
    found = matches(vm("v", bios_uuid=UUID), arc("a", bios_uuid=SWAPPED),
                    vm("z", "azure", native_id=UUID), vm("h", "azure-stack-hub", native_id=UUID))  # fmt: skip
    assert found == [(("v", "a", "z", "h"), ("bios_uuid_swapped",), "high", False)]


def test_weaker_evidence_adds_a_record_to_a_machine() -> None:
    found = matches(vm("v", bios_uuid=UUID, hostname="a.b"), arc("a", bios_uuid=UUID), vm("z", "azure", hostname="a.b"))
    assert found == [(("v", "a", "z"), ("bios_uuid", "fqdn"), "high", False)]


@pytest.mark.parametrize(
    "vms",
    [
        (vm("v", bios_uuid=UUID), vm("w", bios_uuid=UUID), arc("a", bios_uuid=SWAPPED)),
        (vm("v", bios_uuid=UUID), vm("w", bios_uuid=SWAPPED), arc("a", bios_uuid=UUID)),
        (vm("v", bios_uuid=UUID), arc("a", bios_uuid=UUID), arc("b", bios_uuid=SWAPPED)),
        (vm("v", bios_uuid=UUID), vm("w", bios_uuid=UUID), arc("a", serial_number=SERIAL)),
        (vm("v", mac="00:50:56:ab:01:02"), vm("w", mac="00:50:56:ab:01:02"), arc("a", mac="00:50:56:ab:01:02")),
        (vm("v", hostname="a.b"), vm("w", hostname="a.b"), arc("a", hostname="a.b")),
    ],
)
def test_clones_are_reported_and_never_joined(vms: tuple[hi.VirtualMachine, ...]) -> None:
    ((ids, _, _, ambiguous),) = matches(*vms)
    assert (set(ids), ambiguous) == ({vm.id for vm in vms}, True)


def test_a_doubt_is_not_overruled_by_weaker_evidence() -> None:
    """Neither an address nor a name decides between clones."""
    found = matches(vm("v", bios_uuid=UUID, hostname="a.b"), vm("w", bios_uuid=UUID),
                    arc("a", bios_uuid=UUID, hostname="a.b"))  # fmt: skip
    assert found == [(("v", "w", "a"), ("bios_uuid",), "high", True)]


def test_stronger_evidence_stays_where_weaker_points_elsewhere() -> None:
    found = matches(vm("v", bios_uuid=UUID, hostname="a.b"), vm("w", hostname="c.d"),
                    arc("a", bios_uuid=UUID, hostname="c.d"), arc("b", hostname="a.b"))  # fmt: skip
    assert found == [(("v", "a"), ("bios_uuid",), "high", False)]


def test_two_addresses_that_point_to_two_machines_are_a_doubt() -> None:
    nics = [hi.Nic(mac_address="00:50:56:00:00:01"), hi.Nic(mac_address="00:50:56:00:00:02")]
    ours = attrs.evolve(vm("v"), nics=nics)
    found = matches(ours, arc("a", mac="00:50:56:00:00:01"), arc("b", mac="00:50:56:00:00:02"))
    assert found == [(("v", "a", "b"), ("mac_address",), "medium", True)]


def test_the_address_of_a_bridge_that_many_share_does_not_hide_a_real_one() -> None:
    def with_bridge(machine: hi.VirtualMachine) -> hi.VirtualMachine:
        return attrs.evolve(machine, nics=[*machine.nics, hi.Nic(mac_address="02:42:ac:11:00:02")])

    found = matches(
        vm("v", mac="00:50:56:00:00:01"), vm("w", mac="00:50:56:00:00:02"),
        with_bridge(arc("a", mac="00:50:56:00:00:01")), with_bridge(arc("b", mac="00:50:56:00:00:02")),
    )  # fmt: skip
    assert [(ids, ambiguous) for ids, _, _, ambiguous in found] == [(("v", "a"), False), (("w", "b"), False)]


@pytest.mark.parametrize(
    "fields",
    [
        {"bios_uuid": "00000000-0000-0000-0000-000000000000"},
        {"bios_uuid": "ffffffff-ffff-ffff-ffff-ffffffffffff"},
        {"bios_uuid": "03000200-0400-0500-0006-000700080009"},
        {"bios_uuid": "Not Settable"},
        {"serial_number": "None"},
        {"serial_number": "To be filled by O.E.M."},
        {"mac": "00:00:00:00:00:00"},
        {"mac": "ff:ff:ff:ff:ff:ff"},
        {"hostname": "web01"},
        {"hostname": "localhost.localdomain"},
        {"hostname": "192.0.2.7"},
        {"native_id": UUID},
        {},
    ],
)
def test_what_means_nothing_joins_nothing(fields: dict[str, str]) -> None:
    assert matches(vm("v", **fields), arc("a", **fields), vm("w", "azure-stack-hub", hostname="")) == []


def test_a_template_is_no_machine() -> None:
    assert matches(vm("t", bios_uuid=UUID, is_template=True), vm("v", bios_uuid=UUID), arc("a", bios_uuid=UUID)) == [
        (("v", "a"), ("bios_uuid",), "high", False)
    ]


def test_machines_of_one_platform_may_share_a_name_but_not_a_uuid() -> None:
    assert (
        matches(vm("v", hostname="a.b", mac="00:50:56:00:00:01"), vm("w", hostname="a.b", mac="00:50:56:00:00:01"))
        == []
    )
    assert matches(vm("v", bios_uuid=UUID), vm("w", bios_uuid=UUID)) == [(("v", "w"), ("bios_uuid",), "high", True)]


def test_sql_sees_it_as_a_table() -> None:
    inv = hi.Inventory(vms=[vm("v", bios_uuid=UUID), arc("a", bios_uuid=SWAPPED), arc("b")])
    query = "select vms.name, confidence from vms join same_machines m on list_contains(m.vm_ids, vms.id) order by 1"
    assert inv.sql(query).fetchall() == [("a", "high"), ("v", "high")]


@given(st.uuids())
def test_swapping_is_its_own_inverse_and_reverses_three_groups(value: uuid.UUID) -> None:
    turned = swapped(str(value))
    assert swapped(turned) == str(value)
    assert uuid.UUID(turned).bytes_le == value.bytes
    assert turned[19:] == str(value)[19:]


def test_the_published_pair_of_a_vcenter_and_a_guest() -> None:
    assert swapped("5C241F42-A87F-FA60-91E1-0C5CF8A1B0DE") == OTHER


POOL = [str(uuid.UUID(int=number * 7919 + 1)) for number in range(4)]
MACHINES = st.builds(
    lambda platform, bios_uuid, turn, number, name: (platform, swapped(bios_uuid) if turn else bios_uuid, number, name),
    st.sampled_from(["vsphere", "azure-arc", "azure", "azure-stack-hub"]),
    st.sampled_from(["", *POOL]), st.booleans(), st.integers(0, 5), st.sampled_from(["", "a.b", "c.d", "e.f"]),
)  # fmt: skip


@given(st.lists(MACHINES, max_size=12))
def test_no_two_machines_are_joined_on_ambiguous_evidence(drawn: list[tuple[str, str, int, str]]) -> None:
    vms = [
        vm(
            str(place),
            platform,
            bios_uuid=bios_uuid,
            hostname=name,
            mac=f"00:50:56:00:00:{number:02x}" if number else "",
        )
        for place, (platform, bios_uuid, number, name) in enumerate(drawn)
    ]
    by_id = {one.id: one for one in vms}
    held = Counter((one.platform, min(one.bios_uuid, swapped(one.bios_uuid))) for one in vms if one.bios_uuid)
    found = hi.same_machines(hi.Inventory(vms=vms))
    joined = [id_ for one in found if not one.ambiguous for id_ in one.vm_ids]
    assert len(joined) == len(set(joined))
    for one in found:
        members = [by_id[id_] for id_ in one.vm_ids]
        assert len(members) > 1
        if one.ambiguous:
            continue
        assert len({member.platform for member in members}) == len(members)
        for member in members:
            assert not member.bios_uuid or held[member.platform, min(member.bios_uuid, swapped(member.bios_uuid))] == 1


@given(st.lists(MACHINES, max_size=10), st.randoms())
def test_the_order_of_the_inventory_changes_nothing(drawn: list[tuple[str, str, int, str]], random: object) -> None:
    vms = [
        vm(
            str(place),
            platform,
            bios_uuid=bios_uuid,
            hostname=name,
            mac=f"00:50:56:00:00:{number:02x}" if number else "",
        )
        for place, (platform, bios_uuid, number, name) in enumerate(drawn)
    ]
    shuffled = list(vms)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def told(machines: list[hi.VirtualMachine]) -> set[tuple[frozenset[str], bool]]:
        return {(frozenset(one.vm_ids), one.ambiguous) for one in hi.same_machines(hi.Inventory(vms=machines))}

    assert told(vms) == told(shuffled)


@pytest.mark.parametrize("weak", [{"mac": "00:50:56:ab:01:02"}, {"hostname": "web01.example.com"}])
def test_stronger_facts_that_differ_bar_weaker_evidence(weak: dict[str, str]) -> None:
    assert matches(vm("v", bios_uuid=UUID, **weak), arc("a", bios_uuid=OTHER, **weak)) == []  # type: ignore[arg-type]
    assert matches(vm("v", bios_uuid=OTHER, **weak), arc("a", serial_number=SERIAL, **weak)) == []  # type: ignore[arg-type]
    ((ids, *_),) = matches(vm("v", bios_uuid=UUID, **weak), arc("a", **weak))  # type: ignore[arg-type]
    assert ids == ("v", "a")


def test_what_weak_evidence_has_joined_bars_weaker_still() -> None:
    address, name = {"mac": "00:50:56:ab:01:02"}, {"hostname": "web01.example.com"}
    found = matches(
        vm("v", bios_uuid=UUID, **address),  # type: ignore[arg-type]
        arc("a", **address, **name),
        vm("z", "azure", native_id=OTHER, **name),  # type: ignore[arg-type]
    )
    assert found == [(("v", "a"), ("mac_address",), "medium", False)]


def test_a_moref_joins_in_any_letter_case() -> None:
    ours = vm(f"vsphere://{VCENTER}/vm-1")
    link = hi.Resource(
        id="r", name="r", platform="azure-arc", source="arm", machine_id="/Subscriptions/S/A", native_id="vm-1",
        vcenter_uuid=VCENTER.upper(),
    )  # fmt: skip
    ((ids, *_),) = matches(ours, arc("/subscriptions/s/a"), resources=[link])
    assert ids == (ours.id, "/subscriptions/s/a")


@pytest.mark.parametrize(
    ("uuid", "key"),
    [
        (UUID, uuid_key(SWAPPED)),
        (f"{{{UUID.upper()}}}", uuid_key(UUID)),
        ("03000200-0400-0500-0006-000700080009", ""),
        ("00000000-0000-0000-0000-000000000000", ""),
        ("not set", ""),
    ],
)
def test_the_key_of_a_uuid(uuid: str, key: str) -> None:
    assert uuid_key(uuid) == key
    assert len(key) in (0, 32)


def test_what_is_no_inventory_says_so() -> None:
    with pytest.raises(hi.NotSupported, match="Inventory"):
        hi.same_machines([vm("v")])  # type: ignore[arg-type]


def test_a_notebook_shows_the_records_and_the_evidence() -> None:
    found = hi.same_machines(hi.Inventory(vms=[vm("v-1", bios_uuid=UUID), arc("a-1", bios_uuid=SWAPPED)]))
    page = found._repr_html_()
    assert "v-1, a-1" in page
    assert "bios_uuid_swapped" in page
