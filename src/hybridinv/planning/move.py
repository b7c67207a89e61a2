"""What a migration is asked to change: from records, ids and names to a Move."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, TypeVar

import attrs

from hybridinv.errors import MultipleMatches, NotFound, NotSupported
from hybridinv.model import Cluster, Datastore, Disk, Host, PowerState, VirtualMachine
from hybridinv.model.migration import Condition, MigrationKind, MigrationState
from hybridinv.planning.index import Index, index_of

if TYPE_CHECKING:
    from hybridinv.inventory import Inventory
    from hybridinv.tables import Records

T = TypeVar("T", VirtualMachine, Host, Datastore, Cluster)

_OFF = frozenset({PowerState.STOPPED, PowerState.SUSPENDED, PowerState.DEALLOCATED})
_WITH_THE_HOST = "hostLocal"


def state_of(vm: VirtualMachine) -> MigrationState:
    """Cold only where the machine is known not to run: a hot plan asks for more."""
    return MigrationState.COLD if vm.power_state in _OFF else MigrationState.HOT


@attrs.frozen(kw_only=True)
class Move:
    """A machine, where it is, and where it is to go."""

    index: Index
    vm: VirtualMachine
    source: Host | None
    destination: Host | None
    datastore: Datastore | None
    rehosted: bool = False
    """Nobody gave the destination: it is a host that mounts the datastore, as the own one does not."""

    @property
    def host_changes(self) -> bool:
        """It goes to another host."""
        return _id(self.destination) != _id(self.source) and not self.rehosted

    @property
    def moving_disks(self) -> tuple[Disk, ...]:
        """The disks that are not yet where they are to be."""
        target = self.datastore
        return tuple(disk for disk in self.vm.disks if target and disk.datastore_id != target.id)

    @property
    def disks_move(self) -> bool:
        """It goes to another datastore; a machine whose disks are not known counts as going."""
        return self.datastore is not None and (bool(self.moving_disks) or not self.vm.disks)

    @property
    def kind(self) -> MigrationKind:
        """What changes, or was asked to where nothing does."""
        if self.host_changes and self.disks_move:
            return MigrationKind.COMPUTE_AND_STORAGE
        if self.disks_move or (self.datastore and not self.host_changes):
            return MigrationKind.STORAGE
        return MigrationKind.COMPUTE

    @property
    def state(self) -> MigrationState:
        """Hot or cold."""
        return state_of(self.vm)

    @property
    def hosts(self) -> tuple[Host, ...]:
        """The hosts that take part, as far as they are known."""
        hosts = (self.source, self.destination)
        return tuple({host.id: host for host in hosts if host}.values())

    @property
    def crosses_vcenters(self) -> bool:
        """It goes to another vCenter."""
        return bool(self.host_changes and self.destination and self.destination.source != self.vm.source)

    @property
    def datastore_ids(self) -> tuple[str, ...]:
        """Where its disks are."""
        return tuple(dict.fromkeys(disk.datastore_id for disk in self.vm.disks if disk.datastore_id))

    @property
    def conditions(self) -> frozenset[Condition]:
        """What the rows of a rule may depend on."""
        conditions = {self._reach()}
        if self.vm.power_state is PowerState.SUSPENDED:
            conditions.add(Condition.SUSPENDED)
        if self.crosses_vcenters:
            conditions.add(Condition.CROSS_VCENTER)
        if self.swap_moves:
            conditions.add(Condition.SWAP_ELSEWHERE)
        return frozenset(conditions)

    def _reach(self) -> Condition:
        apart = self.source and self.datastore and self.index.sees(self.source, self.datastore.id) is False
        return Condition.NO_HOST_SEES_BOTH if apart else Condition.ONE_HOST_SEES_BOTH

    @property
    def swap_moves(self) -> bool:
        """Its swap file is kept with the host, and the other host keeps it on another datastore."""
        source, destination = self.source, self.destination
        if not (source and destination and self.host_changes and self.state is MigrationState.HOT):
            return False
        placement = self.vm.swap_placement
        if placement in ("", "inherit"):
            cluster = self.index.clusters.get(source.cluster_id)
            placement = cluster.swap_placement if cluster else ""
        return placement == _WITH_THE_HOST and source.swap_datastore_id != destination.swap_datastore_id


def read_move(
    inv: Inventory,
    vm: VirtualMachine | str,
    to_host: Host | str | None = None,
    to_datastore: Datastore | str | None = None,
) -> Move:
    """Read what is asked for; each argument is a record, an id or a name."""
    if to_host is None and to_datastore is None:
        raise NotSupported("a migration needs somewhere to go", remedy="give to_host=, to_datastore= or both")
    index = index_of(inv)
    machine = find_record(inv.vms, vm)
    source = index.hosts.get(machine.host_id)
    move = Move(
        index=index,
        vm=machine,
        source=source,
        destination=source if to_host is None else find_record(inv.hosts, to_host),
        datastore=None if to_datastore is None else find_record(inv.datastores, to_datastore),
    )
    return move if to_host is not None else _rehosted(move)


def _rehosted(move: Move) -> Move:
    """Send a powered-off machine whose host does not mount the datastore to a host that does."""
    if move.state is MigrationState.HOT or Condition.NO_HOST_SEES_BOTH not in move.conditions:
        return move
    mounting = move.datastore.host_ids if move.datastore else ()
    hosts = [host for host in move.index.hosts.values() if host.id in mounting]
    host = min(
        hosts,
        key=lambda host: (host.connection_state not in ("", "connected"), bool(host.in_maintenance)),
        default=None,
    )
    return attrs.evolve(move, destination=host, rehosted=True) if host else move


def _id(host: Host | None) -> str:
    return host.id if host else ""


def find_record(records: Records[T], wanted: T | str) -> T:
    """The record itself, or that of an id or a name; it has to be of vSphere."""
    kind = records.type.__name__
    if isinstance(wanted, str):
        wanted = _find(records, wanted)
    if not isinstance(wanted, records.type):
        raise NotSupported(f"{wanted!r:.80} is no {kind}", remedy=f"give a {kind}, its id or its name")
    if wanted.platform != "vsphere":
        raise NotSupported(
            f"{wanted.name} is on {wanted.platform}, which gives its users no say in migrations",
            remedy="plan migrations of vSphere machines",
        )
    return wanted


def _find(records: Records[T], wanted: str) -> T:
    kind = records.type.__name__
    try:
        return records.get(wanted)
    except NotFound:
        named = records.where(name=wanted)
    # An Arc machine inside a VM often has the VM's name, in letters of another case; only the VM can be migrated here.
    same = wanted.lower()
    for like in (
        records.where(name=lambda name: name.lower() == same),
        records.where(name=lambda name: name.lower().partition(".")[0] == same),
    ):
        named = named.where(platform="vsphere") or like.where(platform="vsphere") or named or like
    if len(named) > 1:
        ids = ", ".join(record.id for record in named[:5])
        raise MultipleMatches(f"{len(named)} {kind} records are named {wanted!r}", remedy=f"give an id: {ids}")
    if not named:
        close = difflib.get_close_matches(
            wanted, {record.name for record in records if record.platform == "vsphere"}, cutoff=0.5
        )
        hint = f"did you mean {' or '.join(map(repr, close))}?" if close else "collect it, or check the spelling"
        raise NotFound(f"no {kind} of this inventory has the id or name {wanted!r}", remedy=hint)
    return named[0]
