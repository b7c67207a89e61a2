"""The streaming decode of property-collector answers: bodies in the wire's shape, whole, cut, hostile."""

import pytest

from hybridinv.errors import TruncatedAnswer, UnexpectedAnswer
from hybridinv.wire.soap import Missing, Row, Update, Version, read_objects, read_updates, read_view

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'


def envelope(inside, method="RetrievePropertiesEx"):
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" {XSI}>\n<soapenv:Body>\n'
        f'<{method}Response xmlns="urn:vim25">{inside}</{method}Response>\n</soapenv:Body>\n</soapenv:Envelope>'
    ).encode()


def answer(*objects, token=None):
    head = f"<token>{token}</token>" if token else ""
    return envelope(f"<returnval>{head}{''.join(objects)}</returnval>")


def vm(moref, *inside):
    return f'<objects><obj type="VirtualMachine">{moref}</obj>{"".join(inside)}</objects>'


def prop(name, val):
    return f"<propSet><name>{name}</name>{val}</propSet>"


def text(value):
    return f'<val xsi:type="xsd:string">{value}</val>'


def read(body, size=None):
    """Rows and token; the body in pieces of a size."""
    chunks = [body] if size is None else [body[i : i + size] for i in range(0, len(body), size)]
    rows, objects = [], read_objects(chunks)
    while True:
        try:
            rows.append(next(objects))
        except StopIteration as end:
            return rows, end.value


def value(val):
    rows, _ = read(answer(vm("vm-1", prop("x", val))))
    return rows[0].properties["x"]


# values


@pytest.mark.parametrize(
    ("val", "expected"),
    [
        ('<val xsi:type="xsd:string">a &lt;b&gt; &amp; &#x202e;ü</val>', "a <b> & \u202eü"),
        ('<val xsi:type="xsd:string"></val>', ""),
        ('<val xsi:type="xsd:string">  </val>', "  "),
        ('<val xsi:type="xsd:string"><![CDATA[<x>]]></val>', "<x>"),
        ('<val xsi:type="xsd:string">a<!-- b -->c<?d e?>f</val>', "acf"),
        ('<val xsi:type="xsd:boolean">true</val>', "true"),
        ('<val xsi:type="xsd:long">9007199254740993</val>', "9007199254740993"),
        ('<val xsi:type="xsd:dateTime">2026-01-15T08:00:00.123456Z</val>', "2026-01-15T08:00:00.123456Z"),
        ('<val xsi:type="VirtualMachinePowerState">poweredOn</val>', "poweredOn"),
        ('<val xsi:type="ManagedObjectReference" type="HostSystem">host-9</val>', "host-9"),
        ('<val type="HostSystem" xsi:type="ManagedObjectReference"></val>', ""),
        ('<val xsi:type="ArrayOfString"></val>', []),
        ('<val xsi:type="ArrayOfString"/>', []),
        ('<val xsi:type="ArrayOfString"><string>a</string></val>', ["a"]),
        ('<val xsi:type="ArrayOfString"><string>a</string><string></string></val>', ["a", ""]),
        (
            '<val xsi:type="ArrayOfManagedObjectReference">'
            '<ManagedObjectReference type="HostSystem" xsi:type="ManagedObjectReference">host-1'
            "</ManagedObjectReference>"
            '<ManagedObjectReference type="HostSystem" xsi:type="ManagedObjectReference">host-2'
            "</ManagedObjectReference></val>",
            ["host-1", "host-2"],
        ),
        ('<val xsi:type="NoPermission"/>', {"_type": "NoPermission"}),
        ('<val xsi:type="NoPermission">\n </val>', {"_type": "NoPermission"}),
        (
            '<val xsi:type="GuestNicInfo"><ipAddress>a</ipAddress><connected>true</connected></val>',
            {"_type": "GuestNicInfo", "ipAddress": "a", "connected": "true"},
        ),
        (
            '<val xsi:type="GuestNicInfo"><ip>a</ip><ip>b</ip><ip>c</ip></val>',
            {"_type": "GuestNicInfo", "ip": ["a", "b", "c"]},
        ),
        (
            '<val xsi:type="ArrayOfVirtualDevice"><VirtualDevice xsi:type="VirtualDisk"><key>2000</key>'
            '<backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[a] b</fileName></backing>'
            "</VirtualDevice></val>",
            [
                {
                    "_type": "VirtualDisk",
                    "key": "2000",
                    "backing": {"_type": "VirtualDiskFlatVer2BackingInfo", "fileName": "[a] b"},
                }
            ],
        ),
        (
            '<val xsi:type="X"><a xsi:type="ArrayOfInt"><int>1</int></a>'
            '<a xsi:type="ArrayOfInt"><int>2</int></a></val>',
            {"_type": "X", "a": [["1"], ["2"]]},
        ),
    ],
)
def test_values(val, expected):
    assert value(val) == expected


def test_an_object_is_its_type_its_reference_and_its_properties():
    rows, token = read(answer(vm("vm-1", prop("name", text("a")), prop("config.uuid", text("u")))))
    assert rows == [Row("VirtualMachine", "vm-1", {"name": "a", "config.uuid": "u"}, {})]
    assert token is None


def test_the_token_of_the_next_page():
    assert read(answer(vm("vm-1"), token="t-1"))[1] == "t-1"


def test_a_property_without_a_value_is_not_there():
    rows, _ = read(answer(vm("vm-1", "<propSet><name>snapshot</name></propSet><propSet/>", prop("name", text("a")))))
    assert rows[0].properties == {"name": "a"}


def test_fields_called_objects_and_token_are_no_objects_and_no_token():
    trap = '<val xsi:type="X"><objects>1</objects><token>no</token><returnval>2</returnval></val>'
    rows, token = read(answer(vm("vm-1", prop("x", trap)), vm("vm-2"), token="yes"))
    assert [row.id for row in rows] == ["vm-1", "vm-2"]
    assert rows[0].properties["x"] == {"_type": "X", "objects": "1", "token": "no", "returnval": "2"}
    assert token == "yes"


def test_no_objects_at_all():
    assert read(envelope("")) == ([], None)
    assert read(answer()) == ([], None)


# what was not given


def missing(path, fault):
    return f"<missingSet><path>{path}</path><fault>{fault}<localizedMessage>no.</localizedMessage></fault></missingSet>"


DENIED = (
    '<fault xsi:type="NoPermission"><object type="VirtualMachine">vm-1</object>'
    "<privilegeId>System.Read</privilegeId></fault>"
)
LISTED = (
    '<fault xsi:type="NoPermission"><missingPrivileges><entity type="Folder">group-1</entity>'
    "<privilegeIds>System.Read</privilegeIds><privilegeIds>System.View</privilegeIds></missingPrivileges></fault>"
)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (DENIED, Missing("NoPermission", "System.Read", "no.")),
        (LISTED, Missing("NoPermission", "System.Read, System.View", "no.")),
        ('<fault xsi:type="SystemError"><reason>x</reason></fault>', Missing("SystemError", "", "no.")),
        ('<fault xsi:type="SystemError"/>', Missing("SystemError", "", "no.")),
        ("<fault>odd</fault>", Missing("", "", "no.")),
        ("", Missing("", "", "no.")),
    ],
)
def test_why_a_property_is_missing(fault, expected):
    rows, _ = read(answer(vm("vm-1", prop("name", text("a")), missing("guest", fault))))
    assert rows[0].missing == {"guest": expected}
    assert rows[0].properties == {"name": "a"}


def test_a_missing_property_without_a_word_about_it():
    rows, _ = read(
        answer(vm("vm-1", "<missingSet><path>guest</path></missingSet>", "<missingSet><fault/></missingSet>"))
    )
    assert rows[0].missing == {"guest": Missing("", "", ""), "": Missing("", "", "")}


# in pieces


WHOLE = answer(
    vm("vm-1", prop("name", text("bücher-日本")), missing("guest", DENIED)),
    vm("vm-2", prop("n", '<val xsi:type="ArrayOfString"><string>a</string></val>')),
    vm("vm-3"),
    token="t",
)


@pytest.mark.parametrize("cut", range(1, len(WHOLE)))
def test_it_does_not_matter_where_the_pieces_end(cut):
    rows, objects = [], read_objects([WHOLE[:cut], WHOLE[cut:]])
    rows.extend(objects)
    assert rows == read(WHOLE)[0]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_small_pieces_and_empty_ones(size):
    assert read(WHOLE, size) == read(WHOLE)
    pieces = [b"", *(piece for i in range(0, len(WHOLE), size) for piece in (WHOLE[i : i + size], b""))]
    assert list(read_objects(pieces)) == read(WHOLE)[0]


