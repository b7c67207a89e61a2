"""`hybridinv extensions`: which extensions a location offers, by publisher, type and version."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import hybridinv as hi
from hybridinv.estate import open_source
from hybridinv.inventory import count_of
from hybridinv.saving import plain
from hybridinv.terminal import clean, draw_grid, draw_problems, open_console, progress, say, seconds

if TYPE_CHECKING:
    import argparse

    from rich.console import Console

_PARTIAL = 3
_PLATFORMS = {"azure": "Azure", "azure-arc": "AzureArc"}
_WITHOUT_ESTATE = ("platform", "cloud", "subscription")
_DAY = 86_400.0


def extensions(arguments: argparse.Namespace) -> int:
    """List the extensions that a location offers; Azure's and Arc's need no estate file, a Hub's does."""
    wrong = _contradiction(arguments)
    if wrong:
        sys.stderr.write(f"{arguments.usage}hybridinv: error: {clean(wrong)}\n")
        return 2
    # It tells each way to log in that did not work; the error says it in a line.
    logging.getLogger("azure.identity").addHandler(logging.NullHandler())
    with ExitStack() as stack:
        adapter = stack.enter_context(_adapter(arguments))
        try:
            with progress() as report:
                images = adapter.extension_images(
                    arguments.location,
                    publishers=arguments.publisher,
                    types=arguments.type,
                    latest=arguments.latest,
                    progress=report,
                    cache=not arguments.no_cache,
                    max_age=arguments.max_age,
                )
        except KeyboardInterrupt:
            stack.pop_all()  # closing an adapter would wait for its endpoint
            raise
    if arguments.json:
        sys.stdout.write(json.dumps([plain(image) for image in images], indent=2) + "\n")
        for one in images.problems:
            sys.stderr.write(clean(f"hybridinv: warning: {one.scope}: {one.error}: {one.message}") + "\n")
    else:
        _draw(open_console(), images, arguments)
    return 0 if images.complete else _PARTIAL


def _contradiction(arguments: argparse.Namespace) -> str:
    """What on the command line cannot be meant together."""
    if arguments.source and not arguments.estate:
        return "--source is the name of a source in an estate file: give --estate too"
    given = [name for name in _WITHOUT_ESTATE if getattr(arguments, name)]
    if arguments.estate and given:
        return f"--{given[0]} goes without --estate: the estate file says it"
    return ""


def _adapter(arguments: argparse.Namespace) -> Any:
    """The source that is meant: of the estate file, else Azure or Arc with the credential of this machine."""
    if not arguments.estate:
        kind = getattr(hi, _PLATFORMS[arguments.platform or "azure"])
        return kind(cloud=arguments.cloud or "AzureCloud", subscription_ids=arguments.subscription)
    from hybridinv.platforms.arm import ArmAdapter

    if arguments.source:
        adapter = open_source(arguments.estate, arguments.source)
        if not isinstance(adapter, ArmAdapter):
            raise hi.EstateError(
                f"{arguments.source} is of {adapter.platform}, which has no catalogue of extensions",
                remedy="name a source of Azure, Azure Arc or Azure Stack Hub",
            )
        return adapter
    having = [one for one in hi.open_estate(arguments.estate) if isinstance(one, ArmAdapter)]
    if len(having) != 1:
        there = f"{len(having)} sources" if having else "no source"
        raise hi.EstateError(
            f"{arguments.estate} has {there} of Azure, Azure Arc or Azure Stack Hub",
            remedy="say which with --source" if having else "add one, or leave --estate out for Azure itself",
        )
    return having[0]


def _draw(console: Console, images: hi.Records[hi.ExtensionImage], arguments: argparse.Namespace) -> None:
    if images:
        known = any(image.os_type != hi.OSType.UNKNOWN for image in images)
        heads = ["Publisher", "Type", "Version", *(["OS"] if known else [])]
        rows = [[image.publisher, image.type, image.version, *([image.os_type] if known else [])] for image in images]
        draw_grid(console, heads, rows, fit=False)
    types = {(image.publisher.lower(), image.type.lower()) for image in images}
    publishers = {image.publisher.lower() for image in images}
    found = ", ".join(count_of(*one) for one in (("publisher", len(publishers)), ("type", len(types)),
                                                 ("version", len(images))))  # fmt: skip
    say(console, f"{arguments.location}: {found}" if images else f"{arguments.location}: nothing of what was asked for")
    if images.problems:
        draw_problems(console, hi.Inventory(problems=images.problems))


def describe(command: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    command.add_argument("location", metavar="LOCATION", help="a region such as westeurope, or that of a Hub")
    command.add_argument("--estate", metavar="ESTATE", help="an estate file; without it Azure itself is asked")
    command.add_argument(
        "--source", metavar="SOURCE", help="the source's name in it, where it has several with extensions"
    )
    command.add_argument("--platform", choices=tuple(_PLATFORMS), help="without an estate file; azure by default")
    command.add_argument("--cloud", metavar="CLOUD", help="without an estate file; AzureCloud by default")
    command.add_argument(
        "--subscription", metavar="ID", action="append", help="without an estate file; may be repeated"
    )
    command.add_argument(
        "--publisher", metavar="NAME", action="append", help="a name or pattern such as 'Microsoft.*'; may be repeated"
    )
    command.add_argument("--type", metavar="NAME", action="append", help="a name or pattern; may be repeated")
    command.add_argument("--latest", action="store_true", help="of each type the highest version alone")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--no-cache", action="store_true", help="ask anew, and keep nothing")
    command.add_argument(
        "--max-age",
        type=seconds,
        metavar="SECONDS",
        default=_DAY,
        help="use answers no older than that; a day by default",
    )
    command.set_defaults(usage=command.format_usage())
