"""Names that want to be formulas, text that XML or Excel cannot hold, files that cannot be written."""

from __future__ import annotations

import os
import re
import stat
import sys
import zipfile
from pathlib import Path

import lxml.etree
import pytest
import python_calamine
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils import column_index_from_string

import hybridinv as hi
from report.filled_estate import FULL_VM, filled_estate, vm
from report.rvtools_layout import CUSTOM, layout, table, written

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "{=A1}", "=HYPERLINK(\"http://x\")", "http://x.example", "mailto:a@b",
            "internal:vInfo!A1", "0123", "1e5", "True", "2026-01-01", "#N/A", "'quoted", "<r><t>x</t></r>",
            "<r><f>1+1</f></r>", "]]>", "</t>", "&amp;", " lead", "trail ", "a\nb", "tab\there"]  # fmt: skip


def named(*names: str) -> hi.Inventory:
    return hi.Inventory(vms=[vm(number, name=name, cpus=1) for number, name in enumerate(names)])


def names_of(path: Path) -> list[object]:
    """The first column of vInfo as calamine reads it, which knows Excel's escapes."""
    return [row[0] for row in python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_name("vInfo").to_python()]


def test_text_stays_text(tmp_path):
    book = written(named(*FORMULAS), tmp_path)
    cells = [cell for (cell,) in book["vInfo"].iter_rows(min_row=2, max_col=1)]
    # XlsxWriter's own markup would go into the file as it is: a blank behind it makes it text.
    assert [cell.value for cell in cells] == [f"{one} " if one.startswith("<r>") else one for one in FORMULAS]
    assert {cell.data_type for cell in cells} == {"s"}


def test_nothing_in_the_file_is_a_formula_or_a_link(tmp_path):
    hostile = [vm(number, name=name, annotation=name, custom_attributes={name: name}, tags={name: name},
                  config_path=name) for number, name in enumerate(FORMULAS)]  # fmt: skip
    problem = hi.Problem(message="=cmd|' /C calc'!A0", remedy="http://x.example")
    azure = hi.VirtualMachine(id="=1", name="=1", platform="azure", source="=1", tags={"=1": "=1"})
    hi.write_workbook(hi.Inventory(vms=[*hostile, azure], problems=[problem]), tmp_path / "x.xlsx")
    with zipfile.ZipFile(tmp_path / "x.xlsx") as file:
        parts = {name: file.read(name).decode() for name in file.namelist()}
    assert not [name for name, text in parts.items() if "<f>" in text or "<f " in text]
    assert not [name for name, text in parts.items() if "<hyperlink" in text]
    assert not [name for name in parts if name.endswith(".rels") and "External" in parts[name]]


def test_every_part_is_well_formed_and_its_cells_are_in_order(tmp_path):
    attributes = {"A": "1", "Z": "2"}
    inv = filled_estate(vm(2, annotation=" <&> ", custom_attributes=attributes, nics=(hi.Nic(name="n"),)))
    hi.write_workbook(inv, tmp_path / "x.xlsx")
    with zipfile.ZipFile(tmp_path / "x.xlsx") as file:
        assert file.testzip() is None
        trees = {name: lxml.etree.fromstring(file.read(name)) for name in file.namelist()}
    sheets = [tree for name, tree in trees.items() if name.startswith("xl/worksheets/")]
    for sheet in sheets:
        rows = sheet.findall("{*}sheetData/{*}row")
        assert [int(row.get("r")) for row in rows] == list(range(1, len(rows) + 1))
        for row in rows:
            columns = [column_index_from_string(cell.get("r").removesuffix(row.get("r"))) for cell in row]
            assert columns == sorted(set(columns))
        first, last = sheet.find("{*}dimension").get("ref").split(":")
        assert (first, int(re.sub("[A-Z]+", "", last))) == ("A1", len(rows))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=20))
