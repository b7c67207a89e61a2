"""HostSystem and DistributedVirtualSwitch rows → switches."""

from hybridinv.model import PortGroup
from hybridinv.wire.vim.switches import read_switches
from wire.vim_rows import DENIED, id_of, row, tree
from wire.vim_whole import GROUPS, NIC_KEY, POLICY, VSWITCHES, network_row, whole_switch, whole_tree


def test_a_standard_switch():
    [found] = read_switches(network_row(), tree())
    assert (found.id, found.name, found.kind) == (f"{id_of('host-1')}/vSwitch0", "vSwitch0", "standard")
    assert (found.location, found.host_ids) == ("Utrecht", (id_of("host-1"),))
    assert (found.mtu, found.ports, found.free_ports, found.uplinks) == (9000, 9216, 9200, ("vmnic0", "vmnic1"))
    assert (found.discovery, found.teaming) == ("cdp listen", "loadbalance_srcid")
    assert (found.promiscuous, found.mac_changes, found.forged_transmits) == (True, True, True)
    assert found.portgroups == (
        PortGroup(
            name="Management", vlan_id=20, active_uplinks=("vmnic0",), standby_uplinks=("vmnic1",),
            teaming="loadbalance_srcid", promiscuous=True, mac_changes=True, forged_transmits=True,
        ),
    )  # fmt: skip


def test_port_groups_belong_to_the_switch_they_name_and_4095_stays():
    other = {"spec": {"name": "Other", "vlanId": "4095", "vswitchName": "vSwitch1"}}
    switches = [VSWITCHES[0], {"name": "vSwitch1"}, {"name": "vSwitch2"}]
    found = read_switches(
        row("HostSystem", "host-1", config__network__vswitch=switches, config__network__portgroup=[*GROUPS, other]),
        tree(),
    )
    assert [[group.name for group in switch.portgroups] for switch in found] == [["Management"], ["Other"], []]
    assert found[1].portgroups[0].vlan_id == 4095


def test_the_uplinks_of_a_standard_switch():
    def uplinks(**switch):
        given = row("HostSystem", "host-1", config__network__vswitch={"name": "vSwitch0", **switch})
        return read_switches(given, tree())[0].uplinks

    assert uplinks(pnic=NIC_KEY.format("vmnic7")) == ("vmnic7",)
    assert uplinks(spec={"bridge": {"nicDevice": "vmnic8"}}) == ("vmnic8",)
    assert uplinks(spec={"policy": POLICY}) == ()


def test_a_host_without_network_configuration_has_no_switches():
    assert read_switches(row("HostSystem", "host-1", name="esx01"), tree()) == []


def test_a_distributed_switch():
    [found] = read_switches(whole_switch(), whole_tree())
    assert (found.id, found.name, found.kind, found.uuid) == (id_of("dvs-1"), "dvs/prod", "distributed", "50 2e 11")
    assert (found.vendor, found.version, found.description) == ("VMware, Inc.", "8.0.3", "For production")
    assert found.host_ids == (id_of("host-1"), id_of("host-2"))
    assert (found.mtu, found.ports, found.free_ports, found.portgroups) == (9000, 24, None, ())
    assert (found.uplinks, found.lags) == (("Uplink 1", "Uplink 2"), ("lag1 active srcDestIpTcpUdpPort",))
    assert (found.discovery, found.io_control, found.lacp) == ("lldp both", True, "multipleLag")
    assert (found.teaming, found.promiscuous) == ("loadbalance_srcid", True)
    assert str(found.created_at) == "2024-01-01 00:00:00+00:00"
    assert (found.custom_attributes, found.tags) == ({"owner": "ops"}, {"tier": "gold"})


def test_the_members_of_a_switch_without_configuration_are_those_of_its_summary():
    summary = {"uuid": "50 2e", "numPorts": "8", "hostMember": "host-1", "description": "short"}
    [found] = read_switches(row("DistributedVirtualSwitch", "dvs-1", summary=summary), tree())
    assert (found.name, found.host_ids, found.uuid, found.ports, found.description) == (
        "dvs-1", (id_of("host-1"),), "50 2e", 8, "short",
    )  # fmt: skip
    product = {"vendor": "V", "version": "7.0.3"}
    [found] = read_switches(
        row("DistributedVirtualSwitch", "dvs-1", config={"uuid": "50 2f", "productInfo": product}), tree()
    )
    assert (found.uuid, found.vendor, found.version) == ("50 2f", "V", "7.0.3")


def test_what_was_refused_is_said():
    denied = {"config.network.portgroup": DENIED}
    [found] = read_switches(row("HostSystem", "host-1", denied, config__network__vswitch=VSWITCHES), tree())
    assert [problem.error for problem in found.problems] == ["AccessDenied"]
    [found] = read_switches(row("VmwareDistributedVirtualSwitch", "dvs-1", {"config": DENIED}), tree())
    assert [problem.kind for problem in found.problems] == ["switches"]
