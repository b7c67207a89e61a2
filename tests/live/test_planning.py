"""Plans from what a server says: five set-ups of hosts in every direction, and the demo's estate."""

from __future__ import annotations

import pytest

import hybridinv as hi

pytestmark = pytest.mark.live

PROVISIONING, MANAGEMENT = "vSphereProvisioning", "management"

# What carries vMotion and cold data on each of the hosts, and how fast: worked out by hand from the scene.
#   1  vMotion tagged on vmk1 (vmnic1, 10 Gbit/s, MTU 1500), nothing for Provisioning: vmk0
#   2  vMotion and Provisioning on stacks of their own (25 Gbit/s, MTU 9000)
#   3  the same by tag on a distributed switch: vMotion over 25, Provisioning over 10 Gbit/s
#   4  one adapter for management and vMotion (1 Gbit/s), in the management subnet
#   5  as 1, but vmnic1 is down; the host is in quarantine
VMOTION = {1: ("vmk1", 10000), 2: ("vmk1", 25000), 3: ("vmk1", 25000), 4: ("vmk0", 1000), 5: ("vmk1", 0)}
COLD = {1: ("vmk0", 10000), 2: ("vmk2", 25000), 3: ("vmk2", 10000), 4: ("vmk0", 1000), 5: ("vmk0", 10000)}
JUMBO_VMOTION, JUMBO_COLD, WITH_PROVISIONING = {2, 3}, {2, 3}, {2, 3}
PAIRS = [(source, destination) for source in VMOTION for destination in VMOTION if source != destination]


@pytest.fixture(scope="module")
def scene(simulate):
    return simulate("-scene", "plain", "-clusters", "1", "-hosts", "5", "-vms", "100")


@pytest.fixture(scope="module")
def inv(scene):
    with scene.adapter() as vcenter:
        return vcenter.inventory(detail="full")


@pytest.fixture(scope="module")
def matrix(inv):
    return hi.migration_matrix(inv)


def path(inv, matrix, source, destination, purpose):
    hosts = {int(host.name[6:8]): host for host in inv.hosts}
    return matrix.get(f"{hosts[source].id} {hosts[destination].id} {purpose}")


def test_the_scene_is_as_it_is_said_to_be(scene):
    """The truth about the hosts, against the tables above."""
    for number, host in enumerate(scene.truth["hosts"], 1):
        adapters = {one["device"]: one for one in host["vmkernel_adapters"]}
        device, speed = VMOTION[number]
        assert "vmotion" in adapters[device]["services"]
        assert (adapters[device]["link_speed_mbps"] or 0) == speed
        assert (adapters[device]["mtu"] == 9000) is (number in JUMBO_VMOTION)
        serving = [one["device"] for one in adapters.values() if PROVISIONING in one["services"]]
        assert serving == ([COLD[number][0]] if number in WITH_PROVISIONING else [])


@pytest.mark.parametrize(("source", "destination"), PAIRS)
def test_vmotion_in_every_direction(inv, matrix, source, destination):
    found = path(inv, matrix, source, destination, "vmotion")
    assert (found.source_device, found.destination_device) == (VMOTION[source][0], VMOTION[destination][0])
    assert found.link_speed_mbps == min(VMOTION[source][1], VMOTION[destination][1])
    assert (found.service, found.fallback) == ("vmotion", False)
    assert found.feasible is (5 not in (source, destination))
    codes = {finding.code for finding in found.findings}
    assert ("VMotionLinkDown" in codes) is (5 in (source, destination))
    assert ("HostInQuarantine" in codes) is (destination == 5)
    assert ("MtuMismatch" in codes) is ((source in JUMBO_VMOTION) is not (destination in JUMBO_VMOTION))
    assert codes <= {"VMotionLinkDown", "HostInQuarantine", "MtuMismatch", "DifferentSubnets"}


def test_routed_vmotion_needs_gateways_of_its_own(inv, matrix):
    """10.20.0.0/24 and host 4's 10.10.0.0/24: only the vMotion stack of host 2 has a gateway in its own subnet."""
    warned = {
        (source, destination)
        for source, destination in PAIRS
        for finding in path(inv, matrix, source, destination, "vmotion").findings
        if finding.code == "DifferentSubnets"
    }
    assert warned == {(4, other) for other in (1, 3, 5)} | {(other, 4) for other in (1, 3, 5)}


@pytest.mark.parametrize(("source", "destination"), PAIRS)
def test_cold_data_in_every_direction(inv, matrix, source, destination):
    found = path(inv, matrix, source, destination, PROVISIONING)
    both = {source, destination} <= WITH_PROVISIONING
    assert (found.service, found.fallback) == ((PROVISIONING, False) if both else (MANAGEMENT, True))
    assert (found.source_device, found.destination_device) == (COLD[source][0], COLD[destination][0])
    assert found.link_speed_mbps == min(COLD[source][1], COLD[destination][1])
    assert found.feasible
    codes = [finding.code for finding in found.findings]
    assert codes.count("ProvisioningNotConfigured") == len({source, destination} - WITH_PROVISIONING)
    mixed = (source in WITH_PROVISIONING) is not (destination in WITH_PROVISIONING)
    assert ("DifferentSubnets" in codes) is mixed
    assert ("MtuMismatch" in codes) is mixed
    assert ("UnifiedDataTransport" in codes) is both