def test_any_text_comes_back_or_its_marks_are_replaced(tmp_path_factory, texts):
    path = tmp_path_factory.getbasetemp() / "any.xlsx"
    hi.write_workbook(named(*texts), path)
    expected = [text.replace("\r\n", "\n").replace("\r", "\n") for text in texts]
    read = names_of(path)[1:]
    assert len(read) == len(expected)
    for want, got in zip(expected, read, strict=True):
        assert len(want) == len(got)
        assert all(a == b or b == "\N{REPLACEMENT CHARACTER}" for a, b in zip(want, got, strict=True))
        assert all(a == b for a, b in zip(want, got, strict=True) if a.isprintable())


@pytest.mark.parametrize("text", ["a\x00b", "\x1b[31m", "\ud800", "\ufffe", "\x7f"])
def test_what_xml_cannot_hold_is_replaced(tmp_path, text):
    (row,) = table(written(named(text), tmp_path), "vInfo")
    assert "\N{REPLACEMENT CHARACTER}" in row["VM"]
    assert len(row["VM"]) == len(text)


def test_text_that_looks_like_an_escape_of_excel_is_escaped(tmp_path):
    hi.write_workbook(named("_x0041_"), tmp_path / "x.xlsx")
    assert names_of(tmp_path / "x.xlsx") == ["VM", "_x0041_"]


