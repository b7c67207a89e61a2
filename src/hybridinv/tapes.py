"""Recording an adapter's endpoint to a folder, and an adapter that plays the folder back."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hybridinv.errors import TapeMismatch
from hybridinv.platforms import PLATFORMS
from hybridinv.transport.tape import PROVENANCES, Player, Recorder, Tape

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from hybridinv.inventory import Inventory
    from hybridinv.platforms.adapter import Adapter


def record(adapter: Adapter, folder: str | os.PathLike[str], kinds: Iterable[str] | None = None) -> Inventory:
    """Read the adapter's inventory, and keep everything that was said on the wire as a tape in `folder`.

    Secrets are scrubbed: passwords, tokens, keys, cookies, signatures. Names, addresses and ids of machines are not: a
    tape is as confidential as the estate. Before the tape is there it is checked: that no secret is on it, and that it
    plays back to the same records. `TapeMismatch` where either fails; then nothing is written.
    """
    recorder = Recorder()
    kinds = None if kinds is None else [kinds] if isinstance(kinds, str) else list(kinds)
    with adapter.overheard(recorder.wrap):
        inventory = adapter.inventory(kinds)
    played = adapter.played
    tape = Tape(
        platform=adapter.platform,
        provenance=played.provenance if played else "recorded",
        product=played.product if played else adapter.product,
        settings=adapter.settings,
        exchanges=recorder.exchanges(),
    )
    with tempfile.TemporaryDirectory() as scratch:
        tape.write(Path(scratch) / "tape")
        _check(replay(Path(scratch) / "tape").inventory(kinds), inventory)
    tape.write(Path(folder))
    return inventory


def replay(folder: str | os.PathLike[str]) -> Adapter:
    """The adapter of a tape's platform, answered by the tape: no network, no credentials."""
    tape = Tape.read(Path(folder))
    if tape.platform not in PLATFORMS or tape.provenance not in PROVENANCES:
        raise TapeMismatch(
            f"{folder} is of platform {tape.platform!r} and provenance {tape.provenance!r}",
            remedy=f"platforms are {', '.join(PLATFORMS)}; provenances are {', '.join(PROVENANCES)}",
        )
    adapter = PLATFORMS[tape.platform].load()
    return adapter(**tape.settings, **adapter.tape_login, transport=Player(tape))  # type: ignore[call-arg]


def _check(played: Inventory, recorded: Inventory) -> None:
    for name, records in recorded.tables().items():
        before, after = {r.id for r in records}, {r.id for r in played.tables()[name]}
        if before != after:
            raise TapeMismatch(
                f"the tape plays back {len(after)} {name}, {len(before)} were recorded; it was not written",
                remedy="record again; report it where it stays",
            )
