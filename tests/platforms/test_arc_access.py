"""Providers and access over a real endpoint on this machine; the one write is sent once, and only when asked."""

import re

import pytest

import hybridinv as hi
from arm_estate import Estate
from misbehaviour import HangUp, Reply, as_kind, fault, forbidden, refused, throttled

ALL = ("Microsoft.HybridCompute", "Microsoft.GuestConfiguration", "Microsoft.HybridConnectivity",
       "Microsoft.AzureArcData", "Microsoft.Compute")  # fmt: skip
REQUIRED = ALL[:3]
TENANT = "1c2d3e4f-0000-4000-8000-5a6b7c8d9e0f"
GROUP = "/subscriptions/sub-1/resourceGroups/RG-Arc"
REGIONS = ["West Europe", "North Europe"]
ONBOARDING = {
    "actions": [
        "Microsoft.HybridCompute/machines/read",
        "Microsoft.HybridCompute/machines/write",
        "Microsoft.GuestConfiguration/guestConfigurationAssignments/read",
    ],
    "notActions": [],
}


def target(**changes):
    usual = {"subscription_id": "sub-1", "resource_group": "RG-Arc", "tenant_id": TENANT, "location": "westeurope"}
    return hi.OnboardingTarget(**(usual | changes))


class Azure:
    """What the endpoint says of providers and permissions; registering takes `looks` looks."""

    def __init__(self, server):
        self.server, self.states, self.looks, self.asked = server, {}, 0, []
        self.permissions = [ONBOARDING]
        self.subscription = {"id": "/subscriptions/sub-1", "state": "Enabled", "tenantId": TENANT}
        for namespace in ALL:
            server.misbehave(rf"GET /subscriptions/[^/]+/providers/{namespace}\?", self.showing(namespace))
            server.misbehave(rf"POST /subscriptions/[^/]+/providers/{namespace}/register", self.registering(namespace))
        server.misbehave(r"GET /subscriptions/sub-1\?", lambda _: Reply.json(200, self.subscription))
        server.misbehave(rf"GET {GROUP}\?", lambda _: Reply.json(200, {"id": GROUP, "name": "RG-Arc"}))
        server.misbehave("Authorization/permissions", lambda _: Reply.json(200, {"value": self.permissions}))

    def body(self, namespace):
        machines = {"resourceType": "machines", "locations": REGIONS}
        return {"namespace": namespace, "registrationState": self.states.get(namespace, "Registered"),
                "resourceTypes": [machines]}  # fmt: skip

    def showing(self, namespace):
        def show(_):
            if self.states.get(namespace) == "Registering":
                self.looks -= 1
                if self.looks < 0:
                    self.states[namespace] = "Registered"
            return Reply.json(200, self.body(namespace))

        return show

    def registering(self, namespace):
        def register(_):
            self.asked.append(namespace)
            self.states[namespace] = "Registering"
            return Reply.json(200, self.body(namespace))

        return register


@pytest.fixture
def server(serve):
    return serve(Estate.of(machines=1))


@pytest.fixture
def azure_side(server):
    return Azure(server)


def written(server):
    return [line for method, line, _ in server.seen if method != "GET"]


# Providers


def test_the_providers_of_every_subscription(serve, arc):
    server = serve(Estate.of(machines=1, subscriptions=("sub-1", "sub-2")))
    Azure(server).states["Microsoft.Compute"] = "NotRegistered"
    found = arc(server).providers()
    assert [(one.subscription_id, one.namespace) for one in found] == [
        (subscription, namespace) for subscription in ("sub-1", "sub-2") for namespace in ALL
    ]
    assert {one.namespace for one in found if one.required} == set(REQUIRED)
    assert {one.namespace for one in found if not one.is_registered} == {"Microsoft.Compute"}
    assert found[0].locations == ("westeurope", "northeurope")
    assert written(server) == []


def test_named_providers_alone_are_asked_for(server, azure_side, arc):
    (found,) = arc(server).providers("microsoft.compute")
    assert (found.namespace, server.counts["providers"]) == ("Microsoft.Compute", 1)


