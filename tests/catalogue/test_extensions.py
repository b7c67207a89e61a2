"""check_extensions and extension_matrix: versions by number, each machine by what its own location offers."""

from __future__ import annotations

import pytest

import hybridinv as hi


def machine(name="web01", location="westeurope", platform="azure", source="AzureCloud", **changes):
    return hi.VirtualMachine(
        id=f"/subscriptions/s/machines/{name}", name=name, platform=platform, source=source, location=location,
        **changes,
    )  # fmt: skip


def extension(version, vm="web01", publisher="P", type="T", **changes):  # noqa: A002 - the field's name
    vm_id = f"/subscriptions/s/machines/{vm}"
    usual = {"platform": "azure", "source": "AzureCloud", "provisioning_state": "Succeeded"}
    return hi.Extension(
        id=f"{vm_id}/extensions/{publisher}.{type}".lower(), name=type, vm_id=vm_id, publisher=publisher, type=type,
        version=version, **{**usual, **changes},
    )  # fmt: skip


def images(*versions, location="westeurope", publisher="P", type="T", platform="azure", source="AzureCloud"):  # noqa: A002
    return [
        hi.ExtensionImage(
            id=f"{location}/{publisher}/{type}/{version}", name=version, platform=platform, source=source,
            publisher=publisher, type=type, version=version, location=location,
        )
        for version in versions
    ]  # fmt: skip


def checked(extensions, offered, vms=None):
    return hi.check_extensions(hi.Inventory(vms=vms or [machine()], extensions=extensions), offered)


def codes(version, *offered, **changes):
    return [one.code for one in checked([extension(version, **changes)], images(*offered))]


@pytest.mark.parametrize(
    ("version", "offered", "expected"),
    [
        ("1.10.5.0", ["1.9.0.0", "1.10.5.0"], []),
        ("1.9.0.0", ["1.9.0.0", "1.10.5.0"], ["ExtensionBehind"]),  # as text it would be newer
        ("1.10", ["1.9.0.0", "1.10.5.0"], []),  # two parts: any 1.10
        ("1.9", ["1.9.0.0", "1.10.5.0"], ["ExtensionBehind"]),
        ("1.8", ["1.9.0.0", "1.10.5.0"], ["ExtensionVersionRetired"]),
        ("1.0", ["1.0.0.0", "1.0.7"], []),
        ("2", ["2.0.7", "2.0.5"], []),
        ("1.10.5", ["1.9.0.0", "1.10.5.0"], []),
        ("1.9.0.7", ["1.9.0.0", "1.10.5.0"], ["ExtensionVersionRetired"]),
        ("1.9.0.7", ["1.10.5.0"], ["ExtensionBehind"]),  # of the latest alone nothing is retired
        ("1.11.0.0", ["1.9.0.0", "1.10.5.0"], ["ExtensionVersionUnknown"]),
        ("", ["1.9.0.0", "1.10.5.0"], ["ExtensionVersionUnknown"]),
        ("latest", ["1.9.0.0", "1.10.5.0"], ["ExtensionVersionUnknown"]),
        ("10.0.0.0", ["9.9.9.9", "10.0.0.0"], []),
    ],
)
def test_versions(version, offered, expected):
    assert codes(version, *offered) == expected


def test_what_is_said_of_one_that_is_behind():
    (found,) = checked([extension("1.9.0.0")], images("1.10.5.0", "1.9.0.0"))
    assert found.severity == "warning"
    assert found.subject_id == "/subscriptions/s/machines/web01/extensions/p.t"
    assert found.message == "P.T 1.9.0.0 on web01 is behind 1.10.5.0, the newest at westeurope of AzureCloud"


def test_one_that_the_platform_upgrades_is_told_mildly():
    (found,) = checked([extension("1.9.0.0", auto_upgrade=True)], images("1.9.0.0", "1.10.5.0"))
    assert (found.code, found.severity) == ("ExtensionBehind", "info")
    assert "by itself" in found.remedy


