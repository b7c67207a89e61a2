"""The ARM client: tokens, pages, Resource Graph, and its errors."""

import itertools
import logging
import time
import traceback

import pytest

import hybridinv as hi
from arm_estate import Estate
from arm_server import TOKEN, Credential, Token
from hybridinv.transport.arm import ArmClient, subscriptions
from hybridinv.transport.client import Wire
from misbehaviour import edited, fault, forbidden, html, redirected, refused

VMS = "/subscriptions/sub-1/providers/Microsoft.Compute/virtualMachines"
VERSION = "2024-07-01"


@pytest.fixture
def server(serve):
    return serve(Estate.of(vms=10, extensions=("A", "B")))


@pytest.fixture
def connect(certificates):
    wires = []

    def make(server, credential=None):
        wires.append(Wire("arm.example", ca_file=certificates.ca_file, timeout=5))
        return ArmClient(wires[-1], server.url, credential or Credential(), "https://arm.example/.default")

    yield make
    for wire in wires:
        wire.close()


def all_items(client, path=VMS):
    return [item for page in client.pages(path, VERSION) for item in page.items]


# Pages


@pytest.mark.parametrize(("size", "requests"), [(1000, 1), (10, 1), (9, 2), (3, 4), (1, 10)])
def test_every_page_is_followed(server, connect, size, requests):
    server.answers.page_size = size
    assert [item["name"] for item in all_items(connect(server))] == [f"vm{n}" for n in range(10)]
    assert server.counts["vms"] == requests


def test_compressed_answers_are_asked_for_and_read(server, connect):
    server.compresses = True
    assert len(all_items(connect(server))) == 10
    assert "gzip" in server.seen[0][2]["Accept-Encoding"]


def test_an_empty_page_with_a_next_link_is_not_the_end(server, connect):
    server.answers.page_size = 4
    server.misbehave(r"skiptoken=4", edited(lambda page: page.update(value=[])))
    assert [item["name"] for item in all_items(connect(server))] == ["vm0", "vm1", "vm2", "vm3", "vm8", "vm9"]
    assert server.counts["vms"] == 3


@pytest.mark.parametrize("link", ["", None])
def test_an_empty_next_link_is_the_end(server, connect, link):
    server.misbehave("virtualMachines", edited(lambda page: page.update(nextLink=link)))
    assert len(all_items(connect(server))) == 10


def test_a_relative_next_link_is_followed(server, connect):
    server.answers.page_size = 6
    server.misbehave(
        "virtualMachines", edited(lambda page: page.update(nextLink=page["nextLink"].removeprefix(server.url))), 1
    )
    assert len(all_items(connect(server))) == 10


def test_the_token_is_not_sent_to_another_origin(server, serve, connect):
    other = serve(Estate.of(vms=3))
    links = [
        f"{other.url}{VMS}?api-version={VERSION}",
        f"{server.url.replace('https', 'http')}{VMS}",
        f"https://localhost:{server.server_port}{VMS}",
        f"{server.url.replace('127', 'x@127')}{VMS}",
        f"//127.0.0.1:{other.server_port}{VMS}",
    ]
    for link in links:
        server.misbehave("virtualMachines", edited(lambda page, link=link: page.update(nextLink=link)), 1)
        asked = server.counts["vms"]
        with pytest.raises(hi.UnexpectedAnswer, match="the token was not sent there") as caught:
            all_items(connect(server))
        assert caught.value.path == "nextLink"
        assert caught.value.remedy
        assert server.counts["vms"] == asked + 1
    assert other.seen == []


def test_a_path_out_of_an_answer_cannot_lead_to_another_origin(server, serve, connect):
    other = serve(Estate.of(vms=3))
    for id_ in (
        f"@127.0.0.1:{other.server_port}/x",
        f".example:{other.server_port}/",
        f"{other.url}/x",
        "x",
        "/x?y",
        "/x#y",
    ):
        with pytest.raises(hi.UnexpectedAnswer, match="no path of a resource"):
            connect(server).get(f"{id_}/extensions", VERSION)
    assert other.seen == []
    assert server.seen == []