@pytest.mark.parametrize("namespaces", [["Microsoft.Storage"], [], "Microsoft.HybridCompute/../x"])
def test_a_provider_that_arc_does_not_use_is_refused(server, arc, namespaces):
    for ask in (arc(server).providers, arc(server, subscription_ids=["sub-1"]).register_providers):
        with pytest.raises(hi.NotSupported):
            ask(namespaces)
    assert server.seen == []


def test_a_provider_that_cannot_be_read_is_an_exception(server, azure_side, arc):
    server.faults.insert(
        0, [re.compile("AzureArcData"), forbidden("Microsoft.Resources/subscriptions/providers/read"), None]
    )
    with pytest.raises(hi.AccessDenied) as caught:
        arc(server).providers()
    assert "Microsoft.AzureArcData" in "".join(caught.value.__notes__)


# Registering


def test_only_what_is_not_registered_is_registered(server, azure_side, arc):
    azure_side.states |= {"Microsoft.HybridCompute": "NotRegistered", "Microsoft.GuestConfiguration": "Registering",
                          "Microsoft.Compute": "NotRegistered"}  # fmt: skip
    azure_side.looks = 100
    found = arc(server).register_providers(subscription_ids=["sub-1"])
    assert azure_side.asked == ["Microsoft.HybridCompute"]
    assert {one.namespace: one.state for one in found} == {
        "Microsoft.HybridCompute": "Registering",
        "Microsoft.GuestConfiguration": "Registering",
        "Microsoft.HybridConnectivity": "Registered",
    }
    assert [one.problems for one in found] == [(), (), ()]
    (line,) = written(server)
    assert line == "/subscriptions/sub-1/providers/Microsoft.HybridCompute/register?api-version=2021-04-01"


def test_the_subscriptions_must_be_named(server, azure_side, arc):
    azure_side.states["Microsoft.HybridCompute"] = "Unregistered"
    with pytest.raises(hi.NotSupported, match="subscription_ids"):
        arc(server).register_providers()
    assert server.seen == []
    arc(server, subscription_ids=["sub-1"]).register_providers()
    assert azure_side.asked == ["Microsoft.HybridCompute"]


def test_it_waits_until_they_are_registered(server, azure_side, arc):
    azure_side.states["Microsoft.HybridCompute"] = "NotRegistered"
    azure_side.looks = 2
    found = arc(server, subscription_ids=["sub-1"]).register_providers(wait=60, interval=0.01)
    assert all(one.is_registered for one in found)
    assert server.counts["providers"] == 3 + 3
    assert len(written(server)) == 1


def test_it_gives_up_waiting_and_says_how_far_it_is(server, azure_side, arc):
    azure_side.states["Microsoft.HybridCompute"] = "NotRegistered"
    azure_side.looks = 10**6
    found = arc(server, subscription_ids=["sub-1"]).register_providers(wait=0.05, interval=0.01)
    assert [one.state for one in found] == ["Registering", "Registered", "Registered"]
    assert found[0].problems == ()


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (refused(500, "InternalServerError"), "ServerFault"),
        (refused(503, "ServerBusy", Retry_After=0), "ServerFault"),
        (throttled(0), "Throttled"),
        (as_kind(HangUp), "ConnectFailed"),
        (refused(401, "InvalidAuthenticationToken"), "AuthenticationFailed"),
        (forbidden("Microsoft.HybridCompute/register/action"), "AccessDenied"),
        (lambda _: Reply.json(200, []), "UnexpectedAnswer"),
    ],
)
def test_a_write_is_sent_once_and_its_failure_is_told(server, azure_side, arc, behaviour, error):
    azure_side.states |= dict.fromkeys(REQUIRED, "NotRegistered")
    server.faults.insert(0, [re.compile("POST .*HybridCompute/register"), behaviour, None])
    first, *others = arc(server, subscription_ids=["sub-1"]).register_providers()
    (problem,) = first.problems
    assert (problem.error, problem.kind) == (error, "providers")
    assert problem.scope == "/subscriptions/sub-1/providers/Microsoft.HybridCompute"
    assert ("register/action" in problem.remedy) == (error == "AccessDenied")
    assert (first.state, [one.state for one in others]) == ("NotRegistered", ["Registering"] * 2)
    assert len(written(server)) == 3


