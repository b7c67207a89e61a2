"""Draw images/plan.svg and write the output in planning-a-migration.md, both of a plan in the demo's estate.

`--check` only says whether they are current.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import hybridinv as hi

PICTURE = Path(__file__).parent / "images" / "plan.svg"
PAGE = Path(__file__).with_name("planning-a-migration.md")
OUTPUT = re.compile(r"(<!-- output -->\n).*?(<!-- end -->)", re.DOTALL)


def render() -> dict[Path, str]:
    """The picture and the page."""
    move = {"to_host": "esx11.example.test", "to_datastore": "branch-san-01"}
    plan = hi.plan_migration(hi.demo(), "build01", **move)
    page = OUTPUT.sub(lambda mark: f"{mark[1]}```text\n{plan}\n```\n{mark[2]}", PAGE.read_text("utf-8"))
    return {PICTURE: plan.render_svg() + "\n", PAGE: page}


def main() -> int:
    """Write, or check."""
    made = render()
    if "--check" in sys.argv:
        return int(any(path.read_text("utf-8") != text for path, text in made.items()))
    PICTURE.parent.mkdir(exist_ok=True)
    for path, text in made.items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
