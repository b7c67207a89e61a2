"""The script for Linux, run for real."""

from __future__ import annotations

import hashlib
import os
import pty
import shutil
import signal
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

import hybridinv as hi
from certificates import Certificates
from onboarding.arc_machine import APPLICATION, INSTALLER, SECRET, SUBSCRIPTION, TENANT, Machine, downloads, end

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "curl", "flock"))) or not Path("/proc/self/cmdline").exists(),
    reason="needs bash, curl, flock and /proc",
)

IN_AZURE = '{"vmId": "02aab8a4-74ef-476e-8182-f6d2ba4166a6", "azEnvironment": "AzurePublicCloud"}'


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def machine(tmp_path: Path, certificates: Certificates) -> Machine:
    return Machine(tmp_path, certificates.ca_file)


@pytest.fixture
def pages() -> dict[str, tuple[int, str]]:
    return {"/install": (200, INSTALLER)}


@pytest.fixture
def mirror(certificates: Certificates, pages: dict[str, tuple[int, str]]) -> Iterator[str]:
    with downloads(certificates.server_context(), pages) as address:
        yield address


def target(**changes: Any) -> hi.OnboardingTarget:
    usual = {
        "subscription_id": SUBSCRIPTION,
        "resource_group": "rg-arc",
        "tenant_id": TENANT,
        "location": "westeurope",
        "tags": {"Owner": "O'Brien $(id)"},
    }
    return hi.OnboardingTarget(**(usual | changes))


def script(mirror: str = "", auth: str = "device-code", **options: Any) -> str:
    where = options.pop("to", None) or target()
    return hi.render_script(
        where, "linux", auth, **({"download_url": f"{mirror}/install"} if mirror else {}), **options
    )


def principal(mirror: str = "", **options: Any) -> str:
    return script(mirror, "service-principal", service_principal_id=APPLICATION, **options)


def nowhere(machine: Machine, secret: str = SECRET) -> None:
    """The secret was in no argument, in no other process's environment, and is on no disk."""
    for name in ("called", "processes", "environment"):
        assert machine.recorded(name)
        assert secret not in machine.recorded(name), name
    assert machine.leftovers == []


# Success


def test_it_installs_connects_and_shows_the_agent(machine: Machine, mirror: str) -> None:
    code, out, errors = machine.run(script(mirror))
    assert (code, errors) == (0, "")
    assert "Agent Status : stand-in" in out
    assert out.endswith("connected as web01 in RG-arc\n")
    assert [one.split()[0] for one in machine.calls] == ["install.sh", "azcmagent"]
    assert machine.config == {
        "subscription-id": SUBSCRIPTION,
        "resource-group": "rg-arc",
        "tenant-id": TENANT,
        "location": "westeurope",
        "cloud": "AzureCloud",
        "tags": "Owner='O''Brien $(id)'",
        "use-device-code": True,
    }
    assert machine.leftovers == []


def test_everything_of_the_target_gets_to_the_agent(machine: Machine, mirror: str) -> None:
    scope = "/subscriptions/s/resourceGroups/r/providers/Microsoft.HybridCompute/"
    everything = target(
        cloud="AzureUSGovernment",
        private_link_scope_id=f"{scope}privateLinkScopes/p",
        gateway_id=f"{scope}gateways/g",
        correlation_id=TENANT,
        tags={},
    )
    code, _, _ = machine.run(script(mirror, to=everything, resource_name="app-01"))
    assert code == 0
    assert machine.config == {
        "resource-name": "app-01",
        "subscription-id": SUBSCRIPTION,
        "resource-group": "rg-arc",
        "tenant-id": TENANT,
        "location": "westeurope",
        "cloud": "AzureUSGovernment",
        "gateway-id": f"{scope}gateways/g",
        "private-link-scope": f"{scope}privateLinkScopes/p",
        "correlation-id": TENANT,
        "use-device-code": True,
    }


