"""What the operator of an Azure Stack Hub sees beside its nodes: images, updates and their runs."""

from __future__ import annotations

from datetime import datetime

import attrs

from hybridinv.model.fact import fact, in_utc, several
from hybridinv.model.findings import Problem
from hybridinv.model.machines import OSType


@attrs.frozen(kw_only=True)
class PlatformImage:
    """An image that a Hub offers to its tenants."""

    id: str = attrs.field(metadata={"doc": "The ARM id in lower case."})
    name: str = attrs.field(metadata={"doc": "`publisher:offer:sku:version`."})
    platform: str = attrs.field(metadata={"doc": "`azure-stack-hub`."})
    source: str = attrs.field(metadata={"doc": "Which endpoint it was read from."})
    publisher: str = fact("", "Publisher.", hub="id")
    offer: str = fact("", "Offer.", hub="id")
    sku: str = fact("", "SKU.", hub="id")
    version: str = fact("", "Version.", hub="id")
    location: str = fact("", "Region.", hub="location")
    os_type: OSType = fact(OSType.UNKNOWN, "Family of the system.", converter=OSType, hub="osDisk.osType")
    data_disks: int | None = fact(None, "Data disks that come with it.", hub="dataDisks[]")
    provisioning_state: str = fact("", "As the platform words it.", hub="provisioningState")
    problems: tuple[Problem, ...] = several((), "What could not be read of it.")


@attrs.frozen(kw_only=True)
class HubUpdate:
    """An update that a Hub has, or has been offered."""

    id: str = attrs.field(metadata={"doc": "The ARM id in lower case."})
    name: str = attrs.field(metadata={"doc": "Its name on the platform."})
    platform: str = attrs.field(metadata={"doc": "`azure-stack-hub`."})
    source: str = attrs.field(metadata={"doc": "Which endpoint it was read from."})
    title: str = fact("", "Its display name.", hub="displayName")
    version: str = fact("", "Version.", hub="version")
    publisher: str = fact("", "Publisher.", hub="publisher")
    kind: str = fact("", "`Infrastructure`, `OEM`, …", hub="packageType")
    state: str = fact("", "As the platform words it: `Ready`, `Installed`, …", hub="state")
    location: str = fact("", "Region.", hub="location")
    size_bytes: int | None = fact(None, "Size of the package.", unit="bytes", hub="packageSizeInMb")
    progress_percent: int | None = fact(
        None, "How far it is.", unit="%", hub="updateStateProperties.progressPercentage"
    )
    requires_version: str = fact("", "The Hub version it needs.", hub="minVersionRequired")
    requires_oem_version: str = fact("", "The OEM package version it needs.", hub="minOemVersionRequired")
    installed_at: datetime | None = fact(None, "When it was installed.", converter=in_utc, hub="installedDate")
    notes: str = fact("", "Address of its release notes.", hub="releaseLink, kbLink")
    problems: tuple[Problem, ...] = several((), "What could not be read of it.")


@attrs.frozen(kw_only=True)
class UpdateRun:
    """One run of an update."""

    id: str = attrs.field(metadata={"doc": "The ARM id in lower case."})
    name: str = attrs.field(metadata={"doc": "Its name on the platform."})
    platform: str = attrs.field(metadata={"doc": "`azure-stack-hub`."})
    source: str = attrs.field(metadata={"doc": "Which endpoint it was read from."})
    update_id: str = fact("", "The update.", hub="id")
    update: str = fact("", "Name of the update.", hub="id")
    state: str = fact("", "`Succeeded`, `InProgress`, `Failed`, …", hub="state")
    started_at: datetime | None = fact(None, "When it began.", converter=in_utc, hub="timeStarted")
    seconds: int | None = fact(None, "How long it took.", unit="seconds", hub="duration")
    step: str = fact("", "The step that failed or is under way, from outside in, ` > ` between.", hub="progress.steps")
    message: str = fact("", "What went wrong in it.", hub="progress.steps[].errorMessage")
    location: str = fact("", "Region.", hub="location")
    problems: tuple[Problem, ...] = several((), "What could not be read of it.")
