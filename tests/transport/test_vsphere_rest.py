"""The REST side of a vCenter: two forms of one API, sessions that begin, expire and end, and refusals."""

import base64
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import httpx
import pytest

import hybridinv as hi
from hybridinv.transport.client import Wire
from hybridinv.transport.vsphere_rest import TaggingService

USER, PASSWORD = "reader@vsphere.local", "hunter2-correct-horse"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
OLDER = "/rest/com/vmware/cis/"


class Vcenter:
    """What a vCenter serves, in the newer form, the older, or both; every request is kept."""

    def __init__(self, *forms, **instead):
        self.forms = forms or ("/api/",)
        self.instead = instead
        self.asked = []
        self.sessions = {}
        self._lock = Lock()

    def __call__(self, request):
        with self._lock:
            self.asked.append(request)
            return self.answer(request)

    def answer(self, request):
        operation = request.extensions["operation"].replace(" ", "_").replace("-", "_")
        if operation in self.instead:
            said = self.instead[operation]
            said = said(self) if callable(said) else said
            if said is not None:
                return said
        path = request.url.path
        if not path.startswith(self.forms):
            return httpx.Response(404, text="404 page not found")
        older = path.startswith("/rest")
        if path.endswith("/session"):
            return self.session(request, older)
        if request.headers.get("vmware-api-session-id") not in self.sessions:
            return httpx.Response(401, json={"error_type": "UNAUTHENTICATED", "messages": []})
        return self.value({"path": path, "query": request.url.query.decode()}, older)

    def session(self, request, older):
        if request.method == "DELETE":
            self.sessions.pop(request.headers["vmware-api-session-id"])
            return httpx.Response(204)
        if request.headers.get("Authorization") != f"Basic {BASIC}":
            return httpx.Response(401)
        key = f"session-key-{len(self.asked):032}"
        self.sessions[key] = True
        made = self.value(key, older, status=200 if older else 201)
        made.headers["Set-Cookie"] = f"vmware-api-session-id={key};Path=/rest;Secure;HttpOnly"
        return made

    def value(self, value, older, status=200):
        return httpx.Response(status, json={"value": value} if older else value)

    def count(self, operation):
        return sum(request.extensions["operation"] == operation for request in self.asked)


@pytest.fixture
def service():
    def make(vcenter, password=PASSWORD):
        wire = Wire("vc01.example", transport=httpx.MockTransport(vcenter))
        return TaggingService(wire, "https://vc01.example", USER, password)

    return make


def test_the_newer_form_is_asked_where_it_is(service):
    vcenter = Vcenter("/api/", "/rest/")
    with service(vcenter) as tagging:
        assert tagging.list("tag") == {"path": "/api/cis/tagging/tag", "query": ""}
        assert tagging.one("tag", "urn:a:b:GLOBAL")["path"] == "/api/cis/tagging/tag/urn:a:b:GLOBAL"
        assert tagging.act("tag-association", "list-attached-objects-on-tags", {"tag_ids": ["t"]}) == {
            "path": "/api/cis/tagging/tag-association", "query": "action=list-attached-objects-on-tags",
        }  # fmt: skip
    assert json.loads(vcenter.asked[-2].content) == {"tag_ids": ["t"]}
    assert vcenter.sessions == {}


@pytest.mark.parametrize("status", [400, 404, 405, 501])
def test_an_older_vcenter_is_asked_in_its_own_form(service, status):
    vcenter = Vcenter("/rest/", "/api/")
    vcenter.instead["CreateSession"] = lambda it: httpx.Response(status) if len(it.asked) == 1 else None
    with service(vcenter) as tagging:
        assert tagging.list("category")["path"] == f"{OLDER}tagging/category"
        assert tagging.one("tag", "urn:a:b:GLOBAL")["path"] == f"{OLDER}tagging/tag/id:urn:a:b:GLOBAL"
        assert tagging.act("tag-association", "x", {})["query"] == "~action=x"
    assert vcenter.asked[-1].method == "DELETE"
    assert vcenter.sessions == {}


def test_no_such_service_is_not_found(service):
    with pytest.raises(hi.NotFound), service(Vcenter("/nowhere/")):
        pass


def test_the_account_goes_to_the_session_alone_and_no_cookie_goes_anywhere(service):
    vcenter = Vcenter("/rest/")
    with service(vcenter) as tagging:
        tagging.list("tag")
        tagging.list("category")
    for request in vcenter.asked:
        assert ("Authorization" in request.headers) == (request.extensions["operation"] == "CreateSession")
        assert "Cookie" not in request.headers


def test_the_session_ends_with_the_block_whatever_happens_in_it(service):
    vcenter = Vcenter()
    with pytest.raises(KeyError), service(vcenter):
        raise KeyError
    assert vcenter.sessions == {}


def test_a_session_that_cannot_be_ended_is_no_error(service):
    with service(Vcenter(DeleteSession=httpx.Response(500))) as tagging:
        tagging.list("tag")


def test_an_expired_session_is_renewed(service):
    vcenter = Vcenter()
    with service(vcenter) as tagging:
        tagging.list("tag")
        vcenter.sessions.clear()
        assert tagging.list("tag")["path"] == "/api/cis/tagging/tag"
    assert vcenter.count("CreateSession") == 2
    assert vcenter.sessions == {}


