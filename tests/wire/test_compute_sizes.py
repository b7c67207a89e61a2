"""Sizes: Azure's list of SKUs in texts, a Hub's in numbers, and what of them is odd."""

import pytest

from arm_estate import sku
from hybridinv.wire.compute_sizes import Size, plain_location, read_hub_sizes, read_sizes

GIB = 2**30


def only(*items):
    (size,) = read_sizes(items).values()
    return size


@pytest.mark.parametrize("location", ["westeurope", "West Europe", "WestEurope", " west europe "])
def test_a_location_in_its_spellings(location):
    assert plain_location(location) == "westeurope"


def test_a_size():
    assert read_sizes([sku("Standard_D2s_v5")]) == {"standard_d2s_v5": Size(cpus=2, memory_bytes=8 * GIB)}


def test_memory_may_be_a_fraction():
    assert only(sku("Basic_A0", 1, 0.75)).memory_bytes == 3 * GIB // 4


def test_of_a_constrained_size_the_cpus_in_use_count():
    assert only(sku("Standard_E32-16s_v3", 32, 256, vCPUsAvailable=16)).cpus == 16


def test_what_is_no_machine_is_left_out():
    disk, machine = sku("Premium_LRS", resource_type="disks"), sku("A", resource_type="VIRTUALMACHINES")
    assert list(read_sizes([disk, machine, {"name": "B"}])) == ["a"]


def test_one_name_with_different_restrictions_is_one_size():
    restricted = {**sku("A", 2, None), "restrictions": [{"type": "Zone", "reasonCode": "NotAvailableForSubscription"}]}
    bare = {**sku("a"), "capabilities": []}
    for items in ([bare, restricted, sku("A")], [sku("A"), restricted, bare], [restricted, sku("A")]):
        assert read_sizes(items) == {"a": Size(cpus=2, memory_bytes=8 * GIB)}


@pytest.mark.parametrize("odd", ["many", [], {"x": 1}, True])
@pytest.mark.parametrize("name", ["vCPUs", "MemoryGB"])
def test_an_odd_capability_is_unknown_and_noted(odd, name):
    item = sku("A", None, None)
    item["capabilities"] = [{"name": name, "value": odd}]
    size = only(item)
    assert (size.cpus, size.memory_bytes) == (None, None)
    assert name in size.notes[0]


@pytest.mark.parametrize("capabilities", [None, "odd", 5, [None, "x", {"name": None}, {"name": "vCPUs"}]])
def test_odd_capabilities_cost_only_themselves(capabilities):
    assert only({**sku("A"), "capabilities": capabilities}).cpus is None


def test_a_size_without_a_name_is_none():
    assert read_sizes([sku(""), sku(None), {**sku("A"), "name": 5}]) == {"5": Size(cpus=2, memory_bytes=8 * GIB)}


def test_the_list_of_a_hub():
    listed = [
        {"name": "Standard_DS3_v2", "numberOfCores": 4, "memoryInMB": 14336},
        {"name": "odd", "numberOfCores": "x"},
    ]
    sizes = read_hub_sizes(listed)
    assert sizes["standard_ds3_v2"] == Size(cpus=4, memory_bytes=14 * GIB)
    assert (sizes["odd"].cpus, len(sizes["odd"].notes)) == (None, 1)
