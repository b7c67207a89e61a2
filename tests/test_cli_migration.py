"""`hybridinv plan-migration`: from a file, with a picture, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

import hybridinv as hi
from hybridinv.cli import main
from planning.small_estate import estate

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


def test_an_estate_without_a_vcenter_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "hybridinv.toml"
    file.write_text(ARC, encoding="utf-8")
    assert main(["plan-migration", str(file), "web01", "--to-host", "esx02"]) == 1
    assert "has no source of vSphere" in capsys.readouterr().err
