"""What the guest says of itself: its family, VMware Tools, addresses, file systems."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from hybridinv.model import Agent, AgentStatus, OSType, Partition

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hybridinv.model import Nic
    from hybridinv.wire.vim.fields import Fields

_TOOLS_RUN = ("guestToolsRunning", "guestToolsExecutingScripts")
_NO_LINUX = (
    *("darwin", "dos", "ecomstation", "freebsd", "netware", "openserver", "os2", "other", "solaris", "unixware"),
    "vmkernel",
)
_UPGRADES = {"upgradeAtPowerCycle": True, "manual": False}


@lru_cache(maxsize=1024)
def os_type(guest_id: str) -> OSType:
    """The family of a guest id; most ids are Linux distributions, and new ones are too."""
    known = guest_id.lower()
    if not known:
        return OSType.UNKNOWN
    if known.startswith("win"):
        return OSType.WINDOWS
    return OSType.LINUX if "linux" in known or not known.startswith(_NO_LINUX) else OSType.OTHER


def read_tools(fields: Fields) -> Agent:
    """VMware Tools; machines with the same version in the same state share one record."""
    return _tools(
        fields.text("guest.toolsRunningStatus"),
        fields.text("guest.toolsVersionStatus2"),
        fields.text("guest.toolsVersion"),
        fields.text("config.tools.toolsUpgradePolicy"),
    )


@lru_cache(maxsize=1024)
def _tools(running: str, installed: str, version: str, upgrades: str) -> Agent:
    if installed == "guestToolsNotInstalled":
        status = AgentStatus.NOT_INSTALLED
    elif running in _TOOLS_RUN:
        status = AgentStatus.READY
    elif running == "guestToolsNotRunning":
        status = AgentStatus.NOT_READY
    else:
        status = AgentStatus.UNKNOWN
    return Agent(
        kind="vmware-tools",
        version="" if version == "0" else version,
        status=status,
        message=", ".join(word for word in (running, installed) if word),
        auto_upgrade=_UPGRADES.get(upgrades),
    )


def read_addresses(fields: Fields, nics: Iterable[Nic]) -> tuple[str, ...]:
    """All addresses, each once: the guest's first choice, those of known adapters, then the others."""
    found = dict.fromkeys(filter(None, (fields.text("guest.ipAddress"),)))
    for nic in nics:
        found.update(dict.fromkeys(nic.ip_addresses))
    for net in fields.each("guest.net"):
        found.update(dict.fromkeys(net.texts("ipAddress")))
    return tuple(found)


def domain_of(hostname: str) -> str:
    """What follows the first dot of a host name; nothing for an address."""
    domain = hostname.partition(".")[2].rstrip(".")
    return "" if domain.rpartition(".")[2].isdigit() else domain


def read_partitions(fields: Fields) -> tuple[Partition, ...]:
    """The file systems that VMware Tools reports."""
    return tuple(
        Partition(
            path=disk.text("diskPath"),
            capacity_bytes=disk.number("capacity"),
            free_bytes=disk.number("freeSpace"),
            filesystem=disk.text("filesystemType"),
            disks=tuple(mapping.text("key") for mapping in disk.each("mappings")),
        )
        for disk in fields.each("guest.disk")
    )
