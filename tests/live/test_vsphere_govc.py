"""Machines against govc, VMware's own client: another decoder, and other people's reading of the same answers."""

from datetime import UTC, datetime

import pytest

from hybridinv.wire.reading import many

pytestmark = pytest.mark.live

POWER = {"poweredOn": "running", "poweredOff": "stopped", "suspended": "suspended"}
MEBIBYTE = 2**20


@pytest.fixture(params=["plain", "demo", "networks"])
def scene(request, read):
    simulator = request.getfixturevalue(request.param)
    return simulator, read(simulator, "full")


@pytest.fixture
def pairs(scene, govc):
    """Every machine, ours and govc's."""
    simulator, inventory = scene
    theirs = govc(simulator, "vm.info", *(f"VirtualMachine:{vm.native_id}" for vm in inventory.vms))["virtualMachines"]
    by_id = {simulator.id_of(vm["self"]["value"]): vm for vm in theirs}
    assert by_id.keys() == {vm.id for vm in inventory.vms}
    return [(vm, by_id[vm.id]) for vm in inventory.vms]


def moment(text):
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def attributes(theirs):
    """Custom attributes as govc's `fields.info` names them: by the definitions that come with the object."""
    names = {field["key"]: field["name"] for field in many(theirs["availableField"])}
    return {names[one["key"]]: one["value"] for one in many(theirs["customValue"])}


def test_what_a_machine_is(pairs):
    for ours, theirs in pairs:
        config, hardware = theirs["config"], theirs["config"]["hardware"]
        assert ours.name == theirs["name"]
        assert ours.power_state == POWER[theirs["runtime"]["powerState"]]
        assert (ours.cpus, ours.memory_bytes) == (hardware["numCPU"], hardware["memoryMB"] * MEBIBYTE)
        assert ours.cores_per_socket == hardware["numCoresPerSocket"]
        assert (ours.bios_uuid, ours.instance_uuid) == (config["uuid"], config["instanceUuid"])
        assert (ours.is_template, ours.firmware, ours.hardware_version) == (
            config["template"], config["firmware"], config["version"],
        )  # fmt: skip
        assert ours.created_at == moment(config["createDate"])
        assert ours.booted_at == moment(theirs["runtime"].get("bootTime"))
        assert ours.annotation == config.get("annotation", "")
        assert ours.config_path == config["files"]["vmPathName"]
        assert ours.is_encrypted == ("keyId" in config)
        assert ours.settings.items() <= {one["key"]: one["value"] for one in config["extraConfig"]}.items()


def test_where_a_machine_is(scene, pairs):
    simulator, _ = scene
    for ours, theirs in pairs:
        assert ours.host_id == simulator.id_of(theirs["runtime"]["host"]["value"])
        assert ours.resource_pool_id == simulator.id_of(theirs["resourcePool"]["value"])
        assert bool(ours.vapp) == bool(theirs["parentVApp"])
        assert ours.custom_attributes == attributes(theirs)


def test_how_a_machine_fares(pairs):
    for ours, theirs in pairs:
        guest, stats, storage = theirs["guest"], theirs["summary"]["quickStats"], theirs["summary"]["storage"]
        assert ours.hostname == guest.get("hostName", "")
        assert set(ours.ip_addresses) == {ip for net in many(guest.get("net")) for ip in many(net.get("ipAddress"))}
        assert (ours.agent.version or "0") == guest["toolsVersion"]
        assert (ours.health, ours.heartbeat) == (theirs["overallStatus"], theirs["guestHeartbeatStatus"])
        assert ours.cpu_usage_mhz == stats.get("overallCpuUsage")
        assert (ours.memory_consumed_bytes or 0) == stats.get("hostMemoryUsage", 0) * MEBIBYTE
        assert (ours.memory_ballooned_bytes or 0) == stats.get("balloonedMemory", 0) * MEBIBYTE
        assert (ours.committed_bytes, ours.uncommitted_bytes, ours.unshared_bytes) == (
            storage["committed"], storage["uncommitted"], storage["unshared"],
        )  # fmt: skip
        assert [(one.path, one.capacity_bytes, one.free_bytes) for one in ours.partitions] == [
            (disk["diskPath"], disk["capacity"], disk["freeSpace"]) for disk in many(guest.get("disk"))
        ]


def test_allocations(pairs):
    for ours, theirs in pairs:
        for allocation, name, unit in (
            (ours.cpu_allocation, "cpuAllocation", 1),
            (ours.memory_allocation, "memoryAllocation", MEBIBYTE),
        ):
            told = theirs["config"][name]
            assert allocation.reservation == told["reservation"] * unit
            assert allocation.limit == (None if told["limit"] < 0 else told["limit"] * unit)
            assert (allocation.shares, allocation.level) == (told["shares"]["shares"], told["shares"]["level"])


