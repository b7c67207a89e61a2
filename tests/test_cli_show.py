"""`hybridinv show` and `diff`: which rows and columns, and what changed within a record."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest

import hybridinv as hi
from hybridinv.cli import main
from hybridinv.columns import hints
from hybridinv.inventory import KINDS
from hybridinv.model.rendering import LEADING
from hybridinv.terminal import column_names, progress

HERE = {"platform": "vsphere", "source": "vc01"}
NICS = [
    hi.Nic(name="Network adapter 1", mac_address="00:50:56:00:00:01", network_id="n1", connected=True),
    hi.Nic(name="Network adapter 2", mac_address="00:50:56:00:00:02", network_id="n1", connected=True),
]


def machine(**changes: Any) -> hi.VirtualMachine:
    usual = {
        "id": "v1", "name": "web01", "power_state": "running", "cpus": 4, "memory_bytes": 8 * 2**30, "host_id": "h1",
        "cluster_id": "c1", "is_template": False, "created_at": datetime(2026, 1, 14, 9, 30, tzinfo=UTC),
        "ip_addresses": ["192.0.2.1", "192.0.2.2"], "tags": {"env": "prod"}, "nics": NICS, "resource_pool": "Gold",
        "resource_pool_id": "p1", "native_id": "vm-17",
    }  # fmt: skip
    return hi.VirtualMachine(**(HERE | usual | changes))


def estate(*vms: hi.VirtualMachine) -> hi.Inventory:
    return hi.Inventory(
        vms=vms,
        hosts=[hi.Host(id=f"h{n}", name=f"esx0{n}", **HERE) for n in (1, 2)],
        clusters=[hi.Cluster(id="c1", name="Production", **HERE)],
        networks=[hi.Network(id=f"n{n}", name=f"net{n}", **HERE) for n in (1, 2)],
        resource_pools=[hi.ResourcePool(id="p1", name="Gold", **HERE)],
    )


@pytest.fixture
def saved(tmp_path: Path) -> str:
    other = machine(id="v2", name="sql01", power_state="stopped", host_id="h2", cluster_id="", cpus=None, tags={})
    estate(machine(), other).save(tmp_path / "estate.json")
    return str(tmp_path / "estate.json")


@pytest.mark.parametrize(
    "condition",
    [
        "cluster=Production", "cluster_id=c1", "cluster=c1", "host=ESX01", "host_id=esx01", "power_state=Running",
        "cpus=4", "tags=env=prod", "tags=ENV", "name=web01",
    ],
)  # fmt: skip
def test_a_filter_takes_what_is_shown_and_what_is_stored(
    condition: str, saved: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", saved, "vms", "--json", "--where", condition]) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)] == ["web01"]


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("memory=8GiB", 2), ("memory_bytes=8 gib", 2), ("memory=8.0 GiB", 2), ("memory=8192MiB", 2),
        ("memory=8589934592", 2), ("memory=9GiB", 0), ("created_at=2026-01-14", 2), ("created_at=2026-01-14T09:30", 2),
        ("created_at=2026-01-14T09:30:00+00:00", 2), ("created_at=2026-01-14 09:31", 0), ("created_at=2023-01-03", 0),
        ("is_template=no", 2), ("is_template=TRUE", 0), ("ip_addresses=192.0.2.2", 2), ("cluster=", 1), ("cpus=", 1),
        ("cluster=Staging", 0),
    ],
)  # fmt: skip
def test_numbers_moments_and_nothing(
    condition: str, count: int, saved: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", saved, "vms", "--json", "--where", condition]) == 0
    assert len(json.loads(capsys.readouterr().out)) == count


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("power_state=runing", "power_state is never 'runing' — it is one of: running, stopped, "),
        ("cpus=abc", "cpus is never 'abc' — it is a number"),
        ("cpus=8GiB", "cpus is never '8GiB' — it is a number"),
        ("memory=much", "memory_bytes is never 'much' — it is a number, of bytes, or as 8GiB"),
        ("created_at=yesterday", "it is a day or a moment in UTC, as 2026-01-14"),
        ("created_at=20260114", "it is a day or a moment in UTC, as 2026-01-14"),
        ("is_template=maybe", "is_template is never 'maybe' — it is yes or no"),
        ("nics=Network adapter 1", "nics holds records, not a value"),
        ("clster=x", "VirtualMachine has no field 'clster' — its columns are: name, "),
    ],
)
def test_a_value_that_never_is_is_an_error(
    condition: str, said: str, saved: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", saved, "vms", "--where", condition]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("kind", [*KINDS, "problems"])
def test_every_field_can_be_asked_for(kind: str, saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    record = {**KINDS, "problems": hi.Problem}[kind]
    for field, hint in hints(record).items():
        assert main(["show", saved, kind, "--json", "--where", f"{field}=", "--columns", field]) in (0, 1)
        said = capsys.readouterr()
        assert ("holds records" in said.err) is ("hybridinv.model" in str(hint) and not said.out)
        assert main(["show", saved, kind, "--where", f"{field}=1"]) in (0, 1)
        assert "this is a bug" not in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--where", "name=web01"], ["--columns", "name"]])
def test_a_filter_without_a_table_is_usage(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "no.json", *options]) == 2
    assert "usage: hybridinv show" in capsys.readouterr().err
    assert main(["show", "no.json", "vms", "--columns", ","]) == 2


def test_columns_are_chosen_in_their_order(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", saved, "vms", "--columns", "cpus,name,host_id,subscription,native_id,nics"]) == 0
    head, rule, *rows = [line for line in capsys.readouterr().out.splitlines() if line]
    assert head.split() == ["cpus", "name", "host", "subscription", "native", "nics"]
    assert set(rule.strip()) == {"─"}
    assert re.match(r" +4   web01   esx01 +vm-17 +name Network adapter 1, mac_address 00:50:56:00:00:01, ", rows[0])
    assert "; name Network adapter 2, " in rows[0]
    assert main(["show", saved, "vms", "--columns", "memory,host", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0] == {"memory_bytes": 8 * 2**30, "host_id": "h1"}
    assert main(["show", saved, "vms", "--columns", "nme"]) == 1
    assert "no field 'nme'" in capsys.readouterr().err


@pytest.mark.parametrize("kind", [*KINDS.values(), hi.Problem])
def test_no_two_columns_have_one_name(kind: type) -> None:
    columns = column_names(kind)
    assert set(columns.values()) == {field.name for field in attrs.fields(kind)}
    first = LEADING.get(kind.__name__, ())
    assert tuple(columns.values())[: len(first)] == first


def test_the_heads_are_distinct(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", saved, "vms"]) == 0
    head = next(line for line in capsys.readouterr().out.splitlines() if line).split()
    assert len(head) == len(set(head))
    assert {"resource_pool", "resource_pool_id", "host", "memory"} <= set(head)


def test_a_pipe_has_no_ends_of_spaces_and_wide_letters_stay_in_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hi.Inventory(hosts=[hi.Host(id=name, name=name, cpu_cores=4, **HERE) for name in ("ab", "日本")]).save(
        tmp_path / "estate.json"
    )
    assert main(["show", str(tmp_path / "estate.json"), "hosts", "--columns", "name,cpu_cores"]) == 0
    assert capsys.readouterr().out == (
        "\n name   cpu_cores\n ────────────────\n ab             4\n 日本           4\n\n"
    )


def test_a_pipe_that_knows_ascii_only_gets_a_rule_of_it(saved: str) -> None:
    command = [sys.executable, "-m", "hybridinv", "show", saved, "hosts"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert re.search(r"^ -{10,}$", done.stdout, re.MULTILINE)
    assert "\\u" not in done.stdout


def changed(tmp_path: Path, capsys: pytest.CaptureFixture[str], **changes: Any) -> list[list[str]]:
    """The lines of `diff`, each as field, before, after."""
    estate(machine()).save(tmp_path / "before.json")
    estate(machine(**changes)).save(tmp_path / "after.json")
    assert main(["diff", str(tmp_path / "before.json"), str(tmp_path / "after.json")]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith(" changed")]
    return [re.split(r" {3,}", line.strip())[3:] for line in lines]


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        (
            {"nics": [attrs.evolve(NICS[0], connected=False, network_id="n2"), NICS[1]]},
            [
                ["nics: Network adapter 1: network_id", "net1", "net2"],
                ["nics: Network adapter 1: connected", "yes", "no"],
            ],
        ),
        ({"nics": [NICS[1], NICS[0]]}, [["nics", "the same in another order"]]),
        ({"tags": {"env": "test", "team": "a"}}, [["tags: env", "prod", "test"], ["tags: team", "a"]]),
        ({"host_id": "h2"}, [["host_id", "esx01", "esx02"]]),
        ({"memory_bytes": 16 * 2**30}, [["memory_bytes", "8.0 GiB", "16.0 GiB"]]),
        ({"memory_bytes": 8 * 2**30 + 1}, [["memory_bytes", "8589934592", "8589934593"]]),
        ({"ip_addresses": ["192.0.2.1"]}, [["ip_addresses", "192.0.2.1, 192.0.2.2", "192.0.2.1"]]),
        ({"agent": hi.Agent(version="2")}, [["agent: version", "2"]]),
        ({"cpus": None}, [["cpus", "4"]]),
    ],
)
def test_a_change_is_told_where_it_is(
    changes: dict[str, Any], lines: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert changed(tmp_path, capsys, **changes) == lines


def test_a_record_within_that_is_gone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ((field, before, *after),) = changed(tmp_path, capsys, nics=NICS[:1])
    assert (field, after) == ("nics: Network adapter 2", [])
    assert before.startswith("name Network adapter 2, mac_address 00:50:56:00:00:02")
    assert before.endswith("…")


def test_records_of_one_name_are_told_by_their_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    same = [hi.Nic(mac_address="00:50:56:00:00:01"), hi.Nic(mac_address="00:50:56:00:00:02")]
    fields = [line[0] for line in changed(tmp_path, capsys, nics=same)]
    assert fields[:2] == ["nics: 1: name", "nics: 1: network_id"]


def test_endless_changes_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = changed(tmp_path, capsys, tags={f"t{n}": "1" for n in range(50)})
    assert len(lines) == 21
    assert lines[-1] == ["tags", "and 31 more"]


def test_a_source_that_gave_nothing_was_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    steps = [
        hi.Progress(source="a", platform="vsphere"),
        hi.Progress(source="a", platform="vsphere", done=True, problems=1),
        hi.Progress(source="b", platform="vsphere", kind="vms", read=2, done=True),
        hi.Progress(source="b", platform="vsphere", done=True, problems=1),
        hi.Progress(source="c", platform="vsphere", done=True),
    ]
    with progress() as report:
        for step in steps:
            report(step)
    assert capsys.readouterr().err == (
        "a (vsphere): not read, 1 problem\nb (vsphere): read, 1 problem\nc (vsphere): read\n"
    )
