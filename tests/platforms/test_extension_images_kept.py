"""What is kept of an extension catalogue: for how long, by what name, and what must not get in."""

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

import hybridinv as hi
from arm_estate import Estate
from arm_server import TOKEN, Credential
from hybridinv.platforms import kept_catalogue
from hybridinv.platforms.kept_catalogue import KeptCatalogue, cache_folder, checked_age
from hybridinv.transport.tape import Recorder, Tape
from hybridinv.wire.reading import Origin
from misbehaviour import refused

ORIGIN = Origin("azure", "management.azure.com")
OF = ("Microsoft.Compute", "https://management.azure.com", "westeurope", "2024-07-01", "sub-1")
CATALOGUE = {f"publisher{n}": {"Agent": ["1.9", "1.10"]} if n % 10 == 0 else {} for n in range(60)}


@pytest.fixture
def server(serve):
    server = serve(Estate("sub-1", "sub-2"))
    server.estate.others.catalogue = dict(CATALOGUE)
    return server


@pytest.fixture
def adapter(server, azure):
    return azure(server, subscription_ids=["sub-1"])


def image(version="1.0"):
    return hi.ExtensionImage(
        id=f"/p/t/{version}", name=version, platform=ORIGIN.platform, source=ORIGIN.source,
        publisher="P", type="T", version=version, location="westeurope", os_type="linux",
    )  # fmt: skip


def only_file(folder):
    (file,) = folder.iterdir()
    return file


# The second run


def test_the_second_run_asks_nothing_at_all(server, adapter, certificates, tmp_path):
    first = adapter.extension_images("westeurope", cache=tmp_path)
    assert (len(first), server.counts["extension types"]) == (12, 60)
    before = len(server.seen)
    credential = Credential()
    again = hi.Azure(
        credential=credential, endpoint=server.url, ca_file=certificates.ca_file, subscription_ids=["sub-1"]
    )
    steps = []
    second = again.extension_images("West Europe", cache=str(tmp_path), progress=steps.append)
    assert list(second) == list(first)
    assert (len(server.seen), len(credential.scopes)) == (before, 1)
    assert [(step.kind, step.read, step.expected) for step in steps] == [
        ("publishers", 60, 60), ("extension_types", 6, 6), ("extension_images", 12, 12),
    ]  # fmt: skip


