"""Clusters, datastores, networks, switches, pools, licences: every field, against what the simulator says it made."""

import pytest

import hybridinv as hi
from live.telling import same
from live.telling_places import (
    cluster,
    datastore,
    distributed_switch,
    license_,
    network,
    resource_pool,
    standard_switch,
)

pytestmark = pytest.mark.live


@pytest.mark.parametrize(
    ("kind", "tell"),
    [("clusters", cluster), ("datastores", datastore), ("networks", network), ("resource_pools", resource_pool)],
)
def test_places(told, kind, tell):
    telling, inventory = told
    same(telling, inventory.tables()[kind], {telling.id(one["moref"]): tell(telling, one) for one in telling[kind]})


def test_switches(told):
    telling, inventory = told
    expected = {telling.id(one["moref"]): distributed_switch(telling, one) for one in telling["switches"]}
    silent = set()
    for host in telling["hosts"]:
        if host["details"] is None:
            silent.add(telling.id(host["moref"]))
            continue
        for one in host["details"]["vswitches"]:
            expected[f"{telling.id(host['moref'])}/{one['name']}"] = standard_switch(telling, host, one)
    told_of = [switch for switch in inventory.switches if switch.id in expected or silent.isdisjoint(switch.host_ids)]
    same(telling, hi.Records(hi.Switch, told_of), expected)


def test_licenses(told):
    telling, inventory = told
    ids = {record.key: record.id for record in inventory.licenses}
    assert len(ids) == len(inventory.licenses)
    same(telling, inventory.licenses, {ids[one["key"][-5:]]: license_(telling, one) for one in telling["licenses"]})
