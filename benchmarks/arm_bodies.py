"""Bodies of the size and shape that Azure's and Arc's have, made of numbers: `benchmarks/arm.py` serves them."""

from __future__ import annotations

import json
from typing import Any

MACHINES = 10_000
SUBSCRIPTIONS = tuple(f"sub-{number}" for number in range(10))


def vm(number: int) -> dict[str, Any]:
    """A VM as the list gives it."""
    group = f"/subscriptions/{SUBSCRIPTIONS[number % 10]}/resourceGroups/RG-{number % 40:03d}"
    compute, network = f"{group}/providers/Microsoft.Compute", f"{group}/providers/Microsoft.Network"
    name = f"vm{number:05d}"
    disks = [
        {
            "lun": lun,
            "name": f"{name}_data{lun}",
            "createOption": "Attach",
            "caching": "ReadOnly",
            "writeAcceleratorEnabled": False,
            "diskSizeGB": 512,
            "toBeDetached": False,
            "deleteOption": "Detach",
            "managedDisk": {"storageAccountType": "Premium_LRS", "id": f"{compute}/disks/{name}_data{lun}"},
        }
        for lun in range(2)
    ]
    return {
        "id": f"{compute}/virtualMachines/{name}",
        "name": name,
        "type": "Microsoft.Compute/virtualMachines",
        "location": "westeurope",
        "tags": {"owner": f"team-{number % 12}", "env": "production", "cost-centre": str(4000 + number % 30)},
        "zones": [str(1 + number % 3)],
        "identity": {"type": "SystemAssigned", "principalId": uuid(number), "tenantId": uuid(1)},
        "properties": {
            "vmId": uuid(number),
            "hardwareProfile": {"vmSize": "Standard_D4s_v5"},
            "additionalCapabilities": {"ultraSSDEnabled": False, "hibernationEnabled": False},
            "storageProfile": {
                "imageReference": {
                    "publisher": "Canonical",
                    "offer": "0001-com-ubuntu-server-jammy",
                    "sku": "22_04-lts-gen2",
                    "version": "latest",
                    "exactVersion": "22.04.202409120",
                },
                "osDisk": {
                    "osType": "Linux",
                    "name": f"{name}_os",
                    "createOption": "FromImage",
                    "caching": "ReadWrite",
                    "managedDisk": {"storageAccountType": "Premium_LRS", "id": f"{compute}/disks/{name}_os"},
                    "deleteOption": "Delete",
                    "diskSizeGB": 64,
                },
                "dataDisks": disks,
                "diskControllerType": "SCSI",
            },
            "osProfile": {
                "computerName": name,
                "adminUsername": "azureuser",
                "secrets": [],
                "allowExtensionOperations": True,
                "requireGuestProvisionSignal": True,
                "linuxConfiguration": {
                    "disablePasswordAuthentication": True,
                    "provisionVMAgent": True,
                    "enableVMAgentPlatformUpdates": False,
                    "patchSettings": {"patchMode": "ImageDefault", "assessmentMode": "ImageDefault"},
                },
            },
            "securityProfile": {
                "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
                "securityType": "TrustedLaunch",
            },
            "networkProfile": {
                "networkInterfaces": [
                    {
                        "id": f"{network}/networkInterfaces/{name}-nic",
                        "properties": {"primary": True, "deleteOption": "Detach"},
                    }
                ]
            },
            "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
            "provisioningState": "Succeeded",
            "timeCreated": "2024-10-11T02:28:04.322005+00:00",
            "etag": f'"{number}"',
        },
        "resources": [{"id": f"{compute}/virtualMachines/{name}/extensions/AzureMonitorLinuxAgent"}],
    }


def vm_status(model: dict[str, Any]) -> dict[str, Any]:
    """Its row in the `statusOnly` list."""
    at = "2024-10-11T02:28:04.5060428+00:00"
    done = {
        "code": "ProvisioningState/succeeded",
        "level": "Info",
        "displayStatus": "Provisioning succeeded",
        "time": at,
    }
    ready = {
        "code": "ProvisioningState/succeeded",
        "level": "Info",
        "displayStatus": "Ready",
        "time": at,
        "message": "Guest Agent is running",
    }
    running = {"code": "PowerState/running", "level": "Info", "displayStatus": "VM running"}
    disks = [{"name": f"{model['name']}_{part}", "statuses": [done]} for part in ("os", "data0", "data1")]
    monitor = {
        "name": "AzureMonitorLinuxAgent",
        "type": "Microsoft.Azure.Monitor.AzureMonitorLinuxAgent",
        "typeHandlerVersion": "1.33.1.0",
    }
    view = {
        "computerName": model["name"],
        "osName": "ubuntu",
        "osVersion": "22.04",
        "hyperVGeneration": "V2",
        "vmAgent": {
            "vmAgentVersion": "2.12.0.2",
            "statuses": [ready],
            "extensionHandlers": [
                {
                    "type": monitor["type"],
                    "typeHandlerVersion": "1.33.1.0",
                    "status": {
                        **ready,
                        "message": "Plugin enabled (name: Microsoft.Azure.Monitor.AzureMonitorLinuxAgent).",
                    },
                }
            ],
        },
        "disks": disks,
        "bootDiagnostics": {},
        "statuses": [done, running],
        "extensions": [{**monitor, "statuses": [{**done, "message": "Enable succeeded"}]}],
    }
    return {
        "id": model["id"].upper(),
        "name": model["name"],
        "location": "westeurope",
        "type": model["type"],
        "properties": {"vmId": model["properties"]["vmId"], "instanceView": view},
    }


