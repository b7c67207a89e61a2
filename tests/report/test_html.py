"""The page: whole without a network or a script, and no name in it is ever markup."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

import hybridinv as hi
from hybridinv.report import html as page
from hybridinv.report.parts import Cell, Column, Table, Tone, Unit
from report.hostile_estate import HOSTILE, hostile

HERE = {"platform": "vsphere", "source": "vc01"}
VOID = {"meta", "link", "input", "br", "img", "rect", "path"}


class Read(HTMLParser):
    """A page as a strict reader has it: tags with their attributes, and whether all are closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice: {tag} {names}"
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open, f"</{tag}> closes nothing"
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [given for name, given in self.tags if name == tag]


@pytest.fixture(scope="module")
def demo() -> hi.Inventory:
    return hi.demo()


def written(subject: object, folder: Path) -> str:
    path = folder / "report.html"
    hi.write_html(subject, path)  # type: ignore[arg-type]
    return path.read_text(encoding="utf-8")


def plans(inv: hi.Inventory) -> list[object]:
    nowhere = "00000000-0000-0000-0000-000000000000"
    target = hi.OnboardingTarget(
        subscription_id=nowhere, resource_group="rg", tenant_id=nowhere, location="westeurope"
    )  # fmt: skip
    return [
        hi.plan_migration(inv, "web01", to_host="esx02.example.test"),
        hi.plan_maintenance(inv, ["esx01.example.test", "esx02.example.test"]),
        hi.plan_onboarding(inv, target),
    ]


def test_a_page_is_well_formed_and_loads_nothing(demo: hi.Inventory, tmp_path: Path) -> None:
    for subject in (demo, *plans(demo), hi.Inventory()):
        read = Read(written(subject, tmp_path))
        assert read.open == []
        tags = {tag for tag, _ in read.tags}
        assert not tags & {"img", "iframe", "object", "embed", "base", "form", "video", "audio", "source", "image"}
        assert [one["href"] for one in read.all("link")] == ["data:,"]
        assert all("src" not in one for one in read.all("script"))
        assert all(one["href"].startswith("#") for one in read.all("a"))
        assert not any(name.startswith("on") for _, given in read.tags for name in given)
        (style,) = re.findall("<style>(.*?)</style>", written(subject, tmp_path), re.DOTALL)[:1]
        assert "url(" not in style
        assert "@import" not in style


def test_the_policy_forbids_the_network_and_every_script_but_one(demo: hi.Inventory, tmp_path: Path) -> None:
    text = written(demo, tmp_path)
    (policy,) = (one["content"] for one in Read(text).all("meta") if "http-equiv" in one)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    script = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(script) == 1
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    assert rules == {
        "default-src": "'none'", "style-src": "'unsafe-inline'", "script-src": f"'sha256-{digest}'",
        "img-src": "data:", "base-uri": "'none'", "form-action": "'none'",
    }  # fmt: skip


def test_hostile_names_are_text_and_nothing_else(tmp_path: Path) -> None:
    clean, bad = (Read(written(inv, tmp_path)) for inv in (hi.Inventory(), hostile(40)))
    text = written(hostile(40), tmp_path)
    assert {tag for tag, _ in bad.tags} <= {tag for tag, _ in clean.tags} | {
        "small", "tr", "td", "th", "tbody", "thead", "table", "caption", "button", "svg", "rect", "output", "strong",
        "div", "label", "ul", "li",
    }  # fmt: skip
    assert bad.open == []
    assert len(re.findall(r"<script>", text)) == 1
    assert "alert(1)" in "".join(bad.texts)  # they are shown
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u2028\u2029]", text)
    assert "\\u202e" in "".join(bad.texts)
    assert "\\ud800" in "".join(bad.texts)
    assert "{{ 7*7 }}" in "".join(bad.texts)