def test_an_id_with_odd_characters_stays_a_path(server, connect):
    with pytest.raises(hi.NotFound):
        connect(server).get("/subscriptions/sub-1/resourceGroups/a b(1)ü/x", VERSION)
    assert server.seen[0][1] == f"/subscriptions/sub-1/resourceGroups/a%20b(1)%C3%BC/x?api-version={VERSION}"


@pytest.mark.parametrize("link", ["https://[bad", "https://127.0.0.1:port/", 5, ["x"], 0, False, [], {}])
def test_a_next_link_that_is_none_is_an_unexpected_answer(server, connect, link):
    server.misbehave("virtualMachines", edited(lambda page: page.update(nextLink=link)))
    with pytest.raises(hi.UnexpectedAnswer, match="nextLink") as caught:
        all_items(connect(server))
    assert caught.value.path == "nextLink"


def test_a_next_link_that_leads_back_ends(server, connect):
    server.answers.page_size = 6
    first = f"{server.url}{VMS}?api-version={VERSION}"
    server.misbehave("skiptoken", edited(lambda page: page.update(nextLink=first)))
    with pytest.raises(hi.UnexpectedAnswer, match="leads back"):
        all_items(connect(server))
    assert server.counts["vms"] == 2


def test_the_refusal_names_both_origins_whole(server, connect):
    link = f"http://me:hunter2@localhost{VMS}"
    server.misbehave("virtualMachines", edited(lambda page: page.update(nextLink=link)))
    with pytest.raises(hi.UnexpectedAnswer) as caught:
        all_items(connect(server))
    assert f"from {server.url} to http://…@localhost:80;" in caught.value.message
    assert "hunter2" not in caught.value.message


def test_pages_without_end_end(server, connect, monkeypatch):
    monkeypatch.setattr("hybridinv.transport.arm._PAGES", 5)
    pages = iter(range(100))
    more = edited(lambda page: page.update(nextLink=f"{server.url}{VMS}?page={next(pages)}"))
    server.misbehave("virtualMachines", more)
    with pytest.raises(hi.UnexpectedAnswer, match="no end after 5 pages") as caught:
        all_items(connect(server))
    assert (caught.value.path, server.counts["vms"]) == ("nextLink", 5)


def test_as_many_pages_as_are_allowed_are_read(server, connect, monkeypatch):
    monkeypatch.setattr("hybridinv.transport.arm._PAGES", 5)
    server.answers.page_size = 2
    assert len(all_items(connect(server))) == 10


def test_rows_without_end_end(server, connect, monkeypatch):
    monkeypatch.setattr("hybridinv.transport.arm._PAGES", 5)
    tokens = itertools.count()
    server.misbehave("ResourceGraph", edited(lambda page: page.update({"$skipToken": f"{next(tokens)}"})))
    with pytest.raises(hi.UnexpectedAnswer, match="no end after 5 pages"):
        rows(connect(server))
    assert server.counts["graph"] == 5


def test_a_skip_token_that_leads_back_ends_at_once(server, connect):
    server.misbehave("ResourceGraph", edited(lambda page: page.update({"$skipToken": "0"})))
    with pytest.raises(hi.UnexpectedAnswer, match="leads back"):
        rows(connect(server))
    assert server.counts["graph"] == 2


def test_a_row_of_resource_graph_that_comes_twice_is_one(server, connect):
    def twice(page):
        page["data"] = page["data"][:4] * 2
        page["count"] = page["totalRecords"] = 8

    server.misbehave("ResourceGraph", edited(twice))
    with pytest.raises(hi.TruncatedAnswer, match="4 of 8 rows arrived"):
        rows(connect(server))


