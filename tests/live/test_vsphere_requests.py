"""How many requests a list costs: a constant, and one more for each further page."""

import pytest

from hybridinv.transport.property_collector import read_rows

pytestmark = pytest.mark.live


def requests_for(simulator, kind="vms"):
    with simulator.over() as (vcenter, wire):
        getattr(vcenter, kind)()
    return wire.counts


def test_ten_and_four_hundred_machines_cost_the_same(simulate):
    few, many = (requests_for(simulate("-vms", count)) for count in ("10", "400"))
    assert few == many
    assert few == {
        "RetrieveServiceContent": 2,
        "Login": 1,
        "CreateContainerView": 2,
        # What the view holds, and the objects: of the tree, and of the machines.
        "RetrievePropertiesEx": 4,
        "DestroyView": 2,
        "Logout": 1,
    }


def test_twelve_hundred_cost_two_requests_more(simulate):
    few, many = (requests_for(simulate("-vms", count)) for count in ("10", "1200"))
    assert many - few == {"RetrievePropertiesEx": 2}
    assert few - many == {}


def test_hosts_do_not_cost_requests_either(simulate):
    few, many = (requests_for(simulate("-hosts", count, "-vms", "10"), "vmkernel_adapters") for count in ("4", "60"))
    assert few == many
    assert few.total() == 3 + 3 * 4 + 1


def test_an_inventory_logs_in_once_and_reads_the_tree_once(plain):
    with plain.over() as (vcenter, wire):
        vcenter.inventory()
    assert wire.counts["Login"] == 1
    # The tree, eight kinds (licences are in no view), and the port groups.
    assert wire.counts["CreateContainerView"] == wire.counts["DestroyView"] == 10


def test_a_type_of_which_there_is_nothing_is_an_empty_list(plain):
    with plain.adapter() as vcenter:
        assert list(read_rows(vcenter._session.content, {"OpaqueNetwork": ["name"]}, lambda *_: None)) == []


def test_progress_counts_up_to_what_the_endpoint_says(simulate):
    simulator = simulate("-vms", "1200")
    steps = []
    with simulator.adapter() as vcenter:
        vcenter.inventory(["vms"], progress=steps.append)
    read = [(step.read, step.expected) for step in steps]
    assert read == [(500, 1200), (1000, 1200), (1200, 1200), (1200, 1200)]
    assert steps[-1].done
    assert {step.kind for step in steps} == {"vms"}
