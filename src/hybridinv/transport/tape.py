"""Tapes: exchanges recorded from an endpoint, that can stand in for it.

A tape is a folder: `tape.json` (platform, provenance, product, settings, index) and the bodies, one file each, verbatim
after scrubbing. Kept are the request line with the SOAP operation or Resource Graph query, the status, `Retry-After`
and the body; headers are not, so tokens and cookies cannot leak.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import threading
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import httpx
from lxml import etree

from hybridinv.errors import TapeMismatch
from hybridinv.transport.scrub import check_scrubbed, cookies, scrub, secrets_of
from hybridinv.transport.whole import whole

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

FORMAT = "hybridinv-tape"
VERSION = 1
PROVENANCES = ("recorded", "published", "seeded")
_HEAD = "tape.json"
_SUFFIXES = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8", "txt": "text/plain"}


@attrs.frozen(kw_only=True)
class Exchange:
    """One request line and its answer."""

    request: str
    status: int
    retry_after: str = ""
    body: bytes = b""


@attrs.frozen(kw_only=True)
class Tape:
    """A recorded scene: what it is of, and its exchanges."""

    platform: str
    provenance: str
    product: str
    settings: dict[str, Any]
    exchanges: tuple[Exchange, ...]

    def write(self, folder: Path, check: Callable[[Path], None] = lambda _: None) -> None:
        """Write the folder, whole or not at all; it takes the place of an older tape, and of nothing else.

        `check` is called with the written folder before that is moved to its place; what it raises stops the writing.
        """
        check_target(folder)
        folder = folder.resolve()
        temporary = None
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
            self._write_into(temporary)
            temporary.chmod(0o755)
            check(temporary)
            _put(temporary, folder)
        except (OSError, ValueError) as error:
            raise _unwritable(folder, error) from error
        finally:
            if temporary:
                shutil.rmtree(temporary, ignore_errors=True)

    def _write_into(self, folder: Path) -> None:
        index = []
        for number, exchange in enumerate(sorted(self.exchanges, key=lambda one: one.request), 1):
            name = f"{number:04}-{_slug(exchange.request)}.{_suffix(exchange.body)}"
            (folder / name).write_bytes(exchange.body)
            row = {"request": exchange.request, "status": exchange.status, "body": name}
            index.append({**row, "retry_after": exchange.retry_after} if exchange.retry_after else row)
        head = {
            "format": FORMAT, "version": VERSION, "platform": self.platform, "provenance": self.provenance,
            "product": self.product, "settings": self.settings, "exchanges": index,
        }  # fmt: skip
        (folder / _HEAD).write_text(json.dumps(head, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Tape:
        """The tape in a folder; `TapeMismatch` where it is damaged, or leads out of the folder."""
        head = _read_head(folder)
        if head.get("format") != FORMAT or head.get("version") != VERSION:
            raise TapeMismatch(
                f"{folder} is a tape of another format or version", remedy="record it again with this release"
            )
        try:
            return cls(
                **{name: _given(head, name, str) for name in ("platform", "provenance", "product")},
                settings=_given(head, "settings", dict),
                exchanges=tuple(_exchange(folder, row) for row in _given(head, "exchanges", list)),
            )
        except (OSError, ValueError) as error:
            raise _damaged(folder, error) from error


def check_target(folder: Path) -> None:
    """`TapeMismatch` unless a tape can be written there; nothing is left behind."""
    try:
        if folder.exists():
            _check_replaceable(folder)
        folder = folder.resolve()
        parent = next(place for place in folder.parents if place.exists())
        # The name of the tape's own temporary folder where that can be; permissions alone do not tell on every disk.
        with tempfile.TemporaryDirectory(dir=parent, prefix=f".{folder.name}."):
            pass
    except (OSError, ValueError, RuntimeError) as error:
        raise _unwritable(folder, error) from error


def _check_replaceable(folder: Path) -> None:
    remedy = "give an empty or a new folder"
    if not folder.is_dir():
        raise TapeMismatch(f"{folder} is there and is no folder", remedy=remedy)
    there = sorted(folder.iterdir())
    if there and not (folder / _HEAD).is_file():
        raise TapeMismatch(f"{folder} is there and is no tape: it holds {there[0].name}", remedy=remedy)
    try:
        rows = _read_head(folder).get("exchanges") if there else None
    except TapeMismatch:
        rows = None
    own = {str(row.get("body")) for row in rows or () if isinstance(row, dict)} | {_HEAD}
    for path in there:
        if path.name not in own or (path.is_dir() and not path.is_symlink()):
            raise TapeMismatch(
                f"{folder} holds {path.name}, which is not of the tape there; nothing was written", remedy=remedy
            )


def _put(new: Path, folder: Path) -> None:
    """Rename a folder to its place; what was there is removed after that, and put back if it fails."""
    if not folder.exists():
        new.rename(folder)
        return
    old = folder.rename(new.with_name(f"{new.name}.old"))
    try:
        new.rename(folder)
    except BaseException:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _read_head(folder: Path) -> dict[str, Any]:
    try:
        head = json.loads(_inside(folder, _HEAD).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(folder, error) from error
    if not isinstance(head, dict):
        raise _damaged(folder, ValueError(f"{_HEAD} is no object"))
    return head


def _exchange(folder: Path, row: object) -> Exchange:
    if not isinstance(row, dict):
        raise ValueError("an exchange is no object")  # noqa: TRY004 - it becomes a TapeMismatch, as all of them
    status, pause = _given(row, "status", int), _given({"retry_after": "", **row}, "retry_after", str)
    if not 100 <= status <= 599 or not (pause.isascii() and pause.isprintable()):
        raise ValueError(f"no status or Retry-After of HTTP: {status}, {pause!r:.40}")
    body = _inside(folder, _given(row, "body", str)).read_bytes()
    return Exchange(request=_given(row, "request", str), status=status, retry_after=pause, body=body)


def _given(fields: dict[str, Any], name: str, type_: type[T]) -> T:
    if type(fields.get(name)) is not type_:
        raise ValueError(f"{name} is {fields.get(name)!r:.40}, not {type_.__name__}")
    value: T = fields[name]
    return value


def _inside(folder: Path, name: str) -> Path:
    """A file of the folder; a `ValueError` where the name, or a link of that name, leads elsewhere."""
    path = folder / name
    if path.name != name or "\\" in name or path.resolve().parent != folder.resolve():
        raise ValueError(f"{name!r:.80} is no name of a file in it")
    if path.exists() and not path.is_file():
        raise ValueError(f"{name!r:.80} is no file")
    return path


def _damaged(folder: Path, error: Exception) -> TapeMismatch:
    return TapeMismatch(
        f"{folder} is not a tape: {_why(error) or type(error).__name__}", remedy="give a folder that hi.record wrote"
    )


def _unwritable(folder: Path, error: Exception) -> TapeMismatch:
    return TapeMismatch(
        f"the tape cannot be written to {folder}: {_why(error)}",
        remedy="give a new folder in a place where you may write",
    )


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error)


class Recorder:
    """Listens on a wire; `wrap` it around the transport, then ask for `exchanges`.

    `secrets` are those that went by. A tape that is played asks for none: what stands in for a login there is none.
    """

    def __init__(self, *, played: bool = False) -> None:
        self.secrets: set[str] = set()
        self._played = played
        self._heard: list[Exchange] = []
        self._lock = threading.Lock()

    def wrap(self, inner: httpx.BaseTransport) -> httpx.BaseTransport:
        """`inner`, overheard."""
        return _Overheard(inner, self)

    def hear(self, request: httpx.Request, response: httpx.Response) -> None:
        """Keep one exchange, and remember the secrets that went by."""
        secrets = secrets_of(request)
        secrets |= cookies(header.partition(";")[0] for header in response.headers.get_list("Set-Cookie"))
        exchange = Exchange(
            request=request_line(request), status=response.status_code,
            retry_after=response.headers.get("Retry-After", ""), body=response.content,
        )  # fmt: skip
        with self._lock:
            self._heard.append(exchange)
            if not self._played:
                self.secrets |= secrets

    def exchanges(self) -> tuple[Exchange, ...]:
        """What was heard, scrubbed, and checked to hold no secret."""
        scrubbed = []
        for one in self._heard:
            operation = _operation(one.request)
            body = scrub(one.body, operation, self.secrets)
            check_scrubbed(body, operation, self.secrets)
            request = scrub(one.request.encode(), "", self.secrets).decode()
            scrubbed.append(attrs.evolve(one, request=request, body=body))
        return tuple(scrubbed)


class _Overheard(httpx.BaseTransport):
    def __init__(self, inner: httpx.BaseTransport, recorder: Recorder) -> None:
        self._inner = inner
        self._recorder = recorder

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        response.request = request
        with closing(response):
            response = whole(response)
        self._recorder.hear(request, response)
        # The body was read and decompressed here: hand it on as it is now.
        kept = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in _FRAMING]
        return httpx.Response(response.status_code, headers=kept, content=response.content)

    def close(self) -> None:
        self._inner.close()


_FRAMING = ("content-encoding", "content-length", "transfer-encoding")


class Player(httpx.BaseTransport):
    """Answers from a tape. The same request again gets the next answer to it; the last one stays."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self._answers: dict[str, list[Exchange]] = defaultdict(list)
        for exchange in tape.exchanges:
            self._answers[exchange.request].append(exchange)
        self._played: dict[str, int] = defaultdict(int)
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        line = scrub(request_line(request).encode()).decode()
        answers = self._answers.get(line)
        if not answers:
            raise TapeMismatch(f"the tape holds no answer to: {line}", remedy=self._nearest(line))
        with self._lock:
            number = self._played[line]
            self._played[line] += 1
        exchange = answers[min(number, len(answers) - 1)]
        headers = {"Content-Type": _SUFFIXES[_suffix(exchange.body)]}
        if exchange.retry_after:
            headers["Retry-After"] = exchange.retry_after
        return httpx.Response(exchange.status, headers=headers, content=exchange.body)

    def _nearest(self, line: str) -> str:
        import difflib

        near = difflib.get_close_matches(line, list(self._answers), n=1, cutoff=0.6)
        hint = f"; the nearest it holds is: {near[0]}" if near else ""
        return f"record it again with this release; what was not recorded, ask the endpoint{hint}"

    def __getstate__(self) -> dict[str, object]:
        return {"tape": self.tape}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Player.__init__(self, state["tape"])


