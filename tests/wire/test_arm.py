"""ARM ids, pages, Resource Graph answers, errors, api-versions and endpoints, in every shape seen."""

import json

import orjson
import pytest

from hybridinv.errors import TruncatedAnswer, UnexpectedAnswer
from hybridinv.wire import arm
from hybridinv.wire.reading import Body

VM = "/subscriptions/S-1/resourceGroups/RG-1/providers/Microsoft.Compute/virtualMachines/Web01"


def as_bytes(value):
    return json.dumps(value).encode()


# ids


def test_an_id_is_the_same_in_any_case():
    assert arm.arm_id(VM) == arm.arm_id(VM.upper()) == VM.lower()
    assert arm.arm_id(f" {VM}/ ") == VM.lower()


def test_the_parts_of_an_id_are_kept_as_written():
    rid = arm.parse_id(VM)
    assert (rid.subscription_id, rid.resource_group, rid.provider) == ("S-1", "RG-1", "Microsoft.Compute")
    assert (rid.types, rid.names, rid.name) == (("virtualMachines",), ("Web01",), "Web01")
    assert rid.text == VM


@pytest.mark.parametrize("spelling", [str.lower, str.upper, str.swapcase])
def test_the_keys_of_an_id_are_known_in_any_case(spelling):
    rid = arm.parse_id(spelling(VM))
    assert (rid.subscription_id.lower(), rid.resource_group.lower(), rid.name.lower()) == (
        "s-1",
        "rg-1",
        "web01",
    )


@pytest.mark.parametrize(
    ("id_", "parent"),
    [
        (f"{VM}/extensions/E1", VM),
        (VM, "/subscriptions/S-1/resourceGroups/RG-1"),
        (VM.upper(), "/SUBSCRIPTIONS/S-1/RESOURCEGROUPS/RG-1"),
        ("/subscriptions/S-1/resourceGroups/RG-1", "/subscriptions/S-1"),
        ("/subscriptions/S-1", ""),
        (f"{VM}/providers/Microsoft.X/instances/default", VM),
        (f"{VM}/extensions/E1/", VM),
        ("", ""),
    ],
)
def test_the_parent_is_one_level_up(id_, parent):
    assert arm.parse_id(id_).parent == parent


def test_the_last_provider_of_an_id_counts():
    rid = arm.parse_id(f"{VM}/providers/Microsoft.X/virtualMachineInstances/default/guestAgents/a")
    assert (rid.provider, rid.types, rid.names) == (
        "Microsoft.X",
        ("virtualMachineInstances", "guestAgents"),
        ("default", "a"),
    )
    assert rid.resource_group == "RG-1"


def test_a_machine_may_be_named_as_a_key_of_the_id():
    rid = arm.parse_id("/subscriptions/s/resourceGroups/providers/providers/N/machines/subscriptions/extensions/e")
    assert (rid.subscription_id, rid.resource_group, rid.provider) == ("s", "providers", "N")
    assert rid.names == ("subscriptions", "e")


def test_a_type_named_subscriptions_below_a_provider_is_a_type():
    rid = arm.parse_id("/subscriptions/s/providers/Microsoft.Subscriptions.Admin/subscriptions/t")
    assert (rid.subscription_id, rid.types, rid.names) == ("s", ("subscriptions",), ("t",))


def test_relative_and_odd_ids_lack_parts_and_do_not_fail():
    relative = arm.parse_id("providers/Microsoft.Compute.Admin/locations/redmond/computeScaleUnits/s-cluster")
    assert (relative.provider, relative.name) == ("Microsoft.Compute.Admin", "s-cluster")
    assert relative.subscription_id == ""
    assert arm.parse_id("aaaa").names == ()
    assert arm.parse_id("").name == ""
    collection = arm.parse_id("/subscriptions/s/providers/Microsoft.Compute/virtualMachines")
    assert (collection.types, collection.names) == (("virtualMachines",), ())
    assert arm.parse_id("/subscriptions/s/resourceGroups/rg").name == "rg"
    assert arm.parse_id(" /subscriptions/s ").name == "s"


