"""Refreshing: what it says has changed has, and what it has afterwards is what a fresh read finds."""

import pickle
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from pyVmomi import vim

import hybridinv as hi
from live.simulation import Changed, Interrupted, Wire

pytestmark = pytest.mark.live


def same(refreshed, simulator):
    """Whether it holds what a fresh read finds."""
    with simulator.adapter() as other:
        fresh = other.inventory()
    for kind, records in fresh.tables().items():
        by_id = {record.id: record for record in refreshed.inventory.tables()[kind]}
        assert by_id == {record.id: record for record in records}, kind
    assert set(refreshed.inventory.problems) == set(fresh.problems)
    return True


def touched(simulator, count):
    return {simulator.id_of(one["moref"]) for one in simulator.touch(count)}


def changed(refreshed, kind="vms", change="changed"):
    return {one.id for one in refreshed.changes if one.kind == kind and one.change == change}


def reached(vcenter, record):
    """A managed object that may be changed, over the adapter's own session."""
    return vcenter.native(record)


# what it gives


def test_the_first_time_everything_is_read(plain):
    with plain.adapter() as vcenter:
        first = vcenter.refresh()
    assert first.full
    assert len(first.changes) == 0
    assert len(first.inventory.vms) == 100
    assert first.inventory.complete
    assert same(first, plain)


def test_where_nothing_has_changed_nothing_is_read_again(plain):
    with plain.over() as (vcenter, wire):
        first = vcenter.refresh()
        before = wire.counts
        inventory, changes = second = vcenter.refresh()
        asked = wire.counts - before
    assert not second.full
    assert len(changes) == 0
    assert inventory.tables() == first.inventory.tables()
    assert inventory.taken_at > first.inventory.taken_at
    # Licences are not listened to.
    assert asked == {"WaitForUpdatesEx": 1, "RetrievePropertiesEx": 1, "QueryAssignedLicenses": 1}


def test_changed_machines_and_no_others_are_read_again(fresh):
    simulator = fresh("-scene", "plain")
    with simulator.over() as (vcenter, wire):
        vcenter.refresh()
        for count in (1, 10):
            ids = touched(simulator, count)
            before = wire.counts
            result = vcenter.refresh()
            assert not result.full
            assert changed(result) == {change.id for change in result.changes} == ids
            assert wire.counts - before == {
                "WaitForUpdatesEx": 1, "RetrievePropertiesEx": 2, "QueryAssignedLicenses": 1,
            }  # fmt: skip
            assert same(result, simulator)
        assert len(vcenter.refresh().changes) == 0


def test_what_has_changed_is_told_by_field_and_value(fresh):
    simulator = fresh("-scene", "plain")
    with simulator.adapter() as vcenter:
        before = vcenter.refresh().inventory
        told = simulator.touch(3)
        result = vcenter.refresh()
        for one in told:
            id_ = simulator.id_of(one["moref"])
            fields = {change.field for change in result.changes if change.id == id_}
            assert fields == {
                field
                for field in ("power_state", "memory_bytes", "ip_addresses", "nics", "hostname", "agent")
                if getattr(before.vms.get(id_), field) != getattr(result.inventory.vms.get(id_), field)
            }
        assert result.changes == before.diff(result.inventory)


def test_updates_on_several_pages(fresh):
    simulator = fresh("-vms", "300")
    with simulator.over() as (vcenter, wire):
        vcenter.refresh()
        ids = touched(simulator, 250)
        before = wire.counts
        result = vcenter.refresh()
        assert (wire.counts - before)["WaitForUpdatesEx"] >= 2
        assert changed(result) == ids
        assert same(result, simulator)


def test_machines_come_and_go(fresh):
    simulator = fresh("-scene", "plain")
    with simulator.adapter() as vcenter:
        vcenter.refresh()
        gone = {simulator.id_of(moref) for moref in simulator.take_away(3)}
        result = vcenter.refresh()
        assert changed(result, change="removed") == gone
        assert same(result, simulator)
        come = {simulator.id_of(one["moref"]) for one in simulator.add(2)}
        result = vcenter.refresh()
        assert changed(result, change="added") == come
        assert not result.full
        assert same(result, simulator)


def test_one_that_changes_and_goes_is_gone(fresh):
    simulator = fresh("-scene", "plain")
    with simulator.adapter() as vcenter:
        first = vcenter.refresh()
        stopped = next(vm for vm in first.inventory.vms if vm.power_state == hi.PowerState.STOPPED and vm.folder)
        reached(vcenter, stopped).Rename_Task("for a moment")
        simulator.remove(stopped.native_id)
        result = vcenter.refresh()
        assert changed(result, change="removed") == {stopped.id}
        assert changed(result) == set()
        assert stopped.id not in {vm.id for vm in result.inventory.vms}


