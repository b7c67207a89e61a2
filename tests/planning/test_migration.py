"""plan_migration: kinds, adapters, amounts, and what stands in the way."""

from __future__ import annotations

import html

import attrs
import pytest

from hybridinv.errors import MultipleMatches, NotFound, NotSupported
from hybridinv.inventory import Inventory
from hybridinv.model import Allocation, Cluster, Datastore, Problem
from hybridinv.planning.migration import plan_migration
from hybridinv.planning.rules import migration_rule
from planning.small_estate import FLAGS, GIB, HERE, codes, disk, estate, full, host, machine, vmk


def flow(plan, data):
    (found,) = [flow for flow in plan.flows if flow.data == data]
    return found


def carriers(plan):
    return {
        flow.data.value: (flow.service, *(end.device if end else None for end in ends(flow))) for flow in plan.flows
    }


def ends(flow):
    return flow.source_adapter, flow.destination_adapter


def finding(plan, code):
    (found,) = [f for f in plan.findings if f.code == code]
    return found


MANAGEMENT = ("management", "vmk0", "vmk0")
VMOTION = ("vmotion", "vmk1", "vmk1")
PROVISIONING = ("vSphereProvisioning", "vmk2", "vmk2")
STORAGE = ("storage", None, None)
SNAPSHOT = [disk(chain=3)]


@pytest.mark.parametrize(
    ("state", "disks", "target", "kind", "heat", "expected", "stays"),
    [
        ("running", [disk()], {"to_host": "esx02"}, "compute", "hot",
         {"memory": VMOTION, "control": MANAGEMENT}, {"config", "active_disk"}),
        ("running", SNAPSHOT, {"to_host": "esx02"}, "compute", "hot",
         {"memory": VMOTION, "control": MANAGEMENT}, {"config", "active_disk", "cold_disk"}),
        ("stopped", [disk()], {"to_host": "esx02"}, "compute", "cold",
         {"control": MANAGEMENT}, {"config", "active_disk"}),
        ("suspended", [disk()], {"to_host": "esx02"}, "compute", "cold",
         {"control": MANAGEMENT}, {"memory", "config", "active_disk"}),
        ("running", SNAPSHOT, {"to_datastore": "other"}, "storage", "hot",
         {"config": STORAGE, "active_disk": STORAGE, "cold_disk": STORAGE, "control": MANAGEMENT},
         {"memory"}),
        ("stopped", SNAPSHOT, {"to_datastore": "other"}, "storage", "cold",
         {"config": STORAGE, "active_disk": STORAGE, "cold_disk": STORAGE, "control": MANAGEMENT}, set()),
        ("suspended", [disk()], {"to_datastore": "other"}, "storage", "cold",
         {"memory": STORAGE, "config": STORAGE, "active_disk": STORAGE, "control": MANAGEMENT}, set()),
        ("running", SNAPSHOT, {"to_host": "esx02", "to_datastore": "far"}, "compute_and_storage", "hot",
         {"memory": VMOTION, "config": ("unknown", None, None), "active_disk": VMOTION,
          "cold_disk": PROVISIONING, "control": MANAGEMENT}, set()),
        ("stopped", SNAPSHOT, {"to_host": "esx02", "to_datastore": "far"}, "compute_and_storage", "cold",
         {"config": PROVISIONING, "active_disk": PROVISIONING, "cold_disk": PROVISIONING,
          "control": MANAGEMENT}, set()),
        ("suspended", [disk()], {"to_host": "esx02", "to_datastore": "far"}, "compute_and_storage", "cold",
         {"memory": PROVISIONING, "config": PROVISIONING, "active_disk": PROVISIONING, "control": MANAGEMENT},
         set()),
    ],
)  # fmt: skip
def test_what_carries_what(state, disks, target, kind, heat, expected, stays):
    plan = plan_migration(estate(machine(power_state=state, disks=disks)), "web01", **target)
    assert (plan.kind, plan.state) == (kind, heat)
    assert carriers(plan) == expected
    assert set(plan.stays) == stays
    assert plan.feasible
    assert not codes(plan, "blocker") + codes(plan, "warning")
    assert all(flow.sources for flow in plan.flows)


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ({"to_host": "esx01", "to_datastore": "other"}, "storage"),
        ({"to_host": "esx02", "to_datastore": "shared"}, "compute"),
    ],
)
def test_a_target_that_changes_nothing_does_not_count(target, kind):
    assert plan_migration(estate(), "web01", **target).kind == kind


@pytest.mark.parametrize("target", [{"to_host": "esx01"}, {"to_datastore": "shared"}])
def test_nothing_to_do(target):
    plan = plan_migration(estate(), "web01", **target)
    assert codes(plan) == ["NothingToDo"]
    assert (plan.flows, plan.seconds, plan.feasible) == ((), 0, True)


