"""The simulator as a vCenter: started, reached under another name, stopped."""

from __future__ import annotations

import json
import os
import secrets
import ssl
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import httpx

import hybridinv as hi

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parents[1] / "simulator"
NAME = "vc01.example.test"


@attrs.frozen
class Simulator:
    """A running simulator: how to log in, the way there, and the truth about its scene."""

    username: str
    password: str = attrs.field(repr=False)
    way: httpx.BaseTransport
    truth: dict[str, Any]

    def adapter(self) -> hi.VSphere:
        """An adapter that knows the simulator as `NAME`."""
        return hi.VSphere(NAME, username=self.username, password=self.password, transport=self.way)


def _ordered(value: Any) -> Any:
    if isinstance(value, list):
        return sorted(map(_ordered, value), key=json.dumps)
    return {name: _ordered(one) for name, one in value.items()} if isinstance(value, dict) else value


class _Redirected(httpx.BaseTransport):
    """What is meant for `NAME` goes to the simulator; its certificate is checked as always."""

    def __init__(self, host: str, port: int, ca_file: str) -> None:
        self._host = host
        self._port = port
        self._inner = httpx.HTTPTransport(verify=ssl.create_default_context(cafile=ca_file))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != NAME:
            raise httpx.ConnectError(f"only {NAME} is here, not {request.url.host}", request=request)
        url = request.url.copy_with(host=self._host, port=self._port)
        there = httpx.Request(
            request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
        )
        response = self._inner.handle_request(there)
        if not request.url.path.startswith("/api/"):
            return response
        # The tagging service of the simulator lists in another order each time, and a tape is the same each time.
        body = response.read()
        body = json.dumps(_ordered(json.loads(body))).encode() if body else body
        return httpx.Response(response.status_code, content=body, headers={"Content-Type": "application/json"})

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
                with _Redirected(said["host"], said["port"], said["ca_file"]) as way:
                    yield Simulator(said["username"], password, way, truth)
            finally:
                process.stdin.close()
