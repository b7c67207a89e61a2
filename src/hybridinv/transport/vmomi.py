"""The bridge that lets pyVmomi ride on our wire: its serialiser and types, our httpx. And the vCenter session."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any
from xml.parsers.expat import ExpatError

import httpx
from pyVmomi import VmomiSupport, vim, vmodl
from pyVmomi.SoapAdapter import SoapResponseDeserializer, SoapStubAdapterBase

from hybridinv.errors import (
    AccessDenied,
    AuthenticationFailed,
    HybridInvError,
    NotFound,
    ServerFault,
    UnexpectedAnswer,
)
from hybridinv.transport.client import Wire

OLDEST_API = "6.5"
_READS = ("Retrieve", "Continue", "Query", "Find", "Fetch", "CreateContainerView", "DestroyView", "CurrentTime")
_SEES_ALL_READS = "the Read-only role on the vCenter's root, with propagation, is enough"


class Stub(SoapStubAdapterBase):
    """A pyVmomi stub whose wire is ours; managed objects made with it send through it."""

    def __init__(self, wire: Wire, url: str, version: str) -> None:
        super().__init__(version=version)
        self.requestContext: dict[str, str] = {}
        self._wire = wire
        self._url = url

    def InvokeMethod(self, mo: Any, info: Any, args: Any) -> Any:  # noqa: N802 - pyVmomi's name
        """Called by pyVmomi for every method of a managed object."""
        with self.answer(mo, info, args) as response:
            response.read()
            return self._decode(response, info.result)

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
        response = self._wire.client.send(request, stream=True)
        try:
            if response.status_code != 200:
                response.read()
                self._refuse(response, info.wsdlName)
            yield response
        finally:
            response.close()

    def _decode(self, response: httpx.Response, result: Any) -> Any:
        try:
            return SoapResponseDeserializer(self).Deserialize(response.content, result)
        except (ExpatError, TypeError, KeyError, AttributeError, ValueError) as error:
            shown = response.content[:80].decode("utf-8", "replace").strip()
            raise UnexpectedAnswer(
                f"the answer cannot be read ({error}): {shown!r}",
                remedy="check host and port; a proxy or login page may answer",
            ) from error

    def _refuse(self, response: httpx.Response, operation: str) -> None:
        where = {"source": self._wire.source, "operation": operation}
        if response.status_code != 500 or b"Envelope" not in response.content[:400]:
            raise ServerFault(
                f"{self._url} answers {response.status_code} {response.reason_phrase}",
                remedy="check host and port: this must be a vCenter or an ESXi host",
                **where,
            )
        raise _error(self._decode(response, object), where)


def _error(fault: Any, where: dict[str, str]) -> HybridInvError:
    """A vSphere fault as one of our errors."""
    name = type(fault).__name__.rpartition(".")[2]
    message = f"{name}: {getattr(fault, 'msg', '') or 'no message'}"
    if isinstance(fault, vim.fault.InvalidLogin):
        return AuthenticationFailed(
            "user name or password is wrong", remedy="check both; the user name needs its domain", **where
        )
    if isinstance(fault, vim.fault.NotAuthenticated):
        return SessionExpired("the session has ended", remedy="log in again", **where)
    if isinstance(fault, vim.fault.NoPermission):
        privilege = str(getattr(fault, "privilegeId", "") or "")
        return AccessDenied(message, missing=privilege, remedy=_SEES_ALL_READS, **where)
    if isinstance(fault, vmodl.fault.ManagedObjectNotFound):
        return NotFound(message, remedy="it was removed meanwhile; read again")
    return ServerFault(message, remedy="try again; report it with a tape (hi.record) where it stays", **where)


class SessionExpired(AuthenticationFailed):
    """The server has ended the session; a new login follows by itself."""


def stub_version(api_version: str) -> str:
    """pyVmomi's version for the newest API that both it and the server (`about.apiVersion`) know."""
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
        content = self._service(stub_version(content.about.apiVersion))
        content.sessionManager.Login(self._username, self._password, None)
        return content

    def _service(self, version: str) -> Any:
        instance = vim.ServiceInstance("ServiceInstance", Stub(self._wire, self._url, version))
        return instance.RetrieveContent()

    def renew(self, expired: Any) -> None:
        """Log in anew, unless another thread has done it meanwhile."""
        with self._lock:
            if self._content is expired:
                self._content = None

    def close(self) -> None:
        """Log out; a server that is gone already is no error."""
        with self._lock:
            content, self._content = self._content, None
        if content is not None:
            try:
                content.sessionManager.Logout()
            except HybridInvError:
                pass

    @contextmanager
    def stream(self, managed_object: Any, method: str, *arguments: Any) -> Generator[Iterator[bytes], None, None]:
        """The chunks of the answer to a call, undecoded, while they arrive."""
        info = managed_object._GetMethodInfo(method)
        with managed_object._stub.answer(managed_object, info, arguments) as response:
            try:
                yield response.iter_bytes()
            except httpx.DecodingError as error:
                raise UnexpectedAnswer(f"the answer cannot be decompressed: {error}", remedy="try again") from error

    def __getstate__(self) -> dict[str, object]:
        return {k: v for k, v in self.__dict__.items() if k not in ("_lock", "_content")}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state, _content=None, _lock=threading.Lock())