def test_letters_do_not_matter():
    assert codes("1.0.0.1", "1.0.0.1", publisher="p", type="t") == []


def test_a_type_that_its_publisher_offers_no_longer_is_retired():
    assert codes("1.0", "1.0.0.0", type="Gone") == ["ExtensionTypeRetired"]


def test_one_of_a_publisher_that_is_not_in_the_catalogue_is_unknown():
    (found,) = checked([extension("1.0", publisher="Other")], images("1.0.0.0"))
    assert (found.code, found.severity) == ("ExtensionUnknown", "info")
    assert "which has nothing of Other" in found.message


def test_nothing_is_retired_where_a_part_of_the_catalogue_failed():
    failed = hi.Problem(platform="azure", source="AzureCloud", kind="extension_images", error="ServerFault")
    offered = hi.Records(hi.ExtensionImage, images("1.8.0.0", "1.10.5.0"), [failed])
    gone, old = extension("1.0", type="Gone"), extension("1.9.0.0")
    found = checked([gone, old], offered)
    assert [one.code for one in found] == ["CatalogueIncomplete", "ExtensionUnknown", "ExtensionBehind"]
    elsewhere = hi.Records(
        hi.ExtensionImage, images("1.8.0.0", "1.10.5.0"), [hi.Problem(platform="azure-arc", source="AzureCloud")]
    )
    assert [one.code for one in checked([gone, old], elsewhere)] == ["ExtensionTypeRetired", "ExtensionVersionRetired"]


@pytest.mark.parametrize(
    ("scope", "whole"),
    [
        ("northeurope/P", True),
        ("westeurope/P", False),
        ("westeurope", False),
        ("", False),
        ("/subscriptions/s/x", False),
    ],
)
def test_what_failed_in_one_location_leaves_the_others_whole(scope, whole):
    failed = hi.Problem(
        platform="azure", source="AzureCloud", kind="extension_images", scope=scope, error="ServerFault"
    )
    offered = hi.Records(
        hi.ExtensionImage, [*images("1.8.0.0", "1.10.5.0"), *images("1", location="northeurope")], [failed]
    )
    codes = [one.code for one in checked([extension("1.9.0.0")], offered)]
    assert codes == (["ExtensionVersionRetired"] if whole else ["CatalogueIncomplete", "ExtensionBehind"])


def test_one_that_is_retired_and_upgraded_by_the_platform_has_one_verdict():
    (found,) = checked([extension("1.8.0.0", auto_upgrade=True)], images("1.9.0.0", "1.10.5.0"))
    assert (found.code, found.severity) == ("ExtensionVersionRetired", "warning")
    assert "see why not" in found.remedy


def test_one_without_publisher_and_type_is_called_by_its_name():
    nameless = hi.Extension(
        id="/x", name="custom", platform="azure", source="AzureCloud", vm_id="/subscriptions/s/machines/web01"
    )
    (found,) = checked([nameless], images("1.0.0.0"))
    assert found.message.startswith("custom is on web01")


@pytest.mark.parametrize(
    "other",
    [{"location": "northeurope"}, {"platform": "azure-arc"}, {"source": "AzureUSGovernment"}],
)
def test_a_machine_is_compared_with_its_own_place_alone(other):
    extensions = [extension("1.0.0.0"), extension("1.0.0.0", type="U")]
    (found,) = checked(extensions, images("2.0.0.0", "1.5.0.0", **other))
    assert (found.code, found.severity, found.subject_id) == ("CatalogueNotRead", "info", "")
    assert "2 extensions" in found.message
    assert "extension_images('westeurope')" in found.remedy


def test_locations_are_the_same_however_they_are_written():
    found = checked([extension("1.0.0.0")], images("2.0.0.0"), [machine(location="West Europe")])
    assert [one.code for one in found] == ["ExtensionBehind"]


