"""Records as HTML and as short text for notebooks: bounded, escaped, without script, for light and dark pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from hybridinv.model.wording import cell, visible

if TYPE_CHECKING:
    from collections.abc import Callable

SHOWN_ROWS = 20
_LISTED_ROWS = 50
SHOWN_COLUMNS = 10
_SHOWN_FIELDS = 60
_SHOWN_CHARACTERS = 80
_SHOWN_WORDS = 600
_SHOWN_PROBLEM = 800
_WORDS = frozenset({"message", "remedy", "reason", "note", "meaning"})
"""Columns that are for reading: they are cut only where they are endless."""
_POINTED_CHARACTERS = 300
_LONG = 40
"""A cell of more letters may break into lines."""
_SHOWN_TEXT = 2000
_STATES = {
    "bad": {"blocker", "not feasible", "stops", "error", "failed", "disconnected", "expired", "in_error"},
    "odd": {"warning", "restarts", "not_ready", "fallback"},
}
"""Words that get a colour as well; what they say does not hang on it."""
# A notebook's own colours where it has some, else what the reader's system prefers.
_STYLE = (
    "<style>"
    ".hybridinv{--hybridinv-bad:#b3261e;--hybridinv-odd:#8a5300;overflow-x:auto;max-width:100%}"
    "@media(prefers-color-scheme:dark){.hybridinv{--hybridinv-bad:#ff8a80;--hybridinv-odd:#ffb74d}}"
    ".hybridinv p{margin:.4em 0}"
    ".hybridinv table{border-collapse:collapse;margin:.4em 0;font-size:.92em}"
    ".hybridinv th,.hybridinv td{border-bottom:1px solid rgba(128,128,128,.35);padding:.25em .6em!important;"
    "text-align:left!important;vertical-align:top;white-space:nowrap;max-width:none}"
    ".hybridinv th{white-space:normal;min-width:0!important}"
    ".hybridinv td.number{text-align:right!important;font-variant-numeric:tabular-nums}"
    ".hybridinv td.long{white-space:normal;overflow-wrap:anywhere;min-width:20em;max-width:34em}"
    ".hybridinv .bad{color:var(--jp-error-color1,var(--vscode-errorForeground,var(--hybridinv-bad)));font-weight:600}"
    ".hybridinv .odd{color:var(--jp-warn-color0,var(--vscode-editorWarning-foreground,var(--hybridinv-odd)));"
    "font-weight:600}"
    ".hybridinv details{font-size:.92em;margin:.4em 0}"
    "</style>"
)
LEADING: dict[str, tuple[str, ...]] = {
    "VirtualMachine": (
        "name", "platform", "power_state", "os_type", "cpus", "memory_bytes", "host_id", "cluster_id", "ip_addresses",
    ),
    "Host": ("name", "cluster_id", "connection_state", "version", "build", "cpu_cores", "memory_bytes", "model"),
    "VMkernelAdapter": ("host_id", "device", "services", "ip_address", "mtu", "vlan_id", "link_speed_mbps"),
    "Extension": ("vm_id", "publisher", "type", "version", "provisioning_state", "status", "message"),
    "Cluster": ("name", "platform", "location", "host_ids", "cpu_cores", "memory_bytes"),
    "Datastore": ("name", "type", "capacity_bytes", "free_bytes", "shared", "accessible"),
    "MetricSample": ("vm_id", "counter", "unit", "at", "average", "minimum", "maximum"),
    "MetricSummary": ("vm_id", "counter", "unit", "day", "mean", "percentile_95", "maximum"),
    "Problem": ("platform", "source", "kind", "error", "message", "remedy", "scope"),
    "Finding": ("severity", "code", "subject_id", "message", "remedy"),
}  # fmt: skip
"""The columns of a record that come first where there is no room for all."""


class Names:
    """The names of records by their ids, looked up when first asked for."""

    __slots__ = ("_names", "_tables")

    def __init__(self, tables: Iterable[Sequence[Any]]) -> None:
        self._tables = tuple(tables)
        self._names: dict[str, str] | None = None

    def get(self, id: str) -> str:  # noqa: A002 - the field's name
        """The name of the record of that id; empty where there is none."""
        if self._names is None:
            self._names = {one.id: one.name for table in self._tables for one in table}
        return self._names.get(id, "")


class _Reference(NamedTuple):
    """Another record: its name is shown, its id is there for who points at it."""

    name: str
    id: str


class Shown:
    """Gives a record its HTML and its short text in notebooks; both show only what is known of it."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        # IPython looks at one class after the other, and attrs gives each a __repr__, which would come first.
        cls._repr_pretty_ = Shown._repr_pretty_  # type: ignore[method-assign]

    def _repr_html_(self) -> str:
        rows = [(name, _listed(value, name), doc.replace("`", "")) for name, value, doc in _known(self)]
        more = and_more(len(rows), _SHOWN_FIELDS, "fields")
        title = f"{type(self).__name__} {_cut(str(getattr(self, 'name', '')), _SHOWN_CHARACTERS)}".strip()
        table = html_table(("field", "value", "meaning"), rows[:_SHOWN_FIELDS], limit=_SHOWN_WORDS)
        return page(f"<p><strong>{cell(title)}</strong></p>", table, more)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002 - IPython's signature
        told = ", ".join(f"{name}={value!r:.{_POINTED_CHARACTERS}}" for name, value, _ in _known(self))
        printer.text(_cut(visible(f"{type(self).__name__}({told})"), _SHOWN_TEXT))


