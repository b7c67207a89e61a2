"""Network rows → records."""

import pytest

from hybridinv.wire.vim.networks import read_backing, read_network
from wire.vim_rows import DENIED, id_of, row, tree
from wire.vim_whole import POLICY, SETTING, distributed_group, whole_switch, whole_tree


def group(name, vlan, switch="vSwitch0", **policy):
    return {"spec": {"name": name, "vlanId": vlan, "vswitchName": switch}, "computedPolicy": {**POLICY, **policy}}


PROMISCUOUS = {"allowPromiscuous": "false", "macChanges": "true", "forgedTransmits": "true"}
ROWS = [
    row("HostSystem", "host-1", config__network__portgroup=[group("A", "10"), group("B", "20"), group("C", "5")]),
    row("HostSystem", "host-2", config__network__portgroup=[
        group("A", "10", security=PROMISCUOUS), group("B", "21"), group("C", "5", "x")]),
    row("HostSystem", "host-3", config__network__portgroup=group("D", "4095")),
    row("VmwareDistributedVirtualSwitch", "dvs-1", name="dvs%2fprod"),
]  # fmt: skip


def standard(name, *hosts):
    return read_network(row("Network", "network-1", name=name, host=list(hosts)), tree(), read_backing(ROWS, tree()))


@pytest.mark.parametrize(
    ("name", "vlan", "switch"),
    [("A", 10, "vSwitch0"), ("B", None, "vSwitch0"), ("C", 5, ""), ("E", None, "")],
)
def test_a_standard_network_is_what_its_hosts_agree_on(name, vlan, switch):
    found = standard(name, "host-1", "host-2")
    assert (found.kind, found.vlan_id, found.switch, found.switch_id) == ("standard", vlan, switch, "")
    assert found.host_ids == (id_of("host-1"), id_of("host-2"))


def test_hosts_that_do_not_have_it_do_not_count():
    assert standard("B", "host-2").vlan_id == 21
    assert standard("B").vlan_id is None


def test_teaming_and_security_of_a_standard_network():
    found = standard("A", "host-1", "host-2")
    assert (found.active_uplinks, found.standby_uplinks) == (("vmnic0",), ("vmnic1",))
    assert (found.teaming, found.promiscuous, found.mac_changes) == ("loadbalance_srcid", None, True)
    assert standard("A", "host-2").promiscuous is False


def test_vlan_4095_of_a_standard_switch_is_a_trunk():
    found = standard("D", "host-3")
    assert (found.vlan_id, found.vlans) == (None, "0-4094")


def distributed(**setting):
    return read_network(distributed_group(**setting), whole_tree(), read_backing([whole_switch()], whole_tree()))


def test_a_distributed_network():
    found = distributed()
    assert (found.name, found.kind, found.vlan_id, found.vlans) == ("dv/web", "distributed", 30, "")
    assert (found.switch, found.switch_id) == ("dvs/prod", id_of("dvs-1"))
    assert (found.is_uplink, found.binding, found.ports) == (True, "earlyBinding", 8)
    assert (found.active_uplinks, found.standby_uplinks) == (("Uplink 1",), ("Uplink 2",))
    assert (found.teaming, found.promiscuous, found.forged_transmits) == ("loadbalance_srcid", True, True)
    assert (found.custom_attributes, found.tags, found.location) == ({"owner": "ops"}, {"tier": "gold"}, "Utrecht")


TRUNK = "VmwareDistributedVirtualSwitchTrunkVlanSpec"
PRIVATE = "VmwareDistributedVirtualSwitchPvlanSpec"


@pytest.mark.parametrize(
    ("vlan", "vlans"),
    [
        ({"_type": TRUNK, "vlanId": {"start": "0", "end": "4094"}}, "0-4094"),
        ({"_type": TRUNK, "vlanId": [{"start": "5", "end": "5"}, {"start": "7", "end": "9"}]}, "5,7-9"),
        ({"_type": TRUNK}, ""),
        ({"_type": PRIVATE, "pvlanId": "101"}, "100,101"),
        ({"_type": PRIVATE, "pvlanId": "100"}, "100,100"),
        ({"_type": PRIVATE, "pvlanId": "200"}, "200"),
        ({"_type": PRIVATE}, ""),
        ("", ""),
    ],
)
def test_trunks_and_private_vlans(vlan, vlans):
    found = distributed(vlan=vlan)
    assert (found.vlan_id, found.vlans, found.problems) == (None, vlans, ())


def test_a_vlan_of_a_new_kind_is_noted():
    found = distributed(vlan={"_type": "VmwareDistributedVirtualSwitchNewSpec"})
    assert (found.vlan_id, [problem.error for problem in found.problems]) == (None, ["UnexpectedAnswer"])


def test_security_is_taken_from_the_newer_policy_where_the_older_is_not_there():
    newer = {"allowPromiscuous": "false", "macChanges": "true", "forgedTransmits": "false"}
    found = distributed(securityPolicy={}, macManagementPolicy=newer)
    assert (found.promiscuous, found.mac_changes, found.forged_transmits) == (False, True, False)
    both = distributed(securityPolicy=SETTING["securityPolicy"], macManagementPolicy=newer)
    assert both.promiscuous is True


def test_an_opaque_network():
    found = read_network(row("OpaqueNetwork", "n-1", name="A", host=["host-1"]), tree(), read_backing(ROWS, tree()))
    assert (found.kind, found.switch, found.vlan_id, found.host_ids) == ("opaque", "", None, (id_of("host-1"),))


def test_what_was_refused_behind_a_network_is_said_at_the_network():
    hidden = [
        row("HostSystem", "host-1", {"config.network.portgroup": DENIED}),
        row("VmwareDistributedVirtualSwitch", "dvs-1", {"name": DENIED}),
    ]
    backing = read_backing(hidden, tree())
    for network in (row("Network", "network-1", name="A", host=["host-1"]), distributed_group()):
        found = read_network(network, tree(), backing)
        assert [problem.error for problem in found.problems] == ["AccessDenied"]
        assert found.switch == ""
    elsewhere = read_network(row("Network", "network-1", name="A", host=["host-2"]), tree(), backing)
    assert elsewhere.problems == ()
