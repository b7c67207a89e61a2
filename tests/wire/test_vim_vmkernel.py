"""HostSystem rows → VMkernel adapters."""

import pytest

from hybridinv.model import VMkernelService
from hybridinv.wire.vim.portgroups import DistributedGroup, read_portgroups
from hybridinv.wire.vim.vmkernel import read_vmkernel_adapters
from wire.vim_rows import DENIED, id_of, row, tree

KEY = "key-vim.host.VirtualNic-vmk{}"
PNIC = "key-vim.host.PhysicalNic-{}"


def vnic(number, portgroup="Management", /, **spec):
    return {
        "_type": "HostVirtualNic",
        "device": f"vmk{number}",
        "key": KEY.format(number),
        "portgroup": portgroup,
        "spec": {"ip": {"ipAddress": f"192.0.2.{number}", "subnetMask": "255.255.255.0"}, **spec},
    }


def tagged(service, *devices, candidates=(0, 1)):
    keys = [f"{service}.{KEY.format(device)}" for device in devices]
    return {
        "nicType": service,
        "candidateVnic": [{"device": f"vmk{n}", "key": f"{service}.{KEY.format(n)}"} for n in candidates],
        **({"selectedVnic": keys[0] if len(keys) == 1 else keys} if keys else {}),
    }


def pnic(device, speed=None):
    link = {"linkSpeed": {"speedMb": str(speed), "duplex": "true"}} if speed else {}
    return {"device": device, "key": PNIC.format(device), **link}


def portgroup(name, vlan=0, active=(), standby=()):
    order = {"activeNic": list(active), "standbyNic": list(standby)} if active or standby else ""
    return {
        "spec": {"name": name, "vlanId": str(vlan), "vswitchName": "vSwitch0"},
        "computedPolicy": {"nicTeaming": {"nicOrder": order}},
    }


def adapters(groups=None, missing=None, /, **properties):
    paths = {
        "name": "esx01",
        **{
            f"config.virtualNicManagerInfo.{name}" if name == "netConfig" else f"config.network.{name}": value
            for name, value in {"netConfig": [], **properties}.items()
        },
    }
    found = read_vmkernel_adapters(row("HostSystem", "host-1", missing, **paths), tree(), groups or {})
    return {adapter.device: adapter for adapter in found}


def test_services_are_those_tagged_and_the_one_of_the_stack():
    found = adapters(
        vnic=[
            vnic(0, netStackInstanceKey="defaultTcpipStack"),
            vnic(1, netStackInstanceKey="vmotion"),
            vnic(2, netStackInstanceKey="vSphereProvisioning"),
            vnic(3, netStackInstanceKey="ops"),
        ],
        netConfig=[
            tagged("management", 0),
            tagged("vmotion", 1),
            tagged("vsan", 0, 1),
            tagged("vSphereProvisioning", candidates=()),
            tagged("somethingNew", 0),
        ],
    )
    assert found["vmk0"].services == {"management", "vsan", "somethingNew"}
    assert found["vmk1"].services == {"vmotion", "vsan"}
    assert found["vmk2"].services == {"vSphereProvisioning"}
    assert found["vmk3"].services == frozenset()
    assert found["vmk1"].netstack == "vmotion"


def test_one_adapter_alone_is_a_list_too():
    lone = tagged("management", 0, candidates=(0,))
    found = adapters(vnic=vnic(0), netConfig={**lone, "candidateVnic": lone["candidateVnic"][0]})
    assert found["vmk0"].services == {"management"}
    assert found["vmk0"].id == f"{id_of('host-1')}/vmk0"


def test_addresses_and_gateways():
    found = adapters(
        vnic=[
            vnic(0, mac="00:50:56:60:00:01", mtu="9000", netStackInstanceKey="defaultTcpipStack"),
            vnic(
                1,
                ip={"ipV6Config": {"ipV6Address": [{"ipAddress": "fe80::1"}, {"ipAddress": "2001:db8::1"}]}},
                ipRouteSpec={"ipRouteConfig": {"defaultGateway": "198.51.100.1"}},
                netStackInstanceKey="defaultTcpipStack",
            ),
        ],
        netStackInstance=[
            {"key": "defaultTcpipStack", "ipRouteConfig": {"defaultGateway": "192.0.2.254"}},
            {"key": "vmotion", "ipRouteConfig": ""},
        ],
    )
    assert (found["vmk0"].gateway, found["vmk1"].gateway) == ("192.0.2.254", "198.51.100.1")
    assert (found["vmk0"].mtu, found["vmk0"].mac_address) == (9000, "00:50:56:60:00:01")
    assert found["vmk1"].ipv6_addresses == ("fe80::1", "2001:db8::1")
    assert (found["vmk1"].ip_address, found["vmk1"].mtu) == ("", None)


