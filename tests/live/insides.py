"""The insides of simulated machines: a real bash and a stand-in of the agent, or a stand-in of all of Windows."""

from __future__ import annotations

import json
from pathlib import Path

from onboarding.arc_machine import Machine

ACCOUNT = ("admin", "guest & <password> 1")

# In the place of icacls, cmd and taskkill: what the launcher would do is done here, and told in $3/told.
_WINDOWS = r"""#!/bin/bash
folder=$(dirname "$0")
printf '%s %s\n' "$1" "$2" >>"$folder/told"
case $1 in
  *icacls.exe) exit "$(cat "$folder/acl" 2>/dev/null || echo 0)" ;;
  *taskkill.exe)
    pid=${2#/PID }
    kill -KILL "${pid%% *}"
    exit 0 ;;
esac
place=${2#*'""'}
place=${place%'""'}
place=${place//\\//}
place=$3/${place/:/}
cd -- "$(dirname -- "$place")" || exit 1
stat -c '%n' -- * >"$folder/files"
cp secret "$folder/given"
cp onboard.ps1 run.cmd "$folder"
[ ! -e "$folder/hangs" ] || {
  mkdir -p "$3/C/Windows/AzureConnectedMachineAgent/hybridinv-arc"
  cp secret "$3/C/Windows/AzureConnectedMachineAgent/hybridinv-arc/connect.json"
  exec sleep 60
}
rm -f secret
cp "$folder/says" log
cp "$folder/agent.json" state
code=$(cat "$folder/code")
echo "$code" >code
exit "$code"
"""


class Inside:
    """One machine's inside, in the folder that the simulator looks into."""

    def __init__(self, guests: Path, name: str, certificate: Path) -> None:
        self.folder = guests / name
        self.root = self.folder / "root"
        self.root.mkdir(parents=True)
        self._write("account.json", {"username": ACCOUNT[0], "password": ACCOUNT[1]})
        self.certificate = certificate

    def linux(self) -> Machine:
        """The machine that the script will find: with the agent's program, not yet connected."""
        place = self.folder / "machine"
        place.mkdir()
        machine = Machine(place, self.certificate)
        machine.installed()
        self._write("environment.json", machine.environment)
        self._write(
            "moves.json",
            {
                "place=/run ": f"place={machine.run_folder} ",
                "asset_tag=/sys/class/dmi/id/chassis_asset_tag\n": f"asset_tag={machine.tag}\n",
            },
        )
        return machine

    def windows(self, code: int, says: bytes, agent: dict[str, str]) -> None:
        """What its script will say and end with."""
        program = self.folder / "program"
        program.write_text(_WINDOWS, encoding="utf-8")
        program.chmod(0o755)
        (self.folder / "says").write_bytes(says)
        (self.folder / "code").write_text(str(code), encoding="utf-8")
        self._write("agent.json", agent)

    def has(self, name: str, text: str = "") -> None:
        """One of the files that make the guest fail."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def told(self, name: str) -> str:
        """What a stand-in has written down."""
        path = self.folder / name
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @property
    def calls(self) -> list[list[str]]:
        """What was asked of it, in order."""
        return [json.loads(line) for line in self.told("calls").splitlines()]

    @property
    def asked(self) -> list[str]:
        """The operations, in order."""
        return [call[0] for call in self.calls]

    @property
    def files(self) -> list[str]:
        """Every file, and every folder of ours, that is in it now."""
        there = [one for one in self.root.rglob("*") if one.is_file() or one.name.startswith("hybridinv")]
        return sorted(str(one.relative_to(self.root)) for one in there)

    def _write(self, name: str, value: object) -> None:
        (self.folder / name).write_text(json.dumps(value), encoding="utf-8")
