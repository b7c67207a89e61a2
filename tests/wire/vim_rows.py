"""Rows as the property collector's decode gives them, for the readers' tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybridinv.wire.reading import Origin
from hybridinv.wire.soap import Missing, Row
from hybridinv.wire.vim.machines import read_vm
from hybridinv.wire.vim.tree import Tree

if TYPE_CHECKING:
    from hybridinv.model import VirtualMachine

DENIED = Missing("NoPermission", "System.Read", "Permission to perform this operation was denied.")
ORIGIN = Origin("vsphere", "vc01.example.com")


def row(type_: str, moref: str, missing: dict[str, Missing] | None = None, /, **properties: Any) -> Row:
    """A row; `__` in a name stands for the dot of a path."""
    paths = {name.replace("__", "."): value for name, value in properties.items()}
    return Row(type_, moref, paths, missing or {})


def tree(*rows: Row, **named: Any) -> Tree:
    """A datacenter with a folder of machines, a cluster and a host, and what else is given."""
    return Tree(
        ORIGIN,
        "C0FFEE00-0000-4000-8000-000000000001",
        [
            row("Datacenter", "dc-1", name="Utrecht", parent="group-d1"),
            row("Folder", "group-d1", name="Datacenters"),
            row("Folder", "group-v1", name="vm", parent="dc-1"),
            row("Folder", "group-v2", name="Web%2fApps", parent="group-v1"),
            row("Folder", "group-h1", name="host", parent="dc-1"),
            row("ClusterComputeResource", "domain-c1", name="Production", parent="group-h1"),
            row("HostSystem", "host-1", name="esx01", parent="domain-c1"),
            *rows,
        ],
        **named,
    )


def id_of(moref: str) -> str:
    """The id of a record in that tree."""
    return f"vsphere://c0ffee00-0000-4000-8000-000000000001/{moref}"


def machine(missing: dict[str, Missing] | None = None, /, **properties: Any) -> VirtualMachine:
    """A machine with a name, a folder and a host, and what else is given."""
    usual = {"name": "web01", "parent": "group-v2", "runtime__host": "host-1", "config__template": "false"}
    return read_vm(row("VirtualMachine", "vm-1", missing, **{**usual, **properties}), tree())


def with_devices(*devices: Any, **properties: Any) -> VirtualMachine:
    """The same, with these devices."""
    return machine(config__hardware__device=list(devices), **properties)
