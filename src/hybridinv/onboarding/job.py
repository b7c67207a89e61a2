"""Job: what one onboarding script is made of, checked when it is made."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs

from hybridinv.errors import NotSupported
from hybridinv.model import OSType
from hybridinv.model.onboarding import OnboardingPlan, OnboardingTarget
from hybridinv.onboarding.codes import code_lines
from hybridinv.onboarding.quoting import json_text, tags_text
from hybridinv.onboarding.requirements import is_valid_name, reserved_word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

UNATTENDED = ("access-token", "service-principal")
_AUTHS = ("browser", "device-code", *UNATTENDED)
_ENDINGS = {"AzureCloud": "com", "AzureUSGovernment": "us", "AzureChinaCloud": "cn"}
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_THUMBPRINT = re.compile(r"[0-9a-fA-F]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(:\d{1,5})?/[\w.~%/?&=+-]*", re.ASCII)
_PROXY = re.compile(r"https?://[\w.~%:\[\]-]+/?", re.ASCII)


@attrs.frozen(kw_only=True)
class Job:
    """One script, for one system and one way to log in."""

    target: OnboardingTarget = attrs.field()
    system: OSType
    auth: str = attrs.field()
    principal: str = attrs.field(default="")
    certificate: str = attrs.field(default="")
    resource_name: str = attrs.field(default="")
    plan: OnboardingPlan | None = attrs.field(default=None)
    download_url: str = attrs.field(default="")
    sha256: str = attrs.field(default="")

    @target.validator
    def _target(self, _: object, target: OnboardingTarget) -> None:
        if not isinstance(target, OnboardingTarget):
            raise NotSupported(
                f"target= is {type(target).__name__}, not an OnboardingTarget",
                remedy="hi.OnboardingTarget(subscription_id=…, resource_group=…, tenant_id=…, location=…)",
            )
        if target.proxy and not _PROXY.fullmatch(target.proxy):
            raise NotSupported("the target's proxy has letters that no host name has", remedy="http://host:port")

    @auth.validator
    def _auth(self, _: object, auth: str) -> None:
        if auth not in _AUTHS:
            raise NotSupported(f"there is no auth={auth!r:.40}", remedy=one_of(_AUTHS))

    @principal.validator
    def _principal(self, _: object, principal: str) -> None:
        self._only_a_principal("service_principal_id=", principal)
        if principal and not _GUID.fullmatch(principal):
            # Not shown: somebody may have taken it for the place of the secret.
            raise NotSupported("service_principal_id= is no GUID", remedy="give the application id; never the secret")

    @certificate.validator
    def _certificate(self, _: object, certificate: str) -> None:
        self._only_a_principal("certificate=", certificate)
        if self._is_thumbprint() and self.system is not OSType.WINDOWS:
            raise NotSupported("certificate= is a thumbprint, and only Windows has a store", remedy="give its path")
        if "-----BEGIN" in certificate:
            raise NotSupported("certificate= is a certificate itself", remedy="give its path on the machine")

    @resource_name.validator
    def _resource_name(self, _: object, name: str) -> None:
        if name:
            _check_name(name)

    @plan.validator
    def _plan(self, _: object, plan: OnboardingPlan | None) -> None:
        if plan is None:
            return
        if not isinstance(plan, OnboardingPlan):
            raise NotSupported(
                f"plan= is {type(plan).__name__}, not an OnboardingPlan", remedy="hi.plan_onboarding(inv, target)"
            )
        if self.resource_name:
            raise NotSupported("resource_name= is for one machine, plan= for many", remedy="give one of the two")
        if plan.target != self.target:
            raise NotSupported("the plan is for another target", remedy="give plan.target, or plan again")
        if not plan.candidates:
            raise NotSupported("the plan has no candidates", remedy="see plan.skipped for the reasons")
        if not has_any(plan, self.system):
            raise NotSupported(f"the plan has no candidate that runs {self.system}", remedy="see plan.skipped")

    @download_url.validator
    def _download_url(self, _: object, address: str) -> None:
        if address and not _ADDRESS.fullmatch(address):
            raise NotSupported("download_url= is no plain https address", remedy="https://mirror.example.com/installer")

    @sha256.validator
    def _checksum(self, _: object, checksum: str) -> None:
        if checksum and not _SHA256.fullmatch(checksum):
            raise NotSupported("sha256= is no SHA-256 checksum", remedy="give its 64 hexadecimal digits")

    def values(self, quoted: Callable[[str], str]) -> dict[str, str]:
        """The marks of the templates, each with its text."""
        windows = self.system is OSType.WINDOWS
        machines, group = self._machines(), self.target.resource_group
        texts = {
            "config": json_text(self._config()),
            "secret_key": self._secret_key(),
            "asks_principal": "1" if self.auth == "service-principal" and not self.principal else "",
            "subscription": self.target.subscription_id,
            # ASCII in both: bash has escapes for it, JSON helps PowerShell.
            "resource_group": json_text({"name": group}) if windows else group,
            "resource_name": self.resource_name,
            "proxy": self.target.proxy,
            "proxy_bypass": "Arc" if self.target.proxy and self.target.private_link_scope_id else "",
            "agent_version": self.target.agent_version,
            "download_url": self.download_url or self._microsofts(),
            "download_host": urlsplit(self.download_url).netloc.lower().removesuffix(":443"),
            "sha256": self.sha256,
            "planned": "1" if self.plan else "",
        }
        cases = (f"    {quoted(host)}) printf '%s' {quoted(name)} ;;" for host, name in machines.items())
        return {name: quoted(text) for name, text in texts.items()} | {
            "machines": quoted(json_text(machines)) if windows else "\n".join(cases),
            "codes": code_lines(self.system),
        }

    def _config(self) -> dict[str, str | bool]:
        """What `azcmagent connect` takes, but for what only the machine knows."""
        target = self.target
        certificate = "service-principal-cert" + ("-thumbprint" if self._is_thumbprint() else "")
        found: dict[str, str | bool] = {
            "subscription-id": target.subscription_id,
            "resource-group": target.resource_group,
            "tenant-id": target.tenant_id,
            "location": target.location,
            "cloud": target.cloud,
            "tags": tags_text(target.tags),
            "gateway-id": target.gateway_id,
            "private-link-scope": target.private_link_scope_id,
            "correlation-id": target.correlation_id,
            "use-device-code": self.auth == "device-code",
            "service-principal-id": self.principal,
            certificate: self.certificate,
        }
        return {name: value for name, value in found.items() if value}

    def _secret_key(self) -> str:
        if self.auth == "service-principal":
            return "" if self.certificate else "service-principal-secret"
        return "access-token" if self.auth == "access-token" else ""

    def _machines(self) -> dict[str, str]:
        """The name in Azure of each machine of the plan, by its host name."""
        cases = [case for case in self.plan.candidates if case.os_type is self.system] if self.plan else []
        hosts = [(case.hostname or case.name or case.resource_name).lower() for case in cases]
        twice = next((host for host, times in Counter(hosts).items() if times > 1), None)
        if twice is not None:
            raise NotSupported(
                f"the plan has {twice!r:.80} more than once", remedy="a script for many tells machines by host name"
            )
        for case in cases:
            _check_name(case.resource_name)
        return dict(zip(hosts, (case.resource_name for case in cases), strict=True))

    def _microsofts(self) -> str:
        """Where Microsoft has the installer of that system."""
        version = ".".join(self.target.agent_version.split(".")[:2])
        if self.system is OSType.LINUX:
            return f"https://gbl.his.arc.azure.{_ENDINGS[self.target.cloud]}/azcmagent-linux"
        if self.target.cloud != "AzureCloud" and not version:
            return "https://aka.ms/AzureConnectedMachineAgent"
        return f"https://gbl.his.arc.azure.com/azcmagent/{version or 'latest'}/AzureConnectedMachineAgent.msi"

    def _is_thumbprint(self) -> bool:
        return _THUMBPRINT.fullmatch(self.certificate) is not None

    def _only_a_principal(self, what: str, value: str) -> None:
        if value and self.auth != "service-principal":
            raise NotSupported(f"{what} with auth={self.auth!r:.40}", remedy="auth='service-principal' takes it")


def has_any(plan: OnboardingPlan, system: OSType) -> bool:
    """Whether the plan has a candidate of that system."""
    return any(case.os_type is system for case in plan.candidates)


def one_of(words: Iterable[str]) -> str:
    """What to do about a wrong word."""
    return f"use one of: {', '.join(words)}"


def _check_name(name: str) -> None:
    if not is_valid_name(name) or reserved_word(name):
        raise NotSupported(
            f"Azure takes no machine named {name!r:.80}",
            remedy="letters, digits, - _ . only, at most 54, and no reserved word",
        )
