"""Write cli.md from the command line's own --help; `--check` only says whether it is current."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from hybridinv.cli import parser

PAGE = Path(__file__).with_name("cli.md")
HEAD = """\
# The command line

<!-- made by docs/generate_cli.py; do not edit -->

Each command is one function of the library with its arguments. Start with `hybridinv demo`: it needs no account.

"""


def render() -> str:
    """The page."""
    os.environ |= {"COLUMNS": "100", "NO_COLOR": "1"}
    return HEAD + "\n".join(sections("hybridinv", parser()))


def sections(name: str, command: argparse.ArgumentParser) -> list[str]:
    """A command, and those below it."""
    parts = [section(name, command)]
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            parts += [part for step, one in action.choices.items() for part in sections(f"{name} {step}", one)]
    return parts


def section(name: str, command: argparse.ArgumentParser) -> str:
    """One command."""
    return f"## {name}\n\n```text\n{command.format_help()}```\n"


def main() -> int:
    """Write, or check."""
    if "--check" in sys.argv:
        # Releases of Python lay out help differently; the words are the same.
        return int(PAGE.read_text("utf-8").split() != render().split())
    PAGE.write_text(render(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
