"""What all ARM bodies share: ids, statuses, pages, errors, api-versions, endpoints."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from html import unescape
from itertools import islice
from sys import intern
from typing import Any

import attrs
import orjson

from hybridinv.errors import TruncatedAnswer, UnexpectedAnswer
from hybridinv.wire.reading import Body, collector_at_rest, look, many, need, shown
from hybridinv.wire.secrets import excerpt, redact

_REPORT = "report it with a tape of this endpoint (hi.record)"
_SUPPORTED = re.compile(r"supported (?:api-)?versions? (?:are|is):? ['\"]([^'\"]+)", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_ESCAPED = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
"""What follows a backslash in JSON: a pair of surrogates, one alone (in the group), anything else."""
_LONGEST = 2000
_MOST_DETAILS = 20
_LEVELS = {"": 0, "info": 1, "warning": 3, "error": 4}


def arm_id(text: str) -> str:
    """An ARM id in lower case: ids change their case between answers and inside one answer."""
    return text.strip().rstrip("/").lower()


@attrs.frozen(kw_only=True)
class ResourceId:
    """The parts of an ARM id, as written; `types` and `names` are those of its last provider."""

    text: str
    subscription_id: str = ""
    resource_group: str = ""
    provider: str = ""
    types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of what it points to; of a resource group or subscription, that name."""
        return self.names[-1] if self.names else self.resource_group or self.subscription_id

    @property
    def parent(self) -> str:
        """The id one level up, as written: the machine of an extension, the group of a machine."""
        parts = self.text.rstrip("/").split("/")[:-2]
        return "/".join(parts[:-2] if len(parts) > 1 and parts[-2].lower() == "providers" else parts)


def parse_id(text: str) -> ResourceId:
    """The parts of an ARM id in any letter case; what an odd or relative id lacks is empty."""
    text = text.strip()
    steps = text.split("/")
    if _is_usual(steps):
        return ResourceId(
            text=text, subscription_id=intern(steps[2]), resource_group=intern(steps[4]), provider=intern(steps[6]),
            types=tuple(steps[7::2]), names=tuple(steps[8::2]),
        )  # fmt: skip
    steps = [step for step in steps if step]
    places = {"subscriptions": "", "resourcegroups": "", "providers": ""}
    types: list[str] = []
    names: list[str] = []
    for key, value in zip(steps[::2], [*steps[1::2], ""], strict=False):
        place = key.lower()
        if place == "providers":
            types, names = [], []
        if place == "providers" or (place in places and not places["providers"]):
            places[place] = intern(value)
        else:
            types.append(key)
            names.extend([value] if value else [])
    subscription, group, provider = places.values()
    return ResourceId(
        text=text, subscription_id=subscription, resource_group=group, provider=provider,
        types=tuple(types), names=tuple(names),
    )  # fmt: skip


def _is_usual(steps: list[str]) -> bool:
    """Whether an id is the plain one of a resource in a group: nearly all are, and need no walk through them."""
    return (
        len(steps) in (9, 11)
        and steps[0] == ""
        and "" not in steps[1:]
        and steps[1].lower() == "subscriptions"
        and steps[3].lower() == "resourcegroups"
        and steps[5].lower() == "providers"
        and steps[7].lower() != "providers" != steps[-2].lower()
    )


def own_id(body: Mapping[str, Any]) -> ResourceId:
    """The id of a resource; `UnexpectedAnswer` where it has none, for no record can be without."""
    value = need(body, "id")
    if not isinstance(value, str) or not value.strip():
        raise UnexpectedAnswer(f"the id is {shown(value)}, not a text", path="id", remedy=_REPORT)
    return parse_id(value)


def own_name(body: Body, rid: ResourceId) -> str:
    """The name of a resource without those of its parents (`region/node`), from its id where it is null."""
    name = body.text("name")
    before, _, last = name.rpartition("/")
    parents = "/".join(rid.names[:-1]).lower()
    carries = before and f"/{parents}".endswith(f"/{before.lower()}")
    return (last if carries else name) or rid.name


