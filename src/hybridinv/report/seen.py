"""What of an inventory was read, and what could not be: so that nothing found is told from nothing seen."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from hybridinv.catalogue.agents import check_agents
from hybridinv.identity import same_machines
from hybridinv.inventory import count_of
from hybridinv.planning.index import index_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hybridinv.inventory import Inventory
    from hybridinv.model import Finding, MachineMatch, Problem, VirtualMachine
    from hybridinv.tables import Records

PLATFORMS = {"vsphere": "vSphere", "azure-stack-hub": "Azure Stack Hub", "azure": "Azure", "azure-arc": "Azure Arc"}
"""What people call them."""


class Reading:
    """An inventory, with what sections of a report ask of it again and again."""

    def __init__(self, inv: Inventory) -> None:
        self.inv = inv
        self.index = index_of(inv)

    @cached_property
    def matches(self) -> Records[MachineMatch]:
        """Records that are one machine."""
        return same_machines(self.inv)

    @cached_property
    def agent_findings(self) -> Records[Finding]:
        """What is wrong with agents and extensions."""
        return check_agents(self.inv)

    @cached_property
    def repeated(self) -> frozenset[str]:
        """Arc's records of machines that another platform shows too: leave them out to count each machine once."""
        of_arc = {vm.id for vm in self.inv.vms if vm.platform == "azure-arc"}
        ids = (set(match.vm_ids) for match in self.matches if not match.ambiguous)
        return frozenset(id_ for several in ids if several - of_arc for id_ in several & of_arc)

    @cached_property
    def of_workbooks(self) -> frozenset[tuple[str, str]]:
        """Platform and name of the sources that an RVTools workbook told of: of these less is known."""
        return frozenset((one.platform, one.source) for one in self.inv.asked if one.detail == "rvtools")

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Names of hosts, clusters and machines by id."""
        tables = (self.inv.vms, self.inv.clusters, self.inv.hosts)
        return {one.id: one.name for table in tables for one in table}

    def name(self, id_: str) -> str | None:
        """The name of a host, cluster or machine; None where there is no id, the end of it where there is no record."""
        return self.names.get(id_) or id_.rpartition("/")[2] or None

    def vms(self, *platforms: str) -> list[VirtualMachine]:
        """The machines of these platforms; templates are none."""
        return [vm for vm in self.inv.vms if vm.platform in platforms and not vm.is_template]

    def asked(self, kind: str, platforms: Collection[str] = PLATFORMS) -> bool:
        """Whether a source of these platforms was asked for that kind; an inventory made by hand is what it holds."""
        if not self.inv.asked:
            return any(one.platform in platforms for one in getattr(self.inv, kind))
        return any(one.platform in platforms and kind in one.kinds for one in self.inv.asked)

    def unread(self, kinds: Collection[str], platforms: Collection[str] = PLATFORMS) -> tuple[str, ...]:
        """What could not be read of these kinds, and which sources were not asked for them; one line each."""
        return (*self._failed(kinds, platforms), *self._unasked(kinds, platforms))

    def empty(self, kinds: Collection[str], platforms: Collection[str] = PLATFORMS, none: str = "None.") -> str:
        """What an empty table of these kinds says."""
        if not all(self.asked(kind, platforms) for kind in kinds):
            return "Not read."
        if any(self._failed(kinds, platforms)):
            return f"{none.removesuffix('.')} among what could be read."
        return none

    def _failed(self, kinds: Collection[str], platforms: Collection[str]) -> Iterator[str]:
        failed: dict[tuple[str, str, str], list[Problem]] = defaultdict(list)
        for problem in self.inv.problems:
            if problem.kind in (*kinds, "") and problem.platform in (*platforms, ""):
                failed[problem.platform, problem.source, problem.kind].append(problem)
        for (platform, source, kind), problems in failed.items():
            what = f"{words(kind) or 'all'} of {source or 'a source'} ({PLATFORMS.get(platform, platform) or '?'})"
            said = ", ".join(dict.fromkeys(one.error for one in problems))
            yield f"{what}: {count_of('problem', len(problems))} ({said})"

    def _unasked(self, kinds: Collection[str], platforms: Collection[str]) -> Iterator[str]:
        for platform in platforms:
            for kind in kinds:
                here = [one for one in self.inv.asked if one.platform == platform]
                if here and all(kind not in one.kinds for one in here) and kind in _KINDS_OF.get(platform, ()):
                    yield f"{words(kind)} of {PLATFORMS.get(platform, platform)}: not asked for"


_KINDS_OF = {
    "vsphere": ("hosts", "vms", "vmkernel_adapters", "clusters", "datastores"),
    "azure-stack-hub": ("vms", "extensions"),
    "azure": ("vms", "extensions"),
    "azure-arc": ("vms", "extensions"),
}
"""What each platform could have been asked for without more ado, of what reports are made from."""


def words(kind: str) -> str:
    """What people call a kind of records."""
    names = {"vms": "machines", "vmkernel_adapters": "VMkernel adapters"}
    return names.get(kind, kind.replace("_", " "))