@pytest.mark.parametrize(
    ("active", "standby", "speed"),
    [
        (["vmnic0"], ["vmnic1"], 1000),
        (["vmnic0", "vmnic1"], [], 25000),
        (["vmnic2"], [], 0),
        (["vmnic2"], ["vmnic1"], 25000),
        (["vmnic2", "vmnic0"], ["vmnic1"], 1000),
        ([], ["vmnic0"], 1000),
        (["gone"], [], None),
        ([], [], None),
    ],
)
def test_the_link_of_a_standard_port_group(active, standby, speed):
    found = adapters(
        vnic=[vnic(0, "Management")],
        pnic=[pnic("vmnic0", 1000), pnic("vmnic1", 25000), pnic("vmnic2")],
        portgroup=[portgroup("Management", 20, active, standby), portgroup("Other")],
    )["vmk0"]
    assert found.link_speed_mbps == speed
    assert found.uplinks == (*active, *standby)
    assert (found.portgroup, found.vlan_id, found.switch) == ("Management", 20, "vSwitch0")
    assert found.problems == ()


def test_a_port_group_that_is_not_known():
    found = adapters(vnic=[vnic(0, "Lost")])["vmk0"]
    assert (found.portgroup, found.vlan_id, found.switch, found.uplinks, found.link_speed_mbps) == (
        "Lost", None, "", (), None,
    )  # fmt: skip


# distributed switches

ON_DVS = vnic(1, "", distributedVirtualPort={"switchUuid": "u-1", "portgroupKey": "dvportgroup-1", "portKey": "8"})


def proxy(**more):
    return {
        "dvsUuid": "u-1",
        "dvsName": "dvs-prod",
        "pnic": [PNIC.format("vmnic2"), PNIC.format("vmnic3")],
        "uplinkPort": [{"key": "16", "value": "Uplink 1"}, {"key": "17", "value": "Uplink 2"}],
        "spec": {
            "backing": {
                "pnicSpec": [
                    {"pnicDevice": "vmnic2", "uplinkPortKey": "16"},
                    {"pnicDevice": "vmnic3", "uplinkPortKey": "17"},
                ]
            }
        },
        **more,
    }


NICS = [pnic("vmnic2", 10000), pnic("vmnic3", 25000)]


def distributed(active=(), standby=(), **more):
    groups = {"dvportgroup-1": DistributedGroup("dv-vmotion", 20, tuple(active), tuple(standby))}
    return adapters(groups, vnic=[ON_DVS], pnic=NICS, proxySwitch=[proxy(**more)])["vmk1"]


def test_uplinks_of_a_distributed_port_group_are_those_of_its_own_order():
    found = distributed(["Uplink 2"], ["Uplink 1"])
    assert (found.portgroup, found.vlan_id, found.switch) == ("dv-vmotion", 20, "dvs-prod")
    assert (found.uplinks, found.link_speed_mbps) == (("vmnic3", "vmnic2"), 25000)
    assert distributed(["Uplink 1"], ["Uplink 2"]).link_speed_mbps == 10000


def test_an_uplink_without_a_physical_adapter_carries_nothing():
    assert distributed(["Uplink 1", "Uplink 9"]).uplinks == ("vmnic2",)
    assert (distributed(["Uplink 9"]).uplinks, distributed(["Uplink 9"]).link_speed_mbps) == ((), None)


def test_a_link_aggregation_group_is_its_adapters():
    group = {"lagName": "lag1", "uplinkPort": [{"key": "17", "value": "lag1-0"}, {"key": "18", "value": "lag1-1"}]}
    lone = distributed(["lag1"], hostLag=[group])
    assert (lone.uplinks, lone.link_speed_mbps) == (("vmnic3",), 25000)
    group = {"lagName": "lag1", "uplinkPort": [{"key": "16", "value": "lag1-0"}, {"key": "17", "value": "lag1-1"}]}
    found = distributed(["lag1"], hostLag=group)
    assert (found.uplinks, found.link_speed_mbps) == (("vmnic2", "vmnic3"), 25000)


