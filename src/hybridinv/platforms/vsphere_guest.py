"""One machine's guest operations: its account, files and programs, by way of the vCenter.

Everything here can change a guest, so nothing is tried again but what the server has refused for want of a session.
vim.vm.guest.AuthManager, FileManager, ProcessManager: https://developer.broadcom.com/xapis/vsphere-web-services-api/latest/
"""

from __future__ import annotations

import contextvars
import ntpath
import posixpath
import re
import shlex
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import attrs
import httpx
from pyVmomi import vim

from hybridinv.errors import (
    AccessDenied,
    AuthenticationFailed,
    HybridInvError,
    NotFound,
    NotSupported,
    ServerFault,
    Throttled,
    TLSFailed,
    UnexpectedAnswer,
)
from hybridinv.model import OSType
from hybridinv.transport.client import Wire
from hybridinv.transport.deadline import deadline
from hybridinv.transport.vmomi import Session, read_object
from hybridinv.transport.whole import whole
from hybridinv.wire.reading import look, many

if TYPE_CHECKING:
    from collections.abc import Callable

    from hybridinv.model.guest import GuestCredentials

T = TypeVar("T")

_PREFIX = "hybridinv-"
_LARGEST = 8 * 2**20
"""Bytes of a file that is read from a guest."""
_TRIES, _PAUSE = 3, 1.0
_PRIVATE_FILE = 0o600
# SYSTEM, administrators, and whoever owns it: https://learn.microsoft.com/windows-server/identity/ad-ds/manage/understand-security-identifiers
_ACL = " ".join(f"*{sid}:(OI)(CI)F" for sid in ("S-1-5-18", "S-1-5-32-544", "S-1-3-4"))
_ODD_PATH = re.compile(r'["%\x00-\x1f]')
_PRIVILEGES = "VirtualMachine.GuestOperations.Query, .Modify and .Execute"
_REMEDIES = {
    "InvalidGuestLogin": "check user name and password; a domain account is DOMAIN\\user",
    "GuestOperationsUnavailable": "see that VMware Tools run in the guest",
    "GuestPermissionDenied": "give root or an administrator",
    "GuestComponentsOutOfDate": "upgrade VMware Tools",
    "OperationDisabledByGuest": "the guest's tools.conf forbids it; allow it there, or run the script another way",
    "OperationNotSupportedByGuest": "run the script another way",
    "TooManyGuestLogons": "try again later",
    "FileAlreadyExists": "somebody else writes to the guest's temporary folder; look at it",
}
_NOT_BEGUN = (AccessDenied, AuthenticationFailed, NotFound, NotSupported, Throttled, TLSFailed)


class Unsure(HybridInvError):
    """Whether a program was started is not known."""


@attrs.frozen
class Transfers:
    """Where files may go: to the vCenter, and to the host that a machine runs on."""

    wire: Wire
    origin: str

    def place(self, url: str, host_names: Callable[[], set[str]]) -> str:
        """The address that a file goes to; `UnexpectedAnswer` where that is neither.

        `*` stands for the server that was asked, by whatever port it is reached.
        """
        asked, own = urlsplit(url), urlsplit(self.origin)
        host = (asked.hostname or "").lower()
        tail = asked.path + (f"?{asked.query}" if asked.query else "")
        if host == "*" and asked.scheme == "https":
            return f"{self.origin}{tail}"
        if asked.scheme != "https" or (host != own.hostname and host not in host_names()):
            raise UnexpectedAnswer(
                f"a file for the guest shall go to {asked.scheme}://{host:.80}, which is neither the vCenter nor the"
                " machine's host",
                remedy="check what answers as the vCenter; the file was not sent",
            )
        address = f"[{host}]" if ":" in host else host
        return f"https://{address}:{asked.port or 443}{tail}"

    def send(self, method: str, url: str, body: bytes | None = None) -> bytes:
        """What comes back; sent once, and without the cookies of the session."""
        client = self.wire.client
        request = client.build_request(
            method, url, content=body, extensions={"read": False, "operation": f"{method} guestFile"}
        )
        request.headers.pop("Cookie", None)
        try:
            response = client.send(request, stream=True)
            with closing(response):
                answer = whole(response)
        except httpx.DecodingError:
            raise UnexpectedAnswer("a file of the guest cannot be decompressed", remedy="try again") from None
        if not answer.is_success:
            raise ServerFault(
                f"{request.url.host} answers {answer.status_code} to a file for or from the guest",
                status=answer.status_code,
                source=self.wire.source,
                operation=f"{method} guestFile",
                remedy="try again; the way to the machine's host must be open",
            )
        return answer.content


