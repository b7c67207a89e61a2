"""Virtual machines, their extensions, sizes and adapters as Azure and Azure Stack Hub word them."""

from __future__ import annotations

import attrs
from shapes import Item, guid, resource, respelled

TYPE = "Microsoft.Compute/virtualMachines"
DAY = "2026-01-15"

SIZES = {
    "Standard_A2_v2": (2, 4),
    "Standard_B2ms": (2, 8),
    "Standard_D4s_v5": (4, 16),
    "Standard_D8s_v5": (8, 32),
    "Standard_DS2_v2": (2, 7),
    "Standard_DS3_v2": (4, 14),
    "Standard_E8s_v5": (8, 64),
    "Standard_E16ds_v5": (16, 128),
    "Standard_F8s_v2": (8, 16),
}
"""CPUs and GiB of memory."""

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
    network: tuple[str, str] = ("", "")
    address: str = ""
    public: str = ""

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


def interface(vm: Machine, mac: str) -> Item:
    """The machine's network interface."""
    id_ = _nic(vm)["id"]
    subnet = resource(vm.subscription, vm.network[0], "Microsoft.Network/virtualNetworks", vm.network[1])
    fields: Item = {
        "provisioningState": "Succeeded",
        "privateIPAddress": vm.address,
        "privateIPAllocationMethod": "Dynamic",
        "subnet": {"id": f"{subnet}/subnets/default"},
        "primary": True,
        "privateIPAddressVersion": "IPv4",
    }
    if vm.public:
        fields["publicIPAddress"] = {"id": respelled(_public_id(vm))}
    configuration = {"name": "ipconfig1", "id": f"{id_}/ipConfigurations/ipconfig1", "properties": fields}
    return {
        "name": f"{vm.name}-nic",
        "id": id_,
        "location": vm.location,
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": guid(vm.name, "nic"),
            "ipConfigurations": [configuration],
            "dnsSettings": {"dnsServers": [], "appliedDnsServers": []},
            "macAddress": mac,
            "enableAcceleratedNetworking": vm.generation == "V2" and SIZES[vm.size][0] > 2,
            "enableIPForwarding": False,
            "primary": True,
            "virtualMachine": {"id": respelled(vm.id)},
            "nicType": "Standard",
        },
        "type": "Microsoft.Network/networkInterfaces",
    }


def public_address(vm: Machine) -> Item:
    """The machine's public address."""
    return {
        "name": f"{vm.name}-ip",
        "id": _public_id(vm),
        "location": vm.location,
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": guid(vm.name, "ip"),
            "ipAddress": vm.public,
            "publicIPAddressVersion": "IPv4",
            "publicIPAllocationMethod": "Static",
            "idleTimeoutInMinutes": 4,
            "ipConfiguration": {"id": f"{_nic(vm)['id']}/ipConfigurations/ipconfig1"},
        },
        "type": "Microsoft.Network/publicIPAddresses",
        "sku": {"name": "Standard", "tier": "Regional"},
    }


def sku(name: str, location: str) -> Item:
    """A size in Azure's list of SKUs, where every capability is a text."""
    cpus, memory = SIZES[name]
    capabilities = {"vCPUs": cpus, "MemoryGB": memory, "HyperVGenerations": "V1,V2", "vCPUsAvailable": cpus}
    return {
        "resourceType": "virtualMachines",
        "name": name,
        "tier": "Standard",
        "size": name.removeprefix("Standard_"),
        "locations": [location],
        "locationInfo": [{"location": location, "zones": ["1", "2", "3"]}],
        "capabilities": [{"name": key, "value": str(value)} for key, value in capabilities.items()],
        "restrictions": [],
    }


def vm_size(name: str) -> Item:
    """A size in the older list, which a Stack Hub has."""
    cpus, memory = SIZES[name]
    return {
        "name": name,
        "numberOfCores": cpus,
        "osDiskSizeInMB": 1047552,
        "resourceDiskSizeInMB": memory * 2048,
        "memoryInMB": memory * 1024,
        "maxDataDiskCount": cpus * 2,
    }


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


def _public_id(vm: Machine) -> str:
    return resource(vm.subscription, vm.group, "Microsoft.Network/publicIPAddresses", f"{vm.name}-ip")


def _host(vm: Machine) -> str:
    group = resource(vm.subscription, vm.group, "Microsoft.Compute/hostGroups", vm.host_group)
    return f"{group}/hosts/{vm.host}"
