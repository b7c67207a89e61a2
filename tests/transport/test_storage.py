"""The table service over the wire: signatures, pages, refusals; and nowhere a word of what opens the account."""

import base64
import email.utils
import http.server
import logging
import pickle
import socketserver
import threading
import traceback
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote

import httpx
import pytest
from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential

import hybridinv as hi
from arm_server import Credential
from diagnostics.table_service import ACCOUNT, KEY, URL, TableService, fault
from hybridinv.transport.scrub import scrub, secrets_of
from hybridinv.transport.storage import NoTable, TableAccount
from hybridinv.transport.storage_access import signature
from hybridinv.wire.secrets import redact

SIGNATURE = "q+secret/Signature+of+the+plant/0123456789abcdef="
SAS = f"sv=2019-02-02&ss=t&srt=o&sp=r&se=2099-01-01T00%3A00%3A00Z&sig={quote(SIGNATURE, safe='')}"
SECRETS = (KEY, SIGNATURE, quote(SIGNATURE, safe=""), SAS, quote(SAS, safe=""))
FILTER = "PartitionKey eq 'p'"
HUB = f"https://{ACCOUNT}.table.local.azurestack.external"


def rows(count, partition="p"):
    return [{"PartitionKey": partition, "RowKey": f"{number:05d}", "Value": number} for number in range(count)]


def account(service, credential=None, url=URL):
    return TableAccount(url, credential or AzureNamedKeyCredential(ACCOUNT, KEY), transport=service)


def read(table_account, table="T"):
    return [row["RowKey"] for row in table_account.rows(table, FILTER, ("PartitionKey", "RowKey"))]


@pytest.fixture
def service():
    made = TableService()
    made.add("T", *rows(10))
    return made


def without_key(service):
    """The service lets everybody in, as it does who has a signature or a token."""
    service.admits = lambda request: True
    return service


def answering(response):
    return TableService(refuses=lambda request: response)


def refusal(service, credential=None, url=URL, error=hi.HybridInvError):
    with pytest.raises(error) as caught:
        read(account(service, credential, url))
    return caught.value


# What opens the account


def test_a_signature_is_what_openssl_makes_of_it():
    # printf 'Sun, 01 Mar 2026 12:00:00 GMT\n/plantdiag/WADMetrics()' | openssl dgst -sha256 -mac HMAC … | base64
    made = signature(base64.b64decode(KEY), "Sun, 01 Mar 2026 12:00:00 GMT", ACCOUNT, "/WADMetrics()")
    assert made == "moor2Cl4g0EZALuwpCkw8tNm1EW6l10SidWSKjgYss8="


def test_a_key_opens(service):
    assert len(read(account(service))) == 10
    date = email.utils.parsedate_to_datetime(service.requests[0].headers["x-ms-date"])
    assert abs(datetime.now(UTC) - date) < timedelta(minutes=5)


def test_a_key_opens_where_the_account_is_in_the_path(service):
    assert len(read(account(service, url=f"https://127.0.0.1:10002/{ACCOUNT}/"))) == 10
    assert service.requests[0].url.path == f"/{ACCOUNT}/T()"


def test_a_key_that_was_renewed_in_the_credential_is_taken(service):
    credential = AzureNamedKeyCredential(ACCOUNT, base64.b64encode(b"the earlier one").decode())
    tables = account(service, credential)
    with pytest.raises(hi.AuthenticationFailed):
        read(tables)
    credential.update(ACCOUNT, KEY)
    assert len(read(tables)) == 10


@pytest.mark.parametrize("sas", [SAS, f"?{SAS}", f"\n{SAS} ", SAS.replace("%2B", "+")])
def test_a_shared_access_signature_goes_into_the_query(service, sas):
    assert len(read(account(without_key(service), AzureSasCredential(sas)))) == 10
    query = parse_qs(service.requests[0].url.query.decode())
    assert query["sig"] == [SIGNATURE]
    assert query["se"] == ["2099-01-01T00:00:00Z"]
    assert query["$filter"] == [FILTER]
    assert "Authorization" not in service.requests[0].headers


