"""vSphere: vCenter Server, or one ESXi host."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any, ClassVar

import httpx
from pyVmomi import vim

from hybridinv.errors import NotSupported, TapeMismatch
from hybridinv.model import Cluster, Datastore, Host, Network, OSType, ResourcePool, Switch, VirtualMachine
from hybridinv.platforms.adapter import Adapter, Report, Survey, checked_detail
from hybridinv.platforms.vsphere_checks import check_migration
from hybridinv.platforms.vsphere_guest import Transfers
from hybridinv.platforms.vsphere_metrics import read_metrics
from hybridinv.platforms.vsphere_onboarding import run_onboarding
from hybridinv.platforms.vsphere_survey import VSphereSurvey
from hybridinv.platforms.vsphere_terms import Terms
from hybridinv.platforms.vsphere_traffic import watch_traffic
from hybridinv.platforms.vsphere_unseen import with_unseen
from hybridinv.platforms.vsphere_watch import Refreshed, Watch
from hybridinv.transport.client import TIMEOUT, Wire
from hybridinv.transport.vmomi import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from os import PathLike

    from hybridinv.inventory import Inventory
    from hybridinv.model import MetricSample
    from hybridinv.model.guest import OnboardingRun
    from hybridinv.model.migration import MigrationPlan
    from hybridinv.model.observed import MigrationCheck, MigrationTraffic
    from hybridinv.model.onboarding import OnboardingPlan
    from hybridinv.platforms.vsphere_terms import Accounts, Secret
    from hybridinv.tables import Records


_PORT = 443
_KINDS = frozenset(
    {
        "hosts", "vms", "vmkernel_adapters", "clusters", "datastores", "networks", "switches", "resource_pools",
        "licenses",
    }
)  # fmt: skip
_NO_NAME = re.compile(r"[\s/\\?#@\[\]]")


class VSphere(Adapter):
    """Reads a vCenter Server (or an ESXi host) of API version 6.5 or later, with the role Read-only on its root.

    `thumbprint` pins the server's certificate (SHA-256 in hex); `ca_file` adds a CA; `verify=False` trusts anybody.
    `source` is the host, with the port where that is not 443. Reads are tried again after a failed connection, 429 and
    503; an expired session is renewed. Read-only does not reach licences, which need the privilege Global.Licenses
    (without it the inventory is incomplete; `kinds=` leaves them out), nor tags, which are read with `detail="full"`
    and need the role as a global permission.
    """

    platform: str = "vsphere"
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
        self.detail: str = checked_detail(detail)
        address = _address(host, port)
        _check_login(username, password)
        host = host.strip()
        self.source: str = host if port == _PORT else f"{address}:{port}"
        self.settings: dict[str, Any] = {"host": host, "port": port, "detail": detail}
        self.capabilities: frozenset[str] = _KINDS
        self._wire = Wire(
            self.source, verify=verify, ca_file=ca_file, thumbprint=thumbprint, timeout=timeout, transport=transport
        )
        self._origin = f"https://{address}:{port}"
        self._session = Session(self._wire, f"https://{address}:{port}/sdk", username, password)
        self._watch = Watch(Session(self._wire, f"https://{address}:{port}/sdk", username, password))

    def _survey(self, report: Report | None, detail: str) -> Survey:
        self.product: str = self._session.content.about.fullName
        return VSphereSurvey(self.source, self._session, report, detail)

    def _noted(self, inventory: Inventory) -> Inventory:
        """A machine on a datastore or network that the account is not shown has a note of it among its problems."""
        return with_unseen(inventory)

    def _level(self, detail: str | None) -> str:
        level, recorded = super()._level(detail), self.settings["detail"]
        if self.played is not None and level != recorded:
            raise TapeMismatch(
                f"the tape was recorded with detail={recorded!r}, and holds no answers for {level!r}",
                remedy=f"leave detail= out, or record another tape with detail={level!r}",
            )
        return level

    def refresh(self, *, wait: float = 0, detail: str | None = None) -> Refreshed:
        """The inventory as it is now, and what has changed since the last call; the first one reads everything.

        Later ones ask the vCenter what has changed (`WaitForUpdatesEx`, in a session of its own) and read only that;
        where nothing has, they wait so many seconds for it. Counters that a vCenter sends no word of, such as usage,
        uptime and tags, are as old as the record they are in. Another `detail` than the last time reads everything
        anew. `wait` is in seconds; the vCenter counts whole ones. `with hi.deadline(60): …` bounds a call.
        """
        if self.played is not None:
            raise NotSupported(
                "a tape has no changes to wait for, so it cannot be refreshed", remedy="read it: inventory(), vms(), …"
            )
        return self._watch.refresh(self, wait, self._level(detail))

    def check_migration(self, plan: MigrationPlan, *, deadline: float | None = None) -> MigrationCheck:
        """What the vCenter's own checker finds in the way of a plan, and where it and the plan differ.

        It is a test that moves nothing (`CheckMigrate_Task`, `CheckRelocate_Task`), and shows among the vCenter's
        tasks. `deadline` in seconds.
        """
        return check_migration(self.source, self._session, plan, deadline)

    def watch_traffic(
        self, plan: MigrationPlan, *, seconds: float = 120, interval: float = 20, since: datetime | None = None
    ) -> MigrationTraffic:
        """Which adapters of both hosts carry data while a planned migration runs, for so many seconds.

        Start the migration meanwhile. Counters come every 20 seconds and up to a minute late; `interval` is how often
        they are asked for. With `since`, up to an hour ago, what has been counted from then on is looked at too: after
        a migration, `seconds=0` is enough.
        """
        return watch_traffic(self.source, self._session, plan, seconds, interval, since)

    def metrics(
        self,
        vms: VirtualMachine | Iterable[VirtualMachine] | None = None,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        counters: Iterable[str] | None = None,
        interval_s: int | None = None,
    ) -> Records[MetricSample]:
        """The counters of machines over time, in the words and units of `MetricSample`; what is missing is a problem.

        Without `start` it is the last hour, in the 20-second samples that hosts keep for so long; or the hour before an
        `end` that is longer ago. With an earlier one it is the finest interval that reaches back so far: a vCenter
        keeps 300 s for a day, 1,800 s for a week, 7,200 s for a month, a day for a year. `interval_s` chooses one of
        them. What begins from `start` until before `end` is read. `vms` are records of this adapter, all machines
        without it; `counters` some of our words (`cpu_percent`), all that vSphere has without it. A machine has 180
        samples of each counter in an hour, so name what you need.

        `problems` of the answer says which counters the server does not have, or does not keep for that interval, and
        which machines that run gave no samples. `NotFound` for a machine of another vCenter, `NotSupported` for a time
        without a zone, a start that is still to come, an end before the start, an unknown counter or interval. API:
        `QueryPerf` of the aggregate instance, so many at a time as `config.vpxd.stats.maxQueryMetrics` allows.
        """
        if self.played is not None:
            raise NotSupported("a tape has no counters", remedy="give a VSphere without one")
        return read_metrics(
            self.source, self._session, lambda: self.vms(detail="summary"), vms, start=start, end=end,
            counters=counters, interval_s=interval_s,
        )  # fmt: skip

    def run_onboarding(
        self,
        plan: OnboardingPlan,
        guest_credentials: Accounts,
        *,
        dry_run: bool = True,
        check_credentials: bool = False,
        auth: str = "service-principal",
        secret: Secret = "",
        service_principal_id: str = "",
        linux: Mapping[str, str] | None = None,
        windows: Mapping[str, str] | None = None,
        resume: Iterable[OnboardingRun] = (),
        progress: Callable[[OnboardingRun], None] | None = None,
        deadline: float | None = None,
        script_timeout: float = 1800.0,
        workers: int = 4,
    ) -> Records[OnboardingRun]:
        """What became of each candidate of a plan; as it is, a dry run that changes nothing.

        With `dry_run=False` the onboarding script runs in them, as an account of the guest, through VMware Tools.
        `guest_credentials` is a `GuestCredentials` or a pair of user name and password, a mapping from `vm_id` or name
        to such, or a function of the candidate. `secret` is what the script logs in to Azure with, or a function that
        gives it for each machine; `auth`, `service_principal_id`, `linux` and `windows` are as in `render_playbook`.

        `check_credentials` tries the accounts in a dry run too: the guests' logs will show it. Machines that are
        connected in `resume` are not run again; `progress` is called with each record as it comes. A script has
        `script_timeout` seconds, and all of it `deadline` seconds; what takes longer is ended. Ctrl-C ends the scripts
        that run, and tidies up.
        """
        if self._wire.tap is not None or self.played is not None:
            raise NotSupported("a run of the onboarding is not for tapes", remedy="give a VSphere without one")
        terms = Terms(
            dry_run=dry_run, check_credentials=check_credentials, auth=auth, secret=secret,
            service_principal_id=service_principal_id,
            options={OSType.LINUX: linux or {}, OSType.WINDOWS: windows or {}},
            script_timeout=script_timeout, workers=workers,
        )  # fmt: skip
        return run_onboarding(
            self.source, self._session, Transfers(self._wire, self._origin), plan, guest_credentials, terms,
            resume=resume, progress=progress, deadline=deadline,
        )  # fmt: skip

    def native(self, record: Any) -> Any:
        """The managed object of pyVmomi for a record: a `vim.VirtualMachine`, a `vim.HostSystem` and so on.

        It is live: reading one of its properties asks the server, and its methods can change things. It belongs to the
        session that is there now: where that has ended (`SessionExpired`), ask for it again.
        """
        if isinstance(record, Switch) and record.kind == "standard":
            raise NotSupported(
                f"the standard switch {record.name} is a part of its host, and no object of its own",
                remedy="read native(host).config.network.vswitch; the host's id is in host_ids",
            )
        managed_type = _managed_type(record)
        if managed_type is None or (record.platform, record.source) != (self.platform, self.source):
            kinds = ", ".join(one.__name__ for one in (*_MANAGED, Network, ResourcePool))
            raise NotSupported(
                f"there is no vSphere object for {type(record).__name__} {getattr(record, 'id', '')} at {self.source}",
                remedy=f"give one of these that this adapter has read: {kinds}; a VMkernel adapter is a part of its "
                "host, and in native(host).config.network.vnic",
            )
        return managed_type(_moref(record), self._session.live_content.rootFolder._stub)

    def close(self) -> None:
        self._watch.close()
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
    if isinstance(record, Switch) and (not record.vendor or "vmware" in record.vendor.lower()):
        return vim.dvs.VmwareDistributedVirtualSwitch
    if isinstance(record, ResourcePool):
        return vim.VirtualApp if record.kind == "vapp" else vim.ResourcePool
    if isinstance(record, Cluster) and not _moref(record).startswith("domain-c"):
        return vim.ComputeResource
    return _MANAGED.get(type(record))


_NETWORK_TYPES = {"distributed": vim.dvs.DistributedVirtualPortgroup, "opaque": vim.OpaqueNetwork}
_MANAGED = {
    VirtualMachine: vim.VirtualMachine,
    Host: vim.HostSystem,
    Cluster: vim.ClusterComputeResource,
    Datastore: vim.Datastore,
    Switch: vim.DistributedVirtualSwitch,
}
