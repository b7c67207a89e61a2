"""What stands in the cells: units, unlimited and unknown, sums, and what another record tells."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs
import pytest

import hybridinv as hi
from report.filled_estate import FULL_HOST, FULL_VM, GIB, HERE, PLACES, THEN, VC, filled_estate, vm
from report.rvtools_layout import table, written

VINFO = {
    "VM": "vm1", "Powerstate": "poweredOn", "Template": "False", "SRM Placeholder": "False", "CPUs": 4,
    "Memory": 8192, "Active Memory": 1024, "NICs": 8, "Disks": 2, "Total disk capacity MiB": 102_400,
    "EnableUUID": "True", "Primary IP Address": "192.0.2.1", "Network #8": "dv-servers",
    "Resource pool": "/Utrecht/Production/Resources/Shop", "Folder": "Web/Shop", "Provisioned MiB": 51_200,
    "In Use MiB": 20_480, "Unshared MiB": 19_456, "HA Restart Priority": "highest",
    "HA Isolation Response": "none", "Cluster rule(s)": "apart", "Cluster rule name(s)": "apart", "HW version": 21,
    "PowerOn": THEN.replace(tzinfo=None), "Owner": "Web team", "Datacenter": "Utrecht", "Cluster": "Production",
    "Host": "esx01.example.test", "OS according to the configuration file": "Ubuntu Linux (64-bit)",
    "OS according to the VMware Tools": "Ubuntu Linux (64-bit)", "VM ID": "vm-1",
    "SMBIOS UUID": "42670b01-ac94-5f7d-8728-6a360794ff97", "VM UUID": "50efca09-e16b-53a5-842b-bd7798ec4a0c",
    "VI SDK Server": "vc01", "VI SDK UUID": "d39aa5cc-70ee-5568-af9b-28dd266f0336",
}  # fmt: skip
ONE_ROW = {
    "vInfo": VINFO,
    "vCPU": {"CPUs": 4, "Sockets": 2, "Cores p/s": 2, "Overall": 160, "Reservation": 500, "Limit": -1,
             "Hot Add": "True", "Hot Remove": "False"},
    "vMemory": {"Size MiB": 8192, "Consumed": 8192, "Swapped": 0, "Active": 1024, "Reservation": 1024,
                "Limit": 4096},
    "vDisk": {"Disk Key": "2000", "Capacity MiB": 61_440, "Raw": "False", "Limit": -1,
              "Controller": "VMware paravirtual SCSI", "Label": "SCSI controller 0", "Unit #": 0,
              "Shared Bus": "noSharing", "Sharing mode": "sharingNone"},
    "vPartition": {"Disk Key": "2000, 2001", "Disk": "/", "Capacity MiB": 61_440, "Consumed MiB": 46_080,
                   "Free MiB": 15_360, "Free %": 25},
    "vNetwork": {"Adapter": "Vmxnet3", "Network": "dv-servers", "Switch": "dvs-production",
                 "IPv4 Address": "192.0.2.1", "IPv6 Address": "2001:db8::1", "Direct Path IO": "False"},
    "vCD": {"Device Node": "CD/DVD drive 1", "Device Type": "ISO [iso] x.iso", "Connected": "True"},
    "vUSB": {"Device Node": "USB 1", "Device Type": "Remote host device 1", "Connected": "True",
             "OS according to the VMware tools": "Ubuntu Linux (64-bit)"},
    "vSnapshot": {"Name": "before patches", "Size MiB (total)": 3072, "State": "poweredOff", "Quiesced": "True"},
    "vTools": {"VM Version": 21, "Tools": "toolsOk", "Tools Version": 12_389, "Upgrade Policy": "manual"},
    "vRP": {"Resource Pool path": "/Utrecht/Production/Resources/Shop", "# VMs": 1, "# vCPUs": 4, "CPU limit": -1,
            "Mem reservation": 1024, "Mem Configured": 8192, "Object ID": "resgroup-1"},
    "vCluster": {"Name": "Production", "NumHosts": 1, "TotalMemory": 786_432, "Object ID": "domain-c1"},
    "vHost": {"Cores per CPU": 24, "CPU usage %": 5, "Memory usage %": 12, "# Memory": 786_432, "# VMs": 1,
              "# VMs total": 1, "VMs per Core": 1 / 48, "# vCPUs": 4, "vRAM": 8192, "VM Used memory": 8192,
              "VMotion support": "True", "ESX Version": "VMware ESXi 8.0.3 build-24280767", "Domain": "example.test",
              "NTP Server(s)": "192.0.2.123, 192.0.2.124", "HT Available": "True",
              "Assigned License(s)": "vSphere 8 Enterprise Plus", "Object ID": "host-1"},
    "vSwitch": {"Host": "esx01.example.test", "Cluster": "Production", "Switch": "vSwitch0", "MTU": 1500},
    "vPort": {"Host": "esx01.example.test", "Port Group": "Management Network", "Switch": "vSwitch0", "VLAN": 10},
    "dvSwitch": {"# VMs": 1, "CDP Type": "lldp", "CDP Operation": "both", "LACP Name": "lag 1",
                 "LACP Mode": "active", "LACP Load Balance Alg.": "srcDestIp"},
    "dvPort": {"Port": "dv-servers", "VLAN": "110", "Active Uplink": "Uplink 1", "Standby Uplink": "Uplink 2"},
    "vSC_VMK": {"Host": "esx01.example.test", "Device": "vmk1", "DHCP": "False", "MTU": 9000,
                "IP 6 Address": "2001:db8::21"},
    "vDatastore": {"Address": "naa.600", "# VMs": 1, "Provisioned MiB": 716_800, "In Use MiB": 614_400,
                   "Free %": 40, "Hosts": "esx01.example.test", "Cluster capacity MiB": 1_034_240,
                   "Cluster free space MiB": 410_624, "Major Version": 6, "MHA": "True"},
    "vMultiPath": {"Datastore": "nvme", "Path 8": "vmhba2:C0:T7:L1", "Path 8 state": "active"},
    "vLicense": {"Key": "*****-*****-*****-*****-0MZ61", "Total": 64, "Labels": "for=all", "Features": "vMotion, HA"},
}  # fmt: skip


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    return written(filled_estate(), tmp_path_factory.mktemp("filled"))


@pytest.mark.parametrize("sheet", ONE_ROW)
def test_cells_hold_what_the_records_hold(filled, sheet):
    row = table(filled, sheet)[0]
    found = {name: row[name] for name in ONE_ROW[sheet]}
    # XlsxWriter writes 16 digits of a number, as Excel does.
    rounded = {
        name: float(f"{value:.16g}") if type(value) is float else value for name, value in ONE_ROW[sheet].items()
    }
    assert found == rounded


def test_what_is_not_known_is_empty_and_not_nought_or_false(tmp_path):
    bare = vm(2)
    book = written(hi.Inventory(vms=[bare], hosts=[hi.Host(id=f"{VC}/host-2", name="esx02", **HERE)]), tmp_path)
    filled = {"VM", "Template", "VM ID", "VI SDK Server", "VI SDK UUID"}
    for sheet in ("vInfo", "vCPU", "vMemory", "vTools"):
        (row,) = table(book, sheet)
        assert {name for name, value in row.items() if value is not None} == filled, sheet
    (host,) = table(book, "vHost")
    known = {name for name, value in host.items() if value is not None}
    assert known == {"Host", "# VMs", "# VMs total", "Object ID", "VI SDK Server", "VI SDK UUID"}


def test_a_host_has_no_count_of_machines_where_nobody_asked_for_machines(tmp_path):
    asked = hi.Asked(platform="vsphere", source="vc01", kinds=("hosts",), detail="summary")
    book = written(hi.Inventory(hosts=[FULL_HOST], asked=[asked]), tmp_path)
    (host,) = table(book, "vHost")
    assert (host["# VMs"], host["# VMs total"], host["VMs per Core"]) == (None, None, None)
    notes = [row["note"] for row in table(book, "hvNotes") if row["concerns"] == "vc01"]
    assert any("read in summary" in note for note in notes)
    assert any("not asked for" in note and "vms" in note and "hosts" not in note for note in notes)


def test_a_machine_without_configuration_has_no_count_of_disks(tmp_path):
    (lost,) = table(written(hi.Inventory(vms=[vm(3, connection_state="inaccessible")]), tmp_path), "vInfo")
    assert (lost["Disks"], lost["NICs"], lost["Total disk capacity MiB"]) == (None, None, None)
    (bare,) = table(written(hi.Inventory(vms=[vm(3, cpus=1)]), tmp_path), "vInfo")
    assert (bare["Disks"], bare["NICs"], bare["Total disk capacity MiB"]) == (0, 0, 0)


def test_a_sum_with_an_unknown_part_is_unknown(tmp_path):
    disks = (hi.Disk(capacity_bytes=GIB), hi.Disk())
    (row,) = table(written(hi.Inventory(vms=[vm(3, disks=disks, committed_bytes=GIB)]), tmp_path), "vInfo")
    assert (row["Disks"], row["Total disk capacity MiB"]) == (2, None)
    assert (row["In Use MiB"], row["Provisioned MiB"]) == (1024, None)


def test_templates_are_on_vinfo_and_do_not_load_a_host(tmp_path):
    template = attrs.evolve(FULL_VM, id=f"{VC}/vm-2", name="gold", is_template=True, power_state="stopped",
                            instance_uuid="50efca09-e16b-53a5-842b-bd7798ec4a0d")  # fmt: skip
    book = written(filled_estate(template), tmp_path)
    assert [(row["VM"], row["Template"], row["Powerstate"]) for row in table(book, "vInfo")] == [
        ("vm1", "False", "poweredOn"), ("gold", "True", "poweredOff"),
    ]  # fmt: skip
    assert table(book, "vHost")[0]["# VMs total"] == 1


def test_a_placeholder_of_site_recovery_is_one(tmp_path):
    placeholder = vm(2, managed_by="com.vmware.vcDr placeholderVm", config_path="[x] y/y.vmx")
    other = vm(3, managed_by="com.vmware.vcDr recovered", config_path="[x] z/z.vmx")
    rows = table(written(hi.Inventory(vms=[placeholder, other, vm(4)]), tmp_path), "vInfo")
    assert [row["SRM Placeholder"] for row in rows] == ["True", "False", None]


@pytest.mark.parametrize(
    ("status", "message", "tools"),
    [
        ("ready", "guestToolsRunning, guestToolsCurrent", "toolsOk"),
        ("ready", "guestToolsRunning, guestToolsUnmanaged", "toolsOk"),
        ("ready", "guestToolsRunning, guestToolsSupportedOld", "toolsOld"),
        ("ready", "guestToolsRunning", None),
        ("not_ready", "guestToolsNotRunning, guestToolsCurrent", "toolsNotRunning"),
        ("not_installed", "guestToolsNotRunning, guestToolsNotInstalled", "toolsNotInstalled"),
        ("unknown", "", None),
    ],
)
def test_the_state_of_the_tools_is_in_the_words_of_rvtools(tmp_path, status, message, tools):
    machine = vm(2, os_name="Linux", agent=hi.Agent(kind="vmware-tools", status=status, message=message))
    (row,) = table(written(hi.Inventory(vms=[machine]), tmp_path), "vTools")
    assert row["Tools"] == tools
    assert row["OS according to the configuration file"] == "Linux"
    assert row["OS according to the VMware Tools"] == ("Linux" if status == "ready" else None)


def test_only_clusters_are_on_vcluster(tmp_path):
    assert [row["Name"] for row in table(written(filled_estate(), tmp_path), "vCluster")] == ["Production"]


def test_an_adapter_of_a_host_that_was_not_read_has_no_host_name(tmp_path):
    book = written(filled_estate(hosts=[]), tmp_path)
    for sheet in ("vSC_VMK", "hvVmkServices", "vSwitch"):
        assert [row["Host"] for row in table(book, sheet)] == [None]


def test_local_disks_of_one_name_hold_the_datastore_of_their_host(tmp_path):
    lun = hi.Lun(name="mpx.vmhba0:C0:T0:L0", paths=("vmhba0:C0:T0:L0 active",))
    hosts = [hi.Host(id=f"{VC}/host-{n}", name=f"esx{n}", **HERE, luns=(lun,)) for n in (1, 2, 3)]
    datastores = [
        hi.Datastore(id=f"{VC}/datastore-{n}", name=f"local{n}", **HERE, extents=(f"{lun.name}:1",),
                     host_ids=(f"{VC}/host-{n}",))
        for n in (2, 1)
    ]  # fmt: skip
    book = written(hi.Inventory(hosts=hosts, datastores=datastores), tmp_path)
    assert [row["Datastore"] for row in table(book, "vMultiPath")] == ["local1", "local2", None]


def test_machines_on_no_distributed_switch_are_on_none(tmp_path):
    switch = hi.Switch(id=f"{VC}/dvs-1", name="dvs", kind="distributed", **HERE)
    machine = vm(2, nics=(hi.Nic(name="n", network_id=f"{VC}/network-1"),))
    (row,) = table(written(hi.Inventory(vms=[machine], switches=[switch]), tmp_path), "dvSwitch")
    assert row["# VMs"] is None  # it has no UUID, by which adapters name it


def test_networks_that_rvtools_has_no_sheet_for_are_on_ours(tmp_path):
    opaque = hi.Network(id=f"{VC}/network-o9", name="nsx", kind="opaque", **HERE)
    book = written(filled_estate(networks=[*PLACES["networks"], opaque]), tmp_path)
    # Of the standard one there is no switch with a port group of its name.
    assert [row["name"] for row in table(book, "hvNetworks")] == ["VM Network", "nsx"]
    assert [row["Port"] for row in table(book, "dvPort")] == ["dv-servers", "trunk"]


def test_several_vcenters_stand_in_one_workbook(tmp_path):
    there = {"platform": "vsphere", "source": "vc02"}
    other = hi.VirtualMachine(id="vsphere://second/vm-1", name="vm1", **there)
    hosts = [FULL_HOST, hi.Host(id="vsphere://second/host-1", name="esx01", **there)]
    book = written(filled_estate(other, hosts=hosts), tmp_path)
    assert [(row["VI SDK Server"], row["VI SDK UUID"]) for row in table(book, "vInfo")] == [
        ("vc01", "d39aa5cc-70ee-5568-af9b-28dd266f0336"), ("vc02", "second"),
    ]  # fmt: skip
    assert [row["Name"] for row in table(book, "vSource")] == ["vc01", "vc02"]
    assert [row["Server"] for row in table(book, "vMetaData")] == ["vc01", "vc02"]


def test_health_tells_what_waits(tmp_path):
    problem = hi.Problem(platform="vsphere", source="vc01", kind="vms", message="no configuration")
    waiting = vm(2, problems=(problem,), question="Was it moved or copied?")
    rows = table(written(filled_estate(waiting), tmp_path), "vHealth")
    assert [(row["Name"], row["Message type"]) for row in rows] == [
        ("vm2", "Problem"), ("vm1", "Snapshot"), ("vm1", "Consolidation"), ("vm1", "cdrom"), ("vm1", "usb"),
        ("vm2", "Question"),
    ]  # fmt: skip
    assert "2025-11-03" in rows[1]["Message"]
    assert {row["VI SDK UUID"] for row in rows} == {VC.removeprefix("vsphere://")}


def test_moments_before_excel_counts_days_are_text(tmp_path):
    old = datetime(1601, 1, 1, tzinfo=UTC)
    (row,) = table(written(hi.Inventory(vms=[vm(2, created_at=old, booted_at=THEN)]), tmp_path), "vInfo")
    assert (row["Creation date"], row["PowerOn"]) == (old.isoformat(), THEN.replace(tzinfo=None))


def test_a_licence_without_a_limit_is_unlimited_and_one_without_a_key_has_none(tmp_path):
    free = hi.License(id=f"{VC}/license-2", name="Evaluation Mode", **HERE)
    (row,) = table(written(filled_estate(licenses=[free]), tmp_path), "vLicense")
    assert (row["Total"], row["Key"], row["Expiration Date"]) == (-1, None, None)
