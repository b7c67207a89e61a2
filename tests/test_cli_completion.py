"""Completion: a shell that asks gets the words that may come next, and never an error."""

from __future__ import annotations

import builtins
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import hybridinv as hi
from hybridinv.cli import main
from hybridinv.demo import tape_folders

ESTATE = "".join(f'[sources.{tape.name}]\ntape = "{tape}"\n' for tape in tape_folders())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("completion")
    hi.demo().save(folder / "demo.json")
    (folder / "hybridinv.toml").write_text(ESTATE, encoding="utf-8")
    (folder / "bad.toml").write_text("[[[", encoding="utf-8")
    (folder / "bad.json").write_text("{", encoding="utf-8")
    return folder


def offered(line: str, folder: Path, name: str = "hybridinv") -> set[str]:
    """What a shell would be told after this line, as argcomplete's protocol has it."""
    answer = folder / "answer"
    environment = {
        **os.environ, "_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)), "COMP_TYPE": "9",
        "_ARGCOMPLETE_IFS": "\n", "_ARGCOMPLETE_STDOUT_FILENAME": str(answer), "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
        "_ARGCOMPLETE_SHELL": "bash",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "hybridinv"], cwd=folder, env=environment, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("", "")
    return {word.strip() for word in answer.read_text(encoding="utf-8").split("\n")} - {""}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("hybridinv ", {"demo", "collect", "show", "plan-migration", "completion"}),
        ("hybridinv pl", {"plan-migration", "plan-maintenance"}),
        ("hybridinv show demo.json ", {"vms", "hosts", "problems"}),
        ("hybridinv show demo.json vms --wh", {"--where"}),
        ("hybridinv show demo.json vms --where power", {"power_state="}),
        ("hybridinv show demo.json vms --where clu", {"cluster="}),
        ("hybridinv show demo.json vms --where power_state=", {"power_state=running", "power_state=deallocated"}),
        ("hybridinv show demo.json vms --where is_template=", {"is_template=yes", "is_template=no"}),
        ("hybridinv show demo.json vms --where cluster=P", {"cluster=Production"}),
        ("hybridinv show demo.json vms --where cluster_id=P", {"cluster_id=Production"}),
        ("hybridinv show demo.json vmkernel_adapters --where services=vm", {"services=vmotion"}),
        ("hybridinv show demo.json problems --where error=", {"error=AccessDenied"}),
        ("hybridinv show demo.json vms --columns name,clu", {"name,cluster"}),
        ("hybridinv show demo.json problems --columns rem", {"remedy"}),
        ("hybridinv collect hybridinv.toml --kinds vms,host", {"vms,hosts"}),
        ("hybridinv onboard ", {"plan", "script", "verify", "coverage"}),
        ("hybridinv onboard script --form ", {"script", "playbook", "group-policy"}),
        ("hybridinv record hybridinv.toml ", {tape.name for tape in tape_folders()}),
        ("hybridinv plan-migration demo.json web", {"web01", "web02"}),
        ("hybridinv plan-migration demo.json web01 --to-host esx0", {"esx01.example.test", "esx02.example.test"}),
        ("hybridinv plan-maintenance demo.json esx1", {"esx11.example.test"}),
        ("hybridinv diff a b --kind vmk", {"vmkernel_adapters"}),
        ("hybridinv completion ", {"bash", "zsh", "fish", "powershell"}),
    ],
)
def test_words(line: str, words: set[str], folder: Path) -> None:
    assert words <= offered(line, folder)


@pytest.mark.parametrize("file", ["bad.json", "no.json", "bad.toml", "no.toml"])
def test_a_file_that_cannot_be_read_gives_no_words_and_no_error(file: str, folder: Path) -> None:
    assert not {word for word in offered(f"hybridinv plan-migration {file} w", folder) if word.startswith("web")}
    assert offered(f"hybridinv record {file} vs", folder) == set()
    assert offered(f"hybridinv show {file} vms --where platform=", folder) == set()


def test_a_column_that_is_none_or_has_no_words_gives_none(folder: Path) -> None:
    for column in ("nope", "cpus", "disks", "agent", "tags"):
        assert offered(f"hybridinv show demo.json vms --where {column}=", folder) == set()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_the_lines_for_a_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    said = capsys.readouterr().out
    assert "hybridinv" in said
    assert "_ARGCOMPLETE" in said


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash here")
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (("show", "demo.json", "vmk"), ["vmkernel_adapters"]),
        # A shell takes = for the end of a word, and only what comes after it is replaced.
        (("show", "demo.json", "vms", "--where", "power_state", "=", "r"), ["running"]),
    ],
)
def test_bash_completes(words: tuple[str, ...], completed: list[str], folder: Path) -> None:
    program = folder / "hybridinv"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hybridinv "$@"\n')
    program.chmod(0o755)
    line = " ".join(words).replace(" = ", "=")
    script = (
        f'eval "$(hybridinv completion bash)"\nCOMP_LINE="hybridinv {line}"\nCOMP_POINT=${{#COMP_LINE}}\n'
        f"COMP_TYPE=9\nCOMP_WORDS=(hybridinv {' '.join(words)})\nCOMP_CWORD={len(words)}\n"
        '_python_argcomplete hybridinv\nprintf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split() == completed, done.stderr


def test_without_the_extra_it_says_which(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "argcomplete":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    assert main(["completion", "bash"]) == 1
    assert "hybridinv[completion]" in capsys.readouterr().err
