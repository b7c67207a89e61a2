"""A migration plan as a picture: SVG without script, links or anything from elsewhere.

Inside a page it takes the page's own colour of text, so it fits a light and a dark one; alone it brings both. The
fallback is dashed as well as orange, and what is marked has a sign and its words, so colour alone says nothing.
"""

from __future__ import annotations

import html
import unicodedata
import zlib
from typing import TYPE_CHECKING

from hybridinv.model.findings import Severity
from hybridinv.model.wording import SERVICES, both, data_of, duration, sentence, size, speed, ways

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hybridinv.model.migration import Flow, MigrationPlan
    from hybridinv.model.vmkernel import VMkernelAdapter

_WIDTH = 1196
_MIDDLE = _WIDTH // 2
_HOST, _VMK, _SWITCH, _UPLINK, _NETWORK = 128, 106, 116, 92, 144
_GAP, _MARGIN, _TOP, _LANE, _BOX = 18, 12, 44, 90, 52
_LANES = 8
"""More ways than a plan has; a picture is never taller than that."""
_LETTER = 6.9
"""Width of a letter of 12 pixels, on average and rather too much."""
_SHOWN = 300
_NORMAL, _FALLBACK, _UNKNOWN, _BAD = "#3b82f6", "#d97706", "#808890", "#dc4a3d"
"""Each has a contrast of 3 and more on white and on black."""
_LINES = {"normal": (_NORMAL, ""), "fallback": (_FALLBACK, "5 3"), "unknown": (_UNKNOWN, "2 4")}
_LEGEND = {
    "normal": "the service that is preferred",
    "fallback": "fallback: the preferred service is not set up",
    "unknown": "no document says what carries it, or there is no adapter",
}
_FITS = 'style="max-width:100%;height:auto" '
_ALONE = (
    "<style>svg.hybridinv-plan{color:#1f2328;background:#fff}"
    "@media (prefers-color-scheme:dark){svg.hybridinv-plan{color:#e6edf3;background:#0d1117}}</style>"
)


def draw(plan: MigrationPlan, *, alone: bool = False) -> str:
    """The plan as an `<svg>`: a lane for each way from host to host; `alone` for a file of its own."""
    lanes = ways(plan.flows)
    shown = lanes[:_LANES]
    body = [*_hosts(plan, shown)]
    for number, flows in enumerate(shown):
        body += _lane(plan, flows, _TOP + number * _LANE)
    foot = _TOP + max(len(shown), 1) * _LANE + 14
    body += _legend(shown, foot)
    if len(lanes) > len(shown):
        body.append(_text(_MARGIN, foot + 20, f"and {len(lanes) - len(shown)} more ways"))
    return _whole(plan, "".join(body), foot + 30, alone=alone)


def _whole(plan: MigrationPlan, body: str, height: int, *, alone: bool) -> str:
    said, title = _plain(sentence(plan), 10 * _SHOWN), _plain(plan.title)
    name = f"hybridinv-{zlib.crc32((title + said + body).encode()):08x}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="hybridinv-plan" role="img" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" {"" if alone else _FITS}fill="none" '
        'font-family="system-ui, sans-serif" font-size="12" '
        f'aria-labelledby="{name}-title {name}-desc"><title id="{name}-title">{title}</title>'
        f'<desc id="{name}-desc">{said}</desc>{_ALONE if alone else ""}'
        f"{_text(_MARGIN, 24, plan.title, room=_WIDTH - 2 * _MARGIN, weight=600, points=15)}{body}</svg>"
    )


def _hosts(plan: MigrationPlan, lanes: Sequence[Sequence[Flow]]) -> Iterator[str]:
    """The two tall boxes: where the machine is, and where it goes."""
    height = max(len(lanes), 1) * _LANE - 8
    right = _WIDTH - _MARGIN - _HOST
    name, store = plan.vm.name, plan.destination_datastore_name
    yield _tall(_MARGIN, height, "from host", plan.source_host_name, name, "")
    if not _one_host(plan):
        yield _tall(right, height, "to host", plan.destination_host_name, name, store, arrives=True)
    elif store:
        copied = sum(flows[0].data != "control" for flows in lanes)
        yield _tall(right, max(copied, 1) * _LANE - 8, "to datastore", store, name, "", arrives=True)


