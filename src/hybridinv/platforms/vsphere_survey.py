"""One pass over a vCenter: which objects are read for which kind, and what is said of those that are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from pyVmomi import vim

from hybridinv.errors import AccessDenied, AuthenticationFailed, HybridInvError, SessionExpired
from hybridinv.inventory import problem_of
from hybridinv.model import Problem
from hybridinv.platforms.adapter import Reading, Report, Survey
from hybridinv.platforms.vsphere_tags import Tagging, read_tagging
from hybridinv.transport.parallel import once
from hybridinv.transport.property_collector import read_rows
from hybridinv.transport.scrub import without_license_keys
from hybridinv.transport.vmomi import RENEWALS, Session, read_object
from hybridinv.wire.reading import Origin
from hybridinv.wire.vim.clusters import read_cluster
from hybridinv.wire.vim.datastores import read_datastore
from hybridinv.wire.vim.hosts import read_host
from hybridinv.wire.vim.licenses import read_licenses
from hybridinv.wire.vim.machines import read_vm
from hybridinv.wire.vim.networks import read_backing, read_network
from hybridinv.wire.vim.paths import property_paths
from hybridinv.wire.vim.pools import read_resource_pools
from hybridinv.wire.vim.portgroups import read_portgroups
from hybridinv.wire.vim.switches import read_switches
from hybridinv.wire.vim.tree import Tree, body_of, odd, problems_of, refused
from hybridinv.wire.vim.vmkernel import VNICS, read_vmkernel_adapters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hybridinv.wire.soap import Row

_COUNTED = ("vms", "hosts", "clusters", "datastores", "resource_pools")
_NETWORKS = ("Network", "OpaqueNetwork", "DistributedVirtualPortgroup")
_VSWITCHES = "config.network.vswitch"
_NO_VNICS = "vCenter has no network configuration of it; its VMkernel adapters are unknown"
_LICENSES = "Global.Licenses"
_LEAVE_OUT = "or leave licenses out (kinds=)"


class VSphereSurvey(Survey):
    """One pass over a vCenter or ESXi host, in the session of its adapter."""

    def __init__(self, source: str, session: Session, report: Report | None, detail: str) -> None:
        self._is_full = detail == "full"
        self.detail = detail
        self._source = source
        self._session = session
        self._report = report
        self._content: Any = None
        self._closings = session.closings
        self._refused: AuthenticationFailed | None = None

    def read(self, kind: str) -> Reading:
        try:
            return self._read(kind)
        except (HybridInvError, RuntimeError):
            # A client that was closed meanwhile raises the latter; its own words would only mislead.
            self._session.check_open(self._closings)
            raise

    def _read(self, kind: str) -> Reading:
        reader: Callable[[], Reading] = getattr(self, f"_{kind}")
        if self._refused:
            # Asking again with the same password would only lock the account.
            raise self._refused
        for _ in range(RENEWALS):
            self._log_in()
            try:
                return reader()
            except SessionExpired:
                # Expired in the middle: page tokens went with it, so the kind starts again.
                self._session.renew(self._content)
        self._log_in()
        return reader()

    def _log_in(self) -> None:
        self._session.check_open(self._closings)
        try:
            self._content = self._session.content
        except AuthenticationFailed as error:
            self._refused = error
            raise

    # kinds

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
        portgroups = read_portgroups(self._kept("portgroups", reading), tree)
        for row in self._kept("vmkernel_adapters", reading):
            reading.records += read_vmkernel_adapters(row, tree, portgroups)
            if VNICS in row.missing:
                reading.lose(*refused(row, tree, VNICS))
            elif VNICS not in row.properties:
                reading.problems.append(odd(row, tree, "vmkernel_adapters", _NO_VNICS))
        return reading

    def _networks(self) -> Reading:
        reading, tree = self._reading("networks"), self._tree
        rows = list(self._kept("networks", reading))
        backing = read_backing(rows, tree)
        for row in rows:
            if row.type in _NETWORKS:
                reading.records.append(read_network(row, tree, backing))
            else:
                reading.problems += problems_of(row, body_of(row), tree, "networks")
        return reading

    def _switches(self) -> Reading:
        reading, tree = self._reading("switches"), self._tree
        for row in self._kept("switches", reading):
            reading.records += read_switches(row, tree)
            if row.type == "HostSystem" and _VSWITCHES in row.missing:
                reading.lose(*refused(row, tree, _VSWITCHES))
        return reading

    def _resource_pools(self) -> Reading:
        reading, tree = self._reading("resource_pools"), self._tree
        reading.records += read_resource_pools(self._kept("resource_pools", reading), tree)
        return reading

    def _licenses(self) -> Reading:
        reading, root = Reading(), self._root
        row = read_object(self._content, self._content.licenseManager, ("licenses", "licenseAssignmentManager"))
        for path in row.missing:
            scope, error = refused(row, root, path)
            if isinstance(error, AccessDenied):
                error.missing = error.missing or _LICENSES
                error.remedy = f"give the account the privilege {error.missing} on the vCenter's root, {_LEAVE_OUT}"
            reading.lose(scope, error)
        assignments, problems = self._assignments(row)
        licenses = without_license_keys(row.properties.get("licenses") or [])
        reading.records += [
            attrs.evolve(one, problems=(*one.problems, *problems)) for one in read_licenses(licenses, root, assignments)
        ]
        return reading

    def _assignments(self, row: Row) -> tuple[list[dict[str, Any]], tuple[Problem, ...]]:
        """What each licence is assigned to, without keys; an ESXi host does not say."""
        moref = row.properties.get("licenseAssignmentManager")
        if not moref:
            return [], ()
        manager = vim.LicenseAssignmentManager(moref, self._content.rootFolder._stub)
        try:
            found = manager.QueryAssignedLicenses(None) or []
        except SessionExpired:
            raise
        except HybridInvError as error:
            return [], (Problem(
                platform="vsphere", source=self._source, kind="licenses", scope=f"{self._root.id_of(moref)}",
                error=type(error).__name__,
                message=without_license_keys(f"what licences are assigned to is unknown: {error.message}"),
                remedy=error.remedy,
            ),)  # fmt: skip
        names = ("licenseKey", "editionKey", "name", "costUnit", "total")
        return [
            {
                "entityId": one.entityId,
                "assignedLicense": without_license_keys({name: getattr(one.assignedLicense, name) for name in names}),
            }
            for one in found
        ], ()

    # what several kinds need

    def _each(self, kind: str, read: Callable[[Row, Tree], Any]) -> Reading:
        reading, tree = self._reading(kind), self._tree
        reading.records += (read(row, tree) for row in self._kept(kind, reading))
        return reading

    def _reading(self, kind: str) -> Reading:
        """A reading of objects that may have tags and custom attributes: what is missing of those costs no object."""
        missing = (*self._tagging.lost, *self._attributes[1])
        return Reading(
            problems=[problem_of(error, self._root.origin, kind=kind, scope=scope) for scope, error in missing]
        )

    def _kept(self, kind: str, reading: Reading) -> Iterator[Row]:
        """The rows of a kind; when they break off, those that came are kept and the loss is noted."""
        try:
            yield from self._rows(kind)
        except SessionExpired:
            raise
        except HybridInvError as error:
            self._session.check_open(self._closings)
            reading.lose("", error)

    @property
    def _root(self) -> Tree:
        """The tree without its objects."""
        return Tree(Origin("vsphere", self._source), self._vcenter)

    @property
    def _vcenter(self) -> str:
        return self._content.about.instanceUuid or self._source

    @once
    def _tree(self) -> Tree:
        return Tree(
            Origin("vsphere", self._source),
            self._vcenter,
            self._rows("tree"),
            attributes=self._attributes[0],
            tags=self._tagging.by_object,
        )

    @once
    def _tagging(self) -> Tagging:
        return read_tagging(self._session.tagging()) if self._is_full else Tagging()

    @once
    def _attributes(self) -> tuple[dict[str, str], list[tuple[str, HybridInvError]]]:
        """The names of custom attributes by key, and what could not be read of them."""
        manager = self._content.customFieldsManager
        if not self._is_full or manager is None:
            return {}, []
        try:
            row = read_object(self._content, manager, ["field"])
        except SessionExpired:
            raise
        except HybridInvError as error:
            return {}, [("custom attributes", error)]
        fields = body_of(row).each("field")
        return {field.text("key"): field.text("name") for field in fields}, [
            refused(row, self._root, path) for path in row.missing
        ]

    def _rows(self, kind: str) -> Iterator[Row]:
        def seen(read: int, expected: int | None) -> None:
            if self._report and kind in _COUNTED:
                self._report(kind, read, expected)

        return read_rows(self._content, property_paths(kind, self._content.about.apiVersion, self.detail), seen)
