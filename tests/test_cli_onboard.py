"""`hybridinv onboard`: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import hybridinv as hi
from hybridinv.cli import main
from hybridinv.demo import tape_folders

_, _, _, ARC = tape_folders()
WHERE = ["--subscription-id", "s-1", "--resource-group", "rg-arc", "--tenant-id", "t-1", "--location", "West Europe"]
TARGET = 'subscription_id = "s-1"\nresource_group = "rg-arc"\ntenant_id = "t-1"\nlocation = "westeurope"\n'


def vm(name: str, **changes: Any) -> hi.VirtualMachine:
    usual = {
        "id": name, "name": name, "platform": "vsphere", "source": "vc01", "power_state": "running",
        "os_type": "windows", "os_name": "Microsoft Windows Server 2022 (64-bit)", "agent": hi.Agent(status="ready"),
    }  # fmt: skip
    return hi.VirtualMachine(**(usual | changes))


@pytest.fixture
def inventory(tmp_path: Path) -> str:
    """Two to onboard, one that is off, one that is there; Arc was asked."""
    there = vm("sql01", platform="azure-arc", source="arm", id="arc-sql01", connection_state="Connected")
    vms = [vm("web01"), vm("web\x1b[31m02", hostname="web02"), vm("old", power_state="stopped"), there]
    file = tmp_path / "estate.json"
    hi.Inventory(vms=vms).save(file)
    return str(file)


@pytest.fixture
def plan(inventory: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    file = tmp_path / "plan.json"
    assert main(["onboard", "plan", inventory, *WHERE, "--save", str(file)]) == 0
    capsys.readouterr()
    return str(file)


# plan


def test_nothing_is_written_over_what_is_read(
    inventory: str, plan: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "arc.toml"
    target.write_text(TARGET, encoding="utf-8")
    before = {file: Path(file).read_bytes() for file in (inventory, plan, str(target))}
    for arguments in (
        ["plan", inventory, *WHERE, "--save", inventory],
        ["plan", inventory, "--target", str(target), "--save", str(target)],
        ["script", "--os", "linux", "--plan", plan, "-o", plan],
        ["script", "--os", "linux", "--target", str(target), "-o", str(target)],
    ):
        assert main(["onboard", *arguments]) == 1
        assert "is needed as it is" in capsys.readouterr().err
    assert {file: Path(file).read_bytes() for file in before} == before


def test_a_plan_says_who_and_who_not(inventory: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["onboard", "plan", inventory, *WHERE]) == 0
    said = capsys.readouterr().out
    assert said.startswith("2 to onboard to rg-arc in westeurope; 2 skipped: ")
    assert re.search(r"^ *web01 +web01 +windows", said, re.MULTILINE)
    assert re.search(r"^ *old +not running +it is stopped +start it", said, re.MULTILINE)
    assert re.search(r"^ *sql01 +already connected", said, re.MULTILINE)
    assert "\x1b[31m02" not in said


def test_a_plan_is_saved_with_its_target(plan: str) -> None:
    found = hi.load_onboarding(plan)
    assert [one.resource_name for one in found.candidates] == ["web01", "web02"]
    assert (found.target.location, found.target.tenant_id) == ("westeurope", "t-1")


def test_a_plan_as_json(inventory: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["onboard", "plan", inventory, *WHERE, "--json", "--tag", "env=prod", "--tag", "team=a=b"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["resource_name"] for one in found["candidates"]] == ["web01", "web02"]
    assert found["target"]["tags"] == {"env": "prod", "team": "a=b"}


def test_an_inventory_without_arc_is_a_partial_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hi.Inventory(vms=[vm("web01")]).save(tmp_path / "estate.json")
    assert main(["onboard", "plan", str(tmp_path / "estate.json"), *WHERE]) == 3
    assert "WARNING ArcNotCollected" in capsys.readouterr().out


def test_options_go_before_the_file(inventory: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "target.toml"
    file.write_text(TARGET + '[tags]\nenv = "test"\nowner = "web"\n', encoding="utf-8")
    arguments = ["--target", str(file), "--location", "northeurope", "--tag", "env=prod", "--json"]
    assert main(["onboard", "plan", inventory, *arguments]) == 0
    target = json.loads(capsys.readouterr().out)["target"]
    assert (target["location"], target["resource_group"]) == ("northeurope", "rg-arc")
    assert target["tags"] == {"env": "prod", "owner": "web"}


def test_a_saved_plan_is_a_target_too(inventory: str, plan: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["onboard", "plan", inventory, "--target", plan, "--resource-group", "rg-b", "--json"]) == 0
    target = json.loads(capsys.readouterr().out)["target"]
    assert (target["subscription_id"], target["resource_group"]) == ("s-1", "rg-b")


def test_what_is_missing_of_the_target_is_usage(inventory: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["onboard", "plan", inventory, *WHERE[:4]]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("usage: hybridinv onboard plan")
    assert "missing: --tenant-id, --location" in said.err


@pytest.mark.parametrize(
    "arguments", [["onboard"], ["onboard", "dance"], ["onboard", "plan"], ["onboard", "script", "--os", "bsd"]]
)
def test_wrong_usage(arguments: list[str]) -> None:
    assert main(arguments) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("location = ", "not TOML"),
        (TARGET + 'region = "x"\n', "unknown key 'region'"),
        (TARGET + 'tags = "x"\n', "tags must be a table"),
        (TARGET.replace('"s-1"', "7"), "subscription_id"),
        (TARGET.replace('"rg-arc"', '"a/b"'), "resource_group"),
    ],
)
def test_a_target_file_that_is_none(
    inventory: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    file = tmp_path / "target.toml"
    file.write_text(text, encoding="utf-8")
    assert main(["onboard", "plan", inventory, "--target", str(file), "--save", str(tmp_path / "plan.json")]) == 1
    assert says in capsys.readouterr().err
    assert not (tmp_path / "plan.json").exists()


def test_a_plan_that_cannot_be_saved_is_refused_first(inventory: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["onboard", "plan", "not there.json", *WHERE, "--save", "/nowhere/plan.json"]) == 1
    assert "cannot write" in capsys.readouterr().err


def estate(folder: Path, *names: str) -> str:
    file = folder / "hybridinv.toml"
    file.write_text("".join(f'[sources.{name}]\ntape = "{ARC}"\n' for name in names), encoding="utf-8")
    return str(file)


def test_an_estate_is_collected_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["onboard", "plan", estate(tmp_path, "arc"), *WHERE, "--json"]) == 3
    said = capsys.readouterr()
    assert "management.azure.com (azure-arc): read" in said.err
    found = json.loads(said.out)
    assert found["candidates"] == []
    assert {one["reason"] for one in found["skipped"]} >= {"already_connected", "disconnected", "expired"}
    assert [one["code"] for one in found["findings"]] == ["InventoryIncomplete"]


# script


@pytest.mark.parametrize("system", ["linux", "windows"])
def test_a_script_to_standard_output_and_to_a_file(
    system: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["onboard", "script", "--os", system, *WHERE]) == 0
    script = capsys.readouterr().out
    assert "azcmagent" in script
    assert "rg-arc" in script
    file = tmp_path / "onboard"
    assert main(["onboard", "script", "--os", system, *WHERE, "-o", str(file)]) == 0
    assert file.read_bytes() == script.encode()
    assert f"Written to {file}." in capsys.readouterr().out


def test_a_script_for_the_candidates_of_a_plan(plan: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--auth", "service-principal", "--service-principal-id", "0b1f6471-1bf0-4dda-aec3-cb9272f09590"]
    assert main(["onboard", "script", "--os", "windows", "--plan", plan, *arguments]) == 0
    script = capsys.readouterr().out
    assert "web02" in script
    assert "0b1f6471-1bf0-4dda-aec3-cb9272f09590" in script


# verify


def arc_plan(folder: Path, *names: str) -> str:
    """A plan whose target is a subscription of the demo's Arc, with candidates of those names."""
    machines = [vm for vm in hi.demo().vms.where(platform="azure-arc") if vm.connection_state == "Connected"]
    place = machines[0]
    target = hi.OnboardingTarget(
        subscription_id=place.subscription_id, resource_group=place.resource_group, tenant_id="t", location="westeurope"
    )
    cases = [hi.OnboardingCase(vm_id=name, name=name, resource_name=name) for name in (place.name, *names)]
    hi.save_onboarding(hi.OnboardingPlan(target=target, candidates=cases), folder / "plan.json")
    return str(folder / "plan.json")


