"""The hybridinv command: what it prints, how it ends, and that nobody's names can play with the terminal."""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

import hybridinv as hi
from hybridinv.cli import main, parser
from hybridinv.demo import tape_folders
from hybridinv.platforms import PLATFORMS, Platform

ROOT = Path(__file__).parents[1]
VSPHERE, _, _, ARC = tape_folders()
COMMAND = [sys.executable, "-m", "hybridinv"]
ESCAPE = "\x1b"
NAMES = (
    "[red]x",
    f"{ESCAPE}[31mred{ESCAPE}[0m",
    f"{ESCAPE}]0;title\x07",
    "web\nforged line",
    "\u202egpj.exe",
    "\x9b31m",
    "a\rb",
)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("saved") / "demo.json"
    hi.demo().save(file)
    return str(file)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> str:
    common: dict[str, Any] = {"platform": "vsphere", "source": f"vc{ESCAPE}[2J"}
    hosts = [hi.Host(id=f"h{n}", name=name, **common) for n, name in enumerate(NAMES)]
    vms = [
        hi.VirtualMachine(id=f"v{n}", name=name, host_id=f"h{n}", os_name=name, power_state="running", **common)
        for n, name in enumerate(NAMES)
    ]
    problems = [hi.Problem(source=name, error="AccessDenied", message=name, remedy=name) for name in NAMES]
    file = tmp_path_factory.mktemp("hostile") / "hostile.json"
    asked = [hi.Asked(platform="vsphere", source=name, kinds=["vms"]) for name in (common["source"], *NAMES)]
    hi.Inventory(vms=vms, hosts=hosts, problems=problems, asked=asked).save(file)
    return str(file)


def estate(folder: Path, *tapes: Path) -> str:
    file = folder / "hybridinv.toml"
    file.write_text("".join(f'[sources.{tape.name}]\ntape = "{tape}"\n' for tape in tapes), encoding="utf-8")
    return str(file)


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    options = {"capture_output": True, "text": True, "timeout": 60, **options}
    return subprocess.run([*COMMAND, *arguments], check=False, **options)


def test_the_demo_answers_and_says_what_is_next(capsys: pytest.CaptureFixture[str]) -> None:
    started = time.monotonic()
    assert main(["demo"]) == 0
    assert time.monotonic() - started < 5
    said = capsys.readouterr()
    assert re.search(
        r"azure-stack-hub management\.utrecht\.hub\.example\.test: 4 hosts, 4 vms, 3 extensions, 1 cluster, ", said.out
    )
    assert "build01 cannot move cold from esx02.example.test to esx11.example.test" in said.out
    assert "WARNING ProvisioningNotConfigured" in said.out
    assert "AccessDenied" in said.out
    assert "    give the account the Reader role there\n" in said.out
    assert "demo -o demo.json" in said.out
    assert said.err == ""


