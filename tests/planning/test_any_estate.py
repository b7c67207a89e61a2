"""What holds of every plan, whatever the estate."""

from __future__ import annotations

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridinv.inventory import Inventory
from hybridinv.model import Allocation, Datastore, Device, Disk, Network, Nic, Severity
from hybridinv.planning.checks.faults import faults
from hybridinv.planning.matrix import migration_matrix
from hybridinv.planning.migration import plan_migration
from planning.small_estate import FLAGS, GIB, HERE, host, machine, vmk

HOSTS = (1, 2, 3)
SERVICES = ("vmotion", "vSphereProvisioning", "management", "vsan")
HOST_IDS = [f"host-{number}" for number in HOSTS]

some_hosts = st.lists(st.sampled_from(HOST_IDS), unique=True)
adapters = st.builds(
    vmk,
    st.sampled_from(HOSTS),
    st.sampled_from(["vmk0", "vmk1", "vmk2", "vmk10"]),
    st.sampled_from(SERVICES),
    netstack=st.sampled_from(["defaultTcpipStack", "vmotion", "vSphereProvisioning"]),
    ip_address=st.sampled_from(["", "10.0.1.1", "10.0.1.2", "10.0.2.1", "nonsense"]),
    gateway=st.sampled_from(["", "10.0.1.254", "10.0.2.254"]),
    mtu=st.sampled_from([None, 1500, 9000]),
    vlan_id=st.sampled_from([None, 0, 20]),
    link_speed_mbps=st.sampled_from([None, 0, 100, 10000]),
)
hosts = st.tuples(
    *(
        st.builds(
            host,
            st.just(number),
            source=st.sampled_from(["vc01", "vc01", "vc02"]),
            cluster_id=st.sampled_from(["", "c1", "c2"]),
            capabilities=st.sampled_from([set(), FLAGS, FLAGS - {"vmotionSupported"}]),
            in_maintenance=st.sampled_from([None, False, True]),
            connection_state=st.sampled_from(["", "connected", "notResponding"]),
            memory_bytes=st.sampled_from([None, 8 * GIB, 64 * GIB]),
            version=st.sampled_from(["", "7.0.3", "8.0.3"]),
            evc_mode=st.sampled_from(["", "intel-haswell", "intel-icelake", "strange"]),
            cpu_model=st.sampled_from(["", "Xeon", "EPYC"]),
        )
        for number in HOSTS
    )
)
disks = st.builds(
    Disk,
    name=st.just("Hard disk 1"),
    capacity_bytes=st.one_of(st.none(), st.integers(0, 2**42)),
    datastore_id=st.sampled_from(["", "ds-1", "ds-2", "ds-gone"]),
    thin=st.sampled_from([None, False, True]),
    mode=st.sampled_from(["", "persistent", "independent_nonpersistent", "undoable"]),
    sharing=st.sampled_from(["", "sharingMultiWriter"]),
    is_raw=st.booleans(),
    raw_mode=st.sampled_from(["", "physicalMode", "virtualMode"]),
    raw_device=st.sampled_from(["", "vml.02"]),
    chain_length=st.sampled_from([None, 1, 2, 5]),
    size_bytes=st.one_of(st.none(), st.integers(0, 2**42)),
    bus_sharing=st.sampled_from(["", "physicalSharing"]),
)
devices = st.builds(
    Device,
    kind=st.sampled_from(["cdrom", "usb", "passthrough", "vgpu", "serial"]),
    backing=st.sampled_from(["host", "client", "image", "remote-host", "none"]),
    datastore_id=st.sampled_from(["", "ds-1"]),
    connected=st.sampled_from([None, False, True]),
    migratable=st.sampled_from([None, False, True]),
)
nics = st.builds(
    Nic,
    network_id=st.sampled_from(["", "net-1", "net-gone"]),
    connected=st.sampled_from([None, False, True]),
    is_passthrough=st.sampled_from([None, True]),
)
machines = st.builds(
    machine,
    host_id=st.sampled_from(["", *HOST_IDS]),
    power_state=st.sampled_from(["running", "stopped", "suspended", "unknown"]),
    memory_bytes=st.sampled_from([None, 4 * GIB]),
    memory_allocation=st.builds(Allocation, reservation=st.sampled_from([None, 0, 8 * GIB])),
    disks=st.lists(disks, max_size=3),
    devices=st.lists(devices, max_size=2),
    nics=st.lists(nics, max_size=2),
    evc_mode=st.sampled_from(["", "intel-skylake", "strange"]),
    features=st.sampled_from([(), ("cpuid.AVX Bool:Min:1",), ("cpuid.AVX nonsense",)]),
    swap_placement=st.sampled_from(["", "hostLocal"]),
    disabled_methods=st.sampled_from([(), ("RelocateVM_Task",)]),
    cpu_affinity=st.sampled_from([(), ("1",)]),
)
targets = st.one_of(
    st.fixed_dictionaries({"to_host": st.sampled_from(HOST_IDS)}),
    st.fixed_dictionaries({"to_datastore": st.sampled_from(["ds-1", "ds-2"])}),
    st.fixed_dictionaries({"to_host": st.sampled_from(HOST_IDS), "to_datastore": st.sampled_from(["ds-1", "ds-2"])}),
)


