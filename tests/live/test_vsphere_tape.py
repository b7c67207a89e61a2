"""Recording a vCenter and playing it back."""

import re

import pytest

import hybridinv as hi
from live.simulation import PASSWORD, Interrupted, Wire

pytestmark = pytest.mark.live


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(("scene", "arguments"), [("demo", ()), ("awkward", ()), ("plain", ("-vms", "510"))])
def test_a_tape_plays_back_what_was_recorded_and_records_again_byte_for_byte(simulate, tmp_path, scene, arguments):
    simulator = simulate("-scene", scene, *arguments)
    with simulator.adapter() as vcenter:
        recorded = hi.record(vcenter, tmp_path / "first")
    player = hi.replay(tmp_path / "first")
    played = player.inventory()
    assert played.tables() == recorded.tables()
    assert played.problems == recorded.problems
    again = hi.record(hi.replay(tmp_path / "first"), tmp_path / "second")
    assert again.tables() == recorded.tables()
    assert files(tmp_path / "first") == files(tmp_path / "second")


def test_no_secret_is_on_it(plain, tmp_path):
    seen = []

    class Overheard(Wire):
        def handle_request(self, request):
            response = super().handle_request(request)
            seen.extend(request.headers.get_list("Cookie") + response.headers.get_list("Set-Cookie"))
            return response

    with plain.over(Overheard) as (vcenter, _):
        hi.record(vcenter, tmp_path / "tape", kinds=["vms", "hosts"])
    cookies = {re.split("[=;]", cookie)[1].strip('"') for cookie in seen}
    assert cookies
    everything = b"\n".join(files(tmp_path / "tape").values()).decode()
    for secret in (PASSWORD, "correct horse &amp; &lt;battery&gt;", *cookies):
        assert secret not in everything
    assert "vmware_soap_session" not in everything


def test_each_kind_plays_alone(plain, tmp_path):
    with plain.adapter() as vcenter:
        recorded = hi.record(vcenter, tmp_path / "tape")
    for kind, records in recorded.tables().items():
        player = hi.replay(tmp_path / "tape")
        if kind in player.capabilities:
            assert getattr(player, kind)() == records


def test_an_expired_session_is_on_the_tape_and_plays_back(fresh, tmp_path):
    simulator = fresh("-scene", "demo")
    when = {"operation": "RetrievePropertiesEx", "do": simulator.terminate, "number": 2}
    with simulator.over(Interrupted, **when) as (vcenter, wire):
        recorded = hi.record(vcenter, tmp_path / "tape", kinds=["vms"])
    assert wire.counts["Login"] == 2
    assert recorded.complete
    assert hi.replay(tmp_path / "tape").vms() == recorded.vms


def test_a_tape_plays_back_in_the_detail_it_was_recorded_in(demo, tmp_path):
    with demo.adapter() as vcenter:
        recorded = hi.record(vcenter, tmp_path / "tape", detail="full")
    with hi.replay(tmp_path / "tape") as adapter:
        played = adapter.inventory()
        with pytest.raises(hi.TapeMismatch, match="detail='full'"):
            adapter.vms(detail="summary")
    assert [asked.detail for asked in played.asked] == ["full"]
    assert played.vms == recorded.vms
    assert any(vm.tags for vm in played.vms)
