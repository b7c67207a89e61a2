"""What stands in the way of onboarding on Azure's side; and registering resource providers, the one thing we write."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import attrs

from hybridinv.errors import AccessDenied, DeadlineExceeded, HybridInvError, NotFound, NotSupported
from hybridinv.inventory import problem_of
from hybridinv.model import Finding, Severity
from hybridinv.model.findings import finding
from hybridinv.model.onboarding import OnboardingTarget
from hybridinv.transport.deadline import deadline, remaining
from hybridinv.transport.parallel import side_by_side
from hybridinv.wire import arc_access as wire
from hybridinv.wire.arm import parse_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hybridinv.model.arc import ResourceProvider
    from hybridinv.transport.arm import ArmClient
    from hybridinv.wire.reading import Origin

_VERSION = "2021-04-01"
_SUBSCRIPTION_VERSION = "2022-12-01"
_PERMISSIONS_VERSION = "2022-04-01"
_SCOPE_VERSION, _GATEWAY_VERSION = "2024-07-10", "2025-01-13"
_UNDER_WAY = "registering"
_USABLE = {"enabled", "warned", "pastdue", ""}
_MAY_REGISTER = "give the account Contributor on the subscription, or a role with */register/action"
_SEE = "see with providers() whether it was done"


def known_namespaces(namespaces: Iterable[str] | None, default: Sequence[str]) -> list[str]:
    """The namespaces as Azure writes them; `NotSupported` for one that Arc does not use."""
    if namespaces is None:
        return list(default)
    given = [namespaces] if isinstance(namespaces, str) else list(namespaces)
    found = {one.lower(): one for one in wire.PROVIDERS}
    odd = [one for one in given if str(one).lower() not in found]
    if odd or not given:
        raise NotSupported(
            f"{odd[0]!r:.60} is no resource provider that Arc uses" if odd else "namespaces= is empty",
            remedy=f"they are: {', '.join(wire.PROVIDERS)}",
        )
    return list(dict.fromkeys(found[one.lower()] for one in given))


def read_providers(
    client: ArmClient, subscription_ids: Iterable[str], namespaces: Sequence[str]
) -> list[ResourceProvider]:
    """The providers of each subscription; the first error where one cannot be read."""
    asked = [(one, namespace) for one in subscription_ids for namespace in namespaces]
    found = []
    for pair, one in zip(asked, side_by_side(lambda pair: _provider(client, *pair), asked), strict=True):
        if isinstance(one, HybridInvError):
            one.add_note(f"while reading the provider {pair[1]} of /subscriptions/{pair[0]}")
            raise one
        found.append(one)
    return found


def _provider(client: ArmClient, subscription_id: str, namespace: str) -> ResourceProvider:
    body = client.one(f"/subscriptions/{subscription_id}/providers/{namespace}", _VERSION)
    return wire.read_provider(body, subscription_id)


def register(
    client: ArmClient, origin: Origin, providers: Iterable[ResourceProvider], wait: float, interval: float
) -> list[ResourceProvider]:
    """The providers after those that are not registered were asked to be; each is asked once, one after the other."""
    for name, value, least in (("wait", wait, 0.0), ("interval", interval, 0.001)):
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not least <= value < math.inf:
            raise NotSupported(f"{name}={value!r:.40} is no time to wait", remedy="give seconds")
    found = []
    for one in providers:
        if one.is_registered or one.state.lower() == _UNDER_WAY:
            found.append(one)
            continue
        try:
            body = client.register(one.subscription_id, one.namespace, _VERSION)
            found.append(wire.read_provider(body, one.subscription_id))
        except HybridInvError as error:
            error.remedy = _MAY_REGISTER if isinstance(error, AccessDenied) else _SEE
            found.append(_failed(one, error, origin))
    with deadline(wait):
        return [_awaited(client, origin, one, interval) for one in found]


def _awaited(client: ArmClient, origin: Origin, one: ResourceProvider, interval: float) -> ResourceProvider:
    """The provider once it is registered, or as it was when the deadline passed."""
    while not one.is_registered and not one.problems and (remaining() or 0) > 0:
        time.sleep(min(interval, max(remaining() or 0, 0)))
        if (remaining() or 0) <= 0:
            break
        try:
            one = _provider(client, one.subscription_id, one.namespace)
        except DeadlineExceeded:
            break
        except HybridInvError as error:
            return _failed(one, error, origin)
    return one


def _failed(one: ResourceProvider, error: HybridInvError, origin: Origin) -> ResourceProvider:
    scope = f"/subscriptions/{one.subscription_id}/providers/{one.namespace}"
    return attrs.evolve(one, problems=(problem_of(error, origin, kind="providers", scope=scope),))


def check(client: ArmClient, target: OnboardingTarget, *, cloud: str) -> list[Finding]:
    """What stands in the way of onboarding to a target; an exception where Azure cannot be asked at all."""
    if not isinstance(target, OnboardingTarget):
        raise NotSupported(
            f"target= is {type(target).__name__}, not an OnboardingTarget", remedy="pass what plan_onboarding takes"
        )
    client.log_in()
    found = list(_of_subscription(client, target))
    if cloud != target.cloud:
        found.append(finding(
            Severity.WARNING, "CloudMismatch", "", f"{cloud} was asked, and the target says {target.cloud}",
            f"ask with hi.AzureArc(cloud={target.cloud!r}), or correct cloud= of the target",
        ))  # fmt: skip
    if any(one.code == "SubscriptionNotVisible" for one in found):
        return found
    checks: list[Callable[[ArmClient, OnboardingTarget], list[Finding]]]
    checks = [_of_group, _of_scope, _of_gateway, _of_providers]
    for answer in side_by_side(lambda one: one(client, target), checks):
        if isinstance(answer, HybridInvError):
            raise answer
        found += answer
    return found


def _of_subscription(client: ArmClient, target: OnboardingTarget) -> Iterator[Finding]:
    path = f"/subscriptions/{target.subscription_id}"
    try:
        body = client.one(path, _SUBSCRIPTION_VERSION)
    except NotFound as error:
        remedy = "check the id, the cloud and the tenant the account is logged in to; or give it a role there"
        yield finding(Severity.BLOCKER, "SubscriptionNotVisible", path, error.message, remedy)
        return
    except AccessDenied as error:
        yield finding(Severity.WARNING, "SubscriptionNotReadable", path, error.message, "give the account Reader")
        return
    state, tenant = str(body.get("state") or ""), str(body.get("tenantId") or "")
    if state.lower() not in _USABLE:
        yield finding(
            Severity.BLOCKER, "SubscriptionNotEnabled", path, f"the subscription is {state:.40}", "have it enabled"
        )
    if tenant and tenant.lower() != target.tenant_id.lower():
        yield finding(
            Severity.BLOCKER, "TenantMismatch", path,
            f"the subscription is of the tenant {tenant:.40}, the target says {target.tenant_id}",
            "correct tenant_id= of the target",
        )  # fmt: skip


def _of_group(client: ArmClient, target: OnboardingTarget) -> list[Finding]:
    path = _group(target.subscription_id, target.resource_group)
    found = []
    try:
        client.one(path, _VERSION)
    except NotFound as error:
        remedy = f"create it: az group create -n {target.resource_group} -l {target.location}"
        return [finding(Severity.BLOCKER, "ResourceGroupNotFound", path, error.message, remedy)]
    except AccessDenied as error:
        found.append(finding(
            Severity.WARNING, "ResourceGroupNotReadable", path, error.message,
            "give the account Reader on the group; onboarding itself works without",
        ))  # fmt: skip
    return [*found, *_missing(client, path, wire.NEEDED)]


def _of_scope(client: ArmClient, target: OnboardingTarget) -> list[Finding]:
    if not target.private_link_scope_id:
        return []
    scope = parse_id(target.private_link_scope_id)
    return [
        *_existing(client, target.private_link_scope_id, _SCOPE_VERSION, "PrivateLinkScope", "private link scope"),
        *_missing(client, _group(scope.subscription_id, scope.resource_group), [wire.NEEDED_OF_SCOPE]),
    ]


def _of_gateway(client: ArmClient, target: OnboardingTarget) -> list[Finding]:
    if not target.gateway_id:
        return []
    return list(_existing(client, target.gateway_id, _GATEWAY_VERSION, "Gateway", "Arc gateway"))


def _existing(client: ArmClient, id_: str, version: str, code: str, what: str) -> Iterator[Finding]:
    """What stands in the way where a resource that the target names is not there. API: GET by its id."""
    try:
        client.one(id_, version)
    except NotFound as error:
        yield finding(
            Severity.BLOCKER,
            f"{code}NotFound",
            id_,
            error.message,
            f"create the {what}, or correct its id in the target",
        )
    except AccessDenied as error:
        yield finding(
            Severity.WARNING, f"{code}NotReadable", id_, error.message, f"give the account Reader on the {what}"
        )


def _missing(client: ArmClient, group: str, needed: Iterable[wire.Needed]) -> Iterator[Finding]:
    """The actions that the account may not take in a resource group."""
    path = f"{group}/providers/Microsoft.Authorization/permissions"
    try:
        items = client.items(path, _PERMISSIONS_VERSION)
    except (AccessDenied, NotFound) as error:
        yield finding(
            Severity.WARNING, "PermissionsNotReadable", group, f"what the account may do is not known: {error.message}",
            f"give it the role {wire.ONBOARDING_ROLE} there", wire.ROLES,
        )  # fmt: skip
        return
    permissions = [wire.read_permission(item) for item in items]
    for one in needed:
        if not wire.is_allowed(one.action, permissions):
            yield finding(
                one.severity, "ActionMissing", group,
                f"the account may not {one.action}, {one.purpose}",
                f"give it the role {one.role} on {group}", wire.ROLES,
            )  # fmt: skip


def _of_providers(client: ArmClient, target: OnboardingTarget) -> list[Finding]:
    found: list[Finding] = []
    asked = list(wire.PROVIDERS)
    answers = side_by_side(lambda namespace: _provider(client, target.subscription_id, namespace), asked)
    for namespace, one in zip(asked, answers, strict=True):
        path = f"/subscriptions/{target.subscription_id}/providers/{namespace}"
        if isinstance(one, (AccessDenied, NotFound)):
            found.append(finding(
                Severity.WARNING, "ProviderNotReadable", path, f"whether it is registered is not known: {one.message}",
                "give the account Reader on the subscription", wire.PREREQUISITES,
            ))  # fmt: skip
        elif isinstance(one, HybridInvError):
            raise one
        else:
            found += _of_provider(one, path, target)
    return found


def _of_provider(one: ResourceProvider, path: str, target: OnboardingTarget) -> Iterator[Finding]:
    if one.state.lower() == _UNDER_WAY:
        yield finding(
            Severity.INFO, "ProviderRegistering", path, f"{one.namespace} is being registered", "wait some minutes"
        )
    elif not one.is_registered:
        yield finding(
            Severity.BLOCKER if one.required else Severity.INFO, "ProviderNotRegistered", path,
            f"{one.namespace} is {one.state:.40}; it is for {one.why}",
            f"arc.register_providers(), or: az provider register --namespace {one.namespace}", wire.PREREQUISITES,
        )  # fmt: skip
    if one.locations and target.location not in one.locations:
        yield finding(
            Severity.BLOCKER, "LocationNotOffered", path, f"Arc keeps no servers in {target.location}",
            f"choose one of: {', '.join(sorted(one.locations)):.600}", wire.PREREQUISITES,
        )  # fmt: skip


def _group(subscription_id: str, name: str) -> str:
    return f"/subscriptions/{subscription_id}/resourceGroups/{name}"
