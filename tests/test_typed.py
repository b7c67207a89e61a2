"""The types that callers see: a caller's project passes mypy's and pyright's strict modes, its mistakes are found."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import hybridinv as hi

CALLER = Path(__file__).parent / "typed" / "caller"
WITHOUT_TYPE = {"charts", "__version__"}


@pytest.fixture
def caller(tmp_path: Path) -> Path:
    """A copy that lies outside of this project, so that nothing of its settings counts."""
    return shutil.copytree(CALLER, tmp_path / "caller")


@pytest.fixture(scope="module")
def pyright(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program; it fetches itself on first use, which may not be possible here. In CI it has to be."""
    program = Path(sys.executable).with_name("pyright")
    folder = tmp_path_factory.mktemp("pyright")
    why = "not installed" if not program.exists() else ""
    if not why:
        done = subprocess.run(
            [program, "--version"], cwd=folder, capture_output=True, text=True, timeout=110, check=False
        )
        why = "" if done.returncode == 0 else f"does not start: {done.stderr[-300:]}"
    if why and os.environ.get("CI"):
        pytest.fail(f"pyright is {why}")
    if why:
        pytest.skip(f"pyright is {why}")
    return program


def checked(program: Path, *arguments: str, folder: Path) -> dict[str, Any]:
    # It looks for the interpreter, and with it for the package, where a shell would.
    environment = {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [program, "--outputjson", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=110, check=False
    )
    return json.loads(done.stdout)


def mypy(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    options = ["--strict", "--config-file=", f"--cache-dir={folder / 'cache'}"]
    command = [sys.executable, "-m", "mypy", *options, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=110, check=False)


def every_name(folder: Path) -> Path:
    """A file that asks for the type of every public name."""
    file = folder / "names.py"
    names = [name for name in hi.__all__ if name not in WITHOUT_TYPE]
    file.write_text("import hybridinv as hi\n" + "".join(f"reveal_type(hi.{name})\n" for name in names))
    return file


def test_the_package_says_that_it_is_typed() -> None:
    spec = importlib.util.find_spec("hybridinv")
    assert spec
    assert spec.origin
    assert Path(spec.origin).with_name("py.typed").exists()


def test_a_filter_whose_fields_type_checkers_know() -> None:
    vms = hi.demo().vms
    assert vms.where(lambda vm: len(vm.disks) > 3) == vms.where(disks=lambda disks: len(disks) > 3)
    assert vms.where(lambda vm: "web" in vm.name, platform="vsphere").find("web01")
    assert not vms.where(lambda vm: False)


def test_mypy_passes_the_caller_and_finds_the_mistakes(caller: Path) -> None:
    done = mypy(".", folder=caller)
    assert done.returncode == 0, done.stdout
    mistakes = caller / "mistakes.py"
    lines = mistakes.read_text(encoding="utf-8").splitlines()
    marked = [number for number, line in enumerate(lines, 1) if "# type: ignore" in line]
    mistakes.write_text("\n".join(line.partition("  # type: ignore")[0] for line in lines), encoding="utf-8")
    found = {int(number) for number in re.findall(r"mistakes\.py:(\d+): error", mypy(".", folder=caller).stdout)}
    assert found == set(marked)


def test_pyright_passes_the_caller_and_finds_the_mistakes(pyright: Path, caller: Path) -> None:
    told = checked(pyright, "-p", ".", folder=caller)
    assert [f"{one['file']}:{one['range']['start']['line'] + 1}: {one['message']}"
            for one in told["generalDiagnostics"]] == []  # fmt: skip
    mistakes = caller / "mistakes.py"
    lines = mistakes.read_text(encoding="utf-8").splitlines()
    marked = [number for number, line in enumerate(lines) if "# pyright: ignore" in line]
    mistakes.write_text("\n".join(line.partition("  # type: ignore")[0] for line in lines), encoding="utf-8")
    told = checked(pyright, "-p", ".", folder=caller)
    assert {one["range"]["start"]["line"] for one in told["generalDiagnostics"]} == set(marked)


def test_mypy_knows_the_type_of_every_public_name(tmp_path: Path) -> None:
    said = mypy(every_name(tmp_path).name, folder=tmp_path).stdout
    revealed = re.findall(r'^names\.py:\d+: note: Revealed type is "(.*)"$', said, re.MULTILINE)
    assert len(revealed) == len(hi.__all__) - len(WITHOUT_TYPE), said
    assert [one for one in revealed if one in ("Any", "builtins.object")] == []


def test_pyright_knows_the_type_of_every_public_name(pyright: Path, tmp_path: Path) -> None:
    every_name(tmp_path)
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    told = checked(pyright, "-p", ".", folder=tmp_path)["generalDiagnostics"]
    revealed = [one["message"] for one in told if one["severity"] == "information"]
    assert len(revealed) == len(hi.__all__) - len(WITHOUT_TYPE)
    assert [one["message"] for one in told if one["severity"] == "error"] == []
    assert [one for one in revealed if one.endswith((' is "Unknown"', ' is "Any"', ' is "object"'))] == []


def test_no_public_class_or_function_is_unknown_in_part(pyright: Path, tmp_path: Path) -> None:
    """What pyright calls the completeness of types, of what callers can reach."""
    told = checked(pyright, "--verifytypes", "hybridinv", "--ignoreexternal", folder=tmp_path)
    public = {
        f"{one.__module__}.{one.__qualname__}"
        for one in (getattr(hi, name) for name in hi.__all__)
        if hasattr(one, "__qualname__") and one.__module__.startswith("hybridinv")
    }
    symbols = told["typeCompleteness"]["symbols"]
    assert len(symbols) > len(public)
    unknown = [
        f"{one['name']}: {' '.join(found['message'] for found in one['diagnostics'])}"
        for one in symbols
        if (not one["isTypeKnown"] or one["isTypeAmbiguous"])
        and any(one["name"] == name or one["name"].startswith(f"{name}.") for name in public)
    ]
    assert unknown == []
