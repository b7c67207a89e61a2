"""Scrubbing: one list of rules for every platform; the form of a body stays whole."""

from __future__ import annotations

import html
import json
import time
import traceback
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from lxml import etree

import hybridinv as hi
from hybridinv.demo import tape_folders
from hybridinv.transport.scrub import check_scrubbed, scrub
from hybridinv.transport.tape import Player, Tape
from hybridinv.wire.arm import read_error
from hybridinv.wire.secrets import excerpt

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
    ({"protectedSettings": {"a": {"b": ["hunter2"]}}}, "hunter2"),
    ({"protectedSettings": {"pin": 271828}}, "271828"),
    ({"userData": {"cloud": "hunter2"}}, "hunter2"),
    ({"settings": json.dumps({"protectedSettings": {"a": "hunter2"}})}, "hunter2"),
    ({"settings": json.dumps({"inner": json.dumps({"dbPassword": "hunter2"}, indent=1)}, indent=2)}, "hunter2"),
    ({"settings": "[" + json.dumps({"api_key": "hunter2"})}, "hunter2"),
    ({"passwords": ["hunter1", "hunter2"], "name": "x"}, "hunter1"),
    ({"osProfile": {"secrets": [{"vaultCertificates": [{"certificateUrl": "https://v/hunter2"}]}]}}, "hunter2"),
    ({"note": "&quot;password&quot;: &quot;hunter2&quot;"}, "hunter2"),
    ({"jwe": "x eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn"}, "Y2lwaGVy"),
    ({"cert": "-----BEGIN PRIVATE KEY-----\nMIIEcut"}, "MIIEcut"),
    *(
        ({name: "hunter2"}, "hunter2")
        for name in (
            "dbPassword",
            "DB_PASSWORD",
            "db-password",
            "apiKey",
            "api_key",
            "token",
            "accessToken",
            "tokens",
            "SecretValue",
            "secret value",
            "sqlPwd",
            "pass",
            "dbPass",
            "passphrase",
            "passwd",
            "SHAREDKEY",
            "storageAccountKey",
            "connectionString",
            "sessionId",
            "credentials",
            "custom_data",
            "pa\u0073sword",
        )
    ),
    *(
        ({"commandToExecute": f"setup.exe {option} /log x"}, "hunter2")
        for option in (
            "-Password hunter2",
            "--password=hunter2",
            "--db-password hunter2",
            "/pwd:hunter2",
            "-Password:hunter2",
            '-AdminPassword "hunter2 and more"',
            "-p (ConvertTo-SecureString 'hunter2' -AsPlainText)",
            "--client_secret='hunter2'",
            "API_KEY=hunter2",
            "https://h/?access_token=hunter2&page=2",
        )
    ),
]


@pytest.mark.parametrize(("body", "secret"), SECRETS_IN_JSON)
@pytest.mark.parametrize("indent", [None, 2])
def test_json_loses_its_secrets_and_stays_json(body: dict[str, Any], secret: str, indent: int | None) -> None:
    given = json.dumps(body, indent=indent).encode()
    assert secret.encode() in given
    scrubbed = scrub(given)
    assert secret.encode() not in scrubbed
    assert list(json.loads(scrubbed)) == list(body)
    assert scrubbed.decode() == json.dumps(json.loads(scrubbed), indent=indent)
    assert scrub(scrubbed) == scrubbed
    cut = scrub(given[:-2])
    assert secret.encode() not in cut


def test_what_is_around_a_secret_keeps_its_shape() -> None:
    body = (
        b'{"protectedSettings" : {"on": true, "n": null, "pin": 42, "e": "", "a": ["x", {"b": "y"}]},\r\n'
        b'\t"name":"w\\u0065b01", "secrets":[], "k": [{"password":"x"}, "stays", 7]}'
    )
    assert scrub(body) == (
        b'{"protectedSettings" : {"on": true, "n": null, "pin": 0, "e": "", "a": ["scrubbed", {"b": "scrubbed"}]},\r\n'
        b'\t"name":"w\\u0065b01", "secrets":[], "k": [{"password":"scrubbed"}, "stays", 7]}'
    )


