"""Waiting for the machines of a plan, against an endpoint that changes between two looks."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

import hybridinv as hi
from arm_estate import Estate, arc_machine
from arm_server import Credential
from misbehaviour import cut_json, forbidden, refused, throttled

ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT.parent / "shared" / "published" / "recordings"
UUID = "42229e2f-348e-7dd2-7f0c-04f74bc0{:04x}"
SUBSCRIPTION = "sub-1"


def swapped(number: int) -> str:
    """The UUID as the agent reports it: in upper case, its first three groups byte-reversed."""
    return f"2f9e2242-8e34-d27d-7f0c-04f74bc0{number:04x}".upper()


def target(**changes: Any) -> hi.OnboardingTarget:
    usual = {"subscription_id": SUBSCRIPTION, "resource_group": "RG-Arc", "tenant_id": "t", "location": "westeurope"}
    return hi.OnboardingTarget(**(usual | changes))


def vm(number: int, **changes: Any) -> hi.VirtualMachine:
    usual = {
        "id": f"vsphere://1/vm-{number}", "name": f"VM {number}", "platform": "vsphere", "source": "vc01",
        "power_state": "running", "os_type": "windows", "os_name": "Microsoft Windows Server 2022 (64-bit)",
        "hostname": f"srv{number}.example.com", "agent": hi.Agent(status="ready"), "bios_uuid": UUID.format(number),
    }  # fmt: skip
    return hi.VirtualMachine(**(usual | changes))


def plan(*vms: hi.VirtualMachine | int, **where: Any) -> hi.OnboardingPlan:
    machines = [vm(one) if isinstance(one, int) else one for one in vms]
    found = hi.plan_onboarding(hi.Inventory(vms=machines), target(**where))
    assert len(found.candidates) == len(machines), found.skipped
    return found


def arrived(number: int, subscription: str = SUBSCRIPTION, group: str = "RG-Arc", **properties: Any) -> dict[str, Any]:
    body = arc_machine(subscription, f"srv{number}", **{"vmUuid": swapped(number), **properties})
    return {**body, "id": body["id"].replace("RG-Arc", group)}


def states(found: hi.OnboardingVerification) -> list[str]:
    return [str(one.state) for one in found.checks]


def look(adapter: hi.AzureArc, of: hi.OnboardingPlan) -> hi.OnboardingCheck:
    """What one look says of the plan's only candidate."""
    found = hi.verify_onboarding(adapter, of, timeout=0)
    assert (found.polls, len(found.checks), found.problems) == (1, 1, ())
    return found.checks[0]


