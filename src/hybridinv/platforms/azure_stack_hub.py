"""Azure Stack Hub: the tenant plane, and the operator plane where its endpoint is given."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

import httpx

from hybridinv.errors import (
    AccessDenied,
    HybridInvError,
    NotFound,
    NotSupported,
    ServerFault,
    UnexpectedAnswer,
)
from hybridinv.platforms.adapter import Reading, Report, Survey
from hybridinv.platforms.arm import ArmAdapter
from hybridinv.platforms.compute import ComputeSurvey, native_compute
from hybridinv.transport.arm import REPORT, ArmClient, Credential, subscriptions
from hybridinv.transport.client import TIMEOUT, Wire
from hybridinv.transport.clouds import base_url, default_credential, host_of
from hybridinv.transport.parallel import once
from hybridinv.wire import arm as wire
from hybridinv.wire import fabric
from hybridinv.wire.reading import need

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from os import PathLike

    from hybridinv.platforms.arm_survey import ArmSurvey, Item
    from hybridinv.wire.reading import Origin

_ENDPOINTS = "/metadata/endpoints"
_ENDPOINTS_VERSION = "2015-01-01"
_SUBSCRIPTIONS = "2016-06-01"
_PROVIDERS = "2019-10-01"
_FABRIC = "2020-10-01"

_COMPUTE = ("2020-06-01", "2019-12-01", "2019-07-01", "2018-10-01", "2017-12-01", "2017-03-30", "2016-03-30")
_NETWORK = ("2018-11-01", "2017-10-01", "2017-06-01", "2015-06-15")
"""Api-versions of the hybrid profiles and those between, newest first: the readers know all of them."""


class AzureStackHub(ArmAdapter):
    """Reads an Azure Stack Hub: the tenant plane's VMs, extensions and networks; with `admin_endpoint` its nodes too.

    Login endpoint, audience and api-versions are found by asking the endpoint (Entra ID and AD FS). Where it refuses
    `statusOnly` each VM is asked for its own status, a few at a time. Reads are tried again after 429 and 503.
    """

    platform: ClassVar[str] = "azure-stack-hub"
    missing: ClassVar[Mapping[str, str]] = {
        "hosts": "nodes are seen by the operator: pass admin_endpoint=https://adminmanagement.<region>.<fqdn>",
        "clusters": "scale units are seen by the operator: pass admin_endpoint=https://adminmanagement.<region>.<fqdn>",
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
        self.settings = {
            "endpoint": self._endpoint,
            "admin_endpoint": self._admin_endpoint,
            "subscription_ids": self._subscription_ids,
            "detail": detail,
        }
        self._login = Wire(source, ca_file=ca_file, verify=verify, timeout=timeout)
        tenant, operator = {"vms", "extensions", "networks"}, {"hosts", "clusters"}
        self.capabilities = frozenset(tenant | operator if admin_endpoint else tenant)

    def _connect(self) -> ArmClient:
        return self._connect_to(self._endpoint)

    def _connect_to(self, endpoint: str) -> ArmClient:
        """A client with the login endpoint and audience that the endpoint itself names."""
        url = httpx.URL(endpoint + _ENDPOINTS, params={"api-version": _ENDPOINTS_VERSION})
        response = self._wire.request("GET", url)
        if response.status_code != 200:
            raise ServerFault(
                f"{url.host} answers {response.status_code} to {_ENDPOINTS}",
                status=response.status_code,
                remedy="give the ARM endpoint of the Hub: https://management.<region>.<fqdn>",
                source=self.source,
                operation=f"GET {_ENDPOINTS}",
            )
        found = wire.read_endpoints(response.content, endpoint=endpoint)
        credential = self._credential or default_credential(self._login, _authority(found), private=True)
        return ArmClient(self._wire, endpoint, credential, f"{found.audience.rstrip('/')}/.default")

    def _survey(self, report: Report | None, detail: str) -> Survey:
        # An operator may have no subscription of the tenant plane, and read the nodes all the same.
        if self._admin_endpoint:
            return self._over(self._subscription_ids, report, detail)
        return super()._survey(report, detail)

    def _over(self, subscription_ids: Sequence[str] | None, report: Report | None, detail: str) -> ArmSurvey:
        operator = partial(self._connect_to, self._admin_endpoint) if self._admin_endpoint else None
        return _HubSurvey(self._client, self._origin, subscription_ids, report, detail, operator)

    def native(self, record: Any) -> Any:
        """azure-mgmt-compute's model of a VM or an extension, read anew with the Hub's api-version."""

        def version_in(subscription_id: str) -> str:
            return self._over([subscription_id], None, self.detail).machine_version

        return native_compute(self._client, self._origin, record, version_in)


def _authority(found: wire.Endpoints) -> str:
    """azure-identity adds the tenant itself; for AD FS that is the path `/adfs`."""
    parts = urlsplit(found.login)
    return f"{parts.scheme}://{parts.netloc}"


class _HubSurvey(ComputeSurvey):
    has_graph = False
    subscriptions_version = _SUBSCRIPTIONS

    def __init__(
        self,
        client: ArmClient,
        origin: Origin,
        subscription_ids: Sequence[str] | None,
        report: Report | None,
        detail: str,
        operator: Callable[[], ArmClient] | None,
    ) -> None:
        super().__init__(client, origin, subscription_ids, report, detail)
        self._operator = operator

    @once
    def machine_version(self) -> str:
        return self._negotiate("Microsoft.Compute", "virtualMachines", _COMPUTE)

    @once
    def network_version(self) -> str:
        return self._negotiate("Microsoft.Network", "virtualNetworks", _NETWORK)

    def _negotiate(self, namespace: str, type_: str, known: Sequence[str]) -> str:
        """The newest api-version that both sides know, asked for in the first subscription that may be read."""
        refusals = []
        for subscription in self.subscription_ids:
            try:
                offered = self._offered(f"/subscriptions/{subscription}/providers/{namespace}", type_, known)
            except (AccessDenied, NotFound, ServerFault) as error:
                refusals.append(error)
                continue
            version = wire.choose_version(offered, known)
            if version is None:
                raise NotSupported(
                    f"{self.origin.source} offers {namespace}/{type_} in versions {', '.join(offered)}",
                    remedy=f"this library reads {', '.join(known)}; report it with a tape (hi.record)",
                )
            return version
        raise refusals[0]

    def _offered(self, provider: str, type_: str, known: Sequence[str]) -> Sequence[str]:
        """The api-versions of a type: from the provider's own list, else from the text of an error."""
        try:
            offered = wire.read_providers(self.client.get(provider, _PROVIDERS)).get(type_.lower(), ())
        except (AccessDenied, NotFound, ServerFault, UnexpectedAnswer):
            offered = ()
        if offered:
            return offered
        try:
            self.client.get(f"{provider}/{type_}", known[0])
        except (NotFound, ServerFault) as error:
            offered = wire.supported_versions(error.message)
            if not offered:
                raise
            return offered
        return known[:1]

    def subscription_ids_read(self) -> frozenset[str]:
        fabric = self.__dict__.get("_fabric_of")
        operators = fabric.__dict__.get("subscription_ids", ()) if fabric else ()
        return super().subscription_ids_read() | frozenset(one.lower() for one in operators)

    def _hosts(self) -> Reading:
        return self._fabric("hosts", "scaleUnitNodes", fabric.read_node)

    def _clusters(self) -> Reading:
        return self._fabric("clusters", "scaleUnits", fabric.read_scale_unit)

    @once
    def _fabric_of(self) -> _Fabric:
        if self._operator is None:
            raise NotSupported("the operator plane was not given", remedy="pass admin_endpoint=")
        return _Fabric(self._operator())

    def _fabric(self, kind: str, type_: str, read: Callable[[Item, Origin], Any]) -> Reading:
        """What the operator's subscription holds; the operator's other subscriptions have no fabric."""
        reading, refused = Reading(), []
        for subscription in self._fabric_of.subscription_ids:
            try:
                items = self._fabric_of.items(subscription, type_)
            except (NotFound, AccessDenied) as error:
                refused.append((f"/subscriptions/{subscription}", error))
                continue
            except HybridInvError as error:
                reading.lose(f"/subscriptions/{subscription}", error)
                continue
            self.records(items, lambda item: read(item, self.origin), reading)
            self.tell(kind, len(items))
        if not reading.records:
            reading.lost += refused
        return reading


class _Fabric:
    """The operator plane: its subscriptions and its region."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client

    @once
    def subscription_ids(self) -> list[str]:
        return subscriptions(self._client, _SUBSCRIPTIONS)

    def items(self, subscription: str, type_: str) -> list[Item]:
        """All objects of a type in every region of the fabric."""
        found = []
        for location in self._locations(subscription):
            path = (
                f"/subscriptions/{subscription}/resourceGroups/System.{location}"
                f"/providers/Microsoft.Fabric.Admin/fabricLocations/{location}/{type_}"
            )
            for page in self._client.pages(path, _FABRIC):
                if page.odd:
                    raise UnexpectedAnswer(f"{path}: {page.odd[0]}", path="value", remedy=REPORT)
                found += page.items
        return found

    def _locations(self, subscription: str) -> list[str]:
        """A Hub has one region, and the operator's endpoint carries its name: adminmanagement.<region>.<fqdn>."""
        label, _, rest = host_of(self._client.endpoint).partition(".")
        if label.lower() == "adminmanagement" and "." in rest:
            return [rest.partition(".")[0]]
        pages = self._client.pages(f"/subscriptions/{subscription}/locations", _SUBSCRIPTIONS)
        return [str(need(item, "name")) for page in pages for item in page.items]
