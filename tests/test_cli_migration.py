"""`hybridinv plan-migration`: from a file, with a picture, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import hybridinv as hi
from hybridinv.cli import main
from hybridinv.demo import tape_folders
from planning.small_estate import HERE, disk, estate, host, machine

ARC = '[sources.arc]\nplatform = "azure-arc"\n'


@pytest.fixture
def saved(tmp_path: Path) -> str:
    """A small saved inventory."""
    estate().save(tmp_path / "estate.json")
    return str(tmp_path / "estate.json")


def test_it_begins_with_the_sentence(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan-migration", saved, "web01", "--to-host", "esx02"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("web01 would move hot from esx01 to esx02; its memory goes over vMotion")
    assert said.strip() == str(hi.plan_migration(hi.load(saved), "web01", to_host="esx02"))


def test_a_picture(saved: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "plan.svg"
    assert main(["plan-migration", saved, "web01", "--to-host", "esx02", "--svg", str(file)]) == 0
    assert f"Written to {file}." in capsys.readouterr().out
    assert ElementTree.parse(file).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert file.read_text(encoding="utf-8") == hi.plan_migration(hi.load(saved), "web01", to_host="esx02").render_svg()


def test_a_picture_is_written_whole_or_not_at_all(
    saved: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "plan.svg"
    file.write_text("earlier", encoding="utf-8")
    assert main(["plan-migration", saved, "nobody", "--to-host", "esx02", "--svg", str(file)]) == 1
    assert file.read_text(encoding="utf-8") == "earlier"
    assert main(["plan-migration", saved, "web01", "--to-host", "esx02", "--svg", str(tmp_path / "no" / "x.svg")]) == 1
    assert "cannot write" in capsys.readouterr().err
    assert sorted(one.name for one in tmp_path.iterdir()) == ["estate.json", "plan.svg"]


def test_a_saved_inventory_cannot_be_checked(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan-migration", saved, "web01", "--to-host", "esx02", "--check"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "is a saved inventory — give an estate file" in said.err


@pytest.mark.parametrize("name", ["estate.json", "./link.json"])
def test_a_picture_is_never_written_over_the_inventory(
    name: str, saved: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("link.json").symlink_to(saved)
    before = Path(saved).read_bytes()
    assert main(["plan-migration", saved, "web01", "--to-host", "esx02", "--svg", name]) == 1
    assert "is needed as it is" in capsys.readouterr().err
    assert Path(saved).read_bytes() == before


def test_a_tape_cannot_be_checked_and_that_is_said_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tape = next(folder for folder in tape_folders() if folder.name == "vsphere")
    file = tmp_path / "hybridinv.toml"
    file.write_text(f'[sources.a]\ntape = "{tape}"\n', encoding="utf-8")
    monkeypatch.setattr(hi, "collect", lambda *_, **__: pytest.fail("it was read"))
    assert main(["plan-migration", str(file), "build01", "--to-host", "esx01.example.test", "--check"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "is played from a tape — give an estate file with the vCenter itself" in said.err


def test_a_tape_beside_a_vcenter_cannot_be_checked_either(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tape = next(folder for folder in tape_folders() if folder.name == "vsphere")
    file = tmp_path / "hybridinv.toml"
    file.write_text(
        f'[sources.a]\ntape = "{tape}"\n[sources.b]\nplatform = "vsphere"\nhost = "127.0.0.1"\nport = 9\n'
        f'username = "u"\npassword = {{ env = "PW" }}\nthumbprint = "{"ab" * 32}"\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("PW", "x")
    assert main(["plan-migration", str(file), "build01", "--to-host", "esx01.example.test", "--check"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "127.0.0.1:9 (vsphere): not read, " in said.err
    assert "vc01.example.test is played from a tape" in said.err


def test_an_estate_without_a_vcenter_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "hybridinv.toml"
    file.write_text(ARC, encoding="utf-8")
    assert main(["plan-migration", str(file), "web01", "--to-host", "esx02"]) == 1
    assert "has no source of vSphere" in capsys.readouterr().err


def test_remedies_name_the_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    local = hi.Datastore(id="ds-local", name="local", host_ids=["host-1"], **HERE)
    inventory = estate(machine(disks=[disk(datastore="ds-local")])) + hi.Inventory(datastores=[local])
    inventory.save(tmp_path / "estate.json")
    assert main(["plan-migration", str(tmp_path / "estate.json"), "web01", "--to-host", "esx02"]) == 3
    said = capsys.readouterr().out
    assert "give --to-datastore with one that it mounts" in said
    assert "to_datastore=" not in said


def test_json_has_the_whole_plan(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan-migration", saved, "web01", "--to-host", "esx02", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["vm"], printed["vm_name"], printed["feasible"], printed["kind"]) == (
        "vm-1", "web01", True, "compute",
    )  # fmt: skip
    memory = next(flow for flow in printed["flows"] if flow["data"] == "memory")
    assert memory["source_adapter"]["device"] == "vmk1"
    assert memory["note"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, 0),
        ({"hosts": [host(1), host(2, in_maintenance=True)]}, 3),
        ({"problems": [hi.Problem(**HERE, kind="vms", message="no")]}, 3),
        ({"problems": [hi.Problem(platform="azure", source="azure", kind="vms", message="no")]}, 0),
    ],
)
@pytest.mark.parametrize("output", [[], ["--json"]])
def test_the_exit_code_says_whether_the_plan_can_be_relied_on(
    fields: dict[str, Any], code: int, output: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "estate.json")
    vms = [machine(cluster_id="c1")]
    estate(**fields).save(file)
    assert main(["plan-migration", file, "web01", "--to-host", "esx02", *output]) == code
    incomplete = "Incomplete: 1 problem" in capsys.readouterr().out
    assert incomplete is ("problems" in fields and not output)
    hosts = [host(n, cluster_id="c1", in_maintenance=n == 2 and "hosts" in fields) for n in (1, 2)]
    clusters = [hi.Cluster(id="c1", name="c1", drs_enabled=True, drs_behavior="fullyAutomated", **HERE)]
    estate(vms[0], hosts=hosts, clusters=clusters, problems=fields.get("problems", [])).save(file)
    assert main(["plan-maintenance", file, "esx01", *output]) == code


def test_maintenance_is_planned_of_the_sources_of_an_estate_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = {folder.name: folder for folder in tape_folders()}["vsphere"]
    opened = hi.replay(folder)
    monkeypatch.setattr(hi, "open_estate", lambda _: [opened])
    inventory = opened.inventory(["hosts"])
    name = inventory.hosts[0].name
    assert main(["plan-maintenance", "hybridinv.toml", name]) in (0, 3)
    assert capsys.readouterr().out.startswith(f"Maintenance of {name} (restart)")