def test_without_an_order_all_adapters_of_the_switch_count():
    assert distributed().uplinks == ("vmnic2", "vmnic3")
    assert distributed(["Uplink 1"], spec="").uplinks == ("vmnic2", "vmnic3")


def test_a_distributed_port_group_that_is_not_known_is_called_by_its_key():
    found = adapters(vnic=[ON_DVS])["vmk1"]
    assert (found.portgroup, found.vlan_id, found.switch, found.link_speed_mbps) == ("dvportgroup-1", None, "", None)


VLANS = [
    ({"_type": "VmwareDistributedVirtualSwitchVlanIdSpec", "vlanId": "30"}, 30),
    ({"_type": "VmwareDistributedVirtualSwitchVlanIdSpec", "vlanId": "0"}, 0),
    ({"_type": "VmwareDistributedVirtualSwitchTrunkVlanSpec", "vlanId": {"start": "0", "end": "4094"}}, None),
    ({"_type": "VmwareDistributedVirtualSwitchPvlanSpec", "pvlanId": "40"}, None),
    ("", None),
]


@pytest.mark.parametrize(("vlan", "expected"), VLANS)
def test_vlans_of_distributed_port_groups(vlan, expected):
    order = {"activeUplinkPort": "Uplink 1", "standbyUplinkPort": ["Uplink 2"]}
    config = {"vlan": vlan, "uplinkTeamingPolicy": {"uplinkPortOrder": order}}
    groups = read_portgroups(
        [
            row(
                "DistributedVirtualPortgroup",
                "m-1",
                name="dv%2fa",
                key="k-1",
                config__defaultPortConfig=config,
                config__distributedVirtualSwitch="dvs-1",
            ),
            row("DistributedVirtualPortgroup", "m-2", name=""),
        ],
        tree(),
    )
    assert groups == {
        "k-1": DistributedGroup("dv/a", expected, ("Uplink 1",), ("Uplink 2",), "dvs-1"),
        "m-2": DistributedGroup("m-2"),
    }


# what was not given


def test_problems_of_the_host_are_in_all_its_adapters():
    found = adapters(None, {"config.network.pnic": DENIED}, vnic=[vnic(0), vnic(1, mtu="big")])
    for adapter in found.values():
        assert [problem.error for problem in adapter.problems] == ["AccessDenied", "UnexpectedAnswer"]
    assert found["vmk0"].link_speed_mbps is None


def test_uplinks_are_known_even_where_the_physical_adapters_are_not():
    found = adapters(vnic=[vnic(0)], portgroup=[portgroup("Management", 0, ["vmnic0"])])["vmk0"]
    assert (found.uplinks, found.link_speed_mbps) == (("vmnic0",), None)


def test_why_a_distributed_port_group_is_not_known_is_said_at_the_adapters_on_it():
    groups = read_portgroups(
        [
            row(
                "DistributedVirtualPortgroup",
                "m-1",
                {"config.defaultPortConfig": DENIED},
                key="dvportgroup-1",
                name="g",
            )
        ],
        tree(),
    )
    found = adapters(groups, vnic=[vnic(0), ON_DVS], proxySwitch=proxy())
    assert [problem.error for problem in found["vmk1"].problems if problem.error] == ["AccessDenied"]
    assert (found["vmk1"].portgroup, found["vmk0"].problems) == ("g", ())


# services


@pytest.mark.parametrize("service", [*VMkernelService, "aServiceOfTomorrow"])
def test_every_service(service):
    assert adapters(vnic=[vnic(0), vnic(1)], netConfig=[tagged(service, 1)])["vmk1"].services == {service}


def test_no_service_is_selected_where_every_kind_is_listed():
    listed = [tagged(service) for service in VMkernelService]
    assert adapters(vnic=vnic(0), netConfig=listed)["vmk0"].services == frozenset()