def test_two_locations_have_two_newest_versions():
    vms = [machine("a"), machine("b", location="northeurope")]
    offered = images("1.0.0.0", "1.1.0.0") + images("1.0.0.0", location="northeurope")
    found = checked([extension("1.0.0.0", "a"), extension("1.0.0.0", "b")], offered, vms)
    assert [(one.code, one.subject_id.split("/")[4]) for one in found] == [("ExtensionBehind", "a")]


ANYWHERE = images("1.9.0.0", "1.10.0.0", location="")
HERE = images("1.9.0.0", "1.10.0.0")
THERE = images("1.9.0.0", location="northeurope")


@pytest.mark.parametrize(
    ("location", "offered", "where"),
    [
        ("westeurope", ANYWHERE, "westeurope of AzureCloud"),
        ("", ANYWHERE, "AzureCloud"),
        ("", HERE, "westeurope of AzureCloud (the one location that was read)"),
        ("", HERE + images("1.9.0.0", location=""), "westeurope of AzureCloud (the one location that was read)"),
        ("", THERE + ANYWHERE, "northeurope of AzureCloud (the one location that was read)"),
        ("westeurope", THERE + ANYWHERE, "westeurope of AzureCloud"),
        ("northeurope", THERE + ANYWHERE, "northeurope of AzureCloud"),
        ("", HERE + images("9.0.0.0", location="northeurope", source="elsewhere"), "westeurope of AzureCloud (the"),
    ],
)
def test_a_location_that_is_not_known_fits_where_it_is_not_ambiguous(location, offered, where):
    vms, extensions = [machine(location=location)], [extension("1.9.0.0")]
    (found,) = checked(extensions, offered, vms)
    assert found.code == "ExtensionBehind"
    assert found.message.startswith(f"P.T 1.9.0.0 on web01 is behind 1.10.0.0, the newest at {where}")
    (row,) = matrix(extensions, vms, offered)
    assert (row.latest, row.is_behind) == ("1.10.0.0", True)


@pytest.mark.parametrize(
    ("location", "offered", "code", "said"),
    [
        ("westeurope", THERE, "CatalogueNotRead",
         "the catalogue of westeurope of AzureCloud (azure) was not read: 1 extension on machines there not judged;"
         " of that source images of northeurope were given"),
        ("", [], "CatalogueNotRead",
         "the catalogue of AzureCloud (azure) was not read: 1 extension on machines whose location is not known not"
         " judged"),
        ("", HERE + THERE, "ExtensionMachineUnknown",
         "1 extension on machines whose location is not known: not judged, as the catalogue of AzureCloud (azure) is of"
         " 2 locations, northeurope, westeurope"),
        ("", HERE + THERE + ANYWHERE, "ExtensionMachineUnknown",
         "1 extension on machines whose location is not known: not judged, as the catalogue of AzureCloud (azure) is of"
         " 2 locations, northeurope, westeurope"),
    ],
)  # fmt: skip
def test_what_is_ambiguous_or_not_read_is_not_judged(location, offered, code, said):
    vms, extensions = [machine(location=location)], [extension("1.9.0.0")]
    (found,) = checked(extensions, offered, vms)
    assert (found.code, found.severity, found.message) == (code, "info", said)
    (row,) = matrix(extensions, vms, offered)
    assert (row.latest, row.is_behind) == ("", None)


def test_images_of_another_source_are_named():
    """What is built by hand has one source, and an adapter another."""
    vms, extensions = [machine(source="azure")], [extension("1.9.0.0", source="azure")]
    (found,) = checked(extensions, images("1.10.0.0", source="management.azure.com"), vms)
    assert found.message == (
        "the catalogue of westeurope of azure (azure) was not read: 1 extension on machines there not judged; images"
        " of another source were given: management.azure.com (azure)"
    )
    assert "the same source=" in found.remedy
    many = [one for name in "abcde" for one in images("1.10.0.0", source=name, platform="azure-arc")]
    (found,) = checked(extensions, many + images("1.10.0.0", source="z"), vms)
    assert found.message.endswith("were given: z (azure), a (azure-arc), b (azure-arc) …")