def test_xml_goes_by_the_end_of_the_name_however_deep_or_cut() -> None:
    body = b"<a><dbPassword><b at='1'>x1</b> <b/>\n<![CDATA[x2]]></dbPassword><n>web01</n><api_key>x3"
    assert scrub(body) == (
        b"<a><dbPassword><b at='1'>scrubbed</b> <b/>\nscrubbed</dbPassword><n>web01</n><api_key>scrubbed"
    )
    assert scrub(b'<a password="x1" name="web01"><n>x</n></a>') == b'<a password="scrubbed" name="web01"><n>x</n></a>'
    assert scrub(b"<n>{&quot;password&quot;: {&quot;a&quot;: &quot;x1&quot;}}</n>") == (
        b'<n>{"password": {"a": "scrubbed"}}</n>'
    )


def test_a_short_secret_goes_where_it_is_a_whole_value() -> None:
    assert scrub(b'{"a": "x1", "b": ["x1", "x12"], "x1": "x1 "}', "", ["x1"]) == (
        b'{"a": "scrubbed", "b": ["scrubbed", "x12"], "x1": "x1 "}'
    )
    assert scrub(b"<a><b>x1</b><b>x12</b></a>", "", ["x1"]) == b"<a><b>scrubbed</b><b>x12</b></a>"


def test_a_known_secret_goes_however_it_is_escaped() -> None:
    secret = 'p"\\&<\u00e4word'
    inner = json.dumps({"x": secret})
    for body in (inner, json.dumps({"x": inner}), json.dumps({"x": inner}, ensure_ascii=False)):
        assert b"word" not in scrub(body.encode(), "", [secret])
    xml = "<a>p&#34;\\&amp;&lt;&#228;word</a>"
    assert scrub(xml.encode(), "", [secret]) == b"<a>scrubbed</a>"


def test_a_big_body_takes_seconds_and_a_hostile_one_too() -> None:
    item = {"id": "/subscriptions/0/resourceGroups/rg/providers/x/y", "tags": {"adminPassword": "x"}, "n": [1, 2, 3]}
    big = json.dumps({"value": [item] * 40_000}, indent=2).encode()
    began = time.monotonic()
    for body in (big, b"-eyJ" * 500_000, b"[" * 1_000_000, b'"\\' * 500_000, b"<a password" * 200_000):
        scrub(body)
    assert time.monotonic() - began < 30


BEARER = "opaque-token-of-many-letters"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (f"<html>you sent Bearer {BEARER}</html>".encode(), "<html>you sent Bearer scrubbed</html>"),
        (b" " * 300 + f"\n\n Bearer {BEARER * 99} end".encode(), "Bearer scrubbed end"),
        (b"client_secret=hunter2 rejected", "client_secret=scrubbed rejected"),
        (b"{'password': 'hunter2'}", "{'password': 'scrubbed'}"),
    ],
)
def test_an_excerpt_has_no_secret(raw: bytes, shown: str) -> None:
    assert excerpt(raw) == shown
    assert read_error(raw).message == shown


def test_an_excerpt_does_not_cut_a_known_secret_before_it_finds_it() -> None:
    assert excerpt(b"x" * 70 + BEARER.encode(), [BEARER]) == "x" * 70 + "scrubbed"


def texts_of(error: BaseException) -> str:
    return "".join((repr(error), str(error), repr(error.__dict__), *traceback.format_exception(error)))


class Credential:
    def __init__(self, fails: str = "") -> None:
        self.fails = fails

    def get_token(self, *_: str) -> SimpleNamespace:
        if self.fails:
            raise RuntimeError(self.fails)
        return SimpleNamespace(token=BEARER, expires_on=9e9)


@pytest.mark.parametrize("status", [200, 301, 400, 403, 404, 500])
@pytest.mark.parametrize("form", ["{}", '{{"error": {{"code": "No", "message": "not {}"}}}}', "[{}]", '{{"x": "{}"}}'])
def test_no_error_of_arm_echoes_the_token(status: int, form: str) -> None:
    headers = {"Location": f"https://h/{BEARER}"}
    wire = httpx.MockTransport(lambda _: httpx.Response(status, text=form.format(BEARER), headers=headers))
    with pytest.raises(hi.HybridInvError) as caught:
        hi.Azure(credential=Credential(), subscription_ids=["a"], transport=wire).vms()
    assert BEARER not in texts_of(caught.value)