# where things lie


def folders(vcenter, vm):
    """The folder that a machine lies in, as a managed object."""
    return reached(vcenter, vm).parent


def test_a_renamed_folder_is_in_the_records_of_what_lies_in_it(fresh):
    simulator = fresh("-scene", "plain")
    with simulator.adapter() as vcenter:
        first = vcenter.refresh()
        vm = next(vm for vm in first.inventory.vms if vm.folder)
        folders(vcenter, vm).Rename_Task("renamed")
        result = vcenter.refresh()
        assert result.full
        assert "renamed" in result.inventory.vms.get(vm.id).folder
        assert vm.id in changed(result)
        assert same(result, simulator)
        # It goes on as before.
        ids = touched(simulator, 2)
        result = vcenter.refresh()
        assert (result.full, changed(result)) == (False, ids)


def test_a_new_folder_is_known_to_the_machines_that_are_moved_into_it_later(fresh):
    simulator = fresh("-scene", "plain")
    with simulator.adapter() as vcenter:
        first = vcenter.refresh()
        vm = next(vm for vm in first.inventory.vms if vm.folder)
        made = folders(vcenter, vm).CreateFolder("new one")
        result = vcenter.refresh()
        assert (result.full, len(result.changes)) == (False, 0)
        made.MoveIntoFolder_Task([reached(vcenter, vm)])
        # The simulator says nothing of a move; of a new name it does.
        reached(vcenter, vm).Rename_Task("moved")
        result = vcenter.refresh()
        assert not result.full
        assert changed(result) == {vm.id}
        assert result.inventory.vms.get(vm.id).folder == f"{vm.folder}/new one"


def test_of_kinds_that_several_objects_make_up_all_are_read_again(fresh):
    simulator = fresh("-scene", "plain")
    with simulator.over() as (vcenter, wire):
        network = next(one for one in vcenter.refresh().inventory.networks if one.kind == "distributed")
        reached(vcenter, network).Rename_Task("renamed-portgroup")
        before = wire.counts
        result = vcenter.refresh(wait=10)
        assert not result.full
        assert network.id in changed(result, "networks")
        assert result.inventory.networks.get(network.id).name == "renamed-portgroup"
        assert same(result, simulator)
        assert (wire.counts - before)["CreateContainerView"] >= 1


# what goes wrong


def test_a_session_that_has_ended_costs_a_full_read_and_no_change_is_lost(fresh):
    simulator = fresh("-scene", "plain")
    with simulator.over() as (vcenter, wire):
        vcenter.refresh()
        ids = touched(simulator, 3)
        simulator.terminate()
        result = vcenter.refresh()
        assert result.full
        assert changed(result) == ids
        assert wire.counts["Login"] == 2
        assert not vcenter.refresh().full


@pytest.mark.parametrize("operation", ["CreateFilter", "WaitForUpdatesEx", "RetrievePropertiesEx"])
def test_a_session_that_ends_in_the_first_read_is_begun_again(plain, operation):
    with plain.over(Interrupted, operation=operation, do=plain.terminate, number=4) as (vcenter, wire):
        first = vcenter.refresh()
        assert first.inventory.complete
        assert wire.counts["Login"] == 2
        assert not vcenter.refresh().full
    assert same(first, plain)


def test_a_session_that_never_lasts_is_an_error(plain):
    class Ending(Wire):
        def handle_request(self, request):
            if request.extensions["operation"] == "CreateFilter":
                plain.terminate()
            return super().handle_request(request)

    with plain.over(Ending) as (vcenter, wire), pytest.raises(hi.AuthenticationFailed, match="again and again"):
        vcenter.refresh()
    assert wire.counts["Login"] == 3


FAULT = (
    '<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault>'
    "<faultcode>ServerFaultCode</faultcode><faultstring>x</faultstring><detail>"
    '<{0}Fault xmlns="urn:vim25" xsi:type="{0}"/></detail>'
    "</soapenv:Fault></soapenv:Body></soapenv:Envelope>"
)


class Faulty(Wire):
    """A wire on which an operation is answered with a fault, once, when `fault` is set."""

    fault = ""
    operation = "WaitForUpdatesEx"

    def handle_request(self, request):
        if self.fault and request.extensions["operation"] == self.operation:
            body, self.fault = FAULT.format(self.fault), ""
            return httpx.Response(500, headers={"Content-Type": "text/xml"}, text=body)
        return super().handle_request(request)


@pytest.mark.parametrize("fault", ["InvalidCollectorVersion", "ManagedObjectNotFound"])
def test_a_server_that_has_forgotten_what_it_told_costs_a_full_read(fresh, fault):
    simulator = fresh("-scene", "plain")
    with simulator.over(Faulty) as (vcenter, wire):
        vcenter.refresh()
        ids = touched(simulator, 2)
        wire.fault = fault
        result = vcenter.refresh()
        assert (result.full, changed(result)) == (True, ids)
        assert not vcenter.refresh().full


