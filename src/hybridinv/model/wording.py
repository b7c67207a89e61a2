"""How a migration plan is put into words: amounts, times, ways, and the sentence that a plan begins with."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hybridinv.model.migration import Flow, MigrationPlan

SERVICES = {
    "vmotion": "vMotion",
    "vSphereProvisioning": "Provisioning",
    "management": "Management",
    "storage": "the host's own storage paths",
    "unknown": "a way that no document names",
}
"""What people call a service; others go by their own name."""
DATA = {
    "memory": "memory",
    "config": "configuration files",
    "active_disk": "disks",
    "cold_disk": "cold disk data",
    "control": "control traffic",
}


INCOMPLETE = "InventoryIncomplete"
"""The code of the finding that something a plan would rest on could not be read."""


def visible(text: object) -> str:
    """A text in one line: what does not print is written as an escape, so that a name adds no line and no order."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in str(text))


def cell(value: object) -> str:
    """A value for an HTML page: escaped, and without what does not print."""
    return html.escape("".join(one if one.isprintable() else " " for one in str(value)))


def assumed(notes: Iterable[str]) -> list[str]:
    """What estimates rest on: each part of the notes once."""
    return list(dict.fromkeys(part for note in notes for part in note.split("; ") if part))


def size(count: int | None) -> str:
    """`8.0 GiB`; nothing where it is not known."""
    return "" if count is None else f"{count / 2**30:.1f} GiB"


def duration(seconds: float | None) -> str:
    """`about 11 s`; nothing where it is not known."""
    if seconds is None:
        return ""
    return f"about {seconds:.0f} s" if seconds < 120 else f"about {seconds / 60:.0f} min"


def speed(mbps: int | None) -> str:
    """`25 Gbit/s`; nothing where it is not known or the link is down."""
    return f"{mbps / 1000:g} Gbit/s" if mbps else ""


def both(what: str, numbers: Iterable[int | None]) -> str:
    """`MTU 9000`, or `MTU 1500 → 9000` where two ends differ."""
    known = list(dict.fromkeys(number for number in numbers if number is not None))
    return f"{what} {' → '.join(map(str, known))}" if known else ""


def ways(flows: Iterable[Flow]) -> list[tuple[Flow, ...]]:
    """The flows that go the same way, together; control traffic goes last, and alone."""
    together: dict[tuple[object, ...], list[Flow]] = {}
    for flow in flows:
        ends = (flow.source_adapter, flow.destination_adapter)
        key = (flow.data == "control", flow.service, flow.fallback, *(end and end.id for end in ends))
        together.setdefault(key, []).append(flow)
    return [tuple(together[key]) for key in sorted(together, key=lambda key: key[0] is True)]


def data_of(flows: Iterable[Flow]) -> str:
    """What goes that way: `memory and disks`."""
    return _listed([DATA[flow.data] for flow in flows])


def sentence(plan: MigrationPlan) -> str:
    """The plan as somebody would say it."""
    name, move = plan.vm.name, _move(plan)
    blockers = [finding for finding in plan.findings if finding.severity == "blocker"]
    if not plan.feasible:
        more = f", and {_count(len(blockers) - 1, 'more blocker')}" if len(blockers) > 1 else ""
        why = blockers[0].message if blockers else "see the findings"
        return f"{name} cannot {move} as things are: {why}{more}."
    if not plan.flows:
        return f"Nothing of {name} would move.{_incomplete(plan)}"
    said = [f"its {data_of(flows)} {_way(flows)}" for flows in ways(plan.flows)]
    if plan.stays:
        kept = [DATA[data] for data in plan.stays]
        said.append(f"its {_listed(kept)} {'stay' if len(kept) > 1 or kept[0].endswith('s') else 'stays'}")
    return f"{name} would {move}; {'; '.join(said)}. {_time(plan.seconds)}{_warned(plan)}{_incomplete(plan)}"


def _incomplete(plan: MigrationPlan) -> str:
    lacking = any(finding.code == INCOMPLETE for finding in plan.findings)
    return " That is as far as the inventory goes, which is incomplete." if lacking else ""


def _move(plan: MigrationPlan) -> str:
    """`move hot from esx01 to esx02 and onto san02`."""
    source, destination = (name or "an unknown host" for name in (plan.source_host_name, plan.destination_host_name))
    store = plan.destination_datastore_name
    if plan.destination_host_id in ("", plan.source_host_id):
        return f"move {plan.state} onto {store}" if store else f"move {plan.state}"
    return f"move {plan.state} from {source} to {destination}" + (f" and onto {store}" if store else "")


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "How long it takes is not known."
    return f"It takes {duration(seconds)}." if seconds else "There is nothing to copy."


def _way(flows: Sequence[Flow]) -> str:
    flow = flows[0]
    service = SERVICES.get(flow.service, flow.service)
    many = len(flows) > 1 or DATA[flow.data].endswith("s")
    verb = ("fall back to" if many else "falls back to") if flow.fallback else ("go over" if many else "goes over")
    ends = [end for end in (flow.source_adapter, flow.destination_adapter) if end]
    if not ends:
        return f"{verb} {service}"
    wire = [
        both("VLAN", [end.vlan_id for end in ends]),
        both("MTU", [end.mtu for end in ends]),
        speed(flow.link_speed_mbps),
    ]
    within = ", ".join(part for part in wire if part)
    way = " → ".join(end.device for end in ends)
    return f"{verb} {service}, {way}" + (f" ({within})" if within else "")


def _warned(plan: MigrationPlan) -> str:
    count = sum(finding.severity == "warning" for finding in plan.findings)
    return f" {_count(count, 'warning')} {'deserves' if count == 1 else 'deserve'} a look." if count else ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