def test_the_demo_as_json_has_all_that_it_prints(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["demo", "-o", str(tmp_path / "demo.json"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert main(["show", str(tmp_path / "demo.json"), "--json"]) == 0
    assert {name: told[name] for name in told if name not in ("vms", "plan")} == json.loads(capsys.readouterr().out)
    columns = ["--columns", "name,platform,power_state,os_type,cpus,memory,host,cluster,ip_addresses"]
    assert main(["show", str(tmp_path / "demo.json"), "vms", "--json", *columns]) == 0
    every = json.loads(capsys.readouterr().out)
    assert len(told["vms"]) == 12
    assert all(vm in every for vm in told["vms"])
    move = ["build01", "--to-host", "esx11.example.test", "--to-datastore", "branch-san-01"]
    main(["plan-migration", str(tmp_path / "demo.json"), *move, "--json"])
    assert told["plan"] == json.loads(capsys.readouterr().out)
    main(["demo"])
    said = capsys.readouterr().out
    assert all(vm["name"] in said for vm in told["vms"])


@pytest.mark.parametrize("command", ["anonymise", "onboard coverage", "completion"])
def test_an_argument_that_a_command_does_not_know_shows_its_own_usage(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"anonymise": ["a.json", "-o", "b.json"], "onboard coverage": ["a.json"], "completion": ["bash"]}[command]
    assert main([*command.split(), *given, "--nope"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"usage: hybridinv {command} ")
    assert f"hybridinv {command}: error: unrecognized arguments: --nope\n" in said


def test_one_of_a_kind_is_in_the_singular(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    switch = hi.Switch(id="s", name="vSwitch0", platform="vsphere", source="vc01")
    hi.Inventory(switches=[switch]).save(tmp_path / "one.json")
    assert main(["show", str(tmp_path / "one.json")]) == 0
    assert "vsphere vc01: 1 switch\n" in capsys.readouterr().out


def test_the_demo_touches_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("the demo asked a network"))
    assert main(["demo"]) == 0


def test_the_commands_that_the_demo_names_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "-o", "my demo.json"]) == 0
    assert hi.load("my demo.json").vms == hi.demo().vms
    offered = re.findall(r"^  .*hybridinv ((?:show|sql) 'my demo\.json' .*)$", capsys.readouterr().out, re.MULTILINE)
    assert len(offered) == 2
    for line in offered:
        name, rest = line.split(" 'my demo.json' ")
        assert main([name, "my demo.json", rest.strip("'")]) == 0


def test_collect_all_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "estate.json"
    assert main(["collect", estate(tmp_path, VSPHERE), "-o", str(target)]) == 0
    said = capsys.readouterr()
    assert "Complete: nothing is missing." in said.out
    assert said.err == "vc01.example.test (vsphere): read\n"
    assert len(hi.load(target).vms) == 14


def test_collect_and_record_in_a_detail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = str(tmp_path / "out.json")
    assert main(["collect", estate(tmp_path, VSPHERE), "-o", target, "--detail", "full"]) == 0
    assert [asked.detail for asked in hi.load(target).asked] == ["full"]
    assert main(["record", estate(tmp_path, VSPHERE), VSPHERE.name, str(tmp_path / "tape"), "--detail", "summary"]) == 1
    assert "detail='full'" in capsys.readouterr().err
    assert not (tmp_path / "tape").exists()


def test_collect_in_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "estate.json"
    assert main(["collect", estate(tmp_path, VSPHERE, ARC), "-o", str(target), "--kinds", "vms,extensions"]) == 3
    said = capsys.readouterr()
    assert "Incomplete: 2 problems" in said.out
    assert "management.azure.com (azure-arc): read, 2 problems" in said.err
    inventory = hi.load(target)
    assert not inventory.complete
    assert inventory.vms
    assert not inventory.hosts


def test_collect_strictly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "estate.json"
    assert main(["collect", estate(tmp_path, ARC), "-o", str(target), "--strict"]) == 1
    said = capsys.readouterr()
    assert re.search(r"^hybridinv: error: 2 problems: .*AccessDenied", said.err, re.MULTILINE)
    assert said.out == ""
    assert not target.exists()


@pytest.mark.parametrize("target", ["nowhere/estate.json", "."])
def test_a_target_that_cannot_be_is_refused_before_asking(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["collect", str(tmp_path / "no.toml"), "-o", str(tmp_path / target)]) == 1
    assert "cannot write" in capsys.readouterr().err


def test_collect_has_a_deadline_and_hides_the_password(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        arguments = collecting(silent, tmp_path)
        started = time.monotonic()
        done = run(*arguments, "--deadline", "1", env={**os.environ, "PW": "hunter2-is-secret"})
    assert done.returncode == 3
    assert time.monotonic() - started < 15
    assert "DeadlineExceeded" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr + Path(arguments[-1]).read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_interrupted(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        arguments = collecting(silent, tmp_path)
        process = subprocess.Popen(
            [*COMMAND, *arguments], env={**os.environ, "PW": "x"}, stderr=subprocess.PIPE, text=True
        )
        silent.settimeout(30)
        connection, _ = silent.accept()
        with connection:
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=15)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert not Path(arguments[-1]).exists()


def collecting(silent: socket.socket, folder: Path) -> list[str]:
    """The arguments that collect from a server that says nothing."""
    file = folder / "hybridinv.toml"
    file.write_text(
        f'[sources.a]\nplatform = "vsphere"\nhost = "127.0.0.1"\nport = {silent.getsockname()[1]}\n'
        f'username = "u"\npassword = {{ env = "PW" }}\nthumbprint = "{"ab" * 32}"\n',
        encoding="utf-8",
    )
    return ["collect", str(file), "-o", str(folder / "estate.json")]


def test_show_a_summary(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", saved]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"vsphere vc01\.example\.test: 5 hosts, 14 vms, 13 vmkernel adapters, ", shown)
    assert "Incomplete: 2 problems" in shown


def test_show_a_summary_as_json(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", saved, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["complete"] is False
    assert len(found["problems"]) == 2
    assert sum(row.get("vms", 0) for row in found["counts"]) == len(hi.demo().vms)


@pytest.mark.parametrize("table", [*hi.demo().tables(), "problems"])
def test_show_every_table(table: str, saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    records = getattr(hi.demo(), table)
    assert main(["show", saved, table, "--all"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert len(lines) == len(records) + 2
    assert main(["show", saved, table]) == 0
    some = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert len(some) == len(records) + 2 + (len(some[0]) < len(lines[0]))
    assert len(some[0]) == len(lines[0]) or "more columns: " in some[-1]
    assert main(["show", saved, table, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one.get("id") for one in found] == [getattr(one, "id", None) for one in records]


def test_ids_of_hosts_are_shown_as_names(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", saved, "vmkernel_adapters"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"esx01\.example\.test +vmk2 +vSphereProvisioning +10\.30\.0\.\d+ +9000", shown)


@pytest.mark.parametrize(
    ("conditions", "names"),
    [
        (["services=vSphereProvisioning", "link_speed_mbps=25000"], {"vmk2"}),
        (["device=vmk0", "mtu=1500"], {"vmk0"}),
        (["services=VMOTION"], {"vmk1"}),
        (["mtu=1500", "mtu=9000"], set()),
    ],
)
def test_where(conditions: list[str], names: set[str], saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = [part for condition in conditions for part in ("--where", condition)]
    assert main(["show", saved, "vmkernel_adapters", "--json", *options]) == 0
    assert {one["name"] for one in json.loads(capsys.readouterr().out)} == names


@pytest.mark.parametrize(("typed", "count"), [("is_template=true", 1), ("is_template=yes", 1), ("cpus=16", 2)])
def test_where_takes_what_is_shown_and_what_is_stored(
    typed: str, count: int, saved: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", saved, "vms", "--json", "--where", "platform=vsphere", "--where", typed]) == 0
    assert len(json.loads(capsys.readouterr().out)) == count


def test_sql(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    query = "select platform, count(*) as machines from vms where platform = 'vsphere' group by platform"
    assert main(["sql", saved, query]) == 0
    assert re.search(r"platform +machines\s+─+\s+vsphere +14", capsys.readouterr().out)
    assert main(["sql", saved, query, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"platform": "vsphere", "machines": 14}]


def test_sql_of_every_kind_of_value(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sql", saved, "select * from vms", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == len(hi.demo().vms)


def test_plan_migration(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    target = ["--to-host", "esx11.example.test", "--to-datastore", "branch-san-01"]
    assert main(["plan-migration", saved, "build01", *target]) == 3
    assert capsys.readouterr().out.partition("\nIncomplete:")[0] == str(
        hi.plan_migration(hi.demo(), "build01", to_host="esx11.example.test", to_datastore="branch-san-01")
    )
    assert main(["plan-migration", saved, "build01", *target, "--rules", "seed"]) == 3
    assert capsys.readouterr().out


def test_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["record", estate(tmp_path, VSPHERE, ARC), "vsphere", str(tmp_path / "tape")]) == 0
    assert "as confidential as they are" in capsys.readouterr().out
    assert hi.replay(tmp_path / "tape").vms()
    assert main(["record", estate(tmp_path, VSPHERE, ARC), "azure-arc", str(tmp_path / "arc")]) == 3


ERRORS = {
    "no estate": (["collect", "no.toml", "-o", "x.json"], "cannot read no.toml"),
    "no inventory": (["show", "no.json"], "cannot read no.json"),
    "no JSON": (["show", "pyproject.toml"], "is not JSON"),
    "no source": (["record", "ESTATE", "vsphre", "x"], "did you mean 'vsphere'"),
    "unknown field": (["show", "SAVED", "vms", "--where", "nme=x"], "VirtualMachine has no field 'nme'"),
    "syntax": (["sql", "SAVED", "selec"], 'syntax error at or near "selec" — the tables are: hosts, vms'),
    "unknown column": (["sql", "SAVED", "select nme from vms"], 'Referenced column "nme" not found'),
    "unknown table": (["sql", "SAVED", "select * from machines"], "machines"),
    "no answer": (["sql", "SAVED", "drop table vms"], "—"),
    "file by SQL": (["sql", "SAVED", "select * from read_text('/etc/hostname')"], "disabled"),
    "unknown machine": (["plan-migration", "SAVED", "nobody", "--to-host", "x"], "nobody"),
    "over the input": (["collect", "ESTATE", "-o", "ESTATE"], "is needed as it is"),
    "target is a folder": (["demo", "-o", "."], "cannot write"),
}


@pytest.mark.parametrize(("arguments", "said"), ERRORS.values(), ids=ERRORS.keys())
def test_an_error_is_one_line_and_ends_with_1(
    arguments: list[str],
    said: str,
    saved: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    real = {"SAVED": saved, "ESTATE": estate(tmp_path, VSPHERE)}
    assert main([real.get(one, one) for one in arguments]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("hybridinv: error: ")
    assert said in line


USAGE = {
    "no command": [],
    "unknown command": ["colect"],
    "no file": ["collect", "hybridinv.toml"],
    "unknown kind": ["collect", "hybridinv.toml", "-o", "x", "--kinds", "vms,host"],
    "no kinds": ["collect", "hybridinv.toml", "-o", "x", "--kinds", ","],
    "no deadline": ["collect", "hybridinv.toml", "-o", "x", "--deadline", "0"],
    "deadline is no number": ["collect", "hybridinv.toml", "-o", "x", "--deadline", "soon"],
    "unknown table": ["show", "x.json", "machines"],
    "no condition": ["show", "x.json", "vms", "--where", "name"],
    "nowhere to go": ["plan-migration", "x.json", "vm"],
    "unknown rules": ["plan-migration", "x.json", "vm", "--rules", "mine"],
}


@pytest.mark.parametrize("arguments", USAGE.values(), ids=USAGE.keys())
def test_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "usage: hybridinv" in capsys.readouterr().err


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "exit codes:" in capsys.readouterr().out
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"hybridinv {hi.__version__}\n"


def commands(parser: argparse.ArgumentParser, name: str = "hybridinv") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """All commands and steps that do something themselves."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield name, parser
    for action in below:
        for step, one in action.choices.items():
            yield from commands(one, f"{name} {step}")


@pytest.mark.parametrize(
    ("name", "command"), list(commands(parser())), ids=lambda one: one if isinstance(one, str) else ""
)
def test_help_teaches(name: str, command: argparse.ArgumentParser) -> None:
    assert len(command.description or "") > 20
    head, *examples = (command.epilog or "").splitlines()
    assert head in ("example:", "examples:")
    for line in examples:
        words = shlex.split(line.partition(">>")[0])
        assert words[: len(name.split())] == name.split()
        parser().parse_args(words[1:])
    silent = [action.dest for action in command._actions if not action.help]
    assert silent == []


def test_every_command_that_prints_a_table_prints_json_too() -> None:
    without = {name for name, command in commands(parser()) if "--json" not in command._option_string_actions}
    # One writes a script, one lines for a shell.
    assert without == {"hybridinv onboard script", "hybridinv completion"}


def test_what_was_read_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, tape = str(tmp_path / "out.json"), str(tmp_path / "tape")
    for arguments in (
        ["collect", estate(tmp_path, VSPHERE), "-o", target, "--json"],
        ["record", estate(tmp_path, VSPHERE), VSPHERE.name, tape, "--json"],
    ):
        assert main(arguments) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["complete"], told["sources"]) == (True, ["vc01.example.test"])
        assert told["counts"][0]["vms"] == 14
    assert main(["demo", "--json", "-o", target]) == 0
    assert json.loads(capsys.readouterr().out)["complete"] is False
    assert hi.load(target) == hi.demo()


class Broken:
    """A platform with a bug."""

    def __init__(self, *, transport: Any = None) -> None:
        raise RuntimeError("boom\nand more")


def test_a_bug_is_one_line_unless_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(PLATFORMS, "broken", Platform("broken", __name__, "Broken"))
    file = tmp_path / "hybridinv.toml"
    file.write_text('[sources.a]\nplatform = "broken"\n', encoding="utf-8")
    arguments = ["collect", str(file), "-o", str(tmp_path / "x.json")]
    assert main(arguments) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("hybridinv: error: RuntimeError: boom")
    assert "--traceback" in said
    with pytest.raises(RuntimeError):
        main([*arguments, "--traceback"])
    with pytest.raises(RuntimeError):
        main(["--traceback", *arguments])


@pytest.mark.parametrize(
    "arguments", [["show"], ["show", "vms"], ["show", "hosts", "--all"], ["show", "problems"], ["show", "--json"],
                  ["show", "vms", "--json"], ["sql", "select * from vms"], ["sql", "select * from vms", "--json"],
                  ["diff", "EMPTY"], ["diff", "EMPTY", "--json"], ["ansible", "--list"]],
)  # fmt: skip
def test_names_cannot_play_with_the_terminal(
    arguments: list[str], hostile: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hi.Inventory().save(tmp_path / "empty.json")
    real = [str(tmp_path / "empty.json") if one == "EMPTY" else one for one in arguments]
    assert main([real[0], hostile, *real[1:]]) == 0
    shown = capsys.readouterr().out
    assert not [one for one in shown if not one.isprintable() and one != "\n"]
    assert not any(line.startswith("forged") for line in shown.splitlines())
    assert "[red]x" in shown


def test_names_in_plans_and_errors_cannot_either(hostile: str, capsys: pytest.CaptureFixture[str]) -> None:
    for number, name in enumerate(NAMES):
        assert main(["plan-migration", hostile, f"v{number}", "--to-host", f"h{number - 1 if number else 1}"]) == 0
        assert main(["plan-migration", hostile, f"v{number}", "--to-host", name + "!"]) == 1
    said = capsys.readouterr()
    for text in (said.out, said.err):
        assert not [one for one in text if not one.isprintable() and one != "\n"]
        assert not any(line.startswith("forged") for line in text.splitlines())
        assert "[red]x" in text


def on_terminal(*arguments: str, **environment: str) -> str:
    """What a command writes to a terminal of 100 columns and 20 lines."""
    pty = pytest.importorskip("pty")
    import fcntl
    import struct
    import termios

    control, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 100, 0, 0))
    inherited = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=terminal, stderr=terminal, env={**inherited, "TERM": "xterm", **environment}
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            piece = os.read(control, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(control)
    process.wait(30)
    return shown.decode()


def test_a_table_fits_a_terminal(saved: str) -> None:
    shown = on_terminal("show", saved, "vms")
    plain = re.sub(r"\x1b\[[\d;]*m", "", shown)
    rows = plain.split("more columns")[0].splitlines()
    assert all(len(row) <= 100 for row in rows)
    assert "18 more: --all shows them" in plain
    assert "power_state" in plain
    assert "…" not in rows[1]
    assert "18 more" not in on_terminal("show", saved, "vms", "--all")


def test_a_change_on_a_terminal_has_both_values(saved: str, tmp_path: Path) -> None:
    inventory = hi.demo()
    vms = [attrs.evolve(vm, host_id=inventory.hosts[0].id, cpus=96) for vm in inventory.vms.where(name="web02")]
    (inventory + hi.Inventory(vms=vms)).save(tmp_path / "later.json")
    shown = on_terminal("diff", saved, str(tmp_path / "later.json"))
    assert re.search(r"cpus +4 +96", shown)
    assert re.search(r"before.*after", shown)


def test_hostile_names_on_a_terminal(hostile: str) -> None:
    shown = on_terminal("show", hostile, "vms")
    assert "[red]x" in shown
    assert "]0;title\x07" not in shown
    assert f"{ESCAPE}[31m" not in shown
    assert f"{ESCAPE}[2J" not in shown


def test_no_color(saved: str) -> None:
    assert f"{ESCAPE}[1;31m" in on_terminal("show", saved)
    assert not re.search(r"\x1b\[[\d;]*3\d", on_terminal("show", saved, NO_COLOR="1"))


def test_bars_on_a_terminal(tmp_path: Path) -> None:
    shown = on_terminal("collect", estate(tmp_path, VSPHERE), "-o", str(tmp_path / "estate.json"))
    assert "vc01.example.test: read" in shown
    assert "━" in shown
    assert "Complete: nothing is missing." in shown


def test_a_reader_that_goes_away_is_no_error(saved: str) -> None:
    for arguments in (["show", saved, "vms", "--json"], ["show", saved, "vms"]):
        process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""
        process.stderr.close()
        assert process.wait(30) == 141


def test_a_terminal_that_knows_ascii_only(saved: str) -> None:
    done = run("demo", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert done.stdout.isascii()


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from hybridinv.cli import main; main(['--help']);"
        "print(*(set(sys.modules) & {'rich', 'pyVmomi', 'azure', 'httpx', 'lxml', 'duckdb', 'pyarrow', 'cattrs'}),"
        " file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == ""


@pytest.mark.live
def test_collect_and_record_from_a_simulator(tmp_path: Path) -> None:
    environment = {**os.environ, "SIMULATOR_PASSWORD": secrets.token_urlsafe(12)}
    process = subprocess.Popen(
        [os.environ.get("HYBRIDINV_SIMULATOR", ROOT / "build" / "simulator"), "-scene", "demo"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    with process:
        said = json.loads(process.stdout.readline())
        file = tmp_path / "hybridinv.toml"
        file.write_text(
            f'[sources.vc]\nplatform = "vsphere"\nhost = "{said["host"]}"\nport = {said["port"]}\n'
            f'username = "{said["username"]}"\npassword = {{ env = "SIMULATOR_PASSWORD" }}\n'
            f'ca_file = "{said["ca_file"]}"\n',
            encoding="utf-8",
        )
        collected = run("collect", str(file), "-o", str(tmp_path / "estate.json"), "--strict", env=environment)
        recorded = run("record", str(file), "vc", str(tmp_path / "tape"), env=environment)
        process.stdin.close()
    assert (collected.returncode, collected.stderr) == (0, f"{said['host']}:{said['port']} (vsphere): read\n")
    assert (recorded.returncode, recorded.stderr) == (0, "")
    assert {vm.name for vm in hi.load(tmp_path / "estate.json").vms} >= {"web01", "build01"}
    assert hi.replay(tmp_path / "tape").vms() == hi.load(tmp_path / "estate.json").vms


def test_json_has_no_number_that_json_has_not(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    hi.Inventory().save(tmp_path / "empty.json")
    query = "select 'nan'::double as a, '-inf'::double as b, 1.5::double as c, 1 as c"
    assert main(["sql", str(tmp_path / "empty.json"), query, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"a": None, "b": None, "c": 1.5, "c_1": 1}]
