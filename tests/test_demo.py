"""The demo: what is in it, what is missing, and that it asks nobody."""

import importlib
import socket
import uuid
from collections import Counter
from pathlib import Path

import pytest

import hybridinv as hi
from hybridinv.demo import TAPES
from hybridinv.inventory import KINDS

HERE = Path(__file__).parent
ARC_ACTION = "Microsoft.HybridCompute/machines/read"


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("the demo went to the network")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(scope="module")
def inv():
    return hi.demo()


def test_what_it_holds(inv):
    held = {
        kind: dict(Counter(record.platform for record in records)) for kind, records in inv.tables().items() if records
    }
    assert held == {
        "hosts": {"vsphere": 5, "azure-stack-hub": 4},
        "vms": {"vsphere": 14, "azure-stack-hub": 4, "azure": 6, "azure-arc": 8},
        "extensions": {"azure-stack-hub": 3, "azure": 6, "azure-arc": 6},
        "vmkernel_adapters": {"vsphere": 13},
        "clusters": {"vsphere": 2, "azure-stack-hub": 1},
        "datastores": {"vsphere": 9},
        "networks": {"vsphere": 7, "azure-stack-hub": 1, "azure": 2},
        "switches": {"vsphere": 8},
        "resource_pools": {"vsphere": 3},
        "licenses": {"vsphere": 4, "azure-arc": 1},
        "resources": {"azure-arc": 7},
    }


def test_one_gap_and_it_says_whose_and_why(inv):
    assert not inv.complete
    assert {problem.kind for problem in inv.problems} == {"vms", "extensions"}
    (gap,) = {(problem.scope, problem.error) for problem in inv.problems}
    scope, error = gap
    message, echo = (problem.message for problem in sorted(inv.problems, key=lambda one: one.kind, reverse=True))
    assert echo.startswith("not read, because the machines")
    assert scope.startswith("/subscriptions/")
    assert error == "AccessDenied"
    assert f"'{ARC_ACTION}'" in message
    assert f"'{scope}'" in message
    assert scope.rpartition("/")[2] not in {vm.subscription_id for vm in inv.vms}


def test_the_error_names_what_is_missing():
    arc = hi.replay(TAPES / "azure-arc")
    with pytest.raises(hi.AccessDenied) as caught:
        arc.vms()
    assert caught.value.missing == ARC_ACTION


def test_it_asks_nobody(no_network, inv):
    with pytest.raises(AssertionError, match="went to the network"):
        socket.create_connection(("192.0.2.1", 443), timeout=0.1)
    assert hi.demo() == inv


def test_the_same_every_time(tmp_path):
    files = [tmp_path / name for name in ("first", "second")]
    for file in files:
        hi.demo().save(file)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_importing_the_module_does_not_hide_the_function(inv):
    assert importlib.import_module("hybridinv.demo")() == inv


def test_machines_seen_twice(inv):
    on_vsphere = {vm.bios_uuid: vm for vm in inv.vms.where(platform="vsphere")}
    orders = {}
    for server in inv.vms.where(platform="azure-arc"):
        as_is, swapped = server.bios_uuid, str(uuid.UUID(bytes=uuid.UUID(server.bios_uuid).bytes_le))
        for order, bios_uuid in (("as is", as_is), ("swapped", swapped)):
            if machine := on_vsphere.get(bios_uuid):
                orders.setdefault(order, []).append(machine.name)
                assert {nic.mac_address for nic in server.nics} == {nic.mac_address for nic in machine.nics}
                assert server.hostname == machine.hostname
                assert server.memory_bytes == machine.memory_bytes
    assert orders == {"swapped": ["sql01", "dc01", "web01", "web02"], "as is": ["app02"]}


def test_the_other_arc_machines_share_no_hardware(inv):
    macs = {nic.mac_address for vm in inv.vms.where(platform="vsphere") for nic in vm.nics}
    others = {
        server.name: server.is_virtual
        for server in inv.vms.where(platform="azure-arc")
        if macs.isdisjoint(nic.mac_address for nic in server.nics)
    }
    assert others == {"BACKUP01": False, "kassa-tilburg": True, "TIMECLOCK": True}


def test_agents_of_every_kind(inv):
    found = {vm.name: str(vm.agent.status) for vm in inv.vms if vm.platform != "vsphere"}
    assert {name: status for name, status in found.items() if status != "ready"} == {
        "historian-01": "not_ready",
        "spare-01": "unknown",
        "shop-web-02": "not_ready",
        "dev-build-01": "unknown",
        "web02": "unknown",
        "app02": "error",
        "kassa-tilburg": "disconnected",
        "TIMECLOCK": "expired",
    }


