"""Two hosts that can migrate machines between them in every way, and the machine of the tests."""

from __future__ import annotations

from hybridinv.inventory import Inventory
from hybridinv.model import Datastore, Disk, Host, VirtualMachine, VMkernelAdapter

GIB = 2**30
HERE = {"platform": "vsphere", "source": "vc01"}
FLAGS = {
    "vmotionSupported",
    "storageVMotionSupported",
    "vmotionWithStorageVMotionSupported",
    "suspendedRelocateSupported",
}


def host(number, **fields):
    return Host(**{"id": f"host-{number}", "name": f"esx0{number}", **HERE, **fields})


def vmk(number, device, *services, **fields):
    """vmk<d> of host n has 10.0.<d>.<n>/24, 10 Gbit/s and MTU 1500."""
    defaults = {
        "id": f"host-{number}/{device}",
        "name": device,
        "device": device,
        "host_id": f"host-{number}",
        "services": services,
        "ip_address": f"10.0.{device[3:]}.{number}",
        "subnet_mask": "255.255.255.0",
        "mtu": 1500,
        "link_speed_mbps": 10000,
        "netstack": "defaultTcpipStack",
    }
    return VMkernelAdapter(**{**defaults, **HERE, **fields})


def full(number):
    return [
        vmk(number, "vmk0", "management"),
        vmk(number, "vmk1", "vmotion"),
        vmk(number, "vmk2", "vSphereProvisioning"),
    ]


def disk(capacity=100 * GIB, chain=1, datastore="ds-shared"):
    return Disk(capacity_bytes=capacity, chain_length=chain, datastore_id=datastore)


def machine(**fields):
    defaults = {
        "id": "vm-1",
        "name": "web01",
        "host_id": "host-1",
        "power_state": "running",
        "memory_bytes": 10 * GIB,
        "disks": [disk()],
    }
    return VirtualMachine(**{**defaults, **HERE, **fields})


def estate(vm=None, adapters=None, hosts=None, **fields):
    return Inventory(
        vms=[vm or machine()],
        hosts=hosts or [host(1), host(2)],
        vmkernel_adapters=[*full(1), *full(2)] if adapters is None else adapters,
        datastores=[
            Datastore(id="ds-shared", name="shared", host_ids=["host-1", "host-2"], **HERE),
            Datastore(id="ds-other", name="other", host_ids=["host-1", "host-2"], **HERE),
            Datastore(id="ds-far", name="far", host_ids=["host-2"], **HERE),
        ],
        **fields,
    )


def codes(plan, severity=None):
    return [f.code for f in plan.findings if severity in (None, f.severity)]
