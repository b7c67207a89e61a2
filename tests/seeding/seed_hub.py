"""The Azure Stack Hub of the demo: a tenant's factory machines, and the four nodes that the operator sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compute import Added, Machine, extension, interface, model, view, vm_size
from shapes import Item, Seed, guid, network, subscriptions

if TYPE_CHECKING:
    from hybridinv.transport.tape import Tape

REGION = "utrecht"
HOST, OPERATOR_HOST = "management.utrecht.hub.example.test", "adminmanagement.utrecht.hub.example.test"
TENANT, LABORATORY = "Factory", "Laboratory"
OPERATOR, METERING, CONSUMPTION = "Default Provider Subscription", "Metering Subscription", "Consumption Subscription"
_COMPUTE, _NETWORK, _SUBSCRIPTIONS, _PROVIDERS, _FABRIC = (
    "2020-06-01", "2018-11-01", "2016-06-01", "2019-10-01", "2020-10-01",
)  # fmt: skip
_REGIONS, _PLACEMENT = "2016-05-01", "2021-03-30"
_MACHINES = "/providers/Microsoft.Compute/virtualMachines"

_UBUNTU = ("Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts")
_WINDOWS = ("MicrosoftWindowsServer", "WindowsServer", "2019-Datacenter")
_WINDOWS_SAYS = ("Windows Server 2019 Datacenter", "10.0.17763.6659")
_DIAGNOSTICS = Added(publisher="Microsoft.Azure.Diagnostics", type="IaaSDiagnostics", version="1.5", running="1.18.0.5")
_ANTIMALWARE = Added(publisher="Microsoft.Azure.Security", type="IaaSAntimalware", version="1.5", running="1.5.5.9")
_SCRIPT = Added(publisher="Microsoft.Azure.Extensions", type="CustomScript", version="2.0", running="2.0.7")

_FACTORY: Item = {
    "subscription": TENANT, "group": "rg-factory", "location": REGION, "generation": "V1",
    "network": ("rg-factory", "vnet-factory"),
}  # fmt: skip
MACHINES = (
    Machine(
        **_FACTORY, name="mes-app-01", address="192.0.2.196",
        size="Standard_DS3_v2", system="Windows", image=_WINDOWS, says=_WINDOWS_SAYS,
        agent_version="2.7.41491.1095", disk_gb=127, data_gb=(200,), extensions=(_DIAGNOSTICS, _ANTIMALWARE),
    ),
    Machine(
        **_FACTORY, name="mes-db-01", address="192.0.2.197",
        size="Standard_F8s_v2", system="Linux", image=_UBUNTU, says=("ubuntu", "22.04"),
        agent_version="2.9.1.1", data_gb=(512, 512), extensions=(_SCRIPT,),
    ),
    Machine(
        **_FACTORY, name="historian-01", address="192.0.2.198",
        size="Standard_DS2_v2", system="Windows", image=_WINDOWS, says=_WINDOWS_SAYS,
        agent="silent", disk_gb=127,
    ),
    Machine(
        **_FACTORY, name="spare-01", address="192.0.2.199",
        size="Standard_A2_v2", system="Linux", image=_UBUNTU, says=("ubuntu", "22.04"),
        power="deallocated", disk_gb=30,
    ),
)  # fmt: skip
NETWORK = network(TENANT, "rg-factory", "vnet-factory", REGION, "192.0.2.192/26")
NODES = {"HUB1-NODE01": "Running", "HUB1-NODE02": "Running", "HUB1-NODE03": "Maintenance", "HUB1-NODE04": "Running"}
PLACES = {
    "HUB1-NODE01": (
        (TENANT, "rg-factory", "mes-app-01", "Standard_DS3_v2"), (LABORATORY, "rg-lab", "lims-01", "Standard_DS2_v2"),
    ),
    "HUB1-NODE02": ((TENANT, "rg-factory", "mes-db-01", "Standard_F8s_v2"),),
    "HUB1-NODE04": (
        (TENANT, "rg-factory", "historian-01", "Standard_DS2_v2"), (LABORATORY, "rg-lab", "lims-02", "Standard_DS2_v2"),
    ),
}  # fmt: skip
"""Which machine runs where; a deallocated one is nowhere. The laboratory's tenant is not the account's."""


def tape() -> Tape:
    """The tape of this estate."""
    seed = Seed(HOST)
    for host in (HOST, OPERATOR_HOST):
        seed.get("/metadata/endpoints", "2015-01-01", _endpoints(), host=host)
    _tenant(seed)
    _operator(seed)
    settings = {
        "endpoint": f"https://{HOST}",
        "admin_endpoint": f"https://{OPERATOR_HOST}",
        "subscription_ids": None,
        "detail": "summary",
    }
    return seed.tape("azure-stack-hub", settings)


def _endpoints() -> Item:
    base = f"{REGION}.hub.example.test"
    return {
        "galleryEndpoint": f"https://providers.{base}:30016/",
        "graphEndpoint": f"https://graph.{base}/",
        "portalEndpoint": f"https://portal.{base}/",
        "authentication": {
            "loginEndpoint": f"https://adfs.{base}/adfs",
            "audiences": [f"https://management.adfs.azurestack.local/{guid('hub', 'audience')}"],
        },
    }


def _tenant(seed: Seed) -> None:
    scope = f"/subscriptions/{guid(TENANT)}"
    seed.get("/subscriptions", _SUBSCRIPTIONS, subscriptions([TENANT], quota="Internal_2014-09-01"))
    for namespace, type_, versions in (
        ("Microsoft.Compute", "virtualMachines", (_COMPUTE, "2019-12-01", "2017-12-01")),
        ("Microsoft.Network", "virtualNetworks", (_NETWORK, "2017-10-01", "2015-06-15")),
    ):
        seed.get(f"{scope}/providers/{namespace}", _PROVIDERS, _provider(scope, namespace, type_, versions))
    # This Hub takes `statusOnly` and pays no heed to it, so that every machine is asked for its own status.
    seed.pages(scope + _MACHINES, _COMPUTE, [model(vm) for vm in MACHINES])
    seed.pages(scope + _MACHINES, _COMPUTE, [model(vm) for vm in MACHINES], statusOnly="true")
    for vm in MACHINES:
        seed.get(f"{vm.id}/instanceView", _COMPUTE, view(vm))
        if vm.extensions:
            seed.pages(f"{vm.id}/extensions", _COMPUTE, [extension(vm, added) for added in vm.extensions])
    seed.pages(f"{scope}/providers/Microsoft.Network/virtualNetworks", _NETWORK, [NETWORK])
    adapters = [interface(vm, f"00-00-5E-00-53-{0x80 + number:02X}") for number, vm in enumerate(MACHINES)]
    seed.pages(f"{scope}/providers/Microsoft.Network/networkInterfaces", _NETWORK, adapters)
    sizes = {"value": [vm_size(name) for name in sorted({vm.size for vm in MACHINES})]}
    seed.get(f"{scope}/providers/Microsoft.Compute/locations/{REGION}/vmSizes", _COMPUTE, sizes)


def _provider(scope: str, namespace: str, type_: str, versions: tuple[str, ...]) -> Item:
    types = [{"resourceType": type_, "locations": [REGION], "apiVersions": list(versions)}]
    id_ = f"{scope}/providers/{namespace}"
    return {"id": id_, "namespace": namespace, "resourceTypes": types, "registrationState": "Registered"}


def _operator(seed: Seed) -> None:
    names = (OPERATOR, METERING, CONSUMPTION)
    seed.get("/subscriptions", _SUBSCRIPTIONS, subscriptions(names, "Internal_2014-09-01"), host=OPERATOR_HOST)
    regions = _system(OPERATOR) + "/providers/Microsoft.Fabric.Admin/fabricLocations"
    seed.pages(regions, _REGIONS, [_region()], host=OPERATOR_HOST)
    seed.pages(_fabric(OPERATOR, "scaleUnitNodes"), _FABRIC, [_node(*one) for one in NODES.items()], host=OPERATOR_HOST)
    seed.pages(_fabric(OPERATOR, "scaleUnits"), _FABRIC, [_scale_unit()], host=OPERATOR_HOST)
    admin = f"/subscriptions/{guid(OPERATOR)}/providers/Microsoft.Compute.Admin/locations/{REGION}"
    seed.get(f"{admin}/computeScaleUnits/s-cluster", _PLACEMENT, _placement(), host=OPERATOR_HOST)
    absent = {
        "error": {
            "code": "ResourceGroupNotFound",
            "message": f"Resource group 'System.{REGION}' could not be found.",
        }
    }
    for name in (METERING, CONSUMPTION):
        path = _system(name) + "/providers/Microsoft.Fabric.Admin/fabricLocations"
        seed.get(path, _REGIONS, absent, status=404, host=OPERATOR_HOST)


def _system(subscription: str, group: str = "System") -> str:
    return f"/subscriptions/{guid(subscription)}/resourceGroups/{group}.{REGION}"


def _region() -> Item:
    return {
        "id": _fabric(OPERATOR, "").rstrip("/"),
        "name": REGION,
        "type": "Microsoft.Fabric.Admin/fabricLocations",
        "location": REGION,
        "tags": {},
        "properties": {"timeServer": "198.51.100.199", "exclusiveAdminOperationRunning": False},
    }


def _placement() -> Item:
    """Where every tenant's machines run; the id is relative and the name null, as a Hub wrote them."""
    nodes = [
        {
            "nodeName": name,
            "nodeHealthState": "MaintenanceMode" if state == "Maintenance" else "Up",
            "lastUpdatedTime": "2026-01-15T07:59:12.614Z",
            "virtualMachines": [_placed(*one) for one in PLACES.get(name, ())],
        }
        for name, state in NODES.items()
    ]
    return {
        "id": f"providers/Microsoft.Compute.Admin/locations/{REGION}/computeScaleUnits/s-cluster",
        "name": None,
        "type": "Microsoft.Compute.Admin/locations/computeScaleUnits",
        "location": REGION,
        "properties": {"scaleUnitName": "s-cluster", "lastUpdatedTime": "2026-01-15T07:59:12.692Z", "nodes": nodes},
    }


