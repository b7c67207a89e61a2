"""`hybridinv onboard`: a plan of who goes to Azure Arc, the script, who has arrived, who is covered."""

from __future__ import annotations

import argparse
import logging
import sys
import tomllib
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

import hybridinv as hi
from hybridinv.model import Severity
from hybridinv.model.onboarding import OnboardingTarget
from hybridinv.onboarding.coverage import coverage_counts
from hybridinv.onboarding.plan import inventory_findings
from hybridinv.report.workbook_reading import open_inventory
from hybridinv.saving import check_writable, plain, write_whole
from hybridinv.terminal import Help, clean, draw_grid, examples, open_console, print_json, progress, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.console import Console

    from hybridinv.platforms.adapter import Adapter

_AUTH = ("browser", "device-code", "access-token", "service-principal")
_FORMS = ("script", "playbook", "group-policy")
_BY_SYSTEM = ("certificate", "download_url", "sha256")
_SCRIPT_OPTIONS = {
    "service_principal_id": "the application id of the service principal",
    "certificate": "its certificate: a path on the server, or a thumbprint in the Windows store",
    "resource_name": "the name in Azure of a single server",
    "download_url": "where a mirror has the installer",
    "sha256": "the checksum of that installer",
}
_ARC = "azure-arc"
_EXAMPLES = {
    "plan": ("hybridinv onboard plan estate.json --target arc.toml --save arc-plan.json",),
    "script": (
        "hybridinv onboard script --os linux --plan arc-plan.json -o onboard.sh",
        "hybridinv onboard script --form playbook --target arc.toml --auth service-principal -o onboard.yml",
    ),
    "verify": ("hybridinv onboard verify arc-plan.json --timeout 600",),
    "coverage": ("hybridinv onboard coverage estate.json --state missing",),
}
"""What the help of each step ends with."""
_FIELDS = attrs.fields_dict(OnboardingTarget)
_REQUIRED = [name for name, field in _FIELDS.items() if field.default is attrs.NOTHING]


class _UsageError(Exception):
    """The command line lacks something that a file could have brought."""


def onboard(arguments: argparse.Namespace) -> int:
    """Onboard servers to Azure Arc: plan, script, verify, coverage; each has its own --help."""
    # It tells each way to log in that did not work; the error says it in a line.
    logging.getLogger("azure.identity").addHandler(logging.NullHandler())
    try:
        code: int = arguments.step(arguments)
    except _UsageError as error:
        sys.stderr.write(f"{arguments.usage}hybridinv: error: {clean(str(error))}\n")
        return 2
    return code


def describe(command: argparse.ArgumentParser) -> None:
    """Add the steps."""
    steps = command.add_subparsers(title="steps", metavar="STEP", required=True)
    for name, (run, options) in _STEPS.items():
        text = (run.__doc__ or "").strip()
        step = steps.add_parser(
            name,
            help=text.partition(";")[0].rstrip("."),
            description=text,
            epilog=examples(*_EXAMPLES[name]),
            formatter_class=Help,
        )
        step.add_argument(
            "--traceback", action="store_true", default=argparse.SUPPRESS, help="on an error show where it came from"
        )
        options(step)
        step.set_defaults(step=run, usage=step.format_usage())


def _plan(arguments: argparse.Namespace) -> int:
    """Say who is to be onboarded and who not; exit code 3 when the inventory does not tell all that it takes."""
    target = _target(arguments)
    file = check_writable(arguments.save, arguments.file, arguments.target) if arguments.save else None
    plan = hi.plan_onboarding(_inventory(arguments.file), target, names=dict(arguments.name or ()))
    if file:
        hi.save_onboarding(plan, file)
    if arguments.json:
        print_json(plain(plan))
        return 3 if plan.findings else 0
    console = open_console()
    say(console, f"{plan}.", "bold")
    if plan.candidates:
        rows = [[one.name, one.resource_name, one.os_type, _warnings(one.findings)] for one in plan.candidates]
        draw_grid(console, ["to onboard", "name in Azure", "system", "look at"], rows)
    if plan.skipped:
        rows = [[one.name, _words(one.reason), *_first(one.findings)] for one in plan.skipped]
        draw_grid(console, ["skipped", "why", "message", "what to do"], rows)
    _draw_findings(console, plan.findings)
    if file:
        say(console, f"Written to {file}.")
    return 3 if plan.findings else 0


