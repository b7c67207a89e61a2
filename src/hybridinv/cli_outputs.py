"""The commands that make something of an inventory file: report, workbook, export, ansible, anonymise."""

from __future__ import annotations

import os
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import hybridinv as hi
from hybridinv.inventory import count_of
from hybridinv.report.workbook_reading import open_inventory
from hybridinv.saving import check_writable
from hybridinv.terminal import FILE, clean, open_console, print_json, say

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

INVENTORY = "HYBRIDINV_INVENTORY"
"""The variable that names the inventory file where Ansible calls, which gives none."""


def report(arguments: argparse.Namespace) -> int:
    """Write an inventory as one HTML page; it needs no network and no other file."""
    target = check_writable(arguments.output, arguments.file)
    inventory = open_inventory(arguments.file)
    hi.write_html(inventory, target)
    return _written(inventory, target, arguments)


def workbook(arguments: argparse.Namespace) -> int:
    """Write an inventory as a workbook with RVTools' sheets and columns; more sheets have what RVTools lacks."""
    from hybridinv.report.workbook import workbook_path, write_telling

    target = workbook_path(arguments.output, arguments.file)
    inventory = open_inventory(arguments.file)
    empty = write_telling(inventory, target)
    columns = list(dict.fromkeys(f"{one.sheet} {one.column}" for one in empty))
    if arguments.json:
        print_json({**_facts(inventory, target), "empty_columns": columns})
        return 0
    _written(inventory, target, arguments)
    if empty:
        _say_empty(inventory, len(columns), {one.concerns for one in empty})
    return 0


def _say_empty(inventory: hi.Inventory, columns: int, vcenters: set[str]) -> None:
    """Say that importers will lack something, and what to do where something can be done."""
    where = next(iter(vcenters)) if len(vcenters) == 1 else count_of("vCenter", len(vcenters))
    said = (
        f"hybridinv: warning: {count_of('column', columns)} that importers (Azure Migrate, RVToolsMerge,"
        f" migration-planner) need {'is' if columns == 1 else 'are'} empty in all rows of {where}; hvNotes names them"
    )
    in_summary = {one.source for one in inventory.asked if one.platform == "vsphere" and one.detail == "summary"}
    remedy = " — collect with --detail full" if in_summary & vcenters else ""
    sys.stderr.write(clean(said + remedy) + "\n")


def export(arguments: argparse.Namespace) -> int:
    """Write every table of an inventory to files of their own; Parquet, CSV, or an inventory file."""
    if not (arguments.parquet or arguments.csv or arguments.inventory):
        sys.stderr.write(f"{arguments.usage}hybridinv: error: one of --parquet, --csv and --inventory is needed\n")
        return 2
    target = check_writable(arguments.inventory, arguments.file) if arguments.inventory else None
    inventory = open_inventory(arguments.file)
    written: list[Path] = []
    if arguments.parquet:
        written += hi.write_parquet(inventory, arguments.parquet)
    if arguments.csv:
        written += hi.write_csv(inventory, arguments.csv)
    if target:
        inventory.save(target)
    if arguments.json:
        print_json([str(path) for path in (*written, *([target] if target else ()))])
        return 0
    console = open_console()
    for folder, count in Counter(path.parent for path in written).items():
        say(console, f"{count_of('file', count)} written to {folder}.")
    if target:
        say(console, f"Written to {target}.")
    _say_incomplete(inventory)
    return 0


def anonymise(arguments: argparse.Namespace) -> int:
    """Write a copy of an inventory without real names; plans and reports of it come out the same."""
    target = check_writable(arguments.output, arguments.file, arguments.key)
    if arguments.key:
        check_writable(arguments.key, arguments.file)
    copy = hi.anonymise(open_inventory(arguments.file), key_file=arguments.key)
    copy.save(target)
    if arguments.json:
        print_json({**_facts(copy, target), "key": arguments.key})
        return 0
    console = open_console()
    say(console, f"Written to {target}.")
    if arguments.key:
        say(console, f"{arguments.key} leads back to the real names: keep it apart from the copy.")
    return 0


def ansible(arguments: argparse.Namespace) -> int:
    """Print an inventory as Ansible's inventory scripts do; machines are hosts, what they have in common is groups."""
    file = arguments.file or os.environ.get(INVENTORY)
    if not file:
        said = f"give an inventory file, or name it in the variable {INVENTORY}"
        sys.stderr.write(f"{arguments.usage}hybridinv: error: {said}\n")
        return 2
    inventory = hi.ansible_inventory(open_inventory(file))
    if arguments.host is None:
        print_json(inventory)
        return 0
    hosts: dict[str, Any] = inventory["_meta"]["hostvars"]
    if arguments.host not in hosts:
        raise hi.NotFound(f"no host of the inventory is named {arguments.host!r:.80}", remedy="--list names all")
    print_json(hosts[arguments.host])
    return 0


def _written(inventory: hi.Inventory, target: Path, arguments: argparse.Namespace) -> int:
    if arguments.json:
        print_json(_facts(inventory, target))
        return 0
    say(open_console(), f"Written to {target}.")
    _say_incomplete(inventory)
    return 0


def _facts(inventory: hi.Inventory, target: Path) -> dict[str, Any]:
    return {"written": str(target), "complete": inventory.complete, "problems": len(inventory.problems)}


def _say_incomplete(inventory: hi.Inventory) -> None:
    if not inventory.complete:
        said = f"hybridinv: warning: the inventory is incomplete, it has {count_of('problem', len(inventory.problems))}"
        sys.stderr.write(clean(said) + "\n")


def describe_report(command: argparse.ArgumentParser) -> None:
    """The arguments of `report`."""
    _describe_file(command)
    command.add_argument("-o", dest="output", metavar="HTML", required=True, help="the page to write")
    _describe_json(command)


def describe_workbook(command: argparse.ArgumentParser) -> None:
    """The arguments of `workbook`."""
    _describe_file(command)
    command.add_argument("-o", dest="output", metavar="XLSX", required=True, help="the workbook to write")
    _describe_json(command)


def describe_export(command: argparse.ArgumentParser) -> None:
    """The arguments of `export`."""
    _describe_file(command)
    command.add_argument("--parquet", metavar="FOLDER", help="one Parquet file a table")
    command.add_argument("--csv", metavar="FOLDER", help="one CSV file a table")
    command.add_argument("--inventory", metavar="JSON", help="one inventory file: of a workbook, to keep it as history")
    _describe_json(command)
    command.set_defaults(usage=command.format_usage())


def describe_anonymise(command: argparse.ArgumentParser) -> None:
    """The arguments of `anonymise`."""
    _describe_file(command)
    command.add_argument("-o", dest="output", metavar="JSON", required=True, help="the inventory file to write")
    command.add_argument(
        "--key",
        metavar="KEYFILE",
        help="keep here, and take from here, which name stands for which; without it nobody can tell",
    )
    _describe_json(command)


def describe_ansible(command: argparse.ArgumentParser) -> None:
    """The arguments of `ansible`."""
    command.add_argument("file", metavar="FILE", nargs="?", help=f"{FILE}; else the variable {INVENTORY} names it")
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("--list", action="store_true", help="all hosts and groups")
    what.add_argument("--host", metavar="NAME", help="the variables of one host")
    command.add_argument("--json", action="store_true", help="print JSON, as it does without")
    command.set_defaults(usage=command.format_usage())


def _describe_file(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE", help=FILE)


def _describe_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON")
