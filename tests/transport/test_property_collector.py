"""Lists of a vCenter over a wire of canned answers: pages of all kinds, and objects that come twice or unasked."""

import gzip
import re
from collections import Counter
from threading import Event
from types import SimpleNamespace

import httpx
import pytest
from pyVmomi import vim, vmodl

import hybridinv as hi
from hybridinv.transport.client import Wire
from hybridinv.transport.property_collector import read_listed, read_rows
from hybridinv.transport.vmomi import SessionExpired, Stub, stub_version
from hybridinv.transport.whole import unpacked

PATHS = {"VirtualMachine": ["name"]}
ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soapenv:Body>'
    '<{0}Response xmlns="urn:vim25">{1}</{0}Response></soapenv:Body></soapenv:Envelope>'
)


def vm(number, name="a"):
    val = f'<val xsi:type="xsd:string">{name}</val>'
    return f'<objects><obj type="VirtualMachine">vm-{number}</obj><propSet><name>name</name>{val}</propSet></objects>'


def page(*objects, token="", last=""):
    first = f"<token>{token}</token>" if token else ""
    late = f"<token>{last}</token>" if last else ""
    return f"<returnval>{first}{''.join(objects)}{late}</returnval>"


def view_of(numbers):
    references = (f'<ManagedObjectReference type="VirtualMachine">vm-{n}</ManagedObjectReference>' for n in numbers)
    val = f'<val xsi:type="ArrayOfManagedObjectReference">{"".join(references)}</val>'
    inside = f'<obj type="ContainerView">view-1</obj><propSet><name>view</name>{val}</propSet>'
    return f"<returnval><objects>{inside}</objects></returnval>"


class VCenter:
    """Answers `RetrievePropertiesEx` and its pages one after the other, and says what a view holds."""

    def __init__(self, numbers, *pages, then=None):
        self.views = [view_of(numbers), view_of(numbers if then is None else then)]
        self.pages = list(pages)
        self.asked = []
        self.wire = Wire("vc", transport=httpx.MockTransport(self.answer))
        stub = Stub(self.wire, "https://vc/sdk", stub_version("8.0.3.0"))
        self.content = SimpleNamespace(
            viewManager=vim.view.ViewManager("ViewManager", stub),
            rootFolder=vim.Folder("group-d1", stub),
            propertyCollector=vmodl.query.PropertyCollector("propertyCollector", stub),
        )

    def answer(self, request):
        operation, text = request.extensions["operation"], request.content.decode()
        if operation == "CreateContainerView":
            said = '<returnval type="ContainerView">view-1</returnval>'
        elif operation == "DestroyView":
            said = ""
        elif "<pathSet>view</pathSet>" in text:
            said = self.views.pop(0) if len(self.views) > 1 else self.views[0]
        else:
            token = re.search("<token[^>]*>(.*?)</token>", text)
            self.asked.append(token[1] if token else len(re.findall("<objectSet>", text)))
            said = self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]
        return httpx.Response(200, text=ENVELOPE.format(operation, said))

    def rows(self, **options):
        with_progress = options.pop("seen", lambda *_: None)
        rows = list(read_rows(self.content, PATHS, with_progress))
        self.wire.close()
        return [row.id for row in rows]


@pytest.fixture
def few(monkeypatch):
    """Two objects a request."""
    monkeypatch.setattr("hybridinv.transport.property_collector._ASKED", 2)


def test_objects_are_asked_for_in_parts(few):
    vcenter = VCenter(range(5), page(vm(0), vm(1)), page(vm(2), vm(3)), page(vm(4)))
    assert vcenter.rows() == ["vm-0", "vm-1", "vm-2", "vm-3", "vm-4"]
    assert vcenter.asked == [2, 2, 1]


def test_a_server_that_gives_fewer_at_a_time_is_followed_before_the_next_part(few):
    vcenter = VCenter(range(3), page(vm(0), token="t-1"), page(vm(1)), page(vm(2)))
    assert vcenter.rows() == ["vm-0", "vm-1", "vm-2"]
    assert vcenter.asked == [2, "t-1", 1]


def test_a_token_after_the_objects_is_followed_too(few):
    vcenter = VCenter(range(3), page(vm(0), last="t-1"), page(vm(2)), page(vm(1)))
    assert sorted(vcenter.rows()) == ["vm-0", "vm-1", "vm-2"]
    assert Counter(map(str, vcenter.asked)) == {"2": 1, "t-1": 1, "1": 1}


def test_empty_pages_with_a_token_are_followed():
    vcenter = VCenter(range(2), page(token="t-1"), page(token="t-2"), page(vm(0), vm(1)))
    assert vcenter.rows() == ["vm-0", "vm-1"]
    assert vcenter.asked == [2, "t-1", "t-2"]


@pytest.mark.parametrize("again", [page(token="t"), page(vm(0), token="t")], ids=["empty", "the same again"])
def test_tokens_without_an_end_are_an_error(again):
    vcenter = VCenter(range(3), again)
    with pytest.raises(hi.UnexpectedAnswer, match="nothing new"):
        vcenter.rows()
    assert 3 < len(vcenter.asked) < 8