def _placed(tenant: str, group: str, name: str, size: str) -> Item:
    return {
        "vmName": name,
        "vmId": guid(tenant, name).upper(),
        "subscriptionId": guid(tenant),
        "resourceGroupName": group,
        "vmSize": size,
        "timeOfLastConfigurationChange": "2026-01-09T04:10:00Z",
        "powerState": "Running",
    }


def _fabric(subscription: str, type_: str, group: str = "System") -> str:
    return f"{_system(subscription, group)}/providers/Microsoft.Fabric.Admin/fabricLocations/{REGION}/{type_}"


def _node(name: str, state: str) -> Item:
    number = int(name[-2:])
    return {
        "id": f"{_fabric(OPERATOR, 'scaleUnitNodes')}/{name}",
        "name": f"{REGION}/{name}",
        "type": "Microsoft.Fabric.Admin/fabricLocations/scaleUnitNodes",
        "location": REGION,
        "tags": {},
        "properties": {
            "scaleUnitNodeStatus": state,
            "powerState": "Running",
            "bmcAddress": f"198.51.100.{200 + number}",
            "scaleUnitName": f"{REGION}/s-cluster",
            "scaleUnitUri": f"/fabricLocations/{REGION}/scaleUnits/s-cluster",
            "canPowerOff": state == "Maintenance",
            "vendor": "DELL",
            "model": "PowerEdge R740xd",
            "serialNumber": f"HUB7K0{number}",
            "biosVersion": "2.21.2",
            "capacity": {"memoryGB": 383.460938, "cores": 48},
            "gpus": [],
            "lastOperationName": "StartMaintenanceMode" if state == "Maintenance" else None,
            "lastOperationState": "Succeeded" if state == "Maintenance" else None,
        },
    }


def _scale_unit() -> Item:
    return {
        "id": f"{_fabric(OPERATOR, 'scaleUnits')}/s-cluster",
        "name": f"{REGION}/s-cluster",
        "type": "Microsoft.Fabric.Admin/fabricLocations/scaleUnits",
        "location": REGION,
        "tags": {},
        "properties": {
            "scaleUnitType": "HyperConverged",
            "logicalFaultDomain": 0,
            "nodes": [f"{_fabric(OPERATOR, 'scaleUnitNodes', 'system')}/{name}" for name in NODES],
            "state": "Running",
            "totalCapacity": {"memoryGB": 1533.84375, "cores": 192},
            "isMultiNode": True,
            "isGpuAvailable": False,
            "gpuType": None,
        },
    }
