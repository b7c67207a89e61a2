"""Records that were made by hand: none is lost on the way into a workbook and out of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import attrs
import pytest

import hybridinv as hi
from hybridinv.inventory import KINDS
from report.filled_estate import filled_estate
from report.rvtools_layout import table, written

AT = {"platform": "vsphere", "source": "vc01"}


def copied(inv: hi.Inventory, folder: Path) -> hi.Inventory:
    hi.write_workbook(inv, folder / "x.xlsx")
    return hi.read_workbook(folder / "x.xlsx")


def told(before: hi.Inventory, after: hi.Inventory) -> Counter[tuple[str, str, str]]:
    return Counter((str(one.change), one.kind, one.field) for one in before.diff(after))


PLATFORMS = ("vsphere", "azure-stack-hub", "azure", "azure-arc")


def few_fields(kind: str, form: str, names: str) -> list[Any]:
    """Records with no more than they must have, of all platforms."""
    return [
        KINDS[kind](id=form.format(f"{platform}.{kind}.{number}"), name=name, platform=platform, source="vc01")
        for platform in PLATFORMS
        for number, name in enumerate(names)
    ]


def check_all_come_back(inv: hi.Inventory, folder: Path) -> None:
    copy = copied(inv, folder)
    for kind, records in inv.tables().items():
        made_of_names = "license:" if kind == "licenses" else "no id"
        found = [one for one in getattr(copy, kind) if made_of_names not in one.id]
        ids = {one.id for one in records}
        assert {one.id for one in found} <= ids, kind
        assert {one.id for one in found} == ids or made_of_names == "license:"
        assert Counter(one.name for one in getattr(copy, kind)) == Counter(one.name for one in records), kind
    assert told(inv, copy) == told(copy, inv) == Counter()


@pytest.mark.parametrize("form", ["{}", "vm-{}", "vsphere://vc01/{}", "vsphere://VC/vm-{}", "/subscriptions/x/{}"])
@pytest.mark.parametrize("names", ["ab", "aa"])
def test_records_of_few_fields_come_back(form: str, names: str, tmp_path: Path) -> None:
    check_all_come_back(hi.Inventory(**{kind: few_fields(kind, form, names) for kind in KINDS}), tmp_path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("platform", ["vsphere", "azure"])
def test_records_of_one_kind_come_back_alone(kind: str, platform: str, tmp_path: Path) -> None:
    records = [one for one in few_fields(kind, "{}", "aa") if one.platform == platform]
    check_all_come_back(hi.Inventory(**{kind: records}), tmp_path)


def test_an_estate_made_by_hand_comes_back(tmp_path: Path) -> None:
    hosts = [hi.Host(id=f"h{number}", name=f"esx{number}", **AT) for number in range(2)]
    tables: dict[str, Any] = {
        "hosts": hosts,
        "vms": [
            hi.VirtualMachine(id=f"m{number}", name="web", native_id=f"vm-{number}", host_id=host.id, **AT,
                              disks=(hi.Disk(name=f"disk of {number}", path="[datastore1] x"),))
            for number, host in enumerate(hosts)
        ],
        "vmkernel_adapters": [
            hi.VMkernelAdapter(id=f"{host.id}-{device}", name=device, host_id=host.id, device=device, **AT,
                               services={"vmotion"}, link_speed_mbps=10_000)
            for host in hosts for device in ("vmk0", "vmk1")
        ],
        "datastores": [
            hi.Datastore(id=f"d{host.id}", name="datastore1", host_ids=(host.id,), capacity_bytes=2**40, **AT)
            for host in hosts
        ],
        "networks": [
            hi.Network(id=f"n{host.id}", name="VM Network", kind="standard", vlan_id=number, switch="vSwitch0",
                       host_ids=(host.id,), **AT)
            for number, host in enumerate(hosts)
        ],
        "switches": [
            hi.Switch(id=f"s{host.id}", name="vSwitch0", kind="standard", host_ids=(host.id,), **AT,
                      portgroups=(hi.PortGroup(name="VM Network"),))
            for host in hosts
        ],
        "clusters": [hi.Cluster(id="c", name="C", host_ids=("h0", "h1"), **AT)],
        "licenses": [hi.License(id=f"l{number}", name="L", **AT) for number in range(2)],
    }  # fmt: skip
    inv = hi.Inventory(**tables)
    copy = copied(inv, tmp_path)
    for kind, records in tables.items():
        assert [one.id for one in getattr(copy, kind)] == [one.id for one in records]
    assert [(vm.native_id, vm.host_id, vm.disks[0].name) for vm in copy.vms] == [
        ("vm-0", "h0", "disk of 0"), ("vm-1", "h1", "disk of 1"),
    ]  # fmt: skip
    assert [(one.vlan_id, one.host_ids) for one in copy.networks] == [(0, ("h0",)), (1, ("h1",))]
    assert {(one.change, one.field) for one in inv.diff(copy)} <= {("changed", "host_ids")}


def test_networks_that_no_row_of_rvtools_has_are_on_ours(tmp_path: Path) -> None:
    lone = hi.Network(id="n1", name="Lone", kind="standard", vlan_id=7, switch="vSwitch9", **AT)
    inv = hi.Inventory(networks=[lone], vms=[hi.VirtualMachine(id="m", name="m", nics=[hi.Nic(network_id="n1")], **AT)])
    (row,) = table(written(inv, tmp_path), "hvNetworks")
    assert (row["id"], row["name"], row["kind"], row["vlan_id"], row["switch"]) == (
        "n1", "Lone", "standard", 7, "vSwitch9",
    )  # fmt: skip
    copy = hi.read_workbook(tmp_path / "estate.xlsx")
    assert list(copy.networks) == [lone]
    assert copy.vms[0].nics[0].network_id == "n1"


def test_what_a_vcenter_tells_needs_no_ids_of_ours(tmp_path: Path) -> None:
    book = written(hi.demo(), tmp_path)
    assert table(book, "hvIds") == []
    (row,) = table(written(filled_estate(), tmp_path), "hvIds")
    assert row["id"].endswith("/domain-s9")  # a host that is in no cluster has one of its own, which RVTools leaves out


def test_what_was_read_from_a_workbook_comes_back_too(tmp_path: Path) -> None:
    first = copied(hi.demo(), tmp_path)
    second = copied(first, tmp_path)
    assert told(first, second) == Counter()


def test_a_removed_record_is_still_said_to_be_removed(tmp_path: Path) -> None:
    vms = [hi.VirtualMachine(id=name, name=name, **AT) for name in ("a", "b")]
    networks = [hi.Network(id=name, name=name, kind="standard", **AT) for name in ("m", "n")]
    inv = hi.Inventory(vms=vms, networks=networks)
    copy = copied(attrs.evolve(inv, vms=vms[:1], networks=networks[:1]), tmp_path)
    assert {(one.change, one.name) for one in inv.diff(copy)} == {("removed", "b"), ("removed", "n")}


def test_uuids_are_one_in_whatever_letter_case(tmp_path: Path) -> None:
    upper = "50AA0000-0000-0000-0000-00000000000B"
    machines = [
        hi.VirtualMachine(id=f"m{number}", name=f"m{number}", instance_uuid=uuid, bios_uuid=bios, **AT)
        for number, (uuid, bios) in enumerate([(upper, ""), (upper.lower(), ""), ("", upper), ("", f"{upper[:-1]}C")])
    ]
    rows = table(written(hi.Inventory(vms=machines), tmp_path), "vInfo")
    uuids = [row["VM UUID"] for row in rows]
    assert uuids[0] == upper.lower()
    assert uuids[1] not in (None, upper.lower())
    assert uuids[2:] == [None, f"{upper[:-1]}c".lower()]


def test_whatever_is_called_vm_comes_back(tmp_path: Path) -> None:
    parts = {"disks": [hi.Disk(name="VM")], "snapshots": [hi.Snapshot(name="VM", description="VM")]}
    names = {"folder": "VM", "hostname": "VM", "tags": {"Type": "VM", "VM": "1"}, "custom_attributes": {"VM": "VM"}}
    there = {"platform": "azure", "source": "m"}
    inv = hi.Inventory(
        vms=[
            hi.VirtualMachine(id="a", name="VM", host_id="h", cluster_id="c", **names, **parts, **AT),
            hi.VirtualMachine(id="z", name="VM", hostname="VM", tags={"VM": "VM"}, disks=[hi.Disk(name="VM")], **there),
        ],
        hosts=[hi.Host(id="h", name="VM", cluster_id="c", **AT)],
        clusters=[hi.Cluster(id="c", name="VM", host_ids=("h",), **AT)],
        datastores=[hi.Datastore(id="d", name="VM", **AT)],
        networks=[hi.Network(id="n", name="VM", **AT)],
    )
    copy = copied(inv, tmp_path)
    vm, other = copy.vms
    assert (vm.name, vm.host_id, vm.cluster_id, vm.disks[0].name) == ("VM", "h", "c", "VM")
    assert {name: getattr(vm, name) for name in names} == names
    assert [(one.name, one.description) for one in vm.snapshots] == [("VM", "VM")]
    assert (other.name, other.hostname, other.tags, other.disks[0].name) == ("VM", "VM", {"VM": "VM"}, "VM")
    assert [one.name for one in (*copy.hosts, *copy.clusters, *copy.datastores, *copy.networks)] == ["VM"] * 4
    assert told(inv, copy) == Counter()


def test_tags_come_back_to_the_letter_and_to_their_kind(tmp_path: Path) -> None:
    tags = {
        " x ": "1",
        "x": "2",
        "": "a",
        " ": "b",
        "tab\t": "\t",
        "line": "\n",
        "lead": " y ",
        "empty": "",
        "=1": "=2",
    }
    vm = hi.VirtualMachine(id="a", name="a", tags=tags, **AT)
    azure = hi.VirtualMachine(id=" z ", name="z", platform="azure", source="m", tags=tags, disks=[hi.Disk(name="d")])
    inv = hi.Inventory(vms=[vm, azure], hosts=[hi.Host(id="a", name="h", **AT)])
    copy = copied(inv, tmp_path)
    assert [(one.id, one.tags) for one in (*copy.vms, *copy.hosts)] == [("a", tags), (" z ", tags), ("a", {})]
    assert [one.name for one in copy.vms[1].disks] == ["d"]


def test_standard_networks_of_one_name_are_all_kept_as_they_were(tmp_path: Path) -> None:
    switch = hi.Switch(id="s", name="vSwitch0", kind="standard", portgroups=(hi.PortGroup(name="N"),), **AT)
    ids = ["made", "vsphere://vc01/network-1", "vsphere://vc01/network-2"]
    networks = [hi.Network(id=id_, name="N", kind="standard", **AT) for id_ in ids]
    copy = copied(hi.Inventory(switches=[switch], networks=networks), tmp_path)
    assert [one.id for one in copy.networks] == ids
