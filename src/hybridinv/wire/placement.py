"""Microsoft.Compute.Admin `computeScaleUnits` → which machine runs on which node of an Azure Stack Hub."""

from __future__ import annotations

from typing import Any

import attrs

from hybridinv.wire.arm import arm_id
from hybridinv.wire.reading import Body, uuid_text

_RUNS = {"running", "starting", "pausing", "paused", "resuming", "saving"}


@attrs.frozen(kw_only=True)
class Placed:
    """A machine on a node: `id` as the tenant's ARM knows it, `native_id` its vmId; empty where not told."""

    id: str
    native_id: str
    node: str
    runs: bool


@attrs.frozen(kw_only=True)
class Node:
    """What a scale unit says of one of its nodes: health, and the machines of all tenants on it."""

    name: str
    health: str
    machines: tuple[Placed, ...]


@attrs.frozen(kw_only=True)
class Placement:
    """The machines of a scale unit by node, and what in the answer could not be read."""

    nodes: tuple[Node, ...] = ()
    notes: tuple[str, ...] = ()

    def claims(self) -> dict[str, tuple[str, ...]]:
        """The nodes that name a machine, by vmId."""
        found: dict[str, tuple[str, ...]] = {}
        for node in self.nodes:
            for machine in node.machines:
                if machine.native_id and node.name not in found.get(machine.native_id, ()):
                    found[machine.native_id] = (*found.get(machine.native_id, ()), node.name)
        return found

    def node_of(self) -> dict[str, str]:
        """The node by vmId. A machine that two nodes claim is on the one where it runs, else on neither."""
        found: dict[str, list[Placed]] = {}
        for node in self.nodes:
            for machine in node.machines:
                if machine.native_id:
                    found.setdefault(machine.native_id, []).append(machine)
        return {native_id: name for native_id, places in found.items() if (name := _only(places))}


def _only(places: list[Placed]) -> str:
    nodes = {place.node for place in places}
    if len(nodes) > 1:
        nodes = {place.node for place in places if place.runs}
    return nodes.pop() if len(nodes) == 1 else ""


def read_placement(body: dict[str, Any]) -> Placement:
    """Nodes and their machines. API: `computeScaleUnits/{scaleUnit}`; its id may be relative, its name null."""
    item = Body(body)
    if not isinstance(item.look("properties.nodes"), list):
        item.note("properties.nodes", "a list of objects", item.look("properties.nodes"))
        return Placement(notes=tuple(item.notes))
    nodes = tuple(_node(node) for node in item.at("properties").each("nodes"))
    return Placement(nodes=tuple(node for node in nodes if node.name), notes=tuple(item.notes))


def _node(node: Body) -> Node:
    name = node.text("nodeName").rpartition("/")[2]
    if not name:
        node.note("properties.nodes[].nodeName", "a name", node.look("nodeName"))
    machines = tuple(_machine(machine, name) for machine in node.each("virtualMachines"))
    return Node(name=name, health=node.text("nodeHealthState"), machines=machines)


def _machine(machine: Body, node: str) -> Placed:
    return Placed(
        id=_id(machine),
        native_id=uuid_text(machine.text("vmId")),
        node=node,
        runs=machine.text("powerState").lower() in _RUNS,
    )


def _id(machine: Body) -> str:
    """The ARM id, put together from its parts; an instance of a scale set is named `<scale set>_<number>`."""
    subscription, group, name, scale_set = (
        machine.text(part) for part in ("subscriptionId", "resourceGroupName", "vmName", "vmScaleSetName")
    )
    if not (subscription and group and name):
        return ""
    compute = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute"
    number = name[len(scale_set) + 1 :] if scale_set and name.lower().startswith(f"{scale_set.lower()}_") else ""
    path = f"virtualMachineScaleSets/{scale_set}/virtualMachines/{number}" if number else f"virtualMachines/{name}"
    return arm_id(f"{compute}/{path}")
