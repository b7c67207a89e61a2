"""Write records.md from the records' own attrs metadata; `--check` only says whether it is current."""

from __future__ import annotations

import enum
import inspect
import sys
from pathlib import Path

import attrs

import hybridinv as hi

PAGE = Path(__file__).with_name("records.md")
HEAD = """\
# Records

<!-- made by docs/generate_records.py; do not edit -->

All records are frozen `attrs` classes. Only `id`, `name`, `platform` and `source` must be given; the rest has a
default: `None` for an unknown number, `""` for an unknown text, `UNKNOWN` for an unknown state. Sizes are bytes.
Moments are aware UTC. The column "from" says where each platform has the value.

"""
NAMES = {"vsphere": "vSphere", "azure": "Azure and Stack Hub", "hub": "Stack Hub's operator plane", "arc": "Arc"}


def render() -> str:
    """The page."""
    found = [getattr(hi, name) for name in hi.__all__]
    classes = [one for one in found if isinstance(one, type)]
    records = [one for one in classes if attrs.has(one) and one.__module__.startswith("hybridinv.model")]
    enums = [one for one in classes if issubclass(one, enum.Enum)]
    parts = [record(one) for one in records] + [words(one) for one in enums]
    return HEAD + "\n".join(parts)


def record(kind: type) -> str:
    """One record, a row for each field."""
    fields = attrs.fields(kind)
    heads = ["field", "type", "what it is", "from"]
    if not any(field.metadata.get("sources") for field in fields):
        heads.remove("from")
    rows = [heads, ["---"] * len(heads), *(cells(field)[: len(heads)] for field in fields)]
    table = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
    return f"## {kind.__name__}\n\n{first_line(kind)}\n\n{table}\n"


def cells(field: attrs.Attribute) -> list[str]:
    """The row of one field."""
    doc, unit = field.metadata.get("doc", ""), field.metadata.get("unit", "")
    sources = field.metadata.get("sources", {})
    origin = "; ".join(f"{NAMES.get(name, name)}: `{path}`" for name, path in sources.items())
    return [f"`{field.name}`", f"`{field.type}`", f"{doc} ({unit})" if unit else doc, origin]


def words(kind: type[enum.Enum]) -> str:
    """One set of words."""
    values = ", ".join(f"`{one.name}` (`{one.value}`)" for one in kind)
    return f"## {kind.__name__}\n\n{first_line(kind)}\n\n{values}\n"


def first_line(kind: type) -> str:
    """What the class says of itself."""
    return (inspect.getdoc(kind) or "").partition("\n")[0]


def main() -> int:
    """Write, or check."""
    if "--check" in sys.argv:
        return int(PAGE.read_text("utf-8") != render())
    PAGE.write_text(render(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
