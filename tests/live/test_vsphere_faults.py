"""A server that dies, hangs, repeats itself or attacks: an error that says so, in time, and the rest is kept."""

import re
import socket
import time
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

import httpx
import pytest

import hybridinv as hi
from hybridinv.transport.deadline import deadline
from live.simulation import Changed, Interrupted, Wire, running

pytestmark = pytest.mark.live

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY l0 "ha">'
    + b"".join(b'<!ENTITY l%d "%b">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))
    + b']><Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>&l11;</Body></Envelope>'
)
OUTSIDE = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file://%b">]>'
    b'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>&f;</Body></Envelope>'
)
DEEP = (
    b'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><RetrievePropertiesExResponse><returnval>'
    b'<objects><obj type="VirtualMachine">vm-1</obj><propSet><name>config</name><val>' + b"<a>" * 200_000
)


@pytest.fixture
def short_pages(monkeypatch):
    """A hundred machines on three pages."""
    monkeypatch.setattr("hybridinv.transport.property_collector._PAGE", 40)


@pytest.fixture
def mortal(program):
    """A simulator of the test's own, and what ends it."""
    with ExitStack() as stack:
        yield stack.enter_context(running(program, "-scene", "plain")), stack.close


def lost(inventory):
    return [(problem.kind, problem.error) for problem in inventory.problems]


# the server dies


class Dying(Wire):
    """A wire whose server ends when a part of the machines has come: they follow the tree, and two views."""

    def __init__(self, simulator, end):
        super().__init__(simulator)
        self.end = end

    def handle_request(self, request):
        response = super().handle_request(request)
        if self.counts["RetrievePropertiesEx"] == 4 and self.operations[-1] == "RetrievePropertiesEx":
            response.stream = self.Stream(response.stream, self.end)
        return response

    class Stream(httpx.SyncByteStream):
        def __init__(self, inner, end):
            self.inner, self.end = inner, end

        def __iter__(self):
            came = 0
            for piece in self.inner:
                yield piece
                came += len(piece)
                if came > 60_000:
                    self.end()
                    # What the network still holds of the answer is not the point.
                    raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")

        def close(self):
            self.inner.close()


@pytest.mark.parametrize("strict", [True, False])
def test_a_server_that_dies_in_the_middle_of_its_answer(mortal, strict):
    simulator, end = mortal
    with simulator.over(Dying, end=end) as (vcenter, wire):
        if strict:
            with deadline(10), pytest.raises(hi.TruncatedAnswer, match="in the middle of its answer"):
                vcenter.vms()
            return
        inventory = vcenter.inventory(["vms", "hosts"], deadline=10)
    assert 0 < len(inventory.vms) < 100
    assert len(inventory.hosts) == 0
    assert lost(inventory) == [("vms", "TruncatedAnswer"), ("hosts", "ConnectFailed")]
    assert wire.counts["Login"] == 1


@pytest.mark.usefixtures("short_pages")
def test_a_server_that_dies_between_two_pages_costs_the_rest_and_no_more(mortal):
    simulator, end = mortal
    when = {"operation": "ContinueRetrievePropertiesEx", "do": end, "number": 2}
    with simulator.over(Interrupted, **when) as (vcenter, _):
        inventory = vcenter.inventory(["vms"], deadline=10)
    assert len(inventory.vms) == 80
    assert lost(inventory) == [("vms", "ConnectFailed")]


# the server takes its time


