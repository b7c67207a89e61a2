"""The benchmarks run; what they measure is for a quiet machine to say."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]


def test_the_benchmark_of_vsphere_runs_with_few_machines(program):
    for needed in (ROOT / "build" / "simulator", ROOT / "build" / "govc"):
        if not needed.is_file():
            pytest.skip(f"there is no {needed.name} at {needed}: `make bench` builds it")
    run = "import vsphere, report; print(report.render(vsphere.measure(1, 200)))"
    page = subprocess.run(
        [sys.executable, "-c", run], cwd=ROOT / "benchmarks", capture_output=True, text=True, check=False
    )
    assert page.returncode == 0, page.stderr
    rows = [line for line in page.stdout.splitlines() if line.startswith("| ")]
    for name in (
        "hybridinv: wall",
        "bare: wall",
        "govc: wall",
        "pyvmomi: wall",
        "refresh() after 10 changes",
        "requests",
    ):
        assert any(row.startswith(f"| {name}") for row in rows), name
