"""The budget of requests: never more than ARM allows, never less than it could be, and what its headers say counts."""

import heapq
import random
import threading
import time

import pytest

import hybridinv as hi
from arm_estate import Estate
from arm_server import Credential
from hybridinv.transport import budget
from hybridinv.transport.arm import ArmClient
from hybridinv.transport.budget import READS, READS_A_SECOND, Budget, Pass, budget_of, least
from hybridinv.transport.client import Wire
from hybridinv.transport.deadline import deadline
from misbehaviour import refused, throttled

VMS = "/subscriptions/sub-1/providers/Microsoft.Compute/virtualMachines"
GRAPH = "/providers/Microsoft.ResourceGraph/resources"
LEFT = "x-ms-ratelimit-remaining-subscription-reads"


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def admitted(some, path=VMS):
    found = some.admit(path)
    assert isinstance(found, Pass), f"has to wait {found} s"
    return found


def pause(some, path=VMS):
    found = some.admit(path)
    assert not isinstance(found, Pass)
    return found


# What ARM documents, simulated: workers at full speed, answers that take their time, a gate that refuses


class ArmGate:
    """The endpoint's side: the bucket as it stands when a request arrives."""

    def __init__(self, level=READS):
        self.level, self.at, self.refused = float(level), None, 0

    def arrive(self, now):
        self.level = min(READS, self.level + (now - (self.at or now)) * READS_A_SECOND)
        self.at = now
        if self.level < 1 - 1e-6:
            self.refused += 1
        else:
            self.level -= 1
        return int(self.level + 1e-6)


def simulate(requests, latency, *, workers=8, gate=None, announces=False, idle=(), path=VMS, assumed=True):
    """Seconds that so many requests took, and the gate they went through; one that is refused asks again."""
    clock, gate, chance = Clock(), gate or ArmGate(), random.Random(7)
    some, begin, count, asked = Budget(clock, assumed=assumed), clock.now, 0, 0
    events = [(clock.now, number, "free", None) for number in range(workers)]
    number = workers
    while events:
        clock.now, _, what, about = heapq.heappop(events)
        number += 1
        if what == "arrives":
            before, left = gate.refused, gate.arrive(clock.now)
            answer = (about, left, gate.refused > before)
            heapq.heappush(events, (clock.now + latency(chance), number, "answered", answer))
        elif what == "answered" and about[2]:
            about[0].ended({}, 1)
            asked -= 1
            heapq.heappush(events, (clock.now + 1, number, "free", None))
        elif what == "answered":
            about[0].ended({LEFT: str(about[1])} if announces else {})
            count += 1
            heapq.heappush(events, (clock.now + (60 if count in idle else 0), number, "free", None))
        elif asked < requests:
            found = some.admit(path)
            if isinstance(found, Pass):
                asked += 1
                heapq.heappush(events, (clock.now + latency(chance), number, "arrives", found))
            else:
                heapq.heappush(events, (clock.now + found, number, "free", None))
    assert count == requests
    return clock.now - begin, gate


@pytest.mark.parametrize("announces", [False, True])
@pytest.mark.parametrize(
    "latency", [lambda _: 0.0, lambda _: 0.02, lambda c: c.uniform(0.001, 0.4), lambda c: c.choice([0.01, 3.0])]
)
def test_no_request_is_ever_refused_and_none_waits_longer_than_it_must(latency, announces):
    seconds, gate = simulate(2000, latency, workers=128, announces=announces)
    assert gate.refused == 0
    floor = (2000 - READS) / READS_A_SECOND
    # One more round trip at most, and what is on its way when all have left.
    assert floor <= seconds + 1 / READS_A_SECOND
    assert seconds <= floor + 128 / READS_A_SECOND + 7


@pytest.mark.parametrize("latency", [lambda c: c.uniform(0.01, 0.3), lambda _: 0.9, lambda c: c.choice([0.01, 3.0])])
@pytest.mark.parametrize("workers", [8, 200])
def test_a_bucket_that_has_filled_again_is_not_drawn_on_twice(latency, workers):
    _, gate = simulate(1500, latency, workers=workers, idle=set(range(250, 1500, 250)))
    assert gate.refused == 0


