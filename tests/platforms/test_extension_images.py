"""The extension catalogue from an endpoint: publishers, types, versions, and what is missing of them."""

import threading

import httpx
import pytest
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.hybridcompute import HybridComputeManagementClient

import hybridinv as hi
from arm_estate import Estate
from arm_server import TOKEN, Credential
from hybridinv.transport import budget
from hybridinv.wire.extension_images import in_order
from misbehaviour import Reply, edited, forbidden, html, raw, refused, throttled

METADATA = {"authentication": {"loginEndpoint": "https://login.invalid/x", "audiences": ["https://a"]}}
CATALOGUE = {
    "Canonical": {},
    "Microsoft.Azure.Diagnostics": {"LinuxDiagnostic": ["3.0.9", "3.0.121"], "IaaSDiagnostics": ["1.1", "1.10", "1.9"]},
    "Microsoft.Compute": {"BGInfo": ["2.1"]},
    "zabbix": {"Agent": ["1.0"]},
}
ARC = {
    "Microsoft.Azure.Monitor": {"AzureMonitorLinuxAgent": {"1.9.1": "Linux", "1.33.0": "Linux"}},
    "Microsoft.Compute": {"CustomScriptExtension": {"1.10.12": "Windows"}},
}


@pytest.fixture
def server(serve):
    server = serve(Estate("sub-1"))
    server.estate.others.catalogue = CATALOGUE
    server.estate.others.arc_catalogue = ARC
    server.estate.metadata = METADATA
    return server


def told(images):
    return [(one.publisher, one.type, one.version) for one in images]


EVERYTHING = [
    ("Microsoft.Azure.Diagnostics", "IaaSDiagnostics", "1.1"),
    ("Microsoft.Azure.Diagnostics", "IaaSDiagnostics", "1.9"),
    ("Microsoft.Azure.Diagnostics", "IaaSDiagnostics", "1.10"),
    ("Microsoft.Azure.Diagnostics", "LinuxDiagnostic", "3.0.9"),
    ("Microsoft.Azure.Diagnostics", "LinuxDiagnostic", "3.0.121"),
    ("Microsoft.Compute", "BGInfo", "2.1"),
    ("zabbix", "Agent", "1.0"),
]


def asked(server):
    return {name: count for name, count in server.counts.items() if "publishers" in name or "extension" in name}


# What there is


def test_everything_that_a_location_offers_in_numeric_order(server, azure):
    images = azure(server).extension_images("West Europe")
    assert told(images) == EVERYTHING
    assert (images.complete, images.type) == (True, hi.ExtensionImage)
    assert {(one.platform, one.location, one.os_type) for one in images} == {("azure", "westeurope", hi.OSType.UNKNOWN)}
    assert asked(server) == {"publishers": 1, "extension types": 4, "extension versions": 4}
    assert images[0].id.startswith("/subscriptions/sub-1/providers/microsoft.compute/locations/westeurope/publishers/")


def test_the_highest_version_of_each_type(server, azure):
    newest = azure(server).extension_images("westeurope", latest=True)
    assert told(newest) == [EVERYTHING[n] for n in (2, 4, 5, 6)]


def test_publishers_and_types_by_pattern_in_any_letter_case(server, azure):
    adapter = azure(server)
    assert told(adapter.extension_images("westeurope", publishers=["MICROSOFT.*"])) == EVERYTHING[:6]
    assert asked(server) == {"publishers": 1, "extension types": 2, "extension versions": 3}
    assert told(adapter.extension_images("westeurope", types="linux*", cache=False)) == EVERYTHING[3:5]
    assert server.counts["extension versions"] == 4
    images = adapter.extension_images("westeurope", publishers=["z*", "can*", "?icrosoft.[a-c]*"])
    assert (told(images), images.complete) == (EVERYTHING, True)


