"""Our streaming decode against pyVmomi's own decoding of the same properties, for every object."""

from datetime import datetime

import pytest
from pyVmomi import VmomiSupport, vim, vmodl

from hybridinv.transport.property_collector import read_rows
from hybridinv.transport.vmomi import read_object
from hybridinv.wire.reading import many, utc
from hybridinv.wire.vim.paths import FULL, SUMMARY, property_paths

pytestmark = pytest.mark.live

KINDS = [
    "tree", "portgroups", "vms", "hosts", "vmkernel_adapters", "clusters", "datastores", "networks", "switches",
    "resource_pools",
]  # fmt: skip
PC = vmodl.query.PropertyCollector


def as_pyvmomi_reads(content, paths):
    """The same question through pyVmomi's API and decoder alone."""
    types = [VmomiSupport.GetWsdlType("urn:vim25", name) for name in paths]
    view = content.viewManager.CreateContainerView(content.rootFolder, types, True)
    into = PC.TraversalSpec(name="all", type=vim.view.ContainerView, path="view", skip=False)
    specs = [PC.PropertySpec(type=type_, pathSet=leaves) for type_, leaves in zip(types, paths.values(), strict=True)]
    spec = PC.FilterSpec(objectSet=[PC.ObjectSpec(obj=view, skip=True, selectSet=[into])], propSet=specs)
    objects = content.propertyCollector.RetrieveContents([spec])
    view.DestroyView()
    return {found.obj._GetMoId(): found for found in objects}


def agree(ours, theirs, where):
    if isinstance(theirs, list):
        assert len(many(ours)) == len(theirs), where
        for number, (one, other) in enumerate(zip(many(ours), theirs, strict=True)):
            agree(one, other, f"{where}[{number}]")
    elif isinstance(theirs, VmomiSupport.ManagedObject):
        assert ours == theirs._GetMoId(), where
    elif isinstance(theirs, vmodl.DynamicData):
        agree_on_fields(ours, theirs, where)
    elif isinstance(theirs, type):
        assert ours == VmomiSupport.GetWsdlName(theirs), where
    elif isinstance(theirs, bool):
        assert ours == str(theirs).lower(), where
    elif isinstance(theirs, datetime):
        assert utc(ours) == theirs, where
    else:
        assert ours == str(theirs), where


def agree_on_fields(ours, theirs, where):
    # Nothing tells an empty object from an empty text where its type goes without saying.
    ours = ours or {}
    if "_type" in ours:
        assert ours["_type"] == VmomiSupport.GetWsdlTypeName(type(theirs).__name__), where
    known = {"_type"}
    for info in theirs._GetPropertyList():
        known.add(info.name)
        value = getattr(theirs, info.name)
        if value is None or (isinstance(value, list) and not value):
            assert not ours.get(info.name), f"{where}.{info.name}"
        else:
            agree(ours.get(info.name), value, f"{where}.{info.name}")
    assert ours.keys() <= known, where


def test_every_kind_is_decoded_by_both():
    assert set(KINDS) == SUMMARY.keys() | FULL.keys()


@pytest.mark.parametrize("scene", ["plain", "demo", "awkward"])
@pytest.mark.parametrize("kind", KINDS)
def test_both_decoders_agree(request, scene, kind, detail):
    simulator = request.getfixturevalue(scene)
    with simulator.adapter() as vcenter:
        content = vcenter._session.content
        paths = property_paths(kind, content.about.apiVersion, detail)
        ours = {row.id: row for row in read_rows(content, paths, lambda *_: None)}
        theirs = as_pyvmomi_reads(content, paths)
    assert ours.keys() == theirs.keys()
    assert ours
    for moref, row in ours.items():
        found = theirs[moref]
        assert row.type == VmomiSupport.GetWsdlTypeName(type(found.obj).__name__)
        assert row.properties.keys() == {one.name for one in found.propSet}
        assert row.missing.keys() == {one.path for one in found.missingSet}
        for one in found.propSet:
            agree(row.properties[one.name], one.val, f"{moref} {one.name}")
        for one in found.missingSet:
            assert row.missing[one.path].privilege == one.fault.privilegeId


@pytest.mark.parametrize(("manager", "path"), [("licenseManager", "licenses"), ("customFieldsManager", "field")])
def test_both_agree_on_what_is_there_once(plain, manager, path):
    with plain.adapter() as vcenter:
        content = vcenter._session.content
        ours = read_object(content, getattr(content, manager), [path]).properties[path]
        theirs = getattr(getattr(content, manager), path)
    assert theirs
    agree(ours, list(theirs), path)
