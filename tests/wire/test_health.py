"""Resource health and pending updates: rows that hang on a machine, in words that may be new."""

from datetime import UTC, datetime

import pytest

from hybridinv.wire.health import owner_id, read_health, read_updates
from hybridinv.wire.reading import Body

VM = "/subscriptions/s/resourceGroups/RG/providers/Microsoft.Compute/virtualMachines/VM1"
UPDATE = {
    "maintenanceScope": "Host",
    "status": "Pending",
    "impactType": "Reboot",  # the official example has a word that the description does not
    "impactDurationInSec": 1440,
    "notBefore": "2018-10-09T06:17:44.235Z",
}


def updates(properties):
    body = Body({"id": f"{VM}/providers/microsoft.maintenance/updates", "properties": properties})
    return read_updates(body), body.notes


@pytest.mark.parametrize(
    "below",
    [
        "/providers/Microsoft.ResourceHealth/availabilityStatuses/current",
        "/providers/Microsoft.ResourceHealth/AvailabilityStatueses/current",  # as the official example spells it
        "/providers/microsoft.maintenance/updates",
        "/providers/microsoft.maintenance/updates/",
    ],
)
def test_the_machine_that_a_row_is_about(below):
    assert owner_id({"id": VM + below}) == VM.lower()


@pytest.mark.parametrize("item", [{}, {"id": None}, {"id": 5}, {"id": "odd"}, {"id": "/providers/x"}])
def test_a_row_about_nothing(item):
    assert owner_id(item) == ""


@pytest.mark.parametrize("state", ["Available", "Unavailable", "Degraded", "Unknown", "NeverHeardOf"])
def test_health_is_in_the_platforms_words(state):
    properties = {"availabilityState": state, "summary": "why", "detailedStatus": "long", "title": "t"}
    assert read_health(Body({"properties": properties})) == (state, "why")


def test_the_reason_where_there_is_no_summary():
    assert read_health(Body({"properties": {"detailedStatus": "long"}})) == ("", "long")
    assert read_health(Body({})) == ("", "")


def test_an_update():
    (update,), notes = updates({"value": [UPDATE]})
    assert (update.scope, update.status, update.impact) == ("Host", "Pending", "Reboot")
    assert (update.impact_seconds, update.not_before) == (1440, datetime(2018, 10, 9, 6, 17, 44, 235000, tzinfo=UTC))
    assert (update.until, update.may_start_now, notes) == (None, None, [])


def test_a_row_may_be_one_update():
    assert updates(UPDATE)[0] == updates({"value": [UPDATE]})[0]


@pytest.mark.parametrize("status", ["Completed", "NoUpdatesPending", "completed"])
def test_what_is_done_is_not_pending(status):
    assert updates({"value": [UPDATE | {"status": status}]})[0] == ()


@pytest.mark.parametrize("properties", [None, {}, {"value": []}, {"value": None}, {"value": [{}]}])
def test_nothing_is_pending(properties):
    assert updates(properties) == ((), [])


@pytest.mark.parametrize("odd", [5, "text", ["x"], {"value": ["x"]}, {"value": [UPDATE, 7]}])
def test_an_odd_row_is_noted(odd):
    found, notes = updates(odd)
    assert len(found) == (1 if "Reboot" in str(odd) else 0)
    assert len(notes) == 1


@pytest.mark.parametrize("field", ["impactDurationInSec", "notBefore"])
def test_an_odd_field_costs_the_field(field):
    (update,), notes = updates({"value": [UPDATE | {field: {"x": 1}}]})
    assert update.impact == "Reboot"
    assert field in notes[0]
