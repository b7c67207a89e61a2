"""native(record): live objects of pyVmomi, that answer as the records do."""

import pytest
from pyVmomi import vim

import hybridinv as hi
from hybridinv.wire.soap import Row
from hybridinv.wire.vim.tree import entity_name

pytestmark = pytest.mark.live

TYPES = {
    "vms": vim.VirtualMachine,
    "hosts": vim.HostSystem,
    "clusters": vim.ClusterComputeResource,
    "datastores": vim.Datastore,
    "networks": vim.Network,
    "resource_pools": vim.ResourcePool,
}


@pytest.mark.parametrize("scene", ["plain", "awkward"])
@pytest.mark.parametrize("kind", list(TYPES))
def test_names_agree(request, scene, kind):
    simulator = request.getfixturevalue(scene)
    with simulator.adapter() as vcenter:
        records = vcenter.inventory([kind]).tables()[kind]
        assert records
        for record in records[:: max(1, len(records) // 12)]:
            native = vcenter.native(record)
            assert isinstance(native, TYPES[kind])
            assert entity_name(Row("", "", {"name": native.name}, {})) == record.name


def test_distributed_port_groups_are_such(plain):
    with plain.adapter() as vcenter:
        networks = vcenter.networks()
        for network in networks.where(kind="distributed"):
            assert vcenter.native(network).config.distributedVirtualSwitch.name == network.switch
        standard = vcenter.native(networks.find("VM Network"))
        assert not isinstance(standard, vim.dvs.DistributedVirtualPortgroup)


def test_distributed_switches_are_such_and_standard_ones_are_a_part_of_their_host(plain):
    with plain.adapter() as vcenter:
        switches, hosts = vcenter.switches(), vcenter.hosts()
        for switch in switches.where(kind="distributed"):
            native = vcenter.native(switch)
            assert isinstance(native, vim.DistributedVirtualSwitch)
            assert (native.name, native.uuid) == (switch.name, switch.uuid)
        standard = switches.where(kind="standard")[0]
        with pytest.raises(hi.NotSupported, match="part of its host") as caught:
            vcenter.native(standard)
        assert "native(host).config.network.vswitch" in caught.value.remedy
        native = vcenter.native(hosts.get(standard.host_ids[0]))
        assert standard.name in [switch.name for switch in native.config.network.vswitch]


def test_a_vapp_is_one(plain):
    with plain.adapter() as vcenter:
        pools = vcenter.resource_pools()
        vapps, others = pools.where(kind="vapp"), pools.where(kind="resource-pool")
        assert vapps
        assert all(isinstance(vcenter.native(vapp), vim.VirtualApp) for vapp in vapps)
        assert not any(isinstance(vcenter.native(pool), vim.VirtualApp) for pool in others)


def test_it_reaches_what_no_record_holds(demo):
    with demo.adapter() as vcenter:
        native = vcenter.native(vcenter.vms().find("sql01"))
        assert native.config.annotation.startswith("Primary of the availability group")
        assert native.runtime.host.name == "esx01.example.test"
        assert [device.deviceInfo.label for device in native.config.hardware.device if device.key >= 2000]


def test_an_ended_session_is_renewed_for_it(fresh):
    simulator = fresh("-scene", "demo")
    with simulator.over() as (vcenter, wire):
        record = vcenter.vms().find("web01")
        native = vcenter.native(record)
        simulator.terminate()
        with pytest.raises(hi.SessionExpired, match=r"call that again too"):
            _ = native.name
        assert vcenter.native(record).name == "web01"
    assert wire.counts["Login"] == 2


def test_records_of_others_are_refused_with_a_reason(demo):
    with demo.adapter() as vcenter:
        record = vcenter.vms()[0]
        adapter = vcenter.vmkernel_adapters()[0]
        license_ = vcenter.licenses()[0]
        foreign = hi.VirtualMachine(id=record.id, name="x", platform="vsphere", source="vc02.example.com")
        other = hi.VirtualMachine(id=record.id, name="x", platform="azure", source=record.source)
        for odd in (adapter, foreign, license_, other, "web01"):
            with pytest.raises(hi.NotSupported, match="has read"):
                vcenter.native(odd)
