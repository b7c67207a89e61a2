"""Recording: the target is known before anything is asked, and a tape that does not play back is not written."""

import json
import os
import shutil

import attrs
import httpx
import pytest

import hybridinv as hi
from arm_estate import Estate
from arm_fixtures import _no_proxies, _own_cache, azure, certificates, serve  # noqa: F401 - fixtures
from hybridinv.demo import TAPES
from hybridinv.transport.tape import Player, Tape
from misbehaviour import Reply, Reset

AZURE, VSPHERE = TAPES / "azure", TAPES / "vsphere"


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def silent(monkeypatch):
    """An adapter of a tape that fails the test when it is asked."""
    adapter = hi.replay(AZURE)

    def refuse(*_):
        raise AssertionError("it asked the endpoint")

    monkeypatch.setattr(Player, "handle_request", refuse)
    return adapter


def a_file(place):
    (place / "tape").write_text("mine")
    return place / "tape"


def below_a_file(place):
    return a_file(place) / "deeper" / "tape"


def a_long_name(place):
    return place / ("x" * 300)


def a_nul(place):
    return place / "a\0b"


def a_full_folder(place):
    (place / "home").mkdir()
    (place / "home" / "thesis.txt").write_text("mine")
    return place / "home"


def a_tape_with_notes(place):
    shutil.copytree(AZURE, place / "tape")
    (place / "tape" / "notes.txt").write_text("mine")
    return place / "tape"


def a_tape_with_a_folder(place):
    shutil.copytree(AZURE, place / "tape")
    (place / "tape" / "more").mkdir()
    (place / "tape" / "more" / "notes.txt").write_text("mine")
    return place / "tape"


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (a_file, "is no folder"),
        (below_a_file, "cannot be written"),
        (a_long_name, "cannot be written"),
        (a_nul, "cannot be written"),
        (a_full_folder, "thesis.txt"),
        (a_tape_with_notes, "notes.txt"),
        (a_tape_with_a_folder, "more"),
    ],
)
def test_a_target_that_cannot_be_is_refused_before_anything_is_asked(target, says, silent, tmp_path):
    folder = target(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(hi.TapeMismatch, match=says) as caught:
        hi.record(silent, folder)
    assert caught.value.remedy
    assert contents(tmp_path) == before


def test_a_new_tape_takes_the_place_of_the_old_one_and_leaves_nothing_beside_it(tmp_path):
    shutil.copytree(VSPHERE, tmp_path / "tape")
    hi.record(hi.replay(AZURE), tmp_path / "tape")
    assert contents(tmp_path / "tape") == contents(AZURE)
    assert [path.name for path in tmp_path.iterdir()] == ["tape"]


def test_a_tape_goes_where_a_link_leads(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    hi.record(hi.replay(AZURE), tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert contents(tmp_path / "real") == contents(AZURE)


class Changed(httpx.BaseTransport):
    """Answers from a tape, with a change to the lists of machines."""

    def __init__(self, change):
        self._player = Player(Tape.read(AZURE))
        self._change = change

    def handle_request(self, request):
        response = self._player.handle_request(request)
        if "/virtualMachines?" in str(request.url):
            return httpx.Response(200, content=self._change(response.content), headers={"Content-Type": "text/json"})
        return response


def tagged(**tags):
    def change(body):
        page = json.loads(body)
        for one in page["value"]:
            one["tags"] = tags
        return json.dumps(page).encode()

    return change


def adapter_with(change):
    return hi.Azure(**hi.Azure.tape_login, transport=Changed(change))


def test_what_was_scrubbed_is_no_mismatch(tmp_path):
    command = "setup.exe -Password hunter2-secret /quiet"
    change = tagged(adminPassword="hunter2-secret", run=command, note='{"userData": {"a": "hunter2-secret"}}')
    recorded = hi.record(adapter_with(change), tmp_path / "tape")
    assert recorded.vms[0].tags["adminPassword"] == "hunter2-secret"
    played = hi.replay(tmp_path / "tape").vms()[0]
    assert dict(played.tags) == {
        "adminPassword": "scrubbed",
        "run": "setup.exe -Password scrubbed /quiet",
        "note": '{"userData": {"a": "scrubbed"}}',
    }
    assert b"hunter2" not in b"".join(contents(tmp_path / "tape").values())


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda vm: attrs.evolve(vm, cpus=1000), "differs in cpus"),
        (lambda vm: attrs.evolve(vm, tags=hi.Tags({"a": "b"})), "differs in tags"),
        (lambda vm: attrs.evolve(vm, id="/other"), "was not played back"),
    ],
)
def test_a_tape_that_plays_back_something_else_is_not_written(spoil, says, tmp_path, monkeypatch):
    adapter, inventory = hi.replay(AZURE), hi.replay(AZURE).inventory()
    spoilt = attrs.evolve(inventory, vms=[spoil(inventory.vms[0]), *inventory.vms[1:]])
    monkeypatch.setattr(adapter, "inventory", lambda kinds: spoilt)
    monkeypatch.setattr("hybridinv.transport.tape.Recorder.exchanges", lambda _: adapter.played.exchanges)
    with pytest.raises(hi.TapeMismatch, match=says) as caught:
        hi.record(adapter, tmp_path / "tape")
    assert "vms" in caught.value.message
    assert spoilt.vms[0].name in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_a_problem_that_does_not_play_back_is_named(tmp_path, monkeypatch):
    adapter, inventory = hi.replay(AZURE), hi.replay(AZURE).inventory()
    spoilt = attrs.evolve(inventory, problems=[hi.Problem(error="ServerFault", message="out of order")])
    monkeypatch.setattr(adapter, "inventory", lambda kinds: spoilt)
    monkeypatch.setattr("hybridinv.transport.tape.Recorder.exchanges", lambda _: adapter.played.exchanges)
    with pytest.raises(hi.TapeMismatch, match="out of order"):
        hi.record(adapter, tmp_path / "tape")


