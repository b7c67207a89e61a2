"""What DRS does for a machine when its host is emptied."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hybridinv.model import Cluster, Host, VirtualMachine
    from hybridinv.planning.index import Index


class Drs(Enum):
    """What DRS does for a machine."""

    MOVES = auto()
    RECOMMENDS = auto()
    NOTHING = auto()
    DISABLED = auto()
    UNKNOWN = auto()


_LEVELS = {
    "fullyautomated": Drs.MOVES,
    "partiallyautomated": Drs.RECOMMENDS,
    "manual": Drs.RECOMMENDS,
    "disabled": Drs.DISABLED,
}


def drs_of(index: Index, vm: VirtualMachine, host: Host) -> Drs:
    """What DRS does for a machine of that host."""
    cluster = index.clusters.get(host.cluster_id)
    if cluster is None:
        lacking = any(one.kind == "clusters" and one.source in ("", host.source) for one in index.problems)
        return Drs.UNKNOWN if host.cluster_id or lacking else Drs.NOTHING
    if cluster.drs_enabled is None:
        return Drs.UNKNOWN if len(index.members.get(cluster.id, ())) > 1 else Drs.NOTHING
    if not cluster.drs_enabled:
        return Drs.NOTHING
    return _LEVELS.get(behavior(index, vm, cluster).lower(), Drs.UNKNOWN)


def behavior(index: Index, vm: VirtualMachine, cluster: Cluster) -> str:
    """The level of automation of a machine, in vSphere's word: its own, or its cluster's."""
    of, override = index.overrides.get(vm.id, (None, None))
    if override and of and of.id == cluster.id and cluster.drs_overrides_allowed is not False:
        return override.drs_behavior or cluster.drs_behavior
    return cluster.drs_behavior


def why_not(index: Index, host: Host) -> str:
    """Why DRS moves nothing off a host."""
    cluster = index.clusters.get(host.cluster_id)
    return f"DRS of {cluster.name} is off" if cluster and cluster.drs_enabled is False else "no DRS moves it"
