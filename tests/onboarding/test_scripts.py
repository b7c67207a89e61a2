"""The text of the scripts: what is refused, and that every value in it stays data."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest
import tree_sitter
import tree_sitter_powershell
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import hybridinv as hi
from hybridinv.onboarding.codes import code_lines
from hybridinv.onboarding.quoting import bash_quoted, json_text, powershell_quoted, tags_text
from onboarding.arc_machine import APPLICATION, SECRET, SUBSCRIPTION, TENANT, Machine

AUTHS = ("browser", "device-code", "access-token", "service-principal")
SYSTEMS = ("windows", "linux")
THUMBPRINT = "A909502DD82AE41433E6F83886B00D4277A32A7B"
SCOPE = "/subscriptions/s/resourceGroups/r/providers/Microsoft.HybridCompute/"
POWERSHELL = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
NEEDS_BASH = pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
NEEDS_PWSH = pytest.mark.skipif(not shutil.which("pwsh"), reason="needs PowerShell (pwsh)")

HOSTILE = (
    "'; rm -rf / #",
    "\u2019; Remove-Item C:\\ #",
    "\u2018\u201a\u201b'\"\u201c\u201d",
    "$(id) `id` ${IFS} %PATH% !x!",
    "--config=/etc/shadow",
    "\n'@\nexit\n'@\nCODES\n",
    "@@config@@ @@front@@ {{ lookup('pipe', 'id') }} {% raw %}",
    "\u2028\u0085\x1b[31m\x07\ufeff\u202e",
    "ä€😀 \\x41\\u0041 \\",
)
_AS_DATA = {"config", "front"}  # the hostile texts have these marks in them
text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60) | st.sampled_from(
    HOSTILE
)


def target(**changes: Any) -> hi.OnboardingTarget:
    usual = {
        "subscription_id": SUBSCRIPTION,
        "resource_group": "rg-arc",
        "tenant_id": TENANT,
        "location": "westeurope",
    }
    return hi.OnboardingTarget(**(usual | changes))


def plan(*hosts: str, os_type: str = "linux", **changes: Any) -> hi.OnboardingPlan:
    cases = [
        hi.OnboardingCase(hostname=host, resource_name=f"arc-{i}", os_type=os_type) for i, host in enumerate(hosts)
    ]
    return hi.OnboardingPlan(target=target(**changes), candidates=cases)


def hostile(**changes: Any) -> hi.OnboardingTarget:
    usual = {
        "resource_group": "rg-ärc_(1)",
        "tags": {f"{i}{word}": word for i, word in enumerate(HOSTILE)},
        "cloud": "AzureUSGovernment",
        "proxy": "http://proxy.example.com:3128",
        "gateway_id": f"{SCOPE}gateways/o'g $(id)\u2019",
        "private_link_scope_id": f'{SCOPE}privateLinkScopes/"p"`id`',
        "correlation_id": TENANT,
        "agent_version": "1.61",
    }
    return target(**(usual | changes))


def every_script(system: str) -> list[tuple[str, str]]:
    """Every combination, of a plain target and a hostile one."""
    certificates = ["", '/tmp/o\'b "$(id)" \u2019`.pem'] + ([THUMBPRINT] if system == "windows" else [])
    found = []
    for (name, where), auth in itertools.product((("plain", target()), ("hostile", hostile())), AUTHS):
        rows = attrs.evolve(plan("web01", *HOSTILE, os_type=system), target=where)
        more = {"download_url": "https://mirror.example.com:8443/a/b?c=d", "sha256": "ab" * 32}
        shapes: list[dict[str, Any]] = [{}, {"plan": rows}, {"resource_name": "web-01"}, more]
        if auth == "service-principal":
            shapes += [{"service_principal_id": APPLICATION, "certificate": one} for one in certificates]
        for shape in shapes:
            label = f"{system} {name} {auth} {'+'.join(shape)}"
            found.append((label, hi.render_script(where, system, auth, **shape)))
    if system == "windows":
        for one in certificates:
            found.append((f"policy {one!a}", hi.render_group_policy_script(hostile(), certificate=one)))
        found.append(("policy plan", hi.render_group_policy_script(target(), plan=plan("a", os_type="windows"))))
    return found


# What is asked for


@pytest.mark.parametrize("os_type", [*SYSTEMS, hi.OSType.WINDOWS, hi.OSType.LINUX, "Linux"])
def test_each_system_has_its_script(os_type: str) -> None:
    script = hi.render_script(target(), os_type)
    first = script.splitlines()[0]
    assert first == ("#!/usr/bin/env bash" if str(os_type).lower() == "linux" else "#Requires -Version 5.1")
    assert script.endswith("\n")


@pytest.mark.parametrize(
    ("words", "right"),
    [
        ({"os_type": "macos"}, "windows, linux"),
        ({"os_type": hi.OSType.UNKNOWN}, "windows, linux"),
        ({"auth": "password"}, "browser, device-code, access-token, service-principal"),
        ({"auth": "browser", "service_principal_id": APPLICATION}, "auth='service-principal' takes it"),
        ({"auth": "device-code", "certificate": "/c.pem"}, "auth='service-principal' takes it"),
        ({"certificate": THUMBPRINT}, "give its path"),
        ({"certificate": "-----BEGIN PRIVATE KEY-----"}, "give its path"),
        ({"resource_name": "a b"}, "letters, digits"),
        ({"resource_name": "exchange"}, "no reserved word"),
        ({"plan": "all"}, "hi.plan_onboarding"),
        ({"plan": plan("a", os_type="windows")}, "plan.skipped"),
        ({"plan": plan("a", location="eastus")}, "plan again"),
        ({"plan": plan("web01", "WEB01")}, "by host name"),
        ({"plan": plan("a"), "resource_name": "a"}, "one of the two"),
        ({"download_url": "http://mirror.example.com/i"}, "https://"),
        ({"download_url": "http://localhost/i"}, "https://"),
        ({"download_url": "https://user:pass@mirror.example.com/i"}, "https://"),
        ({"download_url": "https://mirror.example.com"}, "https://"),
        ({"sha256": "abc"}, "64 hexadecimal"),
    ],
)
def test_a_wrong_word_names_the_right_ones(words: dict[str, Any], right: str) -> None:
    with pytest.raises(hi.NotSupported) as raised:
        hi.render_script(target(), **({"os_type": "linux", "auth": "service-principal"} | words))
    assert right in str(raised.value)


def test_a_target_is_a_target() -> None:
    for render in (hi.render_script, hi.render_playbook, hi.render_group_policy_script):
        with pytest.raises(hi.NotSupported, match="not an OnboardingTarget"):
            render({}, *(["linux"] if render is hi.render_script else []))  # type: ignore[arg-type]


def test_a_secret_in_the_wrong_place_is_not_repeated() -> None:
    with pytest.raises(hi.NotSupported) as raised:
        hi.render_script(target(), "linux", "service-principal", service_principal_id=SECRET)
    assert "never the secret" in str(raised.value)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("proxy", ["http://$(id):80", "http://a'b:80", 'http://"x":80', "http://a\\b", "http://ä:80"])
def test_a_proxy_is_a_host(proxy: str) -> None:
    with pytest.raises(hi.NotSupported, match="proxy"):
        hi.render_script(target(proxy=proxy), "linux")


def test_a_candidate_that_azure_takes_not_is_refused() -> None:
    case = hi.OnboardingCase(hostname="a", resource_name="a b", os_type="linux")
    with pytest.raises(hi.NotSupported, match="'a b'"):
        hi.render_script(target(), "linux", plan=attrs.evolve(plan("a"), candidates=[case]))


def test_a_plan_of_an_inventory_tells_machines_by_their_host_names() -> None:
    vm = hi.VirtualMachine(
        id="1", name="Web server", platform="vsphere", source="vc01", hostname="WEB01.example.com", os_type="linux",
        os_name="Ubuntu Linux (64-bit)", power_state="running", agent=hi.Agent(status="ready"),
    )  # fmt: skip
    script = hi.render_script(target(), "linux", plan=hi.plan_onboarding(hi.Inventory(vms=[vm]), target()))
    assert "    'web01') printf '%s' 'WEB01' ;;\n" in script


@pytest.mark.parametrize(
    ("changes", "address"),
    [
        ({}, "https://gbl.his.arc.azure.com/azcmagent/latest/AzureConnectedMachineAgent.msi"),
        (
            {"agent_version": "1.61.3333.1"},
            "https://gbl.his.arc.azure.com/azcmagent/1.61/AzureConnectedMachineAgent.msi",
        ),
        ({"cloud": "AzureChinaCloud"}, "https://aka.ms/AzureConnectedMachineAgent"),
    ],
)
def test_windows_downloads_the_installer_itself(changes: dict[str, str], address: str) -> None:
    assert f"\n$downloadUrl = '{address}'\n" in hi.render_script(target(**changes), "windows")


# All texts


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_script_is_ascii_has_no_mark_left_and_sends_no_log(system: str) -> None:
    for label, script in every_script(system):
        assert script.isascii(), label
        assert set(re.findall(r"@@(\w+)@@", script)) <= _AS_DATA, label
        assert not re.search(r"his\.arc\.azure\.\w+/log|-Method|--method|\bPUT\b", script), label
        assert "\r" not in script, label
        assert "\t" not in script, label


@pytest.mark.parametrize("system", SYSTEMS)
def test_checks_of_certificates_are_never_off(system: str) -> None:
    for label, script in every_script(system):
        for word in ("--insecure", " -k ", "--no-check-certificate", "SkipCertificateCheck", "CertificateValidation"):
            assert word not in script, (label, word)


def test_the_linux_scripts_are_clean_for_shellcheck(tmp_path: Path) -> None:
    paths = []
    for i, (_, script) in enumerate(one for one in every_script("linux") if "hostile service-principal" in one[0]):
        paths.append(tmp_path / f"{i}.sh")
        paths[-1].write_text(script, encoding="ascii")
    done = subprocess.run(["shellcheck", "--norc", *paths], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def powershell(script: str) -> tree_sitter.Node:
    root = POWERSHELL.parse(script.encode()).root_node
    if root.has_error:
        bad = next(node for node in walk(root) if node.type == "ERROR" or node.is_missing)
        pytest.fail(f"line {bad.start_point[0] + 1}: {bad.text!r}")
    return root


def walk(node: tree_sitter.Node) -> Any:
    yield node
    for child in node.children:
        yield from walk(child)


def unquoted(literal: str) -> str:
    """The value of a single-quoted literal by PowerShell's own rule: any of its quotes, twice, is that quote once."""
    quotes = "'\u2018\u2019\u201a\u201b"
    value, rest = "", literal[1:]
    while rest[0] not in quotes or (rest[1:2] and rest[1] in quotes):
        value += rest[0]
        rest = rest[2:] if rest[0] in quotes else rest[1:]
    assert (literal[0], len(rest)) == ("'", 1), f"the literal ends before {rest[1:]!r}"
    return value


