"""A table service in memory, as the REST documentation has it: filters, pages, signatures, refusals.

It understands the filters that are asked (`eq`, `ge`, `lt`, `and`, `or`, brackets) and nothing else.
"""

import base64
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime
from urllib.parse import parse_qs

import httpx

from seeding.seed_diagnostics import net_ticks

KEY = base64.b64encode(b"a key of the table service that nobody guesses, 64 bytes or more").decode()
ACCOUNT = "plantdiag"
URL = f"https://{ACCOUNT}.table.core.windows.net"
TOKEN = re.compile(r"'(?:[^']|'')*'|\(|\)|\w+")


class TableService(httpx.BaseTransport):
    """`tables` holds rows by table; `refuses` is called with each request, and may answer in place of the service."""

    def __init__(self, account=ACCOUNT, key=KEY, *, page_size=1000, refuses=None):
        self.account, self.key, self.page_size, self.refuses = account, key, page_size, refuses
        self.tables, self.requests = {}, []

    def add(self, table, *rows):
        self.tables.setdefault(table, []).extend(json.loads(json.dumps(row, default=_wire)) for row in rows)

    def handle_request(self, request):
        self.requests.append(request)
        query = {name: values[0] for name, values in parse_qs(request.url.query.decode()).items()}
        if self.refuses and (refusal := self.refuses(request)):
            return refusal
        if not self.admits(request):
            return fault(403, "AuthenticationFailed", "Server failed to authenticate the request.")
        table = re.fullmatch(r"(?:/\w+)?/(\w+)\(\)", request.url.path)[1]
        if table not in self.tables:
            return fault(404, "TableNotFound", "The table specified does not exist.\nRequestId:1\nTime:2026")
        assert len(re.findall(r" (?:eq|ge|lt) ", query["$filter"])) <= 15, "the service takes 15 comparisons"
        test, columns = _parse(query["$filter"]), query["$select"].split(",")
        rows = sorted(filter(test, self.tables[table]), key=_keys)
        begin = (query.get("NextPartitionKey", ""), query.get("NextRowKey", ""))
        rows = [row for row in rows if _keys(row) >= begin]
        size = min(self.page_size, int(query.get("$top", self.page_size)))
        page, rest = rows[:size], rows[size:]
        headers = {"Content-Type": "application/json"}
        if rest:
            partition, row = _keys(rest[0])
            headers |= {"x-ms-continuation-NextPartitionKey": partition, "x-ms-continuation-NextRowKey": row}
        body = {"value": [{name: row.get(name) for name in columns} for row in page]}
        return httpx.Response(200, json=body, headers=headers)

    def admits(self, request):
        """Whether the signature is that of the account's key."""
        path = request.url.raw_path.partition(b"?")[0].decode()
        text = f"{request.headers.get('x-ms-date')}\n/{self.account}{path}"
        digest = hmac.new(base64.b64decode(self.key), text.encode(), hashlib.sha256).digest()
        expected = f"SharedKeyLite {self.account}:{base64.b64encode(digest).decode()}"
        return request.headers.get("Authorization") == expected

    @property
    def asked(self):
        """Table names, in the order in which they were asked for."""
        return [re.search(r"/(\w+)\(\)", request.url.path)[1] for request in self.requests]


def fault(status, code, message, **headers):
    body = {"odata.error": {"code": code, "message": {"lang": "en-US", "value": message}}}
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=body, headers={"Content-Type": "application/json", **headers})


def interval(machine_key, raw, moment, **values):
    """The two rows of an interval, as the agent writes them."""
    falling = f"{3155378975999999999 - net_ticks(moment):019d}"
    metric = "".join(one if one.isalnum() else f":{ord(one):04X}" for one in raw)
    figures = {"Total": 6.0, "Minimum": 1.0, "Maximum": 3.0, "Average": 2.0, "Count": 3, "Last": 3.0} | values
    common = {"PartitionKey": machine_key, "CounterName": raw, "TIMESTAMP": moment, **figures}
    return [{**common, "RowKey": f"{falling}__{metric}"}, {**common, "RowKey": f"{metric}__{falling}"}]


def _wire(value):
    assert isinstance(value, datetime)
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _keys(row):
    return row["PartitionKey"], row["RowKey"]


def _parse(text):
    tokens = TOKEN.findall(text)
    assert "".join(tokens).replace(" ", "") == text.replace(" ", ""), text
    test, rest = _either(tokens)
    assert not rest, rest
    return test


def _either(tokens):
    first, tokens = _both(tokens)
    while tokens and tokens[0] == "or":
        second, tokens = _both(tokens[1:])
        first = (lambda one, two: lambda row: one(row) or two(row))(first, second)
    return first, tokens


def _both(tokens):
    first, tokens = _one(tokens)
    while tokens and tokens[0] == "and":
        second, tokens = _one(tokens[1:])
        first = (lambda one, two: lambda row: one(row) and two(row))(first, second)
    return first, tokens


def _one(tokens):
    if tokens[0] == "(":
        test, tokens = _either(tokens[1:])
        assert tokens[0] == ")"
        return test, tokens[1:]
    name, operator, value = tokens[:3]
    value = value[1:-1].replace("''", "'")
    tests = {
        "eq": lambda row: row.get(name) == value,
        "ge": lambda row: row.get(name, "") >= value,
        "lt": lambda row: row.get(name, "") < value,
    }
    return tests[operator], tokens[3:]
