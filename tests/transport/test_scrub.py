"""Scrubbing: one list of rules for every platform; the form of a body stays whole."""

from __future__ import annotations

import json

import pytest
from lxml import etree

import hybridinv as hi
from hybridinv.transport.scrub import check_scrubbed, scrub

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLWhlcmU"
SECRETS_IN_JSON = [
    ({"password": "hunter2!"}, "hunter2!"),
    ({"adminPassword": 'quo"ted'}, "ted"),
    ({"settings": json.dumps({"storageAccountSasToken": "sv=2020&sig=abcdef"})}, "abcdef"),
    ({"settings": json.dumps({"accessToken": 'quo"te-ted', "b": 1})}, "te-ted"),
    ({"settings": json.dumps({"workspaceKey": "a2V5a2V5"})}, "a2V5a2V5"),
    ({"uri": "https://st.blob.example/x?sv=1&sig=AbC%2Fdef&se=2"}, "AbC%2Fdef"),
    ({"connection": "DefaultEndpointsProtocol=https;AccountKey=Zm9vYmFy==;EndpointSuffix=x"}, "Zm9vYmFy"),
    ({"note": f"Bearer {JWT}"}, JWT),
    ({"pem": "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"}, "MIIE"),
    ({"licenseKey": "1A2B3-4C5D6-7E8F9-0G1H2-3I4J5"}, "4C5D6"),
    ({"userData": "IyEvYmluL2Jhc2g="}, "IyEvYmlu"),
]


@pytest.mark.parametrize(("body", "secret"), SECRETS_IN_JSON)
def test_json_loses_its_secrets_and_stays_json(body: dict[str, str], secret: str) -> None:
    given = json.dumps(body, indent=2).encode()
    assert secret.encode() in given
    scrubbed = scrub(given)
    assert secret.encode() not in scrubbed
    assert list(json.loads(scrubbed)) == list(body)
    assert scrub(scrubbed) == scrubbed


def test_xml_loses_its_secrets_and_stays_xml() -> None:
    body = (
        b'<Envelope><Body><val xsi:type="x" xmlns:xsi="i"><licenseKey>AAAAA-BBBBB-CCCCC-DDDDD-EEEEE</licenseKey>'
        b"<password>hunter2!</password><vim:password xmlns:vim='v'>x&amp;y-secret</vim:password><name>web01</name>"
        b'<view type="ContainerView">session[52a1b2c3-0000-1111-2222-333344445555]52d4</view></val></Body></Envelope>'
    )
    scrubbed = scrub(body)
    for secret in (b"AAAAA", b"hunter2", b"y-secret", b"52a1b2c3"):
        assert secret not in scrubbed
    assert b"<name>web01</name>" in scrubbed
    etree.fromstring(scrubbed)


def test_a_login_keeps_neither_key_nor_user() -> None:
    body = b"<returnval><key>52aa-bb</key><userName>VSPHERE\\reader</userName><fullName>R</fullName></returnval>"
    assert scrub(body, "Login") == (
        b"<returnval><key>scrubbed</key><userName>scrubbed</userName><fullName>scrubbed</fullName></returnval>"
    )
    assert scrub(body, "RetrievePropertiesEx") == body


def test_secrets_known_by_value_go_in_every_form() -> None:
    body = b'{"note": "p&ss<word", "x": "p&amp;ss&lt;word", "short": "ab"}'
    assert scrub(body, "", ["p&ss<word", "ab"]) == b'{"note": "scrubbed", "x": "scrubbed", "short": "ab"}'


@pytest.mark.parametrize(
    "harmless",
    [
        b'{"id": "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/key1-vm"}',
        b'{"osProfile": {"secrets": [], "allowExtensionOperations": true}, "keyUri": null}',
        b"<vnic><key>key-vim.host.VirtualNic-vmk0</key><device>vmk0</device></vnic>",
        b'{"name": "PROD1-APP01-WEB01-DB001-ZONE1", "tags": {"key1": "value"}}',
        b'{"vmId": "d7b07558-9489-4d24-87d6-fa4ecfc92d67", "sku": "2016-Datacenter"}',
        '{"name": "größe-日本"}'.encode(),
        b"\xff\xfe not utf-8",
    ],
)
def test_what_is_no_secret_stays_byte_for_byte(harmless: bytes) -> None:
    assert scrub(harmless) == harmless


def test_the_check_refuses_what_is_left() -> None:
    check_scrubbed(b'{"name": "web01"}', "GET /x", ["s3cret-token"])
    with pytest.raises(hi.TapeMismatch, match="GET /x") as caught:
        check_scrubbed(b'{"name": "s3cret-token"}', "GET /x", ["s3cret-token"])
    assert "s3cret-token" not in str(caught.value)
