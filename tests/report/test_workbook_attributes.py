"""Custom attributes: their columns are no columns of RVTools, whatever they are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest
import xlsxwriter

import hybridinv as hi
from hybridinv.report import rvtools
from hybridinv.report.reading_headers import read_headers
from report.filled_estate import PLACES, filled_estate
from report.rvtools_layout import layout, table, written

NAMES = sorted({column for columns in layout().values() for column in columns})
INNER = ["vInfoVMName", "vInfoUUID", "vHostName", "vDatastoreCapacity", "disk.EnableUUID", "vCenter UUID", "OS"]
FORMS = {
    "as they are": lambda name: name,
    "small": str.lower,
    "large": str.upper,
    "without spaces": lambda name: name.replace(" ", ""),
    "with dashes": lambda name: name.replace(" ", "-"),
    "with a full stop": lambda name: f"{name}.",
    "with brackets": lambda name: f"({name})",
    "of old releases": lambda name: name.replace("MiB", "MB"),
    "with blanks around": lambda name: f" {name}  ",
    "marked": lambda name: f"{name} (custom)",
    "of the internal set": lambda name: f"vInfo{name.replace(' ', '')}",
}
HERE = {"VI SDK Server": "vc01", "VI SDK UUID": "d39aa5cc-70ee-5568-af9b-28dd266f0336"}


def with_attributes(inv: hi.Inventory, attributes: dict[str, str]) -> hi.Inventory:
    """The inventory with these attributes on all records that may have some."""
    tables = {
        kind: [attrs.evolve(one, custom_attributes=attributes) for one in getattr(inv, kind)]
        for kind in ("vms", "hosts", "clusters", "datastores")
    }
    switches = [
        attrs.evolve(one, custom_attributes=attributes) if one.kind == "distributed" else one for one in inv.switches
    ]
    return attrs.evolve(inv, **tables, switches=switches)


def copied(inv: hi.Inventory, folder: Path) -> hi.Inventory:
    hi.write_workbook(inv, folder / "x.xlsx")
    return hi.read_workbook(folder / "x.xlsx")


@pytest.mark.parametrize("form", FORMS)
def test_attributes_that_are_called_as_columns_come_back_and_change_nothing_else(form: str, tmp_path: Path) -> None:
    names = dict.fromkeys(FORMS[form](name) for name in [*NAMES, *INNER])
    assert len(names) > 300
    attributes = {name: f"of {name}" for name in names}
    inv = filled_estate(clusters=PLACES["clusters"][:1])
    expected = with_attributes(copied(with_attributes(inv, {}), tmp_path), attributes)
    assert copied(with_attributes(inv, attributes), tmp_path) == expected


@pytest.mark.parametrize("name", ["", "  ", "=1+1", "a\nb", "<custom...>", "x" * 300, "(no name)", "日本", "VM"])
def test_an_attribute_of_any_name_comes_back_beside_others(name: str, tmp_path: Path) -> None:
    attributes = {name: "12345", "Zebra": "z", "Aaa": "a", "aaa": " b "}
    copy = copied(with_attributes(filled_estate(), attributes), tmp_path)
    assert copy.vms[0].custom_attributes == copy.hosts[0].custom_attributes == attributes


VC = f"vsphere://{HERE['VI SDK UUID']}"
ODD = {"Note": "first line\nOwner=second", "=eq": "v", "a=b": "c", "": "x", " ": " y ", "tab\t": "\t", "empty": ""}


@pytest.mark.parametrize("kind", ["distributed", "standard", "opaque", ""])
@pytest.mark.parametrize("id_", ["made by hand", "dvportgroup-7", "network-7"])
@pytest.mark.parametrize("attributes", [ODD, {f"a{number}": str(number) for number in range(5000)}])
def test_attributes_of_networks_come_back(kind: str, id_: str, attributes: dict[str, str], tmp_path: Path) -> None:
    at = {"platform": "vsphere", "source": "vc01"}
    network = hi.Network(id=f"{VC}/{id_}", name="Servers", kind=kind, custom_attributes=attributes, **at)
    plain = hi.Network(id=f"{VC}/network-8", name="Plain", kind="standard", **at)
    groups = tuple(hi.PortGroup(name=name) for name in ("Servers", "Plain")[kind == "distributed" :])
    switch = hi.Switch(id=f"{VC}/host-1/vSwitch0", name="vSwitch0", kind="standard", portgroups=groups, **at)
    inv = hi.Inventory(networks=[network, plain], switches=[switch])
    copy = copied(inv, tmp_path)
    assert {one.name: one.custom_attributes for one in copy.networks} == {"Servers": attributes, "Plain": {}}
    assert len(copy.networks) == 2
    assert [one.id for one in copy.networks if one.name == "Servers"] == [network.id]
    assert not list(inv.diff(copy))


@pytest.mark.parametrize(("kind", "record"), [
    ("vms", hi.VirtualMachine), ("hosts", hi.Host), ("clusters", hi.Cluster), ("datastores", hi.Datastore),
    ("networks", hi.Network), ("switches", hi.Switch),
])  # fmt: skip
@pytest.mark.parametrize("platform", ["vsphere", "azure"])
def test_attributes_of_any_kind_and_platform_come_back(kind: str, record: Any, platform: str, tmp_path: Path) -> None:
    one = record(id="vsphere://vc01/domain-s9", name="a", platform=platform, source="vc01",
                 custom_attributes={"Note": "a=b, c=d\ne", "Owner": " me "})  # fmt: skip
    (copy,) = getattr(copied(hi.Inventory(**{kind: [one]}), tmp_path), kind)
    assert (copy.id, copy.custom_attributes) == (one.id, one.custom_attributes)


def test_attributes_in_one_cell_are_read_as_they_were_first_written(tmp_path: Path) -> None:
    cells = {"id": "n", "name": "N", "platform": "vsphere", "source": "vc01", "custom_attributes": "Owner=me, Rack=R7"}
    inv = read(tmp_path, hvNetworks=[*cells.items()])
    assert [(one.id, one.custom_attributes) for one in inv.networks] == [("n", {"Owner": "me", "Rack": "R7"})]


def test_columns_that_programs_may_take_for_others_are_marked(tmp_path: Path) -> None:
    attributes = dict.fromkeys(["Datacenter", "Data Center", "In Use MB", "vInfoVMName", "vCenter UUID", "Owner"], "x")
    book = written(with_attributes(filled_estate(), attributes), tmp_path)
    header = [cell.value for cell in book["vInfo"][1]]
    assert header[header.index("Annotation") + 1 : header.index("Datacenter")] == [
        "Data Center (custom)", "Datacenter (custom)", "In Use MB (custom)", "Owner", "vCenter UUID (custom)",
        "vInfoVMName (custom)",
    ]  # fmt: skip
    rows = [row for row in table(book, "hvAttributes") if row["sheet"] == "vInfo"]
    assert {row["column"]: row["attribute"] for row in rows} == {
        f"{one} (custom)": one for one in set(attributes) - {"Owner"}
    }


def read(tmp_path: Path, **sheets: list[tuple[str, Any]]) -> hi.Inventory:
    """A file of one row a sheet, whose headers may be there twice."""
    with xlsxwriter.Workbook(tmp_path / "x.xlsx") as book:
        for name, cells in sheets.items():
            sheet = book.add_worksheet(name)
            for number, (header, value) in enumerate([*cells, *HERE.items()]):
                sheet.write(0, number, header)
                sheet.write(1, number, value)
    return hi.read_workbook(tmp_path / "x.xlsx")


@pytest.mark.parametrize(
    "name",
    ["Data Center", "VI SDK-UUID", "VM_ID", "VM-UUID", "Host.", "In Use MB", "Provisioned MB", "disk.EnableUUID",
     "vInfoVMName", "Power state", "Datacenter", "Annotation", "VM", "VI SDK UUID", "VI SDK Server", "vCenter UUID"],
)  # fmt: skip
def test_in_a_file_of_rvtools_attributes_stand_between_two_columns(name: str, tmp_path: Path) -> None:
    inv = read(tmp_path, vInfo=[
        ("VM", "web01"), ("Powerstate", "poweredOn"), ("In Use MiB", 5), ("Annotation", "note"), ("Backup", "daily"),
        (name, "mine"), ("Owner", "me"), ("Datacenter", "Utrecht"), ("Host", "esx01"), ("VM ID", "vm-12"),
        ("VM UUID", "500b85c1-0000-0000-0000-000000000001"),
    ])  # fmt: skip
    (vm,) = inv.vms
    assert vm.custom_attributes == {"Backup": "daily", name: "mine", "Owner": "me"} | (
        {"Provisioned MB": "mine"} if name == "Provisioned MB" else {}
    )
    assert (vm.id, vm.name, vm.location) == (f"vsphere://{HERE['VI SDK UUID']}/vm-12", "web01", "Utrecht")
    assert (vm.annotation, vm.power_state, vm.committed_bytes) == ("note", "running", 5 * 2**20)
    assert vm.instance_uuid == "500b85c1-0000-0000-0000-000000000001"
    assert [host.name for host in inv.hosts] == ["esx01"]
    assert "vInfo" not in {problem.scope.partition(" ")[0] for problem in inv.problems}


def test_in_a_file_of_rvtools_attributes_of_hosts_stand_near_the_end(tmp_path: Path) -> None:
    inv = read(tmp_path, vHost=[
        ("Host", "esx01"), ("Datacenter", "Utrecht"), ("Serial number", "S1"), ("Object ID", "host-1"),
        ("Data Center", "Room 5"), ("Serial-number", "9"), ("Host", "mine"), ("Rack", "R7"),
        ("UUID", "b4179ab0-3eb1-59ee-9644-e2c7af79a7c5"),
    ])  # fmt: skip
    (host,) = inv.hosts
    assert host.custom_attributes == {"Data Center": "Room 5", "Serial-number": "9", "Host": "mine", "Rack": "R7"}
    assert (host.name, host.location, host.serial_number) == ("esx01", "Utrecht", "S1")
    assert host.bios_uuid == "b4179ab0-3eb1-59ee-9644-e2c7af79a7c5"


def test_a_header_that_is_a_columns_goes_before_one_that_comes_to_the_same() -> None:
    columns, customs = read_headers(["V.M.", "VM", "Power state", "Powerstate"], "vInfo")
    assert (columns, customs) == ({"vm": 1, "powerstate": 3}, {})


def test_a_column_that_is_nowhere_else_is_one_in_the_place_of_attributes_too() -> None:
    columns, customs = read_headers(["VM", "Annotation", "Folder", "Owner", "folder", "Datacenter"], "vInfo")
    assert (columns["folder"], customs) == (2, {"Owner": 3, "folder": 4})


def test_without_a_column_after_them_attributes_end_at_the_next_that_is_known() -> None:
    columns, customs = read_headers(["VM", "Annotation", "Owner", "cpus", "Later"], "vInfo")
    assert (columns["cpus"], customs) == (3, {"Owner": 2})


def test_small_headers_are_understood(tmp_path: Path) -> None:
    columns, customs = read_headers(["vm", "annotation", "Owner", "datacenter", "cluster"], "vInfo")
    assert columns == {"vm": 0, "annotation": 1, "datacenter": 3, "cluster": 4}
    assert customs == {"Owner": 2}


def test_every_sheet_of_attributes_has_a_place_for_them() -> None:
    for sheet, columns in rvtools.sheets().items():
        headers = [name if type_ != rvtools.CUSTOM else "Owner" for name, type_ in columns.items()]
        assert read_headers(headers, sheet)[1].keys() == ({"Owner"} if rvtools.CUSTOM in columns.values() else set())
