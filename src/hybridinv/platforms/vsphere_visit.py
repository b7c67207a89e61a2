"""One machine of a run of the onboarding, from the look at its power to the last file that is deleted in it."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import attrs
from pyVmomi import vim

from hybridinv.errors import DeadlineExceeded, HybridInvError, NotFound
from hybridinv.model import OSType
from hybridinv.model.guest import GuestCredentials, OnboardingRun, OnboardingRunState
from hybridinv.model.onboarding import OnboardingPlan
from hybridinv.onboarding.guest import end_of, judge, launch, read_code, read_text
from hybridinv.platforms.vsphere_guest import Guest, Transfers, fault_name, undisturbed
from hybridinv.platforms.vsphere_terms import Keys, NotTried, Terms
from hybridinv.transport.vmomi import Session, read_object
from hybridinv.wire.reading import uuid_text
from hybridinv.wire.secrets import redact

if TYPE_CHECKING:
    from hybridinv.model.onboarding import OnboardingCase
    from hybridinv.wire.soap import Row

FOLDER = "hybridinv-… in the account's temporary folder"

_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 10.0
_CLEANING = 60.0
_ENDING = 30.0
_PATHS = (
    "config.template", "config.uuid", "guest.guestFamily", "guest.guestOperationsReady", "guest.toolsRunningStatus",
    "runtime.powerState",
)  # fmt: skip
_SYSTEMS = {"windowsGuest": OSType.WINDOWS, "linuxGuest": OSType.LINUX}
_WORK = {
    OSType.LINUX: ("/run", r"hybridinv-arc\.d\..*"),
    OSType.WINDOWS: ("AzureConnectedMachineAgent", "hybridinv-arc"),
}
"""Where the script keeps what it works with, the secret among it, while it runs; on Windows below its own folder."""


@attrs.frozen(kw_only=True)
class Trip:
    """One run: what all its machines have in common."""

    source: str
    vcenter: str
    session: Session
    transfers: Transfers
    plan: OnboardingPlan
    keys: Keys
    terms: Terms
    stopped: threading.Event = attrs.field(factory=threading.Event)


class Visit:
    """What is done in one machine; `left_behind` is what could not be taken out of it."""

    def __init__(self, trip: Trip, case: OnboardingCase) -> None:
        self._trip = trip
        self._case = case
        self._moref = case.vm_id.rpartition("/")[2]
        self._system = case.os_type
        self._folder = ""
        self._pid: int | None = None
        self._has_ended = False
        self._hidden: set[str] = set()
        self.left_behind: list[str] = []

    def record(self, state: OnboardingRunState, message: str, remedy: str = "", **more: Any) -> OnboardingRun:
        """The machine's record."""
        case = self._case
        return OnboardingRun(
            vm_id=case.vm_id, name=case.name, os_type=self._system, state=state,
            message=redact(message, self._hidden), remedy=remedy, **more,
        )  # fmt: skip

    def failed(self, error: HybridInvError) -> OnboardingRun:
        """The record after an error; where the script had been started, nobody knows how that ended."""
        if self._pid is not None:
            return self.record(OnboardingRunState.UNKNOWN, error.message, "hi.verify_onboarding asks Azure")
        nothing = "" if self._folder or self.left_behind else "; nothing was changed in the guest"
        return self.record(OnboardingRunState.FAILED, f"{error.message}{nothing}", error.remedy)

    def go(self) -> OnboardingRun:
        """Look, and unless it is a dry run, do."""
        self._check_stop()
        self._look()
        script = self._trip.terms.script(self._trip.plan, self._case, self._system)
        account = self._account()
        self._hidden.add(account.password)
        guest = Guest(self._trip.session, self._trip.transfers, self._moref, self._system, account)
        if self._trip.terms.dry_run:
            return self._would_run(guest, account)
        self._trip.keys.admit(guest, account)
        return self._run(guest, script)

    def _would_run(self, guest: Guest, account: GuestCredentials) -> OnboardingRun:
        checked = self._trip.terms.check_credentials
        if checked:
            self._trip.keys.admit(guest, account)
        files = launch(self._system)
        return self.record(
            OnboardingRunState.WOULD_RUN,
            f"would run {files.script} as {account.username} from a folder in the guest, and delete that; "
            + ("the guest takes the account" if checked else "the account was not tried"),
            "pass dry_run=False",
        )

    def _check_stop(self) -> None:
        if self._trip.stopped.is_set():
            raise NotTried("the run was stopped before its turn", remedy="run it again")

    def _look(self) -> None:
        """`NotTried` where the machine cannot take a script now."""
        if self._case.vm_id.rpartition("/")[0] != f"vsphere://{self._trip.vcenter}":
            raise NotTried(f"it is not at {self._trip.source}", remedy="ask the adapter of its own vCenter")
        try:
            row = self._trip.session.run(
                lambda content: read_object(
                    content, vim.VirtualMachine(self._moref, content.rootFolder._stub), list(_PATHS)
                ),
            )
        except NotFound:
            raise NotTried("it is not there any more", remedy="collect and plan again") from None
        reason, remedy = self._why_not(row)
        if reason:
            raise NotTried(reason, remedy=remedy)

    def _why_not(self, row: Row) -> tuple[str, str]:
        found = {path: str(row.properties.get(path, "")) for path in _PATHS}
        if row.missing:
            path, why = next(iter(row.missing.items()))
            return f"{path} cannot be read ({why.privilege or why.fault})", "give the account the Read-only role on it"
        uuid = uuid_text(found["config.uuid"])
        if found["config.template"] == "true" or (self._case.bios_uuid and uuid != uuid_text(self._case.bios_uuid)):
            return "it is not the machine of the plan any more", "collect and plan again"
        if found["runtime.powerState"] != "poweredOn":
            return f"it is {found['runtime.powerState'] or 'in an unknown power state'}", "start it"
        if found["guest.toolsRunningStatus"] != "guestToolsRunning" or found["guest.guestOperationsReady"] != "true":
            return "VMware Tools do not run in it, or take no guest operations", "start or upgrade VMware Tools"
        family = _SYSTEMS.get(found["guest.guestFamily"])
        if self._system not in _SYSTEMS.values():
            self._system = family or self._system
        if self._system not in _SYSTEMS.values() or (family and family is not self._system):
            return f"its system is {self._system} in the plan, and {family or 'unknown'} to VMware Tools", "plan again"
        return "", ""

    def _account(self) -> GuestCredentials:
        try:
            found = self._trip.keys.of(self._case)
        except Exception as error:  # noqa: BLE001 - the caller's function; its text may hold a secret
            raise NotTried(
                f"guest_credentials= gave no account for it: {type(error).__name__}", remedy="check what it does"
            ) from None
        if found is None:
            raise NotTried("there is no guest account for it", remedy="add its vm_id to guest_credentials=")
        return found

    def _run(self, guest: Guest, script: str) -> OnboardingRun:
        try:
            self._folder = guest.make_folder()
        except HybridInvError as error:
            if not fault_name(error):
                self.left_behind.append(f"perhaps an empty folder {FOLDER}")
            raise
        try:
            self._fill(guest, script)
            self._check_stop()
            self._pid = guest.launch(guest.path(self._folder, launch(self._system).launcher))
            return self._judged(guest, self._pid)
        finally:
            self._clean(guest)

    def _fill(self, guest: Guest, script: str) -> None:
        """Everything the script needs; the secret goes last, into a folder that is closed to others."""
        guest.restrict(self._folder, _ENDING)
        files = launch(self._system)
        guest.put(guest.path(self._folder, files.script), script.encode())
        guest.put(guest.path(self._folder, files.launcher), files.text.encode())
        if self._trip.terms.needs_secret(self._system):
            secret = self._trip.terms.secret_now()
            self._hidden.add(secret)
            self._check_stop()
            guest.put(guest.path(self._folder, "secret"), f"{secret}\n".encode())

    def _judged(self, guest: Guest, pid: int) -> OnboardingRun:
        late = ""
        code: int | None = None
        try:
            code = self._wait(guest, pid)
        except (_Overdue, DeadlineExceeded) as error:
            late = error.message
            if not undisturbed(lambda: guest.terminate(pid, _ENDING), 2 * _ENDING):
                self.left_behind.append(f"the process {pid}, which could not be ended")
        code, log, agent = undisturbed(lambda: self._collected(guest, code), _CLEANING)
        if late:
            return self.record(
                OnboardingRunState.FAILED, f"{late}; it was ended",
                "read the log; a longer script_timeout= or deadline= may help; hi.verify_onboarding asks Azure",
                exit_code=code, log=end_of(log),
            )  # fmt: skip
        self._has_ended = code is not None
        verdict = judge(code, log, agent, self._trip.plan.target, self._system)
        return self.record(
            verdict.state, verdict.message, verdict.remedy,
            azcm_code=verdict.azcm_code, exit_code=code, log=end_of(log),
        )  # fmt: skip

    def _wait(self, guest: Guest, pid: int) -> int | None:
        """The exit code; None where the process is gone. Asking is tried again: the script goes on meanwhile."""
        until = time.monotonic() + self._trip.terms.script_timeout
        pause, trouble = _FIRST_PAUSE, ""
        while True:
            if self._trip.stopped.wait(max(0.0, min(pause, until - time.monotonic()))):
                raise _Overdue("the run was stopped before the script had ended")
            try:
                info = guest.process(pid)
                trouble = ""
                if info is None or info.endTime is not None:
                    return None if info is None else info.exitCode
            except DeadlineExceeded:
                raise _Overdue("the script had not ended when the deadline passed") from None
            except HybridInvError as error:
                trouble = f"; the last answer was: {error.message}"
            if time.monotonic() >= until:
                raise _Overdue(f"the script had not ended after {self._trip.terms.script_timeout:.0f} s{trouble}")
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _collected(self, guest: Guest, code: int | None) -> tuple[int | None, str, str]:
        """The exit code, the log and the agent's own words, without secrets; empty where a file cannot be read."""
        texts = {}
        for name in ("log", "state", "code"):
            texts[name] = ""
            with suppress(HybridInvError):
                texts[name] = redact(read_text(guest.get(guest.path(self._folder, name))), self._hidden)
        return read_code(texts["code"]) if code is None else code, texts["log"], texts["state"]

    def _clean(self, guest: Guest) -> None:
        """Delete everything that was put into the guest, whatever happened before, and note what could not be."""

        def clean() -> None:
            secret = guest.path(self._folder, "secret")
            if not guest.delete_folder(self._folder):
                guest.delete_file(secret)
                self.left_behind.append(self._folder)
            if self._pid is not None and not self._has_ended:
                self._clean_after_script(guest)

        undisturbed(clean, _CLEANING)

    def _clean_after_script(self, guest: Guest) -> None:
        """Delete what a script that was killed has left: it holds the secret."""
        place, pattern = _WORK[self._system]
        if self._system is OSType.WINDOWS:
            place = f"{guest.system_root}\\{place}"
        try:
            found = guest.list_folder(place, pattern)
            self.left_behind += [path for path in found if not guest.delete_folder(path)]
        except HybridInvError:
            self.left_behind.append(f"perhaps {guest.path(place, 'hybridinv-arc…')}, where the script keeps the secret")


class _Overdue(HybridInvError):
    """The script was not waited for any longer."""