def test_a_slow_first_answer_does_not_count_as_time_in_which_the_bucket_fills(clock):
    some, gate = Budget(clock), ArmGate()
    first = [admitted(some) for _ in range(20)]
    clock.now += 2  # so long they were on their way, and the endpoint's bucket was full all the time
    for one in first:
        gate.arrive(clock.now)
        one.ended({})
    while isinstance(some.admit(VMS), Pass):
        gate.arrive(clock.now)
    assert gate.refused == 0
    assert int(gate.level) == 0


def test_a_bucket_that_others_have_emptied_is_known_from_the_first_answer():
    seconds, gate = simulate(400, lambda _: 0.05, gate=ArmGate(level=20), announces=True)
    assert gate.refused == 0
    assert seconds == pytest.approx((400 - 20) / READS_A_SECOND, abs=2)


# What the answers say


def test_the_documented_burst_is_there_at_once_and_then_one_every_40_ms(clock):
    some = Budget(clock)
    for _ in range(READS):
        admitted(some).ended({})
    assert pause(some) == pytest.approx(1 / READS_A_SECOND)
    clock.now += 1 / READS_A_SECOND + 1e-9
    admitted(some)
    assert pause(some) > 0


def test_each_subscription_has_its_own_and_so_has_the_tenant(clock):
    some = Budget(clock)
    for _ in range(READS):
        admitted(some).ended({})
    pause(some, VMS.upper())
    for other in (VMS.replace("sub-1", "sub-2"), "/subscriptions", "/subscriptions/sub-2", GRAPH):
        admitted(some, other)


def test_a_lower_number_left_is_believed_at_once(clock):
    some = Budget(clock)
    admitted(some).ended({LEFT: "1"})
    admitted(some)
    assert pause(some) == pytest.approx(1 / READS_A_SECOND)


def test_what_is_on_its_way_is_taken_off_what_is_left(clock):
    some = Budget(clock)
    first, _, _ = (admitted(some) for _ in range(3))
    first.ended({LEFT: "3"})  # the endpoint may not have seen the other two
    admitted(some)
    pause(some)


def test_a_larger_bucket_is_used(clock):
    """Azure Stack Hub counts 15,000 an hour."""
    some = Budget(clock)
    for left in range(14_999, 13_999, -1):
        admitted(some).ended({LEFT: str(left)})


def test_where_nothing_is_assumed_what_is_announced_counts(clock):
    some = Budget(clock, assumed=False)
    for _ in range(READS * 4):
        admitted(some).ended({})
    admitted(some).ended({LEFT: "2"})
    for _ in range(2):
        admitted(some).ended({})
    assert pause(some) == pytest.approx(1 / READS_A_SECOND)
    clock.now += 3600
    for _ in range(2):
        admitted(some).ended({})
    pause(some)


def test_a_number_left_that_comes_late_is_not_believed_too_much(clock):
    some = Budget(clock)
    slow = admitted(some)
    for left in range(9, 4, -1):
        admitted(some).ended({LEFT: str(left)})
    slow.ended({LEFT: "10"})
    for _ in range(5):
        admitted(some)
    pause(some)


def test_the_least_of_several_numbers_counts(clock):
    some = Budget(clock)
    headers = {LEFT: "200", "x-ms-ratelimit-remaining-subscription-global-reads": "1"}
    admitted(some).ended(headers)
    admitted(some)
    pause(some)


@pytest.mark.parametrize("text", ["", "soon", "-1", "1e3", "٣", "9" * 40])
def test_a_number_that_is_none_says_nothing(clock, text):
    some = Budget(clock)
    admitted(some).ended({LEFT: text, "x-ms-ratelimit-remaining-resource": text})
    for _ in range(READS - 1):
        admitted(some)


def test_least():
    assert least(["3", " 2 ", "x"]) == 2
    assert least([]) is None


def test_a_policy_of_the_provider_that_is_used_up_holds_that_provider(clock):
    some = Budget(clock)
    used_up = "Microsoft.Compute/HighCostGetSubscriptionMaximum;899,Microsoft.Compute/LowCostGet3Min;0"
    admitted(some).ended({LEFT: "200", "x-ms-ratelimit-remaining-resource": used_up})
    assert pause(some) == 1
    admitted(some, "/subscriptions/sub-1/providers/Microsoft.Network/virtualNetworks")
    clock.now += 1
    admitted(some)


