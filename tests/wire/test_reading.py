"""Looking into bodies: dotted paths, lenient values, notes."""

from __future__ import annotations

import gc
import threading
from datetime import UTC, datetime

import pytest

import hybridinv as hi
from hybridinv.model import Tags
from hybridinv.wire.reading import (
    Body,
    Origin,
    collector_at_rest,
    is_address,
    look,
    mac_text,
    many,
    need,
    shown,
    utc,
    uuid_text,
)


def test_look_and_need() -> None:
    body = {"a": {"b": [1]}, "n": None}
    assert look(body, "a.b") == [1]
    assert look(body, "a.x.y") is None
    assert look(body, "a.b.c") is None
    assert look([], "a") is None
    assert look(body) is body
    with pytest.raises(hi.UnexpectedAnswer, match=r"a\.x") as caught:
        need(body, "a.x")
    assert caught.value.path == "a.x"


def test_many() -> None:
    assert many(None) == ()
    assert many([1, 2]) == [1, 2]
    assert many({"a": 1}) == ({"a": 1},)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2019-07-10T20:18:57.2214435", datetime(2019, 7, 10, 20, 18, 57, 221443, UTC)),
        ("2024-10-11T02:28:04.322005Z", datetime(2024, 10, 11, 2, 28, 4, 322005, UTC)),
        ("2024-04-28T06:28:49.0518122+00:00", datetime(2024, 4, 28, 6, 28, 49, 51812, UTC)),
        ("2024-04-28T06:28:49+02:00", datetime(2024, 4, 28, 4, 28, 49, tzinfo=UTC)),
        ("2024-04-28T06:28:49-0330", datetime(2024, 4, 28, 9, 58, 49, tzinfo=UTC)),
        ("2024-04-28T06:28:49,5Z", datetime(2024, 4, 28, 6, 28, 49, 500000, UTC)),
        (" 2024-04-28t06:28:49z ", datetime(2024, 4, 28, 6, 28, 49, tzinfo=UTC)),
        ("2024-04-28T0628", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("2024-04-28 06:28", datetime(2024, 4, 28, 6, 28, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("garbage", None),
        ("2024-13-01T00:00:00Z", None),
    ],
)
def test_utc(text: str, moment: datetime | None) -> None:
    assert utc(text) == moment


def test_identity_texts() -> None:
    assert uuid_text("{420E3F74-EA84-F9A2-7736-6106BB5DBF6B}") == "420e3f74-ea84-f9a2-7736-6106bb5dbf6b"
    assert uuid_text("420E3F74EA84F9A277366106BB5DBF6B") == "420e3f74-ea84-f9a2-7736-6106bb5dbf6b"
    assert uuid_text(" Not-A-UUID ") == "not-a-uuid"
    assert mac_text("00-50-56-AB-CD-EF") == mac_text("0050.56ab.cdef") == "00:50:56:ab:cd:ef"
    assert mac_text("") == ""


def test_values_that_can_be_read_leave_no_note() -> None:
    body = Body(
        {"n": "12", "f": 3.9, "t": "true", "z": "False", "s": -1, "b": True, "d": "2024-01-01T00:00:00Z", "e": ""}
    )
    assert (body.number("n"), body.number("f"), body.number("missing"), body.number("e")) == (12, 3, None, None)
    assert (body.truth("t"), body.truth("z"), body.truth("b"), body.truth("missing")) == (True, False, True, None)
    assert (body.text("s"), body.text("b"), body.text("missing"), body.text("e", "n")) == ("-1", "true", "", "12")
    assert body.moment("d") == datetime(2024, 1, 1, tzinfo=UTC)
    assert body.notes == []


def test_values_that_cannot_be_read_are_unknown_and_noted_with_their_path() -> None:
    body = Body(
        {"n": "twelve", "t": "perhaps", "s": {"x": 1}, "d": "garbage", "o": 7, "l": [{"a": 1}, 5, None], "b": True}
    )
    assert body.number("n") is None
    assert body.number("b") is None
    assert body.truth("t") is None
    assert body.text("s") == ""
    assert body.moment("d") is None
    assert body.at("o").value == {}
    assert [one.number("a") for one in body.each("l")] == [1]
    assert [note.partition(":")[0] for note in body.notes] == ["n", "b", "t", "s", "d", "o", "l"]
    found = body.problems(Origin("azure", "arm"), "vms", "id1")
    assert [(p.source, p.kind, p.scope, p.error) for p in found] == [("arm", "vms", "id1", "UnexpectedAnswer")] * 7


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, str(2**63), "1e19", 1e19, 10**400, "9" * 400])
def test_a_number_beyond_64_bits_is_unknown_and_noted(value: object) -> None:
    body = Body({"n": value})
    assert body.number("n") is None
    assert body.gigabytes("n") is None
    assert [note.partition(":")[0] for note in body.notes] == ["n", "n"]