def test_of_an_object_that_comes_twice_the_first_counts():
    vcenter = VCenter(range(2), page(vm(0, "first"), vm(1), token="t"), page(vm(0, "second")))
    rows = list(read_rows(vcenter.content, PATHS, lambda *_: None))
    assert [(row.id, row.properties["name"]) for row in rows] == [("vm-0", "first"), ("vm-1", "a")]


def test_an_object_that_nobody_asked_for_is_an_error():
    with pytest.raises(hi.UnexpectedAnswer, match="vm-7, which was not asked for"):
        VCenter(range(2), page(vm(0), vm(7))).rows()


def test_one_that_has_gone_meanwhile_is_no_loss_and_one_that_is_still_there_is():
    assert VCenter(range(3), page(vm(0), vm(2)), then=[0, 2]).rows() == ["vm-0", "vm-2"]
    with pytest.raises(hi.TruncatedAnswer, match=r"2 of 3 objects arrived; missing: vm-1"):
        VCenter(range(3), page(vm(0), vm(2))).rows()


def test_a_view_without_a_word_of_what_it_holds_is_no_empty_list():
    vcenter = VCenter(range(3), page())
    vcenter.views = [page()]
    with pytest.raises(hi.TruncatedAnswer, match="nothing says"):
        vcenter.rows()


def test_nothing_there_is_an_empty_list_and_nothing_is_asked():
    vcenter = VCenter([], page())
    assert vcenter.rows() == []
    assert vcenter.asked == []


def test_a_session_that_ends_in_the_view_is_told():
    fault = '<fault><fault xsi:type="NotAuthenticated"/><localizedMessage>x</localizedMessage></fault>'
    vcenter = VCenter(range(3), page())
    vcenter.views = [
        '<returnval><objects><obj type="ContainerView">view-1</obj>'
        f"<missingSet><path>view</path>{fault}</missingSet></objects></returnval>"
    ]
    with pytest.raises(SessionExpired):
        vcenter.rows()


def test_types_of_a_newer_server_are_asked_for_by_reference_alone():
    vcenter = VCenter(range(1), page(vm(0)))
    assert [row.id for row in read_listed(vcenter.content.propertyCollector, {"vm-0": "BrandNew"}, PATHS)] == ["vm-0"]


def test_the_next_part_is_asked_for_while_the_rows_of_this_one_are_read(few):
    asked = Event()

    class Told(VCenter):
        def answer(self, request):
            if self.asked:
                asked.set()
            return super().answer(request)

    vcenter = Told(range(3), page(vm(0), vm(1)), page(vm(2)))
    rows = read_listed(
        vcenter.content.propertyCollector, dict.fromkeys(("vm-0", "vm-1", "vm-2"), "VirtualMachine"), PATHS
    )
    assert next(rows).id == "vm-0"
    assert asked.wait(30)
    assert [row.id for row in rows] == ["vm-1", "vm-2"]


def test_what_is_given_up_in_the_middle_is_closed():
    closed = Event()

    class Body(httpx.SyncByteStream):
        def __iter__(self):
            yield ENVELOPE.format("RetrievePropertiesEx", page(vm(0), vm(1))).encode()

        def close(self):
            closed.set()

    class Told(VCenter):
        def answer(self, request):
            answer = super().answer(request)
            return httpx.Response(200, stream=Body()) if self.asked else answer

    vcenter = Told(range(2), page())
    rows = read_listed(vcenter.content.propertyCollector, dict.fromkeys(("vm-0", "vm-1"), "VirtualMachine"), PATHS)
    assert next(rows).id == "vm-0"
    assert not closed.is_set()
    rows.close()
    assert closed.wait(30)


def test_an_answer_packed_twice_is_refused_before_it_is_unpacked():
    vcenter = VCenter(range(1), page(vm(0)))
    body = gzip.compress(gzip.compress(b" " * 2**20))

    def answer(request):
        if request.extensions["operation"] != "RetrievePropertiesEx":
            return vcenter.answer(request)
        return httpx.Response(200, headers={"Content-Encoding": "gzip, gzip"}, stream=httpx.ByteStream(body))

    stub = Stub(Wire("vc", transport=httpx.MockTransport(answer)), "https://vc/sdk", stub_version("8.0.3.0"))
    collector = vmodl.query.PropertyCollector("propertyCollector", stub)
    with pytest.raises(hi.UnexpectedAnswer, match="packed as"):
        list(read_listed(collector, {"vm-0": "VirtualMachine"}, PATHS))


def test_a_stream_has_an_end_within_reason():
    response = httpx.Response(200, content=b"x" * 1000, request=httpx.Request("POST", "https://vc/sdk"))
    assert sum(map(len, unpacked(response, 1000))) == 1000
    response = httpx.Response(200, content=b"x" * 1001, request=httpx.Request("POST", "https://vc/sdk"))
    with pytest.raises(hi.UnexpectedAnswer, match="longer than"):
        list(unpacked(response, 1000))
