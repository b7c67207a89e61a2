# PYTHON_ARGCOMPLETE_OK
"""The `hybridinv` command: arguments → one public function → print."""

from __future__ import annotations

import argparse
import base64
import io
import os
import shlex
import sys
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hybridinv as hi
from hybridinv import cli_completion, cli_diagnostics, cli_extensions, cli_migration, cli_onboard, cli_outputs, cli_show
from hybridinv.inventory import KINDS
from hybridinv.model.rendering import LEADING
from hybridinv.report.workbook_reading import open_inventory
from hybridinv.saving import check_writable, plain
from hybridinv.terminal import (
    FILE,
    Command,
    Help,
    clean,
    command_name,
    draw_grid,
    draw_plan,
    draw_problems,
    draw_summary,
    draw_table,
    examples,
    inventory_summary,
    open_console,
    print_json,
    progress,
    say,
    seconds,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_EPILOG = """\
exit codes:
  0  done; what was asked for is there
  1  error; one line on standard error says what to do
  2  usage: the command line itself is wrong
  3  partial, of collect and the commands that read an endpoint: something
     could not be read, the summary says what; of plan-* and onboard: not
     feasible, or not all that it rests on could be read
  130 interrupted, 141 the reader of the output went away
"""
_SHOWN = 1000
"""Characters of a value that `sql` draws; a nested column may have a thousand times as many."""
_DEMO_ROWS = 3  # of each platform


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the return value is the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    commands = parser()
    cli_completion.answer_shell(commands)
    try:
        arguments = commands.parse_args(argv)
    except SystemExit as left:
        return int(left.code or 0)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn  # type: ignore[assignment]
            code: int = arguments.run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        if argv is None:  # threads still wait for endpoints, and the interpreter would wait for them
            os._exit(130)
        return 130
    except (BrokenPipeError, SystemExit):  # rich leaves by SystemExit when nobody reads any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        if arguments.traceback:
            raise
        print(f"hybridinv: error: {clean(_one_line(error))}", file=sys.stderr)
        return 1
    return code


def _warn(message: Warning | str, *_: object) -> None:
    print(f"hybridinv: warning: {clean(str(message))}", file=sys.stderr)


def _one_line(error: Exception) -> str:
    if isinstance(error, hi.HybridInvError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return f"{type(error).__name__}: {error} — this is a bug; run with --traceback to see where, and report it"


def parser() -> argparse.ArgumentParser:
    """The whole command line; docs/cli.md is made from it."""
    traced: dict[str, Any] = {"action": "store_true", "help": "on an error show where it came from"}
    common = Command(add_help=False)
    common.add_argument("--traceback", default=argparse.SUPPRESS, **traced)
    whole = Command(
        prog="hybridinv",
        description="One inventory of vSphere, Azure Stack Hub, Azure and Azure Arc.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--traceback", **traced)
    whole.add_argument("--version", action="version", version=f"%(prog)s {hi.__version__}")
    commands = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, (run, describe) in _COMMANDS.items():
        text = (run.__doc__ or "").strip()
        command = commands.add_parser(
            name,
            parents=[common],
            help=text.partition(";")[0].rstrip("."),
            description=text,
            epilog=examples(*_EXAMPLES[name]),
            formatter_class=Help,
        )
        describe(command)
        command.set_defaults(run=run)
    return whole


def _demo(arguments: argparse.Namespace) -> int:
    """Show a made-up estate and one migration plan; needs no network and no account."""
    file = check_writable(arguments.output) if arguments.output else Path("demo.json")
    inventory = hi.demo()
    few = [vm for row in inventory.counts() for vm in inventory.vms.where(platform=row[0])[:_DEMO_ROWS]]
    plan = hi.plan_migration(inventory, "build01", to_host="esx11.example.test", to_datastore="branch-san-01")
    if arguments.json:
        if arguments.output:
            inventory.save(file)
        vms = [{name: value for name, value in plain(vm).items() if name in LEADING["VirtualMachine"]} for vm in few]
        print_json({**inventory_summary(inventory), "vms": vms, "plan": cli_migration.migration_in_json(plan)})
        return 0
    console = open_console()
    say(console, "A made-up estate, played from tapes; nothing was asked over a network.", "bold")
    draw_summary(console, inventory)
    say(console, f"Some of the {len(inventory.vms)} machines", "bold")
    draw_table(console, inventory, hi.Records(hi.VirtualMachine, few), LEADING["VirtualMachine"])
    say(console, "What would it take to move build01 to the branch office?", "bold")
    draw_plan(console, plan)
    say(console, "")
    draw_problems(console, inventory)
    if arguments.output:
        inventory.save(file)
    name = shlex.quote(str(file))
    show = f"show {name} vmkernel_adapters"
    ask = f"sql {name} 'select name, cpus from vms order by cpus desc'"  # noqa: S608 - printed, never run
    tries = (show, ask) if arguments.output else (f"demo -o {name}", show)
    say(console, "Next, try:", "bold")
    for one in tries:
        say(console, f"  {command_name()} {one}")
    return 0


def _describe_demo(command: argparse.ArgumentParser) -> None:
    command.add_argument("-o", dest="output", metavar="FILE", help="also save the inventory")
    _add_json(command)


def _collect(arguments: argparse.Namespace) -> int:
    """Read all sources of an estate file into an inventory file; exit code 3 when something is missing."""
    target = check_writable(arguments.output, arguments.estate)
    with ExitStack() as stack:
        adapters = [stack.enter_context(adapter) for adapter in hi.open_estate(arguments.estate)]
        try:
            with progress() as report:
                inventory = hi.collect(
                    adapters, arguments.kinds, detail=arguments.detail, progress=report, deadline=arguments.deadline
                )
        except KeyboardInterrupt:
            stack.pop_all()  # closing an adapter would wait for its endpoint
            raise
        if arguments.strict:
            inventory.raise_for_problems()
        inventory.save(target)
    if arguments.json:
        print_json(inventory_summary(inventory))
    else:
        console = open_console()
        draw_summary(console, inventory)
        draw_problems(console, inventory, f"{command_name()} show {target} problems")
        say(console, f"Written to {target}.")
    return 0 if inventory.complete else 3


def _describe_collect(command: argparse.ArgumentParser) -> None:
    command.add_argument("estate", metavar="ESTATE", help="an estate file, usually hybridinv.toml")
    command.add_argument("-o", dest="output", metavar="FILE", required=True, help="the inventory file to write")
    command.add_argument("--kinds", type=_kinds, metavar="K1,K2", help=f"read only these; of {', '.join(KINDS)}")
    _add_detail(command)
    command.add_argument("--deadline", type=seconds, metavar="SECONDS", help="what is not there by then is missing")
    command.add_argument("--strict", action="store_true", help="write nothing unless everything could be read")
    _add_json(command)


def _sql(arguments: argparse.Namespace) -> int:
    """Ask the tables of an inventory file in SQL; the dialect is DuckDB's."""
    answer = open_inventory(arguments.file).sql(arguments.query)
    if arguments.json:
        print_json([dict(zip(answer.columns, map(_in_json, row), strict=True)) for row in answer])
    else:
        draw_grid(open_console(), answer.columns, [[_bounded(shown(value)) for value in row] for row in answer])
    return 0


def _in_json(value: object) -> object:
    """A value of an answer; bytes, which JSON has no form for, as Base64."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _bounded(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _describe_sql(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE", help=FILE)
    command.add_argument(
        "query", metavar="QUERY", help="a SELECT; 'show tables' names the tables, 'describe vms' the columns of one"
    )
    _add_json(command)


def _record(arguments: argparse.Namespace) -> int:
    """Read one source and keep what was said on the wire as a tape; secrets are scrubbed, names are not."""
    from hybridinv.estate import open_source

    with open_source(arguments.estate, arguments.source) as adapter:
        inventory = hi.record(adapter, arguments.folder, detail=arguments.detail)
    if arguments.json:
        print_json(inventory_summary(inventory))
    else:
        console = open_console()
        draw_summary(console, inventory)
        draw_problems(console, inventory)
        say(console, f"The tape is {arguments.folder}. It names your machines: it is as confidential as they are.")
    return 0 if inventory.complete else 3


def _describe_record(command: argparse.ArgumentParser) -> None:
    command.add_argument("estate", metavar="ESTATE", help="an estate file")
    command.add_argument("source", metavar="SOURCE", help="the source's name in it")
    command.add_argument("folder", metavar="FOLDER", help="a new folder, or one that holds a tape")
    _add_detail(command)
    _add_json(command)


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON")


def _add_detail(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--detail", choices=("summary", "full"), help="how much is read of each record; as the estate file says"
    )


_COMMANDS: dict[str, tuple[Callable[[argparse.Namespace], int], Callable[[argparse.ArgumentParser], None]]] = {
    "demo": (_demo, _describe_demo),
    "collect": (_collect, _describe_collect),
    "show": (cli_show.show, cli_show.describe),
    "sql": (_sql, _describe_sql),
    "diff": (cli_show.diff, cli_show.describe_diff),
    "plan-migration": (cli_migration.plan_migration, cli_migration.describe),
    "plan-maintenance": (cli_migration.plan_maintenance, cli_migration.describe_maintenance),
    "onboard": (cli_onboard.onboard, cli_onboard.describe),
    "extensions": (cli_extensions.extensions, cli_extensions.describe),
    "diagnostics": (cli_diagnostics.diagnostics, cli_diagnostics.describe),
    "report": (cli_outputs.report, cli_outputs.describe_report),
    "workbook": (cli_outputs.workbook, cli_outputs.describe_workbook),
    "export": (cli_outputs.export, cli_outputs.describe_export),
    "ansible": (cli_outputs.ansible, cli_outputs.describe_ansible),
    "anonymise": (cli_outputs.anonymise, cli_outputs.describe_anonymise),
    "record": (_record, _describe_record),
    "completion": (cli_completion.completion, cli_completion.describe_completion),
}
_EXAMPLES = {
    "demo": ("hybridinv demo", "hybridinv demo -o demo.json"),
    "collect": (
        "hybridinv collect hybridinv.toml -o estate.json",
        "hybridinv collect hybridinv.toml -o estate.json --kinds vms,hosts --deadline 600",
    ),
    "show": (
        "hybridinv show estate.json",
        "hybridinv show estate.json vms --where power_state=running --where platform=azure",
        "hybridinv show estate.json vms --where cluster=Production --columns name,host,memory",
        "hybridinv show rvtools.xlsx hosts --json",
    ),
    "sql": ("hybridinv sql estate.json 'select name, cpus from vms order by cpus desc limit 10'",),
    "diff": ("hybridinv diff monday.json tuesday.json", "hybridinv diff rvtools-2019.xlsx estate.json --kind vms"),
    "plan-migration": (
        "hybridinv plan-migration estate.json web01 --to-host esx02.example.com",
        "hybridinv plan-migration hybridinv.toml web01 --to-datastore san-02 --check",
    ),
    "plan-maintenance": ("hybridinv plan-maintenance estate.json esx01.example.com esx02.example.com",),
    "onboard": ("hybridinv onboard plan estate.json --target arc.toml --save arc-plan.json",),
    "extensions": ("hybridinv extensions westeurope --publisher 'Microsoft.Azure.*' --latest",),
    "diagnostics": (
        "hybridinv diagnostics estate.json web01 --account-url https://diag01.table.core.windows.net"
        " --start 2026-01-14T00:00Z --end 2026-01-15T00:00Z",
    ),
    "report": ("hybridinv report estate.json -o report.html",),
    "workbook": ("hybridinv workbook estate.json -o estate.xlsx",),
    "export": (
        "hybridinv export estate.json --parquet tables",
        "hybridinv export rvtools-2019.xlsx --inventory 2019.json",
    ),
    "ansible": ("hybridinv ansible estate.json --list", "hybridinv ansible estate.json --host web01"),
    "anonymise": ("hybridinv anonymise estate.json -o copy.json --key names.key",),
    "record": ("hybridinv record hybridinv.toml vc01 tapes/vc01",),
    "completion": ("hybridinv completion bash >> ~/.bashrc",),
}
"""What the help of each command ends with."""


def _kinds(text: str) -> list[str]:
    kinds = [kind.strip() for kind in text.split(",") if kind.strip()]
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown or not kinds:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown) or 'nothing'} is no kind; they are {', '.join(KINDS)}")
    return kinds
