"""The pages that stand outside docs/, for the site: the README, Contributing and Changes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File, Files

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig

ROOT = Path(__file__).parents[1]
PAGES = {"README.md": "readme.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changes.md"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add them, with their links as they are from within docs/."""
    for name, page in PAGES.items():
        text = re.sub(r"\[([^]]+)\]\(LICENSE\)", r"\1", (ROOT / name).read_text("utf-8").replace("](docs/", "]("))
        files.append(File.generated(config, page, content=_renamed(text)))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Links to them from within docs/ lead to the site's copies."""
    return _renamed(markdown.replace("](../", "]("))


def _renamed(text: str) -> str:
    for name, page in PAGES.items():
        text = text.replace(f"]({name}", f"]({page}")
    return text