def test_rows_come_before_the_answer_is_whole():
    objects = read_objects(iter([WHOLE[: WHOLE.index(b"vm-2")], WHOLE[WHOLE.index(b"vm-2") :]]))
    assert next(objects).id == "vm-1"


@pytest.mark.parametrize("size", [None, 1])
@pytest.mark.parametrize("length", range(0, len(WHOLE), 50))
def test_a_cut_answer_is_an_error(length, size):
    with pytest.raises(UnexpectedAnswer) as caught:
        read(WHOLE[:length], size)
    if b"Envelope" in WHOLE[:length]:
        assert isinstance(caught.value, TruncatedAnswer)
    assert caught.value.remedy


def test_a_cut_answer_has_given_the_rows_before_the_cut():
    objects = read_objects([WHOLE[: WHOLE.index(b"vm-3")]])
    assert [next(objects).id, next(objects).id] == ["vm-1", "vm-2"]
    with pytest.raises(TruncatedAnswer, match="after 2 objects"):
        next(objects)


# what is no answer


@pytest.mark.parametrize(
    "body",
    [
        b"<html><head><title>Log in</title></head><body></body></html>",
        b"<!DOCTYPE html><html><body><p>Log in<br></body></html>",
        b'{"error": "not here"}',
        b"502 Bad Gateway",
        b"\x00\x01\x02",
        b"<objects/>",
    ],
)
def test_what_is_not_soap(body):
    with pytest.raises(UnexpectedAnswer, match="not SOAP") as caught:
        read(body)
    assert not isinstance(caught.value, TruncatedAnswer)
    assert "host and port" in caught.value.remedy


FAULT = (
    "<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>The session is not authenticated.</faultstring>"
    '<detail><NotAuthenticatedFault xmlns="urn:vim25" xsi:type="NotAuthenticated"/></detail></soapenv:Fault>'
)


@pytest.mark.parametrize("inside", [FAULT, "", "<other/>"])
def test_soap_that_is_no_answer_is_not_an_empty_list(inside):
    body = envelope("").decode()
    start, end = body.index("<RetrievePropertiesExResponse"), body.index("</soapenv:Body>")
    with pytest.raises(UnexpectedAnswer, match="instead of objects"):
        read((body[:start] + inside + body[end:]).encode())


def test_an_object_without_a_reference():
    with pytest.raises(UnexpectedAnswer, match="without a reference"):
        read(answer("<objects/>"))


# hostile answers


LAUGHS = '<!ENTITY a "ha">' + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))


@pytest.mark.parametrize(
    "dtd",
    [
        f"<!DOCTYPE x [{LAUGHS}]>",
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "http://127.0.0.1:9/x">]>',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x">',
        "<!DOCTYPE x>",
    ],
)
@pytest.mark.parametrize("size", [None, 1])
def test_a_dtd_is_refused(dtd, size):
    body = answer(vm("vm-1", prop("name", text("&a;" if "ENTITY a" in dtd else "a")))).decode()
    hostile = body.replace("?>\n", f"?>\n{dtd}", 1)
    with pytest.raises(UnexpectedAnswer, match="DTD"):
        read(hostile.encode(), size)


def test_an_undefined_entity():
    with pytest.raises(UnexpectedAnswer):
        read(answer(vm("vm-1", prop("name", text("&passwd;")))))


@pytest.mark.parametrize("depth", [300, 100_000])
def test_nesting_has_a_bound(depth):
    with pytest.raises(UnexpectedAnswer):
        read(answer(vm("vm-1", prop("x", f"<val>{'<a>' * depth}{'</a>' * depth}</val>"))))


def test_what_vsphere_nests_is_within_it():
    deep = value(f'<val xsi:type="X">{"<a>" * 200}end{"</a>" * 200}</val>')
    for _ in range(199):
        deep = deep["a"]
    assert deep == {"a": "end"}


# the next page, a view, and updates


def test_the_token_is_told_before_the_rows():
    told = []
    objects = read_objects([answer(vm("vm-1"), token="t-1")], told.append)
    assert next(objects).id == "vm-1"
    assert told == ["t-1"]


def test_a_token_that_comes_last_is_told_too():
    body = envelope(f"<returnval>{vm('vm-1')}<token>late</token></returnval>")
    told = []
    assert [row.id for row in read_objects([body], told.append)] == ["vm-1"]
    assert told == ["late"]