@pytest.fixture
def server(serve):  # noqa: F811
    return serve(Estate.of(vms=2))


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr("hybridinv.transport.patience._FIRST_PAUSE", 0.001)


@pytest.mark.usefixtures("quick")
def test_an_endpoint_that_gave_no_answer_at_all_leaves_no_tape(server, azure, tmp_path):  # noqa: F811
    server.misbehave("", lambda _: Reset(200, b""))
    with pytest.raises(hi.TapeMismatch, match=r"no answer at all.*127\.0\.0\.1") as caught:
        hi.record(azure(server, subscription_ids=["sub-1"]), tmp_path / "tape")
    assert caught.value.remedy
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("quick")
def test_a_request_without_an_answer_cannot_be_played_and_says_what_happened(server, azure, tmp_path):  # noqa: F811
    server.misbehave("virtualNetworks", lambda _: Reset(200, b""))
    with pytest.raises(hi.TapeMismatch, match=r"no answer to a request.*networks.*127\.0\.0\.1"):
        hi.record(azure(server), tmp_path / "tape")
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_plays_back_as_the_problem_it_was(server, azure, tmp_path):  # noqa: F811
    server.misbehave("virtualNetworks", lambda _: Reply.json(500, {"error": {"code": "Broken", "message": "sorry"}}))
    recorded = hi.record(azure(server), tmp_path / "tape")
    assert recorded.problems
    played = hi.replay(tmp_path / "tape").inventory()
    assert played.problems == recorded.problems


@pytest.mark.parametrize("platform", ["azure", "vsphere"])
@pytest.mark.parametrize(
    "changes",
    [
        {"platform": ["azure"]},
        {"platform": {}},
        {"provenance": None},
        {"product": 5},
        {"settings": None},
        {"settings": []},
        {"settings": {"colour": "red"}},
        {"settings": {"transport": None}},
        {"settings": {"username": "u", "host": "h"}},
        {"settings": {"credential": "c"}},
        {"settings": {"verify": False, "host": "h"}},
        {"settings": {"ca_file": "/etc/hostname", "host": "h"}},
        {"settings": {"host": 5}},
        {"settings": {"host": "h", "port": "443"}},
        {"settings": {"host": "h", "port": 10**6}},
        {"settings": {"subscription_ids": "a"}},
        {"settings": {"subscription_ids": ["/"]}},
        {"settings": {"cloud": "Nimbus"}},
        {"settings": {"endpoint": {}}},
        {"exchanges": None},
        {"exchanges": [None]},
        {"exchanges": [{"request": "GET h/", "status": "200", "body": "b.json"}]},
        {"exchanges": [{"request": "GET h/", "status": True, "body": "b.json"}]},
        {"exchanges": [{"request": "GET h/", "status": 99999, "body": "b.json"}]},
        {"exchanges": [{"request": 5, "status": 200, "body": "b.json"}]},
        {"exchanges": [{"request": "GET h/", "status": 200, "body": "b.json", "retry_after": 5}]},
        {"exchanges": [{"request": "GET h/", "status": 200, "body": "b.json", "retry_after": "5\r\nX: y"}]},
        {"exchanges": [{"request": "GET h/", "status": 200}]},
        {"exchanges": [{"request": "GET h/", "status": 200, "body": ["b.json"]}]},
    ],
    ids=str,
)
def test_an_odd_tape_says_so(changes, platform, tmp_path):
    folder = tmp_path / "tape"
    folder.mkdir()
    (folder / "b.json").write_text("{}")
    head = json.loads((TAPES / platform / "tape.json").read_text())
    (folder / "tape.json").write_text(json.dumps({**head, "exchanges": [], **changes}))
    with pytest.raises(hi.TapeMismatch) as caught:
        hi.replay(folder)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "name", ["OUTSIDE", "../outside", "..", ".", "", "link", "deep/b.json", "pipe", "nul\0", "deep"]
)
def test_a_body_is_a_file_of_the_folder(name, tmp_path):
    folder, outside = tmp_path / "tape", tmp_path / "outside"
    (folder / "deep").mkdir(parents=True)
    outside.write_text("not of the tape")
    (folder / "deep" / "b.json").write_text("{}")
    (folder / "link").symlink_to(outside)
    os.mkfifo(folder / "pipe")
    head = json.loads((AZURE / "tape.json").read_text())
    row = {"request": "GET h/", "status": 200, "body": str(outside) if name == "OUTSIDE" else name}
    (folder / "tape.json").write_text(json.dumps({**head, "exchanges": [row]}))
    with pytest.raises(hi.TapeMismatch, match="is not a tape"):
        hi.replay(folder)


def test_an_index_without_end_is_damage(tmp_path):
    (tmp_path / "tape.json").write_text("[" * 200_000)
    with pytest.raises(hi.TapeMismatch):
        hi.replay(tmp_path)


@pytest.mark.parametrize("detail", [None, "full"])
def test_recording_says_with_which_detail(tmp_path, detail):
    hi.record(hi.replay(VSPHERE), tmp_path / "tape", detail=detail)
    assert contents(tmp_path / "tape") == contents(VSPHERE)
    with pytest.raises(hi.TapeMismatch, match="detail='full'"):
        hi.record(hi.replay(VSPHERE), tmp_path / "other", detail="summary")
    assert not (tmp_path / "other").exists()
