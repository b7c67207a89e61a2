"""`hybridinv diagnostics`: what it prints, where it takes secrets from, and its exit codes."""

from __future__ import annotations

import argparse
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import hybridinv as hi
from diagnostics.table_service import ACCOUNT, KEY, TableService, interval
from hybridinv import cli_diagnostics
from seeding.seed_diagnostics import key_text, machines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TABLE = "WADMetricsPT1MP10DV2S20260222"
(WIN,) = machines(1)
TIMES = ["--start", "2026-03-01T12:00Z", "--end", "2026-03-01T14:00+01:00"]


@pytest.fixture
def service() -> TableService:
    made = TableService()
    for number in range(60):
        moment = NOON + timedelta(minutes=number)
        made.add(TABLE, *interval(key_text(WIN["id"]), r"\Processor(_Total)\% Processor Time", moment))
        made.add(TABLE, *interval(key_text(WIN["id"]), r"\Memory\Available Bytes", moment, Average=3.0 * 2**30))
    return made


@pytest.fixture
def url(service: TableService, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The service over HTTP on this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = f"http://{self.headers['Host']}{self.path}"
            answer = service.handle_request(httpx.Request("GET", address, headers=dict(self.headers)))
            body = answer.read()
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.startswith("x-ms"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(cli_diagnostics.KEY, KEY)
    monkeypatch.delenv(cli_diagnostics.SAS, raising=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/{ACCOUNT}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def file(tmp_path: Path) -> str:
    """An inventory with the machine, and others of its name that cannot have the extension."""
    vm = hi.VirtualMachine(
        id=WIN["id"].lower(), name=WIN["name"], platform="azure", source="azure", resource_id=WIN["id"]
    )
    others = [
        hi.VirtualMachine(id="vsphere://x/vm-1", name=WIN["name"], platform="vsphere", source="vc"),
        hi.VirtualMachine(id="/arc/x", name=WIN["name"], platform="azure-arc", source="azure"),
    ]
    hi.Inventory(vms=[vm, *others]).save(tmp_path / "estate.json")
    return str(tmp_path / "estate.json")


@pytest.fixture
def run(file: str, url: str) -> Callable[..., int]:
    """The command with these arguments more."""
    parser = argparse.ArgumentParser()
    cli_diagnostics.describe(parser)

    def command(*more: str, vm: str = WIN["name"]) -> int:
        return cli_diagnostics.diagnostics(parser.parse_args([file, vm, "--account-url", url, *TIMES, *more]))

    return command


def test_a_table_of_samples(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    lines = capsys.readouterr().out.strip().splitlines()
    assert lines[0].split() == list(cli_diagnostics._SAMPLE)
    assert len([line for line in lines if "cpu_percent" in line]) == 60
    assert len([line for line in lines if "memory_available_bytes" in line and "3.00 GiB" in line]) == 60


def test_one_counter_by_id(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--counter", "cpu_percent", vm=WIN["id"]) == 0
    assert "memory" not in capsys.readouterr().out


def test_json(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", "--counter", "cpu_percent") == 0
    found = json.loads(capsys.readouterr().out)
    assert (len(found["samples"]), found["problems"]) == (60, [])
    assert found["samples"][0]["at"].startswith("2026-03-01T1")
    assert found["samples"][0]["average"] == 2.0


def test_days(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--daily") == 0
    lines = capsys.readouterr().out.strip().splitlines()
    assert lines[0].split() == list(cli_diagnostics._DAY)
    assert [line.split()[:2] for line in lines[2:4]] == [
        ["2026-03-01", "cpu_percent"], ["2026-03-01", "memory_available_bytes"],
    ]  # fmt: skip


def test_what_is_missing_is_said(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--counter", "thread_count") == 3
    said = capsys.readouterr().out
    assert "no rows" in said
    assert "nothing of vm-00 for thread_count, though other counters are there" in said
    assert run("--json", "--counter", "thread_count") == 3
    assert json.loads(capsys.readouterr().out)["problems"][0]["error"] == "NotFound"


def test_a_signature_out_of_the_environment(
    run: Callable[..., int], service: TableService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cli_diagnostics.SAS, "?sv=2019-02-02&sig=abcdef")
    with pytest.raises(hi.NotSupported, match="both AZURE_STORAGE_KEY and AZURE_STORAGE_SAS_TOKEN are set"):
        run()
    monkeypatch.delenv(cli_diagnostics.KEY)
    service.admits = lambda request: "sig=abcdef" in str(request.url)
    assert run() == 0


def test_a_wrong_key_is_not_shown(
    run: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = "d3Jvbmcga2V5IHRoYXQgbm9ib2R5IG1heSBzZWU="
    monkeypatch.setenv(cli_diagnostics.KEY, wrong)
    with pytest.raises(hi.AuthenticationFailed) as caught:
        run()
    said = capsys.readouterr()
    assert wrong not in str(caught.value) + said.out + said.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--start", "2026-03-01T12:00"], "has no time zone; write it as 2026-03-01T06:00Z, with its zone"),
        (["--end", "noon"], "'noon' is no moment"),
        (["--counter", "cpu"], "cpu_privileged_percent"),
        (["--counter", "CPU_PERCENT"], "there is no counter 'CPU_PERCENT' — did you mean cpu_percent? the counters"),
        (["--counter", r"\Process(_Total)\Thread Count"], "did you mean thread_count?"),
        (["--counter", "cpu_ready_percent"], "only a hypervisor knows"),
        (["--grain", "PT7M"], "PT1M"),
        (["--account-key", "x"], "unrecognized arguments"),
    ],
)
def test_arguments_that_are_wrong(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*arguments)
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


def test_a_machine_that_cannot_have_it(run: Callable[..., int]) -> None:
    with pytest.raises(hi.NotFound, match="no machine 'nobody' in the file — give the name or the id"):
        run(vm="nobody")
    with pytest.raises(hi.NotSupported, match="is a machine of vsphere, which has no diagnostics extension"):
        run(vm="vsphere://x/vm-1")


def test_a_login_that_fails_names_the_variables(run: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> None:
    class Nobody:
        def get_token(self, *_: str) -> None:
            raise RuntimeError("not logged in")

    monkeypatch.delenv(cli_diagnostics.KEY)
    monkeypatch.setattr("hybridinv.transport.clouds.default_credential", lambda *_: Nobody())
    with pytest.raises(hi.AuthenticationFailed, match="set AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN; else log in"):
        run()


@pytest.mark.parametrize(
    ("address", "authority"),
    [
        ("https://a.table.core.windows.net", "AzureCloud"),
        ("https://a.table.core.usgovcloudapi.net", "AzureUSGovernment"),
        ("https://a.table.core.chinacloudapi.cn", "AzureChinaCloud"),
    ],
)
def test_tokens_come_from_the_cloud_that_the_account_is_in(address: str, authority: str) -> None:
    assert cli_diagnostics._cloud(address) == authority
