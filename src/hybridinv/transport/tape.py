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
from pathlib import Path
from typing import Any

import attrs
import httpx
from lxml import etree

from hybridinv.errors import TapeMismatch
from hybridinv.transport.scrub import check_scrubbed, scrub

FORMAT = "hybridinv-tape"
VERSION = 1
PROVENANCES = ("recorded", "published", "seeded")
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

    def write(self, folder: Path) -> None:
        """Write the folder, whole or not at all; one tape may take the place of another."""
        if folder.exists() and not (folder / "tape.json").is_file() and any(folder.iterdir()):
            raise TapeMismatch(f"{folder} is there and is no tape", remedy="give an empty or a new folder")
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        try:
            self._write_into(temporary)
            shutil.rmtree(folder, ignore_errors=True)
            temporary.chmod(0o755)
            temporary.rename(folder)
        finally:
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
        (folder / "tape.json").write_text(json.dumps(head, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Tape:
        """The tape in a folder."""
        try:
            head = json.loads((folder / "tape.json").read_text(encoding="utf-8"))
            if head.get("format") != FORMAT or head.get("version") != VERSION:
                raise TapeMismatch(
                    f"{folder} is a tape of another format or version", remedy="record it again with this release"
                )
            return cls(
                platform=head["platform"], provenance=head["provenance"], product=head["product"],
                settings=head["settings"],
                exchanges=tuple(
                    Exchange(request=row["request"], status=row["status"], retry_after=row.get("retry_after", ""),
                             body=(folder / row["body"]).read_bytes())
                    for row in head["exchanges"]
                ),
            )  # fmt: skip
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise TapeMismatch(
                f"{folder} is not a tape: {error!r}", remedy="give a folder that hi.record wrote"
            ) from error


class Recorder:
    """Listens on a wire; `wrap` it around the transport, then ask for `exchanges`."""

    def __init__(self) -> None:
        self._heard: list[Exchange] = []
        self._secrets: set[str] = set()
        self._lock = threading.Lock()

    def wrap(self, inner: httpx.BaseTransport) -> httpx.BaseTransport:
        """`inner`, overheard."""
        return _Overheard(inner, self)

    def hear(self, request: httpx.Request, response: httpx.Response) -> None:
        """Keep one exchange, and remember the secrets that went by."""
        secrets = {request.headers.get("Authorization", "").rpartition(" ")[2]}
        for header in (*request.headers.get_list("Cookie"), *response.headers.get_list("Set-Cookie")):
            secrets.add(header.partition(";")[0].partition("=")[2].strip('"'))
        secrets.update(re.findall(r"<password>([^<]+)<", request.content.decode("utf-8", "replace")))
        exchange = Exchange(
            request=request_line(request), status=response.status_code,
            retry_after=response.headers.get("Retry-After", ""), body=response.content,
        )  # fmt: skip
        with self._lock:
            self._heard.append(exchange)
            self._secrets |= secrets - {""}

    def exchanges(self) -> tuple[Exchange, ...]:
        """What was heard, scrubbed, and checked to hold no secret."""
        scrubbed = []
        for one in self._heard:
            operation = _operation(one.request)
            body = scrub(one.body, operation, self._secrets)
            check_scrubbed(body, operation, self._secrets)
            request = scrub(one.request.encode(), "", self._secrets).decode()
            scrubbed.append(attrs.evolve(one, request=request, body=body))
        return tuple(scrubbed)


class _Overheard(httpx.BaseTransport):
    def __init__(self, inner: httpx.BaseTransport, recorder: Recorder) -> None:
        self._inner = inner
        self._recorder = recorder

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        response.read()
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
        return f"record it again with this release{hint}"

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
    return f"{line} {_graph_query(content)}"


def _operation(line: str) -> str:
    return line.split(" ", 2)[2] if line.startswith("POST ") and line.count(" ") >= 2 else line


def _soap_operation(content: bytes) -> str:
    """The method, the types and paths it asks for, and a page's token; references to session objects are left out."""
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    call = next(element for element in root.iter("{*}Body"))[0]
    words = [etree.QName(call).localname]
    for element in call.iter("{*}propSet"):
        paths = sorted(path.text or "" for path in element.iter("{*}pathSet"))
        words.append(f"{element.findtext('{*}type')}({','.join(paths)})")
    if words[0].startswith("CreateContainerView"):
        words += [element.text or "" for element in call.iter("{*}type")]
    words += [element.text or "" for element in call.iter("{*}token")]
    return " ".join(words)


def _graph_query(content: bytes) -> str:
    try:
        body = json.loads(content)
    except ValueError:
        return ""
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
