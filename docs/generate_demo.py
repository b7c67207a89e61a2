"""Draw images/demo.svg: what `hybridinv demo` shows on a terminal. `--check` only says whether it is current."""

from __future__ import annotations

import os
import pty
import re
import sys
from io import StringIO
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).parent / "images" / "demo.svg"
COLUMNS, LINES = 140, 30
# The picture of a page must not fetch a font.
FORM = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def output() -> str:
    """What the command prints on a terminal of that width."""
    said: list[bytes] = []

    child, terminal = pty.fork()
    if not child:
        os.environ.update(COLUMNS=str(COLUMNS), LINES="50", TERM="xterm-256color", NO_COLOR="", FORCE_COLOR="1")
        os.execv(sys.executable, [sys.executable, "-m", "hybridinv", "demo"])  # noqa: S606
    try:
        while said[-1:] != [b""]:
            said.append(os.read(terminal, 4096))
    except OSError:  # the other side has gone
        pass
    os.waitpid(child, 0)
    return b"".join(said).decode()


def render() -> str:
    """The picture: the first lines of it."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True, color_system="truecolor")
    lines = output().replace("python -m hybridinv", "hybridinv").splitlines()
    console.print(Text.from_ansi("\n".join(("$ hybridinv demo", *lines[: LINES - 1]))))
    return re.sub(r"[ \t]+$", "", console.export_svg(title="hybridinv", code_format=FORM, unique_id="demo"), flags=re.M)


def main() -> int:
    """Write, or check."""
    if "--check" in sys.argv:
        return int(PICTURE.read_text("utf-8") != render())
    PICTURE.write_text(render(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
