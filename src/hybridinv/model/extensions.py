"""Extensions on machines, and the images they are installed from."""

from __future__ import annotations

import attrs

from hybridinv.model.fact import fact, several
from hybridinv.model.findings import Problem
from hybridinv.model.machines import OSType
from hybridinv.model.rendering import Shown


@attrs.frozen(kw_only=True)
class Extension(Shown):
    """An extension installed on a machine."""

    id: str = attrs.field(metadata={"doc": "The ARM id in lower case."})
    name: str = attrs.field(metadata={"doc": "Its name on the machine."})
    platform: str = attrs.field(metadata={"doc": "`azure-stack-hub`, `azure` or `azure-arc`."})
    source: str = attrs.field(metadata={"doc": "Which endpoint it was read from."})
    vm_id: str = fact("", "The machine it is on.", azure="id", arc="id")
    publisher: str = fact("", "Publisher.", azure="properties.publisher", arc="properties.publisher")
    type: str = fact("", "Type.", azure="properties.type", arc="properties.type")
    version: str = fact(
        "",
        "The version that runs, else the one asked for.",
        azure="instanceView.typeHandlerVersion, typeHandlerVersion",
        arc="instanceView.typeHandlerVersion, typeHandlerVersion",
    )
    provisioning_state: str = fact("", "As the platform words it.", azure="provisioningState", arc="provisioningState")
    status: str = fact(
        "",
        "The worst level its instance view reports: `info`, `warning` or `error`.",
        azure="instanceView.statuses[].level",
        arc="instanceView.status.level",
    )
    message: str = fact(
        "", "What the extension says.", azure="instanceView.statuses[].message", arc="instanceView.status.message"
    )
    auto_upgrade: bool | None = fact(
        None, "Upgraded by the platform.", azure="enableAutomaticUpgrade", arc="enableAutomaticUpgrade"
    )
    read_from: str = fact(
        "",
        "`arm`, which is current, or `resource-graph`, which can be up to 30 hours behind (azure-docs#19879); when it"
        " answered is in the `Answered` of `inv.asked` that is `by` the same.",
    )
    problems: tuple[Problem, ...] = several((), "What could not be read of it.")


@attrs.frozen(kw_only=True)
class ExtensionImage(Shown):
    """One version of an extension that a location offers."""

    id: str = attrs.field(metadata={"doc": "The ARM id in lower case."})
    name: str = attrs.field(metadata={"doc": "The version, as the catalogue names it."})
    platform: str = attrs.field(metadata={"doc": "`azure-stack-hub`, `azure` or `azure-arc`."})
    source: str = attrs.field(metadata={"doc": "Which endpoint it was read from."})
    publisher: str = fact("", "Publisher.")
    type: str = fact("", "Type.")
    version: str = fact("", "Version.")
    location: str = fact("", "Region.")
    os_type: OSType = fact(OSType.UNKNOWN, "Where the platform tells.", converter=OSType)


@attrs.frozen(kw_only=True)
class InstalledExtension:
    """One cell of the extension matrix: a machine, and one type of extension that its platform's machines have."""

    vm_id: str = fact("", "The machine.")
    machine: str = fact("", "Its name.")
    platform: str = fact("", "`azure-stack-hub`, `azure` or `azure-arc`.")
    source: str = fact("", "Which endpoint it was read from.")
    location: str = fact("", "Region of the machine.")
    os_type: OSType = fact(
        OSType.UNKNOWN, "Family of its guest system: many types are for one of them alone.", converter=OSType
    )
    publisher: str = fact("", "Publisher, in the letters of most of the platform's machines.")
    type: str = fact("", "Type, likewise.")
    version: str = fact("", "The version on the machine; empty where it is not there, or not known.")
    latest: str = fact("", "The newest version that the machine's location offers; empty where that is not known.")
    is_behind: bool | None = fact(None, "Older than `latest`; None where either is not known.")
    state: str = fact(
        "",
        "`installed`, `failed`, `in_transition`, `unknown`; `missing` where it is not on the machine, and `not_read`"
        " where nobody can say, as the machine's extensions were not read.",
    )
