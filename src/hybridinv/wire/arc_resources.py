"""What Arc manages beside servers → records: vCenters and what is in them, clusters, SQL servers, data services."""

from __future__ import annotations

import re
from sys import intern
from typing import TYPE_CHECKING, Any

from hybridinv.model import Resource
from hybridinv.wire.arm import ResourceId, arm_id, own_id
from hybridinv.wire.reading import Body, Origin, look, uuid_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_VMWARE, _SCVMM = "microsoft.connectedvmwarevsphere", "microsoft.scvmm"
TYPES = (
    *(f"{_VMWARE}/{name}" for name in ("vcenters", "clusters", "datastores", "hosts", "resourcepools",
                                       "virtualmachinetemplates", "virtualnetworks")),
    *(f"{_SCVMM}/{name}" for name in ("vmmservers", "clouds", "virtualmachinetemplates", "virtualnetworks")),
    "microsoft.kubernetes/connectedclusters",
    *(f"microsoft.azurearcdata/{name}" for name in ("sqlserverinstances", "datacontrollers", "sqlmanagedinstances",
                                                    "postgresinstances")),
    "microsoft.azurestackhci/clusters",
    "microsoft.resourceconnector/appliances",
    "microsoft.extendedlocation/customlocations",
)  # fmt: skip
"""The types that ARM's own list of resources is asked for."""

CHILDREN = {f"{_VMWARE}/vcenters": "2023-10-01", f"{_SCVMM}/vmmservers": "2023-10-07"}
"""Types whose inventory items are a list of their own, and the api-version of that list."""

_MACHINE = re.compile(r"(/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.hybridcompute/machines/[^/]+)")
_STATES = ("connectivityStatus", "connectionStatus", "status", "powerState", "provisioningState")
_INSTANCES = "/virtualmachineinstances/default"


def read_resource(body: Mapping[str, Any], row: Mapping[str, Any] | None, origin: Origin) -> Resource:
    """A resource from ARM's list, with what a row of Resource Graph adds; `UnexpectedAnswer` where it has no id.

    ARM's list of all resources has no properties; a list of a provider's own has them, and then no row is needed.
    """
    item, rid = Body(body), own_id(body)
    properties = item.at("properties")
    if not properties.value:
        properties = Body((row or {}).get("properties") or {}, item.notes).at("")
    infrastructure = properties.at("infrastructureProfile")
    id_ = arm_id(rid.text)
    return Resource(
        id=id_,
        name=_name(item, properties, infrastructure, rid),
        platform=origin.platform,
        source=origin.source,
        type=intern(_type(item, rid)),
        kind=intern(item.text("kind") or Body(row).text("kind") or properties.text("inventoryType")),
        location=intern(item.text("location")),
        resource_group=rid.resource_group,
        subscription_id=rid.subscription_id,
        resource_id=rid.text,
        native_id=properties.text("moRefId") or infrastructure.text("moRefId", "uuid"),
        state=intern(_word(properties, *_STATES)),
        version=_word(properties, "kubernetesVersion", "version", "agentVersion"),
        bios_uuid=uuid_text(properties.text("smbiosUuid") or infrastructure.text("smbiosUuid", "biosGuid")),
        machine_id=_machine_id(rid, properties),
        tags=item.tags(),
        problems=item.problems(origin, "resources", id_),
    )


def managed_instances(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The virtual machine instances that inventory items say they are managed as.

    An instance is an extension of an Arc machine, and no list has them all; the item knows the same moref and UUID.
    API: `managedResourceId` of `inventoryItems`.
    """
    found = []
    for item in items:
        properties = look(item, "properties")
        managed = look(properties, "managedResourceId")
        if isinstance(managed, str) and arm_id(managed).endswith(_INSTANCES):
            found.append({"id": managed, "kind": look(item, "kind"), "properties": properties})
    return found


def _word(properties: Body, *names: str) -> str:
    """The first of the properties that is a text; another type may have an object of that name, which is not odd."""
    values = (properties.look(name) for name in names)
    return next((value for value in values if isinstance(value, str) and value), "")


def _name(item: Body, properties: Body, infrastructure: Body, rid: ResourceId) -> str:
    """Inventory items are named by their moref, instances `default`; the name that people know is beside it."""
    known = properties.text("moName", "inventoryItemName") or infrastructure.text("moName", "vmName")
    return known or item.text("name") or rid.name


def _type(item: Body, rid: ResourceId) -> str:
    """The type as the id has it: what a body says of itself may be the machine that an extension is on."""
    return "/".join((rid.provider, *rid.types)).lower() if rid.types else item.text("type").lower()


def _machine_id(rid: ResourceId, properties: Body) -> str:
    places = (properties.text("containerResourceId"), properties.text("managedResourceId"), rid.text)
    found = (_MACHINE.match(arm_id(place)) for place in places)
    return next((match[1] for match in found if match), "")