def test_the_largest_numbers_are_kept() -> None:
    body = Body({"n": 2**63 - 1, "m": str(-(2**63)), "g": 2**33 - 1})
    assert (body.number("n"), body.number("m"), body.gigabytes("g")) == (2**63 - 1, -(2**63), (2**33 - 1) * 2**30)
    assert body.notes == []
    assert Body({"g": 2**33}).gigabytes("g") is None


def test_a_product_beyond_64_bits_is_unknown_and_noted() -> None:
    body = Body({"mb": 2**50, "ok": 2})
    assert (body.number("mb", times=2**20), body.number("ok", times=2**20)) == (None, 2**21)
    assert body.notes == [f"mb: expected a number, got {2**50}"]


def test_a_note_does_not_repeat_a_long_value() -> None:
    body = Body({"n": "x" * 10_000})
    body.number("n")
    assert len(body.notes[0]) < 120


@pytest.mark.parametrize("text", ["10.0.0.1", "255.255.255.255", "0.0.0.0", "::1", "fe80::1%eth0", "2001:db8::1.2.3.4"])
def test_addresses(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    ["", "192.168.12.345", "10.0.0", "10.0.0.01", "10.0.0.1/8", " 10.0.0.1", "10.0.0.1\n", "1.1.1.\u0661", "x", ":::1"],
)
def test_what_is_no_address(text: str) -> None:
    assert not is_address(text)


def test_what_is_shown_is_short_however_deep_or_long_the_value_is() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert shown(deep) == "list, too large to show"
    assert shown(10**5000) == "int, too large to show"
    assert len(shown("x" * 1000)) == 60
    body = Body({"n": deep})
    assert body.number("n") is None
    assert len(body.notes) == 1
    while deep:  # freed a level at a time: the interpreter would free it recursively
        deep = deep[0]  # type: ignore[assignment]


def test_any_mapping_can_be_looked_into() -> None:
    body = Tags({"a": "1"})
    assert (look(body, "a"), Body(body).text("a"), Body({"t": body}).at("t").text("a")) == ("1", "1", "1")
    assert [one.text("a") for one in Body({"l": [body]}).each("l")] == ["1"]


def test_the_collector_rests_while_anybody_is_inside_and_no_longer() -> None:
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with collector_at_rest:
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    thread.start()
    assert inside.wait(10)
    with pytest.raises(KeyError), collector_at_rest:
        raise KeyError
    assert not gc.isenabled()
    leave.set()
    thread.join()
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with collector_at_rest:
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_step_of_a_path_that_is_no_object_is_noted_once():
    body = Body({"hardwareProfile": ["x"], "osProfile": "junk", "none": None, "empty": ""})
    assert (body.text("hardwareProfile.vmSize"), body.number("hardwareProfile.cpus")) == ("", None)
    assert (body.truth("osProfile.a.b"), body.moment("osProfile.at"), body.gigabytes("osProfile.gb")) == (None,) * 3
    assert (body.text("none.a"), body.text("empty.a"), body.text("missing.a.b")) == ("", "", "")
    assert body.at("osProfile.c").value == {}
    assert body.notes == [
        "hardwareProfile: expected an object, got ['x']", "osProfile: expected an object, got 'junk'"
    ]  # fmt: skip


def test_what_is_no_text_in_a_list_of_texts_is_noted():
    body = Body({"zones": ["1", 2, None, 3]})
    assert body.texts("zones") == ("1",)
    assert body.notes == ["zones: expected a list of texts, got 2"]


def test_an_amount_is_never_negative():
    body = Body({"a": -1, "b": 5, "gb": -2})
    assert (body.amount("a"), body.amount("b"), body.gigabytes("gb"), body.number("a")) == (None, 5, None, -1)
    assert [note.partition(":")[0] for note in body.notes] == ["a", "gb"]


def test_a_tag_that_is_no_text_is_noted():
    body = Body({"tags": {"a": "b", "c": {"d": 1}, "e": None, "f": 5}})
    assert dict(body.tags()) == {"a": "b", "c": "", "e": "", "f": "5"}
    assert body.notes == ["tags.c: expected text, got {'d': 1}"]
