"""The Azure Arc of the demo: machines of the vCenter seen from inside, and some that nothing else knows of."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import attrs
from shapes import TENANT, Item, Seed, denied, guid, resource, respelled, subscriptions

from hybridinv.wire.arc_resources import TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hybridinv.transport.tape import Tape

HOST = "management.azure.com"
SERVERS, BRANCHES = "Example Servers", "Example Branch Offices"
_VERSION, _SUBSCRIPTIONS, _RESOURCES, _VMWARE = "2024-07-10", "2022-12-01", "2021-04-01", "2023-10-01"
_TYPE = "Microsoft.HybridCompute/machines"
_GROUP, _LOCATION = "rg-arc-servers", "westeurope"

_MONITOR = "Microsoft.Azure.Monitor"
_ON_WINDOWS = (_MONITOR, "AzureMonitorWindowsAgent", "1.31.0.0", "")
_ON_LINUX = (_MONITOR, "AzureMonitorLinuxAgent", "1.33.4", "")
_BROKEN = (
    _MONITOR, "AzureMonitorLinuxAgent", "1.33.4",
    "Enable failed with exit code 55: cannot reach the package repository; see /var/log/azure",
)  # fmt: skip
_SQL = ("Microsoft.AzureData", "WindowsAgent.SqlServer", "1.1.3012.326", "")

_AGENT_ERROR = {
    "code": "HIMDS0042",
    "message": "The agent's certificate could not be renewed: the request to the identity service was refused.",
}


@attrs.frozen(kw_only=True)
class Hardware:
    """What SMBIOS and the network say inside a machine."""

    fqdn: str
    uuid: str
    maker: str
    model: str
    serial: str
    memory_bytes: int
    cpus: int
    nics: tuple[tuple[str, str], ...]
    disks: tuple[int, ...] = (480 * 2**30,)


@attrs.frozen(kw_only=True)
class Server:
    """A machine with the agent: its hardware, its system, and what the agent reports."""

    name: str
    hardware: Hardware
    system: str
    sku: str
    version: str
    status: str | None = "Connected"
    since: str = "2026-01-09T04:11:52.6830217Z"
    agent: str = "1.58.03228.2572"
    edition: str | None = None
    has_esu: bool = False
    errors: tuple[Item, ...] = ()
    extensions: tuple[tuple[str, str, str, str], ...] = ()
    tags: dict[str, str] = attrs.field(factory=dict)

    @property
    def id(self) -> str:
        return resource(SERVERS, _GROUP, _TYPE, self.name)


def swapped(bios_uuid: str) -> str:
    """The UUID with its first three groups byte-reversed, as systems with SMBIOS 2.6 or later show it."""
    return str(uuid.UUID(bytes=uuid.UUID(bios_uuid).bytes_le))


def servers(truth: Mapping[str, Any]) -> list[Server]:
    """The machines; those of the vCenter have the hardware that the simulator says they have."""
    inside = {vm["name"]: vm for vm in truth["vms"]}

    def of(name: str, *, old_smbios: bool = False) -> Hardware:
        return _on_vsphere(inside[name], old_smbios=old_smbios)

    windows = {"system": "windows", "sku": "Windows Server 2022 Datacenter", "version": "10.0.20348.3091",
               "edition": "datacenter"}  # fmt: skip
    old = {"system": "windows", "sku": "Windows Server 2012 R2 Standard", "version": "6.3.9600.22285",
           "edition": "standard", "has_esu": True}  # fmt: skip
    ubuntu = {"system": "linux", "sku": "Ubuntu 24.04.1 LTS", "version": "6.8.0-51-generic"}
    rhel = {"system": "linux", "sku": "Red Hat Enterprise Linux 9.5 (Plow)", "version": "5.14.0-503.19.1.el9_5.x86_64"}
    return [
        Server(
            name="SQL01", hardware=of("sql01"), **windows, extensions=(_ON_WINDOWS, _SQL),
            tags={"application": "orders", "Datacenter": "Utrecht"},
        ),
        Server(name="DC01", hardware=of("dc01"), **windows, extensions=(_ON_WINDOWS,), tags={"Datacenter": "Utrecht"}),
        Server(name="web01", hardware=of("web01"), **ubuntu, extensions=(_BROKEN,)),
        Server(name="web02", hardware=of("web02"), **ubuntu, status=None),
        # Upgraded from an old virtual hardware version, so its SMBIOS is old too.
        Server(
            name="app02", hardware=of("app02", old_smbios=True), **rhel, status="Error", errors=(_AGENT_ERROR,),
            since="2026-01-14T22:40:07.1193842Z", extensions=(_ON_LINUX,),
        ),
        Server(name="BACKUP01", hardware=_BACKUP, **windows, extensions=(_ON_WINDOWS,)),
        Server(
            name="kassa-tilburg", hardware=_TILL, **ubuntu, status="Disconnected", agent="1.52.02912.2016",
            since="2026-01-13T18:05:44.0021765Z",
        ),
        Server(
            name="TIMECLOCK", hardware=_CLOCK, **old, status="Expired", agent="1.37.02512.1287",
            since="2025-08-02T03:30:00.5500318Z",
        ),
    ]  # fmt: skip


_BACKUP = Hardware(
    fqdn="backup01.example.test", uuid="4C4C4544-0037-4B10-8051-B7C04F585233", maker="Dell Inc.",
    model="PowerEdge R760", serial="7K7QXR3", memory_bytes=128 * 2**30, cpus=64,
    nics=(("00:00:5e:00:53:21", "192.0.2.130"),), disks=(480 * 2**30, 16000 * 2**30),
)  # fmt: skip
_TILL = Hardware(
    fqdn="kassa-tilburg.example.test", uuid=guid("till"), maker="QEMU", model="Standard PC (Q35 + ICH9, 2009)",
    serial="", memory_bytes=4 * 2**30, cpus=2, nics=(("00:00:5e:00:53:22", "198.51.100.60"),), disks=(32 * 2**30,),
)  # fmt: skip
_CLOCK = Hardware(
    fqdn="timeclock.example.test", uuid=guid("clock").upper(), maker="Microsoft Corporation", model="Virtual Machine",
    serial="5120-7734-0911-4402-8861-2039-57", memory_bytes=8 * 2**30, cpus=2,
    nics=(("00:00:5e:00:53:23", "198.51.100.61"),), disks=(127 * 2**30,),
)  # fmt: skip


def _on_vsphere(vm: Mapping[str, Any], *, old_smbios: bool) -> Hardware:
    octets = uuid.UUID(vm["uuid"]).hex
    pairs = [octets[i : i + 2] for i in range(0, 32, 2)]
    return Hardware(
        fqdn=vm["guest_hostname"],
        uuid=vm["uuid"] if old_smbios else swapped(vm["uuid"]).upper(),
        maker="VMware, Inc.",
        model="VMware Virtual Platform" if old_smbios else "VMware20,1",
        serial=f"VMware-{' '.join(pairs[:8])}-{' '.join(pairs[8:])}",
        memory_bytes=vm["memory_bytes"],
        cpus=vm["cpus"],
        nics=tuple(zip((nic["mac"] for nic in vm["nics"]), vm["ip_addresses"], strict=True)),
        disks=tuple(disk["capacity_bytes"] for disk in vm["disks"]),
    )


def tape(truth: Mapping[str, Any]) -> Tape:
    """The tape of this estate. The account may not read the branch offices' machines."""
    seed = Seed(HOST)
    found = servers(truth)
    scope, refused = (f"/subscriptions/{guid(name)}" for name in (SERVERS, BRANCHES))
    seed.get("/subscriptions", _SUBSCRIPTIONS, subscriptions((SERVERS, BRANCHES)))
    seed.pages(f"{scope}/providers/{_TYPE}", _VERSION, [_machine(server) for server in found])
    no = denied("Microsoft.HybridCompute/machines/read", refused)
    seed.get(f"{refused}/providers/{_TYPE}", _VERSION, no, status=403)
    rows = [_row(server, added) for server in found for added in server.extensions]
    asked = [guid(SERVERS), guid(BRANCHES)]
    seed.graph("microsoft.hybridcompute/machines/extensions", asked, sorted(rows, key=lambda one: one["id"]))
    ids = [{"id": respelled(server.id)} for server in sorted(found, key=lambda one: one.id.lower())]
    seed.graph(_TYPE.lower(), asked, ids, "id")
    seed.pages(f"{scope}/providers/Microsoft.HybridCompute/licenses", _VERSION, [_license()])
    seed.pages(f"{refused}/providers/Microsoft.HybridCompute/licenses", _VERSION, [])
    _others(seed, scope, refused, asked)
    return seed.tape(
        "azure-arc", {"subscription_ids": None, "cloud": "AzureCloud", "endpoint": None, "detail": "summary"}
    )


