"""Tags and custom attributes: read with detail="full", once for all kinds, and never silently short."""

import asyncio
import base64
import math
import re
import time
from contextlib import closing
from threading import Lock

import httpx
import pytest

import hybridinv as hi
from live.simulation import PASSWORD, Wire

pytestmark = pytest.mark.live

TAGGED = {
    "vms": "vms",
    "hosts": "hosts",
    "clusters": "clusters",
    "datastores": "datastores",
    "networks": "networks",
    "switches": "switches",
    "resource_pools": "resource_pools",
}
"""Kinds that may have tags, and where the truth has them."""
ASKED = ("list tag", "get tag", "get category", "list-attached-objects-on-tags", "CreateSession", "DeleteSession")


class Rest(Wire):
    """A wire that knows REST from SOAP, and lets `answer` take the place of a REST answer."""

    def __init__(self, simulator, answer=None):
        super().__init__(simulator)
        self.answer = answer
        self.headers = []
        self.lock = Lock()

    def handle_request(self, request):
        with self.lock:
            self.headers.append(request.headers)
        if self.answer and not request.url.path.startswith("/sdk"):
            said = self.answer(self, request)
            if said is not None:
                self.operations.append(str(request.extensions["operation"]))
                return said
        return super().handle_request(request)

    def pass_on(self, request):
        """What the simulator says to a request."""
        return self._inner.handle_request(request)


def older(wire, request):
    """A vCenter before 7.0 U2."""
    return httpx.Response(404) if request.url.path.startswith("/api") else None


def categories(simulator):
    return [category["tags"] or [] for category in simulator.truth["tag_categories"]]


def used_tags(simulator):
    return [tag for tags in categories(simulator) for tag in tags if tag["attached"]]


def true_tags(one):
    return {category: ", ".join(sorted(tags)) for category, tags in (one.get("tags") or {}).items()}


@pytest.fixture(scope="module", params=["plain", "demo"])
def scene(request):
    simulator = request.getfixturevalue(request.param)
    with simulator.adapter() as vcenter:
        return simulator, vcenter.inventory(list(TAGGED), detail="full")


@pytest.mark.parametrize("kind", TAGGED)
def test_every_object_has_its_tags_and_attributes_by_name(scene, kind):
    simulator, inventory = scene
    assert not [problem for problem in inventory.problems if not problem.scope.startswith("vsphere://")]
    records = inventory.tables()[kind]
    for one in simulator.truth[TAGGED[kind]]:
        record = records.get(simulator.id_of(one["moref"]))
        assert dict(record.tags) == true_tags(one)
        assert dict(record.custom_attributes) == (one.get("custom_attributes") or {})


def test_the_scene_has_what_this_is_about(plain):
    with plain.adapter() as vcenter:
        inventory = vcenter.inventory(list(TAGGED), detail="full")
    assert sum(bool(vm.tags) for vm in inventory.vms) > 2
    assert sum(bool(vm.custom_attributes) for vm in inventory.vms) > 2
    assert any(", " in value for records in inventory.tables().values() for one in records
               for value in getattr(one, "tags", {}).values())  # fmt: skip
    assert any(host.tags for host in inventory.hosts)


def test_the_summary_has_none_and_asks_for_none(plain):
    with plain.over(Rest) as (vcenter, wire):
        inventory = vcenter.inventory()
    assert not any(getattr(one, "tags", ()) for kind in TAGGED for one in inventory.tables()[kind])
    assert not any(wire.counts[operation] for operation in ASKED)


@pytest.mark.parametrize("form", ["/api/", "/rest/"])
def test_each_form_of_the_api_gives_the_same(plain, form):
    with plain.over(Rest, answer=older if form == "/rest/" else None) as (vcenter, wire):
        vms = vcenter.vms(detail="full")
    for one in plain.truth["vms"]:
        assert dict(vms.get(plain.id_of(one["moref"])).tags) == true_tags(one)
    assert wire.counts["CreateSession"] == (2 if form == "/rest/" else 1)
    assert wire.counts["DeleteSession"] == 1


@pytest.mark.parametrize("count", ["10", "400"])
def test_requests_depend_on_the_tags_and_not_on_the_machines(simulate, count):
    simulator = simulate("-vms", count)
    everything = sum(map(len, categories(simulator)))
    with simulator.over(Rest) as (vcenter, wire):
        vcenter.inventory(list(TAGGED), detail="full")
    assert {operation: wire.counts[operation] for operation in ASKED} == {
        "list tag": 1,
        "get tag": len(used_tags(simulator)),
        "get category": sum(any(tag["attached"] for tag in tags) for tags in categories(simulator)),
        "list-attached-objects-on-tags": math.ceil(everything / 100),
        "CreateSession": 1,
        "DeleteSession": 1,
    }


# no such service