@pytest.mark.parametrize("letter", ["a", "\N{GRINNING FACE}"])
def test_text_that_is_too_long_is_cut_and_that_is_said(tmp_path, letter):
    units = 2 if ord(letter) > 0xFFFF else 1
    fits, long = letter * (32_767 // units), letter * 40_000
    book = written(hi.Inventory(vms=[vm(1, annotation=fits), vm(2, annotation=long)]), tmp_path)
    rows = table(book, "vInfo")
    assert rows[0]["Annotation"] == fits
    assert rows[1]["Annotation"] == letter * (32_766 // units) + "…"
    said = [(row["sheet"], row["column"], row["concerns"]) for row in table(book, "hvNotes") if "cut" in row["note"]]
    assert said == [(sheet, "Annotation", "row 3") for sheet in ("vInfo", "vCPU", "vMemory", "vTools")]


def test_numbers_that_excel_would_round_are_text(tmp_path):
    (row,) = table(written(hi.Inventory(vms=[vm(1, cpus=2**60)]), tmp_path), "vInfo")
    assert row["CPUs"] == str(2**60)


def test_custom_attributes_do_not_clash(tmp_path):
    attributes = {"Owner": "a", "owner": "b", "VM": "c", "Size MiB": "d", "": "e", "vm uuid": "f", "a\x00b": "g",
                  "<r><t>x</t></r>": "h", "VM (custom)": "i"}  # fmt: skip
    book = written(filled_estate(vm(2, custom_attributes=attributes, disks=(hi.Disk(name="d"),))), tmp_path)
    found = {}
    for sheet in ("vInfo", "vMemory", "vDisk"):
        columns = layout()[sheet]
        header = [cell.value for cell in book[sheet][1]]
        assert [name for name in header if name in columns] == [name for name in columns if name != CUSTOM]
        at = columns.index(CUSTOM)
        own = header[at : at + len(header) - len(columns) + 1]
        assert len({str(name).casefold() for name in header}) == len(header)
        row = next(row for row in table(book, sheet) if row["VM"] == "vm2")
        found[sheet] = {name: row[name] for name in own}
    assert sorted(found["vInfo"].values()) == sorted(attributes.values())
    assert found["vInfo"] == found["vMemory"] == found["vDisk"]
    assert found["vInfo"]["VM (custom)"] == "c"


def test_more_rows_than_excel_takes_is_an_error_before_anything_is_written(tmp_path):
    target = tmp_path / "x.xlsx"
    target.write_bytes(b"what was there")
    crowded = vm(1, snapshots=(hi.Snapshot(name="s"),) * 1_048_576)
    with pytest.raises(hi.InventoryFileError, match="vSnapshot would have 1,048,577 rows.*one workbook for each"):
        hi.write_workbook(hi.Inventory(vms=[crowded]), target)
    assert target.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [target]


def test_more_columns_than_excel_takes_is_an_error(tmp_path):
    attributes = {f"attribute {number}": "x" for number in range(16_384)}
    with pytest.raises(hi.InventoryFileError, match="custom attributes"):
        hi.write_workbook(hi.Inventory(vms=[vm(1, custom_attributes=attributes)]), tmp_path / "x.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_on_the_way_leaves_what_was_there(tmp_path):
    target = tmp_path / "x.xlsx"
    target.write_bytes(b"what was there")
    with pytest.raises(hi.NotSupported, match="VirtualMachine 'vm1': memory_bytes is '4'"):
        hi.write_workbook(filled_estate(vm(1, memory_bytes="4")), target)
    assert target.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("name", ["no/such/folder/x.xlsx", "."])
def test_a_place_that_cannot_be_written_is_said_at_once(tmp_path, name):
    with pytest.raises(hi.InventoryFileError, match="cannot write"):
        hi.write_workbook(hi.Inventory(), tmp_path / name)


def test_links_are_followed_and_the_mode_is_kept(tmp_path):
    target, link = tmp_path / "real.xlsx", tmp_path / "link.xlsx"
    target.write_bytes(b"")
    target.chmod(0o640)
    link.symlink_to(target)
    hi.write_workbook(hi.Inventory(vms=[FULL_VM]), link)
    assert link.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert names_of(target) == ["VM", "vm1"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes in folders")
def test_a_pipe_is_written_to(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        hi.write_workbook(hi.Inventory(), pipe)
    except hi.InventoryFileError:
        pytest.fail("a pipe was not written to")
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_sheet_that_needs_large_sizes_is_read_too(tmp_path, monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100_000)
    book = written(named(*map(str, range(1000))), tmp_path)
    with zipfile.ZipFile(tmp_path / "estate.xlsx") as file:
        assert max(part.file_size for part in file.infolist()) > zipfile.ZIP64_LIMIT
    assert [row["VM"] for row in table(book, "vInfo")] == list(map(str, range(1000)))


def test_without_the_extra_it_says_which(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(hi.MissingExtra) as error:
        hi.write_workbook(hi.Inventory(), tmp_path / "x.xlsx")
    assert error.value.extra == "report"
    assert list(tmp_path.iterdir()) == []


def test_a_machine_of_a_made_up_id_is_written(tmp_path):
    made = hi.VirtualMachine(id="x", name="x", platform="vsphere", source="")
    (row,) = table(written(hi.Inventory(vms=[made]), tmp_path), "vInfo")
    assert (row["VM"], row["VM ID"], row["VI SDK UUID"]) == ("x", "x", None)


@pytest.mark.parametrize("path", [None, 5, b"x.xlsx"])
def test_what_is_no_path_is_refused(path: object):
    with pytest.raises(hi.NotSupported, match="is no path"):
        hi.write_workbook(hi.Inventory(), path)


@pytest.mark.parametrize("name", ["a.xls", "a.XLSM", "a.xlsb", "a.ods", "a.csv"])
def test_another_format_than_it_writes_is_refused(name: str, tmp_path):
    with pytest.raises(hi.NotSupported, match=r"written as \.xlsx, not as \.") as error:
        hi.write_workbook(hi.Inventory(), tmp_path / name)
    assert error.value.remedy == "give a file that ends in .xlsx"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["estate", "estate.2026", "estate.XLSX"])
def test_any_other_name_is_as_good(name: str, tmp_path):
    hi.write_workbook(hi.Inventory(), tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(b"PK")


@pytest.mark.parametrize("subject", [None, [], hi.Inventory().vms, "estate.json"])
def test_what_is_no_inventory_is_refused(subject: object, tmp_path):
    with pytest.raises(hi.NotSupported, match="no workbook of"):
        hi.write_workbook(subject, tmp_path / "x.xlsx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "why"),
    [("a" * 300, "too long"), ("a" * 250, "too long"), ("a\0b", "null"), (".", "a folder"), ("no/x", "no folder")],
)
def test_why_a_file_cannot_be_written_is_said(name: str, why: str, tmp_path):
    for write in (hi.write_workbook, hi.write_html):
        with pytest.raises(hi.InventoryFileError, match=why):
            write(hi.Inventory(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []
