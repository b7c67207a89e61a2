"""Microsoft.Fabric.Admin rows → records: the nodes and scale units of an Azure Stack Hub."""

from __future__ import annotations

from typing import Any

from hybridinv.model import Cluster, Host, PowerState, Problem
from hybridinv.wire.arm import ResourceId, arm_id, own_id, own_name
from hybridinv.wire.reading import Body, Origin

_POWER = {state.value: state for state in PowerState} | {"": PowerState.UNKNOWN}
_AT_WORK = {"running", "stopped", "adding", "repairing", "requires remediation"}
_FAILED = {"failed", "failure", "error", "canceled", "cancelled"}


def read_node(body: dict[str, Any], origin: Origin) -> Host:
    """A node of a scale unit, as a host; `connection_state` is the node's status as written.

    An operation on it that failed last (`lastOperationName`, which real answers have and no description) is noted.
    `UnexpectedAnswer` where it has no id. API: `scaleUnitNodes`; 2016-05-01 has no maker and serial number.
    """
    item, rid = Body(body), own_id(body)
    properties = item.at("properties")
    state, power = properties.text("scaleUnitNodeStatus"), properties.text("powerState")
    if power.lower() not in _POWER:
        properties.note("powerState", "a known power state", power)
    id_ = arm_id(rid.text)
    return Host(
        id=id_,
        name=own_name(item, rid),
        platform=origin.platform,
        source=origin.source,
        cluster_id=_scale_unit_id(rid, properties.text("scaleUnitUri")),
        location=item.text("location"),
        vendor=properties.text("vendor"),
        model=properties.text("model"),
        serial_number=properties.text("serialNumber"),
        cpu_cores=properties.number("capacity.cores"),
        memory_bytes=properties.gigabytes("capacity.memoryGB"),
        hypervisor="Hyper-V",
        connection_state=state,
        power_state=_POWER.get(power.lower(), PowerState.UNKNOWN),
        in_maintenance=_in_maintenance(state),
        management_ip=properties.text("bmcAddress"),
        bios_version=properties.text("biosVersion"),
        gpus=_gpus(properties),
        problems=(*item.problems(origin, "hosts", id_), *_failed_operation(properties, origin, id_)),
    )


def read_scale_unit(body: dict[str, Any], origin: Origin) -> Cluster:
    """A scale unit, as a cluster; `UnexpectedAnswer` where it has no id. API: `scaleUnits`."""
    item, rid = Body(body), own_id(body)
    properties = item.at("properties")
    id_ = arm_id(rid.text)
    return Cluster(
        id=id_,
        name=own_name(item, rid),
        platform=origin.platform,
        source=origin.source,
        location=item.text("location"),
        host_ids=tuple(map(arm_id, properties.texts("nodes"))),
        cpu_cores=properties.number("totalCapacity.cores"),
        memory_bytes=properties.gigabytes("totalCapacity.memoryGB"),
        state=properties.text("state"),
        problems=item.problems(origin, "clusters", id_),
    )


def read_location_names(items: list[dict[str, Any]]) -> list[str]:
    """The names of the Hub's regions; `UnexpectedAnswer` where one has no id. API: `fabricLocations`."""
    return [own_name(Body(item), own_id(item)) for item in items]


def _scale_unit_id(node: ResourceId, uri: str) -> str:
    """The scale unit's ARM id; nodes name it by a path below Microsoft.Fabric.Admin."""
    uri, whole = arm_id(uri), arm_id(node.text)
    scope, found, _ = whole.partition("/fabriclocations/")
    return scope + uri if uri.startswith("/fabriclocations/") and found else uri


def _gpus(node: Body) -> tuple[str, ...]:
    """One text a device: its name, and in brackets how it is given to machines (`DDA`, `GPU-P`)."""
    found = ((gpu.text("name"), gpu.text("type")) for gpu in node.each("gpus"))
    return tuple(f"{name} ({type_})" if type_ else name for name, type_ in found if name or type_)


def _failed_operation(node: Body, origin: Origin, id_: str) -> tuple[Problem, ...]:
    name, state = node.text("lastOperationName"), node.text("lastOperationState")
    if state.lower() not in _FAILED:
        return ()
    return (odd(origin, "hosts", id_, f"{name or 'the last operation'}: {state}", "see the alerts of the node"),)


def odd(origin: Origin, kind: str, scope: str, message: str, remedy: str) -> Problem:
    """Something odd about a record that is whole: it has no `error`, so that nothing counts as missing."""
    return Problem(platform=origin.platform, source=origin.source, kind=kind, scope=scope, message=message,
                   remedy=remedy)  # fmt: skip


def _in_maintenance(state: str) -> bool | None:
    word = state.strip().lower()
    if "maintenance" in word:
        return True
    return False if word in _AT_WORK else None
