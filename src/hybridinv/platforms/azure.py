"""Azure, public and sovereign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hybridinv.platforms.arm import CloudAdapter
from hybridinv.platforms.compute import ComputeSurvey, native_compute

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hybridinv.platforms.adapter import Report
    from hybridinv.platforms.arm_survey import ArmSurvey


class Azure(CloudAdapter):
    """Reads Azure's virtual machines, extensions and virtual networks; the Reader role is enough.

    Two list sweeps give model, power and agent state, whatever the number of machines. Resource Graph speeds up the
    extensions and is checked against ARM's lists. Reads are tried again after 429 and 503 as `Retry-After` asks.
    """

    platform: ClassVar[str] = "azure"
    capabilities = frozenset({"vms", "extensions", "networks"})
    missing: ClassVar[Mapping[str, str]] = {
        "hosts": "Azure does not show the hosts its machines run on",
        "clusters": "Azure does not show its clusters",
        "datastores": "Azure has managed disks, no datastores",
        "vmkernel_adapters": "VMkernel adapters are vSphere's",
    }

    def _over(self, subscription_ids: Sequence[str] | None, report: Report | None, detail: str) -> ArmSurvey:
        return _AzureSurvey(self._client, self._origin, subscription_ids, report, detail)

    def native(self, record: Any) -> Any:
        """azure-mgmt-compute's `VirtualMachine` or `VirtualMachineExtension`, read anew."""
        return native_compute(self._client, self._origin, record, lambda _: _AzureSurvey.machine_version)


class _AzureSurvey(ComputeSurvey):
    has_graph = True
    machine_version = "2024-07-01"
    network_version = "2024-01-01"
