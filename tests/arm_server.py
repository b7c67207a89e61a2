"""An ARM endpoint on this machine, over real TLS: Azure, Arc and Azure Stack Hub, well-behaved or not.

    server = ArmServer(Estate.of(vms=10), certificates)
    server.misbehave("statusOnly", refused(400, "BadRequest"), times=2)
    server.enforce(burst=250, rate=25)

It checks the bearer token, counts requests by class, and remembers every request's headers.
"""

import contextlib
import gzip
import json
import math
import re
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from arm_estate import vm_status
from arm_others import CLASSES as OTHER_CLASSES
from arm_others import OtherAnswers
from misbehaviour import Reply, fault

TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJoeWJyaWRpbnYifQ.c2VjcmV0LXNpZ25hdHVyZQ"
SUPPORTED = (
    "No registered resource provider found for location '{location}' and API version '{version}' for type '{type}'. "
    "The supported api-versions are '{versions}'. The supported locations are '{location}'."
)
CLASSES = (
    *OTHER_CLASSES,
    ("metadata", r"^/metadata/endpoints$"),
    ("subscriptions", r"^/subscriptions$"),
    ("register", r"/register$"),
    ("graph", r"/microsoft\.resourcegraph/resources$"),
    ("instanceView", r"/virtualmachines/[^/]+/instanceview$"),
    ("extensions of one", r"/(virtualmachines|machines)/[^/]+/extensions$"),
    ("one extension", r"/(virtualmachines|machines)/[^/]+/extensions/[^/]+$"),
    ("action", r"/(virtualmachines|machines)/[^/]+/(restart|start|poweroff|deallocate|upgradeextensions)$"),
    ("operation", r"/locations/[^/]+/operations/[^/]+$"),
    ("vms", r"^/subscriptions/[^/]+/providers/microsoft\.compute/virtualmachines$"),
    ("one instance", r"/virtualmachinescalesets/[^/]+/virtualmachines/[^/]+$"),
    ("one vm", r"/virtualmachines/[^/]+$"),
    ("machines", r"^/subscriptions/[^/]+/providers/microsoft\.hybridcompute/machines$"),
    ("one machine", r"/machines/[^/]+$"),
    ("networks", r"/providers/microsoft\.network/virtualnetworks$"),
    ("interfaces", r"/providers/microsoft\.network/networkinterfaces$"),
    ("public addresses", r"/providers/microsoft\.network/publicipaddresses$"),
    ("sizes", r"/providers/microsoft\.compute/skus$"),
    ("vm sizes", r"/locations/[^/]+/vmsizes$"),
    ("health", r"^/subscriptions/[^/]+/providers/microsoft\.resourcehealth/availabilitystatuses$"),
    ("scale sets", r"^/subscriptions/[^/]+/providers/microsoft\.compute/virtualmachinescalesets$"),
    ("instances", r"/virtualmachinescalesets/[^/]+/virtualmachines$"),
    ("host groups", r"^/subscriptions/[^/]+/providers/microsoft\.compute/hostgroups$"),
    ("one host group", r"/hostgroups/[^/]+$"),
    ("dedicated hosts", r"/hostgroups/[^/]+/hosts$"),
    ("one dedicated host", r"/hostgroups/[^/]+/hosts/[^/]+$"),
    ("providers", r"^/subscriptions/[^/]+/providers/[^/]+$"),
    ("locations", r"^/subscriptions/[^/]+/locations$"),
    ("nodes", r"/scaleunitnodes$"),
    ("scale units", r"/scaleunits$"),
)


class Credential:
    """Gives tokens, the last one for ever, and remembers the scopes it was asked for. It can be pickled."""

    def __init__(self, *tokens, expires_on=2**33):
        self.tokens = list(tokens or (TOKEN,))
        self.expires_on = expires_on
        self.scopes = []

    def get_token(self, *scopes):
        self.scopes.append(scopes)
        token = self.tokens.pop(0) if len(self.tokens) > 1 else self.tokens[0]
        return Token(token, self.expires_on)


class Token:
    def __init__(self, token, expires_on):
        self.token, self.expires_on = token, expires_on


