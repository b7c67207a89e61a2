"""Azure Arc: servers that have the connected machine agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hybridinv.errors import TruncatedAnswer
from hybridinv.model import Extension, VirtualMachine
from hybridinv.platforms.adapter import Reading, Report
from hybridinv.platforms.arm import FEW, CloudAdapter, check_native, sdk_errors
from hybridinv.platforms.arm_survey import ArmSurvey, Item
from hybridinv.transport.parallel import once
from hybridinv.wire import arm as wire
from hybridinv.wire import hybridcompute

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_MACHINES = "/providers/Microsoft.HybridCompute/machines"
_VERSION = "2024-07-10"


class AzureArc(CloudAdapter):
    """Reads Arc-enabled servers and their extensions; the Reader role is enough.

    One list sweep gives the machines. Arc has no list of all extensions: they come from Resource Graph, or machine by
    machine where it cannot be asked, and for machines it has not heard of yet. Reads are tried again after 429 and 503
    as `Retry-After` asks.
    """

    platform: ClassVar[str] = "azure-arc"
    capabilities = frozenset({"vms", "extensions"})
    missing: ClassVar[Mapping[str, str]] = {
        "hosts": "Arc sees machines, not what they run on",
        "clusters": "Arc sees machines, not clusters",
        "datastores": "Arc sees machines, not datastores",
        "networks": "Arc sees addresses, not networks",
        "vmkernel_adapters": "VMkernel adapters are vSphere's",
    }

    def _over(self, subscription_ids: Sequence[str] | None, report: Report | None, detail: str) -> ArmSurvey:
        return _ArcSurvey(self._client, self._origin, subscription_ids, report, detail)

    def native(self, record: Any) -> Any:
        """azure-mgmt-hybridcompute's `Machine` or `MachineExtension`, read anew."""
        from azure.mgmt.hybridcompute import HybridComputeManagementClient

        check_native(record, self._origin, VirtualMachine, Extension)
        parsed = wire.parse_id(getattr(record, "resource_id", "") or record.id)
        sdk_client = self._client.sdk(HybridComputeManagementClient, parsed.subscription_id, api_version=_VERSION)
        with sdk_errors(self.source), sdk_client as sdk:
            if isinstance(record, VirtualMachine):
                return sdk.machines.get(parsed.resource_group, parsed.name)
            return sdk.machine_extensions.get(parsed.resource_group, *parsed.names)


class _ArcSurvey(ArmSurvey):
    extensions_type = "microsoft.hybridcompute/machines/extensions"
    machine_version = _VERSION

    def _vms(self) -> Reading:
        machines, swept = self._machines
        reading = Reading(lost=list(swept.lost))
        self.records(machines.values(), lambda item: hybridcompute.read_machine(item, self.origin), reading)
        return reading

    def _extensions(self) -> Reading:
        machines, swept = self._machines
        reading = self.on_machines(swept)
        self.read_extensions(self.extensions_of(machines, _claimed, reading), {}, reading)
        return reading

    def statuses_of(self, *_: object) -> Mapping[str, Item]:
        return {}

    def read_extensions(self, items: Iterable[Item], _: Mapping[str, Item], reading: Reading) -> None:
        self.records(items, lambda item: hybridcompute.read_extension(item, self.origin), reading)

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


def _claimed(machine: Item) -> set[str] | None:
    """The ids of the extensions the machine's own row names; None where it names none at all."""
    return set(wire.extension_ids(machine)) if "resources" in machine else None