def _describe_plan(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE", help="an inventory file, or an estate file (.toml) to collect first")
    _describe_target(command)
    command.add_argument(
        "--name", type=_tag, action="append", metavar="MACHINE=NAME",
        help="a machine's name in Azure where it is not the guest's own; by its name or id, may be repeated",
    )  # fmt: skip
    command.add_argument("--save", metavar="PLAN", help="also write the plan to this file, for script and verify")
    command.add_argument("--json", action="store_true", help="print JSON")


def _script(arguments: argparse.Namespace) -> int:
    """Write the script that onboards a server; it holds no secret."""
    target = _target(arguments)
    file = check_writable(arguments.output, arguments.plan, arguments.target) if arguments.output else None
    options = {name: value for name in _SCRIPT_OPTIONS if (value := getattr(arguments, name))}
    if arguments.plan:
        options["plan"] = hi.load_onboarding(arguments.plan)
    script = _rendered(arguments, target, options)
    if file:
        write_whole(file, script.encode())
        say(open_console(), f"Written to {file}.")
    else:
        sys.stdout.write(script)
    return 0


def _rendered(arguments: argparse.Namespace, target: OnboardingTarget, options: dict[str, Any]) -> str:
    """The text in the form that was asked for."""
    from hybridinv.onboarding.scripts import render_group_policy_script, render_playbook, render_script

    system, auth = arguments.os, arguments.auth
    if arguments.form == "script":
        if not system:
            raise _UsageError("missing: --os")
        return render_script(target, system, auth or "browser", **options)
    if "resource_name" in options:
        raise _UsageError(f"--resource-name is for a single server, not for --form {arguments.form}")
    if arguments.form == "group-policy":
        if system == "linux" or auth not in (None, "service-principal"):
            raise _UsageError("--form group-policy is for Windows, and logs in as a service-principal")
        return render_group_policy_script(target, **options)
    own = {name: options.pop(name) for name in _BY_SYSTEM if name in options}
    if own and not system:
        raise _UsageError(f"--{next(iter(own)).replace('_', '-')} is for one system: give --os")
    if own:
        options[system] = own
    return render_playbook(target, auth or "service-principal", os_type=system, **options)


def _describe_script(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--form", choices=_FORMS, default="script", help="a script, a playbook for Ansible, a script for Group Policy"
    )
    command.add_argument(
        "--os", choices=("linux", "windows"), help="the system of the servers; a playbook takes both without it"
    )
    command.add_argument(
        "--auth", choices=_AUTH, help="how it logs in: browser by default, service-principal where nobody is there"
    )
    command.add_argument(
        "--plan", metavar="PLAN", help="a saved plan: one script for all its candidates of that system"
    )
    for name, text in _SCRIPT_OPTIONS.items():
        command.add_argument(f"--{name.replace('_', '-')}", metavar="TEXT", help=text)
    _describe_target(command)
    command.add_argument("-o", dest="output", metavar="FILE", help="the file to write; without it, standard output")


def _verify(arguments: argparse.Namespace) -> int:
    """Wait until the servers of a plan are connected; exit code 3 when some are not, or Azure could not be read."""
    plan = hi.load_onboarding(arguments.plan)
    with ExitStack() as stack:
        arc = stack.enter_context(_arc(arguments, plan.target))
        try:
            found = hi.verify_onboarding(arc, plan, arguments.timeout, progress=_print_step())
        except KeyboardInterrupt:
            stack.pop_all()  # closing an adapter would wait for its endpoint
            raise
    all_well = found.done and not found.problems
    if arguments.json:
        print_json({**plain(found), "done": found.done})
        return 0 if all_well else 3
    console = open_console()
    say(console, f"{found}.", "bold")
    rows = [[one.name, _words(one.state), one.message, one.remedy] for one in found.checks]
    if rows:
        draw_grid(console, ["machine", "state", "message", "what to do"], rows)
    for problem in found.problems:
        say(console, f"Not read: {problem}")
    return 0 if all_well else 3


def _describe_verify(command: argparse.ArgumentParser) -> None:
    command.add_argument("plan", metavar="PLAN", help="a file that `onboard plan --save` wrote")
    command.add_argument(
        "--estate", metavar="FILE", help="an estate file with an Azure Arc source; without it the default credential"
    )
    command.add_argument("--source", metavar="NAME", help="that source's name, where the estate has several")
    command.add_argument(
        "--timeout",
        type=_seconds,
        default=900.0,
        metavar="SECONDS",
        help="how long to wait, 900 by default; 0 looks once",
    )
    command.add_argument("--json", action="store_true", help="print JSON")


def _coverage(arguments: argparse.Namespace) -> int:
    """Show which machines Arc manages and which not; exit code 3 when the inventory does not tell all that it takes."""
    inventory = _inventory(arguments.file)
    coverage = hi.arc_coverage(inventory)
    findings = list(inventory_findings(inventory))
    counts = coverage_counts(coverage)
    shown = coverage if arguments.state is None else coverage.where(state=arguments.state)
    if arguments.json:
        found = {
            "counts": counts,
            "machines": [plain(one) for one in shown],
            "findings": [plain(one) for one in findings],
        }
        print_json(found)
        return 3 if findings else 0
    console = open_console()
    told = ", ".join(f"{number} {_words(state)}" for state, number in counts.items() if number)
    say(console, f"{len(coverage)} machines: {told or 'none'}.", "bold")
    if arguments.state is None and not arguments.all:
        shown = coverage.where(state=lambda state: state is not hi.CoverageState.COVERED)
    rows = [[one.name, one.platform, _words(one.state), _words(one.reason), one.message, one.remedy] for one in shown]
    if rows:
        draw_grid(console, ["machine", "platform", "state", "reason", "message", "what to do"], rows)
    _draw_findings(console, findings)
    return 3 if findings else 0


def _describe_coverage(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE", help="an inventory file, or an estate file (.toml) to collect first")
    states = [str(state) for state in hi.CoverageState]
    command.add_argument("--state", choices=states, help="only the machines in this state")
    command.add_argument("--all", action="store_true", help="the covered machines too")
    command.add_argument("--json", action="store_true", help="print JSON")


_STEPS: dict[str, tuple[Callable[[argparse.Namespace], int], Callable[[argparse.ArgumentParser], None]]] = {
    "plan": (_plan, _describe_plan),
    "script": (_script, _describe_script),
    "verify": (_verify, _describe_verify),
    "coverage": (_coverage, _describe_coverage),
}


def _describe_target(command: argparse.ArgumentParser) -> None:
    target = command.add_argument_group("where to", "these go before what the file says")
    target.add_argument("--target", metavar="FILE", help="a TOML file (.toml) with these as keys, or a saved plan")
    for name, field in _FIELDS.items():
        option, doc = f"--{name.replace('_', '-')}", str(field.metadata["doc"]).rstrip(".")
        if name == "tags":
            target.add_argument(
                "--tag", type=_tag, action="append", metavar="NAME=VALUE", help=f"{doc}; may be repeated"
            )
        else:
            target.add_argument(option, metavar="TEXT", help=doc)


def _target(arguments: argparse.Namespace) -> OnboardingTarget:
    """The target that the options and the file describe together."""
    file = arguments.target or getattr(arguments, "plan", None)
    values = _target_file(Path(file)) if file else {}
    given = {name: getattr(arguments, name, None) for name in _FIELDS}
    values |= {name: value for name, value in given.items() if value is not None}
    if arguments.tag:
        values["tags"] = {**values.get("tags", {}), **dict(arguments.tag)}
    missing = [name for name in _REQUIRED if name not in values]
    if missing:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in missing)
        raise _UsageError(f"missing: {options}; give them, or a file that has them as --target")
    return OnboardingTarget(**values)


def _target_file(path: Path) -> dict[str, Any]:
    if path.suffix != ".toml":
        return attrs.asdict(hi.load_onboarding(path).target, recurse=False)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise hi.NotSupported(f"{path} is not TOML: {error}", remedy="see docs/onboarding.md") from error
    odd = [name for name in values if name not in _FIELDS]
    if odd or not isinstance(values.get("tags", {}), dict):
        what = f"unknown key {odd[0]!r:.60}" if odd else "tags must be a table"
        raise hi.NotSupported(f"{path}: {what}", remedy=f"the keys are: {', '.join(_FIELDS)}")
    return values


def _inventory(file: str) -> hi.Inventory:
    """The inventory in a file, or what an estate file leads to."""
    if Path(file).suffix != ".toml":
        return open_inventory(file)
    with ExitStack() as stack:
        adapters = [stack.enter_context(adapter) for adapter in hi.open_estate(file)]
        kinds = [kind for kind in ("vms", "resources") if any(kind in one.capabilities for one in adapters)]
        try:
            with progress() as report:
                return hi.collect(adapters, kinds, progress=report)
        except KeyboardInterrupt:
            stack.pop_all()  # closing an adapter would wait for its endpoint
            raise


def _arc(arguments: argparse.Namespace, target: OnboardingTarget) -> Adapter:
    from hybridinv.estate import open_source

    if not arguments.estate:
        if arguments.source:
            raise _UsageError("--source needs --estate")
        return hi.AzureArc(subscription_ids=[target.subscription_id], cloud=target.cloud)
    if arguments.source:
        return open_source(arguments.estate, arguments.source)
    found = [adapter for adapter in hi.open_estate(arguments.estate) if adapter.platform == _ARC]
    if len(found) != 1:
        raise hi.EstateError(
            f"{arguments.estate} has {len(found)} Azure Arc sources",
            remedy="name one with --source" if found else 'add one with platform = "azure-arc"',
        )
    return found[0]


def _print_step() -> Callable[[hi.Progress], None]:
    """One line on standard error whenever another machine is connected."""
    last = -1

    def report(step: hi.Progress) -> None:
        nonlocal last
        if step.read != last:
            last = step.read
            sys.stderr.write(clean(f"{step.source}: {step.read} of {step.expected} connected") + "\n")

    return report


def _draw_findings(console: Console, findings: Iterable[hi.Finding]) -> None:
    for one in findings:
        say(console, f"{one.severity.upper()} {one.code}: {one.message}" + (f" — {one.remedy}" if one.remedy else ""))


def _warnings(findings: Iterable[hi.Finding]) -> str:
    return "; ".join(one.message for one in findings if one.severity is not Severity.INFO)


def _first(findings: Iterable[hi.Finding]) -> tuple[str, str]:
    return next(((one.message, one.remedy) for one in findings), ("", ""))


def _words(state: str) -> str:
    return state.replace("_", " ")


def _tag(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError("must be NAME=VALUE")
    return name, value


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError("must be a number of seconds, 0 or more")
    return seconds