def test_an_item_that_comes_twice_is_one(server, connect):
    def twice(page):
        page["count"] = 10
        page["value"] = [*page["value"][:5], *({**one, "id": one["id"].upper()} for one in page["value"][:5])]

    server.misbehave("virtualMachines", edited(twice))
    with pytest.raises(hi.TruncatedAnswer, match="5 of 10 arrived"):
        all_items(connect(server))


def test_fewer_than_the_endpoint_counted_are_truncated(server, connect):
    server.misbehave("virtualMachines", edited(lambda page: page.update(count=11)))
    with pytest.raises(hi.TruncatedAnswer, match="10 of 11 arrived"):
        all_items(connect(server))


def test_what_is_no_object_counts_as_arrived(server, connect):
    server.misbehave("virtualMachines", edited(lambda page: page.update(count=11, value=[*page["value"], "odd"])))
    pages = list(connect(server).pages(VMS, VERSION))
    assert (len(pages[0].items), len(pages[0].odd)) == (10, 1)


# Subscriptions


def test_subscriptions_are_all_but_the_deleted_once_each(server, connect):
    server.estate.subscriptions = {
        "SUB-1": "Enabled",
        "sub-2": "Disabled",
        "sub-3": "Deleted",
        "sub-4": "Warned",
        "sub-5": None,
    }
    server.answers.page_size = 2
    assert subscriptions(connect(server), "2022-12-01") == ["sub-1", "sub-2", "sub-4", "sub-5"]


@pytest.mark.parametrize("item", ["odd", {"state": "Enabled"}])
def test_a_subscription_that_cannot_be_read_is_not_left_out(server, connect, item):
    server.misbehave("subscriptions", edited(lambda page: page["value"].append(item)))
    with pytest.raises(hi.UnexpectedAnswer):
        subscriptions(connect(server), "2022-12-01")


# Resource Graph


def rows(client, scopes=("sub-1",)):
    query = "resources | where type =~ 'microsoft.compute/virtualmachines/extensions'"
    return list(client.graph(query, scopes))


def test_graph_pages_are_followed(server, connect):
    server.estate.extend(server.estate.vms[0], [f"X{n}" for n in range(2500)])
    assert len({row["id"] for row in rows(connect(server))}) == 2518
    assert server.counts["graph"] == 3


def test_a_hundred_subscriptions_are_asked_for_at_a_time(server, connect):
    assert len(rows(connect(server), [f"sub-{n}" for n in range(201)])) == 20
    assert server.counts["graph"] == 3


@pytest.mark.parametrize(
    "change",
    [{"resultTruncated": "true"}, {"totalRecords": 21}, {"count": 21}, {"data": [{"id": "x"}] * 19}],
)
def test_a_graph_answer_that_is_short_is_truncated(server, connect, change):
    server.misbehave("ResourceGraph", edited(lambda page: page.update(change)))
    with pytest.raises(hi.TruncatedAnswer):
        rows(connect(server))


def test_a_graph_row_that_is_no_object_is_not_left_out(server, connect):
    server.misbehave("ResourceGraph", edited(lambda page: page["data"].__setitem__(0, 5)))
    with pytest.raises(hi.UnexpectedAnswer, match="Resource Graph"):
        rows(connect(server))


# Tokens


def test_a_token_is_asked_for_once_with_the_scope(server, connect):
    credential = Credential()
    client = connect(server, credential)
    for _ in range(3):
        all_items(client)
    assert credential.scopes == [("https://arm.example/.default",)]


def test_a_token_about_to_expire_is_renewed(server, connect):
    credential = Credential("old.token", TOKEN, expires_on=time.time() + 60)
    client = connect(server, credential)
    client.log_in()
    assert len(all_items(client)) == 10
    assert server.tokens_seen() == {f"Bearer {TOKEN}"}


