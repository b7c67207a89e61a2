"""Live tests run when asked for; every run says how many tapes of each provenance it has played.

The commands that came with the development dependencies are found, whether or not their environment is active.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--live", action="store_true", help="run the tests that need the simulator (make live)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--live"):
        return
    for item in items:
        if item.get_closest_marker("live"):
            item.add_marker(pytest.mark.skip(reason="needs the simulator: make live"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    try:
        from tape_list import provenances
    except ModuleNotFoundError:
        return
    counts = ", ".join(f"{count} {provenance}" for provenance, count in sorted(provenances().items()))
    terminalreporter.write_line(f"tapes: {counts}")
