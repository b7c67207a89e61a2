"""Azure Arc: servers that have the connected machine agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from hybridinv.errors import HybridInvError, NotSupported, TruncatedAnswer
from hybridinv.inventory import problem_of
from hybridinv.model import Extension, Finding, License, VirtualMachine
from hybridinv.model.arc import ResourceProvider
from hybridinv.platforms import arc_access
from hybridinv.platforms.adapter import Reading, Report
from hybridinv.platforms.arm import FEW, CloudAdapter, check_native, given_ids, sdk_errors
from hybridinv.platforms.arm_survey import ArmSurvey, Item
from hybridinv.platforms.extension_catalogue import ArcCatalogue
from hybridinv.tables import Records
from hybridinv.transport.parallel import once
from hybridinv.wire import arc_access as wire_access
from hybridinv.wire import arc_licenses, arc_resources, hybridcompute
from hybridinv.wire import arm as wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hybridinv.model.onboarding import OnboardingTarget
    from hybridinv.platforms.extension_catalogue import Catalogue
    from hybridinv.wire.extension_images import Wanted

_MACHINES = "/providers/Microsoft.HybridCompute/machines"
_LICENSES = "/providers/Microsoft.HybridCompute/licenses"
_VERSION = "2024-07-10"
_RESOURCES_VERSION = "2021-04-01"


class AzureArc(CloudAdapter):
    """Reads Arc-enabled servers, their extensions and licences, and what else Arc manages; the Reader role is enough.

    One list sweep gives the machines. Arc has no list of all extensions: they come from Resource Graph, or machine by
    machine where it cannot be asked, and for machines it has not heard of yet. Reads are tried again after 429 and 503
    as `Retry-After` asks.

    `resources()` lists Kubernetes clusters, SQL servers, data services, Azure Local clusters, resource bridges, and the
    vCenters and VMM servers with what is in them. The list is ARM's own; state and version of most types come from
    Resource Graph and are empty where it cannot be asked.
    """

    platform: str = "azure-arc"
    sdk_client: ClassVar[str] = "azure.mgmt.hybridcompute.HybridComputeManagementClient"
    capabilities: frozenset[str] = frozenset({"vms", "extensions", "licenses", "resources"})
    missing: ClassVar[Mapping[str, str]] = {
        "hosts": "Arc sees machines, not what they run on",
        "clusters": "Arc sees machines, not clusters",
        "datastores": "Arc sees machines, not datastores",
        "networks": "Arc sees addresses, not networks",
        "vmkernel_adapters": "VMkernel adapters are vSphere's",
    }

    def _over(self, subscription_ids: Sequence[str] | None, report: Report | None, detail: str) -> ArmSurvey:
        return _ArcSurvey(self._client, self._origin, subscription_ids, report, detail)

    def _catalogue(self, survey: ArmSurvey, wanted: Wanted) -> Catalogue:
        is_named = bool(wanted.publishers.exact and wanted.types.exact)
        return ArcCatalogue(survey, wanted.location, self._subscription_ids, is_named=is_named)

    def native(self, record: Any) -> Any:
        """azure-mgmt-hybridcompute's `Machine`, `MachineExtension` or `License`, read anew."""
        from azure.mgmt.hybridcompute import HybridComputeManagementClient

        check_native(record, self._origin, VirtualMachine, Extension, License)
        parsed = wire.parse_id(getattr(record, "resource_id", "") or record.id)
        sdk_client = self._client.sdk(HybridComputeManagementClient, parsed.subscription_id, api_version=_VERSION)
        with sdk_errors(self.source), sdk_client as sdk:
            if isinstance(record, VirtualMachine):
                return sdk.machines.get(parsed.resource_group, parsed.name)
            if isinstance(record, License):
                return sdk.licenses.get(parsed.resource_group, parsed.name)
            return sdk.machine_extensions.get(parsed.resource_group, *parsed.names)

    def providers(self, namespaces: Iterable[str] | None = None) -> Records[ResourceProvider]:
        """The resource providers that Arc uses, of every subscription, or an exception; Reader is enough.

        Three are needed to onboard a server (`required`), the others for what `why` says. API: `providers`.
        """
        wanted = arc_access.known_namespaces(namespaces, list(wire_access.PROVIDERS))
        subscription_ids = self._over(self._subscription_ids, None, self.detail).subscription_ids
        return Records(ResourceProvider, arc_access.read_providers(self._client, subscription_ids, wanted))

    def register_providers(
        self,
        namespaces: Iterable[str] | None = None,
        *,
        subscription_ids: Iterable[str] | None = None,
        wait: float = 0.0,
        interval: float = 5.0,
    ) -> Records[ResourceProvider]:
        """The resource providers after those that are not registered were asked to be: this writes to Azure.

        It is the only call of this library's own that does, and no other leads to it. Registering concerns the whole
        subscription and everybody in it: it opens a service that was closed, and puts Microsoft's app for it in the
        tenant; it cannot be undone while resources of it are there. It takes Contributor, or a role with
        `*/register/action`. Without `namespaces` it is the three that servers need. The subscriptions are those named
        here, or those the adapter was made with, never all that the credential sees.

        Each request is sent once and not tried again; `problems` of a provider says why one failed. Registering takes
        minutes: `wait` seconds it is looked at every `interval`, and `state` is what it was last.
        Source: Microsoft Learn, Azure resource providers and types.
        """
        needed = [name for name, (required, _) in wire_access.PROVIDERS.items() if required]
        wanted = arc_access.known_namespaces(namespaces, needed)
        where = self._subscription_ids if subscription_ids is None else given_ids(subscription_ids)
        if not where:
            raise NotSupported(
                "register_providers writes only to subscriptions that are named", remedy="pass subscription_ids=[…]"
            )
        self._client.log_in()
        before = arc_access.read_providers(self._client, where, wanted)
        return Records(ResourceProvider, arc_access.register(self._client, self._origin, before, wait, interval))

    def check_access(self, target: OnboardingTarget) -> Records[Finding]:
        """What stands in the way of onboarding to a target on Azure's side; none where nothing does.

        Looked at: the subscription and its tenant, the resource group, the resource providers, the region, and what
        the account that asks may do there. It is this account that is looked at: a service principal that is to
        onboard must ask itself. Deny assignments and policies are not seen. What could not be read is a finding too.
        """
        return Records(Finding, arc_access.check(self._client, target, cloud=str(self.settings["cloud"])))


