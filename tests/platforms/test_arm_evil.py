"""Endpoints that mean harm, and those that are broken: no token leaves, nothing hangs, and what is whole is kept."""

import pytest

import hybridinv as hi
from arm_estate import Estate
from arm_server import TOKEN, Credential
from hybridinv.transport import whole
from misbehaviour import (
    Bomb,
    Endless,
    Trickle,
    as_kind,
    cut_json,
    edited,
    html,
    long_error,
    moved,
    packed_as,
    raw,
    rewritten,
    throttled,
)

VMS = "/subscriptions/sub-2/providers/Microsoft.Compute/virtualMachines"
LIST = r"sub-2/.*virtualMachines\?api-version=[\d-]+$"


@pytest.fixture
def server(serve):
    return serve(Estate.of(vms=6, machines=6, extensions=("AMA",), subscriptions=("sub-1", "sub-2")))


@pytest.fixture
def trap(serve):
    """Another endpoint, which nobody may come to."""
    return serve(Estate.of(vms=3, subscriptions=("sub-2",)))


def short(inventory):
    """Sub-1 is whole, sub-2 is a problem, and the message is for people."""
    assert {"vm0", "vm2", "vm4"} <= {vm.name for vm in inventory.vms}
    assert not inventory.complete
    (problem,) = inventory.problems
    assert (problem.scope, problem.kind) == ("/subscriptions/sub-2", "vms")
    assert problem.remedy
    assert len(problem.message) < 2400
    assert TOKEN not in problem.message
    return problem


# Where the token goes


EVIL = {
    "other host": "https://localhost:{port}{there}",
    "other port": "https://127.0.0.1:{trap}{there}",
    "other scheme": "http://127.0.0.1:{port}{there}",
    "no scheme": "//127.0.0.1:{trap}{there}",
    "user": "https://127.0.0.1@127.0.0.1:{trap}{there}",
    "user of ours": "https://me@127.0.0.1:{port}{there}",
    "backslash": "https://127.0.0.1:{trap}\\@127.0.0.1:{port}{there}",
    "case": "HTTPS://LOCALHOST:{port}{there}",
    "suffix": "https://127.0.0.1.nip.invalid:{port}{there}",
    "file": "file:///etc/passwd",
    "data": "data:application/json,{{}}",
    "spaces": " https://localhost:{port}{there}",
    "line break": "https://localhost:{port}\r\nHost: x{there}",
}


@pytest.mark.parametrize("link", EVIL.values(), ids=EVIL)
def test_a_next_link_cannot_take_the_token_away(server, trap, azure, link):
    there = f"{VMS}?api-version=2024-07-01"
    link = link.format(port=server.server_port, trap=trap.server_port, there=there)
    server.misbehave(LIST, edited(lambda page: page.update(nextLink=link)))
    assert short(azure(server).inventory(["vms"])).error in ("UnexpectedAnswer", "NotFound")
    assert trap.seen == []
    assert {headers["Host"] for _, _, headers in server.seen} == {f"127.0.0.1:{server.server_port}"}


def test_a_next_link_in_other_letters_to_the_same_origin_is_followed(server, azure):
    server.answers.page_size = 2
    port = f"https://127.0.0.1:{server.server_port}"
    server.misbehave(
        LIST, edited(lambda page: page.update(nextLink=page["nextLink"].replace(port, port.replace("https", "HTTPS"))))
    )
    inventory = azure(server).inventory(["vms"])
    assert (len(inventory.vms), inventory.complete) == (6, True)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["trap", "self"])
def test_a_redirect_is_not_followed(server, trap, azure, status, where):
    to = f"{trap.url if where == 'trap' else server.url}{VMS}?api-version=2024-07-01"
    server.misbehave(LIST, moved(status, to))
    problem = short(azure(server).inventory(["vms"]))
    assert "the token was not sent there" in problem.message
    assert trap.seen == []
    assert server.counts["vms"] == 2  # no loop


def test_the_whole_source_behind_a_redirect_is_one_problem(server, trap, azure):
    server.misbehave("", moved(307, trap.url))
    inventory = hi.collect([azure(server)])
    assert len(inventory.problems) == 1
    assert trap.seen == []


# How much comes


def test_a_bomb_of_gzip_is_defused(server, azure, monkeypatch):
    monkeypatch.setattr(whole, "LARGEST", 16 * 2**20)
    server.misbehave(LIST, as_kind(Bomb))
    assert "longer than 16 MiB" in short(azure(server).inventory(["vms"])).message