def test_threads_share_a_renewal(service):
    vcenter = Vcenter()
    with service(vcenter) as tagging, ThreadPoolExecutor(4) as pool:
        vcenter.sessions.clear()
        found = list(pool.map(lambda number: tagging.one("tag", str(number)), range(20)))
    assert [one["path"] for one in found] == [f"/api/cis/tagging/tag/{number}" for number in range(20)]
    assert vcenter.count("CreateSession") == 2


def test_a_session_that_always_ends_is_not_begun_for_ever(service):
    vcenter = Vcenter(list_tag=httpx.Response(401))
    with service(vcenter) as tagging:
        for _ in range(5):
            with pytest.raises(hi.AuthenticationFailed, match="401"):
                tagging.list("tag")
    assert vcenter.count("CreateSession") == 3


def test_a_wrong_password_is_asked_once(service):
    vcenter = Vcenter("/api/", "/rest/")
    with pytest.raises(hi.AuthenticationFailed, match="user name or password"), service(vcenter, "other"):
        pass
    assert len(vcenter.asked) == 1


REFUSED = {"error_type": "UNAUTHORIZED", "messages": [{"default_message": f"no, {PASSWORD} {BASIC}"}]}


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (httpx.Response(403, json=REFUSED), hi.AccessDenied, "403 UNAUTHORIZED: no"),
        (httpx.Response(500, text=f"<html>{PASSWORD} {BASIC}</html>"), hi.ServerFault, "500"),
        (httpx.Response(302, headers={"Location": "https://elsewhere/"}), hi.ServerFault, "302"),
        (httpx.Response(200, text="<html>Sign in</html>"), hi.UnexpectedAnswer, "gave no session"),
        (httpx.Response(200, text="b00db39f948d13ea1e59b4d6fce56389"), hi.UnexpectedAnswer, "gave no session"),
        (httpx.Response(200, json={"value": "b00db39f948d13ea1e59b4d6fce56389"}), hi.UnexpectedAnswer, "no session"),
        (httpx.Response(200, json="b00db39f948d13ea\r\nX: y"), hi.UnexpectedAnswer, "gave no session"),
        (httpx.Response(200, json=""), hi.UnexpectedAnswer, "gave no session"),
        (httpx.Response(204), hi.UnexpectedAnswer, "gave no session"),
    ],
)
def test_a_login_that_fails_says_how_and_no_secret(service, answer, error, says):
    with pytest.raises(error, match=says) as caught, service(Vcenter(CreateSession=answer)):
        pass
    shown = f"{caught.value!r} {caught.value} {caught.value.__cause__!r} {caught.value.__context__!r}"
    for secret in (PASSWORD, BASIC, "b00db39f"):
        assert secret not in shown
    assert caught.value.remedy


def test_a_refusal_names_the_privilege_and_where_to_give_it(service):
    vcenter = Vcenter(get_tag=httpx.Response(403, json=REFUSED))
    with service(vcenter) as tagging, pytest.raises(hi.AccessDenied) as caught:
        tagging.one("tag", "t")
    assert caught.value.missing == "System.Read"
    assert "global permission" in caught.value.remedy
    assert (caught.value.source, caught.value.operation) == ("vc01.example", "GET /api/cis/tagging/tag/t")


def test_a_session_key_that_comes_back_in_an_answer_goes_no_further(service):
    vcenter = Vcenter(list_tag=lambda it: httpx.Response(200, json=list(it.sessions)))
    with service(vcenter) as tagging:
        assert tagging.list("tag") == ["scrubbed"]
    vcenter = Vcenter(list_tag=lambda it: httpx.Response(200, text="".join(it.sessions)))
    with service(vcenter) as tagging, pytest.raises(hi.UnexpectedAnswer) as caught:
        tagging.list("tag")
    assert "session-key" not in str(caught.value)


@pytest.mark.parametrize("id_", ["../../x", "a/b", "a?b=c", "a#b", "a b", "ü", "..", "\r\n"])
def test_an_id_is_one_step_of_the_path_whatever_is_in_it(service, id_):
    vcenter = Vcenter()
    with service(vcenter) as tagging:
        tagging.one("tag", id_)
    raw = vcenter.asked[1].url.raw_path.decode()
    assert raw.startswith("/api/cis/tagging/tag/")
    assert raw.count("/") == 5
    assert "?" not in raw


def test_an_older_answer_without_its_value_is_no_empty_list(service):
    for body in ({}, [], "x", {"type": "com.vmware.vapi.std.errors.error"}):
        with (
            service(Vcenter("/rest/", list_tag=httpx.Response(200, json=body))) as tagging,
            pytest.raises(hi.UnexpectedAnswer, match="no value"),
        ):
            tagging.list("tag")
    with service(Vcenter("/rest/", list_tag=httpx.Response(200, json={"value": None}))) as tagging:
        assert tagging.list("tag") is None


def test_a_broken_compression_is_an_answer_that_cannot_be_read(service):
    broken = httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip"))
    with service(Vcenter(list_tag=broken)) as tagging, pytest.raises(hi.UnexpectedAnswer, match="decompressed"):
        tagging.list("tag")


def test_no_log_line_holds_a_secret(service, caplog):
    with caplog.at_level(logging.DEBUG):
        vcenter = Vcenter("/rest/")
        with service(vcenter) as tagging:
            tagging.list("tag")
    assert "/rest/com/vmware/cis/tagging/tag" in caplog.text
    for secret in (PASSWORD, BASIC, "session-key"):
        assert secret not in caplog.text