def test_version_and_proxy_get_to_installer_and_agent(machine: Machine, mirror: str) -> None:
    scope = "/subscriptions/s/resourceGroups/r/providers/Microsoft.HybridCompute/privateLinkScopes/p"
    machine.environment["no_proxy"] = "localhost"  # so that the download itself needs none
    behind = target(proxy="http://proxy.example.com:3128", agent_version="1.61", private_link_scope_id=scope)
    code, _, _ = machine.run(script(mirror, to=behind))
    assert code == 0
    installed, url, bypass, connected = machine.calls
    assert installed.endswith("--proxy http://proxy.example.com:3128 --desiredversion 1.61")
    assert url == "azcmagent config set proxy.url http://proxy.example.com:3128"
    assert bypass == "azcmagent config set proxy.bypass Arc"
    assert connected.startswith("azcmagent connect --config /")
    assert "--proxy http://proxy.example.com:3128" in machine.recorded("called").split("169.254")[-1]


@pytest.mark.parametrize("auth", ["browser", "device-code"])
def test_logging_in_by_hand_asks_nothing(machine: Machine, mirror: str, auth: str) -> None:
    code, _, _ = machine.run(script(mirror, auth))
    assert code == 0
    assert machine.config.get("use-device-code") is (True if auth == "device-code" else None)


# Secrets


@pytest.mark.parametrize("way", ["environment", "piped", "piped with CRLF"])
def test_the_secret_is_in_the_file_and_nowhere_else(machine: Machine, mirror: str, way: str) -> None:
    given: dict[str, Any] = {
        "environment": {"env": {"ARC_ONBOARDING_SECRET": SECRET}},
        "piped": {"piped": f"{SECRET}\n"},
    }.get(way, {"piped": f"{SECRET}\r\n"})
    code, out, errors = machine.run(principal(mirror), **given)
    assert code == 0
    assert machine.config["service-principal-id"] == APPLICATION
    assert machine.config["service-principal-secret"] == SECRET
    assert machine.recorded("modes").split() == ["600", "700"]
    assert SECRET not in out + errors
    nowhere(machine)


def test_an_access_token_goes_the_same_way(machine: Machine, mirror: str) -> None:
    code, _, _ = machine.run(script(mirror, "access-token"), env={"ARC_ONBOARDING_SECRET": "eyJ0.eyJh.c2ln"})
    assert code == 0
    assert machine.config["access-token"] == "eyJ0.eyJh.c2ln"
    nowhere(machine, "eyJ0.eyJh.c2ln")


def test_a_trace_does_not_show_the_secret(machine: Machine, mirror: str) -> None:
    given = {"env": {"ARC_ONBOARDING_SECRET": SECRET}, "shell": ("bash", "-x")}
    code, out, errors = machine.run(principal(mirror), **given)
    assert code == 0
    assert SECRET not in out + errors
    assert "S3cr3t" not in out + errors


def test_a_secret_that_is_typed_is_not_shown(machine: Machine, mirror: str) -> None:
    keyboard, terminal = pty.openpty()
    try:
        with machine.start(principal(mirror), stdin=terminal) as process:
            try:
                while termios.tcgetattr(terminal)[3] & termios.ECHO and process.poll() is None:
                    os.sched_yield()
                os.write(keyboard, b"typed-secret\n")
                out, errors = process.communicate()
            finally:
                end(process)
        assert process.returncode == 0, errors
        assert "service principal secret: " in errors
        assert machine.config["service-principal-secret"] == "typed-secret"
        os.set_blocking(keyboard, False)
        shown = os.read(keyboard, 1000) if _is_readable(keyboard) else b""
        assert b"typed" not in shown
        assert "typed-secret" not in out + errors
    finally:
        os.close(keyboard)
        os.close(terminal)


def _is_readable(descriptor: int) -> bool:
    import select

    return bool(select.select([descriptor], [], [], 0)[0])


def test_without_a_secret_nothing_is_installed(machine: Machine, mirror: str) -> None:
    code, _, errors = machine.run(principal(mirror))
    assert code == 203
    assert "set ARC_ONBOARDING_SECRET" in errors
    assert machine.calls == []