def test_seed_rules_put_all_disks_on_provisioning_and_say_what_differs():
    vm = machine(disks=SNAPSHOT)
    plan = plan_migration(estate(vm), "web01", to_host="esx02", to_datastore="far", rules="seed")
    assert carriers(plan) == {"config": VMOTION, "active_disk": PROVISIONING, "cold_disk": PROVISIONING}
    assert "active disk on vMotion" in finding(plan, "RuleSetsDiffer").message
    assert plan.seconds is None, "the seed is silent on memory, which takes its time all the same"


# ------------------------------------------------------------------------------------------------ arguments


def test_record_id_or_name():
    inv = estate()
    plans = [
        plan_migration(inv, vm, to_host=target)
        for vm, target in ((inv.vms[0], inv.hosts[1]), ("vm-1", "host-2"), ("web01", "esx02"))
    ]
    assert plans[0] == plans[1] == plans[2]
    assert (plans[0].source_host_id, plans[0].destination_host_id) == ("host-1", "host-2")


def test_a_target_is_needed():
    with pytest.raises(NotSupported, match="to_host=, to_datastore= or both"):
        plan_migration(estate(), "web01")


@pytest.mark.parametrize(
    ("vm", "target"),
    [("web99", {"to_host": "esx02"}), ("web01", {"to_host": "esx99"}), ("web01", {"to_datastore": "x"})],
)
def test_unknown_name(vm, target):
    with pytest.raises(NotFound, match="id or name"):
        plan_migration(estate(), vm, **target)


def test_misspelt_name_gets_a_suggestion():
    with pytest.raises(NotFound, match="did you mean 'web01'"):
        plan_migration(estate(), "web1", to_host="esx02")


def test_one_name_twice():
    inv = estate() + Inventory(vms=[machine(id="vm-2")])
    with pytest.raises(MultipleMatches, match="vm-1, vm-2"):
        plan_migration(inv, "web01", to_host="esx02")


def test_the_arc_machine_of_the_same_name_is_not_meant():
    inv = estate() + Inventory(vms=[machine(id="arc", platform="azure-arc")])
    assert plan_migration(inv, "web01", to_host="esx02").vm.id == "vm-1"


def test_another_platform():
    inv = estate(machine(platform="azure-stack-hub"))
    with pytest.raises(NotSupported, match="azure-stack-hub") as caught:
        plan_migration(inv, "web01", to_host="esx02")
    assert caught.value.reason


def test_a_wrong_kind_of_record():
    inv = estate()
    with pytest.raises(NotSupported, match="is no Host"):
        plan_migration(inv, "web01", to_host=inv.datastores[0])


# ------------------------------------------------------------------------------------------------- adapters


@pytest.mark.parametrize("service", ["vmotion", "vSphereProvisioning"])
def test_stack_beats_tag(service):
    """The service of an adapter on the default stack is disabled, although its tag is still there."""
    tagged = {"vmotion": "vmk1", "vSphereProvisioning": "vmk2"}[service]
    adapters = [
        a
        for n in (1, 2)
        for a in (*full(n), vmk(n, "vmk5", service, netstack=service), vmk(n, "vmk6", netstack="mirror"))
    ]
    vm = machine(disks=SNAPSHOT)
    plan = plan_migration(estate(vm, adapters), "web01", to_host="esx02", to_datastore="far")
    used = {flow.service: flow.source_adapter.device for flow in plan.flows if flow.source_adapter}
    assert used[service] == "vmk5" != tagged


def test_the_stack_counts_even_where_the_services_do_not_name_it():
    adapters = [*full(1), *full(2), vmk(1, "vmk7", netstack="vmotion"), vmk(2, "vmk7", netstack="vmotion")]
    plan = plan_migration(estate(adapters=adapters), "web01", to_host="esx02")
    assert carriers(plan)["memory"] == ("vmotion", "vmk7", "vmk7")


def test_no_vmotion_adapter():
    plan = plan_migration(estate(adapters=[*full(1), vmk(2, "vmk0", "management")]), "web01", to_host="esx02")
    blocker = finding(plan, "VMotionNotConfigured")
    assert (blocker.severity, blocker.subject_id) == ("blocker", "host-2")
    assert blocker.sources
    assert not plan.feasible
    assert flow(plan, "memory").source_adapter.device == "vmk1"
    assert flow(plan, "memory").destination_adapter is None
    assert plan.seconds is None


def test_a_cold_migration_needs_no_vmotion_adapter():
    adapters = [vmk(1, "vmk0", "management"), vmk(2, "vmk0", "management")]
    assert plan_migration(estate(machine(power_state="stopped"), adapters), "web01", to_host="esx02").feasible


