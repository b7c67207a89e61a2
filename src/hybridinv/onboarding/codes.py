"""What an AZCM code means, read once from `azcm_codes.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hybridinv.model import OSType


@cache
def code_lines(os_type: OSType) -> str:
    """The codes that can be met on that system, a line each: `code|cause|remedy`."""
    text = (resources.files(__package__) / "azcm_codes.toml").read_text(encoding="utf-8")
    rows = (row for row in tomllib.loads(text)["code"] if row.get("os", os_type) == os_type)
    return "\n".join("|".join((row["code"], row["cause"], row["remedy"])) for row in rows)
