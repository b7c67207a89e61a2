"""From inventory to action: the examples of the page, run, and what a client that may write must not do."""

import re
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError

import hybridinv as hi
from arm_estate import Estate
from arm_server import TOKEN, Credential
from misbehaviour import Reset, as_kind, edited, fault, moved, refused, throttled

PAGE = Path(__file__).parents[2] / "docs" / "from-inventory-to-action.md"
AZURE, HUB, ARC, VSPHERE = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def server(serve):
    return serve(Estate.of(vms=3, machines=3, extensions=("AMA",)))


def writes(server):
    return [(method, target.partition("?")[0]) for method, target, _ in server.seen if method not in ("GET", "HEAD")
            and "ResourceGraph" not in target]  # fmt: skip


def silent(name):
    def change(page):
        for item in page["value"]:
            if item["name"] == name:
                item["properties"]["instanceView"]["vmAgent"]["statuses"] = [{"displayStatus": "Not Ready"}]

    return edited(change)


def test_the_machine_that_a_filter_finds_is_restarted(server, azure, monkeypatch, capsys):
    server.misbehave("statusOnly", silent("vm1"))
    adapter = azure(server)
    monkeypatch.setattr(hi, "Azure", lambda: adapter)
    exec(AZURE, {})
    id_ = server.estate.vms[1]["id"]
    assert writes(server) == [("POST", f"{id_}/restart")]
    assert server.estate.actions == [(id_.lower(), "restart", "Succeeded")]
    assert server.counts["operation"] >= 1
    assert capsys.readouterr().out == "vm1 restarted\n"
    assert server.tokens_seen() == {f"Bearer {TOKEN}"}


def test_a_hub_is_told_an_api_version_it_knows(serve, hub, monkeypatch):
    server = serve(Estate.of(vms=1))
    server.estate.vms[0]["name"] = "web01"
    server.estate.vms[0]["id"] = server.estate.vms[0]["id"].replace("vm0", "web01")
    server.estate.metadata = {
        "authentication": {"loginEndpoint": "https://login.invalid/x", "audiences": ["https://a"]}
    }
    server.estate.versions = {"virtualmachines": ["2020-06-01"], "restart": ["2020-06-01"]}
    adapter = hub(server)
    monkeypatch.setattr(hi, "AzureStackHub", lambda _: adapter)
    exec(HUB, {})
    assert [(action, status) for _, action, status in server.estate.actions] == [("restart", "Succeeded")]


def test_the_extensions_of_a_server_are_upgraded(server, arc, monkeypatch):
    server.estate.machines[0]["name"] = "srv01"
    server.estate.machines[0]["id"] = server.estate.machines[0]["id"].replace("srv0", "srv01")
    adapter = arc(server)
    monkeypatch.setattr(hi, "AzureArc", lambda: adapter)
    exec(ARC, {})
    assert [(action, status) for _, action, status in server.estate.actions] == [("upgradeextensions", "Succeeded")]


def test_the_example_for_vsphere_is_python():
    compile(VSPHERE, "page", "exec")


# What it must not do


@pytest.fixture
def compute(server, azure):
    adapter = azure(server)
    with adapter.native_client(adapter.vms()[0]) as client:
        yield client


def restart(compute):
    return compute.virtual_machines.begin_restart("RG-Web", "vm0", polling_interval=0)


@pytest.mark.parametrize(
    "behaviour", [throttled(0), refused(503, "Busy", Retry_After=0), refused(500, "Oops"), as_kind(Reset)]
)
def test_a_write_is_sent_once(server, compute, behaviour):
    server.misbehave("/restart", behaviour)
    with pytest.raises((HttpResponseError, ServiceRequestError)):
        restart(compute).result()
    assert len(writes(server)) == 1


def test_the_token_of_a_write_stays_here(server, serve, compute):
    trap = serve(Estate.of(vms=3))
    for status in (301, 302, 307, 308):
        server.misbehave("/restart", moved(status, f"{trap.url}{server.estate.vms[0]['id']}/restart"), times=1)
        with pytest.raises(HttpResponseError):
            restart(compute).result()
    assert trap.seen == []


@pytest.mark.parametrize("header", ["Azure-AsyncOperation", "Location"])
def test_the_token_does_not_follow_an_operation_to_another_host(server, serve, compute, header):
    trap = serve(Estate.of(vms=3))
    elsewhere = f"{trap.url}/subscriptions/sub-1/providers/Microsoft.Compute/locations/l/operations/1"

    def lead_away(reply):
        reply.headers = {"Retry-After": "0", header: elsewhere}
        return reply

    server.misbehave("/restart", lead_away)
    with pytest.raises(HttpResponseError, match="the token was not sent there"):
        restart(compute).result()
    assert trap.seen == []


def test_the_token_does_not_follow_a_next_link_of_the_sdk(server, serve, compute):
    trap = serve(Estate.of(vms=3))
    server.misbehave("virtualMachines", edited(lambda page: page.update(nextLink=f"{trap.url}/x?api-version=1")))
    with pytest.raises(HttpResponseError, match="the token was not sent there"):
        list(compute.virtual_machines.list_all())
    assert trap.seen == []


def test_no_provider_is_registered_on_the_way(serve, azure):
    server = serve(Estate.of(vms=1, subscriptions=("00000000-0000-0000-0000-000000000001",)))
    text = "The subscription is not registered to use namespace 'Microsoft.Compute'"
    server.misbehave("/restart", lambda _: fault(409, "MissingSubscriptionRegistration", text))
    adapter = azure(server)
    with (
        adapter.native_client(adapter.vms()[0]) as compute,
        pytest.raises(HttpResponseError, match="az provider register"),
    ):
        restart(compute).result()
    assert server.counts["register"] == 0
    assert len(writes(server)) == 1


def test_reading_never_writes(server, azure, arc):
    for adapter in (azure(server), arc(server)):
        adapter.inventory(detail="full")
        adapter.native(adapter.vms()[0])
    assert writes(server) == []


@pytest.mark.parametrize("record", [None, "vm0", hi.VirtualMachine(id="x", name="x", platform="vsphere", source="vc")])
def test_a_record_of_another_source_has_no_client_here(server, azure, record):
    with pytest.raises(hi.NotSupported) as caught:
        azure(server).native_client(record)
    assert caught.value.remedy
    assert server.seen == []


def test_the_client_has_the_subscription_of_the_record(serve, azure):
    server = serve(Estate.of(vms=2, subscriptions=("sub-1", "sub-2")))
    credential = Credential()
    adapter = azure(server, credential=credential)
    for vm in adapter.vms():
        with adapter.native_client(vm) as client:
            assert [one.name for one in client.virtual_machines.list_all()] == [vm.name]
    assert len(credential.scopes) == 1
