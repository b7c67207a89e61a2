"""The public names: they are all there, they are documented, and importing them is cheap."""

from __future__ import annotations

import enum
import inspect
import subprocess
import sys
import time
from typing import Any

import attrs
import pytest

import hybridinv as hi

HEAVY = ("azure", "pyVmomi", "httpx", "lxml", "pyarrow", "pandas", "polars", "duckdb", "rich", "cattrs", "keyring")
BARE = "import attrs, concurrent.futures, datetime, enum, html, json, pathlib, tempfile, typing"


def everything() -> dict[str, Any]:
    return {name: getattr(hi, name) for name in hi.__all__}


def test_all_is_sorted_and_resolves() -> None:
    assert sorted(set(hi.__all__)) == sorted(hi.__all__)
    assert all(value is not None for value in everything().values())
    assert dir(hi) == sorted(hi.__all__)


def test_nothing_public_is_left_out() -> None:
    everything()
    found = {
        name
        for name, value in vars(hi).items()
        if not name.startswith("_") and not inspect.ismodule(value) and name not in ("annotations", "TYPE_CHECKING")
    }
    assert found <= set(hi.__all__)


def test_a_wrong_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="VSpere"):
        hi.VSpere  # noqa: B018


def documentable() -> dict[str, Any]:
    """Every public function, class, method and property."""
    found = {name: one for name, one in everything().items() if callable(one) and not inspect.ismodule(one)}
    for name, kind in list(found.items()):
        if not isinstance(kind, type):
            continue
        for base in kind.__mro__:
            if base.__module__.startswith("hybridinv"):
                found |= {
                    f"{name}.{key}": member
                    for key, member in vars(base).items()
                    if not key.startswith("_") and (callable(member) or isinstance(member, property))
                }
    return found


def test_every_public_name_has_a_docstring() -> None:
    def documented(one: Any) -> bool:
        return bool(inspect.getdoc(one)) and not (attrs.has(one) and inspect.getdoc(one).startswith("Method generated"))

    assert [name for name, one in documentable().items() if not documented(one)] == []


def test_every_field_of_a_record_says_what_it_is() -> None:
    records = [one for one in everything().values() if attrs.has(one) and one.__module__.startswith("hybridinv.model")]
    silent = [f"{one.__name__}.{f.name}" for one in records for f in attrs.fields(one) if not f.metadata.get("doc")]
    assert records
    assert silent == []


def test_enums_are_words() -> None:
    enums = [one for one in everything().values() if isinstance(one, type) and issubclass(one, enum.Enum)]
    assert enums
    for one in enums:
        assert issubclass(one, enum.StrEnum)
        if one is not hi.VMkernelService:
            assert all(member.value == member.value.lower() for member in one)


def test_importing_imports_no_sdk_and_no_output_library() -> None:
    code = f"import sys, hybridinv; print(*(name for name in {HEAVY} if name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == []


def test_importing_is_light() -> None:
    """Compared with what the same interpreter takes for attrs and a few modules of the standard library."""

    def seconds(code: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - started

    bare = min(seconds(BARE) for _ in range(5))
    ours = min(seconds("import hybridinv") for _ in range(5))
    print(f"import hybridinv: {ours - bare:+.3f} s over the {bare:.3f} s of attrs and the standard library")
    assert ours < 4 * bare + 0.25
