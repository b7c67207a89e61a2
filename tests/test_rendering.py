"""What notebooks show: bounded, escaped, without script, readable with and without styles."""

from __future__ import annotations

import gc
import html
import re
import weakref
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from IPython.core.formatters import DisplayFormatter

import hybridinv as hi
from hybridinv.model import rendering
from hybridinv.model.observed import AdapterTraffic, MigrationCheck, MigrationTraffic
from hybridinv.model.rendering import bounded_table, html_table

HOSTILE = "<img src=x onerror=alert(1)>\u202e\x1b[31m\udc80" + "y" * 700
TARGET = hi.OnboardingTarget(subscription_id="s", resource_group="rg", tenant_id="t", location="westeurope")


def vm(number: int = 0, **fields: Any) -> hi.VirtualMachine:
    identity = {"id": f"vsphere://x/vm-{number}", "name": f"vm{number:03}", "platform": "vsphere", "source": "vc01"}
    return hi.VirtualMachine(**identity | fields)


def host(number: int = 0, **fields: Any) -> hi.Host:
    identity = {"id": f"vsphere://x/host-{number}", "name": f"esx{number:02}", "platform": "vsphere", "source": "vc01"}
    return hi.Host(**identity | fields)


def cells(page: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", page)
    return [[html.unescape(one) for one in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


def words(page: str) -> str:
    """What is left where styles are stripped."""
    return html.unescape(re.sub("<[^>]+>", " ", re.sub("<style>.*?</style>", "", page)))


def hostile_things() -> dict[str, Any]:
    finding = hi.Finding(severity="blocker", code=HOSTILE, message=HOSTILE, remedy=HOSTILE, sources=[HOSTILE])
    problem = hi.Problem(platform=HOSTILE, source=HOSTILE, scope=HOSTILE, message=HOSTILE)
    one = vm(name=HOSTILE, source=HOSTILE, folder=HOSTILE, tags={HOSTILE: HOSTILE}, host_id="vsphere://x/host-0")
    case = hi.OnboardingCase(name=HOSTILE, hostname=HOSTILE, findings=[finding])
    inv = hi.Inventory(vms=[one], hosts=[host(name=HOSTILE)], problems=[problem])
    traffic = AdapterTraffic(host_name=HOSTILE, device=HOSTILE)
    return {
        "inventory": inv,
        "records": inv.vms,
        "problems": inv.problems,
        "incomplete records": hi.Records(hi.VirtualMachine, [], [problem]),
        "record": one,
        "onboarding plan": hi.OnboardingPlan(target=TARGET, candidates=[case], skipped=[case], findings=[finding]),
        "verification": hi.OnboardingVerification(
            checks=hi.Records(hi.OnboardingCheck, [hi.OnboardingCheck(name=HOSTILE, message=HOSTILE)]),
            problems=(problem,),
        ),
        "maintenance plan": hi.MaintenancePlan(hosts=[host(name=HOSTILE)], findings=[finding]),
        "migration plan": hi.MigrationPlan(vm=one, kind="compute", state="hot", findings=[finding]),
        "migration rule": hi.MigrationRule(kind="compute", state="hot", label=HOSTILE, differs=HOSTILE),
        "migration check": MigrationCheck(findings=[finding], both=[HOSTILE]),
        "migration traffic": MigrationTraffic(message=HOSTILE, adapters=[traffic], notes=[HOSTILE]),
    }


@pytest.mark.parametrize("name", hostile_things())
def test_names_are_only_text_and_nothing_is_fetched(name: str) -> None:
    page = hostile_things()[name]._repr_html_()
    assert "<img" not in page
    assert "&lt;img src=x" in page
    assert not {"\u202e", "\x1b", "\udc80"} & set(page)
    tags = set(re.findall(r"<([a-z0-9]+)", page))
    known = {"div", "style", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "h3", "ul", "li", "details"}
    drawn = {"svg", "title", "desc", "g", "rect", "path", "text"}
    assert tags <= known | drawn | {"summary"}
    assert not re.search(r"url\(|@import|https?:", page.replace(' xmlns="http://www.w3.org/2000/svg"', ""))
    opened = "".join(re.findall(r"<[a-z][^>]*>", re.sub(r'"[^"]*"', '""', page)))
    assert not re.search(r"\s(href|src|on\w+)=", opened)
    assert len(page) < 40_000
    assert page.encode()


@pytest.mark.parametrize("name", hostile_things())
def test_the_text_fallback_is_short_and_plain(name: str) -> None:
    thing = hostile_things()[name]
    if name == "record":
        printer = Printer()
        thing._repr_pretty_(printer, False)
        text = printer.told
    else:
        text = repr(thing)
    assert text
    assert text.isprintable()
    assert len(text) < 5000


class Printer:
    """The one method of IPython's printer that is used."""

    told = ""

    def text(self, text: str) -> None:
        self.told += text


def test_a_record_is_told_by_what_is_known_of_it() -> None:
    one = vm(cpus=4, memory_bytes=8 * 2**30, disks=[hi.Disk(name="Hard disk 1"), hi.Disk(name="Hard disk 2")])
    page = one._repr_html_()
    rows = {row[0]: row[1:] for row in cells(page)}
    assert rows["cpus"] == ["4", "Virtual CPUs."]
    assert rows["memory_bytes"][0] == "8.0 GiB"
    assert rows["disks"][0] == "2: Hard disk 1, Hard disk 2"
    assert "hostname" not in rows
    printer = Printer()
    one._repr_pretty_(printer, False)
    assert printer.told.startswith("VirtualMachine(id='vsphere://x/vm-0', name='vm000'")
    assert "hostname" not in printer.told


def test_a_record_of_many_fields_is_cut() -> None:
    full = {
        field.name: "x"
        for field in attrs.fields(hi.VirtualMachine)
        if field.type == "str" and field.name not in ("id", "name", "platform", "source")
    }
    assert len(cells(vm(**full, cpus=1, memory_bytes=1, cores_per_socket=1)._repr_html_())) <= 61


def test_every_record_of_an_inventory_has_its_own_page() -> None:
    inv = hi.demo()
    for table in inv.tables().values():
        if table:
            assert table[0].name in words(table[0]._repr_html_())


def test_other_records_go_by_their_names() -> None:
    inv = hi.Inventory(vms=[vm(host_id="vsphere://x/host-7"), vm(1, host_id="vsphere://x/host-9")], hosts=[host(7)])
    for records in (inv.vms, inv.vms[:2], inv.vms.where(platform="vsphere")):
        page = records._repr_html_()
        head, *rows = cells(page)
        column = head.index("host")
        assert [row[column] for row in rows] == ["esx07", "host-9"]  # the end of an id that leads to no record
        assert '<td title="vsphere://x/host-7">esx07</td>' in page
    assert "esx07" not in hi.Records(hi.VirtualMachine, inv.vms)._repr_html_()


def test_an_inventory_made_from_another_does_not_keep_it() -> None:
    first = hi.Inventory(vms=[vm()], hosts=[host()])
    second = attrs.evolve(first, taken_at=datetime(2026, 1, 1, tzinfo=UTC))
    gone = weakref.ref(first)
    del first
    gc.collect()
    assert gone() is None
    assert second.vms[0].name == "vm000"


def test_empty_columns_are_left_out_and_rows_are_counted() -> None:
    page = hi.Records(hi.VirtualMachine, [vm(number, cpus=2) for number in range(45)])._repr_html_()
    head, *rows = cells(page)
    assert head == ["name", "platform", "power_state", "os_type", "cpus", "source", "is_template"]
    assert len(rows) == 20
    assert "45 VirtualMachine records" in words(page)
    assert "25 more" in words(page)
    assert "0 VirtualMachine records" in words(hi.Records(hi.VirtualMachine)._repr_html_())


def test_every_kind_of_record_has_columns() -> None:
    records = [
        kind for kind in (getattr(hi, name) for name in hi.__all__ if name[0].isupper())
        if attrs.has(kind) and kind.__module__.startswith("hybridinv.model")
    ]  # fmt: skip
    assert len(records) > 40
    for kind in records:
        assert "<table>" in hi.Records(kind)._repr_html_(), kind


def test_leading_columns_are_fields() -> None:
    for kind, names in rendering.LEADING.items():
        assert set(names) <= attrs.fields_dict(getattr(hi, kind)).keys()


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("memory_bytes", 0, "0.0 GiB"),
        ("memory_bytes", 4096, "&lt; 0.1 GiB"),
        ("memory_bytes", 3 * 2**40, "3,072.0 GiB"),
        ("mtu", 9000, "9000"),
        ("average", 0.125, "0.125"),
        ("x", None, ""),
        ("x", True, "yes"),
        ("x", frozenset({"b", "a"}), "a, b"),
        ("x", hi.Tags({"k": "v"}), "k=v"),
        ("x", datetime(2026, 1, 15, 8, 0, tzinfo=UTC), "2026-01-15 08:00"),
    ],
)
def test_values_are_as_people_read_them(name: str, value: object, shown: str) -> None:
    assert re.findall(r"<td[^>]*>(.*?)</td>", html_table([name], [[value]])) == [shown]


def test_words_are_readable_where_names_are_cut() -> None:
    page = html_table(["message", "name"], [["m" * 500, "n" * 500]])
    (_, row) = cells(page)
    assert [len(one) for one in row] == [500, 80]
    assert f'title="{"n" * 300}"' in page


def test_a_table_of_messages_is_bounded() -> None:
    page = bounded_table(["message"], [["x"]] * 130)
    assert page.count("<tr>") == 51
    assert "80 more" in page
    assert bounded_table(["message"], []) == ""


def test_the_banner_says_how_many_sources_are_whole() -> None:
    asked = [hi.Asked(platform="vsphere", source=name) for name in ("vc01", "vc01", "vc02")]
    problem = hi.Problem(platform="vsphere", source="vc02", message="403")
    text = words(hi.Inventory(asked=asked, problems=[problem])._repr_html_())
    assert "Incomplete: 1 problem." in text
    assert "1 source complete, 1 not." in text


def test_an_inventory_of_many_sources_and_problems_is_bounded() -> None:
    asked = [hi.Asked(platform="vsphere", source=f"vc{number}") for number in range(500)]
    problems = [hi.Problem(platform="vsphere", source=f"vc{number}", message="no") for number in range(500)]
    page = hi.Inventory(asked=asked, problems=problems)._repr_html_()
    assert "450 more" in page
    assert "480 more" in page
    assert len(page) < 20_000


def test_records_say_what_they_lack() -> None:
    short = hi.Records(hi.ExtensionImage, [], [hi.Problem(scope="Contoso", message="403")])
    assert "Contoso: 403" in words(short._repr_html_())


def test_the_sources_of_findings_are_folded_away() -> None:
    found = [hi.Finding(code="A", sources=["one", "two"]), hi.Finding(code="B"), hi.Finding(code="A", sources=["one"])]
    page = rendering.findings_table(found)
    assert re.findall("<li>(.*?)</li>", page) == ["A: one; two", "A: one"]
    assert "<details>" not in rendering.findings_table(found[1:2])


def test_the_style_touches_nothing_else_of_the_page() -> None:
    style = re.findall("<style>(.*?)</style>", hi.Inventory()._repr_html_())
    assert len(style) == 1
    rules = re.sub(r"@media\([^)]*\)\{(.*?\})\}", r"\1", style[0])
    selectors = [one for part in re.findall(r"([^{}]+)\{", rules) for one in part.split(",")]
    assert selectors
    assert all(one.startswith(".hybridinv") for one in selectors)
    assert "prefers-color-scheme:dark" in style[0]
    assert "var(--jp-" in style[0]


def test_colours_can_be_read_on_light_and_dark_pages() -> None:
    style = re.findall("<style>(.*?)</style>", hi.Inventory()._repr_html_())[0]
    light, _, dark = style.partition("@media")
    for part, page in ((light, "#ffffff"), (dark, "#111111")):
        colours = re.findall(r"--hybridinv-\w+:(#\w{6})", part)
        assert len(colours) == 2
        for colour in colours:
            assert contrast(colour, page) >= 4.5


def contrast(colour: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    brighter, darker = sorted((light(colour), light(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def test_a_column_is_a_tuple_and_its_name_is_completed() -> None:
    records = hi.Records(hi.VirtualMachine, [vm(cpus=2), vm(1)])
    assert records["cpus"] == (2, None)
    assert "power_state" in records._ipython_key_completions_()
    with pytest.raises(hi.UnknownField, match="no field 'cpu'"):
        records["cpu"]


def test_an_answer_of_sql_is_shown_in_part() -> None:
    answer = hi.Inventory(vms=[vm(number) for number in range(30)]).sql("select name, cpus from vms order by name")
    head, *rows = cells(answer._repr_html_())
    assert head == ["name", "cpus"]
    assert (len(rows), rows[0]) == (20, ["vm000", ""])
    assert "10 more" in words(answer._repr_html_())


def test_a_check_and_traffic_say_what_their_text_says() -> None:
    check = MigrationCheck(operation="CheckMigrate_Task", findings=[hi.Finding(code="X", message="no")], both=["X"])
    assert "would refuse it (CheckMigrate_Task)" in words(check._repr_html_())
    assert "agreed: X" in words(check._repr_html_())
    assert str(check).splitlines() == [
        "The vCenter would refuse it (CheckMigrate_Task).",
        "  INFO X: no",
        "  agreed: X",
    ]
    traffic = MigrationTraffic(
        verdict="as_planned", message="It went over vmk1.",
        adapters=[AdapterTraffic(host_name="esx01", device="vmk1", planned=True, carried_bytes=2**31)],
    )  # fmt: skip
    assert cells(traffic._repr_html_())[1] == ["esx01", "vmk1", "", "yes", "", "", "", "2.0 GiB"]


def test_a_record_of_a_long_name_is_bounded() -> None:
    page = vm(name="v" * 40_000)._repr_html_()
    assert f"VirtualMachine {'v' * 79}…" in page
    assert len(page) < 5000


def test_a_column_of_a_long_name_is_bounded() -> None:
    assert len(html_table(["x" * 40_000], [[1]])) < 300


@pytest.mark.parametrize(
    "thing", [vm(annotation="x" * 78_000), hi.Disk(path="x" * 78_000), hi.Problem(message="x" * 78_000)]
)
def test_ipython_itself_shows_a_long_record_in_short(thing: Any) -> None:
    shown, _ = DisplayFormatter().format(thing)
    assert shown["text/plain"].startswith(type(thing).__name__)
    assert len(shown["text/plain"]) < 2500
    assert len(shown["text/html"]) < 10_000


def test_what_is_cut_off_is_counted() -> None:
    fields = {"cpus": 1, "memory_bytes": 1, "os_name": "x", "folder": "x", "resource_group": "x", "location": "x",
              "hostname": "x", "size": "x", "kind": "x", "hardware_version": "x", "firmware": "x"}  # fmt: skip
    page = hi.Records(hi.VirtualMachine, [vm(**fields)])._repr_html_()
    assert page.count("<th>") == 10
    assert re.search(r"<p>\d more fields</p>", page)
