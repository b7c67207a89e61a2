"""Machines, every field of them, against what the simulator says it made."""

import pytest

from live.telling import Telling, same
from live.telling_machines import machine

pytestmark = pytest.mark.live


def test_machines(told):
    telling, inventory = told
    same(telling, inventory.vms, {telling.id(vm["moref"]): machine(telling, vm) for vm in telling["vms"]})


def test_three_pages_of_machines(simulate):
    simulator = simulate("-vms", "1200")
    with simulator.adapter() as vcenter:
        vms = vcenter.vms()
    telling = Telling(simulator, "summary")
    expected = {telling.id(vm["moref"]): machine(telling, vm) for vm in telling["vms"]}
    assert len(expected) == 1200
    same(telling, vms, expected)
