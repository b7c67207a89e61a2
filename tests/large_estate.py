"""The demo's estate many times over: copies with names, ids and UUIDs of their own."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

import attrs

import hybridinv as hi

_UUIDS = ("bios_uuid", "instance_uuid", "native_id")


def large_estate(vms: int = 10_000) -> hi.Inventory:
    """An inventory of at least so many machines; each copy of the demo is an estate of its own."""
    demo = hi.demo()
    copies = -(-vms // len(demo.vms))
    tables: dict[str, Any] = {
        kind: [_copied(record, number) for number in range(copies) for record in records]
        for kind, records in demo.tables().items()
    }
    return hi.Inventory(**tables, problems=demo.problems, asked=demo.asked, taken_at=demo.taken_at)


def _copied(record: Any, number: int) -> Any:
    if not number:
        return record
    changed: dict[str, Any] = {}
    for field in attrs.fields(type(record)):
        value = getattr(record, field.name)
        if field.name in _UUIDS and value:
            changed[field.name] = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{value} {number}"))
        elif field.name in ("name", "hostname") or _is_reference(field.name):
            changed[field.name] = _numbered(value, number)
        elif isinstance(value, tuple) and value and attrs.has(type(value[0])):
            changed[field.name] = tuple(map(partial(_nested, number=number), value))
    return attrs.evolve(record, **changed)


def _nested(value: Any, *, number: int) -> Any:
    names = [field.name for field in attrs.fields(type(value)) if _is_reference(field.name)]
    return attrs.evolve(value, **{name: _numbered(getattr(value, name), number) for name in names})


def _is_reference(name: str) -> bool:
    return name == "id" or (name.endswith(("_id", "_ids")) and name not in ("vlan_id", "subscription_id", "tenant_id"))


def _numbered(value: Any, number: int) -> Any:
    if isinstance(value, (tuple, frozenset)):
        return type(value)(_numbered(one, number) for one in value)
    return f"{value}~{number}" if isinstance(value, str) and value else value