def test_a_vcenter_that_hides_the_service_has_a_problem_and_all_its_machines(plain):
    with plain.over(Rest, answer=lambda wire, request: httpx.Response(404)) as (vcenter, wire):
        inventory = vcenter.inventory(["vms", "datastores"], detail="full")
        assert len(vcenter.vms(detail="full")) == len(vcenter.vms()) == 100
    assert {(one.kind, one.scope, one.error) for one in inventory.problems} == {
        ("vms", "tags", "NotFound"), ("datastores", "tags", "NotFound"),
    }  # fmt: skip
    assert "/api" in inventory.problems[0].remedy
    assert len(inventory.vms) == 100
    assert wire.counts["CreateSession"] == 4


def test_an_esxi_host_is_not_even_asked(plain):
    class Esxi(Rest):
        def handle_request(self, request):
            response = super().handle_request(request)
            if self.operations[-1] != "RetrieveServiceContent":
                return response
            body = response.read().replace(b">VirtualCenter<", b">HostAgent<")
            body = re.sub(rb"<customFieldsManager.*?</customFieldsManager>", b"", body)
            return httpx.Response(200, content=body)

    with plain.over(Esxi) as (vcenter, wire):
        inventory = vcenter.inventory(["vms", "networks"], detail="full")
    assert inventory.complete, list(inventory.problems)
    assert len(inventory.vms) == 100
    assert not any(wire.counts[operation] for operation in ASKED)


# the service refuses


def said(operation, *answer, **options):
    """An answer to one operation in place of the vCenter's."""

    def answer_to(wire, request):
        return httpx.Response(*answer, **options) if request.extensions["operation"] == operation else None

    return answer_to


REFUSALS = [
    (said("CreateSession", 401), "AuthenticationFailed", "user name or password"),
    (said("CreateSession", 403, json={"error_type": "UNAUTHORIZED"}), "AccessDenied", "UNAUTHORIZED"),
    (said("CreateSession", 503), "ServerFault", "503"),
    (said("CreateSession", 200, text="<html>Sign in</html>"), "UnexpectedAnswer", "gave no session"),
    (said("list tag", 401), "AuthenticationFailed", "401"),
    (said("list tag", 403, json={"error_type": "UNAUTHORIZED"}), "AccessDenied", "UNAUTHORIZED"),
    (said("list tag", 500, text="<html>oops</html>"), "ServerFault", "500"),
    (said("list tag", 200, text='["urn:vmomi'), "UnexpectedAnswer", "instead of JSON"),
    (said("list tag", 200, text="<html>Sign in</html>"), "UnexpectedAnswer", "instead of JSON"),
    (said("list tag", 200, json={"tags": []}), "UnexpectedAnswer", "a list of ids"),
    (said("list-attached-objects-on-tags", 403), "AccessDenied", "403"),
    (said("list-attached-objects-on-tags", 404), "NotFound", "404"),
    (said("list-attached-objects-on-tags", 200, text="nothing"), "UnexpectedAnswer", "instead of JSON"),
    (said("get tag", 403, json={"error_type": "UNAUTHORIZED"}), "AccessDenied", "UNAUTHORIZED"),
    (said("get category", 500), "ServerFault", "500"),
]


@pytest.mark.parametrize(("answer", "error", "says"), REFUSALS)
def test_a_refusal_is_a_problem_of_each_kind_and_costs_nothing_else(plain, answer, error, says):
    with plain.over(Rest, answer=answer) as (vcenter, wire):
        inventory = vcenter.inventory(["vms", "datastores"], detail="full")
        assert (len(inventory.vms), len(inventory.datastores)) == (100, len(plain.truth["datastores"]))
        assert [(problem.kind, problem.error) for problem in inventory.problems] == [
            ("vms", error),
            ("datastores", error),
        ]
        for problem in inventory.problems:
            assert problem.scope.startswith("tags")
            assert says in problem.message
            assert problem.remedy
        assert wire.counts["CreateSession"] <= 3
        assert vcenter.vms(detail="full") == inventory.vms
    assert all(vm.custom_attributes for vm in inventory.vms if any(
        plain.id_of(one["moref"]) == vm.id and one.get("custom_attributes") for one in plain.truth["vms"]))  # fmt: skip


def test_a_tag_that_is_refused_is_named_and_the_others_are_there(plain):
    tags = used_tags(plain)
    hidden = max(tags, key=lambda tag: tag["attached"])

    def refuse(wire, request):
        return httpx.Response(403) if request.url.path.endswith(f"/tag/{hidden['id']}") else None

    with plain.over(Rest, answer=refuse) as (vcenter, _):
        inventory = vcenter.inventory(["vms"], detail="full")
    assert [problem.scope for problem in inventory.problems] == [f"tags {hidden['id']}"]
    expected = {
        plain.id_of(one["moref"]): {
            category: ", ".join(sorted(set(names) - {hidden["name"]}))
            for category, names in (one.get("tags") or {}).items()
            if set(names) - {hidden["name"]}
        }
        for one in plain.truth["vms"]
    }
    assert {vm.id: dict(vm.tags) for vm in inventory.vms} == expected