def test_hostile_names_are_text_in_plans_too(tmp_path: Path) -> None:
    inv = hostile()
    for name in HOSTILE:
        vm = next(one for one in inv.vms if one.name == f"{name} 0")
        text = written(hi.plan_maintenance(inv, [vm]), tmp_path)
        read = Read(text)
        assert read.open == []
        assert len(re.findall(r"<script>", text)) == 1
        assert not read.all("img")


def test_data_beyond_the_page_is_whole_and_cannot_end_its_island(tmp_path: Path) -> None:
    inv = hostile(40)
    text = written(inv, tmp_path)
    islands = re.findall(r'<script type="application/json" data-rows="(\d+)">(.*?)</script>', text, re.DOTALL)
    assert islands
    for count, body in islands:
        assert not set("<>&\u2028\u2029") & set(body)
        columns = json.loads(body)
        assert {len(column["rows"]) for column in columns} == {int(count)}
    machines = next(json.loads(body) for count, body in islands if count == str(len(inv.vms)))
    names = [machines[0]["cells"][place] for place in machines[0]["rows"]]
    assert len(names) == len(set(names)) == len(inv.vms)
    assert "<script>alert(1)</script> 0" in names


def test_without_a_script_a_long_table_says_how_much_is_missing(tmp_path: Path) -> None:
    vms = [hi.VirtualMachine(id=f"v{n}", name=f"vm{n}", **HERE) for n in range(1234)]
    text = written(hi.Inventory(vms=vms), tmp_path)
    part = re.search(r'<div class="table[^"]*" id="machine-list">(.*?)<script', text, re.DOTALL)
    assert part
    assert part[1].count("<tr>") == 101
    assert "The first 100 of 1,234 rows are here; the other 1,134 are in this page as data" in part[1]


def test_a_short_table_is_whole_and_has_no_island(demo: hi.Inventory, tmp_path: Path) -> None:
    text = written(demo, tmp_path)
    assert "application/json" not in text
    assert all(vm.name in text for vm in demo.vms)


def test_tables_headings_and_landmarks_are_accessible(demo: hi.Inventory, tmp_path: Path) -> None:
    for subject in (demo, *plans(demo)):
        text = written(subject, tmp_path)
        read = Read(text)
        tags = [tag for tag, _ in read.tags]
        assert read.all("html")[0]["lang"] == "en"
        for landmark in ("header", "nav", "main", "footer", "h1"):
            assert tags.count(landmark) == 1, landmark
        levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        assert tags.count("caption") == tags.count("table")
        assert all(one.get("scope") in ("col", "row") for one in read.all("th"))
        ids = [given["id"] for _, given in read.tags if "id" in given]
        assert len(ids) == len(set(ids))
        named = [word for _, given in read.tags for word in given.get("aria-labelledby", "").split()]
        assert named
        assert set(named) <= set(ids)
        assert {one["href"][1:] for one in read.all("a")} <= set(ids)
        assert read.all("a")[0]["class"] == "skip"
        assert "viewport" in [one.get("name") for one in read.all("meta")]


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", block))


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_text_has_enough_contrast_in_light_dark_and_print() -> None:
    style = (Path(page.__file__).parent / "templates" / "report.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        found = colours(block)
        for text in ("text", "soft", "link", "good", "warning", "bad"):
            for ground in ("page", "panel", "bad-panel"):
                one, other = sorted((luminance(found[text]), luminance(found[ground])), reverse=True)
                assert (one + 0.05) / (other + 0.05) >= 4.5, (text, ground, found)
        for fill in ("fill", "good", "warning", "bad"):
            one, other = sorted((luminance(found[fill]), luminance(found["page"])), reverse=True)
            assert (one + 0.05) / (other + 0.05) >= 3


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, Unit.BYTES, "not known"),
        (0, Unit.BYTES, "0 bytes"),
        (1023, Unit.BYTES, "1,023 bytes"),
        (2**30, Unit.BYTES, "1.0 GiB"),
        (1536 * 2**40, Unit.BYTES, "1.5 PiB"),
        (-(2**31), Unit.BYTES, "-2.0 GiB"),
        (100, Unit.MBPS, "100 Mbit/s"),
        (25_000, Unit.MBPS, "25 Gbit/s"),
        (0, Unit.MBPS, "0 Mbit/s"),
        (83.4, Unit.PERCENT, "83 %"),
        (1.5, Unit.DAYS, "36 h"),
        (412.3, Unit.DAYS, "412 days"),
        (119, Unit.SECONDS, "about 119 s"),
        (2700, Unit.SECONDS, "about 45 min"),
        (7200, Unit.SECONDS, "about 2.0 h"),
        (10016, Unit.COUNT, "10,016"),
        (0.4333, Unit.RATIO, "0.43 : 1"),
        (2600, Unit.MHZ, "2,600 MHz"),
        (datetime(2026, 1, 15, 9, tzinfo=timezone(timedelta(hours=1))), Unit.MOMENT, "2026-01-15 08:00 UTC"),
    ],
)
def test_every_number_has_its_unit(value: float | datetime | None, unit: Unit, text: str) -> None:
    assert page.shown(value, unit) == text


