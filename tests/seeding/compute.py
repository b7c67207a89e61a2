"""Virtual machines and their extensions in the words of Microsoft.Compute, on Azure and on Azure Stack Hub."""

from __future__ import annotations

import attrs
from shapes import Item, guid, resource, respelled

TYPE = "Microsoft.Compute/virtualMachines"
DAY = "2026-01-15"

_AGENTS = {
    "ready": ("ProvisioningState/succeeded", "Info", "Ready", "Guest Agent is running"),
    "silent": ("ProvisioningState/Unavailable", "Warning", "Not Ready", "VM Agent is unresponsive."),
}


@attrs.frozen(kw_only=True)
class Added:
    """An extension on a machine; a `failure` is what its handler says."""

    publisher: str
    type: str
    version: str
    running: str
    failure: str = ""
    name: str = attrs.field(default=attrs.Factory(lambda self: self.type, takes_self=True))


@attrs.frozen(kw_only=True)
class Machine:
    """What is to be known of a machine; the rest of its bodies follows."""

    subscription: str
    group: str
    name: str
    location: str
    size: str
    system: str
    image: tuple[str, str, str]
    says: tuple[str, str]
    power: str = "running"
    agent: str = "ready"
    agent_version: str = "2.12.0.2"
    disk_gb: int = 64
    data_gb: tuple[int, ...] = ()
    generation: str = "V2"
    tags: dict[str, str] = attrs.field(factory=dict)
    extensions: tuple[Added, ...] = ()
    host_group: str = ""
    host: str = ""
    specialised: bool = False
    created: str = "2025-03-11T10:22:47.1043627+00:00"
    redeploy: Item | None = None

    @property
    def id(self) -> str:
        return resource(self.subscription, self.group, TYPE, self.name)

    @property
    def vm_id(self) -> str:
        return guid(self.subscription, self.name)


def model(vm: Machine) -> Item:
    """The machine's row in the list."""
    properties: Item = {
        "hardwareProfile": {"vmSize": vm.size},
        "provisioningState": "Succeeded",
        "vmId": vm.vm_id,
        "storageProfile": _storage(vm),
        "networkProfile": {"networkInterfaces": [_nic(vm)]},
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
        "licenseType": "Windows_Server" if vm.system == "Windows" and vm.generation == "V2" else None,
        "timeCreated": vm.created,
    }
    if vm.generation == "V2":
        properties["securityProfile"] = {
            "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
            "securityType": "TrustedLaunch",
        }
    if not vm.specialised:
        properties["osProfile"] = _profile(vm)
    if vm.host:
        properties["host"] = {"id": respelled(_host(vm))}
    body = {"name": vm.name, "id": vm.id, "type": TYPE, "location": vm.location, "tags": vm.tags}
    if vm.extensions:
        body["resources"] = [{"id": respelled(f"{vm.id}/extensions/{one.name}")} for one in vm.extensions]
    return {**body, "properties": properties, "etag": '"3"'}


def status(vm: Machine) -> Item:
    """The machine's row in the list with `statusOnly`."""
    row = {"name": vm.name, "id": respelled(vm.id), "type": TYPE, "location": vm.location}
    return {**row, "properties": {"vmId": vm.vm_id, "instanceView": view(vm)}}


def view(vm: Machine) -> Item:
    """The machine's instance view. A deallocated machine has no word from its agent."""
    statuses = [
        {
            "code": "ProvisioningState/succeeded",
            "level": "Info",
            "displayStatus": "Provisioning succeeded",
            "time": f"{DAY}T06:02:11.5371846+00:00",
        },
        {"code": f"PowerState/{vm.power}", "level": "Info", "displayStatus": f"VM {vm.power}"},
    ]
    disks = [{"name": name, "statuses": statuses[:1]} for name in _disk_names(vm)]
    body: Item = {"disks": disks, "hyperVGeneration": vm.generation, "statuses": statuses}
    if vm.power == "deallocated":
        return body
    if vm.agent == "ready":
        body |= dict(zip(("osName", "osVersion"), vm.says, strict=True))
        body["computerName"] = vm.name
    body["vmAgent"] = _agent(vm)
    if vm.extensions:
        body["extensions"] = [_extension_view(one) for one in vm.extensions]
    if vm.host:
        body["assignedHost"] = _host(vm)
    if vm.redeploy:
        body["maintenanceRedeployStatus"] = vm.redeploy
    return body