def test_a_token_is_asked_for_once_with_the_scope_of_storage(service):
    credential = Credential()
    tables = account(without_key(service), credential)
    assert len(read(tables)) == len(read(tables)) == 10
    assert credential.scopes == [("https://storage.azure.com/.default",)]
    assert service.requests[1].headers["Authorization"] == f"Bearer {credential.tokens[0]}"


def test_a_token_that_was_revoked_is_renewed_once(service):
    def refuse(request):
        if request.headers["Authorization"] != "Bearer second":
            return fault(401, "InvalidAuthenticationInfo", "The token is revoked.")
        return None

    without_key(service).refuses = refuse
    assert len(read(account(service, Credential("first", "second")))) == 10
    service.refuses = lambda request: fault(401, "InvalidAuthenticationInfo", "Another tenant.")
    before = len(service.requests)
    error = refusal(service, Credential(), error=hi.AuthenticationFailed)
    assert "log in to the tenant" in error.remedy
    assert len(service.requests) == before + 2


def test_a_hub_takes_no_tokens(service):
    with pytest.raises(hi.NotSupported, match="takes no tokens — pass an account key"):
        account(service, Credential(), HUB)
    assert service.requests == []


@pytest.mark.parametrize(
    ("url", "version"),
    [
        (URL, "2019-02-02"),
        (f"https://{ACCOUNT}.table.core.usgovcloudapi.net", "2019-02-02"),
        (f"https://{ACCOUNT}.table.core.chinacloudapi.cn/", "2019-02-02"),
        (f"https://{ACCOUNT}.z17.table.storage.azure.net", "2019-02-02"),
        (f"https://{ACCOUNT}-secondary.table.core.windows.net", "2019-02-02"),
        (f"http://localhost:10002/{ACCOUNT}", "2019-02-02"),
        (HUB, "2017-11-09"),
        (f"https://{ACCOUNT}.table.utrecht.hub.example.test", "2017-11-09"),
        (f"{ACCOUNT}.table.utrecht.hub.example.test", "2017-11-09"),
    ],
)
def test_the_service_version_suits_the_endpoint(service, url, version):
    read(account(without_key(service), url=url))
    assert service.requests[0].headers["x-ms-version"] == version
    assert service.requests[0].headers["Accept"] == "application/json;odata=nometadata"


# Pages


@pytest.mark.parametrize(("size", "requests"), [(1000, 1), (10, 1), (9, 2), (3, 4), (1, 10)])
def test_every_page_is_followed(service, size, requests):
    service.page_size = size
    assert read(account(service)) == [f"{number:05d}" for number in range(10)]
    assert len(service.requests) == requests
    assert {request.url.host for request in service.requests} == {f"{ACCOUNT}.table.core.windows.net"}


def test_keys_with_odd_characters_lead_to_the_next_page(service):
    service.add("T", *({"PartitionKey": "p", "RowKey": f":005C_&=+ %2B#{n}"} for n in range(3)))
    service.page_size = 1
    assert len(read(account(service))) == 13


def test_an_empty_page_is_not_the_end(service):
    def refuse(request):
        if "NextRowKey" not in str(request.url):
            headers = {"x-ms-continuation-NextPartitionKey": "p", "x-ms-continuation-NextRowKey": "00004"}
            return httpx.Response(200, json={"value": []}, headers=headers)
        return None

    service.refuses = refuse
    assert len(read(account(service))) == 6
    page = account(service).first("T", FILTER, ("RowKey",))
    assert (len(page.rows), page.next) == (6, None)


def test_a_next_page_may_have_a_partition_alone(service):
    def refuse(request):
        if "NextPartitionKey" in str(request.url):
            assert "NextRowKey" not in str(request.url)
            return None
        return httpx.Response(200, json={"value": []}, headers={"x-ms-continuation-NextPartitionKey": "p"})

    service.refuses = refuse
    assert len(read(account(service))) == 10