def test_a_tag_that_is_removed_meanwhile_is_no_problem(plain):
    gone = used_tags(plain)[0]

    def remove(wire, request):
        return httpx.Response(404) if request.url.path.endswith(f"/tag/{gone['id']}") else None

    with plain.over(Rest, answer=remove) as (vcenter, _):
        inventory = vcenter.inventory(["vms", "datastores"], detail="full")
    assert inventory.complete, list(inventory.problems)


def test_a_service_that_hangs_does_not_cost_the_machines(plain):
    def hang(wire, request):
        if request.extensions["operation"] == "list tag":
            time.sleep(request.extensions["timeout"]["read"])
            raise httpx.ReadTimeout("timed out", request=request)

    with plain.over(Rest, answer=hang) as (vcenter, wire):
        vcenter.clusters()
        inventory = vcenter.inventory(["vms", "datastores"], detail="full", deadline=6)
    assert (len(inventory.vms), len(inventory.datastores)) == (100, len(plain.truth["datastores"]))
    assert [(p.kind, p.scope, p.error) for p in inventory.problems] == [
        ("vms", "tags", "DeadlineExceeded"),
        ("datastores", "tags", "DeadlineExceeded"),
    ]
    assert wire.counts["CreateSession"] == wire.counts["DeleteSession"] == 1


# sessions


@pytest.mark.parametrize("operation", ["list tag", "list-attached-objects-on-tags", "get tag", "get category"])
def test_a_session_that_ends_in_the_middle_is_renewed(plain, operation):
    ended = []

    def end(wire, request):
        with wire.lock:
            if request.extensions["operation"] == operation and not ended:
                ended.append(True)
                key = request.headers["vmware-api-session-id"]
                url = request.url.copy_with(path="/rest/com/vmware/cis/session", query=None)
                wire.pass_on(httpx.Request("DELETE", url, headers={"vmware-api-session-id": key})).read()

    with plain.over(Rest, answer=end) as (vcenter, wire):
        vms = vcenter.vms(detail="full")
    assert ended
    for one in plain.truth["vms"]:
        assert dict(vms.get(plain.id_of(one["moref"])).tags) == true_tags(one)
    assert wire.counts["CreateSession"] == 2
    assert wire.counts["Login"] == 1


def test_a_soap_session_that_ends_costs_no_tags(fresh):
    simulator = fresh("-scene", "plain")
    with simulator.over() as (vcenter, wire):
        vcenter.vms()
        simulator.terminate()
        inventory = vcenter.inventory(["vms", "licenses"], detail="full")
    assert inventory.complete, list(inventory.problems)
    assert wire.counts["Login"] == 2
    assert any(vm.tags for vm in inventory.vms)
    assert any(vm.custom_attributes for vm in inventory.vms)


def test_four_threads_on_one_adapter_inside_an_event_loop(plain):
    kinds = ("vms", "datastores", "hosts", "clusters")

    async def read(vcenter):
        return await asyncio.gather(*(asyncio.to_thread(vcenter.inventory, [kind], detail="full") for kind in kinds))

    with plain.over(Rest) as (vcenter, wire):
        inventories = asyncio.run(read(vcenter))
    assert wire.counts["Login"] == 1
    assert wire.counts["CreateSession"] == wire.counts["DeleteSession"] == len(kinds)
    for kind, inventory in zip(kinds, inventories, strict=True):
        for one in plain.truth[kind]:
            assert dict(inventory.tables()[kind].get(plain.id_of(one["moref"])).tags) == true_tags(one)


# secrets


@pytest.mark.parametrize("form", ["/api/", "/rest/"])
def test_a_tape_with_tags_plays_back_and_holds_no_secret(plain, tmp_path, form):
    wire = Rest(plain, answer=older if form == "/rest/" else None)
    with closing(wire), plain.adapter(transport=wire, detail="full") as vcenter:
        recorded = hi.record(vcenter, tmp_path / "tape", kinds=list(TAGGED))
    player = hi.replay(tmp_path / "tape")
    assert player.detail == "full"
    played = player.inventory(list(TAGGED))
    assert played.tables() == recorded.tables()
    assert any(vm.tags for vm in played.vms)
    hi.record(hi.replay(tmp_path / "tape"), tmp_path / "again", kinds=list(TAGGED))
    assert {path.name: path.read_bytes() for path in (tmp_path / "tape").iterdir()} == {
        path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()
    }
    basic = {headers["Authorization"].partition(" ")[2] for headers in wire.headers if "Authorization" in headers}
    keys = {headers["vmware-api-session-id"] for headers in wire.headers if "vmware-api-session-id" in headers}
    assert basic == {base64.b64encode(f"{plain.username}:{PASSWORD}".encode()).decode()}
    assert keys
    everything = b"\n".join(path.read_bytes() for path in (tmp_path / "tape").iterdir()).decode()
    for secret in (PASSWORD, *basic, *keys):
        assert secret not in everything
