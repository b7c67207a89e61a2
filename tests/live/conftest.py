"""Simulators for the live tests, each started once; `make live` builds the program."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from live.simulation import Simulator, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def program() -> Path:
    """The simulator's program."""
    built = Path(__file__).parents[2] / "build" / "simulator"
    path = Path(os.environ.get("HYBRIDINV_SIMULATOR", built))
    if path.is_file():
        return path
    reason = f"there is no simulator at {path}: build it with `make live`, or name it in HYBRIDINV_SIMULATOR"
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


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
