"""What the maintenance of hosts does to the machines on them, and in which order the hosts can go."""

from __future__ import annotations

import attrs

from hybridinv.model.fact import Word, fact, several
from hybridinv.model.findings import Finding, Severity
from hybridinv.model.hosts import Host
from hybridinv.model.machines import VirtualMachine
from hybridinv.model.migration import Confidence
from hybridinv.model.rendering import bounded_table, findings_table, page
from hybridinv.model.wording import INCOMPLETE, cell, visible


class UpdateKind(Word):
    """What is done to a host."""

    NO_IMPACT = "no_impact"
    """A hot patch: the host keeps running, and nothing on it notices."""
    PAUSE = "pause"
    """A memory-preserving update: machines are frozen for seconds."""
    RESTART = "restart"
    """The host restarts."""
    POWER_OFF = "power_off"
    """Work on its hardware: the host is off for a while."""


class Effect(Word):
    """What happens to a machine while its host is under maintenance."""

    LIVE_MIGRATES = "live_migrates"
    """It moves to another host while it runs."""
    PAUSES = "pauses"
    """It is frozen for seconds and goes on."""
    RESTARTS = "restarts"
    """It restarts, maybe on another host."""
    STOPS = "stops"
    """It cannot go anywhere: it is down as long as its host is."""
    STAYS = "stays"
    """It stays on its host; one that runs keeps the host from entering maintenance."""
    UNAFFECTED = "unaffected"
    """Nothing happens to it."""
    UNKNOWN = "unknown"
    """Nobody can say; `reason` says why."""


@attrs.frozen(kw_only=True)
class Impact:
    """What happens to one machine."""

    vm: VirtualMachine = attrs.field(metadata={"doc": "The machine."})
    host: Host | None = fact(None, "The host it is on; None where the platform shows none.")
    effect: Effect = fact(Effect.UNKNOWN, "What happens to it.", converter=Effect)
    destination: Host | None = fact(None, "Where it goes, as its cluster stands; the platform may choose another host.")
    reason: str = fact("", "Why.")
    sources: tuple[str, ...] = several((), "The documents the reason rests on.")
    confidence: Confidence = fact(
        Confidence.UNVERIFIED, "How far they bear the reason out.", converter=Confidence
    )  # fmt: skip
    findings: tuple[Finding, ...] = several((), "What stands in its way or deserves a look.")
    other_ids: tuple[str, ...] = several((), "Records of other platforms that are the same machine.")

    def __str__(self) -> str:
        target = f" to {self.destination.name}" if self.destination else ""
        return f"{self.vm.name} {_words(self.effect)}{target}: {self.reason}"


@attrs.frozen(kw_only=True)
class MaintenanceMove:
    """One machine that leaves a host."""

    vm_id: str = fact("", "The machine.")
    vm_name: str = fact("", "Its name.")
    destination_id: str = fact("", "Where it goes; empty where the platform chooses.")
    destination_name: str = fact("", "That host's name.")
    by_hand: bool = fact(False, "Nothing moves it unless somebody does.")


@attrs.frozen(kw_only=True)
class MaintenanceStep:
    """One host of a rolling run: it is emptied, serviced, and comes back empty before the next one goes."""

    number: int = fact(1, "Its place in the order.")
    host: Host | None = fact(None, "The host that goes.")
    cluster_id: str = fact("", "Its cluster or scale unit.")
    moves: tuple[MaintenanceMove, ...] = several((), "The machines that leave it, with those of earlier steps.")
    hosts_available: int = fact(0, "Hosts that can take machines meanwhile.")
    memory_free_bytes: int | None = fact(
        None, "Memory of those hosts, less the configured memory of what runs on them then.", unit="bytes"
    )
    cpu_free_mhz: int | None = fact(None, "CPU of those hosts, less what the cluster uses now.", unit="MHz")