@pytest.mark.parametrize("operation", ["WaitForUpdatesEx", "RetrievePropertiesEx"])
def test_after_a_failure_the_next_refresh_has_what_this_one_missed(fresh, operation):
    simulator = fresh("-scene", "plain")
    with simulator.over(Faulty) as (vcenter, wire):
        vcenter.refresh()
        ids = touched(simulator, 3)
        wire.operation, wire.fault = operation, "SystemError"
        with pytest.raises(hi.ServerFault, match="SystemError"):
            vcenter.refresh()
        more = touched(simulator, 2)
        result = vcenter.refresh()
        assert (result.full, changed(result)) == (False, ids | more)
        assert same(result, simulator)


def test_a_set_of_updates_that_breaks_off_in_the_middle_costs_a_full_read(fresh):
    simulator = fresh("-vms", "300")

    class Breaking(Wire):
        left = None

        def handle_request(self, request):
            if request.extensions["operation"] == "WaitForUpdatesEx" and self.left is not None:
                self.left -= 1
                if self.left < 0:
                    self.left = None
                    raise httpx.ReadTimeout("x", request=request)
            return super().handle_request(request)

    with simulator.over(Breaking) as (vcenter, wire):
        vcenter.refresh()
        ids = touched(simulator, 250)
        wire.left = 1
        with pytest.raises(hi.ConnectFailed):
            vcenter.refresh()
        result = vcenter.refresh()
        assert (result.full, changed(result)) == (True, ids)


def test_where_a_list_broke_off_everything_is_read_again(plain):
    def cut(operation, number, body):
        one = re.search(rb'<objectSet><kind>enter</kind><obj type="VirtualMachine">.*?</objectSet>', body, re.DOTALL)
        return body.replace(one[0], b"", 1) if operation == "WaitForUpdatesEx" and one and not lost else body

    lost = []
    with plain.over(Changed, change=cut) as (vcenter, _):
        first = vcenter.refresh()
        assert [(p.kind, p.error) for p in first.inventory.problems] == [("vms", "TruncatedAnswer")]
        lost.append("enough")
        second = vcenter.refresh()
        assert second.full
        assert second.inventory.complete
        assert len(second.inventory.vms) == 100


# waiting, threads, the end


def test_waiting_ends_with_the_first_change(fresh):
    simulator = fresh("-scene", "plain")
    with simulator.adapter() as vcenter:
        vcenter.refresh()
        ids = set()
        later = threading.Timer(0.5, lambda: ids.update(touched(simulator, 1)))
        later.start()
        result = vcenter.refresh(wait=60)
        later.join()
        assert changed(result) == ids != set()


def test_waiting_in_vain_gives_no_change(plain):
    with plain.adapter() as vcenter:
        vcenter.refresh()
        assert len(vcenter.refresh(wait=1).changes) == 0


def test_one_wait_at_a_time(fresh):
    simulator = fresh("-scene", "plain")
    at_once, most, lock = [0], [0], threading.Lock()

    class Watched(Wire):
        def handle_request(self, request):
            if request.extensions["operation"] != "WaitForUpdatesEx":
                return super().handle_request(request)
            with lock:
                at_once[0] += 1
                most[0] = max(most[0], at_once[0])
            try:
                return super().handle_request(request)
            finally:
                with lock:
                    at_once[0] -= 1

    with simulator.over(Watched) as (vcenter, wire), ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: vcenter.refresh(), range(4)))
        assert sum(result.full for result in results) == 1
        ids = touched(simulator, 5)
        results = list(pool.map(lambda _: vcenter.refresh(), range(4)))
        assert [changed(result) for result in results if result.changes] == [ids]
    assert most == [1]
    assert wire.counts["Login"] == 1


def test_closing_ends_its_session_and_the_next_refresh_begins_again(fresh):
    simulator = fresh("-scene", "demo")
    vcenter = simulator.adapter()
    first = vcenter.refresh()
    vcenter.vms()
    assert len(simulator.sessions()) == 2
    vcenter.close()
    assert simulator.sessions() == []
    second = vcenter.refresh()
    assert second.full
    assert second.inventory.tables() == first.inventory.tables()
    vcenter.close()
    assert simulator.sessions() == []


def test_an_adapter_that_was_refreshed_travels_by_pickle(plain):
    with plain.adapter() as vcenter:
        first = vcenter.refresh()
        with pickle.loads(pickle.dumps(vcenter)) as copy:
            assert copy.refresh().inventory.tables() == first.inventory.tables()
        assert not vcenter.refresh().full


