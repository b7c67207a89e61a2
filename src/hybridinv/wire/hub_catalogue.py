"""Microsoft.Compute.Admin rows → records: what an Azure Stack Hub offers to its tenants."""

from __future__ import annotations

from typing import Any

from hybridinv.model.fabric import PlatformImage
from hybridinv.wire.arm import ResourceId, arm_id, own_id
from hybridinv.wire.extension_images import os_type
from hybridinv.wire.reading import Body, Origin


def read_platform_image(body: dict[str, Any], origin: Origin) -> PlatformImage:
    """An image; publisher, offer, SKU and version are in its id alone. API: `artifactTypes/platformImage`."""
    item, rid = Body(body), own_id(body)
    properties, parts = item.at("properties"), _parts(rid)
    names = [parts.get(part, "") for part in ("publishers", "offers", "skus", "versions")]
    id_ = arm_id(rid.text)
    return PlatformImage(
        id=id_,
        name=":".join(names),
        platform=origin.platform,
        source=origin.source,
        publisher=names[0],
        offer=names[1],
        sku=names[2],
        version=names[3],
        location=item.text("location") or parts.get("locations", ""),
        os_type=os_type(properties.text("osDisk.osType")),
        data_disks=None if properties.look("dataDisks") is None else len(list(properties.each("dataDisks"))),
        provisioning_state=properties.text("provisioningState"),
        problems=item.problems(origin, "platform_images", id_),
    )


def _parts(rid: ResourceId) -> dict[str, str]:
    return dict(zip((type_.lower() for type_ in rid.types), rid.names, strict=False))