def test_control_characters_in_a_secret_are_refused(machine: Machine, mirror: str) -> None:
    code, _, errors = machine.run(principal(mirror), env={"ARC_ONBOARDING_SECRET": "one\ntwo"})
    assert code == 203
    assert "control characters" in errors
    assert machine.calls == []


def test_the_application_id_may_come_with_the_machine(machine: Machine, mirror: str) -> None:
    text = script(mirror, "service-principal")
    given = {"ARC_ONBOARDING_SECRET": SECRET, "ARC_SERVICE_PRINCIPAL_ID": APPLICATION}
    code, _, _ = machine.run(text, env=given)
    assert code == 0
    assert machine.config["service-principal-id"] == APPLICATION


def test_an_application_id_that_is_none_is_refused(machine: Machine, mirror: str) -> None:
    script_ = script(mirror, "service-principal")
    given = {"ARC_ONBOARDING_SECRET": SECRET, "ARC_SERVICE_PRINCIPAL_ID": "my application"}
    code, _, errors = machine.run(script_, env=given)
    assert code == 203
    assert "GUID" in errors


@pytest.mark.skipif(not shutil.which("dash"), reason="needs dash")
def test_another_shell_is_told_to_be_bash(machine: Machine, mirror: str) -> None:
    code, _, errors = machine.run(script(mirror), shell=("dash",))
    assert code == 207
    assert errors.startswith("run this with bash")


def test_a_piped_secret_is_never_taken_for_the_application_id(machine: Machine, mirror: str) -> None:
    code, _, errors = machine.run(script(mirror, "service-principal"), piped=f"{SECRET}\n")
    assert code == 203
    assert "ARC_SERVICE_PRINCIPAL_ID" in errors
    assert machine.calls == []


def test_a_certificate_needs_no_secret(machine: Machine, mirror: str) -> None:
    path = '/etc/pki/-o\'b "r" $(id)\n.pem'
    code, _, _ = machine.run(principal(mirror, certificate=path))
    assert code == 0
    assert machine.config["service-principal-cert"] == path
    assert "service-principal-secret" not in machine.config


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_ended_in_the_middle_it_leaves_no_file(
    machine: Machine, mirror: str, number: signal.Signals, code: int
) -> None:
    for name in ("gate", "waiting"):
        os.mkfifo(machine.state / name)
    with machine.start(principal(mirror), env={"ARC_ONBOARDING_SECRET": SECRET}) as process:
        try:
            assert (machine.state / "waiting").read_text() == "waiting\n"
            assert any(one.endswith("connect.json") for one in machine.leftovers)
            process.send_signal(number)
            process.communicate()
        finally:
            end(process)
    assert process.returncode == code
    assert machine.leftovers == []


def test_what_a_killed_run_leaves_the_next_one_removes(machine: Machine, mirror: str) -> None:
    for name in ("gate", "waiting"):
        os.mkfifo(machine.state / name)
    with machine.start(principal(mirror), env={"ARC_ONBOARDING_SECRET": SECRET}) as process:
        try:
            assert (machine.state / "waiting").read_text() == "waiting\n"
            assert machine.run(principal(mirror))[0] == 201
            process.kill()
            process.wait()
        finally:
            end(process)
    assert any(one.endswith("connect.json") for one in machine.leftovers)
    (machine.state / "gate").unlink()
    code, _, _ = machine.run(principal(mirror), env={"ARC_ONBOARDING_SECRET": SECRET})
    assert code == 0
    nowhere(machine)


