"""Collecting: several sources, side by side, into one inventory."""

from __future__ import annotations

import concurrent.futures as futures
import math
import threading
import warnings
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

import attrs

from hybridinv.errors import DeadlineExceeded, NotSupported
from hybridinv.inventory import KINDS, Inventory, Named, check_kind, listed, merged, problem_of
from hybridinv.model import Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

S = TypeVar("S")
_GRACE = 1.0
_PROGRESS = 'give "line", or a function of Progress values'


@attrs.frozen(kw_only=True)
class Progress:
    """One step of a collection, as the `progress` callback gets it."""

    source: str
    """Which source."""
    platform: str
    """Of which platform."""
    kind: str = ""
    """Which kind is being read; empty when the source as a whole started or ended."""
    read: int = 0
    """Records read so far of that kind."""
    expected: int | None = None
    """Records the endpoint says there are, where it says it."""
    done: bool = False
    """True once the kind, or the source, is through."""
    problems: int = 0
    """Problems so far."""


class Source(Named, Protocol):
    """What `collect` asks of an adapter."""

    @property
    def capabilities(self) -> frozenset[str]: ...
    def inventory(
        self,
        kinds: Iterable[str] | None = None,
        *,
        detail: str | None = None,
        progress: Callable[[Progress], None] | None = None,
        deadline: float | None = None,
    ) -> Inventory: ...


def collect(
    sources: Iterable[Source],
    kinds: Iterable[str] | None = None,
    executor: futures.Executor | None = None,
    progress: Callable[[Progress], None] | Literal["line"] | None = None,
    deadline: float | None = None,
    detail: str | None = None,
) -> Inventory:
    """One Inventory of all sources, read side by side; what could not be read is in its `problems`.

    `kinds` limits what is read (`["vms", "hosts"]`); a source that does not have one of them is not asked for it,
    and one that no source has is a `NotSupported` error. `deadline` is in seconds: what is not there by then is a
    problem. `executor` is any `concurrent.futures.Executor`, threads where none is given; `progress` is called with
    `Progress` values, from one thread at a time; `"line"` shows them in one line, on a terminal and in a notebook.
    `detail` is `"summary"` or `"full"`, else what each adapter was made with.
    """
    sources = _checked(sources)
    if isinstance(progress, str):
        return _with_line(progress, sources, kinds, executor, deadline, detail)
    if progress is not None and not callable(progress):
        raise NotSupported(f"progress={progress!r:.40} cannot be called", remedy=_PROGRESS)
    wanted = _wanted(sources, kinds)
    seconds = None if deadline is None else seconds_of(deadline)
    report = one_at_a_time(progress)
    submit = executor.submit if executor else _in_thread
    # Threads of our own can report each page; an executor of the caller may be on another machine.
    options: dict[str, Any] = {"progress": report} if executor is None and report else {}
    if detail is not None:
        options["detail"] = detail
    running = {}
    for source in sources:
        asked = [kind for kind in wanted if kind in source.capabilities]
        running[submit(source.inventory, asked, deadline=seconds, **options)] = source, asked
    try:
        # A source that minds the deadline itself hands over what it has: it gets a moment to do so.
        for future in futures.as_completed(running, timeout=None if seconds is None else seconds + _GRACE):
            if report:
                source, asked = running[future]
                problems = len(_outcome(future, source, asked).problems)
                report(Progress(source=source.source, platform=source.platform, done=True, problems=problems))
    except futures.TimeoutError:
        pass
    return merged(_outcome(future, source, asked) for future, (source, asked) in running.items())


def _with_line(word: str, sources: list[Source], kinds: Any, executor: Any, deadline: Any, detail: Any) -> Inventory:
    if word != "line":
        raise NotSupported(f"there is no progress {word!r:.40}", remedy=_PROGRESS)
    from hybridinv.progress import ProgressLine

    line = ProgressLine(sources)
    try:
        return collect(sources, kinds, executor, line, deadline, detail)
    finally:
        line.finish()


def _in_thread(function: Callable[..., Inventory], *arguments: Any, **options: Any) -> futures.Future[Inventory]:
    """Run in a thread that does not keep the interpreter: one whose endpoint never answers is left behind."""
    future: futures.Future[Inventory] = futures.Future()

    def run() -> None:
        try:
            future.set_result(function(*arguments, **options))
        except BaseException as error:  # noqa: BLE001 - as executors do; it is raised where the result is read
            future.set_exception(error)

    threading.Thread(target=run, daemon=True, name="hybridinv").start()
    return future


def _checked(sources: Iterable[Source]) -> list[Source]:
    several: list[Any] = list(sources) if hasattr(sources, "__iter__") else [sources]
    for source in several:
        if not hasattr(sources, "__iter__") or isinstance(source, type) or not hasattr(source, "inventory"):
            raise NotSupported(
                f"collect takes a list of adapters, not {source!r:.60}",
                remedy="collect([hi.VSphere(…), hi.Azure()]), or collect(hi.open_estate(path))",
            )
    return several


def seconds_of(deadline: Any) -> float:
    """A deadline as seconds; `NotSupported` where it is none."""
    if isinstance(deadline, bool) or not isinstance(deadline, (int, float)) or math.isnan(deadline):
        raise NotSupported(f"deadline={deadline!r:.40} is no number of seconds", remedy="give seconds, or leave it out")
    return min(float(deadline), threading.TIMEOUT_MAX - _GRACE)


def _wanted(sources: Sequence[Source], kinds: Iterable[str] | None) -> list[str]:
    if kinds is None:
        return list(KINDS)
    wanted = listed(kinds)
    for kind in wanted:
        check_kind(kind)
        if not any(kind in source.capabilities for source in sources):
            have = "; ".join(f"{source.source}: {', '.join(sorted(source.capabilities))}" for source in sources)
            reasons = (getattr(source, "missing", {}).get(kind, "") for source in sources)
            why = "; ".join(dict.fromkeys(filter(None, reasons)))
            raise NotSupported(
                f"no source has {kind}" + (f": {why}" if why else ""),
                remedy=f"what they have is in .capabilities: {have}",
            )
    return wanted


def _outcome(future: futures.Future[Inventory], source: Source, kinds: Iterable[str]) -> Inventory:
    try:
        return future.result(timeout=0)
    except futures.TimeoutError:
        error: Exception = DeadlineExceeded(
            "no answer within the deadline", remedy="give it a longer deadline, or fewer kinds", source=source.source
        )
    except Exception as failure:  # noqa: BLE001 - the rest of the estate must not be lost with one source
        error = failure
    asked = Asked(platform=source.platform, source=source.source, kinds=frozenset(kinds))
    return Inventory(problems=[problem_of(error, source)], asked=[asked])


def one_at_a_time(progress: Callable[[S], None] | None) -> Callable[[S], None] | None:
    """The callback, called by one thread at a time; one that raises is called no more."""
    if progress is None:
        return None
    lock = threading.Lock()
    wanted = True

    def report(step: S) -> None:
        nonlocal wanted
        with lock:
            if not wanted:
                return
            try:
                progress(step)
            except Exception as error:  # noqa: BLE001 - whatever it does, the estate is worth more
                wanted = False
                warnings.warn(f"progress raised {error!r} and is not called any more", stacklevel=2)

    return report
