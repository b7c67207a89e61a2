"""vSphere without a vCenter: what its constructor takes, and answers that come from something else."""

from threading import Event

import httpx
import pytest

import hybridinv as hi
from hybridinv.platforms.vsphere_unseen import with_unseen

LOGIN = {"username": "reader@vsphere.local", "password": "hunter2-correct-horse"}


@pytest.mark.parametrize(
    ("host", "port", "source"),
    [
        ("vc01.example.com", 443, "vc01.example.com"),
        (" VC01 ", 443, "VC01"),
        ("vc01", 8443, "vc01:8443"),
        ("192.0.2.1", 443, "192.0.2.1"),
        ("2001:db8::1", 443, "2001:db8::1"),
        ("[2001:db8::1]", 8443, "[2001:db8::1]:8443"),
    ],
)
def test_the_source_tells_two_servers_of_one_host_apart(host, port, source):
    adapter = hi.VSphere(host, port=port)
    assert adapter.source == source
    assert adapter.settings == {"host": host.strip(), "port": port, "detail": "summary"}
    assert hi.VSphere(**adapter.settings).source == source


@pytest.mark.parametrize(
    "host",
    [
        "", " ", "https://vc", "https://vc:443/", "vc:443", "vc/sdk", "vc?x", "vc#x", "me@vc", "me:hunter2secret@vc",
        "a b", "[vc]", "2001:db8", "vc\\x", "vc\x00", "\ud800", 5, None, b"vc", ["vc"],
    ],
)  # fmt: skip
def test_what_is_no_host_is_refused_at_once(host):
    with pytest.raises(hi.NotSupported, match="host=") as caught:
        hi.VSphere(host, **LOGIN)
    assert 'host="vc01.example.com", port=443' in caught.value.remedy
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("port", [0, -1, 65536, "443", 443.0, None, True])
def test_what_is_no_port_is_refused_at_once(port):
    with pytest.raises(hi.NotSupported, match="is no port"):
        hi.VSphere("vc", port=port)


@pytest.mark.parametrize("name", ["username", "password"])
@pytest.mark.parametrize("value", [b"hunter2secret", 5, ["hunter2secret"]])
def test_a_login_is_text(name, value):
    with pytest.raises(hi.NotSupported, match=f"{name}= is a text") as caught:
        hi.VSphere("vc", **{**LOGIN, name: value})
    assert "hunter2" not in str(caught.value)


# Something else answers