def machine(number: int) -> dict[str, Any]:
    """An Arc machine as the list gives it."""
    group, name = (
        f"/subscriptions/{SUBSCRIPTIONS[number % 10]}/resourceGroups/RG-Arc-{number % 40:03d}",
        f"srv{number:05d}",
    )
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    subnet = {"addressPrefix": "10.0.0.0/8"}
    services = ("guestConfigurationService", "extensionService")
    return {
        "id": f"{group}/providers/Microsoft.HybridCompute/machines/{name}",
        "name": name,
        "type": "Microsoft.HybridCompute/machines",
        "location": "westeurope",
        "kind": None,
        "tags": {"owner": f"team-{number % 12}", "Datacenter": "ams-3", "City": "Amsterdam", "CountryOrRegion": "NL"},
        "identity": {"type": "SystemAssigned", "principalId": uuid(number), "tenantId": uuid(1)},
        "systemData": {
            "createdBy": uuid(2),
            "createdByType": "Application",
            "createdAt": "2024-01-03T10:11:12.1234567Z",
            "lastModifiedBy": uuid(3),
            "lastModifiedByType": "Application",
            "lastModifiedAt": "2024-10-11T02:28:04.322005Z",
        },
        "properties": {
            "vmId": uuid(number),
            "vmUuid": uuid(number + MACHINES),
            "status": "Connected",
            "provisioningState": "Succeeded",
            "lastStatusChange": "2024-10-11T02:28:04.3220051Z",
            "agentVersion": "1.46.02789.1814",
            "errorDetails": [],
            "osType": "windows",
            "osName": "Windows Server 2022 Datacenter",
            "osVersion": "10.0.20348.2700",
            "osSku": "Windows Server 2022 Datacenter",
            "osEdition": "serverdatacenter",
            "displayName": name,
            "machineFqdn": f"{name}.example.test",
            "dnsFqdn": f"{name}.example.test",
            "domainName": "example.test",
            "adFqdn": f"{name}.example.test",
            "clientPublicKey": uuid(number),
            "mssqlDiscovered": "false",
            "mysqlDiscovered": "false",
            "cloudMetadata": {"provider": "N/A"},
            "osProfile": {
                "computerName": name,
                "windowsConfiguration": {
                    "patchSettings": {
                        "assessmentMode": "ImageDefault",
                        "patchMode": "ImageDefault",
                        "enableHotpatching": False,
                        "status": {"hotpatchEnablementStatus": "Disabled"},
                    }
                },
            },
            "licenseProfile": {
                "licenseStatus": "Licensed",
                "licenseChannel": "Volume:GVLK",
                "esuProfile": {"serverType": "Datacenter", "esuEligibility": "Ineligible"},
            },
            "serviceStatuses": {one: {"status": "running", "startupType": "automatic"} for one in services},
            "agentConfiguration": {
                "proxyUrl": "",
                "incomingConnectionsPorts": [],
                "extensionsAllowList": [],
                "extensionsBlockList": [],
                "proxyBypass": [],
                "extensionsEnabled": "true",
                "guestConfigurationEnabled": "true",
                "configMode": "full",
            },
            "hardwareProfile": {
                "totalPhysicalMemoryInBytes": 34_359_738_368,
                "numberOfCpuSockets": 2,
                "processors": [{"name": "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz", "numberOfCores": 8}] * 2,
            },
            "firmwareProfile": {"serialNumber": f"VMware-{number:016x}", "type": "uefi"},
            "storageProfile": {
                "disks": [
                    {
                        "path": f"\\\\\\\\.\\\\PHYSICALDRIVE{disk}",
                        "diskType": "SAN",
                        "generatedId": uuid(number + disk),
                        "id": str(disk),
                        "name": f"Disk {disk}",
                        "maxSizeInBytes": 107_374_182_400,
                        "usedSpaceInBytes": 53_687_091_200,
                    }
                    for disk in range(2)
                ]
            },
            "networkProfile": {
                "networkInterfaces": [
                    {
                        "macAddress": f"00:50:56:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}",
                        "id": "12",
                        "name": "Ethernet0",
                        "ipAddresses": [
                            {"address": address, "ipAddressVersion": "IPv4", "subnet": subnet},
                            {
                                "address": f"fe80::250:56ff:fe{number & 255:02x}:1",
                                "ipAddressVersion": "IPv6",
                                "subnet": {"addressPrefix": "fe80::/64"},
                            },
                        ],
                    }
                ]
            },
            "detectedProperties": {
                "cloudprovider": "N/A",
                "coreCount": "16",
                "logicalCoreCount": "16",
                "manufacturer": "VMware, Inc.",
                "model": "VMware7,1",
                "mssqldiscovered": "false",
                "processorCount": "2",
                "processorNames": "Intel(R) Xeon(R)",
                "productType": "8",
                "serialNumber": f"VMware-{number:016x}",
                "smbiosAssetTag": "No Asset Tag",
                "totalPhysicalMemoryInBytes": "34359738368",
                "totalPhysicalMemoryInGigabytes": "32",
                "vmuuidEsu2012": uuid(3),
            },
        },
    }


def uuid(number: int) -> str:
    """A UUID made of a number."""
    return f"4f1b2c3d-0000-4000-8000-{number:012x}"


def served(page_size: int, items: list[dict[str, Any]]) -> list[bytes]:
    """The pages of a list, indented as Microsoft.Compute indents them."""
    starts = range(0, len(items), page_size)
    return [json.dumps({"value": items[start : start + page_size]}, indent=2).encode() for start in starts]
