"""Onboarding to Azure Arc: where to, who, and why not."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from hybridinv.errors import NotSupported
from hybridinv.model.fact import Tags, Word, fact, several
from hybridinv.model.findings import Finding
from hybridinv.model.machines import OSType
from hybridinv.model.rendering import bounded_table, findings_table, page
from hybridinv.model.wording import cell, visible

if TYPE_CHECKING:
    from collections.abc import Callable

_ID = re.compile(r"[\w.-]+", re.ASCII)
_RESOURCE_GROUP = re.compile(r"[-\w._()]{0,89}[-\w_()]")
_LOCATION = re.compile(r"[a-z0-9]{3,50}")
_VERSION = re.compile(r"\d+(\.\d+){1,3}")
_OF_ARC = r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.HybridCompute/"
_SCOPE = re.compile(_OF_ARC + r"privateLinkScopes/[^/]+", re.IGNORECASE)
_GATEWAY = re.compile(_OF_ARC + r"gateways/[^/]+", re.IGNORECASE)
_PROXY = re.compile(r"https?://[^\s/@]+(:\d{1,5})?/?")
_CLOUDS = ("AzureCloud", "AzureUSGovernment", "AzureChinaCloud")
_TAGS, _TAG_NAME, _TAG_VALUE = 50, 512, 256
_LAST_PORT = 65535


def _written(pattern: re.Pattern[str], example: str) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    """A text of that form, or an empty one where that is the default."""

    def check(_: object, field: attrs.Attribute[Any], value: object) -> None:
        if isinstance(value, str) and (pattern.fullmatch(value) or (not value and field.default == "")):
            return
        shown = "…@…" if "@" in str(value) else repr(value)  # before an @ there may be a password
        raise NotSupported(f"{field.name}={shown:.80} is not of the form it must have", remedy=f"write it as {example}")

    return check


def _cloud(_: object, __: object, value: str) -> None:
    if value not in _CLOUDS:
        raise NotSupported(f"there is no cloud {value!r:.40}", remedy=f"use one of: {', '.join(_CLOUDS)}")


def _tags(_: object, __: object, tags: Tags) -> None:
    twice = [name for name, count in Counter(map(str.lower, tags)).items() if count > 1]
    if twice:
        raise NotSupported(f"tags= has {twice[0]!r:.60} twice", remedy="to Azure, letter case makes no other tag name")
    odd = [name for name, value in tags.items() if not name or len(name) > _TAG_NAME or len(value) > _TAG_VALUE]
    if odd or len(tags) > _TAGS:
        raise NotSupported(
            f"tags= has {len(tags)} tags" + (f", and {odd[0]!r:.60} is empty or too long" if odd else ""),
            remedy=f"at most {_TAGS} tags, names up to {_TAG_NAME} characters, values up to {_TAG_VALUE}",
        )


def _proxy(_: object, __: object, proxy: str) -> None:
    port = proxy.rstrip("/").rpartition(":")[2]
    if port.isdigit() and not 0 < int(port) <= _LAST_PORT:
        raise NotSupported("proxy= has a port that there is not", remedy=f"give one from 1 to {_LAST_PORT}")


def _place(example: str, pattern: re.Pattern[str], doc: str, *more: Any, default: Any = attrs.NOTHING) -> Any:
    return attrs.field(default=default, validator=[_written(pattern, example), *more], metadata={"doc": doc})


def _squeezed(text: Any) -> Any:
    return text.replace(" ", "").lower() if isinstance(text, str) else text


@attrs.frozen(kw_only=True)
class OnboardingTarget:
    """Where machines are to be Arc-enabled. It holds no secret; what is not of the right form is `NotSupported`."""

    subscription_id: str = _place("00000000-0000-0000-0000-000000000000", _ID, "The subscription.")
    resource_group: str = _place("rg-arc-servers", _RESOURCE_GROUP, "The resource group; it must exist.")
    tenant_id: str = _place("00000000-0000-0000-0000-000000000000", _ID, "The tenant of the subscription.")
    location: str = attrs.field(
        converter=_squeezed,
        validator=_written(_LOCATION, "westeurope"),
        metadata={"doc": "The region where metadata are kept, as `az account list-locations` names it."},
    )
    cloud: str = attrs.field(
        default="AzureCloud", validator=_cloud, metadata={"doc": "The cloud, as azcmagent names it."}
    )
    tags: Tags = attrs.field(
        default=Tags(), converter=Tags, validator=_tags, metadata={"doc": "Tags that each machine gets."}
    )
    proxy: str = _place(
        "http://proxy.example.com:3128", _PROXY, "The proxy of the agent; a password in it is refused.",
        _proxy, default="",
    )  # fmt: skip
    gateway_id: str = _place(
        "/subscriptions/…/resourceGroups/…/providers/Microsoft.HybridCompute/gateways/…", _GATEWAY,
        "The Arc gateway that traffic goes through.", default="",
    )  # fmt: skip
    private_link_scope_id: str = _place(
        "/subscriptions/…/resourceGroups/…/providers/Microsoft.HybridCompute/privateLinkScopes/…", _SCOPE,
        "The private link scope.", default="",
    )  # fmt: skip
    correlation_id: str = _place(
        "00000000-0000-0000-0000-000000000000", _ID, "What Azure's own logs know this run by.", default=""
    )
    agent_version: str = _place("1.67", _VERSION, "The version of the agent; empty is the newest.", default="")


class OnboardingReason(Word):
    """Why a machine is, or is not, a candidate."""

    READY = "ready"
    ALREADY_CONNECTED = "already_connected"
    DISCONNECTED = "disconnected"
    EXPIRED = "expired"
    IN_ERROR = "in_error"
    NO_STATUS_YET = "no_status_yet"
    STATUS_UNKNOWN = "status_unknown"
    AZURE_VM = "azure_vm"
    STACK_HUB_VM = "stack_hub_vm"
    TEMPLATE = "template"
    NOT_RUNNING = "not_running"
    NO_TOOLS = "no_tools"
    OS_NOT_SUPPORTED = "os_not_supported"
    OS_UNKNOWN = "os_unknown"
    INVALID_NAME = "invalid_name"
    RESERVED_NAME = "reserved_name"
    DUPLICATE_NAME = "duplicate_name"
    DUPLICATE_UUID = "duplicate_uuid"


@attrs.frozen(kw_only=True)
class OnboardingCase:
    """One machine of an onboarding plan: a candidate, or one that is skipped, and why."""

    vm_id: str = fact("", "The machine's record.")
    name: str = fact("", "Its name on its platform.")
    reason: OnboardingReason = fact(OnboardingReason.READY, "Why.", converter=OnboardingReason)
    resource_name: str = fact("", "The name it has, or will have, in Azure.")
    hostname: str = fact("", "Its guest's own name, without the domain; a script for many machines tells them by it.")
    os_type: OSType = fact(OSType.UNKNOWN, "Which script it takes.", converter=OSType)
    arc_id: str = fact("", "Its record at Arc, where it has one.")
    bios_uuid: str = fact("", "Its SMBIOS UUID as its platform has it, by which it is known again at Arc.")
    findings: tuple[Finding, ...] = several((), "What to mend, or to look at.")


@attrs.frozen(kw_only=True)
class OnboardingPlan:
    """Who should be Arc-enabled and who not; every machine of the inventory is in one of the two, once."""

    target: OnboardingTarget = attrs.field(metadata={"doc": "Where to."})
    candidates: tuple[OnboardingCase, ...] = several((), "The machines to onboard.")
    skipped: tuple[OnboardingCase, ...] = several((), "The others, each with its reason.")
    findings: tuple[Finding, ...] = several((), "What concerns the plan as a whole.")

    def __repr__(self) -> str:
        return f"<OnboardingPlan {visible(self)}>"

    def __str__(self) -> str:
        reasons = Counter(str(one.reason).replace("_", " ") for one in self.skipped)
        why = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
        where = f"{self.target.resource_group} in {self.target.location}"
        return f"{len(self.candidates)} to onboard to {where}; {len(self.skipped)} skipped" + (
            f": {why}" if why else ""
        )

    def _repr_html_(self) -> str:
        heads = ("name", "reason", "resource name", "hostname", "system", "findings")
        return page(
            f"<p><strong>{cell(self)}</strong></p>",
            f"<p>To onboard: {len(self.candidates)}</p>" + bounded_table(heads, [*map(_case_cells, self.candidates)]),
            f"<p>Skipped: {len(self.skipped)}</p>" + bounded_table(heads, [*map(_case_cells, self.skipped)]),
            findings_table(self.findings),
        )


def _case_cells(case: OnboardingCase) -> tuple[object, ...]:
    found = "; ".join(f"{one.severity} {one.code}: {one.message}" for one in case.findings)
    return case.name, case.reason.replace("_", " "), case.resource_name, case.hostname, case.os_type, found
