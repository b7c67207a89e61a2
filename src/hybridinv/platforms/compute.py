"""Microsoft.Compute and its networks, as Azure and Azure Stack Hub both have them."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from hybridinv.errors import (
    AccessDenied,
    HybridInvError,
    NotFound,
    ServerFault,
    Throttled,
    TruncatedAnswer,
)
from hybridinv.model import Cluster, Extension, Host, VirtualMachine
from hybridinv.platforms.adapter import Reading
from hybridinv.platforms.arm import FEW, check_native, sdk_errors
from hybridinv.platforms.arm_survey import ArmSurvey, Item, states_unknown
from hybridinv.transport.parallel import once, side_by_side, together
from hybridinv.wire import arm as wire
from hybridinv.wire import compute
from hybridinv.wire.compute_sizes import plain_location
from hybridinv.wire.network import public_address_ids, read_network
from hybridinv.wire.reading import Body, look, many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hybridinv.transport.arm import ArmClient
    from hybridinv.wire.compute_sizes import Size
    from hybridinv.wire.reading import Origin

_MACHINES = "/providers/Microsoft.Compute/virtualMachines"
_SCALE_SETS = "/providers/Microsoft.Compute/virtualMachineScaleSets"
_NETWORKS = "/providers/Microsoft.Network/virtualNetworks"
_INTERFACES = "/providers/Microsoft.Network/networkInterfaces"
_PUBLIC_ADDRESSES = "/providers/Microsoft.Network/publicIPAddresses"


class ComputeSurvey(ArmSurvey):
    """VMs, their extensions and networks. Two sweeps, the list and `statusOnly`, joined on the lower-cased id.

    What other lists say of the machines (sizes, network interfaces, public addresses) is joined to them. Where such a
    list cannot be read the fields are unknown and a problem says so; no machine is lost for it.
    """

    has_graph: ClassVar[bool]
    extensions_type = "microsoft.compute/virtualmachines/extensions"

    @property
    @abstractmethod
    def network_version(self) -> str:
        """The api-version of Microsoft.Network."""

    def _vms(self) -> Reading:
        models, statuses, swept = self._machines
        reading = Reading(lost=list(swept.lost), problems=list(swept.problems), answers=list(swept.answers))
        machines = models
        if self.detail == "full":
            instances, of_sets = self._instances
            reading.lost += of_sets.lost
            reading.answers += of_sets.answers
            machines = {**models, **instances}
        beside = self.beside(machines, reading)
        self.records(
            machines.values(),
            lambda model: compute.read_vm(model, statuses.get(wire.arm_id(model["id"])), self.origin, beside),
            reading,
        )
        return reading

    @abstractmethod
    def sizes_in(self, subscription_id: str, location: str) -> dict[str, Size]:
        """The sizes that a location offers, by name in lower case."""

    def beside(self, machines: Mapping[str, Item], reading: Reading) -> compute.Beside:
        """What the other lists say of the machines."""
        named = {id_ for machine in machines.values() for id_ in compute.interface_ids(machine)}
        interfaces = self._listed(_INTERFACES, named, "addresses", reading)
        public = {id_ for name in named & interfaces.keys() for id_ in public_address_ids(interfaces[name])}
        return compute.Beside(
            sizes=self._sizes(machines, reading),
            interfaces=interfaces,
            public_addresses=self._listed(_PUBLIC_ADDRESSES, public, "public addresses", reading),
        )

    def _listed(self, path: str, named: set[str], what: str, reading: Reading) -> dict[str, Item]:
        """The list at a path, by id, of the subscriptions of what is named; nothing is asked where nothing is."""
        missing = Reading()
        over = {id_.split("/")[2] for id_ in named if id_.startswith("/subscriptions/")} & set(self.subscription_ids)
        found: dict[str, Item] = {}
        try:
            version = self.network_version if over else ""
        except HybridInvError as error:
            missing.lose("", error)
        else:
            found = self.by_id(self.sweep(path, version, missing, over=sorted(over)), missing)
            lost = {scope.lower() for scope, _ in missing.lost}
            for scope, count in Counter(map(_subscription, named - found.keys())).items():
                if scope not in lost:
                    missing.lose(scope, TruncatedAnswer(f"the list of {path} leaves out {count} that are in use",
                                                        path="value", remedy="give the account the Reader role there, "
                                                        "or read again where it has it"))  # fmt: skip
        self.doubt(what, missing, reading)
        return found

    def _sizes(self, machines: Mapping[str, Item], reading: Reading) -> dict[str, Size]:
        """What machines of the sizes in use have: a size is the same everywhere, so few locations need to be asked.

        The one with the most sizes is first, then side by side those that have others too.
        """
        wanted: dict[str, set[str]] = {}
        subscriptions: dict[str, dict[str, None]] = {}
        for id_, machine in machines.items():
            location, size = plain_location(Body(machine).text("location")), compute.size_name(machine).lower()
            if location and size:
                wanted.setdefault(location, set()).add(size)
                subscriptions.setdefault(location, {})[_subscription(id_).rpartition("/")[2]] = None
        known: dict[str, Size] = {}
        failed: dict[str, HybridInvError] = {}
        others = sorted(wanted, key=lambda location: -len(wanted[location]))
        for locations in (others[:1], others[1:]):
            asked = [location for location in locations if wanted[location] - known.keys()]
            answers = side_by_side(lambda location: self._sizes_at(location, subscriptions[location]), asked)
            for location, answer in zip(asked, answers, strict=True):
                if isinstance(answer, HybridInvError):
                    failed[location] = answer
                else:
                    known = answer | known
        missing = Reading()
        for location, error in failed.items():
            if wanted[location] - known.keys():
                missing.lose(f"/subscriptions/{next(iter(subscriptions[location]))}", error)
        self.doubt("CPUs and memory", missing, reading)
        return known

    def _sizes_at(self, location: str, subscription_ids: Iterable[str]) -> dict[str, Size]:
        """The sizes of a location, from the first of the subscriptions in use there that gives them; never none."""
        refusals: list[HybridInvError] = []
        for subscription_id in subscription_ids:
            try:
                found = self.sizes_in(subscription_id, location)
            except (AccessDenied, Throttled) as error:
                refusals.append(error)
                continue
            if found:
                return found
            refusals.append(TruncatedAnswer(f"the list of sizes in {location} is empty, and machines are there",
                                            path="value", remedy="read it again; report it if it stays"))  # fmt: skip
        raise refusals[0]

    @once
    def _instances(self) -> tuple[dict[str, Item], Reading]:
        """The instances of uniform scale sets, by id; those of flexible ones are machines like any other."""
        reading = Reading()
        sets = self.by_id(self.sweep(_SCALE_SETS, self.machine_version, reading), reading)
        uniform = {id_: one for id_, one in sets.items() if not _is_flexible(one)}
        parameters = {"$expand": "instanceView"}
        answers = self.each(
            uniform,
            lambda id_: self.client.items(f"{uniform[id_]['id']}/virtualMachines", self.machine_version, **parameters),
            reading,
            lambda id_: self.there(uniform[id_]["id"]),
        )
        found = self.by_id([item for items in answers.values() for item in items], reading)
        if uniform:
            reading.answer("vms", "arm", len(found))
        self.tell("vms", len(found))
        return found, reading

    def _extensions(self) -> Reading:
        models, statuses, swept = self._machines
        reading = self.on_machines(swept)

        def claimed(model: Item) -> set[str] | None:
            return compute.named_extensions(model, statuses.get(wire.arm_id(model["id"])))

        for read_from, items in self.extensions_of(models, claimed, reading).items():
            self.read_extensions(items, statuses, reading, read_from)
        if self.detail == "full":
            self._extensions_of_instances(reading)
        return reading

    def _extensions_of_instances(self, reading: Reading) -> None:
        """Those of uniform scale sets' instances: their own rows may have them whole, and else each is asked."""
        instances, lost = self._instances
        reading.lost += self.on_machines(lost).lost
        whole: list[Item] = []
        asked: list[str] = []
        for id_, instance in instances.items():
            items = compute.extension_rows(instance)
            claims = compute.named_extensions(instance, None)
            if claims is None or claims - {wire.arm_id(item["id"]) for item in items}:
                asked.append(id_)
            else:
                whole += items
        found = self._each_asked(
            asked, instances, lambda item: compute.named_extensions(item, None), reading, is_instead=False
        )
        if whole:
            reading.answer("extensions", "arm", len(whole))
        statuses = {id_: instance for id_, instance in instances.items() if compute.has_instance_view(instance)}
        self.read_extensions([*whole, *(one for items in found.values() for one in items)], statuses, reading, "arm")

    def read_extensions(
        self, items: Iterable[Item], statuses: Mapping[str, Item], reading: Reading, read_from: str
    ) -> None:
        views = {
            f"{id_}/extensions/{str(look(view, 'name')).lower()}": view
            for id_, status in statuses.items()
            for view in many(look(status, "properties.instanceView.extensions"))
        }
        self.records(
            items,
            lambda item: attrs.evolve(
                compute.read_extension(item, views.get(wire.arm_id(str(item.get("id")))), self.origin),
                read_from=read_from,
            ),
            reading,
        )

    def _networks(self) -> Reading:
        reading = Reading()
        items = self.sweep(_NETWORKS, self.network_version, reading, kind="networks")
        self.records(items, lambda item: read_network(item, self.origin), reading)
        return reading

    def graph(
        self, type_: str, columns: str = "id, name, location, properties", reading: Reading | None = None
    ) -> list[Item] | None:
        return super().graph(type_, columns, reading) if self.has_graph else None

    @once
    def _machines(self) -> tuple[dict[str, Item], dict[str, Item], Reading]:
        """Models and statuses by id, and what of them is missing."""
        reading, status_reading, version = Reading(), Reading(), self.machine_version
        listed, swept = together(
            lambda: self.sweep(_MACHINES, version, reading, kind="vms"),
            lambda: self.sweep(_MACHINES, version, status_reading, statusOnly="true"),
        )
        models = self.by_id(listed, reading)
        statuses = {
            id_: item for id_, item in self.by_id(swept, status_reading).items() if compute.has_instance_view(item)
        }
        # A Hub may refuse `statusOnly`, or answer as if it were not there.
        refused = [scope for scope, error in status_reading.lost if _is_refusal(error)]
        told = {(scope, type(error)) for scope, error in reading.lost}
        reading.lost += [
            (scope, states_unknown(error))
            for scope, error in status_reading.lost
            if scope not in refused and (scope, type(error)) not in told
        ]
        ignored = bool(swept) and not statuses
        lost = {scope.lower() for scope, _ in reading.lost}
        new = [id_ for id_ in statuses if id_ not in models and _subscription(id_) not in lost]
        self._add_models(new, models, reading)
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
        views = self.each(
            owners, lambda id_: self._get(f"{owners[id_]['id']}/instanceView"), reading, self._owner_of(owners)
        )
        return {id_: {"id": id_, "properties": {"instanceView": view}} for id_, view in views.items()}

    def _get(self, path: str) -> Item:
        return self.client.one(path, self.machine_version)