def test_failed_extensions(inv):
    failed = inv.extensions.where(status="error")
    assert {(inv.vms.get(one.vm_id).name, one.type) for one in failed} == {
        ("erp-app-01", "CustomScriptExtension"),
        ("web01", "AzureMonitorLinuxAgent"),
    }
    assert all(one.message and one.provisioning_state == "Failed" for one in failed)


def test_where_the_machines_of_the_hub_run(inv):
    nodes = {host.id: host.name for host in inv.hosts}
    on = {vm.name: nodes.get(vm.host_id, "") for vm in inv.vms.where(platform="azure-stack-hub")}
    assert on == {
        "mes-app-01": "HUB1-NODE01",
        "mes-db-01": "HUB1-NODE02",
        "historian-01": "HUB1-NODE04",
        "spare-01": "",
    }
    counted = {host.name: len(host.vm_ids) for host in inv.hosts.where(platform="azure-stack-hub")}
    assert counted == {"HUB1-NODE01": 2, "HUB1-NODE02": 1, "HUB1-NODE03": 0, "HUB1-NODE04": 2}


def test_what_arc_manages_beside_servers(inv):
    assert Counter(one.type.rpartition("/")[2] for one in inv.resources) == {
        "inventoryitems": 3, "vcenters": 1, "appliances": 1, "connectedclusters": 1, "sqlserverinstances": 1,
    }  # fmt: skip
    (sql,) = inv.resources.where(type="microsoft.azurearcdata/sqlserverinstances")
    assert inv.vms.get(sql.machine_id).name == "SQL01"
    (esu,) = inv.licenses.where(platform="azure-arc")
    assert [inv.vms.get(id_).name for id_ in esu.assigned_ids] == ["TIMECLOCK"]
    assert str(inv.vms.find("TIMECLOCK").agent.released_on) == "2023-12-01"


def test_things_worth_showing(inv):
    assert [host.name for host in inv.hosts.where(in_maintenance=True)] == ["HUB1-NODE03"]
    assert inv.vms.find("shop-web-01").maintenance.startswith("redeploy can be started now")
    assert inv.vms.find("erp-app-01").host_id.endswith("/hostgroups/hg-erp/hosts/dedicated-01")
    assert len(inv.vms.find("shop-sql-01").disks) == 3


def test_nothing_on_it_is_odd(inv):
    records = [record for name in KINDS for record in getattr(inv, name)]
    assert [problem for record in records for problem in getattr(record, "problems", ())] == []


def test_references_lead_somewhere(inv):
    ids = {record.id for records in inv.tables().values() for record in records}
    for vm in inv.vms.where(platform="vsphere"):
        assert {vm.host_id, vm.cluster_id, *(nic.network_id for nic in vm.nics)} <= ids
        assert {disk.datastore_id for disk in vm.disks} <= ids
    assert {one.vm_id for one in inv.extensions} <= ids
    assert {host.cluster_id for host in inv.hosts} <= ids
    assert {id_ for cluster in inv.clusters for id_ in cluster.host_ids} <= ids


def test_the_seeded_tapes_are_what_the_seeds_give(inv, monkeypatch, tmp_path):
    """Nobody has changed a tape by hand, or a seed without `make tapes`."""
    monkeypatch.syspath_prepend(str(HERE / "seeding"))
    names = ("seed_hub", "seed_azure", "seed_arc")
    hub, azure, arc = (importlib.import_module(name) for name in names)
    for tape in (hub.tape(), azure.tape(), arc.tape(truth_of(inv))):
        tape.write(tmp_path / tape.platform)
        assert files_in(tmp_path / tape.platform) == files_in(TAPES / tape.platform), "run make tapes"


@pytest.mark.live
def test_the_recorded_tape_is_what_the_simulator_gives(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(HERE / "seeding"))
    vcenter = importlib.import_module("vcenter")
    built = HERE.parent / "build" / "simulator"
    with vcenter.running(built if built.is_file() else vcenter.build(tmp_path)) as simulator:
        hi.record(simulator.adapter(), tmp_path / "vsphere", detail="full")
    assert files_in(tmp_path / "vsphere") == files_in(TAPES / "vsphere"), "run make tapes"


def files_in(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def truth_of(inv):
    """What the simulator's truth.json says of the machines, as the vSphere tape has it."""
    return {
        "vms": [
            {
                "name": vm.name,
                "uuid": vm.bios_uuid,
                "guest_hostname": vm.hostname,
                "cpus": vm.cpus,
                "memory_bytes": vm.memory_bytes,
                "ip_addresses": vm.ip_addresses,
                "nics": [{"mac": nic.mac_address} for nic in vm.nics],
                "disks": [{"capacity_bytes": disk.capacity_bytes} for disk in vm.disks],
            }
            for vm in inv.vms.where(platform="vsphere")
        ]
    }
