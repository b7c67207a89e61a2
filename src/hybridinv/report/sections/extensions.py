"""Extensions: by type, machine by type, and one by one."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from hybridinv.catalogue.extensions import extension_matrix
from hybridinv.inventory import count_of
from hybridinv.model import OSType
from hybridinv.model.versions import version_key
from hybridinv.report.parts import Alert, Cell, Note, Section, Table, Tone, Unit, columns
from hybridinv.report.sections.agents import findings
from hybridinv.report.seen import PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hybridinv.model import Extension
    from hybridinv.model.extensions import InstalledExtension
    from hybridinv.report.parts import Value
    from hybridinv.report.seen import Reading

_ARM = ("azure-stack-hub", "azure", "azure-arc")
_STATES = {"installed": Tone.GOOD, "failed": Tone.BAD, "in_transition": Tone.WARNING, "unknown": Tone.WARNING}
_ABSENT = ("missing", "not_read")
_SHOWN_TYPES = 12
_MOST_CELLS = 500_000
"""More cells than that are not worked out: the matrix grows with machines times types."""
Kind = tuple[str, str, str]


def extensions(reading: Reading) -> Section:
    """The extensions that are on machines, and which machine has which."""
    inv = reading.inv
    kinds = {(one.platform, one.publisher.lower(), one.type.lower()) for one in inv.extensions}
    small = len(kinds) * len(inv.vms) <= _MOST_CELLS
    cells = [one for one in extension_matrix(inv) if one.platform in _ARM] if small else []
    ids = {one.id: one for one in inv.extensions}
    found = [one for one in reading.agent_findings if one.subject_id in ids]
    failed = [one for one in inv.extensions if _is_failed(one)]
    none = reading.empty(("extensions",), _ARM, "No extension.")
    left_out = none if small else "Left out: there are too many machines and types. extension_matrix has it."
    said = f"{count_of('extension', len(failed))} failed, or in error"
    return Section(
        id="extensions",
        title="Extensions",
        source="Extensions of machines of Azure, Azure Stack Hub and Arc; extension_matrix and check_agents. What the"
        " catalogue of a region offers is not in an inventory: check_extensions compares with it.",
        unread=reading.unread(("extensions",), _ARM),
        notes=_notes(inv.extensions, small=small),
        alerts=(Alert(text=said, tone=Tone.BAD),) if failed else (),
        tables=(
            findings(
                "extension-findings", reading, found, reading.empty(("extensions",), _ARM, "Nothing was found."),
                lambda id_: f"{reading.name(ids[id_].vm_id) or '?'}: {ids[id_].type}",
            ),
            _by_type(cells, left_out),
            _matrix(cells, left_out),
            _list(reading, inv.extensions, none),
        ),
    )  # fmt: skip


def _notes(extensions: Sequence[Extension], *, small: bool) -> list[Note]:
    notes = []
    behind = sum(one.read_from == "resource-graph" for one in extensions)
    if behind:
        text = f"{count_of('extension', behind)} read from Resource Graph, which can be up to 30 hours behind."
        notes.append(Note(text=text, tone=Tone.WARNING))
    if not small:
        notes.append(Note(text="Too many machines and types for a matrix here: extension_matrix has it."))
    return notes


def _by_type(cells: Iterable[InstalledExtension], empty: str) -> Table:
    states: dict[Kind, Counter[str]] = defaultdict(Counter)
    versions: dict[Kind, Counter[str]] = defaultdict(Counter)
    for one in cells:
        kind = (one.type, one.publisher, one.platform)
        states[kind][one.state] += 1
        if one.version:
            versions[kind][one.version] += 1
    rows: list[tuple[Value, ...]] = []
    for kind, counts in sorted(states.items(), key=lambda item: (-item[1]["failed"], item[0])):
        type_, publisher, platform = kind
        there = sum(count for state, count in counts.items() if state not in _ABSENT)
        told = sorted(versions[kind].items(), key=lambda item: version_key(item[0]), reverse=True)
        rows.append((
            type_, publisher, PLATFORMS.get(platform, platform), there,
            Cell(counts["failed"], Tone.BAD) if counts["failed"] else 0, counts["missing"], counts["not_read"],
            ", ".join(f"{version} ({count})" for version, count in told),
        ))  # fmt: skip
    return Table(
        id="extension-types",
        caption="By type: on how many machines of the platform",
        columns=columns(
            "Type", "Publisher", "Platform", ("On", Unit.COUNT), ("Failed", Unit.COUNT), ("Without", Unit.COUNT),
            ("Not read", Unit.COUNT), "Versions, the newest first",
        ),
        rows=rows,
        empty=empty,
    )  # fmt: skip


def _matrix(cells: Sequence[InstalledExtension], empty: str) -> Table:
    """Machines by the types that are most often there; a type of another platform is left blank."""
    there = Counter(one.type for one in cells if one.state not in _ABSENT)
    types = [type_ for type_, _ in there.most_common(_SHOWN_TYPES)]
    machines: dict[str, dict[str, InstalledExtension]] = defaultdict(dict)
    for one in cells:
        machines[one.vm_id].setdefault(one.type, one)
    rows: list[tuple[Value, ...]] = []
    for own in machines.values():
        first = next(iter(own.values()))
        system = first.os_type if first.os_type is not OSType.UNKNOWN else None
        shown = [_state(own, type_) for type_ in types]
        rows.append(
            (
                first.machine,
                PLATFORMS.get(first.platform, first.platform),
                system,
                *shown,
            )
        )
    more = f": the {_SHOWN_TYPES} types most often there, of {len(there)}" if len(there) > _SHOWN_TYPES else ""
    return Table(
        id="extension-matrix",
        caption=f"Machine by type{more}",
        columns=columns("Machine", "Platform", "System", *types),
        rows=rows,
        empty=empty,
    )


def _state(own: Mapping[str, InstalledExtension], type_: str) -> Value:
    one = own.get(type_)
    if one is None:
        return ""
    if one.state in _ABSENT:
        return Cell("not read", Tone.WARNING) if one.state == "not_read" else Cell("none")
    return Cell(one.version or one.state.replace("_", " "), _STATES.get(one.state, Tone.PLAIN))


def _list(reading: Reading, extensions: Iterable[Extension], empty: str) -> Table:
    rows = [
        (
            reading.name(one.vm_id), PLATFORMS.get(one.platform, one.platform), one.type, one.publisher,
            one.version or None, Cell(one.provisioning_state or None, Tone.BAD if _is_failed(one) else Tone.PLAIN),
            one.status, {True: "yes", False: "no", None: None}[one.auto_upgrade], one.message,
        )
        for one in sorted(extensions, key=lambda one: not _is_failed(one))
    ]  # fmt: skip
    return Table(
        id="extension-list",
        caption="One by one, what has failed first",
        columns=columns(
            "Machine", "Platform", "Type", "Publisher", "Version", "State", "Status", "Auto-upgrade", "It says"
        ),
        rows=rows,
        empty=empty,
    )


def _is_failed(one: Extension) -> bool:
    return one.provisioning_state.lower() in ("failed", "canceled") or one.status == "error"
