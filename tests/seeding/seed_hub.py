"""The Azure Stack Hub of the demo: a tenant's factory machines, and the four nodes that the operator sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compute import Added, Machine, extension, model, view
from shapes import Item, Seed, guid, network, subscriptions

if TYPE_CHECKING:
    from hybridinv.transport.tape import Tape

REGION = "utrecht"
HOST, OPERATOR_HOST = "management.utrecht.hub.example.test", "adminmanagement.utrecht.hub.example.test"
TENANT = "Factory"
OPERATOR, METERING, CONSUMPTION = "Default Provider Subscription", "Metering Subscription", "Consumption Subscription"
_COMPUTE, _NETWORK, _SUBSCRIPTIONS, _PROVIDERS, _FABRIC = (
    "2020-06-01", "2018-11-01", "2016-06-01", "2019-10-01", "2020-10-01",
)  # fmt: skip
_MACHINES = "/providers/Microsoft.Compute/virtualMachines"

_UBUNTU = ("Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts")
_WINDOWS = ("MicrosoftWindowsServer", "WindowsServer", "2019-Datacenter")
_WINDOWS_SAYS = ("Windows Server 2019 Datacenter", "10.0.17763.6659")
_DIAGNOSTICS = Added(publisher="Microsoft.Azure.Diagnostics", type="IaaSDiagnostics", version="1.5", running="1.18.0.5")
_ANTIMALWARE = Added(publisher="Microsoft.Azure.Security", type="IaaSAntimalware", version="1.5", running="1.5.5.9")
_SCRIPT = Added(publisher="Microsoft.Azure.Extensions", type="CustomScript", version="2.0", running="2.0.7")

_FACTORY: Item = {"subscription": TENANT, "group": "rg-factory", "location": REGION, "generation": "V1"}
MACHINES = (
    Machine(
        **_FACTORY, name="mes-app-01", size="Standard_DS3_v2", system="Windows", image=_WINDOWS, says=_WINDOWS_SAYS,
        agent_version="2.7.41491.1095", disk_gb=127, data_gb=(200,), extensions=(_DIAGNOSTICS, _ANTIMALWARE),
    ),
    Machine(
        **_FACTORY, name="mes-db-01", size="Standard_F8s_v2", system="Linux", image=_UBUNTU, says=("ubuntu", "22.04"),
        agent_version="2.9.1.1", data_gb=(512, 512), extensions=(_SCRIPT,),
    ),
    Machine(
        **_FACTORY, name="historian-01", size="Standard_DS2_v2", system="Windows", image=_WINDOWS, says=_WINDOWS_SAYS,
        agent="silent", disk_gb=127,
    ),
    Machine(
        **_FACTORY, name="spare-01", size="Standard_A2_v2", system="Linux", image=_UBUNTU, says=("ubuntu", "22.04"),
        power="deallocated", disk_gb=30,
    ),
)  # fmt: skip
NETWORK = network(TENANT, "rg-factory", "vnet-factory", REGION, "192.0.2.192/26")
NODES = {"HUB1-NODE01": "Running", "HUB1-NODE02": "Running", "HUB1-NODE03": "Maintenance", "HUB1-NODE04": "Running"}


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


def _provider(scope: str, namespace: str, type_: str, versions: tuple[str, ...]) -> Item:
    types = [{"resourceType": type_, "locations": [REGION], "apiVersions": list(versions)}]
    id_ = f"{scope}/providers/{namespace}"
    return {"id": id_, "namespace": namespace, "resourceTypes": types, "registrationState": "Registered"}


def _operator(seed: Seed) -> None:
    names = (OPERATOR, METERING, CONSUMPTION)
    seed.get("/subscriptions", _SUBSCRIPTIONS, subscriptions(names, "Internal_2014-09-01"), host=OPERATOR_HOST)
    seed.pages(_fabric(OPERATOR, "scaleUnitNodes"), _FABRIC, [_node(*one) for one in NODES.items()], host=OPERATOR_HOST)
    seed.pages(_fabric(OPERATOR, "scaleUnits"), _FABRIC, [_scale_unit()], host=OPERATOR_HOST)
    absent = {
        "error": {
            "code": "ResourceGroupNotFound",
            "message": f"Resource group 'System.{REGION}' could not be found.",
        }
    }
    for name in (METERING, CONSUMPTION):
        for type_ in ("scaleUnitNodes", "scaleUnits"):
            seed.get(_fabric(name, type_), _FABRIC, absent, status=404, host=OPERATOR_HOST)


def _fabric(subscription: str, type_: str, group: str = "System") -> str:
    scope = f"/subscriptions/{guid(subscription)}/resourceGroups/{group}.{REGION}"
    return f"{scope}/providers/Microsoft.Fabric.Admin/fabricLocations/{REGION}/{type_}"


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
