"""What onboarding to Arc needs of a subscription: its resource providers, and what an account may do there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.model import Severity
from hybridinv.model.arc import ResourceProvider
from hybridinv.wire.reading import Body, need

if TYPE_CHECKING:
    from collections.abc import Iterable

PREREQUISITES = (
    "Microsoft Learn, Connected Machine agent prerequisites, "
    "https://learn.microsoft.com/azure/azure-arc/servers/prerequisites"
)
ROLES = (
    "Microsoft Learn, Azure built-in roles for Hybrid + multicloud, "
    "https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/hybrid-multicloud"
)
ONBOARDING_ROLE = "Azure Connected Machine Onboarding"
ADMINISTRATOR_ROLE = "Azure Connected Machine Resource Administrator"

SERVERS = "Microsoft.HybridCompute"
PROVIDERS: dict[str, tuple[bool, str]] = {
    SERVERS: (True, "Arc-enabled servers themselves"),
    "Microsoft.GuestConfiguration": (True, "machine configuration: policies inside the server"),
    "Microsoft.HybridConnectivity": (True, "connections into the server: SSH, Windows Admin Center"),
    "Microsoft.AzureArcData": (False, "SQL Server on the server"),
    "Microsoft.Compute": (False, "Azure Update Manager, automatic upgrades of extensions"),
}
"""The providers, whether onboarding needs them, and what for; the agent's prerequisites name these."""


@attrs.frozen(kw_only=True)
class Needed:
    """An action that onboarding takes, the role that has it, and what it is for."""

    action: str
    role: str
    purpose: str
    severity: Severity = Severity.BLOCKER
    """How much it matters when it is missing."""


NEEDED = (
    Needed(action=f"{SERVERS}/machines/read", role=ONBOARDING_ROLE, purpose="to find the machine"),
    Needed(action=f"{SERVERS}/machines/write", role=ONBOARDING_ROLE, purpose="to connect the machine"),
    Needed(
        action="Microsoft.GuestConfiguration/guestConfigurationAssignments/read", role=ONBOARDING_ROLE,
        purpose="to read its machine configuration", severity=Severity.WARNING,
    ),
    Needed(
        action=f"{SERVERS}/machines/delete", role=ADMINISTRATOR_ROLE,
        purpose="to onboard a machine again whose credential has expired, or to take it away", severity=Severity.INFO,
    ),
)  # fmt: skip
"""The actions of the role Azure Connected Machine Onboarding, and the one that onboarding again takes."""
NEEDED_OF_SCOPE = Needed(
    action=f"{SERVERS}/privateLinkScopes/read", role=ONBOARDING_ROLE, purpose="to use the private link scope"
)
"""The action on the private link scope, where the target names one."""


def read_provider(body: dict[str, Any], subscription_id: str) -> ResourceProvider:
    """A resource provider of a subscription; `UnexpectedAnswer` where it has no state. API: `providers`."""
    item = Body(body)
    namespace, state = str(need(body, "namespace")), str(need(body, "registrationState"))
    name = next((one for one in PROVIDERS if one.lower() == namespace.lower()), namespace)
    required, why = PROVIDERS.get(name, (False, ""))
    kinds = (one for one in item.each("resourceTypes") if one.text("resourceType").lower() == "machines")
    regions = (region for one in kinds for region in one.texts("locations"))
    return ResourceProvider(
        subscription_id=subscription_id.lower(),
        namespace=name,
        state=state,
        required=required,
        why=why,
        locations=tuple(region.replace(" ", "").lower() for region in regions) if name == SERVERS else (),
    )


@attrs.frozen(kw_only=True)
class Permission:
    """What one role assignment allows: its actions, less its notActions."""

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()


def read_permission(body: dict[str, Any]) -> Permission:
    """What one role assignment of the caller's allows at a scope. API: `Microsoft.Authorization/permissions`."""
    item = Body(body)
    return Permission(actions=item.texts("actions"), not_actions=item.texts("notActions"))


def is_allowed(action: str, permissions: Iterable[Permission]) -> bool:
    """Whether any of the role assignments allows the action.

    `notActions` take away from their own role only; another may allow what they leave out. Deny assignments are not in
    the list, so what is allowed here may still be refused.
    """
    return any(
        any(_covers(one, action) for one in permission.actions)
        and not any(_covers(one, action) for one in permission.not_actions)
        for permission in permissions
    )


def _covers(pattern: str, action: str) -> bool:
    """Whether a pattern with `*` for any text covers an action; letter case does not matter."""
    action = action.lower()
    head, *rest = pattern.lower().split("*")
    if not rest or not action.startswith(head):
        return head == action
    *middle, tail = rest
    place = len(head)
    for part in middle:
        found = action.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    return place + len(tail) <= len(action) and action.endswith(tail)
