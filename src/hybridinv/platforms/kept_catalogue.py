"""An extension catalogue kept on this machine: one file a catalogue, with the answer to each question asked of it.

The file's name is a hash, so it tells nobody what is looked at; what is in it is what the endpoint tells everybody who
may read there (ids with a subscription among it), and no secret. It is written whole, to another name first, so that
two processes never mix their bytes, and each takes over what the other has written meanwhile. What cannot be read in
it is as if it were not there.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import orjson

from hybridinv.errors import InventoryFileError, NotSupported
from hybridinv.model import ExtensionImage, OSType
from hybridinv.saving import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hybridinv.wire.reading import Origin

DAY = 86_400.0
_FORMAT = "hybridinv-extension-catalogue"
_VERSION = 1
_EVERY = 2.0
"""Seconds after which what came meanwhile is written: a killed run loses no more."""
_FOREVER = 1e15
_FIELDS = ("id", "publisher", "type", "version", "location", "os_type")


def cache_folder(given: object) -> Path | None:
    """The folder that a caller means: True is the user's own, False and None are none; else `NotSupported`."""
    if given is False or given is None:
        return None
    if given is True:
        return _own_folder()
    if isinstance(given, (str, os.PathLike)) and str(given).strip():
        return Path(given).expanduser()
    raise NotSupported(
        f"cache={given!r:.60} is no folder",
        remedy="pass True for the folder of this user, the path of another, or False for none",
    )


def checked_age(seconds: object) -> float:
    """How old what is kept may be; `NotSupported` where it is no number of seconds."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds > 0:
        raise NotSupported(f"max_age={seconds!r:.40} is no age", remedy="give seconds, more than 0; a day is 86400")
    return float(min(seconds, _FOREVER))


def _own_folder() -> Path | None:
    """Where programs of this user keep what they can get again (XDG_CACHE_HOME, %LOCALAPPDATA%, ~/Library/Caches).

    None for a user who has no home, as in some containers.
    """
    windows = sys.platform == "win32"
    given = "" if sys.platform == "darwin" else os.environ.get("LOCALAPPDATA" if windows else "XDG_CACHE_HOME", "")
    below = "AppData/Local" if windows else "Library/Caches" if sys.platform == "darwin" else ".cache"
    try:
        above = Path(given) if given and Path(given).is_absolute() else Path.home() / below
    except RuntimeError:
        return None
    return above / "hybridinv" / "extension-images"


class KeptCatalogue:
    """The answers that one catalogue has given, by question; a `with` block, at whose end what came is written.

    A question is empty (which publishers), a publisher (which types) or `publisher/type` (which versions).
    """

    def __init__(
        self,
        folder: Path | None,
        of: tuple[str, ...],
        origin: Origin,
        max_age: float = DAY,
        clock: Callable[[], float] = time.time,
    ) -> None:
        digest = hashlib.sha256("\0".join(of).encode()).hexdigest()[:32]
        self._file = None if folder is None else folder / f"{digest}.json"
        self._of = list(of)
        self._origin = origin
        self._max_age = max_age
        self._clock = clock
        self._answers: dict[str, tuple[float, list[Any]]] = {}
        self._lock = threading.Lock()
        self._is_new = False
        self._written_at = time.monotonic()

    def __enter__(self) -> Self:
        if self._file is None:
            return self
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not os.access(self._file.parent, os.W_OK):
                raise PermissionError(13, "it may not be written to")
        except OSError as error:
            self._give_up(f"{error.strerror}: {self._file.parent}")
        else:
            self._answers = self._on_disk(self._file)
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._is_new:
                self._write()

    def names(self, question: str) -> list[str] | None:
        """The names that are the answer to a question; None where it is not kept, or too old."""
        return self._kept(question)

    def images(self, question: str) -> list[ExtensionImage] | None:
        """The images that are the answer to a question; None where it is not kept, or too old."""
        rows = self._kept(question)
        return None if rows is None else [self._image(row) for row in rows]

    def keep(self, question: str, answer: Sequence[object]) -> None:
        """Keep an answer, names or images, whole as it is."""
        if self._file is None:
            return
        rows = [[getattr(one, name) for name in _FIELDS] if isinstance(one, ExtensionImage) else one for one in answer]
        with self._lock:
            self._answers[question.lower()] = self._clock(), rows
            self._is_new = True
            if time.monotonic() - self._written_at > _EVERY:
                self._write()

    def _kept(self, question: str) -> list[Any] | None:
        at, rows = self._answers.get(question.lower(), (0.0, None))
        return rows if rows is not None and self._is_fresh(at) else None

    def _is_fresh(self, at: float) -> bool:
        """A moment that is still to come is of a clock that was set back: nobody knows how old it is."""
        return 0 <= self._clock() - at < self._max_age

    def _image(self, row: list[str]) -> ExtensionImage:
        id_, publisher, type_, version, location, os_type = row
        return ExtensionImage(
            id=id_, name=version, platform=self._origin.platform, source=self._origin.source, publisher=publisher,
            type=type_, version=version, location=location, os_type=OSType(os_type),
        )  # fmt: skip

    def _write(self) -> None:
        """What is kept, with what another process has written since; the lock is held."""
        self._is_new, self._written_at = False, time.monotonic()
        if self._file is None:
            return
        answers = dict(self._answers)
        for question, (at, rows) in self._on_disk(self._file).items():
            if self._is_fresh(at) and at > answers.get(question, (0.0, None))[0]:
                answers[question] = at, rows
        body = {"format": _FORMAT, "version": _VERSION, "of": self._of, "answers": answers}
        try:
            write_whole(self._file, orjson.dumps(body))
            with suppress(OSError):  # a file system may have no modes
                self._file.chmod(0o600)
        except InventoryFileError as error:
            self._give_up(error.message)

    def _give_up(self, why: str) -> None:
        self._file = None
        warnings.warn(
            f"the catalogue is not kept: {why}; pass another folder as cache=, or False for none", stacklevel=2
        )

    def _on_disk(self, file: Path) -> dict[str, tuple[float, list[Any]]]:
        """The answers in the file; none where it is not there, is damaged, or is of another catalogue."""
        try:
            body = orjson.loads(file.read_bytes())
            head = {"format": _FORMAT, "version": _VERSION, "of": self._of}
            if {name: body[name] for name in head} != head:
                return {}
            return {question: _checked(question, *answer) for question, answer in body["answers"].items()}
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            return {}


def _checked(question: str, at: Any, rows: Any) -> tuple[float, list[Any]]:
    """An answer as it was kept; `ValueError` where it is none."""
    is_names = question.count("/") == 0
    if type(at) is not float or not isinstance(rows, list):
        raise ValueError(question)
    for row in rows:
        texts: Mapping[str, Any] = {"": row} if is_names else dict(zip(_FIELDS, row, strict=True))
        if not all(type(text) is str for text in texts.values()):
            raise ValueError(question)
        if not is_names:
            OSType(texts["os_type"])
    return at, rows
