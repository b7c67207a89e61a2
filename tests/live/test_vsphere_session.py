"""Logging in, losing the session, and logging out: whoever breaks it, the records are whole or an error says why."""

import asyncio
import gzip
import pickle
import re
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

import hybridinv as hi
from hybridinv.transport.deadline import deadline
from hybridinv.transport.vmomi import SessionExpired
from live.simulation import Changed, Interrupted, Wire, running

pytestmark = pytest.mark.live


def ids(simulator, key="vms"):
    return sorted(simulator.id_of(one["moref"]) for one in simulator.truth[key])


def found(records):
    return sorted(record.id for record in records)


@pytest.fixture
def short_pages(monkeypatch):
    """A hundred machines on three pages."""
    monkeypatch.setattr("hybridinv.transport.property_collector._PAGE", 40)


# getting in


def test_a_wrong_password_is_asked_once_and_says_what_to_check(plain):
    with plain.over() as (vcenter, wire):
        vcenter._session._password = "wrong"
        with pytest.raises(hi.AuthenticationFailed, match="user name needs its domain") as caught:
            vcenter.vms()
        assert "wrong" not in repr(caught.value).replace("is wrong", "")
        assert caught.value.source == f"{plain.host}:{plain.port}"
        with pytest.raises(hi.AuthenticationFailed):
            vcenter.inventory()
        assert [problem.error for problem in hi.collect([vcenter]).problems] == ["AuthenticationFailed"]
    assert wire.counts["Login"] == 3


def test_no_credentials_are_an_error_before_anything_is_sent(plain):
    for missing in ({"username": None}, {"password": None}):
        with plain.adapter(**missing) as vcenter, pytest.raises(hi.AuthenticationFailed, match="password="):
            vcenter.hosts()


def test_a_wrong_port(plain):
    with plain.adapter(port=1) as vcenter, deadline(3), pytest.raises(hi.ConnectFailed, match="check host, port"):
        vcenter.vms()


def test_a_wrong_name(plain):
    with plain.adapter(host="vc01.example.invalid") as vcenter, deadline(3), pytest.raises(hi.EndpointError):
        vcenter.vms()


def test_a_certificate_of_an_unknown_authority(plain):
    with plain.adapter(ca_file=None) as vcenter, pytest.raises(hi.TLSFailed, match=r"ca_file=.*thumbprint="):
        vcenter.vms()


def test_the_right_thumbprint_is_enough_and_no_other_is(plain):
    for thumbprint in (plain.thumbprint_sha256, plain.thumbprint_sha1, plain.thumbprint_sha256.lower()):
        with plain.adapter(ca_file=None, thumbprint=thumbprint) as vcenter:
            assert len(vcenter.hosts()) == 10
    wrong = plain.thumbprint_sha256[:-2] + ("00" if not plain.thumbprint_sha256.endswith("00") else "11")
    pinned = plain.adapter(ca_file=None, thumbprint=wrong)
    with pinned as vcenter, pytest.raises(hi.TLSFailed, match="thumbprint mismatch"):
        vcenter.hosts()


# losing the session


def test_a_terminated_session_is_renewed_once(fresh):
    simulator = fresh("-scene", "demo")
    with simulator.over() as (vcenter, wire):
        assert found(vcenter.vms()) == ids(simulator)
        simulator.terminate()
        inventory = vcenter.inventory()
        assert found(inventory.vms) == ids(simulator)
        assert inventory.complete
        assert wire.counts["Login"] == 2


