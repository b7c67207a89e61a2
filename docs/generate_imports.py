"""Draw images/imports.svg: the rooms of the house in their layers, and which of them import which.

The layers are those that import-linter keeps, the lines are read from the code; one that a longer way makes plain is
left out. `--check` only says whether the picture is current.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import grimp

PICTURE = Path(__file__).parent / "images" / "imports.svg"
PROJECT = Path(__file__).parents[1] / "pyproject.toml"
WIDE, HIGH, GAP, ROW, EDGE = 128, 30, 14, 62, 12
STYLE = """\
text{font:12px system-ui,sans-serif;fill:#1f2328;text-anchor:middle}
rect{fill:#f6f8fa;stroke:#8c959f}path{fill:none;stroke:#57606a;stroke-opacity:.45}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#21262d;stroke:#6e7681}path{stroke:#9da7b3}}"""


def layers() -> list[list[str]]:
    """The rooms of each layer that are there, the highest first."""
    contracts = tomllib.loads(PROJECT.read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    names = next(one["layers"] for one in contracts if one["type"] == "layers")
    rooms = [re.findall(r"[\w.]+", layer) for layer in names]
    there = grimp.build_graph("hybridinv", cache_dir=None).modules
    return [found for row in rooms if (found := [room for room in row if room in there])]


def imports(rooms: list[str]) -> set[tuple[str, str]]:
    """Which room imports which, where something in the one imports something in the other."""
    graph = grimp.build_graph("hybridinv", exclude_type_checking_imports=True, cache_dir=None)
    owner = {module: room for room in rooms for module in (room, *graph.find_descendants(room))}
    return {
        (owner[module], owner[other])
        for module in sorted(owner)
        for other in graph.find_modules_directly_imported_by(module)
        if other in owner and owner[other] != owner[module]
    }


def reduced(lines: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The lines without those that lead where a longer way leads too: with them the picture would be black."""
    below: dict[str, set[str]] = {}

    def reached(room: str) -> set[str]:
        if room not in below:
            direct = {imported for importer, imported in lines if importer == room}
            below[room] = direct.union(*map(reached, direct)) if direct else direct
        return below[room]

    return {
        (importer, imported)
        for importer, imported in lines
        if not any(imported in reached(other) for one, other in lines if one == importer)
    }


def render() -> str:
    """The picture."""
    rows = layers()
    width = max(len(row) for row in rows) * (WIDE + GAP) - GAP + 2 * EDGE
    height = len(rows) * ROW - (ROW - HIGH) + 2 * EDGE
    places = {}
    for down, row in enumerate(rows):
        left = (width - len(row) * (WIDE + GAP) + GAP) / 2
        places.update({room: (left + n * (WIDE + GAP) + WIDE / 2, EDGE + down * ROW) for n, room in enumerate(row)})
    lines = []
    for importer, imported in sorted(reduced(imports(list(places)))):
        (x, y), (to_x, to_y) = places[importer], places[imported]
        start, middle = y + HIGH, (y + HIGH + to_y) / 2
        lines.append(f'<path d="M{x:g} {start:g}C{x:g} {middle:g} {to_x:g} {middle:g} {to_x:g} {to_y:g}"/>')
    boxes = [
        f'<rect x="{x - WIDE / 2:g}" y="{y:g}" width="{WIDE}" height="{HIGH}" rx="5"/>'
        f'<text x="{x:g}" y="{y + HIGH / 2 + 4:g}">{room.removeprefix("hybridinv.")}</text>'
        for room, (x, y) in places.items()
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">'
    title = "<title>Which room of hybridinv imports which: all lines lead down</title>"
    return "\n".join((head, title, f"<style>{STYLE}</style>", *lines, *boxes, "</svg>\n"))


def main() -> int:
    """Write, or check."""
    if "--check" in sys.argv:
        return int(PICTURE.read_text("utf-8") != render())
    PICTURE.write_text(render(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