def request_line(request: httpx.Request) -> str:
    """What identifies a request on a tape: method, host, path, query; for SOAP and Resource Graph what is asked."""
    url = request.url
    query = "&".join(sorted(f"{name}={value}" for name, value in url.params.multi_items()))
    host = url.host if url.port in (None, 443) else f"{url.host}:{url.port}"
    line = f"{request.method} {host}{url.path}" + (f"?{query}" if query else "")
    if request.method != "POST":
        return line
    content = request.content
    if b"Envelope" in content[:400]:
        return f"{line} {_soap_operation(content)}"
    return f"{line} {_asked(content)}".rstrip()


def _operation(line: str) -> str:
    return line.split(" ", 2)[2] if line.startswith("POST ") and line.count(" ") >= 2 else line


def _soap_operation(content: bytes) -> str:
    """The method, the types and paths it asks for, the first of the objects and their number, and a page's token.

    References to session objects are left out: they are others each time.
    """
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    call = next(element for element in root.iter("{*}Body"))[0]
    words = [etree.QName(call).localname]
    for element in call.iter("{*}propSet"):
        paths = sorted(path.text or "" for path in element.iter("{*}pathSet"))
        words.append(f"{element.findtext('{*}type')}({','.join(paths)})")
    named = [element.text or "" for element in call.iterfind("{*}specSet/{*}objectSet/{*}obj")]
    if named and not named[0].startswith("session["):
        words += [named[0], str(len(named))]
    if words[0].startswith("CreateContainerView"):
        words += [element.text or "" for element in call.iter("{*}type")]
    words += [element.text or "" for element in call.iter("{*}token")]
    return " ".join(words)


def _asked(content: bytes) -> str:
    """The query of Resource Graph with its page, or the first of the tags that are asked for and their number."""
    try:
        body = json.loads(content)
    except ValueError:
        return ""
    if tags := body.get("tag_ids"):
        return f"{tags[0]} {len(tags)}"
    token = (body.get("options") or {}).get("$skipToken", "")
    return " ".join(
        part for part in (str(body.get("query", "")), ",".join(body.get("subscriptions") or ()), token) if part
    )


def _suffix(body: bytes) -> str:
    start = body.lstrip()[:1]
    return "xml" if start == b"<" else "json" if start in (b"{", b"[") else "txt"


def _slug(request: str) -> str:
    words = re.sub(r"\?.*?(?= |$)", "", request).split(" ")
    name = words[2] if len(words) > 2 and words[0] == "POST" and not words[2].startswith("resources") else words[1]
    return re.sub(r"[^A-Za-z0-9]+", "-", name.rpartition("/providers/")[2] or name).strip("-")[:60]