def test_a_pattern_that_fits_nobody_is_told(server, azure):
    adapter = azure(server)
    images = adapter.extension_images("westeurope", publishers=["z*", "Micrsoft.*", "zabbix"])
    assert told(images) == EVERYTHING[6:]
    (problem,) = images.problems
    assert (problem.scope, problem.error) == ("westeurope/Micrsoft.*", "NotFound")
    assert "no publisher that fits 'Micrsoft.*'" in problem.message
    assert "did you mean 'Microsoft." in problem.remedy
    with pytest.raises(hi.NotFound, match=r"no publisher that fits '\*\[xy\]\?'"):
        adapter.extension_images("westeurope", publishers="*[xy]?")
    with pytest.raises(hi.NotFound, match=r"no type that fits 'Linx\*' — did you mean 'LinuxDiagnostic'"):
        adapter.extension_images("westeurope", types="Linx*")
    images = adapter.extension_images("westeurope", types=["BG*", "Linx*"])
    assert (told(images), [one.scope for one in images.problems]) == (EVERYTHING[5:6], ["westeurope/Linx*"])
    with pytest.raises(hi.NotFound, match="no type of these publishers that fits"):
        adapter.extension_images("westeurope", publishers="zabbix", types="Lin*")


def test_what_is_named_in_full_is_not_looked_up(server, azure):
    adapter = azure(server)
    assert told(adapter.extension_images("westeurope", publishers="microsoft.compute")) == EVERYTHING[5:6]
    assert asked(server) == {"extension types": 1, "extension versions": 1}
    server.counts.clear()
    images = adapter.extension_images("westeurope", publishers=["Microsoft.compute"], types=["bginfo"], cache=False)
    assert told(images) == EVERYTHING[5:6]
    assert asked(server) == {"extension versions": 1}


def test_progress_counts_publishers_then_types_then_images(server, azure):
    steps = []
    azure(server).extension_images("westeurope", progress=steps.append)
    last = {step.kind: (step.read, step.expected) for step in steps}
    assert last == {"publishers": (4, 4), "extension_types": (4, 4), "extension_images": (7, 7)}
    assert [step.read for step in steps if step.kind == "publishers"] == [0, 1, 2, 3, 4]


def test_nothing_is_asked_before_it_is_wanted(server, azure, hub):
    adapter = azure(server)
    assert adapter.capabilities == {"vms", "extensions", "networks"}
    wrongs = (
        {"publishers": []}, {"types": "a/b"}, {"publishers": "a[b"}, {"types": ["[a]", "[a][*"]}, {"cache": 3},
        {"cache": ""}, {"max_age": 0}, {"max_age": True}, {"latest": "yes"}, {"latest": 1}, {"progress": 3},
    )  # fmt: skip
    for wrong in wrongs:
        for one in (adapter, hub(server, admin_endpoint=server.url)):
            with pytest.raises(hi.NotSupported):
                one.extension_images("westeurope", **wrong)
    for location in ("", None, 7):
        with pytest.raises(hi.NotSupported):
            adapter.extension_images(location)
    assert server.seen == []


@pytest.fixture(params=["azure", "arc", "hub"])
def adapter(request, server):
    """An adapter of each platform, and which requests ask for types."""
    count = "arc extension types" if request.param == "arc" else "extension types"
    return request.getfixturevalue(request.param)(server), count


@pytest.fixture
def many(server):
    others = server.estate.others
    others.catalogue = {f"publisher{n}": {"Agent": ["1"]} if n % 10 == 0 else {} for n in range(400)}
    others.arc_catalogue = {f"publisher{n}": {"Agent": {"1": "Linux"}} if n % 10 == 0 else {} for n in range(400)}


POLICY = {"x-ms-ratelimit-remaining-resource": "Microsoft.Compute/ListVMExtensionTypes3Min;17999"}


@pytest.mark.parametrize("headers", [{}, POLICY])
def test_where_no_bucket_is_announced_a_catalogue_waits_for_none(server, adapter, many, headers):
    server.misbehave("/publishers", lambda reply: Reply(reply.status, reply.body, {**reply.headers, **headers}))
    waits = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hybridinv.transport.patience.time.sleep", waits.append)
        assert len(adapter[0].extension_images("local")) == 40
    assert (server.counts[adapter[1]], waits) == (400, [])


def test_where_a_bucket_is_there_and_not_announced_nothing_is_lost(server, adapter, many, monkeypatch):
    """Those that are on their way when the first is refused may be refused too, and then no more."""
    monkeypatch.setattr(budget, "READS", 40)
    monkeypatch.setattr(budget, "READS_A_SECOND", 200.0)
    server.enforce(burst=40, rate=200, announces=False)
    images = adapter[0].extension_images("local")
    assert (len(images), images.complete) == (40, True)
    assert 1 <= server.counts["refused"] <= 16