@pytest.mark.parametrize("body", [{}, {"id": None}, {"id": ""}, {"id": "  "}, {"id": 7}])
def test_a_resource_without_an_id_names_the_path(body):
    with pytest.raises(UnexpectedAnswer) as caught:
        arm.own_id(body)
    assert caught.value.path == "id"


def test_a_name_is_the_last_part_of_it_and_of_the_id_where_it_is_null():
    rid = arm.parse_id("/subscriptions/s/resourceGroups/g/providers/N/fabricLocations/Redmond/scaleUnitNodes/N1")
    assert arm.own_name(Body({"name": "redmond/HUB1-NODE09"}), rid) == "HUB1-NODE09"
    assert arm.own_name(Body({"name": None}), rid) == "N1"
    assert arm.own_name(Body({"name": "elsewhere/x"}), rid) == "elsewhere/x"
    assert arm.own_name(Body({"name": "a/b"}), arm.parse_id(VM)) == "a/b"


def test_only_extensions_count_as_extensions():
    body = {
        "resources": [
            {"id": f"{VM}/extensions/A"},
            {"id": f"{VM}/EXTENSIONS/b", "type": "anything"},
            {"id": f"{VM}/runCommands/c"},
            {"id": "aaaaaaaa"},
            {"id": 5},
            "odd",
            {},
        ]
    }
    assert arm.extension_ids(body) == (f"{VM}/extensions/a".lower(), f"{VM}/extensions/b".lower())
    assert arm.extension_ids({}) == arm.extension_ids({"resources": None}) == ()


# statuses


def view(*levels, at="statuses"):
    return {at: [{"level": level, "message": f"{level}!"} for level in levels]}


@pytest.mark.parametrize(
    ("body", "worst"),
    [
        (view("Info"), ("info", "Info!")),
        (view("Info", "Error", "Warning"), ("error", "Error!")),
        (view("Warning", "Info"), ("warning", "Warning!")),
        (view("Info") | view("Error", at="substatuses"), ("error", "Error!")),
        (view("Info", "Critical"), ("critical", "Critical!")),
        (view("Critical", "Warning"), ("warning", "Warning!")),
        ({"status": {"code": "0", "level": "Information", "message": "done"}}, ("info", "done")),
        ({"status": {"code": "1", "level": "Error", "message": "no"}}, ("error", "no")),
        ({"status": {}}, ("", "")),
        ({"statuses": None}, ("", "")),
        ({"statuses": [{"displayStatus": "Ready", "level": "Info"}]}, ("info", "Ready")),
        ({"statuses": [{"message": "no level"}]}, ("", "no level")),
        ({"statuses": [{"level": "Error"}, {"level": "Error", "message": "why"}]}, ("error", "why")),
        ({"statuses": [{"level": "Info", "message": "a"}, {"level": "Info", "message": "b"}]}, ("info", "a")),
        ({}, ("", "")),
    ],
)
def test_the_worst_level_counts_in_both_shapes(body, worst):
    assert arm.worst_status(Body(body)) == worst


# pages


def test_a_page_has_its_items_and_the_next_address():
    page = arm.read_page(as_bytes({"value": [{"a": 1}], "nextLink": "https://x/?%24skiptoken=1"}), where="vms")
    assert (page.items, page.next_link, page.count, page.odd) == (
        [{"a": 1}],
        "https://x/?%24skiptoken=1",
        None,
        [],
    )


def test_a_bare_array_is_a_page():
    page = arm.read_page(as_bytes([{"name": "Microsoft.Azure"}, {"name": "x"}]), where="publishers")
    assert (len(page.items), page.next_link) == (2, None)


@pytest.mark.parametrize("link", ["", None])
def test_an_empty_next_link_is_none(link):
    assert arm.read_page(as_bytes({"value": [], "nextLink": link}), where="vms").next_link is None


def test_a_list_of_subscriptions_tells_how_many_there_are():
    body = {"value": [{}], "count": {"type": "Total", "value": 12}}
    assert arm.read_page(as_bytes(body), where="subscriptions").count == 12
    assert arm.read_page(as_bytes({"value": [], "count": 3}), where="x").count == 3
    assert arm.read_page(as_bytes({"value": [], "count": True}), where="x").count is None


