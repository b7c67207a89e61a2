"""What a shell offers when the tab key is pressed: commands and options, tables, fields, sources, names of machines."""

from __future__ import annotations

import argparse
import os
import sys
from enum import Enum
from typing import TYPE_CHECKING, Any

from hybridinv.columns import hints, item_type, without_none
from hybridinv.errors import HybridInvError, MissingExtra
from hybridinv.inventory import KINDS
from hybridinv.model import Problem
from hybridinv.model.rendering import Names
from hybridinv.terminal import column_names, is_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_AFTER = {"columns": ",", "kinds": ",", "where": "="}
"""What is between words, in the arguments that take several."""
_LONGEST = 100
"""Characters of a value that nobody would complete."""
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
            action.completer = _quietly(words, after=_AFTER.get(action.dest, ""))  # type: ignore[attr-defined]


def _quietly(words: Callable[[argparse.Namespace, str], Iterable[str]], *, after: str) -> Callable[..., list[str]]:
    """The words that begin as what was typed; none where a file cannot be read, for a shell must not see errors.

    `after` is what ends a word, so that the next one is asked for.
    """

    def complete(prefix: str, parsed_args: argparse.Namespace, **_: Any) -> list[str]:
        typed = prefix[: prefix.rfind(after) + 1] if after else ""
        try:
            found = {typed + word for word in words(parsed_args, typed) if word.isprintable()}
            return sorted(one for one in found if one.startswith(prefix))
        except (HybridInvError, OSError):
            return []

    return complete


def _sources(arguments: argparse.Namespace, _: str) -> list[str]:
    import tomllib
    from pathlib import Path

    if not arguments.estate:
        return []
    try:
        return list(tomllib.loads(Path(arguments.estate).read_text(encoding="utf-8")).get("sources", {}))
    except ValueError:
        return []


def _fields(arguments: argparse.Namespace) -> dict[str, str]:
    kind = {**KINDS, "problems": Problem}.get(arguments.table or "")
    return column_names(kind) if kind else {}


def _columns(arguments: argparse.Namespace, _: str) -> Iterable[str]:
    return _fields(arguments)


def _conditions(arguments: argparse.Namespace, typed: str) -> Iterable[str]:
    """The columns; after one of them the words that it may be, or those that the file has of it."""
    fields = _fields(arguments)
    if not typed:
        return [f"{column}=" for column in fields]
    column = typed.removesuffix("=")
    field = fields.get(column, column)
    if field not in fields.values():
        return []
    hint = hints({**KINDS, "problems": Problem}[arguments.table])[field]
    kind = without_none(item_type(hint) or hint)
    if issubclass(kind, Enum):
        return list(kind)
    if kind is bool:
        return ["yes", "no"]
    return _known(arguments, field) if kind is str else []


def _known(arguments: argparse.Namespace, field: str) -> set[str]:
    from hybridinv.report.workbook_reading import open_inventory

    inventory = open_inventory(arguments.file)
    values = getattr(inventory, arguments.table)[field]
    found = {one for value in values for one in (value if isinstance(value, (tuple, frozenset)) else (value,)) if one}
    if is_reference(field):
        names = Names(inventory.tables().values())
        return {names.get(one) or one for one in found}
    return {one for one in found if len(one) <= _LONGEST}


def _kinds(_: argparse.Namespace, __: str) -> list[str]:
    return list(KINDS)


def _named(kind: str) -> Callable[[argparse.Namespace, str], list[str]]:
    def names(arguments: argparse.Namespace, _: str) -> list[str]:
        if str(arguments.file).endswith(".toml"):
            return []
        from hybridinv.report.workbook_reading import open_inventory

        return [record.name for record in getattr(open_inventory(arguments.file), kind) if record.platform == "vsphere"]

    return names


_WORDS: dict[str, Callable[[argparse.Namespace, str], Iterable[str]]] = {
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