# The download


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((404, "gone"), "could not download"),
        ((302, "http://localhost/install"), "refused to download from http://localhost/install"),
        ((302, "https://evil.example.com/install"), "refused to download from https://evil.example.com"),
        ((302, "https://his.arc.azure.com.evil.example.com/i"), "refused to download"),
        ((302, "https://localhost@evil.example.com/i"), "refused to download"),
        ((302, "https://evil.example.com\\@gbl.his.arc.azure.com/i"), "refused to download"),
        ((302, "/install"), "too many redirects"),
    ],
)
def test_a_bad_download_is_refused(
    machine: Machine, mirror: str, pages: dict[str, tuple[int, str]], answer: tuple[int, str], words: str
) -> None:
    pages["/install"] = answer
    code, _, errors = machine.run(script(mirror))
    assert code == 200, errors
    assert words in errors
    assert machine.calls == []
    assert machine.leftovers == []


def test_a_redirect_within_the_mirror_is_followed(
    machine: Machine, mirror: str, pages: dict[str, tuple[int, str]]
) -> None:
    pages |= {"/install": (302, f"{mirror}/elsewhere"), "/elsewhere": (200, INSTALLER)}
    assert machine.run(script(mirror))[0] == 0


def test_an_untrusted_certificate_is_refused(machine: Machine, mirror: str) -> None:
    del machine.environment["CURL_CA_BUNDLE"]
    (Path(machine.environment["HOME"]) / ".curlrc").write_text("insecure\n", encoding="utf-8")
    code, _, errors = machine.run(script(mirror))
    assert code == 200
    assert "certificate" in errors
    assert machine.calls == []


def test_another_checksum_is_refused(machine: Machine, mirror: str) -> None:
    checksum = hashlib.sha256(INSTALLER.encode()).hexdigest()
    code, _, errors = machine.run(
        script(mirror, sha256=checksum.replace(checksum[0], "0" if checksum[0] != "0" else "1"))
    )
    assert code == 205
    assert checksum in errors
    assert machine.calls == []
    assert machine.run(script(mirror, sha256=checksum.upper()))[0] == 0


@pytest.mark.parametrize(
    ("cloud", "host"),
    [("AzureCloud", "com"), ("AzureUSGovernment", "us"), ("AzureChinaCloud", "cn")],
)
def test_without_a_mirror_it_asks_microsoft(machine: Machine, cloud: str, host: str) -> None:
    machine.environment["REAL_CURL"] = "/bin/false"
    code, _, errors = machine.run(script(to=target(cloud=cloud)))
    assert code == 200
    assert f"could not download https://gbl.his.arc.azure.{host}/azcmagent-linux" in errors
    assert machine.recorded("called").count("curl --disable --silent --show-error --fail --proto =https --tlsv1.2") == 1


_NEEDED = (
    "bash", "cat", "cp", "dirname", "env", "flock", "grep", "head", "mkfifo", "mktemp", "rm", "sed", "stat", "tail",
    "tee", "tr", "uname",
)  # fmt: skip


def only_wget(machine: Machine, answers: str) -> None:
    """A machine without curl: its PATH has what the script needs, and a wget that says what it would have got."""
    for name in _NEEDED:
        (machine.bin / name).symlink_to(shutil.which(name) or name)
    (machine.bin / "curl").unlink()
    machine._command(
        "wget",
        '#!/bin/bash\nprintf \'wget %s\\n\' "$*" >>"$STATE/called"\n'
        "for word; do case $word in --output-document=*) file=${word#*=} ;; esac; done\n"
        'case "$*" in *169.254*) [ -e "$STATE/169.254.169.254" ] && exec cat "$STATE/169.254.169.254"; exit 8 ;;\n'
        f"{answers}\nesac\n",
    )
    machine.environment["PATH"] = str(machine.bin)


def test_wget_does_where_curl_is_missing(machine: Machine) -> None:
    machine.has("installer", INSTALLER)
    only_wget(
        machine,
        "*azcmagent-linux) printf '  HTTP/1.1 302 Found\\r\\n  Location: https://aka.ms/there\\r\\n' >&2; exit 8 ;;\n"
        '*aka.ms/there) cp "$STATE/installer" "$file" ;;',
    )
    code, _, errors = machine.run(script())
    assert (code, errors) == (0, "")
    downloads = [one for one in machine.recorded("called").splitlines() if "https://" in one]
    assert len(downloads) == 2
    assert all("--no-config" in one and "--max-redirect=0" in one and "--no-check" not in one for one in downloads)


