"""Every request on a seeded tape, against the services' published descriptions.

A seeded tape proves that we parse, never that an endpoint would take the request. This is the next best thing: the
path, the method, the api-version and the query parameters are those that the service's own description has.
"""

import json
import os
import re
from functools import cache
from pathlib import Path

import attrs
import httpx
import pytest

from hybridinv.demo import tape_folders
from hybridinv.transport.tape import Tape, request_line
from tape_list import folders, label

ROOT = Path(__file__).parents[1]
SWAGGER = ROOT.parent / "shared" / "published" / "swagger"
if not SWAGGER.is_dir():
    ABSENT = f"the published API descriptions are not beside the project ({SWAGGER.relative_to(ROOT.parent)})"
    if os.environ.get("CI"):
        pytest.fail(ABSENT, pytrace=False)
    pytest.skip(ABSENT, allow_module_level=True)

UNDESCRIBED = {
    "GET /subscriptions": "Microsoft.Resources is not among the published descriptions",
    "GET /subscriptions/{}/providers/{}": "Microsoft.Resources is not among the published descriptions",
    "GET /metadata/endpoints": "it is answered before any API description applies, and has none",
    "GET /subscriptions/{}/providers/Microsoft.Network/virtualNetworks": "Microsoft.Network is not among them",
    "GET /subscriptions/{}/providers/Microsoft.Network/networkInterfaces": "Microsoft.Network is not among them",
    "GET /subscriptions/{}/providers/Microsoft.Network/publicIPAddresses": "Microsoft.Network is not among them",
    "GET /subscriptions/{}/providers/Microsoft.Compute/skus": "the list of SKUs has a description of its own",
    "GET /subscriptions/{}/resources": "Microsoft.Resources is not among the published descriptions",
}
SHARED_PARAMETERS = {"ApiVersionParameter": {"name": "api-version", "in": "query", "required": True}}
"""Of the common types that the descriptions refer to, and that are not published with them."""

SEEDED = [folder for folder in folders() if Tape.read(folder).provenance == "seeded"]
LINES = {
    f"{label(folder)} {exchange.request}": (folder, exchange.request)
    for folder in SEEDED
    for exchange in Tape.read(folder).exchanges
}


@attrs.frozen
class Asked:
    """A request line in its parts."""

    method: str
    path: str
    query: dict[str, str]

    @classmethod
    def of(cls, line):
        method, _, target = line.partition(" ")
        address, _, query = (target.partition(" ")[0] if method == "POST" else target).partition("?")
        pairs = (pair.partition("=") for pair in query.split("&") if pair)
        return cls(method, "/" + address.partition("/")[2], {name: value for name, _, value in pairs})


@attrs.frozen
class Described:
    """An operation as its service describes it."""

    version: str
    method: str
    path: str
    parameters: dict[str, bool]


@cache
def descriptions():
    found = []
    for file in sorted(SWAGGER.glob("*/*/*.json")):
        document = json.loads(file.read_bytes())
        version = document["info"]["version"]
        for path, methods in document.get("paths", {}).items():
            for method, operation in methods.items():
                if method != "parameters":
                    declared = [*methods.get("parameters", ()), *operation.get("parameters", ())]
                    found.append(Described(version, method.upper(), path, query_of(file, declared)))
    return found


def query_of(file, declared):
    """The query parameters of an operation: their names, and whether they are required."""
    parameters = filter(None, (resolved(file, one) for one in declared))
    return {one["name"]: bool(one.get("required")) for one in parameters if one["in"] == "query"}


def resolved(file, parameter):
    if "$ref" not in parameter:
        return parameter
    document, _, pointer = parameter["$ref"].partition("#/")
    target = (file.parent / document) if document else file
    name = pointer.rpartition("/")[2]
    if not target.is_file():
        return SHARED_PARAMETERS.get(name)
    return json.loads(target.read_bytes())["parameters"][name]


def pattern(template):
    return re.compile(re.sub(r"\\\{\w*\\\}", "[^/]+", re.escape(template)), re.IGNORECASE)


def complaint(line, next_links=()):
    """What is wrong with a request, as its service describes it; None where nothing is."""
    asked = Asked.of(line)
    known = [one for one in descriptions() if pattern(one.path).fullmatch(asked.path)]
    if not known:
        return "no description has this path"
    known = [one for one in known if one.method == asked.method]
    if not known:
        return f"no description has {asked.method} there"
    version = asked.query.get("api-version")
    known = [one for one in known if one.version == version]
    if not known:
        return f"no description of version {version} has it"
    (one,) = known
    # What a nextLink holds is the service's own business; it has to be followed as it is.
    free = {"$skiptoken"} if line in next_links else set()
    if unknown := set(asked.query) - set(one.parameters) - free:
        return f"not declared there: {', '.join(sorted(unknown))}"
    if missing := {name for name, required in one.parameters.items() if required} - set(asked.query):
        return f"required there: {', '.join(sorted(missing))}"
    return None


@cache
def next_links(folder):
    """The request lines that the answers on a tape lead to."""
    bodies = [json.loads(exchange.body) for exchange in Tape.read(folder).exchanges]
    links = [body["nextLink"] for body in bodies if isinstance(body, dict) and body.get("nextLink")]
    return frozenset(request_line(httpx.Request("GET", link)) for link in links)


def undescribed(line):
    asked = Asked.of(line)
    return [
        template
        for template in UNDESCRIBED
        if template.partition(" ")[0] == asked.method
        and pattern(template.partition(" ")[2]).fullmatch(asked.path)
        and "api-version" in asked.query
    ]


@pytest.mark.parametrize("name", LINES)
def test_the_service_describes_it(name):
    folder, line = LINES[name]
    if not undescribed(line):
        assert complaint(line, next_links(folder)) is None


def test_no_exception_is_left_over():
    used = {template for _, line in LINES.values() for template in undescribed(line)}
    assert used == set(UNDESCRIBED)
    described = {line for _, line in LINES.values() if complaint(line) is None and undescribed(line)}
    assert not described, "these are described after all"


def test_every_page_is_led_to():
    """No line with a page's token stands on a tape without the answer that gave it, and every next page is there."""
    for folder in SEEDED:
        lines = {exchange.request for exchange in Tape.read(folder).exchanges}
        assert {line for line in lines if "$skiptoken=" in line} == next_links(folder)


def test_every_platform_of_the_demo_pages():
    assert all(next_links(folder) for folder in SEEDED if folder in tape_folders())


ONE = "/subscriptions/s/providers/Microsoft.Compute/virtualMachines"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"GET h{ONE}?api-version=2024-07-01&statusOnly=true", None),
        (f"GET h{ONE.upper()}?api-version=2020-06-01&statusOnly=true", None),
        (f"GET h{ONE}?api-version=2017-12-01&statusOnly=true", "not declared there: statusOnly"),
        (f"GET h{ONE}?$skiptoken=x&api-version=2024-07-01", "not declared there: $skiptoken"),
        (f"GET h{ONE}?api-version=2099-01-01", "no description of version 2099-01-01 has it"),
        (f"GET h{ONE}", "no description of version None has it"),
        (f"DELETE h{ONE}?api-version=2024-07-01", "no description has DELETE there"),
        (f"GET h{ONE}s?api-version=2024-07-01", "no description has this path"),
        ("POST h/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01 resources | x", None),
    ],
)
def test_the_check_can_fail(line, said):
    assert complaint(line) == said