def test_lists_that_come_after_a_catalogue_are_not_refused(serve, azure, monkeypatch):
    monkeypatch.setattr(budget, "READS", 40)
    monkeypatch.setattr(budget, "READS_A_SECOND", 200.0)
    server = serve(Estate.of(vms=100))
    server.answers.page_size = 10
    server.estate.others.catalogue = {f"publisher{n}": {} for n in range(35)}
    server.enforce(burst=40, rate=200, announces=False)
    adapter = azure(server)
    assert adapter.extension_images("westeurope").complete
    assert adapter.inventory(["vms", "extensions"]).complete
    assert (server.counts["vms"], server.counts["refused"]) == (10, 0)


def test_at_most_sixteen_at_a_time_and_more_than_one(server, azure):
    server.estate.others.catalogue = {f"publisher{n}": {} for n in range(60)}
    inside, most, lock = 0, 0, threading.Lock()
    ordinary, several = server.answers.get_extension_types, threading.Event()

    def counting(path, query, body):
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
            if inside > 1:
                several.set()
        several.wait(10)
        answer = ordinary(path, query, body)
        with lock:
            inside -= 1
        return answer

    server.answers.get_extension_types = counting
    assert len(azure(server).extension_images("westeurope")) == 0
    assert 2 <= most <= 16


def test_no_bucket_overflows(server, azure):
    server.estate.others.catalogue = {f"publisher{n}": {"Agent": ["1"]} for n in range(60)}
    server.enforce(burst=40, rate=100)
    assert len(azure(server).extension_images("westeurope")) == 60
    assert server.counts["refused"] == 0


# The vendor's clients say the same


def test_azures_catalogue_is_what_the_sdk_lists(server, azure):
    adapter = azure(server)
    images = adapter.extension_images("westeurope")
    sdk = adapter.native_client(images[0])
    assert isinstance(sdk, ComputeManagementClient)
    listed = []
    for publisher in sdk.virtual_machine_images.list_publishers("westeurope"):
        if not CATALOGUE[publisher.name]:
            continue
        for type_ in sdk.virtual_machine_extension_images.list_types("westeurope", publisher.name):
            listed += sdk.virtual_machine_extension_images.list_versions("westeurope", publisher.name, type_.name)
    assert {one.id.lower(): one.name for one in listed} == {image.id: image.version for image in images}


def test_arcs_catalogue_is_what_the_sdk_lists(server, arc):
    adapter = arc(server)
    images = adapter.extension_images("eastus")
    sdk = adapter._client.sdk(HybridComputeManagementClient, "sub-1")
    listed = [
        version
        for publisher in sdk.extension_publisher.list("eastus")
        for type_ in sdk.extension_type.list("eastus", publisher.name)
        for version in sdk.extension_metadata_v2.list("eastus", publisher.name, type_.name)
    ]
    assert {(one.id, one.version, one.os_type) for one in images} == {
        (one.id, one.properties.version, one.properties.operating_system.lower()) for one in listed
    }
    older = [one.id for one in sdk.extension_metadata.list("eastus", "microsoft.compute", "customscriptextension")]
    assert [id_.removeprefix("/subscriptions/sub-1") for id_ in older] == [
        image.id for image in images if image.publisher == "microsoft.compute"
    ]


# Arc


def test_arc_is_asked_as_a_tenant_and_tells_the_operating_system(server, arc):
    images = arc(server).extension_images("eastus", latest=True, cache=False)
    assert [(one.type, one.version, one.os_type, one.location) for one in images] == [
        ("azuremonitorlinuxagent", "1.33.0", hi.OSType.LINUX, "eastus"),
        ("customscriptextension", "1.10.12", hi.OSType.WINDOWS, "eastus"),
    ]
    assert {target.partition("?")[0].split("/")[1] for _, target, _ in server.seen} == {"providers"}


def test_an_older_arc_is_asked_with_a_version_that_it_knows(server, arc):
    known = ["2025-02-19-preview", "2024-07-10"]
    server.estate.versions = dict.fromkeys(("publishers", "extensiontypes", "versions"), known)
    assert len(arc(server).extension_images("eastus")) == 3


