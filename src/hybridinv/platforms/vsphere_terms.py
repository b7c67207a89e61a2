"""What the caller of `VSphere.run_onboarding` gives: terms, and accounts of the guests."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from hybridinv.errors import HybridInvError, NotSupported
from hybridinv.model import OSType
from hybridinv.model.guest import GuestCredentials
from hybridinv.model.onboarding import OnboardingCase, OnboardingPlan
from hybridinv.onboarding.job import UNATTENDED
from hybridinv.onboarding.scripts import render_script
from hybridinv.platforms.vsphere_guest import Guest, fault_name

Account = GuestCredentials | tuple[str, str]
Accounts = Account | Mapping[str, Account] | Callable[[OnboardingCase], Account | None]
Secret = str | Callable[[], str]

_REFUSALS = 2
"""How often an account may be refused before it is left alone: some are locked after three failures."""
_OPTIONS = ("certificate", "download_url", "sha256")


@attrs.frozen(kw_only=True)
class Terms:
    """How a run is to go; what cannot work is `NotSupported`, before anything is asked."""

    dry_run: bool
    check_credentials: bool
    auth: str
    secret: Secret = attrs.field(repr=False)
    service_principal_id: str
    options: Mapping[OSType, Mapping[str, str]]
    script_timeout: float
    workers: int

    def check(self, plan: OnboardingPlan) -> None:
        """Raise `NotSupported` where they do not fit together or to a plan."""
        if not isinstance(plan, OnboardingPlan):
            raise NotSupported(
                f"plan= is {type(plan).__name__}, not an OnboardingPlan", remedy="hi.plan_onboarding(inv, target)"
            )
        if type(self.dry_run) is not bool:
            raise NotSupported(f"dry_run={self.dry_run!r:.40} is neither True nor False", remedy="say which")
        if self.auth not in UNATTENDED:
            raise NotSupported(
                f"nobody sits before a guest to log in with auth={self.auth!r:.40}",
                remedy=f"give one of: {', '.join(UNATTENDED)}",
            )
        if self.auth == "service-principal" and not self.service_principal_id:
            raise NotSupported("service_principal_id= is missing", remedy="give the application id")
        for system, options in self.options.items():
            if odd := sorted(set(options) - set(_OPTIONS)):
                raise NotSupported(f"{system}= has {odd[0]!r:.40}", remedy=f"give some of: {', '.join(_OPTIONS)}")
        if type(self.workers) is not int or not 1 <= self.workers <= 64:
            raise NotSupported(f"workers={self.workers!r:.40} cannot be", remedy="give a whole number from 1 to 64")
        if not isinstance(self.script_timeout, (int, float)) or not 0 < self.script_timeout < math.inf:
            raise NotSupported(f"script_timeout={self.script_timeout!r:.40} is no time to wait", remedy="give seconds")
        if not self.dry_run and not self.secret and any(self.needs_secret(case.os_type) for case in plan.candidates):
            what = "token itself" if self.auth == "access-token" else "service principal's secret"
            raise NotSupported("secret= is missing", remedy=f"give the {what}, or a function that does")
        if self.secret and not callable(self.secret):
            self.secret_now()

    def needs_secret(self, system: OSType) -> bool:
        """Whether the script of that system asks for a secret."""
        return self.auth == "access-token" or not self.options.get(system, {}).get("certificate")

    def script(self, plan: OnboardingPlan, case: OnboardingCase, system: OSType) -> str:
        """The script for one machine; it holds no secret."""
        options: dict[str, Any] = dict(self.options.get(system, {}))
        principal = self.service_principal_id if self.auth == "service-principal" else ""
        return render_script(
            plan.target, system, self.auth,
            service_principal_id=principal, resource_name=case.resource_name, **options,
        )  # fmt: skip

    def secret_now(self) -> str:
        """The secret, asked for where it is given by a function."""
        secret = self.secret() if callable(self.secret) else self.secret
        if not isinstance(secret, str) or not (secret.isascii() and secret.isprintable()) or not secret:
            raise NotSupported("the secret is not plain ASCII", remedy="give the token or the secret itself")
        return secret


class Keys:
    """The account for each machine, and which accounts guests have taken."""

    def __init__(self, given: Accounts, plan: OnboardingPlan) -> None:
        self._given = given
        self._names = Counter(case.name for case in plan.candidates)
        self._lock = threading.Lock()
        self._known: dict[GuestCredentials, _Account] = {}
        if isinstance(given, Mapping):
            for one in given.values():
                _account(one)
        elif not callable(given):
            _account(given)

    def of(self, case: OnboardingCase) -> GuestCredentials | None:
        """The account for a machine: by its id, else by its name where no other has it."""
        if isinstance(self._given, Mapping):
            found = self._given.get(case.vm_id)
            if found is None and self._names[case.name] == 1:
                found = self._given.get(case.name)
        elif callable(self._given):
            found = self._given(case)
        else:
            found = self._given
        return None if found is None else _account(found)

    def admit(self, guest: Guest, account: GuestCredentials) -> None:
        """Log in; one machine after the other until the account has been taken once.

        A wrong password must not be tried on a hundred machines: that locks a domain account.
        """
        with self._lock:
            known = self._known.setdefault(account, _Account())
        if known.is_taken:
            guest.validate()
            return
        with known.lock:
            if known.refusals >= _REFUSALS and not known.is_taken:
                raise NotTried(
                    f"{account.username} was refused by {known.refusals} machines, so it was not tried here",
                    remedy="check its password; it was left alone so that it is not locked",
                )
            try:
                guest.validate()
                known.is_taken = True
            except HybridInvError as error:
                known.refusals += fault_name(error) == "InvalidGuestLogin"
                raise


@attrs.define
class _Account:
    lock: Any = attrs.field(factory=threading.Lock)
    is_taken: bool = False
    refusals: int = 0


class NotTried(HybridInvError):
    """Nothing was tried in the machine."""


def _account(given: object) -> GuestCredentials:
    if isinstance(given, GuestCredentials):
        return given
    if isinstance(given, tuple) and len(given) == 2:
        return GuestCredentials(*given)
    raise NotSupported(
        f"guest_credentials= has {type(given).__name__}",
        remedy="give (username, password), a mapping from vm_id or name to such pairs, or a function of the candidate",
    )
