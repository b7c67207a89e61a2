"""`LicenseManager.licenses` → licences; a key is in none of them."""

import pytest

from hybridinv.wire.secrets import mask_license_key
from hybridinv.wire.vim.licenses import read_license, read_licenses
from wire.vim_rows import id_of, tree
from wire.vim_whole import KEY, whole_license


def test_a_license():
    found = read_license(whole_license(), tree(), [id_of("host-1"), id_of("host-1")])
    assert (found.name, found.edition, found.key) == (
        "vSphere 8 Enterprise Plus", "esx.enterprisePlus.cpuPackage", "EEE42",
    )  # fmt: skip
    assert (found.total, found.used, found.unit, found.state) == (32, 8, "cpuPackage:32core", "")
    assert str(found.expires_at) == "2027-06-30 00:00:00+00:00"
    assert found.features == ("vSphere vMotion", "vSphere DRS")
    assert (found.labels, found.assigned_ids, found.problems) == ({"owner": "ops"}, (id_of("host-1"),), ())
    assert found.id.startswith(id_of("license-"))


def test_the_key_is_in_no_field():
    whole = whole_license()
    whole.update(
        name=f"License {KEY}", editionKey=KEY, costUnit=KEY.lower(), used=f"not {KEY}",
        labels={"key": "note", "value": f"key: {KEY}"},
        properties=[{"key": "feature", "value": KEY}, {"key": "expirationDate", "value": KEY}],
    )  # fmt: skip
    found = read_license(whole, tree())
    assert len(found.problems) == 2
    for text in (KEY, KEY.lower(), KEY[:11], "AAAAA"):
        assert text not in repr(found)
    assert found.labels == {"note": "key: EEE42"}


@pytest.mark.parametrize("change", [{"used": "9"}, {"licenseKey": mask_license_key(KEY)}, {"licenseKey": KEY.lower()}])
def test_the_id_stays_whatever_else_changes(change):
    assert read_license({**whole_license(), **change}, tree()).id == read_license(whole_license(), tree()).id


def test_another_key_is_another_id():
    other = {**whole_license(), "licenseKey": "AAAAA-BBBBB-CCCCC-DDDDD-EEE43"}
    assert read_license(other, tree()).id != read_license(whole_license(), tree()).id


def test_licenses_that_cannot_be_told_apart_are_two():
    first, second, third = read_licenses([whole_license(), whole_license(), whole_license()], tree())
    assert (second.id, third.id) == (f"{first.id}-2", f"{first.id}-3")


def test_without_a_key_the_other_fields_tell_licenses_apart():
    scrubbed = {**whole_license(), "licenseKey": "scrubbed"}
    other = {**scrubbed, "name": "vCenter Server 8 Standard"}
    first, second = read_licenses([scrubbed, other], tree(), [{"entityId": "host-1", "assignedLicense": other}])
    assert first.id != second.id
    assert (first.key, first.assigned_ids, second.assigned_ids) == ("", (), (id_of("host-1"),))


def test_what_a_license_is_assigned_to():
    uuid = "deadbeef-0000-4000-8000-000000000001"
    assignments = [
        {"entityId": entity, "assignedLicense": whole_license()} for entity in ("host-12", "domain-c7", uuid)
    ]
    [found] = read_licenses([whole_license()], tree(), [*assignments, {"entityId": "host-9"}])
    assert found.assigned_ids == (id_of("host-12"), id_of("domain-c7"), uuid)


def test_the_evaluation_is_known_by_its_key():
    evaluation = {"licenseKey": "00000-00000-00000-00000-00000", "editionKey": "eval", "name": "Evaluation Mode",
                  "total": "0", "properties": {"key": "expirationHours", "value": "1440"}}  # fmt: skip
    found = read_license(evaluation, tree())
    assert (found.state, found.key, found.total, found.expires_at, found.features) == (
        "evaluation",
        "00000",
        None,
        None,
        (),
    )


def test_a_feature_is_a_pair_or_a_text():
    def features(value):
        return read_license({"properties": {"key": "feature", "value": value}}, tree()).features

    assert features({"key": "drs", "value": ""}) == ("drs",)
    assert features("drs:0") == ("drs:0",)
    assert features("") == ()


def test_a_license_that_says_nothing():
    found = read_license({}, tree())
    assert (found.name, found.key, found.total, found.used, found.problems) == ("", "", None, None, ())
