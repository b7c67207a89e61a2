"""What runs the script in a guest, and how its end is judged; no guest and no vCenter is asked."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

import hybridinv as hi
from hybridinv.onboarding.guest import end_of, judge, launch, read_code, read_text
from hybridinv.platforms.vsphere_guest import Transfers
from hybridinv.transport.client import Wire

needs_bash = pytest.mark.skipif(not Path("/bin/bash").exists(), reason="needs /bin/bash")
TARGET = hi.OnboardingTarget(subscription_id="Sub", resource_group="rg-arc", tenant_id="t", location="westeurope")
AGENT = {"subscriptionId": "SUB", "resourceGroup": "RG-Arc", "resourceName": "web01", "status": "Connected"}


def put(folder: Path, script: str, secret: str | None) -> list[str]:
    files = launch(hi.OSType.LINUX)
    (folder / files.script).write_text(script, encoding="utf-8")
    (folder / files.launcher).write_text(files.text, encoding="utf-8")
    if secret is not None:
        (folder / "secret").write_text(f"{secret}\n", encoding="utf-8")
    return ["/bin/bash", str(folder / files.launcher)]


@needs_bash
def test_the_launcher_hands_the_secret_over_and_deletes_it_first(tmp_path: Path) -> None:
    folder = tmp_path / "with 'quotes' $(id)"
    folder.mkdir()
    script = 'read -r line; printf "got %s\\n" "$line"; ls; echo wrong >&2; exit 42'
    done = subprocess.run(put(folder, script, "hush hush"), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (42, "", "")
    said = (folder / "log").read_text().splitlines()
    assert said[0] == "got hush hush"
    assert "secret" not in said
    assert said[-1] == "wrong"
    assert read_code((folder / "code").read_text()) == 42
    assert (folder / "log").stat().st_mode & 0o077 == 0


@needs_bash
def test_the_launcher_without_a_secret_gives_an_empty_input(tmp_path: Path) -> None:
    subprocess.run(put(tmp_path, "wc -c", None), check=False)
    assert (tmp_path / "log").read_text().strip() == "0"


@needs_bash
@pytest.mark.skipif(not shutil.which("sleep"), reason="needs sleep")
def test_a_launcher_that_is_ended_waits_for_the_script_to_tidy_up(tmp_path: Path) -> None:
    script = "sleep 60 & trap 'kill $!; echo tidy; exit 143' TERM; touch begun; wait"
    with subprocess.Popen(put(tmp_path, script, "x")) as process:
        while not (tmp_path / "begun").exists():
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGTERM)
    assert process.returncode == 143
    assert (tmp_path / "log").read_text().strip() == "tidy"
    assert read_code((tmp_path / "code").read_text()) == 143


@needs_bash
def test_shellcheck_has_nothing_to_say_about_the_launcher(tmp_path: Path) -> None:
    path = tmp_path / "run.sh"
    path.write_text(launch(hi.OSType.LINUX).text, encoding="utf-8")
    done = subprocess.run(["shellcheck", str(path)], capture_output=True, text=True, check=False)
    assert done.stdout == ""


def test_the_windows_launcher_has_windows_line_ends_and_no_secret_on_a_command_line() -> None:
    text = launch(hi.OSType.WINDOWS).text
    assert text.count("\r\n") == text.count("\n") > 8
    assert '<"%given%"' in text
    assert text.isascii()


@pytest.mark.parametrize(
    ("code", "log", "agent", "state", "azcm"),
    [
        (0, "", AGENT, "connected", ""),
        (0, "AZCM0042 was yesterday", AGENT, "connected", ""),
        (0, "", AGENT | {"status": "Disconnected"}, "failed", ""),
        (0, "", AGENT | {"subscriptionId": "other"}, "failed", ""),
        (0, "", AGENT | {"resourceGroup": "other"}, "failed", ""),
        (0, "connected", {}, "unknown", ""),
        (0, "connected", [AGENT], "unknown", ""),
        (None, "connected", AGENT, "unknown", ""),
        (42, "AZCM0001\nAZCM0042: reserved", {}, "failed", "AZCM0042"),
        (42, "AZCM9999: new", {}, "failed", "AZCM9999"),
        (143, "", AGENT, "failed", ""),
    ],
)
def test_only_the_exit_code_and_the_agent_together_are_success(
    code: int | None, log: str, agent: object, state: str, azcm: str
) -> None:
    found = judge(code, log, json.dumps(agent), TARGET, hi.OSType.LINUX)
    assert (found.state, found.azcm_code) == (state, azcm)
    assert found.message
    assert bool(found.remedy) == (state != "connected")


def test_words_of_a_guest_that_are_no_json() -> None:
    assert judge(0, "", "azcmagent: command not found", TARGET, hi.OSType.LINUX).state == "unknown"
    assert judge(1, "\x00\x00", "", TARGET, hi.OSType.WINDOWS).state == "failed"


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_of_a_guest_in_whatever_it_writes(coding: str) -> None:
    assert read_text("Größe".encode(coding)) == "Größe"


@pytest.mark.parametrize(("text", "code"), [("0\n", 0), ("-1073741510 \r\n", -1073741510), ("", None), ("1x", None)])
def test_exit_codes_of_a_file(text: str, code: int | None) -> None:
    assert read_code(text) == code


def test_of_a_long_log_the_end_is_kept() -> None:
    assert end_of("a" * 20_000 + "end").endswith("end")
    assert len(end_of("a" * 20_000)) < 10_000


def test_addresses_of_transfers() -> None:
    transfers = Transfers(Wire("vc"), "https://vc01.example.com:8443")
    nobody: set[str] = set()

    def place(url: str, names: set[str] = nobody) -> str:
        return transfers.place(url, lambda: names)

    assert place("https://*:443/guestFile?id=1&token=x") == "https://vc01.example.com:8443/guestFile?id=1&token=x"
    assert place("https://VC01.example.com/guestFile?id=1").startswith("https://vc01.example.com:443/")
    assert place("https://[2001:db8::1]/g", {"2001:db8::1"}) == "https://[2001:db8::1]:443/g"
    for url in (
        "http://*:80/guestFile", "http://vc01.example.com/g", "https://esx02.example.com/g",
        "https://vc01.example.com@evil.example.com/g", "https://vc01.example.com.evil.example.com/g", "/guestFile", "",
    ):  # fmt: skip
        with pytest.raises(hi.UnexpectedAnswer, match="neither the vCenter"):
            place(url, {"esx01.example.com"})