def test_no_error_of_a_credential_shows_its_secret() -> None:
    credential = Credential("client_secret=hunter2 rejected")
    with pytest.raises(hi.AuthenticationFailed, match="client_secret=scrubbed rejected") as caught:
        hi.Azure(credential=credential, subscription_ids=["a"]).vms()
    assert "hunter2" not in texts_of(caught.value)


PASSWORD = "hunter2 & <more>"
FAULT = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault>'
    "<faultcode>ServerFaultCode</faultcode><faultstring>no hunter2 &amp; &lt;more&gt;</faultstring>"
    "</soapenv:Fault></soapenv:Body></soapenv:Envelope>"
)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, text=FAULT),
        httpx.Response(200, text=f"you sent {PASSWORD}"),
        httpx.Response(200, text=f"<html>{html.escape(PASSWORD)}</html>"),
        httpx.Response(403, text="no", extensions={"reason_phrase": f"no {PASSWORD}".encode()}),
    ],
)
def test_no_error_of_a_login_echoes_the_password(answer: httpx.Response) -> None:
    player = Player(next(tape for tape in map(Tape.read, tape_folders()) if tape.platform == "vsphere"))

    def respond(request: httpx.Request) -> httpx.Response:
        return answer if b"<Login " in request.content else player.handle_request(request)

    wire = httpx.MockTransport(respond)
    with pytest.raises(hi.HybridInvError) as caught:
        hi.VSphere("vc01.example.test", username="u", password=PASSWORD, transport=wire).vms()
    assert "hunter2" not in texts_of(caught.value)


def test_the_text_of_an_error_is_one_printable_line() -> None:
    error = hi.ServerFault("a\x1b[31mb\nc\u202ed\x07\u00a0e", remedy="f\r\ng\x00")
    assert (error.message, error.remedy) == ("a[31mb cd e", "f  g")
    assert str(error) == "a[31mb cd e — f  g"
    assert error.args == (error.message,)
    assert hi.NotSupported("größe — 日本").reason == "größe — 日本"


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
    body = b'{"note": "p&ss<word", "x": "p&amp;ss&lt;word", "short": "ab", "longer": "abc"}'
    assert scrub(body, "", ["p&ss<word", "ab"]) == (
        b'{"note": "scrubbed", "x": "scrubbed", "short": "scrubbed", "longer": "abc"}'
    )


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
        b'{"linuxConfiguration": {"disablePasswordAuthentication": true, "provisionVMAgent": true}}',
        b'{"ssh": {"publicKeys": [{"path": "/home/a/.ssh/authorized_keys", "keyData": "ssh-rsa AAAAB3NzaC1yc2E="}]}}',
        b'{"nextLink": "https://h/vms?api-version=1&$skiptoken=Zm9v==&x=1", "$skipToken": "a/token=750a33"}',
        b'{"skip_token": "a", "nextToken": "b", "continuationToken": "c", "networkAcls": {"bypass": "AzureServices"}}',
        b'{"password": "", "secret": null, "hasToken": false}',
        b'{"message": "Invalid client secret provided. The user/password is wrong", "path": "[ds1] a/b.vmdk"}',
        b'{"url": "https://v.vault.example/secrets/name/0", "name": "monkeyJones01.example.test.local"}',
        b'[{"a" : 1.50 ,"b":[ ] , "c": "\\u00e4\\/"}]',
        b'<p at="a">x &amp; y &lt;b&gt; &#228;</p><!-- c -->',
    ],
)
def test_what_is_no_secret_stays_byte_for_byte(harmless: bytes) -> None:
    assert scrub(harmless) == harmless


def test_the_check_refuses_what_is_left() -> None:
    check_scrubbed(b'{"name": "web01"}', "GET /x", ["s3cret-token"])
    with pytest.raises(hi.TapeMismatch, match="GET /x") as caught:
        check_scrubbed(b'{"name": "s3cret-token"}', "GET /x", ["s3cret-token"])
    assert "s3cret-token" not in str(caught.value)


def test_a_page_token_of_a_vcenter_stays() -> None:
    body = b"<returnval><token>1</token></returnval>"
    assert scrub(body, "RetrievePropertiesEx VirtualMachine(name)") == body
    assert scrub(body, "ContinueRetrievePropertiesEx 1") == body
    assert scrub(body, "AcquireTicket") == b"<returnval><token>scrubbed</token></returnval>"