def test_a_refusal_holds_all_requests_of_that_provider_until_then(clock):
    some = Budget(clock)
    first, second = admitted(some), admitted(some)
    first.ended({}, 60)
    second.ended({}, 30)
    assert pause(some) == 60
    admitted(some, "/subscriptions/sub-1/providers/Microsoft.Network/virtualNetworks")
    clock.now += 60
    admitted(some)


def test_a_refusal_because_the_bucket_is_empty_holds_the_subscription(clock):
    some = Budget(clock)
    admitted(some).ended({LEFT: "0"}, 60)
    assert pause(some, "/subscriptions/sub-1/providers/Microsoft.Network/virtualNetworks") == 60
    admitted(some, "/subscriptions/sub-2/providers/Microsoft.Network/virtualNetworks")


def test_a_request_that_got_no_answer_is_spent_and_no_longer_on_its_way(clock):
    some = Budget(clock)
    admitted(some).ended(None)
    for _ in range(READS - 1):
        admitted(some)
    pause(some)


# The lists of an extension catalogue, which have policies of their own


PLACE = "/subscriptions/sub-1/providers/Microsoft.Compute/locations/westeurope/publishers"
TENANT = "/providers/Microsoft.HybridCompute/locations/eastus/publishers"
LISTS = (
    PLACE,
    f"{PLACE}/Some.Publisher/artifacttypes/vmextension/types",
    f"{PLACE}/Some.Publisher/artifacttypes/vmextension/types/Agent/versions",
    TENANT,
    f"{TENANT}/some/extensionTypes",
    f"{TENANT}/some/extensionTypes/agent/versions",
    f"/subscriptions/sub-1{TENANT}/some/extensionTypes/agent/versions",
)
POLICY = {"x-ms-ratelimit-remaining-resource": "Microsoft.Compute/ListVMExtensionTypes3Min;17999"}


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("headers", [{}, POLICY])
@pytest.mark.parametrize("assumed", [True, False])
def test_a_catalogue_waits_for_no_bucket_that_nobody_has_announced(clock, path, headers, assumed):
    some = Budget(clock, assumed=assumed)
    for _ in range(READS * 10):
        admitted(some, path).ended(headers)


@pytest.mark.parametrize(
    "path",
    [f"{PLACE}x", PLACE.replace("/publishers", "/vmSizes"), PLACE.replace("Compute/", "Network/"), f"/x{TENANT[10:]}"],
)
def test_what_only_looks_like_a_catalogue_is_held(clock, path):
    some = Budget(clock)
    for _ in range(READS):
        admitted(some, path).ended({})
    assert pause(some, path) == pytest.approx(1 / READS_A_SECOND)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("assumed", [True, False])
def test_a_bucket_that_is_announced_counts_for_a_catalogue_at_once(clock, path, assumed):
    some = Budget(clock, assumed=assumed)
    for _ in range(READS * 2):
        admitted(some, path).ended({})
    admitted(some, path).ended({LEFT: "2"} | POLICY)
    for _ in range(2):
        admitted(some, path).ended({})
    assert pause(some, path) == pytest.approx(1 / READS_A_SECOND)


def test_one_that_another_list_has_announced_counts_too(clock):
    some = Budget(clock)
    admitted(some, VMS).ended({LEFT: "1"})
    admitted(some, PLACE).ended({})
    pause(some, PLACE)


def test_a_policy_that_is_used_up_holds_a_catalogue(clock):
    some = Budget(clock)
    admitted(some, PLACE).ended({"x-ms-ratelimit-remaining-resource": "Microsoft.Compute/ListVMExtensionTypes3Min;0"})
    assert pause(some, PLACE) == 1


def test_others_stay_below_what_a_catalogue_has_left(clock):
    some = Budget(clock)
    passes = [admitted(some, PLACE) for _ in range(READS * 3)]
    pause(some, VMS)
    for one in passes:
        one.ended({})
    pause(some, VMS)
    clock.now += 3600
    admitted(some, VMS)