def test_several_vmotion_adapters():
    adapters = [*full(1), *full(2), vmk(1, "vmk10", "vmotion"), vmk(1, "vmk3", "vmotion")]
    memory = flow(plan_migration(estate(adapters=adapters), "web01", to_host="esx02"), "memory")
    assert memory.source_adapter.device == "vmk1"
    assert "vmk1, vmk3, vmk10" in memory.note


def test_of_several_vmotion_adapters_those_in_one_subnet_meet():
    adapters = [*full(1), vmk(1, "vmk3", "vmotion"), vmk(2, "vmk0", "management"), vmk(2, "vmk3", "vmotion")]
    plan = plan_migration(estate(adapters=adapters), "web01", to_host="esx02")
    assert carriers(plan)["memory"] == ("vmotion", "vmk3", "vmk3")
    assert "DifferentSubnets" not in codes(plan)


def cold_plan(adapters, **fields):
    vm = machine(power_state="stopped", **fields)
    return plan_migration(estate(vm, adapters), "web01", to_host="esx02", to_datastore="far")


def test_provisioning_falls_back_to_management():
    plan = cold_plan([vmk(1, "vmk0", "management"), vmk(2, "vmk0", "management")])
    assert carriers(plan)["active_disk"] == MANAGEMENT
    assert flow(plan, "active_disk").fallback
    assert not flow(plan, "control").fallback
    found = [f for f in plan.findings if f.code == "ProvisioningNotConfigured"]
    assert [(f.severity, f.subject_id) for f in found] == [("warning", "host-1"), ("warning", "host-2")]
    assert "KB 340170" in " ".join(found[0].sources)
    assert plan.feasible


def test_fallback_names_vmk0_and_the_management_adapter_where_they_differ():
    adapters = [vmk(1, "vmk0"), vmk(1, "vmk4", "management"), *full(2)]
    plan = cold_plan(adapters)
    message = finding(plan, "ProvisioningNotConfigured").message
    assert "vmk0" in message
    assert "vmk4" in message
    disk_flow = flow(plan, "active_disk")
    assert (disk_flow.service, disk_flow.source_adapter.device) == ("management", "vmk0")
    assert disk_flow.destination_adapter.device == "vmk2"
    assert "only esx01 falls back" in disk_flow.note


def test_fallback_without_vmk0():
    plan = cold_plan([vmk(1, "vmk4", "management"), *full(2)])
    assert flow(plan, "active_disk").source_adapter.device == "vmk4"


def test_unknown_adapters_are_not_taken_for_a_fallback():
    plan = cold_plan([])
    assert codes(plan) == ["VMkernelAdaptersUnknown"] * 2
    assert not flow(plan, "active_disk").fallback
    assert plan.seconds is None


def test_more_than_one_provisioning_adapter():
    plan = cold_plan([*full(1), *full(2), vmk(2, "vmk3", "vSphereProvisioning")])
    warning = finding(plan, "SeveralProvisioningAdapters")
    assert (warning.severity, warning.subject_id) == ("warning", "host-2")
    assert "vmk2, vmk3" in warning.message


# ---------------------------------------------------------------------------------------------------- links


def with_adapter(device, number, **fields):
    return [
        attrs.evolve(a, **fields) if (a.device, a.host_id) == (device, f"host-{number}") else a
        for a in (*full(1), *full(2))
    ]


@pytest.mark.parametrize(
    ("device", "fields", "code", "severity"),
    [
        ("vmk1", {"link_speed_mbps": 0}, "VMotionLinkDown", "blocker"),
        ("vmk2", {"link_speed_mbps": 0}, "LinkDown", "blocker"),
        ("vmk1", {"link_speed_mbps": 100}, "VMotionLinkCapacityLow", "warning"),
        ("vmk1", {"mtu": 9000}, "MtuMismatch", "warning"),
        ("vmk2", {"mtu": 9000}, "MtuMismatch", "warning"),
        ("vmk1", {"ip_address": "10.9.9.9"}, "DifferentSubnets", "warning"),
        ("vmk2", {"ip_address": "10.9.9.9"}, "DifferentSubnets", "warning"),
        ("vmk2", {"ip_address": "10.9.9.9", "gateway": "10.9.9.1"}, "DifferentSubnets", "warning"),
    ],
)
def test_link(device, fields, code, severity):
    inv = estate(machine(disks=SNAPSHOT), with_adapter(device, 2, **fields))
    plan = plan_migration(inv, "web01", to_host="esx02", to_datastore="far")
    assert finding(plan, code).severity == severity
    assert finding(plan, code).remedy
    assert plan.feasible is (severity != "blocker")
    assert f"{device} of esx02" in finding(plan, code).message