def test_plans_use_the_paths_of_the_matrix(inv, matrix):
    running = [vm for vm in inv.vms if vm.power_state == "running"]
    planned = 0
    for vm in running[:20]:
        for host in inv.hosts:
            if host.id == vm.host_id:
                continue
            plan = hi.plan_migration(inv, vm, to_host=host)
            (memory,) = [flow for flow in plan.flows if flow.data == "memory"]
            found = matrix.get(f"{vm.host_id} {host.id} vmotion")
            assert (memory.source_adapter.id, memory.destination_adapter.id) == (
                found.source_adapter_id,
                found.destination_adapter_id,
            )
            planned += 1
    assert planned == 80


KEPT = {  # by number: what the scene gave that machine, and what that means for a change of host
    4: ("DeviceBackingNotSupported", "a CD of its host"),
    11: ("DeviceBackingNotSupported", "a parallel port of its host"),
    12: ("UsbDeviceNotEnabledForVMotion", "a USB device of its host"),
    14: ("DisallowedMigrationDeviceAttached", "a passed through device"),
    20: ("DisallowedMigrationDeviceAttached", "a vGPU that cannot be moved"),
    21: ("DisallowedMigrationDeviceAttached", "SR-IOV"),
    28: ("AffinityConfigured", "bound to CPUs"),
    32: ("CannotMoveFaultToleranceVm", "Fault Tolerance"),
    33: ("ToolsInstallationInProgress", "the installer is mounted"),
    35: ("MigrationDisabled", "disabled by somebody"),
    36: ("QuestionPending", "a question"),
    40: ("MachineInUseByAnExtension", "a cluster agent"),
    53: ("SharedBusControllerNotSupported", "a shared bus"),
}


def test_each_machine_is_kept_by_what_the_scene_gave_it(inv):
    """And by nothing that it did not give."""
    machines = dict(enumerate(sorted(inv.vms, key=lambda vm: vm.name)))
    codes = {}
    for number, vm in machines.items():
        destination = next(host for host in inv.hosts if host.id != vm.host_id)
        codes[number] = {finding.code for finding in hi.plan_migration(inv, vm, to_host=destination).findings}
    for number, (code, why) in KEPT.items():
        assert code in codes[number], (machines[number].name, machines[number].power_state, why)
    for code in ("QuestionPending", "MigrationDisabled", "ToolsInstallationInProgress", "MachineInUseByAnExtension"):
        assert {number for number, said in codes.items() if code in said} == {
            number for number, (one, _) in KEPT.items() if one == code
        }


@pytest.fixture(scope="module")
def company(demo):
    with demo.adapter() as vcenter:
        return vcenter.inventory(detail="full")


@pytest.mark.parametrize(
    ("vm", "to_host", "feasible", "codes"),
    [
        ("web01", "esx02", True, ["RuleViolation"]),  # web02 is there, and a rule keeps them apart
        ("web01", "esx03", True, []),
        ("sql01", "esx03", False, ["VmHostAffinityRuleViolation"]),  # licensed hosts
        ("app01", "esx02", True, []),
        ("dc11", "esx12", True, ["MtuMismatch"]),  # 1500 on one branch host, 9000 on the other
        ("legacy01", "esx11", False, ["CannotAccessVmDisk", "MtuMismatch"]),  # on a local datastore
        ("build01", "esx01", True, []),
        ("jump01", "esx12", True, []),  # suspended, shared datastore
    ],
)
def test_the_demo_company(company, vm, to_host, feasible, codes):
    plan = hi.plan_migration(company, vm, to_host=to_host)
    assert (plan.feasible, [finding.code for finding in plan.findings]) == (feasible, codes), str(plan)


def test_a_machine_of_the_demo_company_leaves_its_local_disk(company):
    """42 GB of files, once over each host's vMotion adapter; nothing of it is cold."""
    plan = hi.plan_migration(company, "legacy01", to_host="esx11", to_datastore="branch-san-01")
    flows = {flow.data.value: flow for flow in plan.flows}
    assert plan.feasible
    assert set(flows) == {"memory", "config", "active_disk", "control"}
    disk = company.vms.find("legacy01").disks[0]
    assert flows["active_disk"].bytes == disk.size_bytes
    assert flows["active_disk"].link_speed_mbps == 10000


def test_snapshots_of_the_demo_company_are_cold_data(company):
    plan = hi.plan_migration(company, "files01", to_datastore="prod-nvme-01")
    flows = {flow.data.value: flow for flow in plan.flows}
    moving = [disk for disk in company.vms.find("files01").disks if disk.datastore_id != plan.destination_datastore_id]
    assert [disk.chain_length for disk in moving] == [2, 2]
    assert flows["cold_disk"].bytes == sum(disk.size_bytes for disk in moving)
    assert flows["active_disk"].bytes == 0
    assert "SnapshotChain" in [finding.code for finding in plan.findings]