def test_an_extension_whose_machine_is_not_there_is_judged_by_the_one_catalogue_of_its_source():
    lost = [extension("1.9.0.0", "lost")]
    (found,) = checked(lost, HERE)
    assert (found.code, found.subject_id) == ("ExtensionBehind", "/subscriptions/s/machines/lost/extensions/p.t")
    assert found.message.startswith("P.T 1.9.0.0 on lost (not in the inventory) is behind 1.10.0.0")
    assert [one.code for one in checked(lost, ANYWHERE)] == ["ExtensionBehind"]


def test_gaps_in_the_one_catalogue_are_told_of_extensions_without_a_machine():
    failed = hi.Problem(platform="azure", source="AzureCloud", kind="extension_images", scope="westeurope/P")
    offered = hi.Records(hi.ExtensionImage, HERE, [failed])
    found = hi.check_extensions(hi.Inventory(extensions=[extension("1.0", "lost", type="Gone")]), offered)
    assert [one.code for one in found] == ["CatalogueIncomplete", "ExtensionUnknown"]
    unplaced = hi.Records(hi.ExtensionImage, HERE + ANYWHERE, [failed])
    found = checked([extension("1.0", type="Gone")], unplaced, [machine(location="northeurope")])
    assert [one.code for one in found] == ["CatalogueIncomplete", "ExtensionUnknown"]


def test_extensions_of_nobody_are_told_once():
    lost = [extension("1.0", "lost"), extension("1.0", "lost2")]
    (found,) = checked(lost, HERE + THERE)
    assert (found.code, found.severity) == ("ExtensionMachineUnknown", "info")
    assert found.message == (
        "2 extensions on machines that the inventory does not have: not judged, as the catalogue of AzureCloud (azure)"
        " is of 2 locations, northeurope, westeurope"
    )
    assert found.remedy == "collect the kind vms together with extensions"
    (found,) = checked(lost, [])
    assert found.message.endswith("not judged, as the catalogue of AzureCloud (azure) was not read")


def test_what_is_neither_is_refused():
    with pytest.raises(hi.NotSupported, match="list, not an Inventory"):
        hi.check_extensions([], [])
    with pytest.raises(hi.NotSupported, match="str, not images"):
        hi.check_extensions(hi.Inventory(), "westeurope")
    with pytest.raises(hi.NotSupported, match="holds Extension, not ExtensionImage"):
        hi.check_extensions(hi.Inventory(), [extension("1.0")])
    with pytest.raises(hi.NotSupported, match="None"):
        hi.check_extensions(hi.Inventory(), None)


def matrix(extensions, vms, offered=None, **more):
    return hi.extension_matrix(hi.Inventory(vms=vms, extensions=extensions, **more), offered)


def cells(rows):
    return [(one.machine, one.type, one.version, one.state) for one in rows]


def test_the_matrix_has_every_machine_by_every_type_of_its_platform():
    vms = [machine("a"), machine("b"), machine("c", platform="azure-arc"), machine("d", platform="vsphere")]
    extensions = [
        extension("1.0.0.0", "a"), extension("2.0.0.0", "b", type="S", provisioning_state="Failed"),
        extension("3.0.0.0", "c", platform="azure-arc", type="R", provisioning_state="Updating"),
    ]  # fmt: skip
    assert cells(matrix(extensions, vms)) == [
        ("a", "S", "", "missing"), ("a", "T", "1.0.0.0", "installed"),
        ("b", "S", "2.0.0.0", "failed"), ("b", "T", "", "missing"),
        ("c", "R", "3.0.0.0", "in_transition"),
    ]  # fmt: skip


def test_the_matrix_with_a_catalogue():
    vms = [machine("a"), machine("b", location="northeurope")]
    rows = matrix([extension("1.9.0.0", "a"), extension("", "b")], vms, images("1.10.0.0", "1.9.0.0"))
    assert [(one.machine, one.latest, one.is_behind) for one in rows] == [("a", "1.10.0.0", True), ("b", "", None)]


