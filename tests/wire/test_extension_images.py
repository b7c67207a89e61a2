"""What an extension catalogue's rows say, what callers may ask for, and every published recording of them."""

import json
import os
from pathlib import Path

import pytest

import hybridinv as hi
from hybridinv.wire.extension_images import Names, Wanted, checked_name, in_order, newest, read_image, read_name
from hybridinv.wire.reading import Origin

PUBLISHED = Path(__file__).parents[3] / "shared" / "published"
AZURE = Origin("azure", "management.azure.com")
ARC = Origin("azure-arc", "management.azure.com")
ABOVE = "/Subscriptions/S/Providers/Microsoft.Compute/Locations/westus/Publishers/Microsoft.Compute"
TYPE = f"{ABOVE}/ArtifactTypes/VMExtension/Types/BGInfo"


def image(version, publisher="P", type_="T"):
    here = {"platform": "azure", "source": "x"}
    return hi.ExtensionImage(id=f"/{publisher}/{type_}/{version}", name=version, publisher=publisher, type=type_,
                             version=version, **here)  # fmt: skip


def recorded(name, ending):
    if not PUBLISHED.is_dir():
        absent = "the published wire data is not beside the project (shared/published)"
        pytest.fail(absent) if os.environ.get("CI") else pytest.skip(absent)
    exchanges = json.loads((PUBLISHED / "recordings" / f"{name}.json").read_bytes())["exchanges"]
    return [one["body"] for one in exchanges if one["url"].partition("?")[0].endswith(ending) and one["status"] == 200]


# Rows


def test_a_version_of_azure_has_its_names_in_its_id():
    body = {"id": f"{TYPE}/Versions/2.1", "name": "2.1", "location": "westus"}
    found = read_image(body, AZURE)
    assert (found.publisher, found.type, found.version, found.name) == ("Microsoft.Compute", "BGInfo", "2.1", "2.1")
    assert (found.id, found.location, found.os_type) == (f"{TYPE}/versions/2.1".lower(), "westus", hi.OSType.UNKNOWN)


def test_details_tell_the_operating_system():
    body = {"id": f"{TYPE}/Versions/2.1", "name": "2.1", "properties": {"operatingSystem": "Windows"}}
    assert read_image(body, AZURE).os_type is hi.OSType.WINDOWS
    assert read_image({**body, "properties": {"operatingSystem": "Plan9"}}, AZURE).os_type is hi.OSType.OTHER


@pytest.mark.parametrize("body", [{"id": "/x"}, {"id": f"{ABOVE}/Versions/1"}, {"name": "1"}, {"id": 3}])
def test_a_version_of_nothing_is_no_record(body):
    with pytest.raises(hi.UnexpectedAnswer):
        read_image(body, AZURE)


def test_names_of_publishers_and_types():
    assert read_name({"name": "Canonical", "id": "/x"}) == "Canonical"
    assert read_name({"name": None, "id": TYPE}) == "BGInfo"
    # Arc's ids of publishers end with the collection, and say nothing of which it is.
    collection = "/providers/Microsoft.HybridCompute/locations/eastus/publishers"
    assert read_name({"name": "Microsoft.Compute", "id": collection}) == "Microsoft.Compute"
    assert read_name({"id": collection}) == ""


@pytest.mark.parametrize("name", ["", "..", "a/b", "a?b", "a b", "-a", ".", "a%2fb", "ä", "a\n"])
def test_a_name_that_is_no_part_of_a_path_is_refused(name):
    with pytest.raises(hi.UnexpectedAnswer):
        checked_name(name)


def test_versions_are_ordered_and_compared_number_by_number():
    versions = ["1.10.0.0", "1.9", "1.1.0.0", "1.1", "2.0", "1.10.0.1"]
    assert [one.version for one in in_order(map(image, versions))] == [
        "1.1.0.0", "1.1", "1.9", "1.10.0.0", "1.10.0.1", "2.0",
    ]  # fmt: skip
    others = [image("3", publisher="a"), image("1", publisher="p", type_="t")]
    assert [one.version for one in in_order([*map(image, ("2", "10")), *others])] == ["3", "1", "2", "10"]
    assert [one.version for one in newest([*map(image, versions), *others])] == ["2.0", "3"]


# What is wanted


