"""Which records are one machine."""

from __future__ import annotations

import attrs

from hybridinv.model.fact import Word, fact, several
from hybridinv.model.rendering import Shown


class Evidence(Word):
    """What two records of one machine have in common, the strongest first."""

    MOREF = "moref"
    SERIAL_NUMBER = "serial_number"
    BIOS_UUID = "bios_uuid"
    BIOS_UUID_SWAPPED = "bios_uuid_swapped"
    MAC_ADDRESS = "mac_address"
    FQDN = "fqdn"


class MatchConfidence(Word):
    """How strong the strongest evidence is."""

    EXACT = "exact"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@attrs.frozen(kw_only=True)
class MachineMatch(Shown):
    """One machine that several records show; or, where `ambiguous`, records that claim to be one and cannot all be."""

    vm_ids: tuple[str, ...] = several((), "The records, in the order of the inventory.")
    evidence: tuple[Evidence, ...] = several((), "What they have in common, the strongest first.")
    confidence: MatchConfidence = fact(
        MatchConfidence.LOW, "How strong the strongest evidence is.", converter=MatchConfidence
    )
    ambiguous: bool = fact(
        False, "Several records of one platform claim to be this machine: clones, a golden image. Never joined."
    )
