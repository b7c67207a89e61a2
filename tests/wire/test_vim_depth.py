"""Every property of a machine that is asked for: read, absent, and of a wrong type."""

import random

import attrs
import pytest

from hybridinv.model import Allocation, Partition, Tags, VirtualMachine
from hybridinv.wire.soap import Row
from hybridinv.wire.vim.machines import read_vm
from hybridinv.wire.vim.paths import property_paths
from wire.vim_machine import disk, everything
from wire.vim_rows import DENIED, id_of, machine, row, tree, with_devices

POOLS = (
    row("ResourcePool", "resgroup-1", name="Resources", parent="domain-c1"),
    row("ResourcePool", "resgroup-2", name="Gold%2fSilver", parent="resgroup-1"),
    row("VirtualApp", "resgroup-v2", name="Shop", parent="resgroup-2"),
)
ASKED = property_paths("vms", "9.0", "full")["VirtualMachine"]
SUMMARY = property_paths("vms", "9.0")["VirtualMachine"]


def read(properties, missing=None):
    named = tree(*POOLS, attributes={"101": "Owner"}, tags={"vm-1": Tags({"Backup": "gold"})})
    return read_vm(Row("VirtualMachine", "vm-1", properties, missing or {}), named)


def without(path):
    return {name: value for name, value in everything().items() if name != path}


EXPECTED = {
    "annotation": "The shop's front",
    "booted_at": "2026-01-14T08:00:00+00:00",
    "change_tracking": True,
    "committed_bytes": 3000,
    "config_path": "[ds1] web01/web01.vmx",
    "connection_state": "connected",
    "consolidation_needed": True,
    "cores_per_socket": 2,
    "cpu_affinity": ("2", "3"),
    "cpu_allocation": Allocation(reservation=500, limit=4000, shares=2000, level="custom", expandable=True),
    "cpu_hot_add": True,
    "cpu_hot_remove": False,
    "cpu_usage_mhz": 40,
    "cpus": 4,
    "created_at": "2025-03-01T09:00:00.500000+00:00",
    "custom_attributes": {"Owner": "web team"},
    "disabled_methods": ("MigrateVM_Task", "RelocateVM_Task"),
    "domain": "example.com",
    "evc_mode": "intel-broadwell",
    "fault_tolerance": "notConfigured",
    "features": ("cpuid.AES Bool:Min:1",),
    "firmware": "efi",
    "folder": "Web/Apps",
    "guest_state": "running",
    "ha_protected": True,
    "hardware_version": "vmx-21",
    "has_tpm": False,
    "health": "yellow",
    "heartbeat": "green",
    "hostname": "web01.example.com",
    "is_encrypted": True,
    "is_template": True,
    "latency_sensitivity": "high",
    "location": "Utrecht",
    "managed_by": "com.vmware.vcDr placeholderVm",
    "memory_active_bytes": 256 * 2**20,
    "memory_affinity": ("0",),
    "memory_allocation": Allocation(reservation=2**30, limit=2**32, shares=2000, level="custom", expandable=True),
    "memory_ballooned_bytes": 2**20,
    "memory_bytes": 2**33,
    "memory_consumed_bytes": 2**31,
    "memory_hot_add": True,
    "memory_swapped_bytes": 2**21,
    "migrate_encryption": "required",
    "nested_virtualization": True,
    "os_name": "Microsoft Windows Server 2022 (64-bit)",
    "os_type": "windows",
    "partitions": (Partition(path="C:\\", capacity_bytes=1000, free_bytes=400, filesystem="NTFS", disks=("2000",)),),
    "performance_counters": True,
    "power_state": "running",
    "question": "Was it moved or copied?",
    "resource_pool": "Resources/Gold/Silver/Shop",
    "resource_pool_id": id_of("resgroup-v2"),
    "secure_boot": True,
    "settings": {"disk.EnableUUID": "TRUE"},
    "suspended_at": "2026-01-13T08:00:00+00:00",
    "swap_placement": "hostLocal",
    "tags": {"Backup": "gold"},
    "tools_installer_mounted": True,
    "uncommitted_bytes": 2000,
    "unshared_bytes": 1000,
    "uptime_seconds": 86400,
    "vapp": "Shop",
}


def test_everything_at_once():
    vm = read(everything())
    found = {name: getattr(vm, name) for name in EXPECTED}
    moments = {name: value.isoformat() for name, value in found.items() if hasattr(value, "isoformat")}
    assert {**found, **moments} == EXPECTED
    assert vm.agent.auto_upgrade is True
    assert [one.size_bytes for one in (*vm.disks, *vm.snapshots)] == [10500, 70]
    assert ["locked" in problem.message for problem in vm.problems] == [True]


def test_every_field_that_vsphere_has_is_filled():
    vm = read(everything())
    with_source = [field for field in attrs.fields(VirtualMachine) if "vsphere" in field.metadata.get("sources", {})]
    bare = VirtualMachine(id="", name="", platform="", source="")
    elsewhere = {"devices", "cpu_hot_remove", "has_tpm"}
    empty = {field.name for field in with_source if getattr(vm, field.name) == getattr(bare, field.name)}
    assert empty - elsewhere == set()


