"""A plan for a person: the sentence, and the picture: well-formed, escaped, bounded, and readable without colours."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import attrs
import pytest

from hybridinv.planning.migration import plan_migration
from planning.small_estate import disk, estate, full, host, machine, vmk

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    "</text><script>alert(1)</script>",
    "]]>&amp;&#0;<![CDATA[",
    "\x00\x1b[31m\x07",
    "‮evil⁦",
    '" onload="alert(1)',
    "\ud800\ufffe",
    "見" * 5000,
    "",
)


def plan(vm=None, adapters=None, hosts=None, **target):
    return plan_migration(estate(vm, adapters, hosts), "vm-1", **(target or {"to_host": "host-2"}))


def picture(plan):
    return ElementTree.fromstring(plan.render_svg())


def words(root) -> list[str]:
    return [one.text or "" for one in root.iter(f"{SVG}text")]


def colours(root, kind="stroke") -> set[str]:
    return {one.get(kind) for one in root.iter(f"{SVG}path") if one.get(kind)}


def near(**fields):
    return vmk(1, "vmk1", "vmotion", **fields)


def test_the_way_is_in_the_picture_in_its_order():
    wired = {"switch": "dvs", "vlan_id": 20, "portgroup": "pg-vmotion", "mtu": 9000, "link_speed_mbps": 25000}
    adapters = [
        near(uplinks=["vmnic2", "vmnic3"], **wired),
        vmk(2, "vmk3", "vmotion", uplinks=["vmnic7"], **wired),
    ]
    root = picture(plan(adapters=adapters))
    boxes = [
        (float(one.get("x")), one.text) for one in root.iter(f"{SVG}text") if one.text in (
            "esx01", "vmk1", "dvs", "vmnic2 +1", "pg-vmotion", "vmnic7", "vmk3", "esx02",
        )
    ]  # fmt: skip
    assert [text for _, text in sorted(boxes)] == [
        "esx01", "vmk1", "dvs", "vmnic2 +1", "pg-vmotion", "vmnic7", "dvs", "vmk3", "esx02",
    ]  # fmt: skip
    assert {"VLAN 20", "MTU 9000", "25 Gbit/s"} <= set(words(root))
    assert "memory over vMotion · vmotion-8000 · 10.0 GiB · about 4 s" in words(root)


def test_a_fallback_is_dashed_has_its_own_colour_and_is_called_so():
    cold = machine(power_state="stopped", disks=[disk(chain=3)])
    usual = picture(plan(cold, to_host="esx02", to_datastore="far"))
    fallen = picture(plan(cold, [*full(1)[:2], *full(2)], to_host="esx02", to_datastore="far"))
    assert colours(usual) == {"#3b82f6"}
    assert colours(fallen) == {"#3b82f6", "#d97706"}
    for one in fallen.iter(f"{SVG}path"):
        if one.get("stroke"):
            assert bool(one.get("stroke-dasharray")) == (one.get("stroke") == "#d97706")
    assert any(text.endswith("fallback") for text in words(fallen))
    assert any(text.startswith("fallback:") for text in words(fallen)), "the legend says what the dashes are"
    assert not any("fallback" in text for text in words(usual))


def test_what_has_no_adapter_is_an_empty_place():
    root = picture(plan(adapters=[*full(1), vmk(2, "vmk0", "management")]))
    assert "no adapter" in words(root)
    assert "#808890" in colours(root)


def test_a_link_that_is_down_has_a_sign_and_its_words():
    root = picture(plan(adapters=[near(link_speed_mbps=0, uplinks=["vmnic2"]), *full(2)]))
    assert {"link down", "!"} <= set(words(root))
    titles = [one.text for one in root.iter(f"{SVG}title")]
    assert any(title.startswith("blocker VMotionLinkDown: ") for title in titles)


def test_storage_paths_lead_to_a_datastore():
    root = picture(plan(to_datastore="other"))
    said = words(root)
    assert {"to datastore", "other", "no VMkernel service", "vCenter"} <= set(said)
    assert "to host" not in said


def test_it_is_named_and_told_for_those_who_cannot_see_it():
    made = plan()
    root = picture(made)
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby").split() == [title.get("id"), desc.get("id")]
    assert title.text == made.title
    assert desc.text == str(made).splitlines()[0]


def test_two_pictures_in_one_page_do_not_share_names():
    one, two = (plan(to_host=target) for target in ("host-1", "host-2"))
    names = [re.findall(r' id="([^"]+)"', made._repr_html_()) for made in (one, two)]
    assert not set(names[0]) & set(names[1])
    assert one.render_svg() == plan(to_host="host-1").render_svg()


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_only_text(name):
    fields = dict.fromkeys(("switch", "portgroup", "ip_address", "netstack"), name)
    vm = attrs.evolve(machine(), name=name)
    hosts = [host(1, name=name), host(2, name=name)]
    adapters = [near(uplinks=[name], name=name, **fields), vmk(2, "vmk1", "vmotion", **fields)]
    made = plan(vm, adapters, hosts)
    root = picture(made)
    tags = {one.tag.removeprefix(SVG) for one in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "g", "rect", "path", "text"}
    assert not [key for one in root.iter() for key in one.attrib if key.startswith("on") or "href" in key]
    svg = made._repr_html_().partition("<table>")[0]
    assert "<script" not in svg
    assert len(svg) < 40_000
    assert all(one.isprintable() for text in words(root) for one in text)


def test_it_stays_small_however_much_there_is():
    made = plan()
    flows = [
        attrs.evolve(made.flows[0], source_adapter=near(id=f"host-1/{n}", uplinks=["x" * 300] * 50)) for n in range(500)
    ]
    root = picture(attrs.evolve(made, flows=flows))
    assert len(ElementTree.tostring(root)) < 60_000
    assert float(root.get("height")) < 1000
    assert "and 492 more ways" in words(root)


def test_inside_a_page_it_brings_no_style_of_its_own():
    page = plan()._repr_html_()
    assert "<style" not in page[page.index("<svg") : page.index("</svg>")]
    assert "currentColor" in page
    assert page.index("<p>") < page.index("<svg") < page.index("<table>")


def test_alone_it_knows_light_and_dark():
    (style,) = picture(plan()).iter(f"{SVG}style")
    assert "prefers-color-scheme:dark" in style.text


def contrast(colour: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    brighter, darker = sorted((light(colour), light(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("page", ["#ffffff", "#0d1117"])
def test_lines_and_signs_can_be_seen_on_both(page):
    from hybridinv.model import drawing

    for colour in (drawing._NORMAL, drawing._FALLBACK, drawing._UNKNOWN, drawing._BAD):
        assert contrast(colour, page) >= 3, colour


# ------------------------------------------------------------------------------------------------- sentences


def sentence(plan):
    return str(plan).splitlines()[0]


def test_a_fallback_is_said():
    cold = machine(power_state="stopped", disks=[disk(chain=3)])
    said = sentence(plan(cold, [*full(1)[:2], *full(2)], to_host="esx02", to_datastore="far"))
    assert said.startswith(
        "web01 would move cold from esx01 to esx02 and onto far; its configuration files, disks and "
    )
    assert "cold disk data fall back to Management, vmk0 → vmk2" in said
    assert said.endswith("2 warnings deserve a look.")


def test_a_storage_move_names_no_host():
    said = sentence(plan(to_datastore="other"))
    assert said.startswith("web01 would move hot onto other; its configuration files and disks go over the host's own ")
    assert "its memory stays" in said


def test_nothing_to_do_is_said():
    assert sentence(plan(to_host="esx01")) == "Nothing of web01 would move."


def test_what_blocks_is_said_and_counted():
    said = sentence(plan(hosts=[host(1), host(2, in_maintenance=True)], adapters=[*full(1), vmk(2, "vmk0")]))
    assert re.fullmatch(r"web01 cannot move hot from esx01 to esx02 as things are: .+, and 1 more blocker\.", said)


def test_a_plan_without_a_known_time_says_so():
    assert "How long it takes is not known." in sentence(plan(machine(memory_bytes=None)))
