"""Every record, field by field, against what the simulator says it made."""

from datetime import UTC, datetime

import attrs
import pytest

from hybridinv.model import Agent, AgentStatus, Disk, Nic, OSType, PowerState, Snapshot

pytestmark = pytest.mark.live

POWER = {
    "poweredOn": PowerState.RUNNING,
    "poweredOff": PowerState.STOPPED,
    "suspended": PowerState.SUSPENDED,
    "unknown": PowerState.UNKNOWN,
}


@pytest.fixture(scope="module", params=["plain", "demo"])
def scene(request):
    simulator = request.getfixturevalue(request.param)
    with simulator.adapter() as vcenter:
        inventory = vcenter.inventory()
    assert inventory.complete, list(inventory.problems)
    return simulator, inventory


def moment(text):
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def same(records, expected, *ignored):
    """Every record has exactly the expected fields, and defaults in all others but the ignored ones."""
    found = {
        record.id: {field.name: getattr(record, field.name) for field in attrs.fields(type(record))}
        for record in records
    }
    assert len(found) == len(records)
    assert found.keys() == expected.keys()
    defaults = {f.name: f.default for f in attrs.fields(records.type) if f.default is not attrs.NOTHING}
    for id_, fields in expected.items():
        unknown = {name: found[id_][name] for name in ignored}
        assert found[id_] == {**defaults, **fields, **unknown, "id": id_}


def common(simulator, truth):
    return {
        "name": truth["name"],
        "platform": "vsphere",
        "source": f"{simulator.host}:{simulator.port}",
        "location": simulator.truth["datacenters"][0]["name"],
        "problems": (),
    }


def test_machines(scene):
    simulator, inventory = scene
    expected = {simulator.id_of(vm["moref"]): machine(simulator, vm) for vm in simulator.truth["vms"]}
    same(inventory.vms, expected)


def machine(simulator, vm):
    return {
        **common(simulator, vm),
        "host_id": simulator.id_of(vm["host_moref"]),
        "cluster_id": simulator.id_of(vm["cluster_moref"]),
        "folder": vm["folder"],
        "power_state": POWER[vm["power_state"]],
        "connection_state": vm["connection_state"],
        "os_type": OSType.WINDOWS if "Windows" in vm["guest_full_name"] else OSType.LINUX,
        "os_name": vm["guest_full_name"],
        "cpus": vm["cpus"],
        "memory_bytes": vm["memory_bytes"],
        "bios_uuid": vm["uuid"],
        "instance_uuid": vm["instance_uuid"],
        "native_id": vm["moref"],
        "hostname": vm["guest_hostname"] or "",
        "ip_addresses": tuple(vm["ip_addresses"]),
        "disks": tuple(disk(simulator, one) for one in vm["disks"]),
        "nics": tuple(nic(simulator, one) for one in vm["nics"]),
        "snapshots": tuple(snapshot(one) for one in vm["snapshots"]),
        "agent": agent(vm),
        "is_template": vm["template"],
        "is_virtual": True,
        "created_at": moment(vm["created"]),
        "hardware_version": vm["hardware_version"],
        "firmware": vm["firmware"],
    }


def disk(simulator, one):
    return Disk(
        name=one["label"],
        capacity_bytes=one["capacity_bytes"],
        datastore_id=simulator.id_of(one["datastore_moref"]),
        path=one["file"],
        thin=one["thin"],
        mode=one["mode"],
        sharing="sharingNone",
        is_raw=False,
        chain_length=one["chain_length"],
    )


def nic(simulator, one):
    return Nic(
        name=one["label"],
        mac_address=one["mac"],
        network_id=simulator.id_of(one["network_moref"]),
        ip_addresses=one["ip_addresses"],
        connected=one["connected"],
        type=one["type"],
    )


def snapshot(one):
    return Snapshot(
        name=one["name"],
        created_at=moment(one["created"]),
        description=one["description"],
        parent=one["parent"] or "",
    )


def agent(vm):
    words = {
        "toolsOk": (AgentStatus.READY, "guestToolsCurrent"),
        "toolsOld": (AgentStatus.READY, "guestToolsSupportedOld"),
        "toolsNotInstalled": (AgentStatus.NOT_INSTALLED, "guestToolsNotInstalled"),
        "toolsNotRunning": (AgentStatus.NOT_READY, None),
    }
    status, installed = words[vm["tools_status"]]
    if installed is None:
        installed = "guestToolsSupportedOld" if vm["tools_version"] == "10346" else "guestToolsCurrent"
    return Agent(
        kind="vmware-tools",
        version="" if vm["tools_version"] == "0" else vm["tools_version"],
        status=status,
        message=f"{vm['tools_running_status']}, {installed}",
    )


