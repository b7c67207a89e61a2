"""Hosts and their VMkernel adapters, every field of them, against what the simulator says it made."""

import pytest

from live.telling import same
from live.telling_hosts import adapter, host

pytestmark = pytest.mark.live


def test_hosts(told):
    telling, inventory = told
    same(telling, inventory.hosts, {telling.id(one["moref"]): host(telling, one) for one in telling["hosts"]})


def test_vmkernel_adapters(told):
    telling, inventory = told
    expected = {
        f"{telling.id(host['moref'])}/{one['device']}": adapter(telling, host, one)
        for host in telling["hosts"]
        if "config.network.vnic" not in host.get("hidden", ()) and host.get("awkward") != "disconnected"
        for one in host["vmkernel_adapters"]
    }
    same(telling, inventory.vmkernel_adapters, expected)
