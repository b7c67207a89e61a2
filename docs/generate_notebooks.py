"""Execute the notebooks of notebooks/ and store what they show; their charts are SVG, so that they need no script.

`--check` executes them and says whether they still show the same. Pictures are not compared: fonts differ.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

FOLDER = Path(__file__).parent / "notebooks"
QUIET = "--IPKernelApp.log_level=ERROR"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
OURS = '<div class="hybridinv">'


async def executed(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with the outputs of a new kernel."""
    # The ports that a kernel picks may be taken before it binds them; sockets in a folder of its own cannot be.
    with TemporaryDirectory() as folder:
        sockets = Config(KernelManager={"transport": "ipc", "ip": f"{folder}/kernel"})
        client = NotebookClient(
            notebook, timeout=60, kernel_name="python3", coalesce_streams=True, extra_arguments=[QUIET],
            resources={"metadata": {"path": str(FOLDER)}}, config=sockets,
        )  # fmt: skip
        await client.async_execute()
    for number, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), start=1):
        cell.metadata = {}
        cell.execution_count = number
        for output in cell.outputs:
            output.pop("transient", None)
            if "execution_count" in output:
                output.execution_count = number
    notebook.metadata = METADATA
    return notebook


def texts(notebook: nbformat.NotebookNode) -> list[Any]:
    """What it shows, as far as it is the same everywhere."""
    shown: list[Any] = []
    for cell in notebook.cells:
        shown.append("".join(cell.source))
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            page = data.get("text/html", "")
            shown.append([output.get("text"), data.get("text/plain"), page if page.startswith(OURS) else ""])
    return shown


async def both(path: Path) -> tuple[nbformat.NotebookNode, nbformat.NotebookNode]:
    """The notebook as it is stored, and as it is now."""
    stored = nbformat.read(path, as_version=4)
    return stored, await executed(nbformat.read(path, as_version=4))


async def main() -> int:
    """Write, or check."""
    check = "--check" in sys.argv
    if not check:
        importlib.import_module("vl_convert")  # without it the charts would be errors, and stored as such
    paths = sorted(FOLDER.glob("*.ipynb"))
    made = await asyncio.gather(*(both(path) for path in paths))
    if check:
        return int(any(texts(stored) != texts(now) for stored, now in made))
    for path, (_, now) in zip(paths, made, strict=True):
        path.write_text(json.dumps(now, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
