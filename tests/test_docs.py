"""The documentation: generated pages are current, nothing public is left out, and links lead somewhere."""

from __future__ import annotations

import argparse
import inspect
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import httpx
import pytest

import hybridinv as hi
from hybridinv.cli import main, parser
from hybridinv.estate import _LOGINS
from hybridinv.platforms import PLATFORMS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
README, ESTATE = ROOT / "README.md", ROOT / "docs" / "estate-file.md"


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text(page), re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    (action,) = (one for one in parser()._actions if isinstance(one, argparse._SubParsersAction))
    return list(action.choices)


@pytest.mark.parametrize("generator", sorted((ROOT / "docs").glob("generate_*.py")), ids=lambda path: path.stem)
def test_generated_pages_are_current(generator: Path) -> None:
    done = subprocess.run([sys.executable, generator, "--check"], check=False)
    assert done.returncode == 0, "run: make docs"


def test_every_public_name_is_in_the_documentation() -> None:
    words = set(re.findall(r"\w+", " ".join(text(page) for page in PAGES)))
    assert sorted(set(hi.__all__) - words - {"__version__"}) == []


def test_every_error_is_in_the_tree_of_errors() -> None:
    tree = text(ROOT / "docs" / "completeness.md")
    doc = inspect.getdoc(sys.modules["hybridinv.errors"])
    assert doc
    assert doc.partition("\n\n")[2].strip() in re.sub("^```.*", "", tree, flags=re.MULTILINE).replace("\n    ", "\n")


def test_every_command_is_in_the_documentation() -> None:
    page = text(ROOT / "docs" / "cli.md")
    assert [name for name in commands() if f"## hybridinv {name}\n" not in page] == []


def test_commands_in_the_pages_are_ones_that_there_are() -> None:
    lines = [line for page in PAGES for line in blocks(page, "console")]
    typed = [shlex.split(line.removeprefix("$ "), comments=True) for line in "".join(lines).splitlines() if line]
    assert ["make", "demo"] in typed
    assert ["make", "test"] in typed
    targets = set(re.findall(r"^([a-z]+):", text(ROOT / "Makefile"), re.MULTILINE))
    for words in typed:
        if words[0] == "make":
            assert words[1] in targets
        elif words[0] == "hybridinv":
            parser().parse_args(words[1:])
        else:
            pytest.fail(f"unknown command {words}")