def _known(record: Any) -> list[tuple[str, Any, str]]:
    """The fields that hold something, with their documentation."""
    fields = attrs.fields(type(record))
    found = [(one.name, getattr(record, one.name), str(one.metadata.get("doc", ""))) for one in fields]
    defaults = {one.name: one.default for one in fields}
    return [one for one in found if one[1] != defaults[one[0]]]


def _listed(value: Any, name: str) -> Any:
    """A field of several records as their number and names."""
    if isinstance(value, tuple) and value and attrs.has(type(value[0])):
        names = ", ".join(filter(None, (str(getattr(one, "name", "") or "") for one in value)))
        return f"{len(value)}" + (f": {names}" if names else "")
    if attrs.has(type(value)):
        parts = (f"{field} {_shown(one, field)}" for field, one, _ in _known(value))
        return ", ".join(parts)
    return _shown(value, name)


def page(*parts: str) -> str:
    """The parts as one piece of HTML with its own small style, which touches nothing else of the page."""
    return f'<div class="hybridinv">{_STYLE}{"".join(parts)}</div>'


def html_table(names: Sequence[str], rows: Iterable[Iterable[object]], *, limit: int = _SHOWN_CHARACTERS) -> str:
    """An HTML table of escaped, shortened cells: names of machines are not to be trusted."""
    head = "".join(f"<th>{cell(_cut(name, limit))}</th>" for name in names)
    body = "".join("<tr>" + "".join(map(_cell, row, names, [limit] * len(names))) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def bounded_table(names: Sequence[str], rows: Sequence[Sequence[object]], *, shown: int = _LISTED_ROWS) -> str:
    """A table of messages, cut after so many rows; nothing where there are none."""
    if not rows:
        return ""
    return html_table(names, rows[:shown], limit=_SHOWN_WORDS) + and_more(len(rows), shown)


def findings_table(findings: Sequence[Any]) -> str:
    """The findings of a plan or a check as a table, with their sources; nothing where there are none."""
    rows = [(one.severity, one.code, one.message, one.remedy) for one in findings]
    return bounded_table(("severity", "code", "message", "remedy"), rows) + sources_list(
        [(one.code, one.sources) for one in findings]
    )


def sources_list(told: Iterable[tuple[str, Sequence[str]]]) -> str:
    """The documents that something rests on, folded away; nothing where there are none."""
    lines = dict.fromkeys(f"{what}: {'; '.join(sources)}" for what, sources in told if sources)
    items = "".join(f"<li>{cell(_cut(line, _SHOWN_WORDS))}</li>" for line in list(lines)[:_LISTED_ROWS])
    return f"<details><summary>sources</summary><ul>{items}</ul></details>" if lines else ""


def records_html(kind: type, items: Sequence[Any], names: Names | None, nested: Callable[[str], bool]) -> str:
    """The first of some records as a table; columns that are empty in all of them are left out."""
    shown = items[:SHOWN_ROWS]
    leading = LEADING.get(kind.__name__, ())
    fields = [field.name for field in attrs.fields(kind)]
    heads: list[str] = []
    columns: list[list[Any]] = []
    left = 0
    for name in dict.fromkeys((*leading, *fields)):
        values: list[Any] = [getattr(item, name) for item in shown]
        is_reference = name.endswith(("_id", "_ids")) and name != "vlan_id"
        if is_reference:
            values = [_referred(value, names, tail=name in leading or "name" not in fields) for value in values]
        if name not in leading and (nested(name) or (name == "id" and "name" in fields)):
            continue
        if any(value not in (None, "", ()) for value in values) or (not shown and not is_reference):
            if len(heads) == SHOWN_COLUMNS:
                left += 1
                continue
            heads.append(re.sub("_ids?$", "", name) if is_reference else name)
            columns.append(values)
    count = f"{len(items)} {kind.__name__} record{'' if len(items) == 1 else 's'}"
    table = html_table(heads, zip(*columns, strict=True))
    more = and_more(len(items), SHOWN_ROWS) + and_more(SHOWN_COLUMNS + left, SHOWN_COLUMNS, "fields")
    return f"<p>{count}</p>{table}{more}"


def _referred(value: Any, names: Names | None, *, tail: bool) -> Any:
    """An id, or several, by the names of their records; without a name the end of the id, or nothing."""
    if isinstance(value, (tuple, frozenset)):
        return tuple(filter(None, (_referred(one, names, tail=tail) for one in value)))
    if not value:
        return ""
    name = names.get(value) if names else ""
    return _Reference(name or value.rpartition("/")[2], value) if name or tail else ""


def shortened(text: str) -> str:
    """A problem without its middle, where it is long: what it is about comes first, what to do last."""
    half = _SHOWN_PROBLEM // 2
    return text if len(text) <= _SHOWN_PROBLEM else f"{text[:half]} … {text[-half:]}"


def and_more(count: int, shown: int, what: str = "") -> str:
    """`<p>3 more columns</p>`; nothing where all are shown."""
    return f"<p>{count - shown} more {what}</p>".replace(" </p>", "</p>") if count > shown else ""


def _cell(value: object, name: str, limit: int) -> str:
    whole = _shown(value, name)
    text = _cut(whole, _SHOWN_WORDS if name in _WORDS else limit)
    pointed = value.id if isinstance(value, _Reference) else whole if text != whole else ""
    title = f' title="{cell(pointed[:_POINTED_CHARACTERS])}"' if pointed else ""
    kind = "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else _state(whole)
    kind = kind or ("long" if len(text) > _LONG else "")
    kind = f' class="{kind}"' if kind else ""
    return f"<td{kind}{title}>{cell(text)}</td>"


def _state(text: str) -> str:
    return next((state for state, words in _STATES.items() if text.lower() in words), "")


def _shown(value: object, name: str = "") -> str:
    """A value as people read it."""
    if value is None:
        return ""
    if isinstance(value, _Reference):
        return value.name
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and name.endswith("_bytes"):
        return "< 0.1 GiB" if 0 < value < 2**30 / 20 else f"{value / 2**30:,.1f} GiB"
    if isinstance(value, float):
        return f"{value:,.10g}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={_shown(one)}" for key, one in value.items())
    if isinstance(value, (tuple, list, frozenset)):
        words = [_shown(one) for one in value]
        return ", ".join(sorted(words) if isinstance(value, frozenset) else words)
    return str(value)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
