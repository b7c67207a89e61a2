"""Datastore rows → records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybridinv.model import Datastore, Mount
from hybridinv.wire.vim.tree import Tree, body_of, entity_name, problems_of, size_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hybridinv.wire.reading import Body
    from hybridinv.wire.soap import Row

_LOCAL = {
    "LocalDatastoreInfo": True,
    "PMemDatastoreInfo": True,
    "NasDatastoreInfo": False,
    "VsanDatastoreInfo": False,
    "VvolDatastoreInfo": False,
}


def read_datastore(row: Row, tree: Tree) -> Datastore:
    """A datastore, with the hosts that have it mounted and accessible."""
    body = body_of(row)
    mounts = tuple(_mounts(body, tree))
    usable = tuple(mount.host_id for mount in mounts if mount.mounted is not False and mount.accessible is not False)
    shared = body.truth("summary.multipleHostAccess")
    return Datastore(
        id=tree.id_of(row.id),
        name=entity_name(row) or row.id,
        platform=tree.origin.platform,
        source=tree.origin.source,
        location=tree.location_of(body.text("parent")),
        type=body.text("summary.type"),
        capacity_bytes=size_of(body, "summary.capacity"),
        free_bytes=size_of(body, "summary.freeSpace"),
        uncommitted_bytes=size_of(body, "summary.uncommitted"),
        host_ids=usable,
        # Only a vCenter says it; elsewhere the mounts do.
        shared=(len(usable) > 1 if mounts else None) if shared is None else shared,
        accessible=body.truth("summary.accessible"),
        maintenance_mode=body.text("summary.maintenanceMode"),
        url=body.text("summary.url"),
        mounts=mounts,
        **_backing(body.at("info")),
        datastore_cluster=tree.datastore_cluster_of(body.text("parent")),
        io_control=body.truth("iormConfiguration.enabled"),
        congestion_threshold_ms=body.number("iormConfiguration.congestionThreshold"),
        state=body.text("overallStatus"),
        tags=tree.tags_of(row.id),
        custom_attributes=tree.attributes_of(body),
        problems=problems_of(row, body, tree, "datastores"),
    )


def _mounts(body: Body, tree: Tree) -> Iterator[Mount]:
    for mount in body.each("host"):
        info = mount.at("mountInfo")
        yield Mount(
            host_id=tree.id_of(mount.text("key")),
            path=info.text("path"),
            access_mode=info.text("accessMode"),
            mounted=info.truth("mounted"),
            accessible=info.truth("accessible"),
            reason=info.text("inaccessibleReason", "mountFailedReason"),
            vmkernel_device=info.text("vmknicName"),
        )


def _backing(info: Body) -> dict[str, Any]:
    """What `info` says; its type tells VMFS, NFS, vSAN and the others apart."""
    vmfs, nas = info.at("vmfs"), info.at("nas")
    servers = nas.texts("remoteHostNames")
    local = vmfs.truth("local")
    return {
        "extents": tuple(f"{part.text('diskName')}:{part.text('partition')}" for part in vmfs.each("extent")),
        "version": vmfs.text("version") or nas.text("type") or info.text("pmem.version"),
        "block_size_mb": vmfs.number("blockSizeMb"),
        "is_local": _LOCAL.get(info.text("_type")) if local is None else local,
        "is_ssd": vmfs.truth("ssd"),
        # NFS 4.1 may have several.
        "remote_host": ", ".join(servers) or nas.text("remoteHost"),
        "remote_path": nas.text("remotePath"),
    }
