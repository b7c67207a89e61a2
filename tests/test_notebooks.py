"""Notebooks: those of the documentation show what they say, and what the library does inside one."""

from __future__ import annotations

import asyncio
import io
import json
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import nbformat
import pytest

import hybridinv as hi
from hybridinv.demo import tape_folders
from hybridinv.progress import ProgressLine

DOCS = Path(__file__).parents[1] / "docs"
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))
GENERATOR = DOCS / "generate_notebooks.py"

# In a process of its own: what Jupyter's libraries warn of is not ours.
EXECUTE = """
import sys, nbformat, nbclient
from nbconvert import HTMLExporter
from traitlets.config import Config
cells = [nbformat.v4.new_code_cell(one) for one in sys.argv[2:]]
notebook = nbformat.v4.new_notebook(cells=cells)
sockets = Config(KernelManager={"transport": "ipc", "ip": sys.argv[1]})  # a port may be taken meanwhile
quiet = ["--IPKernelApp.log_level=ERROR"]
nbclient.NotebookClient(notebook, timeout=60, extra_arguments=quiet, config=sockets).execute()
nbformat.write(notebook, sys.argv[1])
open(sys.argv[1] + ".html", "w").write(HTMLExporter(template_name="basic").from_notebook_node(notebook)[0])
"""


def stored(path: Path) -> Any:
    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)


def execute(folder: Path, *cells: str) -> tuple[Any, str]:
    """A notebook of these cells after its execution, and the page that nbconvert makes of it."""
    file = folder / "made.ipynb"
    subprocess.run([sys.executable, "-c", EXECUTE, file, *cells], check=True, timeout=100)
    return stored(file), Path(f"{file}.html").read_text(encoding="utf-8")


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


# the notebooks of the documentation; docs/generate_notebooks.py --check executes them (see test_docs.py)


