"""Where third-party wire data lies, beside the project; importing this skips the tests that need it, but in CI."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
PUBLISHED = _ROOT.parent / "shared" / "published"
if not PUBLISHED.is_dir():
    ABSENT = f"the published wire data is not beside the project ({PUBLISHED.relative_to(_ROOT.parent)})"
    if os.environ.get("CI"):
        pytest.fail(ABSENT, pytrace=False)
    pytest.skip(ABSENT, allow_module_level=True)