def test_wget_leads_nowhere_else_either(machine: Machine) -> None:
    only_wget(machine, "*) printf '  Location: http://evil.example.com/\\r\\n' >&2; exit 8 ;;")
    code, _, errors = machine.run(script())
    assert code == 200
    assert "refused to download from http://evil.example.com/" in errors


def test_wget_finds_azure_too(machine: Machine) -> None:
    only_wget(machine, "*) exit 4 ;;")
    machine.has("169.254.169.254", IN_AZURE)
    assert machine.run(script())[0] == 141


# Where it does not run


@pytest.mark.parametrize("address", ["169.254.169.254", "169.254.169.253"])
def test_azure_is_known_by_its_metadata_service(machine: Machine, mirror: str, address: str) -> None:
    machine.has(address, IN_AZURE)
    code, _, errors = machine.run(script(mirror))
    assert code == 141
    assert errors.startswith("AZCM0141: ")
    assert machine.calls == []
    asked = [one for one in machine.recorded("called").splitlines() if address in one]
    assert len(asked) == 1
    assert all(word in asked[0] for word in ("--noproxy *", "--max-time 3", "--header Metadata: true"))


def test_azure_and_stack_hub_are_known_by_their_asset_tag(machine: Machine, mirror: str) -> None:
    machine.tag.write_text("7783-7084-3265-9085-8269-3286-77\n")
    code, _, errors = machine.run(script(mirror))
    assert code == 141
    assert "asset tag" in errors
    assert machine.calls == []


@pytest.mark.parametrize("body", ["", "<html>a login page</html>", '{"error": "no such path"}'])
def test_another_metadata_service_is_not_azure(machine: Machine, mirror: str, body: str) -> None:
    machine.has("169.254.169.254", body)
    machine.tag.write_text("No Asset Tag\n")
    assert machine.run(script(mirror))[0] == 0


def test_it_says_what_it_needs(machine: Machine, mirror: str) -> None:
    machine.command_says("id", "1000")
    code, _, errors = machine.run(script(mirror))
    assert code == 18
    assert "sudo bash" in errors
    machine.command_says("id", "0")
    (machine.bin / "systemctl").unlink()
    if not shutil.which("systemctl", path="/usr/bin:/bin"):
        assert machine.run(script(mirror))[0] == 130
    assert machine.calls == []


# The second run


def test_the_second_run_finds_nothing_to_do(machine: Machine, mirror: str) -> None:
    assert machine.run(principal(mirror), env={"ARC_ONBOARDING_SECRET": SECRET})[0] == 0
    before = machine.calls
    code, out, _ = machine.run(principal(mirror))
    assert code == 0
    assert "already connected as web01 in RG-arc; nothing to do" in out
    assert "Agent Status : stand-in" in out
    assert machine.calls == before


@pytest.mark.parametrize(
    "changes", [{"subscriptionId": TENANT}, {"resourceGroup": "rg-arc-2"}, {"resourceName": "old01"}]
)
def test_an_agent_that_is_connected_elsewhere_is_left_alone(
    machine: Machine, mirror: str, changes: dict[str, str]
) -> None:
    machine.installed(**changes)
    code, _, errors = machine.run(script(mirror, resource_name="web01"))
    assert code == 67
    assert errors.startswith("AZCM0067: ")
    assert "azcmagent disconnect" in errors
    assert machine.calls == []


@pytest.mark.parametrize("status", ["Disconnected", "Expired"])
def test_an_agent_that_has_lost_its_connection_is_not_called_connected(
    machine: Machine, mirror: str, status: str
) -> None:
    machine.installed(status=status)
    code, out, errors = machine.run(script(mirror))
    assert code == 204
    assert f"'{status}'" in errors
    assert "already" not in out
    assert machine.calls == []