def test_hosts(scene):
    simulator, inventory = scene
    expected = {
        simulator.id_of(host["moref"]): {
            **common(simulator, host),
            "cluster_id": simulator.id_of(host["cluster_moref"]),
            "vendor": host["vendor"],
            "model": host["model"],
            "serial_number": host["serial_number"],
            "bios_uuid": host["uuid"],
            "cpu_model": host["cpu_model"],
            "cpu_sockets": host["sockets"],
            "cpu_cores": host["cores"],
            "cpu_threads": host["threads"],
            "cpu_mhz": host["mhz"],
            "memory_bytes": host["memory_bytes"],
            "hypervisor": "VMware ESXi",
            "version": host["version"],
            "build": host["build"],
            "connection_state": host["connection_state"],
            "power_state": POWER[host["power_state"]],
            "in_maintenance": host["in_maintenance"],
            "booted_at": moment(host["boot_time"]),
            "capabilities": frozenset(name for name, has in host["capabilities"].items() if has),
        }
        for host in simulator.truth["hosts"]
    }
    same(inventory.hosts, expected)


def test_vmkernel_adapters(scene):
    simulator, inventory = scene
    expected = {
        f"{simulator.id_of(host['moref'])}/{one['device']}": adapter(simulator, host, one)
        for host in simulator.truth["hosts"]
        for one in host["vmkernel_adapters"]
    }
    same(inventory.vmkernel_adapters, expected)


def adapter(simulator, host, one):
    stack = [other for other in host["vmkernel_adapters"] if other["netstack"] == one["netstack"]]
    return {
        "name": one["device"],
        "platform": "vsphere",
        "source": f"{simulator.host}:{simulator.port}",
        "problems": (),
        "host_id": simulator.id_of(host["moref"]),
        "device": one["device"],
        "services": frozenset(one["services"]),
        "ip_address": one["ip"],
        "subnet_mask": one["mask"],
        "ipv6_addresses": (),
        # A stack's gateway is the first address of the network of its first adapter.
        "gateway": stack[0]["ip"].rpartition(".")[0] + ".1",
        "mac_address": one["mac"],
        "mtu": one["mtu"],
        "netstack": one["netstack"],
        "portgroup": one["portgroup"],
        "vlan_id": one["vlan_id"],
        "switch": one["switch"],
        "uplinks": tuple(one["uplinks"]),
        "link_speed_mbps": one["link_speed_mbps"] or 0,
    }


def test_clusters(scene):
    simulator, inventory = scene
    hosts = {host["moref"]: host for host in simulator.truth["hosts"]}
    expected = {
        simulator.id_of(cluster["moref"]): {
            **common(simulator, cluster),
            "host_ids": tuple(simulator.id_of(host) for host in cluster["hosts"]),
            "cpu_cores": sum(hosts[host]["cores"] for host in cluster["hosts"]),
            "memory_bytes": sum(hosts[host]["memory_bytes"] for host in cluster["hosts"]),
        }
        for cluster in simulator.truth["clusters"]
    }
    same(inventory.clusters, expected, "drs_enabled", "drs_behavior", "ha_enabled", "evc_mode", "state")


def test_datastores(scene):
    simulator, inventory = scene
    expected = {
        simulator.id_of(store["moref"]): {
            **common(simulator, store),
            "type": store["type"],
            "capacity_bytes": store["capacity_bytes"],
            "free_bytes": store["free_bytes"],
            "host_ids": tuple(simulator.id_of(host) for host in store["host_morefs"]),
            "shared": store["shared"],
            "accessible": True,
            "maintenance_mode": "normal",
        }
        for store in simulator.truth["datastores"]
    }
    same(inventory.datastores, expected, "url")
    assert all(store.url.startswith("ds:///vmfs/volumes/") for store in inventory.datastores)


def test_networks(scene):
    simulator, inventory = scene
    expected = {
        simulator.id_of(network["moref"]): {
            **common(simulator, network),
            "kind": {"uplink": "distributed"}.get(network["kind"], network["kind"]),
            "vlan_id": network["vlan_id"],
            "switch": network["switch"],
            "host_ids": tuple(simulator.id_of(host) for host in network["host_morefs"]),
            "address_prefixes": (),
        }
        for network in simulator.truth["networks"]
    }
    same(inventory.networks, expected)


def test_counts(scene):
    simulator, inventory = scene
    truth = simulator.truth
    assert len(inventory.vms) == len(truth["vms"])
    assert len(inventory.hosts) == len(truth["hosts"])
    assert len(inventory.vmkernel_adapters) == sum(len(host["vmkernel_adapters"]) for host in truth["hosts"])


def test_three_pages_of_machines(simulate):
    simulator = simulate("-vms", "1200")
    with simulator.adapter() as vcenter:
        vms = vcenter.vms()
    expected = {simulator.id_of(vm["moref"]): machine(simulator, vm) for vm in simulator.truth["vms"]}
    assert len(expected) == 1200
    same(vms, expected)
