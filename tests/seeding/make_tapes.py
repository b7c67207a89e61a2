"""Make the demo's tapes anew: python tests/seeding/make_tapes.py [--simulator PATH].

vSphere is recorded from the simulator (built here where no PATH is given). Nobody runs an Azure for us, so the three
others are seeded: bodies in the services' shape, under the request lines that the adapters send.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import seed_arc
import seed_azure
import seed_hub
import vcenter

import hybridinv as hi
from hybridinv.demo import TAPES


def make(program: Path) -> None:
    """Write the four folders, and play each back."""
    with vcenter.running(program) as simulator:
        hi.record(simulator.adapter(), TAPES / "vsphere", detail="full")
        tapes = (seed_hub.tape(), seed_azure.tape(), seed_arc.tape(simulator.truth))
    for tape in tapes:
        tape.write(TAPES / tape.platform)
    for folder in sorted(TAPES.iterdir()):
        print(f"{folder.name}: {hi.replay(folder).inventory()}")


def main() -> None:
    """Find or build the simulator, then make."""
    match sys.argv[1:]:
        case []:
            with tempfile.TemporaryDirectory() as folder:
                make(vcenter.build(Path(folder)))
        case ["--simulator", path]:
            make(Path(path))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
