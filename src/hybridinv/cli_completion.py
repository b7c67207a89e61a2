"""What a shell offers when the tab key is pressed: commands and options, tables, fields, sources, names of machines."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from hybridinv.errors import HybridInvError, MissingExtra
from hybridinv.inventory import KINDS
from hybridinv.model import Problem
from hybridinv.terminal import column_names

if TYPE_CHECKING:
    from collections.abc import Callable

_SEVERAL = ("columns", "kinds")
"""The arguments that take several words, with commas between."""
_SHELLS = ("bash", "zsh", "fish", "powershell")
_ASKED = "_ARGCOMPLETE"
"""What the shell's part sets when it asks."""


def completion(arguments: argparse.Namespace) -> int:
    """Print the lines that make a shell complete this command; they go into the shell's own settings."""
    try:
        import argcomplete
    except ImportError:
        raise MissingExtra("argcomplete", "completion") from None
    sys.stdout.write(argcomplete.shellcode(["hybridinv"], shell=arguments.shell) + "\n")
    return 0


def describe_completion(command: argparse.ArgumentParser) -> None:
    """The arguments of `completion`."""
    command.add_argument("shell", metavar="SHELL", choices=_SHELLS, help=f"one of {', '.join(_SHELLS)}")


def answer_shell(parser: argparse.ArgumentParser) -> None:
    """Answer a shell that asks what may come next, and leave; do nothing where none asks."""
    if _ASKED not in os.environ:
        return
    try:
        import argcomplete
    except ImportError:
        return
    teach(parser)
    argcomplete.autocomplete(parser)


def teach(parser: argparse.ArgumentParser) -> None:
    """Let the arguments know where their words come from."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                teach(command)
        elif words := _WORDS.get(action.dest):
            action.completer = _quietly(words, several=action.dest in _SEVERAL)  # type: ignore[attr-defined]


def _quietly(words: Callable[[argparse.Namespace], list[str]], *, several: bool) -> Callable[..., list[str]]:
    """The words that begin as what was typed; none where a file cannot be read, for a shell must not see errors."""

    def complete(prefix: str, parsed_args: argparse.Namespace, **_: Any) -> list[str]:
        typed = prefix[: prefix.rfind(",") + 1] if several else ""
        try:
            return sorted(typed + word for word in words(parsed_args) if (typed + word).startswith(prefix))
        except (HybridInvError, OSError):
            return []

    return complete


def _sources(arguments: argparse.Namespace) -> list[str]:
    import tomllib
    from pathlib import Path

    if not arguments.estate:
        return []
    try:
        return list(tomllib.loads(Path(arguments.estate).read_text(encoding="utf-8")).get("sources", {}))
    except ValueError:
        return []


def _columns(arguments: argparse.Namespace) -> list[str]:
    kind = {**KINDS, "problems": Problem}.get(arguments.table or "")
    return list(column_names(kind)) if kind else []


def _conditions(arguments: argparse.Namespace) -> list[str]:
    return [f"{column}=" for column in _columns(arguments)]


def _kinds(_: argparse.Namespace) -> list[str]:
    return list(KINDS)


def _named(kind: str) -> Callable[[argparse.Namespace], list[str]]:
    def names(arguments: argparse.Namespace) -> list[str]:
        if str(arguments.file).endswith(".toml"):
            return []
        from hybridinv.report.workbook_reading import open_inventory

        return [record.name for record in getattr(open_inventory(arguments.file), kind) if record.platform == "vsphere"]

    return names


_WORDS: dict[str, Callable[[argparse.Namespace], list[str]]] = {
    "source": _sources,
    "where": _conditions,
    "columns": _columns,
    "kinds": _kinds,
    "vm": _named("vms"),
    "to_host": _named("hosts"),
    "hosts": _named("hosts"),
    "to_datastore": _named("datastores"),
}
"""By the name of an argument, the words that it may be."""