def test_nothing_else_writes(server, azure_side, arc):
    azure_side.states |= dict.fromkeys(ALL, "NotRegistered")
    adapter = arc(server)
    hi.collect([adapter])
    adapter.check_access(target())
    adapter.providers()
    assert {line.partition("?")[0] for line in written(server)} == {"/providers/Microsoft.ResourceGraph/resources"}
    assert azure_side.asked == []


# Access


def codes(found):
    return {(one.code, str(one.severity)) for one in found}


def test_nothing_stands_in_the_way(server, azure_side, arc):
    azure_side.permissions.append({"actions": ["Microsoft.HybridCompute/machines/delete"]})
    found = arc(server).check_access(target())
    assert (found.type, list(found)) == (hi.Finding, [])


def test_the_onboarding_role_lacks_what_onboarding_again_takes(server, azure_side, arc):
    (finding,) = arc(server).check_access(target())
    assert (finding.code, finding.severity) == ("ActionMissing", "info")
    assert "Microsoft.HybridCompute/machines/delete" in finding.message
    assert "Azure Connected Machine Resource Administrator" in finding.remedy
    assert finding.sources


def test_a_reader_may_not_onboard(server, azure_side, arc):
    azure_side.permissions = [{"actions": ["*/read"], "notActions": []}]
    found = arc(server).check_access(target())
    (write,) = (one for one in found if one.severity == "blocker")
    assert "Microsoft.HybridCompute/machines/write" in write.message
    assert "Azure Connected Machine Onboarding" in write.remedy


def test_permissions_come_in_pages(server, azure_side, arc):
    more = {"value": [{"actions": ["*"]}]}
    link = f"{server.url}{GROUP}/providers/Microsoft.Authorization/permissions?page=2"
    server.faults.insert(0, [re.compile("page=2"), lambda _: Reply.json(200, more), None])
    server.faults.insert(
        1, [re.compile("permissions"), lambda _: Reply.json(200, {"value": [], "nextLink": link}), None]
    )
    assert len(arc(server).check_access(target())) == 0


SCOPE = "/subscriptions/sub-9/resourceGroups/rg-net/providers/Microsoft.HybridCompute/privateLinkScopes/pls"


def test_a_private_link_scope_is_looked_at_where_it_is(server, azure_side, arc):
    azure_side.permissions = [{"actions": ["*"], "notActions": ["Microsoft.HybridCompute/privateLinkScopes/*"]}]
    server.misbehave(rf"GET {SCOPE}\?", lambda _: Reply.json(200, {"id": SCOPE}))
    (finding,) = arc(server).check_access(target(private_link_scope_id=SCOPE))
    assert (finding.severity, finding.subject_id) == ("blocker", "/subscriptions/sub-9/resourceGroups/rg-net")
    assert "privateLinkScopes/read" in finding.message


GATEWAY = "/subscriptions/sub-9/resourceGroups/rg-net/providers/Microsoft.HybridCompute/gateways/gw"


@pytest.mark.parametrize(
    ("where", "code"),
    [({"private_link_scope_id": SCOPE}, "PrivateLinkScope"), ({"gateway_id": GATEWAY}, "Gateway")],
)
@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (lambda _: Reply.json(200, {"id": "there"}), set()),
        (refused(404, "ResourceNotFound"), {("NotFound", "blocker")}),
        (forbidden("x"), {("NotReadable", "warning")}),
    ],
)
def test_what_the_target_names_must_exist(server, azure_side, arc, where, code, behaviour, expected):
    azure_side.permissions = [{"actions": ["*"]}]
    server.misbehave(rf"GET {next(iter(where.values()))}\?", behaviour)
    found = arc(server).check_access(target(**where))
    assert codes(found) == {(code + ending, severity) for ending, severity in expected}


