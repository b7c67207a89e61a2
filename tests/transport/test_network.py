"""Connections: each with one user at a time, kept, bounded, and closed in the end."""

import contextlib
import ssl
import threading
import time

import httpx
import pytest

import hybridinv as hi
from arm_estate import Estate
from hybridinv.transport.network import CONNECTIONS, Network, _Places
from hybridinv.transport.patience import Patient

PATH = "/metadata/endpoints?api-version=1.0"


@pytest.fixture
def network(certificates):
    made = Network(verify=True, ca_file=certificates.ca_file, thumbprint=None)
    yield made
    made.close()


@pytest.fixture
def connections(server, monkeypatch):
    """The connections that the server took, in their order."""
    taken, finish = [], server.finish_request
    monkeypatch.setattr(
        server, "finish_request", lambda request, client: (taken.append(client), finish(request, client))
    )
    return taken


def ask(network, server, *, pool=5.0):
    request = httpx.Request("GET", server.url + PATH)
    request.extensions["timeout"] = {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": pool}
    return network.handle_request(request)


def read(network, server):
    with contextlib.closing(ask(network, server)) as response:
        return response.read()


def test_one_after_another_they_share_a_connection(network, server, connections):
    assert {read(network, server) for _ in range(20)} == {b'{\n  "fine": true\n}'}
    assert len(connections) == 1


def test_an_answer_that_is_being_read_keeps_its_connection_for_itself(network, server, connections):
    first = ask(network, server)
    assert read(network, server) == read(network, server)
    assert len(connections) == 2
    assert first.read() == b'{\n  "fine": true\n}'
    first.close()
    read(network, server)
    assert len(connections) == 2


def test_many_at_once_are_all_answered(network, server):
    """httpcore's own pool, shared, has closed connections in use here (its issue 1110)."""
    answers, threads = [], []
    for _ in range(CONNECTIONS + 8):
        threads.append(threading.Thread(target=lambda: answers.extend(read(network, server) for _ in range(25))))
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert len(answers) == 25 * (CONNECTIONS + 8)
    assert set(answers) == {b'{\n  "fine": true\n}'}


def test_one_more_than_there_may_be_waits_for_its_turn(network, server, connections):
    held = [ask(network, server) for _ in range(CONNECTIONS)]
    with pytest.raises(httpx.PoolTimeout, match=f"all {CONNECTIONS} connections"):
        ask(network, server, pool=0.05)
    threading.Timer(0.1, held[0].close).start()
    assert read(network, server)
    for one in held:
        one.close()
    assert len(connections) == CONNECTIONS + 1  # what is closed unread is not used again


def test_who_waits_longest_is_next():
    places, order = _Places(1), []
    assert places.take(None)

    def wait_for_it(number):
        if places.take(5):
            order.append(number)
            places.give()

    threads = [threading.Thread(target=wait_for_it, args=(number,)) for number in range(5)]
    for number, thread in enumerate(threads):
        thread.start()
        while len(places._waiting) <= number:
            time.sleep(0.001)
    assert not places.take(0.01)
    places.give()
    assert not places.take(0) or len(order) == 5  # whoever comes now is not before them
    for thread in threads:
        thread.join()
    assert order == list(range(5))


def test_that_all_connections_are_in_use_is_not_told_of_the_endpoint(network, server):
    held = [ask(network, server) for _ in range(CONNECTIONS)]
    with httpx.Client(transport=Patient(network, "here"), timeout=httpx.Timeout(5, pool=0.05)) as client:
        with pytest.raises(hi.ConnectFailed, match="was not asked in time: all 32 connections stay in use") as caught:
            client.get(server.url + PATH)
        assert "fewer threads" in caught.value.remedy
        for one in held:
            one.close()


def test_a_failure_gives_its_place_back(network, server, monkeypatch):
    for _ in range(CONNECTIONS + 1):
        with pytest.raises(httpx.ConnectError):
            network.handle_request(httpx.Request("GET", "https://127.0.0.1:1/"))
        monkeypatch.setenv("HTTPS_PROXY", "gopher://odd")
        with pytest.raises(Exception, match="proxy that the environment names"):
            ask(network, server)
        monkeypatch.delenv("HTTPS_PROXY")
    assert read(network, server)


def test_two_endpoints_in_turn_keep_a_connection_each(network, server, serve, connections):
    other = serve(Estate())
    for _ in range(5):
        read(network, server)
        read(network, other)
    assert len(connections) == 1


def test_what_is_lent_when_it_is_closed_is_closed_when_it_comes_back(network, server):
    request = httpx.Request("GET", server.url + PATH)
    response = network.handle_request(request)
    connection = response.extensions["network_stream"].get_extra_info("socket")
    network.close()
    assert connection.fileno() >= 0
    assert response.read()
    response.close()
    response.close()
    assert connection.fileno() == -1


def test_a_connection_is_closed_where_the_answer_ends_early(network, server):
    from misbehaviour import HangUp, as_kind

    server.misbehave("metadata", as_kind(HangUp), times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        ask(network, server)
    assert read(network, server)


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (httpx.ReadError, 2),
        (httpx.WriteError, 2),
        (httpx.ConnectError, 1),
    ],
)
def test_once_there_is_tls_its_errors_are_a_broken_connection(error, tries):
    cause = ssl.SSLError(1, "[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC] decryption failed or bad record mac")
    assert tried(error, cause) == tries


def test_an_end_in_the_middle_of_the_handshake_is_tried_again():
    assert tried(httpx.ConnectError, ssl.SSLEOFError(8, "EOF occurred in violation of protocol")) == 2


def tried(error, cause):
    """How often a request was sent whose first try fails so."""
    sent = []

    def answer(request):
        sent.append(request)
        if len(sent) == 1:
            raise error(str(cause)) from cause
        return httpx.Response(200)

    with httpx.Client(transport=Patient(httpx.MockTransport(answer), "here")) as client, contextlib.suppress(Exception):
        client.get("https://anything.invalid/")
    return len(sent)
