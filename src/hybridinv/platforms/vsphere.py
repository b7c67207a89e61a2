"""vSphere: vCenter Server, or one ESXi host."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any, ClassVar

import httpx
from pyVmomi import vim

from hybridinv.errors import AuthenticationFailed, HybridInvError, NotSupported
from hybridinv.model import Cluster, Datastore, Host, Network, VirtualMachine
from hybridinv.platforms.adapter import Adapter, Reading, Report, Survey, checked_detail
from hybridinv.transport.client import TIMEOUT, Wire
from hybridinv.transport.parallel import once
from hybridinv.transport.property_collector import read_rows
from hybridinv.transport.vmomi import Session, SessionExpired
from hybridinv.wire.reading import Origin
from hybridinv.wire.vim.hosts import VNICS, read_host, read_portgroups, read_vmkernel_adapters
from hybridinv.wire.vim.machines import read_vm
from hybridinv.wire.vim.paths import property_paths
from hybridinv.wire.vim.places import read_cluster, read_datastore, read_network, read_switches
from hybridinv.wire.vim.tree import Tree, odd, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from os import PathLike

    from hybridinv.wire.soap import Row


_PORT = 443
_NO_NAME = re.compile(r"[\s/\\?#@\[\]]")


class VSphere(Adapter):
    """Reads a vCenter Server (or an ESXi host) of API version 6.5 or later; Read-only on its root is enough.

    `thumbprint` pins the server's certificate (SHA-256 in hex); `ca_file` adds a CA; `verify=False` trusts anybody.
    `source` is the host, with the port where that is not 443. Reads are tried again after a failed connection, 429 and
    503; an expired session is renewed.
    """

    platform: ClassVar[str] = "vsphere"
    missing: ClassVar[Mapping[str, str]] = {"extensions": "vSphere has no VM extensions; see the adapter of Arc"}

    tape_login: ClassVar[Mapping[str, Any]] = {"username": "tape", "password": "tape"}

    def __init__(
        self,
        host: str,
        *,
        username: str | None = None,
        password: str | None = None,
        port: int = _PORT,
        ca_file: str | PathLike[str] | None = None,
        thumbprint: str | None = None,
        verify: bool = True,
        timeout: float = TIMEOUT,
        detail: str = "summary",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.detail = checked_detail(detail)
        address = _address(host, port)
        _check_login(username, password)
        host = host.strip()
        self.source = host if port == _PORT else f"{address}:{port}"
        self.settings = {"host": host, "port": port, "detail": detail}
        self.capabilities = frozenset({"hosts", "vms", "vmkernel_adapters", "clusters", "datastores", "networks"})
        self._wire = Wire(
            self.source, verify=verify, ca_file=ca_file, thumbprint=thumbprint, timeout=timeout, transport=transport
        )
        self._session = Session(self._wire, f"https://{address}:{port}/sdk", username, password)

    def _survey(self, report: Report | None, detail: str) -> Survey:
        self.product = self._session.content.about.fullName
        return _VSphereSurvey(self.source, self._session, report, detail)

    def native(self, record: Any) -> Any:
        """The managed object of pyVmomi for a record: a `vim.VirtualMachine`, a `vim.HostSystem` and so on.

        It is live: reading one of its properties asks the server, and its methods can change things.
        """
        managed_type = _managed_type(record)
        if managed_type is None or record.source != self.source:
            raise NotSupported(
                f"there is no vSphere object for {type(record).__name__} {record.id} at {self.source}",
                remedy="give a record that this adapter has read",
            )
        return managed_type(_moref(record), self._session.live_content.rootFolder._stub)

    def close(self) -> None:
        self._session.close()
        super().close()


def _address(host: str, port: int) -> str:
    """The host as an address has it; `NotSupported` where host and port lead nowhere."""
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 2**16:
        raise NotSupported(f"port={port!r:.40} is no port", remedy="give a whole number from 1 to 65535")
    text = host.strip() if isinstance(host, str) else ""
    bare = text.removeprefix("[").removesuffix("]")
    try:
        if ":" in bare:
            text = f"[{ipaddress.IPv6Address(bare)}]"
        elif not text or _NO_NAME.search(text):
            raise ValueError
        httpx.URL(f"https://{text}:{port}")
    except (ValueError, httpx.InvalidURL):
        # With a user name in it, it may hold a password too.
        shown = type(host).__name__ if not isinstance(host, str) else "…@…" if "@" in host else repr(host)
        raise NotSupported(
            f"host={shown:.80} is not a name or an address alone",
            remedy='say host="vc01.example.com", port=443; user name and password have arguments of their own',
        ) from None
    return text


def _check_login(username: object, password: object) -> None:
    for name, value in (("username", username), ("password", password)):
        if value is not None and not isinstance(value, str):
            raise NotSupported(f"{name}= is a text, not {type(value).__name__}", remedy=f"pass {name}= as a str")


def _moref(record: Any) -> str:
    return str(record.id).rpartition("/")[2]


def _managed_type(record: Any) -> Any:
    if isinstance(record, Network):
        return _NETWORK_TYPES.get(record.kind, vim.Network)
    if isinstance(record, Cluster) and not _moref(record).startswith("domain-c"):
        return vim.ComputeResource
    return _MANAGED.get(type(record))


_NETWORK_TYPES = {"distributed": vim.dvs.DistributedVirtualPortgroup, "opaque": vim.OpaqueNetwork}
_MANAGED = {
    VirtualMachine: vim.VirtualMachine,
    Host: vim.HostSystem,
    Cluster: vim.ClusterComputeResource,
    Datastore: vim.Datastore,
}


class _VSphereSurvey(Survey):
    def __init__(self, source: str, session: Session, report: Report | None, detail: str) -> None:
        self._detail = detail
        self._source = source
        self._session = session
        self._report = report
        self._content: Any = None
        self._refused: AuthenticationFailed | None = None

    def read(self, kind: str) -> Reading:
        reader: Callable[[], Reading] = getattr(self, f"_{kind}")
        if self._refused:
            # Asking again with the same password would only lock the account.
            raise self._refused
        for _ in range(_RENEWALS):
            self._log_in()
            try:
                return reader()
            except SessionExpired:
                # Expired in the middle: page tokens went with it, so the kind starts again.
                self._session.renew(self._content)
        self._log_in()
        return reader()

    def _log_in(self) -> None:
        try:
            self._content = self._session.content
        except AuthenticationFailed as error:
            self._refused = error
            raise

    def _vms(self) -> Reading:
        return self._each("vms", read_vm)

    def _hosts(self) -> Reading:
        return self._each("hosts", read_host)

    def _clusters(self) -> Reading:
        return self._each("clusters", read_cluster)

    def _datastores(self) -> Reading:
        return self._each("datastores", read_datastore)

    def _vmkernel_adapters(self) -> Reading:
        reading, tree = Reading(), self._tree
        portgroups = read_portgroups(self._kept("portgroups", reading))
        for row in self._kept("vmkernel_adapters", reading):
            reading.records += read_vmkernel_adapters(row, tree, portgroups)
            if VNICS in row.missing:
                reading.lose(*refused(row, tree, VNICS))
            elif VNICS not in row.properties:
                reading.problems.append(odd(row, tree, "vmkernel_adapters", _NO_VNICS))
        return reading

    def _networks(self) -> Reading:
        reading, tree = Reading(), self._tree
        rows = list(self._kept("networks", reading))
        switches = read_switches(rows)
        reading.records += [read_network(row, tree, switches) for row in rows if row.type in _NETWORKS]
        return reading

    def _each(self, kind: str, read: Callable[[Row, Tree], Any]) -> Reading:
        reading, tree = Reading(), self._tree
        reading.records += (read(row, tree) for row in self._kept(kind, reading))
        return reading

    def _kept(self, kind: str, reading: Reading) -> Iterator[Row]:
        """The rows of a kind; when they break off, those that came are kept and the loss is noted."""
        try:
            yield from self._rows(kind)
        except SessionExpired:
            raise
        except HybridInvError as error:
            reading.lose("", error)

    @once
    def _tree(self) -> Tree:
        about = self._content.about
        return Tree(Origin("vsphere", self._source), about.instanceUuid or self._source, self._rows("tree"))

    def _rows(self, kind: str) -> Iterator[Row]:
        def seen(read: int, expected: int | None) -> None:
            if self._report and kind in _COUNTED:
                self._report(kind, read, expected)

        return read_rows(self._content, property_paths(kind, self._content.about.apiVersion), seen)


_COUNTED = ("vms", "hosts", "clusters", "datastores")
_NO_VNICS = "vCenter has no network configuration of it; its VMkernel adapters are unknown"
_RENEWALS = 2
_NETWORKS = ("Network", "OpaqueNetwork", "DistributedVirtualPortgroup")