def test_a_refused_token_is_renewed_once(server, connect):
    credential = Credential("expired.token", TOKEN)
    assert len(all_items(connect(server, credential))) == 10
    assert (len(credential.scopes), server.counts["vms"]) == (2, 2)


def test_a_token_that_stays_refused_is_one_error(server, connect):
    credential = Credential("one", "two", "three")
    with pytest.raises(hi.AuthenticationFailed, match="InvalidAuthenticationToken") as caught:
        all_items(connect(server, credential))
    assert (len(credential.scopes), server.counts["vms"]) == (2, 2)
    assert "credential=" in caught.value.remedy
    assert (caught.value.source, caught.value.request_id) == ("arm.example", "req-42")


class Failing:
    def __init__(self, answer):
        self.answer = answer

    def get_token(self, *_):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (ValueError("AADSTS7000215: Invalid client secret provided.\nTrace ID: 1"), "Invalid client secret provided."),
        (ValueError(), "ValueError"),
        (
            RuntimeError("none worked\nAttempted:\n\tEnv: unavailable\n\tSecret: AADSTS9: wrong\nSee docs"),
            "Secret: AADSTS9",
        ),
        (RuntimeError("none worked\nAttempted:\n\tEnv: unavailable\nSee docs"), "none worked"),
    ],
)
def test_a_credential_that_fails_is_one_clear_error(server, connect, answer, says):
    with pytest.raises(hi.AuthenticationFailed) as caught:
        all_items(connect(server, Failing(answer)))
    assert says in caught.value.message
    assert "\n" not in caught.value.message
    assert "az login" in caught.value.remedy
    assert caught.value.operation == "get_token"
    assert server.seen == []


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("a.plain.text", "str has no token and no expires_on"),
        (None, "NoneType has no token and no expires_on"),
        (type("Half", (), {"token": "fine"})(), "Half has no expires_on"),
        (Token("line\nbreak", 2**33), "no header can carry"),
        (Token("naïve", 2**33), "no header can carry"),
        (Token("", 2**33), "its token is empty"),
        (Token(None, 2**33), "its token is NoneType"),
        (Token(b"fine", 2**33), "its token is bytes"),
        (Token("fine", None), "its expires_on is NoneType"),
        (Token("fine", "1893456000"), "its expires_on is str"),
        (Token("fine", float("nan")), "its expires_on is float"),
        (Token("fine", -1), "not a moment"),
    ],
)
def test_what_is_no_token_says_what_a_credential_must_give(server, connect, answer, says):
    with pytest.raises(hi.AuthenticationFailed, match="is no token") as caught:
        all_items(connect(server, Failing(answer)))
    assert says in caught.value.message
    assert "expires_on (seconds since 1970)" in caught.value.remedy
    assert caught.value.operation == "get_token"
    assert server.seen == []
    for text in ("break", "naïve", "fine"):
        assert text not in str(caught.value)


def test_a_coroutine_in_place_of_a_token_is_closed(server, connect):
    async def later():
        return Token("fine", 2**33)

    coroutine = later()  # a warning that it was never awaited would be an error here
    with pytest.raises(hi.AuthenticationFailed, match=r"asynchronous .*azure\.identity"):
        all_items(connect(server, Failing(coroutine)))
    assert coroutine.cr_frame is None


# Errors


def refusal(server, connect, behaviour):
    server.misbehave("virtualMachines", behaviour)
    with pytest.raises(hi.HybridInvError) as caught:
        all_items(connect(server))
    assert caught.value.remedy
    return caught.value


def test_a_missing_permission_is_named(server, connect):
    error = refusal(server, connect, forbidden("Microsoft.Compute/virtualMachines/read"))
    assert type(error) is hi.AccessDenied
    assert error.missing == "Microsoft.Compute/virtualMachines/read"
    assert (error.source, error.operation, error.request_id) == ("arm.example", f"GET {VMS}", "req-42")
    assert "AuthorizationFailed" in error.message
    assert "Reader" in error.remedy


