"""Microsoft.HybridCompute rows → records: servers seen by the Arc agent, and their extensions."""

from __future__ import annotations

import re
from sys import intern
from typing import Any

from hybridinv.model import Disk, Extension, Nic, OSType, VirtualMachine
from hybridinv.wire.arc_agent import read_agent
from hybridinv.wire.arm import arm_id, extension_ids, own_id, own_name
from hybridinv.wire.compute import read_extension as _read_extension
from hybridinv.wire.reading import Body, Origin, in_64_bits, is_address, mac_text, uuid_text

__all__ = ["extension_ids", "read_extension", "read_machine"]

_FIRMWARE = {"bios": "bios", "efi": "efi", "uefi": "efi", "": "", "unknown": ""}
_ESU = "licenseProfile.esuProfile"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# Maker and model, as SMBIOS has them. A hypervisor can be told to show its host's maker, so this goes first.
_VIRTUAL = re.compile(
    r"vmware|microsoft corporation\|virtual machine|kvm|qemu|hvm|xen|virtualbox|innotek|parallels|bhyve|bochs"
    r"|openstack|ovirt|rhev|nutanix\|ahv|google compute engine|amazon ec2\|(?!.*metal)"
)
_PHYSICAL = re.compile(
    r"(dell|hewlett|hpe?\b|lenovo|fujitsu|cisco|super ?micro|ibm\b|huawei|inspur|quanta|intel\b)"
    r"|microsoft corporation\|surface|amazon ec2\|.*metal"
)
_VIRTUAL_KINDS = {"vmware", "hci", "scvmm", "avs", "aws", "gcp", "eps"}


def read_machine(body: dict[str, Any], origin: Origin) -> VirtualMachine:
    """A server seen by the Arc agent; any field may be null, and Arc never says whether the server runs.

    `connection_state` is the status as written; `is_virtual` is None where neither `kind` nor maker and model
    tell. `UnexpectedAnswer` where it has no id. API: `machines`.
    """
    item, rid = Body(body), own_id(body)
    properties = item.at("properties")
    detected = properties.at("detectedProperties")
    nics = _nics(properties.at("networkProfile"))
    id_ = arm_id(rid.text)
    return VirtualMachine(
        id=id_,
        name=own_name(item, rid),
        platform=origin.platform,
        source=origin.source,
        location=intern(item.text("location")),
        resource_group=rid.resource_group,
        subscription_id=rid.subscription_id,
        connection_state=intern(properties.text("status")),
        os_type=_os_type(properties),
        os_name=intern(_known(properties, "osSku") or _known(properties, "osName")),
        cpus=_cpus(properties, detected),
        memory_bytes=_memory(properties, detected),
        serial_number=item.text("properties.detectedProperties.serialNumber"),
        bios_uuid=_bios_uuid(properties),
        native_id=properties.text("vmId"),
        resource_id=rid.text,
        hostname=_hostname(properties),
        ip_addresses=tuple(dict.fromkeys(address for nic in nics for address in nic.ip_addresses)),
        disks=_disks(properties.at("storageProfile")),
        nics=nics,
        agent=read_agent(properties),
        tags=item.tags(),
        is_virtual=_is_virtual(item, detected),
        firmware=_firmware(properties),
        domain=_known(properties, "domainName"),
        os_version=_known(properties, "osVersion"),
        os_edition=_known(properties, "osEdition"),
        os_installed_at=properties.moment("osInstallDate"),
        vendor=intern(_known(detected, "manufacturer")),
        model=intern(_known(detected, "model")),
        kind=intern(item.text("kind")),
        cloud_provider=_cloud(properties, detected),
        parent_cluster_id=arm_id(properties.text("parentClusterResourceId")),
        private_link_scope_id=arm_id(properties.text("privateLinkScopeResourceId")),
        has_sql_server=properties.truth("mssqlDiscovered"),
        license_type=_license_type(properties.at("licenseProfile")),
        esu_status=properties.text("licenseProfile.esuProfile.licenseAssignmentState"),
        esu_eligibility=intern(properties.text(f"{_ESU}.esuEligibility")),
        esu_key_state=intern(properties.text(f"{_ESU}.esuKeyState")),
        license_id=_license_id(properties),
        license_status=intern(properties.text("licenseProfile.licenseStatus")),
        product_type=intern(properties.text("licenseProfile.productProfile.productType")),
        provisioning_state=intern(properties.text("provisioningState")),
        problems=item.problems(origin, "vms", id_),
    )


