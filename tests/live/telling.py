"""How the truth is held against records: field by field, and no field of the model is passed over."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from unittest.mock import ANY

import attrs

from hybridinv.model import (
    Agent,
    Allocation,
    Cluster,
    Datastore,
    Disk,
    Host,
    License,
    Network,
    PhysicalNic,
    PowerState,
    ResourcePool,
    Snapshot,
    Switch,
    VirtualMachine,
    VMkernelAdapter,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from live.simulation import Simulator

UNSAID = ANY
"""Stands for a value that the truth does not have for one object."""

NOT_TOLD: dict[type, dict[str, str]] = {
    Agent: {"released_on": "read from no platform: a table of releases of Arc's agent"},
}
"""Fields without a word in the truth, and why. All others are told, or come from other platforms alone."""

_LABELS = {"tags", "custom_attributes"}

FULL_ONLY: dict[type, set[str]] = {
    VirtualMachine: {
        *_LABELS, "resource_pool", "vapp", "config_path", "managed_by", "cores_per_socket", "cpu_allocation",
        "memory_allocation", "cpu_hot_add", "cpu_hot_remove", "memory_hot_add", "latency_sensitivity",
        "nested_virtualization", "secure_boot", "partitions", "settings", "features", "health", "heartbeat",
        "guest_state", "question", "booted_at", "suspended_at", "ha_protected", "change_tracking", "committed_bytes",
        "uncommitted_bytes", "unshared_bytes", "cpu_usage_mhz", "memory_active_bytes", "memory_consumed_bytes",
        "memory_ballooned_bytes", "memory_swapped_bytes", "uptime_seconds",
    },
    Disk: {"size_bytes"},
    Snapshot: {"size_bytes", "has_memory"},
    Agent: {"auto_upgrade"},
    Host: {
        *_LABELS, "hbas", "netstacks", "luns", "bios_version", "bios_released_at", "hyperthreading", "power_policy",
        "features", "gpus", "dns_name", "dns_servers", "ntp_servers", "ntp_running", "time_zone", "management_ip",
        "vcenter_ip", "profile_compliance",
    },
    PhysicalNic: {"switch"},
    Cluster: _LABELS,
    Datastore: {*_LABELS, "io_control", "congestion_threshold_ms"},
    Network: _LABELS,
    Switch: _LABELS,
    ResourcePool: _LABELS,
}  # fmt: skip
"""Fields that `detail="full"` adds; at `"summary"` they have their defaults."""

_ALL_THERE = {"problems": "in no scene anything of it is hidden or odd: see test_vsphere_places, _licenses"}

NEVER_SEEN: dict[type, dict[str, str]] = {
    Cluster: _ALL_THERE,
    License: _ALL_THERE,
    Network: _ALL_THERE,
    ResourcePool: _ALL_THERE,
    Switch: _ALL_THERE,
    VMkernelAdapter: _ALL_THERE,
}
"""Fields that have their default in every scene, and why: the truth proves nothing of those."""

POWER = {
    "poweredOn": PowerState.RUNNING,
    "poweredOff": PowerState.STOPPED,
    "suspended": PowerState.SUSPENDED,
    "unknown": PowerState.UNKNOWN,
}


def moment(text: str | None) -> datetime | None:
    """A moment of the truth, aware UTC."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def shown(name: str) -> str:
    r"""A name as a person sees it: vCenter keeps `/`, `\` and `%` escaped."""
    return re.sub("%(2f|5c|25)", lambda match: chr(int(match[1], 16)), name)


def is_anothers(field: attrs.Attribute[Any]) -> bool:
    """Whether a field of the model comes from other platforms alone, by its own documentation."""
    sources = field.metadata.get("sources", {})
    return bool(sources) and "vsphere" not in sources


def defaults(model: type) -> dict[str, Any]:
    """The fields of a record that need not be given, with what they are then."""
    return {field.name: field.default for field in attrs.fields(model) if field.default is not attrs.NOTHING}


