"""The bridge: the Azure SDKs' clients and credentials on our wire, which lets them read and nothing else."""

import sys
import threading
import time

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError
from azure.core.rest import HttpRequest
from azure.identity import ClientSecretCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.hybridcompute import HybridComputeManagementClient

import hybridinv as hi
from arm_estate import Estate
from arm_server import SUPPORTED, TOKEN, Credential
from hybridinv.transport.arm import ArmClient
from hybridinv.transport.azure_core import HttpxTransport
from hybridinv.transport.client import Wire
from hybridinv.transport.clouds import default_credential
from hybridinv.transport.deadline import deadline
from misbehaviour import Silence, as_kind, cut_json, fault, forbidden, html, redirected, refused, throttled


@pytest.fixture
def server(serve):
    return serve(Estate.of(vms=3, machines=3, extensions=("AMA",)))


@pytest.fixture
def client(server, certificates):
    wire = Wire("arm.example", ca_file=certificates.ca_file, timeout=5)
    yield ArmClient(wire, server.url, Credential(), "https://arm.example/.default")
    wire.close()


class Watched:
    """The calls of `requests` and `urllib3` that send something, in every thread, while inside."""

    def __init__(self):
        self.calls = set()

    def _seen(self, frame, event, _):
        code = frame.f_code
        if event == "call" and code.co_name in ("send", "urlopen", "request", "_make_request", "connect"):
            for library in ("requests", "urllib3", "aiohttp"):
                if f"/site-packages/{library}/" in code.co_filename:
                    self.calls.add((library, code.co_name))

    def __enter__(self):
        threading.setprofile(self._seen)
        sys.setprofile(self._seen)
        return self

    def __exit__(self, *_):
        sys.setprofile(None)
        threading.setprofile(None)


def test_the_watch_sees_requests():
    import requests

    with Watched() as watched, pytest.raises(requests.exceptions.ConnectionError):
        requests.get("http://127.0.0.1:1/", timeout=1)
    assert ("requests", "send") in watched.calls


# Clients


def test_the_sdk_clients_list_over_our_wire_and_no_other(server, client):
    server.answers.page_size = 2
    with Watched() as watched:
        with client.sdk(ComputeManagementClient, "sub-1") as sdk:
            vms = list(sdk.virtual_machines.list_all())
        with client.sdk(HybridComputeManagementClient, "sub-1") as sdk:
            machines = list(sdk.machines.list_by_subscription())
    assert [vm.name for vm in vms] == ["vm0", "vm1", "vm2"]
    assert [machine.name for machine in machines] == ["srv0", "srv1", "srv2"]
    assert (server.counts["vms"], server.counts["machines"]) == (2, 2)
    assert watched.calls == set()
    assert server.tokens_seen() == {f"Bearer {TOKEN}"}


def test_the_sdk_shares_the_token_and_its_scope(client):
    credential = client._tokens._credential
    client.log_in()
    for _ in range(2):
        with client.sdk(ComputeManagementClient, "sub-1") as sdk:
            sdk.virtual_machines.get("RG-Web", "vm0")
    assert credential.scopes == [("https://arm.example/.default",)]


def test_native_gives_the_sdk_models(server, azure, arc):
    for adapter, vm_type, extension_type in (
        (azure(server), "VirtualMachine", "VirtualMachineExtension"),
        (arc(server), "Machine", "MachineExtension"),
    ):
        vm, extension = adapter.vms()[0], adapter.extensions()[0]
        models = adapter.native(vm), adapter.native(extension)
        assert [type(model).__name__ for model in models] == [vm_type, extension_type]
        assert [model.id.lower() for model in models] == [vm.id, extension.id]
    assert (server.counts["one vm"], server.counts["one machine"], server.counts["one extension"]) == (1, 1, 2)


@pytest.mark.parametrize(
    ("behaviour", "error", "says"),
    [
        (forbidden("Microsoft.Compute/virtualMachines/read"), hi.AccessDenied, "AuthorizationFailed"),
        (refused(404, "ResourceNotFound", "gone"), hi.NotFound, "gone"),
        (refused(401, "InvalidAuthenticationToken", "expired"), hi.AuthenticationFailed, "expired"),
        (refused(400, "Bad", SUPPORTED), hi.ServerFault, "Bad"),
        (throttled(3600), hi.Throttled, "3600 s"),
        (throttled(0), hi.Throttled, "too many requests"),
        (refused(503, "Busy", Retry_After=3600), hi.ServerFault, "Busy"),
        (html, hi.HybridInvError, None),
        (cut_json, hi.HybridInvError, None),
        (redirected("http://127.0.0.1:1/"), hi.HybridInvError, None),
    ],
)
def test_native_errors_are_ours_and_nobody_waits_an_hour(server, azure, behaviour, error, says):
    adapter = azure(server)
    vm = adapter.vms()[0]
    server.misbehave("virtualMachines/vm", behaviour)
    began = time.monotonic()
    with pytest.raises(error, match=says) as caught:
        adapter.native(vm)
    assert caught.value.remedy
    assert time.monotonic() - began < 15
    assert server.counts["one vm"] <= 5
    if error is hi.AccessDenied:
        assert caught.value.missing == "Microsoft.Compute/virtualMachines/read"


def test_native_of_what_is_not_ours_is_not_supported(server, azure, arc):
    vm = arc(server).vms()[0]
    adapter = azure(server)
    for record in (hi.VirtualMachine(id="x", name="x", platform="azure", source="elsewhere"), object(), hi.Host):
        with pytest.raises(hi.NotSupported, match="no SDK model"):
            adapter.native(record)
    with pytest.raises(hi.HybridInvError):
        adapter.native(vm)


