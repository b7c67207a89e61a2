"""RVTools files read back: new ones and old ones, whole ones and poor ones, hostile ones, and those that we write."""

from __future__ import annotations

import builtins
import csv
import os
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

import hybridinv as hi
from hybridinv.report import reading_files, rvtools
from hybridinv.report.reading_cells import Sheet, moment_of, number_of
from hybridinv.report.reading_files import Found
from hybridinv.report.reading_headers import header_key
from hybridinv.report.reading_machines import os_type_of
from hybridinv.report.workbook_reading import inventory_of, open_inventory

UUID = "d39aa5cc-70ee-5568-af9b-28dd266f0336"
HERE = {"VI SDK Server": "vc01.example.test", "VI SDK UUID": UUID}
Rows = list[dict[str, Any]]


def write(path: Path, **sheets: Rows) -> Path:
    """A workbook of these rows, the headers being those of the first row."""
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy/mm/dd hh:mm:ss"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, list(rows[0]))
            for number, row in enumerate(rows, 1):
                sheet.write_row(number, 0, list(row.values()))
    return path


def machine(name: str = "web01", **cells: Any) -> dict[str, Any]:
    return {"VM": name, "Powerstate": "poweredOn", "VM ID": "vm-12", **HERE, **cells}


def read(tmp_path: Path, **sheets: Rows) -> hi.Inventory:
    return hi.read_workbook(write(tmp_path / "estate.xlsx", **sheets))


def one_vm(tmp_path: Path, **cells: Any) -> hi.VirtualMachine:
    (vm,) = read(tmp_path, vInfo=[machine(**cells)]).vms
    return vm


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("written") / "demo.xlsx"
    hi.write_workbook(hi.demo(), path)
    return path


@pytest.fixture(scope="module")
def plain(written: Path) -> Path:
    """The same without the sheets that RVTools does not have."""
    book = openpyxl.load_workbook(written)
    for name in book.sheetnames:
        if name.startswith("hv"):
            del book[name]
    path = written.with_name("rvtools.xlsx")
    book.save(path)
    return path


def test_a_machine_has_the_id_that_the_vcenter_gives_it(tmp_path: Path) -> None:
    vm = one_vm(tmp_path, CPUs=4, Memory=4096, **{"In Use MiB": 100, "Provisioned MiB": 300, "HW version": 9})
    assert (vm.id, vm.native_id, vm.source) == (f"vsphere://{UUID}/vm-12", "vm-12", "vc01.example.test")
    assert (vm.cpus, vm.memory_bytes) == (4, 4 * 2**30)
    assert (vm.committed_bytes, vm.uncommitted_bytes) == (100 * 2**20, 200 * 2**20)
    assert (vm.power_state, vm.hardware_version) == ("running", "vmx-09")


def test_headers_of_old_releases(tmp_path: Path) -> None:
    old = {
        "VM": "web01", "Powerstate": "poweredOff", "VM ID": "vm-12", "Provisioned MB": 2048, "In Use MB": 1024,
        "VM UUID": "42001122-3344-5566-7788-99aabbccddee", "disk.EnableUUID": "True",
        "VI SDK Server": "vc01", "vCenter UUID": UUID.upper(),
    }  # fmt: skip
    inv = read(tmp_path, vInfo=[old], vDisk=[{"VM": "web01", "Disk": "Hard disk 1", "Capacity MB": 512}])
    (vm,) = inv.vms
    assert (vm.id, vm.power_state) == (f"vsphere://{UUID}/vm-12", "stopped")
    assert (vm.committed_bytes, vm.uncommitted_bytes) == (2**30, 2**30)
    assert vm.settings == {"disk.EnableUUID": "TRUE"}
    assert (vm.bios_uuid, vm.instance_uuid) == ("42001122-3344-5566-7788-99aabbccddee", "")


def test_a_sheet_without_its_vcenter_is_of_the_only_one(tmp_path: Path) -> None:
    inv = read(tmp_path, vInfo=[machine()], vDisk=[{"VM": "web01", "Disk": "Hard disk 1", "Capacity MB": 512}])
    assert [disk.capacity_bytes for disk in inv.vms[0].disks] == [512 * 2**20]
    assert inv.sources == ("vc01.example.test",)


def test_headers_of_the_internal_set(tmp_path: Path) -> None:
    inner = {
        "vInfoVMName": "web01", "vInfoPowerstate": "poweredOn", "vInfoTemplate": "False", "vInfoCPUs": 2,
        "vInfoMemory": 1024, "vInfoInUse": 10, "vInfoProvisioned": 30, "vInfoGuestHostName": "web01.example.test",
        "vInfoOS": "Ubuntu Linux (64-bit)", "vInfoUUID": "42001122-3344-5566-7788-99aabbccddee", "vInfoHost": "esx01",
        "vInfoPrimaryIPAddress": "192.0.2.4", "vInfoVISDKServer": "vc01", "vInfoSRMPlaceHolder": "True",
    }  # fmt: skip
    host = {
        "vHostName": "esx01",
        "vHostNumCpu": 2,
        "vHostNumCpuCores": 32,
        "vHostMemorySize": 1024,
        "vHostCpuMhz": 2600,
    }
    inv = read(tmp_path, vInfo=[inner], vHost=[{**host, "vHostVISDKServer": "vc01"}])
    (vm,), (esx,) = inv.vms, inv.hosts
    assert (vm.name, vm.cpus, vm.committed_bytes, vm.os_type) == ("web01", 2, 10 * 2**20, "linux")
    assert (vm.hostname, vm.domain, vm.ip_addresses) == ("web01.example.test", "example.test", ("192.0.2.4",))
    assert vm.bios_uuid == "42001122-3344-5566-7788-99aabbccddee"
    assert vm.managed_by == "com.vmware.vcDr placeholderVm"
    assert (esx.name, esx.cpu_sockets, esx.cpu_cores, esx.cpu_mhz, vm.host_id) == ("esx01", 2, 32, 2600, esx.id)


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        (("In Use MiB", "In use MB", "In Use MB", "IN USE MIB "), "inusemb"),
        (("VI SDK UUID", "vCenter UUID"), "visdkuuid"),
        (("EnableUUID", "disk.EnableUUID"), "enableuuid"),
        (("# VMs",), "#vms"),
    ],
)
def test_headers_that_are_one(headers: tuple[str, ...], key: str) -> None:
    assert {header_key(one, "vInfo") for one in headers} == {key}


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (4096, 4096), (4096.0, 4096), ("4096", 4096), ("4,096", 4096), ("4.096", 4096), ("4 096", 4096),
        ("4\u00a0096", 4096), ("4'096", 4096), ("1,234,567", 1234567), ("1.234.567", 1234567), ("1.234,5", 1234.5),
        ("1,234.5", 1234.5), ("12,5", 12.5), ("-1", -1), (True, 1), ("12%", 12), ("1e3", 1000.0),
        ("", None), ("VM", None), ("1,2,3", None), ("0x10", None), (float("nan"), None), (float("inf"), None),
        ("9" * 50, None), (None, None), ([], None),
    ],
)  # fmt: skip
def test_numbers(cell: object, number: float | None) -> None:
    assert number_of(cell) == number