def test_a_page_that_leads_back_ends(service):
    headers = {"x-ms-continuation-NextPartitionKey": "p", "x-ms-continuation-NextRowKey": "1"}
    service.refuses = lambda request: httpx.Response(200, json={"value": rows(1)}, headers=headers)
    assert "leads back" in refusal(service, error=hi.UnexpectedAnswer).message
    assert len(service.requests) == 2


def test_pages_without_end_end(service, monkeypatch):
    monkeypatch.setattr("hybridinv.transport.storage._PAGES", 5)
    numbers = iter(range(100))

    def refuse(request):
        return httpx.Response(200, json={"value": []}, headers={"x-ms-continuation-NextRowKey": f"{next(numbers)}"})

    service.refuses = refuse
    assert "no end (5 pages)" in refusal(service, error=hi.UnexpectedAnswer).message


# Refusals


def test_a_wrong_key_says_so(service):
    wrong = AzureNamedKeyCredential(ACCOUNT, base64.b64encode(b"another key that is wrong").decode())
    error = refusal(service, wrong, error=hi.AuthenticationFailed)
    assert "AuthenticationFailed" in error.message
    assert "not one of the account's two" in error.remedy
    assert (error.source, error.operation) == (f"{ACCOUNT}.table.core.windows.net", "GET T")


@pytest.mark.parametrize(("minutes", "way"), [(37, "37 minutes behind"), (-42, "42 minutes ahead of")])
def test_clocks_that_differ_are_told_from_a_wrong_key(minutes, way):
    there = email.utils.format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)
    error = refusal(answering(fault(403, "AuthenticationFailed", "no", Date=there)), error=hi.AuthenticationFailed)
    assert f"this machine's clock is {way} the account's" in error.remedy


@pytest.mark.parametrize("date", ["", "soon", None])
def test_without_a_date_nothing_is_said_of_clocks(date):
    response = fault(403, "AuthenticationFailed", "no", **({} if date is None else {"Date": date}))
    assert "clock" not in refusal(answering(response), error=hi.AuthenticationFailed).remedy


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("se=2026-03-01T10:00:00Z", "ended at 2026-03-01 10:00 UTC: make a new one"),
        ("se=2026-03-01", "ended at"),
        ("st=2098-01-01T00:00:00Z&se=2099-01-01", "begins at 2098-01-01 00:00 UTC"),
        ("se=2099-01-01T00:00:00Z", "may have been renewed"),
        ("si=policy", "may have been renewed"),
    ],
)
def test_a_signature_that_does_not_hold_says_why(fields, said):
    refused = answering(fault(403, "AuthenticationFailed", "Signature not valid in the specified time frame"))
    assert said in refusal(refused, AzureSasCredential(f"{fields}&sig=abc"), error=hi.AuthenticationFailed).remedy


def test_the_service_s_clock_decides_whether_a_signature_has_ended():
    response = fault(403, "AuthenticationFailed", "no", Date="Sun, 01 Mar 2099 12:00:00 GMT")
    credential = AzureSasCredential("se=2099-01-01T00:00:00Z&sig=abc")
    assert "ended at 2099-01-01" in refusal(answering(response), credential, error=hi.AuthenticationFailed).remedy


@pytest.mark.parametrize(
    ("code", "credential", "missing", "said"),
    [
        ("AuthorizationPermissionMismatch", AzureSasCredential(SAS), "ss=t, srt=co, sp=r", "make the signature with"),
        ("AuthorizationPermissionMismatch", Credential(), "Storage Table Data Reader", "give the account the role"),
        ("AuthorizationFailure", None, "access by account key", "firewall"),
        ("KeyBasedAuthenticationNotPermitted", None, "Storage Table Data Reader", "Entra ID's tokens only"),
    ],
)
def test_what_is_lacking_is_named(code, credential, missing, said):
    error = refusal(answering(fault(403, code, "This request is not authorized.")), credential, error=hi.AccessDenied)
    assert (error.missing, said in error.remedy) == (missing, True)


