"""Several sources at once: one may be down, late or odd, and the rest is there."""

import asyncio
import multiprocessing
import pickle
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

import hybridinv as hi
from arm_estate import Estate
from arm_server import Credential
from misbehaviour import Silence, Trickle, as_kind, forbidden, html, throttled

METADATA = {"authentication": {"loginEndpoint": "https://login.example/", "audiences": ["https://hub.example/1"]}}
VERSIONS = {"virtualmachines": ["2020-06-01"], "virtualnetworks": ["2018-11-01"]}


@pytest.fixture
def clouds(serve):
    """Azure with Arc, and a Hub: two endpoints."""
    hub = Estate.of(vms=3, extensions=("AMA",), subscriptions=("sub-h",))
    hub.metadata, hub.versions = METADATA, VERSIONS
    return serve(Estate.of(vms=5, machines=4, extensions=("AMA",))), serve(hub)


@pytest.fixture
def three(clouds, azure, arc, hub):
    return [azure(clouds[0]), arc(clouds[0]), hub(clouds[1])]


def counts(inventory):
    return {name: len(table) for name, table in inventory.tables().items() if table}


ALL = {"vms": 12, "extensions": 12, "networks": 2}


def test_three_sources_are_one_inventory(three):
    inventory = hi.collect(three)
    assert inventory.complete
    assert counts(inventory) == ALL
    assert set(inventory.sources) == {adapter.source for adapter in three}
    assert {vm.platform for vm in inventory.vms} == {"azure", "azure-arc", "azure-stack-hub"}


def test_one_that_is_down_costs_only_itself(clouds, three, azure):
    down = hi.Azure(credential=Credential(), endpoint="https://127.0.0.1:1")
    inventory = hi.collect([*three, down], deadline=3)
    (problem,) = inventory.problems
    assert counts(inventory) == ALL
    assert (problem.source, problem.kind, problem.error) == ("127.0.0.1:1", "", "ConnectFailed")
    assert "firewall" in problem.remedy
    with pytest.raises(hi.IncompleteInventory, match="nothing answers at"):
        inventory.raise_for_problems()


@pytest.mark.parametrize(
    ("options", "error", "remedy"),
    [
        ({"ca_file": None}, "TLSFailed", "ca_file="),
        ({"credential": Credential("wrong.token")}, "AuthenticationFailed", "credential="),
        ({"endpoint": "https://arm.invalid"}, "ConnectFailed", "check the name"),
        ({"subscription_ids": ["sub-9"]}, "NotFound", "subscription"),
    ],
)
def test_each_bad_input_is_one_problem_with_a_remedy(clouds, azure, options, error, remedy):
    inventory = hi.collect([azure(clouds[0], **options)], kinds=["vms"])
    (problem,) = inventory.problems
    assert problem.error == error
    assert remedy in problem.remedy
    assert counts(inventory) == {}


@pytest.mark.parametrize("behaviour", [throttled(3600), html, forbidden()])
def test_bad_weather_on_one_kind_leaves_the_others(clouds, azure, behaviour):
    clouds[0].misbehave("virtualNetworks", behaviour)
    inventory = hi.collect([azure(clouds[0])])
    assert counts(inventory) == {"vms": 5, "extensions": 5}
    assert [problem.kind for problem in inventory.problems] == ["networks"]


def test_kinds_limit_what_is_asked_for(clouds, three):
    inventory = hi.collect(three, kinds=["networks"])
    assert counts(inventory) == {"networks": 2}
    assert clouds[0].counts == {"subscriptions": 1, "networks": 1}
    with pytest.raises(hi.NotSupported, match="no source has hosts"):
        hi.collect(three, kinds=["hosts"])
    with pytest.raises(hi.NotSupported, match="no kind 'vm'"):
        hi.collect(three, kinds="vm")


# Time


@pytest.mark.parametrize("kind", [Silence, Trickle])
def test_what_is_not_there_by_the_deadline_is_a_problem(clouds, three, kind):
    clouds[1].misbehave("virtualMachines", as_kind(kind))
    began = time.monotonic()
    inventory = hi.collect(three, kinds=["vms"], deadline=2)
    assert time.monotonic() - began < 10
    assert counts(inventory) == {"vms": 9}
    assert {problem.error for problem in inventory.problems} == {"DeadlineExceeded"}
    assert {problem.source for problem in inventory.problems} == {three[2].source}