class Answers(OtherAnswers):
    """ARM's answers to well-formed requests, from an estate."""

    def __init__(self, estate, base):
        self.estate, self.base = estate, base
        self.page_size = 1000

    def to(self, kind, method, path, query, body):
        subscription = path.split("/")[2] if path.startswith("/subscriptions/") else None
        if subscription and subscription not in {one.lower() for one in self.estate.subscriptions}:
            text = f"The subscription '{subscription}' could not be found."
            return fault(404, "SubscriptionNotFound", text)
        refusal = self.version_refused(path, query)
        if refusal:
            return refusal
        answer = getattr(self, "get_" + kind.replace(" ", "_"), None)
        if answer is None or (method == "POST") != (kind in ("graph", "register", "action")):
            return fault(404, "ResourceNotFound", f"no {method} {path}")
        return answer(path, query, body)

    def version_refused(self, path, query):
        type_ = path.rpartition("/")[2]
        versions, asked = self.estate.versions.get(type_), query.get("api-version")
        if versions is None or asked in versions:
            return None
        text = SUPPORTED.format(location=self.estate.location, version=asked, type=type_, versions=", ".join(versions))
        return fault(400, "NoRegisteredProviderFound", text)

    def page(self, items, path, query):
        start = int(query.get("$skiptoken", 0))
        body = {"value": items[start : start + self.page_size]}
        if start + self.page_size < len(items):
            options = "".join(f"&{k}={v}" for k, v in query.items() if k != "$skiptoken")
            body["nextLink"] = f"{self.base}{path}?%24skiptoken={start + self.page_size}{options}"
        return Reply.json(200, body)

    def within(self, items, path):
        scope = "/".join(path.split("/")[:3]) + "/"
        ids = [one.get("id") if isinstance(one, dict) else None for one in items]
        return [
            one
            for one, id_ in zip(items, ids, strict=True)
            if not isinstance(id_, str) or id_.lower().startswith(scope)
        ]

    def one(self, items, id_):
        found = [item for item in items if isinstance(item, dict) and str(item.get("id")).lower() == id_]
        return Reply.json(200, found[0]) if found else fault(404, "ResourceNotFound", f"{id_} was not found")

    def get_metadata(self, path, query, body):
        return Reply.json(200, self.estate.metadata)

    def get_subscriptions(self, path, query, body):
        items = [
            {"id": f"/subscriptions/{i}", "subscriptionId": i, "state": s} for i, s in self.estate.subscriptions.items()
        ]
        return self.page(items, path, query)

    def get_register(self, path, query, body):
        return Reply.json(200, {"registrationState": "Registered"})

    def get_action(self, path, query, body):
        """Accepted, as ARM accepts what takes long: it says where to ask how that goes."""
        id_, _, action = path.rpartition("/")
        found = self.one([*self.estate.vms, *self.estate.machines], id_)
        if found.status != 200:
            return found
        self.estate.actions.append((id_, action, "InProgress"))
        subscription, number = path.split("/")[2], len(self.estate.actions)
        place = f"{self.base}/subscriptions/{subscription}/providers/Microsoft.Compute/locations/local"
        address = f"{place}/operations/{number}?api-version=2024-07-01"
        return Reply(202, b"", {"Azure-AsyncOperation": address, "Location": address, "Retry-After": "1"})

    def get_operation(self, path, query, body):
        """In progress when asked first, then done."""
        number = int(path.rpartition("/")[2]) - 1
        id_, action, status = self.estate.actions[number]
        self.estate.actions[number] = (id_, action, "Succeeded")
        return Reply.json(200, {"name": str(number + 1), "status": status}, Retry_After=1)

    def get_providers(self, path, query, body):
        types = [{"resourceType": name, "apiVersions": there} for name, there in self.estate.versions.items()]
        return Reply.json(200, {"namespace": path.rpartition("/")[2], "resourceTypes": types})

    def get_vms(self, path, query, body):
        models = self.within(self.estate.vms, path)
        if query.get("statusOnly") == "true":
            models = [vm_status(one) for one in models if isinstance(one, dict) and "id" in one]
        return self.page(models, path, query)

    def get_one_vm(self, path, query, body):
        return self.one(self.estate.vms, path)

    def get_instanceView(self, path, query, body):
        id_ = path.rpartition("/")[0]
        found = [vm_status(one) for one in self.estate.vms if one["id"].lower() == id_]
        return Reply.json(200, found[0]["properties"]["instanceView"])

    def get_extensions_of_one(self, path, query, body):
        return self.page(self.estate.extensions.get(path.rpartition("/")[0], []), path, query)

    def get_one_extension(self, path, query, body):
        return self.one(self.estate.all_extensions(), path)

    def get_machines(self, path, query, body):
        return self.page(self.within(self.estate.machines, path), path, query)

    def get_one_machine(self, path, query, body):
        return self.one(self.estate.machines, path)

    def get_networks(self, path, query, body):
        return self.page(self.within(self.estate.networks, path), path, query)

    def get_interfaces(self, path, query, body):
        return self.page(self.within(self.estate.interfaces, path), path, query)

    def get_public_addresses(self, path, query, body):
        return self.page(self.within(self.estate.public_addresses, path), path, query)

    def get_sizes(self, path, query, body):
        location = re.fullmatch(r"location eq '([a-z0-9]*)'", query["$filter"])[1]
        return self.page([one for one in self.estate.skus if location in one["locations"]], path, query)

    def get_vm_sizes(self, path, query, body):
        return self.page(self.estate.vm_sizes, path, query)

    def get_health(self, path, query, body):
        return self.page(self.within(self.estate.health, path), path, query)

    def get_scale_sets(self, path, query, body):
        return self.page(self.within(self.estate.scale_sets, path), path, query)

    def get_instances(self, path, query, body):
        return self.page(self.estate.instances.get(path.rpartition("/")[0], []), path, query)

    def get_one_instance(self, path, query, body):
        return self.one([one for several in self.estate.instances.values() for one in several], path)

    def get_host_groups(self, path, query, body):
        bare = [{**one, "properties": without(one["properties"], "instanceView")} for one in self.estate.host_groups]
        return self.page(self.within(bare, path), path, query)

    def get_one_host_group(self, path, query, body):
        return self.one(self.estate.host_groups, path)

    def get_dedicated_hosts(self, path, query, body):
        below = [one for one in self.estate.dedicated_hosts if one["id"].lower().startswith(f"{path}/")]
        return self.page(below, path, query)

    def get_one_dedicated_host(self, path, query, body):
        return self.one(self.estate.dedicated_hosts, path)

    def get_locations(self, path, query, body):
        return self.page([{"name": self.estate.location}], path, query)

    def get_nodes(self, path, query, body):
        return self.page(self.within(self.estate.nodes, path), path, query)

    def get_scale_units(self, path, query, body):
        return self.page(self.within(self.estate.scale_units, path), path, query)

    def get_graph(self, path, query, body):
        asked = json.loads(body)
        if "type in~" in asked["query"]:
            return self.rows_of_types(asked)
        wanted = re.search(r"type =~ '([^']+)'", asked["query"])[1]
        columns = re.search(r"project (\w+(, \w+)*)|$", asked["query"])[1]
        has = self.estate.all_graph_machines() if wanted.endswith("/machines") else self.estate.all_extensions()
        has = [*has, *self.estate.updates]
        scopes = tuple(f"/subscriptions/{one}/" for one in asked["subscriptions"])
        rows = [
            {name: one.get(name) for name in (columns or "id").split(", ")}
            for one in has
            if one["type"].lower() == wanted and one["id"].lower().startswith(scopes)
        ]
        start, top = int(asked["options"].get("$skipToken", 0)), asked["options"]["$top"]
        data = rows[start : start + top]
        answer = {"totalRecords": len(rows), "count": len(data), "data": data, "facets": [], "resultTruncated": "false"}
        return Reply.json(200, answer | ({"$skipToken": str(start + top)} if start + top < len(rows) else {}))


