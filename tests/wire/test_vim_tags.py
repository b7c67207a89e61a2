"""Answers of the tagging service, in the shapes that the vSphere Automation API documents."""

import pytest

import hybridinv as hi
from hybridinv.wire.vim.tags import (
    Tag,
    decode,
    read_attached,
    read_category,
    read_ids,
    read_refusal,
    read_tag,
    tags_by_object,
)

URN = "urn:vmomi:InventoryServiceTag:{}:GLOBAL"


def test_ids_come_once_and_in_order_whatever_the_order_of_the_answer():
    assert read_ids(["b", "a", "b"], "tag") == ["a", "b"]
    assert read_ids(None, "tag") == read_ids([], "tag") == []


@pytest.mark.parametrize("odd", [{}, {"value": []}, "a", [1], [None], [""], [["a"]], 5])
def test_what_is_no_list_of_ids_is_an_error(odd):
    with pytest.raises(hi.UnexpectedAnswer, match="a list of ids"):
        read_ids(odd, "tag")


def test_a_tag_and_a_category():
    tag = {"id": URN.format(1), "name": "Production", "description": "", "category_id": "c1", "used_by": []}
    assert read_tag(tag) == Tag(URN.format(1), "Production", "c1")
    assert read_category({"id": "c1", "name": "Stage", "cardinality": "SINGLE"}) == "Stage"


@pytest.mark.parametrize(
    "odd", [None, [], "x", {}, {"id": "a", "name": "b"}, {"id": 1, "name": "b", "category_id": "c"}]
)
def test_what_is_no_tag_is_an_error_that_names_the_field(odd):
    with pytest.raises(hi.UnexpectedAnswer, match="a tag: expected a text at"):
        read_tag(odd)


def test_attachments_are_morefs_by_tag():
    answer = [
        {
            "tag_id": "t1",
            "object_ids": [{"type": "VirtualMachine", "id": "vm-1"}, {"type": "HostSystem", "id": "host-2"}],
        },
        {"tag_id": "t2", "object_ids": []},
        {"tag_id": "t3", "object_ids": None},
        {"tag_id": "t4"},
    ]
    assert read_attached(answer) == {"t1": ["vm-1", "host-2"], "t2": [], "t3": [], "t4": []}
    assert read_attached(None) == {}


@pytest.mark.parametrize(
    "odd", [{"value": []}, "x", ["x"], [{"object_ids": []}], [{"tag_id": "t", "object_ids": ["vm-1"]}]]
)
def test_what_is_no_attachment_is_an_error(odd):
    with pytest.raises(hi.UnexpectedAnswer):
        read_attached(odd)


def test_several_tags_of_one_category_are_joined_in_the_order_of_their_names():
    attached = {"t1": ["vm-1", "vm-2"], "t2": ["vm-1"], "t3": ["vm-1"]}
    tags = [Tag("t1", "web", "c1"), Tag("t2", "backup", "c1"), Tag("t3", "gold", "c2")]
    found = tags_by_object(attached, tags, {"c1": "Role", "c2": "Tier"})
    assert found == {"vm-1": {"Role": "backup, web", "Tier": "gold"}, "vm-2": {"Role": "web"}}


def test_a_category_that_could_not_be_read_goes_by_its_id():
    assert tags_by_object({"t1": ["vm-1"]}, [Tag("t1", "web", "c1")], {}) == {"vm-1": {"c1": "web"}}


def test_equal_sets_of_tags_are_one_object():
    found = tags_by_object({"t1": [f"vm-{n}" for n in range(100)]}, [Tag("t1", "web", "c1")], {"c1": "Role"})
    assert len(found) == 100
    assert len({id(tags) for tags in found.values()}) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            b'{"error_type":"UNAUTHORIZED","messages":[{"id":"x","default_message":"Permission was denied."}]}',
            "UNAUTHORIZED: Permission was denied.",
        ),
        (
            b'{"type":"com.vmware.vapi.std.errors.unauthorized","value":{"error_type":"UNAUTHORIZED","messages":[]}}',
            "UNAUTHORIZED",
        ),
        (b'{"type":"com.vmware.vapi.std.errors.not_found","value":{"messages":[]}}', "not_found"),
        (b"404 page not found\n", "404 page not found"),
        (b"", ""),
        (b"[]", ""),
        (b'"text"', ""),
        (b'{"messages":[{"default_message":"the password=hunter2 is wrong"}]}', "the password=scrubbed is wrong"),
        (b'{"messages":["x", 5, null]}', ""),
    ],
)  # fmt: skip
def test_a_refusal_of_either_form_in_one_line(body, said):
    assert read_refusal(body) == said


@pytest.mark.parametrize("body", [b"", b"<html>hello</html>", b'["a"', b"[" * 100_000, b'{"a":' * 5_000])
def test_what_is_no_json_is_one_clear_error(body):
    with pytest.raises(hi.UnexpectedAnswer, match="/api/cis/tagging/tag answered"):
        decode(body, "/api/cis/tagging/tag")