def test_names_and_patterns_in_any_letter_case():
    names = Names.of(["microsoft.*", "Canonical"], "publishers")
    assert [names.has(name) for name in ("Microsoft.Compute", "CANONICAL", "Canonical2", "xMicrosoft.a")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert names.exact == ()
    assert Names.of("BGInfo", "types").exact == ("BGInfo",)
    assert Names.of(["a", "B", "A", " b "], "types").exact == ("a", "B")
    assert Names.of(None, "types").has("anything")
    assert Names.of(["[ab]?"], "types").has("B1")


@pytest.mark.parametrize(
    "given", [[], "", ["a", ""], [None], 3, b"x", {"a": 1}, "a/b", "../x", "..", ".", "-a", ["a b"], "a?b=1", "ä"]
)
def test_what_can_be_no_name_is_refused_and_said_so(given):
    with pytest.raises(hi.NotSupported, match="publishers="):
        Names.of(given, "publishers")


@pytest.mark.parametrize(
    ("given", "meant"), [("West Europe", "westeurope"), ("LOCAL", "local"), (" eastus2 ", "eastus2")]
)
def test_a_location_as_addresses_have_it(given, meant):
    assert Wanted.of(given, None, None).location == meant


@pytest.mark.parametrize(
    "location", ["", "  ", "/", None, 3, b"westus", "übersee", ["westus"], "../x/", "<b>", "west/europe", "west-europe"]
)
def test_what_is_no_location_is_refused(location):
    with pytest.raises(hi.NotSupported, match="location="):
        Wanted.of(location, None, None)


# Published recordings


@pytest.mark.parametrize(
    ("name", "types", "versions"),
    [("azure-extension-image-2020-06-01", 4, 14), ("azure-extension-image-2022-11-01", 4, 51)],
)
def test_recorded_catalogues_of_azure(name, types, versions):
    (listed,) = recorded(name, "/types")
    assert len({checked_name(read_name(body)) for body in listed}) == types
    (rows,) = recorded(name, "/versions")
    images = [read_image(body, AZURE) for body in rows]
    assert len({one.id for one in images}) == versions
    assert {(one.publisher, one.type) for one in images} == {
        tuple(rows[0]["id"].split("/")[n] for n in (8, 12)),
    }  # fmt: skip
    assert [one.version for one in images] == [body["name"] for body in rows]
    numbers = [tuple(map(int, one.version.split("."))) for one in in_order(images)]
    assert numbers == sorted(numbers)
    if versions == 51:
        assert [one.version for one in images] != [one.version for one in in_order(images)]
    assert newest(images)[0].version == in_order(images)[-1].version


@pytest.mark.parametrize("name", ["azure-extension-image-2020-06-01", "azure-extension-image-2022-11-01"])
def test_a_recorded_version_in_detail(name):
    *_, detail = [body for ending in ("1.0.2", "1.6.4.0") for body in recorded(name, ending)]
    assert read_image(detail, AZURE).os_type is hi.OSType.WINDOWS


def test_every_recorded_publisher_can_be_asked():
    (listed,) = recorded("azure-publishers-2024-07-01", "/publishers")
    names = [checked_name(read_name(body)) for body in listed]
    assert len(set(names)) == len(names) == 2180
    assert sum(map(Names.of("microsoft.*", "publishers").has, names)) == sum(
        name.lower().startswith("microsoft.") for name in names
    )


def test_recorded_versions_of_arc():
    (body,) = recorded("arc-machine-and-extensions-2024-07-10", "/versions")
    images = [read_image(row, ARC) for row in body["value"]]
    assert len(images) == 42
    assert {(one.publisher, one.type, one.location) for one in images} == {
        ("microsoft.azure.networkwatcher", "networkwatcheragentwindows", "eastus")
    }
    assert newest(images)[0].version == max(
        (row["properties"]["version"] for row in body["value"]), key=lambda text: tuple(map(int, text.split(".")))
    )


def test_the_examples_of_arcs_newer_lists():
    folder = PUBLISHED / "examples" / "hybridcompute" / "2026-07-15"
    if not folder.is_dir():
        recorded("", "")

    def rows(name):
        return json.loads((folder / f"{name}.json").read_bytes())["responses"]["200"]["body"]["value"]

    assert "Microsoft.AzureData" in [checked_name(read_name(body)) for body in rows("ExtensionPublisher_List")]
    images = [read_image(body, ARC) for body in rows("ExtensionMetadataV2_List")]
    assert {(one.os_type, one.type, one.location) for one in images} == {
        (hi.OSType.LINUX, "azuremonitorlinuxagent", "eastus")
    }