def test_a_refusal_without_an_action_names_the_role(server, connect):
    assert refusal(server, connect, refused(403, "Forbidden", "policy")).missing == "Reader"


def test_what_is_not_there_says_where_it_was_looked_for(server, connect):
    with pytest.raises(hi.NotFound) as caught:
        all_items(connect(server), VMS.replace("sub-1", "sub-9"))
    assert server.url.removeprefix("https://") in caught.value.message
    assert "GET /subscriptions/sub-9/" in caught.value.message
    assert "SubscriptionNotFound" in caught.value.message
    assert "subscription" in caught.value.remedy


@pytest.mark.parametrize("status", [400, 409, 500, 502])
def test_a_fault_of_the_endpoint_has_its_status(server, connect, status):
    error = refusal(server, connect, refused(status, "Oops", "went wrong"))
    assert (type(error), error.status) == (hi.ServerFault, status)
    assert "Oops: went wrong" in error.message


def test_an_error_page_is_named_by_its_title(server, connect):
    page = html(None)
    page.status = 502
    assert "Sign in to the guest network" in refusal(server, connect, lambda _: page).message


def test_a_page_in_place_of_json_is_an_unexpected_answer(server, connect):
    error = refusal(server, connect, html)
    assert type(error) is hi.UnexpectedAnswer
    assert "proxy or login page" in error.remedy


def test_a_redirect_is_an_error_and_no_token_goes_there(server, serve, connect):
    other = serve(Estate.of(vms=1))
    error = refusal(server, connect, redirected(f"{other.url}/login?secret=5"))
    assert type(error) is hi.UnexpectedAnswer
    assert f"redirected to {other.url}/login;" in error.message
    assert other.seen == []


@pytest.mark.parametrize("answer", [[], "text", 5, None])
def test_one_resource_is_an_object(server, connect, answer):
    server.misbehave("vm0", edited(lambda _: answer) if answer is not None else (lambda _: fault(200, "", "")))
    client = connect(server)
    path = server.estate.vms[0]["id"]
    if answer is None:
        assert client.one(path, VERSION) == {"error": {"code": "", "message": ""}}
    else:
        with pytest.raises(hi.UnexpectedAnswer):
            client.one(path, VERSION)


# Secrets


def test_no_token_in_any_text_of_any_error(server, connect, caplog):
    caplog.set_level(logging.DEBUG)
    echoing = refused(400, "BadRequest", f"what you sent was: Bearer {TOKEN}")
    for behaviour in (echoing, forbidden(), html, redirected(f"https://x.invalid/?t={TOKEN}")):
        server.misbehave("virtualMachines", behaviour, times=1)
        client = connect(server)
        with pytest.raises(hi.HybridInvError) as caught:
            all_items(client)
        texts = [
            repr(caught.value),
            str(caught.value),
            repr(caught.value.__dict__),
            repr(client),
            repr(client.__dict__),
        ]
        texts += traceback.format_exception(caught.value)
        assert not [text for text in texts if TOKEN in text]
    assert TOKEN in str(server.tokens_seen())
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    ("status", "code", "path", "said"),
    [
        (409, "MissingSubscriptionRegistration", "/subscriptions", "az provider register"),
        (404, "SubscriptionNotFound", "/subscriptions", "of its tenant"),
        (400, "InvalidParameter", "/subscriptions/sub-1/providers/P/locations/mars/x", "check the location"),
        (400, "NoRegisteredProviderFound", "/subscriptions", "check the location"),
        (409, "Conflict", "/subscriptions", "asking again will not change it"),
        (500, "InternalServerError", "/subscriptions", "try again"),
    ],
)
def test_what_to_do_next_is_what_helps(server, connect, status, code, path, said):
    server.misbehave("", refused(status, code, "no"))
    with pytest.raises(hi.HybridInvError) as caught:
        connect(server).items(path, "2022-12-01")
    assert said in caught.value.remedy
