"""The Azure of the demo: a shop in production and a few machines for its developers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compute import Added, Machine, extension, model, row, status
from shapes import Seed, guid, network, subscriptions

if TYPE_CHECKING:
    from hybridinv.transport.tape import Tape

HOST = "management.azure.com"
PRODUCTION, DEVELOPMENT = "Example Production", "Example Development"
_COMPUTE, _NETWORK, _SUBSCRIPTIONS = "2024-07-01", "2024-01-01", "2022-12-01"
_MACHINES = "/providers/Microsoft.Compute/virtualMachines"

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

_SHOP = {"subscription": PRODUCTION, "group": "rg-shop-prod", "location": "westeurope"}
_ERP = {"subscription": PRODUCTION, "group": "RG-ERP-PROD", "location": "westeurope"}
_DEV = {"subscription": DEVELOPMENT, "group": "rg-dev", "location": "northeurope"}

MACHINES = (
    Machine(
        **_SHOP, name="shop-web-01", size="Standard_D4s_v5", system="Linux", image=_UBUNTU, says=("ubuntu", "24.04"),
        tags={"application": "shop", "environment": "production"}, extensions=(_ON_LINUX,), redeploy=_REDEPLOY,
    ),
    Machine(
        **_SHOP, name="shop-web-02", size="Standard_D4s_v5", system="Linux", image=_UBUNTU, says=("ubuntu", "24.04"),
        tags={"application": "shop", "environment": "production"}, extensions=(_ON_LINUX,), agent="silent",
    ),
    Machine(
        **_SHOP, name="shop-sql-01", size="Standard_E16ds_v5", system="Windows", image=_SQL, says=_WINDOWS_SAYS,
        agent_version="2.7.41491.1149", disk_gb=128, data_gb=(1024, 512),
        tags={"application": "shop", "environment": "production", "owner": None},
        extensions=(_SQL_AGENT, _ON_WINDOWS),
    ),
    Machine(
        **_ERP, name="erp-app-01", size="Standard_E8s_v5", system="Windows", image=_WINDOWS, says=_WINDOWS_SAYS,
        agent_version="2.7.41491.1149", disk_gb=127, data_gb=(256,), tags={"application": "erp"},
        extensions=(_SCRIPT,), host_group="hg-erp", host="dedicated-01",
    ),
    Machine(
        **_DEV, name="dev-build-01", size="Standard_D8s_v5", system="Linux", image=_UBUNTU, says=("ubuntu", "24.04"),
        power="deallocated", tags={"environment": "development"},
    ),
    Machine(
        **_DEV, name="dev-test-01", size="Standard_B2ms", system="Linux", image=("", "", ""), says=("debian", "12.9"),
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
        seed.pages(f"{scope}/providers/Microsoft.Network/virtualNetworks", _NETWORK, networks)
    _extensions(seed)
    return seed.tape("azure", {"subscription_ids": None, "cloud": "AzureCloud", "endpoint": None})


def _extensions(seed: Seed) -> None:
    """Resource Graph has not yet seen the youngest machine's extension, so the machine itself is asked."""
    *known, youngest = (vm for vm in MACHINES if vm.extensions)
    rows = [row(vm, added) for vm in known for added in vm.extensions]
    asked = [guid(PRODUCTION), guid(DEVELOPMENT)]
    seed.graph("microsoft.compute/virtualmachines/extensions", asked, sorted(rows, key=lambda one: one["id"]))
    found = [extension(youngest, added) for added in youngest.extensions]
    seed.pages(f"{youngest.id}/extensions", _COMPUTE, found)
