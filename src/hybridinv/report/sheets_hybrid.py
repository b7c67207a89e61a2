"""The sheets that RVTools does not have: VMkernel services, the other platforms, tags, problems, what is left out."""

from __future__ import annotations

from datetime import date, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from hybridinv.columns import hints, item_type, without_none
from hybridinv.model import (
    Agent,
    Asked,
    Cluster,
    Disk,
    Extension,
    Host,
    License,
    Network,
    Nic,
    Problem,
    Resource,
    Tags,
    VirtualMachine,
)
from hybridinv.report.rvtools import Note, Renamed, Unfilled, notes, unfilled
from hybridinv.report.rvtools_estate import VSPHERE, Part
from hybridinv.report.sheets import Sheet
from hybridinv.report.sheets_collection import problems
from hybridinv.report.sheets_hosts import adapters
from hybridinv.report.sheets_ids import Id, ids, other_networks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hybridinv.report.rvtools_estate import VSphereEstate

_SHOWN_NOTES = 100_000
_WITH_COLUMNS = frozenset({"vms", "hosts", "datastores"})
"""Kinds of which all vSphere's records have columns for custom attributes; clusters and switches have where real."""


class _Tag(NamedTuple):
    platform: str
    source: str
    kind: str
    id: str
    name: str
    tag: str
    value: str


class _Attribute(NamedTuple):
    platform: str
    source: str
    kind: str
    id: str
    name: str
    attribute: str
    value: str


def _others(kind: str) -> Callable[[VSphereEstate], Iterable[Any]]:
    """The records of that kind that are not vSphere's."""
    return lambda estate: (one for one in getattr(estate.inv, kind) if one.platform != VSPHERE)


def _all(kind: str) -> Callable[[VSphereEstate], Iterable[Any]]:
    """The records of a kind that RVTools has no sheet for, vSphere's too."""
    return lambda estate: getattr(estate.inv, kind)


def _parts(name: str) -> Callable[[VSphereEstate], Iterator[Part]]:
    def rows(estate: VSphereEstate) -> Iterator[Part]:
        for vm in _others("vms")(estate):
            for part in getattr(vm, name):
                yield Part(vm, part)

    return rows


def _tags(estate: VSphereEstate) -> Iterator[_Tag]:
    for kind, records in estate.inv.tables().items():
        for record in records:
            for tag, value in getattr(record, "tags", {}).items():
                yield _Tag(record.platform, record.source, kind, record.id, record.name, tag, value)


def _attributes(estate: VSphereEstate) -> Iterator[_Attribute]:
    """The custom attributes of records that no sheet has columns for them of."""
    real = {place.it.id for place in estate.real_clusters()}
    for kind, records in estate.inv.tables().items():
        for one in records:
            has_columns = kind in _WITH_COLUMNS or one.id in real or getattr(one, "kind", "") == "distributed"
            if one.platform != VSPHERE or kind == "networks" or not has_columns:
                for name, value in getattr(one, "custom_attributes", {}).items():
                    yield _Attribute(one.platform, one.source, kind, one.id, one.name, name, value)


def _of_record(
    kind: type, prefix: str = "", *, whole: bool = False
) -> tuple[dict[str, Callable[[Any], object]], dict[str, str]]:
    """What stands in the columns of a record's fields, and their types, without lists of records and custom attributes.

    Fields that only vSphere has are there where they are asked for (`whole`).
    """
    columns: dict[str, Callable[[Any], object]] = {}
    types_: dict[str, str] = {}
    for field in attrs.fields(kind):
        if (not whole and field.metadata.get("sources", {}).keys() == {VSPHERE}) or field.name == "custom_attributes":
            continue
        hint = hints(kind)[field.name]
        getter = attrgetter(f"{prefix}{field.name}")
        if hint is Agent:
            inner, inner_types = _of_record(Agent, f"{prefix}agent.")
            columns.update({f"agent_{name}": value for name, value in inner.items()})
            types_.update({f"agent_{name}": type_ for name, type_ in inner_types.items()})
        elif hint is Tags:
            columns[field.name], types_[field.name] = _joined_pairs(getter), "text"
        elif item := item_type(hint):
            if item is str:
                columns[field.name], types_[field.name] = _joined(getter), "text"
        elif not attrs.has(hint):
            columns[field.name], types_[field.name] = getter, _type_of(hint)
    return columns, types_


def _type_of(hint: Any) -> str:
    hint = without_none(hint)
    for kind, type_ in ((bool, "bool"), (int, "integer"), (float, "ratio"), (datetime, "moment"), (date, "text")):
        if issubclass(hint, kind):
            return type_
    return "text"