class Clock:
    """Time that passes while one sleeps, and not else."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("hybridinv.onboarding.verify.time", clock)
    return clock


# States


@pytest.mark.parametrize(
    ("properties", "state", "says"),
    [
        ({}, "connected", "Connected"),
        ({"status": None}, "no_status_yet", "no status yet"),
        ({"status": "AwaitingConnection"}, "no_status_yet", "AwaitingConnection"),
        ({"status": "Disconnected"}, "disconnected", "Disconnected"),
        ({"status": "Expired"}, "expired", "Expired"),
        ({"status": "Error", "errorDetails": [{"code": "X", "message": "no way"}]}, "in_error", "X: no way"),
        ({"status": "Disconnected", "statusReason": "Cloned"}, "cloned", "Cloned"),
        ({"status": "Connected", "statusReason": "cloned"}, "cloned", "cloned"),
        ({"status": "Hibernated"}, "unknown", "Hibernated"),
        ({"vmUuid": UUID.format(1)}, "connected", "Connected"),
        ({"vmUuid": None}, "connected", "name alone"),
        ({"vmUuid": swapped(9)}, "name_taken", "another machine"),
    ],
)  # fmt: skip
def test_each_state(serve, arc, properties, state, says) -> None:
    server = serve(Estate())
    server.estate.machines = [arrived(1, **properties)]
    check = look(arc(server), plan(1))
    assert (check.vm_id, check.name, check.state) == ("vsphere://1/vm-1", "VM 1", state)
    assert check.arc_id == server.estate.machines[0]["id"].lower()
    assert says in check.message
    assert bool(check.remedy) == (state != "connected")


def test_a_placeholder_says_nothing_of_a_machine(serve, arc) -> None:
    """Many boards carry the same UUID where their maker has set none."""
    nobody = "03000200-0400-0500-0006-000700080009"
    server = serve(Estate())
    server.estate.machines = [arrived(2, vmUuid=nobody)]
    assert look(arc(server), plan(vm(1, bios_uuid=nobody))).state == "not_there"


def test_connected_in_another_group_goes_before_expired_in_this_one(serve, arc) -> None:
    server = serve(Estate())
    server.estate.machines = [arrived(1, status="Expired"), arrived(1, group="RG-B")]
    check = look(arc(server), plan(1))
    assert check.state == "elsewhere"
    assert "RG-B" in check.message
    assert "delete" not in check.remedy


def test_what_a_terminal_would_act_on_is_shown(serve, arc) -> None:
    server = serve(Estate())
    said = [{"code": "X", "message": "no\x1b[2Jway\u202e"}]
    server.estate.machines = [arrived(1, status="Error", errorDetails=said)]
    message = look(arc(server), plan(1)).message
    assert message.isprintable()
    assert r"no\x1b[2Jway\u202e" in message


def test_not_there(serve, arc) -> None:
    check = look(arc(serve(Estate.of(machines=0))), plan(1))
    assert (check.state, check.arc_id) == ("not_there", "")
    assert "srv1" in check.message
    assert "azcmagent" in check.remedy


@pytest.mark.parametrize(
    ("where", "status", "state"),
    [
        ({"group": "RG-Other"}, "Connected", "elsewhere"),
        ({"subscription": "sub-2"}, "Connected", "elsewhere"),
        ({"group": "RG-Other"}, "Expired", "expired"),
    ],
)
def test_a_machine_at_another_place_is_known_by_its_uuid(serve, arc, where, status, state) -> None:
    server = serve(Estate("sub-1", "sub-2"))
    server.estate.machines = [arrived(1, **where, status=status)]
    check = look(arc(server), plan(1))
    assert check.state == state
    assert "not in the resource group" in check.message


def test_a_machine_of_another_name_in_the_right_group_is_connected(serve, arc) -> None:
    server = serve(Estate())
    server.estate.machines = [{**arrived(1), "id": arrived(1)["id"].replace("srv1", "other"), "name": "other"}]
    check = look(arc(server), plan(1))
    assert (check.state, check.arc_id.rpartition("/")[2]) == ("connected", "other")
    assert "its name there is other" in check.message


def test_the_one_at_the_right_place_counts_and_a_stale_other_does_not(serve, arc) -> None:
    server = serve(Estate())
    server.estate.machines = [arrived(1, group="RG-Old", status="Expired"), arrived(1)]
    assert look(arc(server), plan(1)).state == "connected"


def test_two_connected_machines_of_one_uuid_are_clones(serve, arc) -> None:
    server = serve(Estate())
    server.estate.machines = [arrived(1), arrived(1, group="RG-Old")]
    check = look(arc(server), plan(1))
    assert check.state == "cloned"
    assert "rg-old" in check.message


def test_one_machine_at_arc_that_two_of_the_plan_claim_is_a_clone(serve, arc) -> None:
    """One by its UUID, the other by the name that is the same there."""
    server = serve(Estate())
    server.estate.machines = [arrived(1)]
    found = hi.verify_onboarding(arc(server), plan(1, vm(2, hostname="other")), timeout=0)
    assert states(found) == ["connected", "not_there"]
    of = plan(vm(1, hostname="a"), vm(2, hostname="srv1", bios_uuid=""))
    found = hi.verify_onboarding(arc(server), of, timeout=0)
    assert states(found) == ["cloned", "cloned"]
    assert "VM 2" in found.checks[0].message


def test_a_skipped_machine_of_the_same_uuid_makes_it_a_clone(serve, arc) -> None:
    server = serve(Estate())
    server.estate.machines = [arrived(1)]
    of = plan(1)
    twin = hi.OnboardingCase(vm_id="twin", name="the twin", reason="not_running", bios_uuid=UUID.format(1))
    assert look(arc(server), attrs.evolve(of, skipped=(twin,))).state == "cloned"


def test_whose_the_taken_name_is(serve, arc) -> None:
    server = serve(Estate())
    server.estate.machines = [arrived(1, vmUuid=swapped(2))]
    of = plan(vm(1), vm(2, hostname="unlike"))
    first, second = hi.verify_onboarding(arc(server), of, timeout=0).checks
    assert first.state == "name_taken"
    assert "it is VM 2" in first.message
    assert second.state == "connected"


# Waiting


def test_it_asks_until_all_are_connected(serve, arc) -> None:
    server = serve(Estate())
    steps: list[tuple[int, int | None, bool]] = []
    stages = iter(
        [[arrived(1)], [arrived(1), arrived(2, status=None)], [arrived(1), arrived(2), arrived(3)], ["never"]]
    )

    def progress(step: hi.Progress) -> None:
        steps.append((step.read, step.expected, step.done))
        if not step.done and step.read < 3:
            server.estate.machines = next(stages)

    found = hi.verify_onboarding(arc(server), plan(1, 2, 3), timeout=60, interval=0.01, progress=progress)
    assert steps == [(0, 3, False), (1, 3, False), (1, 3, False), (3, 3, False), (3, 3, True)]
    assert (found.done, found.polls, found.problems, set(states(found))) == (True, 4, (), {"connected"})
    waited = [one.waited_s for one in found.checks]
    assert 0 < waited[0] < waited[1] <= found.waited_s
    assert str(found).startswith("3 of 3 connected")
    assert found.counts["connected"] == 3


@pytest.mark.parametrize("count", [2, 500])
def test_the_number_of_requests_does_not_depend_on_the_number_of_machines(serve, arc, count) -> None:
    server = serve(Estate())
    server.estate.machines = [arrived(number) for number in range(count)]
    found = hi.verify_onboarding(arc(server, subscription_ids=["sub-1"]), plan(*range(count)), timeout=0)
    assert found.done
    assert server.counts == {"machines": 1}


def test_time_is_up(serve, arc, clock) -> None:
    server = serve(Estate())
    server.estate.machines = [arrived(1), arrived(2, status="Error")]
    found = hi.verify_onboarding(arc(server), plan(1, 2, 3), timeout=300)
    assert states(found) == ["connected", "in_error", "not_there"]
    assert clock.pauses == [15, 22.5, 33.75, 50.625, 60, 60, 53.125]
    assert (found.polls, found.waited_s) == (8, 295)
    assert not found.done
    assert found.problems == ()
    assert str(found) == "1 of 3 connected after 295 s; 1 not there, 1 in error"


def test_nobody_waits_for_what_waiting_does_not_mend(serve, arc) -> None:
    server = serve(Estate())
    server.estate.machines = [
        arrived(1, statusReason="Cloned"),
        arrived(2, vmUuid=swapped(8)),
        arrived(3, group="RG-B"),
    ]
    found = hi.verify_onboarding(arc(server), plan(1, 2, 3), timeout=600)
    assert (found.polls, states(found)) == (1, ["cloned", "name_taken", "elsewhere"])


def test_a_plan_without_candidates_asks_nobody(serve, arc) -> None:
    server = serve(Estate())
    found = hi.verify_onboarding(arc(server), plan(), timeout=60)
    assert (found.done, found.polls, len(found.checks), server.seen) == (True, 0, 0, [])


# What goes wrong


def test_a_look_that_fails_keeps_what_was_known(serve, arc, clock) -> None:
    server = serve(Estate())
    server.estate.machines = [arrived(1), arrived(2, status=None)]

    def progress(step: hi.Progress) -> None:
        server.misbehave("HybridCompute/machines", forbidden("Microsoft.HybridCompute/machines/read"))

    found = hi.verify_onboarding(arc(server), plan(1, 2, 3), timeout=30, progress=progress)
    assert found.polls == 3
    assert states(found)[:2] == ["connected", "no_status_yet"]
    (problem,) = found.problems
    assert (problem.error, problem.scope) == ("AccessDenied", "/subscriptions/sub-1")
    assert states(found)[2] == "unknown"
    assert "could not be read" in found.checks[2].message


def test_a_passing_trouble_is_waited_out(serve, arc) -> None:
    server = serve(Estate())
    server.estate.machines = [arrived(1)]
    server.misbehave("HybridCompute/machines", refused(500, "InternalServerError"), times=2)
    found = hi.verify_onboarding(arc(server), plan(1), timeout=60, interval=0.01)
    assert (found.done, found.polls, found.problems) == (True, 3, ())


def test_throttling_is_waited_out(serve, arc) -> None:
    server = serve(Estate())
    server.estate.machines = [arrived(1)]
    server.misbehave("HybridCompute/machines", throttled(0), times=3)
    found = hi.verify_onboarding(arc(server), plan(1), timeout=60, interval=0.01)
    assert (found.done, found.polls, server.counts["machines"]) == (True, 1, 4)


def test_throttling_beyond_the_time_that_is_left_is_told(serve, arc, clock) -> None:
    server = serve(Estate())
    server.misbehave("HybridCompute/machines", throttled(3600))
    with pytest.raises(hi.IncompleteInventory, match="Throttled"):
        hi.verify_onboarding(arc(server), plan(1), timeout=60)
    assert clock.now == 55


def test_a_subscription_that_is_refused_ends_it_at_once(serve, arc) -> None:
    server = serve(Estate())
    server.misbehave("HybridCompute/machines", forbidden("Microsoft.HybridCompute/machines/read"))
    with pytest.raises(hi.IncompleteInventory, match="machines/read"):
        hi.verify_onboarding(arc(server), plan(1), timeout=600)
    assert server.counts["machines"] == 1


def test_a_wrong_login_ends_it_at_once(serve, arc) -> None:
    server = serve(Estate())
    with pytest.raises(hi.AuthenticationFailed):
        hi.verify_onboarding(arc(server, credential=Credential("wrong")), plan(1), timeout=600)


def test_another_subscription_that_is_refused_is_a_problem(serve, arc) -> None:
    server = serve(Estate("sub-1", "sub-2"))
    server.estate.machines = [arrived(1)]
    server.misbehave("sub-2/providers", forbidden("Microsoft.HybridCompute/machines/read"))
    found = hi.verify_onboarding(arc(server), plan(1, 2), timeout=0)
    assert states(found) == ["connected", "not_there"]
    assert [problem.scope for problem in found.problems] == ["/subscriptions/sub-2"]


def test_a_page_that_is_missing_makes_nobody_absent(serve, arc) -> None:
    server = serve(Estate())
    server.estate.machines = [arrived(number) for number in range(4)]
    server.answers.page_size = 2
    server.misbehave("skiptoken=2", cut_json)
    found = hi.verify_onboarding(arc(server), plan(0, 1, 2, 3), timeout=0)
    assert states(found) == ["connected", "connected", "unknown", "unknown"]
    assert [problem.error for problem in found.problems] == ["TruncatedAnswer"]


def test_a_record_that_cannot_be_read_is_unknown_and_not_absent(serve, arc) -> None:
    server = serve(Estate())
    server.estate.machines = [arrived(1), {**arrived(2), "id": None}]
    found = hi.verify_onboarding(arc(server), plan(1, 2, 3), timeout=0)
    assert states(found) == ["connected", "unknown", "not_there"]


def test_a_silent_endpoint_does_not_outlast_the_timeout(serve, arc) -> None:
    server = serve(Estate())
    server.delay = 5
    with pytest.raises(hi.DeadlineExceeded):
        hi.verify_onboarding(arc(server), plan(1), timeout=0.2, interval=0.05)


def test_an_adapter_of_another_subscription_is_refused(serve, arc) -> None:
    server = serve(Estate("sub-1", "sub-2"))
    with pytest.raises(hi.NotSupported, match="sub-1"):
        hi.verify_onboarding(arc(server, subscription_ids=["sub-2"]), plan(1), timeout=0)


@pytest.mark.parametrize(
    "arguments", [{"timeout": -1}, {"timeout": "soon"}, {"timeout": True}, {"timeout": float("inf")}, {"interval": 0}]
)
def test_times_that_are_none_are_refused(serve, arc, arguments) -> None:
    with pytest.raises(hi.NotSupported, match="no time to wait"):
        hi.verify_onboarding(arc(serve(Estate())), plan(1), **arguments)


def test_what_is_no_plan_or_no_arc_is_refused(serve, arc, azure) -> None:
    server = serve(Estate())
    with pytest.raises(hi.NotSupported, match="not an OnboardingPlan"):
        hi.verify_onboarding(arc(server), plan(1).candidates)  # type: ignore[arg-type]
    with pytest.raises(hi.NotSupported, match="Azure Arc"):
        hi.verify_onboarding(azure(server), plan(1))
    assert server.seen == []


# Files


def test_a_plan_is_saved_whole_and_loaded(tmp_path: Path) -> None:
    of = hi.plan_onboarding(hi.Inventory(vms=[vm(1), vm(2, power_state="stopped")]), target(tags={"env": "prod"}))
    hi.save_onboarding(of, tmp_path / "plan.json")
    assert hi.load_onboarding(tmp_path / "plan.json") == of
    assert [one.name for one in tmp_path.iterdir()] == ["plan.json"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text[:-20], "not JSON"),
        (lambda text: "{}", "not a saved onboarding plan"),
        (lambda text: text.replace('"hybridinv-onboarding"', '"hybridinv-inventory"'), "not a saved onboarding plan"),
        (lambda text: text.replace('"RG-Arc"', '"no/group"'), "damaged"),
        (lambda text: text.replace('"ready"', '"perhaps"'), "damaged"),
    ],
)
def test_a_file_that_is_no_plan_is_refused(tmp_path: Path, change: Any, says: str) -> None:
    file = tmp_path / "plan.json"
    hi.save_onboarding(plan(1), file)
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(hi.InventoryFileError, match=says):
        hi.load_onboarding(file)


def test_an_inventory_is_no_plan(tmp_path: Path) -> None:
    hi.Inventory().save(tmp_path / "inventory.json")
    with pytest.raises(hi.InventoryFileError, match="not a saved onboarding plan"):
        hi.load_onboarding(tmp_path / "inventory.json")


# As Microsoft recorded it


@pytest.mark.skipif(
    not RECORDINGS.is_dir() and not os.environ.get("CI"), reason=f"there is no {RECORDINGS.relative_to(ROOT.parent)}"
)
def test_machines_as_microsoft_recorded_them() -> None:
    """Every machine of one resource group as a candidate, told apart as the file has them; and one of nobody."""
    text = (RECORDINGS / "arc-machines-four-pages-2019-08-02-preview.json").read_bytes()
    exchanges = json.loads(text)["exchanges"]
    pages = {str(httpx.URL(one["url"]).params.get("$skiptoken", "")): one["body"] for one in exchanges}
    subscription = "00000000-0000-0000-0000-000000000000"

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path.endswith("/machines")
        return httpx.Response(200, json=pages[request.url.params.get("$skiptoken", "")])

    bodies = {body["id"].lower(): body for page in pages.values() for body in page["value"]}
    group = "rg-e1dab3"
    ours = {body["name"]: body["properties"] for id_, body in bodies.items() if id_.split("/")[4] == group}
    names = [*ours, "machine_of_nobody"]
    cases = [hi.OnboardingCase(vm_id=name, name=name, resource_name=name) for name in names]
    of = hi.OnboardingPlan(target=target(subscription_id=subscription, resource_group=group), candidates=cases)
    adapter = hi.AzureArc(
        credential=Credential(), subscription_ids=[subscription], transport=httpx.MockTransport(answer)
    )
    found = hi.verify_onboarding(adapter, of, timeout=0)
    words = {"Connected": "connected", "Disconnected": "disconnected", "Error": "in_error", None: "no_status_yet"}
    assert states(found) == [*(words[properties.get("status")] for properties in ours.values()), "not_there"]
    assert len(ours) == 24
    assert found.problems == ()
