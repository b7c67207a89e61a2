"""What the programs that read RVTools files ask of one, from their documents; none of their code runs here.

Azure Migrate: learn.microsoft.com/azure/migrate tutorial-import-vmware-using-rvtools-xlsx, its pages of 2024-03-22 and
2025-05-12 together. RVToolsMerge: docs/rvtools-column-mappings.md. migration-planner: ingest_rvtools.go.tmpl.
AVS analyzer: the columns its risks look at.
"""

from __future__ import annotations

import re
import zipfile

import attrs
import pytest

import hybridinv as hi
from hybridinv.report.rvtools import needs
from hybridinv.report.workbook import write_telling
from report.filled_estate import FULL_VM, VC, filled_estate, vm
from report.rvtools_layout import table, written

CONSUMERS = {
    "Azure Migrate": {
        "vInfo": "VM, Powerstate, Disks, CPUs, Memory, Provisioned MiB, In Use MiB,"
        " OS according to the configuration file, VM UUID",
        "vPartition": "VM, VM UUID, Capacity MiB, Consumed MiB",
        "vMemory": "VM, VM UUID, Size MiB, Reservation",
        "vDisk": "VM, Capacity MiB",
    },
    "RVToolsMerge": {
        "vInfo": "VM UUID, Template, SRM Placeholder, Powerstate, VM, CPUs, Memory, In Use MiB,"
        " OS according to the configuration file, Creation date, NICs, Disks, Provisioned MiB, Datacenter, Cluster,"
        " Host",
        "vHost": "Host, Datacenter, Cluster, CPU Model, Speed, # CPU, Cores per CPU, # Cores, CPU usage %, # Memory,"
        " Memory usage %",
        "vPartition": "VM UUID, VM, Disk, Capacity MiB, Consumed MiB",
        "vMemory": "VM UUID, VM, Size MiB, Reservation",
    },
    "migration-planner": {
        "vInfo": "VM ID, VM, Cluster, VI SDK UUID, SMBIOS UUID, Firmware, Connection state, FT State, CBT, EnableUUID,"
        " HW version, Network #1, Network #2, Network #3, Network #4, Network #5, Network #6, Network #7, Network #8",
        "vCPU": "VM ID, Hot Add, Hot Remove, Sockets, Cores p/s",
        "vDisk": "VM ID, Disk Key, Unit #, Disk Path, Sharing mode, Raw, Shared Bus, Disk Mode, Disk UUID, Thin,"
        " Controller, Label",
        "vHost": "Object ID, VMotion support, Storage VMotion support",
        "vDatastore": "Object ID, Free MiB, MHA",
        "dvPort": "Port, VLAN, Switch",
    },
    "AVS analyzer": {
        "vHost": "ESX Version",
        "vUSB": "Device Type, Connected",
        "vDisk": "Raw, Disk Mode, Path, Sharing mode, Write Through, Shared Bus",
        "vNetwork": "Switch",
        "dvPort": "VLAN, Allow Promiscuous, Mac Changes, Forged Transmits, Type",
        "vSnapshot": "VM, Name, Date / time",
        "vInfo": "Guest state, Annotation, HW version",
    },
}
NUMBERS = {
    "CPUs", "Memory", "Disks", "NICs", "Provisioned MiB", "In Use MiB", "Capacity MiB", "Consumed MiB", "Size MiB",
    "Reservation", "Speed", "# CPU", "Cores per CPU", "# Cores", "CPU usage %", "# Memory", "Memory usage %",
    "HW version", "Sockets", "Cores p/s", "Unit #", "Free MiB",
}  # fmt: skip
CASES = [(name, sheet, columns.split(", ")) for name, sheets in CONSUMERS.items() for sheet, columns in sheets.items()]
LARGEST_IMPORT = 20_000


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    return written(filled_estate(), tmp_path_factory.mktemp("filled"))


@pytest.mark.parametrize(("consumer", "sheet", "columns"), CASES)
def test_what_a_consumer_asks_for_is_there_and_filled(filled, consumer, sheet, columns):
    row = table(filled, sheet)[0]
    assert {name for name in columns if row[name] is None} == set()
    assert {name for name in columns if name in NUMBERS and not isinstance(row[name], (int, float))} == set()


def test_the_demo_passes_the_checks_of_an_import(tmp_path):
    book = written(hi.demo(), tmp_path)
    machines = table(book, "vInfo")
    for column in ("VM", "VM UUID", "VM ID", "OS according to the configuration file", "Powerstate", "CPUs", "Memory",
                   "Cluster", "VI SDK UUID", "In Use MiB"):  # fmt: skip
        assert all(row[column] is not None for row in machines), column
    uuids = [row["VM UUID"] for row in machines]
    assert len(set(uuids)) == len(uuids) <= LARGEST_IMPORT
    assert {row["Powerstate"] for row in machines} <= {"poweredOn", "poweredOff", "suspended"}
    for sheet in ("vPartition", "vMemory", "vDisk", "vCPU", "vNetwork"):
        assert {row["VM UUID"] for row in table(book, sheet)} <= set(uuids)


