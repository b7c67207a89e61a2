"""Chromium without a window, spoken to over two pipes (--remote-debugging-pipe), as its DevTools protocol has it."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_S = 60
_START = """
import os, sys
ends = [os.dup(int(number)) for number in sys.argv[1:3]]
ends = [os.dup(end) if end in (3, 4) else end for end in ends]
for fixed, end in zip((3, 4), ends):
    os.dup2(end, fixed)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""The browser reads from 3 and writes to 4."""


def find_chromium() -> str:
    """The program; without it a test is skipped, and in CI it fails."""
    found = os.environ.get("HYBRIDINV_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found:
        return found
    reason = "there is no chromium: install it, or name it in HYBRIDINV_CHROMIUM"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


class Page:
    """One page of a browser."""

    def __init__(self, reader: int, writer: int) -> None:
        self._reader, self._writer = reader, writer
        self._number, self._session, self._rest = 0, "", b""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one command."""
        self._number += 1
        asked = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            asked["sessionId"] = self._session
        os.write(self._writer, json.dumps(asked).encode() + b"\0")
        while True:
            said = self._next()
            if said.get("id") == self._number:
                assert "error" not in said, said
                result: dict[str, Any] = said["result"]
                return result
            self.events.append(said)

    def _next(self) -> dict[str, Any]:
        until = time.monotonic() + _LONGEST_S
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._reader], [], [], max(until - time.monotonic(), 0))
            assert ready, "the browser does not answer"
            self._rest += os.read(self._reader, 1 << 20)
        line, _, self._rest = self._rest.partition(b"\0")
        said: dict[str, Any] = json.loads(line)
        return said

    def show(
        self, file: Path, *, width: int = 1280, height: int = 900, dark: bool = False, scripts: bool = True
    ) -> None:
        """Open a file in a window of that size, and wait until it is there."""
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.events.clear()
        self.call("Page.navigate", url=file.resolve().as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())

    def ask(self, script: str) -> Any:
        """What an expression comes to; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def type(self, selector: str, text: str) -> None:
        """Put text into an input, and wait until the page has taken it up."""
        self.ask(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)}); one.value = {json.dumps(text)};"
            " one.dispatchEvent(new Event('input', {bubbles: true}));"
            " return new Promise(done => setTimeout(done, 600)); })()"
        )

    def picture(self, file: Path) -> None:
        """A screenshot of what the window shows."""
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def print(self) -> bytes:
        """The page as a PDF file."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])

    @property
    def requests(self) -> list[str]:
        """The addresses that were asked for since `show`."""
        sent = (event for event in self.events if event.get("method") == "Network.requestWillBeSent")
        return [event["params"]["request"]["url"] for event in sent]

    @property
    def complaints(self) -> list[str]:
        """Errors and warnings that the console shows."""
        logged = (event["params"]["entry"] for event in self.events if event.get("method") == "Log.entryAdded")
        thrown = [event for event in self.events if event.get("method") == "Runtime.exceptionThrown"]
        return [*(entry["text"] for entry in logged), *map(str, thrown)]


@contextmanager
def chromium(folder: Path) -> Iterator[Page]:
    """A page of a new browser, which keeps its profile in that folder."""
    program = find_chromium()
    to_read, they_write = os.pipe()
    they_read, to_write = os.pipe()
    fixed = [
        program, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
        "--disable-dev-shm-usage", f"--user-data-dir={folder}", "--remote-debugging-pipe", "about:blank",
    ]  # fmt: skip
    starter = [sys.executable, "-c", _START, str(they_read), str(they_write), *fixed]
    browser = subprocess.Popen(starter, pass_fds=(they_read, they_write), stderr=subprocess.DEVNULL)
    os.close(they_read)
    os.close(they_write)
    try:
        page = Page(to_read, to_write)
        yield page
        page.call("Browser.close")
    finally:
        browser.terminate()
        browser.wait(timeout=_LONGEST_S)
        os.close(to_read)
        os.close(to_write)
