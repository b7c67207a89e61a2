"""HostSystem rows → hosts."""

import pytest

from hybridinv.model import HostBusAdapter, Lun, PhysicalNic, PowerState, TcpipStack
from hybridinv.wire.vim.hosts import read_host
from wire.vim_rows import DENIED, id_of, row, tree
from wire.vim_whole import DISK, HBAS, PNICS, STACKS, UNIT, VNIC, whole_host, whole_tree


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


def test_depth():
    host = read_host(whole_host(), whole_tree())
    assert (host.bios_version, str(host.bios_released_at)) == ("2.1.5", "2024-03-14 00:00:00+00:00")
    assert (host.hyperthreading, host.power_policy, host.in_quarantine) == (True, "Balanced", True)
    assert (host.evc_mode, host.max_evc_mode) == ("intel-icelake", "intel-sapphirerapids")
    assert (host.cpu_usage_mhz, host.memory_usage_bytes) == (4100, 2 * 2**30)
    assert (host.dns_name, host.dns_servers) == ("esx01.example.com", ("192.0.2.53",))
    assert (host.ntp_servers, host.ntp_running) == (("ntp1.example.com", "ntp2.example.com"), True)
    assert (host.time_zone, host.swap_datastore_id) == ("UTC", id_of("datastore-9"))
    assert (host.management_ip, host.vcenter_ip) == ("192.0.2.10", "192.0.2.1")
    assert (host.state, host.profile_compliance) == ("yellow", "compliant")
    assert (host.custom_attributes, host.tags) == ({"owner": "ops"}, {"tier": "gold"})
    assert (host.features, host.gpus) == (("cpuid.AES 1",), ("NVIDIA A40 (shared)", "nvidia_a40-8q"))
    assert str(host.booted_at) == "2026-01-02 03:04:05.678901+00:00"


def test_a_time_service_that_is_not_there_is_not_known_to_run():
    assert read(config__service__service=[{"key": "sshd", "running": "true"}]).ntp_running is None
    assert read(config__service__service={"key": "ntpd", "running": "false"}).ntp_running is False


@pytest.mark.parametrize(
    ("power", "state"),
    [
        ("poweredOn", PowerState.RUNNING),
        ("poweredOff", PowerState.STOPPED),
        ("standBy", PowerState.SUSPENDED),
        ("unknown", PowerState.UNKNOWN),
        ("new", PowerState.UNKNOWN),
    ],
)
def test_power_states(power, state):
    assert read(runtime__powerState=power).power_state is state


def test_what_was_refused_is_said():
    host = read({"config.network.pnic": DENIED})
    assert [(problem.error, problem.kind) for problem in host.problems] == [("AccessDenied", "hosts")]
    assert host.nics == ()


def test_half_a_dns_name():
    assert read(config__network__dnsConfig={"hostName": "esx01", "domainName": ""}).dns_name == "esx01"
    assert read(config__network__dnsConfig="").dns_name == ""


# the address it is managed at


def managed(*vnics, selected="vmk0", services=("management",)):
    config = [
        {"nicType": service, "selectedVnic": f"{service}.key-vim.host.VirtualNic-{selected}"} for service in services
    ]
    host = read(config__network__vnic=list(vnics), config__virtualNicManagerInfo__netConfig=config)
    assert host.problems == ()
    return host.management_ip


def at(device, **ip):
    return {**VNIC, "device": device, "spec": {"ip": ip}}


def test_the_management_address():
    both = at("vmk0", ipAddress="192.0.2.1"), at("vmk1", ipAddress="192.0.2.2")
    assert (managed(*both), managed(*both, selected="vmk1")) == ("192.0.2.1", "192.0.2.2")
    assert managed(*both, services=("vmotion",)) == ""
    six = {"ipV6Address": [{"ipAddress": "FE80::1"}, {"ipAddress": "2001:db8::1"}]}
    assert managed(at("vmk0", ipV6Config=six)) == "2001:db8::1"
    assert managed(at("vmk0")) == ""


# physical adapters and stacks


def test_physical_adapters():
    up, down = read_host(whole_host(), tree()).nics
    assert up == PhysicalNic(
        device="vmnic0", mac_address="e4:3d:1a:00:00:01", driver="bnxtnet", pci="0000:1a:00.0", speed_mbps=25000,
        full_duplex=True, wake_on_lan=True, switch="vSwitch0",
    )  # fmt: skip
    assert (down.speed_mbps, down.full_duplex, down.wake_on_lan) == (0, None, False)


def test_a_speed_that_cannot_be_read_is_no_link_that_is_down():
    host = read(config__network__pnic={"device": "vmnic0", "linkSpeed": {"speedMb": "fast"}})
    assert (host.nics[0].speed_mbps, len(host.problems)) == (None, 1)


def test_the_switches_of_physical_adapters():
    names = {
        nic.device: nic.switch
        for nic in read(
            config__network__pnic=[*PNICS, {"device": "vmnic2", "key": "k2"}, {"device": "vmnic3", "key": "k3"}],
            config__network__vswitch={"name": "vSwitch0", "pnic": PNICS[0]["key"]},
            config__network__proxySwitch={"dvsName": "dvs-prod", "pnic": [PNICS[1]["key"]]},
            config__network__opaqueSwitch={"name": "nsx", "pnic": "k2"},
        ).nics
    }
    assert names == {"vmnic0": "vSwitch0", "vmnic1": "dvs-prod", "vmnic2": "nsx", "vmnic3": ""}


