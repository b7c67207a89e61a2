"""The tree of a vCenter, and what all its rows have in common."""

from hybridinv.errors import AccessDenied, ServerFault
from hybridinv.wire.soap import Missing
from hybridinv.wire.vim.tree import Tree, body_of, refused
from wire.vim_rows import DENIED, ORIGIN, id_of, row, tree


def test_a_circle_of_parents_ends():
    circle = tree(
        row("Folder", "group-1", name="a", parent="group-2"), row("Folder", "group-2", name="b", parent="group-1")
    )
    assert circle.folder_of("group-1") == "b/a"
    assert circle.location_of("group-1") == ""


def test_what_the_tree_does_not_know_is_empty():
    assert (tree().folder_of("group-9"), tree().location_of(""), tree().cluster_of("host-9")) == ("", "", "")
    assert Tree(ORIGIN, "VC").id_of("vm-1") == "vsphere://vc/vm-1"
    assert Tree(ORIGIN, "VC").id_of("") == ""


def test_paths_become_one_nested_body():
    body = body_of(row("X", "x-1", a__b="1", a__c__d="2", e="3"))
    assert body.value == {"a": {"b": "1", "c": {"d": "2"}}, "e": "3"}


def test_a_path_below_a_plain_value_is_left_out():
    assert body_of(row("X", "x-1", a="1", a__b="2")).value == {"a": "1"}


def test_why_a_property_was_refused():
    scope, error = refused(row("HostSystem", "host-1", {"config": DENIED}, name="esx01"), tree(), "config")
    assert isinstance(error, AccessDenied)
    assert (scope, error.missing) == (f"{id_of('host-1')} config", "System.Read")
    assert str(error).count("esx01") == 1
    for fault, kind in (("NoPermission", AccessDenied), ("SystemError", ServerFault), ("", ServerFault)):
        _, error = refused(row("HostSystem", "host-1", {"config": Missing(fault, "", "")}), tree(), "config")
        assert isinstance(error, kind)
        assert "host-1: config was not given" in error.message
        assert error.remedy


def test_values_of_several_custom_attributes_of_one_name_are_joined():
    values = [{"key": "1", "value": "ops"}, {"key": "2", "value": "sales"}, {"key": "3", "value": "x"}]
    body = body_of(row("VirtualMachine", "vm-1", customValue=values))
    assert tree(attributes={"1": "owner", "2": "owner"}).attributes_of(body) == {"owner": "ops, sales", "3": "x"}