@pytest.mark.parametrize(
    ("cell", "truth"),
    [("True", True), ("False", False), (True, True), (1, True), (0, False), ("1", True), ("yes", True), ("No", False),
     ("WAHR", True), ("Falsch", False), ("oui", True), ("", None), ("maybe", None)],
)  # fmt: skip
def test_booleans(cell: object, truth: bool | None, tmp_path: Path) -> None:
    assert one_vm(tmp_path, CBT=cell).change_tracking is truth


TAKEN = datetime(2021, 5, 6, 7, 8, 9, tzinfo=UTC)
MOMENT = datetime(2020, 3, 4, 14, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        (MOMENT.replace(tzinfo=None), MOMENT), (43894.58687500, MOMENT), ("2020/03/04 14:05:06", MOMENT),
        ("2020-03-04T14:05:06Z", MOMENT), ("04.03.2020 14:05:06", MOMENT), ("3/4/2020 2:05:06 PM", MOMENT),
        ("31/12/2020", datetime(2020, 12, 31, tzinfo=UTC)), ("12/31/2020", datetime(2020, 12, 31, tzinfo=UTC)),
        ("31-12-20 10:00", datetime(2020, 12, 31, 10, tzinfo=UTC)), ("2/2/2020", datetime(2020, 2, 2, tzinfo=UTC)),
        ("3/4/2020 14:05", None), ("31/31/2020", None), ("soon", None), (-5, None), (1e12, None), (True, None),
    ],
)  # fmt: skip
def test_moments(cell: object, moment: datetime | None) -> None:
    assert moment_of(cell) == moment


def test_a_date_that_could_be_two_days_is_read_as_the_others_of_its_sheet() -> None:
    for other, month in (("31/12/2019", 4), ("12/31/2019", 3)):
        first, _ = Sheet("vInfo", [["VM", "PowerOn"], ["a", "3/4/2020"], ["b", other]])
        assert first.moment("PowerOn") == datetime(2020, month, 7 - month, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "family"),
    [("Microsoft Windows Server 2019 (64-bit)", "windows"), ("Ubuntu Linux (64-bit)", "linux"),
     ("Red Hat Enterprise Linux 8 (64-bit)", "linux"), ("CentOS 7 (64-bit)", "linux"), ("VMware Photon OS", "linux"),
     ("Other 5.x or later Linux (64-bit)", "linux"), ("Other (32-bit)", "other"), ("FreeBSD 12", "other"),
     ("VMware ESXi 7.0 or later", "other"), ("", "unknown")],
)  # fmt: skip
def test_families_of_systems(name: str, family: str) -> None:
    assert os_type_of(name) == family


def test_a_file_with_one_sheet_says_what_it_does_not_tell(tmp_path: Path) -> None:
    inv = read(tmp_path, vInfo=[machine(Host="esx01", Cluster="Production", Datacenter="Utrecht")])
    assert inv.asked == (
        hi.Asked(platform="vsphere", source="vc01.example.test", kinds=frozenset({"vms"}), detail="rvtools"),
    )
    (host,) = inv.hosts
    assert (host.name, host.location, inv.vms[0].host_id) == ("esx01", "Utrecht", host.id)
    said = {problem.kind: problem.message for problem in inv.problems}
    assert said.keys() == {
        "hosts", "clusters", "rules", "disks", "nics", "partitions", "snapshots", "devices", "agents",
    }  # fmt: skip
    assert said["disks"] == "the file has no sheet vDisk: the disks of its machines are not known"
    known = hi.Inventory(
        vms=inv.vms, asked=[attrs.evolve(inv.asked[0], kinds=frozenset({"vms", "hosts"}), detail="")],
        hosts=[hi.Host(id=f"vsphere://{UUID}/host-1", name="esx09", platform="vsphere", source="vc01.example.test")],
    )  # fmt: skip
    assert {(one.change, one.name) for one in known.diff(inv)} == {
        ("not_seen", "esx09"), ("not_seen", "esx01"), ("not_seen", "Production"),
    }  # fmt: skip
    assert {(one.change, one.kind, one.name) for one in inv.diff(hi.Inventory(asked=known.asked))} == {
        ("removed", "vms", "web01"), ("removed", "hosts", "esx01"), ("not_seen", "clusters", "Production"),
    }  # fmt: skip


def test_without_machines_it_is_said(tmp_path: Path) -> None:
    inv = read(tmp_path, vHost=[{"Host": "esx01", "Object ID": "host-9", **HERE}])
    assert [one.message for one in inv.problems if one.kind == "vms"] == ["the file has no sheet vInfo"]
    assert [host.id for host in inv.hosts] == [f"vsphere://{UUID}/host-9"]


def test_ids_are_made_of_names_where_there_are_none_and_stay_the_same(tmp_path: Path) -> None:
    row = {"VM": "web 01/a", "Powerstate": "poweredOn", "Datacenter": "Utrecht", "VI SDK Server": "VC01"}
    first, second = (read(tmp_path, vInfo=[row]) for _ in range(2))
    assert first.vms == second.vms
    assert first.vms[0].id == "vsphere://vc01/vm:Utrecht//web%2001%2Fa"
    assert [one for one in first.problems if one.kind == "vms"] == []