@attrs.frozen(kw_only=True)
class MaintenancePlan:
    """What the maintenance of some hosts does, machine by machine, and an order in which the hosts can go."""

    hosts: tuple[Host, ...] = several((), "The hosts, in the order asked for.")
    update: UpdateKind = fact(UpdateKind.RESTART, "What is done to them.", converter=UpdateKind)
    impacts: tuple[Impact, ...] = several((), "One for each machine on them.")
    steps: tuple[MaintenanceStep, ...] = several((), "The order of a rolling run: one host after the other.")
    findings: tuple[Finding, ...] = several((), "All that was found, of hosts, clusters and machines; blockers first.")
    feasible: bool = fact(False, "No finding is a blocker.")

    @property
    def title(self) -> str:
        """The plan in one line."""
        counts = [(effect, sum(impact.effect is effect for impact in self.impacts)) for effect in Effect]
        told = ", ".join(f"{count} {_words(effect, count)}" for effect, count in counts if count) or "nothing on them"
        names = ", ".join(host.name for host in self.hosts[:5]) or "the hosts beneath"
        more = f" and {len(self.hosts) - 5} more" if len(self.hosts) > 5 else ""
        machines = "1 machine" if len(self.impacts) == 1 else f"{len(self.impacts)} machines"
        return f"Maintenance of {names}{more} ({_words(self.update)}), {machines}: {told}: {self._verdict()}"

    def __repr__(self) -> str:
        return f"<MaintenancePlan {visible(self.title)}>"

    def _verdict(self) -> str:
        if not self.feasible:
            return "NOT feasible"
        unknown = sum(impact.effect is Effect.UNKNOWN for impact in self.impacts)
        doubts = [f"not known for {unknown} machine{'' if unknown == 1 else 's'}"] if unknown else []
        if any(finding.code == INCOMPLETE for finding in self.findings):
            doubts.append("the inventory is incomplete")
        return f"feasible as far as is known: {', and '.join(doubts)}" if doubts else "feasible"

    def __str__(self) -> str:
        lines = [self.title]
        by_host: dict[str, list[Impact]] = {host.id: [] for host in self.hosts}
        for impact in self.impacts:
            by_host.setdefault(impact.host.id if impact.host else "", []).append(impact)
        names = {impact.host.id: impact.host.name for impact in self.impacts if impact.host}
        names |= {host.id: host.name for host in self.hosts}
        for host_id, impacts in by_host.items():
            lines.append(f"{names.get(host_id) or 'no host is shown'}: {'' if impacts else 'no machines'}".rstrip())
            lines += [f"  {impact}" for impact in impacts]
        lines += [_step(step, len(self.steps)) for step in self.steps]
        lines += [f"{f.severity.upper()} {f.code}: {f.message}" + _remedy(f) for f in self.findings]
        return "\n".join(map(visible, lines))

    def _repr_html_(self) -> str:
        impacts = [
            (
                impact.vm.name,
                impact.host.name if impact.host else "",
                _words(impact.effect),
                impact.destination.name if impact.destination else "",
                impact.reason,
            )
            for impact in self.impacts
        ]
        steps = [
            (
                step.number,
                step.host.name if step.host else "",
                len(step.moves),
                step.hosts_available,
                _gib(step.memory_free_bytes),
                "" if step.cpu_free_mhz is None else f"{step.cpu_free_mhz} MHz",
            )
            for step in self.steps
        ]
        return page(
            f"<p><strong>{cell(self.title)}</strong></p>",
            bounded_table(["machine", "host", "effect", "destination", "reason"], impacts),
            bounded_table(["step", "host", "moves", "hosts available", "memory free", "CPU free"], steps),
            findings_table(self.findings),
        )


def blocked(findings: tuple[Finding, ...]) -> bool:
    """Whether one of them is a blocker."""
    return any(finding.severity is Severity.BLOCKER for finding in findings)


def _step(step: MaintenanceStep, count: int) -> str:
    name = step.host.name if step.host else "?"
    hosts = "1 host takes" if step.hosts_available == 1 else f"{step.hosts_available} hosts take"
    moves = "1 machine leaves" if len(step.moves) == 1 else f"{len(step.moves)} machines leave"
    left = f", {_gib(step.memory_free_bytes)} of memory left" if step.memory_free_bytes is not None else ""
    return f"step {step.number} of {count}: {name}: {moves}, {hosts} machines{left}"


def _remedy(finding: Finding) -> str:
    return f" — {finding.remedy}" if finding.remedy else ""


def _words(word: str, count: int = 1) -> str:
    """`live migrates`; of several, `live migrate`."""
    text = word.replace("_", " ")
    return text.removesuffix("s") if count > 1 else text


def _gib(count: int | None) -> str:
    return "" if count is None else f"{count / 2**30:.1f} GiB"
