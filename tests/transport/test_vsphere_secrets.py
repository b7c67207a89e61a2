"""What of a vCenter must not be on a tape: sessions of its REST side, the account, and licence keys."""

import base64

import httpx
import pytest

from hybridinv.transport.scrub import check_scrubbed, scrub, secrets_of, without_license_keys
from hybridinv.transport.tape import Recorder, request_line
from hybridinv.wire.secrets import mask_license_key

KEY = "4J2XA-1K0D9-78Q1P-0R2HH-0MZ61"
MASKED = "XXXXX-XXXXX-XXXXX-XXXXX-0MZ61"
EVALUATION = "00000-00000-00000-00000-00000"
LICENSES = (
    "<returnval><objects><obj>LicenseManager</obj><propSet><name>licenses</name><val>"
    "<LicenseManagerLicenseInfo><licenseKey>{}</licenseKey><editionKey>vc</editionKey><name>{}</name>"
    "</LicenseManagerLicenseInfo></val></propSet></objects></returnval>"
)


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        (KEY, MASKED),
        (MASKED, MASKED),
        (EVALUATION, EVALUATION),
        ("4j2xa-1k0d9-78q1p-0r2hh-0mz61", "XXXXX-XXXXX-XXXXX-XXXXX-0mz61"),
        ("ABCDEFGHIJ", "XXXXXFGHIJ"),
        ("ABCDEFGHI", "XXXXXXXXX"),
        ("AB", "XX"),
        ("", ""),
    ],
)
def test_of_a_key_the_form_and_the_end_are_left(key, shown):
    assert mask_license_key(key) == shown


def test_licence_keys_on_a_tape_are_told_apart_and_scrubbing_again_changes_nothing():
    body = LICENSES.format(KEY, f"vCenter 8 ({KEY})").encode()
    for operation in ("RetrievePropertiesEx LicenseManager(licenses) LicenseManager 1", "QueryAssignedLicenses"):
        once = scrub(body, operation)
        assert once.decode() == LICENSES.format(MASKED, f"vCenter 8 ({MASKED})")
        check_scrubbed(once, operation, ())


def test_elsewhere_a_name_in_that_form_stays():
    body = b"<propSet><name>name</name><val>PROD1-APP01-WEB01-DB001-ZONE1</val></propSet>"
    assert scrub(body, "RetrievePropertiesEx VirtualMachine(name)") == body


def test_plain_values_are_masked_as_the_tape_is():
    value = [{"licenseKey": KEY, "name": f"x {KEY}", "total": 1, "properties": [{"key": "k", "value": [KEY, None]}]}]
    assert without_license_keys(value) == [
        {"licenseKey": MASKED, "name": f"x {MASKED}", "total": 1, "properties": [{"key": "k", "value": [MASKED, None]}]}
    ]
    assert without_license_keys({"licenseKey": "short"}) == {"licenseKey": "XXXXX"}


@pytest.mark.parametrize("path", ["/api/session", "/rest/com/vmware/cis/session"])
@pytest.mark.parametrize(
    ("body", "left"),
    [
        (b'"b00db39f948d13ea1e59b4d6fce56389"', b'"scrubbed"'),
        (b' {"value": "b00db39f948d13ea"}', b' {"value": "scrubbed"}'),
        (b'{"value":"b00db39f948d13ea"}', b'{"value":"scrubbed"}'),
        (b'{"error_type":"UNAUTHENTICATED","messages":[]}', b'{"error_type":"UNAUTHENTICATED","messages":[]}'),
        (b"", b""),
    ],
)
def test_the_key_of_a_session_is_not_on_a_tape_even_where_it_is_never_used(path, body, left):
    recorder = Recorder()
    request = httpx.Request("POST", f"https://vc01.example{path}", headers={"Authorization": "Basic eDp5"})
    recorder.hear(request, httpx.Response(201, content=body))
    (exchange,) = recorder.exchanges()
    assert exchange.body == left
    assert exchange.request == f"POST vc01.example{path}"


def test_the_account_and_the_session_of_a_request_are_known_secrets():
    basic = base64.b64encode(b"me@vsphere.local:pass:word").decode()
    request = httpx.Request("POST", "https://vc/api/session", headers={"Authorization": f"Basic {basic}"})
    assert secrets_of(request) == {basic, "pass:word"}
    request = httpx.Request("GET", "https://vc/api/x", headers={"vmware-api-session-id": "b00db39f"})
    assert secrets_of(request) == {"b00db39f"}
    request = httpx.Request("GET", "https://vc/api/x", headers={"Authorization": "Basic %%%"})
    assert secrets_of(request) == {"%%%"}


def test_requests_for_different_tags_are_told_apart():
    url = "https://vc01.example/api/cis/tagging/tag-association?action=list-attached-objects-on-tags"
    lines = [request_line(httpx.Request("POST", url, json={"tag_ids": ids})) for ids in (["a", "b"], ["c"])]
    assert lines == [
        "POST vc01.example/api/cis/tagging/tag-association?action=list-attached-objects-on-tags a 2",
        "POST vc01.example/api/cis/tagging/tag-association?action=list-attached-objects-on-tags c 1",
    ]


def test_requests_for_different_objects_are_told_apart_and_those_of_a_session_are_not():
    envelope = (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        '<RetrievePropertiesEx xmlns="urn:vim25"><specSet><propSet><type>{type}</type><pathSet>name</pathSet></propSet>'
        "{objects}</specSet></RetrievePropertiesEx></soapenv:Body></soapenv:Envelope>"
    )

    def line(type_, *morefs):
        objects = "".join(f"<objectSet><obj>{moref}</obj></objectSet>" for moref in morefs)
        content = envelope.format(type=type_, objects=objects)
        return request_line(httpx.Request("POST", "https://vc/sdk", content=content))

    assert line("VirtualMachine", "vm-1", "vm-2") == "POST vc/sdk RetrievePropertiesEx VirtualMachine(name) vm-1 2"
    assert line("VirtualMachine", "vm-3") == "POST vc/sdk RetrievePropertiesEx VirtualMachine(name) vm-3 1"
    assert line("ContainerView", "session[52a1]52b2") == line("ContainerView", "session[52c3]52d4")