def test_machines_of_one_name_in_two_folders_are_two(tmp_path: Path) -> None:
    rows = [{"VM": "web01", "Powerstate": "poweredOn", "Datacenter": "Utrecht", "Folder": at} for at in ("a", "b")]
    disks = [{**row, "Disk": f"of {row['Folder']}"} for row in rows]
    inv = read(tmp_path, vInfo=rows, vDisk=disks)
    assert [(vm.folder, [disk.name for disk in vm.disks]) for vm in inv.vms] == [("a", ["of a"]), ("b", ["of b"])]


def test_a_machine_without_a_name_is_called_by_its_id(tmp_path: Path) -> None:
    rows = [machine(name="", **{"VM ID": "vm-7"}), {**machine(name=""), "VM ID": "", "SMBIOS UUID": ""}]
    inv = read(tmp_path, vInfo=rows)
    assert [(vm.id, vm.name) for vm in inv.vms] == [(f"vsphere://{UUID}/vm-7", "vm-7")]
    assert [one.message for one in inv.problems if one.kind == "vms"] == [
        "left out for want of a name and of an id: 1 row of vInfo"
    ]


def test_a_workbook_of_something_else_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "other.xlsx", Sheet1=[{"a": 1}])
    with pytest.raises(hi.InventoryFileError, match="has no sheet of RVTools"):
        hi.read_workbook(path)


def test_records_of_the_other_platforms_come_back(written: Path) -> None:
    demo, copy = hi.demo(), hi.read_workbook(written)
    for kind in ("vms", "extensions", "hosts", "clusters", "resources"):
        before, after = (
            {one.id: one for one in getattr(inv, kind) if one.platform != "vsphere"} for inv in (demo, copy)
        )
        assert before.keys() == after.keys() != set()
    assert [one for one in demo.diff(copy) if one.change != "not_seen" and "vsphere" not in one.id] == []
    machine_ = copy.vms.get(next(one.id for one in demo.vms if one.platform == "azure" and one.tags))
    assert machine_ is not None
    assert differing(demo.vms.get(machine_.id), machine_) <= {"created_at", "pending_updates"}
    assert {(one.platform, one.kinds) for one in copy.asked} == {(one.platform, one.kinds) for one in demo.asked}


def test_ids_made_of_names_do_not_make_it_incomplete(written: Path) -> None:
    copy = hi.read_workbook(written)
    assert all("license:" in one.id for one in copy.licenses if one.platform == "vsphere")
    assert {(one.platform, one.kind) for one in copy.problems if one not in hi.demo().problems} == {
        ("vsphere", "rules")
    }


def test_what_rvtools_has_no_sheet_for_has_not_changed(tmp_path: Path) -> None:
    at = {"platform": "vsphere", "source": "vc01"}
    devices = [hi.Device(name="CD/DVD drive 1", kind="cdrom"), hi.Device(name="Floppy drive 1", kind="floppy")]
    pool = hi.ResourcePool(
        id=f"vsphere://{UUID}/resgroup-1", name="Resources", path="Resources", location="Utrecht", **at,
        vm_ids=[f"vsphere://{UUID}/vm-2", f"vsphere://{UUID}/vm-1"],
    )  # fmt: skip
    vms = [
        hi.VirtualMachine(id=id_, name=id_[-4:], resource_pool_id=pool.id, devices=devices, **at)
        for id_ in sorted(pool.vm_ids)
    ]
    asked = [hi.Asked(**at, kinds={"vms", "resource_pools"}, detail="full")]
    live = hi.Inventory(vms=vms, resource_pools=[pool], asked=asked)
    hi.write_workbook(live, tmp_path / "x.xlsx")
    copy = hi.read_workbook(tmp_path / "x.xlsx")
    assert [len(one.devices) for one in copy.vms] == [1, 1]
    assert [one for one in live.diff(copy) if one.field in ("devices", "vm_ids")] == []
    fewer = attrs.evolve(copy, resource_pools=[attrs.evolve(copy.resource_pools[0], vm_ids=pool.vm_ids[:1])])
    assert "vm_ids" in {one.field for one in live.diff(fewer)}


def test_a_workbook_of_azure_alone_was_not_asked_of_a_vcenter(tmp_path: Path) -> None:
    asked = hi.Asked(platform="azure", source="management.azure.com", kinds={"vms"})
    vms = [hi.VirtualMachine(id="/subscriptions/s/vm1", name="vm1", platform="azure", source="management.azure.com")]
    hi.write_workbook(hi.Inventory(vms=vms, asked=[asked]), tmp_path / "x.xlsx")
    copy = hi.read_workbook(tmp_path / "x.xlsx")
    assert (copy.complete, copy.asked) == (True, (attrs.evolve(asked, detail="rvtools"),))
    assert list(copy.vms) == vms


def test_what_was_written_and_read_can_be_written_again(tmp_path: Path, written: Path) -> None:
    again = tmp_path / "again.xlsx"
    hi.write_workbook(hi.read_workbook(written), again)
    first, second = (openpyxl.load_workbook(path) for path in (written, again))

    def column(book: openpyxl.Workbook, sheet: str, header: str) -> list[object]:
        head, *rows = book[sheet].iter_rows(values_only=True)
        return [row[head.index(header)] for row in rows]

    assert column(first, "dvSwitch", "# VMs") != [0]
    assert set(column(second, "dvSwitch", "# VMs")) == {None}  # a workbook does not tell a switch's UUID
    assert column(second, "vTools", "Tools") == column(first, "vTools", "Tools")


def test_a_uuid_that_was_made_up_is_not_read_back(tmp_path: Path) -> None:
    same = {"platform": "vsphere", "source": "vc01", "instance_uuid": "50001122-3344-5566-7788-99aabbccddee"}
    vms = [hi.VirtualMachine(id=f"vsphere://{UUID}/vm-{number}", name=f"vm{number}", **same) for number in (1, 2)]
    hi.write_workbook(hi.Inventory(vms=vms), tmp_path / "x.xlsx")
    copy = hi.read_workbook(tmp_path / "x.xlsx")
    assert [vm.instance_uuid for vm in copy.vms] == [same["instance_uuid"], ""]


