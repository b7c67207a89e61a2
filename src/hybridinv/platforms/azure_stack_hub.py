"""Azure Stack Hub: the tenant plane, and the operator plane where its endpoint is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hybridinv.errors import NotSupported
from hybridinv.model.fabric import HubUpdate, PlatformImage, UpdateRun
from hybridinv.observing import observed_migrations
from hybridinv.platforms.arm import ArmAdapter
from hybridinv.platforms.compute import native_compute
from hybridinv.platforms.extension_catalogue import KIND, check_manner
from hybridinv.platforms.hub_fabric import OperatorPlane
from hybridinv.platforms.hub_login import ask_endpoints, hub_credential
from hybridinv.platforms.hub_survey import OPERATOR, HubSurvey
from hybridinv.platforms.kept_catalogue import DAY, cache_folder, checked_age
from hybridinv.transport.arm import ArmClient
from hybridinv.transport.client import TIMEOUT, Wire
from hybridinv.transport.clouds import base_url, host_of
from hybridinv.wire import hub_catalogue, hub_updates
from hybridinv.wire.extension_images import Wanted, in_order, read_image, unknown_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from os import PathLike

    import httpx

    from hybridinv.collecting import Progress
    from hybridinv.inventory import Inventory
    from hybridinv.model import Change, ExtensionImage
    from hybridinv.platforms.adapter import Reading, Report, Survey
    from hybridinv.platforms.arm_survey import Item
    from hybridinv.platforms.hub_fabric import Found
    from hybridinv.tables import Records
    from hybridinv.transport.tokens import Credential
    from hybridinv.wire.reading import Origin


class AzureStackHub(ArmAdapter):
    """Reads an Azure Stack Hub: the tenant plane's VMs, extensions and networks; with `admin_endpoint` its nodes too.

    Login endpoint, audience and api-versions are found by asking the endpoint (Entra ID and AD FS). Where it refuses
    `statusOnly` each VM is asked for its own status, a few at a time. Reads are tried again after 429 and 503.

    With `admin_endpoint` every VM has the node it runs on in `host_id`, and `vm_ids` of a host holds the ids of all
    machines on it: those of tenants that the account does not see are counted there, and lead to no record.
    """

    platform: str = "azure-stack-hub"
    missing: ClassVar[Mapping[str, str]] = {
        "hosts": f"nodes are seen by the operator: {OPERATOR}",
        "clusters": f"scale units are seen by the operator: {OPERATOR}",
        "datastores": "Azure Stack Hub has storage accounts, no datastores",
        "vmkernel_adapters": "VMkernel adapters are vSphere's",
    }

    def __init__(
        self,
        endpoint: str,
        *,
        credential: Credential | None = None,
        subscription_ids: Iterable[str] | None = None,
        admin_endpoint: str | None = None,
        ca_file: str | PathLike[str] | None = None,
        verify: bool = True,
        timeout: float = TIMEOUT,
        detail: str = "summary",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._endpoint = base_url(endpoint)
        self._admin_endpoint = base_url(admin_endpoint) if admin_endpoint else None
        source = host_of(self._endpoint)
        super().__init__(
            source,
            Wire(source, ca_file=ca_file, verify=verify, timeout=timeout, transport=transport),
            credential,
            subscription_ids,
            detail,
        )
        self.settings: dict[str, Any] = {
            "endpoint": self._endpoint,
            "admin_endpoint": self._admin_endpoint,
            "subscription_ids": self._subscription_ids,
            "detail": detail,
        }
        self._login = Wire(source, ca_file=ca_file, verify=verify, timeout=timeout)
        self._operators: ArmClient | None = None
        tenant, operator = {"vms", "extensions", "networks"}, {"hosts", "clusters"}
        self.capabilities: frozenset[str] = frozenset(tenant | operator if admin_endpoint else tenant)

    def _connect(self) -> ArmClient:
        return self._connect_to(self._endpoint)

    def _connect_to(self, endpoint: str) -> ArmClient:
        """A client with the login endpoint and audience that the endpoint itself names."""
        found = ask_endpoints(self._wire, endpoint)
        credential = self._credential or hub_credential(self._login, found)
        scope = f"{found.audience.rstrip('/')}/.default"
        return ArmClient(self._wire, endpoint, credential, scope, documented_bucket=False)

    def _operator(self) -> ArmClient:
        """The client for the operator's endpoint, made on first use."""
        if self._admin_endpoint is None:
            raise NotSupported(f"{self.source}: the operator sees that", remedy=OPERATOR)
        with self._lock:
            if self._operators is None:
                self._operators = self._connect_to(self._admin_endpoint)
            return self._operators

    def _survey(self, report: Report | None, detail: str) -> Survey:
        # An operator may have no subscription of the tenant plane, and read the nodes all the same.
        if self._admin_endpoint:
            return self._over(self._subscription_ids, report, detail)
        return super()._survey(report, detail)

    def _over(self, subscription_ids: Sequence[str] | None, report: Report | None, detail: str) -> HubSurvey:
        operator = OperatorPlane(self._operator) if self._admin_endpoint else None
        return HubSurvey(self._client, self._origin, subscription_ids, report, detail, operator)

    def extension_images(
        self,
        location: str,
        *,
        publishers: Iterable[str] | None = None,
        types: Iterable[str] | None = None,
        latest: bool = False,
        progress: Callable[[Progress], None] | None = None,
        cache: bool | str | PathLike[str] | None = True,
        max_age: float = DAY,
    ) -> Records[ExtensionImage]:
        """The extensions that the Hub offers in its region, version by version, in numeric order; all by default.

        With `admin_endpoint` it is one call to the operator's plane, which tells the operating system too and is never
        kept. Without it publishers, types and versions are asked for one by one, with the Hub's api-version, as
        `Azure.extension_images` describes it: there is more on the arguments.
        """
        if self._admin_endpoint is None:
            return super().extension_images(
                location, publishers=publishers, types=types, latest=latest, progress=progress, cache=cache,
                max_age=max_age,
            )  # fmt: skip
        wanted = Wanted.of(location, publishers, types)
        cache_folder(cache)
        checked_age(max_age)
        check_manner(latest, progress)
        given = self._subscription_ids or ()
        reading = self._fabric(KIND, lambda plane: plane.extension_images(wanted.location, given),
                               read_image, progress)  # fmt: skip
        there = [(image.publisher, image.type) for image in reading.records]
        reading.records = in_order(image for image in reading.records if wanted.has(image))
        reading.lost += unknown_names(wanted, wanted.publishers, "publisher of extensions", [one for one, _ in there])
        reading.lost += unknown_names(wanted, wanted.types, "type of extension", [one for _, one in there])
        return self._images(reading, latest=latest)

    def platform_images(self) -> Records[PlatformImage]:
        """The images that the Hub offers to its tenants, or an exception; the operator sees them."""
        reading = self._fabric("platform_images", OperatorPlane.images, hub_catalogue.read_platform_image)
        return self._whole("platform_images", PlatformImage, reading)

    def updates(self) -> Records[HubUpdate]:
        """The updates that the Hub has or is offered, or an exception; the operator sees them."""
        reading = self._fabric("updates", OperatorPlane.updates, hub_updates.read_update)
        return self._whole("updates", HubUpdate, reading)

    def update_runs(self) -> Records[UpdateRun]:
        """The runs of all updates, or an exception; the operator sees them."""
        reading = self._fabric("update_runs", OperatorPlane.update_runs, hub_updates.read_update_run)
        return self._whole("update_runs", UpdateRun, reading)

    def _fabric(
        self,
        kind: str,
        ask: Callable[[OperatorPlane], Found],
        read: Callable[[Item, Origin], Any],
        progress: Callable[[Progress], None] | None = None,
    ) -> Reading:
        self._operator()
        survey = self._over(None, self._reporter(progress), self.detail)
        return survey.found(kind, ask(OperatorPlane(self._operator)), read)

    def observe_migrations(self, before: Inventory, after: Inventory) -> Records[Change]:
        """The machines of this Hub that moved to another node while they ran, from one inventory to the next.

        Nothing is asked: the inventories tell, where they were collected with `admin_endpoint`. `before` and `after` of
        each change are the nodes' names. A machine whose node one of them does not know, or that was off in one, is
        not in it. The Hub does not say when a machine was booted, so one that was stopped and started between the two
        looks as if it had migrated.
        """
        return observed_migrations(before, after, self)

    def close(self) -> None:
        with self._lock:
            self._operators = None
        super().close()

    def __getstate__(self) -> dict[str, object]:
        return {**super().__getstate__(), "_operators": None}

    def native(self, record: Any) -> Any:
        """azure-mgmt-compute's model of a VM or an extension, read anew with the Hub's api-version."""

        def version_in(subscription_id: str) -> str:
            return self._over([subscription_id], None, self.detail).machine_version

        return native_compute(self._client, self._origin, record, version_in)