def _joined(getter: Callable[[Any], Iterable[str]]) -> Callable[[Any], str]:
    def text(row: Any) -> str:
        values = getter(row)
        return ", ".join(sorted(values) if isinstance(values, frozenset) else values)

    return text


def _joined_pairs(getter: Callable[[Any], Mapping[str, str]]) -> Callable[[Any], str]:
    return lambda row: ", ".join(f"{name}={value}" for name, value in getter(row).items())


def _record_sheet(
    name: str, rows: Callable[[VSphereEstate], Iterable[Any]], kind: type, *, whole: bool = False
) -> Sheet:
    columns, types_ = _of_record(kind, whole=whole)
    return Sheet(name, rows, columns, types=types_)


def _part_sheet(name: str, field: str, kind: type) -> Sheet:
    """A sheet of the parts of machines, with the machine before them."""
    columns, types_ = _of_record(kind, "it.")
    of = {"vm_id": attrgetter("of.id"), "vm": attrgetter("of.name"), "platform": attrgetter("of.platform")}
    return Sheet(name, _parts(field), {**of, **columns}, types={**dict.fromkeys(of, "text"), **types_})


def _plain_sheet(name: str, rows: Callable[[VSphereEstate], Iterable[Any]], kind: Any) -> Sheet:
    """A sheet of named tuples, all text."""
    fields = kind._fields
    return Sheet(name, rows, {field: attrgetter(field) for field in fields}, types=dict.fromkeys(fields, "text"))


def _services() -> Sheet:
    columns: dict[str, tuple[str, Callable[[Part], object]]] = {
        "Host": ("text", attrgetter("of.name")),
        "Datacenter": ("text", attrgetter("of.datacenter")),
        "Cluster": ("text", attrgetter("of.cluster")),
        "Device": ("text", lambda row: row.it.device or row.it.name),
        "Services": ("text", _joined(attrgetter("it.services"))),
        "TCP/IP stack": ("text", attrgetter("it.netstack")),
        "IP Address": ("text", attrgetter("it.ip_address")),
        "Port Group": ("text", attrgetter("it.portgroup")),
        "VLAN": ("integer", attrgetter("it.vlan_id")),
        "Switch": ("text", attrgetter("it.switch")),
        "MTU": ("integer", attrgetter("it.mtu")),
        "Switch MTU": ("integer", attrgetter("it.switch_mtu")),
        "Uplinks": ("text", _joined(attrgetter("it.uplinks"))),
        "Link speed Mbit/s": ("integer", attrgetter("it.link_speed_mbps")),
        "VI SDK Server": ("text", attrgetter("of.server")),
        "VI SDK UUID": ("text", attrgetter("of.vcenter")),
    }
    values = {name: value for name, (_, value) in columns.items()}
    return Sheet("hvVmkServices", adapters, values, types={name: type_ for name, (type_, _) in columns.items()})


def _problems() -> Sheet:
    columns, types_ = _of_record(Problem, "problem.")
    of = {"record_id": attrgetter("record_id"), "name": attrgetter("name")}
    rows: Callable[[VSphereEstate], Iterable[Any]] = lambda estate: problems(estate.inv)  # noqa: E731
    return Sheet("hvProblems", rows, {**columns, **of}, types={**types_, **dict.fromkeys(of, "text")})


def _told(estate: VSphereEstate) -> Iterator[Note]:
    yield from notes()
    yield from estate.notes[:_SHOWN_NOTES]
    if len(estate.notes) > _SHOWN_NOTES:
        yield Note("", "", "", f"{len(estate.notes) - _SHOWN_NOTES:,} further notes are not shown")


SHEETS = (
    _services(),
    _record_sheet("hvMachines", _others("vms"), VirtualMachine),
    _part_sheet("hvDisks", "disks", Disk),
    _part_sheet("hvNics", "nics", Nic),
    _record_sheet("hvExtensions", _all("extensions"), Extension),
    _record_sheet("hvHosts", _others("hosts"), Host),
    _record_sheet("hvClusters", _others("clusters"), Cluster),
    _record_sheet("hvNetworks", other_networks, Network, whole=True),
    _record_sheet("hvLicenses", _others("licenses"), License),
    _record_sheet("hvResources", _all("resources"), Resource),
    _plain_sheet("hvTags", _tags, _Tag),
    _record_sheet("hvSources", lambda estate: estate.inv.asked, Asked),
    _problems(),
    _plain_sheet("hvIds", ids, Id),
    _plain_sheet("hvAttributes", lambda estate: estate.renamed, Renamed),
    _plain_sheet("hvCustomAttributes", _attributes, _Attribute),
    _plain_sheet("hvUnfilled", lambda _: unfilled(), Unfilled),
)

LAST = _plain_sheet("hvNotes", _told, Note)
"""What is known only when all else is written."""