def test_files_of_several_vcenters_merged(tmp_path: Path) -> None:
    other = {"VI SDK Server": "vc02", "VI SDK UUID": "ffff"}
    inv = read(
        tmp_path,
        vInfo=[machine(Host="esx01"), machine(Host="esx01", **other)],
        vHost=[{"Host": "esx01", "Object ID": "host-1", **HERE}, {"Host": "esx01", "Object ID": "host-7", **other}],
        vDisk=[{"VM": "web01", "VM ID": "vm-12", "Disk": f"of {at['VI SDK UUID']}", **at} for at in (HERE, other)],
    )
    assert inv.sources == ("vc01.example.test", "vc02")
    assert [(vm.id, vm.host_id, vm.disks[0].name) for vm in inv.vms] == [
        (f"vsphere://{UUID}/vm-12", f"vsphere://{UUID}/host-1", f"of {UUID}"),
        ("vsphere://ffff/vm-12", "vsphere://ffff/host-7", "of ffff"),
    ]


def test_one_file_merged_with_itself(tmp_path: Path) -> None:
    disk = {"VM": "web01", "VM ID": "vm-12", "Disk": "Hard disk 1", **HERE}
    inv = read(tmp_path, vInfo=[machine(), machine()], vDisk=[disk, disk])
    assert (len(inv.vms), len(inv.vms[0].disks)) == (1, 1)
    assert "vms" not in {problem.kind for problem in inv.problems}


def test_a_machine_twice_and_different(tmp_path: Path) -> None:
    inv = read(tmp_path, vInfo=[machine(CPUs=2), machine(CPUs=8)])
    assert [vm.cpus for vm in inv.vms] == [8]
    assert "1 row of vInfo is of machines that a later row is of, too" in str(inv.problems[0])


def test_one_of_them_is_said_as_one(tmp_path: Path) -> None:
    disks = [{"VM": "gone", "Disk": "1", **HERE}]
    hosts = [{"Host": "esx01", "Object ID": "host-1", "# CPU": number, **HERE} for number in (1, 2)]
    said = [one.message for one in read(tmp_path, vInfo=[machine()], vDisk=disks, vHost=hosts).problems]
    assert "1 row of vDisk is of no machine, or of no certain one, of vInfo" in said
    assert "1 of them is in the file more than once, and differs; the last one counts" in said


def test_datastores_of_one_name_are_several(tmp_path: Path) -> None:
    hosts = [{"Host": name, "Object ID": f"host-{name[-1]}", **HERE} for name in ("esx1", "esx2")]
    rows = [{"Name": "datastore1", "Hosts": host, "URL": url, "Capacity MiB": 1, **HERE}
            for host, url in (("esx1", ""), ("esx2", ""), ("esx2", "ds:///vmfs/volumes/1/"))]  # fmt: skip
    disk = {"VM": "web01", "VM ID": "vm-12", "Disk Path": "[datastore1] web01.vmdk", **HERE}
    inv = read(tmp_path, vInfo=[machine()], vHost=hosts, vDisk=[disk], vDatastore=[*rows, rows[0]])
    assert len(inv.datastores) == len({one.id for one in inv.datastores}) == 3
    assert inv.vms[0].disks[0].datastore_id == ""  # nobody knows of which it is
    (alone,) = read(tmp_path, vDatastore=rows[:1]).datastores
    assert alone.id == f"vsphere://{UUID}/datastore:datastore1"


def test_rows_of_nobody_are_said(tmp_path: Path) -> None:
    rows = [machine("a"), machine("b", **{"VM ID": "vm-13"}), machine("b", **{"VM ID": "vm-14"})]
    inv = read(tmp_path, vInfo=rows, vDisk=[{"VM": name, "Disk": "1", **HERE} for name in ("a", "b", "gone")])
    assert [len(vm.disks) for vm in inv.vms] == [1, 0, 0]
    assert any(one.message.startswith("2 rows of vDisk are of no machine") for one in inv.problems)


def test_placeholders_empty_rows_and_repeated_headers(tmp_path: Path) -> None:
    row = machine(**{"DNS Name": "VM", "Network #1": "VM", "CPUs": "VM", "Annotation": " a note "})
    inv = read(tmp_path, vInfo=[row, {name: name for name in row}, dict.fromkeys(row, "")])
    (vm,) = inv.vms
    assert (vm.hostname, vm.cpus, vm.annotation) == ("", None, "a note")
    assert read(tmp_path, vInfo=[machine("VM")]).vms[0].name == "VM"


def test_custom_attributes_stand_after_the_annotation(tmp_path: Path) -> None:
    row = {"VM": "web01", "VM ID": "vm-12", "Annotation": "", "Last backup": "never", "Cost centre": 4711, "Owner": "",
           "Datacenter": "Utrecht", "Some column of later": "x", **HERE}  # fmt: skip
    (vm,) = read(tmp_path, vInfo=[row]).vms
    assert vm.custom_attributes == {"Last backup": "never", "Cost centre": "4711"}
    host = {"Host": "esx01", "Object ID": "host-1", "Rack": "R7", "UUID": "x", **HERE}
    assert read(tmp_path, vHost=[host]).hosts[0].custom_attributes == {"Rack": "R7"}


def test_cells_that_nobody_understands_are_said(tmp_path: Path) -> None:
    inv = read(
        tmp_path, vInfo=[machine(CPUs="many", Memory=-1), machine("b", **{"VM ID": "vm-13"}, CPUs="few", Memory=1)]
    )
    assert [vm.cpus for vm in inv.vms] == [None, None]
    assert inv.vms[0].memory_bytes is None
    (problem,) = (one for one in inv.problems if one.scope == "vInfo CPUs")
    assert problem.message == "2 cells of column 'CPUs' of sheet vInfo could not be understood, one is 'many'"