@pytest.fixture
def own(tmp_path, monkeypatch):
    """This user's folder, as far as anybody here knows."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(kept_catalogue.sys, "platform", "linux")
    return tmp_path / "hybridinv" / "extension-images"


def test_it_is_kept_in_the_folder_of_this_user_unless_told_otherwise(server, adapter, own):
    for none in (False, None):
        adapter.extension_images("westeurope", cache=none)
        assert not own.exists()
    first = adapter.extension_images("westeurope")
    assert only_file(own).suffix == ".json"
    server.counts.clear()
    assert list(adapter.extension_images("westeurope")) == list(first)
    assert list(adapter.extension_images("westeurope", cache=True)) == list(first)
    assert server.counts["extension types"] == 0
    adapter.extension_images("westeurope", cache=False)
    assert server.counts["extension types"] == 60


def test_a_lent_transport_neither_fills_the_folder_of_this_user_nor_reads_it(server, adapter, own, tmp_path):
    adapter.extension_images("westeurope")
    kept = only_file(own).read_bytes()
    options = {"credential": Credential(), "endpoint": server.url, "subscription_ids": ["sub-1"]}
    mock = hi.Azure(**options, transport=httpx.MockTransport(lambda _: httpx.Response(200, json=[])))
    for more in ({}, {"cache": True}):
        assert len(mock.extension_images("westeurope", **more)) == 0
    assert only_file(own).read_bytes() == kept
    assert len(mock.extension_images("westeurope", cache=tmp_path / "named")) == 0
    assert only_file(tmp_path / "named").is_file()


def test_a_user_without_a_home_keeps_nothing(monkeypatch, adapter):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(kept_catalogue.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setattr(kept_catalogue.Path, "home", homeless)
    assert cache_folder(True) is None
    assert len(adapter.extension_images("westeurope")) == 12


def test_one_part_read_before_is_not_asked_for_with_the_whole(server, adapter, tmp_path):
    adapter.extension_images("westeurope", publishers="publisher1*", types="Agent", cache=tmp_path)
    assert server.counts["extension types"] == 11
    assert len(adapter.extension_images("westeurope", cache=tmp_path)) == 12
    assert (server.counts["publishers"], server.counts["extension types"]) == (1, 60)


@pytest.mark.parametrize(
    ("platform", "variable", "below"),
    [("linux", "XDG_CACHE_HOME", "."), ("linux", "HOME", ".cache"), ("win32", "LOCALAPPDATA", "."),
     ("darwin", "HOME", "Library/Caches")],
)  # fmt: skip
def test_the_folder_of_this_user(platform, variable, below, tmp_path, monkeypatch):
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setattr(kept_catalogue.sys, "platform", platform)
    assert cache_folder(True) == tmp_path / below / "hybridinv" / "extension-images"
    assert cache_folder(False) is cache_folder(None) is None


# An interrupted run


def test_what_failed_is_not_kept_and_asked_for_again(server, adapter, tmp_path):
    server.misbehave("publisher10/|publisher20/.*versions", refused(500, "InternalServerError"), times=2)
    images = adapter.extension_images("westeurope", cache=tmp_path)
    assert [one.scope for one in images.problems] == ["westeurope/publisher10", "westeurope/publisher20/Agent"]
    server.counts.clear()
    assert adapter.extension_images("westeurope", cache=tmp_path).complete
    assert (server.counts["extension types"], server.counts["extension versions"]) == (1, 2)


def test_an_interrupted_run_goes_on_where_it_was(server, adapter, tmp_path):
    def interrupt(step):
        if step.kind == "publishers" and step.read == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        adapter.extension_images("westeurope", cache=tmp_path, progress=interrupt)
    server.counts.clear()
    images = adapter.extension_images("westeurope", cache=tmp_path)
    assert (len(images), images.complete) == (12, True)
    assert server.counts["extension types"] <= 30
    assert server.counts["publishers"] == 0


def test_a_run_that_is_killed_has_written_what_it_had(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_catalogue, "_EVERY", 0.0)
    kept = KeptCatalogue(tmp_path, OF, ORIGIN).__enter__()
    kept.keep("p", ["T"])
    with KeptCatalogue(tmp_path, OF, ORIGIN) as other:
        assert other.names("P") == ["T"]


# How long, and for whom


def test_what_is_too_old_or_of_the_future_is_asked_for_again(tmp_path):
    with KeptCatalogue(tmp_path, OF, ORIGIN, clock=lambda: 1000.0) as kept:
        kept.keep("p", [])
        kept.keep("p/t", [image()])
    for now, there in ((1000.0, True), (1009.9, True), (1010.0, False), (999.0, False)):
        with KeptCatalogue(tmp_path, OF, ORIGIN, 10.0, clock=lambda now=now: now) as kept:
            assert (kept.names("p") == []) is there
            assert (kept.images("P/T") == [image()]) is there
            assert kept.names("q") is None


@pytest.mark.parametrize("age", [10**400, float("inf")])
def test_an_age_without_an_end_keeps_for_ever(age, tmp_path):
    with KeptCatalogue(tmp_path, OF, ORIGIN, clock=lambda: 1.0) as kept:
        kept.keep("p", [])
    with KeptCatalogue(tmp_path, OF, ORIGIN, checked_age(age), clock=lambda: 1e10) as kept:
        assert kept.names("p") == []


def test_max_age_reaches_from_the_adapter(server, adapter, tmp_path):
    adapter.extension_images("westeurope", cache=tmp_path)
    file = only_file(tmp_path)
    body = json.loads(file.read_bytes())
    for answer in body["answers"].values():
        answer[0] -= 5000
    file.write_text(json.dumps(body))
    server.counts.clear()
    adapter.extension_images("westeurope", cache=tmp_path, max_age=6000)
    assert server.counts["extension types"] == 0
    adapter.extension_images("westeurope", cache=tmp_path, max_age=4000)
    assert server.counts["extension types"] == 60


def test_two_ports_of_a_host_are_two_endpoints(serve, azure, own):
    for number in (1, 2):
        server = serve(Estate("sub-1"))
        server.estate.others.catalogue = {f"publisher{number}": {"Agent": ["1.0"]}}
        (image,) = azure(server, subscription_ids=["sub-1"]).extension_images("westeurope")
        assert image.publisher == f"publisher{number}"
    assert len(list(own.iterdir())) == 2


def test_one_endpoints_providers_do_not_share_answers(server, azure, own):
    server.estate.others.arc_catalogue = {"P": {"T": {"1.0": "Linux"}}}
    counts = [len(azure(server, kind, subscription_ids=["sub-1"]).extension_images("westeurope"))
              for kind in (hi.Azure, hi.AzureArc)]  # fmt: skip
    assert (counts, len(list(own.iterdir()))) == ([12, 1], 2)


@pytest.mark.parametrize("place", range(len(OF)))
def test_each_cloud_location_version_and_subscription_has_its_own(place, tmp_path):
    other = tuple(f"{part}x" if n == place else part for n, part in enumerate(OF))
    with KeptCatalogue(tmp_path, OF, ORIGIN) as kept:
        kept.keep("p", ["T"])
    with KeptCatalogue(tmp_path, other, ORIGIN) as kept:
        assert kept.names("p") is None


def test_two_subscriptions_do_not_share_answers_whose_ids_name_one(server, azure, tmp_path):
    for subscription in ("sub-1", "sub-2"):
        images = azure(server, subscription_ids=[subscription]).extension_images("westeurope", cache=tmp_path)
        assert {one.id.split("/")[2] for one in images} == {subscription}
    assert len(list(tmp_path.iterdir())) == 2


def test_what_is_kept_is_for_those_who_may_log_in(server, adapter, certificates, tmp_path):
    adapter.extension_images("westeurope", cache=tmp_path)

    class Nobody:
        def get_token(self, *_):
            raise RuntimeError("no such user")

    other = hi.Azure(credential=Nobody(), endpoint=server.url, ca_file=certificates.ca_file, subscription_ids=["sub-1"])
    with pytest.raises(hi.AuthenticationFailed):
        other.extension_images("westeurope", cache=tmp_path)


def test_two_tenants_of_arc_do_not_share_answers(server, arc, tmp_path):
    server.estate.others.arc_catalogue = {"P": {"T": {"1.0": "Linux"}}}
    for subscription in ("sub-1", "sub-2"):
        assert len(arc(server, subscription_ids=[subscription]).extension_images("eastus", cache=tmp_path)) == 1
    assert (server.counts["arc publishers"], len(list(tmp_path.iterdir()))) == (2, 2)


def test_a_named_type_that_is_not_there_is_not_kept_as_nothing(server, adapter, tmp_path):
    found = adapter.extension_images("westeurope", publishers="publisher10", types=["Agent", "Later"], cache=tmp_path)
    assert [one.scope for one in found.problems] == ["westeurope/Later"]
    server.estate.others.catalogue["publisher10"] = {"Agent": ["1.9"], "Later": ["1.0"]}
    named = adapter.extension_images("westeurope", publishers="publisher10", types=["Agent", "Later"], cache=tmp_path)
    assert "Later" in {one.type for one in named}


def test_neither_name_nor_file_give_a_secret_away(server, adapter, tmp_path):
    adapter.extension_images("westeurope", cache=tmp_path / "new" / "folder")
    file = only_file(tmp_path / "new" / "folder")
    assert re.fullmatch(r"[0-9a-f]{32}\.json", file.name)
    assert file.stat().st_mode & 0o077 == 0
    assert TOKEN.encode() not in file.read_bytes()
    assert not [part for part in TOKEN.split(".") if part.encode() in file.read_bytes()]


def test_the_operators_one_call_is_not_kept(server, hub, tmp_path):
    server.estate.metadata = {
        "authentication": {"loginEndpoint": "https://login.invalid/x", "audiences": ["https://a"]}
    }
    operator = hub(server, admin_endpoint=server.url)
    for _ in range(2):
        operator.extension_images("local", cache=tmp_path / "x")
    assert server.counts["vm extension images"] == 2 * len(server.estate.subscriptions)
    assert not (tmp_path / "x").exists()


# Tapes


def test_a_tape_neither_fills_it_nor_reads_it(server, adapter, tmp_path):
    cache, folder = tmp_path / "cache", tmp_path / "tape"
    recorder = Recorder()
    with adapter.overheard(recorder.wrap):
        recorded = adapter.extension_images("westeurope", publishers="publisher10", cache=cache)
    assert not cache.exists()
    tape = Tape(platform="azure", provenance="recorded", product="", settings=adapter.settings,
                exchanges=recorder.exchanges())  # fmt: skip
    tape.write(folder)
    played = hi.replay(folder)
    assert list(played.extension_images("westeurope", publishers="publisher10", cache=cache)) == list(recorded)
    assert not cache.exists()
    server.estate.others.catalogue["publisher10"] = {"Agent": ["2"]}
    adapter.extension_images("westeurope", cache=cache)
    assert list(played.extension_images("westeurope", publishers="publisher10", cache=cache)) == list(recorded)


# Damage, and other processes


@pytest.mark.parametrize(
    "damage",
    [
        lambda body: b"",
        lambda body: b"{",
        lambda body: b"[]",
        lambda body: b"null",
        lambda body: b"\xff\xfe",
        lambda body: body[: len(body) // 2],
        lambda body: body.replace(b'"version":1', b'"version":2'),
        lambda body: body.replace(b"westeurope", b"northeurop"),
        lambda body: body.replace(b'"answers":{', b'"answers":{"p":7,'),
        lambda body: body.replace(b'"answers":{', b'"answers":{"p":["1",[]],'),
        lambda body: body.replace(b'"answers":{', b'"answers":{"p":[1.0,{}],'),
        lambda body: body.replace(b'"answers":{', b'"answers":{"p":[1.0,[null]],'),
        lambda body: body.replace(b'"answers":{', b'"answers":{"p/t":[1.0,[["a"]]],'),
        lambda body: body.replace(b'"answers":{', b'"answers":{"p/t":[1.0,["123456"]],') + b" x",
        lambda body: body.replace(b'"unknown"', b'"plan9"'),
        lambda body: body.replace(b'"answers"', b'"replies"'),
    ],
)
def test_what_is_damaged_is_as_if_it_were_not_there_and_is_written_anew(damage, server, adapter, tmp_path):
    first = adapter.extension_images("westeurope", cache=tmp_path)
    file = only_file(tmp_path)
    file.write_bytes(damage(file.read_bytes()))
    server.counts.clear()
    assert list(adapter.extension_images("westeurope", cache=tmp_path)) == list(first)
    assert server.counts["extension types"] == 60
    adapter.extension_images("westeurope", cache=tmp_path)
    assert server.counts["extension types"] == 60
    assert only_file(tmp_path) == file


def test_a_folder_that_cannot_be_one_costs_a_warning_and_no_record(adapter, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.warns(UserWarning, match="is not kept"):
        images = adapter.extension_images("westeurope", cache=tmp_path / "file")
    assert len(images) == 12
    assert (tmp_path / "file").read_text() == "x"


WRITER = """
import sys
from pathlib import Path
from hybridinv.platforms.kept_catalogue import KeptCatalogue
from hybridinv.wire.reading import Origin