def test_a_selected_adapter_that_is_no_candidate_is_found_by_its_key():
    found = adapters(vnic=[vnic(0), vnic(12)], netConfig=[tagged("vmotion", 12, candidates=(0,))])
    assert (found["vmk0"].services, found["vmk12"].services) == (frozenset(), {"vmotion"})
    assert found["vmk12"].problems == ()


def test_a_candidates_key_is_believed_more_than_its_text():
    config = {
        "nicType": "vmotion",
        "candidateVnic": {"device": "vmk1", "key": "vmotion.key-vim.host.VirtualNic-vmk0"},
        "selectedVnic": ["vmotion.key-vim.host.VirtualNic-vmk0"],
    }
    assert adapters(vnic=[vnic(0), vnic(1)], netConfig=config)["vmk1"].services == {"vmotion"}


def test_a_selection_that_names_no_adapter_is_noted():
    found = adapters(vnic=vnic(0), netConfig={"nicType": "vmotion", "selectedVnic": "elsewhere"})["vmk0"]
    assert (found.services, [problem.error for problem in found.problems]) == (frozenset(), ["UnexpectedAnswer"])


@pytest.mark.parametrize("stack", ["vmotion", "vSphereProvisioning"])
def test_a_dedicated_stack_implies_its_service(stack):
    assert adapters(vnic=vnic(0, netStackInstanceKey=stack))["vmk0"].services == {stack}


@pytest.mark.parametrize("stack", ["defaultTcpipStack", "ops", "mirror", "vxlan", "my-stack", ""])
def test_other_stacks_imply_nothing(stack):
    assert adapters(vnic=vnic(0, netStackInstanceKey=stack))["vmk0"].services == frozenset()


# addresses


def test_an_adapter_with_ipv6_alone():
    six = {"dhcp": "false", "ipV6Config": {"ipV6Address": {"ipAddress": "2001:db8::1", "prefixLength": "64"}}}
    found = adapters(
        vnic=[vnic(0, ip=six, netStackInstanceKey="vmotion"), vnic(1, ip={"dhcp": "true"})],
        netStackInstance={"key": "vmotion", "ipRouteConfig": {"ipV6DefaultGateway": "2001:db8::fe"}},
    )
    assert (found["vmk0"].ip_address, found["vmk0"].gateway) == ("", "")
    assert (found["vmk0"].ipv6_addresses, found["vmk0"].ipv6_gateway) == (("2001:db8::1",), "2001:db8::fe")
    assert (found["vmk0"].dhcp, found["vmk1"].dhcp) == (False, True)


def test_a_gateway_of_its_own_comes_before_its_stacks():
    own = {"ipRouteConfig": {"ipV6DefaultGateway": "2001:db8::1"}}
    found = adapters(
        vnic=vnic(0, netStackInstanceKey="s", ipRouteSpec=own),
        netStackInstance={"key": "s", "ipRouteConfig": {"defaultGateway": "192.0.2.254", "ipV6DefaultGateway": "::2"}},
    )["vmk0"]
    assert (found.gateway, found.ipv6_gateway) == ("192.0.2.254", "2001:db8::1")


# switches


def test_the_mtu_of_the_switch():
    switch = {"name": "vSwitch0", "spec": {"mtu": "1500"}, "pnic": PNIC.format("vmnic0")}
    on_standard = adapters(vnic=vnic(0, mtu="9000"), portgroup=portgroup("Management"), vswitch=[switch])["vmk0"]
    assert (on_standard.mtu, on_standard.switch_mtu) == (9000, 1500)
    assert on_standard.switch_id == f"{id_of('host-1')}/vSwitch0"
    on_distributed = adapters(
        {"dvportgroup-1": DistributedGroup("dv", switch="dvs-1")}, vnic=ON_DVS, proxySwitch=proxy(mtu="9000")
    )["vmk1"]
    assert (on_distributed.switch_mtu, on_distributed.switch_id) == (9000, id_of("dvs-1"))
    assert adapters(vnic=vnic(0))["vmk0"].switch_mtu is None


def test_vlan_4095_is_a_trunk():
    assert adapters(vnic=vnic(0), portgroup=portgroup("Management", 4095))["vmk0"].vlan_id is None
    assert adapters(vnic=vnic(0), portgroup=portgroup("Management", 0))["vmk0"].vlan_id == 0