def test_where_arc_lists_no_publishers_those_that_are_named_are_read_all_the_same(server, arc):
    server.misbehave("GET /providers/", refused(404, "InvalidResourceType", "no such type"))
    adapter = arc(server)
    with pytest.raises(hi.NotFound, match="name publishers= and types= in full"):
        adapter.extension_images("eastus")
    images = adapter.extension_images("eastus", publishers="Microsoft.Compute", types="CustomScriptExtension")
    assert [(one.version, one.os_type) for one in images] == [("1.10.12", hi.OSType.UNKNOWN)]
    assert images[0].id.startswith("/providers/microsoft.hybridcompute/")


def test_a_subscription_that_arc_may_not_read_is_passed_over(server, arc):
    server.estate.subscriptions = {"sub-0": "Enabled", "sub-1": "Enabled"}
    server.misbehave("GET /providers/", forbidden("Microsoft.HybridCompute/locations/publishers/read"))
    server.misbehave("sub-0", forbidden())
    adapter = arc(server)
    assert len(adapter.extension_images("eastus", publishers="Microsoft.Compute", types="CustomScriptExtension")) == 1
    server.misbehave("sub-1", forbidden())
    with pytest.raises(hi.AccessDenied):
        adapter.extension_images("eastus", publishers="Microsoft.Compute", types="CustomScriptExtension", cache=False)


def test_an_arc_whose_tenant_nobody_can_tell_is_asked_each_time(server, arc):
    server.misbehave("GET /subscriptions[?]", edited(lambda page: page.update(value=[])))
    for _ in range(2):
        assert len(arc(server).extension_images("eastus")) == 3
    assert server.counts["arc publishers"] == 2


# A Hub's tenant plane


def test_a_hub_without_its_operator_is_asked_as_a_tenant_with_its_own_version(server, hub):
    versions = ["2020-06-01", "2017-12-01"]
    types = ("virtualmachines", "publishers", "types", "versions")
    server.estate.versions = dict.fromkeys(types, versions)
    images = hub(server).extension_images("local", publishers="microsoft.*")
    assert told(images) == EVERYTHING[:6]
    assert {one.platform for one in images} == {"azure-stack-hub"}
    assert server.counts["vm extension images"] == 0
    assert {"2020-06-01"} == {target.rpartition("=")[2] for _, target, _ in server.seen if "/publishers" in target}


# What is missing


@pytest.mark.parametrize("named", [None, ["Microsoft.*", "zabbix"]])
def test_one_failed_publisher_is_a_problem_and_the_rest_is_there(server, azure, named):
    server.misbehave("Microsoft.Compute/artifacttypes", refused(500, "InternalServerError"))
    images = azure(server).extension_images("westeurope", publishers=named)
    assert told(images) == [*EVERYTHING[:5], EVERYTHING[6]]
    (problem,) = images.problems
    assert (problem.kind, problem.scope, problem.error) == (
        "extension_images",
        "westeurope/Microsoft.Compute",
        "ServerFault",
    )
    assert (images.complete, "INCOMPLETE" in repr(images)) == (False, True)
    assert not azure(server).extension_images("westeurope", latest=True).complete


def test_one_failed_type_is_a_problem_too(server, azure):
    server.misbehave("types/BGInfo/versions", html)
    images = azure(server).extension_images("westeurope")
    assert [(one.scope, one.error) for one in images.problems] == [
        ("westeurope/Microsoft.Compute/BGInfo", "UnexpectedAnswer")
    ]
    assert len(images) == 6


def test_where_nothing_could_be_read_that_is_the_exception(server, azure):
    server.misbehave("/publishers[?]", refused(400, "InvalidParameter", "The supplied location is not available."))
    with pytest.raises(hi.ServerFault, match="not available"):
        azure(server).extension_images("mars")


def test_a_location_that_is_none_is_told_where_publishers_are_named_too(server, azure):
    server.misbehave("locations/mars/publishers", refused(404, "NoRegisteredProviderFound", "no location mars"))
    with pytest.raises(hi.NotFound, match="no location mars"):
        azure(server).extension_images("mars", publishers="Microsoft.Compute", types="BGInfo")


