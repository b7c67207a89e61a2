"""Microsoft.Compute rows → machines and their extensions, on Azure and on Azure Stack Hub alike."""

from __future__ import annotations

from collections.abc import Mapping
from sys import intern
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.model import (
    Disk,
    Extension,
    Nic,
    OSType,
    PendingUpdate,
    PowerState,
    VirtualMachine,
)
from hybridinv.wire.arm import ResourceId, arm_id, extension_ids, own_id, own_name, worst_status
from hybridinv.wire.compute_sizes import Size
from hybridinv.wire.health import read_health, read_redeploy, read_updates
from hybridinv.wire.network import read_nic
from hybridinv.wire.reading import Body, Origin, look, many
from hybridinv.wire.vm_agent import read_agent

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "Beside",
    "extension_ids",
    "has_instance_view",
    "interface_ids",
    "named_extensions",
    "read_extension",
    "read_vm",
    "size_name",
]

_POWER = {state.value: state for state in PowerState} | {"deallocating": PowerState.STOPPING}
_OS = {"windows": OSType.WINDOWS, "linux": OSType.LINUX, "": OSType.UNKNOWN}
_FIRMWARE = {"v1": "bios", "v2": "efi", "": ""}
_NONE: Mapping[str, Any] = {}
_SCALE_SET = "virtualmachinescalesets"


@attrs.frozen(kw_only=True)
class Beside:
    """What other lists than those of machines say of them; all empty is nothing known.

    Sizes are by name, network interfaces and public addresses by their own id, health and updates by the machine's id,
    all in lower case.
    """

    sizes: Mapping[str, Size] = _NONE
    interfaces: Mapping[str, dict[str, Any]] = _NONE
    public_addresses: Mapping[str, dict[str, Any]] = _NONE
    health: Mapping[str, dict[str, Any]] = _NONE
    updates: Mapping[str, dict[str, Any]] = _NONE


_ALONE = Beside()


def read_vm(
    model: dict[str, Any], status: dict[str, Any] | None, origin: Origin, beside: Beside = _ALONE
) -> VirtualMachine:
    """A virtual machine from its row in the VM list, its row in the `statusOnly=true` list, and what is `beside` them.

    Without `status` the instance view inside the model counts; without either, power and agent are UNKNOWN.
    Sizes that ARM gives in GB are bytes. `UnexpectedAnswer` where the model has no id.
    API: `virtualMachines`, `virtualMachineScaleSets/virtualMachines`, `properties.instanceView`.
    """
    body, rid = Body(model), own_id(model)
    properties, view = body.at("properties"), _instance_view(status) or _instance_view(model)
    if view is None:
        for row in (model, status or {}):
            Body(row, body.notes).at("properties.instanceView")  # one that is no object is noted
    seen = Body(view or {}, body.notes)
    power = _power(seen)
    id_ = arm_id(rid.text)
    nics = _nics(properties, beside)
    health, reason = read_health(Body(beside.health.get(id_) or {}, body.notes))
    fields = {
        **_placement(body, properties, seen, rid),
        **_hardware(body, properties, seen, beside),
        **_guest(properties, seen),
    }
    return VirtualMachine(
        id=id_,
        name=own_name(body, rid),
        platform=origin.platform,
        source=origin.source,
        power_state=power,
        native_id=properties.text("vmId"),
        resource_id=rid.text,
        ip_addresses=tuple(dict.fromkeys(address for nic in nics for address in nic.ip_addresses)),
        nics=nics,
        agent=read_agent(properties, seen, power, known=view is not None),
        tags=body.tags(),
        is_virtual=True,
        created_at=properties.moment("timeCreated"),
        provisioning_state=intern(properties.text("provisioningState")),
        health=health,
        health_reason=reason,
        maintenance=_maintenance(seen.at("maintenanceRedeployStatus")),
        pending_updates=_pending(seen, id_, beside),
        **fields,
        problems=body.problems(origin, "vms", id_),
    )


def has_instance_view(item: Any) -> bool:
    """Whether a row of a VM list has the run-time status; not every endpoint knows `statusOnly`."""
    return _instance_view(item) is not None


def size_name(model: Mapping[str, Any]) -> str:
    """The name of a machine's size; of an instance of a scale set that of its SKU."""
    return Body(model).text("properties.hardwareProfile.vmSize", "sku.name")


def interface_ids(model: Mapping[str, Any]) -> set[str]:
    """The ids, in lower case, of the network interfaces that a machine names and that have a list of their own.

    Those of a scale set's instances are in no list but the set's.
    """
    references = many(look(model, "properties.networkProfile.networkInterfaces"))
    ids = (look(one, "id") for one in references)
    return {arm_id(id_) for id_ in ids if isinstance(id_, str) and id_ and f"/{_SCALE_SET}/" not in id_.lower()}


