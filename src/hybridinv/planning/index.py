"""An inventory's records by what a planner looks them up by."""

from __future__ import annotations

import weakref
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.model import PowerState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hybridinv.inventory import Inventory
    from hybridinv.model import (
        Cluster,
        ClusterRule,
        Datastore,
        Host,
        License,
        Mount,
        Network,
        PortGroup,
        Switch,
        VirtualMachine,
        VMkernelAdapter,
        VmOverride,
    )

_NONE: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class Load:
    """What the running machines of a host are configured with, and promised as far as they tell."""

    memory_bytes: int = 0
    reserved_bytes: int = 0
    reserved_mhz: int = 0


class Index:
    """The records of one inventory, looked up without a scan; each part is made when it is first asked for."""

    def __init__(self, inv: Inventory) -> None:
        # Not the inventory itself: an index is kept as long as its inventory is, and no longer.
        self._vms, self._clusters, self._networks = inv.vms, inv.clusters, inv.networks
        self._adapters, self._switches, self._licenses = inv.vmkernel_adapters, inv.switches, inv.licenses
        self.hosts: Mapping[str, Host] = {host.id: host for host in inv.hosts}
        self.datastores: Mapping[str, Datastore] = {datastore.id: datastore for datastore in inv.datastores}
        self.networks: Mapping[str, Network] = {network.id: network for network in inv.networks}
        self.clusters: Mapping[str, Cluster] = {cluster.id: cluster for cluster in inv.clusters}
        self.problems = inv.problems
        self.answers: dict[tuple[object, ...], Any] = {}
        """What was worked out for hosts and pairs of hosts; it holds for every machine."""

    @cached_property
    def vms(self) -> Mapping[str, VirtualMachine]:
        """The machines by id."""
        return {vm.id: vm for vm in self._vms}

    def holds(self, id_: str) -> bool:
        """Whether it has a host, machine, cluster, datastore or network of that id."""
        return any(id_ in table for table in (self.hosts, self.vms, self.clusters, self.datastores, self.networks))

    @cached_property
    def _by_host(self) -> Mapping[str, tuple[VMkernelAdapter, ...]]:
        found: dict[str, list[VMkernelAdapter]] = defaultdict(list)
        for adapter in self._adapters:
            found[adapter.host_id].append(adapter)
        # vmk2 before vmk10
        return {
            host_id: tuple(sorted(adapters, key=lambda adapter: (len(adapter.device), adapter.device)))
            for host_id, adapters in found.items()
        }

    def adapters(self, host_id: str) -> tuple[VMkernelAdapter, ...]:
        """A host's VMkernel adapters, vmk2 before vmk10."""
        return self._by_host.get(host_id, ())

    @cached_property
    def _mounting(self) -> Mapping[str, frozenset[str]]:
        return {one.id: frozenset(one.host_ids) for one in self.datastores.values() if one.host_ids}

    @cached_property
    def _mounting_urls(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for one in self.datastores.values():
            if one.url:
                found[one.url].update(one.host_ids)
        return {url: frozenset(host_ids) for url, host_ids in found.items()}

    def sees(self, host: Host, datastore_id: str) -> bool | None:
        """Whether that host mounts that datastore; None where the inventory does not know.

        Two vCenters know one datastore by two ids, but by the same URL.
        """
        mounting = self._mounting.get(datastore_id)
        if mounting is None:
            return None
        if host.id in mounting:
            return True
        return host.id in self._mounting_urls.get(self.datastores[datastore_id].url, _NONE)

    def mount(self, host: Host, datastore: Datastore) -> Mount | None:
        """That datastore as that host has it."""
        return next((mount for mount in datastore.mounts if mount.host_id == host.id), None)

    @cached_property
    def _having(self) -> Mapping[str, frozenset[str]]:
        return {one.id: frozenset(one.host_ids) for one in self.networks.values() if one.host_ids}

    def has_network(self, host: Host, network_id: str) -> bool | None:
        """Whether that host has that network; None where the inventory does not know."""
        having = self._having.get(network_id)
        return None if having is None else host.id in having

    @cached_property
    def networks_by_name(self) -> Mapping[str, tuple[Network, ...]]:
        """The networks by name: it is unique within a datacenter only."""
        found: dict[str, list[Network]] = defaultdict(list)
        for network in self._networks:
            found[network.name].append(network)
        return {name: tuple(networks) for name, networks in found.items()}

    @cached_property
    def switches(self) -> Mapping[str, Switch]:
        """The switches by id."""
        return {switch.id: switch for switch in self._switches}

    @cached_property
    def portgroups(self) -> Mapping[tuple[str, str], tuple[Switch, PortGroup]]:
        """By host and name: the port groups of standard switches, each with its switch."""
        return {
            (host_id, group.name): (switch, group)
            for switch in self._switches
            if switch.kind == "standard"
            for host_id in switch.host_ids
            for group in switch.portgroups
        }

    @cached_property
    def rules(self) -> Mapping[str, tuple[tuple[Cluster, ClusterRule], ...]]:
        """By machine: the rules in force that name it, each with its cluster."""
        found: dict[str, list[tuple[Cluster, ClusterRule]]] = defaultdict(list)
        for cluster in self._clusters:
            for rule in cluster.rules:
                if rule.enabled is not False:
                    for vm_id in rule.vm_ids:
                        found[vm_id].append((cluster, rule))
        return {vm_id: tuple(rules) for vm_id, rules in found.items()}

    @cached_property
    def overrides(self) -> Mapping[str, tuple[Cluster, VmOverride]]:
        """By machine: what its cluster does differently for it."""
        return {one.vm_id: (cluster, one) for cluster in self._clusters for one in cluster.overrides}

    @cached_property
    def licenses(self) -> Mapping[str, License]:
        """By host: the licence assigned to it."""
        return {assigned: one for one in self._licenses for assigned in one.assigned_ids}

    @cached_property
    def machines(self) -> Mapping[str, tuple[VirtualMachine, ...]]:
        """By host: the machines on it."""
        found: dict[str, list[VirtualMachine]] = defaultdict(list)
        for vm in self._vms:
            found[vm.host_id].append(vm)
        return {host_id: tuple(vms) for host_id, vms in found.items()}

    @cached_property
    def members(self) -> Mapping[str, tuple[Host, ...]]:
        """By cluster: its hosts of vSphere."""
        found: dict[str, list[Host]] = defaultdict(list)
        for host in self.hosts.values():
            if host.platform == "vsphere" and host.cluster_id:
                found[host.cluster_id].append(host)
        return {cluster_id: tuple(hosts) for cluster_id, hosts in found.items()}

    @cached_property
    def loads(self) -> Mapping[str, Load]:
        """By host: what its running machines take."""
        return {host_id: _load(vms) for host_id, vms in self.machines.items()}


def _load(vms: tuple[VirtualMachine, ...]) -> Load:
    running = [vm for vm in vms if vm.power_state is PowerState.RUNNING]
    return Load(
        memory_bytes=sum(vm.memory_bytes or 0 for vm in running),
        reserved_bytes=sum(vm.memory_allocation.reservation or 0 for vm in running),
        reserved_mhz=sum(vm.cpu_allocation.reservation or 0 for vm in running),
    )


_indexes: dict[int, Index] = {}


def index_of(inv: Inventory | Index) -> Index:
    """The index of an inventory: made once, kept as long as the inventory is."""
    if isinstance(inv, Index):
        return inv
    key = id(inv)
    index = _indexes.get(key)
    if index is None:
        index = _indexes[key] = Index(inv)
        weakref.finalize(inv, _indexes.pop, key, None).atexit = False
    return index
