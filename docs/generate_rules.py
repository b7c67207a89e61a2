"""Write the tables of migration-rules.md from the rules and faults; `--check` only says whether they are current."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

PAGE = Path(__file__).with_name("migration-rules.md")
PLANNING = Path(__file__).parents[1] / "src" / "hybridinv" / "planning"
TABLE = re.compile(r"(<!-- table: (?P<name>[\w -]+) -->\n).*?(<!-- end -->)", re.DOTALL)
ORDER = ("memory", "config", "active_disk", "cold_disk", "control")
NAMES = {
    "vmotion": "**vMotion**",
    "vSphereProvisioning": "**Provisioning**",
    "management": "management",
    "storage": "**storage paths**",
    "unknown": "moves, carrier UNVERIFIED",
}


def render(page: str) -> str:
    """The page with its tables made anew."""
    files = (PLANNING / "rules.toml", PLANNING / "checks" / "faults.toml")
    rules, faults = (tomllib.loads(file.read_text("utf-8")) for file in files)
    document = {**faults, **rules, "sources": {**rules["sources"], **faults["sources"]}}
    return TABLE.sub(lambda mark: f"{mark[1]}\n{table(mark['name'], document)}\n\n{mark[3]}", page)


def table(name: str, document: dict) -> str:
    if name == "summary":
        return summary(document)
    if name == "sources":
        return markdown(("key", "document"), document["sources"].items())
    if name.startswith("faults "):
        return catalogue(document, name.removeprefix("faults "))
    kind, state = name.split()
    return side_by_side(*(find(document, rules, kind, state) for rules in ("seed", "vendor")))


def find(document: dict, rules: str, kind: str, state: str) -> dict:
    wanted = (rules, kind, state)
    return next(rule for rule in document["rule"] if (rule["set"], rule["kind"], rule["state"]) == wanted)


def summary(document: dict) -> str:
    rows = []
    for seed in (rule for rule in document["rule"] if rule["set"] == "seed"):
        vendor = find(document, "vendor", seed["kind"], seed["state"])
        kind = seed["kind"].replace("_", " ")
        rows.append((f"{kind}, {seed['state']}", seed["label"], vendor["label"], seed["differs"] or "They agree."))
    return markdown(("migration", "the seed's label", "the vendor's case", "what the vendor says instead"), rows)


def catalogue(document: dict, subject: str) -> str:
    """The faults about one subject."""
    rows = [
        (
            f"`{fault['code']}`" + (" *(ours)*" if fault.get("own") else ""), fault["when"], severities(fault, "hot"),
            severities(fault, "cold"), fault["remedy"], ", ".join(fault["sources"]),
        )
        for fault in document["fault"]
        if fault["subject"] == subject
    ]  # fmt: skip
    return markdown(("fault", "when", "hot", "cold", "remedy", "sources"), rows)


def severities(fault: dict, state: str) -> str:
    said = fault.get(state, "-")
    return said if isinstance(said, str) else " / ".join(said)


def side_by_side(seed: dict, vendor: dict) -> str:
    said = {data: flow for flow in seed["flow"] for data in kinds(flow)}
    rows = []
    for data in ORDER:
        for flow in (flow for flow in vendor["flow"] if data in kinds(flow)):
            # The seed does not speak of several vCenters.
            seeds = None if "cross_vcenter" in flow.get("when", ()) else said.get(data)
            rows.append((
                flow["row"], label(data, flow), carried(seeds) if seeds else "-",
                bare(seeds["confidence"]) if seeds else "-", carried(flow), flow.get("protocol", "-"),
                bare(flow["confidence"]), ", ".join(flow["sources"]), flow["versions"], notes(flow),
            ))  # fmt: skip
    head = (
        "row",
        "data",
        "seed",
        "borne out",
        "vendor",
        "protocol",
        "confidence",
        "sources",
        "versions",
        "note",
    )
    return markdown(head, rows)


def kinds(flow: dict) -> list[str]:
    return [flow["data"]] if isinstance(flow["data"], str) else flow["data"]


def label(data: str, flow: dict) -> str:
    when = ", ".join(bare(condition) for condition in flow.get("when", ()))
    return f"{bare(data)} *({when})*" if when else bare(data)


def carried(flow: dict) -> str:
    return ", else ".join(NAMES[service] for service in flow["services"]) or "stays"


def notes(flow: dict) -> str:
    return f"{flow['note']}. **But:** {flow['dissent']}" if "dissent" in flow else flow["note"]


def bare(word: str) -> str:
    return "**UNVERIFIED**" if word == "unverified" else word.replace("_", " ").replace("vcenter", "vCenter")


def markdown(head: tuple, rows) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def main() -> int:
    page = PAGE.read_text("utf-8")
    current = render(page)
    if "--check" in sys.argv:
        return int(page != current)
    PAGE.write_text(current, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