def test_verify_says_who_is_connected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--estate", estate(tmp_path, "arc"), "--timeout", "0"]
    assert main(["onboard", "verify", arc_plan(tmp_path, "nobody"), *arguments]) == 3
    said = capsys.readouterr()
    assert said.out.startswith("1 of 2 connected")
    assert re.search(r"^ *nobody +not there +Arc has no machine nobody there", said.out, re.MULTILINE)
    assert re.search(r"Not read: .*AccessDenied", said.out)
    assert said.err == "management.azure.com: 1 of 2 connected\n"


def test_verify_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--estate", estate(tmp_path, "a", "b"), "--source", "b", "--timeout", "0", "--json"]
    assert main(["onboard", "verify", arc_plan(tmp_path), *arguments]) == 3
    found = json.loads(capsys.readouterr().out)
    assert (found["done"], found["polls"], [one["state"] for one in found["checks"]]) == (True, 1, ["connected"])
    assert [one["error"] for one in found["problems"]] == ["AccessDenied"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--source", "arc"], 2, "--source needs --estate"),
        (["--timeout", "-1"], 2, "number of seconds"),
        (["--estate", "ESTATE"], 1, "has 2 Azure Arc sources"),
        (["--estate", "ESTATE", "--source", "c"], 1, "no source 'c'"),
    ],
)
def test_verify_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, says: str
) -> None:
    file = estate(tmp_path, "a", "b")
    arguments = [file if one == "ESTATE" else one for one in arguments]
    assert main(["onboard", "verify", arc_plan(tmp_path), *arguments]) == code
    assert says in capsys.readouterr().err