def _subscription(id_: str) -> str:
    return "/".join(id_.split("/")[:3])


def _is_flexible(scale_set: Item) -> bool:
    return str(look(scale_set, "properties.orchestrationMode")).lower() == "flexible"


def _is_refusal(error: HybridInvError) -> bool:
    return isinstance(error, NotFound) or (isinstance(error, ServerFault) and 400 <= error.status < 500)


def native_compute(
    client: ArmClient,
    origin: Origin,
    record: Any,
    version_in: Callable[[str], str],
    types: tuple[type, ...] = (VirtualMachine, Extension),
) -> Any:
    """azure-mgmt-compute's model of a record of one of the types, read with the api-version for its subscription."""
    from azure.mgmt.compute import ComputeManagementClient

    check_native(record, origin, *types)
    parsed = wire.parse_id(getattr(record, "resource_id", "") or record.id)
    group, names, version = parsed.resource_group, parsed.names, version_in(parsed.subscription_id)
    with sdk_errors(client.source), client.sdk(ComputeManagementClient, parsed.subscription_id) as sdk:
        match record:
            case VirtualMachine() if len(names) > 1:
                return sdk.virtual_machine_scale_set_vms.get(group, *names, api_version=version)
            case VirtualMachine():
                return sdk.virtual_machines.get(group, *names, api_version=version)
            case Host():
                return sdk.dedicated_hosts.get(group, *names, expand="instanceView", api_version=version)
            case Cluster():
                return sdk.dedicated_host_groups.get(group, *names, expand="instanceView", api_version=version)
        if len(names) > 2:
            return sdk.virtual_machine_scale_set_vm_extensions.get(group, *names, api_version=version)
        return sdk.virtual_machine_extensions.get(group, *names, api_version=version)