INSTEAD = {
    "config.guestId": "guest.guestId",
    "config.guestFullName": "guest.guestFullName",
    "guest.ipAddress": "guest.net",
    "parentVApp": "resourcePool",
}
"""What is looked at only where another property says nothing."""


@pytest.mark.parametrize("path", ASKED)
def test_no_property_is_asked_for_in_vain(path):
    properties = without(INSTEAD.get(path, ""))
    with_it = read(properties)
    del properties[path]
    assert read(properties) != with_it


def test_the_example_holds_nothing_that_is_not_asked_for():
    assert set(everything()) == set(ASKED)


@pytest.mark.parametrize("path", ASKED)
def test_what_is_absent_costs_nothing_else(path):
    whole, less = read(everything()), read(without(path))
    names = [field.name for field in attrs.fields(VirtualMachine) if field.name != "problems"]
    assert sum(getattr(whole, name) != getattr(less, name) for name in names) <= 6
    assert {problem.error for problem in less.problems} <= {""}


TEXT, OBJECT, LIST = "x", {"_type": "Odd"}, [["x"]]
WRONG = [
    (path, odd)
    for path, right in everything().items()
    for odd in (TEXT, OBJECT, LIST)
    # A text alone or an object alone may be a list of one; that there is a key counts, not what it is.
    if type(odd) is not type(right if type(right) is not list else right[0]) and path not in ("name", "config.keyId")
]


@pytest.mark.parametrize(("path", "odd"), WRONG)
def test_what_is_of_a_wrong_type_is_noted_and_costs_nothing_else(path, odd):
    properties = without(INSTEAD.get(path, ""))
    vm, right = read({**properties, path: odd}), read(properties)
    assert (vm.id, vm.name, vm.source) == (id_of("vm-1"), "web01", "vc01.example.com")
    noted = [problem.message for problem in vm.problems if problem.error == "UnexpectedAnswer"]
    assert len(noted) >= 1
    assert all(message.startswith(path) for message in noted)
    names = [field.name for field in attrs.fields(VirtualMachine) if field.name != "problems"]
    assert sum(getattr(vm, name) != getattr(right, name) for name in names) <= 6


NOT_TEXT = {
    "config.createDate": "yesterday", "runtime.bootTime": "soon", "runtime.suspendTime": "12",
    "config.template": "perhaps", "config.vPMCEnabled": "2", "runtime.consolidationNeeded": "no",
    "config.hardware.numCPU": "many", "config.hardware.memoryMB": "9" * 30, "config.hardware.numCoresPerSocket": "²",
}  # fmt: skip


@pytest.mark.parametrize("path", NOT_TEXT)
def test_texts_that_are_no_number_no_moment_no_truth_are_noted(path):
    vm = read({**everything(), path: NOT_TEXT[path]})
    assert [problem.error for problem in vm.problems if path in problem.message] == ["UnexpectedAnswer"]


def test_the_summary_reads_what_it_asks_for_and_leaves_the_rest_unknown():
    vm = read({path: value for path, value in everything().items() if path in SUMMARY})
    whole = read(everything())
    for name in ("annotation", "evc_mode", "cpu_affinity", "disabled_methods", "is_encrypted", "resource_pool_id"):
        assert getattr(vm, name) == getattr(whole, name)
    assert (vm.committed_bytes, vm.cpu_allocation, vm.features, vm.settings) == (None, Allocation(), (), {})
    assert (vm.disks[0].size_bytes, vm.snapshots[0].size_bytes, vm.agent.auto_upgrade) == (None, None, None)


# one by one


@pytest.mark.parametrize(
    ("key", "is_kept"),
    [
        ("disk.EnableUUID", True), ("disk.enableuuid", True), ("acpi.smbiosVersion2.7", True),
        ("pciPassthru0.cfg.vgpu_mode", True), ("pciPassthru12.cfg.a.b", True), ("pciPassthru.use64bitMMIO", True),
        ("pciPassthru.64bitMMIOSizeGB", True), ("numa.nodeAffinity", True), ("numa.vcpu.maxPerVirtualNode", True),
        ("sched.mem.pin", True), ("sched.cpu.affinity", True), ("tools.syncTime", True), ("SMBIOS.reflectHost", True),
        ("vgpu.hotmigrate.enabled", True),
        ("guestinfo.userdata", False), ("guestinfo.disk.EnableUUID", False), ("disk.EnableUUID.x", False),
        ("diskxEnableUUID", False), ("pciPassthru0.id", False), ("sched.swap.derivedName", False),
        ("tools.guest.password", False), ("machine.id", False), ("RemoteDisplay.vnc.password", False),
        ("guestinfo.x\ndisk.EnableUUID", False), ("", False),
    ],
)  # fmt: skip
def test_only_settings_known_to_hold_no_secret_are_kept(key, is_kept):
    vm = machine(config__extraConfig=[{"_type": "OptionValue", "key": key, "value": "s3cret"}])
    assert vm.settings == ({key: "s3cret"} if is_kept else {})
    assert vm.problems == ()