def test_a_body_without_end_ends(server, azure, monkeypatch):
    monkeypatch.setattr(whole, "LARGEST", 16 * 2**20)
    server.misbehave(LIST, as_kind(Endless))
    assert "longer than 16 MiB" in short(azure(server).inventory(["vms"])).message


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "identity, gzip", "x" * 1000])
def test_a_packing_that_was_not_asked_for_is_refused(server, azure, encoding):
    server.misbehave(LIST, packed_as(encoding))
    assert "not asked for" in short(azure(server).inventory(["vms"])).message


def test_a_body_that_is_not_what_its_packing_says_is_a_problem(server, azure):
    server.misbehave(LIST, packed_as("gzip"))
    assert "decompressed" in short(azure(server).inventory(["vms"])).message


@pytest.mark.parametrize("status", [400, 403, 500])
def test_an_error_of_ten_megabytes_is_a_short_message(server, azure, status):
    server.misbehave(LIST, long_error(status))
    short(azure(server).inventory(["vms"]))


def test_a_long_error_that_echoes_the_token_does_not_show_it(server, azure):
    server.misbehave(LIST, long_error(500, 2**20, f"you sent Bearer {TOKEN} and "))
    short(azure(server).inventory(["vms"]))


def test_a_page_that_drips_ends_with_the_deadline(server, azure):
    server.misbehave(LIST, as_kind(Trickle))
    inventory = hi.collect([azure(server)], kinds=["vms"], deadline=2)
    assert {problem.error for problem in inventory.problems} == {"DeadlineExceeded"}
    assert {vm.name for vm in inventory.vms} == {"vm0", "vm2", "vm4"}


def test_a_pause_beyond_the_deadline_is_a_problem_at_once_and_the_rest_is_there(server, azure, arc):
    """End to end: `collect` gives what there is, and nobody waits an hour."""
    server.misbehave("sub-2/.*Microsoft.Compute", throttled(3600))
    credential = Credential()
    adapters = [azure(server, credential=credential), arc(server, credential=credential)]
    inventory = hi.collect(adapters, kinds=["vms"], deadline=60)
    assert {vm.name for vm in inventory.vms} == {"vm0", "vm2", "vm4", *(f"srv{number}" for number in range(6))}
    (problem,) = inventory.problems
    assert (problem.error, problem.scope, problem.platform) == ("Throttled", "/subscriptions/sub-2", "azure")
    assert "3600 s" in problem.message
    asked = [target for _, target, _ in server.seen if "/virtualMachines?" in target]
    # Which of the two lists of a subscription hears of it first is chance; nobody asks for one again.
    assert len(asked) == len(set(asked))
    assert sum("sub-1" in target for target in asked) == 2
    assert sum("sub-2" in target for target in asked) in (1, 2)


# Pages


def test_pages_that_lead_in_a_circle_end(server, azure):
    link = f"{server.url}{VMS}?api-version=2024-07-01"
    server.misbehave("sub-2/.*virtualMachines", edited(lambda page: page.update(nextLink=link)))
    assert "leads back" in short(azure(server).inventory(["vms"])).message


def test_a_chain_of_pages_without_end_ends(server, azure, monkeypatch):
    monkeypatch.setattr("hybridinv.transport.arm._PAGES", 7)
    numbers = iter(range(10**6))
    more = edited(lambda page: page.update(nextLink=f"{server.url}{VMS}?page={next(numbers)}"))
    server.misbehave(r"sub-2/.*virtualMachines\?(page|api-version=[\d-]+$)", more)
    assert "no end after 7 pages" in short(azure(server).inventory(["vms"])).message


def test_a_page_that_comes_twice_gives_each_machine_once(server, azure):
    server.answers.page_size = 2
    server.misbehave(LIST, edited(lambda page: page["value"].extend(page["value"])))
    server.misbehave("sub-2.*skiptoken=2", edited(lambda page: page["value"].extend(server.estate.vms)))
    inventory = azure(server).inventory(["vms"])
    assert (len(inventory.vms), len({vm.id for vm in inventory.vms}), inventory.complete) == (6, 6, True)


def test_ids_that_change_their_case_are_the_same_machines(server, azure):
    def swap(page):
        for number, item in enumerate(page["value"]):
            item["id"] = item["id"].swapcase() if number % 2 else item["id"].upper()

    server.misbehave("statusOnly", edited(swap))
    inventory = azure(server).inventory(["vms"])
    assert (len(inventory.vms), inventory.complete) == (6, True)
    assert {vm.power_state for vm in inventory.vms} == {hi.PowerState.RUNNING}