@attrs.frozen
class Telling:
    """The truth of one simulator, at one level of detail."""

    simulator: Simulator
    detail: str
    is_whole: bool = True
    """Nothing is odd, hidden or missing."""

    def __getitem__(self, key: str) -> list[dict[str, Any]]:
        return self.simulator.truth[key]

    def id(self, moref: str | None) -> str:
        """The id of the record of that moref."""
        return self.simulator.id_of(moref)

    def ids(self, morefs: Iterable[str]) -> tuple[str, ...]:
        """The ids of the records of those morefs."""
        return tuple(map(self.id, morefs))

    def fields(self, model: type, told: Mapping[str, Any]) -> dict[str, Any]:
        """All fields of a record by what was told; a field that was not is another platform's, or has a reason."""
        known = attrs.fields_dict(model)
        silent = known.keys() - told.keys()
        reasons = NOT_TOLD.get(model, {})
        forgotten = {name for name in silent if not is_anothers(known[name])} - reasons.keys()
        assert not forgotten, f"nobody says what {model.__name__} has in {sorted(forgotten)}: see NOT_TOLD"
        assert not told.keys() & reasons.keys(), f"{model.__name__}: told, though NOT_TOLD says otherwise"
        assert told.keys() <= known.keys(), f"{model.__name__} has no {sorted(told.keys() - known.keys())}"
        later = FULL_ONLY.get(model, set()) if self.detail == "summary" else set()
        return {**defaults(model), **{name: value for name, value in told.items() if name not in later}}

    def made(self, model: type, /, **told: Any) -> Any:
        """A part of a record, of which every field is told."""
        return model(**self.fields(model, told))

    def allocation(self, told: Mapping[str, Any]) -> Allocation:
        """An allocation as the truth has it."""
        return self.made(Allocation, **told)

    def common(self, one: Mapping[str, Any]) -> dict[str, Any]:
        """What every record of the inventory has."""
        return {
            "name": shown(one["name"]),
            "platform": "vsphere",
            "source": f"{self.simulator.host}:{self.simulator.port}",
            "problems": () if self.is_whole else UNSAID,
        }

    def labelled(self, one: Mapping[str, Any]) -> dict[str, Any]:
        """The same, with its datacenter and what people hang on it."""
        return {
            **self.common(one),
            "location": self["datacenters"][0]["name"],
            "tags": {category: ", ".join(sorted(tags)) for category, tags in one.get("tags", {}).items()},
            "custom_attributes": one.get("custom_attributes", {}),
        }


def same(telling: Telling, records: Any, told: Mapping[str, Mapping[str, Any]]) -> None:
    """Every record is there once, and has in every field what is told of it."""
    found = {record.id: {name: getattr(record, name) for name in attrs.fields_dict(type(record))} for record in records}
    assert len(found) == len(records), "an id is there twice"
    assert found.keys() == told.keys(), f"only on one side: {sorted(found.keys() ^ told.keys())}"
    for id_, fields in told.items():
        expected = telling.fields(records.type, {**fields, "id": id_})
        pairs = {name: (found[id_][name], expected[name]) for name in expected}
        differing = {name: (here, there) for name, (here, there) in pairs.items() if here != there}
        assert not differing, f"{id_}: found, expected: {differing}"
        assert found[id_].keys() == expected.keys(), f"{id_}: fields that nobody compared"


def seen(value: Any, into: dict[type, set[str]]) -> None:
    """Note, for a record and all its parts, the fields that are not at their defaults."""
    if isinstance(value, (tuple, list)):
        for one in value:
            seen(one, into)
    elif attrs.has(type(value)):
        usual = defaults(type(value))
        of_type = into.setdefault(type(value), set())
        for name in attrs.fields_dict(type(value)):
            if name not in usual or getattr(value, name) != usual[name]:
                of_type.add(name)
            seen(getattr(value, name), into)


def parts(model: type) -> Iterator[type]:
    """A record's type and those of its parts, as far as vSphere has them."""
    yield model
    for field in attrs.fields(attrs.resolve_types(model)):
        for part in (field.type, *getattr(field.type, "__args__", ())):
            if isinstance(part, type) and attrs.has(part) and not is_anothers(field):
                yield from parts(part)