def test_a_packed_column_gives_each_row_its_cell() -> None:
    values = [8, None, Cell(8, Tone.BAD, "more"), 8, "x", None]
    table = Table(id="t", columns=(Column("n", Unit.COUNT),), rows=[(value,) for value in values])
    (column,) = json.loads(page.island(table))
    assert [column["cells"][place] for place in column["rows"]] == [
        ["8", 8, "", ""], ["not known", None, "", ""], ["8", 8, "bad", "more"], ["8", 8, "", ""], "x",
        ["not known", None, "", ""],
    ]  # fmt: skip
    assert len(column["cells"]) == 4


def test_equal_values_of_different_kinds_are_not_mixed_up() -> None:
    table = Table(
        id="t", columns=(Column("n", Unit.COUNT),), rows=[(1,), (1.0,), (Cell(1, Tone.BAD),), (Cell(1.0, Tone.BAD),)]
    )
    (column,) = json.loads(page.island(table))
    assert [column["cells"][place][0] for place in column["rows"]] == ["1", "1.0", "1", "1.0"]


def test_the_page_says_when_the_inventory_was_taken_and_never_ages_of_now(demo: hi.Inventory, tmp_path: Path) -> None:
    text = written(demo, tmp_path)
    assert "As of <time" in text
    assert "2026-01-15 08:00 UTC</time>, when the inventory was taken" in text
    assert "37 days" in text  # the snapshot's age on that day
    for plan in plans(demo):
        assert "Plans do not say when their inventory was taken." in written(plan, tmp_path)


def test_two_pages_of_one_inventory_are_the_same(demo: hi.Inventory, tmp_path: Path) -> None:
    assert written(demo, tmp_path) == written(hi.demo(), tmp_path)


def test_a_file_that_cannot_be_written_is_said_at_once(demo: hi.Inventory, tmp_path: Path) -> None:
    with pytest.raises(hi.HybridInvError, match="cannot write"):
        hi.write_html(demo, tmp_path / "no" / "such" / "folder.html")
    with pytest.raises(hi.NotSupported):
        hi.write_html([], tmp_path / "x.html")  # type: ignore[arg-type]
    for wrong in (None, 5):
        with pytest.raises(hi.NotSupported, match="is no path — give the name of the file to write"):
            hi.write_html(demo, wrong)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_without_jinja2_the_extra_is_named(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['jinja2'] = None\n"
        "import hybridinv as hi\n"
        "try: hi.write_html(hi.Inventory(), sys.argv[1])\n"
        "except hi.MissingExtra as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "x.html")], capture_output=True, text=True, check=True
    )  # fmt: skip
    assert "this needs jinja2, which is not installed" in done.stdout
    assert "hybridinv[report]" in done.stdout
    assert not (tmp_path / "x.html").exists()