def test_disks_with_their_sizes(scene, pairs):
    simulator, _ = scene
    for ours, theirs in pairs:
        devices = {device["key"]: device for device in theirs["config"]["hardware"]["device"]}
        sizes = {file["key"]: file["size"] for file in theirs["layoutEx"]["file"]}
        files = {
            disk["key"]: [key for link in disk["chain"] for key in link["fileKey"]]
            for disk in theirs["layoutEx"]["disk"]
        }
        told = {str(key): device for key, device in devices.items() if "capacityInBytes" in device}
        assert {disk.native_id for disk in ours.disks} == told.keys()
        for disk in ours.disks:
            device = told[disk.native_id]
            backing, links = device["backing"], []
            while backing:
                links.append(backing["fileName"])
                backing = backing.get("parent")
            assert disk.capacity_bytes == device["capacityInBytes"]
            assert disk.name == device["deviceInfo"]["label"]
            assert (disk.chain, disk.chain_length) == (tuple(links), len(links))
            assert disk.datastore_id == simulator.id_of(device["backing"]["datastore"]["value"])
            assert disk.thin == device["backing"].get("thinProvisioned")
            assert disk.uuid == device["backing"].get("uuid", "")
            assert disk.controller == devices[device["controllerKey"]]["deviceInfo"]["label"]
            assert disk.unit_number == device["unitNumber"]
            assert disk.size_bytes == sum(sizes[key] for key in files[int(disk.native_id)])


def test_network_adapters(scene, pairs):
    simulator, inventory = scene
    for ours, theirs in pairs:
        told = [device for device in theirs["config"]["hardware"]["device"] if "macAddress" in device]
        assert [nic.mac_address for nic in ours.nics] == [device["macAddress"] for device in told]
        for nic, device in zip(ours.nics, told, strict=True):
            backing = device["backing"]
            moref = backing["port"]["portgroupKey"] if "port" in backing else backing["network"]["value"]
            assert nic.network_id == simulator.id_of(moref)
            assert inventory.networks.get(nic.network_id)
            assert nic.connected == device["connectable"]["connected"]
            reported = [net for net in many(theirs["guest"].get("net")) if net["deviceConfigId"] == device["key"]]
            assert list(nic.ip_addresses) == [ip for net in reported for ip in many(net.get("ipAddress"))]


def test_types_of_devices(scene, govc):
    """`device.info` names the type of each device; `vm.info` does not. Machines with something rare will do."""
    simulator, inventory = scene
    rare = [vm for vm in inventory.vms if vm.has_tpm or len(vm.devices) > 1 or len({nic.type for nic in vm.nics}) > 1]
    for vm in rare[:20] or inventory.vms[:3]:
        told = {
            device["key"]: device
            for device in govc(simulator, "device.info", "-vm", f"VirtualMachine:{vm.native_id}")["devices"]
        }
        for disk in vm.disks:
            assert disk.controller_type == told[told[int(disk.native_id)]["controllerKey"]]["type"]
        assert [nic.type for nic in vm.nics] == [one["type"] for one in told.values() if "macAddress" in one]
        assert vm.has_tpm == any(one["type"] == "VirtualTPM" for one in told.values())
        labels = {one["deviceInfo"]["label"] for one in told.values()}
        assert {device.name for device in vm.devices} <= labels


def trees(nodes, parent=""):
    """Snapshots as govc prints them, parents before children."""
    for node in many(nodes):
        yield node, parent
        yield from trees(node["childSnapshotList"], node["name"])


def test_snapshots_with_their_sizes(scene, pairs, govc):
    """`snapshot.tree -s` counts as we do, but for one thing: it leaves out the file of a snapshot's memory."""
    simulator, _ = scene
    with_snapshots = [(ours, theirs) for ours, theirs in pairs if ours.snapshots]
    assert with_snapshots
    for ours, theirs in with_snapshots:
        told = list(trees(govc(simulator, "snapshot.tree", "-s", "-vm", f"VirtualMachine:{ours.native_id}")))
        assert [(one.name, one.parent, one.is_current) for one in ours.snapshots] == [
            (node["name"], parent, node["current"]) for node, parent in told
        ]
        layout = theirs["layoutEx"]
        sizes = {file["key"]: file["size"] for file in layout["file"]}
        memory = {one["key"]["value"]: sizes.get(one["memoryKey"], 0) for one in layout["snapshot"]}
        for one, (node, _) in zip(ours.snapshots, told, strict=True):
            assert one.size_bytes - memory[one.native_id] == node["size"], (ours.name, one.name)
            assert one.has_memory == bool(memory[one.native_id])


def test_tags(scene, govc):
    simulator, inventory = scene
    categories = {one["id"]: one["name"] for one in many(govc(simulator, "tags.category.ls"))}
    told = {}
    for tag in many(govc(simulator, "tags.ls")):
        for attached in many(govc(simulator, "tags.attached.ls", "-l", tag["id"])):
            category = categories[attached["tag"]["category_id"]]
            for one in many(attached["object_ids"]):
                told.setdefault(simulator.id_of(one["id"]), {}).setdefault(category, set()).add(tag["name"])
    kinds = ("vms", "hosts", "clusters", "datastores", "networks", "switches", "resource_pools")
    records = {record.id: record for kind in kinds for record in inventory.tables()[kind]}
    found = {id_: record.tags for id_, record in records.items() if record.tags}
    assert found == {
        id_: {name: ", ".join(sorted(tags)) for name, tags in of_it.items()} for id_, of_it in told.items()
    }
