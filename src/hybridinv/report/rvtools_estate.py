"""The vSphere part of an inventory as RVTools looks at it: machines with their surroundings, hosts with their load."""

from __future__ import annotations

import uuid
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from hybridinv.model import AgentStatus, Allocation, PowerState
from hybridinv.report.rvtools import Note, Renamed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hybridinv.inventory import Inventory
    from hybridinv.model import Cluster, ClusterRule, Datastore, Host, Network, Tags, VirtualMachine, VmOverride

VSPHERE = "vsphere"
UNLIMITED = -1

_NOT_KNOWN = Allocation()
_SCHEME = "vsphere://"
_STANDALONE = "domain-s"
_PLACEHOLDER = "placeholder"
_SUMMARY = "summary"
_WORKBOOK = "rvtools"
_KINDS = (
    *("vms", "hosts", "vmkernel_adapters", "clusters", "datastores", "networks", "switches"),
    *("resource_pools", "licenses"),
)
_IMPORT_LIMIT = 20_000
_POWER = {
    PowerState.RUNNING: "poweredOn",
    PowerState.STOPPED: "poweredOff",
    PowerState.SUSPENDED: "suspended",
}


class Machine(NamedTuple):
    """A virtual machine with what all of its rows have in common."""

    vm: VirtualMachine
    estate: VSphereEstate
    name: str
    powerstate: str
    is_on: bool
    is_template: bool
    is_placeholder: bool | None
    annotation: str
    attributes: Tags
    datacenter: str
    cluster: str
    host: str
    folder: str
    os_name: str
    os_by_tools: str
    vm_id: str
    vm_uuid: str
    server: str
    vcenter: str
    home: Cluster | None


class Part(NamedTuple):
    """One row: a part of a machine or of a host, and what it is a part of."""

    of: Any
    it: Any


class Place(NamedTuple):
    """A host, or another object that is not a machine, with what all of its rows have in common."""

    it: Any
    estate: VSphereEstate
    name: str
    datacenter: str
    cluster: str
    object_id: str
    server: str
    vcenter: str


