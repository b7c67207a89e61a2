"""The tapes there are: the demo's, and those in tests/tapes."""

from collections import Counter
from pathlib import Path

from hybridinv.demo import tape_folders
from hybridinv.transport.tape import Tape

HERE = Path(__file__).parent


def folders() -> list[Path]:
    """Every tape's folder."""
    return [*tape_folders(), *sorted(head.parent for head in HERE.glob("tapes/**/tape.json"))]


def label(folder: Path) -> str:
    """`platform:provenance:name`."""
    tape = Tape.read(folder)
    name = folder.relative_to(HERE / "tapes").as_posix() if folder.is_relative_to(HERE) else "demo"
    return f"{tape.platform}:{tape.provenance}:{name}"


def provenances() -> Counter[str]:
    """How many tapes there are of each provenance."""
    return Counter(Tape.read(folder).provenance for folder in folders())