@pytest.mark.parametrize("fields", [{"link_speed_mbps": 1000}, {"vlan_id": 20}])
def test_what_is_enough_is_no_finding(fields):
    plan = plan_migration(estate(adapters=with_adapter("vmk1", 2, **fields)), "web01", to_host="esx02")
    assert codes(plan) == []


def test_what_is_not_known_of_a_link_is_named():
    unknown = {"mtu": None, "link_speed_mbps": None, "subnet_mask": "banana"}
    plan = plan_migration(estate(adapters=with_adapter("vmk1", 2, **unknown)), "web01", to_host="esx02")
    assert codes(plan) == ["LinkFactsUnknown"]
    assert finding(plan, "LinkFactsUnknown").message == (
        "not known of vmk1 of esx02, and so not compared: its subnet (address '10.0.1.2', mask 'banana'), its MTU, "
        "its speed"
    )


def test_an_adapter_whose_links_are_up_is_preferred():
    adapters = [
        *full(1), *full(2), vmk(1, "vmk3", "vmotion", ip_address="10.0.1.11"),
        vmk(2, "vmk3", "vmotion", ip_address="10.0.1.12"),
    ]  # fmt: skip
    down = [attrs.evolve(one, link_speed_mbps=0) if one.id == "host-1/vmk1" else one for one in adapters]
    plan = plan_migration(estate(adapters=down), "web01", to_host="esx02")
    assert carriers(plan)["memory"] == ("vmotion", "vmk3", "vmk1")
    assert plan.feasible
    assert [(f.code, f.severity, f.subject_id) for f in plan.findings] == [
        ("VMotionLinkDown", "warning", "host-1/vmk1")
    ]


def test_a_swap_file_that_moves_counts_in_the_time():
    vm = machine(memory_bytes=512 * GIB, swap_placement="hostLocal")
    hosts = [host(1), host(2, swap_datastore_id="ds-swap")]
    plan = plan_migration(estate(vm, hosts=hosts), "web01", to_host="esx02")
    assert flow(plan, "config").bytes == 512 * GIB
    assert plan.seconds is None, "nobody knows what carries it, so not how long it takes"
    small = attrs.evolve(vm, memory_allocation=Allocation(reservation=512 * GIB))
    assert plan_migration(estate(small, hosts=hosts), "web01", to_host="esx02").seconds


def test_what_was_not_read_is_said():
    problem = Problem(source="vc01", platform="vsphere", kind="vms", error="AccessDenied", message="no")
    plan = plan_migration(estate(problems=[problem]), "web01", to_host="esx02")
    assert plan.feasible
    assert "as far as the inventory goes, which is incomplete" in plan.title
    assert "as far as the inventory goes, which is incomplete" in str(plan).splitlines()[0]
    assert "AccessDenied: no" in finding(plan, "InventoryIncomplete").message


def test_what_estimates_assume_is_printed():
    plan = plan_migration(estate(), "web01", to_host="esx02")
    note = flow(plan, "memory").note
    assert "configured memory, once" in note
    for part in note.split("; "):
        assert str(plan).count(f"  assumes: {part}\n") + str(plan).endswith(f"  assumes: {part}") == 1
        assert html.escape(part) in plan._repr_html_()


def test_names_add_no_line_to_a_plan():
    vm = machine(name="web01\nBLOCKER Forged\x1b[31m\udc80")
    plan = plan_migration(estate(vm), "vm-1", to_host="esx02")
    assert str(plan).splitlines()[0].startswith(r"web01\nBLOCKER Forged\x1b[31m\udc80 would move")
    assert not {"\x1b", "\udc80"} & set(plan._repr_html_())


def test_routed_vmotion_needs_a_gateway_in_each_adapters_own_subnet():
    far = vmk(2, "vmk1", "vmotion", ip_address="10.9.9.2", gateway="10.9.9.1")
    for gateway, expected in (("10.0.1.254", []), ("10.0.0.254", ["DifferentSubnets"])):
        near = vmk(1, "vmk1", "vmotion", gateway=gateway)
        plan = plan_migration(estate(adapters=[near, far]), "web01", to_host="esx02")
        assert codes(plan) == expected, gateway


# ----------------------------------------------------------------------------------------- hosts and places


@pytest.mark.parametrize("host_id", ["", "host-gone"])
@pytest.mark.parametrize("target", [{"to_host": "esx02"}, {"to_datastore": "other"}])
def test_machine_without_a_known_host(host_id, target):
    plan = plan_migration(estate(machine(host_id=host_id)), "web01", **target)
    assert finding(plan, "HostUnknown").severity == "blocker"
    assert (plan.feasible, plan.flows, plan.seconds) == (False, (), None)