def test_a_byte_order_mark_is_no_obstacle():
    assert arm.read_page(b"\xef\xbb\xbf" + as_bytes({"value": []}), where="x").items == []


def test_what_is_no_object_is_kept_out_and_told():
    page = arm.read_page(as_bytes({"value": [{"id": "a"}, -1, None, {"id": "b"}]}), where="vms")
    assert page.items == [{"id": "a"}, {"id": "b"}]
    assert page.odd == ["value[1]: expected an object, got -1", "value[2]: expected an object, got None"]


def test_a_login_page_is_quoted_and_the_remedy_names_the_proxy():
    html = b"<!DOCTYPE html>\n<html>\n  <title>Sign in</title>" + b"x" * 500
    with pytest.raises(UnexpectedAnswer) as caught:
        arm.read_page(html, where="GET virtualMachines")
    assert not isinstance(caught.value, TruncatedAnswer)
    assert "<!DOCTYPE html> <html> <title>Sign in</title>" in caught.value.message
    assert "GET virtualMachines" in caught.value.message
    assert len(caught.value.message) < 150
    assert "proxy" in caught.value.remedy


def test_an_empty_body_is_unexpected():
    with pytest.raises(UnexpectedAnswer, match="nothing"):
        arm.read_page(b"", where="vms")


WHOLE = '{"value": [{"id": "/sé", "n": 12.5, "on": true, "e": "\\u00e9"}], "nextLink": "x"}'.encode()


def test_the_body_that_is_cut_below_is_whole():
    assert arm.read_page(WHOLE, where="vms").next_link == "x"


@pytest.mark.parametrize("length", range(1, len(WHOLE)))
def test_a_body_cut_anywhere_is_truncated(length):
    with pytest.raises(TruncatedAnswer, match="stops in the middle"):
        arm.read_page(WHOLE[:length], where="vms")


@pytest.mark.parametrize(
    "body", [b'{"value": [nope]}', b'{"value": []}}', b"[" * 5000 + b"]", b"[" * 5000 + b"]" * 5000]
)
def test_broken_json_is_not_called_truncated(body):
    with pytest.raises(UnexpectedAnswer) as caught:
        arm.read_page(body, where="vms")
    assert not isinstance(caught.value, TruncatedAnswer)


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": {}}, {"id": "one"}, 5, None, "text"])
def test_an_answer_without_a_list_names_the_path(body):
    with pytest.raises(UnexpectedAnswer) as caught:
        arm.read_page(as_bytes(body), where="vms")
    assert caught.value.path == "value"


def test_an_error_in_place_of_a_list_is_told():
    with pytest.raises(UnexpectedAnswer, match="AuthorizationFailed you may not"):
        arm.read_page(as_bytes({"error": {"code": "AuthorizationFailed", "message": "you may not"}}), where="vms")


@pytest.mark.parametrize("link", [{"href": "x"}, 0, False, [], {}, 5])
def test_a_next_link_that_is_no_text_does_not_end_the_list_silently(link):
    with pytest.raises(UnexpectedAnswer) as caught:
        arm.read_page(as_bytes({"value": [], "nextLink": link}), where="vms")
    assert caught.value.path == "nextLink"


# Resource Graph


def test_a_graph_page_in_object_form():
    body = {
        "totalRecords": 2995,
        "count": 1,
        "data": [{"id": "a"}],
        "resultTruncated": "false",
        "$skipToken": "t",
    }
    page = arm.read_graph_page(as_bytes(body))
    assert (page.rows, page.skip_token, page.total, page.truncated) == ([{"id": "a"}], "t", 2995, False)


@pytest.mark.parametrize("token", [5, 0, False, [], {}])
def test_a_skip_token_that_is_no_text_does_not_end_the_rows_silently(token):
    with pytest.raises(UnexpectedAnswer) as caught:
        arm.read_graph_page(as_bytes({"data": [], "$skipToken": token}))
    assert caught.value.path == "$skipToken"


@pytest.mark.parametrize(
    ("said", "meant"), [("true", True), ("False", False), (True, True), (False, False), (None, False)]
)
def test_truncation_is_a_text_that_means_a_boolean(said, meant):
    assert arm.read_graph_page(as_bytes({"data": [], "resultTruncated": said})).truncated is meant


