"""Azure, public and sovereign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from hybridinv.errors import HybridInvError, NotSupported
from hybridinv.model import Cluster, Extension, Host, VirtualMachine
from hybridinv.platforms.adapter import Reading
from hybridinv.platforms.arm import CloudAdapter
from hybridinv.platforms.compute import ComputeSurvey, native_compute
from hybridinv.transport.client import TIMEOUT
from hybridinv.transport.parallel import once
from hybridinv.wire.arm import arm_id
from hybridinv.wire.compute_sizes import read_sizes
from hybridinv.wire.dedicated_hosts import host_views, read_dedicated_host, read_host_group
from hybridinv.wire.health import owner_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from os import PathLike

    import httpx

    from hybridinv.platforms.adapter import Report
    from hybridinv.platforms.arm_survey import ArmSurvey, Item
    from hybridinv.transport.tokens import Credential
    from hybridinv.wire.compute import Beside
    from hybridinv.wire.compute_sizes import Size

_SKUS_VERSION = "2021-07-01"
_HEALTH = "/providers/Microsoft.ResourceHealth/availabilityStatuses"
_HEALTH_VERSION = "2022-10-01"
_UPDATES = "maintenanceresources | where type =~ 'microsoft.maintenance/updates' | project id, properties"
_HOST_GROUPS = "/providers/Microsoft.Compute/hostGroups"


class Azure(CloudAdapter):
    """Reads Azure's virtual machines, extensions and virtual networks; the Reader role is enough.

    Two list sweeps give model, power and agent state, whatever the number of machines; sizes, network interfaces and
    public addresses come from lists of their own. Where one of those cannot be read its fields are unknown: `vms()`
    gives the machines all the same, and an inventory has a problem of the subscription, so that it is not `complete`.
    With `detail="full"` come resource health, pending updates (from Resource Graph; an announced redeploy is known
    without), and the instances of uniform scale sets, of whose network interfaces only the names are known.
    With `dedicated_hosts=True` there are `hosts` and `clusters`: dedicated hosts and host groups.

    Resource Graph speeds up the extensions and is checked against ARM's lists; those of uniform scale sets are not in
    it. Reads are tried again after 429 and 503 as `Retry-After` asks.
    """

    platform: str = "azure"
    capabilities: frozenset[str] = frozenset({"vms", "extensions", "networks"})
    missing: ClassVar[Mapping[str, str]] = {
        "hosts": "Azure shows no hosts but dedicated ones, read with Azure(dedicated_hosts=True)",
        "clusters": "Azure shows no clusters but the groups of dedicated hosts, read with Azure(dedicated_hosts=True)",
        "datastores": "Azure has managed disks, no datastores",
        "vmkernel_adapters": "VMkernel adapters are vSphere's",
    }

    def __init__(
        self,
        *,
        credential: Credential | None = None,
        subscription_ids: Iterable[str] | None = None,
        cloud: str = "AzureCloud",
        endpoint: str | None = None,
        dedicated_hosts: bool = False,
        ca_file: str | PathLike[str] | None = None,
        timeout: float = TIMEOUT,
        detail: str = "summary",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(
            credential=credential,
            subscription_ids=subscription_ids,
            cloud=cloud,
            endpoint=endpoint,
            ca_file=ca_file,
            timeout=timeout,
            detail=detail,
            transport=transport,
        )
        if not isinstance(dedicated_hosts, bool):
            raise NotSupported(
                f"dedicated_hosts={dedicated_hosts!r:.40} is neither True nor False", remedy="leave it out for False"
            )
        self.settings["dedicated_hosts"] = dedicated_hosts
        if dedicated_hosts:
            self.capabilities = type(self).capabilities | {"hosts", "clusters"}

    def _over(self, subscription_ids: Sequence[str] | None, report: Report | None, detail: str) -> ArmSurvey:
        return _AzureSurvey(self._client, self._origin, subscription_ids, report, detail)

    def native(self, record: Any) -> Any:
        """azure-mgmt-compute's `VirtualMachine`, `VirtualMachineExtension` or `DedicatedHost`, read anew.

        For an instance of a scale set it is a `VirtualMachineScaleSetVM`, for a host group a `DedicatedHostGroup`.
        """
        types = (VirtualMachine, Extension, Host, Cluster)
        return native_compute(self._client, self._origin, record, lambda _: _AzureSurvey.machine_version, types)


class _AzureSurvey(ComputeSurvey):
    has_graph = True
    machine_version = "2024-07-01"
    network_version = "2024-01-01"

    def sizes_in(self, subscription_id: str, location: str) -> dict[str, Size]:
        path = f"/subscriptions/{subscription_id}/providers/Microsoft.Compute/skus"
        return read_sizes(self.client.items(path, _SKUS_VERSION, **{"$filter": f"location eq '{location}'"}))

    def beside(self, machines: Mapping[str, Item], reading: Reading) -> Beside:
        beside = super().beside(machines, reading)
        if self.detail != "full" or not machines:
            return beside
        subscriptions = sorted({id_.split("/")[2] for id_ in machines})
        return attrs.evolve(
            beside, health=self._health(subscriptions, reading), updates=self._updates(subscriptions, reading)
        )

    def _health(self, subscription_ids: list[str], reading: Reading) -> dict[str, Item]:
        missing = Reading()
        statuses = self.sweep(_HEALTH, _HEALTH_VERSION, missing, over=subscription_ids)
        self.doubt("health", missing, reading)
        return {owner_id(item): item for item in statuses}

    def _updates(self, subscription_ids: list[str], reading: Reading) -> dict[str, Item]:
        """By machine: there is no list of updates but Resource Graph's, and else one call a machine."""
        missing = Reading()
        rows: list[Item] = []
        try:
            rows = [dict(row) for row in self.client.graph(f"{_UPDATES} | order by id asc", subscription_ids)]
        except HybridInvError as error:
            missing.lose("", error)
        self.doubt("pending updates that are no redeploys", missing, reading)
        return {owner_id(row): row for row in rows}

    @once
    def _host_groups(self) -> tuple[dict[str, Item], Reading]:
        reading = Reading()
        return self.by_id(self.sweep(_HOST_GROUPS, self.machine_version, reading), reading), reading

    def _clusters(self) -> Reading:
        groups, swept = self._host_groups
        reading = Reading(lost=list(swept.lost))
        self.records(groups.values(), lambda item: read_host_group(item, self.origin), reading)
        return reading

    def _hosts(self) -> Reading:
        """Two calls a group: its hosts, and all their instance views, which the list of hosts does not have."""
        groups, swept = self._host_groups
        reading, missing = Reading(lost=list(swept.lost)), Reading()
        version = self.machine_version
        listed = self.each(
            groups,
            lambda id_: self.client.items(f"{groups[id_]['id']}/hosts", version),
            reading,
            lambda id_: self.there(groups[id_]["id"]),
        )
        occupied = [id_ for id_, hosts in listed.items() if hosts]
        expanded = self.each(
            occupied,
            lambda id_: self.client.one(groups[id_]["id"], version, **{"$expand": "instanceView"}),
            missing,
        )
        self.doubt("state and room", missing, reading, kind="hosts")
        views = {arm_id(f"{id_}/hosts/{name}"): view for id_, group in expanded.items()
                 for name, view in host_views(group).items()}  # fmt: skip
        hosts = [host for several in listed.values() for host in several]
        self.records(
            hosts, lambda item: read_dedicated_host(item, views.get(arm_id(str(item.get("id")))), self.origin), reading
        )
        self.tell("hosts", len(hosts))
        return reading