def test_destination_does_not_mount_the_datastore():
    inv = estate(machine(disks=[disk(datastore="ds-local")]))
    local = Datastore(id="ds-local", name="local", host_ids=["host-1"], **HERE)
    plan = plan_migration(inv + Inventory(datastores=[local]), "web01", to_host="esx02")
    blocker = finding(plan, "CannotAccessVmDisk")
    assert (plan.kind, blocker.severity, blocker.subject_id) == ("compute", "blocker", "ds-local")
    assert "to_datastore" in blocker.remedy
    given = plan_migration(inv + Inventory(datastores=[local]), "web01", to_host="esx02", to_datastore="far")
    assert (given.kind, given.feasible) == ("compute_and_storage", True)


def test_destination_does_not_mount_the_target_datastore():
    vm = machine(host_id="host-2")
    plan = plan_migration(estate(vm), "web01", to_host="esx01", to_datastore="far")
    assert finding(plan, "CannotAccessVmDisk").subject_id == "ds-far"
    assert not plan.feasible


def test_a_running_machine_cannot_go_to_a_datastore_its_host_does_not_mount():
    plan = plan_migration(estate(), "web01", to_datastore="far")
    assert (plan.kind, plan.feasible) == ("storage", False)
    assert "to_host" in finding(plan, "CannotAccessVmDisk").remedy
    assert {"config", "active_disk"} <= set(plan.stays)


def test_a_stopped_machine_goes_there_over_provisioning():
    plan = plan_migration(estate(machine(power_state="stopped")), "web01", to_datastore="far")
    assert (plan.kind, plan.destination_host_name, plan.feasible) == ("storage", "esx02", True)
    assert carriers(plan)["active_disk"] == PROVISIONING
    assert finding(plan, "CannotAccessVmDisk").severity == "warning"


def test_a_stopped_machine_is_sent_to_a_host_that_is_up():
    hosts = [host(1), host(2, in_maintenance=True), host(3)]
    inv = estate(machine(power_state="stopped"), hosts=hosts)
    far = Datastore(id="ds-far", name="far", host_ids=["host-2", "host-3"], **HERE)
    inv = attrs.evolve(inv, datastores=[inv.datastores[0], far])
    assert plan_migration(inv, "web01", to_datastore="far").destination_host_name == "esx03"


def test_a_stopped_machine_that_has_to_stay_on_its_host_cannot():
    vm = machine(power_state="stopped")
    plan = plan_migration(estate(vm), "web01", to_host="esx01", to_datastore="far")
    assert finding(plan, "CannotAccessVmDisk").severity == "blocker"


@pytest.mark.parametrize(
    ("state", "target", "flag", "code"),
    [
        ("running", {"to_host": "esx02"}, "vmotionSupported", "VMotionNotSupported"),
        ("running", {"to_datastore": "other"}, "storageVMotionSupported", "StorageVMotionNotSupported"),
        ("running", {"to_host": "esx02", "to_datastore": "far"}, "vmotionWithStorageVMotionSupported",
         "StorageVMotionNotSupported"),
        ("suspended", {"to_datastore": "other"}, "suspendedRelocateSupported",
         "SuspendedRelocateNotSupported"),
    ],
)  # fmt: skip
def test_capability_flags(state, target, flag, code):
    vm = machine(power_state=state)
    for flags, expected in ((FLAGS, []), (FLAGS - {flag}, [code]), (set(), [])):
        hosts = [host(1, capabilities=flags), host(2, capabilities=FLAGS)]
        plan = plan_migration(estate(vm, hosts=hosts), "web01", **target)
        assert codes(plan, "blocker") == expected, flags


@pytest.mark.parametrize(
    ("state", "heat"),
    [("running", "hot"), ("stopped", "cold"), ("suspended", "cold"), ("unknown", "hot"), ("starting", "hot")],
)
def test_hot_or_cold(state, heat):
    plan = plan_migration(estate(machine(power_state=state)), "web01", to_host="esx02")
    assert plan.state == heat
    assert ("PowerStateUnknown" in codes(plan, "warning")) is (state in ("unknown", "starting"))


def test_what_the_inventory_does_not_know_is_said():
    inv = attrs.evolve(estate(), datastores=[])
    assert codes(plan_migration(inv, "web01", to_host="esx02")) == ["DatastoreHostsUnknown"]
    assert codes(plan_migration(estate(machine(disks=[])), "web01", to_host="esx02")) == ["DisksUnknown"]


# ----------------------------------------------------------------------------------------- several vCenters


def test_between_vcenters_the_active_disk_is_less_certain():
    hosts = [host(1), host(2, source="vc02")]
    plan = plan_migration(estate(hosts=hosts), "web01", to_host="esx02", to_datastore="far")
    assert (flow(plan, "active_disk").service, flow(plan, "active_disk").confidence) == ("vmotion", "low")
    assert codes(plan, "warning") == ["CrossVCenterRequirements", "SourcesDisagree"]
    assert any("419637" in source for source in finding(plan, "SourcesDisagree").sources)