def test_only_methods_that_move_are_kept():
    every = ["MigrateVM_Task", "PowerOffVM_Task", "RelocateVM_Task", "CloneVM_Task", "ReconfigVM_Task"]
    assert machine(disabledMethod=every).disabled_methods == ("MigrateVM_Task", "RelocateVM_Task")
    assert machine(disabledMethod="RelocateVM_Task").disabled_methods == ("RelocateVM_Task",)


def test_unlimited_is_no_limit():
    unlimited = {"reservation": "0", "limit": "-1", "shares": {"level": "normal", "shares": "4000"}}
    vm = machine(config__cpuAllocation=unlimited, config__memoryAllocation=unlimited)
    assert vm.cpu_allocation == vm.memory_allocation == Allocation(reservation=0, shares=4000, level="normal")


def test_encryption_is_unknown_where_nobody_may_see():
    assert machine().is_encrypted is False
    assert machine({"config.keyId": DENIED}).is_encrypted is None
    assert read_vm(row("VirtualMachine", "vm-1", name="lost"), tree()).is_encrypted is None


def test_no_cores_per_socket_is_unknown():
    assert machine(config__hardware__numCoresPerSocket="0").cores_per_socket is None


@pytest.mark.parametrize(
    ("hostname", "domain"),
    [
        ("web01.example.com", "example.com"), ("web01", ""), ("web01.", ""), ("web01.example.com.", "example.com"),
        ("192.0.2.1", ""), ("", ""),
    ],
)  # fmt: skip
def test_domains(hostname, domain):
    assert machine(guest__hostName=hostname).domain == domain


def test_pools_by_name():
    def pool(moref, **properties):
        place = {"name": "web01", "runtime__host": "host-1", "resourcePool": moref, **properties}
        return read_vm(row("VirtualMachine", "vm-1", **place), tree(*POOLS))

    assert (pool("resgroup-1").resource_pool, pool("resgroup-1").vapp) == ("Resources", "")
    assert pool("resgroup-2").resource_pool == "Resources/Gold/Silver"
    assert (pool("resgroup-v2").vapp, pool("resgroup-v2").folder) == ("Shop", "")
    assert pool("resgroup-v2").location == "Utrecht"
    assert (pool("resgroup-9").resource_pool, pool("resgroup-9").resource_pool_id) == ("", id_of("resgroup-9"))
    assert pool("resgroup-1", parentVApp="resgroup-v2").vapp == "Shop"


def test_custom_attributes_without_a_name_keep_their_key():
    values = [{"key": "101", "value": "a"}, {"key": "102", "value": ""}]
    vm = read_vm(row("VirtualMachine", "vm-1", customValue=values), tree(attributes={"101": "Owner"}))
    assert vm.custom_attributes == {"Owner": "a", "102": ""}
    assert machine(customValue=[]).custom_attributes == machine().custom_attributes == {}


def test_partitions_without_disks():
    assert machine(guest__disk=[{"diskPath": "/", "capacity": "10"}]).partitions == (
        Partition(path="/", capacity_bytes=10),
    )


def test_records_of_the_same_features_share_them():
    needed = [{"key": f"cpuid.{number}", "value": "Bool:Min:1"} for number in range(50)]
    assert machine(runtime__featureRequirement=needed).features is machine(runtime__featureRequirement=needed).features


def test_ids_are_shared():
    assert machine().host_id == id_of("host-1")
    place = tree()
    assert place.id_of("host-1") is place.id_of("host-1")
    assert place.id_of("") == place.id_of(None) == ""


# anything


GARBAGE = [
    None, "", "x", "-1", "9" * 40, "²", "true", "2026-01-01T00:00:00Z", 7, 1.5, True, [], [[]], ["x", None], {},
    {"_type": "X"}, {"_type": ["x"], "key": {"key": {}}}, [{"key": []}, {"key": "2000"}], {"parent": {"parent": "x"}},
]  # fmt: skip


def garbled(value, chance):
    """The value with some of its parts replaced."""
    if chance.random() < 0.06:
        return chance.choice(GARBAGE)
    if isinstance(value, dict):
        return {key: garbled(inner, chance) for key, inner in value.items()}
    if isinstance(value, list):
        return [garbled(inner, chance) for inner in value]
    return value


@pytest.mark.parametrize("seed", range(20))
def test_whatever_comes_there_is_a_record(seed):
    chance = random.Random(seed)
    for _ in range(50):
        properties = {path: garbled(value, chance) for path, value in everything().items() if chance.random() < 0.9}
        vm = read(properties, {"config.uuid": DENIED})
        assert vm.id == id_of("vm-1")
        assert isinstance(vm.name, str)
        assert hash(vm)
        for field in attrs.fields(VirtualMachine):
            value = getattr(vm, field.name)
            if field.name.endswith(("_bytes", "_mhz", "cpus", "_seconds")):
                assert value is None or type(value) is int
            assert not isinstance(value, (list, dict))


def test_hostile_chains_end():
    backing = {}
    for level in range(3000):
        backing = {"fileName": f"[a] {level}.vmdk", "parent": backing or None}
    (found,) = with_devices(disk(**backing)).disks
    assert found.chain_length == 3000
