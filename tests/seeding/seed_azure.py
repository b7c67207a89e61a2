"""The Azure of the demo: a shop in production and a few machines for its developers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compute import Added, Machine, extension, interface, model, public_address, row, sku, status
from shapes import Seed, guid, network, subscriptions

if TYPE_CHECKING:
    from hybridinv.transport.tape import Tape

HOST = "management.azure.com"
PRODUCTION, DEVELOPMENT = "Example Production", "Example Development"
_COMPUTE, _SKUS, _NETWORK, _SUBSCRIPTIONS = "2024-07-01", "2021-07-01", "2024-01-01", "2022-12-01"
_MACHINES = "/providers/Microsoft.Compute/virtualMachines"
_NETWORKS = "/providers/Microsoft.Network"

_UBUNTU = ("Canonical", "ubuntu-24_04-lts", "server")
_SQL = ("MicrosoftSQLServer", "sql2022-ws2022", "enterprise-gen2")
_WINDOWS = ("MicrosoftWindowsServer", "WindowsServer", "2022-datacenter-g2")
_WINDOWS_SAYS = ("Windows Server 2022 Datacenter", "10.0.20348.3091")

_MONITOR = "Microsoft.Azure.Monitor"
_ON_LINUX = Added(publisher=_MONITOR, type="AzureMonitorLinuxAgent", version="1.33", running="1.33.4")
_ON_WINDOWS = Added(publisher=_MONITOR, type="AzureMonitorWindowsAgent", version="1.31", running="1.31.0.0")
_SQL_AGENT = Added(
    publisher="Microsoft.SqlServer.Management", type="SqlIaaSAgent", version="2.0", running="2.0.226.0",
    name="SqlIaasExtension",
)  # fmt: skip
_SCRIPT = Added(
    publisher="Microsoft.Compute", type="CustomScriptExtension", version="1.10", running="1.10.15",
    failure="Command execution finished, but failed because it returned a non-zero exit code of: '1'",
)  # fmt: skip
_WATCHER = Added(
    publisher="Microsoft.Azure.NetworkWatcher", type="NetworkWatcherAgentLinux", version="1.4", running="1.4.3320.1",
    name="AzureNetworkWatcherExtension",
)  # fmt: skip

_REDEPLOY = {
    "isCustomerInitiatedMaintenanceAllowed": True,
    "preMaintenanceWindowStartTime": "2026-01-12T00:00:00+00:00",
    "preMaintenanceWindowEndTime": "2026-02-16T00:00:00+00:00",
    "maintenanceWindowStartTime": "2026-02-16T00:00:00+00:00",
    "maintenanceWindowEndTime": "2026-02-23T00:00:00+00:00",
    "lastOperationResultCode": "None",
    "lastOperationMessage": None,
}

_PRODUCTION = {"subscription": PRODUCTION, "location": "westeurope", "network": ("rg-network-prod", "vnet-prod")}
_SHOP = {**_PRODUCTION, "group": "rg-shop-prod"}
_ERP = {**_PRODUCTION, "group": "RG-ERP-PROD"}
_DEV = {
    "subscription": DEVELOPMENT, "group": "rg-dev", "location": "northeurope", "network": ("rg-dev", "vnet-dev"),
}  # fmt: skip

MACHINES = (
    Machine(
        **_SHOP, name="shop-web-01", address="203.0.113.4", public="198.51.100.21",
        size="Standard_D4s_v5", system="Linux", image=_UBUNTU, says=("ubuntu", "24.04"),
        tags={"application": "shop", "environment": "production"}, extensions=(_ON_LINUX,), redeploy=_REDEPLOY,
    ),
    Machine(
        **_SHOP, name="shop-web-02", address="203.0.113.5", public="198.51.100.22",
        size="Standard_D4s_v5", system="Linux", image=_UBUNTU, says=("ubuntu", "24.04"),
        tags={"application": "shop", "environment": "production"}, extensions=(_ON_LINUX,), agent="silent",
    ),
    Machine(
        **_SHOP, name="shop-sql-01", address="203.0.113.20",
        size="Standard_E16ds_v5", system="Windows", image=_SQL, says=_WINDOWS_SAYS,
        agent_version="2.7.41491.1149", disk_gb=128, data_gb=(1024, 512),
        tags={"application": "shop", "environment": "production", "owner": None},
        extensions=(_SQL_AGENT, _ON_WINDOWS),
    ),
    Machine(
        **_ERP, name="erp-app-01", address="203.0.113.36",
        size="Standard_E8s_v5", system="Windows", image=_WINDOWS, says=_WINDOWS_SAYS,
        agent_version="2.7.41491.1149", disk_gb=127, data_gb=(256,), tags={"application": "erp"},
        extensions=(_SCRIPT,), host_group="hg-erp", host="dedicated-01",
    ),
    Machine(
        **_DEV, name="dev-build-01", address="203.0.113.132",
        size="Standard_D8s_v5", system="Linux", image=_UBUNTU, says=("ubuntu", "24.04"),
        power="deallocated", tags={"environment": "development"},
    ),
    Machine(
        **_DEV, name="dev-test-01", address="203.0.113.133", public="198.51.100.40",
        size="Standard_B2ms", system="Linux", image=("", "", ""), says=("debian", "12.9"),
        specialised=True, generation="V1", disk_gb=32, extensions=(_WATCHER,),
        created="2026-01-15T07:21:09.5512874+00:00",
    ),
)  # fmt: skip

NETWORKS = (
    network(PRODUCTION, "rg-network-prod", "vnet-prod", "westeurope", "203.0.113.0/25"),
    network(DEVELOPMENT, "rg-dev", "vnet-dev", "northeurope", "203.0.113.128/25"),
)


def tape() -> Tape:
    """The tape of this estate."""
    seed = Seed(HOST)
    seed.get("/subscriptions", _SUBSCRIPTIONS, subscriptions((PRODUCTION, DEVELOPMENT)))
    for name in (PRODUCTION, DEVELOPMENT):
        scope = f"/subscriptions/{guid(name)}"
        machines = [vm for vm in MACHINES if vm.subscription == name]
        seed.pages(scope + _MACHINES, _COMPUTE, [model(vm) for vm in machines])
        seed.pages(scope + _MACHINES, _COMPUTE, [status(vm) for vm in machines], statusOnly="true")
        networks = [item for item in NETWORKS if item["id"].startswith(scope)]
        seed.pages(f"{scope}{_NETWORKS}/virtualNetworks", _NETWORK, networks)
        _beside(seed, scope, machines)
    _extensions(seed)
    settings = {
        "subscription_ids": None,
        "cloud": "AzureCloud",
        "endpoint": None,
        "detail": "summary",
        "dedicated_hosts": False,
    }
    return seed.tape("azure", settings)


def _beside(seed: Seed, scope: str, machines: list[Machine]) -> None:
    """The lists that are joined to the machines'. A SKU is there once for every set of zones it may be had in."""
    (location,) = {vm.location for vm in machines}
    adapters = [interface(vm, f"00-00-5E-00-53-{0x40 + MACHINES.index(vm):02X}") for vm in machines]
    seed.pages(f"{scope}{_NETWORKS}/networkInterfaces", _NETWORK, adapters)
    addresses = [public_address(vm) for vm in machines if vm.public]
    seed.pages(f"{scope}{_NETWORKS}/publicIPAddresses", _NETWORK, addresses)
    skus = [sku(size, location) for size in sorted({vm.size for vm in machines})]
    disk = {"resourceType": "disks", "name": "Premium_LRS", "locations": [location], "capabilities": []}
    zoned = {**skus[0], "locationInfo": [{"location": location, "zones": ["2"]}], "capabilities": []}
    listed = {"value": [disk, *skus, zoned]}
    seed.get(f"{scope}/providers/Microsoft.Compute/skus", _SKUS, listed, **{"$filter": f"location eq '{location}'"})


def _extensions(seed: Seed) -> None:
    """Resource Graph has not yet seen the youngest machine's extension, so the machine itself is asked."""
    *known, youngest = (vm for vm in MACHINES if vm.extensions)
    rows = [row(vm, added) for vm in known for added in vm.extensions]
    asked = [guid(PRODUCTION), guid(DEVELOPMENT)]
    seed.graph("microsoft.compute/virtualmachines/extensions", asked, sorted(rows, key=lambda one: one["id"]))
    found = [extension(youngest, added) for added in youngest.extensions]
    seed.pages(f"{youngest.id}/extensions", _COMPUTE, found)