def _tall(x: int, height: int, label: str, name: str, vm: str, store: str, *, arrives: bool = False) -> str:
    middle, center = _TOP + height / 2, x + _HOST / 2
    dash = ' stroke-dasharray="4 3"' if arrives else ""
    short, dot, domain = name.partition(".")
    if short.isdigit():  # an address
        short, dot, domain = name, "", ""
    lines = [(-28, label, 10, 0), (-14, short or "?", 12, 600), (-2, dot + domain, 10, 0)]
    lines += [(19, vm, 11, 0), (38, f"on {store}" if store else "", 10, 0)]
    return (
        f"<g><title>{_plain(name)}: {_plain(vm)}</title>{_frame(x, _TOP, _HOST, height, line=1.5)}"
        f'<rect x="{x + 8}" y="{middle + 5:g}" width="{_HOST - 16}" height="20" rx="10" stroke="currentColor"{dash}/>'
        + "".join(
            _text(center, middle + down, text, anchor="middle", weight=weight, points=points, room=_HOST - 28)
            for down, text, points, weight in lines
            if text
        )
        + "</g>"
    )


def _lane(plan: MigrationPlan, flows: Sequence[Flow], top: int) -> Iterator[str]:
    """One way: what goes there above, the boxes and lines that it goes through below."""
    flow = flows[0]
    control = flow.data == "control"
    whole = None if any(one.bytes is None for one in flows) else sum(one.bytes or 0 for one in flows)
    times = [one.seconds for one in flows if one.seconds is not None]
    facts = (
        f"{data_of(flows)} over {SERVICES.get(flow.service, flow.service)}",
        ", ".join(dict.fromkeys(one.protocol for one in flows if one.protocol)),
        "" if control else size(whole),
        duration(sum(times)) if len(times) == len(flows) else "",
        "fallback" if flow.fallback else "",
    )
    start = _MARGIN + _HOST + _GAP
    yield _text(start, top + 12, " · ".join(part for part in facts if part), room=_WIDTH - 2 * start)
    y = top + 22
    yield from _path(plan, flow, y)


def _path(plan: MigrationPlan, flow: Flow, y: int) -> Iterator[str]:
    style = _style(flow)
    near = _MARGIN + _HOST
    left, right = _MIDDLE - _NETWORK // 2, _MIDDLE + _NETWORK // 2
    wanted = flow.service not in ("storage", "unknown")
    yield from _side(plan, flow.source_adapter if wanted else None, near, left, y, style, missing=wanted)
    control = flow.data == "control"
    yield _middle(flow, left, y)
    mid = y + _BOX / 2
    if control and _one_host(plan):
        return
    far = _WIDTH - _MARGIN - _HOST
    yield from _side(plan, flow.destination_adapter if wanted else None, far, right, y, style, missing=wanted)
    yield _arrow(far, mid, style, to_right=True)
    if control:  # vCenter speaks to each host
        yield _arrow(near, mid, style, to_right=False)


def _style(flow: Flow) -> str:
    if flow.fallback:
        return "fallback"
    ends = (flow.source_adapter, flow.destination_adapter)
    lacking = flow.service not in ("storage", "unknown") and not all(ends)
    return "unknown" if flow.service == "unknown" or lacking else "normal"


def _side(
    plan: MigrationPlan,
    adapter: VMkernelAdapter | None,
    host: float,
    network: float,
    y: int,
    style: str,
    *,
    missing: bool,
) -> Iterator[str]:
    """From a host to the network in the middle: its adapter, the switch, the uplink."""
    mid, to_right = y + _BOX / 2, network > host
    boxes: list[tuple[int, Sequence[str], bool]] = []
    if adapter:
        more = f" +{len(adapter.uplinks) - 1}" if len(adapter.uplinks) > 1 else ""
        link = "link down" if adapter.link_speed_mbps == 0 else speed(adapter.link_speed_mbps)
        boxes = [
            (_VMK, (adapter.device, adapter.ip_address, both("MTU", [adapter.mtu])), False),
            (_SWITCH, (adapter.switch, both("MTU", [adapter.switch_mtu])), False),
            (_UPLINK, (adapter.uplinks[0] + more if adapter.uplinks else "", link), False),
        ]
    elif missing:
        boxes = [(_VMK, ("no adapter", "for this service"), True)]
    at = host
    for width, lines, dashed in boxes:
        far = at + _GAP if to_right else at - _GAP
        yield _line(at, far, mid, style)
        x = far if to_right else far - width
        yield _box(x, y, width, lines, dashed=dashed)
        at = far + width if to_right else far - width
    yield _line(at, network, mid, style)
    if adapter:
        x = host + _GAP if to_right else host - _GAP - _VMK
        yield _mark(plan, adapter.id, x + _VMK - 9, y + 1)


def _middle(flow: Flow, x: float, y: int) -> str:
    if flow.data == "control":
        return _box(x, y, _NETWORK, ("vCenter", *_groups(flow)), rounded=True)
    if flow.service == "storage":
        return _box(x, y, _NETWORK, ("storage", "no VMkernel service"), rounded=True)
    if flow.service == "unknown":
        return _box(x, y, _NETWORK, ("?", "not documented"), rounded=True, dashed=True)
    ends = [end for end in (flow.source_adapter, flow.destination_adapter) if end]
    vlans = dict.fromkeys(_vlan(end.vlan_id) for end in ends)
    about = " → ".join(vlan for vlan in vlans if vlan).replace("→ VLAN", "→")
    return _box(x, y, _NETWORK, (*_groups(flow), about), rounded=True)