def test_an_idle_session_is_renewed(fresh):
    simulator = fresh("-scene", "demo", "-session-timeout", "300ms")
    with simulator.over() as (vcenter, wire):
        assert found(vcenter.vms()) == ids(simulator)
        time.sleep(0.8)
        assert found(vcenter.vms()) == ids(simulator)
        assert wire.counts["Login"] == 2


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    ("operation", "number", "logins"),
    [
        ("CreateContainerView", 1, 2),
        ("RetrievePropertiesEx", 1, 2),
        ("CreateContainerView", 2, 2),
        ("RetrievePropertiesEx", 2, 2),
        ("ContinueRetrievePropertiesEx", 1, 2),
        ("ContinueRetrievePropertiesEx", 2, 2),
        ("DestroyView", 1, 2),
        ("DestroyView", 2, 1),
    ],
)
def test_wherever_it_ends_nothing_is_lost_or_doubled(plain, short_pages, operation, number, logins, strict):
    when = {"operation": operation, "do": plain.terminate, "number": number}
    with plain.over(Interrupted, **when) as (vcenter, wire):
        if strict:
            assert found(vcenter.vms()) == ids(plain)
        else:
            inventory = vcenter.inventory(["vms"])
            assert inventory.complete, list(inventory.problems)
            assert found(inventory.vms) == ids(plain)
    assert wire.counts["Login"] == logins


@pytest.mark.parametrize(
    "kind", ["hosts", "vmkernel_adapters", "clusters", "datastores", "networks", "switches", "resource_pools"]
)
def test_every_kind_starts_again(plain, kind):
    with plain.adapter() as vcenter:
        expected = getattr(vcenter, kind)()
    # 1 is the tree, or what the kind needs besides.
    for number in (2, 3):
        when = {"operation": "RetrievePropertiesEx", "do": plain.terminate, "number": number}
        with plain.over(Interrupted, **when) as (vcenter, wire):
            assert vcenter.inventory([kind]).tables()[kind] == expected
            assert wire.counts["Login"] <= 2


def test_a_session_that_ends_while_a_page_is_made_up(plain):
    lack = (
        b'<missingSet><path>guest</path><fault><fault xsi:type="NotAuthenticated"/>'
        b"<localizedMessage>The session is not authenticated.</localizedMessage></fault></missingSet></objects>"
    )

    def change(operation, number, body):
        hit = operation == "RetrievePropertiesEx" and number == 2
        return lack.join(body.rsplit(b"</objects>", 1)) if hit else body

    with plain.over(Changed, change=change) as (vcenter, wire):
        assert found(vcenter.vms()) == ids(plain)
    assert wire.counts["Login"] == 2


def test_it_may_end_twice_and_no_session_is_left_for_ever_ending(plain, short_pages):
    ends = [0]

    class Ending(Wire):
        def handle_request(self, request):
            if request.extensions["operation"] == "ContinueRetrievePropertiesEx" and ends[0]:
                ends[0] -= 1
                plain.terminate()
            return super().handle_request(request)

    for times, logins in ((2, 3), (3, 3)):
        ends[0] = times
        with plain.over(Ending) as (vcenter, wire):
            inventory = vcenter.inventory(["vms"])
        assert wire.counts["Login"] == logins
        assert [p.error for p in inventory.problems] == ([] if times == 2 else ["SessionExpired"])


def test_refused_the_second_time_it_is_the_login_that_fails_and_only_once(fresh):
    simulator = fresh("-scene", "demo")
    with simulator.over() as (vcenter, wire):
        vcenter.vms()
        vcenter._session._password = "changed meanwhile"
        simulator.terminate()
        with pytest.raises(hi.AuthenticationFailed, match="password is wrong") as caught:
            vcenter.vms()
        assert not isinstance(caught.value, SessionExpired)
    with simulator.over() as (vcenter, wire):
        vcenter.vms()
        vcenter._session._password = "changed meanwhile"
        simulator.terminate()
        inventory = vcenter.inventory()
        assert wire.counts["Login"] == 2
    assert {problem.error for problem in inventory.problems} == {"AuthenticationFailed"}
    assert {problem.kind for problem in inventory.problems} == vcenter.capabilities


def test_threads_share_one_renewal(fresh):
    simulator = fresh("-scene", "plain")
    with simulator.over() as (vcenter, wire), ThreadPoolExecutor(4) as pool:
        lists = list(pool.map(lambda _: vcenter.vms(), range(4)))
        assert wire.counts["Login"] == 1
        simulator.terminate()
        lists += list(pool.map(lambda _: vcenter.vms(), range(4)))
        assert wire.counts["Login"] == 2
    assert all(found(vms) == ids(simulator) for vms in lists)


