"""Recording an adapter's endpoint to a folder, and an adapter that plays the folder back."""

from __future__ import annotations

import json
from collections import Counter
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridinv.errors import HybridInvError, TapeMismatch
from hybridinv.inventory import KINDS, listed
from hybridinv.platforms import PLATFORMS
from hybridinv.saving import plain
from hybridinv.transport.scrub import scrub
from hybridinv.transport.tape import PROVENANCES, Player, Recorder, Tape, check_target

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from hybridinv.inventory import Inventory
    from hybridinv.platforms.adapter import Adapter


def record(
    adapter: Adapter,
    folder: str | os.PathLike[str],
    kinds: Iterable[str] | None = None,
    *,
    detail: str | None = None,
) -> Inventory:
    """Read the adapter's inventory, and keep everything that was said on the wire as a tape in `folder`.

    The folder may be new, empty, or hold an older tape and nothing else; that is known before anything is read.
    Secrets are scrubbed: passwords, tokens, keys, cookies, signatures. Names, addresses and ids of machines are not: a
    tape is as confidential as the estate. Before the tape is in its place it is checked: that scrubbing it again finds
    nothing, and that it plays back the same records and problems, field by field, but for what was scrubbed.
    `TapeMismatch` where either fails; then nothing is written, and an older tape stays. A tape plays back in the
    `detail` that it was recorded in.
    """
    target = Path(folder)
    check_target(target)
    played = adapter.played
    recorder = Recorder(played=played is not None)
    kinds = None if kinds is None else listed(kinds)
    with adapter.overheard(recorder.wrap):
        inventory = adapter.inventory(kinds) if detail is None else adapter.inventory(kinds, detail=detail)
    tape = Tape(
        platform=adapter.platform,
        provenance=played.provenance if played else "recorded",
        product=played.product if played else adapter.product,
        settings={**adapter.settings, **({"detail": detail} if detail and "detail" in adapter.settings else {})},
        exchanges=recorder.exchanges(),
    )
    if inventory.problems and not tape.exchanges:
        raise TapeMismatch(
            f"the endpoint gave no answer at all, so there is nothing to play back: {inventory.problems[0].message}; "
            "no tape was written",
            remedy=inventory.problems[0].remedy,
        )
    tape.write(target, lambda written: _check(replay(written).inventory(kinds), inventory, recorder.secrets))
    return inventory


def replay(folder: str | os.PathLike[str]) -> Adapter:
    """The adapter of a tape's platform, answered by the tape: no network, no credentials."""
    tape = Tape.read(Path(folder))
    if tape.platform not in PLATFORMS or tape.provenance not in PROVENANCES:
        raise TapeMismatch(
            f"{folder} is of platform {tape.platform!r} and provenance {tape.provenance!r}",
            remedy=f"platforms are {', '.join(PLATFORMS)}; provenances are {', '.join(PROVENANCES)}",
        )
    kind = PLATFORMS[tape.platform].load()
    try:
        _check_settings(kind, tape.settings)
        adapter = kind(**tape.settings, **kind.tape_login, transport=Player(tape))  # type: ignore[call-arg]
        if other := tape.settings.keys() - adapter.settings.keys():
            raise TypeError(f"{min(other)} is none of them")
    except (HybridInvError, TypeError, ValueError) as error:
        raise TapeMismatch(
            f"{folder} cannot be played, its settings are not those of {tape.platform}: {error}",
            remedy="give a folder that hi.record wrote",
        ) from error
    return adapter


def _check_settings(kind: type[Adapter], settings: dict[str, Any]) -> None:
    parameters = signature(kind).parameters
    for name, value in settings.items():
        if name not in parameters or name in kind.tape_login or name == "transport":
            raise TypeError(f"{name} is none of them")
        # Read as text: some of the types are imported for type checkers alone.
        wanted = str(parameters[name].annotation)
        if not _fits(value, wanted) or (name == "port" and not 0 < value < 2**16):
            raise TypeError(f"{name} is {value!r:.40}")


def _fits(value: object, annotation: str) -> bool:
    if value is None:
        return "None" in annotation
    if annotation.startswith("Iterable"):
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    return type(value).__name__ == annotation.partition(" ")[0]


def _check(played: Inventory, recorded: Inventory, secrets: set[str]) -> None:
    """Both are scrubbed alike, for what was recorded still has its secrets."""
    unanswered = next((problem for problem in played.problems if problem.error == TapeMismatch.__name__), None)
    if unanswered:
        known = set(played.problems)
        original = next((problem for problem in recorded.problems if problem not in known), unanswered)
        raise TapeMismatch(
            f"the endpoint gave no answer to a request, so the tape cannot play back: {original}; it was not written",
            remedy="record again when the endpoint answers; report it where it stays",
        )
    for kind in (*KINDS, "problems"):
        before, after = getattr(recorded, kind), getattr(played, kind)
        if before != after:
            here, there = (Counter(_plain(record, secrets) for record in records) for records in (before, after))
            if here != there:
                raise _differs(kind, *([json.loads(one) for one in side] for side in (here - there, there - here)))


def _plain(record: Any, secrets: set[str]) -> str:
    """A record as text, scrubbed."""
    text = json.dumps(plain(record), sort_keys=True, default=str)
    return scrub(text.encode(), "", secrets).decode()


def _differs(kind: str, recorded: list[dict[str, Any]], played: list[dict[str, Any]]) -> TapeMismatch:
    """The first record that differs, and its fields; not their values, which nobody has looked at."""
    first = (recorded or played)[0]
    if kind == "problems":
        shown = [f"{side[0]['error']}: {side[0]['message']}" if side else "none" for side in (recorded, played)]
        what = f"a problem differs, recorded {shown[0]}; played back {shown[1]}"
    else:
        other = next((one for one in played if recorded and one["id"] == first["id"]), None)
        fields = ", ".join(name for name in first if other and other[name] != first[name])
        how = f"differs in {fields}" if other else "was not played back" if recorded else "was not recorded"
        what = f"of the {kind}, {first['name']} ({first['id']}) {how}"
    return TapeMismatch(
        f"the tape does not play back what was recorded: {what}; it was not written",
        remedy="record again; report it where it stays",
    )