class Guest:
    """The inside of one machine, as one account of it sees it."""

    def __init__(self, session: Session, transfers: Transfers, moref: str, system: OSType, account: GuestCredentials):
        self._session = session
        self._transfers = transfers
        self._moref = moref
        self._system = system
        self._auth = vim.vm.guest.NamePasswordAuthentication(
            interactiveSession=False, username=account.username, password=account.password
        )
        self._morefs: dict[str, str] = {}
        self._system_root = ""

    def validate(self) -> None:
        """Log in to the guest, which its own log will show; it changes nothing else."""
        self._call("authManager", "ValidateCredentials")

    def make_folder(self) -> str:
        """The path of a new folder that nobody but administrators may look into.

        On Linux the Tools make it with the mode 0700 (`Posix_Mkdir` in open-vm-tools' `fileTemp.c`).
        """
        folder = str(self._call("fileManager", "CreateTemporaryDirectory", _PREFIX, "", None))
        is_plain = not _ODD_PATH.search(folder)
        if not is_plain or not self._paths.isabs(folder) or _PREFIX not in self._paths.basename(folder):
            raise UnexpectedAnswer(
                f"the guest's new folder is {folder[:80]!r}, which is no path to work with",
                remedy="set the account's TEMP to a plain path",
            )
        return folder

    def restrict(self, folder: str, seconds: float) -> None:
        """Take from a folder of Windows what it has inherited; all that is done on Linux is done."""
        if self._system is not OSType.WINDOWS:
            return
        icacls = f"{self.system_root}\\System32\\icacls.exe"
        code = self.run(icacls, f'"{folder}" /inheritance:r /grant:r {_ACL}', seconds)
        if code != 0:
            raise ServerFault(
                f"the folder in the guest could not be closed to others (icacls ended with {code})",
                remedy="give an administrator; the secret was not sent",
            )

    def path(self, folder: str, name: str) -> str:
        """The path of a file in a folder."""
        return str(self._paths.join(folder, name))

    def put(self, path: str, body: bytes) -> None:
        """Write a new file that only its owner may read."""
        manager = vim.vm.guest.FileManager
        attributes = (
            manager.WindowsFileAttributes()
            if self._system is OSType.WINDOWS
            else manager.PosixFileAttributes(permissions=_PRIVATE_FILE)
        )
        url = self._call("fileManager", "InitiateFileTransferToGuest", path, attributes, len(body), False)
        self._transfers.send("PUT", self._transfers.place(url, self._host_names), body)

    def get(self, path: str) -> bytes:
        """What is in a file."""
        found = self._call("fileManager", "InitiateFileTransferFromGuest", path)
        if (found.size or 0) > _LARGEST:
            raise UnexpectedAnswer(f"{path} is {found.size} bytes long", remedy="look at it in the guest")
        return self._transfers.send("GET", self._transfers.place(found.url, self._host_names))

    def launch(self, path: str) -> int:
        """Start a script that was put there; its process id. `Unsure` where the answer is lost and it is not seen."""
        program, arguments = "/bin/bash", shlex.quote(path)
        if self._system is OSType.WINDOWS:
            program, arguments = f"{self.system_root}\\System32\\cmd.exe", f'/d /s /c ""{path}""'
        try:
            return self._start(program, arguments)
        except HybridInvError as error:
            if isinstance(error, _NOT_BEGUN) or is_fault(error):
                raise
            pid = undisturbed(_settled(lambda: self._pid_of(path)), 30.0)
            if pid is None:
                raise Unsure(
                    f"whether the script was started is not known: {error.message}",
                    remedy="hi.verify_onboarding asks Azure; then run it again",
                ) from error
            return pid

    def run(self, program: str, arguments: str, seconds: float) -> int | None:
        """The exit code of a program that takes a moment; None where it was not learned in that time."""
        pid = self._start(program, arguments)
        return self.ended(pid, seconds)

    def ended(self, pid: int, seconds: float) -> int | None:
        """The exit code of a process once it has ended."""
        until = time.monotonic() + seconds
        pause = 0.2
        while True:
            info = self.process(pid)
            if info is None or info.endTime is not None or time.monotonic() > until:
                return None if info is None else info.exitCode
            time.sleep(pause)
            pause = min(pause * 1.5, 2.0)

    def process(self, pid: int) -> Any:
        """The `GuestProcessInfo` of a process; None where it is not there, or ended five minutes ago."""
        return next(iter(self._call("processManager", "ListProcesses", [pid])), None)

    def terminate(self, pid: int, seconds: float) -> bool:
        """End a process and, on Windows, what it has started; whether it has ended. A script on Linux ends its own."""
        with suppress(HybridInvError):
            if self._system is OSType.WINDOWS:
                self.run(f"{self.system_root}\\System32\\taskkill.exe", f"/PID {pid} /T /F", seconds)
            else:
                self._call("processManager", "TerminateProcess", pid)
        until = time.monotonic() + seconds
        while True:
            with suppress(HybridInvError):
                info = self.process(pid)
                if info is None or info.endTime is not None:
                    return True
            if time.monotonic() > until:
                return False
            time.sleep(0.5)

    def delete_folder(self, folder: str) -> bool:
        """Whether a folder and all in it are gone; tried a few times, for a program that ends may hold a file."""
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(_PAUSE)
            try:
                self._call("fileManager", "DeleteDirectory", folder, True)
            except HybridInvError as error:
                if fault_name(error) != "FileNotFound":
                    continue
            return True
        return False

    def delete_file(self, path: str) -> None:
        """Delete a file, if that can be done."""
        with suppress(HybridInvError):
            self._call("fileManager", "DeleteFile", path)

    def list_folder(self, folder: str, pattern: str) -> list[str]:
        """The paths in a folder whose names match a regular expression."""
        try:
            found = self._call("fileManager", "ListFiles", folder, 0, 50, pattern)
        except HybridInvError as error:
            if fault_name(error) == "FileNotFound":
                return []
            raise
        names = [str(one.path) for one in found.files or ()]
        return [self.path(folder, name) for name in names if re.fullmatch(pattern, name)]

    @property
    def system_root(self) -> str:
        """Where Windows is."""
        if not self._system_root:
            told = self._call("processManager", "ReadEnvironmentVariable", ["SystemRoot"])
            root = next((one.partition("=")[2] for one in told or () if "=" in one), "")
            self._system_root = root if re.fullmatch(r"[A-Za-z]:\\[\w\\]+", root) else "C:\\Windows"
        return self._system_root

    @property
    def _paths(self) -> Any:
        return ntpath if self._system is OSType.WINDOWS else posixpath

    def _start(self, program: str, arguments: str) -> int:
        spec = vim.vm.guest.ProcessManager.ProgramSpec(programPath=program, arguments=arguments)
        return int(self._call("processManager", "StartProgram", spec))

    def _pid_of(self, path: str) -> int | None:
        infos = self._call("processManager", "ListProcesses", None) or ()
        pids = [int(info.pid) for info in infos if path in (info.cmdLine or "")]
        return min(pids, default=None)

    def _call(self, manager: str, method: str, *arguments: Any) -> Any:
        """What a method answers.

        A session that has ended refuses a call before it does anything, so it may be called once more in a new one;
        after any other error nothing is called again.
        """
        try:
            return self._session.run(lambda content: self._ask(content, manager, method, arguments))
        except AccessDenied as error:
            error.remedy = f"give the vSphere account {_PRIVILEGES} on the machine"
            raise
        except ServerFault as error:
            error.remedy = _REMEDIES.get(fault_name(error), error.remedy)
            raise

    def _ask(self, content: Any, manager: str, method: str, arguments: tuple[Any, ...]) -> Any:
        stub = content.rootFolder._stub
        if manager not in self._morefs:
            if content.guestOperationsManager is None:
                raise NotSupported("this server has no guest operations", remedy="ask the machine's vCenter")
            row = read_object(content, content.guestOperationsManager, list(_MANAGERS))
            self._morefs |= {name: str(row.properties.get(name, "")) for name in _MANAGERS}
        target = _MANAGERS[manager](self._morefs[manager], stub)
        return getattr(target, method)(vim.VirtualMachine(self._moref, stub), self._auth, *arguments)

    def _host_names(self) -> set[str]:
        """What the host that the machine runs on is called, and the addresses of its VMkernel adapters."""

        def read(content: Any) -> set[str]:
            stub = content.rootFolder._stub
            vm = vim.VirtualMachine(self._moref, stub)
            moref = read_object(content, vm, ["runtime.host"]).properties.get("runtime.host")
            if not moref:
                return set()
            host = read_object(content, vim.HostSystem(moref, stub), ["name", "config.network.vnic"]).properties
            addresses = [look(one, "spec.ip.ipAddress") for one in many(host.get("config.network.vnic"))]
            return {str(one).lower() for one in (host.get("name"), *addresses) if one}

        return self._session.run(read)


_MANAGERS = {
    "authManager": vim.vm.guest.AuthManager,
    "fileManager": vim.vm.guest.FileManager,
    "processManager": vim.vm.guest.ProcessManager,
}


def undisturbed(do: Callable[[], T], seconds: float) -> T:
    """What `do` gives, whatever the caller's deadline was: it has these seconds of its own."""

    def run() -> T:
        with deadline(seconds):
            return do()

    return contextvars.Context().run(run)


def fault_name(error: HybridInvError) -> str:
    """The vSphere fault that an error stands for; empty where it stands for none."""
    if not isinstance(error, ServerFault) or error.status:
        return ""
    return error.message.partition(":")[0]


def is_fault(error: HybridInvError) -> bool:
    """Whether the server has said no, in so many words."""
    return bool(fault_name(error))


def _settled(find: Callable[[], int | None]) -> Callable[[], int | None]:
    """`find`, asked a few times: the server may still be at it, and the way to it still broken."""

    def search() -> int | None:
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(_PAUSE)
            with suppress(HybridInvError):
                found = find()
                if found is not None:
                    return found
        return None

    return search