@st.composite
def estates(draw):
    return Inventory(
        vms=[draw(machines)],
        hosts=draw(hosts),
        vmkernel_adapters={one.id: one for one in draw(st.lists(adapters, max_size=9))}.values(),
        datastores=[
            Datastore(id=f"ds-{number}", name=f"store{number}", host_ids=draw(some_hosts), free_bytes=GIB, **HERE)
            for number in (1, 2)
        ],
        networks=[Network(id="net-1", name="VM Network", kind="standard", host_ids=draw(some_hosts), **HERE)],
    )


def owned(adapter, host_id, inv):
    return adapter is None or (adapter.host_id == host_id and adapter in list(inv.vmkernel_adapters))


@settings(max_examples=150, deadline=None)
@given(estates(), targets, st.sampled_from(["vendor", "seed"]))
def test_any_plan(inv, target, rules):
    plan = plan_migration(inv, "vm-1", rules=rules, **target)
    for flow in plan.flows:
        assert flow.sources
        assert flow.service
        assert owned(flow.source_adapter, plan.source_host_id, inv)
        assert owned(flow.destination_adapter, plan.destination_host_id, inv)
        assert flow.bytes is None or flow.bytes >= 0
        assert flow.seconds is None or flow.seconds >= 0
    for finding in plan.findings:
        assert finding.code in faults()
        assert finding.message
        assert finding.remedy
        assert finding.sources
        assert finding.subject_id
    blocked = any(finding.severity is Severity.BLOCKER for finding in plan.findings)
    assert plan.feasible is not blocked
    assert plan.seconds is None or plan.feasible
    data = [flow.data for flow in plan.flows] + list(plan.stays)
    assert len(data) == len(set(data)), "each kind of data goes one way or stays"
    assert str(plan)


sized = st.builds(
    attrs.evolve, disks, chain_length=st.integers(1, 4), size_bytes=st.integers(0, 2**42), datastore_id=st.just("ds-1")
)


@settings(max_examples=100, deadline=None)
@given(st.lists(sized, min_size=1, max_size=4), st.sampled_from(["running", "stopped"]), st.booleans())
def test_bytes_of_files_add_up(some, state, host_changes):
    """What moves of the disks is their files, each once, and none of a raw mapping."""
    counted = disk_bytes(some, state, host_changes=host_changes)
    assert sum(counted) == sum(one.size_bytes for one in some if not one.is_raw)


@settings(max_examples=100, deadline=None)
@given(st.lists(disks, min_size=1, max_size=4), st.sampled_from(["running", "stopped"]), st.booleans())
def test_bytes_never_exceed_what_the_disks_can_hold(some, state, host_changes):
    counted = disk_bytes(some, state, host_changes=host_changes)
    moving = [one for one in some if one.datastore_id != "ds-2" and not one.is_raw]
    if None not in counted:
        most = sum(max((one.capacity_bytes or 0) * (one.chain_length or 1), one.size_bytes or 0) for one in moving)
        assert sum(counted) <= most
    else:
        assert any(None in (one.capacity_bytes, one.chain_length) for one in moving)


def disk_bytes(some, state, *, host_changes):
    inv = Inventory(
        vms=[machine(disks=some, power_state=state)],
        hosts=[host(1), host(2)],
        datastores=[Datastore(id="ds-2", name="store2", host_ids=HOST_IDS, **HERE)],
    )
    target = {"to_host": "host-2"} if host_changes else {}
    plan = plan_migration(inv, "vm-1", to_datastore="ds-2", **target)
    return [flow.bytes for flow in plan.flows if flow.data in ("active_disk", "cold_disk")]


@settings(max_examples=60, deadline=None)
@given(estates())
def test_the_matrix_says_what_plans_say(inv):
    matrix = migration_matrix(inv)
    assert len(matrix) == 2 * len(HOSTS) * (len(HOSTS) - 1)
    assert len({path.id for path in matrix}) == len(matrix)
    running = attrs.evolve(inv.vms[0], power_state="running", disks=(), devices=(), nics=())
    for path in matrix.where(purpose="vmotion"):
        vm = attrs.evolve(running, host_id=path.source_host_id, source=path.source)
        plan = plan_migration(inv, vm, to_host=path.destination_host_id)
        (memory,) = [flow for flow in plan.flows if flow.data == "memory"]
        ends = [end.id if end else "" for end in (memory.source_adapter, memory.destination_adapter)]
        assert [path.source_adapter_id, path.destination_adapter_id] == ends
        assert set(path.findings) <= set(plan.findings)
        assert path.feasible or not plan.feasible
