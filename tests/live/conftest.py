"""Simulators for the live tests, each started once; `make live` builds the program."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from live.simulation import PASSWORD, Simulator, running
from live.telling import Telling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import hybridinv as hi


@pytest.fixture(scope="session")
def program() -> Path:
    """The simulator's program."""
    return _built("simulator", "HYBRIDINV_SIMULATOR")


@pytest.fixture(scope="session")
def govc_program() -> Path:
    """VMware's own command line for vSphere, of the same library as the simulator."""
    return _built("govc", "HYBRIDINV_GOVC")


def _built(name: str, variable: str) -> Path:
    path = Path(os.environ.get(variable, Path(__file__).parents[2] / "build" / name))
    if path.is_file():
        return path
    reason = f"there is no {name} at {path}: build it with `make live`, or name it in {variable}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def simulate(program: Path) -> Iterator[Callable[..., Simulator]]:
    """A simulator by its arguments; the same arguments give the same one, so leave it as it is."""
    started: dict[tuple[str, ...], Simulator] = {}
    with ExitStack() as stack:

        def start(*arguments: str) -> Simulator:
            if arguments not in started:
                started[arguments] = stack.enter_context(running(program, *arguments))
            return started[arguments]

        yield start


@pytest.fixture
def fresh(program: Path) -> Iterator[Callable[..., Simulator]]:
    """A simulator of the test's own, to break."""
    with ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(running(program, *arguments))


@pytest.fixture(scope="session")
def plain(simulate: Callable[..., Simulator]) -> Simulator:
    """100 machines on 10 hosts."""
    return simulate("-scene", "plain")


@pytest.fixture(scope="session")
def demo(simulate: Callable[..., Simulator]) -> Simulator:
    """The demo's estate."""
    return simulate("-scene", "demo")


@pytest.fixture(scope="session")
def awkward(simulate: Callable[..., Simulator]) -> Simulator:
    """Everything that goes wrong in real estates."""
    return simulate("-scene", "awkward")


@pytest.fixture(scope="session")
def networks(simulate: Callable[..., Simulator]) -> Simulator:
    """One host for each way to carry migrations."""
    return simulate("-scene", "networks")


@pytest.fixture(scope="session")
def read() -> Callable[[Simulator, str], hi.Inventory]:
    """The inventory of a simulator that nobody changes, at a level of detail; each is read once."""
    known: dict[tuple[int, str], hi.Inventory] = {}

    def of(simulator: Simulator, detail: str) -> hi.Inventory:
        key = (simulator.port, detail)
        if key not in known:
            with simulator.adapter(detail=detail) as vcenter:
                known[key] = vcenter.inventory()
        return known[key]

    return of


@pytest.fixture
def govc(govc_program: Path, tmp_path: Path) -> Callable[..., Any]:
    """What govc prints as JSON for a command, asked of a simulator."""

    def ask(simulator: Simulator, *command: str) -> Any:
        environment = {
            "GOVC_URL": f"https://{simulator.host}:{simulator.port}/sdk",
            "GOVC_USERNAME": simulator.username,
            "GOVC_PASSWORD": PASSWORD,
            "GOVC_TLS_CA_CERTS": simulator.ca_file,
            "GOVC_PERSIST_SESSION": "false",
            "HOME": str(tmp_path),
        }
        verb, *rest = command
        done = subprocess.run(
            [govc_program, verb, "-json", *rest],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, f"govc {' '.join(command)}: {done.stderr}"
        return json.loads(done.stdout)

    return ask


@pytest.fixture(params=["summary", "full"])
def detail(request: pytest.FixtureRequest) -> str:
    """Either level of detail."""
    level: str = request.param
    return level


@pytest.fixture(scope="session")
def clusters(simulate: Callable[..., Simulator]) -> Simulator:
    """Three clusters, each with other policies."""
    return simulate("-scene", "plain", "-clusters", "3", "-hosts", "12", "-vms", "60")


@pytest.fixture(params=["plain", "clusters", "demo", "networks", "awkward"])
def told(
    request: pytest.FixtureRequest, detail: str, read: Callable[[Simulator, str], hi.Inventory]
) -> tuple[Telling, hi.Inventory]:
    """The truth about a scene, and what the adapter makes of it."""
    simulator = request.getfixturevalue(request.param)
    inventory = read(simulator, detail)
    is_whole = request.param != "awkward"
    assert inventory.complete == is_whole, list(inventory.problems)
    return Telling(simulator, detail, is_whole), inventory


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