def without(body, name):
    return {key: value for key, value in body.items() if key != name}


class Gate:
    """ARM's bucket in front of one subscription: `burst` requests at once, then `rate` a second."""

    def __init__(self, burst, rate):
        self.burst, self.rate = burst, rate
        self.level, self.at = float(burst), time.monotonic()

    def take(self):
        """What is left after this request, or None and the seconds to wait."""
        now = time.monotonic()
        self.level, self.at = min(self.burst, self.level + (now - self.at) * self.rate), now
        if self.level < 1:
            return None, (1 - self.level) / self.rate
        self.level -= 1
        return int(self.level), 0


class ArmServer(ThreadingHTTPServer):
    """The endpoint: TLS, tokens, counts, and what it was told to do wrong."""

    daemon_threads = True

    def __init__(self, estate, certificates, *, host="127.0.0.1"):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.context = certificates.server_context()
        self.url = f"https://{host}:{self.server_port}"
        self.answers = Answers(estate, self.url)
        self.estate = estate
        self.valid_tokens = {TOKEN}
        self.compresses = False
        self.counts, self.seen, self.faults = Counter(), [], []
        self.lock = threading.Lock()
        self.gates, self.gate, self.announces, self.delay = {}, None, True, 0
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def misbehave(self, pattern, behaviour, times=None):
        """Do it to requests whose `METHOD path?query` has the pattern; `times` of them, or all."""
        self.faults.append([re.compile(pattern, re.IGNORECASE), behaviour, times])

    def enforce(self, burst=250, rate=25, *, announces=True):
        """Refuse what is more than ARM allows in a subscription; `counts["refused"]` says how often that was."""
        self.gate, self.announces, self.gates = (burst, rate), announces, {}

    def gated(self, kind, path):
        """The refusal of the bucket, if it is empty, and the headers that say what is left."""
        if self.gate is None or kind in ("metadata", "action"):
            return None, {}
        steps = path.split("/")
        scope = "graph" if kind == "graph" else steps[2] if len(steps) > 2 and steps[1] == "subscriptions" else ""
        with self.lock:
            gate = self.gates.setdefault(scope, Gate(*((15, 3) if kind == "graph" else self.gate)))
            left, pause = gate.take()
            self.counts["refused"] += left is None
        names = {"graph": "x-ms-user-quota-remaining", "": "x-ms-ratelimit-remaining-tenant-reads"}
        headers = {names.get(scope, "x-ms-ratelimit-remaining-subscription-reads"): str(left or 0)}
        if kind == "graph":
            headers["x-ms-user-quota-resets-after"] = "00:00:05"
        if left is None:
            text = "The request was throttled."
            return fault(429, "TooManyRequests", text, Retry_After=math.ceil(pause)), headers
        return None, headers

    def reply_to(self, method, target, headers, body):
        parts = urlsplit(target)
        path = parts.path.lower()
        kind = next((name for name, pattern in CLASSES if re.search(pattern, path)), "other")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        with self.lock:
            self.counts["statuses" if kind == "vms" and "statusOnly" in query else kind] += 1
            self.seen.append((method, target, dict(headers)))
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        if kind != "metadata" and token not in self.valid_tokens:
            reply = fault(401, "InvalidAuthenticationToken", "The access token is invalid or has expired.")
        else:
            refusal, announced = self.gated(kind, path)
            if self.delay:
                time.sleep(self.delay)
            reply = refusal or self.answers.to(kind, method, path, query, body)
            if self.announces:
                reply.headers = {**reply.headers, **announced}
        return self.spoilt(f"{method} {target}", reply)

    def spoilt(self, line, reply):
        with self.lock:
            for rule in self.faults:
                if rule[0].search(line) and (rule[2] is None or rule[2] > 0):
                    if rule[2] is not None:
                        rule[2] -= 1
                    return rule[1](reply)
        return reply

    def handle_error(self, request, client_address):
        """A client that goes away, or does not trust us, is nothing to print."""

    def tokens_seen(self):
        return {headers["Authorization"] for _, _, headers in self.seen if "Authorization" in headers}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 20

    def setup(self):
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self):
        super().finish()
        with contextlib.suppress(OSError):
            self.request.unwrap()
        self.request.close()

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        reply = self.server.reply_to(self.command, self.path, self.headers, body)
        if self.server.compresses and "gzip" in self.headers.get("Accept-Encoding", ""):
            reply.body, reply.headers = gzip.compress(reply.body), {**reply.headers, "Content-Encoding": "gzip"}
        reply.send(self)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, *_):
        """Nothing: what was asked is in `seen`."""
