"""What an account may do, by the wildcards of its roles; and a resource provider as Azure shows it."""

import pytest

from hybridinv.errors import UnexpectedAnswer
from hybridinv.wire.arc_access import NEEDED, ONBOARDING_ROLE, Permission, is_allowed, read_permission, read_provider

WRITE = "Microsoft.HybridCompute/machines/write"
CONTRIBUTOR = {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"]}
ONBOARDING = {
    "actions": [
        "Microsoft.HybridCompute/machines/read",
        "Microsoft.HybridCompute/machines/write",
        "Microsoft.HybridCompute/privateLinkScopes/read",
        "Microsoft.GuestConfiguration/guestConfigurationAssignments/read",
    ],
    "notActions": [],
}


@pytest.mark.parametrize(
    ("actions", "not_actions", "expected"),
    [
        (["*"], [], True),
        ([], [], False),
        (["*/read"], [], False),
        (["*/write"], [], True),
        (["microsoft.hybridcompute/MACHINES/write"], [], True),
        (["Microsoft.HybridCompute/*"], [], True),
        (["Microsoft.HybridCompute/*/write"], [], True),
        (["Microsoft.HybridCompute/machines"], [], False),
        (["Microsoft.HybridCompute/machines/*/write"], [], False),
        (["Microsoft.HybridCompute/machines/w*e"], [], True),
        (["Microsoft.HybridCompute/machines/write*write"], [], False),
        (["Microsoft.*/machines/*"], [], True),
        (["Microsoft.Compute/*"], [], False),
        (["Microsoft.HybridCompute.machines/write"], [], False),
        (["*"], ["Microsoft.HybridCompute/*/write"], False),
        (["*"], ["Microsoft.Authorization/*/Write"], True),
        (["*"], ["*"], False),
    ],
)
def test_wildcards(actions, not_actions, expected):
    assert is_allowed(WRITE, [Permission(actions=actions, not_actions=not_actions)]) is expected


def test_what_one_role_leaves_out_another_may_give():
    without = Permission(actions=["*"], not_actions=["Microsoft.HybridCompute/*"])
    assert not is_allowed(WRITE, [without])
    assert is_allowed(WRITE, [without, Permission(actions=[WRITE])])
    assert not is_allowed(WRITE, [])


def test_many_wildcards_take_no_time():
    assert not is_allowed("a" * 200, [Permission(actions=["*a" * 100 + "*b"])])


def test_the_roles_that_the_documents_name_have_what_is_needed():
    owner = read_permission(CONTRIBUTOR)
    assert all(is_allowed(one.action, [owner]) for one in NEEDED)
    onboarding = read_permission(ONBOARDING)
    assert {one.role for one in NEEDED if is_allowed(one.action, [onboarding])} == {ONBOARDING_ROLE}
    assert [one.action.rpartition("/")[2] for one in NEEDED if not is_allowed(one.action, [onboarding])] == ["delete"]


@pytest.mark.parametrize("body", [{}, {"actions": None}, {"actions": "nothing to see"}, {"actions": [None, 5, {}]}])
def test_an_odd_permission_allows_nothing(body):
    assert not is_allowed(WRITE, [read_permission(body)])


def test_a_provider():
    machines = {"resourceType": "machines", "locations": ["West Europe", "East US 2 EUAP"]}
    others = {"resourceType": "licenses", "locations": ["Nowhere"]}
    body = {
        "namespace": "microsoft.hybridcompute",
        "registrationState": "Registered",
        "resourceTypes": [others, machines],
    }
    one = read_provider(body, "SUB-1")
    assert (one.subscription_id, one.namespace, one.is_registered) == ("sub-1", "Microsoft.HybridCompute", True)
    assert (one.required, one.locations) == (True, ("westeurope", "eastus2euap"))
    compute = read_provider({**body, "namespace": "Microsoft.Compute", "registrationState": "NotRegistered"}, "s")
    assert (compute.required, compute.is_registered, compute.locations) == (False, False, ())
    assert "Update Manager" in compute.why


@pytest.mark.parametrize("missing", ["namespace", "registrationState"])
def test_a_provider_without_a_state_is_no_answer(missing):
    body = {"namespace": "Microsoft.HybridCompute", "registrationState": "Registered"}
    with pytest.raises(UnexpectedAnswer, match=missing):
        read_provider({key: value for key, value in body.items() if key != missing}, "s")