class VSphereEstate:
    """The vSphere records of an inventory, looked up without a scan; each part is made when it is first asked for."""

    def __init__(self, inv: Inventory) -> None:
        self.inv = inv
        self.hosts: dict[str, Host] = {host.id: host for host in inv.hosts}
        self.clusters: dict[str, Cluster] = {cluster.id: cluster for cluster in inv.clusters}
        self.datastores: dict[str, Datastore] = {datastore.id: datastore for datastore in inv.datastores}
        self.networks: dict[str, Network] = {network.id: network for network in inv.networks}
        self.switches: dict[str, str] = {switch.uuid: switch.name for switch in inv.switches if switch.uuid}
        self.notes: list[Note] = list(_scope(inv))
        self.renamed: list[Renamed] = []
        self.of_workbooks = {one.source for one in inv.asked if one.platform == VSPHERE and one.detail == _WORKBOOK}

    @cached_property
    def knows_machines(self) -> bool:
        """Whether its machines were looked for: if not, none of them on a host says nothing."""
        return any(vm.platform == VSPHERE for vm in self.inv.vms) or any(
            one.platform == VSPHERE and "vms" in one.kinds for one in self.inv.asked
        )

    @cached_property
    def machines(self) -> Sequence[Machine]:
        """Its machines, templates too; each with a UUID of its own as far as it has one."""
        vms = self.of(self.inv.vms)
        if len(vms) >= _IMPORT_LIMIT:
            said = f"{len(vms):,} machines; Azure Migrate imports fewer than {_IMPORT_LIMIT:,} from one file"
            self.notes.append(Note("vInfo", "", "", said))
        taken = {vm.instance_uuid.lower() for vm in vms} | {""}
        used: set[str] = set()
        return [self._machine(vm, taken, used) for vm in vms]

    def _machine(self, vm: VirtualMachine, taken: set[str], used: set[str]) -> Machine:
        home, host = self.clusters.get(vm.cluster_id), self.hosts.get(vm.host_id)
        return Machine(
            vm=vm,
            estate=self,
            name=vm.name,
            powerstate=_POWER.get(vm.power_state, ""),
            is_on=vm.power_state == PowerState.RUNNING,
            is_template=vm.is_template,
            is_placeholder=_PLACEHOLDER in vm.managed_by.lower() if is_read_in_full(vm) else None,
            annotation=vm.annotation,
            attributes=vm.custom_attributes,
            datacenter=vm.location,
            cluster=home.name if home else "",
            host=host.name if host else "",
            folder=vm.folder,
            os_name=vm.os_name,
            os_by_tools=vm.os_name if vm.agent.status == AgentStatus.READY else "",
            vm_id=vm.native_id or native_of(vm.id),
            vm_uuid=self._own_uuid(vm, taken, used),
            server=vm.source,
            vcenter=vcenter_of(vm.id),
            home=home,
        )

    def _own_uuid(self, vm: VirtualMachine, taken: set[str], used: set[str]) -> str:
        """Its instance UUID; importers drop or mix up machines that share one, so a second one gets another."""
        own, of_bios, said = vm.instance_uuid.lower(), vm.bios_uuid.lower(), ""
        if not own and of_bios and of_bios not in taken:
            own, said = of_bios, "its SMBIOS UUID, as its instance UUID is not known"
        elif not own:
            said = "empty: neither its instance UUID nor an SMBIOS UUID of its own is known"
        elif own in used:
            own, said = made_up_uuid(vm.id), f"made up: another machine has {own} too"
        if said:
            self.notes.append(Note("vInfo", "VM UUID", vm.id, said))
        used.add(own)
        taken.add(own)
        return own

    @cached_property
    def on_host(self) -> dict[str, list[Machine]]:
        """The machines of each host, templates left out."""
        found: dict[str, list[Machine]] = defaultdict(list)
        for machine in self.machines:
            if not machine.is_template:
                found[machine.vm.host_id].append(machine)
        return found

    @cached_property
    def on_datastore(self) -> dict[str, list[Machine]]:
        """The machines with a disk on each datastore."""
        found: dict[str, list[Machine]] = defaultdict(list)
        for machine in self.machines:
            for datastore_id in dict.fromkeys(disk.datastore_id for disk in machine.vm.disks):
                found[datastore_id].append(machine)
        return found

    @cached_property
    def on_switch(self) -> dict[str, int]:
        """How many machines have an adapter on each distributed switch, by its UUID."""
        found: dict[str, int] = defaultdict(int)
        for machine in self.machines:
            for switch in {nic.switch for nic in machine.vm.nics if nic.switch}:
                found[switch] += 1
        return found

    @cached_property
    def by_id(self) -> dict[str, Machine]:
        """The machines by the id of their record."""
        return {machine.vm.id: machine for machine in self.machines}

    @cached_property
    def overrides(self) -> dict[str, VmOverride]:
        """What clusters do differently for single machines."""
        return {one.vm_id: one for cluster in self.inv.clusters for one in cluster.overrides}

    @cached_property
    def rules(self) -> dict[str, list[ClusterRule]]:
        """The rules of clusters that each machine is in."""
        found: dict[str, list[ClusterRule]] = defaultdict(list)
        for cluster in self.inv.clusters:
            for rule in cluster.rules:
                for vm_id in dict.fromkeys((*rule.vm_ids, *rule.depends_on_vm_ids)):
                    found[vm_id].append(rule)
        return found

    @cached_property
    def _on_luns(self) -> dict[tuple[str, str], list[Datastore]]:
        found: dict[tuple[str, str], list[Datastore]] = defaultdict(list)
        for datastore in self.inv.datastores:
            for extent in datastore.extents:
                found[vcenter_of(datastore.id), extent.rpartition(":")[0]].append(datastore)
        return found

    def datastore_on(self, lun: str, host: Host) -> str:
        """The datastore on a host's disk: local disks of several hosts may have one name."""
        found = self._on_luns.get((vcenter_of(host.id), lun), ())
        return next((one.name for one in found if host.id in one.host_ids), "")

    @cached_property
    def license_names(self) -> dict[str, list[str]]:
        """The names of the licences that are assigned to each object."""
        found: dict[str, list[str]] = defaultdict(list)
        for one in self.inv.licenses:
            for id_ in one.assigned_ids:
                found[id_].append(one.name)
        return found

    @cached_property
    def datastore_clusters(self) -> dict[tuple[str, str, str], list[Datastore]]:
        """The datastores of each datastore cluster, by vCenter, datacenter and name."""
        found: dict[tuple[str, str, str], list[Datastore]] = defaultdict(list)
        for datastore in self.inv.datastores:
            if datastore.datastore_cluster:
                found[cluster_key(datastore)].append(datastore)
        return found

    @cached_property
    def places(self) -> Sequence[Place]:
        """Its hosts."""
        return [self.place(host) for host in self.of(self.inv.hosts)]

    def place(self, record: Any, host_id: str | None = None) -> Place:
        """A record that is not a machine with its surroundings; `host_id` is the host that it is a part of."""
        host = record if host_id is None else self.hosts.get(host_id)
        cluster = self.clusters.get(getattr(host, "cluster_id", ""))
        return Place(
            it=record,
            estate=self,
            name=host.name if host else "",
            datacenter=getattr(host, "location", ""),
            cluster=cluster.name if cluster else "",
            object_id=native_of(record.id),
            server=record.source,
            vcenter=vcenter_of(record.id),
        )

    @cached_property
    def vcenters(self) -> Sequence[tuple[str, str]]:
        """Its vCenters: name and UUID; one without a record has no UUID here."""
        found: dict[tuple[str, str], None] = {}
        for records in self.inv.tables().values():
            found.update(((one.source, vcenter_of(one.id)), None) for one in self.of(records) if vcenter_of(one.id))
        named = {server for server, _ in found}
        asked = {one.source: None for one in self.inv.asked if one.platform == VSPHERE and one.source not in named}
        return [*found, *((server, "") for server in asked)]

    def of(self, records: Sequence[Any]) -> list[Any]:
        """Those of vSphere."""
        return [record for record in records if record.platform == VSPHERE]

    def real_clusters(self) -> Iterator[Place]:
        """Its clusters, without the compute resources of standalone hosts."""
        for cluster in self.of(self.inv.clusters):
            if not moref_of(cluster.id).startswith(_STANDALONE):
                yield self.place(cluster)


