"""Microsoft.Compute and virtual networks, as Azure and Azure Stack Hub both have them."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from hybridinv.errors import HybridInvError, NotFound, ServerFault, TruncatedAnswer
from hybridinv.model import Extension, VirtualMachine
from hybridinv.platforms.adapter import Reading
from hybridinv.platforms.arm import FEW, check_native, sdk_errors
from hybridinv.platforms.arm_survey import ArmSurvey, Item
from hybridinv.transport.parallel import once
from hybridinv.wire import arm as wire
from hybridinv.wire import compute
from hybridinv.wire.reading import look, many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hybridinv.transport.arm import ArmClient
    from hybridinv.wire.reading import Origin

_MACHINES = "/providers/Microsoft.Compute/virtualMachines"
_NETWORKS = "/providers/Microsoft.Network/virtualNetworks"


class ComputeSurvey(ArmSurvey):
    """VMs, their extensions and networks. Two sweeps, the list and `statusOnly`, joined on the lower-cased id."""

    has_graph: ClassVar[bool]
    extensions_type = "microsoft.compute/virtualmachines/extensions"

    @property
    @abstractmethod
    def network_version(self) -> str:
        """The api-version of Microsoft.Network."""

    def _vms(self) -> Reading:
        models, statuses, swept = self._machines
        reading = Reading(lost=list(swept.lost), problems=list(swept.problems))
        self.records(
            models.values(),
            lambda model: compute.read_vm(model, statuses.get(wire.arm_id(model["id"])), self.origin),
            reading,
        )
        return reading

    def _extensions(self) -> Reading:
        models, statuses, swept = self._machines
        reading = self.on_machines(swept)

        def claimed(model: Item) -> set[str] | None:
            return compute.named_extensions(model, statuses.get(wire.arm_id(model["id"])))

        self.read_extensions(self.extensions_of(models, claimed, reading), statuses, reading)
        return reading

    def read_extensions(self, items: Iterable[Item], statuses: Mapping[str, Item], reading: Reading) -> None:
        views = {
            f"{id_}/extensions/{str(look(view, 'name')).lower()}": view
            for id_, status in statuses.items()
            for view in many(look(status, "properties.instanceView.extensions"))
        }
        self.records(
            items,
            lambda item: compute.read_extension(item, views.get(wire.arm_id(str(item.get("id")))), self.origin),
            reading,
        )

    def _networks(self) -> Reading:
        reading = Reading()
        items = self.sweep(_NETWORKS, self.network_version, reading, kind="networks")
        self.records(items, lambda item: compute.read_network(item, self.origin), reading)
        return reading

    def graph(self, type_: str, columns: str = "id, name, location, properties") -> list[Item] | None:
        return super().graph(type_, columns) if self.has_graph else None

    @once
    def _machines(self) -> tuple[dict[str, Item], dict[str, Item], Reading]:
        """Models and statuses by id, and what of them is missing."""
        reading = Reading()
        models = self.by_id(self.sweep(_MACHINES, self.machine_version, reading, kind="vms"), reading)
        status_reading = Reading()
        swept = self.sweep(_MACHINES, self.machine_version, status_reading, statusOnly="true")
        statuses = {
            id_: item for id_, item in self.by_id(swept, status_reading).items() if compute.has_instance_view(item)
        }
        # A Hub may refuse `statusOnly`, or answer as if it were not there.
        refused = [scope for scope, error in status_reading.lost if _is_refusal(error)]
        reading.lost += [(scope, error) for scope, error in status_reading.lost if scope not in refused]
        ignored = bool(swept) and not statuses
        lost = {scope.lower() for scope, _ in reading.lost}
        self._add_models([id_ for id_ in statuses if id_ not in models], models, reading)
        bare = [id_ for id_ in models if id_ not in statuses and _subscription(id_) not in lost]
        self._add_views(bare, models, statuses, reading, every_one=bool(refused) or ignored)
        return models, statuses, reading

    def _add_models(self, ids: list[str], models: dict[str, Item], reading: Reading) -> None:
        """Machines that only the second list has: new since the first, or left out of it."""
        if len(ids) > FEW:
            reading.lose("", TruncatedAnswer(f"the list of VMs leaves out {len(ids)} that statusOnly has",
                                             path="value", remedy="read it again; report it with a tape"))  # fmt: skip
            return
        models.update(self.each(ids, self._get, reading))

    def _add_views(
        self, ids: list[str], models: dict[str, Item], statuses: dict[str, Item], reading: Reading, *, every_one: bool
    ) -> None:
        """Machines without a status: each is asked for its own, all of them where there is no other way."""
        if len(ids) > FEW and not every_one:
            reading.lose("", TruncatedAnswer(f"statusOnly leaves out {len(ids)} of {len(models)} VMs",
                                             path="value", remedy="read it again; report it with a tape"))  # fmt: skip
            return
        statuses.update(self.statuses_of({id_: models[id_] for id_ in ids}, reading))

    def statuses_of(self, owners: Mapping[str, Item], reading: Reading) -> dict[str, Item]:
        views = self.each(owners, lambda id_: self._get(f"{owners[id_]['id']}/instanceView"), reading)
        return {id_: {"id": id_, "properties": {"instanceView": view}} for id_, view in views.items()}

    def _get(self, path: str) -> Item:
        return self.client.one(path, self.machine_version)


def _subscription(id_: str) -> str:
    return "/".join(id_.split("/")[:3])


def _is_refusal(error: HybridInvError) -> bool:
    return isinstance(error, NotFound) or (isinstance(error, ServerFault) and 400 <= error.status < 500)


def native_compute(client: ArmClient, origin: Origin, record: Any, version_in: Callable[[str], str]) -> Any:
    """azure-mgmt-compute's model of a VM or an extension, read with the api-version for its subscription."""
    from azure.mgmt.compute import ComputeManagementClient

    check_native(record, origin, VirtualMachine, Extension)
    parsed = wire.parse_id(getattr(record, "resource_id", "") or record.id)
    version = version_in(parsed.subscription_id)
    with sdk_errors(client.source), client.sdk(ComputeManagementClient, parsed.subscription_id) as sdk:
        if isinstance(record, VirtualMachine):
            return sdk.virtual_machines.get(parsed.resource_group, parsed.name, api_version=version)
        return sdk.virtual_machine_extensions.get(parsed.resource_group, *parsed.names, api_version=version)