def _groups(flow: Flow) -> list[str]:
    """The port groups of both ends, one line for each where they differ."""
    ends = (flow.source_adapter, flow.destination_adapter)
    names = list(dict.fromkeys(end.portgroup for end in ends if end and end.portgroup))
    return [names[0] if names else "network", *(f"→ {name}" for name in names[1:])]


def _vlan(number: int | None) -> str:
    return "" if number is None else f"VLAN {number}" if number else "no VLAN"


def _one_host(plan: MigrationPlan) -> bool:
    return plan.destination_host_id in ("", plan.source_host_id)


def _legend(lanes: Sequence[Sequence[Flow]], y: int) -> Iterator[str]:
    x = _MARGIN
    for style in dict.fromkeys(_style(flows[0]) for flows in lanes):
        yield _line(x, x + 34, y - 4, style)
        yield _text(x + 42, y, _LEGEND[style], points=11)
        x += 42 + round(len(_LEGEND[style]) * _LETTER) + 24


def _mark(plan: MigrationPlan, id_: str, x: float, y: float) -> str:
    """A sign where a finding is about this adapter; its words are there for who points at it, and in the table."""
    about = [one for one in plan.findings if one.subject_id == id_ and one.severity is not Severity.INFO]
    if not about:
        return ""
    colour = _BAD if any(one.severity is Severity.BLOCKER for one in about) else _FALLBACK
    said = _plain("; ".join(f"{one.severity} {one.code}: {one.message}" for one in about))
    return (
        f'<g><title>{said}</title><path d="M{x:g} {y - 9:g}l9 16h-18z" fill="{colour}"/>'
        f'<text x="{x:g}" y="{y + 5:g}" text-anchor="middle" font-size="11" font-weight="700" fill="#fff">!</text></g>'
    )


# shapes


def _box(x: float, y: float, width: int, lines: Iterable[str], *, rounded: bool = False, dashed: bool = False) -> str:
    """A box; its first line names it, the smaller ones say more."""
    first, *rest = [line for line in lines if line] or ["?"]
    middle, top = x + width / 2, y + _BOX / 2 + 4 - 6.5 * len(rest)
    room = width - (22 if rounded else 8)
    return (
        f"<g><title>{_plain(' · '.join([first, *rest]))}</title>"
        + _frame(x, y, width, _BOX, radius=16 if rounded else 4, dashed=dashed)
        + _text(middle, top, first, anchor="middle", weight=600, points=11, room=room)
        + "".join(
            _text(middle, top + 13 * number, line, anchor="middle", points=10, room=room)
            for number, line in enumerate(rest, start=1)
        )
        + "</g>"
    )


def _frame(
    x: float, y: float, width: float, height: float, *, radius: int = 6, dashed: bool = False, line: float = 1
) -> str:
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius}" stroke="currentColor" '
        f'stroke-width="{line:g}"{dash}/>'
    )


def _line(start: float, end: float, y: float, style: str) -> str:
    colour, dash = _LINES[style]
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="M{start:g} {y:g}H{end:g}" stroke="{colour}" stroke-width="2.5"{dashed}/>'


def _arrow(x: float, y: float, style: str, *, to_right: bool) -> str:
    back = -9 if to_right else 9
    return f'<path d="M{x:g} {y:g}l{back} -5v10z" fill="{_LINES[style][0]}"/>'


def _text(
    x: float, y: float, text: str, *, anchor: str = "", weight: int = 0, points: int = 12, room: float = _WIDTH
) -> str:
    placed = f' text-anchor="{anchor}"' if anchor else ""
    heavy = f' font-weight="{weight}"' if weight else ""
    sized = f' font-size="{points}"' if points != 12 else ""
    letters = int(room / (_LETTER * points / 12 * (1.14 if weight else 1)))
    return f'<text x="{x:g}" y="{y:g}" fill="currentColor"{placed}{heavy}{sized}>{_plain(text, letters)}</text>'


def _plain(text: str, letters: int = _SHOWN) -> str:
    """Text that is only text, and not longer than that many letters; wide ones count twice."""
    width, kept = 0, []
    for letter in text[: letters + 1]:
        width += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if width > letters:
            break
        kept.append(letter if letter.isprintable() else " ")
    if len(kept) < len(text):
        kept[max(len(kept) - 1, 0) :] = "…"
    return html.escape("".join(kept))
