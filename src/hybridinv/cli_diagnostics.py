"""`hybridinv diagnostics`: what the diagnostics extension of a machine in an inventory file wrote to its account."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import hybridinv as hi
from hybridinv.diagnostics.question import ALL_GRAINS
from hybridinv.saving import plain
from hybridinv.terminal import draw_grid, open_console, say, shown
from hybridinv.wire.counters import checked_guest_counters, guest_counters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

KEY, SAS = "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN"
"""The environment variables that Azure's own command line takes them from."""
_PLATFORMS = ("azure", "azure-stack-hub")
_PARTIAL = 3
_SAMPLE = ("at", "counter", "average", "minimum", "maximum", "count", "unit", "raw_name")
_DAY = ("day", "counter", "mean", "minimum", "maximum", "percentile_95", "count", "unit", "raw_name")
_SHOWN_PROBLEMS = 20


def diagnostics(arguments: argparse.Namespace) -> int:
    """Show what the diagnostics extension of a machine wrote to a storage account; exit code 3 when some is missing.

    An account key is taken from AZURE_STORAGE_KEY, a signature from AZURE_STORAGE_SAS_TOKEN; without both, Azure's
    usual ways to log in are tried.
    """
    # It tells each way to log in that did not work; the error says it in a line.
    logging.getLogger("azure.identity").addHandler(logging.NullHandler())
    machine = _machine(hi.load(arguments.file), arguments.vm)
    try:
        samples = hi.read_diagnostics(
            machine,
            account_url=arguments.account_url,
            credential=_credential(arguments.account_url),
            start=arguments.start,
            end=arguments.end,
            counters=arguments.counter,
            grain=arguments.grain,
            ca_file=arguments.ca_file,
        )
    except hi.AuthenticationFailed as error:
        if not (os.environ.get(KEY) or os.environ.get(SAS)):
            error.remedy = f"set {KEY} or {SAS}; else {error.remedy.replace(', or pass credential=', '')}"
        raise
    answer: hi.Records[Any] = hi.daily_summaries(samples) if arguments.daily else samples
    if arguments.json:
        found = {"samples": [plain(one) for one in answer], "problems": [plain(one) for one in samples.problems]}
        # Escapes stay in: a terminal that is shown JSON must not act on it either.
        sys.stdout.write(json.dumps(found, indent=2, default=_json) + "\n")
    else:
        console = open_console()
        columns = _DAY if arguments.daily else _SAMPLE
        draw_grid(console, columns, [[_cell(getattr(one, name), one.unit) for name in columns] for one in answer])
        _draw_problems(console, samples.problems)
    return _PARTIAL if samples.problems else 0


def describe(command: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    command.add_argument("file", metavar="FILE", help="an inventory file")
    command.add_argument("vm", metavar="VM", help="name or id of a machine of Azure or Azure Stack Hub")
    command.add_argument(
        "--account-url", metavar="URL", required=True, help="what the storage account calls primaryEndpoints.table"
    )
    for name, text in (("start", "from when"), ("end", "until before when")):
        command.add_argument(f"--{name}", type=_moment, metavar="TIME", required=True, help=f"{text}; {_EXAMPLE}")
    command.add_argument(
        "--counter",
        metavar="COUNTER",
        action="append",
        type=_counter,
        choices=guest_counters(),
        help=f"only this one; may be repeated; one of {', '.join(guest_counters())}",
    )
    command.add_argument(
        "--grain",
        choices=ALL_GRAINS,
        help="which tables are read; by default those of minutes for a day or less, else those of hours",
    )
    command.add_argument("--ca-file", metavar="FILE", help="the CA of a Stack Hub's certificate, in PEM form")
    command.add_argument("--daily", action="store_true", help="one line for each day and counter")
    command.add_argument("--json", action="store_true", help="print JSON")


_EXAMPLE = "as 2026-03-01T06:00Z, with its zone"


def _counter(text: str) -> str:
    try:
        return checked_guest_counters(text)[0]
    except hi.NotSupported as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no moment; write it {_EXAMPLE}") from None
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no time zone; write it {_EXAMPLE}")
    return moment


def _machine(inventory: hi.Inventory, name: str) -> hi.VirtualMachine:
    """The machine of that name or id, of those that can have the extension."""
    machines = inventory.vms.where(platform=lambda platform: platform in _PLATFORMS)
    id_ = name.strip().rstrip("/").lower()
    found = [one for one in machines if name == one.name] or [one for one in machines if one.id.lower() == id_]
    if len(found) > 1:
        ids = ", ".join(one.id for one in found[:5])
        raise hi.MultipleMatches(f"{len(found)} machines are named {name!r}: {ids}", remedy="give the id of one")
    if found:
        return found[0]
    for other in inventory.vms:
        if name == other.name or id_ == other.id.lower():
            raise hi.NotSupported(
                f"{name!r} is a machine of {other.platform}, which has no diagnostics extension that is read here",
                remedy="give a machine of Azure or Azure Stack Hub",
            )
    raise hi.NotFound(
        f"there is no machine {name!r} in the file", remedy="give the name or the id of one that is there"
    )


def _credential(account_url: str) -> Any:
    """What opens the account: out of the environment, never from the command line, which others can read."""
    from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential

    from hybridinv.transport.client import Wire
    from hybridinv.transport.clouds import CLOUDS, default_credential
    from hybridinv.transport.storage import account_name

    key, sas = os.environ.get(KEY, "").strip(), os.environ.get(SAS, "").strip()
    if key and sas:
        raise hi.NotSupported(f"both {KEY} and {SAS} are set", remedy="unset one of them")
    if key:
        return AzureNamedKeyCredential(account_name(account_url), key)
    if sas:
        return AzureSasCredential(sas)
    return default_credential(Wire("login"), CLOUDS[_cloud(account_url)].authority)


def _cloud(account_url: str) -> str:
    """Which cloud an account is in: who gives its tokens."""
    if "usgovcloudapi.net" in account_url:
        return "AzureUSGovernment"
    return "AzureChinaCloud" if "chinacloudapi.cn" in account_url else "AzureCloud"


def _json(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _cell(value: object, unit: str) -> str:
    """A value as people read it: sizes in GiB, figures with as many digits as tell something."""
    if isinstance(value, float):
        return f"{value / 2**30:.2f} GiB" if unit == "bytes" else f"{value:.6g}"
    return shown(value)


def _draw_problems(console: Console, problems: Sequence[hi.Problem]) -> None:
    """What is missing, and what to do about it."""
    for one in problems[:_SHOWN_PROBLEMS]:
        say(console, f"{one.source}: {one.error}: {one.message}", "bold red")
        if one.remedy:
            say(console, f"  {one.remedy}")
    if len(problems) > _SHOWN_PROBLEMS:
        say(console, f"and {len(problems) - _SHOWN_PROBLEMS} more: --json shows them")