def read_extension(body: dict[str, Any], origin: Origin) -> Extension:
    """An extension of an Arc machine from its ARM resource or Resource Graph row, in the words of Azure's.

    `UnexpectedAnswer` where it has no id. API: `machines/extensions`, `instanceView.status`.
    """
    return _read_extension(body, None, origin)


def _known(body: Body, path: str) -> str:
    # the Linux agent writes "unknown" where it knows nothing
    text = body.text(path).strip()
    return "" if text.lower() == "unknown" else text


def _cloud(properties: Body, detected: Body) -> str:
    words = (_known(properties, "cloudMetadata.provider"), _known(detected, "cloudprovider"))
    return intern(next((word for word in words if word and word.upper() != "N/A"), ""))


def _license_type(profile: Body) -> str:
    """How the system is licensed: attested, by the hour, else the channel of its key as the system words it."""
    if profile.truth("softwareAssurance.softwareAssuranceCustomer"):
        return "SoftwareAssurance"
    if profile.text("productProfile.subscriptionStatus").lower() == "enabled":
        return "PayAsYouGo"
    return profile.text("licenseChannel")


def _license_id(properties: Body) -> str:
    """The licence's id: the service writes it alone, or as an object that has it."""
    license_ = properties.look(f"{_ESU}.assignedLicense")
    return arm_id(
        Body(license_).text("id") if isinstance(license_, dict) else properties.text(f"{_ESU}.assignedLicense")
    )


def _hostname(properties: Body) -> str:
    paths = ("machineFqdn", "dnsFqdn", "osProfile.computerName", "displayName")
    return next(filter(None, (_known(properties, path) for path in paths)), "")


def _os_type(properties: Body) -> OSType:
    words = [_known(properties, path).lower() for path in ("osType", "osName", "osSku")]
    for kind in (OSType.WINDOWS, OSType.LINUX):
        if any(kind.value in word for word in words):
            return kind
    return OSType.OTHER if words[0] else OSType.UNKNOWN


def _bios_uuid(properties: Body) -> str:
    text = uuid_text(_known(properties, "vmUuid"))
    if text and not _UUID.fullmatch(text):
        properties.note("vmUuid", "a UUID", text)
        return ""
    return text


def _cpus(properties: Body, detected: Body) -> int | None:
    logical = _number(detected, "logicalCoreCount")
    hardware = properties.at("hardwareProfile")
    cores = [processor.amount("numberOfCores") for processor in hardware.each("processors")]
    # a list shorter than the sockets says nothing of the others
    whole = len(cores) >= (hardware.number("numberOfCpuSockets") or 1)
    try:
        return logical or (in_64_bits(sum(core or 0 for core in cores)) if whole else 0) or None
    except OverflowError:
        properties.note("hardwareProfile.processors[].numberOfCores", "numbers", cores)
        return None


def _memory(properties: Body, detected: Body) -> int | None:
    return (
        _number(detected, "totalPhysicalMemoryInBytes")
        or properties.amount("hardwareProfile.totalPhysicalMemoryInBytes")
        or detected.gigabytes("totalPhysicalMemoryInGigabytes")
    )


def _number(detected: Body, path: str) -> int | None:
    return detected.amount(path) if _known(detected, path) else None


def _nics(network: Body) -> tuple[Nic, ...]:
    return tuple(
        Nic(
            name=nic.text("name", "id"),
            mac_address=mac_text(nic.text("macAddress")),
            ip_addresses=_addresses(nic),
        )
        for nic in network.each("networkInterfaces")
    )


def _addresses(nic: Body) -> tuple[str, ...]:
    found = []
    for address in filter(None, (item.text("address") for item in nic.each("ipAddresses"))):
        if is_address(address):
            found.append(address)
        else:
            nic.note("networkInterfaces[].ipAddresses[].address", "an IP address", address)
    return tuple(found)


def _disks(storage: Body) -> tuple[Disk, ...]:
    return tuple(
        Disk(name=disk.text("name"), capacity_bytes=disk.amount("maxSizeInBytes"), path=disk.text("path"))
        for disk in storage.each("disks")
    )


def _firmware(properties: Body) -> str:
    word = properties.text("firmwareProfile.type").lower()
    if word not in _FIRMWARE:
        properties.note("firmwareProfile.type", "BIOS or EFI", word)
    return _FIRMWARE.get(word, "")


def _is_virtual(item: Body, detected: Body) -> bool | None:
    """What its `kind` says, else what SMBIOS says of maker and model; None where neither does."""
    if item.text("kind").lower() in _VIRTUAL_KINDS:
        return True
    made = f"{_known(detected, 'manufacturer')}|{_known(detected, 'model')}".lower()
    if _VIRTUAL.search(made):
        return True
    return False if _PHYSICAL.match(made) else None
