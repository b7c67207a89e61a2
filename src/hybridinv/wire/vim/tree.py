"""The inventory tree of a vCenter: names, datacenters, folders, clusters; and what all its readers share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from hybridinv.errors import AccessDenied, ServerFault
from hybridinv.model import Problem
from hybridinv.model.fact import Tags
from hybridinv.wire.reading import Body, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hybridinv.wire.soap import Row

_ESCAPED = re.compile(r"%(?:2f|5c|25)", re.IGNORECASE)
_POOLS = ("ResourcePool", "VirtualApp")
_NO_TAGS = Tags()


class Tree:
    """Parents and names of a vCenter's folders, datacenters, clusters, hosts and pools; the ids of its records.

    `attributes` are the names of custom attributes by key, `tags` the tags by moref.
    """

    def __init__(
        self,
        origin: Origin,
        vcenter: str,
        rows: Iterable[Row] = (),
        *,
        attributes: Mapping[str, str] | None = None,
        tags: Mapping[str, Tags] | None = None,
    ) -> None:
        self.origin = origin
        self._attributes = attributes or {}
        self._tags = tags or {}
        self._vcenter = vcenter.lower()
        self._places: dict[str, tuple[str, str, str]] = {
            row.id: (row.type, entity_name(row), str(row.properties.get("parent") or "")) for row in rows
        }
        self._ids: dict[object, str] = {}
        self._walked: dict[str, tuple[tuple[str, str], ...]] = {}

    def id_of(self, moref: object) -> str:
        """The id of the record of that moref, one text for all who name it; empty for none."""
        known = self._ids.get(moref)
        if known is None:
            known = self._ids[moref] = f"vsphere://{self._vcenter}/{moref}" if moref else ""
        return known

    def lacks(self, moref: str) -> bool:
        """Whether something is named that has a place in a tree, and is not in this one."""
        return bool(moref and self._places) and moref not in self._places

    def cluster_of(self, host: object) -> str:
        """The id of the compute resource a host belongs to."""
        _, _, parent = self._places.get(str(host), ("", "", ""))
        return self.id_of(parent)

    def location_of(self, moref: object) -> str:
        """The name of the datacenter above."""
        return next((name for type_, name in self._above(str(moref)) if type_ == "Datacenter"), "")

    def datastore_cluster_of(self, parent: object) -> str:
        """The name of a datastore's parent where that is a datastore cluster."""
        type_, name, _ = self._places.get(str(parent), ("", "", ""))
        return name if type_ == "StoragePod" else ""

    def folder_of(self, parent: object) -> str:
        """The folders from the datacenter down to `parent`; the datacenter's own `vm` folder is left out."""
        names: list[str] = []
        for type_, name in self._above(str(parent)):
            if type_ == "Datacenter":
                return "/".join(reversed(names[:-1]))
            names.append(name)
        return "/".join(reversed(names))

    def pool_of(self, pool: object) -> str:
        """The names from the cluster's own root pool, `Resources`, down to `pool`; nothing where none was read."""
        return "/".join(reversed([name for type_, name in self._above(str(pool)) if type_ in _POOLS]))

    def vapp_of(self, pool: object) -> str:
        """The name of the vApp that `pool` is or is in."""
        return next((name for type_, name in self._above(str(pool)) if type_ == "VirtualApp"), "")

    def attributes_of(self, body: Body) -> Tags:
        """The values of an object's `customValue` by the attribute's name; by its key where nobody has named it.

        Values of several attributes of one name (a vCenter allows one for each type) are joined with a comma.
        """
        values = {field.text("key"): field.text("value") for field in body.each("customValue")}
        if not values:
            return _NO_TAGS
        named: dict[str, list[str]] = {}
        for key, value in values.items():
            named.setdefault(self._attributes.get(key, key), []).append(value)
        return Tags({name: ", ".join(said) for name, said in named.items()})

    def tags_of(self, moref: str) -> Tags:
        """The tags of the object of that moref."""
        return self._tags.get(moref, _NO_TAGS)

    def _above(self, moref: str) -> tuple[tuple[str, str], ...]:
        """Type and name of it and of all above it; thousands of machines share a folder, so it is walked once."""
        if moref not in self._walked:
            self._walked[moref] = tuple(self._walk(moref))
        return self._walked[moref]

    def _walk(self, moref: str) -> Iterator[tuple[str, str]]:
        seen: set[str] = set()
        while moref in self._places and moref not in seen:
            seen.add(moref)
            type_, name, moref_above = self._places[moref]
            yield type_, name
            moref = moref_above


def entity_name(row: Row) -> str:
    r"""The name as a person sees it: vCenter escapes `/`, `\` and `%` in it."""
    return _ESCAPED.sub(lambda match: unquote(match[0]), str(row.properties.get("name") or ""))


def problems_of(row: Row, body: Body, tree: Tree, kind: str) -> tuple[Problem, ...]:
    """The properties the server would not give, and those that could not be read."""
    scope = tree.id_of(row.id)
    withheld = (_withheld(row, path, tree, kind) for path in row.missing)
    return (*withheld, *body.problems(tree.origin, kind, scope))


def _withheld(row: Row, path: str, tree: Tree, kind: str) -> Problem:
    scope, error = refused(row, tree, path)
    return Problem(
        platform=tree.origin.platform, source=tree.origin.source, kind=kind, scope=scope, error=type(error).__name__,
        message=error.message, remedy=error.remedy,
    )  # fmt: skip


def refused(row: Row, tree: Tree, path: str) -> tuple[str, AccessDenied | ServerFault]:
    """A property the server would not give, as a scope and an error that names object and privilege."""
    why = row.missing[path]
    message = (
        f"{entity_name(row) or row.id}: {path} was not given: {(why.message or why.fault or 'no reason').rstrip('.')}"
    )
    where: dict[str, Any] = {"source": tree.origin.source, "operation": "RetrievePropertiesEx"}
    scope = f"{tree.id_of(row.id)} {path}"
    if why.fault != "NoPermission" and not why.privilege:
        return scope, ServerFault(message, remedy="report it with a tape (hi.record)", **where)
    return scope, AccessDenied(
        message + (f", missing privilege {why.privilege}" if why.privilege else ""),
        missing=why.privilege,
        remedy="the Read-only role on it, or above it with propagation, is enough",
        **where,
    )


def odd(row: Row, tree: Tree, kind: str, message: str) -> Problem:
    """Something odd about the object itself, that is no failure to read it: it has no error."""
    origin = tree.origin
    return Problem(platform=origin.platform, source=origin.source, kind=kind, scope=tree.id_of(row.id), message=message)


def unseen(row: Row, tree: Tree, kind: str, what: str, moref: str) -> Problem:
    """That an object names another which the vCenter does not show to this account."""
    return odd(row, tree, kind, f"its {what} {moref} is not among what this account may see")


def size_of(body: Body, path: str, times: int = 1) -> int | None:
    """A number that cannot be below 0; one that is, is unknown and noted."""
    found = body.number(path, times=times)
    if found is not None and found < 0:
        body.note(path, "a size", body.look(path))
        return None
    return found


def body_of(row: Row) -> Body:
    """The properties as one nested body: `config.uuid` and `config.hardware.numCPU` share a `config`."""
    nested: dict[str, object] = {}
    for path, value in row.properties.items():
        *above, last = path.split(".")
        place = nested
        for step in above:
            inner = place.setdefault(step, {})
            if not isinstance(inner, dict):
                break
            place = inner
        else:
            place[last] = value
    return Body(nested)