@pytest.mark.parametrize(
    ("header", "field", "cell", "value"),
    [
        ("CPUs", "cpus", -4, None), ("CPUs", "cpus", 0.5, None), ("CPUs", "cpus", 2**60, None),
        ("CPUs", "cpus", "#N/A", None), ("Powerstate", "power_state", "runningg", "unknown"),
        ("Powerstate", "power_state", "#N/A", "unknown"), ("Template", "is_template", "#REF!", False),
        ("Creation date", "created_at", "31.12.9999", None), ("Creation date", "created_at", "0001-01-01", None),
        ("Creation date", "created_at", "10/11/12", None),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_is_unknown_and_said(
    header: str, field: str, cell: object, value: object, tmp_path: Path
) -> None:
    inv = read(tmp_path, vInfo=[machine(**{header: cell})])
    assert getattr(inv.vms[0], field) == value
    (problem,) = (one for one in inv.problems if one.scope == f"vInfo {header}")
    assert problem.message.startswith(f"1 cell of column {header!r} of sheet vInfo could not be understood, it is ")


def test_words_for_power_states(tmp_path: Path) -> None:
    assert one_vm(tmp_path, Powerstate="Powered On").power_state == "running"


def test_dates_that_contradict_each_other_tell_nothing_of_the_rest() -> None:
    rows = [["VM", "Date"], ["a", "13/04/2019"], ["b", "12/31/2019"], ["c", "03/04/2019"]]
    assert [row.moment("Date") for row in Sheet("vInfo", rows)][2] is None


def test_a_title_above_the_headers_and_the_name_of_an_export(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "x.xlsx") as book:
        sheet = book.add_worksheet("tabvInfo")
        for number, row in enumerate((["exported by me"], [], ["vm", "powerstate"], ["web01", "poweredOn"])):
            sheet.write_row(number, 0, row)
    assert [(vm.name, vm.power_state) for vm in hi.read_workbook(tmp_path / "x.xlsx").vms] == [("web01", "running")]


def test_problems_of_a_file_of_several_vcenters_are_said_once(tmp_path: Path) -> None:
    other = {"VI SDK Server": "vc02", "VI SDK UUID": "ffff"}
    inv = read(tmp_path, vInfo=[machine(CPUs="many"), machine(CPUs=2, **other)])
    (problem,) = (one for one in inv.problems if one.scope == "vInfo CPUs")
    assert (problem.platform, problem.source) == ("vsphere", "")
    assert {one.change for one in inv.diff(attrs.evolve(inv, vms=[]))} == {"not_seen"}
    assert "0 complete, 2 not" in inv._repr_html_().replace("sources ", "").replace("source ", "")


def test_problems_do_not_pile_up(plain: Path, tmp_path: Path) -> None:
    first = inv = hi.read_workbook(plain)
    for number in range(3):
        hi.write_workbook(inv, tmp_path / f"{number}.xlsx")
        inv = hi.read_workbook(tmp_path / f"{number}.xlsx")
    assert sorted(map(str, inv.problems)) == sorted(map(str, first.problems))


def test_the_moment_it_was_taken(tmp_path: Path) -> None:
    meta = {"RVTools version": "4.4.1", "xlsx creation datetime": TAKEN.replace(tzinfo=None), "Server": "vc09"}
    inv = read(tmp_path, vInfo=[{"VM": "web01", "VM ID": "vm-1"}], vMetaData=[meta])
    assert (inv.taken_at, inv.sources) == (TAKEN, ("vc09",))
    path = tmp_path / "old.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": datetime(2015, 1, 2, tzinfo=UTC)})
        book.add_worksheet("vInfo").write_row(0, 0, ["VM"])
    assert hi.read_workbook(path).taken_at == datetime(2015, 1, 2, tzinfo=UTC)


def test_a_folder_of_csv_files(tmp_path: Path) -> None:
    for name, delimiter, encoding, rows in (
        ("RVTools_tabvInfo.csv", ";", "utf-16", [machine("Zoë", CPUs="1.024", Annotation='two; "lines"\nof it')]),
        ("RVTools_tabvDisk.csv", ",", "utf-8-sig", [{"VM": "Zoë", "Disk": "1", "Capacity MiB": "1,024", **HERE}]),
        ("RVTools_tabvUSB.csv", ",", "cp1252", [{"Select": "", "VM": "Zoë", "Device Node": "USB 1", **HERE}]),
    ):
        with (tmp_path / name).open("w", encoding=encoding, newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)
        os.utime(tmp_path / name, (1_600_000_000, 1_600_000_000))
    inv = hi.read_workbook(tmp_path)
    (vm,) = inv.vms
    assert (vm.name, vm.cpus, vm.annotation) == ("Zoë", 1024, 'two; "lines"\nof it')
    assert (vm.disks[0].capacity_bytes, vm.devices[0].name) == (2**30, "USB 1")
    assert inv.taken_at == datetime.fromtimestamp(1_600_000_000, UTC)


_CELL = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=12), st.datetimes(),
    st.sampled_from(["VM", "True", "-1", "1.024", "31/12/2020",
                     "[ds] a/b.vmdk", "vm-1", "esx01", "vc01", UUID, "a, b", "/a/b",
                     "license-1", "host-1", "dvportgroup-1"]),
)  # fmt: skip
_SHEETS = [name for name in rvtools.sheets() if name not in ("vSource", "vFileInfo", "vHealth")]


@st.composite
def _rows(draw: st.DrawFn, name: str) -> list[list[object]]:
    first, *rest = rvtools.sheets()[name]
    headers = [first, *draw(st.lists(st.sampled_from(rest), max_size=20, unique=True))]
    width = draw(st.sampled_from([1, len(headers), len(headers) + 2]))
    return [headers, *draw(st.lists(st.lists(_CELL, min_size=width, max_size=width), max_size=4))]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(_SHEETS), max_size=6, unique=True), st.data())
def test_any_cells_at_all_make_an_inventory_that_can_be_saved(names: list[str], data: st.DataObject) -> None:
    found = Found({name: data.draw(_rows(name)) for name in names}, {}, TAKEN)
    inv = inventory_of(found, "estate")
    assert set(inv.sources) or not names
    for records in inv.tables().values():
        assert len({record.id for record in records}) == len(records)
    with tempfile.TemporaryDirectory() as folder:
        inv.save(Path(folder) / "x.json")
        assert hi.load(Path(folder) / "x.json") == inv


# What is written and read back