def extension_ids(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids, in lower case, of the extensions that a machine's `resources[]` says it has."""
    ids = (look(item, "id") for item in many(look(body, "resources")))
    found = (parse_id(id_) for id_ in ids if isinstance(id_, str))
    return tuple(arm_id(rid.text) for rid in found if [t.lower() for t in rid.types[-1:]] == ["extensions"])


def worst_status(view: Body) -> tuple[str, str]:
    """The worst level (`info`, `warning`, `error`) of an instance view, and the message that goes with it.

    Azure has `statuses[]` and `substatuses[]` with level `Info`, Arc one `status` with level `Information`.
    A level not known here is worse than `info`, and given in lower case.
    """
    worst, level, message = -1, "", ""
    for status in (*view.each("statuses"), *view.each("status"), *view.each("substatuses")):
        word = status.text("level").strip().lower().removesuffix("rmation")
        rank = _LEVELS.get(word, 2)
        said = status.text("message", "displayStatus")
        if rank > worst or (rank == worst and not message):
            worst, level, message = rank, word, said
    return level, message


@attrs.frozen(kw_only=True)
class Page:
    """One page of a list: its objects, the next page's address, and how many it says there are in all."""

    items: list[dict[str, Any]]
    next_link: str | None = None
    count: int | None = None
    odd: list[str] = attrs.field(factory=list)


@attrs.frozen(kw_only=True)
class GraphPage:
    """One page of a Resource Graph answer; `truncated` where the endpoint left rows out of the result."""

    rows: list[dict[str, Any]]
    skip_token: str | None = None
    total: int | None = None
    truncated: bool = False
    is_first: bool = True
    odd: list[str] = attrs.field(factory=list)


def decode(body: bytes, *, where: str) -> Any:
    """The JSON of an answer; `TruncatedAnswer` where it is cut, else `UnexpectedAnswer` where it is none."""
    body = body.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        return _loads(body)
    except orjson.JSONDecodeError as error:
        # orjson gives no document where a character was cut in two, and calls that bad UTF-8
        stops = error.pos >= len(error.doc) if error.doc else body[-1:] not in (b"}", b"]")
        if body[:1] in (b"{", b"[") and stops:
            raise TruncatedAnswer(
                f"the answer of {where} stops in the middle, after {len(body)} bytes", remedy="ask again"
            ) from None
        if not stops:
            with suppress(ValueError, RecursionError):
                return _mended(body)
        came = f"{excerpt(body)!r:.100} instead of JSON" if body else "nothing"
        raise UnexpectedAnswer(
            f"{where} answered {came}",
            remedy="check that this is an ARM address, and that no proxy or login page answers in its place",
        ) from None


def _loads(body: bytes) -> Any:
    with collector_at_rest:
        return orjson.loads(body)


def _mended(body: bytes) -> Any:
    """The JSON of a body with characters or numbers that JSON does not have: one of them must not cost a page."""
    text = _ESCAPED.sub(lambda found: "\\ufffd" if found[1] else found[0], body.decode("utf-8", "replace"))
    return json.loads(text, strict=False, parse_int=lambda digits: int(digits) if len(digits) < 400 else float(digits))


def read_page(body: bytes, *, where: str) -> Page:
    """One page of a list: `{value, nextLink}` or a bare array; `odd` tells of what in it is not an object.

    `where` names the request for messages. A nextLink that is null, missing or an empty text is the end, no other is.
    """
    answer = decode(body, where=where)
    value = answer if isinstance(answer, list) else look(answer, "value")
    if not isinstance(value, list):
        raise UnexpectedAnswer(f"{where} answered no list: {_said(answer)}", path="value", remedy=_REPORT)
    link = look(answer, "nextLink")
    if link is not None and not isinstance(link, str):
        raise UnexpectedAnswer(f"the nextLink of {where} is {shown(link)}", path="nextLink", remedy=_REPORT)
    items, odd = _objects(value, "value")
    count = _whole(look(answer, "count"), look(answer, "count.value"))
    return Page(items=items, next_link=link or None, count=count, odd=odd)


def read_graph_page(body: bytes, *, where: str = "Resource Graph") -> GraphPage:
    """One page of a Resource Graph answer, in objectArray or table form (`data.columns`, `data.rows`).

    `total` is `totalRecords`. `TruncatedAnswer` where there are fewer rows than the page's own `count`.
    """
    answer = decode(body, where=where)
    data = look(answer, "data")
    if isinstance(look(data, "columns"), list) and isinstance(look(data, "rows"), list):
        names = [str(look(column, "name")) for column in data["columns"]]
        data = [dict(zip(names, row, strict=True)) if _fits(row, names) else row for row in data["rows"]]
    if not isinstance(data, list):
        raise UnexpectedAnswer(f"{where} answered no rows: {_said(answer)}", path="data", remedy=_REPORT)
    count = _whole(look(answer, "count"))
    if count is not None and len(data) < count:
        raise TruncatedAnswer(f"{where} gave {len(data)} rows of {count}", path="data", remedy="ask again")
    rows, odd = _objects(data, "data")
    token = look(answer, "$skipToken")
    if token is not None and not isinstance(token, str):
        raise UnexpectedAnswer(f"the $skipToken of {where} is {shown(token)}", path="$skipToken", remedy=_REPORT)
    return GraphPage(
        rows=rows, odd=odd, skip_token=token or None,
        total=_whole(look(answer, "totalRecords")),
        truncated=str(look(answer, "resultTruncated")).strip().lower() == "true",
    )  # fmt: skip


def _objects(values: list[Any], path: str) -> tuple[list[dict[str, Any]], list[str]]:
    others = ((i, value) for i, value in enumerate(values) if not isinstance(value, dict))
    odd = [f"{path}[{i}]: expected an object, got {shown(value)}" for i, value in others]
    return [value for value in values if isinstance(value, dict)] if odd else values, odd


def _fits(row: object, names: list[str]) -> bool:
    return isinstance(row, list) and len(row) == len(names)


def _whole(*values: object) -> int | None:
    return next((value for value in values if isinstance(value, int) and not isinstance(value, bool)), None)


def _said(answer: object) -> str:
    fault = _fault(answer)
    return f"{fault.code} {fault.message}".strip() or redact(shown(answer, 20_000))[:80]


@attrs.frozen(kw_only=True)
class ArmFault:
    """What an error body says; `supported_api_versions` where it lists them. What is no JSON is foreign to ARM."""

    code: str = ""
    message: str = ""
    details: tuple[str, ...] = ()
    supported_api_versions: tuple[str, ...] = ()
    is_foreign: bool = False


def read_error(body: bytes) -> ArmFault:
    """What an error body says: ARM's and OData's shapes, an HTML page (its title), any text; never raises."""
    try:
        answer = decode(body, where="")
    except UnexpectedAnswer:
        title = _TITLE.search(body[:20_000].decode("utf-8", "replace"))
        said = redact(" ".join(unescape(title[1]).split())) if title else excerpt(body)
        return ArmFault(message=said, is_foreign=bool(body.strip()))
    return _fault(answer)


def _fault(answer: object) -> ArmFault:
    fields = answer if isinstance(answer, Mapping) else {}
    error = fields.get("error") or fields.get("odata.error") or answer
    if isinstance(error, str):
        error = {"code": error, "message": fields.get("error_description") or fields.get("message")}
    code, message = (redact(_text(error, name)[:_LONGEST]) for name in ("code", "message"))
    details = tuple(redact(detail[:_LONGEST]) for detail in islice(_details(error), _MOST_DETAILS))
    versions = supported_versions(" ".join((message, *details)))
    return ArmFault(code=code, message=message, details=details, supported_api_versions=versions)


def supported_versions(text: str) -> tuple[str, ...]:
    """The api-versions that the text of an error says are supported; empty where it says none."""
    found = _SUPPORTED.search(text)
    return tuple(filter(None, map(str.strip, found[1].split(",")))) if found else ()


def _text(error: object, name: str) -> str:
    value = look(error, name) or look(error, name.capitalize()) or ""
    if isinstance(value, Mapping):  # OData: {"lang": …, "value": …}
        value = value.get("value", "")
    return value if isinstance(value, str) else str(value)


def _details(error: object, depth: int = 5) -> Iterable[str]:
    for detail in many(look(error, "details")) if depth else ():
        said = dict.fromkeys((_text(detail, "code"), _text(detail, "message")))
        if text := detail if isinstance(detail, str) else ": ".join(filter(None, said)):
            yield text
        yield from _details(detail, depth - 1)


def choose_version(offered: Iterable[str], known: Iterable[str]) -> str | None:
    """The first of the known api-versions, in order of preference, that is offered; None where none is."""
    there = {version.strip().lower() for version in offered}
    return next((version for version in known if version.lower() in there), None)


def read_providers(body: bytes) -> dict[str, tuple[str, ...]]:
    """The api-versions a provider offers, by resource type in lower case (`resourceTypes[].apiVersions`)."""
    provider = decode(body, where="the provider")
    need(provider, "resourceTypes")
    types = Body(provider).each("resourceTypes")
    return {item.text("resourceType").lower(): item.texts("apiVersions") for item in types}


@attrs.frozen(kw_only=True)
class Endpoints:
    """Where a cloud signs its users in, and the audience its ARM wants a token for; addresses as written."""

    login: str
    audience: str
    tenant: str = ""
    graph: str = ""
    portal: str = ""

    @property
    def is_adfs(self) -> bool:
        """Signed in by AD FS, which has no tenants, instead of Entra ID."""
        return self.login.rstrip("/").lower().endswith("/adfs")


def read_endpoints(body: bytes, *, endpoint: str = "") -> Endpoints:
    """The answer of `/metadata/endpoints`, of version 2015-01-01 (Stack Hub) to 2022-09-01 (Azure).

    2019-05-01 lists all clouds: the one of the ARM address `endpoint` is taken, else the first.
    """
    answer = decode(body, where="/metadata/endpoints")
    clouds = [cloud for cloud in many(answer) if isinstance(cloud, Mapping)]
    ours = (c for c in clouds if endpoint and arm_id(str(look(c, "resourceManager"))) == arm_id(endpoint))
    cloud = Body(next(ours, clouds[0] if clouds else {}))
    login, audiences = cloud.text("authentication.loginEndpoint"), cloud.texts("authentication.audiences")
    for path, value in (("authentication.loginEndpoint", login), ("authentication.audiences", audiences)):
        if not value:
            raise UnexpectedAnswer(f"the answer has no {path}", path=path, remedy=_REPORT)
    return Endpoints(
        login=login, audience=audiences[0],
        tenant=cloud.text("authentication.tenant"), portal=cloud.text("portalEndpoint", "portal"),
        graph=cloud.text("graphEndpoint", "graph", "graphAudience"),
    )  # fmt: skip
