"""No token, password or cookie in anything we print, log, raise, keep or save."""

import logging
import pickle
import traceback

import httpx
import pytest

import hybridinv as hi
from arm_estate import Estate
from arm_server import TOKEN, Credential
from misbehaviour import Reply, cut_json, edited, forbidden, html, refused, throttled

PASSWORD = "hunter2-correct-horse"
COOKIE = "52f1c0de-secret-session-cookie"


@pytest.fixture
def server(serve):
    estate = Estate.of(vms=2, machines=2, extensions=("AMA",))
    estate.metadata = {"authentication": {"loginEndpoint": "https://l/", "audiences": ["https://a"]}}
    estate.versions = {"virtualmachines": ["2020-06-01", "2024-07-01"], "virtualnetworks": ["2018-11-01", "2024-01-01"]}
    return serve(estate)


@pytest.fixture
def logged(caplog):
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "azure", "msal", "hybridinv"):
        caplog.set_level(logging.DEBUG, logger=name)
    yield caplog
    for secret in (TOKEN, PASSWORD, COOKIE):
        assert secret not in caplog.text


def texts_of(error):
    return [repr(error), str(error), repr(error.__dict__), *traceback.format_exception(error)]


def test_the_debug_log_tells_what_went_on_without_the_token(server, azure, logged):
    adapter = azure(server)
    adapter.native(adapter.vms()[0])
    assert "virtualMachines" in logged.text
    assert "receive_response_headers" in logged.text
    assert server.tokens_seen() == {f"Bearer {TOKEN}"}


def test_cookies_and_signatures_stay_out_of_the_log(server, azure, logged):
    page = Reply.json(200, {"value": []}, Set_Cookie=f'vmware_soap_session="{COOKIE}"; Path=/; Secure')
    server.misbehave("virtualNetworks", lambda _: page)
    azure(server).networks()
    assert "(b'Set-Cookie', b'…')" in logged.text
    wire = azure(server)._wire
    wire.request("GET", f"{server.url}/metadata/endpoints?api-version=1.0&sig={PASSWORD}")
    assert "sig=" in logged.text


def test_the_password_of_vsphere_stays_where_it_is(logged):
    adapter = hi.VSphere("vc.example.com", username="admin@vsphere.local", password=PASSWORD, transport=refusing())
    with pytest.raises(hi.HybridInvError) as caught:
        adapter.vms()
    for text in (repr(adapter), str(adapter), *texts_of(caught.value), repr(adapter.settings)):
        assert PASSWORD not in text


def refusing():
    return httpx.MockTransport(lambda request: httpx.Response(403, text=f"no {PASSWORD[:0]}"))


@pytest.mark.parametrize(
    "behaviour",
    [
        forbidden(),
        throttled(3600),
        html,
        cut_json,
        refused(401, "InvalidAuthenticationToken", f"the token '{TOKEN}' is no good"),
        refused(400, "BadRequest", f"you sent Authorization: Bearer {TOKEN}"),
        lambda _: Reply(302, b"", {"Location": f"https://login.invalid/#id_token={TOKEN}"}),
        edited(lambda page: page.update(nextLink=f"https://elsewhere.invalid/?access_token={TOKEN}")),
    ],
)
def test_no_error_and_no_problem_shows_the_token(server, azure, behaviour):
    server.misbehave("virtualMachines", behaviour)
    adapter = azure(server)
    with pytest.raises(hi.HybridInvError) as caught:
        adapter.vms()
    texts = [*texts_of(caught.value), repr(adapter), repr(adapter.settings)]
    inventory = hi.collect([adapter])
    assert not inventory.complete
    texts += [*map(repr, inventory.problems), inventory._repr_html_(), repr(inventory)]
    assert [text for text in texts if TOKEN in text] == []


def test_a_token_that_cannot_be_sent_is_not_shown(server, azure, logged):
    with pytest.raises(hi.AuthenticationFailed) as caught:
        azure(server, credential=Credential(f"{PASSWORD}\n")).vms()
    assert [text for text in texts_of(caught.value) if PASSWORD in text] == []


def test_errors_keep_no_secret_when_they_travel(server, azure):
    server.misbehave("virtualMachines", forbidden())
    with pytest.raises(hi.AccessDenied) as caught:
        azure(server).vms()
    assert TOKEN.encode() not in pickle.dumps(caught.value)


@pytest.mark.parametrize("kind", ["azure", "arc", "hub"])
def test_a_tape_holds_no_token_even_where_the_endpoint_says_it(server, request, tmp_path, kind):
    for one in (*server.estate.vms, *server.estate.machines):
        one["tags"] = {"left-by-a-script": f"Bearer {TOKEN}"}
    adapter = request.getfixturevalue(kind)(server)
    inventory = hi.record(adapter, tmp_path / "tape")
    assert inventory.complete
    kept = [path.read_bytes() for path in (tmp_path / "tape").iterdir()]
    assert len(kept) > 3
    assert not [body for body in kept if TOKEN.encode() in body]
    with hi.replay(tmp_path / "tape") as replayed:
        assert len(replayed.vms()) == len(inventory.vms) == 2