def test_a_publisher_that_is_none_is_told_and_one_without_extensions_is_not(server, azure):
    adapter = azure(server)
    none = adapter.extension_images("westeurope", publishers="canonical")
    assert (len(none), none.complete) == (0, True)
    with pytest.raises(hi.NotFound, match="no publisher 'Microsft.Compute'") as caught:
        adapter.extension_images("westeurope", publishers="Microsft.Compute")
    assert "did you mean 'Microsoft.Compute'" in caught.value.remedy
    images = adapter.extension_images("westeurope", publishers=["zabbix", "Microsft.Compute"], types="Agent")
    assert told(images) == EVERYTHING[6:]
    assert [one.scope for one in images.problems] == ["westeurope/Microsft.Compute"]
    beside = adapter.extension_images("westeurope", publishers=["zab*", "Microsft.Compute"])
    assert told(beside) == EVERYTHING[6:]
    assert [one.scope for one in beside.problems] == ["westeurope/Microsft.Compute"]


def test_a_type_that_is_none_is_told(server, azure):
    adapter = azure(server)
    for publishers in (None, "zabbix", ["z*"]):
        with pytest.raises(hi.NotFound, match="no type.* 'agnt'") as caught:
            adapter.extension_images("westeurope", publishers=publishers, types=["agnt"])
        assert "did you mean 'Agent'" in caught.value.remedy
    images = adapter.extension_images("westeurope", types=["BGInfo", "agnt"])
    assert told(images) == EVERYTHING[5:6]
    assert [one.scope for one in images.problems] == ["westeurope/agnt"]


def test_a_type_is_not_called_none_where_a_publisher_has_failed(server, azure):
    server.misbehave("zabbix/artifacttypes", refused(500, "InternalServerError"))
    images = azure(server).extension_images("westeurope", types=["BGInfo", "Agent"])
    assert [one.scope for one in images.problems] == ["westeurope/zabbix"]


def test_a_type_that_is_listed_and_not_found_is_a_contradiction(server, azure):
    server.misbehave("types/BGInfo/versions", refused(404, "NotFound", "Artifact: VMExtension was not found."))
    images = azure(server).extension_images("westeurope")
    assert [(one.scope, one.error) for one in images.problems] == [("westeurope/Microsoft.Compute/BGInfo", "NotFound")]
    assert len(images) == 6


AMISS = (
    "SubscriptionNotFound", "InvalidSubscriptionId", "NoRegisteredProviderFound", "MissingSubscriptionRegistration",
    "InvalidResourceType", "InvalidApiVersionParameter", "LocationNotAvailableForResourceType", "InvalidLocation",
    "InvalidResourceNamespace", "ResourceProviderNotFound", "TenantNotFound", "HttpResourceNotFound",
)  # fmt: skip


@pytest.mark.parametrize("answer", [*(refused(404, code, "no") for code in AMISS), raw(b"<h1>404</h1>", 404),
                                    raw(b"not here", 404), raw(b'{"error": {"co', 404)])  # fmt: skip
def test_a_404_of_another_kind_is_not_the_answer_that_there_is_nothing(server, azure, tmp_path, answer):
    server.misbehave("Microsoft.Compute/artifacttypes", answer)
    images = azure(server).extension_images("westeurope", cache=tmp_path)
    assert [(one.scope, one.error) for one in images.problems] == [("westeurope/Microsoft.Compute", "NotFound")]
    assert len(images) == 6
    server.misbehave("artifacttypes", answer)
    with pytest.raises(hi.NotFound):
        azure(server).extension_images("westeurope", cache=False)
    server.faults.clear()
    assert len(azure(server).extension_images("westeurope", cache=tmp_path)) == 7


NONE = [
    *(refused(404, code, "no") for code in ("", "NotFound", "ResourceNotFound", "PublisherNotFound", "404")),
    *(raw(body, 404) for body in (b"", b"  ", b"{}", b"null", b"[]", b'{"error": {"message": "none"}}')),
]


@pytest.mark.parametrize("answer", NONE)
def test_a_404_that_says_nothing_else_is_of_a_publisher_without_extensions(server, azure, tmp_path, answer):
    server.misbehave("(Canonical|Microsoft.Compute)/artifacttypes", answer)
    images = azure(server).extension_images("westeurope", cache=tmp_path)
    assert (told(images), images.complete) == ([*EVERYTHING[:5], EVERYTHING[6]], True)
    server.counts.clear()
    assert azure(server).extension_images("westeurope", cache=tmp_path).complete
    assert asked(server) == {}
    server.misbehave("Nobody", answer)
    with pytest.raises(hi.NotFound, match="no publisher 'Nobody'"):
        azure(server).extension_images("westeurope", publishers="Nobody", types="Agent")


