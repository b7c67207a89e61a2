"""Waiting: retries, Retry-After, timeouts and the deadline."""

import contextlib
import email.utils
import time
from datetime import UTC, datetime, timedelta

import pytest

import hybridinv as hi
from hybridinv.transport.client import Wire
from hybridinv.transport.deadline import deadline, remaining
from hybridinv.transport.patience import RETRIES, retry_after
from misbehaviour import HangUp, Reset, Trickle, as_kind, cut_json, refused, throttled

PATH = "/metadata/endpoints?api-version=1.0"


@pytest.fixture
def wire(certificates):
    with_ca = Wire("here", ca_file=certificates.ca_file, timeout=5)
    yield with_ca
    with_ca.close()


def read(wire, server):
    return wire.request("GET", server.url + PATH).json()


@pytest.fixture
def quick():
    """Fails where a long wait that was asked for has been waited."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 10


# Reads are tried again


@pytest.mark.parametrize("times", [1, RETRIES])
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_endpoint_is_asked_again(server, wire, status, times):
    server.misbehave("metadata", refused(status, "Busy", Retry_After=0), times)
    assert read(wire, server) == {"fine": True}
    assert server.counts["metadata"] == times + 1


def test_without_retry_after_the_pauses_are_ours(server, wire, quick):
    server.misbehave("metadata", throttled(), times=2)
    began = time.monotonic()
    assert read(wire, server) == {"fine": True}
    assert time.monotonic() - began > 0.4


@pytest.mark.parametrize("kind", [Reset, HangUp])
def test_a_broken_connection_is_tried_again(server, wire, kind):
    server.misbehave("metadata", as_kind(kind), times=2)
    assert read(wire, server) == {"fine": True}
    assert server.counts["metadata"] == 3


def test_a_connection_that_always_breaks_is_one_error(server, wire, quick):
    server.misbehave("metadata", as_kind(Reset))
    with pytest.raises((hi.TruncatedAnswer, hi.ConnectFailed)) as caught:
        read(wire, server)
    assert f"127.0.0.1:{server.server_port}" in str(caught.value)
    assert server.counts["metadata"] == RETRIES + 1


def test_the_retries_end(server, wire, quick):
    server.misbehave("metadata", throttled(0))
    with pytest.raises(hi.Throttled) as caught:
        read(wire, server)
    assert (caught.value.retry_after, caught.value.request_id) == (0, "req-42")
    assert server.counts["metadata"] == RETRIES + 1


def test_an_endpoint_that_stays_unavailable_is_answered_with_what_it_says(server, wire, quick):
    server.misbehave("metadata", refused(503, "ServerBusy", Retry_After=0))
    assert wire.request("GET", server.url + PATH).status_code == 503
    assert server.counts["metadata"] == RETRIES + 1


@pytest.mark.parametrize("status", [400, 404, 409, 500, 501])
def test_other_refusals_are_answers(server, wire, status):
    server.misbehave("metadata", refused(status, "No"))
    assert wire.request("GET", server.url + PATH).status_code == status
    assert server.counts["metadata"] == 1


def test_a_post_that_says_it_reads_is_tried_again(server, wire):
    server.misbehave("metadata", throttled(0), times=1)
    answer = wire.request("POST", server.url + PATH, extensions={"read": True})
    assert (answer.status_code, server.counts["metadata"]) == (404, 2)


# Writes are not


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("fault", [throttled(0), refused(503, "Busy", Retry_After=0), as_kind(Reset), as_kind(HangUp)])
def test_a_write_is_sent_once(server, wire, method, fault):
    server.misbehave("metadata", fault)
    with contextlib.suppress(hi.HybridInvError):
        wire.request(method, server.url + PATH)
    assert [asked for asked, _, _ in server.seen] == [method]


# Retry-After and the deadline


def test_a_pause_that_fits_is_waited(server, wire):
    server.misbehave("metadata", throttled(1), times=1)
    began = time.monotonic()
    with deadline(20):
        assert read(wire, server) == {"fine": True}
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("seconds", [None, 5])
@pytest.mark.parametrize("header", ["3600", "3600.5", "date"])
def test_a_pause_that_does_not_fit_is_throttled_at_once(server, wire, quick, seconds, header):
    moment = datetime.now(UTC) + timedelta(hours=1)
    server.misbehave(
        "metadata", throttled(email.utils.format_datetime(moment, usegmt=True) if header == "date" else header)
    )
    with deadline(seconds), pytest.raises(hi.Throttled) as caught:
        read(wire, server)
    assert 3590 < caught.value.retry_after < 3601
    assert "3600 s" in caught.value.message or "359" in caught.value.message
    assert "deadline=" in caught.value.remedy
    assert caught.value.operation == "GET /metadata/endpoints"
    assert server.counts["metadata"] == 1


def test_a_long_503_is_answered_at_once(server, wire, quick):
    server.misbehave("metadata", refused(503, "Busy", Retry_After=3600))
    assert wire.request("GET", server.url + PATH).status_code == 503
    assert server.counts["metadata"] == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("", None), ("7", 7), ("0", 0), ("-3", 0), ("1.5", 1.5), ("soon", None),
     ("nan", None), ("inf", None), ("Sat, 01 Jan 2000 00:00:00 GMT", 0), ("Sat, 01 Jan 2000 00:00:00 -0000", None)],
)  # fmt: skip
def test_retry_after_in_its_forms(header, seconds):
    assert retry_after(header) == seconds


def test_a_date_in_the_future_is_seconds_from_now():
    moment = datetime.now(UTC) + timedelta(seconds=90)
    assert 80 < retry_after(email.utils.format_datetime(moment, usegmt=True)) <= 90


def test_a_body_that_trickles_ends_with_the_deadline(server, wire, quick):
    server.estate.metadata = {"long": "x" * 2000}
    server.misbehave("metadata", as_kind(Trickle))
    with deadline(0.5), pytest.raises(hi.DeadlineExceeded) as caught:
        read(wire, server)
    assert "deadline=" in caught.value.remedy
    assert caught.value.source == "here"


def test_silence_ends_with_the_deadline(server, wire, quick):
    from misbehaviour import Silence

    server.misbehave("metadata", as_kind(Silence))
    with deadline(0.3), pytest.raises(hi.DeadlineExceeded):
        read(wire, server)


def test_nothing_is_sent_when_the_deadline_has_passed(server, wire):
    with deadline(0), pytest.raises(hi.DeadlineExceeded):
        read(wire, server)
    assert server.seen == []


def test_a_deadline_is_never_made_later():
    assert remaining() is None
    with deadline(5):
        with deadline(60):
            assert remaining() <= 5
        with deadline(1):
            assert remaining() <= 1
        with deadline(None):
            assert remaining() <= 5
        assert remaining() > 1
    assert remaining() is None


# Bodies that break off


@pytest.mark.parametrize("compressed", [False, True])
def test_a_body_shorter_than_it_says_is_truncated(server, wire, compressed):
    from misbehaviour import CutChunks, TooLong

    server.compresses = compressed
    for kind in (TooLong, CutChunks):
        server.misbehave("metadata", as_kind(kind), times=1)
        with pytest.raises(hi.TruncatedAnswer, match="in the middle of its answer") as caught:
            read(wire, server)
        assert caught.value.remedy == "try again"


def test_a_whole_body_of_half_a_document_is_the_readers_matter(server, wire):
    server.misbehave("metadata", cut_json)
    assert wire.request("GET", server.url + PATH).status_code == 200