def mebibytes(value: Any, hint: str) -> Any:
    """A value with its sizes rounded as the cells round them."""
    if attrs.has(type(value)):
        names = [field.name for field in attrs.fields(type(value))]
        return type(value)(**{name: mebibytes(getattr(value, name), name) for name in names})
    if isinstance(value, tuple):
        return tuple(mebibytes(one, hint) for one in value)
    return value // 2**20 if isinstance(value, int) and hint.endswith("_bytes") else value


LOST = {
    "vms": {
        "settings", "features", "swap_placement", "migrate_encryption", "is_encrypted", "has_tpm", "health",
        "nested_virtualization", "performance_counters", "tools_installer_mounted", "uptime_seconds",
        "disks.chain_length", "disks.chain", "disks.size_bytes", "disks.is_encrypted", "nics.switch", "agent.message",
        "nics.network_id",
        "cpu_allocation.expandable", "memory_allocation.expandable", "disks.io.expandable", "partitions.filesystem",
        "snapshots.native_id", "snapshots.is_current", "snapshots.has_memory", "snapshots.parent",
        "snapshots.parent_id", "devices.migratable",
    },
    "hosts": {
        "cpu_threads", "connection_state", "power_state", "capabilities", "netstacks", "features", "state",
        "cpu_usage_mhz", "memory_usage_bytes", "dns_name", "management_ip", "vcenter_ip",
        "luns.type", "luns.capacity_bytes", "luns.is_ssd", "luns.is_local",
    },
    "clusters": {"evc_mode", "drs_overrides_allowed", "swap_placement", "rules", "groups", "overrides"},
    "datastores": {"maintenance_mode", "mounts", "extents", "is_local", "is_ssd", "state"},
    "networks": {"is_uplink"},
    "switches": {
        "uuid", "uplinks", "teaming", "io_control", "lacp", "promiscuous", "mac_changes", "forged_transmits",
        "discovery", "portgroups.active_uplinks", "portgroups.standby_uplinks",
    },
    "resource_pools": {"kind"},
    "vmkernel_adapters": set(),
}  # fmt: skip
"""What the sheets of RVTools have no column for; everything else must come back. (The id of a standard network is made
of its name: there is no column for it either.)"""


def differing(before: Any, after: Any, path: str = "") -> set[str]:
    """The fields that differ, those of parts by their path; parts are compared in their order."""
    if before == after:
        return set()
    if isinstance(before, tuple) and isinstance(after, tuple) and len(before) == len(after):
        return set().union(*(differing(one, other, path) for one, other in zip(before, after, strict=True)))
    if not attrs.has(type(before)) or type(before) is not type(after):
        return {path}
    names = [field.name for field in attrs.fields(type(before))]
    return set().union(
        *(differing(getattr(before, name), getattr(after, name), f"{path}.{name}".strip(".")) for name in names)
    )


@pytest.mark.parametrize("kind", LOST)
def test_everything_that_the_columns_carry_comes_back(kind: str, written: Path) -> None:
    demo, copy = hi.demo(), hi.read_workbook(written)
    before = {one.id: mebibytes(one, "") for one in getattr(demo, kind) if one.platform == "vsphere"}
    after = {one.id: mebibytes(one, "") for one in getattr(copy, kind) if one.platform == "vsphere"}
    assert len(before) == len(after) > 0
    same = before.keys() & after.keys()
    assert same == {id_ for id_ in before if kind != "networks" or "dvportgroup" in id_}
    assert set().union(*(differing(before[id_], after[id_]) for id_ in same)) <= LOST[kind]


def test_what_the_vcenter_says_now_compares_with_what_the_workbook_said_then(written: Path) -> None:
    live = hi.Inventory(**{
        kind: [one for one in records if one.platform == "vsphere"] for kind, records in hi.demo().tables().items()
    }, asked=[one for one in hi.demo().asked if one.platform == "vsphere"])  # fmt: skip
    copy = hi.read_workbook(written)
    changes = [one for one in copy.diff(live) if one.change == "changed"]
    # "toolsOld" says less than the vCenter does.
    assert {one.field for one in changes} == {"agent"}
    assert {one.change for one in copy.diff(live) if one.id.startswith("vsphere:")} == {"changed"}
    assert [one for one in copy.diff(live) if one.change in ("added", "removed")] == []
    moved = attrs.evolve(live, vms=[attrs.evolve(vm, power_state="suspended", cpus=64) for vm in live.vms[:1]])
    said = {
        (one.change, one.field) for one in copy.diff(moved) if one.kind == "vms" and one.id.startswith("vsphere:")
    } - {("changed", one.field) for one in changes}
    assert said == {("changed", "power_state"), ("changed", "cpus"), ("removed", "")}


def without(path: Path, target: Path, *headers: str, only: tuple[str, ...] = ()) -> Path:
    """A workbook less these columns of RVTools' own sheets, and less all sheets but some."""
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        if only and sheet.title not in only:
            book.remove(sheet)
            continue
        for number in range(sheet.max_column, 0, -1):
            if sheet.cell(1, number).value in headers:
                sheet.delete_cols(number)
    book.save(target)
    return target


POORER: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("VI SDK UUID",), ()),
    (("Object ID",), ()),
    (("Object ID", "VM ID"), ()),
    (("Object ID", "VM ID", "VI SDK UUID", "SMBIOS UUID"), ()),
    ((), ("vInfo",)),
]


@pytest.mark.parametrize(("headers", "only"), POORER, ids=lambda value: " ".join(value) or "all")
@pytest.mark.parametrize("other", ["live", "workbook"])
def test_what_a_file_does_not_tell_has_not_changed(
    headers: tuple[str, ...], only: tuple[str, ...], other: str, plain: Path, tmp_path: Path
) -> None:
    poor = hi.read_workbook(without(plain, tmp_path / "poor.xlsx", *headers, only=only))
    rich = hi.demo() if other == "live" else hi.read_workbook(plain)
    for before, after in ((poor, rich), (rich, poor)):
        told = before.diff(after)
        # "toolsOld" says less than the vCenter does.
        assert {(one.change, one.field) for one in told} <= {("not_seen", ""), ("changed", "agent")}
        assert not [one for one in told if one.kind == "vms" and one.change == "not_seen" and "vsphere:" in one.id]
    grown = attrs.evolve(rich, vms=[attrs.evolve(vm, cpus=64) for vm in rich.vms if vm.platform == "vsphere"][1:])
    said = [one for one in poor.diff(grown) if one.kind == "vms" and one.field != "agent"]
    assert {(one.field, one.after) for one in said if one.change == "changed"} == {("cpus", "64")}
    assert len(said) == len(poor.vms)
    assert [one.change for one in said if one.change != "changed"] in (["removed"], ["not_seen"])


