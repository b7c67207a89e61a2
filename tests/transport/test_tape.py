"""Tapes: written whole or not at all, played back in order, refused when they are not what they should be."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import httpx
import pytest

import hybridinv as hi
from hybridinv.transport.tape import Exchange, Player, Recorder, Tape, request_line


def tape(*exchanges: Exchange) -> Tape:
    return Tape(platform="azure", provenance="seeded", product="", settings={}, exchanges=exchanges)


def exchange(path: str, body: bytes = b"{}", **fields: object) -> Exchange:
    return Exchange(request=f"GET arm.example.test{path}", status=200, body=body, **fields)


def get(player: Player, path: str) -> httpx.Response:
    with httpx.Client(transport=player) as client:
        return client.get(f"https://arm.example.test{path}")


def test_a_tape_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    written = tape(exchange("/b", b'{"n": 1}'), exchange("/a", b"<x/>", retry_after="7"), exchange("/c", b"plain"))
    written.write(tmp_path / "tape")
    names = sorted(path.name for path in (tmp_path / "tape").iterdir())
    bodies = ["0001-arm-example-test-a.xml", "0002-arm-example-test-b.json", "0003-arm-example-test-c.txt"]
    assert names == [*bodies, "tape.json"]
    read = Tape.read(tmp_path / "tape")
    assert sorted(read.exchanges, key=lambda one: one.request) == sorted(written.exchanges, key=lambda one: one.request)
    assert [path.name for path in tmp_path.iterdir()] == ["tape"]


def test_a_tape_takes_the_place_of_a_tape_and_of_nothing_else(tmp_path: Path) -> None:
    tape(exchange("/a"), exchange("/b")).write(tmp_path / "tape")
    tape(exchange("/a")).write(tmp_path / "tape")
    assert len(Tape.read(tmp_path / "tape").exchanges) == 1
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("mine")
    with pytest.raises(hi.TapeMismatch, match="is no tape"):
        tape().write(tmp_path / "home")
    assert (tmp_path / "home" / "thesis.txt").read_text() == "mine"


def test_the_old_tape_is_put_back_where_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tape(exchange("/a"), exchange("/b")).write(tmp_path / "tape")
    rename = Path.rename

    def fails(self: Path, target: Path) -> Path:
        if target == tmp_path / "tape" and not self.name.endswith(".old"):
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(hi.TapeMismatch, match="No space left") as caught:
        tape(exchange("/a")).write(tmp_path / "tape")
    assert caught.value.remedy
    assert len(Tape.read(tmp_path / "tape").exchanges) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["tape"]


def test_a_check_that_fails_leaves_the_old_tape(tmp_path: Path) -> None:
    tape(exchange("/a"), exchange("/b")).write(tmp_path / "tape")

    def check(written: Path) -> None:
        assert len(Tape.read(written).exchanges) == 1
        raise hi.TapeMismatch("no")

    with pytest.raises(hi.TapeMismatch, match="^no$"):
        tape(exchange("/a")).write(tmp_path / "tape", check)
    assert len(Tape.read(tmp_path / "tape").exchanges) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["tape"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "tape.json").unlink(),
        lambda folder: (folder / "tape.json").write_text("[]"),
        lambda folder: (folder / "tape.json").write_text("{"),
        lambda folder: (folder / "tape.json").write_text('{"format": "hybridinv-tape", "version": 99}'),
        lambda folder: next(folder.glob("0001-*")).unlink(),
    ],
)
def test_a_damaged_tape_says_so(damage: object, tmp_path: Path) -> None:
    tape(exchange("/a")).write(tmp_path / "tape")
    damage(tmp_path / "tape")  # type: ignore[operator]
    with pytest.raises(hi.TapeMismatch) as caught:
        hi.replay(tmp_path / "tape")
    assert caught.value.remedy


@pytest.mark.parametrize(("field", "value"), [("platform", "openstack"), ("provenance", "dreamt")])
def test_an_unknown_platform_or_provenance_says_so(field: str, value: str, tmp_path: Path) -> None:
    tape(exchange("/a")).write(tmp_path / "tape")
    head = json.loads((tmp_path / "tape" / "tape.json").read_text())
    (tmp_path / "tape" / "tape.json").write_text(json.dumps({**head, field: value}))
    with pytest.raises(hi.TapeMismatch, match=value):
        hi.replay(tmp_path / "tape")


def test_the_same_request_gets_the_next_answer_and_the_last_one_stays() -> None:
    player = Player(tape(exchange("/a", b"1"), exchange("/a", b"2"), exchange("/b", b"3", retry_after="9")))
    assert [get(player, "/a").text for _ in range(3)] == ["1", "2", "2"]
    assert get(player, "/b").headers["Retry-After"] == "9"
    assert get(pickle.loads(pickle.dumps(player)), "/a").text == "1"


def test_a_request_that_is_not_on_the_tape_names_the_nearest() -> None:
    player = Player(tape(exchange("/subscriptions/1/vms?api-version=1")))
    with pytest.raises(hi.TapeMismatch, match="api-version=2") as caught:
        get(player, "/subscriptions/1/vms?api-version=2")
    assert "api-version=1" in caught.value.remedy


def test_request_lines_do_not_depend_on_order_or_escapes() -> None:
    one = httpx.Request("GET", "https://h/p?b=%24x&a=1")
    two = httpx.Request("GET", "https://h:443/p?a=1&b=$x")
    assert request_line(one) == request_line(two) == "GET h/p?a=1&b=$x"


def test_a_short_cookie_is_no_secret_and_a_short_token_is() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Set-Cookie": "node=n1"}, json={"a": "n1", "b": "t0k", "c": "t0ken"})

    recorder = Recorder()
    with httpx.Client(transport=recorder.wrap(httpx.MockTransport(answer))) as client:
        for _ in range(2):
            client.get("https://arm.example.test/a", headers={"Authorization": "Bearer t0k"})
    assert [json.loads(one.body) for one in recorder.exchanges()] == [{"a": "n1", "b": "scrubbed", "c": "t0ken"}] * 2


def test_a_recorder_keeps_no_header_and_no_secret() -> None:
    token = "opaque-token-of-many-letters"

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == f"Bearer {token}"
        headers = {"Set-Cookie": "session=cookie-of-many-letters; Secure", "Retry-After": "3", "x-ms-request-id": "r"}
        return httpx.Response(200, headers=headers, json={"echo": f"{token} cookie-of-many-letters", "name": "web01"})

    recorder = Recorder()
    with httpx.Client(transport=recorder.wrap(httpx.MockTransport(answer))) as client:
        response = client.get("https://arm.example.test/a", headers={"Authorization": f"Bearer {token}"})
    assert response.json()["echo"].startswith(token)
    (kept,) = recorder.exchanges()
    assert (kept.request, kept.status, kept.retry_after) == ("GET arm.example.test/a", 200, "3")
    assert json.loads(kept.body) == {"echo": "scrubbed scrubbed", "name": "web01"}
    assert b"r" not in kept.retry_after.encode()
