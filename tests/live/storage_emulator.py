"""Microsoft's storage emulator, Azurite: its table service on this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs
import orjson
from azure.core.credentials import AzureNamedKeyCredential
from azure.data.tables import TableServiceClient

from seeding.seed_diagnostics import ACCOUNT, KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_FILE = "__azurite_db_table__.json"


@attrs.frozen
class Emulator:
    """A running emulator."""

    url: str

    @property
    def key(self) -> AzureNamedKeyCredential:
        """Its account key."""
        return AzureNamedKeyCredential(ACCOUNT, KEY)

    def service(self) -> TableServiceClient:
        """Microsoft's own client, to fill it."""
        return TableServiceClient(self.url, credential=self.key)


@contextmanager
def emulating(program: Path, folder: Path, *, keeps: bool = False) -> Iterator[Emulator]:
    """An emulator for the length of a `with` block; `keeps` what it has in the folder, else all is gone afterwards."""
    port = _free_port()
    command = [program, "--tableHost", "127.0.0.1", "--tablePort", str(port), "--silent", "--disableTelemetry"]
    command += ["--location", folder] if keeps else ["--inMemoryPersistence"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=_environment())
        try:
            _wait(process, port, folder / "log")
            yield Emulator(f"http://127.0.0.1:{port}/{ACCOUNT}")
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()
            process.wait()


def wait_until_kept(folder: Path, tables: Iterable[str]) -> None:
    """Wait until an emulator has written a row of each table to its file, as it does every few seconds."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        with suppress(OSError, orjson.JSONDecodeError):
            kept = orjson.loads((folder / _FILE).read_bytes())["collections"]
            if {one["name"].partition("$")[2] for one in kept if one["data"]} >= set(tables):
                return
        time.sleep(0.2)
    raise RuntimeError("the emulator keeps nothing")


def multiply(folder: Path, tables: dict[str, Iterable[dict[str, Any]]]) -> int:
    """Put rows into the file of an emulator that has ended, and say how many there are then.

    Its service takes minutes for what it reads in seconds. Each table has a row that the service itself has written;
    the others get that row's form.
    """
    file = folder / _FILE
    kept = orjson.loads(file.read_bytes())
    count = 0
    for collection in kept["collections"]:
        rows = tables.get(collection["name"].partition("$")[2])
        if rows is None:
            continue
        pattern = collection["data"][0]
        pieces = [orjson.dumps(_row(pattern, row, number)) for number, row in enumerate(rows, 1)]
        collection["data"] = orjson.Fragment(b"[" + b",".join(pieces) + b"]")
        collection["maxId"] = len(pieces)
        count += len(pieces)
        for index in collection["binaryIndices"].values():
            index.update(dirty=True, values=list(range(len(pieces))))
    file.write_bytes(orjson.dumps(kept))
    return count


def _row(pattern: dict[str, Any], row: dict[str, Any], number: int) -> dict[str, Any]:
    values = {name: f"{one:%Y-%m-%dT%H:%M:%S.%fZ}" if isinstance(one, datetime) else one for name, one in row.items()}
    assert values.keys() <= pattern["properties"].keys()
    keys = {name: row[name] for name in ("PartitionKey", "RowKey")}
    return {**pattern, **keys, "properties": {**pattern["properties"], **values}, "$loki": number}


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    ends = time.monotonic() + 90
    while time.monotonic() < ends and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the emulator did not start: {log.read_text(errors='replace')[-1000:]}")