def test_stacks_and_their_routes():
    custom = {"key": "backup", "name": "Backup", "ipRouteConfig": "", "dnsConfig": ""}
    first, second = read(config__network__netStackInstance=[*STACKS, custom]).netstacks
    assert first == TcpipStack(
        key="defaultTcpipStack", name="defaultTcpipStack", gateway="192.0.2.254", ipv6_gateway="2001:db8::fe",
        dns_servers=("192.0.2.53", "192.0.2.54"),
        routes=("0.0.0.0/0 via 192.0.2.254 dev vmk0", "192.0.2.0/24 dev vmk0", "fe80::/64 dev vmk0"),
    )  # fmt: skip
    assert second == TcpipStack(key="backup", name="Backup")


# storage


def hba(type_, **fields):
    host = read(config__storageDevice__hostBusAdapter={"_type": type_, "device": "vmhba1", **fields})
    return host.hbas[0], host.problems


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("HostFibreChannelHba", "fibre-channel"),
        ("HostFibreChannelOverEthernetHba", "fcoe"),
        ("HostInternetScsiHba", "iscsi"),
        ("HostBlockHba", "block"),
        ("HostParallelScsiHba", "scsi"),
        ("HostSerialAttachedHba", "sas"),
        ("HostPcieHba", "pcie"),
        ("HostRdmaHba", "rdma"),
        ("HostTcpHba", "tcp"),
        ("HostNewHba", "HostNewHba"),
    ],
)
def test_kinds_of_storage_adapters(type_, expected):
    assert hba(type_) == (HostBusAdapter(device="vmhba1", type=expected), ())


def test_a_storage_adapter():
    assert read(config__storageDevice__hostBusAdapter=HBAS).hbas == (
        HostBusAdapter(
            device="vmhba2", type="fibre-channel", model="QLE2692", driver="qlnativefc", pci="0000:3b:00.0",
            status="online", bus=59, wwn="21:00:00:24:ff:7f:3e:00",
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("number", "wwn"),
    [
        ("2305843009213693952", "20:00:00:00:00:00:00:00"),
        ("-6917529027641081856", "a0:00:00:00:00:00:00:00"),
        ("11529215046068469760", "a0:00:00:00:00:00:00:00"),
        ("1", "00:00:00:00:00:00:00:01"),
        ("-1", "ff:ff:ff:ff:ff:ff:ff:ff"),
    ],
)
def test_world_wide_names_come_as_signed_numbers(number, wwn):
    assert hba("HostFibreChannelHba", portWorldWideName=number) == (
        HostBusAdapter(device="vmhba1", type="fibre-channel", wwn=wwn), (),
    )  # fmt: skip


@pytest.mark.parametrize("number", ["18446744073709551616", "-9223372036854775809", "²", "1.5", "naa"])
def test_a_number_that_is_no_world_wide_name_is_noted(number):
    found, problems = hba("HostFibreChannelHba", portWorldWideName=number)
    assert (found.wwn, [problem.error for problem in problems]) == ("", ["UnexpectedAnswer"])


def test_names_of_sas_and_iscsi():
    for given in ("500056b3Abcd0011", "50:00:56:b3:ab:cd:00:11"):
        assert hba("HostSerialAttachedHba", nodeWorldWideName=given)[0].wwn == "50:00:56:b3:ab:cd:00:11"
    assert hba("HostInternetScsiHba", iScsiName="iqn.1998-01.com.vmware:esx01")[0].wwn.startswith("iqn.")


def test_no_secret_of_an_iscsi_adapter_is_kept():
    secrets = {"chapName": "chapuser", "chapSecret": "opensesame", "mutualChapSecret": "opensesame2"}
    host = read(
        config__storageDevice__hostBusAdapter={
            "_type": "HostInternetScsiHba", "device": "vmhba64", "iScsiName": "iqn.1", "iScsiAlias": "alias",
            "authenticationProperties": {"chapAuthEnabled": "true", **secrets},
            "configuredSendTarget": [{"address": "192.0.2.7", "authenticationProperties": secrets}],
            "advancedOptions": {"key": "x", "value": "opensesame3"},
        },
    )  # fmt: skip
    assert "opensesame" not in repr(host)
    assert "chapuser" not in repr(host)


def test_a_disk_and_its_paths():
    assert read(
        config__storageDevice__scsiLun=[DISK], config__storageDevice__multipathInfo__lun=[UNIT]
    ).luns == (
        Lun(
            name="naa.600508b1", label="Data 1", uuid="0200", type="disk", vendor="DGC", model="VRAID", revision="5.2",
            serial_number="S1", capacity_bytes=2**30, is_ssd=True, is_local=False, queue_depth=64, state="ok",
            policy="VMW_PSP_RR", paths=("vmhba2:C0:T0:L1 active", "vmhba3:C0:T0:L1 dead"),
        ),
    )  # fmt: skip


def test_a_disk_without_paths_capacity_and_serial_number():
    bare = {"_type": "ScsiLun", "key": "k", "lunType": "cdrom", "serialNumber": "unavailable"}
    [lun] = read(config__storageDevice__scsiLun=bare, config__storageDevice__multipathInfo__lun=UNIT).luns
    assert lun == Lun(type="cdrom")


def test_graphics():
    devices = [{"vendorName": "NVIDIA", "deviceName": "A40"}, {"deviceName": "Matrox", "graphicsType": "basic"}]
    assert read(config__graphicsInfo=devices).gpus == ("NVIDIA A40", "Matrox (basic)")


def test_a_cluster_that_is_not_seen_is_noted():
    (problem,) = read(parent="domain-c99").problems
    assert (problem.error, problem.message) == ("", "its cluster domain-c99 is not among what this account may see")