def test_verify_wants_a_plan(inventory: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["onboard", "verify", inventory, "--timeout", "0"]) == 1
    assert "not a saved onboarding plan" in capsys.readouterr().err


# coverage


def test_coverage(inventory: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["onboard", "coverage", inventory]) == 0
    said = capsys.readouterr().out
    assert said.startswith("4 machines: 1 covered, 2 missing, 1 not possible.")
    assert re.search(r"^ *web01 +vsphere +missing +ready", said, re.MULTILINE)
    assert "sql01" not in said
    assert main(["onboard", "coverage", inventory, "--all"]) == 0
    assert re.search(r"^ *sql01 +azure-arc +covered", capsys.readouterr().out, re.MULTILINE)


def test_coverage_of_one_state_as_json(inventory: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["onboard", "coverage", inventory, "--state", "covered", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in found["machines"]] == ["sql01"]
    assert found["counts"]["missing"] == 2
    assert found["findings"] == []


def test_coverage_without_arc_is_a_partial_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hi.Inventory(vms=[vm("web01")]).save(tmp_path / "estate.json")
    assert main(["onboard", "coverage", str(tmp_path / "estate.json")]) == 3
    assert "ArcNotCollected" in capsys.readouterr().out


# forms


def test_each_form(plan: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = {}
    for form in ("playbook", "group-policy"):
        assert main(["onboard", "script", "--form", form, "--plan", plan]) == 0
        said[form] = capsys.readouterr().out
    assert "ansible.windows.win_command" in said["playbook"]
    assert "ansible.builtin.command" not in said["playbook"]
    assert "SecretFile" in said["group-policy"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "--os"),
        (["--form", "playbook", "--resource-name", "x"], "--resource-name"),
        (["--form", "playbook", "--certificate", "/c.pem"], "--os"),
        (["--form", "group-policy", "--os", "linux"], "Windows"),
        (["--form", "group-policy", "--auth", "browser"], "service-principal"),
    ],
)
def test_a_form_that_does_not_go_with_the_rest(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["onboard", "script", *WHERE, *arguments]) == 2
    assert says in capsys.readouterr().err.splitlines()[-1]


def test_a_playbook_takes_what_is_for_one_system(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--form", "playbook", "--os", "linux", "--certificate", "/etc/arc.pem"]
    assert main(["onboard", "script", *WHERE, *arguments]) == 0
    assert "/etc/arc.pem" in capsys.readouterr().out


def test_a_name_may_be_given(inventory: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "named.json"
    assert main(["onboard", "plan", inventory, *WHERE, "--name", "web01=srv-web01", "--save", str(file)]) == 0
    assert [one.resource_name for one in hi.load_onboarding(file).candidates] == ["srv-web01", "web02"]
    capsys.readouterr()
    assert main(["onboard", "script", "--os", "windows", "--plan", str(file)]) == 0
    assert '"web01": "srv-web01"' in capsys.readouterr().out
