"""From a VMkernel adapter to its port group, switch and physical adapters, on one host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybridinv.model import Problem
from hybridinv.wire.reading import Body
from hybridinv.wire.vim.portgroups import ALL_VLANS, DistributedGroup
from hybridinv.wire.vim.tree import size_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hybridinv.wire.vim.tree import Tree


def speed_of(pnic: Body) -> int | None:
    """The link speed of a physical adapter; no `linkSpeed` means that the link is down."""
    return 0 if pnic.look("linkSpeed") in (None, "") else size_of(pnic, "linkSpeed.speedMb")


def device_of(key: str, devices: Mapping[str, str]) -> str:
    """The device that a key like `key-vim.host.PhysicalNic-vmnic0` stands for."""
    return devices.get(key) or key.rpartition("-")[2]


def devices_by_key(body: Body) -> dict[str, str]:
    """The host's physical adapters by key."""
    return {pnic.text("key"): pnic.text("device") for pnic in body.each("config.network.pnic")}


def switch_by_device(body: Body) -> dict[str, str]:
    """The switch that each of the host's physical adapters is an uplink of."""
    keys, found = devices_by_key(body), {}
    for path, name in (("vswitch", "name"), ("proxySwitch", "dvsName"), ("opaqueSwitch", "name")):
        for switch in body.each(f"config.network.{path}"):
            found.update(dict.fromkeys(_devices_on(switch, keys), switch.text(name)))
    return found


def _devices_on(switch: Body, keys: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(device_of(key, keys) for key in switch.texts("pnic"))


class Wiring:
    """One host's ways from a VMkernel adapter to the wire."""

    def __init__(self, body: Body, distributed: Mapping[str, DistributedGroup], tree: Tree, host_id: str) -> None:
        self._distributed = distributed
        self._tree = tree
        self._host_id = host_id
        self._groups = {group.text("spec.name"): group for group in body.each("config.network.portgroup")}
        self._standard = {switch.text("name"): switch for switch in body.each("config.network.vswitch")}
        self._proxies = {switch.text("dvsUuid"): switch for switch in body.each("config.network.proxySwitch")}
        self._opaque = list(body.each("config.network.opaqueSwitch"))
        self._segments = {
            network.text("opaqueNetworkId"): network for network in body.each("config.network.opaqueNetwork")
        }
        self._devices = devices_by_key(body)
        self._speeds = {pnic.text("device"): speed_of(pnic) for pnic in body.each("config.network.pnic")}

    def of(self, vnic: Body) -> dict[str, Any]:
        """The fields of a VMkernel adapter that its port group and switch decide."""
        port, segment = vnic.at("spec.distributedVirtualPort"), vnic.at("spec.opaqueNetwork")
        if port.value:
            return self._on_distributed(port)
        if segment.value:
            return self._on_opaque(segment.text("opaqueNetworkId"))
        return self._on_standard(vnic.text("portgroup", "spec.portgroup"))

    def _on_standard(self, name: str) -> dict[str, Any]:
        group = self._groups.get(name, Body({}))
        vlan, switch_name = group.number("spec.vlanId"), group.text("spec.vswitchName")
        switch = self._standard.get(switch_name, Body({}))
        order = group.at("computedPolicy.nicTeaming.nicOrder")
        active, standby = order.texts("activeNic"), order.texts("standbyNic")
        if group.look("computedPolicy.nicTeaming.nicOrder") is None:
            active = _devices_on(switch, self._devices)
        return {
            "portgroup": name,
            "vlan_id": None if vlan == ALL_VLANS else vlan,
            "switch": switch_name,
            "switch_id": f"{self._host_id}/{switch_name}" if switch_name else "",
            "switch_mtu": switch.number("mtu", "spec.mtu"),
            **self._uplinks(active, standby),
        }

    def _on_distributed(self, port: Body) -> dict[str, Any]:
        key = port.text("portgroupKey")
        group = self._distributed.get(key, DistributedGroup(key))
        switch = self._proxies.get(port.text("switchUuid"), Body({}))
        devices = _devices_by_uplink(switch)
        active, standby = (tuple(_named(names, devices)) for names in (group.active, group.standby))
        if not (group.active or group.standby) or not any(devices.values()):
            active = _devices_on(switch, self._devices)
        return {
            "portgroup": group.name,
            "vlan_id": group.vlan_id,
            "switch": switch.text("dvsName"),
            "switch_id": self._tree.id_of(group.switch),
            "switch_mtu": switch.number("mtu"),
            "problems": (*group.problems, *self._odd(key, switch)),
            **self._uplinks(active, standby),
        }

    def _odd(self, key: str, switch: Body) -> Iterator[Problem]:
        missing = []
        if key and key not in self._distributed:
            missing.append(f"its distributed port group {key} is not among what this account may see")
        if not switch.value:
            missing.append("its host does not tell of the distributed switch that it is on")
        origin = self._tree.origin
        for message in missing:
            yield Problem(platform=origin.platform, source=origin.source, kind="vmkernel_adapters",
                          scope=self._host_id, message=message)  # fmt: skip

    def _on_opaque(self, segment_id: str) -> dict[str, Any]:
        segment = self._segments.get(segment_id, Body({}))
        zones = segment.texts("pnicZone")
        switch, devices = self._opaque_switch(zones)
        return {
            "portgroup": segment.text("opaqueNetworkName") or segment_id,
            "switch": switch.text("name"),
            **self._uplinks(devices, ()),
        }

    def _opaque_switch(self, zones: tuple[str, ...]) -> tuple[Body, tuple[str, ...]]:
        """The switch of those zones, and its physical adapters in them; a lone switch needs no zone."""
        for switch in self._opaque:
            matching = [zone for zone in switch.each("pnicZone") if zone.text("key") in zones]
            devices = tuple(device for zone in matching for device in zone.texts("pnicDevice"))
            if matching or len(self._opaque) == 1:
                return switch, tuple(dict.fromkeys(devices)) or _devices_on(switch, self._devices)
        return Body({}), ()

    def _uplinks(self, active: tuple[str, ...], standby: tuple[str, ...]) -> dict[str, Any]:
        # A standby uplink carries the traffic as soon as no active one is up.
        known = ([speed for device in devices if (speed := self._speeds.get(device)) is not None]
                 for devices in (active, standby))  # fmt: skip
        fastest = [max(speeds) for speeds in known if speeds]
        return {
            "uplinks": tuple(device for device in (*active, *standby) if device),
            "link_speed_mbps": next((speed for speed in fastest if speed), 0) if fastest else None,
        }


def _named(names: Iterable[str], devices: Mapping[str, list[str]]) -> Iterator[str]:
    return (device for name in names for device in devices.get(name, ()))


def _devices_by_uplink(switch: Body) -> dict[str, list[str]]:
    """A distributed switch's uplinks and link aggregation groups by name: the host's devices on them."""
    on_port = {spec.text("uplinkPortKey"): spec.text("pnicDevice") for spec in switch.each("spec.backing.pnicSpec")}
    named = [(port.text("value"), [port.text("key")]) for port in switch.each("uplinkPort")]
    groups = [
        (group.text("lagName"), [port.text("key") for port in group.each("uplinkPort")])
        for group in switch.each("hostLag")
    ]
    return {name: [on_port[key] for key in keys if key in on_port] for name, keys in (*named, *groups)}