def test_a_table_that_is_not_there():
    error = refusal(TableService(), error=NoTable)
    assert error.message == f"{ACCOUNT}.table.core.windows.net has no table T"
    other = refusal(answering(fault(404, "ResourceNotFound", "gone")), error=hi.NotFound)
    assert not isinstance(other, NoTable)


def test_a_busy_account_is_throttled(monkeypatch):
    monkeypatch.setattr("hybridinv.transport.patience.RETRIES", 0)
    refusal(answering(fault(503, "ServerBusy", "later")), error=hi.Throttled)


@pytest.mark.parametrize("status", [304, 400, 500])
def test_other_faults(status, monkeypatch):
    monkeypatch.setattr("hybridinv.transport.patience.RETRIES", 0)
    error = refusal(answering(fault(status, "OperationTimedOut", "no", x_ms_request_id="r-1")), error=hi.ServerFault)
    assert (error.status, error.request_id) == (status, "r-1")
    assert "OperationTimedOut: no" in error.message


def test_a_redirect_is_not_followed():
    service = answering(httpx.Response(302, headers={"Location": f"https://elsewhere.example/?{SAS}"}))
    error = refusal(service, AzureSasCredential(SAS), error=hi.UnexpectedAnswer)
    assert len(service.requests) == 1
    assert "elsewhere.example" not in str(error)


@pytest.mark.parametrize(
    "body", [b"<html><title>Log in</title>", b"", b"[]", b'{"value": 5}', b'{"value": null}', b'{"value": [1]}']
)
def test_an_answer_that_is_none(body):
    refusal(answering(httpx.Response(200, content=body)), error=hi.UnexpectedAnswer)


def xml(code, *, prefix="", said="Not &lt;in&gt;.\nRequestId:1\nTime:2", status=403, **headers):
    attribute = f"xmlns{':m' if prefix else ''}='http://schemas.microsoft.com/ado/2007/08/dataservices/metadata'"
    inner = f"<{prefix}code>{code}</{prefix}code>" if code else ""
    inner += f'<{prefix}message xml:lang="en-US">{said}</{prefix}message>'
    text = f'<?xml version="1.0" encoding="utf-8"?><{prefix}error {attribute}>{inner}</{prefix}error>'
    return httpx.Response(status, content=text.encode(), headers=headers)


def test_an_error_in_xml_has_its_code_in_the_header():
    error = refusal(answering(xml("")), error=hi.AuthenticationFailed)
    assert error.message.endswith("403 Not <in>.")
    response = xml("", **{"x-ms-error-code": "AuthorizationFailure"})
    error = refusal(answering(response), error=hi.AccessDenied)
    assert error.message.endswith("403 AuthorizationFailure: Not <in>.")


@pytest.mark.parametrize("prefix", ["", "m:"])
def test_an_error_in_xml_is_read_as_one_in_json_is(prefix):
    error = refusal(answering(xml("KeyBasedAuthenticationNotPermitted", prefix=prefix)), error=hi.AccessDenied)
    assert "Entra ID's tokens only" in error.remedy
    assert error.message.endswith("T: 403 KeyBasedAuthenticationNotPermitted: Not <in>.")
    refusal(answering(xml("TableNotFound", prefix=prefix, status=404)), error=NoTable)
    refusal(answering(xml("AuthenticationFailed", prefix=prefix)), error=hi.AuthenticationFailed)
    shouted = httpx.Response(403, content=b"<Error><Code>AuthorizationFailure</Code><Message>No.</Message></Error>")
    assert refusal(answering(shouted), error=hi.AccessDenied).message.endswith("403 AuthorizationFailure: No.")


def test_a_page_with_code_in_it_is_no_error_in_xml():
    page = httpx.Response(404, content=b"<html><title>Lost</title><code>TableNotFound</code>")
    error = refusal(answering(page), error=hi.NotFound)
    assert not isinstance(error, NoTable)
    assert "TableNotFound" not in error.message