class _ArcSurvey(ArmSurvey):
    extensions_type = "microsoft.hybridcompute/machines/extensions"
    machine_version = _VERSION

    def _vms(self) -> Reading:
        machines, swept = self._machines
        reading = Reading(lost=list(swept.lost), answers=list(swept.answers))
        self.records(machines.values(), lambda item: hybridcompute.read_machine(item, self.origin), reading)
        return reading

    def _extensions(self) -> Reading:
        machines, swept = self._machines
        reading = self.on_machines(swept)
        for read_from, items in self.extensions_of(machines, _claimed, reading).items():
            self.read_extensions(items, {}, reading, read_from)
        return reading

    def _licenses(self) -> Reading:
        machines, swept = self._machines
        reading = Reading()
        items = self.sweep(_LICENSES, _VERSION, reading, kind="licenses")
        holders = arc_licenses.holders_of(machines.values())
        self.records(items, lambda item: arc_licenses.read_license(item, holders, self.origin), reading)
        # The licences are all there; who holds them is not, where machines could not be read and the count says so.
        untold = [problem_of(error, self.origin, kind="licenses", scope=scope) for scope, error in swept.lost]
        untold = [attrs.evolve(one, message=f"who holds it: {one.message}") for one in untold]
        reading.records = [
            attrs.evolve(one, problems=(*one.problems, *untold)) if _has_more_holders(one) else one
            for one in reading.records
        ]
        return reading

    def _resources(self) -> Reading:
        """ARM's list of all resources, by type; and the inventory items of every vCenter and VMM server."""
        reading = Reading()
        wanted = " or ".join(f"resourceType eq '{type_}'" for type_ in arc_resources.TYPES)
        items = self.sweep("/resources", _RESOURCES_VERSION, reading, kind="resources", **{"$filter": wanted})
        rows = self._properties_of_resources(reading) if items else {}
        parents = self.by_id(
            [item for item in items if str(item.get("type")).lower() in arc_resources.CHILDREN], reading
        )
        found = self.each(
            parents,
            lambda id_: self._inventory_items(parents[id_]),
            reading,
            lambda id_: self.there(parents[id_]["id"], _children_version(parents[id_])),
        )
        children = [item for several in found.values() for item in several]
        self.tell("resources", len(children))
        self.records(
            [*items, *children, *arc_resources.managed_instances(children)],
            lambda item: arc_resources.read_resource(item, rows.get(wire.arm_id(str(item.get("id")))), self.origin),
            reading,
        )
        return reading

    def _inventory_items(self, parent: Item) -> list[Item]:
        return self.client.items(f"{parent['id']}/inventoryItems", _children_version(parent))

    def _properties_of_resources(self, reading: Reading) -> dict[str, Item]:
        """Resource Graph's rows by id; where it cannot be asked fields are unknown, for the list itself is ARM's."""
        types = ", ".join(f"'{type_}'" for type_ in arc_resources.TYPES)
        query = f"resources | where type in~ ({types}) | project id, kind, properties | order by id asc"
        try:
            pages = list(self.client.graph_pages(query, self.subscription_ids))
        except HybridInvError as error:
            missing = Reading()
            missing.lose("", error)
            self.doubt("state, version and ids from Resource Graph", missing, reading, kind="resources")
            return {}
        rows = [row for page in pages for row in page.rows]
        claimed = sum(page.total or 0 for page in pages if page.is_first)
        reading.answer("resources", "resource-graph", len(rows), claimed)
        return {wire.arm_id(str(row.get("id", ""))): dict(row) for row in rows}

    def statuses_of(self, *_: object) -> Mapping[str, Item]:
        return {}

    def read_extensions(self, items: Iterable[Item], _: Mapping[str, Item], reading: Reading, read_from: str) -> None:
        self.records(
            items,
            lambda item: attrs.evolve(hybridcompute.read_extension(item, self.origin), read_from=read_from),
            reading,
        )

    def graphed(self, owners: Mapping[str, Item], reading: Reading) -> tuple[list[Item] | None, set[str]]:
        rows, _ = super().graphed(owners, reading)
        machines = None if rows is None else self.graph("microsoft.hybridcompute/machines", "id")
        if machines is None:
            return None, set()
        unheard = set(owners) - {wire.arm_id(str(row.get("id", ""))) for row in machines}
        if len(unheard) > FEW:
            message = f"Resource Graph has not heard of {len(unheard)} of {len(owners)} machines"
            remedy = f"read again later, or with extensions(vms=…), {FEW} machines at a time"
            reading.lose("", TruncatedAnswer(message, path="data", remedy=remedy))
            unheard = set()
        return rows, unheard

    @once
    def _machines(self) -> tuple[dict[str, Item], Reading]:
        reading = Reading()
        return self.by_id(self.sweep(_MACHINES, _VERSION, reading, kind="vms"), reading), reading


def _children_version(parent: Item) -> str:
    return arc_resources.CHILDREN[str(parent["type"]).lower()]


def _has_more_holders(license_: License) -> bool:
    return license_.used is None or license_.used > len(license_.assigned_ids)


def _claimed(machine: Item) -> set[str] | None:
    """The ids of the extensions the machine's own row names; None where it names none at all."""
    return set(wire.extension_ids(machine)) if "resources" in machine else None
