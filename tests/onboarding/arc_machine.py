"""A Linux machine to onboard: a folder with stand-ins for the agent and the commands that would change this machine.

The script that runs on it is the rendered one, under the real bash and the real curl; only the two places in which it
looks outside are moved into the folder: /run, and the kernel's file with the asset tag.
"""

from __future__ import annotations

import http.server
import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SUBSCRIPTION, TENANT = "0b1f6471-1bf0-4dda-aec3-cb9272f09590", "1c2d3e4f-0000-4000-8000-5a6b7c8d9e0f"
APPLICATION = "5d6e7f80-1111-4222-8333-9a0b1c2d3e4f"
SECRET = 'S3cr3t~."\\$(id)`id`-å'

# Every command leaves its arguments, its environment and the arguments of all processes where the test finds them.
_RECORD = """
record() {
  printf '%s\\n' "$*" >>"$STATE/called"
  env >>"$STATE/environment"
  cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' >>"$STATE/processes"
}
record "${0##*/}" "$@"
"""
_AGENT = (
    "#!/bin/bash\n"
    + _RECORD
    + """
case $1 in
  show)
    [ "${2-}" != -j ] || { cat "$STATE/agent.json"; exit; }
    echo "Agent Status : stand-in" ;;
  connect)
    cp "$3" "$STATE/connect.json"
    stat -c '%a' "$3" "$(dirname "$3")" >"$STATE/modes"
    [ ! -e "$STATE/gate" ] || { echo waiting >"$STATE/waiting"; read -r _ <"$STATE/gate"; }
    [ ! -e "$STATE/failure" ] || { cat "$STATE/failure"; exit "$(cat "$STATE/code")"; }
    cp "$STATE/after.json" "$STATE/agent.json" ;;
esac
"""
)
INSTALLER = (
    "#!/bin/bash\n"
    + _RECORD
    + """
if [ -e "$STATE/installer-code" ]; then
  printf '{"status": "failed", "error": {"code": "AZCM0145"}}' >"$2"
  exit "$(cat "$STATE/installer-code")"
fi
cp "$STATE/azcmagent" "$STATE/../bin/azcmagent"
"""
)
_CURL = (
    "#!/bin/bash\n"
    + _RECORD
    + """
case "$*" in
  *http://169.254.169.25*)
    for address in 169.254.169.254 169.254.169.253; do
      case "$*" in *"$address"*) [ -e "$STATE/$address" ] && exec cat "$STATE/$address" ;; esac
    done
    exit 22 ;;
esac
exec "$REAL_CURL" "$@"
"""
)
_NOTHING = "#!/bin/sh\n"


class Machine:
    """`run` gives exit code, output and errors of a script; what happened on the way is in `state`."""

    def __init__(self, folder: Path, certificate: Path) -> None:
        self.run_folder, self.state, self.bin = (folder / name for name in ("run", "state", "bin"))
        for one in (self.run_folder, self.state, self.bin):
            one.mkdir()
        self.script = folder / "onboard.sh"
        self.tag = folder / "asset_tag"
        self.environment = {
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "STATE": str(self.state),
            "REAL_CURL": shutil.which("curl") or "curl",
            "CURL_CA_BUNDLE": str(certificate),
            "LC_ALL": "C.UTF-8",
            "HOME": str(folder),
        }
        self._command("curl", _CURL)
        self._command("systemctl", _NOTHING)
        self._command("sleep", _NOTHING)
        self._command("id", "#!/bin/bash\necho 0\n")
        self._executable(self.state / "azcmagent", _AGENT)
        self.has("agent.json", {"status": "Disconnected"})
        self.has("after.json", self.registered())

    @staticmethod
    def registered(**changes: str) -> dict[str, str]:
        usual = {
            "subscriptionId": SUBSCRIPTION.upper(),
            "resourceGroup": "RG-arc",
            "resourceName": "web01",
            "status": "Connected",
        }
        return usual | changes

    def has(self, name: str, content: str | dict[str, str]) -> None:
        """A file of its state; a dictionary is what `azcmagent show -j` says, in UTF-8 as Go writes JSON."""
        if not isinstance(content, str):
            content = json.dumps({"services": [{"status": "running"}], **content}, ensure_ascii=False)
        (self.state / name).write_text(content, encoding="utf-8")

    def installed(self, **changes: str) -> None:
        """The agent is there; with changes it is registered."""
        shutil.copy(self.state / "azcmagent", self.bin / "azcmagent")
        if changes:
            self.has("agent.json", self.registered(**changes))

    def fails(self, code: int, says: str) -> None:
        self.has("failure", says)
        self.has("code", str(code))

    def command_says(self, name: str, output: str) -> None:
        self._command(name, f"#!/bin/bash\ncat <<'EOF'\n{output}\nEOF\n")

    def start(self, script: str, *, shell: tuple[str, ...] = ("bash",), **options: object) -> subprocess.Popen[str]:
        self.script.write_text(self._moved(script), encoding="utf-8")
        # A session of its own: nothing of it outlives the test.
        return subprocess.Popen(
            [*shell, str(self.script)],
            env=self.environment | options.pop("env", {}),  # type: ignore[operator]
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **({"stdin": subprocess.DEVNULL} | options),  # type: ignore[call-overload]
        )

    def run(self, script: str, *, piped: str | None = None, **options: object) -> tuple[int, str, str]:
        stdin = {} if piped is None else {"stdin": subprocess.PIPE}
        with self.start(script, **stdin, **options) as process:
            try:
                out, errors = process.communicate(piped)
            finally:
                end(process)
        return process.returncode, out, errors

    def recorded(self, name: str) -> str:
        path = self.state / name
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    @property
    def calls(self) -> list[str]:
        """What was called, in order, but for looking at the agent, at the way out and at the services."""
        return [one for one in self.recorded("called").splitlines() if one.startswith(("azcmagent c", "install"))]

    @property
    def config(self) -> dict[str, object]:
        return json.loads(self.recorded("connect.json"))

    @property
    def leftovers(self) -> list[str]:
        return sorted(str(one.relative_to(self.run_folder)) for one in self.run_folder.glob("hybridinv-arc.d.*/**/*"))

    def _moved(self, script: str) -> str:
        for there, here in (
            ("place=/run ", f"place={self.run_folder} "),
            ("asset_tag=/sys/class/dmi/id/chassis_asset_tag\n", f"asset_tag={self.tag}\n"),
        ):
            assert script.count(there) == 1
            script = script.replace(there, here)
        return script

    def _command(self, name: str, text: str) -> None:
        self._executable(self.bin / name, text)

    @staticmethod
    def _executable(path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)


def end(process: subprocess.Popen[str]) -> None:
    """End everything that a script has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def downloads(context: object, pages: dict[str, tuple[int, str]]) -> Iterator[str]:
    """A server for the installer: each path has a status and a body, or the place that it leads to."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = pages.get(self.path, (404, "not here"))
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", text)
                text = "moved"
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