def test_a_graph_page_in_table_form():
    columns = [{"name": "id", "type": "string"}, {"name": "tags", "type": "object"}]
    body = {"count": 2, "data": {"columns": columns, "rows": [["a", {}], ["b", {"x": "1"}]]}}
    assert arm.read_graph_page(as_bytes(body)).rows == [
        {"id": "a", "tags": {}},
        {"id": "b", "tags": {"x": "1"}},
    ]


def test_a_table_row_of_another_length_is_told():
    body = {"data": {"columns": [{"name": "id"}], "rows": [["a"], ["b", "c"], "d"]}}
    page = arm.read_graph_page(as_bytes(body))
    assert page.rows == [{"id": "a"}]
    assert [odd[:7] for odd in page.odd] == ["data[1]", "data[2]"]


def test_an_empty_skip_token_is_none():
    assert arm.read_graph_page(as_bytes({"data": [], "$skipToken": ""})).skip_token is None


def test_fewer_rows_than_announced_are_truncated():
    with pytest.raises(TruncatedAnswer, match="1 rows of 3"):
        arm.read_graph_page(as_bytes({"count": 3, "data": [{}]}))


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {"rows": []}}, []])
def test_a_graph_answer_without_rows_names_the_path(body):
    with pytest.raises(UnexpectedAnswer) as caught:
        arm.read_graph_page(as_bytes(body))
    assert caught.value.path == "data"


def test_a_graph_answer_cut_in_the_middle_is_truncated():
    with pytest.raises(TruncatedAnswer):
        arm.read_graph_page(b'{"count": 1, "data": [{"id"')


# errors

VERSIONS = (
    "No registered resource provider found for location 'mtcazs' and API version '2024-07-01' for type "
    "'loadBalancers'. The supported api-versions are '2014-12-01-preview, 2015-05-01-preview, 2015-06-15'. "
    "The supported locations are ', mtcazs'."
)


def test_the_supported_api_versions_are_read_from_the_text():
    fault = arm.read_error(as_bytes({"error": {"code": "NoRegisteredProviderFound", "message": VERSIONS}}))
    assert fault.code == "NoRegisteredProviderFound"
    assert fault.supported_api_versions == ("2014-12-01-preview", "2015-05-01-preview", "2015-06-15")


def test_the_other_wording_of_supported_versions_counts_too():
    text = "The api-version '1' is invalid. The supported versions are '2024-01-01,2023-01-01'."
    assert arm.read_error(as_bytes({"code": "x", "message": text})).supported_api_versions == (
        "2024-01-01",
        "2023-01-01",
    )


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (as_bytes({"error": {"code": "C", "message": "M"}}), "C", "M"),
        (as_bytes({"code": "C", "message": "M"}), "C", "M"),
        (as_bytes({"Message": "M"}), "", "M"),
        (as_bytes({"Code": "C", "Message": "M"}), "C", "M"),
        (as_bytes({"error": "invalid_client", "error_description": "M"}), "invalid_client", "M"),
        (as_bytes({"odata.error": {"code": "C", "message": {"lang": "en", "value": "M"}}}), "C", "M"),
        (as_bytes({"error": {"code": 404, "message": None}}), "404", ""),
        (b"<html><head><title>502 Bad\n Gateway &amp; so</title></head></html>", "", "502 Bad Gateway & so"),
        (b"The service is unavailable.", "", "The service is unavailable."),
        (b"", "", ""),
        (b"\xff\xfe\x00", "", "\ufffd\ufffd\x00"),
        (as_bytes([]), "", ""),
        (as_bytes(None), "", ""),
        (as_bytes({"error": None}), "", ""),
        (as_bytes({"error": ["x"]}), "", ""),
        (b'{"error": {"code": "C"', "", '{"error": {"code": "C"'),
    ],
)
def test_an_error_body_of_any_shape_is_read(body, code, message):
    fault = arm.read_error(body)
    assert (fault.code, fault.message, fault.supported_api_versions) == (code, message, ())