def test_a_deadline_does_not_turn_every_machine_into_a_problem(clouds, azure):
    clouds[0].misbehave("ResourceGraph", as_kind(Silence))
    inventory = azure(clouds[0]).inventory(["extensions"], deadline=1)
    (problem,) = inventory.problems
    assert problem.error == "DeadlineExceeded"
    assert clouds[0].counts["extensions of one"] == 0


def test_an_interrupt_ends_the_wait(clouds, three):
    clouds[1].misbehave("virtualMachines", as_kind(Silence))
    done = threading.Event()

    def interrupt():
        while not clouds[1].counts["vms"]:
            done.wait(0.02)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        hi.collect(three, kinds=["vms"], deadline=8)
    assert time.monotonic() - began < 7
    assert len(three[0].vms()) == 5


# Progress


def test_progress_is_told_page_by_page_one_step_at_a_time(clouds, three):
    clouds[0].answers.page_size = 2
    steps, busy = [], threading.Lock()

    def progress(step):
        assert busy.acquire(blocking=False)
        steps.append(step)
        time.sleep(0.002)
        busy.release()

    hi.collect(three, progress=progress)
    pages = [step.read for step in steps if (step.platform, step.kind, step.done) == ("azure", "vms", False)]
    assert pages == [2, 4, 5]
    assert {(step.platform, step.kind) for step in steps if step.done} == {
        ("azure", "vms"), ("azure", "extensions"), ("azure", "networks"), ("azure", ""),
        ("azure-arc", "vms"), ("azure-arc", "extensions"), ("azure-arc", "licenses"), ("azure-arc", "resources"),
        ("azure-arc", ""),
        ("azure-stack-hub", "vms"), ("azure-stack-hub", "extensions"), ("azure-stack-hub", "networks"),
        ("azure-stack-hub", ""),
    }  # fmt: skip


def test_progress_of_many_subscriptions_only_grows(serve, azure):
    server = serve(Estate.of(vms=60, subscriptions=tuple(f"sub-{n}" for n in range(12))))
    server.answers.page_size = 2
    steps, busy = [], threading.Lock()

    def progress(step):
        assert busy.acquire(blocking=False), "two threads at once"
        time.sleep(0.002)
        steps.append(step)
        busy.release()

    azure(server).inventory(["vms"], progress=progress)
    read = [step.read for step in steps]
    assert read == sorted(read)
    assert read[-1] == 60


# Where it runs


def test_in_threads_of_the_caller(three):
    with ThreadPoolExecutor(2) as pool:
        assert counts(hi.collect(three, executor=pool)) == ALL


def test_in_other_processes(clouds, three):
    untrusted = hi.Azure(credential=Credential(), endpoint=clouds[0].url)
    three[0].vms()  # an open connection stays at home
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        inventory = hi.collect([*three, untrusted], executor=pool, kinds=["vms"])
    assert counts(inventory) == {"vms": 12}
    assert [problem.error for problem in inventory.problems] == ["TLSFailed"]


def test_adapters_can_be_pickled_and_stay_what_they_are(three):
    for adapter in three:
        adapter.vms()
        copy = pickle.loads(pickle.dumps(adapter))
        assert (copy.source, copy.platform, copy.capabilities) == (
            adapter.source,
            adapter.platform,
            adapter.capabilities,
        )
        assert copy.vms() == adapter.vms()
        copy.close()


def test_inside_a_running_event_loop(three):
    async def main():
        return hi.collect(three), await asyncio.to_thread(hi.collect, three)

    assert [counts(inventory) for inventory in asyncio.run(main())] == [ALL, ALL]


def test_four_threads_on_one_adapter(serve, azure):
    server = serve(Estate.of(vms=40, extensions=("AMA",), subscriptions=("sub-1", "sub-2")))
    server.answers.page_size = 7
    adapter, gate = azure(server, credential=(credential := Credential())), threading.Barrier(4)

    def read(kind):
        gate.wait()
        return len(getattr(adapter, kind)())

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read, ["vms", "extensions", "vms", "networks"])) == [40, 40, 40, 2]
    assert len(credential.scopes) == 1


def test_a_closed_adapter_opens_again(three):
    for adapter in three:
        before = adapter.vms()
        adapter.close()
        adapter.close()
        assert adapter.vms() == before


def test_constructing_asks_nothing(clouds, three):
    assert [server.seen for server in clouds] == [[], []]
    assert repr(three[0]) == f"<Azure {three[0].source}>"
