"""What the benchmark scripts measured, as the page docs/benchmarks.md: `make bench`.

Each script has `measure(rounds) -> Section`, can be run alone (`python benchmarks/vsphere.py --rounds 3`) and prints
its section; this one runs them all. Nothing in the page depends on the day, so that two runs differ in numbers only.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import os
import platform
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5
_SCRIPTS = ("vsphere", "arm", "extension_images", "maintenance")
_PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
_PACKAGES = ("hybridinv", "httpx", "lxml", "pyvmomi", "orjson", "attrs", "azure-mgmt-compute")


@attrs.frozen
class Measure:
    """One row of a table: what was measured, what came out, what it should be, and whether it is."""

    what: str
    value: str
    target: str = ""
    met: bool | None = None
    note: str = ""


@attrs.frozen
class Section:
    """What one script measured: a title, what one must know to read the table (Markdown), the table."""

    title: str
    text: str
    measures: list[Measure]


def at_most(what: str, value: float, target: float, note: str = "", form: str = "{:.2f}") -> Measure:
    """A measure that meets its target where it is no greater."""
    return Measure(what, form.format(value), f"at most {form.format(target)}", value <= target, note)


def render(section: Section) -> str:
    """A section as Markdown."""
    rows = [
        [m.what, m.value, m.target, {True: "yes", False: "**no**", None: ""}[m.met], m.note] for m in section.measures
    ]
    lines = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    head = ["| what | measured | target | met | note |", "|---|---:|---:|---|---|"]
    return "\n".join([f"## {section.title}", "", section.text.strip(), "", *head, *lines, ""])


def run_alone(measure: Callable[[int], Section]) -> None:
    """The `main` of a script: measure and print."""
    section = measure(_rounds())
    sys.stdout.write(render(section))


def _rounds() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="each number is the median of so many runs")
    return int(parser.parse_args().rounds)


def _machine() -> str:
    cpus = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*:\s*(.+)$", cpus.read_text(), re.MULTILINE) if cpus.is_file() else None
    name = found[1] if found else platform.processor() or platform.machine()
    versions = ", ".join(f"{package} {importlib.metadata.version(package)}" for package in _PACKAGES)
    return f"{os.cpu_count()} x {name}; {platform.system()}; Python {platform.python_version()}; {versions}."


def write_page(sections: list[Section], rounds: int) -> None:
    """Write docs/benchmarks.md."""
    head = (
        "# Benchmarks\n\n"
        "<!-- Made by `make bench`; edit the scripts in benchmarks/ instead. -->\n\n"
        f"Made by `make bench` (which needs Go): all numbers of a section are of one run, medians of {rounds}.\n"
        f"Machine: {_machine()}\n\n"
    )
    _PAGE.write_text(head + "\n".join(render(section) for section in sections), encoding="utf-8")


def _main() -> None:
    rounds, sections = _rounds(), []
    for name in _SCRIPTS:
        sections.append(importlib.import_module(name).measure(rounds))
        sys.stdout.write(render(sections[-1]) + "\n")
        sys.stdout.flush()
    write_page(sections, rounds)


if __name__ == "__main__":
    _main()