def test_details_are_read_at_any_depth():
    inner = {"code": "ParserFailure", "message": "ParserFailure", "line": 1}
    details = [{"code": "InvalidQuery", "message": "bad", "details": [inner]}, "text", None, 5, {}]
    fault = arm.read_error(as_bytes({"error": {"code": "BadRequest", "message": "m", "details": details}}))
    assert fault.details == ("InvalidQuery: bad", "ParserFailure", "text")


def test_details_without_end_end():
    error = {"code": "x"}
    for _ in range(200):
        error = {"code": "x", "details": [error]}
    assert arm.read_error(as_bytes({"error": error})).details == ("x",) * 5


# api-versions


def test_the_first_known_version_that_is_offered_is_chosen():
    known = ("2024-07-01", "2020-06-01", "2017-12-01", "2015-12-01-preview")
    assert arm.choose_version(["2017-12-01", "2020-06-01"], known) == "2020-06-01"
    assert arm.choose_version([" 2015-12-01-PREVIEW"], known) == "2015-12-01-preview"
    assert arm.choose_version(["2016-01-01"], known) is None
    assert arm.choose_version([], known) is None


def test_a_provider_tells_the_versions_of_each_type():
    types = [
        {"resourceType": "virtualMachines", "apiVersions": ["2020-06-01", "2017-12-01"]},
        {"resourceType": "virtualMachines/extensions", "apiVersions": ["2020-06-01"]},
        {"resourceType": "operations"},
    ]
    assert arm.read_providers(as_bytes({"namespace": "Microsoft.Compute", "resourceTypes": types})) == {
        "virtualmachines": ("2020-06-01", "2017-12-01"),
        "virtualmachines/extensions": ("2020-06-01",),
        "operations": (),
    }


def test_a_provider_without_types_names_the_path():
    with pytest.raises(UnexpectedAnswer) as caught:
        arm.read_providers(as_bytes({"namespace": "x"}))
    assert caught.value.path == "resourceTypes"


# endpoints


def hub(login, audience):
    return {
        "galleryEndpoint": "https://gallery.local.azurestack.external/",
        "graphEndpoint": "https://graph.windows.net/",
        "portalEndpoint": "https://portal.local.azurestack.external/",
        "authentication": {"loginEndpoint": login, "audiences": [audience]},
    }


def test_a_hub_signed_in_by_entra():
    found = arm.read_endpoints(as_bytes(hub("https://login.windows.net/", "https://management.x.onmicrosoft.com/g")))
    assert (found.login, found.audience) == (
        "https://login.windows.net/",
        "https://management.x.onmicrosoft.com/g",
    )
    assert (found.graph, found.portal) == (
        "https://graph.windows.net/",
        "https://portal.local.azurestack.external/",
    )
    assert (found.tenant, found.is_adfs) == ("", False)


@pytest.mark.parametrize("login", ["https://adfs.local.x/adfs", "https://adfs.local.x/ADFS/"])
def test_a_hub_signed_in_by_adfs(login):
    assert arm.read_endpoints(as_bytes(hub(login, "https://management.adfs.azurestack.local/g"))).is_adfs


def cloud(name, manager, login="https://login.microsoftonline.com/"):
    return {
        "name": name,
        "portal": f"https://portal.{name}/",
        "graph": f"https://graph.{name}/",
        "resourceManager": manager,
        "authentication": {
            "loginEndpoint": login,
            "tenant": "common",
            "audiences": [f"https://{name}/", "b"],
        },
    }


def test_a_list_of_clouds_gives_the_one_that_was_asked():
    clouds = [
        cloud("AzureCloud", "https://management.azure.com/"),
        cloud("China", "https://management.chinacloudapi.cn"),
    ]
    assert arm.read_endpoints(as_bytes(clouds)).audience == "https://AzureCloud/"
    china = arm.read_endpoints(as_bytes(clouds), endpoint="https://Management.ChinaCloudApi.cn/")
    assert (china.audience, china.portal, china.tenant) == (
        "https://China/",
        "https://portal.China/",
        "common",
    )