WORDS = (
    "Server failed to authenticate the request. Make sure the value of the Authorization header is formed correctly."
)


@pytest.mark.parametrize("credential", [None, AzureSasCredential(SAS), Credential()])
@pytest.mark.parametrize(
    ("status", "code", "said", "kind"),
    [
        (403, "AuthenticationFailed", "no", hi.AuthenticationFailed),
        (403, "AuthorizationFailure", WORDS, hi.AuthenticationFailed),
        (401, "InvalidAuthenticationInfo", "no", hi.AuthenticationFailed),
        (400, "InvalidAuthenticationInfo", "no", hi.AuthenticationFailed),
        (401, "NoAuthenticationInformation", "no", hi.AuthenticationFailed),
        (401, "Unauthorized", "no", hi.AuthenticationFailed),
        (403, "AuthorizationFailure", "This request is not authorized to perform this operation.", hi.AccessDenied),
        (403, "AuthorizationPermissionMismatch", "no", hi.AccessDenied),
        (403, "AuthorizationSourceIPMismatch", "no", hi.AccessDenied),
        (403, "KeyBasedAuthenticationNotPermitted", "Key based authentication is not permitted.", hi.AccessDenied),
    ],
)
def test_who_is_not_known_is_told_from_who_may_not(credential, status, code, said, kind):
    for response in (fault(status, code, said), xml(code, prefix="m:", said=said, status=status)):
        assert type(refusal(without_key(answering(response)), credential)) is kind


# Arguments


@pytest.mark.parametrize(
    "url",
    [
        "", "plantdiag", "https://", "https://plantdiag.blob.core.windows.net", "ftp://plantdiag.table.core.windows.net",
        "https://table.core.windows.net", "https://plantdiag.table.core.windows.net/T", "https://127.0.0.1:10002",
        "https://[bad", "https://x.table.core.windows.net", 5, None, "https://127.0.0.1:99999999/acc",
    ],
)  # fmt: skip
def test_what_is_no_table_service(url):
    with pytest.raises(hi.NotSupported):
        account(TableService(), url=url)


@pytest.mark.parametrize("url", ["http://plantdiag.table.core.windows.net", "http://10.0.0.5/plantdiag"])
def test_without_tls_nothing_leaves_this_machine(url):
    with pytest.raises(hi.NotSupported, match="without TLS"):
        account(TableService(), url=url)
    assert account(TableService(), url=f"http://127.0.0.1:10002/{ACCOUNT}").account == ACCOUNT
    assert account(TableService(), url=f"http://[::1]:10002/{ACCOUNT}").account == ACCOUNT


def test_a_signature_in_the_address_is_refused_and_not_shown():
    with pytest.raises(hi.NotSupported) as caught:
        account(TableService(), url=f"{URL}?{SAS}")
    assert not leaks(said_of(caught.value))


@pytest.mark.parametrize("credential", [KEY, SAS, f"AccountKey={KEY}", None, 5, AzureSasCredential, {"key": KEY}])
def test_what_opens_nothing_is_refused_and_not_shown(credential):
    with pytest.raises(hi.NotSupported) as caught:
        TableAccount(URL, credential)
    assert not leaks(said_of(caught.value))
    assert "AzureNamedKeyCredential('plantdiag', key)" in caught.value.remedy


def test_an_account_whose_address_was_refused_can_be_shown():
    try:
        TableAccount(f"{URL}?{SAS}", AzureNamedKeyCredential(ACCOUNT, KEY))
    except hi.NotSupported as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "self = TableAccount('')" in shown


def test_the_key_of_another_account():
    with pytest.raises(hi.NotSupported, match="the key is of the account 'other', and account_url of 'plantdiag'"):
        account(TableService(), AzureNamedKeyCredential("other", KEY))


# Nowhere a word of it