@pytest.mark.parametrize(("url", "feasible"), [("ds:///vmfs/volumes/1/", True), ("ds:///vmfs/volumes/2/", False)])
def test_two_vcenters_know_one_datastore_by_its_url(url, feasible):
    stores = [
        Datastore(id="ds-shared", name="shared", host_ids=["host-1"], url="ds:///vmfs/volumes/1/", **HERE),
        Datastore(id="ds-there", name="shared", host_ids=["host-2"], url=url, platform="vsphere", source="vc02"),
    ]
    inv = attrs.evolve(estate(hosts=[host(1), host(2, source="vc02")]), datastores=stores)
    assert plan_migration(inv, "web01", to_host="esx02").feasible is feasible


def test_within_one_vcenter_the_disagreement_is_only_told():
    plan = plan_migration(estate(), "web01", to_host="esx02", to_datastore="far")
    assert flow(plan, "active_disk").confidence == "high"
    assert finding(plan, "SourcesDisagree").severity == "info"


# -------------------------------------------------------------------------------------- amounts and seconds


def test_amounts():
    disks = [disk(), disk(50 * GIB, chain=3), disk(7 * GIB, datastore="ds-far")]
    plan = plan_migration(estate(machine(disks=disks)), "web01", to_host="esx02", to_datastore="far")
    assert {f.data.value: f.bytes for f in plan.flows} == {
        "memory": 10 * GIB,
        "config": None,
        "active_disk": 150 * GIB,
        "cold_disk": 100 * GIB,
        "control": None,
    }
    assert "at most" in flow(plan, "active_disk").note


def test_real_sizes_beat_capacities():
    """Thin 100 GiB of which 30 are written; a chain of three files that take 60 together; a raw mapping."""
    disks = [
        attrs.evolve(disk(), thin=True, size_bytes=30 * GIB),
        attrs.evolve(disk(50 * GIB, chain=3), size_bytes=60 * GIB),
        attrs.evolve(disk(900 * GIB), is_raw=True, raw_mode="virtualMode"),
    ]
    plan = plan_migration(estate(machine(disks=disks)), "web01", to_host="esx02", to_datastore="far")
    active, cold = flow(plan, "active_disk"), flow(plan, "cold_disk")
    assert (active.bytes, cold.bytes) == (30 * GIB, 60 * GIB)
    assert "as large as they are now" in active.note
    assert "at most" not in active.note
    assert "how large the active one is" in cold.note


@pytest.mark.parametrize(
    ("placement", "here", "there", "moves"),
    [
        ("hostLocal", "ds-a", "ds-b", True),
        ("hostLocal", "ds-a", "", True),
        ("hostLocal", "ds-a", "ds-a", False),
        ("vmDirectory", "ds-a", "ds-b", False),
        ("inherit", "ds-a", "ds-b", True),
    ],
)
def test_the_swap_file_moves_where_it_is_kept_elsewhere(placement, here, there, moves):
    vm = machine(swap_placement=placement, memory_allocation=Allocation(reservation=4 * GIB))
    hosts = [host(1, swap_datastore_id=here, cluster_id="c"), host(2, swap_datastore_id=there, cluster_id="c")]
    cluster = Cluster(id="c", name="c", swap_placement="hostLocal", **HERE)
    plan = plan_migration(estate(vm, hosts=hosts, clusters=[cluster]), "web01", to_host="esx02")
    swap = [(one.row, one.service, one.bytes) for one in plan.flows if one.data == "config"]
    assert swap == ([("1c", "unknown", 6 * GIB)] if moves else [])


def test_snapshots_of_a_disk_that_is_already_there_do_not_move():
    vm = machine(disks=[disk(), disk(chain=3, datastore="ds-far")])
    plan = plan_migration(estate(vm), "web01", to_host="esx02", to_datastore="far")
    assert "cold_disk" not in carriers(plan)
    assert flow(plan, "active_disk").bytes == 100 * GIB


@pytest.mark.parametrize(
    ("disks", "active", "cold"),
    [
        ([disk(capacity=None)], None, "none"),
        ([disk(chain=None)], 100 * GIB, None),
        ([], None, None),
    ],
)
def test_unknown_amounts(disks, active, cold):
    plan = plan_migration(estate(machine(disks=disks)), "web01", to_host="esx02", to_datastore="far")
    amounts = {f.data.value: f.bytes for f in plan.flows}
    assert (amounts["active_disk"], amounts.get("cold_disk", "none")) == (active, cold)
    assert (plan.seconds is None) is (active is None or cold is None)


