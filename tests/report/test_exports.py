"""Parquet and CSV: one file a table, all or none, nothing lost, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import json
import re
import shutil
import sys
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hybridinv as hi
from hybridinv.inventory import every_table
from hybridinv.report.exports import _cell

DEMO = hi.demo()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1", "\ufeff=1", "\x00=1",
           "web;=1", "web,=1", "web\n=1", 'quote";=1', "=HYPERLINK(\"http://x\")", "|=1"]  # fmt: skip


def machine(name: str, **fields: object) -> hi.VirtualMachine:
    return hi.VirtualMachine(id=f"id {name}", name=name, platform="vsphere", source="vc01", **fields)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parquet") / "estate"
    hi.write_parquet(DEMO, folder)
    return folder


@pytest.fixture(scope="module")
def comma(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("csv") / "estate"
    hi.write_csv(DEMO, folder)
    return folder


def test_there_is_one_file_a_table(tmp_path: Path) -> None:
    for write, ending in ((hi.write_parquet, "parquet"), (hi.write_csv, "csv")):
        written = write(DEMO, tmp_path / ending)
        assert written == [tmp_path / ending / f"{name}.{ending}" for name in every_table(DEMO)]
        assert sorted((tmp_path / ending).iterdir()) == sorted(written)
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_parquet_keeps_values_types_units_and_descriptions(parquet: Path) -> None:
    for name, table in every_table(DEMO).items():
        read = pyarrow.parquet.read_table(parquet / f"{name}.parquet")
        assert read.schema.equals(table.schema), name
        assert [field.metadata for field in read.schema] == [field.metadata for field in table.schema], name
        assert read.equals(table.to_arrow()), name
    vms = pyarrow.parquet.read_schema(parquet / "vms.parquet")
    assert vms.field("memory_bytes").metadata == {b"description": b"Memory.", b"unit": b"bytes"}
    assert vms.field("booted_at").type == pyarrow.timestamp("us", tz="UTC")
    about = json.loads(vms.metadata[b"hybridinv"])
    assert about["columns"]["memory_bytes"] == {"description": "Memory.", "unit": "bytes"}
    assert (about["version"], about["complete"]) == (hi.__version__, False)
    assert datetime.fromisoformat(about["taken_at"]) == DEMO.taken_at


def test_the_files_answer_the_same_questions(parquet: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "sql.md").read_text(encoding="utf-8")
    questions = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    assert len(questions) == 30
    with duckdb.connect() as connection:
        for file in parquet.iterdir():
            connection.execute(f"create view {file.stem} as from '{file}'")
        for question in questions:
            assert connection.sql(question).to_arrow_table().num_rows == len(DEMO.sql(question)), question


def test_what_could_not_be_read_is_a_table_too(parquet: Path, comma: Path) -> None:
    said = [problem.message for problem in DEMO.problems]
    assert said
    assert pyarrow.parquet.read_table(parquet / "problems.parquet")["message"].to_pylist() == said
    assert [row["message"] for row in rows(comma / "problems.csv")] == said


def test_csv_has_the_rows_and_the_parents(comma: Path) -> None:
    for name, table in every_table(DEMO).items():
        assert len(rows(comma / f"{name}.csv")) == table.to_arrow().num_rows, name
    told = [(vm.id, vm.name, str(place), str(disk.capacity_bytes or ""))
            for vm in DEMO.vms for place, disk in enumerate(vm.disks, 1)]  # fmt: skip
    disks = rows(comma / "vm_disks.csv")
    assert [tuple(row[name] for name in ("vm_id", "vm_name", "position", "capacity_bytes")) for row in disks] == told
    assert "disks" not in rows(comma / "vms.csv")[0]


def test_csv_cells_are_of_one_form(tmp_path: Path) -> None:
    moment = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)
    hi.write_csv(hi.Inventory(vms=[machine('Zürich, "x"', cpus=4, created_at=moment)]), tmp_path / "x")
    body = (tmp_path / "x" / "vms.csv").read_bytes()
    assert body.startswith(b'\xef\xbb\xbf"id","name"')
    assert body.count(b"\r\n") == 2
    (row,) = rows(tmp_path / "x" / "vms.csv")
    shown = ("name", "cpus", "memory_bytes", "created_at", "is_template", "is_virtual")
    assert [row[name] for name in shown] == ['Zürich, "x"', "4", "", "2026-01-31T08:00:00Z", "false", ""]


def test_other_libraries_read_the_csv(comma: Path) -> None:
    file = comma / "vms.csv"
    names = [vm.name for vm in DEMO.vms]
    assert pandas.read_csv(file)["name"].tolist() == names
    assert polars.read_csv(file, infer_schema_length=None)["name"].to_list() == names
    read = duckdb.sql(f"select name, memory_bytes, epoch_us(created_at) as made from '{file}'").fetchall()
    assert [row[:2] for row in read] == [(vm.name, vm.memory_bytes) for vm in DEMO.vms]
    made = [(vm.created_at - EPOCH) // timedelta(microseconds=1) for vm in DEMO.vms if vm.created_at]
    assert [row[2] for row in read if row[2]] == made


@pytest.mark.parametrize("name", HOSTILE)
def test_no_cell_is_a_formula(name: str, tmp_path: Path) -> None:
    vm = machine(name, annotation=name, tags={name: name}, disks=[hi.Disk(name=name)])
    hi.write_csv(hi.Inventory(vms=[vm], problems=[hi.Problem(message=name)]), tmp_path / "x")
    cells = [row for file in ("vms", "vm_tags", "vm_disks", "problems") for row in rows(tmp_path / "x" / f"{file}.csv")]
    due = name.replace("\x00", "\ufffd")
    texts = [text for row in cells for text in row.values() if text and text.replace("'", "") == due]
    assert len(texts) >= 6
    assert not [text for text in texts if text.lstrip("\ufeff\ufffd\t\r\n ")[0] in "=+-@\uff1d"]
    assert not [text for text in texts if any(f"{mark}=" in text for mark in ";,|\n")]


def test_numbers_and_harmless_text_are_left_alone() -> None:
    assert _cell(-5) == "-5"
    assert [_cell(text) for text in ("web-01", "a+b", "x@y", "1=1", "it's")] == [
        '"web-01"', '"a+b"', '"x@y"', '"1=1"', "\"it's\"",
    ]  # fmt: skip


def printed(letter: str) -> str:
    """A letter as a cell has it."""
    return "\ufffd" if unicodedata.category(letter) == "Cc" and letter not in "\t\r\n" else letter


@pytest.mark.parametrize("name", ["a\x00b", "a\x1b[31mb\x07", "\x9b31m", "a\x7f\x85b"])
def test_control_characters_do_not_reach_a_csv_file(name: str, tmp_path: Path) -> None:
    hi.write_csv(hi.Inventory(vms=[machine(name, tags={name: name})]), tmp_path / "x")
    for file in (tmp_path / "x").iterdir():
        assert {one for one in file.read_text(encoding="utf-8") if unicodedata.category(one) == "Cc"} <= {"\n", "\r"}
    assert rows(tmp_path / "x" / "vms.csv")[0]["name"] == "".join(map(printed, name))


def test_tabs_and_line_ends_within_a_text_are_kept(tmp_path: Path) -> None:
    name = "a\tb\nc\r\nd\re"
    hi.write_csv(hi.Inventory(vms=[machine(name)]), tmp_path / "x")
    assert rows(tmp_path / "x" / "vms.csv")[0]["name"] == name


@given(st.text())
def test_a_cell_is_one_cell_and_only_gains_apostrophes(text: str) -> None:
    cell = _cell(text)
    (read,) = next(csv.reader([cell], strict=True)) if "\n" not in text and "\r" not in text else (None,)
    if read is not None:
        assert read.replace("'", "") == "".join(map(printed, text)).replace("'", "")
    assert (cell[0], cell[-1]) == ('"', '"')


def test_a_folder_that_is_there_is_kept_and_its_files_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    hi.write_csv(hi.Inventory(vms=[machine("old")]), tmp_path)
    hi.write_csv(hi.Inventory(vms=[machine("new")]), tmp_path)
    assert [row["name"] for row in rows(tmp_path / "vms.csv")] == ["new"]
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_failure_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    hi.write_csv(hi.Inventory(vms=[machine("old")]), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    vm = machine("new", problems=[hi.Problem(message="x")])
    with pytest.raises(hi.InventoryFileError, match="cannot write"):
        hi.write_csv(hi.Inventory(vms=[vm]), tmp_path / "vms.csv")
    with pytest.raises(hi.InventoryFileError, match="cannot write"):
        hi.write_csv(hi.Inventory(vms=[vm]), tmp_path / "not there" / "x")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_half_of_the_files_are_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hi.write_csv(hi.Inventory(vms=[machine("old")]), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    move = shutil.move

    def full(path: Path, target: Path) -> object:
        if target == tmp_path / "vm_tags.csv" and path.suffix == ".csv":
            raise OSError(28, "No space left on device")
        return move(path, target)

    monkeypatch.setattr(shutil, "move", full)
    with pytest.raises(hi.InventoryFileError, match="No space left"):
        hi.write_csv(hi.Inventory(vms=[machine("new")]), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_csv_needs_no_other_library_and_parquet_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("pyarrow", "pandas", "polars", "duckdb"):
        monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(hi.MissingExtra, match=r"hybridinv\[tables\]"):
        hi.write_parquet(DEMO, tmp_path / "parquet")
    assert list(tmp_path.iterdir()) == []
    assert len(hi.write_csv(DEMO, tmp_path / "csv")) == len(list((tmp_path / "csv").iterdir()))


def test_what_is_no_inventory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(hi.NotSupported, match="not an Inventory"):
        hi.write_csv(DEMO.vms, tmp_path / "x")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", [hi.write_csv, hi.write_parquet])
def test_what_is_in_the_way_stays(write: Any, tmp_path: Path) -> None:
    for ending in ("csv", "parquet"):
        (tmp_path / f"vms.{ending}").mkdir()
        (tmp_path / f"vms.{ending}" / "mine").write_text("mine")
    with pytest.raises(hi.InventoryFileError, match="is no plain file"):
        write(hi.Inventory(), tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["mine", "mine", "vms.csv", "vms.parquet"]


def test_modes_and_links_are_kept(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "tables", tmp_path / "elsewhere.csv"
    folder.mkdir()
    elsewhere.write_text("")
    (folder / "vms.csv").write_text("")
    (folder / "vms.csv").chmod(0o600)
    (folder / "hosts.csv").symlink_to(elsewhere)
    hi.write_csv(hi.Inventory(), folder)
    assert (folder / "vms.csv").stat().st_mode & 0o777 == 0o600
    assert (folder / "hosts.csv").is_symlink()
    assert elsewhere.read_text(encoding="utf-8-sig").startswith('"id"')


@pytest.mark.parametrize("folder", ["", None, 5])
def test_what_names_no_folder_is_refused(folder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(hi.NotSupported, match="is no folder"):
        hi.write_csv(hi.Inventory(), folder)
    assert list(tmp_path.iterdir()) == []