@pytest.fixture
def server():
    """Something on this machine that answers everything with what came."""

    class Echo(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            text = f"{self.path} {self.headers}"
            body = f'{{"odata.error": {{"code": "AuthenticationFailed", "message": {{"value": {text!a}}}}}}}'.encode()
            self.send_response(self.server.status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", self.path)
            self.send_header("x-ms-request-id", self.path)
            self.send_header("x-ms-error-code", self.path)
            self.end_headers()
            self.wfile.write(body[: len(body) // 2 if self.server.cuts else None])
            self.close_connection = self.server.cuts

        def log_message(self, *_):
            pass

    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    made.status, made.cuts = 403, False
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def said_of(error):
    """Everything that an error says or holds: its text, its trace, its causes, what it pickles to."""
    seen, texts = [error], ["".join(traceback.format_exception(error)), repr(pickle.dumps(error))]
    for one in seen:
        texts += [repr(one), str(one), repr(vars(one))]
        request = getattr(one, "_request", None)
        texts += [str(request.url), repr(request.headers.raw)] if request is not None else []
        seen += [inner for inner in (one.__cause__, one.__context__) if inner is not None and inner not in seen]
    return "\n".join(texts)


def leaks(text):
    return [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize("credential", [AzureNamedKeyCredential(ACCOUNT, KEY), AzureSasCredential(SAS)])
@pytest.mark.parametrize(("status", "cuts"), [(403, False), (401, False), (302, False), (404, False), (500, False),
                                              (400, False), (200, False), (403, True), (200, True)])  # fmt: skip
def test_no_secret_in_errors_logs_and_reprs(server, caplog, credential, status, cuts, monkeypatch):
    monkeypatch.setattr("hybridinv.transport.patience.RETRIES", 1)
    server.status, server.cuts = status, cuts
    caplog.set_level(logging.DEBUG)
    tables = TableAccount(f"http://127.0.0.1:{server.server_port}/{ACCOUNT}", credential, timeout=5)
    try:
        with pytest.raises(hi.HybridInvError) as caught:
            read(tables)
    finally:
        tables.close()
    assert not leaks(said_of(caught.value))
    assert "HTTP Request: GET" in caplog.text or cuts
    assert not leaks(caplog.text)
    assert not leaks(repr(tables) + repr(vars(tables)))
    assert "Authorization" not in caplog.text or "SharedKeyLite plantdiag:" not in caplog.text


def test_the_client_never_sees_what_opens_the_account(service, caplog):
    caplog.set_level(logging.DEBUG)
    read(account(without_key(service), AzureSasCredential(SAS)))
    assert "HTTP Request: GET" in caplog.text
    assert "sig" not in caplog.text
    assert SIGNATURE in parse_qs(service.requests[0].url.query.decode())["sig"]


class Raising(httpx.BaseTransport):
    """A transport that tells in its error what it was to send, as some do."""

    def __init__(self, kind):
        self.kind = kind

    def handle_request(self, request):
        text = f"cannot reach {request.url} with {request.headers}"
        raise self.kind(text, request=request) if issubclass(self.kind, httpx.RequestError) else self.kind(text)


@pytest.mark.parametrize("credential", [AzureNamedKeyCredential(ACCOUNT, KEY), AzureSasCredential(SAS)])
@pytest.mark.parametrize("kind", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError, ValueError])
def test_no_secret_in_what_a_transport_says(credential, kind, monkeypatch):
    monkeypatch.setattr("hybridinv.transport.patience.RETRIES", 0)
    with pytest.raises((hi.HybridInvError, ValueError)) as caught:
        read(TableAccount(URL, credential, transport=Raising(kind)))
    assert not leaks(said_of(caught.value))
    assert "SharedKeyLite plantdiag:" not in said_of(caught.value).replace("SharedKeyLite plantdiag:scrubbed", "")


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 200 OK\r\nBad Header "])
def test_no_secret_where_a_server_sends_back_what_it_was_sent(before, monkeypatch):
    monkeypatch.setattr("hybridinv.transport.patience.RETRIES", 0)

    class Parrot(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.sendall(before + self.request.recv(65536))

    with socketserver.TCPServer(("127.0.0.1", 0), Parrot) as made:
        thread = threading.Thread(target=made.handle_request)
        thread.start()
        tables = TableAccount(
            f"http://127.0.0.1:{made.server_address[1]}/{ACCOUNT}", AzureSasCredential(SAS), timeout=5
        )
        with pytest.raises(hi.ConnectFailed, match="does not speak HTTP") as caught:
            read(tables)
        tables.close()
        thread.join()
    said = said_of(caught.value)
    assert not leaks(said)
    assert "0123456789abcdef" not in said


@pytest.mark.parametrize("sas", [f"{SAS}\udc80", f"{SAS}\x00x", f"https://a.table.core.windows.net/?{SAS}"])
def test_a_signature_that_no_address_can_carry_is_refused_and_not_shown(sas):
    with pytest.raises(hi.NotSupported) as caught:
        account(TableService(), AzureSasCredential(sas))
    assert not leaks(said_of(caught.value))


def test_what_a_login_says_is_shown_without_what_looks_like_a_secret():
    class Talking:
        def get_token(self, *_):
            raise RuntimeError(f"refused: password=abc123 https://a.example/?{SAS}")

    with pytest.raises(hi.AuthenticationFailed, match="refused") as caught:
        read(account(TableService(), Talking()))
    said = str(caught.value) + repr(caught.value.__cause__)
    assert "abc123" not in said
    assert not leaks(said)


def test_no_secret_where_nothing_answers(caplog, monkeypatch):
    monkeypatch.setattr("hybridinv.transport.patience.RETRIES", 0)
    caplog.set_level(logging.DEBUG)
    tables = TableAccount(f"http://127.0.0.1:9/{ACCOUNT}", AzureSasCredential(SAS), timeout=2)
    with pytest.raises(hi.ConnectFailed) as caught:
        read(tables)
    assert not leaks(said_of(caught.value) + caplog.text)


def test_a_key_that_is_no_base64_is_not_shown():
    with pytest.raises(hi.AuthenticationFailed, match="not in base64") as caught:
        account(TableService(), AzureNamedKeyCredential(ACCOUNT, f"{KEY}$$$"))
    assert not leaks(said_of(caught.value))


@pytest.mark.parametrize(
    "text",
    [
        f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={KEY};EndpointSuffix=core.windows.net",
        f"TableEndpoint=https://a;SharedAccessSignature={SAS}",
        SAS, f"sig={quote(SIGNATURE, safe='')}&se=1", f"?{SAS}", f"https://a.example/T()?x=1&{SAS}",
        f"https://login.example/?to={quote(f'https://a.example/?{SAS}', safe='')}",
        f"Authorization: SharedKeyLite {ACCOUNT}:{SIGNATURE}", f"SharedKey {ACCOUNT}:{SIGNATURE}",
    ],
)  # fmt: skip
def test_keys_and_signatures_give_themselves_away_in_any_text(text):
    for cleaned in (redact(text), scrub(text.encode()).decode(), scrub(f'{{"said": "{text}"}}'.encode()).decode()):
        assert not leaks(cleaned), cleaned
        assert "%2F0123456789abcdef" not in cleaned
        assert redact(cleaned) == cleaned


@pytest.mark.parametrize(
    "text", ["the sig= parameter", "design=modern", "SharedKeyLite or SharedKey", "sig%3D", "a sig"]
)
def test_what_only_speaks_of_signatures_stays(text):
    assert redact(text) == text


def test_a_request_s_signature_is_a_secret_of_it():
    signed = httpx.Request("GET", URL, headers={"Authorization": f"SharedKeyLite {ACCOUNT}:{SIGNATURE}"})
    assert SIGNATURE in secrets_of(signed)
    assert SIGNATURE in secrets_of(httpx.Request("GET", f"{URL}/T()?{SAS}"))