@pytest.mark.parametrize(
    "behaviour",
    [
        html,
        cut_json,
        raw(b""),
        raw(b"null"),
        raw(b'"text"'),
        raw(b"{}"),
        raw(b'{"value": null}'),
        raw(b'{"value": {"id": "x"}}'),
        raw(b'{"value": "none"}'),
        raw(b'{"value":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        raw(b'{"value":' * 100_000 + b"[]" + b"}" * 100_000),
        raw(b"\x00" * 100),
        raw(b"\xff\xfe\x00"),
        raw('{"value": []}'.encode("utf-16")),
    ],
)
def test_what_is_no_page_costs_its_subscription(server, azure, behaviour):
    server.misbehave(LIST, behaviour)
    short(azure(server).inventory(["vms"]))


# One record


def spoilt(server, azure, spoil):
    """The inventory where the first machine of sub-2 has been spoilt."""
    server.misbehave(LIST, edited(lambda page: spoil(page["value"][0])))
    inventory = azure(server).inventory(["vms"])
    assert {"vm0", "vm2", "vm3", "vm4", "vm5"} <= {vm.name for vm in inventory.vms}
    return inventory


def nested(depth):
    value = "deep"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("depth", [10, 500, 950])
@pytest.mark.parametrize("field", ["location", "tags", "properties", "id"])
def test_a_deeply_nested_field_costs_no_more_than_its_record(server, azure, field, depth):
    value = {"x": nested(depth)} if field == "tags" else nested(depth)
    inventory = spoilt(server, azure, lambda vm: vm.update({field: value}))
    assert inventory.problems or field == "tags"
    assert all(len(problem.message) < 400 for problem in inventory.problems)


@pytest.mark.parametrize(
    "number",
    [b"9223372036854775808", b"-99999999999999999999", b"9" * 300, b"9" * 5000, b"1e400", b"0.5", b"-1", b"NaN"],
    ids=range(8),
)
def test_a_number_of_any_size_costs_no_more_than_its_field(server, azure, number):
    server.misbehave(LIST, rewritten(lambda body: body.replace(b'"diskSizeGB": 30', b'"diskSizeGB": ' + number)))
    vms = azure(server).inventory(["vms"]).vms
    assert len(vms) == 6
    sizes = [vm.disks[0].capacity_bytes for vm in vms if "sub-2" in vm.id]
    assert all(size is None or abs(size) < 2**63 for size in sizes)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (rb"a\u0000b", "a\0b"),
        (rb"a\ud800b", "a�b"),
        (rb"a\udfffb", "a�b"),
        (rb"a\ud83d\ude00b", "a\U0001f600b"),
        (rb"a\\ud800b", "a\\ud800b"),
        (b"a\xffb", "a�b"),
        (b"a\x00b", "a\0b"),
    ],
)
def test_odd_characters_cost_nothing_and_can_be_written(server, azure, tmp_path, text, name):
    server.misbehave(
        LIST, rewritten(lambda body: body.replace(b'"computerName": "vm1"', b'"computerName": "%s"' % text))
    )
    inventory = azure(server).inventory(["vms"])
    assert len(inventory.vms) == 6
    assert inventory.vms.find("vm1").hostname == name
    inventory.save(tmp_path / "estate.json")
    assert hi.load(tmp_path / "estate.json").vms.find("vm1").hostname == name


@pytest.mark.parametrize("value", [None, 5, "x", [], {}, [None], {"id": 5}, True])
@pytest.mark.parametrize(
    "field",
    ["id", "name", "location", "tags", "properties", "zones", "identity", "plan", "resources", "extendedLocation"],
)
def test_any_field_of_any_type_costs_no_more_than_its_record(server, azure, field, value):
    inventory = spoilt(server, azure, lambda vm: vm.update({field: value}))
    assert len(inventory.vms) == 6 or inventory.problems


@pytest.mark.parametrize("value", [None, 5, "x", [], {}, [5], [None], [[]], {"x": [5]}, True, "\0"])
def test_any_property_of_any_type_costs_no_more_than_its_record(server, azure, value):
    names = list(server.estate.vms[1]["properties"])
    inventory = spoilt(server, azure, lambda vm: vm["properties"].update(dict.fromkeys(names, value)))
    assert len(inventory.vms) == 6 or inventory.problems
