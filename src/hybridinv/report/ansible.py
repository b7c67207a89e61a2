"""An inventory for Ansible: `ansible-inventory --list`'s JSON, in which no name of a machine does any harm."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.columns import well_formed
from hybridinv.errors import NotSupported
from hybridinv.identity import same_machines
from hybridinv.inventory import Inventory
from hybridinv.model import OSType, PowerState, VirtualMachine
from hybridinv.saving import checked

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping

_NOT_IN_GROUPS = re.compile(r"[^A-Za-z0-9_]")
_NOT_IN_HOSTS = re.compile(r"[^A-Za-z0-9._-]")
_STARTS_WELL = re.compile(r"[A-Za-z0-9_]")
_HOST_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_][A-Za-z0-9_-]*)*\.?")
_TEMPLATE = re.compile(r"\{[{%#]")
_LONGEST = 120
_BRIDGES = tuple(map(ipaddress.ip_network, ("172.16.0.0/12", "10.88.0.0/16")))
_RESERVED = frozenset({"all", "ungrouped", "localhost", "127.0.0.1", "::1", "_meta"})
"""Names that mean something of their own to Ansible: `localhost` is the machine that it runs on."""


def ansible_inventory(inv: Inventory) -> dict[str, Any]:
    """What an inventory script answers to `--list`: groups with their hosts, and `_meta.hostvars` with all variables.

    Each machine is one host, also where several platforms show it (`hi.same_machines`); templates are none. It is
    called as its first record is, with other letters than `A-Za-z0-9._-` made `_`; machines that would be called the
    same have a piece of the hash of their id behind their names. Groups are `platform_…`, `source_…`, `power_…`,
    `os_…`, `cluster_…`, `location_…` and `tag_<name>_<value>`, made safe and unique in the same way. `ansible_host` is
    the first address that leads to the machine, else its host name, where it has one. What is known of it is in the
    variable `hybridinv`; text with `{{` in it is marked as no template. `hybridinv_complete` and `hybridinv_problems`,
    of the group `all`, say whether machines may be missing.

    https://docs.ansible.com/ansible/latest/dev_guide/developing_inventory.html
    """
    if not isinstance(inv, Inventory):
        raise NotSupported(f"inv= is {type(inv).__name__}, not an Inventory", remedy="hi.collect and hi.load give one")
    with checked(inv):
        return _inventory(inv)


def _inventory(inv: Inventory) -> dict[str, Any]:
    machines, clusters = _machines(inv), _clusters(inv)
    groups = {id(one): list(dict.fromkeys(_groups(one, clusters))) for one in machines}
    called = _called({key: _group_name(key) for keys in groups.values() for key in keys})
    taken = _RESERVED | frozenset(called.values())
    hosts = _called({one.key: _host_name(one.records[0].name) for one in machines}, taken)
    members: dict[str, list[str]] = {}
    for one in machines:
        for key in groups[id(one)]:
            members.setdefault(called[key], []).append(hosts[one.key])
    hostvars = {hosts[one.key]: _variables(one, clusters) for one in machines}
    about = {
        "hybridinv_complete": inv.complete,
        "hybridinv_problems": [str(problem) for problem in inv.problems],
        "hybridinv_taken_at": inv.taken_at.isoformat(),
    }
    return {
        "_meta": {"hostvars": _safe(hostvars)},
        "all": {"children": ["ungrouped", *sorted(members)], "vars": _safe(about)},
        **{name: {"hosts": members[name]} for name in sorted(members)},
    }


@attrs.frozen(eq=False)
class _Machine:
    """The records of one machine."""

    key: str
    """What no other has: an id, with a number behind it where it is not the only one of that id."""
    records: tuple[VirtualMachine, ...]

    def first(self, name: str) -> Any:
        """That field of the first record that knows it."""
        return next(filter(None, (getattr(record, name) for record in self.records)), "")


def _machines(inv: Inventory) -> list[_Machine]:
    together = {id_: match.vm_ids for match in same_machines(inv) if not match.ambiguous for id_ in match.vm_ids}
    vms = [vm for vm in inv.vms if not vm.is_template]
    count = Counter(vm.id for vm in vms)
    records = {vm.id: vm for vm in vms if vm.id and count[vm.id] == 1}
    ways = dict.fromkeys(together.get(id_, (id_,)) for id_ in records)
    unsure = [vm for vm in vms if vm.id not in records]
    return [
        *(_Machine(ids[0], tuple(records[id_] for id_ in ids if id_ in records)) for ids in ways),
        *(_Machine(f"{vm.id} {place}", (vm,)) for place, vm in enumerate(unsure)),
    ]


def _clusters(inv: Inventory) -> dict[str, str]:
    """The names of clusters, by their ids and by those of their hosts: not every machine says its cluster."""
    names = {cluster.id: cluster.name for cluster in inv.clusters}
    return names | {host.id: names[host.cluster_id] for host in inv.hosts if host.cluster_id in names}


def _cluster(vm: VirtualMachine, clusters: Mapping[str, str]) -> str:
    return clusters.get(vm.cluster_id or vm.host_id, "")


def _groups(machine: _Machine, clusters: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """The kind of each of its groups, and what the group is of."""
    for vm in machine.records:
        yield "platform", vm.platform
        yield "source", vm.source
        if cluster := _cluster(vm, clusters):
            yield "cluster", cluster
        if vm.location:
            yield "location", vm.location
        yield from (("tag", name, value) if value else ("tag", name) for name, value in vm.tags.items())
    yield "power", _known(machine, "power_state", PowerState.UNKNOWN)
    yield "os", _known(machine, "os_type", OSType.UNKNOWN)


def _known(machine: _Machine, name: str, unknown: str) -> str:
    return str(next((value for vm in machine.records if (value := getattr(vm, name)) != unknown), unknown))


def _group_name(key: Iterable[str]) -> str:
    return _NOT_IN_GROUPS.sub("_", _plain("_".join(key)))


def _host_name(name: str) -> str:
    found = _safe_key(_NOT_IN_HOSTS.sub("_", _plain(name)))
    return found if _STARTS_WELL.match(found) else f"_{found}"


def _plain(text: str) -> str:
    """Without accents, and not endless."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in parts if not unicodedata.combining(letter))[:_LONGEST]


