"""How far a collection is, in one line that stays one line: on a terminal, in a notebook, in a log."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from hybridinv.inventory import count_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hybridinv.collecting import Progress, Source

_PAUSE = 0.2
"""Seconds between two pictures of it: nobody reads faster, and a notebook keeps up."""


class ProgressLine:
    """A progress callback that keeps one line current: `collect(…, progress="line")` makes and ends one.

    A notebook replaces its output in place, also when it is executed by nbconvert or in VS Code; a terminal has its
    line rewritten; anything else, a log for instance, gets the last line alone.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._problems: dict[tuple[str, str], int] = {}
        self._count = len(sources)
        self._shown_at = -_PAUSE
        self._lock = threading.Lock()
        self._is_over = False
        self._write = _in_notebook() or _on_terminal() or _on_log

    def __call__(self, step: Progress) -> None:
        """Take one step; few of them are shown."""
        with self._lock:
            if self._is_over:  # a source that was left behind at the deadline still talks
                return
            if step.done and not step.kind:
                self._problems[step.platform, step.source] = step.problems
            now = time.monotonic()
            if now - self._shown_at >= _PAUSE:
                self._shown_at = now
                self._write(f"{self._told()}; {_doing(step)}", end=False)

    def finish(self) -> None:
        """Show the last line: how many sources are through, and how many problems there were."""
        with self._lock, contextlib.suppress(OSError, ValueError):  # a closed stream must not cost the estate
            self._is_over = True
            self._write(self._told(), end=True)

    def _told(self) -> str:
        problems = sum(self._problems.values())
        short = f", {count_of('problem', problems)}" if problems else ""
        return f"{len(self._problems)} of {count_of('source', self._count)} done{short}"


def _doing(step: Progress) -> str:
    if not step.kind:
        return f"{step.source} is done" if step.done else f"{step.source} begins"
    of = f" of {step.expected:,}" if step.expected is not None else ""
    return f"{step.source}: {step.kind.replace('_', ' ')} {step.read:,}{of}"


def _in_notebook() -> Callable[..., None] | None:
    """Replaces one output of the running cell; None where no notebook runs."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    import IPython.display

    display: Any = IPython.display.display
    handle = display({"text/plain": ""}, raw=True, display_id=True)

    def write(text: str, *, end: bool) -> None:  # noqa: ARG001 - the last one stays as it is
        handle.update({"text/plain": _one_line(text)}, raw=True)

    return write


def _on_terminal() -> Callable[..., None] | None:
    """Rewrites a terminal's line; None where standard error is none."""
    if not (_is_open() and sys.stderr.isatty()):
        return None

    def write(text: str, *, end: bool) -> None:
        sys.stderr.write(f"\r\x1b[K{_one_line(text)}" + ("\n" if end else ""))
        sys.stderr.flush()

    return write


def _on_log(text: str, *, end: bool) -> None:
    """Writes only the last line."""
    if end and _is_open():
        sys.stderr.write(_one_line(text) + "\n")


def _is_open() -> bool:
    return sys.stderr is not None and not sys.stderr.closed


def _one_line(text: str) -> str:
    """Short enough for one line, and without what would break it: a source's name is somebody's text."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return plain if len(plain) < 80 else plain[:78] + "…"