def test_everything_that_is_odd_about_an_estate_survives_a_refresh(awkward):
    with awkward.adapter() as vcenter:
        vcenter.refresh()
        assert same(vcenter.refresh(), awkward)


def test_native_objects_are_of_the_adapter_s_own_session(plain):
    with plain.adapter() as vcenter:
        vm = vcenter.refresh().inventory.vms[0]
        assert isinstance(vcenter.native(vm), vim.VirtualMachine)
        assert vcenter.native(vm).name == vm.name


# details, rights, the end in the middle


def test_another_detail_reads_everything_anew_and_the_same_does_not(plain):
    with plain.adapter() as vcenter:
        first = vcenter.refresh()
        assert not vcenter.refresh().full
        fuller = vcenter.refresh(detail="full")
        assert (fuller.full, vcenter.refresh(detail="full").full) == (True, False)
    assert [asked.detail for asked in first.inventory.asked] == ["summary"]
    assert [asked.detail for asked in fuller.inventory.asked] == ["full"]
    assert len(fuller.inventory.asked[0].answers) >= len(vcenter.capabilities)


def test_licences_that_may_not_be_read_do_not_cost_a_full_read(fresh):
    simulator = fresh("-scene", "plain")

    def refuse(operation, number, body):
        if operation != "RetrievePropertiesEx" or b"LicenseManager" not in body:
            return body
        fault = (
            b'<missingSet><path>licenses</path><fault><fault xsi:type="NoPermission"><object type="Folder">group-d1'
            b"</object><privilegeId>Global.Licenses</privilegeId></fault><localizedMessage>no</localizedMessage></fault>"
            b"</missingSet>"
        )
        return re.sub(rb"<propSet><name>licenses</name>.*?</propSet>", fault, body, flags=re.DOTALL)

    with simulator.over(Changed, change=refuse) as (vcenter, _):
        first = vcenter.refresh()
        assert [problem.kind for problem in first.inventory.problems if problem.error] == ["licenses"]
        assert "kinds=" in first.inventory.problems[0].remedy
        ids = touched(simulator, 3)
        second = vcenter.refresh()
    assert (second.full, changed(second)) == (False, ids)
    assert second.inventory.problems == first.inventory.problems


def test_closing_ends_a_wait_at_once_and_says_so(fresh):
    simulator = fresh("-scene", "plain")
    vcenter = simulator.adapter()
    vcenter.refresh()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(vcenter.refresh, wait=600)
        threading.Event().wait(1)
        vcenter.close()
        with pytest.raises(hi.ConnectFailed, match="closed while it was refreshed"):
            waiting.result(timeout=15)
    assert simulator.sessions() == []
    assert vcenter.refresh().full
    vcenter.close()


def test_closing_while_a_list_is_read_says_so_and_leaves_no_session(plain):
    with plain.over(Wire) as (vcenter, wire):
        survey = vcenter._survey(None, "summary")
        assert len(survey.read("vms").records) == 100
        vcenter.close()
        with pytest.raises(hi.ConnectFailed, match="closed while it was being read"):
            survey.read("hosts")
        assert wire.counts["Login"] == wire.counts["Logout"] == 1


def test_a_timeout_of_a_second_waits_in_requests_of_none(plain):
    with plain.adapter(timeout=1.5) as vcenter:
        vcenter.refresh()
        assert len(vcenter.refresh(wait=2.5).changes) == 0


def test_closing_in_the_first_read_of_a_refresh_says_so(fresh):
    simulator = fresh("-scene", "plain")
    closed = []

    class Closing(Wire):
        def handle_request(self, request):
            if request.extensions["operation"] == "CreateFilter" and not closed:
                closed.append(True)
                vcenter.close()
            return super().handle_request(request)

    with simulator.over(Closing) as (vcenter, wire):
        with pytest.raises(hi.ConnectFailed, match="closed while it was refreshed"):
            vcenter.refresh()
        assert wire.counts["Login"] == 1
        assert vcenter.refresh().full


def test_a_server_that_tells_of_no_later_filter_is_followed_all_the_same(simulate):
    """govmomi's own collector: it answers for the filters of its first version alone, a hundred objects at a time."""
    simulator = simulate("-stock-collector", "-vms", "250")
    with simulator.adapter() as vcenter:
        first = vcenter.refresh()
        assert (first.full, first.inventory.complete, len(first.inventory.vms)) == (True, True, 250)
        assert not vcenter.refresh().full
        touched = {simulator.id_of(one["moref"]) for one in simulator.touch(3)}
        second = vcenter.refresh(wait=3)
        assert {change.id for change in second.changes if change.kind == "vms"} == touched
        assert second.inventory.vms == vcenter.vms()
