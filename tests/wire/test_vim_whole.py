"""Every field of every kind: once with a value, once absent, once of a type that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import datetime
from typing import Any

import attrs
import pytest

from hybridinv.wire.soap import Row
from hybridinv.wire.vim.clusters import read_cluster
from hybridinv.wire.vim.datastores import read_datastore
from hybridinv.wire.vim.hosts import read_host
from hybridinv.wire.vim.licenses import read_licenses
from hybridinv.wire.vim.networks import read_backing, read_network
from hybridinv.wire.vim.paths import property_paths
from hybridinv.wire.vim.pools import read_resource_pools
from hybridinv.wire.vim.switches import read_switches
from hybridinv.wire.vim.vmkernel import read_vmkernel_adapters
from wire.vim_whole import (
    KEY,
    ROOT_POOL,
    distributed_group,
    failover_cluster,
    network_row,
    nfs_datastore,
    whole_cluster,
    whole_datastore,
    whole_host,
    whole_license,
    whole_pool,
    whole_switch,
    whole_tree,
)

TREE = whole_tree()


def pool(row: Row) -> list[Any]:
    return [read_resource_pools([ROOT_POOL, row], TREE)[1]]


def network(row: Row) -> list[Any]:
    return [read_network(row, TREE, read_backing([whole_switch()], TREE))]


def licenses(row: Row) -> list[Any]:
    given = row.properties["licenses"][0]
    return read_licenses([given], TREE, [{"entityId": "host-1", "assignedLicense": {**given, "_type": "x"}}])


READERS: dict[str, tuple[Callable[[Row], list[Any]], list[Row]]] = {
    "hosts": (lambda row: [read_host(row, TREE)], [whole_host()]),
    "vmkernel": (lambda row: read_vmkernel_adapters(row, TREE, {}), [network_row()]),
    "clusters": (lambda row: [read_cluster(row, TREE)], [whole_cluster(), failover_cluster()]),
    "datastores": (lambda row: [read_datastore(row, TREE)], [whole_datastore(), nfs_datastore()]),
    "networks": (network, [distributed_group(), distributed_group(vlan={
        "_type": "VmwareDistributedVirtualSwitchPvlanSpec", "pvlanId": "101"})]),
    "switches": (lambda row: read_switches(row, TREE), [whole_switch(), network_row()]),
    "resource_pools": (pool, [whole_pool()]),
    "licenses": (licenses, [Row("LicenseManager", "LicenseManager", {"licenses": [whole_license()]}, {})]),
}  # fmt: skip
CASES = [(name, number) for name, (_, rows) in READERS.items() for number in range(len(rows))]


def parts(value: Any) -> Iterator[Any]:
    """A record and the records within it."""
    if isinstance(value, tuple):
        for one in value:
            yield from parts(one)
    elif attrs.has(type(value)):
        yield value
        for field in attrs.fields(type(value)):
            yield from parts(getattr(value, field.name))


@pytest.mark.parametrize("name", READERS)
def test_every_field_of_vsphere_has_a_value(name):
    read, rows = READERS[name]
    records = [part for row in rows for record in read(row) for part in parts(record)]
    found: dict[type, set[str]] = {}
    for record in records:
        for field in attrs.fields(type(record)):
            if getattr(record, field.name) != field.default:
                found.setdefault(type(record), set()).add(field.name)
    for kind in {type(record) for record in records}:
        expected = {field.name for field in attrs.fields(kind) if "vsphere" in field.metadata.get("sources", {})}
        assert expected <= found.get(kind, set()) | EMPTY.get(kind.__name__, set()), kind
        assert not expected & EMPTY.get(kind.__name__, set()) & found.get(kind, set())


EMPTY = {"ClusterRule": {"depends_on_vm_ids"}}
"""What another test has."""


@pytest.mark.parametrize(("name", "number"), CASES)
def test_what_can_be_read_has_no_problems(name, number):
    read, rows = READERS[name]
    assert [record.problems for record in read(rows[number])] == [()]


GONE = object()


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values within, from the leaves up; the licence itself is left out."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    if path not in ((), ("licenses",), ("licenses", 0)):
        yield path


def value_at(row: Row, path: tuple[Any, ...]) -> Any:
    value: Any = row.properties
    for step in path:
        value = value[step]
    return value


def with_leaf(row: Row, path: tuple[Any, ...], value: Any) -> Row:
    properties = deepcopy(row.properties)
    place: Any = properties
    for step in path[:-1]:
        place = place[step]
    if value is GONE and isinstance(place, dict):
        del place[path[-1]]
    else:
        place[path[-1]] = None if value is GONE else value
    return Row(row.type, row.id, properties, {})


GONE = object()


@pytest.mark.parametrize(("name", "number"), CASES)
def test_a_field_may_be_absent(name, number):
    read, rows = READERS[name]
    for path in leaves(rows[number].properties):
        records = read(with_leaf(rows[number], path, GONE))
        assert not [problem for record in records for problem in record.problems if problem.error], path


@pytest.mark.parametrize("odd", [{"odd": "value"}, "odd value", ["odd", "values"], "", 7, True])
@pytest.mark.parametrize(("name", "number"), CASES)
def test_no_odd_value_breaks_a_reader(name, number, odd):
    read, rows = READERS[name]
    for path in leaves(rows[number].properties):
        for record in read(with_leaf(rows[number], path, odd)):
            assert record.source == "vc01.example.com", path
            assert KEY not in repr(record), path


def facts(records: list[Any]) -> list[Any]:
    """The numbers, truths and moments in them."""
    values = [getattr(part, field.name) for part in parts(tuple(records)) for field in attrs.fields(type(part))]
    return [value for value in values if isinstance(value, (int, datetime))]


def another(value: Any) -> Any:
    """Another value of the same type; None for text."""
    if not isinstance(value, str):
        return None
    if value in ("true", "false"):
        return "false" if value == "true" else "true"
    return "77" if value.isdecimal() else "2020-01-01T00:00:00Z" if value.endswith("Z") else None


@pytest.mark.parametrize(("name", "number"), CASES)
def test_every_number_truth_and_moment_that_cannot_be_read_is_noted(name, number):
    read, rows = READERS[name]
    before, read_paths = facts(read(rows[number])), 0
    for path in leaves(rows[number].properties):
        other = another(value_at(rows[number], path))
        if other is None or facts(read(with_leaf(rows[number], path, other))) == before:
            continue
        read_paths += 1
        for odd in ("odd value", {"odd": "value"}):
            records = read(with_leaf(rows[number], path, odd))
            problems = [problem for record in records for problem in record.problems]
            assert {problem.error for problem in problems} == {"UnexpectedAnswer"}, (path, odd)
            assert str(path[-1]).rpartition(".")[2] in problems[0].message
    assert read_paths or (name, number) == ("datastores", 1)


ASKED = {
    "hosts": "HostSystem",
    "vmkernel_adapters": "HostSystem",
    "clusters": "ComputeResource",
    "datastores": "Datastore",
    "networks": "DistributedVirtualPortgroup",
    "switches": "DistributedVirtualSwitch",
    "resource_pools": "ResourcePool",
}


@pytest.mark.parametrize(
    ("kind", "path"),
    [(kind, path) for kind, type_ in ASKED.items() for path in property_paths(kind, "9.0.0.0", "full")[type_]],
)
def test_no_property_is_asked_for_in_vain(kind, path):
    name = "vmkernel" if kind == "vmkernel_adapters" else kind
    if (kind, path) in ELSEWHERE or path.startswith("capability."):
        return
    read, rows = READERS[name]
    row = rows[0]
    assert path in row.properties
    left = Row(row.type, row.id, {name: value for name, value in row.properties.items() if name != path}, {})
    assert [attrs.evolve(record, problems=()) for record in read(left)] != read(row)


ELSEWHERE = {
    ("hosts", "config.network.opaqueSwitch"),
    ("hosts", "config.network.proxySwitch"),
    ("vmkernel_adapters", "config.network.opaqueNetwork"),
    ("vmkernel_adapters", "config.network.opaqueSwitch"),
    ("vmkernel_adapters", "config.network.proxySwitch"),
    ("vmkernel_adapters", "name"),
}
"""What tests of switches have, and the name that problems are told with."""
