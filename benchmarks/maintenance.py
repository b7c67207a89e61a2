"""Planning the maintenance of ten hosts, in estates of several sizes."""

from __future__ import annotations

import itertools
import statistics
import time

import hybridinv as hi
from report import Measure, Section, at_most, run_alone

_HOSTS, _CLUSTER, _GIB = 10, 12, 2**30
_SIZES = (2_500, 5_000, 10_000)
_TEXT = """\
An estate made by hand: one cluster of 12 hosts with fully automated DRS, machines with two disks on shared datastores
and one adapter, every hundredth kept apart from the next by a rule. Ten of the hosts are planned, one after the other,
so that five machines of six move; the inventory has not been asked anything before.
"""


def measure(rounds: int) -> Section:
    """Seconds for each size, and how they grow."""
    times = {size: statistics.median(_seconds(size) for _ in range(rounds)) for size in _SIZES}
    growth = times[_SIZES[-1]] / times[_SIZES[0]] / (_SIZES[-1] / _SIZES[0])
    measures = [Measure(f"{size:,} machines", f"{times[size]:.2f} s") for size in _SIZES[:-1]]
    measures.append(at_most(f"{_SIZES[-1]:,} machines", times[_SIZES[-1]], 2.0, form="{:.2f} s"))
    measures.append(at_most("growth of the time, by that of the estate", growth, 1.5, "1 is linear"))
    return Section("Planning maintenance", _TEXT, measures)


def _seconds(size: int) -> float:
    inventory = estate(size)
    names = [host.name for host in inventory.hosts[:_HOSTS]]
    started = time.perf_counter()
    plan = hi.plan_maintenance(inventory, names)
    seconds = time.perf_counter() - started
    if {impact.effect for impact in plan.impacts} != {hi.Effect.LIVE_MIGRATES}:
        raise RuntimeError(f"not what was to be measured: {plan.title}")
    return seconds


def estate(size: int) -> hi.Inventory:
    """So many machines in one cluster."""
    here = {"platform": "vsphere", "source": "vc"}
    hosts = [
        hi.Host(
            id=f"h{n}", name=f"esx{n:04}", cluster_id=f"c{n // _CLUSTER}", memory_bytes=size * 2 * _GIB,
            cpu_cores=64, cpu_mhz=2500, cpu_usage_mhz=20_000, **here,
        )
        for n in range(_CLUSTER)
    ]  # fmt: skip
    adapters = [
        hi.VMkernelAdapter(
            id=f"{host.id}/vmk1", name="vmk1", device="vmk1", host_id=host.id, services=["vmotion"],
            ip_address=f"10.0.{n // 250}.{n % 250 + 1}", subnet_mask="255.255.0.0", link_speed_mbps=25_000, **here,
        )
        for n, host in enumerate(hosts)
    ]  # fmt: skip
    members: dict[str, list[str]] = {}
    for host in hosts:
        members.setdefault(host.cluster_id, []).append(host.id)
    vms = [
        hi.VirtualMachine(
            id=f"v{n}", name=f"vm{n:05}", host_id=(host := hosts[n % len(hosts)]).id, cluster_id=host.cluster_id,
            power_state="running", memory_bytes=(4 + n % 13) * _GIB, cpus=4,
            disks=[hi.Disk(datastore_id=f"{host.cluster_id}-d{k}") for k in (n % 8, (n + 1) % 8)],
            nics=[hi.Nic(network_id=f"{host.cluster_id}-n{n % 5}", connected=True)], **here,
        )
        for n in range(size)
    ]  # fmt: skip
    clusters = []
    for id_, host_ids in members.items():
        own = [vm.id for vm in vms if vm.cluster_id == id_][::100]
        rules = [
            hi.ClusterRule(name=f"apart {pair[0]}", kind="apart", enabled=True, vm_ids=pair)
            for pair in itertools.pairwise(own)
        ]
        clusters.append(
            hi.Cluster(
                id=id_,
                name=id_,
                host_ids=host_ids,
                drs_enabled=True,
                drs_behavior="fullyAutomated",
                rules=rules,
                **here,
            )
        )
    datastores = [
        hi.Datastore(id=f"{id_}-d{k}", name=f"{id_}-d{k}", host_ids=ids, **here)
        for id_, ids in members.items()
        for k in range(8)
    ]
    networks = [
        hi.Network(id=f"{id_}-n{k}", name=f"{id_}-n{k}", kind="distributed", host_ids=ids, **here)
        for id_, ids in members.items()
        for k in range(5)
    ]
    return hi.Inventory(
        hosts=hosts, vms=vms, clusters=clusters, datastores=datastores, networks=networks, vmkernel_adapters=adapters
    )


if __name__ == "__main__":
    run_alone(measure)