def test_threads_in_the_middle_of_their_pages_share_one_renewal(fresh, short_pages):
    simulator = fresh("-scene", "plain")
    when = {"operation": "ContinueRetrievePropertiesEx", "do": simulator.terminate, "number": 2}
    with simulator.over(Interrupted, **when) as (vcenter, wire), ThreadPoolExecutor(4) as pool:
        lists = list(pool.map(lambda _: vcenter.inventory(["vms"]), range(4)))
    assert wire.counts["Login"] == 2
    for inventory in lists:
        assert inventory.complete, list(inventory.problems)
        assert found(inventory.vms) == ids(simulator)


# what changes or breaks while it is read


def cut(moref, remove=None):
    """A wire's change: the second page loses a machine, and it is removed at the server, or not."""

    def change(operation, number, body):
        if operation != "ContinueRetrievePropertiesEx" or number > 1:
            return body
        if remove:
            remove(moref)
        shorter = re.sub(rb'<objects><obj type="VirtualMachine">%b</obj>.*?</objects>' % moref.encode(), b"", body)
        assert shorter != body
        return shorter

    return change


def on_second_page(simulator):
    with simulator.adapter() as vcenter:
        return next(vm.native_id for vm in vcenter.vms()[45:75] if vm.power_state == hi.PowerState.STOPPED)


def test_a_machine_removed_between_two_pages_is_no_loss(fresh, short_pages):
    simulator = fresh("-scene", "plain")
    moref = on_second_page(simulator)
    with simulator.over(Changed, change=cut(moref, simulator.remove)) as (vcenter, _):
        assert found(vcenter.vms()) == sorted(set(ids(simulator)) - {simulator.id_of(moref)})


def test_a_machine_that_does_not_arrive_is(plain, short_pages):
    moref = on_second_page(plain)
    with plain.over(Changed, change=cut(moref)) as (vcenter, _), pytest.raises(hi.TruncatedAnswer, match=moref):
        vcenter.vms()
    with plain.over(Changed, change=cut(moref)) as (vcenter, _):
        inventory = vcenter.inventory(["vms"])
    assert len(inventory.vms) == 99
    assert [(p.kind, p.error) for p in inventory.problems] == [("vms", "TruncatedAnswer")]


@pytest.mark.parametrize("strict", [True, False])
def test_a_deadline_in_the_middle_keeps_what_came_or_raises(plain, short_pages, strict):
    when = {"operation": "ContinueRetrievePropertiesEx", "do": lambda: time.sleep(1.6)}
    with plain.over(Interrupted, **when) as (vcenter, _):
        vcenter.clusters()
        if strict:
            with deadline(1.5), pytest.raises(hi.DeadlineExceeded):
                vcenter.vms()
        else:
            inventory = vcenter.inventory(["vms", "hosts"], deadline=1.5)
            assert len(inventory.vms) == 40
            assert len(inventory.hosts) == 0
            assert [(p.kind, p.error) for p in inventory.problems] == [
                ("vms", "DeadlineExceeded"),
                ("hosts", "DeadlineExceeded"),
            ]


class Garbled(Wire):
    """A wire on which the second list comes with a broken compression."""

    def handle_request(self, request):
        response = super().handle_request(request)
        if self.counts["RetrievePropertiesEx"] != 2 or self.operations[-1] != "RetrievePropertiesEx":
            return response
        body = bytearray(gzip.compress(response.read()))
        body[len(body) // 2 : len(body) // 2 + 64] = bytes(64)
        return httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(bytes(body)))


def test_a_broken_compression_is_an_answer_that_cannot_be_read(plain):
    with plain.over(Garbled) as (vcenter, _), pytest.raises(hi.UnexpectedAnswer):
        vcenter.vms()
    with plain.over(Garbled) as (vcenter, _):
        inventory = vcenter.inventory(["vms"])
    assert [p.kind for p in inventory.problems] == ["vms"]


