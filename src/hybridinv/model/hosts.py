"""Hosts: what virtual machines run on."""

from __future__ import annotations

from datetime import datetime

import attrs

from hybridinv.model.fact import fact, several
from hybridinv.model.findings import Problem
from hybridinv.model.machines import PowerState


@attrs.frozen(kw_only=True)
class Host:
    """An ESXi host, or a node of an Azure Stack Hub scale unit."""

    id: str = attrs.field(metadata={"doc": "Unique across sources; see VirtualMachine.id."})
    name: str = attrs.field(metadata={"doc": "Its name on the platform."})
    platform: str = attrs.field(metadata={"doc": "`vsphere` or `azure-stack-hub`."})
    source: str = attrs.field(metadata={"doc": "Which endpoint it was read from."})
    cluster_id: str = fact("", "Its cluster or scale unit.", vsphere="parent", hub="scaleUnitUri")
    location: str = fact("", "Datacenter or region.", vsphere="datacenter of parent", hub="location")
    vendor: str = fact("", "Maker.", vsphere="hardware.systemInfo.vendor", hub="vendor")
    model: str = fact("", "Model.", vsphere="hardware.systemInfo.model", hub="model")
    serial_number: str = fact("", "Serial number.", vsphere="hardware.systemInfo.serialNumber", hub="serialNumber")
    bios_uuid: str = fact("", "SMBIOS UUID, lower case.", vsphere="hardware.systemInfo.uuid")
    cpu_model: str = fact("", "CPU model.", vsphere="summary.hardware.cpuModel")
    cpu_sockets: int | None = fact(None, "CPU packages.", vsphere="hardware.cpuInfo.numCpuPackages")
    cpu_cores: int | None = fact(None, "CPU cores.", vsphere="hardware.cpuInfo.numCpuCores", hub="capacity.cores")
    cpu_threads: int | None = fact(None, "CPU threads.", vsphere="hardware.cpuInfo.numCpuThreads")
    cpu_mhz: int | None = fact(None, "CPU clock.", unit="MHz", vsphere="summary.hardware.cpuMhz")
    memory_bytes: int | None = fact(
        None, "Memory.", unit="bytes", vsphere="hardware.memorySize", hub="capacity.memoryGB"
    )
    hypervisor: str = fact("", "Product name.", vsphere="config.product.name")
    version: str = fact("", "Product version.", vsphere="config.product.version")
    build: str = fact("", "Product build.", vsphere="config.product.build")
    connection_state: str = fact(
        "", "As the platform words it.", vsphere="runtime.connectionState", hub="scaleUnitNodeStatus"
    )
    power_state: PowerState = fact(
        PowerState.UNKNOWN, "Whether it runs.", converter=PowerState, vsphere="runtime.powerState", hub="powerState"
    )
    in_maintenance: bool | None = fact(
        None, "In maintenance mode.", vsphere="runtime.inMaintenanceMode", hub="scaleUnitNodeStatus"
    )
    booted_at: datetime | None = fact(None, "Last boot.", vsphere="runtime.bootTime")
    capabilities: frozenset[str] = several(
        frozenset(), "The vMotion and storage flags that are set, by their API names.", vsphere="capability.*"
    )
    problems: tuple[Problem, ...] = several((), "What could not be read of it, or is odd about it.")