def test_one_cloud_as_an_object():
    found = arm.read_endpoints(as_bytes(cloud("AzureCloud", "https://management.azure.com/")))
    assert (found.audience, found.graph) == ("https://AzureCloud/", "https://graph.AzureCloud/")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "authentication.loginEndpoint"),
        ([], "authentication.loginEndpoint"),
        ({"authentication": {"audiences": ["a"]}}, "authentication.loginEndpoint"),
        ({"authentication": {"loginEndpoint": "l", "audiences": []}}, "authentication.audiences"),
        ({"authentication": {"loginEndpoint": "l"}}, "authentication.audiences"),
    ],
)
def test_endpoints_without_login_or_audience_name_the_path(body, path):
    with pytest.raises(UnexpectedAnswer) as caught:
        arm.read_endpoints(as_bytes(body))
    assert caught.value.path == path


# characters and numbers that JSON does not have


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (rb'"a\ud800"', "a\ufffd"),
        (rb'"\udc00\ud800"', "\ufffd\ufffd"),
        (rb'"\ud800\ud83d\ude00"', "\ufffd\U0001f600"),
        (rb'"\\ud800 \ud800"', "\\ud800 \ufffd"),
        (rb'"\u0000"', "\0"),
        (b'"a\xff"', "a\ufffd"),
        (b'"a\x01"', "a\x01"),
        (b"1e400", float("inf")),
        (b"9" * 5000, float("inf")),
        (b"9" * 30, 10**30),
    ],
    ids=range(10),
)
def test_what_json_does_not_have_costs_no_page(written, read):
    page = arm.read_page(b'{"value": [{"id": "x", "odd": ' + written + b"}]}", where="x")
    assert page.items[0]["id"] == "x"
    assert page.items[0]["odd"] == (pytest.approx(read) if isinstance(read, int) else read)


def test_a_body_cut_in_the_middle_of_a_character_is_truncated():
    whole = '{"value": [{"name": "\u00fc'.encode()
    with pytest.raises(TruncatedAnswer):
        arm.read_page(whole[:-1], where="x")


# ids in their usual form, and in all others, take different ways to the same parts


@pytest.mark.parametrize(
    "text",
    [
        "/subscriptions/s/resourceGroups/g/providers/P/t/n",
        "/Subscriptions/s/RESOURCEGROUPS/g/Providers/P/t/n/u/m",
        " /subscriptions/s/resourceGroups/g/providers/P/t/n ",
        "/subscriptions/s/resourceGroups/g/providers/P/t/n/",
        "/subscriptions//resourceGroups/g/providers/P/t/n",
        "/subscriptions/s/resourceGroups/g/providers/P/t/",
        "/subscriptions/s/resourceGroups/g/providers/P/providers/Q",
        "/subscriptions/s/resourceGroups/g/providers/P/t/n/providers/Q",
        "/subscriptions/s/resourceGroups/g/providers/P/t/n/PROVIDERS/Q/u/m",
        "/subscriptions/s/resourceGroups/g/x/P/t/n",
        "/x/s/resourceGroups/g/providers/P/t/n",
        "x/subscriptions/s/resourceGroups/g/providers/P/t",
    ],
)
def test_the_short_way_through_an_id_leads_to_the_same_parts(text, monkeypatch):
    short = arm.parse_id(text)
    monkeypatch.setattr(arm, "_is_usual", lambda _: False)
    assert arm.parse_id(text) == short


@pytest.mark.parametrize(
    ("text", "usual"),
    [
        ("/subscriptions/s/resourceGroups/g/providers/P/t/n", True),
        ("/subscriptions/s/RESOURCEGROUPS/g/providers/P/t/n/u/m", True),
        ("/subscriptions/s/resourceGroups/g/providers/P/t/n/providers/Q", False),
    ],
)
def test_the_usual_ids_take_the_short_way(text, usual):
    assert arm._is_usual(text.split("/")) is usual


def test_the_text_of_an_error_is_short_however_long_it_was_written():
    details = [{"code": "X" * 9000, "message": "m" * 10**6}] * 1000
    fault = arm.read_error(orjson.dumps({"error": {"code": "c" * 10**6, "message": "m" * 10**6, "details": details}}))
    assert max(map(len, (fault.code, fault.message, *fault.details))) == 2000
    assert len(fault.details) == 20