for number in range(40):
    with KeptCatalogue(Path(sys.argv[1]), tuple(sys.argv[3:]), Origin("azure", "x")) as kept:
        kept.keep(f"{sys.argv[2]}{number}", ["T"] * 50)
"""


def test_two_processes_never_leave_a_mixed_file(tmp_path):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), mine, *OF]) for mine in "ab"]
    whole = 0
    while any(writer.poll() is None for writer in writers):
        for file in tmp_path.glob("*.json"):
            whole += len(json.loads(file.read_bytes())["answers"]) > 0
    assert [writer.returncode for writer in writers] == [0, 0]
    assert whole
    with KeptCatalogue(tmp_path, OF, ORIGIN) as kept:
        assert kept.names("a39") == ["T"] * 50 or kept.names("b39") == ["T"] * 50
    assert only_file(tmp_path)


def test_what_another_has_written_meanwhile_is_taken_over(tmp_path):
    with KeptCatalogue(tmp_path, OF, ORIGIN) as mine:
        with KeptCatalogue(tmp_path, OF, ORIGIN) as other:
            other.keep("theirs", ["T"])
            other.keep("both", ["older"])
        mine.keep("mine", ["T"])
        mine.keep("both", ["newer"])
    with KeptCatalogue(tmp_path, OF, ORIGIN) as kept:
        assert [kept.names(one) for one in ("mine", "theirs", "both")] == [["T"], ["T"], ["newer"]]


def test_many_threads_keep_all_of_theirs(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_catalogue, "_EVERY", 0.0)
    with KeptCatalogue(tmp_path, OF, ORIGIN) as kept, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: kept.keep(f"p{number}", [str(number)]), range(200)))
    with KeptCatalogue(tmp_path, OF, ORIGIN) as kept:
        assert [kept.names(f"p{number}") for number in range(200)] == [[str(number)] for number in range(200)]