def test_services_that_one_of_two_files_does_not_tell_have_not_changed(written: Path, plain: Path) -> None:
    for before, after in ((written, plain), (plain, written)):
        told = hi.read_workbook(before).diff(hi.read_workbook(after))
        assert [one for one in told if one.kind == "vmkernel_adapters"] == []


def test_the_order_of_uplinks_is_no_change(tmp_path: Path) -> None:
    at = {"platform": "vsphere", "source": "vc01"}
    asked = hi.Asked(**at, kinds={"vmkernel_adapters"}, detail="full")
    one, other = (
        hi.VMkernelAdapter(id=f"vsphere://{UUID}/host-1/vmk0", name="vmk0", uplinks=uplinks, **at)
        for uplinks in (("vmnic0", "vmnic1"), ("vmnic1", "vmnic0"))
    )
    live = hi.Inventory(vmkernel_adapters=[one], asked=[asked])
    file = hi.Inventory(vmkernel_adapters=[other], asked=[attrs.evolve(asked, detail="rvtools")])
    assert list(live.diff(file)) == []


def test_a_sheet_that_could_not_be_read_is_not_what_changed(tmp_path: Path) -> None:
    disk = {"VM": "web01", "VM ID": "vm-12", "Disk": "Hard disk 1", **HERE}
    inv = read(tmp_path, vInfo=[machine()], vDisk=[disk])
    failed = hi.Problem(platform="vsphere", source="vc01.example.test", kind="vms", scope="vDisk", error="X")
    poor = attrs.evolve(inv, vms=[attrs.evolve(inv.vms[0], disks=())], problems=[*inv.problems, failed])
    assert [one.field for one in inv.diff(poor)] == []
    assert [one.field for one in inv.diff(attrs.evolve(poor, problems=inv.problems))] == ["disks"]


def test_a_machine_of_the_name_with_another_uuid_is_another(tmp_path: Path) -> None:
    old, new = (
        read(tmp_path, vInfo=[machine(**{"VM ID": id_, "VM UUID": f"5011{end}22-3344-5566-7788-99aabbccddee"})])
        for id_, end in (("", "aa"), ("vm-9", "bb"))
    )
    assert {(one.change, one.name) for one in old.diff(new)} == {("not_seen", "web01")}
    assert len(old.diff(new)) == 2


def test_what_is_gone_between_two_files_of_one_kind_is_said(tmp_path: Path) -> None:
    snapshot = {"VM": "web01", "VM ID": "vm-12", "Name": "before the patch", **HERE}
    machines = [machine(Annotation="x"), machine("web02", **{"VM ID": "vm-13"})]
    then = read(tmp_path, vInfo=machines, vSnapshot=[snapshot, {**snapshot, "Name": "after it"}])
    now = read(tmp_path, vInfo=[machine(Annotation="")], vSnapshot=[snapshot])
    assert {(one.change, one.name, one.field) for one in then.diff(now)} == {
        ("changed", "web01", "snapshots"), ("changed", "web01", "annotation"), ("removed", "web02", ""),
    }  # fmt: skip


def test_problems_of_what_was_written_come_back(tmp_path: Path) -> None:
    lacking = hi.Problem(platform="vsphere", source="vc01", kind="hosts", scope="x", error="AccessDenied", message="no")
    hi.write_workbook(hi.Inventory(vms=hi.demo().vms, problems=[lacking]), tmp_path / "x.xlsx")
    assert lacking in hi.read_workbook(tmp_path / "x.xlsx").problems


def test_services_that_rvtools_does_not_tell_are_not_taken_for_missing(plain: Path) -> None:
    inv = hi.read_workbook(plain)
    assert inv.vmkernel_adapters
    assert not any(adapter.services for adapter in inv.vmkernel_adapters)
    assert all(adapter.problems for adapter in inv.vmkernel_adapters)
    assert any(one.kind == "vmkernel_adapters" and "which services" in one.message for one in inv.problems)
    plan = hi.plan_migration(inv, "web01", to_host="esx02.example.test")
    codes = {one.code for one in plan.findings}
    assert {"VMkernelAdaptersUnknown", "InventoryIncomplete"} <= codes
    assert not {"VMotionNotConfigured", "ProvisioningNotConfigured"} & codes
    (known,) = (one for one in hi.demo().vmkernel_adapters if one.id == inv.vmkernel_adapters[0].id)
    assert inv.vmkernel_adapters[0].link_speed_mbps == known.link_speed_mbps


def test_rules_that_a_file_does_not_tell_are_not_none(written: Path) -> None:
    live, inv = hi.demo(), hi.read_workbook(written)
    barred = hi.plan_migration(live, "sql01", to_host="esx03.example.test")
    assert not barred.feasible
    for plan in (
        hi.plan_migration(inv, "sql01", to_host="esx03.example.test"),
        hi.plan_maintenance(inv, ["esx01.example.test"]),
    ):
        said = [one.message for one in plan.findings if one.code == "InventoryIncomplete"]
        assert any("RVTools does not tell what the rules of a cluster bind" in one for one in said)


def test_clusters_that_hosts_are_in_are_there_without_their_sheet(plain: Path, tmp_path: Path) -> None:
    inv = hi.read_workbook(without(plain, tmp_path / "x.xlsx", only=("vInfo", "vHost")))
    live = hi.demo()
    before, after = (
        {one.name: set(one.host_ids) for one in some.clusters if one.platform == "vsphere"} for some in (live, inv)
    )
    assert before == after
    plan = hi.plan_maintenance(inv, ["esx01.example.test"])
    codes = {one.code for one in plan.findings}
    assert "DrsUnknown" in codes
    assert "MachineHasToBeMoved" not in codes