@contextmanager
def mute():
    """A port where connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_server_that_never_says_a_word_is_left_at_the_deadline():
    with mute() as port, hi.VSphere("127.0.0.1", port=port, username="u", password="secret-word") as vcenter:
        inventory = hi.collect([vcenter], kinds=["vms", "hosts"], deadline=0.5)
        assert {problem.error for problem in inventory.problems} == {"DeadlineExceeded"}
        with deadline(0.3), pytest.raises(hi.DeadlineExceeded, match="deadline passed"):
            vcenter.vms()


class Slow(Wire):
    """A wire on which the lists after the first come in small pieces, each after a pause."""

    def handle_request(self, request):
        response = super().handle_request(request)
        if self.operations[-1] != "RetrievePropertiesEx" or self.counts["RetrievePropertiesEx"] == 1:
            return response
        body = response.read()

        def trickle():
            for start in range(0, len(body), 2000):
                time.sleep(0.02)
                yield body[start : start + 2000]

        class Stream(httpx.SyncByteStream):
            def __iter__(self):
                return trickle()

        return httpx.Response(200, stream=Stream())


def test_an_answer_that_trickles_past_the_deadline_keeps_what_came(plain):
    with plain.over(Slow) as (vcenter, _):
        vcenter.clusters()
        inventory = vcenter.inventory(["vms"], deadline=1)
    assert len(inventory.vms) < 100
    assert lost(inventory) == [("vms", "DeadlineExceeded")]


def test_a_method_that_answers_after_the_deadline(plain):
    gone = Event()

    class Late(Wire):
        def handle_request(self, request):
            if request.extensions["operation"] == "CreateContainerView":
                gone.wait(request.extensions["timeout"]["read"])
                raise httpx.ReadTimeout("timed out", request=request)
            return super().handle_request(request)

    with plain.over(Late) as (vcenter, wire):
        inventory = vcenter.inventory(["vms", "datastores"], deadline=1)
        assert lost(inventory) == [("vms", "DeadlineExceeded"), ("datastores", "DeadlineExceeded")]
        assert wire.counts["Login"] == 1


# the server repeats itself


@pytest.mark.usefixtures("short_pages")
def test_an_object_that_comes_again_on_a_later_page_is_one_record(plain):
    seen = {}

    def again(operation, number, body):
        objects = re.findall(rb'<objects><obj type="VirtualMachine">.*?</objects>', body)
        if operation == "RetrievePropertiesEx" and objects:
            seen["first"] = objects[0]
        if operation == "ContinueRetrievePropertiesEx" and objects:
            return body.replace(objects[0], seen["first"] + objects[0], 1)
        return body

    with plain.over(Changed, change=again) as (vcenter, wire):
        vms = vcenter.vms()
    assert wire.counts["ContinueRetrievePropertiesEx"] == 2
    assert sorted(vm.id for vm in vms) == sorted(plain.id_of(vm["moref"]) for vm in plain.truth["vms"])


@pytest.mark.usefixtures("short_pages")
def test_pages_without_an_end_are_an_error(plain):
    first = {}

    class Endless(Wire):
        """Every further page is the second one, with a token for the next."""

        def handle_request(self, request):
            if request.extensions["operation"] == "ContinueRetrievePropertiesEx" and first:
                self.operations.append("ContinueRetrievePropertiesEx")
                return httpx.Response(200, content=first["body"])
            response = super().handle_request(request)
            if self.operations[-1] == "ContinueRetrievePropertiesEx":
                first["body"] = response.read()
                assert b"<token>" in first["body"]
                return httpx.Response(200, content=first["body"])
            return response

    with plain.over(Endless) as (vcenter, wire):
        inventory = vcenter.inventory(["vms"], deadline=60)
        assert lost(inventory) == [("vms", "UnexpectedAnswer")]
        assert "nothing new" in inventory.problems[0].message
        assert len(inventory.vms) < 100
    assert wire.counts["ContinueRetrievePropertiesEx"] < 1000


# the server attacks


@pytest.mark.parametrize("body", [BOMB, OUTSIDE, DEEP], ids=["entity bomb", "outside entity", "depth"])
@pytest.mark.parametrize(
    "operation",
    ["RetrieveServiceContent", "Login", "CreateContainerView", "RetrievePropertiesEx", "QueryAssignedLicenses"],
)
def test_an_attack_by_xml_is_an_answer_that_cannot_be_read(plain, tmp_path, operation, body):
    secret = tmp_path / "secret"
    secret.write_text("hunter2")

    def attack(name, number, content):
        return body.replace(b"%b", bytes(secret)) if name == operation else content

    with plain.over(Changed, change=attack) as (vcenter, _):
        inventory = hi.collect([vcenter], kinds=["vms", "licenses"], deadline=20)
    assert inventory.problems
    assert {problem.error for problem in inventory.problems} <= {"UnexpectedAnswer", "TruncatedAnswer"}
    assert "hunter2" not in str(list(inventory.problems))
    if operation == "QueryAssignedLicenses":
        assert len(inventory.vms) == 100
        assert len(inventory.licenses) > 0


def test_a_close_while_others_read_ends_in_records_or_in_a_clear_error(plain):
    with plain.over() as (vcenter, _):
        found = []

        def read():
            try:
                found.append(len(vcenter.vms()))
            except hi.HybridInvError as error:
                found.append(type(error).__name__)

        threads = [Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        vcenter.close()
        for thread in threads:
            thread.join(30)
        assert len(found) == 3
        assert all(one == 100 or isinstance(one, str) for one in found), found
        assert len(vcenter.vms()) == 100