def _scope(inv: Inventory) -> Iterator[Note]:
    """What was not asked for, and so has no rows or no values."""
    for one in inv.asked:
        if one.platform != VSPHERE:
            continue
        if one.detail == _SUMMARY:
            yield Note("", "", one.source, 'read in summary; with detail="full" more columns and sheets are filled')
        missing = [kind for kind in _KINDS if kind not in one.kinds]
        if missing:
            yield Note("", "", one.source, f"not asked for, and so not on the sheets: {', '.join(missing)}")


def made_up_uuid(id_: str) -> str:
    """A UUID for the machine of that id where another one has its own already: the same each time."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, id_))


def is_read_in_full(vm: VirtualMachine) -> bool:
    """Whether a machine's settings were read; what they do not hold is then known not to be set."""
    return bool(vm.config_path)


def cluster_key(datastore: Datastore) -> tuple[str, str, str]:
    """What tells datastore clusters apart: their names repeat."""
    return vcenter_of(datastore.id), datastore.location, datastore.datastore_cluster


def vcenter_of(id_: str) -> str:
    """The instance UUID of the vCenter that an id names; empty where it names none."""
    return id_.removeprefix(_SCHEME).partition("/")[0] if id_.startswith(_SCHEME) else ""


def moref_of(id_: str) -> str:
    """The managed object's own id; empty where an id has none."""
    return id_.removeprefix(_SCHEME).partition("/")[2] if id_.startswith(_SCHEME) else ""


def native_of(id_: str) -> str:
    """The managed object's own id; of a record that was made by hand, its id as it is."""
    return moref_of(id_) if id_.startswith(_SCHEME) else id_


def limit_of(allocation: Allocation, limit: int | None) -> int | None:
    """A limit; none at all is -1, and nothing where nothing of the allocation is known."""
    return limit if limit is not None or allocation == _NOT_KNOWN else UNLIMITED


def mebibytes(size: int | None) -> int | None:
    """Bytes in MiB, rounded down as RVTools does."""
    return None if size is None else size // 2**20


def percent(part: int | None, whole: int | None) -> int | None:
    """A share in whole per cent."""
    return None if part is None or not whole else round(100 * part / whole)