def test_make_targets_in_the_pages_are_ones_that_there_are() -> None:
    targets = set(re.findall(r"^([a-z]+):", text(ROOT / "Makefile"), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"`make ([a-z]+)`", text(page))}
    assert named >= {"test", "live", "tapes", "docs"}
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```|`[^`\n]*`", "", text(page), flags=re.DOTALL))
    for link in links:
        if re.match(r"https?:|mailto:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        if anchor:
            heads = re.findall(r"^#+ (.*)$", text(target), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}, link


def test_every_page_can_be_reached() -> None:
    index = text(ROOT / "docs" / "index.md")
    assert [page.name for page in PAGES if page.parent == ROOT / "docs" and page.name != "index.md"
            and f"({page.name})" not in index] == []  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_scripts_in_the_pages_are_python_with_public_names(page: Path) -> None:
    for script in blocks(page, "python"):
        compile(script, page.name, "exec")
        assert [name for name in re.findall(r"\bhi\.(\w+)", script) if name not in hi.__all__] == []


def test_the_first_script_is_short_and_runs_on_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = blocks(README, "python")[0]
    assert len([line for line in script.splitlines() if line.strip()]) <= 10
    monkeypatch.setenv("VC01_PASSWORD", "x")
    monkeypatch.chdir(tmp_path)
    # The same lines, with the demo's tapes in place of the endpoints.
    from hybridinv.demo import tape_folders

    adapters = [hi.replay(folder) for folder in tape_folders()]
    names = {"vc": adapters[0], "hi": hi, "inv": hi.collect(adapters)}
    body = script[script.index("print(inv)") :]
    exec(body.replace("esx02.example.com", "esx02.example.test"), names)
    assert len(hi.load("estate.json").vms) == len(names["inv"].vms)


def test_the_estate_files_in_the_pages_are_estate_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hybridinv.demo import tape_folders

    monkeypatch.setenv("VC01_PASSWORD", "x")
    (tmp_path / "ca.pem").write_text("")
    (tmp_path / "secret").write_text("x")
    for page in (README, ESTATE):
        (whole,) = blocks(page, "toml")
        file = tmp_path / "hybridinv.toml"
        local = whole.replace("/run/secrets/azure", "secret").replace("tapes/vc01", str(tape_folders()[0]))
        file.write_text(local, encoding="utf-8")
        assert len(hi.open_estate(file)) == len(tomllib.loads(whole)["sources"])


def test_the_estate_file_page_has_every_key() -> None:
    page = text(ESTATE)
    for name, row in PLATFORMS.items():
        keys = [key for key in inspect.signature(row.load()).parameters if key != "transport"]
        (line,) = re.findall(rf"^\| `{name}` \| (.*) \|$", page, re.MULTILINE)
        assert line.replace("*", "").split(", ") == keys
    for kind, login in _LOGINS.items():
        (line,) = re.findall(rf"^\| `{kind}` \| (.*) \|$", page, re.MULTILINE)
        assert line.replace("*", "").split(", ") == [*login.required, *login.optional]


def test_the_table_of_platforms_and_kinds_is_true() -> None:
    with_more = {
        "azure-stack-hub": {"endpoint": "https://x", "admin_endpoint": "https://y"},
        "azure": {"dedicated_hosts": True},
    }
    heads = ("vsphere", "azure-stack-hub", "azure", "azure-arc")
    plain = {"vsphere": {"host": "x"}, "azure-stack-hub": {"endpoint": "https://x"}}
    said: dict[str, list[str]] = {}
    for kinds, *cells in re.findall(
        r"^\| ((?:`\w+`(?:, )?)+) \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$", text(README), re.MULTILINE
    ):
        said |= dict.fromkeys(re.findall(r"\w+", kinds), cells)
    for column, name in enumerate(heads):
        adapter = PLATFORMS[name].load()
        always = adapter(**plain.get(name, {})).capabilities
        at_most = adapter(**with_more.get(name, plain.get(name, {}))).capabilities
        assert {kind for kind, cells in said.items() if cells[column].startswith("yes")} == always
        assert {kind for kind, cells in said.items() if cells[column] != "no"} == at_most


def test_the_adapter_that_is_shown_works() -> None:
    names: dict[str, Any] = {}
    for script in blocks(ROOT / "docs" / "adding-a-platform.md", "python"):
        exec(script, names)
    body = b'[{"id": "7", "name": "web", "state": "running", "cores": 4}, {"id": "8", "name": "db", "cores": "many"}]'
    way = httpx.MockTransport(lambda request: httpx.Response(200, content=body, request=request))
    inventory = hi.collect([names["Example"]("api.example.test", token="x", transport=way)])
    assert [(vm.name, vm.power_state, vm.cpus) for vm in inventory.vms] == [
        ("web", "running", 4),
        ("db", "unknown", None),
    ]
    assert [problem.scope for problem in inventory.problems] == [inventory.vms[1].id]


def test_every_page_is_in_the_menu_of_the_site() -> None:
    menu = re.findall(r"[\w/-]+\.(?:md|ipynb)", text(ROOT / "mkdocs.yml").partition("\nnav:")[2])
    pages = {
        str(page.relative_to(ROOT / "docs")) for kind in ("*.md", "*.ipynb") for page in (ROOT / "docs").rglob(kind)
    }
    assert pages - set(menu) == set()
    assert len(menu) == len(set(menu))


@pytest.mark.parametrize("page", ["first-steps.md"])
def test_the_scripts_of_a_page_run(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    for script in blocks(ROOT / "docs" / page, "python"):
        exec(script, names)
    assert "build01" in capsys.readouterr().out


def test_the_commands_of_the_first_pages_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of the page, on the demo: what one command writes, the next one reads."""
    monkeypatch.chdir(tmp_path)
    for page in (README, ROOT / "docs" / "first-steps.md"):
        for line in "".join(blocks(page, "console")).splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if words[:1] == ["hybridinv"] and "hybridinv.toml" not in words:
                assert main(words[1:]) in (0, 3), line