@pytest.mark.parametrize("assumed", [True, False])
def test_once_a_catalogue_is_refused_the_documented_bucket_counts(clock, assumed):
    some = Budget(clock, assumed=assumed)
    first, second = (admitted(some, PLACE) for _ in range(2))
    first.ended({}, 5)
    assert pause(some, PLACE) == 5
    second.ended({}, 0.0)
    clock.now += 5
    # Nothing was left then, and one was still on its way.
    for _ in range(int(5 * READS_A_SECOND) - 1):
        admitted(some, PLACE).ended({})
    assert pause(some, PLACE) == pytest.approx(1 / READS_A_SECOND)
    clock.now += 3600
    for _ in range(READS):
        admitted(some, PLACE).ended({})
    pause(some, PLACE)


@pytest.mark.parametrize("latency", [lambda _: 0.02, lambda c: c.uniform(0.001, 0.4), lambda c: c.choice([0.01, 3.0])])
@pytest.mark.parametrize("assumed", [True, False])
def test_a_catalogue_that_is_refused_is_refused_once_by_each_worker_at_most(latency, assumed):
    _, gate = simulate(2617, latency, workers=16, path=PLACE, assumed=assumed)
    assert gate.refused <= 16


def test_a_catalogue_in_a_bucket_that_is_announced_is_never_refused():
    _, gate = simulate(1000, lambda _: 0.02, workers=16, path=PLACE, announces=True)
    assert gate.refused == 0


def test_a_bucket_that_is_first_heard_of_when_it_is_empty_is_not_empty_for_ever(clock):
    some = Budget(clock, assumed=False)
    admitted(some).ended({LEFT: "0"}, 2)
    clock.now += 3
    admitted(some)


# Resource Graph


def test_resource_graph_has_fifteen_until_it_counts_anew(clock):
    some = Budget(clock)
    for left in range(14, -1, -1):
        headers = {"x-ms-user-quota-remaining": str(left), "x-ms-user-quota-resets-after": "00:00:05"}
        admitted(some, GRAPH).ended(headers)
    assert pause(some, GRAPH) == 5
    clock.now += 5
    admitted(some, GRAPH)


def test_resource_graph_says_when_it_counts_anew(clock):
    some = Budget(clock)
    admitted(some, GRAPH).ended({"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:01:02.5"})
    assert pause(some, GRAPH) == 62.5


def test_resource_graph_without_headers_has_fifteen_in_five_seconds(clock):
    some = Budget(clock)
    for _ in range(15):
        admitted(some, GRAPH).ended({})
    assert pause(some, GRAPH) == 5


def test_fifteen_queries_on_their_way_are_fifteen(clock):
    some = Budget(clock)
    passes = [admitted(some, GRAPH) for _ in range(15)]
    assert pause(some, GRAPH) == 5
    passes[0].ended({"x-ms-user-quota-remaining": "14", "x-ms-user-quota-resets-after": "00:00:03"})
    assert pause(some, GRAPH) == 3


def test_resource_graph_that_refuses_is_left_alone_as_long_as_it_asks(clock):
    some = Budget(clock)
    admitted(some, GRAPH).ended({"x-ms-user-quota-remaining": "14", "x-ms-user-quota-resets-after": "00:00:05"}, 20)
    assert pause(some, GRAPH) == 20


# Who shares it


def test_one_credential_at_one_endpoint_has_one_budget():
    one, other = Credential(), Credential()
    first = budget_of("https://ARM.example", one)
    assert budget_of("https://arm.example", one) is first
    assert budget_of("https://arm.example", other) is not first
    assert budget_of("https://other.example", one) is not first


def test_a_budget_ends_with_the_last_who_has_it():
    one = Credential()
    before = len(budget._shared)
    first = budget_of("https://arm.example", one)
    assert len(budget._shared) == before + 1
    del first
    assert len(budget._shared) == before


def test_default_credentials_are_one_principal():
    default = type("DefaultAzureCredential", (Credential,), {})
    first = budget_of("https://arm.example", default())
    assert budget_of("https://arm.example", default()) is first


# Over the wire


@pytest.fixture
def small(monkeypatch):
    """A bucket of 40 and 200 a second on both sides, so that a test takes a second or two."""
    monkeypatch.setattr(budget, "READS", 40)
    monkeypatch.setattr(budget, "READS_A_SECOND", 200.0)
    return {"burst": 40, "rate": 200}