def test_there_are_three() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["arc-coverage", "first-look", "planning-a-migration"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_executed(path: Path) -> None:
    notebook = stored(path)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    kinds = {(output.output_type, output.get("name")) for output in outputs(notebook)}
    assert not kinds - {("execute_result", None), ("display_data", None), ("stream", "stdout")}
    assert all(cell.outputs for cell in code)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_notebook_shows_needs_no_script_and_no_network(path: Path) -> None:
    for output in outputs(stored(path)):
        shown = output.get("data", {})
        assert "text/plain" in shown or output.output_type == "stream"
        assert set(shown) <= {"text/plain", "text/html", "image/svg+xml"}
        assert "<script" not in "".join(shown.values())
    text = path.read_text(encoding="utf-8")
    assert len(text) < 150_000
    assert not re.search(r"/(home|root|tmp|Users)/|object at 0x", text)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_uses_public_names(path: Path) -> None:
    for cell in stored(path).cells:
        if cell.cell_type == "code":
            compile(cell.source, path.name, "exec")
            assert [name for name in re.findall(r"\bhi\.(\w+)", cell.source) if name not in hi.__all__] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_documentation_has_a_picture_of_it(path: Path) -> None:
    picture = DOCS / "images" / f"notebook-{path.stem}.png"
    assert picture.stat().st_size < 250_000
    page = (DOCS / "notebooks.md").read_text(encoding="utf-8")
    assert f"](images/{picture.name})" in page
    assert f"](notebooks/{path.name})" in page


def test_a_notebook_that_shows_something_else_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    shutil.copy(GENERATOR, tmp_path)
    for count in (32, 33):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import hybridinv as hi\nhi.demo().vms")])
        text = f"<Records[VirtualMachine]: {count}>"
        html = hi.demo().vms._repr_html_()
        shown = nbformat.v4.new_output("execute_result", {"text/plain": text, "text/html": html}, execution_count=1)
        notebook.cells[0].outputs = [shown]
        nbformat.write(notebook, tmp_path / "notebooks" / "one.ipynb")
        done = subprocess.run([sys.executable, tmp_path / GENERATOR.name, "--check"], check=False, timeout=100)
        assert done.returncode == int(count == 33)


# what the library does in one


def test_in_a_kernel_progress_is_one_line_and_names_are_completed(tmp_path: Path) -> None:
    collecting = (
        "import asyncio, hybridinv as hi\n"
        "from hybridinv.demo import tape_folders\n"
        "asyncio.get_running_loop()\n"
        "inv = hi.collect([hi.replay(one) for one in tape_folders()], progress='line')"
    )
    completing = (
        "from IPython.core.completer import provisionalcompleter\n"
        "with provisionalcompleter():\n"
        "    for line in ('inv.vmk', 'hi.plan_mig', 'inv.vms[\\'power_st'):\n"
        "        print(*(one.text for one in get_ipython().Completer.completions(line, len(line))))"
    )
    notebook, page = execute(tmp_path, collecting, "inv", "inv.vms[0]", completing)
    (line,) = notebook.cells[0].outputs
    assert line.output_type == "display_data"
    assert line.data == {"text/plain": "4 of 4 sources done, 2 problems"}
    assert page.count("of 4 sources done") == 1
    (whole,) = notebook.cells[1].outputs
    assert whole.data["text/plain"] == repr(hi.demo())
    assert "Incomplete: 2 problems." in whole.data["text/html"]
    (one,) = notebook.cells[2].outputs
    assert one.data["text/plain"].startswith("VirtualMachine(id='vsphere://")
    (said,) = notebook.cells[3].outputs
    found = [line.lstrip(".") for line in said.text.splitlines()]
    assert found == ["vmkernel_adapters", "plan_migration", "power_state"]


def test_it_works_inside_a_running_loop() -> None:
    async def look() -> tuple[hi.Inventory, hi.Inventory]:
        adapters = [hi.replay(folder) for folder in tape_folders()]
        return hi.demo(), await asyncio.to_thread(hi.collect, adapters)

    demo, collected = asyncio.run(look())
    assert len(demo.vms) == len(collected.vms) == 32


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def collect() -> hi.Inventory:
    return hi.collect([hi.replay(folder) for folder in tape_folders()], progress="line")


def test_a_terminal_has_its_line_rewritten(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    collect()
    *steps, last = screen.getvalue().removesuffix("\n").split("\r\x1b[K")[1:]
    assert last == "4 of 4 sources done, 2 problems"
    assert steps
    assert screen.getvalue().count("\n") == 1


def test_a_log_gets_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    collect()
    assert capsys.readouterr().err == "4 of 4 sources done, 2 problems\n"


def test_the_line_ends_also_where_the_collection_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(hi.NotSupported):
        hi.collect([hi.replay(tape_folders()[0])], kinds=["extensions"], progress="line")
    assert capsys.readouterr().err == "0 of 1 source done\n"


def test_another_word_is_refused() -> None:
    with pytest.raises(hi.NotSupported, match="no progress 'bar'") as caught:
        hi.collect([], progress="bar")  # type: ignore[arg-type]
    assert '"line"' in caught.value.remedy
    with pytest.raises(hi.NotSupported, match="progress=5 cannot be called"):
        hi.collect([], progress=5)  # type: ignore[arg-type]


def step(source: str = "vc01", **fields: Any) -> hi.Progress:
    return hi.Progress(source=source, platform="vsphere", **fields)


def test_who_was_left_behind_adds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    line = ProgressLine([hi.replay(folder) for folder in tape_folders()])
    line(step(kind="vms", read=1500, expected=10_000))
    assert screen.getvalue().endswith("0 of 4 sources done; vc01: vms 1,500 of 10,000")
    line(step(done=True, problems=1))
    line.finish()
    ended = screen.getvalue()
    assert ended.endswith("1 of 4 sources done, 1 problem\n")
    line(step("vc02", kind="vms", read=1))
    assert screen.getvalue() == ended


def test_many_steps_from_many_threads_are_few_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    line = ProgressLine([])
    monkeypatch.setattr("hybridinv.progress.time.monotonic", lambda: 7.0)

    def work() -> None:
        for number in range(500):
            line(step(kind="vms", read=number))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    line.finish()
    assert screen.getvalue().count("\r") == 2


def test_a_name_breaks_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    ProgressLine([])(step("vc\n\x1b[31m01" + "x" * 200, kind="vms"))
    (written,) = screen.getvalue().split("\r\x1b[K")[1:]
    assert written.isprintable()
    assert len(written) < 80


def test_a_closed_stream_does_not_cost_the_estate(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    monkeypatch.setattr(sys, "stderr", closed)
    closed.close()
    assert not collect().complete


def test_stored_notebooks_are_as_the_generator_writes_them() -> None:
    for path in NOTEBOOKS:
        text = path.read_text(encoding="utf-8")
        assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