def extension(vm: Machine, added: Added) -> Item:
    """An extension as a resource of its own."""
    return {
        "name": added.name,
        "id": f"{vm.id}/extensions/{added.name}",
        "type": f"{TYPE}/extensions",
        "location": vm.location,
        "properties": {
            "autoUpgradeMinorVersion": True,
            "provisioningState": "Failed" if added.failure else "Succeeded",
            "enableAutomaticUpgrade": added.publisher.startswith("Microsoft.Azure.Monitor"),
            "publisher": added.publisher,
            "type": added.type,
            "typeHandlerVersion": added.version,
            "settings": {},
        },
    }


def row(vm: Machine, added: Added) -> Item:
    """The same extension as a row of Resource Graph."""
    body = extension(vm, added)
    return {"id": respelled(body["id"]), **{name: body[name] for name in ("name", "location", "properties")}}


def _extension_view(added: Added) -> Item:
    done = {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded"}
    failed = {"code": "ProvisioningState/failed/1", "level": "Error", "displayStatus": "Provisioning failed"}
    said = {"message": added.failure or "Enable succeeded", "time": f"{DAY}T06:04:38+00:00"}
    return {
        "name": added.name,
        "type": f"{added.publisher}.{added.type}",
        "typeHandlerVersion": added.running,
        "statuses": [(failed if added.failure else done) | said],
    }


def _agent(vm: Machine) -> Item:
    words = dict(zip(("code", "level", "displayStatus", "message"), _AGENTS[vm.agent], strict=True))
    return {
        "vmAgentVersion": vm.agent_version if vm.agent == "ready" else "Unknown",
        "statuses": [{**words, "time": f"{DAY}T07:58:26+00:00"}],
        "extensionHandlers": [
            {
                "type": f"{one.publisher}.{one.type}",
                "typeHandlerVersion": one.running,
                "status": {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Ready"},
            }
            for one in vm.extensions
        ],
    }


def _profile(vm: Machine) -> Item:
    patches = {"patchMode": "AutomaticByPlatform", "assessmentMode": "AutomaticByPlatform"}
    profile: Item = {"computerName": vm.name, "adminUsername": "operator", "secrets": []}
    if vm.system == "Windows":
        profile["windowsConfiguration"] = {
            "provisionVMAgent": True, "enableAutomaticUpdates": True, "patchSettings": patches,
        }  # fmt: skip
    else:
        profile["linuxConfiguration"] = {
            "disablePasswordAuthentication": True, "provisionVMAgent": True, "patchSettings": patches,
        }  # fmt: skip
    return {**profile, "allowExtensionOperations": True, "requireGuestProvisionSignal": True}


def _storage(vm: Machine) -> Item:
    system, *data = _disk_names(vm)
    publisher, offer, sku = vm.image
    image = {"publisher": publisher, "offer": offer, "sku": sku, "version": "latest"}
    return {
        **({} if vm.specialised else {"imageReference": image}),
        "osDisk": {
            "osType": vm.system,
            "name": system,
            "createOption": "Attach" if vm.specialised else "FromImage",
            "caching": "ReadWrite",
            "managedDisk": _managed(vm, system),
            "deleteOption": "Detach",
            "diskSizeGB": vm.disk_gb,
        },
        "dataDisks": [
            {
                "lun": lun,
                "name": name,
                "createOption": "Attach",
                "caching": "ReadOnly",
                "managedDisk": _managed(vm, name),
                "deleteOption": "Detach",
                "diskSizeGB": size,
                "toBeDetached": False,
            }
            for lun, (name, size) in enumerate(zip(data, vm.data_gb, strict=True))
        ],
    }


def _managed(vm: Machine, name: str) -> Item:
    id_ = resource(vm.subscription, vm.group, "Microsoft.Compute/disks", name)
    return {"storageAccountType": "Premium_LRS", "id": respelled(id_)}


def _disk_names(vm: Machine) -> list[str]:
    return [f"{vm.name}_OsDisk_1", *(f"{vm.name}_DataDisk_{lun}" for lun in range(len(vm.data_gb)))]


def _nic(vm: Machine) -> Item:
    return {"id": resource(vm.subscription, vm.group, "Microsoft.Network/networkInterfaces", f"{vm.name}-nic")}


def _host(vm: Machine) -> str:
    group = resource(vm.subscription, vm.group, "Microsoft.Compute/hostGroups", vm.host_group)
    return f"{group}/hosts/{vm.host}"