def _called(names: Mapping[Any, str], taken: frozenset[str] = frozenset()) -> dict[Hashable, str]:
    """A name for each key that no other has: where several would have it, each has a piece of its hash behind it."""
    several = Counter(names.values())
    found: dict[Hashable, str] = {}
    used = set(taken) | {name for name, count in several.items() if count == 1}
    for key, name in names.items():
        if several[name] == 1 and name not in taken:
            found[key] = name
            continue
        digest = hashlib.sha256(repr(key).encode("utf-8", "surrogatepass")).hexdigest()
        found[key] = next(one for size in range(8, 65) if (one := f"{name}_{digest[:size]}") not in used)
        used.add(found[key])
    return found


def _variables(machine: _Machine, clusters: Mapping[str, str]) -> dict[str, Any]:
    facts = {
        "id": machine.records[0].id,
        "ids": [vm.id for vm in machine.records],
        "platforms": [vm.platform for vm in machine.records],
        "sources": [vm.source for vm in machine.records],
        "power_state": _known(machine, "power_state", PowerState.UNKNOWN),
        "os_type": _known(machine, "os_type", OSType.UNKNOWN),
        **{
            name: machine.first(name)
            for name in ("name", "hostname", "os_name", "location", "folder", "resource_group")
        },
        "cluster": next(filter(None, (_cluster(vm, clusters) for vm in machine.records)), ""),
        "cpus": machine.first("cpus") or None,
        "memory_bytes": machine.first("memory_bytes") or None,
        "ip_addresses": list(dict.fromkeys(one for vm in machine.records for one in vm.ip_addresses)),
        "tags": {name: value for vm in reversed(machine.records) for name, value in vm.tags.items()},
    }
    host = _reached_at(machine)
    return {**({"ansible_host": host} if host else {}), "hybridinv": facts}


def _reached_at(machine: _Machine) -> str:
    """An address or a host name and nothing else: it goes to ssh's command line."""
    found = []
    for text in (text for vm in machine.records for text in vm.ip_addresses):
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue
        address = getattr(address, "ipv4_mapped", None) or address
        if not (
            address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast
            or address.is_reserved
        ):  # fmt: skip
            found.append(address)
    if found:
        return str(min(found, key=_is_of_bridge))  # the first of the best
    names = (vm.hostname for vm in machine.records)
    return next((name for name in names if _HOST_NAME.fullmatch(name) and name.lower() not in _RESERVED), "")


def _is_of_bridge(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether container engines give such an address to the bridge inside a machine: Docker and Podman do by default.

    https://docs.docker.com/engine/network/drivers/bridge/
    """
    return any(address in one for one in _BRIDGES if one.version == address.version) and int(address) & 0xFFFF == 1


def _safe(value: Any) -> Any:
    """Texts that Ansible would take for templates are marked as none; names that it would take for marks are changed.

    `__ansible_unsafe` and `__ansible_vault` are its JSON's words for that.
    """
    if isinstance(value, dict):
        return {_safe_key(name): _safe(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_safe(one) for one in value]
    if isinstance(value, str):
        text = well_formed(value)
        return {"__ansible_unsafe": text} if _TEMPLATE.search(text) else text
    return value


def _safe_key(name: str) -> str:
    name = well_formed(name)
    return name.lstrip("_") or "_" if name.startswith("__ansible") else name