@pytest.mark.parametrize("answer", [refused(404, "", "no"), raw(b"", 404), raw(b"{}", 404)])
def test_many_publishers_that_all_say_404_and_no_more_are_doubted(server, azure, tmp_path, answer):
    server.estate.others.catalogue = {f"publisher{n}": {"Agent": ["1"]} for n in range(30)}
    server.misbehave("artifacttypes", answer)
    with pytest.raises(hi.UnexpectedAnswer, match="all of 30 publishers answer 404"):
        azure(server).extension_images("westeurope", cache=tmp_path)
    few = azure(server).extension_images("westeurope", publishers=["publisher1", "publisher2"], cache=tmp_path)
    assert (len(few), few.complete) == (0, True)
    server.faults.clear()
    assert len(azure(server).extension_images("westeurope", cache=tmp_path)) == 30


def test_a_list_of_publishers_that_is_not_there_is_looked_for_in_the_next_subscription(serve, azure):
    server = serve(Estate("sub-0", "sub-1"))
    server.estate.others.catalogue = CATALOGUE
    server.misbehave("sub-0/.*/publishers[?]", raw(b"", 404))
    assert told(azure(server).extension_images("westeurope")) == EVERYTHING
    server.misbehave("/publishers[?]", raw(b"", 404))
    with pytest.raises(hi.NotFound):
        azure(server).extension_images("westeurope", cache=False)


@pytest.mark.parametrize("named", [{}, {"publishers": "zabbix"}, {"publishers": "zabbix", "types": "Agent"}])
def test_a_subscription_that_is_not_there_is_passed_over(server, azure, named):
    images = azure(server, subscription_ids=["sub-0", "sub-1"]).extension_images("westeurope", **named)
    assert told(images) == EVERYTHING[6 if named else 0 :]
    assert images.complete


def test_one_version_that_cannot_be_read_costs_no_other(server, azure, tmp_path):
    def nameless(rows):
        rows[0].update(id="/x", name=None)

    server.misbehave("types/LinuxDiagnostic/versions", edited(nameless))
    images = azure(server).extension_images("westeurope", cache=tmp_path)
    assert [one.version for one in images if one.type == "LinuxDiagnostic"] == ["3.0.121"]
    assert [(one.scope.rpartition("/")[2], one.error) for one in images.problems] == [
        ("LinuxDiagnostic", "UnexpectedAnswer")
    ]
    server.faults.clear()
    assert azure(server).extension_images("westeurope", cache=tmp_path).complete


def test_a_version_with_a_number_that_no_version_has_is_one_without_numbers(server, azure):
    long = "9" * 5000
    server.estate.others.catalogue = {"P": {"T": ["1.2", f"{long}.1", "1.10"]}}
    images = azure(server).extension_images("westeurope", latest=True)
    assert [one.version for one in images] == ["1.10"]
    vm = hi.VirtualMachine(
        id="/m", name="m", platform="azure", source=images[0].source, location="westeurope",
        agent=hi.Agent(kind="connected-machine-agent", status="ready", version=f"1.{long}"),
    )  # fmt: skip
    extension = hi.Extension(
        id="/m/e", name="e", platform="azure", source=vm.source, vm_id="/m", publisher="P", type="T", version=long
    )
    inv = hi.Inventory(vms=[vm], extensions=[extension])
    assert [one.code for one in hi.check_extensions(inv, images)] == ["ExtensionVersionUnknown"]
    assert not [one for one in hi.check_agents(inv) if one.code == "AgentOld"]


def test_a_name_that_leads_elsewhere_is_not_followed(server, azure):
    server.misbehave("/publishers[?]", edited(lambda page: page.append({"name": "../../../evil", "id": "/x"})))
    images = azure(server).extension_images("westeurope")
    assert told(images) == EVERYTHING
    assert [one.error for one in images.problems] == ["UnexpectedAnswer"]
    assert not [target for _, target, _ in server.seen if "evil" in target]


