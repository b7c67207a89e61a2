"""The commands that make something of an inventory file; each is one function of the library and what it prints."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import attrs
import openpyxl
import pytest

import hybridinv as hi
from hybridinv.cli import main
from hybridinv.cli_outputs import INVENTORY


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("saved") / "demo.json"
    hi.demo().save(file)
    return str(file)


@pytest.fixture(scope="module")
def workbook(saved: str) -> str:
    file = Path(saved).with_name("demo.xlsx")
    hi.write_workbook(hi.demo(), file)
    return str(file)


@pytest.fixture
def later(tmp_path: Path) -> str:
    demo = hi.demo()
    first, *rest = demo.vms
    file = tmp_path / "later.json"
    attrs.evolve(demo, vms=[attrs.evolve(first, cpus=96, annotation="x" * 200), *rest[1:]]).save(file)
    return str(file)


def test_a_report(saved: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "report.html"
    assert main(["report", saved, "-o", str(target)]) == 0
    said = capsys.readouterr()
    assert said.out == f"Written to {target}.\n"
    assert said.err == "hybridinv: warning: the inventory is incomplete, it has 2 problems\n"
    assert "web01" in target.read_text(encoding="utf-8")


def test_a_workbook(saved: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "estate.xlsx"
    assert main(["workbook", saved, "-o", str(target), "--json"]) == 0
    facts = {"written": str(target), "complete": False, "problems": 2, "empty_columns": []}
    assert json.loads(capsys.readouterr().out) == facts
    assert openpyxl.load_workbook(target, read_only=True).sheetnames[0] == "vInfo"


@pytest.mark.parametrize(
    ("detail", "remedy"), [("summary", " — collect with --detail full"), ("full", "")], ids=["summary", "full"]
)
def test_a_workbook_that_importers_can_do_little_with(
    detail: str, remedy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = hi.VirtualMachine(id="vsphere://x/vm-1", name="web01", platform="vsphere", source="vc01")
    asked = hi.Asked(platform="vsphere", source="vc01", kinds={"vms"}, detail=detail)
    hi.Inventory(vms=[machine], asked=[asked]).save(tmp_path / "x.json")
    arguments = ["workbook", str(tmp_path / "x.json"), "-o", str(tmp_path / "x.xlsx")]
    assert main(arguments) == 0
    said = capsys.readouterr()
    assert said.out == f"Written to {tmp_path / 'x.xlsx'}.\n"
    found = re.fullmatch(
        r"hybridinv: warning: (\d+) columns that importers \(Azure Migrate, RVToolsMerge, migration-planner\) need are"
        r" empty in all rows of vc01; hvNotes names them(.*)\n",
        said.err,
    )
    assert found
    assert found[2] == remedy
    assert main([*arguments, "--json"]) == 0
    empty = json.loads(capsys.readouterr().out)["empty_columns"]
    assert len(empty) == int(found[1])
    assert {"vInfo In Use MiB", "vPartition Capacity MiB"} <= set(empty)
    assert "vInfo VM" not in empty


def test_a_workbook_of_another_format_is_refused_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["workbook", "no.json", "-o", str(tmp_path / "x.xls")]) == 1
    assert "written as .xlsx, not as .xls — give a file that ends in .xlsx" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["report", "workbook", "anonymise"])
def test_a_target_that_cannot_be_is_refused_first(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "no.json", "-o", "no/where"]) == 1
    assert "cannot write no/where" in capsys.readouterr().err


def test_an_export(saved: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [tmp_path / "parquet", tmp_path / "csv"]
    copy = tmp_path / "copy.json"
    arguments = ["export", saved, "--parquet", str(folders[0]), "--csv", str(folders[1]), "--inventory", str(copy)]
    assert main(arguments) == 0
    assert re.search(
        rf"^\d+ files written to {folders[1]}\.\nWritten to {copy}\.$", capsys.readouterr().out, re.MULTILINE
    )
    assert (folders[0] / "vms.parquet").exists()
    assert (folders[1] / "vms.csv").exists()
    assert hi.load(copy) == hi.load(saved)
    assert main(["export", saved, "--csv", str(tmp_path / "other"), "--json"]) == 0
    assert str(tmp_path / "other" / "vms.csv") in json.loads(capsys.readouterr().out)


def test_an_export_to_nothing_is_usage(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", saved]) == 2
    assert "usage: hybridinv export" in capsys.readouterr().err


def test_a_workbook_becomes_an_inventory_file(workbook: str, tmp_path: Path) -> None:
    assert main(["export", workbook, "--inventory", str(tmp_path / "old.json")]) == 0
    assert hi.load(tmp_path / "old.json").vms == hi.read_workbook(workbook).vms


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "WORKBOOK"],
        ["show", "WORKBOOK", "vms", "--where", "name=web01"],
        ["sql", "WORKBOOK", "select name from vms where name = 'web01'"],
        ["report", "WORKBOOK", "-o", "report.html"],
        ["ansible", "WORKBOOK", "--host", "web01"],
        ["plan-migration", "WORKBOOK", "web01", "--to-host", "esx02.example.test"],
        ["plan-maintenance", "WORKBOOK", "esx01.example.test"],
        ["onboard", "coverage", "WORKBOOK"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_workbook_is_read_where_an_inventory_file_is(
    arguments: list[str],
    workbook: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([workbook if one == "WORKBOOK" else one for one in arguments]) in (0, 3)
    said = capsys.readouterr()
    assert "error" not in said.err
    assert said.out


def test_what_is_no_workbook_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.xlsx").write_text("{}")
    assert main(["show", str(tmp_path / "x.xlsx")]) == 1
    assert "is not a workbook — give a workbook (.xlsx)" in capsys.readouterr().err


def test_an_anonymous_copy(saved: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy, key = tmp_path / "copy.json", tmp_path / "names.key"
    assert main(["anonymise", saved, "-o", str(copy), "--key", str(key)]) == 0
    assert f"{key} leads back to the real names" in capsys.readouterr().out
    assert "web01" not in copy.read_text(encoding="utf-8")
    assert len(hi.load(copy).vms) == len(hi.load(saved).vms)
    again = tmp_path / "again.json"
    assert main(["anonymise", saved, "-o", str(again), "--key", str(key), "--json"]) == 0
    facts = {"written": str(again), "complete": False, "problems": 2, "key": str(key)}
    assert json.loads(capsys.readouterr().out) == facts
    assert hi.load(again).vms == hi.load(copy).vms


def test_what_ansible_calls(saved: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ansible", saved, "--list"]) == 0
    listed = json.loads(capsys.readouterr().out)
    monkeypatch.setenv(INVENTORY, saved)
    assert main(["ansible", "--list"]) == 0
    assert json.loads(capsys.readouterr().out) == listed
    assert main(["ansible", "--host", "web01"]) == 0
    assert json.loads(capsys.readouterr().out) == listed["_meta"]["hostvars"]["web01"]
    assert main(["ansible", "--host", "nobody"]) == 1
    assert "no host of the inventory is named 'nobody'" in capsys.readouterr().err


def test_ansible_without_a_file_is_usage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv(INVENTORY, raising=False)
    assert main(["ansible", "--list"]) == 2
    assert INVENTORY in capsys.readouterr().err


def test_ansible_takes_the_script_of_the_documentation(
    saved: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[1] / "docs" / "shell-completion.md").read_text(encoding="utf-8")
    (body,) = re.findall(r"```sh\n(#!/bin/sh\n.*?)```", page, re.DOTALL)
    script = tmp_path / "hybridinv.sh"
    script.write_text(body)
    script.chmod(0o755)
    monkeypatch.setenv(INVENTORY, saved)
    done = subprocess.run(
        ["ansible-inventory", "-i", script, "--list"], capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    assert "web01" in json.loads(done.stdout)["_meta"]["hostvars"]


def test_what_changed(saved: str, later: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", saved, later]) == 0
    said = capsys.readouterr().out
    assert said.startswith("2026-01-15 08:00 to 2026-01-15 08:00 UTC: 1 removed, 2 changed.\n")
    assert re.search(r"changed +vms +\S+ +cpus +\d +96 *$", said, re.MULTILINE)
    assert "x" * 100 not in said
    assert main(["diff", later, saved]) == 0
    assert "added" in capsys.readouterr().out
    assert main(["diff", saved, later, "--json", "--kind", "vms"]) == 0
    changes = json.loads(capsys.readouterr().out)
    assert {one["change"] for one in changes} == {"changed", "removed"}
    assert "x" * 200 in {one["after"] for one in changes}


def test_what_did_not_change(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", saved, saved]) == 0
    assert capsys.readouterr().out == "2026-01-15 08:00 to 2026-01-15 08:00 UTC: no changes.\n"
    assert main(["diff", saved, saved, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_what_was_not_looked_for(saved: str, workbook: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = hi.load(saved)
    hi.Inventory(vms=whole.vms, asked=[attrs.evolve(one, kinds={"vms"}) for one in whole.asked]).save(
        tmp_path / "less.json"
    )
    workbook = str(tmp_path / "less.json")
    assert main(["diff", workbook, saved]) == 0
    short = capsys.readouterr().out
    assert re.search(
        r"^\d+ not seen in one of them, which did not look for them or could not: --all shows them$", short, re.M
    )
    assert "not seen  " not in short
    assert main(["diff", workbook, saved, "--all"]) == 0
    assert "not seen  " in capsys.readouterr().out
    assert main(["diff", workbook, saved, "--kind", "networks", "--json"]) == 0
    assert {one["kind"] for one in json.loads(capsys.readouterr().out)} == {"networks"}


def test_an_unknown_kind_is_usage(saved: str) -> None:
    assert main(["diff", saved, saved, "--kind", "machines"]) == 2


def test_long_values_are_shown_where_they_differ(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, end in (("a", "one"), ("b", "two")):
        vm = hi.VirtualMachine(id="x", name="web01", platform="vsphere", source="vc", annotation="same " * 50 + end)
        hi.Inventory(vms=[vm]).save(tmp_path / name)
    assert main(["diff", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    assert re.search(r"annotation +….{16}one +….{16}two *$", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "E", "-o", "E"],
        ["workbook", "E", "-o", "E"],
        ["export", "E", "--inventory", "E"],
        ["anonymise", "E", "-o", "E"],
        ["anonymise", "E", "-o", "LINK"],
        ["anonymise", "E", "-o", "KEY", "--key", "KEY"],
        ["anonymise", "E", "-o", "copy.json", "--key", "E"],
        ["collect", "E", "-o", "E"],
    ],
    ids=" ".join,
)
def test_no_command_writes_over_what_it_reads(
    arguments: list[str],
    saved: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    estate, link, key = (tmp_path / name for name in ("estate.json", "link.json", "names.key"))
    shutil.copy(saved, estate)
    link.symlink_to(estate)
    hi.anonymise(hi.Inventory(), key_file=key)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    names = {"E": str(estate), "LINK": str(link), "KEY": str(key)}
    assert main([names.get(one, one) for one in arguments]) == 1
    assert "is needed as it is" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_an_answer_in_json(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sql", saved, "select map {'a': 1} as m, 'x'::blob as b, 'nan'::float as n", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"m": {"a": 1}, "b": "eA==", "n": None}]
    assert main(["sql", saved, "select list(vms) from vms"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) < 1100


@pytest.mark.parametrize("command", ["report", "workbook", "anonymise"])
def test_a_dash_is_no_file(command: str, saved: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([command, saved, "-o", "-"]) != 0
    assert list(tmp_path.iterdir()) == []
