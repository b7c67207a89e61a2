"""The workbook against RVTools' layout: sheets, columns, types of cells, and what is left empty."""

from __future__ import annotations

import re
import tomllib
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils import get_column_letter

import hybridinv as hi
from report.filled_estate import TAKEN_AT, filled_estate
from report.rvtools_layout import CUSTOM, layout, table, written

ROOT = Path(__file__).parents[2]
FACTS = ROOT.parent / "shared" / "facts" / "vsphere.md"
SOURCE = ROOT / "src" / "hybridinv" / "report"
TYPES = tomllib.loads((SOURCE / "rvtools_columns.toml").read_text(encoding="utf-8"))
FORMATS = {"integer": "#,##0", "ratio": "#,##0.00", "moment": "yyyy/mm/dd hh:mm:ss"}
OURS = [
    *("hvVmkServices", "hvMachines", "hvDisks", "hvNics", "hvExtensions", "hvHosts", "hvClusters", "hvNetworks"),
    *("hvLicenses", "hvResources", "hvTags", "hvSources", "hvProblems", "hvIds", "hvAttributes"),
    *("hvCustomAttributes", "hvUnfilled", "hvNotes"),
]


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> openpyxl.Workbook:
    return written(filled_estate(), tmp_path_factory.mktemp("filled"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> openpyxl.Workbook:
    return written(hi.demo(), tmp_path_factory.mktemp("demo"))


def test_the_list_here_is_the_one_in_the_facts():
    if not FACTS.is_file():
        absent = f"the fact sheet is not beside the project ({FACTS.relative_to(ROOT.parent)})"
        pytest.skip(absent)
    assert layout(FACTS) == layout()


def test_the_library_has_the_same_columns():
    ours = {sheet: [CUSTOM if type_ == "custom" else name for name, type_ in columns.items()]
            for sheet, columns in TYPES.items()}  # fmt: skip
    assert list(ours.items()) == list(layout().items())


def test_sheets_stand_in_the_order_of_rvtools_and_ours_after_them(book, demo):
    assert book.sheetnames == demo.sheetnames == [*layout(), *OURS]
    assert all(len(name) <= 31 for name in book.sheetnames)


@pytest.mark.parametrize("sheet", layout())
def test_columns_stand_in_the_order_of_rvtools(book, sheet):
    attributes = {"vHost": "Rack", "vCluster": "Cost center", "dvSwitch": "Team", "vDatastore": "Array"}
    expected = [attributes.get(sheet, "Owner") if name == CUSTOM else name for name in layout()[sheet]]
    assert [cell.value for cell in book[sheet][1]] == expected


@pytest.mark.parametrize("sheet", [*layout(), *OURS])
def test_headers_are_frozen_and_filtered(book, sheet):
    page = book[sheet]
    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == f"A1:{get_column_letter(page.max_column)}{page.max_row}"
    assert page["A1"].font.b


@pytest.mark.parametrize("sheet", layout())
def test_cells_have_the_types_of_rvtools(book, demo, sheet):
    for page in (book[sheet], demo[sheet]):
        header = [cell.value for cell in page[1]]
        for row in page.iter_rows(min_row=2):
            for name, cell in zip(header, row, strict=True):
                if cell.value is not None:
                    check_type(TYPES[sheet].get(name, "text"), cell)


def check_type(type_: str, cell) -> None:
    value = cell.value
    if type_ in ("text", "bool"):
        assert isinstance(value, str), cell
        assert type_ == "text" or value in ("True", "False"), cell
    elif type_ == "moment":
        assert isinstance(value, datetime), cell
    else:
        assert isinstance(value, (int, float)), cell
    if type_ in FORMATS:
        assert cell.number_format == FORMATS[type_], cell


@pytest.mark.parametrize("sheet", layout())
def test_what_is_said_to_be_empty_is_empty_and_nothing_else(book, sheet):
    rows = table(book, sheet)
    said = {row["column"] for row in table(book, "hvUnfilled") if row["sheet"] == sheet}
    found = {name for name in layout()[sheet] if name != CUSTOM and all(row[name] is None for row in rows)}
    assert said == found


def test_every_empty_column_says_why(book):
    rows = table(book, "hvUnfilled")
    assert all(row["why"] for row in rows)
    assert len(rows) == len({(row["sheet"], row["column"]) for row in rows})


def test_the_page_lists_the_same_empty_columns_and_notes(book):
    page = (ROOT / "docs" / "workbook.md").read_text(encoding="utf-8")
    for name, columns in (("unfilled", ("sheet", "column", "why")), ("notes", ("sheet", "column", "note"))):
        found = re.search(rf"<!-- table: {name} -->\n(.*?)<!-- end -->", page, re.DOTALL)
        lines = [line for line in found[1].splitlines() if line.startswith("|")][2:]
        rows = table(book, "hvUnfilled" if name == "unfilled" else "hvNotes")
        told = [row for row in rows if name == "unfilled" or not row["concerns"]]
        assert lines == [f"| {' | '.join(str(row[column]) for column in columns)} |" for row in told]


def test_notes_are_on_columns_that_are_filled(book):
    empty = {(row["sheet"], row["column"]) for row in table(book, "hvUnfilled")}
    for note in table(book, "hvNotes"):
        assert note["column"] in layout()[note["sheet"]]
        assert (note["sheet"], note["column"]) not in empty


def test_every_machine_of_vsphere_and_no_other_is_on_vinfo(demo):
    inv = hi.demo()
    names = {name: [vm.name for vm in inv.vms if (vm.platform == "vsphere") is name] for name in (True, False)}
    assert [row["VM"] for row in table(demo, "vInfo")] == names[True]
    assert [row["name"] for row in table(demo, "hvMachines")] == names[False]
    for sheet in ("vCPU", "vMemory", "vTools"):
        assert [row["VM"] for row in table(demo, sheet)] == names[True]


def test_the_other_platforms_are_whole(demo):
    inv = hi.demo()
    other = {kind: [one for one in records if one.platform != "vsphere"] for kind, records in inv.tables().items()}
    for kind in ("extensions", "hosts", "clusters", "networks", "licenses", "resources"):
        sheet = f"hv{kind.capitalize()}"
        assert [row["id"] for row in table(demo, sheet)] == [one.id for one in other[kind]]
        assert other[kind]
    assert len(table(demo, "hvDisks")) == sum(len(vm.disks) for vm in other["vms"])
    assert len(table(demo, "hvNics")) == sum(len(vm.nics) for vm in other["vms"])
    arc = next(vm for vm in other["vms"] if vm.platform == "azure-arc" and vm.agent.version)
    row = next(row for row in table(demo, "hvMachines") if row["id"] == arc.id)
    assert (row["agent_status"], row["agent_version"]) == (arc.agent.status, arc.agent.version)
    assert row["memory_bytes"] == arc.memory_bytes


def test_vmkernel_services_have_a_sheet(demo):
    inv = hi.demo()
    rows = {(row["Host"], row["Device"]): row for row in table(demo, "hvVmkServices")}
    hosts = {host.id: host.name for host in inv.hosts}
    assert len(rows) == len(inv.vmkernel_adapters)
    for adapter in inv.vmkernel_adapters:
        row = rows[hosts[adapter.host_id], adapter.device]
        assert row["Services"] == ", ".join(sorted(adapter.services))
        assert (row["TCP/IP stack"], row["Link speed Mbit/s"]) == (adapter.netstack, adapter.link_speed_mbps)


def test_problems_are_on_their_sheet_and_on_vhealth(demo):
    inv = hi.demo()
    assert not inv.complete
    assert [row["message"] for row in table(demo, "hvProblems")] == [one.message for one in inv.problems]
    said = [row["Message"] for row in table(demo, "vHealth") if row["Message type"] == "Problem"]
    assert {one.platform for one in inv.problems} == {"azure-arc"}
    assert not any(one.message in text for text in said for one in inv.problems)


def test_tags_of_all_platforms_have_a_sheet(demo):
    inv = hi.demo()
    tags = [(kind, one.id, tag) for kind, records in inv.tables().items() for one in records
            for tag in getattr(one, "tags", ())]  # fmt: skip
    assert [(row["kind"], row["id"], row["tag"]) for row in table(demo, "hvTags")] == tags


def test_metadata_says_who_wrote_it_and_of_when(book):
    (row,) = table(book, "vMetaData")
    assert row["RVTools version"] == f"hybridinv {hi.__version__}"
    assert row["xlsx creation datetime"] == TAKEN_AT.replace(tzinfo=None)
    assert row["Server"] == "vc01"


def test_the_same_inventory_gives_the_same_bytes(tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        hi.write_workbook(hi.demo(), tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_an_empty_inventory_has_all_sheets(tmp_path):
    book = written(hi.Inventory(), tmp_path)
    assert book.sheetnames == [*layout(), *OURS]
    assert {name for name in book.sheetnames if book[name].max_row > 1} == {"vMetaData", "hvUnfilled", "hvNotes"}
