"""The report as people see it: in a browser, light and dark, on a phone, on paper, with 10,000 machines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

import hybridinv as hi
from large_estate import large_estate
from live.browser import Page, chromium
from report.hostile_estate import LONG, hostile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.live

_MOST_ELEMENTS = 20_000
_LARGEST_BYTES = 15_000_000


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with chromium(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def demo(folder: Path) -> Path:
    hi.write_html(hi.demo(), folder / "demo.html")
    return folder / "demo.html"


@pytest.fixture(scope="module")
def large(folder: Path) -> Path:
    hi.write_html(large_estate(10_000), folder / "large.html")
    return folder / "large.html"


def column(page: Page, table: str, place: int) -> list[str]:
    found: list[str] = page.ask(
        f"[...document.querySelectorAll('#{table} tbody tr')].map(row => row.cells[{place}].textContent.trim())"
    )
    return found


def press_head(page: Page, table: str, name: str) -> str:
    """Press the head of a column, and say how it is sorted then."""
    state: str = page.ask(
        f"(() => {{ const head = [...document.querySelectorAll('#{table} thead th')]"
        f".find(one => one.textContent.trim() === '{name}');"
        " head.querySelector('button').click(); return head.getAttribute('aria-sort'); })()"
    )
    return state


def output(page: Page, table: str) -> str:
    said: str = page.ask(f"document.querySelector('#{table} output').textContent")
    return said


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
def test_a_page_asks_for_nothing_and_complains_of_nothing(browser: Page, demo: Path, *, dark: bool, width: int) -> None:
    browser.show(demo, dark=dark, width=width)
    assert browser.ask("document.documentElement.dataset.ready")
    assert browser.requests == [demo.resolve().as_uri()]
    assert browser.complaints == []
    ground = browser.ask("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground))) < 200) == dark


def test_a_policy_stops_what_gets_in_all_the_same(browser: Page, demo: Path, folder: Path) -> None:
    text = demo.read_text(encoding="utf-8")
    broken = folder / "broken.html"
    bad = "<script>document.title = 'owned'</script><img src='http://127.0.0.1:9/x.png' onerror='document.title=1'>"
    broken.write_text(text.replace("<main", f"{bad}<main", 1), encoding="utf-8")
    browser.show(broken)
    assert browser.ask("document.title").startswith("Inventory report")
    assert not [url for url in browser.requests if url.startswith("http")] or browser.complaints
    assert any("Content Security Policy" in said for said in browser.complaints)


def subjects(inv: hi.Inventory) -> list[Any]:
    """An inventory and a plan of each kind: what there are pages of."""
    target = hi.OnboardingTarget(
        subscription_id="00000000-0000-0000-0000-000000000001",
        resource_group="servers",
        tenant_id="00000000-0000-0000-0000-000000000002",
        location="westeurope",
    )
    plans = (
        hi.plan_migration(inv, inv.vms.where(platform="vsphere")[0], to_host=inv.hosts.where(platform="vsphere")[-1]),
        hi.plan_maintenance(inv, inv.hosts[:2]),
        hi.plan_onboarding(inv, target),
    )
    return [inv, *plans]


@pytest.fixture(scope="module")
def pages(folder: Path) -> list[Path]:
    """A page of each kind, of the demo and of names that nothing fits."""
    found = []
    for name, inv in (("demo", hi.demo()), ("long", hostile(1, LONG))):
        for subject in subjects(inv):
            found.append(folder / f"{name}-{type(subject).__name__}.html")
            hi.write_html(subject, found[-1])
    return found


CUT = (
    "[...document.querySelectorAll('.data th, .data td, .chart th, .chart td')].filter(one => one.offsetParent"
    " && !one.closest('.heard') && one.scrollWidth > one.clientWidth).map(one => one.textContent)"
)
"""The cells whose text runs into the next."""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 640, 1300])
def test_no_cell_runs_into_the_next(browser: Page, pages: list[Path], width: int, *, dark: bool) -> None:
    for file in pages:
        browser.show(file, width=width, dark=dark)
        assert browser.ask("document.querySelectorAll('.data td').length") > 4
        assert browser.ask(CUT) == [], file.name
        assert browser.ask("document.documentElement.scrollWidth") <= width


def test_nothing_is_cut_at_the_edge_of_paper(browser: Page, pages: list[Path]) -> None:
    for file in pages:
        browser.show(file, width=1032)  # A4 in landscape, between its margins
        browser.call("Emulation.setEmulatedMedia", media="print")
        assert browser.ask(CUT) == [], file.name
        wide = browser.ask(
            "[...document.querySelectorAll('body *')].filter(one => one.offsetParent && !one.closest('.heard, svg')"
            " && one.getBoundingClientRect().right > innerWidth + 1).map(one => one.textContent)"
        )
        assert wide == [], file.name


@pytest.mark.parametrize("scripts", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("width", [320, 375, 768, 1280, 2000])
def test_a_page_never_scrolls_sideways(browser: Page, demo: Path, width: int, *, scripts: bool) -> None:
    browser.show(demo, width=width, scripts=scripts)
    assert browser.ask("document.documentElement.scrollWidth") <= width
    wide = browser.ask(
        "[...document.querySelectorAll('main *')].filter(one => !one.closest('.scroll, .heard') &&"
        " one.getBoundingClientRect().right > innerWidth + 1).map(one => one.className || one.tagName)"
    )
    assert wide == []


def test_without_a_script_all_tables_are_there(browser: Page, demo: Path) -> None:
    browser.show(demo, scripts=False)
    # Scripts of the page are off; those of the test are not.
    assert browser.ask("document.documentElement.dataset.ready") is None
    assert column(browser, "vmkernel-matrix", 0)[0].startswith("esx11.example.test")
    assert len(column(browser, "machine-list", 0)) == len(hi.demo().vms)
    assert browser.ask("[...document.querySelectorAll('.tools, .find')].every(one => one.hidden)")


def test_columns_sort_by_value_and_what_is_not_known_goes_last(browser: Page, demo: Path) -> None:
    browser.show(demo)
    given = column(browser, "machine-list", 5)
    assert press_head(browser, "machine-list", "Memory") == "ascending"
    up = column(browser, "machine-list", 5)
    assert press_head(browser, "machine-list", "Memory") == "descending"
    down = column(browser, "machine-list", 5)
    sizes = {vm.name: vm.memory_bytes for vm in hi.demo().vms}
    assert sorted(up) == sorted(given)
    assert _sizes(up) == sorted(_sizes(up))
    assert _sizes(down) == sorted(_sizes(down), reverse=True)
    assert len(sizes) <= len(up)
    press_head(browser, "agent-machines", "Status since")
    assert column(browser, "agent-machines", 6)[-1] == "not known"
    press_head(browser, "agent-machines", "Status since")
    assert column(browser, "agent-machines", 6)[-1] == "not known"


def _sizes(texts: list[str]) -> list[float]:
    units = {"MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
    return [float(number) * units[unit] for number, unit in (text.split() for text in texts)]


def test_names_with_numbers_sort_as_people_count(browser: Page, folder: Path) -> None:
    names = ["vm10", "vm9", "VM1", "vm100"]
    vms = [hi.VirtualMachine(id=name, name=name, platform="vsphere", source="vc") for name in names]
    hi.write_html(hi.Inventory(vms=vms), folder / "numbers.html")
    browser.show(folder / "numbers.html")
    press_head(browser, "machine-list", "Machine")
    assert column(browser, "machine-list", 0) == ["VM1", "vm9", "vm10", "vm100"]


def test_a_table_is_searched_by_all_words(browser: Page, demo: Path) -> None:
    browser.show(demo)
    browser.type("#machine-list input", "WINDOWS vsphere running")
    names = column(browser, "machine-list", 0)
    due = [
        vm.name for vm in hi.demo().vms
        if vm.platform == "vsphere" and "Windows" in vm.os_name and vm.power_state == "running"
    ]  # fmt: skip
    assert names == due
    assert output(browser, "machine-list") == f"{len(due)} of 32 rows match"
    browser.type("#machine-list input", "")
    assert len(column(browser, "machine-list", 0)) == 32


def test_all_tables_are_searched_at_once(browser: Page, demo: Path) -> None:
    browser.show(demo)
    browser.type("#find", "sql01")
    said = browser.ask("document.querySelector('.find output').textContent")
    shown = browser.ask(
        "[...document.querySelectorAll('.table')].filter(one => !one.hidden && one.querySelector('tbody'))"
        ".map(one => [one.id, [...one.querySelectorAll('tbody tr')].map(row => row.textContent.toLowerCase())])"
    )
    assert {"machine-list", "arc-machines", "maintenance-machines"} <= {id_ for id_, _ in shown}
    assert all("sql01" in row for _, rows in shown for row in rows)
    count = sum(len(rows) for _, rows in shown)
    assert said.startswith(f"{count} rows in {len(shown)} of ")
    browser.type("#find", "")
    assert not browser.ask("[...document.querySelectorAll('.table')].some(one => one.hidden)")


def test_ten_thousand_machines_are_soon_there_and_all_of_them(browser: Page, large: Path) -> None:
    assert large.stat().st_size < _LARGEST_BYTES
    browser.show(large)
    assert browser.ask("document.documentElement.dataset.ready")
    assert browser.complaints == []
    # What takes time is what is in the page: of 10,000 machines that is no more than of some hundreds.
    assert browser.ask("document.querySelectorAll('*').length") < _MOST_ELEMENTS
    assert len(column(browser, "machine-list", 0)) == 50
    assert output(browser, "machine-list") == "1–50 of 10,016 rows"  # noqa: RUF001 - the page's own dash
    browser.ask("document.querySelector('#machine-list [data-step=\"1\"]').click()")
    assert output(browser, "machine-list") == "51–100 of 10,016 rows"  # noqa: RUF001
    browser.type("#machine-list input", "web01~312")
    assert column(browser, "machine-list", 0) == ["web01~312", "web01~312"]
    browser.type("#machine-list input", "")
    press_head(browser, "machine-list", "Machine")
    press_head(browser, "machine-list", "Machine")
    assert column(browser, "machine-list", 0)[0] == "web02~312"


def test_rows_that_the_script_makes_are_as_those_of_the_page(browser: Page, large: Path) -> None:
    """The same row, once from the page and once made of the data."""
    browser.show(large)
    for table in ("machine-list", "datastores", "vmkernel-matrix", "agent-machines", "snapshot-list", "hosts"):
        select = f"document.querySelector('#{table} tbody').rows[0].outerHTML"
        first = browser.ask(select)
        for step in (1, -1):
            browser.ask(f"document.querySelector('#{table} [data-step=\"{step}\"]').click()")
        assert _bare(browser.ask(select)) == _bare(first), table


def _bare(markup: str) -> str:
    markup = re.sub(r' data-key="[^"]*"| class=""', "", markup)
    return re.sub(r'(width|height)="([\d.]+)"', lambda found: f'{found[1]}="{float(found[2]):g}"', markup)


def test_hostile_names_do_nothing_in_a_browser(browser: Page, folder: Path) -> None:
    hi.write_html(hostile(60), folder / "hostile.html")
    browser.show(folder / "hostile.html")
    browser.type("#find", "alert(1)")
    browser.ask("document.querySelector('#machine-list [data-step=\"1\"]').click()")
    assert browser.complaints == []
    assert browser.ask("document.querySelectorAll('img, main script:not([type]), [onload], [onerror]').length") == 0
    assert any("<script>alert(1)</script>" in name for name in column(browser, "machine-list", 0))


def test_keys_alone_are_enough(browser: Page, demo: Path) -> None:
    browser.show(demo)
    first = browser.ask("(document.querySelector('.skip').focus(), getComputedStyle(document.activeElement).left)")
    assert not first.startswith("-")
    heads: list[Any] = browser.ask(
        "[...document.querySelectorAll('.data thead th')].map(one => [one.getAttribute('aria-sort'),"
        " one.querySelector('button')?.tabIndex])"
    )
    assert heads
    assert all(head == ["none", 0] for head in heads)
    assert browser.ask("[...document.querySelectorAll('.scroll')].every(one => one.tabIndex === 0)")
    assert browser.ask("[...document.querySelectorAll('input')].every(one => one.labels.length === 1)")


def test_the_accessibility_tree_has_a_name_for_everything_that_is_used(browser: Page, demo: Path) -> None:
    browser.show(demo)
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    used = ("button", "link", "searchbox", "table", "region", "navigation", "image")
    seen = dict.fromkeys(used, 0)
    for node in nodes:
        role = node.get("role", {}).get("value")
        if role in seen and not node.get("ignored"):
            seen[role] += 1
            assert node.get("name", {}).get("value", "").strip(), node
    assert all(seen.values()), seen


def test_paper_has_every_section_and_no_buttons(browser: Page, demo: Path, large: Path) -> None:
    for file, most in ((demo, 40), (large, 400)):
        browser.show(file)
        sheets = len(re.findall(rb"/Type\s*/Page\b", browser.print()))
        assert 12 <= sheets <= most
    browser.show(demo, width=1032)
    browser.call("Emulation.setEmulatedMedia", media="print")
    assert browser.ask("document.documentElement.scrollWidth") <= 1032
    assert browser.ask("[...document.querySelectorAll('nav, .tools, .skip')].every(one => !one.offsetParent)")
    assert browser.ask("[...document.querySelectorAll('section')].every(one => one.offsetHeight > 0)")


def test_a_printed_table_says_how_much_is_left_out(browser: Page, large: Path) -> None:
    browser.show(large)
    browser.ask("dispatchEvent(new Event('beforeprint'))")
    assert len(column(browser, "machine-list", 0)) == 100
    assert (
        browser.ask("document.querySelector('#machine-list .rest').textContent") == "9,916 more rows are not printed."
    )
    browser.ask("dispatchEvent(new Event('afterprint'))")
    assert len(column(browser, "machine-list", 0)) == 50


def test_plans_have_pages_too(browser: Page, folder: Path) -> None:
    inv = hi.demo()
    plans = (
        hi.plan_migration(inv, "build01", to_host="esx11.example.test", to_datastore="branch-san-01"),
        hi.plan_maintenance(inv, ["esx01.example.test"]),
    )
    for plan in plans:
        hi.write_html(plan, folder / "plan.html")
        for width in (375, 1280):
            browser.show(folder / "plan.html", width=width)
            assert browser.complaints == []
            assert browser.ask("document.documentElement.scrollWidth") <= width
            assert browser.ask("document.querySelector('.verdict').textContent").strip() == "NOT feasible"
