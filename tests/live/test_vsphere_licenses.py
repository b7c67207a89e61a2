"""Licences: what each is, what it is assigned to, and that no key leaves the wire."""

import json
import re

import attrs
import httpx
import pytest

import hybridinv as hi
from live.simulation import Changed, Wire

pytestmark = pytest.mark.live

FAULT = b"""<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault>
<faultcode>ServerFaultCode</faultcode><faultstring>Permission was denied.</faultstring><detail>
<NoPermissionFault xmlns="urn:vim25" xsi:type="NoPermission"><object type="Folder">group-d1</object>
<privilegeId>System.View</privilegeId></NoPermissionFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"""
WITHHELD = (
    b'<missingSet><path>licenses</path><fault><fault xsi:type="NoPermission">'
    b'<object type="Folder">group-d1</object><privilegeId>Global.Licenses</privilegeId></fault>'
    b"<localizedMessage>Permission to perform this operation was denied.</localizedMessage></fault></missingSet>"
)


@pytest.fixture(scope="module")
def found(plain):
    with plain.adapter() as vcenter:
        inventory = vcenter.inventory(["licenses"])
    assert inventory.complete, list(inventory.problems)
    return inventory.licenses


def keys(simulator):
    return [one["key"] for one in simulator.truth["licenses"] if one["key"].strip("0-")]


def test_every_licence_is_there_with_what_it_is_assigned_to(plain, found):
    assert len(found) == len(plain.truth["licenses"]) > 3
    for one in plain.truth["licenses"]:
        license_ = next(record for record in found if record.name == one["name"])
        assert license_.key == one["key"][-5:]
        assert (license_.edition, license_.unit) == (one["edition"], one["unit"])
        # The simulator does not send a zero.
        assert (license_.total, license_.used) == (one["total"] or None, one["used"] or None)
        assert sorted(license_.assigned_ids) == sorted(
            plain.id_of(id_) if id_.startswith(("host-", "domain-")) else id_ for id_ in one["assigned_ids"]
        )
        assert list(license_.features) == one["features"]
        assert dict(license_.labels) == one["labels"]


def test_hosts_and_their_licences_meet(plain):
    with plain.adapter() as vcenter:
        inventory = vcenter.inventory(["hosts", "licenses"])
    assigned = {id_ for license_ in inventory.licenses for id_ in license_.assigned_ids}
    assert {host.id for host in inventory.hosts} <= assigned


def test_it_costs_two_requests(plain):
    with plain.over() as (vcenter, wire):
        vcenter.licenses()
    assert wire.counts["RetrievePropertiesEx"] == wire.counts["QueryAssignedLicenses"] == 1
    assert wire.counts["CreateContainerView"] == 0


def test_no_key_is_in_a_record_a_saved_inventory_or_a_tape(plain, tmp_path):
    with plain.adapter() as vcenter:
        recorded = hi.record(vcenter, tmp_path / "tape", kinds=["licenses", "hosts"])
    recorded.save(tmp_path / "inventory.json")
    written = [path.read_bytes().decode() for path in (tmp_path / "tape").iterdir()]
    written += [(tmp_path / "inventory.json").read_bytes().decode("utf-8", "replace"), repr(list(recorded.licenses))]
    assert keys(plain)
    for key in keys(plain):
        for text in written:
            assert key not in text
            assert key[:-6] not in text
    assert re.search(r"XXXXX-XXXXX-XXXXX-XXXXX-[0-9A-Z]{5}", "".join(written))


def test_a_tape_of_licences_plays_back_the_same_records(plain, tmp_path):
    with plain.adapter() as vcenter:
        recorded = hi.record(vcenter, tmp_path / "tape", kinds=["licenses"])
    played = hi.replay(tmp_path / "tape").inventory(["licenses"])
    assert played.licenses == recorded.licenses
    assert any(license_.assigned_ids for license_ in played.licenses)
    hi.record(hi.replay(tmp_path / "tape"), tmp_path / "again", kinds=["licenses"])
    assert {path.name: path.read_bytes() for path in (tmp_path / "tape").iterdir()} == {
        path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()
    }


def test_without_the_privilege_the_problem_names_it_and_the_rest_is_there(plain):
    def withhold(operation, number, body):
        if b'type="LicenseManager"' not in body or operation != "RetrievePropertiesEx":
            return body
        body, cut = re.subn(rb"<propSet><name>licenses</name>.*?</propSet>", b"", body, flags=re.DOTALL)
        assert cut == 1
        return body.replace(b"</objects>", WITHHELD + b"</objects>")

    with plain.over(Changed, change=withhold) as (vcenter, _):
        inventory = vcenter.inventory(["licenses", "hosts"])
        with pytest.raises(hi.AccessDenied, match=r"Global\.Licenses") as caught:
            vcenter.licenses()
    assert caught.value.missing == "Global.Licenses"
    assert len(inventory.hosts) == 10
    (problem,) = inventory.problems
    assert (problem.kind, problem.error) == ("licenses", "AccessDenied")
    for word in ("LicenseManager", "Global.Licenses"):
        assert word in problem.message
    assert "Global.Licenses" in problem.remedy
    assert "Read-only" not in problem.remedy


class Refusing(Wire):
    """A wire on which assignments are refused."""

    def handle_request(self, request):
        if request.extensions["operation"] == "QueryAssignedLicenses":
            self.operations.append("QueryAssignedLicenses")
            return httpx.Response(500, headers={"Content-Type": "text/xml"}, content=FAULT)
        return super().handle_request(request)


def test_where_assignments_are_refused_the_licences_are_there_and_say_so(plain, found):
    with plain.over(Refusing) as (vcenter, _):
        inventory, strict = vcenter.inventory(["licenses"]), vcenter.licenses()
    assert [attrs.evolve(one, assigned_ids=(), problems=()) for one in found] == [
        attrs.evolve(one, problems=()) for one in strict
    ]
    (problem,) = inventory.problems
    assert (problem.kind, problem.error) == ("licenses", "AccessDenied")
    assert "System.View on group-d1" in problem.message
    assert all(one.problems == (problem,) for one in strict)


def test_an_esxi_host_does_not_say_what_is_assigned(plain, found):
    def without(operation, number, body):
        return re.sub(rb"<propSet><name>licenseAssignmentManager</name>.*?</propSet>", b"", body, flags=re.DOTALL)

    with plain.over(Changed, change=without) as (vcenter, wire):
        inventory = vcenter.inventory(["licenses"])
    assert inventory.complete
    assert len(inventory.licenses) == len(found)
    assert wire.counts["QueryAssignedLicenses"] == 0


def test_a_session_that_ends_is_renewed_here_too(fresh):
    simulator = fresh("-scene", "plain")
    with simulator.over() as (vcenter, wire):
        before = vcenter.licenses()
        simulator.terminate()
        assert vcenter.licenses() == before
    assert wire.counts["Login"] == 2


def test_an_odd_answer_shows_no_key(plain):
    key = keys(plain)[0]

    def spoil(operation, number, body):
        if operation == "QueryAssignedLicenses":
            return body.replace(b"<total>", b"<total>x%s" % key.encode())
        return body

    with plain.over(Changed, change=spoil) as (vcenter, _):
        inventory = vcenter.inventory(["licenses"])
    assert inventory.problems
    assert key not in json.dumps([str(problem) for problem in inventory.problems])
