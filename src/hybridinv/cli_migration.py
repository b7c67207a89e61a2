"""The command `hybridinv plan-migration`: a plan from a file, or from a vCenter that is asked to check it too."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import hybridinv as hi
from hybridinv.saving import check_writable, write_whole
from hybridinv.terminal import draw_plan, draw_problems, open_console, progress, say

if TYPE_CHECKING:
    import argparse

_KINDS = ("hosts", "vms", "vmkernel_adapters", "clusters", "datastores", "networks", "switches")
"""What a plan is made from."""


def plan_migration(arguments: argparse.Namespace) -> int:
    """Plan a migration; says which networks carry what, how long it takes, and what is in the way."""
    picture = check_writable(arguments.svg) if arguments.svg else None
    live = Path(arguments.file).suffix == ".toml"
    if arguments.check and not live:
        raise hi.EstateError(
            f"--check asks the vCenter, and {arguments.file} is a saved inventory",
            remedy="give an estate file (hybridinv.toml) instead",
        )
    console = open_console()
    with ExitStack() as stack:
        adapters = _vcenters(arguments.file, stack) if live else []
        inventory = _collect(adapters, stack) if live else hi.load(arguments.file)
        plan = hi.plan_migration(
            inventory,
            arguments.vm,
            to_host=arguments.to_host,
            to_datastore=arguments.to_datastore,
            rules=arguments.rules,
        )
        draw_plan(console, plan)
        if arguments.check:
            adapter = next(one for one in adapters if one.source == plan.vm.source)
            draw_plan(console, adapter.check_migration(plan))
    if picture:
        write_whole(picture, plan.render_svg().encode())
        say(console, f"Written to {picture}.")
    if not live or inventory.complete:
        return 0
    draw_problems(console, inventory)
    return 3


def _vcenters(file: str, stack: ExitStack) -> list[hi.VSphere]:
    adapters = [stack.enter_context(one) for one in hi.open_estate(file)]
    vcenters = [one for one in adapters if isinstance(one, hi.VSphere)]
    if not vcenters:
        raise hi.EstateError(f"{file} has no source of vSphere", remedy="migrations are planned of vSphere machines")
    return vcenters


def _collect(vcenters: list[hi.VSphere], stack: ExitStack) -> hi.Inventory:
    try:
        with progress() as report:
            return hi.collect(vcenters, _KINDS, progress=report)
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
    command.add_argument("--svg", metavar="SVG", help="also write the way as a picture to this file")