def _license() -> Item:
    """Extended security updates for the time clock, which still runs Windows Server 2012."""
    return {
        "id": resource(SERVERS, _GROUP, "Microsoft.HybridCompute/Licenses", "esu-2012"),
        "name": "esu-2012",
        "type": "Microsoft.HybridCompute/licenses",
        "location": _LOCATION,
        "tags": {"CostCentre": "4711"},
        "properties": {
            "provisioningState": "Succeeded",
            "tenantId": TENANT,
            "licenseType": "ESU",
            "licenseDetails": {
                "state": "Activated",
                "target": "Windows Server 2012 R2",
                "edition": "Standard",
                "type": "vCore",
                "processors": 8,
                "assignedLicenses": 1,
                "immutableId": guid("esu-2012"),
            },
        },
    }


def _others(seed: Seed, scope: str, refused: str, asked: list[str]) -> None:
    """What Arc manages beside servers. The list of all resources shows an account what it may see, and no more."""
    found = _resources()
    wanted = " or ".join(f"resourceType eq '{type_}'" for type_ in TYPES)
    bare = [{key: value for key, value in one.items() if key != "properties"} for one in found]
    seed.pages(f"{scope}/resources", _RESOURCES, bare, **{"$filter": wanted})
    seed.pages(f"{refused}/resources", _RESOURCES, [], **{"$filter": wanted})
    types = ", ".join(f"'{type_}'" for type_ in TYPES)
    query = f"resources | where type in~ ({types}) | project id, kind, properties | order by id asc"
    rows = [{"id": respelled(one["id"]), "kind": one["kind"], "properties": one["properties"]} for one in found]
    seed.asked(query, asked, sorted(rows, key=lambda one: one["id"].lower()))
    vcenter = resource(SERVERS, _GROUP, "Microsoft.ConnectedVMwarevSphere/vcenters", "vc-lab")
    seed.pages(f"{vcenter}/inventoryItems", _VMWARE, [_item(*one) for one in _IN_THE_LAB])