def named_extensions(model: dict[str, Any], status: dict[str, Any] | None) -> set[str] | None:
    """The ids, in lower case, of the extensions that a machine's two rows name; None where neither could name one.

    API: `resources[]` of the list, `instanceView.extensions[]` of the `statusOnly=true` list.
    """
    view = _instance_view(status) or _instance_view(model)
    if view is None and "resources" not in model:
        return None
    names = (look(one, "name") for one in many(look(view, "extensions")))
    seen = {f"{arm_id(model['id'])}/extensions/{name.lower()}" for name in names if isinstance(name, str) and name}
    return seen | set(extension_ids(model))


def extension_rows(model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The extensions that a machine's `resources[]` has whole, with their properties, and not by id alone."""
    named = set(extension_ids(model))
    return [
        item for item in many(look(model, "resources"))
        if isinstance(item, dict) and isinstance(item.get("properties"), dict)
        and isinstance(item.get("id"), str) and arm_id(item["id"]) in named
    ]  # fmt: skip


def read_extension(body: dict[str, Any], status: dict[str, Any] | None, origin: Origin) -> Extension:
    """An extension from its ARM resource or Resource Graph row.

    `status` is its entry in the machine's `instanceView.extensions[]`; without, its own instance view counts.
    `UnexpectedAnswer` where it has no id. API: `virtualMachines/extensions`.
    """
    item, rid = Body(body), own_id(body)
    properties = item.at("properties")
    view = Body(status, item.notes) if status else properties.at("instanceView")
    level, message = worst_status(view)
    id_ = arm_id(rid.text)
    return Extension(
        id=id_,
        name=own_name(item, rid),
        platform=origin.platform,
        source=origin.source,
        vm_id=arm_id(rid.parent),
        publisher=intern(properties.text("publisher")),
        type=intern(properties.text("type")),
        version=view.text("typeHandlerVersion") or properties.text("typeHandlerVersion"),
        provisioning_state=intern(properties.text("provisioningState")),
        status=level,
        message=message,
        auto_upgrade=properties.truth("enableAutomaticUpgrade"),
        problems=item.problems(origin, "extensions", id_),
    )


def _instance_view(item: Any) -> Mapping[str, Any] | None:
    view = look(item, "properties.instanceView") or (item if look(item, "statuses") else None)
    return view if isinstance(view, Mapping) and view else None


def _placement(body: Body, properties: Body, view: Body, rid: ResourceId) -> dict[str, Any]:
    """Where a machine is kept. An instance of a scale set has an id below the set's."""
    host_id = arm_id(properties.text("host.id") or view.text("assignedHost"))
    fault_domain = view.number("platformFaultDomain")
    set_id = rid.parent if _SCALE_SET in map(str.lower, rid.types) else properties.text("virtualMachineScaleSet.id")
    return {
        "host_id": host_id,
        "cluster_id": arm_id(properties.text("hostGroup.id")) or host_id.rpartition("/hosts/")[0],
        "location": intern(body.text("location")),
        "resource_group": rid.resource_group,
        "subscription_id": rid.subscription_id,
        "managed_by": body.text("managedBy"),
        "zones": body.texts("zones"),
        "availability_set_id": arm_id(properties.text("availabilitySet.id")),
        "scale_set_id": arm_id(set_id),
        "fault_domain": properties.number("platformFaultDomain") if fault_domain is None else fault_domain,
        "update_domain": view.number("platformUpdateDomain"),
    }


def _hardware(body: Body, properties: Body, view: Body, beside: Beside) -> dict[str, Any]:
    """What a machine has. A size that no list has (an old one, say) leaves CPUs and memory unknown."""
    size = properties.text("hardwareProfile.vmSize") or body.text("sku.name")
    listed = beside.sizes.get(size.lower()) or Size()
    body.notes.extend(listed.notes)
    cpus = properties.amount("hardwareProfile.vmSizeProperties.vCPUsAvailable")
    uefi = properties.at("securityProfile").at("uefiSettings")
    return {
        "size": intern(size),
        "cpus": listed.cpus if cpus is None else cpus,
        "memory_bytes": listed.memory_bytes,
        "disks": _disks(properties.at("storageProfile")),
        "firmware": _firmware(properties, view),
        "secure_boot": uefi.truth("secureBootEnabled"),
        "has_tpm": uefi.truth("vTpmEnabled"),
        "is_encrypted": properties.truth("securityProfile.encryptionAtHost"),
        "priority": intern(properties.text("priority")),
        "license_type": intern(properties.text("licenseType")),
    }


def _guest(properties: Body, view: Body) -> dict[str, Any]:
    """What is known of the system in a machine."""
    return {
        "os_type": _os_type(properties),
        "os_name": _os_name(properties, view),
        "os_version": intern(view.text("osVersion")),
        "image": _image(properties),
        "hostname": view.text("computerName") or properties.text("osProfile.computerName"),
    }


def _power(view: Body) -> PowerState:
    codes = (status.text("code").lower() for status in view.each("statuses"))
    words = [code.partition("/")[2] for code in codes if code.startswith("powerstate/")]
    if not words:
        return PowerState.UNKNOWN
    if words[-1] not in _POWER:
        view.note("instanceView.statuses[].code", "a known power state", words[-1])
    return _POWER.get(words[-1], PowerState.UNKNOWN)


def _os_type(properties: Body) -> OSType:
    return _OS.get(properties.text("storageProfile.osDisk.osType").lower(), OSType.OTHER)


def _os_name(properties: Body, view: Body) -> str:
    """What the agent says of the guest, else the words of the image it was made from."""
    name, version = view.text("osName"), view.text("osVersion")
    if name:
        return intern(f"{name} {version}" if version[:1].isdigit() else name)
    image = properties.at("storageProfile").at("imageReference")
    return intern(" ".join(filter(None, (image.text("offer"), image.text("sku")))))


def _firmware(properties: Body, view: Body) -> str:
    generation = view.text("hyperVGeneration")
    if generation.lower() not in _FIRMWARE:
        view.note("instanceView.hyperVGeneration", "V1 or V2", generation)
    has_uefi = isinstance(properties.look("securityProfile.uefiSettings"), Mapping)
    return _FIRMWARE.get(generation.lower(), "") or ("efi" if has_uefi else "")


def _image(properties: Body) -> str:
    """`publisher:offer:sku:version` of a marketplace image, the id of any other; of `latest` the version it was."""
    image = properties.at("storageProfile").at("imageReference")
    words = [image.text(name) for name in ("publisher", "offer", "sku")]
    if any(words):
        return intern(":".join((*words, image.text("exactVersion", "version"))))
    return image.text("id", "sharedGalleryImageId", "communityGalleryImageId")


def _disks(storage: Body) -> tuple[Disk, ...]:
    controller = intern(storage.text("diskControllerType"))
    return tuple(
        Disk(
            name=disk.text("name"),
            capacity_bytes=disk.gigabytes("diskSizeGB"),
            path=disk.text("managedDisk.id", "vhd.uri"),
            controller_type=controller,
            unit_number=disk.number("lun"),
            is_encrypted=disk.truth("encryptionSettings.enabled"),
            caching=intern(disk.text("caching")),
            storage_type=intern(disk.text("managedDisk.storageAccountType")),
        )
        for disk in (*storage.each("osDisk"), *storage.each("dataDisks"))
    )


def _nics(properties: Body, beside: Beside) -> tuple[Nic, ...]:
    references = properties.at("networkProfile").each("networkInterfaces")
    read = (read_nic(one, beside.interfaces, beside.public_addresses) for one in references)
    return tuple(nic for nic in read if nic is not None)


def _pending(view: Body, id_: str, beside: Beside) -> tuple[PendingUpdate, ...]:
    redeploy = read_redeploy(Body(view.at("maintenanceRedeployStatus").value))  # its oddities are told by _maintenance
    return (*redeploy, *read_updates(Body(beside.updates.get(id_) or {}, view.notes)))


def _maintenance(redeploy: Body) -> str:
    """The announced reboot in words; empty where none is planned."""
    if not redeploy.value:
        return ""
    allowed = redeploy.truth("isCustomerInitiatedMaintenanceAllowed")
    words = {True: "can be started now", False: "cannot be started by you", None: "announced"}[allowed]
    parts = [f"redeploy {words}"]
    for name, path in (
        ("self-service window", "preMaintenanceWindow"),
        ("maintenance window", "maintenanceWindow"),
    ):
        start, end = (redeploy.moment(f"{path}{edge}Time") for edge in ("Start", "End"))
        if start or end:
            parts.append(f"{name} {_minute(start)} to {_minute(end)}")
    last = (redeploy.text("lastOperationResultCode"), redeploy.text("lastOperationMessage"))
    if last[0].lower() not in ("", "none") or last[1]:
        parts.append("last operation " + ": ".join(filter(None, last)))
    return "; ".join(parts)


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%MZ}" if moment else "?"
