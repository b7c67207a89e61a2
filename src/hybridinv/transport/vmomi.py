"""The bridge that lets pyVmomi ride on our wire: its serialiser and types, our httpx. And the vCenter session."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar
from xml.parsers.expat import ExpatError

import httpx
from pyVmomi import VmomiSupport, vim, vmodl
from pyVmomi.SoapAdapter import SoapResponseDeserializer, SoapStubAdapterBase

from hybridinv.errors import (
    AccessDenied,
    AuthenticationFailed,
    ConnectFailed,
    HybridInvError,
    NotFound,
    NotSupported,
    ServerFault,
    SessionExpired,
    UnexpectedAnswer,
)
from hybridinv.transport.deadline import deadline
from hybridinv.transport.scrub import cause, secrets_of
from hybridinv.transport.vsphere_rest import TaggingService
from hybridinv.transport.whole import unpacked, whole
from hybridinv.wire.secrets import excerpt, redact
from hybridinv.wire.soap import Row, read_objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hybridinv.transport.client import Wire

T = TypeVar("T")

OLDEST_API = "6.5"
LOG_IN = "ask again: the adapter logs in anew; what native() gave is of the old session, so call that again too"
RENEWALS = 2
"""So many times one question may begin a new session."""
_READS = (
    "Retrieve", "Continue", "Query", "Find", "Fetch", "CreateContainerView", "CurrentTime",
    "CheckMigrate_Task", "CheckRelocate_Task",
)  # fmt: skip
_GOODBYE = 5.0
_SERVICES = ("about", "rootFolder", "propertyCollector", "viewManager", "sessionManager")
_READ_ONLY = "give the account the role Read-only on the vCenter's root, with propagation"


class Stub(SoapStubAdapterBase):  # type: ignore[misc]
    """A pyVmomi stub whose wire is ours; managed objects made with it send through it.

    It keeps the cookie of its own login. So what belongs to a session that has ended (a view, a page's token) is
    refused as such, and never mixed up with the session that another thread has opened meanwhile.
    """

    def __init__(self, wire: Wire, url: str, version: str) -> None:
        super().__init__(version=version)
        self.requestContext: dict[str, str] = {}
        self._wire = wire
        self._url = url
        self._cookies = httpx.Cookies()

    def InvokeMethod(self, mo: Any, info: Any, args: Any) -> Any:  # noqa: N802 - pyVmomi's name
        """Called by pyVmomi for every method of a managed object."""
        with self.answer(mo, info, args) as response:
            return self._decode(whole(response), info.result)

    @contextmanager
    def answer(self, mo: Any, info: Any, args: Any) -> Iterator[httpx.Response]:
        """The open answer to a call; a fault has already been raised, in our words."""
        request = self._wire.client.build_request(
            "POST",
            self._url,
            content=self.SerializeRequest(mo, info, args),
            headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": self.versionId},
            extensions={"read": info.wsdlName.startswith(_READS), "operation": info.wsdlName},
        )
        request.headers.pop("Cookie", None)
        self._cookies.set_cookie_header(request)
        response = self._wire.client.send(request, stream=True)
        try:
            self._cookies.extract_cookies(response)
            if response.status_code != 200:
                self._refuse(whole(response), info.wsdlName)
            yield response
        except httpx.DecodingError as error:
            raise UnexpectedAnswer(f"the answer cannot be decompressed: {error}", remedy="try again") from error
        finally:
            response.close()

    def _decode(self, response: httpx.Response, result: Any) -> Any:
        if b"<!DOCTYPE" in response.content:
            raise UnexpectedAnswer(
                "the answer brings a DTD, which no vCenter does", remedy="check host and port; do not trust it"
            )
        if not response.content.strip():
            raise UnexpectedAnswer("the answer is empty", remedy="check host and port, and what stands in between")
        try:
            return SoapResponseDeserializer(self).Deserialize(response.content, result)
        except (ExpatError, TypeError, KeyError, AttributeError, ValueError) as error:
            known = secrets_of(response.request)
            raise UnexpectedAnswer(
                f"the answer cannot be read ({redact(str(error), known)}): {excerpt(response.content, known)!r}",
                remedy="check host and port; a proxy or login page may answer",
            ) from cause(error, known)

    def _refuse(self, response: httpx.Response, operation: str) -> None:
        where: dict[str, Any] = {"source": self._wire.source, "operation": operation}
        known = secrets_of(response.request)
        if response.status_code != 500 or b"Envelope" not in response.content[:400]:
            raise ServerFault(
                f"{self._url} answers {response.status_code} {redact(response.reason_phrase, known)}",
                remedy="check host and port: this must be a vCenter or an ESXi host",
                status=response.status_code,
                **where,
            )
        raise _error(self._decode(response, object), where, known)


def _error(fault: Any, where: dict[str, Any], known: Iterable[str]) -> HybridInvError:
    """A vSphere fault as one of our errors."""
    name = type(fault).__name__.rpartition(".")[2]
    message = redact(f"{name}: {getattr(fault, 'msg', '') or 'no message'}", known)
    if isinstance(fault, vim.fault.InvalidLogin):
        return AuthenticationFailed(
            "user name or password is wrong", remedy="check both; the user name needs its domain", **where
        )
    if isinstance(fault, vim.fault.NotAuthenticated):
        return SessionExpired("the session has ended", remedy=LOG_IN, **where)
    if isinstance(fault, vim.fault.NoPermission):
        lacks, on = _privileges(fault), getattr(fault, "object", None)
        message += f", missing privilege {lacks}" if lacks else ""
        message += f" on {on._GetMoId()}" if on is not None else ""
        return AccessDenied(message, missing=lacks, remedy=_how_to_get(lacks), **where)
    if isinstance(fault, vmodl.fault.ManagedObjectNotFound):
        return NotFound(message, remedy="it was removed meanwhile; read again")
    return ServerFault(message, remedy="try again; report it with a tape (hi.record) where it stays", **where)


def _how_to_get(privileges: str) -> str:
    """What to do about missing privileges: all that the role Read-only has begin with System."""
    if all(name.startswith("System.") for name in privileges.split(", ") if name):
        return _READ_ONLY
    return f"give the account a role with {privileges} there, beside Read-only, or leave that kind out (kinds=)"


def _privileges(fault: Any) -> str:
    """What is missing: one privilege, or since 7.0.3 a list of them by object."""
    listed = (name for lack in getattr(fault, "missingPrivileges", ()) or () for name in lack.privilegeIds or ())
    return str(fault.privilegeId or "") or ", ".join(dict.fromkeys(listed))


def stub_version(api_version: str) -> str:
    """The version of pyVmomi for the newest API that both it and the server (`about.apiVersion`) know."""
    known = {
        _numbers(namespace.partition("/")[2]): version
        for namespace, version in VmomiSupport.versionMap.items()
        if namespace.startswith("vim25/") and namespace.partition("/")[2].replace(".", "").isdigit()
    }
    server = _numbers(api_version)
    fitting = [numbers for numbers in known if numbers <= server]
    return str(known[max(fitting)] if fitting else known[_numbers(OLDEST_API)])


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


class Session:
    """One login at a vCenter or ESXi host: made when first needed, once more when it expires, ended by `close`."""

    def __init__(self, wire: Wire, url: str, username: str | None, password: str | None) -> None:
        self._wire = wire
        self._url = url
        self._username = username
        self._password = password
        self._content: Any = None
        self._lock = threading.Lock()
        self.closings = 0
        """How often it was closed: who has begun before one must not begin a new session."""

    def check_open(self, closings: int) -> None:
        """`ConnectFailed` where it was closed since there were that many closings."""
        if self.closings != closings:
            raise ConnectFailed(
                f"the adapter of {self._wire.source} was closed while it was being read", source=self._wire.source,
                remedy="close it when the reads have ended; using it again begins a new session",
            )  # fmt: skip

    @property
    def content(self) -> Any:
        """The ServiceContent, logged in."""
        with self._lock:
            if self._content is None:
                self._content = self._log_in()
            return self._content

    def _log_in(self) -> Any:
        if not self._username or self._password is None:
            raise AuthenticationFailed(
                f"no user name or password for {self._wire.source}",
                remedy="pass username= and password=",
                source=self._wire.source,
                operation="Login",
            )
        content = self._service(stub_version(OLDEST_API))
        if _numbers(content.about.apiVersion) < _numbers(OLDEST_API):
            raise NotSupported(
                f"{self._wire.source} is {content.about.fullName}, of API version {content.about.apiVersion}",
                remedy=f"hybridinv reads vSphere of API version {OLDEST_API} and later",
            )
        content = self._service(stub_version(content.about.apiVersion))
        if content.sessionManager.Login(self._username, self._password, None) is None:
            raise self._no_vcenter("Login")
        return content

    def _service(self, version: str) -> Any:
        instance = vim.ServiceInstance("ServiceInstance", Stub(self._wire, self._url, version))
        content = instance.RetrieveContent()
        if not all(getattr(content, name, None) for name in _SERVICES) or not content.about.apiVersion:
            raise self._no_vcenter("RetrieveServiceContent")
        return content

    def _no_vcenter(self, operation: str) -> UnexpectedAnswer:
        return UnexpectedAnswer(
            f"what answers at {self._url} is no vCenter and no ESXi host: nothing of use came back from {operation}",
            path="returnval",
            remedy="check host and port; a proxy or login page may answer",
        )

    def tagging(self) -> TaggingService | None:
        """The tagging service of a vCenter, for a `with` block; None for an ESXi host, which has none."""
        if self.content.about.apiType == "HostAgent":
            return None
        return TaggingService(self._wire, self._url.removesuffix("/sdk"), self._username or "", self._password or "")

    @property
    def live_content(self) -> Any:
        """The ServiceContent of a session that the server has just confirmed, for objects that are handed out."""
        content = self.content
        try:
            known = content.sessionManager.currentSession is not None
        except HybridInvError:
            known = False
        if not known:
            self.renew(content)
        return self.content

    def run(self, do: Callable[[Any], T]) -> T:
        """What `do` gives of the content; again in a new session where the server says that the old one has ended."""
        for _ in range(RENEWALS):
            content = self.content
            try:
                return do(content)
            except SessionExpired:
                self.renew(content)
        return do(self.content)

    def renew(self, expired: Any) -> None:
        """Log in anew at the next use, unless another thread has done it meanwhile."""
        with self._lock:
            if self._content is expired:
                self._content = None

    def close(self) -> None:
        """Log out; a server that is gone already, or does not answer, is no error."""
        with self._lock:
            self.closings += 1
            content, self._content = self._content, None
        if content is not None:
            with suppress(HybridInvError), deadline(_GOODBYE):
                content.sessionManager.Logout()

    def __getstate__(self) -> dict[str, object]:
        return {k: v for k, v in self.__dict__.items() if k not in ("_lock", "_content")}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state, _content=None, _lock=threading.Lock())


def read_object(content: Any, managed_object: Any, paths: Iterable[str]) -> Row:
    """One managed object that is in no inventory (a manager), with the given properties."""
    collector = vmodl.query.PropertyCollector
    spec = collector.FilterSpec(
        objectSet=[collector.ObjectSpec(obj=managed_object, skip=False)],
        propSet=[collector.PropertySpec(type=type(managed_object), pathSet=list(paths), all=False)],
    )
    with stream(content.propertyCollector, "RetrievePropertiesEx", [spec], collector.RetrieveOptions()) as chunks:
        row = next(iter([*read_objects(chunks)]), None)
    if row is None:
        raise UnexpectedAnswer(
            f"nothing came of {managed_object._GetMoId()}", path="returnval.objects", remedy="read again"
        )
    if any(why.fault == "NotAuthenticated" for why in row.missing.values()):
        raise SessionExpired("the session has ended", operation="RetrievePropertiesEx", remedy=LOG_IN)
    return row


@contextmanager
def stream(managed_object: Any, method: str, *arguments: Any) -> Iterator[Iterator[bytes]]:
    """The chunks of the answer to a call of a managed object, undecoded, while they arrive."""
    info = managed_object._GetMethodInfo(method)
    with managed_object._stub.answer(managed_object, info, arguments) as response:
        yield unpacked(response)