_IN_THE_LAB = (
    ("vm-101", "VirtualMachine", "lab-build", "poweredOn"),
    ("vm-102", "VirtualMachine", "lab-old", "poweredOff"),
    ("host-11", "Host", "esx-lab.example.test", None),
)


def _resources() -> list[Item]:
    def one(type_: str, name: str, kind: str | None = None, **properties: object) -> Item:
        known = {"id": resource(SERVERS, _GROUP, type_, name), "name": name, "type": type_, "kind": kind}
        return {**known, "location": _LOCATION, "tags": {}, "properties": properties}

    sql01 = resource(SERVERS, _GROUP, _TYPE, "SQL01")
    return [
        one("Microsoft.ConnectedVMwarevSphere/vcenters", "vc-lab", "VMware", connectionStatus="Connected",
            version="7.0.3", fqdn="vc-lab.example.test", provisioningState="Succeeded"),
        one("Microsoft.ResourceConnector/appliances", "bridge-lab", status="Running", version="1.4.0",
            provisioningState="Succeeded"),
        one("Microsoft.Kubernetes/connectedClusters", "k8s-warehouse", connectivityStatus="Connected",
            kubernetesVersion="1.31.4", agentVersion="1.22.4", totalNodeCount=3),
        one("Microsoft.AzureArcData/sqlServerInstances", "SQL01", status="Connected", version="SQL Server 2022",
            edition="Standard", containerResourceId=respelled(sql01)),
    ]  # fmt: skip


def _item(moref: str, kind: str, name: str, power: str | None) -> Item:
    vcenter = resource(SERVERS, _GROUP, "Microsoft.ConnectedVMwarevSphere/VCenters", "vc-lab")
    seen = {"smbiosUuid": guid(name, "smbios"), "powerState": power} if power else {}
    properties = {"inventoryType": kind, "moRefId": moref, "moName": name, "provisioningState": "Succeeded", **seen}
    return {
        "id": f"{vcenter}/InventoryItems/{moref}",
        "name": moref,
        "type": "microsoft.connectedvmwarevsphere/vcenters/inventoryitems",
        "kind": kind,
        "properties": properties,
    }


def _machine(server: Server) -> Item:
    return {
        "id": server.id,
        "name": server.name,
        "location": _LOCATION,
        "type": _TYPE,
        "kind": None,
        "tags": server.tags,
        "identity": {"type": "SystemAssigned", "principalId": guid(server.name, "principal"), "tenantId": TENANT},
        "properties": {"provisioningState": "Succeeded", **_reported(server), **_seen(server)},
    }


