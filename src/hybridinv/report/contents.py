"""What a report says: the sections of an inventory's report, or of a plan's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridinv.errors import NotSupported
from hybridinv.inventory import Inventory, count_of
from hybridinv.model.maintenance import MaintenancePlan
from hybridinv.model.migration import MigrationPlan
from hybridinv.model.onboarding import OnboardingPlan
from hybridinv.report.parts import Contents, Tone
from hybridinv.report.sections import (
    agents,
    arc,
    capacity,
    extensions,
    machines,
    maintenance,
    overview,
    plans,
    vmkernel,
)
from hybridinv.report.seen import PLATFORMS, Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from hybridinv.report.parts import Section

_SECTIONS: tuple[Callable[[Reading], Section], ...] = (
    overview.unread,
    vmkernel.vmkernel,
    maintenance.exposure,
    arc.arc,
    agents.agents,
    extensions.extensions,
    machines.snapshots,
    agents.tools,
    capacity.capacity,
    machines.systems,
    machines.machines,
)


def contents_of(subject: Inventory | MigrationPlan | MaintenancePlan | OnboardingPlan) -> Contents:
    """What a report of an inventory or of a plan says; nothing is asked over a network."""
    if isinstance(subject, Inventory):
        return _of_inventory(subject)
    if isinstance(subject, MigrationPlan):
        return plans.migration(subject)
    if isinstance(subject, MaintenancePlan):
        return plans.maintenance(subject)
    if isinstance(subject, OnboardingPlan):
        return plans.onboarding(subject)
    raise NotSupported(
        f"there is no report of {type(subject).__name__}",
        remedy="give an Inventory, a MigrationPlan, a MaintenancePlan or an OnboardingPlan",
    )


def _of_inventory(inv: Inventory) -> Contents:
    reading = Reading(inv)
    sections = [make(reading) for make in _SECTIONS]
    count, whole = len(inv.problems), overview.whole(inv)
    asked = dict.fromkeys((one.source, one.platform) for one in inv.asked)
    sources = [f"{source} ({PLATFORMS.get(platform, platform)})" for source, platform in asked]
    return Contents(
        title="Inventory report",
        lead=f"{count_of('source', len(sources))}: {', '.join(sources)}" if sources else "Made by hand.",
        verdict=f"INCOMPLETE: {count_of('problem', count)}" if count else whole,
        tone=Tone.BAD if count else Tone.GOOD if inv.asked else Tone.PLAIN,
        taken_at=inv.taken_at,
        sections=(overview.summary(reading, sections), *sections),
    )
