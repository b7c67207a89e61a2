"""What all bodies of an ARM endpoint have in common, and the tape they are written on."""

from __future__ import annotations

import base64
import json
import uuid
from typing import TYPE_CHECKING, Any

import attrs
import httpx

from hybridinv.transport.tape import Exchange, Tape, request_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Item = dict[str, Any]

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "estate.example.test")
_PAIR = 2


def guid(*parts: str) -> str:
    """The same GUID for the same words, always."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))


TENANT = guid("tenant")


@attrs.define
class Seed:
    """A tape in the making: every body under the request line that the adapter sends for it."""

    host: str
    exchanges: list[Exchange] = attrs.field(factory=list)

    def get(self, path: str, version: str, body: object, *, status: int = 200, host: str = "", **query: str) -> None:
        """One answer to a GET."""
        url = httpx.URL(f"https://{host or self.host}{path}", params={**query, "api-version": version})
        self._add(httpx.Request("GET", url), body, status)

    def pages(self, path: str, version: str, items: Sequence[Item], *, host: str = "", **query: str) -> None:
        """A list, two to a page; the next page's address is written as services do: opaque, with `%24`."""
        pages = [items[start : start + _PAIR] for start in range(0, len(items), _PAIR)] or [[]]
        token: dict[str, str] = {}
        for number, page in enumerate(pages, 1):
            body: Item = {"value": list(page)}
            following = {"$skiptoken": base64.b64encode(f"page {number + 1} of {path}".encode()).decode()[:28]}
            if number < len(pages):
                url = httpx.URL(f"https://{host or self.host}{path}")
                body["nextLink"] = str(url.copy_with(params={**query, "api-version": version, **following}))
            self.get(path, version, body, host=host, **query, **token)
            token = following

    def graph(
        self,
        type_: str,
        subscriptions: Sequence[str],
        rows: Sequence[Item],
        columns: str = "id, name, location, properties",
    ) -> None:
        """The answer of Resource Graph to the adapters' query for all resources of a type."""
        self.asked(f"resources | where type =~ '{type_}' | project {columns} | order by id asc", subscriptions, rows)

    def asked(self, query: str, subscriptions: Sequence[str], rows: Sequence[Item]) -> None:
        """The answer of Resource Graph to a query."""
        asked = {"subscriptions": list(subscriptions), "query": query}
        body = {"totalRecords": len(rows), "count": len(rows), "data": list(rows), "facets": []}
        url = httpx.URL(
            f"https://{self.host}/providers/Microsoft.ResourceGraph/resources", params={"api-version": "2022-10-01"}
        )
        self._add(httpx.Request("POST", url, json=asked), {**body, "resultTruncated": "false"}, 200)

    def _add(self, request: httpx.Request, body: object, status: int) -> None:
        text = json.dumps(body, indent=2, ensure_ascii=False)
        self.exchanges.append(Exchange(request=request_line(request), status=status, body=text.encode()))

    def tape(self, platform: str, settings: Item) -> Tape:
        """All of it; `settings` are the adapter's."""
        return Tape(
            platform=platform, provenance="seeded", product="", settings=settings, exchanges=tuple(self.exchanges)
        )


def subscriptions(names: Iterable[str], quota: str = "EnterpriseAgreement_2014-09-01") -> Item:
    """The list of subscriptions."""
    values = [
        {
            "id": f"/subscriptions/{guid(name)}",
            "authorizationSource": "RoleBased",
            "managedByTenants": [],
            "subscriptionId": guid(name),
            "tenantId": TENANT,
            "displayName": name,
            "state": "Enabled",
            "subscriptionPolicies": {
                "locationPlacementId": "Public_2014-09-01",
                "quotaId": quota,
                "spendingLimit": "Off",
            },
        }
        for name in names
    ]
    return {"value": values, "count": {"type": "Total", "value": len(values)}}


def denied(action: str, scope: str) -> Item:
    """The body of a 403, as ARM words it."""
    return {
        "error": {
            "code": "AuthorizationFailed",
            "message": (
                f"The client '{guid('inventory', 'client')}' with object id '{guid('inventory', 'object')}' does not "
                f"have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. "
                "If access was recently granted, please refresh your credentials."
            ),
        }
    }


def resource(subscription: str, group: str, type_: str, name: str) -> str:
    """An ARM id."""
    return f"/subscriptions/{guid(subscription)}/resourceGroups/{group}/providers/{type_}/{name}"


def respelled(id_: str) -> str:
    """The same id with its resource group in the other case, as the next call may spell it."""
    steps = id_.split("/")
    steps[4] = steps[4].lower() if steps[4].isupper() else steps[4].upper()
    return "/".join(steps)


def network(subscription: str, group: str, name: str, location: str, prefix: str) -> Item:
    """A virtual network with one subnet."""
    id_ = resource(subscription, group, "Microsoft.Network/virtualNetworks", name)
    etag = f'W/"{guid(name, "etag")}"'
    subnet = {
        "name": "default",
        "id": f"{id_}/subnets/default",
        "etag": etag,
        "properties": {"provisioningState": "Succeeded", "addressPrefix": prefix, "delegations": []},
        "type": "Microsoft.Network/virtualNetworks/subnets",
    }
    return {
        "name": name,
        "id": id_,
        "etag": etag,
        "type": "Microsoft.Network/virtualNetworks",
        "location": location,
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": guid(name),
            "addressSpace": {"addressPrefixes": [prefix]},
            "subnets": [subnet],
            "virtualNetworkPeerings": [],
            "enableDdosProtection": False,
        },
    }
