"""`hybridinv extensions`: tables, JSON, what is kept, and what cannot be meant."""

import argparse
import json
import re

import pytest

import hybridinv as hi
from arm_estate import Estate
from arm_fixtures import _no_proxies, _own_cache, azure, certificates, serve
from arm_server import TOKEN
from hybridinv import cli_extensions
from hybridinv.demo import tape_folders
from hybridinv.transport.tape import Recorder, Tape
from misbehaviour import refused

__all__ = ["_no_proxies", "_own_cache", "azure", "certificates", "serve"]
CATALOGUE = {
    "Microsoft.Compute": {"BGInfo": ["2.1"], "CustomScriptExtension": ["1.9", "1.10"]},
    "zabbix": {"Agent": ["1.0"]},
    "Canonical": {},
}
AZ = """\
#!/bin/sh
echo '{"accessToken": "%s", "expiresOn": "2099-01-01 00:00:00.000000", "expires_on": 4070908800}'
"""


@pytest.fixture
def cache(_own_cache):
    return _own_cache


@pytest.fixture
def server(serve):
    server = serve(Estate("sub-1"))
    server.estate.others.catalogue = CATALOGUE
    return server


@pytest.fixture
def estate(server, certificates, tmp_path, monkeypatch):
    """An estate file of the server, whose token the `az` command of this machine gives."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "az").write_text(AZ % TOKEN)
    (folder / "az").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    file = tmp_path / "hybridinv.toml"
    file.write_text(
        f'[sources.azure]\nplatform = "azure"\nendpoint = "{server.url}"\nca_file = "{certificates.ca_file}"\n'
        'subscription_ids = ["sub-1"]\ncredential = { kind = "azure-cli" }\n'
        '[sources.vc]\nplatform = "vsphere"\nhost = "vc.invalid"\n'
    )
    return str(file)


def run(*argv):
    parser = argparse.ArgumentParser(prog="hybridinv extensions")
    cli_extensions.describe(parser)
    return cli_extensions.extensions(parser.parse_args(argv))


def cells(printed):
    return [re.split(r"\s{2,}", line.strip()) for line in printed.splitlines() if line.strip()]


def test_publisher_type_and_version(estate, capsys):
    assert run("West Europe", "--estate", estate) == 0
    heads, _, *rows, last = cells(capsys.readouterr().out)
    assert heads == ["Publisher", "Type", "Version"]
    assert rows == [
        ["Microsoft.Compute", "BGInfo", "2.1"],
        ["Microsoft.Compute", "CustomScriptExtension", "1.9"],
        ["Microsoft.Compute", "CustomScriptExtension", "1.10"],
        ["zabbix", "Agent", "1.0"],
    ]
    assert last == ["West Europe: 2 publishers, 3 types, 4 versions"]


def test_what_is_asked_for_alone_and_as_json(estate, server, capsys):
    argv = ("westeurope", "--estate", estate, "--source", "azure", "--publisher", "microsoft.*", "--type", "bginfo")
    assert run(*argv, "--type", "Custom*", "--latest", "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert [(one["type"], one["version"]) for one in printed] == [("BGInfo", "2.1"), ("CustomScriptExtension", "1.10")]
    assert set(printed[0]) == {
        "id",
        "name",
        "platform",
        "source",
        "publisher",
        "type",
        "version",
        "location",
        "os_type",
    }
    assert server.counts["extension types"] == 1
    assert run("westeurope", "--estate", estate, "--publisher", "can*") == 0
    assert capsys.readouterr().out.strip() == "westeurope: nothing of what was asked for"
    with pytest.raises(hi.NotFound, match="no publisher that fits 'none"):
        run("westeurope", "--estate", estate, "--publisher", "none*")
    assert run("westeurope", "--estate", estate, "--publisher", "none*", "--publisher", "zab*") == 3


def test_the_second_run_asks_for_nothing_unless_told_to(estate, server, cache, capsys):
    run("westeurope", "--estate", estate)
    first = capsys.readouterr().out
    asked = len(server.seen)
    run("westeurope", "--estate", estate)
    assert (capsys.readouterr().out, len(server.seen)) == (first, asked)
    run("westeurope", "--estate", estate, "--max-age", "0.000001")
    assert server.counts["extension types"] == 6
    run("westeurope", "--estate", estate, "--no-cache")
    assert server.counts["extension types"] == 9


def test_with_no_cache_nothing_is_written(estate, cache):
    assert run("westeurope", "--estate", estate, "--no-cache") == 0
    assert not cache.exists()


@pytest.mark.parametrize("output", [[], ["--json"]])
def test_what_is_missing_is_said_and_is_exit_code_3(estate, server, output, capsys):
    server.misbehave("zabbix", refused(500, "InternalServerError", "out of \x1b[31morder"))
    assert run("westeurope", "--estate", estate, *output) == 3
    said = capsys.readouterr()
    where = said.err if output else said.out
    assert "zabbix: ServerFault: " in where
    assert "\x1b" not in said.out + said.err
    assert "Microsoft.Compute" in said.out


def test_a_tape_in_an_estate_file(server, azure, tmp_path, cache, capsys):
    adapter, recorder = azure(server, subscription_ids=["sub-1"]), Recorder()
    with adapter.overheard(recorder.wrap):
        adapter.extension_images("westeurope")
    Tape(platform="azure", provenance="recorded", product="", settings=adapter.settings,
         exchanges=recorder.exchanges()).write(tmp_path / "tape")  # fmt: skip
    file = tmp_path / "hybridinv.toml"
    file.write_text('[sources.old]\nplatform = "tape"\ntape = "tape"\n')
    assert run("westeurope", "--estate", str(file), "--latest") == 0
    assert "2 publishers, 3 types, 3 versions" in capsys.readouterr().out
    assert not cache.exists()


def test_the_operating_system_where_it_is_told(tmp_path, server, azure, capsys):
    server.estate.others.arc_catalogue = {"P": {"T": {"1.0": "Linux"}}}
    adapter, recorder = azure(server, hi.AzureArc), Recorder()
    with adapter.overheard(recorder.wrap):
        adapter.extension_images("eastus")
    Tape(platform="azure-arc", provenance="recorded", product="", settings=adapter.settings,
         exchanges=recorder.exchanges()).write(tmp_path / "tape")  # fmt: skip
    file = tmp_path / "hybridinv.toml"
    file.write_text('[sources.old]\nplatform = "tape"\ntape = "tape"\n')
    assert run("eastus", "--estate", str(file)) == 0
    heads, _, row, _ = cells(capsys.readouterr().out)
    assert (heads[-1], row) == ("OS", ["p", "t", "1.0", "linux"])


def test_a_source_that_has_no_catalogue_or_is_not_meant(estate, tmp_path):
    with pytest.raises(hi.EstateError, match="vsphere, which has no catalogue"):
        run("westeurope", "--estate", estate, "--source", "vc")
    with pytest.raises(hi.EstateError, match="has no source 'nobody'"):
        run("westeurope", "--estate", estate, "--source", "nobody")
    file = tmp_path / "other.toml"
    tapes = [folder for folder in tape_folders() if folder.name != "vsphere"]
    file.write_text("".join(f'[sources.s{n}]\nplatform = "tape"\ntape = "{one}"\n' for n, one in enumerate(tapes)))
    with pytest.raises(hi.EstateError, match="3 sources") as caught:
        run("westeurope", "--estate", str(file))
    assert "--source" in caught.value.remedy
    file.write_text('[sources.vc]\nplatform = "vsphere"\nhost = "vc.invalid"\n')
    with pytest.raises(hi.EstateError, match="no source of Azure"):
        run("westeurope", "--estate", str(file))


@pytest.mark.parametrize(
    "argv",
    [
        ["westeurope", "--source", "azure"],
        ["westeurope", "--estate", "x.toml", "--platform", "azure"],
        ["westeurope", "--estate", "x.toml", "--cloud", "AzureCloud"],
        ["westeurope", "--estate", "x.toml", "--subscription", "s"],
    ],
)
def test_what_cannot_be_meant_together_is_a_usage_error(argv, capsys):
    assert run(*argv) == 2
    said = capsys.readouterr().err
    assert said.startswith("usage: ")
    assert "hybridinv: error: --" in said


@pytest.mark.parametrize(
    "argv", [[], ["x", "--max-age", "0"], ["x", "--platform", "vsphere"], ["x", "--max-age", "nan"]]
)
def test_a_command_line_that_is_wrong_in_itself(argv):
    with pytest.raises(SystemExit) as left:
        run(*argv)
    assert left.value.code == 2


def test_without_an_estate_file_it_is_azure_or_arc_with_what_was_said():
    parser = argparse.ArgumentParser()
    cli_extensions.describe(parser)
    made = cli_extensions._adapter(parser.parse_args(["x", "--platform", "azure-arc", "--cloud", "AzureChinaCloud"]))
    assert (made.platform, made.source) == ("azure-arc", "management.chinacloudapi.cn")
    made = cli_extensions._adapter(parser.parse_args(["x", "--subscription", "a", "--subscription", "b"]))
    assert (made.platform, made.settings["subscription_ids"]) == ("azure", ["a", "b"])
    for wrong in ("a/b", ""):
        with pytest.raises(hi.NotSupported, match="publishers="):
            run("westeurope", "--publisher", wrong, "--subscription", "s")