def test_machines_of_one_uuid_get_one_each_and_it_is_said(tmp_path):
    uuid = FULL_VM.instance_uuid
    clones = [
        hi.VirtualMachine(id=f"vsphere://{vcenter}/vm-1", name="clone", platform="vsphere", source=vcenter,
                          instance_uuid=uuid, bios_uuid=FULL_VM.bios_uuid, disks=(hi.Disk(name="Hard disk 1"),))
        for vcenter in ("second", "third")
    ]  # fmt: skip
    book = written(filled_estate(*clones), tmp_path)
    uuids = [row["VM UUID"] for row in table(book, "vInfo")]
    assert uuids[0] == uuid
    assert len(set(uuids)) == 3
    disks = {row["VI SDK UUID"]: row["VM UUID"] for row in table(book, "vDisk")}
    assert disks["second"] == uuids[1]
    said = {row["concerns"]: row["note"] for row in table(book, "hvNotes") if row["note"].startswith("made up")}
    assert said == {clone.id: f"made up: another machine has {uuid} too" for clone in clones}
    again = written(filled_estate(*clones), tmp_path)
    assert [row["VM UUID"] for row in table(again, "vInfo")] == uuids


def test_a_machine_without_an_instance_uuid_has_its_smbios_uuid_where_that_is_its_own(tmp_path):
    machines = [vm(2, bios_uuid="42000000-0000-0000-0000-000000000001"),
                vm(3, bios_uuid="42000000-0000-0000-0000-000000000001"),
                vm(4, bios_uuid=FULL_VM.instance_uuid), vm(5)]  # fmt: skip
    book = written(filled_estate(*machines), tmp_path)
    rows = table(book, "vInfo")
    assert [row["VM UUID"] for row in rows[1:]] == ["42000000-0000-0000-0000-000000000001", None, None, None]
    said = [(row["concerns"], row["note"]) for row in table(book, "hvNotes") if row["concerns"]]
    assert [id_ for id_, _ in said] == [f"{VC}/vm-{number}" for number in (2, 3, 4, 5)]
    assert ["empty" in note for _, note in said] == [False, True, True, True]


MEANS_SOMETHING_WHEN_EMPTY = {"Cluster", *(f"Network #{number}" for number in range(1, 9))}


def test_the_columns_that_importers_need_are_those_of_their_documents():
    documents: dict[str, set[str]] = {}
    for consumer in ("Azure Migrate", "RVToolsMerge", "migration-planner"):
        for sheet, columns in CONSUMERS[consumer].items():
            documents.setdefault(sheet, set()).update(columns.split(", "))
    # A trunk has no VLAN of its own.
    needed = {sheet: columns - MEANS_SOMETHING_WHEN_EMPTY - {"VLAN"} for sheet, columns in documents.items()}
    assert {sheet: set(columns) for sheet, columns in needs().items()} == needed


def in_summary(inv: hi.Inventory) -> hi.Inventory:
    """The inventory without what is read in full detail alone."""
    vms = [
        attrs.evolve(
            one, committed_bytes=None, uncommitted_bytes=None, config_path="", settings={}, change_tracking=None,
            cores_per_socket=None, memory_allocation=hi.Allocation(), partitions=(),
        )
        for one in inv.vms
    ]  # fmt: skip
    return attrs.evolve(inv, vms=vms, asked=[attrs.evolve(one, detail="summary") for one in inv.asked])


def test_what_a_summary_leaves_empty_is_said(tmp_path):
    book = written(in_summary(hi.demo()), tmp_path)
    said = {(row["sheet"], row["column"]): row for row in table(book, "hvNotes") if row["column"] and row["concerns"]}
    assert {("vInfo", "In Use MiB"), ("vInfo", "SRM Placeholder"), ("vInfo", "CBT"), ("vInfo", "EnableUUID"),
            ("vMemory", "Reservation"), ("vCPU", "Sockets"), ("vPartition", "Capacity MiB")} <= said.keys()  # fmt: skip
    for (sheet, column), row in said.items():
        assert all(machine[column] is None for machine in table(book, sheet))
        assert row["note"].endswith('collect with detail="full"')
    full = {(sheet, column) for sheet, columns in needs().items() for column in columns} - said.keys()
    for sheet, column in full:
        assert any(machine[column] is not None for machine in table(book, sheet)), (sheet, column)


@pytest.mark.parametrize("inv", [hi.demo(), filled_estate(), hi.Inventory()], ids=["demo", "filled", "empty"])
def test_nothing_is_said_of_what_is_there(inv, tmp_path):
    assert write_telling(inv, tmp_path / "x.xlsx") == []


def test_of_several_vcenters_the_one_that_lacks_it_is_named(tmp_path):
    there = hi.VirtualMachine(id="vsphere://second/vm-1", name="a", platform="vsphere", source="vc02")
    said = write_telling(filled_estate(there), tmp_path / "x.xlsx")
    assert {one.concerns for one in said} == {"vc02"}
    assert {one.note for one in said} == {"importers need it, and it is empty in all rows of this vCenter"}


@pytest.mark.parametrize(("machines", "is_said"), [(LARGEST_IMPORT, True), (LARGEST_IMPORT - 1, False)])
def test_more_machines_than_an_import_takes_is_said(tmp_path, machines, is_said):
    vms = [vm(number, instance_uuid=f"uuid {number}") for number in range(machines)]
    hi.write_workbook(hi.Inventory(vms=vms), tmp_path / "x.xlsx")
    with zipfile.ZipFile(tmp_path / "x.xlsx") as file:
        book = file.read("xl/workbook.xml").decode()
        number = re.findall('<sheet name="([^"]+)"', book).index("hvNotes") + 1
        notes = file.read(f"xl/worksheets/sheet{number}.xml").decode()
    assert ("Azure Migrate imports fewer than 20,000" in notes) is is_said