def test_seconds():
    adapters = with_adapter("vmk1", 2, link_speed_mbps=1000)
    vm = machine(disks=[disk(chain=2)])
    plan = plan_migration(estate(vm, adapters), "web01", to_host="esx02", to_datastore="far")
    memory, cold = flow(plan, "memory"), flow(plan, "cold_disk")
    assert memory.link_speed_mbps == 1000, "the slower end"
    assert memory.seconds == pytest.approx(10 * GIB * 8 / 0.8e9)
    assert cold.link_speed_mbps == 10000
    assert cold.seconds == pytest.approx(100 * GIB * 8 / 1.3e9), "NFC is single-threaded"
    assert plan.seconds == pytest.approx(memory.seconds + cold.seconds + flow(plan, "active_disk").seconds)
    assert "80%" in memory.note
    assert "single-threaded" in cold.note


def test_nfc_on_a_slow_link_is_as_slow_as_the_link():
    plan = cold_plan(with_adapter("vmk2", 1, link_speed_mbps=100))
    assert flow(plan, "active_disk").seconds == pytest.approx(100 * GIB * 8 / 0.08e9)


def test_unknown_speed():
    plan = plan_migration(estate(adapters=with_adapter("vmk1", 1, link_speed_mbps=None)), "web01", to_host="esx02")
    assert (flow(plan, "memory").link_speed_mbps, flow(plan, "memory").seconds, plan.seconds) == (None,) * 3


@pytest.mark.parametrize(("version", "told"), [("8.0.3", True), ("7.0.3", False), ("", False)])
def test_unified_data_transport(version, told):
    vm = machine(power_state="stopped")
    inv = estate(vm, hosts=[host(1, version="8.0.3"), host(2, version=version)])
    plan = plan_migration(inv, "web01", to_host="esx02", to_datastore="far")
    assert ("UnifiedDataTransport" in codes(plan, "info")) is told


# -------------------------------------------------------------------------------------------------- reading


def test_str_reads_as_lines():
    plan = plan_migration(estate(), "web01", to_host="esx02")
    assert plan.title == "web01: hot compute migration to esx02: feasible, about 11 s"
    lines = str(plan).splitlines()
    assert "  memory: vmotion (vmotion-8000) vmk1 → vmk1 10.0 GiB about 11 s [MTU 1500, 10 Gbit/s]" in lines
    assert "  stays: config, active_disk" in lines


def test_str_names_vlan_mtu_uplinks_and_speed():
    near = vmk(1, "vmk1", "vmotion", vlan_id=20, mtu=9000, uplinks=["vmnic2", "vmnic3"], link_speed_mbps=25000)
    far = vmk(2, "vmk1", "vmotion", vlan_id=20, mtu=1500, uplinks=["vmnic0"])
    text = str(flow(plan_migration(estate(adapters=[near, far]), "web01", to_host="esx02"), "memory"))
    assert text.endswith("[VLAN 20, MTU 9000 → 1500, vmnic2+vmnic3 → vmnic0, 10 Gbit/s]")


def test_str_says_what_blocks():
    plan = plan_migration(estate(adapters=[*full(1), vmk(2, "vmk0")]), "web01", to_host="esx02")
    assert "NOT feasible" in plan.title
    text = str(plan)
    assert "BLOCKER VMotionNotConfigured" in text


def test_blockers_come_first():
    adapters = [*full(1), vmk(2, "vmk0", "management")]
    plan = plan_migration(estate(machine(disks=SNAPSHOT), adapters), "web01", to_host="esx02", to_datastore="far")
    severities = [f.severity for f in plan.findings]
    assert severities == ["blocker", "warning", "warning", "info", "info", "info"]


def test_html_escapes_hostile_names():
    hostile = "<script>alert('x')</script>"
    adapters = [*full(1), vmk(2, "vmk0")]
    inv = estate(machine(name=hostile), adapters=adapters, hosts=[host(1), host(2, name="<b>esx</b>")])
    page = plan_migration(inv, "vm-1", to_host="host-2")._repr_html_()
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page
    assert "adapter of &lt;b&gt;esx&lt;/b&gt;" in page
    assert "vmk1 10.0.1.1" in page


def test_html_has_the_ways_and_the_sources():
    near = vmk(1, "vmk1", "vmotion", vlan_id=20, mtu=9000, uplinks=["vmnic2"])
    page = plan_migration(estate(adapters=[near, vmk(2, "vmk1", "vmotion")]), "web01", to_host="esx02")._repr_html_()
    for column in ("fallback", "VLAN", "MTU", "uplinks"):
        assert f"<th>{column}</th>" in page
    assert "<summary>sources</summary><ul><li>memory: " in page
    for cell in ("20", "9000 → 1500", "vmnic2 → ?"):
        assert f"<td>{cell}</td>" in page