def test_an_installed_agent_is_not_installed_again(machine: Machine, mirror: str) -> None:
    machine.installed()
    assert machine.run(script(mirror))[0] == 0
    assert [one.split()[1] for one in machine.calls] == ["connect"]


# Failure


@pytest.mark.parametrize(
    ("code", "says", "words"),
    [
        (42, "FATAL AZCM0042: Create Azure resource: AuthorizationFailed", "AZCM0042: the resource in Azure could not"),
        (41, "it does not say its code", "AZCM0041: the credentials are not valid"),
        (1, "AZCM0026: first\nthen AZCM0018: last", "AZCM0018: the command was run without administrator rights"),
        (99, "a code that nobody knows", "azcmagent ended with 99"),
    ],
)
def test_a_failure_is_shown_explained_and_passed_on(
    machine: Machine, mirror: str, code: int, says: str, words: str
) -> None:
    machine.fails(code, says)
    ended, out, errors = machine.run(principal(mirror), env={"ARC_ONBOARDING_SECRET": SECRET})
    assert ended == code
    assert says in out
    assert words in errors
    assert "connected as" not in out
    nowhere(machine)


def test_an_exit_code_that_means_something_else_is_not_explained(machine: Machine, mirror: str) -> None:
    machine.fails(76, "it does not say its code")
    code, _, errors = machine.run(script(mirror))
    assert code == 76
    assert "AZCM" not in errors


def test_an_installer_that_fails_is_a_failure(machine: Machine, mirror: str) -> None:
    machine.has("installer-code", "1")
    code, _, errors = machine.run(script(mirror))
    assert code == 143
    assert "AZCM0145: apt was busy" in errors
    assert "its installer ended with 1" in errors


def test_an_agent_that_is_not_connected_afterwards_is_a_failure(machine: Machine, mirror: str) -> None:
    machine.has("after.json", machine.registered(status="Disconnected"))
    code, out, errors = machine.run(script(mirror))
    assert code == 204
    assert "Agent Status : stand-in" in out
    assert "'Disconnected'" in errors


def test_nothing_is_sent_to_microsofts_log(machine: Machine, mirror: str) -> None:
    machine.fails(42, "AZCM0042")
    machine.run(script(mirror))
    assert not any("/log" in one or "PUT" in one for one in machine.recorded("called").splitlines())


# One script for many


def plan(*names: str, **changes: str) -> hi.OnboardingPlan:
    cases = [
        hi.OnboardingCase(name=name, hostname=name, resource_name=changes.get(name, name), os_type="linux")
        for name in names
    ]
    return hi.OnboardingPlan(target=target(), candidates=cases)


def test_a_machine_finds_its_name_in_the_plan(machine: Machine, mirror: str) -> None:
    machine.command_says("uname", "WEB02.example.com")
    assert machine.run(script(mirror, plan=plan("web01", "web02", web02="shop-02")))[0] == 0
    assert machine.config["resource-name"] == "shop-02"


@pytest.mark.parametrize("name", ["web03", "*", "web0?", "", "$(id)", "web01'"])
def test_a_machine_that_is_not_in_the_plan_is_refused(machine: Machine, mirror: str, name: str) -> None:
    machine.command_says("uname", name)
    code, _, errors = machine.run(script(mirror, plan=plan("web01", "web02")))
    assert code == 202
    assert "not among the machines to onboard" in errors
    assert machine.calls == []


@pytest.mark.parametrize("name", ["*", "a b", "o'b", "$(id)", "`id`", "ä", "x)"])
def test_a_host_name_is_data_and_no_pattern(machine: Machine, mirror: str, name: str) -> None:
    case = hi.OnboardingCase(hostname=name, resource_name="web01", os_type="linux")
    text = script(mirror, plan=attrs.evolve(plan("other"), candidates=[case]))
    machine.command_says("uname", name)
    assert machine.run(text)[0] == 0
    machine.command_says("uname", "something")
    assert machine.run(text)[0] == 202
