"""The commands `plan-migration` and `plan-maintenance`: of an inventory file, or of sources that are read first."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hybridinv as hi
from hybridinv.model.wording import INCOMPLETE
from hybridinv.report.workbook_reading import open_inventory
from hybridinv.saving import check_writable, plain, write_whole
from hybridinv.terminal import draw_plan, draw_problems, open_console, print_json, progress, say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from rich.console import Console

_KINDS = ("hosts", "vms", "vmkernel_adapters", "clusters", "datastores", "networks", "switches", "licenses")
"""What plans are made from."""
_PARTIAL = 3


def plan_migration(arguments: argparse.Namespace) -> int:
    """Plan a migration; says which networks carry what, how long it takes, and what is in the way."""
    if not (arguments.to_host or arguments.to_datastore):
        sys.stderr.write(f"{arguments.usage}hybridinv: error: give --to-host, --to-datastore or both\n")
        return 2
    picture = check_writable(arguments.svg, arguments.file) if arguments.svg else None
    live = _is_estate(arguments.file)
    if arguments.check and not live:
        raise hi.EstateError(
            f"--check asks the vCenter, and {arguments.file} is a saved inventory",
            remedy="give an estate file (hybridinv.toml) instead",
        )
    console = open_console()
    check = None
    with ExitStack() as stack:
        adapters = _vcenters(arguments.file, stack) if live else []
        if arguments.check and all(one.played for one in adapters):
            raise _no_check(arguments.file)
        inventory = _collect(adapters, stack) if live else open_inventory(arguments.file)
        plan = hi.plan_migration(
            inventory,
            arguments.vm,
            to_host=arguments.to_host,
            to_datastore=arguments.to_datastore,
            rules=arguments.rules,
        )
        adapter = next(one for one in adapters if one.source == plan.vm.source) if arguments.check else None
        if adapter and adapter.played:
            raise _no_check(adapter.source)
        if not arguments.json:
            draw_plan(console, plan)
        if adapter:
            check = adapter.check_migration(plan)
    if picture:
        write_whole(picture, plan.render_svg().encode())
    if arguments.json:
        print_json({**migration_in_json(plan), "check": plain(check)} if check else migration_in_json(plan))
        return _code(plan, inventory, live=live)
    if check:
        draw_plan(console, check)
    if picture:
        say(console, f"Written to {picture}.")
    return _finish(console, plan, inventory, live=live)


def _no_check(where: str) -> hi.EstateError:
    return hi.EstateError(
        f"--check asks the vCenter, and {where} is played from a tape",
        remedy="give an estate file with the vCenter itself, or leave --check out",
    )


def plan_maintenance(arguments: argparse.Namespace) -> int:
    """Plan the maintenance of hosts; says what happens to each machine on them, and which host can go when."""
    live = _is_estate(arguments.file)
    with ExitStack() as stack:
        adapters = [stack.enter_context(one) for one in hi.open_estate(arguments.file)] if live else []
        inventory = _collect(adapters, stack) if live else open_inventory(arguments.file)
    plan = hi.plan_maintenance(inventory, arguments.hosts, update=arguments.update)
    if arguments.json:
        print_json(_maintenance(plan))
        return _code(plan, inventory, live=live)
    console = open_console()
    draw_plan(console, plan)
    return _finish(console, plan, inventory, live=live)


def _is_estate(file: str) -> bool:
    return Path(file).suffix == ".toml"


def _code(plan: hi.MigrationPlan | hi.MaintenancePlan, inventory: hi.Inventory, *, live: bool) -> int:
    """0 for a feasible plan that rests on all it needs; what a saved inventory lacks elsewhere does not count."""
    lacking = any(one.code == INCOMPLETE for one in plan.findings) or (live and not inventory.complete)
    return 0 if plan.feasible and not lacking else _PARTIAL


def _finish(
    console: Console, plan: hi.MigrationPlan | hi.MaintenancePlan, inventory: hi.Inventory, *, live: bool
) -> int:
    if not inventory.complete:
        draw_problems(console, inventory)
    return _code(plan, inventory, live=live)


def _vcenters(file: str, stack: ExitStack) -> list[hi.VSphere]:
    adapters = [stack.enter_context(one) for one in hi.open_estate(file)]
    vcenters = [one for one in adapters if isinstance(one, hi.VSphere)]
    if not vcenters:
        raise hi.EstateError(f"{file} has no source of vSphere", remedy="migrations are planned of vSphere machines")
    return vcenters


def _collect(adapters: Sequence[Any], stack: ExitStack) -> hi.Inventory:
    given = frozenset().union(*(one.capabilities for one in adapters))
    try:
        with progress() as report:
            return hi.collect(adapters, [kind for kind in _KINDS if kind in given], progress=report)
    except KeyboardInterrupt:
        stack.pop_all()  # closing an adapter would wait for its endpoint
        raise


def describe(command: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    command.add_argument(
        "file", metavar="FILE", help="an inventory file, or an estate file: then its vCenters are read"
    )
    command.add_argument("vm", metavar="VM", help="name or id of the machine")
    command.add_argument("--to-host", metavar="HOST", help="name or id; without it the machine stays on its host")
    command.add_argument("--to-datastore", metavar="DATASTORE", help="name or id; without it the disks stay")
    command.add_argument(
        "--rules", choices=("vendor", "seed"), default="vendor", help="the rule set, vendor by default"
    )
    command.add_argument("--check", action="store_true", help="also ask the vCenter, which moves nothing for it")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--svg", metavar="SVG", help="also write the way as a picture to this file")
    command.set_defaults(usage=command.format_usage())


def describe_maintenance(command: argparse.ArgumentParser) -> None:
    """The arguments of the other command."""
    command.add_argument("file", metavar="FILE", help="an inventory file, or an estate file: then its sources are read")
    command.add_argument("hosts", metavar="HOST", nargs="+", help="name or id; in Azure and Arc, of a machine on it")
    kinds = [kind.value for kind in hi.UpdateKind]
    command.add_argument("--update", choices=kinds, default="restart", help="what is done to them, restart by default")
    command.add_argument("--json", action="store_true", help="print JSON")


def migration_in_json(plan: hi.MigrationPlan) -> dict[str, Any]:
    """A plan with the id in place of the whole machine."""
    return {**plain(plan), "vm": plan.vm.id, "vm_name": plan.vm.name}


def _maintenance(plan: hi.MaintenancePlan) -> dict[str, Any]:
    """A plan with ids in place of whole machines and hosts."""
    impacts = [
        {
            "vm_id": one.vm.id,
            "vm_name": one.vm.name,
            "host_id": one.host.id if one.host else "",
            "effect": one.effect,
            "destination_id": one.destination.id if one.destination else "",
            "reason": one.reason,
            "sources": one.sources,
            "confidence": one.confidence,
            "other_ids": one.other_ids,
            "findings": [plain(finding) for finding in one.findings],
        }
        for one in plan.impacts
    ]
    steps = [{**plain(one), "host": one.host.id if one.host else ""} for one in plan.steps]
    facts = {"update": plan.update, "feasible": plan.feasible, "hosts": [host.id for host in plan.hosts]}
    return {**facts, "impacts": impacts, "steps": steps, "findings": [plain(one) for one in plan.findings]}