def _reported(server: Server) -> Item:
    """What the agent says of itself; right after onboarding that is null."""
    return {
        "agentVersion": server.agent,
        "status": server.status,
        "lastStatusChange": server.since if server.status else None,
        "errorDetails": list(server.errors),
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
        "agentUpgrade": {"enableAutomaticUpgrade": False},
        "serviceStatuses": _services(server),
    }


def _services(server: Server) -> Item:
    state, start = ("running", "automatic") if server.system == "windows" else ("active", "enabled")
    return {name: {"status": state, "startupType": start} for name in ("extensionService", "guestConfigurationService")}


def _seen(server: Server) -> Item:
    """What the agent sees of the system and the hardware."""
    hardware = server.hardware
    short = hardware.fqdn.partition(".")[0]
    return {
        "displayName": server.name,
        "machineFqdn": hardware.fqdn,
        "adFqdn": hardware.fqdn,
        "dnsFqdn": hardware.fqdn,
        "domainName": "example.test" if server.system == "windows" else None,
        "osName": server.system,
        "osType": server.system,
        "osVersion": server.version,
        "osSku": server.sku,
        "osProfile": {"computerName": short.upper() if server.system == "windows" else short},
        "vmId": guid(server.name, "arc"),
        "vmUuid": hardware.uuid,
        "mssqlDiscovered": str(_SQL in server.extensions).lower(),
        "cloudMetadata": {"provider": "N/A"},
        "detectedProperties": _detected(hardware),
        "networkProfile": {"networkInterfaces": [_nic(number, *nic) for number, nic in enumerate(hardware.nics, 2)]},
        "storageProfile": {"disks": [_disk(server.system, *disk) for disk in enumerate(hardware.disks)]},
        "firmwareProfile": {"serialNumber": hardware.serial, "type": "EFI"},
        "osEdition": server.edition,
        "osInstallDate": "2025-04-02T09:12:44+00:00" if server.system == "windows" else None,
        **({"licenseProfile": _esu(server)} if server.has_esu else {}),
        "parentClusterResourceId": None,
        "privateLinkScopeResourceId": None,
    }


def _esu(server: Server) -> Item:
    license_ = resource(SERVERS, _GROUP, "Microsoft.HybridCompute/Licenses", "esu-2012")
    profile = {"esuEligibility": "Eligible", "licenseAssignmentState": "Assigned", "assignedLicense": {"id": license_}}
    return {"licenseStatus": "Licensed", "licenseChannel": "Volume:GVLK", "esuProfile": profile}


def _detected(hardware: Hardware) -> Item:
    return {
        "cloudprovider": "N/A",
        "coreCount": str(hardware.cpus),
        "logicalCoreCount": str(hardware.cpus),
        "manufacturer": hardware.maker,
        "model": hardware.model,
        "processorCount": "1",
        "serialNumber": hardware.serial,
        "totalPhysicalMemoryInBytes": str(hardware.memory_bytes),
        "totalPhysicalMemoryInGigabytes": str(hardware.memory_bytes // 2**30),
    }


def _nic(number: int, mac: str, address: str) -> Item:
    prefix = address.rpartition(".")[0] + ".0/24"
    ip = {"address": address, "ipAddressVersion": "IPv4", "subnet": {"addressPrefix": prefix}}
    return {"ipAddresses": [ip], "macAddress": mac, "id": str(number), "name": f"Ethernet{number - 2}"}


def _disk(system: str, number: int, size: int) -> Item:
    path = rf"\\.\PHYSICALDRIVE{number}" if system == "windows" else f"/dev/sd{'abcdefgh'[number]}"
    return {"path": path, "diskType": "Fixed hard disk media", "id": path, "name": path, "maxSizeInBytes": size}


def _row(server: Server, added: tuple[str, str, str, str]) -> Item:
    publisher, type_, version, failure = added
    name = type_.rpartition(".")[2]
    return {
        "id": respelled(f"{server.id}/extensions/{name}"),
        "name": name,
        "location": _LOCATION,
        "properties": {
            "publisher": publisher,
            "type": type_,
            "typeHandlerVersion": version,
            "autoUpgradeMinorVersion": False,
            "enableAutomaticUpgrade": not failure,
            "settings": {},
            "provisioningState": "Failed" if failure else "Succeeded",
            "instanceView": {
                "name": name,
                "type": type_,
                "typeHandlerVersion": version,
                "status": {
                    "code": "55" if failure else "0",
                    "level": "Error" if failure else "Information",
                    "message": failure or "Extension Message: Default configuration is in effect.",
                },
            },
        },
    }