def test_a_fault_in_an_answer_of_status_200_is_not_an_empty_estate(plain):
    fault = b'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><Fault/></Body></Envelope>'
    empty = re.compile(rb"<returnval>.*</returnval>", re.DOTALL)
    for change in (lambda body: fault, lambda body: empty.sub(b"", body)):

        def on_lists(operation, number, body, change=change):
            return change(body) if operation == "RetrievePropertiesEx" and number == 2 else body

        with plain.over(Changed, change=on_lists) as (vcenter, _), pytest.raises(hi.UnexpectedAnswer):
            vcenter.vms()


def test_an_esxi_host_has_no_instance_uuid(plain):
    def without(operation, number, body):
        return re.sub(rb"<instanceUuid>.*?</instanceUuid>", b"", body) if operation.startswith("RetrieveS") else body

    with plain.over(Changed, change=without) as (vcenter, _):
        inventory = vcenter.inventory()
        vm = inventory.vms[0]
        assert vm.id == f"vsphere://{plain.host}:{plain.port}/{vm.native_id}"
        assert inventory.hosts.get(vm.host_id).name
        assert vcenter.native(vm).name == vm.name


# getting out


def test_closing_ends_the_session(fresh):
    simulator = fresh("-scene", "demo")
    vcenter = simulator.adapter()
    vcenter.vms()
    assert len(simulator.sessions()) == 1
    vcenter.close()
    assert simulator.sessions() == []
    assert len(vcenter.hosts()) == 5
    vcenter.close()
    vcenter.close()
    assert simulator.sessions() == []


def test_views_are_destroyed_with_what_they_were_for(plain):
    with plain.over() as (vcenter, wire):
        vcenter.inventory()
    assert wire.counts["DestroyView"] == wire.counts["CreateContainerView"]


def test_closing_after_the_server_has_gone(program):
    with running(program, "-scene", "demo") as simulator:
        vcenter = simulator.adapter()
        vcenter.vms()
    began = time.monotonic()
    vcenter.close()
    assert time.monotonic() - began < 2


def test_closing_a_server_that_hangs_takes_seconds_only(plain, monkeypatch):
    monkeypatch.setattr("hybridinv.transport.vmomi._GOODBYE", 0.2)

    class Hanging(Wire):
        def handle_request(self, request):
            if request.extensions["operation"] == "Logout":
                left = request.extensions["timeout"]["read"]
                time.sleep(left)
                raise httpx.ReadTimeout("", request=request)
            return super().handle_request(request)

    with plain.over(Hanging) as (vcenter, _):
        vcenter.clusters()
        began = time.monotonic()
        vcenter.close()
        assert time.monotonic() - began < 1


# side by side


def test_four_threads_on_one_adapter(plain):
    kinds = ["vms", "hosts", "vmkernel_adapters", "networks"]
    with plain.over() as (vcenter, wire), ThreadPoolExecutor(4) as pool:
        tables = dict(zip(kinds, pool.map(lambda kind: getattr(vcenter, kind)(), kinds), strict=True))
        whole = vcenter.inventory(kinds)
    assert wire.counts["Login"] == 1
    for kind, records in tables.items():
        assert whole.tables()[kind] == records


def test_two_vcenters_at_once(plain, demo):
    with plain.adapter() as one, demo.adapter() as other:
        inventory = hi.collect([one, other])
    assert inventory.complete
    assert len(inventory.vms) == 114
    assert found(inventory.vms) == sorted(ids(plain) + ids(demo))
    assert {vm.source for vm in inventory.vms} == {f"127.0.0.1:{one.port}" for one in (plain, demo)}


def test_inside_a_running_event_loop(demo):
    async def read():
        with demo.adapter() as vcenter:
            return vcenter.vms()

    assert len(asyncio.run(read())) == 14


def test_an_adapter_travels_by_pickle_logged_in_or_not(demo):
    with demo.adapter() as vcenter:
        fresh = pickle.loads(pickle.dumps(vcenter))
        vms = vcenter.vms()
        with fresh, pickle.loads(pickle.dumps(vcenter)) as used:
            assert fresh.vms() == used.vms() == vms
        # The copies had sessions of their own, and ended those alone.
        assert vcenter.vms() == vms
