"""HostSystem rows → hosts and VMkernel adapters."""

import pytest

from hybridinv.model import PowerState
from hybridinv.wire.vim.hosts import PortGroup, read_host, read_portgroups, read_vmkernel_adapters
from wire.vim_rows import DENIED, id_of, row, tree


def read(missing=None, /, **properties):
    usual = {"name": "esx01", "parent": "domain-c1", "runtime__connectionState": "connected"}
    return read_host(row("HostSystem", "host-1", missing, **{**usual, **properties}), tree())


def test_a_host():
    host = read(
        hardware__systemInfo={"vendor": "Dell", "model": "R760", "uuid": "AAAAAAAA-0000-4000-8000-000000000001"},
        hardware__cpuInfo={"numCpuPackages": "2", "numCpuCores": "48", "numCpuThreads": "96"},
        hardware__memorySize="824633720832",
        summary__hardware__cpuModel="Xeon",
        summary__hardware__cpuMhz="2600",
        config__product={"name": "VMware ESXi", "version": "8.0.3", "build": "1"},
        runtime__powerState="poweredOn",
        runtime__inMaintenanceMode="true",
        capability__vmotionSupported="true",
        capability__storageVMotionSupported="false",
    )
    assert (host.id, host.cluster_id, host.location) == (id_of("host-1"), id_of("domain-c1"), "Utrecht")
    assert (host.vendor, host.model, host.bios_uuid[:8]) == ("Dell", "R760", "aaaaaaaa")
    assert (host.cpu_sockets, host.cpu_cores, host.cpu_threads, host.cpu_mhz) == (2, 48, 96, 2600)
    assert (host.memory_bytes, host.power_state, host.in_maintenance) == (768 * 2**30, PowerState.RUNNING, True)
    assert host.capabilities == {"vmotionSupported"}
    assert host.problems == ()


def tag(key, value):
    return {"identifierValue": value, "identifierType": {"key": key}}


def test_the_serial_number_of_old_and_new_hosts():
    tags = [tag("AssetTag", "no"), tag("ServiceTag", "OLD1")]
    assert read(hardware__systemInfo={"otherIdentifyingInfo": tags}).serial_number == "OLD1"
    assert read(hardware__systemInfo={"otherIdentifyingInfo": tags, "serialNumber": "NEW1"}).serial_number == "NEW1"
    assert read(hardware__systemInfo={"otherIdentifyingInfo": tag("AssetTag", "no")}).serial_number == ""


@pytest.mark.parametrize("state", ["disconnected", "notResponding"])
def test_a_host_that_does_not_answer_is_a_row_and_says_so(state):
    host = read(runtime__connectionState=state)
    assert [(problem.error, problem.scope) for problem in host.problems] == [("", id_of("host-1"))]
    assert state in host.problems[0].message


# VMkernel adapters

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
            for name, value in properties.items()
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
    groups = {"dvportgroup-1": PortGroup("dv-vmotion", 20, tuple(active), tuple(standby))}
    return adapters(groups, vnic=[ON_DVS], pnic=NICS, proxySwitch=[proxy(**more)])["vmk1"]


def test_uplinks_of_a_distributed_port_group_are_those_of_its_own_order():
    found = distributed(["Uplink 2"], ["Uplink 1"])
    assert (found.portgroup, found.vlan_id, found.switch) == ("dv-vmotion", 20, "dvs-prod")
    assert (found.uplinks, found.link_speed_mbps) == (("vmnic3", "vmnic2"), 25000)
    assert distributed(["Uplink 1"], ["Uplink 2"]).link_speed_mbps == 10000


def test_an_uplink_without_a_physical_adapter_carries_nothing():
    assert distributed(["Uplink 1", "Uplink 9"]).uplinks == ("vmnic2",)


def test_a_link_aggregation_group_is_its_adapters():
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
            row("DistributedVirtualPortgroup", "m-1", name="dv%2fa", key="k-1", config__defaultPortConfig=config),
            row("DistributedVirtualPortgroup", "m-2", name=""),
        ]
    )
    assert groups == {"k-1": PortGroup("dv/a", expected, ("Uplink 1",), ("Uplink 2",)), "m-2": PortGroup("m-2")}


# what was not given


def test_problems_of_the_host_are_in_all_its_adapters():
    found = adapters(None, {"config.network.pnic": DENIED}, vnic=[vnic(0), vnic(1, mtu="big")])
    for adapter in found.values():
        assert [problem.error for problem in adapter.problems] == ["AccessDenied", "UnexpectedAnswer"]
    assert found["vmk0"].link_speed_mbps is None


def test_uplinks_are_known_even_where_the_physical_adapters_are_not():
    found = adapters(vnic=[vnic(0)], portgroup=[portgroup("Management", 0, ["vmnic0"])])["vmk0"]
    assert (found.uplinks, found.link_speed_mbps) == (("vmnic0",), None)