def test_one_type_spelt_in_two_ways_is_one_column():
    vms = [machine(name) for name in "abc"]
    extensions = [extension("1.0", "a"), extension("1.0", "b"), extension("1.0", "c", publisher="p", type="t")]
    rows = matrix(extensions, vms)
    assert {(one.publisher, one.type) for one in rows} == {("P", "T")}
    assert len(rows) == 3


def test_a_type_that_is_twice_on_a_machine_has_two_rows():
    twice = [extension("1.0"), hi.Extension(id="other", name="o", platform="azure", source="AzureCloud",
             vm_id="/subscriptions/s/machines/web01", publisher="P", type="T", version="2.0")]  # fmt: skip
    assert cells(matrix(twice, [machine()])) == [("web01", "T", "1.0", "installed"), ("web01", "T", "2.0", "unknown")]


def problem(scope, kind="extensions", source="AzureCloud"):
    return hi.Problem(platform="azure", source=source, kind=kind, scope=scope, error="AccessDenied", message="no")


@pytest.mark.parametrize(
    ("problems", "state"),
    [
        ([], "missing"),
        ([problem("/subscriptions/s")], "not_read"),
        ([problem("/subscriptions/S")], "not_read"),
        ([problem("/subscriptions/s2")], "missing"),
        ([problem("/subscriptions/s/machines/b")], "not_read"),
        ([problem("/subscriptions/s/machines/b/extensions/x")], "not_read"),
        ([problem("/subscriptions/s/machines/a")], "missing"),
        ([problem("")], "not_read"),
        ([problem("", kind="")], "not_read"),
        ([problem("", kind="hosts")], "missing"),
        ([problem("", source="elsewhere")], "missing"),
    ],
)
def test_what_could_not_be_read_is_not_missing(problems, state):
    rows = matrix([extension("1.0", "a")], [machine("a"), machine("b")], problems=problems)
    assert cells(rows)[1] == ("b", "T", "", state)


def test_what_was_not_asked_for_is_not_missing():
    asked = [hi.Asked(platform="azure", source="AzureCloud", kinds={"vms"})]
    rows = matrix([extension("1.0", "a")], [machine("a"), machine("b")], asked=asked)
    assert cells(rows)[1][3] == "not_read"


def test_the_matrix_is_a_table():
    table = matrix([extension("1.0", "a")], [machine("a"), machine("b")]).to_arrow()
    assert {"machine", "publisher", "type", "version", "latest", "state"} <= set(table.column_names)
    assert table.num_rows == 2


def test_the_demo():
    inv = hi.demo()
    rows = hi.extension_matrix(inv)
    there = [one for one in rows if one.version]
    assert len(there) == len(inv.extensions)
    arm = {vm.id for vm in inv.vms if vm.platform != "vsphere"}
    assert {one.vm_id for one in rows} == arm
    assert {one.code for one in hi.check_extensions(inv, [])} == {"CatalogueNotRead"}


def test_ten_thousand_machines_with_ten_extensions_each():
    vms = [machine(f"m{n}", location=f"l{n % 4}") for n in range(10_000)]
    extensions = [
        extension(f"1.{t}.0.{n % 5}", f"m{n}", publisher=f"P{t % 3}", type=f"T{t}")
        for n in range(10_000)
        for t in range(10)
    ]
    offered = [
        one
        for place in range(3)
        for t in range(10)
        for one in images(
            *(f"1.{t}.0.{k}" for k in range(1, 7)), location=f"l{place}", publisher=f"P{t % 3}", type=f"T{t}"
        )
    ]
    inv = hi.Inventory(vms=vms, extensions=extensions)
    found = hi.check_extensions(inv, offered)
    assert sum(one.code == "ExtensionBehind" for one in found) == 60_000
    assert sum(one.code == "ExtensionVersionRetired" for one in found) == 15_000
    assert sum(one.code == "CatalogueNotRead" for one in found) == 1
    rows = hi.extension_matrix(inv, offered)
    assert len(rows) == 100_000
    assert sum(one.is_behind is True for one in rows) == 75_000
