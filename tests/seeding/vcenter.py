"""The simulator as a vCenter: started, reached under another name, stopped."""

from __future__ import annotations

import json
import os
import secrets
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx

SOURCE = Path(__file__).parents[1] / "simulator"
NAME = "vc01.example.test"


@attrs.frozen
class Simulator:
    """A running simulator: what it announced, its password, and the truth about its scene."""

    host: str
    port: int
    username: str
    password: str
    ca_file: str
    truth: dict[str, Any]

    def transport(self, name: str = NAME) -> httpx.BaseTransport:
        """A way to the simulator for whoever asks for `name`; its certificate is checked as always."""
        return _Redirected(name, self)


class _Redirected(httpx.BaseTransport):
    def __init__(self, name: str, to: Simulator) -> None:
        self._name = name
        self._to = to
        self._inner = httpx.HTTPTransport(verify=ssl.create_default_context(cafile=to.ca_file))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != self._name:
            raise httpx.ConnectError(f"only {self._name} is here, not {request.url.host}", request=request)
        url = request.url.copy_with(host=self._to.host, port=self._to.port)
        there = httpx.Request(
            request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
        )
        return self._inner.handle_request(there)

    def close(self) -> None:
        self._inner.close()


def build(folder: Path) -> Path:
    """The simulator, built from its source."""
    program = folder / "simulator"
    subprocess.run(["go", "build", "-o", str(program), "."], cwd=SOURCE, check=True)
    return program


@contextmanager
def running(program: Path, scene: str = "demo") -> Iterator[Simulator]:
    """The simulator with a scene; it ends with its input, so also with this process."""
    password = secrets.token_urlsafe(12)
    with tempfile.TemporaryDirectory() as workdir:
        process = subprocess.Popen(
            [str(program), "-scene", scene, "-workdir", workdir],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "SIMULATOR_PASSWORD": password},
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        with process:
            said = json.loads(process.stdout.readline())
            truth = json.loads(Path(said["truth_file"]).read_text(encoding="utf-8"))
            try:
                yield Simulator(said["host"], said["port"], said["username"], password, said["ca_file"], truth)
            finally:
                process.stdin.close()