def reference(type_, moref):
    return f'<ManagedObjectReference type="{type_}" xsi:type="ManagedObjectReference">{moref}</ManagedObjectReference>'


def view(*references):
    val = f'<val xsi:type="ArrayOfManagedObjectReference">{"".join(references)}</val>'
    return f'<objects><obj type="ContainerView">view-1</obj>{prop("view", val)}</objects>'


def test_what_a_view_holds_comes_with_its_types():
    row, held = read_view([answer(view(reference("VirtualMachine", "vm-1"), reference("VirtualApp", "resgroup-v2")))])
    assert row.id == "view-1"
    assert held == {"vm-1": "VirtualMachine", "resgroup-v2": "VirtualApp"}


def test_an_empty_view_is_not_the_same_as_none():
    row, held = read_view([answer(view())])
    assert (row.id, held) == ("view-1", {})
    assert read_view([answer()]) == (None, {})


def test_a_view_that_is_not_given_says_why():
    denied = f'<objects><obj type="ContainerView">view-1</obj>{missing("view", DENIED)}</objects>'
    row, held = read_view([answer(denied)])
    assert row.missing["view"].fault == "NoPermission"
    assert held == {}


def updates(*sets, version="2", truncated=""):
    flag = f"<truncated>{truncated}</truncated>" if truncated else ""
    return envelope(f"<returnval><version>{version}</version>{''.join(sets)}{flag}</returnval>", "WaitForUpdatesEx")


def filter_set(filter_, *objects):
    return f'<filterSet><filter type="PropertyFilter">{filter_}</filter>{"".join(objects)}</filterSet>'


def update(kind, moref, *inside):
    return f'<objectSet><kind>{kind}</kind><obj type="VirtualMachine">{moref}</obj>{"".join(inside)}</objectSet>'


def change(name, val="", op="assign"):
    return f"<changeSet><name>{name}</name><op>{op}</op>{val}</changeSet>"


def read_all_updates(body):
    found, arriving = [], read_updates([body])
    while True:
        try:
            found.append(next(arriving))
        except StopIteration as end:
            return found, end.value


def test_updates_of_several_filters():
    body = updates(
        filter_set("f-1", update("enter", "vm-1", change("name", text("a")), change("config.uuid", text("u")))),
        filter_set("f-2", update("modify", "vm-2", change("name", text("b"))), update("leave", "vm-3")),
    )
    found, version = read_all_updates(body)
    assert found == [
        Update("f-1", "enter", Row("VirtualMachine", "vm-1", {"name": "a", "config.uuid": "u"}, {})),
        Update("f-2", "modify", Row("VirtualMachine", "vm-2", {"name": "b"}, {})),
        Update("f-2", "leave", Row("VirtualMachine", "vm-3", {}, {})),
    ]
    assert version == Version("2", truncated=False)


@pytest.mark.parametrize(("said", "meant"), [("true", True), ("false", False), ("", False)])
def test_a_truncated_set_of_updates_says_so(said, meant):
    assert read_all_updates(updates(version="7", truncated=said)) == ([], Version("7", meant))


def test_a_property_that_was_removed_has_no_value():
    body = updates(filter_set("f-1", update("modify", "vm-1", change("snapshot", op="remove"))))
    assert read_all_updates(body)[0] == [Update("f-1", "modify", Row("VirtualMachine", "vm-1", {}, {}))]


def test_an_update_says_what_it_does_not_give():
    body = updates(filter_set("f-1", update("enter", "vm-1", missing("guest", DENIED))))
    assert read_all_updates(body)[0][0].row.missing == {"guest": Missing("NoPermission", "System.Read", "no.")}


def test_where_nothing_has_happened_there_is_no_version():
    assert read_all_updates(envelope("", "WaitForUpdatesEx")) == ([], None)


def test_properties_with_fields_called_as_parts_of_an_update():
    trap = '<val xsi:type="X"><version>9</version><filter>f-9</filter><truncated>true</truncated></val>'
    found, version = read_all_updates(updates(filter_set("f-1", update("enter", "vm-1", change("x", trap)))))
    assert (found[0].filter, version) == ("f-1", Version("2", truncated=False))
    assert found[0].row.properties["x"] == {"_type": "X", "version": "9", "filter": "f-9", "truncated": "true"}