def test_a_problem_is_one_line_whatever_a_publisher_is_called(server, azure):
    server.misbehave("/publishers[?]", edited(lambda page: page.append({"name": "a\nb\x1b[1m", "id": "/x"})))
    (problem,) = azure(server).extension_images("westeurope").problems
    assert str(problem).isprintable()
    assert "westeurope/a\\nb\\x1b[1m: UnexpectedAnswer" in str(problem)


def test_a_login_that_is_refused_ends_it_at_once(server, azure):
    server.estate.others.catalogue = {f"publisher{n}": {"Agent": ["1"]} for n in range(500)}
    server.misbehave("/types[?]", refused(401, "InvalidAuthenticationToken"))
    with pytest.raises(hi.AuthenticationFailed):
        azure(server).extension_images("westeurope")
    assert server.counts["extension types"] < 100


class Silent(httpx.BaseTransport):
    """Lists 500 publishers, tells the versions of some, and then nothing any more."""

    def __init__(self, answers):
        self.answers, self.seen, self.lock = answers, 0, threading.Lock()

    def handle_request(self, request):
        above = request.url.path
        if above.endswith("/publishers"):
            return httpx.Response(200, json=[{"name": f"publisher{n}"} for n in range(500)])
        with self.lock:
            self.seen += 1
            silent = self.seen > self.answers
        if silent:
            raise httpx.ConnectTimeout("nobody there", request=request)
        return httpx.Response(404, json={"error": {"code": "NotFound", "message": "no"}})


def test_an_endpoint_that_falls_silent_is_not_asked_500_times():
    transport = Silent(answers=100)
    adapter = hi.Azure(credential=Credential(), subscription_ids=["sub-1"], transport=transport)
    with pytest.raises(hi.ConnectFailed, match="of 500 not read, the endpoint fell silent"):
        adapter.extension_images("westeurope")
    assert 100 < transport.seen < 150


def test_throttling_is_waited_for(server, azure):
    server.misbehave("Microsoft.Compute/artifacttypes", throttled(0), times=2)
    assert azure(server).extension_images("westeurope").complete


def test_a_deadline_leaves_what_is_there(server, azure):
    server.estate.others.catalogue = {f"publisher{n}": {} for n in range(200)}
    gate = threading.Event()
    ordinary = server.answers.get_extension_types

    def slow(path, query, body):
        if not path.endswith(
            ("publisher0/artifacttypes/vmextension/types", "publisher1/artifacttypes/vmextension/types")
        ):
            gate.wait(5)
        return ordinary(path, query, body)

    server.answers.get_extension_types = slow
    try:
        with hi.deadline(0.5), pytest.raises(hi.DeadlineExceeded, match="of 200 not read") as caught:
            azure(server).extension_images("westeurope")
        assert "hi.deadline(" in caught.value.remedy
    finally:
        gate.set()


def test_the_first_subscription_that_may_read_is_asked(serve, azure):
    server = serve(Estate("sub-0", "sub-1"))
    server.estate.others.catalogue = CATALOGUE
    server.misbehave("/subscriptions/sub-0/", forbidden("Microsoft.Compute/locations/publishers/read"))
    adapter = azure(server)
    assert told(adapter.extension_images("westeurope")) == EVERYTHING
    assert told(adapter.extension_images("westeurope", publishers="zabbix")) == EVERYTHING[6:]
    server.misbehave("/subscriptions/sub-1/", forbidden("Microsoft.Compute/locations/publishers/read"))
    with pytest.raises(hi.AccessDenied) as caught:
        adapter.extension_images("westeurope", cache=False)
    assert caught.value.missing == "Microsoft.Compute/locations/publishers/read"


def test_no_secret_is_in_what_goes_wrong(server, azure):
    server.misbehave("Microsoft.Compute/artifacttypes", refused(500, "InternalServerError", f"token {TOKEN}"))
    images = azure(server).extension_images("westeurope")
    assert TOKEN not in repr(images.problems)


def test_order_does_not_depend_on_who_answers_first(server, azure):
    server.estate.others.catalogue = {f"p{n % 7}.{n}": {"A": ["1", "2"], "b": ["1"]} for n in range(40)}
    images = azure(server).extension_images("westeurope")
    assert list(images) == in_order(images)
    assert len(images) == 120