PAGE = "<html><head><title>Sign in</title></head><body>hello</body></html>"
ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>{}</soapenv:Body></soapenv:Envelope>"""
MOREFS = ("rootFolder", "propertyCollector", "viewManager", "sessionManager")
CONTENT = (
    "".join(f'<{name} type="{name[0].upper()}{name[1:]}">{name}</{name}>' for name in MOREFS)
    .replace('type="RootFolder"', 'type="Folder"')
    .replace("<viewManager", "<about><name>x</name><fullName>x</fullName><vendor>x</vendor><version>8</version>"
             "<build>1</build><osType>x</osType><productLineId>vpx</productLineId><apiType>VirtualCenter</apiType>"
             "<apiVersion>8.0.3.0</apiVersion></about><viewManager")
)  # fmt: skip
SESSION = "<key>1</key><userName>x</userName><fullName>x</fullName><locale>en</locale><messageLocale>en</messageLocale>"
ANSWERS = {"RetrieveServiceContent": CONTENT, "Login": SESSION, "CreateContainerView": "view", "Logout": None}


def vcenter(**instead):
    """An adapter for a server that answers as `ANSWERS` says, and to some operations with something else."""
    answers = {**ANSWERS, **instead}

    def answer(request):
        operation = request.extensions["operation"]
        said = answers.get(operation)
        if said == PAGE:
            return httpx.Response(200, text=PAGE)
        inner = "" if said is None else f"<returnval>{said}</returnval>"
        return httpx.Response(
            200, text=ENVELOPE.format(f'<{operation}Response xmlns="urn:vim25">{inner}</{operation}Response>')
        )

    return hi.VSphere("vc.example", **LOGIN, transport=httpx.MockTransport(answer))


@pytest.mark.parametrize(
    "instead",
    [
        {"RetrieveServiceContent": PAGE},
        {"RetrieveServiceContent": None},
        {"RetrieveServiceContent": CONTENT.replace("viewManager", "x")},
        {"RetrieveServiceContent": CONTENT.replace("8.0.3.0", "")},
        {"Login": PAGE},
        {"Login": None},
        {"CreateContainerView": PAGE},
        {"CreateContainerView": None},
        {"RetrievePropertiesEx": PAGE},
    ],
    ids=lambda instead: " ".join(f"{name} {str(said)[:6]}" for name, said in instead.items()),
)
def test_what_is_no_vcenter_is_one_clear_error(instead):
    with vcenter(**instead) as adapter:
        with pytest.raises(hi.UnexpectedAnswer) as caught:
            adapter.vms()
        assert caught.value.remedy
        inventory = hi.collect([adapter], kinds=["vms"])
    assert {problem.error for problem in inventory.problems} == {"UnexpectedAnswer"}
    assert "bug" not in str(list(inventory.problems))


FAULT = (
    "<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>Permission was denied.</faultstring><detail>"
    '<NoPermissionFault xmlns="urn:vim25" xsi:type="NoPermission">{}</NoPermissionFault></detail></soapenv:Fault>'
)
ON_ROOT = '<object type="Folder">group-d1</object>'


@pytest.mark.parametrize(
    ("detail", "missing", "says"),
    [
        (
            f"{ON_ROOT}<privilegeId>System.View</privilegeId>",
            "System.View",
            "missing privilege System.View on group-d1",
        ),
        (ON_ROOT, "", "on group-d1"),
        ("", "", "NoPermission"),
    ],
)
def test_a_call_that_is_refused_names_the_object_and_the_privilege(detail, missing, says):
    def answer(request):
        operation = request.extensions["operation"]
        if operation == "CreateContainerView":
            return httpx.Response(500, text=ENVELOPE.format(FAULT.format(detail)))
        said = ANSWERS[operation]
        inner = "" if said is None else f"<returnval>{said}</returnval>"
        body = f'<{operation}Response xmlns="urn:vim25">{inner}</{operation}Response>'
        return httpx.Response(200, text=ENVELOPE.format(body))

    with hi.VSphere("vc.example", **LOGIN, transport=httpx.MockTransport(answer)) as adapter:
        with pytest.raises(hi.AccessDenied, match=says) as caught:
            adapter.vms()
        (problem,) = adapter.inventory(["vms"]).problems
    assert caught.value.missing == missing
    assert says in problem.message


def test_what_it_can_give():
    assert hi.VSphere("vc").capabilities == {
        "hosts", "vms", "vmkernel_adapters", "clusters", "datastores", "networks", "switches", "resource_pools",
        "licenses",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (hi.Switch(id="vsphere://a/host-1/vSwitch0", name="vSwitch0", platform="vsphere", source="vc", kind="standard"),
         "part of its host"),
        (hi.License(id="vsphere://a/license-1", name="x", platform="vsphere", source="vc"), "no vSphere object"),
        (hi.ResourcePool(id="vsphere://a/resgroup-1", name="x", platform="vsphere", source="b"), "no vSphere object"),
    ],
)  # fmt: skip
def test_what_is_no_managed_object_of_this_vcenter_is_refused_before_anything_is_sent(record, says):
    with pytest.raises(hi.NotSupported, match=says) as caught:
        hi.VSphere("vc").native(record)
    assert caught.value.remedy


# Time and releases


def test_a_list_ends_with_the_deadline_where_a_server_trickles():
    class Endless(httpx.SyncByteStream):
        def __iter__(self):
            while True:
                yield b" "
                Event().wait(0.01)

    def answer(request):
        operation = request.extensions["operation"]
        if operation == "RetrievePropertiesEx":
            return httpx.Response(200, stream=Endless())
        said = ANSWERS.get(operation)
        type_ = operation.removeprefix("Create")
        inner = "" if said is None else f'<returnval type="{type_}">{said}</returnval>'
        body = f'<{operation}Response xmlns="urn:vim25">{inner}</{operation}Response>'
        return httpx.Response(200, text=ENVELOPE.format(body))

    with (
        hi.VSphere("vc.example", **LOGIN, transport=httpx.MockTransport(answer)) as adapter,
        pytest.raises(hi.DeadlineExceeded),
        hi.deadline(0.5),
    ):
        adapter.vms()


@pytest.mark.parametrize("seconds", ["1", float("nan"), True, [5]])
def test_what_is_no_number_of_seconds_is_no_deadline(seconds):
    with pytest.raises(hi.NotSupported, match="no number of seconds"), hi.deadline(seconds):
        pass


def test_a_server_older_than_what_is_read_is_refused_with_its_version():
    old = CONTENT.replace("8.0.3.0", "6.0").replace("<fullName>x", "<fullName>VMware vCenter Server 6.0.0")
    with vcenter(RetrieveServiceContent=old) as adapter, pytest.raises(hi.NotSupported, match=r"API version 6\.0"):
        adapter.vms()


@pytest.mark.parametrize(
    ("privilege", "remedy"),
    [("System.View", "Read-only"), ("Global.Licenses", "Global.Licenses there, beside Read-only")],
)
def test_what_to_do_about_a_missing_privilege_names_it(privilege, remedy):
    def answer(request):
        operation = request.extensions["operation"]
        if operation == "CreateContainerView":
            return httpx.Response(
                500, text=ENVELOPE.format(FAULT.format(f"{ON_ROOT}<privilegeId>{privilege}</privilegeId>"))
            )
        said = ANSWERS[operation]
        inner = "" if said is None else f"<returnval>{said}</returnval>"
        body = f'<{operation}Response xmlns="urn:vim25">{inner}</{operation}Response>'
        return httpx.Response(200, text=ENVELOPE.format(body))

    adapter = hi.VSphere("vc.example", **LOGIN, transport=httpx.MockTransport(answer))
    with adapter, pytest.raises(hi.AccessDenied) as caught:
        adapter.vms()
    assert remedy in caught.value.remedy


# What is referred to and not seen


def seen(**tables):
    asked = hi.Asked(platform="vsphere", source="vc", kinds=frozenset({"vms", "datastores", "networks"}))
    return with_unseen(hi.Inventory(asked=[asked], **tables))


def of_vc(kind, name, **fields):
    return kind(id=f"vsphere://a/{name}", name=name, platform="vsphere", source="vc", **fields)


def test_a_datastore_and_a_network_that_are_not_seen_are_named_at_the_machine():
    disks = [hi.Disk(name="Hard disk 1", datastore_id="vsphere://a/datastore-1"),
             hi.Disk(name="Hard disk 2", datastore_id="vsphere://a/datastore-9")]  # fmt: skip
    vm = of_vc(hi.VirtualMachine, "vm-1", disks=disks, nics=[hi.Nic(name="NIC 1", network_id="vsphere://a/network-9")])
    inventory = seen(vms=[vm], datastores=[of_vc(hi.Datastore, "datastore-1")])
    assert [(one.error, one.message) for one in inventory.vms[0].problems] == [
        ("", "the datastore datastore-9 of Hard disk 2 is not among what this account may see"),
        ("", "the network network-9 of NIC 1 is not among what this account may see"),
    ]
    assert inventory.complete
    assert with_unseen(inventory).vms == inventory.vms
    shown = [of_vc(hi.Datastore, f"datastore-{number}") for number in (1, 9)]
    later = seen(vms=inventory.vms, datastores=shown, networks=[of_vc(hi.Network, "network-9")])
    assert later.vms[0].problems == ()


def test_lists_that_broke_off_say_nothing_of_what_is_hidden():
    vm = of_vc(hi.VirtualMachine, "vm-1", disks=[hi.Disk(datastore_id="vsphere://a/datastore-9")])
    lost = hi.Problem(platform="vsphere", source="vc", kind="datastores", error="TruncatedAnswer", message="x")
    assert seen(vms=[vm], problems=[lost]).vms[0].problems == ()
