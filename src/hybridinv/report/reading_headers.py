"""Headers of a sheet, of new releases and old ones → which column is which, and which are custom attributes."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from hybridinv.report import rvtools

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WORDS = re.compile(r"[^a-z0-9#%]+")
_ALIASES = {
    "vcenteruuid": "visdkuuid",  # before RVTools 3.9
    "diskenableuuid": "enableuuid",
    "vmname": "vm",
    "uuid": "vmuuid",
    "guesthostname": "dnsname",
    "provisioned": "provisionedmb",
    "inuse": "inusemb",
    "osconfig": "osaccordingtotheconfigurationfile",
    "os": "osaccordingtotheconfigurationfile",
    "ostools": "osaccordingtothevmwaretools",
    "createdate": "creationdate",
    "numvirtualdisks": "disks",
    "primaryip": "primaryipaddress",
    "cpumhz": "speed",
    "numcpu": "#cpu",
    "numcpucores": "#cores",
    "overallcpuusage": "cpuusage%",
    "memorysize": "#memory",
    "overallmemoryusage": "memoryusage%",
    "capacity": "capacitymb",
    "freespace": "freemb",
    "moid": "objectid",
    "vmmoid": "vmid",
}
"""Headers of RVTools' own names (`-DBColumnNames`) less the sheet's name, and of old releases."""
_NETWORK = re.compile(r"network(\d)")


def header_key(header: object, sheet: str = "") -> str:
    """A header as it is looked up: `In Use MiB`, `In use MB` and `vInfoInUse` are one."""
    text = str(header or "").strip()
    inner = bool(sheet) and len(text) > len(sheet) and text.startswith(sheet) and text[len(sheet)] not in " ("
    key = _WORDS.sub("", (text[len(sheet) :] if inner else text).casefold()).replace("mib", "mb")
    if not inner:
        return key if key not in ("vcenteruuid", "diskenableuuid") else _ALIASES[key]
    if sheet == "vHost":
        return {"name": "host", "uuid": "uuid"}.get(key) or _ALIASES.get(key, key)
    return _NETWORK.sub(r"network#\1", _ALIASES.get(key, key))


def read_headers(headers: Sequence[str], sheet: str) -> tuple[dict[str, int], dict[str, int]]:
    """The columns of a sheet by key, and those of custom attributes by name.

    A header that is exactly a column's goes before one that only comes to the same. In the place of custom attributes
    stand columns only where their header is exactly one's that is nowhere else.
    """
    keys = [header_key(header, sheet) for header in headers]
    known = _known(sheet)
    place = _place_of_customs(headers, keys, sheet)
    outside = [number for number, key in enumerate(keys) if key and number not in place]
    columns: dict[str, int] = {}
    for number in [
        *(number for number in outside if known.get(keys[number]) == headers[number]),
        *outside,
        *(number for number in place if known.get(keys[number]) == headers[number]),
    ]:
        columns.setdefault(keys[number], number)
    taken = set(columns.values())
    customs: dict[str, int] = {}
    for number in place:
        if headers[number] and number not in taken:
            customs.setdefault(headers[number], number)
    return columns, customs


@cache
def _known(sheet: str) -> Mapping[str, str]:
    """The columns that RVTools has on a sheet, by key."""
    return {header_key(one, sheet): one for one, type_ in _layout(sheet).items() if type_ != rvtools.CUSTOM}


def _layout(sheet: str) -> Mapping[str, str]:
    return rvtools.sheets().get(sheet, {})


def _place_of_customs(headers: Sequence[str], keys: Sequence[str], sheet: str) -> range:
    """The columns between the last one of RVTools' before custom attributes and the first one after them."""
    layout = list(_layout(sheet).items())
    at = next((number for number, (_, type_) in enumerate(layout) if type_ == rvtools.CUSTOM), 0)
    if not at:
        return range(0)
    before, after = layout[at - 1][0], [name for name, _ in layout[at + 1 :]]
    key = header_key(before, sheet)
    start = headers.index(before) if before in headers else keys.index(key) if key in keys else len(keys)
    start += 1
    for looked, names in ((headers, after), (keys, [header_key(one, sheet) for one in after])):
        for name in names:
            # Of several the last: a custom attribute may be called the same.
            if end := next((number for number in range(len(looked) - 1, start - 1, -1) if looked[number] == name), 0):
                return range(start, end)
    known = _known(sheet)
    return range(start, next((n for n in range(start, len(keys)) if not keys[n] or keys[n] in known), len(keys)))