def test_another_cloud_than_the_targets_is_a_finding(server, azure_side, arc):
    azure_side.permissions = [{"actions": ["*"]}]
    assert codes(arc(server).check_access(target(cloud="AzureUSGovernment"))) == {("CloudMismatch", "warning")}


@pytest.mark.parametrize("odd", [{"wait": "x"}, {"wait": -1}, {"interval": 0}, {"interval": None}])
def test_a_wrong_wait_is_refused_before_the_write(server, azure_side, arc, odd):
    azure_side.states["Microsoft.HybridCompute"] = "NotRegistered"
    with pytest.raises(hi.NotSupported, match=next(iter(odd))):
        arc(server, subscription_ids=["sub-1"]).register_providers(**odd)
    assert written(server) == []


@pytest.mark.parametrize(
    ("pattern", "behaviour", "expected"),
    [
        (r"GET /subscriptions/sub-1\?", refused(404, "SubscriptionNotFound"), {("SubscriptionNotVisible", "blocker")}),
        (
            r"GET /subscriptions/sub-1\?",
            forbidden("x"),
            {("SubscriptionNotReadable", "warning"), ("ActionMissing", "info")},
        ),
        (rf"GET {GROUP}\?", refused(404, "ResourceGroupNotFound"), {("ResourceGroupNotFound", "blocker")}),
        (rf"GET {GROUP}\?", forbidden("x"), {("ResourceGroupNotReadable", "warning"), ("ActionMissing", "info")}),
        ("permissions", forbidden("Microsoft.Authorization/permissions/read"), {("PermissionsNotReadable", "warning")}),
        ("AzureArcData", forbidden("x"), {("ProviderNotReadable", "warning"), ("ActionMissing", "info")}),
    ],
)
def test_what_is_refused_is_a_finding(server, azure_side, arc, pattern, behaviour, expected):
    server.faults.insert(0, [re.compile(pattern), behaviour, None])
    found = arc(server).check_access(target())
    assert codes(found) == expected
    assert all(one.remedy for one in found)


@pytest.mark.parametrize(
    ("change", "code", "severity"),
    [
        ({"state": "Disabled"}, "SubscriptionNotEnabled", "blocker"),
        ({"tenantId": "another"}, "TenantMismatch", "blocker"),
    ],
)
def test_the_subscription_itself(server, azure_side, arc, change, code, severity):
    azure_side.subscription |= change
    assert (code, severity) in codes(arc(server).check_access(target()))


def test_providers_and_regions(server, azure_side, arc):
    azure_side.states |= {"Microsoft.HybridCompute": "NotRegistered", "Microsoft.GuestConfiguration": "Registering",
                          "Microsoft.Compute": "NotRegistered"}  # fmt: skip
    azure_side.looks = 9
    found = arc(server).check_access(target(location="Mars Central"))
    assert codes(found) == {
        ("ProviderNotRegistered", "blocker"), ("ProviderRegistering", "info"), ("ProviderNotRegistered", "info"),
        ("LocationNotOffered", "blocker"), ("ActionMissing", "info"),
    }  # fmt: skip
    (region,) = (one for one in found if one.code == "LocationNotOffered")
    assert "northeurope, westeurope" in region.remedy


@pytest.mark.parametrize("pattern", [r"GET /subscriptions/sub-1\?", "permissions", "AzureArcData", "RG-Arc"])
def test_an_endpoint_that_fails_is_no_finding(server, azure_side, arc, pattern):
    server.faults.insert(0, [re.compile(pattern), lambda _: fault(500, "InternalServerError", "no"), None])
    with pytest.raises(hi.ServerFault):
        arc(server).check_access(target())


def test_a_target_that_is_none(server, arc):
    with pytest.raises(hi.NotSupported, match="OnboardingTarget"):
        arc(server).check_access({"subscription_id": "sub-1"})
