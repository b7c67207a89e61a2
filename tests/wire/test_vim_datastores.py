"""Datastore rows → records."""

import pytest

from hybridinv.model import Mount
from hybridinv.wire.vim.datastores import read_datastore
from wire.vim_rows import DENIED, id_of, row, tree
from wire.vim_whole import nfs_datastore, whole_datastore, whole_tree


def mount(host, **info):
    return {"key": host, "mountInfo": {"mounted": "true", "accessible": "true", **info}}


def store(*mounts, **summary):
    paths = {f"summary.{name}": value for name, value in summary.items()}
    return read_datastore(row("Datastore", "datastore-1", name="a", host=list(mounts), **paths), tree())


def test_a_datastore():
    found = store(
        mount("host-1"), mount("host-2", accessible="false"), mount("host-3", mounted="false"), mount("host-4"),
        type="VMFS", capacity="1000", freeSpace="10", multipleHostAccess="true", accessible="true", url="ds:///x",
        maintenanceMode="normal",
    )  # fmt: skip
    assert found.host_ids == (id_of("host-1"), id_of("host-4"))
    assert (found.type, found.capacity_bytes, found.free_bytes, found.shared) == ("VMFS", 1000, 10, True)
    assert (found.accessible, found.maintenance_mode, found.url) == (True, "normal", "ds:///x")


@pytest.mark.parametrize(
    ("mounts", "said", "shared"),
    [
        (("host-1", "host-2"), "false", False),
        (("host-1",), "true", True),
        (("host-1", "host-2"), None, True),
        (("host-1",), None, False),
        ((), None, None),
    ],
)
def test_shared_is_what_vcenter_says_else_what_the_mounts_do(mounts, said, shared):
    summary = {"multipleHostAccess": said} if said else {}
    assert store(*map(mount, mounts), **summary).shared is shared


def test_where_a_datastore_is():
    found = read_datastore(whole_datastore(), whole_tree())
    assert (found.location, found.datastore_cluster) == ("Utrecht", "Pod/1")
    assert read_datastore(row("Datastore", "datastore-1", parent="group-s1"), whole_tree()).datastore_cluster == ""
    assert (found.state, found.custom_attributes, found.tags) == ("green", {"owner": "ops"}, {"tier": "gold"})


def test_mounts_are_kept_host_by_host():
    found = read_datastore(whole_datastore(), whole_tree())
    assert found.mounts == (
        Mount(
            host_id=id_of("host-1"), path="/vmfs/volumes/x", access_mode="readWrite", mounted=True, accessible=True,
            reason="AllPathsDown_Start", vmkernel_device="vmk3",
        ),
    )  # fmt: skip
    lost = store(mount("host-1", accessible="false", accessMode="readOnly"), mount("host-2"))
    assert [(one.accessible, one.access_mode) for one in lost.mounts] == [(False, "readOnly"), (True, "")]
    assert lost.host_ids == (id_of("host-2"),)
    assert store(mount("host-1", mountFailedReason="no route")).mounts[0].reason == "no route"


def test_a_vmfs_volume():
    found = read_datastore(whole_datastore(), whole_tree())
    assert (found.version, found.block_size_mb, found.is_local, found.is_ssd) == ("6.82", 1, True, True)
    assert (found.extents, found.remote_host, found.uncommitted_bytes) == (("naa.600508b1:1",), "", 500)
    assert (found.io_control, found.congestion_threshold_ms) == (True, 30)


def info(type_, **fields):
    return read_datastore(row("Datastore", "datastore-1", info={"_type": type_, **fields}), tree())


def test_a_volume_over_several_disks():
    extents = [{"diskName": "naa.1", "partition": "1"}, {"diskName": "naa.2", "partition": "3"}]
    assert info("VmfsDatastoreInfo", vmfs={"extent": extents}).extents == ("naa.1:1", "naa.2:3")


def test_nfs():
    found = read_datastore(nfs_datastore(), tree())
    assert (found.remote_host, found.remote_path, found.version) == ("nas01", "/vol/a", "NFS")
    assert (found.is_local, found.is_ssd, found.extents) == (False, None, ())
    assert "root" not in repr(found)
    several = {"type": "NFS41", "remoteHost": "nas01", "remoteHostNames": ["nas01", "nas02"]}
    assert info("NasDatastoreInfo", nas=several).remote_host == "nas01, nas02"


@pytest.mark.parametrize(
    ("type_", "local"),
    [
        ("LocalDatastoreInfo", True),
        ("PMemDatastoreInfo", True),
        ("VsanDatastoreInfo", False),
        ("VvolDatastoreInfo", False),
        ("NasDatastoreInfo", False),
        ("VmfsDatastoreInfo", None),
        ("NewDatastoreInfo", None),
    ],
)
def test_whether_a_datastore_is_of_one_host(type_, local):
    assert info(type_).is_local is local


def test_a_vmfs_volume_says_itself_whether_it_is_local():
    assert info("VmfsDatastoreInfo", vmfs={"local": "false"}).is_local is False


def test_what_was_refused_is_said():
    found = read_datastore(row("Datastore", "datastore-1", {"info": DENIED}), tree())
    assert [problem.error for problem in found.problems] == ["AccessDenied"]
    assert (found.is_local, found.mounts, found.shared) == (None, (), None)
