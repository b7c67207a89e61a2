"""Write the request lines with their api-versions in the pages of the ARM platforms, as the demo's tapes have them.

`--check` only says whether they are current.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from hybridinv.demo import TAPES

PAGES = {name: Path(__file__).with_name(f"{name}.md") for name in ("azure", "azure-arc", "azure-stack-hub")}
LINES = re.compile(r"(<!-- requests -->\n).*?(<!-- end -->)", re.DOTALL)
PLACES = (
    (r"/subscriptions/[0-9a-f-]{36}", "/subscriptions/{id}"),
    (r"/resourceGroups/[^/?]+", "/resourceGroups/{group}"),
    (r"/(virtualMachines|locations|fabricLocations|computeScaleUnits|vcenters)/[^/?]+", r"/\1/{name}"),
)


def rows(tape: Path) -> list[str]:
    """One line of a table for each kind of request."""
    found = set()
    for exchange in json.loads((tape / "tape.json").read_text("utf-8"))["exchanges"]:
        verb, _, rest = exchange["request"].partition(" ")
        address, _, asked = rest.partition("?")
        host, _, path = address.partition("/")
        version = re.findall(r"api-version=([\w-]+)", asked)[0]
        for pattern, place in PLACES:
            path = re.sub(pattern, place, f"/{path.lstrip('/')}")
        status = "?statusOnly=true" if "statusOnly" in asked else ""
        plane = "operator: " if host.startswith("adminmanagement.") else ""
        found.add(f"| {plane}`{verb} {path}{status}` | {version} |")
    return sorted(found)


def render() -> dict[Path, str]:
    """The pages."""
    made = {}
    for name, page in PAGES.items():
        table = "\n".join(("| request | api-version |", "|---|---|", *rows(TAPES / name)))
        made[page] = LINES.sub(lambda mark, table=table: f"{mark[1]}{table}\n{mark[2]}", page.read_text("utf-8"))
    return made


def main() -> int:
    """Write, or check."""
    made = render()
    if "--check" in sys.argv:
        return int(any(path.read_text("utf-8") != text for path, text in made.items()))
    for path, text in made.items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
