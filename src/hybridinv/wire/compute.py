"""Microsoft.Compute and Microsoft.Network rows → records, on Azure and on Azure Stack Hub alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from sys import intern
from typing import Any

from hybridinv.model import (
    Agent,
    AgentStatus,
    Disk,
    Extension,
    Network,
    Nic,
    OSType,
    PowerState,
    Tags,
    VirtualMachine,
)
from hybridinv.wire.arm import arm_id, extension_ids, own_id, own_name, parse_id, worst_status
from hybridinv.wire.reading import Body, Origin, look, many

__all__ = ["extension_ids", "has_instance_view", "named_extensions", "read_extension", "read_network", "read_vm"]

_POWER = {state.value: state for state in PowerState} | {"deallocating": PowerState.STOPPING}
_AGENT = {"ready": AgentStatus.READY, "not ready": AgentStatus.NOT_READY}
_AGENT_CODES = {"succeeded": AgentStatus.READY, "unavailable": AgentStatus.NOT_READY}
_OS = {"windows": OSType.WINDOWS, "linux": OSType.LINUX, "": OSType.UNKNOWN}
_FIRMWARE = {"v1": "bios", "v2": "efi", "": ""}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def read_vm(model: dict[str, Any], status: dict[str, Any] | None, origin: Origin) -> VirtualMachine:
    """A virtual machine from its row in the VM list and its row in the `statusOnly=true` list.

    Without `status` the instance view inside the model counts; without either, power and agent are UNKNOWN.
    Sizes that ARM gives in GB are bytes. `UnexpectedAnswer` where the model has no id.
    API: `virtualMachines`, `properties.instanceView`.
    """
    body, rid = Body(model), own_id(model)
    properties, view = body.at("properties"), _instance_view(status) or _instance_view(model)
    seen = Body(view or {}, body.notes)
    power = _power(seen)
    id_ = arm_id(rid.text)
    return VirtualMachine(
        id=id_,
        name=own_name(body, rid),
        platform=origin.platform,
        source=origin.source,
        host_id=arm_id(properties.text("host.id") or seen.text("assignedHost")),
        location=intern(body.text("location")),
        resource_group=rid.resource_group,
        subscription_id=rid.subscription_id,
        power_state=power,
        os_type=_os_type(properties),
        os_name=_os_name(properties, seen),
        cpus=properties.number("hardwareProfile.vmSizeProperties.vCPUsAvailable"),
        size=intern(properties.text("hardwareProfile.vmSize")),
        native_id=properties.text("vmId"),
        resource_id=rid.text,
        hostname=seen.text("computerName") or properties.text("osProfile.computerName"),
        disks=_disks(properties.at("storageProfile")),
        nics=_nics(properties),
        agent=_agent(properties, seen, power, known=view is not None),
        tags=Tags(body.at("tags").value),
        is_virtual=True,
        created_at=properties.moment("timeCreated"),
        firmware=_firmware(properties, seen),
        maintenance=_maintenance(seen.at("maintenanceRedeployStatus")),
        problems=body.problems(origin, "vms", id_),
    )


def has_instance_view(item: Any) -> bool:
    """Whether a row of a VM list has the run-time status; not every endpoint knows `statusOnly`."""
    return _instance_view(item) is not None


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


def read_network(body: dict[str, Any], origin: Origin) -> Network:
    """A virtual network; `UnexpectedAnswer` where it has no id. API: Microsoft.Network `virtualNetworks`."""
    item, rid = Body(body), own_id(body)
    id_ = arm_id(rid.text)
    prefixes = item.at("properties").at("addressSpace").texts("addressPrefixes")
    return Network(
        id=id_,
        name=own_name(item, rid),
        platform=origin.platform,
        source=origin.source,
        location=item.text("location"),
        kind="virtual-network",
        address_prefixes=prefixes,
        problems=item.problems(origin, "networks", id_),
    )


def _instance_view(item: Any) -> Mapping[str, Any] | None:
    view = look(item, "properties.instanceView") or (item if look(item, "statuses") else None)
    return view if isinstance(view, Mapping) and view else None


def _power(view: Body) -> PowerState:
    codes = (status.text("code").lower() for status in view.each("statuses"))
    words = [code.partition("/")[2] for code in codes if code.startswith("powerstate/")]
    if not words:
        return PowerState.UNKNOWN
    if words[-1] not in _POWER:
        view.note("instanceView.statuses[].code", "a known power state", words[-1])
    return _POWER.get(words[-1], PowerState.UNKNOWN)


def _agent(properties: Body, view: Body, power: PowerState, *, known: bool) -> Agent:
    """What the platform sees of the agent; `provisionVMAgent` is what was wanted, and no proof of one."""
    agent = view.at("vmAgent")
    kind = "azure-vm-agent"
    if not known or power is PowerState.DEALLOCATED:
        return Agent(kind=kind, message="deallocated" if known else "no instance view")
    if not agent.value:
        wanted = [
            properties.truth(f"osProfile.{system}Configuration.provisionVMAgent") for system in ("windows", "linux")
        ]
        missing = False in wanted and True not in wanted
        return Agent(
            kind=kind,
            status=AgentStatus.NOT_INSTALLED if missing else AgentStatus.UNKNOWN,
            message="made with provisionVMAgent false" if missing else "the instance view has no vmAgent",
        )
    version = agent.text("vmAgentVersion")
    latest, changed_at = _latest(agent.each("statuses"))
    word, code = latest.text("displayStatus"), latest.text("code").rpartition("/")[2]
    status = _AGENT.get(word.strip().lower()) or (None if word else _AGENT_CODES.get(code.lower()))
    message = latest.text("message")
    return Agent(
        kind=kind,
        version="" if version.lower() == "unknown" else version,
        status=status or AgentStatus.UNKNOWN,
        message=message if status else ": ".join(filter(None, (word or code, message))),
        changed_at=changed_at,
    )


def _latest(statuses: Iterable[Body]) -> tuple[Body, datetime | None]:
    """The status with the last time, and that time; of two alike, the one that stands later."""
    timed = [(status, status.moment("time")) for status in statuses]
    return max(reversed(timed), key=lambda pair: pair[1] or _LONG_AGO, default=(Body({}), None))


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


def _disks(storage: Body) -> tuple[Disk, ...]:
    return tuple(
        Disk(
            name=disk.text("name"),
            capacity_bytes=disk.gigabytes("diskSizeGB"),
            path=disk.text("managedDisk.id", "vhd.uri"),
        )
        for disk in (*storage.each("osDisk"), *storage.each("dataDisks"))
    )


def _nics(properties: Body) -> tuple[Nic, ...]:
    ids = (nic.text("id") for nic in properties.at("networkProfile").each("networkInterfaces"))
    return tuple(Nic(name=parse_id(id_).name or id_) for id_ in ids if id_)


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