def test_a_read_registers_no_provider(serve, azure):
    server = serve(Estate.of(vms=1, subscriptions=("00000000-0000-0000-0000-000000000001",)))
    adapter = azure(server)
    vm = adapter.vms()[0]
    text = "The subscription is not registered to use namespace 'Microsoft.Compute'"
    server.misbehave("virtualMachines/vm", refused(409, "MissingSubscriptionRegistration", text))
    with pytest.raises(hi.ServerFault, match="hybridinv only reads; POST"):
        adapter.native(vm)
    assert server.counts["register"] == 0
    assert {method for method, _, _ in server.seen} == {"GET"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_changes_something_is_not_sent(server, client, method):
    bridge = HttpxTransport(client._wire)
    with pytest.raises(HttpResponseError, match="only reads"):
        bridge.send(HttpRequest(method, f"{server.url}/subscriptions/sub-1/x"))
    assert server.seen == []


def test_the_answer_has_the_face_azure_core_wants(server, client):
    server.estate.metadata = {"ä": 1}
    with HttpxTransport(client._wire) as bridge:
        answer = bridge.send(HttpRequest("GET", f"{server.url}/metadata/endpoints?api-version=1.0"))
    with answer:
        assert (answer.status_code, answer.reason, answer.json()) == (200, "OK", {"ä": 1})
        assert answer.content_type == answer.headers["content-type"] == "application/json"
        assert answer.read() == answer.body() == answer.content == b"".join(answer.iter_bytes())
        assert answer.text().startswith("{")
        assert answer.url.endswith("/metadata/endpoints?api-version=1.0")
        assert answer.is_closed
        assert answer.is_stream_consumed
        assert answer.raise_for_status() is None


def test_a_shorter_timeout_of_the_sdk_is_kept(server, client):
    server.misbehave("metadata", as_kind(Silence))
    began = time.monotonic()
    with pytest.raises(ServiceRequestError, match="no answer in time"):
        HttpxTransport(client._wire).send(
            HttpRequest("GET", f"{server.url}/metadata/endpoints"), connection_timeout=0.2, read_timeout=300
        )
    assert time.monotonic() - began < 4


def test_the_sdks_do_not_sleep_past_the_deadline(client):
    bridge = HttpxTransport(client._wire)
    with deadline(5), pytest.raises(ServiceRequestError, match="no time left"):
        bridge.sleep(3600)


# Credentials


def test_a_credential_gets_its_token_over_our_wire(serve, certificates):
    server = serve()
    answer = {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}
    discovery = {
        "authorization_endpoint": f"{server.url}/t/authorize",
        "token_endpoint": f"{server.url}/t/token",
        "issuer": server.url,
    }
    server.misbehave(r"openid-configuration", lambda _: fault_free(discovery))
    server.misbehave(r"POST /t/token", lambda _: fault_free(answer))
    wire = Wire("login", ca_file=certificates.ca_file, timeout=5)
    credential = ClientSecretCredential(
        "tenant", "client", "the-client-secret", authority=server.url, disable_instance_discovery=True,
        transport=HttpxTransport(wire, writes=True),
    )  # fmt: skip
    with Watched() as watched:
        assert credential.get_token("https://arm.example/.default").token == TOKEN
    wire.close()
    assert watched.calls == set()
    assert [method for method, _, _ in server.seen] == ["GET", "POST"]


def fault_free(value):
    from misbehaviour import Reply

    return Reply.json(200, value)


@pytest.fixture
def _nobody_logged_in(monkeypatch, tmp_path):
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "AZURE_USERNAME", "IDENTITY_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    # Whatever leaves this machine goes to a proxy that is not there.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")


@pytest.mark.usefixtures("_nobody_logged_in")
@pytest.mark.parametrize("secret", [None, "hunter2-secret"])
def test_without_a_network_the_default_credential_is_one_error_in_bounded_time(
    server, certificates, monkeypatch, secret, caplog
):
    caplog.set_level("DEBUG")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    if secret:
        for name, value in (
            ("CLIENT_ID", "1"),
            ("TENANT_ID", "00000000-0000-0000-0000-000000000001"),
            ("CLIENT_SECRET", secret),
        ):
            monkeypatch.setenv(f"AZURE_{name}", value)
    adapter = hi.Azure(endpoint=server.url, ca_file=certificates.ca_file)
    began = time.monotonic()
    with deadline(5 if secret else None), Watched() as watched, pytest.raises(hi.AuthenticationFailed) as caught:
        adapter.vms()
    adapter.close()
    assert time.monotonic() - began < 20
    assert watched.calls == set()
    assert "DefaultAzureCredential failed" in caught.value.message
    assert "az login" in caught.value.remedy
    assert server.seen == []
    if secret:
        assert "on the way to login.microsoftonline.com:443 cannot be reached" in caught.value.message
        assert secret not in str(caught.value) + caplog.text


@pytest.mark.usefixtures("_nobody_logged_in")
def test_the_default_credential_ends_with_the_deadline(certificates):
    wire = Wire("login", ca_file=certificates.ca_file)
    began = time.monotonic()
    with deadline(0), pytest.raises(Exception, match="DefaultAzureCredential failed"):
        default_credential(wire, "https://login.microsoftonline.com").get_token("https://arm.example/.default")
    wire.close()
    assert time.monotonic() - began < 20


def test_errors_in_the_sdk_name_our_own(server, client):
    server.misbehave("vm0", lambda _: fault(200, "x", "y"))
    with client.sdk(ComputeManagementClient, "sub-1") as sdk:
        assert sdk.virtual_machines.get("RG-Web", "vm0").name is None
