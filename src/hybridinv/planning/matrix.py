"""migration_matrix: how every host reaches every other."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from hybridinv.model import Cluster, Host, Severity, VMkernelService
from hybridinv.model.migration import MigrationKind, MigrationPath, MigrationState
from hybridinv.planning.checks.hosts import check_pair
from hybridinv.planning.checks.links import find_link
from hybridinv.planning.index import Index, index_of
from hybridinv.planning.move import find_record
from hybridinv.tables import Records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hybridinv.inventory import Inventory

_PURPOSES = (
    (VMkernelService.VMOTION, (VMkernelService.VMOTION,), MigrationState.HOT),
    (VMkernelService.PROVISIONING, (VMkernelService.PROVISIONING, VMkernelService.MANAGEMENT), MigrationState.COLD),
)


def migration_matrix(inv: Inventory, cluster: Cluster | str | None = None) -> Records[MigrationPath]:
    """How every host reaches every other, in both directions: once for vMotion, once for cold data.

    The hosts are those of `cluster` (a record, id or name), or without it all of the estate, across clusters and
    vCenters. Each path names the adapters at both ends, the speed of the link, and what stands in the way.
    """
    index = index_of(inv)
    wanted = None if cluster is None else find_record(inv.clusters, cluster)
    hosts = [host for host in inv.hosts if host.platform == "vsphere" and (wanted is None or _is_in(host, wanted))]
    return Records(MigrationPath, _paths(index, hosts))


def _is_in(host: Host, cluster: Cluster) -> bool:
    return host.cluster_id == cluster.id or host.id in cluster.host_ids


def _paths(index: Index, hosts: list[Host]) -> Iterator[MigrationPath]:
    for source, destination in itertools.permutations(hosts, 2):
        for purpose, services, state in _PURPOSES:
            yield _path(index, source, destination, purpose.value, tuple(services), state)


def _path(
    index: Index, source: Host, destination: Host, purpose: str, services: tuple[str, ...], state: MigrationState
) -> MigrationPath:
    link = find_link(index, source, destination, services)
    findings = (*check_pair(index, source, destination, state, MigrationKind.COMPUTE), *link.findings)
    start, stop = (leg.adapter if leg else None for leg in (link.start, link.stop))
    crossing = source.source != destination.source
    return MigrationPath(
        id=f"{source.id} {destination.id} {purpose}",
        name=f"{source.name} → {destination.name} {purpose}" + (" cross-vCenter" if crossing else ""),
        platform=source.platform,
        source=source.source,
        source_host_id=source.id,
        source_host_name=source.name,
        destination_host_id=destination.id,
        destination_host_name=destination.name,
        crosses_vcenters=crossing,
        cluster_id=source.cluster_id if source.cluster_id == destination.cluster_id else "",
        purpose=purpose,
        service=link.service,
        fallback=link.fallback,
        feasible=all(finding.severity is not Severity.BLOCKER for finding in findings),
        source_adapter_id=start.id if start else "",
        source_device=start.device if start else "",
        source_ip_address=start.ip_address if start else "",
        source_vlan_id=start.vlan_id if start else None,
        source_mtu=start.mtu if start else None,
        destination_adapter_id=stop.id if stop else "",
        destination_device=stop.device if stop else "",
        destination_ip_address=stop.ip_address if stop else "",
        destination_vlan_id=stop.vlan_id if stop else None,
        destination_mtu=stop.mtu if stop else None,
        link_speed_mbps=link.link_speed_mbps,
        findings=findings,
    )
