"""The simulator as a vCenter over real TLS, and wires that count, cut or change what goes over them."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import attrs
import httpx
from pyVmomi import vim

import hybridinv as hi
from hybridinv.transport.network import Network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PASSWORD = "correct horse & <battery>"


@attrs.frozen
class Simulator:
    """A running simulator: what it announced, and the truth about what it made."""

    host: str
    port: int
    username: str
    ca_file: str
    thumbprint_sha256: str
    thumbprint_sha1: str
    truth: dict[str, Any]
    process: subprocess.Popen[bytes] = attrs.field(repr=False, eq=False)

    def adapter(self, **changes: Any) -> hi.VSphere:
        """An adapter that may log in; `changes` replace its arguments."""
        usual = {
            "port": self.port,
            "username": self.username,
            "password": PASSWORD,
            "ca_file": self.ca_file,
            "timeout": 20,
        }
        return hi.VSphere(changes.pop("host", self.host), **{**usual, **changes})

    @contextmanager
    def over(self, wire: type[Wire] | None = None, **options: Any) -> Iterator[tuple[hi.VSphere, Wire]]:
        """An adapter on a wire that is watched, and the wire; both are closed at the end."""
        made = (wire or Wire)(self, **options)
        try:
            with self.adapter(transport=made) as vcenter:
                yield vcenter, made
        finally:
            made.close()

    def id_of(self, moref: str | None) -> str:
        """The id of the record of a moref."""
        return f"vsphere://{self.truth['instance_uuid']}/{moref}" if moref else ""

    def sessions(self) -> list[str]:
        """Keys of the sessions the server has, without the one that asks."""
        with self.adapter() as other:
            manager = other._session.content.sessionManager
            own = manager.currentSession.key
            return [session.key for session in manager.sessionList if session.key != own]

    def terminate(self) -> None:
        """End all other sessions behind their owners' backs."""
        with self.adapter() as other:
            manager = other._session.content.sessionManager
            own = manager.currentSession.key
            manager.TerminateSession([s.key for s in manager.sessionList if s.key != own])

    def touch(self, count: int) -> list[dict[str, Any]]:
        """Machines with a new power state, memory or address: `moref`, `name` and what `changed`, by path."""
        return self._command(f"touch {count}")["touched"]

    def add(self, count: int) -> list[dict[str, Any]]:
        """The truth about machines that are new; only the scenes `plain` and `awkward` can grow."""
        return self._command(f"add {count}")["added"]

    def take_away(self, count: int) -> list[str]:
        """Morefs of machines that are gone."""
        return self._command(f"remove {count}")["removed"]

    def carry(self, seconds: int, source: str, destination: str) -> None:
        """One adapter (`host-12/vmk1`) has sent to another as a migration would, for so many seconds until now."""
        self._command(f"carry {seconds} {source} {destination}")

    def limit(self, metrics: int) -> None:
        """From now on a request for historical counters may ask for so many of them; the server does not say so."""
        self._command(f"limit {metrics}")

    def _command(self, line: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer

    def remove(self, moref: str) -> None:
        """Take a machine that is off out of the inventory, as somebody else would."""
        with self.adapter() as other:
            vim.VirtualMachine(moref, other._session.content.rootFolder._stub).Unregister()


class Wire(httpx.BaseTransport):
    """The network to a simulator, with a count of the operations that went over it."""

    def __init__(self, simulator: Simulator) -> None:
        self._inner = Network(verify=True, ca_file=simulator.ca_file, thumbprint=None)
        self.operations: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.operations.append(str(request.extensions["operation"]))
        return self._inner.handle_request(request)

    @property
    def counts(self) -> Counter[str]:
        """How often each operation went over the wire."""
        return Counter(self.operations)

    def close(self) -> None:
        self._inner.close()


class Changed(Wire):
    """A wire that lets `change` look at an operation and rewrite its answer."""

    def __init__(self, simulator: Simulator, change: Callable[[str, int, bytes], bytes]) -> None:
        super().__init__(simulator)
        self._change = change

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        response.read()
        operation = self.operations[-1]
        body = self._change(operation, self.counts[operation], response.content)
        headers = [(k, v) for k, v in response.headers.multi_items() if k.lower() != "content-length"]
        return httpx.Response(response.status_code, headers=headers, content=body)


class Interrupted(Wire):
    """A wire on which something happens right before the nth request of an operation."""

    def __init__(self, simulator: Simulator, operation: str, do: Callable[[], None], number: int = 1) -> None:
        super().__init__(simulator)
        self._operation = operation
        self._left = number
        self._do = do
        self._lock = Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self._left -= request.extensions["operation"] == self._operation
            if self._left == 0:
                self._left = -1
                self._do()
        return super().handle_request(request)


@contextmanager
def running(program: Path, *arguments: str) -> Iterator[Simulator]:
    """The simulator; it ends with its input, so also with this process."""
    with tempfile.TemporaryDirectory() as workdir:
        process = subprocess.Popen(
            [program, "-workdir", workdir, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "SIMULATOR_PASSWORD": PASSWORD},
        )
        assert process.stdin is not None
        assert process.stdout is not None
        with process:
            try:
                said = json.loads(process.stdout.readline())
                truth = json.loads(Path(said["truth_file"]).read_text(encoding="utf-8"))
                names = {field.name for field in attrs.fields(Simulator)} & said.keys()
                yield Simulator(truth=truth, process=process, **{name: said[name] for name in names})
            finally:
                process.stdin.close()