def test_drs_is_not_off_where_no_column_tells_the_cluster(plain: Path, tmp_path: Path) -> None:
    inv = hi.read_workbook(without(plain, tmp_path / "x.xlsx", "Cluster"))
    assert {host.cluster_id for host in inv.hosts} == {""}
    codes = {one.code for one in hi.plan_maintenance(inv, ["esx01.example.test"]).findings}
    assert "MachineHasToBeMoved" not in codes
    assert {"DrsUnknown", "InventoryIncomplete"} <= codes


# Hostile files


def archive(path: Path, sheet: bytes, **parts: bytes) -> Path:
    """A workbook of one sheet, vInfo, of that XML."""
    small = write(path.with_name("small.xlsx"), vInfo=[machine()])
    with zipfile.ZipFile(small) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, sheet if info.filename == "xl/worksheets/sheet1.xml" else old.read(info))
        for name, body in parts.items():
            new.writestr(name, body)
    return path


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"", "is not a workbook"), (b"VM,Powerstate\n", "is not a workbook"), (b"PK\x03\x04nothing", "is damaged"),
     (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1nothing", "is damaged"), (b"{}", "is not a workbook")],
)  # fmt: skip
def test_what_is_no_workbook(body: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(body)
    with pytest.raises(hi.InventoryFileError, match=said) as caught:
        hi.read_workbook(path)
    assert "RVTools" in caught.value.remedy


@pytest.mark.parametrize("path", ["", "  ", "a\0b", None, 5, b"x.xlsx"])
def test_what_is_no_path(path: Any) -> None:
    with pytest.raises((hi.InventoryFileError, hi.NotSupported), match="is no path"):
        hi.read_workbook(path)


def test_a_workbook_is_known_by_how_it_begins(tmp_path: Path) -> None:
    path = write(tmp_path / "x.xlsx", vInfo=[machine()]).rename(tmp_path / "foo.txt")
    assert open_inventory(path) == hi.read_workbook(path)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(hi.InventoryFileError, match="cannot read"):
        hi.read_workbook(tmp_path / "no.xlsx")
    with pytest.raises(hi.InventoryFileError, match="no RVTools_tab"):
        hi.read_workbook(tmp_path)


def test_a_workbook_with_a_password(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"))
    with pytest.raises(hi.InventoryFileError, match="locked with a password or a sensitivity label"):
        hi.read_workbook(path)


def test_a_workbook_cut_short(written: Path, tmp_path: Path) -> None:
    for part in (0.1, 0.5, 0.99):
        path = tmp_path / f"{part}.xlsx"
        path.write_bytes(written.read_bytes()[: int(written.stat().st_size * part)])
        with pytest.raises(hi.InventoryFileError, match="is damaged"):
            hi.read_workbook(path)


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_files, "_MOST_BYTES", 2**22)
    path = archive(tmp_path / "bomb.xlsx", SHEET % b" " * 2**17)
    assert path.stat().st_size < 2**17
    with pytest.raises(hi.InventoryFileError, match="unpacks to more"):
        hi.read_workbook(path)


def test_a_size_that_is_a_lie_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_files, "_MOST_BYTES", 2**22)
    path = archive(tmp_path / "bomb.xlsx", SHEET % b" " * 2**17)
    with zipfile.ZipFile(path) as opened:
        size = opened.getinfo("xl/worksheets/sheet1.xml").file_size
    body = path.read_bytes().replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little"))
    path.write_bytes(body)
    with pytest.raises(hi.InventoryFileError, match="unpacks to more|damaged"):
        hi.read_workbook(path)


def test_two_cells_far_apart_are_not_a_sheet(tmp_path: Path) -> None:
    rows = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    with pytest.raises(hi.InventoryFileError, match="1048576 rows and 16384 columns, too many"):
        hi.read_workbook(archive(tmp_path / "wide.xlsx", SHEET % rows))


def test_another_format_in_disguise(tmp_path: Path) -> None:
    with pytest.raises(hi.InventoryFileError, match="not a workbook of Excel"):
        hi.read_workbook(archive(tmp_path / "x.xlsx", SHEET % b"", **{"content.xml": b"<x/>"}))
    with zipfile.ZipFile(tmp_path / "plain.xlsx", "w") as opened:
        opened.writestr("readme.txt", "x")
    with pytest.raises(hi.InventoryFileError, match="not a workbook of Excel"):
        hi.read_workbook(tmp_path / "plain.xlsx")


def test_a_sheet_that_cannot_be_read_is_a_problem_and_the_rest_is_there(tmp_path: Path) -> None:
    path = write(tmp_path / "estate.xlsx", vInfo=[machine()], vDisk=[{"VM": "web01"}])
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "bad.xlsx", "w") as new:
        for info in old.infolist():
            new.writestr(
                info.filename,
                b"<worksheet><sheetData><row r='1'><c r='A1'" if "sheet2" in info.filename else old.read(info),
            )
    inv = hi.read_workbook(tmp_path / "bad.xlsx")
    assert len(inv.vms) == 1
    (problem,) = (one for one in inv.problems if one.scope == "vDisk")
    assert (problem.kind, problem.error) == ("vms", "UnexpectedAnswer")
    assert "sheet vDisk could not be read" in problem.message


def test_a_sheet_without_headers_is_a_problem(tmp_path: Path) -> None:
    inv = read(tmp_path, vInfo=[{"1": "web01", "2": "poweredOn"}])
    assert not inv.vms
    assert any(one.message == "sheet vInfo has no column 'VM'" for one in inv.problems)


def test_names_do_not_become_anything_else(tmp_path: Path) -> None:
    names = ["=1+1", "../../x", "<script>", "a\nb", "\u202egpj", "x" * 5000, "https://example.test/"]
    rows = [machine(name, **{"VM ID": f"vm-{number}"}) for number, name in enumerate(names)]
    path = tmp_path / "x.xlsx"
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("vInfo")
        for number, row in enumerate([list(rows[0]), *([*one.values()] for one in rows)]):
            sheet.write_row(number, 0, row)
    assert [vm.name for vm in hi.read_workbook(path).vms] == names


def test_without_the_extra_it_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "estate.xlsx", vInfo=[machine()])
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "python_calamine":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(hi.MissingExtra, match="python-calamine") as caught:
        hi.read_workbook(path)
    assert caught.value.extra == "report"