def test_without_an_order_the_adapters_of_a_standard_switch_count():
    switch = {"name": "vSwitch0", "pnic": [PNIC.format("vmnic1"), PNIC.format("vmnic0")]}
    nics = [pnic("vmnic0", 1000), pnic("vmnic1", 10000)]
    bare = {"spec": {"name": "Management", "vswitchName": "vSwitch0"}, "computedPolicy": {"nicTeaming": {}}}
    found = adapters(vnic=vnic(0), portgroup=bare, vswitch=switch, pnic=nics)["vmk0"]
    assert (found.uplinks, found.link_speed_mbps) == (("vmnic1", "vmnic0"), 10000)
    unused = adapters(vnic=vnic(0), portgroup=portgroup("Management"), vswitch=switch, pnic=nics)["vmk0"]
    assert (unused.uplinks, unused.link_speed_mbps) == ((), None)


def test_a_speed_that_cannot_be_read_is_no_link_that_is_down():
    group = portgroup("Management", 0, ["vmnic0"])
    odd = {"device": "vmnic0", "linkSpeed": {"speedMb": "fast"}}
    assert adapters(vnic=vnic(0), portgroup=group, pnic=odd)["vmk0"].link_speed_mbps is None
    down = {"device": "vmnic0", "linkSpeed": ""}
    assert adapters(vnic=vnic(0), portgroup=group, pnic=down)["vmk0"].link_speed_mbps == 0


ON_OPAQUE = vnic(3, "", opaqueNetwork={"opaqueNetworkId": "seg-1", "opaqueNetworkType": "nsx.LogicalSwitch"})
SEGMENT = {"opaqueNetworkId": "seg-1", "opaqueNetworkName": "nsx-vmotion", "pnicZone": ["zone-2"]}
NSX = [
    {"name": "nvds-1", "pnic": [PNIC.format("vmnic0")], "pnicZone": {"key": "zone-1", "pnicDevice": "vmnic0"}},
    {"name": "nvds-2", "pnic": [PNIC.format("vmnic2")], "pnicZone": [
        {"key": "zone-2", "pnicDevice": ["vmnic2", "vmnic3"]}, {"key": "zone-3", "pnicDevice": "vmnic4"}]},
]  # fmt: skip


def opaque(**given):
    found = adapters(vnic=[ON_OPAQUE], pnic=NICS, **given)["vmk3"]
    return found.portgroup, found.switch, found.uplinks, found.link_speed_mbps


def test_an_opaque_network_is_followed_to_the_uplinks_of_its_zone():
    assert opaque(opaqueNetwork=SEGMENT, opaqueSwitch=NSX) == ("nsx-vmotion", "nvds-2", ("vmnic2", "vmnic3"), 25000)


def test_a_lone_opaque_switch_needs_no_zone():
    assert opaque(opaqueNetwork={**SEGMENT, "pnicZone": ""}, opaqueSwitch=NSX[1]) == (
        "nsx-vmotion", "nvds-2", ("vmnic2",), 10000,
    )  # fmt: skip


def test_an_opaque_network_that_is_not_known():
    assert opaque() == ("seg-1", "", (), None)
    assert opaque(opaqueNetwork={**SEGMENT, "pnicZone": "zone-9"}, opaqueSwitch=NSX) == ("nsx-vmotion", "", (), None)


def test_a_host_that_does_not_tell_of_services_is_noted():
    (problem,) = adapters(vnic=[vnic(0)], netConfig=None)["vmk0"].problems
    assert (problem.error, "does not tell which services" in problem.message) == ("", True)


def test_a_distributed_port_group_that_is_not_seen_is_noted():
    found = adapters(vnic=[vnic(0), ON_DVS])
    assert found["vmk0"].problems == ()
    assert [one.message.partition(" is not")[0] for one in found["vmk1"].problems] == [
        "its distributed port group dvportgroup-1",
        "its host does not tell of the distributed switch that it is on",
    ]


def test_a_negative_speed_is_unknown_and_noted():
    found = adapters(vnic=[vnic(0)], portgroup=[portgroup("Management", 0, ["vmnic0"])], pnic=[pnic("vmnic0", -5)])
    assert found["vmk0"].link_speed_mbps is None
    assert [one.error for one in found["vmk0"].problems] == ["UnexpectedAnswer"]
