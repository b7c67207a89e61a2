"""What the checks of agents say and cite: names of the agents, VMware's words for versions, the documents."""

from __future__ import annotations

from hybridinv.model import Severity

AGENTS = {
    "vmware-tools": "VMware Tools",
    "azure-vm-agent": "the VM agent",
    "connected-machine-agent": "the connected machine agent",
}
ARC_SUPPORT = (
    "Microsoft Learn, Overview of Azure Connected Machine agent, "
    "https://learn.microsoft.com/azure/azure-arc/servers/agent-overview"
)
AZURE_AGENT = (
    "Microsoft Learn, Azure Virtual Machine Agent overview, "
    "https://learn.microsoft.com/azure/virtual-machines/extensions/agent-windows"
)
SPECIALISED = (
    "Azure REST API, Virtual Machines, osProfile.windowsConfiguration.provisionVMAgent and "
    "osProfile.linuxConfiguration.provisionVMAgent"
)
EXTENSIONS = (
    "Microsoft Learn, Virtual machine extensions and features, "
    "https://learn.microsoft.com/azure/virtual-machines/extensions/overview"
)
TOOLS = "vSphere Web Services API, VirtualMachineToolsRunningStatus and VirtualMachineToolsVersionStatus"
TOOLS_VERSIONS = {
    "guestToolsTooOld": (Severity.WARNING, "is too old to work properly"),
    "guestToolsBlacklisted": (Severity.WARNING, "has a known grave error, and should be upgraded at once"),
    "guestToolsTooNew": (Severity.WARNING, "is too new to work properly with its host"),
    "guestToolsNeedUpgrade": (Severity.INFO, "is not the version of its host"),
    "guestToolsSupportedOld": (Severity.INFO, "is supported, and there is a newer one"),
}
"""The words of the API for a version that is not as it should be: how much it matters, and what it says."""
