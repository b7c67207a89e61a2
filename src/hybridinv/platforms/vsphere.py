"""vSphere: vCenter Server, or one ESXi host."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from os import PathLike
from typing import Any, ClassVar

import httpx
from pyVmomi import vim

from hybridinv.errors import HybridInvError, NotSupported
from hybridinv.model import Cluster, Datastore, Host, Network, VirtualMachine
from hybridinv.platforms.adapter import Adapter, Reading, Report, Survey
from hybridinv.transport.client import TIMEOUT, Wire
from hybridinv.transport.property_collector import read_rows
from hybridinv.transport.vmomi import Session, SessionExpired
from hybridinv.wire.reading import Origin
from hybridinv.wire.soap import Row
from hybridinv.wire.vim.hosts import read_host, read_portgroups, read_vmkernel_adapters
from hybridinv.wire.vim.machines import read_vm
from hybridinv.wire.vim.paths import property_paths
from hybridinv.wire.vim.places import read_cluster, read_datastore, read_network, read_switches
from hybridinv.wire.vim.tree import Tree, refused


class VSphere(Adapter):
    """Reads a vCenter Server (or an ESXi host) of API version 6.5 or later; Read-only on its root is enough.

    `thumbprint` pins the server's certificate (SHA-256 in hex); `ca_file` adds a CA; `verify=False` trusts anybody.
    Reads are tried again after a failed connection, 429 and 503; an expired session is renewed once.
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
        port: int = 443,
        ca_file: str | PathLike[str] | None = None,
        thumbprint: str | None = None,
        verify: bool = True,
        timeout: float = TIMEOUT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.source = host
        self.settings = {"host": host, "port": port}
        self.capabilities = frozenset({"hosts", "vms", "vmkernel_adapters", "clusters", "datastores", "networks"})
        self._wire = Wire(
            host, verify=verify, ca_file=ca_file, thumbprint=thumbprint, timeout=timeout, transport=transport
        )
        address = f"[{host}]" if ":" in host and not host.startswith("[") else host
        self._session = Session(self._wire, f"https://{address}:{port}/sdk", username, password)

    def _survey(self, report: Report | None) -> Survey:
        self.product = self._session.content.about.fullName
        return _VSphereSurvey(self.source, self._session, report)

    def native(self, record: Any) -> Any:
        """pyVmomi's managed object for a record: a `vim.VirtualMachine`, a `vim.HostSystem`, …

        It is live: reading one of its properties asks the server, and its methods can change things.
        """
        content = self._session.content
        moref = str(record.id).rpartition("/")[2]
        for record_type, managed_type in _MANAGED.items():
            if isinstance(record, record_type) and record.source == self.source:
                if isinstance(record, Network) and record.kind == "distributed":
                    managed_type = vim.dvs.DistributedVirtualPortgroup
                if isinstance(record, Cluster) and not moref.startswith("domain-c"):
                    managed_type = vim.ComputeResource
                return managed_type(moref, content.rootFolder._stub)
        raise NotSupported(
            f"there is no vSphere object for {type(record).__name__} {record.id} at {self.source}",
            remedy="give a record that this adapter has read",
        )

    def close(self) -> None:
        self._session.close()
        super().close()


_MANAGED = {
    VirtualMachine: vim.VirtualMachine,
    Host: vim.HostSystem,
    Cluster: vim.ClusterComputeResource,
    Datastore: vim.Datastore,
    Network: vim.Network,
}


class _VSphereSurvey(Survey):
    def __init__(self, source: str, session: Session, report: Report | None) -> None:
        self._source = source
        self._session = session
        self._report = report

    def read(self, kind: str) -> Reading:
        reader: Callable[[], Reading] = getattr(self, f"_{kind}")
        session = self._session.content
        try:
            return reader()
        except SessionExpired:
            # Expired in the middle: page tokens went with it, so the kind starts again.
            self._session.renew(session)
            return reader()

    def _vms(self) -> Reading:
        return self._each("vms", lambda row: read_vm(row, self._tree))

    def _hosts(self) -> Reading:
        return self._each("hosts", lambda row: read_host(row, self._tree))

    def _clusters(self) -> Reading:
        return self._each("clusters", lambda row: read_cluster(row, self._tree))

    def _datastores(self) -> Reading:
        return self._each("datastores", lambda row: read_datastore(row, self._tree))

    def _vmkernel_adapters(self) -> Reading:
        portgroups = read_portgroups(self._rows("portgroups"))
        reading = Reading()
        for row in self._kept("vmkernel_adapters", reading):
            adapters, complete = read_vmkernel_adapters(row, self._tree, portgroups)
            reading.records += adapters
            if not complete:
                reading.lose(*refused(row, self._tree, "config.network.vnic"))
        return reading

    def _networks(self) -> Reading:
        reading = Reading()
        rows = list(self._kept("networks", reading))
        switches = read_switches(rows)
        reading.records += [read_network(row, self._tree, switches) for row in rows if row.type in _NETWORKS]
        return reading

    def _each(self, kind: str, read: Callable[[Row], Any]) -> Reading:
        reading = Reading()
        reading.records += (read(row) for row in self._kept(kind, reading))
        return reading

    def _kept(self, kind: str, reading: Reading) -> Iterator[Row]:
        """The rows of a kind; when they break off, those that came are kept and the loss is noted."""
        try:
            yield from self._rows(kind)
        except SessionExpired:
            raise
        except HybridInvError as error:
            reading.lose("", error)

    @cached_property
    def _tree(self) -> Tree:
        about = self._session.content.about
        return Tree(Origin("vsphere", self._source), about.instanceUuid or self._source, self._rows("tree"))

    def _rows(self, kind: str) -> Iterator[Row]:
        paths = property_paths(kind, self._session.content.about.apiVersion)

        def seen(read: int, expected: int | None) -> None:
            if self._report:
                self._report(kind, read, expected)

        return read_rows(self._session, paths, seen)


_NETWORKS = ("Network", "OpaqueNetwork", "DistributedVirtualPortgroup")
