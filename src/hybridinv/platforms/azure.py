"""Azure, public and sovereign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hybridinv.platforms.arm import ArmAdapter
from hybridinv.platforms.compute import ComputeSurvey, native_compute
from hybridinv.transport.arm import ArmClient, Credential
from hybridinv.transport.client import TIMEOUT, Wire
from hybridinv.transport.clouds import cloud_of, default_credential, host_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike

    import httpx

    from hybridinv.platforms.adapter import Report, Survey

_SUBSCRIPTIONS = "2022-12-01"


class Azure(ArmAdapter):
    """Reads Azure's virtual machines, extensions and virtual networks; the Reader role is enough.

    Two list sweeps give model, power and agent state, whatever the number of machines. Resource Graph speeds up the
    extensions and is checked against ARM's lists. Reads are tried again after 429 and 503 as `Retry-After` asks.
    """

    platform: ClassVar[str] = "azure"
    missing: ClassVar[Mapping[str, str]] = {
        "hosts": "Azure does not show the hosts its machines run on",
        "clusters": "Azure does not show its clusters",
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
        ca_file: str | PathLike[str] | None = None,
        timeout: float = TIMEOUT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._cloud = cloud_of(cloud, endpoint)
        source = host_of(self._cloud.endpoint)
        super().__init__(
            source, Wire(source, ca_file=ca_file, timeout=timeout, transport=transport), credential, subscription_ids
        )
        self.settings = {"subscription_ids": self._subscription_ids, "cloud": cloud, "endpoint": endpoint}
        self._login = Wire(source, ca_file=ca_file, timeout=timeout)
        self.capabilities = frozenset({"vms", "extensions", "networks"})

    def _connect(self) -> ArmClient:
        credential = self._credential or default_credential(self._login, self._cloud.authority)
        return ArmClient(self._wire, self._cloud.endpoint, credential, f"{self._cloud.endpoint}/.default")

    def _survey(self, report: Report | None) -> Survey:
        return _AzureSurvey(self._client, self._origin, self._subscription_ids, _SUBSCRIPTIONS, report).started()

    def native(self, record: Any) -> Any:
        """azure-mgmt-compute's `VirtualMachine` or `VirtualMachineExtension`, read anew."""
        return native_compute(self._client, record, lambda _: _AzureSurvey.compute_version)


class _AzureSurvey(ComputeSurvey):
    has_graph = True
    compute_version = "2024-07-01"
    network_version = "2024-01-01"