def assigned(script: str, name: str) -> str:
    (found,) = (
        node for node in walk(powershell(script))
        if node.type == "assignment_expression" and node.children[0].text == f"${name}".encode()
    )  # fmt: skip
    literals = [one.text.decode() for one in walk(found) if one.type == "verbatim_string_characters"]
    assert len(literals) == 1
    return unquoted(literals[0])


def test_the_windows_scripts_parse() -> None:
    for _, script in every_script("windows"):
        powershell(script)


@NEEDS_PWSH
def test_the_windows_scripts_parse_for_powershell_itself(tmp_path: Path) -> None:
    for i, (_, script) in enumerate(every_script("windows")):
        (tmp_path / f"{i}.ps1").write_text(script, encoding="ascii")
    command = (
        f"Get-ChildItem '{tmp_path}' | ForEach-Object {{ $e = $null; "
        "$null = [Management.Automation.Language.Parser]::ParseFile($_.FullName, [ref] $null, [ref] $e); $e }"
    )
    done = subprocess.run(["pwsh", "-NoProfile", "-Command", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "")


# Values stay data


def config(tags: dict[str, str]) -> dict[str, Any]:
    return {
        "subscription-id": SUBSCRIPTION,
        "resource-group": "rg-arc",
        "tenant-id": TENANT,
        "location": "westeurope",
        "cloud": "AzureCloud",
    } | ({"tags": tags_text(tags)} if tags else {})


# To Azure, letter case makes no other tag name.
some_tags = st.lists(st.tuples(text.filter(bool), text), max_size=4, unique_by=lambda tag: tag[0].lower()).map(dict)


@settings(deadline=None, max_examples=60)
@given(some_tags)
@example(dict(zip(HOSTILE, HOSTILE, strict=True)))
def test_tags_are_data_in_powershell(tags: dict[str, str]) -> None:
    script = hi.render_script(target(tags=tags), "windows")
    assert json.loads(assigned(script, "config")) == config(tags)


@NEEDS_BASH
@settings(deadline=None, max_examples=60)
@given(some_tags)
@example(dict(zip(HOSTILE, HOSTILE, strict=True)))
def test_tags_are_data_in_bash(tags: dict[str, str]) -> None:
    script = hi.render_script(target(tags=tags), "linux")
    assert json.loads(evaluated(script.partition("\nplace=")[0], "$config")) == config(tags)


@NEEDS_BASH
@settings(deadline=None, max_examples=100)
@given(text)
@example("\n".join(HOSTILE))
def test_a_word_of_bash_is_data(value: str) -> None:
    word = bash_quoted(value)
    assert word.isascii()
    assert evaluated(f"value={word}", "$value") == value


def evaluated(script: str, word: str) -> str:
    for language in ("C", "C.UTF-8"):
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": language}
        done = subprocess.run(
            ["bash"], input=f'{script}\nprintf %s "{word}"'.encode(), capture_output=True, env=environment, check=True
        )
        assert done.stderr == b""
    return done.stdout.decode()


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(text)
@example("\n".join(HOSTILE))
def test_a_literal_of_powershell_is_data(value: str) -> None:
    assert unquoted(powershell_quoted(value)) == value


@NEEDS_PWSH
@pytest.mark.parametrize("value", HOSTILE)
def test_a_literal_of_powershell_is_data_for_powershell_itself(value: str, tmp_path: Path) -> None:
    path = tmp_path / "literal.ps1"
    path.write_text(
        f"ConvertTo-Json -InputObject {powershell_quoted(value)} -EscapeHandling EscapeNonAscii", "utf-8-sig"
    )
    done = subprocess.run(["pwsh", "-NoProfile", "-File", path], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == value


@given(st.dictionaries(text, text, max_size=3))
def test_json_for_a_shell_has_nothing_a_shell_reads(values: dict[str, str]) -> None:
    written = json_text(values)
    assert written.isascii()
    assert not set(written) & set("'$`")
    assert json.loads(written) == values


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_what_is_no_text_is_refused(value: str) -> None:
    for quoted in (bash_quoted, powershell_quoted):
        with pytest.raises(hi.NotSupported, match="cannot be written"):
            quoted(value)


@pytest.mark.parametrize(
    ("tags", "written"),
    [
        ({"Datacenter": "NY3", "Owner": "Shared Infrastructure"}, "Datacenter=NY3,Owner='Shared Infrastructure'"),
        ({"a,b": "c=d"}, "'a,b'='c=d'"),
        ({"empty": ""}, "empty=''"),
        ({"o'b": "x"}, "'o''b'=x"),
        ({}, ""),
    ],
)
def test_tags_are_written_as_the_agent_takes_them(tags: dict[str, str], written: str) -> None:
    assert tags_text(tags) == written


# Codes


def test_codes_are_explained_on_the_system_where_they_mean_it() -> None:
    linux, windows = (
        dict(line.split("|", 1) for line in code_lines(hi.OSType(one)).splitlines()) for one in SYSTEMS[::-1]
    )
    assert linux["AZCM0147"].startswith("the agent has no such version|")
    assert windows["AZCM0147"].startswith("this is a virtual machine of Azure|")
    assert "AZCM0141" in linux.keys() - windows.keys()
    assert "AZCM0171" in windows.keys() - linux.keys()
    assert len(linux | windows) == 68


def test_a_code_is_one_plain_line() -> None:
    for system in SYSTEMS:
        lines = code_lines(hi.OSType(system)).splitlines()
        assert all(re.fullmatch(r"AZCM\d{4}\|[^|]+\|[^|]+", line) and line.isascii() for line in lines)
        assert not {"CODES", "'@"} & set(lines)
        assert len({line[:8] for line in lines}) == len(lines)


# Windows, at scale


def test_the_secret_never_leaves_the_file_on_windows() -> None:
    script = hi.render_script(target(), "windows", "service-principal")
    assert "--service-principal-secret" not in script
    assert "'connect', '--config', $file" in script
    after = script.index("'connect', '--config', $file")
    assert re.match(r"\s+\}\s+finally \{ Remove-Secret \}", script[script.index("\n", after) :])
    assert script.index("Set-Acl") < script.index("WriteAllText")


def test_the_secret_leaves_the_environment_before_anything_runs() -> None:
    script = hi.render_script(target(), "windows", "service-principal")
    removed = script.index("Remove-Item -LiteralPath 'Env:ARC_ONBOARDING_SECRET'")
    assert removed < min(script.index("function"), script.index("& $agent"))


def test_nothing_older_than_tls_1_2_is_spoken() -> None:
    assert "SecurityProtocol = 3072" in hi.render_script(target(), "windows")


def test_an_empty_plan_says_so() -> None:
    empty = hi.OnboardingPlan(target=target())
    with pytest.raises(hi.NotSupported, match="no candidates"):
        hi.render_script(target(), "linux", plan=empty)


def test_the_signature_is_checked_before_the_installer_runs() -> None:
    script = hi.render_script(target(), "windows")
    body = script[script.index("function Install-Agent") :]
    assert body.index("Assert-Signature $installer") < body.index("msiexec.exe")


def test_a_policy_script_asks_nothing() -> None:
    script = hi.render_group_policy_script(target(), service_principal_id=APPLICATION)
    powershell(script)
    assert "Read-Host" not in script
    assert "[Console]::In" not in script
    assert assigned(script, "secretKey") == "service-principal-secret"
    assert "$env:ARC_ONBOARDING_SECRET" not in script
    with_certificate = hi.render_group_policy_script(target(), service_principal_id=APPLICATION, certificate=THUMBPRINT)
    assert assigned(with_certificate, "secretKey") == ""
    assert json.loads(assigned(with_certificate, "config"))["service-principal-cert-thumbprint"] == THUMBPRINT


# The playbook


class Playbook(yaml.SafeLoader):
    """YAML with Ansible's tag for text that is no template."""


Playbook.add_constructor("!unsafe", lambda loader, node: ("unsafe", loader.construct_scalar(node)))


def read(playbook: str) -> dict[str, Any]:
    (play,) = yaml.load(playbook, Playbook)
    return play


def tasks(play: dict[str, Any]) -> list[dict[str, Any]]:
    return [task for block in play["tasks"] for task in block["block"] + block["always"]]


@pytest.mark.parametrize("where", [target(), hostile()], ids=["plain", "hostile"])
def test_a_playbook_holds_both_scripts_as_they_are(where: hi.OnboardingTarget) -> None:
    play = read(hi.render_playbook(where, service_principal_id=APPLICATION))
    for system in SYSTEMS:
        script = hi.render_script(where, system, "service-principal", service_principal_id=APPLICATION)
        assert play["vars"][f"arc_{system}_script"] == ("unsafe", script)


def test_a_playbook_keeps_the_secret_out_of_logs_arguments_and_environments() -> None:
    playbook = hi.render_playbook(target())
    runs = [task for task in tasks(read(playbook)) if task["name"] == "Run the script"]
    assert len(runs) == 2
    for task in runs:
        assert task["no_log"] is True
        (command,) = (task[key] for key in task if key.endswith("command"))
        assert "secret" in command["stdin"]
        assert "secret" not in str(command["argv"]) + str(task["environment"])
    assert playbook.count("{{ arc_onboarding_secret }}") == 2


def test_a_playbook_takes_what_each_system_needs() -> None:
    play = read(
        hi.render_playbook(
            target(),
            service_principal_id=APPLICATION,
            linux={"certificate": "/root/sp.pem"},
            windows={"certificate": THUMBPRINT, "download_url": "https://mirror.example.com/a.msi"},
        )
    )
    assert play["vars"]["arc_linux_secret"] == play["vars"]["arc_windows_secret"] == ""
    assert "/root/sp.pem" in play["vars"]["arc_linux_script"][1]
    assert "https://mirror.example.com/a.msi" in play["vars"]["arc_windows_script"][1]


@pytest.mark.parametrize("options", [{"plan": plan("web01")}, {"os_type": "linux"}])
def test_a_playbook_leaves_out_the_system_that_nobody_runs(options: dict[str, Any]) -> None:
    playbook = hi.render_playbook(target(), **options)
    assert [block["name"] for block in read(playbook)["tasks"]] == ["Linux"]
    assert "ansible.windows" not in playbook
    assert "arc_windows" not in playbook


@pytest.mark.parametrize(
    ("words", "right"),
    [
        ({"auth": "browser"}, "access-token, service-principal"),
        ({"os_type": "macos"}, "windows, linux"),
        ({"plan": plan()}, "plan.skipped"),
        ({"linux": {"secret": "x"}}, "certificate, download_url, sha256"),
    ],
)
def test_a_playbook_names_the_right_words(words: dict[str, Any], right: str) -> None:
    with pytest.raises(hi.NotSupported, match=right):
        hi.render_playbook(target(), **words)


@pytest.mark.skipif(not shutil.which("curl") or not shutil.which("flock"), reason="needs curl and flock")
def test_a_playbook_runs_twice_and_changes_once(tmp_path: Path) -> None:
    machine = Machine(tmp_path, tmp_path / "none")
    machine.installed()
    script = hi.render_playbook(hostile(proxy=""), os_type="linux", service_principal_id=APPLICATION)
    script = script.replace("place=/run ", f"place={machine.run_folder} ")
    (tmp_path / "playbook.yml").write_text(script, encoding="utf-8")
    (tmp_path / "vault.json").write_text(json.dumps({"arc_onboarding_secret": SECRET, "ansible_become": False}))
    machine.has("after.json", machine.registered(resourceGroup="rg-ärc_(1)"))
    shutil.move(machine.bin / "id", tmp_path / "id")  # Ansible asks it too, for more
    (machine.bin / "id").write_text(f'#!/bin/bash\n[ "$*" != -u ] || exec {tmp_path}/id -u\nexec /usr/bin/id "$@"\n')
    (machine.bin / "id").chmod(0o755)
    first, again = (ansible(machine, tmp_path) for _ in range(2))
    assert "changed=1 " in first
    assert "connected as web01" in first
    assert "changed=0 " in again
    assert "nothing to do" in again
    assert machine.config["service-principal-secret"] == SECRET
    for seen in (first, again, machine.recorded("processes"), machine.recorded("environment")):
        assert SECRET not in seen
        assert "S3cr3t" not in seen


def ansible(machine: Machine, folder: Path) -> str:
    here = {"ANSIBLE_LOCAL_TEMP": str(folder / "ansible"), "ANSIBLE_REMOTE_TEMP": str(folder / "ansible")}
    done = subprocess.run(
        [shutil.which("ansible-playbook"), "-vvv", "--connection=local", "--inventory=localhost,",
         f"--extra-vars=@{folder}/vault.json",
         f"--extra-vars=ansible_python_interpreter={sys.executable}", folder / "playbook.yml"],
        env=machine.environment | here,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
