"""Licences, and the resources that are neither machine nor host."""

from __future__ import annotations

from datetime import datetime

import attrs

from hybridinv.model.fact import Tags, fact, in_utc, several
from hybridinv.model.findings import Problem
from hybridinv.model.rendering import Shown


@attrs.frozen(kw_only=True)
class License(Shown):
    """A licence of vSphere, or one for extended security updates under Arc."""

    id: str = attrs.field(metadata={"doc": "Unique across sources; it does not hold the key."})
    name: str = attrs.field(metadata={"doc": "Its name on the platform."})
    platform: str = attrs.field(metadata={"doc": "`vsphere` or `azure-arc`."})
    source: str = attrs.field(metadata={"doc": "Which endpoint it was read from."})
    key: str = fact("", "The last five characters of the key; never more.", vsphere="licenses[].licenseKey")
    edition: str = fact("", "Edition.", vsphere="licenses[].editionKey", arc="licenseDetails.edition")
    type: str = fact("", "`ESU`, …", arc="licenseType")
    target: str = fact("", "What it is for.", arc="licenseDetails.target")
    state: str = fact("", "As the platform words it.", arc="licenseDetails.state")
    total: int | None = fact(
        None,
        "How many; None is unlimited. (That 0 over vSphere's wire means this is not documented.)",
        vsphere="licenses[].total",
        arc="licenseDetails.processors",
    )
    used: int | None = fact(
        None, "How many are used.", vsphere="licenses[].used", arc="licenseDetails.assignedLicenses"
    )
    unit: str = fact("", "Of what.", vsphere="licenses[].costUnit", arc="licenseDetails.type")
    expires_at: datetime | None = fact(
        None, "Its end; None is never.", converter=in_utc, vsphere="properties expirationDate"
    )
    features: tuple[str, ...] = several((), "What it allows.", vsphere="licenses[].properties feature")
    assigned_ids: tuple[str, ...] = several(
        (), "What it is assigned to.", vsphere="QueryAssignedLicenses entityId", arc="machines' licenseProfile"
    )
    resource_group: str = fact("", "Resource group, as the endpoint wrote it.", arc="id")
    subscription_id: str = fact("", "Subscription.", arc="id")
    location: str = fact("", "Region.", arc="location")
    labels: Tags = fact(Tags(), "Labels.", converter=Tags, vsphere="licenses[].labels")
    tags: Tags = fact(Tags(), "Tags.", converter=Tags, arc="tags")
    problems: tuple[Problem, ...] = several((), "What could not be read of it.")


@attrs.frozen(kw_only=True)
class Resource(Shown):
    """Something that Arc manages and that is no server: a Kubernetes cluster, an SQL server, an item of a vCenter."""

    id: str = attrs.field(metadata={"doc": "The ARM id in lower case."})
    name: str = attrs.field(metadata={"doc": "Its name on the platform."})
    platform: str = attrs.field(metadata={"doc": "`azure-arc`."})
    source: str = attrs.field(metadata={"doc": "Which endpoint it was read from."})
    type: str = fact("", "Resource type, lower case.", arc="type")
    kind: str = fact("", "Kind within the type.", arc="kind, properties.inventoryType")
    location: str = fact("", "Region.", arc="location")
    resource_group: str = fact("", "Resource group, as the endpoint wrote it.", arc="id")
    subscription_id: str = fact("", "Subscription.", arc="id")
    resource_id: str = fact("", "The ARM id as the endpoint wrote it.", arc="id")
    native_id: str = fact("", "The id beneath, a moref.", arc="properties.moRefId, infrastructureProfile.moRefId")
    state: str = fact(
        "",
        "As the platform words it.",
        arc="properties.connectivityStatus, .connectionStatus, .status, .powerState, .provisioningState",
    )
    version: str = fact("", "Version.", arc="properties.kubernetesVersion, .version, .agentVersion")
    bios_uuid: str = fact(
        "", "SMBIOS UUID, lower case.", arc="properties.smbiosUuid, infrastructureProfile.smbiosUuid, .biosGuid"
    )
    vcenter_uuid: str = fact("", "`instanceUuid` of the vCenter it is in.", arc="vcenters properties.instanceUuid")
    machine_id: str = fact(
        "", "The Arc machine it belongs to.", arc="properties.containerResourceId, .managedResourceId, id"
    )
    tags: Tags = fact(Tags(), "Tags.", converter=Tags, arc="tags")
    problems: tuple[Problem, ...] = several((), "What could not be read of it.")