def test_plan_is_frozen_and_hashable():
    plan = plan_migration(estate(), "web01", to_host="esx02")
    assert hash(plan) == hash(plan_migration(estate(), "web01", to_host="esx02"))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        plan.feasible = False


@pytest.mark.parametrize(
    ("thin", "free", "expected"),
    [
        (False, 99 * GIB, ("NoDiskSpace", "blocker", False)),
        (True, 99 * GIB, ("NoDiskSpace", "warning", True)),
        (None, 99 * GIB, ("NoDiskSpace", "warning", True)),
        (False, 100 * GIB, None),
        (True, 100 * GIB, None),
        (False, None, None),
    ],
)
def test_the_destination_datastore_needs_room(thin, free, expected):
    vm = machine(disks=[attrs.evolve(disk(), thin=thin), disk(datastore="ds-other")])
    inv = attrs.evolve(
        estate(vm=vm), datastores=[Datastore(id="ds-other", name="other", host_ids=["host-1"], free_bytes=free, **HERE)]
    )
    plan = plan_migration(inv, "web01", to_datastore="other")
    found = [(f.code, f.severity, plan.feasible) for f in plan.findings if f.code == "NoDiskSpace"]
    assert found == ([expected] if expected else [])


def test_a_host_may_be_named_without_its_domain():
    hosts = [host(1, name="esx01.example.test"), host(2, name="esx02.example.test")]
    assert plan_migration(estate(hosts=hosts), "web01", to_host="esx02").destination_host_id == "host-2"
    twins = [host(1, name="esx01.a.test"), host(2, name="esx02.a.test"), host(3, name="esx02.b.test")]
    with pytest.raises(MultipleMatches, match="esx02"):
        plan_migration(estate(hosts=twins), "web01", to_host="esx02")


def test_a_datastore_where_the_disks_are_is_no_part_of_the_move():
    plan = plan_migration(estate(), "web01", to_host="esx02", to_datastore="shared")
    assert plan.destination_datastore_id == ""
    assert "shared" not in plan.title + str(plan).splitlines()[0]


@pytest.mark.parametrize("fields", [{"memory_bytes": -1}, {"memory_bytes": None}])
def test_a_size_below_nothing_is_not_known(fields):
    plan = plan_migration(estate(machine(**fields)), "web01", to_host="esx02")
    assert (flow(plan, "memory").bytes, plan.seconds) == (None, None)


def test_a_speed_below_nothing_is_not_known():
    plan = plan_migration(estate(adapters=with_adapter("vmk1", 2, link_speed_mbps=-10)), "web01", to_host="esx02")
    assert (flow(plan, "memory").link_speed_mbps, plan.seconds) == (None, None)


@pytest.mark.parametrize("name", ["WEB01", "Web01", "web01.example.test"])
def test_names_in_any_letter_case(name):
    inv = estate(machine(name="web01" if "." not in name else "WEB01.example.test"))
    assert plan_migration(inv, name, to_host="ESX02").vm.id == "vm-1"


def test_suggestions_can_be_planned():
    azure = machine(id="/azure/1", name="wob02", platform="azure", source="azure")
    inv = attrs.evolve(estate(), vms=[machine(), azure])
    with pytest.raises(NotFound, match="did you mean 'web01'") as raised:
        plan_migration(inv, "wob01", to_host="esx02")
    assert "wob02" not in str(raised.value)


def test_a_machine_of_vsphere_before_a_server_of_its_name():
    server = machine(id="/arc/1", name="WEB01", platform="azure-arc", source="azure")
    inv = attrs.evolve(estate(), vms=[server, machine()])
    assert plan_migration(inv, "WEB01", to_host="esx02").vm.id == "vm-1"


def test_a_plan_and_a_rule_are_short_where_they_are_shown_in_passing():
    plan = plan_migration(estate(), "web01", to_host="esx02")
    assert repr(plan) == f"<MigrationPlan {plan.title}>"
    rule = migration_rule("compute", "hot")
    assert str(rule).startswith("hot compute migration by the vendor rules")
    assert "  memory: vmotion [" in str(rule)
    assert "<th>services</th>" in rule._repr_html_()


def test_cold_data_across_subnets_may_leave_by_another_adapter():
    vm = machine(power_state="stopped")
    for address, expected in (("10.9.9.2", True), ("10.0.2.9", False)):
        inv = estate(vm, with_adapter("vmk2", 2, ip_address=address))
        plan = plan_migration(inv, "web01", to_host="esx02", to_datastore="far")
        assert ("vmk2 of esx01 if its host has a static route, else vmk0" in str(plan)) is expected