@pytest.mark.parametrize("announces", [False, True])
def test_eight_workers_at_full_speed_provoke_no_refusal(serve, arc, small, announces):
    server = serve(Estate.of(machines=400, extensions=("AMA",)))
    server.misbehave("ResourceGraph", refused(400, "BadRequest"))
    server.enforce(**small, announces=announces)
    inventory = arc(server).inventory(["vms", "extensions"])
    assert (len(inventory.vms), len(inventory.extensions)) == (400, 400)
    assert inventory.complete
    assert server.counts["extensions of one"] == 400
    assert server.counts["refused"] == 0


def test_two_adapters_with_one_credential_stay_below_one_bucket(serve, azure, arc, small):
    server = serve(Estate.of(vms=150, machines=150, extensions=("AMA",)))
    server.misbehave("ResourceGraph", refused(400, "BadRequest"))
    server.enforce(**small, announces=False)
    credential = Credential()
    one, other = azure(server, credential=credential), arc(server, credential=credential)
    for machine in server.estate.vms:
        machine.pop("resources")  # the lists name no extensions, so each machine is asked
    inventory = hi.collect([one, other], kinds=["vms", "extensions"])
    assert len(inventory.vms) == 300
    assert server.counts["refused"] == 0


@pytest.fixture
def client(certificates):
    wires = []

    def make(server):
        wires.append(Wire("arm.example", ca_file=certificates.ca_file, timeout=5))
        return ArmClient(wires[-1], server.url, Credential(), "https://arm.example/.default")

    yield make
    for wire in wires:
        wire.close()


def test_no_room_before_the_deadline_is_throttled_at_once(serve, client, monkeypatch):
    monkeypatch.setattr(budget, "READS", 3)
    monkeypatch.setattr(budget, "READS_A_SECOND", 0.01)
    server, began = serve(Estate.of(vms=1)), time.monotonic()
    arm = client(server)
    with deadline(50):
        for _ in range(3):
            arm.get(VMS, "2024-07-01")
        with pytest.raises(hi.Throttled) as caught:
            arm.get(VMS, "2024-07-01")
    assert time.monotonic() - began < 40
    assert 90 < caught.value.retry_after <= 100
    assert "deadline=" in caught.value.remedy
    assert server.counts["vms"] == 3


def test_once_refused_for_long_nobody_else_asks(serve, client):
    server = serve(Estate.of(vms=1))
    server.misbehave("virtualMachines", throttled(3600))
    arm, errors = client(server), []

    def ask():
        try:
            arm.get(VMS, "2024-07-01")
        except hi.Throttled as error:
            errors.append(error)

    ask()
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) == 9
    assert server.counts["vms"] == 1
    assert all(3590 < error.retry_after <= 3600 for error in errors)


def test_a_refusal_that_names_no_time_counts_too(serve, client, monkeypatch):
    monkeypatch.setattr(budget, "READS_A_SECOND", 0.001)
    server = serve(Estate.of(vms=1))
    server.misbehave("/publishers", throttled(), times=1)
    with pytest.raises(hi.Throttled):
        client(server).get(PLACE, "2024-07-01")
    assert server.counts["publishers"] == 1


def test_a_try_after_a_broken_connection_counts_too(serve, client, monkeypatch):
    from misbehaviour import Reset, as_kind

    monkeypatch.setattr(budget, "READS", 2)
    monkeypatch.setattr(budget, "READS_A_SECOND", 0.001)
    server = serve(Estate.of(vms=1))
    server.misbehave("virtualMachines", as_kind(Reset), times=1)
    arm = client(server)
    arm.get(VMS, "2024-07-01")
    with pytest.raises(hi.Throttled):
        arm.get(VMS, "2024-07-01")


def test_a_tape_is_played_without_waiting(tmp_path, serve, azure, monkeypatch):
    server = serve(Estate.of(vms=12))
    server.answers.page_size = 1
    hi.record(azure(server), tmp_path / "tape", ["vms"])
    monkeypatch.setattr(budget, "READS", 1)
    monkeypatch.setattr(budget, "READS_A_SECOND", 0.001)
    with hi.replay(tmp_path / "tape") as played:
        assert len(played.vms()) == 12