@pytest.mark.parametrize("end", [200, 400, 600])
def test_cut_updates_are_an_error(end):
    body = updates(*(filter_set("f-1", update("enter", f"vm-{n}", change("name", text("a")))) for n in range(9)))
    with pytest.raises(UnexpectedAnswer):
        read_all_updates(body[:end])


# more hostile answers


def test_a_text_without_an_end_is_refused_long_before_memory_is_short():
    given = 0

    def endless():
        nonlocal given
        yield answer(vm("vm-1", prop("name", text("@")))).partition(b"@")[0]
        while given < 1024:
            given += 1
            yield b"a" * 2**20

    with pytest.raises(UnexpectedAnswer):
        list(read_objects(endless()))
    assert given < 32


def test_a_bomb_of_entities_in_an_attribute_is_refused():
    body = answer(vm("vm-1", '<propSet><name>x</name><val xsi:type="&j;"></val></propSet>')).decode()
    with pytest.raises(UnexpectedAnswer):
        read(body.replace("?>\n", f"?>\n<!DOCTYPE x [{LAUGHS}]>", 1).encode())


@pytest.mark.parametrize(
    ("encoding", "declared"), [("utf-16", "utf-16"), ("latin-1", "iso-8859-1"), ("utf-8-sig", "utf-8")]
)
def test_another_encoding_that_is_declared_or_marked_is_read(encoding, declared):
    body = answer(vm("vm-1", prop("name", text("bücher")))).decode()
    rows, _ = read(body.replace("UTF-8", declared).encode(encoding))
    assert rows[0].properties == {"name": "bücher"}


@pytest.mark.parametrize("size", [None, 7])
@pytest.mark.parametrize(
    "body",
    [
        answer(vm("vm-1", prop("name", text("bücher")))).decode().encode("iso-8859-1"),
        answer(vm("vm-1", prop("name", text("@")))).replace(b"@", b"\xff\xfe\x00"),
        answer(vm("vm-1", prop("name", text("@")))).replace(b"@", b"\x00"),
        answer(vm("vm-1", prop("name", text("@")))).replace(b"@", b"&#0;"),
        answer(vm("vm-1")).replace(b"UTF-8", b"no-such-encoding"),
    ],
    ids=["undeclared", "not utf-8", "nul", "reference to nul", "unknown"],
)
def test_a_wrong_encoding_is_an_error(body, size):
    with pytest.raises(UnexpectedAnswer):
        read(body, size)


# what is larger than anything a vCenter says


@pytest.mark.parametrize("size", [None, 2**20])
def test_a_page_of_more_than_ten_megabytes_in_one_piece_is_read(size):
    body = answer(*(vm(f"vm-{number}", prop("name", text("x" * 20_000))) for number in range(600)))
    assert len(body) > 11 * 2**20
    rows, _ = read(body, size)
    assert [row.id for row in rows] == [f"vm-{number}" for number in range(600)]


@pytest.mark.parametrize(
    "waste", [b"<a/>", b'<a b="" c=""/>', b"x" * 99 + b"<!---->"], ids=["empty", "attributes", "text"]
)
def test_what_never_becomes_an_object_is_not_kept_for_ever(waste):
    given = 0

    def endless():
        nonlocal given
        yield answer("@").partition(b"@")[0]
        while given < 2**30:
            piece = waste * (2**20 // len(waste))
            given += len(piece)
            yield piece

    with pytest.raises(UnexpectedAnswer, match="larger object|nested deeper"):
        list(read_objects(endless()))
    assert given < 80 * 2**20


def test_waste_before_an_object_is_forgotten_with_it():
    body = answer(*(f"<a/><b>x</b>{vm(f'vm-{number}')}" for number in range(3)))
    assert [row.id for row in read(body, 9)[0]] == ["vm-0", "vm-1", "vm-2"]


def test_what_is_nested_too_deep_is_told_in_words_of_ours():
    with pytest.raises(UnexpectedAnswer, match="nested deeper") as caught:
        read(answer(vm("vm-1", prop("x", "<val>" * 5000))))
    assert "XML" not in str(caught.value)
    assert not isinstance(caught.value, TruncatedAnswer)


@pytest.mark.parametrize("body", [b"", b" \r\n"])
def test_an_empty_answer_is_called_empty(body):
    with pytest.raises(UnexpectedAnswer, match="the answer is empty"):
        read(body)
