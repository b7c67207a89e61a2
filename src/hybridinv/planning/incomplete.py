"""What a plan would rest on and could not be read: a warning, for nothing found may then be something not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.planning.checks.faults import found

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from hybridinv.model import Finding, Host, Problem
    from hybridinv.planning.index import Index

RULES = "rules"
"""The kind of problem that says that the rules of clusters are not known."""
KINDS = frozenset({
    "hosts", "vms", "vmkernel_adapters", "clusters", "datastores", "networks", "switches", "licenses",
    "disks", "nics", "snapshots", "devices", RULES,
})  # fmt: skip
"""What plans are made from; the last five are parts of machines and clusters, which a file may lack."""


def check_read(index: Index, sources: Iterable[tuple[str, str]], used: Collection[str]) -> Iterator[Finding]:
    """One warning for each kind of record of these sources (platform and name) that was not read completely.

    Problems of records that are there, and not among the ids in `used`, do not count.
    """
    missing: dict[tuple[str, str], list[Problem]] = {}
    of = set(sources)
    for problem in index.problems:
        if problem.kind not in KINDS and problem.kind:
            continue
        if problem.scope not in used and index.holds(problem.scope):
            continue
        if any(problem.source in ("", name) and problem.platform in ("", platform) for platform, name in of):
            missing.setdefault((problem.source, problem.kind), []).append(problem)
    for (source, kind), problems in missing.items():
        more = f"; and {len(problems) - 1} more" if len(problems) > 1 else ""
        what = f"{kind or 'what there is'} of {source or 'a source'}"
        message = f"not all is known of {what}, so that more may be there than the plan knows: {problems[0]}{more}"
        yield from found("InventoryIncomplete", source or kind or "inventory", message)


def check_machines_there(index: Index, host: Host) -> Iterator[Finding]:
    """Whether all machines that a host names are in the inventory."""
    absent = [id_ for id_ in host.vm_ids if id_ not in index.vms]
    if absent:
        more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
        message = f"{host.name} has machines that are not in this inventory: {', '.join(absent[:3])}{more}"
        yield from found("InventoryIncomplete", host.id, message)
